//! `completions`, and the reference of every command that `docs/cli.md` holds.

use crate::app::App;
use crate::args::{self, CompletionTarget};
use crate::error::CliError;
use crate::reference;

/// Prints the completions of a shell.
pub fn run(app: &mut App, shell: CompletionTarget) -> Result<(), CliError> {
    let shell = match shell {
        CompletionTarget::Bash => clap_complete::Shell::Bash,
        CompletionTarget::Zsh => clap_complete::Shell::Zsh,
        CompletionTarget::Fish => clap_complete::Shell::Fish,
        CompletionTarget::PowerShell => clap_complete::Shell::PowerShell,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut args::command(&app.schema), "forsat", &mut script);
    app.out.data(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}

/// Prints the reference.
pub fn docs(app: &mut App) -> Result<(), CliError> {
    let text = reference::markdown(&args::command(&app.schema));
    app.out.data(text.trim_end());
    Ok(())
}
