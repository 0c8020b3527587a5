//! Why a row of an imported file is refused, in words.

use forsat_client::{CellProblem, ExportReason, MappingReason, RowReason};

use super::file::unknown_field;
use super::{Words, input, refusal, value};

/// Why a row is refused, in the reader's language.
pub fn row(words: &Words<'_>, reason: &RowReason) -> String {
    match reason {
        RowReason::Field { field, reason } => {
            words.say("input-of-field", &[("field", words.field(field)), ("why", row(words, reason))])
        }
        RowReason::Said(reason) => reason.clone(),
        RowReason::NotImported { module, text } => {
            words.say("row-not-imported", &[("module", words.module(module)), ("text", text.clone())])
        }
        RowReason::Erased => words.say("row-erased", &[]),
        RowReason::Input(error) => input::input(words, error),
        RowReason::Rule(error) => refusal::refusal(words, error),
        RowReason::Cell(problem) => cell(words, problem),
        RowReason::Mapping(reason) => mapping(words, reason),
        RowReason::Export(reason) => export(words, reason),
        RowReason::Store(why) => words.say("store-failed", &[("why", why.clone())]),
    }
}

fn cell(words: &Words<'_>, problem: &CellProblem) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    let of = |key: &str, text: &str| words.say(key, &[("text", text.to_owned())]);
    match problem {
        CellProblem::Number(error) => value::number(words, error),
        CellProblem::Money(error) => value::money(words, error),
        CellProblem::Date(error) => value::date(words, error),
        CellProblem::Moment(error) => value::moment(words, error),
        CellProblem::Currency(error) => value::currency(words, error),
        CellProblem::TimeZone(text) => of("cell-time-zone", text),
        CellProblem::Unfillable(field) => say("cell-unfillable", &[("field", words.field(field))]),
        CellProblem::NoneOf { cell, known } => {
            say("cell-none-of", &[("text", cell.clone()), ("known", known.clone())])
        }
        CellProblem::TooLarge(text) => of("cell-too-large", text),
        CellProblem::Percentage(text) => of("cell-percentage", text),
        CellProblem::Letters { letters, max } => {
            say("cell-letters", &[("letters", words.number(letters)), ("most", words.number(max))])
        }
        CellProblem::ControlLetter => say("cell-control-letter", &[]),
        CellProblem::Whole { cell, min, max } => say(
            "cell-whole",
            &[("text", cell.clone()), ("min", words.number(min)), ("max", words.number(max))],
        ),
        CellProblem::NotPositive(text) => of("cell-not-positive", text),
        CellProblem::Decimals { cell, max } => {
            say("cell-decimals", &[("text", cell.clone()), ("most", words.number(max))])
        }
        CellProblem::Truth(text) => of("cell-truth", text),
        CellProblem::DateOrder { cell, order } => {
            say("cell-date-order", &[("text", cell.clone()), ("order", order.clone())])
        }
        CellProblem::NoDay(text) => of("cell-no-day", text),
        CellProblem::NoValue { value, field } => {
            say("cell-no-value", &[("text", value.clone()), ("field", words.field(field))])
        }
        CellProblem::Json(why) => say("cell-json", &[("why", why.clone())]),
        CellProblem::NotAList => say("cell-not-a-list", &[]),
        CellProblem::NotAnObject => say("cell-not-an-object", &[]),
        CellProblem::NotAText(text) => of("cell-not-a-text", text),
        CellProblem::NotWhole(text) => of("cell-not-whole", text),
        CellProblem::AList => say("cell-a-list", &[]),
        CellProblem::EntryId(text) => of("cell-entry-id", text),
        CellProblem::NotCanonical(why) => say("cell-not-canonical", &[("why", why.clone())]),
    }
}

