//! The relay machine alone: deadlines, limits, slow readers, hostile frames.

mod aside;
mod control;

use super::*;
use crate::code;
use crate::frame::tests::to_relay;
use crate::frame::{
    Auth, Cursor, Hello, ItemOutcome, Page, Pull, Push, PushItem, Role, StreamId, ToDevice, ToRelay,
};
use crate::id::{BatchId, Digest, DocumentId, Epoch, FeedSeq, Nonce};
use crate::identity::{AuthClaim, DeviceKey, sign_auth};
use crate::limits::MESSAGE_BYTES_MAX;
use crate::loopback::{MemoryRelay, document, space};
use proptest::collection::vec;
use proptest::prelude::*;
use std::sync::Arc;

/// A connection with its storage, and all frames that it sent.
struct Bench {
    storage: MemoryRelay,
    connection: RelayConnection,
    sent: Vec<ToDevice>,
    unread: usize,
    held: Vec<(RequestId, StorageRequest)>,
    /// Storage keeps its answers back.
    holds: bool,
    effects: Vec<Effect>,
}

fn device() -> DeviceKey {
    DeviceKey::from_seed(&[50; 32])
}

fn bench_with(flow: FlowLimits) -> Bench {
    let mut storage = MemoryRelay::new();
    storage.add_space(space(1), "north", &[(1, Role::Rep)]);
    storage.enrol(device().public(), 1);
    let config = RelayConfig { key: storage.key.clone(), reader_version_min: 1, flow };
    let (connection, effects) = RelayConnection::open(Arc::new(config), Nonce::from_bytes([1; 32]), 0);
    let mut bench = Bench {
        storage,
        connection,
        sent: Vec::new(),
        unread: 0,
        held: Vec::new(),
        holds: false,
        effects: Vec::new(),
    };
    bench.serve(0, effects);
    bench
}

fn bench() -> Bench {
    bench_with(FlowLimits::default())
}

impl Bench {
    fn tell(&mut self, now_ms: u64, input: Input) {
        let effects = self.connection.handle(now_ms, input);
        self.serve(now_ms, effects);
    }

    fn serve(&mut self, now_ms: u64, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send(bytes) => {
                    self.unread += bytes.len();
                    self.sent.push(ToDevice::decode(&bytes, MESSAGE_BYTES_MAX).unwrap());
                }
                Effect::Storage { request, what } if self.holds => self.held.push((request, what)),
                Effect::Storage { request, what } => {
                    let reply = self.storage.answer(what);
                    self.tell(now_ms, Input::Storage { request, reply });
                }
                other => self.effects.push(other),
            }
        }
    }

    fn frame(&mut self, now_ms: u64, frame: &ToRelay) {
        self.tell(now_ms, Input::Frame(frame.encode()));
    }

    fn release(&mut self) {
        self.holds = false;
        for (request, what) in std::mem::take(&mut self.held) {
            let reply = self.storage.answer(what);
            self.tell(0, Input::Storage { request, reply });
        }
    }

    fn auth(&self) -> ToRelay {
        let claim = AuthClaim {
            protocol: 1,
            relay: self.storage.key.relay_id(),
            device: device().device_id(),
            relay_nonce: Nonce::from_bytes([1; 32]),
            device_nonce: Nonce::from_bytes([2; 32]),
        };
        ToRelay::Auth(Auth {
            protocol: 1,
            device: claim.device,
            nonce: claim.device_nonce,
            signature: sign_auth(&device(), &claim),
            directory: None,
        })
    }

    fn open() -> Self {
        let mut bench = bench();
        let auth = bench.auth();
        bench.frame(0, &auth);
        assert_eq!(bench.connection.device(), Some(device().device_id()));
        bench
    }

    /// The fault with which the connection ended; its message says something.
    fn fault(&self) -> Code {
        let Some(ToDevice::Fault { code, message }) = self.sent.last() else {
            panic!("the last frame is a fault: {:?}", self.sent.last());
        };
        assert!(!message.is_empty() && self.connection.is_closed());
        assert!(matches!(self.effects.last(), Some(Effect::Close { code: closed, .. }) if closed == code));
        code.clone()
    }

    fn pages(&self) -> Vec<&Page> {
        self.sent
            .iter()
            .filter_map(|frame| if let ToDevice::Page(page) = frame { Some(page) } else { None })
            .collect()
    }

    fn fill(&mut self, count: u8, bytes: usize) {
        let items = (0..count).map(|n| PushItem { document: document(n), bytes: vec![n; bytes] }).collect();
        let author = DeviceKey::from_seed(&[51; 32]);
        self.storage.enrol(author.public(), 1);
        let device = author.device_id();
        self.storage.answer(StorageRequest::Append(AppendRequest {
            device,
            space: space(1),
            items,
            refill: None,
        }));
    }
}

