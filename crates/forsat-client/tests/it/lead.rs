//! Leads that two devices convert apart, what undo takes back, and activities logged in one step.

use crate::pair::{Device, Relay};
use crate::support::dollars;
use forsat_client::{ClientError, ConvertInput, FieldInput, FollowUpInput, ListQuery, LogInput};
use forsat_relay::store::Role;

fn fields(pairs: &[(&str, &str)]) -> Vec<FieldInput> {
    pairs.iter().map(|(name, value)| FieldInput::new(*name, *value)).collect()
}

const LEAD: &[(&str, &str)] = &[
    ("last_name", "Karimi"),
    ("company", "Pars"),
    ("phones", "02188776655"),
    ("opportunity_name", "Pars/Server"),
    ("opportunity_amount", "300000000 IRR"),
];

fn names(engine: &forsat_client::Engine, module: &str) -> Vec<String> {
    let page = engine.list(module, &ListQuery::default()).expect("lists");
    page.rows.into_iter().map(|row| row.name).collect()
}

/// Syncs both until neither has anything for the other.
fn meet(relay: &mut Relay, one: &Device, two: &Device) {
    for device in [one, two, one, two] {
        assert!(device.sync(relay).synced);
    }
    assert_eq!(one.view(), two.view());
}

// R7 of docs/requirements.md.
#[test]
fn a_lead_converted_on_two_devices_is_one_account_one_contact_and_one_deal() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(&mut relay, "Reza <reza@example.com>", Role::Rep, 2);
    let lead = sara.engine.create("lead", &fields(LEAD)).expect("creates").short;
    meet(&mut relay, &sara, &reza);
    let input = ConvertInput { fields: fields(&[("close_date", "2026-09-01")]), ..ConvertInput::default() };
    let here = sara.engine.convert_lead(&lead, &input).expect("converts");
    let there = reza.engine.convert_lead(&lead, &input).expect("converts");
    assert_eq!((here.account.id, here.contact.id), (there.account.id, there.contact.id));
    meet(&mut relay, &sara, &reza);
    for device in [&sara, &reza] {
        for (module, name) in [("account", "Pars"), ("contact", "Karimi"), ("opportunity", "Pars/Server")] {
            assert_eq!(names(&device.engine, module), [name], "{module}");
        }
        let deal = device.engine.show("opportunity", "Pars/Server").expect("shows");
        let amount = deal.opportunity.expect("a deal").amount.expect("known");
        assert_eq!(amount.to_json(), r#"{"currency":"IRR","value":"300000000"}"#);
        assert_eq!(device.engine.issues(false).expect("lists").issues.len(), 0);
    }
    let again = reza.engine.convert_lead(&lead, &input).expect_err("it is converted");
    assert!(again.to_string().contains("Pars/Server"), "{again}");
}

#[test]
fn a_conversion_that_was_taken_back_leaves_its_records_and_the_next_makes_others() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(&mut relay, "Reza <reza@example.com>", Role::Rep, 2);
    let lead = sara.engine.create("lead", &fields(LEAD)).expect("creates").short;
    meet(&mut relay, &sara, &reza);
    sara.engine.convert_lead(&lead, &ConvertInput::default()).expect("converts");
    // Sara goes back to a lead that is not converted, and converts anew: what came of the first time is another's.
    sara.engine.undo().expect("takes back");
    let second = sara.engine.convert_lead(&lead, &ConvertInput::default()).expect("converts");
    assert_eq!(second.n, 1);
    meet(&mut relay, &sara, &reza);
    assert_eq!(names(&reza.engine, "opportunity"), ["Pars/Server"]);
    let before = reza.engine.commit_seq().expect("counts");
    reza.engine.convert_lead(&lead, &ConvertInput::default()).expect_err("it is converted");
    assert_eq!(reza.engine.commit_seq().expect("counts"), before, "a refusal writes nothing");
}

