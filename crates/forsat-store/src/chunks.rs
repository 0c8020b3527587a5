//! Changes of documents: canonical bytes by document and order of arrival, and where each stands.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use forsat_sync::id::{ChangeHash, DeviceId, DocumentId};
use forsat_sync::identity::Receipt;

use crate::access::{Access, Direction, Prefix, Tx, WriteTx};
use crate::codec::{In, Malformed, Out, Table};
use crate::documents::DocumentRow;
use crate::error::StoreError;
use crate::outbox::OutboxNumber;

/// (document, ordinal) → state, hash, bytes.
pub(crate) const CHUNKS: Table = Table::new("chunks");
/// (document, hash) → ordinal, and the relay's receipt where there is one.
pub(crate) const BY_HASH: Table = Table::new("chunks_by_hash");

/// The place of a change in its document by order of arrival here; from 0, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ordinal(pub(crate) u64);

impl Ordinal {
    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Where a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChunkState {
    /// Made here, not acknowledged by the relay.
    Outbox,
    /// Made here, durable at the relay, not yet seen in the feed.
    Acked,
    /// Received in the feed, or seen there as an echo.
    Feed,
    /// Received, but changes that it builds on are missing; not in the view.
    Waiting,
    /// Received, but the library can't apply it; bytes kept, not in the view.
    Unreadable,
    /// Made here and refused by the relay for good; bytes kept, not in the view.
    Refused,
}

impl ChunkState {
    /// Every state, in the order of their bytes on disk.
    pub const ALL: [Self; 6] =
        [Self::Outbox, Self::Acked, Self::Feed, Self::Waiting, Self::Unreadable, Self::Refused];

    /// The states of changes that came with the feed: what the digests count.
    pub const IN_FEED: [Self; 3] = [Self::Feed, Self::Waiting, Self::Unreadable];

    /// Whether changes of this state came with the feed.
    pub const fn in_feed(self) -> bool {
        matches!(self, Self::Feed | Self::Waiting | Self::Unreadable)
    }

    /// Whether changes of this state make up what the user sees.
    pub const fn in_view(self) -> bool {
        matches!(self, Self::Outbox | Self::Acked | Self::Feed)
    }

    pub(crate) const fn byte(self) -> u8 {
        self as u8
    }

    pub(crate) fn from_byte(byte: u8) -> Result<Self, Malformed> {
        Self::ALL.get(usize::from(byte)).copied().ok_or(Malformed("state byte"))
    }
}

/// A change as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredChunk {
    /// Its place in the document.
    pub ordinal: Ordinal,
    /// Where it stands.
    pub state: ChunkState,
    /// Its hash, as the caller verified it on arrival.
    pub hash: ChangeHash,
    /// The canonical, uncompressed change chunk.
    pub bytes: Vec<u8>,
}

pub(crate) fn chunk_key(document: &DocumentId, ordinal: Ordinal) -> Vec<u8> {
    Out::new().raw(document).u64(ordinal.0).done()
}

pub(crate) fn hash_key(document: &DocumentId, hash: &ChangeHash) -> Vec<u8> {
    Out::new().raw(document).raw(hash).done()
}

/// What a chunk value holds beside the chunk: its place in the outbox.
pub(crate) struct ChunkValue {
    pub(crate) chunk: StoredChunk,
    pub(crate) outbox: Option<OutboxNumber>,
}

impl ChunkValue {
    fn encode(&self) -> Vec<u8> {
        Out::new()
            .u8(self.chunk.state.byte())
            .option(self.outbox, |out, number| out.u64(number.0))
            .raw(self.chunk.hash)
            .raw(&self.chunk.bytes)
            .done()
    }

    pub(crate) fn decode(key: &[u8], input: &mut In<'_>) -> Result<Self, Malformed> {
        let mut key = In::new(key);
        key.array::<16>()?;
        let ordinal = Ordinal(key.u64()?);
        let (state, outbox, hash) = decode_head(input)?;
        Ok(Self { chunk: StoredChunk { ordinal, state, hash, bytes: input.rest().to_vec() }, outbox })
    }
}

