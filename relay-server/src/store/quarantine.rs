//! Changes that their devices could not send, set aside for the managers of the spaces that they concern.

use forsat_sync::chunk::{ChangeHeader, ChunkError};
use forsat_sync::id::{ChangeHash, DeviceId, DocumentId, SpaceId, UserId};

use super::{ControlError, StoreError};

/// Changes that a device sets aside.
#[derive(Clone, Debug)]
pub struct Aside {
    /// Who brings them: a device that may connect, or one that was revoked and isn't lost.
    pub device: DeviceId,
    /// The space that they were meant for.
    pub space: SpaceId,
    /// The changes.
    pub items: Vec<AsideItem>,
    /// The relay's clock, milliseconds since 1970.
    pub now_ms: u64,
}

/// A change that is set aside, parsed before the transaction begins.
#[derive(Clone, Debug)]
pub struct AsideItem {
    /// Its document.
    pub document: DocumentId,
    /// Its header and canonical bytes, or why it is none.
    pub chunk: Result<(ChangeHeader, Vec<u8>), ChunkError>,
    /// Why it could not be sent: the code of its refusal.
    pub reason: String,
}

/// What became of changes that were to be set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AsideOutcome {
    /// An outcome a change, in order.
    Judged(Vec<AsideItemOutcome>),
    /// No such space, none that the user may see, or the device may not: one answer for all.
    Hidden,
    /// The user reads this space and may not write.
    Forbidden,
}

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AsideItemOutcome {
    /// Durable, aside or in the feed, now or from before.
    Kept,
    /// This quota is used up.
    Quota(&'static str),
    /// The chunk is none.
    Chunk(ChunkError),
    /// The document was erased, for good.
    Erased,
    /// Nothing of `common` is set aside.
    Common,
    /// The document lives in that space: the change belongs into a push.
    HomeHere,
}

/// A change that lies aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineEntry {
    /// Its number; grows with every change that is set aside, and is never used again.
    pub number: u64,
    /// The document.
    pub document: DocumentId,
    /// The space that it was meant for, the document's home at that time, if it had another one, and the spaces for which it was
    /// brought again.
    pub spaces: Vec<SpaceId>,
    /// The change.
    pub hash: ChangeHash,
    /// Why it could not be sent.
    pub reason: String,
    /// The device that brought it.
    pub device: DeviceId,
    /// The device's name.
    pub device_name: String,
    /// The device's user, whoever the chunk names as its author.
    pub user: UserId,
    /// The user's name.
    pub user_name: String,
    /// When it came, milliseconds since 1970 by the relay's clock.
    pub received_at_ms: u64,
    /// The canonical chunk.
    pub bytes: Vec<u8>,
}

/// A change that lies aside, as an operator sees it: all but what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantineSummary {
    /// Its number.
    pub number: u64,
    /// The document.
    pub document: DocumentId,
    /// As in [`QuarantineEntry`].
    pub spaces: Vec<SpaceId>,
    /// Why it could not be sent.
    pub reason: String,
    /// The device that brought it.
    pub device: DeviceId,
    /// The device's name.
    pub device_name: String,
    /// The device's user.
    pub user: UserId,
    /// The user's name.
    pub user_name: String,
    /// When it came, milliseconds since 1970 by the relay's clock.
    pub received_at_ms: u64,
    /// The size of its canonical chunk.
    pub bytes: u64,
}

/// The part of a relay's storage that holds what was set aside. Who may do what is asked in the transaction.
pub trait QuarantineStore {
    /// Sets changes aside, each judged by itself; those that are kept are durable when it returns.
    fn set_aside(&self, aside: &Aside) -> Result<AsideOutcome, StoreError>;

    /// What lies aside after a number, of the spaces in which the device's user is a manager or administrator, by number, and
    /// whether there is more. Stops before the sum of the chunks, each with [`QUARANTINE_ENTRY_COST`], exceeds `bytes_max`; one
    /// entry is always told. Rows that can't be read are passed over, and an id stands for a name that is missing.
    fn quarantined(
        &self,
        by: &DeviceId,
        after: u64,
        bytes_max: usize,
    ) -> Result<(Vec<QuarantineEntry>, bool), ControlError>;

    /// Takes changes out for good, those of the spaces in which the device's user is a manager or administrator; answers how many
    /// of the numbers name nothing any more. What is somebody else's stays.
    fn close_quarantined(&self, by: &DeviceId, numbers: &[u64], now_ms: u64) -> Result<u64, ControlError>;

    /// What lies aside after a number, of one space or of all, at most so many, by number, and whether there is more.
    fn quarantine_summaries(
        &self,
        space: Option<&SpaceId>,
        after: u64,
        rows_max: usize,
    ) -> Result<(Vec<QuarantineSummary>, bool), StoreError>;

    /// Takes changes out for good, whosesoever they are; answers how many there were.
    fn drop_quarantined(&self, numbers: &[u64], now_ms: u64) -> Result<u64, StoreError>;
}

/// What a change that lies aside counts beside its chunk, in bytes: in a list, and against the quotas.
pub const QUARANTINE_ENTRY_COST: usize = 1536;
