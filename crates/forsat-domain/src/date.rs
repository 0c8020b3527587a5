//! Civil dates: stored as `YYYY-MM-DD`, typed and shown in the Jalali or the Gregorian calendar.
//!
//! Reading what people type is in `parse`, months and quarters in `period`. Where "today" falls is a question of the
//! organisation's time zone, answered by [`civil_date_of`] and nowhere else.

mod moment;
mod parse;
mod period;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};
pub use chrono_tz::Tz;
use icu_calendar::Date;
use icu_calendar::cal::{Iso, Persian};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::number::{Digits, persian_digits};

pub use moment::{MomentError, parse_moment};
pub use parse::parse_date;
pub use period::{Period, month_of, months_after, quarter_of, year_of};

/// The calendar that dates are shown in and periods are cut by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// The Solar Hijri (Jalali) calendar of Iran.
    #[default]
    Persian,
    /// The Gregorian calendar.
    Gregorian,
}

/// Refusal of a text that should be a date.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DateError {
    /// Not the shape of a date.
    #[error("`{0}` is not a date; write 1404/06/30, 2025-09-21, today, tomorrow or +3d")]
    Malformed(String),
    /// A year that tells neither calendar.
    #[error(
        "the year {year} in `{text}` is neither Jalali (1300–1499) nor Gregorian (1900–2199); write the year in full"
    )]
    Year {
        /// The text as given.
        text: String,
        /// The year as given.
        year: i32,
    },
    /// A day that its calendar does not have.
    #[error("{year}/{month}/{day} does not exist in the {} calendar: {}", .calendar.name(), absence(*calendar, *year, *month))]
    Absent {
        /// The calendar that the year tells.
        calendar: Calendar,
        /// The year as given.
        year: i32,
        /// The month as given.
        month: u8,
        /// The day as given.
        day: u8,
    },
    /// A distance that leaves the years 1 to 9999.
    #[error("`{0}` leads too far; give a date within the years that can be kept")]
    TooFar(String),
    /// A stored text that is not `YYYY-MM-DD`.
    #[error("`{0}` is not a stored date, which reads YYYY-MM-DD; set the date again")]
    Stored(String),
}

/// A day without a time or a zone, of the Gregorian years 1 to 9999; serialised and displayed as `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CivilDate(NaiveDate);

impl CivilDate {
    /// The earliest day, 0001-01-01.
    pub const MIN: Self = Self(NaiveDate::from_ymd_opt(1, 1, 1).expect("the first day exists"));
    /// The latest day, 9999-12-31.
    pub const MAX: Self = Self(NaiveDate::from_ymd_opt(9999, 12, 31).expect("the last day exists"));

    /// Takes a Gregorian year, month and day; `None` when there is no such day.
    pub fn from_gregorian(year: i32, month: u8, day: u8) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month.into(), day.into()).and_then(Self::from_naive)
    }

    /// Takes a Jalali year, month and day; `None` when there is no such day.
    pub fn from_jalali(year: i32, month: u8, day: u8) -> Option<Self> {
        let iso = Date::try_new_persian(year, month, day).ok()?.to_calendar(Iso);
        Self::from_gregorian(iso.year().extended_year(), iso.month().ordinal, iso.day_of_month().0)
    }

    /// Takes a year, month and day of either calendar; `None` when there is no such day.
    pub fn from_calendar(calendar: Calendar, year: i32, month: u8, day: u8) -> Option<Self> {
        match calendar {
            Calendar::Persian => Self::from_jalali(year, month, day),
            Calendar::Gregorian => Self::from_gregorian(year, month, day),
        }
    }

    /// Wraps chrono's date; `None` outside the years 1 to 9999.
    pub fn from_naive(date: NaiveDate) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0).contains(&date).then_some(Self(date))
    }

    /// Gives chrono's date.
    pub const fn naive(self) -> NaiveDate {
        self.0
    }

    /// The Gregorian year, month and day.
    pub fn gregorian(self) -> (i32, u8, u8) {
        let part = |number: u32| u8::try_from(number).expect("months and days are below 32");
        (self.0.year(), part(self.0.month()), part(self.0.day()))
    }

    /// The Jalali year, month and day.
    pub fn jalali(self) -> (i32, u8, u8) {
        let (year, month, day) = self.gregorian();
        let iso = Date::try_new_iso(year, month, day).expect("both calendars name the same Gregorian days");
        let persian = iso.to_calendar(Persian);
        (persian.year().extended_year(), persian.month().ordinal, persian.day_of_month().0)
    }

    /// The year, month and day in either calendar.
    pub fn in_calendar(self, calendar: Calendar) -> (i32, u8, u8) {
        match calendar {
            Calendar::Persian => self.jalali(),
            Calendar::Gregorian => self.gregorian(),
        }
    }

    /// Goes so many days on, or back when negative; `None` outside the years 1 to 9999.
    pub fn add_days(self, days: i64) -> Option<Self> {
        let distance = TimeDelta::try_days(days)?;
        self.0.checked_add_signed(distance).and_then(Self::from_naive)
    }

    /// Counts the days from another date to this one; negative when the other is later.
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).num_days()
    }

    /// Writes the date for people: `1404/06/30` or `2025-09-21`, in the digits asked for.
    pub fn format(self, calendar: Calendar, digits: Digits) -> String {
        let (year, month, day) = self.in_calendar(calendar);
        let text = match calendar {
            Calendar::Persian => format!("{year:04}/{month:02}/{day:02}"),
            Calendar::Gregorian => format!("{year:04}-{month:02}-{day:02}"),
        };
        match digits {
            Digits::Latin => text,
            Digits::Persian => persian_digits(&text),
        }
    }
}

