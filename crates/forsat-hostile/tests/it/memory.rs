//! Promise 4: whatever a peer sends takes less than 64 MiB, from the first look at its bytes to the document.

use forsat_document::limits::{HELD_BYTES_MAX, HELD_OPS_MAX};
use forsat_document::{Chunk, Document};
use forsat_domain::{RecordId, Schema};
use forsat_hostile::{AtRelay, Change, Operation, Scene, deflated};
use forsat_sync::chunk;
use forsat_sync::frame::{ItemOutcome, PageEntry, ToDevice, ToRelay};
use forsat_sync::id::DocumentId;
use forsat_sync::limits::{ChunkLimits, DOCUMENT_BYTES_MAX, DOCUMENT_OPS_MAX, MESSAGE_BYTES_MAX};

use crate::cost;
use crate::relay::Relay;
use crate::{alone, bounded};

/// A change as a device takes it off a page.
fn arrived(bytes: &[u8]) -> Option<Chunk> {
    let (header, bytes) = chunk::parse(bytes, &ChunkLimits::default()).ok()?;
    Some(Chunk { hash: *header.hash.as_bytes(), bytes })
}

fn document(number: usize) -> DocumentId {
    DocumentId::from_bytes((number as u128 + 1).to_be_bytes())
}

#[test]
fn every_hostile_change_is_read_and_applied_within_the_bound() {
    let _alone = alone();
    let scene = Scene::empty([7; 16]);
    let groundwork: Vec<Chunk> = scene.groundwork().iter().filter_map(|bytes| arrived(bytes)).collect();
    for entry in scene.catalogue() {
        bounded(entry.name, || {
            let Some(hostile) = arrived(&entry.bytes) else { return };
            let mut document = Document::empty(RecordId::from_bytes([1; 16]));
            document.apply([groundwork.clone(), vec![hostile]].concat());
            document.read(&Schema::builtin());
            document.snapshot();
        });
    }
}

#[test]
fn a_relay_takes_the_whole_catalogue_within_the_bound() {
    let _alone = alone();
    let mut relay = Relay::joined();
    let scene = Scene::empty(*relay.member.user.as_bytes());
    for (number, entry) in scene.catalogue().into_iter().enumerate() {
        let changes = [scene.groundwork(), vec![entry.bytes]].concat();
        let changes: Vec<_> = changes.into_iter().map(|bytes| (document(number), bytes)).collect();
        let (said, _) = bounded(entry.name, || relay.push(changes));
        let acked = said.iter().filter(|outcome| matches!(outcome, ItemOutcome::Acked)).count();
        assert_eq!(acked, 3 + usize::from(entry.relay == AtRelay::Taken), "{}: {said:?}", entry.name);
    }
}

#[test]
fn a_push_that_inflates_to_hundreds_of_megabytes_takes_little() {
    let _alone = alone();
    let mut relay = Relay::joined();
    let user = *relay.member.user.as_bytes();
    let wide = |number: u64| {
        let put =
            Operation { value: forsat_hostile::Value::text(&"x".repeat(250_000)), ..Operation::put("name") };
        let change = Change::new([7; 16], 1, 1, &[put]).by(&user);
        (document(usize::try_from(number).expect("small")), deflated(&change.body(), &change.hash()))
    };
    let changes: Vec<_> = (0..2_000).map(wide).collect();
    let sent: usize = changes.iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(sent < MESSAGE_BYTES_MAX, "{sent} bytes on the wire for {} MB", 2_000 / 4);
    let (said, _) = bounded("an inflating push", || relay.push(changes));
    assert!(said.iter().any(|outcome| matches!(outcome, ItemOutcome::Acked)));
    assert!(said.iter().any(|outcome| matches!(outcome, ItemOutcome::Later { .. })), "the rest is put off");
}

