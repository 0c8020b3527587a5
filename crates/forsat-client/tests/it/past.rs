//! The change log, undo by number, and commands on many records.

use crate::support::dollars;
use forsat_client::{Engine, FieldInput, ListQuery, LogQuery};

fn field(name: &str, value: &str) -> FieldInput {
    FieldInput::new(name, value)
}

fn accounts(engine: &Engine, names: &[&str]) {
    for name in names {
        engine.create("account", &[field("name", name)]).expect("creates");
    }
}

fn names(engine: &Engine, query: &LogQuery) -> Vec<String> {
    let log = engine.change_log(query).expect("tells");
    log.entries.iter().map(|entry| entry.name.clone()).collect()
}

#[test]
fn the_log_of_the_workspace_is_newest_first_and_pages() {
    let (_dir, engine) = dollars(61);
    accounts(&engine, &["A", "B", "C"]);
    engine.edit("account", "A", &[field("industry", "steel"), field("website", "a.example")]).expect("edits");
    engine.edit("account", "B", &[field("industry", "glass")]).expect("edits");
    let of = |limit, skip| names(&engine, &LogQuery { limit: Some(limit), skip, ..LogQuery::default() });
    assert_eq!(of(4, 0), ["B", "A", "C", "B"]);
    assert_eq!(of(2, 3), ["B", "A"]);
    let log = engine.change_log(&LogQuery { limit: Some(1), ..LogQuery::default() }).expect("tells");
    assert!(log.more && !log.cut && !log.entries[0].created);
    assert_eq!(log.entries[0].changes[0].path, "industry");
    assert_eq!(log.entries[0].author.as_deref(), Some("Sara"));
    let industry = LogQuery { field: Some("Industry".to_owned()), ..LogQuery::default() };
    assert_eq!(names(&engine, &industry), ["B", "A"]);
    let tomorrow = LogQuery { since: Some("tomorrow".to_owned()), ..LogQuery::default() };
    assert!(names(&engine, &tomorrow).is_empty());
    let by = |who: &str| LogQuery { by: Some(who.to_owned()), ..LogQuery::default() };
    assert!(names(&engine, &by("Sara")).len() >= 5);
    assert!(engine.change_log(&by("Nobody")).is_err());
}

#[test]
fn a_line_is_called_by_its_name_in_the_log() {
    let (_dir, engine) = dollars(62);
    accounts(&engine, &["Arya"]);
    let deal = engine
        .create(
            "opp",
            &[field("account_id", "Arya"), field("name", "Server"), field("close_date", "2026-09-01")],
        )
        .expect("creates");
    engine.line_add(&deal.short, None, &[field("name", "Rack"), field("unit_price", "100")]).expect("adds");
    engine.line_edit(&deal.short, "1", &[field("qty", "3")]).expect("edits");
    let query = LogQuery { field: Some("lines".to_owned()), ..LogQuery::default() };
    let log = engine.record_log("opp", &deal.short, &query).expect("tells");
    assert_eq!(log.entries.len(), 2);
    let edit = &log.entries[0].changes[0];
    assert_eq!((edit.entry.as_deref(), &edit.before, &edit.after), (Some("Rack"), &"1".into(), &"3".into()));
    assert!(log.entries[1].changes.iter().all(|change| !change.path.ends_with("/position")));
}

#[test]
fn many_records_go_to_the_trash_and_back_as_one_command() {
    let (_dir, engine) = dollars(63);
    accounts(&engine, &["A", "B", "C"]);
    let left = || engine.list("account", &ListQuery::default()).expect("lists").total;
    engine.delete("account", "C").expect("deletes");
    // One that can't be deleted leaves all as they were.
    let c = engine.trash(Some("account")).expect("lists")[0].short.clone();
    let error = engine.delete_many("account", &["A", &c]).expect_err("C is there already").to_string();
    assert!(error.starts_with("C: ") && error.ends_with("nothing was changed"), "{error}");
    assert_eq!(left(), 2);
    let deleted = engine.delete_many("account", &["A", "B", "A"]).expect("deletes");
    assert_eq!((deleted.len(), left()), (2, 0));
    assert_eq!(deleted[0].journal, deleted[1].journal);
    engine.undo().expect("undoes");
    assert_eq!((left(), engine.trash(None).expect("lists").len()), (2, 1));
    engine.restore_many("record", &[&c]).expect("restores");
    assert_eq!(left(), 3);
}

#[test]
fn an_earlier_command_is_taken_back_where_no_later_one_wrote() {
    let (_dir, engine) = dollars(64);
    accounts(&engine, &["A"]);
    let first =
        engine.edit("account", "A", &[field("industry", "steel"), field("website", "old")]).expect("edits");
    engine.edit("account", "A", &[field("website", "new")]).expect("edits");
    // Written again with the same value: the later command stands, so the earlier one must not take it back.
    engine.edit("account", "A", &[field("website", "old")]).expect("edits");
    let undone = engine.undo_command(first.journal.expect("a number")).expect("undoes");
    assert_eq!(undone.taken_back.iter().map(|field| field.field.as_str()).collect::<Vec<_>>(), ["industry"]);
    assert_eq!(undone.skipped.iter().map(|field| field.field.as_str()).collect::<Vec<_>>(), ["website"]);
    let listed = engine.commands(10).expect("lists");
    assert_eq!(listed.iter().map(|command| command.undone).collect::<Vec<_>>(), [false, false, true, false]);
    // A record that later commands changed isn't taken away under them.
    let created = listed.last().expect("the first command").number;
    let undone = engine.undo_command(created).expect("undoes");
    assert_eq!((undone.saved.len(), undone.skipped.len()), (0, 1));
    assert!(engine.undo_command(99).is_err());
}

// R31 of docs/requirements.md.
#[test]
fn a_similar_deal_is_a_deal_of_its_own() {
    let (_dir, engine) = dollars(65);
    accounts(&engine, &["Arya"]);
    let fields = [
        field("account_id", "Arya"),
        field("name", "Server"),
        field("amount", "500"),
        field("close_date", "2026-09-01"),
    ];
    let deal = engine.create("opp", &fields).expect("creates");
    let again = engine.similar("opp", &deal.short, &[field("name", "Server 2")]).expect("copies");
    assert_ne!(again.id, deal.id);
    let view = engine.show("opp", "Server 2").expect("shows");
    assert_eq!(
        view.opportunity.expect("a deal").amount.map(|money| money.value().to_string()).as_deref(),
        Some("500")
    );
    assert!(view.issues.is_empty());
    engine.undo().expect("undoes");
    assert_eq!(engine.list("opp", &ListQuery::default()).expect("lists").total, 1);
}
