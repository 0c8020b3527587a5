//! The frames of the native protocol: one CBOR array a message, its first element the kind.
//!
//! Decoding trusts nothing: the whole message is walked once within its limits before anything is built from it, so
//! neither a declared length nor nesting can cost memory. Elements after those that are known are ignored; kinds that
//! aren't known become `Unknown`.

mod aside;
mod decode;
mod encode;
mod heal;
mod moves;
mod outcome;
mod shape;
#[cfg(test)]
pub(crate) mod tests;

pub use aside::{SET_ASIDE_ITEMS_MAX, SetAside, SetAsideItem};
pub use decode::FrameError;
pub use moves::{MOVE_DOCUMENTS_MAX, Move};
pub use outcome::ItemOutcome;
pub use shape::DEPTH_MAX;

use crate::code::Code;
use crate::control::{ControlMark, SignedEntry};
use crate::heal::{Answer, AskId, Question};
use crate::id::{
    BatchId, ChangeHash, DeviceId, Digest, DocumentId, Epoch, FeedSeq, HomeVersion, Nonce, RelayId, SpaceId,
    UserId, WorkspaceId,
};
use crate::identity::{PublicKey, Receipt, Signature};

/// The protocol versions that this program speaks.
pub const PROTOCOL_VERSIONS: VersionRange = VersionRange { min: 1, max: 1 };

/// A range of protocol versions, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionRange {
    /// The lowest version.
    pub min: u16,
    /// The highest version.
    pub max: u16,
}

impl VersionRange {
    /// The highest version of both ranges, if they meet.
    pub fn common(self, other: Self) -> Option<u16> {
        let (low, high) = (self.min.max(other.min), self.max.min(other.max));
        (low <= high).then_some(high)
    }

    /// Whether it holds a version.
    pub fn contains(self, version: u16) -> bool {
        (self.min..=self.max).contains(&version)
    }
}

/// Numbers a pull of one connection; chosen by the device, each number once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

/// A position in a space's feed that outlives the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// The opening of the relay's store in which `seq` was given out.
    pub epoch: Epoch,
    /// The last entry that is stored.
    pub seq: FeedSeq,
}

/// What a user may do in a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything, access included.
    Admin,
    /// Reads and writes, decides for a team.
    Manager,
    /// Reads and writes.
    Rep,
    /// Reads.
    Viewer,
}

impl Role {
    /// Whether changes are taken from this role.
    pub fn may_write(self) -> bool {
        !matches!(self, Self::Viewer)
    }

    /// The role's name: `admin`, `manager`, `rep`, `viewer`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Rep => "rep",
            Self::Viewer => "viewer",
        }
    }

    /// Reads the name that [`Role::as_str`] gives.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Admin, Self::Manager, Self::Rep, Self::Viewer].into_iter().find(|role| role.as_str() == text)
    }
}

/// A space as its members see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceInfo {
    /// Its id.
    pub id: SpaceId,
    /// Its name; at most [`NAME_BYTES_MAX`] bytes.
    pub name: String,
    /// What this user may do in it.
    pub role: Role,
}

/// The longest name of a space or a device, in bytes.
pub const NAME_BYTES_MAX: usize = 256;
/// The longest message of a fault or refusal, in bytes; longer ones are cut.
pub const MESSAGE_TEXT_BYTES_MAX: usize = 512;

/// Eight bytes over what a welcome would say of user, workspace and spaces: a device that knows it already isn't told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectoryDigest(pub [u8; 8]);

impl DirectoryDigest {
    /// The digest of a user's spaces; their order doesn't matter.
    pub fn of(user: &UserId, workspace: &WorkspaceId, spaces: &[SpaceInfo]) -> Self {
        let mut sorted: Vec<_> = spaces.iter().collect();
        sorted.sort_by_key(|space| space.id);
        let mut hasher = blake3::Hasher::new_derive_key("forsat sync 1 directory");
        hasher.update(user.as_bytes()).update(workspace.as_bytes());
        for space in sorted {
            hasher.update(space.id.as_bytes()).update(&(space.name.len() as u64).to_be_bytes());
            hasher.update(space.name.as_bytes()).update(space.role.as_str().as_bytes());
        }
        let mut digest = [0; 8];
        hasher.finalize_xof().fill(&mut digest);
        Self(digest)
    }
}

