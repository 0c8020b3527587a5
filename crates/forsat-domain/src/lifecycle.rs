//! Whether a record lives, and where a reference leads: deletion against edits, aliases of merged duplicates.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;

use crate::composite::{Composite, LifeState, Lifecycle, MergedInto, Removed};
use crate::id::RecordId;
use crate::record::{Entry, RecordState};
use crate::world::World;

/// How a record reads after every deletion, restoration and late edit has met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Life {
    /// In use.
    Active,
    /// In use because someone restored it while another deleted it: flagged.
    Contested,
    /// Deleted by one and edited by another who had not seen it: visible until confirmed or restored.
    DisputedDeletion,
    /// Deleted.
    Trashed,
}

impl Life {
    /// Reads a record's life.
    pub fn of(state: &RecordState) -> Self {
        let sides = state.sides("lifecycle");
        let states =
            || sides.iter().filter_map(|side| Lifecycle::from_scalar(&side.value)).map(|side| side.state);
        let trashed = states().any(|state| state == LifeState::Trashed);
        let active = states().any(|state| state == LifeState::Active);
        match (trashed, active) {
            (false, _) => Self::Active,
            (true, true) => Self::Contested,
            (true, false) if state.late_lifecycle.is_empty() => Self::Trashed,
            (true, false) => Self::DisputedDeletion,
        }
    }

    /// Tells whether lists and reports show the record.
    pub const fn is_visible(self) -> bool {
        !matches!(self, Self::Trashed)
    }

    /// Tells whether someone has to decide about a deletion.
    pub const fn is_disputed(self) -> bool {
        matches!(self, Self::Contested | Self::DisputedDeletion)
    }
}

/// How an entry of a keyed map reads after every removal and edit has met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// There.
    Kept,
    /// Removed by one and edited, or put back, by another: kept, flagged.
    Disputed,
    /// Taken out.
    Removed,
}

impl Presence {
    /// Reads an entry's presence from its `removed` register.
    pub fn of(entry: &Entry) -> Self {
        let sides = entry.fields.get("removed").map_or(&[][..], |register| &register.sides);
        let values =
            || sides.iter().filter_map(|side| Removed::from_scalar(&side.value)).map(|side| side.value);
        match (values().any(|removed| removed), values().any(|removed| !removed)) {
            (false, _) => Self::Kept,
            (true, true) => Self::Disputed,
            (true, false) if entry.late.is_empty() => Self::Removed,
            (true, false) => Self::Disputed,
        }
    }

    /// Tells whether the entry counts.
    pub const fn is_kept(self) -> bool {
        !matches!(self, Self::Removed)
    }
}

/// Where a reference leads.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "lives only for the length of one look-up")]
pub enum Target<'a> {
    /// The record, reached through the aliases of merged duplicates.
    Found {
        /// The record that survives.
        record: Cow<'a, RecordState>,
        /// How it lives.
        life: Life,
    },
    /// The record, or the survivor it was merged into, is not on this device.
    NotOnThisDevice(RecordId),
}

impl Target<'_> {
    /// The id of the record that the reference leads to.
    pub fn id(&self) -> RecordId {
        match self {
            Self::Found { record, .. } => record.id,
            Self::NotOnThisDevice(id) => *id,
        }
    }

    /// Tells whether the record is here and deleted.
    pub fn is_trashed(&self) -> bool {
        matches!(self, Self::Found { life: Life::Trashed, .. })
    }
}

/// The record that another was merged into, if any: the winner where two targets met.
pub fn merged_into(state: &RecordState) -> Option<RecordId> {
    MergedInto::from_scalar(state.winner("merged_into")).map(|merge| merge.into)
}

/// Follows the aliases of merged duplicates to the id that stands for a record.
///
/// Where the aliases run in a circle, its smallest id survives. A survivor that is not on this device ends the chain.
pub fn surviving_id(id: RecordId, world: &dyn World) -> RecordId {
    let mut path = vec![id];
    let mut seen = BTreeSet::from([id]);
    let mut current = id;
    while let Some(next) = world.record(current).as_deref().and_then(merged_into) {
        if !seen.insert(next) {
            let start = path.iter().position(|passed| *passed == next).unwrap_or(0);
            return path[start..].iter().copied().min().unwrap_or(next);
        }
        path.push(next);
        current = next;
    }
    current
}

/// Every record that this one stands for, in the order of ids; none for a record that another stands for.
pub fn losers(survivor: RecordId, world: &dyn World) -> BTreeSet<RecordId> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![survivor];
    while let Some(id) = waiting.pop() {
        for loser in world.merged_into(id) {
            if loser != survivor && found.insert(loser) {
                waiting.push(loser);
            }
        }
    }
    if !found.is_empty() && surviving_id(survivor, world) != survivor {
        found.clear();
    }
    found
}

/// Finds the record that a reference leads to.
pub fn resolve<'a>(id: RecordId, world: &'a dyn World) -> Target<'a> {
    let survivor = surviving_id(id, world);
    match world.record(survivor) {
        Some(record) => Target::Found { life: Life::of(&record), record },
        None => Target::NotOnThisDevice(survivor),
    }
}

/// Tells whether another record on this device stands for this one, which then is not counted for itself.
pub fn is_superseded(state: &RecordState, world: &dyn World) -> bool {
    // Most records never were, and a report asks this of each: the world needn't read the record once more.
    if merged_into(state).is_none() {
        return false;
    }
    let survivor = surviving_id(state.id, world);
    survivor != state.id && world.record(survivor).is_some()
}

#[cfg(test)]
mod tests;
