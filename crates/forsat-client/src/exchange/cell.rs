//! How a cell of a CSV file spells what a field holds.
//!
//! A cell is empty where a field holds nothing, and `'` where it holds an empty text. A text that a spreadsheet would
//! take for a formula, or that begins with an apostrophe, has one more apostrophe before it.

use super::content::{Content, is_composite};
use crate::error::CellProblem;
use forsat_domain::composite::{Address, Composite, NamedReference, reference_id};
use forsat_domain::record::Scalar;
use forsat_domain::schema::{FieldDef, FieldKind};
use forsat_domain::{Currency, MergeCode, Money, canonical};
use serde_json::Value;
use std::collections::BTreeSet;

/// Ends the name of the column with the name of what a reference points at.
pub(crate) const NAME_SUFFIX: &str = ".name";
/// Separates the members of a set.
const SEPARATOR: char = ';';
/// Stands before a text that a spreadsheet would compute.
const GUARD: char = '\'';

/// The cell of a field.
pub(super) fn to_cell(content: &Content, field: &FieldDef) -> String {
    match content {
        Content::Value(value) => value_cell(value, field),
        Content::Text(text) if text.is_empty() => String::new(),
        Content::Text(text) => guarded(text),
        Content::Set(keys) => guarded(&joined(keys)),
        Content::Map(_) | Content::Grow(_) if content.is_empty() => String::new(),
        Content::Map(_) | Content::Grow(_) => content.to_json(field).to_string(),
    }
}

/// Members joined by `;`; a separator inside one has a backslash before it.
pub(super) fn joined<'k>(members: impl IntoIterator<Item = &'k String>) -> String {
    let escaped = |member: &String| member.replace('\\', "\\\\").replace(SEPARATOR, "\\;");
    members.into_iter().map(escaped).collect::<Vec<_>>().join(";")
}

