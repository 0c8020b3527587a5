//! Making changes of quarantine again, as one command of this device.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use forsat_document::{EditError, FieldChange, Genesis, Original, merged_text};
use forsat_domain::canonical;
use forsat_domain::command::deal_again;
use forsat_domain::composite::heads_hex;
use forsat_domain::edit::Edit;
use forsat_domain::record::{RecordState, Scalar};
use forsat_domain::schema::{MergeCode, ModuleDef, OPPORTUNITY};
use forsat_domain::{RecordId, UserId};
use serde::Serialize;
use uuid::Uuid;

use super::read::{self, Group, Reading, as_view};
use super::{Entry, closing};
use crate::changelog;
use crate::engine::Engine;
use crate::erased;
use crate::error::{ClientError, ClientRefusal};
use crate::ids::record_id;
use crate::model::{JournalNumber, Saved};
use crate::refused::edit_of;
use crate::turn::{self, Turn};
use crate::vault;

/// The key of a composite that says which changes its writer saw.
const SEEN_HEADS: &str = "seen_heads";
/// Fields of which nothing that a change says is taken, nor shown: id and module are the document's, and who created a record is
/// the user whose device the relay knows.
const ORIGIN: [&str; 3] = ["id", "module", "created_by"];
/// The field of a deal's moves.
const HISTORY: &str = "stage_history";

/// Whether a change of a field is shown to the manager. What isn't, isn't written either: the history of a move is made by the
/// move, which the stage tells.
pub(super) fn is_shown(all: &[FieldChange], change: &FieldChange) -> bool {
    let is_told_by_stage =
        || change.path.starts_with(HISTORY) && all.iter().any(|other| other.path == "stage");
    is_taken(change) && (!is_told_by_stage() || changelog::is_told(change))
}

/// Whether something of a change of a field is taken. Clearing what its writer saw empty was no decision of theirs.
fn is_taken(change: &FieldChange) -> bool {
    let is_nothing = change.before.is_null() && change.after.is_null();
    !ORIGIN.contains(&change.path.as_str()) && !is_nothing
}

/// What became of changes that were to be applied.
#[derive(Clone, Debug, Default, Serialize)]
pub struct QuarantineApplied {
    /// Those that are made again now.
    pub applied: Vec<u64>,
    /// Those that are in the record already.
    pub already: Vec<u64>,
    /// Those that can't be applied; they stay at the relay.
    pub refused: Vec<QuarantineRefusal>,
    /// The records that were written.
    pub saved: Vec<Saved>,
    /// The command's number in the journal, for undo; none when nothing was written.
    pub journal: Option<JournalNumber>,
    /// How many changes wait to be sent, of all records.
    pub unsent: u64,
    /// Those of both that stay at the relay for now, since it doesn't have what makes them again yet.
    pub waiting: Vec<u64>,
    /// Whether the relay has heard that all of both are done.
    pub closed: bool,
    /// Why not.
    pub unclosed: Option<String>,
    /// The same as data.
    #[serde(skip)]
    pub unclosed_error: Option<Arc<ClientError>>,
    /// Whether there are more at the relay behind those that were looked at.
    pub more: bool,
}

/// A change that can't be applied.
#[derive(Clone, Debug, Serialize)]
pub struct QuarantineRefusal {
    /// Its number.
    pub number: u64,
    /// A stable code in snake case.
    pub code: String,
    /// Why, and what to do.
    pub message: String,
    /// The same as data.
    #[serde(skip)]
    pub error: Arc<ClientError>,
}

impl QuarantineApplied {
    /// Notes that the relay couldn't be told of changes that are done.
    pub(super) fn unclosed(&mut self, done: &BTreeSet<u64>, error: ClientError) {
        self.waiting = done.iter().copied().collect();
        self.unclosed = Some(error.to_string());
        self.unclosed_error = Some(Arc::new(error));
    }

