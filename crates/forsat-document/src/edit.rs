//! Writing as little as possible: a changed field writes that field only, an unchanged one nothing.

use std::collections::BTreeMap;

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{Automerge, ChangeHash, ObjId, ObjType, ROOT, ReadDoc, Value};
use forsat_domain::edit::Edit;
use forsat_domain::record::Scalar;
use forsat_domain::schema::{MergeCode, Schema};

use crate::chunk::{Author, Chunk};
use crate::codes::{self, Fields};
use crate::document::{Document, Totals};
use crate::error::EditError;
use crate::genesis::{ContainerKind, Genesis, Link};
use crate::original::Original;
use crate::{create, limits, text, value};

const MS_A_SECOND: i64 = 1_000;

/// A place of a document that an edit names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The field; at the root of the document.
    pub(crate) field: String,
    /// The key inside the field's map, if it is one.
    pub(crate) key: Option<String>,
}

/// What an edit wants at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// This value alone, in a register that may be written again.
    Put(Scalar),
    /// This value alone, where nothing is yet.
    PutOnce(Scalar),
    /// This value unless the key exists already.
    Insert(Scalar),
    /// The key gone.
    Delete,
    /// This whole text.
    Text(String),
}

/// Writes edits as one change, after what the document lacks of its genesis; it is as it was when nothing is written.
pub(crate) fn write(
    document: &mut Document,
    author: &Author,
    original: Option<&Original>,
    now_ms: i64,
    edits: &[Edit],
    schema: &Schema,
) -> Result<Vec<Chunk>, EditError> {
    let genesis = document.begun_with().ok_or_else(|| EditError::UnknownModule(document.module()))?;
    let wishes = wishes_of(edits, genesis, schema)?;
    check_actor(document, author)?;
    let missing = genesis.missing_in(&document.automerge);
    let former = (!missing.is_empty()).then(|| document.automerge.clone());
    document.automerge.apply_changes(missing.iter().map(Link::change))?;
    document.write_as(author);
    let own = commit(document, genesis, &wishes, options(original, now_ms));
    match (own, former) {
        (Ok(Some(own)), _) => {
            let chunks: Vec<Chunk> = missing.iter().map(Link::chunk).chain([own]).collect();
            document.bytes_met += chunks.iter().map(|chunk| chunk.bytes.len() as u64).sum::<u64>();
            Ok(chunks)
        }
        (nothing, former) => {
            if let Some(former) = former {
                document.automerge = former;
            }
            nothing.map(|_| Vec::new())
        }
    }
}

/// Makes a document of the genesis and one change with the edits.
pub(crate) fn write_first(
    genesis: &'static Genesis,
    author: &Author,
    original: Option<&Original>,
    now_ms: i64,
    edits: &[Edit],
    schema: &Schema,
) -> Result<(Automerge, Option<Chunk>), EditError> {
    let wishes = wishes_of(edits, genesis, schema)?;
    create::document(genesis, author, original.map(Original::message), now_ms / MS_A_SECOND, &wishes)
}

fn options(original: Option<&Original>, now_ms: i64) -> CommitOptions {
    let options = CommitOptions::default().with_time(now_ms / MS_A_SECOND);
    match original {
        Some(original) => options.with_message(original.message()),
        None => options,
    }
}

/// Checks edits against the schema; the last of several of one place counts.
fn wishes_of(edits: &[Edit], genesis: &Genesis, schema: &Schema) -> Result<BTreeMap<Place, Wish>, EditError> {
    let fields = Fields::of(schema, genesis.module);
    edits.iter().map(|edit| wish_of(edit, genesis, &fields)).collect()
}

/// Refuses an actor that writes for another user here: the author stands on an actor's first change only.
pub(crate) fn check_actor(document: &Document, author: &Author) -> Result<(), EditError> {
    let actor = automerge::ActorId::from(author.actor.as_slice());
    match document.automerge.get_author_for_actor(&actor) {
        Some(other) if other.as_bytes() != author.user.as_bytes() => Err(EditError::ActorOfAnother),
        _ => Ok(()),
    }
}

