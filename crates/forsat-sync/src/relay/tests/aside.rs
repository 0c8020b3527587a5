//! Changes that are set aside, and what is left to a device that was revoked.

use super::*;
use crate::control::{ControlEvent, ControlHead, SignedEntry};
use crate::frame::{SetAside, SetAsideItem};
use crate::heal::AskId;
use crate::identity::verify_restricted;

fn entry(lost: bool) -> SignedEntry {
    let event = ControlEvent::DeviceRevoked { device: device().device_id(), lost };
    ControlHead::EMPTY.append(&MemoryRelay::new().key, 1, None, event).0
}

fn aside(ask: u32) -> ToRelay {
    let item = SetAsideItem { document: document(1), bytes: vec![1; 10], reason: code::HOME_IS };
    ToRelay::SetAside(SetAside { ask: AskId(ask), space: space(1), items: vec![item] })
}

fn revoke(bench: &mut Bench, lost: bool) {
    bench.storage.revocation = Some(entry(lost));
    bench.storage.devices.get_mut(&device().device_id()).unwrap().revoked = true;
}

/// A connection whose device has just heard that it was revoked.
fn restricted() -> Bench {
    let mut bench = bench();
    revoke(&mut bench, false);
    let auth = bench.auth();
    bench.frame(0, &auth);
    bench
}

fn answered(bench: &mut Bench) -> Vec<(u32, Vec<ItemOutcome>)> {
    let answer = |frame| match frame {
        ToDevice::WasSetAside { ask, results } => Some((ask.0, results)),
        _ => None,
    };
    std::mem::take(&mut bench.sent).into_iter().filter_map(answer).collect()
}

#[test]
fn a_device_sets_aside_one_frame_at_a_time() {
    let mut bench = Bench::open();
    bench.frame(0, &aside(1));
    assert_eq!(answered(&mut bench), [(1, vec![ItemOutcome::Acked])]);
    assert_eq!(bench.storage.aside, [(document(1), code::HOME_IS)]);
    bench.holds = true;
    bench.frame(0, &aside(2));
    bench.frame(0, &aside(3));
    assert_eq!(answered(&mut bench), [(3, vec![ItemOutcome::later(code::OVERLOADED)])]);
    bench.tell(0, Input::Drain { retry_after_ms: 1, jitter_ms: 1 });
    assert!(!bench.connection.is_closed(), "a drain waits for what is being written");
    bench.frame(0, &aside(4));
    assert_eq!(answered(&mut bench), [(4, vec![ItemOutcome::later(code::DRAINING)])]);
    bench.release();
    assert_eq!(answered(&mut bench), [(2, vec![ItemOutcome::Acked])]);
    assert!(bench.connection.is_closed());
}

#[test]
fn what_storage_says_of_all_is_said_of_each() {
    let replies = [
        (StorageReply::Hidden, ItemOutcome::refused(code::UNKNOWN_SPACE)),
        (StorageReply::Forbidden, ItemOutcome::refused(code::FORBIDDEN)),
        (StorageReply::Unavailable { code: code::UNAVAILABLE }, ItemOutcome::later(code::UNAVAILABLE)),
    ];
    for (reply, outcome) in replies {
        let mut bench = Bench::open();
        bench.holds = true;
        bench.frame(0, &aside(1));
        let (request, _) = bench.held.pop().unwrap();
        bench.tell(0, Input::Storage { request, reply });
        assert_eq!(answered(&mut bench), [(1, vec![outcome])]);
    }
}

#[test]
fn a_revoked_device_sets_aside_and_nothing_else() {
    let mut bench = restricted();
    let Some(ToDevice::Revocation { entry: shown, proof: Some(proof) }) = bench.sent.pop() else {
        panic!("no proof: {:?}", bench.sent);
    };
    assert_eq!(shown, entry(false));
    let claim = AuthClaim {
        protocol: 1,
        relay: bench.storage.key.relay_id(),
        device: device().device_id(),
        relay_nonce: Nonce::from_bytes([1; 32]),
        device_nonce: Nonce::from_bytes([2; 32]),
    };
    assert_eq!(verify_restricted(&claim, &proof), Ok(()));
    let asked = bench.storage.questions.len();
    for frame in [pull(1), push(1, 10), ToRelay::Admin { ask: AskId(1), request: vec![1] }] {
        bench.frame(0, &frame);
    }
    assert_eq!((bench.sent.len(), bench.storage.questions.len()), (1, asked), "only the hello");
    bench.frame(0, &ToRelay::Ping { token: 3 });
    assert_eq!(bench.sent.last(), Some(&ToDevice::Pong { token: 3 }));
    bench.frame(0, &aside(1));
    assert_eq!(answered(&mut bench), [(1, vec![ItemOutcome::Acked])]);
    bench.frame(0, &ToRelay::Bye);
    assert!(bench.connection.is_closed() && bench.sent.is_empty());
    let established = |effect: &Effect| matches!(effect, Effect::Established { .. });
    assert!(!bench.effects.iter().any(established));
    assert!(bench.effects.contains(&Effect::Restricted { device: device().device_id() }));
}

