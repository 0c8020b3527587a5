//! The device machine alone: forged and hostile relays, the window over the outbox.

mod aside;
mod control;

use super::*;
use crate::code;
use crate::frame::tests::to_device;
use crate::frame::{Hello, Page, StreamId, ToDevice, ToRelay, VersionRange, Welcome};
use crate::frame::{ItemOutcome, PageEntry, Role};
use crate::id::{BatchId, ChangeHash, Digest, DocumentId, Epoch, FeedSeq};
use crate::identity::{AuthClaim, RelayKey, sign_hello, sign_welcome};
use crate::limits::MESSAGE_BYTES_MAX;
use crate::loopback::{document, hash_of, space};
use proptest::collection::vec;
use proptest::prelude::*;

const RELAY_NONCE: Nonce = Nonce::from_bytes([1; 32]);
const DEVICE_NONCE: Nonce = Nonce::from_bytes([2; 32]);

fn relay() -> RelayKey {
    RelayKey::from_seed(&[1; 32])
}

fn config(once: bool) -> ClientConfig {
    let spaces = vec![SpaceInfo { id: space(1), name: "north".into(), role: Role::Rep }];
    let directory = Some((UserId::from_bytes([1; 16]), WorkspaceId::from_bytes([9; 16]), spaces));
    ClientConfig {
        key: DeviceKey::from_seed(&[50; 32]),
        relay: relay().relay_id(),
        purpose: Purpose::Sync { known: Known { directory, ..Known::default() }, once },
        reader_version: 3,
        flow: ClientLimits::default(),
    }
}

fn hello_of(key: &RelayKey, versions: VersionRange) -> Vec<u8> {
    let hello = Hello {
        versions,
        relay: key.relay_id(),
        nonce: RELAY_NONCE,
        signature: sign_hello(key, versions, &RELAY_NONCE),
    };
    ToDevice::Hello(hello).encode()
}

fn hello() -> Vec<u8> {
    hello_of(&relay(), VersionRange { min: 1, max: 1 })
}

fn welcome(reader_version_min: u32) -> Welcome {
    let claim = AuthClaim {
        protocol: 1,
        relay: relay().relay_id(),
        device: DeviceKey::from_seed(&[50; 32]).device_id(),
        relay_nonce: RELAY_NONCE,
        device_nonce: DEVICE_NONCE,
    };
    Welcome {
        user: UserId::from_bytes([1; 16]),
        workspace: WorkspaceId::from_bytes([9; 16]),
        reader_version_min,
        push_window_bytes: 100_000,
        proof: sign_welcome(&relay(), &claim),
        spaces: None,
    }
}

/// A machine whose transport is open.
fn connected(config: ClientConfig) -> ClientMachine {
    let (mut machine, effects) = ClientMachine::start(config, 0);
    assert_eq!(effects.last(), Some(&Effect::Connect));
    let effects = machine.handle(0, Input::Connected { nonce: DEVICE_NONCE });
    assert!(
        matches!(effects[..], [Effect::LoadOutbox { .. }]),
        "the outbox is read while the hello is on its way"
    );
    machine
}

fn proving(config: ClientConfig) -> ClientMachine {
    let mut machine = connected(config);
    let effects = machine.handle(0, Input::Frame(hello()));
    assert_eq!(sent(&effects).len(), 2, "auth and one pull");
    machine
}

fn online() -> ClientMachine {
    let mut machine = proving(config(false));
    machine.handle(0, Input::Frame(ToDevice::Welcome(welcome(1)).encode()));
    assert!(machine.status().online);
    machine
}

fn sent(effects: &[Effect]) -> Vec<ToRelay> {
    let frames =
        effects.iter().filter_map(|effect| if let Effect::Send(bytes) = effect { Some(bytes) } else { None });
    frames.map(|bytes| ToRelay::decode(bytes, MESSAGE_BYTES_MAX).unwrap()).collect()
}

fn stopped(effects: &[Effect]) -> &ClientError {
    match effects {
        [.., Effect::Close, Effect::Stopped(Err(error))] => error,
        other => panic!("{other:?}"),
    }
}

