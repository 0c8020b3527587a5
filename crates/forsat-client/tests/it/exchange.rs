//! Export and import back: nothing is lost, of any module and any kind of field.

use crate::support::{Fixed, dollars};
use forsat_client::{Engine, ExportFormat, FieldInput, ImportOptions, ImportSummary, InitOptions, ListQuery};
use forsat_domain::schema::{FieldDef, FieldKind, ModuleDef, SETTINGS, SettingList};
use forsat_domain::{MergeCode, Schema};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// Blanks, joiners, line ends, formulas, quotes, separators, a letter of two units.
const HARD: &[&str] = &[
    "  می‌خواهم «سرور»  ",
    "=1+1",
    "+98 912",
    "-x",
    "@cmd",
    "'یک",
    "a;b,c\"d\"\\e",
    "{\"not\":\"a composite\"}",
    "🙂 ك ي",
];
const LONG: &str = "سطر یک\nسطر دو\r\n\r\n\tسطر «سه»، \"نقل\"; پایان‌یافته \r";

fn id_of(module: &str) -> String {
    let number = Schema::builtin().modules().iter().position(|table| table.name == module).expect("a module");
    format!("00000000-0000-4000-8000-00000000000{number}")
}

fn hard(field: &str) -> String {
    let number = field.bytes().map(usize::from).sum::<usize>();
    HARD[number % HARD.len()].to_owned()
}

/// A value that is stored for a field or a register.
fn sample(field: &FieldDef) -> Value {
    match &field.kind {
        FieldKind::Text { .. } => hard(&field.name).into(),
        FieldKind::LongText => LONG.into(),
        FieldKind::Integer { max, .. } => (*max).min(7).into(),
        FieldKind::Decimal { .. } => "-2.5".into(),
        FieldKind::Quantity { .. } => "2.5".into(),
        FieldKind::Rate => "1250000.25".into(),
        FieldKind::Bool => true.into(),
        FieldKind::Percent => 40.into(),
        FieldKind::TaxRate => 900.into(),
        FieldKind::Date => "2025-09-22".into(),
        FieldKind::Timestamp => 1_700_000_000_123_i64.into(),
        FieldKind::Moment => json!({"instant": 1_700_000_000_000_i64, "zone": "Asia/Tehran"}),
        FieldKind::Money => json!({"currency": "USD", "value": "1250.75"}),
        FieldKind::Discount => json!({"kind": "percent", "pct": "12.5"}),
        FieldKind::Choice(_) if field.name == "amount_mode" => {
            json!({"lines_total_seen": {"USD": "1"}, "mode": "manual"})
        }
        FieldKind::Choice(choices) => choices[0].slug.as_ref().into(),
        FieldKind::Setting(SettingList::LeadSources) => "web_site".into(),
        FieldKind::Setting(_) => "price".into(),
        FieldKind::Stage => json!({
            "actual_close_date": null, "booked": null, "by": null, "entered_at": 1_700_000_000_000_i64,
            "entry_id": "00000000-0000-4000-8000-0000000000aa", "note": null, "outcome": "open",
            "reason_id": null, "stage_id": "needs",
        }),
        FieldKind::Reference(module) => id_of(module).into(),
        FieldKind::NamedReference(module) => json!({"id": id_of(module), "name": "نام «آن روز»"}),
        FieldKind::Currency => "USD".into(),
        FieldKind::TimeZone => "Asia/Tehran".into(),
        FieldKind::Address => json!({"text": "تهران، خیابان آزادی\nپلاک ۵"}),
        FieldKind::Tags => json!(["=x", "a;b", "مهم"]),
        FieldKind::ReferenceSet(module) => json!([id_of(module)]),
        FieldKind::References(modules) => {
            let mut keys: Vec<String> =
                modules.iter().map(|module| format!("{module}:{}", id_of(module))).collect();
            keys.sort();
            keys.into()
        }
        FieldKind::Position => "V".into(),
        FieldKind::Composite => json!({"entry_id": "00000000-0000-4000-8000-0000000000aa", "pct": 40}),
        FieldKind::Entries => Value::Null,
    }
}

fn content(field: &FieldDef) -> Value {
    match field.merge {
        MergeCode::M => {
            let stored =
                field.entries.iter().filter(|part| part.merge != MergeCode::D && part.name != "removed");
            let registers: serde_json::Map<_, _> =
                stored.map(|part| (part.name.to_string(), sample(part))).collect();
            match registers.is_empty() {
                true => json!({}),
                false => json!({"00000000-0000-4000-8000-0000000000bb": registers, "USD": registers}),
            }
        }
        MergeCode::G => json!({"00000000-0000-4000-8000-0000000000aa": {"to": "needs", "at": 5}}),
        _ => sample(field),
    }
}

