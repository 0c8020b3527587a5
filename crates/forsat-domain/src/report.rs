//! Reports over every deal of the device: the pipeline by stage, and what was won in each period.
//!
//! Amounts are rounded for each deal and then added, so every breakdown adds up to the same total. What can't be
//! counted stands in a row of its own: disputed outcomes, amounts without a rate, unknown stages, restated periods.
//! Equal records, settings and "today" give byte-identical JSON, in whatever order the records come.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::composite::Outcome;
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::lifecycle;
use crate::money::Money;
use crate::opportunity::{Deal, Standing, Worth, booked_base, lost_bookings};
use crate::record::RecordState;
use crate::settings::{Settings, Stage};
use crate::world::World;

mod breakdown;
mod comparison;
mod forecast;
mod stuck;
#[cfg(test)]
mod tests;

pub use breakdown::{BreakdownBuilder, BreakdownReport, BreakdownRow, Dimension};
pub use comparison::{
    ComparisonBuilder, DealChange, DealChangeKind, ForecastComparison, Month, Place, Position,
};
pub use forecast::{ForecastBuilder, ForecastReport, MonthRow, OpenTally, Outlook, Term};
pub use stuck::{StageTime, StuckBuilder, StuckDeal, StuckReport};

/// Months of a quarter.
const QUARTER_MONTHS: u8 = 3;

/// A number of deals and what they come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// How many deals.
    pub count: u64,
    /// Their sum in the organisation's currency; `None` when it has more digits than can be computed with.
    pub amount: Option<Money>,
}

impl Tally {
    fn zero(currency: Currency) -> Self {
        Self { count: 0, amount: Some(Money::zero(currency)) }
    }

    fn add(&mut self, amount: Money) {
        self.count += 1;
        self.add_amount(amount);
    }

    fn add_amount(&mut self, amount: Money) {
        self.amount = self.amount.and_then(|sum| sum.checked_add(amount).ok());
    }

    fn take(&mut self, amount: Money) {
        self.count += 1;
        self.amount = self.amount.and_then(|sum| sum.checked_sub(amount).ok());
    }
}

/// The open deals of one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StageRow {
    /// The pipeline's id.
    pub pipeline: String,
    /// The stage's id.
    pub stage_id: String,
    /// The English label.
    pub label_en: String,
    /// The Persian label.
    pub label_fa: String,
    /// The stage's own probability in percent; deals may override it.
    pub probability: u8,
    /// Its open deals; one without a rate counts as a deal and not in the sum.
    #[serde(flatten)]
    pub open: Tally,
    /// The deals' amounts by their probabilities, rounded for each deal.
    pub weighted: Option<Money>,
}

/// What was won in one quarter of the organisation's calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QuarterRow {
    /// The year in the organisation's calendar; none for deals without a closing date.
    pub year: Option<i32>,
    /// The quarter, 1 to 4.
    pub quarter: Option<u8>,
    /// Deals won, as booked.
    pub won: Tally,
    /// Deals lost, as booked.
    pub lost: Tally,
    /// Deals that one person won and another lost: counted in neither.
    pub disputed: Tally,
    /// Bookings that this period has lost to a reopening, as a negative sum.
    pub restated: Tally,
}

/// The pipeline by stage, with what can't be counted in rows of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PipelineReport {
    /// The organisation's currency, which every sum is in.
    pub currency: Currency,
    /// The day for which it was computed.
    pub today: CivilDate,
    /// Every live open stage in order, empty ones included; after them stages that the settings don't know.
    pub stages: Vec<StageRow>,
    /// All open deals.
    pub open: Tally,
    /// All open deals by their probabilities.
    pub weighted: Option<Money>,
    /// Deals won, as booked.
    pub won: Tally,
    /// Deals lost, as booked.
    pub lost: Tally,
    /// Deals that one person won and another lost.
    pub disputed: Tally,
    /// What can't be counted.
    #[serde(flatten)]
    pub notes: PipelineNotes,
    /// What was won in each quarter, oldest first.
    pub quarters: Vec<QuarterRow>,
}

/// What reports can't count, each in a row that is never hidden.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PipelineNotes {
    /// Deals whose amount has no rate to the organisation's currency, by the currency that lacks one.
    pub no_rate: BTreeMap<Currency, u64>,
    /// Deals whose amount has more digits than can be computed with.
    pub overflow: u64,
    /// Open deals without any amount: they count 0.
    pub no_amount: u64,
    /// Deals of the rows above whose deletion is disputed.
    pub disputed_deletions: u64,
}

impl PipelineNotes {
    /// Notes what of a deal can't be counted.
    fn count(&mut self, deal: &Deal) {
        self.disputed_deletions += u64::from(deal.life.is_disputed());
        match deal.base {
            Worth::NoRate(currency) => *self.no_rate.entry(currency).or_default() += 1,
            Worth::Overflow => self.overflow += 1,
            Worth::Empty if deal.stage.standing == Standing::Open => self.no_amount += 1,
            Worth::Known(_) | Worth::Empty => {}
        }
    }
}

/// Computes the pipeline over the opportunities given, each of which may come once, in any order.
pub fn pipeline<'a>(
    opportunities: impl IntoIterator<Item = &'a RecordState>,
    world: &dyn World,
    today: CivilDate,
) -> PipelineReport {
    let mut builder = PipelineBuilder::new(world, today);
    for state in opportunities {
        builder.add(state);
    }
    builder.finish()
}

/// The pipeline while records are being read, one at a time.
pub struct PipelineBuilder<'a> {
    world: &'a dyn World,
    settings: &'a Settings,
    report: PipelineReport,
    stage_rows: BTreeMap<String, StageRow>,
    quarters: BTreeMap<Option<(i32, u8)>, QuarterRow>,
}

