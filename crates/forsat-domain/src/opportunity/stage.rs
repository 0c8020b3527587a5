//! The stage that a deal is in after concurrent moves have met.
//!
//! A correction (same stay) never beats a later move away from that stay. Then: won against lost is disputed; closed
//! beats open; of two open stages the earlier by position counts; one stage reached twice is one stage.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::composite::{Booking, Composite, LeftBooking, Outcome, StageEntry, StageMove};
use crate::date::CivilDate;
use crate::id::EntryId;
use crate::record::RecordState;
use crate::settings::{REASON_UNSPECIFIED, Settings};

/// How a deal stands after every move has met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Still being worked on.
    Open,
    /// Sold.
    Won,
    /// Lost.
    Lost,
    /// Won by one and lost by another: neither counts until someone resolves it.
    Disputed,
    /// No stage can be read.
    Unknown,
}

impl Standing {
    /// Tells whether the deal has ended without dispute.
    pub const fn is_closed(self) -> bool {
        matches!(self, Self::Won | Self::Lost)
    }
}

/// Why a deal was won or lost.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A reason of the settings.
    Known(String),
    /// None was given, or two were: reports say *unspecified*.
    Unspecified,
}

/// What a merge of stage moves left for someone to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StageFlag {
    /// Won against lost.
    DisputedOutcome,
    /// Closed against open: read as closed.
    ClosedAgainstOpen,
    /// Two stages of one standing: one of them is read.
    StageConflict,
    /// The same outcome in different months: the earliest is read.
    CloseMonths,
    /// The same outcome for different reasons: read as unspecified.
    Reasons,
    /// A duplicate that was merged into the deal was closed by somebody who had not seen that.
    DuplicateClosed,
}

/// The stage that a deal is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CurrentStage {
    /// How it stands.
    pub standing: Standing,
    /// The stage's id as stored; empty when none can be read.
    pub stage_id: String,
    /// The stay that is read; the won one of a dispute.
    pub entry: Option<StageEntry>,
    /// Every stay that makes up the effective stage: several when the same stage was reached twice.
    pub entry_ids: BTreeSet<EntryId>,
    /// Every stay that a next move leaves.
    pub all_entry_ids: BTreeSet<EntryId>,
    /// The earliest day of the outcome.
    pub close_date: Option<CivilDate>,
    /// Why, where closed.
    pub reason: Reason,
    /// What someone has to look at.
    pub flags: BTreeSet<StageFlag>,
}

impl CurrentStage {
    /// Decides the stage from the record's sides.
    pub fn read(state: &RecordState, settings: &Settings) -> Self {
        let all: Vec<StageEntry> =
            state.sides("stage").iter().filter_map(|side| StageEntry::from_scalar(&side.value)).collect();
        let all_entry_ids = all.iter().map(|entry| entry.entry_id).collect();
        let standing_sides = without_left(all, &moves(state));
        let mut current = Self::decide(standing_sides, settings);
        current.all_entry_ids = all_entry_ids;
        current
    }

    /// What closing booked; the won side's in a dispute.
    pub fn booked(&self) -> Option<&Booking> {
        self.entry.as_ref().and_then(|entry| entry.booked.as_ref())
    }

    /// The reason's id where the deal is closed and one reason was given.
    pub fn reason_id(&self) -> Option<&str> {
        if let Reason::Known(id) = &self.reason { Some(id) } else { None }
    }

    fn decide(entries: Vec<StageEntry>, settings: &Settings) -> Self {
        let (closed, open): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry.outcome.is_closed());
        let has = |outcome| closed.iter().any(|entry| entry.outcome == outcome);
        let mut flags = BTreeSet::new();
        if !closed.is_empty() && !open.is_empty() {
            flags.insert(StageFlag::ClosedAgainstOpen);
        }
        let standing = match (has(Outcome::Won), has(Outcome::Lost), open.is_empty()) {
            (true, true, _) => Standing::Disputed,
            (true, false, _) => Standing::Won,
            (false, true, _) => Standing::Lost,
            (false, false, false) => Standing::Open,
            (false, false, true) => Standing::Unknown,
        };
        match standing {
            Standing::Disputed => Self::disputed(&closed, flags),
            Standing::Open => Self::of_open(open, settings, flags),
            _ => Self::of_closed(standing, closed, settings, flags),
        }
    }

    /// Won against lost: the won stay is shown, in the period of the earliest date of both.
    fn disputed(closed: &[StageEntry], mut flags: BTreeSet<StageFlag>) -> Self {
        flags.insert(StageFlag::DisputedOutcome);
        let entry =
            closed.iter().filter(|entry| entry.outcome == Outcome::Won).min_by_key(|entry| date_order(entry));
        Self {
            standing: Standing::Disputed,
            stage_id: entry.map(|entry| entry.stage_id.clone()).unwrap_or_default(),
            entry: entry.cloned(),
            entry_ids: closed.iter().map(|entry| entry.entry_id).collect(),
            close_date: closed.iter().filter_map(|entry| entry.actual_close_date).min(),
            flags,
            ..Self::unknown()
        }
    }

    /// One outcome, perhaps reached more than once: the earliest day counts.
    fn of_closed(
        standing: Standing,
        closed: Vec<StageEntry>,
        settings: &Settings,
        mut flags: BTreeSet<StageFlag>,
    ) -> Self {
        let Some(entry) = closed.iter().min_by_key(|entry| (date_order(entry), stage_order(entry, settings)))
        else {
            return Self { flags, ..Self::unknown() };
        };
        let months: BTreeSet<(i32, u8)> = closed
            .iter()
            .filter_map(|entry| entry.actual_close_date)
            .map(|day| day.in_calendar(settings.calendar))
            .map(|(year, month, _)| (year, month))
            .collect();
        let given = closed.iter().filter_map(|entry| entry.reason_id.as_deref());
        let reasons: BTreeSet<&str> = given.filter(|reason| *reason != REASON_UNSPECIFIED).collect();
        let stages: BTreeSet<&str> = closed.iter().map(|entry| counted_id(entry, settings)).collect();
        flags.extend((months.len() > 1).then_some(StageFlag::CloseMonths));
        flags.extend((reasons.len() > 1).then_some(StageFlag::Reasons));
        flags.extend((stages.len() > 1).then_some(StageFlag::StageConflict));
        Self {
            standing,
            stage_id: entry.stage_id.clone(),
            close_date: entry.actual_close_date,
            reason: match reasons.first() {
                Some(only) if reasons.len() == 1 => Reason::Known((*only).to_owned()),
                _ => Reason::Unspecified,
            },
            entry_ids: closed.iter().map(|entry| entry.entry_id).collect(),
            entry: Some(entry.clone()),
            flags,
            ..Self::unknown()
        }
    }

    /// Open stages only: the earlier by position counts.
    fn of_open(open: Vec<StageEntry>, settings: &Settings, mut flags: BTreeSet<StageFlag>) -> Self {
        let Some(entry) = open.iter().min_by_key(|entry| stage_order(entry, settings)) else {
            return Self::unknown();
        };
        let chosen = counted_id(entry, settings);
        let same: BTreeSet<EntryId> = open
            .iter()
            .filter(|other| counted_id(other, settings) == chosen)
            .map(|other| other.entry_id)
            .collect();
        if open.iter().any(|other| counted_id(other, settings) != chosen) {
            flags.insert(StageFlag::StageConflict);
        }
        Self {
            standing: Standing::Open,
            stage_id: entry.stage_id.clone(),
            entry: Some(entry.clone()),
            entry_ids: same,
            flags,
            ..Self::unknown()
        }
    }

    fn unknown() -> Self {
        Self {
            standing: Standing::Unknown,
            stage_id: String::new(),
            entry: None,
            entry_ids: BTreeSet::new(),
            all_entry_ids: BTreeSet::new(),
            close_date: None,
            reason: Reason::Unspecified,
            flags: BTreeSet::new(),
        }
    }
}

