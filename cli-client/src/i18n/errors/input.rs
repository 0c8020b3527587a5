//! Why a typed field or value is refused, in words.

use forsat_domain::schema::input::{Expected, InputError, ReferenceError, WhyNotEditable};

use super::{Words, value};

/// Why a typed value is refused, in the reader's language.
pub fn input(words: &Words<'_>, error: &InputError) -> String {
    match error {
        InputError::UnknownField { module, field, known } => words.say(
            "input-unknown-field",
            &[("module", words.module(module)), ("field", field.clone()), ("known", known.clone())],
        ),
        InputError::NotEditable { field, hint } => words.say(
            "input-not-editable",
            &[("field", words.field(field)), ("hint", not_editable(words, *hint))],
        ),
        InputError::Choice { field, text, options } => words.say(
            "input-choice",
            &[("field", words.field(field)), ("text", text.clone()), ("options", options.clone())],
        ),
        InputError::Ambiguous { text, options } => {
            words.say("input-ambiguous", &[("text", text.clone()), ("options", options.clone())])
        }
        InputError::Range { field, text, expected: what } => words.say(
            "input-range",
            &[("field", words.field(field)), ("text", text.clone()), ("expected", expected(words, what))],
        ),
        InputError::Negative { field } => words.say("input-negative", &[("field", words.field(field))]),
        InputError::Reference { field, source } => of_field(words, field, &reference(words, source)),
        InputError::Number { field, source } => of_field(words, field, &value::number(words, source)),
        InputError::Date { field, source } => of_field(words, field, &value::date(words, source)),
        InputError::Moment { field, source } => of_field(words, field, &value::moment(words, source)),
        InputError::Currency { field, source } => of_field(words, field, &value::currency(words, source)),
    }
}

fn of_field(words: &Words<'_>, field: &str, why: &str) -> String {
    words.say("input-of-field", &[("field", words.field(field)), ("why", why.to_owned())])
}

fn not_editable(words: &Words<'_>, why: WhyNotEditable) -> String {
    match why {
        WhyNotEditable::NotAList => words.say("why-not-a-list", &[]),
        WhyNotEditable::Derived => words.say("why-derived", &[]),
        WhyNotEditable::CommandsOnly => words.say("why-commands-only", &[]),
        WhyNotEditable::NotOfALine => words.say("why-not-of-a-line", &[]),
        WhyNotEditable::Other(words) => words.to_owned(),
    }
}

fn expected(words: &Words<'_>, what: &Expected) -> String {
    match what {
        Expected::Letters(most) => words.say("expected-letters", &[("most", words.number(most))]),
        Expected::OneLine => words.say("expected-one-line", &[]),
        Expected::Tags(most) => words.say("expected-tags", &[("most", words.number(most))]),
        Expected::Whole { min, max } => {
            words.say("expected-whole", &[("min", words.number(min)), ("max", words.number(max))])
        }
        Expected::Decimals(scale) => words.say("expected-decimals", &[("scale", words.number(scale))]),
        Expected::Positive(scale) => words.say("expected-positive", &[("scale", words.number(scale))]),
        Expected::Percent => words.say("expected-percent", &[]),
        Expected::WholePercent => words.say("expected-whole-percent", &[]),
        Expected::FinePercent => words.say("expected-fine-percent", &[]),
        Expected::YesNo => words.say("expected-yes-no", &[]),
        Expected::TimeZone => words.say("expected-time-zone", &[]),
        Expected::Other(words) => words.clone(),
    }
}

pub(super) fn reference(words: &Words<'_>, error: &ReferenceError) -> String {
    match error {
        ReferenceError::NotFound { module, text } => {
            words.say("not-found", &[("module", words.module(module)), ("text", text.clone())])
        }
        ReferenceError::Ambiguous { text, count, options } => words.say(
            "ambiguous",
            &[("text", text.clone()), ("count", words.number(count)), ("options", options.clone())],
        ),
        ReferenceError::NoneOfModules(text) => words.say("reference-none", &[("text", text.clone())]),
        ReferenceError::SeveralModules { text, options } => {
            words.say("reference-several", &[("text", text.clone()), ("options", options.clone())])
        }
        ReferenceError::Other(message) => message.clone(),
    }
}
