//! The control log in the device machine: what it tells a relay, and whose word erases it.

use super::*;
use crate::control::{ControlEvent, ControlHead, SignedEntry};
use crate::id::DeviceId;
use crate::identity::Signature;

fn entry_of(key: &RelayKey, device: DeviceId, lost: bool) -> SignedEntry {
    ControlHead::EMPTY.append(key, 1, None, ControlEvent::DeviceRevoked { device, lost }).0
}

fn own() -> DeviceId {
    DeviceKey::from_seed(&[50; 32]).device_id()
}

fn revoked(effects: &[Effect]) -> Vec<bool> {
    let said = |effect: &Effect| if let Effect::Revoked { lost, .. } = effect { Some(*lost) } else { None };
    effects.iter().filter_map(said).collect()
}

#[test]
fn only_the_relays_own_word_about_this_device_revokes_it() {
    let stranger = RelayKey::from_seed(&[2; 32]);
    let mut damaged = entry_of(&relay(), own(), true);
    damaged.bytes[10] ^= 1;
    let other = entry_of(&relay(), DeviceId::from_bytes([7; 16]), true);
    let (role, _) =
        ControlHead::EMPTY.append(&relay(), 1, None, ControlEvent::DeviceActivated { device: own() });
    for machine in [proving(config(false)), online()] {
        for posed in [entry_of(&stranger, own(), true), damaged.clone(), other.clone(), role.clone()] {
            let mut machine = machine_like(&machine);
            let effects =
                machine.handle(0, Input::Frame(ToDevice::Revocation { entry: posed, proof: None }.encode()));
            assert_eq!(revoked(&effects), [false; 0]);
        }
    }
    for lost in [false, true] {
        let word = ToDevice::Revocation { entry: entry_of(&relay(), own(), lost), proof: None }.encode();
        assert_eq!(revoked(&proving(config(false)).handle(0, Input::Frame(word.clone()))), [lost]);
        assert_eq!(revoked(&online().handle(0, Input::Frame(word))), [lost]);
    }
}

/// A machine in the same phase.
fn machine_like(machine: &ClientMachine) -> ClientMachine {
    if machine.status().online { online() } else { proving(config(false)) }
}

#[test]
fn a_fault_alone_revokes_nothing() {
    for mut machine in [proving(config(false)), online()] {
        let fault = ToDevice::Fault { code: code::DEVICE_REVOKED, message: "go away".into() };
        let effects = machine.handle(0, Input::Frame(fault.encode()));
        assert_eq!(revoked(&effects), [false; 0]);
        assert!(matches!(stopped(&effects), ClientError::Refused { .. }));
    }
}

#[test]
fn before_the_hello_was_recognised_no_word_counts() {
    let mut machine = connected(config(false));
    let word = ToDevice::Revocation { entry: entry_of(&relay(), own(), true), proof: None }.encode();
    assert_eq!(revoked(&machine.handle(0, Input::Frame(word))), [false; 0]);
}

#[test]
fn the_end_of_the_log_is_said_before_any_pull_and_what_is_wanted_is_brought() {
    let (entry, head) =
        ControlHead::EMPTY.append(&relay(), 1, None, ControlEvent::DeviceActivated { device: own() });
    let mut machine = connected(config(false));
    machine.know_control(head);
    let said = sent(&machine.handle(0, Input::Frame(hello())));
    assert!(
        matches!(&said[..], [ToRelay::Auth(_), ToRelay::ControlHead(mark), ToRelay::Pull(_)] if *mark == head.mark()),
        "{said:?}"
    );
    machine.handle(0, Input::Frame(ToDevice::Welcome(welcome(1)).encode()));
    let asked = machine.handle(0, Input::Frame(ToDevice::ControlWanted { after: 0, proof: None }.encode()));
    assert!(asked.contains(&Effect::LoadControl { after: 0 }), "{asked:?}");
    let brought = sent(&machine.handle(0, Input::ControlLoaded { entries: vec![entry.clone()] }));
    assert_eq!(brought, [ToRelay::ControlEntries { entries: vec![entry] }]);
}

#[test]
fn before_the_welcome_the_log_goes_to_the_relay_alone() {
    let (entry, head) =
        ControlHead::EMPTY.append(&relay(), 1, None, ControlEvent::DeviceActivated { device: own() });
    let asked = |proof| ToDevice::ControlWanted { after: 0, proof }.encode();
    let fresh = || {
        let mut machine = connected(config(false));
        machine.know_control(head);
        machine.handle(0, Input::Frame(hello()));
        machine
    };
    let mut machine = fresh();
    let effects = machine.handle(0, Input::Frame(asked(Some(welcome(1).proof))));
    assert!(effects.contains(&Effect::LoadControl { after: 0 }), "{effects:?}");
    let brought = sent(&machine.handle(0, Input::ControlLoaded { entries: vec![entry.clone()] }));
    assert_eq!(brought, [ToRelay::ControlEntries { entries: vec![entry] }]);
    // A recorded hello can't be followed by a proof for this connection.
    for posed in [None, Some(Signature::from_bytes([7; 64]))] {
        let effects = fresh().handle(0, Input::Frame(asked(posed)));
        let loads = |effect: &Effect| matches!(effect, Effect::LoadControl { .. });
        assert!(!effects.iter().any(loads), "{effects:?}");
    }
}
