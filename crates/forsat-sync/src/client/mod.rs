//! The device's end: a machine without I/O that outlives connections.
//!
//! The driver feeds [`Input`]s and carries out [`Effect`]s in their order. Time is a monotonic clock in milliseconds;
//! it is passed to every call. Randomness comes with the inputs that need it.

mod aside;
mod event;
mod feeds;
mod heal;
mod machine;
mod moves;
mod online;
mod outbox;
#[cfg(test)]
mod tests;

pub use event::{
    ClientError, Cursor, HealDone, HealTask, HealWork, OutboxItem, OutboxSeq, PageStored, Settle, StorePage,
    StoreTask, SyncEvent, SyncIssue, SyncStatus, Welcomed,
};
pub use machine::ClientMachine;
pub use moves::{MoveDone, MoveWish};

use crate::control::SignedEntry;
use crate::frame::{ItemOutcome, SetAside, SpaceInfo};
use crate::heal::AskId;
use crate::id::{Nonce, RelayId, SpaceId, UserId, WorkspaceId};
use crate::identity::{DeviceKey, InviteSecret};

/// How a device meets a relay.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The device's key for this relay.
    pub key: DeviceKey,
    /// The relay that the invite pinned.
    pub relay: RelayId,
    /// What the connection is for.
    pub purpose: Purpose,
    /// The version of this program's reader of documents.
    pub reader_version: u32,
    /// Limits of the connection.
    pub flow: ClientLimits,
}

/// What the connection is for.
#[derive(Clone, Debug)]
pub enum Purpose {
    /// Redeem an invite, learn the spaces, and stop; nothing is pulled or pushed.
    Enrol {
        /// Of the invite.
        secret: InviteSecret,
        /// A name for people.
        device_name: String,
        /// The user of the store so far.
        proposed_user: Option<UserId>,
    },
    /// Ask the relay for what administrators do, and stop with its answer; nothing is pulled or pushed.
    Administer {
        /// What, as the relay's program reads it.
        request: Vec<u8>,
    },
    /// Pull and push until stopped.
    Sync {
        /// What the store knows from earlier.
        known: Known,
        /// Stop as soon as there is nothing left to do.
        once: bool,
    },
}

/// What a store knows of a relay from earlier connections.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Known {
    /// The user and workspace, and the spaces as the last welcome named them.
    pub directory: Option<(UserId, WorkspaceId, Vec<SpaceInfo>)>,
    /// The stored cursor of each space; a space of the directory without one is read from its beginning.
    pub cursors: std::collections::BTreeMap<SpaceId, Cursor>,
}

