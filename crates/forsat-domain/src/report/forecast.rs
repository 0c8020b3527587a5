//! The forecast: what this month and the five after it have brought and may bring.
//!
//! Committed is what was won, by the day it closed; weighted adds the open deals' amounts by their probabilities, best
//! case adds them whole, both by the expected close date. The short term is this month and the next, the middle term
//! the four after. An open deal whose date has passed, has none, or lies beyond stands in a row of its own.

use serde::Serialize;

use super::{Month, PipelineNotes, Place, Position, Tally};
use crate::currency::Currency;
use crate::date::{Calendar, CivilDate, Period, month_of, months_after};
use crate::lifecycle;
use crate::money::Money;
use crate::opportunity::{Deal, Standing, booked_base, lost_bookings};
use crate::record::RecordState;
use crate::settings::Settings;
use crate::world::World;

/// Months of the short term, this one included.
const SHORT_MONTHS: i32 = 2;
/// Months of the forecast.
const ALL_MONTHS: i32 = 6;

/// How far ahead a month lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Term {
    /// A month before this one, which only a comparison has.
    Past,
    /// This month and the next.
    Short,
    /// The four months after.
    Mid,
}

/// A number of open deals with their amounts, whole and by their probabilities.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenTally {
    /// The deals and their amounts.
    #[serde(flatten)]
    pub open: Tally,
    /// The amounts by their probabilities, rounded for each deal.
    pub weighted: Option<Money>,
}

impl OpenTally {
    pub(super) fn zero(settings: &Settings) -> Self {
        Self { open: Tally::zero(settings.currency), weighted: Some(Money::zero(settings.currency)) }
    }

    /// Counts a deal; one without a known amount counts as a deal and not in the sums.
    pub(super) fn add(&mut self, deal: &Deal, settings: &Settings) {
        match deal.base.known() {
            Some(base) => self.open.add(base),
            None => self.open.count += 1,
        }
        if let Some(weighted) = deal.weighted(settings.currency).known() {
            self.weighted = sum(self.weighted, Some(weighted));
        }
    }
}

/// What a month or a term has brought and may bring.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outlook {
    /// Deals won, as booked.
    pub won: Tally,
    /// Open deals that are expected to close.
    pub expected: OpenTally,
    /// What was won; nothing where the sum has more digits than can be computed with, here and below.
    pub committed: Option<Money>,
    /// What was won, and the open deals by their probabilities.
    pub weighted: Option<Money>,
    /// What was won, and the open deals whole.
    pub best_case: Option<Money>,
}

impl Outlook {
    fn zero(settings: &Settings) -> Self {
        let zero = Some(Money::zero(settings.currency));
        Self {
            won: Tally::zero(settings.currency),
            expected: OpenTally::zero(settings),
            committed: zero,
            weighted: zero,
            best_case: zero,
        }
    }

    fn close(&mut self) {
        self.committed = self.won.amount;
        self.weighted = sum(self.committed, self.expected.weighted);
        self.best_case = sum(self.committed, self.expected.open.amount);
    }

    fn add(&mut self, other: &Self) {
        self.won.count += other.won.count;
        self.won.amount = sum(self.won.amount, other.won.amount);
        self.expected.open.count += other.expected.open.count;
        self.expected.open.amount = sum(self.expected.open.amount, other.expected.open.amount);
        self.expected.weighted = sum(self.expected.weighted, other.expected.weighted);
    }
}

fn sum(left: Option<Money>, right: Option<Money>) -> Option<Money> {
    left?.checked_add(right?).ok()
}

/// One month of the forecast.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MonthRow {
    /// Which month.
    #[serde(flatten)]
    pub name: Month,
    /// How far ahead it lies.
    pub term: Term,
    /// Its days.
    pub period: Period,
    /// What it has brought and may bring.
    #[serde(flatten)]
    pub outlook: Outlook,
    /// Deals that one person won and another lost, in the month of the earliest day.
    pub disputed: Tally,
    /// Bookings that the month has lost to a reopening, as a negative sum.
    pub restated: Tally,
}

