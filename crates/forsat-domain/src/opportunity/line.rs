//! One line of a deal: gross, discount, net, tax and total, each rounded at the currency's decimal places.

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

use crate::canonical;
use crate::composite::{Composite, Discount, reference_id};
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::id::RecordId;
use crate::lifecycle::Presence;
use crate::money::{Money, MoneyError, PowerOfTen};
use crate::record::{Entry, RecordState};
use crate::settings::{ConvertError, Settings};

/// What a line comes to, in the currency of its unit price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LineFigures {
    /// Quantity times unit price.
    pub gross: Money,
    /// What is taken off; never more than the gross.
    pub discount: Money,
    /// Gross less discount.
    pub net: Money,
    /// Tax on the net.
    pub tax: Money,
    /// Net and tax.
    pub total: Money,
}

/// Why a line comes to nothing that can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "problem", content = "value", rename_all = "snake_case")]
pub enum LineProblem {
    /// A part is missing or unreadable; the line counts 0.
    Missing(&'static str),
    /// The discount is in a currency without a rate.
    NoRate(Currency),
    /// A result has more digits than can be computed with.
    Overflow,
}

/// A line as merged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// The entry's id.
    pub entry: String,
    /// The product; none for free text.
    pub product_id: Option<RecordId>,
    /// The product's name when the line was added.
    pub name: String,
    /// The unit; empty when none was given.
    pub unit: String,
    /// A remark; empty when none was given.
    pub note: String,
    /// How many.
    #[serde(serialize_with = "canonical::decimal_option::serialize")]
    pub qty: Option<Decimal>,
    /// The price of one.
    pub unit_price: Option<Money>,
    /// What is taken off.
    pub discount: Discount,
    /// Tax in basis points.
    pub tax_rate: i64,
    /// The fractional index that orders the lines; empty when none was given.
    pub position: String,
    /// Whether the line is there.
    pub presence: Presence,
    /// Whether the discount is in another currency than the price.
    pub mixed: bool,
    /// What it comes to.
    #[serde(serialize_with = "either")]
    pub figures: Result<LineFigures, LineProblem>,
}

impl Line {
    /// Reads a line; a discount in another currency is counted at the rates of `day`.
    pub(super) fn read(id: &str, entry: &Entry, settings: &Settings, day: CivilDate) -> Self {
        let text = |name: &str| entry.winner(name).as_text().unwrap_or_default().to_owned();
        let qty = entry.winner("qty").as_text().and_then(|qty| canonical::parse_decimal(qty).ok());
        let qty = qty.filter(|qty| *qty > Decimal::ZERO);
        let unit_price = Money::from_scalar(entry.winner("unit_price"));
        let discount = Discount::from_scalar(entry.winner("discount")).unwrap_or(Discount::None);
        let tax_rate = entry.winner("tax_rate").as_int().filter(|bp| (0..=10_000).contains(bp)).unwrap_or(0);
        let mixed = match (&discount, unit_price) {
            (Discount::Amount { amount }, Some(price)) => amount.currency() != price.currency(),
            _ => false,
        };
        let figures = match (qty, unit_price) {
            (None, _) => Err(LineProblem::Missing("qty")),
            (_, None) => Err(LineProblem::Missing("unit_price")),
            (Some(qty), Some(price)) => converted(&discount, price.currency(), settings, day)
                .and_then(|discount| figures(qty, price, &discount, tax_rate).map_err(problem)),
        };
        Self {
            entry: id.to_owned(),
            product_id: reference_id(entry.winner("product_id")),
            name: text("name"),
            unit: text("unit"),
            note: text("note"),
            qty,
            unit_price,
            discount,
            tax_rate,
            position: text("position"),
            presence: Presence::of(entry),
            mixed,
            figures,
        }
    }
}

/// Reads every line, removed ones included, by (position, entry id); a line without a position stands last.
pub(super) fn read_all(state: &RecordState, settings: &Settings, day: CivilDate) -> Vec<Line> {
    let mut lines: Vec<Line> =
        state.entries("lines").map(|(id, entry)| Line::read(id, entry, settings, day)).collect();
    lines.sort_by(|left, right| order(left).cmp(&order(right)));
    lines
}

fn order(line: &Line) -> (bool, &str, &str) {
    (line.position.is_empty(), &line.position, &line.entry)
}

/// Computes a line; `discount` is in the currency of the price, `tax_rate` in basis points.
pub fn figures(
    qty: Decimal,
    price: Money,
    discount: &Discount,
    tax_rate: i64,
) -> Result<LineFigures, MoneyError> {
    let gross = price.checked_mul(qty)?;
    let discount = match discount {
        Discount::None => Money::zero(price.currency()),
        Discount::Percent { pct } => gross.checked_fraction(*pct, PowerOfTen::Hundred)?,
        Discount::Amount { amount } if amount.value() > gross.value() => gross,
        Discount::Amount { amount } => *amount,
    };
    let net = gross.checked_sub(discount)?;
    let tax = net.checked_fraction(tax_rate.into(), PowerOfTen::TenThousand)?;
    Ok(LineFigures { gross, discount, net, tax, total: net.checked_add(tax)? })
}

/// Counts a discount amount in the currency of the price.
fn converted(
    discount: &Discount,
    currency: Currency,
    settings: &Settings,
    day: CivilDate,
) -> Result<Discount, LineProblem> {
    let Discount::Amount { amount } = discount else { return Ok(discount.clone()) };
    match settings.rates.convert(*amount, currency, day) {
        Ok(amount) => Ok(Discount::Amount { amount }),
        Err(ConvertError::NoRate(missing)) => Err(LineProblem::NoRate(missing)),
        Err(ConvertError::Overflow) => Err(LineProblem::Overflow),
    }
}

/// Serialises figures or what is wrong with them, whichever there is.
fn either<S: Serializer>(
    figures: &Result<LineFigures, LineProblem>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match figures {
        Ok(figures) => figures.serialize(serializer),
        Err(problem) => problem.serialize(serializer),
    }
}

/// Every failure of arithmetic within one currency is one of size.
fn problem(_: MoneyError) -> LineProblem {
    LineProblem::Overflow
}
