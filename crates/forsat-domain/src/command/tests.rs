//! Tests of the commands: what they write, what they refuse, and what they say then.

use super::*;
use crate::composite::{Composite, Outcome, StageEntry};
use crate::edit::preview;
use crate::opportunity::{Deal, Standing};
use crate::record::Scalar;
use crate::schema::input::{Assignment, Input, ReferenceError};
use crate::schema::{ACCOUNT, OPPORTUNITY, PRODUCT, SETTINGS, USER};
use crate::testing::{
    Desk, M, account_id, account_reference, because, euros, jalali, line, on, product_id, rials,
};

fn after(state: &RecordState, edits: Result<Vec<Edit>, Refusal>) -> RecordState {
    preview(state, &edits.unwrap())
}

fn asked(
    desk: &mut Desk,
    state: &RecordState,
    field: &str,
    value: impl Into<Scalar>,
) -> Result<Vec<Edit>, Refusal> {
    desk.run(|ctx| edit(ctx, state, &[Assignment::set(field, value)]))
}

// R2, R6, R16, R43 of docs/requirements.md.
#[test]
fn a_new_deal_has_its_defaults_and_a_name_by_convention() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(Vec::new(), vec![new_line(product_id(), Vec::new())]);
    assert_eq!(deal.winner("name").as_text(), Some("آریا/سرور"));
    assert_eq!(deal.winner("currency").as_text(), Some("IRR"));
    assert_eq!(deal.winner("status").as_text(), Some("active"));
    assert_eq!(deal.winner("opened_on").as_text(), Some("2025-09-06"));
    assert_eq!(deal.winner("assigned_user_id").as_text(), Some(desk.user.0.to_string().as_str()));
    let read = desk.read(&deal);
    assert_eq!((read.stage.stage_id.as_str(), read.stage.standing), ("identification", Standing::Open));
    assert_eq!(read.amount.worth.known(), Some(rials(50 * M)));
    assert_eq!(deal.grown("stage_history").count(), 1);
    assert!(desk.issues(&deal).is_empty());
}

// R17 of docs/requirements.md.
#[test]
fn a_deal_typed_in_euros_is_one_in_euros() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(vec![Assignment::set("amount", euros(5).to_scalar())], Vec::new());
    assert_eq!(deal.winner("currency").as_text(), Some("EUR"));
}

// R8 of docs/requirements.md.
#[test]
fn a_deal_needs_an_account_even_when_imported() {
    let mut desk = Desk::new();
    let fields = vec![Assignment::set("name", "x"), Assignment::set("amount", rials(5).to_scalar())];
    let draft = Draft { assignments: fields, lenient: true, ..Draft::default() };
    let refused = desk.run(|ctx| create(ctx, OPPORTUNITY, &draft)).unwrap_err();
    assert_eq!(refused, Refusal::Missing { module: OPPORTUNITY.into(), fields: vec!["account_id".into()] });
    assert!(refused.to_string().contains("account_id=…"));
}

#[test]
fn an_import_may_create_a_closed_deal_without_a_reason() {
    let mut desk = Desk::new();
    let fields = vec![
        Assignment::set("account_id", account_reference()),
        Assignment::set("amount", rials(0).to_scalar()),
        Assignment::set("stage", "lost"),
        Assignment::set("actual_close_date", "2025-01-01"),
    ];
    let strict = Draft { assignments: fields.clone(), ..Draft::default() };
    assert_eq!(desk.run(|ctx| create(ctx, OPPORTUNITY, &strict)).unwrap_err().code(), "reason_needed");
    let draft = Draft { lenient: true, ..strict };
    let created = desk.run(|ctx| create(ctx, OPPORTUNITY, &draft)).unwrap();
    let state = preview(&RecordState::new(created.id, OPPORTUNITY), &created.edits);
    let read = desk.read(&state);
    assert_eq!((read.stage.standing, read.stage.reason_id()), (Standing::Lost, None));
    assert_eq!(read.stage.close_date.map(|day| day.to_string()).as_deref(), Some("2025-01-01"));
    assert!(desk.issues(&state).iter().all(|issue| issue.info_only));
}

#[test]
fn other_modules_are_created_from_the_table_alone() {
    let mut desk = Desk::new();
    let draft = Draft { assignments: vec![Assignment::set("name", "رضا")], ..Draft::default() };
    for module in [ACCOUNT, USER] {
        assert!(desk.run(|ctx| create(ctx, module, &draft)).is_ok());
    }
    let refused = desk.run(|ctx| create(ctx, PRODUCT, &draft)).unwrap_err();
    assert_eq!(refused, Refusal::Missing { module: PRODUCT.into(), fields: vec!["prices".into()] });
    assert_eq!(desk.run(|ctx| create(ctx, "moon", &draft)).unwrap_err().code(), "unknown_module");
}

