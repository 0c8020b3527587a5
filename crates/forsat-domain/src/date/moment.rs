//! Points in time as people type them: a day and an hour in a time zone.

use chrono::{DateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;
use thiserror::Error;

use super::{CivilDate, DateError, parse_date};
use crate::number::ascii_digits;

/// Refusal of a typed point in time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MomentError {
    /// The day can't be read.
    #[error(transparent)]
    Date(#[from] DateError),
    /// There is no hour.
    #[error("`{0}` has no time of day; write for example `tomorrow 14:30`")]
    NoTime(String),
    /// The time zone's clocks skip this hour.
    #[error("in {zone} the clocks skip `{text}`; give another hour")]
    Skipped {
        /// The text as given.
        text: String,
        /// The time zone.
        zone: String,
    },
}

/// Reads a day and an hour in a time zone as UTC milliseconds: `1404/06/31 14:30`, `فردا ۱۰:۰۰`, `16:00` (today),
/// or an RFC 3339 instant such as `2025-09-22T14:30:00Z`.
///
/// An hour that the clocks show twice is the earlier one.
pub fn parse_moment(text: &str, today: CivilDate, zone: Tz) -> Result<i64, MomentError> {
    let plain = ascii_digits(text.trim());
    if let Ok(instant) = DateTime::parse_from_rfc3339(&plain) {
        return Ok(instant.timestamp_millis());
    }
    let (day, clock) = split(&plain);
    let no_time = || MomentError::NoTime(text.to_owned());
    let clock = clock.and_then(|clock| clock.split_once(':')).ok_or_else(no_time)?;
    let number = |digits: &str| digits.parse::<u32>().ok().filter(|_| digits.len() <= 2);
    let time = number(clock.0).zip(number(clock.1));
    let time =
        time.and_then(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0)).ok_or_else(no_time)?;
    let day = if day.is_empty() { today } else { parse_date(day, today)? };
    let local = zone.from_local_datetime(&day.naive().and_time(time)).earliest();
    let skipped = || MomentError::Skipped { text: text.to_owned(), zone: zone.name().to_owned() };
    local.map(|instant| instant.timestamp_millis()).ok_or_else(skipped)
}

/// Splits the day from the hour, which is the last word, or what follows a `T`.
fn split(plain: &str) -> (&str, Option<&str>) {
    let words = plain.rsplit_once(|letter: char| letter.is_whitespace() || letter == 'T');
    match words {
        Some((day, clock)) if clock.contains(':') => (day.trim(), Some(clock)),
        None if plain.contains(':') => ("", Some(plain)),
        _ => (plain, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, MomentError> {
        let today = CivilDate::from_jalali(1404, 6, 30).unwrap();
        let at = parse_moment(text, today, Tz::Asia__Tehran)?;
        Ok(DateTime::from_timestamp_millis(at).unwrap().to_rfc3339())
    }

    #[test]
    fn a_day_and_an_hour_are_read_in_the_time_zone() {
        for text in
            ["1404/06/31 14:30", "۱۴۰۴/۰۶/۳۱ ۱۴:۳۰", "2025-09-22T14:30", "tomorrow 14:30", "فردا ۱۴:۳۰"]
        {
            assert_eq!(read(text).as_deref(), Ok("2025-09-22T11:00:00+00:00"), "{text}");
        }
        assert_eq!(read("9:05").as_deref(), Ok("2025-09-21T05:35:00+00:00"));
        assert_eq!(read("2025-09-22T14:30:00Z").as_deref(), Ok("2025-09-22T14:30:00+00:00"));
    }

    #[test]
    fn an_offset_comes_from_the_time_zones_data() {
        // Clocks in Tehran went half an hour and an hour ahead in the summer of 2022.
        assert_eq!(read("2022-07-01 12:00").as_deref(), Ok("2022-07-01T07:30:00+00:00"));
        assert_eq!(read("2026-07-01 12:00").as_deref(), Ok("2026-07-01T08:30:00+00:00"));
    }

    #[test]
    fn what_has_no_hour_says_so() {
        for text in ["tomorrow", "1404/06/31", "25:00", "tomorrow 14:99", "12:345"] {
            assert!(matches!(read(text), Err(MomentError::NoTime(_))), "{text}");
        }
        assert!(matches!(read("1404/13/31 10:00"), Err(MomentError::Date(_))));
        assert!(matches!(read("2022-03-22 00:30"), Err(MomentError::Skipped { .. })));
    }
}
