//! The relay's end of one connection: a machine without I/O.
//!
//! The driver (a hub over sockets and a storage thread, or a simulation) feeds [`Input`]s and carries out [`Effect`]s in
//! their order. Time is a monotonic clock in milliseconds; it is passed to every call.

mod aside;
mod connection;
mod control;
mod heal;
mod introduction;
mod link;
mod moves;
mod request;
mod session;
mod streams;
#[cfg(test)]
mod tests;

pub use aside::may_set_aside;
pub use connection::RelayConnection;
pub use moves::may_move;
pub use request::{
    AppendRequest, AsideRequest, ControlVerdict, DeviceRecord, Directory, EnrolRequest, FeedPage,
    HealRequest, MoveRequest, PageRequest, RequestId, Standing, StorageReply, StorageRequest,
};

use crate::code::Code;
use crate::id::{DeviceId, SpaceId, UserId};
use crate::identity::RelayKey;

/// What all connections of a relay share.
#[derive(Clone, Debug)]
pub struct RelayConfig {
    /// The relay's key.
    pub key: RelayKey,
    /// The oldest reader of documents that may connect.
    pub reader_version_min: u32,
    /// Limits of the connection.
    pub flow: FlowLimits,
}

/// Limits of one connection at the relay, in bytes and milliseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowLimits {
    /// The largest message.
    pub message_bytes_max: usize,
    /// What is asked of storage for one page; a page has at least one entry.
    pub page_bytes: usize,
    /// Above this much in the send queue no further page is read for the connection.
    pub send_queue_bytes_max: usize,
    /// Frames that may wait while the device is being authenticated.
    pub early_bytes_max: usize,
    /// Pushes that may wait for storage; what goes beyond is answered with `later`.
    pub push_window_bytes: usize,
    /// The largest ephemeral message.
    pub ephemeral_bytes_max: usize,
    /// The most streams of one connection.
    pub streams_max: usize,
    /// From the opening to a valid auth or enrol frame, and from a question about the control log to its answer.
    pub handshake_ms_max: u64,
    /// The longest connection of a revoked device that sets aside what it never sent.
    pub restricted_ms_max: u64,
    /// Silence after which the connection counts as dead.
    pub idle_close_ms: u64,
    /// How long after `unavailable` a page is asked for again.
    pub storage_retry_ms: u64,
    /// How long a drain waits for pushes in storage and for the send queue.
    pub drain_ms_max: u64,
}

impl Default for FlowLimits {
    fn default() -> Self {
        Self {
            message_bytes_max: crate::limits::MESSAGE_BYTES_MAX,
            page_bytes: 256 * 1024,
            send_queue_bytes_max: crate::limits::IN_FLIGHT_CONNECTION_BYTES_MAX / 2,
            early_bytes_max: crate::limits::MESSAGE_BYTES_MAX,
            push_window_bytes: crate::limits::IN_FLIGHT_CONNECTION_BYTES_MAX / 2,
            ephemeral_bytes_max: 4 * 1024,
            streams_max: 1024,
            handshake_ms_max: crate::limits::HANDSHAKE_MS_MAX,
            restricted_ms_max: 120_000,
            idle_close_ms: crate::limits::IDLE_PING_MS * 5 / 2,
            storage_retry_ms: 1_000,
            drain_ms_max: 5_000,
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A whole message came from the device.
    Frame(Vec<u8>),
    /// Storage has answered; an append is answered only after it is durable.
    Storage {
        /// The request.
        request: RequestId,
        /// The answer.
        reply: StorageReply,
    },
    /// New entries of a feed are durable. Meant for spaces that the connection subscribed to; others are ignored.
    FeedAdvanced {
        /// Which feed.
        space: SpaceId,
    },
    /// The user's roles, the spaces or the device's standing may have changed. To be told to every connection that may
    /// concern it, those that aren't established yet included.
    AccessChanged,
    /// An ephemeral message of another connection.
    Ephemeral {
        /// Where it was sent.
        space: SpaceId,
        /// By which device.
        from: DeviceId,
        /// What.
        bytes: Vec<u8>,
    },
    /// The transport has taken this many bytes of messages off the send queue.
    Sent {
        /// Bytes of messages, as in [`Effect::Send`].
        bytes: usize,
    },
    /// The deadline may have passed.
    Tick,
    /// The relay stops.
    Drain {
        /// Devices come back after this, in milliseconds,
        retry_after_ms: u64,
        /// and up to this much later.
        jitter_ms: u64,
    },
    /// The relay ends this connection, such as for a newer one of the same device.
    End {
        /// Why.
        code: Code,
    },
    /// The transport is gone. Nothing is answered any more.
    Closed,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Queue a message; report [`Input::Sent`] when the transport has taken it.
    Send(Vec<u8>),
    /// Ask storage; answer with [`Input::Storage`]. Requests of one connection are carried out in order.
    Storage {
        /// Comes back with the answer.
        request: RequestId,
        /// What is asked.
        what: StorageRequest,
    },
    /// From now on tell of this feed with [`Input::FeedAdvanced`], and pass its ephemeral messages.
    Subscribe {
        /// Which feed.
        space: SpaceId,
    },
    /// No longer.
    Unsubscribe {
        /// Which feed.
        space: SpaceId,
    },
    /// Pass a message to the other subscribers of the space; never stored.
    Publish {
        /// Where to.
        space: SpaceId,
        /// From this device.
        from: DeviceId,
        /// What.
        bytes: Vec<u8>,
    },
    /// The device is authenticated; from now on revocations and changes of roles concern this connection.
    Established {
        /// Which device.
        device: DeviceId,
        /// Whose.
        user: UserId,
    },
    /// The device was revoked, and may set aside what it never sent; it is established no more.
    Restricted {
        /// Which device.
        device: DeviceId,
    },
    /// Send what is queued, then close. The last effect of a connection.
    Close {
        /// Why.
        code: Code,
        /// The same for a log.
        message: String,
    },
}
