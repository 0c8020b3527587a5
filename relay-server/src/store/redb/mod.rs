//! The embedded implementation of the relay's storage: one redb file, one writer.
//!
//! Every commit is a one-phase commit, at creation and ever after: the two kinds are not mixed in a file. What is on
//! the disk is checked when the store is opened, so a restart after a crash needs no second look.

mod access;
mod append;
mod authority;
mod backend;
mod control;
mod erase;
mod examine;
mod feed;
mod find;
mod heal;
#[cfg(test)]
mod in_memory;
mod invites;
mod log;
mod manage;
mod moves;
mod opening;
mod quarantine;
mod read;
mod repair;
mod replay;
mod rows;
mod sight;
mod tables;
mod tokens;
mod verify;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use forsat_sync::digest::Trie;
use forsat_sync::id::{
    ChangeHash, DeviceId, Digest, DocumentId, Epoch, FeedSeq, SpaceId, UserId, WorkspaceId,
};
use forsat_sync::identity::{Receipt, ReceiptKey};
use forsat_sync::limits::Limits;
use redb::{Database, ReadTransaction, ReadableDatabase as _, StorageBackend, WriteTransaction};

pub use self::backend::BackendSource;
use self::backend::{Faults, FileSource, Guarded, Once, Overlay};
use self::examine::Depth;
use self::opening::{begin_epoch, initialise};
use super::{
    AccessStore, AppendBatch, ControlError, DeviceRecord, EnrolOutcome, EnrolRequest, Examination,
    HealOutcome, HealRequest, Invited, NewInvite, PageOutcome, PageRequest, PushOutcome, RelayStore,
    SpaceSummary, StatusCounts, StoreError, StoreIdentity, TokenStore,
};

/// The format that this version writes and the newest that it reads.
const FORMAT: u64 = 1;
/// How many openings a space remembers; a cursor of an older one is invalid.
const EPOCHS_PER_SPACE_MAX: usize = 1024;
/// How many spaces' digests are kept in memory, about 70 KiB each.
const TRIES_MAX: usize = 256;
/// The first wait before a store that failed is opened for writing again, in milliseconds.
const REOPEN_MS_MIN: u64 = 250;
/// The longest such wait, in milliseconds.
const REOPEN_MS_MAX: u64 = 10_000;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Memory for pages of the file, in bytes.
    pub cache_bytes: usize,
    /// The epoch of this opening: 64 random bits, never used before.
    pub epoch: Epoch,
    /// Limits of documents and of the workspace.
    pub limits: Limits,
    /// The genesis changes that are taken.
    pub genesis: &'static [ChangeHash],
    /// Whether reps write in `common` (tags, their own user record); viewers never do.
    pub reps_write_common: bool,
    /// The key of receipts; lies outside the store.
    pub receipt_key: ReceiptKey,
    /// Whether changes that are brought back without a receipt are taken from anybody who may write, whoever made them.
    pub accept_unverified: bool,
    /// The relay's clock, milliseconds since 1970; goes into the control log of a store that had none.
    pub opened_at_ms: u64,
    /// Whether every page of the file is verified while opening; time grows with the file.
    pub check: bool,
}

impl OpenOptions {
    /// The usual options: 64 MiB of cache, the protocol's limits, reps write in `common`, the file is checked. The key of
    /// receipts is none: set one.
    pub fn new(epoch: Epoch) -> Self {
        Self {
            cache_bytes: 64 * 1024 * 1024,
            epoch,
            limits: Limits::default(),
            genesis: forsat_sync::genesis::ALLOWED,
            reps_write_common: true,
            receipt_key: ReceiptKey::from_bytes([0; 32]),
            accept_unverified: false,
            opened_at_ms: 0,
            check: true,
        }
    }
}

/// What a new store begins with.
#[derive(Clone, Debug)]
pub struct InitWorkspace {
    /// The workspace that it will serve.
    pub workspace: WorkspaceId,
    /// Its name.
    pub name: String,
    /// Seed of the relay's ed25519 key: 32 random bytes.
    pub relay_key_seed: [u8; 32],
    /// The id of the space `common`.
    pub common: SpaceId,
    /// The relay's clock, milliseconds since 1970.
    pub now_ms: u64,
}

