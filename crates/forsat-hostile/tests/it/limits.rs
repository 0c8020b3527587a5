//! Every limit of the protocol by its name: one step below is taken, one step above is refused with its code.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use forsat_hostile::{Change, Operation, Scene, Value};
use forsat_relay::store::conformance::{self, NOW_MS};
use forsat_relay::store::{
    Aside, AsideItem, AsideItemOutcome, AsideOutcome, EnrolOutcome, EnrolRequest, ItemOutcome, Later,
    PushItem, PushOutcome, RelayStore, Role,
};
use forsat_sync::accept::{ActorRow, AuthorRule, DocumentTotals, DocumentView, HeaderRow, Rules, judge};
use forsat_sync::chunk::{self, ChangeHeader};
use forsat_sync::frame::{ToDevice, ToRelay};
use forsat_sync::id::{ActorId, ChangeHash, DocumentId, SpaceId};
use forsat_sync::limits::*;

use crate::alone;
use crate::relay::{self, Relay};

/// What became of something: nothing, or a code.
type Said = Result<(), &'static str>;

/// A limit with what is at it and what is one step above, and the code.
struct Row {
    limit: &'static str,
    below: Said,
    above: Said,
    code: &'static str,
}

fn parsed(change: &Change) -> Said {
    chunk::parse(&change.chunk(), &ChunkLimits::default()).map(drop).map_err(|error| error.code())
}

fn row(limit: &'static str, code: &'static str, at: impl Fn(u64) -> Said, max: u64) -> Row {
    Row { limit, below: at(max), above: at(max + 1), code }
}

fn usize_of(number: u64) -> usize {
    usize::try_from(number).expect("limits are small")
}

fn change(operations: &[Operation]) -> Change {
    Change::new([7; 16], 1, 1, operations).by(&[7; 16])
}

fn put() -> Operation {
    Operation::put("k")
}

/// A change whose chunk has so many bytes.
fn of_bytes(bytes: u64) -> Change {
    let with = |len: usize| change(&[Operation { value: Value::text(&"x".repeat(len)), ..put() }]);
    let near = usize_of(bytes) - 200;
    let rest = usize_of(bytes) - with(near).chunk().len();
    with(near + rest)
}

/// Operations that name operations of the past as what they replace.
fn replacing(preds: u64) -> Change {
    let each = usize_of(CHUNK_PREDS_MAX / CHUNK_OPS_MAX);
    let mut left = usize_of(preds);
    let operations: Vec<Operation> = (0..CHUNK_OPS_MAX)
        .map(|n| {
            let count = if n + 1 == CHUNK_OPS_MAX { left } else { each };
            left -= count;
            let replaces = (0..count).map(|n| (n as u64 + 1, 0)).collect();
            Operation { replaces, action: 3, ..put() }
        })
        .collect();
    Change { start_op: 10, ..change(&operations) }
}

/// Operations whose keys have so many bytes together.
fn named(bytes: u64) -> Change {
    let each = usize_of(CHUNK_NAME_BYTES_MAX / CHUNK_OPS_MAX);
    let mut left = usize_of(bytes);
    let operations: Vec<Operation> = (0..CHUNK_OPS_MAX)
        .map(|n| {
            let len = if n + 1 == CHUNK_OPS_MAX { left } else { each };
            left -= len;
            Operation { action: 3, ..Operation::put(&"k".repeat(len)) }
        })
        .collect();
    change(&operations)
}

/// An operation that replaces one of each of so many actors.
fn of_actors(count: u64) -> Change {
    let actors: Vec<Vec<u8>> = (0..count).map(|n| u128::from(n).to_be_bytes().to_vec()).collect();
    let replaces = (1..=count).map(|at| (1, at)).collect();
    let operations = [Operation { replaces, ..put() }];
    Change { start_op: 10, other_actors: actors, ..change(&operations) }
}

fn of_columns(count: u64) -> Change {
    Change { columns: (0..count).map(|n| ((n + 256) << 4, vec![0])).collect(), ..change(&[]) }
}

