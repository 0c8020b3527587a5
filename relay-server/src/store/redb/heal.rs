//! What a space holds, for devices that find out in what they differ.

use std::ops::Bound;

use forsat_sync::digest::{Bucket, Trie, document_digest};
use forsat_sync::heal::{self, Chunk, Holdings, Home};
use forsat_sync::id::{ChangeHash, Digest, DocumentId, FeedSeq, SpaceId, UserId};
use forsat_sync::relay::HealRequest;
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable as _, WriteTransaction};

use super::access::{Access, AccessTables};
use super::rows::{ChangeRow, DocumentRow, FeedRow};
use super::tables::{
    BUCKETS, CHANGES, DOCUMENTS, DOCUMENTS_BY_BUCKET, FEED, bucket_document_key, bucket_key, change_key,
    corrupt, decode, feed_key, get, id_in_key, put, scan,
};
use super::{RedbStore, feed, lock_tries, moves, read};
use crate::store::{HealOutcome, StoreError};

/// Answers a question of healing from one snapshot.
pub(super) fn answer(
    store: &RedbStore,
    tx: &ReadTransaction,
    request: &HealRequest,
) -> Result<HealOutcome, StoreError> {
    let access = AccessTables::read(tx)?;
    let Access::Member { user, .. } = access.of(&request.device, &request.space)? else {
        return Ok(HealOutcome::Hidden);
    };
    let held = Space::open(store, tx, request.space, (user, access))?;
    heal::told(&request.question, &held, request.bytes_max).map(HealOutcome::Answer)
}

type Open = ReadOnlyTable<&'static [u8], &'static [u8]>;

struct Space<'a> {
    store: &'a RedbStore,
    id: SpaceId,
    head: FeedSeq,
    buckets: Open,
    by_bucket: Open,
    documents: Open,
    changes: Open,
    feed: Open,
    /// Who asks.
    user: UserId,
    access: AccessTables<Open>,
}

impl<'a> Space<'a> {
    fn open(
        store: &'a RedbStore,
        tx: &ReadTransaction,
        id: SpaceId,
        (user, access): (UserId, AccessTables<Open>),
    ) -> Result<Self, StoreError> {
        Ok(Self {
            store,
            id,
            head: read::head(&tx.open_table(super::tables::FEED_HEADS.table())?, &id)?,
            buckets: tx.open_table(BUCKETS.table())?,
            by_bucket: tx.open_table(DOCUMENTS_BY_BUCKET.table())?,
            documents: tx.open_table(DOCUMENTS.table())?,
            changes: tx.open_table(CHANGES.table())?,
            feed: tx.open_table(FEED.table())?,
            user,
            access,
        })
    }

    /// A document's row, if it lives here.
    fn document(&self, document: &DocumentId) -> Result<Option<DocumentRow>, StoreError> {
        let row: Option<DocumentRow> = get(&self.documents, DOCUMENTS, document.as_bytes())?;
        Ok(row.filter(|row| row.space == self.id))
    }
}

impl Holdings for Space<'_> {
    type Error = StoreError;

    fn trie(&self) -> Result<Trie, StoreError> {
        if let Some((at, trie)) = lock_tries(&self.store.tries).get(&self.id)
            && *at == self.head
        {
            return Ok(trie.clone());
        }
        read::trie(&self.buckets, &self.id)
    }

    fn documents(&self, buckets: &[Bucket]) -> Result<Vec<Vec<(DocumentId, Digest)>>, StoreError> {
        buckets.iter().map(|bucket| self.documents_after(*bucket, None, usize::MAX)).collect()
    }

    fn documents_after(
        &self,
        bucket: Bucket,
        after: Option<DocumentId>,
        count_max: usize,
    ) -> Result<Vec<(DocumentId, Digest)>, StoreError> {
        let prefix = bucket_key(&self.id, bucket.get());
        let after = after.map(|after| [prefix.as_slice(), after.as_bytes()].concat());
        let from = after.as_deref().map_or(Bound::Included(prefix.as_slice()), Bound::Excluded);
        let mut documents = Vec::new();
        for item in self.by_bucket.range::<&[u8]>((from, Bound::Unbounded))? {
            let (key, value) = item?;
            let Some(id) = key.value().strip_prefix(prefix.as_slice()) else { break };
            if documents.len() >= count_max {
                break;
            }
            decode::<()>(DOCUMENTS_BY_BUCKET, key.value(), value.value())?;
            let id = DocumentId::from_bytes(id_in_key(DOCUMENTS_BY_BUCKET, id)?);
            let row = self.document(&id)?.ok_or_else(|| {
                corrupt(DOCUMENTS_BY_BUCKET, "a bucket names a document that doesn't live in its space")
            })?;
            documents.push((id, document_digest(&id, &row.heads)));
        }
        Ok(documents)
    }

    fn changes(&self, document: &DocumentId) -> Result<Vec<ChangeHash>, StoreError> {
        if self.document(document)?.is_none() {
            return Ok(Vec::new());
        }
        let changes = feed::changes_of(&self.changes, document)?;
        Ok(changes.into_iter().map(|(_, hash)| hash).collect())
    }

    fn chunk(&self, document: &DocumentId, hash: &ChangeHash) -> Result<Option<Chunk>, StoreError> {
        if self.document(document)?.is_none() {
            return Ok(None);
        }
        let Some(change) = get::<ChangeRow>(&self.changes, CHANGES, &change_key(document, hash))? else {
            return Ok(None);
        };
        let entry: Option<FeedRow> = get(&self.feed, FEED, &feed_key(&self.id, change.feed_seq))?;
        Ok(entry.filter(|entry| entry.hash == *hash).map(|entry| Chunk {
            receipt: Some(self.store.receipt(&self.id, document, hash, entry.origin)),
            bytes: entry.bytes,
        }))
    }

    fn elsewhere(&self, document: &DocumentId) -> Result<Option<Home>, StoreError> {
        let row: Option<DocumentRow> = get(&self.documents, DOCUMENTS, document.as_bytes())?;
        row.filter(|row| row.space != self.id)
            .map(|row| moves::home(&row, &self.access, &self.user))
            .transpose()
    }
}

/// Makes the index of documents by bucket in a store that was begun without it.
pub(super) fn index_documents(tx: &WriteTransaction, documents: u64) -> Result<(), StoreError> {
    let mut by_bucket = tx.open_table(DOCUMENTS_BY_BUCKET.table())?;
    if documents == 0 || by_bucket.first()?.is_some() {
        return Ok(());
    }
    tracing::info!(documents, "making the index of documents by bucket");
    scan::<DocumentRow>(&tx.open_table(DOCUMENTS.table())?, DOCUMENTS, &[], |key, row| {
        let id = DocumentId::from_bytes(id_in_key(DOCUMENTS, key)?);
        if !row.heads.is_empty() {
            put(&mut by_bucket, &bucket_document_key(&row.space, &id), &())?;
        }
        Ok(true)
    })
}
