//! Documents that the relay's control log erases: gone from this device for good, and never taken again.

use crate::error::ClientError;
use crate::ids::{document_id, record_id};
use crate::journal::{JournalChange, JournalRecord};
use crate::{import, moves, vault};
use forsat_store::{Access, JOURNAL_ENTRIES_MAX, StoreError, Tx, WriteTx};
use forsat_sync::id::DocumentId;
use std::collections::BTreeSet;
use uuid::Uuid;

/// As many letters of an entry's id as the name of a client value has room for.
const ENTRY_LETTERS: usize = 24;

/// The client value that says that a document was erased.
fn place(document: &DocumentId) -> String {
    format!("erased/{document}")
}

/// Whether a document was erased: nothing of it is taken in then.
pub(crate) fn is_erased<A: Access>(tx: &Tx<A>, document: &DocumentId) -> Result<bool, StoreError> {
    Ok(tx.client_value(&place(document))?.is_some())
}

/// The client value that keeps a feed entry of a document that couldn't be read.
pub(crate) fn entry_place(document: &DocumentId, entry: &Uuid) -> String {
    let hash = entry.simple().to_string();
    format!("entry/{document}/{}", &hash[..ENTRY_LETTERS])
}

/// Takes everything of documents away and remembers that; answers how many were here.
///
/// Commands that wrote to one leave the journal whole: what they wrote stands there, and what they were called too.
pub(crate) fn erase(tx: &mut WriteTx<'_>, documents: &BTreeSet<DocumentId>) -> Result<u64, ClientError> {
    let mut fresh = BTreeSet::new();
    for document in documents {
        // The feed of its space and the log both say so, and who reads from the beginning is told again.
        if !is_erased(tx, document)? || tx.document(document)?.is_some() {
            fresh.insert(*document);
        }
    }
    let documents = &fresh;
    if documents.is_empty() {
        return Ok(0);
    }
    for entry in tx.journal(usize::try_from(JOURNAL_ENTRIES_MAX).unwrap_or(usize::MAX))? {
        // One that can't be read can't be taken back either; what it says of whom is unknown.
        let record = JournalRecord::decode(&entry.payload);
        let is_of = |change: &JournalChange| documents.contains(&document_id(change.id));
        if record.map_or(true, |record| record.changes.iter().any(is_of)) {
            tx.remove_journal(entry.id)?;
        }
    }
    for document in documents {
        tx.set_client_value(&place(document), &[])?;
        moves::forget(tx, document)?;
        tx.remove_client_values(&format!("entry/{document}/"))?;
        import::forget_cells(tx, record_id(document))?;
        if let Some(module) = tx.document(document)?.and_then(|row| row.module) {
            vault::drop_row(tx, &module, document)?;
        }
    }
    Ok(tx.erase_documents(documents)?)
}
