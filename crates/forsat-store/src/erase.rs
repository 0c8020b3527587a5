//! Erasing a document: everything that the store holds of it, whatever its state.

use forsat_sync::id::DocumentId;

use crate::access::WriteTx;
use crate::error::StoreError;
use crate::journal::{JOURNAL, JournalId};

impl WriteTx<'_> {
    /// Takes a document away as [`Self::purge_document`] does, and its refused edits too; answers whether it was here.
    ///
    /// What the caller wrote of it into the journal is the caller's to remove.
    pub fn erase_document(&mut self, document: &DocumentId) -> Result<bool, StoreError> {
        self.remove_refused(document)?;
        self.purge_document(document)
    }

    /// Forgets a command: nobody can take it back any more. Answers whether it was there.
    pub fn remove_journal(&mut self, id: JournalId) -> Result<bool, StoreError> {
        self.remove(JOURNAL, &id.get().to_be_bytes())
    }
}
