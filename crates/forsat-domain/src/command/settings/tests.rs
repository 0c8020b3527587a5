//! Tests of the settings administration: ids, places, what is refused, and what reads back.

use super::*;
use crate::command::{Context, edit, opportunity_check, stage_move, stage_move_forced, win, win_forced};
use crate::composite::{Composite, Outcome, StageMove};
use crate::currency::Currency;
use crate::edit::preview;
use crate::id::RecordId;
use crate::money::Money;
use crate::record::RecordState;
use crate::schema::input::Assignment;
use crate::schema::{ACCOUNT, FieldKind, OPPORTUNITY, SettingList};
use crate::settings::{Settings, TargetOwner, TargetPeriod, YearPart};
use crate::testing::{Desk, M, because, jalali, merge, on, rials};
use crate::world::World;

fn labels(fa: &str, en: &str) -> Labels {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Labels { fa: given(fa), en: given(en) }
}

fn settings_state(desk: &Desk) -> RecordState {
    let id = RecordId::from_bytes([9; 16]);
    let now = desk.world.record(id).map(|record| record.into_owned());
    now.unwrap_or_else(|| RecordState::new(id, SETTINGS))
}

/// Runs a command on the settings and keeps what it writes.
fn administer(
    desk: &mut Desk,
    command: impl FnOnce(&mut Context<'_>, &RecordState) -> Result<Vec<Edit>, Refusal>,
) -> Result<(), Refusal> {
    let state = settings_state(desk);
    let edits = desk.run(|ctx| command(ctx, &state))?;
    desk.settings(&edits);
    Ok(())
}

fn stages(desk: &Desk) -> Vec<String> {
    desk.world.settings().stages.live().iter().map(|stage| stage.id.clone()).collect()
}

fn code(refused: Result<impl std::fmt::Debug, Refusal>) -> &'static str {
    refused.expect_err("is refused").code()
}

fn demo_stage() -> StageDraft {
    StageDraft {
        labels: labels("نمایش", "Product demo"),
        probability: Some(40),
        exit_criteria: Some("seen by the buyer".to_owned()),
        place: Some(Place::After("needs".to_owned())),
        ..StageDraft::default()
    }
}

#[test]
fn a_new_stage_goes_where_it_is_asked_for() {
    let mut desk = Desk::new();
    administer(&mut desk, |ctx, _| stage_add(ctx, &demo_stage())).unwrap();
    let expected = ["identification", "needs", "product_demo", "proposal", "negotiation", "won", "lost"];
    assert_eq!(stages(&desk), expected);
    let stage = desk.world.settings().stages.get("product_demo").unwrap().clone();
    assert_eq!(
        (stage.kind, stage.probability, stage.exit_criteria.as_str()),
        (Outcome::Open, 40, "seen by the buyer")
    );
    // Halving the room again and again ends in neighbours that make room.
    for number in 0..6 {
        let draft = StageDraft { labels: labels("", &format!("Step {number}")), ..demo_stage() };
        administer(&mut desk, |ctx, _| stage_add(ctx, &draft)).unwrap();
        assert_eq!(stages(&desk)[2], format!("step_{number}"));
    }
    assert_eq!(stages(&desk)[8], "product_demo");
    let last = StageDraft { labels: labels("آخر", ""), ..StageDraft::default() };
    administer(&mut desk, |ctx, _| stage_add(ctx, &last)).unwrap();
    assert_eq!(stages(&desk)[11..], ["آخر", "won", "lost"]);
    let first = |ctx: &mut Context<'_>, _: &RecordState| stage_place(ctx, "negotiation", &Place::First);
    administer(&mut desk, first).unwrap();
    assert_eq!(stages(&desk)[0], "negotiation");
}

#[test]
fn closing_stages_keep_what_they_count() {
    let mut desk = Desk::new();
    let percent = StageDraft { probability: Some(90), ..StageDraft::default() };
    assert_eq!(code(administer(&mut desk, |ctx, _| stage_edit(ctx, "won", &percent))), "fixed_probability");
    let sold = StageDraft {
        labels: labels("", "Sold online"),
        kind: Some(Outcome::Won),
        probability: Some(100),
        ..StageDraft::default()
    };
    assert_eq!(code(administer(&mut desk, |ctx, _| stage_add(ctx, &sold))), "fixed_probability");
    let relabel = StageDraft { labels: labels("بردیم", ""), ..StageDraft::default() };
    administer(&mut desk, |ctx, _| stage_edit(ctx, "won", &relabel)).unwrap();
    let won = desk.world.settings().stages.get("won").unwrap().clone();
    assert_eq!((won.label.fa.as_ref(), won.label.en.as_ref(), won.probability), ("بردیم", "Won", 100));
}

