//! `issues`, `resolve` and `undo`.

use forsat_client::Resolve;

use crate::app::App;
use crate::args::ResolveArgs;
use crate::error::CliError;
use crate::i18n::tr;
use crate::render;

/// Lists what a person must decide, of one record or of all.
pub fn list(app: &mut App, record: Option<&str>, info: bool) -> Result<(), CliError> {
    let engine = app.engine()?;
    let mut list = engine.issues(info)?;
    if let Some(reference) = record {
        let view = engine.show("record", reference)?;
        list.issues.retain(|issue| issue.id == view.id);
        list.refused.retain(|refused| refused.short == view.short);
        list.sync.clear();
    }
    if app.out.is_json() {
        app.out.json(&list);
        return Ok(());
    }
    for line in render::issue::list_lines(app, &engine, &list)? {
        app.out.data(line);
    }
    let total = list.issues.len() + list.sync.len() + list.refused.len();
    app.out.note(tr!(app.messages, "issues-count", total = total));
    Ok(())
}

/// Ends an issue.
pub fn resolve(app: &mut App, arguments: &ResolveArgs) -> Result<(), CliError> {
    let choice = match (&arguments.value, arguments.take) {
        (Some(value), _) => Resolve::Value(value.clone()),
        (None, Some(take)) => Resolve::Take(take),
        (None, None) => return Err(CliError::Usage(tr!(app.messages, "resolve-how"))),
    };
    let answer = app.engine()?.resolve(&arguments.record, &arguments.field, &choice)?;
    super::record::saved(app, answer)
}

/// Takes back this device's last command.
pub fn undo(app: &mut App) -> Result<(), CliError> {
    let undone = app.engine()?.undo()?;
    if app.out.is_json() {
        app.out.json(&undone);
        return Ok(());
    }
    app.out.note(tr!(app.messages, "undone", command = undone.command.as_str()));
    for field in &undone.skipped {
        let (id, name, now) = (field.short.as_str(), field.field.as_str(), field.now.as_str());
        app.out.note(tr!(app.messages, "undo-skipped", id = id, field = name, now = now));
    }
    undone.saved.into_iter().try_for_each(|answer| super::record::saved(app, answer))
}
