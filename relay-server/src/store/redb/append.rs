//! Appending: pushes of many devices, judged one change at a time, in one commit.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::Ordering;

use forsat_sync::accept::{self, AuthorRule, DocumentTotals, DocumentView, HeaderRow, Rules, Verdict, judge};
use forsat_sync::chunk::ChangeHeader;
use forsat_sync::digest::{Trie, document_digest};
use forsat_sync::frame::Role;
use forsat_sync::genesis::{self, CommonWriters, GENESIS_ACTOR};
use forsat_sync::id::{ActorId, ChangeHash, DeviceId, Digest, DocumentId, FeedSeq, SpaceId, UserId};
use forsat_sync::identity::Receipt;
use redb::WriteTransaction;

use super::access::{Access, AccessTables};
use super::rows::{
    ActorRow, ChangeRow, DocumentRow, FEED_KIND_BROUGHT_BACK, FEED_KIND_CHANGE, FeedRow, MovedOutRow,
    TotalsRow,
};
use super::tables::{
    ACTORS, BUCKETS, CHANGES, DEVICES_SEEN, DOCUMENTS, DOCUMENTS_BY_BUCKET, ERASED, FEED, FEED_HEADS, META,
    MOVED_OUT, Writable, actor_key, bucket_document_key, bucket_key, change_key, feed_key, get,
    moved_out_key, put,
};
use super::{Commit, OpenOptions, RedbStore, erase, feed, lock_tries, read, remember};
use crate::store::{AppendBatch, ItemOutcome, Later, Push, PushItem, PushOutcome, Refusal, StoreError};

/// The most heads of one document: as many changes nobody has built on. Bounds what a commit rewrites.
const DOCUMENT_HEADS_MAX: usize = 1024;
/// Room that one change takes beyond its bytes: the pages of its rows, in bytes.
const ROOM_PER_CHANGE: u64 = 8 * 1024;
/// Room that a commit takes beyond its changes, in bytes.
const ROOM_PER_COMMIT: u64 = 1024 * 1024;

/// The quota of changes that a workspace takes in a day.
pub(super) const QUOTA_CHANGES_A_DAY: &str = "quota_changes_a_day";

/// Judges a batch and commits what was accepted.
pub(super) fn append(store: &RedbStore, batch: &AppendBatch) -> Result<Vec<PushOutcome>, StoreError> {
    store.reserve(room(batch))?;
    let (outcomes, tries) = store.write(batch.now_ms, |tx| {
        let mut appender = Appender::new(store, tx, batch.now_ms)?;
        let outcomes = batch.pushes.iter().map(|push| appender.push(push)).collect::<Result<Vec<_>, _>>()?;
        appender.finish(batch, outcomes)
    })?;
    // The digests in memory follow only now: what was not committed must not show in a page.
    if !tries.is_empty() {
        store.appends_committed.fetch_add(1, Ordering::AcqRel);
    }
    for (space, (head, trie)) in tries {
        remember(&mut lock_tries(&store.tries), space, head, trie);
    }
    Ok(outcomes)
}

/// About how much a batch adds to the file.
fn room(batch: &AppendBatch) -> u64 {
    let items = batch.pushes.iter().flat_map(|push| &push.items);
    let bytes: u64 = items
        .filter_map(|item| item.chunk.as_ref().ok())
        .map(|(_, bytes)| 2 * bytes.len() as u64 + ROOM_PER_CHANGE)
        .sum();
    bytes + ROOM_PER_COMMIT
}

type Tries = BTreeMap<SpaceId, (FeedSeq, Trie)>;

/// A document as the batch sees it.
struct Document {
    /// `None` while nobody has written to it.
    row: Option<DocumentRow>,
    /// Its digest before the batch.
    before: Digest,
    changed: bool,
    /// Nothing of it is taken, for good.
    erased: bool,
}

/// One transaction of appends. Documents, heads and totals are written once, at its end.
struct Appender<'tx> {
    options: &'tx OpenOptions,
    now_ms: u64,
    access: AccessTables<Writable<'tx>>,
    feed: Writable<'tx>,
    headers: Headers<'tx>,
    document_rows: Writable<'tx>,
    feed_heads: Writable<'tx>,
    buckets: Writable<'tx>,
    by_bucket: Writable<'tx>,
    moved_out: Writable<'tx>,
    erased: Writable<'tx>,
    meta: Writable<'tx>,
    seen: Writable<'tx>,
    documents: BTreeMap<DocumentId, Document>,
    heads: BTreeMap<SpaceId, FeedSeq>,
    totals: TotalsRow,
    accepted: u64,
    store: &'tx RedbStore,
}

/// The tables that the checks of a document read.
struct Headers<'tx> {
    changes: Writable<'tx>,
    actors: Writable<'tx>,
}