#[test]
fn archiving_keeps_a_stage_of_each_kind_and_the_kind_of_the_replacement() {
    let mut desk = Desk::new();
    let archive = |stage: &'static str, by: Option<&'static str>| {
        move |ctx: &mut Context<'_>, _: &RecordState| stage_archive(ctx, stage, by)
    };
    assert_eq!(code(administer(&mut desk, archive("won", None))), "last_of_kind");
    assert_eq!(code(administer(&mut desk, archive("lost", None))), "last_of_kind");
    assert_eq!(code(administer(&mut desk, archive("needs", Some("won")))), "replacement");
    assert_eq!(code(administer(&mut desk, archive("needs", Some("needs")))), "replacement");
    administer(&mut desk, archive("needs", Some("proposal"))).unwrap();
    assert_eq!(code(administer(&mut desk, archive("needs", None))), "archived");
    assert_eq!(code(administer(&mut desk, archive("proposal", Some("needs")))), "replacement");
    assert_eq!(desk.world.settings().stages.effective("needs").unwrap().id, "proposal");
    administer(&mut desk, |ctx, _| stage_restore(ctx, "needs")).unwrap();
    assert_eq!(desk.world.settings().stages.effective("needs").unwrap().id, "needs");
    for stage in ["identification", "proposal", "negotiation"] {
        administer(&mut desk, move |ctx, _| stage_archive(ctx, stage, None)).unwrap();
    }
    assert_eq!(code(administer(&mut desk, archive("needs", None))), "last_of_kind");
}

#[test]
fn lists_grow_before_other_and_labels_stay_apart() {
    let mut desk = Desk::new();
    let sources = SettingRows::Items(SettingList::LeadSources);
    administer(&mut desk, |ctx, _| item_add(ctx, sources, &labels("نمایشگاه تهران", "Tehran fair"))).unwrap();
    let ids = |desk: &Desk| -> Vec<String> {
        desk.world.settings().items(SettingList::LeadSources).iter().map(|item| item.id.clone()).collect()
    };
    assert_eq!(ids(&desk)[13..], ["tehran_fair", "other"]);
    let same = administer(&mut desk, |ctx, _| item_add(ctx, sources, &labels("همایش", "Meetup")));
    assert_eq!(code(same), "label_taken");
    assert_eq!(
        code(administer(&mut desk, |ctx, _| item_add(ctx, sources, &Labels::default()))),
        "label_needed"
    );
    administer(&mut desk, |ctx, _| item_archive(ctx, sources, "tehran fair")).unwrap();
    assert_eq!(code(administer(&mut desk, |ctx, _| item_archive(ctx, sources, "tehran_fair"))), "archived");
    administer(&mut desk, |ctx, _| item_restore(ctx, sources, "tehran_fair")).unwrap();
    administer(&mut desk, |ctx, _| item_edit(ctx, sources, "email", &labels("نامه", ""))).unwrap();
    let item = desk.world.settings().item(SettingList::LeadSources, "email").unwrap().clone();
    assert_eq!((item.label.fa.as_ref(), item.label.en.as_ref()), ("نامه", "Email"));
    let pipeline = labels("خدمات", "Services");
    administer(&mut desk, |ctx, _| item_add(ctx, SettingRows::Pipelines, &pipeline)).unwrap();
    let draft = StageDraft { pipeline: Some("services".to_owned()), ..demo_stage() };
    assert_eq!(code(administer(&mut desk, |ctx, _| stage_add(ctx, &draft))), "unknown_setting");
    let draft = StageDraft { place: None, ..draft };
    administer(&mut desk, |ctx, _| stage_add(ctx, &draft)).unwrap();
    assert_eq!(desk.world.settings().stages.live_of("services")[0].id, "product_demo");
}

