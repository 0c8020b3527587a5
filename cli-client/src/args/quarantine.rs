//! `quarantine`: what couldn't come to the relay by its own way, for managers.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `forsat quarantine …`.
#[derive(Args, Clone, Debug)]
pub struct QuarantineArgs {
    /// A file of certificates (PEM) to trust beside the usual ones
    #[arg(long, global = true, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Read the passphrase of the device's key from this file descriptor
    #[arg(long, global = true, value_name = "FD")]
    pub passphrase_fd: Option<u32>,
    /// What to do [default: list]
    #[command(subcommand)]
    pub command: Option<QuarantineCommand>,
}

/// What to do about changes in quarantine.
#[derive(Subcommand, Clone, Debug)]
pub enum QuarantineCommand {
    /// List them: what each would change, who made it, on which device, why it is there
    List,
    /// Make changes again as your own, as one command; history keeps who made them first
    Apply(WhichChanges),
    /// Give changes up: the relay forgets them
    Drop(WhichChanges),
}

/// Which changes.
#[derive(Args, Clone, Debug)]
pub struct WhichChanges {
    /// Their numbers in the list
    #[arg(value_name = "NUMBER", required_unless_present = "all", conflicts_with = "all")]
    pub numbers: Vec<u64>,
    /// All that the list shows
    #[arg(long)]
    pub all: bool,
}
