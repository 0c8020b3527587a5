//! A peer's bytes: damaged, hostile, foreign, early. Nothing panics, nothing good is lost, nothing bad is shown.

use automerge::legacy::{Key, ObjectId, OpId, OpType};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Automerge, Change, ExpandedChange, ObjType, ROOT, ScalarValue};
use forsat_document::{Chunk, Document, GENESIS_ACTOR};
use forsat_domain::{Edit, FieldState, Scalar};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use crate::support::*;

/// A base document, its chunks, and a good change on it as the library expands it.
fn good() -> (Vec<Chunk>, ExpandedChange) {
    let (mut document, chunks) = opportunity(&[
        Edit::set("name", "deal"),
        Edit::SetText { field: "description".into(), value: "some words".into() },
    ]);
    let chunk = write(
        &mut document,
        &author(1),
        &[
            Edit::set("name", "changed"),
            Edit::set_entry("lines", "one", "qty", "1"),
            Edit::SetText { field: "description".into(), value: "some better words".into() },
        ],
    );
    (chunks, Change::from_bytes(chunk.bytes).unwrap().decode())
}

fn chunk_of(change: ExpandedChange) -> Chunk {
    let change = Change::from(change);
    Chunk { hash: change.hash().0, bytes: change.raw_bytes().to_vec() }
}

/// Applies a hostile change and what hangs on it beside a good one; only the good one may show.
fn stays_out(base: &[Chunk], hostile: Chunk) {
    let mut document = of_chunks(base);
    let mut peer = of_chunks(base);
    let honest = write(&mut peer, &author(2), &[Edit::set("next_step", "call")]);
    let report = document.apply(vec![hostile.clone(), honest.clone()]);
    assert_eq!(report.applied, [honest.hash]);
    assert_eq!(report.unreadable.iter().map(|(hash, _)| *hash).collect::<Vec<_>>(), [hostile.hash]);
    let state = document.read(&schema());
    assert_eq!(state.winner("name"), &Scalar::text("deal"));
    assert_eq!(state.winner("next_step"), &Scalar::text("call"));
    assert_eq!(state.unreadable, 1);
    // What is left is sound: it is edited, saved and loaded.
    write(&mut document, &author(3), &[Edit::set("name", "goes on")]);
    let loaded = Document::load(record_id(1), Some(&document.snapshot()), []).unwrap();
    assert_eq!(loaded.read(&schema()).winner("name"), &Scalar::text("goes on"));
}

fn spoiled(spoil: impl FnOnce(&mut ExpandedChange)) {
    let (base, mut change) = good();
    spoil(&mut change);
    stays_out(&base, chunk_of(change));
}

fn nobody() -> OpId {
    OpId::new(7, &ActorId::from(&[1u8; 16][..]))
}

#[test]
fn a_gap_in_the_actors_sequence_stays_out() {
    spoiled(|change| change.seq = 5);
}

#[test]
fn a_sequence_of_zero_stays_out() {
    spoiled(|change| change.seq = 0);
}

#[test]
fn operations_numbered_below_what_they_build_on_stay_out() {
    spoiled(|change| change.start_op = 1.try_into().unwrap());
}

#[test]
fn operations_numbered_beyond_the_counter_stay_out() {
    spoiled(|change| change.start_op = (u64::from(u32::MAX) - 2).try_into().unwrap());
    spoiled(|change| change.start_op = (i64::MAX as u64).try_into().unwrap());
}

#[test]
fn operations_numbered_beyond_the_document_stay_out_and_leave_room_for_the_next() {
    spoiled(|change| change.start_op = (change.start_op.get() + 1).try_into().unwrap());
    spoiled(|change| change.start_op = (forsat_document::limits::OP_COUNTER_MAX - 100).try_into().unwrap());
}

#[test]
fn a_change_that_counts_beyond_another_waits_for_it_in_whatever_order_they_come() {
    // Both build on the same base; the second counts on from the first, as programs do that edit an older version.
    let (base, change) = good();
    let first = chunk_of(change.clone());
    let mut second = change;
    second.start_op = (second.start_op.get() + second.operations.len() as u64).try_into().unwrap();
    second.actor_id = ActorId::from(&[5u8; 16][..]);
    second.operations.truncate(1);
    let second = chunk_of(second);
    for order in [[&first, &second], [&second, &first]] {
        let report = of_chunks(&base).apply(order.map(Clone::clone).to_vec());
        assert_eq!((report.applied.len(), report.unreadable.len()), (2, 0), "{report:?}");
    }
    let alone = of_chunks(&base).apply(vec![second.clone()]);
    assert_eq!(alone.unreadable.iter().map(|(hash, _)| *hash).collect::<Vec<_>>(), [second.hash]);
}

