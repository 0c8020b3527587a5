//! Tests of the derived deal: the vectors of the arithmetic and the merge scenarios that a deal decides.

use rust_decimal::Decimal;

use super::*;
use crate::command::{self, Choice, Close, line_add, lose, reopen, resolve, stage_move, win};
use crate::composite::{Discount, StageEntry};
use crate::edit::{Edit, preview};
use crate::issue::IssueCode;
use crate::schema::input::{Assignment, ReferenceError};
use crate::testing::{
    Desk, M, REZA, SARA, account_id, because, euros, jalali, known, line, merge, on, rials,
};

fn edit(desk: &mut Desk, state: &RecordState, field: &str, value: crate::record::Scalar) -> Vec<Edit> {
    desk.run(|ctx| command::edit(ctx, state, &[Assignment::set(field, value)])).unwrap()
}

fn take(desk: &mut Desk, state: &RecordState, what: &str, choice: Choice) -> RecordState {
    let settings = desk.world.settings().clone();
    let find = |_: &str, _: &str| Err(ReferenceError::NoneOfModules(String::new()));
    let parse = crate::schema::input::ParseContext {
        today: desk.today,
        currency: Currency::IRR,
        settings: &settings,
        find: &find,
    };
    let resolved = desk.run(|ctx| resolve(ctx, &parse, state, what, &choice)).unwrap();
    assert_eq!(resolved.record, state.id);
    preview(state, &resolved.edits)
}

// R25 of docs/requirements.md.
#[test]
fn a_line_is_rounded_at_every_step() {
    let discount = Discount::Percent { pct: Decimal::new(125, 1) };
    let figures = figures(Decimal::from(3), rials(333_333), &discount, 1000).unwrap();
    let expected = [999_999, 125_000, 874_999, 87_500, 962_499].map(rials);
    assert_eq!([figures.gross, figures.discount, figures.net, figures.tax, figures.total], expected);
}

#[test]
fn a_discount_is_at_most_the_gross() {
    let discount = Discount::Amount { amount: rials(500) };
    let figures = figures(Decimal::TWO, rials(100), &discount, 900).unwrap();
    assert_eq!((figures.discount, figures.net, figures.total), (rials(200), rials(0), rials(0)));
}

#[test]
fn what_does_not_fit_is_an_issue_and_no_panic() {
    let mut desk = Desk::new();
    let huge = Money::new(Decimal::MAX, Currency::IRR).unwrap();
    let deal = desk.deal_with(Vec::new(), vec![line("a", huge), line("b", huge)]);
    assert_eq!(desk.read(&deal).amount.worth, Worth::Overflow);
    assert_eq!(desk.codes(&deal), [IssueCode::Overflow]);
}

#[test]
fn s1_two_currencies_are_two_whole_amounts() {
    let mut desk = Desk::new();
    desk.euro(jalali(1404, 1, 1), 900_000);
    let deal = desk.deal(10_000 * M);
    let fields = [Assignment::set("currency", "EUR"), Assignment::set("amount", euros(20_000).to_scalar())];
    let sara = desk.run(|ctx| command::edit(ctx, &deal, &fields)).unwrap();
    let reza = edit(&mut desk, &deal, "amount", rials(11_000 * M).to_scalar());
    let merged = merge(&deal, &[(SARA, sara), (REZA, reza)]);
    assert_eq!(desk.read(&merged).amount.worth, known(rials(11_000 * M)));
    let issues = desk.issues(&merged);
    assert_eq!(issues.len(), 1);
    assert_eq!((issues[0].code, issues[0].field.as_str()), (IssueCode::FieldConflict, "manual_amount"));
    assert_eq!((issues[0].sides[0].author, issues[0].sides[1].author), (Some(REZA), Some(SARA)));
    let taken = take(&mut desk, &merged, "amount", Choice::Take(2));
    assert_eq!(desk.read(&taken).amount.worth, known(euros(20_000)));
    assert!(desk.issues(&taken).is_empty());
}

