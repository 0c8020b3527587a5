//! What is fuzzed, and what must hold.

use forsat_client::{Ambient, Engine, ImportOptions, InitOptions, SystemAmbient};
use forsat_document::{Chunk, Document};
use forsat_domain::filter::Expr;
use forsat_domain::{RecordId, Schema};
use forsat_hostile::{Change, Entry, Operation, Scene, Value, seal};
use forsat_sync::chunk;
use forsat_sync::code;
use forsat_sync::control::SignedEntry;
use forsat_sync::digest::Node;
use forsat_sync::frame::{
    Cursor, ItemOutcome, Page, PageEntry, Pull, Push, PushItem, SetAside, SetAsideItem, StreamId, ToDevice,
    ToRelay,
};
use forsat_sync::heal::{self, Answer, AskId, Question, RefillItem};
use forsat_sync::id::{BatchId, DeviceId, Digest, DocumentId, Epoch, FeedSeq, SpaceId};
use forsat_sync::identity::{InviteCode, Receipt, Signature};
use forsat_sync::limits::{ChunkLimits, MESSAGE_BYTES_MAX};

use super::fuzz;
use crate::alone;
use crate::relay::Relay;

/// Cases of a target whose single run costs little, and of one that builds something each time.
const MANY: usize = 4_000;
const FEW: usize = 150;

fn space() -> SpaceId {
    SpaceId::from_bytes([10; 16])
}

fn frames() -> Vec<Vec<u8>> {
    let document = DocumentId::from_bytes([1; 16]);
    let bytes = Scene::empty([7; 16]).groundwork().remove(0);
    let cursor = Some(Cursor { epoch: Epoch::new(1), seq: FeedSeq::new(3) });
    let items = vec![PushItem { document, bytes: bytes.clone() }];
    let page = Page {
        stream: StreamId(1),
        epoch: Epoch::new(1),
        up_to: FeedSeq::new(3),
        head: FeedSeq::new(9),
        entries: vec![
            PageEntry::Change { document, bytes, receipt: None },
            PageEntry::Unknown { kind: 9, bytes: vec![0x82, 9, 0] },
        ],
        root: None,
    };
    let aside = vec![SetAsideItem { document, bytes: vec![1, 2], reason: code::HOME_IS }];
    let outcomes = vec![ItemOutcome::Acked, ItemOutcome::later(code::OVERLOADED)];
    let signed = SignedEntry { bytes: vec![1, 2, 3], signature: Signature::from_bytes([5; 64]) };
    let receipt = Receipt { device: DeviceId::from_bytes([4; 16]), code: [5; 16] };
    let heal = |question| ToRelay::Heal { ask: AskId(1), space: space(), question }.encode();
    let healed = |answer| ToDevice::Healed { ask: AskId(1), answer }.encode();
    vec![
        ToRelay::Pull(Pull { stream: StreamId(1), space: space(), cursor, echo: true, from_head: false })
            .encode(),
        ToRelay::Push(Push { batch: BatchId::new(1), space: space(), items }).encode(),
        ToRelay::Ephemeral { space: space(), bytes: vec![1, 2, 3] }.encode(),
        ToRelay::Ping { token: 7 }.encode(),
        ToRelay::Bye.encode(),
        ToRelay::SetAside(SetAside { ask: AskId(1), space: space(), items: aside }).encode(),
        ToDevice::WasSetAside { ask: AskId(1), results: outcomes }.encode(),
        ToDevice::Revocation { entry: signed, proof: Some(Signature::from_bytes([6; 64])) }.encode(),
        ToDevice::Page(page).encode(),
        heal(Question::Nodes(vec![Node::ROOT])),
        heal(Question::Changes(vec![(document, 3)])),
        heal(Question::Refill(vec![RefillItem { document, bytes: vec![1, 2], receipt: Some(receipt) }])),
        healed(Answer::Nodes(vec![[Digest::EMPTY; 16]])),
        healed(Answer::Documents { lists: vec![vec![(document, Digest::EMPTY)]], goes_on: true }),
        healed(Answer::Fetched(vec![Some(heal::Chunk { bytes: vec![1, 2], receipt: Some(receipt) }), None])),
        ToDevice::Pong { token: 7 }.encode(),
        ToDevice::Drain { retry_after_ms: 1, jitter_ms: 2 }.encode(),
    ]
}

