//! What a command wants written; the document layer writes it with as little as possible.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::record::{FieldState, RecordState, Register, Scalar, Side, Stamp};

/// One write to one place of a document. Writing the value that stands alone there already is no write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Edit {
    /// Sets a register (codes I, R, RA); ends a conflict of its sides.
    Set {
        /// The field's name.
        field: String,
        /// The whole new value; `Null` clears it.
        value: Scalar,
    },
    /// Replaces a text (code T); written as the smallest splice.
    SetText {
        /// The field's name.
        field: String,
        /// The whole new text.
        value: String,
    },
    /// Adds a key to a set (code S).
    Add {
        /// The field's name.
        field: String,
        /// The key.
        key: String,
    },
    /// Takes a key out of a set (code S); a concurrent addition wins.
    Remove {
        /// The field's name.
        field: String,
        /// The key.
        key: String,
    },
    /// Sets a register of a keyed map's entry (code M), stored under the flat key `<entry>/<name>`.
    SetEntry {
        /// The field's name.
        field: String,
        /// The entry's id; never contains `/`.
        entry: String,
        /// The register's name inside the entry.
        name: String,
        /// The whole new value; `Null` clears it.
        value: Scalar,
    },
    /// Adds a value to a grow-only map (code G); a key that exists is left as it is.
    Insert {
        /// The field's name.
        field: String,
        /// The key.
        key: String,
        /// The value.
        value: Scalar,
    },
}

impl Edit {
    /// Sets a register.
    pub fn set(field: impl Into<String>, value: impl Into<Scalar>) -> Self {
        Self::Set { field: field.into(), value: value.into() }
    }

    /// Clears a register.
    pub fn clear(field: impl Into<String>) -> Self {
        Self::Set { field: field.into(), value: Scalar::Null }
    }

    /// Sets a register of an entry.
    pub fn set_entry(
        field: impl Into<String>,
        entry: impl Into<String>,
        name: impl Into<String>,
        value: impl Into<Scalar>,
    ) -> Self {
        Self::SetEntry { field: field.into(), entry: entry.into(), name: name.into(), value: value.into() }
    }

    /// The place that is written: `field`, `field/key`, or `field/entry/name`.
    pub fn path(&self) -> String {
        match self {
            Self::Set { field, .. } | Self::SetText { field, .. } => field.clone(),
            Self::Add { field, key } | Self::Remove { field, key } | Self::Insert { field, key, .. } => {
                format!("{field}/{key}")
            }
            Self::SetEntry { field, entry, name, .. } => format!("{field}/{entry}/{name}"),
        }
    }

    /// The name of the field that is written.
    pub fn field(&self) -> &str {
        match self {
            Self::Set { field, .. }
            | Self::SetText { field, .. }
            | Self::Add { field, .. }
            | Self::Remove { field, .. }
            | Self::SetEntry { field, .. }
            | Self::Insert { field, .. } => field,
        }
    }
}

/// Gives the record as it would read after edits: each written register holds the new value alone.
///
/// For rules that must see what a command is about to write, such as the amount that closing books. The stamp of a
/// written value is empty, because no change exists yet.
pub fn preview(state: &RecordState, edits: &[Edit]) -> RecordState {
    let mut state = state.clone();
    for edit in edits {
        apply(&mut state, edit);
    }
    state
}

/// Applies one edit to a preview.
pub(crate) fn apply(state: &mut RecordState, edit: &Edit) {
    match edit {
        Edit::Set { field, value } => {
            if field == "lifecycle" {
                state.late_lifecycle.clear();
            }
            if field == "merged_into" {
                state.late_merge.clear();
                state.late_paths.clear();
            }
            state.fields.insert(field.clone(), FieldState::Register(alone(value)));
        }
        Edit::SetText { field, value } => {
            state.fields.insert(field.clone(), FieldState::Text(value.clone()));
        }
        Edit::Add { field, key } => {
            with_set(state, field, |keys| keys.insert(key.clone()));
        }
        Edit::Remove { field, key } => {
            with_set(state, field, |keys| keys.remove(key));
        }
        Edit::SetEntry { field, entry, name, value } => apply_entry(state, field, entry, name, value),
        Edit::Insert { field, key, value } => {
            let place =
                state.fields.entry(field.clone()).or_insert_with(|| FieldState::Grow(BTreeMap::new()));
            if let FieldState::Grow(values) = place {
                values.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}

fn apply_entry(state: &mut RecordState, field: &str, entry: &str, name: &str, value: &Scalar) {
    let place = state.fields.entry(field.to_owned()).or_insert_with(|| FieldState::Map(BTreeMap::new()));
    if let FieldState::Map(entries) = place {
        let entry = entries.entry(entry.to_owned()).or_default();
        if name == "removed" {
            entry.late.clear();
        }
        entry.fields.insert(name.to_owned(), alone(value));
    }
}

fn with_set(state: &mut RecordState, field: &str, change: impl FnOnce(&mut BTreeSet<String>) -> bool) {
    let place = state.fields.entry(field.to_owned()).or_insert_with(|| FieldState::Set(BTreeSet::new()));
    if let FieldState::Set(keys) = place {
        change(keys);
    }
}

/// A register that holds one value which no change has written yet.
fn alone(value: &Scalar) -> Register {
    let stamp = Stamp { hash: [0; 32], actor: Vec::new(), author: None, time_ms: 0, counter: 0 };
    Register { sides: vec![Side { value: value.clone(), stamp }] }
}
