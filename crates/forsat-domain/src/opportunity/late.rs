//! A duplicate that was closed by somebody who had not seen that it was merged into another deal.
//!
//! The survivor's outcome is then disputed, with the duplicate's amount, until someone accepts or dismisses what came
//! late. What the merge had seen was chosen then and disputes nothing.

use std::collections::BTreeSet;

use super::amount::{Amount, Worth};
use super::stage::{CurrentStage, StageFlag, Standing};
use crate::composite::{Composite, StageEntry};
use crate::date::CivilDate;
use crate::id::{EntryId, RecordId};
use crate::lifecycle::{self, Life};
use crate::money::Money;
use crate::record::RecordState;
use crate::world::World;

/// The closing of a duplicate that its merge had not seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateClosing {
    /// The duplicate.
    pub loser: RecordId,
    /// Where it stands.
    pub stage: CurrentStage,
    /// What closing it booked, or what it comes to now.
    pub amount: Worth,
}

impl LateClosing {
    /// Makes the survivor's outcome disputed, in the period and with the booking of the duplicate's.
    pub(super) fn dispute(&self, stage: &mut CurrentStage) {
        stage.standing = Standing::Disputed;
        stage.close_date = self.stage.close_date;
        stage.entry.clone_from(&self.stage.entry);
        stage.flags.insert(StageFlag::DuplicateClosed);
    }
}

/// Finds the late closing of a duplicate of a deal; of several, the one of the earliest day.
pub fn late_closing(survivor: &RecordState, world: &dyn World, today: CivilDate) -> Option<LateClosing> {
    let losers = lifecycle::losers(survivor.id, world);
    let closings = losers.into_iter().filter_map(|id| {
        let loser = world.record(id)?;
        closed_late(&loser, world, today)
    });
    closings.min_by_key(|late| (late.stage.close_date.is_none(), late.stage.close_date, late.loser))
}

/// The closing of one duplicate, where its merge had not seen the move that closed it.
fn closed_late(loser: &RecordState, world: &dyn World, today: CivilDate) -> Option<LateClosing> {
    if loser.late_paths.is_empty() || !Life::of(loser).is_visible() {
        return None;
    }
    let settings = world.settings();
    let stage = CurrentStage::read(loser, settings);
    // A correction keeps the stay that the merge had seen; only a move begins one.
    let moved = |entry: &EntryId| loser.late_paths.contains(&format!("stage_history/{}", entry.0));
    let is_ended = stage.standing.is_closed() || stage.standing == Standing::Disputed;
    if !is_ended || !closed_entries(loser).iter().any(moved) {
        return None;
    }
    let booked = stage.booked().and_then(|booked| Money::new(booked.amount, booked.currency).ok());
    let day = stage.close_date.unwrap_or(today);
    let amount = booked.map_or_else(|| Amount::read(loser, settings, day).worth, Worth::Known);
    Some(LateClosing { loser: loser.id, stage, amount })
}

/// The stays of the stage's sides that ended the deal.
fn closed_entries(state: &RecordState) -> BTreeSet<EntryId> {
    let sides = state.sides("stage").iter().filter_map(|side| StageEntry::from_scalar(&side.value));
    sides.filter(|entry| entry.outcome.is_closed()).map(|entry| entry.entry_id).collect()
}
