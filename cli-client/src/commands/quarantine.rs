//! `quarantine`: what waits at the relay for a manager to decide.

use forsat_client::{ConnectOptions, Engine, QuarantineChoice, QuarantineList};

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
    if let Some(QuarantineCommand::Drop(WhichChanges { numbers, all: false })) = &command
        && !app.global.yes
    {
        let numbers = render::numbers(app, numbers);
        super::confirm(app, &tr!(app.messages, "quarantine-confirm", numbers = numbers))?;
    }
    super::key::unlock(app, &engine, passphrase_fd)?;
    let options = ConnectOptions { ca_file: ca };
    match command {
        None | Some(QuarantineCommand::List) => list(app, &engine, &options),
        Some(QuarantineCommand::Apply(which)) => {
            let choice = chosen(app, &engine, &options, which, "quarantine-confirm-apply-all")?;
            apply(app, &engine, &options, &choice)
        }
        Some(QuarantineCommand::Drop(which)) => {
            let choice = chosen(app, &engine, &options, which, "quarantine-confirm-all")?;
            drop_some(app, &engine, &options, &choice)
        }
    }
}

/// The changes that a command is for: those named, or all that are listed, which the person sees first.
///
/// What comes to the relay after the list was made isn't among them.
fn chosen(
    app: &mut App,
    engine: &Engine,
    options: &ConnectOptions,
    which: WhichChanges,
    question: &str,
) -> Result<QuarantineChoice, CliError> {
    if !which.all {
        return Ok(QuarantineChoice::Numbers(which.numbers));
    }
    let listed = block_on(engine.quarantine(options))??;
    if !app.global.yes && !listed.edits.is_empty() {
        if !app.out.is_json() {
            show(app, engine, &listed)?;
        }
        let count = app.locale.integer(listed.edits.len() as u64);
        super::confirm(app, &app.messages.text(question, &[("count", count.into())]))?;
    }
    Ok(QuarantineChoice::Shown(listed.edits.iter().map(|edit| edit.number).collect()))
}

fn list(app: &mut App, engine: &Engine, options: &ConnectOptions) -> Result<(), CliError> {
    let listed = block_on(engine.quarantine(options))??;
    if app.out.is_json() {
        app.out.json(&listed);
        return Ok(());
    }
    show(app, engine, &listed)?;
    let note = if listed.edits.is_empty() { "quarantine-none" } else { "quarantine-how" };
    app.out.note(app.messages.text(note, &[]));
    Ok(())
}

fn show(app: &mut App, engine: &Engine, listed: &QuarantineList) -> Result<(), CliError> {
    for line in render::lines(app, engine, &listed.edits)? {
        app.out.data(line);
    }
    if listed.more {
        app.out.note(paint(WARN, tr!(app.messages, "quarantine-more")));
    }
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
