//! The frozen first change of every document: fixed actor, time 0, all containers of its module.
//!
//! Two devices that create the same record while apart begin with the same change, so the texts and maps of the
//! record are the same objects on both and merge entry by entry. A container made later by two devices would be two
//! objects, one of them hidden. Therefore these bytes never change again: a container that a later version needs
//! comes by a further fixed change chained on these, as a new entry at the end of a module's chain.

mod frozen;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use automerge::{ActorId, Automerge, Change, ObjId};

/// The actor of every genesis change: fixed, and used by nobody else.
pub const GENESIS_ACTOR: [u8; 16] = *b"forsat-genesis-0";

/// What a container of the genesis holds; decides only between text and map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContainerKind {
    /// An Automerge text.
    Text,
    /// An Automerge map of scalars.
    Map,
}

/// The fixed first change of one module.
pub struct Genesis {
    /// The module, e.g. `opportunity`.
    pub module: &'static str,
    /// Hash of the change.
    pub hash: [u8; 32],
    /// The canonical uncompressed chunk.
    pub bytes: Vec<u8>,
    containers: BTreeMap<&'static str, (ContainerKind, ObjId)>,
    change: Change,
    document: Automerge,
}

impl Genesis {
    /// The genesis of a module; `None` for a module that this version does not know.
    pub fn of(module: &str) -> Option<&'static Genesis> {
        ALL.iter().find(|genesis| genesis.module == module)
    }

    /// The genesis with this hash.
    pub fn by_hash(hash: &[u8; 32]) -> Option<&'static Genesis> {
        ALL.iter().find(|genesis| &genesis.hash == hash)
    }

    /// All of them, in the order in which they were frozen.
    pub fn all() -> &'static [Genesis] {
        &ALL
    }

    /// The containers by name, with their kind.
    pub fn containers(&self) -> impl Iterator<Item = (&'static str, ContainerKind)> {
        self.containers.iter().map(|(name, (kind, _))| (*name, *kind))
    }

    /// The object of one container.
    pub(crate) fn container(&self, name: &str) -> Option<(ContainerKind, &ObjId)> {
        self.containers.get(name).map(|(kind, object)| (*kind, object))
    }

    /// The container that an operation of the genesis made.
    pub(crate) fn container_at(
        &self,
        counter: u64,
        actor: &ActorId,
    ) -> Option<(&str, ContainerKind, &ObjId)> {
        let made = |object: &ObjId| matches!(object, ObjId::Id(at, by, _) if *at == counter && by == actor);
        let mut containers = self.containers.iter();
        containers.find(|(_, (_, object))| made(object)).map(|(name, (kind, object))| (*name, *kind, object))
    }

    /// The change itself.
    pub(crate) fn change(&self) -> Change {
        self.change.clone()
    }

    /// Counter of the last operation.
    pub(crate) fn max_op(&self) -> u64 {
        self.change.max_op()
    }

    /// A fresh Automerge document that holds this change only.
    pub(crate) fn document(&self) -> Automerge {
        self.document.clone()
    }

    fn thaw(frozen: &frozen::Frozen) -> Genesis {
        let bytes =
            hex::decode(frozen.bytes).expect("frozen bytes are hex; a test compares them with a new build");
        let change =
            Change::from_bytes(bytes.clone()).expect("frozen bytes are a change; a test rebuilds them");
        let hash = change.hash().0;
        let mut document = Automerge::new();
        document.apply_changes([change.clone()]).expect("a genesis depends on nothing");
        let actor = ActorId::from(&GENESIS_ACTOR[..]);
        let containers = (2u64..)
            .zip(frozen.containers)
            .map(|(counter, (name, kind))| (*name, (*kind, ObjId::Id(counter, actor.clone(), 0))))
            .collect();
        Genesis { module: frozen.module, hash, bytes, containers, change, document }
    }
}

static ALL: LazyLock<Vec<Genesis>> = LazyLock::new(|| frozen::ALL.iter().map(Genesis::thaw).collect());

#[cfg(test)]
mod tests;
