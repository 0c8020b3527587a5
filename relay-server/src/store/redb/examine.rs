//! A thorough look at a relay store: every change is hashed anew, and what is written down beside the feeds is compared
//! with them. Memory grows with the spaces, not with the changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};

use forsat_sync::chunk::{self, ChangeHeader};
use forsat_sync::digest::{Trie, document_digest};
use forsat_sync::id::{ActorId, ChangeHash, Digest, DocumentId, FeedSeq, SpaceId};
use forsat_sync::limits::ChunkLimits;
use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase as _, ReadableTable as _};

use super::rows::{
    ActorRow, ChangeRow, DocumentRow, FEED_KIND_BROUGHT_BACK, FEED_KIND_CHANGE, FEED_KIND_DROPPED, FeedRow,
    Row, TotalsRow,
};
use super::tables::{
    ACTORS, CHANGES, DOCUMENTS, DOCUMENTS_BY_BUCKET, FEED, META, actor_key, bucket_document_key, change_key,
    feed_key, get,
};
use super::{RedbStore, Slot, quarantine, read};
use crate::store::{Examination, FindingKind, Remedy, StoreError, StoreFinding};

/// What stands beside the quarantine can't be read.
const UNREADABLE: &str = "12: the counts or the index of the quarantine are damaged";

type Open = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// Looks at everything in a store. That takes long and must not hold the slot: what fails meanwhile has to close it.
pub(super) fn look(store: &RedbStore, stop: &AtomicBool) -> Result<Examination, StoreError> {
    let tx = match &*store.readable()? {
        Slot::Live(database) | Slot::ReadOnly(database) => {
            database.begin_read().map_err(redb::Error::from)?
        }
        Slot::Closed => return Err(StoreError::Io("the store is closed".into())),
    };
    examine(&tx, stop)
}

/// Looks at everything in one state of the store; an early end is asked for by `stop`.
fn examine(tx: &ReadTransaction, stop: &AtomicBool) -> Result<Examination, StoreError> {
    let mut look = Look {
        found: Examination::default(),
        feed: tx.open_table(FEED.table())?,
        changes: tx.open_table(CHANGES.table())?,
        documents: tx.open_table(DOCUMENTS.table())?,
        actors: tx.open_table(ACTORS.table())?,
        by_bucket: tx.open_table(DOCUMENTS_BY_BUCKET.table())?,
        stop,
    };
    let spaces = match read::spaces(tx) {
        Ok(spaces) => spaces,
        Err(StoreError::Corrupt { table, reason }) => {
            let message = format!("the list of spaces can't be read ({table}: {reason})");
            look.found.note(finding(FindingKind::Other, message, Remedy::Backup));
            return Ok(look.found);
        }
        Err(error) => return Err(error),
    };
    let mut tries = BTreeMap::new();
    for space in &spaces {
        look.feed(&space.id, space.head)?;
        tries.insert(space.id, Trie::new());
    }
    let totals = look.documents(&mut tries)?;
    for (space, trie) in tries {
        let expected: Vec<_> = trie.buckets().map(|(bucket, digest)| (bucket.get(), digest)).collect();
        let kept = readable(read::buckets(tx, &space))?;
        if kept.as_ref() != Some(&expected) {
            let message = format!("the digests of space {space} don't follow from its documents");
            look.found.note(StoreFinding {
                space: Some(space.to_string()),
                ..finding(FindingKind::Digests, message, Remedy::Repair)
            });
        }
    }
    let kept = readable(read::totals(&tx.open_table(META.table())?))?;
    let counts = |totals: &TotalsRow| (totals.documents, totals.changes, totals.bytes);
    if kept.as_ref().map(counts) != Some(counts(&totals)) {
        let message = "the totals don't follow from the documents".to_owned();
        look.found.note(finding(FindingKind::Totals, message, Remedy::Repair));
    }
    for message in readable(quarantine::examine(tx))?.unwrap_or_else(|| vec![UNREADABLE.to_owned()]) {
        look.found.note(finding(FindingKind::Other, message, Remedy::Repair));
    }
    for message in super::verify::others(tx, &spaces) {
        look.found.note(finding(FindingKind::Other, message, Remedy::Backup));
    }
    Ok(look.found)
}

struct Look<'a> {
    found: Examination,
    feed: Open,
    changes: Open,
    documents: Open,
    actors: Open,
    by_bucket: Open,
    stop: &'a AtomicBool,
}

