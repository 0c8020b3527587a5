//! Signatures fit one text only; codes survive copying and show every mistake.

use super::*;
use crate::frame::VersionRange;
use crate::id::{Nonce, RelayId};
use proptest::prelude::*;

const VERSIONS: VersionRange = VersionRange { min: 1, max: 1 };

fn claim(device: &DeviceKey, relay: &RelayKey) -> AuthClaim {
    AuthClaim {
        protocol: 1,
        relay: relay.relay_id(),
        device: device.device_id(),
        relay_nonce: Nonce::from_bytes([1; 32]),
        device_nonce: Nonce::from_bytes([2; 32]),
    }
}

#[test]
fn a_hello_fits_its_relay_its_range_and_its_nonce() {
    let (key, other) = (RelayKey::from_seed(&[1; 32]), RelayKey::from_seed(&[2; 32]));
    let nonce = Nonce::from_bytes([7; 32]);
    let signature = sign_hello(&key, VERSIONS, &nonce);
    assert_eq!(verify_hello(&key.relay_id(), VERSIONS, &nonce, &signature), Ok(()));
    assert_eq!(verify_hello(&other.relay_id(), VERSIONS, &nonce, &signature), Err(BadSignature));
    let wider = VersionRange { min: 1, max: 2 };
    assert_eq!(verify_hello(&key.relay_id(), wider, &nonce, &signature), Err(BadSignature));
    let fresh = Nonce::from_bytes([8; 32]);
    assert_eq!(verify_hello(&key.relay_id(), VERSIONS, &fresh, &signature), Err(BadSignature));
}

#[test]
fn every_part_of_a_claim_is_signed() {
    let (device, relay) = (DeviceKey::from_seed(&[3; 32]), RelayKey::from_seed(&[1; 32]));
    let whole = claim(&device, &relay);
    let signature = sign_auth(&device, &whole);
    assert_eq!(verify_auth(&device.public(), &whole, &signature), Ok(()));
    let other = DeviceKey::from_seed(&[4; 32]);
    let changed = [
        AuthClaim { protocol: 2, ..whole },
        AuthClaim { relay: RelayId::from_bytes([0; 32]), ..whole },
        AuthClaim { device: other.device_id(), ..whole },
        AuthClaim { relay_nonce: Nonce::from_bytes([9; 32]), ..whole },
        AuthClaim { device_nonce: Nonce::from_bytes([9; 32]), ..whole },
    ];
    for claim in changed {
        assert_eq!(verify_auth(&device.public(), &claim, &signature), Err(BadSignature));
    }
    assert_eq!(verify_auth(&other.public(), &whole, &signature), Err(BadSignature));
}

#[test]
fn signatures_of_one_purpose_dont_serve_another() {
    let (device, relay) = (DeviceKey::from_seed(&[3; 32]), RelayKey::from_seed(&[3; 32]));
    let claim = claim(&device, &relay);
    let secret = InviteSecret::from_bytes([5; 16]).hash();
    let enrol = sign_enrol(&device, &claim, &secret);
    assert_eq!(verify_enrol(&device.public(), &claim, &secret, &enrol), Ok(()));
    assert_eq!(verify_auth(&device.public(), &claim, &enrol), Err(BadSignature));
    let other = InviteSecret::from_bytes([6; 16]).hash();
    assert_eq!(verify_enrol(&device.public(), &claim, &other, &enrol), Err(BadSignature));
    // The seeds are equal on purpose: even one key in both roles keeps the texts apart.
    assert_eq!(verify_welcome(&claim, &sign_auth(&device, &claim)), Err(BadSignature));
    assert_eq!(verify_welcome(&claim, &sign_welcome(&relay, &claim)), Ok(()));
    assert_eq!(verify_welcome(&claim, &sign_restricted(&relay, &claim)), Err(BadSignature));
    assert_eq!(verify_restricted(&claim, &sign_welcome(&relay, &claim)), Err(BadSignature));
    assert_eq!(verify_restricted(&claim, &sign_restricted(&relay, &claim)), Ok(()));
}