/// From a device to a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToRelay {
    /// Proves who the device is; the answer to a hello.
    Auth(Auth),
    /// Redeems an invite; the other answer to a hello.
    Enrol(Enrol),
    /// Asks for a feed from a cursor on, and for what comes after.
    Pull(Pull),
    /// Brings changes.
    Push(Push),
    /// Passes a message to whoever is connected to the space; never stored.
    Ephemeral {
        /// Where to.
        space: SpaceId,
        /// What; opaque.
        bytes: Vec<u8>,
    },
    /// Asks whether the relay is still there.
    Ping {
        /// Comes back in the answer.
        token: u32,
    },
    /// Says how far the device's copy of the control log goes; before any pull.
    ControlHead(ControlMark),
    /// Brings entries of the control log that the relay asked for.
    ControlEntries {
        /// In their order; at most [`crate::control::ENTRIES_MAX`].
        entries: Vec<SignedEntry>,
    },
    /// Closes in good order.
    Bye,
    /// Asks how the relay's state of a space differs, or brings back what it lacks.
    Heal {
        /// Its number; the answer carries it.
        ask: AskId,
        /// Which space.
        space: SpaceId,
        /// What.
        question: Question,
    },
    /// Asks the relay for what administrators do. It checks what the device's user administers.
    Admin {
        /// Its number; the answer carries it.
        ask: AskId,
        /// What, as the relay's program reads it; at most [`ADMIN_REQUEST_BYTES_MAX`].
        request: Vec<u8>,
    },
    /// Asks for documents to get another home.
    Move(Move),
    /// Sets changes aside that can't be sent any more.
    SetAside(SetAside),
    /// A kind of a later version; ignored after the handshake.
    Unknown {
        /// The kind.
        kind: u64,
    },
}

/// The longest request of an administrator, in bytes.
pub const ADMIN_REQUEST_BYTES_MAX: usize = 4 * 1024;
/// The longest answer to one, in bytes.
pub const ADMIN_ANSWER_BYTES_MAX: usize = 512 * 1024;

/// Proof of a device's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Auth {
    /// The version that the device chose from the hello's range.
    pub protocol: u16,
    /// Who it is.
    pub device: DeviceId,
    /// The device's own nonce, that the relay signs in the welcome.
    pub nonce: Nonce,
    /// Over both nonces, the relay's id, the protocol and the device's id.
    pub signature: Signature,
    /// What the device knows of its spaces.
    pub directory: Option<DirectoryDigest>,
}

/// An invite to be redeemed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrol {
    /// The version that the device chose from the hello's range.
    pub protocol: u16,
    /// The secret of the invite.
    pub secret: crate::identity::InviteSecret,
    /// The key that the device made for this relay.
    pub public_key: PublicKey,
    /// The device's own nonce, that the relay signs in the welcome.
    pub nonce: Nonce,
    /// As in [`Auth`], and over the secret's hash.
    pub signature: Signature,
    /// A name for people; at most [`NAME_BYTES_MAX`] bytes.
    pub device_name: String,
    /// The user of the device's store so far, for a relay that has no record of the invited user yet.
    pub proposed_user: Option<UserId>,
}

/// A request for a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Its number; pages carry it.
    pub stream: StreamId,
    /// Which feed. A second pull of a space takes the place of the first.
    pub space: SpaceId,
    /// From after here; from the beginning without.
    pub cursor: Option<Cursor>,
    /// Whether the device's own changes may come as hashes only.
    pub echo: bool,
    /// Without a cursor: begin at the head, with what comes from now on. The digests tell what is there before.
    pub from_head: bool,
}

/// Changes of one space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Its number; the outcome carries it.
    pub batch: BatchId,
    /// Where they belong.
    pub space: SpaceId,
    /// In the order in which they were made; at most [`PUSH_ITEMS_MAX`].
    pub items: Vec<PushItem>,
}

/// The most changes of one push.
pub const PUSH_ITEMS_MAX: usize = 4096;
/// Bytes that a change of a push counts beside its chunk, in the windows of both ends.
pub const PUSH_ITEM_COST: usize = 64;

/// What changes of these lengths count that come in one frame, in the windows of both ends.
pub fn push_cost(lengths: impl Iterator<Item = usize>) -> usize {
    PUSH_ITEM_COST + lengths.map(|length| length + PUSH_ITEM_COST).sum::<usize>()
}

/// The most entries of one page.
pub const PAGE_ENTRIES_MAX: usize = 8192;
/// The most spaces that a device is told of.
pub const SPACES_MAX: usize = 4096;

/// One change of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushItem {
    /// The document.
    pub document: DocumentId,
    /// The change chunk.
    pub bytes: Vec<u8>,
}

