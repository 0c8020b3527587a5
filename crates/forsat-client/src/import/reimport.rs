//! A row that comes again: what it said last time, and which of its changed cells are written.

use super::plan::{Cells, Planned};
use crate::error::{ClientError, Damage};
use crate::ids::document_id;
use crate::turn::Turn;
use crate::{journal, vault};
use forsat_domain::RecordId;
use forsat_domain::composite::{Composite, StageEntry};
use forsat_domain::edit::Edit;
use forsat_domain::record::{RecordState, Scalar};
use forsat_store::{Access, Tx, WriteTx};

fn name(id: RecordId) -> String {
    format!("imported/{}", hex::encode(id.as_bytes()))
}

/// What the row of a record said when this device last imported it.
pub(super) fn former_cells<A: Access>(tx: &Tx<A>, id: RecordId) -> Result<Option<Cells>, ClientError> {
    let Some(bytes) = tx.client_value(&name(id))? else { return Ok(None) };
    let damaged = |_| ClientError::Damaged(Damage::ImportedCells);
    postcard::from_bytes(&bytes).map(Some).map_err(damaged)
}

/// Keeps what the row of a record says now.
pub(super) fn keep_cells(tx: &mut WriteTx<'_>, id: RecordId, cells: &Cells) -> Result<(), ClientError> {
    let bytes = postcard::to_stdvec(cells).expect("cells are texts, which always serialise");
    Ok(tx.set_client_value(&name(id), &bytes)?)
}

/// Forgets what the row of a record said.
pub(crate) fn forget_cells(tx: &mut WriteTx<'_>, id: RecordId) -> Result<(), ClientError> {
    Ok(tx.remove_client_value(&name(id)).map(drop)?)
}

/// What came of a row's changed cells.
pub(super) struct Written {
    /// Whether any cell asked for something else than before.
    pub is_changed: bool,
    /// How many changed fields were left alone because someone has edited them.
    pub kept_local: u64,
}

/// Writes what the changed cells ask for where the field still says what the former cells asked for.
pub(super) fn write_changed(
    turn: &mut Turn<'_, '_, '_>,
    row: &Planned,
    former: &[Edit],
    module: &str,
) -> Result<Written, ClientError> {
    let state = turn.state(module, row.id)?;
    let changed = changed(&row.edits, former);
    let (mut wanted, mut kept_local) = (Vec::new(), 0);
    let is_changed = !changed.is_empty();
    for edit in changed {
        let old = former.iter().find(|old| same_place(old, &edit));
        if stands(&state, &edit) {
            continue;
        }
        if is_untouched(&state, &edit, old) {
            wanted.push(edit);
        } else {
            kept_local += 1;
        }
    }
    if !wanted.is_empty() {
        turn.edit(row.id, &wanted)?;
    }
    Ok(Written { is_changed, kept_local })
}

/// What an import on another device asked for at the places that the row fills now: what the record's first change says.
pub(super) fn edits_at_creation(turn: &Turn<'_, '_, '_>, row: &Planned) -> Result<Vec<Edit>, ClientError> {
    let at = document_id(row.id);
    let Some(loaded) = vault::load(&*turn.tx, row.id)? else { return Ok(Vec::new()) };
    let genesis = loaded.document.begun_with();
    let is_beginning = |hash: &[u8; 32]| genesis.is_some_and(|genesis| genesis.holds(hash));
    let chunks = turn.tx.chunks(&at)?;
    let mut shown = chunks.iter().filter(|chunk| chunk.state.in_view()).map(|chunk| *chunk.hash.as_bytes());
    let Some(first) = shown.find(|hash| !is_beginning(hash)) else { return Ok(Vec::new()) };
    let state = loaded.document.read_at(&[first], turn.engine.schema())?;
    Ok(row.edits.iter().filter_map(|edit| as_said(&state, edit)).collect())
}

/// An edit with the value that a state has at its place; none where it has nothing.
fn as_said(state: &RecordState, edit: &Edit) -> Option<Edit> {
    let mut said = edit.clone();
    match &mut said {
        Edit::Set { field, value } if field == "stage" && same_stay(state.winner("stage"), value) => {}
        Edit::Set { value, .. } | Edit::SetEntry { value, .. } => {
            *value = journal::register(state, edit)?.winner().clone();
            if value.is_null() {
                return None;
            }
        }
        Edit::SetText { field, value } => state.text(field).clone_into(value),
        Edit::Add { .. } | Edit::Insert { .. } if !stands(state, edit) => return None,
        Edit::Add { .. } | Edit::Insert { .. } | Edit::Remove { .. } => {}
    }
    Some(said)
}

