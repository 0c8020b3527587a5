//! The Persian set: five files in four encodings, and exactly what becomes of each row.

use crate::support::Fixed;
use forsat_client::{
    Engine, FieldInput, FileSummary, ImportOptions, ImportSummary, InitOptions, ListQuery, RecordView,
};
use std::path::PathBuf;
use tempfile::TempDir;

fn imported() -> (TempDir, Engine, ImportSummary) {
    let dir = TempDir::new().expect("a temporary directory");
    let options = InitOptions {
        user_name: "سارا".to_owned(),
        calendar: Some("persian".to_owned()),
        ..InitOptions::default()
    };
    let engine = Engine::init_with(&dir.path().join("store"), &options, Fixed::new(51)).expect("a store");
    let summary = import(&engine, &dir);
    (dir, engine, summary)
}

fn import(engine: &Engine, dir: &TempDir) -> ImportSummary {
    let set = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/fa");
    let options = ImportOptions { refused_dir: Some(dir.path().to_owned()), ..ImportOptions::default() };
    engine.import(&set, &set.join("fa.toml"), &options, &mut |_| {}).expect("imports")
}

fn said(view: &RecordView, field: &str) -> serde_json::Value {
    view.fields.iter().find(|known| known.field == field).map(|known| known.value.clone()).unwrap_or_default()
}

fn money(value: &str) -> serde_json::Value {
    serde_json::json!({"currency": "IRR", "value": value})
}

#[test]
fn every_file_is_read_whatever_its_encoding_and_bad_rows_say_why() {
    let (dir, engine, summary) = imported();
    let counts = |file: &FileSummary| (file.rows, file.created, file.refused.values().sum::<u64>());
    let files: Vec<_> = summary.files.iter().map(|file| (file.file.as_str(), counts(file))).collect();
    let expected = [
        ("accounts.csv", (5, 5, 0)),
        ("contacts.csv", (5, 3, 2)),
        ("leads.csv", (3, 2, 1)),
        ("opportunities.csv", (8, 5, 3)),
        ("activities.csv", (3, 2, 1)),
    ];
    assert_eq!(files, expected);
    let reasons: Vec<&str> =
        summary.files.iter().flat_map(|file| file.refused.keys()).map(String::as_str).collect();
    for part in [
        "it has no last_name",
        "no account \"A-9\" was imported",
        "status: \"دور ريخته\" is none of",
        "فرصت بدون حساب پذیرفته نمی‌شود",
        "close_date: 1404/12/30 does not exist",
        "manual_amount: ",
        "no opportunity \"D-99\" was imported",
    ] {
        assert!(reasons.iter().any(|reason| reason.contains(part)), "{part}: {reasons:#?}");
    }
    let again = import(&engine, &dir);
    assert!(again.files.iter().all(|file| file.created == 0 && file.updated == 0));
}

#[test]
fn people_and_customers_read_as_they_were_typed() {
    let (_dir, engine, _) = imported();
    let arya = engine.show("account", "شرکت آریا رایانه").expect("shows");
    assert_eq!(said(&arya, "kind"), "legal");
    assert_eq!(said(&arya, "annual_revenue"), money("120000000000"));
    assert_eq!(said(&arya, "employees"), 120);
    assert_eq!(arya.state.text("description"), "مشتری قدیمی\nتماس فقط صبح‌ها");
    assert_eq!(arya.state.set("tags").collect::<Vec<_>>(), ["تهران", "مهم"]);
    let phones: Vec<_> = arya.state.entries("phones").map(|(_, phone)| phone.winner("raw").clone()).collect();
    assert_eq!(phones.len(), 2);
    assert!(phones.contains(&"۰۹۱۲۱۱۱۲۲۳۳".into()), "{phones:?}");
    // The same company in Arabic and in Persian letters: both are kept, and either spelling finds them.
    let accounts = |words: &str| {
        let found = engine.find(words, 20).expect("finds");
        found.iter().filter(|found| found.module == "account").count()
    };
    assert_eq!(accounts("بازرگانی کيميا"), 2);
    assert_eq!(accounts("خانهسازی"), 1, "the joiner folds away");

    let karim = engine.show("contact", "کریم احمدی").expect("shows");
    assert_eq!((said(&karim, "salutation"), said(&karim, "lead_source")), ("mr".into(), "trade_show".into()));
    assert_eq!((said(&karim, "birthdate"), said(&karim, "do_not_call")), ("1979-05-05".into(), false.into()));
    let yusefi = engine.show("contact", "یوسفی").expect("shows");
    assert_eq!(said(&yusefi, "birthdate"), "1981-12-22");

    let peyman = engine.show("lead", "پیمان گودرزی").expect("shows");
    assert_eq!((said(&peyman, "status"), said(&peyman, "source")), ("new".into(), "web_site".into()));
    assert_eq!(said(&peyman, "company"), "ژرف\u{200c}انديش");
    assert_eq!(said(&peyman, "opportunity_amount"), money("350000000"));
    let company = engine.show("lead", "پخش چکاوک").expect("shows");
    assert_eq!(said(&company, "opportunity_amount"), money("125000000"));
}

