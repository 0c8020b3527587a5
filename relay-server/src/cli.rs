//! The commands of `forsat-relay`. Data goes to stdout, everything else to stderr.
//!
//! Exit codes: 0 done; 1 the store or the system failed; 2 wrong use or configuration; 3 there is no relay store;
//! 4 the request was refused; 5 another process holds the store; 6 the store is damaged or of a newer version;
//! 7 a write was not confirmed by the disk.

mod lists;
mod quarantine;
mod serve;
mod show;
mod tokens;
mod verify;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::quarantine::QuarantineCommand;
use self::tokens::TokenCommand;
use crate::admin::{self, Answer, Failure, Request};
use crate::config::{self, Config, ConfigError, Flags};
use crate::identity::Identity;
use crate::names;
use crate::server::{SYNC_PATH, ServerError};
use crate::setup::{self, InitOptions, SetupError};
use crate::store::{ControlError, OpenOptions, StoreError};

/// The relay that Forsat devices sync through.
#[derive(Debug, Parser)]
#[command(
    name = "forsat-relay",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 store or system failed, 2 wrong use or configuration, 3 no relay store, 4 refused, 5 store in use, 6 store damaged or newer, 7 the disk did not confirm a write.\nEvery key of the configuration can be set as FORSAT_RELAY_KEY in the environment; flags win over it, it wins over the file."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    flags: Flags,
    /// The configuration file; without one, relay.toml of the data directory counts.
    #[arg(long, global = true, value_name = "FILE", help_heading = config::HEADING)]
    config: Option<PathBuf>,
    /// Print JSON.
    #[arg(long, global = true, help_heading = config::HEADING)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a data directory with a workspace, the space `common` and a first space; prints the first admin's invite.
    Init {
        /// Make anew a relay whose store was lost, from the file that `forsat-relay identity export` wrote; its devices
        /// bring back who is let in, and the records.
        #[arg(long, value_name = "FILE", conflicts_with_all = ["workspace_name", "space", "admin"])]
        identity: Option<PathBuf>,
        /// The workspace's name.
        #[arg(long, default_value = "Forsat", value_name = "NAME")]
        workspace_name: String,
        /// The first space.
        #[arg(long, default_value = "main", value_name = "NAME")]
        space: String,
        /// The first admin: `Name`, `e-mail` or `Name <e-mail>`.
        #[arg(long, default_value = "admin", value_name = "USER")]
        admin: String,
    },
    /// Serve devices until SIGTERM or SIGINT.
    Serve,
    /// Make or list spaces, also while the relay serves.
    #[command(subcommand)]
    Space(SpaceCommand),
    /// Make a single-use invite of 24 hours, list or cancel invites, also while the relay serves.
    #[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
    Invite {
        #[command(flatten)]
        new: InviteArguments,
        #[command(subcommand)]
        command: Option<InviteCommand>,
    },
    /// List users with their roles, also while the relay serves.
    #[command(subcommand)]
    User(UserCommand),
    /// Give a user a role in a space, or take it, also while the relay serves; open connections follow at once.
    #[command(subcommand)]
    Role(RoleCommand),
    /// List, revoke or let in devices, also while the relay serves; open connections follow at once.
    #[command(subcommand)]
    Device(DeviceCommand),
    /// Make, list or revoke tokens by which programs use the relay over HTTP, also while it serves.
    #[command(subcommand)]
    Token(TokenCommand),
    /// List or drop what devices couldn't send and set aside for managers, also while the relay serves.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Erase a record for good, here and on every device, also while the relay serves. Without --yes it says what would go.
    Erase {
        /// Its whole id: the `id` or the 26 letters of `short` in `forsat record show --json`.
        record: String,
        /// Do it. It can't be taken back.
        #[arg(long)]
        yes: bool,
    },
    /// Keep what makes a lost relay anew, also while the relay serves.
    #[command(subcommand)]
    Identity(IdentityCommand),
    /// Count what the relay holds and does, also while it serves.
    Status,
    /// Look whether the store is whole, also while the relay serves: every change is hashed anew.
    Verify {
        /// Drop what is damaged, so that devices bring it back, and write anew what follows from the rest; only while the
        /// relay doesn't serve.
        #[arg(long)]
        repair: bool,
    },
}

