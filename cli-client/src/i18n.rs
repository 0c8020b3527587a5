//! The words of the program in Persian and English: one Fluent file a language, compiled in.

pub mod errors;

use std::fmt;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use forsat_domain::number::persian_digits;
use unic_langid::LanguageIdentifier;

use crate::clean;

/// An argument of a message: what others wrote can't move the reader's cursor from there.
fn clean<'v>(argument: &FluentValue<'v>) -> FluentValue<'v> {
    match argument {
        FluentValue::String(text) => FluentValue::from(clean::value(text).into_owned()),
        other => other.clone(),
    }
}

/// A language that the program speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Persian (فارسی).
    Fa,
}

impl Language {
    fn source(self) -> &'static str {
        match self {
            Self::En => include_str!("../locales/en.ftl"),
            Self::Fa => include_str!("../locales/fa.ftl"),
        }
    }

    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fa => "fa",
        }
    }
}

/// The help texts in Persian; the command tree itself says them in English.
pub(crate) const HELP: &str = include_str!("../locales/help-fa.ftl");

/// The messages of one language.
pub struct Messages {
    language: Language,
    bundle: FluentBundle<FluentResource>,
}

impl fmt::Debug for Messages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Messages {
    /// Loads the messages of a language.
    pub fn new(language: Language) -> Self {
        Self::from_source(language, language.source())
    }

    /// Loads the texts of the Persian help.
    pub fn of_help() -> Self {
        Self::from_source(Language::Fa, HELP)
    }

    fn from_source(language: Language, source: &str) -> Self {
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(partial, _)| partial);
        let tag: LanguageIdentifier = language.tag().parse().expect("the tags of this file are well formed");
        let mut bundle = FluentBundle::new_concurrent(vec![tag]);
        // Isolation marks would reach pipes and be copied with ids; the renderer isolates where it must.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        if language == Language::Fa {
            bundle.set_formatter(Some(|value, _| match value {
                FluentValue::Number(number) => Some(persian_digits(&number.as_string())),
                _ => None,
            }));
        }
        Self { language, bundle }
    }

    /// The language of these messages.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text of `key`, which takes no arguments, where there is one.
    pub fn known(&self, key: &str) -> Option<String> {
        self.bundle.has_message(key).then(|| self.text(key, &[]))
    }

    /// The text of `key` with its arguments; the key itself where no text exists, so that nothing is silent.
    pub fn text(&self, key: &str, arguments: &[(&str, FluentValue<'_>)]) -> String {
        let Some(pattern) = self.bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut values = FluentArgs::new();
        for (name, value) in arguments {
            values.set(*name, clean(value));
        }
        let mut errors = Vec::new();
        self.bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned()
    }
}

/// Gives the text of a message: `tr!(messages, "key", name = value, …)`.
macro_rules! tr {
    ($messages:expr, $key:literal $(, $name:ident = $value:expr)* $(,)?) => {
        $messages.text($key, &[$((stringify!($name), ::fluent_bundle::FluentValue::from($value))),*])
    };
}
pub(crate) use tr;

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    fn keys(language: Language) -> BTreeSet<String> {
        let resource = FluentResource::try_new(language.source().to_owned()).expect("the file parses whole");
        resource
            .entries()
            .filter_map(|entry| match entry {
                fluent_syntax::ast::Entry::Message(message) => Some(message.id.name.to_owned()),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn every_language_has_every_message() {
        assert_eq!(keys(Language::En), keys(Language::Fa));
        assert!(!keys(Language::En).is_empty());
    }

    /// The arguments that each message of a language places.
    fn arguments(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut of = BTreeMap::<String, BTreeSet<String>>::new();
        let mut key = String::new();
        for line in language.source().lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
                name.clone_into(&mut key);
            }
            let named = line.split('$').skip(1);
            let named = named.map(|rest| rest.split(|letter: char| !letter.is_alphanumeric()).next());
            of.entry(key.clone()).or_default().extend(named.flatten().map(str::to_owned));
        }
        of
    }

    #[test]
    fn no_argument_is_left_out_in_persian() {
        // What English counts apart Persian says in one way.
        let counted = ["lead-activities", "settings-checks"];
        let (english, persian) = (arguments(Language::En), arguments(Language::Fa));
        for (key, wanted) in english.iter().filter(|(key, _)| !counted.contains(&key.as_str())) {
            assert_eq!(persian.get(key), Some(wanted), "{key}");
        }
    }

    #[test]
    fn every_key_that_the_source_uses_exists() {
        let known = keys(Language::En);
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders = vec![root];
        let mut used = BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("the source folder is readable").flatten() {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.file_name().is_some_and(|name| name != "i18n.rs") {
                    used.extend(used_keys(&std::fs::read_to_string(path).expect("source is UTF-8")));
                }
            }
        }
        let missing: Vec<_> = used.difference(&known).collect();
        assert!(missing.is_empty(), "no text for {missing:?}");
    }

    /// The keys that a source file names: `tr!(…, "key"` and `messages.text("key"`.
    fn used_keys(source: &str) -> Vec<String> {
        let after = |mark: &'static str| {
            let parts: Vec<&str> = source.split(mark).collect();
            let pairs: Vec<(&str, &str)> = parts.windows(2).map(|pair| (pair[0], pair[1])).collect();
            pairs.into_iter().filter(|(before, _)| !before.ends_with("include_s"))
        };
        let of_macro = after("tr!(").filter_map(|(_, rest)| rest.split(['"', ')']).nth(1));
        let of_call = after("messages.text(\"").filter_map(|(_, rest)| rest.split('"').next());
        let of_words =
            after("say(").filter_map(|(_, rest)| rest.trim_start().strip_prefix('"')?.split('"').next());
        of_macro.chain(of_call).chain(of_words).map(str::to_owned).collect()
    }

    #[test]
    fn numbers_and_names_are_placed() {
        let messages = Messages::new(Language::En);
        assert_eq!(tr!(messages, "saved", id = "k7", unsent = 3), "saved k7 · 3 unsent · undo: forsat undo");
        let persian = tr!(Messages::new(Language::Fa), "saved", id = "k7", unsent = 30);
        assert_eq!(persian, "k7 ذخیره شد · ۳۰ ارسال‌نشده · برگرداندن: forsat undo");
    }
}