#[test]
fn s2_a_line_after_closing_leaves_the_booking() {
    let mut desk = Desk::new();
    desk.today = jalali(1404, 7, 3);
    let deal = desk.deal_with(Vec::new(), vec![line("a", rials(1000 * M))]);
    let sara = desk.run(|ctx| win(ctx, &deal, &on(jalali(1404, 6, 31)))).unwrap();
    let reza = desk.run(|ctx| line_add(ctx, &deal, &line("b", rials(200 * M)))).unwrap();
    let merged = merge(&deal, &[(SARA, sara), (REZA, reza)]);
    let read = desk.read(&merged);
    assert_eq!((read.base, read.amount.worth), (known(rials(1000 * M)), known(rials(1200 * M))));
    assert_eq!(desk.codes(&merged), [IssueCode::AmountChangedAfterClose]);
    let booked = take(&mut desk, &merged, "amount", Choice::Value("book".into()));
    assert_eq!(desk.read(&booked).base, known(rials(1200 * M)));
    assert!(desk.issues(&booked).is_empty());
    let reverted = take(&mut desk, &merged, "amount", Choice::Value("revert".into()));
    assert_eq!(desk.read(&reverted).amount.worth, known(rials(1000 * M)));
    assert!(desk.issues(&reverted).is_empty());
}

#[test]
fn s3_two_open_stages_read_as_one_whole_stage() {
    let mut desk = Desk::new();
    desk.settings(&[
        Edit::set_entry("stages", "trial", "pipeline", "renewal"),
        Edit::set_entry("stages", "trial", "position", 5),
    ]);
    let deal = desk.deal(M);
    let sara = desk.run(|ctx| stage_move(ctx, &deal, "trial")).unwrap();
    let reza = desk.run(|ctx| stage_move(ctx, &deal, "negotiation")).unwrap();
    let merged = merge(&deal, &[(SARA, sara.clone()), (REZA, reza.clone())]);
    let other = merge(&deal, &[(REZA, reza), (SARA, sara)]);
    assert_eq!(desk.read(&merged).stage.stage_id, "trial");
    assert_eq!(desk.read(&other).stage, desk.read(&merged).stage);
    assert_eq!(desk.codes(&merged), [IssueCode::StageConflict]);
    let taken = take(&mut desk, &merged, "stage", Choice::Take(1));
    assert_eq!((desk.read(&taken).stage.stage_id.as_str(), desk.issues(&taken).len()), ("negotiation", 0));
}

#[test]
fn s4_two_wins_are_one_win_of_the_earlier_day() {
    let mut desk = Desk::new();
    desk.today = jalali(1404, 7, 3);
    let deal = desk.deal(1000 * M);
    let sara = desk.run(|ctx| win(ctx, &deal, &on(jalali(1404, 6, 31)))).unwrap();
    let reza = desk.run(|ctx| win(ctx, &deal, &on(jalali(1404, 7, 1)))).unwrap();
    let merged = merge(&deal, &[(SARA, sara), (REZA, reza)]);
    let read = desk.read(&merged);
    assert_eq!((read.stage.standing, read.stage.close_date), (Standing::Won, Some(jalali(1404, 6, 31))));
    assert_eq!(desk.codes(&merged), [IssueCode::CloseDateConflict]);
}

