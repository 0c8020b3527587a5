//! The command tree: fixed commands by derive, one command a module from the schema table.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Args, Command, Subcommand};
use forsat_domain::schema::{
    ACTIVITY, Access, FieldDef, FieldKind, LEAD, MergeCode, ModuleDef, OPPORTUNITY, SETTINGS, Schema, USER,
};

pub mod access;
mod duplicates;

use crate::bidi::Bidi;
use crate::i18n::Language;
use crate::output::Color;

pub mod files;
mod lead;
mod log;
mod moves;
pub mod past;
pub mod quarantine;
mod query;
mod settings;

use files::{ExportArgs, ImportArgs};
pub use log::{LogArgs, LogKind};
pub use moves::MoveArgs;
use past::{HistoryArgs, TrashCommand, UndoArgs};

/// The exit codes, as the help prints them.
pub const EXIT_CODES: &str = "\
Exit codes: 0 done · 1 failed · 2 wrong usage · 3 no such record, or more than one · 4 refused by a rule ·
5 the store can't be used · 6 the relay can't be reached or refused · 7 needs --yes";

/// What help calls the options that every command takes.
pub const EVERYWHERE: &str = "Options of every command";

/// Options that every command takes.
#[derive(Args, Clone, Debug)]
pub struct Global {
    /// Where the store is [default: the user's data directory]
    #[arg(long, global = true, help_heading = EVERYWHERE, value_name = "DIR", env = "FORSAT_STORE")]
    pub store: Option<PathBuf>,
    /// Print data as JSON
    #[arg(long, global = true, help_heading = EVERYWHERE)]
    pub json: bool,
    /// The language of labels and messages
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, env = "FORSAT_LANG")]
    pub lang: Option<Language>,
    /// When to colour the output
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, default_value_t)]
    pub color: Color,
    /// Who brings right-to-left text into visual order
    #[arg(long, global = true, help_heading = EVERYWHERE, value_enum, default_value_t, env = "FORSAT_BIDI")]
    pub bidi: Bidi,
    /// Print data only
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub quiet: bool,
    /// Answer yes where a command asks before it acts
    #[arg(long, short, global = true, help_heading = EVERYWHERE)]
    pub yes: bool,
}

/// Commands that don't come from the schema table.
#[derive(Subcommand, Clone, Debug)]
pub enum Fixed {
    /// Make a store on this device; no relay is needed
    Init {
        /// Your name
        #[arg(long, value_name = "NAME", env = "FORSAT_USER")]
        user: String,
        /// Your e-mail address; by it a relay knows you on your second device
        #[arg(long)]
        email: Option<String>,
        /// The organisation's currency (ISO 4217)
        #[arg(long, value_name = "CODE", default_value = "IRR")]
        currency: String,
    },
    /// Attach this store to a relay, or start a store from one
    Join(JoinArgs),
    /// How this store stands: unsent changes, cursors, what the sync found
    Status,
    /// Send and receive changes
    Sync {
        /// Stay connected: send as things are saved, receive as others save
        #[arg(long)]
        watch: bool,
        /// A file of certificates (PEM) to trust beside the usual ones
        #[arg(long, value_name = "FILE")]
        ca: Option<PathBuf>,
        /// Read the passphrase of the device's key from this file descriptor
        #[arg(long, value_name = "FD")]
        passphrase_fd: Option<u32>,
    },
    /// Spaces, users, roles, devices and invites at the relay, for administrators
    Admin(access::AdminArgs),
    /// The device's key, by which the relay knows this device: where it lies, sealing it with a passphrase, and the desktop's keyring
    #[command(subcommand)]
    Key(KeyCommand),
    /// Look whether the store is whole: every change is hashed anew, and what follows from it compared
    Verify {
        /// Make rows, indexes and digests anew, and set damaged changes aside: the next sync brings them again
        #[arg(long)]
        repair: bool,
    },
    /// What a person must decide
    Issues {
        /// Only this record's
        record: Option<String>,
        /// Only issues of this kind, by its code
        #[arg(long, value_name = "CODE")]
        code: Option<String>,
        /// Each one, also of kinds that many records have
        #[arg(long)]
        all: bool,
        /// Also what is only for information
        #[arg(long)]
        info: bool,
    },
    /// What this device couldn't send, why, and what to do about it
    #[command(args_conflicts_with_subcommands = true)]
    Refused {
        /// What to do about one
        #[command(subcommand)]
        what: Option<RefusedCommand>,
    },
    /// Changes that couldn't come to the relay by their own way, for managers: list, apply, drop
    Quarantine(quarantine::QuarantineArgs),
    /// End a conflict or another issue of a record
    Resolve(ResolveArgs),
    /// Take back this device's last command or an earlier one, as far as its values are still its own
    Undo(UndoArgs),
    /// The change log of a record or of the workspace: field, old, new, who, on which device, when
    History(HistoryArgs),
    /// What was deleted, and taking it out of the trash again
    Trash {
        /// What to do
        #[command(subcommand)]
        command: TrashCommand,
    },
    /// Give records another home space; the next sync asks the relay
    Move(MoveArgs),
    /// The pipeline by stage, or broken down
    #[command(args_conflicts_with_subcommands = true)]
    Pipeline {
        /// By whom, where from, what or when instead of by stage
        #[arg(long, value_enum, value_name = "WHAT")]
        by: Option<By>,
        /// What to look at instead
        #[command(subcommand)]
        what: Option<PipelineCommand>,
    },
    /// What the coming months may bring: committed, weighted, best case
    Forecast {
        /// What it was when a day began, and which deals changed it: last-week, -30d, 1404/06/01
        #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
        since: Option<String>,
    },
    /// Note a call, meeting, task or note about a record, and what to do next
    Log(LogArgs),
    /// Search every module: names, codes, e-mails, phones, descriptions
    Find {
        /// Words that must all occur, in any spelling
        text: String,
    },
    /// Look inside a record's document
    Inspect(InspectArgs),
    /// Take records from files: what `export` wrote, or CSV by a mapping
    Import(ImportArgs),
    /// Write the records of a module to a file, as CSV or JSON lines, without loss
    Export(ExportArgs),
    /// Forms that were begun and not saved
    #[command(args_conflicts_with_subcommands = true)]
    Drafts {
        /// What to do with one
        #[command(subcommand)]
        what: Option<DraftsCommand>,
    },
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: CompletionTarget,
    },
    /// Print the reference of every command as Markdown
    #[command(hide = true)]
    Docs,
    /// Run the whole loop on this machine: a relay, two devices, real data, conflicts
    Demo {
        /// Keep the stores here [default: a new directory under the system's temporary one]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

/// What to do with a draft.
#[derive(Subcommand, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftsCommand {
    /// Go on with a draft
    Resume {
        /// Its number
        number: u64,
    },
    /// Throw a draft away
    Drop {
        /// Its number
        number: u64,
    },
}

