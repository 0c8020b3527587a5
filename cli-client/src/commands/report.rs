//! `pipeline` and `find`.

use crate::app::App;
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
