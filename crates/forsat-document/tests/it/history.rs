//! What each change wrote, with what its writer saw before; the document as JSON; earlier states.

use forsat_document::{Chunk, Document, FieldChange, Loose, Original, ReadError, merged_text};
use forsat_domain::{Edit, RecordId, Scalar};

use crate::support::*;

fn text(value: &str) -> Edit {
    Edit::SetText { field: "description".into(), value: value.into() }
}

fn change(path: &str, before: Scalar, after: impl Into<Scalar>) -> FieldChange {
    FieldChange { path: path.into(), before, after: after.into() }
}

#[test]
fn every_change_tells_what_it_wrote_and_what_stood_there() {
    let (mut document, chunks) = opportunity(&[Edit::set("name", "a"), text("one")]);
    let chunk = write(
        &mut document,
        &author(1),
        &[
            Edit::set("name", "b"),
            text("one two"),
            Edit::Add { field: "tags".into(), key: "vip".into() },
            Edit::set_entry("lines", "l", "qty", "1"),
        ],
    );
    let history = document.history();
    assert_eq!(
        history.iter().map(|entry| entry.hash).collect::<Vec<_>>(),
        chunks.iter().chain([&chunk]).map(|chunk| chunk.hash).collect::<Vec<_>>()
    );
    let last = history.last().unwrap();
    assert_eq!((last.author, last.seq, last.time_ms), (Some(user(1)), 1, NOW_MS));
    assert_eq!((last.deps.as_slice(), last.size), (&[chunks.last().unwrap().hash][..], chunk.bytes.len()));
    assert_eq!(
        last.changes,
        [
            change("description", "one".into(), "one two"),
            change("lines/l/qty", Scalar::Null, "1"),
            change("name", "a".into(), "b"),
            change("tags/vip", Scalar::Null, true),
        ]
    );
    let removal =
        write(&mut document, &author(1), &[Edit::Remove { field: "tags".into(), key: "vip".into() }]);
    let entries = document.history_of(&[removal.hash].into());
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].changes, [change("tags/vip", true.into(), Scalar::Null)]);
}

#[test]
fn a_concurrent_writer_saw_what_it_saw() {
    let (_, base) = opportunity(&[Edit::set("name", "a"), text("x")]);
    let mut left = of_chunks(&base);
    let mut right = of_chunks(&base);
    write(&mut left, &author(1), &[Edit::set("name", "left"), text("x left")]);
    let chunk = write(&mut right, &author(2), &[Edit::set("name", "right"), text("right x")]);
    take(&mut left, std::slice::from_ref(&chunk));
    let entry = &left.history_of(&[chunk.hash].into())[0];
    assert_eq!(
        entry.changes,
        [change("description", "x".into(), "right x"), change("name", "a".into(), "right")]
    );
    // The one who ends the conflict saw the winner.
    let end = write(&mut left, &author(1), &[Edit::set("name", "both")]);
    let entry = &left.history_of(&[end.hash].into())[0];
    assert_eq!(entry.changes, [change("name", "right".into(), "both")]);
}

#[test]
fn what_stood_at_a_time_is_what_was_written_by_then_on_what_was_written_by_then() {
    let (mut document, _) = opportunity(&[Edit::set("name", "a")]);
    let at = |document: &mut Document, time_ms: i64, name: &str| {
        let chunks = document.edit(&author(1), time_ms, &[Edit::set("name", name)], &schema()).unwrap();
        chunks[0].hash
    };
    let late = NOW_MS + 1_000_000;
    let first = at(&mut document, NOW_MS + 1_000, "b");
    let mut other = document.clone();
    let fast = at(&mut document, late, "by a clock that runs ahead");
    let after = at(&mut document, NOW_MS + 2_000, "on top of it");
    let apart = other.edit(&author(2), NOW_MS + 3_000, &[text("x")], &schema()).unwrap();
    take(&mut document, &apart);
    let heads = |until: i64| document.heads_when(|time_ms| time_ms < until);
    assert_eq!(heads(NOW_MS + 2_000), [first]);
    assert_eq!(heads(NOW_MS + 4_000), [apart[0].hash], "what builds on a late change is late");
    assert!(document.contains(&fast));
    assert_eq!(heads(late + 1), crate::chain::sorted(vec![after, apart[0].hash]));
    assert_eq!(heads(late + 1), document.heads());
    assert!(heads(1).len() == 1 && document.read_at(&heads(1), &schema()).unwrap().modified.is_none());
    let nothing = document.heads_when(|_| false);
    assert!(nothing.is_empty() && document.read_at(&nothing, &schema()).unwrap().modified.is_none());
}

#[test]
fn earlier_states_can_be_read() {
    let (mut document, _) = opportunity(&[Edit::set("name", "a"), text("one")]);
    let before = document.heads();
    let state_before = document.read(&schema());
    write(&mut document, &author(1), &[Edit::set("name", "b"), text("two")]);
    assert_eq!(document.read_at(&before, &schema()).unwrap(), state_before);
    let json = document.to_json(Some(&before)).unwrap();
    assert_eq!((&json["name"], &json["description"]), (&"a".into(), &"one".into()));
    let json = document.to_json(None).unwrap();
    assert_eq!(
        (&json["name"], &json["description"], &json["module"]),
        (&"b".into(), &"two".into(), &"opportunity".into())
    );
    let unknown = document.read_at(&[[1; 32]], &schema()).unwrap_err();
    assert!(matches!(unknown, ReadError::UnknownHead(hash) if hash == "01".repeat(32)));
}