#[test]
fn writing_into_an_object_that_is_not_there_stays_out() {
    spoiled(|change| change.operations[0].obj = ObjectId::Id(nobody()));
}

#[test]
fn inserting_after_a_letter_that_is_not_there_stays_out() {
    spoiled(|change| {
        let insert = change.operations.iter_mut().find(|operation| operation.insert).unwrap();
        insert.key = Key::Seq(automerge::legacy::ElementId::Id(nobody()));
    });
}

#[test]
fn a_key_of_a_map_inside_a_text_does_no_harm() {
    let (base, mut change) = good();
    let text = change.operations.iter().find(|operation| operation.insert).unwrap().obj.clone();
    change.operations[0].obj = text;
    let mut document = of_chunks(&base);
    let report = document.apply(vec![chunk_of(change)]);
    assert_eq!(report.applied.len() + report.unreadable.len(), 1);
    let loaded = Document::load(record_id(1), Some(&document.snapshot()), []).unwrap();
    assert_eq!(seen(&loaded)["fields"], seen(&document)["fields"]);
    document.history();
}

#[test]
fn increments_of_what_is_no_number_do_not_panic() {
    let (base, mut change) = good();
    change.operations[0].action = OpType::Increment(i64::MAX);
    let mut document = of_chunks(&base);
    let report = document.apply(vec![chunk_of(change)]);
    assert_eq!(report.applied.len() + report.unreadable.len(), 1);
    document.read(&schema());
    document.history();
}

#[test]
fn a_second_change_of_one_actor_and_sequence_stays_out() {
    let (base, _) = good();
    let (mut left, mut right) = (of_chunks(&base), of_chunks(&base));
    let first = write(&mut left, &author(1), &[Edit::set("name", "first")]);
    let forked = write(&mut right, &author(1), &[Edit::set("name", "forked")]);
    let report = left.apply(vec![forked.clone()]);
    assert_eq!(report.unreadable[0].0, forked.hash);
    assert_eq!(left.heads(), [first.hash]);
}

#[test]
fn an_author_on_a_later_change_stays_out() {
    let (mut document, base) = opportunity(&[Edit::set("name", "deal")]);
    let first = write(&mut document, &author(1), &[Edit::set("next_step", "x")]);
    let second = write(&mut document, &author(1), &[Edit::set("name", "changed")]);
    let footer = Change::from_bytes(first.bytes.clone()).unwrap().decode().extra_bytes;
    let mut change = Change::from_bytes(second.bytes).unwrap().decode();
    change.extra_bytes = footer;
    let base: Vec<Chunk> = base.into_iter().chain([first]).collect();
    stays_out(&base, chunk_of(change));
}

#[test]
fn another_change_of_the_genesis_actor_stays_out() {
    spoiled(|change| {
        change.actor_id = ActorId::from(&GENESIS_ACTOR[..]);
        change.seq = 2;
        change.extra_bytes.clear();
    });
}

#[test]
fn what_hangs_on_a_bad_change_stays_out_with_it() {
    let (base, mut change) = good();
    change.operations[0].obj = ObjectId::Id(nobody());
    let bad = chunk_of(change.clone());
    change.deps = vec![automerge::ChangeHash(bad.hash)];
    change.actor_id = ActorId::from(&[5u8; 16][..]);
    change.start_op = 1_000.try_into().unwrap();
    change.operations.truncate(0);
    let hanging = chunk_of(change);
    let mut document = of_chunks(&base);
    let report = document.apply(vec![hanging.clone(), bad.clone()]);
    assert_eq!(report.applied, Vec::<[u8; 32]>::new());
    assert_eq!(report.unreadable.len(), 2);
    // The same, one after the other.
    let mut document = of_chunks(&base);
    assert_eq!(document.apply(vec![hanging.clone()]).waiting, [hanging.hash]);
    assert_eq!(document.apply(vec![bad]).unreadable.len(), 2);
    assert_eq!(document.waiting(), Vec::<[u8; 32]>::new());
}

#[test]
fn a_change_waits_for_what_it_builds_on() {
    let (mut document, base) = opportunity(&[]);
    let first = write(&mut document, &author(1), &[Edit::set("name", "a")]);
    let second = write(&mut document, &author(1), &[Edit::set("name", "b")]);
    let mut other = of_chunks(&base);
    let report = other.apply(vec![second.clone()]);
    assert_eq!((report.applied, report.waiting), (vec![], vec![second.hash]));
    let report = other.apply(vec![first.clone(), second.clone()]);
    assert_eq!((report.applied, report.waiting), (vec![first.hash, second.hash], vec![]));
    assert_eq!(seen(&other), seen(&document));
    assert_eq!(other.apply(vec![first, second]), forsat_document::ApplyReport::default());
}

