//! Taking a document out of the store with everything that belongs to it.

use forsat_sync::id::DocumentId;

use crate::access::WriteTx;
use crate::chunks::{BY_HASH, CHUNKS, chunk_key, hash_key};
use crate::documents::DOCUMENTS;
use crate::error::StoreError;

impl WriteTx<'_> {
    /// Removes a document: its changes whatever their state, their places in the outbox, its row, snapshot and issues, its
    /// part of the digests. Refused edits stay, with the bytes of their changes. Answers whether it was here.
    ///
    /// Rows under other modules than its own are the caller's to remove.
    pub fn purge_document(&mut self, document: &DocumentId) -> Result<bool, StoreError> {
        for issue in self.sync_issues()? {
            if issue.key.document == Some(*document) {
                self.clear_sync_issue(&issue.key)?;
            }
        }
        let Some(row) = self.document(document)? else { return Ok(false) };
        self.keep_refused_chunks(document)?;
        self.replace_in_bucket(&row.space, document, &row.feed_heads, &[])?;
        for chunk in self.chunks(document)? {
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
