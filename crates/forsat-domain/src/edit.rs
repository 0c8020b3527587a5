//! What a command wants written; the document layer writes it with as little as possible.

use serde::{Deserialize, Serialize};

use crate::record::Scalar;

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
