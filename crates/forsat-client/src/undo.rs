//! Undo of a command of this device: values that are still its own go back to what they were.

use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError, ClientRefusal};
use crate::journal::JournalRecord;
use crate::model::{JournalNumber, Saved};
use crate::turn::Turn;
use crate::vault;
use forsat_domain::RecordId;
use forsat_domain::record::Scalar;
use forsat_domain::schema::record_name;
use forsat_store::{JournalEntry, JournalState};
use forsat_sync::id::ChangeHash;
use inverse::place;
use serde::Serialize;
use std::collections::BTreeSet;
use take_back::take_back;

mod inverse;
mod passed;
mod take_back;

/// How many journal entries are looked through for one that stands.
const LOOK_BACK_MAX: usize = 1_000;

/// A command of this device, as undo knows it.
#[derive(Clone, Debug, Serialize)]
pub struct CommandView {
    /// Its number, for [`Engine::undo_command`].
    pub number: u64,
    /// What was asked.
    pub command: String,
    /// When, by this device's clock, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// How many records it wrote.
    pub records: usize,
    /// The names of the first of them.
    pub names: Vec<String>,
    /// Whether it was taken back.
    pub undone: bool,
    /// Whether it can be taken back.
    pub undoable: bool,
}

/// A value that undo took back.
#[derive(Clone, Debug, Serialize)]
pub struct UndoneField {
    /// The record's short id.
    pub short: String,
    /// The field, or `field/entry/name` inside one.
    pub field: String,
    /// What the field says now.
    pub now: String,
}

/// Why undo left something alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftReason {
    /// Someone has written the value since.
    WrittenSince,
    /// A later command of this device, which stands, has written there.
    LaterCommand,
    /// The command ended a conflict there. A conflict can't be put back, and taking one side would be a decision of nobody.
    ConflictEnded,
    /// Others have edited the record since it was made.
    EditedSince,
    /// Open deals hang on the record.
    HasDeals,
    /// The record is in the trash already.
    Trashed,
    /// The record has moved to a space that isn't shown here. The command isn't taken back: it can be once the record is
    /// here again.
    Gone,
    /// The relay refused the record, so there is none any more.
    Refused,
}

/// A value, or a whole record, that undo left alone.
#[derive(Clone, Debug, Serialize)]
pub struct LeftAlone {
    /// The record's short id.
    pub short: String,
    /// How many of its letters name it alone.
    pub prefix: usize,
    /// The module's name.
    pub module: String,
    /// The record's name; empty where there is no record any more.
    pub name: String,
    /// The field, or `field/entry/name` inside one; `lifecycle` for a whole record that the command made.
    pub field: String,
    /// Why.
    pub why: LeftReason,
    /// What the field says now.
    pub now: Scalar,
    /// What the conflict stood between, the side that was read first.
    pub sides: Vec<Scalar>,
    /// The command that does what undo left undone, with words to choose from.
    pub command: Option<String>,
}

/// What undo did.
#[derive(Clone, Debug, Serialize)]
pub struct Undone {
    /// The command that was taken back, as it was recorded.
    pub command: String,
    /// Its number.
    pub journal: JournalNumber,
    /// What was written, for each record.
    pub saved: Vec<Saved>,
    /// Values taken back.
    pub taken_back: Vec<UndoneField>,
    /// Values and records left alone, with the reason.
    pub skipped: Vec<LeftAlone>,
}

/// Names of records that a command is shown with.
const NAMES_SHOWN: usize = 3;

impl Engine {
    /// Takes back this device's last command, as far as its values are still its own; works also after a sync. One whose
    /// records have left this device is told once and passed over from then on; it still stands.
    pub fn undo(&self) -> Result<Undone, ClientError> {
        self.turn(|turn| {
            let entries = turn.tx.journal(LOOK_BACK_MAX)?;
            let passed = passed::numbers(&*turn.tx)?;
            let is_next = |entry: &&JournalEntry| {
                entry.state == JournalState::Applied && !passed.contains(&entry.id.get())
            };
            let entry = entries.iter().find(is_next);
            let entry = entry.ok_or(ClientError::NothingToUndo)?;
            take_back_command(turn, entry, &Later::than(turn, entry, &entries)?)
        })
    }

