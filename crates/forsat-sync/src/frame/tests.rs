//! Round trips, hostile bytes, tolerance.

use super::*;
use crate::code;
use crate::digest::{Bucket, Node};
use crate::heal::{ChangeList, Chunk, Home, RefillItem};
use crate::identity::InviteSecret;
use crate::limits::MESSAGE_BYTES_MAX;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn array16() -> impl Strategy<Value = [u8; 16]> {
    any::<[u8; 16]>()
}

fn signature() -> impl Strategy<Value = Signature> {
    vec(any::<u8>(), 64).prop_map(|bytes| Signature::from_bytes(bytes.try_into().unwrap()))
}

fn nonce() -> impl Strategy<Value = Nonce> {
    any::<[u8; 32]>().prop_map(Nonce::from_bytes)
}

fn reason() -> impl Strategy<Value = (Code, String)> {
    prop_oneof![
        Just((code::FORBIDDEN, code::message(&code::FORBIDDEN).to_owned())),
        ("[a-z0-9_]{1,48}", ".{1,80}").prop_map(|(code, message)| (Code::parse(&code).unwrap(), message)),
    ]
}

fn spaces() -> impl Strategy<Value = Vec<SpaceInfo>> {
    let role = prop::sample::select(vec![Role::Admin, Role::Manager, Role::Rep, Role::Viewer]);
    let space = (array16(), "\\PC{0,20}", role);
    vec(space.prop_map(|(id, name, role)| SpaceInfo { id: SpaceId::from_bytes(id), name, role }), 0..5)
}

pub(crate) fn to_relay() -> impl Strategy<Value = ToRelay> {
    let auth = (any::<u16>(), array16(), nonce(), signature(), option::of(any::<[u8; 8]>()));
    let enrol =
        (any::<u16>(), array16(), any::<[u8; 32]>(), nonce(), signature(), ".{0,30}", option::of(array16()));
    let pull = (any::<u32>(), array16(), option::of((any::<u64>(), any::<u64>())), any::<bool>());
    let item = (array16(), vec(any::<u8>(), 0..300))
        .prop_map(|(id, bytes)| PushItem { document: DocumentId::from_bytes(id), bytes });
    prop_oneof![
        auth.prop_map(|(protocol, device, nonce, signature, directory)| ToRelay::Auth(Auth {
            protocol,
            device: DeviceId::from_bytes(device),
            nonce,
            signature,
            directory: directory.map(DirectoryDigest),
        })),
        enrol.prop_map(|(protocol, secret, key, nonce, signature, device_name, user)| ToRelay::Enrol(
            Enrol {
                protocol,
                secret: InviteSecret::from_bytes(secret),
                public_key: PublicKey::from_bytes(key),
                nonce,
                signature,
                device_name,
                proposed_user: user.map(UserId::from_bytes),
            }
        )),
        pull.prop_map(|(stream, space, cursor, echo)| ToRelay::Pull(Pull {
            stream: StreamId(stream),
            space: SpaceId::from_bytes(space),
            cursor: cursor.map(|(epoch, seq)| Cursor { epoch: Epoch::new(epoch), seq: FeedSeq::new(seq) }),
            echo,
            from_head: echo && cursor.is_none(),
        })),
        (any::<u32>(), array16(), question()).prop_map(|(ask, space, question)| ToRelay::Heal {
            ask: AskId(ask),
            space: SpaceId::from_bytes(space),
            question,
        }),
        (any::<u64>(), array16(), vec(item, 0..4)).prop_map(|(batch, space, items)| ToRelay::Push(Push {
            batch: BatchId::new(batch),
            space: SpaceId::from_bytes(space),
            items,
        })),
        (array16(), vec(any::<u8>(), 0..40))
            .prop_map(|(space, bytes)| ToRelay::Ephemeral { space: SpaceId::from_bytes(space), bytes }),
        any::<u32>().prop_map(|token| ToRelay::Ping { token }),
        (any::<u64>(), any::<[u8; 8]>())
            .prop_map(|(count, digest)| ToRelay::ControlHead(ControlMark { count, digest })),
        vec(control(), 0..4).prop_map(|entries| ToRelay::ControlEntries { entries }),
        (any::<u32>(), vec(any::<u8>(), 0..40))
            .prop_map(|(ask, request)| ToRelay::Admin { ask: AskId(ask), request }),
        (any::<u32>(), array16(), vec(id(), 0..4)).prop_map(|(ask, to, documents)| ToRelay::Move(Move {
            ask: AskId(ask),
            to: SpaceId::from_bytes(to),
            documents,
        })),
        (any::<u32>(), array16(), vec(aside(), 0..4)).prop_map(|(ask, space, items)| {
            ToRelay::SetAside(SetAside { ask: AskId(ask), space: SpaceId::from_bytes(space), items })
        }),
        Just(ToRelay::Bye),
        (100..u64::MAX).prop_map(|kind| ToRelay::Unknown { kind }),
    ]
}

