//! The forecast beside the one of an earlier day: what changed between, and which deals changed it.
//!
//! Both count the same months, by today's settings and rates, so what differs comes from the deals and from the days
//! that passed. The shares of the deals explain the sums: what they add up to is what the months differ by.

use std::cmp::Reverse;

use serde::Serialize;

use super::forecast::{ForecastBuilder, ForecastReport, months};
use crate::currency::Currency;
use crate::date::{Calendar, CivilDate};
use crate::id::RecordId;
use crate::money::Money;
use crate::opportunity::Worth;
use crate::record::RecordState;
use crate::schema::record_name;
use crate::world::World;

/// Months of a year.
const YEAR_MONTHS: i32 = 12;

/// A month of the organisation's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Month {
    /// The year.
    pub year: i32,
    /// The month, 1 to 12.
    pub month: u8,
}

impl Month {
    /// The month that a day lies in.
    pub fn of(day: CivilDate, calendar: Calendar) -> Self {
        let (year, month, _) = day.in_calendar(calendar);
        Self { year, month }
    }

    /// How many months lie between this one and a later one; negative where it is earlier.
    pub(super) fn months_until(self, later: Self) -> i32 {
        (later.year - self.year) * YEAR_MONTHS + i32::from(later.month) - i32::from(self.month)
    }
}

/// Where a deal stands in a forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "place")]
pub enum Place {
    /// Not in it: not yet made, deleted, merged into another, or open and inactive.
    Nowhere,
    /// Open and expected in a month.
    Expected {
        /// The month.
        month: Month,
    },
    /// Open, and the expected day has passed.
    Overdue,
    /// Open, without an expected day.
    NoDate,
    /// Open, and expected after the months.
    Later,
    /// Won.
    Won {
        /// The month that it was won in; none where that is none of the forecast's.
        month: Option<Month>,
    },
    /// Lost.
    Lost,
    /// Won by one person and lost by another.
    Disputed,
}

impl Place {
    fn is_open(self) -> bool {
        matches!(self, Self::Expected { .. } | Self::Overdue | Self::NoDate | Self::Later)
    }

    fn is_won(self) -> bool {
        matches!(self, Self::Won { .. })
    }
}

/// Where a deal stands in a forecast, and its share in the sums of the months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Position {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// Its share in the weighted sums; zero where it stands in no month or its amount isn't known.
    pub weighted: Money,
    /// Its share in the best case.
    pub best_case: Money,
}

impl Position {
    pub(super) fn without_share(place: Place, currency: Currency) -> Self {
        Self { place, weighted: Money::zero(currency), best_case: Money::zero(currency) }
    }

    pub(super) fn with_share(place: Place, weighted: Worth, best_case: Worth, currency: Currency) -> Self {
        let known = |worth: Worth| worth.known().unwrap_or_else(|| Money::zero(currency));
        Self { place, weighted: known(weighted), best_case: known(best_case) }
    }
}

/// What became of a deal between two forecasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DealChangeKind {
    /// It is new.
    Added,
    /// It is no longer there.
    Removed,
    /// It was won.
    Won,
    /// It was lost.
    Lost,
    /// One person won it, another lost it.
    Disputed,
    /// It was closed and is open.
    Reopened,
    /// It is expected, or was won, in another month.
    Moved,
    /// Its amount or its probability is another.
    Revalued,
}

impl DealChangeKind {
    /// What a change of position is; none where it concerns no forecast.
    fn of(then: &Position, now: &Position) -> Option<Self> {
        let (before, after) = (then.place, now.place);
        if then == now
            || matches!((before, after), (Place::Nowhere, Place::Lost) | (Place::Lost, Place::Nowhere))
        {
            return None;
        }
        Some(match after {
            Place::Nowhere => Self::Removed,
            Place::Won { .. } if !before.is_won() => Self::Won,
            Place::Lost => Self::Lost,
            Place::Disputed => Self::Disputed,
            _ if before == Place::Nowhere => Self::Added,
            _ if after.is_open() && !before.is_open() => Self::Reopened,
            _ if before != after => Self::Moved,
            _ => Self::Revalued,
        })
    }
}

