//! What every transaction that writes to feeds and digests does in the same way.

use forsat_sync::digest::{Bucket, exchange};
use forsat_sync::id::{ChangeHash, Digest, DocumentId, FeedSeq, SpaceId};

use super::read;
use super::rows::{ChangeRow, FeedRow};
use super::tables::{BUCKETS, CHANGES, Readable, Writable, bucket_key, corrupt, feed_key, get, put, scan};
use crate::store::StoreError;

/// Puts an entry at the end of a feed; answers its position.
pub(super) fn push(
    feed: &mut Writable<'_>,
    heads: &mut Writable<'_>,
    space: &SpaceId,
    row: &FeedRow,
) -> Result<FeedSeq, StoreError> {
    let seq = after(read::head(heads, space)?);
    put(feed, &feed_key(space, seq), row)?;
    put(heads, space.as_bytes(), &seq.get())?;
    Ok(seq)
}

/// The position after the newest one.
pub(super) fn after(head: FeedSeq) -> FeedSeq {
    head.next().expect("a feed has fewer than 2^64 entries")
}

/// The changes of a document by their places in its feed: each after what it builds on.
pub(super) fn changes_of(
    changes: &impl Readable,
    document: &DocumentId,
) -> Result<Vec<(FeedSeq, ChangeHash)>, StoreError> {
    let mut found = Vec::new();
    scan::<ChangeRow>(changes, CHANGES, document.as_bytes(), |key, row| {
        let hash = ChangeHash::from_slice(key).ok_or_else(|| corrupt(CHANGES, "a key has a wrong length"))?;
        found.push((row.feed_seq, hash));
        Ok(true)
    })?;
    found.sort_unstable();
    Ok(found)
}

/// Puts one digest of a document in place of another in its bucket.
pub(super) fn exchange_digest(
    buckets: &mut Writable<'_>,
    space: &SpaceId,
    document: &DocumentId,
    before: Digest,
    now: Digest,
) -> Result<(), StoreError> {
    let key = bucket_key(space, Bucket::of(document).get());
    let held: Digest = get(buckets, BUCKETS, &key)?.unwrap_or(Digest::EMPTY);
    put(buckets, &key, &exchange(held, before, now))
}
