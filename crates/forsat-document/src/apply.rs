//! Taking changes in: this store's own without ado, a peer's under a guard.
//!
//! Automerge can panic, or make a document that cannot be loaded again, on changes that are well formed and hostile.
//! So a peer's batch is tried on a copy: applied, saved, loaded and read, with panics caught. Only when that fails
//! is the batch halved until the bad changes stand alone; they, and what hangs on them, stay out of the view.
//!
//! Chunks are expected to have passed the bounded parser of the protocol, which counts operations from run headers;
//! this guard is about what gets past it.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use automerge::{Automerge, Change, ChangeHash};

use crate::chunk::{ApplyReport, Chunk};
use crate::document::{Document, Totals};
use crate::genesis::{GENESIS_ACTOR, Genesis};
use crate::limits;

mod depth;
mod order;

use order::{Ordered, order};

/// Place of the chunk's type in its header, after four magic bytes and four of checksum.
const CHUNK_TYPE_AT: usize = 8;
/// The type of an uncompressed change.
const CHUNK_TYPE_CHANGE: u8 = 1;
const NOT_A_BEGINNING: &str = "it is none of the changes that this version knows documents to begin with; a newer version shows it if it made it, so update the program";
/// The most bytes of changes that are applied at once.
const SLICE_BYTES_MAX: u64 = 1024 * 1024;
const HANGS_ON_UNREADABLE: &str = "it builds on a change that cannot be read";
const NUMBERED_WRONGLY: &str = "its operations are numbered wrongly";

/// A chunk whose header and columns could be read.
#[derive(Clone, Debug)]
pub(crate) struct Parsed {
    change: Change,
}

impl Document {
    /// Takes in a peer's chunks, in any order and with repetitions.
    ///
    /// Chunks already in the view are passed over. The report names what was applied, what waits and what cannot be
    /// read; the caller keeps the bytes of all of them.
    pub fn apply(&mut self, chunks: Vec<Chunk>) -> ApplyReport {
        let mut report = ApplyReport::default();
        let mut parsed = std::mem::take(&mut self.waiting);
        for chunk in chunks {
            if self.contains(&chunk.hash) || parsed.contains_key(&chunk.hash) {
                continue;
            }
            match parse(&chunk) {
                Ok(change) => {
                    parsed.insert(chunk.hash, change);
                }
                Err(reason) => self.leave_out(chunk.hash, reason, &mut report),
            }
        }
        let ready = self.sort_ready(parsed, &mut report);
        let applied = self.admit(ready, &mut report);
        report.applied = applied;
        report.waiting = self.waiting.keys().copied().collect();
        report
    }

    /// The highest operation counter: counters never fall along what changes build on, so a head has it.
    fn max_op(&self) -> u64 {
        let heads = self.automerge.get_heads().into_iter();
        heads
            .filter_map(|head| Some(self.automerge.get_change_meta_by_hash(&head)?.max_op))
            .max()
            .unwrap_or(0)
    }

