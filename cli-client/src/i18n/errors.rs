//! Errors in the reader's language: the libraries say what happened as data, and here each of it gets its words.
//!
//! One exhaustive match a type, so that a new variant without a text doesn't compile. The English of programs
//! (`--json`) stays the libraries' own.

use std::fmt::Display;

use fluent_bundle::FluentValue;
use forsat_client::ClientError;
use forsat_domain::schema::{FieldDef, ModuleDef, Schema};

use super::Messages;
use crate::app::App;
use crate::error::CliError;
use crate::render::Locale;

mod client;
mod input;
mod refusal;
mod settings;
mod value;

pub use input::input;

/// What putting an error into words takes.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    messages: &'a Messages,
    schema: &'a Schema,
    locale: &'a Locale,
    /// The module that the command is about, for the labels of its fields.
    module: Option<&'a str>,
}

impl<'a> Words<'a> {
    /// The words of this run.
    pub fn of(app: &'a App) -> Self {
        let module = app.module.as_deref();
        Self { messages: &app.messages, schema: &app.schema, locale: &app.locale, module }
    }

    /// The same words for the fields of another module.
    fn about(self, module: &'a str) -> Self {
        Self { module: Some(module), ..self }
    }

    /// The message of a key; digits are in the reader's script where an argument is a number.
    fn say(&self, key: &str, arguments: &[(&str, String)]) -> String {
        let arguments: Vec<(&str, FluentValue<'_>)> =
            arguments.iter().map(|(name, value)| (*name, FluentValue::from(value.as_str()))).collect();
        self.messages.text(key, &arguments)
    }

    fn number(&self, number: impl Display) -> String {
        self.locale.digits(&number.to_string())
    }

    /// The module's label, or its name where the schema doesn't have it.
    fn module(&self, name: &str) -> String {
        let label = |module: &ModuleDef| module.label.get(self.locale.language()).to_owned();
        match self.schema.module(name) {
            Some(module) => label(module),
            None if name == "record" => self.say("record-word", &[]),
            None => name.to_owned(),
        }
    }

    /// The field's label with the name to type, where the two differ.
    fn field(&self, name: &str) -> String {
        let Some(field) = self.definition(name) else { return name.to_owned() };
        let label = field.label.get(self.locale.language());
        if label.to_lowercase().replace(' ', "_") == name {
            label.to_owned()
        } else {
            format!("{label} ({name})")
        }
    }

    /// A field of the command's module, of a line of it, or of any module that has one of this name.
    fn definition(&self, name: &str) -> Option<&'a FieldDef> {
        let within = |module: &'a ModuleDef| {
            let entry = || module.fields.iter().find_map(|field| field.entry_field(name));
            module.field(name).or_else(entry)
        };
        let own = self.module.and_then(|module| self.schema.module(module)).and_then(within);
        own.or_else(|| self.schema.modules().iter().find_map(within))
    }

    /// Labels of several fields, one after the other.
    fn fields(&self, names: &[String]) -> String {
        let labels: Vec<String> = names.iter().map(|name| self.field(name)).collect();
        labels.join(&self.say("list-comma", &[]))
    }
}

/// An error in the reader's language: what happened and what to do next.
pub fn describe(app: &App, error: &CliError) -> String {
    let words = Words::of(app);
    match error {
        CliError::Client(ClientError::Filter { text, saved, error }) => {
            crate::render::filter::refusal(app, text, saved.as_deref(), error)
        }
        CliError::Client(error) => client::client(&words, error),
        CliError::Usage(message) | CliError::Demo(message) => message.clone(),
        CliError::Io { what, source } => format!("{what}: {source}"),
        CliError::Interrupted => words.say("interrupted", &[]),
    }
}

#[cfg(test)]
mod tests;