/// One document in the eyes of the checks.
struct View<'a, 'tx> {
    headers: &'a Headers<'tx>,
    document: DocumentId,
    totals: DocumentTotals,
}

impl DocumentView for View<'_, '_> {
    type Error = StoreError;

    fn change(&self, hash: &ChangeHash) -> Result<Option<HeaderRow>, StoreError> {
        let row: Option<ChangeRow> = get(&self.headers.changes, CHANGES, &change_key(&self.document, hash))?;
        Ok(row.map(|row| HeaderRow { actor: row.actor, seq: row.seq, max_op: row.max_op, deps: row.deps }))
    }

    fn actor(&self, actor: &ActorId) -> Result<Option<accept::ActorRow>, StoreError> {
        let row: Option<ActorRow> = get(&self.headers.actors, ACTORS, &actor_key(&self.document, actor))?;
        Ok(row.map(|row| accept::ActorRow { last_seq: row.last_seq, last_hash: row.last_hash }))
    }

    fn totals(&self) -> Result<DocumentTotals, StoreError> {
        Ok(self.totals)
    }
}

/// Who delivers a change, and where to.
#[derive(Clone, Copy)]
struct Delivery {
    device: DeviceId,
    user: UserId,
    space: SpaceId,
    /// What the user may do there.
    role: Role,
    /// Whether that is `common`.
    common: bool,
    /// Whether the changes are brought back.
    refill: bool,
}

impl<'tx> Appender<'tx> {
    fn new(store: &'tx RedbStore, tx: &'tx WriteTransaction, now_ms: u64) -> Result<Self, StoreError> {
        let meta = tx.open_table(META.table())?;
        let totals = read::totals_today(&meta, now_ms)?;
        Ok(Self {
            options: &store.options,
            now_ms,
            access: AccessTables::write(tx)?,
            feed: tx.open_table(FEED.table())?,
            headers: Headers {
                changes: tx.open_table(CHANGES.table())?,
                actors: tx.open_table(ACTORS.table())?,
            },
            document_rows: tx.open_table(DOCUMENTS.table())?,
            feed_heads: tx.open_table(FEED_HEADS.table())?,
            buckets: tx.open_table(BUCKETS.table())?,
            by_bucket: tx.open_table(DOCUMENTS_BY_BUCKET.table())?,
            moved_out: tx.open_table(MOVED_OUT.table())?,
            erased: tx.open_table(ERASED.table())?,
            meta,
            seen: tx.open_table(DEVICES_SEEN.table())?,
            documents: BTreeMap::new(),
            heads: BTreeMap::new(),
            totals,
            accepted: 0,
            store,
        })
    }

    fn push(&mut self, push: &Push) -> Result<PushOutcome, StoreError> {
        let (user, role, common) = match self.access.of(&push.device, &push.space)? {
            Access::Hidden => return Ok(PushOutcome::Hidden),
            Access::Member { role, common, .. } if !self.writes(role, common) && !push.refill => {
                return Ok(PushOutcome::Forbidden);
            }
            Access::Member { user, role, common } => (user, role, common),
        };
        let (device, space, refill) = (push.device, push.space, push.refill);
        let delivery = Delivery { device, user, space, role, common, refill };
        let outcomes = push.items.iter().map(|item| self.item(delivery, item)).collect::<Result<_, _>>()?;
        Ok(PushOutcome::Judged(outcomes))
    }

    fn writes(&self, role: Role, common: bool) -> bool {
        role.may_write() && (!common || role != Role::Rep || self.options.reps_write_common)
    }

