//! Erasing documents: everything that the store holds of them, whatever its state.

use std::collections::BTreeSet;

use forsat_sync::id::DocumentId;

use crate::access::WriteTx;
use crate::error::StoreError;
use crate::journal::{JOURNAL, JournalId};
use crate::repair::{ASIDE, OF_NONE};

impl WriteTx<'_> {
    /// Takes documents away as [`Self::purge_document`] does, with their refused edits and what a repair set aside of them;
    /// answers how many were here.
    ///
    /// Rows under other modules than their own, and what the caller wrote of them into the journal, are the caller's to
    /// remove.
    pub fn erase_documents(&mut self, documents: &BTreeSet<DocumentId>) -> Result<u64, StoreError> {
        self.remove_refused(documents)?;
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
            self.remove_client_values(&format!("{ASIDE}/{document}/"))?;
            gone += u64::from(self.take_out(document)?);
        }
        Ok(gone)
    }

    /// Forgets a command: nobody can take it back any more. Answers whether it was there.
    pub fn remove_journal(&mut self, id: JournalId) -> Result<bool, StoreError> {
        self.remove(JOURNAL, &id.get().to_be_bytes())
    }
}

fn holds(documents: &BTreeSet<DocumentId>, part: &[u8]) -> bool {
    DocumentId::from_slice(part).is_some_and(|document| documents.contains(&document))
}
