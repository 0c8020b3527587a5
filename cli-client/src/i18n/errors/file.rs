//! Why a mapping or an imported file can't be used, in words.

use forsat_client::{FileProblem, UnknownField};
use forsat_domain::settings::FIELD_TYPES;

use super::Words;

pub(super) fn file(words: &Words<'_>, problem: &FileProblem) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    let name = |name: &str| ("name", name.to_owned());
    match problem {
        FileProblem::NotMapped(known) => say("file-not-mapped", &[name(known)]),
        FileProblem::LacksColumns(columns) => say("file-lacks-columns", &[name(columns)]),
        FileProblem::NoColumn(column) => say("file-no-column", &[name(column)]),
        FileProblem::Delimiter => say("file-delimiter", &[]),
        FileProblem::TwoColumns(column) => say("file-two-columns", &[name(column)]),
        FileProblem::LongRow(row) => say("file-long-row", &[("row", words.number(row))]),
        FileProblem::Syntax(why) => say("file-syntax", &[("why", why.clone())]),
        FileProblem::TooLarge(most) => say("file-too-large", &[("most", words.number(most))]),
        FileProblem::UnknownEncoding(label) => say("file-unknown-encoding", &[name(label)]),
        FileProblem::Encoding(label) => say("file-encoding", &[name(label)]),
        FileProblem::LargeMapping(most) => say("file-large-mapping", &[("most", words.number(most))]),
        FileProblem::NoSource => say("file-no-source", &[]),
        FileProblem::NoKey(file) => say("file-no-key", &[name(file)]),
        FileProblem::NoMap { file, map } => say("file-no-map", &[name(file), ("map", map.clone())]),
        FileProblem::NotAnExport(columns) => say("file-not-an-export", &[name(columns)]),
        FileProblem::UnknownModule { column, module } => {
            say("file-unknown-module", &[name(module), ("column", (*column).to_owned())])
        }
        FileProblem::NoRows => say("file-no-rows", &[]),
        FileProblem::UnknownField(unknown) => unknown_field(words, unknown),
        FileProblem::FilledTwice { field, first, second } => say(
            "file-filled-twice",
            &[("field", field.clone()), ("first", first.clone()), ("second", second.clone())],
        ),
        FileProblem::NotJson(why) => say("file-not-json", &[("why", why.clone())]),
    }
}

/// A field that isn't there, and how a workspace gets one of its own.
pub(super) fn unknown_field(words: &Words<'_>, unknown: &UnknownField) -> String {
    let module = ("module", words.module(&unknown.module));
    let what = words.say("file-unknown-field", &[("name", unknown.field.clone()), module]);
    let Some(short) = unknown.addable() else { return what };
    let command = format!("forsat settings field add {} --name {short} --type …", unknown.module);
    let add = words.say("file-add-field", &[("command", command), ("types", FIELD_TYPES.to_owned())]);
    format!("{what}{add}")
}
