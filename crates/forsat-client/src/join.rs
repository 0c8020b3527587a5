//! Attaching a store to a relay, or beginning one from a relay.

mod adopt;
pub(crate) mod key;

use crate::ambient::Ambient;
use crate::connect;
use crate::engine::Engine;
use crate::error::{ClientError, ClientRefusal};
use crate::keyring::Keyring;
use crate::sync::Errand;
use forsat_store::{CACHE_BYTES_DEFAULT, CreateParams, RelayRef, Store, StoreError};
use forsat_sync::client::Welcomed;
use forsat_sync::identity::{InviteCode, InviteError};
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
    /// The keyring, where the key of a join that broke off was moved there.
    pub keyring: Option<Arc<dyn Keyring>>,
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
    dir: PathBuf,
    /// The store, where there was one.
    engine: Option<Engine>,
    welcomed: Welcomed,
    relay: RelayRef,
    options: JoinOptions,
    ambient: Arc<dyn Ambient>,
    plan: JoinPlan,
}

impl PendingJoin {
    /// What will be sent, and where.
    pub fn plan(&self) -> &JoinPlan {
        &self.plan
    }

    /// Attaches the store, or makes it. The next sync sends what the plan says.
    pub fn accept(self) -> Result<Engine, ClientError> {
        let Self { dir, engine, welcomed, relay, options, ambient, .. } = self;
        let Some(engine) = engine else { return begin(&dir, &welcomed, &relay, &options, ambient) };
        engine.adopt(&welcomed, &relay, &options)?;
        Ok(engine)
    }
}

/// Makes a store that begins from a relay: it is there with all that it needs, or not at all.
fn begin(
    dir: &Path,
    welcomed: &Welcomed,
    relay: &RelayRef,
    options: &JoinOptions,
    ambient: Arc<dyn Ambient>,
) -> Result<Engine, ClientError> {
    let mut random = [0; 32];
    ambient.fill(&mut random);
    let params = CreateParams { workspace: welcomed.workspace, random, cache_bytes: CACHE_BYTES_DEFAULT };
    let adopt =
        |store| Engine::around(store, ambient.clone(), None).adopt(welcomed, relay, options).map(drop);
    match Store::create_filled(dir, &params, adopt) {
        Ok(store) => Ok(Engine::around(store, ambient, Some(dir.to_owned()))),
        // Another process made one in the meantime.
        Err(ClientError::Store(StoreError::AlreadyExists { .. })) => {
            let engine = Engine::open_with(dir, ambient)?;
            engine.adopt(welcomed, relay, options)?;
            Ok(engine)
        }
        Err(error) => Err(error),
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
    let invite: InviteCode = code.parse().map_err(|error: InviteError| ClientRefusal::from(error))?;
    let url = url.or(invite.address.as_deref()).ok_or(ClientRefusal::NoRelayAddress)?;
    let url = connect::relay_url(url)?;
    let engine = match Engine::open_with(dir, ambient.clone()) {
        Ok(engine) => Some(engine),
        Err(ClientError::NoStore { .. }) => None,
        Err(error) => return Err(error),
    };
    let identity =
        engine.as_ref().map(|engine| engine.read()?.identity().map_err(ClientError::from)).transpose()?;
    if let Some(relay) = identity.as_ref().and_then(|identity| identity.relay.as_ref()) {
        return Err(adopt::already_joined(relay));
    }
    let key = key::load_or_make(dir, options.keyring.as_deref(), &*ambient)?;
    let device_name =
        if options.device_name.trim().is_empty() { "device" } else { options.device_name.trim() };
    let proposed = identity.and_then(|identity| identity.user);
    let enrolment =
        Errand::enrol(&invite, key, device_name, proposed, ambient.clone(), ambient.monotonic_ms());
    let welcomed = connect::enrol(enrolment, &url, options.ca_file.as_deref(), &ambient).await?;
    let plan = match &engine {
        Some(engine) => engine.join_plan(&welcomed, options)?,
        None => adopt::plan_from_nothing(&welcomed, options)?,
    };
    let relay = RelayRef { url, id: invite.relay };
    Ok(PendingJoin { dir: dir.to_owned(), engine, welcomed, relay, options: options.clone(), ambient, plan })
}
