//! Values that are set once: the earliest write counts, also when another program wrote over it.

use std::collections::BTreeMap;

use automerge::legacy::{Key, ObjectId, OpType};
use automerge::{Change, ChangeHash, ObjId};
use forsat_domain::record::{Scalar, Side};

use super::View;
use crate::genesis::Genesis;
use crate::graph::stamp_of;
use crate::{apply, value};

/// A key of a map, and the map's operation (`None`: the root).
type Place = (Option<(u64, Vec<u8>)>, String);

/// The first write of every place; the history is walked only when something may have been written over.
pub(super) struct FirstWrites<'a> {
    view: View<'a>,
    genesis: Option<&'static Genesis>,
    walked: Option<BTreeMap<Place, First>>,
}

struct First {
    counter: u64,
    actor: Vec<u8>,
    hash: ChangeHash,
    value: Scalar,
}

impl<'a> FirstWrites<'a> {
    pub(super) fn new(view: View<'a>, genesis: Option<&'static Genesis>) -> Self {
        Self { view, genesis, walked: None }
    }

    /// The earliest write of a place, given the earliest that still stands there.
    pub(super) fn earliest(&mut self, object: &ObjId, key: &str, standing: Side) -> Side {
        if self.builds_on_genesis_only(&ChangeHash(standing.stamp.hash)) {
            return standing;
        }
        let view = self.view;
        let walked = self.walked.get_or_insert_with(|| walk(view));
        let map = match object {
            ObjId::Root => None,
            ObjId::Id(counter, actor, _) => Some((*counter, actor.to_bytes().to_vec())),
        };
        let Some(first) = walked.get(&(map, key.to_owned())) else { return standing };
        if (first.counter, &first.actor) >= (standing.stamp.counter, &standing.stamp.actor) {
            return standing;
        }
        let Some(meta) = view.automerge.get_change_meta_by_hash(&first.hash) else { return standing };
        let mut stamp = stamp_of(&meta);
        stamp.counter = first.counter;
        Side { value: first.value.clone(), stamp }
    }

    /// Tells whether nothing but the genesis, which sets no such value, lies before a change.
    fn builds_on_genesis_only(&self, hash: &ChangeHash) -> bool {
        let Some(genesis) = self.genesis else { return false };
        if genesis.holds(&hash.0) {
            return true;
        }
        let meta = self.view.automerge.get_change_meta_by_hash(hash);
        meta.is_some_and(|meta| meta.deps.iter().all(|dep| genesis.holds(&dep.0)))
    }
}

fn walk(view: View<'_>) -> BTreeMap<Place, First> {
    let mut firsts = BTreeMap::new();
    let changes = match view.at {
        Some(heads) => match view.automerge.fork_at(heads) {
            Ok(past) => past.get_changes(&[]),
            Err(_) => Vec::new(),
        },
        None => view.automerge.get_changes(&[]),
    };
    for change in &changes {
        note_writes(change, &mut firsts);
    }
    firsts
}

fn note_writes(change: &Change, firsts: &mut BTreeMap<Place, First>) {
    let Ok(expanded) = apply::guarded(|| Ok(change.decode())) else { return };
    let actor = change.actor_id().to_bytes();
    for (counter, operation) in (change.start_op().get()..).zip(&expanded.operations) {
        let (OpType::Put(written), Key::Map(key)) = (&operation.action, &operation.key) else { continue };
        let map = match &operation.obj {
            ObjectId::Root => None,
            ObjectId::Id(id) => Some((id.counter(), id.actor().to_bytes().to_vec())),
        };
        let place = (map, key.to_string());
        let is_earlier =
            firsts.get(&place).is_none_or(|first| (counter, actor) < (first.counter, first.actor.as_slice()));
        if is_earlier {
            let value = value::from_automerge(written);
            firsts.insert(place, First { counter, actor: actor.to_vec(), hash: change.hash(), value });
        }
    }
}
