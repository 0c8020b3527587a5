//! Commands, undo and queries on one device.

use crate::support::{Fixed, dollars};
use forsat_client::{ClientError, CloseInput, Engine, FieldInput, ListQuery, RecordView, Resolve};

fn field(name: &str, value: &str) -> FieldInput {
    FieldInput::new(name, value)
}

fn account(engine: &Engine, name: &str) {
    engine.create("account", &[field("name", name)]).expect("creates");
}

/// An account, a product of 500 dollars, and a deal with two of them.
fn a_deal(engine: &Engine) -> String {
    account(engine, "آریا");
    engine.create("product", &[field("name", "سرور"), field("prices", "500")]).expect("creates");
    let deal = [field("account", "آریا"), field("product", "سرور"), field("close_date", "2026-09-01")];
    let saved = engine.create("opportunity", &deal).expect("creates");
    assert_eq!(saved.name, "آریا/سرور");
    engine.line_edit(&saved.short, "1", &[field("qty", "2")]).expect("edits");
    saved.short
}

fn amount(view: &RecordView) -> String {
    let amount = view.opportunity.as_ref().and_then(|deal| deal.amount);
    amount.map(|amount| forsat_domain::canonical::decimal_text(amount.value())).unwrap_or_default()
}

fn text(view: &RecordView, name: &str) -> String {
    view.fields.iter().find(|field| field.field == name).map(|field| field.text.clone()).expect("a field")
}

// R1 of docs/requirements.md.
#[test]
fn a_deal_goes_from_lead_to_won_and_back() {
    let (_dir, engine) = dollars(11);
    let deal = a_deal(&engine);
    assert_eq!(amount(&engine.show("opp", &deal).expect("shows")), "1000");
    engine.stage(&deal, "negotiation").expect("moves");
    let view = engine.show("opp", &deal).expect("shows").opportunity.expect("a deal");
    assert_eq!((view.stage.as_str(), view.probability), ("negotiation", 80));
    engine.win(&deal, &CloseInput::default()).expect("wins");
    let report = engine.pipeline().expect("reports");
    assert_eq!((report.won.count, report.open.count), (1, 0));
    engine.reopen(&deal, None).expect("reopens");
    let refused = engine.lose(&deal, &CloseInput::default()).expect_err("needs a reason");
    assert!(refused.code() == Some("reason_needed"), "{refused}");
    let lost = CloseInput { reason: Some("قیمت".to_owned()), ..CloseInput::default() };
    engine.lose(&deal, &lost).expect("loses");
    let view = engine.show("opp", &deal).expect("shows").opportunity.expect("a deal");
    assert_eq!((view.standing.as_str(), view.reason.as_deref()), ("lost", Some("price")));
}

// R33 of docs/requirements.md.
#[test]
fn every_save_is_in_one_change_that_history_tells() {
    let (_dir, engine) = dollars(12);
    let deal = a_deal(&engine);
    let saved =
        engine.edit("opp", &deal, &[field("next_step", "تماس"), field("amount", "1.2M")]).expect("edits");
    assert!(saved.changed && saved.journal.is_some());
    assert_eq!(
        saved
            .echoed
            .get("manual_amount")
            .map(String::as_str)
            .or(saved.echoed.get("amount").map(String::as_str)),
        Some("1,200,000.00 USD")
    );
    let again = engine.edit("opp", &deal, &[field("next_step", "تماس")]).expect("edits");
    assert!(!again.changed && again.journal.is_none());
    assert_eq!(again.unsent, saved.unsent);
    let history = engine.history("opp", &deal).expect("tells");
    assert!(history[0].changes.iter().any(|change| change.path == "next_step"));
    assert_eq!(history[0].author.as_deref(), Some("Sara"));
    let inside = engine.inspect("opp", &deal, Some(&history[1].hash[..12]), true).expect("inspects");
    assert!(inside.document.get("next_step").is_none_or(serde_json::Value::is_null));
    assert!(inside.changes.iter().all(|change| change.state == "outbox" && change.raw.is_some()));
}