fn value_cell(value: &Scalar, field: &FieldDef) -> String {
    match value {
        Scalar::Null => String::new(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(number) => number.to_string(),
        // A negative number is no formula, and a spreadsheet should count with it.
        Scalar::Text(text) if is_decimal(text, &field.kind) => text.clone(),
        Scalar::Text(text) => match short_form(value, &field.kind) {
            Some(short) => guarded(&short),
            None => guarded(text),
        },
    }
}

fn is_decimal(text: &str, kind: &FieldKind) -> bool {
    matches!(kind, FieldKind::Decimal { .. }) && canonical::parse_decimal(text).is_ok()
}

/// Composites that a cell spells shorter than JSON, where that reads back as the same value.
fn short_form(value: &Scalar, kind: &FieldKind) -> Option<String> {
    let short = match kind {
        FieldKind::Money => {
            let money = Money::from_scalar(value)?;
            format!("{} {}", canonical::decimal_text(money.value()), money.currency().code())
        }
        FieldKind::Address => Address::from_scalar(value)?.text,
        FieldKind::NamedReference(_) => reference_id(value)?.0.to_string(),
        _ => return None,
    };
    let is_reference = matches!(kind, FieldKind::NamedReference(_));
    (is_reference || long_form(&short, kind).as_ref() == Some(value)).then_some(short)
}

fn long_form(short: &str, kind: &FieldKind) -> Option<Scalar> {
    match kind {
        _ if short.starts_with('{') || short.is_empty() => None,
        FieldKind::Money => {
            let (value, code) = short.split_once(' ')?;
            let currency = Currency::from_code(code).ok().filter(|currency| currency.code() == code)?;
            let money = Money::new(canonical::parse_decimal(value).ok()?, currency).ok()?;
            money.refuse_negative().ok().map(|money| money.to_scalar())
        }
        FieldKind::Address => Some(Address { text: short.to_owned() }.to_scalar()),
        _ => None,
    }
}

/// Reads a cell; `name` is the cell beside a reference that keeps the name with the id.
pub(crate) fn from_cell(field: &FieldDef, cell: &str, name: Option<&str>) -> Result<Content, CellProblem> {
    if cell.is_empty() {
        return Ok(Content::empty(field));
    }
    match field.merge {
        MergeCode::T => Ok(Content::Text(unguarded(cell).to_owned())),
        MergeCode::S => Ok(Content::Set(split(unguarded(cell)))),
        MergeCode::M | MergeCode::G => {
            let value: Value =
                serde_json::from_str(cell).map_err(|error| CellProblem::Json(error.to_string()))?;
            Content::from_json(field, &value)
        }
        MergeCode::I | MergeCode::R | MergeCode::RA | MergeCode::D => {
            Ok(Content::Value(value_of(field, cell, name)))
        }
    }
}

/// The value of a cell; a cell that isn't in the form of the export is read as the text that it is.
fn value_of(field: &FieldDef, cell: &str, name: Option<&str>) -> Scalar {
    let number = || cell.parse().map_or_else(|_| Scalar::text(cell), Scalar::Int);
    let cell_text = unguarded(cell);
    match &field.kind {
        FieldKind::Integer { .. } | FieldKind::Percent | FieldKind::TaxRate | FieldKind::Timestamp => {
            number()
        }
        FieldKind::Bool => match cell {
            "true" | "TRUE" => Scalar::Bool(true),
            "false" | "FALSE" => Scalar::Bool(false),
            other => Scalar::text(other),
        },
        FieldKind::NamedReference(_) => match cell_text.parse() {
            Ok(id) => {
                let name = name.map(|name| unguarded(name).to_owned()).unwrap_or_default();
                NamedReference { id, name }.to_scalar()
            }
            Err(_) => Scalar::text(cell_text),
        },
        kind => match long_form(cell_text, kind) {
            Some(value) => value,
            None if is_composite(field) => canonical_text(cell_text),
            None => Scalar::text(cell_text),
        },
    }
}

/// A composite written as JSON, in the one form that is stored.
fn canonical_text(cell: &str) -> Scalar {
    let value: Option<Value> = serde_json::from_str(cell).ok();
    let value = value.filter(Value::is_object).and_then(|value| canonical::json(&value).ok());
    Scalar::text(value.unwrap_or_else(|| cell.to_owned()))
}

fn split(cell: &str) -> BTreeSet<String> {
    let mut members = BTreeSet::new();
    let mut member = String::new();
    let mut letters = cell.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => member.extend(letters.next()),
            SEPARATOR => {
                members.insert(std::mem::take(&mut member));
            }
            other => member.push(other),
        }
    }
    members.insert(member);
    members.iter().map(|member| member.trim().to_owned()).filter(|member| !member.is_empty()).collect()
}

fn is_risky(letter: char) -> bool {
    matches!(letter, '=' | '+' | '-' | '@' | '\t' | '\r' | GUARD)
}

/// A text as a cell: nothing that a spreadsheet would compute, and never empty.
pub(super) fn guarded(text: &str) -> String {
    match text.chars().next() {
        None => GUARD.to_string(),
        Some(first) if is_risky(first) => format!("{GUARD}{text}"),
        Some(_) => text.to_owned(),
    }
}

fn unguarded(cell: &str) -> &str {
    match cell.strip_prefix(GUARD) {
        Some(rest) if rest.chars().next().is_none_or(is_risky) => rest,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_guarded_and_come_back() {
        for text in ["=1+1", "+98912", "-x", "@cmd", "'quoted", "''", "\tx", "", "plain", "می‌خواهم"]
        {
            let cell = guarded(text);
            assert!(!cell.starts_with(['=', '+', '-', '@', '\t']) && !cell.is_empty(), "{cell}");
            assert_eq!(unguarded(&cell), text);
        }
        assert_eq!(unguarded("'tis"), "'tis");
    }

    #[test]
    fn members_with_separators_come_back() {
        let members = BTreeSet::from(["a;b".to_owned(), "c\\d".to_owned(), "مهم".to_owned()]);
        assert_eq!(split(&joined(&members)), members);
        assert_eq!(split(" vip ; ;مهم"), BTreeSet::from(["vip".to_owned(), "مهم".to_owned()]));
    }
}
