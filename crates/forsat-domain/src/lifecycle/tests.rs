//! Tests of deletion against edits, and of references through merged duplicates.

use super::*;
use crate::command::{Deletion, delete, line_edit, line_remove, restore};
use crate::edit::{Edit, preview};
use crate::issue::IssueCode;
use crate::schema::ACCOUNT;
use crate::schema::input::Assignment;
use crate::testing::{Desk, M, REZA, SARA, line, merge, rials};
use crate::world::Records;

fn deleted(desk: &mut Desk, state: &RecordState) -> Vec<Edit> {
    match desk.run(|ctx| delete(ctx, state, true)).unwrap() {
        Deletion::Edits(edits) => edits,
        Deletion::Ask(ask) => panic!("{ask:?}"),
    }
}

#[test]
fn a_deletion_that_saw_everything_hides_the_record() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    let gone = preview(&deal, &deleted(&mut desk, &deal));
    assert_eq!(Life::of(&gone), Life::Trashed);
    assert!(desk.issues(&gone).is_empty());
    let back = preview(&gone, &desk.run(|ctx| restore(ctx, &gone)).unwrap());
    assert_eq!(Life::of(&back), Life::Active);
}

#[test]
fn deletion_against_an_edit_is_disputed_until_confirmed_or_restored() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    let edits = vec![Edit::set("next_step", "تماس")];
    let merged = merge(&deal, &[(SARA, deleted(&mut desk, &deal)), (REZA, edits)]);
    assert_eq!(Life::of(&merged), Life::DisputedDeletion);
    assert!(Life::of(&merged).is_visible());
    assert_eq!(desk.codes(&merged), [IssueCode::DisputedDeletion]);
    let confirmed = preview(&merged, &deleted(&mut desk, &merged));
    assert_eq!(Life::of(&confirmed), Life::Trashed);
    let restored = preview(&merged, &desk.run(|ctx| restore(ctx, &merged)).unwrap());
    assert_eq!(Life::of(&restored), Life::Active);
}

#[test]
fn deletion_against_restoration_is_active_and_flagged() {
    let mut desk = Desk::new();
    let deal = desk.deal(M);
    let gone = preview(&deal, &deleted(&mut desk, &deal));
    let back = desk.run(|ctx| restore(ctx, &gone)).unwrap();
    let merged = merge(&gone, &[(SARA, back), (REZA, deleted(&mut desk, &deal))]);
    assert_eq!(Life::of(&merged), Life::Contested);
    assert_eq!(desk.codes(&merged), [IssueCode::DisputedDeletion]);
}

#[test]
fn a_line_removed_here_and_edited_there_is_kept_and_flagged() {
    let mut desk = Desk::new();
    let deal = desk.deal_with(Vec::new(), vec![line("a", rials(100 * M)), line("b", rials(50 * M))]);
    let removal = line_remove(&deal, "line-a").unwrap();
    let qty = [Assignment::set("qty", "2")];
    let change = desk.run(|ctx| line_edit(ctx, &deal, "line-a", &qty)).unwrap();
    let merged = merge(&deal, &[(SARA, removal.clone()), (REZA, change)]);
    assert_eq!(desk.read(&merged).amount.worth.known(), Some(rials(250 * M)));
    assert_eq!(desk.codes(&merged), [IssueCode::LineRemovedButEdited]);
    let alone = merge(&deal, &[(SARA, removal)]);
    assert_eq!(desk.read(&alone).amount.worth.known(), Some(rials(50 * M)));
    assert!(desk.issues(&alone).is_empty());
}

fn merged_record(id: u8, into: Option<u8>) -> RecordState {
    let state = RecordState::new(RecordId::from_bytes([id; 16]), ACCOUNT);
    let Some(into) = into else { return state };
    let merge = MergedInto {
        into: RecordId::from_bytes([into; 16]),
        loser_heads: Vec::new(),
        at: 0,
        by: None,
        copied: Vec::new(),
    };
    preview(&state, &[Edit::set("merged_into", merge.to_scalar())])
}

#[test]
fn references_follow_merged_duplicates() {
    let world = Records::new([merged_record(3, Some(4)), merged_record(4, Some(5)), merged_record(5, None)]);
    let id = |byte: u8| RecordId::from_bytes([byte; 16]);
    assert_eq!(surviving_id(id(3), &world), id(5));
    assert!(is_superseded(&merged_record(3, Some(4)), &world));
    assert_eq!(resolve(id(9), &world), Target::NotOnThisDevice(id(9)));
}

#[test]
fn a_circle_of_merges_leaves_its_smallest_id() {
    let circle = [merged_record(1, Some(2)), merged_record(2, Some(3)), merged_record(3, Some(1))];
    let world = Records::new(circle.into_iter().chain([merged_record(9, Some(2))]));
    for byte in [1, 2, 3, 9] {
        assert_eq!(surviving_id(RecordId::from_bytes([byte; 16]), &world), RecordId::from_bytes([1; 16]));
    }
    assert!(!is_superseded(&merged_record(1, Some(2)), &world));
}

#[test]
fn a_survivor_elsewhere_supersedes_nothing_here() {
    let loser = merged_record(3, Some(8));
    let world = Records::new([loser.clone()]);
    assert!(!is_superseded(&loser, &world));
    assert_eq!(resolve(loser.id, &world), Target::NotOnThisDevice(RecordId::from_bytes([8; 16])));
}
