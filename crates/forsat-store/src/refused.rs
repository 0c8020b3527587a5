//! Edits that the relay refused for good: kept, shown, to be exported, retried or dropped. Nothing typed disappears.

use std::collections::BTreeSet;

use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};

use crate::access::{ALL, Access, Tx, WriteTx, key_text};
use crate::codec::{In, Malformed, Out, Table};
use crate::error::StoreError;

/// number → edit.
pub(crate) const REFUSED: Table = Table::new("refused");
const NEXT: &[u8] = b"refused_next";

/// The number of a refused edit; from 1, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefusedId(u64);

impl RefusedId {
    /// Wraps a number that a person typed.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// What became of a refused edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedState {
    /// Nobody has decided yet.
    Open,
    /// It was made again as a new change.
    Retried,
    /// It was given up; still listed on demand.
    Dropped,
}

/// What the relay said when a refused edit was set aside there, for the managers of its space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aside {
    /// It has it.
    Taken,
    /// It doesn't take it.
    Declined,
}

/// An edit that the relay refused for good. The bytes of its change stay with the document, and are kept beside it when the
/// document leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedEdit {
    /// The document.
    pub document: DocumentId,
    /// The space that it was to go to.
    pub space: SpaceId,
    /// The change.
    pub hash: ChangeHash,
    /// Why, as a stable word.
    pub code: String,
    /// Why, as the relay put it.
    pub message: String,
    /// When the refusal came, in milliseconds since 1970 by this device's clock.
    pub at_ms: i64,
    /// The fields that it changed, before; JSON of the client.
    pub before: Vec<u8>,
    /// The same fields, after; JSON of the client.
    pub after: Vec<u8>,
    /// What became of it.
    pub state: RefusedState,
}

fn encode(edit: &RefusedEdit) -> Vec<u8> {
    let state = match edit.state {
        RefusedState::Open => 0,
        RefusedState::Retried => 1,
        RefusedState::Dropped => 2,
    };
    let out = Out::new().u8(state).raw(edit.document).raw(edit.space).raw(edit.hash).i64(edit.at_ms);
    out.bytes(&edit.code).bytes(&edit.message).bytes(&edit.before).bytes(&edit.after).done()
}

pub(crate) fn decode(input: &mut In<'_>) -> Result<RefusedEdit, Malformed> {
    let state = match input.u8()? {
        0 => RefusedState::Open,
        1 => RefusedState::Retried,
        2 => RefusedState::Dropped,
        _ => return Err(Malformed("state byte")),
    };
    Ok(RefusedEdit {
        state,
        document: DocumentId::from_bytes(input.array()?),
        space: SpaceId::from_bytes(input.array()?),
        hash: ChangeHash::from_bytes(input.array()?),
        at_ms: input.i64()?,
        code: input.text()?,
        message: input.text()?,
        before: input.bytes()?.to_vec(),
        after: input.bytes()?.to_vec(),
    })
}

/// The client value with the bytes of a refused edit whose document has left.
fn bytes_of(id: RefusedId) -> String {
    format!("refused/{}", id.0)
}

/// The client value that says what the relay said of a refused edit that was set aside there.
fn aside_of(id: RefusedId) -> String {
    format!("refused/{}/aside", id.0)
}

impl<A: Access> Tx<A> {
    /// One refused edit.
    pub fn refused(&self, id: RefusedId) -> Result<Option<RefusedEdit>, StoreError> {
        self.get_as(REFUSED, &id.0.to_be_bytes(), decode)
    }

    /// What the relay said when a refused edit was set aside there; none where it wasn't yet.
    pub fn refused_aside(&self, id: RefusedId) -> Result<Option<Aside>, StoreError> {
        match self.client_value(&aside_of(id))?.as_deref() {
            None => Ok(None),
            Some([1]) => Ok(Some(Aside::Taken)),
            Some(_) => Ok(Some(Aside::Declined)),
        }
    }

    /// All refused edits, oldest first, whatever became of them.
    pub fn refused_edits(&self) -> Result<Vec<(RefusedId, RefusedEdit)>, StoreError> {
        self.collect_as(REFUSED, ALL, |key, input| Ok((RefusedId(In::new(key).u64()?), decode(input)?)))
    }

    /// The bytes of a refused edit's change, whether its document is here or has left; none where they are lost.
    pub fn refused_chunk(&self, id: RefusedId) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(edit) = self.refused(id)? else { return Ok(None) };
        match self.chunk(&edit.document, &edit.hash)? {
            Some(chunk) => Ok(Some(chunk.bytes)),
            None => self.client_value(&bytes_of(id)),
        }
    }
}

impl WriteTx<'_> {
    /// Keeps a refused edit and answers its number.
    pub fn add_refused(&mut self, edit: &RefusedEdit) -> Result<RefusedId, StoreError> {
        key_text("the code of a refusal", &edit.code)?;
        let id = RefusedId(self.take_number(NEXT)?);
        self.put(REFUSED, &id.0.to_be_bytes(), &encode(edit))?;
        Ok(id)
    }

    /// Says what a refused edit wrote, where that wasn't known when it was refused; JSON of the client.
    pub fn set_refused_values(
        &mut self,
        id: RefusedId,
        before: Vec<u8>,
        after: Vec<u8>,
    ) -> Result<(), StoreError> {
        let edit = self.refused(id)?.ok_or(StoreError::NoSuchEntry { what: "refused edit", number: id.0 })?;
        self.put(REFUSED, &id.0.to_be_bytes(), &encode(&RefusedEdit { before, after, ..edit }))
    }

    /// Says what became of a refused edit.
    pub fn set_refused_state(&mut self, id: RefusedId, state: RefusedState) -> Result<(), StoreError> {
        let edit = self.refused(id)?.ok_or(StoreError::NoSuchEntry { what: "refused edit", number: id.0 })?;
        self.put(REFUSED, &id.0.to_be_bytes(), &encode(&RefusedEdit { state, ..edit }))
    }

    /// Notes what the relay said when a refused edit was set aside there.
    pub fn set_refused_aside(&mut self, id: RefusedId, aside: Aside) -> Result<(), StoreError> {
        self.set_client_value(&aside_of(id), &[u8::from(aside == Aside::Taken)])
    }

    /// Keeps the bytes of a document's refused edits beside it, for it is about to leave.
    pub(crate) fn keep_refused_chunks(&mut self, document: &DocumentId) -> Result<(), StoreError> {
        for (id, edit) in self.refused_edits()? {
            if edit.document == *document
                && let Some(chunk) = self.chunk(document, &edit.hash)?
            {
                self.set_client_value(&bytes_of(id), &chunk.bytes)?;
            }
        }
        Ok(())
    }

    /// Removes the refused edits of documents, and what is kept of them beside it.
    pub(crate) fn remove_refused(&mut self, documents: &BTreeSet<DocumentId>) -> Result<(), StoreError> {
        for (id, edit) in self.refused_edits()? {
            if documents.contains(&edit.document) {
                self.remove_client_value(&bytes_of(id))?;
                self.remove_client_value(&aside_of(id))?;
                self.remove(REFUSED, &id.0.to_be_bytes())?;
            }
        }
        Ok(())
    }
}
