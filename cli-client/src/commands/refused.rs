//! `refused`: what this device couldn't send, and what a person does about it.

use std::path::Path;

use crate::app::App;
use crate::args::RefusedCommand;
use crate::error::{CliError, Place};
use crate::i18n::tr;
use crate::output::{GOOD, paint};
use crate::render;

/// Runs `forsat refused …`.
pub fn run(app: &mut App, command: Option<RefusedCommand>) -> Result<(), CliError> {
    match command {
        None => list(app),
        Some(RefusedCommand::Export { number, file }) => export(app, number, file.as_deref()),
        Some(RefusedCommand::Retry { number }) => {
            let saved = app.engine()?.retry_refused(number)?;
            super::record::saved(app, saved)
        }
        Some(RefusedCommand::Drop { number }) => drop_one(app, number),
    }
}

fn list(app: &mut App) -> Result<(), CliError> {
    let engine = app.engine()?;
    let edits = engine.refused()?;
    if app.out.is_json() {
        app.out.json(&edits);
        return Ok(());
    }
    for line in render::refused::lines(app, &engine, &edits)? {
        app.out.data(line);
    }
    let note = if edits.is_empty() { "refused-none" } else { "refused-how" };
    app.out.note(app.messages.text(note, &[]));
    Ok(())
}

fn export(app: &mut App, number: u64, file: Option<&Path>) -> Result<(), CliError> {
    let edit = app.engine()?.export_refused(number)?;
    let Some(path) = file else {
        app.out.json(&edit);
        return Ok(());
    };
    let mut text = serde_json::to_string_pretty(&edit).expect("an edit has text keys and plain values");
    text.push('\n');
    let failed = |source| CliError::Io { what: Place::Path(path.display().to_string()), source };
    std::fs::write(path, text).map_err(failed)?;
    let path = path.display().to_string();
    if app.out.is_json() {
        app.out.json(&serde_json::json!({ "exported": number, "file": path }));
    } else {
        app.out.note(paint(GOOD, tr!(app.messages, "refused-exported", path = path)));
    }
    Ok(())
}

fn drop_one(app: &mut App, number: u64) -> Result<(), CliError> {
    let engine = app.engine()?;
    if !app.global.yes {
        super::confirm(app, &tr!(app.messages, "refused-confirm", number = app.locale.integer(number)))?;
    }
    engine.drop_refused(number)?;
    if app.out.is_json() {
        app.out.json(&serde_json::json!({ "dropped": number }));
    } else {
        app.out.note(tr!(app.messages, "refused-dropped", number = app.locale.integer(number)));
    }
    Ok(())
}
