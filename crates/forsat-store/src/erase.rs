//! Erasing a document: everything that the store holds of it, whatever its state.

use forsat_sync::id::DocumentId;

use crate::access::WriteTx;
use crate::chunks::{BY_HASH, CHUNKS, chunk_key, hash_key};
use crate::documents::DOCUMENTS;
use crate::error::StoreError;
use crate::journal::{JOURNAL, JournalId};
use crate::refused::REFUSED;

impl WriteTx<'_> {
    /// Takes a document away with its changes, sent or not, its row, snapshot, refused edits and issues; answers whether it was here.
    ///
    /// Rows under other modules than its own, and what the caller wrote of it into the journal, are the caller's to remove.
    pub fn erase_document(&mut self, document: &DocumentId) -> Result<bool, StoreError> {
        for (id, edit) in self.refused_edits()? {
            if edit.document == *document {
                self.remove(REFUSED, &id.get().to_be_bytes())?;
            }
        }
        for issue in self.sync_issues()? {
            if issue.key.document == Some(*document) {
                self.clear_sync_issue(&issue.key)?;
            }
        }
        let Some(row) = self.document(document)? else { return Ok(false) };
        for chunk in self.chunks(document)? {
            if let Some(number) = self.chunk_value(document, &chunk.hash)?.and_then(|value| value.outbox) {
                self.leave_outbox(&row.space, number, chunk.bytes.len())?;
            }
            self.remove(CHUNKS, &chunk_key(document, chunk.ordinal))?;
            self.remove(BY_HASH, &hash_key(document, &chunk.hash))?;
        }
        self.drop_snapshot(document)?;
        if let Some(module) = &row.module {
            self.remove_row(module, document)?;
        }
        self.replace_in_bucket(&row.space, document, &row.feed_heads, &[])?;
        self.remove(DOCUMENTS, document.as_bytes())
    }

    /// Forgets a command: nobody can take it back any more. Answers whether it was there.
    pub fn remove_journal(&mut self, id: JournalId) -> Result<bool, StoreError> {
        self.remove(JOURNAL, &id.get().to_be_bytes())
    }
}
