//! Writing as little as possible, within limits, in the name of its author.

use automerge::Change;
use forsat_document::{Author, Document, EditError, limits};
use forsat_domain::{Edit, Scalar};

use crate::support::*;

fn text(value: &str) -> Edit {
    Edit::SetText { field: "description".into(), value: value.into() }
}

fn operations(bytes: &[u8]) -> usize {
    Change::from_bytes(bytes.to_vec()).unwrap().len()
}

#[test]
fn writing_what_stands_there_alone_writes_nothing() {
    let edits = [
        Edit::set("name", "deal"),
        text("note"),
        Edit::Add { field: "tags".into(), key: "vip".into() },
        Edit::set_entry("lines", "one", "qty", "1"),
        Edit::Insert { field: "stage_history".into(), key: "a".into(), value: "x".into() },
    ];
    let (mut document, _) = opportunity(&edits);
    assert_eq!(document.edit(&author(1), NOW_MS, &edits, &schema()).unwrap(), []);
    let absent = [
        Edit::clear("next_step"),
        Edit::Remove { field: "tags".into(), key: "none".into() },
        Edit::clear("manual_amount"),
    ];
    assert_eq!(document.edit(&author(1), NOW_MS, &absent, &schema()).unwrap(), []);
}

#[test]
fn a_changed_field_writes_that_field_only() {
    let (mut document, _) = opportunity(&[Edit::set("name", "deal"), Edit::set("next_step", "call")]);
    let chunk =
        write(&mut document, &author(1), &[Edit::set("name", "deal"), Edit::set("next_step", "meet")]);
    assert_eq!(operations(&chunk.bytes), 1);
}

#[test]
fn ending_a_conflict_writes_even_the_winner_again() {
    let (_, base) = opportunity(&[]);
    let mut left = of_chunks(&base);
    let mut right = of_chunks(&base);
    write(&mut left, &author(1), &[Edit::set("name", "left")]);
    let chunk = write(&mut right, &author(2), &[Edit::set("name", "right")]);
    take(&mut left, &[chunk]);
    assert_eq!(values(&left.read(&schema()), "name"), [Scalar::text("right"), Scalar::text("left")]);
    write(&mut left, &author(1), &[Edit::set("name", "right")]);
    assert_eq!(values(&left.read(&schema()), "name"), [Scalar::text("right")]);
}

#[test]
fn a_text_is_written_as_a_small_splice_of_whole_graphemes() {
    let long = "فرصت ".repeat(1_000);
    let (mut document, _) = opportunity(&[text(&long)]);
    let chunk = write(&mut document, &author(1), &[text(&format!("{long}نو"))]);
    assert_eq!(operations(&chunk.bytes), 2);
    // A family of one grapheme is replaced whole: never half an emoji.
    let (mut document, _) = opportunity(&[text("a👩‍👧b")]);
    let mut apart = document.clone();
    let chunk = write(&mut document, &author(1), &[text("a👩‍👦b")]);
    write(&mut apart, &author(2), &[text("a👩‍👧bc")]);
    take(&mut apart, &[chunk]);
    assert_eq!(apart.read(&schema()).text("description"), "a👩‍👦bc");
}

#[test]
fn the_author_stands_on_the_first_change_of_the_actor() {
    let (mut document, chunks) = opportunity(&[]);
    let second = write(&mut document, &author(9), &[Edit::set("name", "a")]);
    let other = write(&mut document, &author(1), &[Edit::set("name", "b")]);
    let again = write(&mut document, &author(9), &[Edit::set("name", "c")]);
    let author_of = |bytes: &[u8]| {
        let change = Change::from_bytes(bytes.to_vec()).unwrap();
        (change.actor_id().to_bytes()[0], change.author().map(|author| author.as_bytes().to_vec()))
    };
    assert_eq!(author_of(&chunks.last().unwrap().bytes), (9, Some(user(9).as_bytes().to_vec())));
    assert_eq!(author_of(&second.bytes), (9, None));
    assert_eq!(author_of(&other.bytes), (1, Some(user(1).as_bytes().to_vec())));
    assert_eq!(author_of(&again.bytes), (9, None));
    let stamp = document.read(&schema()).modified.unwrap();
    assert_eq!((stamp.hash, stamp.author), (again.hash, Some(user(9))));
}

#[test]
fn an_actor_of_another_user_is_refused() {
    let (mut document, _) = opportunity(&[]);
    let stranger = Author { actor: author(9).actor, user: user(1) };
    let refusal = document.edit(&stranger, NOW_MS, &[Edit::set("name", "a")], &schema()).unwrap_err();
    assert!(matches!(refusal, EditError::ActorOfAnother));
}

#[test]
fn a_value_set_once_stays() {
    let (mut document, _) = opportunity(&[]);
    let created_at = [Edit::set("created_at", NOW_MS)];
    assert_eq!(document.edit(&author(1), NOW_MS, &created_at, &schema()).unwrap(), []);
    let refusal = document.edit(&author(1), NOW_MS, &[Edit::set("created_at", 1)], &schema()).unwrap_err();
    assert!(matches!(refusal, EditError::Immutable(field) if field == "created_at"));
}

