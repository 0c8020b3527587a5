//! `admin`: what administrators ask of the relay.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The roles, the least first.
const ROLES: [&str; 4] = ["viewer", "rep", "manager", "admin"];

/// `forsat admin …`.
#[derive(Args, Clone, Debug)]
pub struct AdminArgs {
    /// A file of certificates (PEM) to trust beside the usual ones
    #[arg(long, global = true, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Read the passphrase of the device's key from this file descriptor
    #[arg(long, global = true, value_name = "FD")]
    pub passphrase_fd: Option<u32>,
    /// What to ask for.
    #[command(subcommand)]
    pub command: AdminCommand,
}

/// What administrators ask for.
#[derive(Subcommand, Clone, Debug)]
pub enum AdminCommand {
    /// Spaces that you administer: list them, make one
    #[command(subcommand)]
    Space(SpaceCommand),
    /// Users of the spaces that you administer
    #[command(subcommand)]
    User(UserCommand),
    /// Give a user a role in a space, or take it
    #[command(subcommand)]
    Role(RoleCommand),
    /// Devices of these users: list, revoke, let in
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Invite somebody to a space, or another device of somebody
    #[command(args_conflicts_with_subcommands = true)]
    Invite {
        /// The new invite.
        #[command(flatten)]
        new: NewInvite,
        /// What to do with those that were made
        #[command(subcommand)]
        what: Option<InviteCommand>,
    },
}

/// About spaces.
#[derive(Subcommand, Clone, Debug)]
pub enum SpaceCommand {
    /// List the spaces
    List,
    /// Make a space, of which you become an administrator; for who administers all spaces
    Add {
        /// Its name
        name: String,
    },
}

/// About users.
#[derive(Subcommand, Clone, Copy, Debug)]
pub enum UserCommand {
    /// List the users with their roles
    List,
}

/// About roles.
#[derive(Subcommand, Clone, Debug)]
pub enum RoleCommand {
    /// Give a user a role in a space, in place of the one there
    Set {
        /// Name or e-mail, the beginning of one, or of the id
        user: String,
        /// The space's name
        space: String,
        /// The role
        #[arg(value_parser = ROLES)]
        role: String,
    },
    /// Take a user's role in a space
    Remove {
        /// Name or e-mail, the beginning of one, or of the id
        user: String,
        /// The space's name
        space: String,
    },
}

/// About devices.
#[derive(Subcommand, Clone, Debug)]
pub enum DeviceCommand {
    /// List the devices with user and state
    List,
    /// Take a device's access for good; it erases its records when it next connects
    Revoke {
        /// Its name, or the beginning of its id
        device: String,
        /// It is in strange hands: it erases what it never sent, too
        #[arg(long)]
        lost: bool,
    },
    /// Let in a device that waits
    Activate {
        /// Its name, or the beginning of its id
        device: String,
    },
}

/// About invites that were made.
#[derive(Subcommand, Clone, Debug)]
pub enum InviteCommand {
    /// List the invites, used and expired ones too
    List,
    /// Make an invite that nobody has redeemed worthless
    Cancel {
        /// Its id in the list, or the beginning of it
        invite: String,
    },
}

/// Whom to invite, and to what.
#[derive(Args, Clone, Debug)]
pub struct NewInvite {
    /// Who is invited: `Name`, `e-mail` or `Name <e-mail>`; naming a user again invites another device of theirs
    #[arg(long, required = true, value_name = "USER")]
    pub user: Option<String>,
    /// The space's name
    #[arg(long, required = true, value_name = "SPACE")]
    pub space: Option<String>,
    /// The role that it gives there
    #[arg(long, required = true, value_name = "ROLE", value_parser = ROLES)]
    pub role: Option<String>,
    /// The device that redeems it waits until `forsat admin device activate` lets it in
    #[arg(long)]
    pub approve: bool,
}