#[test]
fn a_long_history_is_taken_in_order_and_stops_where_something_is_missing_or_bad() {
    const LENGTH: usize = 600;
    let (mut document, base) = opportunity(&[]);
    let next = |number: usize| Edit::set("next_step", format!("step {number}").as_str());
    let chain: Vec<Chunk> =
        (0..LENGTH).map(|number| write(&mut document, &author(1), &[next(number)])).collect();
    let mut shuffled = chain.clone();
    shuffled.reverse();
    let hashes = |chunks: &[Chunk]| chunks.iter().map(|chunk| chunk.hash).collect::<Vec<_>>();
    let mut whole = of_chunks(&base);
    assert_eq!(whole.apply(shuffled.clone()).applied, hashes(&chain));
    assert_eq!(seen(&whole), seen(&document));
    // Without one in the middle, all behind it waits, and goes on when it comes.
    let mut gap = of_chunks(&base);
    let without = shuffled.iter().filter(|chunk| chunk.hash != chain[LENGTH / 2].hash).cloned().collect();
    let report = gap.apply(without);
    assert_eq!(report.applied, hashes(&chain[..LENGTH / 2]));
    assert_eq!(report.waiting.len(), LENGTH - LENGTH / 2 - 1);
    assert_eq!(gap.apply(vec![chain[LENGTH / 2].clone()]).applied, hashes(&chain[LENGTH / 2..]));
    // With a bad one in its place, all behind that is left out, and what stands before it is there.
    let mut spoiled = of_chunks(&base);
    let bad = Chunk { hash: chain[LENGTH / 2].hash, bytes: chain[0].bytes.clone() };
    let with_bad =
        shuffled.iter().map(|chunk| if chunk.hash == bad.hash { bad.clone() } else { chunk.clone() });
    let report = spoiled.apply(with_bad.collect());
    assert_eq!(report.applied, hashes(&chain[..LENGTH / 2]));
    assert_eq!((report.unreadable.len(), report.waiting.len()), (LENGTH - LENGTH / 2, 0));
}

#[test]
fn bytes_under_a_wrong_name_or_compressed_stay_out() {
    let (base, change) = good();
    let mut misnamed = chunk_of(change);
    misnamed.hash[0] ^= 1;
    stays_out(&base, misnamed);
    let (base, change) = good();
    let mut change = change;
    change.message = Some("long enough to be worth compressing ".repeat(20));
    let mut change = Change::from(change);
    let hash = change.hash().0;
    let bytes = change.bytes().into_owned();
    assert_ne!(bytes, change.raw_bytes(), "the chunk is compressed");
    stays_out(&base, Chunk { hash, bytes });
}

/// A chunk with some bytes of its body changed, under the hash that it then has.
fn damaged(bytes: &[u8], random: &mut SmallRng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(9..bytes.len());
        bytes[at] = random.random();
    }
    if random.random_bool(0.1) {
        bytes.truncate(random.random_range(0..bytes.len()));
    }
    bytes
}

#[test]
fn damaged_columns_never_panic_or_spoil_a_document() {
    let (base, change) = good();
    let bytes = chunk_of(change).bytes;
    let mut random = SmallRng::seed_from_u64(1);
    for _ in 0..600 {
        let damaged = damaged(&bytes, &mut random);
        // Under the name that the damaged bytes have by their own account, so that they get past the name.
        let named =
            std::panic::catch_unwind(|| Change::from_bytes(damaged.clone()).map(|change| change.hash().0));
        let hash = named.ok().and_then(Result::ok).unwrap_or([0; 32]);
        let mut document = of_chunks(&base);
        let report = document.apply(vec![Chunk { hash, bytes: damaged }]);
        assert_eq!(report.applied.len() + report.unreadable.len() + report.waiting.len(), 1);
        document.read(&schema());
        document.history();
        let loaded = Document::load(record_id(1), Some(&document.snapshot()), []).unwrap();
        assert_eq!(loaded.heads(), document.heads());
    }
}

#[test]
fn damaged_snapshots_are_an_error() {
    let (document, _) = opportunity(&[Edit::set("name", "deal")]);
    let bytes = document.snapshot();
    let mut random = SmallRng::seed_from_u64(2);
    for _ in 0..200 {
        let damaged = damaged(&bytes, &mut random);
        if let Ok(loaded) = Document::load(record_id(1), Some(&damaged), []) {
            loaded.read(&schema());
        }
    }
}

