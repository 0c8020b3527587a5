//! Making a store whole again from the changes that are: all that follows from them is written anew, and what isn't the
//! change that it should be is set aside, so that nothing counts it and a sync brings it again.

use std::collections::{BTreeMap, BTreeSet};

use forsat_sync::digest::{Bucket, document_digest, exchange};
use forsat_sync::id::{ChangeHash, Digest, DocumentId, SpaceId};

use crate::access::{Prefix, WriteTx};
use crate::buckets::BUCKETS;
use crate::chunks::{BY_HASH, CHUNKS, ChunkState, HashValue, Ordinal, StoredChunk, hash_key};
use crate::codec::Table;
use crate::documents::{DOCUMENTS, DocumentRow};
use crate::error::StoreError;
use crate::examine::{self, Aside, Examined, Examiner, Flaw, Held};
use crate::heads::based;
use crate::outbox::{OUTBOX, OUTBOX_STATS};
use crate::refused::{RefusedEdit, RefusedState};
use crate::store::Store;

/// The code of an unsent change that can't be sent, since what it builds on is lost.
pub const LOST_BASE: &str = "lost_base";

/// The client values under which a repair keeps what can't be read: `aside`, whose it is, the beginning of its hash.
pub(crate) const ASIDE: &str = "aside";
/// Whose a value is of which nothing says that.
pub(crate) const OF_NONE: &str = "none";
/// As much of a hash as the name of a client value has room for.
const ASIDE_HASH_BYTES: usize = 12;

/// What a repair takes.
pub struct RepairParams<'a> {
    /// The space of documents of which nothing says where they live.
    pub home: SpaceId,
    /// The space that every member reads, where that is known.
    pub common: Option<SpaceId>,
    /// The time, in milliseconds since 1970.
    pub now_ms: i64,
    /// Fixed changes that are known by their hashes alone.
    pub known: &'a dyn Fn(&ChangeHash) -> Option<Vec<u8>>,
}

impl std::fmt::Debug for RepairParams<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RepairParams").field("home", &self.home).finish_non_exhaustive()
    }
}

/// What a repair did.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Repaired {
    /// Documents that were written anew.
    pub documents: BTreeSet<DocumentId>,
    /// Changes that aren't counted any more, and refused edits that can't be read; their bytes are kept.
    pub set_aside: u64,
    /// Those of them that the relay never took: nobody else has them.
    pub lost: u64,
    /// Unsent changes that were refused, since what they build on is lost.
    pub refused: u64,
}

impl Store {
    /// Writes anew, in one transaction, all that follows from the changes. Rows and names are the caller's to make.
    pub fn repair(&self, params: &RepairParams<'_>) -> Result<Repaired, StoreError> {
        self.write(|tx| {
            let mut repaired = Repaired::default();
            tx.drop_unread(params.common.as_ref(), &mut repaired)?;
            let examiner = Examiner::begin(&*tx)?;
            let documents = examiner.documents()?;
            let unsent = examiner.unsent.clone();
            let digests = examiner.kept_digests()?;
            let mut homes = Homes { sums: BTreeMap::new(), kept: digests };
            let mut examined = Vec::new();
            for id in documents {
                let found = examiner.document(&id)?;
                if let Some(row) = &found.row {
                    homes.count(&id, row.space, &row.feed_heads);
                }
                if !found.flaws.is_empty() {
                    examined.push((id, found));
                }
            }
            for (id, found) in examined {
                let queued = unsent.range((id, ChangeHash::from_bytes([0; 32]))..).next();
                let queued = queued.filter(|((of, _), _)| *of == id).map(|(_, (space, _))| *space);
                let space = found.row.as_ref().map(|row| row.space).or(queued);
                let space = space
                    .or_else(|| homes.find(&id, &examine::feed_heads(&found.held)))
                    .unwrap_or(params.home);
                tx.rewrite_document(&id, found, space, params, &mut repaired)?;
            }
            tx.rewrite_outbox()?;
            tx.rewrite_digests()?;
            if repaired.set_aside > 0 {
                // A change of the present actor may be among them: its next number must not be used twice.
                tx.forget_actor()?;
            }
            Ok(repaired)
        })
    }
}

/// Finds where a document lives of which no row is left: the digests still count it.
struct Homes {
    sums: BTreeMap<(SpaceId, Bucket), Digest>,
    kept: BTreeMap<(SpaceId, Bucket), Digest>,
}

