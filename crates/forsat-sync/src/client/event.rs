//! What the device's machine tells its driver and its store, and what it hears back.

use crate::code::{self, Code};
pub use crate::frame::Cursor;
use crate::frame::{PageEntry, SpaceInfo, VersionRange};
use crate::heal::{Answer, Question, RefillItem, Step};
use crate::id::{ChangeHash, DeviceId, Digest, DocumentId, FeedSeq, RelayId, SpaceId, UserId, WorkspaceId};

/// A place in the device's outbox; grows with every entry and is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct OutboxSeq(pub u64);

/// A change that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxItem {
    /// Its place.
    pub seq: OutboxSeq,
    /// Where it belongs.
    pub space: SpaceId,
    /// The document.
    pub document: DocumentId,
    /// The change.
    pub hash: ChangeHash,
    /// The chunk.
    pub bytes: Vec<u8>,
}

/// A page for the store, to be stored with its cursor in one durable transaction.
///
/// An echo of a change that is in the outbox settles it: it was acked and the ack was lost. If an echo names a change
/// that the store doesn't hold, the entries are stored but the cursor is not moved, and the answer names the echo.
/// Otherwise the cursor becomes `cursor`, also when its seq is lower than before in another epoch; within an epoch it
/// never moves backwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorePage {
    /// Of which feed.
    pub space: SpaceId,
    /// In the order of the feed.
    pub entries: Vec<PageEntry>,
    /// Where the feed goes on.
    pub cursor: Cursor,
    /// The relay's root digest, when the page reaches the head: answer with the store's own after this page.
    pub root: Option<Digest>,
}

/// The store's answer to [`StorePage`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageStored {
    /// Of which feed.
    pub space: SpaceId,
    /// The cursor that is stored now.
    pub cursor: Option<Cursor>,
    /// The store's own root digest over feed state after the page, when the page had one.
    pub root: Option<Digest>,
    /// Echoes of changes that the store doesn't hold.
    pub unknown_echoes: Vec<(DocumentId, ChangeHash)>,
}

/// What became of pushed changes. Places that aren't in the outbox any more are passed over.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Settle {
    /// Durable at the relay: leave the outbox.
    pub acked: Vec<OutboxSeq>,
    /// Put off: stay in the outbox and are sent again.
    pub later: Vec<(OutboxSeq, Code, String)>,
    /// Refused for good: leave the outbox for the refused edits; what was built on them is re-authored.
    pub refused: Vec<(OutboxSeq, Code, String)>,
}

/// Work of healing for the store, on one space; answered with [`HealDone`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealWork {
    /// Which space.
    pub space: SpaceId,
    /// What.
    pub task: HealTask,
}

/// What the store is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealTask {
    /// Compare what the relay holds with what the store holds ([`crate::heal::compare`]), count what is here uncounted,
    /// and take in what was fetched.
    Compare {
        /// What was asked.
        question: Question,
        /// What the relay answered.
        answer: Answer,
    },
    /// Read changes that the relay lacks.
    Load {
        /// Which, in the order in which they are to go.
        changes: Vec<(DocumentId, ChangeHash)>,
        /// Stop before the sum of the chunks exceeds this; one is always read. The rest comes back as a step.
        bytes_max: usize,
    },
}

/// The store's answer to [`HealWork`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct HealDone {
    /// What is to be done next.
    pub steps: Vec<Step>,
    /// The changes that were read.
    pub items: Vec<RefillItem>,
    /// How many changes were taken in.
    pub fetched: u64,
}

/// What a welcome says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Welcomed {
    /// This device as the relay knows it.
    pub device: DeviceId,
    /// Whose it is.
    pub user: UserId,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The spaces that the user may see; all of them.
    pub spaces: Vec<SpaceInfo>,
    /// Whether an invite was redeemed just now.
    pub enrolled: bool,
}

/// Something that a person should know. None of them stops the connection or starts a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncIssue {
    /// At the head of the feed, device and relay don't hold the same changes, and healing has not changed that. At most
    /// once a space and connection; it is tried again later.
    DigestMismatch {
        /// Of which feed.
        space: SpaceId,
        /// Where the feed stood.
        at: FeedSeq,
        /// The relay's root.
        relay: Digest,
        /// The device's root.
        device: Digest,
    },
    /// The relay's store doesn't know the cursor (it is new, or was restored): the feed is read again from its beginning.
    CursorInvalid {
        /// Of which feed.
        space: SpaceId,
    },
    /// The relay says that this device made a change that the device doesn't hold; it is asked for in full.
    UnknownEcho {
        /// Of which feed.
        space: SpaceId,
        /// The document.
        document: DocumentId,
        /// The change.
        hash: ChangeHash,
    },
    /// The relay lacks changes that this device holds, and refuses to take them back from it.
    RefillRefused {
        /// Of which space.
        space: SpaceId,
        /// How many.
        changes: u64,
        /// Why the first of them.
        code: Code,
        /// The same for a person.
        message: String,
    },
    /// A space that the device knows is not there any more, or not for this user.
    SpaceGone {
        /// Which.
        space: SpaceId,
    },
    /// The relay closed a stream for another reason; it is asked for again at the next connection.
    StreamClosed {
        /// Which feed.
        space: SpaceId,
        /// Why.
        code: Code,
        /// The same for a person.
        message: String,
    },
    /// The relay ended the connection with a fault; it is tried again.
    Fault {
        /// Why.
        code: Code,
        /// The same for a person.
        message: String,
    },
    /// The store failed.
    Store {
        /// What it said.
        message: String,
    },
}

