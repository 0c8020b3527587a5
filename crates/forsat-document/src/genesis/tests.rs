//! The frozen bytes are what building them anew gives, and the relay's allow-list names exactly them.

use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ObjType, ROOT, ReadDoc, Value};

use super::*;

fn build(frozen: &frozen::Frozen) -> Change {
    let mut document = Automerge::new().with_actor(ActorId::from(&GENESIS_ACTOR[..]));
    let mut transaction = document.transaction();
    transaction.put(ROOT, "module", frozen.module).unwrap();
    for (name, kind) in frozen.containers {
        let object = match kind {
            ContainerKind::Text => ObjType::Text,
            ContainerKind::Map => ObjType::Map,
        };
        transaction.put_object(ROOT, *name, object).unwrap();
    }
    transaction.commit_with(CommitOptions::default().with_time(0));
    document.get_last_local_change().unwrap()
}

#[test]
fn building_a_genesis_anew_gives_the_frozen_bytes() {
    for frozen in frozen::ALL {
        let built = build(frozen);
        assert_eq!(hex::encode(built.raw_bytes()), frozen.bytes, "{} {}", frozen.module, built.hash());
        assert_eq!(Genesis::of(frozen.module).unwrap().hash, built.hash().0);
    }
}

#[test]
fn the_protocol_allows_exactly_these_changes_of_the_genesis_actor() {
    let frozen: Vec<[u8; 32]> = Genesis::all().iter().map(|genesis| genesis.hash).collect();
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
