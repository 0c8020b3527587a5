//! Errors in the reader's language: the libraries say what happened as data, and here each of it gets its words.
//!
//! One exhaustive match a type, so that a new variant without a text doesn't compile. The English of programs
//! (`--json`) stays the libraries' own.

use std::fmt::Display;

use fluent_bundle::FluentValue;
use forsat_client::ClientError;
use forsat_domain::schema::{FieldDef, FieldKind, ModuleDef, Schema, USER};

use super::Messages;
use crate::app::App;
use crate::error::{CliError, Place};
use crate::render::Locale;

mod argument;
mod client;
mod file;
mod input;
mod refusal;
mod refused;
mod row;
mod settings;
mod store;
mod value;

pub use input::input;
pub use row::row;

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
    pub(crate) fn about(self, module: &'a str) -> Self {
        Self { module: Some(module), ..self }
    }

    /// The message of a key; digits are in the reader's script where an argument is a number.
    pub(crate) fn say(&self, key: &str, arguments: &[(&str, String)]) -> String {
        let arguments: Vec<(&str, FluentValue<'_>)> =
            arguments.iter().map(|(name, value)| (*name, FluentValue::from(value.as_str()))).collect();
        self.messages.text(key, &arguments)
    }

    /// The message of a key without arguments, where there is one.
    fn known(&self, key: &str) -> Option<String> {
        self.messages.known(key)
    }

    pub(crate) fn number(&self, number: impl Display) -> String {
        self.locale.digits(&number.to_string())
    }

    /// The module's label, or its name where the schema doesn't have it.
    pub(crate) fn module(&self, name: &str) -> String {
        let label = |module: &ModuleDef| module.label.get(self.locale.language()).to_owned();
        match self.schema.module(name) {
            Some(module) => label(module),
            None if name == "record" => self.say("record-word", &[]),
            None => name.to_owned(),
        }
    }

    /// The label of a module's records together.
    pub(crate) fn modules(&self, name: &str) -> String {
        let module = self.schema.module(name);
        module.map_or_else(|| name.to_owned(), |module| module.plural.get(self.locale.language()).to_owned())
    }

    /// The label of a role, or its name where nobody has called it anything.
    fn role(&self, name: &str) -> String {
        let roles = self.schema.module(USER).and_then(|user| user.field("role"));
        let label = match roles.map(|field| &field.kind) {
            Some(FieldKind::Choice(roles)) => {
                roles.iter().find(|role| role.slug == name).map(|role| &role.label)
            }
            _ => None,
        };
        label.map_or_else(|| name.to_owned(), |label| label.get(self.locale.language()).to_owned())
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

/// A failure of one record of many, in the reader's language.
pub fn of_record(app: &App, error: &ClientError) -> String {
    client::client(&Words::of(app), error)
}

/// What a code of the relay or of the protocol says, in the reader's language.
pub fn of_code(app: &App, code: &str, message: &str) -> String {
    client::of_code(&Words::of(app), code, message)
}

fn place(words: &Words<'_>, place: &Place) -> String {
    match place {
        Place::Path(path) => path.clone(),
        Place::Terminal => words.say("place-terminal", &[]),
        Place::Drafts => words.say("place-drafts", &[]),
        Place::Network => words.say("place-network", &[]),
    }
}

/// An error in the reader's language: what happened and what to do next.
pub fn describe(app: &App, error: &CliError) -> String {
    let words = Words::of(app);
    match error {
        CliError::Client(error) => client::client(&words, error),
        CliError::Usage(message) | CliError::Demo(message) => message.clone(),
        CliError::Unsound(count) => words.say("verify-unsound", &[("count", words.number(count))]),
        CliError::NotAField(word) => words.say("not-a-field", &[("text", word.clone())]),
        CliError::NoHome(why) => words.say("no-home", &[("why", why.clone())]),
        CliError::Io { what, source } => {
            words.say("file-failed", &[("path", place(&words, what)), ("why", source.to_string())])
        }
        CliError::Interrupted => words.say("interrupted", &[]),
    }
}

#[cfg(test)]
mod tests;
