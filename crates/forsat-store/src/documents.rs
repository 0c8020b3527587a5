//! Documents: module, space, heads, and how their changes stand.

use std::ops::{Bound, ControlFlow};

use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};

use crate::access::{ALL, Access, Direction, KeyRange, Tx, WriteTx, key_text};
use crate::chunks::ChunkState;
use crate::codec::{In, Malformed, Out, Table};
use crate::error::StoreError;

/// document → row.
pub(crate) const DOCUMENTS: Table = Table::new("documents");

/// How many changes of a document stand at each state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the states of the same names say what each field is")]
pub struct ChunkCounts {
    pub outbox: u32,
    pub acked: u32,
    pub feed: u32,
    pub waiting: u32,
    pub unreadable: u32,
    pub refused: u32,
}

impl ChunkCounts {
    /// The count of one state.
    pub fn of(mut self, state: ChunkState) -> u32 {
        *self.of_mut(state)
    }

    pub(crate) fn of_mut(&mut self, state: ChunkState) -> &mut u32 {
        match state {
            ChunkState::Outbox => &mut self.outbox,
            ChunkState::Acked => &mut self.acked,
            ChunkState::Feed => &mut self.feed,
            ChunkState::Waiting => &mut self.waiting,
            ChunkState::Unreadable => &mut self.unreadable,
            ChunkState::Refused => &mut self.refused,
        }
    }
}

/// What the store knows of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentRow {
    /// The module of the record; `None` until its genesis was received.
    pub module: Option<String>,
    /// The home space.
    pub space: SpaceId,
    /// Heads of the view: of all changes whose state is in the view. Sorted.
    pub heads: Vec<ChangeHash>,
    /// Heads of what the feed has brought; what the digests cover. Sorted.
    pub feed_heads: Vec<ChangeHash>,
    /// How its changes stand.
    pub counts: ChunkCounts,
    /// Bytes of all its changes, whatever their state.
    pub bytes: u64,
    /// The ordinal that the next change gets; also the number of changes.
    pub next_ordinal: u64,
}

impl DocumentRow {
    fn encode(&self) -> Vec<u8> {
        let mut out = Out::new().raw(self.space).option(self.module.as_ref(), Out::bytes);
        out = out.hashes(&self.heads).hashes(&self.feed_heads);
        for state in ChunkState::ALL {
            out = out.u32(self.counts.of(state));
        }
        out.u64(self.bytes).u64(self.next_ordinal).done()
    }

    fn decode(input: &mut In<'_>) -> Result<Self, Malformed> {
        let space = SpaceId::from_bytes(input.array()?);
        let module = input.option(In::text)?;
        let (heads, feed_heads) = (input.hashes()?, input.hashes()?);
        let mut counts = ChunkCounts::default();
        for state in ChunkState::ALL {
            *counts.of_mut(state) = input.u32()?;
        }
        let (bytes, next_ordinal) = (input.u64()?, input.u64()?);
        Ok(Self { module, space, heads, feed_heads, counts, bytes, next_ordinal })
    }
}

pub(crate) fn decode_keyed(key: &[u8], input: &mut In<'_>) -> Result<(DocumentId, DocumentRow), Malformed> {
    let id = DocumentId::from_slice(key).ok_or(Malformed("document key"))?;
    Ok((id, DocumentRow::decode(input)?))
}

impl<A: Access> Tx<A> {
    /// What the store knows of a document.
    pub fn document(&self, document: &DocumentId) -> Result<Option<DocumentRow>, StoreError> {
        self.get_as(DOCUMENTS, document.as_bytes(), DocumentRow::decode)
    }

    /// Documents whose ids lie from `low` to `high` (both included), in order, at most `limit`.
    ///
    /// An id prefix is such a range.
    pub fn documents_between(
        &self,
        low: &DocumentId,
        high: &DocumentId,
        limit: usize,
    ) -> Result<Vec<(DocumentId, DocumentRow)>, StoreError> {
        if low > high {
            return Ok(Vec::new());
        }
        self.take_documents((Bound::Included(low.as_bytes()), Bound::Included(high.as_bytes())), limit)
    }

