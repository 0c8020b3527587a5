//! Healing on the store: what it holds of a space against what the relay holds, and changes both ways.

use super::page::{End, SortedPage};
use super::session::SyncSession;
use crate::error::ClientError;
use forsat_store::{Access, ChunkState, StoreError, Tx};
use forsat_sync::chunk;
use forsat_sync::client::{HealDone, HealTask, HealWork};
use forsat_sync::digest::{Bucket, Trie, document_digest};
use forsat_sync::heal::{self, Answer, Chunk, Found, Holdings, Question, RefillItem, Step};
use forsat_sync::id::{ChangeHash, Digest, DocumentId, SpaceId};
use forsat_sync::limits::ChunkLimits;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

impl SyncSession {
    /// Does a part of healing.
    pub(super) fn heal(&mut self, work: HealWork) -> Result<HealDone, ClientError> {
        match work.task {
            HealTask::Load { changes, bytes_max } => self.load_lacking(&work.space, changes, bytes_max),
            HealTask::Compare { question: Question::Fetch(asked), answer: Answer::Fetched(chunks) } => {
                self.take_fetched(work.space, asked, chunks)
            }
            HealTask::Compare { question, answer } => {
                let found = self.compare_held(&work.space, &question, &answer)?;
                if !found.to_count.is_empty() {
                    self.take_in(work.space, SortedPage::of_echoes(found.to_count), End::Nowhere)?;
                }
                self.follow_found(work.space, &found.elsewhere)?;
                Ok(HealDone { steps: found.steps, ..HealDone::default() })
            }
        }
    }

    fn compare_held(
        &self,
        space: &SpaceId,
        question: &Question,
        answer: &Answer,
    ) -> Result<Found, ClientError> {
        let tx = self.engine.read()?;
        let held = Held { tx: &tx, space: *space };
        // What was made here and is on its way counts as soon as the relay is known to have it.
        let has = |document: &DocumentId, hash: &ChangeHash| {
            let state = tx.chunk(document, hash)?.map(|chunk| chunk.state);
            Ok(matches!(state, Some(ChunkState::Outbox | ChunkState::Acked)))
        };
        Ok(heal::compare(question, answer, &held, has)?)
    }

    /// Takes in what was fetched, as if a page had brought it.
    fn take_fetched(
        &mut self,
        space: SpaceId,
        asked: Vec<(DocumentId, ChangeHash)>,
        chunks: Vec<Option<Chunk>>,
    ) -> Result<HealDone, ClientError> {
        let mut page = SortedPage::default();
        let mut fetched = 0;
        for ((document, hash), chunk) in asked.into_iter().zip(chunks) {
            let Some(chunk) = chunk else { continue };
            fetched += u64::from(page.fetched(document, hash, chunk));
        }
        self.take_in(space, page, End::Nowhere)?;
        Ok(HealDone { fetched, ..HealDone::default() })
    }

    fn load_lacking(
        &self,
        space: &SpaceId,
        mut changes: Vec<(DocumentId, ChangeHash)>,
        bytes_max: usize,
    ) -> Result<HealDone, ClientError> {
        let tx = self.engine.read()?;
        let held = Held { tx: &tx, space: *space };
        let (mut items, mut bytes, mut taken) = (Vec::new(), 0, 0);
        for (document, hash) in &changes {
            let chunk = held.chunk(document, hash)?;
            bytes += chunk.as_ref().map_or(0, |chunk| chunk.bytes.len());
            if bytes > bytes_max && !items.is_empty() {
                break;
            }
            taken += 1;
            let item = |Chunk { bytes, receipt }| RefillItem { document: *document, bytes, receipt };
            items.extend(chunk.map(item));
        }
        let rest = changes.split_off(taken);
        let steps = if rest.is_empty() { Vec::new() } else { vec![Step::Refill(rest)] };
        Ok(HealDone { steps, items, fetched: 0 })
    }
}

/// What the store holds of a space in feed state.
struct Held<'a, A> {
    tx: &'a Tx<A>,
    space: SpaceId,
}

impl<A: Access> Held<'_, A> {
    fn is_here(&self, document: &DocumentId) -> Result<bool, StoreError> {
        Ok(self.tx.document(document)?.is_some_and(|row| row.space == self.space))
    }
}

impl<A: Access> Holdings for Held<'_, A> {
    type Error = StoreError;

    fn trie(&self) -> Result<Trie, StoreError> {
        self.tx.trie(&self.space)
    }

    fn documents(&self, buckets: &[Bucket]) -> Result<Vec<Vec<(DocumentId, Digest)>>, StoreError> {
        let mut found: BTreeMap<Bucket, Vec<(DocumentId, Digest)>> =
            buckets.iter().map(|bucket| (*bucket, Vec::new())).collect();
        self.tx.each_document(&mut |document, row| {
            if row.space == self.space
                && !row.feed_heads.is_empty()
                && let Some(list) = found.get_mut(&Bucket::of(&document))
            {
                list.push((document, document_digest(&document, &row.feed_heads)));
            }
            ControlFlow::Continue(())
        })?;
        Ok(buckets.iter().map(|bucket| found.remove(bucket).unwrap_or_default()).collect())
    }

    fn changes(&self, document: &DocumentId) -> Result<Vec<ChangeHash>, StoreError> {
        if !self.is_here(document)? {
            return Ok(Vec::new());
        }
        let mut changes = Vec::new();
        for stored in self.tx.chunks_in(document, &ChunkState::IN_FEED)? {
            // A change counts on from what it builds on, so this is an order in which the relay can take them, whatever
            // the order in which they came here.
            let start_op = chunk::parse(&stored.bytes, &ChunkLimits::default())
                .map_or(u64::MAX, |(header, _)| header.start_op);
            changes.push((start_op, stored.ordinal, stored.hash));
        }
        changes.sort_unstable();
        Ok(changes.into_iter().map(|(.., hash)| hash).collect())
    }

    fn chunk(&self, document: &DocumentId, hash: &ChangeHash) -> Result<Option<Chunk>, StoreError> {
        let stored = self.tx.chunk(document, hash)?.filter(|stored| stored.state.in_feed());
        let Some(stored) = stored else { return Ok(None) };
        Ok(Some(Chunk { bytes: stored.bytes, receipt: self.tx.receipt(document, hash)? }))
    }
}
