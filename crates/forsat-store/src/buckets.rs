//! Digests of feed state: one sum a bucket of a space, kept with the documents' feed heads.

use forsat_sync::digest::{Bucket, Trie, document_digest, exchange};
use forsat_sync::id::{ChangeHash, Digest, DocumentId, SpaceId};

use crate::access::{Access, Prefix, Tx, WriteTx};
use crate::codec::{In, Malformed, Out, Table};
use crate::error::StoreError;

/// (space, bucket) → digest; an empty bucket has no entry.
pub(crate) const BUCKETS: Table = Table::new("buckets");

pub(crate) fn key(space: &SpaceId, bucket: Bucket) -> Vec<u8> {
    Out::new().raw(space).raw(bucket.get().to_be_bytes()).done()
}

pub(crate) fn decode_keyed(key: &[u8], input: &mut In<'_>) -> Result<(SpaceId, Bucket, Digest), Malformed> {
    let mut key = In::new(key);
    let space = SpaceId::from_bytes(key.array()?);
    let bucket = Bucket::new(u16::from_be_bytes(key.array()?)).ok_or(Malformed("bucket number"))?;
    Ok((space, bucket, Digest::from_bytes(input.array()?)))
}

impl<A: Access> Tx<A> {
    /// The digests of a space, with the levels above its buckets.
    pub fn trie(&self, space: &SpaceId) -> Result<Trie, StoreError> {
        let buckets =
            self.collect_as(BUCKETS, Prefix::new(space.as_bytes().to_vec()).range(), decode_keyed)?;
        Ok(Trie::from_buckets(buckets.into_iter().map(|(_, bucket, digest)| (bucket, digest))))
    }
}

impl WriteTx<'_> {
    pub(crate) fn replace_in_bucket(
        &mut self,
        space: &SpaceId,
        document: &DocumentId,
        before: &[ChangeHash],
        after: &[ChangeHash],
    ) -> Result<(), StoreError> {
        if before == after {
            return Ok(());
        }
        let bucket = Bucket::of(document);
        let key = key(space, bucket);
        let digest =
            self.get_as(BUCKETS, &key, |input| input.array())?.map_or(Digest::EMPTY, Digest::from_bytes);
        let digest = exchange(digest, document_digest(document, before), document_digest(document, after));
        if digest == Digest::EMPTY {
            return self.remove(BUCKETS, &key).map(drop);
        }
        self.put(BUCKETS, &key, digest.as_bytes())
    }
}