#[test]
fn undo_takes_back_only_what_is_still_its_own() {
    let (_dir, engine) = dollars(13);
    let deal = a_deal(&engine);
    engine.edit("opp", &deal, &[field("next_step", "call"), field("description", "first")]).expect("edits");
    engine
        .edit("opp", &deal, &[field("next_step", "visit"), field("lead_source", "partner")])
        .expect("edits");
    let undone = engine.undo().expect("undoes");
    assert_eq!(undone.taken_back.len(), 2);
    let view = engine.show("opp", &deal).expect("shows");
    assert_eq!((text(&view, "next_step").as_str(), text(&view, "lead_source").as_str()), ("call", ""));
    // What the undo put back counts as what the first edit wrote.
    let undone = engine.undo().expect("undoes");
    assert!(undone.skipped.is_empty(), "{:?}", undone.skipped);
    let view = engine.show("opp", &deal).expect("shows");
    assert_eq!((text(&view, "next_step").as_str(), text(&view, "description").as_str()), ("", ""));
}

// R28 of docs/requirements.md.
#[test]
fn deleting_and_restoring_are_undone_one_after_the_other() {
    let (_dir, engine) = dollars(17);
    account(&engine, "Arya");
    let arya = "Arya";
    let life = || engine.show("account", arya).expect("shows").lifecycle;
    engine.delete("account", arya).expect("deletes");
    engine.restore("account", arya).expect("restores");
    engine.delete("account", arya).expect("deletes");
    for after in ["active", "trashed", "active"] {
        engine.undo().expect("undoes");
        assert_eq!(life(), after);
    }
}

#[test]
fn a_beginning_that_many_records_share_is_never_one_of_them() {
    let (_dir, engine) = dollars(18);
    for number in 0..400 {
        engine
            .create("product", &[field("name", &format!("p{number}")), field("prices", "5 USD")])
            .expect("adds");
        if number % 20 == 0 {
            account(&engine, &format!("a{number}"));
        }
    }
    let accounts = engine.list("account", &ListQuery::default()).expect("lists").rows;
    let shorts: Vec<&str> = accounts.iter().map(|row| row.short.as_str()).collect();
    for letters in 1..4 {
        for short in &shorts {
            let sharing = shorts.iter().filter(|other| other.starts_with(&short[..letters])).count();
            match engine.show("account", &short[..letters]) {
                Ok(_) => assert_eq!(sharing, 1, "{short}"),
                Err(ClientError::Ambiguous { candidates, .. }) => assert_eq!(candidates.len(), sharing),
                Err(other) => panic!("{short}: {other}"),
            }
        }
    }
}

#[test]
fn undo_removes_a_line_and_a_record_that_the_command_began() {
    let (_dir, engine) = dollars(14);
    let deal = a_deal(&engine);
    engine.line_add(&deal, Some("سرور"), &[field("qty", "3")]).expect("adds");
    assert_eq!(amount(&engine.show("opp", &deal).expect("shows")), "2500");
    engine.undo().expect("undoes");
    let view = engine.show("opp", &deal).expect("shows");
    assert_eq!(amount(&view), "1000");
    assert!(view.issues.is_empty(), "{:?}", view.issues);
    account(&engine, "بهار");
    engine.undo().expect("undoes");
    assert_eq!(engine.show("account", "بهار").expect("shows").lifecycle, "trashed");
    assert_eq!(engine.list("account", &ListQuery::default()).expect("lists").total, 1);
}

