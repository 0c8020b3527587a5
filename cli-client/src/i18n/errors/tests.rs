//! Every error has words of its own in both languages, and no argument is forgotten.

use forsat_client::ClientError;
use forsat_domain::command::{Refusal, ResolveHint, StageHint};
use forsat_domain::date::parse_date;
use forsat_domain::schema::input::{Expected, InputError, ReferenceError};
use forsat_domain::{CivilDate, Schema};

use super::{Words, client};
use crate::i18n::{Language, Messages};
use crate::render::Locale;

/// The words for an error in a language.
fn told(language: Language, error: &ClientError) -> String {
    let (messages, schema, locale) = (Messages::new(language), Schema::builtin(), Locale::of(language));
    let words = Words { messages: &messages, schema: &schema, locale: &locale, module: Some("opportunity") };
    client::client(&words, error)
}

fn date_error(text: &str) -> ClientError {
    let source = parse_date(text, CivilDate::MIN).unwrap_err();
    Refusal::Input(InputError::Date { field: "close_date".to_owned(), source }).into()
}

fn samples() -> Vec<ClientError> {
    let word = || "آریا".to_owned();
    let refusals = vec![
        Refusal::UnknownModule(word()),
        Refusal::WrongModule("account".to_owned(), "opportunity"),
        Refusal::Missing { module: "opportunity".to_owned(), fields: vec!["close_date".to_owned()] },
        Refusal::Nameless { module: "lead".to_owned(), fields: vec!["last_name".to_owned()] },
        Refusal::EndsBeforeStart,
        Refusal::Required("name".to_owned()),
        Refusal::Trashed,
        Refusal::NotTrashed,
        Refusal::UnknownStage(word()),
        Refusal::ArchivedStage { stage: word(), instead: word() },
        Refusal::SameStage(word()),
        Refusal::StageKind { stage: word(), hint: StageHint::Close },
        Refusal::NotClosed,
        Refusal::ReasonNeeded(word()),
        Refusal::UnknownReason { text: word(), options: word() },
        Refusal::NoteNeeded,
        Refusal::ClosesAhead(CivilDate::from_gregorian(2026, 3, 21).unwrap()),
        Refusal::Disputed,
        Refusal::NoPrice { product: word(), currency: "USD".to_owned() },
        Refusal::NoLine("9".to_owned()),
        Refusal::AmbiguousLine(word()),
        Refusal::TooMany { field: "tags".to_owned(), max: 100 },
        Refusal::NoIssue("stage".to_owned()),
        Refusal::NoSide { given: 3, sides: 2 },
        Refusal::NotAResolution { what: "--take 1".to_owned(), hint: ResolveHint::ByItself },
        Refusal::RateNotPositive,
        Refusal::ClosedProbability,
        Refusal::SettingsStay,
    ];
    let inputs = vec![
        InputError::UnknownField { module: "account".to_owned(), field: word(), known: word() },
        InputError::Choice { field: "status".to_owned(), text: word(), options: word() },
        InputError::Ambiguous { text: word(), options: word() },
        InputError::Range { field: "name".to_owned(), text: word(), expected: Expected::Letters(255) },
        InputError::Negative { field: "amount".to_owned() },
        InputError::Reference {
            field: "campaign_id".to_owned(),
            source: ReferenceError::NoneOfModules(word()),
        },
    ];
    let mut all: Vec<ClientError> = refusals.into_iter().map(ClientError::from).collect();
    all.extend(inputs.into_iter().map(ClientError::from));
    all.extend([date_error("1404/12/30"), date_error("900/1/1"), date_error("x")]);
    all.extend([
        ClientError::NoStore { dir: "d".to_owned() },
        ClientError::NotFound { module: "record".to_owned(), reference: word() },
        ClientError::NothingToUndo,
        ClientError::SyncBusy,
        ClientError::NotJoined,
    ]);
    all
}

#[test]
fn every_error_is_told_in_both_languages() {
    for error in samples() {
        let (english, persian) = (told(Language::En, &error), told(Language::Fa, &error));
        assert!(!english.contains('{') && !persian.contains('{'), "{english} / {persian}");
        assert!(english.contains(' ') && english != persian, "{english} / {persian}");
        let letters = persian.chars().filter(|letter| ('\u{0600}'..='\u{06FF}').contains(letter)).count();
        assert!(letters > 12, "{persian}");
    }
}

#[test]
fn labels_digits_and_dates_are_the_readers() {
    let persian = told(Language::Fa, &date_error("1404/12/30"));
    assert!(persian.contains("تخمین تاریخ فروش"), "{persian}");
    assert!(persian.contains("۱۴۰۴/۱۲/۳۰") && persian.contains("۲۹ روز"), "{persian}");
    let english = told(Language::En, &date_error("1404/12/30"));
    assert!(english.contains("Expected close date (close_date)") && english.contains("29 days"), "{english}");
    let ahead = Refusal::ClosesAhead(CivilDate::from_gregorian(2026, 3, 21).unwrap()).into();
    assert!(told(Language::Fa, &ahead).contains("۱۴۰۵/۰۱/۰۱"), "{}", told(Language::Fa, &ahead));
}