// R4, R22 of docs/requirements.md.
#[test]
fn losing_needs_a_reason_and_other_needs_a_note() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    let day = desk.today;
    let refused = desk.run(|ctx| lose(ctx, &deal, &on(day))).unwrap_err();
    assert_eq!(refused.code(), "reason_needed");
    assert!(refused.to_string().contains("competitor"));
    assert_eq!(desk.run(|ctx| lose(ctx, &deal, &because(day, "odd"))).unwrap_err().code(), "unknown_reason");
    assert_eq!(desk.run(|ctx| lose(ctx, &deal, &because(day, "other"))).unwrap_err(), Refusal::NoteNeeded);
    let close = Close { note: Some("جابه‌جایی".into()), ..because(day, "سایر") };
    let lost = after(&deal, desk.run(|ctx| lose(ctx, &deal, &close)));
    assert_eq!(desk.read(&lost).stage.reason_id(), Some("other"));
}

// R2 of docs/requirements.md.
#[test]
fn closing_books_at_the_rate_of_its_day_and_not_ahead() {
    let mut desk = Desk::new();
    desk.euro(jalali(1404, 1, 1), 900_000);
    desk.euro(jalali(1404, 6, 10), 1_000_000);
    let deal = desk.deal_with(vec![Assignment::set("amount", euros(10).to_scalar())], Vec::new());
    let won = after(&deal, desk.run(|ctx| win(ctx, &deal, &on(jalali(1404, 6, 9)))));
    let booked = desk.read(&won).stage.booked().cloned().unwrap();
    assert_eq!((booked.rate, booked.base), (Some(900_000.into()), Some(9_000_000.into())));
    let ahead = jalali(1404, 6, 16);
    assert_eq!(desk.run(|ctx| win(ctx, &deal, &on(ahead))).unwrap_err(), Refusal::ClosesAhead(ahead));
    assert_eq!(desk.run(|ctx| win(ctx, &won, &Close::default())).unwrap_err().code(), "same_stage");
}

#[test]
fn closing_without_a_rate_is_possible_and_visible() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(vec![Assignment::set("amount", euros(10).to_scalar())], Vec::new());
    let won = after(&deal, desk.run(|ctx| win(ctx, &deal, &Close::default())));
    let booked = desk.read(&won).stage.booked().cloned().unwrap();
    assert_eq!((booked.rate, booked.base), (None, None));
    assert_eq!(desk.codes(&won), [crate::issue::IssueCode::NoRate]);
}

// R13 of docs/requirements.md.
#[test]
fn stages_are_named_in_either_language_and_archived_ones_refused() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    let moved = after(&deal, desk.run(|ctx| stage_move(ctx, &deal, "ارسال پیشنهاد")));
    assert_eq!(desk.read(&moved).stage.stage_id, "proposal");
    assert_eq!(desk.run(|ctx| stage_move(ctx, &moved, "proposal")).unwrap_err().code(), "same_stage");
    assert_eq!(desk.run(|ctx| stage_move(ctx, &deal, "lost")).unwrap_err().code(), "stage_kind");
    assert_eq!(desk.run(|ctx| stage_move(ctx, &deal, "moon")).unwrap_err().code(), "unknown_stage");
    desk.settings(&[
        Edit::set_entry("stages", "needs", "archived", true),
        Edit::set_entry("stages", "needs", "replaced_by", "proposal"),
    ]);
    let refused = desk.run(|ctx| stage_move(ctx, &deal, "needs")).unwrap_err();
    assert_eq!(refused, Refusal::ArchivedStage { stage: "needs".into(), instead: "proposal".into() });
}

#[test]
fn reopening_returns_to_the_last_open_stage() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    assert_eq!(desk.run(|ctx| reopen(ctx, &deal, None)).unwrap_err(), Refusal::NotClosed);
    let moved = after(&deal, desk.run(|ctx| stage_move(ctx, &deal, "negotiation")));
    let won = after(&moved, desk.run(|ctx| win(ctx, &moved, &Close::default())));
    let lost = after(&won, desk.run(|ctx| lose(ctx, &won, &because(jalali(1404, 6, 15), "price"))));
    let open = after(&lost, desk.run(|ctx| reopen(ctx, &lost, None)));
    assert_eq!(desk.read(&open).stage.stage_id, "negotiation");
    let named = after(&lost, desk.run(|ctx| reopen(ctx, &lost, Some("needs"))));
    assert_eq!(desk.read(&named).stage.stage_id, "needs");
    assert_eq!(desk.run(|ctx| reopen(ctx, &lost, Some("won"))).unwrap_err().code(), "stage_kind");
}

