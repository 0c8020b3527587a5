//! Digests over feed state: documents, 4,096 buckets, and a 16-ary tree above them.
//!
//! A bucket is the wrapping sum of the digests of its documents as 128-bit numbers, so the order of changes doesn't
//! matter and one document is exchanged without reading the others. Buckets are persisted; the 273 nodes above them
//! are computed when a store is opened and kept in memory. Sums don't withstand somebody who chooses documents to make
//! two sets look alike; digests only find damage and loss, and what is missing is fetched by hash.

use crate::id::{ChangeHash, Digest, DocumentId};

#[cfg(test)]
mod tests;

/// How many buckets a space has.
pub const BUCKETS: usize = 4096;
/// How many children a node has.
pub const FANOUT: usize = 16;
/// The level of the buckets; the root has level 0.
pub const LEVEL_BUCKETS: u8 = 3;
/// How many nodes the levels above the buckets have: 1, 16, 256.
const LEVEL_SIZES: [usize; LEVEL_BUCKETS as usize] = [1, 16, 256];

/// The number of a bucket, below [`BUCKETS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u16);

impl Bucket {
    /// The bucket that a document falls into: the first 12 bits of BLAKE3 of its id.
    pub fn of(document: &DocumentId) -> Self {
        let hash = blake3::hash(document.as_bytes());
        let [high, low, ..] = *hash.as_bytes();
        Self(u16::from_be_bytes([high, low]) >> 4)
    }

    /// Wraps a number; `None` from [`BUCKETS`] on.
    pub fn new(number: u16) -> Option<Self> {
        (usize::from(number) < BUCKETS).then_some(Self(number))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }

    /// The node of the tree that this bucket is.
    pub fn node(self) -> Node {
        Node { level: LEVEL_BUCKETS, index: self.0 }
    }
}

/// A node of the tree: the root, 16 below it, 256 below those, then the buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    level: u8,
    index: u16,
}

impl Node {
    /// The node above all.
    pub const ROOT: Self = Self { level: 0, index: 0 };

    /// Names a node by its level (0 to [`LEVEL_BUCKETS`]) and its place in the level; `None` where there is none.
    pub fn new(level: u8, index: u16) -> Option<Self> {
        let size = match level {
            LEVEL_BUCKETS => BUCKETS,
            _ => *LEVEL_SIZES.get(usize::from(level))?,
        };
        (usize::from(index) < size).then_some(Self { level, index })
    }

    /// The level; 0 is the root.
    pub fn level(self) -> u8 {
        self.level
    }

    /// The place in the level.
    pub fn index(self) -> u16 {
        self.index
    }

    /// The bucket that this node is, on the lowest level.
    pub fn bucket(self) -> Option<Bucket> {
        (self.level == LEVEL_BUCKETS).then_some(Bucket(self.index))
    }

    /// The nodes below; none below a bucket.
    pub fn children(self) -> impl Iterator<Item = Self> {
        let count = if self.level == LEVEL_BUCKETS { 0 } else { 16 };
        (0..count).map(move |child| Self { level: self.level + 1, index: self.index * 16 + child })
    }
}

/// The digest of one document: 16 bytes of BLAKE3 over its id and its heads in order. [`Digest::EMPTY`] without heads.
pub fn document_digest(document: &DocumentId, heads: &[ChangeHash]) -> Digest {
    if heads.is_empty() {
        return Digest::EMPTY;
    }
    let mut heads = heads.to_vec();
    heads.sort_unstable();
    let mut hasher = blake3::Hasher::new();
    hasher.update(document.as_bytes());
    for head in &heads {
        hasher.update(head.as_bytes());
    }
    shorten(hasher.finalize())
}

/// A bucket's digest after one of its documents went from `before` to `after`; [`Digest::EMPTY`] stands for absent.
pub fn exchange(bucket: Digest, before: Digest, after: Digest) -> Digest {
    let number = |digest: Digest| u128::from_be_bytes(*digest.as_bytes());
    let sum = number(bucket).wrapping_sub(number(before)).wrapping_add(number(after));
    Digest::from_bytes(sum.to_be_bytes())
}