/// From a relay to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToDevice {
    /// Opens the connection.
    Hello(Hello),
    /// The invite was redeemed; a welcome follows.
    Enrolled {
        /// The device that the relay enrolled.
        device: DeviceId,
    },
    /// The device is who it says it is.
    Welcome(Welcome),
    /// Entries of a feed.
    Page(Page),
    /// A pull ends: there is nothing (more) to have.
    StreamClosed {
        /// Which pull.
        stream: StreamId,
        /// Why.
        code: Code,
        /// The same for a person.
        message: String,
    },
    /// What became of a push.
    Outcome {
        /// Which push.
        batch: BatchId,
        /// An outcome a change, in the order of the push.
        results: Vec<ItemOutcome>,
    },
    /// The user's spaces or roles changed; the whole list.
    SpacesChanged {
        /// All spaces that the user may see now.
        spaces: Vec<SpaceInfo>,
    },
    /// The device holds entries of the control log that the relay lacks.
    ControlWanted {
        /// Those after this number, from 0.
        after: u64,
        /// What a welcome proves, where the device isn't known yet: its log goes to nobody but its relay.
        proof: Option<Signature>,
    },
    /// The entry of the control log that revokes this device.
    Revocation {
        /// The entry.
        entry: SignedEntry,
        /// By the relay's key over both nonces: the device may set aside what it never sent. Without it a fault follows.
        proof: Option<Signature>,
    },
    /// A message that passes through.
    Ephemeral {
        /// Where it was sent.
        space: SpaceId,
        /// By which device.
        from: DeviceId,
        /// What; opaque.
        bytes: Vec<u8>,
    },
    /// Answers a ping.
    Pong {
        /// Of the ping.
        token: u32,
    },
    /// The relay stops soon: come back after `retry_after_ms` and up to `jitter_ms` more.
    Drain {
        /// Wait at least this long, in milliseconds.
        retry_after_ms: u64,
        /// Spread the return over this much more, in milliseconds.
        jitter_ms: u64,
    },
    /// Answers a question of healing.
    Healed {
        /// Of the question.
        ask: AskId,
        /// What.
        answer: Answer,
    },
    /// Answers an administrator.
    Administered {
        /// Of the request.
        ask: AskId,
        /// What, as the relay's program writes it; at most [`ADMIN_ANSWER_BYTES_MAX`].
        answer: Vec<u8>,
    },
    /// What became of a move.
    Moved {
        /// Of the question.
        ask: AskId,
        /// An outcome a document, in the order of the question.
        results: Vec<ItemOutcome>,
    },
    /// What became of changes that were set aside.
    WasSetAside {
        /// Of the frame.
        ask: AskId,
        /// An outcome a change, in the order of the frame; what is acked is durable, aside.
        results: Vec<ItemOutcome>,
    },
    /// The connection ends for this reason.
    Fault {
        /// Why.
        code: Code,
        /// The same for a person.
        message: String,
    },
    /// A kind of a later version; ignored after the handshake.
    Unknown {
        /// The kind.
        kind: u64,
    },
}

/// The relay's first word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The versions that it speaks.
    pub versions: VersionRange,
    /// Who it is: its public key.
    pub relay: RelayId,
    /// To be signed by the device; used once.
    pub nonce: Nonce,
    /// By the relay's key over the above.
    pub signature: Signature,
}

/// The relay's answer to a device that proved its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// Whose device it is.
    pub user: UserId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The oldest reader of documents that may write here; a lower one has to be updated first.
    pub reader_version_min: u32,
    /// How many bytes of pushes may wait for their outcome.
    pub push_window_bytes: u32,
    /// By the relay's key over both nonces: the hello wasn't a recording.
    pub proof: Signature,
    /// The user's spaces; `None` when the digest that the device sent still holds.
    pub spaces: Option<Vec<SpaceInfo>>,
}

/// Entries of a feed, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Of which pull.
    pub stream: StreamId,
    /// The epoch of `up_to`; with it the cursor that is to be stored.
    pub epoch: Epoch,
    /// The last entry that this page covers.
    pub up_to: FeedSeq,
    /// The last entry of the feed when the page was read.
    pub head: FeedSeq,
    /// What there is to store; may be empty.
    pub entries: Vec<PageEntry>,
    /// The root digest at `head`, when `up_to` has reached it.
    pub root: Option<Digest>,
}

/// One entry of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageEntry {
    /// A change.
    Change {
        /// The document.
        document: DocumentId,
        /// The canonical chunk.
        bytes: Vec<u8>,
        /// The relay's word that it took it, to be kept and brought back with it.
        receipt: Option<Receipt>,
    },
    /// A change that this device itself brought.
    Echo {
        /// The document.
        document: DocumentId,
        /// The change.
        hash: ChangeHash,
        /// As for a change.
        receipt: Option<Receipt>,
    },
    /// An entry of the control log; only in `common`.
    Control(SignedEntry),
    /// A document left the space: what came of it before is no longer in the feed.
    MovedOut {
        /// The document.
        document: DocumentId,
        /// How many homes it has had, this one included: of two words about its home the higher one holds.
        home: HomeVersion,
        /// Where it went, if the user may see that space.
        to: Option<SpaceId>,
    },
    /// A document comes into the space; its changes follow.
    MovedIn {
        /// The document.
        document: DocumentId,
        /// As above.
        home: HomeVersion,
    },
    /// A document of this space was erased: the entry of the control log that says so.
    Erased(SignedEntry),
    /// A kind that this version doesn't read, kept whole: the entry's own CBOR.
    Unknown {
        /// The kind.
        kind: u64,
        /// The entry as it came, its kind included.
        bytes: Vec<u8>,
    },
}