#[derive(Debug, Subcommand)]
enum IdentityCommand {
    /// Write it to a new file that only you can read. Whoever has it can pass for the relay: keep it elsewhere, under lock.
    Export {
        /// The file.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum SpaceCommand {
    /// Make a space.
    Add {
        /// Its name.
        name: String,
    },
    /// List the spaces.
    List,
}

#[derive(Debug, clap::Args)]
struct InviteArguments {
    /// Who is invited: `Name`, `e-mail` or `Name <e-mail>`. Naming a user again invites another device of theirs.
    #[arg(long, required = true)]
    user: Option<String>,
    /// The space's name.
    #[arg(long, required = true)]
    space: Option<String>,
    /// admin, manager, rep or viewer.
    #[arg(long, required = true)]
    role: Option<String>,
    /// The device that redeems it waits until `forsat-relay device activate` lets it in.
    #[arg(long)]
    approve: bool,
    /// The same as --json.
    #[arg(long)]
    as_json: bool,
}

#[derive(Debug, Subcommand)]
enum InviteCommand {
    /// List the invites, used and expired ones too.
    List,
    /// Make an invite that nobody has redeemed worthless.
    Cancel {
        /// Its id in the list, or the beginning of it.
        invite: String,
    },
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// List the users with their roles.
    List,
}

#[derive(Debug, Subcommand)]
enum RoleCommand {
    /// Give a user a role in a space, in place of the one there.
    Set {
        /// Name or e-mail, the beginning of one, or of the id.
        user: String,
        /// The space's name.
        space: String,
        /// admin, manager, rep or viewer.
        role: String,
    },
    /// Take a user's role in a space: their devices see it no more.
    Remove {
        /// Name or e-mail, the beginning of one, or of the id.
        user: String,
        /// The space's name.
        space: String,
    },
}

#[derive(Debug, Subcommand)]
enum DeviceCommand {
    /// List the devices.
    List,
    /// Take a device's access for good; its connections are closed.
    Revoke {
        /// Its name, or the beginning of its id.
        device: String,
        /// It is in strange hands: it erases itself at once, with what it never sent.
        #[arg(long)]
        lost: bool,
    },
    /// Let in a device whose invite was made with --approve.
    Activate {
        /// Its name, or the beginning of its id.
        device: String,
    },
}

/// What ended a command, with its exit code.
#[derive(Debug, thiserror::Error)]
enum CliError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("name the data directory: --data DIR, FORSAT_RELAY_DATA or `data` in the configuration file")]
    NoData,
    #[error("`{0}` is no filter for the log: try `info` or `forsat_relay=debug`")]
    LogFilter(String),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Server(#[from] ServerError),
    #[error(transparent)]
    Refused(#[from] Failure),
    /// What was found was printed.
    #[error("the store is not whole ({left} findings): the lines above say what heals it")]
    Unsound { report: String, left: u64 },
    #[error("{0}")]
    System(#[from] std::io::Error),
}

impl CliError {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::NoData | Self::LogFilter(_) => 2,
            Self::Store(error) | Self::Server(ServerError::Store(error)) => store_code(error),
            Self::Setup(SetupError::Store(error) | SetupError::Control(ControlError::Store(error))) => {
                store_code(error)
            }
            Self::Setup(SetupError::Refused(failure)) | Self::Refused(failure) => failure_code(failure),
            Self::Unsound { .. } => 6,
            Self::Setup(SetupError::Control(_) | SetupError::OtherReceiptKey(_)) => 4,
            Self::Setup(SetupError::Identity(_)) => 2,
            Self::Setup(SetupError::Path { .. }) | Self::Server(_) | Self::System(_) => 1,
        }
    }
}

fn store_code(error: &StoreError) -> u8 {
    match error {
        StoreError::NotInitialised => 3,
        StoreError::AlreadyInitialised | StoreError::LogAwaited => 4,
        StoreError::InUse => 5,
        StoreError::Corrupt { .. } | StoreError::Format { .. } => 6,
        StoreError::SyncFailed(_) => 7,
        StoreError::Full | StoreError::Io(_) => 1,
    }
}

fn failure_code(failure: &Failure) -> u8 {
    match failure.code.as_str() {
        "store" => 1,
        "damaged" => 6,
        _ => 4,
    }
}

