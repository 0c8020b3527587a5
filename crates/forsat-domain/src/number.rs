//! Numbers and amounts as people type and read them, in Latin, Persian and Arabic digits.
//!
//! Reading is in `parse`. What is stored is always ASCII; see [`crate::canonical`].

mod parse;
#[cfg(test)]
mod tests;

use icu_decimal::DecimalFormatter;
use icu_locale_core::locale;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::canonical::decimal_text;
use crate::currency::Currency;
use crate::money::{Money, MoneyError};
use crate::schema::Language;

pub use parse::{parse_money, parse_number, parse_percent};

/// The digits and separators of displayed numbers and dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Digits {
    /// `1,234.5`
    #[default]
    Latin,
    /// `۱٬۲۳۴٫۵`
    Persian,
}

/// The unit that rial amounts are shown in. What is stored is always rials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RialUnit {
    /// Rials, as stored.
    #[default]
    Rial,
    /// Tomans of ten rials each.
    Toman,
}

/// The word that names the unit of a displayed amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitName {
    /// In Latin letters: `rial`, `toman` or the currency's code.
    pub latin: &'static str,
    /// In Persian: `ریال`, `تومان`, or the code where there is no usual word.
    pub persian: &'static str,
}

/// Refusal of a typed number or amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NumberError {
    /// Not a number.
    #[error("`{0}` is not a number; write it as 1200000, 1,200,000, 1.2M or ۱.۲ میلیون")]
    Malformed(String),
    /// Separators that do not stand between groups of three digits.
    #[error(
        "the separators in `{0}` are unclear; group by three as in 1,250,000 and use a point for decimals"
    )]
    Grouping(String),
    /// A word that is no unit.
    #[error("`{unit}` in `{text}` is not a known unit; use rial, toman or a currency code such as USD")]
    Unit {
        /// The text as given.
        text: String,
        /// The word that was not understood.
        unit: String,
    },
    /// More digits than can be computed with.
    #[error("`{0}` has more digits than can be computed with; check for a mistyped digit or unit")]
    TooLong(String),
    /// The amount does not suit its currency.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

thread_local! {
    // One formatter a thread: making one looks locale data up, and lists format thousands of numbers.
    static LATIN: DecimalFormatter = DecimalFormatter::try_new(locale!("en").into(), Default::default())
        .expect("English number data is compiled in");
    static PERSIAN: DecimalFormatter = DecimalFormatter::try_new(locale!("fa").into(), Default::default())
        .expect("Persian number data is compiled in");
}

/// Writes a number with groups of three, without trailing zeros: `1,234.5` or `۱٬۲۳۴٫۵`.
pub fn format_number(value: Decimal, digits: Digits) -> String {
    grouped(&decimal_text(value), digits)
}

/// Writes a number with groups of three and at least so many decimal places: `1,234.50`.
pub fn format_padded(value: Decimal, places: u32, digits: Digits) -> String {
    let mut text = decimal_text(value);
    let present = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let missing = (places as usize).saturating_sub(present);
    if present == 0 && missing > 0 {
        text.push('.');
    }
    text.extend(std::iter::repeat_n('0', missing));
    grouped(&text, digits)
}

/// Writes an amount without its unit, with the decimal places of its currency; tomans have what they need.
pub fn format_money_value(money: Money, rial_unit: RialUnit, digits: Digits) -> String {
    if shown_in_toman(money.currency(), rial_unit) {
        // Dividing by ten moves the point; it fails only where a 29th place would be needed.
        let tomans = money.value().checked_div(Decimal::TEN).unwrap_or(money.value());
        return format_number(tomans, digits);
    }
    format_padded(money.value(), money.currency().scale(), digits)
}

/// Names the unit that [`format_money_value`] wrote an amount of the currency in.
pub fn unit_name(currency: Currency, rial_unit: RialUnit) -> UnitName {
    if shown_in_toman(currency, rial_unit) {
        return UnitName { latin: "toman", persian: "تومان" };
    }
    let code = currency.code();
    match code {
        "IRR" => UnitName { latin: "rial", persian: "ریال" },
        "USD" => UnitName { latin: code, persian: "دلار" },
        "EUR" => UnitName { latin: code, persian: "یورو" },
        _ => UnitName { latin: code, persian: code },
    }
}

/// Writes an amount followed by its unit: `1,250,000 rial`, `۱٬۲۵۰٬۰۰۰ ریال`.
///
/// The unit's word follows the language, the number the digits asked for.
pub fn format_money(money: Money, rial_unit: RialUnit, digits: Digits, language: Language) -> String {
    let unit = unit_name(money.currency(), rial_unit);
    let word = match language {
        Language::English => unit.latin,
        Language::Persian => unit.persian,
    };
    format!("{} {word}", format_money_value(money, rial_unit, digits))
}

/// Replaces every ASCII digit by its Persian one.
pub fn persian_digits(text: &str) -> String {
    let persian = |digit: u32| char::from_u32(0x06F0 + digit).expect("U+06F0 to U+06F9 are letters");
    text.chars().map(|letter| letter.to_digit(10).map_or(letter, persian)).collect()
}

/// Replaces Persian and Arabic digits by the ASCII ones.
pub fn ascii_digits(text: &str) -> String {
    text.chars().map(ascii_digit).collect()
}

/// Replaces a Persian or Arabic digit by the ASCII one, and leaves any other letter.
pub fn ascii_digit(letter: char) -> char {
    let digit = match letter {
        '\u{06F0}'..='\u{06F9}' => u32::from(letter) - 0x06F0,
        '\u{0660}'..='\u{0669}' => u32::from(letter) - 0x0660,
        _ => return letter,
    };
    char::from_digit(digit, 10).unwrap_or(letter)
}

/// Says whether amounts of a currency are shown in tomans.
fn shown_in_toman(currency: Currency, rial_unit: RialUnit) -> bool {
    currency == Currency::IRR && rial_unit == RialUnit::Toman
}

/// Groups a plain decimal text by the rules of a language.
fn grouped(plain: &str, digits: Digits) -> String {
    let value = fixed_decimal::Decimal::try_from_str(plain).expect("a plain decimal text is a decimal");
    let formatter = match digits {
        Digits::Latin => &LATIN,
        Digits::Persian => &PERSIAN,
    };
    formatter.with(|formatter| formatter.format(&value).to_string())
}
