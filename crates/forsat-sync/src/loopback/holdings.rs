//! What one end holds of a space, in memory.

use crate::digest::{Bucket, Trie, document_digest};
use crate::heal::{Chunk, Holdings};
use crate::id::{ChangeHash, Digest, DocumentId};
use std::collections::BTreeMap;
use std::convert::Infallible;

/// Documents with their changes in the order in which they came. Each change of the tests is a head: none builds on
/// another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MemoryHoldings(BTreeMap<DocumentId, Vec<(ChangeHash, Vec<u8>)>>);

impl MemoryHoldings {
    pub fn of(changes: impl IntoIterator<Item = (DocumentId, ChangeHash, Vec<u8>)>) -> Self {
        let mut held = Self::default();
        changes.into_iter().for_each(|(document, hash, bytes)| held.add(document, hash, bytes));
        held
    }

    pub fn add(&mut self, document: DocumentId, hash: ChangeHash, bytes: Vec<u8>) {
        let changes = self.0.entry(document).or_default();
        if changes.iter().all(|(held, _)| *held != hash) {
            changes.push((hash, bytes));
        }
    }

    pub fn root(&self) -> Digest {
        let Ok(trie) = self.trie();
        trie.root()
    }

    fn digest(document: &DocumentId, changes: &[(ChangeHash, Vec<u8>)]) -> Digest {
        let heads: Vec<ChangeHash> = changes.iter().map(|(hash, _)| *hash).collect();
        document_digest(document, &heads)
    }
}

impl Holdings for MemoryHoldings {
    type Error = Infallible;

    fn trie(&self) -> Result<Trie, Infallible> {
        let mut trie = Trie::new();
        for (document, changes) in &self.0 {
            trie.update(document, Digest::EMPTY, Self::digest(document, changes));
        }
        Ok(trie)
    }

    fn documents(&self, buckets: &[Bucket]) -> Result<Vec<Vec<(DocumentId, Digest)>>, Infallible> {
        let of = |bucket: &Bucket| {
            let within = self.0.iter().filter(|(document, _)| Bucket::of(document) == *bucket);
            within.map(|(document, changes)| (*document, Self::digest(document, changes))).collect()
        };
        Ok(buckets.iter().map(of).collect())
    }

    fn changes(&self, document: &DocumentId) -> Result<Vec<ChangeHash>, Infallible> {
        Ok(self.0.get(document).into_iter().flatten().map(|(hash, _)| *hash).collect())
    }

    fn chunk(&self, document: &DocumentId, hash: &ChangeHash) -> Result<Option<Chunk>, Infallible> {
        let mut changes = self.0.get(document).into_iter().flatten();
        Ok(changes
            .find(|(held, _)| held == hash)
            .map(|(_, bytes)| Chunk { bytes: bytes.clone(), receipt: None }))
    }
}
