//! How an issue reads: what it is about, its sides with who and when, and the command that ends it.

use forsat_client::{Engine, IssueList, IssueView};
use forsat_domain::issue::{IssueCode, IssueSide, Resolution};
use forsat_domain::schema::display::NOTHING;
use forsat_domain::{Scalar, World};

use crate::app::App;
use crate::error::CliError;
use crate::i18n::{errors, tr};
use crate::output::{BAD, FAINT, GOOD, STRONG, WARN, paint};

/// The lines of `issues`.
pub fn list_lines(app: &App, engine: &Engine, list: &IssueList) -> Result<Vec<String>, CliError> {
    let mut lines = engine.with_world(|world| {
        list.issues.iter().flat_map(|view| with_world(app, world, view)).collect::<Vec<_>>()
    })?;
    for issue in &list.sync {
        let why = errors::of_code(app, &issue.code, &issue.message);
        lines.push(format!("{}  {why}", paint(BAD, &issue.code)));
    }
    for refused in &list.refused {
        let what =
            tr!(app.messages, "status-refused", id = refused.short.as_str(), code = refused.code.as_str());
        lines.push(paint(BAD, what));
    }
    Ok(lines)
}

/// The lines of one issue.
pub fn with_world(app: &App, world: &dyn World, view: &IssueView) -> Vec<String> {
    let mut head = format!("{}  {}", super::id(&view.short, view.prefix), paint(STRONG, &view.name));
    if let Some(amount) = view.amount {
        head.push_str(&format!("   {}", app.locale.money(amount)));
    }
    let label = view.issue.code.label();
    let colour = if view.issue.info_only { FAINT } else { WARN };
    head.push_str(&format!("   {}", paint(colour, label.get(app.locale.language()))));
    let about_itself = matches!(
        view.issue.code,
        IssueCode::DisputedOutcome
            | IssueCode::DisputedDeletion
            | IssueCode::LateEdits
            | IssueCode::MergeConflict
    );
    if !about_itself {
        head.push_str(&format!(": {}", super::field_label(app, &view.module, &view.issue.field)));
    }
    let mut lines = vec![head];
    for (number, side) in (1..).zip(&view.issue.sides) {
        lines.push(side_line(app, world, view, number, side));
    }
    if let Some(command) = command(view) {
        lines.push(paint(GOOD, format!("→ {command}")));
    }
    lines
}

/// The line that stands for many issues of one kind.
pub fn crowd_line(app: &App, code: IssueCode, count: usize) -> String {
    let label = paint(WARN, code.label().get(app.locale.language()));
    let count = app.locale.integer(u64::try_from(count).unwrap_or(u64::MAX));
    format!("{count} × {label}   {}", paint(GOOD, format!("→ forsat issues --code {}", code.as_str())))
}

/// The command that ends the issue in the usual way, with the other words that it takes.
pub fn command(view: &IssueView) -> Option<String> {
    let reference = super::typed_id(&view.short, view.prefix);
    let command = view.issue.command(reference)?;
    let words: Vec<&str> = view
        .issue
        .resolutions
        .iter()
        .skip(1)
        .filter_map(|way| if let Resolution::Word(word) = way { Some(*word) } else { None })
        .collect();
    Some(if words.is_empty() { command } else { format!("{command}|{}", words.join("|")) })
}

fn side_line(app: &App, world: &dyn World, view: &IssueView, number: usize, side: &IssueSide) -> String {
    let takes = view.issue.resolutions.iter().any(|way| matches!(way, Resolution::Take(_)));
    let sign = if takes { app.locale.digits(&number.to_string()) } else { "·".to_owned() };
    let mut parts = vec![format!("  {sign}")];
    if let Some(path) = &side.field {
        parts.push(paint(FAINT, super::field_label(app, &view.module, path)));
    }
    let value = side_value(app, world, view, side);
    if value != NOTHING || side.field.is_some() {
        parts.push(value);
    }
    if let Some(amount) = side.amount {
        parts.push(app.locale.money(amount));
    }
    if let Some(author) = side.author {
        let known = view.sides.get(number - 1).and_then(|shown| shown.author.clone());
        let unknown =
            || format!("{} {}", tr!(app.messages, "unknown-author"), forsat_domain::RecordId(author.0));
        parts.push(known.unwrap_or_else(unknown));
    }
    if let Some(date) = closing_date(app, &side.value) {
        parts.push(date);
    } else if let Some(time_ms) = side.time_ms {
        parts.push(paint(FAINT, app.locale.moment(time_ms)));
    }
    parts.join("  ")
}

fn side_value(app: &App, world: &dyn World, view: &IssueView, side: &IssueSide) -> String {
    // Sides that nobody wrote are named by a word instead of a value.
    match side.value.as_text().filter(|_| side.author.is_none()) {
        Some("booked") => return tr!(app.messages, "side-booked"),
        Some("live") => return tr!(app.messages, "side-live"),
        _ => {}
    }
    if view.issue.code == IssueCode::MergeConflict {
        return merge_target(world, &side.value);
    }
    let path = side.field.as_deref().unwrap_or(&view.issue.field);
    match app.schema.field(&view.module, path) {
        Some(field) => field.format(&side.value, &app.locale.values, world),
        None => super::raw(&side.value),
    }
}

/// The name of a record that another was merged into, or its id where it is not here.
fn merge_target(world: &dyn World, value: &Scalar) -> String {
    let id = forsat_domain::composite::reference_id(value);
    let name = id.and_then(|id| world.record(id)).map(|record| forsat_domain::schema::record_name(&record));
    name.unwrap_or_else(|| super::raw(value))
}

/// The day of the outcome, where the side is a closed stage: it says more than when somebody typed it.
fn closing_date(app: &App, value: &Scalar) -> Option<String> {
    use forsat_domain::composite::{Composite as _, StageEntry};
    let date = StageEntry::from_scalar(value)?.actual_close_date?;
    Some(app.locale.values.date(date))
}