impl fmt::Display for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.format(Calendar::Gregorian, Digits::Latin))
    }
}

impl fmt::Debug for CivilDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<CivilDate> for String {
    fn from(date: CivilDate) -> Self {
        date.to_string()
    }
}

impl TryFrom<String> for CivilDate {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

/// Reads the stored form, `YYYY-MM-DD` in ASCII digits, and no other; see [`parse_date`] for what people type.
impl FromStr for CivilDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        stored_parts(text)
            .and_then(|(year, month, day)| Self::from_gregorian(year, month, day))
            .ok_or_else(|| DateError::Stored(text.to_owned()))
    }
}

impl Calendar {
    /// The calendar's English name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Persian => "Jalali",
            Self::Gregorian => "Gregorian",
        }
    }
}

/// Gives the day of an instant (UTC, milliseconds since 1970) in a time zone.
///
/// Device clocks can say anything, so an instant outside the years 1 to 9999 gives the nearest day inside them.
pub fn civil_date_of(time_ms: i64, zone: Tz) -> CivilDate {
    let nearest = if time_ms < 0 { CivilDate::MIN } else { CivilDate::MAX };
    DateTime::<Utc>::from_timestamp_millis(time_ms)
        .filter(|instant| (CivilDate::MIN.0.year()..=CivilDate::MAX.0.year()).contains(&instant.year()))
        .and_then(|instant| CivilDate::from_naive(instant.with_timezone(&zone).date_naive()))
        .unwrap_or(nearest)
}

/// Gives the organisation's current day: that of "now" (UTC, milliseconds since 1970) in its time zone.
pub fn today(now_ms: i64, zone: Tz) -> CivilDate {
    civil_date_of(now_ms, zone)
}

/// Splits the stored form; years have four digits, months and days two.
fn stored_parts(text: &str) -> Option<(i32, u8, u8)> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = |part: &str, digits| part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || !plain(year, 4) || !plain(month, 2) || !plain(day, 2) {
        return None;
    }
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

impl DateError {
    /// How many days the month of a day that does not exist has; `None` where there is no such month.
    pub fn days_of_month(&self) -> Option<u8> {
        match self {
            Self::Absent { calendar, year, month, .. } => last_day(*calendar, *year, *month),
            _ => None,
        }
    }
}

fn last_day(calendar: Calendar, year: i32, month: u8) -> Option<u8> {
    (1..=31_u8).rev().find(|day| CivilDate::from_calendar(calendar, year, month, *day).is_some())
}

/// Says why a calendar lacks a day, and what the last one of the month is.
fn absence(calendar: Calendar, year: i32, month: u8) -> String {
    if !(1..=12).contains(&month) {
        return "months run from 1 to 12".to_owned();
    }
    let last = last_day(calendar, year, month);
    last.map_or_else(|| "give another date".to_owned(), |day| format!("that month has {day} days"))
}