fn pull(stream: u32) -> ToRelay {
    ToRelay::Pull(Pull {
        stream: StreamId(stream),
        space: space(1),
        cursor: None,
        echo: true,
        from_head: false,
    })
}

fn push(batch: u64, bytes: usize) -> ToRelay {
    let items = vec![PushItem { document: document(1), bytes: vec![7; bytes] }];
    ToRelay::Push(Push { batch: BatchId::new(batch), space: space(1), items })
}

#[test]
fn the_handshake_has_a_limit_and_so_has_silence() {
    let mut bench = bench();
    assert!(matches!(bench.sent[0], ToDevice::Hello(Hello { .. })));
    assert_eq!(bench.connection.deadline_ms(), Some(5_000));
    bench.tell(4_999, Input::Tick);
    assert!(!bench.connection.is_closed());
    bench.tell(5_000, Input::Tick);
    assert_eq!(bench.fault(), code::HANDSHAKE_TIMEOUT);

    let mut bench = Bench::open();
    bench.frame(70_000, &ToRelay::Ping { token: 3 });
    assert_eq!(bench.sent.last(), Some(&ToDevice::Pong { token: 3 }));
    bench.tell(144_999, Input::Tick);
    assert!(!bench.connection.is_closed());
    bench.tell(145_000, Input::Tick);
    assert_eq!(bench.fault(), code::IDLE_TIMEOUT);
    assert_eq!(bench.connection.deadline_ms(), None);
}

#[test]
fn nothing_but_a_proof_answers_a_hello() {
    for frame in [pull(1), push(1, 1), ToRelay::Bye, ToRelay::Unknown { kind: 99 }] {
        let mut bench = bench();
        bench.frame(0, &frame);
        assert_eq!(bench.fault(), code::UNEXPECTED_FRAME);
        assert!(bench.storage.questions.is_empty());
    }
    let mut bench = Bench::open();
    let again = bench.auth();
    bench.frame(0, &again);
    assert_eq!(bench.fault(), code::UNEXPECTED_FRAME);
}

#[test]
fn a_version_that_was_not_offered_is_refused() {
    let mut bench = bench();
    let ToRelay::Auth(auth) = bench.auth() else { unreachable!() };
    bench.frame(0, &ToRelay::Auth(Auth { protocol: 2, ..auth }));
    assert_eq!(bench.fault(), code::PROTOCOL_UNSUPPORTED);
}

#[test]
fn an_auth_that_was_recorded_on_another_connection_is_refused() {
    let mut bench = bench();
    let auth = bench.auth();
    let config = bench.connection_config();
    let (connection, _) = RelayConnection::open(config, Nonce::from_bytes([9; 32]), 0);
    bench.connection = connection;
    bench.frame(0, &auth);
    assert_eq!(bench.fault(), code::BAD_SIGNATURE);
}

impl Bench {
    fn connection_config(&self) -> Arc<RelayConfig> {
        let key = self.storage.key.clone();
        Arc::new(RelayConfig { key, reader_version_min: 1, flow: FlowLimits::default() })
    }
}

