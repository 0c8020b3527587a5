//! Why a mapping or an imported file can't be used, in words.

use forsat_client::FileProblem;

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
        FileProblem::UnknownField { module, field } => {
            say("file-unknown-field", &[name(field), ("module", words.module(module))])
        }
        FileProblem::NotJson(why) => say("file-not-json", &[("why", why.clone())]),
    }
}