fn page(stream: u32, up_to: u64, head: u64, entries: Vec<PageEntry>) -> Input {
    let page = Page {
        stream: StreamId(stream),
        epoch: Epoch::new(1),
        up_to: FeedSeq::new(up_to),
        head: FeedSeq::new(head),
        entries,
        root: (up_to == head).then_some(Digest::EMPTY),
    };
    Input::Frame(ToDevice::Page(page).encode())
}

fn stored(up_to: u64) -> Input {
    let cursor = Some(Cursor { epoch: Epoch::new(1), seq: FeedSeq::new(up_to) });
    Input::PageStored(PageStored {
        space: space(1),
        cursor,
        root: Some(Digest::EMPTY),
        unknown_echoes: Vec::new(),
    })
}

fn item(seq: u64, bytes: usize) -> OutboxItem {
    let bytes = vec![u8::try_from(seq).unwrap(); bytes];
    OutboxItem { seq: OutboxSeq(seq), space: space(1), document: document(1), hash: hash_of(&bytes), bytes }
}

#[test]
fn a_forged_hello_ends_the_machine_before_anything_is_sent() {
    let pinned = relay().relay_id();
    let honest = Hello {
        versions: VersionRange { min: 1, max: 1 },
        relay: pinned,
        nonce: RELAY_NONCE,
        signature: sign_hello(&RelayKey::from_seed(&[2; 32]), VersionRange { min: 1, max: 1 }, &RELAY_NONCE),
    };
    let other = hello_of(&RelayKey::from_seed(&[2; 32]), VersionRange { min: 1, max: 1 });
    for bytes in [other, ToDevice::Hello(honest).encode()] {
        let mut machine = connected(config(false));
        let effects = machine.handle(0, Input::Frame(bytes));
        assert!(sent(&effects).is_empty());
        assert_eq!(stopped(&effects), &ClientError::Impostor { pinned });
        assert!(!stopped(&effects).is_transient());
        assert!(machine.handle(0, Input::Frame(hello())).is_empty(), "a machine that has ended stays so");
    }
}

#[test]
fn a_hello_that_was_recorded_is_found_out_at_the_welcome() {
    let mut machine = proving(config(false));
    let proof = sign_welcome(
        &RelayKey::from_seed(&[2; 32]),
        &AuthClaim {
            protocol: 1,
            relay: relay().relay_id(),
            device: machine.device(),
            relay_nonce: RELAY_NONCE,
            device_nonce: DEVICE_NONCE,
        },
    );
    let forged = ToDevice::Welcome(Welcome { proof, ..welcome(1) });
    assert_eq!(stopped(&machine.handle(0, Input::Frame(forged.encode()))), &ClientError::Recorded);
}

#[test]
fn versions_that_do_not_meet_are_named() {
    let mut machine = connected(config(false));
    let versions = VersionRange { min: 2, max: 4 };
    let effects = machine.handle(0, Input::Frame(hello_of(&relay(), versions)));
    assert_eq!(stopped(&effects), &ClientError::NoCommonProtocol { relay: versions });
    let mut machine = proving(config(false));
    let effects = machine.handle(0, Input::Frame(ToDevice::Welcome(welcome(4)).encode()));
    assert_eq!(stopped(&effects), &ClientError::ReaderTooOld { min: 4, own: 3 });
}

#[test]
fn a_fault_before_the_hello_is_nobodys_word() {
    let fault = ToDevice::Fault { code: code::DEVICE_REVOKED, message: "go away".into() };
    let mut machine = connected(config(false));
    let effects = machine.handle(0, Input::Frame(fault.encode()));
    assert_eq!(effects.last(), Some(&Effect::Close));
    let effects = machine.handle(0, Input::Disconnected { random: u64::MAX });
    assert_eq!(effects, [Effect::Event(SyncEvent::Offline { retry_at_ms: 500 })]);
    let mut machine = proving(config(false));
    let effects = machine.handle(0, Input::Frame(fault.encode()));
    assert!(matches!(stopped(&effects), ClientError::Refused { code, .. } if *code == code::DEVICE_REVOKED));
}

