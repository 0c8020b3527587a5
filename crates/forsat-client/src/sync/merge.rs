//! What a feed brings for one document: kept, merged into the view under the guard, counted in feed state.

use super::issues;
use super::moves::Word;
use super::rebase::{self, to_chunk};
use super::touched::Touch;
use crate::engine::Engine;
use crate::erased;
use crate::error::{ClientError, Damage};
use crate::ids::record_id;
use crate::{turn, vault};
use forsat_document::{ApplyReport, Author, Chunk, Document, Genesis};
use forsat_domain::RecordId;
use forsat_domain::record::RecordState;
use forsat_store::{ChunkState, DocumentRow, SNAPSHOT_EVERY_CHUNKS, StoreError, WriteTx, heads_of};
use forsat_sync::chunk::{self, ChangeHeader};
use forsat_sync::genesis::GENESIS_ACTOR;
use forsat_sync::id::{ActorId, ChangeHash, DocumentId, SpaceId};
use forsat_sync::identity::Receipt;
use forsat_sync::limits::ChunkLimits;
use std::collections::{BTreeMap, BTreeSet};

/// What a page has for one document, in the order of the feed.
#[derive(Clone, Debug, Default)]
pub(super) struct Incoming {
    /// What the feed says last of the document's home; the entries came after it.
    pub home: Option<Word>,
    pub entries: Vec<Arrived>,
}

/// One entry.
#[derive(Clone, Debug)]
pub(super) enum Arrived {
    Change { header: ChangeHeader, bytes: Vec<u8>, receipt: Option<Receipt> },
    Echo { hash: ChangeHash, receipt: Option<Receipt> },
}

/// What taking one document in came to.
#[derive(Debug, Default)]
pub(super) struct Merged {
    /// None when the view didn't change.
    pub touch: Option<Touch>,
    /// Echoes of changes that aren't here.
    pub unknown_echoes: Vec<ChangeHash>,
    /// Changes that can't be read.
    pub unreadable: u64,
}

/// Why a document couldn't be taken in.
#[derive(Debug, thiserror::Error)]
pub(super) enum TakeError {
    /// Another store writes as this store's actor: begin a new incarnation, then take the document in again.
    #[error("another store writes as this one")]
    Forked,
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl From<StoreError> for TakeError {
    fn from(error: StoreError) -> TakeError {
        TakeError::Client(error.into())
    }
}

/// The relay's receipts for what came.
type Receipts = BTreeMap<ChangeHash, Receipt>;

/// The work on one document within a write transaction.
pub(super) struct Merge<'a, 't, 'w> {
    pub engine: &'a Engine,
    pub tx: &'t mut WriteTx<'w>,
    pub space: SpaceId,
    pub now_ms: i64,
    /// Whether what came may lie below what is here: then the heads of feed state are counted anew.
    pub is_out_of_order: bool,
}

/// Changes that the view doesn't have yet, and the heads of feed state with all that came.
struct Sorted {
    fresh: Vec<(ChangeHeader, Vec<u8>)>,
    feed_heads: BTreeSet<ChangeHash>,
    unknown_echoes: Vec<ChangeHash>,
    /// Something came whose past the feed hasn't brought.
    has_gaps: bool,
}

