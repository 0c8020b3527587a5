//! Why a change of the settings is refused, in words.

use forsat_domain::command::SettingsRefusal;

use super::Words;

pub(super) fn settings(words: &Words<'_>, refusal: &SettingsRefusal) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    let named = |key: &str, name: &String| words.say(key, &[("name", name.clone())]);
    match refusal {
        SettingsRefusal::LabelNeeded => say("label-needed", &[]),
        SettingsRefusal::LabelTaken { label, id } => {
            say("label-taken", &[("label", label.clone()), ("id", id.clone())])
        }
        SettingsRefusal::Unknown { what, text, options } => say(
            "setting-unknown",
            &[("what", row_kind(words, what)), ("text", text.clone()), ("options", options.clone())],
        ),
        SettingsRefusal::FixedProbability(stage) => named("fixed-probability", stage),
        SettingsRefusal::LastOfKind(stage, kind) => {
            say("last-of-kind", &[("name", stage.clone()), ("kind", stage_kind(words, kind))])
        }
        SettingsRefusal::ReplacementKind { stage, by, kind } => say(
            "replacement-kind",
            &[("stage", stage.clone()), ("by", by.clone()), ("kind", stage_kind(words, kind))],
        ),
        SettingsRefusal::ReplacementUnused(stage) => named("replacement-unused", stage),
        SettingsRefusal::Archived(name) => named("already-archived", name),
        SettingsRefusal::NotArchived(name) => named("not-archived", name),
        SettingsRefusal::Nothing => say("setting-nothing", &[]),
        SettingsRefusal::OwnCurrency(currency) => named("own-currency", currency),
        SettingsRefusal::NoRate(currency, day) => {
            say("rate-missing", &[("currency", currency.clone()), ("day", day.clone())])
        }
        SettingsRefusal::Period(text) => named("period-unknown", text),
        SettingsRefusal::NoTarget => say("no-target", &[]),
        SettingsRefusal::Placeholder(text) => named("placeholder-unknown", text),
        SettingsRefusal::FieldName(name) => named("field-name", name),
        SettingsRefusal::FieldType { text } => say(
            "field-type",
            &[("text", text.clone()), ("types", forsat_domain::settings::FIELD_TYPES.to_owned())],
        ),
        SettingsRefusal::FieldModule(module) => named("field-module", &words.module(module)),
        SettingsRefusal::FieldTaken { module, field } => {
            say("field-taken", &[("module", words.module(module)), ("field", field.clone())])
        }
    }
}

/// What a row of the settings is called; its English name where this doesn't know the list.
fn row_kind(words: &Words<'_>, what: &str) -> String {
    let key = format!("setting-{}", what.replace(' ', "-"));
    words.known(&key).unwrap_or_else(|| what.to_owned())
}

/// The kind of a stage in the reader's language.
fn stage_kind(words: &Words<'_>, kind: &str) -> String {
    match kind {
        "won" => words.say("pipeline-won", &[]),
        "lost" => words.say("pipeline-lost", &[]),
        _ => words.say("pipeline-open", &[]),
    }
}
