//! Tests of the reports: rounding, rows that are never hidden, restated periods, and equal bytes for equal records.

use super::*;
use crate::command::{lose, reopen, stage_move, win};
use crate::edit::{Edit, preview};
use crate::schema::OPPORTUNITY;
use crate::schema::input::Assignment;
use crate::testing::{Desk, M, REZA, SARA, because, euros, jalali, line, merge, on, rials};

fn report(desk: &Desk, deals: &[RecordState]) -> PipelineReport {
    pipeline(deals, &desk.world, desk.today)
}

fn won(desk: &mut Desk, deal: &RecordState, day: CivilDate) -> RecordState {
    preview(deal, &desk.run(|ctx| win(ctx, deal, &on(day))).unwrap())
}

fn quarter(report: &PipelineReport, year: i32, quarter: u8) -> &QuarterRow {
    let row = report.quarters.iter().find(|row| row.year == Some(year) && row.quarter == Some(quarter));
    row.expect("the quarter has a row")
}

// R38 of docs/requirements.md.
#[test]
fn three_deals_of_five_rials_at_ten_percent_weigh_three() {
    let mut desk = Desk::new();
    let deals: Vec<RecordState> = (0..3).map(|_| desk.deal(5)).collect();
    let report = report(&desk, &deals);
    assert_eq!(report.weighted, Some(rials(3)));
    assert_eq!((report.open.count, report.open.amount), (3, Some(rials(15))));
    assert_eq!(report.stages[0].weighted, Some(rials(3)));
}

#[test]
fn empty_stages_are_shown_in_order() {
    let desk = Desk::new();
    let stages: Vec<String> = report(&desk, &[]).stages.into_iter().map(|row| row.stage_id).collect();
    assert_eq!(stages, ["identification", "needs", "proposal", "negotiation"]);
}

// R39 of docs/requirements.md.
#[test]
fn every_open_deal_is_in_one_row_and_the_rows_add_up() {
    let mut desk = Desk::new();
    let first = desk.deal(100);
    let moved = desk.deal(33);
    let moved = preview(&moved, &desk.run(|ctx| stage_move(ctx, &moved, "proposal")).unwrap());
    let empty = desk.deal_with(Vec::new(), Vec::new());
    let foreign = desk.deal_with(vec![Assignment::set("amount", euros(7).to_json().as_str())], Vec::new());
    let report = report(&desk, &[first, moved, empty, foreign]);
    assert_eq!(report.open.count, 4);
    assert_eq!(report.stages.iter().map(|row| row.open.count).sum::<u64>(), 4);
    assert_eq!(report.open.amount, Some(rials(133)));
    assert_eq!(report.weighted, Some(rials(10 + 21)));
    assert_eq!((report.notes.no_rate.get(&Currency::EUR), report.notes.no_amount), (Some(&1), 1));
}

#[test]
fn disputed_deals_have_a_row_of_their_own_in_the_earliest_period() {
    let mut desk = Desk::new();
    desk.today = jalali(1404, 7, 3);
    let deal = desk.deal(800 * M);
    let sara = desk.run(|ctx| win(ctx, &deal, &on(jalali(1404, 6, 30)))).unwrap();
    let reza = desk.run(|ctx| lose(ctx, &deal, &because(jalali(1404, 7, 2), "price"))).unwrap();
    let merged = merge(&deal, &[(SARA, sara), (REZA, reza)]);
    let report = report(&desk, &[merged]);
    assert_eq!((report.won.count, report.lost.count, report.open.count), (0, 0, 0));
    assert_eq!((report.disputed.count, report.disputed.amount), (1, Some(rials(800 * M))));
    assert_eq!(quarter(&report, 1404, 2).disputed.count, 1);
}

