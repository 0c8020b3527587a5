//! Logging activities about a record, and ending them.

use crate::commands::Scene;
use crate::engine::Engine;
use crate::error::ClientError;
use crate::find;
use crate::model::{FieldInput, Saved};
use forsat_domain::CivilDate;
use forsat_domain::command::{FollowUp, LogEntry, complete, log};
use forsat_domain::composite::{Composite, Moment};
use forsat_domain::id::encode_id;
use forsat_domain::record::Scalar;
use forsat_domain::schema::input::Input;
use forsat_domain::schema::{ACTIVITY, record_name};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What to log, as typed.
#[derive(Clone, Debug, Default)]
pub struct LogInput {
    /// `call`, `meeting`, `task` or `note`.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// What came of it.
    pub outcome: Option<String>,
    /// When it began or will: a day and an hour; none: now.
    pub at: Option<String>,
    /// The day that a task is due on.
    pub due: Option<String>,
    /// What to do next.
    pub next: Option<FollowUpInput>,
}

/// A task that follows, as typed.
#[derive(Clone, Debug, Default)]
pub struct FollowUpInput {
    /// What is to be done.
    pub subject: String,
    /// The day that it is due on.
    pub on: Option<String>,
}

/// What was logged.
#[derive(Clone, Debug, Serialize)]
pub struct LoggedActivity {
    /// The activity.
    #[serde(flatten)]
    pub saved: Saved,
    /// Its status; none for a note.
    pub status: Option<String>,
    /// The record that it is about.
    pub about: Uuid,
    /// That record's short id.
    pub about_short: String,
    /// That record's name.
    pub about_name: String,
    /// The task that follows.
    pub follow_up: Option<Saved>,
    /// Whether the follow-up became the deal's next step.
    pub next_step: bool,
}

/// Activities.
impl Engine {
    /// Logs an activity about a record, with a task that follows; one journal entry takes both back.
    pub fn log(&self, reference: &str, input: &LogInput) -> Result<LoggedActivity, ClientError> {
        self.turn(|turn| {
            let hit = find::resolve(&*turn.tx, self.schema(), "", reference)?;
            let about = turn.state(&hit.module, hit.id)?;
            let mut echoed = BTreeMap::new();
            let logged = turn.rule(&about, &mut echoed, |scene| {
                let entry = entry(scene, input)?;
                Ok(log(scene.context, &about, &entry)?)
            })?;
            let activity = turn.create(logged.activity.id, ACTIVITY, &logged.activity.edits)?;
            let task =
                logged.follow_up.map(|task| turn.create(task.id, ACTIVITY, &task.edits)).transpose()?;
            let next_step =
                if logged.edits.is_empty() { None } else { turn.edit(hit.id, &logged.edits)? }.is_some();
            let saved = turn.finish(&format!("log {}", input.kind), &activity, echoed)?;
            let follow_up = task.map(|task| turn.finish("log", &task, BTreeMap::new())).transpose()?;
            Ok(LoggedActivity {
                status: activity.winner("status").as_text().map(str::to_owned),
                about: hit.id.0,
                about_short: encode_id(hit.id.as_bytes()),
                about_name: record_name(&about),
                follow_up: follow_up.map(|task| Saved { changed: true, journal: saved.journal, ..task }),
                saved,
                next_step,
            })
        })
    }

    /// Ends an activity: a call or meeting was held, a task is completed.
    pub fn complete(&self, reference: &str, outcome: Option<&str>) -> Result<Saved, ClientError> {
        self.command(ACTIVITY, reference, "complete", |scene, _, state| {
            Ok(complete(scene.context, state, outcome)?)
        })
    }
}

fn entry(scene: &mut Scene<'_, '_>, input: &LogInput) -> Result<LogEntry, ClientError> {
    let mut next = None;
    if let Some(typed) = &input.next {
        next =
            Some(FollowUp { subject: subject(scene, &typed.subject)?, on: day(scene, typed.on.as_deref())? });
    }
    Ok(LogEntry {
        kind: input.kind.clone(),
        subject: subject(scene, &input.subject)?,
        outcome: input.outcome.clone(),
        at: read(scene, "start", input.at.as_deref())?.as_ref().and_then(Moment::from_scalar),
        due: day(scene, input.due.as_deref())?,
        next,
    })
}

fn subject(scene: &mut Scene<'_, '_>, typed: &str) -> Result<String, ClientError> {
    let read = read(scene, "subject", Some(typed))?;
    Ok(read.as_ref().and_then(Scalar::as_text).unwrap_or_default().to_owned())
}

fn day(scene: &mut Scene<'_, '_>, typed: Option<&str>) -> Result<Option<CivilDate>, ClientError> {
    let read = read(scene, "due_date", typed)?;
    Ok(read.as_ref().and_then(Scalar::as_text).and_then(|day| day.parse().ok()))
}

/// Reads what was typed for a field by the schema table.
fn read(scene: &mut Scene<'_, '_>, field: &str, typed: Option<&str>) -> Result<Option<Scalar>, ClientError> {
    let Some(typed) = typed else { return Ok(None) };
    let table = find::module(scene.context.schema, ACTIVITY)?;
    let read = scene.assignments(table, &[FieldInput::new(field, typed)])?;
    Ok(read.into_iter().find_map(|read| match read.input {
        Input::Value(value) => Some(value),
        Input::Add(_) | Input::Remove(_) => None,
    }))
}
