//! The same edits as new changes: after a refusal, and after a forked actor.

use std::collections::BTreeSet;

use forsat_document::{Author, Chunk, Document, ReauthorError};
use forsat_domain::{Edit, Scalar};

use crate::support::*;

fn text(value: &str) -> Edit {
    Edit::SetText { field: "description".into(), value: value.into() }
}

fn hashes(chunks: &[&Chunk]) -> BTreeSet<[u8; 32]> {
    chunks.iter().map(|chunk| chunk.hash).collect()
}

#[test]
fn what_was_built_on_a_refused_change_is_made_again_without_it() {
    let (_, feed) = opportunity(&[Edit::set("name", "deal"), text("one two three")]);
    let mut device = of_chunks(&feed);
    let refused = write(&mut device, &author(1), &[Edit::set("name", "refused"), text("zero one two three")]);
    let kept = write(
        &mut device,
        &author(1),
        &[
            Edit::set("next_step", "call"),
            text("zero one two three four"),
            Edit::set_entry("lines", "l", "qty", "2"),
            Edit::Add { field: "tags".into(), key: "vip".into() },
        ],
    );
    let unsent = [refused.clone(), kept.clone()];
    let done = of_chunks(&feed).reauthor(&unsent, &hashes(&[&refused]), &author(1)).unwrap();
    let state = done.document.read(&schema());
    assert_eq!(state.winner("name"), &Scalar::text("deal"));
    assert_eq!(state.winner("next_step"), &Scalar::text("call"));
    assert_eq!(state.text("description"), "one two three four");
    assert_eq!(state.entry("lines", "l").unwrap().winner("qty"), &Scalar::text("2"));
    assert_eq!(state.set("tags").collect::<Vec<_>>(), ["vip"]);
    assert_eq!(done.chunks.len(), 1);
    assert_eq!(done.renamed, [(kept.hash, done.chunks[0].hash)].into());
    // Anyone with the feed state takes the new change.
    let mut other = of_chunks(&feed);
    take(&mut other, &done.chunks);
    assert_eq!(seen(&other), seen(&done.document));
    let stamp = &state.sides("next_step")[0].stamp;
    assert_eq!((stamp.author, stamp.time_ms), (Some(user(1)), NOW_MS));
}

#[test]
fn what_was_concurrent_stays_a_conflict() {
    let (_, feed) = opportunity(&[Edit::set("name", "deal")]);
    let mut device = of_chunks(&feed);
    let refused = write(&mut device, &author(1), &[Edit::set("next_step", "refused")]);
    let kept = write(&mut device, &author(1), &[Edit::set("name", "ours")]);
    let mut feed_state = of_chunks(&feed);
    write(&mut feed_state, &author(2), &[Edit::set("name", "theirs")]);
    let done = feed_state.reauthor(&[kept, refused.clone()], &hashes(&[&refused]), &author(1)).unwrap();
    let names = values(&done.document.read(&schema()), "name");
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), ["ours".into(), "theirs".into()].into());
}

#[test]
fn a_forked_actor_gives_all_unsent_changes_to_a_new_one() {
    let (_, feed) = opportunity(&[Edit::set("name", "deal")]);
    let mut device = of_chunks(&feed);
    let sent_by_clone = write(&mut of_chunks(&feed), &author(1), &[Edit::set("status", "active")]);
    let mut unsent = vec![write(&mut device, &author(1), &[Edit::set("name", "a")])];
    let other = write(&mut of_chunks(&feed), &author(2), &[Edit::set("next_step", "call")]);
    take(&mut device, std::slice::from_ref(&other));
    unsent.push(write(&mut device, &author(1), &[Edit::set("next_step", "meet")]));
    let mut feed_state = of_chunks(&feed);
    take(&mut feed_state, &[sent_by_clone, other]);
    let renewed = Author { actor: vec![0x77; 16], user: user(1) };
    let done = feed_state.reauthor(&unsent, &BTreeSet::new(), &renewed).unwrap();
    let state = done.document.read(&schema());
    assert_eq!(values(&state, "name"), [Scalar::text("a")]);
    assert_eq!(values(&state, "next_step"), [Scalar::text("meet")], "it was seen, so it is no conflict");
    assert_eq!(values(&state, "status"), [Scalar::text("active")]);
    assert_eq!(done.chunks.len(), 2);
    let history = done.document.history_of(&hashes(&done.chunks.iter().collect::<Vec<_>>()));
    assert!(history.iter().all(|entry| entry.actor == renewed.actor && entry.author == Some(user(1))));
}