#[test]
fn a_weak_key_signs_nothing() {
    let mut zero = [0; 32];
    let claim = claim(&DeviceKey::from_seed(&[3; 32]), &RelayKey::from_seed(&[1; 32]));
    for first in 0..=1 {
        zero[0] = first;
        let weak = PublicKey::from_bytes(zero);
        assert_eq!(verify_auth(&weak, &claim, &Signature::from_bytes([0; 64])), Err(BadSignature));
    }
}

#[test]
fn debug_output_keeps_secrets() {
    let key = DeviceKey::from_seed(&[3; 32]);
    assert!(!format!("{key:?}").contains(&hex::encode(key.seed())));
    assert_eq!(format!("{:?}", InviteSecret::from_bytes([5; 16])), "InviteSecret(…)");
    assert_eq!(DeviceKey::from_seed(&key.seed()).device_id(), key.device_id());
}

fn code(address: Option<&str>) -> InviteCode {
    InviteCode {
        secret: InviteSecret::from_bytes(*b"sixteen bytes ok"),
        relay: RelayKey::from_seed(&[1; 32]).relay_id(),
        address: address.map(str::to_owned),
    }
}

#[test]
fn codes_come_back_however_they_were_pasted() {
    for address in [None, Some("wss://forsat.example/sync")] {
        let code = code(address);
        let text = code.to_string();
        assert!(text.starts_with("fsi1") && text.bytes().all(|b| b.is_ascii_alphanumeric()), "{text}");
        assert_eq!(text.parse(), Ok(code.clone()));
        assert_eq!(text.to_uppercase().parse(), Ok(code.clone()));
        let (head, tail) = text.split_at(40);
        assert_eq!(format!("  {head}-\n  {tail}\n").parse(), Ok(code.clone()));
        let (prefix, digits) = text.split_at(4);
        assert_eq!(format!("{prefix}{}", digits.replace('0', "O").replace('1', "l")).parse(), Ok(code));
    }
    assert_eq!(code(None).to_string().len(), 88);
}

#[test]
fn mistakes_are_told_apart() {
    let text = code(None).to_string();
    let read = |text: &str| text.parse::<InviteCode>().unwrap_err();
    assert_eq!(read("hello"), InviteError::NotAnInvite);
    assert_eq!(read(""), InviteError::NotAnInvite);
    assert_eq!(read("fsi2abc"), InviteError::NotAnInvite);
    assert_eq!(read(&text.replace("fsi1", "fsi1u")), InviteError::Character('u'));
    assert_eq!(read(&text[..60]), InviteError::Length(56));
    assert!(matches!(read(&format!("fsi1{}", "0".repeat(5_000))), InviteError::Length(_)));
    let end = text.len() - 10;
    let digit = if &text[end..=end] == "7" { "8" } else { "7" };
    assert_eq!(read(&format!("{}{digit}{}", &text[..end], &text[end + 1..])), InviteError::Checksum);
    let relay = InviteCode { relay: RelayId::from_bytes([0; 32]), ..code(None) };
    assert_eq!(read(&relay.to_string()), InviteError::Key);
    assert_eq!(read(&code(Some("ftp://x")).to_string()), InviteError::Address);
    assert_eq!(read(&code(Some("ws://a b")).to_string()), InviteError::Address);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,120}", tail in "[0-9a-z]{0,120}") {
        let _ = text.parse::<InviteCode>();
        let _ = format!("fsi1{tail}").parse::<InviteCode>();
    }

    #[test]
    fn one_wrong_digit_is_noticed(at in 4_usize..88, digit in 0_usize..32) {
        let code = code(None);
        let mut text = code.to_string().into_bytes();
        text[at] = b"0123456789abcdefghjkmnpqrstvwxyz"[digit];
        let text = String::from_utf8(text).unwrap();
        prop_assert!(text == code.to_string() || text.parse::<InviteCode>().is_err());
    }
}