#[test]
fn a_correction_keeps_the_stay_and_its_booking() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    assert_eq!(asked(&mut desk, &deal, "loss_reason", "price").unwrap_err(), Refusal::NotClosed);
    let lost = after(&deal, desk.run(|ctx| lose(ctx, &deal, &because(jalali(1404, 6, 1), "price"))));
    let corrected = after(&lost, asked(&mut desk, &lost, "loss_reason", "budget"));
    let corrected = after(&corrected, asked(&mut desk, &corrected, "actual_close_date", "2025-08-20"));
    let entry = |state: &RecordState| StageEntry::from_scalar(state.winner("stage")).unwrap();
    assert_eq!(entry(&corrected).entry_id, entry(&lost).entry_id);
    assert_eq!(entry(&corrected).booked, entry(&lost).booked);
    assert_eq!(entry(&corrected).reason_id.as_deref(), Some("budget"));
    assert_eq!(asked(&mut desk, &lost, "loss_reason", Scalar::Null).unwrap_err().code(), "required_missing");
    assert_eq!(asked(&mut desk, &lost, "loss_reason", "other").unwrap_err(), Refusal::NoteNeeded);
}

// R24 of docs/requirements.md.
#[test]
fn typing_an_amount_chooses_it_over_the_lines() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(Vec::new(), vec![line("a", rials(100))]);
    let typed = after(&deal, asked(&mut desk, &deal, "amount", rials(90).to_scalar()));
    assert_eq!(desk.read(&typed).amount.worth.known(), Some(rials(90)));
    assert!(desk.issues(&typed).is_empty());
    let lines = after(&typed, asked(&mut desk, &typed, "amount_mode", "lines"));
    assert_eq!(desk.read(&lines).amount.worth.known(), Some(rials(100)));
    assert!(desk.issues(&lines).is_empty());
}

// R24 of docs/requirements.md.
#[test]
fn the_first_line_fills_the_amount_of_a_deal_without_one() {
    let mut desk = Desk::new();
    let empty = desk.deal_with(Vec::new(), Vec::new());
    let filled = after(&empty, desk.run(|ctx| line_add(ctx, &empty, &line("a", rials(100)))));
    assert_eq!(desk.read(&filled).amount.worth.known(), Some(rials(100)));
    let by_hand = desk.deal(70);
    let kept = after(&by_hand, desk.run(|ctx| line_add(ctx, &by_hand, &line("a", rials(100)))));
    assert_eq!(desk.read(&kept).amount.worth.known(), Some(rials(70)));
}

// R25 of docs/requirements.md.
#[test]
fn a_line_takes_its_products_values_and_its_own_win() {
    let mut desk = Desk::new();
    let fields = vec![Assignment::set("qty", "3"), Assignment::set("unit_price", rials(10).to_scalar())];
    let deal = desk.deal_with(Vec::new(), vec![new_line(product_id(), fields), line("b", rials(5))]);
    let read = desk.read(&deal);
    let first = read.amount.kept_lines().next().unwrap();
    assert_eq!((first.name.as_str(), first.unit.as_str(), first.tax_rate), ("سرور", "عدد", 1000));
    assert_eq!(read.amount.worth.known(), Some(rials(35)));
    assert_eq!(find_line(&deal, &desk.world, desk.today, "۲").unwrap(), "line-b");
    assert_eq!(find_line(&deal, &desk.world, desk.today, "سرور").unwrap(), first.entry);
    assert_eq!(find_line(&deal, &desk.world, desk.today, "3").unwrap_err().code(), "line");
}

#[test]
fn a_number_beyond_the_last_line_is_not_the_beginning_of_an_id() {
    let mut desk = Desk::new();
    let numbered = NewLine { entry: Some("9a52c1d0".to_owned()), ..line("a", rials(10)) };
    let deal = desk.deal_with(Vec::new(), vec![numbered]);
    let found = |text: &str| find_line(&deal, &desk.world, desk.today, text);
    assert!(matches!(found("9"), Err(Refusal::NoLine(_))));
    assert_eq!(found("9a").unwrap(), "9a52c1d0");
}

