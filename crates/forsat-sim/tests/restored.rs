//! An old backup in the place of the relay's store: said by every device that misses something, and never a loop.

use forsat_sim::plan::{BEGIN_MS, Fault, Plan};
use forsat_sim::world::{Broken, World};

/// In how many worlds the relay is restored.
const WORLDS: u64 = 12;

#[test]
fn a_relay_restored_from_an_old_backup_is_reported_and_nobody_runs_in_circles() {
    let (mut losses, mut said) = (0, 0);
    for seed in 1..=WORLDS {
        let mut plan = Plan::of(seed).without_faults();
        let middle_ms = BEGIN_MS + (plan.heal_at_ms - BEGIN_MS) / 3;
        plan.faults = vec![(middle_ms, Fault::RelayBackup), (middle_ms + 25_000, Fault::RelayRestore(1_000))];
        plan.heal_at_ms = plan.heal_at_ms.max(middle_ms + 40_000);
        let mut world = World::new(plan, &Broken::default(), false).unwrap();
        let outcome = world.run_restored();
        assert_eq!(outcome.violation, None, "seed {seed}");
        let count = |what: &str| outcome.sights.0.get(what).copied().unwrap_or_default();
        losses += count("losses after a restore");
        said += count("losses that were said");
    }
    assert!(losses > 0, "no restore has lost anything");
    assert_eq!(losses, said);
}
