//! How the change log, the list of commands and the trash read.

use forsat_client::{
    Authorship, ChangeLog, CommandView, Engine, LeftAlone, LeftReason, LogEntry, LogField, TrashedRecord,
    Undone,
};
use forsat_domain::{Scalar, World};

use crate::app::App;
use crate::error::CliError;
use crate::i18n::tr;
use crate::output::{FAINT, GOOD, STRONG, WARN, paint};
use crate::table::{Align, table};

/// Hex digits of a device's actor that are shown.
const DEVICE_DIGITS: usize = 6;
/// Letters of a value that one line shows.
const VALUE_LETTERS_MAX: usize = 160;

/// The lines of a change log; that of a record doesn't name it again and again.
pub fn log_lines(
    app: &App,
    engine: &Engine,
    log: &ChangeLog,
    is_record: bool,
) -> Result<Vec<String>, CliError> {
    let of_all = |world: &dyn World| {
        log.entries.iter().flat_map(|entry| entry_lines(app, world, entry, is_record)).collect()
    };
    Ok(engine.with_world(of_all)?)
}

fn entry_lines(app: &App, world: &dyn World, entry: &LogEntry, is_record: bool) -> Vec<String> {
    let named = entry.author.clone().unwrap_or_else(|| tr!(app.messages, "unknown-author"));
    let named = match &entry.original_author {
        Some(original) => {
            tr!(app.messages, "log-made-again", who = named, original = original.as_str())
        }
        None => named,
    };
    let who = match vouched(app, entry.authorship) {
        Some(word) => format!("{named} ({word})"),
        None => named,
    };
    let device = entry.actor.get(..DEVICE_DIGITS).unwrap_or(&entry.actor);
    let mut head = vec![app.locale.moment(entry.time_ms), who, paint(FAINT, device)];
    if !is_record {
        head.push(format!("{}  {}", super::id(&entry.short, entry.prefix), paint(STRONG, &entry.name)));
        head.push(paint(FAINT, super::module_label(app, &entry.module)));
    }
    if entry.created {
        head.push(tr!(app.messages, "log-created"));
    }
    if entry.unsent {
        head.push(paint(WARN, tr!(app.messages, "history-unsent")));
    }
    let mut lines = vec![head.join("  ")];
    // In a log of many records, what a new one began with is on its own page.
    if is_record || !entry.created {
        lines.extend(entry.changes.iter().map(|field| field_line(app, world, entry, field)));
    }
    lines
}

/// Whether the relay vouches for an author; nothing of what is one's own, which isn't in question.
pub fn vouched(app: &App, authorship: Authorship) -> Option<String> {
    match authorship {
        Authorship::Verified => Some(paint(FAINT, tr!(app.messages, "author-verified"))),
        Authorship::Unverified => Some(paint(WARN, tr!(app.messages, "author-unverified"))),
        Authorship::Own => None,
    }
}

fn field_line(app: &App, world: &dyn World, entry: &LogEntry, field: &LogField) -> String {
    if let Some(line) = super::settings::forced_line(app, world, &field.path, &field.new) {
        return line;
    }
    let label = super::settings::check_label(app, world, &field.path)
        .unwrap_or_else(|| super::field_label(app, &entry.module, &field.path));
    let label = match (&field.entry, label.split_once(": ")) {
        (Some(name), Some((map, part))) => format!("{map} «{name}»: {part}"),
        (Some(name), None) => format!("{label} «{name}»"),
        (None, _) => label,
    };
    let (before, after) =
        (value(app, world, entry, field, &field.old), value(app, world, entry, field, &field.new));
    format!("  {label}: {} → {after}", paint(FAINT, before))
}