/// Objects of one change, each in the one before.
fn nested(depth: u64) -> Change {
    let inside = |n: u64| (n > 1).then(|| (n - 1, 0));
    let made: Vec<Operation> =
        (1..=depth).map(|n| Operation { object: inside(n), action: 0, ..put() }).collect();
    change(&made)
}

/// Hashes of changes that may exist.
fn hashes(count: u64) -> Vec<ChangeHash> {
    (0..count).map(|n| forsat_hostile::hash(&n.to_be_bytes())).collect()
}

fn chunks() -> Vec<Row> {
    let deps = |count: u64| parsed(&change(&[put()]).on(&hashes(count)));
    let ops = |count: u64| parsed(&change(&vec![Operation { action: 3, ..put() }; usize_of(count)]));
    let message = |len: u64| parsed(&Change { message: vec![b'm'; usize_of(len)], ..change(&[]) });
    let author = |len: u64| parsed(&change(&[]).by(&vec![7; usize_of(len)]));
    let extra = |len: u64| parsed(&Change { extra: vec![2; usize_of(len)], ..change(&[]) });
    // No more than the known columns can ever be right; what counts is which refusal comes.
    let columns = |count: u64| match parsed(&of_columns(count)) {
        Err("chunk_unknown_column") => Ok(()),
        other => other,
    };
    let counter = |max: u64| parsed(&Change { start_op: max, ..change(&[put()]) });
    vec![
        row("CHUNK_BYTES_MAX", "chunk_too_large", |bytes| parsed(&of_bytes(bytes)), CHUNK_BYTES_MAX as u64),
        row("CHUNK_OPS_MAX", "chunk_too_many_operations", ops, CHUNK_OPS_MAX),
        row(
            "CHUNK_PREDS_MAX",
            "chunk_too_many_predecessors",
            |preds| parsed(&replacing(preds)),
            CHUNK_PREDS_MAX,
        ),
        row(
            "CHUNK_NAME_BYTES_MAX",
            "chunk_names_too_long",
            |bytes| parsed(&named(bytes)),
            CHUNK_NAME_BYTES_MAX,
        ),
        row("CHUNK_DEPS_MAX", "chunk_too_many_deps", deps, CHUNK_DEPS_MAX),
        row("CHUNK_ACTORS_MAX", "chunk_too_many_actors", |count| parsed(&of_actors(count)), CHUNK_ACTORS_MAX),
        row("CHUNK_MESSAGE_BYTES_MAX", "chunk_message_too_long", message, CHUNK_MESSAGE_BYTES_MAX),
        row("CHUNK_AUTHOR_BYTES_MAX", "chunk_author", author, CHUNK_AUTHOR_BYTES_MAX),
        row("CHUNK_EXTRA_BYTES_MAX", "chunk_extra_too_long", extra, CHUNK_EXTRA_BYTES_MAX as u64),
        row("CHUNK_COLUMNS_MAX", "chunk_too_many_columns", columns, CHUNK_COLUMNS_MAX),
        row(
            "CHUNK_OBJECT_DEPTH_MAX",
            "chunk_too_deep",
            |depth| parsed(&nested(depth)),
            CHUNK_OBJECT_DEPTH_MAX as u64,
        ),
        row("OP_COUNTER_MAX", "chunk_counter_too_high", counter, OP_COUNTER_MAX),
    ]
}

/// A document of a chain of changes of another actor on top of one of ours, with any totals.
struct Chain {
    totals: DocumentTotals,
    rows: BTreeMap<ChangeHash, HeaderRow>,
    first: ChangeHash,
}

impl DocumentView for Chain {
    type Error = Infallible;
    fn change(&self, hash: &ChangeHash) -> Result<Option<HeaderRow>, Infallible> {
        Ok(self.rows.get(hash).cloned())
    }
    fn actor(&self, actor: &ActorId) -> Result<Option<ActorRow>, Infallible> {
        let own = *actor == ActorId::from([7; 16]);
        Ok(own.then_some(ActorRow { last_seq: 1, last_hash: self.first }))
    }
    fn totals(&self) -> Result<DocumentTotals, Infallible> {
        Ok(self.totals)
    }
}

