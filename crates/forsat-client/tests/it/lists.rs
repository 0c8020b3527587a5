//! Lists, search, saved filters and commands for many records.

use crate::pair::{Device, Relay};
use crate::support::dollars;
use forsat_client::{ClientError, CloseInput, Engine, FieldInput, ListQuery, MassAction, MassTarget};
use forsat_domain::cells::{self, Cell};
use forsat_domain::filter::{BindContext, Expr, Filter, Known, Problem, Row};
use forsat_domain::lifecycle::surviving_id;
use forsat_domain::opportunity::Deal;
use forsat_domain::record::RecordState;
use forsat_domain::schema::{Schema, record_name};
use forsat_domain::settings::Settings;
use forsat_domain::{CivilDate, RecordId, World};
use forsat_relay::store::Role;
use std::collections::BTreeSet;

fn field(name: &str, value: &str) -> FieldInput {
    FieldInput::new(name, value)
}

fn condition(text: &str) -> ListQuery {
    ListQuery { conditions: vec![text.to_owned()], ..ListQuery::default() }
}

fn names(engine: &Engine, query: &ListQuery) -> Vec<String> {
    let page = engine.list("opp", &ListQuery { columns: vec!["name".to_owned()], ..query.clone() });
    page.expect("lists").rows.into_iter().map(|row| row.name).collect()
}

/// Deals of every kind: open, won, without an amount, in another currency, from lines, deleted.
fn scene(engine: &Engine) {
    engine.create("account", &[field("name", "آریا")]).expect("creates");
    engine.create("account", &[field("name", "كريم تجارت"), field("industry", "steel")]).expect("creates");
    engine.create("product", &[field("name", "سرور"), field("prices", "500")]).expect("creates");
    for at in 1..=12_u32 {
        let account = if at % 3 == 0 { "کریم تجارت" } else { "آریا" };
        let (name, date) = (format!("فرصت {at:02}"), format!("2026-09-{at:02}"));
        let mut fields = vec![field("account", account), field("name", &name), field("close_date", &date)];
        match at % 4 {
            0 => fields.push(field("product", "سرور")),
            1 => fields.push(field("amount", &format!("{} EUR", at * 100))),
            2 => fields.push(field("amount", &(at * 100).to_string())),
            _ => {}
        }
        if at % 5 == 0 {
            fields.extend([field("tags", "VIP"), field("next_step", "تماس با مدير")]);
        }
        engine.create("opp", &fields).expect("creates");
    }
    engine.win("فرصت 02", &CloseInput::default()).expect("wins");
    engine.stage("فرصت 06", "negotiation").expect("moves");
    engine.delete("opp", "فرصت 11").expect("deletes");
}

/// Reads what lists know from the whole record, for the naive evaluation.
struct Naive<'w> {
    world: &'w dyn World,
    schema: &'w Schema,
    today: CivilDate,
}

struct Whole<'w> {
    naive: &'w Naive<'w>,
    state: &'w RecordState,
    deal: Deal,
}

impl Row for Whole<'_> {
    fn cell(&self, name: &str) -> Cell<'_> {
        let field = self.naive.schema.field("opportunity", name);
        field.map_or(Cell::Nothing, |field| cells::cell(self.state, field, Some(&self.deal)))
    }

    fn is_open(&self) -> Option<bool> {
        cells::is_open(self.state, Some(&self.deal))
    }
}

impl Known for Naive<'_> {
    fn settings(&self) -> &Settings {
        self.world.settings()
    }

    fn today(&self) -> CivilDate {
        self.today
    }

    fn survivor(&self, id: RecordId) -> RecordId {
        surviving_id(id, self.world)
    }

    fn name(&self, id: RecordId) -> Option<String> {
        self.world.record(id).map(|record| record_name(&record))
    }
}

/// Everything that the naive evaluation reads, read once.
struct Seen {
    states: Vec<RecordState>,
    accounts: Vec<(String, RecordId)>,
    user: RecordId,
    today: CivilDate,
}

impl Seen {
    fn read(engine: &Engine) -> Seen {
        let rows = |module: &str| engine.list(module, &ListQuery::default()).expect("lists").rows;
        let state = |short: &str| engine.show("opp", short).expect("shows").state;
        Seen {
            states: rows("opp").iter().map(|row| state(&row.short)).collect(),
            accounts: rows("account").into_iter().map(|row| (row.name, RecordId(row.id))).collect(),
            user: RecordId(engine.status().expect("stands").user),
            today: engine.today().expect("a day"),
        }
    }

