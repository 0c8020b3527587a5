//! What lies around a record: subpanels and the timeline (R34).

use crate::support::dollars;
use forsat_client::{Around, CloseInput, Engine, FieldInput};

fn add(engine: &Engine, module: &str, fields: &[(&str, &str)]) -> String {
    let fields: Vec<FieldInput> = fields.iter().map(|(name, value)| FieldInput::new(*name, *value)).collect();
    engine.create(module, &fields).expect("creates").short
}

fn kinds(entries: &[forsat_client::TimelineEntry]) -> Vec<(&str, &str)> {
    entries.iter().map(|entry| (entry.kind.as_str(), entry.text.as_str())).collect()
}

fn groups(around: &Around) -> Vec<(&str, Vec<&str>)> {
    let names = |group: &'_ forsat_client::RelatedGroup| -> Vec<String> {
        group.rows.iter().map(|row| row.name.clone()).collect()
    };
    around
        .related
        .iter()
        .map(|group| {
            assert_eq!(names(group).len(), group.rows.len());
            (group.module.as_str(), group.rows.iter().map(|row| row.name.as_str()).collect())
        })
        .collect()
}

#[test]
fn r34_an_account_shows_its_deals_its_people_and_one_timeline() {
    let (_dir, engine) = dollars(71);
    let account = add(&engine, "account", &[("name", "آریا")]);
    add(&engine, "account", &[("name", "دیگر")]);
    let deal = add(
        &engine,
        "opportunity",
        &[("name", "سرور"), ("account", "آریا"), ("amount", "5"), ("close_date", "+40d")],
    );
    add(&engine, "contact", &[("last_name", "کریمی"), ("account", "آریا")]);
    add(
        &engine,
        "activity",
        &[("kind", "call"), ("subject", "پیگیری"), ("parents", &deal), ("start", "tomorrow 10:00")],
    );
    add(
        &engine,
        "activity",
        &[("kind", "task"), ("subject", "دیر"), ("parents", &account), ("due_date", "-3d")],
    );
    add(&engine, "activity", &[("kind", "note"), ("subject", "دیدار"), ("parents", "contact:کریمی")]);
    let around = engine.related("account", &account).expect("reads");
    assert_eq!(groups(&around), [("opportunity", vec!["سرور"]), ("contact", vec!["کریمی"])]);
    assert_eq!(kinds(&around.coming), [("task", "دیر"), ("call", "پیگیری"), ("close_date", "")]);
    assert!(around.coming[0].overdue && !around.coming[1].overdue);
    assert_eq!(around.coming[1].about.as_deref(), Some("سرور"));
    let happened = kinds(&around.happened);
    assert!(happened.contains(&("note", "دیدار")), "{happened:?}");
    assert_eq!(happened.iter().filter(|(kind, _)| *kind == "created").count(), 3);
}

#[test]
fn r34_what_was_done_moves_from_coming_to_happened() {
    let (_dir, engine) = dollars(72);
    add(&engine, "account", &[("name", "آریا")]);
    let deal = add(
        &engine,
        "opportunity",
        &[("name", "سرور"), ("account", "آریا"), ("amount", "5"), ("close_date", "+40d")],
    );
    let call = add(&engine, "activity", &[("kind", "call"), ("subject", "دمو"), ("parents", &deal)]);
    assert_eq!(engine.stuck().expect("reports").deals.len(), 0);
    engine.edit("activity", &call, &[FieldInput::new("status", "held")]).expect("edits");
    assert_eq!(engine.stuck().expect("reports").deals.len(), 1);
    engine.win(&deal, &CloseInput::default()).expect("wins");
    let around = engine.related("opportunity", &deal).expect("reads");
    assert!(around.coming.is_empty(), "{:?}", around.coming);
    let happened = kinds(&around.happened);
    assert!(
        happened.contains(&("call", "دمو")) && happened.iter().any(|(kind, _)| *kind == "won"),
        "{happened:?}"
    );
}

#[test]
fn a_record_that_is_deleted_or_points_elsewhere_now_is_not_around() {
    let (_dir, engine) = dollars(73);
    let account = add(&engine, "account", &[("name", "آریا")]);
    add(&engine, "account", &[("name", "دیگر")]);
    let moved = add(&engine, "contact", &[("last_name", "الف"), ("account", "آریا")]);
    let gone = add(&engine, "contact", &[("last_name", "ب"), ("account", "آریا")]);
    engine.edit("contact", &moved, &[FieldInput::new("account", "دیگر")]).expect("edits");
    engine.delete("contact", &gone).expect("deletes");
    assert!(engine.related("account", &account).expect("reads").related.is_empty());
}