/// Judges the next change of our actor, on top of a chain of so many of another.
fn judged(length: u64, totals: DocumentTotals, own: impl FnOnce(&mut ChangeHeader)) -> Said {
    let hashes = hashes(length + 1);
    let rows = hashes.iter().enumerate().map(|(at, hash)| {
        let actor = ActorId::from([if at == 0 { 7 } else { 8 }; 16]);
        let deps = at.checked_sub(1).map(|before| hashes[before]).into_iter().collect();
        (*hash, HeaderRow { actor, seq: at as u64, max_op: at as u64 + 1, deps })
    });
    let max_op = length + 1;
    let view = Chain { totals: DocumentTotals { max_op, ..totals }, rows: rows.collect(), first: hashes[0] };
    let next = Change { seq: 2, start_op: max_op + 1, extra: Vec::new(), ..change(&[put()]) };
    let next = next.on(&hashes[usize_of(length)..]);
    let (mut header, _) = chunk::parse(&next.chunk(), &ChunkLimits::default()).expect("it is well formed");
    own(&mut header);
    let limits = DocumentLimits::default();
    let rules = Rules { author: AuthorRule::Present, limits: &limits, genesis: &[] };
    let Ok(verdict) = judge(&header, &view, &rules);
    match verdict.code() {
        "accepted" => Ok(()),
        code => Err(code),
    }
}

fn documents() -> Vec<Row> {
    let totals = DocumentTotals::default;
    let size = |changes: u64| judged(3, DocumentTotals { changes: changes - 1, ..totals() }, |_| ());
    let bytes =
        |bytes: u64| judged(3, DocumentTotals { bytes: bytes - 100, ..totals() }, |own| own.size = 100);
    let ops = |ops: u64| judged(3, DocumentTotals { ops: ops - 1, ..totals() }, |_| ());
    // The change below the newest is not looked up: it is known from what the new one builds on.
    let walk = |reads: u64| judged(reads + 1, totals(), |_| ());
    vec![
        row("DOCUMENT_CHANGES_MAX", "document_changes_full", size, DOCUMENT_CHANGES_MAX),
        row("DOCUMENT_BYTES_MAX", "document_bytes_full", bytes, DOCUMENT_BYTES_MAX),
        row("DOCUMENT_OPS_MAX", "document_operations_full", ops, DOCUMENT_OPS_MAX),
        row("ANCESTRY_WALK_MAX", "ancestry_too_deep", walk, ANCESTRY_WALK_MAX as u64),
    ]
}

fn frames() -> Vec<Row> {
    let ephemeral = |bytes: u64| {
        let frame =
            |len| ToRelay::Ephemeral { space: SpaceId::from_bytes([1; 16]), bytes: vec![0; len] }.encode();
        let frame = frame(usize_of(bytes) - (frame(70_000).len() - 70_000));
        assert_eq!(frame.len() as u64, bytes);
        let read = [
            ToRelay::decode(&frame, MESSAGE_BYTES_MAX).map(drop),
            // The device reads a frame of the other direction as one of a kind that it doesn't know.
            ToDevice::decode(&frame, MESSAGE_BYTES_MAX).map(drop),
        ];
        assert_eq!(read[0], read[1], "both ends");
        read[0].clone().map_err(|_| "frame_too_large")
    };
    let nested = |depth: u64| {
        // A ping of a later version, whose last element nests.
        let frame = [&[0x83, 6, 7][..], &vec![0x81; usize_of(depth) - 1], &[0]].concat();
        let read = ToRelay::decode(&frame, MESSAGE_BYTES_MAX);
        read.map(drop).map_err(|error| {
            if error.code().as_str() == "frame_too_deep" { "frame_too_deep" } else { "other" }
        })
    };
    let silent = |ms: u64| match relay::fault(&Relay::open().wait(ms)) {
        None => Ok(()),
        Some(code) if code == "handshake_timeout" => Err("handshake_timeout"),
        Some(code) => panic!("{code}"),
    };
    vec![
        row("MESSAGE_BYTES_MAX", "frame_too_large", ephemeral, MESSAGE_BYTES_MAX as u64),
        row("CBOR_DEPTH_MAX", "frame_too_deep", nested, CBOR_DEPTH_MAX as u64),
        row("HANDSHAKE_MS_MAX", "handshake_timeout", silent, HANDSHAKE_MS_MAX - 1),
    ]
}