fn aside() -> impl Strategy<Value = SetAsideItem> {
    (id(), vec(any::<u8>(), 0..300), reason()).prop_map(|(document, bytes, (reason, _))| SetAsideItem {
        document,
        bytes,
        reason,
    })
}

fn control() -> impl Strategy<Value = SignedEntry> {
    (vec(any::<u8>(), 0..200), signature()).prop_map(|(bytes, signature)| SignedEntry { bytes, signature })
}

fn entry() -> impl Strategy<Value = PageEntry> {
    prop_oneof![
        (array16(), vec(any::<u8>(), 0..300), option::of(receipt())).prop_map(|(id, bytes, receipt)| {
            PageEntry::Change { document: DocumentId::from_bytes(id), bytes, receipt }
        }),
        (array16(), any::<[u8; 32]>(), option::of(receipt())).prop_map(|(id, hash, receipt)| {
            PageEntry::Echo {
                receipt,
                document: DocumentId::from_bytes(id),
                hash: ChangeHash::from_bytes(hash),
            }
        }),
        control().prop_map(PageEntry::Control),
        (id(), any::<u64>(), option::of(array16())).prop_map(|(document, home, to)| PageEntry::MovedOut {
            document,
            home: HomeVersion::new(home),
            to: to.map(SpaceId::from_bytes),
        }),
        (id(), any::<u64>())
            .prop_map(|(document, home)| PageEntry::MovedIn { document, home: HomeVersion::new(home) }),
        control().prop_map(PageEntry::Erased),
        // [9, [7]] as a later version might write it.
        Just(PageEntry::Unknown { kind: 9, bytes: vec![0x82, 9, 0x81, 7] }),
    ]
}

fn outcome() -> impl Strategy<Value = ItemOutcome> {
    prop_oneof![
        Just(ItemOutcome::Acked),
        reason().prop_map(|(code, message)| ItemOutcome::Later { code, message }),
        reason().prop_map(|(code, message)| ItemOutcome::Refused { code, message }),
    ]
}

fn receipt() -> impl Strategy<Value = Receipt> {
    let parts = (array16(), array16());
    parts.prop_map(|(device, code)| Receipt { device: DeviceId::from_bytes(device), code })
}

fn hash() -> impl Strategy<Value = ChangeHash> {
    any::<[u8; 32]>().prop_map(ChangeHash::from_bytes)
}

fn id() -> impl Strategy<Value = DocumentId> {
    array16().prop_map(DocumentId::from_bytes)
}