/// For a progress display.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SyncEvent {
    /// The transport is being opened.
    Connecting,
    /// The relay's welcome came.
    Online,
    /// The connection is gone; the next attempt is at this time on the clock of the calls.
    Offline {
        /// When it is tried again.
        retry_at_ms: u64,
    },
    /// A page was stored.
    Received {
        /// Of which feed.
        space: SpaceId,
        /// Entries of this page.
        entries: u64,
        /// Where the device stands now.
        at: FeedSeq,
        /// Where the feed's head is; the total of a progress bar.
        head: FeedSeq,
    },
    /// Device and relay differ in a space; it is being found out in what.
    Healing {
        /// Which.
        space: SpaceId,
    },
    /// Each has brought the other what it lacked; whether they are level now shows at the head of the feed.
    Walked {
        /// Which space.
        space: SpaceId,
        /// Changes that the device has got.
        fetched: u64,
        /// Changes that the relay has taken back.
        brought: u64,
    },
    /// A space in which they differed is level.
    Healed {
        /// Which.
        space: SpaceId,
    },
    /// Changes were acked.
    Sent {
        /// How many.
        changes: u64,
        /// Bytes of their chunks.
        bytes: u64,
    },
    /// A message that passes through.
    Ephemeral {
        /// Where it was sent.
        space: SpaceId,
        /// By which device.
        from: DeviceId,
        /// What.
        bytes: Vec<u8>,
    },
    /// Nothing is left to do now: all feeds are at their heads, and nothing is unsent but what the relay put off.
    Settled(SyncStatus),
}

/// Where things stand.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SyncStatus {
    /// Whether the relay's welcome holds.
    pub online: bool,
    /// Whether all feeds are at their heads and stored, and the outbox is empty.
    pub synced: bool,
    /// Whether nothing is left to do but what the relay put off.
    pub settled: bool,
    /// Changes that the relay put off.
    pub put_off: u64,
    /// Changes of others received since the machine began.
    pub received: u64,
    /// Changes acked since the machine began.
    pub sent: u64,
}

/// Why a machine ended by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// Whoever answered isn't the relay of the invite. Nothing was sent to it.
    #[error(
        "whoever answers at this address is not the relay that the device was invited to (its key isn't {pinned}); nothing was sent; check the address, or ask for a new invite if the relay was set up anew"
    )]
    Impostor {
        /// The key that was expected.
        pinned: RelayId,
    },
    /// The greeting was the relay's own, but whoever sent it couldn't sign for this connection: it was recorded earlier.
    #[error(
        "whoever answers at this address played back an old greeting of the relay; nothing that it said was believed; connect with wss:// or over another network"
    )]
    Recorded,
    /// The two programs have no version of the protocol in common.
    #[error("the relay speaks protocol versions {} to {}, this program doesn't; update the older of the two", .relay.min, .relay.max)]
    NoCommonProtocol {
        /// What the relay speaks.
        relay: VersionRange,
    },
    /// The relay wants a newer reader of documents.
    #[error(
        "the workspace needs a newer version of this program (reader {min}, this one has {own}); update it; nothing is lost meanwhile"
    )]
    ReaderTooOld {
        /// The oldest that may connect.
        min: u32,
        /// What this program has.
        own: u32,
    },
    /// The relay refused the device or the invite for good.
    #[error("{message} ({code})")]
    Refused {
        /// Why.
        code: Code,
        /// The same for a person.
        message: String,
    },
    /// The relay could not be reached in as many attempts as were allowed.
    #[error(
        "the relay could not be reached ({attempts} attempts); check the network and the address; everything is kept and goes out with the next sync"
    )]
    Unreachable {
        /// How many.
        attempts: u32,
    },
}

impl ClientError {
    /// The relay has revoked this device.
    pub(super) fn revoked() -> Self {
        let code = code::DEVICE_REVOKED;
        Self::Refused { message: code::message(&code).to_owned(), code }
    }

    /// Whether trying again can help.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// The stable code of this error.
    pub fn code(&self) -> &str {
        match self {
            Self::Impostor { .. } => "impostor_relay",
            Self::Recorded => "recorded_greeting",
            Self::NoCommonProtocol { .. } => "protocol_unsupported",
            Self::ReaderTooOld { .. } => "reader_too_old",
            Self::Refused { code, .. } => code.as_str(),
            Self::Unreachable { .. } => "unreachable",
        }
    }
}

/// Which task of the store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreTask {
    /// [`StorePage`].
    Page,
    /// Reading the outbox.
    Outbox,
    /// [`HealWork`].
    Heal,
    /// [`Settle`].
    Settle,
    /// Keeping what a [`Welcomed`] says.
    Welcome,
    /// Reading the control log.
    Control,
    /// Writing down what became of moves.
    Moves,
}
