//! `forsat` alone: what the user has before them today, or a welcome where there is no store yet.

use forsat_client::ClientError;

use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::output::{STRONG, paint};
use crate::render;

/// Shows the day.
pub fn run(app: &mut App) -> Result<(), CliError> {
    let engine = match app.engine() {
        Err(CliError::Client(ClientError::NoStore { .. })) if !app.out.is_json() => {
            welcome(app);
            return Ok(());
        }
        opened => opened?,
    };
    let view = engine.today_view()?;
    if app.out.is_json() {
        app.out.json(&view);
        return Ok(());
    }
    for line in render::today::lines(app, &engine, &view)? {
        app.out.data(line);
    }
    super::drafts::remind(app)
}

fn welcome(app: &mut App) {
    let lines = [
        paint(STRONG, tr!(app.messages, "welcome")),
        tr!(app.messages, "welcome-init"),
        tr!(app.messages, "welcome-join"),
        tr!(app.messages, "welcome-more"),
    ];
    lines.into_iter().for_each(|line| app.out.data(line));
}