#[test]
fn the_same_outcome_in_one_month_is_no_matter() {
    let mut desk = Desk::new();
    let deal = desk.deal(1000 * M);
    let sara = desk.run(|ctx| lose(ctx, &deal, &because(jalali(1404, 6, 2), "price"))).unwrap();
    let reza = desk.run(|ctx| lose(ctx, &deal, &because(jalali(1404, 6, 4), "price"))).unwrap();
    let budget = desk.run(|ctx| lose(ctx, &deal, &because(jalali(1404, 6, 4), "budget"))).unwrap();
    let merged = merge(&deal, &[(SARA, sara.clone()), (REZA, reza)]);
    assert_eq!(desk.read(&merged).stage.reason_id(), Some("price"));
    assert!(desk.issues(&merged).is_empty());
    let merged = merge(&deal, &[(SARA, sara), (REZA, budget)]);
    assert_eq!(desk.read(&merged).stage.reason, Reason::Unspecified);
    assert_eq!(desk.codes(&merged), [IssueCode::ReasonConflict]);
}

#[test]
fn s5_a_correction_never_beats_a_later_move() {
    let mut desk = Desk::new();
    let deal = desk.deal(500 * M);
    let lost =
        preview(&deal, &desk.run(|ctx| lose(ctx, &deal, &because(jalali(1404, 6, 3), "price"))).unwrap());
    let sara = desk.run(|ctx| reopen(ctx, &lost, None)).unwrap();
    let reza = edit(&mut desk, &lost, "close_note", "گران بود".into());
    for branches in
        [[(SARA, sara.clone()), (REZA, reza.clone())], [(REZA, reza.clone()), (SARA, sara.clone())]]
    {
        let merged = merge(&lost, &branches);
        assert_eq!(desk.read(&merged).stage.standing, Standing::Open);
        assert!(desk.issues(&merged).is_empty());
    }
    // A second move after the reopening does not bring the correction back either.
    let reopened = preview(&lost, &sara);
    let further = desk.run(|ctx| stage_move(ctx, &reopened, "negotiation")).unwrap();
    let merged = merge(&lost, &[(SARA, [sara, further].concat()), (REZA, reza)]);
    assert_eq!(desk.read(&merged).stage.stage_id, "negotiation");
}

#[test]
fn s5_a_move_to_an_outcome_is_no_correction() {
    let mut desk = Desk::new();
    let deal = desk.deal(500 * M);
    let sara = desk.run(|ctx| stage_move(ctx, &deal, "proposal")).unwrap();
    let reza = desk.run(|ctx| win(ctx, &deal, &Close::default())).unwrap();
    let merged = merge(&deal, &[(REZA, reza), (SARA, sara)]);
    assert_eq!(desk.read(&merged).stage.standing, Standing::Won);
    assert_eq!(desk.codes(&merged), [IssueCode::ClosedAgainstOpen]);
}

#[test]
fn s6_a_move_drops_the_probability_by_hand() {
    let mut desk = Desk::new();
    let deal = desk.deal(500 * M);
    let deal = preview(&deal, &desk.run(|ctx| stage_move(ctx, &deal, "proposal")).unwrap());
    let weighted = |desk: &Desk, state: &RecordState| desk.read(state).weighted(Currency::IRR);
    assert_eq!(weighted(&desk, &deal), known(rials(325 * M)));
    let sara = edit(&mut desk, &deal, "probability", 40_i64.into());
    assert_eq!(weighted(&desk, &preview(&deal, &sara)), known(rials(200 * M)));
    let reza = desk.run(|ctx| stage_move(ctx, &deal, "negotiation")).unwrap();
    let merged = merge(&deal, &[(SARA, sara), (REZA, reza)]);
    assert_eq!(weighted(&desk, &merged), known(rials(400 * M)));
    assert_eq!(desk.codes(&merged), [IssueCode::OverrideDropped]);
    let back = preview(&merged, &desk.run(|ctx| stage_move(ctx, &merged, "proposal")).unwrap());
    assert_eq!(weighted(&desk, &back), known(rials(325 * M)));
    assert!(desk.issues(&back).is_empty());
    let dropped = take(&mut desk, &merged, "probability", Choice::Value("drop".into()));
    assert!(desk.issues(&dropped).is_empty());
    let again = take(&mut desk, &merged, "probability", Choice::Value("40".into()));
    assert_eq!(weighted(&desk, &again), known(rials(200 * M)));
}

