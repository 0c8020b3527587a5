//! What a connection asks of the relay's storage, and the answers.
//!
//! Storage checks the device and its role again inside the transaction of every request: between the question and the
//! transaction a device may have been revoked.

use crate::code::Code;
use crate::control::{ControlMark, SignedEntry};
use crate::frame::{Cursor, ItemOutcome, PageEntry, PushItem, SetAsideItem, SpaceInfo};
use crate::heal::{Answer, Question};
use crate::id::{DeviceId, Digest, DocumentId, Epoch, FeedSeq, SpaceId, UserId, WorkspaceId};
use crate::identity::{PublicKey, Receipt, SecretHash};

/// Numbers the storage requests of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// A question to storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageRequest {
    /// Who is this device, and what may it see? Answered with `Device`, `UnknownDevice` or `Unavailable`.
    Device {
        /// The device.
        device: DeviceId,
    },
    /// Redeem an invite. Answered with `Device`, `EnrolRefused` or `Unavailable`.
    Enrol(EnrolRequest),
    /// Has the relay all of a control log that ends like this? Answered with `Control` or `Unavailable`.
    ControlCheck {
        /// The end of the device's copy.
        mark: ControlMark,
    },
    /// Take entries of the control log that the relay lacks, if they are its own. Answered with `Control` or `Unavailable`.
    ControlAdopt {
        /// In their order.
        entries: Vec<SignedEntry>,
    },
    /// Read a page. Answered with `Page`, `CursorInvalid`, `Hidden` or `Unavailable`.
    Page(PageRequest),
    /// Append changes durably. Answered with `Appended`, `Hidden`, `Forbidden` or `Unavailable`.
    Append(AppendRequest),
    /// Give documents another home. Answered with `Moved`, `Hidden`, `Forbidden` or `Unavailable`.
    Move(MoveRequest),
    /// Set changes aside durably. Answered with `WereSetAside`, `Hidden`, `Forbidden` or `Unavailable`.
    SetAside(AsideRequest),
    /// Say what a space holds. Answered with `Healed`, `Hidden` or `Unavailable`.
    Heal(HealRequest),
    /// Do what an administrator asks, if the device's user may. Answered with `Administered` or `Unavailable`.
    Admin {
        /// Whose device asks.
        device: DeviceId,
        /// What.
        request: Vec<u8>,
    },
}

/// Asks what a space holds; never [`Question::Refill`], which is an append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealRequest {
    /// For whom; must be active and have a role in the space.
    pub device: DeviceId,
    /// Which space.
    pub space: SpaceId,
    /// What.
    pub question: Question,
    /// Stop before the answer has more than about this; one thing is always answered.
    pub bytes_max: usize,
}

/// Gives documents another home: a manager's or administrator's in both spaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveRequest {
    /// For whom.
    pub device: DeviceId,
    /// Where they are to live.
    pub to: SpaceId,
    /// Which.
    pub documents: Vec<DocumentId>,
}

/// Sets changes aside that a device can't send any more, each judged by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsideRequest {
    /// By whom; active, or revoked and not lost, and its user must write in the space.
    pub device: DeviceId,
    /// The space that the changes were meant for.
    pub space: SpaceId,
    /// The changes.
    pub items: Vec<SetAsideItem>,
}

/// Redeems an invite. Doing so again with the same secret and key answers as the first time: the answer may have been lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolRequest {
    /// The hash of the secret.
    pub secret: SecretHash,
    /// The key of the new device; its possession is proven.
    pub public_key: PublicKey,
    /// The id that follows from the key.
    pub device: DeviceId,
    /// A name for people.
    pub device_name: String,
    /// The user of the device's store so far.
    pub proposed_user: Option<UserId>,
}

/// Reads a page of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// For whom; must be active and have a role in the space.
    pub device: DeviceId,
    /// Which feed.
    pub space: SpaceId,
    /// After here; from the beginning without.
    pub cursor: Option<Cursor>,
    /// Entries that this device itself brought are answered as [`PageEntry::Echo`].
    pub echo: bool,
    /// Without a cursor: an empty page that stands at the head.
    pub from_head: bool,
    /// Stop before the sum of [`PageEntry::wire_bytes`] exceeds this; one entry is always answered if there is one.
    pub bytes_max: usize,
}

/// Appends changes to a feed, in order, each judged by itself; all that are taken in one durable transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppendRequest {
    /// By whom; must be active and have a writing role in the space.
    pub device: DeviceId,
    /// Which feed.
    pub space: SpaceId,
    /// The changes.
    pub items: Vec<PushItem>,
    /// For changes that were taken before and are brought back to a relay that has lost them: the receipt of each.
    pub refill: Option<Vec<Option<Receipt>>>,
}

/// An answer of storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageReply {
    /// The device and what it may see.
    Device(DeviceRecord),
    /// No such device.
    UnknownDevice,
    /// How the relay's control log compares to the device's.
    Control(ControlVerdict),
    /// The invite wasn't redeemed.
    EnrolRefused {
        /// Why; [`crate::code::INVITE_INVALID`] unless a quota stands in the way.
        code: Code,
    },
    /// A page.
    Page(FeedPage),
    /// The cursor's epoch isn't listed, or its seq lies beyond it.
    CursorInvalid,
    /// No such space, or no role in it, or the device is no longer active.
    Hidden,
    /// The role doesn't write.
    Forbidden,
    /// An outcome a change, in the order of the request; what is acked is durable.
    Appended(Vec<ItemOutcome>),
    /// An outcome a document, in the order of the request; what is acked is durable.
    Moved(Vec<ItemOutcome>),
    /// An outcome a change, in the order of the request; what is acked is durable, aside.
    WereSetAside(Vec<ItemOutcome>),
    /// What the space holds.
    Healed(Answer),
    /// What the request of an administrator came to.
    Administered(Vec<u8>),
    /// Nothing was done and trying again may help: overload, a full disk, an I/O error.
    Unavailable {
        /// Why.
        code: Code,
    },
}

/// Whether a device may connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Active,
    /// Not yet: an operator has to let it in.
    Pending,
    /// Not any more, for good.
    Revoked,
}

/// How the relay's control log compares to a device's copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlVerdict {
    /// The relay has all of it, or what it lacks isn't its own.
    Over,
    /// The relay lacks what comes after this number.
    Wanted {
        /// From 0.
        after: u64,
    },
    /// The copy and the relay's log go apart somewhere: all of the copy is wanted, once.
    Branched {
        /// The last number that was looked at.
        after: u64,
    },
}

/// A device as storage knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Its id.
    pub device: DeviceId,
    /// Its key.
    pub public_key: PublicKey,
    /// Whether it may connect.
    pub standing: Standing,
    /// The entry of the control log that revoked it.
    pub revocation: Option<SignedEntry>,
    /// What it may see.
    pub directory: Directory,
}

/// What a user may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// The user.
    pub user: UserId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The spaces in which the user has a role, by id.
    pub spaces: Vec<SpaceInfo>,
}

/// A page as storage reads it, in one read transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedPage {
    /// The store's current epoch; `up_to` counts in it.
    pub epoch: Epoch,
    /// The last entry that the page covers.
    pub up_to: FeedSeq,
    /// The last entry of the feed.
    pub head: FeedSeq,
    /// In the order of the feed.
    pub entries: Vec<PageEntry>,
    /// The root digest of the feed state at `head`; asked for when `up_to` equals `head`.
    pub root: Option<Digest>,
}
