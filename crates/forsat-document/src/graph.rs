//! The changes of a document by hash, with what they build on.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Automerge, ChangeMetadata};
use forsat_domain::UserId;
use forsat_domain::record::Stamp;

/// Names a change.
pub(crate) type Hash = [u8; 32];

const MS_A_SECOND: i64 = 1_000;

/// All changes of a document.
pub(crate) struct Graph {
    changes: BTreeMap<Hash, (Stamp, Vec<Hash>)>,
}

impl Graph {
    pub(crate) fn read(document: &Automerge) -> Self {
        let row = |meta: &ChangeMetadata<'_>| {
            (meta.hash.0, (stamp_of(meta), meta.deps.iter().map(|dep| dep.0).collect()))
        };
        Self { changes: document.get_changes_meta(&[]).iter().map(row).collect() }
    }

    /// Every change with its stamp.
    pub(crate) fn stamps(&self) -> impl Iterator<Item = &Stamp> {
        self.changes.values().map(|(stamp, _)| stamp)
    }

    /// Adds a change that was just made.
    pub(crate) fn insert(&mut self, meta: &ChangeMetadata<'_>) {
        let deps = meta.deps.iter().map(|dep| dep.0).collect();
        self.changes.insert(meta.hash.0, (stamp_of(meta), deps));
    }

    /// The changes at and below some heads; unknown heads count as nothing.
    pub(crate) fn history(&self, heads: impl IntoIterator<Item = Hash>) -> BTreeSet<Hash> {
        let mut seen = BTreeSet::new();
        let mut stack: Vec<Hash> = heads.into_iter().collect();
        while let Some(hash) = stack.pop() {
            let Some((_, deps)) = self.changes.get(&hash) else { continue };
            if seen.insert(hash) {
                stack.extend(deps);
            }
        }
        seen
    }

    /// Heads without those that lie in the history of another, sorted.
    pub(crate) fn without_ancestors(&self, heads: &BTreeSet<Hash>) -> Vec<Hash> {
        if heads.len() < 2 {
            return heads.iter().copied().collect();
        }
        let below = |head: &Hash| self.changes.get(head).map(|(_, deps)| self.history(deps.iter().copied()));
        let covered: BTreeSet<Hash> = heads.iter().filter_map(below).flatten().collect();
        heads.difference(&covered).copied().collect()
    }
}

/// The heads of the early changes: those that `is_early` is true of, by their times, as are all that they build on.
pub(crate) fn heads_when(document: &Automerge, is_early: impl Fn(i64) -> bool) -> Vec<Hash> {
    let (mut early, mut heads) = (BTreeSet::new(), BTreeSet::new());
    // They come in causal order.
    for meta in document.get_changes_meta(&[]) {
        let stands = meta.deps.iter().all(|dep| early.contains(&dep.0));
        if stands && is_early(meta.timestamp.saturating_mul(MS_A_SECOND)) {
            early.insert(meta.hash.0);
            for dep in &meta.deps {
                heads.remove(&dep.0);
            }
            heads.insert(meta.hash.0);
        }
    }
    heads.into_iter().collect()
}

/// The stamp of a change as a whole; its counter is that of its last operation.
pub(crate) fn stamp_of(meta: &ChangeMetadata<'_>) -> Stamp {
    Stamp {
        hash: meta.hash.0,
        actor: meta.actor.to_bytes().to_vec(),
        author: meta.author.as_ref().and_then(user_of),
        time_ms: meta.timestamp.saturating_mul(MS_A_SECOND),
        counter: meta.max_op,
    }
}

/// The user that an author's bytes name; another program's author may be anything.
pub(crate) fn user_of(author: &automerge::Author<'_>) -> Option<UserId> {
    author.as_bytes().try_into().ok().map(UserId::from_bytes)
}
