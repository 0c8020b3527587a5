//! The frozen beginning of every document: fixed actor, time 0, all containers of its module.
//!
//! Two devices that create the same record while apart begin with the same changes, so the texts and maps of the
//! record are the same objects on both and merge entry by entry. A container made later by two devices would be two
//! objects, one of them hidden. Therefore these bytes never change again: a container that a later version needs
//! comes by a further fixed change at the end of its module's chain. A new document begins with the whole chain; one
//! that an earlier version began gets the rest of it with its next edit, the same bytes on every device.

mod frozen;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use automerge::{ActorId, Automerge, Change, ChangeHash, ObjId};

use crate::chunk::Chunk;

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

/// The fixed changes that the documents of one module begin with.
pub struct Genesis {
    /// The module, e.g. `opportunity`.
    pub module: &'static str,
    chain: Vec<Link>,
    containers: BTreeMap<&'static str, (ContainerKind, ObjId)>,
    document: Automerge,
}

/// One change of a chain; it builds on the one before alone.
pub struct Link {
    /// Hash of the change.
    pub hash: [u8; 32],
    /// The canonical uncompressed chunk.
    pub bytes: Vec<u8>,
    change: Change,
}

impl Genesis {
    /// The genesis of a module; `None` for a module that this version does not know.
    pub fn of(module: &str) -> Option<&'static Genesis> {
        ALL.iter().find(|genesis| genesis.module == module)
    }

    /// The genesis that a change with this hash belongs to.
    pub fn by_hash(hash: &[u8; 32]) -> Option<&'static Genesis> {
        ALL.iter().find(|genesis| genesis.holds(hash))
    }

    /// All of them, in the order in which they were frozen.
    pub fn all() -> &'static [Genesis] {
        &ALL
    }

    /// The changes, each after the one that it builds on; never empty.
    pub fn chain(&self) -> &[Link] {
        &self.chain
    }

    /// Tells whether a change is one of the chain.
    pub fn holds(&self, hash: &[u8; 32]) -> bool {
        self.chain.iter().any(|link| &link.hash == hash)
    }

    /// The containers by name, with their kind.
    pub fn containers(&self) -> impl Iterator<Item = (&'static str, ContainerKind)> {
        self.containers.iter().map(|(name, (kind, _))| (*name, *kind))
    }

    /// The object of one container; a document that lacks the end of the chain may not have it yet.
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

    /// The change that names the module; whatever a document has of the chain, it has this.
    pub(crate) fn first(&self) -> &Link {
        self.chain.first().expect("a chain has a first change")
    }

    /// The change that a new document's first edit builds on.
    pub(crate) fn end(&self) -> &Link {
        self.chain.last().expect("a chain has a first change")
    }

    /// The end of the chain that a document lacks, which an earlier version began.
    pub(crate) fn missing_in(&self, document: &Automerge) -> &[Link] {
        let is_there = |link: &Link| document.get_change_meta_by_hash(&ChangeHash(link.hash)).is_some();
        &self.chain[self.chain.partition_point(is_there)..]
    }

    /// A fresh Automerge document that holds the chain only.
    pub(crate) fn document(&self) -> Automerge {
        self.document.clone()
    }

    fn thaw(frozen: &frozen::Frozen) -> Genesis {
        let chain: Vec<Link> = frozen.chain.iter().map(Link::thaw).collect();
        let mut document = Automerge::new();
        document
            .apply_changes(chain.iter().map(Link::change))
            .expect("a chain depends on nothing but itself; a test rebuilds it");
        let made = frozen.chain.iter().zip(&chain).flat_map(|(frozen, link)| link.containers(frozen));
        Genesis { module: frozen.module, containers: made.collect(), chain, document }
    }
}

impl Link {
    /// The change itself.
    pub(crate) fn change(&self) -> Change {
        self.change.clone()
    }

    /// Counter of the last operation.
    pub(crate) fn max_op(&self) -> u64 {
        self.change.max_op()
    }

    /// The change as a document gives it out.
    pub(crate) fn chunk(&self) -> Chunk {
        Chunk { hash: self.hash, bytes: self.bytes.clone() }
    }

    fn thaw(frozen: &frozen::FrozenChange) -> Link {
        let bytes =
            hex::decode(frozen.bytes).expect("frozen bytes are hex; a test compares them with a new build");
        let change =
            Change::from_bytes(bytes.clone()).expect("frozen bytes are a change; a test rebuilds them");
        Link { hash: change.hash().0, bytes, change }
    }

    /// The objects that this change made; they are its last operations.
    fn containers(
        &self,
        frozen: &frozen::FrozenChange,
    ) -> impl Iterator<Item = (&'static str, (ContainerKind, ObjId))> {
        let first = self.max_op() + 1 - frozen.containers.len() as u64;
        let actor = ActorId::from(&GENESIS_ACTOR[..]);
        (first..)
            .zip(frozen.containers)
            .map(move |(counter, (name, kind))| (*name, (*kind, ObjId::Id(counter, actor.clone(), 0))))
    }
}

static ALL: LazyLock<Vec<Genesis>> = LazyLock::new(|| frozen::ALL.iter().map(Genesis::thaw).collect());

#[cfg(test)]
mod tests;