    /// Takes in chunks of this store, which passed the guard when they came.
    pub(crate) fn take_own<'a>(&mut self, chunks: impl IntoIterator<Item = &'a [u8]>) {
        let mut report = ApplyReport::default();
        let mut parsed = std::mem::take(&mut self.waiting);
        for bytes in chunks {
            match parse_bytes(bytes) {
                Ok(change) if self.contains(&change.hash().0) => {}
                Ok(change) => {
                    parsed.insert(change.hash().0, Parsed { change });
                }
                // The store's index knows the hash that these bytes should have; here they have none.
                Err(_) => {
                    self.unreadable.insert([0; 32]);
                }
            }
        }
        let ready = self.sort_ready(parsed, &mut report);
        if ready.is_empty() {
            return;
        }
        let mut slices = slices(ready).into_iter();
        while let Some(slice) = slices.next() {
            match try_apply(&self.automerge, &slice, Check::Trust) {
                Ok(automerge) => {
                    self.bytes_met += Totals::of(&slice).bytes;
                    self.automerge = automerge;
                }
                Err(_) => {
                    self.admit(slice.into_iter().chain(slices.flatten()).collect(), &mut report);
                    return;
                }
            }
        }
    }

    /// Sorts out what can be applied now, in causal order; the rest waits or is left out.
    fn sort_ready(&mut self, parsed: BTreeMap<[u8; 32], Parsed>, report: &mut ApplyReport) -> Vec<Change> {
        let Ordered { ready, left_out, waiting } = order(self, parsed);
        for (hash, reason) in left_out {
            self.leave_out(hash, reason, report);
        }
        self.waiting = waiting;
        ready
    }

    /// Applies changes in causal order under the guard; gives the hashes of those that are in the view now.
    fn admit(&mut self, ready: Vec<Change>, report: &mut ApplyReport) -> Vec<[u8; 32]> {
        if ready.is_empty() {
            return Vec::new();
        }
        let hashes: Vec<[u8; 32]> = ready.iter().map(|change| change.hash().0).collect();
        let mut bad = BTreeMap::new();
        let ready = self.within_limits(ready, &mut bad);
        self.bytes_met += Totals::of(&ready).bytes;
        for slice in slices(ready) {
            if let Some(automerge) = admit_halving(&self.automerge, slice, &mut bad) {
                self.automerge = automerge;
            }
        }
        let applied = hashes.into_iter().filter(|hash| !bad.contains_key(hash)).collect();
        for (hash, reason) in bad {
            self.leave_out(hash, reason, report);
        }
        applied
    }

    /// Takes out the changes for which a document has no room, and marks them bad. No honest relay takes
    /// so much, and what waits here to be sent has room beside it.
    fn within_limits(&self, ready: Vec<Change>, bad: &mut BTreeMap<[u8; 32], String>) -> Vec<Change> {
        let Totals { mut bytes, mut operations } = self.totals_if_large();
        let mut changes = self.change_count();
        let (kept, over): (Vec<Change>, Vec<Change>) = ready.into_iter().partition(|change| {
            let more = Totals::of([change]);
            let fits = changes < limits::HELD_CHANGES_MAX
                && bytes + more.bytes <= limits::HELD_BYTES_MAX
                && operations + more.operations <= limits::HELD_OPS_MAX;
            if fits {
                (changes, bytes, operations) =
                    (changes + 1, bytes + more.bytes, operations + more.operations);
            }
            fits
        });
        bad.extend(
            over.iter().map(|change| (change.hash().0, "the record is as large as it may be".to_owned())),
        );
        without_hanging(kept, bad)
    }

    fn leave_out(&mut self, hash: [u8; 32], reason: String, report: &mut ApplyReport) {
        self.unreadable.insert(hash);
        report.unreadable.push((hash, reason));
    }
}

/// Cuts changes so that no slice has more operations than one change may have, nor many bytes: applying takes memory for
/// each operation, however few bytes it is.
fn slices(changes: Vec<Change>) -> Vec<Vec<Change>> {
    let (mut slices, mut total) = (vec![Vec::new()], Totals::default());
    for change in changes {
        let more = Totals::of([&change]);
        total = Totals { bytes: total.bytes + more.bytes, operations: total.operations + more.operations };
        if total.operations > limits::CHUNK_OPS_MAX as u64 || total.bytes > SLICE_BYTES_MAX {
            slices.push(Vec::new());
            total = more;
        }
        slices.last_mut().expect("there is one from the start").push(change);
    }
    slices.retain(|slice| !slice.is_empty());
    slices
}

/// Loads a snapshot, with panics caught.
pub(crate) fn load_snapshot(bytes: &[u8]) -> Result<Automerge, String> {
    guarded(|| Automerge::load(bytes).map_err(|error| error.to_string()))
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is at something that may panic on a peer's bytes and is caught then. A program that shows panics
/// to a person passes over these: the record says what was left out of it.
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// Runs something that may panic on hostile bytes.
pub(crate) fn guarded<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let outer = GUARDED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(outer);
    done.unwrap_or_else(|payload| {
        let message = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| payload.downcast_ref::<&str>().copied())
            .unwrap_or("no message");
        Err(format!("it breaks the document ({message})"))
    })
}

fn parse(chunk: &Chunk) -> Result<Parsed, String> {
    let change = parse_bytes(&chunk.bytes)?;
    if change.hash().0 != chunk.hash {
        return Err("its bytes do not have the hash that names it".to_owned());
    }
    Ok(Parsed { change })
}

