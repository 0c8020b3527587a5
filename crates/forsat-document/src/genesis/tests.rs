//! The frozen bytes are what building them anew gives, and the relay's allow-list names exactly them.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ObjType, ROOT, ReadDoc, Value};

use super::*;

/// Builds a module's chain anew, one change after the other.
fn build(frozen: &frozen::Frozen) -> Vec<Change> {
    let mut document = Automerge::new().with_actor(ActorId::from(&GENESIS_ACTOR[..]));
    let mut chain = Vec::new();
    for change in frozen.chain {
        let mut transaction = document.transaction();
        if chain.is_empty() {
            transaction.put(ROOT, "module", frozen.module).unwrap();
        }
        for (name, kind) in change.containers {
            let object = match kind {
                ContainerKind::Text => ObjType::Text,
                ContainerKind::Map => ObjType::Map,
            };
            transaction.put_object(ROOT, *name, object).unwrap();
        }
        transaction.commit_with(CommitOptions::default().with_time(0));
        chain.push(document.get_last_local_change().unwrap());
    }
    chain
}

#[test]
fn building_a_genesis_anew_gives_the_frozen_bytes() {
    for frozen in frozen::ALL {
        let built = build(frozen);
        let genesis = Genesis::of(frozen.module).unwrap();
        assert_eq!(built.len(), genesis.chain().len());
        for ((built, frozen), link) in built.iter().zip(frozen.chain).zip(genesis.chain()) {
            assert_eq!(hex::encode(built.raw_bytes()), frozen.bytes, "{} {}", genesis.module, built.hash());
            assert_eq!(link.hash, built.hash().0);
        }
    }
}

#[test]
fn every_change_of_a_chain_builds_on_the_one_before_alone() {
    for genesis in Genesis::all() {
        let (mut before, mut max_op) = (None, 0);
        for (seq, link) in (1..).zip(genesis.chain()) {
            let change = link.change();
            assert_eq!((change.seq(), change.start_op().get()), (seq, max_op + 1), "{}", genesis.module);
            assert_eq!(change.deps(), before.as_slice(), "{}", genesis.module);
            (before, max_op) = (Some(change.hash()), change.max_op());
        }
    }
}

#[test]
fn the_protocol_allows_exactly_these_changes_of_the_genesis_actor() {
    let frozen: Vec<[u8; 32]> =
        Genesis::all().iter().flat_map(Genesis::chain).map(|link| link.hash).collect();
    let allowed: Vec<[u8; 32]> = forsat_sync::genesis::ALLOWED.iter().map(|hash| *hash.as_bytes()).collect();
    assert_eq!(frozen, allowed);
    assert_eq!(GENESIS_ACTOR, forsat_sync::genesis::GENESIS_ACTOR);
}

#[test]
fn every_container_of_the_schema_is_in_the_genesis_and_none_else_of_its_modules() {
    let schema = forsat_domain::Schema::builtin();
    for module in schema.modules() {
        let genesis = Genesis::of(&module.name).unwrap();
        let frozen: Vec<&str> = genesis.containers().map(|(name, _)| name).collect();
        let declared: Vec<&str> = module.containers().into_iter().collect();
        assert_eq!(frozen, declared, "{}", module.name);
        for (name, kind) in genesis.containers() {
            let is_text = module.field(name).unwrap().merge == forsat_domain::MergeCode::T;
            assert_eq!(is_text, kind == ContainerKind::Text, "{}/{name}", module.name);
        }
    }
}

#[test]
fn the_containers_are_the_objects_that_the_root_names() {
    for genesis in Genesis::all() {
        let document = genesis.document();
        for (name, kind) in genesis.containers() {
            let (value, object) = document.get(ROOT, name).unwrap().unwrap();
            let expected = match kind {
                ContainerKind::Text => ObjType::Text,
                ContainerKind::Map => ObjType::Map,
            };
            assert_eq!(value, Value::Object(expected));
            assert_eq!(&object, genesis.container(name).unwrap().1);
        }
    }
}
