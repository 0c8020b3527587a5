//! Why an argument can't be used, in words.

use forsat_client::ArgumentError;

use super::Words;
use crate::render::filter;

pub(super) fn argument(words: &Words<'_>, error: &ArgumentError) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    match error {
        ArgumentError::UnknownField(field) => say("no-such-field", &[("field", field.clone())]),
        ArgumentError::FutureDay(day) => say("day-ahead", &[("day", words.locale.values.date(*day))]),
        ArgumentError::TimeZone => say("zone-unknown", &[]),
        ArgumentError::Calendar => say("calendar-unknown", &[]),
        ArgumentError::NoCommand(number) => say("no-command", &[("number", words.number(number))]),
        ArgumentError::Certificates { path, why } => {
            say("certificates", &[("path", path.clone()), ("why", why.clone())])
        }
        ArgumentError::Column(problem) => say("no-column", &[("why", filter::problem(words, problem))]),
        ArgumentError::AccountName => say("account-name", &[]),
        ArgumentError::NoChange(hash) => say("no-change", &[("hash", hash.clone())]),
        ArgumentError::SeveralChanges(hash) => say("several-changes", &[("hash", hash.clone())]),
        ArgumentError::NotExported { module, field, known } => say(
            "not-exported",
            &[("module", words.module(module)), ("field", field.clone()), ("known", known.clone())],
        ),
        ArgumentError::NoRefusedEdit(number) => say("no-refused-edit", &[("number", words.number(number))]),
        ArgumentError::NoQuarantined(number) => say("no-quarantined", &[("number", words.number(number))]),
        ArgumentError::TooManyRecords { count, max } => {
            say("too-many-records", &[("count", words.number(count)), ("max", words.number(max))])
        }
        ArgumentError::NotSaved => say("filter-not-saved", &[]),
        ArgumentError::TeamName => say("team-name", &[]),
    }
}
