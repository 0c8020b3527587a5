//! `pipeline`, `forecast` and `find`.

use forsat_domain::report::Dimension;
use serde::Serialize;

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
    show(app, &report, |app| Ok(render::pipeline::lines(app, &report)))
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
    show(app, &report, |app| Ok(render::breakdown::lines(app, &report)))
}

/// Shows what the coming months may bring, beside what they might have on an earlier day where one is given.
pub fn forecast(app: &mut App, since: Option<&str>) -> Result<(), CliError> {
    let engine = app.engine()?;
    if let Some(since) = since {
        let report = engine.forecast_since(since)?;
        return show(app, &report, |app| render::comparison::lines(app, &engine, &report));
    }
    let report = engine.forecast()?;
    show(app, &report, |app| Ok(render::forecast::lines(app, &report)))
}

/// Shows where deals stand still.
pub fn stuck(app: &mut App) -> Result<(), CliError> {
    let engine = app.engine()?;
    let report = engine.stuck()?;
    show(app, &report, |app| render::stuck::lines(app, &engine, &report))
}

fn show(
    app: &mut App,
    report: &impl Serialize,
    lines: impl FnOnce(&App) -> Result<Vec<String>, CliError>,
) -> Result<(), CliError> {
    if app.out.is_json() {
        app.out.json(report);
        return Ok(());
    }
    for line in lines(app)? {
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
