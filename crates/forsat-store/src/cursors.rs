//! Cursors: how far a space's feed has been taken in, and whether the digests agreed there.

use forsat_sync::id::{Digest, Epoch, FeedSeq, SpaceId};

use crate::access::{ALL, Access, Tx, WriteTx};
use crate::codec::{In, Malformed, Out, Table};
use crate::error::StoreError;

/// space → cursor.
pub(crate) const CURSORS: Table = Table::new("cursors");

/// What the last comparison of digests at the head of the feed said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootVerdict {
    /// There was none yet.
    Unknown,
    /// Both sides hold the same.
    Match,
    /// They differ; healing is due.
    Mismatch {
        /// The root of this store.
        ours: Digest,
        /// The root of the relay.
        theirs: Digest,
    },
}

/// How far a space's feed has been taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The opening of the relay store that `seq` belongs to.
    pub epoch: Epoch,
    /// The last feed entry that was taken in.
    pub seq: FeedSeq,
    /// When the head of the feed was last reached, in milliseconds since 1970 by this device's clock.
    pub synced_at_ms: Option<i64>,
    /// What the digests said then.
    pub root: RootVerdict,
}

fn encode(cursor: &Cursor) -> Vec<u8> {
    let out = Out::new().u64(cursor.epoch.get()).u64(cursor.seq.get()).option(cursor.synced_at_ms, Out::i64);
    match cursor.root {
        RootVerdict::Unknown => out.u8(0),
        RootVerdict::Match => out.u8(1),
        RootVerdict::Mismatch { ours, theirs } => out.u8(2).raw(ours).raw(theirs),
    }
    .done()
}

pub(crate) fn decode(input: &mut In<'_>) -> Result<Cursor, Malformed> {
    let (epoch, seq) = (Epoch::new(input.u64()?), FeedSeq::new(input.u64()?));
    let synced_at_ms = input.option(In::i64)?;
    let root = match input.u8()? {
        0 => RootVerdict::Unknown,
        1 => RootVerdict::Match,
        2 => RootVerdict::Mismatch {
            ours: Digest::from_bytes(input.array()?),
            theirs: Digest::from_bytes(input.array()?),
        },
        _ => return Err(Malformed("root verdict")),
    };
    Ok(Cursor { epoch, seq, synced_at_ms, root })
}

impl<A: Access> Tx<A> {
    /// The cursor of a space; `None` before its first page.
    pub fn cursor(&self, space: &SpaceId) -> Result<Option<Cursor>, StoreError> {
        self.get_as(CURSORS, space.as_bytes(), decode)
    }

    /// All cursors.
    pub fn cursors(&self) -> Result<Vec<(SpaceId, Cursor)>, StoreError> {
        self.collect_as(CURSORS, ALL, |key, input| {
            Ok((SpaceId::from_slice(key).ok_or(Malformed("space key"))?, decode(input)?))
        })
    }
}

impl WriteTx<'_> {
    /// Moves a cursor forward, in the transaction that stores its page. `false` when it already stands there or further,
    /// as after a page that came twice; then nothing changes.
    ///
    /// A later epoch carries on from the seq of the one before, so the seq never falls; where the relay says that a
    /// cursor is invalid, use [`Self::reset_cursor`].
    pub fn advance_cursor(
        &mut self,
        space: &SpaceId,
        epoch: Epoch,
        seq: FeedSeq,
    ) -> Result<bool, StoreError> {
        let next = match self.cursor(space)? {
            Some(cursor) if seq < cursor.seq || (seq == cursor.seq && epoch == cursor.epoch) => {
                return Ok(false);
            }
            Some(cursor) => Cursor { epoch, seq, ..cursor },
            None => Cursor { epoch, seq, synced_at_ms: None, root: RootVerdict::Unknown },
        };
        debug_assert!(
            self.cursor(space)?.is_none_or(|cursor| cursor.seq <= next.seq),
            "S8: a seq never falls"
        );
        self.put(CURSORS, space.as_bytes(), &encode(&next))?;
        Ok(true)
    }

    /// Sets a cursor anywhere, also back: for a new epoch that the old cursor isn't valid in.
    pub fn reset_cursor(&mut self, space: &SpaceId, epoch: Epoch, seq: FeedSeq) -> Result<(), StoreError> {
        let synced_at_ms = self.cursor(space)?.and_then(|cursor| cursor.synced_at_ms);
        let cursor = Cursor { epoch, seq, synced_at_ms, root: RootVerdict::Unknown };
        self.put(CURSORS, space.as_bytes(), &encode(&cursor))
    }

    /// Notes that the head of the feed was reached and what the digests said. `false` when the space has no cursor.
    pub fn mark_synced(
        &mut self,
        space: &SpaceId,
        at_ms: i64,
        root: RootVerdict,
    ) -> Result<bool, StoreError> {
        let Some(cursor) = self.cursor(space)? else { return Ok(false) };
        let next = Cursor { synced_at_ms: Some(at_ms), root, ..cursor };
        self.put(CURSORS, space.as_bytes(), &encode(&next))?;
        Ok(true)
    }
}
