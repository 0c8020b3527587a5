//! Which changes can be applied now, and in what order: each after what it builds on, in time that grows with their number.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Change, ChangeHash};

use super::{HANGS_ON_UNREADABLE, NUMBERED_WRONGLY, Parsed, check_header};
use crate::document::Document;

type Hash = [u8; 32];

/// Changes, sorted out.
#[derive(Default)]
pub(super) struct Ordered {
    /// What can be applied, in causal order.
    pub ready: Vec<Change>,
    /// What can't be read, with the reason.
    pub left_out: Vec<(Hash, String)>,
    /// What builds on something that isn't here.
    pub waiting: BTreeMap<Hash, Parsed>,
}

/// Sorts out changes that a document doesn't have yet.
pub(super) fn order(document: &Document, changes: BTreeMap<Hash, Parsed>) -> Ordered {
    let mut sorting = Sorting::new(document, changes);
    loop {
        while let Some(hash) = sorting.to_look_at.pop_first() {
            sorting.look_at(hash);
        }
        // What is left here stays ahead of the document, whatever else is taken.
        let Some((_, ahead)) = sorting.ahead.pop_first() else { break };
        sorting.leave_out(ahead, NUMBERED_WRONGLY.to_owned());
    }
    Ordered { waiting: sorting.open, ..sorting.done }
}

struct Sorting<'d> {
    document: &'d Document,
    open: BTreeMap<Hash, Parsed>,
    /// For each open change, how many of the open ones it builds on.
    missing: BTreeMap<Hash, usize>,
    /// What builds on a change.
    builds_on: BTreeMap<Hash, Vec<Hash>>,
    /// Open changes that may have something new; in the order of hashes, so that it is always the same.
    to_look_at: BTreeSet<Hash>,
    /// The highest operation counters of those that are ready.
    max_ops: BTreeMap<Hash, u64>,
    /// The highest operation counter of the document with those that are ready.
    highest: u64,
    /// Changes that begin above the next counter, by where they begin: others may close the gap.
    ahead: BTreeSet<(u64, Hash)>,
    left_out: BTreeSet<Hash>,
    done: Ordered,
}

impl<'d> Sorting<'d> {
    fn new(document: &'d Document, open: BTreeMap<Hash, Parsed>) -> Self {
        let mut missing = BTreeMap::new();
        let mut builds_on: BTreeMap<Hash, Vec<Hash>> = BTreeMap::new();
        for (hash, parsed) in &open {
            let deps: BTreeSet<Hash> = parsed.change.deps().iter().map(|dep| dep.0).collect();
            let among_open = deps.iter().filter(|dep| open.contains_key(*dep));
            missing.insert(*hash, among_open.clone().count());
            among_open.for_each(|dep| builds_on.entry(*dep).or_default().push(*hash));
        }
        let to_look_at = open.keys().copied().collect();
        Self {
            document,
            open,
            missing,
            builds_on,
            to_look_at,
            max_ops: BTreeMap::new(),
            highest: document.max_op(),
            ahead: BTreeSet::new(),
            left_out: BTreeSet::new(),
            done: Ordered::default(),
        }
    }

    fn look_at(&mut self, hash: Hash) {
        let Some(parsed) = self.open.get(&hash) else { return };
        let deps = parsed.change.deps();
        if deps.iter().any(|dep| self.is_unreadable(dep)) {
            self.leave_out(hash, HANGS_ON_UNREADABLE.to_owned());
            return;
        }
        if self.missing[&hash] > 0 {
            return;
        }
        let Some(floor) = self.max_op_of(deps) else { return };
        let start_op = parsed.change.start_op().get();
        match check_header(&parsed.change, floor) {
            Ok(_) if start_op - 1 > self.highest => {
                self.ahead.insert((start_op, hash));
            }
            Ok(max_op) => self.accept(hash, max_op),
            Err(reason) => self.leave_out(hash, reason),
        }
    }

    fn is_unreadable(&self, dep: &ChangeHash) -> bool {
        self.document.unreadable.contains(&dep.0) || self.left_out.contains(&dep.0)
    }

    /// The highest operation counter that a change builds on; `None` while something is missing.
    fn max_op_of(&self, deps: &[ChangeHash]) -> Option<u64> {
        deps.iter().try_fold(0, |highest, dep| {
            let max_op = match self.max_ops.get(&dep.0) {
                Some(max_op) => *max_op,
                None => self.document.automerge.get_change_meta_by_hash(dep)?.max_op,
            };
            Some(highest.max(max_op))
        })
    }

    fn accept(&mut self, hash: Hash, max_op: u64) {
        self.max_ops.insert(hash, max_op);
        self.highest = self.highest.max(max_op);
        while let Some((start_op, next)) = self.ahead.first().copied()
            && start_op - 1 <= self.highest
        {
            self.ahead.pop_first();
            self.to_look_at.insert(next);
        }
        self.done.ready.extend(self.open.remove(&hash).map(|parsed| parsed.change));
        for next in self.builds_on.remove(&hash).unwrap_or_default() {
            if let Some(missing) = self.missing.get_mut(&next) {
                *missing -= 1;
            }
            self.to_look_at.insert(next);
        }
    }

    fn leave_out(&mut self, hash: Hash, reason: String) {
        self.open.remove(&hash);
        self.left_out.insert(hash);
        self.done.left_out.push((hash, reason));
        self.to_look_at.extend(self.builds_on.remove(&hash).unwrap_or_default());
    }
}
