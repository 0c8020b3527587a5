//! The program's frame: arguments in, a command run, an exit code out.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, FromArgMatches as _, ValueEnum as _};
use etcetera::BaseStrategy as _;
use forsat_client::{Ambient, Engine, SystemAmbient};
use forsat_domain::schema::{Language as LabelLanguage, SETTINGS, Schema};

use crate::args::{self, Fixed, Global};
use crate::commands;
use crate::error::{CliError, Exit};
use crate::help;
use crate::i18n::{Language, Messages, errors};
use crate::keyring;
use crate::output::{BAD, Output, paint};
use crate::render::Locale;
use crate::usage;

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
    /// The module that the command is about, for the words of its errors.
    pub module: Option<String>,
    /// The clock and the randomness.
    pub ambient: Arc<dyn Ambient>,
    /// The store, where it was opened to learn of the workspace's own fields.
    opened: Option<Engine>,
}

impl App {
    fn new(global: Global, schema: Schema, opened: Option<Engine>) -> Self {
        let language = global.lang.unwrap_or_else(system_language);
        Self {
            out: Output::new(global.json, global.quiet, global.color, global.bidi),
            messages: Messages::new(language),
            locale: Locale::of(language),
            ambient: Arc::new(SystemAmbient::new()),
            module: None,
            schema,
            opened,
            global,
        }
    }

    /// The folder of the store.
    pub fn store_dir(&self) -> Result<PathBuf, CliError> {
        store_dir(self.global.store.as_deref())
    }

    /// Closes the store that was opened to learn of the workspace's own fields, when it is to be looked at from outside;
    /// what the person prefers is taken from it where it can be read.
    pub fn close(&mut self) {
        if let Some(engine) = self.opened.take() {
            // A damaged store is no reason to say nothing: the system's language does.
            let _ = self.adopt_settings(&engine);
        }
    }

    /// Opens the store.
    pub fn engine(&mut self) -> Result<Engine, CliError> {
        let mut engine = match self.opened.take() {
            Some(engine) => engine,
            None => Engine::open_with(&self.store_dir()?, Arc::clone(&self.ambient))?,
        };
        self.adopt_settings(&engine)?;
        engine.set_locale(self.locale.values);
        if let Some(keyring) = keyring::of_the_system(self.out.is_interactive()) {
            engine.set_keyring(keyring);
        }
        Ok(engine)
    }

    /// Speaks and counts as the person prefers and the organisation is used to, in its time zone.
    pub fn adopt_settings(&mut self, engine: &Engine) -> Result<(), CliError> {
        let (settings, mine) = (engine.settings()?, engine.preferences()?);
        let system = self.messages.language();
        self.locale = Locale::preferring(self.global.lang, system, &mine, &settings);
        let language = language_of(&self.locale);
        if language != system {
            self.messages = Messages::new(language);
        }
        Ok(())
    }
}

/// The folder of the store: the one named, or the usual one.
fn store_dir(named: Option<&Path>) -> Result<PathBuf, CliError> {
    if let Some(dir) = named {
        return Ok(dir.to_owned());
    }
    let strategy = etcetera::choose_base_strategy().map_err(|error| CliError::NoHome(error.to_string()))?;
    Ok(strategy.data_dir().join("forsat"))
}

/// Reads the options that every command takes, before the arguments are read whole.
fn read_early(arguments: &[OsString]) -> Option<ArgMatches> {
    let global = Command::new("forsat")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .ignore_errors(true)
        .arg(Arg::new("rest").num_args(0..).action(ArgAction::Append));
    Global::augment_args(global).try_get_matches_from(arguments).ok()
}

/// Opens the store that the arguments mean, to learn of the workspace's own fields before the arguments are read
/// whole. What can't be opened here is no error yet: help needs no store, and a command that does says why.
fn open_early(matches: &ArgMatches) -> Option<Engine> {
    let words: Vec<&String> = matches.get_many("rest").into_iter().flatten().collect();
    if matches!(words.first().map(|word| word.as_str()), None | Some("init" | "join" | "demo" | "help")) {
        return None;
    }
    let dir = store_dir(matches.get_one::<PathBuf>("store").map(PathBuf::as_path)).ok()?;
    Engine::open(&dir).ok()
}

