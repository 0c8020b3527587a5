//! Money: a decimal together with its currency, never a float, always within the currency's decimal places.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::canonical::{self, DecimalError};
use crate::currency::{Currency, UnknownCurrency};

/// Refusal of an amount or of arithmetic on amounts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// The result has more digits than can be computed with.
    #[error("the amount is too large to compute with; check for a mistyped digit or unit")]
    Overflow,
    /// Amounts of two currencies met.
    #[error("{left} and {right} can't be added; convert one of them at an exchange rate first")]
    CurrencyMismatch {
        /// The currency of the first amount.
        left: Currency,
        /// The currency of the second amount.
        right: Currency,
    },
    /// A negative amount where none is allowed.
    #[error("an amount can't be negative; use a discount instead")]
    Negative,
    /// More decimal places than the currency has.
    #[error("{value} {currency} has too many decimal places; {currency} has at most {}", .currency.scale())]
    TooFine {
        /// The amount as given.
        value: Decimal,
        /// Its currency.
        currency: Currency,
    },
    /// An exchange rate that is not above zero.
    #[error("an exchange rate must be above zero; correct the rate in the settings")]
    Rate,
    /// A stored amount whose decimal can't be read.
    #[error("a stored amount can't be read: {0}")]
    Decimal(#[from] DecimalError),
    /// A stored amount whose currency is not known.
    #[error("a stored amount can't be read: {0}")]
    Currency(#[from] UnknownCurrency),
    /// A stored amount that is not the JSON of one.
    #[error("a stored amount can't be read: {0}; set the amount again")]
    Malformed(String),
}

/// An amount of one currency, with no more decimal places than the currency has.
///
/// Serialised as `{"currency":"IRR","value":"1000"}`, the value as a canonical decimal string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StoredMoney", into = "StoredMoney")]
pub struct Money {
    value: Decimal,
    currency: Currency,
}

/// The stored shape; the fields stand in the order of sorted keys.
#[derive(Serialize, Deserialize)]
struct StoredMoney {
    currency: Currency,
    #[serde(with = "canonical::decimal")]
    value: Decimal,
}

impl TryFrom<StoredMoney> for Money {
    type Error = MoneyError;

    fn try_from(stored: StoredMoney) -> Result<Self, MoneyError> {
        Self::new(stored.value, stored.currency)
    }
}

impl From<Money> for StoredMoney {
    fn from(money: Money) -> Self {
        Self { currency: money.currency, value: money.value }
    }
}

impl Money {
    /// Takes an amount as it is; more decimal places than the currency has are refused, not rounded.
    pub fn new(value: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let value = normal(value);
        if value.scale() > currency.scale() {
            return Err(MoneyError::TooFine { value, currency });
        }
        Ok(Self { value, currency })
    }

    /// Takes an amount as it is, and refuses a negative one.
    pub fn non_negative(value: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        Self::new(value, currency)?.refuse_negative()
    }

    /// Rounds an amount half away from zero at the currency's decimal places.
    pub fn rounded(value: Decimal, currency: Currency) -> Self {
        let value = value.round_dp_with_strategy(currency.scale(), RoundingStrategy::MidpointAwayFromZero);
        Self { value: normal(value), currency }
    }

    /// Nothing, in a currency.
    pub const fn zero(currency: Currency) -> Self {
        Self { value: Decimal::ZERO, currency }
    }

    /// The amount without its currency.
    pub const fn value(&self) -> Decimal {
        self.value
    }

    /// The currency.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Says whether the amount is nothing.
    pub fn is_zero(&self) -> bool {
        self.value.is_zero()
    }

    /// Passes the amount on unless it is below zero.
    pub fn refuse_negative(self) -> Result<Self, MoneyError> {
        if self.value < Decimal::ZERO { Err(MoneyError::Negative) } else { Ok(self) }
    }

    /// Adds an amount of the same currency.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.refuse_mixing(other)?;
        let value = canonical::exact_sum(self.value, other.value).ok_or(MoneyError::Overflow)?;
        Self::new(value, self.currency)
    }

    /// Takes away an amount of the same currency; the result may be negative.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.checked_add(Self { value: -other.value, ..other })
    }

    /// Multiplies by a plain number and rounds once.
    pub fn checked_mul(self, factor: Decimal) -> Result<Self, MoneyError> {
        let value = canonical::exact_product(self.value, factor).ok_or(MoneyError::Overflow)?;
        Ok(Self::rounded(value, self.currency))
    }

    /// Takes `parts` out of `whole` (a percentage: whole 100; basis points: whole 10,000) and rounds once.
    ///
    /// `whole` is a power of ten, so the division is a shift and loses nothing.
    pub fn checked_fraction(self, parts: Decimal, whole: PowerOfTen) -> Result<Self, MoneyError> {
        let product = canonical::exact_product(self.value, parts).ok_or(MoneyError::Overflow)?;
        let share = canonical::exact_product(product, whole.inverse()).ok_or(MoneyError::Overflow)?;
        Ok(Self::rounded(share, self.currency))
    }

    /// Turns the amount into another currency at a rate in units of `target` per one unit, and rounds once.
    pub fn convert(self, rate: Decimal, target: Currency) -> Result<Self, MoneyError> {
        if rate <= Decimal::ZERO {
            return Err(MoneyError::Rate);
        }
        let value = canonical::exact_product(self.value, rate).ok_or(MoneyError::Overflow)?;
        Ok(Self::rounded(value, target))
    }

    /// Adds amounts of one currency; nothing to add gives zero.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::checked_add)
    }

    /// Writes the amount as it is stored: canonical JSON with sorted keys.
    pub fn to_json(&self) -> String {
        canonical::json(self).expect("a currency and a decimal string always serialise")
    }

    /// Reads a stored amount.
    pub fn from_json(text: &str) -> Result<Self, MoneyError> {
        serde_json::from_str(text).map_err(|error| MoneyError::Malformed(error.to_string()))
    }

    /// Refuses to go on with amounts of two currencies.
    fn refuse_mixing(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
    }
}

/// What a fraction's parts are counted out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PowerOfTen {
    /// Parts are percent.
    Hundred,
    /// Parts are basis points.
    TenThousand,
}

impl PowerOfTen {
    /// One divided by the number.
    fn inverse(self) -> Decimal {
        match self {
            Self::Hundred => Decimal::new(1, 2),
            Self::TenThousand => Decimal::new(1, 4),
        }
    }
}

/// Takes the trailing zeros and the sign of zero away, so that equal amounts are equal in every way.
fn normal(value: Decimal) -> Decimal {
    if value.is_zero() { Decimal::ZERO } else { value.normalize() }
}