/// The forecast of this month and the five after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForecastReport {
    /// The organisation's currency, which every sum is in.
    pub currency: Currency,
    /// The organisation's calendar, whose months these are.
    pub calendar: Calendar,
    /// The day for which it was computed.
    pub today: CivilDate,
    /// The months in order.
    pub months: Vec<MonthRow>,
    /// This month and the next.
    pub short: Outlook,
    /// The four months after.
    pub mid: Outlook,
    /// Open deals whose expected date has passed: in no month.
    pub overdue: OpenTally,
    /// Open deals without an expected date: in no month.
    pub no_date: OpenTally,
    /// Open deals that are expected after these months.
    pub later: OpenTally,
    /// Every deal that one person won and another lost, whenever that was.
    pub disputed: Tally,
    /// What can't be counted.
    #[serde(flatten)]
    pub notes: PipelineNotes,
}

/// The forecast while records are being read, one at a time, in any order.
pub struct ForecastBuilder<'a> {
    world: &'a dyn World,
    settings: &'a Settings,
    report: ForecastReport,
}

impl std::fmt::Debug for ForecastBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ForecastBuilder").field("report", &self.report).finish_non_exhaustive()
    }
}

impl<'a> ForecastBuilder<'a> {
    /// Begins a forecast.
    pub fn new(world: &'a dyn World, today: CivilDate) -> Self {
        let months = months(world.settings(), today, today);
        Self::of_months(world, today, months)
    }

    /// Begins a forecast of other months than those of its day.
    pub(super) fn of_months(world: &'a dyn World, today: CivilDate, months: Vec<MonthRow>) -> Self {
        let settings = world.settings();
        Self {
            world,
            settings,
            report: ForecastReport {
                currency: settings.currency,
                calendar: settings.calendar,
                today,
                months,
                short: Outlook::zero(settings),
                mid: Outlook::zero(settings),
                overdue: OpenTally::zero(settings),
                no_date: OpenTally::zero(settings),
                later: OpenTally::zero(settings),
                disputed: Tally::zero(settings.currency),
                notes: PipelineNotes::default(),
            },
        }
    }

    /// Counts an opportunity, unless it is deleted, merged into another, or open and inactive; tells where it stands.
    pub fn add(&mut self, state: &RecordState) -> Position {
        let nowhere = Position::without_share(Place::Nowhere, self.report.currency);
        let deal = Deal::read(state, self.world, self.report.today);
        if !deal.life.is_visible() || lifecycle::is_superseded(state, self.world) {
            return nowhere;
        }
        self.add_restated(state, &deal);
        if !deal.is_counted() {
            return nowhere;
        }
        match deal.stage.standing {
            Standing::Open | Standing::Unknown => self.add_open(&deal),
            Standing::Won => self.add_won(&deal),
            Standing::Disputed => self.add_disputed(&deal),
            Standing::Lost => Position::without_share(Place::Lost, self.report.currency),
        }
    }

    fn add_open(&mut self, deal: &Deal) -> Position {
        self.report.notes.count(deal);
        let (settings, report) = (self.settings, &mut self.report);
        let (place, row) = match deal.close_date {
            None => (Place::NoDate, &mut report.no_date),
            Some(day) if day < report.today => (Place::Overdue, &mut report.overdue),
            Some(day) => match report.months.iter_mut().find(|month| month.period.contains(day)) {
                Some(month) => (Place::Expected { month: month.name }, &mut month.outlook.expected),
                None => (Place::Later, &mut report.later),
            },
        };
        row.add(deal, settings);
        match place {
            Place::Expected { .. } => {
                Position::with_share(place, deal.weighted(settings.currency), deal.base, settings.currency)
            }
            _ => Position::without_share(place, settings.currency),
        }
    }