// R39 of docs/requirements.md.
#[test]
fn a_local_move_drops_the_probability_without_a_word() {
    let mut desk = Desk::new();
    let deal = desk.deal(500 * M);
    let set = preview(&deal, &edit(&mut desk, &deal, "probability", 40_i64.into()));
    let moved = preview(&set, &desk.run(|ctx| stage_move(ctx, &set, "negotiation")).unwrap());
    assert_eq!(desk.read(&moved).probability, Probability { pct: 80, source: ProbabilitySource::Stage });
    assert!(desk.issues(&moved).is_empty());
}

#[test]
fn s8_what_was_won_stays_won_when_set_inactive() {
    let mut desk = Desk::new();
    let deal = desk.deal(800 * M);
    let inactive = preview(&deal, &[Edit::set("status", "inactive")]);
    assert!(!desk.read(&inactive).is_counted());
    let won = preview(&deal, &desk.run(|ctx| win(ctx, &deal, &on(jalali(1404, 5, 10)))).unwrap());
    let won = preview(&won, &[Edit::set("status", "inactive")]);
    assert!(desk.read(&won).is_counted());
    assert_eq!(desk.read(&won).base, known(rials(800 * M)));
}

#[test]
fn s11_an_amount_by_hand_outlives_a_new_line() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(Vec::new(), vec![line("a", rials(1000 * M))]);
    let sara = edit(&mut desk, &deal, "amount", rials(900 * M).to_scalar());
    let reza = desk.run(|ctx| line_add(ctx, &deal, &line("b", rials(50 * M)))).unwrap();
    let merged = merge(&deal, &[(SARA, sara), (REZA, reza)]);
    let read = desk.read(&merged);
    assert_eq!((read.amount.worth, read.amount.lines_total), (known(rials(900 * M)), known(rials(1050 * M))));
    let issues = desk.issues(&merged);
    assert_eq!(issues[0].code, IssueCode::LinesChangedSinceManual);
    assert_eq!(issues[0].sides[1].amount, Some(rials(1050 * M)));
    let manual = take(&mut desk, &merged, "amount", Choice::Take(1));
    assert_eq!((desk.read(&manual).amount.worth, desk.issues(&manual).len()), (known(rials(900 * M)), 0));
    let lines = take(&mut desk, &merged, "lines_changed_since_manual", Choice::Value("lines".into()));
    assert_eq!((desk.read(&lines).amount.worth, desk.issues(&lines).len()), (known(rials(1050 * M)), 0));
}

#[test]
fn a_conflict_of_modes_reads_the_lines_and_shows_both_sums() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(
        vec![Assignment::set("amount", rials(700 * M).to_scalar())],
        vec![line("a", rials(1000 * M))],
    );
    let sara = edit(&mut desk, &deal, "amount_mode", "lines".into());
    let reza = edit(&mut desk, &deal, "amount", rials(900 * M).to_scalar());
    let merged = merge(&deal, &[(SARA, sara), (REZA, reza)]);
    let read = desk.read(&merged);
    assert!(read.amount.mode_conflict);
    assert_eq!(read.amount.worth, known(rials(1000 * M)));
    let issue = &desk.issues(&merged)[0];
    assert_eq!(issue.code, IssueCode::AmountModeConflict);
    let sums: Vec<Option<Money>> = issue.sides.iter().map(|side| side.amount).collect();
    assert_eq!(sums, [Some(rials(900 * M)), Some(rials(1000 * M))]);
}

