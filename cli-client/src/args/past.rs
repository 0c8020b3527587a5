//! Arguments of what looks back: `history`, `undo` and `trash`.

use clap::{Args, Command, Subcommand};

/// `MODULE history`: the same as `history`, of a record of one module.
pub fn history_command() -> Command {
    let command = HistoryArgs::augment_args(Command::new("history"));
    let command = command.about("The changes of a record: field, old, new, who, when").long_about(None);
    command.mut_arg("record", |record| record.required(true).help("The beginning of its id, or its name"))
}

/// Arguments of `history`.
#[derive(Args, Clone, Debug)]
pub struct HistoryArgs {
    /// The record; none: the whole workspace
    pub record: Option<String>,
    /// Only changes of this field
    #[arg(long, value_name = "FIELD")]
    pub field: Option<String>,
    /// Only changes of this day and later
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Only changes by this user
    #[arg(long, value_name = "USER")]
    pub by: Option<String>,
    /// At most this many changes [default: all of a record, 50 of the workspace]
    #[arg(long, short = 'n', value_name = "N")]
    pub limit: Option<usize>,
    /// Pass over this many changes first
    #[arg(long, value_name = "N", default_value_t)]
    pub skip: usize,
}

/// Arguments of `undo`.
#[derive(Args, Clone, Debug)]
pub struct UndoArgs {
    /// The command's number, as --list shows it [default: the last command]
    #[arg(conflicts_with = "list")]
    pub number: Option<u64>,
    /// Show the last commands with their numbers instead
    #[arg(long)]
    pub list: bool,
    /// How many commands --list shows
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub limit: usize,
}

/// Commands of `trash`.
#[derive(Subcommand, Clone, Debug)]
pub enum TrashCommand {
    /// What is in the trash, what was deleted last first
    List {
        /// Only this module's records
        module: Option<String>,
    },
    /// Take records out of the trash
    Restore {
        /// The records
        #[arg(required = true, value_name = "RECORD")]
        records: Vec<String>,
    },
}
