//! Tests of merging duplicates: what is taken, what is refused, late edits, and taking a merge back.

use super::*;
use crate::command::{Choice, Close, delete_preview, edit, lose, resolve, win};
use crate::edit::preview;
use crate::issue::IssueCode;
use crate::lifecycle::{losers, surviving_id};
use crate::opportunity::Standing;
use crate::report::pipeline;
use crate::schema::ACCOUNT;
use crate::schema::input::Assignment;
use crate::testing::{Desk, M, REZA, SARA, account_id, jalali, known, merge as met, on, rials};

fn id(number: u8) -> RecordId {
    RecordId::from_bytes([number; 16])
}

fn account(number: u8, edits: &[Edit]) -> RecordState {
    let mut state = preview(&RecordState::new(id(number), ACCOUNT), edits);
    state.heads = vec![[number; 32]];
    state
}

fn run(
    desk: &mut Desk,
    survivor: &RecordState,
    losers: &[&RecordState],
    choices: &[FieldChoice],
) -> Result<Merge, Refusal> {
    let losers: Vec<RecordState> = losers.iter().map(|state| (*state).clone()).collect();
    desk.run(|ctx| merge(ctx, survivor, &losers, choices))
}

/// Merges and puts what is written into the world; gives the survivor and the first loser.
fn merged(
    desk: &mut Desk,
    survivor: &RecordState,
    loser: &RecordState,
    choices: &[FieldChoice],
) -> (RecordState, RecordState) {
    desk.world.insert(survivor.clone());
    desk.world.insert(loser.clone());
    let plan = run(desk, survivor, &[loser], choices).expect("tests merge what can be merged");
    let after = (preview(survivor, &plan.edits), preview(loser, &plan.losers[0].1));
    desk.world.insert(after.0.clone());
    desk.world.insert(after.1.clone());
    after
}

fn take(field: &str, number: usize) -> FieldChoice {
    FieldChoice { field: field.to_owned(), take: Take::Record(number) }
}

fn end(desk: &mut Desk, state: &RecordState, what: &str, choice: &Choice) -> RecordState {
    let settings = desk.world.settings().clone();
    let today = desk.today;
    let find =
        |_: &str, _: &str| Err(crate::schema::input::ReferenceError::Other("nothing to find".to_owned()));
    let parse = crate::schema::input::ParseContext {
        today,
        currency: crate::currency::Currency::IRR,
        settings: &settings,
        find: &find,
    };
    let resolved = desk.run(|ctx| resolve(ctx, &parse, state, what, choice)).expect("the issue is there");
    let mut written = vec![(resolved.record, resolved.edits)];
    written.extend(resolved.also);
    for (record, edits) in written {
        let after = preview(&desk.world.by_id(record), &edits);
        desk.world.insert(after);
    }
    desk.world.by_id(state.id)
}

#[test]
fn blank_values_are_filled_and_lists_united() {
    let mut desk = Desk::new();
    let phone = |entry: &str, raw: &str| Edit::set_entry("phones", entry, "raw", raw);
    let tag = |key: &str| Edit::Add { field: "tags".to_owned(), key: key.to_owned() };
    let one = account(10, &[Edit::set("name", "آریا"), phone("p1", "021 8888 1111"), tag("vip")]);
    let two = account(
        11,
        &[
            Edit::set("name", "شرکت آریا"),
            Edit::set("industry", "نفت"),
            phone("p2", "+98 21 88881111"),
            phone("p3", "021 8888 2222"),
            tag("north"),
        ],
    );
    let (survivor, loser) = merged(&mut desk, &one, &two, &[]);
    assert_eq!(survivor.winner("name").as_text(), Some("آریا"));
    assert_eq!(survivor.winner("industry").as_text(), Some("نفت"));
    let phones: Vec<&str> = survivor.entries("phones").map(|(id, _)| id).collect();
    assert_eq!(phones, ["p1", "p3"], "the same number written apart is one");
    assert_eq!(survivor.set("tags").collect::<Vec<_>>(), ["north", "vip"]);
    assert_eq!(surviving_id(loser.id, &desk.world), survivor.id);
    assert_eq!(losers(survivor.id, &desk.world).into_iter().collect::<Vec<_>>(), [loser.id]);
    assert!(desk.issues(&survivor).is_empty());
}

