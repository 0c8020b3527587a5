//! One store under several hands: processes that edit in turn, rows of another version, a role that only reads.

use crate::support::{Fixed, dollars};
use forsat_client::{ClientError, Engine, FieldInput, ListQuery};
use forsat_store::SpaceRow;

fn named(name: &str) -> [FieldInput; 1] {
    [FieldInput::new("name", name)]
}

#[test]
fn two_handles_of_one_store_edit_one_record_in_turn_as_one_actor() {
    let (dir, one) = dollars(31);
    let two = Engine::open_with(&dir.path().join("store"), Fixed::new(32)).expect("opens");
    let saved = one.create("account", &named("Arya")).expect("creates");
    for round in 0..5 {
        let hand = if round % 2 == 0 { &two } else { &one };
        let step = FieldInput::new("website", format!("https://{round}.example"));
        hand.edit("account", &saved.short, &[step]).expect("edits");
    }
    let inside = one.inspect("account", &saved.short, None, false).expect("inspects");
    assert_eq!(inside.heads.len(), 1, "no edit was made on an old state");
    let actors: std::collections::BTreeSet<&str> =
        inside.changes.iter().skip(1).map(|change| change.actor.as_str()).collect();
    assert_eq!(actors.len(), 1);
    let before = one.commit_seq().expect("counts");
    two.edit("account", &saved.short, &named("Arya Steel")).expect("edits");
    assert_ne!(one.commit_seq().expect("counts"), before, "another hand's save shows");
    assert_eq!(one.show("account", "arya steel").expect("shows").name, "Arya Steel");
}

#[test]
fn rows_of_another_version_are_rebuilt_from_the_documents() {
    let (dir, engine) = dollars(33);
    engine.create("account", &named("Arya")).expect("creates");
    engine.store().write::<_, forsat_store::StoreError>(|tx| tx.clear_rows()).expect("clears");
    assert_eq!(engine.list("account", &ListQuery::default()).expect("lists").total, 0);
    drop(engine);
    let engine = Engine::open_with(&dir.path().join("store"), Fixed::new(34)).expect("opens");
    assert_eq!(engine.list("account", &ListQuery::default()).expect("lists").total, 1);
    assert_eq!(engine.show("account", "arya").expect("found by its name").name, "Arya");
}

#[test]
fn nothing_is_saved_where_the_relay_would_refuse_it() {
    let (_dir, engine) = dollars(35);
    let saved = engine.create("account", &named("Arya")).expect("creates");
    let row = SpaceRow { name: "North".to_owned(), role: "viewer".to_owned(), archived: false };
    let space = only_space(&engine);
    engine.store().write::<_, forsat_store::StoreError>(|tx| tx.put_space(&space, &row)).expect("writes");
    let before = engine.unsent().expect("counts");
    let refused = engine.edit("account", &saved.short, &named("Other")).expect_err("only reads");
    assert!(
        matches!(refused, ClientError::Refused(ref refusal) if refusal.code() == "read_only"),
        "{refused}"
    );
    engine.create("account", &named("Bahar")).expect_err("only reads");
    assert_eq!(engine.unsent().expect("counts"), before);
}

/// The one space of a store without a relay.
fn only_space(engine: &Engine) -> forsat_sync::id::SpaceId {
    let spaces = engine.store().read().and_then(|tx| tx.spaces()).expect("reads");
    assert_eq!(spaces.len(), 1);
    spaces[0].0
}