/// What a store begins with that takes the place of one that was lost.
#[derive(Clone, Debug)]
pub struct MadeAnew {
    /// Who it is, as the lost one was.
    pub identity: InitWorkspace,
    /// Names of spaces that the log will name by their ids.
    pub space_names: Vec<(SpaceId, String)>,
}

/// A relay store in redb.
pub struct RedbStore {
    slot: RwLock<Slot>,
    source: Mutex<Box<dyn BackendSource>>,
    faults: Arc<Faults>,
    options: OpenOptions,
    identity: StoreIdentity,
    /// Bucket digests of spaces that were read or written, valid at a feed position.
    tries: Mutex<BTreeMap<SpaceId, (FeedSeq, Trie)>>,
    reopen: Mutex<Reopen>,
    appends_committed: AtomicU64,
}

/// The database as it can be used at present.
enum Slot {
    /// Reads and writes.
    Live(Database),
    /// Reads, over an overlay: the disk took no writes.
    ReadOnly(Database),
    /// Neither.
    Closed,
}

/// When a store that failed may be opened for writing again.
#[derive(Debug, Default)]
struct Reopen {
    not_before_ms: u64,
    wait_ms: u64,
}

impl std::fmt::Debug for RedbStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedbStore").field("workspace", &self.identity.workspace).finish_non_exhaustive()
    }
}

impl RedbStore {
    /// Makes a store in a new file.
    pub fn create(path: &Path, options: OpenOptions, init: &InitWorkspace) -> Result<Self, StoreError> {
        Self::create_from(Box::new(FileSource::new(path, true)), options, init)
    }

    /// Opens the store in a file.
    pub fn open(path: &Path, options: OpenOptions) -> Result<Self, StoreError> {
        Self::open_from(Box::new(FileSource::new(path, false)), options)
    }

    /// Opens a store over one backend, making it with `init` when it is empty. After an I/O error it stays closed.
    pub fn with_backend(
        backend: impl StorageBackend,
        options: OpenOptions,
        init: &InitWorkspace,
    ) -> Result<Self, StoreError> {
        let empty = backend.len().map_err(|error| StoreError::Io(error.to_string()))? == 0;
        let source = Box::new(Once(Some(Box::new(backend))));
        if empty { Self::create_from(source, options, init) } else { Self::open_from(source, options) }
    }

    /// Makes a store in a new file that takes the place of a lost one: without a control log, until a device brings it.
    pub fn make_anew(path: &Path, options: OpenOptions, anew: &MadeAnew) -> Result<Self, StoreError> {
        Self::make_anew_from(Box::new(FileSource::new(path, true)), options, anew)
    }

    /// The same over backends that can be opened again after a failure.
    pub fn make_anew_from(
        source: Box<dyn BackendSource>,
        options: OpenOptions,
        anew: &MadeAnew,
    ) -> Result<Self, StoreError> {
        Self::start(source, options, |tx, options| opening::initialise_anew(tx, options, anew))
    }

    /// Makes a store over backends that can be opened again after a failure.
    pub fn create_from(
        source: Box<dyn BackendSource>,
        options: OpenOptions,
        init: &InitWorkspace,
    ) -> Result<Self, StoreError> {
        Self::start(source, options, |tx, options| initialise(tx, options, init))
    }

    /// Opens a store over backends that can be opened again after a failure.
    pub fn open_from(source: Box<dyn BackendSource>, options: OpenOptions) -> Result<Self, StoreError> {
        Self::start(source, options, |tx, options| begin_epoch(tx, options, options.opened_at_ms))
    }

    /// How many commits of appends there were since the store was opened.
    pub fn appends_committed(&self) -> u64 {
        self.appends_committed.load(Ordering::Acquire)
    }

    /// How many times written data was made durable since the store was opened.
    pub fn syncs(&self) -> u64 {
        self.faults.syncs.load(Ordering::Acquire)
    }

    /// Checks the invariants of docs/storage-relay.md over the whole store; answers what doesn't hold, in words.
    ///
    /// Reads everything but doesn't hash changes anew: for simulations and tests, whose changes may be made up.
    pub fn verify(&self) -> Result<Vec<String>, StoreError> {
        let found = examine::look(self, Depth::Rows, &|| false)?;
        let more = (found.more > 0).then(|| format!("and {} more", found.more));
        Ok(found.findings.into_iter().map(|finding| finding.message).chain(more).collect())
    }

