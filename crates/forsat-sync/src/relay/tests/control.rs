//! A device isn't served before its copy of the control log was compared.

use super::*;
use crate::control::{ControlEvent, ControlHead, ControlMark, SignedEntry};
use crate::heal::{AskId, Question, RefillItem};
use crate::id::UserId;
use crate::identity::Signature;
use crate::relay::ControlVerdict;

fn entry() -> SignedEntry {
    let event = ControlEvent::DeviceActivated { device: device().device_id() };
    ControlHead::EMPTY.append(&MemoryRelay::new().key, 1, None, event).0
}

fn mark(count: u64) -> ToRelay {
    ToRelay::ControlHead(ControlMark { count, digest: [3; 8] })
}

fn pull() -> ToRelay {
    ToRelay::Pull(Pull { stream: StreamId(1), space: space(1), cursor: None, echo: true, from_head: false })
}

/// Kinds of the frames that came since the last time.
fn heard(bench: &mut Bench) -> Vec<&'static str> {
    std::mem::take(&mut bench.sent)
        .iter()
        .map(|frame| match frame {
            ToDevice::Page(_) => "page",
            ToDevice::ControlWanted { .. } => "wanted",
            ToDevice::Pong { .. } => "pong",
            ToDevice::Fault { .. } => "fault",
            _ => "other",
        })
        .collect()
}

#[test]
fn what_is_asked_waits_until_the_log_was_taken() {
    let mut bench = Bench::open();
    heard(&mut bench);
    bench.storage.control = ControlVerdict::Wanted { after: 1 };
    bench.frame(0, &mark(4));
    bench.frame(0, &pull());
    bench.frame(0, &ToRelay::Ping { token: 1 });
    assert_eq!(heard(&mut bench), ["wanted", "pong"], "no page");
    bench.storage.control = ControlVerdict::Over;
    bench.frame(0, &ToRelay::ControlEntries { entries: vec![entry()] });
    assert_eq!(heard(&mut bench), ["page"]);
    let adopted = |request: &StorageRequest| matches!(request, StorageRequest::ControlAdopt { .. });
    assert!(bench.storage.questions.iter().any(adopted));
    bench.frame(0, &mark(9));
    bench.frame(0, &ToRelay::ControlEntries { entries: vec![entry()] });
    assert_eq!(heard(&mut bench), [""; 0], "once a connection");
}

#[test]
fn a_level_log_costs_no_round() {
    let mut bench = Bench::open();
    heard(&mut bench);
    bench.frame(0, &mark(4));
    bench.frame(0, &pull());
    assert_eq!(heard(&mut bench), ["page"]);
}

#[test]
fn a_copy_that_branches_is_asked_for_whole_and_only_once() {
    let mut bench = Bench::open();
    heard(&mut bench);
    bench.storage.control = ControlVerdict::Branched { after: 4 };
    bench.frame(0, &mark(4));
    bench.frame(0, &pull());
    assert!(
        matches!(bench.sent[..], [ToDevice::ControlWanted { after: 0, proof: None }]),
        "{:?}",
        bench.sent
    );
    heard(&mut bench);
    bench.storage.control = ControlVerdict::Branched { after: 2 };
    bench.frame(0, &ToRelay::ControlEntries { entries: vec![entry()] });
    assert!(
        matches!(bench.sent[..], [ToDevice::ControlWanted { after: 2, proof: None }]),
        "{:?}",
        bench.sent
    );
    heard(&mut bench);
    bench.storage.control = ControlVerdict::Branched { after: 4 };
    bench.frame(0, &ToRelay::ControlEntries { entries: vec![entry()] });
    assert_eq!(heard(&mut bench), ["page"], "its end was reached");
}

#[test]
fn a_device_that_brings_the_same_again_is_not_asked_again() {
    let mut bench = Bench::open();
    heard(&mut bench);
    bench.storage.control = ControlVerdict::Wanted { after: 1 };
    bench.frame(0, &mark(4));
    bench.frame(0, &pull());
    assert_eq!(heard(&mut bench), ["wanted"]);
    bench.frame(0, &ToRelay::ControlEntries { entries: vec![entry()] });
    assert_eq!(heard(&mut bench), ["page"], "nothing came of it, and nothing waits for ever");
}

#[test]
fn entries_that_nobody_asked_for_are_passed_over() {
    let mut bench = Bench::open();
    heard(&mut bench);
    bench.frame(0, &ToRelay::ControlEntries { entries: vec![entry()] });
    let adopted = |request: &StorageRequest| matches!(request, StorageRequest::ControlAdopt { .. });
    assert!(!bench.storage.questions.iter().any(adopted));
}

#[test]
fn frames_that_wait_are_bounded() {
    let mut bench = Bench::open();
    heard(&mut bench);
    bench.storage.control = ControlVerdict::Wanted { after: 1 };
    bench.frame(0, &mark(4));
    let push = ToRelay::Push(Push {
        batch: BatchId::new(1),
        space: space(1),
        items: vec![PushItem { document: document(1), bytes: vec![0; 900_000] }],
    });
    for _ in 0..3 {
        bench.frame(0, &push);
    }
    assert_eq!(heard(&mut bench), ["wanted", "fault"]);
}

