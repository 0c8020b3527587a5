//! What nobody but this device has, as far as it can be read: for a store that is about to be erased.

use std::collections::{BTreeMap, BTreeSet};

use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};

use crate::access::{ALL, Access, Tx};
use crate::chunks::ChunkState;
use crate::error::StoreError;
use crate::examine::{Examined, Examiner, each_readable, readable};
use crate::refused::{REFUSED, RefusedEdit, RefusedState};

/// A change that the relay doesn't have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SalvagedChange {
    /// Its document.
    pub document: DocumentId,
    /// The space that it was to go to, where that can be read.
    pub space: Option<SpaceId>,
    /// Its hash, where that is known.
    pub hash: Option<ChangeHash>,
    /// Whether the bytes are the change; else they are the damaged value as it lay in the file.
    pub is_whole: bool,
    /// The canonical change chunk, or what is left of it.
    pub bytes: Vec<u8>,
}

/// What nobody but this device has.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Salvage {
    /// Changes that were never sent, and those of refused edits; by document, in the order in which they were made.
    pub changes: Vec<SalvagedChange>,
    /// Refused edits that nobody has decided about, oldest first.
    pub refused: Vec<RefusedEdit>,
}

/// Refused edits by their changes: whether nobody has decided about them.
type Refused = BTreeMap<(DocumentId, ChangeHash), bool>;

impl<A: Access> Tx<A> {
    /// Reads what the relay doesn't have, past everything that is damaged. A refused change of which nothing says what
    /// became of it is taken along.
    pub fn salvage(&self) -> Result<Salvage, StoreError> {
        let mut salvage = Salvage::default();
        let mut refused = Refused::new();
        let edits = each_readable(
            self,
            REFUSED,
            ALL,
            |_, input| crate::refused::decode(input),
            &mut |edit: RefusedEdit| {
                let is_open = edit.state == RefusedState::Open;
                *refused.entry((edit.document, edit.hash)).or_default() |= is_open;
                salvage.refused.extend(Some(edit).filter(|_| is_open));
            },
        );
        readable(edits)?;
        let Some(examiner) = readable(Examiner::begin(self))? else { return Ok(salvage) };
        let queued: BTreeSet<DocumentId> = examiner.unsent.keys().map(|(document, _)| *document).collect();
        for id in readable(examiner.documents())?.unwrap_or_default() {
            let row = readable(self.document(&id))?.flatten();
            let has_some = |row: &crate::DocumentRow| row.counts.outbox + row.counts.refused > 0;
            if row.as_ref().is_some_and(|row| !has_some(row)) && !queued.contains(&id) {
                continue;
            }
            if let Some(found) = readable(examiner.document(&id))? {
                let space = row.map(|row| row.space);
                salvage.changes.extend(changes(&id, space, found, &refused));
            }
        }
        Ok(salvage)
    }
}

/// The changes of a document that the relay doesn't have.
fn changes(
    id: &DocumentId,
    space: Option<SpaceId>,
    found: Examined,
    refused: &Refused,
) -> Vec<SalvagedChange> {
    let is_open = |hash: &ChangeHash| refused.get(&(*id, *hash)).copied();
    let whole = found.held.into_iter().filter(|held| match held.state {
        ChunkState::Outbox => true,
        ChunkState::Refused => is_open(&held.header.hash).unwrap_or(true),
        _ => false,
    });
    let whole = whole.map(|held| (Some(held.header.hash), true, held.bytes));
    let wanted = |hash: Option<ChangeHash>| hash.as_ref().and_then(is_open).unwrap_or(false);
    let damaged = found.aside.into_iter().filter(|aside| aside.unsent || wanted(aside.hash));
    let damaged = damaged.map(|aside| (aside.hash, false, aside.raw));
    let change = |(hash, is_whole, bytes)| SalvagedChange { document: *id, space, hash, is_whole, bytes };
    whole.chain(damaged).map(change).collect()
}