impl Homes {
    fn count(&mut self, id: &DocumentId, space: SpaceId, feed_heads: &[ChangeHash]) {
        let sum = self.sums.entry((space, Bucket::of(id))).or_insert(Digest::EMPTY);
        *sum = exchange(*sum, Digest::EMPTY, document_digest(id, feed_heads));
    }

    fn find(&self, id: &DocumentId, feed_heads: &[ChangeHash]) -> Option<SpaceId> {
        let (bucket, digest) = (Bucket::of(id), document_digest(id, feed_heads));
        let counts_it = |(key, kept): &(&(SpaceId, Bucket), &Digest)| {
            let sum = self.sums.get(*key).copied().unwrap_or(Digest::EMPTY);
            key.1 == bucket && exchange(sum, Digest::EMPTY, digest) == **kept
        };
        let found = self.kept.iter().find(counts_it).filter(|_| !feed_heads.is_empty());
        found.map(|((space, _), _)| *space)
    }
}

impl WriteTx<'_> {
    /// Writes a document anew from the changes that are whole.
    fn rewrite_document(
        &mut self,
        id: &DocumentId,
        mut found: Examined,
        space: SpaceId,
        params: &RepairParams<'_>,
        repaired: &mut Repaired,
    ) -> Result<(), StoreError> {
        for aside in std::mem::take(&mut found.aside) {
            self.set_aside(id, &aside, &mut found.held, params, repaired)?;
        }
        for (hash, unsent) in found.flaws.iter().filter_map(missing) {
            match (params.known)(&hash).and_then(|bytes| restored(bytes, &hash)) {
                Some(mut known) => {
                    known.state = if unsent { ChunkState::Outbox } else { ChunkState::Feed };
                    found.held.push(known);
                }
                None => {
                    repaired.set_aside += 1;
                    repaired.lost += u64::from(unsent);
                }
            }
        }
        let lost: BTreeSet<ChangeHash> = found.flaws.iter().filter_map(lost).collect();
        for edit in settle_states(id, space, &mut found.held, &lost, params.now_ms) {
            self.add_refused(&edit)?;
            repaired.refused += 1;
        }
        for table in [CHUNKS, BY_HASH] {
            self.remove_all(table, id)?;
        }
        self.drop_snapshot(id)?;
        let module = found.row.and_then(|row| row.module);
        let row = DocumentRow {
            module,
            space,
            heads: examine::view_heads(&found.held),
            feed_heads: examine::feed_heads(&found.held),
            counts: examine::counts(&found.held),
            bytes: examine::bytes(&found.held),
            next_ordinal: found.held.len() as u64,
        };
        for (ordinal, held) in (0..).map(Ordinal).zip(found.held) {
            let chunk = StoredChunk { ordinal, state: held.state, hash: held.header.hash, bytes: held.bytes };
            let listed = HashValue { ordinal, receipt: held.receipt };
            self.put(BY_HASH, &hash_key(id, &chunk.hash), &listed.encode())?;
            let outbox = held.outbox.filter(|_| chunk.state == ChunkState::Outbox);
            self.put_chunk(id, chunk, outbox)?;
        }
        repaired.documents.insert(*id);
        if row.next_ordinal == 0 && row.module.is_none() {
            return self.remove(DOCUMENTS, id.as_bytes()).map(drop);
        }
        self.put_document(id, &row)
    }

    /// Keeps the bytes of what isn't the change that it should be, where nothing reads them by themselves.
    fn set_aside(
        &mut self,
        id: &DocumentId,
        aside: &Aside,
        held: &mut Vec<Held>,
        params: &RepairParams<'_>,
        repaired: &mut Repaired,
    ) -> Result<(), StoreError> {
        let known = aside.hash.and_then(|hash| restored((params.known)(&hash)?, &hash));
        if let Some(mut known) = known {
            known.outbox = aside.outbox;
            known.state = if aside.unsent { ChunkState::Outbox } else { ChunkState::Feed };
            held.push(known);
            return Ok(());
        }
        self.put_aside(Some(id), &aside.raw)?;
        repaired.set_aside += 1;
        repaired.lost += u64::from(aside.unsent);
        Ok(())
    }

    /// Keeps a value as it lay in the file under a name that says whose it is, where that is known.
    pub(crate) fn put_aside(&mut self, document: Option<&DocumentId>, raw: &[u8]) -> Result<(), StoreError> {
        let of = document.map_or_else(|| OF_NONE.to_owned(), DocumentId::to_string);
        let hash = hex::encode(&blake3::hash(raw).as_bytes()[..ASIDE_HASH_BYTES]);
        self.set_client_value(&format!("{ASIDE}/{of}/{hash}"), raw)
    }

    fn remove_all(&mut self, table: Table, id: &DocumentId) -> Result<(), StoreError> {
        let keys = self.keys_under(table, &Prefix::new(id.as_bytes().to_vec()))?;
        keys.iter().try_for_each(|key| self.remove(table, key).map(drop))
    }

    /// Makes the outbox anew from the unsent changes; each keeps its number where it has one.
    fn rewrite_outbox(&mut self) -> Result<(), StoreError> {
        let mut unsent = Vec::new();
        self.each_document(&mut |id, row| {
            if row.counts.outbox > 0 {
                unsent.push((id, row.space));
            }
            std::ops::ControlFlow::Continue(())
        })?;
        self.clear(OUTBOX)?;
        self.clear(OUTBOX_STATS)?;
        for (id, space) in unsent {
            for chunk in self.chunks_in(&id, &[ChunkState::Outbox])? {
                let number = self.chunk_value(&id, &chunk.hash)?.and_then(|value| value.outbox);
                let number = self.rejoin_outbox(&space, &id, &chunk, number)?;
                self.put_chunk(&id, chunk, Some(number))?;
            }
        }
        Ok(())
    }

    fn rewrite_digests(&mut self) -> Result<(), StoreError> {
        let mut documents = Vec::new();
        self.each_document(&mut |id, row| {
            documents.push((id, row.space, row.feed_heads));
            std::ops::ControlFlow::Continue(())
        })?;
        self.clear(BUCKETS)?;
        for (id, space, feed_heads) in documents {
            self.replace_in_bucket(&space, &id, &[], &feed_heads)?;
        }
        Ok(())
    }
}

