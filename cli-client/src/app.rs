//! The program's frame: arguments in, a command run, an exit code out.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ArgMatches, FromArgMatches as _};
use etcetera::BaseStrategy as _;
use forsat_client::{Ambient, Engine, SystemAmbient};
use forsat_domain::schema::Schema;

use crate::args::{self, Fixed, Global};
use crate::commands;
use crate::error::{CliError, Exit};
use crate::i18n::{Language, Messages};
use crate::output::{BAD, Output, paint};
use crate::render::Locale;

/// What every command has at hand.
#[derive(Debug)]
pub struct App {
    /// The options that every command takes.
    pub global: Global,
    /// The streams.
    pub out: Output,
    /// The words.
    pub messages: Messages,
    /// The schema table.
    pub schema: Schema,
    /// How values are shown.
    pub locale: Locale,
    /// The clock and the randomness.
    pub ambient: Arc<dyn Ambient>,
}

impl App {
    fn new(global: Global, schema: Schema) -> Self {
        let language = global.lang.unwrap_or_else(system_language);
        Self {
            out: Output::new(global.json, global.quiet, global.color),
            messages: Messages::new(language),
            locale: Locale::of(language),
            ambient: Arc::new(SystemAmbient::new()),
            schema,
            global,
        }
    }

    /// The folder of the store.
    pub fn store_dir(&self) -> Result<PathBuf, CliError> {
        if let Some(dir) = &self.global.store {
            return Ok(dir.clone());
        }
        let strategy = etcetera::choose_base_strategy().map_err(|error| {
            CliError::Usage(format!(
                "no home directory to keep the store in ({error}); name a folder with --store"
            ))
        })?;
        Ok(strategy.data_dir().join("forsat"))
    }

    /// Opens the store.
    pub fn engine(&mut self) -> Result<Engine, CliError> {
        let mut engine = Engine::open_with(&self.store_dir()?, Arc::clone(&self.ambient))?;
        self.adopt_settings(&engine)?;
        engine.set_locale(self.locale.values);
        Ok(engine)
    }

    /// Shows days as the organisation counts them, in its time zone and calendar.
    pub fn adopt_settings(&mut self, engine: &Engine) -> Result<(), CliError> {
        let settings = engine.settings()?;
        self.locale.zone = settings.time_zone;
        self.locale.values.calendar = settings.calendar;
        Ok(())
    }
}

/// Runs the program with its arguments and answers with its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let schema = Schema::builtin();
    let matches = match args::command(&schema).try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            // A help text that can't be printed has no reader.
            let _ = error.print();
            return exit_code(if error.use_stderr() { Exit::Usage } else { Exit::Done });
        }
    };
    let global = Global::from_arg_matches(&matches).expect("the tree has the global options");
    let mut app = App::new(global, schema);
    let outcome = dispatch(&mut app, &matches);
    finish(&mut app, outcome)
}

fn dispatch(app: &mut App, matches: &ArgMatches) -> Result<(), CliError> {
    let (name, sub) = matches.subcommand().expect("a subcommand is required");
    if let Some(module) = app.schema.module(name).cloned() {
        return commands::record::run(app, &module, sub);
    }
    let fixed = Fixed::from_arg_matches(matches).expect("what isn't a module is a fixed command");
    commands::run(app, fixed)
}

fn finish(app: &mut App, outcome: Result<(), CliError>) -> ExitCode {
    if app.out.reader_left() {
        return exit_code(Exit::Done);
    }
    match outcome {
        Ok(()) => exit_code(Exit::Done),
        Err(error) => {
            if app.out.is_json() {
                app.out.json(&error.to_json());
            } else {
                let line = format!("{} {error}", paint(BAD, app.messages.text("error", &[])));
                // Said even with --quiet: a silent failure would look like success.
                app.out.failure(line);
            }
            exit_code(error.exit())
        }
    }
}

fn exit_code(exit: Exit) -> ExitCode {
    ExitCode::from(exit as u8)
}

/// The user's own language, from the environment's locale.
#[expect(clippy::disallowed_methods, reason = "the binary's one reading of the system's locale")]
fn system_language() -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| std::env::var(name).ok());
    if locale.is_some_and(|locale| locale.starts_with("fa")) { Language::Fa } else { Language::En }
}