#[test]
fn a_choice_takes_the_other_value_and_taking_back_restores_it() {
    let mut desk = Desk::new();
    let one = account(10, &[Edit::set("name", "آریا"), Edit::set("industry", "گاز")]);
    let two = account(
        11,
        &[Edit::set("name", "آریا"), Edit::set("industry", "نفت"), Edit::set("website", "arya.ir")],
    );
    let (survivor, loser) = merged(&mut desk, &one, &two, &[take("industry", 2)]);
    assert_eq!(survivor.winner("industry").as_text(), Some("نفت"));
    let back = unmerge(&loser).unwrap();
    assert_eq!(back.survivor, survivor.id);
    assert_eq!(surviving_id(loser.id, &crate::world::Records::new([preview(&loser, &back.edits)])), loser.id);
    // Somebody has changed one of the copied values since: it stays.
    let since = preview(&survivor, &[Edit::set("website", "arya.com")]);
    let restored = preview(&since, &take_back(&since, &back.copied));
    assert_eq!(restored.winner("industry").as_text(), Some("گاز"));
    assert_eq!(restored.winner("website").as_text(), Some("arya.com"));
    let restored = preview(&survivor, &take_back(&survivor, &back.copied));
    assert_eq!(restored.winner("website").as_text(), None);
}

#[test]
fn what_can_not_be_merged_is_refused_with_a_reason() {
    let mut desk = Desk::new();
    let one = account(10, &[Edit::set("name", "آریا")]);
    let two = account(11, &[Edit::set("name", "آریا")]);
    let user = preview(&RecordState::new(id(12), crate::schema::USER), &[Edit::set("name", "سارا")]);
    let code = |result: Result<Merge, Refusal>| result.unwrap_err().code();
    assert_eq!(code(run(&mut desk, &one, &[&one], &[])), "same_record");
    assert_eq!(code(run(&mut desk, &user, &[&user], &[])), "not_mergeable");
    assert_eq!(code(run(&mut desk, &one, &[&user], &[])), "other");
    assert_eq!(code(run(&mut desk, &one, &[&two], &[take("industry", 3)])), "no_side");
    assert_eq!(code(run(&mut desk, &one, &[&two], &[take("colour", 1)])), "input");
    let gone = crate::composite::Lifecycle {
        state: crate::composite::LifeState::Trashed,
        at: 0,
        by: None,
        seen_heads: Vec::new(),
    };
    let trashed = preview(&two, &[Edit::set("lifecycle", gone.to_scalar())]);
    assert_eq!(code(run(&mut desk, &one, &[&trashed], &[])), "trashed");
    let (_, loser) = merged(&mut desk, &one, &two, &[]);
    assert_eq!(code(run(&mut desk, &one, &[&loser], &[])), "merged_away");
    assert_eq!(unmerge(&one).unwrap_err().code(), "not_merged");
}

#[test]
fn a_parent_among_the_duplicates_is_not_kept() {
    let mut desk = Desk::new();
    let one = account(10, &[Edit::set("name", "آریا"), Edit::set("parent_id", id(11).0.to_string())]);
    let two = account(11, &[Edit::set("name", "آریا")]);
    let (survivor, _) = merged(&mut desk, &one, &two, &[]);
    assert!(survivor.winner("parent_id").is_null());
}

#[test]
fn late_edits_show_on_the_survivor_until_accepted_or_dismissed() {
    for word in ["accept", "dismiss"] {
        let mut desk = Desk::new();
        let one = account(10, &[Edit::set("name", "آریا")]);
        let two = account(11, &[Edit::set("name", "آریا")]);
        let (survivor, _) = merged(&mut desk, &one, &two, &[]);
        let plan = run(&mut Desk::new(), &one, &[&two], &[]).unwrap();
        let late = vec![Edit::set("industry", "نفت"), Edit::set_entry("phones", "p1", "raw", "02188881111")];
        let loser = met(&two, &[(SARA, plan.losers[0].1.clone()), (REZA, late)]);
        desk.world.insert(loser);
        let issues = desk.issues(&survivor);
        assert_eq!(issues.len(), 1);
        assert_eq!((issues[0].code, issues[0].about), (IssueCode::LateEdits, Some(id(11))));
        let fields: Vec<&str> = issues[0].sides.iter().filter_map(|side| side.field.as_deref()).collect();
        assert_eq!(fields, ["industry", "phones/p1/raw"]);
        assert_eq!(issues[0].sides[0].author, Some(REZA));
        assert_eq!(issues[0].command("k7").as_deref(), Some("forsat resolve k7 late_edits --value accept"));
        let after = end(&mut desk, &survivor, "late_edits", &Choice::Value(word.to_owned()));
        assert!(desk.issues(&after).is_empty());
        let industry = (word == "accept").then_some("نفت");
        assert_eq!(after.winner("industry").as_text(), industry);
        assert_eq!(after.entry("phones", "p1").is_some(), word == "accept");
    }
}