/// Every stored field of a module, filled.
fn full(table: &ModuleDef) -> serde_json::Map<String, Value> {
    let apart = ["id", "module", "lifecycle", "merged_into"];
    let stored = table
        .fields
        .iter()
        .filter(|field| field.merge != MergeCode::D && !apart.contains(&field.name.as_ref()));
    stored.map(|field| (field.name.to_string(), content(field))).collect()
}

fn carried() -> Vec<ModuleDef> {
    Schema::builtin().modules().iter().filter(|table| table.name != SETTINGS).cloned().collect()
}

fn take(engine: &Engine, path: &Path) -> ImportSummary {
    engine.import_export(path, &ImportOptions::default(), &mut |_| {}).expect("imports")
}

fn refusals(summary: &ImportSummary) -> BTreeMap<String, u64> {
    summary.files.iter().flat_map(|file| file.refused.clone()).collect()
}

fn written(engine: &Engine, module: &str, format: ExportFormat, query: &ListQuery) -> Vec<u8> {
    let mut bytes = Vec::new();
    engine.export(module, query, format, &mut bytes).expect("exports");
    bytes
}

/// What a store says of the record of a module that the test made.
fn fields(engine: &Engine, module: &str) -> Value {
    let lines = String::from_utf8(written(engine, module, ExportFormat::Jsonl, &ListQuery::default()))
        .expect("UTF-8");
    let objects = lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    objects
        .into_iter()
        .find(|object| object["id"] == id_of(module).as_str())
        .map_or(Value::Null, |object| object["fields"].clone())
}

/// A store that holds one filled record of every module.
fn filled(seed: u64) -> (TempDir, Engine) {
    let (dir, engine) = dollars(seed);
    let from = dir.path().join("from");
    std::fs::create_dir(&from).expect("a new directory");
    for table in carried() {
        let line = json!({"forsat_module": table.name, "id": id_of(&table.name), "fields": full(&table)});
        std::fs::write(from.join(format!("{}.jsonl", table.name)), line.to_string()).expect("writes");
    }
    let summary = take(&engine, &from);
    assert_eq!(refusals(&summary), BTreeMap::new());
    assert!(summary.files.iter().all(|file| file.created == 1), "{:?}", summary.files);
    (dir, engine)
}

// R31 of docs/requirements.md.
#[test]
fn every_field_of_every_module_comes_back_from_both_forms() {
    let (_keep, engine) = filled(31);
    for (seed, format, ending) in [(32, ExportFormat::Csv, "csv"), (33, ExportFormat::Jsonl, "jsonl")] {
        let (dir, other) = dollars(seed);
        let to = dir.path().join("to");
        std::fs::create_dir(&to).expect("a new directory");
        for table in carried() {
            let mut expected = Value::Object(full(&table));
            expected.as_object_mut().expect("an object").retain(|_, value| *value != json!({}));
            assert_eq!(fields(&engine, &table.name), expected, "{}", table.name);
            let bytes = written(&engine, &table.name, format, &ListQuery::default());
            std::fs::write(to.join(format!("{}.{ending}", table.name)), bytes).expect("writes");
        }
        // The person of this store has another id: theirs come along with the users' file.
        let summary = take(&other, &to);
        assert_eq!(refusals(&summary), BTreeMap::new());
        for table in carried() {
            assert_eq!(fields(&other, &table.name), fields(&engine, &table.name), "{ending} {}", table.name);
        }
        // The same files say nothing new to the store that they came from.
        let unsent = engine.unsent().expect("counts");
        let again = take(&engine, &to);
        assert!(
            again.files.iter().all(|file| file.created == 0 && file.updated == 0 && file.kept_local == 0)
        );
        assert_eq!((engine.unsent().expect("counts"), refusals(&again)), (unsent, BTreeMap::new()));
    }
}

#[test]
fn a_csv_has_the_mark_the_line_ends_and_no_formulas() {
    let (_keep, engine) = filled(34);
    let text =
        String::from_utf8(written(&engine, "opp", ExportFormat::Csv, &ListQuery::default())).expect("UTF-8");
    assert!(text.starts_with("\u{feff}forsat_module,id,forsat_version,"), "{}", &text[..60]);
    assert!(text.ends_with("\r\n"));
    let mut reader = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    for record in reader.records() {
        for cell in &record.expect("RFC 4180") {
            let is_number = cell.parse::<f64>().is_ok();
            assert!(is_number || !cell.starts_with(['=', '+', '-', '@']), "{cell}");
        }
    }
}

