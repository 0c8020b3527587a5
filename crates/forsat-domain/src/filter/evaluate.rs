//! Asks a bound filter of a record. What can't be known (an amount without a rate) is neither true nor false: such a
//! record isn't taken, whichever way round the question is put.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use rust_decimal::Decimal;

use super::Operator;
use crate::canonical::parse_decimal;
use crate::cells::Cell;
use crate::composite::read_typed_reference;
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::id::RecordId;
use crate::money::Money;
use crate::settings::Settings;
use crate::text::fold;

/// What a filter asks of a record.
pub trait Row {
    /// What a column says.
    fn cell(&self, field: &str) -> Cell<'_>;
    /// Whether it is open; none where that has no meaning.
    fn is_open(&self) -> Option<bool>;
}

/// What a filter has to know besides the record.
pub trait Known {
    /// The workspace's settings.
    fn settings(&self) -> &Settings;
    /// The organisation's current day.
    fn today(&self) -> CivilDate;
    /// The record that a reference leads to through the aliases of merged duplicates.
    fn survivor(&self, id: RecordId) -> RecordId;
    /// A record's name; none when it is not on this device.
    fn name(&self, id: RecordId) -> Option<String>;
}

/// A bound condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Empty(String),
    Open,
    Test { field: String, operator: Operator, wanted: Wanted },
}

/// A value with its meaning.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Wanted {
    /// A folded text.
    Text(String),
    /// A number; an amount in the record's own currency where the cell holds money.
    Number(Decimal),
    /// An amount with its currency.
    Money(Money),
    Truth(bool),
    Date(CivilDate),
    /// Instants from the first up to but without the second.
    Span(i64, i64),
    /// Ids of choices, any of them.
    Choices(BTreeSet<String>),
    /// A record, its aliases followed.
    Record(RecordId),
    /// A part of a record's name, folded.
    NamePart(String),
}

impl Node {
    /// Answers; `None` when it can't be known.
    pub(super) fn holds(&self, row: &dyn Row, known: &dyn Known) -> Option<bool> {
        match self {
            Self::All(nodes) => gather(nodes, row, known, false),
            Self::Any(nodes) => gather(nodes, row, known, true),
            Self::Not(node) => node.holds(row, known).map(|holds| !holds),
            Self::Empty(field) => Some(row.cell(field) == Cell::Nothing),
            Self::Open => Some(row.is_open() == Some(true)),
            Self::Test { field, operator, wanted } => {
                let cell = row.cell(field);
                match operator {
                    Operator::IsNot => is(&cell, wanted, row, known).map(|is| !is),
                    Operator::HoldsNot => Some(!has(&cell, wanted, known)),
                    Operator::Holds => Some(has(&cell, wanted, known)),
                    Operator::Is => is(&cell, wanted, row, known),
                    order => ordered(&cell, wanted, row, known, *order),
                }
            }
        }
    }
}

/// Joins answers: one that equals `decisive` decides, else an unknown one leaves it unknown.
fn gather(nodes: &[Node], row: &dyn Row, known: &dyn Known, decisive: bool) -> Option<bool> {
    let mut answer = Some(!decisive);
    for node in nodes {
        match node.holds(row, known) {
            Some(holds) if holds == decisive => return Some(decisive),
            Some(_) => {}
            None => answer = None,
        }
    }
    answer
}

fn texts<'c>(cell: &'c Cell<'_>) -> Vec<&'c str> {
    match cell {
        Cell::Text(text) => vec![text],
        Cell::List(texts) => texts.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    }
}

fn is(cell: &Cell<'_>, wanted: &Wanted, row: &dyn Row, known: &dyn Known) -> Option<bool> {
    match wanted {
        Wanted::Text(wanted) => Some(texts(cell).iter().any(|text| fold(text) == *wanted)),
        Wanted::Truth(wanted) => Some((*cell == Cell::Bool(true)) == *wanted),
        Wanted::Choices(ids) => Some(texts(cell).iter().any(|id| ids.contains(*id))),
        Wanted::Record(wanted) => Some(records(cell).iter().any(|id| known.survivor(*id) == *wanted)),
        Wanted::NamePart(_) => Some(false),
        Wanted::Number(_) | Wanted::Money(_) | Wanted::Date(_) | Wanted::Span(..) => {
            ordered(cell, wanted, row, known, Operator::Is)
        }
    }
}

