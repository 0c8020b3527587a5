//! A full disk and failing input or output: refused, never acknowledged, reading goes on, and it heals by itself.

use std::io::ErrorKind;

use forsat_store::{Store, StoreError};

use crate::disk::{Fault, Target};
use crate::support::{Place, document, hash, save_edit};

/// Saves three edits, lets the disk fail from change `after` of the fourth on, and answers what became of it.
fn fourth_edit(
    place: &Place,
    target: Target,
    after: u64,
    error: ErrorKind,
) -> (Store, Result<(), StoreError>) {
    let store = place.create().unwrap();
    for change in 0..3 {
        store.write(|tx| save_edit(tx, 1, change)).unwrap();
    }
    place.disk.inject(Fault { target, after, times: u64::MAX, error });
    let saved = store.write(|tx| save_edit(tx, 1, 3));
    (store, saved)
}

fn reads_three(store: &Store, what: &str) {
    let tx = store.read().unwrap_or_else(|error| panic!("{what}: {error}"));
    for change in 0..3 {
        assert!(tx.chunk(&document(1), &hash(change)).unwrap().is_some(), "{what}: {change}");
    }
}

#[test]
fn a_full_disk_is_refused_and_forgotten_once_there_is_space() {
    for target in [Target::Write, Target::SetLen] {
        for after in 0..40 {
            let what = format!("{target:?} fails after {after}");
            let place = Place::new();
            let (store, saved) = fourth_edit(&place, target, after, ErrorKind::StorageFull);
            if let Err(error) = &saved {
                assert!(matches!(error, StoreError::DiskFull(_)), "{what}: {error}");
                assert!(error.is_retryable());
            }
            reads_three(&store, &what);
            let again: Result<(), StoreError> = store.write(|tx| save_edit(tx, 2, 4));
            assert!(saved.is_ok() || target != Target::Write || again.is_err(), "{what}");
            reads_three(&store, &what);
            place.disk.mend();
            store.write(|tx| save_edit(tx, 2, 5)).unwrap_or_else(|error| panic!("{what}: {error}"));
            reads_three(&store, &what);
            let tx = store.read().unwrap();
            assert!(tx.chunk(&document(2), &hash(5)).unwrap().is_some(), "{what}");
            let kept = tx.chunk(&document(1), &hash(3)).unwrap().is_some();
            assert!(kept || saved.is_err(), "{what}: an acknowledged edit is gone");
            drop(tx);
            assert!(store.check_integrity().unwrap().problems.is_empty(), "{what}");
        }
    }
}

#[test]
fn a_file_that_may_not_grow_is_a_full_disk() {
    let place = Place::new();
    let store = place.create().unwrap();
    store.write(|tx| save_edit(tx, 1, 0)).unwrap();
    place.disk.set_capacity(place.disk.image().len());
    let large = vec![7; 300_000];
    let grow = |store: &Store| store.write(|tx| tx.set_client_value("large", &large));
    assert!(matches!(grow(&store), Err(StoreError::DiskFull(_))));
    assert!(store.read().unwrap().chunk(&document(1), &hash(0)).unwrap().is_some());
    assert!(matches!(grow(&store), Err(StoreError::DiskFull(_))));
    place.disk.mend();
    grow(&store).unwrap();
    assert_eq!(store.read().unwrap().client_value("large").unwrap(), Some(large.clone()));
}

#[test]
fn a_failed_read_is_an_error_once() {
    let place = Place::new();
    let store = place.create().unwrap();
    store.write(|tx| save_edit(tx, 1, 0)).unwrap();
    drop(store);
    let store = place.open().unwrap();
    place.disk.inject(Fault { target: Target::Read, after: 0, times: 1, error: ErrorKind::Other });
    let first = store.read().and_then(|tx| tx.chunk(&document(1), &hash(0)).map(drop));
    assert!(first.is_ok() || first.is_err_and(|error| error.is_retryable()));
    assert!(store.read().unwrap().chunk(&document(1), &hash(0)).unwrap().is_some());
    store.write(|tx| save_edit(tx, 1, 1)).unwrap();
}

#[test]
fn a_failed_sync_ends_the_store_until_it_is_opened_anew() {
    for after in 0..8 {
        let place = Place::new();
        let (store, saved) = fourth_edit(&place, Target::Sync, after, ErrorKind::Other);
        let Err(error) = saved else {
            assert!(after > 0);
            continue;
        };
        assert!(matches!(error, StoreError::SyncFailed) && !error.is_retryable(), "{error}");
        place.disk.mend();
        assert!(matches!(store.read().map(drop), Err(StoreError::SyncFailed)));
        assert!(matches!(store.write(|tx| save_edit(tx, 1, 4)), Err(StoreError::SyncFailed)));
        drop(store);
        let found = place.after_power_loss(after);
        let store = found.open().unwrap();
        reads_three(&store, "after a failed sync");
        store.write(|tx| save_edit(tx, 1, 4)).unwrap();
    }
}