#[test]
fn an_ack_before_the_welcome_is_not_believed() {
    let mut machine = connected(config(false));
    machine.handle(0, Input::OutboxLoaded { items: vec![item(1, 50)] });
    let effects = machine.handle(0, Input::Frame(hello()));
    assert!(matches!(sent(&effects)[..], [_, _, ToRelay::Push(_)]));
    let ack = ToDevice::Outcome { batch: BatchId::new(1), results: vec![ItemOutcome::Acked] };
    let effects = machine.handle(0, Input::Frame(ack.encode()));
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Settle(_))));
    assert_eq!(effects.last(), Some(&Effect::Close));
}

#[test]
fn pages_are_stored_one_by_one_and_hold_the_transport_back() {
    let mut machine = online();
    machine.handle(0, Input::OutboxLoaded { items: Vec::new() });
    let change = || vec![PageEntry::Change { document: document(1), bytes: vec![5; 200_000], receipt: None }];
    let effects = machine.handle(0, page(1, 1, 30, change()));
    assert!(effects.iter().any(|effect| matches!(effect, Effect::StorePage(_))));
    for up_to in 2..=22 {
        assert!(machine.wants_frames());
        let effects = machine.handle(0, page(1, up_to, 30, change()));
        assert!(effects.is_empty(), "the store has one page at a time");
    }
    assert!(!machine.wants_frames());
    let effects = machine.handle(0, stored(1));
    let is_second =
        |effect: &Effect| matches!(effect, Effect::StorePage(page) if page.cursor.seq == FeedSeq::new(2));
    assert!(effects.iter().any(is_second));
    for up_to in 2..=22 {
        machine.handle(0, stored(up_to));
    }
    assert!(machine.wants_frames() && !machine.status().settled);
    machine.handle(0, page(1, 30, 30, Vec::new()));
    assert!(machine.handle(0, stored(30)).contains(&Effect::Event(SyncEvent::Settled(machine.status()))));
    assert!(machine.status().synced);
}

#[test]
fn pages_of_a_store_that_is_busy_outlive_the_connection_without_harm() {
    let mut machine = online();
    machine.handle(0, page(1, 5, 9, Vec::new()));
    machine.handle(0, Input::Disconnected { random: 0 });
    machine.handle(0, Input::ConnectNow);
    machine.handle(0, Input::Connected { nonce: DEVICE_NONCE });
    machine.handle(0, stored(5));
    let effects = machine.handle(0, Input::Frame(hello()));
    let [_, ToRelay::Pull(pull)] = sent(&effects)[..] else { panic!() };
    assert_eq!(pull.cursor, Some(Cursor { epoch: Epoch::new(1), seq: FeedSeq::new(5) }));
}

#[test]
fn entries_of_an_unknown_kind_reach_the_store_as_they_came() {
    let mut machine = online();
    let unknown = PageEntry::Unknown { kind: 4, bytes: vec![0x82, 4, 0x41, 9] };
    let effects = machine.handle(0, page(1, 1, 1, vec![unknown.clone()]));
    let stored = effects
        .iter()
        .find_map(|effect| if let Effect::StorePage(page) = effect { Some(page) } else { None });
    assert_eq!(stored.unwrap().entries, [unknown]);
}

#[test]
fn the_window_bounds_what_is_in_flight() {
    let mut config = config(false);
    config.flow.early_window_bytes = 1_000;
    config.flow.push_bytes_max = 600;
    let mut machine = connected(config);
    machine.handle(0, Input::OutboxLoaded { items: (1..=6).map(|seq| item(seq, 200)).collect() });
    let effects = machine.handle(0, Input::Frame(hello()));
    let pushes: Vec<_> =
        sent(&effects).into_iter().filter(|frame| matches!(frame, ToRelay::Push(_))).collect();
    // 264 bytes a change: two fit a push of 600, three the window of 1,000.
    assert_eq!(pushes.len(), 2);
    let effects = machine.handle(0, Input::Frame(ToDevice::Welcome(welcome(1)).encode()));
    let sizes: Vec<_> = sent(&effects)
        .iter()
        .map(|frame| if let ToRelay::Push(push) = frame { push.items.len() } else { 0 })
        .collect();
    assert_eq!(sizes, [2, 1], "the welcome opens the window");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::LoadOutbox { after: OutboxSeq(6), .. })));
}

