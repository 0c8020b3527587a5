//! Taking a document out of the store with everything that belongs to it.

use forsat_sync::chunk;
use forsat_sync::id::DocumentId;
use forsat_sync::limits::ChunkLimits;

use crate::access::WriteTx;
use crate::chunks::{BY_HASH, CHUNKS, chunk_key, hash_key};
use crate::documents::DOCUMENTS;
use crate::error::StoreError;

impl WriteTx<'_> {
    /// Removes a document: its changes whatever their state, their places in the outbox, its row, snapshot and issues, its
    /// part of the digests. Refused edits stay, with the bytes of their changes. Answers whether it was here.
    ///
    /// The next edit draws a new actor where the present one wrote in it: should the document come back, changes of the
    /// present actor that aren't here would look like another store's. Rows under other modules than its own are the
    /// caller's to remove.
    pub fn purge_document(&mut self, document: &DocumentId) -> Result<bool, StoreError> {
        for issue in self.sync_issues()? {
            if issue.key.document == Some(*document) {
                self.clear_sync_issue(&issue.key)?;
            }
        }
        if self.document(document)?.is_none() {
            return Ok(false);
        }
        self.keep_refused_chunks(document)?;
        self.take_out(document)
    }

    /// Removes all of a document but its issues and refused edits; answers whether it was here.
    pub(crate) fn take_out(&mut self, document: &DocumentId) -> Result<bool, StoreError> {
        let Some(row) = self.document(document)? else { return Ok(false) };
        self.replace_in_bucket(&row.space, document, &row.feed_heads, &[])?;
        let actor = self.actor()?.map(|row| row.actor);
        let is_own = |bytes: &[u8]| {
            chunk::parse(bytes, &ChunkLimits::default()).is_ok_and(|(header, _)| Some(header.actor) == actor)
        };
        let chunks = self.chunks(document)?;
        if chunks.iter().any(|chunk| is_own(&chunk.bytes)) {
            self.forget_actor()?;
        }
        for chunk in chunks {
            if let Some(number) = self.chunk_value(document, &chunk.hash)?.and_then(|value| value.outbox) {
                self.leave_outbox(&row.space, number, chunk.bytes.len())?;
            }
            self.remove(BY_HASH, &hash_key(document, &chunk.hash))?;
            self.remove(CHUNKS, &chunk_key(document, chunk.ordinal))?;
        }
        self.drop_snapshot(document)?;
        if let Some(module) = &row.module {
            self.remove_row(module, document)?;
        }
        self.remove(DOCUMENTS, document.as_bytes())
    }
}
