//! What Automerge 0.12 does, as far as the merge rules rest on it. A new version that differs fails here by name.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Author, Automerge, AutomergeError, ObjType, ROOT, ReadDoc, ScalarValue};

fn as_actor(document: &Automerge, actor: u8) -> Automerge {
    document.clone().with_actor(ActorId::from(&[actor; 16][..]))
}

fn put(document: &mut Automerge, key: &str, value: &str, time: i64) {
    let mut transaction = document.transaction();
    transaction.put(ROOT, key, value).unwrap();
    transaction.commit_with(CommitOptions::default().with_time(time));
}

fn merged(mut left: Automerge, mut right: Automerge) -> Automerge {
    left.merge(&mut right).unwrap();
    left
}

fn text_at(document: &Automerge, key: &str) -> String {
    document.get(ROOT, key).unwrap().unwrap().0.into_string().unwrap()
}

#[test]
fn concurrent_puts_are_decided_by_counter_first() {
    let base = as_actor(&Automerge::new(), 0);
    let mut low_actor = as_actor(&base, 1);
    let mut high_actor = as_actor(&base, 2);
    put(&mut low_actor, "other", "lifts the counter", 0);
    put(&mut low_actor, "key", "higher counter", 0);
    put(&mut high_actor, "key", "higher actor", 0);
    assert_eq!(text_at(&merged(low_actor, high_actor), "key"), "higher counter");
}

#[test]
fn concurrent_puts_of_one_counter_are_decided_by_actor() {
    let base = as_actor(&Automerge::new(), 0);
    let (mut low, mut high) = (as_actor(&base, 1), as_actor(&base, 2));
    put(&mut low, "key", "low", 0);
    put(&mut high, "key", "high", 0);
    assert_eq!(text_at(&merged(low.clone(), high.clone()), "key"), "high");
    assert_eq!(text_at(&merged(high, low), "key"), "high");
}

#[test]
fn wall_clocks_decide_nothing() {
    let base = as_actor(&Automerge::new(), 0);
    let (mut early, mut late) = (as_actor(&base, 2), as_actor(&base, 1));
    put(&mut late, "key", "ten years on", 315_360_000);
    put(&mut early, "key", "long ago", 1);
    assert_eq!(text_at(&merged(late, early), "key"), "long ago");
}

#[test]
fn two_writers_of_the_same_value_give_two_entries() {
    let base = as_actor(&Automerge::new(), 0);
    let (mut left, mut right) = (as_actor(&base, 1), as_actor(&base, 2));
    put(&mut left, "key", "same", 0);
    put(&mut right, "key", "same", 0);
    assert_eq!(merged(left, right).get_all(ROOT, "key").unwrap().len(), 2);
}

#[test]
fn the_winner_is_the_last_of_get_all() {
    let base = as_actor(&Automerge::new(), 0);
    let (mut low, mut high) = (as_actor(&base, 1), as_actor(&base, 2));
    put(&mut low, "key", "low", 0);
    put(&mut high, "key", "high", 0);
    let document = merged(low, high);
    let all = document.get_all(ROOT, "key").unwrap();
    let winner = document.get(ROOT, "key").unwrap().unwrap();
    assert_eq!(all.last().unwrap(), &winner);
}

#[test]
fn deleting_a_map_entry_drops_concurrent_edits_inside_it() {
    let mut base = as_actor(&Automerge::new(), 0);
    let mut transaction = base.transaction();
    let line = transaction.put_object(ROOT, "line", ObjType::Map).unwrap();
    transaction.put(&line, "qty", 1).unwrap();
    transaction.commit();
    let (mut deleter, mut editor) = (as_actor(&base, 1), as_actor(&base, 2));
    deleter.transact::<_, _, AutomergeError>(|transaction| transaction.delete(ROOT, "line")).unwrap();
    editor.transact::<_, _, AutomergeError>(|transaction| transaction.put(&line, "qty", 2)).unwrap();
    let document = merged(deleter, editor);
    assert_eq!(document.get(ROOT, "line").unwrap(), None);
    assert_eq!(document.get_all(ROOT, "line").unwrap(), vec![]);
}

#[test]
fn two_devices_creating_the_same_nested_object_hide_one_side() {
    let base = as_actor(&Automerge::new(), 0);
    let create = |actor: u8, key: &str| {
        let mut document = as_actor(&base, actor);
        let mut transaction = document.transaction();
        let lines = transaction.put_object(ROOT, "lines", ObjType::Map).unwrap();
        transaction.put(&lines, key, 1).unwrap();
        transaction.commit();
        document
    };
    let document = merged(create(1, "low"), create(2, "high"));
    let (_, shown) = document.get(ROOT, "lines").unwrap().unwrap();
    assert_eq!(document.keys(&shown).collect::<Vec<_>>(), ["high"]);
}

#[test]
fn the_author_stands_on_the_actors_first_change_only() {
    let mut document = Automerge::new().with_author(Some(Author::from(vec![7; 16])));
    put(&mut document, "key", "first", 0);
    put(&mut document, "key", "second", 0);
    let authors: Vec<bool> =
        document.get_changes(&[]).iter().map(|change| change.author().is_some()).collect();
    assert_eq!(authors, [true, false]);
    let actor = document.get_actor().clone();
    assert_eq!(document.get_author_for_actor(&actor), Some(Author::from(vec![7; 16])));
}

#[test]
fn setting_the_author_draws_another_actor() {
    let mut document = as_actor(&Automerge::new(), 1);
    document.set_author(Some(Author::from(vec![7; 16])));
    assert_ne!(document.get_actor(), &ActorId::from(&[1; 16][..]));
    document.set_actor(ActorId::from(&[1; 16][..]));
    put(&mut document, "key", "value", 0);
    let change = document.get_last_local_change().unwrap();
    assert_eq!((change.actor_id().to_bytes(), change.author().is_some()), (&[1u8; 16][..], true));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "shows why it is disallowed")]
fn loading_incrementally_answers_zero_on_damage() {
    let mut document = as_actor(&Automerge::new(), 1);
    put(&mut document, "key", "value", 0);
    let mut bytes = document.get_last_local_change().unwrap().raw_bytes().to_vec();
    put(&mut document, "key", "more", 0);
    *bytes.last_mut().unwrap() ^= 1;
    let mut other = as_actor(&Automerge::new(), 2);
    put(&mut other, "key", "something", 0);
    assert_eq!(other.load_incremental(&bytes).unwrap(), 0);
}

#[test]
fn a_change_hash_does_not_fix_the_bytes() {
    let mut document = as_actor(&Automerge::new(), 1);
    put(&mut document, "key", "value", 0);
    let change = document.get_last_local_change().unwrap();
    let mut bytes = change.raw_bytes().to_vec();
    bytes[4] ^= 0xff; // the checksum
    assert_eq!(automerge::Change::from_bytes(bytes).unwrap().hash(), change.hash());
}

#[test]
fn an_object_whose_key_was_written_over_is_still_there() {
    let mut document = as_actor(&Automerge::new(), 1);
    let mut transaction = document.transaction();
    let lines = transaction.put_object(ROOT, "lines", ObjType::Map).unwrap();
    transaction.put(&lines, "a", 1).unwrap();
    transaction.commit();
    put(&mut document, "lines", "something else", 0);
    let loaded = Automerge::load(&document.save()).unwrap();
    assert_eq!(loaded.get(&lines, "a").unwrap().unwrap().0, ScalarValue::Int(1).into());
}