/// The numbers of the kinds on the wire. The two directions share none, so that a frame sent back is noticed.
mod kind {
    pub(super) const AUTH: u64 = 1;
    pub(super) const ENROL: u64 = 2;
    pub(super) const PULL: u64 = 3;
    pub(super) const PUSH: u64 = 4;
    pub(super) const EPHEMERAL: u64 = 5;
    pub(super) const PING: u64 = 6;
    pub(super) const BYE: u64 = 7;
    pub(super) const HEAL: u64 = 50;

    pub(super) const HELLO: u64 = 12;
    pub(super) const ENROLLED: u64 = 13;
    pub(super) const WELCOME: u64 = 14;
    pub(super) const PAGE: u64 = 15;
    pub(super) const STREAM_CLOSED: u64 = 16;
    pub(super) const OUTCOME: u64 = 17;
    pub(super) const SPACES_CHANGED: u64 = 18;
    pub(super) const EPHEMERAL_FROM: u64 = 19;
    pub(super) const PONG: u64 = 20;
    pub(super) const DRAIN: u64 = 21;
    pub(super) const FAULT: u64 = 22;
    pub(super) const HEALED: u64 = 60;

    pub(super) const CONTROL_HEAD: u64 = 33;
    pub(super) const CONTROL_ENTRIES: u64 = 34;

    pub(super) const MOVE: u64 = 35;
    pub(super) const SET_ASIDE: u64 = 36;
    pub(super) const ADMIN: u64 = 38;

    pub(super) const MOVED: u64 = 45;
    pub(super) const WAS_SET_ASIDE: u64 = 46;
    pub(super) const ADMINISTERED: u64 = 48;

    pub(super) const CONTROL_WANTED: u64 = 43;
    pub(super) const REVOCATION: u64 = 44;

    pub(super) const ENTRY_CHANGE: u64 = 1;
    pub(super) const ENTRY_ECHO: u64 = 2;
    pub(super) const ENTRY_MOVED_OUT: u64 = 3;
    pub(super) const ENTRY_CONTROL: u64 = 6;
    pub(super) const ENTRY_MOVED_IN: u64 = 7;
    pub(super) const ENTRY_ERASED: u64 = 8;

    pub(super) const OUTCOME_ACKED: u64 = 0;
    pub(super) const OUTCOME_LATER: u64 = 1;
    pub(super) const OUTCOME_REFUSED: u64 = 2;
}

/// Kinds that have no reading of their own: those of entries read as [`PageEntry::Unknown`] and that of a frame as
/// `Unknown`, but for two that a relay writes by their kinds.
pub mod reserved {
    /// A change that must be left out of every view.
    pub const ENTRY_QUARANTINE: u64 = 4;
    /// A snapshot or a part of one.
    pub const ENTRY_SNAPSHOT: u64 = 5;
    /// An entry of the control log, as a relay keeps it ready for the wire; it reads as [`super::PageEntry::Control`].
    pub const ENTRY_CONTROL: u64 = super::kind::ENTRY_CONTROL;
    /// The same of an erased document; it reads as [`super::PageEntry::Erased`].
    pub const ENTRY_ERASED: u64 = super::kind::ENTRY_ERASED;
    /// Frames of attachments.
    pub const FRAME_BLOB: u64 = 32;
}

impl PageEntry {
    /// An upper bound of the entry's bytes in a page.
    pub fn wire_bytes(&self) -> usize {
        let receipt_bytes = |receipt: &Option<Receipt>| if receipt.is_some() { 17 + 17 } else { 0 };
        match self {
            Self::Change { bytes, receipt, .. } => 1 + 1 + 17 + 5 + receipt_bytes(receipt) + bytes.len(),
            Self::Echo { receipt, .. } => 1 + 1 + 17 + 34 + receipt_bytes(receipt),
            Self::Control(entry) | Self::Erased(entry) => 1 + 1 + 3 + entry.bytes.len() + 66,
            Self::MovedOut { .. } => 1 + 1 + 17 + 9 + 17,
            Self::MovedIn { .. } => 1 + 1 + 17 + 9,
            Self::Unknown { bytes, .. } => bytes.len(),
        }
    }
}
