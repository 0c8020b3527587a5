//! Fields of a workspace's own, of every type: exported and imported back, filled from files of other programs, changed
//! in many records at once, and listed on devices that had the values before they knew the fields.

use crate::pair::{Device, Relay};
use crate::support::{Fixed, dollars};
use forsat_client::{
    ClientError, Engine, ExportFormat, FieldInput, ImportOptions, ImportSummary, ListQuery, MassAction,
    MassTarget, SettingsCommand,
};
use forsat_domain::command::{FieldDraft, Labels};
use forsat_relay::store::Role;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Name, type, label, a value as it is typed, and values that don't fit.
const FIELDS: &[(&str, &str, &str, &str, &[&str])] = &[
    ("region", "text", "ناحیه", "=\"شمال\"; ی", &["a\nb"]),
    ("seats", "number", "صندلی", "-12", &["1.5", "many", "9999999999999999"]),
    ("growth", "decimal", "رشد", "-2.5", &["0.1234567", "x"]),
    ("fee", "money", "کارمزد", "1250.75", &["-5", "0.001", "dear"]),
    ("renewal", "date", "تمدید", "1404/06/31", &["1404/13/01", "soon"]),
    ("vip", "bool", "ویژه", "yes", &["maybe"]),
    ("share", "percent", "سهم", "40%", &["101", "-1", "1.5"]),
    ("tier", "choice(Gold,شمال غرب)", "رده", "شمال غرب", &["silver", "{\"mode\":\"lines\"}"]),
];

/// What is stored for the values of [`FIELDS`].
fn stored() -> Value {
    json!({
        "x_region": "=\"شمال\"; ی",
        "x_seats": -12,
        "x_growth": "-2.5",
        "x_fee": {"currency": "USD", "value": "1250.75"},
        "x_renewal": "2025-09-22",
        "x_vip": true,
        "x_share": 40,
        "x_tier": "شمال_غرب",
    })
}

fn typed() -> Vec<FieldInput> {
    FIELDS.iter().map(|(name, _, _, typed, _)| FieldInput::new(*name, *typed)).collect()
}

fn add_fields(engine: &Engine, module: &str) {
    for (name, type_text, label, _, _) in FIELDS {
        let labels = Labels { fa: Some((*label).to_owned()), en: None };
        let (module, name, type_text) = (module.to_owned(), (*name).to_owned(), (*type_text).to_owned());
        let draft = FieldDraft { module, name, labels, type_text };
        engine.administer(&SettingsCommand::FieldAdd(draft)).expect("adds");
    }
}

/// A workspace whose accounts and deals have a field of every type.
fn workspace(seed: u64) -> (TempDir, Engine) {
    let (dir, engine) = dollars(seed);
    for module in ["account", "opportunity"] {
        add_fields(&engine, module);
    }
    drop(engine);
    let engine = Engine::open_with(&dir.path().join("store"), Fixed::new(seed + 1)).expect("opens");
    (dir, engine)
}

fn account(engine: &Engine, name: &str, own: Vec<FieldInput>) -> String {
    let fields: Vec<FieldInput> = [FieldInput::new("name", name)].into_iter().chain(own).collect();
    engine.create("account", &fields).expect("creates").short
}

fn deal(engine: &Engine, account: &str, own: Vec<FieldInput>) -> String {
    let fields = [("account", account), ("name", "server"), ("amount", "5"), ("close_date", "2026-09-01")];
    let fields = fields.map(|(name, value)| FieldInput::new(name, value));
    engine.create("opp", &fields.into_iter().chain(own).collect::<Vec<_>>()).expect("creates").short
}

/// What a record holds in the workspace's own fields, as an export says it.
fn own_fields(engine: &Engine, module: &str) -> Value {
    let lines = written(engine, module, ExportFormat::Jsonl);
    let object: Value = serde_json::from_str(lines.lines().next().expect("a record")).expect("JSON");
    let fields = object["fields"].as_object().expect("fields").clone();
    Value::Object(fields.into_iter().filter(|(name, _)| name.starts_with("x_")).collect())
}

fn written(engine: &Engine, module: &str, format: ExportFormat) -> String {
    let mut bytes = Vec::new();
    engine.export(module, &ListQuery::default(), format, &mut bytes).expect("exports");
    String::from_utf8(bytes).expect("UTF-8")
}

fn file(dir: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = dir.path().join(name);
    std::fs::write(&path, text).expect("writes");
    path
}

fn take(engine: &Engine, path: &Path) -> Result<ImportSummary, ClientError> {
    engine.import_export(path, &ImportOptions::default(), &mut |_| {})
}

fn reasons(summary: &ImportSummary) -> Vec<&str> {
    summary.files.iter().flat_map(|file| file.refused.keys()).map(String::as_str).collect()
}

