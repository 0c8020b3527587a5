//! `history`, `undo` and `trash`: what was done, and taking it back.

use forsat_client::LogQuery;

use crate::app::App;
use crate::args::past::{HistoryArgs, TrashCommand, UndoArgs};
use crate::error::CliError;
use crate::i18n::tr;
use crate::render;

/// Records of one undo that are named one by one; more are counted.
const SAVED_SHOWN_MAX: usize = 10;

/// Shows the changes of a record, or of the workspace, newest first.
pub fn history(app: &mut App, arguments: &HistoryArgs) -> Result<(), CliError> {
    history_of(app, "record", arguments)
}

/// Shows the changes of a record of a module; "record" means any module.
pub fn history_of(app: &mut App, module: &str, arguments: &HistoryArgs) -> Result<(), CliError> {
    let engine = app.engine()?;
    let query = LogQuery {
        field: arguments.field.clone(),
        since: arguments.since.clone(),
        by: arguments.by.clone(),
        limit: arguments.limit,
        skip: arguments.skip,
    };
    let log = match &arguments.record {
        Some(record) => engine.record_log(module, record, &query)?,
        None => engine.change_log(&query)?,
    };
    if app.out.is_json() {
        app.out.json(&log);
        return Ok(());
    }
    for line in render::past::log_lines(app, &engine, &log, arguments.record.is_some())? {
        app.out.data(line);
    }
    if log.cut {
        app.out.note(tr!(app.messages, "log-cut"));
    } else if log.more {
        let next = arguments.skip + log.entries.len();
        app.out.note(tr!(
            app.messages,
            "log-more",
            shown = app.locale.integer(log.entries.len() as u64),
            next = next
        ));
    } else if log.entries.is_empty() {
        app.out.note(tr!(app.messages, "log-empty"));
    }
    Ok(())
}

/// Takes back a command, or lists those that can be.
pub fn undo(app: &mut App, arguments: &UndoArgs) -> Result<(), CliError> {
    let engine = app.engine()?;
    if arguments.list {
        let commands = engine.commands(arguments.limit)?;
        if app.out.is_json() {
            app.out.json(&commands);
            return Ok(());
        }
        if commands.is_empty() {
            app.out.note(tr!(app.messages, "commands-none"));
        } else {
            let table = render::past::commands(app, &commands);
            app.out.data(table);
        }
        return Ok(());
    }
    let undone = match arguments.number {
        Some(number) => engine.undo_command(number)?,
        None => engine.undo()?,
    };
    if app.out.is_json() {
        app.out.json(&undone);
        return Ok(());
    }
    let command = undone.command.as_str();
    app.out.note(if undone.taken_back.is_empty() && !undone.skipped.is_empty() {
        tr!(app.messages, "undone-nothing", command = command)
    } else {
        tr!(app.messages, "undone", command = command)
    });
    for line in render::past::skipped(app, &engine, &undone)? {
        app.out.note(line);
    }
    if undone.saved.len() > SAVED_SHOWN_MAX {
        let count = app.locale.integer(undone.saved.len() as u64);
        app.out.note(tr!(app.messages, "undone-many", count = count));
        return Ok(());
    }
    undone.saved.into_iter().try_for_each(|answer| super::record::saved(app, answer))
}

/// Shows the trash, or takes records out of it.
pub fn trash(app: &mut App, command: &TrashCommand) -> Result<(), CliError> {
    let engine = app.engine()?;
    match command {
        TrashCommand::List { module } => {
            let found = engine.trash(module.as_deref())?;
            if app.out.is_json() {
                app.out.json(&found);
                return Ok(());
            }
            if !found.is_empty() {
                let table = render::past::trash(app, &found);
                app.out.data(table);
            }
            app.out.note(tr!(app.messages, "trash-count", count = app.locale.integer(found.len() as u64)));
            Ok(())
        }
        TrashCommand::Restore { records } => {
            let records: Vec<&str> = records.iter().map(String::as_str).collect();
            let answers = engine.restore_many("record", &records)?;
            super::record::saved_all(app, answers)
        }
    }
}
