//! Numbers as people type and read them, in Persian, Arabic and Latin digits.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::currency::Currency;
use crate::money::{Money, MoneyError};

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

/// Refusal of a typed number or amount.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NumberError {
    /// Not a number.
    #[error("`{0}` is not a number; write it as 1200000, 1,200,000, 1.2M or ۱.۲ میلیون")]
    Malformed(String),
    /// A word that is no unit.
    #[error("`{unit}` in `{text}` is no unit known here; use rial, toman or a currency code such as USD")]
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

/// Reads a typed number without a unit.
pub fn parse_number(text: &str) -> Result<Decimal, NumberError> {
    canonical_guess(text)
}

/// Reads a typed amount; without a unit it is in `default`.
pub fn parse_money(text: &str, default: Currency) -> Result<Money, NumberError> {
    Ok(Money::new(canonical_guess(text)?, default)?)
}

/// Writes a number with grouping.
pub fn format_number(value: Decimal, digits: Digits) -> String {
    let _ = digits;
    value.to_string()
}

/// Replaces every Latin digit by its Persian one.
pub fn persian_digits(text: &str) -> String {
    text.chars()
        .map(|letter| match letter.to_digit(10) {
            Some(digit) => char::from_u32(0x06F0 + digit).unwrap_or(letter),
            None => letter,
        })
        .collect()
}

/// Replaces Persian and Arabic digits by the ASCII ones.
pub fn ascii_digits(text: &str) -> String {
    text.chars().map(ascii_digit).collect()
}

/// Replaces one Persian or Arabic digit by the ASCII one.
pub fn ascii_digit(letter: char) -> char {
    let digit = match letter {
        '\u{06F0}'..='\u{06F9}' => u32::from(letter) - 0x06F0,
        '\u{0660}'..='\u{0669}' => u32::from(letter) - 0x0660,
        _ => return letter,
    };
    char::from_digit(digit, 10).unwrap_or(letter)
}

fn canonical_guess(text: &str) -> Result<Decimal, NumberError> {
    crate::canonical::parse_decimal(text).map_err(|_| NumberError::Malformed(text.to_owned()))
}
