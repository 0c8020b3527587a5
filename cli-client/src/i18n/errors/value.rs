//! Why a number, an amount, a date or a point in time can't be read, in words.

use forsat_domain::Calendar;
use forsat_domain::currency::UnknownCurrency;
use forsat_domain::date::{DateError, MomentError};
use forsat_domain::money::MoneyError;
use forsat_domain::number::NumberError;

use super::Words;

pub(super) fn number(words: &Words<'_>, error: &NumberError) -> String {
    match error {
        NumberError::Malformed(text) => words.say("number-malformed", &[("text", text.clone())]),
        NumberError::Grouping(text) => words.say("number-grouping", &[("text", text.clone())]),
        NumberError::Unit { text, unit } => {
            words.say("number-unit", &[("text", text.clone()), ("unit", unit.clone())])
        }
        NumberError::TooLong(text) => words.say("number-too-long", &[("text", text.clone())]),
        NumberError::Money(error) => money(words, error),
    }
}

pub(super) fn money(words: &Words<'_>, error: &MoneyError) -> String {
    match error {
        MoneyError::Overflow => words.say("money-overflow", &[]),
        MoneyError::CurrencyMismatch { left, right } => {
            words.say("money-mismatch", &[("left", left.to_string()), ("right", right.to_string())])
        }
        MoneyError::Negative => words.say("money-negative", &[]),
        MoneyError::TooFine { value, currency: unit } => words.say(
            "money-too-fine",
            &[
                ("value", words.number(value)),
                ("currency", unit.to_string()),
                ("scale", words.number(unit.scale())),
            ],
        ),
        MoneyError::Rate => words.say("money-rate", &[]),
        MoneyError::Decimal(error) => words.say("money-stored", &[("why", error.to_string())]),
        MoneyError::Currency(error) => words.say("money-stored", &[("why", currency(words, error))]),
        MoneyError::Malformed(why) => words.say("money-stored", &[("why", why.clone())]),
    }
}

pub(super) fn currency(words: &Words<'_>, UnknownCurrency(text): &UnknownCurrency) -> String {
    words.say("currency-unknown", &[("text", text.clone())])
}

pub(super) fn date(words: &Words<'_>, error: &DateError) -> String {
    match error {
        DateError::Malformed(text) => words.say("date-malformed", &[("text", text.clone())]),
        DateError::Year { text, year } => {
            words.say("date-year", &[("text", text.clone()), ("year", words.number(year))])
        }
        DateError::Absent { calendar, year, month, day } => words.say(
            "date-absent",
            &[
                ("date", words.number(format!("{year}/{month}/{day}"))),
                ("calendar", calendar_name(words, *calendar)),
                ("why", absence(words, error, *month)),
            ],
        ),
        DateError::TooFar(text) => words.say("date-too-far", &[("text", text.clone())]),
        DateError::Stored(text) => words.say("date-stored", &[("text", text.clone())]),
    }
}

fn calendar_name(words: &Words<'_>, calendar: Calendar) -> String {
    words.say(
        match calendar {
            Calendar::Persian => "calendar-persian",
            Calendar::Gregorian => "calendar-gregorian",
        },
        &[],
    )
}

fn absence(words: &Words<'_>, error: &DateError, month: u8) -> String {
    match error.days_of_month() {
        Some(days) => words.say("date-month-days", &[("days", words.number(days))]),
        None if (1..=12).contains(&month) => words.say("date-another", &[]),
        None => words.say("date-months", &[]),
    }
}

pub(super) fn moment(words: &Words<'_>, error: &MomentError) -> String {
    match error {
        MomentError::Date(error) => date(words, error),
        MomentError::NoTime(text) => words.say("moment-no-time", &[("text", text.clone())]),
        MomentError::Skipped { text, zone } => {
            words.say("moment-skipped", &[("text", text.clone()), ("zone", zone.clone())])
        }
    }
}
