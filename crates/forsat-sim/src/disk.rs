//! A disk in memory that forgets, reorders and tears what wasn't synced, fills up, fails, and loses power.
//!
//! Instances opened on one disk are like handles of several processes on one file: they see each other's writes at
//! once and exclude each other by byte-range locks. What a power loss leaves is drawn from a seed.

use std::fmt;
use std::io;
use std::ops::Bound;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

/// What a drive writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// The operations that faults are aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Reading bytes.
    Read,
    /// Writing bytes, in place or behind the end.
    Write,
    /// Changing the length.
    SetLen,
    /// Making durable what was written.
    Sync,
    /// Anything that changes the disk: writing, length, sync.
    Change,
}

/// Operations that fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which operations.
    pub target: Target,
    /// How many of them pass before the first that fails.
    pub after: u64,
    /// How many fail then; the ones behind pass again.
    pub times: u64,
    /// The error that they fail with.
    pub error: io::ErrorKind,
}

/// A change that isn't durable yet.
#[derive(Debug)]
enum Pending {
    Write { offset: usize, data: Vec<u8> },
    SetLen(usize),
}

#[derive(Debug)]
struct Lock {
    instance: u64,
    first: u64,
    last: u64,
    exclusive: bool,
}

#[derive(Debug, Default)]
struct State {
    live: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Pending>,
    locks: Vec<Lock>,
    instances: u64,
    changes: u64,
    syncs: u64,
    power_lost_at: Option<u64>,
    off: bool,
    capacity: Option<usize>,
    faults: Vec<Fault>,
    failures: u64,
    sync_failed: bool,
    lies: bool,
}

/// A disk with one file; clones are the same disk.
#[derive(Clone, Default)]
pub struct Disk {
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl fmt::Debug for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        write!(f, "Disk({} bytes, {} changes not durable)", state.live.len(), state.pending.len())
    }
}

impl Disk {
    /// An empty disk without faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// A disk that holds these bytes durably.
    pub fn holding(bytes: Vec<u8>) -> Self {
        let disk = Self::new();
        {
            let mut state = disk.state();
            state.durable.clone_from(&bytes);
            state.live = bytes;
        }
        disk
    }

    /// Opens the file as one more process would.
    pub fn open(&self) -> FaultyBackend {
        let mut state = self.state();
        state.instances += 1;
        FaultyBackend { disk: self.clone(), instance: state.instances }
    }

    /// The bytes that a process would read now.
    pub fn image(&self) -> Vec<u8> {
        self.state().live.clone()
    }

    /// How many operations have changed the disk so far: writes, lengths and syncs.
    pub fn changes(&self) -> u64 {
        self.state().changes
    }

    /// How many syncs have succeeded.
    pub fn syncs(&self) -> u64 {
        self.state().syncs
    }