#[test]
fn s14_a_period_that_lost_its_booking_says_so() {
    let mut desk = Desk::new();
    desk.euro(jalali(1404, 3, 1), 900_000);
    desk.euro(jalali(1404, 7, 1), 1_250_000);
    desk.today = jalali(1404, 7, 25);
    let deal = desk.deal_with(vec![Assignment::set("amount", euros(10_000).to_json().as_str())], Vec::new());
    let first = won(&mut desk, &deal, jalali(1404, 3, 31));
    assert_eq!(
        quarter(&report(&desk, std::slice::from_ref(&first)), 1404, 1).won.amount,
        Some(rials(9_000 * M))
    );
    let open = preview(&first, &desk.run(|ctx| reopen(ctx, &first, None)).unwrap());
    let again = won(&mut desk, &open, jalali(1404, 7, 20));
    let report = report(&desk, &[again]);
    let (q1, q3) = (quarter(&report, 1404, 1), quarter(&report, 1404, 3));
    assert_eq!((q1.won.count, q1.restated.count, q1.restated.amount), (0, 1, Some(rials(-9_000 * M))));
    assert_eq!((q3.won.count, q3.won.amount), (1, Some(rials(12_500 * M))));
    assert_eq!((report.won.count, report.won.amount), (1, Some(rials(12_500 * M))));
}

// R20 of docs/requirements.md.
#[test]
fn inactive_deals_leave_the_pipeline_and_keep_their_wins() {
    let mut desk = Desk::new();
    desk.today = jalali(1404, 12, 29);
    let inactive = [Edit::set("status", "inactive")];
    let open = preview(&desk.deal(100), &inactive);
    let deal = desk.deal(800 * M);
    let sold = preview(&won(&mut desk, &deal, jalali(1404, 5, 10)), &inactive);
    let report = report(&desk, &[open, sold]);
    assert_eq!((report.open.count, report.won.count), (0, 1));
    assert_eq!(quarter(&report, 1404, 2).won.amount, Some(rials(800 * M)));
}

#[test]
fn deals_of_an_unknown_or_archived_stage_are_never_hidden() {
    let mut desk = Desk::new();
    let deal = desk.deal(100);
    desk.settings(&[Edit::set_entry("stages", "identification", "archived", true)]);
    let with_archived = report(&desk, std::slice::from_ref(&deal));
    assert_eq!(
        with_archived.stages.last().map(|row| (row.stage_id.as_str(), row.open.count)),
        Some(("identification", 1))
    );
    desk.settings(&[Edit::set_entry("stages", "identification", "replaced_by", "needs")]);
    let replaced = report(&desk, std::slice::from_ref(&deal));
    assert_eq!(replaced.stages[0].stage_id, "needs");
    assert_eq!((replaced.stages[0].open.count, replaced.weighted), (1, Some(rials(25))));
    let without = report(&desk, &[RecordState::new(deal.id, OPPORTUNITY)]);
    assert_eq!((without.open.count, without.stages.len()), (1, 4));
}

#[test]
fn equal_records_give_equal_bytes_in_any_order() {
    let mut desk = Desk::new();
    let mut deals: Vec<RecordState> = (1..6).map(|amount| desk.deal(amount * 37)).collect();
    deals.push(desk.deal_with(Vec::new(), vec![line("a", rials(5)), line("b", rials(7))]));
    let deal = desk.deal(900);
    deals.push(won(&mut desk, &deal, jalali(1404, 5, 1)));
    let json = |deals: &[RecordState]| serde_json::to_string(&report(&desk, deals)).unwrap();
    let forward = json(&deals);
    deals.reverse();
    assert_eq!(json(&deals), forward);
    deals.rotate_left(3);
    assert_eq!(json(&deals), forward);
}

#[test]
fn sums_that_do_not_fit_are_unknown_and_no_panic() {
    let mut desk = Desk::new();
    let huge = Money::new(rust_decimal::Decimal::MAX, Currency::IRR).unwrap();
    let deals: Vec<RecordState> = (0..2)
        .map(|_| desk.deal_with(vec![Assignment::set("amount", huge.to_json().as_str())], Vec::new()))
        .collect();
    let report = report(&desk, &deals);
    assert_eq!((report.open.count, report.open.amount), (2, None));
}
