//! A relay in this process with devices that joined it.

use std::path::Path;
use std::sync::Arc;

use forsat_client::{ConnectOptions, Engine, JoinOptions, SyncSummary, SystemAmbient, join, sync_once};
use forsat_relay::embedded::{EmbeddedOptions, EmbeddedRelay};

/// The space of everybody's records.
const SPACE: &str = "main";

/// A relay, and the runtime that devices connect from.
pub struct Team {
    /// The relay.
    pub relay: EmbeddedRelay,
    runtime: tokio::runtime::Runtime,
}

impl Team {
    /// Starts a relay on loopback with an empty store.
    pub fn start(dir: &Path) -> anyhow::Result<Self> {
        let options = EmbeddedOptions { admin_socket: false, ..EmbeddedOptions::new(&dir.join("relay")) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { relay: EmbeddedRelay::start(&options)?, runtime })
    }

    /// Attaches the store in a folder, or begins one there; nothing is synced yet. `url` may be a proxy's.
    pub fn join(&self, dir: &Path, user: &str, url: &str) -> anyhow::Result<Engine> {
        let code = self.relay.invite(user, SPACE, "admin")?.code;
        let options = JoinOptions {
            user_name: user.to_owned(),
            space: Some(SPACE.to_owned()),
            ..JoinOptions::default()
        };
        let ambient = Arc::new(SystemAmbient::new());
        Ok(self.runtime.block_on(join(dir, Some(url), &code, &options, ambient))?.accept()?)
    }

    /// Syncs a device once, to the end.
    pub fn sync(&self, engine: &Engine) -> anyhow::Result<SyncSummary> {
        let summary = self.runtime.block_on(sync_once(engine, &ConnectOptions::default(), |_| ()))?;
        anyhow::ensure!(summary.synced, "the device is level with the relay");
        Ok(summary)
    }

    /// Runs something of the network.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }
}