#[test]
fn what_builds_on_a_lost_change_is_told_wholly_or_not_at_all() {
    let (mut document, _) = opportunity(&[Edit::set("name", "a"), text("one")]);
    let whole = document.clone();
    let lost = write(&mut document, &author(1), &[Edit::set("name", "b"), Edit::set("next_step", "call")]);
    let tag = Edit::Add { field: "tags".into(), key: "vip".into() };
    let told =
        write(&mut document, &author(1), &[Edit::set("name", "c"), Edit::set("next_step", "visit"), tag]);
    let untold = write(&mut document, &author(1), &[Edit::set("name", "d"), text("one two")]);
    let after = write(&mut document, &author(1), &[Edit::set("name", "e")]);
    let entries = whole.history_beyond(&[told.clone(), untold, after.clone()]);
    assert_eq!(entries.iter().map(|entry| entry.hash).collect::<Vec<_>>(), [told.hash, after.hash]);
    assert_eq!(
        entries[0].changes,
        [
            change("name", "a".into(), "c"),
            change("next_step", Scalar::Null, "visit"),
            change("tags/vip", Scalar::Null, true),
        ]
    );
    assert_eq!(entries[1].changes, [change("name", "d".into(), "e")]);
    assert!(!whole.contains(&lost.hash), "nothing is taken in");
    assert!(whole.history_beyond(&[Chunk { hash: [1; 32], bytes: b"nothing".to_vec() }]).is_empty());
}

#[test]
fn a_change_made_again_says_whose_it_is_on_every_device_and_after_it_was_authored_anew() {
    let (mut sara, feed) = opportunity(&[Edit::set("name", "a"), text("one")]);
    let lost = write(&mut of_chunks(&feed), &author(2), &[Edit::set("next_step", "call")]);
    let original = Original { user: user(2), change: lost.hash };
    let edits = [Edit::set("next_step", "call")];
    let made = sara.edit_for(&author(1), Some(&original), NOW_MS, &edits, &schema()).unwrap();
    let mut other = of_chunks(&feed);
    take(&mut other, &made);
    let entry = other.history().pop().unwrap();
    assert_eq!((entry.author, entry.original), (Some(user(1)), Some(original)));
    assert_eq!(other.made_again(&lost.hash).len(), 1);
    assert!(of_chunks(&feed).made_again(&lost.hash).is_empty());
    let anew = of_chunks(&feed).reauthor(&made, &[].into(), &author(3)).unwrap();
    assert_eq!(anew.document.history().pop().unwrap().original, Some(original));
    assert_eq!(other.history()[0].original, None);
}

#[test]
fn a_record_made_again_says_whose_it_is() {
    let original = Original { user: user(2), change: [5; 32] };
    let id = RecordId::from_bytes([3; 16]);
    let edits = [Edit::set("name", "new")];
    let (made, _) =
        Document::create_for(id, "opportunity", &author(1), Some(&original), NOW_MS, &edits, &schema())
            .unwrap();
    assert_eq!(made.history().pop().unwrap().original, Some(original));
    assert_eq!(made.made_again(&[5; 32]).len(), 1);
}

#[test]
fn a_change_without_its_past_tells_what_its_own_bytes_say() {
    let (mut document, feed) = opportunity(&[Edit::set("name", "a"), text("one")]);
    let plain = write(
        &mut document,
        &author(1),
        &[Edit::set("name", "b"), Edit::Add { field: "tags".into(), key: "vip".into() }],
    );
    let of_text = write(&mut document, &author(1), &[Edit::set("next_step", "call"), text("two")]);
    let begun = of_chunks(&feed);
    let loose = begun.read_loose(&plain.bytes).unwrap();
    let changes = vec![change("name", Scalar::Null, "b"), change("tags/vip", Scalar::Null, true)];
    assert_eq!(loose, Loose { changes, is_whole: true });
    let loose = begun.read_loose(&of_text.bytes).unwrap();
    let changes = vec![change("next_step", Scalar::Null, "call")];
    assert_eq!(loose, Loose { changes, is_whole: false });
    // Nothing is known of the containers of a document that isn't here.
    let nothing = Document::empty(RecordId::from_bytes([3; 16]));
    let loose = nothing.read_loose(&plain.bytes).unwrap();
    assert_eq!(loose, Loose { changes: vec![change("name", Scalar::Null, "b")], is_whole: false });
    assert_eq!(nothing.read_loose(b"no change"), None);
}

#[test]
fn a_text_edited_apart_holds_what_both_made_of_it() {
    assert_eq!(merged_text("one", "one two", "one").unwrap(), "one two");
    assert_eq!(merged_text("one", "one two", "one two").unwrap(), "one two");
    assert_eq!(merged_text("one", "one two", "zero one").unwrap(), "zero one two");
}
