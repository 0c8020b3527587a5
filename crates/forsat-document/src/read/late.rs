//! Edits that a deletion or a merge into another record did not see: of a whole record, and of a removed entry.
//!
//! A deletion stores the heads that it saw. What lies outside their history came from elsewhere or later. The graph of
//! changes is read only when something is deleted or merged away at all.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{ObjId, ROOT};
use forsat_domain::record::{Entry, FieldState, RecordState, Register, Scalar, Stamp};
use serde_json::Value;

use super::View;
use super::stamps::Stamps;
use crate::genesis::{GENESIS_ACTOR, Genesis};
use crate::graph::{Graph, Hash};

const LIFECYCLE: &str = "lifecycle";
const MERGED_INTO: &str = "merged_into";
const REMOVED: &str = "removed";

/// One write that deletes: its change and the heads that it saw.
struct Deletion {
    stamp: Stamp,
    seen_heads: Vec<Hash>,
}

/// Fills what came late, of the record and of its removed entries.
pub(super) fn fill<'a>(
    state: &mut RecordState,
    view: View<'a>,
    genesis: Option<&Genesis>,
    stamps: &mut Stamps<'a>,
) {
    let is_deleted = has_deleting_side(state.register(LIFECYCLE), is_trashed);
    let has_removed_entry = state.fields.values().any(|field| match field {
        FieldState::Map(entries) => entries.values().any(is_removed_entry),
        _ => false,
    });
    let is_away = has_deleting_side(state.register(MERGED_INTO), is_merged_away);
    if !is_deleted && !has_removed_entry && !is_away {
        return;
    }
    let mut search = Search::new(view, stamps);
    if is_deleted {
        let deletions = search.deletions(&ROOT, LIFECYCLE, is_trashed);
        state.late_lifecycle = search.late_changes(&deletions, true);
    }
    if is_away {
        let merges = search.deletions(&ROOT, MERGED_INTO, is_merged_away);
        state.late_merge = search.late_changes(&merges, false);
    }
    for (name, field) in &mut state.fields {
        let Some((_, object)) = genesis.and_then(|genesis| genesis.container(name)) else { continue };
        let FieldState::Map(entries) = field else { continue };
        for (id, entry) in entries.iter_mut().filter(|(_, entry)| is_removed_entry(entry)) {
            let removals = search.deletions(object, &format!("{id}/{REMOVED}"), is_removed);
            entry.late = search.late_edits(&removals, &entry.fields);
        }
    }
}

fn is_removed_entry(entry: &Entry) -> bool {
    has_deleting_side(entry.fields.get(REMOVED), is_removed)
}

fn has_deleting_side(register: Option<&Register>, deletes: fn(&Value) -> bool) -> bool {
    let mut sides = register.into_iter().flat_map(|register| &register.sides);
    sides.any(|side| composite(&side.value).is_some_and(|value| deletes(&value)))
}

fn composite(value: &Scalar) -> Option<Value> {
    serde_json::from_str(value.as_text()?).ok()
}

fn is_trashed(value: &Value) -> bool {
    value.get("state").and_then(Value::as_str) == Some("trashed")
}

fn is_merged_away(value: &Value) -> bool {
    value.get("into").is_some()
}

fn is_removed(value: &Value) -> bool {
    value.get("value").and_then(Value::as_bool) == Some(true)
}

/// The heads inside a composite, which stores them as a list of hexadecimal hashes.
fn seen_heads(value: &Value) -> Vec<Hash> {
    let heads = value.get("seen_heads").or_else(|| value.get("loser_heads")).and_then(Value::as_array);
    let hash = |head: &Value| hex::decode(head.as_str()?).ok()?.try_into().ok();
    heads.into_iter().flatten().filter_map(hash).collect()
}

/// What a view knows of its deletions.
struct Search<'v, 's> {
    view: View<'v>,
    stamps: &'s mut Stamps<'v>,
    graph: Graph,
    /// The changes that are in the view, when the view is of the past.
    in_view: Option<BTreeSet<Hash>>,
}

impl<'v, 's> Search<'v, 's> {
    fn new(view: View<'v>, stamps: &'s mut Stamps<'v>) -> Self {
        let graph = Graph::read(view.automerge);
        let in_view = view.at.map(|heads| graph.history(heads.iter().map(|hash| hash.0)));
        Self { view, stamps, graph, in_view }
    }

    /// Every standing write that deletes; also of equal values, since each writer saw other changes.
    fn deletions(&mut self, object: &ObjId, key: &str, deletes: fn(&Value) -> bool) -> Vec<Deletion> {
        let mut deletions = Vec::new();
        for (value, operation) in self.view.all(object, key) {
            let Some(value) = composite(&self.view.scalar(&value, &operation)) else { continue };
            if deletes(&value) {
                deletions
                    .push(Deletion { stamp: self.stamps.of(&operation), seen_heads: seen_heads(&value) });
            }
        }
        deletions
    }

    /// What some deletion knew when it was made, itself included.
    fn known_to(&self, deletions: &[Deletion]) -> BTreeSet<Hash> {
        let seen = deletions.iter().flat_map(|deletion| &deletion.seen_heads).copied();
        let mut known = self.graph.history(seen);
        known.extend(deletions.iter().map(|deletion| deletion.stamp.hash));
        known
    }

    /// Changes that no deletion knew, in the order of (counter, actor).
    ///
    /// Where the deleters are `trusted`, what they wrote themselves is never late: who deletes a record knows it.
    fn late_changes(&self, deletions: &[Deletion], trusted: bool) -> Vec<Stamp> {
        let known = self.known_to(deletions);
        let in_view = |hash: &Hash| self.in_view.as_ref().is_none_or(|view| view.contains(hash));
        let by_deleter =
            |stamp: &Stamp| trusted && deletions.iter().any(|deletion| deletion.stamp.actor == stamp.actor);
        let is_genesis = |stamp: &Stamp| stamp.actor == GENESIS_ACTOR;
        let is_late = |stamp: &&Stamp| {
            let is_known = known.contains(&stamp.hash) || by_deleter(stamp) || is_genesis(stamp);
            in_view(&stamp.hash) && !is_known
        };
        in_order(self.graph.stamps().filter(is_late).cloned())
    }

    /// Current values of an entry that no removal knew, in the order of (counter, actor).
    fn late_edits(&self, removals: &[Deletion], fields: &BTreeMap<String, Register>) -> Vec<Stamp> {
        let known = self.known_to(removals);
        let sides =
            fields.iter().filter(|(name, _)| *name != REMOVED).flat_map(|(_, register)| &register.sides);
        in_order(sides.map(|side| side.stamp.clone()).filter(|stamp| !known.contains(&stamp.hash)))
    }
}

fn in_order(stamps: impl Iterator<Item = Stamp>) -> Vec<Stamp> {
    let mut stamps: Vec<Stamp> = stamps.collect();
    stamps.sort_by(|a, b| (a.counter, &a.actor).cmp(&(b.counter, &b.actor)));
    stamps.dedup();
    stamps
}