impl Look<'_> {
    fn go_on(&self) -> Result<(), StoreError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(StoreError::Io("the relay stops; look again later".into()));
        }
        Ok(())
    }

    /// Every position of a feed, from 1 to its head.
    fn feed(&mut self, space: &SpaceId, head: FeedSeq) -> Result<(), StoreError> {
        let mut last = 0;
        let range = feed_key(space, FeedSeq::ZERO)..=feed_key(space, FeedSeq::new(u64::MAX));
        let entries = self.feed.range::<&[u8]>(range.start().as_slice()..=range.end().as_slice())?;
        for item in entries {
            self.go_on()?;
            let (key, value) = item?;
            let seq = position(key.value());
            self.missing(space, last + 1, seq);
            last = seq;
            match FeedRow::decode(key.value(), value.value()) {
                Ok(entry) => self.entry(space, seq, &entry)?,
                Err(error) => {
                    let message = format!("position {seq} of space {space} can't be read: {error}");
                    self.at(FindingKind::EntryDamaged, space, seq, None, message);
                }
            }
        }
        self.missing(space, last + 1, head.get() + 1);
        if last > head.get() {
            let message = format!("the feed of space {space} goes beyond its head {head}");
            self.at(FindingKind::Other, space, last, None, message);
        }
        Ok(())
    }

    fn missing(&mut self, space: &SpaceId, from: u64, to: u64) {
        if from < to {
            let message = format!("positions {from} to {} of space {space} are missing", to - 1);
            self.at(FindingKind::EntryMissing, space, from, None, message);
        }
    }

    fn entry(&mut self, space: &SpaceId, seq: u64, entry: &FeedRow) -> Result<(), StoreError> {
        if entry.kind == FEED_KIND_DROPPED {
            self.found.dropped += 1;
            return Ok(());
        }
        if !is_change(entry.kind) {
            return Ok(());
        }
        self.found.changes += 1;
        let whose = Some((&entry.document, &entry.hash));
        let Some(header) = header_of(entry) else {
            let message = format!(
                "the change {} of document {} is damaged: its bytes aren't what was taken",
                entry.hash, entry.document
            );
            self.at(FindingKind::ChangeDamaged, space, seq, whose, message);
            return Ok(());
        };
        let row =
            readable(get::<ChangeRow>(&self.changes, CHANGES, &change_key(&entry.document, &entry.hash)))?;
        let wanted = change_row(FeedSeq::new(seq), &header);
        if row.flatten().as_ref() != Some(&wanted) {
            let message = format!(
                "what is written down of the change {} of document {} isn't what its bytes say",
                entry.hash, entry.document
            );
            self.at(FindingKind::ChangeHeader, space, seq, whose, message);
        }
        Ok(())
    }

    fn at(
        &mut self,
        kind: FindingKind,
        space: &SpaceId,
        seq: u64,
        whose: Option<(&DocumentId, &ChangeHash)>,
        message: String,
    ) {
        let gone = [FindingKind::EntryDamaged, FindingKind::EntryMissing, FindingKind::ChangeDamaged];
        let remedy = if gone.contains(&kind) { Remedy::RepairAndDevices } else { Remedy::Repair };
        self.found.note(StoreFinding {
            space: Some(space.to_string()),
            position: Some(seq),
            document: whose.map(|(document, _)| document.to_string()),
            change: whose.map(|(_, change)| change.to_string()),
            ..finding(kind, message, remedy)
        });
    }

    /// The rows of documents follow from their changes; answers what they add up to.
    fn documents(&mut self, tries: &mut BTreeMap<SpaceId, Trie>) -> Result<TotalsRow, StoreError> {
        let mut totals = TotalsRow::default();
        let mut ids = BTreeSet::new();
        for table in [&self.documents, &self.changes] {
            for item in table.iter()? {
                ids.extend(item?.0.value().first_chunk().map(|id| DocumentId::from_bytes(*id)));
            }
        }
        for id in ids {
            self.go_on()?;
            self.found.documents += 1;
            let row = readable(get::<DocumentRow>(&self.documents, DOCUMENTS, id.as_bytes()))?.flatten();
            let Some(row) = row else {
                self.document(&id, "has changes and no row that can be read");
                continue;
            };
            self.sums(&id, &row)?;
            totals.documents += 1;
            totals.changes += row.changes;
            totals.bytes += row.bytes;
            match tries.get_mut(&row.space) {
                Some(trie) => drop(trie.update(&id, Digest::EMPTY, document_digest(&id, &row.heads))),
                None => self.document(&id, "lives in a space that isn't there"),
            }
            let key = bucket_document_key(&row.space, &id);
            if readable(get::<()>(&self.by_bucket, DOCUMENTS_BY_BUCKET, &key))?.flatten().is_none() {
                self.document(&id, "isn't in the index of documents by bucket");
            }
        }
        Ok(totals)
    }

    fn sums(&mut self, id: &DocumentId, row: &DocumentRow) -> Result<(), StoreError> {
        let mut sum = Sum::default();
        let mut unread = false;
        for item in self.changes.range(id.as_bytes().as_slice()..)? {
            let (key, value) = item?;
            let Some(hash) = key.value().strip_prefix(id.as_bytes().as_slice()) else { break };
            let (Some(hash), Ok(change)) =
                (ChangeHash::from_slice(hash), ChangeRow::decode(key.value(), value.value()))
            else {
                unread = true;
                continue;
            };
            let entry = readable(get::<FeedRow>(&self.feed, FEED, &feed_key(&row.space, change.feed_seq)))?;
            match entry.flatten().filter(|entry| (entry.document, entry.hash) == (*id, hash)) {
                Some(entry) => sum.add(hash, &change, &entry),
                None => unread = true,
            }
        }
        if unread {
            // The feed says which; here it is enough that no sum can be made.
            self.document(id, "has changes that aren't where they should be");
            return Ok(());
        }
        if !sum.says(row) {
            self.document(id, "counts its changes or names its heads otherwise than they are");
        }
        for (actor, last) in &sum.actors {
            let kept = readable(get::<ActorRow>(&self.actors, ACTORS, &actor_key(id, actor)))?.flatten();
            if kept.map(|kept| (kept.last_seq, kept.last_hash)) != Some(*last) {
                self.document(id, "doesn't know the last change of each of its writers");
                break;
            }
        }
        Ok(())
    }

    fn document(&mut self, id: &DocumentId, what: &str) {
        self.found.note(StoreFinding {
            document: Some(id.to_string()),
            ..finding(FindingKind::Document, format!("document {id} {what}"), Remedy::Repair)
        });
    }
}

