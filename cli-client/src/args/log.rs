//! Arguments of `log`, and of what only activities do.

use clap::{Arg, Args, Command, ValueEnum};

use super::record;

/// Arguments of `log`.
#[derive(Args, Clone, Debug)]
pub struct LogArgs {
    /// What it was
    #[arg(value_enum)]
    pub kind: LogKind,
    /// The record that it is about: a deal, lead, account, contact or campaign
    pub record: String,
    /// What it was about
    pub subject: String,
    /// What came of it
    #[arg(long, value_name = "TEXT")]
    pub outcome: Option<String>,
    /// When it was, or will be: then it is planned [default: now, for calls and meetings]
    #[arg(long, value_name = "DATE HH:MM")]
    pub at: Option<String>,
    /// The day that a task is due on
    #[arg(long, value_name = "DATE")]
    pub due: Option<String>,
    /// What to do next: becomes a task, and the next step of a deal
    #[arg(long, value_name = "TEXT")]
    pub next: Option<String>,
    /// The day that the next thing is due on
    #[arg(long, value_name = "DATE", requires = "next")]
    pub on: Option<String>,
}

/// The kinds of activities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogKind {
    /// A telephone call (تماس)
    Call,
    /// A meeting (جلسه)
    Meeting,
    /// Something to do (کار)
    Task,
    /// A note (یادداشت)
    Note,
}

impl LogKind {
    /// The kind as the schema table spells it.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Meeting => "meeting",
            Self::Task => "task",
            Self::Note => "note",
        }
    }
}

/// The commands of activities.
pub(super) fn commands(command: Command) -> Command {
    let outcome = Arg::new("outcome").long("outcome").value_name("TEXT").help("What came of it");
    command.subcommand(
        Command::new("complete")
            .about("End an activity: a task is completed, a call or meeting was held")
            .arg(record())
            .arg(outcome),
    )
}
