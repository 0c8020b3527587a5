//! What is wrong with a condition, in the reader's language, with a mark under the place.

use forsat_domain::filter::{DEPTH_MAX, FilterError, LETTERS_MAX, Problem, TESTS_MAX, VALUES_MAX};
use unicode_width::UnicodeWidthChar as _;

use crate::i18n::errors::{self, Words};

/// The problem, the condition, the mark, and for a saved filter how to mend it.
pub fn refusal(words: &Words<'_>, text: &str, saved: Option<&str>, error: &FilterError) -> String {
    // A line break or a tab would move the mark from its place.
    let letters: Vec<char> =
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let width = |letters: &[char]| letters.iter().map(|letter| letter.width().unwrap_or(0)).sum::<usize>();
    let (start, end) = (error.at.start.min(letters.len()), error.at.end.min(letters.len()));
    let indent = " ".repeat(width(&letters[..start]));
    let mark = "^".repeat(width(&letters[start..end]).max(1));
    let line: String = letters.iter().collect();
    let mut told = format!("{}\n  {line}\n  {indent}{mark}", problem(words, &error.problem));
    if let Some(name) = saved {
        told.push('\n');
        told.push_str(&words.say("filter-saved-broken", &[("name", name.to_owned())]));
    }
    told
}

/// What is wrong, without the condition.
pub fn problem(words: &Words<'_>, problem: &Problem) -> String {
    let say = |key: &str, arguments: &[(&str, &str)]| {
        let arguments: Vec<(&str, String)> =
            arguments.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        words.say(&format!("filter-{key}"), &arguments)
    };
    let code = problem.code();
    match problem {
        Problem::Expected(expected) => say(&format!("expected-{}", expected.code()), &[]),
        Problem::TooLong => say(code, &[("letters", &words.number(LETTERS_MAX))]),
        Problem::TooMuch => {
            let [depth, tests, values] = [DEPTH_MAX, TESTS_MAX, VALUES_MAX].map(|limit| words.number(limit));
            say(code, &[("depth", &depth), ("tests", &tests), ("values", &values)])
        }
        Problem::UnknownField { module, field, known } => {
            let module = words.module(module);
            say(code, &[("module", &module), ("field", field), ("known", known)])
        }
        Problem::AmbiguousField { field, options } => say(code, &[("field", field), ("options", options)]),
        Problem::NotFiltered { field } => say(code, &[("field", field)]),
        Problem::Operator { field, operator, known } => {
            say(code, &[("field", field), ("operator", operator), ("known", known)])
        }
        Problem::Value(error) => errors::input(words, error),
        Problem::NotOpen { module } => say(code, &[("module", &words.modules(module))]),
    }
}