#[test]
fn a_feed_fills_a_document_as_far_as_it_may_and_no_further() {
    let _alone = alone();
    let shapes = [
        ("operations", cost::full_changes(40)),
        ("letters", cost::long_text(12)),
        ("values", cost::wide_values(60)),
    ];
    for (name, changes) in shapes {
        let chunks: Vec<Chunk> =
            changes.iter().map(|bytes| arrived(bytes).expect("a change is within its limits")).collect();
        let operations = |hashes: &[[u8; 32]]| -> (u64, u64) {
            let of = |chunk: &Chunk| {
                let (header, _) = chunk::parse(&chunk.bytes, &ChunkLimits::default()).expect("it was read");
                (header.op_count, header.size as u64)
            };
            let taken = chunks.iter().filter(|chunk| hashes.contains(&chunk.hash)).map(of);
            taken.fold((0, 0), |(ops, bytes), (more, size)| (ops + more, bytes + size))
        };
        let mut document = Document::empty(RecordId::from_bytes([1; 16]));
        let page = chunks.clone();
        let (report, took) = bounded(name, || document.apply(page));
        eprintln!("a document full of {name}: {} MiB", took >> 20);
        let (ops, bytes) = operations(&report.applied);
        assert!(!report.unreadable.is_empty(), "{name}: beyond its limits a document takes nothing");
        assert!(ops <= HELD_OPS_MAX && bytes <= HELD_BYTES_MAX, "{name}: {ops} operations, {bytes} bytes");
        assert!(ops >= DOCUMENT_OPS_MAX || bytes >= DOCUMENT_BYTES_MAX, "{name}: what a relay may take fits");
        let (snapshot, _) = bounded(name, || document.snapshot());
        drop(document);
        let ((), took) = bounded(name, || {
            let id = RecordId::from_bytes([1; 16]);
            let document = Document::load(id, Some(&snapshot), []).expect("it loads again");
            document.read(&Schema::builtin());
        });
        eprintln!("loading it again: {} MiB", took >> 20);
    }
}

#[test]
fn objects_that_deepen_with_every_change_stay_out_before_they_end_the_program() {
    let _alone = alone();
    let chunks: Vec<Chunk> = cost::deeper(400, 20)
        .iter()
        .map(|bytes| arrived(bytes).expect("no change makes more than it may"))
        .collect();
    let mut document = Document::empty(RecordId::from_bytes([1; 16]));
    let (report, _) = bounded("8,000 objects deep", || document.apply(chunks));
    assert_eq!((report.applied.len(), report.unreadable.len()), (1, 399));
    document.read(&Schema::builtin());
    document.history();
}

#[test]
fn texts_lists_and_objects_as_large_as_they_may_be_are_applied_within_the_bound() {
    let _alone = alone();
    for (name, bytes) in cost::dearest() {
        let chunk = arrived(&bytes).unwrap_or_else(|| panic!("{name} is within the limits"));
        let mut document = Document::empty(RecordId::from_bytes([1; 16]));
        let (report, took) = bounded(name, || document.apply(vec![chunk]));
        eprintln!("{name}: {} bytes, {} MiB, {} left out", bytes.len(), took >> 20, report.unreadable.len());
        bounded(name, || {
            document.read(&Schema::builtin());
            document.snapshot();
        });
    }
}

#[test]
fn frames_that_declare_more_than_they_hold_take_what_they_hold() {
    let _alone = alone();
    let empty = |count: usize| {
        let header = vec![0x84, 4, 0, 0x50].into_iter().chain([0; 16]).chain([0x99, 0x10, 0x00]);
        header.chain(std::iter::repeat_n(0x80, count)).collect::<Vec<u8>>()
    };
    let pages = ToDevice::Page(forsat_sync::frame::Page {
        stream: forsat_sync::frame::StreamId(1),
        epoch: forsat_sync::id::Epoch::new(1),
        up_to: forsat_sync::id::FeedSeq::new(1),
        head: forsat_sync::id::FeedSeq::new(1),
        entries: vec![PageEntry::Change { document: document(1), bytes: Vec::new(), receipt: None }; 8_192],
        root: None,
    });
    for bytes in [
        empty(4_096),
        empty(MESSAGE_BYTES_MAX - 32),
        vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
        vec![0x81; MESSAGE_BYTES_MAX],
        vec![0xa0; MESSAGE_BYTES_MAX],
        pages.encode(),
    ] {
        let ((), took) = bounded("a frame", || {
            let _ = ToRelay::decode(&bytes, MESSAGE_BYTES_MAX);
            let _ = ToDevice::decode(&bytes, MESSAGE_BYTES_MAX);
        });
        assert!(took <= 4 * MESSAGE_BYTES_MAX, "{took}");
    }
}