/// Chunks small enough to be changed byte by byte.
fn chunks() -> Vec<Vec<u8>> {
    let scene = Scene::empty([7; 16]);
    let hostile = scene.catalogue().into_iter().map(|Entry { bytes, .. }| bytes);
    scene.groundwork().into_iter().chain(hostile).filter(|bytes| bytes.len() < 1_000).collect()
}

/// Bodies of changes: under a right checksum each change of a byte comes past the checksum.
fn bodies() -> Vec<Vec<u8>> {
    let text = Operation { action: 4, ..Operation::put("text") };
    let letter = |after: Option<(u64, u64)>| Operation {
        object: Some((4, 0)),
        key: forsat_hostile::Key::Element(after),
        insert: true,
        value: Value::text("x"),
        ..Operation::put("")
    };
    let counter = Operation { value: Value { kind: 8, bytes: vec![3] }, ..Operation::put("counter") };
    let rich = [text, letter(None), letter(Some((5, 0))), letter(Some((6, 0))), counter, Operation::put("k")];
    let scene = Scene::empty([7; 16]);
    let groundwork = scene.groundwork();
    let tips: Vec<_> = groundwork[1..]
        .iter()
        .map(|bytes| chunk::parse(bytes, &ChunkLimits::default()).expect("honest").0.hash)
        .collect();
    let rich = Change::new([0xa1; 16], 3, 4, &rich).on(&tips);
    let more = [Operation { replaces: vec![(8, 0)], ..Operation::put("counter") }];
    vec![rich.body(), Change::new([0xa1; 16], 3, 4, &more).on(&tips).body()]
}

#[test]
fn frames_never_panic_and_come_back_as_they_were() {
    let _alone = alone();
    fuzz("frame", MANY, frames(), &mut |bytes| {
        if let Ok(frame) = ToRelay::decode(bytes, MESSAGE_BYTES_MAX) {
            assert_eq!(ToRelay::decode(&frame.encode(), MESSAGE_BYTES_MAX), Ok(frame));
        }
        if let Ok(frame) = ToDevice::decode(bytes, MESSAGE_BYTES_MAX) {
            assert_eq!(ToDevice::decode(&frame.encode(), MESSAGE_BYTES_MAX), Ok(frame));
        }
    });
}

#[test]
fn chunks_are_read_to_one_canonical_form_or_refused() {
    let _alone = alone();
    fuzz("chunk", MANY, [chunks(), bodies()].concat(), &mut |bytes| {
        for chunk in [bytes.to_vec(), seal(bytes)] {
            let limits = ChunkLimits::default();
            if let Ok((header, canonical)) = chunk::parse(&chunk, &limits) {
                assert_eq!(chunk::verify(&canonical, &limits), Ok(header.hash));
                assert_eq!(chunk::parse(&canonical, &limits), Ok((header, canonical.clone())));
            }
        }
    });
}

#[test]
fn what_passes_the_reader_is_applied_or_left_out_and_the_document_loads_again() {
    let _alone = alone();
    let scene = Scene::empty([7; 16]);
    let id = RecordId::from_bytes([1; 16]);
    let arrived = |bytes: &[u8]| {
        let (header, bytes) = chunk::parse(bytes, &ChunkLimits::default()).ok()?;
        Some(Chunk { hash: *header.hash.as_bytes(), bytes })
    };
    let groundwork: Vec<Chunk> = scene.groundwork().iter().filter_map(|bytes| arrived(bytes)).collect();
    fuzz("apply", MANY / 2, bodies(), &mut |bytes| {
        let Some(chunk) = arrived(&seal(bytes)) else { return };
        let mut document = Document::empty(id);
        document.apply(groundwork.clone());
        let report = document.apply(vec![chunk]);
        assert!(report.applied.len() + report.unreadable.len() + report.waiting.len() <= 1, "{report:?}");
        document.read(&Schema::builtin());
        document.history();
        let loaded = Document::load(id, Some(&document.snapshot()), []).expect("it loads again");
        assert_eq!(loaded.heads(), document.heads());
    });
}

