//! Rows of moves.

use forsat_sync::id::{FeedSeq, HomeVersion};

use super::{Reader, Row, RowError, Writer};

/// The kind of an entry that says that a document left the space.
pub(in super::super) const FEED_KIND_MOVED_OUT: u8 = 3;
/// The kind of an entry that says that a document came into the space.
pub(in super::super) const FEED_KIND_MOVED_IN: u8 = 7;
/// The kind of a place whose change left with its document; its bytes are gone, readers pass over it.
pub(in super::super) const FEED_KIND_LEFT: u8 = 129;

/// Where a space's feed last says that a document left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct MovedOutRow {
    pub(in super::super) seq: FeedSeq,
    pub(in super::super) home: HomeVersion,
}

impl Row for MovedOutRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new().u64(self.seq.get()).u64(self.home.get()).seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let this = Self { seq: FeedSeq::new(reader.u64()?), home: HomeVersion::new(reader.u64()?) };
        reader.end().map(|()| this)
    }
}