/// A deal that stands otherwise than it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DealChange {
    /// The deal.
    pub id: RecordId,
    /// Its name now.
    pub name: String,
    /// What became of it.
    pub kind: DealChangeKind,
    /// Where it stood.
    pub then: Position,
    /// Where it stands.
    pub now: Position,
    /// By how much more it adds to the weighted sums; none where that has more digits than can be computed with.
    pub weighted: Option<Money>,
    /// By how much more it adds to the best case.
    pub best_case: Option<Money>,
}

/// The forecast beside the one of an earlier day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForecastComparison {
    /// The day at whose beginning the deals stood as in `then`.
    pub since: CivilDate,
    /// The forecast of that day, over the months from then to the last of `now`.
    pub then: ForecastReport,
    /// The forecast of today over the same months.
    pub now: ForecastReport,
    /// The deals that stand otherwise, those that weigh most first.
    pub changes: Vec<DealChange>,
}

/// A comparison while deals are being read, one at a time, in any order.
#[derive(Debug)]
pub struct ComparisonBuilder<'a> {
    since: CivilDate,
    then: ForecastBuilder<'a>,
    now: ForecastBuilder<'a>,
    changes: Vec<DealChange>,
}

impl<'a> ComparisonBuilder<'a> {
    /// Begins a comparison of two days, each with the records as they were.
    pub fn new(then: &'a dyn World, since: CivilDate, now: &'a dyn World, today: CivilDate) -> Self {
        let months = months(now.settings(), today, since);
        Self {
            since,
            then: ForecastBuilder::of_months(then, since, months.clone()),
            now: ForecastBuilder::of_months(now, today, months),
            changes: Vec::new(),
        }
    }

    /// Counts an opportunity as it was, where it was there, and as it is.
    pub fn add(&mut self, then: Option<&RecordState>, now: &RecordState) {
        let nowhere = Position::without_share(Place::Nowhere, self.now.currency());
        let before = then.map_or(nowhere, |then| self.then.add(then));
        let after = self.now.add(now);
        let Some(kind) = DealChangeKind::of(&before, &after) else { return };
        self.changes.push(DealChange {
            id: now.id,
            name: record_name(now),
            kind,
            then: before,
            now: after,
            weighted: after.weighted.checked_sub(before.weighted).ok(),
            best_case: after.best_case.checked_sub(before.best_case).ok(),
        });
    }

