//! What a person does about an edit that the relay refused: make it again, or give it up. Its bytes stay either way.

use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError, ClientRefusal, Damage};
use crate::ids::{document_id, record_id, user_id};
use crate::model::{ChangeView, RefusedView, Saved};
use crate::status::{self, read_changes};
use crate::turn::Turn;
use crate::{find, moves, vault};
use forsat_document::{FieldChange, Original};
use forsat_domain::RecordId;
use forsat_domain::edit::Edit;
use forsat_domain::record::Scalar;
use forsat_domain::schema::{MergeCode, ModuleDef, USER};
use forsat_store::{Access, Aside, LOST_BASE, RefusedEdit, RefusedId, RefusedState, Tx};
use forsat_sync::chunk::{self, ChangeHeader};
use forsat_sync::code;
use forsat_sync::limits::ChunkLimits;
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Above it a label counts milliseconds: as seconds it would be in the year 5138.
const SECONDS_MAX: u64 = 100_000_000_000;

/// An edit that the relay refused, in full.
#[derive(Clone, Debug, Serialize)]
pub struct RefusedDetail {
    /// What of it is listed everywhere.
    #[serde(flatten)]
    pub view: RefusedView,
    /// How many characters of the record's short id name it alone.
    pub prefix: usize,
    /// The record's module, where that is known.
    pub module: Option<String>,
    /// The space that it was to go to.
    pub space: String,
    /// The hash of the change.
    pub change: String,
    /// Who made it, where that is known.
    pub by: Option<String>,
    /// When it was made, by the clock of the device, in milliseconds since 1970 UTC.
    pub made_at_ms: Option<i64>,
}

/// A refused edit as a file: all that is known of it, and its bytes.
#[derive(Clone, Debug, Serialize)]
pub struct RefusedExport {
    /// The edit.
    #[serde(flatten)]
    pub edit: RefusedDetail,
    /// The id of the record.
    pub id: Uuid,
    /// The canonical change chunk, hex; none where it isn't here any more.
    pub chunk: Option<String>,
}

/// The code of edits that were given up because their record left this device.
pub(crate) const MOVED_AWAY: &str = "moved_away";

impl Engine {
    /// Edits that the relay refused and nobody has decided about, oldest first.
    pub fn refused(&self) -> Result<Vec<RefusedDetail>, ClientError> {
        let tx = self.read()?;
        status::refused(self, &tx)?.into_iter().map(|view| self.refused_detail(&tx, view)).collect()
    }

    /// A refused edit with the bytes of its change.
    pub fn export_refused(&self, number: u64) -> Result<RefusedExport, ClientError> {
        let tx = self.read()?;
        let view = status::refused(self, &tx)?.into_iter().find(|view| view.number == number);
        let view = view.ok_or(ArgumentError::NoRefusedEdit(number))?;
        let kept = tx.refused(RefusedId::new(number))?.ok_or(ArgumentError::NoRefusedEdit(number))?;
        let chunk = tx.refused_chunk(RefusedId::new(number))?.map(hex::encode);
        let id = record_id(&kept.document).0;
        Ok(RefusedExport { edit: self.refused_detail(&tx, view)?, id, chunk })
    }

    fn refused_detail<A: Access>(&self, tx: &Tx<A>, view: RefusedView) -> Result<RefusedDetail, ClientError> {
        let gone = || ArgumentError::NoRefusedEdit(view.number);
        let kept = tx.refused(RefusedId::new(view.number))?.ok_or_else(gone)?;
        let held = tx.chunks(&kept.document)?.into_iter().map(|chunk| chunk.bytes);
        let chunks = held.chain(tx.refused_chunk(RefusedId::new(view.number))?);
        let headers = chunks
            .filter_map(|bytes| chunk::parse(&bytes, &ChunkLimits::default()).ok().map(|(header, _)| header));
        let headers: Vec<ChangeHeader> = headers.collect();
        let header = headers.iter().find(|header| header.hash == kept.hash);
        let author = match header.and_then(|header| author(header, &headers)) {
            Some(author) => Some(author),
            // It was made here.
            None => tx.identity()?.user.map(|user| user_id(&user).0),
        };
        let author = author.map(|author| vault::state(tx, USER, RecordId(author))).transpose()?.flatten();
        let module = tx.document(&kept.document)?.and_then(|row| row.module);
        Ok(RefusedDetail {
            prefix: find::prefix_len(tx, record_id(&kept.document))?,
            module: module.or_else(|| module_of(&view.changes)),
            space: match tx.space(&kept.space)? {
                Some(row) => row.name,
                None => kept.space.to_string(),
            },
            change: kept.hash.to_string(),
            by: author.map(|state| self.name(&state)),
            made_at_ms: header.map(|header| in_ms(header.timestamp)),
            view,
        })
    }

