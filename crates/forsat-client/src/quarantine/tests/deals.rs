//! Deals in quarantine: a move is made by the manager, and nothing is written that isn't shown.

use forsat_domain::composite::{Composite, Outcome, StageEntry, StageMove};
use forsat_domain::edit::Edit;
use forsat_domain::id::EntryId;
use forsat_domain::record::RecordState;
use forsat_domain::{RecordId, UserId};
use uuid::Uuid;

use super::*;
use crate::CloseInput;

/// Sara's deal on both devices, and how many changes it has.
fn deal() -> (Device, Device, RecordId, usize) {
    let (sara, reza) = (Device::of("Sara"), Device::of("Reza"));
    let account = sara.account("Arya");
    let fields = [
        FieldInput::new("name", "Servers"),
        FieldInput::new("account_id", account.to_string()),
        FieldInput::new("amount", "500"),
        FieldInput::new("close_date", "2035-01-01"),
    ];
    let id = RecordId(sara.engine.create("opportunity", &fields).unwrap().id);
    reza.receive(&sara, id);
    let count = reza.chunks(id).len();
    (sara, reza, id, count)
}

impl Device {
    fn deal(&self, id: RecordId) -> RecordState {
        vault::state(&self.engine.read().unwrap(), "opportunity", id).unwrap().unwrap()
    }

    fn moves(&self, id: RecordId) -> Vec<StageMove> {
        let state = self.deal(id);
        state.grown("stage_history").filter_map(|(_, value)| StageMove::from_scalar(value)).collect()
    }

    /// What a hostile program writes.
    fn write(&self, id: RecordId, edits: &[Edit]) {
        self.engine.turn(|turn| turn.edit(id, edits).map(drop)).unwrap();
    }
}

fn entry(number: u128) -> EntryId {
    EntryId(Uuid::from_u128(number))
}

/// A move that never was, long ago and by somebody else.
fn forged(number: u128) -> Edit {
    let moved = StageMove {
        entry_id: entry(number),
        from: None,
        from_entries: Vec::new(),
        to: "won".to_owned(),
        at: 5,
        by: Some(UserId(Uuid::from_u128(77))),
        left: None,
        forced: Vec::new(),
    };
    let key = entry(number).0.to_string();
    Edit::Insert { field: "stage_history".to_owned(), key, value: moved.to_scalar() }
}

#[test]
fn history_that_comes_without_a_move_is_shown_and_keeps_the_whole_change_back() {
    let (sara, reza, id, count) = deal();
    reza.write(id, &[Edit::set("next_step", "call"), forged(9)]);
    let entries = reza.aside(id, count, &[sara.space()]);
    let views = read::views(&sara.engine, &grouped(&entries)).unwrap();
    assert!(views[0].changes.iter().any(|change| change.path.starts_with("stage_history/")), "{views:?}");
    assert_eq!(codes(&sara.apply(&entries, &[1])), [(1, "history_alone")]);
    assert_eq!(sara.moves(id).len(), 1);
}

#[test]
fn a_move_is_the_managers_with_what_leaves_the_books_read_from_her_copy() {
    let (sara, reza, id, count) = deal();
    reza.engine.win(&id.to_string(), &CloseInput::default()).unwrap();
    let entries = reza.aside(id, count, &[sara.space()]);
    let applied = sara.apply(&entries, &[1]);
    assert_eq!(applied.applied, [1], "{applied:?}");
    let stay = StageEntry::from_scalar(sara.deal(id).winner("stage")).unwrap();
    assert_eq!((stay.outcome, stay.by.map(|by| *by.0.as_bytes())), (Outcome::Won, Some(sara.user())));
    let moved = sara.moves(id).into_iter().find(|moved| moved.entry_id == stay.entry_id).unwrap();
    assert_eq!(moved.by.map(|by| *by.0.as_bytes()), Some(sara.user()));
    assert!(moved.from.is_some() && !moved.from_entries.is_empty());
}

