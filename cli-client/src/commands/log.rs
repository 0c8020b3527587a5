//! Logging what happened around a record, and ending activities.

use clap::ArgMatches;
use forsat_client::{Engine, FollowUpInput, LogInput};

use super::record::{option, saved, text};
use crate::app::App;
use crate::args::{LogArgs, LogKind};
use crate::error::CliError;
use crate::i18n::tr;
use crate::render;

/// Logs an activity about a record.
pub fn log(app: &mut App, arguments: &LogArgs) -> Result<(), CliError> {
    if arguments.due.is_some() && arguments.kind != LogKind::Task {
        return Err(CliError::Usage(tr!(app.messages, "log-due-of-task")));
    }
    let engine = app.engine()?;
    let next = arguments.next.clone().map(|subject| FollowUpInput { subject, on: arguments.on.clone() });
    let input = LogInput {
        kind: arguments.kind.slug().to_owned(),
        subject: arguments.subject.clone(),
        outcome: arguments.outcome.clone(),
        at: arguments.at.clone(),
        due: arguments.due.clone(),
        next,
    };
    let answer = engine.log(&arguments.record, &input)?;
    if app.out.is_json() {
        app.out.json(&answer);
        return Ok(());
    }
    for line in render::lead::logged(app, &answer) {
        app.out.note(line);
    }
    saved(app, answer.saved)
}

/// Ends an activity.
pub fn complete(app: &mut App, engine: &Engine, matches: &ArgMatches) -> Result<(), CliError> {
    let outcome = option(matches, "outcome");
    saved(app, engine.complete(text(matches, "record"), outcome.as_deref())?)
}