impl std::fmt::Debug for PipelineBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PipelineBuilder").field("report", &self.report).finish_non_exhaustive()
    }
}

impl<'a> PipelineBuilder<'a> {
    /// Begins a report.
    pub fn new(world: &'a dyn World, today: CivilDate) -> Self {
        let settings = world.settings();
        let zero = || Tally::zero(settings.currency);
        Self {
            world,
            settings,
            report: PipelineReport {
                currency: settings.currency,
                today,
                stages: Vec::new(),
                open: zero(),
                weighted: Some(Money::zero(settings.currency)),
                won: zero(),
                lost: zero(),
                disputed: zero(),
                notes: PipelineNotes::default(),
                quarters: Vec::new(),
            },
            stage_rows: BTreeMap::new(),
            quarters: BTreeMap::new(),
        }
    }

    /// Counts an opportunity, unless it is deleted, merged into another, or open and inactive.
    pub fn add(&mut self, state: &RecordState) {
        let deal = Deal::read(state, self.world, self.report.today);
        if !deal.life.is_visible() || lifecycle::is_superseded(state, self.world) {
            return;
        }
        // An inactive deal has still left the periods that it was booked in.
        self.add_restated(state, &deal);
        if !deal.is_counted() {
            return;
        }
        self.report.notes.count(&deal);
        match deal.stage.standing {
            Standing::Open | Standing::Unknown => self.add_open(&deal),
            Standing::Won | Standing::Lost | Standing::Disputed => self.add_closed(&deal),
        }
    }

    fn add_open(&mut self, deal: &Deal) {
        let currency = self.report.currency;
        let row = match self.settings.stages.effective(&deal.stage.stage_id) {
            Some(stage) => {
                self.stage_rows.entry(stage.id.clone()).or_insert_with(|| stage_row(stage, currency))
            }
            None => {
                let id = &deal.stage.stage_id;
                self.stage_rows.entry(id.clone()).or_insert_with(|| unknown_row(id, currency))
            }
        };
        let weighted = deal.weighted(currency).known();
        match deal.base.known() {
            Some(base) => {
                row.open.add(base);
                self.report.open.add(base);
            }
            None => {
                row.open.count += 1;
                self.report.open.count += 1;
            }
        }
        if let Some(weighted) = weighted {
            row.weighted = row.weighted.and_then(|sum| sum.checked_add(weighted).ok());
            self.report.weighted = self.report.weighted.and_then(|sum| sum.checked_add(weighted).ok());
        }
    }

    fn add_closed(&mut self, deal: &Deal) {
        let amount = deal.base.known().unwrap_or_else(|| Money::zero(self.report.currency));
        let (report, quarter) = (&mut self.report, deal.stage.close_date);
        let in_all = match deal.stage.standing {
            Standing::Won => &mut report.won,
            Standing::Lost => &mut report.lost,
            _ => &mut report.disputed,
        };
        in_all.add(amount);
        let quarter = self.quarter(quarter);
        let in_quarter = match deal.stage.standing {
            Standing::Won => &mut quarter.won,
            Standing::Lost => &mut quarter.lost,
            _ => &mut quarter.disputed,
        };
        in_quarter.add(amount);
    }

    /// Counts the bookings that this deal took out of earlier periods.
    fn add_restated(&mut self, state: &RecordState, deal: &Deal) {
        for lost in lost_bookings(state, &deal.stage) {
            let day = lost.day.unwrap_or(self.report.today);
            if let Some(base) = booked_base(&lost.booked, self.settings, day).known() {
                self.quarter(lost.day).restated.take(base);
            }
        }
    }

    fn quarter(&mut self, day: Option<CivilDate>) -> &mut QuarterRow {
        let key = day.map(|day| {
            let (year, month, _) = day.in_calendar(self.settings.calendar);
            (year, (month - 1) / QUARTER_MONTHS + 1)
        });
        let currency = self.report.currency;
        self.quarters.entry(key).or_insert_with(|| QuarterRow {
            year: key.map(|(year, _)| year),
            quarter: key.map(|(_, quarter)| quarter),
            won: Tally::zero(currency),
            lost: Tally::zero(currency),
            disputed: Tally::zero(currency),
            restated: Tally::zero(currency),
        })
    }

    /// Ends the report: stages in order, empty ones included.
    pub fn finish(mut self) -> PipelineReport {
        let currency = self.report.currency;
        for stage in self.settings.stages.live().into_iter().filter(|stage| stage.kind == Outcome::Open) {
            let row = self.stage_rows.remove(&stage.id).unwrap_or_else(|| stage_row(stage, currency));
            self.report.stages.push(row);
        }
        // What is left counts under an archived stage without a successor, or an id that the settings don't know.
        self.report.stages.extend(self.stage_rows.into_values());
        self.report.quarters = self.quarters.into_values().collect();
        self.report
    }
}

fn stage_row(stage: &Stage, currency: Currency) -> StageRow {
    StageRow {
        pipeline: stage.pipeline.clone(),
        stage_id: stage.id.clone(),
        label_en: stage.label.en.to_string(),
        label_fa: stage.label.fa.to_string(),
        probability: stage.probability,
        open: Tally::zero(currency),
        weighted: Some(Money::zero(currency)),
    }
}

/// The row of a stage id that the settings don't know: shown raw, probability 0.
fn unknown_row(id: &str, currency: Currency) -> StageRow {
    StageRow {
        pipeline: String::new(),
        stage_id: id.to_owned(),
        label_en: id.to_owned(),
        label_fa: id.to_owned(),
        probability: 0,
        open: Tally::zero(currency),
        weighted: Some(Money::zero(currency)),
    }
}
