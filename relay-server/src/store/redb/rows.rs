//! The bytes of a row: a format byte, the fields in order, a checksum over key and fields.
//!
//! The checksum (the first 8 bytes of BLAKE3) makes a flipped bit an error instead of data: redb verifies its own
//! page checksums only when it repairs. Numbers are big-endian; lengths stand before what they measure.

use forsat_sync::chunk::ChangeHeader;
use forsat_sync::id::{ActorId, ChangeHash, DeviceId, Digest, Epoch, FeedSeq, SpaceId, UserId};

use crate::store::Role;

mod control;
mod feed;
mod invite;
mod moves;
mod quarantine;
#[cfg(test)]
mod tests;
mod token;

pub(super) use self::control::ControlRow;
pub(super) use self::feed::{
    FEED_KIND_BROUGHT_BACK, FEED_KIND_CHANGE, FEED_KIND_CONTROL, FEED_KIND_DROPPED, FEED_KIND_ERASED,
    FEED_KIND_ERASURE, FeedRow,
};
pub(super) use self::invite::{InviteRow, Inviter};
pub(super) use self::moves::{FEED_KIND_LEFT, FEED_KIND_MOVED_IN, FEED_KIND_MOVED_OUT, MovedOutRow};
pub(super) use self::quarantine::{QuarantineCounts, QuarantineRow};
pub(super) use self::token::TokenRow;

/// The format byte of every row written today.
const FORMAT: u8 = 1;
/// Length of the checksum that ends a row, in bytes.
const CHECKSUM_LEN: usize = 8;

/// Why a row can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RowError {
    #[error("the checksum does not match")]
    Checksum,
    #[error("the row is written in format {0}, which this version does not know")]
    Format(u8),
    #[error("the row is cut short or has bytes left over")]
    Shape,
}

/// Writes the fields of a row.
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn new() -> Self {
        Self(vec![FORMAT])
    }

    pub(super) fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(super) fn u64(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn fixed(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Bytes of any length, below 4 GiB as every row is.
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        let len = u32::try_from(bytes.len()).expect("a field of a row is far below 4 GiB: limits bound it");
        self.0.extend_from_slice(&len.to_be_bytes());
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn optional(self, bytes: Option<&[u8]>) -> Self {
        match bytes {
            Some(bytes) => self.u8(1).bytes(bytes),
            None => self.u8(0),
        }
    }

    /// Ends the row with the checksum over `key` and what was written.
    pub(super) fn seal(mut self, key: &[u8]) -> Vec<u8> {
        let sum = checksum(key, &self.0);
        self.0.extend_from_slice(&sum);
        self.0
    }
}

fn checksum(key: &[u8], body: &[u8]) -> [u8; CHECKSUM_LEN] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key).update(body);
    let mut sum = [0; CHECKSUM_LEN];
    sum.copy_from_slice(&hasher.finalize().as_bytes()[..CHECKSUM_LEN]);
    sum
}

/// Reads the fields of a row whose checksum was right.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Checks the checksum and the format.
    pub(super) fn open(key: &[u8], row: &'a [u8]) -> Result<Self, RowError> {
        let split = row.len().checked_sub(CHECKSUM_LEN).ok_or(RowError::Shape)?;
        let (body, sum) = row.split_at(split);
        if checksum(key, body) != *sum {
            return Err(RowError::Checksum);
        }
        match body.split_first() {
            Some((&FORMAT, rest)) => Ok(Self(rest)),
            Some((&other, _)) => Err(RowError::Format(other)),
            None => Err(RowError::Shape),
        }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], RowError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(RowError::Shape)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], RowError> {
        self.take(N)?.try_into().map_err(|_| RowError::Shape)
    }

    pub(super) fn u8(&mut self) -> Result<u8, RowError> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, RowError> {
        Ok(u64::from_be_bytes(self.array()?))
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], RowError> {
        let len = u32::from_be_bytes(self.array()?);
        self.take(usize::try_from(len).map_err(|_| RowError::Shape)?)
    }

    pub(super) fn text(&mut self) -> Result<String, RowError> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| RowError::Shape)
    }

    pub(super) fn optional(&mut self) -> Result<Option<&'a [u8]>, RowError> {
        match self.u8()? {
            0 => Ok(None),
            1 => self.bytes().map(Some),
            _ => Err(RowError::Shape),
        }
    }

    /// The rest must be hashes, to the last byte.
    fn hashes(mut self) -> Result<Vec<ChangeHash>, RowError> {
        let mut hashes = Vec::with_capacity(self.0.len() / ChangeHash::LEN);
        while !self.0.is_empty() {
            hashes.push(ChangeHash::from_bytes(self.array()?));
        }
        Ok(hashes)
    }

    /// Whether everything was read.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn end(self) -> Result<(), RowError> {
        if self.0.is_empty() { Ok(()) } else { Err(RowError::Shape) }
    }
}