/// What to do about an edit that the relay refused.
#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub enum RefusedCommand {
    /// Write a refused edit to a file as JSON, with the bytes of its change
    Export {
        /// Its number
        number: u64,
        /// The file [default: standard output]
        file: Option<PathBuf>,
    },
    /// Make a refused edit again as a new one, for instance after you got another role
    Retry {
        /// Its number
        number: u64,
    },
    /// Give a refused edit up; its bytes are kept
    Drop {
        /// Its number
        number: u64,
    },
}

/// What to do with the device's key.
#[derive(Subcommand, Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyCommand {
    /// Say how the key lies on the disk, and its public half
    Show,
    /// Seal the key with a passphrase: without it this store can be read and not synced
    Seal {
        /// Read the passphrase of the device's key from this file descriptor
        #[arg(long, value_name = "FD")]
        passphrase_fd: Option<u32>,
    },
    /// Move the key into the desktop's keyring, from where syncs fetch it
    Keyring,
    /// Write the key as it is again, from under its seal or out of the keyring
    Unseal {
        /// Read the passphrase of the device's key from this file descriptor
        #[arg(long, value_name = "FD")]
        passphrase_fd: Option<u32>,
    },
}

/// A shell that completions are printed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum CompletionTarget {
    /// Bash.
    Bash,
    /// Zsh.
    Zsh,
    /// Fish.
    Fish,
    /// PowerShell.
    #[value(name = "powershell")]
    PowerShell,
}

/// Looks at the pipeline other than by stage.
#[derive(Subcommand, Clone, Copy, Debug, PartialEq, Eq)]
pub enum PipelineCommand {
    /// How long deals stay in each stage, the bottleneck, and deals that stand still with nothing planned
    Stuck,
}

/// What the pipeline is broken down by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// Who is responsible
    Owner,
    /// The team of who is responsible
    Team,
    /// Where deals come from
    Source,
    /// The campaign
    Campaign,
    /// The account
    Account,
    /// The products of their lines
    Product,
    /// The month
    Period,
}

/// Arguments of `join`.
#[derive(Args, Clone, Debug)]
pub struct JoinArgs {
    /// The relay's address, such as wss://relay.example.com
    pub url: String,
    /// The code that `forsat-relay invite` or `forsat admin invite` printed
    pub code: String,
    /// Your name, where this device has no store yet
    #[arg(long, value_name = "NAME", env = "FORSAT_USER")]
    pub user: Option<String>,
    /// The space for records that this store already has
    #[arg(long, value_name = "SPACE")]
    pub space: Option<String>,
    /// Your e-mail address, where this device has no store yet
    #[arg(long)]
    pub email: Option<String>,
    /// What this device is called at the relay
    #[arg(long, value_name = "NAME")]
    pub device: Option<String>,
    /// A file of certificates (PEM) to trust beside the usual ones
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
}