#[test]
fn frames_ahead_of_the_welcome_wait_within_a_limit() {
    let mut bench = bench_with(FlowLimits { early_bytes_max: 500, ..FlowLimits::default() });
    let auth = bench.auth();
    bench.holds = true;
    bench.frame(0, &auth);
    bench.frame(0, &pull(1));
    bench.frame(0, &push(1, 300));
    assert_eq!(bench.held.len(), 1, "only the device is asked about");
    bench.release();
    let kinds: Vec<_> = bench.sent.iter().skip(1).map(std::mem::discriminant).collect();
    let page = ToDevice::Page(bench.pages()[0].clone());
    let outcome = ToDevice::Outcome { batch: BatchId::new(1), results: vec![ItemOutcome::Acked] };
    let welcome = bench.sent[1].clone();
    assert!(matches!(welcome, ToDevice::Welcome(_)));
    for frame in [&page, &outcome] {
        assert!(kinds.contains(&std::mem::discriminant(frame)));
    }

    let mut bench = bench_with(FlowLimits { early_bytes_max: 500, ..FlowLimits::default() });
    let auth = bench.auth();
    bench.holds = true;
    bench.frame(0, &auth);
    bench.frame(0, &push(1, 600));
    assert_eq!(bench.fault(), code::OVERLOADED);
}

#[test]
fn a_device_revoked_while_it_was_being_looked_up_does_not_stay() {
    let mut bench = bench();
    let auth = bench.auth();
    bench.holds = true;
    bench.frame(0, &auth);
    let (request, what) = bench.held.pop().unwrap();
    let reply = bench.storage.answer(what);
    bench.storage.devices.get_mut(&device().device_id()).unwrap().revoked = true;
    bench.tell(0, Input::AccessChanged);
    bench.holds = false;
    bench.tell(0, Input::Storage { request, reply });
    assert_eq!(bench.fault(), code::DEVICE_REVOKED);
}

#[test]
fn acks_leave_only_after_storage_has_answered() {
    let mut bench = Bench::open();
    bench.holds = true;
    bench.frame(0, &push(7, 100));
    let before = bench.sent.len();
    bench.tell(100, Input::Tick);
    assert_eq!(bench.sent.len(), before);
    bench.release();
    let outcome = ToDevice::Outcome { batch: BatchId::new(7), results: vec![ItemOutcome::Acked] };
    assert_eq!(bench.sent.last(), Some(&outcome));
}

#[test]
fn pushes_beyond_the_window_are_put_off() {
    let mut bench = bench_with(FlowLimits { push_window_bytes: 500, ..FlowLimits::default() });
    let auth = bench.auth();
    bench.frame(0, &auth);
    bench.holds = true;
    bench.frame(0, &push(1, 700));
    bench.frame(0, &push(2, 700));
    let Some(ToDevice::Outcome { batch, results }) = bench.sent.last() else { panic!() };
    assert_eq!((*batch, &results[..]), (BatchId::new(2), &[ItemOutcome::later(code::OVERLOADED)][..]));
    assert_eq!(bench.held.len(), 1);
}

#[test]
fn a_slow_reader_stops_being_fed_and_resumes_from_its_cursor() {
    let flow = FlowLimits { page_bytes: 1_000, send_queue_bytes_max: 3_000, ..FlowLimits::default() };
    let mut bench = bench_with(flow);
    bench.fill(100, 150);
    let auth = bench.auth();
    bench.frame(0, &auth);
    bench.frame(0, &pull(1));
    assert!(bench.unread <= 3_000 && bench.pages().len() == 2, "{} pages", bench.pages().len());
    let mut largest = 0;
    for round in 0..200 {
        bench.fill(100, 150);
        bench.tell(0, Input::FeedAdvanced { space: space(1) });
        largest = largest.max(bench.unread);
        let read = bench.unread.min(400);
        bench.unread -= read;
        bench.tell(round, Input::Sent { bytes: read });
    }
    assert!(largest <= 3_000, "{largest} bytes were queued");
    let pages = bench.pages();
    assert!(pages.windows(2).all(|pair| pair[0].up_to < pair[1].up_to));
    let entries: usize = pages.iter().map(|page| page.entries.len()).sum();
    assert_eq!(entries, 100, "every entry once");
    let last = pages.last().unwrap();
    assert!(last.root.is_some() && last.up_to == last.head);
    assert!(
        pages[..pages.len() - 1].iter().all(|page| page.root.is_none()),
        "the root comes at the head only"
    );
}