fn matching(engine: &Engine, module: &str, condition: &str) -> Vec<String> {
    let query = ListQuery {
        conditions: vec![condition.to_owned()],
        sort: vec!["name".to_owned()],
        ..ListQuery::default()
    };
    let page = engine.list(module, &query).unwrap_or_else(|error| panic!("{condition}: {error}"));
    page.rows.into_iter().map(|row| row.name).collect()
}

#[test]
fn values_of_every_type_come_back_from_both_forms() {
    let (dir, engine) = workspace(200);
    account(&engine, "Arya", typed());
    deal(&engine, "Arya", typed());
    for (seed, format, ending) in [(210, ExportFormat::Csv, "csv"), (220, ExportFormat::Jsonl, "jsonl")] {
        let (_keep, other) = workspace(seed);
        for module in ["account", "opportunity"] {
            assert_eq!(own_fields(&engine, module), stored(), "{module}");
            let mut text = written(&engine, module, format);
            // The owner is a person of the other workspace, which this test isn't about.
            let me = engine.me().expect("reads").0.to_string();
            text = text.replace(&me, &other.me().expect("reads").0.to_string());
            let path = file(&dir, &format!("{module}.{ending}"), &text);
            let summary = take(&other, &path).expect("imports");
            assert_eq!(reasons(&summary), Vec::<&str>::new());
            assert_eq!(own_fields(&other, module), stored(), "{ending} {module}");
            let again = take(&other, &path).expect("imports");
            assert_eq!((again.files[0].updated, again.files[0].unchanged), (0, 1), "{ending} {module}");
        }
    }
}

#[test]
fn a_spreadsheet_counts_with_the_numbers_of_an_export() {
    let (_keep, engine) = workspace(230);
    account(&engine, "Arya", typed());
    let text = written(&engine, "account", ExportFormat::Csv);
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = reader.headers().expect("a header").clone();
    let row = reader.records().next().expect("a row").expect("RFC 4180");
    let cell = |name: &str| &row[header.iter().position(|column| column == name).expect("a column")];
    assert_eq!((cell("x_growth"), cell("x_seats"), cell("x_share")), ("-2.5", "-12", "40"));
    assert_eq!((cell("x_fee"), cell("x_vip"), cell("x_renewal")), ("1250.75 USD", "true", "2025-09-22"));
    assert_eq!(cell("x_region"), "'=\"شمال\"; ی", "no formula");
}

#[test]
fn cells_changed_in_an_export_are_written_as_people_type_them_and_bad_ones_refused() {
    let (dir, engine) = workspace(240);
    account(&engine, "Arya", typed());
    let exported = written(&engine, "account", ExportFormat::Csv);
    let change = |from: &str, to: &str| {
        assert!(exported.contains(from), "{from} in {exported}");
        let path = file(&dir, "account.csv", &exported.replacen(from, to, 1));
        take(&engine, &path).expect("imports")
    };
    for (from, bad) in [
        (",-12,", ",1.5,"),
        (",-2.5,", ",0.1234567,"),
        ("1250.75 USD", "-5 USD"),
        ("2025-09-22", "1404/13/01"),
        (",40,", ",101,"),
        ("شمال_غرب", "silver"),
        ("شمال_غرب", "\"{\"\"lines_total_seen\"\":{},\"\"mode\"\":\"\"lines\"\"}\""),
    ] {
        let summary = change(from, bad);
        assert_eq!(reasons(&summary).len(), 1, "{bad}: {:?}", summary.files);
        assert_eq!(own_fields(&engine, "account"), stored(), "{bad}");
    }
    for (from, good, field, now) in [
        (",-12,", ",۷,", "x_seats", json!(7)),
        (",-2.5,", ",0,", "x_growth", json!("0")),
        ("1250.75 USD", "2 EUR", "x_fee", json!({"currency": "EUR", "value": "2"})),
        ("2025-09-22", "1405/01/01", "x_renewal", json!("2026-03-21")),
        ("شمال_غرب", "gold", "x_tier", json!("gold")),
        (",40,", ",,", "x_share", Value::Null),
    ] {
        let summary = change(from, good);
        assert_eq!((reasons(&summary).len(), summary.files[0].updated), (0, 1), "{good}");
        assert_eq!(own_fields(&engine, "account")[field], now, "{good}");
        engine.undo().expect("takes the import back");
        assert_eq!(own_fields(&engine, "account"), stored());
    }
}