fn mapping(words: &Words<'_>, reason: &MappingReason) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    let of = |key: &str, text: &str| words.say(key, &[("text", text.to_owned())]);
    match reason {
        MappingReason::DoubleKey => say("row-double-key", &[]),
        MappingReason::Nameless(fields) => say("row-nameless", &[("fields", alternatives(words, fields))]),
        MappingReason::EmptyKey(column) => of("row-empty-key", column),
        MappingReason::Template => say("row-template", &[]),
        MappingReason::Times(text) => of("row-times", text),
        MappingReason::UnknownField { module, field } => {
            say("row-unknown-field", &[("module", words.module(module)), ("text", field.clone())])
        }
        MappingReason::Entries => say("row-entries", &[]),
        MappingReason::Quantity(text) => of("row-quantity", text),
        MappingReason::NoPrice { product, currency } => {
            say("row-no-price", &[("product", product.clone()), ("currency", currency.to_string())])
        }
        MappingReason::Stage { column, word } => {
            say("row-stage", &[("column", column.clone()), ("text", word.clone())])
        }
        MappingReason::NoClosingDate(stage) => of("row-no-closing-date", stage),
        MappingReason::NoColumn(column) => say("file-no-column", &[("name", column.clone())]),
        MappingReason::NoModule { word, modules } => {
            say("row-no-module", &[("text", word.clone()), ("modules", modules.clone())])
        }
        MappingReason::NoneNamed { module, name } => {
            say("row-none-named", &[("module", words.module(module)), ("text", name.clone())])
        }
        MappingReason::SeveralNamed { count, module, name } => say(
            "row-several-named",
            &[("count", words.number(count)), ("module", words.module(module)), ("text", name.clone())],
        ),
    }
}

fn export(words: &Words<'_>, reason: &ExportReason) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    let of = |key: &str, text: &str| words.say(key, &[("text", text.to_owned())]);
    match reason {
        ExportReason::DoubleRecord => say("row-double-record", &[]),
        ExportReason::OtherModule { column, said, first } => say(
            "row-other-module",
            &[("column", (*column).to_owned()), ("text", said.clone()), ("module", first.clone())],
        ),
        ExportReason::NotJson(why) => say("row-not-json", &[("why", why.clone())]),
        ExportReason::NoFields => say("row-no-fields", &[]),
        ExportReason::UnknownField(unknown) => unknown_field(words, unknown),
        ExportReason::RecordId { text, column } => {
            say("row-record-id", &[("text", text.clone()), ("column", (*column).to_owned())])
        }
        ExportReason::IdOfAnother(module) => say("row-id-of-another", &[("module", words.module(module))]),
        ExportReason::Merged => say("row-merged", &[]),
        ExportReason::Trashed => say("row-trashed", &[]),
        ExportReason::Settings => say("row-settings", &[]),
        ExportReason::Nameless(fields) => say("row-new-nameless", &[("fields", alternatives(words, fields))]),
        ExportReason::NoAccount => say("row-no-account", &[]),
        ExportReason::GrowsOnly => say("row-grows-only", &[]),
        ExportReason::StageCommands => say("row-stage-commands", &[]),
        ExportReason::Fixed => say("row-fixed", &[]),
        ExportReason::Required => say("row-required", &[]),
        ExportReason::EntryNeeds(register) => say("row-entry-needs", &[("field", words.field(register))]),
        ExportReason::EntriesStay => say("row-entries-stay", &[]),
        ExportReason::UnknownRegister(name) => of("row-unknown-register", name),
        ExportReason::NoRecord { modules, id } => {
            let labels: Vec<String> = modules.iter().map(|module| words.module(module)).collect();
            let modules = labels.join(&say("or-between", &[]));
            say("row-no-record", &[("modules", modules), ("id", id.clone())])
        }
        ExportReason::Member(text) => of("row-member", text),
        ExportReason::MemberId(text) => of("row-member-id", text),
        ExportReason::Tag { key, max } => {
            say("row-tag", &[("text", key.clone()), ("most", words.number(max))])
        }
    }
}

/// Labels of which one is enough.
fn alternatives(words: &Words<'_>, fields: &[String]) -> String {
    let labels: Vec<String> = fields.iter().map(|field| words.field(field)).collect();
    labels.join(&words.say("or-between", &[]))
}