    /// Makes a refused edit again as a new change, for instance after an administrator has given another role.
    pub fn retry_refused(&self, number: u64) -> Result<Saved, ClientError> {
        self.turn(|turn| {
            let (id, edit) = open_edit(turn, number)?;
            if moves::has_left(&*turn.tx, &edit.document)? {
                let space = moves::space_name(&*turn.tx, &edit.space)?;
                return Err(ClientRefusal::MovedAway { space, number }.into());
            }
            let changes = read_changes(&edit.before, &edit.after);
            let record = record_id(&edit.document);
            // Without its beginning a record is nothing that an edit could be made of.
            let is_untold = changes.is_empty() || vault::any_state(&*turn.tx, record)?.is_none();
            if edit.code == LOST_BASE && is_untold {
                return Err(ClientRefusal::LostBase.into());
            }
            if changes.is_empty() {
                return Err(ClientRefusal::UnreadableEdit.into());
            }
            let row = turn.tx.document(&document_id(record))?;
            let module = row.as_ref().and_then(|row| row.module.clone()).or_else(|| module_of(&changes));
            let module = module.ok_or(ClientRefusal::UnknownModule)?;
            let table = crate::find::module(self.schema(), &module)?;
            let has_view = row.is_some_and(|row| !row.heads.is_empty());
            let edits: Vec<Edit> =
                changes.iter().filter_map(|change| edit_of(table, change, !has_view)).collect();
            // A manager who finds it at the relay must see that it is made again already.
            if may_be_aside(&*turn.tx, id, &edit)? {
                turn.make_again(Some(Original { user: turn.user, change: *edit.hash.as_bytes() }));
            }
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

/// The fields that a change wrote, before and after, as a refused edit keeps them.
pub(crate) fn values_of(changes: &[FieldChange]) -> Result<(Vec<u8>, Vec<u8>), ClientError> {
    let json = |values: BTreeMap<&str, &Scalar>| {
        serde_json::to_vec(&values).map_err(|error| ClientError::Damaged(Damage::Other(error.to_string())))
    };
    let before = changes.iter().map(|change| (change.path.as_str(), &change.before)).collect();
    let after = changes.iter().map(|change| (change.path.as_str(), &change.after)).collect();
    Ok((json(before)?, json(after)?))
}

fn open_edit(turn: &Turn<'_, '_, '_>, number: u64) -> Result<(RefusedId, RefusedEdit), ClientError> {
    let id = RefusedId::new(number);
    let edit = turn.tx.refused(id)?.filter(|edit| edit.state == RefusedState::Open);
    edit.map(|edit| (id, edit)).ok_or_else(|| ArgumentError::NoRefusedEdit(number).into())
}

/// Whether a refused edit may lie at the relay; a lost answer leaves that open.
fn may_be_aside<A: Access>(tx: &Tx<A>, id: RefusedId, edit: &RefusedEdit) -> Result<bool, ClientError> {
    let is_of_a_kind = [MOVED_AWAY, code::HOME_IS.as_str()].contains(&edit.code.as_str());
    Ok(is_of_a_kind && tx.refused_aside(id)? != Some(Aside::Declined))
}

/// Who made a change: the author stands on the first change of its actor alone.
fn author(header: &ChangeHeader, all: &[ChangeHeader]) -> Option<Uuid> {
    let mut of_actor = all.iter().filter(|other| other.actor == header.actor);
    let author = of_actor.find_map(|other| <[u8; 16]>::try_from(other.author.as_deref()?).ok())?;
    Some(Uuid::from_bytes(author))
}

/// A clock's label in milliseconds; programs write seconds or milliseconds.
pub(crate) fn in_ms(timestamp: i64) -> i64 {
    if timestamp.unsigned_abs() < SECONDS_MAX { timestamp.saturating_mul(1000) } else { timestamp }
}

/// The module that a refused creation wrote.
fn module_of(changes: &[ChangeView]) -> Option<String> {
    let named = changes.iter().find(|change| change.path == "module")?;
    named.after.as_text().map(str::to_owned)
}

/// The edit that writes what a change wrote; none for what the document writes by itself, and for what is written once
/// unless the change begins the record.
pub(crate) fn edit_of(table: &ModuleDef, change: &ChangeView, begins: bool) -> Option<Edit> {
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
        MergeCode::I => begins.then(|| Edit::set(field, change.after.clone())),
        MergeCode::D => None,
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
            edit_of(table, &ChangeView { path: path.to_owned(), before: Scalar::Null, after }, false)
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