#[test]
fn an_outcome_that_fits_no_push_closes_the_connection() {
    let wrong = [(9, 1), (1, 2), (1, 0)];
    for (batch, results) in wrong {
        let mut machine = online();
        let effects = machine.handle(0, Input::OutboxLoaded { items: vec![item(1, 50)] });
        assert_eq!(sent(&effects).len(), 1);
        let results = vec![ItemOutcome::Acked; results];
        let outcome = ToDevice::Outcome { batch: BatchId::new(batch), results };
        let effects = machine.handle(0, Input::Frame(outcome.encode()));
        assert_eq!(effects.last(), Some(&Effect::Close));
        assert!(!effects.iter().any(|effect| matches!(effect, Effect::Settle(_))));
    }
}

#[test]
fn a_stop_says_goodbye() {
    let mut machine = online();
    let effects = machine.handle(0, Input::Stop);
    assert_eq!(sent(&effects), [ToRelay::Bye]);
    assert!(matches!(effects.last(), Some(Effect::Stopped(Ok(_)))));
    assert_eq!(machine.deadline_ms(), None);
}

#[test]
fn a_handshake_that_hangs_is_given_up() {
    let mut machine = connected(config(false));
    assert_eq!(machine.deadline_ms(), Some(10_000));
    let effects = machine.handle(10_000, Input::Tick);
    assert_eq!(effects.last(), Some(&Effect::Close));
}

#[test]
fn connections_that_fail_at_once_are_tried_ever_more_slowly() {
    let mut machine = online();
    let lose = |machine: &mut ClientMachine, now_ms| match machine
        .handle(now_ms, Input::Disconnected { random: u64::MAX })[..]
    {
        [Effect::Event(SyncEvent::Offline { retry_at_ms })] => retry_at_ms - now_ms,
        ref other => panic!("{other:?}"),
    };
    let come_back = |machine: &mut ClientMachine, now_ms| {
        machine.handle(now_ms, Input::ConnectNow);
        machine.handle(now_ms, Input::Connected { nonce: DEVICE_NONCE });
        machine.handle(now_ms, Input::Frame(hello()));
        machine.handle(now_ms, Input::Frame(ToDevice::Welcome(welcome(1)).encode()));
        assert!(machine.status().online);
    };
    let mut waits = Vec::new();
    for now_ms in 0..4 {
        waits.push(lose(&mut machine, now_ms));
        come_back(&mut machine, now_ms);
    }
    assert_eq!(waits, [500, 1_000, 2_000, 4_000]);
    assert_eq!(lose(&mut machine, 60_003), 500, "a connection that held for a minute was of use");
}

#[test]
fn while_the_relay_drains_it_waits_for_the_end_and_for_nothing_that_it_may_not_do() {
    let mut machine = online();
    machine.handle(0, page(1, 0, 0, Vec::new()));
    machine.handle(0, stored(0));
    machine.handle(0, Input::OutboxLoaded { items: vec![item(1, 80), item(2, 80)] });
    let results = vec![ItemOutcome::later(code::OVERLOADED), ItemOutcome::Acked];
    machine.handle(10, Input::Frame(ToDevice::Outcome { batch: BatchId::new(1), results }.encode()));
    let retry_ms = machine.deadline_ms().unwrap();
    let drain = ToDevice::Drain { retry_after_ms: 1_000, jitter_ms: 0 };
    machine.handle(20, Input::Frame(drain.encode()));
    assert!(machine.deadline_ms().unwrap() > retry_ms, "what was put off is sent over the next connection");
    let effects = machine.handle(retry_ms, Input::Tick);
    assert!(effects.is_empty(), "{effects:?}");
    machine.handle(retry_ms, Input::Disconnected { random: 0 });
    assert_eq!(machine.deadline_ms(), Some(retry_ms + 1_000), "the relay said when to come back");
}

/// What a hostile relay, a slow store and a bad network do.
#[derive(Clone, Debug)]
enum Act {
    Frame(ToDevice),
    Bytes(Vec<u8>),
    OwnPage(u64, u64, bool),
    OwnOutcome(u64, usize),
    Stored(u64, bool),
    Loaded(usize),
    Changed,
    Settled,
    Wait(u64),
    Lost,
    Opened,
    Hello,
    Failed(StoreTask),
}

