//! Taking back what a command wrote to one record, or leaving it alone with a reason.

use super::inverse::{Inverse, Own, inverse, place, said};
use super::{Later, LeftAlone, LeftReason, Undone, UndoneField};
use crate::error::ClientError;
use crate::ids::document_id;
use crate::journal::{Before, JournalChange};
use crate::turn::Turn;
use crate::{find, moves, vault};
use forsat_domain::MergeCode;
use forsat_domain::command::{Context, Deletion, delete};
use forsat_domain::composite::{Composite, Removed, heads_hex};
use forsat_domain::edit::Edit;
use forsat_domain::id::encode_id;
use forsat_domain::lifecycle::Life;
use forsat_domain::record::{RecordState, Register};
use forsat_domain::schema::{SETTINGS, record_name};
use forsat_sync::chunk;
use forsat_sync::genesis::GENESIS_ACTOR;
use forsat_sync::id::ChangeHash;
use forsat_sync::limits::ChunkLimits;
use std::collections::{BTreeMap, BTreeSet};

/// The field that says whether a record is there; it stands for the record as a whole.
const LIFECYCLE: &str = "lifecycle";

/// Takes back what a change wrote, as far as it is still the command's own.
pub(super) fn take_back(
    turn: &mut Turn<'_, '_, '_>,
    change: &JournalChange,
    later: &Later,
    undone: &mut Undone,
) -> Result<(), ClientError> {
    let Some(state) = vault::state(&*turn.tx, &change.module, change.id)? else {
        let nothing = RecordState::new(change.id, change.module.clone());
        let is_gone = moves::has_left(&*turn.tx, &document_id(change.id))?;
        let why = if is_gone { LeftReason::Gone } else { LeftReason::Refused };
        let mut left = left(turn, &nothing, LIFECYCLE, why)?;
        if is_gone {
            left.command = Some(format!("forsat undo {}", undone.journal));
        }
        undone.skipped.push(left);
        return Ok(());
    };
    let edits = if change.created {
        match take_back_record(turn, &state, change, later)? {
            Ok(edits) => {
                undone.taken_back.push(taken(&state, LIFECYCLE, "trashed"));
                edits
            }
            Err(why) => {
                undone.skipped.push(left(turn, &state, LIFECYCLE, why)?);
                return Ok(());
            }
        }
    } else {
        let ended = ended_conflicts(turn, &state, change)?;
        if !ended.is_empty() {
            undone.skipped.extend(ended);
            return Ok(());
        }
        take_back_values(turn, &state, change, later, undone)?
    };
    if let Some(after) = turn.edit(change.id, &edits)? {
        turn.drop_journal();
        let mut saved = turn.finish("undo", &after, BTreeMap::new())?;
        saved.changed = true;
        undone.saved.push(saved);
    }
    Ok(())
}

/// What takes a record that the command made to the trash; or why it stays.
fn take_back_record(
    turn: &Turn<'_, '_, '_>,
    state: &RecordState,
    change: &JournalChange,
    later: &Later,
) -> Result<Result<Vec<Edit>, LeftReason>, ClientError> {
    if later.touched(change.id) {
        return Ok(Err(LeftReason::LaterCommand));
    }
    if Life::of(state) == Life::Trashed {
        return Ok(Err(LeftReason::Trashed));
    }
    if is_edited_by_others(turn, change)? {
        return Ok(Err(LeftReason::EditedSince));
    }
    trash(turn, state)
}

/// Whether anybody but this device has edited a record since a change of this device made it.
fn is_edited_by_others(turn: &Turn<'_, '_, '_>, change: &JournalChange) -> Result<bool, ClientError> {
    let made_by = own_hash(turn, change)?;
    let mut own = BTreeSet::from([turn.actor().to_vec(), GENESIS_ACTOR.to_vec()]);
    let mut writers = BTreeSet::new();
    for held in turn.tx.chunks(&document_id(change.id))?.iter().filter(|held| held.state.in_view()) {
        let Ok((header, _)) = chunk::parse(&held.bytes, &ChunkLimits::default()) else { continue };
        let writer = header.actor.as_bytes().to_vec();
        if header.hash == made_by {
            own.insert(writer.clone());
        }
        writers.insert(writer);
    }
    Ok(!writers.is_subset(&own))
}

/// The hash of a command's change now: another one where it was authored anew.
fn own_hash(turn: &Turn<'_, '_, '_>, change: &JournalChange) -> Result<ChangeHash, ClientError> {
    Ok(turn.tx.resolve_alias(&ChangeHash::from_bytes(change.hash))?)
}

