//! The settings on real stores: who may change them, what two devices make of them, fields of a workspace's own.

use crate::pair::{Device, Relay};
use crate::support::{Fixed, dollars};
use forsat_client::{ClientError, CloseInput, Engine, FieldInput, ListQuery, SettingsCommand, TargetFor};
use forsat_domain::command::{CheckDraft, FieldDraft, Labels, StageDraft};
use forsat_domain::schema::display::Locale;
use forsat_domain::{Calendar, Digits, RialUnit};
use forsat_relay::store::Role;

fn field(name: &str, value: &str) -> FieldInput {
    FieldInput::new(name, value)
}

fn english(label: &str) -> Labels {
    Labels { en: Some(label.to_owned()), fa: None }
}

fn region(module: &str, label: &str) -> SettingsCommand {
    SettingsCommand::FieldAdd(FieldDraft {
        module: module.to_owned(),
        name: "region".to_owned(),
        labels: english(label),
        type_text: "text".to_owned(),
    })
}

fn demo_stage() -> SettingsCommand {
    SettingsCommand::StageAdd(StageDraft { labels: english("Product demo"), ..StageDraft::default() })
}

fn is_refused(result: Result<impl std::fmt::Debug, ClientError>, wanted: &str) -> bool {
    match result.expect_err("is refused") {
        ClientError::Rule(refusal) => refusal.code() == wanted,
        ClientError::Refused(refusal) => refusal.code() == wanted,
        other => panic!("{other}"),
    }
}

fn two(relay: &mut Relay) -> (Device, Device) {
    let sara = Device::join(relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(relay, "Reza <reza@example.com>", Role::Rep, 2);
    (sara, reza)
}

fn meet(relay: &mut Relay, one: &Device, two: &Device) {
    for device in [one, two, one, two] {
        assert!(device.sync(relay).synced);
    }
    assert_eq!(one.view(), two.view());
    let settings = |device: &Device| {
        serde_json::to_string(&device.engine.settings_view().expect("reads")).expect("JSON")
    };
    assert_eq!(settings(one), settings(two));
}

/// A new deal of an account of its own.
fn deal(engine: &Engine, name: &str) -> String {
    engine.create("account", &[field("name", name)]).expect("creates");
    let fields = [field("account", name), field("amount", "500"), field("close_date", "2026-09-01")];
    engine.create("opp", &fields).expect("creates").short
}

fn shown(engine: &Engine, module: &str, record: &str, name: &str) -> Option<String> {
    let view = engine.show(module, record).expect("shows");
    view.fields.into_iter().find(|field| field.field == name).map(|field| field.text)
}

#[test]
fn only_administrators_and_managers_change_the_settings() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    let maryam = Device::join(&mut relay, "Maryam <maryam@example.com>", Role::Manager, 3);
    assert!(is_refused(reza.engine.administer(&demo_stage()), "not_administrator"));
    let edit = SettingsCommand::Edit(vec![field("organisation", "Arya")]);
    assert!(is_refused(reza.engine.administer(&edit), "not_administrator"));
    assert_eq!(reza.engine.unsent().expect("counts"), 0, "nothing was saved");
    sara.engine.administer(&edit).expect("an administrator may");
    maryam.engine.administer(&demo_stage()).expect("a manager may");
    for device in [&sara, &maryam, &reza, &sara, &reza] {
        device.sync(&mut relay);
    }
    let view = reza.engine.settings_view().expect("reads");
    assert_eq!(view.organisation, "Arya");
    assert!(view.pipelines[0].stages.iter().any(|stage| stage.id == "product_demo"));
    let settings = reza.engine.settings_record().expect("reads").0.to_string();
    let behind = reza.engine.edit("settings", &settings, &[field("organisation", "Mine")]);
    assert!(is_refused(behind, "not_administrator"));
}