fn act() -> impl Strategy<Value = Act> {
    let task =
        prop::sample::select(vec![StoreTask::Page, StoreTask::Outbox, StoreTask::Settle, StoreTask::Welcome]);
    prop_oneof![
        4 => to_device().prop_map(Act::Frame),
        1 => vec(any::<u8>(), 0..40).prop_map(Act::Bytes),
        4 => (0_u64..9, 0_u64..9, any::<bool>()).prop_map(|(up_to, head, echo)| Act::OwnPage(up_to, head, echo)),
        3 => (0_u64..4, 0_usize..3).prop_map(|(batch, count)| Act::OwnOutcome(batch, count)),
        3 => (0_u64..9, any::<bool>()).prop_map(|(up_to, unknown)| Act::Stored(up_to, unknown)),
        3 => (0_usize..4).prop_map(Act::Loaded),
        1 => Just(Act::Changed),
        1 => Just(Act::Settled),
        1 => (0_u64..40_000).prop_map(Act::Wait),
        1 => Just(Act::Lost),
        2 => Just(Act::Opened),
        2 => Just(Act::Hello),
        1 => task.prop_map(Act::Failed),
    ]
}

fn input(act: Act) -> Input {
    match act {
        Act::Frame(frame) => Input::Frame(frame.encode()),
        Act::Bytes(bytes) => Input::Frame(bytes),
        Act::OwnPage(up_to, head, echo) => {
            let hash = ChangeHash::from_bytes([7; 32]);
            let echo = echo.then(|| PageEntry::Echo {
                document: DocumentId::from_bytes([1; 16]),
                hash,
                receipt: None,
            });
            page(1, up_to, head, echo.into_iter().collect())
        }
        Act::OwnOutcome(batch, count) => {
            let outcome = |item| match item {
                0 => ItemOutcome::later(code::OVERLOADED),
                _ => ItemOutcome::Acked,
            };
            let results = (0..count).map(outcome).collect();
            Input::Frame(ToDevice::Outcome { batch: BatchId::new(batch), results }.encode())
        }
        Act::Stored(up_to, unknown) => {
            let Input::PageStored(mut page) = stored(up_to) else { unreachable!() };
            page.unknown_echoes.extend(unknown.then_some((document(1), ChangeHash::from_bytes([7; 32]))));
            Input::PageStored(page)
        }
        Act::Loaded(count) => {
            Input::OutboxLoaded { items: (1..=count as u64).map(|seq| item(seq, 80)).collect() }
        }
        Act::Changed => Input::OutboxChanged,
        Act::Settled => Input::Settled,
        Act::Wait(_) => Input::Tick,
        Act::Lost => Input::Disconnected { random: 12 },
        Act::Opened => Input::Connected { nonce: DEVICE_NONCE },
        Act::Hello => Input::Frame(hello()),
        Act::Failed(task) => Input::StoreFailed { task, message: "broken".into() },
    }
}

fn play(machine: &mut ClientMachine, acts: Vec<Act>) -> Vec<Effect> {
    let (mut now_ms, mut effects) = (0, Vec::new());
    for act in acts {
        if let Act::Wait(ms) = act {
            now_ms += ms;
        }
        effects.extend(machine.handle(now_ms, input(act)));
        let stops = effects.iter().filter(|effect| matches!(effect, Effect::Stopped(_))).count();
        assert!(stops <= 1, "a machine ends once");
        let deadline_ms = machine.deadline_ms();
        assert!(
            deadline_ms.is_none_or(|at| at > now_ms),
            "{deadline_ms:?} is over: it would be told again and again"
        );
    }
    effects
}

proptest! {
    #[test]
    fn nothing_hostile_before_the_hello_makes_it_send(acts in vec(act(), 1..25)) {
        let acts = acts.into_iter().filter(|act| !matches!(act, Act::Hello)).collect();
        let mut machine = connected(config(false));
        let effects = play(&mut machine, acts);
        prop_assert!(sent(&effects).is_empty());
    }

    #[test]
    fn nothing_hostile_before_the_welcome_panics(acts in vec(act(), 1..25)) {
        let mut machine = proving(config(true));
        play(&mut machine, acts);
    }

    #[test]
    fn nothing_hostile_while_online_panics(acts in vec(act(), 1..40)) {
        let mut machine = online();
        play(&mut machine, acts);
    }
}