    /// Takes back the command with a number. What a later command of this device wrote over it stays.
    pub fn undo_command(&self, number: u64) -> Result<Undone, ClientError> {
        self.turn(|turn| {
            let entries = turn.tx.journal(LOOK_BACK_MAX)?;
            let entry = entries
                .iter()
                .find(|entry| entry.id.get() == number)
                .ok_or(ArgumentError::NoCommand(number))?;
            if entry.state == JournalState::Undone {
                return Err(ClientRefusal::AlreadyUndone(number).into());
            }
            take_back_command(turn, entry, &Later::than(turn, entry, &entries)?)
        })
    }

    /// The last commands of this device, newest first.
    pub fn commands(&self, limit: usize) -> Result<Vec<CommandView>, ClientError> {
        let tx = self.read()?;
        let mut views = Vec::new();
        for entry in tx.journal(limit)? {
            let record = JournalRecord::decode(&entry.payload)?;
            let records: BTreeSet<RecordId> = record.changes.iter().map(|change| change.id).collect();
            let mut names = Vec::new();
            for change in &record.changes {
                let name = vault::state(&tx, &change.module, change.id)?.map(|state| record_name(&state));
                names.extend(name.filter(|name| !name.is_empty() && !names.contains(name)));
                if names.len() >= NAMES_SHOWN {
                    break;
                }
            }
            views.push(CommandView {
                number: entry.id.get(),
                command: record.command,
                at_ms: entry.at_ms,
                records: records.len(),
                names,
                undone: entry.state == JournalState::Undone,
                undoable: entry.state == JournalState::Applied && !record.changes.is_empty(),
            });
        }
        Ok(views)
    }
}

/// What commands wrote after the one that is taken back.
struct Later {
    /// Where those that stand wrote.
    places: BTreeSet<(RecordId, String)>,
    /// The changes of all of them. Of one that undo has passed over, the values stand.
    changes: BTreeSet<ChangeHash>,
}

impl Later {
    fn than(
        turn: &Turn<'_, '_, '_>,
        entry: &JournalEntry,
        entries: &[JournalEntry],
    ) -> Result<Later, ClientError> {
        let mut later = Later { places: BTreeSet::new(), changes: BTreeSet::new() };
        for entry in entries.iter().filter(|later| later.id > entry.id) {
            for change in JournalRecord::decode(&entry.payload)?.changes {
                later.changes.insert(turn.tx.resolve_alias(&ChangeHash::from_bytes(change.hash))?);
                if entry.state == JournalState::Applied {
                    later.places.extend(change.writes.iter().map(|write| (change.id, place(&write.edit))));
                }
            }
        }
        Ok(later)
    }

    fn wrote(&self, record: RecordId, place: &str) -> bool {
        self.places.contains(&(record, place.to_owned()))
    }

    fn touched(&self, record: RecordId) -> bool {
        self.places.range((record, String::new())..).next().is_some_and(|(id, _)| *id == record)
    }
}

fn take_back_command(
    turn: &mut Turn<'_, '_, '_>,
    entry: &JournalEntry,
    later: &Later,
) -> Result<Undone, ClientError> {
    let record = JournalRecord::decode(&entry.payload)?;
    if record.changes.is_empty() {
        return Err(ClientRefusal::NotUndoable(record.command).into());
    }
    let mut undone = Undone {
        command: record.command.clone(),
        journal: entry.id.get(),
        saved: Vec::new(),
        taken_back: Vec::new(),
        skipped: Vec::new(),
    };
    for change in record.changes.iter().rev() {
        take_back(turn, change, later, &mut undone)?;
    }
    turn.drop_journal();
    if undone.skipped.iter().any(|left| left.why == LeftReason::Gone) {
        passed::add(turn.tx, entry.id)?;
    } else {
        turn.tx.set_journal_state(entry.id, JournalState::Undone)?;
    }
    Ok(undone)
}
