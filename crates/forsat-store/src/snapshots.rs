//! Snapshots: a document's view in one piece, so that loading it needn't replay every change. A cache.

use forsat_sync::id::{ChangeHash, DocumentId};

use crate::access::{Access, Tx, WriteTx};
use crate::chunks::{ChunkState, Ordinal, StoredChunk};
use crate::codec::{In, Malformed, Out, Table};
use crate::documents::DocumentRow;
use crate::error::StoreError;

/// document → upto, heads, bytes.
pub(crate) const SNAPSHOTS: Table = Table::new("snapshots");

/// After how many changes behind a snapshot the caller should write a new one.
pub const SNAPSHOT_EVERY_CHUNKS: usize = 16;

/// A document's view in one piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// It covers the changes in the view whose ordinals lie below this one.
    pub upto: Ordinal,
    /// The heads that it has.
    pub heads: Vec<ChangeHash>,
    /// The saved document.
    pub bytes: Vec<u8>,
}

/// What it takes to load a document's view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadParts {
    /// What the store knows of the document.
    pub row: DocumentRow,
    /// The newest snapshot, if there is one.
    pub snapshot: Option<Snapshot>,
    /// The changes in the view that the snapshot doesn't cover, in order of arrival.
    pub chunks: Vec<StoredChunk>,
}

pub(crate) fn decode(input: &mut In<'_>) -> Result<Snapshot, Malformed> {
    Ok(Snapshot { upto: Ordinal(input.u64()?), heads: input.hashes()?, bytes: input.rest().to_vec() })
}

impl<A: Access> Tx<A> {
    /// The newest snapshot of a document.
    pub fn snapshot(&self, document: &DocumentId) -> Result<Option<Snapshot>, StoreError> {
        self.get_as(SNAPSHOTS, document.as_bytes(), decode)
    }

    /// What it takes to load a document's view; `None` when the store doesn't hold the document.
    pub fn load_parts(&self, document: &DocumentId) -> Result<Option<LoadParts>, StoreError> {
        let Some(row) = self.document(document)? else { return Ok(None) };
        let snapshot = self.snapshot(document)?;
        let from = snapshot.as_ref().map(|snapshot| snapshot.upto);
        let chunks = self.chunks_where(document, from, ChunkState::in_view)?;
        Ok(Some(LoadParts { row, snapshot, chunks }))
    }
}

impl WriteTx<'_> {
    /// Keeps a snapshot of the document's present view: of all its changes in the view, with the heads that
    /// [`Self::set_heads`] set.
    pub fn put_snapshot(&mut self, document: &DocumentId, bytes: &[u8]) -> Result<(), StoreError> {
        let row = self.need_document(document)?;
        let body = Out::new().u64(row.next_ordinal).hashes(&row.heads).raw(bytes).done();
        self.put(SNAPSHOTS, document.as_bytes(), &body)
    }

    /// Drops a document's snapshot; answers whether there was one.
    pub fn drop_snapshot(&mut self, document: &DocumentId) -> Result<bool, StoreError> {
        self.remove(SNAPSHOTS, document.as_bytes())
    }

    /// Drops a snapshot that covers an ordinal, since that change enters the view or leaves it.
    pub(crate) fn drop_snapshot_over(
        &mut self,
        document: &DocumentId,
        ordinal: Ordinal,
    ) -> Result<(), StoreError> {
        match self.snapshot(document)? {
            Some(snapshot) if ordinal < snapshot.upto => self.drop_snapshot(document).map(drop),
            _ => Ok(()),
        }
    }
}