impl Merge<'_, '_, '_> {
    /// Takes in what came for a document.
    pub(super) fn take(&mut self, document: DocumentId, incoming: &Incoming) -> Result<Merged, TakeError> {
        if erased::is_erased(self.tx, &document)? {
            return Ok(Merged::default());
        }
        let Some(row) = self.row(document, incoming)? else {
            let echoes = incoming.entries.iter().filter(|entry| entry.is_echo()).map(Arrived::hash).collect();
            return Ok(Merged { unknown_echoes: echoes, ..Merged::default() });
        };
        let receipts: Receipts =
            incoming.entries.iter().filter_map(|entry| Some((entry.hash(), entry.receipt()?))).collect();
        let sorted = self.sort(document, &row, incoming)?;
        let mut merged = Merged { unknown_echoes: sorted.unknown_echoes, ..Merged::default() };
        if !sorted.fresh.is_empty() {
            self.refuse_own(&sorted.fresh)?;
            self.merge(document, &row, sorted.fresh, &receipts, &mut merged)?;
        }
        for (hash, receipt) in &receipts {
            if self.tx.chunk_ordinal(&document, hash)?.is_some() {
                self.tx.set_receipt(&document, hash, *receipt)?;
            }
        }
        let waits = |row: &DocumentRow| row.counts.waiting > 0;
        let waited = waits(&row) || self.tx.document(&document)?.as_ref().is_some_and(waits);
        let feed_heads = if waited || sorted.has_gaps || self.is_out_of_order {
            self.recount(document)?
        } else {
            sorted.feed_heads.into_iter().collect()
        };
        if feed_heads != row.feed_heads {
            self.tx.set_feed_heads(&document, &feed_heads)?;
        }
        Ok(merged)
    }

    /// The document's row, begun when it is new; none when there are echoes for a document that isn't here: it comes again
    /// without them, and whole.
    fn row(&mut self, document: DocumentId, incoming: &Incoming) -> Result<Option<DocumentRow>, TakeError> {
        if let Some(row) = self.tx.document(&document)? {
            if row.space == self.space {
                return Ok(Some(row));
            }
            if row.feed_heads.is_empty() {
                // Begun here for another space, and the relay has it in this one.
                self.tx.move_document(&document, self.space)?;
            } else {
                let key = issues::key(issues::OTHER_SPACE, Some(self.space), Some(document));
                let message =
                    "a record came in the feed of a space that isn't its own; tell the relay's operator";
                self.tx.raise_sync_issue(&key, message, self.now_ms)?;
            }
            return Ok(self.tx.document(&document)?);
        }
        if incoming.entries.iter().any(Arrived::is_echo) {
            return Ok(None);
        }
        self.tx.create_document(&document, None, self.space)?;
        Ok(self.tx.document(&document)?)
    }

    /// Tells what is new from what is here, and counts everything in feed state.
    fn sort(
        &mut self,
        document: DocumentId,
        row: &DocumentRow,
        incoming: &Incoming,
    ) -> Result<Sorted, TakeError> {
        let mut feed_heads: BTreeSet<ChangeHash> = row.feed_heads.iter().copied().collect();
        let (mut fresh, mut unknown_echoes) = (Vec::new(), Vec::new());
        let (mut seen, mut has_gaps) = (BTreeSet::new(), false);
        for entry in &incoming.entries {
            let hash = entry.hash();
            if !seen.insert(hash) {
                continue;
            }
            let held = self.tx.chunk(&document, &hash)?;
            let (header, bytes) = match (entry, &held) {
                (Arrived::Change { header, bytes, .. }, _) => (header.clone(), bytes.clone()),
                (Arrived::Echo { .. }, Some(held)) => {
                    match chunk::parse(&held.bytes, &ChunkLimits::default()) {
                        Ok(parsed) => parsed,
                        Err(_) => continue,
                    }
                }
                (Arrived::Echo { .. }, None) => {
                    unknown_echoes.push(hash);
                    continue;
                }
            };
            let state = held.map(|held| held.state);
            if state.is_some_and(ChunkState::in_feed) {
                continue;
            }
            for dep in &header.deps {
                let was_head = feed_heads.remove(dep) || row.feed_heads.contains(dep);
                has_gaps |= !was_head && !seen.contains(dep) && !self.is_counted(&document, dep)?;
            }
            feed_heads.insert(hash);
            if state.is_some_and(ChunkState::in_view) {
                self.tx.set_chunk_state(&document, &hash, ChunkState::Feed)?;
            } else {
                fresh.push((header, bytes));
            }
        }
        Ok(Sorted { fresh, feed_heads, unknown_echoes, has_gaps })
    }

    /// Whether the feed has brought a change.
    fn is_counted(&self, document: &DocumentId, hash: &ChangeHash) -> Result<bool, TakeError> {
        let state = self.tx.chunk(document, hash)?.map(|held| held.state);
        Ok(state.is_some_and(ChunkState::in_feed))
    }

    /// A change that this store's present actor made and this store doesn't have was made by another store.
    fn refuse_own(&self, fresh: &[(ChangeHeader, Vec<u8>)]) -> Result<(), TakeError> {
        let own = self.tx.actor()?.map(|row| row.actor);
        match own {
            Some(own) if fresh.iter().any(|(header, _)| header.actor == own) => Err(TakeError::Forked),
            _ => Ok(()),
        }
    }

    fn merge(
        &mut self,
        document: DocumentId,
        row: &DocumentRow,
        fresh: Vec<(ChangeHeader, Vec<u8>)>,
        receipts: &Receipts,
        merged: &mut Merged,
    ) -> Result<(), TakeError> {
        let id = record_id(&document);
        let before = match &row.module {
            Some(module) => vault::state(self.tx, module, id)?,
            None => None,
        };
        let is_forked = row.counts.outbox > 0 && self.forks(document, &fresh)?;
        let (mut view, loose) = if is_forked { (rebase::at_relay(self.tx, id)?, 0) } else { self.view(id)? };
        let mut chunks = self.waiting(document, row)?;
        let tips = tips(&fresh);
        let brought = fresh.len();
        chunks.extend(
            fresh.iter().map(|(header, bytes)| Chunk { hash: *header.hash.as_bytes(), bytes: bytes.clone() }),
        );
        let report = view.apply(chunks);
        self.keep_chunks(document, fresh, receipts, &view, &report)?;
        merged.unreadable = self.raise_unreadable(document, &report)?;
        vault::name_module(self.tx, row, &view)?;
        if is_forked {
            let author = self.author()?;
            let rebased = rebase::rebase(self.tx, view.clone(), &BTreeSet::new(), &author)?;
            rebased.keep(self.tx, self.engine.schema())?;
        } else {
            vault::refresh(self.tx, self.engine.schema(), &view)?;
            if loose + brought >= SNAPSHOT_EVERY_CHUNKS && !view.heads().is_empty() {
                self.tx.put_snapshot(&document, &view.snapshot())?;
            }
        }
        if !report.applied.is_empty() {
            merged.touch = Some(Touch { id, sides: self.sides(&view, &before, &tips), before });
        }
        Ok(())
    }

    /// The document as the user sees it, and how many changes were read beside its snapshot.
    fn view(&self, id: RecordId) -> Result<(Document, usize), TakeError> {
        let loaded = vault::load(self.tx, id)?;
        Ok(loaded.map_or_else(|| (Document::empty(id), 0), |loaded| (loaded.document, loaded.loose)))
    }

    /// Whether something that came has the number of an unsent change of the same actor.
    fn forks(&self, document: DocumentId, fresh: &[(ChangeHeader, Vec<u8>)]) -> Result<bool, TakeError> {
        let mut numbers: BTreeMap<(ActorId, u64), ChangeHash> = BTreeMap::new();
        for stored in self.tx.chunks_in(&document, &[ChunkState::Outbox])? {
            if let Ok((header, _)) = chunk::parse(&stored.bytes, &ChunkLimits::default()) {
                numbers.insert((header.actor, header.seq), header.hash);
            }
        }
        Ok(fresh.iter().filter(|(header, _)| header.actor.as_bytes() != GENESIS_ACTOR).any(|(header, _)| {
            let own = numbers.get(&(header.actor.clone(), header.seq));
            own.is_some_and(|own| *own != header.hash)
        }))
    }

    /// Changes that waited for what they build on.
    fn waiting(&self, document: DocumentId, row: &DocumentRow) -> Result<Vec<Chunk>, TakeError> {
        if row.counts.waiting == 0 {
            return Ok(Vec::new());
        }
        Ok(self.tx.chunks_in(&document, &[ChunkState::Waiting])?.iter().map(to_chunk).collect())
    }

    /// Stores what came and moves what waited, each to where it stands now.
    fn keep_chunks(
        &mut self,
        document: DocumentId,
        fresh: Vec<(ChangeHeader, Vec<u8>)>,
        receipts: &Receipts,
        view: &Document,
        report: &ApplyReport,
    ) -> Result<(), TakeError> {
        let waiting: BTreeSet<[u8; 32]> = report.waiting.iter().copied().collect();
        for (header, bytes) in fresh {
            let hash = header.hash.as_bytes();
            let state = match () {
                () if view.contains(hash) => ChunkState::Feed,
                () if waiting.contains(hash) => ChunkState::Waiting,
                () => ChunkState::Unreadable,
            };
            let receipt = receipts.get(&header.hash).copied();
            if !self.tx.append_received(&document, header.hash, &bytes, state, receipt)? {
                self.tx.set_chunk_state(&document, &header.hash, state)?;
            }
        }
        let applied = report.applied.iter().map(|hash| (hash, ChunkState::Feed));
        let unreadable = report.unreadable.iter().map(|(hash, _)| (hash, ChunkState::Unreadable));
        for (hash, state) in applied.chain(unreadable) {
            let hash = ChangeHash::from_bytes(*hash);
            if self.tx.chunk(&document, &hash)?.is_some_and(|held| held.state == ChunkState::Waiting) {
                self.tx.set_chunk_state(&document, &hash, state)?;
            }
        }
        Ok(())
    }

    fn raise_unreadable(&mut self, document: DocumentId, report: &ApplyReport) -> Result<u64, TakeError> {
        let Some((hash, reason)) = report.unreadable.first() else { return Ok(0) };
        let hash = ChangeHash::from_bytes(*hash);
        let key = issues::unreadable(self.space, document);
        let message = format!(
            "the change {hash} of a record was left out of what you see: {reason}; its bytes are kept, see `forsat inspect`"
        );
        self.tx.raise_sync_issue(&key, &message, self.now_ms)?;
        Ok(report.unreadable.len() as u64)
    }

    fn author(&mut self) -> Result<Author, TakeError> {
        let user = self.tx.identity()?.user.as_ref().map(crate::ids::user_id);
        let user = user.ok_or_else(|| ClientError::Damaged(Damage::NoUser))?;
        Ok(turn::author(self.engine, self.tx, user, self.now_ms)?)
    }

    /// The record as the others had it, where that differs from the merge.
    fn sides(&self, view: &Document, before: &Option<RecordState>, tips: &[[u8; 32]]) -> Vec<RecordState> {
        let known: Vec<[u8; 32]> = tips.iter().filter(|tip| view.contains(tip)).copied().collect();
        let mut heads = view.heads();
        heads.retain(|head| Genesis::by_hash(head).is_none());
        if before.is_none() || known.is_empty() || known == heads {
            return Vec::new();
        }
        view.read_at(&known, self.engine.schema()).into_iter().collect()
    }

    /// The heads of feed state from the headers alone; for documents whose changes came out of order.
    ///
    /// A change counts when all that it builds on counts too: else the heads would agree with the relay's while what
    /// leads up to them is missing here.
    fn recount(&self, document: DocumentId) -> Result<Vec<ChangeHash>, TakeError> {
        let mut headers: Vec<ChangeHeader> = Vec::new();
        for stored in self.tx.chunks_in(&document, &ChunkState::IN_FEED)? {
            headers.extend(chunk::parse(&stored.bytes, &ChunkLimits::default()).map(|(header, _)| header));
        }
        Ok(heads_of(&headers))
    }
}