    /// Notes a change that a rule refuses; any other failure ends the command.
    fn refuse(&mut self, number: u64, error: ClientError) -> Result<(), ClientError> {
        let code = match &error {
            ClientError::Refused(refusal) => refusal.code().to_owned(),
            ClientError::Rule(refusal) => refusal.code().to_owned(),
            ClientError::Edit(_) => "edit".to_owned(),
            _ => return Err(error),
        };
        let message = error.to_string();
        self.refused.push(QuarantineRefusal { number, code, message, error: Arc::new(error) });
        Ok(())
    }
}

/// What became of one change.
enum Outcome {
    /// It is made again; nothing was written where everything said so already.
    Done(Option<Box<RecordState>>),
    /// The record has it.
    Already,
}

/// Makes the chosen changes again in one transaction, which is one command for undo.
pub(super) fn apply(
    engine: &Engine,
    groups: &[Vec<&Entry>],
    chosen: &BTreeSet<u64>,
) -> Result<QuarantineApplied, ClientError> {
    engine.turn(|turn| {
        let mut answer = QuarantineApplied::default();
        let mut states = Vec::new();
        for entries in groups {
            if !entries.iter().any(|entry| chosen.contains(&entry.number)) {
                continue;
            }
            // Those of the record that weren't chosen are read along: what was chosen may build on them.
            let group = read::group(&*turn.tx, entries)?;
            let mut state = None;
            for (entry, reading) in entries.iter().zip(&group.readings) {
                if !chosen.contains(&entry.number) {
                    continue;
                }
                match apply_one(turn, entry, &group, reading) {
                    Ok(Outcome::Done(written)) => {
                        answer.applied.push(entry.number);
                        state = written.or(state);
                    }
                    Ok(Outcome::Already) => answer.already.push(entry.number),
                    Err(error) => answer.refuse(entry.number, error)?,
                }
            }
            states.extend(state);
        }
        turn.make_again(None);
        if !states.is_empty() {
            let numbers: Vec<String> = answer.applied.iter().map(u64::to_string).collect();
            let command = format!("quarantine apply {}", numbers.join(" "));
            answer.journal = Some(turn.write_journal(&command)?);
        }
        for state in &states {
            answer.saved.push(turn.saved(state, answer.journal, BTreeMap::new())?);
        }
        answer.unsent = turn::unsent(&*turn.tx)?;
        Ok(answer)
    })
}

fn apply_one(
    turn: &mut Turn<'_, '_, '_>,
    entry: &Entry,
    group: &Group,
    reading: &Reading,
) -> Result<Outcome, ClientError> {
    let (id, hash) = (record_id(&entry.document), *entry.hash.as_bytes());
    if erased::is_erased(&*turn.tx, &entry.document)? {
        return Err(ClientRefusal::Erased.into());
    }
    let here = vault::load(&*turn.tx, id)?.filter(|loaded| !loaded.document.heads().is_empty());
    let has_it = here.as_ref().is_some_and(|loaded| {
        loaded.document.contains(&hash) || !loaded.document.made_again(&hash).is_empty()
    });
    if has_it || Genesis::by_hash(&hash).is_some() || closing::is_said(&*turn.tx, entry)? {
        return Ok(Outcome::Already);
    }
    if !reading.is_whole {
        return Err(ClientRefusal::NotWhole.into());
    }
    let table = read::table_of(turn.engine.schema(), group).ok_or(ClientRefusal::RecordElsewhere)?;
    let state = here.as_ref().map(|loaded| loaded.document.read(turn.engine.schema()));
    let edits = edits_of(table, state.as_ref(), entry, reading)?;
    let edits = own_edits(turn, table, id, state.as_ref(), edits)?;
    turn.make_again(Some(Original { user: UserId::from_bytes(entry.user), change: hash }));
    if let Some(loaded) = &here {
        let written = turn.edit(id, &edits)?;
        if written.is_none() {
            closing::note_said(turn.tx, entry, &loaded.document)?;
        }
        return Ok(Outcome::Done(written.map(Box::new)));
    }
    let [space] = entry.spaces.as_slice() else { return Err(ClientRefusal::RecordElsewhere.into()) };
    if !reading.begins || turn.tx.space(space)?.is_none() {
        return Err(ClientRefusal::RecordElsewhere.into());
    }
    Ok(Outcome::Done(Some(Box::new(turn.create_in(*space, id, &table.name, &edits)?))))
}

