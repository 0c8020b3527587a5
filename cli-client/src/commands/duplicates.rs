//! `duplicates`, `dismiss`, `merge` and `unmerge`, the same in every module.

use clap::ArgMatches;
use forsat_client::{Engine, FieldInput};
use forsat_domain::schema::ModuleDef;

use super::record::saved;
use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::render::duplicates as render;

/// The names of these commands.
pub const NAMES: [&str; 4] = ["duplicates", "dismiss", "merge", "unmerge"];

/// Runs one of the commands.
pub fn run(
    app: &mut App,
    engine: &Engine,
    module: &ModuleDef,
    name: &str,
    matches: &ArgMatches,
) -> Result<(), CliError> {
    match name {
        "duplicates" => duplicates(app, engine, module, matches),
        "dismiss" => {
            let answer = engine.dismiss(&module.name, text(matches, "one"), text(matches, "other"))?;
            saved(app, answer)
        }
        "merge" => merge(app, engine, module, matches),
        _ => unmerge(app, engine, module, matches),
    }
}

fn duplicates(
    app: &mut App,
    engine: &Engine,
    module: &ModuleDef,
    matches: &ArgMatches,
) -> Result<(), CliError> {
    let option = |name: &str| matches.get_one::<String>(name).map(String::as_str);
    let list = engine.duplicates(&module.name, option("record"), option("by"))?;
    if app.out.is_json() {
        app.out.json(&list);
        return Ok(());
    }
    for line in render::pair_lines(app, module, &list) {
        app.out.data(line);
    }
    app.out.note(tr!(app.messages, "duplicates-count", total = list.pairs.len()));
    Ok(())
}

/// Shows the fields side by side, asks, and merges.
fn merge(app: &mut App, engine: &Engine, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    let survivor = text(matches, "survivor");
    let losers: Vec<String> = matches.get_many::<String>("loser").into_iter().flatten().cloned().collect();
    let choices = matches.get_many::<String>("take").into_iter().flatten();
    let choices = choices.map(|word| choice(app, word)).collect::<Result<Vec<_>, _>>()?;
    let preview = engine.merge_preview(&module.name, survivor, &losers, &choices)?;
    let only_shown = matches.get_flag("preview");
    if app.out.is_json() && only_shown {
        app.out.json(&preview);
        return Ok(());
    }
    if only_shown || !app.global.yes {
        let lines = render::merge_lines(app, &preview);
        for line in lines {
            if only_shown {
                app.out.data(line);
            } else {
                app.out.note(line);
            }
        }
    }
    if only_shown {
        return Ok(());
    }
    if !app.global.yes {
        let question = render::merge_question(app, &preview);
        super::confirm(app, &question)?;
    }
    // The ids are those of the preview, so nothing that came between can lead the names elsewhere.
    let losers: Vec<String> = preview.records[1..].iter().map(|record| record.short.clone()).collect();
    saved(app, engine.merge(&module.name, &preview.records[0].short, &losers, &choices)?)
}

fn choice(app: &App, word: &str) -> Result<FieldInput, CliError> {
    let (name, value) = word
        .split_once('=')
        .ok_or_else(|| CliError::Usage(tr!(app.messages, "merge-take-form", given = word)))?;
    Ok(FieldInput::new(name.trim(), value.trim()))
}

/// Takes a merge back; in a terminal asks what to do with the values that it copied.
fn unmerge(app: &mut App, engine: &Engine, module: &ModuleDef, matches: &ArgMatches) -> Result<(), CliError> {
    let preview = engine.unmerge_preview(&module.name, text(matches, "record"))?;
    let mut back = matches.get_flag("take-back");
    let is_open = !back && !matches.get_flag("keep") && !preview.copied.is_empty();
    if is_open {
        let fields = render::field_names(app, module, &preview.copied);
        if app.out.is_interactive() && !app.out.is_json() {
            let question = tr!(app.messages, "unmerge-take-back", fields = fields.as_str());
            back = super::confirm(app, &question).is_ok();
        } else {
            app.out.note(tr!(app.messages, "unmerge-kept", fields = fields.as_str()));
        }
    }
    saved(app, engine.unmerge(&module.name, &preview.loser.short, back)?)
}

fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches.get_one::<String>(name).map(String::as_str).expect("clap requires the argument")
}
