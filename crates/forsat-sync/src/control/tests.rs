//! The chain, the signatures, the bytes.

use super::*;
use proptest::prelude::*;

fn key() -> RelayKey {
    RelayKey::from_seed(&[3; 32])
}

fn events() -> Vec<ControlEvent> {
    let (user, space) = (UserId::from_bytes([1; 16]), SpaceId::from_bytes([2; 16]));
    let device = DeviceId::from_bytes([4; 16]);
    vec![
        ControlEvent::WorkspaceMade { workspace: WorkspaceId::from_bytes([9; 16]) },
        ControlEvent::SpaceMade { space, common: true },
        ControlEvent::UserMade { user, name: "سارا".into(), email: Some("sara@example.com".into()) },
        ControlEvent::DeviceEnrolled {
            device,
            user,
            public_key: PublicKey::from_bytes([5; 32]),
            name: "office".into(),
            pending: true,
            invite: Some(SecretHash::from_bytes([6; 32])),
        },
        ControlEvent::DeviceActivated { device },
        ControlEvent::RoleSet { user, space, role: Role::Manager },
        ControlEvent::RoleRemoved { user, space },
        ControlEvent::DeviceRevoked { device, lost: true },
        ControlEvent::DocumentErased { document: DocumentId::from_bytes([7; 16]) },
    ]
}

fn log() -> Vec<SignedEntry> {
    let mut head = ControlHead::EMPTY;
    let mut log = Vec::new();
    for (at_ms, event) in (1..).zip(events()) {
        let (entry, next) = head.append(&key(), at_ms, Some(UserId::from_bytes([8; 16])), event);
        log.push(entry);
        head = next;
    }
    log
}

#[test]
fn a_log_reads_back_and_its_chain_holds() {
    let (relay, mut head) = (key().relay_id(), ControlHead::EMPTY);
    for (signed, event) in log().iter().zip(events()) {
        let (entry, next) = head.follow(&relay, signed).unwrap();
        assert_eq!(entry.event, event);
        assert_eq!(entry.encode(), signed.bytes);
        head = next;
    }
    assert_eq!(head.count, events().len() as u64);
}

#[test]
fn gaps_forks_and_other_signers_are_told_apart() {
    let (relay, log) = (key().relay_id(), log());
    let (_, first) = ControlHead::EMPTY.follow(&relay, &log[0]).unwrap();
    assert_eq!(first.follow(&relay, &log[2]), Err(ControlFault::NotNext { wanted: 2, found: 3 }));
    let (other, _) = ControlHead { count: 1, hash: ControlHash::of(b"another") }.append(
        &key(),
        1,
        None,
        events()[1].clone(),
    );
    assert_eq!(first.follow(&relay, &other), Err(ControlFault::Forked(2)));
    let stranger = RelayKey::from_seed(&[4; 32]);
    let (forged, _) = first.append(&stranger, 1, None, events()[1].clone());
    assert_eq!(first.follow(&relay, &forged), Err(ControlFault::BadSignature));
    assert!(first.follow(&stranger.relay_id(), &forged).is_ok());
}

#[test]
fn what_a_later_version_adds_is_kept() {
    let entry = ControlEntry {
        number: 1,
        previous: ControlHead::EMPTY.hash,
        at_ms: 5,
        by: None,
        event: ControlEvent::Unknown { kind: 77 },
    };
    // The same with one element more than is known.
    let mut bytes = entry.encode();
    bytes[0] += 1;
    bytes.push(0x05);
    assert_eq!(ControlEntry::decode(&bytes), Ok(entry));
}

proptest! {
    #[test]
    fn a_changed_byte_is_noticed(at in 0..usize::MAX, bit in 0..8_u8, entry in 0..9_usize) {
        let mut signed = log()[entry].clone();
        let at = at % signed.bytes.len();
        signed.bytes[at] ^= 1_u8 << bit;
        prop_assert!(signed.verify(&key().relay_id()).is_err());
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = ControlEntry::decode(&bytes);
    }
}
