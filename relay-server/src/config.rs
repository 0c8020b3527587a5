//! The configuration of `forsat-relay`: a file, then the environment, then flags; the later wins.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use figment::Figment;
use figment::providers::{Format as _, Serialized, Toml};
use figment::value::{Dict, Value};
use serde::{Deserialize, Serialize};

/// What variables of the environment begin with.
pub const ENVIRONMENT_PREFIX: &str = "FORSAT_RELAY_";
/// The file that is read from the data directory when no other is named.
pub const FILE_NAME: &str = "relay.toml";
/// The port that a relay listens on when nothing else is said.
pub const PORT: u16 = 7717;

/// Every key of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The data directory.
    pub data: Option<PathBuf>,
    /// Where to listen, `ADDRESS:PORT`; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where devices reach the relay, `ws://…/sync` or `wss://…/sync`; goes into invites.
    pub public_url: Option<String>,
    /// Memory for pages of the store, in MiB.
    pub cache_mib: usize,
    /// Whether every page of the store is verified when it is opened.
    pub check_on_open: bool,
    /// Whether reps write in `common`.
    pub reps_write_common: bool,
    /// Whether changes that the store has lost are taken back without a receipt, whoever made them.
    pub accept_unverified: bool,
    /// The most connections at once.
    pub connections_max: usize,
    /// After a stop devices come back after this, in milliseconds,
    pub drain_retry_after_ms: u64,
    /// and up to this much later.
    pub drain_jitter_ms: u64,
    /// What is logged, such as `info` or `forsat_relay=debug`.
    pub log: String,
    /// How it is logged.
    pub log_format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: None,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            public_url: None,
            cache_mib: 64,
            check_on_open: true,
            reps_write_common: true,
            accept_unverified: false,
            connections_max: 4096,
            drain_retry_after_ms: 1_000,
            drain_jitter_ms: 4_000,
            log: "info".into(),
            log_format: LogFormat::Text,
        }
    }
}

/// What help calls the options that every command takes.
pub(crate) const HEADING: &str = "Options of every command";

/// The keys that flags set; `None` where the flag wasn't given.
#[derive(Clone, Debug, Default, Serialize, clap::Args)]
pub struct Flags {
    /// The data directory.
    #[arg(long, global = true, value_name = "DIR", help_heading = HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<PathBuf>,
    /// Where to listen; port 0 takes a free one.
    #[arg(long, global = true, value_name = "ADDRESS:PORT", help_heading = HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// Where devices reach the relay, when a proxy stands before it; goes into invites.
    #[arg(long, global = true, value_name = "URL", help_heading = HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Memory for pages of the store, in MiB.
    #[arg(long, global = true, value_name = "MIB", help_heading = HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_mib: Option<usize>,
    /// What is logged, such as `info` or `forsat_relay=debug`.
    #[arg(long, global = true, value_name = "FILTER", help_heading = HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// How it is logged.
    #[arg(long, global = true, value_name = "FORMAT", help_heading = HEADING)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_format: Option<LogFormat>,
}

/// A configuration that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A key or value that isn't one, or a file that can't be read.
    #[error("the configuration can't be used: {0}; the keys are in docs/operations.md")]
    Wrong(Box<figment::Error>),
    /// A file that isn't there.
    #[error("there is no configuration file {0}")]
    NoFile(PathBuf),
}

/// Reads the configuration. `file` was named by the user; without one, `relay.toml` of the data directory counts.
///
/// `environment` holds the variables of the process; those that don't begin with the prefix are passed over.
pub fn load(
    file: Option<PathBuf>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: &Flags,
) -> Result<Config, ConfigError> {
    let mut environment = variables(environment);
    let named = file
        .or_else(|| environment.remove("config").and_then(|value| value.into_string().map(PathBuf::from)));
    if let Some(path) = named.as_ref().filter(|path| !path.is_file()) {
        return Err(ConfigError::NoFile(path.clone()));
    }
    let data = flags
        .data
        .clone()
        .or_else(|| environment.get("data").and_then(|value| value.as_str().map(PathBuf::from)));
    let path = named.or_else(|| data.map(|data| data.join(FILE_NAME)).filter(|path| path.is_file()));
    let mut figment = Figment::from(Serialized::defaults(Config::default()));
    if let Some(path) = path {
        figment = figment.merge(Toml::file_exact(path));
    }
    figment
        .merge(Serialized::defaults(environment))
        .merge(Serialized::defaults(flags))
        .extract()
        .map_err(|error| ConfigError::Wrong(Box::new(error)))
}

/// The variables of the relay, by key. Values that must be text stay text even where they look like numbers.
fn variables(environment: impl IntoIterator<Item = (String, String)>) -> Dict {
    let relays = environment.into_iter().filter_map(|(name, text)| {
        let key = name.strip_prefix(ENVIRONMENT_PREFIX)?.to_lowercase();
        let value = match key.as_str() {
            "data" | "config" | "public_url" | "log" => Value::from(text),
            _ => text.parse().unwrap_or_else(|never: std::convert::Infallible| match never {}),
        };
        Some((key, value))
    });
    relays.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn flags_win_over_the_environment_and_that_over_the_file() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join(FILE_NAME),
            "listen = \"127.0.0.1:1\"\ncache_mib = 1\nlog = \"warn\"\nreps_write_common = false\n",
        )
        .unwrap();
        let data = dir.path().to_str().unwrap();
        let variables = environment(&[
            ("FORSAT_RELAY_DATA", data),
            ("FORSAT_RELAY_LISTEN", "127.0.0.1:2"),
            ("FORSAT_RELAY_CACHE_MIB", "2"),
            ("HOME", "/nowhere"),
        ]);
        let flags = Flags { listen: Some("127.0.0.1:3".parse().unwrap()), ..Flags::default() };
        let config = load(None, variables, &flags).unwrap();
        assert_eq!(config.listen.port(), 3, "the flag");
        assert_eq!(config.cache_mib, 2, "the environment");
        assert_eq!(config.log, "warn", "the file");
        assert!(!config.reps_write_common);
        assert_eq!(config.connections_max, Config::default().connections_max, "the default");
    }

    #[test]
    fn a_named_file_must_be_there_and_hold_only_keys() {
        let missing = load(Some(PathBuf::from("/nowhere/relay.toml")), [], &Flags::default());
        assert!(matches!(missing, Err(ConfigError::NoFile(_))), "{missing:?}");
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("other.toml");
        std::fs::write(&file, "listenn = \"127.0.0.1:1\"\n").unwrap();
        let wrong = load(Some(file), [], &Flags::default()).unwrap_err();
        assert!(wrong.to_string().contains("listenn"), "{wrong}");
    }

    #[test]
    fn variables_name_the_file_too_and_wrong_ones_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("other.toml");
        std::fs::write(&file, "log = \"debug\"\nlog_format = \"json\"\n").unwrap();
        let named = environment(&[("FORSAT_RELAY_CONFIG", file.to_str().unwrap())]);
        let config = load(None, named, &Flags::default()).unwrap();
        assert_eq!((config.log.as_str(), config.log_format), ("debug", LogFormat::Json));
        let wrong = load(None, environment(&[("FORSAT_RELAY_CACHE_MIB", "much")]), &Flags::default());
        assert!(matches!(wrong, Err(ConfigError::Wrong(_))));
    }
}
