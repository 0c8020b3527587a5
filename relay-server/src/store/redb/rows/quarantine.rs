//! Rows of changes that were set aside.

use forsat_sync::id::{ChangeHash, DeviceId, DocumentId, SpaceId, UserId};

use super::{Reader, Row, RowError, Writer};

/// A change that lies aside, keyed by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct QuarantineRow {
    pub(in super::super) document: DocumentId,
    pub(in super::super) hash: ChangeHash,
    pub(in super::super) device: DeviceId,
    pub(in super::super) user: UserId,
    pub(in super::super) received_at_ms: u64,
    /// The space that it was meant for, whose quota it counts against; then the document's home at that time, if it had another
    /// one, and the spaces for which it was brought again.
    pub(in super::super) spaces: Vec<SpaceId>,
    pub(in super::super) reason: String,
    pub(in super::super) bytes: Vec<u8>,
}

impl QuarantineRow {
    /// The space that it was first meant for.
    pub(in super::super) fn meant_for(&self) -> Option<&SpaceId> {
        self.spaces.first()
    }
}

impl Row for QuarantineRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        let spaces: Vec<u8> = self.spaces.iter().flat_map(|space| *space.as_bytes()).collect();
        Writer::new()
            .fixed(self.document.as_bytes())
            .fixed(self.hash.as_bytes())
            .fixed(self.device.as_bytes())
            .fixed(self.user.as_bytes())
            .u64(self.received_at_ms)
            .bytes(&spaces)
            .text(&self.reason)
            .bytes(&self.bytes)
            .seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let document = DocumentId::from_bytes(reader.array()?);
        let hash = ChangeHash::from_bytes(reader.array()?);
        let device = DeviceId::from_bytes(reader.array()?);
        let user = UserId::from_bytes(reader.array()?);
        let received_at_ms = reader.u64()?;
        let spaces = reader.bytes()?.chunks(SpaceId::LEN).map(SpaceId::from_slice);
        let spaces = spaces.collect::<Option<Vec<_>>>().ok_or(RowError::Shape)?;
        let reason = reader.text()?;
        let bytes = reader.bytes()?.to_vec();
        reader.end().map(|()| Self { document, hash, device, user, received_at_ms, spaces, reason, bytes })
    }
}

/// What lies aside altogether, of one device, or meant for one space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in super::super) struct QuarantineCounts {
    /// Of one device or space: how many changes. Altogether: the last number that was given out.
    pub(in super::super) count: u64,
    /// Bytes of the chunks with what each counts beside.
    pub(in super::super) bytes: u64,
}

impl Row for QuarantineCounts {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new().u64(self.count).u64(self.bytes).seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let this = Self { count: reader.u64()?, bytes: reader.u64()? };
        reader.end().map(|()| this)
    }
}
