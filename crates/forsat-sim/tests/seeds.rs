//! Many worlds, one a seed; what all of them together reach; seeds that once broke a promise.

use forsat_sim::plan::Plan;
use forsat_sim::workload::KINDS;
use forsat_sim::world::{Broken, Outcome, Sights, run};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many seeds are run unless `FORSAT_SIM_SEEDS` says otherwise.
const SEEDS: u64 = 300;
/// How many broken seeds are named.
const SHOWN_MAX: usize = 20;
/// How many worlds run at once.
const THREADS: usize = 2;

/// What so many worlds must have come across, each kind at least once; a world in which nothing happens shows nothing.
/// Every kind of edit, [`KINDS`], must have been saved besides.
const MUST_BE_SEEN: [&str; 60] = [
    // What goes wrong.
    "fault: Cut",
    "fault: Stall",
    "fault: Partition",
    "fault: RelayPartition",
    "fault: RelayKill",
    "fault: RelayDrain",
    "fault: RelayPower",
    "fault: RelayDisk",
    "fault: RelayFull",
    "fault: RelayClock",
    "fault: DeviceKill",
    "fault: DevicePower",
    "fault: DeviceDisk",
    "fault: DeviceFull",
    "fault: DeviceBackup",
    "fault: DeviceRestore",
    "fault: RelayBackup",
    "fault: RelayRestore",
    "fault: RelayLost",
    "fault: Clock",
    "fault: Demote",
    "fault: Move",
    "fault: MoveElsewhere",
    "fault: Erase",
    // What it comes to.
    "relay killed",
    "relay lost power",
    "relay lost power while it started",
    "relay ended by itself",
    "device killed",
    "device lost power",
    "device lost power while it started",
    "device ended after a failed sync",
    "device set back to a backup",
    "relay set back to a backup",
    "relay made anew",
    "commands that the disk refused",
    "relay closes: draining",
    "relay closes: handshake_timeout",
    "relay closes: idle_timeout",
    "issue: Store",
    "issue: UnknownEcho",
    "issue: CursorInvalid",
    // What becomes of changes.
    "put off: unavailable",
    "put off: missing_deps",
    "refused: forbidden",
    "refused: actor_forked",
    "changes authored anew",
    "changes that came back to the relay",
    "changes kept as refused",
    "put off: home_is",
    "refused: erased",
    "saved changes that an erasure took",
    // What becomes of records.
    "records asked to move",
    "records moved elsewhere",
    "records erased",
    "erased at the end",
    "moves that a restored relay forgot",
    "records moved again",
    // What there is to compare.
    "issues at the end",
    "reports compared",
];

#[expect(clippy::disallowed_methods, reason = "a test is told by the environment how many seeds to run")]
fn from_environment(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn run_seed(seed: u64) -> Outcome {
    let ran = catch_unwind(AssertUnwindSafe(|| run(Plan::of(seed), &Broken::default(), false)));
    ran.unwrap_or_else(|_| Outcome {
        seed,
        violation: Some("a panic".to_owned()),
        virtual_ms: 0,
        converged_ms: 0,
        sights: Sights::default(),
    })
}

#[test]
fn seeds() {
    let count = from_environment("FORSAT_SIM_SEEDS", SEEDS);
    let first = from_environment("FORSAT_SIM_FIRST", 1);
    let next = AtomicU64::new(first);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        break;
                    }
                    let outcome = run_seed(seed);
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner).push(outcome);
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    outcomes.sort_by_key(|outcome| outcome.seed);
    report(&outcomes);
    let broken: Vec<_> = outcomes.iter().filter(|outcome| outcome.violation.is_some()).collect();
    for outcome in broken.iter().take(SHOWN_MAX) {
        println!(
            "seed {}: {}\n    cargo run -p forsat-sim --bin forsat-sim -- --seed {}",
            outcome.seed,
            outcome.violation.as_deref().unwrap_or_default(),
            outcome.seed
        );
    }
    assert!(broken.is_empty(), "{} of {count} seeds break a promise", broken.len());
    if count >= SEEDS {
        let seen =
            |what: &&str| outcomes.iter().any(|outcome| outcome.sights.0.get(*what).is_some_and(|n| *n > 0));
        let saved: Vec<String> = KINDS.iter().map(|kind| format!("saved: {kind}")).collect();
        let wanted = MUST_BE_SEEN.into_iter().chain(saved.iter().map(String::as_str));
        let missing: Vec<_> = wanted.filter(|what| !seen(what)).collect();
        assert!(missing.is_empty(), "no world has come across {missing:?}");
    }
}

fn report(outcomes: &[Outcome]) {
    let mut sums = Sights::default();
    for outcome in outcomes {
        for (what, times) in &outcome.sights.0 {
            sums.add(what, *times);
        }
    }
    for (what, times) in &sums.0 {
        println!("{times:>9}  {what}");
    }
    let virtual_s: u64 = outcomes.iter().map(|outcome| outcome.virtual_ms / 1_000).sum();
    let slowest = outcomes.iter().map(|outcome| outcome.converged_ms).max().unwrap_or_default();
    println!(
        "{} seeds, {virtual_s} s of the world, level {slowest} ms after healing at the latest",
        outcomes.len()
    );
}
