//! What the two machines promise together.

mod refills;

use super::relay::user;
use super::*;
use crate::client::SyncIssue;
use crate::code::{self, Code};
use crate::control::ControlHead;
use crate::frame::{Role, ToRelay};
use crate::id::{ControlHash, Epoch};
use crate::identity::{InviteSecret, RelayKey};
use crate::relay::StorageRequest;

const NORTH: u8 = 1;
const SOUTH: u8 = 2;

/// Two users with a device each; both write in the north, the second reads in the south.
fn world() -> World {
    let mut world = World::new();
    world.relay.add_space(space(NORTH), "north", &[(1, Role::Rep), (2, Role::Rep)]);
    world.relay.add_space(space(SOUTH), "south", &[(1, Role::Manager), (2, Role::Viewer)]);
    world.add_device(1);
    world.add_device(2);
    world
}

fn edits(world: &mut World, node: usize, count: u8, text: &str) {
    for number in 0..count {
        let bytes = format!("{text} {number} {}", "x".repeat(120)).into_bytes();
        world.nodes[node].store.edit(space(NORTH), document(number), &bytes);
    }
}

fn converged(world: &World) {
    let at_relay: BTreeSet<_> =
        world.relay.spaces[&space(NORTH)].feed.iter().map(|entry| entry.bytes.clone()).collect();
    for node in &world.nodes {
        assert_eq!(node.store.held(space(NORTH)), at_relay);
        assert!(node.store.outbox.is_empty());
    }
}

#[test]
fn changes_go_from_device_to_relay_to_device() {
    let mut world = world();
    edits(&mut world, 0, 20, "first");
    edits(&mut world, 1, 20, "second");
    assert!(world.sync(0).unwrap().synced);
    assert!(world.sync(1).unwrap().synced);
    let status = world.sync(0).unwrap();
    assert!(status.synced && status.received == 20, "{status:?}");
    converged(&world);
    assert_eq!(world.nodes[0].issues, []);
}

#[test]
fn live_connections_pass_changes_on_at_once() {
    let mut world = world();
    world.start(0, false);
    world.start(1, false);
    world.run();
    edits(&mut world, 0, 3, "live");
    world.tell_device(0, Told::OutboxChanged);
    world.run();
    converged(&world);
    assert!(world.nodes.iter().all(|node| node.status().synced));
    let settled = |node: &Node| node.events.iter().filter(|e| matches!(e, SyncEvent::Settled(_))).count();
    assert_eq!(settled(&world.nodes[0]), 2, "once when it came online, once after the edits");
}

/// Brings both sides to rest and reconnects once, so that nothing is left to be told.
fn at_rest(world: &mut World) {
    for node in [0, 1, 0] {
        world.sync(node).unwrap();
    }
}

fn reconnect(world: &mut World) -> (usize, usize, usize) {
    world.start(0, false);
    // A copy of the control log that is level; of a count that is larger than any.
    let head = ControlHead { count: u64::from(u32::MAX), hash: ControlHash::of(b"the last entry") };
    world.nodes[0].machine.as_mut().unwrap().know_control(head);
    let hello = world.nodes[0].wire.as_ref().unwrap().down_bytes;
    world.run();
    assert!(world.nodes[0].status().synced);
    let wire = world.nodes[0].wire.as_ref().unwrap();
    (wire.up_bytes, wire.down_bytes - hello, wire.frames)
}

#[test]
fn a_reconnect_with_nothing_changed_stays_within_its_budget_and_one_round_trip() {
    for spaces in [1, 2, 20] {
        let mut world = world();
        for number in 2..spaces {
            let roles = [(1, Role::Rep), (2, Role::Rep)];
            world.relay.add_space(space(number + 1), "a territory with a long name, در شمال", &roles);
        }
        if spaces == 1 {
            world.relay.spaces.remove(&space(SOUTH));
        }
        edits(&mut world, 0, 40, "first");
        edits(&mut world, 1, 40, "second");
        at_rest(&mut world);
        let (up, down, frames) = reconnect(&mut world);
        let budget = 256 + 100 * usize::from(spaces);
        println!("{spaces} spaces: {up} B up, {down} B down of {budget} B");
        assert!(up + down <= budget, "{up} + {down} > {budget}");
        // The hello; auth, the end of the control log and a pull a space; the welcome and a page a space.
        assert_eq!(frames, 2 + 2 * (1 + usize::from(spaces)));
    }
}