#[test]
fn rates_and_targets_are_taken_back_and_entered_again() {
    let mut desk = Desk::new();
    let day = jalali(1404, 3, 31);
    let rate = |desk: &Desk| desk.world.settings().rates.on(Currency::EUR, day);
    administer(&mut desk, |ctx, state| rate_add(ctx, state, Currency::EUR, day, 900_000.into())).unwrap();
    assert_eq!(rate(&desk), Some(900_000.into()));
    administer(&mut desk, |_, state| rate_remove(state, Currency::EUR, day)).unwrap();
    assert_eq!(rate(&desk), None);
    assert_eq!(code(administer(&mut desk, |_, state| rate_remove(state, Currency::EUR, day))), "no_rate");
    administer(&mut desk, |ctx, state| rate_add(ctx, state, Currency::EUR, day, 910_000.into())).unwrap();
    assert_eq!(rate(&desk), Some(910_000.into()));
    let own = administer(&mut desk, |ctx, state| rate_add(ctx, state, Currency::IRR, day, 1.into()));
    assert_eq!(code(own), "own_currency");

    let north = TargetOwner::Team("شمال".to_owned());
    administer(&mut desk, |_, state| target_add(state, &north, "۱۴۰۴/۰۷", rials(500 * M))).unwrap();
    administer(&mut desk, |_, state| target_add(state, &north, "1404-7", rials(600 * M))).unwrap();
    let targets = desk.world.settings().targets.clone();
    assert_eq!(targets.len(), 1, "the same month is one target");
    assert_eq!(targets[0].period, TargetPeriod { year: 1404, part: YearPart::Month(7) });
    assert_eq!((targets[0].value, &targets[0].owner), (rials(600 * M), &north));
    assert_eq!(
        code(administer(&mut desk, |_, state| target_add(state, &north, "1404/13", rials(1)))),
        "period"
    );
    administer(&mut desk, |_, state| target_remove(state, &north, "1404/07")).unwrap();
    assert!(desk.world.settings().targets.is_empty());
}

#[test]
fn periods_are_years_quarters_and_months_of_either_calendar() {
    let read = |text: &str| text.parse::<TargetPeriod>().map(|period| period.to_string());
    assert_eq!(read("1404"), Ok("1404".to_owned()));
    assert_eq!(read("۱۴۰۴-Q2"), Ok("1404-Q2".to_owned()));
    assert_eq!(read("2025q4"), Ok("2025-Q4".to_owned()));
    for wrong in ["", "14", "1404-Q5", "1404/00", "1600", "1404/7/1", "آبان"] {
        assert_eq!(read(wrong), Err(()), "{wrong}");
    }
    let quarter: TargetPeriod = "1404-Q2".parse().unwrap();
    assert_eq!(quarter.days().unwrap().end, jalali(1404, 7, 1));
}

fn region() -> FieldDraft {
    FieldDraft {
        module: ACCOUNT.to_owned(),
        name: "region".to_owned(),
        labels: labels("منطقه", "Region"),
        type_text: "choice(north, south)".to_owned(),
    }
}

#[test]
fn a_field_of_ones_own_joins_the_table_and_leaves_it() {
    let mut desk = Desk::new();
    administer(&mut desk, |ctx, state| field_add(ctx, state, &region())).unwrap();
    let joined = |desk: &Desk| {
        crate::schema::Schema::builtin().with_custom_fields(&desk.world.settings().custom_fields)
    };
    let schema = joined(&desk);
    let field = schema.field(ACCOUNT, "x_region").expect("it joined");
    assert!(matches!(&field.kind, FieldKind::Choice(choices) if choices.len() == 2));
    let table = schema.module(ACCOUNT).unwrap();
    for name in ["x_region", "region", "Region", "منطقه"] {
        assert_eq!(table.find_field(name).map(|field| field.name.as_ref()), Some("x_region"), "{name}");
    }
    desk.schema = schema;
    assert_eq!(code(administer(&mut desk, |ctx, state| field_add(ctx, state, &region()))), "field_taken");
    administer(&mut desk, |ctx, state| field_remove(ctx, state, ACCOUNT, "region")).unwrap();
    desk.schema = joined(&desk);
    assert!(desk.schema.field(ACCOUNT, "x_region").is_none());
    let other = FieldDraft { type_text: "text".to_owned(), ..region() };
    assert_eq!(code(administer(&mut desk, |ctx, state| field_add(ctx, state, &other))), "field_taken");
    administer(&mut desk, |ctx, state| field_add(ctx, state, &region())).unwrap();
    assert!(joined(&desk).field(ACCOUNT, "x_region").is_some());
}

