//! `drafts`: forms that were begun and not saved.

use crate::app::App;
use crate::args::DraftsCommand;
use crate::drafts::{Draft, Drafts};
use crate::error::{CliError, Place};
use crate::i18n::tr;
use crate::output::{FAINT, STRONG, WARN, paint};
use crate::render;

/// Runs `forsat drafts …`.
pub fn run(app: &mut App, command: Option<DraftsCommand>) -> Result<(), CliError> {
    match command {
        None => list(app),
        Some(DraftsCommand::Resume { number }) => resume(app, number),
        Some(DraftsCommand::Drop { number }) => drop_one(app, number),
    }
}

/// Says that there are drafts, where there are.
pub fn remind(app: &mut App) -> Result<(), CliError> {
    let count = all(app)?.list().map_err(unusable)?.len();
    if count > 0 {
        let count = app.locale.integer(count as u64);
        app.out.data(paint(WARN, tr!(app.messages, "drafts-waiting", count = count)));
    }
    Ok(())
}

fn list(app: &mut App) -> Result<(), CliError> {
    let drafts = all(app)?.list().map_err(unusable)?;
    if app.out.is_json() {
        app.out.json(&drafts);
        return Ok(());
    }
    for draft in &drafts {
        let line = describe(app, draft);
        app.out.data(line);
    }
    let note = if drafts.is_empty() { "drafts-none" } else { "drafts-how" };
    app.out.note(app.messages.text(note, &[]));
    Ok(())
}

fn describe(app: &App, draft: &Draft) -> String {
    let typed = draft.fields.iter().map(|(name, value)| {
        let label = if name == "product" {
            render::module_label(app, "product")
        } else {
            render::field_label(app, &draft.module, name)
        };
        format!("{label}: {value}")
    });
    let typed = typed.collect::<Vec<_>>().join(" · ");
    let (module, at) = (render::module_label(app, &draft.module), app.locale.moment(draft.begun_ms));
    format!("{}  {module}  {}  {typed}", paint(STRONG, draft.number), paint(FAINT, at))
}

fn resume(app: &mut App, number: u64) -> Result<(), CliError> {
    let engine = app.engine()?;
    let draft = all(app)?.get(number).map_err(unusable)?.ok_or_else(|| missing(app, number))?;
    let module = app.schema.module(&draft.module).cloned();
    let module = module.ok_or_else(|| missing(app, number))?;
    app.module = Some(draft.module.clone());
    if app.out.is_interactive() {
        return super::add::fill(app, &engine, &module, draft);
    }
    // No terminal, no questions: what was typed is saved if it is enough, or refused for what is missing.
    let answer = engine.create_in(&module.name, &draft.inputs(), draft.space.as_deref())?;
    all(app)?.remove(number).map_err(unusable)?;
    super::record::saved(app, answer)
}

fn drop_one(app: &mut App, number: u64) -> Result<(), CliError> {
    if !all(app)?.remove(number).map_err(unusable)? {
        return Err(missing(app, number));
    }
    if app.out.is_json() {
        app.out.json(&serde_json::json!({ "dropped": number }));
    } else {
        app.out.note(tr!(app.messages, "draft-dropped", number = app.locale.integer(number)));
    }
    Ok(())
}

fn all(app: &App) -> Result<Drafts, CliError> {
    Ok(Drafts::of(&app.store_dir()?))
}

fn missing(app: &App, number: u64) -> CliError {
    CliError::Usage(tr!(app.messages, "draft-missing", number = app.locale.integer(number)))
}

fn unusable(source: std::io::Error) -> CliError {
    CliError::Io { what: Place::Drafts, source }
}
