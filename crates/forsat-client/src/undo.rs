//! Undo of a command of this device: values that are still its own go back to what they were.

use crate::engine::Engine;
use crate::error::ClientError;
use crate::journal::{self, Before, JournalChange, JournalRecord, Write};
use crate::model::{Undone, UndoneField};
use crate::turn::Turn;
use crate::vault;
use forsat_domain::command::{Context, Deletion, delete};
use forsat_domain::composite::{Composite, Removed, heads_hex};
use forsat_domain::edit::Edit;
use forsat_domain::id::encode_id;
use forsat_domain::lifecycle::Life;
use forsat_domain::record::{RecordState, Register, Scalar, Side};
use forsat_domain::schema::record_name;
use forsat_domain::{MergeCode, RecordId};
use forsat_store::{JournalEntry, JournalState};
use forsat_sync::id::ChangeHash;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

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

/// Names of records that a command is shown with.
const NAMES_SHOWN: usize = 3;

impl Engine {
    /// Takes back this device's last command, as far as its values are still its own; works also after a sync.
    pub fn undo(&self) -> Result<Undone, ClientError> {
        self.turn(|turn| {
            let entry = last_applied(turn)?;
            take_back_command(turn, &entry, &Later::default())
        })
    }

    /// Takes back the command with a number. What a later command of this device wrote over it stays.
    pub fn undo_command(&self, number: u64) -> Result<Undone, ClientError> {
        self.turn(|turn| {
            let entries = turn.tx.journal(LOOK_BACK_MAX)?;
            let entry = entries.iter().find(|entry| entry.id.get() == number).ok_or_else(|| {
                ClientError::Input(format!("there is no command {number}; `forsat undo --list` shows them"))
            })?;
            if entry.state == JournalState::Undone {
                let message = format!("command {number} was taken back already");
                return Err(ClientError::refused("already_undone", message));
            }
            let later =
                entries.iter().filter(|later| later.id > entry.id && later.state == JournalState::Applied);
            take_back_command(turn, entry, &Later::read(later)?)
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

/// What standing commands wrote after the one that is taken back.
#[derive(Default)]
struct Later {
    places: BTreeSet<(RecordId, String)>,
}

impl Later {
    fn read<'e>(entries: impl Iterator<Item = &'e JournalEntry>) -> Result<Later, ClientError> {
        let mut places = BTreeSet::new();
        for entry in entries {
            for change in JournalRecord::decode(&entry.payload)?.changes {
                places.extend(change.writes.iter().map(|write| (change.id, place(&write.edit))));
            }
        }
        Ok(Later { places })
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
        return Err(ClientError::refused(
            "not_undoable",
            format!("\"{}\" wrote nothing that can be taken back", record.command),
        ));
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
    turn.tx.set_journal_state(entry.id, JournalState::Undone)?;
    Ok(undone)
}

fn last_applied(turn: &Turn<'_, '_, '_>) -> Result<JournalEntry, ClientError> {
    let entries = turn.tx.journal(LOOK_BACK_MAX)?;
    let standing = entries.into_iter().find(|entry| entry.state == JournalState::Applied);
    standing.ok_or(ClientError::NothingToUndo)
}

fn take_back(
    turn: &mut Turn<'_, '_, '_>,
    change: &JournalChange,
    later: &Later,
    undone: &mut Undone,
) -> Result<(), ClientError> {
    let state = turn.state(&change.module, change.id)?;
    let hash = *turn.tx.resolve_alias(&ChangeHash::from_bytes(change.hash))?.as_bytes();
    let own = Own { hash, actor: turn.actor().to_vec() };
    let short = encode_id(change.id.as_bytes());
    if change.created && (later.touched(change.id) || Life::of(&state) == Life::Trashed) {
        let now = if later.touched(change.id) { "changed by a later command" } else { "trashed" };
        undone.skipped.push(UndoneField { short, field: "lifecycle".to_owned(), now: now.to_owned() });
        return Ok(());
    }
    let edits = if change.created {
        undone.taken_back.push(UndoneField {
            short,
            field: "lifecycle".to_owned(),
            now: "trashed".to_owned(),
        });
        trash(turn, &state)?
    } else {
        let mut edits = Vec::new();
        let mut begun = BTreeSet::new();
        for write in change.writes.iter().filter(|write| !is_written_once(turn, &state, &write.edit)) {
            let field = place(&write.edit);
            if let Some((field, entry)) = begun_entry(turn, &state, &write.edit, &hash) {
                if begun.insert((field, entry)) {
                    let now = "removed".to_owned();
                    let field = format!("{field}/{entry}");
                    undone.taken_back.push(UndoneField { short: short.clone(), field, now });
                }
                continue;
            }
            match inverse(&state, write, &own) {
                Inverse::Write(_) if later.wrote(change.id, &field) => {
                    let now = "written by a later command".to_owned();
                    undone.skipped.push(UndoneField { short: short.clone(), field, now });
                }
                Inverse::Write(edit) => {
                    let now = said(&edit);
                    undone.taken_back.push(UndoneField { short: short.clone(), field, now });
                    edits.push(edit);
                }
                Inverse::Skip(now) => undone.skipped.push(UndoneField { short: short.clone(), field, now }),
                Inverse::Nothing => {}
            }
        }
        edits.extend(begun.into_iter().map(|(field, entry)| removal(&state, field, entry)));
        edits
    };
    if let Some(after) = turn.edit(change.id, &edits)? {
        turn.drop_journal();
        let mut saved = turn.finish("undo", &after, BTreeMap::new())?;
        saved.changed = true;
        undone.saved.push(saved);
    }
    Ok(())
}

/// Whether an edit wrote what never changes again, such as a stage's kind; it says nothing without the rest.
fn is_written_once(turn: &Turn<'_, '_, '_>, state: &RecordState, edit: &Edit) -> bool {
    let Edit::SetEntry { field, name, .. } = edit else { return false };
    let table = turn.engine.schema().module(&state.module);
    let register = table.and_then(|table| table.field(field)?.entry_field(name));
    register.is_some_and(|register| register.merge == MergeCode::I)
}

/// The entry that a write began and that nobody else has touched since: it is removed as a whole.
fn begun_entry<'s>(
    turn: &Turn<'_, '_, '_>,
    state: &'s RecordState,
    edit: &'s Edit,
    hash: &[u8; 32],
) -> Option<(&'s str, &'s str)> {
    let Edit::SetEntry { field, entry, .. } = edit else { return None };
    let table = turn.engine.schema().module(&state.module)?.field(field)?;
    table.entry_field("removed")?;
    // A removal that was taken back left a mark that says nothing.
    let is_mark = |(name, register): &(&String, &Register)| *name == "removed" && register.winner().is_null();
    let registers = state.entry(field, entry)?.fields.iter().filter(|named| !is_mark(named));
    let mut sides = registers.flat_map(|(_, register)| &register.sides);
    sides.all(|side| side.stamp.hash == *hash).then_some((field, entry))
}

fn removal(state: &RecordState, field: &str, entry: &str) -> Edit {
    let removed = Removed { value: true, seen_heads: heads_hex(&state.heads) };
    Edit::set_entry(field, entry, "removed", removed.to_scalar())
}

fn trash(turn: &Turn<'_, '_, '_>, state: &RecordState) -> Result<Vec<Edit>, ClientError> {
    let world = turn.world()?;
    let ambient = turn.engine.ambient();
    let mut new_uuid = || ambient.uuid();
    let context = Context {
        now_ms: turn.now_ms,
        today: turn.today,
        user: turn.user,
        new_uuid: &mut new_uuid,
        world: &world,
        schema: turn.engine.schema(),
    };
    match delete(&context, state, true)? {
        Deletion::Edits(edits) => Ok(edits),
        Deletion::Ask(_) => Ok(Vec::new()),
    }
}

/// What a command's own values are known by.
struct Own {
    hash: [u8; 32],
    actor: Vec<u8>,
}

impl Own {
    /// Whether a side is what the command wrote, or what the undo of a later command put back in its place.
    ///
    /// Later commands of this device are undone first, so its own write of the same value can be nothing else.
    fn is(&self, side: &Side, written: &Scalar) -> bool {
        side.stamp.hash == self.hash || (side.value == *written && side.stamp.actor == self.actor)
    }
}

enum Inverse {
    Write(Edit),
    /// Someone has written the place since; what it says now.
    Skip(String),
    /// There is nothing to take back.
    Nothing,
}

/// What takes a write back, if its value still stands alone and is still the command's own.
fn inverse(state: &RecordState, write: &Write, own: &Own) -> Inverse {
    match (&write.edit, &write.before) {
        (Edit::Set { .. } | Edit::SetEntry { .. }, Before::Value(before)) => {
            inverse_value(journal::register(state, &write.edit), write, before, own)
        }
        (Edit::SetText { field, value }, Before::Text(before)) => match state.text(field) {
            now if now == value && value != before => {
                Inverse::Write(Edit::SetText { field: field.clone(), value: before.clone() })
            }
            _ if value == before => Inverse::Nothing,
            now => Inverse::Skip(now.to_owned()),
        },
        (Edit::Add { field, key }, Before::Present(false)) => {
            Inverse::Write(Edit::Remove { field: field.clone(), key: key.clone() })
        }
        (Edit::Remove { field, key }, Before::Present(true)) => {
            Inverse::Write(Edit::Add { field: field.clone(), key: key.clone() })
        }
        // What only grows stays: a stage history tells also of moves that were taken back.
        _ => Inverse::Nothing,
    }
}

fn inverse_value(register: Option<&Register>, write: &Write, before: &Scalar, own: &Own) -> Inverse {
    let (Edit::Set { value, .. } | Edit::SetEntry { value, .. }) = &write.edit else {
        return Inverse::Nothing;
    };
    if value == before {
        return Inverse::Nothing;
    }
    let is_own = register.is_some_and(|register| match register.sides.as_slice() {
        [only] => own.is(only, value),
        _ => false,
    });
    if !is_own {
        let now = register.map_or(Scalar::Null, |register| register.winner().clone());
        return Inverse::Skip(shown(&now));
    }
    let mut edit = write.edit.clone();
    if let Edit::Set { value, .. } | Edit::SetEntry { value, .. } = &mut edit {
        *value = before.clone();
    }
    Inverse::Write(edit)
}

fn place(edit: &Edit) -> String {
    match edit {
        Edit::Set { field, .. } | Edit::SetText { field, .. } => field.clone(),
        Edit::Add { field, key } | Edit::Remove { field, key } | Edit::Insert { field, key, .. } => {
            format!("{field}/{key}")
        }
        Edit::SetEntry { field, entry, name, .. } => format!("{field}/{entry}/{name}"),
    }
}

fn said(edit: &Edit) -> String {
    match edit {
        Edit::Set { value, .. } | Edit::SetEntry { value, .. } | Edit::Insert { value, .. } => shown(value),
        Edit::SetText { value, .. } => value.clone(),
        Edit::Add { key, .. } => key.clone(),
        Edit::Remove { .. } => String::new(),
    }
}

fn shown(value: &Scalar) -> String {
    match value {
        Scalar::Null => String::new(),
        Scalar::Bool(value) => value.to_string(),
        Scalar::Int(number) => number.to_string(),
        Scalar::Text(text) => text.clone(),
    }
}
