//! Scenarios worked by hand: two people apart, a bystander, merged in every order. M is a million rials.
//!
//! S and R stand for Sara and Reza; dates are of the Persian year 1404.

use forsat_document::Document;
use forsat_domain::command::{
    Choice, Close, Deletion, Draft, NewLine, delete, edit, line_add, lose, new_line, reopen, resolve,
    set_rate, stage_move, win,
};
use forsat_domain::issue::IssueCode;
use forsat_domain::opportunity::{ProbabilitySource, Standing, Worth};
use forsat_domain::schema::input::{ParseContext, ReferenceError};
use forsat_domain::world::{Records, World};
use forsat_domain::{CivilDate, Currency, Edit, Scalar};

use crate::scene::*;
use crate::support::{NOW_MS, author, record_id, schema, values};

/// A deal of an amount by hand.
fn by_hand(millions: i64) -> Draft {
    Draft { assignments: vec![set("amount", rials(millions).to_json())], ..Draft::default() }
}

/// A line of free text at a price.
fn line(name: &str, millions: i64) -> NewLine {
    let fields = vec![set("name", name), set("unit_price", rials(millions).to_json())];
    NewLine { fields, ..NewLine::default() }
}

/// A deal of one line.
fn of_line(millions: i64) -> Draft {
    Draft { lines: vec![line("سرور", millions)], ..Draft::default() }
}

fn closed(on: CivilDate) -> Close {
    Close { on: Some(on), ..Close::default() }
}

fn lost(on: CivilDate, reason: &str) -> Close {
    Close { on: Some(on), reason: Some(reason.to_owned()), note: None }
}

fn take_side(
    what: &'static str,
    number: usize,
) -> impl FnOnce(
    &mut forsat_domain::command::Context<'_>,
    &forsat_domain::RecordState,
) -> Result<Vec<Edit>, forsat_domain::command::Refusal> {
    move |ctx, state| {
        let settings = ctx.world.settings();
        let find = |_: &str, _: &str| Err(ReferenceError::NoneOfModules(String::new()));
        let parse = ParseContext { today: ctx.today, currency: Currency::IRR, settings, find: &find };
        Ok(resolve(ctx, &parse, state, what, &Choice::Take(number))?.edits)
    }
}

/// The quarter of a report by its number.
fn quarter(merged: &Merged, number: u8) -> &forsat_domain::report::QuarterRow {
    merged.report.quarters.iter().find(|row| (row.year, row.quarter) == (Some(1404), Some(number))).unwrap()
}

#[test]
fn s1_two_whole_amounts_are_a_conflict_and_never_mix() {
    either_way(|s, r| {
        let scene = Scene::new(&[], day(6, 1), by_hand(10_000));
        let euros = money("20000", "EUR");
        let (mut sara, mut reza) = (scene.device(s), scene.device(r));
        sara.run(day(6, 20), |ctx, state| edit(ctx, state, &[set("amount", euros.to_json())]));
        reza.run(day(6, 20), |ctx, state| edit(ctx, state, &[set("amount", rials(11_000).to_json())]));
        let merged = scene.merge([&sara, &reza, &bystander(&scene, day(6, 20))], day(6, 21));
        let issue = merged.issue(IssueCode::FieldConflict);
        assert_eq!(issue.field, "manual_amount");
        let mut sides: Vec<Scalar> = issue.sides.iter().map(|side| side.value.clone()).collect();
        assert_eq!(sides, values(&merged.state, "manual_amount"));
        sides.sort();
        assert_eq!(sides, [Scalar::text(euros.to_json()), Scalar::text(rials(11_000).to_json())]);
        let winner = if r > s { rials(11_000) } else { euros };
        assert_eq!(merged.deal.amount.worth, Worth::Known(winner));
        // Without a rate the euros are in no sum; the rials are what they are.
        let expected = if r > s { rials(11_000) } else { rials(0) };
        assert_eq!(merged.report.open.amount, Some(expected));
        assert_eq!(merged.report.notes.no_rate.values().sum::<u64>(), u64::from(r < s));
    });
}