/// Runs the program with its arguments and answers with its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let early = read_early(&arguments);
    let opened = early.as_ref().and_then(open_early);
    let schema = opened.as_ref().map_or_else(Schema::builtin, |engine| engine.schema().clone());
    let matches = match args::command(&schema).try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let language = help_language(&arguments, early.as_ref(), opened.as_ref());
            let error = in_language(language, error, &schema, &arguments);
            answer(language, &error);
            return exit_code(if error.use_stderr() { Exit::Usage } else { Exit::Done });
        }
    };
    let global = Global::from_arg_matches(&matches).expect("the tree has the global options");
    let mut app = App::new(global, schema, opened);
    let outcome = dispatch(&mut app, &matches);
    finish(&mut app, outcome)
}

/// Prints a help text, or what is wrong with the line.
fn answer(language: Language, error: &clap::Error) {
    match language {
        // A help text that can't be printed has no reader.
        Language::En => drop(error.print()),
        Language::Fa if is_help(error) => {
            anstream::print!("{}", usage::marked(&error.render().ansi().to_string()))
        }
        Language::Fa if error.kind() == ErrorKind::DisplayVersion => drop(error.print()),
        Language::Fa => anstream::eprint!("{}", usage::told(error)),
    }
}

fn is_help(error: &clap::Error) -> bool {
    matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
}

/// Makes a help text anew from the tree in the reader's language.
fn in_language(
    language: Language,
    error: clap::Error,
    schema: &Schema,
    arguments: &[OsString],
) -> clap::Error {
    if !is_help(&error) || language != Language::Fa {
        return error;
    }
    let persian = help::in_persian(args::command(schema), schema);
    persian.try_get_matches_from(arguments).err().unwrap_or(error)
}

/// The language of a help text: as an option or the environment says, as the person prefers, as the system speaks.
fn help_language(arguments: &[OsString], early: Option<&ArgMatches>, opened: Option<&Engine>) -> Language {
    // What stands behind `--help` is not read any more.
    let texts: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let behind = texts.windows(2).find(|pair| pair[0] == "--lang").map(|pair| pair[1]);
    let typed = behind.or_else(|| texts.iter().find_map(|text| text.strip_prefix("--lang=")));
    let typed = typed.and_then(|tag| Language::from_str(tag, true).ok());
    let named = typed.or_else(|| early?.get_one::<Language>("lang").copied());
    let system = system_language();
    let preferred = opened.and_then(|engine| {
        let (settings, mine) = (engine.settings().ok()?, engine.preferences().ok()?);
        Some(language_of(&Locale::preferring(named, system, &mine, &settings)))
    });
    preferred.or(named).unwrap_or(system)
}

fn language_of(locale: &Locale) -> Language {
    match locale.language() {
        LabelLanguage::English => Language::En,
        LabelLanguage::Persian => Language::Fa,
    }
}

fn dispatch(app: &mut App, matches: &ArgMatches) -> Result<(), CliError> {
    let Some((name, sub)) = matches.subcommand() else { return commands::today::run(app) };
    if name == "me" {
        return commands::settings::me(app, sub);
    }
    if let Some(module) = app.schema.module(name).cloned() {
        if module.name == SETTINGS {
            return commands::settings::run(app, &module, sub);
        }
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
            if matches!(error, CliError::Unsound(_)) && app.out.is_json() {
                // The report says it all.
            } else if app.out.is_json() {
                app.out.json(&error.to_json());
            } else {
                let why = errors::describe(app, &error);
                let line = format!("{} {why}", paint(BAD, app.messages.text("error", &[])));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    /// What clap answers to a line, in a language.
    fn answered(line: &str, language: Language) -> clap::Error {
        let (schema, arguments) = (Schema::builtin(), arguments(line));
        let error = args::command(&schema).try_get_matches_from(&arguments).expect_err("it doesn't run");
        in_language(language, error, &schema, &arguments)
    }

    #[test]
    fn the_language_of_help_is_known_wherever_it_stands() {
        for line in ["forsat --lang fa opp --help", "forsat opp --help --lang fa", "forsat -h --lang=fa"] {
            let arguments = arguments(line);
            let early = read_early(&arguments);
            assert_eq!(help_language(&arguments, early.as_ref(), None), Language::Fa, "{line}");
        }
    }

    #[test]
    fn help_is_told_in_the_readers_language_and_is_no_error() {
        for line in ["forsat --help", "forsat opp add -h", "forsat help opp line edit", "forsat opp"] {
            let (english, persian) = (answered(line, Language::En), answered(line, Language::Fa));
            assert_eq!(
                (english.kind(), english.exit_code()),
                (persian.kind(), persian.exit_code()),
                "{line}"
            );
            assert!(english.to_string().contains("Usage:"), "{english}");
            assert!(persian.to_string().contains("کاربرد:") && !persian.to_string().contains("Usage:"));
        }
    }
}
