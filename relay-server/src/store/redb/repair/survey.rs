//! What the feeds of a store say beside changes, and where they can't be read.

use std::collections::{BTreeMap, BTreeSet};

use forsat_sync::control::SignedEntry;
use forsat_sync::id::{ChangeHash, DocumentId, FeedSeq, SpaceId};
use redb::WriteTransaction;

use super::super::examine::readable;
use super::super::rows::{
    FEED_KIND_CONTROL, FEED_KIND_DROPPED, FEED_KIND_ERASED, FEED_KIND_ERASURE, FEED_KIND_LEFT,
    FEED_KIND_MOVED_IN, FEED_KIND_MOVED_OUT, FeedRow,
};
use super::super::tables::{FEED, Writable, feed_key, get, put};
use super::super::{erase, log, moves};
use crate::store::StoreError;

/// A position that says nothing, and may have said anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hole {
    /// It can't be read.
    Unreadable,
    /// An earlier repair emptied it.
    Emptied,
}

/// What the feed of a space says of a document.
#[derive(Debug, Default)]
pub(super) struct Stay {
    /// Where it last says that the document came, and to which home version.
    pub(super) came: Option<(u64, u64)>,
    /// Where it last says that it left, to which home version and where to.
    pub(super) went: Option<(u64, u64, Option<SpaceId>)>,
    /// The last empty place of a change that left.
    pub(super) left: Option<u64>,
    /// The first change.
    pub(super) first: Option<u64>,
}

impl Stay {
    /// Whether the document was here and left.
    pub(super) fn is_over(&self) -> bool {
        let here = self.came.map(|(seq, _)| seq).max(self.left);
        self.went.is_some_and(|(seq, ..)| Some(seq) > here)
    }
}

/// What one pass over all feeds finds.
#[derive(Debug, Default)]
pub(super) struct Survey {
    holes: BTreeMap<(SpaceId, u64), Hole>,
    /// Every document of a feed.
    pub(super) stays: BTreeMap<DocumentId, BTreeMap<SpaceId, Stay>>,
    /// The control log as the feed of `common` has it.
    pub(super) log: Vec<(u64, SignedEntry)>,
    /// Which spaces were told of which entries that erase.
    pub(super) told: BTreeSet<(SpaceId, ChangeHash)>,
    /// Tombstones that hold something.
    stained: Vec<(SpaceId, u64)>,
}

impl Survey {
    /// Reads all feeds up to their heads.
    pub(super) fn of(
        tx: &WriteTransaction,
        spaces: &[(SpaceId, u64)],
        common: &SpaceId,
    ) -> Result<Self, StoreError> {
        let feed = tx.open_table(FEED.table())?;
        let mut survey = Self::default();
        for (space, head) in spaces {
            for seq in 1..=*head {
                let key = feed_key(space, FeedSeq::new(seq));
                let entry = readable(get::<FeedRow>(&feed, FEED, &key))?.flatten();
                if entry.and_then(|entry| survey.takes(space, seq, entry, common)).is_none() {
                    survey.holes.insert((*space, seq), Hole::Unreadable);
                }
            }
        }
        Ok(survey)
    }

    /// Takes what an entry says; none where that can't be read.
    fn takes(&mut self, space: &SpaceId, seq: u64, entry: FeedRow, common: &SpaceId) -> Option<()> {
        match entry.kind {
            FEED_KIND_CONTROL if space == common => {
                self.log.push((seq, log::from_the_wire(&entry.bytes)?));
            }
            FEED_KIND_ERASURE => {
                log::from_the_wire(&entry.bytes)?;
                self.told.insert((*space, entry.hash));
            }
            FEED_KIND_DROPPED if entry.document == DocumentId::from_bytes([0; 16]) => {
                self.holes.insert((*space, seq), Hole::Emptied);
            }
            FEED_KIND_ERASED if entry != erase::empty(FEED_KIND_ERASED) => {
                self.stained.push((*space, seq));
            }
            FEED_KIND_MOVED_IN => {
                let (version, _) = moves::told(&entry.bytes).ok()?;
                self.stay(&entry.document, space).came = Some((seq, version.get()));
            }
            FEED_KIND_MOVED_OUT => {
                let (version, to) = moves::told(&entry.bytes).ok()?;
                self.stay(&entry.document, space).went = Some((seq, version.get(), to));
            }
            FEED_KIND_LEFT => self.stay(&entry.document, space).left = Some(seq),
            _ if entry.is_change() => {
                self.stay(&entry.document, space).first.get_or_insert(seq);
            }
            _ => {}
        }
        Some(())
    }

    pub(super) fn stay(&mut self, document: &DocumentId, space: &SpaceId) -> &mut Stay {
        self.stays.entry(*document).or_default().entry(*space).or_default()
    }

    /// Whether a position says nothing.
    pub(super) fn is_hole(&self, space: &SpaceId, seq: u64) -> bool {
        self.holes.contains_key(&(*space, seq))
    }

    /// The first position between two that says nothing.
    pub(super) fn hole_between(&self, space: &SpaceId, after: u64, before: u64) -> Option<u64> {
        let mut within = self.holes.range((*space, after.saturating_add(1))..=(*space, u64::MAX));
        within.next().map(|((_, seq), _)| *seq).filter(|seq| *seq < before)
    }

    /// Spaces of which something is lost.
    pub(super) fn spaces_with_holes(&self) -> BTreeSet<SpaceId> {
        self.holes.keys().map(|(space, _)| *space).collect()
    }

    /// A position turned out to say nothing that holds.
    pub(super) fn void(&mut self, space: &SpaceId, seq: u64) {
        self.holes.insert((*space, seq), Hole::Unreadable);
    }

    /// Writes what a position that says nothing had said.
    pub(super) fn fill(
        &mut self,
        feed: &mut Writable<'_>,
        space: &SpaceId,
        seq: u64,
        entry: &FeedRow,
    ) -> Result<(), StoreError> {
        self.holes.remove(&(*space, seq));
        put(feed, &feed_key(space, FeedSeq::new(seq)), entry)
    }

    /// Writes down that nothing stands where nothing can be read; answers how many positions that are, and how many
    /// tombstones were cleaned.
    pub(super) fn close(&self, tx: &WriteTransaction) -> Result<(u64, u64), StoreError> {
        let mut feed = tx.open_table(FEED.table())?;
        let nothing = FeedRow::silent(FEED_KIND_DROPPED, DocumentId::from_bytes([0; 16]));
        let mut closed = 0;
        for (space, seq) in
            self.holes.iter().filter(|(_, hole)| **hole == Hole::Unreadable).map(|(place, _)| place)
        {
            put(&mut feed, &feed_key(space, FeedSeq::new(*seq)), &nothing)?;
            closed += 1;
        }
        for (space, seq) in &self.stained {
            put(&mut feed, &feed_key(space, FeedSeq::new(*seq)), &erase::empty(FEED_KIND_ERASED))?;
        }
        Ok((closed, self.stained.len() as u64))
    }
}