/// A row that knows how it is written; the key goes into the checksum.
pub(super) trait Row: Sized {
    fn encode(&self, key: &[u8]) -> Vec<u8>;
    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError>;
}

/// A row that says by being there what there is to say.
impl Row for () {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new().seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        Reader::open(key, row)?.end()
    }
}

/// A document: where it lives and what it holds, from headers only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DocumentRow {
    pub(super) space: SpaceId,
    pub(super) home_version: u64,
    pub(super) changes: u64,
    pub(super) bytes: u64,
    pub(super) ops: u64,
    pub(super) max_op: u64,
    pub(super) heads: Vec<ChangeHash>,
}

impl DocumentRow {
    /// A document that a space claims; nothing in it yet.
    pub(super) fn new(space: SpaceId) -> Self {
        Self { space, home_version: 1, changes: 0, bytes: 0, ops: 0, max_op: 0, heads: Vec::new() }
    }

    /// Takes in a change that builds on what is there.
    pub(super) fn grow(&mut self, header: &ChangeHeader) {
        self.heads.retain(|head| !header.deps.contains(head));
        self.heads.push(header.hash);
        self.heads.sort_unstable();
        self.changes += 1;
        self.bytes += header.size as u64;
        self.ops += header.op_count;
        self.max_op = self.max_op.max(header.max_op);
    }
}

impl Row for DocumentRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        let mut row = Writer::new()
            .fixed(self.space.as_bytes())
            .u64(self.home_version)
            .u64(self.changes)
            .u64(self.bytes)
            .u64(self.ops)
            .u64(self.max_op);
        for head in &self.heads {
            row = row.fixed(head.as_bytes());
        }
        row.seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        Ok(Self {
            space: SpaceId::from_bytes(reader.array()?),
            home_version: reader.u64()?,
            changes: reader.u64()?,
            bytes: reader.u64()?,
            ops: reader.u64()?,
            max_op: reader.u64()?,
            heads: reader.hashes()?,
        })
    }
}

/// A taken change: what later checks need of it, and where its entry stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChangeRow {
    pub(super) feed_seq: FeedSeq,
    pub(super) actor: ActorId,
    pub(super) seq: u64,
    pub(super) max_op: u64,
    pub(super) deps: Vec<ChangeHash>,
}

impl ChangeRow {
    /// What is written down of a change at a place of its feed.
    pub(super) fn of(feed_seq: FeedSeq, header: &ChangeHeader) -> Self {
        Self {
            feed_seq,
            actor: header.actor.clone(),
            seq: header.seq,
            max_op: header.max_op,
            deps: header.deps.clone(),
        }
    }
}

impl Row for ChangeRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        let mut row = Writer::new()
            .u64(self.feed_seq.get())
            .u64(self.seq)
            .u64(self.max_op)
            .bytes(self.actor.as_bytes());
        for dep in &self.deps {
            row = row.fixed(dep.as_bytes());
        }
        row.seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let feed_seq = FeedSeq::new(reader.u64()?);
        let seq = reader.u64()?;
        let max_op = reader.u64()?;
        let actor = ActorId::from_slice(reader.bytes()?).ok_or(RowError::Shape)?;
        Ok(Self { feed_seq, actor, seq, max_op, deps: reader.hashes()? })
    }
}

/// The newest change of an actor in a document, and the device that first delivered the actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ActorRow {
    pub(super) last_seq: u64,
    pub(super) last_hash: ChangeHash,
    pub(super) device: DeviceId,
}

impl Row for ActorRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new()
            .u64(self.last_seq)
            .fixed(self.last_hash.as_bytes())
            .fixed(self.device.as_bytes())
            .seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let this = Self {
            last_seq: reader.u64()?,
            last_hash: ChangeHash::from_bytes(reader.array()?),
            device: DeviceId::from_bytes(reader.array()?),
        };
        reader.end().map(|()| this)
    }
}