#[test]
fn one_undo_takes_a_whole_conversion_back() {
    let (_dir, engine) = dollars(1);
    let lead = engine.create("lead", &fields(LEAD)).expect("creates").short;
    let call = LogInput { kind: "call".into(), subject: "Introduction".into(), ..LogInput::default() };
    let call = engine.log(&lead, &call).expect("logs").saved.short;
    let parents = || {
        engine
            .show("activity", &call)
            .expect("shows")
            .state
            .set("parents")
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(parents().len(), 1);
    let converted = engine.convert_lead(&lead, &ConvertInput::default()).expect("converts");
    assert_eq!((converted.activities, parents().len()), (1, 4));
    assert!(converted.account.new && converted.contact.new && converted.opportunity.is_some());
    engine.undo().expect("takes back");
    assert_eq!(parents().len(), 1);
    for module in ["account", "contact", "opportunity"] {
        assert_eq!(names(&engine, module), [] as [&str; 0], "{module}");
    }
    let state = engine.show("lead", &lead).expect("shows").state;
    assert_eq!(state.winner("status").as_text(), Some("new"));
}

#[test]
fn an_account_of_the_same_name_is_not_made_again_unasked() {
    let (_dir, engine) = dollars(2);
    let lead = engine.create("lead", &fields(LEAD)).expect("creates").short;
    let account = engine.create("account", &fields(&[("name", "Pars")])).expect("creates");
    let refused = engine.convert_lead(&lead, &ConvertInput::default()).expect_err("which one?");
    let ClientError::Refused(refusal) = &refused else { panic!("{refused}") };
    assert_eq!(refusal.code(), "account_exists");
    assert!(refusal.to_string().contains(&account.short[..account.prefix]), "{refusal}");
    let chosen =
        ConvertInput { account: Some("Pars".into()), no_opportunity: true, ..ConvertInput::default() };
    let converted = engine.convert_lead(&lead, &chosen).expect("converts");
    assert_eq!((converted.account.id, converted.account.new), (account.id, false));
    assert!(converted.opportunity.is_none());
}

#[test]
fn a_call_is_logged_with_the_task_that_follows_and_undone_with_it() {
    let (_dir, engine) = dollars(3);
    engine.create("account", &fields(&[("name", "Arya")])).expect("creates");
    let deal = fields(&[("account", "Arya"), ("name", "Server"), ("close_date", "2026-09-01")]);
    engine.create("opportunity", &deal).expect("creates");
    let next = FollowUpInput { subject: "Demo".into(), on: Some("tomorrow".into()) };
    let input = LogInput {
        kind: "call".into(),
        subject: "Asked for a price".into(),
        next: Some(next),
        ..LogInput::default()
    };
    let logged = engine.log("Server", &input).expect("logs");
    assert_eq!(logged.status.as_deref(), Some("held"));
    let next_step = || {
        let state = engine.show("opportunity", "Server").expect("shows").state;
        state.winner("next_step").as_text().map(str::to_owned)
    };
    assert_eq!(next_step().as_deref(), Some("Demo"));
    assert_eq!(names(&engine, "activity").len(), 2);
    let task = logged.follow_up.expect("a task").short;
    engine.complete(&task, Some("Went well")).expect("completes");
    let done = engine.show("activity", &task).expect("shows").state;
    assert_eq!((done.winner("status").as_text(), done.text("outcome")), (Some("completed"), "Went well"));
    engine.undo().expect("takes the completion back");
    engine.undo().expect("takes the log back");
    assert_eq!(names(&engine, "activity"), [] as [&str; 0]);
    assert_eq!(next_step(), None);
    let wrong = LogInput { subject: " ".into(), ..input };
    assert!(engine.log("Server", &wrong).is_err(), "an activity has a subject");
}

#[test]
fn a_deal_knows_its_people() {
    let (_dir, engine) = dollars(4);
    engine.create("account", &fields(&[("name", "Arya")])).expect("creates");
    engine.create("contact", &fields(&[("first_name", "Maryam"), ("last_name", "Karimi")])).expect("creates");
    let deal = fields(&[("account", "Arya"), ("name", "Server"), ("close_date", "2026-09-01")]);
    engine.create("opportunity", &deal).expect("creates");
    let people = || {
        let view = engine.show("opportunity", "Server").expect("shows");
        view.fields.into_iter().find(|field| field.field == "contacts").map(|field| field.text)
    };
    engine.contact_add("Server", "Karimi", Some("buyer")).expect("adds");
    assert_eq!(people().as_deref(), Some("Maryam Karimi (buyer)"));
    engine.contact_remove("Server", "Karimi").expect("removes");
    assert_eq!(people().as_deref(), Some(""));
    engine.contact_remove("Server", "Karimi").expect_err("is no contact any more");
}

#[test]
fn a_space_that_is_not_here_is_refused_by_name() {
    let (_dir, engine) = dollars(5);
    let arya = fields(&[("name", "Arya")]);
    let refused = engine.create_in("account", &arya, Some("North")).expect_err("no such space");
    assert!(refused.to_string().contains("local"), "{refused}");
    engine.create_in("account", &arya, Some("LOCAL")).expect("creates");
}
