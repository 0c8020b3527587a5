//! Why a rule refuses a command, in words.

use forsat_domain::command::{Refusal, ResolveHint, StageHint};

use super::{Words, input, settings};

pub(super) fn refusal(words: &Words<'_>, refusal: &Refusal) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    match refusal {
        Refusal::Input(error) => input::input(words, error),
        Refusal::UnknownModule(module) => say("unknown-module", &[("module", module.clone())]),
        Refusal::WrongModule(found, wanted) => {
            say("wrong-module", &[("found", words.module(found)), ("wanted", words.module(wanted))])
        }
        Refusal::Missing { module, fields } => missing(words, "missing", module, fields, " "),
        Refusal::Nameless { module, fields } => {
            missing(words, "nameless", module, fields, &say("or-between", &[]))
        }
        Refusal::ActivityStatus { kind, status, options } => say(
            "activity-status",
            &[("kind", kind.clone()), ("status", status.clone()), ("options", options.clone())],
        ),
        Refusal::EndsBeforeStart => say("ends-before-start", &[]),
        Refusal::Required(field) => say("required", &[("field", words.field(field))]),
        Refusal::Trashed => say("trashed", &[]),
        Refusal::NotTrashed => say("not-trashed", &[]),
        Refusal::TargetTrashed { name, id: _ } => say("target-trashed", &[("name", name.clone())]),
        Refusal::TooMany { field, max } => {
            say("too-many", &[("field", words.field(field)), ("max", words.number(max))])
        }
        Refusal::NoIssue(issue) => say("no-issue", &[("issue", issue.clone())]),
        Refusal::NoSide { given, sides } => {
            say("no-side", &[("given", words.number(given)), ("sides", words.number(sides))])
        }
        Refusal::NotAResolution { what, hint } => {
            say("not-a-resolution", &[("what", what.clone()), ("hint", resolve_hint(words, hint))])
        }
        Refusal::RateNotPositive => say("money-rate", &[]),
        Refusal::SettingsStay => say("settings-stay", &[]),
        Refusal::OneSettings => say("one-settings", &[]),
        Refusal::UnknownStage(_)
        | Refusal::ArchivedStage { .. }
        | Refusal::SameStage(_)
        | Refusal::StageKind { .. }
        | Refusal::NotClosed
        | Refusal::ReasonNeeded(_)
        | Refusal::UnknownReason { .. }
        | Refusal::NoteNeeded
        | Refusal::ClosesAhead(_)
        | Refusal::Disputed
        | Refusal::NoPrice { .. }
        | Refusal::NoLine(_)
        | Refusal::AmbiguousLine(_)
        | Refusal::ClosedProbability
        | Refusal::NoContact(_)
        | Refusal::ChecksOpen { .. }
        | Refusal::NoCheck { .. }
        | Refusal::RoleLength(_)
        | Refusal::NotOpen => deal(words, refusal),
        Refusal::AlreadyConverted { .. }
        | Refusal::NoPerson
        | Refusal::NoActivities { .. }
        | Refusal::NothingToComplete
        | Refusal::NotMergeable(_)
        | Refusal::SameRecord
        | Refusal::MergedAway { .. }
        | Refusal::NotMerged
        | Refusal::ClosedDuplicate
        | Refusal::ConvertedDuplicate(_)
        | Refusal::NotDismissible(_)
        | Refusal::DifferentModules
        | Refusal::MergeModules { .. }
        | Refusal::NothingToCompare => related(words, refusal),
        Refusal::Settings(refusal) => settings::settings(words, refusal),
    }
}

