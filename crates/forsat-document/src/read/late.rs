//! Edits that a deletion did not see: of a whole record, and of a removed entry.
//!
//! A deletion stores the heads that it saw. What lies outside their history came from elsewhere or later. The graph of
//! changes is read only when something is deleted at all.

use std::collections::{BTreeMap, BTreeSet};

use forsat_domain::record::{FieldState, RecordState, Register, Scalar, Stamp};
use serde_json::Value;

use super::View;
use crate::graph::{Graph, Hash};

const LIFECYCLE: &str = "lifecycle";
const REMOVED: &str = "removed";

/// One side that deletes: the change that wrote it and the heads that it saw.
struct Deletion {
    stamp: Stamp,
    seen_heads: Vec<Hash>,
}

/// Fills what came late, of the record and of its removed entries.
pub(super) fn fill(state: &mut RecordState, view: View<'_>) {
    let record = deletions(state.register(LIFECYCLE), is_trashed);
    let has_removed_entry = state.fields.values().any(|field| match field {
        FieldState::Map(entries) => entries.values().any(|entry| !entry_deletions(entry).is_empty()),
        _ => false,
    });
    if record.is_empty() && !has_removed_entry {
        return;
    }
    let known = Known::read(view);
    if !record.is_empty() {
        state.late_lifecycle = known.late_changes(&record);
    }
    for field in state.fields.values_mut() {
        let FieldState::Map(entries) = field else { continue };
        for entry in entries.values_mut() {
            let removals = entry_deletions(entry);
            if !removals.is_empty() {
                entry.late = known.late_edits(&removals, &entry.fields);
            }
        }
    }
}

fn entry_deletions(entry: &forsat_domain::record::Entry) -> Vec<Deletion> {
    deletions(entry.fields.get(REMOVED), is_removed)
}

/// The sides of a register that delete.
fn deletions(register: Option<&Register>, deletes: fn(&Value) -> bool) -> Vec<Deletion> {
    let sides = register.map_or(&[][..], |register| &register.sides);
    let deletion = |side: &forsat_domain::record::Side| {
        let Scalar::Text(text) = &side.value else { return None };
        let value: Value = serde_json::from_str(text).ok()?;
        let seen_heads = seen_heads(&value);
        deletes(&value).then(|| Deletion { stamp: side.stamp.clone(), seen_heads })
    };
    sides.iter().filter_map(deletion).collect()
}

fn is_trashed(value: &Value) -> bool {
    value.get("state").and_then(Value::as_str) == Some("trashed")
}

fn is_removed(value: &Value) -> bool {
    value.get("value").and_then(Value::as_bool) == Some(true)
}

/// The heads inside a composite, which stores them as a list of hexadecimal hashes.
fn seen_heads(value: &Value) -> Vec<Hash> {
    let heads = value.get("seen_heads").and_then(Value::as_array);
    let hash = |head: &Value| hex::decode(head.as_str()?).ok()?.try_into().ok();
    heads.into_iter().flatten().filter_map(hash).collect()
}

/// What a view knows of its deletions.
struct Known {
    graph: Graph,
    /// The changes that are in the view, when the view is of the past.
    in_view: Option<BTreeSet<Hash>>,
}

impl Known {
    fn read(view: View<'_>) -> Self {
        let graph = Graph::read(view.automerge);
        let in_view = view.at.map(|heads| graph.history(heads.iter().map(|hash| hash.0)));
        Self { graph, in_view }
    }

    /// What some deletion knew when it was made, itself included.
    fn known_to(&self, deletions: &[Deletion]) -> BTreeSet<Hash> {
        let seen = deletions.iter().flat_map(|deletion| &deletion.seen_heads).copied();
        let mut known = self.graph.history(seen);
        known.extend(deletions.iter().map(|deletion| deletion.stamp.hash));
        known
    }

    /// Changes by other actors than the deleters' that no deletion knew, in the order of (counter, actor).
    fn late_changes(&self, deletions: &[Deletion]) -> Vec<Stamp> {
        let known = self.known_to(deletions);
        let in_view = |hash: &Hash| self.in_view.as_ref().is_none_or(|view| view.contains(hash));
        let by_deleter = |stamp: &Stamp| deletions.iter().any(|deletion| deletion.stamp.actor == stamp.actor);
        let is_late =
            |stamp: &&Stamp| in_view(&stamp.hash) && !known.contains(&stamp.hash) && !by_deleter(stamp);
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
