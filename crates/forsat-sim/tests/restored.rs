//! An old backup in the place of the relay's store: it gets back what any device holds, and nobody runs in circles.

use forsat_sim::disk::{Fault as DiskFault, Target};
use forsat_sim::plan::{BEGIN_MS, Fault, Plan};
use forsat_sim::world::{Broken, Outcome, World};
use std::io::ErrorKind;

/// In how many worlds the relay is restored.
const WORLDS: u64 = 12;

/// How long the relay takes to come back with the store that was restored.
const DOWN_MS: u64 = 1_000;

/// A world without other faults in which the relay is set back to a backup, with more faults from that moment on.
fn restored(seed: u64, more: impl Fn(u64, usize) -> Vec<(u64, Fault)>) -> Outcome {
    let mut plan = Plan::of(seed).without_faults();
    let middle_ms = BEGIN_MS + (plan.heal_at_ms - BEGIN_MS) / 3;
    let restore_ms = middle_ms + 25_000;
    plan.faults = vec![(middle_ms, Fault::RelayBackup), (restore_ms, Fault::RelayRestore(DOWN_MS))];
    plan.faults.extend(more(restore_ms, plan.devices.len()));
    plan.heal_at_ms = plan.heal_at_ms.max(middle_ms + 40_000);
    let outcome = World::new(plan, &Broken::default(), false).unwrap().run();
    assert_eq!(outcome.violation, None, "seed {seed}");
    outcome
}

fn count(outcome: &Outcome, what: &str) -> u64 {
    outcome.sights.0.get(what).copied().unwrap_or_default()
}

#[test]
fn a_relay_restored_from_an_old_backup_gets_back_what_devices_hold() {
    let mut back = 0;
    for seed in 1..=WORLDS {
        let outcome = restored(seed, |_, _| Vec::new());
        assert_eq!(
            count(&outcome, "devices thrown out"),
            1,
            "seed {seed}: and stays out, as the world checks"
        );
        back += count(&outcome, "changes that came back to the relay");
    }
    assert!(back > 0, "no restore has lost anything");
}

#[test]
fn healing_that_a_disk_interrupts_is_done_later_and_ends_no_sync() {
    let mut back = 0;
    for seed in 1..=WORLDS {
        // From the moment in which the restored relay is met, nothing can be written on any device for some seconds.
        let fails =
            DiskFault { target: Target::Write, after: 0, times: u64::MAX, error: ErrorKind::StorageFull };
        let outcome = restored(seed, |restore_ms, devices| {
            let fail = |device| (restore_ms + DOWN_MS / 2, Fault::DeviceDisk(device, fails, 8_000));
            (0..devices).map(fail).collect()
        });
        assert_eq!(count(&outcome, "syncs that a disk has ended"), 0, "seed {seed}");
        back += count(&outcome, "changes that came back to the relay");
    }
    assert!(back > 0, "no restore has lost anything");
}

#[test]
fn what_a_restored_relay_forgot_of_a_move_is_mended_by_moving_the_record_again() {
    let (mut forgot, mut again) = (0, 0);
    for seed in 1..=WORLDS {
        let mut plan = Plan::of(seed).without_faults();
        let middle_ms = BEGIN_MS + (plan.heal_at_ms - BEGIN_MS) / 3;
        plan.faults = vec![(middle_ms, Fault::RelayBackup)];
        plan.faults.extend((1..12).map(|number| (middle_ms + number * 2_000, Fault::MoveElsewhere)));
        plan.faults.push((middle_ms + 25_000, Fault::RelayRestore(DOWN_MS)));
        plan.heal_at_ms = plan.heal_at_ms.max(middle_ms + 40_000);
        let outcome = World::new(plan, &Broken::default(), false).unwrap().run();
        assert_eq!(outcome.violation, None, "seed {seed}");
        forgot += count(&outcome, "moves that a restored relay forgot");
        again += count(&outcome, "records moved again");
    }
    assert!(forgot > 0 && again > 0, "{forgot} moves were forgotten, {again} records moved again");
}

#[test]
fn a_relay_whose_store_was_lost_is_filled_again_by_whoever_comes() {
    let mut back = 0;
    for seed in 1..=WORLDS {
        let mut plan = Plan::of(seed).without_faults();
        let lost_ms = BEGIN_MS + (plan.heal_at_ms - BEGIN_MS) / 2;
        plan.faults = vec![(lost_ms, Fault::RelayLost(DOWN_MS))];
        let outcome = World::new(plan, &Broken::default(), false).unwrap().run();
        assert_eq!(outcome.violation, None, "seed {seed}");
        assert_eq!(count(&outcome, "relay made anew"), 1, "seed {seed}");
        back += count(&outcome, "changes that came back to the relay");
    }
    assert!(back > 100, "only {back} changes came back");
}
