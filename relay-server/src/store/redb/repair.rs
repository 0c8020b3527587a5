//! Making a relay store whole again: what is damaged is made anew from what says the same, or dropped.
//!
//! The control log and its copy in the feed of `common` are made from each other, words of moves from their counterparts,
//! tables from the feeds, what is erased from the log. A change stands nowhere else, so a damaged one is dropped, and takes
//! along what builds on it, since the relay takes no change whose past it lacks. Its position keeps an entry that says
//! nothing, so that feeds have no gaps, cursors stay valid and no position is given out twice; devices that hold the changes
//! find by the digests that the relay lacks them, and bring them back behind its head.

use std::collections::{BTreeMap, BTreeSet};

use forsat_sync::chunk::ChangeHeader;
use forsat_sync::digest::{Bucket, document_digest, exchange};
use forsat_sync::id::{ActorId, ChangeHash, DeviceId, Digest, DocumentId, FeedSeq, SpaceId};
use redb::{ReadableTable as _, WriteTransaction};

use self::homes::Home;
use self::survey::Survey;
use super::examine::{position, readable};
use super::rows::{
    ActorRow, ChangeRow, DocumentRow, FEED_KIND_DROPPED, FEED_KIND_ERASED, FeedRow, Row, TotalsRow,
};
use super::tables::{
    ACTORS, BUCKETS, CHANGES, DOCUMENTS, DOCUMENTS_BY_BUCKET, Definition, FEED, FEED_HEADS, META, Writable,
    actor_key, bucket_document_key, bucket_key, change_key, feed_key, get, id_in_key, put, scan,
};
use super::{CONTROL_BYTES, Commit, RedbStore, erase, invites, lock_tries, quarantine, read, tokens};
use crate::store::{Repaired, StoreError, StoreIdentity};

mod entries;
mod homes;
mod survey;

#[cfg(test)]
mod tests;

impl RedbStore {
    /// Makes whole what can be, drops what else is damaged, with what builds on it, and writes anew what follows from the
    /// rest. For a store that nobody is served from: devices bring back what they hold of it.
    pub fn repair(&self, now_ms: u64) -> Result<Repaired, StoreError> {
        self.reserve(CONTROL_BYTES)?;
        let repaired = self.write(now_ms, |tx| Ok((repair(tx, &self.identity, now_ms)?, Commit::Yes)))?;
        lock_tries(&self.tries).clear();
        Ok(repaired)
    }
}

