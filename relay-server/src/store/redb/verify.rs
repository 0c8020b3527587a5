//! The invariants of a relay store, checked over all of it. Their numbers are those of docs/storage-relay.md.

use std::collections::{BTreeMap, BTreeSet};

use forsat_sync::digest::{Trie, document_digest};
use forsat_sync::id::{ChangeHash, Digest, DocumentId, FeedSeq, SpaceId};
use redb::ReadTransaction;

use super::examine::is_change;
use super::rows::{
    ChangeRow, DocumentRow, EpochRow, FEED_KIND_MOVED_OUT, FeedRow, InviteRow, MovedOutRow, TotalsRow,
};
use super::tables::{
    CHANGES, DEVICES, DOCUMENTS, DOCUMENTS_BY_BUCKET, EPOCHS, ERASED, FEED, INVITES, META, MOVED_OUT,
    bucket_document_key, change_key, feed_key, get, id_in_key, scan,
};
use super::{StoreError, erase, moves, read, tokens};
use crate::store::SpaceSummary;

/// What a document should be, as its entries say.
#[derive(Default)]
struct Expected {
    spaces: BTreeSet<SpaceId>,
    hashes: BTreeSet<ChangeHash>,
    built_on: BTreeSet<ChangeHash>,
    bytes: u64,
    max_op: u64,
}

/// Answers what doesn't hold.
pub(super) fn verify(tx: &ReadTransaction) -> Result<Vec<String>, StoreError> {
    let mut wrong = Vec::new();
    let mut documents: BTreeMap<DocumentId, Expected> = BTreeMap::new();
    let mut tries: BTreeMap<SpaceId, Trie> = BTreeMap::new();
    for space in read::spaces(tx)? {
        check_feed(tx, &space.id, space.head, &mut documents, &mut wrong)?;
        check_epochs(tx, &space.id, space.head, &mut wrong)?;
        tries.insert(space.id, Trie::new());
    }
    check_documents(tx, &documents, &mut tries, &mut wrong)?;
    for (space, trie) in tries {
        let expected: Vec<_> = trie.buckets().map(|(bucket, digest)| (bucket.get(), digest)).collect();
        if read::buckets(tx, &space)? != expected {
            wrong.push(format!("4: the digests of space {space} don't follow from its documents"));
        }
    }
    check_invites(tx, &mut wrong)?;
    check_by_bucket(tx, &mut wrong)?;
    check_moved_out(tx, &mut wrong)?;
    tokens::verify(tx, &mut wrong)?;
    Ok(wrong)
}

/// What doesn't hold of epochs, invites, moves, tokens and erasures, or keeps that from being told.
pub(super) fn others(tx: &ReadTransaction, spaces: &[SpaceSummary]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut told: Vec<String> = Vec::new();
    for space in spaces {
        told.extend(check_epochs(tx, &space.id, space.head, &mut wrong).err().map(|error| error.to_string()));
    }
    told.extend(check_invites(tx, &mut wrong).err().map(|error| error.to_string()));
    told.extend(check_moved_out(tx, &mut wrong).err().map(|error| error.to_string()));
    told.extend(tokens::verify(tx, &mut wrong).err().map(|error| error.to_string()));
    match erase::verify(tx) {
        Ok(left) => wrong.extend(left),
        Err(error) => told.push(error.to_string()),
    }
    wrong.extend(told);
    wrong
}

/// 1, 2: positions without gaps up to the head; every entry has its header.
fn check_feed(
    tx: &ReadTransaction,
    space: &SpaceId,
    head: FeedSeq,
    documents: &mut BTreeMap<DocumentId, Expected>,
    wrong: &mut Vec<String>,
) -> Result<(), StoreError> {
    let changes = tx.open_table(CHANGES.table())?;
    let mut last = FeedSeq::ZERO;
    scan::<FeedRow>(&tx.open_table(FEED.table())?, FEED, space.as_bytes(), |key, entry| {
        let seq = FeedSeq::new(key.try_into().map(u64::from_be_bytes).unwrap_or(0));
        if Some(seq) != last.next() {
            wrong.push(format!("1: space {space} goes from position {last} to {seq}"));
        }
        last = seq;
        if !is_change(entry.kind) {
            return Ok(true);
        }
        let expected = documents.entry(entry.document).or_default();
        expected.spaces.insert(*space);
        let fresh = expected.hashes.insert(entry.hash);
        expected.bytes += entry.bytes.len() as u64;
        match get::<ChangeRow>(&changes, CHANGES, &change_key(&entry.document, &entry.hash))? {
            Some(row) if row.feed_seq == seq && fresh => {
                expected.max_op = expected.max_op.max(row.max_op);
                if row.deps.iter().any(|dep| !expected.hashes.contains(dep)) {
                    wrong.push(format!("2: position {seq} of space {space} stands before what it builds on"));
                }
                expected.built_on.extend(row.deps);
            }
            _ => wrong.push(format!("2: position {seq} of space {space} has no header of its own")),
        }
        Ok(true)
    })?;
    if last != head {
        wrong.push(format!("1: space {space} ends at position {last}, its head says {head}"));
    }
    Ok(())
}

/// 5: every space has an epoch that begins at most after its head.
fn check_epochs(
    tx: &ReadTransaction,
    space: &SpaceId,
    head: FeedSeq,
    wrong: &mut Vec<String>,
) -> Result<(), StoreError> {
    let mut newest: Option<EpochRow> = None;
    scan::<EpochRow>(&tx.open_table(EPOCHS.table())?, EPOCHS, space.as_bytes(), |_, row| {
        if newest.is_some_and(|before| before.first > row.first) {
            wrong.push(format!("5: the epochs of space {space} go backwards"));
        }
        newest = Some(row);
        Ok(true)
    })?;
    if newest.is_none_or(|row| Some(row.first) > head.next()) {
        wrong.push(format!("5: space {space} has no epoch that covers its head"));
    }
    Ok(())
}

