//! What each change wrote, with what its writer saw before; the document as JSON; earlier states.

use forsat_document::{FieldChange, ReadError};
use forsat_domain::{Edit, Scalar};

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