#[test]
fn everything_that_a_device_asks_goes_out_before_the_welcome_comes() {
    let mut world = world();
    at_rest(&mut world);
    edits(&mut world, 0, 3, "offline");
    world.start(0, false);
    // Connected, the outbox loaded, the hello arrives: all that follows is the device's own doing.
    while world.nodes[0].wire.as_ref().unwrap().up.is_empty() {
        assert!(world.step(0));
    }
    let sent: Vec<_> = world.nodes[0].wire.as_ref().unwrap().up.iter().cloned().collect();
    let frames: Vec<_> = sent.iter().map(|bytes| ToRelay::decode(bytes, 1 << 20).unwrap()).collect();
    assert!(
        matches!(frames[..], [ToRelay::Auth(_), ToRelay::Pull(_), ToRelay::Pull(_), ToRelay::Push(_)]),
        "{frames:?}"
    );
}

#[test]
fn a_reconnect_costs_bytes_in_proportion_to_what_changed() {
    for count in [1, 20, 60] {
        let mut world = world();
        edits(&mut world, 0, 60, "before");
        at_rest(&mut world);
        edits(&mut world, 0, count, "office");
        edits(&mut world, 1, count, "field");
        world.sync(1).unwrap();
        let changed: usize =
            world.nodes[0].store.outbox.values().map(|item| item.bytes.len()).sum::<usize>() * 2;
        let (up, down, _) = reconnect(&mut world);
        println!("{count} changes a side: {up} B up, {down} B down, {changed} B of chunks");
        assert!(up + down <= 2 * changed + 1024, "{up} + {down} > 2 × {changed} + 1024");
        assert_eq!(world.nodes[0].store.held(space(NORTH)).len(), 60 + 2 * usize::from(count));
    }
}

#[test]
fn a_connection_lost_after_any_frame_loses_nothing() {
    let mut cuts = 0;
    for limit in 0.. {
        let mut world = world();
        world.client_limits.push_bytes_max = 400;
        world.client_limits.push_window_bytes = 1_000;
        world.client_limits.early_window_bytes = 500;
        edits(&mut world, 1, 4, "other");
        world.sync(1).unwrap();
        edits(&mut world, 0, 8, "mine");
        world.cut_after = Some(limit);
        world.sync(0).unwrap();
        world.sync(1).unwrap();
        world.sync(0).unwrap();
        converged(&world);
        let feed = &world.relay.spaces[&space(NORTH)].feed;
        assert_eq!(feed.len(), 12, "nothing was appended twice");
        for hash in &world.nodes[0].store.acked {
            assert!(feed.iter().any(|entry| hash_of(&entry.bytes) == *hash));
        }
        if world.cut_after.is_some() {
            break;
        }
        cuts += 1;
    }
    assert!(cuts > 15, "only {cuts} frames were exchanged");
}

#[test]
fn an_ack_that_was_lost_comes_back_as_an_echo() {
    let mut world = world();
    at_rest(&mut world);
    edits(&mut world, 0, 1, "once");
    world.start(0, false);
    while world.relay.spaces[&space(NORTH)].feed.is_empty() {
        world.step(0);
    }
    world.cut(0);
    world.run();
    assert_eq!(world.nodes[0].store.outbox.len(), 1, "the ack was lost");
    world.relay.put_off.insert(
        *world.nodes[0].store.outbox.values().map(|item| &item.hash).next().unwrap(),
        code::OVERLOADED,
    );
    world.sync(0).unwrap();
    assert!(world.nodes[0].store.outbox.is_empty(), "the echo alone settles it");
    world.sync(1).unwrap();
    converged(&world);
}