    /// Judges one change and, when it is accepted, writes it.
    fn item(&mut self, delivery: Delivery, item: &PushItem) -> Result<ItemOutcome, StoreError> {
        let (header, bytes) = match &item.chunk {
            Ok(chunk) => chunk,
            Err(error) => return Ok(ItemOutcome::Refused(Refusal::Chunk(error.clone()))),
        };
        self.load(&item.document)?;
        if self.documents[&item.document].erased {
            return Ok(ItemOutcome::Refused(Refusal::Erased));
        }
        let row = self.documents[&item.document].row.as_ref();
        // Before anything else: whether the change is known there is nobody's business here.
        if let Some(outcome) = self.elsewhere(&delivery, &item.document, row.map(|row| row.space))? {
            return Ok(outcome);
        }
        let totals = row.map_or_else(DocumentTotals::default, |row| DocumentTotals {
            changes: row.changes,
            bytes: row.bytes,
            ops: row.ops,
            max_op: row.max_op,
        });
        let is_new = row.is_none();
        let proven = delivery.refill
            && item.receipt.is_some_and(|receipt| self.is_ours(&receipt, delivery, item, header));
        if !proven && !self.writes(delivery.role, delivery.common) {
            return Ok(ItemOutcome::Refused(Refusal::Unverified));
        }
        let anybodys = proven || (delivery.refill && self.options.accept_unverified);
        let rules = Rules {
            author: if anybodys { AuthorRule::Present } else { AuthorRule::Exactly(delivery.user) },
            limits: &self.options.limits.document,
            genesis: self.options.genesis,
        };
        let view = View { headers: &self.headers, document: item.document, totals };
        match judge(header, &view, &rules)? {
            Verdict::Accept => {}
            Verdict::Duplicate => return Ok(ItemOutcome::Duplicate),
            Verdict::Later(reason) => return Ok(ItemOutcome::Later(Later::Judged(reason))),
            Verdict::Refuse(reason) => return Ok(ItemOutcome::Refused(Refusal::Judged(reason))),
        }
        if delivery.common
            && !proven
            && !self.writers(&item.document, is_new, header)?.include(
                delivery.role,
                &delivery.user,
                &item.document,
            )
        {
            return Ok(ItemOutcome::Refused(Refusal::Forbidden));
        }
        if let Some(quota) = self.quota(is_new, bytes.len()) {
            return Ok(ItemOutcome::Later(Later::Quota(quota)));
        }
        let origin = item.receipt.filter(|_| proven).map_or(delivery.device, |receipt| receipt.device);
        self.accept(delivery, origin, item.document, header, bytes)
    }

    /// What becomes of a change of a document that doesn't live in the space: it lives in another one, or has left this one
    /// and nothing says where it went.
    fn elsewhere(
        &self,
        delivery: &Delivery,
        document: &DocumentId,
        home: Option<SpaceId>,
    ) -> Result<Option<ItemOutcome>, StoreError> {
        if home == Some(delivery.space) {
            return Ok(None);
        }
        let left: Option<MovedOutRow> =
            get(&self.moved_out, MOVED_OUT, &moved_out_key(&delivery.space, document))?;
        if left.is_some() {
            return Ok(Some(ItemOutcome::Later(Later::MovedOut)));
        }
        let Some(home) = home else { return Ok(None) };
        let told = self.access.sees(&delivery.user, &home)?.then_some(home);
        Ok(Some(ItemOutcome::Refused(Refusal::HomeIs(told))))
    }

    /// Whether a receipt is this relay's, for this change in this space.
    fn is_ours(&self, receipt: &Receipt, delivery: Delivery, item: &PushItem, header: &ChangeHeader) -> bool {
        self.options.receipt_key.is_valid(receipt, &delivery.space, &item.document, &header.hash)
    }

    /// Who writes a document in `common`, by what it began with: the change itself when nothing came before it.
    ///
    /// A document that began with anything else is left to managers, and stays so when a known beginning is put on it.
    fn writers(
        &self,
        document: &DocumentId,
        is_new: bool,
        header: &ChangeHeader,
    ) -> Result<CommonWriters, StoreError> {
        let genesis = ActorId::from(GENESIS_ACTOR);
        let row: Option<ActorRow> = get(&self.headers.actors, ACTORS, &actor_key(document, &genesis))?;
        let began = row.map(|row| row.last_hash).or_else(|| is_new.then_some(header.hash));
        let known = began.and_then(|hash| genesis::known(&hash));
        Ok(known.map_or(CommonWriters::Managers, |known| known.writers))
    }

    /// Brings a document's row into the batch.
    fn load(&mut self, document: &DocumentId) -> Result<(), StoreError> {
        if !self.documents.contains_key(document) {
            let row: Option<DocumentRow> = get(&self.document_rows, DOCUMENTS, document.as_bytes())?;
            let erased = row.is_none() && erase::is_erased(&self.erased, document)?;
            let before = row.as_ref().map_or(Digest::EMPTY, |row| document_digest(document, &row.heads));
            self.documents.insert(*document, Document { row, before, changed: false, erased });
        }
        Ok(())
    }