#[test]
fn edits_that_do_not_fit_the_field_are_refused_and_change_nothing() {
    let (mut document, _) = opportunity(&[]);
    let heads = document.heads();
    let mut refuse = |edit: Edit| {
        let edits = [Edit::set("name", "written?"), edit];
        document.edit(&author(1), NOW_MS, &edits, &schema()).unwrap_err()
    };
    assert!(matches!(refuse(Edit::set("no_such", "x")), EditError::UnknownField { .. }));
    assert!(matches!(refuse(Edit::set("description", "x")), EditError::WrongEdit { .. }));
    assert!(matches!(refuse(Edit::set("amount", "x")), EditError::WrongEdit { .. }));
    assert!(matches!(refuse(Edit::set_entry("lines", "a/b", "qty", "1")), EditError::BadKey { .. }));
    let empty = Edit::Add { field: "tags".into(), key: String::new() };
    assert!(matches!(refuse(empty), EditError::BadKey { .. }));
    assert_eq!(document.heads(), heads);
    assert_eq!(document.read(&schema()).winner("name"), &Scalar::Null);
}

#[test]
fn a_change_over_the_limits_is_refused_and_leaves_the_document_as_it_was() {
    let (mut document, _) = opportunity(&[text("short")]);
    let before = seen(&document);
    let long = "x".repeat(limits::CHUNK_OPS_MAX + 1);
    let refusal = document.edit(&author(1), NOW_MS, &[text(&long)], &schema()).unwrap_err();
    assert!(matches!(refusal, EditError::TooManyOperations { .. }), "{refusal}");
    let wide: String =
        (0..limits::CHUNK_BYTES_MAX as u32).map(|n| char::from(b'a' + (n % 23) as u8)).collect();
    let refusal = document.edit(&author(1), NOW_MS, &[Edit::set("name", wide)], &schema()).unwrap_err();
    assert!(matches!(refusal, EditError::ChunkTooLarge { .. }), "{refusal}");
    assert_eq!(seen(&document), before);
    write(&mut document, &author(1), &[text("short!")]);
    assert_eq!(document.read(&schema()).text("description"), "short!");
}

#[test]
fn a_full_document_is_refused() {
    let (mut document, _) = opportunity(&[]);
    let wide = |n: usize| -> String {
        (0..limits::CHUNK_BYTES_MAX - 1_000)
            .map(|i| ((i * 7 + n) % 26) as u8 + b'a')
            .map(char::from)
            .collect()
    };
    let mut refusal = None;
    for n in 0..40 {
        if let Err(error) = document.edit(&author(1), NOW_MS, &[Edit::set("name", wide(n))], &schema()) {
            refusal = Some((n, error));
            break;
        }
    }
    let (written, refusal) = refusal.expect("the limit is reached");
    assert!(matches!(refusal, EditError::DocumentFull { .. }), "{refusal}");
    assert_eq!(written, 32);
}

#[test]
fn a_text_written_over_and_over_is_refused_before_a_relay_would() {
    let (mut document, chunks) = opportunity(&[]);
    let operations = |chunk: &forsat_document::Chunk| {
        let limits = forsat_sync::limits::ChunkLimits::default();
        forsat_sync::chunk::parse(&chunk.bytes, &limits).unwrap().0.op_count
    };
    let mut total: u64 = chunks.iter().map(operations).sum();
    // What is deleted and written again counts each time: half of the operations of a change each.
    let long = |n: usize| char::from(b'a' + (n % 26) as u8).to_string().repeat(limits::CHUNK_OPS_MAX / 2 - 1);
    for n in 0..40 {
        match document.edit(&author(1), NOW_MS, &[text(&long(n))], &schema()) {
            Ok(chunks) => total += chunks.iter().map(operations).sum::<u64>(),
            Err(EditError::DocumentFull { operations, .. }) => {
                assert!(operations > limits::DOCUMENT_OPS_MAX && total <= limits::DOCUMENT_OPS_MAX);
                assert!(limits::DOCUMENT_OPS_MAX - total < limits::CHUNK_OPS_MAX as u64);
                return;
            }
            Err(other) => panic!("{other}"),
        }
    }
    panic!("{total} operations and no refusal");
}

#[test]
fn the_limits_are_those_of_the_protocol() {
    assert_eq!(limits::CHUNK_BYTES_MAX, forsat_sync::limits::CHUNK_BYTES_MAX);
    assert_eq!(limits::CHUNK_OPS_MAX as u64, forsat_sync::limits::CHUNK_OPS_MAX);
    assert_eq!(limits::DOCUMENT_CHANGES_MAX, forsat_sync::limits::DOCUMENT_CHANGES_MAX);
    assert_eq!(limits::DOCUMENT_BYTES_MAX, forsat_sync::limits::DOCUMENT_BYTES_MAX);
    assert_eq!(limits::DOCUMENT_OPS_MAX, forsat_sync::limits::DOCUMENT_OPS_MAX);
    assert_eq!(limits::OP_COUNTER_MAX, forsat_sync::limits::OP_COUNTER_MAX);
}

#[test]
fn a_document_loads_from_a_snapshot_and_later_chunks() {
    let (mut document, chunks) = opportunity(&[Edit::set("name", "a"), text("b")]);
    let snapshot = document.snapshot();
    let later = write(&mut document, &author(1), &[Edit::set("name", "c")]);
    let from_snapshot = Document::load(record_id(1), Some(&snapshot), [later.bytes.as_slice()]).unwrap();
    assert_eq!(seen(&from_snapshot), seen(&document));
    let all: Vec<&[u8]> = chunks.iter().chain([&later]).map(|chunk| chunk.bytes.as_slice()).rev().collect();
    let from_chunks = Document::load(record_id(1), None, all.iter().chain(&all).copied()).unwrap();
    assert_eq!(seen(&from_chunks), seen(&document));
    assert_eq!(document.chunk(&later.hash), Some(later.clone()));
    assert_eq!(document.chunks_since(&[chunks.last().unwrap().hash]), [later]);
    assert_eq!(document.chunks_since(&[]).len(), chunks.len() + 1);
    assert!(Document::load(record_id(1), Some(&snapshot[..40]), []).is_err());
}