#[test]
fn a_file_with_a_field_that_is_not_here_says_how_to_add_it() {
    let (dir, engine) = workspace(250);
    account(&engine, "Arya", typed());
    let (_keep, other) = dollars(251);
    let path = file(&dir, "account.csv", &written(&engine, "account", ExportFormat::Csv));
    let told = take(&other, &path).expect_err("refused whole").to_string();
    assert!(told.contains("forsat settings field add account --name "), "{told}");
    let path = file(&dir, "account.jsonl", &written(&engine, "account", ExportFormat::Jsonl));
    let summary = take(&other, &path).expect("reads the file");
    assert!(reasons(&summary)[0].contains("forsat settings field add account --name "), "{summary:?}");
    assert_eq!(other.list("account", &ListQuery::default()).expect("lists").total, 0);
}

fn import_mapped(
    dir: &TempDir,
    engine: &Engine,
    fields: &str,
    csv: &str,
) -> Result<ImportSummary, ClientError> {
    let mapping = format!(
        "source = 'crm'\n[[file]]\nname = 'customers.csv'\nmodule = 'account'\nkey = ['Name']\n\
         [file.fields]\nname = 'Name'\n{fields}"
    );
    let (mapping, path) = (file(dir, "map.toml", &mapping), file(dir, "customers.csv", csv));
    let options = ImportOptions { refused_dir: Some(dir.path().to_owned()), ..ImportOptions::default() };
    engine.import(&path, &mapping, &options, &mut |_| {})
}

#[test]
fn a_file_of_another_program_fills_fields_of_every_type() {
    let (dir, engine) = workspace(260);
    // By the stored name, by the short one and by the label.
    let fields = "x_region = 'Region'\nseats = 'Seats'\ngrowth = 'Growth'\nfee = { column = 'Fee', currency = 'EUR' }\n\
                  'تمدید' = 'Renewal'\nvip = 'VIP'\nshare = 'Share'\ntier = 'Tier'\n";
    let header = "Name,Region,Seats,Growth,Fee,Renewal,VIP,Share,Tier\n";
    let good = "Arya,North,\"1,200\",۲٫۵-,99.5,1404/06/31,بله,40%,شمال غرب\n".replace("۲٫۵-", "-۲٫۵");
    let bad = "B1,,1.5,,,,,,\nB2,,,0.1234567,,,,,\nB3,,,,-5,,,,\nB4,,,,,1404/13/01,,,\n\
               B5,,,,,,maybe,,\nB6,,,,,,,101,\nB7,,,,,,,,silver\nB8,\"two\nlines\",,,,,,,\n";
    let summary = import_mapped(&dir, &engine, fields, &format!("{header}{good}{bad}")).expect("imports");
    assert_eq!((summary.files[0].created, reasons(&summary).len()), (1, 8), "{:?}", summary.files[0].refused);
    let expected = json!({
        "x_region": "North", "x_seats": 1200, "x_growth": "-2.5",
        "x_fee": {"currency": "EUR", "value": "99.5"}, "x_renewal": "2025-09-22",
        "x_vip": true, "x_share": 40, "x_tier": "شمال_غرب",
    });
    assert_eq!(own_fields(&engine, "account"), expected);
    // Again with another cell: only that one is written.
    let changed = good.replace("North", "South");
    let again = import_mapped(&dir, &engine, fields, &format!("{header}{changed}")).expect("imports");
    assert_eq!((again.files[0].created, again.files[0].updated), (0, 1));
    assert_eq!(own_fields(&engine, "account")["x_region"], "South");
}

#[test]
fn a_mapping_of_a_field_that_is_not_here_or_filled_twice_takes_nothing() {
    let (dir, engine) = workspace(270);
    let csv = "Name,Region\nArya,North\n";
    let told = import_mapped(&dir, &engine, "zone = 'Region'\n", csv).expect_err("refused").to_string();
    assert!(told.contains("forsat settings field add account --name zone"), "{told}");
    let twice = "region = 'Region'\nx_region = 'Name'\n";
    let told = import_mapped(&dir, &engine, twice, csv).expect_err("refused").to_string();
    assert!(told.contains("x_region twice"), "{told}");
    assert_eq!(engine.list("account", &ListQuery::default()).expect("lists").total, 0);
}