#[test]
fn an_amount_typed_while_another_chose_the_lines_is_not_lost_silently() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(
        vec![Assignment::set("amount", rials(700 * M).to_scalar())],
        vec![line("a", rials(1000 * M))],
    );
    let sara = edit(&mut desk, &deal, "amount_mode", "lines".into());
    assert!(desk.issues(&preview(&deal, &sara)).is_empty());
    // The mode was by hand already, so that typing an amount wrote the amount alone.
    let reza = vec![Edit::set("manual_amount", rials(900 * M).to_scalar())];
    let merged = merge(&deal, &[(SARA, sara), (REZA, reza)]);
    assert_eq!(desk.read(&merged).amount.worth, known(rials(1000 * M)));
    let issue = &desk.issues(&merged)[0];
    assert_eq!((issue.code, issue.sides[0].author), (IssueCode::AmountModeConflict, Some(REZA)));
    let lines = take(&mut desk, &merged, "amount", Choice::Take(2));
    assert!(desk.issues(&lines).is_empty());
    let manual = take(&mut desk, &merged, "amount", Choice::Take(1));
    assert_eq!((desk.read(&manual).amount.worth, desk.issues(&manual).len()), (known(rials(900 * M)), 0));
}

#[test]
fn s14_reopening_takes_the_booking_out_and_closing_books_anew() {
    let mut desk = Desk::new();
    desk.euro(jalali(1404, 3, 1), 900_000);
    desk.euro(jalali(1404, 7, 1), 1_250_000);
    desk.today = jalali(1404, 7, 25);
    let deal = desk.deal_with(vec![Assignment::set("amount", euros(10_000).to_scalar())], Vec::new());
    let won = preview(&deal, &desk.run(|ctx| win(ctx, &deal, &on(jalali(1404, 3, 31)))).unwrap());
    assert_eq!(desk.read(&won).base, known(rials(9_000 * M)));
    let open = preview(&won, &desk.run(|ctx| reopen(ctx, &won, None)).unwrap());
    assert_eq!(desk.read(&open).base, known(rials(12_500 * M)));
    let again = preview(&open, &desk.run(|ctx| win(ctx, &open, &on(jalali(1404, 7, 20)))).unwrap());
    assert_eq!(desk.read(&again).base, known(rials(12_500 * M)));
    let lost = lost_bookings(&again, &desk.read(&again).stage);
    assert_eq!(lost.len(), 1);
    assert_eq!(
        (lost[0].day, lost[0].booked.base),
        (Some(jalali(1404, 3, 31)), Some(Decimal::from(9_000 * M)))
    );
    assert!(desk.issues(&again).is_empty());
}

#[test]
fn s15_a_line_of_a_deleted_product_counts() {
    let mut desk = Desk::new();
    let mut added = command::new_line(crate::testing::product_id(), vec![Assignment::set("qty", "2")]);
    added.entry = Some("line-p".into());
    let deal = desk.deal_with(Vec::new(), vec![added.clone()]);
    let product = desk.world.record(crate::testing::product_id()).unwrap().into_owned();
    let command::Deletion::Edits(edits) = desk.run(|ctx| command::delete(ctx, &product, false)).unwrap()
    else {
        panic!("a product asks nothing")
    };
    desk.world.insert(preview(&product, &edits));
    assert_eq!(desk.read(&deal).amount.worth, known(rials(100 * M)));
    let issues = desk.issues(&deal);
    assert_eq!((issues[0].code, issues[0].info_only, issues.len()), (IssueCode::ProductTrashed, true, 1));
    let refused = desk.run(|ctx| line_add(ctx, &deal, &added)).unwrap_err();
    assert_eq!(refused.code(), "target_trashed");
}