#[test]
fn s2_what_was_won_stays_won_when_a_line_comes_late() {
    either_way(|s, r| {
        let scene = Scene::new(&[], day(6, 1), of_line(1_000));
        let (mut sara, mut reza) = (scene.device(s), scene.device(r));
        sara.run(day(6, 31), |ctx, state| win(ctx, state, &Close::default()));
        reza.run(day(7, 2), |ctx, state| line_add(ctx, state, &line("نصب", 200)));
        let merged = scene.merge([&sara, &reza, &bystander(&scene, day(7, 2))], day(7, 3));
        assert_eq!(merged.deal.stage.standing, Standing::Won);
        assert_eq!(merged.deal.stage.close_date, Some(day(6, 31)));
        assert_eq!(merged.deal.amount.worth, Worth::Known(rials(1_200)));
        assert_eq!(quarter(&merged, 2).won.amount, Some(rials(1_000)));
        assert_eq!(merged.report.won.count, 1);
        assert_eq!(merged.codes(), [IssueCode::AmountChangedAfterClose]);
        let amounts: Vec<_> = merged.issues[0].sides.iter().map(|side| side.amount).collect();
        assert_eq!(amounts, [Some(rials(1_000)), Some(rials(1_200))]);
    });
}

#[test]
fn s3_two_pipelines_leave_one_whole_stage() {
    let stage = |name: &str, value: Scalar| Edit::set_entry("stages", "partner_call", name, value);
    let pipelines = [
        Edit::set_entry("pipelines", "partners", "label_fa", "همکاران"),
        stage("pipeline", "partners".into()),
        stage("label_fa", "تماس همکار".into()),
        stage("kind", "open".into()),
        stage("position", 15.into()),
        stage("default_probability", 30.into()),
    ];
    either_way(|s, r| {
        let scene = Scene::new(&pipelines, day(6, 1), by_hand(100));
        assert!(has_stage(&scene.world, "partner_call"));
        let (mut sara, mut reza) = (scene.device(s), scene.device(r));
        sara.run(day(6, 5), |ctx, state| stage_move(ctx, state, "partner_call"));
        reza.run(day(6, 5), |ctx, state| stage_move(ctx, state, "needs"));
        let merged = scene.merge([&sara, &reza, &bystander(&scene, day(6, 5))], day(6, 6));
        assert_eq!(merged.codes(), [IssueCode::StageConflict]);
        // The earlier by position, whole: its own pipeline and probability.
        assert_eq!(merged.deal.stage.stage_id, "partner_call");
        assert_eq!(merged.deal.probability.pct, 30);
        let counted: Vec<(&str, u64)> = merged
            .report
            .stages
            .iter()
            .filter(|row| row.open.count > 0)
            .map(|row| (row.pipeline.as_str(), row.open.count))
            .collect();
        assert_eq!(counted, [("partners", 1)]);
        assert_eq!(merged.report.weighted, Some(rials(30)));
        assert_eq!(merged.state.grown("stage_history").count(), 3);
    });
}

#[test]
fn s4_won_twice_is_won_once_on_the_earlier_day() {
    either_way(|s, r| {
        let scene = Scene::new(&[], day(6, 1), by_hand(1_000));
        let (mut sara, mut reza) = (scene.device(s), scene.device(r));
        sara.run(day(6, 31), |ctx, state| win(ctx, state, &Close::default()));
        reza.run(day(7, 1), |ctx, state| win(ctx, state, &Close::default()));
        let merged = scene.merge([&sara, &reza, &bystander(&scene, day(7, 1))], day(7, 2));
        assert_eq!(merged.codes(), [IssueCode::CloseDateConflict]);
        assert_eq!(merged.deal.stage.close_date, Some(day(6, 31)));
        assert_eq!((merged.report.won.count, merged.report.won.amount), (1, Some(rials(1_000))));
        assert_eq!(quarter(&merged, 2).won.amount, Some(rials(1_000)));
        assert_eq!(merged.report.quarters.len(), 1);
    });
}

