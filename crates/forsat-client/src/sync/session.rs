//! One connection after the other, against one store.

use super::SyncSummary;
use crate::ambient::Ambient;
use crate::engine::Engine;
use crate::error::ClientError;
use forsat_sync::client::{SyncEvent, SyncIssue, SyncStatus};
use forsat_sync::id::Nonce;
use forsat_sync::identity::DeviceKey;

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionPurpose {
    /// Send and receive until nothing is left to do, then stop.
    Once,
    /// Go on until stopped.
    Watch,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionInput {
    /// The transport that [`SessionEffect::Connect`] asked for is open.
    Connected,
    /// A whole message came.
    Frame(Vec<u8>),
    /// The transport couldn't be opened, or is gone; also the answer to [`SessionEffect::Close`], unless
    /// [`SessionEffect::Stopped`] followed it.
    Disconnected,
    /// The deadline has come.
    Tick,
    /// This or another process saved something.
    LocalSaved,
    /// Connect now instead of waiting out the back-off.
    ConnectNow,
    /// End in good order.
    Stop,
}

/// What the driver is to do, in this order.
#[derive(Debug)]
pub enum SessionEffect {
    /// Open the transport.
    Connect,
    /// Send a message.
    Send(Vec<u8>),
    /// Close the transport without waiting for the other side.
    Close,
    /// Something to show.
    Event(SessionEvent),
    /// The session has ended.
    Stopped(Result<SyncStatus, ClientError>),
}

/// Something to show.
#[derive(Clone, Debug)]
pub enum SessionEvent {
    /// The connection or its progress.
    Sync(SyncEvent),
    /// Something that a person should know; kept with the store where it lasts.
    Issue(SyncIssue),
    /// Nothing is left to do for now; what came and went since the last one. Comes before `Stopped` too.
    Summary(SyncSummary),
}

/// The device's end of the sync on one store.
#[derive(Debug)]
pub struct SyncSession {}

impl SyncSession {
    /// Begins; the effects ask for a connection. `now_ms` is a monotonic clock in milliseconds, here and everywhere.
    ///
    /// The caller holds the sync lease of the store.
    pub fn start(
        engine: &Engine,
        purpose: SessionPurpose,
        key: DeviceKey,
        now_ms: u64,
    ) -> Result<(SyncSession, Vec<SessionEffect>), ClientError> { let _ = (engine, purpose, key, now_ms); Err(ClientError::NotJoined) }
    /// Takes one input and answers what to do.
    pub fn handle(&mut self, now_ms: u64, input: SessionInput) -> Vec<SessionEffect> { let _ = (now_ms, input); Vec::new() }
    /// When the next [`SessionInput::Tick`] is due; none when nothing is awaited.
    pub fn deadline_ms(&self) -> Option<u64> { None }
    /// Whether the driver may read the next message.
    pub fn wants_frames(&self) -> bool { true }
    /// Where things stand.
    pub fn status(&self) -> SyncStatus { SyncStatus::default() }
}

/// 32 bytes that are used once.
pub(super) fn nonce(ambient: &dyn Ambient) -> Nonce {
    let mut bytes = [0; 32];
    ambient.fill(&mut bytes);
    Nonce::from_bytes(bytes)
}

/// 64 even bits, for the back-off.
pub(super) fn bits(ambient: &dyn Ambient) -> u64 {
    let mut bytes = [0; 8];
    ambient.fill(&mut bytes);
    u64::from_be_bytes(bytes)
}

/// Why the machine ended, in the engine's words.
pub(super) fn relay_error(error: forsat_sync::client::ClientError) -> ClientError {
    ClientError::Relay { code: error.code().to_owned(), message: error.to_string() }
}