#[test]
fn what_a_move_claims_beside_its_stage_is_not_taken() {
    let (sara, reza, id, count) = deal();
    let stay = StageEntry {
        entry_id: entry(9),
        stage_id: "won".to_owned(),
        entered_at: 5,
        by: Some(UserId(Uuid::from_u128(77))),
        outcome: Outcome::Open,
        reason_id: None,
        note: None,
        actual_close_date: None,
        booked: None,
    };
    reza.write(id, &[Edit::set("stage", stay.to_scalar()), forged(9), forged(10)]);
    let entries = reza.aside(id, count, &[sara.space()]);
    let applied = sara.apply(&entries, &[1]);
    assert_eq!(applied.applied, [1], "{applied:?}");
    let stay = StageEntry::from_scalar(sara.deal(id).winner("stage")).unwrap();
    assert_eq!((stay.outcome, stay.booked.is_some()), (Outcome::Won, true), "{stay:?}");
    let moves = sara.moves(id);
    assert_eq!(moves.len(), 2, "{moves:?}");
    let is_sara = |moved: &StageMove| moved.by.is_some_and(|by| *by.0.as_bytes() == sara.user());
    assert!(moves.iter().all(|moved| is_sara(moved) && moved.at > 5), "{moves:?}");
}

#[test]
fn a_move_to_where_the_deal_stands_already_writes_no_second_one() {
    let (sara, reza, id, count) = deal();
    for device in [&reza, &sara] {
        device.engine.win(&id.to_string(), &CloseInput::default()).unwrap();
    }
    let entries = reza.aside(id, count, &[sara.space()]);
    let applied = sara.apply(&entries, &[1]);
    assert_eq!((applied.applied.as_slice(), applied.saved.len()), (&[1][..], 0), "{applied:?}");
    assert_eq!(sara.moves(id).len(), 2);
}

#[test]
fn a_deal_that_was_never_sent_is_begun_with_a_history_of_the_managers() {
    let (sara, reza) = (Device::of("Sara"), Device::of("Reza"));
    let account = reza.account("Arya");
    let fields = [
        FieldInput::new("name", "Servers"),
        FieldInput::new("account_id", account.to_string()),
        FieldInput::new("close_date", "2035-01-01"),
    ];
    let id = RecordId(reza.engine.create("opportunity", &fields).unwrap().id);
    reza.engine.win(&id.to_string(), &CloseInput::default()).unwrap();
    let entries = reza.aside(id, 0, &[sara.space()]);
    let numbers: Vec<u64> = entries.iter().map(|entry| entry.number).collect();
    let applied = sara.apply(&entries, &numbers);
    assert!(applied.refused.is_empty(), "{applied:?}");
    let moves = sara.moves(id);
    assert_eq!(moves.len(), 2, "{moves:?}");
    assert!(moves.iter().all(|moved| moved.by.is_some_and(|by| *by.0.as_bytes() == sara.user())));
}

#[test]
fn clearing_what_was_empty_clears_nothing_that_was_written_since() {
    let (sara, reza, id, count) = deal();
    reza.engine.edit("opportunity", &id.to_string(), &[FieldInput::new("next_step", "call")]).unwrap();
    reza.write(id, &[Edit::clear("next_step")]);
    let entries = reza.aside(id, count, &[sara.space()]);
    let mut group = read::group(&sara.engine.read().unwrap(), &entries.iter().collect::<Vec<_>>()).unwrap();
    let reading = &mut group.readings[1];
    let cleared = reading.changes.iter_mut().find(|change| change.path == "next_step").unwrap();
    assert!(cleared.after.is_null());
    // As it reads where a writer cleared what was empty for them.
    cleared.before = Scalar::Null;
    assert!(!apply::is_shown(&reading.changes, &reading.changes[0]));
    let table = sara.engine.schema().module("opportunity").unwrap();
    let state = sara.deal(id);
    let edits = apply::edits_of(table, Some(&state), &entries[1], &group.readings[1]).unwrap();
    assert!(edits.iter().all(|edit| edit.field() != "next_step"), "{edits:?}");
}