#[test]
fn two_connections_of_one_device_append_once() {
    let mut world = world();
    let twin = world.add_stranger();
    world.nodes[twin].seed = world.nodes[0].seed;
    edits(&mut world, 0, 5, "same");
    edits(&mut world, twin, 5, "same");
    world.start(0, false);
    world.start(twin, false);
    world.run();
    assert_eq!(world.relay.spaces[&space(NORTH)].feed.len(), 5);
    assert!(world.nodes[0].status().synced && world.nodes[twin].status().synced);
}

#[test]
fn an_impostor_gets_not_one_byte() {
    let mut world = world();
    edits(&mut world, 0, 1, "secret");
    let pinned = RelayKey::from_seed(&[77; 32]).relay_id();
    let purpose = Purpose::Sync { known: world.nodes[0].store.known(), once: false };
    world.start_with(0, purpose, pinned);
    world.run();
    assert_eq!(world.nodes[0].stopped, Some(Err(ClientError::Impostor { pinned })));
    assert!(world.relay.questions.is_empty());
}

#[test]
fn unknown_and_revoked_devices_hear_which_they_are() {
    let mut world = world();
    let stranger = world.add_stranger();
    let refused = |world: &mut World, node| match world.sync(node) {
        Err(ClientError::Refused { code, .. }) => code,
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&mut world, stranger), code::UNKNOWN_DEVICE);
    let id = world.key(0).device_id();
    world.relay.devices.get_mut(&id).unwrap().revoked = true;
    assert_eq!(refused(&mut world, 0), code::DEVICE_REVOKED);
    // Somebody who knows the id of a device but not its key learns nothing of its standing.
    world.relay.devices.get_mut(&id).unwrap().key = world.key(1).public();
    assert_eq!(refused(&mut world, 0), code::BAD_SIGNATURE);
}

#[test]
fn revoking_a_device_closes_its_connection() {
    let mut world = world();
    world.start(0, false);
    world.run();
    let id = world.key(0).device_id();
    world.relay.devices.get_mut(&id).unwrap().revoked = true;
    world.tell_relay(0, Input::AccessChanged);
    world.run();
    assert!(
        matches!(&world.nodes[0].stopped, Some(Err(ClientError::Refused { code, .. })) if *code == code::DEVICE_REVOKED)
    );
}

#[test]
fn a_viewer_cannot_write_and_a_stranger_sees_no_difference_to_nothing() {
    let mut world = world();
    world.relay.add_space(space(3), "hidden", &[(1, Role::Rep)]);
    let store = &mut world.nodes[1].store;
    store.edit(space(SOUTH), document(1), b"as a viewer");
    store.edit(space(3), document(2), b"into a hidden space");
    store.edit(space(4), document(2), b"into a space that isn't there");
    assert!(world.sync(1).unwrap().synced);
    let refused = &world.nodes[1].store.refused;
    let codes: Vec<_> = refused.iter().map(|(code, _)| code.clone()).collect();
    assert_eq!(codes, [code::FORBIDDEN, code::UNKNOWN_SPACE, code::UNKNOWN_SPACE]);
    assert_eq!(refused[1], refused[2]);
    assert!(refused.iter().all(|(_, message)| !message.is_empty()));
    assert!(world.relay.spaces.values().all(|space| space.feed.is_empty()));
    let appends =
        world.relay.questions.iter().filter(|q| matches!(q, crate::relay::StorageRequest::Append(_)));
    assert_eq!(appends.count(), 0, "the machine refuses before storage is asked");
}