/// The refusals of conversion, of activities and of duplicates.
fn related(words: &Words<'_>, refusal: &Refusal) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    match refusal {
        Refusal::AlreadyConverted { became } => say("already-converted", &[("became", became.clone())]),
        Refusal::NoPerson => say("no-person", &[]),
        Refusal::NoActivities { module, modules } => {
            say("no-activities", &[("module", words.module(module)), ("modules", modules.clone())])
        }
        Refusal::NothingToComplete => say("nothing-to-complete", &[]),
        Refusal::NotMergeable(module) => say("not-mergeable", &[("module", words.module(module))]),
        Refusal::SameRecord => say("same-record", &[]),
        Refusal::MergedAway { name, short } => {
            say("merged-away", &[("name", name.clone()), ("id", short.clone())])
        }
        Refusal::NotMerged => say("not-merged", &[]),
        Refusal::ClosedDuplicate => say("closed-duplicate", &[]),
        Refusal::ConvertedDuplicate(name) => say("converted-duplicate", &[("name", name.clone())]),
        Refusal::NotDismissible(module) => say("not-dismissible", &[("module", words.module(module))]),
        Refusal::DifferentModules => say("different-modules", &[]),
        Refusal::MergeModules { name, module, other } => say(
            "merge-modules",
            &[("name", name.clone()), ("module", words.module(module)), ("other", words.module(other))],
        ),
        Refusal::NothingToCompare => say("nothing-to-compare", &[]),
        other => other.to_string(),
    }
}

/// The refusals that only deals have.
fn deal(words: &Words<'_>, refusal: &Refusal) -> String {
    let say = |key: &str, arguments: &[(&str, String)]| words.say(key, arguments);
    match refusal {
        Refusal::UnknownStage(stage) => say("unknown-stage", &[("stage", stage.clone())]),
        Refusal::ArchivedStage { stage, instead } => {
            say("archived-stage", &[("stage", stage.clone()), ("instead", instead.clone())])
        }
        Refusal::SameStage(stage) => say("same-stage", &[("stage", stage.clone())]),
        Refusal::StageKind { stage, hint } => {
            say("stage-kind", &[("stage", stage.clone()), ("hint", stage_hint(words, *hint))])
        }
        Refusal::NotClosed => say("not-closed", &[]),
        Refusal::ReasonNeeded(options) => say("reason-needed", &[("options", options.clone())]),
        Refusal::UnknownReason { text, options } => {
            say("unknown-reason", &[("text", text.clone()), ("options", options.clone())])
        }
        Refusal::NoteNeeded => say("note-needed", &[]),
        Refusal::ClosesAhead(day) => say("closes-ahead", &[("day", words.locale.values.date(*day))]),
        Refusal::Disputed => say("outcome-disputed", &[]),
        Refusal::NoPrice { product, currency } => {
            say("no-price", &[("product", product.clone()), ("currency", currency.clone())])
        }
        Refusal::NoLine(line) => say("no-line", &[("line", line.clone())]),
        Refusal::AmbiguousLine(line) => say("ambiguous-line", &[("line", line.clone())]),
        Refusal::ClosedProbability => say("closed-probability", &[]),
        Refusal::NoContact(name) => say("no-contact", &[("name", name.clone())]),
        Refusal::ChecksOpen { stage, items, first } => say(
            "checks-open",
            &[("stage", stage.clone()), ("items", items.clone()), ("first", first.clone())],
        ),
        Refusal::NoCheck { stage, text, options } => {
            say("no-check", &[("stage", stage.clone()), ("text", text.clone()), ("options", options.clone())])
        }
        Refusal::NotOpen => say("not-open", &[]),
        Refusal::RoleLength(most) => say("role-length", &[("most", words.number(most))]),
        other => other.to_string(),
    }
}

/// Names missing fields by their labels, and how they are typed.
fn missing(words: &Words<'_>, key: &str, module: &str, fields: &[String], between: &str) -> String {
    let about = words.about(module);
    let typed: Vec<String> = fields.iter().map(|field| format!("{field}=…")).collect();
    about.say(
        key,
        &[("module", words.module(module)), ("fields", about.fields(fields)), ("typed", typed.join(between))],
    )
}

fn stage_hint(words: &Words<'_>, hint: StageHint) -> String {
    match hint {
        StageHint::Close => words.say("stage-hint-close", &[]),
        StageHint::NameOpen => words.say("stage-hint-open", &[]),
    }
}

fn resolve_hint(words: &Words<'_>, hint: &ResolveHint) -> String {
    match hint {
        ResolveHint::Command(command) => words.say("resolve-hint-command", &[("command", command.clone())]),
        ResolveHint::ByItself => words.say("resolve-hint-by-itself", &[]),
        ResolveHint::Unreadable => words.say("resolve-hint-unreadable", &[]),
        ResolveHint::TakeASide => words.say("resolve-hint-side", &[]),
        ResolveHint::OnlyClosed => words.say("resolve-hint-only-closed", &[]),
    }
}
