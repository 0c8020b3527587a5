//! What stands between redb and the file: who failed and how, room on the disk, and an overlay for reading on.
//!
//! redb closes itself after any failed write, reads included. So room is reserved before a transaction begins; where
//! a write fails all the same, the file is opened again under an [`Overlay`] that keeps the writes of its repair in
//! memory, and reads go on until the disk takes writes again.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{File, OpenOptions};
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

/// Opens the same bytes again after a failure.
pub trait BackendSource: Send {
    /// A fresh handle; the one before it has been closed.
    fn open(&mut self) -> io::Result<Box<dyn StorageBackend>>;

    /// Makes sure that `bytes` more can be written; `StorageFull` where they can't.
    fn reserve(&mut self, _bytes: u64) -> io::Result<()> {
        Ok(())
    }
}

/// One backend that can't be opened again.
pub(super) struct Once(pub(super) Option<Box<dyn StorageBackend>>);

impl BackendSource for Once {
    fn open(&mut self) -> io::Result<Box<dyn StorageBackend>> {
        self.0.take().ok_or_else(|| io::Error::other("this storage can't be opened a second time"))
    }
}

/// How far beyond what is needed room is reserved at a time, in bytes.
const RESERVE_STEP: u64 = 4 * 1024 * 1024;

/// A file on disk.
pub(super) struct FileSource {
    path: PathBuf,
    create: bool,
    reserved_to: u64,
}

impl FileSource {
    pub(super) fn new(path: &Path, create: bool) -> Self {
        Self { path: path.to_owned(), create, reserved_to: 0 }
    }
}

impl BackendSource for FileSource {
    fn open(&mut self) -> io::Result<Box<dyn StorageBackend>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(self.create).truncate(false);
        private(&mut options);
        let file = options.open(&self.path)?;
        self.reserved_to = 0;
        Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(&self.path)?;
        let needed = file.metadata()?.len() + bytes;
        if needed <= self.reserved_to {
            return Ok(());
        }
        let ahead = needed.next_multiple_of(RESERVE_STEP);
        self.reserved_to = match reserve_to(&file, ahead) {
            Ok(()) => ahead,
            Err(_) => reserve_to(&file, needed).map(|()| needed)?,
        };
        Ok(())
    }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_options: &mut OpenOptions) {}