#[test]
fn s5_a_corrected_note_does_not_close_a_reopened_deal() {
    either_way(|s, r| {
        let other = Close { note: Some("قیمط".to_owned()), ..lost(day(6, 20), "other") };
        let scene = Scene::new(&[], day(6, 1), by_hand(500))
            .before(day(6, 20), |ctx, state| lose(ctx, state, &other));
        let (mut sara, mut reza) = (scene.device(s), scene.device(r));
        sara.run(day(7, 5), |ctx, state| reopen(ctx, state, None));
        reza.run(day(7, 6), |ctx, state| edit(ctx, state, &[set("close_note", "قیمت")]));
        let merged = scene.merge([&sara, &reza, &bystander(&scene, day(7, 6))], day(7, 7));
        assert_eq!(merged.deal.stage.standing, Standing::Open);
        assert_eq!(merged.deal.stage.stage_id, "identification");
        assert_eq!(merged.codes(), []);
        assert_eq!((merged.report.open.count, merged.report.open.amount), (1, Some(rials(500))));
        assert_eq!(merged.report.lost.count, 0);
    });
}

#[test]
fn s6_a_move_drops_the_probability_by_hand_for_good() {
    either_way(|s, r| {
        let scene = Scene::new(&[], day(6, 1), by_hand(500))
            .before(day(6, 2), |ctx, state| stage_move(ctx, state, "proposal"));
        let (mut sara, mut reza) = (scene.device(s), scene.device(r));
        sara.run(day(6, 10), |ctx, state| edit(ctx, state, &[set("probability", 40)]));
        let alone = scene.look(&sara.document, day(6, 10));
        assert_eq!(alone.report.weighted, Some(rials(200)));
        reza.run(day(6, 11), |ctx, state| stage_move(ctx, state, "negotiation"));
        let merged = scene.merge([&sara, &reza, &bystander(&scene, day(6, 11))], day(6, 12));
        assert_eq!(merged.report.weighted, Some(rials(400)));
        assert_eq!(merged.deal.probability.source, ProbabilitySource::Stage);
        assert_eq!(merged.codes(), [IssueCode::OverrideDropped]);

        let scene = scene.after(&merged);
        let mut back = scene.device(4);
        back.run(day(6, 13), |ctx, state| stage_move(ctx, state, "proposal"));
        let merged = scene.merge([&back, &bystander(&scene, day(6, 13)), &scene.device(5)], day(6, 14));
        assert_eq!(merged.report.weighted, Some(rials(325)));
        assert_eq!(merged.codes(), []);
    });
}

#[test]
fn s8_an_inactive_deal_keeps_what_it_won() {
    either_way(|s, r| {
        let scene = Scene::new(&[], day(5, 1), by_hand(800));
        let (mut sara, mut reza) = (scene.device(s), scene.device(r));
        sara.run(day(5, 10), |ctx, state| win(ctx, state, &Close::default()));
        reza.run(day(12, 29), |ctx, state| edit(ctx, state, &[set("status", "inactive")]));
        let apart = scene.look(&reza.document, day(12, 29));
        assert_eq!(apart.report.open.count, 0, "an open inactive deal leaves the reports");
        let merged = scene.merge([&sara, &reza, &bystander(&scene, day(12, 29))], day(12, 29));
        assert_eq!((merged.report.won.count, merged.report.won.amount), (1, Some(rials(800))));
        assert_eq!(quarter(&merged, 2).won.amount, Some(rials(800)));
        assert_eq!(merged.codes(), []);
    });
}

#[test]
fn s11_the_hand_wins_over_lines_that_changed_and_says_so() {
    either_way(|s, r| {
        let scene = Scene::new(&[], day(6, 1), of_line(1_000));
        let (mut sara, mut reza) = (scene.device(s), scene.device(r));
        sara.run(day(6, 2), |ctx, state| edit(ctx, state, &[set("amount", rials(900).to_json())]));
        reza.run(day(6, 2), |ctx, state| line_add(ctx, state, &line("کابل", 50)));
        let merged = scene.merge([&sara, &reza, &bystander(&scene, day(6, 2))], day(6, 3));
        assert_eq!(merged.deal.amount.worth, Worth::Known(rials(900)));
        assert_eq!(merged.codes(), [IssueCode::LinesChangedSinceManual]);
        let amounts: Vec<_> = merged.issues[0].sides.iter().map(|side| side.amount).collect();
        assert_eq!(amounts, [Some(rials(900)), Some(rials(1_050))]);
        assert_eq!(merged.report.open.amount, Some(rials(900)));
    });
}