/// What stands before the bytes of a change.
fn decode_head(input: &mut In<'_>) -> Result<(ChunkState, Option<OutboxNumber>, ChangeHash), Malformed> {
    let state = ChunkState::from_byte(input.u8()?)?;
    let outbox = input.option(In::u64)?.map(OutboxNumber);
    Ok((state, outbox, ChangeHash::from_bytes(input.array()?)))
}

/// How a change stands, and the relay's word that it took it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Where it stands.
    pub state: ChunkState,
    /// As it came with the feed; none for a change that it hasn't.
    pub receipt: Option<Receipt>,
}

/// What stands under a change's hash.
#[derive(Clone, Copy)]
pub(crate) struct HashValue {
    pub(crate) ordinal: Ordinal,
    pub(crate) receipt: Option<Receipt>,
}

impl HashValue {
    pub(crate) fn encode(self) -> Vec<u8> {
        let out = Out::new().u64(self.ordinal.0);
        match self.receipt {
            Some(receipt) => out.raw(receipt.device).raw(receipt.code).done(),
            None => out.done(),
        }
    }

    /// A row without a receipt ends after the ordinal.
    pub(crate) fn decode(input: &mut In<'_>) -> Result<Self, Malformed> {
        let ordinal = Ordinal(input.u64()?);
        if input.is_empty() {
            return Ok(Self { ordinal, receipt: None });
        }
        let receipt = Receipt { device: DeviceId::from_bytes(input.array()?), code: input.array()? };
        Ok(Self { ordinal, receipt: Some(receipt) })
    }
}

impl<A: Access> Tx<A> {
    /// The place of a change, if the document has it in any state.
    pub fn chunk_ordinal(
        &self,
        document: &DocumentId,
        hash: &ChangeHash,
    ) -> Result<Option<Ordinal>, StoreError> {
        Ok(self.get_as(BY_HASH, &hash_key(document, hash), HashValue::decode)?.map(|value| value.ordinal))
    }

    /// The relay's word that it took a change, as it came with the feed; none for a change that it hasn't.
    pub fn receipt(&self, document: &DocumentId, hash: &ChangeHash) -> Result<Option<Receipt>, StoreError> {
        Ok(self
            .get_as(BY_HASH, &hash_key(document, hash), HashValue::decode)?
            .and_then(|value| value.receipt))
    }