    fn start(
        mut source: Box<dyn BackendSource>,
        options: OpenOptions,
        prepare: impl FnOnce(&WriteTransaction, &OpenOptions) -> Result<StoreIdentity, StoreError>,
    ) -> Result<Self, StoreError> {
        let faults = Arc::new(Faults::default());
        let backend = source.open().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => StoreError::NotInitialised,
            _ => StoreError::Io(error.to_string()),
        })?;
        let database = open_database(backend, &faults, &options, options.check)?;
        let tx = begin_write(&database)?;
        let identity = prepare(&tx, &options)?;
        tx.commit().map_err(redb::Error::from)?;
        Ok(Self {
            slot: RwLock::new(Slot::Live(database)),
            source: Mutex::new(source),
            faults,
            options,
            identity,
            tries: Mutex::default(),
            reopen: Mutex::default(),
            appends_committed: AtomicU64::new(0),
        })
    }

    /// This relay's word that it took a change from a device.
    fn receipt(
        &self,
        space: &SpaceId,
        document: &DocumentId,
        change: &ChangeHash,
        device: DeviceId,
    ) -> Receipt {
        self.options.receipt_key.receipt(space, document, change, device)
    }

    /// Runs a read transaction.
    fn read<T>(&self, run: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let slot = self.readable()?;
        let database = match &*slot {
            Slot::Live(database) | Slot::ReadOnly(database) => database,
            Slot::Closed => return Err(StoreError::Io("the store is closed".into())),
        };
        let result =
            database.begin_read().map_err(|error| redb::Error::from(error).into()).and_then(|tx| run(&tx));
        drop(slot);
        result.map_err(|error| self.after_failure(error))
    }

    /// Runs a write transaction and commits it durably when `run` asks for that. Nothing is kept on an error.
    fn write<T>(
        &self,
        now_ms: u64,
        run: impl FnOnce(&WriteTransaction) -> Result<(T, Commit), StoreError>,
    ) -> Result<T, StoreError> {
        let slot = self.writable(now_ms)?;
        let Slot::Live(database) = &*slot else {
            return Err(StoreError::Io("the store is closed".into()));
        };
        let result = begin_write(database).and_then(|tx| {
            let (value, commit) = run(&tx)?;
            match commit {
                Commit::Yes => tx.commit().map_err(redb::Error::from)?,
                Commit::NothingWritten => tx.abort().map_err(redb::Error::from)?,
            }
            Ok(value)
        });
        drop(slot);
        result.map_err(|error| self.after_failure(error))
    }

    /// Runs a transaction that may be refused; nothing is kept then either.
    fn order<T>(
        &self,
        now_ms: u64,
        run: impl FnOnce(&WriteTransaction) -> Result<(T, Commit), ControlError>,
    ) -> Result<T, ControlError> {
        self.write(now_ms, |tx| match run(tx) {
            Ok((done, commit)) => Ok((Ok(done), commit)),
            Err(ControlError::Store(error)) => Err(error),
            // What a store that was made anew can't find may only have to be brought.
            Err(refused) if refused.is_missing() && opening::awaits_log(tx)? => Err(StoreError::LogAwaited),
            Err(refused) => Ok((Err(refused), Commit::NothingWritten)),
        })?
    }

    /// Decides what a failure means: a failed fsync is the end; after other I/O errors the database is closed.
    fn after_failure(&self, error: StoreError) -> StoreError {
        if self.faults.sync_failed.load(Ordering::Acquire) {
            return StoreError::SyncFailed(error.to_string());
        }
        if !matches!(error, StoreError::Io(_) | StoreError::Full) {
            return error;
        }
        lock_tries(&self.tries).clear();
        *self.lock_slot() = Slot::Closed;
        if self.faults.full.load(Ordering::Acquire) { StoreError::Full } else { error }
    }

    /// A slot that can be read; a closed one is opened over an overlay first.
    fn readable(&self) -> Result<RwLockReadGuard<'_, Slot>, StoreError> {
        let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
        if !matches!(*slot, Slot::Closed) {
            return Ok(slot);
        }
        drop(slot);
        self.check_syncs()?;
        let mut slot = self.lock_slot();
        if matches!(*slot, Slot::Closed) {
            let backend = self.reopen_backend()?;
            let overlay = Overlay::new(backend).map_err(|error| StoreError::Io(error.to_string()))?;
            *slot = Slot::ReadOnly(open_database(Box::new(overlay), &Arc::default(), &self.options, false)?);
        }
        drop(slot);
        Ok(self.slot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A slot that can be written; one that failed is opened again when its time has come.
    fn writable(&self, now_ms: u64) -> Result<RwLockReadGuard<'_, Slot>, StoreError> {
        let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
        if matches!(*slot, Slot::Live(_)) {
            return Ok(slot);
        }
        drop(slot);
        self.check_syncs()?;
        self.may_reopen(now_ms)?;
        let mut slot = self.lock_slot();
        *slot = Slot::Closed;
        let backend = self.reopen_backend()?;
        *slot = Slot::Live(open_database(backend, &self.faults, &self.options, false)?);
        drop(slot);
        *self.reopen.lock().unwrap_or_else(PoisonError::into_inner) = Reopen::default();
        Ok(self.slot.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits longer after each attempt: opening a store that was not closed in order reads all of it.
    fn may_reopen(&self, now_ms: u64) -> Result<(), StoreError> {
        let mut reopen = self.reopen.lock().unwrap_or_else(PoisonError::into_inner);
        let full = self.faults.full.load(Ordering::Acquire);
        // A clock that was set back must not keep the store closed.
        let wait_left = reopen.not_before_ms.saturating_sub(now_ms);
        if (1..=REOPEN_MS_MAX).contains(&wait_left) {
            return Err(if full {
                StoreError::Full
            } else {
                StoreError::Io("waiting before the next attempt to open the store".into())
            });
        }
        reopen.wait_ms = (reopen.wait_ms * 2).clamp(REOPEN_MS_MIN, REOPEN_MS_MAX);
        reopen.not_before_ms = now_ms.saturating_add(reopen.wait_ms);
        Ok(())
    }

    fn check_syncs(&self) -> Result<(), StoreError> {
        if self.faults.sync_failed.load(Ordering::Acquire) {
            return Err(StoreError::SyncFailed("an earlier write was not confirmed".into()));
        }
        Ok(())
    }

    fn reopen_backend(&self) -> Result<Box<dyn StorageBackend>, StoreError> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.open().map_err(|error| StoreError::Io(error.to_string()))
    }

    /// Makes sure that a commit of about `bytes` has room, before the transaction begins.
    fn reserve(&self, bytes: u64) -> Result<(), StoreError> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.reserve(bytes).map_err(|error| match error.kind() {
            kind if says_full(kind) => StoreError::Full,
            _ => StoreError::Io(error.to_string()),
        })
    }

    fn lock_slot(&self) -> RwLockWriteGuard<'_, Slot> {
        self.slot.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RelayStore for RedbStore {
    fn identity(&self) -> StoreIdentity {
        self.identity.clone()
    }

    fn check(&self) -> Result<(), StoreError> {
        self.check_syncs()
    }

    fn append(&self, batch: &AppendBatch) -> Result<Vec<PushOutcome>, StoreError> {
        append::append(self, batch)
    }

    fn pages(&self, requests: &[PageRequest]) -> Result<Vec<PageOutcome>, StoreError> {
        self.read(|tx| requests.iter().map(|request| read::page(self, tx, request)).collect())
    }

    fn heal(&self, requests: &[HealRequest]) -> Result<Vec<HealOutcome>, StoreError> {
        self.read(|tx| requests.iter().map(|request| heal::answer(self, tx, request)).collect())
    }

    fn devices(&self, ids: &[DeviceId]) -> Result<Vec<Option<DeviceRecord>>, StoreError> {
        self.read(|tx| {
            let tables = access::AccessTables::read(tx)?;
            ids.iter().map(|id| tables.record(id, &self.identity)).collect()
        })
    }

    fn enrol(
        &self,
        request: &EnrolRequest,
        new_user: UserId,
        now_ms: u64,
    ) -> Result<EnrolOutcome, StoreError> {
        self.reserve(CONTROL_BYTES)?;
        self.write(now_ms, |tx| control::enrol(self, tx, request, new_user, now_ms))
    }

    fn create_space(&self, id: SpaceId, name: &str, now_ms: u64) -> Result<SpaceSummary, ControlError> {
        self.reserve(CONTROL_BYTES)?;
        self.order(now_ms, |tx| {
            let space = control::create_space(tx, &self.identity, None, id, name, now_ms)?;
            Ok((space, Commit::Yes))
        })
    }

    fn spaces(&self) -> Result<Vec<SpaceSummary>, StoreError> {
        self.read(read::spaces)
    }

    fn create_invite(&self, invite: &NewInvite) -> Result<Invited, ControlError> {
        self.reserve(CONTROL_BYTES)?;
        self.order(invite.now_ms, |tx| Ok((control::create_invite(tx, invite, None)?, Commit::Yes)))
    }

    fn access(&self) -> &dyn AccessStore {
        self
    }

    fn tokens(&self) -> &dyn TokenStore {
        self
    }

    fn status(&self, now_ms: u64) -> Result<StatusCounts, StoreError> {
        self.read(|tx| read::status(tx, now_ms))
    }

    fn buckets(&self, space: &SpaceId) -> Result<Vec<(u16, Digest)>, StoreError> {
        self.read(|tx| read::buckets(tx, space))
    }

    fn examine(&self, stop: &dyn Fn() -> bool) -> Result<Examination, StoreError> {
        examine::look(self, Depth::Bytes, stop)
    }
}

