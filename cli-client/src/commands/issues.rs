//! `issues` and `resolve`.

use std::collections::BTreeMap;

use forsat_client::{CloseInput, IssueView, Resolve};
use forsat_domain::issue::IssueCode;

use crate::app::App;
use crate::args::ResolveArgs;
use crate::error::CliError;
use crate::i18n::tr;
use crate::render;

/// Issues of one kind above which a list shows their number instead.
const EACH_SHOWN_MAX: usize = 12;

/// What `issues` was asked for.
#[derive(Debug)]
pub struct Asked {
    /// Only this record's.
    pub record: Option<String>,
    /// Only of this code.
    pub code: Option<String>,
    /// Each one, however many there are of a kind.
    pub all: bool,
    /// Also what is only for information.
    pub info: bool,
}

/// Lists what a person must decide, of one record or of all.
pub fn list(app: &mut App, asked: &Asked) -> Result<(), CliError> {
    let engine = app.engine()?;
    let mut list = engine.issues(asked.info)?;
    if let Some(reference) = &asked.record {
        let view = engine.show("record", reference)?;
        list.issues.retain(|issue| issue.id == view.id);
        list.refused.retain(|refused| refused.short == view.short);
        list.sync.clear();
    }
    if let Some(code) = &asked.code {
        list.issues.retain(|issue| issue.issue.code.as_str() == code);
    }
    if app.out.is_json() {
        app.out.json(&list);
        return Ok(());
    }
    let total = list.issues.len() + list.sync.len() + list.refused.len();
    let crowds = if asked.all || asked.code.is_some() || asked.record.is_some() {
        BTreeMap::new()
    } else {
        take_crowds(&mut list.issues)
    };
    for line in render::issue::list_lines(app, &engine, &list)? {
        app.out.data(line);
    }
    for (code, count) in crowds {
        app.out.data(render::issue::crowd_line(app, code, count));
    }
    app.out.note(tr!(app.messages, "issues-count", total = total));
    Ok(())
}

/// Takes out the kinds that many records have, with their numbers: a person deals with those by a list of their own.
fn take_crowds(issues: &mut Vec<IssueView>) -> BTreeMap<IssueCode, usize> {
    let mut counts: BTreeMap<IssueCode, usize> = BTreeMap::new();
    for issue in issues.iter() {
        *counts.entry(issue.issue.code).or_default() += 1;
    }
    counts.retain(|_, count| *count > EACH_SHOWN_MAX);
    issues.retain(|issue| !counts.contains_key(&issue.issue.code));
    counts
}

/// Ends an issue.
pub fn resolve(app: &mut App, arguments: &ResolveArgs) -> Result<(), CliError> {
    let close = CloseInput {
        on: arguments.on.clone(),
        reason: arguments.reason.clone(),
        note: arguments.note.clone(),
    };
    let choice = match (&arguments.value, arguments.take) {
        (Some(value), _) if close != CloseInput::default() => Resolve::Closed(value.clone(), close),
        (Some(value), _) => Resolve::Value(value.clone()),
        (None, Some(take)) => Resolve::Take(take),
        (None, None) => return Err(CliError::Usage(tr!(app.messages, "resolve-how"))),
    };
    let answer = app.engine()?.resolve(&arguments.record, &arguments.field, &choice)?;
    super::record::saved(app, answer)
}
