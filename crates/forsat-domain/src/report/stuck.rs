//! Where deals don't move: how long stays in each stage take, the bottleneck, and the deals that stand still.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::composite::{Composite, Outcome, StageMove};
use crate::date::{CivilDate, civil_date_of};
use crate::id::{EntryId, RecordId, UserId};
use crate::lifecycle;
use crate::money::Money;
use crate::opportunity::{Deal, Standing};
use crate::record::RecordState;
use crate::settings::Settings;
use crate::world::World;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// How long deals stay in a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageTime {
    /// The stage's id.
    pub stage_id: String,
    /// The English label.
    pub label_en: String,
    /// The Persian label.
    pub label_fa: String,
    /// Stays that have ended.
    pub stays: u64,
    /// The median of their whole days; none where none has ended.
    pub median_days: Option<i64>,
    /// Deals that are in it now.
    pub open: u64,
    /// Stays that ended before they began by the devices' clocks: counted as no time at all.
    pub clamped: u64,
}

impl StageTime {
    /// What the bottleneck is chosen by: the median by the number of deals.
    fn weight(&self) -> i64 {
        self.median_days.unwrap_or(0).saturating_mul(i64::try_from(self.open).unwrap_or(i64::MAX))
    }
}

/// An open deal with nothing planned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StuckDeal {
    /// The record.
    pub id: RecordId,
    /// Its name.
    pub name: String,
    /// The account's name; empty where there is none.
    pub account: String,
    /// The stage that it is in.
    pub stage_id: String,
    /// Whole days in it.
    pub days: i64,
    /// The amount in the organisation's currency, where it is known.
    pub amount: Option<Money>,
    /// Who is responsible.
    pub owner: Option<UserId>,
}

/// Where deals don't move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StuckReport {
    /// The day for which it was computed.
    pub today: CivilDate,
    /// Every live open stage in order.
    pub stages: Vec<StageTime>,
    /// The stage with the largest median by number of deals; none where nothing is to tell.
    pub bottleneck: Option<String>,
    /// Open deals without a next activity, the longest in their stage first.
    pub deals: Vec<StuckDeal>,
}

/// The report while records are being read, one at a time, in any order.
pub struct StuckBuilder<'a> {
    world: &'a dyn World,
    settings: &'a Settings,
    today: CivilDate,
    /// Deals that have an open activity.
    planned: BTreeSet<RecordId>,
    stays: BTreeMap<String, Vec<i64>>,
    clamped: BTreeMap<String, u64>,
    open: BTreeMap<String, u64>,
    deals: Vec<StuckDeal>,
}

impl std::fmt::Debug for StuckBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StuckBuilder").field("deals", &self.deals).finish_non_exhaustive()
    }
}

impl<'a> StuckBuilder<'a> {
    /// Begins a report; `planned` are the deals about which something is planned.
    pub fn new(world: &'a dyn World, today: CivilDate, planned: BTreeSet<RecordId>) -> Self {
        Self {
            world,
            settings: world.settings(),
            today,
            planned,
            stays: BTreeMap::new(),
            clamped: BTreeMap::new(),
            open: BTreeMap::new(),
            deals: Vec::new(),
        }
    }

    /// Counts an opportunity, unless it is deleted, merged into another, or open and inactive.
    pub fn add(&mut self, state: &RecordState) {
        let deal = Deal::read(state, self.world, self.today);
        if !deal.is_counted() || lifecycle::is_superseded(state, self.world) {
            return;
        }
        self.add_stays(state);
        if deal.stage.standing != Standing::Open {
            return;
        }
        let stage = self.counted(&deal.stage.stage_id).to_owned();
        *self.open.entry(stage.clone()).or_default() += 1;
        if !self.planned.contains(&deal.id) {
            let entered = deal.stage.entry.as_ref().map(|entry| entry.entered_at);
            let since = entered.map(|at| civil_date_of(at, self.settings.time_zone));
            self.deals.push(StuckDeal {
                id: deal.id,
                name: deal.name,
                account: deal.account.map(|account| account.name).unwrap_or_default(),
                stage_id: stage,
                // A device's clock may run ahead of the day.
                days: since.map_or(0, |since| self.today.days_since(since).max(0)),
                amount: deal.base.known(),
                owner: deal.owner,
            });
        }
    }

    /// Counts the stays that later moves have left. What was left is known by its id, never by a clock.
    fn add_stays(&mut self, state: &RecordState) {
        let moves: BTreeMap<EntryId, StageMove> = state
            .grown("stage_history")
            .filter_map(|(_, value)| StageMove::from_scalar(value))
            .map(|moved| (moved.entry_id, moved))
            .collect();
        let mut ends: BTreeMap<EntryId, i64> = BTreeMap::new();
        for moved in moves.values() {
            for left in &moved.from_entries {
                let end = ends.entry(*left).or_insert(moved.at);
                *end = (*end).min(moved.at);
            }
        }
        for (stay, end) in ends {
            let Some(began) = moves.get(&stay) else { continue };
            let stage = self.counted(&began.to).to_owned();
            let lasted = end.saturating_sub(began.at);
            if lasted < 0 {
                *self.clamped.entry(stage.clone()).or_default() += 1;
            }
            self.stays.entry(stage).or_default().push(lasted.max(0) / DAY_MS);
        }
    }

