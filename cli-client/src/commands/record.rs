//! The commands that every module has, and those of deals: arguments to the engine, its answer to lines.

use clap::ArgMatches;
use forsat_client::{Around, CloseInput, Engine, FieldInput, ListQuery, RecordView, Saved};
use forsat_domain::schema::ModuleDef;
use serde::Serialize;

use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::render;

/// Rows of a list in a terminal, where no limit is given.
const ROWS_IN_TERMINAL: usize = 50;

/// Runs `forsat MODULE COMMAND …`.
pub fn run(app: &mut App, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    let engine = app.engine()?;
    let (name, sub) = matches.subcommand().expect("a subcommand is required");
    match name {
        "add" => {
            let space = option(sub, "space");
            saved(app, engine.create_in(&module.name, &fields(sub, module)?, space.as_deref())?)
        }
        "edit" => edit(app, &engine, module, sub),
        "show" => show(app, &engine, module, sub),
        "list" => list(app, &engine, module, sub),
        "delete" => delete(app, &engine, module, sub),
        "restore" => restore(app, &engine, module, sub),
        "line" => line(app, &engine, module, sub),
        "contact" => super::lead::contact(app, &engine, sub),
        "convert" => super::lead::convert(app, &engine, sub),
        "complete" => super::log::complete(app, &engine, sub),
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

fn list(app: &mut App, engine: &Engine, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    let words =
        |name: &str| matches.get_many::<String>(name).into_iter().flatten().cloned().collect::<Vec<_>>();
    let filters = words("where").iter().map(|text| field_input(text)).collect::<Result<_, _>>()?;
    let default_limit = app.out.width().filter(|_| !app.out.is_json()).map(|_| ROWS_IN_TERMINAL);
    let limit =
        if matches.get_flag("all") { None } else { matches.get_one("limit").copied().or(default_limit) };
    let query = ListQuery {
        columns: words("columns"),
        filters,
        sort: words("sort"),
        limit,
        mine: matches.get_flag("mine"),
        open: matches.get_flag("open"),
        trashed: matches.get_flag("trashed"),
    };
    let page = engine.list(&module.name, &query)?;
    if app.out.is_json() {
        app.out.json(&page);
        return Ok(());
    }
    let table = render::list::page(app, engine, module, &page)?;
    if !page.rows.is_empty() {
        app.out.data(table);
    }
    let (shown, total) = (page.rows.len(), page.total);
    let note = if shown < total {
        tr!(app.messages, "list-part", shown = shown, total = total)
    } else {
        tr!(app.messages, "list-all", total = total)
    };
    app.out.note(note);
    Ok(())
}

/// Deletes records; a deal-carrying account says what would be left behind first.
fn delete(app: &mut App, engine: &Engine, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    let references: Vec<&String> = matches.get_many("record").into_iter().flatten().collect();
    let previews = references
        .iter()
        .map(|reference| engine.delete_preview(&module.name, reference))
        .collect::<Result<Vec<_>, _>>()?;
    if !app.global.yes {
        let question = render::record::delete_question(app, &previews);
        super::confirm(app, &question)?;
    }
    let mut answers = Vec::new();
    for preview in &previews {
        answers.push(engine.delete(&module.name, &preview.short)?);
    }
    saved_all(app, answers)
}

fn restore(app: &mut App, engine: &Engine, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    let mut answers = Vec::new();
    for reference in matches.get_many::<String>("record").into_iter().flatten() {
        answers.push(engine.restore(&module.name, reference)?);
    }
    saved_all(app, answers)
}

fn deal(app: &mut App, engine: &Engine, name: &str, matches: &ArgMatches) -> Result<(), CliError> {
    let record = text(matches, "record");
    let close = || CloseInput {
        on: option(matches, "on"),
        reason: option(matches, "reason"),
        note: option(matches, "note"),
    };
    let answer = match name {
        "stage" => engine.stage(record, text(matches, "stage"))?,
        "win" => engine.win(record, &close())?,
        "lose" => engine.lose(record, &close())?,
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

fn saved_all(app: &mut App, answers: Vec<Saved>) -> Result<(), CliError> {
    if app.out.is_json() {
        app.out.json(&answers);
        return Ok(());
    }
    answers.into_iter().try_for_each(|answer| saved(app, answer))
}

/// The fields of an `add` or `edit`: options by the schema, then `FIELD=VALUE` words.
fn fields(matches: &ArgMatches, module: &ModuleDef) -> Result<Vec<FieldInput>, CliError> {
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

fn field_input(word: &str) -> Result<FieldInput, CliError> {
    let (name, value) = word.split_once('=').ok_or_else(|| {
        CliError::Usage(format!("\"{word}\" isn't FIELD=VALUE; write for example next_step=\"call\""))
    })?;
    Ok(FieldInput::new(name.trim(), value.trim()))
}

pub(super) fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches.get_one::<String>(name).map(String::as_str).expect("clap requires the argument")
}

pub(super) fn option(matches: &ArgMatches, name: &str) -> Option<String> {
    matches.try_get_one::<String>(name).ok().flatten().cloned()
}
