//! The commands of the workspace's settings, of a deal's checklist, and of what a person prefers.

use clap::{Arg, Command};
use forsat_domain::FieldDef;
use forsat_domain::schema::ModuleDef;
use forsat_domain::settings::{FIELD_TYPES, is_custom_name};

use super::{flag, record, value_name, with_fields};

/// Lists of labelled rows: the command's name, and what a row is called.
const LISTS: &[(&str, &str)] = &[
    ("source", "a lead source (منبع سرنخ)"),
    ("win-reason", "a win reason (دلیل موفقیت)"),
    ("loss-reason", "a loss reason (دلیل از دست رفتن)"),
];

/// The tree under `forsat settings`.
pub(super) fn command(module: &ModuleDef) -> Command {
    let label = &module.plural;
    let about = format!("{} ({}); administrators and managers change them", label.en, label.fa);
    let mut command = family("settings", about)
        .subcommand(leaf("show", "Show every setting"))
        .subcommand(with_fields(leaf("edit", "Change plain settings: organisation, calendar…"), module))
        .subcommand(stage())
        .subcommand(pipeline());
    for (name, what) in LISTS {
        command = command.subcommand(list(name, what));
    }
    command.subcommand(rate()).subcommand(target()).subcommand(field())
}

/// `forsat opp check`: ticks off items of a stage's checklist.
pub(super) fn check_command() -> Command {
    leaf("check", "Tick off an item of the stage's checklist")
        .arg(record())
        .arg(word("item", "ITEM", "The item's number as `show` prints it, its id or its label"))
        .arg(flag("undo", "Take that back"))
}

/// Moves a deal on although required items of its checklist are open.
pub(super) fn force() -> Arg {
    flag("force", "Also while required items of its checklist are open; the history names them")
}

/// `forsat me`: the person that this store writes as.
pub(super) fn me(user: &ModuleDef) -> Command {
    family("me", "You: your language, calendar, digits and unit of money (من)".to_owned())
        .subcommand(leaf("show", "Show your record"))
        .subcommand(with_fields(leaf("edit", "Change your record: locale=fa currency_unit=toman"), user))
}

fn family(name: &'static str, about: String) -> Command {
    Command::new(name).about(about).subcommand_required(true).arg_required_else_help(true)
}

fn leaf(name: &'static str, about: &'static str) -> Command {
    Command::new(name).about(about)
}

fn word(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).value_name(value).required(true).help(help)
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn labels(command: Command) -> Command {
    command.arg(option("label-fa", "TEXT", "Its Persian label")).arg(option(
        "label-en",
        "TEXT",
        "Its English label; the id of a new row is made from it",
    ))
}

fn stage() -> Command {
    let named = || word("stage", "STAGE", "Its id or label");
    let after = || option("after", "STAGE", "Right after this stage");
    let first = || flag("first", "Before all others").conflicts_with("after");
    let details = |command: Command| {
        labels(command)
            .arg(option("probability", "PERCENT", "What its deals count, for an open stage"))
            .arg(option("exit-criteria", "TEXT", "What must be reached before a deal moves on; empty clears"))
    };
    let kind = option("kind", "KIND", "How its deals stand [default: open]");
    let add = details(leaf("add", "Add a stage to a pipeline"))
        .arg(option("pipeline", "PIPELINE", "The pipeline [default: the one that every workspace has]"))
        .arg(kind.value_parser(["open", "won", "lost"]))
        .arg(after())
        .arg(first());
    let by = option("replaced-by", "STAGE", "A stage of the same kind that its deals count under instead");
    family("stage", "Stages and their checklists (مرحله‌ها)".to_owned())
        .subcommand(leaf("list", "The stages of every pipeline"))
        .subcommand(add)
        .subcommand(details(leaf("edit", "Change a stage").arg(named())))
        .subcommand(leaf("archive", "Offer a stage no more").arg(named()).arg(by))
        .subcommand(leaf("restore", "Offer an archived stage again").arg(named()))
        .subcommand(
            leaf("move", "Move a stage within its pipeline")
                .arg(named())
                .arg(after().required_unless_present("first"))
                .arg(first()),
        )
        .subcommand(check())
}

fn check() -> Command {
    let stage = || word("stage", "STAGE", "The stage's id or label");
    let add = leaf("add", "Add an item")
        .arg(stage())
        .arg(Arg::new("label").value_name("LABEL").help("Its label, where one language is enough"));
    family("check", "What must reach an output before a deal leaves a stage (کارهای مرحله)".to_owned())
        .subcommand(leaf("list", "The items of a stage").arg(stage()))
        .subcommand(labels(add).arg(flag("required", "A deal may not move on without it")))
        .subcommand(leaf("remove", "Take an item out").arg(stage()).arg(word(
            "item",
            "ITEM",
            "Its id or label",
        )))
}

