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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rials(value: i64) -> Money {
        Money::new(Decimal::from(value), Currency::IRR).unwrap()
    }

    fn dollars(cents: i64) -> Money {
        Money::new(Decimal::new(cents, 2), Currency::USD).unwrap()
    }

    #[test]
    fn an_amount_is_stored_in_one_spelling() {
        assert_eq!(rials(1_000).to_json(), r#"{"currency":"IRR","value":"1000"}"#);
        assert_eq!(dollars(-1_250).to_json(), r#"{"currency":"USD","value":"-12.5"}"#);
        assert_eq!(
            Money::new(-Decimal::ZERO, Currency::USD).unwrap().to_json(),
            r#"{"currency":"USD","value":"0"}"#
        );
        assert_eq!(Money::from_json(r#"{"value":"12.50","currency":"USD"}"#), Ok(dollars(1_250)));
    }

    #[test]
    fn a_broken_stored_amount_is_an_error() {
        for text in [
            "",
            "null",
            "12",
            r#"{"currency":"IRR"}"#,
            r#"{"currency":"IRR","value":12}"#,
            r#"{"currency":"IRR","value":"1.5"}"#,
            r#"{"currency":"XXX","value":"1"}"#,
            r#"{"currency":"IRR","value":"1e3"}"#,
        ] {
            assert!(matches!(Money::from_json(text), Err(MoneyError::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn excess_places_and_negatives_are_refused() {
        let refused = Money::new(Decimal::new(15, 1), Currency::IRR).unwrap_err();
        assert_eq!(refused.to_string(), "1.5 IRR has too many decimal places; IRR has at most 0");
        assert_eq!(Money::non_negative(Decimal::NEGATIVE_ONE, Currency::USD), Err(MoneyError::Negative));
        assert!(Money::non_negative(Decimal::ZERO, Currency::USD).is_ok());
        assert_eq!(
            Money::new(Decimal::new(1_500, 3), Currency::IRR),
            Err(MoneyError::TooFine { value: Decimal::new(15, 1), currency: Currency::IRR })
        );
        assert_eq!(Money::new(Decimal::new(15_000, 3), Currency::IRR), Ok(rials(15)));
    }

    #[test]
    fn halves_round_away_from_zero() {
        for (tenths, rounded) in [(5, 1), (4, 0), (15, 2), (25, 3), (-5, -1), (-15, -2), (-14, -1)] {
            assert_eq!(Money::rounded(Decimal::new(tenths, 1), Currency::IRR), rials(rounded));
        }
        assert_eq!(Money::rounded(Decimal::new(10_005, 4), Currency::USD), dollars(100));
        assert_eq!(Money::rounded(Decimal::new(1_005, 3), Currency::USD), dollars(101));
    }

    #[test]
    fn a_line_is_worked_step_by_step() {
        let gross = rials(333_333).checked_mul(Decimal::from(3)).unwrap();
        let discount = gross.checked_fraction(Decimal::new(125, 1), PowerOfTen::Hundred).unwrap();
        let net = gross.checked_sub(discount).unwrap();
        let tax = net.checked_fraction(Decimal::from(1_000), PowerOfTen::TenThousand).unwrap();
        let total = net.checked_add(tax).unwrap();
        assert_eq!(
            [gross, discount, net, tax, total],
            [999_999, 125_000, 874_999, 87_500, 962_499].map(rials)
        );
    }

    #[test]
    fn three_small_deals_round_one_by_one() {
        let weighted = rials(5).checked_fraction(Decimal::TEN, PowerOfTen::Hundred).unwrap();
        assert_eq!(Money::sum(Currency::IRR, [weighted; 3]), Ok(rials(3)));
    }

    #[test]
    fn currencies_never_mix() {
        let mismatch = MoneyError::CurrencyMismatch { left: Currency::IRR, right: Currency::USD };
        assert_eq!(rials(1).checked_add(dollars(1)), Err(mismatch.clone()));
        assert_eq!(Money::sum(Currency::IRR, [dollars(0)]), Err(mismatch));
        let euros = Money::new(Decimal::from(10_000), Currency::EUR).unwrap();
        assert_eq!(euros.convert(Decimal::from(900_000), Currency::IRR), Ok(rials(9_000_000_000)));
        assert_eq!(euros.convert(Decimal::ZERO, Currency::IRR), Err(MoneyError::Rate));
        assert_eq!(euros.convert(Decimal::NEGATIVE_ONE, Currency::IRR), Err(MoneyError::Rate));
    }

    #[test]
    fn overflow_is_an_error_value() {
        let huge = Money::new(Decimal::MAX, Currency::IRR).unwrap();
        assert_eq!(huge.checked_add(rials(1)), Err(MoneyError::Overflow));
        assert_eq!(huge.checked_mul(Decimal::TWO), Err(MoneyError::Overflow));
        assert_eq!(huge.convert(Decimal::TWO, Currency::USD), Err(MoneyError::Overflow));
        assert_eq!(huge.checked_fraction(Decimal::from(99), PowerOfTen::Hundred), Err(MoneyError::Overflow));
        assert_eq!(huge.checked_sub(huge), Ok(rials(0)));
        assert_eq!(Money::sum(Currency::IRR, [huge, huge]), Err(MoneyError::Overflow));
    }

    prop_compose! {
        fn any_value()(mantissa in -(1_i128 << 90)..(1_i128 << 90), scale in 0_u32..=20) -> Decimal {
            Decimal::from_i128_with_scale(mantissa, scale)
        }
    }

    proptest! {
        #[test]
        fn rounding_is_near_odd_and_done_once(value in any_value(), code in 0_usize..171) {
            let currency = Currency::all().nth(code).unwrap();
            let rounded = Money::rounded(value, currency);
            prop_assert!(rounded.value().scale() <= currency.scale());
            prop_assert!((rounded.value() - value).abs() <= Decimal::new(5, currency.scale() + 1));
            prop_assert_eq!(Money::rounded(rounded.value(), currency), rounded);
            prop_assert_eq!(Money::rounded(-value, currency).value(), -rounded.value());
            prop_assert_eq!(Money::new(rounded.value(), currency), Ok(rounded));
        }

        #[test]
        fn stored_amounts_read_back(value in any_value(), code in 0_usize..171) {
            let money = Money::rounded(value, Currency::all().nth(code).unwrap());
            let text = money.to_json();
            prop_assert_eq!(Money::from_json(&text), Ok(money));
            prop_assert_eq!(Money::from_json(&text).unwrap().to_json(), text);
        }

        #[test]
        fn sums_do_not_depend_on_the_order(cents in prop::collection::vec(-1_000_000_000_i64..1_000_000_000, 0..12)) {
            let forward = Money::sum(Currency::USD, cents.iter().map(|value| dollars(*value)));
            let backward = Money::sum(Currency::USD, cents.iter().rev().map(|value| dollars(*value)));
            prop_assert_eq!(&forward, &backward);
            prop_assert_eq!(forward, Ok(dollars(cents.iter().sum())));
        }

        #[test]
        fn no_arithmetic_panics(left in any_value(), right in any_value()) {
            let money = Money::rounded(left, Currency::EUR);
            let _ = money.checked_mul(right);
            let _ = money.convert(right, Currency::IRR);
            let _ = money.checked_fraction(right, PowerOfTen::TenThousand);
            let _ = money.checked_add(Money::rounded(right, Currency::EUR));
        }
    }
}
