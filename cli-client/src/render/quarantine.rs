//! How changes in quarantine read: of which record, whose, why they are there, and what each would change.

use forsat_client::{Engine, QuarantineApplied, QuarantinedChange, QuarantinedEdit};
use forsat_domain::composite::{Composite as _, StageEntry};
use forsat_domain::schema::display::NOTHING;
use forsat_domain::{Scalar, World};

use crate::app::App;
use crate::error::CliError;
use crate::i18n::{errors, tr};
use crate::output::{BAD, FAINT, GOOD, STRONG, WARN, paint};

/// The lines of the list, the changes of one record under its name.
pub fn lines(app: &App, engine: &Engine, edits: &[QuarantinedEdit]) -> Result<Vec<String>, CliError> {
    let of_all = |world: &dyn World| {
        let mut lines = Vec::new();
        for (place, edit) in edits.iter().enumerate() {
            if place == 0 || edits[place - 1].id != edit.id {
                lines.extend(of_record(app, edit));
            }
            lines.extend(of_one(app, world, edit));
        }
        lines
    };
    Ok(engine.with_world(of_all)?)
}

fn of_record(app: &App, edit: &QuarantinedEdit) -> Vec<String> {
    let mut head = format!("{}  {}", super::id(&edit.short, edit.prefix), paint(STRONG, &edit.name));
    if let Some(module) = &edit.module {
        head.push_str(&format!("  {}", paint(FAINT, super::module_label(app, module))));
    }
    let spaces = edit.spaces.join(&app.messages.text("list-comma", &[]));
    head.push_str(&format!("  {}", paint(FAINT, spaces)));
    let mut lines = vec![head];
    if !edit.here {
        lines.push(format!("   {}", paint(WARN, tr!(app.messages, "quarantine-not-here"))));
    }
    lines
}

fn of_one(app: &App, world: &dyn World, edit: &QuarantinedEdit) -> Vec<String> {
    let moment = |at: i64| app.locale.moment(at);
    let said = tr!(
        app.messages,
        "quarantine-made",
        who = edit.user_name.as_str(),
        device = edit.device_name.as_str(),
        made = edit.made_at_ms.map(moment).unwrap_or_default(),
        received = moment(edit.received_at_ms)
    );
    let number = paint(STRONG, app.locale.integer(edit.number));
    let mut lines =
        vec![format!("{number}  {said}"), format!("   {}", paint(BAD, reason(app, &edit.reason)))];
    lines.extend(edit.changes.iter().map(|change| of_field(app, world, edit, change)));
    if !edit.whole {
        lines.push(format!("   {}", paint(WARN, tr!(app.messages, "quarantine-in-part"))));
    }
    lines
}

/// Why a change is there; the word itself where this version doesn't know it.
fn reason(app: &App, code: &str) -> String {
    let key = format!("quarantine-reason-{}", code.replace('_', "-"));
    app.messages.known(&key).unwrap_or_else(|| errors::of_code(app, code, code))
}

fn of_field(app: &App, world: &dyn World, edit: &QuarantinedEdit, change: &QuarantinedChange) -> String {
    let module = edit.module.as_deref().unwrap_or_default();
    let value = |value: &Scalar| match app.schema.field(module, &change.path) {
        Some(field) => field.format(value, &app.locale.values, world),
        None if *value == Scalar::Null => NOTHING.to_owned(),
        None => super::raw(value),
    };
    let label = paint(FAINT, super::field_label(app, module, &change.path));
    let mut line = format!("   {label}: {} → {}", value(&change.before), value(&change.after));
    line.push_str(&outcome(app, change));
    if edit.here && change.now != change.before {
        let now = tr!(app.messages, "quarantine-now", value = value(&change.now));
        line.push_str(&format!("  {}", paint(WARN, now)));
    }
    line
}

/// The day and the remark of an outcome, which the stage's own form leaves out and applying takes over.
fn outcome(app: &App, change: &QuarantinedChange) -> String {
    let entry = (change.path == "stage").then(|| StageEntry::from_scalar(&change.after)).flatten();
    let Some(entry) = entry else { return String::new() };
    let day = entry.actual_close_date.map(|day| app.locale.values.date(day));
    day.into_iter().chain(entry.note).map(|part| format!(" · {part}")).collect()
}

/// What became of changes that were to be applied.
pub fn applied(app: &App, answer: &QuarantineApplied) -> Vec<String> {
    let mut lines: Vec<String> = answer
        .saved
        .iter()
        .map(|saved| format!("{}  {}", super::id(&saved.short, saved.prefix), paint(STRONG, &saved.name)))
        .collect();
    let count = app.locale.integer(answer.applied.len() as u64);
    lines.push(paint(GOOD, tr!(app.messages, "quarantine-applied", count = count)));
    if !answer.already.is_empty() {
        let numbers = numbers(app, &answer.already);
        lines.push(tr!(app.messages, "quarantine-already", numbers = numbers));
    }
    for refusal in &answer.refused {
        let number = app.locale.integer(refusal.number);
        let why = errors::of_record(app, &refusal.error);
        lines.push(paint(BAD, tr!(app.messages, "quarantine-refused", number = number, why = why)));
    }
    if let Some(error) = &answer.unclosed_error {
        let why = errors::of_record(app, error);
        lines.push(paint(WARN, tr!(app.messages, "quarantine-unclosed", why = why)));
    } else if !answer.waiting.is_empty() {
        let numbers = numbers(app, &answer.waiting);
        lines.push(paint(WARN, tr!(app.messages, "quarantine-waiting", numbers = numbers)));
    }
    if answer.more {
        lines.push(paint(WARN, tr!(app.messages, "quarantine-more")));
    }
    lines
}

/// Numbers one after the other.
pub fn numbers(app: &App, numbers: &[u64]) -> String {
    let shown: Vec<String> = numbers.iter().map(|number| app.locale.integer(*number)).collect();
    shown.join(&app.messages.text("list-comma", &[]))
}
