//! Documents that an earlier version began: the end of the genesis comes with the next edit, the same on every device.

use automerge::Change;
use forsat_document::{Author, Chunk, Document, EditError, GENESIS_ACTOR, Link};
use forsat_domain::{Edit, Scalar};

use crate::support::*;

fn chain() -> &'static [Link] {
    Document::genesis("opportunity").unwrap().chain()
}

/// What a document lacks that has the first change of the genesis only.
fn rest() -> Vec<Chunk> {
    chain()[1..].iter().map(|link| Chunk { hash: link.hash, bytes: link.bytes.clone() }).collect()
}

fn set(field: &str, value: &str) -> Vec<Edit> {
    vec![Edit::set(field, value)]
}

pub fn sorted(mut hashes: Vec<[u8; 32]>) -> Vec<[u8; 32]> {
    hashes.sort_unstable();
    hashes
}

fn edit(document: &mut Document, by: &Author, edits: &[Edit]) -> Vec<Chunk> {
    document.edit(by, NOW_MS, edits, &schema()).unwrap()
}

#[test]
fn an_older_document_reads_as_a_new_one_does_and_reading_adds_nothing() {
    let old = of_chunks(&old_opportunity(&author(9), "deal"));
    let (new, _) = opportunity(&[Edit::set("name", "deal")]);
    let (old_state, new_state) = (old.read(&schema()), new.read(&schema()));
    assert_eq!(old_state.winner("name"), &Scalar::text("deal"));
    assert_eq!(old_state.fields.keys().collect::<Vec<_>>(), new_state.fields.keys().collect::<Vec<_>>());
    assert_eq!(old_state.fields["checks"], new_state.fields["checks"]);
    assert_eq!(old.module(), "opportunity");
    assert_eq!(old.change_count(), 2);
    assert_eq!(old.read_at(&old.heads(), &schema()).unwrap(), old_state);
}

#[test]
fn the_first_edit_brings_the_end_of_the_chain_and_later_ones_do_not() {
    let base = old_opportunity(&author(9), "deal");
    let mut document = of_chunks(&base);
    let chunks = edit(&mut document, &author(1), &set("next_step", "call"));
    let (own, before) = chunks.split_last().unwrap();
    assert_eq!(before, rest());
    let deps = Change::from_bytes(own.bytes.clone()).unwrap().deps().to_vec();
    let deps = deps.into_iter().map(|dep| dep.0).collect();
    assert_eq!(sorted(deps), sorted(vec![base[1].hash, chain().last().unwrap().hash]));
    assert_eq!(document.heads(), [own.hash]);
    assert_eq!(document.read(&schema()).modified.unwrap().author, Some(user(1)));
    assert_eq!(edit(&mut document, &author(1), &set("next_step", "meet")).len(), 1);
    // Nobody made the fixed changes, and they wrote nothing.
    for entry in document.history_of(&rest().iter().map(|chunk| chunk.hash).collect()) {
        assert_eq!((entry.author, entry.changes), (None, vec![]));
    }
    let loaded = Document::load(record_id(1), Some(&document.snapshot()), []).unwrap();
    assert_eq!(seen(&loaded), seen(&document));
}

#[test]
fn an_edit_that_writes_nothing_or_is_refused_adds_nothing() {
    let mut document = of_chunks(&old_opportunity(&author(9), "deal"));
    let before = (document.heads(), document.snapshot());
    assert_eq!(edit(&mut document, &author(1), &set("name", "deal")), []);
    assert_eq!((document.heads(), document.snapshot()), before);
    let again = [Edit::set("created_at", 1)];
    let refused = document.edit(&author(1), NOW_MS, &again, &schema()).unwrap_err();
    assert!(matches!(refused, EditError::Immutable(_)));
    let long = [Edit::set("next_step", "x".repeat(300_000))];
    let refused = document.edit(&author(1), NOW_MS, &long, &schema()).unwrap_err();
    assert!(matches!(refused, EditError::ChunkTooLarge { .. }));
    assert_eq!((document.heads(), document.snapshot()), before);
    assert_eq!(edit(&mut document, &author(1), &set("next_step", "call")).len(), 1 + rest().len());
}

#[test]
fn an_older_document_edited_apart_merges_cleanly() {
    let base = old_opportunity(&author(9), "deal");
    let state = converge(
        &base,
        [
            &[Edit::set("next_step", "call"), Edit::Add { field: "tags".into(), key: "left".into() }],
            &[Edit::set("status", "active"), Edit::Add { field: "tags".into(), key: "right".into() }],
            &[],
        ],
    );
    assert_eq!(values(&state, "next_step"), [Scalar::text("call")]);
    assert_eq!(state.set("tags").collect::<Vec<_>>(), ["deal", "left", "right"]);
    assert_eq!(values(&state, "created_at"), [Scalar::Int(NOW_MS)]);
}

