//! One file a command or family of commands; this one finds the right one.

use std::io::{self, BufRead as _, Write as _};

use forsat_client::{ClientError, Question};

use crate::app::App;
use crate::args::{Fixed, PipelineCommand};
use crate::clean;
use crate::error::{CliError, Place};
use crate::i18n::tr;

mod access;
pub mod add;
pub mod close;
mod complete;
pub mod drafts;
pub mod duplicates;
mod export;
pub mod import;
mod inspect;
mod issues;
mod key;
mod lead;
mod list;
mod log;
mod mass;
mod moves;
mod past;
mod quarantine;
pub mod record;
mod refused;
mod report;
pub mod settings;
mod store;
pub mod sync;
pub mod today;
mod verify;

/// Runs a command that isn't a module's.
pub fn run(app: &mut App, command: Fixed) -> Result<(), CliError> {
    match command {
        Fixed::Init { user, email, currency } => store::init(app, user, email, currency),
        Fixed::Join(arguments) => sync::join(app, &arguments),
        Fixed::Status => store::status(app),
        Fixed::Sync { watch: false, ca, passphrase_fd } => sync::once(app, ca, passphrase_fd),
        Fixed::Sync { watch: true, ca, passphrase_fd } => sync::watch(app, ca, passphrase_fd),
        Fixed::Admin(arguments) => access::run(app, arguments),
        Fixed::Key(command) => key::run(app, command),
        Fixed::Verify { repair } => verify::run(app, repair),
        Fixed::Issues { record, code, all, info } => {
            issues::list(app, &issues::Asked { record, code, all, info })
        }
        Fixed::Refused { what } => refused::run(app, what),
        Fixed::Quarantine(arguments) => quarantine::run(app, arguments),
        Fixed::Resolve(arguments) => issues::resolve(app, &arguments),
        Fixed::Undo(arguments) => past::undo(app, &arguments),
        Fixed::History(arguments) => past::history(app, &arguments),
        Fixed::Trash { command } => past::trash(app, &command),
        Fixed::Move(arguments) => moves::run(app, &arguments),
        Fixed::Pipeline { by: None, what: None } => report::pipeline(app),
        Fixed::Pipeline { by: Some(by), .. } => report::breakdown(app, by),
        Fixed::Pipeline { what: Some(PipelineCommand::Stuck), .. } => report::stuck(app),
        Fixed::Forecast { since } => report::forecast(app, since.as_deref()),
        Fixed::Log(arguments) => log::log(app, &arguments),
        Fixed::Find { text } => report::find(app, &text),
        Fixed::Inspect(arguments) => inspect::inspect(app, &arguments),
        Fixed::Import(arguments) => import::run(app, &arguments),
        Fixed::Drafts { what } => drafts::run(app, what),
        Fixed::Completions { shell } => complete::run(app, shell),
        Fixed::Docs => complete::docs(app),
        Fixed::Export(arguments) => export::run(app, &arguments),
        Fixed::Demo { dir } => crate::demo::run(app, dir),
    }
}

/// Asks on the terminal; elsewhere `--yes` is needed, so that no program waits for an answer that never comes.
pub fn confirm(app: &App, question: &str) -> Result<(), CliError> {
    let refused = || ClientError::NeedsConfirmation(Question::Asked(question.to_owned()));
    if !app.out.is_interactive() {
        return Err(refused().into());
    }
    let prompt = format!("{} {} ", clean::lines(question), tr!(app.messages, "confirm-prompt"));
    let mut answer = String::new();
    let asked =
        write!(anstream::stderr(), "{prompt}").and_then(|()| io::stdin().lock().read_line(&mut answer));
    asked.map_err(|source| CliError::Io { what: Place::Terminal, source })?;
    let said_yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "ب" | "بله" | "آری");
    if said_yes { Ok(()) } else { Err(refused().into()) }
}