fn trash(turn: &Turn<'_, '_, '_>, state: &RecordState) -> Result<Result<Vec<Edit>, LeftReason>, ClientError> {
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
    Ok(match delete(&context, state, false)? {
        Deletion::Edits(edits) => Ok(edits),
        Deletion::Ask(_) => Err(LeftReason::HasDeals),
    })
}

/// The conflicts that a change ended. What it wrote hangs together, so all of it stays where there is one.
fn ended_conflicts(
    turn: &Turn<'_, '_, '_>,
    state: &RecordState,
    change: &JournalChange,
) -> Result<Vec<LeftAlone>, ClientError> {
    let mut ended = Vec::new();
    for write in &change.writes {
        if let Before::Conflict(sides) = &write.before {
            let left = left(turn, state, &place(&write.edit), LeftReason::ConflictEnded)?;
            ended.push(LeftAlone { sides: sides.clone(), ..left });
        }
    }
    Ok(ended)
}

/// What takes back values, and what stays for a reason.
fn take_back_values(
    turn: &Turn<'_, '_, '_>,
    state: &RecordState,
    change: &JournalChange,
    later: &Later,
    undone: &mut Undone,
) -> Result<Vec<Edit>, ClientError> {
    let hash = *own_hash(turn, change)?.as_bytes();
    let own = Own { hash, actor: turn.actor().to_vec(), later: &later.changes };
    let mut edits = Vec::new();
    let mut begun = BTreeSet::new();
    for write in change.writes.iter().filter(|write| !is_written_once(turn, state, &write.edit)) {
        let field = place(&write.edit);
        if let Some((field, entry)) = begun_entry(turn, state, &write.edit, &hash) {
            if begun.insert((field, entry)) {
                undone.taken_back.push(taken(state, &format!("{field}/{entry}"), "removed"));
            }
            continue;
        }
        match inverse(state, write, &own) {
            Inverse::Write(_) if later.wrote(change.id, &field) => {
                undone.skipped.push(left(turn, state, &field, LeftReason::LaterCommand)?);
            }
            Inverse::Write(edit) => {
                undone.taken_back.push(taken(state, &field, &said(&edit)));
                edits.push(edit);
            }
            Inverse::Skip(now) => {
                let left = left(turn, state, &field, LeftReason::WrittenSince)?;
                undone.skipped.push(LeftAlone { now, ..left });
            }
            Inverse::Nothing => {}
        }
    }
    edits.extend(begun.into_iter().map(|(field, entry)| removal(state, field, entry)));
    Ok(edits)
}

fn taken(state: &RecordState, field: &str, now: &str) -> UndoneField {
    UndoneField { short: encode_id(state.id.as_bytes()), field: field.to_owned(), now: now.to_owned() }
}

fn left(
    turn: &Turn<'_, '_, '_>,
    state: &RecordState,
    field: &str,
    why: LeftReason,
) -> Result<LeftAlone, ClientError> {
    let short = encode_id(state.id.as_bytes());
    let prefix = find::prefix_len(&*turn.tx, state.id)?;
    let module = turn.engine.schema().module(&state.module).map(|module| module.short.as_ref());
    let command = module.and_then(|module| command(module, &short[..prefix], field, why));
    Ok(LeftAlone {
        short,
        prefix,
        module: state.module.clone(),
        name: record_name(state),
        field: field.to_owned(),
        why,
        now: state.winner(field).clone(),
        sides: Vec::new(),
        command,
    })
}

/// The command with which a person does what undo left undone.
fn command(module: &str, id: &str, field: &str, why: LeftReason) -> Option<String> {
    match (why, field) {
        (LeftReason::EditedSince | LeftReason::HasDeals, _) => Some(format!("forsat {module} delete {id}")),
        (LeftReason::ConflictEnded, _) if module == SETTINGS => None,
        (LeftReason::ConflictEnded, LIFECYCLE) => Some(format!("forsat {module} delete|restore {id}")),
        (LeftReason::ConflictEnded, "stage") => Some(format!("forsat {module} stage|win|lose|reopen {id}")),
        (LeftReason::ConflictEnded, path) => Some(match path.split('/').collect::<Vec<_>>().as_slice() {
            ["lines", _, name] => format!("forsat {module} line edit {id} N {name}=…"),
            _ => format!("forsat {module} edit {id} {}=…", typed_name(path)),
        }),
        _ => None,
    }
}

/// The name under which people write a field that is stored under another.
fn typed_name(field: &str) -> &str {
    match field {
        "manual_amount" => "amount",
        "probability_override" => "probability",
        other => other,
    }
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