#[test]
fn two_targets_are_flagged_on_the_one_that_counts() {
    let mut desk = Desk::new();
    let [one, two, three] = [10, 11, 12].map(|number| account(number, &[Edit::set("name", "آریا")]));
    for state in [&one, &two, &three] {
        desk.world.insert(state.clone());
    }
    let to_two = run(&mut desk, &two, &[&one], &[]).unwrap().losers.swap_remove(0).1;
    let to_three = run(&mut desk, &three, &[&one], &[]).unwrap().losers.swap_remove(0).1;
    desk.world.insert(met(&one, &[(SARA, to_two), (REZA, to_three)]));
    assert_eq!(surviving_id(one.id, &desk.world), three.id);
    assert_eq!(desk.codes(&three), [IssueCode::MergeConflict]);
    assert!(desk.issues(&two).is_empty());
    let side = 1 + usize::from(
        desk.issues(&three)[0].sides[0].value.as_text() != Some(two.id.0.to_string().as_str()),
    );
    end(&mut desk, &three, "merged_into", &Choice::Take(side));
    assert_eq!(surviving_id(one.id, &desk.world), two.id);
    assert!(desk.issues(&three).is_empty() && desk.issues(&two).is_empty());
}

#[test]
fn deals_of_a_merged_account_count_once_under_the_survivor() {
    let mut desk = Desk::new();
    let deal = desk.deal(500 * M);
    let first = desk.world.by_id(account_id());
    let other = account(0, &[Edit::set("name", "آریا صنعت")]);
    merged(&mut desk, &other, &first, &[]);
    use crate::world::World;
    assert_eq!(desk.world.opportunities_of(other.id), [deal.id]);
    let account = desk.read(&deal).account.unwrap();
    assert_eq!((account.id, account.name.as_str()), (other.id, "آریا صنعت"));
    assert_eq!(delete_preview(&desk.world.by_id(other.id), &desk.world, desk.today).open_deals, 1);
}

/// Two deals of which the second survives.
fn two_deals(desk: &mut Desk) -> (RecordState, RecordState) {
    let (mut loser, mut survivor) = (desk.deal(600 * M), desk.deal(500 * M));
    loser.heads = vec![[1; 32]];
    survivor.heads = vec![[2; 32]];
    desk.world.insert(loser.clone());
    desk.world.insert(survivor.clone());
    (loser, survivor)
}

// R30 of docs/requirements.md.
#[test]
fn s10_a_duplicate_won_meanwhile_disputes_the_survivor() {
    let mut desk = Desk::new();
    let (loser, survivor) = two_deals(&mut desk);
    let away = run(&mut desk, &survivor, &[&loser], &[]).unwrap();
    let win = desk.run(|ctx| win(ctx, &loser, &on(jalali(1404, 6, 10)))).unwrap();
    desk.world.insert(met(&loser, &[(SARA, away.losers[0].1.clone()), (REZA, win)]));
    let deal = desk.read(&survivor);
    assert_eq!(deal.stage.standing, Standing::Disputed);
    assert_eq!(deal.amount.worth, known(rials(600 * M)));
    assert_eq!(desk.codes(&survivor), [IssueCode::LateEdits]);
    let loser_now = desk.world.by_id(loser.id);
    let report = pipeline([&loser_now, &survivor], &desk.world, desk.today);
    assert_eq!((report.disputed.count, report.disputed.amount), (1, Some(rials(600 * M))));
    assert_eq!((report.open.count, report.won.count), (0, 0));

    // One command takes the win over, another leaves the survivor open.
    let mut open = Desk::new();
    open.world = desk.world.clone();
    let after = end(&mut open, &survivor, "late_edits", &Choice::Value("dismiss".to_owned()));
    assert_eq!(
        (open.read(&after).stage.standing, open.read(&after).amount.worth),
        (Standing::Open, known(rials(500 * M)))
    );
    let after = end(&mut desk, &survivor, "late_edits", &Choice::Value("accept".to_owned()));
    let deal = desk.read(&after);
    assert_eq!((deal.stage.standing, deal.base), (Standing::Won, known(rials(600 * M))));
    assert_eq!(deal.stage.close_date, Some(jalali(1404, 6, 10)));
    assert!(desk.issues(&after).is_empty(), "{:?}", desk.issues(&after));
}

