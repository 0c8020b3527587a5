//! What a device brings back and the relay doesn't take at once.

use super::*;

/// A device that is online with a relay that has lost its only change in the north, and puts it off.
fn put_off(code: Code) -> World {
    let mut world = world();
    edits(&mut world, 0, 1, "kept");
    at_rest(&mut world);
    let entry = world.relay.spaces.get_mut(&space(NORTH)).unwrap().feed.remove(0);
    world.relay.put_off.insert(hash_of(&entry.bytes), code);
    world.relay.epochs = BTreeSet::from([Epoch::new(6)]);
    world.start(0, false);
    world.run();
    world
}

/// When the device began walks, in milliseconds after the first.
fn walks(world: &mut World, for_ms: u64) -> Vec<u64> {
    let begun = |world: &World| {
        world.nodes[0].events.iter().filter(|event| matches!(event, SyncEvent::Healing { .. })).count()
    };
    let (from_ms, mut times) = (world.now_ms, vec![0; begun(world)]);
    while world.now_ms < from_ms + for_ms {
        world.wait_until(world.now_ms + 1_000);
        times.resize(begun(world), world.now_ms - from_ms);
    }
    times
}

#[test]
fn what_a_quota_stands_against_is_reported_and_not_brought_in_a_loop() {
    let mut world = put_off(Code::new("quota_bytes"));
    let refused = |issue: &SyncIssue| matches!(issue, SyncIssue::RefillRefused { changes: 1, code, .. } if code.as_str() == "quota_bytes");
    assert!(world.nodes[0].issues.iter().any(refused), "{:?}", world.nodes[0].issues);
    let times = walks(&mut world, 600_000);
    assert!(times.len() < 8, "{times:?}");
    world.relay.put_off.clear();
    world.wait_until(world.now_ms + 3_600_000);
    assert_eq!(world.relay.spaces[&space(NORTH)].feed.len(), 1, "it is brought back when there is room");
}

#[test]
fn what_the_relay_puts_off_is_brought_ever_more_seldom() {
    let mut world = put_off(code::OVERLOADED);
    assert_eq!(walks(&mut world, 200_000), [0, 5_000, 15_000, 35_000, 75_000, 155_000]);
    world.relay.put_off.clear();
    world.wait_until(world.now_ms + 200_000);
    assert_eq!(world.relay.spaces[&space(NORTH)].feed.len(), 1);
}
