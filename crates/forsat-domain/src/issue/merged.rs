//! Issues that merged duplicates leave on the record that stands for them: late edits, and two targets of one merge.

use std::collections::BTreeSet;

use super::{Issue, IssueCode, IssueSide};
use crate::composite::{Composite, MergedInto, StageEntry};
use crate::id::{RecordId, encode_id};
use crate::lifecycle::{self, Life};
use crate::money::Money;
use crate::record::{FieldState, RecordState, Scalar, Side, Stamp};
use crate::schema::{MergeCode, ModuleDef, Schema};
use crate::world::World;

/// Fields whose late writes are nobody's to accept: life, merges, and marks that follow a record through its aliases.
const UNOFFERED: [&str; 3] = ["lifecycle", "merged_into", "dismissed_duplicates"];

/// The issues of a record because of what was merged into it, or of where it was merged into.
pub(super) fn issues(state: &RecordState, schema: &Schema, world: &dyn World) -> Vec<Issue> {
    let mut found: Vec<Issue> =
        two_targets(state, world).map(|sides| conflict(state.id, None, sides)).into_iter().collect();
    let losers = lifecycle::losers(state.id, world);
    let table = schema.module(&state.module);
    let mut late = Vec::new();
    for id in losers {
        let Some(loser) = world.record(id) else { continue };
        if let Some(sides) = two_targets(&loser, world) {
            found.push(conflict(state.id, Some(id), sides));
        }
        let sides = table.map(|table| late_sides(state, &loser, table)).unwrap_or_default();
        if !sides.is_empty() {
            late.push((id, sides));
        }
    }
    let several = late.len() > 1;
    found.extend(late.into_iter().map(|(id, sides)| {
        // The word alone names the issue; of several, each is told by the duplicate's id.
        let field = if several {
            format!("late_edits/{}", encode_id(id.as_bytes()))
        } else {
            "late_edits".to_owned()
        };
        let mut issue = Issue::new(IssueCode::LateEdits, state.id, field);
        issue.about = Some(id);
        issue.shown(sides).words(&["accept", "dismiss"])
    }));
    found
}

/// The sides of a merge into two records that do not stand for each other.
pub(crate) fn two_targets(state: &RecordState, world: &dyn World) -> Option<Vec<Side>> {
    let sides = state.sides("merged_into");
    if sides.len() < 2 {
        return None;
    }
    let target = |side: &Side| {
        MergedInto::from_scalar(&side.value).map(|merge| lifecycle::surviving_id(merge.into, world))
    };
    let targets: BTreeSet<Option<RecordId>> = sides.iter().map(target).collect();
    (targets.len() > 1).then(|| sides.to_vec())
}

fn conflict(record: RecordId, about: Option<RecordId>, sides: Vec<Side>) -> Issue {
    let mut issue = Issue::new(IssueCode::MergeConflict, record, "merged_into");
    issue.about = about;
    let side = |side: &Side| {
        let into = MergedInto::from_scalar(&side.value)
            .map_or(Scalar::Null, |merge| Scalar::text(merge.into.0.to_string()));
        IssueSide { value: into, ..IssueSide::edited(&side.stamp) }
    };
    issue.take(sides.iter().map(side).collect())
}

/// What came late to a duplicate and is not so on the survivor: a side for each place, in the order of places.
pub(crate) fn late_sides(survivor: &RecordState, loser: &RecordState, table: &ModuleDef) -> Vec<IssueSide> {
    if loser.late_merge.is_empty() || !Life::of(loser).is_visible() {
        return Vec::new();
    }
    let sides = loser.late_paths.iter().filter(|path| is_offered(path, table)).filter_map(|path| {
        let (value, stamp) = value_at(loser, path)?;
        let there = value_at(survivor, path).map(|(value, _)| value).unwrap_or_default();
        // Where a stay differs only by its id the deal still moved.
        (there != value).then(|| {
            let booked =
                StageEntry::from_scalar(&value).filter(|_| path == "stage").and_then(|entry| entry.booked);
            let amount = booked.and_then(|booked| Money::new(booked.amount, booked.currency).ok());
            let written = stamp.or_else(|| only_writer(loser));
            let side = written.map_or_else(|| IssueSide::derived(Scalar::Null, None), IssueSide::edited);
            IssueSide { field: Some(path.clone()), value, amount, ..side }
        })
    });
    sides.collect()
}

/// Tells whether somebody could accept what was written at a place.
fn is_offered(path: &str, table: &ModuleDef) -> bool {
    let field = path.split('/').next().unwrap_or_default();
    let register =
        |def: &crate::schema::FieldDef| !matches!(def.merge, MergeCode::I | MergeCode::G | MergeCode::D);
    !UNOFFERED.contains(&field) && table.field(field).is_none_or(register)
}

/// What a record holds at a place, with the change that wrote it where that is known; texts and sets don't say.
pub(crate) fn value_at<'s>(state: &'s RecordState, path: &str) -> Option<(Scalar, Option<&'s Stamp>)> {
    let (field, rest) = path.split_once('/').map_or((path, None), |(field, rest)| (field, Some(rest)));
    match (state.fields.get(field)?, rest) {
        (FieldState::Register(register), None) => {
            Some((register.winner().clone(), register.sides.first().map(|side| &side.stamp)))
        }
        (FieldState::Text(text), _) => Some((Scalar::text(text.clone()), None)),
        (FieldState::Set(keys), Some(key)) => {
            Some((if keys.contains(key) { Scalar::text(key) } else { Scalar::Null }, None))
        }
        (FieldState::Map(entries), Some(rest)) => {
            let (entry, name) = rest.split_once('/')?;
            let register = entries.get(entry)?.fields.get(name)?;
            Some((register.winner().clone(), register.sides.first().map(|side| &side.stamp)))
        }
        _ => None,
    }
}

/// The change that came late, where there is only one.
fn only_writer(loser: &RecordState) -> Option<&Stamp> {
    if let [only] = loser.late_merge.as_slice() { Some(only) } else { None }
}
