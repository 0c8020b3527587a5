//! The commands that every module has, and those of deals: arguments to the engine, its answer to lines.

use clap::{ArgMatches, FromArgMatches as _};
use forsat_client::{Around, Engine, FieldInput, RecordView, Saved};
use forsat_domain::schema::ModuleDef;
use serde::Serialize;

use crate::app::App;
use crate::args::past::HistoryArgs;
use crate::error::CliError;
use crate::i18n::tr;
use crate::render;

/// Runs `forsat MODULE COMMAND …`.
pub fn run(app: &mut App, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    app.module = Some(module.name.to_string());
    let engine = app.engine()?;
    let (name, sub) = matches.subcommand().expect("a subcommand is required");
    match name {
        "add" => super::add::add(app, &engine, module, fields(sub, module)?, option(sub, "space")),
        "edit" => edit(app, &engine, module, sub),
        "show" => show(app, &engine, module, sub),
        "list" => super::list::run(app, &engine, module, sub),
        "similar" => saved(app, engine.similar(&module.name, text(sub, "record"), &fields(sub, module)?)?),
        "update" => super::mass::update(app, &engine, module, sub),
        "delete" => super::mass::delete(app, &engine, module, sub),
        "restore" => restore(app, &engine, module, sub),
        "history" => {
            let arguments = HistoryArgs::from_arg_matches(sub).expect("the command has these arguments");
            super::past::history_of(app, &module.name, &arguments)
        }
        "line" => line(app, &engine, module, sub),
        "contact" => super::lead::contact(app, &engine, sub),
        "convert" => super::lead::convert(app, &engine, sub),
        "complete" => super::log::complete(app, &engine, sub),
        "win" | "lose" => super::close::close(app, &engine, name == "win", sub),
        name if super::duplicates::NAMES.contains(&name) => {
            super::duplicates::run(app, &engine, module, name, sub)
        }
        _ => deal(app, &engine, name, sub),
    }
}

fn edit(app: &mut App, engine: &Engine, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    let fields = fields(matches, module)?;
    if fields.is_empty() {
        return Err(CliError::Usage(tr!(app.messages, "edit-nothing", module = module.short.as_ref())));
    }
    saved(app, engine.edit(&module.name, text(matches, "record"), &fields)?)
}

fn show(app: &mut App, engine: &Engine, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    let view = engine.show(&module.name, text(matches, "record"))?;
    let around = engine.related(&module.name, &view.short)?;
    if app.out.is_json() {
        app.out.json(&Shown { record: &view, around: &around });
        return Ok(());
    }
    let mut lines = render::record::lines(app, engine, &view)?;
    lines.extend(render::related::lines(app, &around));
    lines.into_iter().for_each(|line| app.out.data(line));
    Ok(())
}

/// A record with what lies around it, for programs.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    record: &'a RecordView,
    #[serde(flatten)]
    around: &'a Around,
}

fn restore(app: &mut App, engine: &Engine, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    let references: Vec<&str> =
        matches.get_many::<String>("record").into_iter().flatten().map(String::as_str).collect();
    let answers = engine.restore_many(&module.name, &references)?;
    saved_all(app, answers)
}

fn deal(app: &mut App, engine: &Engine, name: &str, matches: &ArgMatches) -> Result<(), CliError> {
    let record = text(matches, "record");
    let answer = match name {
        "check" => engine.check(record, text(matches, "item"), !matches.get_flag("undo"))?,
        "stage" => engine.stage_forced(record, text(matches, "stage"), matches.get_flag("force"))?,
        _ => engine.reopen(record, option(matches, "stage").as_deref())?,
    };
    saved(app, answer)
}

fn line(app: &mut App, engine: &Engine, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    let (name, sub) = matches.subcommand().expect("a subcommand is required");
    let record = text(sub, "record");
    let definitions = module.field("lines").map(|lines| lines.entries.as_slice()).unwrap_or_default();
    let answer = match name {
        "add" => engine.line_add(record, option(sub, "product").as_deref(), &options(sub, definitions))?,
        "edit" => {
            let fields = options(sub, definitions);
            if fields.is_empty() {
                return Err(CliError::Usage(tr!(app.messages, "line-edit-nothing")));
            }
            engine.line_edit(record, text(sub, "line"), &fields)?
        }
        _ => engine.line_remove(record, text(sub, "line"))?,
    };
    saved(app, answer)
}

/// Shows what was saved: the line on standard error, or JSON on standard output.
pub fn saved(app: &mut App, answer: Saved) -> Result<(), CliError> {
    if app.out.is_json() {
        app.out.json(&answer);
    } else {
        for line in render::record::saved_lines(app, &answer) {
            app.out.note(line);
        }
    }
    Ok(())
}

pub(super) fn saved_all(app: &mut App, answers: Vec<Saved>) -> Result<(), CliError> {
    if app.out.is_json() {
        app.out.json(&answers);
        return Ok(());
    }
    answers.into_iter().try_for_each(|answer| saved(app, answer))
}

/// The fields of an `add` or `edit`: options by the schema, then `FIELD=VALUE` words.
pub(super) fn fields(matches: &ArgMatches, module: &ModuleDef) -> Result<Vec<FieldInput>, CliError> {
    let mut inputs = options(matches, &module.fields);
    inputs.extend(option(matches, "product").map(|product| FieldInput::new("product", product)));
    for word in matches.get_many::<String>("fields").into_iter().flatten() {
        inputs.push(field_input(word)?);
    }
    Ok(inputs)
}

fn options(matches: &ArgMatches, definitions: &[forsat_domain::FieldDef]) -> Vec<FieldInput> {
    let given = |field: &forsat_domain::FieldDef| {
        let value = matches.try_get_one::<String>(&format!("field:{}", field.name)).ok().flatten()?;
        Some(FieldInput::new(field.name.to_string(), value.clone()))
    };
    definitions.iter().filter_map(given).collect()
}

pub(super) fn field_input(word: &str) -> Result<FieldInput, CliError> {
    let (name, value) = word.split_once('=').ok_or_else(|| CliError::NotAField(word.to_owned()))?;
    Ok(FieldInput::new(name.trim(), value.trim()))
}

/// An argument that clap requires.
pub fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches.get_one::<String>(name).map(String::as_str).expect("clap requires the argument")
}

/// An argument that may be missing.
pub fn option(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.try_get_one::<String>(name).ok().flatten().cloned()
}