#[test]
fn a_stage_archived_while_a_rep_moves_a_deal_into_it_counts_under_what_stands_in() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    let deal = deal(&sara.engine, "Arya");
    meet(&mut relay, &sara, &reza);
    let archive = SettingsCommand::StageArchive("proposal".to_owned(), Some("negotiation".to_owned()));
    sara.engine.administer(&archive).expect("archives");
    reza.engine.stage(&deal, "proposal").expect("reza doesn't know yet");
    meet(&mut relay, &sara, &reza);
    for device in [&sara, &reza] {
        let report = device.engine.pipeline().expect("reports");
        let rows: Vec<&str> =
            report.stages.iter().filter(|row| row.open.count > 0).map(|row| row.stage_id.as_str()).collect();
        assert_eq!(rows, ["negotiation"]);
        let view = device.engine.show("opp", &deal).expect("shows").opportunity.expect("a deal");
        assert_eq!((view.standing.as_str(), view.probability), ("open", 80));
    }
    assert!(is_refused(reza.engine.stage(&deal, "proposal"), "archived_stage"));
}

#[test]
fn two_devices_that_add_the_same_field_meet_in_one() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let maryam = Device::join(&mut relay, "Maryam <maryam@example.com>", Role::Manager, 3);
    let arya = sara.engine.create("account", &[field("name", "Arya")]).expect("creates").short;
    meet(&mut relay, &sara, &maryam);
    sara.engine.administer(&region("account", "Region")).expect("adds");
    maryam.engine.administer(&region("account", "Area")).expect("adds");
    let (sara, maryam) = (sara.restart(), maryam.restart());
    sara.engine.edit("account", &arya, &[field("region", "north")]).expect("edits");
    maryam.engine.edit("account", &arya, &[field("Area", "south")]).expect("edits");
    meet(&mut relay, &sara, &maryam);
    let (sara, maryam) = (sara.restart(), maryam.restart());
    for device in [&sara, &maryam] {
        assert_eq!(device.engine.settings_view().expect("reads").custom_fields.len(), 1);
        let view = device.engine.show("account", &arya).expect("shows");
        let shown: Vec<_> = view.fields.iter().filter(|field| field.field == "x_region").collect();
        assert_eq!(shown.len(), 1);
        assert_eq!(shown[0].sides.len(), 2, "both values are there to choose from");
        assert!(view.issues.iter().any(|issue| issue.issue.field == "x_region"));
    }
}

#[test]
fn a_field_of_ones_own_is_there_for_forms_lists_filters_and_history() {
    let (dir, engine) = dollars(61);
    let path = dir.path().join("store");
    engine.administer(&region("account", "Region")).expect("adds");
    let engine = Engine::open_with(&path, Fixed::new(62)).expect("opens");
    let arya =
        engine.create("account", &[field("name", "Arya"), field("region", "north")]).expect("creates").short;
    engine.create("account", &[field("name", "Bahar"), field("x_region", "south")]).expect("creates");
    assert_eq!(shown(&engine, "account", &arya, "x_region").as_deref(), Some("north"));
    let query = ListQuery {
        columns: vec!["name".to_owned(), "region".to_owned()],
        filters: vec![field("region", "south")],
        ..ListQuery::default()
    };
    let page = engine.list("account", &query).expect("lists");
    assert_eq!(page.rows.len(), 1);
    assert_eq!(page.rows[0].text, ["Bahar", "south"]);
    let history = engine.history("account", &arya).expect("tells");
    assert!(history[0].changes.iter().any(|change| change.path == "x_region"));

    engine
        .administer(&SettingsCommand::FieldRemove("account".to_owned(), "region".to_owned()))
        .expect("hides");
    let engine = Engine::open_with(&path, Fixed::new(63)).expect("opens");
    assert_eq!(shown(&engine, "account", &arya, "x_region"), None);
    engine.edit("account", &arya, &[field("website", "https://arya.example")]).expect("edits");
    engine.administer(&region("account", "Region")).expect("shows it again");
    let engine = Engine::open_with(&path, Fixed::new(64)).expect("opens");
    assert_eq!(shown(&engine, "account", &arya, "x_region").as_deref(), Some("north"), "its value was kept");
}

