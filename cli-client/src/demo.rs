//! The whole loop on one machine.

use std::path::PathBuf;

use crate::app::App;
use crate::error::CliError;

/// Runs the demo.
pub fn run(_app: &mut App, _dir: Option<PathBuf>) -> Result<(), CliError> {
    Err(CliError::Demo("the demo is not built yet".to_owned()))
}
