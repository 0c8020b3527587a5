//! Unsent edits that a repair refused, since what they build on is lost: what they wrote, as far as they say it themselves.

use crate::error::ClientError;
use crate::ids::record_id;
use crate::refused::values_of;
use crate::vault;
use forsat_document::Chunk;
use forsat_store::{ChunkState, LOST_BASE, RefusedId, RefusedState, Store, WriteTx};
use forsat_sync::id::{ChangeHash, DocumentId};
use std::collections::BTreeMap;

/// What a refused edit holds of which nobody has said yet what it wrote.
const UNTOLD: &[u8] = b"{}";

/// Edits that nobody has told, by their changes.
type Untold = BTreeMap<ChangeHash, RefusedId>;

/// Notes what such edits wrote, so that they are shown and can be made again; those that can't say it stay as they are.
pub(crate) fn tell(store: &Store) -> Result<(), ClientError> {
    let mut untold: BTreeMap<DocumentId, Untold> = BTreeMap::new();
    for (id, edit) in store.read()?.refused_edits()? {
        if edit.code == LOST_BASE && edit.state == RefusedState::Open && edit.after == UNTOLD {
            untold.entry(edit.document).or_default().insert(edit.hash, id);
        }
    }
    for (document, edits) in &untold {
        store.write(|tx| tell_of(tx, document, edits))?;
    }
    Ok(())
}

fn tell_of(tx: &mut WriteTx<'_>, document: &DocumentId, edits: &Untold) -> Result<(), ClientError> {
    let Some(loaded) = vault::load(tx, record_id(document))? else { return Ok(()) };
    let refused = tx.chunks_in(document, &[ChunkState::Refused])?.into_iter();
    let chunks = refused.filter(|chunk| edits.contains_key(&chunk.hash));
    let chunks: Vec<Chunk> =
        chunks.map(|chunk| Chunk { hash: *chunk.hash.as_bytes(), bytes: chunk.bytes }).collect();
    for entry in loaded.document.history_beyond(&chunks) {
        if let Some(id) = edits.get(&ChangeHash::from_bytes(entry.hash)) {
            let (before, after) = values_of(&entry.changes)?;
            tx.set_refused_values(*id, before, after)?;
        }
    }
    Ok(())
}