/// What a workspace with a lower quota says to the last of so many changes of as many documents.
fn pushed(count: u64, lower: impl FnOnce(&mut WorkspaceLimits)) -> Said {
    let mut limits = Limits::default();
    lower(&mut limits.workspace);
    let store = relay::store(limits);
    let space = conformance::space(&store, 10, "Tehran");
    let mina = conformance::enrol(&store, 1, "Mina", "Tehran", Role::Rep);
    let groundwork = &Scene::empty(*mina.user.as_bytes()).groundwork()[0];
    let mut said = Ok(());
    for number in 0..count {
        let document = DocumentId::from_bytes(u128::from(number + 1).to_be_bytes());
        let chunk = chunk::parse(groundwork, &ChunkLimits::default());
        let PushOutcome::Judged(items) =
            conformance::push(&store, &mina, space, vec![PushItem { document, chunk, receipt: None }])
        else {
            panic!("a member's push is judged");
        };
        said = match &items[0] {
            ItemOutcome::Accepted(_) => Ok(()),
            ItemOutcome::Later(Later::Quota(code)) => Err(*code),
            other => panic!("{other:?}"),
        };
    }
    said
}

/// What a workspace with a lower quota says to the last of so many changes that a device sets aside.
fn set_aside(count: u64, lower: impl FnOnce(&mut WorkspaceLimits)) -> Said {
    let mut limits = Limits::default();
    lower(&mut limits.workspace);
    let store = relay::store(limits);
    let space = conformance::space(&store, 10, "Tehran");
    let device = conformance::enrol(&store, 1, "Mina", "Tehran", Role::Rep).device;
    let groundwork = &Scene::empty([7; 16]).groundwork()[0];
    let item = |number: u64| AsideItem {
        document: DocumentId::from_bytes(u128::from(number).to_be_bytes()),
        chunk: chunk::parse(groundwork, &ChunkLimits::default()),
        reason: "home_is".into(),
    };
    let aside = Aside { device, space, items: (1..=count).map(item).collect(), now_ms: NOW_MS };
    let outcome = store.access().set_aside(&aside).expect("the store works");
    let AsideOutcome::Judged(items) = outcome else { panic!("a member may: {outcome:?}") };
    match items.last() {
        Some(AsideItemOutcome::Kept) => Ok(()),
        Some(AsideItemOutcome::Quota(code)) => Err(code),
        other => panic!("{other:?}"),
    }
}

/// Whether the last of so many devices may enrol where two may.
fn enrolled(count: u64) -> Said {
    let mut limits = Limits::default();
    limits.workspace.devices_max = 2;
    let store = relay::store(limits);
    conformance::space(&store, 10, "Tehran");
    let mut said = Ok(());
    for number in (1..=u8::try_from(count).expect("few")).rev() {
        let secret = conformance::invite(&store, number, "Mina", "Tehran", Role::Rep);
        let public_key = conformance::key(number).public();
        let request = EnrolRequest {
            secret: secret.hash(),
            public_key,
            device: public_key.device_id(),
            device_name: String::new(),
            proposed_user: None,
        };
        let user = forsat_sync::id::UserId::from_bytes([number; 16]);
        said = match store.enrol(&request, user, NOW_MS).expect("the store works") {
            EnrolOutcome::Enrolled(_) => Ok(()),
            EnrolOutcome::TooManyDevices => Err("device_quota"),
            EnrolOutcome::Invalid => panic!("the invite is good"),
        };
    }
    said
}