#[test]
fn a_device_that_asks_without_reading_is_closed() {
    let mut bench = bench_with(FlowLimits {
        send_queue_bytes_max: 1_000,
        message_bytes_max: 2_000,
        ..FlowLimits::default()
    });
    let auth = bench.auth();
    bench.frame(0, &auth);
    for token in 0..3_000 {
        bench.frame(0, &ToRelay::Ping { token });
    }
    assert_eq!(bench.fault(), code::OVERLOADED);
    assert!(bench.unread < 5_000);
}

#[test]
fn spaces_take_turns() {
    let flow = FlowLimits { page_bytes: 500, send_queue_bytes_max: 500, ..FlowLimits::default() };
    let mut bench = bench_with(flow);
    bench.storage.add_space(space(2), "south", &[(1, Role::Rep)]);
    bench.fill(20, 300);
    let items = (0..20).map(|n| PushItem { document: document(n), bytes: vec![n; 300] }).collect();
    let other = DeviceKey::from_seed(&[51; 32]).device_id();
    bench.storage.answer(StorageRequest::Append(AppendRequest {
        device: other,
        space: space(2),
        items,
        refill: None,
    }));
    let auth = bench.auth();
    bench.frame(0, &auth);
    bench.frame(0, &pull(1));
    bench.frame(
        0,
        &ToRelay::Pull(Pull {
            stream: StreamId(2),
            space: space(2),
            cursor: None,
            echo: true,
            from_head: false,
        }),
    );
    for _ in 0..8 {
        let read = std::mem::take(&mut bench.unread);
        bench.tell(0, Input::Sent { bytes: read });
    }
    let streams: Vec<_> = bench.pages().iter().map(|page| page.stream.0).collect();
    assert!(streams.windows(2).skip(1).all(|pair| pair[0] != pair[1]), "{streams:?}");
}

#[test]
fn a_second_pull_of_a_space_takes_the_place_of_the_first() {
    let mut bench = Bench::open();
    bench.holds = true;
    bench.frame(0, &pull(1));
    bench.frame(0, &pull(2));
    bench.release();
    let streams: Vec<_> = bench.pages().iter().map(|page| page.stream).collect();
    assert_eq!(streams, [StreamId(2)]);
    let subscriptions = bench.effects.iter().filter(|effect| matches!(effect, Effect::Subscribe { .. }));
    assert_eq!(subscriptions.count(), 1);
}

#[test]
fn a_hidden_space_answers_as_one_that_is_not_there() {
    let mut bench = Bench::open();
    bench.storage.add_space(space(5), "hidden", &[(2, Role::Admin)]);
    for (stream, number) in [(1, 5), (1, 6)] {
        let pull = Pull {
            stream: StreamId(stream),
            space: space(number),
            cursor: None,
            echo: true,
            from_head: false,
        };
        bench.frame(0, &ToRelay::Pull(pull));
        let push = Push { batch: BatchId::new(1), space: space(number), items: Vec::new() };
        bench.frame(0, &ToRelay::Push(push));
    }
    let [.., closed, outcome, closed_too, outcome_too] = &bench.sent[..] else { panic!() };
    assert_eq!((closed, outcome), (closed_too, outcome_too));
    assert!(matches!(closed, ToDevice::StreamClosed { code, .. } if *code == code::UNKNOWN_SPACE));
}

