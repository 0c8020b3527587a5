//! The connection: one event loop that carries a session's messages over a WebSocket.

use crate::engine::Engine;
use crate::error::ClientError;
use crate::sync::{SessionEvent, SyncSummary};
use serde::Serialize;
use std::future::Future;
use std::path::PathBuf;

/// How to connect.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// A file of certificates (PEM) to trust beside the usual ones, for `wss://`.
    pub ca_file: Option<PathBuf>,
}

/// How far a sync has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SyncProgress {
    /// `connecting`, `online` or `offline`.
    pub state: String,
    /// Feed entries received, of all spaces.
    pub received: u64,
    /// Feed entries to be received, as far as is known.
    pub to_receive: u64,
    /// Changes sent and acknowledged.
    pub sent: u64,
    /// Changes that were to be sent when the sync began.
    pub to_send: u64,
}

/// Syncs once: receives and sends until nothing is left to do.
pub async fn sync_once(
    engine: &Engine,
    options: &ConnectOptions,
    progress: impl FnMut(&SyncProgress),
) -> Result<SyncSummary, ClientError> {
    let _ = (engine, options, progress);
    Err(ClientError::NotJoined)
}

/// Stays connected and syncs both ways until `shutdown` is ready.
pub async fn watch(
    engine: &Engine,
    options: &ConnectOptions,
    on_event: impl FnMut(&SessionEvent),
    shutdown: impl Future<Output = ()>,
) -> Result<(), ClientError> {
    let _ = (engine, options, on_event, shutdown);
    Err(ClientError::NotJoined)
}
