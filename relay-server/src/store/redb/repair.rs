//! Making a relay store whole again from its feeds: what is damaged is dropped, and everything else written anew.
//!
//! A change that is dropped takes along what builds on it, since the relay takes no change whose past it lacks. Its
//! position keeps an entry that says nothing, so that feeds have no gaps, cursors stay valid and no position is given out
//! twice; devices that hold the changes find by the digests that the relay lacks them, and bring them back behind its head.

use std::collections::{BTreeMap, BTreeSet};

use forsat_sync::chunk::ChangeHeader;
use forsat_sync::digest::{Bucket, document_digest, exchange};
use forsat_sync::id::{ActorId, ChangeHash, DeviceId, Digest, DocumentId, FeedSeq, SpaceId};
use redb::{ReadableTable as _, WriteTransaction};

use super::examine::{change_row, header_of, is_change, position, readable};
use super::rows::{ActorRow, ChangeRow, DocumentRow, FEED_KIND_DROPPED, FeedRow, Row, TotalsRow};
use super::tables::{
    ACTORS, BUCKETS, CHANGES, DOCUMENTS, DOCUMENTS_BY_BUCKET, Definition, FEED, FEED_HEADS, META, Writable,
    actor_key, bucket_document_key, bucket_key, change_key, feed_key, get, id_in_key, put, scan,
};
use super::{CONTROL_BYTES, Commit, RedbStore, lock_tries, quarantine, read};
use crate::store::{Repaired, StoreError};

impl RedbStore {
    /// Drops what is damaged, with what builds on it, and writes anew what follows from the rest. For a store that
    /// nobody is served from: devices bring back what they hold of it.
    pub fn repair(&self, now_ms: u64) -> Result<Repaired, StoreError> {
        self.reserve(CONTROL_BYTES)?;
        let repaired = self.write(now_ms, |tx| Ok((repair(tx)?, Commit::Yes)))?;
        lock_tries(&self.tries).clear();
        Ok(repaired)
    }
}

/// Drops what is damaged and writes anew what follows from the rest, in the caller's transaction.
fn repair(tx: &WriteTransaction) -> Result<Repaired, StoreError> {
    let mut repaired = Repaired::default();
    let mut rebuilt = Rebuilt::default();
    for (space, head) in heads(tx)? {
        let dropped = rebuilt.space(tx, &space, head)?;
        repaired.dropped += dropped.len() as u64;
        let mut feed = tx.open_table(FEED.table())?;
        for (seq, document) in dropped {
            put(&mut feed, &feed_key(&space, FeedSeq::new(seq)), &nothing(document))?;
        }
    }
    repaired.documents = rebuilt.cut.len() as u64;
    repaired.rows = rebuilt.write(tx)? + quarantine::repair(tx)?;
    Ok(repaired)
}

/// The spaces with the heads of their feeds; a feed that goes beyond its head gives the head.
fn heads(tx: &WriteTransaction) -> Result<Vec<(SpaceId, u64)>, StoreError> {
    let mut heads = tx.open_table(FEED_HEADS.table())?;
    let feed = tx.open_table(FEED.table())?;
    let mut spaces = Vec::new();
    scan::<u64>(&heads, FEED_HEADS, &[], |key, head| {
        spaces.push((SpaceId::from_bytes(id_in_key(FEED_HEADS, key)?), head));
        Ok(true)
    })?;
    for (space, head) in &mut spaces {
        let range = feed_key(space, FeedSeq::ZERO)..=feed_key(space, FeedSeq::new(u64::MAX));
        let mut entries = feed.range::<&[u8]>(range.start().as_slice()..=range.end().as_slice())?;
        let last = entries.next_back().transpose()?.map_or(0, |(key, _)| position(key.value()));
        if last > *head {
            *head = last;
            put(&mut heads, space.as_bytes(), &last)?;
        }
    }
    Ok(spaces)
}

/// An entry that holds its position and says nothing.
fn nothing(document: DocumentId) -> FeedRow {
    let nobody = DeviceId::from_bytes([0; 16]);
    FeedRow {
        kind: FEED_KIND_DROPPED,
        document,
        hash: ChangeHash::from_bytes([0; 32]),
        device: nobody,
        origin: nobody,
        received_at_ms: 0,
        bytes: Vec::new(),
    }
}

/// What follows from the feeds.
#[derive(Default)]
struct Rebuilt {
    documents: BTreeMap<DocumentId, DocumentRow>,
    changes: BTreeMap<Vec<u8>, ChangeRow>,
    actors: BTreeMap<Vec<u8>, ActorRow>,
    /// Documents of which something was dropped.
    cut: BTreeSet<DocumentId>,
}