/// Makes one change of the wishes and checks the limits; undoes it when they forbid it.
fn commit(
    document: &mut Document,
    genesis: &'static Genesis,
    wishes: &BTreeMap<Place, Wish>,
    options: CommitOptions,
) -> Result<Option<Chunk>, EditError> {
    let before = document.automerge.get_heads();
    let before_it = document.totals_if_large();
    let mut transaction = document.automerge.transaction();
    for (place, wish) in wishes {
        fulfil(&mut transaction, genesis, place, wish)?;
    }
    let operations = transaction.pending_ops();
    if operations == 0 {
        return Ok(None);
    }
    if operations > limits::CHUNK_OPS_MAX {
        return Err(EditError::TooManyOperations { operations, max: limits::CHUNK_OPS_MAX });
    }
    transaction.commit_with(options);
    match check_limits(document, before_it) {
        Ok(chunk) => Ok(Some(chunk)),
        Err(error) => {
            document.automerge = document.automerge.fork_at(&before)?;
            Err(error)
        }
    }
}

/// Gives the last local change as a chunk if it and the document stay within their limits.
pub(crate) fn check_limits(document: &Document, before: Totals) -> Result<Chunk, EditError> {
    let change = document.automerge.get_last_local_change().expect("a change was just committed");
    let bytes = change.raw_bytes();
    if bytes.len() > limits::CHUNK_BYTES_MAX {
        return Err(EditError::ChunkTooLarge { bytes: bytes.len(), max: limits::CHUNK_BYTES_MAX });
    }
    if change.max_op() > limits::OP_COUNTER_MAX {
        return Err(EditError::CounterUsedUp);
    }
    let changes = document.change_count();
    let operations = before.operations + change.len() as u64;
    let total = before.bytes + bytes.len() as u64;
    if changes > limits::DOCUMENT_CHANGES_MAX
        || total > limits::DOCUMENT_BYTES_MAX
        || operations > limits::DOCUMENT_OPS_MAX
    {
        return Err(EditError::DocumentFull { changes, bytes: total, operations });
    }
    Ok(Chunk { hash: change.hash().0, bytes: bytes.to_vec() })
}

/// Turns an edit into a place and a wish, checked against the schema.
fn wish_of(edit: &Edit, genesis: &Genesis, fields: &Fields<'_>) -> Result<(Place, Wish), EditError> {
    let field = edit.field();
    let unknown = || EditError::UnknownField { module: genesis.module.to_owned(), field: field.to_owned() };
    let code = fields.code(field).ok_or_else(unknown)?;
    let at = |key: Option<String>| Place { field: field.to_owned(), key };
    match (edit, code) {
        (Edit::Set { value, .. }, MergeCode::I) => Ok((at(None), Wish::PutOnce(value.clone()))),
        (Edit::Set { value, .. }, MergeCode::R | MergeCode::RA) => Ok((at(None), Wish::Put(value.clone()))),
        (Edit::SetText { value, .. }, MergeCode::T) => Ok((at(None), Wish::Text(value.clone()))),
        (Edit::Add { key, .. }, MergeCode::S) => {
            check_key(field, key)?;
            Ok((at(Some(key.clone())), Wish::Insert(Scalar::Bool(true))))
        }
        (Edit::Remove { key, .. }, MergeCode::S) => Ok((at(Some(key.clone())), Wish::Delete)),
        (Edit::SetEntry { entry, name, value, .. }, MergeCode::M) => {
            check_entry(field, entry)?;
            check_key(field, name)?;
            let wish = match fields.entry_code(field, name) {
                MergeCode::I => Wish::PutOnce(value.clone()),
                _ => Wish::Put(value.clone()),
            };
            Ok((at(Some(format!("{entry}/{name}"))), wish))
        }
        (Edit::Insert { key, value, .. }, MergeCode::G) => {
            check_key(field, key)?;
            Ok((at(Some(key.clone())), Wish::Insert(value.clone())))
        }
        _ => Err(EditError::WrongEdit { field: field.to_owned(), kept: codes::in_words(code) }),
    }
}

fn check_key(field: &str, key: &str) -> Result<(), EditError> {
    let is_good = !key.is_empty() && key.len() <= limits::KEY_BYTES_MAX;
    if is_good { Ok(()) } else { Err(EditError::BadKey { field: field.to_owned(), key: key.to_owned() }) }
}