#[test]
fn a_line_without_a_price_or_a_deal_is_refused() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    let usd = preview(&deal, &[Edit::set("currency", "USD")]);
    let priced = new_line(product_id(), Vec::new());
    assert_eq!(desk.run(|ctx| line_add(ctx, &usd, &priced)).unwrap_err().code(), "no_price");
    let nameless = NewLine { fields: vec![Assignment::set("qty", "2")], ..NewLine::default() };
    let refused = desk.run(|ctx| line_add(ctx, &deal, &nameless)).unwrap_err();
    assert_eq!(
        refused,
        Refusal::Missing { module: "a line".into(), fields: vec!["name".into(), "unit_price".into()] }
    );
    let account = desk.world.by_id(account_id());
    assert_eq!(desk.run(|ctx| line_add(ctx, &account, &priced)).unwrap_err().code(), "wrong_module");
    assert_eq!(line_remove(&deal, "nowhere").unwrap_err().code(), "line");
}

#[test]
fn lines_come_back_with_their_values() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(Vec::new(), vec![line("a", rials(100)), line("b", rials(5))]);
    let removed = after(&deal, line_remove(&deal, "line-a"));
    assert_eq!(desk.read(&removed).amount.worth.known(), Some(rials(5)));
    assert_eq!(line_remove(&removed, "line-a").unwrap_err().code(), "line");
    let back = after(&removed, line_restore(&removed, "line-a"));
    assert_eq!(desk.read(&back).amount.worth.known(), Some(rials(105)));
}

#[test]
fn deleted_records_are_neither_edited_nor_chosen() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    let account = desk.world.by_id(account_id());
    let Deletion::Edits(edits) = desk.run(|ctx| delete(ctx, &account, true)).unwrap() else {
        panic!("confirmed")
    };
    desk.world.insert(preview(&account, &edits));
    let refused = asked(&mut desk, &deal, "account_id", account_reference()).unwrap_err();
    assert!(matches!(refused, Refusal::TargetTrashed { id, .. } if id == account_id()));
    let gone = desk.world.by_id(account_id());
    assert_eq!(asked(&mut desk, &gone, "name", "x").unwrap_err(), Refusal::Trashed);
    assert_eq!(desk.run(|ctx| delete(ctx, &gone, true)).unwrap_err(), Refusal::Trashed);
    assert_eq!(desk.run(|ctx| restore(ctx, &deal)).unwrap_err(), Refusal::NotTrashed);
}

// R28 of docs/requirements.md.
#[test]
fn an_account_with_open_deals_asks_first() {
    let mut desk = Desk::new();
    desk.deal(100 * M);
    desk.deal_with(vec![Assignment::set("amount", euros(7).to_scalar())], Vec::new());
    desk.deal_with(Vec::new(), Vec::new());
    let closed = desk.deal(999 * M);
    let won = after(&closed, desk.run(|ctx| win(ctx, &closed, &Close::default())));
    desk.world.insert(won);
    let account = desk.world.by_id(account_id());
    let preview = delete_preview(&account, &desk.world, desk.today);
    assert_eq!((preview.open_deals, preview.without_amount), (3, 1));
    assert_eq!(preview.open_sums.values().copied().collect::<Vec<_>>(), [euros(7), rials(100 * M)]);
    assert_eq!(desk.run(|ctx| delete(ctx, &account, false)).unwrap(), Deletion::Ask(preview));
}

#[test]
fn tags_and_phones_are_lists() {
    let mut desk = Desk::new();
    let account = desk.world.by_id(account_id());
    let tagged = after(&account, asked(&mut desk, &account, "tags", "a,b"));
    let other = after(&tagged, asked(&mut desk, &tagged, "tags", "b,c"));
    assert_eq!(other.set("tags").collect::<Vec<_>>(), ["b", "c"]);
    let phone = |input: Input| vec![Assignment { field: "phones".into(), input }];
    let add = phone(Input::Add("021".into()));
    let with = after(&account, desk.run(|ctx| edit(ctx, &account, &add)));
    assert_eq!(with.entries("phones").count(), 1);
    let twice = desk.run(|ctx| edit(ctx, &with, &add)).unwrap();
    assert_eq!(preview(&with, &twice).entries("phones").count(), 1);
    let remove = phone(Input::Remove("021".into()));
    let without = after(&with, desk.run(|ctx| edit(ctx, &with, &remove)));
    let (_, entry) = without.entries("phones").next().unwrap();
    assert!(!crate::lifecycle::Presence::of(entry).is_kept());
}