    /// How all changes of a document stand: what [`Self::chunk`] and [`Self::receipt`] say of each, in one walk.
    pub fn standings(&self, document: &DocumentId) -> Result<BTreeMap<ChangeHash, Standing>, StoreError> {
        let prefix = Prefix::new(document.as_bytes().to_vec());
        let mut standings = BTreeMap::new();
        let decode = |_: &[u8], input: &mut In<'_>| {
            let (state, _, hash) = decode_head(input)?;
            input.rest();
            Ok((hash, Standing { state, receipt: None }))
        };
        self.scan_as(CHUNKS, prefix.range(), Direction::Up, decode, &mut |(hash, standing)| {
            standings.insert(hash, standing);
            ControlFlow::Continue(())
        })?;
        let decode = |key: &[u8], input: &mut In<'_>| {
            let hash = key.get(DocumentId::LEN..).and_then(ChangeHash::from_slice);
            Ok((hash.ok_or(Malformed("hash key"))?, HashValue::decode(input)?.receipt))
        };
        self.scan_as(BY_HASH, prefix.range(), Direction::Up, decode, &mut |(hash, receipt)| {
            if let Some(standing) = standings.get_mut(&hash) {
                standing.receipt = receipt;
            }
            ControlFlow::Continue(())
        })?;
        Ok(standings)
    }

    /// A change by its hash.
    pub fn chunk(&self, document: &DocumentId, hash: &ChangeHash) -> Result<Option<StoredChunk>, StoreError> {
        Ok(self.chunk_value(document, hash)?.map(|value| value.chunk))
    }

    /// A change by its place.
    pub fn chunk_at(
        &self,
        document: &DocumentId,
        ordinal: Ordinal,
    ) -> Result<Option<StoredChunk>, StoreError> {
        let key = chunk_key(document, ordinal);
        Ok(self.get_as(CHUNKS, &key, |input| ChunkValue::decode(&key, input))?.map(|value| value.chunk))
    }

    /// All changes of a document, in order of arrival.
    pub fn chunks(&self, document: &DocumentId) -> Result<Vec<StoredChunk>, StoreError> {
        self.chunks_where(document, None, |_| true)
    }

    /// The changes of a document that stand at one of `states`, in order of arrival.
    pub fn chunks_in(
        &self,
        document: &DocumentId,
        states: &[ChunkState],
    ) -> Result<Vec<StoredChunk>, StoreError> {
        self.chunks_where(document, None, |state| states.contains(&state))
    }

    /// The changes from an ordinal on whose state passes.
    pub(crate) fn chunks_where(
        &self,
        document: &DocumentId,
        from: Option<Ordinal>,
        wanted: impl Fn(ChunkState) -> bool,
    ) -> Result<Vec<StoredChunk>, StoreError> {
        let prefix = Prefix::new(document.as_bytes().to_vec());
        let low = from.map(|ordinal| chunk_key(document, ordinal));
        let mut range = prefix.range();
        if let Some(low) = &low {
            range.0 = std::ops::Bound::Included(low);
        }
        let mut chunks = Vec::new();
        self.scan_as(CHUNKS, range, Direction::Up, ChunkValue::decode, &mut |value| {
            if wanted(value.chunk.state) {
                chunks.push(value.chunk);
            }
            ControlFlow::Continue(())
        })?;
        Ok(chunks)
    }

    pub(crate) fn chunk_value(
        &self,
        document: &DocumentId,
        hash: &ChangeHash,
    ) -> Result<Option<ChunkValue>, StoreError> {
        let Some(ordinal) = self.chunk_ordinal(document, hash)? else { return Ok(None) };
        let key = chunk_key(document, ordinal);
        let value = self.get_as(CHUNKS, &key, |input| ChunkValue::decode(&key, input))?;
        match value {
            Some(value) if value.chunk.hash == *hash => Ok(Some(value)),
            _ => Err(StoreError::damaged(format!(
                "change {hash} of document {document} isn't where its index says"
            ))),
        }
    }
}