#[test]
fn a_container_of_the_end_of_the_chain_is_one_object_on_devices_that_add_it_apart() {
    let base = old_opportunity(&author(9), "deal");
    let check = |item: &str, value: &str| Edit::set_entry("checks", item, "done", value);
    let dismiss = |other: &str| Edit::Add { field: "dismissed_duplicates".into(), key: other.into() };
    let state = converge(
        &base,
        [
            &[check("stage:one", "left"), check("stage:two", "same"), dismiss("a")],
            &[check("stage:one", "right"), check("stage:two", "same"), dismiss("b")],
            &[check("stage:three", "third")],
        ],
    );
    let done = |item: &str| -> Vec<Scalar> {
        let entry = state.entry("checks", item).unwrap();
        entry.fields["done"].sides.iter().map(|side| side.value.clone()).collect()
    };
    assert_eq!(done("stage:one"), [Scalar::text("right"), Scalar::text("left")]);
    assert_eq!(done("stage:two"), [Scalar::text("same")]);
    assert_eq!(done("stage:three"), [Scalar::text("third")]);
    assert_eq!(state.set("dismissed_duplicates").collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn a_record_made_by_an_older_and_by_this_version_converges() {
    let edits = set("name", "new");
    let new = Document::create(record_id(1), "opportunity", &author(2), NOW_MS, &edits, &schema()).unwrap();
    let first = new.1[..1].to_vec();
    let old = |number: u8| {
        let chunks = old_opportunity(&author(number), &format!("old {number}"));
        assert_eq!(chunks[0], first[0]);
        (of_chunks(&chunks), chunks[1..].to_vec())
    };
    let replicas = [old(1), (new.0, new.1[1..].to_vec()), old(3)];
    let state = converge_chunks(&first, &replicas);
    assert_eq!(values(&state, "name").len(), 3);
    assert_eq!(state.set("tags").collect::<Vec<_>>(), ["old 1", "old 3"]);
    // The first change of the older version has the lowest counters.
    assert_eq!(values(&state, "created_by"), [Scalar::text(user(1).0.to_string())]);
}

#[test]
fn the_end_of_the_chain_is_nobodys_edit() {
    let base = old_opportunity(&author(9), "deal");
    let mut document = of_chunks(&base);
    let before = document.read(&schema());
    let trashed = serde_json::json!({"seen_heads": [hex::encode(base[1].hash)], "state": "trashed"});
    take(&mut document, &rest());
    let after = document.read(&schema());
    assert_eq!((&after.fields, &after.modified), (&before.fields, &before.modified));
    assert_eq!(document.heads(), sorted(vec![base[1].hash, chain().last().unwrap().hash]));
    // A deletion that did not see it is not disputed by it.
    let mut elsewhere = of_chunks(&base);
    let deletion = edit(&mut elsewhere, &author(1), &[Edit::set("lifecycle", trashed.to_string())]);
    take(&mut document, &deletion);
    assert_eq!(document.read(&schema()).late_lifecycle, []);
    assert_eq!(edit(&mut document, &author(2), &set("next_step", "call")).len(), 1);
}

#[test]
fn the_chain_comes_in_any_order_and_waits_for_its_beginning() {
    let base = old_opportunity(&author(9), "deal");
    let mut document = of_chunks(&base);
    let made = edit(&mut document, &author(1), &set("next_step", "call"));
    let all: Vec<Chunk> = base.iter().chain(&made).cloned().collect();
    let mut backwards = Document::empty(record_id(1));
    for chunk in all.iter().rev() {
        take(&mut backwards, std::slice::from_ref(chunk));
    }
    assert_eq!(backwards.waiting(), Vec::<[u8; 32]>::new());
    assert_eq!(seen(&backwards), seen(&document));
    let foreign = Document::genesis("product").unwrap().chain().last().unwrap();
    let report = document.apply(vec![Chunk { hash: foreign.hash, bytes: foreign.bytes.clone() }]);
    assert_eq!((report.applied, report.waiting), (vec![], vec![foreign.hash]));
}

#[test]
fn another_change_on_top_of_the_chain_stays_out() {
    let (mut document, _) = opportunity(&set("name", "deal"));
    let end = chain().last().unwrap();
    let mut change = Change::from_bytes(end.bytes.clone()).unwrap().decode();
    assert_eq!(change.actor_id.to_bytes(), GENESIS_ACTOR);
    change.seq += 1;
    change.start_op = 1_000.try_into().unwrap();
    change.deps = vec![automerge::ChangeHash(end.hash)];
    let posing = chunk_of(&Change::from(change));
    let report = document.apply(vec![posing.clone()]);
    assert_eq!(report.applied, Vec::<[u8; 32]>::new());
    assert_eq!(report.unreadable[0].0, posing.hash);
}

#[test]
fn authoring_anew_keeps_the_end_of_the_chain_where_it_is_not_sent_yet() {
    let base = old_opportunity(&author(9), "deal");
    let mut device = of_chunks(&base);
    let unsent = edit(&mut device, &author(1), &set("next_step", "call"));
    let own = unsent.last().unwrap().hash;
    let renewed = Author { actor: vec![0x77; 16], user: user(1) };
    let none = std::collections::BTreeSet::new();
    let done = of_chunks(&base).reauthor(&unsent, &none, &renewed).unwrap();
    assert_eq!(done.chunks[..rest().len()], rest());
    assert_eq!(done.chunks.len(), unsent.len());
    assert_eq!(done.renamed.keys().collect::<Vec<_>>(), [&own]);
    assert_eq!(values(&done.document.read(&schema()), "next_step"), [Scalar::text("call")]);
    // Another device has sent it meanwhile.
    let mut feed = of_chunks(&base);
    take(&mut feed, &rest());
    let done = feed.reauthor(&unsent, &none, &renewed).unwrap();
    assert_eq!(done.chunks.iter().map(|chunk| chunk.hash).collect::<Vec<_>>(), [done.renamed[&own]]);
    assert_eq!(values(&done.document.read(&schema()), "next_step"), [Scalar::text("call")]);
}