/// What the changes of a document add up to.
#[derive(Default)]
pub(super) struct Sum {
    hashes: BTreeSet<ChangeHash>,
    built_on: BTreeSet<ChangeHash>,
    bytes: u64,
    ops: u64,
    max_op: u64,
    actors: BTreeMap<ActorId, (u64, ChangeHash)>,
}

impl Sum {
    fn add(&mut self, hash: ChangeHash, change: &ChangeRow, entry: &FeedRow) {
        self.hashes.insert(hash);
        self.built_on.extend(change.deps.iter().copied());
        self.bytes += entry.bytes.len() as u64;
        self.ops += header_of(entry).map_or(0, |header| header.op_count);
        self.max_op = self.max_op.max(change.max_op);
        let last = self.actors.entry(change.actor.clone()).or_insert((change.seq, hash));
        *last = (*last).max((change.seq, hash));
    }

    fn says(&self, row: &DocumentRow) -> bool {
        let heads: Vec<_> = self.hashes.difference(&self.built_on).copied().collect();
        let counts = (self.hashes.len() as u64, self.bytes, self.ops, self.max_op);
        row.heads == heads && (row.changes, row.bytes, row.ops, row.max_op) == counts
    }
}

/// Whether an entry of a feed carries a change.
pub(super) fn is_change(kind: u8) -> bool {
    matches!(kind, FEED_KIND_CHANGE | FEED_KIND_BROUGHT_BACK)
}

/// The header of an entry's change, if its bytes are that change.
pub(super) fn header_of(entry: &FeedRow) -> Option<ChangeHeader> {
    let (header, canonical) = chunk::parse(&entry.bytes, &ChunkLimits::default()).ok()?;
    (header.hash == entry.hash && canonical == entry.bytes).then_some(header)
}

/// What is written down of a change.
pub(super) fn change_row(feed_seq: FeedSeq, header: &ChangeHeader) -> ChangeRow {
    ChangeRow {
        feed_seq,
        actor: header.actor.clone(),
        seq: header.seq,
        max_op: header.max_op,
        deps: header.deps.clone(),
    }
}

/// The position in the key of an entry.
pub(super) fn position(key: &[u8]) -> u64 {
    key.last_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn finding(kind: FindingKind, message: String, remedy: Remedy) -> StoreFinding {
    StoreFinding { kind, space: None, position: None, document: None, change: None, message, remedy }
}

/// What was read; none where it is damaged.
pub(super) fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Corrupt { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
