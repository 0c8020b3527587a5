//! Questions in a terminal: lines of text, choices by arrow keys, names with type-ahead.

use forsat_client::{ClientError, Engine};
use inquire::autocompletion::{Autocomplete, Replacement};
use inquire::ui::RenderConfig;
use inquire::{CustomUserError, InquireError, Password, PasswordDisplayMode, Select, Text};

use crate::app::App;
use crate::clean;
use crate::error::{CliError, Place};
use crate::i18n::tr;
use crate::output::Color;

mod keys;

pub use keys::Keys;

/// Names that are offered while a person types.
const SUGGESTIONS_MAX: usize = 8;

/// Choices that are shown at once.
const CHOICES_SHOWN: usize = 10;

/// A line to ask for.
#[derive(Debug, Default)]
pub struct Line<'a> {
    /// What is asked.
    pub label: &'a str,
    /// What stands in the line already.
    pub typed: &'a str,
    /// What an empty answer means.
    pub default: Option<&'a str>,
    /// How it can be written.
    pub help: &'a str,
    /// Modules whose names are offered.
    pub names_of: Vec<String>,
}

/// Asks for a line of text; none where the person skips it with Esc.
pub fn line(app: &App, engine: &Engine, asked: &Line<'_>) -> Result<Option<String>, CliError> {
    let label = clean::value(asked.label);
    let mut text = Text::new(&label).with_render_config(look(app));
    text = text.with_page_size(SUGGESTIONS_MAX);
    if !asked.typed.is_empty() {
        text = text.with_initial_value(asked.typed);
    }
    if let Some(default) = asked.default.filter(|default| !default.is_empty()) {
        text = text.with_default(default);
    }
    if !asked.help.is_empty() {
        text = text.with_help_message(asked.help);
    }
    if !asked.names_of.is_empty() {
        text = text.with_autocomplete(Names { engine: engine.clone(), modules: asked.names_of.clone() });
    }
    text.prompt_skippable().map_err(failed)
}

/// Asks for one of several; answers its place, or none where the person skips it with Esc.
pub fn choice(app: &App, label: &str, options: Vec<String>, start: usize) -> Result<Option<usize>, CliError> {
    let help = tr!(app.messages, "ask-choice-help");
    let scorer = |typed: &str, _: &String, option: &str, _: usize| {
        let holds = forsat_domain::text::fold(option).contains(&forsat_domain::text::fold(typed));
        holds.then_some(0)
    };
    let options: Vec<String> = options.iter().map(|option| clean::value(option).into_owned()).collect();
    let label = clean::value(label);
    let select = Select::new(&label, options)
        .with_render_config(look(app))
        .with_help_message(&help)
        .with_page_size(CHOICES_SHOWN)
        .with_scorer(&scorer)
        // Options keep their order: stages and reasons have one.
        .with_sorter(&|options| options.sort_by_key(|(place, _)| *place))
        .with_starting_cursor(start);
    Ok(select.raw_prompt_skippable().map_err(failed)?.map(|chosen| chosen.index))
}

/// Asks for a secret, which isn't shown while it is typed.
pub fn secret(app: &App, label: &str) -> Result<String, CliError> {
    let secret = Password::new(label)
        .with_render_config(look(app))
        .with_display_mode(PasswordDisplayMode::Hidden)
        .without_confirmation();
    secret.prompt().map_err(failed)
}

fn look(app: &App) -> RenderConfig<'static> {
    let coloured = match app.global.color {
        Color::Never => false,
        Color::Always => true,
        Color::Auto => anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never,
    };
    if coloured { RenderConfig::default_colored() } else { RenderConfig::empty() }
}

fn failed(error: InquireError) -> CliError {
    match error {
        InquireError::OperationCanceled | InquireError::OperationInterrupted => CliError::Interrupted,
        InquireError::IO(source) => CliError::Io { what: Place::Terminal, source },
        other => CliError::Io { what: Place::Terminal, source: std::io::Error::other(other.to_string()) },
    }
}

/// Names of records, offered while a person types.
#[derive(Clone)]
struct Names {
    engine: Engine,
    modules: Vec<String>,
}

impl Autocomplete for Names {
    fn get_suggestions(&mut self, input: &str) -> Result<Vec<String>, CustomUserError> {
        let found: Result<_, ClientError> = self.engine.suggest(&self.modules, input, SUGGESTIONS_MAX);
        Ok(found?.into_iter().map(|suggestion| clean::value(&suggestion.name).into_owned()).collect())
    }

    fn get_completion(
        &mut self,
        _: &str,
        highlighted: Option<String>,
    ) -> Result<Replacement, CustomUserError> {
        Ok(highlighted)
    }
}
