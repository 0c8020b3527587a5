//! Exchange rates: units of the organisation's currency for one of another, each from a day on.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use thiserror::Error;

use crate::canonical;
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::lifecycle::Presence;
use crate::money::Money;
use crate::record::RecordState;

/// Why an amount can't be counted in another currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ConvertError {
    /// No rate on or before the day.
    #[error("there is no exchange rate for {0} on or before that day; add one in the settings")]
    NoRate(Currency),
    /// The result has more digits than can be computed with.
    #[error("the amount is too large to compute with; check for a mistyped digit or rate")]
    Overflow,
}

/// Every rate by currency and day, in units of one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    organisation: Currency,
    by_day: BTreeMap<(Currency, CivilDate), Decimal>,
}

impl Rates {
    /// Reads the rates of the settings record; rows that can't be read, or are not above zero, are left out.
    pub(super) fn read(state: Option<&RecordState>) -> Self {
        let code = state.and_then(|state| state.winner("currency").as_text());
        let organisation = code.and_then(|code| code.parse().ok()).unwrap_or(Currency::IRR);
        let mut by_day = BTreeMap::new();
        for (_, entry) in state.into_iter().flat_map(|state| state.entries("rates")) {
            let text = |name: &str| entry.winner(name).as_text();
            let currency = text("currency").and_then(|code| code.parse().ok());
            let day = text("date").and_then(|date| date.parse().ok());
            let rate = text("rate").and_then(|rate| canonical::parse_decimal(rate).ok());
            if let (true, Some(currency), Some(day), Some(rate)) =
                (Presence::of(entry).is_kept(), currency, day, rate)
                && rate > Decimal::ZERO
            {
                by_day.insert((currency, day), rate);
            }
        }
        Self { organisation, by_day }
    }

    /// Every rate by currency and day.
    pub fn all(&self) -> impl Iterator<Item = (Currency, CivilDate, Decimal)> + '_ {
        self.by_day.iter().map(|((currency, day), rate)| (*currency, *day, *rate))
    }

    /// The latest rate on or before a day; 1 for the organisation's own currency.
    pub fn on(&self, currency: Currency, day: CivilDate) -> Option<Decimal> {
        if currency == self.organisation {
            return Some(Decimal::ONE);
        }
        let until = (currency, CivilDate::MIN)..=(currency, day);
        self.by_day.range(until).next_back().map(|(_, rate)| *rate)
    }

    /// Counts an amount in another currency at the rates of a day, rounded once.
    pub fn convert(&self, money: Money, target: Currency, day: CivilDate) -> Result<Money, ConvertError> {
        if money.currency() == target {
            return Ok(money);
        }
        let rate = |currency| self.on(currency, day).ok_or(ConvertError::NoRate(currency));
        let (from, to) = (rate(money.currency())?, rate(target)?);
        let whole = canonical::exact_product(money.value(), from).ok_or(ConvertError::Overflow)?;
        let value = whole.checked_div(to).ok_or(ConvertError::Overflow)?;
        Ok(Money::rounded(value, target))
    }
}
