//! Months, quarters and years of either calendar as half-open periods.

use serde::{Deserialize, Serialize};

use super::{Calendar, CivilDate};

/// Months of a quarter.
const QUARTER_MONTHS: u8 = 3;

/// A run of days: the first is in it, the end is the first day after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Period {
    /// The first day.
    pub start: CivilDate,
    /// The first day that is no longer in it.
    pub end: CivilDate,
}

impl Period {
    /// Says whether a day is in the period.
    pub fn contains(&self, date: CivilDate) -> bool {
        self.start <= date && date < self.end
    }

    /// Counts the days.
    pub fn days(&self) -> i64 {
        self.end.days_since(self.start)
    }
}

/// Gives a month of a year of the calendar; `None` when there is no such month or it ends after 9999.
pub fn month_of(calendar: Calendar, year: i32, month: u8) -> Option<Period> {
    span(calendar, year, month, 1)
}

/// Gives quarter 1 to 4 of a year of the calendar.
pub fn quarter_of(calendar: Calendar, year: i32, quarter: u8) -> Option<Period> {
    let first = quarter.checked_sub(1)?.checked_mul(QUARTER_MONTHS)?.checked_add(1)?;
    span(calendar, year, first, QUARTER_MONTHS)
}

/// Gives a whole year of the calendar.
pub fn year_of(calendar: Calendar, year: i32) -> Option<Period> {
    span(calendar, year, 1, 12)
}

/// Names the month that lies `months` after the one given, before it when negative, as year and month.
///
/// `None` when there is no such month as the one given, or the year is out of range.
pub fn months_after(year: i32, month: u8, months: i32) -> Option<(i32, u8)> {
    if !(1..=12).contains(&month) {
        return None;
    }
    let at = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(months);
    let month = u8::try_from(at.rem_euclid(12) + 1).ok()?;
    Some((i32::try_from(at.div_euclid(12)).ok()?, month))
}

/// Gives the run of `months` months from the first of `month`.
fn span(calendar: Calendar, year: i32, month: u8, months: u8) -> Option<Period> {
    let (end_year, end_month) = months_after(year, month, months.into())?;
    let start = CivilDate::from_calendar(calendar, year, month, 1)?;
    let end = CivilDate::from_calendar(calendar, end_year, end_month, 1)?;
    Some(Period { start, end })
}
