//! `quarantine`: what waits at the relay for a manager to decide.

use forsat_client::{ConnectOptions, Engine, QuarantineChoice};

use super::sync::block_on;
use crate::app::App;
use crate::args::quarantine::{QuarantineArgs, QuarantineCommand, WhichChanges};
use crate::error::CliError;
use crate::i18n::tr;
use crate::output::{GOOD, WARN, paint};
use crate::render::quarantine as render;

/// Runs `forsat quarantine …`.
pub fn run(app: &mut App, arguments: QuarantineArgs) -> Result<(), CliError> {
    let QuarantineArgs { ca, passphrase_fd, command } = arguments;
    let engine = app.engine()?;
    if let Some(QuarantineCommand::Drop(which)) = &command
        && !app.global.yes
    {
        super::confirm(app, &question(app, which))?;
    }
    super::key::unlock(app, &engine, passphrase_fd)?;
    let options = ConnectOptions { ca_file: ca };
    match command {
        None | Some(QuarantineCommand::List) => list(app, &engine, &options),
        Some(QuarantineCommand::Apply(which)) => apply(app, &engine, &options, &choice(which)),
        Some(QuarantineCommand::Drop(which)) => drop_some(app, &engine, &options, &choice(which)),
    }
}

fn choice(which: WhichChanges) -> QuarantineChoice {
    if which.all { QuarantineChoice::All } else { QuarantineChoice::Numbers(which.numbers) }
}

fn question(app: &App, which: &WhichChanges) -> String {
    match which.numbers.as_slice() {
        [] => tr!(app.messages, "quarantine-confirm-all"),
        numbers => tr!(app.messages, "quarantine-confirm", numbers = render::numbers(app, numbers)),
    }
}

fn list(app: &mut App, engine: &Engine, options: &ConnectOptions) -> Result<(), CliError> {
    let listed = block_on(engine.quarantine(options))??;
    if app.out.is_json() {
        app.out.json(&listed);
        return Ok(());
    }
    for line in render::lines(app, engine, &listed.edits)? {
        app.out.data(line);
    }
    if listed.more {
        app.out.note(paint(WARN, tr!(app.messages, "quarantine-more")));
    }
    let note = if listed.edits.is_empty() { "quarantine-none" } else { "quarantine-how" };
    app.out.note(app.messages.text(note, &[]));
    Ok(())
}

fn apply(
    app: &mut App,
    engine: &Engine,
    options: &ConnectOptions,
    choice: &QuarantineChoice,
) -> Result<(), CliError> {
    let applied = block_on(engine.apply_quarantined(options, choice))??;
    if app.out.is_json() {
        app.out.json(&applied);
        return Ok(());
    }
    for line in render::applied(app, &applied) {
        app.out.note(line);
    }
    Ok(())
}

fn drop_some(
    app: &mut App,
    engine: &Engine,
    options: &ConnectOptions,
    choice: &QuarantineChoice,
) -> Result<(), CliError> {
    let dropped = block_on(engine.drop_quarantined(options, choice))??;
    if app.out.is_json() {
        app.out.json(&dropped);
        return Ok(());
    }
    let count = app.locale.integer(dropped.dropped.len() as u64);
    app.out.note(paint(GOOD, tr!(app.messages, "quarantine-dropped", count = count)));
    if dropped.more {
        app.out.note(paint(WARN, tr!(app.messages, "quarantine-more")));
    }
    Ok(())
}
