//! `inspect` and `history`.

use crate::app::App;
use crate::args::InspectArgs;
use crate::error::CliError;
use crate::render;

/// Shows a document from the inside.
pub fn inspect(app: &mut App, arguments: &InspectArgs) -> Result<(), CliError> {
    let engine = app.engine()?;
    let inspection = engine.inspect("record", &arguments.record, arguments.at.as_deref(), arguments.raw)?;
    if app.out.is_json() {
        app.out.json(&inspection);
    } else {
        for line in render::inspect::lines(app, &inspection) {
            app.out.data(line);
        }
    }
    Ok(())
}

/// Shows a record's changes, newest first.
pub fn history(app: &mut App, record: &str) -> Result<(), CliError> {
    let engine = app.engine()?;
    let entries = engine.history("record", record)?;
    if app.out.is_json() {
        app.out.json(&entries);
        return Ok(());
    }
    let view = engine.show("record", record)?;
    for line in render::inspect::history_lines(app, &engine, &view.module, &entries)? {
        app.out.data(line);
    }
    Ok(())
}