#[test]
fn an_invite_is_redeemed_once_and_survives_a_lost_answer() {
    let mut world = world();
    let secret = InviteSecret::from_bytes([4; 16]);
    world.relay.invites.insert(secret.hash(), (user(2), None));
    let node = world.add_stranger();
    let purpose = |_: &World| Purpose::Enrol {
        secret: secret.clone(),
        device_name: "Field tablet".into(),
        proposed_user: None,
    };
    let relay = world.relay.key.relay_id();
    edits(&mut world, node, 2, "made before joining");
    world.start_with(node, purpose(&world), relay);
    while world.relay.devices.len() == 2 {
        world.step(node);
    }
    world.cut(node);
    world.run();
    world.advance_to_deadline();
    world.run();
    assert!(matches!(world.nodes[node].stopped, Some(Ok(_))));
    let (_, _, spaces) = world.nodes[node].store.directory.clone().unwrap();
    assert_eq!(spaces.len(), 2);
    assert!(world.relay.spaces[&space(NORTH)].feed.is_empty(), "nothing is sent before the user has seen it");
    assert!(world.sync(node).unwrap().synced);
    let other = world.add_stranger();
    world.start_with(other, purpose(&world), relay);
    world.run();
    assert!(
        matches!(&world.nodes[other].stopped, Some(Err(ClientError::Refused { code, .. })) if *code == code::INVITE_INVALID)
    );
}

#[test]
fn what_is_put_off_stays_and_is_tried_again() {
    let mut world = world();
    edits(&mut world, 0, 2, "waits");
    let hash = world.nodes[0].store.outbox.values().next().unwrap().hash;
    world.relay.put_off.insert(hash, code::MISSING_DEPS);
    world.start(0, false);
    world.run();
    let status = world.nodes[0].status();
    assert!(status.settled && !status.synced && status.put_off == 1, "{status:?}");
    assert_eq!(world.nodes[0].store.outbox.len(), 1);
    world.relay.put_off.clear();
    world.advance(5_000);
    world.run();
    assert!(world.nodes[0].status().synced);
    assert!(world.nodes[0].store.outbox.is_empty());
}

#[test]
fn a_refused_change_leaves_the_outbox_with_its_reason() {
    let mut world = world();
    edits(&mut world, 0, 3, "some");
    let hash = world.nodes[0].store.outbox.values().nth(1).unwrap().hash;
    let forked = Code::new("actor_forked");
    world.relay.refused.insert(hash, forked.clone());
    assert!(world.sync(0).unwrap().synced);
    assert_eq!(world.nodes[0].store.refused, [(forked, "not this one".to_owned())]);
    assert_eq!(world.relay.spaces[&space(NORTH)].feed.len(), 2);
}

#[test]
fn a_relay_store_that_is_new_is_read_again_from_its_beginning() {
    let mut world = world();
    edits(&mut world, 0, 3, "kept");
    at_rest(&mut world);
    world.relay.epochs = BTreeSet::from([Epoch::new(5)]);
    assert!(world.sync(1).unwrap().synced);
    let invalid = |s| SyncIssue::CursorInvalid { space: space(s) };
    assert_eq!(world.nodes[1].issues, [invalid(NORTH), invalid(SOUTH)]);
    assert_eq!(world.nodes[1].store.cursors[&space(NORTH)].epoch, Epoch::new(5));
    world.nodes[1].issues.clear();
    assert!(world.sync(1).unwrap().synced);
    assert_eq!(world.nodes[1].issues, []);
    converged(&world);
}

#[test]
fn a_root_that_differs_is_reported_once_and_starts_no_loop() {
    let mut world = world();
    at_rest(&mut world);
    world.relay.lies = true;
    world.start(0, false);
    world.run();
    edits(&mut world, 1, 3, "more");
    world.sync(1).unwrap();
    world.run();
    let mismatches = |world: &World| {
        let issues = world.nodes[0].issues.iter();
        issues
            .filter(|issue| matches!(issue, SyncIssue::DigestMismatch { space: s, .. } if *s == space(NORTH)))
            .count()
    };
    assert_eq!(mismatches(&world), 1);
    assert_eq!(world.nodes[0].store.held(space(NORTH)).len(), 3, "the connection goes on");
}