#[test]
fn fields_that_cannot_join_are_refused_here_and_left_out_after_a_merge() {
    let mut desk = Desk::new();
    let mut refused = |change: fn(&mut FieldDraft)| {
        let mut draft = region();
        change(&mut draft);
        code(administer(&mut desk, |ctx, state| field_add(ctx, state, &draft)))
    };
    assert_eq!(refused(|draft| draft.name = "منطقه".to_owned()), "field_name");
    assert_eq!(refused(|draft| draft.name = "1st".to_owned()), "field_name");
    assert_eq!(refused(|draft| draft.type_text = "longtext".to_owned()), "field_type");
    assert_eq!(refused(|draft| draft.type_text = "choice(a,A)".to_owned()), "field_type");
    assert_eq!(refused(|draft| draft.module = "settings".to_owned()), "field_module");
    assert_eq!(refused(|draft| draft.module = "ghost".to_owned()), "unknown_module");
    assert_eq!(refused(|draft| draft.labels.en = Some("Website".to_owned())), "field_taken");
    let row = |id: &str, name: &str, kind: &str| {
        let set = |register: &str, value: &str| Edit::set_entry("custom_fields", id, register, value);
        [set("module", ACCOUNT), set("name", name), set("type", kind)]
    };
    let rows = [
        row("a", "name", "text"),
        row("b", "x_new", "hologram"),
        row("c", "x_ok", "date"),
        row("d", "x_ok", "text"),
    ];
    let fields = crate::testing::settings_of(&rows.concat()).custom_fields;
    let schema = crate::schema::Schema::builtin().with_custom_fields(&fields);
    assert_eq!(
        schema.module(ACCOUNT).unwrap().fields.len(),
        crate::schema::Schema::builtin().module(ACCOUNT).unwrap().fields.len() + 1
    );
    assert_eq!(schema.field(ACCOUNT, "x_ok").map(|field| &field.kind), Some(&FieldKind::Date));
}

/// A stage whose checklist has a required item and another.
fn with_checklist() -> Desk {
    let mut desk = Desk::new();
    let draft = |en: &str, required| CheckDraft { labels: labels("", en), required };
    administer(&mut desk, |ctx, _| check_add(ctx, "identification", &draft("Call made", true))).unwrap();
    administer(&mut desk, |ctx, _| check_add(ctx, "identification", &draft("Card kept", false))).unwrap();
    desk
}

fn forced(state: &RecordState) -> Vec<String> {
    let moves = state.grown("stage_history").filter_map(|(_, value)| StageMove::from_scalar(value));
    moves.flat_map(|moved| moved.forced).collect()
}

#[test]
fn a_stage_is_left_only_with_its_required_items_done() {
    let mut desk = with_checklist();
    let deal = desk.deal(500 * M);
    let refused = desk.run(|ctx| stage_move(ctx, &deal, "needs")).expect_err("an item is open");
    assert!(refused.to_string().contains("forsat opp check … call_made"), "{refused}");
    assert_eq!(refused.code(), "checks_open");
    assert_eq!(code(desk.run(|ctx| win(ctx, &deal, &on(jalali(1404, 6, 1))))), "checks_open");
    let by_edit = desk.run(|ctx| edit(ctx, &deal, &[Assignment::set("stage", "needs")]));
    assert_eq!(code(by_edit), "checks_open");
    desk.run(|ctx| crate::command::lose(ctx, &deal, &because(jalali(1404, 6, 1), "price")))
        .expect("losing needs no checks");

    assert_eq!(code(desk.run(|ctx| opportunity_check(ctx, &deal, "3", true))), "no_check");
    let ticked = preview(&deal, &desk.run(|ctx| opportunity_check(ctx, &deal, "call made", true)).unwrap());
    assert_eq!(desk.run(|ctx| opportunity_check(ctx, &ticked, "1", true)), Ok(Vec::new()));
    let moved = preview(&ticked, &desk.run(|ctx| stage_move(ctx, &ticked, "needs")).unwrap());
    assert_eq!(forced(&moved), Vec::<String>::new());
    // Back and on again: what is done stays done.
    let back = preview(&moved, &desk.run(|ctx| stage_move(ctx, &moved, "identification")).unwrap());
    desk.run(|ctx| stage_move(ctx, &back, "needs")).expect("it is done");
    let undone = preview(&back, &desk.run(|ctx| opportunity_check(ctx, &back, "1", false)).unwrap());
    assert_eq!(code(desk.run(|ctx| stage_move(ctx, &undone, "needs"))), "checks_open");
}