/// Rates for a euro from two days on.
fn euro_rates(first: CivilDate, second: CivilDate) -> Vec<Edit> {
    let rate = |on, value: i64| set_rate("EUR".parse().unwrap(), on, value.into()).unwrap();
    [rate(first, 900_000), rate(second, 1_250_000)].concat()
}

/// The story of S14 on three days; gives what it merges to.
fn s14(won: CivilDate, reopened: CivilDate, won_again: CivilDate, (s, r): (u8, u8)) -> Merged {
    let euros = Draft {
        assignments: vec![set("amount", money("10000", "EUR").to_json()), set("currency", "EUR")],
        ..Draft::default()
    };
    let scene = Scene::new(&euro_rates(won, reopened), won, euros)
        .before(won, |ctx, state| win(ctx, state, &closed(won)));
    let (mut sara, mut reza) = (scene.device(s), scene.device(r));
    sara.run(reopened, |ctx, state| reopen(ctx, state, None));
    sara.run(won_again, |ctx, state| win(ctx, state, &closed(won_again)));
    // Meanwhile the first outcome is corrected elsewhere; that never beats the move away from it.
    reza.run(reopened, |ctx, state| edit(ctx, state, &[set("close_note", "تسویه شد")]));
    scene.merge([&sara, &reza, &bystander(&scene, won_again)], won_again)
}

#[test]
fn s14_a_period_that_lost_a_booking_is_restated() {
    either_way(|s, r| {
        // Worked by the figures' periods (the first and second quarter of 1404) these are Gregorian days.
        let gregorian = |month, day| CivilDate::from_gregorian(2025, month, day).unwrap();
        let merged = s14(gregorian(3, 31), gregorian(7, 5), gregorian(7, 20), (s, r));
        let first = quarter(&merged, 1);
        assert_eq!((first.restated.count, first.restated.amount), (1, Some(money("-9000000000", "IRR"))));
        assert_eq!((first.won.count, quarter(&merged, 2).won.amount), (0, Some(rials(12_500))));
        assert_eq!(merged.codes(), []);
        // By the Persian days of the other scenarios the second booking lies in the third quarter.
        let merged = s14(day(3, 31), day(7, 5), day(7, 20), (s, r));
        assert_eq!(quarter(&merged, 1).restated.amount, Some(money("-9000000000", "IRR")));
        assert_eq!(quarter(&merged, 3).won.amount, Some(rials(12_500)));
        assert_eq!((merged.report.won.count, merged.report.won.amount), (1, Some(rials(12_500))));
    });
}

#[test]
fn s15_a_line_of_a_deleted_product_counts() {
    either_way(|s, r| {
        let prices =
            [Edit::set("name", "دوربین"), Edit::set_entry("prices", "IRR", "value", rials(50).to_json())];
        let (mut product, _) =
            Document::create(record_id(3), "product", &author(9), NOW_MS, &prices, &schema()).unwrap();
        let here =
            |product: &Document| Records::new([settings_record(&[]), account(), product.read(&schema())]);
        let scene = Scene::in_world(here(&product), day(5, 1), Draft::default());
        // Sara deletes the product; Reza, apart, adds two of it to the deal.
        let deletion = scene.device(s).ask(day(6, 1), |ctx, _| delete(ctx, &product.read(&schema()), false));
        let Ok(Deletion::Edits(edits)) = deletion else { panic!("{deletion:?}") };
        product.edit(&author(s), NOW_MS, &edits, &schema()).unwrap();
        let mut reza = scene.device(r);
        reza.run(day(6, 2), |ctx, state| {
            line_add(ctx, state, &new_line(record_id(3), vec![set("qty", "2")]))
        });
        let after = Scene { world: here(&product), deal: scene.deal.clone() };
        let merged = after.merge([&after.device(s), &reza, &bystander(&after, day(6, 2))], day(6, 3));
        assert_eq!(merged.deal.amount.worth, Worth::Known(rials(100)));
        assert_eq!(merged.report.open.amount, Some(rials(100)));
        assert_eq!(merged.codes(), [IssueCode::ProductTrashed]);
        assert!(merged.issues[0].info_only);
        let mut local = after.device(5);
        let refusal =
            local.ask(day(6, 4), |ctx, state| line_add(ctx, state, &new_line(record_id(3), Vec::new())));
        assert_eq!(refusal.unwrap_err().code(), "target_trashed");
    });
}

