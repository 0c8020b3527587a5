//! Peers that break the rules get a fault with a stable code, and everybody else is served on.

use automerge::transaction::Transactable as _;
use automerge::{ActorId, Author, Automerge, Change, ROOT};
use forsat_sync::frame::{ItemOutcome, PROTOCOL_VERSIONS, Pull, StreamId, ToRelay};
use forsat_sync::id::{DocumentId, SpaceId, UserId};
use forsat_sync::identity::{InviteCode, InviteSecret};
use forsat_sync::limits::{CHUNK_BYTES_MAX, MESSAGE_BYTES_MAX};

use super::device::{Device, Office};
use super::relay::SPACE;
use super::wire::{Wire, block_on, key};

pub(super) fn space_of(device: &Device, name: &str) -> SpaceId {
    let status = device.status();
    let spaces = status["spaces"].as_array().unwrap();
    let space = spaces.iter().find(|space| space["name"] == name).unwrap();
    let bytes = hex::decode(space["space"].as_str().unwrap()).unwrap();
    SpaceId::from_bytes(bytes.try_into().unwrap())
}

#[test]
fn what_is_no_frame_is_answered_with_a_code() {
    let office = Office::open();
    let url = office.relay.url();
    // Which code each gets is shown where frames are read; here, that one comes and that the relay hangs up.
    let frames = [
        vec![],
        vec![0x00],
        vec![0xff; 16],
        vec![0x81; 64],
        vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        ToRelay::Bye.encode().repeat(2),
    ];
    block_on(async {
        for bytes in frames {
            let mut wire = Wire::connect(url, 50).await;
            wire.send_raw(bytes.clone()).await;
            let said = wire.fault().await.unwrap_or_else(|| panic!("no fault for {bytes:02x?}"));
            assert!(said.starts_with("frame_"), "{bytes:02x?}: {said}");
        }
        let mut wire = Wire::connect(url, 50).await;
        wire.send_raw(vec![0; MESSAGE_BYTES_MAX + 1]).await;
        // The fault may be lost with the rest of a message that nobody reads.
        assert!(wire.fault().await.is_none_or(|code| code == "frame_too_large"));
    });
    office.level();
}

#[test]
fn nobody_gets_in_with_a_wrong_key_version_or_code() {
    let office = Office::open();
    let url = office.relay.url();
    let code: InviteCode = office.relay.invite("Mina", SPACE, "rep").parse().unwrap();
    let newest = PROTOCOL_VERSIONS.max;
    block_on(async {
        let mut early = Wire::connect(url, 60).await;
        let pull = Pull {
            stream: StreamId(1),
            space: space_of(&office.sara, SPACE),
            cursor: None,
            echo: true,
            from_head: false,
        };
        early.send(&ToRelay::Pull(pull)).await;
        assert_eq!(early.fault().await.as_deref(), Some("unexpected_frame"));
        let mut stranger = Wire::connect(url, 61).await;
        stranger.auth(newest, &key(61)).await;
        assert_eq!(stranger.fault().await.as_deref(), Some("unknown_device"));
        let mut guess = code.clone();
        guess.secret = InviteSecret::from_bytes([0; InviteSecret::LEN]);
        let mut guesser = Wire::connect(url, 62).await;
        guesser.enrol(&guess).await;
        assert_eq!(guesser.fault().await.as_deref(), Some("invite_invalid"));
        let mut mina = Wire::connect(url, 63).await;
        mina.enrol(&code).await;
        mina.welcome().await;
        let mut second = Wire::connect(url, 64).await;
        second.enrol(&code).await;
        assert_eq!(second.fault().await.as_deref(), Some("invite_invalid"), "a code works once");
        let mut thief = Wire::connect(url, 63).await;
        thief.auth(newest, &key(64)).await;
        assert_eq!(thief.fault().await.as_deref(), Some("bad_signature"));
        let mut newer = Wire::connect(url, 63).await;
        newer.auth(newest + 1, &key(63)).await;
        assert_eq!(newer.fault().await.as_deref(), Some("protocol_unsupported"));
        let mut again = Wire::connect(url, 63).await;
        again.auth(newest, &key(63)).await;
        again.welcome().await;
    });
    assert_eq!(office.relay.status()["devices_active"], 3, "Sara, Reza, Mina");
    office.level();
}