#[test]
fn a_relay_survives_any_first_words_and_any_that_follow() {
    let _alone = alone();
    fuzz("handshake", FEW, frames(), &mut |bytes| {
        let mut stranger = Relay::open();
        stranger.say(bytes.to_vec());
        stranger.wait(10_000);
    });
}

#[test]
fn a_relay_survives_whatever_a_member_says() {
    let _alone = alone();
    let mut relay = Relay::joined();
    let mut said = 0;
    fuzz("session", FEW * 4, frames(), &mut |bytes| {
        said += 1;
        if said % 20 == 0 {
            relay = Relay::joined();
        }
        relay.say(bytes.to_vec());
        relay.wait(1);
    });
}

#[test]
fn filters_are_read_or_refused_and_read_again_as_they_are_shown() {
    let _alone = alone();
    let seeds = [
        "stage = won and amount > 1,000,000",
        "not (name ~ \"آریا\" or city in (Tehran, Shiraz))",
        "close_date < 1405-01-01 and owner = me",
        "amount in (1,000,000, 2M) or tags has vip",
    ];
    let seeds = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    fuzz("filter", MANY, seeds, &mut |bytes| {
        let text = String::from_utf8_lossy(bytes);
        match Expr::parse(&text) {
            Ok(expression) => drop(format!("{expression:?}")),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}

#[test]
fn invite_codes_are_read_or_refused() {
    let _alone = alone();
    let code = InviteCode {
        secret: forsat_sync::identity::InviteSecret::from_bytes([3; 16]),
        relay: forsat_sync::identity::RelayKey::from_seed(&[4; 32]).relay_id(),
        address: None,
    };
    fuzz("invite", MANY, vec![code.to_string().into_bytes()], &mut |bytes| {
        let text = String::from_utf8_lossy(bytes);
        if let Ok(code) = text.parse::<InviteCode>() {
            assert_eq!(
                code.to_string().parse::<InviteCode>().map(|code| code.to_string()),
                Ok(code.to_string())
            );
        }
    });
}

#[test]
fn imports_take_any_file_or_say_what_is_wrong_with_it() {
    let _alone = alone();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let options =
        InitOptions { user_name: "Sara".into(), currency: Some("USD".into()), ..InitOptions::default() };
    let ambient: std::sync::Arc<dyn Ambient> = std::sync::Arc::new(SystemAmbient::new());
    let engine = Engine::init_with(&dir.path().join("store"), &options, ambient).expect("a store");
    let set = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/crm-sales");
    let from = dir.path().join("from");
    std::fs::create_dir(&from).expect("a folder");
    let head = |file: &str| {
        let text = std::fs::read_to_string(set.join(file)).expect("the sample set");
        text.lines().take(4).collect::<Vec<_>>().join("\n")
    };
    for file in ["sales_teams.csv", "products.csv", "sales_pipeline.csv"] {
        std::fs::write(from.join(file), head(file)).expect("writes");
    }
    let mapping = set.join("crm-sales.toml");
    fuzz("import", FEW, vec![head("accounts.csv").into_bytes()], &mut |bytes| {
        std::fs::write(from.join("accounts.csv"), bytes).expect("writes");
        let options = ImportOptions { dry_run: true, ..ImportOptions::default() };
        if let Err(error) = engine.import(&from, &mapping, &options, &mut |_| {}) {
            assert!(!error.to_string().is_empty());
        }
    });
}
