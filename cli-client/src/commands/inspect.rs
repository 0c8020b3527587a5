//! `inspect`.

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