fn value(app: &App, world: &dyn World, entry: &LogEntry, field: &LogField, value: &Scalar) -> String {
    let text = match app.schema.field(&entry.module, &field.path) {
        Some(known) => known.format(value, &app.locale.values, world),
        None => super::raw(value),
    };
    clipped(&text.replace('\n', " ⏎ "))
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(VALUE_LETTERS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The last commands as a table.
pub fn commands(app: &App, commands: &[CommandView]) -> String {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        ("#".to_owned(), Align::End),
        (text("commands-time"), Align::Start),
        (text("commands-command"), Align::Start),
        (text("commands-records"), Align::Start),
        (String::new(), Align::Start),
    ];
    let rows = commands.iter().map(|command| {
        let state = match (command.undone, command.undoable) {
            (true, _) => paint(FAINT, text("commands-undone")),
            (false, false) => paint(FAINT, text("commands-fixed")),
            (false, true) => String::new(),
        };
        vec![
            command.number.to_string(),
            app.locale.moment(command.at_ms),
            command.command.clone(),
            names(app, command),
            state,
        ]
    });
    table(&headings, rows.collect(), app.out.width())
}

fn names(app: &App, command: &CommandView) -> String {
    let names = command.names.join(app.messages.text("list-comma", &[]).as_str());
    match command.records.saturating_sub(command.names.len()) {
        0 => names,
        // The command says what it was, where the one record has no name, as settings haven't.
        1 if names.is_empty() => names,
        more => tr!(app.messages, "commands-more", names = names, more = app.locale.integer(more as u64)),
    }
}

/// What undo left alone, each with its reason and the command that goes on from there.
pub fn skipped(app: &App, engine: &Engine, undone: &Undone) -> Result<Vec<String>, CliError> {
    Ok(engine.with_world(|world| undone.skipped.iter().map(|left| left_line(app, world, left)).collect())?)
}

fn left_line(app: &App, world: &dyn World, left: &LeftAlone) -> String {
    let say = |key: &str, more: &[(&str, String)]| {
        let whole = left.field == "lifecycle";
        let label = super::field_label(app, &left.module, &left.field);
        let what = if whole { super::module_label(app, &left.module) } else { label };
        let id = super::id(&left.short, left.prefix);
        let mut arguments =
            vec![("id", id.into()), ("name", left.name.clone().into()), ("what", what.into())];
        arguments.extend(more.iter().map(|(name, value)| (*name, value.clone().into())));
        app.messages.text(key, &arguments)
    };
    let words = |value: &Scalar| {
        let field = app.schema.field(&left.module, &left.field);
        let text =
            field.map_or_else(|| super::raw(value), |field| field.format(value, &app.locale.values, world));
        clipped(&text.replace('\n', " ⏎ "))
    };
    let line = match left.why {
        LeftReason::WrittenSince => say("undo-left-written", &[("now", words(&left.now))]),
        LeftReason::LaterCommand => say("undo-left-later", &[]),
        LeftReason::ConflictEnded => {
            let comma = app.messages.text("list-comma", &[]);
            let sides: Vec<String> = left.sides.iter().map(words).collect();
            say("undo-left-conflict", &[("sides", sides.join(&comma))])
        }
        LeftReason::EditedSince => say("undo-left-edited", &[]),
        LeftReason::HasDeals => say("undo-left-deals", &[]),
        LeftReason::Trashed => say("undo-left-trashed", &[]),
        LeftReason::Gone => say("undo-left-gone", &[]),
        LeftReason::Refused => say("undo-left-refused", &[]),
    };
    match &left.command {
        Some(command) => format!("{line} {}", paint(GOOD, format!("→ {command}"))),
        None => line,
    }
}

/// What is in the trash, as a table.
pub fn trash(app: &App, records: &[TrashedRecord]) -> String {
    let text = |key: &str| app.messages.text(key, &[]);
    let headings = [
        ("id".to_owned(), Align::Start),
        (text("trash-module"), Align::Start),
        (text("trash-name"), Align::Start),
        (text("trash-time"), Align::Start),
        (text("trash-by"), Align::Start),
    ];
    let rows = records.iter().map(|record| {
        vec![
            super::id(&record.short, record.prefix),
            super::module_label(app, &record.module),
            record.name.clone(),
            app.locale.moment(record.at_ms),
            record.by.clone().unwrap_or_else(|| tr!(app.messages, "unknown-author")),
        ]
    });
    table(&headings, rows.collect(), app.out.width())
}