#[test]
fn roles_that_change_between_question_and_transaction_are_what_storage_says() {
    let mut bench = Bench::open();
    let roles = &mut bench.storage.spaces.get_mut(&space(1)).unwrap().roles;
    roles.values_mut().for_each(|role| *role = Role::Viewer);
    bench.frame(0, &push(1, 10));
    let results = |bench: &Bench| match bench.sent.last() {
        Some(ToDevice::Outcome { results, .. }) => results.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(results(&bench), [ItemOutcome::refused(code::FORBIDDEN)]);
    bench.storage.spaces.get_mut(&space(1)).unwrap().roles.clear();
    bench.frame(0, &push(2, 10));
    assert_eq!(results(&bench), [ItemOutcome::refused(code::UNKNOWN_SPACE)]);
}

#[test]
fn a_drain_waits_for_appends_and_takes_no_more() {
    let mut bench = Bench::open();
    bench.holds = true;
    bench.frame(0, &push(1, 10));
    bench.tell(0, Input::Drain { retry_after_ms: 2_000, jitter_ms: 500 });
    assert_eq!(bench.sent.last(), Some(&ToDevice::Drain { retry_after_ms: 2_000, jitter_ms: 500 }));
    bench.frame(0, &push(2, 10));
    assert!(!bench.connection.is_closed());
    bench.release();
    let [.., late, acked] = &bench.sent[..] else { panic!() };
    let outcome = |batch, result| ToDevice::Outcome { batch: BatchId::new(batch), results: vec![result] };
    assert_eq!(*late, outcome(2, ItemOutcome::later(code::DRAINING)));
    assert_eq!(*acked, outcome(1, ItemOutcome::Acked));
    assert!(bench.connection.is_closed());

    let mut bench = Bench::open();
    bench.holds = true;
    bench.frame(0, &push(1, 10));
    bench.tell(0, Input::Drain { retry_after_ms: 0, jitter_ms: 0 });
    bench.tell(5_000, Input::Tick);
    assert!(bench.connection.is_closed(), "a drain has a limit");
}

#[test]
fn many_refusals_with_long_reasons_fit_a_message() {
    let mut bench = Bench::open();
    bench.holds = true;
    let items = vec![PushItem { document: document(1), bytes: vec![1] }; 4_000];
    bench.frame(0, &ToRelay::Push(Push { batch: BatchId::new(1), space: space(1), items }));
    let (request, _) = bench.held.pop().unwrap();
    let refused = ItemOutcome::Refused { code: Code::new("of_some_kind"), message: "x".repeat(500) };
    bench.tell(0, Input::Storage { request, reply: StorageReply::Appended(vec![refused; 4_000]) });
    assert!(matches!(bench.sent.last(), Some(ToDevice::Outcome { results, .. }) if results.len() == 4_000));
}

#[test]
fn storage_that_breaks_its_contract_ends_the_connection_not_the_relay() {
    let page = |up_to, head| {
        StorageReply::Page(FeedPage {
            epoch: Epoch::new(1),
            up_to: FeedSeq::new(up_to),
            head: FeedSeq::new(head),
            entries: Vec::new(),
            root: Some(Digest::EMPTY),
        })
    };
    let wrong = [
        StorageReply::Appended(Vec::new()),
        StorageReply::Forbidden,
        StorageReply::UnknownDevice,
        page(3, 9),
    ];
    for reply in wrong {
        let mut bench = Bench::open();
        bench.holds = true;
        let cursor = Some(Cursor { epoch: Epoch::new(1), seq: FeedSeq::new(3) });
        bench.frame(
            0,
            &ToRelay::Pull(Pull {
                stream: StreamId(1),
                space: space(1),
                cursor,
                echo: false,
                from_head: false,
            }),
        );
        let (request, _) = bench.held.pop().unwrap();
        bench.tell(0, Input::Storage { request, reply });
        assert_eq!(bench.fault(), code::INTERNAL);
    }
}

/// What a hostile device does.
#[derive(Clone, Debug)]
enum Act {
    Frame(ToRelay),
    Bytes(Vec<u8>),
    OwnPull(u32, Option<(u64, u64)>),
    OwnPush(u64, usize),
    Answer,
    Wait(u64),
    Read(usize),
    Access,
    Drain,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => to_relay().prop_map(Act::Frame),
        1 => vec(any::<u8>(), 0..40).prop_map(Act::Bytes),
        4 => (0_u32..4, prop::option::of((0_u64..3, 0_u64..20))).prop_map(|(id, cursor)| Act::OwnPull(id, cursor)),
        4 => (0_u64..4, 0_usize..2_000).prop_map(|(batch, bytes)| Act::OwnPush(batch, bytes)),
        4 => Just(Act::Answer),
        1 => (0_u64..40_000).prop_map(Act::Wait),
        2 => (0_usize..5_000).prop_map(Act::Read),
        1 => Just(Act::Access),
        1 => Just(Act::Drain),
    ]
}