fn check_entry(field: &str, entry: &str) -> Result<(), EditError> {
    check_key(field, entry)?;
    if entry.contains('/') {
        return Err(EditError::BadKey { field: field.to_owned(), key: entry.to_owned() });
    }
    Ok(())
}

/// Makes one wish true, writing nothing where it is true already.
pub(crate) fn fulfil(
    transaction: &mut Transaction<'_>,
    genesis: &Genesis,
    place: &Place,
    wish: &Wish,
) -> Result<(), EditError> {
    if let Wish::Text(text) = wish {
        return write_text(transaction, genesis, place, text);
    }
    let (object, key) = locate(genesis, place)?;
    let current = distinct_values(transaction, &object, key)?;
    match wish {
        Wish::Put(value) => put(transaction, &object, key, value, &current),
        Wish::PutOnce(value) if current.iter().all(Scalar::is_null) => {
            put(transaction, &object, key, value, &current)
        }
        Wish::PutOnce(value) if current.contains(value) => Ok(()),
        Wish::PutOnce(_) => Err(EditError::Immutable(place.field.clone())),
        Wish::Insert(_) if current.iter().any(value::is_present) => Ok(()),
        Wish::Insert(value) => put(transaction, &object, key, value, &current),
        Wish::Delete if current.is_empty() => Ok(()),
        Wish::Delete => Ok(transaction.delete(&object, key)?),
        Wish::Text(_) => Ok(()),
    }
}

/// The map and key of a place that is no text.
pub(crate) fn locate<'a>(genesis: &Genesis, place: &'a Place) -> Result<(ObjId, &'a str), EditError> {
    match &place.key {
        None => Ok((ROOT, place.field.as_str())),
        Some(key) => match genesis.container(&place.field) {
            Some((ContainerKind::Map, object)) => Ok((object.clone(), key.as_str())),
            _ => Err(no_container(genesis, place)),
        },
    }
}

/// The frozen object of a text.
pub(crate) fn text_object(genesis: &Genesis, place: &Place) -> Result<ObjId, EditError> {
    match genesis.container(&place.field) {
        Some((ContainerKind::Text, object)) => Ok(object.clone()),
        _ => Err(no_container(genesis, place)),
    }
}

fn no_container(genesis: &Genesis, place: &Place) -> EditError {
    EditError::UnknownField { module: genesis.module.to_owned(), field: place.field.clone() }
}

/// The distinct values at a key, Automerge's winner last.
fn distinct_values<D: ReadDoc>(document: &D, object: &ObjId, key: &str) -> Result<Vec<Scalar>, EditError> {
    let mut values: Vec<Scalar> = Vec::new();
    for (found, id) in document.get_all(object, key)? {
        let found = value::read(document, &found, &id, None);
        values.retain(|known| known != &found);
        values.push(found);
    }
    Ok(values)
}

/// Puts a value unless it stands there alone already; nothing written and cleared are the same.
fn put(
    transaction: &mut Transaction<'_>,
    object: &ObjId,
    key: &str,
    wanted: &Scalar,
    current: &[Scalar],
) -> Result<(), EditError> {
    let is_there = match current {
        [] => wanted.is_null(),
        [only] => only == wanted,
        _ => false,
    };
    if !is_there {
        transaction.put(object, key, value::to_automerge(wanted))?;
    }
    Ok(())
}

/// Replaces a text by the smallest splices, by whole graphemes.
fn write_text(
    transaction: &mut Transaction<'_>,
    genesis: &Genesis,
    place: &Place,
    wanted: &str,
) -> Result<(), EditError> {
    let frozen = text_object(genesis, place)?;
    let found = transaction.get(ROOT, place.field.as_str())?.map(|(value, id)| (value.into_owned(), id));
    let object = match found {
        Some((Value::Object(ObjType::Text), object)) => object,
        // Another program put a plain string over the text; the string is what everybody reads.
        Some((Value::Scalar(scalar), _)) if scalar.is_str() => {
            return put(transaction, &ROOT, &place.field, &wanted.into(), &[value::from_automerge(&scalar)]);
        }
        _ => frozen,
    };
    text::replace(transaction, &object, wanted)?;
    Ok(())
}

/// Heads as Automerge wants them.
pub(crate) fn to_automerge_heads(heads: &[[u8; 32]]) -> Vec<ChangeHash> {
    heads.iter().map(|hash| ChangeHash(*hash)).collect()
}