#[test]
fn deals_come_to_the_sums_counted_by_hand() {
    let (_dir, engine, _) = imported();
    // 1,250,000 toman at 65 %, 2.5 million toman at 80 %, 500,000 toman at 10 %: in rials ten times as much.
    let report = engine.pipeline().expect("a report");
    let sum = |money: Option<forsat_domain::Money>| {
        money.map(|money| money.value().to_string()).unwrap_or_default()
    };
    let open: u64 = report.stages.iter().map(|row| row.open.count).sum();
    assert_eq!(open, 3);
    let stage =
        |id: &str| report.stages.iter().find(|row| row.stage_id == id).map(|row| sum(row.open.amount));
    assert_eq!(stage("proposal").as_deref(), Some("12500000"));
    assert_eq!(stage("negotiation").as_deref(), Some("25000000"));
    assert_eq!(stage("identification").as_deref(), Some("5000000"));
    // 8,125,000 + 20,000,000 + 500,000.
    assert_eq!(sum(report.weighted), "28625000");
    assert_eq!((report.won.count, sum(report.won.amount)), (1, "850000000".to_owned()));
    assert_eq!((report.lost.count, sum(report.lost.amount)), (1, "120000000".to_owned()));

    let server = engine.show("opp", "آریا/سرور").expect("shows");
    assert_eq!(
        (said(&server, "close_date"), said(&server, "opened_on")),
        ("2025-08-03".into(), "2025-06-22".into())
    );
    let won = engine.show("opp", "کیمیا/پشتیبانی").expect("shows").opportunity.expect("a deal");
    assert_eq!((won.closed_on.as_deref(), won.reason.as_deref()), (Some("2025-09-22"), Some("quality")));
    let lost = engine.show("opp", "آریا/شبکه").expect("shows").opportunity.expect("a deal");
    assert_eq!((lost.closed_on.as_deref(), lost.reason.as_deref()), (Some("2025-09-24"), Some("price")));
}

#[test]
fn activities_name_their_records_and_an_import_is_taken_back_as_one() {
    let (_dir, engine, _) = imported();
    let call = engine.show("activity", "پیگیری پیش‌فاکتور").expect("shows");
    assert_eq!(call.state.set("parents").count(), 2);
    // 12 Mordad 1404, 10:30 in Tehran (+03:30).
    assert_eq!(
        said(&call, "start"),
        serde_json::json!({"instant": 1_754_204_400_000_i64, "zone": "Asia/Tehran"})
    );
    assert_eq!(call.state.text("outcome"), "قبول کردند؛\nفردا «دمو»");
    assert_eq!(call.state.entries("attendees").count(), 2);
    let commands = engine.commands(5).expect("lists");
    assert_eq!((commands[0].records, commands[0].undoable), (17, true));
    engine.edit("account", "مریم رضایی", &[FieldInput::new("industry", "پوشاک")]).expect("edits");
    let undone = engine.undo_command(commands[0].number).expect("undoes");
    assert_eq!((undone.saved.len(), undone.skipped.len()), (16, 1));
    let left = engine.list("account", &ListQuery::default()).expect("lists");
    assert_eq!(left.rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["مریم رضایی"]);
    assert!(engine.undo_command(commands[0].number).is_err(), "once is enough");
}