fn question() -> impl Strategy<Value = Question> {
    let nodes = (0..3_u8).prop_flat_map(|level| {
        let size = 16_u16.pow(u32::from(level));
        vec((0..size).prop_map(move |index| Node::new(level, index).unwrap()), 1..4)
    });
    let item = (id(), vec(any::<u8>(), 0..40), option::of(receipt()))
        .prop_map(|(document, bytes, receipt)| RefillItem { document, bytes, receipt });
    prop_oneof![
        nodes.prop_map(Question::Nodes),
        (vec((0..4096_u16).prop_map(|number| Bucket::new(number).unwrap()), 0..4), option::of(id()))
            .prop_map(|(buckets, after)| Question::Documents { buckets, after }),
        vec((id(), any::<u64>()), 0..4).prop_map(Question::Changes),
        vec((id(), hash()), 0..4).prop_map(Question::Fetch),
        vec(item, 0..4).prop_map(Question::Refill),
        vec(id(), 0..4).prop_map(Question::Homes),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    let digest = || array16().prop_map(Digest::from_bytes);
    let home = (any::<u64>(), option::of(array16())).prop_map(|(version, space)| Home {
        version: HomeVersion::new(version),
        space: space.map(SpaceId::from_bytes),
    });
    let list =
        (vec(hash(), 0..3), option::of(any::<u64>())).prop_map(|(hashes, next)| ChangeList { hashes, next });
    let chunk = (vec(any::<u8>(), 0..40), option::of(receipt()))
        .prop_map(|(bytes, receipt)| Chunk { bytes, receipt });
    prop_oneof![
        vec(prop::array::uniform16(digest()), 0..3).prop_map(Answer::Nodes),
        (vec(vec((id(), digest()), 0..3), 0..3), any::<bool>())
            .prop_map(|(lists, goes_on)| Answer::Documents { lists, goes_on }),
        vec(list, 0..3).prop_map(Answer::Changes),
        vec(option::of(chunk), 0..3).prop_map(Answer::Fetched),
        vec(outcome(), 0..4).prop_map(Answer::Refilled),
        vec(option::of(home), 0..4).prop_map(Answer::Homes),
        reason().prop_map(|(code, message)| Answer::Failed { code, message }),
    ]
}

fn page() -> impl Strategy<Value = ToDevice> {
    let numbers = (any::<u32>(), any::<u64>(), any::<u64>(), any::<u64>());
    (numbers, vec(entry(), 0..4), option::of(array16())).prop_map(
        |((stream, epoch, up_to, head), entries, root)| {
            ToDevice::Page(Page {
                stream: StreamId(stream),
                epoch: Epoch::new(epoch),
                up_to: FeedSeq::new(up_to),
                head: FeedSeq::new(head),
                entries,
                root: root.map(Digest::from_bytes),
            })
        },
    )
}

pub(crate) fn to_device() -> impl Strategy<Value = ToDevice> {
    let hello = (any::<u16>(), any::<u16>(), any::<[u8; 32]>(), nonce(), signature());
    let welcome = (array16(), array16(), any::<u32>(), any::<u32>(), signature(), option::of(spaces()));
    prop_oneof![
        hello.prop_map(|(min, max, relay, nonce, signature)| ToDevice::Hello(Hello {
            versions: VersionRange { min, max },
            relay: RelayId::from_bytes(relay),
            nonce,
            signature,
        })),
        (any::<u64>(), option::of(signature()))
            .prop_map(|(after, proof)| ToDevice::ControlWanted { after, proof }),
        (any::<u32>(), vec(outcome(), 0..4))
            .prop_map(|(ask, results)| ToDevice::Moved { ask: AskId(ask), results }),
        (any::<u32>(), vec(outcome(), 0..4))
            .prop_map(|(ask, results)| ToDevice::WasSetAside { ask: AskId(ask), results }),
        (control(), option::of(signature())).prop_map(|(entry, proof)| ToDevice::Revocation { entry, proof }),
        array16().prop_map(|id| ToDevice::Enrolled { device: DeviceId::from_bytes(id) }),
        welcome.prop_map(|(user, workspace, reader, window, proof, spaces)| ToDevice::Welcome(Welcome {
            user: UserId::from_bytes(user),
            workspace: WorkspaceId::from_bytes(workspace),
            reader_version_min: reader,
            push_window_bytes: window,
            proof,
            spaces,
        })),
        page(),
        (any::<u32>(), reason()).prop_map(|(stream, (code, message))| ToDevice::StreamClosed {
            stream: StreamId(stream),
            code,
            message
        }),
        (any::<u64>(), vec(outcome(), 0..4))
            .prop_map(|(batch, results)| ToDevice::Outcome { batch: BatchId::new(batch), results }),
        spaces().prop_map(|spaces| ToDevice::SpacesChanged { spaces }),
        (array16(), array16(), vec(any::<u8>(), 0..40)).prop_map(|(space, from, bytes)| {
            ToDevice::Ephemeral { space: SpaceId::from_bytes(space), from: DeviceId::from_bytes(from), bytes }
        }),
        any::<u32>().prop_map(|token| ToDevice::Pong { token }),
        (any::<u32>(), vec(any::<u8>(), 0..40))
            .prop_map(|(ask, answer)| ToDevice::Administered { ask: AskId(ask), answer }),
        (any::<u32>(), answer()).prop_map(|(ask, answer)| ToDevice::Healed { ask: AskId(ask), answer }),
        (any::<u64>(), any::<u64>())
            .prop_map(|(retry_after_ms, jitter_ms)| ToDevice::Drain { retry_after_ms, jitter_ms }),
        reason().prop_map(|(code, message)| ToDevice::Fault { code, message }),
        (100..u64::MAX).prop_map(|kind| ToDevice::Unknown { kind }),
    ]
}

proptest! {
    #[test]
    fn frames_to_the_relay_come_back_as_they_were(frame in to_relay()) {
        prop_assert_eq!(ToRelay::decode(&frame.encode(), MESSAGE_BYTES_MAX), Ok(frame));
    }

    #[test]
    fn frames_to_the_device_come_back_as_they_were(frame in to_device()) {
        prop_assert_eq!(ToDevice::decode(&frame.encode(), MESSAGE_BYTES_MAX), Ok(frame));
    }

    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = ToRelay::decode(&bytes, MESSAGE_BYTES_MAX);
        let _ = ToDevice::decode(&bytes, MESSAGE_BYTES_MAX);
    }

    #[test]
    fn a_truncated_frame_is_an_error(frame in to_device(), cut in any::<prop::sample::Index>()) {
        let bytes = frame.encode();
        let short = &bytes[..cut.index(bytes.len())];
        prop_assert!(ToDevice::decode(short, MESSAGE_BYTES_MAX).is_err());
    }

    #[test]
    fn a_flipped_bit_never_panics(frame in to_relay(), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut bytes = frame.encode();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let _ = ToRelay::decode(&bytes, MESSAGE_BYTES_MAX);
    }

    #[test]
    fn wire_bytes_is_an_upper_bound(entry in entry()) {
        let page = |entries| ToDevice::Page(Page {
            stream: StreamId(0), epoch: Epoch::ZERO, up_to: FeedSeq::ZERO, head: FeedSeq::ZERO, entries, root: None,
        });
        let bytes = page(vec![entry.clone()]).encode().len() - page(vec![]).encode().len();
        prop_assert!(bytes <= entry.wire_bytes());
    }
}

