//! Erasing a document for good: its bytes and rows go, its positions stay as tombstones, and it is never taken again.
//!
//! What says so is an entry of the control log. Members of the document's space get that entry in the feed of the space
//! too, so that whoever reads the feed up to its head holds the same documents as its digest.

use std::collections::{BTreeMap, BTreeSet};

use forsat_sync::control::{ControlEntry, ControlEvent, SignedEntry};
use forsat_sync::digest::document_digest;
use forsat_sync::frame::reserved::ENTRY_ERASED;
use forsat_sync::id::{ActorId, ChangeHash, Digest, DocumentId, SpaceId};
use forsat_sync::identity::RelayKey;
use redb::{ReadTransaction, WriteTransaction};

use super::examine::Stop;
use super::feed;
use super::log;
use super::quarantine;
use super::read;
use super::rows::{
    ActorRow, ControlRow, DocumentRow, FEED_KIND_ERASED, FEED_KIND_ERASURE, FeedRow, SpaceRow, TotalsRow,
};
use super::tables::{
    ACTORS, BUCKETS, CHANGES, CONTROL, DOCUMENTS, DOCUMENTS_BY_BUCKET, ERASED, FEED, FEED_HEADS, META,
    Readable, SPACES, actor_key, bucket_document_key, change_key, corrupt, feed_key, get, id_in_key, put,
    scan,
};
use crate::store::{DocumentSummary, StoreError, StoreIdentity};

/// What the store holds of a document.
pub(super) fn summary(tx: &ReadTransaction, document: &DocumentId) -> Result<DocumentSummary, StoreError> {
    let row: Option<DocumentRow> = get(&tx.open_table(DOCUMENTS.table())?, DOCUMENTS, document.as_bytes())?;
    let erased = is_erased(&tx.open_table(ERASED.table())?, document)?;
    summed(&tx.open_table(SPACES.table())?, document, row.as_ref(), erased)
}

fn summed(
    spaces: &impl Readable,
    document: &DocumentId,
    row: Option<&DocumentRow>,
    erased: bool,
) -> Result<DocumentSummary, StoreError> {
    let space: Option<SpaceRow> =
        row.map(|row| get(spaces, SPACES, row.space.as_bytes())).transpose()?.flatten();
    Ok(DocumentSummary {
        document: *document,
        space: space.map(|space| space.name),
        changes: row.map_or(0, |row| row.changes),
        bytes: row.map_or(0, |row| row.bytes),
        erased,
    })
}

/// Whether a document was erased: nothing of it is taken then.
pub(super) fn is_erased(erased: &impl Readable, document: &DocumentId) -> Result<bool, StoreError> {
    Ok(get::<u64>(erased, ERASED, document.as_bytes())?.is_some())
}

/// The same in a store that may be damaged: also where the row that says so can't be read.
pub(super) fn is_named(erased: &impl Readable, document: &DocumentId) -> Result<bool, StoreError> {
    Ok(erased.get(document.as_bytes().as_slice())?.is_some())
}

/// What an operator's order to erase a document comes to, and what the log is to say; nothing when it was erased before.
pub(super) fn ordered(
    tx: &WriteTransaction,
    document: &DocumentId,
) -> Result<(DocumentSummary, Option<ControlEvent>), StoreError> {
    let row: Option<DocumentRow> = get(&tx.open_table(DOCUMENTS.table())?, DOCUMENTS, document.as_bytes())?;
    let before = is_erased(&tx.open_table(ERASED.table())?, document)?;
    let summary = summed(&tx.open_table(SPACES.table())?, document, row.as_ref(), true)?;
    Ok((summary, (!before).then_some(ControlEvent::DocumentErased { document: *document })))
}

/// How many changes there are of the documents that entries of this relay erase.
pub(super) fn changes_of(
    tx: &ReadTransaction,
    identity: &StoreIdentity,
    entries: &[SignedEntry],
) -> Result<u64, StoreError> {
    let relay = RelayKey::from_seed(&identity.relay_key_seed).relay_id();
    let erased: BTreeSet<DocumentId> = entries
        .iter()
        .filter(|entry| orders(&entry.bytes).is_some() && entry.verify(&relay).is_ok())
        .filter_map(|entry| orders(&entry.bytes))
        .collect();
    erased.iter().map(|document| rows_of(tx, document)).sum()
}

/// How many changes there are of a document, those that lie aside too.
pub(super) fn rows_of(tx: &ReadTransaction, document: &DocumentId) -> Result<u64, StoreError> {
    let row: Option<DocumentRow> = get(&tx.open_table(DOCUMENTS.table())?, DOCUMENTS, document.as_bytes())?;
    Ok(row.map_or(0, |row| row.changes) + quarantine::count_of(tx, document)?)
}

/// The document that an entry of the log erases, if it erases one.
pub(super) fn orders(entry: &[u8]) -> Option<DocumentId> {
    match ControlEntry::decode(entry) {
        Ok(ControlEntry { event: ControlEvent::DocumentErased { document }, .. }) => Some(document),
        _ => None,
    }
}

