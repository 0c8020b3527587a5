//! What lies around the store file: the marker that gives copies away, and the lock of the one that syncs.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::UNIX_EPOCH;

/// The store file in its directory.
pub(crate) const STORE_FILE: &str = "store.redb";
pub(crate) const MARKER_FILE: &str = "store.marker";
const LEASE_FILE: &str = "sync.lock";

/// What lies around the store file; replaced in simulations.
pub trait Surroundings: Send + Sync + 'static {
    /// The marker as it was last written; `None` when there is none.
    fn read_marker(&self) -> io::Result<Option<Vec<u8>>>;
    /// Replaces the marker, durably and whole.
    fn write_marker(&self, bytes: &[u8]) -> io::Result<()>;
    /// Something that a copy of the store file wouldn't share with it, as a short text without line ends; `None` where
    /// nothing stable is known.
    fn place(&self) -> Option<String>;
    /// Takes the lease of the one process that syncs; `None` while another holds it. It ends when the answer is dropped.
    fn try_lease(&self) -> io::Result<Option<Lease>>;
}

/// The right to sync this store: one process has it at a time. It ends when this is dropped, or with the process.
pub struct Lease {
    _held: Box<dyn Send + Sync>,
}

impl Lease {
    /// Wraps what holds the lease until it is dropped.
    pub fn new(held: impl Send + Sync + 'static) -> Self {
        Self { _held: Box::new(held) }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}

/// The surroundings of a store in a directory.
#[derive(Clone, Debug)]
pub struct FileSurroundings {
    directory: PathBuf,
}

impl FileSurroundings {
    /// Those of the store in a directory.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }
}

impl Surroundings for FileSurroundings {
    fn read_marker(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.directory.join(MARKER_FILE)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write_marker(&self, bytes: &[u8]) -> io::Result<()> {
        let fresh = self.directory.join("store.marker.new");
        let mut file = File::create(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&fresh, self.directory.join(MARKER_FILE))?;
        sync_directory(&self.directory)
    }

    /// When the store file was born: a copy is younger, a moved file is not.
    fn place(&self) -> Option<String> {
        let born = fs::metadata(self.directory.join(STORE_FILE)).ok()?.created().ok()?;
        Some(format!("born {}", born.duration_since(UNIX_EPOCH).ok()?.as_nanos()))
    }

    fn try_lease(&self) -> io::Result<Option<Lease>> {
        let path = self.directory.join(LEASE_FILE);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lease::new(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// Makes the names in a directory durable, where the system can.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// Surroundings in memory; clones share them, as processes share a directory.
#[derive(Clone, Debug, Default)]
pub struct MemorySurroundings {
    marker: Arc<Mutex<Option<Vec<u8>>>>,
    lease: Arc<Mutex<bool>>,
}

impl MemorySurroundings {
    /// Without a marker.
    pub fn new() -> Self {
        Self::default()
    }

    /// The marker gets lost, as when only the store file is restored.
    pub fn lose_marker(&self) {
        *self.marker.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

struct MemoryLease(Arc<Mutex<bool>>);

impl Drop for MemoryLease {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }
}

impl Surroundings for MemorySurroundings {
    fn read_marker(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.marker.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn write_marker(&self, bytes: &[u8]) -> io::Result<()> {
        *self.marker.lock().unwrap_or_else(PoisonError::into_inner) = Some(bytes.to_vec());
        Ok(())
    }

    fn place(&self) -> Option<String> {
        None
    }

    fn try_lease(&self) -> io::Result<Option<Lease>> {
        let mut held = self.lease.lock().unwrap_or_else(PoisonError::into_inner);
        if *held {
            return Ok(None);
        }
        *held = true;
        Ok(Some(Lease::new(MemoryLease(self.lease.clone()))))
    }
}
