//! `settings` and `me`: what administrators decide for everybody, and what a person prefers.

use clap::ArgMatches;
use forsat_client::{Engine, SettingsCommand, TargetFor};
use forsat_domain::command::{CheckDraft, FieldDraft, Labels, Place, SettingRows, StageDraft};
use forsat_domain::composite::Outcome;
use forsat_domain::number::parse_percent;
use forsat_domain::schema::{ModuleDef, SettingList, USER};

use super::record::{fields, option, saved, text};
use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::render;
use crate::render::settings::Part;

/// Runs `forsat settings …`.
pub fn run(app: &mut App, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    let engine = app.engine()?;
    let (name, sub) = matches.subcommand().expect("a subcommand is required");
    let command = match name {
        "show" => return show(app, &engine, Part::All),
        "edit" => {
            let fields = fields(sub, module)?;
            if fields.is_empty() {
                return Err(CliError::Usage(tr!(app.messages, "settings-edit-nothing")));
            }
            SettingsCommand::Edit(fields)
        }
        _ => {
            let (verb, leaf) = sub.subcommand().expect("a subcommand is required");
            match (name, verb) {
                ("stage", "check") => {
                    let (verb, leaf) = leaf.subcommand().expect("a subcommand is required");
                    if verb == "list" {
                        return show(app, &engine, Part::Checklist(text(leaf, "stage").to_owned()));
                    }
                    check(verb, leaf)
                }
                (_, "list") => return show(app, &engine, part(name)),
                ("stage", _) => stage(app, verb, leaf)?,
                ("rate", _) => rate(verb, leaf),
                ("target", _) => target(verb, leaf),
                ("field", _) => field(verb, leaf),
                _ => rows(list(name), verb, leaf),
            }
        }
    };
    saved(app, engine.administer(&command)?)
}

/// Runs `forsat me …`.
pub fn me(app: &mut App, matches: &ArgMatches) -> Result<(), CliError> {
    let engine = app.engine()?;
    let me = engine.me()?.0.to_string();
    let (name, sub) = matches.subcommand().expect("a subcommand is required");
    if name == "show" {
        let view = engine.show(USER, &me)?;
        if app.out.is_json() {
            app.out.json(&view);
            return Ok(());
        }
        render::record::lines(app, &engine, &view)?.into_iter().for_each(|line| app.out.data(line));
        return Ok(());
    }
    let module = app.schema.module(USER).cloned().expect("users are a built-in module");
    let fields = fields(sub, &module)?;
    if fields.is_empty() {
        return Err(CliError::Usage(tr!(app.messages, "me-edit-nothing")));
    }
    saved(app, engine.edit(USER, &me, &fields)?)
}

fn show(app: &mut App, engine: &Engine, part: Part) -> Result<(), CliError> {
    let view = engine.settings_view()?;
    let part = match part {
        Part::Checklist(stage) => Part::Checklist(render::settings::stage_id(app, &view, &stage)?),
        part => part,
    };
    if app.out.is_json() {
        app.out.json(&part.of(&view));
    } else {
        for line in render::settings::lines(app, &view, &part) {
            app.out.data(line);
        }
    }
    Ok(())
}

fn part(name: &str) -> Part {
    match name {
        "rate" => Part::Rates,
        "target" => Part::Targets,
        "field" => Part::Fields,
        "source" => Part::Sources,
        "win-reason" => Part::WinReasons,
        "loss-reason" => Part::LossReasons,
        _ => Part::Pipelines,
    }
}

fn list(name: &str) -> SettingRows {
    match name {
        "source" => SettingRows::Items(SettingList::LeadSources),
        "win-reason" => SettingRows::Items(SettingList::WinReasons),
        "loss-reason" => SettingRows::Items(SettingList::LossReasons),
        _ => SettingRows::Pipelines,
    }
}

fn labels(matches: &ArgMatches) -> Labels {
    Labels { fa: option(matches, "label-fa"), en: option(matches, "label-en") }
}

