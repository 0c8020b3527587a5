//! Documents in the store: loading one, and keeping what an edit or a feed made of it.
//!
//! A document's chunks, its heads, its row and its names change together in the caller's transaction.

use crate::error::ClientError;
use crate::ids::{document_id, hashes};
use crate::{briefs, merged, references, rows};
use forsat_document::{Chunk, Document, Genesis};
use forsat_domain::RecordId;
use forsat_domain::record::RecordState;
use forsat_domain::schema::{Schema, record_name};
use forsat_domain::text;
use forsat_store::{Access, ChunkState, DocumentRow, SNAPSHOT_EVERY_CHUNKS, Tx, WriteTx};
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};

/// The states whose changes make up what the user sees.
pub(crate) const IN_VIEW: [ChunkState; 3] = [ChunkState::Outbox, ChunkState::Acked, ChunkState::Feed];

/// A document with what the store knows of it.
pub(crate) struct Loaded {
    /// The document as the user sees it: all changes in the view.
    pub document: Document,
    /// The store's row of it.
    pub row: DocumentRow,
    /// How many changes were read beside the snapshot.
    pub loose: usize,
}

/// Loads a document's view; none when the store doesn't hold it.
pub(crate) fn load<A: Access>(tx: &Tx<A>, id: RecordId) -> Result<Option<Loaded>, ClientError> {
    let at = document_id(id);
    let Some(parts) = tx.load_parts(&at)? else { return Ok(None) };
    let loose = parts.chunks.len();
    let snapshot = parts.snapshot.as_ref().map(|snapshot| snapshot.bytes.as_slice());
    let loaded = Document::load(id, snapshot, parts.chunks.iter().map(|chunk| chunk.bytes.as_slice()));
    let mut document = match loaded {
        Ok(document) => document,
        // The snapshot is a cache: what it was made of is still there.
        Err(_) => load_states(tx, id, &IN_VIEW)?,
    };
    if parts.row.counts.unreadable > 0 {
        let left_out = tx.chunks_in(&at, &[ChunkState::Unreadable])?;
        document.note_unreadable(left_out.iter().map(|chunk| *chunk.hash.as_bytes()));
    }
    Ok(Some(Loaded { document, row: parts.row, loose }))
}

/// Loads a document of the changes of some states only, without its snapshot.
pub(crate) fn load_states<A: Access>(
    tx: &Tx<A>,
    id: RecordId,
    states: &[ChunkState],
) -> Result<Document, ClientError> {
    let chunks = tx.chunks_in(&document_id(id), states)?;
    Ok(Document::load(id, None, chunks.iter().map(|chunk| chunk.bytes.as_slice()))?)
}

/// Keeps a new document with its changes, unsent.
pub(crate) fn keep_new(
    tx: &mut WriteTx<'_>,
    schema: &Schema,
    document: &Document,
    chunks: &[Chunk],
    space: SpaceId,
) -> Result<RecordState, ClientError> {
    let at = document_id(document.id());
    tx.create_document(&at, Some(&document.module()), space)?;
    append(tx, document.id(), chunks)?;
    refresh(tx, schema, document)
}

/// Keeps what was made on a loaded document, unsent, and writes a new snapshot when it is time.
pub(crate) fn keep_edit(
    tx: &mut WriteTx<'_>,
    schema: &Schema,
    loaded: &Loaded,
    chunks: &[Chunk],
) -> Result<RecordState, ClientError> {
    append(tx, loaded.document.id(), chunks)?;
    let state = refresh(tx, schema, &loaded.document)?;
    if loaded.loose + chunks.len() >= SNAPSHOT_EVERY_CHUNKS {
        tx.put_snapshot(&document_id(loaded.document.id()), &loaded.document.snapshot())?;
    }
    Ok(state)
}

/// Keeps changes that the view has gained, unsent.
fn append(tx: &mut WriteTx<'_>, id: RecordId, chunks: &[Chunk]) -> Result<(), ClientError> {
    let at = document_id(id);
    for chunk in chunks {
        let hash = ChangeHash::from_bytes(chunk.hash);
        if tx.append_chunk(&at, hash, &chunk.bytes, ChunkState::Outbox)? {
            continue;
        }
        // A fixed change of the beginning that was left out of the view earlier: an older version didn't know it, or
        // the relay refused it.
        let came = tx.chunk(&at, &hash)?.is_some_and(|held| held.state == ChunkState::Unreadable);
        tx.set_chunk_state(&at, &hash, if came { ChunkState::Feed } else { ChunkState::Outbox })?;
    }
    Ok(())
}