fn missing(flaw: &Flaw) -> Option<(ChangeHash, bool)> {
    if let Flaw::Missing { hash, unsent } = flaw { Some((*hash, *unsent)) } else { None }
}

/// An unsent change that nobody else has.
fn lost(flaw: &Flaw) -> Option<ChangeHash> {
    match flaw {
        Flaw::Change { hash, unsent: true } => *hash,
        Flaw::Missing { hash, unsent: true } => Some(*hash),
        _ => None,
    }
}

/// A fixed change whose bytes are known.
fn restored(bytes: Vec<u8>, hash: &ChangeHash) -> Option<Held> {
    let header = examine::read(&bytes).filter(|header| header.hash == *hash)?;
    let (ordinal, state) = (Ordinal(0), ChunkState::Feed);
    Some(Held { ordinal, state, outbox: None, header, bytes, receipt: None })
}

/// Moves changes to where they stand now that others are gone: what the feed brought waits for what it builds on, and
/// what builds on an unsent change that is lost can't be sent any more.
fn settle_states(
    id: &DocumentId,
    space: SpaceId,
    held: &mut Vec<Held>,
    lost: &BTreeSet<ChangeHash>,
    now_ms: i64,
) -> Vec<RefusedEdit> {
    held.sort_by_key(|held| (held.header.start_op, held.header.hash, held.ordinal));
    held.dedup_by_key(|held| held.header.hash);
    let (based, _) = based(examine::headers(held, |state| state != ChunkState::Refused));
    let mut lost = lost.clone();
    let mut refused = Vec::new();
    for held in held.iter_mut().filter(|held| !based.contains(&held.header.hash)) {
        match held.state {
            ChunkState::Feed => held.state = ChunkState::Waiting,
            ChunkState::Outbox if held.header.deps.iter().any(|dep| lost.contains(dep)) => {
                held.state = ChunkState::Refused;
                lost.insert(held.header.hash);
                refused.push(RefusedEdit {
                    document: *id,
                    space,
                    hash: held.header.hash,
                    code: LOST_BASE.to_owned(),
                    message: "what this edit builds on was damaged before it was sent; try it again or type it anew"
                        .to_owned(),
                    at_ms: now_ms,
                    before: b"{}".to_vec(),
                    after: b"{}".to_vec(),
                    state: RefusedState::Open,
                });
            }
            _ => {}
        }
    }
    refused
}