    fn add_won(&mut self, deal: &Deal) -> Position {
        let currency = self.report.currency;
        let row = deal.stage.close_date.and_then(|day| self.month(day));
        let Some(row) = row else {
            return Position::without_share(Place::Won { month: None }, currency);
        };
        match deal.base.known() {
            Some(base) => row.outlook.won.add(base),
            None => row.outlook.won.count += 1,
        }
        let place = Place::Won { month: Some(row.name) };
        self.report.notes.count(deal);
        Position::with_share(place, deal.base, deal.base, currency)
    }

    fn add_disputed(&mut self, deal: &Deal) -> Position {
        self.report.notes.count(deal);
        let currency = self.report.currency;
        let amount = deal.base.known().unwrap_or_else(|| Money::zero(currency));
        self.report.disputed.add(amount);
        if let Some(month) = deal.stage.close_date.and_then(|day| self.month(day)) {
            month.disputed.add(amount);
        }
        Position::without_share(Place::Disputed, currency)
    }

    fn add_restated(&mut self, state: &RecordState, deal: &Deal) {
        let (settings, today) = (self.settings, self.report.today);
        for lost in lost_bookings(state, &deal.stage) {
            let base = booked_base(&lost.booked, settings, lost.day.unwrap_or(today)).known();
            if let (Some(month), Some(base)) = (lost.day.and_then(|day| self.month(day)), base) {
                month.restated.take(base);
            }
        }
    }

    pub(super) fn currency(&self) -> Currency {
        self.report.currency
    }

    fn month(&mut self, day: CivilDate) -> Option<&mut MonthRow> {
        self.report.months.iter_mut().find(|month| month.period.contains(day))
    }

    /// Ends the forecast.
    pub fn finish(mut self) -> ForecastReport {
        for month in &mut self.report.months {
            month.outlook.close();
            match month.term {
                Term::Short => self.report.short.add(&month.outlook),
                Term::Mid => self.report.mid.add(&month.outlook),
                Term::Past => {}
            }
        }
        self.report.short.close();
        self.report.mid.close();
        self.report
    }
}

