//! A thorough look at a relay store: every change is hashed anew, and what is written down beside the feeds is compared
//! with them, in the order of docs/storage-relay.md. Memory grows with the documents, not with the changes: their ids are
//! held, and the changes of one document at a time.

use std::collections::{BTreeMap, BTreeSet};

use forsat_sync::digest::{Trie, document_digest};
use forsat_sync::id::{ActorId, ChangeHash, Digest, DocumentId, FeedSeq, SpaceId};
use redb::{ReadOnlyTable, ReadTransaction, ReadableDatabase as _, ReadableTable as _};

use super::rows::{
    ActorRow, ChangeRow, DocumentRow, FEED_KIND_DROPPED, FEED_KIND_ERASED, FEED_KIND_LEFT,
    FEED_KIND_MOVED_IN, FEED_KIND_MOVED_OUT, FeedRow, MovedOutRow, Row, TotalsRow,
};
use super::tables::{
    ACTORS, CHANGES, DOCUMENTS, DOCUMENTS_BY_BUCKET, ERASED, FEED, META, MOVED_OUT, actor_key,
    bucket_document_key, change_key, feed_key, get, moved_out_key,
};
use super::{RedbStore, Slot, erase, log, moves, read};
use crate::store::{Examination, FindingKind, Remedy, StoreError, StoreFinding};

type Open = ReadOnlyTable<&'static [u8], &'static [u8]>;

/// How closely a look looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// At what the rows say, whatever the bytes of changes are.
    Rows,
    /// At the bytes too.
    Bytes,
}

/// Whether a look is to end early: nobody waits for it any more.
#[derive(Clone, Copy)]
pub(super) struct Stop<'a>(pub(super) &'a dyn Fn() -> bool);

impl Stop<'_> {
    /// An error when the look is to end.
    pub(super) fn go_on(self) -> Result<(), StoreError> {
        if (self.0)() {
            return Err(StoreError::Io("the look at the store was given up: look again later".into()));
        }
        Ok(())
    }
}

/// Looks at everything in a store. That takes long and must not hold the slot: what fails meanwhile has to close it.
pub(super) fn look(
    store: &RedbStore,
    depth: Depth,
    stop: &dyn Fn() -> bool,
) -> Result<Examination, StoreError> {
    let tx = match &*store.readable()? {
        Slot::Live(database) | Slot::ReadOnly(database) => {
            database.begin_read().map_err(redb::Error::from)?
        }
        Slot::Closed => return Err(StoreError::Io("the store is closed".into())),
    };
    Look::open(store, &tx, depth, Stop(stop))?.everything(&tx)
}

struct Look<'a> {
    found: Examination,
    feed: Open,
    changes: Open,
    documents: Open,
    actors: Open,
    by_bucket: Open,
    moved_out: Open,
    erased: Open,
    log: log::Copy<'a>,
    depth: Depth,
    stop: Stop<'a>,
}