    fn counted<'s>(&'s self, id: &'s str) -> &'s str {
        self.settings.stages.effective(id).map_or(id, |stage| &stage.id)
    }

    /// Ends the report.
    pub fn finish(mut self) -> StuckReport {
        let live = self.settings.stages.live().into_iter().filter(|stage| stage.kind == Outcome::Open);
        let stages: Vec<StageTime> = live
            .map(|stage| {
                let stays = self.stays.get_mut(&stage.id).map(std::mem::take).unwrap_or_default();
                StageTime {
                    stage_id: stage.id.clone(),
                    label_en: stage.label.en.to_string(),
                    label_fa: stage.label.fa.to_string(),
                    stays: stays.len() as u64,
                    median_days: median(stays),
                    open: self.open.get(&stage.id).copied().unwrap_or(0),
                    clamped: self.clamped.get(&stage.id).copied().unwrap_or(0),
                }
            })
            .collect();
        let widest = stages.iter().map(StageTime::weight).max().unwrap_or(0);
        // Of equal ones the earliest: what is upstream holds up the others.
        let bottleneck = stages.iter().find(|stage| widest > 0 && stage.weight() == widest);
        self.deals.sort_by(|left, right| right.days.cmp(&left.days).then(left.id.cmp(&right.id)));
        StuckReport {
            today: self.today,
            bottleneck: bottleneck.map(|stage| stage.stage_id.clone()),
            stages,
            deals: self.deals,
        }
    }
}

/// The middle one of some days, or the mean of the middle two, rounded down.
fn median(mut days: Vec<i64>) -> Option<i64> {
    days.sort_unstable();
    let middle = days.len() / 2;
    match days.len() {
        0 => None,
        count if count % 2 == 1 => Some(days[middle]),
        _ => Some((days[middle - 1] + days[middle]) / 2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{Edit, preview};
    use crate::testing::Desk;

    fn moved(entry: u128, from: &[u128], to: &str, day: i64) -> Edit {
        let id = |number: u128| EntryId(uuid::Uuid::from_u128(number));
        let value = StageMove {
            entry_id: id(entry),
            from: None,
            from_entries: from.iter().copied().map(id).collect(),
            to: to.to_owned(),
            at: day * DAY_MS,
            by: None,
            left: None,
            forced: Vec::new(),
        };
        Edit::Insert { field: "stage_history".into(), key: id(entry).0.to_string(), value: value.to_scalar() }
    }

    fn report(desk: &Desk, deals: &[RecordState], planned: BTreeSet<RecordId>) -> StuckReport {
        let mut builder = StuckBuilder::new(&desk.world, desk.today, planned);
        deals.iter().for_each(|deal| builder.add(deal));
        builder.finish()
    }

    // R36 of docs/requirements.md.
    #[test]
    fn time_in_a_stage_comes_from_the_history_and_never_falls_below_nothing() {
        let mut desk = Desk::new();
        let history = |days: [i64; 3]| {
            [
                moved(1, &[], "identification", days[0]),
                moved(2, &[1], "needs", days[1]),
                moved(3, &[2], "proposal", days[2]),
            ]
        };
        let deals: Vec<RecordState> = [[0, 10, 40], [0, 20, 15], [0, 30, 70]]
            .map(|days| preview(&desk.deal(1), &history(days)))
            .to_vec();
        let report = report(&desk, &deals, BTreeSet::new());
        let rows: Vec<(Option<i64>, u64, u64)> =
            report.stages.iter().map(|row| (row.median_days, row.stays, row.clamped)).collect();
        assert_eq!(rows[0], (Some(20), 3, 0));
        assert_eq!(rows[1], (Some(30), 3, 1));
        assert_eq!(rows[3], (None, 0, 0));
        assert_eq!(report.bottleneck.as_deref(), Some("identification"));
    }

    // R36 of docs/requirements.md.
    #[test]
    fn a_deal_with_something_planned_is_not_stuck() {
        let mut desk = Desk::new();
        let (still, planned) = (desk.deal(1), desk.deal(2));
        desk.today = desk.today.add_days(40).unwrap();
        let report = report(&desk, &[still.clone(), planned.clone()], BTreeSet::from([planned.id]));
        let found: Vec<RecordId> = report.deals.iter().map(|deal| deal.id).collect();
        assert_eq!(found, [still.id]);
        assert!(report.deals[0].days > 30);
    }

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median(Vec::new()), None);
        assert_eq!(median(vec![5, 1, 9]), Some(5));
        assert_eq!(median(vec![1, 2, 9, 4]), Some(3));
    }
}