/// Does what the log's newest entry about a document says. Doing it twice changes nothing.
pub(super) fn carry_out(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    document: &DocumentId,
    now_ms: u64,
) -> Result<(), StoreError> {
    quarantine::forget(tx, document)?;
    let mut documents = tx.open_table(DOCUMENTS.table())?;
    let Some(row) = get::<DocumentRow>(&documents, DOCUMENTS, document.as_bytes())? else { return Ok(()) };
    documents.remove(document.as_bytes().as_slice())?;
    bury_changes(tx, document, &row.space)?;
    forget_actors(tx, document)?;
    let mut by_bucket = tx.open_table(DOCUMENTS_BY_BUCKET.table())?;
    by_bucket.remove(bucket_document_key(&row.space, document).as_slice())?;
    let mut buckets = tx.open_table(BUCKETS.table())?;
    let digest = document_digest(document, &row.heads);
    feed::exchange_digest(&mut buckets, &row.space, document, digest, Digest::EMPTY)?;
    let mut meta = tx.open_table(META.table())?;
    let totals = read::totals(&meta)?;
    let left = TotalsRow {
        documents: totals.documents.saturating_sub(1),
        changes: totals.changes.saturating_sub(row.changes),
        bytes: totals.bytes.saturating_sub(row.bytes),
        ..totals
    };
    put(&mut meta, b"totals", &left)?;
    if row.space == identity.common { Ok(()) } else { announce(tx, document, &row.space, now_ms) }
}

/// Takes the headers of a document's changes away, and leaves a tombstone at each of their positions.
fn bury_changes(tx: &WriteTransaction, document: &DocumentId, space: &SpaceId) -> Result<(), StoreError> {
    let mut changes = tx.open_table(CHANGES.table())?;
    let mut feed = tx.open_table(FEED.table())?;
    for (seq, hash) in feed::changes_of(&changes, document)? {
        changes.remove(change_key(document, &hash).as_slice())?;
        put(&mut feed, &feed_key(space, seq), &empty(FEED_KIND_ERASED))?;
    }
    Ok(())
}

fn forget_actors(tx: &WriteTransaction, document: &DocumentId) -> Result<(), StoreError> {
    let mut actors = tx.open_table(ACTORS.table())?;
    let mut found = Vec::new();
    scan::<ActorRow>(&actors, ACTORS, document.as_bytes(), |key, _| {
        found.push(ActorId::from_slice(key).ok_or_else(|| corrupt(ACTORS, "a key has a wrong length"))?);
        Ok(true)
    })?;
    for actor in found {
        actors.remove(actor_key(document, &actor).as_slice())?;
    }
    Ok(())
}

/// Puts the entry of the log into the feed of the space that the document lived in.
fn announce(
    tx: &WriteTransaction,
    document: &DocumentId,
    space: &SpaceId,
    now_ms: u64,
) -> Result<(), StoreError> {
    let number: u64 = get(&tx.open_table(ERASED.table())?, ERASED, document.as_bytes())?
        .ok_or_else(|| corrupt(ERASED, "an erasure is carried out that no entry orders"))?;
    let entry = log::entry(&tx.open_table(CONTROL.table())?, number)?
        .ok_or_else(|| corrupt(CONTROL, "an entry that erases a document is missing"))?;
    let mut heads = tx.open_table(FEED_HEADS.table())?;
    let row = announcement(&entry, now_ms);
    feed::push(&mut tx.open_table(FEED.table())?, &mut heads, space, &row).map(drop)
}

/// An entry of the log that erases a document, as the feed of the document's space has it.
pub(super) fn announcement(entry: &SignedEntry, now_ms: u64) -> FeedRow {
    FeedRow {
        hash: ChangeHash::from_bytes(*entry.hash().as_bytes()),
        received_at_ms: now_ms,
        bytes: log::on_the_wire(ENTRY_ERASED, entry),
        ..empty(FEED_KIND_ERASURE)
    }
}

/// An entry that says nothing of any document.
pub(super) fn empty(kind: u8) -> FeedRow {
    FeedRow::silent(kind, DocumentId::from_bytes([0; 16]))
}

/// 11: what the log erases is what `erased` names. That nothing of it is left is seen where the rest of documents is.
pub(super) fn verify(
    tx: &ReadTransaction,
    stop: Stop<'_>,
    wrong: &mut Vec<String>,
) -> Result<(), StoreError> {
    let ordered = ordered_by(&tx.open_table(CONTROL.table())?, stop)?;
    let mut named = BTreeSet::new();
    scan::<u64>(&tx.open_table(ERASED.table())?, ERASED, &[], |key, _| {
        stop.go_on()?;
        named.insert(DocumentId::from_bytes(id_in_key(ERASED, key)?));
        Ok(true)
    })?;
    if !ordered.keys().eq(&named) {
        wrong.push("11: what is erased isn't what the control log erases".into());
    }
    Ok(())
}

/// The documents that the log erases, with the number of the newest entry that does.
pub(super) fn ordered_by(
    control: &impl Readable,
    stop: Stop<'_>,
) -> Result<BTreeMap<DocumentId, u64>, StoreError> {
    let mut ordered = BTreeMap::new();
    scan::<ControlRow>(control, CONTROL, &[], |key, row| {
        stop.go_on()?;
        let number = key.try_into().map_err(|_| corrupt(CONTROL, "a key has a wrong length"))?;
        ordered.extend(orders(&row.0.bytes).map(|document| (document, u64::from_be_bytes(number))));
        Ok(true)
    })?;
    Ok(ordered)
}