#[test]
fn s16_won_against_lost_is_disputed_until_one_command_ends_it() {
    either_way(|s, r| {
        let scene = Scene::new(&[], day(6, 1), by_hand(800));
        let (mut sara, mut reza) = (scene.device(s), scene.device(r));
        sara.run(day(6, 30), |ctx, state| win(ctx, state, &Close::default()));
        reza.run(day(7, 2), |ctx, state| lose(ctx, state, &lost(day(7, 2), "price")));
        let merged = scene.merge([&sara, &reza, &bystander(&scene, day(7, 2))], day(7, 3));
        disputed(&merged);

        // The owner resolves won on one device, the manager lost on another: disputed again.
        let scene = scene.after(&merged);
        let side_of = |user| {
            let sides = &merged.issue(IssueCode::DisputedOutcome).sides;
            1 + sides.iter().position(|side| side.author == Some(user)).unwrap()
        };
        let (won, lost) = (side_of(author(s).user), side_of(author(r).user));
        let (mut owner, mut manager) = (scene.device(s), scene.device(r));
        owner.run(day(7, 4), take_side("stage", won));
        assert_eq!(scene.look(&owner.document, day(7, 4)).deal.stage.standing, Standing::Won);
        manager.run(day(7, 4), take_side("stage", lost));
        assert_eq!(scene.look(&manager.document, day(7, 4)).deal.stage.standing, Standing::Lost);
        let merged = scene.merge([&owner, &manager, &scene.device(5)], day(7, 5));
        disputed(&merged);

        // One command ends it.
        let scene = scene.after(&merged);
        let sides = &merged.issue(IssueCode::DisputedOutcome).sides;
        let won = 1 + sides.iter().position(|side| side.author == Some(author(s).user)).unwrap();
        let mut last = scene.device(6);
        last.run(day(7, 6), take_side("stage", won));
        let merged = scene.merge([&last, &scene.device(1), &bystander(&scene, day(7, 6))], day(7, 7));
        assert_eq!(merged.codes(), []);
        assert_eq!(merged.deal.stage.standing, Standing::Won);
        assert_eq!(quarter(&merged, 2).won.amount, Some(rials(800)));
        assert_eq!((merged.report.disputed.count, merged.report.lost.count), (0, 0));
    });
}

/// Zero won, zero lost, zero weighted; a row of its own in the period of the earliest date.
fn disputed(merged: &Merged) {
    assert_eq!(merged.codes(), [IssueCode::DisputedOutcome]);
    assert_eq!(merged.deal.stage.close_date, Some(day(6, 30)));
    let report = &merged.report;
    assert_eq!((report.won.count, report.lost.count, report.open.count), (0, 0, 0));
    assert_eq!(report.weighted, Some(rials(0)));
    assert_eq!((report.disputed.count, report.disputed.amount), (1, Some(rials(800))));
    assert_eq!(quarter(merged, 2).disputed.amount, Some(rials(800)));
    // The outcome stays whole on each side, the loss with its reason.
    let sides = values(&merged.state, "stage");
    assert!(sides.iter().any(|side| side.as_text().unwrap().contains(r#""reason_id":"price""#)));
}

#[test]
fn schema_and_settings_are_those_of_the_product() {
    // The scenes rest on the built-in stages; a change of them must be seen here.
    let scene = Scene::new(&[], day(1, 1), by_hand(1));
    let stages: Vec<(String, u8)> = scene
        .world
        .settings()
        .stages
        .live()
        .iter()
        .map(|stage| (stage.id.clone(), stage.probability))
        .collect();
    let expected = [
        ("identification", 10),
        ("needs", 25),
        ("proposal", 65),
        ("negotiation", 80),
        ("won", 100),
        ("lost", 0),
    ];
    assert_eq!(stages, expected.map(|(id, pct)| (id.to_owned(), pct)));
    assert!(schema().module("opportunity").is_some());
}