#[test]
fn a_stranger_cannot_tell_a_space_that_is_there_from_one_that_is_not() {
    let office = Office::open();
    office.sara.add("account", &["name=Arya"]);
    office.sara.sync();
    office.relay.add_space("North");
    let code: InviteCode = office.relay.invite("Omid", "North", "rep").parse().unwrap();
    let (there, nowhere) = (space_of(&office.sara, SPACE), SpaceId::from_bytes([0xee; 16]));
    let entries = office.relay.status()["changes"].clone();
    block_on(async {
        let mut omid = Wire::connect(office.relay.url(), 70).await;
        omid.enrol(&code).await;
        omid.welcome().await;
        let answer = omid.pull_refused(there).await;
        assert_eq!(answer, omid.pull_refused(nowhere).await);
        assert_eq!(answer.0, "unknown_space");
        let document = DocumentId::from_bytes([1; 16]);
        let outcome = omid.push(there, document, vec![1, 2, 3]).await;
        assert_eq!(outcome, omid.push(nowhere, document, vec![1, 2, 3]).await);
        assert_ne!(outcome, ItemOutcome::Acked);
    });
    assert_eq!(office.relay.status()["changes"], entries);
}

#[test]
fn bytes_that_are_no_change_are_refused_for_good() {
    let office = Office::open();
    let code: InviteCode = office.relay.invite("Mina", SPACE, "rep").parse().unwrap();
    let space = space_of(&office.sara, SPACE);
    let entries = office.relay.status()["changes"].clone();
    block_on(async {
        let mut mina = Wire::connect(office.relay.url(), 80).await;
        mina.enrol(&code).await;
        mina.welcome().await;
        for bytes in [vec![], vec![0; 64], b"\x85\x6f\x4a\x83\0\0\0\0\x01\xff\xff\xff\xff\x0f".to_vec()] {
            let outcome = mina.push(space, DocumentId::from_bytes([2; 16]), bytes).await;
            assert!(matches!(outcome, ItemOutcome::Refused { .. }), "{outcome:?}");
        }
    });
    assert_eq!(office.relay.status()["changes"], entries);
    office.level();
}

#[test]
fn a_chunk_above_the_limit_is_refused_by_its_code_and_the_connection_serves_on() {
    let office = Office::open();
    let code: InviteCode = office.relay.invite("Mina", SPACE, "rep").parse().unwrap();
    let space = space_of(&office.sara, SPACE);
    let entries = office.relay.status()["changes"].clone();
    block_on(async {
        let mut mina = Wire::connect(office.relay.url(), 81).await;
        mina.enrol(&code).await;
        let user = mina.welcome().await;
        let document = DocumentId::from_bytes([3; 16]);
        let long = change(user, CHUNK_BYTES_MAX);
        let (plain, deflated) = (long.raw_bytes().to_vec(), long.clone().bytes().to_vec());
        assert!(plain.len() > CHUNK_BYTES_MAX && plain.len() < MESSAGE_BYTES_MAX);
        assert!(deflated.len() < CHUNK_BYTES_MAX / 100, "small on the wire, too large once it is inflated");
        for chunk in [plain, deflated] {
            let outcome = mina.push(space, document, chunk).await;
            let ItemOutcome::Refused { code, message } = outcome else { panic!("{outcome:?}") };
            assert_eq!(code.to_string(), "chunk_too_large");
            assert!(message.contains("smaller"), "{message}");
        }
        let short = change(user, CHUNK_BYTES_MAX / 2).raw_bytes().to_vec();
        assert_eq!(mina.push(space, document, short).await, ItemOutcome::Acked, "on the same connection");
    });
    office.level();
    let changes = office.relay.status()["changes"].as_u64().unwrap();
    assert_eq!(changes, entries.as_u64().unwrap() + 1);
}

/// A first change of a document with so many bytes of one value, which deflate well.
pub(super) fn change(user: UserId, bytes: usize) -> Change {
    let author = Author::from(user.as_bytes().to_vec());
    let mut document = Automerge::new().with_author(Some(author)).with_actor(ActorId::from(&[7; 16][..]));
    let mut transaction = document.transaction();
    transaction.put(ROOT, "name", "x".repeat(bytes)).unwrap();
    transaction.commit();
    document.get_last_local_change().unwrap()
}