/// Sets the heads of the view and writes the row anew.
pub(crate) fn refresh(
    tx: &mut WriteTx<'_>,
    schema: &Schema,
    document: &Document,
) -> Result<RecordState, ClientError> {
    tx.set_heads(&document_id(document.id()), &hashes(&document.heads()))?;
    let state = document.read(schema);
    put_row(tx, schema, &state)?;
    Ok(state)
}

/// Letters that no module's name has: rows of the client's own stand under names with a slash.
const NO_MODULE_LETTER: char = '/';
/// Bytes of a module's name; what the store takes for a key.
const MODULE_BYTES_MAX: usize = 64;

/// Whether rows can be kept under what a document gives as its module. Any program may have written it.
fn is_module_name(name: &str) -> bool {
    (1..=MODULE_BYTES_MAX).contains(&name.len())
        && !name.contains(|letter: char| letter == NO_MODULE_LETTER || letter.is_control())
}

/// Notes the module that a document gives, also where it gives another than before: its row moves with it.
pub(crate) fn name_module(
    tx: &mut WriteTx<'_>,
    row: &DocumentRow,
    document: &Document,
) -> Result<(), ClientError> {
    let (at, module) = (document_id(document.id()), document.module());
    if row.module.as_deref() == Some(&module) || module.is_empty() {
        return Ok(());
    }
    if !is_module_name(&module) {
        tracing::warn!(document = %at, "a document names a module that can't be one");
        return Ok(());
    }
    if let Some(before) = &row.module {
        drop_row(tx, before, &at)?;
    }
    Ok(tx.set_document_module(&at, &module)?)
}

/// Removes a row with its names, and its brief.
pub(crate) fn drop_row(tx: &mut WriteTx<'_>, module: &str, at: &DocumentId) -> Result<(), ClientError> {
    tx.remove_row(module, at)?;
    tx.remove_row(&briefs::place(module), at)?;
    Ok(())
}

/// Writes a row with its names, and its brief. A document that holds no record, because its module isn't known yet or
/// can't be one, or it has no more than its fixed beginning, has none.
pub(crate) fn put_row(tx: &mut WriteTx<'_>, schema: &Schema, state: &RecordState) -> Result<(), ClientError> {
    let Some((names, row)) = row_of(state) else {
        let at = document_id(state.id);
        return match tx.document(&at)?.and_then(|row| row.module) {
            Some(module) => drop_row(tx, &module, &at),
            None => Ok(()),
        };
    };
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    tx.put_row(&state.module, &document_id(state.id), &names, &row)?;
    merged::note(tx, state)?;
    briefs::put(tx, schema, state)
}

/// The names and the bytes of the row that a record should have; none for a document that holds no record.
pub(crate) fn row_of(state: &RecordState) -> Option<(Vec<String>, Vec<u8>)> {
    let is_written = state.heads.iter().any(|head| Genesis::by_hash(head).is_none());
    if !is_module_name(&state.module) || !is_written {
        return None;
    }
    let name = Some(text::fold(&record_name(state))).filter(|name| !name.is_empty());
    Some((name.into_iter().chain(references::index_names(state)).collect(), rows::encode(state)))
}

/// Reads a record by its row; none when it isn't here.
pub(crate) fn state<A: Access>(
    tx: &Tx<A>,
    module: &str,
    id: RecordId,
) -> Result<Option<RecordState>, ClientError> {
    tx.row(module, &document_id(id))?.map(|bytes| rows::decode(&bytes)).transpose()
}

/// Reads a record of any module.
pub(crate) fn any_state<A: Access>(tx: &Tx<A>, id: RecordId) -> Result<Option<RecordState>, ClientError> {
    let Some(row) = tx.document(&document_id(id))? else { return Ok(None) };
    match row.module {
        Some(module) => state(tx, &module, id),
        None => Ok(None),
    }
}