/// A booking that a later move took out of the books, with the day whose period lost it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostBooking {
    /// The day it had been won on.
    pub day: Option<CivilDate>,
    /// What had been booked.
    pub booked: Booking,
}

/// The bookings of won stays that the deal has left, each once, by the stay's id.
pub fn lost_bookings(state: &RecordState, stage: &CurrentStage) -> Vec<LostBooking> {
    let mut lost: BTreeMap<EntryId, LeftBooking> = BTreeMap::new();
    for (_, value) in state.grown("stage_history") {
        let Some(left) = StageMove::from_scalar(value).and_then(|moved| moved.left) else { continue };
        // A stay that a merge brought back, by whatever way, has not left the books.
        if !stage.entry_ids.contains(&left.entry_id) {
            lost.entry(left.entry_id).or_insert(left);
        }
    }
    lost.into_values().map(|left| LostBooking { day: left.actual_close_date, booked: left.booked }).collect()
}

/// The moves of the history by the stay that each began.
fn moves(state: &RecordState) -> BTreeMap<EntryId, StageMove> {
    state
        .grown("stage_history")
        .filter_map(|(_, value)| StageMove::from_scalar(value))
        .map(|moved| (moved.entry_id, moved))
        .collect()
}

/// Drops each side whose stay another side's history has moved away from: a correction made without seeing the move.
fn without_left(entries: Vec<StageEntry>, moves: &BTreeMap<EntryId, StageMove>) -> Vec<StageEntry> {
    if entries.len() < 2 {
        return entries;
    }
    let left: BTreeSet<EntryId> =
        entries.iter().flat_map(|entry| stays_before(entry.entry_id, moves)).collect();
    // Histories that claim to have left each other are not a correction and a move; then nothing is dropped.
    if entries.iter().all(|entry| left.contains(&entry.entry_id)) {
        return entries;
    }
    entries.into_iter().filter(|entry| !left.contains(&entry.entry_id)).collect()
}

/// Every stay that the history of one has left behind; never the stay itself.
fn stays_before(entry: EntryId, moves: &BTreeMap<EntryId, StageMove>) -> BTreeSet<EntryId> {
    let mut before = BTreeSet::new();
    let mut waiting = vec![entry];
    while let Some(stay) = waiting.pop() {
        for left in moves.get(&stay).into_iter().flat_map(|moved| &moved.from_entries) {
            if *left != entry && before.insert(*left) {
                waiting.push(*left);
            }
        }
    }
    before
}

/// The stage id that a stay counts under.
fn counted_id<'a>(entry: &'a StageEntry, settings: &'a Settings) -> &'a str {
    settings.stages.effective(&entry.stage_id).map_or(&entry.stage_id, |stage| &stage.id)
}

/// Orders stays by the position of their stage, then by id; unknown stages last; then by stay, for a total order.
fn stage_order<'a>(entry: &'a StageEntry, settings: &'a Settings) -> (bool, i64, &'a str, EntryId) {
    match settings.stages.effective(&entry.stage_id) {
        Some(stage) => (false, stage.position, &stage.id, entry.entry_id),
        None => (true, 0, &entry.stage_id, entry.entry_id),
    }
}

/// Orders closed stays by their day; those without one last; then by stay, for a total order.
fn date_order(entry: &StageEntry) -> (bool, Option<CivilDate>, EntryId) {
    (entry.actual_close_date.is_none(), entry.actual_close_date, entry.entry_id)
}