    /// Ends the comparison.
    pub fn finish(mut self) -> ForecastComparison {
        let size = |money: Option<Money>| Reverse(money.map(|money| money.value().abs()));
        self.changes.sort_by_key(|change| (size(change.weighted), size(change.best_case), change.id));
        ForecastComparison {
            since: self.since,
            then: self.then.finish(),
            now: self.now.finish(),
            changes: self.changes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{lose, reopen, stage_move, win};
    use crate::edit::{Edit, preview};
    use crate::report::{ForecastReport, Term};
    use crate::testing::{Desk, M, because, jalali, on, rials};

    /// The desk's today is 1404/06/15.
    fn since() -> CivilDate {
        jalali(1404, 5, 25)
    }

    fn compare(desk: &Desk, deals: &[(Option<&RecordState>, &RecordState)]) -> ForecastComparison {
        let mut builder = ComparisonBuilder::new(&desk.world, since(), &desk.world, desk.today);
        deals.iter().for_each(|(then, now)| builder.add(*then, now));
        builder.finish()
    }

    fn kinds(report: &ForecastComparison) -> Vec<(DealChangeKind, i64)> {
        let value = |change: &DealChange| i64::try_from(change.weighted.unwrap().value()).unwrap() / M;
        report.changes.iter().map(|change| (change.kind, value(change))).collect()
    }

    fn due(desk: &mut Desk, millions: i64, day: CivilDate) -> RecordState {
        let deal = desk.deal(millions * M);
        preview(&deal, &[Edit::set("close_date", day.to_string())])
    }

    /// What all months come to: weighted and best case.
    fn sums(report: &ForecastReport) -> (Money, Money) {
        let all = |of: fn(&crate::report::Outlook) -> Option<Money>| {
            let amounts = report.months.iter().map(|row| of(&row.outlook).unwrap());
            Money::sum(report.currency, amounts).unwrap()
        };
        (all(|outlook| outlook.weighted), all(|outlook| outlook.best_case))
    }

    #[test]
    fn the_deals_that_changed_explain_the_difference_to_the_last_rial() {
        let mut desk = Desk::new();
        let day = jalali(1404, 7, 10);
        let new = due(&mut desk, 70, day);
        let sold = due(&mut desk, 300, day);
        let won = preview(&sold, &desk.run(|ctx| win(ctx, &sold, &on(jalali(1404, 6, 2)))).unwrap());
        let given_up = due(&mut desk, 200, day);
        let lost = preview(
            &given_up,
            &desk.run(|ctx| lose(ctx, &given_up, &because(jalali(1404, 6, 3), "price"))).unwrap(),
        );
        let later = due(&mut desk, 100, day);
        let slipped = preview(&later, &[Edit::set("close_date", jalali(1405, 6, 1).to_string())]);
        let likely = due(&mut desk, 90, day);
        let likelier = preview(&likely, &desk.run(|ctx| stage_move(ctx, &likely, "proposal")).unwrap());
        let open = preview(&won, &desk.run(|ctx| reopen(ctx, &won, None)).unwrap());
        let same = due(&mut desk, 50, day);
        let deals = [
            (None, &new),
            (Some(&sold), &won),
            (Some(&given_up), &lost),
            (Some(&later), &slipped),
            (Some(&likely), &likelier),
            (Some(&won), &open),
            (Some(&same), &same),
        ];
        let report = compare(&desk, &deals);
        let kinds = kinds(&report);
        assert_eq!(kinds.len(), 6, "{kinds:?}");
        for expected in
            [DealChangeKind::Added, DealChangeKind::Won, DealChangeKind::Lost, DealChangeKind::Moved]
        {
            assert!(kinds.iter().any(|(kind, _)| *kind == expected), "{expected:?}: {kinds:?}");
        }
        assert_eq!(kinds[0].0, DealChangeKind::Won, "what weighs most comes first");
        let (then, now) = (sums(&report.then), sums(&report.now));
        let difference = |of: fn(&DealChange) -> Option<Money>| {
            Money::sum(report.now.currency, report.changes.iter().map(|change| of(change).unwrap())).unwrap()
        };
        assert_eq!(now.0.checked_sub(then.0).unwrap(), difference(|change| change.weighted));
        assert_eq!(now.1.checked_sub(then.1).unwrap(), difference(|change| change.best_case));
    }

    #[test]
    fn the_days_that_passed_make_deals_overdue_and_months_past() {
        let mut desk = Desk::new();
        let deal = due(&mut desk, 100, jalali(1404, 5, 31));
        let report = compare(&desk, &[(Some(&deal), &deal)]);
        let months: Vec<(u8, Term)> =
            report.now.months.iter().map(|row| (row.name.month, row.term)).collect();
        assert_eq!(months[..3], [(5, Term::Past), (6, Term::Short), (7, Term::Short)]);
        assert_eq!(months.len(), 7);
        assert_eq!(kinds(&report), [(DealChangeKind::Moved, -10)]);
        let month = Month { year: 1404, month: 5 };
        assert_eq!(
            (report.changes[0].then.place, report.changes[0].now.place),
            (Place::Expected { month }, Place::Overdue)
        );
        assert_eq!(report.then.months[0].outlook.best_case, Some(rials(100 * M)));
        assert_eq!(report.now.overdue.open.amount, Some(rials(100 * M)));
    }

    #[test]
    fn a_deal_that_was_lost_before_anybody_counted_it_is_no_change() {
        let mut desk = Desk::new();
        let deal = desk.deal(5);
        let lost =
            preview(&deal, &desk.run(|ctx| lose(ctx, &deal, &because(jalali(1404, 6, 3), "price"))).unwrap());
        let report = compare(&desk, &[(None, &lost), (Some(&lost), &lost)]);
        assert_eq!(report.changes, []);
        assert_eq!(report.then.months, report.now.months);
    }
}