#[test]
fn a_price_replaces_the_one_of_its_currency() {
    let mut desk = Desk::new();
    let product = desk.world.by_id(product_id());
    let cheaper = after(&product, asked(&mut desk, &product, "prices", rials(7).to_scalar()));
    let priced = after(&cheaper, asked(&mut desk, &cheaper, "prices", euros(2).to_scalar()));
    let prices: Vec<&str> = priced.entries("prices").map(|(currency, _)| currency).collect();
    assert_eq!(prices, ["EUR", "IRR"]);
    assert_eq!(priced.entry("prices", "IRR").unwrap().winner("value"), &rials(7).to_scalar());
}

// R9 of docs/requirements.md.
#[test]
fn required_fields_are_not_cleared() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    for field in ["name", "account_id", "close_date", "currency"] {
        assert_eq!(
            asked(&mut desk, &deal, field, Scalar::Null).unwrap_err(),
            Refusal::Required(field.into())
        );
    }
    assert!(asked(&mut desk, &deal, "next_step", Scalar::Null).is_ok());
}

// R21 of docs/requirements.md.
#[test]
fn a_probability_belongs_to_an_open_stay() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    let set = after(&deal, asked(&mut desk, &deal, "probability", 33_i64));
    assert_eq!(desk.read(&set).probability.pct, 33);
    let cleared = after(&set, asked(&mut desk, &set, "probability", Scalar::Null));
    assert_eq!(desk.read(&cleared).probability.pct, 10);
    let won = after(&deal, desk.run(|ctx| win(ctx, &deal, &Close::default())));
    assert!(asked(&mut desk, &won, "probability", 33_i64).is_err());
}

#[test]
fn one_command_writes_each_place_once() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(vec![Assignment::set("probability", 50_i64)], vec![line("a", rials(5))]);
    let fields = [
        Assignment::set("amount", rials(9).to_scalar()),
        Assignment::set("stage", "won"),
        Assignment::set("next_step", "نصب"),
    ];
    let edits = desk.run(|ctx| edit(ctx, &deal, &fields)).unwrap();
    let places: std::collections::BTreeSet<_> = edits.iter().map(place).collect();
    assert_eq!(places.len(), edits.len());
    let read = desk.read(&preview(&deal, &edits));
    assert_eq!((read.stage.standing, read.base.known()), (Standing::Won, Some(rials(9))));
}

#[test]
fn settings_are_edited_and_kept() {
    let mut desk = Desk::new();
    let settings = RecordState::new(RecordId::from_bytes([9; 16]), SETTINGS);
    let named = after(&settings, asked(&mut desk, &settings, "organisation", "فرصت"));
    assert_eq!(named.winner("organisation").as_text(), Some("فرصت"));
    let label = desk.run(|ctx| set_setting(ctx, "stages", "needs", "label_en", "Needs".into()));
    assert_eq!(label.unwrap().len(), 1);
    for (field, entry, name) in
        [("stages", "needs", "colour"), ("stages", "a/b", "label_en"), ("moons", "a", "b")]
    {
        assert!(desk.run(|ctx| set_setting(ctx, field, entry, name, Scalar::Null)).is_err());
    }
    assert!(desk.run(|ctx| delete(ctx, &settings, true)).is_err());
    assert!(set_rate(crate::currency::Currency::EUR, desk.today, 0.into()).is_err());
}

#[test]
fn what_is_no_issue_or_no_side_is_said() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(Vec::new(), Vec::new());
    let settings = desk.world.settings().clone();
    let find = |_: &str, _: &str| Err(ReferenceError::NoneOfModules(String::new()));
    let parse = crate::schema::input::ParseContext {
        today: desk.today,
        currency: crate::currency::Currency::IRR,
        settings: &settings,
        find: &find,
    };
    let mut end = |what: &str, choice: Choice| desk.run(|ctx| resolve(ctx, &parse, &deal, what, &choice));
    assert_eq!(end("stage", Choice::Take(1)).unwrap_err().code(), "no_issue");
    assert_eq!(end("amount", Choice::Take(1)).unwrap_err().code(), "not_a_resolution");
    assert_eq!(end("amount", Choice::Value("-5".into())).unwrap_err().code(), "input");
    let closed = Close { reason: Some("price".into()), ..Close::default() };
    assert_eq!(end("amount", Choice::Closed("12M".into(), closed)).unwrap_err().code(), "not_a_resolution");
    let ended = end("amount", Choice::Value("12M".into())).unwrap();
    assert_eq!(
        Deal::read(&preview(&deal, &ended.edits), &desk.world, desk.today).base.known(),
        Some(rials(12 * M))
    );
    assert_eq!(StageEntry::from_scalar(deal.winner("stage")).unwrap().outcome, Outcome::Open);
}
