//! Arguments of the commands about duplicates, which every module of things has.

use clap::{Arg, ArgAction, Command};
use forsat_domain::command::is_mergeable;
use forsat_domain::schema::ModuleDef;

/// Adds `duplicates`, `dismiss`, `merge` and `unmerge` to a module whose records can be duplicates.
pub fn with_duplicates(command: Command, module: &ModuleDef) -> Command {
    if !is_mergeable(&module.name) {
        return command;
    }
    let record = |name: &'static str, value: &'static str| {
        Arg::new(name).value_name(value).help("The beginning of its id, or its name")
    };
    command
        .subcommand(
            Command::new("duplicates")
                .about("Pairs of records that may be one")
                .arg(record("record", "RECORD").help("Only pairs of this record"))
                .arg(
                    Arg::new("by").long("by").value_name("FIELD HOW,…").help(
                        "Fields that must agree, each exact, starts with, contains or similar: \
                         \"name similar, phone exact\" [default: the module's own keys]",
                    ),
                ),
        )
        .subcommand(
            Command::new("dismiss")
                .about("Say that two records are no duplicates, for everybody and for good")
                .arg(record("one", "RECORD").required(true))
                .arg(record("other", "OTHER").required(true)),
        )
        .subcommand(
            Command::new("merge")
                .about("Merge duplicates into one record")
                .arg(record("survivor", "SURVIVOR").required(true).help("The record that stays"))
                .arg(
                    record("loser", "DUPLICATE")
                        .required(true)
                        .num_args(1..)
                        .action(ArgAction::Append)
                        .help("The records that are merged into it"),
                )
                .arg(
                    Arg::new("take").long("take").value_name("FIELD=N|FIELD=VALUE").action(ArgAction::Append).help(
                        "Take a field from a record by its number in the preview (1 is the survivor), or give a value",
                    ),
                )
                .arg(super::flag("preview", "Show what the merge would do; write nothing")),
        )
        .subcommand(
            Command::new("unmerge")
                .about("Make a merged record one of its own again")
                .arg(record("record", "RECORD").required(true))
                .arg(super::flag("take-back", "Also take back what the merge copied and is still so"))
                .arg(super::flag("keep", "Leave what the merge copied").conflicts_with("take-back")),
        )
}
