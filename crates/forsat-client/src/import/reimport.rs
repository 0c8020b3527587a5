//! A row that comes again: what it said last time, and which of its changed cells are written.

use super::plan::{Cells, Planned};
use crate::error::ClientError;
use crate::journal;
use crate::turn::Turn;
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
    let damaged = |_| ClientError::Damaged("the cells of an earlier import can't be read".to_owned());
    postcard::from_bytes(&bytes).map(Some).map_err(damaged)
}

/// Keeps what the row of a record says now.
pub(super) fn keep_cells(tx: &mut WriteTx<'_>, id: RecordId, cells: &Cells) -> Result<(), ClientError> {
    let bytes = postcard::to_stdvec(cells).expect("cells are texts, which always serialise");
    Ok(tx.set_client_value(&name(id), &bytes)?)
}

/// Writes what the changed cells ask for where the field still says what the former cells asked for.
///
/// Answers how many changed fields were left alone because someone has edited them.
pub(super) fn write_changed(
    turn: &mut Turn<'_, '_, '_>,
    row: &Planned,
    before: Option<&Planned>,
    module: &str,
) -> Result<u64, ClientError> {
    let state = turn.state(module, row.id)?;
    let former: &[Edit] = before.map_or(&[], |before| &before.edits);
    let (mut wanted, mut kept) = (Vec::new(), 0);
    for edit in changed(&row.edits, former) {
        let old = former.iter().find(|old| same_place(old, &edit));
        if stands(&state, &edit) {
            continue;
        }
        if is_untouched(&state, &edit, old) {
            wanted.push(edit);
        } else {
            kept += 1;
        }
    }
    if !wanted.is_empty() {
        turn.edit(row.id, &wanted)?;
    }
    Ok(kept)
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
