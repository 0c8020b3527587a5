//! Commands that undo has passed over, since records of them have left this device: they stand, and the next undo goes on
//! with the command before.

use crate::error::ClientError;
use forsat_store::{Access, JOURNAL_ENTRIES_MAX, JournalId, Tx, WriteTx};
use std::collections::BTreeSet;

/// The client value that holds their numbers, eight bytes each.
const PASSED: &str = "undo/passed";

/// Their numbers. A value of another shape says nothing: then such a command is told once more.
pub(super) fn numbers<A: Access>(tx: &Tx<A>) -> Result<BTreeSet<u64>, ClientError> {
    let bytes = tx.client_value(PASSED)?.unwrap_or_default();
    Ok(bytes.as_chunks().0.iter().map(|number| u64::from_be_bytes(*number)).collect())
}

/// Adds a command; those that have left the journal go, so there are never more than it has entries.
pub(super) fn add(tx: &mut WriteTx<'_>, id: JournalId) -> Result<(), ClientError> {
    let entries = tx.journal(usize::try_from(JOURNAL_ENTRIES_MAX).unwrap_or(usize::MAX))?;
    let mut passed = numbers(&*tx)?;
    passed.insert(id.get());
    let kept = entries.iter().map(|entry| entry.id.get()).filter(|number| passed.contains(number));
    let bytes: Vec<u8> = kept.flat_map(u64::to_be_bytes).collect();
    Ok(tx.set_client_value(PASSED, &bytes)?)
}
