//! Setting changes aside: in a connection, and after a revocation.

use super::*;
use crate::control::{ControlEvent, ControlHead, SignedEntry};
use crate::frame::{SetAside, SetAsideItem};
use crate::heal::AskId;
use crate::identity::{Signature, sign_restricted};

fn claim() -> AuthClaim {
    AuthClaim {
        protocol: 1,
        relay: relay().relay_id(),
        device: DeviceKey::from_seed(&[50; 32]).device_id(),
        relay_nonce: RELAY_NONCE,
        device_nonce: DEVICE_NONCE,
    }
}

fn entry(lost: bool) -> SignedEntry {
    let device = DeviceKey::from_seed(&[50; 32]).device_id();
    ControlHead::EMPTY.append(&relay(), 1, None, ControlEvent::DeviceRevoked { device, lost }).0
}

fn revocation(lost: bool, proof: Option<Signature>) -> Input {
    Input::Frame(ToDevice::Revocation { entry: entry(lost), proof }.encode())
}

fn proof() -> Option<Signature> {
    Some(sign_restricted(&relay(), &claim()))
}

fn wanted(ask: u32, sizes: &[usize]) -> SetAside {
    let item =
        |size: &usize| SetAsideItem { document: document(1), bytes: vec![7; *size], reason: code::HOME_IS };
    SetAside { ask: AskId(ask), space: space(1), items: sizes.iter().map(item).collect() }
}

fn asides(effects: &[Effect]) -> Vec<SetAside> {
    let aside = |frame| if let ToRelay::SetAside(aside) = frame { Some(aside) } else { None };
    sent(effects).into_iter().filter_map(aside).collect()
}

fn were(effects: &[Effect]) -> Vec<(u32, Vec<ItemOutcome>)> {
    let were = |effect: &Effect| match effect {
        Effect::WasSetAside { ask, results } => Some((ask.0, results.clone())),
        _ => None,
    };
    effects.iter().filter_map(were).collect()
}

fn answer(ask: AskId, count: usize) -> Input {
    Input::Frame(ToDevice::WasSetAside { ask, results: vec![ItemOutcome::Acked; count] }.encode())
}

fn later(count: usize) -> Vec<ItemOutcome> {
    vec![ItemOutcome::later(code::UNAVAILABLE); count]
}

/// A machine that was revoked and may set aside.
fn restricted() -> ClientMachine {
    let mut machine = online();
    let effects = machine.handle(0, revocation(false, proof()));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Revoked { sets_aside: true, .. })));
    assert!(matches!(sent(&effects)[..], [ToRelay::Ping { .. }]), "it says at once that it goes on");
    machine
}

fn ends(effects: &[Effect]) {
    let refused =
        |effect: &Effect| matches!(effect, Effect::Stopped(Err(error)) if error.code() == "device_revoked");
    assert!(effects.last().is_some_and(refused), "{effects:?}");
}

#[test]
fn what_is_set_aside_goes_in_frames_of_a_bounded_size_one_after_the_other() {
    let mut machine = online();
    let first = asides(&machine.handle(0, Input::SetAside(wanted(7, &[200_000, 100_000, 10]))));
    assert!(matches!(&first[..], [aside] if aside.items.len() == 1 && aside.space == space(1)), "{first:?}");
    assert!(asides(&machine.handle(0, Input::SetAside(wanted(8, &[5])))).is_empty(), "one is under way");
    assert!(!machine.status().settled);
    let effects = machine.handle(0, answer(first[0].ask, 1));
    assert_eq!(were(&effects), [], "not all of it was answered");
    let second = asides(&effects);
    assert_eq!(second[0].items.len(), 2);
    let effects = machine.handle(0, answer(second[0].ask, 2));
    assert_eq!(were(&effects), [(7, vec![ItemOutcome::Acked; 3])]);
    let third = asides(&effects);
    assert_eq!(were(&machine.handle(0, answer(AskId(99), 1))), [], "of another connection");
    assert_eq!(were(&machine.handle(0, answer(third[0].ask, 1))), [(8, vec![ItemOutcome::Acked])]);
}