    /// The quota that one more change would exceed.
    fn quota(&self, new_document: bool, bytes: usize) -> Option<&'static str> {
        let limits = &self.options.limits.workspace;
        if new_document && self.totals.documents >= limits.documents_max {
            Some("quota_documents")
        } else if self.totals.bytes.saturating_add(bytes as u64) > limits.bytes_max {
            Some("quota_bytes")
        } else if self.totals.changes_of_day >= limits.changes_a_day_max {
            Some(QUOTA_CHANGES_A_DAY)
        } else {
            None
        }
    }

    /// Writes an accepted change: its entry, its header, its actor; the document's row follows at the end.
    fn accept(
        &mut self,
        delivery: Delivery,
        origin: DeviceId,
        document: DocumentId,
        header: &ChangeHeader,
        bytes: &[u8],
    ) -> Result<ItemOutcome, StoreError> {
        let state = self.documents.get_mut(&document).expect("the document was loaded before it was judged");
        let new = state.row.is_none();
        let row = state.row.get_or_insert_with(|| DocumentRow::new(delivery.space));
        let heads = row.heads.iter().filter(|head| !header.deps.contains(head)).count();
        if heads >= DOCUMENT_HEADS_MAX {
            return Ok(ItemOutcome::Refused(Refusal::TooManyHeads));
        }
        row.grow(header);
        state.changed = true;
        self.totals.documents += u64::from(new);
        self.totals.changes += 1;
        self.totals.changes_of_day += 1;
        self.totals.bytes += bytes.len() as u64;
        self.accepted += 1;
        let seq = self.next_position(&delivery.space)?;
        self.write_rows(delivery, origin, document, header, bytes, seq)?;
        Ok(ItemOutcome::Accepted(seq))
    }

    fn next_position(&mut self, space: &SpaceId) -> Result<FeedSeq, StoreError> {
        let head = match self.heads.get(space) {
            Some(head) => *head,
            None => read::head(&self.feed_heads, space)?,
        };
        let seq = feed::after(head);
        self.heads.insert(*space, seq);
        Ok(seq)
    }

    fn write_rows(
        &mut self,
        delivery: Delivery,
        origin: DeviceId,
        document: DocumentId,
        header: &ChangeHeader,
        bytes: &[u8],
        seq: FeedSeq,
    ) -> Result<(), StoreError> {
        let entry = FeedRow {
            kind: if origin == delivery.device { FEED_KIND_CHANGE } else { FEED_KIND_BROUGHT_BACK },
            document,
            hash: header.hash,
            device: delivery.device,
            origin,
            received_at_ms: self.now_ms,
            bytes: bytes.to_vec(),
        };
        put(&mut self.feed, &feed_key(&delivery.space, seq), &entry)?;
        let change = ChangeRow::of(seq, header);
        put(&mut self.headers.changes, &change_key(&document, &header.hash), &change)?;
        let key = actor_key(&document, &header.actor);
        let first: Option<ActorRow> = get(&self.headers.actors, ACTORS, &key)?;
        let device = first.map_or(origin, |row| row.device);
        let actor = ActorRow { last_seq: header.seq, last_hash: header.hash, device };
        put(&mut self.headers.actors, &key, &actor)
    }

    /// Writes what is written once a batch, and says whether there is anything to commit.
    fn finish(
        mut self,
        batch: &AppendBatch,
        outcomes: Vec<PushOutcome>,
    ) -> Result<((Vec<PushOutcome>, Tries), Commit), StoreError> {
        for (device, seen_at_ms) in &batch.seen {
            put(&mut self.seen, device.as_bytes(), seen_at_ms)?;
        }
        if self.accepted == 0 && batch.seen.is_empty() {
            return Ok(((outcomes, Tries::new()), Commit::NothingWritten));
        }
        let tries = self.write_documents()?;
        for (space, head) in &self.heads {
            put(&mut self.feed_heads, space.as_bytes(), &head.get())?;
        }
        put(&mut self.meta, b"totals", &self.totals)?;
        Ok(((outcomes, tries), Commit::Yes))
    }

    /// Writes the documents that changed and the digests that follow from them.
    fn write_documents(&mut self) -> Result<Tries, StoreError> {
        let mut tries: BTreeMap<SpaceId, Trie> = BTreeMap::new();
        let mut touched = BTreeMap::new();
        for (id, document) in &self.documents {
            let Some(row) = document.row.as_ref().filter(|_| document.changed) else { continue };
            put(&mut self.document_rows, id.as_bytes(), row)?;
            if document.before == Digest::EMPTY {
                put(&mut self.by_bucket, &bucket_document_key(&row.space, id), &())?;
            }
            let trie = match tries.entry(row.space) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    let known = lock_tries(&self.store.tries).get(&row.space).cloned();
                    let head = read::head(&self.feed_heads, &row.space)?;
                    entry.insert(match known.filter(|(at, _)| *at == head) {
                        Some((_, trie)) => trie,
                        None => read::trie(&self.buckets, &row.space)?,
                    })
                }
            };
            let (bucket, digest) = trie.update(id, document.before, document_digest(id, &row.heads));
            touched.insert((row.space, bucket.get()), digest);
        }
        for ((space, bucket), digest) in touched {
            put(&mut self.buckets, &bucket_key(&space, bucket), &digest)?;
        }
        let heads = &self.heads;
        Ok(tries.into_iter().map(|(space, trie)| (space, (heads[&space], trie))).collect())
    }
}
