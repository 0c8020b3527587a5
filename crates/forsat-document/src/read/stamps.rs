//! Which change wrote a value: hash, actor, author, time. Each change is looked up once.

use std::collections::BTreeMap;

use automerge::{ChangeHash, ObjId};
use forsat_domain::record::Stamp;

use super::View;
use crate::genesis::Genesis;
use crate::graph::stamp_of;

/// Stamps by change, filled as they are asked for.
pub(super) struct Stamps<'a> {
    view: View<'a>,
    by_hash: BTreeMap<[u8; 32], Stamp>,
}

impl<'a> Stamps<'a> {
    pub(super) fn new(view: View<'a>) -> Self {
        Self { view, by_hash: BTreeMap::new() }
    }

    /// The stamp of the operation with this id.
    pub(super) fn of(&mut self, operation: &ObjId) -> Stamp {
        let ObjId::Id(counter, actor, _) = operation else { return nobody(0, &[]) };
        let stamp = self.view.automerge.hash_for_opid(operation).and_then(|hash| self.of_change(&hash));
        match stamp {
            Some(stamp) => Stamp { counter: *counter, ..stamp },
            None => nobody(*counter, actor.to_bytes()),
        }
    }

    /// The newest of the heads by (counter, actor), which is the last change in causal order; none at the genesis.
    pub(super) fn last_change(&mut self, heads: &[[u8; 32]], genesis: Option<&Genesis>) -> Option<Stamp> {
        let is_written = |hash: &&[u8; 32]| genesis.is_none_or(|genesis| !genesis.holds(hash));
        let stamps = heads.iter().filter(is_written).filter_map(|hash| self.of_change(&ChangeHash(*hash)));
        stamps.max_by(|a, b| (a.counter, &a.actor).cmp(&(b.counter, &b.actor)))
    }

    fn of_change(&mut self, hash: &ChangeHash) -> Option<Stamp> {
        if let Some(stamp) = self.by_hash.get(&hash.0) {
            return Some(stamp.clone());
        }
        let stamp = stamp_of(&self.view.automerge.get_change_meta_by_hash(hash)?);
        self.by_hash.insert(hash.0, stamp.clone());
        Some(stamp)
    }
}

fn nobody(counter: u64, actor: &[u8]) -> Stamp {
    Stamp { hash: [0; 32], actor: actor.to_vec(), author: None, time_ms: 0, counter }
}