#[test]
fn heads_that_a_deletion_saw_are_mapped() {
    let (_, feed) = opportunity(&[Edit::set("name", "deal"), Edit::set_entry("lines", "l", "qty", "1")]);
    let mut device = of_chunks(&feed);
    let edited = write(&mut device, &author(1), &[Edit::set_entry("lines", "l", "qty", "2")]);
    let seen_heads = [hex::encode(edited.hash)];
    let trashed = serde_json::json!({"seen_heads": seen_heads, "state": "trashed"}).to_string();
    let removed = serde_json::json!({"seen_heads": seen_heads, "value": true}).to_string();
    let deleted = write(
        &mut device,
        &author(1),
        &[Edit::set("lifecycle", trashed), Edit::set_entry("lines", "l", "removed", removed)],
    );
    let renewed = Author { actor: vec![0x77; 16], user: user(1) };
    let done = of_chunks(&feed).reauthor(&[edited.clone(), deleted], &BTreeSet::new(), &renewed).unwrap();
    let state = done.document.read(&schema());
    let lifecycle = state.winner("lifecycle").as_text().unwrap();
    assert!(lifecycle.contains(&hex::encode(done.renamed[&edited.hash])), "{lifecycle}");
    assert_eq!(state.late_lifecycle, []);
    assert_eq!(state.entry("lines", "l").unwrap().late, []);
}

#[test]
fn an_unsent_record_keeps_its_genesis() {
    let (mut device, chunks) = opportunity(&[Edit::set("name", "deal")]);
    let later = write(&mut device, &author(9), &[Edit::set("name", "renamed")]);
    let unsent: Vec<Chunk> = chunks.iter().cloned().chain([later]).collect();
    let renewed = Author { actor: vec![0x77; 16], user: user(9) };
    let done = Document::empty(record_id(1)).reauthor(&unsent, &BTreeSet::new(), &renewed).unwrap();
    let (_, genesis) = chunks.split_last().unwrap();
    assert_eq!(&done.chunks[..genesis.len()], genesis);
    assert_eq!(done.chunks.len(), unsent.len());
    let state = done.document.read(&schema());
    assert_eq!(values(&state, "name"), [Scalar::text("renamed")]);
    assert_eq!(values(&state, "created_at"), [Scalar::Int(NOW_MS)]);
}

#[test]
fn a_missing_base_is_an_error() {
    let (_, feed) = opportunity(&[Edit::set("name", "deal")]);
    let mut device = of_chunks(&feed);
    write(&mut device, &author(1), &[Edit::set("name", "a")]);
    let second = write(&mut device, &author(1), &[Edit::set("name", "b")]);
    let error = of_chunks(&feed).reauthor(&[second], &BTreeSet::new(), &author(1)).unwrap_err();
    assert!(matches!(error, ReauthorError::MissingBase(_)));
}

#[test]
fn a_change_that_changes_nothing_any_more_is_left_out() {
    let (_, feed) = opportunity(&[Edit::set("name", "deal")]);
    let mut device = of_chunks(&feed);
    let refused = write(&mut device, &author(1), &[Edit::set("name", "x")]);
    let back = write(&mut device, &author(1), &[Edit::set("name", "deal")]);
    let later = write(&mut device, &author(1), &[Edit::set("next_step", "call")]);
    let done = of_chunks(&feed)
        .reauthor(&[refused.clone(), back.clone(), later], &hashes(&[&refused]), &author(1))
        .unwrap();
    assert_eq!(done.chunks.len(), 1);
    assert!(!done.renamed.contains_key(&back.hash));
    assert_eq!(done.document.change_count(), feed.len() as u64 + 1);
}