/// Whether two stage entries are the same stay with the same outcome; a stay without a date in the file was given the
/// time of its import, which doesn't count.
fn same_stay(left: &Scalar, right: &Scalar) -> bool {
    match (StageEntry::from_scalar(left), StageEntry::from_scalar(right)) {
        (Some(left), Some(right)) => StageEntry { entered_at: right.entered_at, ..left } == right,
        _ => false,
    }
}

/// The edits that differ from the former ones; a place that no cell fills any more is cleared.
fn changed(now: &[Edit], former: &[Edit]) -> Vec<Edit> {
    let mut changed: Vec<Edit> = now.iter().filter(|edit| !former.contains(edit)).cloned().collect();
    let gone = former.iter().filter(|old| !now.iter().any(|edit| same_place(edit, old)));
    changed.extend(gone.filter_map(cleared));
    changed
}

fn cleared(edit: &Edit) -> Option<Edit> {
    Some(match edit {
        Edit::Set { field, .. } => Edit::clear(field.as_str()),
        Edit::SetText { field, .. } => Edit::SetText { field: field.clone(), value: String::new() },
        Edit::Add { field, key } => Edit::Remove { field: field.clone(), key: key.clone() },
        Edit::SetEntry { field, entry, name, .. } => {
            Edit::set_entry(field.as_str(), entry.as_str(), name.as_str(), Scalar::Null)
        }
        Edit::Remove { .. } | Edit::Insert { .. } => return None,
    })
}

fn same_place(left: &Edit, right: &Edit) -> bool {
    match (left, right) {
        (Edit::Set { field: left, .. }, Edit::Set { field: right, .. })
        | (Edit::SetText { field: left, .. }, Edit::SetText { field: right, .. }) => left == right,
        (
            Edit::Add { field: left, key: left_key } | Edit::Insert { field: left, key: left_key, .. },
            Edit::Add { field: right, key: right_key } | Edit::Insert { field: right, key: right_key, .. },
        ) => left == right && left_key == right_key,
        (
            Edit::SetEntry { field: left, entry: left_entry, name: left_name, .. },
            Edit::SetEntry { field: right, entry: right_entry, name: right_name, .. },
        ) => left == right && left_entry == right_entry && left_name == right_name,
        _ => false,
    }
}

/// Whether the record already says what an edit asks for.
fn stands(state: &RecordState, edit: &Edit) -> bool {
    match edit {
        Edit::Set { value, .. } | Edit::SetEntry { value, .. } => {
            let register = journal::register(state, edit);
            register
                .map_or(value.is_null(), |register| !register.is_conflicted() && register.winner() == value)
        }
        Edit::SetText { field, value } => state.text(field) == value,
        Edit::Add { field, key } => state.set(field).any(|present| present == key),
        Edit::Remove { field, key } => !state.set(field).any(|present| present == key),
        Edit::Insert { field, key, .. } => state.grown(field).any(|(present, _)| present == key),
    }
}

/// Whether the record still says what the former cells asked for.
fn is_untouched(state: &RecordState, edit: &Edit, old: Option<&Edit>) -> bool {
    match (edit, old) {
        (Edit::Insert { .. }, _) => true,
        (Edit::Set { field, .. }, Some(Edit::Set { value, .. })) if field == "stage" => {
            let stay = |scalar: &Scalar| StageEntry::from_scalar(scalar).map(|entry| entry.entry_id);
            state.sides("stage").len() == 1 && stay(state.winner("stage")) == stay(value)
        }
        (_, Some(old)) => stands(state, old),
        // The cell was empty, or the row couldn't be taken: only an empty place is filled.
        (Edit::Set { .. } | Edit::SetEntry { .. }, None) => {
            journal::register(state, edit).is_none_or(|register| register.winner().is_blank())
        }
        (Edit::SetText { field, .. }, None) => state.text(field).is_empty(),
        (Edit::Add { .. } | Edit::Remove { .. }, None) => true,
    }
}
