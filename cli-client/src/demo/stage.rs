//! The scene: a relay on loopback, the stores of two people, the sample data in a folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use forsat_client::{
    Ambient, ConnectOptions, Engine, ImportOptions, ImportSummary, InitOptions, JoinOptions, SyncSummary,
};
use forsat_relay::embedded::{EmbeddedOptions, EmbeddedRelay};

use crate::app::App;
use crate::commands::sync::block_on;
use crate::error::{CliError, Place};
use crate::i18n::tr;

/// The name of the workspace at the relay.
pub const WORKSPACE: &str = "Demo";
/// The space of the two people.
const SPACE: &str = "main";

/// The sample data: file names and contents, compiled in, so that the program needs nothing beside it.
const DATA: &[(&str, &str)] = &[
    ("accounts.csv", include_str!("../../../tests/data/crm-sales/accounts.csv")),
    ("products.csv", include_str!("../../../tests/data/crm-sales/products.csv")),
    ("sales_pipeline.csv", include_str!("../../../tests/data/crm-sales/sales_pipeline.csv")),
    ("sales_teams.csv", include_str!("../../../tests/data/crm-sales/sales_teams.csv")),
    ("crm-sales.toml", include_str!("../../../tests/data/crm-sales/crm-sales.toml")),
    ("ORIGIN.md", include_str!("../../../tests/data/crm-sales/ORIGIN.md")),
];

/// A relay and two devices that know it.
#[derive(Debug)]
pub struct Stage {
    relay: EmbeddedRelay,
    data: PathBuf,
    /// Sara's device.
    pub office: Engine,
    /// Reza's device.
    pub field: Engine,
}

impl Stage {
    /// Starts the relay in `dir`, makes both stores and enrols them.
    pub fn set(app: &App, dir: &Path) -> Result<Self, CliError> {
        let data = dir.join("data");
        write_data(&data)?;
        let options = EmbeddedOptions {
            workspace_name: WORKSPACE.into(),
            space: SPACE.into(),
            ..EmbeddedOptions::new(&dir.join("relay"))
        };
        let relay = EmbeddedRelay::start(&options).map_err(demo)?;
        let (office, field) = (dir.join("office"), dir.join("field"));
        let (sara, reza) = (tr!(app.messages, "demo-sara"), tr!(app.messages, "demo-reza"));
        let begin =
            InitOptions { user_name: sara.clone(), currency: Some("USD".into()), ..InitOptions::default() };
        // Sara had a store before there was a relay; Reza's begins from the relay.
        drop(Engine::init_with(&office, &begin, Arc::clone(&app.ambient))?);
        let office = enrol(&relay, &office, &sara, "admin", &app.ambient)?;
        let field = enrol(&relay, &field, &reza, "rep", &app.ambient)?;
        Ok(Self { relay, data, office, field })
    }

    /// Where the relay listens, as a WebSocket address.
    pub fn url(&self) -> &str {
        self.relay.url()
    }

    /// Where the relay listens, as host and port.
    pub fn relay_address(&self) -> String {
        self.relay.address().to_string()
    }

    /// Imports the sample data on Sara's device.
    pub fn import(&self) -> Result<ImportSummary, CliError> {
        let mapping = self.data.join("crm-sales.toml");
        Ok(self.office.import(&self.data, &mapping, &ImportOptions::default(), &mut |_| {})?)
    }

    /// Brings a device online for as long as a sync takes.
    pub fn sync(&self, engine: &Engine) -> Result<SyncSummary, CliError> {
        let options = ConnectOptions::default();
        Ok(block_on(forsat_client::sync_once(engine, &options, |_| {}))??)
    }

    /// Stops the relay and closes the stores.
    pub fn end(self) -> Result<(), CliError> {
        self.relay.shutdown().map_err(demo)
    }
}

fn enrol(
    relay: &EmbeddedRelay,
    dir: &Path,
    user: &str,
    role: &str,
    ambient: &Arc<dyn Ambient>,
) -> Result<Engine, CliError> {
    let invite = relay.invite(user, SPACE, role).map_err(demo)?;
    let options = JoinOptions { user_name: user.into(), ..JoinOptions::default() };
    let joining = forsat_client::join(dir, Some(relay.url()), &invite.code, &options, Arc::clone(ambient));
    Ok(block_on(joining)??.accept()?)
}

fn write_data(dir: &Path) -> Result<(), CliError> {
    let failed = |source| CliError::Io { what: Place::Path(dir.display().to_string()), source };
    std::fs::create_dir_all(dir).map_err(failed)?;
    for (name, contents) in DATA {
        std::fs::write(dir.join(name), contents).map_err(failed)?;
    }
    Ok(())
}

fn demo(error: impl std::fmt::Display) -> CliError {
    CliError::Demo(error.to_string())
}
