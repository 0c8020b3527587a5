//! The reference of every command as Markdown, from the command tree itself.

use std::fmt::Write as _;

use clap::{Arg, Command};

/// What stands before the commands.
const HEAD: &str = "\
# Commands

Made from the command tree by `cargo run --bin forsat -- docs > docs/cli.md`; don't edit. Fields that a workspace adds
of its own are options of `add` and `edit` as well, and not listed here.

Exit codes are in [their page](exit-codes.md).
";

/// The reference of a command tree.
pub fn markdown(root: &Command) -> String {
    let mut root = root.clone();
    root.build();
    let mut text = HEAD.to_owned();
    text.push_str("\n## Options of every command\n\n");
    for option in root.get_arguments().filter(|option| option.is_global_set()) {
        argument(&mut text, option);
    }
    for command in visible(&root) {
        section(&mut text, command, "forsat", 2);
    }
    text
}

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
}

fn section(text: &mut String, command: &Command, path: &str, level: usize) {
    let path = format!("{path} {}", command.get_name());
    let _ = write!(text, "\n{} {path}\n\n", "#".repeat(level.min(4)));
    if let Some(about) = command.get_about() {
        let _ = writeln!(text, "{about}.");
    }
    let aliases: Vec<&str> = command.get_visible_aliases().collect();
    if !aliases.is_empty() {
        let _ = writeln!(text, "\nAlso `{}`.", aliases.join("`, `"));
    }
    if visible(command).next().is_none() {
        let _ = writeln!(text, "\n```\n{}\n```", usage(command, &path));
    }
    let mut own = command.get_arguments().filter(|argument| !argument.is_global_set()).peekable();
    if own.peek().is_some() {
        text.push('\n');
    }
    own.for_each(|one| argument(text, one));
    for sub in visible(command) {
        section(text, sub, &path, level + 1);
    }
}

/// The usage line, without the names that clap would put before it.
fn usage(command: &Command, path: &str) -> String {
    let mut words = vec![path.to_owned()];
    if command.get_arguments().any(|argument| !argument.is_global_set() && !argument.is_positional()) {
        words.push("[OPTIONS]".to_owned());
    }
    for positional in command.get_positionals() {
        let many = positional.get_num_args().is_some_and(|range| range.max_values() > 1);
        let name = value_name(positional);
        let name = if positional.is_required_set() { format!("<{name}>") } else { format!("[{name}]") };
        words.push(if many { format!("{name}…") } else { name });
    }
    words.join(" ")
}

fn value_name(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    if names.is_empty() {
        argument.get_id().as_str().to_uppercase()
    } else {
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }
}

fn argument(text: &mut String, argument: &Arg) {
    if argument.get_id() == "help" || argument.get_id() == "version" || argument.is_hide_set() {
        return;
    }
    let takes = argument.get_action().takes_values();
    let mut name = match (argument.get_short(), argument.get_long()) {
        (Some(short), Some(long)) => format!("-{short}, --{long}"),
        (None, Some(long)) => format!("--{long}"),
        (Some(short), None) => format!("-{short}"),
        (None, None) => value_name(argument),
    };
    if takes && !argument.is_positional() {
        let _ = write!(name, " {}", value_name(argument));
    }
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let _ = write!(text, "- `{name}`");
    if !help.is_empty() {
        let _ = write!(text, ": {help}");
    }
    let choices: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| takes && !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if !choices.is_empty() {
        let _ = write!(text, " ({})", choices.join(", "));
    }
    text.push('\n');
}