/// Arguments of `resolve`.
#[derive(Args, Clone, Debug)]
pub struct ResolveArgs {
    /// The record
    pub record: String,
    /// The field that `forsat issues` names
    pub field: String,
    /// Take this side, by its number
    #[arg(long, value_name = "N", conflicts_with = "value", required_unless_present = "value")]
    pub take: Option<usize>,
    /// Write this value
    #[arg(long)]
    pub value: Option<String>,
    /// Of a stage given as won or lost: the day it closed [default: today]
    #[arg(long, value_name = "DATE", requires = "value", conflicts_with = "take")]
    pub on: Option<String>,
    /// Of a stage given as won or lost: why; lost needs it
    #[arg(long, requires = "value", conflicts_with = "take")]
    pub reason: Option<String>,
    /// Of a stage given as won or lost: a note; the reason "other" needs it
    #[arg(long, requires = "value", conflicts_with = "take")]
    pub note: Option<String>,
}

/// Arguments of `inspect`.
#[derive(Args, Clone, Debug)]
pub struct InspectArgs {
    /// The record
    pub record: String,
    /// Print the bytes of every change too
    #[arg(long)]
    pub raw: bool,
    /// Show the state as of this change (a hash or the beginning of one)
    #[arg(long, value_name = "HASH")]
    pub at: Option<String>,
}

/// The whole command tree.
pub fn command(schema: &Schema) -> Command {
    let mut root = Command::new("forsat")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Forsat (فرصت): sales records on your own device, merged with everyone else's")
        .after_help(EXIT_CODES)
        .max_term_width(110);
    let about = root.get_about().cloned().unwrap_or_default();
    // The derived parts would put the doc comments of their types in its place.
    root = Fixed::augment_subcommands(Global::augment_args(root)).about(about).long_about(None);
    for module in schema.modules() {
        root = root.subcommand(module_command(module));
    }
    if let Some(user) = schema.module(USER) {
        root = root.subcommand(settings::me(user));
    }
    settings::with_custom_options(root, schema.modules())
}

fn module_command(module: &ModuleDef) -> Command {
    // A workspace has one settings record; it is never added, listed or deleted.
    if module.name == SETTINGS {
        return settings::command(module);
    }
    let label = &module.plural;
    let mut command = Command::new(module.name.to_string())
        .about(format!("{} ({})", label.en, label.fa))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(with_fields(edit_command(), module))
        .subcommand(Command::new("show").about("Show a record in full").arg(record()))
        .subcommand(add_command(module))
        .subcommand(similar_command(module))
        .subcommand(past::history_command())
        .subcommand(query::list_command())
        .subcommand(query::update_command())
        .subcommand(query::delete_command())
        .subcommand(Command::new("restore").about("Take records out of the trash").arg(records()));
    command = duplicates::with_duplicates(command, module);
    if module.short != module.name {
        command = command.visible_alias(module.short.to_string());
    }
    match module.name.as_ref() {
        OPPORTUNITY => lead::contact_commands(opportunity_commands(command, module)),
        LEAD => lead::commands(command),
        ACTIVITY => log::commands(command),
        _ => command,
    }
}

fn add_command(module: &ModuleDef) -> Command {
    let command = with_fields(Command::new("add").about("Add a record"), module).arg(
        Arg::new("space")
            .long("space")
            .value_name("SPACE")
            .help("The space that it goes to [default: that of the record it is about, or your own]"),
    );
    if module.name != OPPORTUNITY {
        return command;
    }
    let product = Arg::new("product").long("product").value_name("PRODUCT").help_heading("Fields");
    command.arg(product.help("Its first line: a product by name, code or id (محصول)"))
}

fn similar_command(module: &ModuleDef) -> Command {
    let command =
        Command::new("similar").about("Create a record like another: its values, a life of its own");
    with_fields(command.arg(record()), module)
}

fn edit_command() -> Command {
    Command::new("edit").about("Change fields of a record").arg(record())
}

/// The positional `FIELD=VALUE` and one option a field that a person may write.
fn with_fields(mut command: Command, module: &ModuleDef) -> Command {
    command = command.arg(
        Arg::new("fields").value_name("FIELD=VALUE").num_args(0..).action(ArgAction::Append).help(
            "Fields to write; an empty value clears. Amounts and dates as you write them: 1.2M, ۱.۲ میلیارد تومان, \
             1404/06/31, 2025-09-22, tomorrow",
        ),
    );
    for field in module.fields.iter().filter(|field| field.is_settable() && !settings::is_custom(field)) {
        command = command.arg(
            Arg::new(format!("field:{}", field.name))
                .long(option_name(field))
                .value_name(value_name(field))
                .help(format!("{} ({})", field.label.en, field.label.fa))
                .allow_hyphen_values(true)
                .help_heading("Fields"),
        );
    }
    command
}

