//! Finding duplicates: pairs of records that may stand for one thing, for a person to merge or to dismiss.
//!
//! Nothing here merges: a search only suggests. [`search`] goes by the keys of a module ([`Criteria::Keys`]: for an
//! account equal national ids, phones, e-mail addresses or own domains, else names that are the same or similar), or by
//! chosen fields ([`Criteria::Fields`], all of which must agree). Pairs that somebody dismissed never come back, whoever
//! stands for their records now.
//!
//! Records are compared within blocks only, never each with each. What that may miss: in a block of more than
//! [`BLOCK_RECORDS_MAX`] records (a switchboard's number, a common industry) each is paired with its neighbour only;
//! and two similar names that share none of their rarer groups of three letters. Equal keys are never missed.

mod block;
mod key;
mod pair;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::command::is_mergeable;
use crate::composite::Composite;
use crate::composite::MergedInto;
use crate::id::RecordId;
use crate::issue::two_targets;
use crate::lead;
use crate::lifecycle::{self, Life};
use crate::record::RecordState;
use crate::schema::{FieldDef, ModuleDef};
use crate::world::World;

pub use block::{BLOCK_RECORDS_MAX, SIMILAR_LETTERS_MIN, SIMILARITY_MIN, is_similar};
pub use key::{email_key, own_domain, phone_key};
pub use pair::{How, Pair, Reason, read_criteria};

/// One field that two records are compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion<'s> {
    /// The field.
    pub field: &'s FieldDef,
    /// How its values must agree.
    pub how: How,
}

/// What makes two records a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Criteria<'s> {
    /// The module's own keys; one is enough.
    Keys,
    /// Chosen fields; all must agree.
    Fields(Vec<Criterion<'s>>),
}

/// Searches the records of a module for duplicates; `suggested` are pairs that other rules found, such as two leads'
/// conversions that chose apart.
///
/// The records may come in any order; pairs come by their strongest reason, then by ids.
pub fn search(
    table: &ModuleDef,
    records: &[RecordState],
    world: &dyn World,
    criteria: &Criteria<'_>,
    suggested: Vec<Pair>,
) -> Vec<Pair> {
    if !is_mergeable(&table.name) {
        return Vec::new();
    }
    let live: Vec<&RecordState> = records.iter().filter(|state| is_live(state, world)).collect();
    let mut found: BTreeMap<(RecordId, RecordId), BTreeSet<Reason>> = BTreeMap::new();
    match criteria {
        Criteria::Keys => {
            key::pairs(table, &live, world, &mut |left, right, reason| note(&mut found, left, right, reason));
            let is_shown = |id: RecordId| world.record(id).is_some_and(|state| is_live(&state, world));
            let suggested = merge_conflicts(records, world).into_iter().chain(suggested);
            for pair in suggested.filter(|pair| is_shown(pair.left) && is_shown(pair.right)) {
                for reason in pair.reasons {
                    note(&mut found, pair.left, pair.right, reason);
                }
            }
        }
        Criteria::Fields(fields) => {
            for (left, right) in block::agreeing(table, &live, world, fields) {
                for criterion in fields {
                    let reason =
                        Reason::Field { field: criterion.field.name.to_string(), how: criterion.how };
                    note(&mut found, left, right, reason);
                }
            }
        }
    }
    let dismissed = dismissed(records, world);
    let pairs = found.into_iter().filter(|(ids, _)| !dismissed.contains(ids));
    let mut pairs: Vec<Pair> = pairs
        .map(|((left, right), reasons)| Pair { left, right, reasons: reasons.into_iter().collect() })
        .collect();
    pairs.sort_by(|one, other| {
        (&one.reasons[0], one.left, one.right).cmp(&(&other.reasons[0], other.left, other.right))
    });
    pairs
}

/// Tells whether a record stands for itself and is shown.
fn is_live(state: &RecordState, world: &dyn World) -> bool {
    Life::of(state).is_visible() && !lifecycle::is_superseded(state, world)
}

fn note(
    found: &mut BTreeMap<(RecordId, RecordId), BTreeSet<Reason>>,
    left: RecordId,
    right: RecordId,
    reason: Reason,
) {
    if left != right {
        found.entry(in_order(left, right)).or_default().insert(reason);
    }
}

fn in_order(left: RecordId, right: RecordId) -> (RecordId, RecordId) {
    if left < right { (left, right) } else { (right, left) }
}

/// Every pair that somebody dismissed, by the records that stand for the two now.
fn dismissed(records: &[RecordState], world: &dyn World) -> BTreeSet<(RecordId, RecordId)> {
    let mut pairs = BTreeSet::new();
    for state in records {
        for other in state.set("dismissed_duplicates").filter_map(|id| id.parse::<RecordId>().ok()) {
            let (one, other) =
                (lifecycle::surviving_id(state.id, world), lifecycle::surviving_id(other, world));
            pairs.insert(in_order(one, other));
        }
    }
    pairs
}

/// The records of a module that conversions of leads left in pairs, by those that stand for them now.
pub fn converted_apart(module: &str, leads: &[RecordState], world: &dyn World) -> Vec<Pair> {
    let pairs = leads.iter().flat_map(lead::duplicate_pairs).filter(|pair| pair.module == module);
    let pairs = pairs.map(|pair| {
        let standing = |id| lifecycle::surviving_id(id, world);
        let (left, right) = in_order(standing(pair.first), standing(pair.second));
        Pair { left, right, reasons: vec![Reason::ConvertedApart] }
    });
    pairs.collect()
}

/// The targets of records that two people merged apart.
fn merge_conflicts(records: &[RecordState], world: &dyn World) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for sides in records.iter().filter_map(|state| two_targets(state, world)) {
        let targets = sides.iter().filter_map(|side| MergedInto::from_scalar(&side.value));
        let targets: BTreeSet<RecordId> =
            targets.map(|merge| lifecycle::surviving_id(merge.into, world)).collect();
        let first = targets.first().copied();
        for target in targets.iter().skip(1) {
            if let Some(first) = first {
                pairs.push(Pair { left: first, right: *target, reasons: vec![Reason::MergedApart] });
            }
        }
    }
    pairs
}
