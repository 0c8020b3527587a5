//! Documents that the relay's control log erases: gone from this device for good, and never taken again.

use crate::error::ClientError;
use crate::ids::record_id;
use crate::journal::JournalRecord;
use crate::{moves, vault};
use forsat_store::{Access, JOURNAL_ENTRIES_MAX, StoreError, Tx, WriteTx};
use forsat_sync::id::DocumentId;

/// The client value that says that a document was erased.
fn place(document: &DocumentId) -> String {
    format!("erased/{document}")
}

/// Whether a document was erased: nothing of it is taken in then.
pub(crate) fn is_erased<A: Access>(tx: &Tx<A>, document: &DocumentId) -> Result<bool, StoreError> {
    Ok(tx.client_value(&place(document))?.is_some())
}

/// Takes everything of a document away and remembers that; answers whether there was anything.
///
/// Commands that wrote to it leave the journal whole: what they wrote stands there, and what they were called too.
pub(crate) fn erase(tx: &mut WriteTx<'_>, document: &DocumentId) -> Result<bool, ClientError> {
    tx.set_client_value(&place(document), &[])?;
    let id = record_id(document);
    for entry in tx.journal(usize::try_from(JOURNAL_ENTRIES_MAX).unwrap_or(usize::MAX))? {
        // One that can't be read can't be taken back either; what it says of whom is unknown.
        let record = JournalRecord::decode(&entry.payload);
        if record.map_or(true, |record| record.changes.iter().any(|change| change.id == id)) {
            tx.remove_journal(entry.id)?;
        }
    }
    moves::forget(tx, document)?;
    if let Some(module) = tx.document(document)?.and_then(|row| row.module) {
        vault::drop_row(tx, &module, document)?;
    }
    Ok(tx.erase_document(document)?)
}
