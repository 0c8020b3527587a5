//! Power loss at every change of the disk: what was acknowledged is there, the rest is there whole or not at all.

use forsat_store::{Store, StoreError};

use crate::support::{Place, document, hash, save_edit};

const EDITS: u32 = 6;

/// Saves edits until the power goes; answers how many were acknowledged.
fn save_until_dark(store: &Store, from: u32, to: u32) -> u32 {
    for change in from..to {
        let saved: Result<(), StoreError> =
            store.write(|tx| save_edit(tx, u8::try_from(change % 3).unwrap(), change));
        if saved.is_err() {
            return change;
        }
    }
    to
}

/// The number of edits that the store holds, each of them whole.
fn whole_edits(store: &Store, what: &str) -> u32 {
    let report = store.check_integrity().unwrap();
    assert!(report.problems.is_empty(), "{what}: {:?}", report.problems);
    let tx = store.read().unwrap();
    let held = u32::try_from(tx.journal(usize::MAX).unwrap().len()).unwrap();
    for change in 0..held {
        let id = document(u8::try_from(change % 3).unwrap());
        assert!(tx.chunk(&id, &hash(change)).unwrap().is_some(), "{what}: edit {change} lacks its change");
        if change + 3 >= held {
            let row = tx.row("account", &id).unwrap().unwrap();
            assert_eq!(row, format!("row {change}").into_bytes(), "{what}");
            assert_eq!(tx.document(&id).unwrap().unwrap().heads, [hash(change)], "{what}");
        }
    }
    held
}

fn changes_of_a_quiet_run() -> u64 {
    let place = Place::new();
    let store = place.create().unwrap();
    let begun = place.disk.changes();
    assert_eq!(save_until_dark(&store, 0, EDITS), EDITS);
    place.disk.changes() - begun
}

#[test]
fn a_power_loss_at_any_change_keeps_what_was_acknowledged() {
    for at in 0..=changes_of_a_quiet_run() {
        for seed in 0..4 {
            let what = format!("power lost at change {at}, seed {seed}");
            let place = Place::new();
            let store = place.create().unwrap();
            place.disk.lose_power_at(place.disk.changes() + at);
            let acked = save_until_dark(&store, 0, EDITS);
            drop(store);
            let found = place.after_power_loss(seed * 1_000 + at);
            let store = found.open().unwrap_or_else(|error| panic!("{what}: {error}"));
            let held = whole_edits(&store, &what);
            assert!(held == acked || held == acked + 1, "{what}: {acked} acknowledged, {held} held");
            assert_eq!(save_until_dark(&store, held, held + 2), held + 2, "{what}");
        }
    }
}

#[test]
fn a_power_loss_during_recovery_keeps_what_was_acknowledged() {
    let quiet = changes_of_a_quiet_run();
    for seed in 0..60_u64 {
        let what = format!("seed {seed}");
        let place = Place::new();
        let store = place.create().unwrap();
        place.disk.lose_power_at(place.disk.changes() + (seed * 7) % quiet);
        let acked = save_until_dark(&store, 0, EDITS);
        drop(store);
        let second = place.after_power_loss(seed);
        second.disk.lose_power_at(seed % 5);
        let again = second.open().map(|store| save_until_dark(&store, EDITS, EDITS + 1));
        assert!(again.is_err() || second.disk.is_off() || seed % 5 == 4, "{what}: the power went");
        let third = second.after_power_loss(seed + 1);
        let store = third.open().unwrap_or_else(|error| panic!("{what}: {error}"));
        let report = store.check_integrity().unwrap();
        assert!(report.problems.is_empty(), "{what}: {:?}", report.problems);
        let tx = store.read().unwrap();
        for change in 0..acked {
            let id = document(u8::try_from(change % 3).unwrap());
            assert!(tx.chunk(&id, &hash(change)).unwrap().is_some(), "{what}: edit {change} is lost");
        }
    }
}
