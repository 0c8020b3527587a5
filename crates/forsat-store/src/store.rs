//! The store as a whole: creating, opening, transactions, incarnation and lease.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

use forsat_sync::id::WorkspaceId;
use redb::StorageBackend;
use redb::backends::FileBackend;

use crate::access::{ReadTx, WriteTx};
use crate::engine::{Engine, OpenBackend};
use crate::error::StoreError;
use crate::meta::Identity;
use crate::migrate::{self, FORMAT_VERSION, Found, MIGRATIONS};
use crate::surroundings::{FileSurroundings, Lease, MARKER_FILE, STORE_FILE, Surroundings, sync_directory};

/// The cache of the database engine unless told otherwise, in bytes.
pub const CACHE_BYTES_DEFAULT: usize = 64 * 1024 * 1024;

/// What creating a store takes.
#[derive(Clone, Debug)]
pub struct CreateParams {
    /// The workspace that it begins with.
    pub workspace: WorkspaceId,
    /// Fresh random bytes.
    pub random: [u8; 32],
    /// The engine's cache, in bytes.
    pub cache_bytes: usize,
}

/// What opening a store takes.
#[derive(Clone, Debug)]
pub struct OpenParams {
    /// Fresh random bytes, for a new incarnation if one is due.
    pub random: [u8; 32],
    /// The engine's cache, in bytes.
    pub cache_bytes: usize,
}

/// Why a new incarnation began at an open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// There was no marker beside the store, as after restoring the file alone.
    MarkerMissing,
    /// The marker names another incarnation, as after restoring an older file.
    MarkerDiffers,
    /// The file isn't the one that the marker was written for, as in a copied directory.
    PlaceDiffers,
}

/// What happened at an open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Opened {
    /// A new incarnation began: unsent changes are to be re-authored ([`Identity::reauthor_pending`]).
    pub renewed: Option<Renewal>,
    /// The store was brought up from an older format.
    pub migrated_from: Option<u32>,
}

/// A device's durable store. Handles of several processes, and several handles of one, share a store.
pub struct Store {
    pub(crate) engine: Engine,
    surroundings: Box<dyn Surroundings>,
    opened: Opened,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("opened", &self.opened).finish_non_exhaustive()
    }
}

const fn shared_by_threads<T: Send + Sync>() {}
const _: () = shared_by_threads::<Store>();

impl Store {
    /// Creates a store in a directory, which is made if need be.
    ///
    /// The file appears under its name only when it is whole; one that is there already is left alone.
    pub fn create(directory: &Path, params: &CreateParams) -> Result<Self, StoreError> {
        Self::create_filled(directory, params, |_| Ok(()))
    }

    /// The same for a store that isn't whole before `fill` has written its first records. Until that is durable no store
    /// is there, whatever happens; where it fails, nothing stays behind.
    pub fn create_filled<E: From<StoreError>>(
        directory: &Path,
        params: &CreateParams,
        fill: impl FnOnce(Self) -> Result<(), E>,
    ) -> Result<Self, E> {
        fs::create_dir_all(directory).map_err(StoreError::from_io)?;
        let surroundings = FileSurroundings::new(directory);
        let lease = surroundings.try_lease().map_err(StoreError::from_io)?.ok_or(StoreError::InUse)?;
        let (path, fresh) = (directory.join(STORE_FILE), directory.join("store.redb.new"));
        if path.exists() {
            return Err(StoreError::AlreadyExists { path: directory.to_owned() }.into());
        }
        if fresh.exists() {
            fs::remove_file(&fresh).map_err(StoreError::from_io)?;
        }
        let engine = Engine::open(file_opener(&fresh, true), params.cache_bytes)?;
        let identity = initialise(&engine, params)?;
        let store = Self { engine, surroundings: Box::new(surroundings.clone()), opened: Opened::default() };
        if let Err(error) = fill(store) {
            // What can't be removed now is removed by the next attempt.
            let _ = fs::remove_file(&fresh);
            return Err(error);
        }
        fs::rename(&fresh, &path).map_err(StoreError::from_io)?;
        let marker = marker(&identity.store_id, &identity.incarnation, surroundings.place());
        surroundings.write_marker(&marker).map_err(StoreError::from_io)?;
        sync_directory(directory).map_err(StoreError::from_io)?;
        drop(lease);
        let params = OpenParams { random: params.random, cache_bytes: params.cache_bytes };
        Ok(Self::open(directory, &params)?)
    }