/// Gives the file blocks up to `end` without changing its length; file systems that can't are asked for free space.
#[cfg(target_os = "linux")]
fn reserve_to(file: &File, end: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate, fstatvfs};
    use rustix::io::Errno;
    match fallocate(file, FallocateFlags::KEEP_SIZE, 0, end) {
        Ok(()) => Ok(()),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            let free = fstatvfs(file).map(|stat| stat.f_bavail.saturating_mul(stat.f_frsize))?;
            let more = end.saturating_sub(file.metadata()?.len());
            if free >= more { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve_to(_file: &File, _end: u64) -> io::Result<()> {
    Ok(())
}

/// What has happened to a backend, seen from outside redb.
#[derive(Debug, Default)]
pub(super) struct Faults {
    /// `sync_data` failed once: nothing is known about what is on the disk.
    pub(super) sync_failed: AtomicBool,
    /// The last failed write failed for want of room.
    pub(super) full: AtomicBool,
    /// How many times written data was made durable.
    pub(super) syncs: AtomicU64,
}

/// Passes everything on and takes notes of what fails.
#[derive(Debug)]
pub(super) struct Guarded {
    pub(super) inner: Box<dyn StorageBackend>,
    pub(super) faults: Arc<Faults>,
}

impl Guarded {
    fn note<T>(&self, result: io::Result<T>) -> io::Result<T> {
        if let Err(error) = &result {
            let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
            self.faults.full.store(full, Ordering::Release);
        }
        result
    }
}

impl StorageBackend for Guarded {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.note(self.inner.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        let result = self.inner.sync_data();
        match &result {
            Ok(()) => self.faults.syncs.fetch_add(1, Ordering::AcqRel),
            Err(_) => u64::from(self.faults.sync_failed.swap(true, Ordering::AcqRel)),
        };
        result
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.note(self.inner.write(offset, data))
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.query_lock_range(start, end)
    }
}

/// Size of the pieces that an overlay keeps, in bytes.
const PIECE: usize = 4096;

/// Reads from the backend below; keeps writes in memory, where they end with it.
#[derive(Debug)]
pub(super) struct Overlay {
    inner: Box<dyn StorageBackend>,
    state: Mutex<OverlayState>,
}

#[derive(Debug)]
struct OverlayState {
    len: u64,
    pieces: BTreeMap<u64, Box<[u8; PIECE]>>,
}

impl Overlay {
    pub(super) fn new(inner: Box<dyn StorageBackend>) -> io::Result<Self> {
        let len = inner.len()?;
        Ok(Self { inner, state: Mutex::new(OverlayState { len, pieces: BTreeMap::new() }) })
    }

    fn below(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = self.inner.len()?;
        let there = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX).min(out.len());
        let (filled, rest) = out.split_at_mut(there);
        rest.fill(0);
        if filled.is_empty() { Ok(()) } else { self.inner.read(offset, filled) }
    }
}

/// Splits a range into (number of the piece, offset in it, length).
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let mut at = offset;
    let end = offset + len as u64;
    std::iter::from_fn(move || {
        (at < end).then(|| {
            let within = usize::try_from(at % PIECE as u64).expect("below the length of a piece");
            let taken = (PIECE - within).min(usize::try_from(end - at).unwrap_or(PIECE));
            let piece = at / PIECE as u64;
            at += taken as u64;
            (piece, within, taken)
        })
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state.lock().unwrap_or_else(PoisonError::into_inner).len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if offset + out.len() as u64 > state.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut done = 0;
        for (piece, within, taken) in pieces(offset, out.len()) {
            let target = &mut out[done..done + taken];
            match state.pieces.get(&piece) {
                Some(kept) => target.copy_from_slice(&kept[within..within + taken]),
                None => self.below(offset + done as u64, target)?,
            }
            done += taken;
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut done = 0;
        for (piece, within, taken) in pieces(offset, data.len()) {
            let kept = match state.pieces.entry(piece) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let mut whole = Box::new([0; PIECE]);
                    self.below(piece * PIECE as u64, whole.as_mut_slice())?;
                    entry.insert(whole)
                }
            };
            kept[within..within + taken].copy_from_slice(&data[done..done + taken]);
            done += taken;
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::backends::InMemoryBackend;

    #[test]
    fn an_overlay_reads_through_and_never_writes_through() {
        let below = InMemoryBackend::new();
        below.set_len(10_000).unwrap();
        below.write(4_090, &[7; 20]).unwrap();
        let overlay = Overlay::new(Box::new(below)).unwrap();
        overlay.write(4_094, &[9; 4]).unwrap();
        let mut out = [0; 20];
        overlay.read(4_090, &mut out).unwrap();
        assert_eq!(out, [7, 7, 7, 7, 9, 9, 9, 9, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]);
        overlay.inner.read(4_090, &mut out).unwrap();
        assert_eq!(out, [7; 20]);
    }

    #[test]
    fn reserving_gives_room_and_keeps_the_length() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let mut source = FileSource::new(&path, true);
        drop(source.open().unwrap());
        source.reserve(1000).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
        assert!(source.reserved_to >= 1000);
    }

    #[test]
    fn an_overlay_grows_with_zeroes_and_ends_where_it_ends() {
        let below = InMemoryBackend::new();
        below.set_len(100).unwrap();
        let overlay = Overlay::new(Box::new(below)).unwrap();
        overlay.set_len(9_000).unwrap();
        let mut out = [1; 50];
        overlay.read(8_950, &mut out).unwrap();
        assert_eq!(out, [0; 50]);
        assert!(overlay.read(8_951, &mut out).is_err());
    }
}