/// The digests of a space: bucket sums as they are persisted, and the levels above them in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trie {
    buckets: Vec<Digest>,
    /// The levels above the buckets, the root first.
    levels: [Vec<Digest>; LEVEL_BUCKETS as usize],
}

impl Trie {
    /// A space without documents.
    pub fn new() -> Self {
        Self {
            buckets: vec![Digest::EMPTY; BUCKETS],
            levels: LEVEL_SIZES.map(|size| vec![Digest::EMPTY; size]),
        }
    }

    /// Loads persisted buckets; those not named are empty.
    pub fn from_buckets(buckets: impl IntoIterator<Item = (Bucket, Digest)>) -> Self {
        let mut trie = Self::new();
        for (bucket, digest) in buckets {
            trie.buckets[usize::from(bucket.0)] = digest;
        }
        for level in (0..LEVEL_BUCKETS).rev() {
            for index in 0..LEVEL_SIZES[usize::from(level)] {
                trie.recompute(level, index);
            }
        }
        trie
    }

    /// Exchanges a document's digest ([`Digest::EMPTY`] stands for absent) and answers its bucket with the bucket's
    /// new digest, which is to be persisted.
    pub fn update(&mut self, document: &DocumentId, before: Digest, after: Digest) -> (Bucket, Digest) {
        let bucket = Bucket::of(document);
        let digest = exchange(self.bucket(bucket), before, after);
        self.set_bucket(bucket, digest);
        (bucket, digest)
    }

    /// Takes over a bucket's digest as it was persisted.
    pub fn set_bucket(&mut self, bucket: Bucket, digest: Digest) {
        let mut index = usize::from(bucket.0);
        self.buckets[index] = digest;
        for level in (0..LEVEL_BUCKETS).rev() {
            index /= FANOUT;
            self.recompute(level, index);
        }
    }

    /// The digest of one bucket.
    pub fn bucket(&self, bucket: Bucket) -> Digest {
        self.buckets[usize::from(bucket.0)]
    }

    /// The buckets that aren't empty, in order: what is persisted.
    pub fn buckets(&self) -> impl Iterator<Item = (Bucket, Digest)> {
        let all = (0u16..).map(Bucket).zip(self.buckets.iter().copied());
        all.filter(|(_, digest)| *digest != Digest::EMPTY)
    }

    /// The digest of one node.
    pub fn node(&self, node: Node) -> Digest {
        self.level(node.level)[usize::from(node.index)]
    }

    /// The digest of the whole space; [`Digest::EMPTY`] for one without documents.
    pub fn root(&self) -> Digest {
        self.node(Node::ROOT)
    }

    /// The digests of a level; the lowest are the buckets.
    fn level(&self, level: u8) -> &[Digest] {
        self.levels.get(usize::from(level)).map_or(&self.buckets, Vec::as_slice)
    }

    fn recompute(&mut self, level: u8, index: usize) {
        let children = &self.level(level + 1)[index * FANOUT..(index + 1) * FANOUT];
        let digest = node_digest(level, children);
        self.levels[usize::from(level)][index] = digest;
    }
}

impl Default for Trie {
    fn default() -> Self {
        Self::new()
    }
}

/// The digest of a node: BLAKE3 over its level and its children's; of an empty one [`Digest::EMPTY`].
fn node_digest(level: u8, children: &[Digest]) -> Digest {
    if children.iter().all(|child| *child == Digest::EMPTY) {
        return Digest::EMPTY;
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[level]);
    for child in children {
        hasher.update(child.as_bytes());
    }
    shorten(hasher.finalize())
}

fn shorten(hash: blake3::Hash) -> Digest {
    Digest::from_slice(&hash.as_bytes()[..Digest::LEN]).expect("a hash is longer than a digest")
}
