//! A device's store in memory.

use super::{MemoryHoldings, hash_of};
use crate::client::{
    Cursor, Effect, HealDone, HealTask, HealWork, Input, Known, OutboxItem, OutboxSeq, PageStored, Settle,
    StorePage, StoreTask,
};
use crate::code::Code;
use crate::frame::{PageEntry, SpaceInfo};
use crate::heal::{self, Answer, Holdings, Question, RefillItem, Step};
use crate::id::{ChangeHash, DocumentId, SpaceId, UserId, WorkspaceId};
use std::collections::{BTreeMap, BTreeSet};

type Change = (DocumentId, ChangeHash);

#[derive(Default)]
pub(crate) struct MemoryDevice {
    /// Everything that is held, own and received.
    pub changes: BTreeMap<SpaceId, BTreeMap<Change, Vec<u8>>>,
    /// What the feed has brought, echoes included.
    pub feed: BTreeMap<SpaceId, BTreeSet<Change>>,
    pub outbox: BTreeMap<OutboxSeq, OutboxItem>,
    pub refused: Vec<(Code, String)>,
    /// Hashes that were acked to this device: the promise to be kept.
    pub acked: BTreeSet<ChangeHash>,
    pub cursors: BTreeMap<SpaceId, Cursor>,
    pub directory: Option<(UserId, WorkspaceId, Vec<SpaceInfo>)>,
    pub pages: usize,
    pub unknown_entries: Vec<PageEntry>,
    /// The next page can't be stored.
    pub fails: bool,
    last_seq: u64,
}

impl MemoryDevice {
    pub fn known(&self) -> Known {
        Known { directory: self.directory.clone(), cursors: self.cursors.clone() }
    }

    /// Makes a change locally.
    pub fn edit(&mut self, space: SpaceId, document: DocumentId, bytes: &[u8]) {
        self.last_seq += 1;
        let (seq, hash) = (OutboxSeq(self.last_seq), hash_of(bytes));
        self.changes.entry(space).or_default().insert((document, hash), bytes.to_vec());
        self.outbox.insert(seq, OutboxItem { seq, space, document, hash, bytes: bytes.to_vec() });
    }

    pub fn held(&self, space: SpaceId) -> BTreeSet<Vec<u8>> {
        self.changes.get(&space).into_iter().flatten().map(|(_, bytes)| bytes.clone()).collect()
    }

    pub fn carry_out(&mut self, effect: Effect) -> Option<Input> {
        match effect {
            Effect::StorePage(_) if std::mem::take(&mut self.fails) => {
                Some(Input::StoreFailed { task: StoreTask::Page, message: "the disk is full".into() })
            }
            Effect::StorePage(page) => Some(Input::PageStored(self.store(page))),
            Effect::Heal(work) => Some(Input::Healed(self.heal(work))),
            Effect::LoadOutbox { after, bytes_max } => Some(self.load(after, bytes_max)),
            Effect::Settle(settle) => {
                self.settle(settle);
                Some(Input::Settled)
            }
            Effect::Welcomed(welcomed) => {
                self.directory = Some((welcomed.user, welcomed.workspace, welcomed.spaces));
                None
            }
            _ => None,
        }
    }

    /// What counts in the digests of a space.
    pub fn holdings(&self, space: &SpaceId) -> MemoryHoldings {
        let changes = self.changes.get(space);
        let feed = self.feed.get(space).into_iter().flatten();
        MemoryHoldings::of(
            feed.filter_map(|change| Some((change.0, change.1, changes?.get(change)?.clone()))),
        )
    }

    fn heal(&mut self, work: HealWork) -> HealDone {
        let space = work.space;
        let held = self.holdings(&space);
        let (question, answer) = match work.task {
            HealTask::Load { mut changes, bytes_max } => {
                let (mut items, mut bytes) = (Vec::new(), 0);
                while let Some((document, hash)) = changes.first().copied() {
                    let Ok(Some(chunk)) = held.chunk(&document, &hash) else { break };
                    bytes += chunk.bytes.len();
                    if bytes > bytes_max && !items.is_empty() {
                        break;
                    }
                    changes.remove(0);
                    items.push(RefillItem { document, bytes: chunk.bytes, receipt: None });
                }
                let steps = if changes.is_empty() { Vec::new() } else { vec![Step::Refill(changes)] };
                return HealDone { steps, items, fetched: 0 };
            }
            HealTask::Compare { question, answer } => (question, answer),
        };
        let (changes, feed) = (self.changes.entry(space).or_default(), self.feed.entry(space).or_default());
        let mut fetched = 0;
        if let (Question::Fetch(asked), Answer::Fetched(chunks)) = (&question, &answer) {
            for ((document, hash), chunk) in asked.iter().zip(chunks) {
                let Some(chunk) = chunk.as_ref().filter(|chunk| hash_of(&chunk.bytes) == *hash) else {
                    continue;
                };
                changes.insert((*document, *hash), chunk.bytes.clone());
                feed.insert((*document, *hash));
                fetched += 1;
            }
        }
        let has = |document: &DocumentId, hash: &ChangeHash| Ok(changes.contains_key(&(*document, *hash)));
        let Ok(found) = heal::compare(&question, &answer, &held, has);
        for change in found.to_count {
            feed.insert(change);
            self.outbox.retain(|_, item| (item.document, item.hash) != change);
        }
        HealDone { steps: found.steps, items: Vec::new(), fetched }
    }

    fn load(&self, after: OutboxSeq, bytes_max: usize) -> Input {
        let (mut items, mut bytes) = (Vec::new(), 0);
        for (seq, item) in &self.outbox {
            bytes += if *seq > after { item.bytes.len() } else { continue };
            if bytes > bytes_max && !items.is_empty() {
                break;
            }
            items.push(item.clone());
        }
        Input::OutboxLoaded { items }
    }

    fn settle(&mut self, settle: Settle) {
        for seq in settle.acked {
            if let Some(item) = self.outbox.remove(&seq) {
                self.acked.insert(item.hash);
            }
        }
        for (seq, code, message) in settle.refused {
            if let Some(item) = self.outbox.remove(&seq) {
                self.changes.entry(item.space).or_default().remove(&(item.document, item.hash));
                self.refused.push((code, message));
            }
        }
    }

    fn store(&mut self, page: StorePage) -> PageStored {
        self.pages += 1;
        let space = page.space;
        let (changes, feed) = (self.changes.entry(space).or_default(), self.feed.entry(space).or_default());
        let mut unknown_echoes = Vec::new();
        for entry in page.entries {
            match entry {
                PageEntry::Change { document, bytes, .. } => {
                    let change = (document, hash_of(&bytes));
                    feed.insert(change);
                    changes.insert(change, bytes);
                }
                PageEntry::Echo { document, hash, .. } => {
                    if !changes.contains_key(&(document, hash)) {
                        unknown_echoes.push((document, hash));
                        continue;
                    }
                    feed.insert((document, hash));
                    self.outbox.retain(|_, item| (item.document, item.hash) != (document, hash));
                }
                other => {
                    self.unknown_entries.push(other);
                }
            }
        }
        if unknown_echoes.is_empty() {
            self.cursors.insert(space, page.cursor);
        }
        PageStored {
            space,
            cursor: self.cursors.get(&space).copied(),
            root: page.root.map(|_| self.holdings(&space).root()),
            unknown_echoes,
        }
    }
}