fn has(cell: &Cell<'_>, wanted: &Wanted, known: &dyn Known) -> bool {
    match wanted {
        Wanted::Text(part) => texts(cell).iter().any(|text| fold(text).contains(part)),
        Wanted::Choices(ids) => texts(cell).iter().any(|id| ids.contains(*id)),
        Wanted::NamePart(part) => {
            let snapshot = if let Cell::Reference { name, .. } = cell { name.as_ref() } else { "" };
            let name = |id: RecordId| known.name(known.survivor(id)).unwrap_or_else(|| snapshot.to_owned());
            records(cell).into_iter().any(|id| fold(&name(id)).contains(part))
        }
        _ => false,
    }
}

/// The records that a cell leads to.
fn records(cell: &Cell<'_>) -> Vec<RecordId> {
    match cell {
        Cell::Reference { id, .. } => vec![*id],
        Cell::List(keys) => {
            let id = |key: &str| read_typed_reference(key).map(|(_, id)| id).or_else(|| key.parse().ok());
            keys.iter().filter_map(|key| id(key)).collect()
        }
        _ => Vec::new(),
    }
}

/// Compares; nothing is neither less nor more than anything, nor equal to it.
fn ordered(
    cell: &Cell<'_>,
    wanted: &Wanted,
    row: &dyn Row,
    known: &dyn Known,
    operator: Operator,
) -> Option<bool> {
    let order = match (cell, wanted) {
        (Cell::Money(money), Wanted::Number(number)) => {
            let wanted = (*number, currency_of(row, known));
            return money_order(*money, wanted, known).map(|order| fits(order, operator));
        }
        (Cell::Money(money), Wanted::Money(wanted)) => {
            let wanted = (wanted.value(), wanted.currency());
            return money_order(*money, wanted, known).map(|order| fits(order, operator));
        }
        (Cell::Int(number), Wanted::Number(wanted)) => Decimal::from(*number).cmp(wanted),
        (Cell::Text(text), Wanted::Number(wanted)) => match parse_decimal(text) {
            Ok(number) => number.cmp(wanted),
            Err(_) => return Some(false),
        },
        (Cell::Text(text), Wanted::Date(wanted)) => match text.parse::<CivilDate>() {
            Ok(date) => date.cmp(wanted),
            Err(_) => return Some(false),
        },
        (Cell::Int(instant), Wanted::Span(begin, _)) if instant < begin => Ordering::Less,
        (Cell::Int(instant), Wanted::Span(_, end)) if instant >= end => Ordering::Greater,
        (Cell::Int(_), Wanted::Span(..)) => Ordering::Equal,
        _ => return Some(false),
    };
    Some(fits(order, operator))
}

fn fits(order: Ordering, operator: Operator) -> bool {
    match operator {
        Operator::Less => order.is_lt(),
        Operator::AtMost => order.is_le(),
        Operator::More => order.is_gt(),
        Operator::AtLeast => order.is_ge(),
        _ => order.is_eq(),
    }
}

/// The currency of numbers without a unit: the record's, else the organisation's.
fn currency_of(row: &dyn Row, known: &dyn Known) -> Currency {
    let named = match row.cell("currency") {
        Cell::Text(code) => code.parse().ok(),
        _ => None,
    };
    named.unwrap_or(known.settings().currency)
}

/// Compares amounts; those of two currencies by what they come to in the organisation's at today's rate.
fn money_order(money: Money, (wanted, currency): (Decimal, Currency), known: &dyn Known) -> Option<Ordering> {
    if money.currency() == currency {
        return Some(money.value().cmp(&wanted));
    }
    let settings = known.settings();
    let base = |money: Money| settings.rates.convert(money, settings.currency, known.today()).ok();
    Some(base(money)?.value().cmp(&base(Money::rounded(wanted, currency))?.value()))
}
