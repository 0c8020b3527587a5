//! `list`, and the commands for many records: what narrows, what orders, what is written.

use clap::{Arg, ArgAction, Command};

/// What counts as naming records without naming one.
const NARROWING: [&str; 5] = ["where", "text", "filter", "open", "mine"];

/// `list`.
pub(super) fn list_command() -> Command {
    narrowed(Command::new("list").about("List records"))
        .arg(Arg::new("columns").long("columns").value_name("FIELD,…").value_delimiter(','))
        .arg(
            Arg::new("sort")
                .long("sort")
                .value_name("FIELD,…")
                .value_delimiter(',')
                .allow_hyphen_values(true)
                .help("Columns to sort by; a leading - turns the order round"),
        )
        .arg(
            Arg::new("limit")
                .long("limit")
                .short('n')
                .value_name("N")
                .value_parser(clap::value_parser!(usize))
                .help("At most this many rows [default: 50 in a terminal, all elsewhere]"),
        )
        .arg(super::flag("all", "All rows"))
        .arg(super::flag("trashed", "What is in the trash instead"))
        .arg(super::flag("count", "Only how many there are"))
        .arg(Arg::new("save").long("save").value_name("NAME").help(
            "Save conditions, columns and sorting as a filter; --filter NAME lists by it, on all devices",
        ))
}

/// `update`.
pub(super) fn update_command() -> Command {
    let words = Arg::new("words")
        .value_name("RECORD… FIELD=VALUE")
        .num_args(1..)
        .required(true)
        .action(ArgAction::Append)
        .help("Records by id or name, unless a condition says which; then the fields to write in each");
    many(Command::new("update").about("Change fields of many records at once")).arg(words)
}

/// `delete`.
pub(super) fn delete_command() -> Command {
    let records = super::records().required(false).required_unless_present_any(NARROWING);
    many(Command::new("delete").about("Put records into the trash")).arg(records)
}

fn many(command: Command) -> Command {
    narrowed(command).arg(super::flag("dry-run", "Say what would change; write nothing"))
}

/// The options that say which records are meant.
fn narrowed(command: Command) -> Command {
    command
        .arg(
            Arg::new("where")
                .long("where")
                .value_name("CONDITION")
                .action(ArgAction::Append)
                .allow_hyphen_values(true)
                .help(
                    "Only records for which this holds, such as \"stage=negotiation and amount>1M and not \
                     (close_date is empty)\"; may be given again; docs/filters.md is the grammar",
                ),
        )
        .arg(
            Arg::new("text")
                .long("text")
                .value_name("WORDS")
                .help("Only records that hold all of these words"),
        )
        .arg(Arg::new("filter").long("filter").value_name("NAME").help("As a saved filter says"))
        .arg(super::flag("mine", "Only records assigned to me"))
        .arg(super::flag("open", "Only what is open: deals, leads, activities"))
}
