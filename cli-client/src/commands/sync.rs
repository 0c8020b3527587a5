//! `join` and `sync`.

use crate::app::App;
use crate::args::JoinArgs;
use crate::error::CliError;

/// Attaches the store to a relay.
pub fn join(_app: &mut App, _arguments: &JoinArgs) -> Result<(), CliError> {
    Err(CliError::Usage("joining is not built yet".to_owned()))
}

/// Sends and receives once.
pub fn once(_app: &mut App) -> Result<(), CliError> {
    Err(CliError::Usage("sync is not built yet".to_owned()))
}

/// Stays connected.
pub fn watch(_app: &mut App) -> Result<(), CliError> {
    Err(CliError::Usage("sync is not built yet".to_owned()))
}