#[test]
fn a_device_that_lost_its_own_changes_gets_them_back_in_full() {
    let mut world = world();
    edits(&mut world, 0, 4, "lost");
    at_rest(&mut world);
    world.nodes[0].store = MemoryDevice::default();
    assert!(world.sync(0).unwrap().synced);
    assert!(world.nodes[0].issues.iter().any(|issue| matches!(issue, SyncIssue::UnknownEcho { .. })));
    converged(&world);
}

#[test]
fn a_space_that_is_taken_away_and_one_that_is_given() {
    let mut world = world();
    world.start(1, false);
    world.run();
    world.relay.spaces.get_mut(&space(SOUTH)).unwrap().roles.remove(&user(2));
    world.relay.add_space(space(3), "east", &[(1, Role::Rep), (2, Role::Rep)]);
    world.tell_relay(1, Input::AccessChanged);
    world.run();
    assert_eq!(world.nodes[1].issues, [SyncIssue::SpaceGone { space: space(SOUTH) }]);
    let (_, _, spaces) = world.nodes[1].store.directory.clone().unwrap();
    let ids: Vec<_> = spaces.iter().map(|info| info.id).collect();
    assert_eq!(ids, [space(NORTH), space(3)]);
    world.nodes[0].store.edit(space(3), document(9), b"in the east");
    world.sync(0).unwrap();
    world.run();
    assert_eq!(world.nodes[1].store.held(space(3)).len(), 1);
}

#[test]
fn a_relay_that_drains_is_left_and_found_again() {
    let mut world = world();
    world.start(0, false);
    world.run();
    world.tell_relay(0, Input::Drain { retry_after_ms: 3_000, jitter_ms: 1_000 });
    world.run();
    let retry = world.now_ms + 4_000;
    assert_eq!(world.nodes[0].events.last(), Some(&SyncEvent::Offline { retry_at_ms: retry }));
    edits(&mut world, 0, 1, "meanwhile");
    world.advance(4_000);
    world.run();
    assert!(world.nodes[0].status().synced);
    assert!(world.nodes[0].store.outbox.is_empty());
}

#[test]
fn a_relay_whose_storage_fails_never_acks_and_recovers() {
    let mut world = world();
    world.start(0, false);
    world.run();
    world.relay.unavailable = true;
    edits(&mut world, 0, 2, "while the disk is full");
    world.tell_device(0, Told::OutboxChanged);
    world.run();
    assert!(world.nodes[0].store.acked.is_empty() && world.nodes[0].status().put_off == 2);
    world.relay.unavailable = false;
    world.advance(5_000);
    world.run();
    assert_eq!(world.nodes[0].store.acked.len(), 2);
}

#[test]
fn a_device_whose_store_fails_closes_and_tries_again() {
    let mut world = world();
    edits(&mut world, 1, 2, "other");
    world.sync(1).unwrap();
    world.nodes[0].store.fails = true;
    assert!(world.sync(0).unwrap().synced);
    assert!(
        matches!(&world.nodes[0].issues[..], [SyncIssue::Store { message }] if message == "the disk is full")
    );
    converged(&world);
}

#[test]
fn a_relay_that_cannot_be_reached_is_given_up_by_a_single_sync_only() {
    let mut world = world();
    world.unreachable = true;
    assert_eq!(world.sync(0), Err(ClientError::Unreachable { attempts: 3 }));
    world.start(0, false);
    for _ in 0..20 {
        world.run();
        world.advance_to_deadline();
    }
    assert_eq!(world.nodes[0].stopped, None);
    world.unreachable = false;
    world.run();
    world.advance_to_deadline();
    world.run();
    assert!(world.nodes[0].status().synced);
}

