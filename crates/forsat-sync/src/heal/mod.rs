//! Healing: device and relay find by their digests in which documents a space differs, and bring each other what is
//! missing.
//!
//! The device asks and the relay answers, from the root of the digests down: nodes, buckets with their documents, the
//! changes of documents that differ. Then the device fetches what it lacks and brings back what the relay lacks. Each
//! question stands alone, so the relay keeps nothing between two of them, and what goes on meanwhile in the feed only
//! makes a difference appear that is none: taking a change twice is the same as once.

mod compare;

#[cfg(test)]
mod tests;

pub use compare::{Found, Holdings, Step, compare, told};

use crate::code::Code;
use crate::digest::{Bucket, FANOUT, Node};
use crate::frame::ItemOutcome;
use crate::id::{ChangeHash, Digest, DocumentId, HomeVersion, SpaceId};
use crate::identity::Receipt;

/// Numbers a question of one connection; chosen by the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct AskId(pub u32);

/// The most nodes of one question: a level above the buckets.
pub const NODES_MAX: usize = 256;
/// The most buckets of one question.
pub const BUCKETS_MAX: usize = 256;
/// The most documents whose changes are asked for at once.
pub const DOCUMENTS_MAX: usize = 512;
/// The most changes that are fetched or brought back at once.
pub const CHANGES_MAX: usize = 4096;

/// What a device asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// The digests of the children of these nodes, which are of one level above the buckets.
    Nodes(Vec<Node>),
    /// The documents of these buckets with their digests.
    Documents {
        /// Which.
        buckets: Vec<Bucket>,
        /// Of the first one only those with higher ids than this.
        after: Option<DocumentId>,
    },
    /// The changes of these documents, each from a place of the relay's order on: 0, or the one that the last answer named.
    Changes(Vec<(DocumentId, u64)>),
    /// These changes in full.
    Fetch(Vec<(DocumentId, ChangeHash)>),
    /// Where these documents, which the space doesn't have, live now.
    Homes(Vec<DocumentId>),
    /// Takes these changes back.
    Refill(Vec<RefillItem>),
}

/// A change that the relay lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefillItem {
    /// The document.
    pub document: DocumentId,
    /// The change chunk.
    pub bytes: Vec<u8>,
    /// The relay's own word that it took it; none for a change that came without one.
    pub receipt: Option<Receipt>,
}

/// A change that the device lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The canonical chunk.
    pub bytes: Vec<u8>,
    /// The relay's word that it took it.
    pub receipt: Option<Receipt>,
}

/// What the relay answers. Lists answer the question's in its order and may be shorter, but never empty where the
/// question's wasn't: the rest is asked for again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// For each node the digests of its children.
    Nodes(Vec<[Digest; FANOUT]>),
    /// For each bucket its documents.
    Documents {
        /// In the order of their ids.
        lists: Vec<Vec<(DocumentId, Digest)>>,
        /// The last bucket has more, behind the last document named.
        goes_on: bool,
    },
    /// For each document its changes.
    Changes(Vec<ChangeList>),
    /// For each change its chunk; none where the relay doesn't have it.
    Fetched(Vec<Option<Chunk>>),
    /// For each document another space that it lives in; none for one that the relay doesn't have.
    Homes(Vec<Option<Home>>),
    /// For each change what became of it.
    Refilled(Vec<ItemOutcome>),
    /// Nothing was done.
    Failed {
        /// Why.
        code: Code,
        /// The same for a person.
        message: String,
    },
}

/// Where a document lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Home {
    /// How many homes it has had, this one included.
    pub version: HomeVersion,
    /// The space, if the user may see it.
    pub space: Option<SpaceId>,
}

/// Changes of a document, in the order in which the relay took them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ChangeList {
    /// Their hashes.
    pub hashes: Vec<ChangeHash>,
    /// Where the rest begins; none when this is the end.
    pub next: Option<u64>,
}

impl Question {
    /// How many things it asks for.
    pub fn len(&self) -> usize {
        match self {
            Self::Nodes(nodes) => nodes.len(),
            Self::Documents { buckets, .. } => buckets.len(),
            Self::Changes(documents) => documents.len(),
            Self::Fetch(changes) => changes.len(),
            Self::Homes(documents) => documents.len(),
            Self::Refill(items) => items.len(),
        }
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes off what an answer doesn't cover: the next question. `None` when the answer isn't one to this question.
    pub fn split_answered(&mut self, answer: &Answer) -> Option<Self> {
        let answered = match (&*self, answer) {
            (Self::Nodes(_), Answer::Nodes(list)) => list.len(),
            (Self::Documents { .. }, Answer::Documents { lists, .. }) => lists.len(),
            (Self::Changes(_), Answer::Changes(list)) => list.len(),
            (Self::Fetch(_), Answer::Fetched(list)) => list.len(),
            (Self::Homes(_), Answer::Homes(list)) => list.len(),
            (Self::Refill(_), Answer::Refilled(list)) => list.len(),
            _ => return None,
        };
        if answered > self.len() || (answered == 0 && !self.is_empty()) {
            return None;
        }
        let last = match (&*self, answer) {
            (Self::Documents { after, .. }, Answer::Documents { lists, goes_on: true }) => {
                let (last, _) = lists.last()?.last()?;
                // Whoever names no further document would be asked for ever.
                if lists.len() == 1 && after.is_some_and(|after| *last <= after) {
                    return None;
                }
                Some(*last)
            }
            _ => None,
        };
        Some(match self {
            Self::Nodes(nodes) => Self::Nodes(nodes.split_off(answered)),
            Self::Documents { buckets, .. } => {
                let whole = if last.is_some() { answered - 1 } else { answered };
                let rest = buckets[whole..].to_vec();
                buckets.truncate(answered);
                Self::Documents { buckets: rest, after: last }
            }
            Self::Changes(documents) => Self::Changes(documents.split_off(answered)),
            Self::Fetch(changes) => Self::Fetch(changes.split_off(answered)),
            Self::Homes(documents) => Self::Homes(documents.split_off(answered)),
            Self::Refill(items) => Self::Refill(items.split_off(answered)),
        })
    }
}