/// Parses one uncompressed change; a compressed one could inflate without end.
pub(crate) fn parse_bytes(bytes: &[u8]) -> Result<Change, String> {
    if bytes.len() > limits::CHUNK_BYTES_MAX {
        return Err(format!("it has {} bytes of at most {}", bytes.len(), limits::CHUNK_BYTES_MAX));
    }
    if bytes.get(CHUNK_TYPE_AT) != Some(&CHUNK_TYPE_CHANGE) {
        return Err("it is not an uncompressed change".to_owned());
    }
    guarded(|| Change::from_bytes(bytes.to_vec()).map_err(|error| format!("it cannot be parsed ({error})")))
}

/// The checks of a header that Automerge does not make; gives the change's highest operation counter.
fn check_header(change: &Change, floor: u64) -> Result<u64, String> {
    let start = change.start_op().get();
    let max_op = start.saturating_add(change.len() as u64).saturating_sub(1);
    if start <= floor || max_op > limits::OP_COUNTER_MAX {
        return Err(NUMBERED_WRONGLY.to_owned());
    }
    if change.author().is_some() && change.seq() != 1 {
        return Err("it names an author though it is not its actor's first change".to_owned());
    }
    let is_genesis_actor = change.actor_id().to_bytes() == GENESIS_ACTOR;
    if is_genesis_actor && Genesis::by_hash(&change.hash().0).is_none() {
        return Err(NOT_A_BEGINNING.to_owned());
    }
    Ok(max_op)
}

/// How much is verified after applying.
#[derive(Clone, Copy, PartialEq)]
enum Check {
    /// The bytes are ours.
    Trust,
    /// Save, load and read.
    Reload,
}

/// Applies changes to a copy; fails when Automerge refuses, panics, or makes something that does not load again.
fn try_apply(before: &Automerge, changes: &[Change], check: Check) -> Result<Automerge, String> {
    guarded(|| {
        if check == Check::Reload {
            depth::check(before, changes)?;
        }
        let mut after = before.clone();
        after.apply_changes(changes.iter().cloned()).map_err(|error| error.to_string())?;
        let all_there = changes.iter().all(|change| after.get_change_meta_by_hash(&change.hash()).is_some());
        if !all_there {
            return Err("it was not taken".to_owned());
        }
        if check == Check::Reload { reload(&after) } else { Ok(after) }
    })
}

/// Saves and loads a document and reads it once; what was loaded is what goes on, so that the view never depends on
/// the way by which changes came.
fn reload(document: &Automerge) -> Result<Automerge, String> {
    let loaded = Automerge::load(&document.save_nocompress())
        .map_err(|error| format!("with it the document cannot be loaded again ({error})"))?;
    if loaded.get_heads() != document.get_heads() {
        return Err("with it the document has other heads when loaded again".to_owned());
    }
    loaded.hydrate(None);
    Ok(loaded)
}

/// Applies what can be applied, halving the batch around what cannot; `None` when nothing could.
fn admit_halving(
    before: &Automerge,
    changes: Vec<Change>,
    bad: &mut BTreeMap<[u8; 32], String>,
) -> Option<Automerge> {
    let changes = without_hanging(changes, bad);
    if changes.is_empty() {
        return None;
    }
    let reason = match try_apply(before, &changes, Check::Reload) {
        Ok(after) => return Some(after),
        Err(reason) => reason,
    };
    if let [change] = changes.as_slice() {
        bad.insert(change.hash().0, reason);
        return None;
    }
    let mut first = changes;
    let second = first.split_off(first.len() / 2);
    let half = admit_halving(before, first, bad);
    let whole = admit_halving(half.as_ref().unwrap_or(before), second, bad);
    whole.or(half)
}

/// Takes out the changes that build on bad ones, and marks them bad.
fn without_hanging(changes: Vec<Change>, bad: &mut BTreeMap<[u8; 32], String>) -> Vec<Change> {
    if bad.is_empty() {
        return changes;
    }
    let (kept, hanging): (Vec<Change>, Vec<Change>) = {
        let mut gone: BTreeSet<ChangeHash> = bad.keys().map(|hash| ChangeHash(*hash)).collect();
        changes.into_iter().partition(|change| {
            let hangs = change.deps().iter().any(|dep| gone.contains(dep));
            if hangs {
                gone.insert(change.hash());
            }
            !hangs
        })
    };
    bad.extend(hanging.iter().map(|change| (change.hash().0, HANGS_ON_UNREADABLE.to_owned())));
    kept
}