/// Limits of the device's end, in bytes and milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// The largest message.
    pub message_bytes_max: usize,
    /// The most bytes of changes in one push.
    pub push_bytes_max: usize,
    /// The most bytes of pushes without an outcome before the welcome says what the relay takes.
    pub early_window_bytes: usize,
    /// The same after the welcome, if the relay takes as much.
    pub push_window_bytes: usize,
    /// Pages that may wait to be stored before [`ClientMachine::wants_frames`] says no.
    pub page_queue_bytes: usize,
    /// From connecting to a welcome.
    pub handshake_ms_max: u64,
    /// Silence after which a ping is sent; twice that without an answer and the connection counts as dead.
    pub idle_ping_ms: u64,
    /// How long changes that the relay put off wait before they are sent again; doubles up to `backoff_ms_max`.
    pub later_retry_ms: u64,
    /// How long the answer to what is set aside is awaited: a relay of an earlier version gives none.
    pub aside_wait_ms: u64,
    /// How long a revoked device has for setting aside what it never sent.
    pub restricted_ms_max: u64,
    /// How long acked changes are awaited in the feed before the state counts as settled without them.
    pub echo_wait_ms: u64,
    /// After this many failed connections in a row a machine that works once gives up.
    pub attempts_max: u32,
    /// The first ceiling of the back-off.
    pub backoff_base_ms: u64,
    /// Its highest. Half of the 30 s in which a device has to be level again once the network works.
    pub backoff_ms_max: u64,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            message_bytes_max: crate::limits::MESSAGE_BYTES_MAX,
            push_bytes_max: 256 * 1024,
            early_window_bytes: 512 * 1024,
            push_window_bytes: crate::limits::IN_FLIGHT_CONNECTION_BYTES_MAX / 2,
            page_queue_bytes: crate::limits::IN_FLIGHT_CONNECTION_BYTES_MAX,
            handshake_ms_max: 2 * crate::limits::HANDSHAKE_MS_MAX,
            idle_ping_ms: crate::limits::IDLE_PING_MS,
            later_retry_ms: 5_000,
            aside_wait_ms: 20_000,
            restricted_ms_max: 60_000,
            echo_wait_ms: 2_000,
            attempts_max: 3,
            backoff_base_ms: 500,
            backoff_ms_max: 15_000,
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The transport asked for by [`Effect::Connect`] is open. `nonce` is 32 bytes from a cryptographic source.
    Connected {
        /// Used once.
        nonce: Nonce,
    },
    /// The transport could not be opened, or is gone.
    Disconnected {
        /// 64 evenly random bits, for the back-off.
        random: u64,
    },
    /// A whole message came from the relay.
    Frame(Vec<u8>),
    /// The page of the last [`Effect::StorePage`] is stored durably.
    PageStored(PageStored),
    /// The answer to [`Effect::LoadOutbox`]: what there is, in order; empty when there is nothing after `after`.
    OutboxLoaded {
        /// In the order of the outbox.
        items: Vec<OutboxItem>,
    },
    /// The work of the last [`Effect::Heal`] is done.
    Healed(HealDone),
    /// The answer to [`Effect::LoadControl`].
    ControlLoaded {
        /// In their order; at most [`crate::control::ENTRIES_MAX`].
        entries: Vec<SignedEntry>,
    },
    /// Set changes aside at the relay. Answered once with [`Effect::WasSetAside`], at the latest when the connection ends:
    /// until the welcome they wait; without a connection they are put off at once. The number is the caller's; the machine
    /// makes frames of the changes.
    SetAside(SetAside),
    /// Something was added to the outbox.
    OutboxChanged,
    /// Changes of the outbox go to another space than before.
    OutboxRehomed,
    /// The oldest [`Effect::Settle`] that wasn't answered yet is done.
    Settled,
    /// The store failed (full disk, I/O error) and did nothing of one effect; takes the place of that effect's answer.
    /// The connection is closed and tried again later.
    StoreFailed {
        /// Which effect.
        task: StoreTask,
        /// What the store said.
        message: String,
    },
    /// The deadline may have passed.
    Tick,
    /// Connect now instead of waiting out the back-off.
    ConnectNow,
    /// Close in good order.
    Stop,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Open the transport; answer with `Connected` or `Disconnected`.
    Connect,
    /// Send a message.
    Send(Vec<u8>),
    /// Close the transport without waiting for the other side; answer with `Disconnected`, unless `Stopped` follows.
    Close,
    /// Store a page in one durable transaction; answer with `PageStored`. One at a time.
    StorePage(StorePage),
    /// Read the outbox; answer with `OutboxLoaded`. One at a time.
    LoadOutbox {
        /// Only what comes after.
        after: OutboxSeq,
        /// Stop before the sum of the chunks exceeds this; one item is always answered if there is one.
        bytes_max: usize,
    },
    /// Do a part of healing; answer with `Healed`. One at a time.
    Heal(HealWork),
    /// Read entries of the control log, for a relay that forgot them; answer with `ControlLoaded`.
    LoadControl {
        /// Those after this number, from 0.
        after: u64,
    },
    /// The relay's answer to what was asked of it as an administrator; the machine stops.
    Administered(Vec<u8>),
    /// What became of [`Input::SetAside`]: an outcome a change, in its order. Acked: durable at the relay, for its managers.
    WasSetAside {
        /// Of the input.
        ask: AskId,
        /// What.
        results: Vec<ItemOutcome>,
    },
    /// The relay has revoked this device, in an entry of its control log whose signature was checked.
    Revoked {
        /// Whether the device is said to be in strange hands.
        lost: bool,
        /// Whether the relay takes what was never sent. If so, [`Input::SetAside`] may follow and [`Input::Stop`] has to; the
        /// machine ends by itself after [`ClientLimits::restricted_ms_max`], always with the error `device_revoked`.
        /// If not, a fault ends it.
        sets_aside: bool,
        /// The entry.
        entry: SignedEntry,
    },
    /// Write down what became of pushed changes; answer with `Settled`.
    Settle(Settle),
    /// Write down what became of moves. Isn't answered unless that fails.
    Moved(Vec<MoveDone>),
    /// The relay knows the device now: keep user, workspace and spaces. Isn't answered unless that fails.
    Welcomed(Welcomed),
    /// Something that a person should know; the connection goes on.
    Report(SyncIssue),
    /// Something that a progress display wants to know.
    Event(SyncEvent),
    /// The machine has ended; nothing more comes from it.
    Stopped(Result<SyncStatus, ClientError>),
}