    /// Opens the store in a directory.
    pub fn open(directory: &Path, params: &OpenParams) -> Result<Self, StoreError> {
        let path = directory.join(STORE_FILE);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(StoreError::NotFound { path: directory.to_owned() });
            }
            Err(error) => return Err(StoreError::from_io(error)),
            Ok(file) if file.len() == 0 => return Err(StoreError::NotAStore { what: "it is empty".into() }),
            Ok(_) => {}
        }
        Self::open_engine(
            Engine::open(file_opener(&path, false), params.cache_bytes)?,
            Box::new(FileSurroundings::new(directory)),
            params,
        )
    }

    /// Creates a store on storage of the caller's, for simulations. `open_backend` is called once an opening; each
    /// instance it answers has locks of its own.
    pub fn create_with_backend(
        open_backend: impl Fn() -> io::Result<Box<dyn StorageBackend>> + Send + Sync + 'static,
        surroundings: impl Surroundings,
        params: &CreateParams,
    ) -> Result<Self, StoreError> {
        let engine = Engine::open(Box::new(open_backend), params.cache_bytes)?;
        let identity = initialise(&engine, params)?;
        let marker = marker(&identity.store_id, &identity.incarnation, surroundings.place());
        surroundings.write_marker(&marker).map_err(StoreError::from_io)?;
        Ok(Self { engine, surroundings: Box::new(surroundings), opened: Opened::default() })
    }

    /// Opens a store on storage of the caller's, for simulations.
    pub fn open_with_backend(
        open_backend: impl Fn() -> io::Result<Box<dyn StorageBackend>> + Send + Sync + 'static,
        surroundings: impl Surroundings,
        params: &OpenParams,
    ) -> Result<Self, StoreError> {
        let engine = Engine::open(Box::new(open_backend), params.cache_bytes)?;
        Self::open_engine(engine, Box::new(surroundings), params)
    }

    fn open_engine(
        engine: Engine,
        surroundings: Box<dyn Surroundings>,
        params: &OpenParams,
    ) -> Result<Self, StoreError> {
        let mut opened = Opened::default();
        let found = migrate::inspect(&engine.begin_read()?, FORMAT_VERSION).map_err(unfinished)?;
        if let Found::Older(_) = found {
            opened.migrated_from = engine.write(|tx| migrate::run(tx, MIGRATIONS))?;
        }
        let mut store = Self { engine, surroundings, opened };
        if store.renewal_due(&store.read()?.identity()?)?.is_some() {
            store.opened.renewed = store.renew_if_due(&params.random)?;
        }
        Ok(store)
    }

    /// What happened at this open.
    pub fn opened(&self) -> Opened {
        self.opened
    }

    /// Begins a reading transaction: everything read in it belongs to one moment.
    pub fn read(&self) -> Result<ReadTx, StoreError> {
        self.engine.begin_read()
    }

    /// Runs one write transaction. It waits for its turn among all processes, then reads, changes and commits; when
    /// this answers `Ok`, the changes are durable. An error of `work` rolls everything back.
    ///
    /// An input or output error while committing means that nothing is promised: the changes may be found kept or gone.
    /// Transactions must not be nested: a second one in the same thread would wait for itself.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.engine.write(work)
    }

    /// A number that grows with every transaction that changed something, in whatever process. Cheap: to be polled
    /// for the edits of others.
    pub fn commit_seq(&self) -> Result<u64, StoreError> {
        self.read()?.commit_seq()
    }

    /// Takes the right to sync; `None` while another process, or another handle of this one, has it.
    pub fn try_acquire_lease(&self) -> Result<Option<Lease>, StoreError> {
        self.surroundings.try_lease().map_err(StoreError::from_io)
    }

    /// Begins a new incarnation because the relay said `actor_forked`: the next edit draws a new actor, and unsent
    /// changes are to be re-authored. `random` is 32 fresh bytes.
    pub fn renew_incarnation(&self, random: &[u8; 32]) -> Result<(), StoreError> {
        self.engine.write(|tx| self.begin_incarnation(tx, random))
    }

    fn renew_if_due(&self, random: &[u8; 32]) -> Result<Option<Renewal>, StoreError> {
        self.engine.write(|tx| {
            let due = self.renewal_due(&tx.identity()?)?;
            if due.is_some() {
                self.begin_incarnation(tx, random)?;
            }
            Ok(due)
        })
    }

    /// Removes the store that lies in a directory, records first; handles that are open see its last state until they end.
    /// Doing it again goes on where it broke off.
    pub fn erase(&self, directory: &Path) -> Result<(), StoreError> {
        for name in [STORE_FILE, "store.redb.new", MARKER_FILE] {
            match fs::remove_file(directory.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::from_io(error));
                }
                _ => {}
            }
        }
        sync_directory(directory).map_err(StoreError::from_io)
    }

    /// Marker and store change in one turn of writing. Should only one of them last, the next open renews again.
    fn begin_incarnation(&self, tx: &mut WriteTx<'_>, random: &[u8; 32]) -> Result<(), StoreError> {
        let incarnation = derive(random, "incarnation");
        tx.set_incarnation(incarnation, true)?;
        let marker = marker(&tx.identity()?.store_id, &incarnation, self.surroundings.place());
        self.surroundings.write_marker(&marker).map_err(StoreError::from_io)
    }

    fn renewal_due(&self, identity: &Identity) -> Result<Option<Renewal>, StoreError> {
        let Some(found) = self.surroundings.read_marker().map_err(StoreError::from_io)? else {
            return Ok(Some(Renewal::MarkerMissing));
        };
        let place = self.surroundings.place();
        if found == marker(&identity.store_id, &identity.incarnation, place.clone()) {
            return Ok(None);
        }
        let without_place = marker(&identity.store_id, &identity.incarnation, None);
        if !found.starts_with(&without_place) {
            return Ok(Some(Renewal::MarkerDiffers));
        }
        // A place that only one side knows says nothing.
        let known_to_both = found.len() > without_place.len() && place.is_some();
        Ok(known_to_both.then_some(Renewal::PlaceDiffers))
    }
}