    /// Lets some operations fail.
    pub fn inject(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// From now on syncs answer that they are done, and nothing becomes durable. No honest disk does so; for seeing
    /// that a checker notices.
    pub fn lie_about_syncs(&self) {
        self.state().lies = true;
    }

    /// Whether an operation has failed by a fault or for want of room.
    pub fn has_failed(&self) -> bool {
        self.state().failures > 0
    }

    /// Whether a sync has failed by a fault.
    pub fn has_failed_sync(&self) -> bool {
        self.state().sync_failed
    }

    /// Takes all faults back; also the capacity.
    pub fn mend(&self) {
        let mut state = self.state();
        state.faults.clear();
        state.capacity = None;
    }

    /// Lets the file grow to so many bytes at most; what would be more fails as a full disk does.
    pub fn set_capacity(&self, bytes: usize) {
        self.state().capacity = Some(bytes);
    }

    /// Cuts the power just before the change that has this number, counted as [`Self::changes`] does.
    ///
    /// From then on every operation fails, on every instance.
    pub fn lose_power_at(&self, change: u64) {
        self.state().power_lost_at = Some(change);
    }

    /// Whether the power is gone.
    pub fn is_off(&self) -> bool {
        self.state().off
    }

    /// The disk as it is found after a power loss: what was synced, and of the rest a part that the seed draws, cut at
    /// sectors and in any order. Instances of the old disk stay with it.
    pub fn after_power_loss(&self, seed: u64) -> Self {
        let state = self.state();
        let mut random = SplitMix(seed);
        let mut image = state.durable.clone();
        // One in three losses keeps nothing, one keeps all but what it tears, one draws each change by itself.
        let keep_percent = [0, 100, 50][random.below(3)];
        for change in &state.pending {
            if random.below(100) >= keep_percent {
                continue;
            }
            match change {
                Pending::SetLen(length) => image.resize(*length, 0),
                Pending::Write { offset, data } => tear(&mut image, *offset, data, &mut random),
            }
        }
        drop(state);
        Self::holding(image)
    }

    /// Turns bits of one byte over, durably.
    pub fn flip(&self, offset: usize, mask: u8) {
        let mut state = self.state();
        for image in [0, 1] {
            let bytes = if image == 0 { &mut state.live } else { &mut state.durable };
            if let Some(byte) = bytes.get_mut(offset) {
                *byte ^= mask;
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes the sectors of a change that survive: mostly all, sometimes a part.
fn tear(image: &mut Vec<u8>, offset: usize, data: &[u8], random: &mut SplitMix) {
    let torn = random.below(4) == 0;
    let mut at = 0;
    while at < data.len() {
        let length = (SECTOR - (offset + at) % SECTOR).min(data.len() - at);
        if !torn || random.below(2) == 0 {
            let end = offset + at + length;
            if image.len() < end {
                image.resize(end, 0);
            }
            image[offset + at..end].copy_from_slice(&data[at..at + length]);
        }
        at += length;
    }
}

/// Steele, Lea and Flood's generator; small, and the same on every machine.
struct SplitMix(u64);

impl SplitMix {
    fn below(&mut self, bound: u64) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((z ^ (z >> 31)) % bound).expect("bounds are small")
    }
}

impl State {
    /// Fails when the power is gone or a fault is aimed at this operation.
    fn pass(&mut self, target: Target) -> io::Result<()> {
        let changes = target != Target::Read;
        if self.power_lost_at.is_some_and(|at| self.changes >= at) && changes {
            self.off = true;
        }
        if self.off {
            return Err(io::Error::other("the power is gone"));
        }
        if changes {
            self.changes += 1;
        }
        for fault in &mut self.faults {
            if fault.target != target && !(fault.target == Target::Change && changes) {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
            } else if fault.times > 0 {
                fault.times -= 1;
                self.failures += 1;
                self.sync_failed |= target == Target::Sync;
                return Err(fault.error.into());
            }
        }
        Ok(())
    }

    fn fits(&mut self, length: usize) -> io::Result<()> {
        match self.capacity {
            Some(capacity) if length > capacity.max(self.live.len()) => {
                self.failures += 1;
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        }
    }

    fn conflicts(&self, instance: u64, (first, last): (u64, u64), exclusive: bool) -> bool {
        self.locks.iter().any(|lock| {
            lock.instance != instance
                && lock.first <= last
                && first <= lock.last
                && (exclusive || lock.exclusive)
        })
    }
}

fn position(value: u64) -> io::Result<usize> {
    usize::try_from(value).map_err(|_| io::ErrorKind::FileTooLarge.into())
}

fn apply(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}

/// First and last byte of a range.
fn span(start: Bound<u64>, end: Bound<u64>) -> (u64, u64) {
    let first = match start {
        Bound::Included(at) => at,
        Bound::Excluded(at) => at + 1,
        Bound::Unbounded => 0,
    };
    let last = match end {
        Bound::Included(at) => at,
        Bound::Excluded(at) => at - 1,
        Bound::Unbounded => u64::MAX,
    };
    (first, last)
}

/// One open instance of a [`Disk`]; its locks end when it is closed or dropped.
pub struct FaultyBackend {
    disk: Disk,
    instance: u64,
}

impl fmt::Debug for FaultyBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FaultyBackend({})", self.instance)
    }
}

impl FaultyBackend {
    fn try_lock(&self, range: (u64, u64), exclusive: bool) -> bool {
        let mut state = self.disk.state();
        let free = !state.conflicts(self.instance, range, exclusive);
        if free {
            state.locks.push(Lock { instance: self.instance, first: range.0, last: range.1, exclusive });
        }
        free
    }

    fn wait_lock(&self, range: (u64, u64), exclusive: bool) {
        let mut state = self.disk.state();
        while state.conflicts(self.instance, range, exclusive) {
            state = self.disk.shared.1.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.locks.push(Lock { instance: self.instance, first: range.0, last: range.1, exclusive });
    }

    fn release(&self, wanted: impl Fn(&Lock) -> bool) {
        let mut state = self.disk.state();
        state.locks.retain(|lock| lock.instance != self.instance || !wanted(lock));
        drop(state);
        self.disk.shared.1.notify_all();
    }
}

impl Drop for FaultyBackend {
    fn drop(&mut self) {
        self.release(|_| true);
    }
}

impl StorageBackend for FaultyBackend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.state().live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        state.pass(Target::Read)?;
        let start = position(offset)?;
        let bytes = state.live.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        state.pass(Target::SetLen)?;
        let length = position(len)?;
        state.fits(length)?;
        state.live.resize(length, 0);
        state.pending.push(Pending::SetLen(length));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.pass(Target::Sync)?;
        if state.lies {
            return Ok(());
        }
        let State { durable, pending, .. } = &mut *state;
        for change in pending.drain(..) {
            match change {
                Pending::SetLen(length) => durable.resize(length, 0),
                Pending::Write { offset, data } => apply(durable, offset, &data),
            }
        }
        state.syncs += 1;
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        state.pass(Target::Write)?;
        let offset = position(offset)?;
        state.fits(offset + data.len())?;
        apply(&mut state.live, offset, data);
        state.pending.push(Pending::Write { offset, data: data.to_vec() });
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.release(|_| true);
        Ok(())
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(self.try_lock(span(start, end), true))
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(self.try_lock(span(start, end), false))
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.wait_lock(span(start, end), true);
        Ok(())
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.wait_lock(span(start, end), false);
        Ok(())
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        let range = span(start, end);
        self.release(|lock| (lock.first, lock.last) == range);
        Ok(())
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        Ok(self.disk.state().conflicts(self.instance, span(start, end), true))
    }
}