impl Arrived {
    fn receipt(&self) -> Option<Receipt> {
        match self {
            Arrived::Change { receipt, .. } | Arrived::Echo { receipt, .. } => *receipt,
        }
    }

    fn is_echo(&self) -> bool {
        matches!(self, Arrived::Echo { .. })
    }

    fn hash(&self) -> ChangeHash {
        match self {
            Arrived::Change { header, .. } => header.hash,
            Arrived::Echo { hash, .. } => *hash,
        }
    }
}

/// The changes that none of the others builds on, sorted; without fixed changes of the beginning, which say nothing.
fn tips(fresh: &[(ChangeHeader, Vec<u8>)]) -> Vec<[u8; 32]> {
    let made = fresh.iter().filter(|(header, _)| header.actor.as_bytes() != GENESIS_ACTOR);
    let mut tips: BTreeSet<ChangeHash> = made.map(|(header, _)| header.hash).collect();
    for dep in fresh.iter().flat_map(|(header, _)| &header.deps) {
        tips.remove(dep);
    }
    tips.iter().map(|hash| *hash.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_changes_of_the_beginning_are_nobodys_side() {
        let chain = Genesis::of("opportunity").expect("a module").chain();
        let fresh: Vec<_> = chain
            .iter()
            .map(|link| chunk::parse(&link.bytes, &ChunkLimits::default()).expect("a change"))
            .collect();
        assert_eq!(tips(&fresh), Vec::<[u8; 32]>::new());
        let mut own = fresh[1].clone();
        own.0.actor = ActorId::from([7; 16]);
        assert_eq!(tips(&[fresh[0].clone(), own.clone()]), [*own.0.hash.as_bytes()]);
    }
}