fn workspaces() -> Vec<Row> {
    let size = Scene::empty([0; 16]).groundwork()[0].len() as u64;
    let documents = |count| pushed(count, |limits| limits.documents_max = 2);
    let bytes = |count| pushed(count, |limits| limits.bytes_max = 2 * size);
    let day = |count| pushed(count, |limits| limits.changes_a_day_max = 2);
    let changes = |count| set_aside(count, |limits| limits.quarantine_device_changes_max = 2);
    let of_device = |count| set_aside(count, |limits| limits.quarantine_device_bytes_max = 2 * (size + 256));
    let of_space = |count| set_aside(count, |limits| limits.quarantine_space_bytes_max = 2 * (size + 256));
    let of_all = |count| set_aside(count, |limits| limits.quarantine_bytes_max = 2 * (size + 256));
    vec![
        row("QUARANTINE_DEVICE_CHANGES_MAX", "quota_quarantine", changes, 2),
        row("QUARANTINE_DEVICE_BYTES_MAX", "quota_quarantine", of_device, 2),
        row("QUARANTINE_SPACE_BYTES_MAX", "quota_quarantine", of_space, 2),
        row("QUARANTINE_BYTES_MAX", "quota_quarantine", of_all, 2),
        row("WORKSPACE_DOCUMENTS_MAX", "quota_documents", documents, 2),
        row("WORKSPACE_BYTES_MAX", "quota_bytes", bytes, 2),
        row("WORKSPACE_CHANGES_A_DAY_MAX", "quota_changes_a_day", day, 2),
        row("WORKSPACE_DEVICES_MAX", "device_quota", enrolled, 2),
    ]
}

/// Limits on what waits or how long, above which nothing is refused but slowed down, and one that takes a workspace of many spaces. The
/// tests that show them.
const SHOWN_ELSEWHERE: &[(&str, &str)] = &[
    ("IN_FLIGHT_CONNECTION_BYTES_MAX", "pushes_beyond_the_window_are_put_off"),
    ("IN_FLIGHT_TOTAL_BYTES_MAX", "a_crowd_of_slow_readers_leaves_small_pages_for_the_others"),
    ("IDLE_PING_MS", "the_handshake_has_a_limit_and_so_has_silence"),
    ("QUARANTINE_SPACES_MAX", "a_change_that_is_brought_for_another_space_is_told_to_its_managers_too"),
];

#[test]
fn one_step_below_each_limit_is_taken_and_one_above_is_refused_with_its_code() {
    let _alone = alone();
    for Row { limit, below, above, code } in
        [chunks(), documents(), frames(), workspaces()].into_iter().flatten()
    {
        assert_eq!(below, Ok(()), "{limit}: at the limit");
        assert_eq!(above, Err(code), "{limit}: one step above");
    }
}

#[test]
fn every_named_limit_has_a_row() {
    let _alone = alone();
    let source = include_str!("../../../forsat-sync/src/limits.rs");
    let named: BTreeSet<&str> =
        source.lines().filter_map(|line| line.strip_prefix("pub const ")?.split(':').next()).collect();
    let rows: Vec<&str> =
        [chunks(), documents(), frames(), workspaces()].into_iter().flatten().map(|row| row.limit).collect();
    let shown: BTreeSet<&str> =
        rows.into_iter().chain(SHOWN_ELSEWHERE.iter().map(|(limit, _)| *limit)).collect();
    assert_eq!(named, shown);
    let tests = [
        include_str!("../../../forsat-sync/src/relay/tests.rs"),
        include_str!("../../../../relay-server/src/hub/tests.rs"),
        include_str!("../../../../relay-server/src/store/conformance/quarantine.rs"),
    ];
    for (limit, test) in SHOWN_ELSEWHERE {
        let function = format!("fn {test}(");
        assert!(tests.iter().any(|text| text.contains(&function)), "{test} of {limit} isn't there");
    }
}