#[test]
fn a_client_that_does_not_know_a_field_keeps_its_values() {
    let (dir, engine) = dollars(65);
    // This engine was opened before the field was there, as an older client would be.
    let older = Engine::open_with(&dir.path().join("store"), Fixed::new(66)).expect("opens");
    engine.administer(&region("account", "Region")).expect("adds");
    let engine = Engine::open_with(&dir.path().join("store"), Fixed::new(67)).expect("opens");
    let arya =
        engine.create("account", &[field("name", "Arya"), field("region", "north")]).expect("creates").short;
    assert_eq!(shown(&older, "account", &arya, "x_region"), None);
    older.edit("account", &arya, &[field("website", "https://arya.example")]).expect("edits");
    assert_eq!(shown(&engine, "account", &arya, "x_region").as_deref(), Some("north"));
    assert_eq!(shown(&engine, "account", &arya, "website").as_deref(), Some("https://arya.example"));
}

#[test]
fn a_required_item_holds_a_deal_until_it_is_done_or_somebody_forces_it() {
    let (_dir, engine) = dollars(68);
    let deal = deal(&engine, "Arya");
    let item = CheckDraft { labels: english("Call made"), required: true };
    engine.administer(&SettingsCommand::CheckAdd("identification".to_owned(), item)).expect("adds");
    assert!(is_refused(engine.stage(&deal, "needs"), "checks_open"));
    assert!(is_refused(engine.win(&deal, &CloseInput::default()), "checks_open"));
    let checks = || engine.show("opp", &deal).expect("shows").opportunity.expect("a deal").checklist;
    assert!(checks()[0].required && !checks()[0].done);
    engine.check(&deal, "call made", true).expect("ticks off");
    assert_eq!((checks()[0].done, checks()[0].by.as_deref()), (true, Some("Sara")));
    engine.check(&deal, "1", false).expect("takes that back");
    engine.stage_forced(&deal, "needs", true).expect("moves on by force");
    assert!(checks().is_empty(), "the next stage has no checklist");
    let history = engine.history("opp", &deal).expect("tells");
    let told = history[0].changes.iter().find(|change| change.path.starts_with("stage_history/"));
    let told = told.and_then(|change| change.after.as_text()).unwrap_or_default();
    assert!(told.contains("\"forced\":[\"call_made\"]"), "{told}");
}

#[test]
fn undo_takes_back_a_change_of_the_settings_whole() {
    let (_dir, engine) = dollars(69);
    let before = serde_json::to_string(&engine.settings_view().expect("reads")).expect("JSON");
    for command in [demo_stage(), region("account", "Region")] {
        engine.administer(&command).expect("changes");
        engine.undo().expect("takes back");
    }
    let target = TargetFor::Team("North".to_owned());
    engine
        .administer(&SettingsCommand::TargetAdd(target, "1404/07".to_owned(), "5000".to_owned()))
        .expect("sets");
    engine.undo().expect("takes back");
    let mut after = engine.settings_view().expect("reads");
    assert!(after.custom_fields.iter().all(|field| field.removed));
    after.custom_fields.clear();
    assert_eq!(serde_json::to_string(&after).expect("JSON"), before);
}

#[test]
fn preferences_are_the_persons_own_and_tomans_are_named() {
    let dir = tempfile::TempDir::new().expect("a temporary directory");
    let options = forsat_client::InitOptions { user_name: "Sara".to_owned(), ..Default::default() };
    let mut engine = Engine::init_with(dir.path(), &options, Fixed::new(70)).expect("a store");
    let me = engine.me().expect("reads").0.to_string();
    let wishes = [
        field("locale", "fa"),
        field("digits", "latin"),
        field("currency_unit", "toman"),
        field("calendar", "gregorian"),
    ];
    engine.edit("user", &me, &wishes).expect("edits");
    let mine = engine.preferences().expect("reads");
    assert_eq!(mine.digits, Some(Digits::Latin));
    assert_eq!((mine.calendar, mine.rial_unit), (Some(Calendar::Gregorian), Some(RialUnit::Toman)));
    engine.set_locale(Locale { rial_unit: RialUnit::Toman, ..Locale::default() });
    let deal = deal(&engine, "Arya");
    let saved = engine.edit("opp", &deal, &[field("amount", "1200000")]).expect("edits");
    assert_eq!(saved.echoed.get("amount").map(String::as_str), Some("1,200,000 rial = 120,000 toman"));
    let saved = engine.edit("opp", &deal, &[field("amount", "5 toman")]).expect("edits");
    assert_eq!(saved.echoed.get("amount").map(String::as_str), Some("50 rial = 5 toman"));
}
