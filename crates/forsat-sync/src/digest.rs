//! Digests over feed state: documents, 4,096 buckets, a 16-ary tree above them.

use crate::id::{ChangeHash, Digest, DocumentId};

/// How many buckets a space has.
pub const BUCKETS: usize = 4096;

/// The number of a bucket, below [`BUCKETS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket(u16);

impl Bucket {
    /// The bucket that a document falls into: 12 bits of BLAKE3 of its id.
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
}

/// The digest of one document: BLAKE3 over its id and its sorted heads, 16 bytes. [`Digest::EMPTY`] without heads.
pub fn document_digest(_document: &DocumentId, _heads: &[ChangeHash]) -> Digest {
    Digest::EMPTY
}

/// The digests of a space: bucket sums as they are persisted, and the levels above them in memory.
#[derive(Clone, Debug)]
pub struct Trie {
    buckets: Vec<Digest>,
}

impl Trie {
    /// A space without documents.
    pub fn new() -> Self {
        Self { buckets: vec![Digest::EMPTY; BUCKETS] }
    }

    /// Loads persisted buckets; those not named are empty.
    pub fn from_buckets(buckets: impl IntoIterator<Item = (Bucket, Digest)>) -> Self {
        let mut trie = Self::new();
        for (bucket, digest) in buckets {
            trie.buckets[usize::from(bucket.get())] = digest;
        }
        trie
    }

    /// Replaces a document's digest (`EMPTY` stands for absent) and answers the bucket with its new digest, to be persisted.
    pub fn update(&mut self, document: &DocumentId, _before: Digest, _after: Digest) -> (Bucket, Digest) {
        let bucket = Bucket::of(document);
        (bucket, self.buckets[usize::from(bucket.get())])
    }

    /// The digest of one bucket.
    pub fn bucket(&self, bucket: Bucket) -> Digest {
        self.buckets[usize::from(bucket.get())]
    }

    /// The digest of the whole space.
    pub fn root(&self) -> Digest {
        Digest::EMPTY
    }
}

impl Default for Trie {
    fn default() -> Self {
        Self::new()
    }
}