/// Another program writes over containers, makes objects and uses other types.
fn foreign(base: &[Chunk], write: impl FnOnce(&mut automerge::transaction::Transaction<'_>)) -> Chunk {
    let changes: Vec<Change> =
        base.iter().map(|chunk| Change::from_bytes(chunk.bytes.clone()).unwrap()).collect();
    let mut document = Automerge::new().with_actor(ActorId::from(&[0xee; 16][..]));
    document.apply_changes(changes).unwrap();
    let mut transaction = document.transaction();
    write(&mut transaction);
    transaction.commit_with(CommitOptions::default());
    let change = document.get_last_local_change().unwrap();
    Chunk { hash: change.hash().0, bytes: change.raw_bytes().to_vec() }
}

#[test]
fn what_another_program_wrote_is_readable() {
    let (_, base) = opportunity(&[
        Edit::Add { field: "tags".into(), key: "ours".into() },
        Edit::SetText { field: "description".into(), value: "ours".into() },
    ]);
    let chunk = foreign(&base, |transaction| {
        let name = transaction.put_object(ROOT, "name", ObjType::Text).unwrap();
        transaction.splice_text(&name, 0, 0, "a text").unwrap();
        let stage = transaction.put_object(ROOT, "stage", ObjType::Map).unwrap();
        transaction.put(&stage, "stage_id", "won").unwrap();
        transaction.put(&stage, "entry_id", "e").unwrap();
        let tags = transaction.put_object(ROOT, "tags", ObjType::Map).unwrap();
        transaction.put(&tags, "theirs", true).unwrap();
        transaction.put(ROOT, "description", "theirs").unwrap();
        transaction.put(ROOT, "next_step", 1.5).unwrap();
        transaction.put(ROOT, "close_date", ScalarValue::Bytes(vec![1, 255])).unwrap();
        transaction.put(ROOT, "newer_field", 7).unwrap();
        transaction.put(ROOT, "created_at", 1).unwrap();
    });
    let mut document = of_chunks(&base);
    take(&mut document, &[chunk]);
    let state = document.read(&schema());
    assert_eq!(state.winner("name"), &Scalar::text("a text"));
    assert_eq!(state.winner("stage"), &Scalar::text(r#"{"entry_id":"e","stage_id":"won"}"#));
    assert_eq!(state.set("tags").collect::<Vec<_>>(), ["ours", "theirs"]);
    assert_eq!(state.text("description"), "theirs");
    assert_eq!(state.winner("next_step"), &Scalar::text("1.5"));
    assert_eq!(state.winner("close_date"), &Scalar::text("01ff"));
    assert_eq!(state.winner("newer_field"), &Scalar::Int(7));
    assert_eq!(values(&state, "created_at"), [Scalar::Int(NOW_MS)], "set once, whoever writes over it");
    // Ours still writes to all of them.
    write(
        &mut document,
        &author(1),
        &[
            Edit::Add { field: "tags".into(), key: "new".into() },
            Edit::SetText { field: "description".into(), value: "ours again".into() },
            Edit::set("name", "plain"),
        ],
    );
    let state = document.read(&schema());
    assert_eq!(state.set("tags").collect::<Vec<_>>(), ["new", "ours", "theirs"]);
    assert_eq!(state.text("description"), "ours again");
    assert_eq!(values(&state, "name"), [Scalar::text("plain")]);
}

#[test]
fn a_document_without_a_genesis_of_ours_is_readable_and_refuses_edits() {
    let chunk = foreign(&[], |transaction| {
        transaction.put(ROOT, "module", "spaceship").unwrap();
        transaction.put(ROOT, "name", "x").unwrap();
        let list = transaction.put_object(ROOT, "parts", ObjType::List).unwrap();
        transaction.insert(&list, 0, "bolt").unwrap();
        let map = transaction.put_object(ROOT, "crew", ObjType::Map).unwrap();
        transaction.put(&map, "captain", "Sara").unwrap();
    });
    let mut document = of_chunks(&[chunk]);
    let state = document.read(&schema());
    assert_eq!(state.module, "spaceship");
    assert_eq!(state.winner("parts"), &Scalar::text(r#"["bolt"]"#));
    assert!(
        matches!(&state.fields["crew"], FieldState::Grow(crew) if crew["captain"] == Scalar::text("Sara"))
    );
    let refusal = document.edit(&author(1), NOW_MS, &[Edit::set("name", "y")], &schema()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "this record is of the module `spaceship`, which this version does not know; update the program to edit it"
    );
}
