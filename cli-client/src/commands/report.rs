//! `pipeline`, `forecast` and `find`.

use forsat_domain::report::Dimension;

use crate::app::App;
use crate::args::By;
use crate::error::CliError;
use crate::i18n::tr;
use crate::render;

/// How many records `find` shows at most.
const FOUND_MAX: usize = 50;

/// Shows the pipeline by stage.
pub fn pipeline(app: &mut App) -> Result<(), CliError> {
    let report = app.engine()?.pipeline()?;
    if app.out.is_json() {
        app.out.json(&report);
    } else {
        for line in render::pipeline::lines(app, &report) {
            app.out.data(line);
        }
    }
    Ok(())
}

/// Shows the pipeline broken down.
pub fn breakdown(app: &mut App, by: By) -> Result<(), CliError> {
    let by = match by {
        By::Owner => Dimension::Owner,
        By::Team => Dimension::Team,
        By::Source => Dimension::Source,
        By::Campaign => Dimension::Campaign,
        By::Account => Dimension::Account,
        By::Product => Dimension::Product,
        By::Period => Dimension::Period,
    };
    let report = app.engine()?.breakdown(by)?;
    if app.out.is_json() {
        app.out.json(&report);
    } else {
        for line in render::breakdown::lines(app, &report) {
            app.out.data(line);
        }
    }
    Ok(())
}

/// Shows what the coming months may bring.
pub fn forecast(app: &mut App) -> Result<(), CliError> {
    let report = app.engine()?.forecast()?;
    if app.out.is_json() {
        app.out.json(&report);
    } else {
        for line in render::forecast::lines(app, &report) {
            app.out.data(line);
        }
    }
    Ok(())
}

/// Shows where deals stand still.
pub fn stuck(app: &mut App) -> Result<(), CliError> {
    let engine = app.engine()?;
    let report = engine.stuck()?;
    if app.out.is_json() {
        app.out.json(&report);
        return Ok(());
    }
    for line in render::stuck::lines(app, &engine, &report)? {
        app.out.data(line);
    }
    Ok(())
}

/// Searches records by name.
pub fn find(app: &mut App, text: &str) -> Result<(), CliError> {
    let found = app.engine()?.find(text, FOUND_MAX)?;
    if app.out.is_json() {
        app.out.json(&found);
        return Ok(());
    }
    if found.is_empty() {
        app.out.note(tr!(app.messages, "find-none", text = text));
    }
    for hit in &found {
        let id = render::id(&hit.short, hit.prefix);
        app.out.data(format!("{id}  {}  {}", render::module_label(app, &hit.module), hit.name));
    }
    Ok(())
}
