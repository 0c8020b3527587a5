//! What the journal keeps of a command: the changes that it made, and what stood there before.

use crate::error::{ClientError, Damage};
use forsat_domain::RecordId;
use forsat_domain::edit::Edit;
use forsat_domain::record::{FieldState, RecordState, Register, Scalar};
use serde::{Deserialize, Serialize};

/// A command as the journal keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct JournalRecord {
    /// What was asked, for people.
    pub command: String,
    /// The changes; none for a command that can't be taken back.
    pub changes: Vec<JournalChange>,
}

/// One change that a command made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct JournalChange {
    pub id: RecordId,
    pub module: String,
    pub hash: [u8; 32],
    /// Whether it began the record.
    pub created: bool,
    pub writes: Vec<Write>,
}

/// One write of a change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Write {
    pub edit: Edit,
    pub before: Before,
}

/// What stood at the place of an edit before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Before {
    /// A register's winning value.
    Value(Scalar),
    /// A whole text.
    Text(String),
    /// Whether a key was in its set or map.
    Present(bool),
    /// The sides of a register in conflict, the one that was read first.
    Conflict(Vec<Scalar>),
}

impl Before {
    /// Reads what stands at the place of an edit.
    pub(crate) fn of(state: &RecordState, edit: &Edit) -> Before {
        match edit {
            Edit::SetText { field, .. } => Before::Text(state.text(field).to_owned()),
            Edit::Add { field, key } | Edit::Remove { field, key } => {
                Before::Present(state.set(field).any(|present| present == key))
            }
            Edit::Insert { field, key, .. } => {
                Before::Present(state.grown(field).any(|(present, _)| present == key))
            }
            Edit::Set { .. } | Edit::SetEntry { .. } => match register(state, edit) {
                Some(register) if register.is_conflicted() => {
                    Before::Conflict(register.sides.iter().map(|side| side.value.clone()).collect())
                }
                Some(register) => Before::Value(register.winner().clone()),
                None => Before::Value(Scalar::Null),
            },
        }
    }
}

/// The register that an edit writes, where it writes one.
pub(crate) fn register<'s>(state: &'s RecordState, edit: &Edit) -> Option<&'s Register> {
    match edit {
        Edit::Set { field, .. } => match state.fields.get(field) {
            Some(FieldState::Register(register)) => Some(register),
            _ => None,
        },
        Edit::SetEntry { field, entry, name, .. } => state.entry(field, entry)?.fields.get(name),
        _ => None,
    }
}

impl JournalRecord {
    pub(crate) fn encode(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("a journal entry is plain data, which always serialises")
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<JournalRecord, ClientError> {
        postcard::from_bytes(bytes).map_err(|_| ClientError::Damaged(Damage::Journal))
    }
}