/// A space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SpaceRow {
    pub(super) name: String,
    pub(super) common: bool,
    pub(super) created_at_ms: u64,
}

impl Row for SpaceRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new().u8(u8::from(self.common)).u64(self.created_at_ms).text(&self.name).seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let common = reader.u8()? == 1;
        let created_at_ms = reader.u64()?;
        let this = Self { name: reader.text()?, common, created_at_ms };
        reader.end().map(|()| this)
    }
}

/// A user, keyed by folded e-mail or name; the id is bound by the first device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct UserRow {
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) id: Option<UserId>,
}

impl Row for UserRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new()
            .text(&self.name)
            .optional(self.email.as_deref().map(str::as_bytes))
            .optional(self.id.as_ref().map(|id| id.as_bytes().as_slice()))
            .seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let name = reader.text()?;
        let email = match reader.optional()? {
            Some(bytes) => Some(String::from_utf8(bytes.to_vec()).map_err(|_| RowError::Shape)?),
            None => None,
        };
        let id = match reader.optional()? {
            Some(bytes) => Some(UserId::from_slice(bytes).ok_or(RowError::Shape)?),
            None => None,
        };
        reader.end().map(|()| Self { name, email, id })
    }
}

/// A device. `state`: 0 pending, 1 active, 2 revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DeviceRow {
    pub(super) user: UserId,
    pub(super) public_key: [u8; 32],
    pub(super) state: u8,
    pub(super) enrolled_at_ms: u64,
    pub(super) name: String,
}

impl Row for DeviceRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new()
            .fixed(self.user.as_bytes())
            .fixed(&self.public_key)
            .u8(self.state)
            .u64(self.enrolled_at_ms)
            .text(&self.name)
            .seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let user = UserId::from_bytes(reader.array()?);
        let public_key = reader.array()?;
        let state = reader.u8()?;
        let enrolled_at_ms = reader.u64()?;
        let name = reader.text()?;
        reader.end().map(|()| Self { user, public_key, state, enrolled_at_ms, name })
    }
}

/// What the workspace holds altogether, for quotas and `status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct TotalsRow {
    pub(super) documents: u64,
    pub(super) changes: u64,
    pub(super) bytes: u64,
    /// Days since 1970 by the relay's clock.
    pub(super) day: u64,
    pub(super) changes_of_day: u64,
}

impl Row for TotalsRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new()
            .u64(self.documents)
            .u64(self.changes)
            .u64(self.bytes)
            .u64(self.day)
            .u64(self.changes_of_day)
            .seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let this = Self {
            documents: reader.u64()?,
            changes: reader.u64()?,
            bytes: reader.u64()?,
            day: reader.u64()?,
            changes_of_day: reader.u64()?,
        };
        reader.end().map(|()| this)
    }
}

/// One number.
impl Row for u64 {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new().u64(*self).seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let value = reader.u64()?;
        reader.end().map(|()| value)
    }
}

/// An opening of the store as one space saw it: the epoch and its first sequence number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EpochRow {
    pub(super) epoch: Epoch,
    pub(super) first: FeedSeq,
}

impl Row for EpochRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new().u64(self.epoch.get()).u64(self.first.get()).seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let this = Self { epoch: Epoch::new(reader.u64()?), first: FeedSeq::new(reader.u64()?) };
        reader.end().map(|()| this)
    }
}

impl Row for Role {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new().u8(role_to_byte(*self)).seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let role = role_from_byte(reader.u8()?)?;
        reader.end().map(|()| role)
    }
}

impl Row for Digest {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new().fixed(self.as_bytes()).seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let digest = Digest::from_bytes(reader.array()?);
        reader.end().map(|()| digest)
    }
}

/// Raw bytes: settings of the store itself.
impl Row for Vec<u8> {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new().bytes(self).seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let bytes = reader.bytes()?.to_vec();
        reader.end().map(|()| bytes)
    }
}

fn role_to_byte(role: Role) -> u8 {
    match role {
        Role::Viewer => 1,
        Role::Rep => 2,
        Role::Manager => 3,
        Role::Admin => 4,
    }
}

fn role_from_byte(byte: u8) -> Result<Role, RowError> {
    match byte {
        1 => Ok(Role::Viewer),
        2 => Ok(Role::Rep),
        3 => Ok(Role::Manager),
        4 => Ok(Role::Admin),
        _ => Err(RowError::Shape),
    }
}