/// Runs the program with its arguments and the variables of its environment.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let json = arguments.json || matches!(&arguments.command, Command::Invite { new, .. } if new.as_json);
    match execute(arguments, environment, json) {
        Ok(text) => print(&text),
        Err(error) => {
            if let CliError::Unsound { report, .. } = &error {
                print(report);
            }
            let mut stderr = std::io::stderr().lock();
            let _ = match json {
                true => {
                    let told =
                        serde_json::json!({ "error": error.to_string(), "exit_code": error.exit_code() });
                    writeln!(stderr, "{}", names::printable_json(&told.to_string()))
                }
                // It may name what devices and people are called.
                false => writeln!(stderr, "error: {}", names::printable(&error.to_string())),
            };
            ExitCode::from(error.exit_code())
        }
    }
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn execute(
    arguments: Arguments,
    environment: impl IntoIterator<Item = (String, String)>,
    json: bool,
) -> Result<String, CliError> {
    let file = arguments.config.clone();
    let environment: Vec<_> = environment.into_iter().collect();
    let config = config::load(arguments.config, environment.clone(), &arguments.flags)?;
    let data = config.data.clone().ok_or(CliError::NoData)?;
    match arguments.command {
        Command::Init { identity: Some(file_of_identity), .. } => {
            let identity = Identity::read(&file_of_identity).map_err(SetupError::from)?;
            setup::init_anew(&data, store_options(&config), &identity)?;
            let start = show::start_command(&data, file.as_deref(), &arguments.flags);
            Ok(show::made_anew(&data, identity.workspace_name(), &start, json))
        }
        Command::Init { workspace_name, space, admin, .. } => {
            let init = InitOptions { workspace_name, space, admin, url: offline_url(&config) };
            let invite = setup::init(&data, store_options(&config), &init)?;
            let start = show::start_command(&data, file.as_deref(), &arguments.flags);
            Ok(show::initialised(&data, &init, &start, &invite, json))
        }
        Command::Serve => serve::serve(&data, &config, json).map(|()| String::new()),
        Command::Verify { repair } => verify::run(&data, &config, repair, json),
        Command::Identity(IdentityCommand::Export { file }) => export(&data, &config, &file, json),
        other => ask(&data, &config, &request(other, &environment), json),
    }
}

/// What an operator's command asks of the relay or its store.
fn request(command: Command, environment: &[(String, String)]) -> Request {
    match command {
        Command::Space(SpaceCommand::Add { name }) => Request::SpaceAdd { name },
        Command::Space(SpaceCommand::List) => Request::SpaceList,
        Command::Invite { command: Some(InviteCommand::List), .. } => Request::InviteList,
        Command::Invite { command: Some(InviteCommand::Cancel { invite }), .. } => {
            Request::InviteCancel { invite }
        }
        Command::Invite { new, command: None } => Request::Invite {
            user: new.user.unwrap_or_default(),
            space: new.space.unwrap_or_default(),
            role: new.role.unwrap_or_default(),
            approve: new.approve,
        },
        Command::User(UserCommand::List) => Request::UserList,
        Command::Role(RoleCommand::Set { user, space, role }) => Request::RoleSet { user, space, role },
        Command::Role(RoleCommand::Remove { user, space }) => Request::RoleRemove { user, space },
        Command::Device(DeviceCommand::List) => Request::DeviceList,
        Command::Device(DeviceCommand::Revoke { device, lost }) => Request::DeviceRevoke { device, lost },
        Command::Device(DeviceCommand::Activate { device }) => Request::DeviceActivate { device },
        Command::Token(command) => tokens::request(command, environment),
        Command::Quarantine(command) => quarantine::request(command),
        Command::Erase { record, yes } => Request::Erase { record, confirmed: yes },
        Command::Identity(_) => Request::Identity,
        Command::Status | Command::Init { .. } | Command::Serve | Command::Verify { .. } => Request::Status,
    }
}

/// Writes what makes the relay anew to a file.
fn export(data: &Path, config: &Config, file: &Path, json: bool) -> Result<String, CliError> {
    let Answer::Identity(identity) = answer(data, config, &Request::Identity)? else {
        return Err(std::io::Error::other("the relay answered something else").into());
    };
    let identity = setup::complete(data, identity)?;
    let written = identity.write(file);
    written.map_err(|source| SetupError::Path { path: file.to_owned(), source })?;
    Ok(show::exported(file, json))
}

fn ask(data: &Path, config: &Config, request: &Request, json: bool) -> Result<String, CliError> {
    Ok(show::answer(&answer(data, config, request)?, json))
}

/// Asks the relay that serves the directory, or the store when none does.
fn answer(data: &Path, config: &Config, request: &Request) -> Result<Answer, CliError> {
    let answer = match admin::ask(data, request)? {
        Some(answer) => answer,
        None => {
            let store = setup::open(data, store_options(config))?;
            admin::execute(&store, request, &offline_url(config), None)
        }
    };
    match answer {
        Answer::Failed(failure) => Err(failure.into()),
        answer => Ok(answer),
    }
}

/// Where devices will reach a relay that doesn't serve yet.
fn offline_url(config: &Config) -> String {
    config.public_url.clone().unwrap_or_else(|| format!("ws://{}{SYNC_PATH}", config.listen))
}

fn store_options(config: &Config) -> OpenOptions {
    OpenOptions {
        cache_bytes: config.cache_mib.saturating_mul(1024 * 1024),
        check: config.check_on_open,
        reps_write_common: config.reps_write_common,
        accept_unverified: config.accept_unverified,
        ..setup::options()
    }
}