    /// Documents behind `after` in the order of ids, at most `limit`: pages through all of them.
    pub fn documents_after(
        &self,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<Vec<(DocumentId, DocumentRow)>, StoreError> {
        let low = after.map_or(Bound::Unbounded, |id| Bound::Excluded(id.as_bytes().as_slice()));
        self.take_documents((low, Bound::Unbounded), limit)
    }

    /// Walks all documents in the order of ids, until `visit` breaks off.
    pub fn each_document(
        &self,
        visit: &mut dyn FnMut(DocumentId, DocumentRow) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.scan_as(DOCUMENTS, ALL, Direction::Up, decode_keyed, &mut |(id, row)| visit(id, row))
    }

    fn take_documents(
        &self,
        range: KeyRange<'_>,
        limit: usize,
    ) -> Result<Vec<(DocumentId, DocumentRow)>, StoreError> {
        let mut found = Vec::new();
        if limit == 0 {
            return Ok(found);
        }
        self.scan_as(DOCUMENTS, range, Direction::Up, decode_keyed, &mut |item| {
            found.push(item);
            if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(found)
    }

    pub(crate) fn need_document(&self, document: &DocumentId) -> Result<DocumentRow, StoreError> {
        self.document(document)?.ok_or(StoreError::NoSuchDocument(*document))
    }
}

impl WriteTx<'_> {
    /// Begins a document without changes; `false` when it exists, which is left as it is.
    pub fn create_document(
        &mut self,
        document: &DocumentId,
        module: Option<&str>,
        space: SpaceId,
    ) -> Result<bool, StoreError> {
        if self.document(document)?.is_some() {
            return Ok(false);
        }
        let row = DocumentRow {
            module: None,
            space,
            heads: Vec::new(),
            feed_heads: Vec::new(),
            counts: ChunkCounts::default(),
            bytes: 0,
            next_ordinal: 0,
        };
        self.put_document(document, &row)?;
        if let Some(module) = module {
            self.set_document_module(document, module)?;
        }
        Ok(true)
    }

    /// Says which module a document belongs to, once its genesis is known.
    pub fn set_document_module(&mut self, document: &DocumentId, module: &str) -> Result<(), StoreError> {
        key_text("the name of a module", module)?;
        let row = self.need_document(document)?;
        self.put_document(document, &DocumentRow { module: Some(module.to_owned()), ..row })
    }

    /// Sets the heads of the view; any order.
    pub fn set_heads(&mut self, document: &DocumentId, heads: &[ChangeHash]) -> Result<(), StoreError> {
        let row = self.need_document(document)?;
        self.put_document(document, &DocumentRow { heads: sorted(heads), ..row })
    }

    /// Sets the heads of feed state, and the digest of the document's bucket with them; any order.
    pub fn set_feed_heads(
        &mut self,
        document: &DocumentId,
        feed_heads: &[ChangeHash],
    ) -> Result<(), StoreError> {
        let row = self.need_document(document)?;
        let feed_heads = sorted(feed_heads);
        self.replace_in_bucket(&row.space, document, &row.feed_heads, &feed_heads)?;
        self.put_document(document, &DocumentRow { feed_heads, ..row })
    }

    /// Gives a document another home space: its unsent changes and its digest go along.
    pub fn move_document(&mut self, document: &DocumentId, space: SpaceId) -> Result<(), StoreError> {
        let row = self.need_document(document)?;
        if row.space == space {
            return Ok(());
        }
        self.replace_in_bucket(&row.space, document, &row.feed_heads, &[])?;
        self.replace_in_bucket(&space, document, &[], &row.feed_heads)?;
        self.move_outbox(document, &row, &space)?;
        self.put_document(document, &DocumentRow { space, ..row })
    }

    pub(crate) fn put_document(
        &mut self,
        document: &DocumentId,
        row: &DocumentRow,
    ) -> Result<(), StoreError> {
        self.put(DOCUMENTS, document.as_bytes(), &row.encode())
    }
}

fn sorted(heads: &[ChangeHash]) -> Vec<ChangeHash> {
    let mut heads = heads.to_vec();
    heads.sort_unstable();
    heads.dedup();
    heads
}