impl WriteTx<'_> {
    /// Appends a change to a document; with [`ChunkState::Outbox`] it also joins the outbox of the document's space.
    ///
    /// A change that the document already has is left as it stands; `false` says so. The document must exist.
    pub fn append_chunk(
        &mut self,
        document: &DocumentId,
        hash: ChangeHash,
        bytes: &[u8],
        state: ChunkState,
    ) -> Result<bool, StoreError> {
        self.append_received(document, hash, bytes, state, None)
    }

    /// Appends a change that came with the relay's receipt.
    pub fn append_received(
        &mut self,
        document: &DocumentId,
        hash: ChangeHash,
        bytes: &[u8],
        state: ChunkState,
        receipt: Option<Receipt>,
    ) -> Result<bool, StoreError> {
        if self.chunk_ordinal(document, &hash)?.is_some() {
            return Ok(false);
        }
        let mut row = self.need_document(document)?;
        let ordinal = Ordinal(row.next_ordinal);
        row.next_ordinal += 1;
        row.bytes += bytes.len() as u64;
        let chunk = StoredChunk { ordinal, state, hash, bytes: bytes.to_vec() };
        self.put(BY_HASH, &hash_key(document, &hash), &HashValue { ordinal, receipt }.encode())?;
        self.place_chunk(document, &mut row, ChunkValue { chunk, outbox: None })?;
        self.put_document(document, &row)?;
        Ok(true)
    }

    /// Keeps the relay's receipt beside a change that is here.
    pub fn set_receipt(
        &mut self,
        document: &DocumentId,
        hash: &ChangeHash,
        receipt: Receipt,
    ) -> Result<(), StoreError> {
        let key = hash_key(document, hash);
        let held = self.get_as(BY_HASH, &key, HashValue::decode)?;
        let held = held.ok_or(StoreError::NoSuchChange { document: *document, hash: *hash })?;
        if held.receipt == Some(receipt) {
            return Ok(());
        }
        self.put(BY_HASH, &key, &HashValue { receipt: Some(receipt), ..held }.encode())
    }

    /// Moves a change to another state, keeping outbox, counts and snapshot in step; answers the state before.
    ///
    /// A change that enters the view or leaves it drops a snapshot that it would have belonged to.
    pub fn set_chunk_state(
        &mut self,
        document: &DocumentId,
        hash: &ChangeHash,
        state: ChunkState,
    ) -> Result<ChunkState, StoreError> {
        let mut value = self
            .chunk_value(document, hash)?
            .ok_or(StoreError::NoSuchChange { document: *document, hash: *hash })?;
        let before = value.chunk.state;
        if before == state {
            return Ok(before);
        }
        let mut row = self.need_document(document)?;
        let counted = row.counts.of_mut(before);
        *counted = counted.checked_sub(1).ok_or_else(|| {
            StoreError::damaged(format!("document {document} counts fewer changes than it has"))
        })?;
        if let Some(number) = value.outbox.take() {
            self.leave_outbox(&row.space, number, value.chunk.bytes.len())?;
        }
        if before.in_view() != state.in_view() {
            self.drop_snapshot_over(document, value.chunk.ordinal)?;
        }
        value.chunk.state = state;
        self.place_chunk(document, &mut row, value)?;
        self.put_document(document, &row)?;
        Ok(before)
    }

    /// Writes a chunk value under its present state and counts it.
    fn place_chunk(
        &mut self,
        document: &DocumentId,
        row: &mut DocumentRow,
        mut value: ChunkValue,
    ) -> Result<(), StoreError> {
        *row.counts.of_mut(value.chunk.state) += 1;
        if value.chunk.state == ChunkState::Outbox {
            value.outbox = Some(self.join_outbox(&row.space, document, &value.chunk)?);
        }
        self.put(CHUNKS, &chunk_key(document, value.chunk.ordinal), &value.encode())
    }

    /// Writes a chunk value as it is.
    pub(crate) fn put_chunk(
        &mut self,
        document: &DocumentId,
        chunk: StoredChunk,
        outbox: Option<OutboxNumber>,
    ) -> Result<(), StoreError> {
        let key = chunk_key(document, chunk.ordinal);
        self.put(CHUNKS, &key, &ChunkValue { chunk, outbox }.encode())
    }

    /// Gives the unsent changes of a document numbers in the outbox of another space, in their order.
    pub(crate) fn move_outbox(
        &mut self,
        document: &DocumentId,
        row: &DocumentRow,
        to: &forsat_sync::id::SpaceId,
    ) -> Result<(), StoreError> {
        if row.counts.outbox == 0 {
            return Ok(());
        }
        for chunk in self.chunks_in(document, &[ChunkState::Outbox])? {
            let Some(mut value) = self.chunk_value(document, &chunk.hash)? else { continue };
            if let Some(number) = value.outbox {
                self.leave_outbox(&row.space, number, chunk.bytes.len())?;
            }
            value.outbox = Some(self.join_outbox(to, document, &chunk)?);
            self.put(CHUNKS, &chunk_key(document, chunk.ordinal), &value.encode())?;
        }
        Ok(())
    }
}