/// The months of a day's forecast, empty, from the month of `first` on; fewer at the end of the calendar.
pub(super) fn months(settings: &Settings, today: CivilDate, first: CivilDate) -> Vec<MonthRow> {
    let this = Month::of(today, settings.calendar);
    let passed = Month::of(first, settings.calendar).months_until(this).max(0);
    let row = |ahead: i32| {
        let (year, month) = months_after(this.year, this.month, ahead)?;
        Some(MonthRow {
            name: Month { year, month },
            term: match ahead {
                ..0 => Term::Past,
                0..SHORT_MONTHS => Term::Short,
                _ => Term::Mid,
            },
            period: month_of(settings.calendar, year, month)?,
            outlook: Outlook::zero(settings),
            disputed: Tally::zero(settings.currency),
            restated: Tally::zero(settings.currency),
        })
    };
    (-passed..ALL_MONTHS).filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{lose, reopen, stage_move, win};
    use crate::edit::{Edit, preview};
    use crate::schema::input::Assignment;
    use crate::testing::{Desk, M, REZA, SARA, because, euros, jalali, merge, on, rials};

    fn forecast(desk: &Desk, deals: &[RecordState]) -> ForecastReport {
        let mut builder = ForecastBuilder::new(&desk.world, desk.today);
        for deal in deals {
            builder.add(deal);
        }
        builder.finish()
    }

    fn expected(desk: &mut Desk, amount: i64, day: CivilDate) -> RecordState {
        let deal = desk.deal(amount);
        preview(&deal, &[Edit::set("close_date", day.to_string())])
    }

    // R37 of docs/requirements.md.
    #[test]
    fn months_are_the_organisations_and_terms_two_and_four() {
        let desk = Desk::new();
        let report = forecast(&desk, &[]);
        let months: Vec<(i32, u8, Term)> =
            report.months.iter().map(|row| (row.name.year, row.name.month, row.term)).collect();
        assert_eq!(months[0], (1404, 6, Term::Short));
        assert_eq!(months[1], (1404, 7, Term::Short));
        assert_eq!(months[5], (1404, 11, Term::Mid));
        assert_eq!(months.len(), 6);
    }

    // R38 of docs/requirements.md.
    #[test]
    fn committed_weighted_and_best_case_add_up() {
        let mut desk = Desk::new();
        let sold = desk.deal(300 * M);
        let sold = preview(&sold, &desk.run(|ctx| win(ctx, &sold, &on(jalali(1404, 6, 2)))).unwrap());
        let this = expected(&mut desk, 100 * M, jalali(1404, 6, 31));
        let this = preview(&this, &desk.run(|ctx| stage_move(ctx, &this, "proposal")).unwrap());
        let later = expected(&mut desk, 50 * M, jalali(1404, 9, 1));
        let report = forecast(&desk, &[sold, this, later]);
        let month = &report.months[0].outlook;
        assert_eq!(
            (month.committed, month.weighted, month.best_case),
            (Some(rials(300 * M)), Some(rials(365 * M)), Some(rials(400 * M)))
        );
        assert_eq!(report.short.weighted, Some(rials(365 * M)));
        assert_eq!((report.mid.weighted, report.mid.best_case), (Some(rials(5 * M)), Some(rials(50 * M))));
    }

    #[test]
    fn deals_outside_the_months_stand_in_rows_of_their_own() {
        let mut desk = Desk::new();
        let late = expected(&mut desk, 10, jalali(1404, 6, 14));
        let today = expected(&mut desk, 20, jalali(1404, 6, 15));
        let dateless = expected(&mut desk, 30, jalali(1404, 6, 15));
        let dateless = preview(&dateless, &[Edit::clear("close_date")]);
        let beyond = expected(&mut desk, 40, jalali(1404, 12, 1));
        let foreign =
            desk.deal_with(vec![Assignment::set("amount", euros(7).to_json().as_str())], Vec::new());
        let report = forecast(&desk, &[late, today, dateless, beyond, foreign]);
        let count = |row: &OpenTally| (row.open.count, row.open.amount);
        assert_eq!(count(&report.overdue), (1, Some(rials(10))));
        assert_eq!(count(&report.no_date), (1, Some(rials(30))));
        assert_eq!(count(&report.later), (1, Some(rials(40))));
        assert_eq!(report.months[0].outlook.expected.open.count, 1);
        assert_eq!(report.notes.no_rate.values().sum::<u64>(), 1);
    }

    #[test]
    fn disputed_and_restated_deals_are_in_no_sum_and_never_hidden() {
        let mut desk = Desk::new();
        let deal = desk.deal(800 * M);
        let sara = desk.run(|ctx| win(ctx, &deal, &on(jalali(1404, 6, 3)))).unwrap();
        let reza = desk.run(|ctx| lose(ctx, &deal, &because(jalali(1404, 6, 4), "price"))).unwrap();
        let disputed = merge(&deal, &[(SARA, sara), (REZA, reza)]);
        let sold = desk.deal(500 * M);
        let sold = preview(&sold, &desk.run(|ctx| win(ctx, &sold, &on(jalali(1404, 6, 5)))).unwrap());
        let open = preview(&sold, &desk.run(|ctx| reopen(ctx, &sold, None)).unwrap());
        let report = forecast(&desk, &[disputed, open]);
        assert_eq!((report.disputed.count, report.disputed.amount), (1, Some(rials(800 * M))));
        assert_eq!(report.months[0].disputed.count, 1);
        assert_eq!(report.months[0].restated.amount, Some(rials(-500 * M)));
        assert_eq!(report.short.committed, Some(rials(0)));
    }
}