fn refused(bytes: &[u8]) -> FrameError {
    ToRelay::decode(bytes, MESSAGE_BYTES_MAX).unwrap_err()
}

#[test]
fn every_hostile_form_has_its_own_error() {
    let ping = ToRelay::Ping { token: 7 }.encode();
    assert_eq!(ToRelay::decode(&ping, 2), Err(FrameError::TooLarge { size: 3, max: 2 }));
    assert_eq!(refused(&[&ping[..], &[0]].concat()), FrameError::TrailingBytes);
    assert_eq!(refused(&[]), FrameError::NotAFrame);
    assert_eq!(refused(&[0x80]), FrameError::NotAFrame);
    assert_eq!(refused(&[0x81, 0x41, 0]), FrameError::NotAFrame);
    assert_eq!(refused(&[0x9f, 6, 7, 0xff]), FrameError::Unsupported, "indefinite array");
    assert_eq!(refused(&[0x82, 6, 0xc0, 7]), FrameError::Unsupported, "tag");
    assert_eq!(refused(&[0x82, 6, 0xf9, 0, 0]), FrameError::Unsupported, "float");
    assert_eq!(refused(&[0x82, 6, 0x81, 0x81, 0x81, 0x81, 0]), FrameError::TooDeep);
    assert_eq!(refused(&[0x9b, 255, 255, 255, 255, 255, 255, 255, 255, 6]), FrameError::Truncated);
    assert_eq!(refused(&[0x82, 5, 0x5b, 255, 255, 255, 255, 255, 255, 255, 255]), FrameError::Truncated);
    assert_eq!(refused(&[0x82, 5, 0xbb, 255, 255, 255, 255, 255, 255, 255, 255]), FrameError::Truncated);
    assert_eq!(refused(&[0x81, 6]), FrameError::Field { name: "token" });
    assert_eq!(refused(&[0x82, 6, 0x61, b'x']), FrameError::Field { name: "token" });
    assert_eq!(refused(&[0x82, 6, 0x1b, 1, 0, 0, 0, 0, 0, 0, 0]), FrameError::Field { name: "token" });
}

#[test]
fn too_many_elements_are_refused_before_they_are_read() {
    let mut bytes = vec![0x84, 4, 0, 0x50];
    bytes.extend_from_slice(&[0; 16]);
    bytes.extend_from_slice(&[0x99, 0x20, 0x00]);
    bytes.extend(std::iter::repeat_n(0x80, 0x2000));
    assert_eq!(refused(&bytes), FrameError::Field { name: "items" });
}