#[test]
fn many_records_get_a_value_of_every_type_at_once_and_undo_takes_it_back() {
    let (_keep, engine) = workspace(280);
    for name in ["Arya", "Bahar", "Caspian"] {
        account(&engine, name, Vec::new());
    }
    account(&engine, "Done", typed());
    let all = MassTarget::Matching(Box::default());
    for (name, _, label, value, bad) in FIELDS {
        let field = format!("x_{name}");
        let by = |named: &str, value: &str| MassAction::Edit(vec![FieldInput::new(named, value)]);
        let looked = engine.mass_preview("account", &all, &by(label, value)).expect("looks");
        assert_eq!((looked.changed, looked.unchanged, looked.saved), (3, 1, false), "{name}");
        assert_eq!(looked.changes[0].fields[0].0, field);
        let done = engine.mass("account", &all, &by(name, value)).expect("writes");
        assert_eq!((done.changed, done.unchanged, done.refused_count), (3, 1, 0), "{name}");
        for bad in *bad {
            let refused = engine.mass("account", &all, &by(name, bad));
            assert!(refused.is_err(), "{name}={bad}: {refused:?}");
        }
        assert_eq!(matching(&engine, "account", &format!("not ({name} is empty)")).len(), 4, "{name}");
        let cleared = engine.mass("account", &all, &by(name, "")).expect("clears");
        assert_eq!((cleared.changed, cleared.unchanged), (4, 0), "{name}");
        engine.undo().expect("takes the clearing back");
        engine.undo().expect("takes the writing back");
        assert_eq!(matching(&engine, "account", &format!("not ({name} is empty)")), ["Done"], "{name}");
    }
    let told = engine.history("account", "Arya").expect("tells");
    let paths: Vec<&str> =
        told.iter().flat_map(|entry| &entry.changes).map(|change| change.path.as_str()).collect();
    assert!(FIELDS.iter().all(|(name, ..)| paths.contains(&format!("x_{name}").as_str())), "{paths:?}");
}

/// Conditions that take Arya and not Bahar.
const TAKE_ARYA: &[&str] = &[
    "region ~ شمال",
    "seats < 0",
    "growth <= -2.5",
    "fee = 1250.75",
    "fee > 1000 USD",
    "renewal < 1404/07/01",
    "vip = yes",
    "share >= 40%",
    "tier = \"شمال غرب\"",
];

fn bahar() -> Vec<FieldInput> {
    let values = [
        ("region", "south"),
        ("seats", "3"),
        ("growth", "0"),
        ("fee", "7"),
        ("renewal", "1405/01/01"),
        ("vip", "no"),
        ("share", "5"),
        ("tier", "gold"),
    ];
    values.iter().map(|(name, value)| FieldInput::new(*name, *value)).collect()
}

#[test]
fn values_that_came_before_their_fields_are_filtered_and_sorted_by() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(&mut relay, "Reza <reza@example.com>", Role::Rep, 2);
    let dollars = SettingsCommand::Edit(vec![FieldInput::new("currency", "USD")]);
    sara.engine.administer(&dollars).expect("counts in dollars");
    sara.sync(&mut relay);
    reza.sync(&mut relay);
    for module in ["account", "opportunity"] {
        add_fields(&sara.engine, module);
    }
    let sara = sara.restart();
    account(&sara.engine, "Arya", typed());
    account(&sara.engine, "Bahar", bahar());
    deal(&sara.engine, "Arya", typed());
    sara.sync(&mut relay);
    // The fields and the records that have them come in one session, whose program doesn't know them.
    reza.sync(&mut relay);
    let reza = reza.restart();
    for device in [&sara, &reza] {
        for condition in TAKE_ARYA {
            assert_eq!(matching(&device.engine, "account", condition), ["Arya"], "{condition}");
            assert_eq!(matching(&device.engine, "opportunity", condition), ["server"], "{condition}");
        }
        for (name, ..) in
            FIELDS.iter().filter(|(name, ..)| !matches!(*name, "region" | "tier" | "fee" | "vip"))
        {
            let query = ListQuery { sort: vec![(*name).to_owned()], ..ListQuery::default() };
            let page = device.engine.list("account", &query).expect("lists");
            assert_eq!(page.rows[0].name, if *name == "share" { "Bahar" } else { "Arya" }, "{name}");
        }
        let query = ListQuery { sort: vec!["-fee".to_owned()], ..ListQuery::default() };
        assert_eq!(device.engine.list("account", &query).expect("lists").rows[0].name, "Arya");
    }
}

#[test]
fn a_field_that_was_hidden_while_its_records_were_edited_is_filtered_by_again() {
    let (dir, engine) = workspace(290);
    let arya = account(&engine, "Arya", typed());
    account(&engine, "Bahar", bahar());
    for (name, ..) in FIELDS {
        let hide = SettingsCommand::FieldRemove("account".to_owned(), (*name).to_owned());
        engine.administer(&hide).expect("hides");
    }
    let path = dir.path().join("store");
    let engine = Engine::open_with(&path, Fixed::new(292)).expect("opens");
    engine.edit("account", &arya, &[FieldInput::new("website", "https://arya.example")]).expect("edits");
    add_fields(&engine, "account");
    let engine = Engine::open_with(&path, Fixed::new(293)).expect("opens");
    for condition in TAKE_ARYA {
        assert_eq!(matching(&engine, "account", condition), ["Arya"], "{condition}");
    }
}