fn pipeline() -> Command {
    let named = word("row", "PIPELINE", "Its id or label");
    family("pipeline", "Pipelines (سبدهای فروش)".to_owned())
        .subcommand(leaf("list", "The pipelines with their stages"))
        .subcommand(labels(leaf("add", "Add a pipeline; then give it stages with `settings stage add`")))
        .subcommand(labels(leaf("edit", "Label a pipeline anew").arg(named)))
}

fn list(name: &'static str, what: &str) -> Command {
    let named = || word("row", "ROW", "Its id or label");
    let about = |verb: &str| format!("{verb} {what}");
    family(name, format!("Rows of a list, each {what}"))
        .subcommand(leaf("list", "Every row"))
        .subcommand(labels(Command::new("add").about(about("Add"))))
        .subcommand(labels(Command::new("edit").about(about("Label anew")).arg(named())))
        .subcommand(Command::new("archive").about(about("Offer no more")).arg(named()))
        .subcommand(Command::new("restore").about(about("Offer again")).arg(named()))
}

fn rate() -> Command {
    let currency = || word("currency", "CURRENCY", "Another currency than the organisation's, such as EUR");
    let day = || word("date", "DATE", "The first day that it holds for, such as 1404/03/31");
    let rate = word("rate", "RATE", "Units of the organisation's currency for one");
    family("rate", "Exchange rates (نرخ‌های تبدیل)".to_owned())
        .subcommand(leaf("list", "Every rate"))
        .subcommand(leaf("add", "Enter a rate from a day on").arg(currency()).arg(day()).arg(rate))
        .subcommand(leaf("remove", "Take a rate back").arg(currency()).arg(day()))
}

fn target() -> Command {
    let period =
        || option("period", "PERIOD", "A year, quarter or month: 1404, 1404-Q2, 1404/07").required(true);
    let whose = |command: Command| {
        command
            .arg(option("user", "USER", "A person, by name or id").required_unless_present("team"))
            .arg(option("team", "TEAM", "A team, by its name").conflicts_with("user"))
            .arg(period())
    };
    let amount = word("value", "AMOUNT", "The amount; without a unit in the organisation's currency");
    family("target", "What people and teams are to win (هدف‌ها)".to_owned())
        .subcommand(leaf("list", "Every target"))
        .subcommand(whose(leaf("add", "Set a target")).arg(amount))
        .subcommand(whose(leaf("remove", "Take a target back")))
}

fn field() -> Command {
    let target = || word("module", "MODULE", "The kind of record, such as opportunity or account");
    let name = option("name", "NAME", "Its name in commands and files: Latin letters, such as region");
    let kind = Arg::new("type").long("type").value_name("TYPE").default_value("text");
    family("field", "Fields of your own (فیلدهای سفارشی)".to_owned())
        .subcommand(leaf("list", "Every field of your own"))
        .subcommand(
            labels(leaf("add", "Add a field to a kind of record").arg(target()))
                .arg(name.required(true))
                .arg(kind.help(format!("One of: {FIELD_TYPES}"))),
        )
        .subcommand(leaf("remove", "Hide a field; what records hold in it is kept").arg(target()).arg(word(
            "name",
            "NAME",
            "Its name or label",
        )))
}

/// Adds the options of the workspace's own fields, after all others: a name that is taken is led by `x-`.
pub(super) fn with_custom_options(mut root: Command, modules: &[ModuleDef]) -> Command {
    let mut taken: Vec<String> =
        root.get_arguments().filter_map(|argument| argument.get_long().map(str::to_owned)).collect();
    taken.extend(["help".to_owned(), "version".to_owned()]);
    for module in modules.iter().filter(|module| module.fields.iter().any(is_custom)) {
        root = root.mut_subcommand(&*module.name, |command| {
            let names = ["add", "edit", "similar"];
            let there = names.into_iter().filter(|name| command.find_subcommand(name).is_some());
            there.collect::<Vec<_>>().into_iter().fold(command, |command, name| {
                command.mut_subcommand(name, |leaf| with_options(leaf, module, &taken))
            })
        });
    }
    root
}

fn with_options(mut command: Command, module: &ModuleDef, taken: &[String]) -> Command {
    for field in module.fields.iter().filter(|field| is_custom(field)) {
        let long = field.name.replace('_', "-");
        let short = long.strip_prefix("x-").unwrap_or(&long).to_owned();
        let is_taken = taken.contains(&short)
            || command.get_arguments().any(|argument| argument.get_long() == Some(short.as_str()));
        command = command.arg(
            Arg::new(format!("field:{}", field.name))
                .long(if is_taken { long } else { short })
                .value_name(value_name(field))
                .help(format!("{} ({})", field.label.en, field.label.fa))
                .help_heading("Fields of your own")
                .allow_hyphen_values(true),
        );
    }
    command
}

/// Tells whether a field is a workspace's own.
pub(super) fn is_custom(field: &FieldDef) -> bool {
    is_custom_name(&field.name)
}
