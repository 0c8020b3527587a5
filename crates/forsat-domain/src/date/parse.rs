//! Dates as people type them.

use super::{Calendar, CivilDate, DateError};
use crate::number::ascii_digits;

/// Gregorian years that a typed date may name.
const GREGORIAN_YEARS: std::ops::RangeInclusive<i32> = 1900..=2199;

/// Jalali years that a typed date may name.
const JALALI_YEARS: std::ops::RangeInclusive<i32> = 1300..=1499;

/// Reads a typed date: `1404/06/30`, `2025-09-21`, `۱۲ مرداد ۱۴۰۴`, `today`, `فردا`, `last-week`, `+3d`, `-2d`.
///
/// The year tells the calendar, whatever the setting: 1300–1499 is Jalali, 1900–2199 Gregorian. Parts are separated
/// by `/` or `-`, digits may be Persian or Arabic. Words and distances count from `today`.
pub fn parse_date(text: &str, today: CivilDate) -> Result<CivilDate, DateError> {
    let plain = plain_text(text);
    if let Some(days) = relative_days(&plain) {
        return today.add_days(days).ok_or_else(|| DateError::TooFar(text.to_owned()));
    }
    let malformed = || DateError::Malformed(text.to_owned());
    let (year, month, day) = parts(&plain).or_else(|| named_month(&plain)).ok_or_else(malformed)?;
    let calendar = match year {
        year if JALALI_YEARS.contains(&year) => Calendar::Persian,
        year if GREGORIAN_YEARS.contains(&year) => Calendar::Gregorian,
        _ => return Err(DateError::Year { text: text.to_owned(), year }),
    };
    CivilDate::from_calendar(calendar, year, month, day).ok_or(DateError::Absent {
        calendar,
        year,
        month,
        day,
    })
}

/// Brings the spellings of one input together: ASCII digits, lower case, one kind of minus, joiners as nothing.
fn plain_text(text: &str) -> String {
    ascii_digits(text.trim())
        .chars()
        .filter(|letter| !is_invisible(*letter) && !letter.is_whitespace())
        .map(|letter| match letter {
            '\u{2212}' | '\u{2010}'..='\u{2013}' => '-',
            '\u{064A}' => '\u{06CC}',
            other => other.to_ascii_lowercase(),
        })
        .collect()
}

/// Says whether a letter only steers joining or direction.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{061C}')
}

/// Reads a word or a distance as days from today.
fn relative_days(plain: &str) -> Option<i64> {
    match plain {
        "today" | "امروز" => return Some(0),
        "tomorrow" | "فردا" => return Some(1),
        "yesterday" | "دیروز" => return Some(-1),
        "پسفردا" => return Some(2),
        "last-week" | "lastweek" | "هفتهپیش" | "هفتهگذشته" => return Some(-7),
        _ => {}
    }
    let distance = plain.strip_suffix('d').or_else(|| plain.strip_suffix("روز"))?;
    let (sign, digits) = match distance.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, distance.strip_prefix('-')?),
    };
    // Eight digits pass every date that can be kept; more are out of range in any case.
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse::<i64>().map_or(i64::MAX, |days| sign * days))
}

/// The months of the Jalali year.
const JALALI_MONTHS: [&str; 12] =
    ["فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"];

/// Splits a day and a year around the name of a Jalali month: `12مرداد1404`; the older name امرداد is one too.
fn named_month(plain: &str) -> Option<(i32, u8, u8)> {
    let is_digit = |letter: char| letter.is_ascii_digit();
    let (day, rest) = plain.split_at(plain.find(|letter| !is_digit(letter))?);
    let (name, year) = rest.split_at(rest.find(is_digit)?);
    let name = if name == "امرداد" { "مرداد" } else { name };
    let month = JALALI_MONTHS.iter().position(|known| *known == name)?;
    let year: i32 = year.parse().ok().filter(|year| JALALI_YEARS.contains(year))?;
    Some((year, u8::try_from(month + 1).ok()?, day.parse().ok()?))
}

/// Splits a year, a month and a day at `/` or `-`.
fn parts(plain: &str) -> Option<(i32, u8, u8)> {
    let mut parts = plain.split(['/', '-']);
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let sized = |part: &str, digits_max: usize| {
        (1..=digits_max).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    if parts.next().is_some() || !sized(year, 6) || !sized(month, 2) || !sized(day, 2) {
        return None;
    }
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}
