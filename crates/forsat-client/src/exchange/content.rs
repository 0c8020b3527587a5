//! What a field of a record holds, apart from who wrote it and what it held before.

use crate::error::CellProblem;
use crate::model::json;
use forsat_domain::lifecycle::Presence;
use forsat_domain::record::{RecordState, Scalar};
use forsat_domain::schema::{FieldDef, FieldKind};
use forsat_domain::{MergeCode, canonical};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The registers of one entry of a keyed map.
pub(crate) type Registers = BTreeMap<String, Scalar>;

/// The register that takes an entry out; files carry the entries that are kept.
pub(crate) const REMOVED: &str = "removed";

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// A register's winner.
    Value(Scalar),
    /// A text.
    Text(String),
    /// The keys of a set.
    Set(BTreeSet<String>),
    /// The kept entries of a keyed map.
    Map(BTreeMap<String, Registers>),
    /// A grow-only map.
    Grow(BTreeMap<String, Scalar>),
}

impl Content {
    /// Reads a field of a record.
    pub(crate) fn of(state: &RecordState, field: &FieldDef) -> Content {
        let name = field.name.as_ref();
        match field.merge {
            MergeCode::T => Content::Text(state.text(name).to_owned()),
            MergeCode::S => Content::Set(state.set(name).map(str::to_owned).collect()),
            MergeCode::M => {
                let kept = state.entries(name).filter(|(_, entry)| Presence::of(entry).is_kept());
                let registers = |entry: &forsat_domain::Entry| -> Registers {
                    let said = entry.fields.iter().filter(|(name, _)| *name != REMOVED);
                    let said = said.map(|(name, register)| (name.clone(), register.winner().clone()));
                    said.filter(|(_, value)| !value.is_null()).collect()
                };
                Content::Map(kept.map(|(id, entry)| (id.to_owned(), registers(entry))).collect())
            }
            MergeCode::G => {
                Content::Grow(state.grown(name).map(|(key, value)| (key.to_owned(), value.clone())).collect())
            }
            MergeCode::I | MergeCode::R | MergeCode::RA | MergeCode::D => {
                Content::Value(field.winner(state).clone())
            }
        }
    }

    /// A field that holds nothing.
    pub(crate) fn empty(field: &FieldDef) -> Content {
        Content::of(&RecordState::new(forsat_domain::RecordId::from_bytes([0; 16]), ""), field)
    }

    /// Whether there is nothing to write down.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Content::Value(value) => value.is_null(),
            Content::Text(text) => text.is_empty(),
            Content::Set(keys) => keys.is_empty(),
            Content::Map(entries) => entries.is_empty(),
            Content::Grow(values) => values.is_empty(),
        }
    }

    /// The content as JSON: composites as objects, all else as it is stored.
    pub(crate) fn to_json(&self, field: &FieldDef) -> Value {
        match self {
            Content::Value(value) => scalar_json(value, is_composite(field)),
            Content::Text(text) => text.as_str().into(),
            Content::Set(keys) => keys.iter().cloned().collect(),
            Content::Map(entries) => {
                let object = |registers: &Registers| -> Value {
                    let pairs = registers.iter().map(|(name, value)| {
                        (name.clone(), scalar_json(value, is_composite_register(field, name)))
                    });
                    Value::Object(pairs.collect())
                };
                Value::Object(entries.iter().map(|(id, entry)| (id.clone(), object(entry))).collect())
            }
            Content::Grow(values) => Value::Object(
                values.iter().map(|(key, value)| (key.clone(), scalar_json(value, true))).collect(),
            ),
        }
    }

    /// Reads what [`Content::to_json`] wrote; null is nothing.
    pub(crate) fn from_json(field: &FieldDef, value: &Value) -> Result<Content, CellProblem> {
        if value.is_null() {
            return Ok(Content::empty(field));
        }
        Ok(match field.merge {
            MergeCode::T => Content::Text(text_of(value)?.to_owned()),
            MergeCode::S => {
                let keys = value.as_array().ok_or(CellProblem::NotAList)?;
                Content::Set(
                    keys.iter().map(|key| text_of(key).map(str::to_owned)).collect::<Result<_, _>>()?,
                )
            }
            MergeCode::M => Content::Map(entries_of(object_of(value)?)?),
            MergeCode::G => {
                let pairs = object_of(value)?.iter();
                let pairs = pairs.map(|(key, value)| Ok::<_, CellProblem>((key.clone(), scalar_of(value)?)));
                Content::Grow(pairs.collect::<Result<_, _>>()?)
            }
            MergeCode::I | MergeCode::R | MergeCode::RA | MergeCode::D => Content::Value(scalar_of(value)?),
        })
    }
}

fn entries_of(object: &Map<String, Value>) -> Result<BTreeMap<String, Registers>, CellProblem> {
    let mut entries = BTreeMap::new();
    for (id, registers) in object {
        if id.is_empty() || id.contains('/') {
            return Err(CellProblem::EntryId(id.clone()));
        }
        let registers = object_of(registers)?.iter().filter(|(_, value)| !value.is_null());
        let registers =
            registers.map(|(name, value)| Ok::<_, CellProblem>((name.clone(), scalar_of(value)?)));
        entries.insert(id.clone(), registers.collect::<Result<_, _>>()?);
    }
    Ok(entries)
}

fn object_of(value: &Value) -> Result<&Map<String, Value>, CellProblem> {
    value.as_object().ok_or(CellProblem::NotAnObject)
}

fn text_of(value: &Value) -> Result<&str, CellProblem> {
    value.as_str().ok_or_else(|| CellProblem::NotAText(value.to_string()))
}

/// A JSON value as it is stored: an object as its canonical text.
pub(crate) fn scalar_of(value: &Value) -> Result<Scalar, CellProblem> {
    Ok(match value {
        Value::Null => Scalar::Null,
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Number(number) => {
            let whole = number.as_i64();
            Scalar::Int(whole.ok_or_else(|| CellProblem::NotWhole(number.to_string()))?)
        }
        Value::String(text) => Scalar::text(text.clone()),
        Value::Array(_) => return Err(CellProblem::AList),
        Value::Object(_) => Scalar::Text(
            canonical::json(value).map_err(|error| CellProblem::NotCanonical(error.to_string()))?,
        ),
    })
}

fn scalar_json(value: &Scalar, is_composite: bool) -> Value {
    match value {
        Scalar::Text(text) if is_composite && is_canonical(text) => json(value),
        Scalar::Text(text) => text.as_str().into(),
        other => json(other),
    }
}

/// Whether a text is an object in the one form that is stored, so that reading it back gives the same text.
fn is_canonical(text: &str) -> bool {
    let value: Option<Value> = text.starts_with('{').then(|| serde_json::from_str(text).ok()).flatten();
    value.is_some_and(|value| canonical::json(&value).is_ok_and(|again| again == text))
}

/// Whether a register's texts may be composites.
pub(crate) fn is_composite(field: &FieldDef) -> bool {
    field.merge == MergeCode::RA || matches!(field.kind, FieldKind::Composite)
}

fn is_composite_register(field: &FieldDef, name: &str) -> bool {
    field.entry_field(name).is_none_or(is_composite)
}