/// The marker's text: store, incarnation, and the place if one is known.
fn marker(store_id: &[u8; 16], incarnation: &[u8; 16], place: Option<String>) -> Vec<u8> {
    let mut text = format!(
        "forsat store marker 1\nstore {}\nincarnation {}\n",
        hex::encode(store_id),
        hex::encode(incarnation)
    );
    if let Some(place) = place {
        text.push_str(&format!("place {place}\n"));
    }
    text.into_bytes()
}

fn derive(random: &[u8; 32], what: &str) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&blake3::keyed_hash(random, what.as_bytes()).as_bytes()[..16]);
    bytes
}

/// Writes tables and identity into an empty database.
fn initialise(engine: &Engine, params: &CreateParams) -> Result<Identity, StoreError> {
    engine.write(|tx| {
        tx.create_tables()?;
        if tx.format()?.is_some() {
            return Err(StoreError::AlreadyExists { path: "the storage".into() });
        }
        tx.set_format(FORMAT_VERSION)?;
        tx.set_store_id(derive(&params.random, "store"))?;
        tx.set_incarnation(derive(&params.random, "first incarnation"), false)?;
        tx.set_workspace(params.workspace)?;
        tx.identity()
    })
}

/// A database without our first table was never finished, or is another program's.
fn unfinished(error: StoreError) -> StoreError {
    match error {
        StoreError::Damaged { what } if what == "table meta is missing" => {
            StoreError::NotAStore { what: "it has none of a store's tables".into() }
        }
        other => other,
    }
}

/// Opens the file at a path, each time as a handle with locks of its own.
fn file_opener(path: &Path, create: bool) -> Box<OpenBackend> {
    let path = path.to_owned();
    Box::new(move || {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(create).truncate(false);
        private(&mut options);
        let backend = FileBackend::new(options.open(&path)?).map_err(io::Error::other)?;
        Ok(Box::new(backend))
    })
}

/// Lets nobody but the user read a file that is created.
#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_options: &mut OpenOptions) {}