/// The edits that write what a change wrote, on a record as it is now; on none the change begins it.
///
/// A field that this version doesn't know refuses the change: a part of it would be lost unsaid.
pub(super) fn edits_of(
    table: &ModuleDef,
    state: Option<&RecordState>,
    entry: &Entry,
    reading: &Reading,
) -> Result<Vec<Edit>, ClientError> {
    let mut edits = Vec::new();
    for change in reading.changes.iter().filter(|change| is_taken(change)) {
        let edit = edit_of(table, &as_view(change), state.is_none());
        match (edit, state) {
            (Some(edit), Some(state)) => edits.push(on_state(state, change, edit)?),
            (Some(edit), None) => edits.push(edit),
            (None, _) if writes_itself(table, change) => {}
            (None, _) => {
                let (module, field) = (table.name.to_string(), change.path.clone());
                return Err(EditError::UnknownField { module, field }.into());
            }
        }
    }
    if state.is_none() {
        edits.push(Edit::set("created_by", Uuid::from_bytes(entry.user).to_string()));
    }
    Ok(edits)
}

/// The edits as this user makes them: a deal is moved by the ordinary rule, so that its history is this user's own.
fn own_edits(
    turn: &Turn<'_, '_, '_>,
    table: &ModuleDef,
    id: RecordId,
    state: Option<&RecordState>,
    edits: Vec<Edit>,
) -> Result<Vec<Edit>, ClientError> {
    if table.name != OPPORTUNITY {
        return Ok(edits);
    }
    if edits.iter().any(|edit| edit.field() == HISTORY) && !edits.iter().any(|edit| edit.field() == "stage") {
        return Err(ClientRefusal::HistoryAlone.into());
    }
    let new = RecordState::new(id, OPPORTUNITY);
    let state = state.unwrap_or(&new);
    turn.rule(state, &mut BTreeMap::new(), |scene| Ok(deal_again(scene.context, state, &edits)?))
}

/// Whether a field is one that nobody edits: the document keeps it by itself, or it was written once.
fn writes_itself(table: &ModuleDef, change: &FieldChange) -> bool {
    let field = change.path.split('/').next().unwrap_or(&change.path);
    table.field(field).is_some_and(|field| matches!(field.merge, MergeCode::I | MergeCode::D))
}

/// An edit as it is made on a record that others have edited since: a text keeps what they wrote, and a deletion has seen
/// what the manager sees.
fn on_state(state: &RecordState, change: &FieldChange, edit: Edit) -> Result<Edit, ClientError> {
    Ok(match edit {
        Edit::SetText { field, value } => {
            let before = change.before.as_text().unwrap_or_default();
            let value = merged_text(before, &value, state.text(&field))?;
            Edit::SetText { field, value }
        }
        Edit::Set { field, value } => Edit::Set { field, value: seen(state, value) },
        Edit::SetEntry { field, entry, name, value } => {
            Edit::SetEntry { field, entry, name, value: seen(state, value) }
        }
        other => other,
    })
}

fn seen(state: &RecordState, value: Scalar) -> Scalar {
    let Scalar::Text(text) = &value else { return value };
    let Ok(serde_json::Value::Object(mut parts)) = serde_json::from_str(text) else { return value };
    let Some(heads) = parts.get_mut(SEEN_HEADS) else { return value };
    *heads = heads_hex(&state.heads).into();
    canonical::json(&parts).map_or(value, Scalar::Text)
}