#[test]
fn elements_of_a_later_version_are_passed_over() {
    // A ping with two further elements, one of them nested.
    let bytes = [0x84, 6, 7, 0x82, 1, 0xa1, 1, 2, 0x61, b'x'];
    assert_eq!(ToRelay::decode(&bytes, MESSAGE_BYTES_MAX), Ok(ToRelay::Ping { token: 7 }));
    // A space with a fourth element and a role that isn't known.
    let mut bytes = vec![0x82, 18, 0x81, 0x84, 0x50];
    bytes.extend_from_slice(&[5; 16]);
    bytes.extend_from_slice(&[0x61, b'x', 9, 0x81, 1]);
    let expected = SpaceInfo { id: SpaceId::from_bytes([5; 16]), name: "x".into(), role: Role::Viewer };
    let decoded = ToDevice::decode(&bytes, MESSAGE_BYTES_MAX);
    assert_eq!(decoded, Ok(ToDevice::SpacesChanged { spaces: vec![expected] }));
}

#[test]
fn a_frame_of_the_other_direction_is_unknown() {
    let decoded = ToDevice::decode(&ToRelay::Bye.encode(), MESSAGE_BYTES_MAX);
    assert_eq!(decoded, Ok(ToDevice::Unknown { kind: 7 }));
}

#[test]
fn long_messages_are_cut_between_characters() {
    let message = "فرصت".repeat(MESSAGE_TEXT_BYTES_MAX);
    let frame = ToDevice::Fault { code: code::FORBIDDEN, message: message.clone() };
    let Ok(ToDevice::Fault { message: cut, .. }) = ToDevice::decode(&frame.encode(), MESSAGE_BYTES_MAX)
    else {
        panic!("a fault comes back as a fault");
    };
    assert!(cut.len() <= MESSAGE_TEXT_BYTES_MAX && message.starts_with(&cut));
}

#[test]
fn the_directory_digest_sees_every_part_but_not_the_order() {
    let (user, workspace) = (UserId::from_bytes([1; 16]), WorkspaceId::from_bytes([2; 16]));
    let space =
        |id, name: &str, role| SpaceInfo { id: SpaceId::from_bytes([id; 16]), name: name.into(), role };
    let spaces = [space(1, "north", Role::Rep), space(2, "south", Role::Viewer)];
    let digest = DirectoryDigest::of(&user, &workspace, &spaces);
    let turned = [spaces[1].clone(), spaces[0].clone()];
    assert_eq!(digest, DirectoryDigest::of(&user, &workspace, &turned));
    let renamed = [space(1, "north", Role::Rep), space(2, "east", Role::Viewer)];
    let promoted = [space(1, "north", Role::Rep), space(2, "south", Role::Rep)];
    for other in [&renamed[..], &promoted[..], &spaces[..1]] {
        assert_ne!(digest, DirectoryDigest::of(&user, &workspace, other));
    }
    assert_ne!(digest, DirectoryDigest::of(&UserId::from_bytes([3; 16]), &workspace, &spaces));
}

#[test]
fn an_idle_reconnect_fits_its_budget_whatever_the_numbers() {
    let (signature, nonce) = (Signature::from_bytes([9; 64]), Nonce::from_bytes([9; 32]));
    let auth = ToRelay::Auth(Auth {
        protocol: u16::MAX,
        device: DeviceId::from_bytes([9; 16]),
        nonce,
        signature,
        directory: Some(DirectoryDigest([9; 8])),
    });
    let welcome = ToDevice::Welcome(Welcome {
        user: UserId::from_bytes([9; 16]),
        workspace: WorkspaceId::from_bytes([9; 16]),
        reader_version_min: u32::MAX,
        push_window_bytes: u32::MAX,
        proof: signature,
        spaces: None,
    });
    let (epoch, seq) = (Epoch::new(u64::MAX), FeedSeq::new(u64::MAX));
    let pull = ToRelay::Pull(Pull {
        stream: StreamId(u32::MAX),
        space: SpaceId::from_bytes([9; 16]),
        cursor: Some(Cursor { epoch, seq }),
        echo: true,
        from_head: false,
    });
    let page = ToDevice::Page(Page {
        stream: StreamId(u32::MAX),
        epoch,
        up_to: seq,
        head: seq,
        entries: Vec::new(),
        root: Some(Digest::EMPTY),
    });
    assert!(auth.encode().len() + welcome.encode().len() <= 256);
    assert!(pull.encode().len() + page.encode().len() <= 100);
}