#[test]
fn references_are_ids_their_beginnings_and_names() {
    let (_dir, engine) = dollars(15);
    account(&engine, "Arya Trading");
    account(&engine, "Arya Steel");
    let one = engine.show("account", "arya steel").expect("a whole name, folded");
    assert_eq!(engine.show("account", &one.short[..one.prefix]).expect("a beginning").id, one.id);
    assert_eq!(engine.show("", &one.id.to_string()).expect("a UUID").id, one.id);
    assert_eq!(engine.show("account", "arya s").expect("the beginning of one name").id, one.id);
    let ambiguous = engine.show("account", "arya").expect_err("two names begin so");
    assert!(
        matches!(ambiguous, ClientError::Ambiguous { ref candidates, .. } if candidates.len() == 2),
        "{ambiguous}"
    );
    assert!(matches!(engine.show("account", "zebra"), Err(ClientError::NotFound { .. })));
}

#[test]
fn a_deleted_account_asks_first_and_its_deal_stays() {
    let (_dir, engine) = dollars(16);
    let deal = a_deal(&engine);
    let preview = engine.delete_preview("account", "آریا").expect("previews");
    assert_eq!(preview.open_deals, 1);
    assert_eq!(preview.open_sums.get("USD").map(String::as_str), Some("1000"));
    engine.delete("account", "آریا").expect("deletes");
    let codes: Vec<&str> = engine
        .issues(false)
        .expect("lists")
        .issues
        .iter()
        .filter(|issue| issue.short == deal)
        .map(|issue| issue.issue.code.as_str())
        .collect();
    assert_eq!(codes, ["account_trashed"]);
    engine.resolve(&deal, "account_trashed", &Resolve::Value("restore".to_owned())).expect("resolves");
    assert_eq!(engine.show("account", "آریا").expect("shows").lifecycle, "active");
}

// R26 of docs/requirements.md.
#[test]
fn lists_filter_sort_and_page() {
    let (_dir, engine) = dollars(17);
    let deal = a_deal(&engine);
    let second = [
        field("account", "آریا"),
        field("name", "second"),
        field("amount", "50"),
        field("close_date", "2026-08-01"),
    ];
    engine.create("opportunity", &second).expect("creates");
    let names = |query: &ListQuery| -> Vec<String> {
        engine.list("opp", query).expect("lists").rows.into_iter().map(|row| row.name).collect()
    };
    let by_amount = ListQuery { sort: vec!["-amount".to_owned()], ..ListQuery::default() };
    assert_eq!(names(&by_amount), ["آریا/سرور", "second"]);
    let by_date = ListQuery { sort: vec!["close_date".to_owned()], limit: Some(1), ..ListQuery::default() };
    assert_eq!(names(&by_date), ["second"]);
    engine.stage(&deal, "proposal").expect("moves");
    let staged = ListQuery {
        filters: vec![field("stage", "proposal")],
        open: true,
        mine: true,
        ..ListQuery::default()
    };
    assert_eq!(names(&staged), ["آریا/سرور"]);
    assert_eq!(engine.find("سرور", 10).expect("finds").len(), 2);
}

#[test]
fn a_store_opens_again_with_everything_that_was_saved() {
    let (dir, engine) = dollars(18);
    let deal = a_deal(&engine);
    drop(engine);
    let engine = Engine::open_with(&dir.path().join("store"), Fixed::new(99)).expect("opens");
    assert_eq!(amount(&engine.show("opp", &deal).expect("shows")), "1000");
    let other = Engine::open_with(&dir.path().join("nowhere"), Fixed::new(99));
    assert!(matches!(other, Err(ClientError::NoStore { .. })));
}

#[test]
fn many_edits_of_one_record_read_back_through_its_snapshots() {
    let (_dir, engine) = dollars(19);
    let deal = a_deal(&engine);
    for round in 0..40 {
        engine.edit("opp", &deal, &[field("next_step", &format!("step {round}"))]).expect("edits");
    }
    assert_eq!(text(&engine.show("opp", &deal).expect("shows"), "next_step"), "step 39");
    assert!(engine.inspect("opp", &deal, None, false).expect("inspects").stored["snapshot"] > 0);
}