impl Rebuilt {
    /// Takes a space's entries in their order; answers the positions that hold nothing whole, with the document where it
    /// is known.
    fn space(
        &mut self,
        tx: &WriteTransaction,
        space: &SpaceId,
        head: u64,
    ) -> Result<Vec<(u64, DocumentId)>, StoreError> {
        let feed = tx.open_table(FEED.table())?;
        let documents = tx.open_table(DOCUMENTS.table())?;
        let actors = tx.open_table(ACTORS.table())?;
        let mut dropped = Vec::new();
        let unknown = DocumentId::from_bytes([0; 16]);
        for seq in 1..=head {
            let entry = readable(get::<FeedRow>(&feed, FEED, &feed_key(space, FeedSeq::new(seq))))?.flatten();
            let Some(entry) = entry else {
                dropped.push((seq, unknown));
                continue;
            };
            if !is_change(entry.kind) {
                continue;
            }
            let id = entry.document;
            let home = readable(get::<DocumentRow>(&documents, DOCUMENTS, id.as_bytes()))?.flatten();
            let taken = header_of(&entry).filter(|header| self.takes(&id, space, home.as_ref(), header));
            let Some(header) = taken else {
                dropped.push((seq, id));
                self.cut.insert(id);
                continue;
            };
            let key = actor_key(&id, &header.actor);
            let first = readable(get::<ActorRow>(&actors, ACTORS, &key))?.flatten();
            let first = first.map_or(entry.origin, |row| row.device);
            self.take(&id, space, home.as_ref(), FeedSeq::new(seq), &header, first);
        }
        Ok(dropped)
    }

    /// Whether a change can stand where it does: in its document's home, behind all that it builds on.
    fn takes(
        &self,
        id: &DocumentId,
        space: &SpaceId,
        home: Option<&DocumentRow>,
        header: &ChangeHeader,
    ) -> bool {
        let home = self.documents.get(id).or(home).map_or(*space, |row| row.space);
        let has = |hash: &ChangeHash| self.changes.contains_key(change_key(id, hash).as_slice());
        home == *space
            && !has(&header.hash)
            && header.deps.iter().all(has)
            && self.last_seq(id, &header.actor) + 1 == header.seq
    }

    fn last_seq(&self, id: &DocumentId, actor: &ActorId) -> u64 {
        self.actors.get(&actor_key(id, actor)).map_or(0, |row| row.last_seq)
    }

    fn take(
        &mut self,
        id: &DocumentId,
        space: &SpaceId,
        home: Option<&DocumentRow>,
        seq: FeedSeq,
        header: &ChangeHeader,
        first: DeviceId,
    ) {
        let row = self.documents.entry(*id).or_insert_with(|| DocumentRow {
            home_version: home.map_or(1, |row| row.home_version),
            ..DocumentRow::new(*space)
        });
        row.heads.retain(|head| !header.deps.contains(head));
        row.heads.push(header.hash);
        row.heads.sort_unstable();
        row.changes += 1;
        row.bytes += header.size as u64;
        row.ops += header.op_count;
        row.max_op = row.max_op.max(header.max_op);
        self.changes.insert(change_key(id, &header.hash).to_vec(), change_row(seq, header));
        let actor = ActorRow { last_seq: header.seq, last_hash: header.hash, device: first };
        self.actors.insert(actor_key(id, &header.actor), actor);
    }

    /// Writes what differs from what is there; answers how many rows that were.
    fn write(self, tx: &WriteTransaction) -> Result<u64, StoreError> {
        let mut totals = TotalsRow::default();
        let mut digests: BTreeMap<Vec<u8>, Digest> = BTreeMap::new();
        let mut by_bucket = BTreeMap::new();
        for (id, row) in &self.documents {
            totals.documents += 1;
            totals.changes += row.changes;
            totals.bytes += row.bytes;
            by_bucket.insert(bucket_document_key(&row.space, id).to_vec(), ());
            let key = bucket_key(&row.space, Bucket::of(id).get()).to_vec();
            let digest = digests.entry(key).or_insert(Digest::EMPTY);
            *digest = exchange(*digest, Digest::EMPTY, document_digest(id, &row.heads));
        }
        let documents = self.documents.into_iter().map(|(id, row)| (id.as_bytes().to_vec(), row)).collect();
        let mut rows = settle(tx, DOCUMENTS, documents)?;
        rows += settle(tx, CHANGES, self.changes)?;
        rows += settle(tx, ACTORS, self.actors)?;
        rows += settle(tx, BUCKETS, digests)?;
        rows += settle(tx, DOCUMENTS_BY_BUCKET, by_bucket)?;
        let mut meta = tx.open_table(META.table())?;
        let kept = readable(read::totals(&meta))?;
        let totals = match kept {
            Some(kept) => TotalsRow { day: kept.day, changes_of_day: kept.changes_of_day, ..totals },
            None => totals,
        };
        if kept != Some(totals) {
            put(&mut meta, b"totals", &totals)?;
            rows += 1;
        }
        Ok(rows)
    }
}

/// Makes a table hold exactly these rows; answers how many it changed.
pub(super) fn settle<R: Row + PartialEq>(
    tx: &WriteTransaction,
    definition: Definition,
    mut rows: BTreeMap<Vec<u8>, R>,
) -> Result<u64, StoreError> {
    let mut table: Writable<'_> = tx.open_table(definition.table())?;
    let mut surplus = Vec::new();
    for item in table.iter()? {
        let (key, value) = item?;
        match rows.get(key.value()) {
            Some(row) if R::decode(key.value(), value.value()).is_ok_and(|kept| kept == *row) => {
                rows.remove(key.value());
            }
            Some(_) => {}
            None => surplus.push(key.value().to_vec()),
        }
    }
    let changed = surplus.len() + rows.len();
    for key in surplus {
        table.remove(key.as_slice())?;
    }
    for (key, row) in rows {
        put(&mut table, &key, &row)?;
    }
    Ok(changed as u64)
}