fn rials() -> (TempDir, Engine) {
    let dir = TempDir::new().expect("a temporary directory");
    let options = InitOptions { user_name: "سارا".to_owned(), ..InitOptions::default() };
    let engine = Engine::init_with(&dir.path().join("store"), &options, Fixed::new(41)).expect("a store");
    engine.create("account", &[FieldInput::new("name", "آریا")]).expect("an account");
    let fields = [("account", "آریا"), ("name", "سرور"), ("amount", "5000"), ("close_date", "2026-09-01")];
    engine
        .create(
            "opp",
            &fields.map(|(name, value)| FieldInput::new(name.replace("account", "account_id"), value)),
        )
        .expect("a deal");
    (dir, engine)
}

/// Exports the deals, edits the text and imports it.
fn edited(
    engine: &Engine,
    dir: &TempDir,
    edit: impl Fn(String) -> String,
    meanwhile: impl Fn(&Engine),
) -> ImportSummary {
    let text =
        String::from_utf8(written(engine, "opp", ExportFormat::Csv, &ListQuery::default())).expect("UTF-8");
    meanwhile(engine);
    let path = dir.path().join("opp.csv");
    std::fs::write(&path, edit(text)).expect("writes");
    take(engine, &path)
}

fn value(engine: &Engine, field: &str) -> String {
    let view = engine.show("opp", "سرور").expect("shows");
    view.fields.iter().find(|known| known.field == field).map(|known| known.text.clone()).unwrap_or_default()
}

#[test]
fn only_cells_changed_in_the_file_are_written_and_newer_edits_stay() {
    let (dir, engine) = rials();
    let summary = edited(
        &engine,
        &dir,
        |text| text.replace("2026-09-01", "۱۴۰۵/۰۷/۰۱").replace("5000 IRR", "۱٫۵ میلیون تومان"),
        |engine| {
            let later = [FieldInput::new("next_step", "تماس"), FieldInput::new("close_date", "2026-12-01")];
            engine.edit("opp", "سرور", &later).expect("edits");
        },
    );
    assert_eq!(refusals(&summary), BTreeMap::new());
    assert_eq!((summary.files[0].updated, summary.files[0].kept_local), (1, 1));
    assert_eq!(value(&engine, "next_step"), "تماس");
    let view = engine.show("opp", "سرور").expect("shows");
    let amount = view.opportunity.expect("a deal").amount.expect("known");
    assert_eq!(amount.value().to_string(), "15000000");
    assert_eq!(
        engine
            .list(
                "opp",
                &ListQuery {
                    filters: vec![FieldInput::new("close_date", "2026-12-01")],
                    ..ListQuery::default()
                }
            )
            .expect("lists")
            .total,
        1
    );
}

#[test]
fn what_a_file_may_not_say_is_refused_with_the_reason() {
    let (dir, engine) = rials();
    let refused = |edit: &dyn Fn(String) -> String| {
        let summary = edited(&engine, &dir, edit, |_| {});
        refusals(&summary).into_keys().next().unwrap_or_default()
    };
    assert!(refused(&|text| text.replace("identification", "negotiation")).contains("forsat opp stage"));
    assert!(refused(&|text| text.replace("2026-09-01", "1404/13/01")).starts_with("close_date: "));
    let id = engine.show("opp", "سرور").expect("shows").id.to_string();
    assert!(refused(&|text| text.replace(&id, "سرور")).contains("is not the id of a record"));
    let rows = std::fs::read_to_string(dir.path().join("opp.refused.csv")).expect("the refused rows");
    assert!(rows.lines().next().is_some_and(|header| header.ends_with(",reason")), "{rows}");
    // Corrected, the refused row is taken.
    let corrected = rows.replacen(",سرور,", &format!(",{id},"), 1);
    std::fs::write(dir.path().join("opp.refused.csv"), corrected).expect("writes");
    let summary = take(&engine, &dir.path().join("opp.refused.csv"));
    assert_eq!((refusals(&summary), summary.files[0].unchanged), (BTreeMap::new(), 1));
}

#[test]
fn an_undone_import_leaves_nothing_behind() {
    let (_keep, engine) = filled(35);
    let before = engine.list("opp", &ListQuery::default()).expect("lists").total;
    let undone = engine.undo().expect("undoes");
    assert!(undone.command.starts_with("import "));
    assert_eq!(undone.saved.len(), carried().len());
    assert_eq!((before, engine.list("opp", &ListQuery::default()).expect("lists").total), (1, 0));
    assert_eq!(engine.trash(None).expect("lists").len(), carried().len());
}
