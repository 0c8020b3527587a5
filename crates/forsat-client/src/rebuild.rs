//! Rows written again from their documents, after a version that wrote other ones or could read less.

use crate::error::ClientError;
use crate::ids::{document_id, hashes, record_id};
use crate::sync::unreadable_issue;
use crate::{rows, vault};
use forsat_document::Chunk;
use forsat_domain::RecordId;
use forsat_domain::schema::Schema;
use forsat_store::{ChunkState, DocumentRow, Store, WriteTx};
use forsat_sync::id::ChangeHash;

/// How many documents are read in one transaction.
const DOCUMENTS_A_TURN: usize = 100;

/// Drops every row and writes it again from its document, in as many transactions as it takes. What an earlier version
/// left out of a document, such as the beginning of a module that it didn't know, is tried again.
pub(crate) fn rebuild_rows(store: &Store, schema: &Schema) -> Result<(), ClientError> {
    store.write::<_, ClientError>(|tx| Ok(tx.clear_rows()?))?;
    let mut after = None;
    loop {
        let page = store.read()?.documents_after(after.as_ref(), DOCUMENTS_A_TURN)?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        store.write::<_, ClientError>(|tx| {
            for (id, row) in &page {
                if row.counts.unreadable > 0 {
                    take_in_left_out(tx, record_id(id), row)?;
                }
                if let Some(loaded) = vault::load(tx, record_id(id))? {
                    vault::put_row(tx, schema, &loaded.document.read(schema))?;
                }
            }
            Ok(())
        })?;
    }
    store.write::<_, ClientError>(|tx| Ok(tx.set_row_version(rows::ROW_VERSION)?))
}

/// Takes into the view what this version can read of the changes that were left out.
fn take_in_left_out(tx: &mut WriteTx<'_>, id: RecordId, row: &DocumentRow) -> Result<(), ClientError> {
    let at = document_id(id);
    let mut document = vault::load_states(tx, id, &vault::IN_VIEW)?;
    let held = tx.chunks_in(&at, &[ChunkState::Unreadable, ChunkState::Waiting])?;
    let chunks = held.iter().map(|chunk| Chunk { hash: *chunk.hash.as_bytes(), bytes: chunk.bytes.clone() });
    let report = document.apply(chunks.collect());
    let waiting = report.waiting.iter().map(|hash| (hash, ChunkState::Waiting));
    for (hash, state) in report.applied.iter().map(|hash| (hash, ChunkState::Feed)).chain(waiting) {
        tx.set_chunk_state(&at, &ChangeHash::from_bytes(*hash), state)?;
    }
    if report.unreadable.is_empty() {
        tx.clear_sync_issue(&unreadable_issue(row.space, at))?;
    }
    tx.set_heads(&at, &hashes(&document.heads()))?;
    vault::name_module(tx, row, &document)
}