#[test]
fn s16_won_against_lost_is_disputed_until_one_command_ends_it() {
    let mut desk = Desk::new();
    desk.today = jalali(1404, 7, 3);
    let deal = desk.deal(800 * M);
    let sara = desk.run(|ctx| win(ctx, &deal, &on(jalali(1404, 6, 30)))).unwrap();
    let reza = desk.run(|ctx| lose(ctx, &deal, &because(jalali(1404, 7, 2), "price"))).unwrap();
    let merged = merge(&deal, &[(REZA, reza), (SARA, sara)]);
    let read = desk.read(&merged);
    assert_eq!((read.stage.standing, read.stage.close_date), (Standing::Disputed, Some(jalali(1404, 6, 30))));
    assert_eq!(read.weighted(Currency::IRR), known(rials(0)));
    assert_eq!(desk.codes(&merged), [IssueCode::DisputedOutcome]);
    let settings = desk.world.settings().clone();
    let find = |_: &str, _: &str| Err(ReferenceError::NoneOfModules(String::new()));
    let parse = crate::schema::input::ParseContext {
        today: desk.today,
        currency: Currency::IRR,
        settings: &settings,
        find: &find,
    };
    let owner = desk.run(|ctx| resolve(ctx, &parse, &merged, "stage", &Choice::Take(1))).unwrap().edits;
    let manager = desk.run(|ctx| resolve(ctx, &parse, &merged, "stage", &Choice::Take(2))).unwrap().edits;
    let again = merge(&merged, &[(SARA, owner.clone()), (REZA, manager)]);
    assert_eq!(desk.read(&again).stage.standing, Standing::Disputed);
    let by_command = desk.run(|ctx| lose(ctx, &merged, &because(desk_day(), "price"))).unwrap();
    let disputed = merge(&merged, &[(SARA, owner), (REZA, by_command)]);
    assert_eq!(desk.read(&disputed).stage.standing, Standing::Disputed);
    let closed = Choice::Closed("lost".into(), because(jalali(1404, 7, 1), "budget"));
    let ended = take(&mut desk, &again, "stage", closed);
    let stage = desk.read(&ended).stage;
    assert_eq!((stage.reason_id(), stage.close_date), (Some("budget"), Some(jalali(1404, 7, 1))));
    assert!(desk.issues(&ended).is_empty());
    let ended = take(&mut desk, &again, "stage", Choice::Take(1));
    let standing = desk.read(&ended).stage.standing;
    assert!(standing.is_closed() && desk.issues(&ended).is_empty());
    assert!(lost_bookings(&ended, &desk.read(&ended).stage).is_empty());
}

fn desk_day() -> CivilDate {
    jalali(1404, 7, 2)
}

#[test]
fn a_late_correction_does_not_reopen_a_resolved_dispute() {
    let mut desk = Desk::new();
    let deal = desk.deal(800 * M);
    let day = jalali(1404, 6, 10);
    let won = desk.run(|ctx| win(ctx, &deal, &on(day))).unwrap();
    let lost = desk.run(|ctx| lose(ctx, &deal, &because(day, "price"))).unwrap();
    let merged = merge(&deal, &[(SARA, won), (REZA, lost.clone())]);
    let lost_alone = preview(&deal, &lost);
    let corrected = edit(&mut desk, &lost_alone, "close_note", "…".into());
    let number = merged.sides("stage").iter().position(|side| {
        StageEntry::from_scalar(&side.value)
            .is_some_and(|entry| entry.outcome == crate::composite::Outcome::Won)
    });
    let resolved = take(&mut desk, &merged, "stage", Choice::Take(number.unwrap() + 1));
    // What the resolution wrote, against the correction of the stay that it left.
    let stage = Edit::set("stage", resolved.winner("stage").clone());
    let history = resolved.grown("stage_history").map(|(key, value)| Edit::Insert {
        field: "stage_history".into(),
        key: key.to_owned(),
        value: value.clone(),
    });
    let resolution: Vec<Edit> = std::iter::once(stage).chain(history).collect();
    let after = merge(&merged, &[(SARA, resolution), (REZA, corrected)]);
    assert_eq!(desk.read(&after).stage.standing, Standing::Won);
}