#[test]
fn silence_is_asked_about_and_a_dead_relay_is_left() {
    let mut world = world();
    world.start(0, false);
    world.run();
    for _ in 0..10 {
        world.advance_to_deadline();
        world.run();
    }
    assert!(world.nodes[0].status().online, "pings keep both ends");
    let before = world.now_ms;
    world.nodes[0].wire.as_mut().unwrap().stalled = true;
    while world.nodes[0].status().online {
        world.nodes[0].wire.as_mut().unwrap().up.clear();
        world.advance_to_deadline();
        assert!(world.now_ms - before <= 75_000);
    }
}

#[test]
fn a_first_load_comes_page_by_page_and_resumes_where_it_stood() {
    let mut world = world();
    let config = Arc::get_mut(&mut world.config).unwrap();
    config.flow.page_bytes = 1_000;
    config.flow.send_queue_bytes_max = 4_000;
    edits(&mut world, 1, 200, "much");
    world.sync(1).unwrap();
    world.cut_after = Some(12);
    assert!(world.sync(0).unwrap().synced);
    converged(&world);
    let total: u64 = world.nodes[0]
        .events
        .iter()
        .map(|e| if let SyncEvent::Received { entries, .. } = e { *entries } else { 0 })
        .sum();
    assert!((200..230).contains(&total), "{total}: pages that were stored don't come again");
    assert!(world.nodes[0].store.pages > 25);
    let head = world.nodes[0].events.iter().find_map(|e| match e {
        SyncEvent::Received { head, .. } => Some(head.get()),
        _ => None,
    });
    assert_eq!(head, Some(200), "the first page says how much there is");
}

#[test]
fn messages_that_pass_through_reach_the_others_and_nobody_else() {
    let mut world = world();
    world.start(0, false);
    world.start(1, false);
    world.run();
    let mut send = |space, bytes: &[u8]| {
        let frame = ToRelay::Ephemeral { space, bytes: bytes.to_vec() };
        world.tell_relay(0, Input::Frame(frame.encode()));
        world.run();
        let seen =
            |node: &Node| node.events.iter().filter(|e| matches!(e, SyncEvent::Ephemeral { .. })).count();
        (seen(&world.nodes[0]), seen(&world.nodes[1]))
    };
    assert_eq!(send(space(NORTH), b"typing"), (0, 1));
    assert_eq!(send(space(7), b"elsewhere"), (0, 1));
    assert_eq!(send(space(NORTH), &[0; 5_000]), (0, 1));
}

/// What a connection of a device alone moved, in bytes.
fn bytes_moved(world: &mut World, node: usize) -> usize {
    world.start(node, false);
    world.run();
    let wire = world.nodes[node].wire.as_ref().expect("the connection was opened");
    let moved = wire.up_bytes + wire.down_bytes;
    world.tell_device(node, Told::Stop);
    world.run();
    moved
}

#[test]
fn a_relay_set_back_to_a_backup_gets_back_what_devices_hold() {
    let mut world = world();
    edits(&mut world, 0, 40, "old");
    at_rest(&mut world);
    let kept = world.relay.spaces[&space(NORTH)].feed.len();
    edits(&mut world, 0, 5, "new");
    edits(&mut world, 1, 5, "other");
    at_rest(&mut world);
    world.relay.spaces.get_mut(&space(NORTH)).unwrap().feed.truncate(kept);
    world.relay.epochs = BTreeSet::from([Epoch::new(5)]);
    world.nodes.iter_mut().for_each(|node| node.events.clear());
    assert!(world.sync(0).unwrap().synced);
    assert!(world.sync(1).unwrap().synced);
    converged(&world);
    let brought = |event: &SyncEvent| matches!(event, SyncEvent::Walked { brought: 10, fetched: 0, .. });
    assert!(world.nodes[0].events.iter().any(brought), "{:?}", world.nodes[0].events);
    assert!(world.nodes[0].events.iter().any(|event| matches!(event, SyncEvent::Healed { .. })));
    assert_eq!(
        world.nodes[0].issues.iter().filter(|i| matches!(i, SyncIssue::DigestMismatch { .. })).count(),
        0
    );
}

