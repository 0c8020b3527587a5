//! What a document says, read tolerantly: registers with every distinct side, texts, sets and maps.
//!
//! This is plain data between the document layer, which fills it, and the rules, which read it. Nothing here decides
//! what a value means: a field that a newer version wrote, or a module that this version does not know, is kept as read.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::id::{RecordId, UserId};

/// One stored value. Decimals, dates and atomic composites are canonical text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Scalar {
    /// No value: never written, or cleared.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number: counts, percentages, basis points, UTC milliseconds.
    Int(i64),
    /// A text, a canonical decimal, a civil date, an id, or the canonical JSON of an atomic composite.
    Text(String),
}

impl Scalar {
    /// A text value.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Tells whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Tells whether there is nothing to show: no value, or an empty text.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Text(text) => text.trim().is_empty(),
            Self::Bool(_) | Self::Int(_) => false,
        }
    }

    /// The text, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The whole number, if this is one.
    pub fn as_int(&self) -> Option<i64> {
        if let Self::Int(number) = self { Some(*number) } else { None }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Scalar {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Scalar {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Scalar {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// The change that wrote a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// SHA-256 of the change.
    pub hash: [u8; 32],
    /// The device's writing identity.
    pub actor: Vec<u8>,
    /// Who wrote it, where the change or its actor says so.
    pub author: Option<UserId>,
    /// The device's clock in UTC milliseconds: a label, never a reason.
    pub time_ms: i64,
    /// Automerge's operation counter.
    pub counter: u64,
}

/// One of the distinct values that a register holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The value.
    pub value: Scalar,
    /// The change that wrote it; where several wrote the same value, the winner among them.
    pub stamp: Stamp,
}

/// A register: its distinct current values.
///
/// `sides[0]` is Automerge's winner; the rest follow in the order of (value, stamp), so every replica sees the same
/// list. A field with code I keeps only its earliest value.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Register {
    /// The distinct values, the winner first.
    pub sides: Vec<Side>,
}

impl Register {
    /// The winning value; `Null` when nothing was ever written.
    pub fn winner(&self) -> &Scalar {
        self.sides.first().map_or(&Scalar::Null, |side| &side.value)
    }

    /// Tells whether concurrent writers left more than one distinct value.
    pub fn is_conflicted(&self) -> bool {
        self.sides.len() > 1
    }
}

/// One entry of a keyed map: a line, a phone number, a stage of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Entry {
    /// The entry's registers by name; a name may contain `/` (`check/<item id>/label_fa`).
    pub fields: BTreeMap<String, Register>,
    /// Current edits of this entry outside the history that its removal saw; filled only when it is removed.
    pub late: Vec<Stamp>,
}

impl Entry {
    /// The winning value of one of the entry's registers.
    pub fn winner(&self, name: &str) -> &Scalar {
        self.fields.get(name).map_or(&Scalar::Null, Register::winner)
    }
}

/// What one field of a record holds, by its merge code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FieldState {
    /// Codes I, R and RA.
    Register(Register),
    /// Code T.
    Text(String),
    /// Code S.
    Set(BTreeSet<String>),
    /// Code M, by entry id: the part of the flat key before its first `/`.
    Map(BTreeMap<String, Entry>),
    /// Code G.
    Grow(BTreeMap<String, Scalar>),
}

/// A record as its document says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordState {
    /// The record's id, which is also its document's.
    pub id: RecordId,
    /// The module's name, such as `opportunity`.
    pub module: String,
    /// Every field found, known to the schema or not.
    pub fields: BTreeMap<String, FieldState>,
    /// The hashes of the document's current heads, sorted.
    pub heads: Vec<[u8; 32]>,
    /// The last change in causal order, then by (counter, actor): the same on every replica.
    pub modified: Option<Stamp>,
    /// Changes by other actors than the deleter's outside the history that a deletion saw; empty unless a side of
    /// `lifecycle` is trashed.
    pub late_lifecycle: Vec<Stamp>,
    /// Changes outside the history that the merge into another record saw; empty unless a side of `merged_into` names
    /// one.
    pub late_merge: Vec<Stamp>,
    /// The places that those changes wrote: `field`, `field/key`, or `field/entry/name`.
    pub late_paths: BTreeSet<String>,
    /// Chunks left out of the view because they could not be read.
    pub unreadable: u32,
}

impl RecordState {
    /// An empty record.
    pub fn new(id: RecordId, module: impl Into<String>) -> Self {
        Self {
            id,
            module: module.into(),
            fields: BTreeMap::new(),
            heads: Vec::new(),
            modified: None,
            late_lifecycle: Vec::new(),
            late_merge: Vec::new(),
            late_paths: BTreeSet::new(),
            unreadable: 0,
        }
    }

    /// The register of a field with code I, R or RA.
    pub fn register(&self, field: &str) -> Option<&Register> {
        match self.fields.get(field) {
            Some(FieldState::Register(register)) => Some(register),
            _ => None,
        }
    }

    /// The sides of a register; none when it was never written.
    pub fn sides(&self, field: &str) -> &[Side] {
        self.register(field).map_or(&[], |register| &register.sides)
    }

    /// The winning value of a register; `Null` when it was never written.
    pub fn winner(&self, field: &str) -> &Scalar {
        self.register(field).map_or(&Scalar::Null, Register::winner)
    }

    /// The text of a field with code T; empty when there is none.
    pub fn text(&self, field: &str) -> &str {
        match self.fields.get(field) {
            Some(FieldState::Text(text)) => text,
            _ => "",
        }
    }

    /// The keys of a field with code S.
    pub fn set(&self, field: &str) -> impl Iterator<Item = &str> {
        match self.fields.get(field) {
            Some(FieldState::Set(keys)) => Some(keys),
            _ => None,
        }
        .into_iter()
        .flatten()
        .map(String::as_str)
    }

    /// The entries of a field with code M, removed ones included, by entry id.
    pub fn entries(&self, field: &str) -> impl Iterator<Item = (&str, &Entry)> {
        match self.fields.get(field) {
            Some(FieldState::Map(entries)) => Some(entries),
            _ => None,
        }
        .into_iter()
        .flatten()
        .map(|(id, entry)| (id.as_str(), entry))
    }

    /// One entry of a field with code M.
    pub fn entry(&self, field: &str, entry: &str) -> Option<&Entry> {
        match self.fields.get(field) {
            Some(FieldState::Map(entries)) => entries.get(entry),
            _ => None,
        }
    }

    /// The values of a field with code G by key.
    pub fn grown(&self, field: &str) -> impl Iterator<Item = (&str, &Scalar)> {
        match self.fields.get(field) {
            Some(FieldState::Grow(values)) => Some(values),
            _ => None,
        }
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
    }
}
