//! Entries of feeds.

use forsat_sync::chunk::{self, ChangeHeader};
use forsat_sync::id::{ChangeHash, DeviceId, DocumentId};
use forsat_sync::limits::ChunkLimits;

use super::{Reader, Row, RowError, Writer};

/// The kind of an entry that carries one change chunk.
pub(in super::super) const FEED_KIND_CHANGE: u8 = 0;
/// The same, brought back by another device than the one that had delivered it first.
pub(in super::super) const FEED_KIND_BROUGHT_BACK: u8 = 128;
/// The kind of an entry of the control log; its bytes are the entry as pages carry it.
pub(in super::super) const FEED_KIND_CONTROL: u8 = 6;
/// The kind of an entry that tells a space of a document that was erased; its bytes are the entry as pages carry it.
pub(in super::super) const FEED_KIND_ERASURE: u8 = 8;
/// The kind of what is left at the position of an erased change: nothing. Pages pass it over.
pub(in super::super) const FEED_KIND_ERASED: u8 = 131;
/// The kind of an entry whose change was damaged and dropped by a repair; it holds the position.
pub(in super::super) const FEED_KIND_DROPPED: u8 = 130;

/// An entry of a space's feed: a change, a word about a document or the control log, or a place that says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct FeedRow {
    pub(in super::super) kind: u8,
    pub(in super::super) document: DocumentId,
    pub(in super::super) hash: ChangeHash,
    /// Who brought it.
    pub(in super::super) device: DeviceId,
    /// Who had brought it before the store lost it; the same device but for changes that another one brought back.
    pub(in super::super) origin: DeviceId,
    pub(in super::super) received_at_ms: u64,
    pub(in super::super) bytes: Vec<u8>,
}

impl FeedRow {
    /// An entry of a kind that holds its place and says nothing, but of which document if that is known.
    pub(in super::super) fn silent(kind: u8, document: DocumentId) -> Self {
        let nobody = DeviceId::from_bytes([0; 16]);
        Self {
            kind,
            document,
            hash: ChangeHash::from_bytes([0; 32]),
            device: nobody,
            origin: nobody,
            received_at_ms: 0,
            bytes: Vec::new(),
        }
    }

    /// Whether it carries a change.
    pub(in super::super) fn is_change(&self) -> bool {
        matches!(self.kind, FEED_KIND_CHANGE | FEED_KIND_BROUGHT_BACK)
    }

    /// The header of its change, if its bytes are that change.
    pub(in super::super) fn header(&self) -> Option<ChangeHeader> {
        let (header, canonical) = chunk::parse(&self.bytes, &ChunkLimits::default()).ok()?;
        (header.hash == self.hash && canonical == self.bytes).then_some(header)
    }
}

impl Row for FeedRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        let mut row = Writer::new()
            .u8(self.kind)
            .fixed(self.document.as_bytes())
            .fixed(self.hash.as_bytes())
            .fixed(self.device.as_bytes())
            .u64(self.received_at_ms)
            .bytes(&self.bytes);
        if self.kind == FEED_KIND_BROUGHT_BACK {
            row = row.fixed(self.origin.as_bytes());
        }
        row.seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let kind = reader.u8()?;
        let document = DocumentId::from_bytes(reader.array()?);
        let hash = ChangeHash::from_bytes(reader.array()?);
        let device = DeviceId::from_bytes(reader.array()?);
        let received_at_ms = reader.u64()?;
        let bytes = reader.bytes()?.to_vec();
        let origin = match kind {
            FEED_KIND_BROUGHT_BACK => DeviceId::from_bytes(reader.array()?),
            _ => device,
        };
        reader.end().map(|()| Self { kind, document, hash, device, origin, received_at_ms, bytes })
    }
}