// R41 of docs/requirements.md.
#[test]
fn a_forced_move_is_recorded_with_what_was_open() {
    let mut desk = with_checklist();
    let deal = desk.deal(500 * M);
    let moved = preview(&deal, &desk.run(|ctx| stage_move_forced(ctx, &deal, "needs", true)).unwrap());
    assert_eq!(forced(&moved), ["call_made"]);
    let won = desk.run(|ctx| win_forced(ctx, &deal, &on(jalali(1404, 6, 1)), true)).unwrap();
    assert_eq!(forced(&preview(&deal, &won)), ["call_made"]);
    administer(&mut desk, |ctx, _| check_remove(ctx, "identification", "call made")).unwrap();
    let free = preview(&deal, &desk.run(|ctx| stage_move_forced(ctx, &deal, "needs", true)).unwrap());
    assert_eq!(forced(&free), Vec::<String>::new(), "nothing was open, so nothing was forced");
    // A move without force is written as it always was.
    let plain = StageMove::from_scalar(free.grown("stage_history").last().unwrap().1).unwrap();
    assert!(!plain.to_scalar().as_text().unwrap().contains("forced"));
}

#[test]
fn what_was_ticked_off_counts_in_the_stage_that_stands_in() {
    let mut desk = with_checklist();
    let deal = desk.deal(500 * M);
    let ticked = preview(&deal, &desk.run(|ctx| opportunity_check(ctx, &deal, "1", true)).unwrap());
    let needed = CheckDraft { labels: labels("", "Call made"), required: true };
    administer(&mut desk, |ctx, _| check_add(ctx, "needs", &needed)).unwrap();
    administer(&mut desk, |ctx, _| stage_archive(ctx, "identification", Some("needs"))).unwrap();
    desk.run(|ctx| stage_move(ctx, &ticked, "proposal")).expect("the same item, done before");
    assert_eq!(code(desk.run(|ctx| stage_move(ctx, &deal, "proposal"))), "checks_open");
}

#[test]
fn a_merge_that_leaves_items_open_is_no_error() {
    let mut desk = with_checklist();
    let deal = desk.deal(500 * M);
    let ticked = preview(&deal, &desk.run(|ctx| opportunity_check(ctx, &deal, "1", true)).unwrap());
    let sara = desk.run(|ctx| stage_move(ctx, &ticked, "needs")).unwrap();
    let reza = desk.run(|ctx| opportunity_check(ctx, &ticked, "1", false)).unwrap();
    let merged = merge(&ticked, &[(crate::testing::SARA, sara), (crate::testing::REZA, reza)]);
    assert_eq!(desk.read(&merged).stage.stage_id, "needs");
    assert!(desk.issues(&merged).is_empty());
}

#[test]
fn a_naming_convention_knows_its_two_parts() {
    let mut desk = Desk::new();
    let set = |text: &'static str| {
        move |ctx: &mut Context<'_>, state: &RecordState| {
            edit(ctx, state, &[Assignment::set("naming_convention", text)])
        }
    };
    assert_eq!(code(administer(&mut desk, set("{account}/{owner}"))), "placeholder");
    assert_eq!(code(administer(&mut desk, set("{account"))), "placeholder");
    administer(&mut desk, set("{product} – {account}")).unwrap();
    let deal = desk.deal_with(Vec::new(), vec![crate::testing::line("سرور", rials(M))]);
    assert_eq!(crate::schema::record_name(&deal), "سرور – آریا");
}

#[test]
fn tax_is_in_the_amount_where_the_organisation_says_so() {
    let mut desk = Desk::new();
    let mut line = crate::testing::line("سرور", rials(100 * M));
    line.fields.push(Assignment::set("tax_rate", 1000));
    let deal = desk.deal_with(Vec::new(), vec![line]);
    let amount = |desk: &Desk| -> Option<Money> { desk.read(&deal).amount.worth.known() };
    assert_eq!(amount(&desk), Some(rials(100 * M)));
    administer(&mut desk, |ctx, state| edit(ctx, state, &[Assignment::set("tax_in_amount", true)])).unwrap();
    assert_eq!(amount(&desk), Some(rials(110 * M)));
    assert_eq!(deal.module, OPPORTUNITY);
}

#[test]
fn a_stage_whose_every_value_was_taken_back_is_gone() {
    let mut desk = Desk::new();
    let state = settings_state(&desk);
    let added = desk.run(|ctx| stage_add(ctx, &demo_stage())).unwrap();
    let cleared: Vec<Edit> = added
        .iter()
        .filter_map(|edit| match edit {
            // A stage's kind is written once.
            Edit::SetEntry { field, entry, name, .. } if name != "kind" => {
                Some(Edit::set_entry(field.as_str(), entry.as_str(), name.as_str(), Scalar::Null))
            }
            _ => None,
        })
        .collect();
    let after = preview(&preview(&state, &added), &cleared);
    assert_eq!(Settings::read(Some(&after)).stages, Settings::default().stages);
}