#[test]
fn no_rate_is_neither_one_nor_zero() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(vec![Assignment::set("amount", euros(10).to_scalar())], Vec::new());
    let read = desk.read(&deal);
    assert_eq!((read.amount.worth, read.base), (known(euros(10)), Worth::NoRate(Currency::EUR)));
    assert_eq!(read.weighted(Currency::IRR), Worth::NoRate(Currency::EUR));
    assert_eq!(desk.codes(&deal), [IssueCode::NoRate]);
}

#[test]
fn mixed_lines_are_counted_in_the_deals_currency() {
    let mut desk = Desk::new();
    desk.euro(jalali(1404, 1, 1), 900_000);
    let deal = desk.deal_with(Vec::new(), vec![line("a", rials(M)), line("b", euros(10))]);
    assert_eq!(desk.read(&deal).amount.worth, known(rials(10 * M)));
    let issues = desk.issues(&deal);
    assert_eq!((issues[0].code, issues[0].info_only), (IssueCode::CurrencyMixed, true));
}

#[test]
fn an_empty_amount_is_flagged_and_zero_is_zero() {
    let mut desk = Desk::new();
    let empty = desk.deal_with(Vec::new(), Vec::new());
    assert_eq!(desk.read(&empty).base, Worth::Empty);
    assert_eq!(desk.codes(&empty), [IssueCode::AmountMissing]);
    let zero = desk.deal(0);
    assert_eq!(desk.read(&zero).base, known(rials(0)));
    assert!(desk.issues(&zero).is_empty());
}

#[test]
fn tax_counts_only_where_the_organisation_says_so() {
    let mut desk = Desk::new();
    let mut taxed = line("a", rials(1000));
    taxed.fields.push(Assignment::set("tax_rate", 1000_i64));
    let deal = desk.deal_with(Vec::new(), vec![taxed]);
    assert_eq!(desk.read(&deal).amount.worth, known(rials(1000)));
    desk.settings(&[Edit::set("tax_in_amount", true)]);
    assert_eq!(desk.read(&deal).amount.worth, known(rials(1100)));
}

#[test]
fn an_unknown_stage_is_shown_raw_with_probability_zero() {
    let mut desk = Desk::new();
    let deal = desk.deal(100);
    let entry =
        StageEntry { stage_id: "elsewhere".into(), ..StageEntry::from_scalar(deal.winner("stage")).unwrap() };
    let deal = preview(&deal, &[Edit::set("stage", entry.to_scalar())]);
    let read = desk.read(&deal);
    assert_eq!((read.stage.stage_id.as_str(), read.probability.pct), ("elsewhere", 0));
    assert_eq!(desk.codes(&deal), [IssueCode::UnknownStage]);
}

#[test]
fn a_deal_of_a_deleted_account_stays_and_counts() {
    let mut desk = Desk::new();
    let deal = desk.deal(100);
    let account = desk.world.record(account_id()).unwrap().into_owned();
    let asked = desk.run(|ctx| command::delete(ctx, &account, false)).unwrap();
    let command::Deletion::Ask(ask) = asked else { panic!("open deals must be named") };
    assert_eq!((ask.open_deals, ask.open_sums.get(&Currency::IRR)), (1, Some(&rials(100))));
    let command::Deletion::Edits(edits) = desk.run(|ctx| command::delete(ctx, &account, true)).unwrap()
    else {
        panic!("confirmed")
    };
    desk.world.insert(preview(&account, &edits));
    let read = desk.read(&deal);
    assert!(read.is_counted() && read.account.unwrap().trashed);
    assert_eq!(desk.codes(&deal), [IssueCode::AccountTrashed]);
}

#[test]
fn an_account_elsewhere_shows_the_name_that_was_kept() {
    let mut desk = Desk::new();
    let deal = desk.deal(100);
    let alone = crate::world::Records::new([deal.clone()]);
    let account = Deal::read(&deal, &alone, desk.today).account.unwrap();
    assert_eq!((account.name.as_str(), account.here), ("آریا", false));
    desk.world = alone;
    assert!(desk.issues(&deal).is_empty());
}