#[test]
fn a_relay_ends_a_connection_with_the_fault_that_it_gives() {
    for (mut bench, code) in [(restricted(), code::DEVICE_REVOKED), (Bench::open(), code::OVERLOADED)] {
        bench.tell(0, Input::End { code: code.clone() });
        assert_eq!(bench.fault(), code);
        assert!(bench.connection.is_closed());
    }
}

#[test]
fn what_a_revoked_device_sent_ahead_is_passed_over() {
    let mut bench = bench();
    revoke(&mut bench, false);
    bench.holds = true;
    let auth = bench.auth();
    bench.frame(0, &auth);
    bench.frame(0, &pull(1));
    bench.frame(0, &push(1, 10));
    bench.release();
    assert!(matches!(bench.sent[..], [ToDevice::Hello(_), ToDevice::Revocation { .. }]), "{:?}", bench.sent);
    assert!(!bench.connection.is_closed());
}

#[test]
fn a_lost_device_and_one_without_an_entry_get_nothing_but_the_fault() {
    for revocation in [Some(entry(true)), None] {
        let mut bench = bench();
        revoke(&mut bench, true);
        bench.storage.revocation = revocation.clone();
        let auth = bench.auth();
        bench.frame(0, &auth);
        assert_eq!(bench.fault(), code::DEVICE_REVOKED);
        let shown = revocation.map(|entry| ToDevice::Revocation { entry, proof: None });
        assert_eq!(bench.sent.get(1).filter(|_| shown.is_some()), shown.as_ref());
    }
}

#[test]
fn a_device_that_is_revoked_while_connected_hears_no_more_of_what_it_asked() {
    let mut bench = Bench::open();
    bench.frame(0, &pull(1));
    bench.holds = true;
    bench.frame(0, &push(1, 10));
    bench.sent.clear();
    revoke(&mut bench, false);
    bench.tell(0, Input::AccessChanged);
    let (request, what) = bench.held.pop().unwrap();
    let reply = bench.storage.answer(what);
    bench.tell(0, Input::Storage { request, reply });
    assert!(matches!(bench.sent[..], [ToDevice::Revocation { proof: Some(_), .. }]), "{:?}", bench.sent);
    assert!(bench.effects.contains(&Effect::Unsubscribe { space: space(1) }));
    let (request, _) = bench.held.pop().unwrap();
    bench.tell(0, Input::Storage { request, reply: StorageReply::Appended(vec![ItemOutcome::Acked]) });
    bench.tell(0, Input::FeedAdvanced { space: space(1) });
    assert_eq!(bench.sent.len(), 1, "no outcome and no page");
    bench.holds = false;
    bench.frame(0, &aside(1));
    assert_eq!(answered(&mut bench), [(1, vec![ItemOutcome::Acked])]);
}

#[test]
fn a_revoked_device_has_a_time_for_its_first_word_and_one_for_all() {
    let limits = FlowLimits::default();
    let mut silent = restricted();
    silent.tell(limits.handshake_ms_max - 1, Input::Tick);
    assert!(!silent.connection.is_closed());
    assert_eq!(silent.connection.deadline_ms(), Some(limits.handshake_ms_max));
    silent.tell(limits.handshake_ms_max, Input::Tick);
    assert_eq!(silent.fault(), code::DEVICE_REVOKED);
    let mut talker = restricted();
    let mut now_ms = 0;
    while now_ms < limits.restricted_ms_max {
        talker.frame(now_ms, &ToRelay::Ping { token: 1 });
        assert!(!talker.connection.is_closed());
        now_ms += limits.handshake_ms_max - 1;
    }
    talker.frame(now_ms, &ToRelay::Ping { token: 1 });
    assert_eq!(talker.fault(), code::DEVICE_REVOKED);
}

proptest! {
    #[test]
    fn hostile_frames_of_a_revoked_device_never_panic(acts in vec(act(), 1..30), holds in any::<bool>()) {
        let mut bench = restricted();
        bench.frame(0, &ToRelay::Ping { token: 1 });
        let asked = bench.storage.questions.len();
        bench.holds = holds;
        play(&mut bench, acts);
        let aside = |request: &StorageRequest| matches!(request, StorageRequest::SetAside(_));
        prop_assert!(bench.storage.questions[asked..].iter().all(aside), "nothing else is asked of storage");
    }
}