/// 2, 3, 4, 6: rows of documents follow from their entries, and the totals from them.
fn check_documents(
    tx: &ReadTransaction,
    documents: &BTreeMap<DocumentId, Expected>,
    tries: &mut BTreeMap<SpaceId, Trie>,
    wrong: &mut Vec<String>,
) -> Result<(), StoreError> {
    let mut totals = TotalsRow::default();
    let nothing = Expected::default();
    scan::<DocumentRow>(&tx.open_table(DOCUMENTS.table())?, DOCUMENTS, &[], |key, row| {
        let id = DocumentId::from_bytes(id_in_key(DOCUMENTS, key)?);
        let expected = documents.get(&id).unwrap_or(&nothing);
        let heads: Vec<_> = expected.hashes.difference(&expected.built_on).copied().collect();
        if expected.spaces != BTreeSet::from([row.space]) {
            wrong.push(format!("6: document {id} has entries outside its home {}", row.space));
        }
        let counts = (expected.hashes.len() as u64, expected.bytes, expected.max_op);
        if row.heads != heads || (row.changes, row.bytes, row.max_op) != counts {
            wrong.push(format!("3: the row of document {id} doesn't follow from its changes"));
        }
        totals.documents += 1;
        totals.changes += row.changes;
        totals.bytes += row.bytes;
        if let Some(trie) = tries.get_mut(&row.space) {
            trie.update(&id, Digest::EMPTY, document_digest(&id, &row.heads));
        }
        Ok(true)
    })?;
    let kept = read::totals(&tx.open_table(META.table())?)?;
    if (kept.documents, kept.changes, kept.bytes) != (totals.documents, totals.changes, totals.bytes) {
        wrong.push("4: the totals don't follow from the documents".into());
    }
    if totals.documents != documents.len() as u64 {
        wrong.push("6: entries of documents that have no row".into());
    }
    let mut headers = 0_u64;
    scan::<ChangeRow>(&tx.open_table(CHANGES.table())?, CHANGES, &[], |_, _| {
        headers += 1;
        Ok(true)
    })?;
    if headers != totals.changes {
        wrong.push(format!("2: {headers} headers for {} changes", totals.changes));
    }
    Ok(())
}

/// 7: used invites name devices that there are.
fn check_invites(tx: &ReadTransaction, wrong: &mut Vec<String>) -> Result<(), StoreError> {
    let devices = tx.open_table(DEVICES.table())?;
    scan::<InviteRow>(&tx.open_table(INVITES.table())?, INVITES, &[], |_, invite| {
        if let Some(device) = invite.used_by
            && get::<super::rows::DeviceRow>(&devices, DEVICES, device.as_bytes())?.is_none()
        {
            wrong.push(format!("7: an invite was used by device {device}, which is missing"));
        }
        Ok(true)
    })
}

/// 10: what the feeds say of documents that left.
fn check_moved_out(tx: &ReadTransaction, wrong: &mut Vec<String>) -> Result<(), StoreError> {
    let (documents, feed) = (tx.open_table(DOCUMENTS.table())?, tx.open_table(FEED.table())?);
    let erased = tx.open_table(ERASED.table())?;
    scan::<MovedOutRow>(&tx.open_table(MOVED_OUT.table())?, MOVED_OUT, &[], |key, row| {
        let (space, document) = key.split_at(SpaceId::LEN);
        let space = SpaceId::from_bytes(id_in_key(MOVED_OUT, space)?);
        let entry: Option<FeedRow> = get(&feed, FEED, &feed_key(&space, row.seq))?;
        let says = entry.is_some_and(|entry| {
            entry.kind == FEED_KIND_MOVED_OUT
                && entry.document.as_bytes() == document
                && moves::told(&entry.bytes).is_ok_and(|(home, _)| home == row.home)
        });
        let home: Option<DocumentRow> = get(&documents, DOCUMENTS, document)?;
        let follows = match home {
            Some(home) if home.home_version == row.home.get() => home.space != space,
            Some(home) => home.home_version > row.home.get(),
            None => erase::is_erased(&erased, &DocumentId::from_bytes(id_in_key(MOVED_OUT, document)?))?,
        };
        if !says || !follows {
            wrong.push(format!("10: position {} of space {space} isn't the move that its row says", row.seq));
        }
        Ok(true)
    })
}

/// 9: the index of documents by bucket is what the documents say.
fn check_by_bucket(tx: &ReadTransaction, wrong: &mut Vec<String>) -> Result<(), StoreError> {
    let mut expected = BTreeSet::new();
    scan::<DocumentRow>(&tx.open_table(DOCUMENTS.table())?, DOCUMENTS, &[], |key, row| {
        let id = DocumentId::from_bytes(id_in_key(DOCUMENTS, key)?);
        if !row.heads.is_empty() {
            expected.insert(bucket_document_key(&row.space, &id).to_vec());
        }
        Ok(true)
    })?;
    let mut found = BTreeSet::new();
    scan::<()>(&tx.open_table(DOCUMENTS_BY_BUCKET.table())?, DOCUMENTS_BY_BUCKET, &[], |key, ()| {
        found.insert(key.to_vec());
        Ok(true)
    })?;
    let differing = expected.symmetric_difference(&found).count();
    if differing > 0 {
        wrong.push(format!("9: {differing} documents don't stand in their buckets"));
    }
    Ok(())
}
