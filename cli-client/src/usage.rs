//! What is wrong with a command line, in Persian: clap says it as data, and each kind gets its words. English is clap's
//! own.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use fluent_bundle::FluentValue;

use crate::i18n::Messages;

/// What clap writes into a help text and its usage by itself, and what stands there in Persian.
const MARKS: [(&str, &str); 10] = [
    ("[default: ", "mark-default"),
    ("[possible values: ", "mark-values"),
    ("[env: ", "mark-environment"),
    ("[aliases: ", "mark-aliases"),
    ("[alias: ", "mark-alias"),
    ("Possible values:", "mark-values-list"),
    ("[OPTIONS]", "mark-options"),
    ("[COMMAND]", "mark-command"),
    ("<COMMAND>", "mark-command-needed"),
    ("Usage:", "help-heading-usage"),
];

/// A text of clap's with its marks in Persian.
pub fn marked(text: &str) -> String {
    let messages = Messages::of_help();
    MARKS.iter().fold(text.to_owned(), |text, (english, key)| {
        let space = if english.ends_with(' ') { " " } else { "" };
        text.replace(english, &format!("{}{space}", messages.text(key, &[])))
    })
}

/// What is wrong with a command line, what may have been meant, and how the command is used.
pub fn told(error: &clap::Error) -> String {
    let words = Words { messages: Messages::of_help(), error };
    let mut lines = vec![words.put("usage-error", &[("why", words.wrong())])];
    lines.extend(words.hints());
    if let Some(usage) = words.of(ContextKind::Usage) {
        lines.push(String::new());
        lines.push(marked(usage.trim()));
    }
    lines.push(String::new());
    lines.push(words.put("usage-help", &[]));
    lines.join("\n") + "\n"
}

struct Words<'a> {
    messages: Messages,
    error: &'a clap::Error,
}

impl Words<'_> {
    fn put(&self, key: &str, arguments: &[(&str, String)]) -> String {
        let arguments: Vec<(&str, FluentValue<'_>)> =
            arguments.iter().map(|(name, value)| (*name, FluentValue::from(value.as_str()))).collect();
        self.messages.text(key, &arguments)
    }

    /// One thing that clap says beside the kind.
    fn of(&self, kind: ContextKind) -> Option<String> {
        Some(match self.error.get(kind)? {
            ContextValue::String(text) => text.clone(),
            ContextValue::Strings(texts) => texts.join("، "),
            ContextValue::StyledStr(text) => text.to_string(),
            ContextValue::StyledStrs(texts) => {
                texts.iter().map(ToString::to_string).collect::<Vec<_>>().join("، ")
            }
            ContextValue::Number(number) => number.to_string(),
            _ => return None,
        })
    }

    fn wrong(&self) -> String {
        let of = |kind| self.of(kind).unwrap_or_default();
        let argument = ("argument", of(ContextKind::InvalidArg));
        let value = ("value", of(ContextKind::InvalidValue));
        match self.error.kind() {
            ErrorKind::UnknownArgument => self.put("usage-unknown-argument", &[argument]),
            ErrorKind::InvalidSubcommand => {
                self.put("usage-unknown-command", &[("command", of(ContextKind::InvalidSubcommand))])
            }
            ErrorKind::InvalidValue if value.1.is_empty() => self.put("usage-no-value", &[argument]),
            ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
                self.put("usage-invalid-value", &[argument, value])
            }
            ErrorKind::NoEquals => self.put("usage-no-equals", &[argument]),
            ErrorKind::TooManyValues => self.put("usage-too-many-values", &[argument, value]),
            ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
                self.put("usage-number-of-values", &[argument])
            }
            ErrorKind::ArgumentConflict => {
                self.put("usage-conflict", &[argument, ("other", of(ContextKind::PriorArg))])
            }
            ErrorKind::MissingRequiredArgument => self.put("usage-missing-argument", &[argument]),
            ErrorKind::MissingSubcommand => self.put("usage-missing-command", &[]),
            ErrorKind::InvalidUtf8 => self.put("usage-not-utf8", &[]),
            // Kinds of a later version of the library, and those of help, which is no error.
            _ => self.error.kind().to_string(),
        }
    }

    fn hints(&self) -> Vec<String> {
        let values =
            self.of(ContextKind::ValidValue).map(|values| self.put("usage-values", &[("values", values)]));
        let meant =
            [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue];
        let meant = meant.into_iter().find_map(|kind| self.of(kind));
        let meant = meant.map(|meant| self.put("usage-meant", &[("meant", meant)]));
        values.into_iter().chain(meant).map(|hint| format!("  {hint}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use forsat_domain::schema::Schema;

    fn refused(line: &str) -> String {
        let command = crate::args::command(&Schema::builtin());
        told(&command.try_get_matches_from(line.split(' ')).expect_err("it can't be read"))
    }

    #[test]
    fn what_is_wrong_with_a_line_is_told_in_persian_with_what_may_have_been_meant() {
        for (line, named) in [
            ("forsat opp lst", "lst"),
            ("forsat opp list --wher x", "--wher"),
            ("forsat --lang xx status", "xx"),
            ("forsat forecast --since", "--since"),
            ("forsat find", "TEXT"),
            ("forsat history --limit many", "many"),
            ("forsat init --user", "--user"),
        ] {
            let text = refused(line);
            assert!(text.starts_with("خطا: ") && text.contains(named), "{line}: {text}");
            let english = ["error:", "Usage:", "possible values", "similar", "required", "For more"];
            assert!(!english.iter().any(|word| text.contains(word)), "{line}: {text}");
        }
        assert!(refused("forsat opp lst").contains("list"), "what may have been meant");
        assert!(refused("forsat --lang xx status").contains("en، fa"), "what it may be");
    }

    #[test]
    fn no_key_is_missing() {
        let messages = Messages::of_help();
        for (_, key) in MARKS {
            assert_ne!(messages.text(key, &[]), key);
        }
        let source = include_str!("usage.rs");
        for part in source.split("put(\"").skip(1) {
            let key = part.split('"').next().unwrap_or_default();
            assert!(messages.known(key).is_some(), "{key}");
        }
    }
}
