//! What a person does about an edit that the relay refused: make it again, or give it up. Its bytes stay either way.

use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError, ClientRefusal};
use crate::ids::{document_id, record_id};
use crate::model::{ChangeView, Saved};
use crate::status::read_changes;
use crate::turn::Turn;
use forsat_domain::edit::Edit;
use forsat_domain::record::Scalar;
use forsat_domain::schema::{MergeCode, ModuleDef};
use forsat_store::{RefusedEdit, RefusedId, RefusedState};
use std::collections::BTreeMap;

/// The code of edits that were given up because their record left this device.
pub(crate) const MOVED_AWAY: &str = "moved_away";

impl Engine {
    /// Makes a refused edit again as a new change, for instance after an administrator has given another role.
    pub fn retry_refused(&self, number: u64) -> Result<Saved, ClientError> {
        self.turn(|turn| {
            let (id, edit) = open_edit(turn, number)?;
            let changes = read_changes(&edit.before, &edit.after);
            if changes.is_empty() {
                return Err(ClientRefusal::UnreadableEdit.into());
            }
            let record = record_id(&edit.document);
            let row = turn.tx.document(&document_id(record))?;
            let module = row.as_ref().and_then(|row| row.module.clone()).or_else(|| module_of(&changes));
            let module = module.ok_or(ClientRefusal::UnknownModule)?;
            let table = crate::find::module(self.schema(), &module)?;
            let edits: Vec<Edit> = changes.iter().filter_map(|change| edit_of(table, change)).collect();
            if row.is_none() && edit.code == MOVED_AWAY {
                return Err(ClientRefusal::UnknownModule.into());
            }
            let has_view = row.is_some_and(|row| !row.heads.is_empty());
            let state = match has_view {
                true => turn.edit(record, &edits)?,
                false => Some(turn.create(record, &module, &edits)?),
            };
            turn.tx.set_refused_state(id, RefusedState::Retried)?;
            let state = match state {
                Some(state) => state,
                None => turn.state(&module, record)?,
            };
            turn.finish(&format!("retry {number}"), &state, BTreeMap::new())
        })
    }

    /// Gives a refused edit up: it is no longer listed, its bytes are kept.
    pub fn drop_refused(&self, number: u64) -> Result<(), ClientError> {
        self.turn(|turn| {
            let (id, _) = open_edit(turn, number)?;
            Ok(turn.tx.set_refused_state(id, RefusedState::Dropped)?)
        })
    }
}

fn open_edit(turn: &Turn<'_, '_, '_>, number: u64) -> Result<(RefusedId, RefusedEdit), ClientError> {
    let id = RefusedId::new(number);
    let edit = turn.tx.refused(id)?.filter(|edit| edit.state == RefusedState::Open);
    edit.map(|edit| (id, edit)).ok_or_else(|| ArgumentError::NoRefusedEdit(number).into())
}

/// The module that a refused creation wrote.
fn module_of(changes: &[ChangeView]) -> Option<String> {
    let named = changes.iter().find(|change| change.path == "module")?;
    named.after.as_text().map(str::to_owned)
}

/// The edit that writes what a change wrote; none for what the document writes by itself.
fn edit_of(table: &ModuleDef, change: &ChangeView) -> Option<Edit> {
    let (field, rest) = change.path.split_once('/').unwrap_or((&change.path, ""));
    let text = || change.after.as_text().unwrap_or_default().to_owned();
    match table.field(field)?.merge {
        MergeCode::R | MergeCode::RA => Some(Edit::set(field, change.after.clone())),
        MergeCode::T => Some(Edit::SetText { field: field.to_owned(), value: text() }),
        MergeCode::S => {
            let is_gone = matches!(change.after, Scalar::Null | Scalar::Bool(false));
            let (field, key) = (field.to_owned(), rest.to_owned());
            Some(if is_gone { Edit::Remove { field, key } } else { Edit::Add { field, key } })
        }
        MergeCode::M => {
            let (entry, name) = rest.split_once('/')?;
            Some(Edit::set_entry(field, entry, name, change.after.clone()))
        }
        MergeCode::G => {
            Some(Edit::Insert { field: field.to_owned(), key: rest.to_owned(), value: change.after.clone() })
        }
        MergeCode::I | MergeCode::D => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use forsat_domain::schema::{OPPORTUNITY, Schema};

    #[test]
    fn a_change_of_each_kind_is_made_again_as_it_was() {
        let schema = Schema::builtin();
        let table = schema.module(OPPORTUNITY).expect("built in");
        let edit = |path: &str, after: Scalar| {
            edit_of(table, &ChangeView { path: path.to_owned(), before: Scalar::Null, after })
        };
        assert_eq!(edit("next_step", "call".into()), Some(Edit::set("next_step", "call")));
        let text = Edit::SetText { field: "description".into(), value: "long".into() };
        assert_eq!(edit("description", "long".into()), Some(text));
        let tag = |key: &str| (String::from("tags"), key.to_owned());
        let (field, key) = tag("new");
        assert_eq!(edit("tags/new", true.into()), Some(Edit::Add { field, key }));
        let (field, key) = tag("old");
        assert_eq!(edit("tags/old", Scalar::Null), Some(Edit::Remove { field, key }));
        assert_eq!(edit("lines/a/qty", "2".into()), Some(Edit::set_entry("lines", "a", "qty", "2")));
        assert_eq!(edit("created_at", 5.into()), None);
        assert_eq!(edit("amount", "5".into()), None);
    }
}
