//! The journal of this device's commands, newest last: what undo goes by.

use std::ops::ControlFlow;

use crate::access::{ALL, Access, Direction, Tx, WriteTx};
use crate::codec::{In, Malformed, Out, Table};
use crate::error::StoreError;

/// number → state, time, payload.
pub(crate) const JOURNAL: Table = Table::new("journal");
const NEXT: &[u8] = b"journal_next";

/// How many commands are kept; the oldest go first.
pub const JOURNAL_ENTRIES_MAX: u64 = 1_000;

/// The number of a command; from 1, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JournalId(u64);

impl JournalId {
    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalState {
    /// It stands.
    Applied,
    /// It was undone by a later command.
    Undone,
}

/// A command of this device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its number.
    pub id: JournalId,
    /// What became of it.
    pub state: JournalState,
    /// When it was given, in milliseconds since 1970 by this device's clock.
    pub at_ms: i64,
    /// What the client wrote down of it.
    pub payload: Vec<u8>,
}

fn encode(state: JournalState, at_ms: i64, payload: &[u8]) -> Vec<u8> {
    Out::new().u8(u8::from(state == JournalState::Undone)).i64(at_ms).raw(payload).done()
}

pub(crate) fn decode(key: &[u8], input: &mut In<'_>) -> Result<JournalEntry, Malformed> {
    let state = if input.bool()? { JournalState::Undone } else { JournalState::Applied };
    let id = JournalId(In::new(key).u64()?);
    Ok(JournalEntry { id, state, at_ms: input.i64()?, payload: input.rest().to_vec() })
}

impl<A: Access> Tx<A> {
    /// One command.
    pub fn journal_entry(&self, id: JournalId) -> Result<Option<JournalEntry>, StoreError> {
        let key = id.0.to_be_bytes();
        self.get_as(JOURNAL, &key, |input| decode(&key, input))
    }

    /// The newest commands first, at most `limit`.
    pub fn journal(&self, limit: usize) -> Result<Vec<JournalEntry>, StoreError> {
        let mut entries = Vec::new();
        if limit == 0 {
            return Ok(entries);
        }
        self.scan_as(JOURNAL, ALL, Direction::Down, decode, &mut |entry| {
            entries.push(entry);
            if entries.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(entries)
    }
}

impl WriteTx<'_> {
    /// Writes a command down, in the transaction of its changes, and answers its number.
    pub fn append_journal(&mut self, at_ms: i64, payload: &[u8]) -> Result<JournalId, StoreError> {
        let id = JournalId(self.take_number(NEXT)?);
        self.put(JOURNAL, &id.0.to_be_bytes(), &encode(JournalState::Applied, at_ms, payload))?;
        if let Some(old) = id.0.checked_sub(JOURNAL_ENTRIES_MAX) {
            self.remove(JOURNAL, &old.to_be_bytes())?;
        }
        Ok(id)
    }

    /// Says what became of a command.
    pub fn set_journal_state(&mut self, id: JournalId, state: JournalState) -> Result<(), StoreError> {
        let entry =
            self.journal_entry(id)?.ok_or(StoreError::NoSuchEntry { what: "command", number: id.0 })?;
        self.put(JOURNAL, &id.0.to_be_bytes(), &encode(state, entry.at_ms, &entry.payload))
    }
}