    /// The names of the deals that a condition takes, each derived whole.
    fn taken(&self, engine: &Engine, text: &str) -> BTreeSet<String> {
        let find = |_: &str, text: &str| {
            let fold = forsat_domain::text::fold;
            let hit = self.accounts.iter().find(|(name, _)| fold(name) == fold(text));
            hit.map(|(name, id)| (*id, name.clone()))
                .ok_or_else(|| forsat_domain::schema::input::ReferenceError::Other("none".to_owned()))
        };
        let taken = engine.with_world(|world| {
            let naive = Naive { world, schema: engine.schema(), today: self.today };
            let survivor = |id| surviving_id(id, world);
            let ctx = BindContext {
                module: engine.schema().module("opportunity").expect("a module"),
                settings: world.settings(),
                today: self.today,
                user: Some(self.user),
                find: &find,
                survivor: &survivor,
            };
            let filter = Filter::bind(&Expr::parse(text).expect(text), &ctx).expect(text);
            let taken = self.states.iter().filter(|state| {
                let deal = Deal::read(state, world, self.today);
                filter.takes(&Whole { naive: &naive, state, deal }, &naive)
            });
            taken.map(record_name).collect()
        });
        taken.expect("reads")
    }
}

const TESTS: &[&str] = &[
    "amount > 500",
    "amount <= \"500 EUR\"",
    "amount is empty",
    "close_date >= 2026-09-06",
    "account = \"کریم تجارت\"",
    "account ~ تجارت",
    "stage = negotiation",
    "stage in (won, lost)",
    "tags = vip",
    "next_step ~ مدیر",
    "probability >= 80%",
    "created_at = today",
    "open",
    "mine",
    "actual_close_date is not empty",
    "currency = USD",
];

fn check_against_naive(engine: &Engine) {
    let seen = Seen::read(engine);
    let mut taken = 0;
    for (at, first) in TESTS.iter().enumerate() {
        let second = TESTS[(at * 7 + 3) % TESTS.len()];
        for text in [
            (*first).to_owned(),
            format!("not ({first})"),
            format!("{first} and {second}"),
            format!("{first} or not ({second})"),
        ] {
            let listed: BTreeSet<String> = names(engine, &condition(&text)).into_iter().collect();
            assert_eq!(listed, seen.taken(engine, &text), "{text}");
            taken += listed.len();
        }
    }
    assert!(taken > 100, "the conditions take something");
}

#[test]
fn a_list_takes_what_a_naive_evaluation_of_whole_records_takes() {
    let (dir, engine) = dollars(71);
    scene(&engine);
    check_against_naive(&engine);
    // Settings that change under the briefs: what follows from them is derived anew, at once and after reopening.
    engine.edit("settings", &settings(&engine), &[field("currency", "EUR")]).expect("edits");
    check_against_naive(&engine);
    drop(engine);
    let engine = Engine::open_with(&dir.path().join("store"), crate::support::Fixed::new(72)).expect("opens");
    check_against_naive(&engine);
}

/// The short id of the settings record.
fn settings(engine: &Engine) -> String {
    let tx = engine.store().read().expect("reads");
    let mut ids = Vec::new();
    tx.each_row("settings", &mut |id, _| {
        ids.push(forsat_domain::id::encode_id(id.as_bytes()));
        std::ops::ControlFlow::Continue(())
    })
    .expect("reads");
    ids.remove(0)
}

#[test]
fn any_column_sorts_and_nothing_comes_last() {
    let (_dir, engine) = dollars(73);
    scene(&engine);
    let sorted =
        |sort: &str| names(&engine, &ListQuery { sort: vec![sort.to_owned()], ..ListQuery::default() });
    assert_eq!(sorted("-close_date")[0], "فرصت 12");
    assert_eq!(sorted("-stage,name")[..2], ["فرصت 02", "فرصت 06"]);
    assert_eq!(sorted("account,-name")[0], "فرصت 10");
    let by_amount = sorted("amount");
    assert!(by_amount.ends_with(&["فرصت 07".to_owned()]) || by_amount.ends_with(&["فرصت 03".to_owned()]));
    for module in engine.schema().modules() {
        for field in &module.fields {
            let query = ListQuery { sort: vec![format!("-{}", field.name)], ..ListQuery::default() };
            engine.list(&module.name, &query).expect("every column sorts");
        }
    }
}

// R27 of docs/requirements.md.
#[test]
fn a_search_looks_into_every_searched_field_and_the_best_comes_first() {
    let (_dir, engine) = dollars(74);
    scene(&engine);
    engine
        .create("contact", &[field("last_name", "کریمی"), field("emails", "Karim@Example.com")])
        .expect("creates");
    let found = |words: &str| -> Vec<String> {
        engine.find(words, 50).expect("finds").into_iter().map(|found| found.name).collect()
    };
    assert_eq!(found("كريم")[..2], ["كريم تجارت", "کریمی"], "named so first, then what leads to it");
    assert_eq!(found("کریم").len(), 2 + 4, "four deals belong to the account");
    assert_eq!(found("karim@example"), ["کریمی"]);
    assert_eq!(found("تجارت فرصت ۰۹"), ["فرصت 09"], "all words, in any digits, from any fields");
    assert!(found("").is_empty() && found("تجارت نیست").is_empty());
    engine.edit("account", "کریم تجارت", &[field("name", "بهار")]).expect("renames");
    assert_eq!(found("بهار").len(), 1 + 4, "deals are found by the account's present name");
    let text = ListQuery { text: Some("بهار".to_owned()), ..ListQuery::default() };
    assert_eq!(engine.count("opp", &text).expect("counts"), 4);
}

