//! Disks that fail at each of the first operations: refused, never acked, reads go on, recovers without a restart; a
//! failed sync ends the program.

use crate::support::{accounts, add_account, device, enrol, push, relay, unsent};
use forsat_client::ClientError;
use forsat_relay::store::StoreError;
use forsat_sim::audit;
use forsat_sim::disk::{Fault, Target};
use std::io::ErrorKind;

/// At how many operations it is tried.
const OPERATIONS: u64 = 40;

fn faults() -> impl Iterator<Item = Fault> {
    let kinds = [
        (Target::Change, ErrorKind::Other),
        (Target::Change, ErrorKind::StorageFull),
        (Target::Read, ErrorKind::Other),
    ];
    let all = kinds.into_iter().flat_map(|(target, error)| {
        (0..OPERATIONS).map(move |after| Fault { target, after, times: 1, error })
    });
    all.chain((0..4).map(|after| Fault { target: Target::Sync, after, times: 1, error: ErrorKind::Other }))
}

#[test]
fn a_device_refuses_what_its_disk_refuses_and_goes_on() {
    let (mut failed, mut ended) = (0, 0);
    for fault in faults() {
        let mut device = device(1);
        let engine = device.engine().unwrap().clone();
        add_account(&engine, "before").unwrap();
        device.disk().inject(fault);
        let saved = add_account(&engine, "under way");
        let hit = device.disk().has_failed();
        assert!(hit || saved.is_ok(), "{fault:?}: {saved:?} though nothing failed");
        let mut expected = vec!["before".to_owned()];
        if saved.is_ok() {
            expected.push("under way".to_owned());
        }
        failed += u64::from(saved.is_err());
        if device.disk().has_failed_sync() {
            ended += 1;
            assert!(saved.is_err(), "{fault:?}: saved, though the sync failed");
            let after = add_account(&engine, "after");
            let ends = matches!(&after, Err(ClientError::Store(forsat_store::StoreError::SyncFailed)));
            assert!(ends, "{fault:?}: the program goes on after a failed sync: {after:?}");
        } else {
            device.disk().mend();
            let seen = accounts(&engine).unwrap_or_else(|error| panic!("{fault:?}: reading: {error}"));
            assert!(seen.contains(&"before".to_owned()), "{fault:?}: {seen:?}");
            add_account(&engine, "after").unwrap_or_else(|error| panic!("{fault:?}: no recovery: {error}"));
            expected.push("after".to_owned());
        }
        drop(engine);
        device.lose_power();
        device.start().unwrap_or_else(|error| panic!("{fault:?}: starting again: {error}"));
        let kept = accounts(device.engine().unwrap()).unwrap();
        let lost = expected.iter().find(|name| !kept.contains(name));
        assert!(lost.is_none(), "{fault:?}: {lost:?} was saved and is lost");
    }
    assert!(failed > 20 && ended > 0, "the faults hit nothing: {failed} failed, {ended} ended");
}

#[test]
fn a_device_reads_on_while_its_disk_takes_nothing() {
    for after in 0..OPERATIONS {
        let device = device(2);
        let engine = device.engine().unwrap().clone();
        add_account(&engine, "before").unwrap();
        device.disk().inject(Fault {
            target: Target::Write,
            after,
            times: u64::MAX,
            error: ErrorKind::StorageFull,
        });
        let saved = add_account(&engine, "under way");
        let seen = accounts(&engine).unwrap_or_else(|error| panic!("after {after} writes: reading: {error}"));
        assert!(seen.contains(&"before".to_owned()));
        assert!(saved.is_err() || seen.len() == 2, "after {after} writes: saved and not shown");
    }
}

#[test]
fn a_relay_refuses_what_its_disk_refuses_and_goes_on() {
    let writer = device(3);
    add_account(writer.engine().unwrap(), "one").unwrap();
    add_account(writer.engine().unwrap(), "two").unwrap();
    let changes = unsent(writer.engine().unwrap());
    let (mut failed, mut ended) = (0, 0);
    for fault in faults() {
        let mut relay = relay(3);
        let device = enrol(&mut relay, &writer);
        let space = relay.spaces().unwrap().into_iter().find(|space| space.name == "Tehran").unwrap().id;
        relay.disk().inject(fault);
        let acked = push(relay.store().unwrap(), device, space, &changes, 1_000);
        failed += u64::from(acked.is_err());
        let again = match &acked {
            Err(StoreError::SyncFailed(_)) => {
                ended += 1;
                relay.lose_power();
                relay.start().unwrap_or_else(|error| panic!("{fault:?}: starting again: {error}"));
                push(relay.store().unwrap(), device, space, &changes, 2_000)
            }
            _ => {
                assert!(!relay.disk().has_failed_sync(), "{fault:?}: the relay goes on after a failed sync");
                relay.disk().mend();
                relay.spaces().unwrap_or_else(|error| panic!("{fault:?}: reading: {error}"));
                push(relay.store().unwrap(), device, space, &changes, 60_000)
            }
        };
        let again = again.unwrap_or_else(|error| panic!("{fault:?}: no recovery: {error}"));
        assert!(again.iter().all(|acked| *acked), "{fault:?}: {again:?}");
        relay.lose_power();
        relay.start().unwrap();
        let feeds = audit::feeds(&relay).unwrap_or_else(|error| panic!("{fault:?}: {error}"));
        let held = feeds[&space].hashes();
        let lost = changes.iter().find(|change| !held.contains(&(change.document, change.hash)));
        assert!(lost.is_none(), "{fault:?}: an acked change is lost");
    }
    assert!(failed > 10 && ended > 0, "the faults hit nothing: {failed} failed, {ended} ended");
}

#[test]
fn an_ack_outlives_a_power_loss_at_every_change_of_the_disk() {
    let writer = device(4);
    for name in ["one", "two", "three"] {
        add_account(writer.engine().unwrap(), name).unwrap();
    }
    let changes = unsent(writer.engine().unwrap());
    let mut survived = 0;
    for after in 0..OPERATIONS {
        let mut relay = relay(4 + after);
        let device = enrol(&mut relay, &writer);
        let space = relay.spaces().unwrap().into_iter().find(|space| space.name == "Tehran").unwrap().id;
        relay.disk().lose_power_at(relay.disk().changes() + after);
        let acked = push(relay.store().unwrap(), device, space, &changes, 1_000);
        relay.lose_power();
        relay.start().unwrap_or_else(|error| panic!("after {after}: {error}"));
        let feeds = audit::feeds(&relay).unwrap_or_else(|error| panic!("after {after}: {error}"));
        if acked.is_ok() {
            survived += 1;
            assert_eq!(feeds[&space].changes.len(), changes.len(), "after {after}: an acked change is lost");
        }
    }
    assert!(survived > 0 && survived < OPERATIONS, "{survived} of {OPERATIONS}");
}