#[test]
fn a_relay_that_lost_everything_gets_it_back_from_each_device() {
    let mut world = world();
    edits(&mut world, 0, 200, "a");
    edits(&mut world, 1, 30, "b");
    at_rest(&mut world);
    let all = world.relay.holdings(&space(NORTH));
    world.relay.spaces.get_mut(&space(NORTH)).unwrap().feed.clear();
    world.relay.epochs = BTreeSet::from([Epoch::new(6)]);
    assert!(world.sync(1).unwrap().synced);
    assert_eq!(world.relay.holdings(&space(NORTH)).root(), all.root());
    assert!(world.sync(0).unwrap().synced);
    converged(&world);
}

#[test]
fn a_device_that_lost_changes_without_noticing_gets_them_back() {
    let mut world = world();
    edits(&mut world, 0, 30, "kept");
    at_rest(&mut world);
    let store = &mut world.nodes[1].store;
    let lost: Vec<_> = store.feed[&space(NORTH)].iter().copied().take(3).collect();
    for change in &lost {
        store.feed.get_mut(&space(NORTH)).unwrap().remove(change);
        store.changes.get_mut(&space(NORTH)).unwrap().remove(change);
    }
    assert!(world.sync(1).unwrap().synced);
    converged(&world);
    let fetched = |event: &SyncEvent| matches!(event, SyncEvent::Walked { fetched: 3, brought: 0, .. });
    assert!(world.nodes[1].events.iter().any(fetched), "{:?}", world.nodes[1].events);
}

#[test]
fn a_cursor_that_holds_no_longer_costs_a_walk_and_not_the_whole_feed() {
    let mut world = world();
    edits(&mut world, 0, 250, "much");
    edits(&mut world, 0, 250, "more");
    at_rest(&mut world);
    let level = bytes_moved(&mut world, 1);
    world.relay.epochs = BTreeSet::from([Epoch::new(7)]);
    let all: usize = world.relay.spaces[&space(NORTH)].feed.iter().map(|entry| entry.bytes.len()).sum();
    let moved = bytes_moved(&mut world, 1);
    assert!(
        moved < 2 * level + 256 && moved < all / 4,
        "{moved} bytes, {level} when level, {all} in the feed"
    );
    world.relay.spaces.get_mut(&space(NORTH)).unwrap().feed.pop();
    world.relay.epochs = BTreeSet::from([Epoch::new(8)]);
    let moved = bytes_moved(&mut world, 1);
    assert!(moved < all / 2, "{moved} bytes for one lost change, {all} in the feed");
    converged(&world);
}

#[test]
fn a_space_that_stays_different_is_walked_twice_then_rests_ever_longer() {
    let mut world = world();
    edits(&mut world, 0, 3, "some");
    at_rest(&mut world);
    world.relay.lies = true;
    world.start(0, false);
    world.run();
    let walks = |world: &World| {
        let questions = world.relay.questions.iter();
        let root = crate::heal::Question::Nodes(vec![crate::digest::Node::ROOT]);
        questions
            .filter(|question| matches!(question, StorageRequest::Heal(heal) if heal.space == space(NORTH) && heal.question == root))
            .count()
    };
    assert_eq!(walks(&world), 2);
    let mismatches =
        world.nodes[0].issues.iter().filter(|issue| matches!(issue, SyncIssue::DigestMismatch { .. }));
    assert_eq!(mismatches.count(), 2, "one a space");
    for (minutes, expected) in [(1, 3), (2, 3), (4, 4), (8, 5), (16, 6), (60, 7)] {
        world.wait_until(60_000 * minutes + 2_000);
        assert_eq!(walks(&world), expected, "after {minutes} minutes");
    }
    world.relay.lies = false;
    world.wait_until(60_000 * 300);
    assert!(world.nodes[0].events.iter().any(|event| matches!(event, SyncEvent::Healed { .. })));
}
