//! A bounded reader of Automerge change chunks that trusts nothing.

use crate::id::{ActorId, ChangeHash};
use crate::limits::ChunkLimits;

/// What the header and the columns of a change say, without its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeHeader {
    /// SHA-256 over the uncompressed body, as Automerge computes it; recomputed here, never taken from the peer.
    pub hash: ChangeHash,
    /// Who made the change.
    pub actor: ActorId,
    /// Other actors that its operations refer to, in the order of the chunk.
    pub other_actors: Vec<ActorId>,
    /// Number of the change among its actor's; from 1.
    pub seq: u64,
    /// Counter of the first operation; from 1.
    pub start_op: u64,
    /// Counter of the last operation: `start_op + op_count - 1`; one below `start_op` when the change is empty.
    pub max_op: u64,
    /// How many operations it has.
    pub op_count: u64,
    /// Changes that it builds on, in the order of the chunk.
    pub deps: Vec<ChangeHash>,
    /// The author's bytes, where the change carries them.
    pub author: Option<Vec<u8>>,
    /// The author's clock: seconds or milliseconds since 1970, as the program wrote them. A label only.
    pub timestamp: i64,
    /// Length of the commit message in bytes.
    pub message_len: usize,
    /// Length of the canonical chunk in bytes.
    pub size: usize,
}

/// Why a chunk is not taken. [`ChunkError::code`] is stable and goes on the wire.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// The bytes end before the chunk does.
    #[error("the chunk is cut short")]
    Truncated,
}

impl ChunkError {
    /// The stable code of this error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Truncated => "chunk_truncated",
        }
    }
}

/// Reads one change chunk: its header and its canonical bytes (uncompressed, with a right checksum, nothing after).
pub fn parse(_bytes: &[u8], _limits: &ChunkLimits) -> Result<(ChangeHeader, Vec<u8>), ChunkError> {
    Err(ChunkError::Truncated)
}