impl<'a> Look<'a> {
    fn open(
        store: &'a RedbStore,
        tx: &ReadTransaction,
        depth: Depth,
        stop: Stop<'a>,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            found: Examination::default(),
            feed: tx.open_table(FEED.table())?,
            changes: tx.open_table(CHANGES.table())?,
            documents: tx.open_table(DOCUMENTS.table())?,
            actors: tx.open_table(ACTORS.table())?,
            by_bucket: tx.open_table(DOCUMENTS_BY_BUCKET.table())?,
            moved_out: tx.open_table(MOVED_OUT.table())?,
            erased: tx.open_table(ERASED.table())?,
            log: log::Copy::open(tx, &store.identity)?,
            depth,
            stop,
        })
    }

    fn everything(mut self, tx: &ReadTransaction) -> Result<Examination, StoreError> {
        let spaces = match read::spaces(tx) {
            Ok(spaces) => spaces,
            Err(StoreError::Corrupt { table, reason }) => {
                let message = format!("the list of spaces can't be read ({table}: {reason})");
                self.found.note(finding(FindingKind::Other, message, Remedy::Backup));
                return Ok(self.found);
            }
            Err(error) => return Err(error),
        };
        let mut tries = BTreeMap::new();
        for space in &spaces {
            self.feed(&space.id, space.head)?;
            tries.insert(space.id, Trie::new());
        }
        let totals = self.documents(&mut tries)?;
        self.index()?;
        self.digests(tx, tries)?;
        let kept = readable(read::totals(&tx.open_table(META.table())?))?;
        let counts = |totals: &TotalsRow| (totals.documents, totals.changes, totals.bytes);
        if kept.as_ref().map(counts) != Some(counts(&totals)) {
            let message = "the totals don't follow from the documents".to_owned();
            self.found.note(finding(FindingKind::Totals, message, Remedy::Repair));
        }
        for (remedy, message) in self.log.verify(self.stop)? {
            self.found.note(finding(FindingKind::Other, message, remedy));
        }
        for (remedy, message) in super::verify::others(tx, &spaces, self.depth, self.stop)? {
            self.found.note(finding(FindingKind::Other, message, remedy));
        }
        Ok(self.found)
    }

    /// The digests of spaces are those of their documents.
    fn digests(&mut self, tx: &ReadTransaction, tries: BTreeMap<SpaceId, Trie>) -> Result<(), StoreError> {
        for (space, trie) in tries {
            self.stop.go_on()?;
            let expected: Vec<_> = trie.buckets().map(|(bucket, digest)| (bucket.get(), digest)).collect();
            let kept = readable(read::buckets(tx, &space))?;
            if kept.as_ref() != Some(&expected) {
                let message = format!("the digests of space {space} don't follow from its documents");
                self.found.note(StoreFinding {
                    space: Some(space.to_string()),
                    ..finding(FindingKind::Digests, message, Remedy::Repair)
                });
            }
        }
        Ok(())
    }

    /// Every position of a feed, from 1 to its head.
    fn feed(&mut self, space: &SpaceId, head: FeedSeq) -> Result<(), StoreError> {
        let mut last = 0;
        let range = feed_key(space, FeedSeq::ZERO)..=feed_key(space, FeedSeq::new(u64::MAX));
        let entries = self.feed.range::<&[u8]>(range.start().as_slice()..=range.end().as_slice())?;
        for item in entries {
            self.stop.go_on()?;
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
        match entry.kind {
            FEED_KIND_DROPPED => self.found.dropped += 1,
            FEED_KIND_MOVED_IN | FEED_KIND_MOVED_OUT | FEED_KIND_LEFT => self.word(space, seq, entry)?,
            FEED_KIND_ERASED if *entry != erase::empty(FEED_KIND_ERASED) => {
                let message =
                    format!("position {seq} of space {space} holds something of an erased document");
                self.at(FindingKind::Other, space, seq, None, message);
            }
            _ if entry.is_change() => self.change(space, seq, entry)?,
            _ => self.log.meets(space, entry)?,
        }
        Ok(())
    }

    /// 10: what a feed says of a document that moves.
    fn word(&mut self, space: &SpaceId, seq: u64, entry: &FeedRow) -> Result<(), StoreError> {
        let id = &entry.document;
        let told = match entry.kind {
            FEED_KIND_LEFT => None,
            _ => match readable(moves::told(&entry.bytes))? {
                Some((version, _)) => Some(version.get()),
                None => {
                    let message =
                        format!("position {seq} of space {space} tells of a move and can't be read");
                    self.at(FindingKind::EntryDamaged, space, seq, None, message);
                    return Ok(());
                }
            },
        };
        // Of an erased document nobody needs to be told where it went.
        if entry.kind == FEED_KIND_LEFT && erase::is_named(&self.erased, id)? {
            return Ok(());
        }
        if entry.kind != FEED_KIND_MOVED_IN {
            let row = readable(get::<MovedOutRow>(&self.moved_out, MOVED_OUT, &moved_out_key(space, id)))?;
            let least = if entry.kind == FEED_KIND_MOVED_OUT { seq } else { seq + 1 };
            if row.flatten().is_none_or(|row| row.seq.get() < least) {
                let message = format!(
                    "position {seq} of space {space} isn't followed by the word that its document left"
                );
                self.at(FindingKind::Document, space, seq, None, message);
            }
        }
        let row = readable(get::<DocumentRow>(&self.documents, DOCUMENTS, id.as_bytes()))?.flatten();
        let version = row.map_or(0, |row| row.home_version);
        if told.is_some_and(|told| told > version) && !erase::is_named(&self.erased, id)? {
            self.document(id, "has moved more often than its row says");
        }
        Ok(())
    }

    /// 2, 6, 11: a change stands in its document's home, behind what it builds on, and is written down as what it is.
    fn change(&mut self, space: &SpaceId, seq: u64, entry: &FeedRow) -> Result<(), StoreError> {
        self.found.changes += 1;
        let (document, hash) = (&entry.document, &entry.hash);
        let whose = Some((document, hash));
        let header = match self.depth {
            Depth::Rows => None,
            Depth::Bytes => match entry.header() {
                Some(header) => Some(header),
                None => {
                    let message = format!(
                        "the change {hash} of document {document} is damaged: its bytes aren't what was taken"
                    );
                    self.at(FindingKind::ChangeDamaged, space, seq, whose, message);
                    return Ok(());
                }
            },
        };
        let row = readable(get::<ChangeRow>(&self.changes, CHANGES, &change_key(document, hash)))?.flatten();
        let row = row.filter(|row| row.feed_seq.get() == seq);
        let is_said = header.is_none_or(|header| row == Some(ChangeRow::of(FeedSeq::new(seq), &header)));
        let Some(row) = row.filter(|_| is_said) else {
            let message = format!(
                "what is written down of the change {hash} of document {document} isn't what its bytes say"
            );
            self.at(FindingKind::ChangeHeader, space, seq, whose, message);
            return Ok(());
        };
        self.place(space, seq, entry, &row)
    }

    /// Whether a change may stand where it does.
    fn place(
        &mut self,
        space: &SpaceId,
        seq: u64,
        entry: &FeedRow,
        row: &ChangeRow,
    ) -> Result<(), StoreError> {
        let (document, whose) = (&entry.document, Some((&entry.document, &entry.hash)));
        let home = readable(get::<DocumentRow>(&self.documents, DOCUMENTS, document.as_bytes()))?.flatten();
        if home.is_some_and(|home| home.space != *space) {
            let message = format!("a change of document {document} stands outside its home");
            self.at(FindingKind::Document, space, seq, whose, message);
        }
        for dep in &row.deps {
            let before = get::<ChangeRow>(&self.changes, CHANGES, &change_key(document, dep));
            if readable(before)?.flatten().is_none_or(|before| before.feed_seq.get() >= seq) {
                let message = format!("a change of document {document} stands before what it builds on");
                self.at(FindingKind::ChangeHeader, space, seq, whose, message);
                break;
            }
        }
        if erase::is_named(&self.erased, document)? {
            let message = format!("position {seq} of space {space} holds a change of an erased document");
            self.at(FindingKind::Other, space, seq, whose, message);
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
        for table in [&self.documents, &self.changes, &self.actors] {
            for item in table.iter()? {
                self.stop.go_on()?;
                ids.extend(item?.0.value().first_chunk().map(|id| DocumentId::from_bytes(*id)));
            }
        }
        for id in ids {
            self.stop.go_on()?;
            self.found.documents += 1;
            if erase::is_named(&self.erased, &id)? {
                self.document(&id, "is erased, and rows of it are left");
            }
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
            let listed = readable(get::<()>(&self.by_bucket, DOCUMENTS_BY_BUCKET, &key))?.flatten();
            if listed.is_none() && !row.heads.is_empty() {
                self.document(&id, "isn't in the index of documents by bucket");
            }
        }
        Ok(totals)
    }

    /// 9: the index of documents by bucket names no document that doesn't stand there.
    fn index(&mut self) -> Result<(), StoreError> {
        let mut surplus = 0_u64;
        for item in self.by_bucket.iter()? {
            self.stop.go_on()?;
            let (key, _) = item?;
            let id = key.value().last_chunk().map(|id| DocumentId::from_bytes(*id));
            let Some(id) = id else { continue };
            let row = readable(get::<DocumentRow>(&self.documents, DOCUMENTS, id.as_bytes()))?.flatten();
            let stands = row.is_some_and(|row| {
                !row.heads.is_empty() && bucket_document_key(&row.space, &id).as_slice() == key.value()
            });
            surplus += u64::from(!stands);
        }
        if surplus > 0 {
            let message = format!("the index of documents by bucket names {surplus} that don't stand there");
            self.found.note(finding(FindingKind::Digests, message, Remedy::Repair));
        }
        Ok(())
    }

    fn sums(&mut self, id: &DocumentId, row: &DocumentRow) -> Result<(), StoreError> {
        let mut sum = Sum::default();
        let mut unread = false;
        for item in self.changes.range(id.as_bytes().as_slice()..)? {
            self.stop.go_on()?;
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
                Some(entry) => sum.add(hash, &change, &entry, self.depth),
                None => unread = true,
            }
        }
        if unread {
            // The feed says which; here it is enough that no sum can be made.
            self.document(id, "has changes that aren't where they should be");
            return Ok(());
        }
        if !sum.says(row, self.depth) {
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
struct Sum {
    hashes: BTreeSet<ChangeHash>,
    built_on: BTreeSet<ChangeHash>,
    bytes: u64,
    ops: u64,
    max_op: u64,
    actors: BTreeMap<ActorId, (u64, ChangeHash)>,
}

impl Sum {
    fn add(&mut self, hash: ChangeHash, change: &ChangeRow, entry: &FeedRow, depth: Depth) {
        self.hashes.insert(hash);
        self.built_on.extend(change.deps.iter().copied());
        self.bytes += entry.bytes.len() as u64;
        if depth == Depth::Bytes {
            self.ops += entry.header().map_or(0, |header| header.op_count);
        }
        self.max_op = self.max_op.max(change.max_op);
        let last = self.actors.entry(change.actor.clone()).or_insert((change.seq, hash));
        *last = (*last).max((change.seq, hash));
    }

    fn says(&self, row: &DocumentRow, depth: Depth) -> bool {
        let heads: Vec<_> = self.hashes.difference(&self.built_on).copied().collect();
        let counts = (self.hashes.len() as u64, self.bytes, self.max_op);
        row.heads == heads
            && (row.changes, row.bytes, row.max_op) == counts
            && (row.ops == self.ops || depth == Depth::Rows)
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