// R32 of docs/requirements.md.
#[test]
fn an_update_of_many_is_one_command_that_undo_takes_back() {
    let (_dir, engine) = dollars(75);
    scene(&engine);
    let target = MassTarget::Matching(Box::new(condition("account=آریا")));
    let action = MassAction::Edit(vec![field("next_step", "دمو")]);
    let before = engine.unsent().expect("counts");
    let preview = engine.mass_preview("opp", &target, &action).expect("looks");
    assert_eq!((preview.matched, preview.changed, preview.saved), (7, 7, false));
    assert_eq!(preview.changes[0].fields[0].2, "دمو");
    assert_eq!(engine.unsent().expect("counts"), before, "a preview writes nothing");
    let done = engine.mass("opp", &target, &action).expect("updates");
    assert!(done.saved && done.changed == 7 && done.journal.is_some());
    assert_eq!(engine.count("opp", &condition("next_step=دمو")).expect("counts"), 7);
    let again = engine.mass("opp", &target, &action).expect("updates");
    assert_eq!((again.changed, again.unchanged, again.journal), (0, 7, None));
    engine.undo().expect("undoes");
    assert_eq!(engine.count("opp", &condition("next_step=دمو")).expect("counts"), 0);
    assert_eq!(engine.count("opp", &condition("next_step ~ مدیر")).expect("counts"), 2);
    let gone = engine.mass("opp", &target, &MassAction::Delete).expect("deletes");
    assert_eq!((gone.changed, engine.count("opp", &ListQuery::default()).expect("counts")), (7, 4));
    engine.undo().expect("undoes");
    assert_eq!(engine.count("opp", &ListQuery::default()).expect("counts"), 11);
}

#[test]
fn records_that_a_rule_refuses_are_left_out_and_the_rest_is_done() {
    let (_dir, engine) = dollars(76);
    for (kind, subject) in [("call", "one"), ("task", "two"), ("call", "three")] {
        let about = engine.create("account", &[field("name", subject)]).expect("creates");
        let fields = [field("kind", kind), field("subject", subject), field("parents", &about.short)];
        engine.create("activity", &fields).expect("creates");
    }
    let action = MassAction::Edit(vec![field("status", "held")]);
    let target = MassTarget::Matching(Box::new(condition("open")));
    let done = engine.mass("activity", &target, &action).expect("updates");
    assert_eq!((done.matched, done.changed, done.refused_count), (3, 2, 1));
    assert_eq!(done.refused[0].name, "two");
    assert_eq!(engine.count("activity", &condition("open")).expect("counts"), 1);
}

// R27 of docs/requirements.md.
#[test]
fn a_saved_filter_comes_along_with_a_sync() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara", Role::Admin, 1);
    let reza = Device::join(&mut relay, "Reza", Role::Admin, 2);
    sara.engine.create("account", &[field("name", "آریا")]).expect("creates");
    for amount in ["100", "900", "500"] {
        let name = format!("deal {amount}");
        let mut fields = vec![field("name", &name), field("account", "آریا"), field("amount", amount)];
        fields.push(field("close_date", "2026-09-01"));
        sara.engine.create("opp", &fields).expect("creates");
    }
    let query = ListQuery { sort: vec!["-amount".to_owned()], open: true, ..condition("amount >= 500") };
    sara.engine.save_filter("opp", "بزرگ", &query).expect("saves");
    sara.sync(&mut relay);
    reza.sync(&mut relay);
    let saved = ListQuery { saved: Some("بزرگ".to_owned()), ..ListQuery::default() };
    assert_eq!(names(&reza.engine, &saved), ["deal 900", "deal 500"]);
    sara.engine.save_filter("opp", "بزرگ", &condition("amount > 500")).expect("saves anew");
    sara.sync(&mut relay);
    reza.sync(&mut relay);
    assert_eq!(names(&reza.engine, &saved), ["deal 900"]);
    let refused =
        reza.engine.edit("filter", "بزرگ", &[field("condition", "amount >")]).expect_err("no value");
    assert!(matches!(refused, ClientError::Filter { .. }), "{refused}");
    let missing = ListQuery { saved: Some("other".to_owned()), ..ListQuery::default() };
    assert!(matches!(reza.engine.list("opp", &missing), Err(ClientError::NotFound { .. })));
}

#[test]
fn a_saved_filter_whose_condition_means_nothing_any_more_says_where() {
    let (_dir, engine) = dollars(77);
    engine.create("account", &[field("name", "آریا")]).expect("creates");
    engine.save_filter("opp", "gone", &condition("account=آریا")).expect("saves");
    engine.edit("account", "آریا", &[field("name", "بهار")]).expect("renames");
    let saved = ListQuery { saved: Some("gone".to_owned()), ..ListQuery::default() };
    let error = engine.list("opp", &saved).expect_err("no such account");
    let ClientError::Filter { saved: Some(name), error, .. } = error else { panic!("{error}") };
    assert_eq!((name.as_str(), error.at), ("gone", 8..12));
    assert!(matches!(error.problem, Problem::Value(_)));
}