fn play(bench: &mut Bench, acts: Vec<Act>) {
    let mut now_ms = 0;
    for act in acts {
        match act {
            Act::Frame(frame) => bench.frame(now_ms, &frame),
            Act::Bytes(bytes) => bench.tell(now_ms, Input::Frame(bytes)),
            Act::OwnPull(id, cursor) => {
                let cursor = cursor.map(|(e, s)| Cursor { epoch: Epoch::new(e), seq: FeedSeq::new(s) });
                let pull =
                    Pull { stream: StreamId(id), space: space(1), cursor, echo: true, from_head: false };
                bench.frame(now_ms, &ToRelay::Pull(pull));
            }
            Act::OwnPush(batch, bytes) => bench.frame(now_ms, &push(batch, bytes)),
            Act::Answer => {
                if let Some((request, what)) = bench.held.pop() {
                    let reply = bench.storage.answer(what);
                    bench.tell(now_ms, Input::Storage { request, reply });
                }
            }
            Act::Wait(ms) => {
                now_ms += ms;
                bench.tell(now_ms, Input::Tick);
            }
            Act::Read(bytes) => bench.tell(now_ms, Input::Sent { bytes }),
            Act::Access => bench.tell(now_ms, Input::AccessChanged),
            Act::Drain => bench.tell(now_ms, Input::Drain { retry_after_ms: 1, jitter_ms: 1 }),
        }
        if bench.connection.is_closed() {
            let closes = bench.effects.iter().filter(|effect| matches!(effect, Effect::Close { .. })).count();
            assert_eq!(closes, 1, "a connection that ends closes once, with a code");
        }
    }
}

proptest! {
    #[test]
    fn hostile_frames_before_the_proof_end_in_a_fault(acts in vec(act(), 1..20)) {
        let mut bench = bench();
        bench.holds = true;
        play(&mut bench, acts);
        let welcomed = bench.sent.iter().any(|frame| matches!(frame, ToDevice::Welcome(_)));
        prop_assert!(!welcomed, "nobody gets in without a key");
    }

    #[test]
    fn hostile_frames_while_the_device_is_looked_up_never_panic(acts in vec(act(), 1..20)) {
        let mut bench = bench();
        bench.holds = true;
        let auth = bench.auth();
        bench.frame(0, &auth);
        play(&mut bench, acts);
    }

    #[test]
    fn hostile_frames_of_an_enrolled_device_never_panic(acts in vec(act(), 1..40), holds in any::<bool>()) {
        let mut bench = Bench::open();
        bench.fill(20, 100);
        bench.holds = holds;
        play(&mut bench, acts);
        prop_assert!(bench.connection.queued_bytes() <= 6 * 1024 * 1024);
    }
}

#[test]
fn garbage_is_answered_with_the_code_of_the_frame_error() {
    for open in [false, true] {
        let mut bench = if open { Bench::open() } else { bench() };
        bench.tell(0, Input::Frame(vec![0xff; 10]));
        assert_eq!(bench.fault(), code::FRAME_SHAPE);
        let mut bench = if open { Bench::open() } else { self::bench() };
        bench.tell(0, Input::Frame(vec![0x80; MESSAGE_BYTES_MAX + 1]));
        assert_eq!(bench.fault(), code::FRAME_TOO_LARGE);
        let before = bench.sent.len();
        bench.frame(0, &ToRelay::Ping { token: 1 });
        assert_eq!(bench.sent.len(), before, "nothing is answered after the close");
    }
    let _ = DocumentId::LEN;
}