/// Makes the store whole in the caller's transaction.
fn repair(tx: &WriteTransaction, identity: &StoreIdentity, now_ms: u64) -> Result<Repaired, StoreError> {
    let mut survey = Survey::of(tx, &heads(tx)?, &identity.common)?;
    let mut rows = entries::refill(tx, identity, &mut survey)?;
    let (erased, written) = entries::erased(tx)?;
    rows += written;
    let (homes, written) = homes::restore(tx, &mut survey, |id| erased.contains_key(id), now_ms)?;
    rows += written;
    rows += entries::announce(tx, identity, &survey, &erased, now_ms)?;
    let (mut dropped, cleaned) = survey.close(tx)?;
    rows += cleaned;
    let mut rebuilt = Rebuilt { homes, erased: erased.into_keys().collect(), ..Rebuilt::default() };
    for (space, head) in heads(tx)? {
        let empty = rebuilt.space(tx, &space, head)?;
        dropped += empty.iter().filter(|(_, entry)| entry.kind == FEED_KIND_DROPPED).count() as u64;
        rows += empty.iter().filter(|(_, entry)| entry.kind == FEED_KIND_ERASED).count() as u64;
        let mut feed = tx.open_table(FEED.table())?;
        for (seq, entry) in empty {
            put(&mut feed, &feed_key(&space, FeedSeq::new(seq)), &entry)?;
        }
    }
    let documents = rebuilt.cut.len() as u64;
    rows += rebuilt.write(tx)? + quarantine::repair(tx)? + tokens::repair(tx)? + invites::repair(tx)?;
    Ok(Repaired { dropped, documents, rows })
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

/// What follows from the feeds.
#[derive(Default)]
struct Rebuilt {
    homes: BTreeMap<DocumentId, Home>,
    erased: BTreeSet<DocumentId>,
    documents: BTreeMap<DocumentId, DocumentRow>,
    changes: BTreeMap<Vec<u8>, ChangeRow>,
    actors: BTreeMap<Vec<u8>, ActorRow>,
    /// Documents of which something was dropped.
    cut: BTreeSet<DocumentId>,
}

impl Rebuilt {
    /// Takes a space's changes in their order; answers the positions of those that can't stay, with what they become.
    fn space(
        &mut self,
        tx: &WriteTransaction,
        space: &SpaceId,
        head: u64,
    ) -> Result<Vec<(u64, FeedRow)>, StoreError> {
        let feed = tx.open_table(FEED.table())?;
        let actors = tx.open_table(ACTORS.table())?;
        let mut emptied = Vec::new();
        for seq in 1..=head {
            let entry: Option<FeedRow> = get(&feed, FEED, &feed_key(space, FeedSeq::new(seq)))?;
            let Some(entry) = entry.filter(FeedRow::is_change) else { continue };
            let id = entry.document;
            if self.erased.contains(&id) {
                emptied.push((seq, erase::empty(FEED_KIND_ERASED)));
                continue;
            }
            let Some(header) = entry.header().filter(|header| self.takes(&id, space, header)) else {
                emptied.push((seq, FeedRow::silent(FEED_KIND_DROPPED, id)));
                self.cut.insert(id);
                continue;
            };
            let key = actor_key(&id, &header.actor);
            let first = readable(get::<ActorRow>(&actors, ACTORS, &key))?.flatten();
            let first = first.map_or(entry.origin, |row| row.device);
            self.take(&id, space, FeedSeq::new(seq), &header, first);
        }
        Ok(emptied)
    }

    /// Whether a change can stand where it does: in its document's home, behind all that it builds on.
    fn takes(&self, id: &DocumentId, space: &SpaceId, header: &ChangeHeader) -> bool {
        let has = |hash: &ChangeHash| self.changes.contains_key(change_key(id, hash).as_slice());
        self.homes.get(id).is_none_or(|home| home.space == *space)
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
        seq: FeedSeq,
        header: &ChangeHeader,
        first: DeviceId,
    ) {
        let row = self.documents.entry(*id).or_insert_with(|| DocumentRow {
            home_version: self.homes.get(id).map_or(1, |home| home.version),
            ..DocumentRow::new(*space)
        });
        row.grow(header);
        self.changes.insert(change_key(id, &header.hash).to_vec(), ChangeRow::of(seq, header));
        let actor = ActorRow { last_seq: header.seq, last_hash: header.hash, device: first };
        self.actors.insert(actor_key(id, &header.actor), actor);
    }

    /// A document that has moved keeps its home even where none of its changes is left: whoever brings them back is told.
    fn keep_homes(&mut self) {
        for (id, home) in self.homes.iter().filter(|(_, home)| home.version > 1) {
            if !self.erased.contains(id) {
                let empty = || DocumentRow { home_version: home.version, ..DocumentRow::new(home.space) };
                self.documents.entry(*id).or_insert_with(empty);
            }
        }
    }

    /// Writes what differs from what is there; answers how many rows that were.
    fn write(mut self, tx: &WriteTransaction) -> Result<u64, StoreError> {
        self.keep_homes();
        let mut totals = TotalsRow::default();
        let mut digests: BTreeMap<Vec<u8>, Digest> = BTreeMap::new();
        let mut by_bucket = BTreeMap::new();
        for (id, row) in &self.documents {
            totals.documents += 1;
            totals.changes += row.changes;
            totals.bytes += row.bytes;
            if row.heads.is_empty() {
                continue;
            }
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