fn place(matches: &ArgMatches) -> Option<Place> {
    let after = option(matches, "after").map(Place::After);
    let first = || matches.try_get_one::<bool>("first").ok().flatten().is_some_and(|first| *first);
    after.or_else(|| first().then_some(Place::First))
}

fn stage(app: &App, verb: &str, matches: &ArgMatches) -> Result<SettingsCommand, CliError> {
    let named = || text(matches, "stage").to_owned();
    let draft = || -> Result<StageDraft, CliError> {
        let kind = option(matches, "kind").map(|kind| match kind.as_str() {
            "won" => Outcome::Won,
            "lost" => Outcome::Lost,
            _ => Outcome::Open,
        });
        Ok(StageDraft {
            labels: labels(matches),
            pipeline: option(matches, "pipeline"),
            kind,
            probability: probability(app, matches)?,
            exit_criteria: option(matches, "exit-criteria"),
            place: place(matches),
        })
    };
    Ok(match verb {
        "add" => SettingsCommand::StageAdd(draft()?),
        "edit" => SettingsCommand::StageEdit(named(), draft()?),
        "archive" => SettingsCommand::StageArchive(named(), option(matches, "replaced-by")),
        "restore" => SettingsCommand::StageRestore(named()),
        _ => SettingsCommand::StagePlace(named(), place(matches).unwrap_or(Place::First)),
    })
}

/// Reads a whole percentage, with digits and sign of either script.
fn probability(app: &App, matches: &ArgMatches) -> Result<Option<u8>, CliError> {
    let Some(typed) = option(matches, "probability") else { return Ok(None) };
    let number = parse_percent(&typed).ok().and_then(|number| number.to_string().parse().ok());
    match number.filter(|number: &u8| *number <= 100) {
        Some(number) => Ok(Some(number)),
        None => Err(CliError::Usage(tr!(app.messages, "settings-probability", typed = typed))),
    }
}

fn check(verb: &str, matches: &ArgMatches) -> SettingsCommand {
    let stage = text(matches, "stage").to_owned();
    if verb == "remove" {
        return SettingsCommand::CheckRemove(stage, text(matches, "item").to_owned());
    }
    let mut labels = labels(matches);
    // One label alone stands for both languages.
    labels.en = labels.en.or_else(|| option(matches, "label"));
    SettingsCommand::CheckAdd(stage, CheckDraft { labels, required: matches.get_flag("required") })
}

fn rows(list: SettingRows, verb: &str, matches: &ArgMatches) -> SettingsCommand {
    let row = || text(matches, "row").to_owned();
    match verb {
        "add" => SettingsCommand::ItemAdd(list, labels(matches)),
        "edit" => SettingsCommand::ItemEdit(list, row(), labels(matches)),
        "archive" => SettingsCommand::ItemArchive(list, row()),
        _ => SettingsCommand::ItemRestore(list, row()),
    }
}

fn rate(verb: &str, matches: &ArgMatches) -> SettingsCommand {
    let (currency, day) = (text(matches, "currency").to_owned(), text(matches, "date").to_owned());
    match verb {
        "add" => SettingsCommand::RateAdd(currency, day, text(matches, "rate").to_owned()),
        _ => SettingsCommand::RateRemove(currency, day),
    }
}

fn target(verb: &str, matches: &ArgMatches) -> SettingsCommand {
    let team = || TargetFor::Team(option(matches, "team").unwrap_or_default());
    let owner = option(matches, "user").map_or_else(team, TargetFor::User);
    let period = text(matches, "period").to_owned();
    match verb {
        "add" => SettingsCommand::TargetAdd(owner, period, text(matches, "value").to_owned()),
        _ => SettingsCommand::TargetRemove(owner, period),
    }
}

fn field(verb: &str, matches: &ArgMatches) -> SettingsCommand {
    let (module, name) = (text(matches, "module").to_owned(), text(matches, "name").to_owned());
    match verb {
        "add" => {
            let (labels, type_text) = (labels(matches), text(matches, "type").to_owned());
            SettingsCommand::FieldAdd(FieldDraft { module, name, labels, type_text })
        }
        _ => SettingsCommand::FieldRemove(module, name),
    }
}