/// Whether a register of a line is written by hand.
fn is_option(field: &FieldDef) -> bool {
    field.access == Access::Edit && field.merge != MergeCode::D
}

/// `account_id` is asked for as `--account`, `close_date` as `--close-date`.
pub(crate) fn option_name(field: &FieldDef) -> String {
    field.name.strip_suffix("_id").unwrap_or(&field.name).replace('_', "-")
}

/// What stands for the value in the help.
fn value_name(field: &FieldDef) -> String {
    match &field.kind {
        FieldKind::Integer { .. }
        | FieldKind::Decimal { .. }
        | FieldKind::Quantity { .. }
        | FieldKind::Rate => "NUMBER".to_owned(),
        FieldKind::Bool => "yes|no".to_owned(),
        FieldKind::Percent | FieldKind::TaxRate => "PERCENT".to_owned(),
        FieldKind::Date => "DATE".to_owned(),
        FieldKind::Moment => "DATE HH:MM".to_owned(),
        FieldKind::References(_) => "RECORD,…".to_owned(),
        FieldKind::Money => "AMOUNT".to_owned(),
        FieldKind::Discount => "PERCENT|AMOUNT".to_owned(),
        FieldKind::Choice(list) if list.len() <= 4 => {
            list.iter().map(|choice| choice.slug.as_ref()).collect::<Vec<_>>().join("|")
        }
        FieldKind::Choice(_) | FieldKind::Setting(_) => "CHOICE".to_owned(),
        FieldKind::Stage => "STAGE".to_owned(),
        FieldKind::Reference(module) | FieldKind::NamedReference(module) => module.to_uppercase(),
        FieldKind::Currency => "CURRENCY".to_owned(),
        _ => "TEXT".to_owned(),
    }
}

fn opportunity_commands(command: Command, module: &ModuleDef) -> Command {
    let on =
        || Arg::new("on").long("on").value_name("DATE").help("The date on which it closed [default: today]");
    let note = || Arg::new("note").long("note").value_name("TEXT").help("A note on the outcome");
    command
        .subcommand(
            Command::new("stage")
                .about("Move a deal to another stage")
                .arg(record())
                .arg(
                    Arg::new("stage")
                        .value_name("STAGE")
                        .required(true)
                        .help("Its id or label, in either language"),
                )
                .arg(settings::force()),
        )
        .subcommand(
            Command::new("win")
                .about("Close a deal as won")
                .arg(record())
                .arg(on())
                .arg(note())
                .arg(Arg::new("reason").long("reason").value_name("REASON").help("Why it was won"))
                .arg(settings::force()),
        )
        .subcommand(
            Command::new("lose").about("Close a deal as lost").arg(record()).arg(on()).arg(note()).arg(
                Arg::new("reason")
                    .long("reason")
                    .value_name("REASON")
                    .help("Why it was lost; asked for in a terminal, needed elsewhere"),
            ),
        )
        .subcommand(Command::new("reopen").about("Take a closed deal up again").arg(record()))
        .subcommand(line_command(module))
        .subcommand(settings::check_command())
}

fn line_command(module: &ModuleDef) -> Command {
    let line =
        || Arg::new("line").value_name("LINE").required(true).help("The line's number as `show` prints it");
    let mut add = Command::new("add")
        .about("Add a line")
        .arg(record())
        .arg(Arg::new("product").value_name("PRODUCT").help("A product by name, code or id"));
    let mut edit = Command::new("edit").about("Change a line").arg(record()).arg(line());
    let entries = module.field("lines").map(|lines| lines.entries.as_slice()).unwrap_or_default();
    for field in entries.iter().filter(|field| is_option(field)) {
        let option = |name: &str| {
            Arg::new(format!("field:{}", field.name))
                .long(name.to_owned())
                .value_name(value_name(field))
                .help(format!("{} ({})", field.label.en, field.label.fa))
                .allow_hyphen_values(true)
        };
        let name = option_name(field);
        edit = edit.arg(option(&name));
        if name != "product" {
            add = add.arg(option(&name));
        }
    }
    Command::new("line")
        .about("Line items of a deal")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(add)
        .subcommand(edit)
        .subcommand(Command::new("remove").about("Remove a line").arg(record()).arg(line()))
}

fn record() -> Arg {
    Arg::new("record").value_name("RECORD").required(true).help("The beginning of its id, or its name")
}

fn records() -> Arg {
    record().num_args(1..).action(ArgAction::Append)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}
