//! Every limit of the protocol, named once. Machines take them as a [`Limits`] value, so that tests can lower them.

/// The largest message on the wire, in bytes.
pub const MESSAGE_BYTES_MAX: usize = 1024 * 1024;
/// The largest change chunk, in bytes; it holds for the form on the wire and for the canonical uncompressed form.
pub const CHUNK_BYTES_MAX: usize = 256 * 1024;
/// The most operations in one change. A change of text has one operation a character.
pub const CHUNK_OPS_MAX: u64 = 65_536;
/// The most predecessors that the operations of one change may name together.
pub const CHUNK_PREDS_MAX: u64 = 2 * CHUNK_OPS_MAX;
/// The most bytes that the keys and mark names of one change may have when each operation has its own copy.
pub const CHUNK_NAME_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// The most dependencies of one change: as many devices edited one document at once.
pub const CHUNK_DEPS_MAX: u64 = 1_024;
/// The most other actors that one change may refer to.
pub const CHUNK_ACTORS_MAX: u64 = 1_024;
/// The longest commit message of a change, in bytes.
pub const CHUNK_MESSAGE_BYTES_MAX: u64 = 4 * 1024;
/// The longest author of a change, in bytes; ours are 16.
pub const CHUNK_AUTHOR_BYTES_MAX: u64 = 256;
/// The most bytes after the columns of a change: the author's footer and what later versions add.
pub const CHUNK_EXTRA_BYTES_MAX: usize = 1024;
/// The most columns that one change may declare.
pub const CHUNK_COLUMNS_MAX: u64 = 64;
/// How deep the objects that one change makes may lie in each other. Whoever walks a document as deep as it likes runs out
/// of stack, and nothing catches that.
pub const CHUNK_OBJECT_DEPTH_MAX: usize = 32;
/// The highest operation counter: the library holds counters in 32 bits and computes with signed differences.
pub const OP_COUNTER_MAX: u64 = (1 << 31) - 1;
/// The most changes of one document.
pub const DOCUMENT_CHANGES_MAX: u64 = 50_000;
/// The most bytes of all canonical changes of one document.
pub const DOCUMENT_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// The most operations of all changes of one document. Run-length columns make operations cheap on the wire and dear in
/// memory: without this, a few hundred kilobytes of changes would unpack to gigabytes. Loading takes about 88 bytes for each.
pub const DOCUMENT_OPS_MAX: u64 = 500_000;
/// The most header rows that are read to find an actor's previous change among a change's ancestors.
pub const ANCESTRY_WALK_MAX: usize = 1_024;
/// The most bytes queued for one connection, in each direction.
pub const IN_FLIGHT_CONNECTION_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The most bytes queued for all connections of a relay together.
pub const IN_FLIGHT_TOTAL_BYTES_MAX: usize = 256 * 1024 * 1024;
/// How long a peer may take for the handshake, in milliseconds.
pub const HANDSHAKE_MS_MAX: u64 = 5_000;
/// How long a connection may be silent before it is pinged, in milliseconds.
pub const IDLE_PING_MS: u64 = 30_000;
/// How deep CBOR arrays and maps may nest.
pub const CBOR_DEPTH_MAX: usize = 4;
/// The most documents of one workspace.
pub const WORKSPACE_DOCUMENTS_MAX: u64 = 5_000_000;
/// The most bytes of all changes of one workspace.
pub const WORKSPACE_BYTES_MAX: u64 = 64 * 1024 * 1024 * 1024;
/// The most enrolled devices of one workspace.
pub const WORKSPACE_DEVICES_MAX: u64 = 10_000;
/// The most changes that one workspace takes in a day.
pub const WORKSPACE_CHANGES_A_DAY_MAX: u64 = 10_000_000;

/// The most changes that one device has in quarantine.
pub const QUARANTINE_DEVICE_CHANGES_MAX: u64 = 4_096;
/// The most bytes that one device has in quarantine, each change counting 256 beside its chunk.
pub const QUARANTINE_DEVICE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// The most bytes in quarantine that were first meant for one space, counted so too.
pub const QUARANTINE_SPACE_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The most spaces whose managers one change in quarantine is for.
pub const QUARANTINE_SPACES_MAX: usize = 8;
/// The most bytes in the quarantine of one workspace, counted so too.
pub const QUARANTINE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// All limits together.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Limits {
    /// What one change chunk may hold.
    pub chunk: ChunkLimits,
    /// What one document may hold.
    pub document: DocumentLimits,
    /// What one connection may use.
    pub connection: ConnectionLimits,
    /// What one workspace may hold.
    pub workspace: WorkspaceLimits,
}