#[test]
fn what_waits_counts_as_long_as_it_is() {
    let mut bench = Bench::open();
    heard(&mut bench);
    bench.storage.control = ControlVerdict::Wanted { after: 1 };
    bench.frame(0, &mark(4));
    let items = vec![RefillItem { document: document(1), bytes: vec![0; 900_000], receipt: None }];
    let heal = ToRelay::Heal { ask: AskId(1), space: space(1), question: Question::Refill(items) };
    for _ in 0..3 {
        bench.frame(0, &heal);
    }
    assert_eq!(heard(&mut bench), ["wanted", "fault"]);
}

#[test]
fn a_device_that_brings_nothing_is_not_waited_for() {
    let mut bench = Bench::open();
    heard(&mut bench);
    let handshake_ms_max = FlowLimits::default().handshake_ms_max;
    bench.storage.control = ControlVerdict::Wanted { after: 1 };
    bench.frame(0, &mark(4));
    bench.frame(0, &pull());
    assert_eq!(bench.connection.deadline_ms(), Some(handshake_ms_max));
    bench.storage.control = ControlVerdict::Wanted { after: 2 };
    bench.frame(handshake_ms_max - 1, &ToRelay::ControlEntries { entries: vec![entry()] });
    bench.tell(handshake_ms_max, Input::Tick);
    assert_eq!(heard(&mut bench), ["wanted", "wanted"], "each answer has its own time");
    bench.frame(2 * handshake_ms_max - 1, &ToRelay::Ping { token: 1 });
    assert_eq!(bench.fault(), code::HANDSHAKE_TIMEOUT);
}

#[test]
fn nobody_is_served_while_the_log_cant_be_compared() {
    let mut bench = Bench::open();
    heard(&mut bench);
    bench.storage.unavailable = true;
    bench.frame(0, &mark(4));
    assert_eq!(heard(&mut bench), ["fault"]);
}

/// A relay that has forgotten its one device, and what the device would show.
fn forgetful() -> (Bench, SignedEntry) {
    let mut bench = bench();
    let key = device();
    let event = ControlEvent::DeviceEnrolled {
        device: key.device_id(),
        user: UserId::from_bytes([1; 16]),
        public_key: key.public(),
        name: "phone".into(),
        pending: false,
        invite: None,
    };
    bench.storage.forgotten = bench.storage.devices.remove(&key.device_id());
    assert!(bench.storage.forgotten.is_some());
    bench.storage.control = ControlVerdict::Wanted { after: 0 };
    let entry = ControlHead::EMPTY.append(&bench.storage.key, 1, None, event).0;
    (bench, entry)
}

#[test]
fn an_unknown_device_is_let_in_by_the_log_that_it_shows_and_only_with_its_key() {
    let (mut bench, entry) = forgetful();
    let auth = bench.auth();
    bench.frame(0, &auth);
    bench.frame(0, &pull());
    let Some(ToDevice::ControlWanted { after: 0, proof: Some(_) }) = bench.sent.last() else {
        panic!("the device is asked: {:?}", bench.sent);
    };
    bench.storage.control = ControlVerdict::Wanted { after: 1 };
    bench.frame(0, &ToRelay::ControlEntries { entries: vec![entry.clone()] });
    assert_eq!(bench.connection.device(), Some(device().device_id()), "{:?}", bench.sent);
    assert!(matches!(bench.sent.last(), Some(ToDevice::Page(_))), "what it asked for early is answered");

    // The log alone lets nobody in: the signature is by another key.
    let (mut bench, entry) = forgetful();
    let ToRelay::Auth(auth) = bench.auth() else { panic!() };
    let signature = auth.signature.as_bytes().map(|byte| byte ^ 1);
    let auth = Auth { signature: Signature::from_bytes(signature), ..auth };
    bench.frame(0, &ToRelay::Auth(auth));
    bench.storage.control = ControlVerdict::Wanted { after: 1 };
    bench.frame(0, &ToRelay::ControlEntries { entries: vec![entry] });
    assert_eq!(bench.fault(), code::BAD_SIGNATURE);
}

#[test]
fn an_unknown_device_that_shows_nothing_or_brings_nothing_new_is_turned_away() {
    let (mut bench, entry) = forgetful();
    let auth = bench.auth();
    bench.frame(0, &auth);
    bench.frame(0, &ToRelay::ControlEntries { entries: Vec::new() });
    assert_eq!(bench.fault(), code::UNKNOWN_DEVICE);

    // Whole frames, and the relay has no more by them: it asks once, and looks the device up.
    let (mut bench, _) = forgetful();
    bench.storage.forgotten = None;
    let auth = bench.auth();
    bench.frame(0, &auth);
    let entries = vec![entry; crate::control::ENTRIES_MAX];
    bench.frame(0, &ToRelay::ControlEntries { entries });
    assert_eq!(bench.fault(), code::UNKNOWN_DEVICE);

    let (mut bench, _) = forgetful();
    let auth = bench.auth();
    bench.frame(0, &auth);
    let until_ms = bench.connection.deadline_ms().unwrap();
    assert!(until_ms <= FlowLimits::default().handshake_ms_max);
    bench.tell(until_ms, Input::Tick);
    assert_eq!(bench.fault(), code::HANDSHAKE_TIMEOUT);
}
