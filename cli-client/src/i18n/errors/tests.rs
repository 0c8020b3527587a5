//! Every error has words of its own in both languages, and no argument is forgotten.

use forsat_client::{
    AddressFault, ArgumentError, CellProblem, ClientError, ClientRefusal, Damage, EditError, ExportReason,
    FileProblem, InviteError, KeptUnsent, KeyError, KeyringError, MappingReason, NetworkFailure, Question,
    ReadError, ReauthorError, RowReason, StoreError, UnknownField,
};
use forsat_domain::command::{Refusal, ResolveHint, SettingsRefusal, StageHint};
use forsat_domain::date::parse_date;
use forsat_domain::filter::{FilterError, Problem};
use forsat_domain::money::MoneyError;
use forsat_domain::number::parse_number;
use forsat_domain::schema::input::{Expected, InputError, ReferenceError};
use forsat_domain::{CivilDate, Currency, Schema};

use super::{Words, client, row};
use crate::i18n::{Language, Messages};
use crate::render::Locale;

/// The words for an error in a language.
fn told(language: Language, error: &ClientError) -> String {
    with_words(language, |words| client::client(words, error))
}

fn with_words(language: Language, tell: impl FnOnce(&Words<'_>) -> String) -> String {
    let (messages, schema, locale) = (Messages::new(language), Schema::builtin(), Locale::of(language));
    tell(&Words { messages: &messages, schema: &schema, locale: &locale, module: Some("opportunity") })
}

fn word() -> String {
    "آریا".to_owned()
}

fn date_error(text: &str) -> ClientError {
    let source = parse_date(text, CivilDate::MIN).unwrap_err();
    Refusal::Input(InputError::Date { field: "close_date".to_owned(), source }).into()
}

fn refusals() -> Vec<Refusal> {
    vec![
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
        Refusal::OneSettings,
        Refusal::RoleLength(255),
        Refusal::DifferentModules,
        Refusal::MergeModules { name: word(), module: "lead".to_owned(), other: "account".to_owned() },
        Refusal::NothingToCompare,
    ]
}

fn samples() -> Vec<ClientError> {
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
    let mut all: Vec<ClientError> = refusals().into_iter().map(ClientError::from).collect();
    all.extend(inputs.into_iter().map(ClientError::from));
    all.extend([date_error("1404/12/30"), date_error("900/1/1"), date_error("x")]);
    all.extend([
        ClientError::NoStore { dir: "d".to_owned() },
        ClientError::NotFound { module: "record".to_owned(), reference: word() },
        ClientError::NothingToUndo,
        ClientError::Erased { aside: 0, kept: None, entry: None },
        ClientError::Erased { aside: 2, kept: None, entry: None },
        ClientError::Erased { aside: 2, kept: Some(KeptUnsent { changes: 3, path: word() }), entry: None },
        ClientError::Erased { aside: 2, kept: None, entry: Some(word()) },
        ClientError::SyncBusy,
        ClientError::NoAdminAnswer,
        ClientError::NotAdministered { code: "no_such_user".to_owned(), message: word() },
        ClientError::NotJoined,
        ClientError::NeedsConfirmation(Question::LeavesDeals),
    ]);
    all.extend(networks().map(|why| ClientError::Unreachable { url: "wss://r".to_owned(), why }));
    all.extend(keys().map(ClientError::Key));
    all.extend(arguments().into_iter().map(ClientError::Argument));
    all.extend(engine_refusals().into_iter().map(ClientError::Refused));
    all.extend(files().into_iter().map(|problem| ClientError::Import { file: word(), problem }));
    all.extend(stores().into_iter().map(ClientError::Store));
    all.extend(edits().into_iter().map(ClientError::from));
    all.extend(damages().into_iter().map(ClientError::Damaged));
    all.push(ClientError::Read(ReadError::UnknownHead("9f".to_owned())));
    all.push(ReauthorError::MissingBase("9f".to_owned()).into());
    all.push(ReauthorError::Edit { hash: "9f".to_owned(), source: EditError::CounterUsedUp }.into());
    all
}

fn keys() -> [KeyError; 17] {
    [
        KeyError::Sealed,
        KeyError::WrongPassphrase,
        KeyError::NoPassphrase,
        KeyError::Different,
        KeyError::NoKey,
        KeyError::SealedAlready,
        KeyError::NotSealed,
        KeyError::Unreadable,
        KeyError::InKeyring,
        KeyError::NotInKeyring,
        KeyError::OtherInKeyring,
        KeyringError::Unsupported.into(),
        KeyringError::Absent.into(),
        KeyringError::Locked.into(),
        KeyringError::NoCollection.into(),
        KeyringError::NoAnswer.into(),
        KeyringError::Failed(word()).into(),
    ]
}

fn networks() -> [NetworkFailure; 6] {
    [
        NetworkFailure::NoAnswer,
        NetworkFailure::NothingTaken,
        NetworkFailure::Closed,
        NetworkFailure::NotARelay,
        NetworkFailure::Http("404".to_owned()),
        NetworkFailure::System(word()),
    ]
}

fn arguments() -> Vec<ArgumentError> {
    vec![
        ArgumentError::UnknownField(word()),
        ArgumentError::FutureDay(CivilDate::from_gregorian(2026, 3, 21).unwrap()),
        ArgumentError::TimeZone,
        ArgumentError::Calendar,
        ArgumentError::NoCommand(7),
        ArgumentError::Certificates { path: "ca.pem".to_owned(), why: word() },
        ArgumentError::Column(Problem::NotFiltered { field: word() }),
        ArgumentError::AccountName,
        ArgumentError::NoChange("9f".to_owned()),
        ArgumentError::SeveralChanges("9f".to_owned()),
        ArgumentError::NotExported { module: "lead".to_owned(), field: word(), known: word() },
        ArgumentError::NoRefusedEdit(3),
        ArgumentError::TooManyRecords { count: 20_000, max: 10_000 },
        ArgumentError::NotSaved,
        ArgumentError::TeamName,
    ]
}

fn engine_refusals() -> Vec<ClientRefusal> {
    let invites = [
        InviteError::NotAnInvite,
        InviteError::Character('!'),
        InviteError::Length(3),
        InviteError::Checksum,
        InviteError::Key,
        InviteError::Address,
    ];
    let faults =
        [AddressFault::NoScheme, AddressFault::OtherScheme, AddressFault::Unreadable, AddressFault::NoHost];
    let mut all: Vec<ClientRefusal> = invites.into_iter().map(ClientRefusal::InviteCode).collect();
    all.extend(faults.map(|fault| ClientRefusal::RelayAddress { text: word(), fault }));
    all.extend([
        ClientRefusal::NoRelayAddress,
        ClientRefusal::OtherSpace,
        ClientRefusal::NotAdministrator("rep".to_owned()),
        ClientRefusal::NotManagerOfUser("rep".to_owned()),
        ClientRefusal::NotManager { module: "product".to_owned(), role: "rep".to_owned() },
        ClientRefusal::AlreadyUndone(7),
        ClientRefusal::NotUndoable(word()),
        ClientRefusal::AccountExists { name: word(), short: "k7".to_owned() },
        ClientRefusal::UnknownModule,
        ClientRefusal::CommonStays,
        ClientRefusal::MayNotMove { space: word(), role: "rep".to_owned() },
        ClientRefusal::Erased,
        ClientRefusal::MovedAway { space: word(), number: 3 },
        ClientRefusal::UnreadableEdit,
        ClientRefusal::LostBase,
        ClientRefusal::OfRecord { name: word(), refusal: Box::new(Refusal::NotClosed) },
        ClientRefusal::UnknownSpace { name: word(), known: word() },
        ClientRefusal::CommonModule("product".to_owned()),
        ClientRefusal::ReadOnly(word()),
        ClientRefusal::ReadOnlyHome(word()),
        ClientRefusal::NoSpace,
        ClientRefusal::OtherSpaceNeeded { name: word(), known: word() },
        ClientRefusal::SpaceNeeded(word()),
        ClientRefusal::AlreadyJoined("wss://r".to_owned()),
    ]);
    all
}

fn files() -> Vec<FileProblem> {
    vec![
        FileProblem::NotMapped(word()),
        FileProblem::LacksColumns(word()),
        FileProblem::NoColumn("id"),
        FileProblem::Delimiter,
        FileProblem::TwoColumns(word()),
        FileProblem::LongRow(3),
        FileProblem::Syntax(word()),
        FileProblem::TooLarge(512),
        FileProblem::UnknownEncoding(word()),
        FileProblem::Encoding("UTF-8"),
        FileProblem::LargeMapping(512),
        FileProblem::NoSource,
        FileProblem::NoKey(word()),
        FileProblem::NoMap { file: word(), map: "m".to_owned() },
        FileProblem::NotAnExport("module,id".to_owned()),
        FileProblem::UnknownModule { column: "module", module: word() },
        FileProblem::NoRows,
        FileProblem::UnknownField(UnknownField { module: "lead".to_owned(), field: word() }),
        FileProblem::FilledTwice { field: word(), first: word(), second: word() },
        FileProblem::NotJson(word()),
    ]
}

fn stores() -> Vec<StoreError> {
    let io = || std::io::Error::other(word());
    vec![
        StoreError::NotFound { path: "d".into() },
        StoreError::AlreadyExists { path: "d".into() },
        StoreError::LocksUnsupported,
        StoreError::InUse,
        StoreError::Busy,
        StoreError::NewerFormat { found: 9, supported: 3 },
        StoreError::NotAStore { what: word() },
        StoreError::Damaged { what: word() },
        StoreError::DiskFull(io()),
        StoreError::Io(io()),
        StoreError::SyncFailed,
        StoreError::NoSuchEntry { what: "command", number: 7 },
        StoreError::TooLarge { what: "key", found: 9, limit: 3 },
        StoreError::BadText { what: "key" },
    ]
}

fn edits() -> Vec<EditError> {
    vec![
        EditError::UnknownModule(word()),
        EditError::UnknownField { module: "lead".to_owned(), field: word() },
        EditError::WrongEdit { field: "name".to_owned(), kept: "a set" },
        EditError::Immutable("name".to_owned()),
        EditError::BadKey { field: "tags".to_owned(), key: word() },
        EditError::ActorOfAnother,
        EditError::ChunkTooLarge { bytes: 9, max: 3 },
        EditError::TooManyOperations { operations: 9, max: 3 },
        EditError::DocumentFull { changes: 9, bytes: 3, operations: 4 },
        EditError::CounterUsedUp,
    ]
}

fn damages() -> Vec<Damage> {
    vec![
        Damage::MissingRow { module: "record".to_owned(), id: "k7".to_owned() },
        Damage::MissingDocument("k7".to_owned()),
        Damage::Row,
        Damage::Brief,
        Damage::Journal,
        Damage::NoUser,
        Damage::Forked,
        Damage::ImportedCells,
        Damage::DeviceKey("device.key".to_owned()),
    ]
}

fn rows() -> Vec<RowReason> {
    let cells = vec![
        CellProblem::Number(parse_number("x").unwrap_err()),
        CellProblem::Money(MoneyError::Negative),
        CellProblem::Date(parse_date("1404/12/30", CivilDate::MIN).unwrap_err()),
        CellProblem::Currency(Currency::from_code("RRR").unwrap_err()),
        CellProblem::TimeZone(word()),
        CellProblem::Unfillable("stage".to_owned()),
        CellProblem::NoneOf { cell: word(), known: word() },
        CellProblem::TooLarge("9".to_owned()),
        CellProblem::Percentage("900".to_owned()),
        CellProblem::Letters { letters: 300, max: 255 },
        CellProblem::ControlLetter,
        CellProblem::Whole { cell: word(), min: 0, max: 9 },
        CellProblem::NotPositive("0".to_owned()),
        CellProblem::Decimals { cell: "0.1".to_owned(), max: 0 },
        CellProblem::Truth(word()),
        CellProblem::DateOrder { cell: word(), order: "M/D/Y".to_owned() },
        CellProblem::NoDay("1404/13/01".to_owned()),
        CellProblem::NoValue { value: "9".to_owned(), field: "name".to_owned() },
        CellProblem::Json(word()),
        CellProblem::NotAList,
        CellProblem::NotAnObject,
        CellProblem::NotAText("9".to_owned()),
        CellProblem::NotWhole("0.1".to_owned()),
        CellProblem::AList,
        CellProblem::EntryId("a/b".to_owned()),
        CellProblem::NotCanonical(word()),
    ];
    let mut all: Vec<RowReason> = cells.into_iter().map(RowReason::Cell).collect();
    all.extend(mapped().into_iter().map(RowReason::Mapping));
    all.extend(exported().into_iter().map(RowReason::Export));
    all.push(RowReason::NotImported { module: "account".to_owned(), text: word() });
    all.push(RowReason::Erased);
    all.push(RowReason::Rule(Box::new(Refusal::NotClosed)));
    all.push(RowReason::Store(word()));
    let reason = Box::new(CellProblem::NotAList.into());
    all.push(RowReason::Field { field: "close_date".to_owned(), reason });
    all
}

fn mapped() -> Vec<MappingReason> {
    let currency = Currency::from_code("USD").unwrap();
    vec![
        MappingReason::DoubleKey,
        MappingReason::Nameless(vec!["name".to_owned()]),
        MappingReason::EmptyKey(word()),
        MappingReason::Times("x".to_owned()),
        MappingReason::UnknownField { module: "lead".to_owned(), field: word() },
        MappingReason::Entries,
        MappingReason::Quantity("0".to_owned()),
        MappingReason::NoPrice { product: word(), currency },
        MappingReason::Stage { column: word(), word: word() },
        MappingReason::NoClosingDate(word()),
        MappingReason::NoColumn(word()),
        MappingReason::NoModule { word: word(), modules: "lead".to_owned() },
        MappingReason::NoneNamed { module: "account".to_owned(), name: word() },
        MappingReason::SeveralNamed { count: 2, module: "account".to_owned(), name: word() },
    ]
}

fn exported() -> Vec<ExportReason> {
    vec![
        ExportReason::DoubleRecord,
        ExportReason::OtherModule { column: "module", said: word(), first: word() },
        ExportReason::NotJson(word()),
        ExportReason::NoFields,
        ExportReason::UnknownField(UnknownField { module: "lead".to_owned(), field: word() }),
        ExportReason::RecordId { text: word(), column: "id" },
        ExportReason::IdOfAnother("lead".to_owned()),
        ExportReason::Merged,
        ExportReason::Trashed,
        ExportReason::Settings,
        ExportReason::Nameless(vec!["name".to_owned()]),
        ExportReason::NoAccount,
        ExportReason::GrowsOnly,
        ExportReason::StageCommands,
        ExportReason::Fixed,
        ExportReason::Required,
        ExportReason::EntryNeeds("name".to_owned()),
        ExportReason::EntriesStay,
        ExportReason::UnknownRegister(word()),
        ExportReason::NoRecord { modules: vec!["lead".to_owned()], id: "k7".to_owned() },
        ExportReason::Member(word()),
        ExportReason::MemberId(word()),
        ExportReason::Tag { key: word(), max: 64 },
    ]
}

#[test]
fn every_error_is_told_in_both_languages() {
    for error in samples() {
        check(&told(Language::En, &error), &told(Language::Fa, &error));
    }
}

#[test]
fn every_reason_for_a_refused_row_is_told_in_both_languages() {
    for reason in rows() {
        let tell = |language| with_words(language, |words| row::row(words, &reason));
        check(&tell(Language::En), &tell(Language::Fa));
    }
}

#[test]
fn every_list_of_the_settings_has_a_name_in_persian() {
    let lists = ["stage", "pipeline", "lead source", "win reason", "loss reason", "checklist item"];
    for what in lists.into_iter().chain(["field of your own"]) {
        let refusal = SettingsRefusal::Unknown { what, text: word(), options: word() };
        let persian = told(Language::Fa, &Refusal::from(refusal).into());
        assert!(!persian.contains(|letter: char| letter.is_ascii_alphabetic()), "{persian}");
    }
}

#[test]
fn every_code_of_the_relay_is_told_in_both_languages() {
    let own = ["impostor_relay", "recorded_greeting", "reader_too_old", "unreachable", "other_workspace"];
    for code in forsat_client::RELAY_CODES.iter().map(|(code, _)| code.as_str()).chain(own) {
        let error = ClientError::Relay { code: code.to_owned(), message: "untold".to_owned() };
        let (english, persian) = (told(Language::En, &error), told(Language::Fa, &error));
        check(&english, &persian);
        assert!(!english.contains("untold") && !persian.contains("untold"), "{code}");
    }
    let later = ClientError::Relay { code: "of_a_later_version".to_owned(), message: "so it is".to_owned() };
    assert!(told(Language::Fa, &later).contains("so it is"));
}

#[test]
fn a_value_in_a_condition_is_told_in_the_readers_language() {
    let source = parse_date("1404/12/30", CivilDate::MIN).unwrap_err();
    let problem = InputError::Date { field: "close_date".to_owned(), source }.into();
    let error = FilterError { at: 11..21, problem };
    let error = ClientError::Filter { text: "close_date=1404/12/30".to_owned(), saved: Some(word()), error };
    let (english, persian) = (told(Language::En, &error), told(Language::Fa, &error));
    assert!(english.starts_with("Expected close date (close_date): 1404/12/30"), "{english}");
    assert!(persian.starts_with("تخمین تاریخ فروش (close_date): ۱۴۰۴/۱۲/۳۰"), "{persian}");
    assert!(persian.contains("\n             ^^^^^^^^^^"), "{persian}");
}

/// Both languages say something of their own, with every argument in its place.
fn check(english: &str, persian: &str) {
    assert!(!english.contains('{') && !persian.contains('{'), "{english} / {persian}");
    assert!(english.contains(' ') && english != persian, "{english} / {persian}");
    let letters = persian.chars().filter(|letter| ('\u{0600}'..='\u{06FF}').contains(letter)).count();
    assert!(letters > 5, "{persian}");
    if let Some(sentence) = english_in(persian) {
        panic!("English in a Persian message: {sentence}");
    }
}

/// Four words of English in a row, which no command or name that is typed has.
fn english_in(persian: &str) -> Option<String> {
    let words: Vec<&str> = persian.split_whitespace().collect();
    let is_english = |word: &&str| {
        let word = word.trim_matches(|letter: char| letter.is_ascii_punctuation());
        !word.is_empty() && word.chars().all(|letter| letter.is_ascii_alphabetic() || letter == '\'')
    };
    let found = words.windows(4).find(|four| four[0] != "forsat" && four.iter().all(is_english));
    found.map(|four| four.join(" "))
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