/// Limits of one change chunk; see the constants of the same names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the constants of the same names say what each field is")]
pub struct ChunkLimits {
    pub bytes_max: usize,
    pub ops_max: u64,
    pub preds_max: u64,
    pub name_bytes_max: u64,
    pub deps_max: u64,
    pub actors_max: u64,
    pub message_bytes_max: u64,
    pub author_bytes_max: u64,
    pub extra_bytes_max: usize,
    pub columns_max: u64,
    pub object_depth_max: usize,
    pub op_counter_max: u64,
}

/// Limits of one document; see the constants of the same names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the constants of the same names say what each field is")]
pub struct DocumentLimits {
    pub changes_max: u64,
    pub bytes_max: u64,
    pub ops_max: u64,
    pub op_counter_max: u64,
    pub ancestry_walk_max: usize,
}

/// Limits of one connection; see the constants of the same names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the constants of the same names say what each field is")]
pub struct ConnectionLimits {
    pub message_bytes_max: usize,
    pub in_flight_connection_bytes_max: usize,
    pub in_flight_total_bytes_max: usize,
    pub handshake_ms_max: u64,
    pub idle_ping_ms: u64,
    pub cbor_depth_max: usize,
}

/// Quotas of one workspace; see the constants of the same names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the constants of the same names say what each field is")]
pub struct WorkspaceLimits {
    pub documents_max: u64,
    pub bytes_max: u64,
    pub devices_max: u64,
    pub changes_a_day_max: u64,
    pub quarantine_device_changes_max: u64,
    pub quarantine_device_bytes_max: u64,
    pub quarantine_space_bytes_max: u64,
    pub quarantine_bytes_max: u64,
}

impl Default for ChunkLimits {
    fn default() -> Self {
        Self {
            bytes_max: CHUNK_BYTES_MAX,
            ops_max: CHUNK_OPS_MAX,
            preds_max: CHUNK_PREDS_MAX,
            name_bytes_max: CHUNK_NAME_BYTES_MAX,
            deps_max: CHUNK_DEPS_MAX,
            actors_max: CHUNK_ACTORS_MAX,
            message_bytes_max: CHUNK_MESSAGE_BYTES_MAX,
            author_bytes_max: CHUNK_AUTHOR_BYTES_MAX,
            extra_bytes_max: CHUNK_EXTRA_BYTES_MAX,
            columns_max: CHUNK_COLUMNS_MAX,
            object_depth_max: CHUNK_OBJECT_DEPTH_MAX,
            op_counter_max: OP_COUNTER_MAX,
        }
    }
}

impl Default for DocumentLimits {
    fn default() -> Self {
        Self {
            changes_max: DOCUMENT_CHANGES_MAX,
            bytes_max: DOCUMENT_BYTES_MAX,
            ops_max: DOCUMENT_OPS_MAX,
            op_counter_max: OP_COUNTER_MAX,
            ancestry_walk_max: ANCESTRY_WALK_MAX,
        }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            message_bytes_max: MESSAGE_BYTES_MAX,
            in_flight_connection_bytes_max: IN_FLIGHT_CONNECTION_BYTES_MAX,
            in_flight_total_bytes_max: IN_FLIGHT_TOTAL_BYTES_MAX,
            handshake_ms_max: HANDSHAKE_MS_MAX,
            idle_ping_ms: IDLE_PING_MS,
            cbor_depth_max: CBOR_DEPTH_MAX,
        }
    }
}

impl Default for WorkspaceLimits {
    fn default() -> Self {
        Self {
            documents_max: WORKSPACE_DOCUMENTS_MAX,
            bytes_max: WORKSPACE_BYTES_MAX,
            devices_max: WORKSPACE_DEVICES_MAX,
            changes_a_day_max: WORKSPACE_CHANGES_A_DAY_MAX,
            quarantine_device_changes_max: QUARANTINE_DEVICE_CHANGES_MAX,
            quarantine_device_bytes_max: QUARANTINE_DEVICE_BYTES_MAX,
            quarantine_space_bytes_max: QUARANTINE_SPACE_BYTES_MAX,
            quarantine_bytes_max: QUARANTINE_BYTES_MAX,
        }
    }
}