#[test]
fn an_outcome_never_leaves_the_reports_without_a_word() {
    let mut desk = Desk::new();
    let (loser, survivor) = two_deals(&mut desk);
    let lost = desk
        .run(|ctx| lose(ctx, &loser, &Close { reason: Some("price".to_owned()), ..Close::default() }))
        .unwrap();
    let loser = preview(&loser, &lost);
    assert_eq!(run(&mut desk, &survivor, &[&loser], &[]).unwrap_err().code(), "closed_duplicate");
    let (kept, _) = merged(&mut desk, &survivor, &loser, &[take("stage", 1)]);
    assert_eq!(desk.read(&kept).stage.standing, Standing::Open);
    let mut desk = Desk::new();
    let (taken, loser) = merged(&mut desk, &survivor, &loser, &[take("stage", 2), take("amount", 2)]);
    let deal = desk.read(&taken);
    assert_eq!((deal.stage.standing, deal.amount.worth), (Standing::Lost, known(rials(600 * M))));
    // What the merge had seen disputes nothing.
    assert!(desk.issues(&taken).is_empty(), "{:?}", desk.issues(&taken));
    assert_eq!(surviving_id(loser.id, &desk.world), taken.id);
}

#[test]
fn s9_a_circle_of_merges_reads_as_the_smallest_and_loses_nothing() {
    let orders: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    let number =
        |at: u8| account(at, &[Edit::set("name", "آریا"), Edit::set("industry", format!("صنعت {at}"))]);
    let base = [number(1), number(2), number(3)];
    // Each takes the industry of the record that it merges away: 1 into 2, 2 into 3, 3 into 1.
    let plans: Vec<(usize, usize, Merge)> = [(1, 0), (2, 1), (0, 2)]
        .into_iter()
        .map(|(into, from)| {
            let mut desk = Desk::new();
            base.iter().for_each(|state| desk.world.insert(state.clone()));
            (into, from, run(&mut desk, &base[into], &[&base[from]], &[take("industry", 2)]).unwrap())
        })
        .collect();
    for order in orders {
        let mut desk = Desk::new();
        for (at, state) in base.iter().enumerate() {
            let written = order.iter().map(|by| &plans[*by]).map(|(into, from, plan)| {
                let mut edits = if *into == at { plan.edits.clone() } else { Vec::new() };
                edits.extend(if *from == at { plan.losers[0].1.clone() } else { Vec::new() });
                (SARA, edits)
            });
            desk.world
                .insert(met(state, &written.filter(|(_, edits)| !edits.is_empty()).collect::<Vec<_>>()));
        }
        for state in &base {
            assert_eq!(surviving_id(state.id, &desk.world), id(1));
        }
        let survivor = desk.world.by_id(id(1));
        assert_eq!(survivor.winner("industry").as_text(), Some("صنعت 3"));
        let issues = desk.issues(&survivor);
        let late: Vec<_> =
            issues.iter().flat_map(|issue| &issue.sides).filter_map(|side| side.value.as_text()).collect();
        assert_eq!(late, ["صنعت 1", "صنعت 2"], "what the others chose stays reachable");
        assert_eq!(issues.iter().map(|issue| issue.code).collect::<Vec<_>>(), [IssueCode::LateEdits; 2]);
    }
}

#[test]
fn an_edit_of_the_survivor_is_no_late_edit() {
    let mut desk = Desk::new();
    let (one, two) = (account(10, &[Edit::set("name", "آریا")]), account(11, &[Edit::set("name", "آریا")]));
    let (survivor, _) = merged(&mut desk, &one, &two, &[]);
    let edits = desk.run(|ctx| edit(ctx, &survivor, &[Assignment::set("industry", "نفت")])).unwrap();
    let after = preview(&survivor, &edits);
    desk.world.insert(after.clone());
    assert!(desk.issues(&after).is_empty());
}
