//! The outbox: unsent changes, each space's in the order in which they were made.

use std::ops::{Bound, ControlFlow};

use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};

use crate::access::{ALL, Access, Direction, Prefix, Tx, WriteTx};
use crate::chunks::{Ordinal, StoredChunk};
use crate::codec::{In, Malformed, Out, Table};
use crate::error::StoreError;

/// (space, number) → document, ordinal, hash, size.
pub(crate) const OUTBOX: Table = Table::new("outbox");
/// space → how many and how many bytes.
pub(crate) const OUTBOX_STATS: Table = Table::new("outbox_stats");
const NEXT: &[u8] = b"outbox_next";

/// A place in the outbox: one count over all spaces, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxNumber(pub(crate) u64);

impl OutboxNumber {
    /// Wraps a number that was handed out as a cursor.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// An unsent change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its place.
    pub number: OutboxNumber,
    /// The document that it changes.
    pub document: DocumentId,
    /// Its place in the document, for [`Tx::chunk_at`].
    pub ordinal: Ordinal,
    /// Its hash.
    pub hash: ChangeHash,
    /// Bytes of its chunk.
    pub size: u32,
}

/// How much is unsent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OutboxStats {
    /// Changes.
    pub changes: u64,
    /// Bytes of their chunks.
    pub bytes: u64,
}

/// How much of the outbox is read at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxLimit {
    /// At most so many bytes of chunks, but at least one change.
    pub bytes_max: u64,
    /// At most so many changes.
    pub changes_max: usize,
}

pub(crate) fn key(space: &SpaceId, number: OutboxNumber) -> Vec<u8> {
    Out::new().raw(space).u64(number.0).done()
}

pub(crate) fn decode_keyed(key: &[u8], input: &mut In<'_>) -> Result<(SpaceId, OutboxItem), Malformed> {
    let mut key = In::new(key);
    let (space, number) = (SpaceId::from_bytes(key.array()?), OutboxNumber(key.u64()?));
    let document = DocumentId::from_bytes(input.array()?);
    let ordinal = Ordinal(input.u64()?);
    let hash = ChangeHash::from_bytes(input.array()?);
    Ok((space, OutboxItem { number, document, ordinal, hash, size: input.u32()? }))
}

pub(crate) fn decode_stats(input: &mut In<'_>) -> Result<OutboxStats, Malformed> {
    Ok(OutboxStats { changes: input.u64()?, bytes: input.u64()? })
}

impl<A: Access> Tx<A> {
    /// Unsent changes of a space behind `after`, oldest first, up to a limit.
    pub fn outbox(
        &self,
        space: &SpaceId,
        after: Option<OutboxNumber>,
        limit: OutboxLimit,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let prefix = Prefix::new(space.as_bytes().to_vec());
        let mut range = prefix.range();
        let low = after.map(|number| key(space, number));
        if let Some(low) = &low {
            range.0 = Bound::Excluded(low);
        }
        let (mut items, mut bytes) = (Vec::new(), 0);
        if limit.changes_max == 0 {
            return Ok(items);
        }
        self.scan_as(OUTBOX, range, Direction::Up, decode_keyed, &mut |(_, item)| {
            bytes += u64::from(item.size);
            if bytes > limit.bytes_max && !items.is_empty() {
                return ControlFlow::Break(());
            }
            items.push(item);
            if items.len() < limit.changes_max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(items)
    }

    /// How much of a space is unsent.
    pub fn outbox_stats(&self, space: &SpaceId) -> Result<OutboxStats, StoreError> {
        Ok(self.get_as(OUTBOX_STATS, space.as_bytes(), decode_stats)?.unwrap_or_default())
    }

    /// The spaces that have unsent changes, and how much.
    pub fn outbox_spaces(&self) -> Result<Vec<(SpaceId, OutboxStats)>, StoreError> {
        self.collect_as(OUTBOX_STATS, ALL, |key, input| {
            Ok((SpaceId::from_slice(key).ok_or(Malformed("space key"))?, decode_stats(input)?))
        })
    }
}

impl WriteTx<'_> {
    pub(crate) fn join_outbox(
        &mut self,
        space: &SpaceId,
        document: &DocumentId,
        chunk: &StoredChunk,
    ) -> Result<OutboxNumber, StoreError> {
        self.rejoin_outbox(space, document, chunk, None)
    }

    /// Adds an unsent change under the number that it had, or under the next one.
    pub(crate) fn rejoin_outbox(
        &mut self,
        space: &SpaceId,
        document: &DocumentId,
        chunk: &StoredChunk,
        number: Option<OutboxNumber>,
    ) -> Result<OutboxNumber, StoreError> {
        let number = match number {
            Some(number) => number,
            None => OutboxNumber(self.take_number(NEXT)?),
        };
        let size = u32::try_from(chunk.bytes.len()).map_err(|_| StoreError::TooLarge {
            what: "an unsent change in bytes",
            found: chunk.bytes.len(),
            limit: u32::MAX as usize,
        })?;
        let body = Out::new().raw(document).u64(chunk.ordinal.0).raw(chunk.hash).u32(size).done();
        self.put(OUTBOX, &key(space, number), &body)?;
        let stats = self.outbox_stats(space)?;
        self.put_stats(space, stats.changes + 1, stats.bytes + u64::from(size))?;
        Ok(number)
    }

    pub(crate) fn leave_outbox(
        &mut self,
        space: &SpaceId,
        number: OutboxNumber,
        size: usize,
    ) -> Result<(), StoreError> {
        if !self.remove(OUTBOX, &key(space, number))? {
            return Err(StoreError::damaged(format!("the outbox lacks its entry {}", number.0)));
        }
        let stats = self.outbox_stats(space)?;
        self.put_stats(space, stats.changes.saturating_sub(1), stats.bytes.saturating_sub(size as u64))
    }

    fn put_stats(&mut self, space: &SpaceId, changes: u64, bytes: u64) -> Result<(), StoreError> {
        if changes == 0 {
            return self.remove(OUTBOX_STATS, space.as_bytes()).map(drop);
        }
        self.put(OUTBOX_STATS, space.as_bytes(), &Out::new().u64(changes).u64(bytes).done())
    }
}