/// Whether a transaction has anything to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Commit {
    Yes,
    NothingWritten,
}

/// Room for a transaction of a few rows, in bytes.
const CONTROL_BYTES: u64 = 256 * 1024;

fn open_database(
    inner: Box<dyn StorageBackend>,
    faults: &Arc<Faults>,
    options: &OpenOptions,
    check: bool,
) -> Result<Database, StoreError> {
    let guarded = Guarded { inner, faults: Arc::clone(faults) };
    let opened = Database::builder()
        .set_cache_size(options.cache_bytes)
        .set_check_integrity_on_open(check)
        .create_with_backend(guarded);
    opened.map_err(|error| redb::Error::from(error).into())
}

fn begin_write(database: &Database) -> Result<WriteTransaction, StoreError> {
    database.begin_write().map_err(|error| redb::Error::from(error).into())
}

/// Keeps a space's digests in memory; above the limit another space's are dropped, to be read again when needed.
fn remember(tries: &mut BTreeMap<SpaceId, (FeedSeq, Trie)>, space: SpaceId, head: FeedSeq, trie: Trie) {
    if tries.len() >= TRIES_MAX && !tries.contains_key(&space) {
        tries.pop_first();
    }
    tries.insert(space, (head, trie));
}

fn lock_tries(
    tries: &Mutex<BTreeMap<SpaceId, (FeedSeq, Trie)>>,
) -> MutexGuard<'_, BTreeMap<SpaceId, (FeedSeq, Trie)>> {
    tries.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a file can't grow: for want of space, by a quota, or by a limit on the size of a file.
fn says_full(kind: std::io::ErrorKind) -> bool {
    use std::io::ErrorKind as Kind;
    matches!(kind, Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge)
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Io(error) if says_full(error.kind()) => Self::Full,
            redb::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Self::Corrupt { table: "(file)", reason: format!("this is no relay store ({error})") }
            }
            redb::Error::Corrupted(reason) => Self::Corrupt { table: "(pages)", reason },
            redb::Error::DatabaseAlreadyOpen => Self::InUse,
            redb::Error::TableDoesNotExist(name) => {
                Self::Corrupt { table: "(tables)", reason: format!("table {name} is missing") }
            }
            redb::Error::TableTypeMismatch { table, .. } => {
                Self::Corrupt { table: "(tables)", reason: format!("table {table} has other types") }
            }
            other => Self::Io(other.to_string()),
        }
    }
}

impl From<redb::StorageError> for StoreError {
    fn from(error: redb::StorageError) -> Self {
        redb::Error::from(error).into()
    }
}

impl From<redb::TableError> for StoreError {
    fn from(error: redb::TableError) -> Self {
        redb::Error::from(error).into()
    }
}
