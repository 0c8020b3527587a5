//! Erasing a document: everything that the store holds of it, whatever its state.

use std::collections::BTreeSet;

use forsat_sync::id::DocumentId;

use crate::access::WriteTx;
use crate::chunks::{BY_HASH, CHUNKS, chunk_key, hash_key};
use crate::documents::DOCUMENTS;
use crate::error::StoreError;
use crate::journal::{JOURNAL, JournalId};
use crate::refused::REFUSED;
use crate::repair::{ASIDE, OF_NONE};

impl WriteTx<'_> {
    /// Takes documents away with their changes, sent or not, rows, snapshots, refused edits, issues, and what a repair set
    /// aside of them; answers how many were here.
    ///
    /// Rows under other modules than their own, and what the caller wrote of them into the journal, are the caller's to
    /// remove.
    pub fn erase_documents(&mut self, documents: &BTreeSet<DocumentId>) -> Result<u64, StoreError> {
        for (id, edit) in self.refused_edits()? {
            if documents.contains(&edit.document) {
                self.remove(REFUSED, &id.get().to_be_bytes())?;
            }
        }
        for issue in self.sync_issues()? {
            if issue.key.document.is_some_and(|document| documents.contains(&document)) {
                self.clear_sync_issue(&issue.key)?;
            }
        }
        // What names no document may still hold its id, where it is of a refused edit.
        for (name, raw) in self.client_values(&format!("{ASIDE}/{OF_NONE}/"))? {
            if raw.windows(DocumentId::LEN).any(|part| holds(documents, part)) {
                self.remove_client_value(&name)?;
            }
        }
        let mut gone = 0;
        for document in documents {
            gone += u64::from(self.erase_document(document)?);
        }
        Ok(gone)
    }

    fn erase_document(&mut self, document: &DocumentId) -> Result<bool, StoreError> {
        self.remove_client_values(&format!("{ASIDE}/{document}/"))?;
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

fn holds(documents: &BTreeSet<DocumentId>, part: &[u8]) -> bool {
    DocumentId::from_slice(part).is_some_and(|document| documents.contains(&document))
}
