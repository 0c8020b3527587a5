//! `init` and `status`.

use forsat_client::{Engine, InitOptions};

use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::render;

/// Makes a store with a workspace of its own.
pub fn init(app: &mut App, user: String, email: Option<String>, currency: String) -> Result<(), CliError> {
    let dir = app.store_dir()?;
    let options = InitOptions { user_name: user, email, currency: Some(currency), ..InitOptions::default() };
    let engine = Engine::init_with(&dir, &options, app.ambient.clone())?;
    if app.out.is_json() {
        app.out.json(&engine.status()?);
    } else {
        app.out.note(tr!(app.messages, "init-done", dir = dir.display().to_string()));
        app.out.note(tr!(app.messages, "init-next"));
    }
    Ok(())
}

/// Shows how the store stands.
pub fn status(app: &mut App) -> Result<(), CliError> {
    let status = app.engine()?.status()?;
    if app.out.is_json() {
        app.out.json(&status);
    } else {
        for line in render::status::lines(app, &status) {
            app.out.data(line);
        }
    }
    Ok(())
}