#[test]
fn what_is_set_aside_waits_for_the_welcome_and_is_answered_when_the_connection_ends() {
    let mut machine = proving(config(false));
    assert_eq!(machine.handle(0, Input::SetAside(wanted(1, &[5]))), []);
    let effects = machine.handle(0, Input::Frame(ToDevice::Welcome(welcome(1)).encode()));
    assert_eq!(asides(&effects).len(), 1);
    assert_eq!(were(&machine.handle(0, Input::SetAside(wanted(2, &[])))), [(2, Vec::new())]);
    let effects = machine.handle(0, Input::Disconnected { random: u64::MAX });
    assert_eq!(were(&effects), [(1, later(1))]);
    assert_eq!(were(&machine.handle(0, Input::SetAside(wanted(3, &[5])))), [(3, later(1))]);
}

#[test]
fn a_relay_that_never_answers_is_not_waited_for() {
    let mut machine = online();
    machine.handle(0, Input::SetAside(wanted(1, &[5])));
    let wait_ms = ClientLimits::default().aside_wait_ms;
    assert!(machine.deadline_ms().unwrap() <= wait_ms);
    assert_eq!(were(&machine.handle(wait_ms, Input::Tick)), [(1, later(1))]);
    assert_eq!(were(&machine.handle(wait_ms, Input::SetAside(wanted(2, &[5])))), [(2, later(1))]);
}

#[test]
fn an_answer_that_doesnt_fit_its_frame_ends_the_connection() {
    let mut machine = online();
    let asked = asides(&machine.handle(0, Input::SetAside(wanted(1, &[5]))));
    let effects = machine.handle(0, answer(asked[0].ask, 2));
    assert!(effects.contains(&Effect::Close) && were(&effects).len() <= 1, "{effects:?}");
}

#[test]
fn only_the_relays_word_for_this_connection_lets_a_revoked_device_set_aside() {
    let other = AuthClaim { device_nonce: Nonce::from_bytes([9; 32]), ..claim() };
    let recorded = Some(sign_restricted(&relay(), &other));
    let strange = Some(sign_restricted(&RelayKey::from_seed(&[2; 32]), &claim()));
    for (lost, proof) in [(false, None), (false, recorded), (false, strange), (true, proof())] {
        for mut machine in [proving(config(false)), online()] {
            let effects = machine.handle(0, revocation(lost, proof));
            let said = |effect: &Effect| matches!(effect, Effect::Revoked { sets_aside: false, .. });
            assert!(matches!(&effects[..], [effect] if said(effect)), "{effects:?}");
        }
    }
    let mut machine = proving(config(false));
    let effects = machine.handle(0, revocation(false, proof()));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::Revoked { sets_aside: true, .. })));
}

#[test]
fn a_revoked_device_sets_aside_and_says_goodbye() {
    let mut machine = restricted();
    let asked = asides(&machine.handle(0, Input::SetAside(wanted(1, &[5, 6]))));
    assert_eq!(machine.handle(0, page(1, 1, 1, Vec::new())), [], "what was on its way is passed over");
    assert_eq!(were(&machine.handle(0, answer(asked[0].ask, 2))), [(1, vec![ItemOutcome::Acked; 2])]);
    let effects = machine.handle(0, Input::Stop);
    assert!(matches!(sent(&effects)[..], [ToRelay::Bye]), "{effects:?}");
    ends(&effects);
}

#[test]
fn whatever_happens_a_revoked_device_ends_within_its_time() {
    let limit_ms = ClientLimits::default().restricted_ms_max;
    let fault = ToDevice::Fault { code: code::OVERLOADED, message: String::new() };
    let ways = [
        (limit_ms, Input::Tick),
        (0, Input::Disconnected { random: 1 }),
        (0, Input::Frame(fault.encode())),
        (0, Input::Frame(vec![0xff])),
    ];
    for (at_ms, way) in ways {
        let mut machine = restricted();
        machine.handle(0, Input::SetAside(wanted(1, &[5])));
        assert!(machine.deadline_ms().unwrap() <= limit_ms);
        let effects = machine.handle(at_ms, way);
        assert_eq!(were(&effects), [(1, later(1))]);
        ends(&effects);
    }
}

#[test]
fn an_errand_that_hears_of_its_revocation_ends_at_once() {
    let purpose = Purpose::Administer { request: vec![1] };
    let (mut machine, _) = ClientMachine::start(ClientConfig { purpose, ..config(true) }, 0);
    machine.handle(0, Input::Connected { nonce: DEVICE_NONCE });
    machine.handle(0, Input::Frame(hello()));
    let effects = machine.handle(0, revocation(false, proof()));
    assert!(matches!(effects[0], Effect::Revoked { sets_aside: false, .. }), "{effects:?}");
    ends(&effects);
}
