//! Storing a page of a feed: each document once, the cursor with the last of them.

use super::merge::{Arrived, Incoming, Merge, Merged, TakeError};
use super::moves::{self, Followed, Moved, Word};
use super::session::SyncSession;
use super::{control, issues, settle};
use crate::erased;
use crate::error::{ClientError, Damage};
use forsat_store::{BatchError, BatchLimit, RootVerdict, StoreError, WriteTx};
use forsat_sync::chunk;
use forsat_sync::client::{Cursor, PageStored, StorePage};
use forsat_sync::control::SignedEntry;
use forsat_sync::frame::PageEntry;
use forsat_sync::heal::Chunk;
use forsat_sync::id::{ChangeHash, Digest, DocumentId, SpaceId};
use forsat_sync::limits::ChunkLimits;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A space that is still level isn't written down again more often than this.
const SYNCED_AGAIN_MS: i64 = 60_000;
/// How often one page may find that another store writes as this one; each time begins a new incarnation.
const FORKS_MAX: usize = 4;
/// How many documents of one page may fail before the rest of it is left for another time; each undoes a transaction.
const FAILED_MAX: usize = 16;

/// Where the feed goes on after what was taken in.
#[derive(Clone, Copy)]
pub(super) enum End {
    /// At a cursor, with the relay's digest where that is the head.
    Page(Cursor, Option<Digest>),
    /// Where it stood: what came was none of its pages.
    Nowhere,
}

/// A page, sorted by documents.
#[derive(Default)]
pub(super) struct SortedPage {
    documents: BTreeMap<DocumentId, Incoming>,
    /// Entries of the control log.
    control: Vec<SignedEntry>,
    /// Entries that erase documents of this space.
    erased: Vec<SignedEntry>,
    /// Entries that this version can't read: kept as they came.
    kept: Vec<Kept>,
}

/// An entry that isn't a change that could be read.
struct Kept {
    /// Of a damaged change; none for kinds of a later version.
    document: Option<DocumentId>,
    bytes: Vec<u8>,
    what: String,
}

impl SortedPage {
    /// Parses and verifies every change; nothing of a peer reaches a library before.
    fn of(entries: Vec<PageEntry>) -> SortedPage {
        let limits = ChunkLimits::default();
        let mut page = SortedPage::default();
        for entry in entries {
            match entry {
                PageEntry::Change { document, bytes, receipt } => match chunk::parse(&bytes, &limits) {
                    Ok((header, bytes)) => page.arrived(document, Arrived::Change { header, bytes, receipt }),
                    Err(error) => {
                        page.kept.push(Kept { document: Some(document), bytes, what: error.to_string() });
                    }
                },
                PageEntry::Echo { document, hash, receipt } => {
                    page.arrived(document, Arrived::Echo { hash, receipt });
                }
                PageEntry::Control(entry) => page.control.push(entry),
                PageEntry::MovedOut { document, home, to } => page.told(document, Word::Out { home, to }),
                PageEntry::MovedIn { document, home } => page.told(document, Word::In { home }),
                PageEntry::Erased(entry) => page.erased.push(entry),
                PageEntry::Unknown { kind, bytes } => {
                    page.kept.push(Kept { document: None, bytes, what: format!("kind {kind}") });
                }
            }
        }
        page
    }

    /// Changes that are here and that the relay has.
    pub(super) fn of_echoes(echoes: Vec<(DocumentId, ChangeHash)>) -> SortedPage {
        let mut page = SortedPage::default();
        for (document, hash) in echoes {
            page.arrived(document, Arrived::Echo { hash, receipt: None });
        }
        page
    }

    /// Adds a change that was asked for by its hash; answers whether it is that one.
    pub(super) fn fetched(&mut self, document: DocumentId, hash: ChangeHash, chunk: Chunk) -> bool {
        let Chunk { bytes, receipt } = chunk;
        match chunk::parse(&bytes, &ChunkLimits::default()) {
            Ok((header, bytes)) if header.hash == hash => {
                self.arrived(document, Arrived::Change { header, bytes, receipt });
                true
            }
            Ok(_) => {
                let what = "another change than the one that was asked for".to_owned();
                self.kept.push(Kept { document: Some(document), bytes, what });
                false
            }
            Err(error) => {
                self.kept.push(Kept { document: Some(document), bytes, what: error.to_string() });
                false
            }
        }
    }

    /// What came before the word is of the home before.
    fn told(&mut self, document: DocumentId, word: Word) {
        self.documents.insert(document, Incoming { home: Some(word), entries: Vec::new() });
    }

    fn arrived(&mut self, document: DocumentId, arrived: Arrived) {
        self.documents.entry(document).or_default().entries.push(arrived);
    }
}

/// One step of storing a page.
#[derive(Clone, Copy)]
enum Step<'p> {
    Document(DocumentId, &'p Incoming),
    Finish,
}

/// What taking something in came to.
pub(super) struct Taken {
    /// The store's own digest, where there is one to compare it with.
    root: Option<Digest>,
    /// Echoes of changes that aren't here.
    unknown_echoes: Vec<(DocumentId, ChangeHash)>,
}

/// What one step came to. It counts once its transaction stands: one that is rolled back is done again, or never.
#[derive(Default)]
struct Done {
    followed: Option<(DocumentId, Followed)>,
    merged: Option<Merged>,
    unknown_echoes: Vec<(DocumentId, ChangeHash)>,
    /// Documents that were here and are erased.
    erased: u64,
    root: Option<Digest>,
}

/// What a page came to so far.
#[derive(Default)]
struct Progress {
    merged: Vec<Merged>,
    unknown_echoes: Vec<(DocumentId, ChangeHash)>,
    root: Option<Digest>,
    moved: Moved,
    erased: u64,
    /// Documents that couldn't be taken in.
    failed: usize,
}

impl Progress {
    /// Counts steps whose transactions stand.
    fn count(&mut self, steps: Vec<Done>) {
        for done in steps {
            if let Some((document, followed)) = done.followed {
                self.moved.add(&document, followed);
            }
            self.merged.extend(done.merged);
            self.unknown_echoes.extend(done.unknown_echoes);
            self.erased += done.erased;
            self.root = self.root.or(done.root);
        }
    }
}

/// What is taken in, and from where.
#[derive(Clone, Copy)]
struct Intake<'p> {
    space: &'p SpaceId,
    page: &'p SortedPage,
    end: End,
    now_ms: i64,
}

impl SyncSession {
    /// Stores a page. Long ones take several transactions, the cursor moves with the last.
    pub(super) fn store_page(&mut self, page: StorePage) -> Result<PageStored, ClientError> {
        let (space, cursor, root) = (page.space, page.cursor, page.root);
        if page.entries.is_empty()
            && let Some(stored) = self.is_level_already(&space, cursor, root)?
        {
            return Ok(stored);
        }
        if !self.doubted.is_empty() {
            self.engine.write(|tx| moves::doubt(tx, &self.doubted))?;
            self.doubted.clear();
        }
        // Before what the page says of moves: a record that leaves takes along what the relay may not have any more.
        let held = self.engine.read()?.cursor(&space)?;
        if held.is_some_and(|held| held.epoch != cursor.epoch) {
            self.engine
                .write(|tx| Ok::<_, ClientError>(tx.set_client_value(&settle::reopened(&space), &[])?))?;
        }
        let Taken { root, unknown_echoes } =
            self.take_in(space, SortedPage::of(page.entries), End::Page(cursor, root))?;
        let stored = self.engine.read()?.cursor(&space)?;
        let cursor = stored.map(|cursor| Cursor { epoch: cursor.epoch, seq: cursor.seq });
        Ok(PageStored { space, cursor, root, unknown_echoes })
    }

    /// Takes in what came for a space. A document that can't be taken in keeps none of the others out: its error is
    /// answered after them, and the cursor stays before the page.
    pub(super) fn take_in(
        &mut self,
        space: SpaceId,
        page: SortedPage,
        end: End,
    ) -> Result<Taken, ClientError> {
        let mut progress = Progress::default();
        let now_ms = self.engine.ambient().now_ms();
        let intake = Intake { space: &space, page: &page, end, now_ms };
        let outcome = self.take_steps(intake, &mut progress);
        self.note_moved(progress.moved);
        self.erased += progress.erased;
        for merged in progress.merged {
            self.unreadable += merged.unreadable;
            self.touched.extend(merged.touch);
        }
        outcome?;
        Ok(Taken { root: progress.root, unknown_echoes: progress.unknown_echoes })
    }

    /// Takes the steps of a page, around documents that fail; answers the first error once all others are done.
    fn take_steps(&self, intake: Intake<'_>, progress: &mut Progress) -> Result<(), ClientError> {
        let documents = intake.page.documents.iter();
        let documents = documents.map(|(document, incoming)| Step::Document(*document, incoming));
        let mut rest: Vec<Step<'_>> = documents.chain([Step::Finish]).collect();
        let (mut forks, mut first) = (0, None);
        while !rest.is_empty() {
            let mut done = Vec::new();
            let stored = self.store_steps(intake, &rest, progress, &mut done);
            let broken = done.len();
            let committed = stored.as_ref().map_or_else(|error| error.committed, |count| *count);
            done.truncate(committed);
            progress.count(done);
            let error = match stored.map_err(|error| error.source) {
                Ok(_) => break,
                Err(TakeError::Forked) if forks < FORKS_MAX => {
                    forks += 1;
                    self.renew_incarnation()?;
                    rest.drain(..committed);
                    continue;
                }
                Err(TakeError::Forked) => ClientError::Damaged(Damage::Forked),
                Err(TakeError::Client(error)) => error,
            };
            // What the store itself fails at isn't about one document.
            let is_of_store = matches!(error, ClientError::Store(_));
            first.get_or_insert(error);
            progress.failed += 1;
            if is_of_store || progress.failed > FAILED_MAX || broken >= rest.len() {
                break;
            }
            rest.remove(broken);
            rest.drain(..committed);
        }
        first.map_or(Ok(()), Err)
    }

    /// Takes steps in transactions; `done` gets one entry for each that went well, those that were rolled back too.
    fn store_steps(
        &self,
        intake: Intake<'_>,
        steps: &[Step<'_>],
        before: &Progress,
        done: &mut Vec<Done>,
    ) -> Result<usize, BatchError<TakeError>> {
        let mut clock = || self.engine.ambient().monotonic_ms();
        let work = |tx: &mut WriteTx<'_>, step: Step<'_>| {
            done.push(match step {
                Step::Document(document, incoming) => self.take_document(tx, intake, document, incoming)?,
                Step::Finish => {
                    let has_all = before.failed == 0
                        && before.unknown_echoes.is_empty()
                        && done.iter().all(|done| done.unknown_echoes.is_empty());
                    finish(tx, intake, has_all)?
                }
            });
            Ok(())
        };
        self.engine.store().write_batches(steps.iter().copied(), BatchLimit::default(), &mut clock, work)
    }

    fn take_document(
        &self,
        tx: &mut WriteTx<'_>,
        intake: Intake<'_>,
        document: DocumentId,
        incoming: &Incoming,
    ) -> Result<Done, TakeError> {
        let Intake { space, end, now_ms, .. } = intake;
        let mut done = Done::default();
        if let Some(word) = incoming.home {
            let followed = moves::follow(tx, space, &document, word, now_ms)?;
            done.followed = Some((document, followed));
            if followed.is_stale || incoming.entries.is_empty() {
                return Ok(done);
            }
        }
        let is_out_of_order = matches!(end, End::Nowhere);
        let mut merge = Merge { engine: &self.engine, tx, space: *space, now_ms, is_out_of_order };
        let merged = merge.take(document, incoming)?;
        done.unknown_echoes = merged.unknown_echoes.iter().map(|hash| (document, *hash)).collect();
        done.merged = Some(merged);
        Ok(done)
    }

    /// The answer to an empty page that says what the store knows already; nothing is written then.
    fn is_level_already(
        &self,
        space: &SpaceId,
        cursor: Cursor,
        root: Option<Digest>,
    ) -> Result<Option<PageStored>, ClientError> {
        let tx = self.engine.read()?;
        let (Some(held), Some(root)) = (tx.cursor(space)?, root) else { return Ok(None) };
        let now_ms = self.engine.ambient().now_ms();
        let is_recent = held.synced_at_ms.is_some_and(|at| (0..SYNCED_AGAIN_MS).contains(&(now_ms - at)));
        let at = Cursor { epoch: held.epoch, seq: held.seq };
        if at != cursor || held.root != RootVerdict::Match || !is_recent || tx.trie(space)?.root() != root {
            return Ok(None);
        }
        Ok(Some(PageStored { space: *space, cursor: Some(at), root: Some(root), unknown_echoes: Vec::new() }))
    }
}

/// Ends a page: what it says beside its documents, and the cursor where `has_all` of them is here.
fn finish(tx: &mut WriteTx<'_>, intake: Intake<'_>, has_all: bool) -> Result<Done, TakeError> {
    let Intake { space, page, end, now_ms } = intake;
    keep_entries(tx, space, &page.kept, now_ms)?;
    let told = control::keep(tx, &page.control, now_ms)?;
    let erased = told + control::erase_told(tx, &page.erased, now_ms)?;
    let mut done = Done { erased, ..Done::default() };
    if let End::Page(cursor, root) = end
        && has_all
    {
        move_cursor(tx, space, cursor)?;
        done.root = root.map(|root| compare(tx, space, root, now_ms)).transpose()?;
    }
    Ok(done)
}

/// Keeps entries that can't be read as they came, once each.
fn keep_entries(tx: &mut WriteTx<'_>, space: &SpaceId, kept: &[Kept], now_ms: i64) -> Result<(), StoreError> {
    for entry in kept {
        let name = Uuid::new_v5(&Uuid::from_bytes(*space.as_bytes()), &entry.bytes);
        if let Some(document) = &entry.document {
            if erased::is_erased(tx, document)? {
                continue;
            }
            tx.set_client_value(&erased::entry_place(document, &name), &entry.bytes)?;
            let key = issues::key(issues::DAMAGED_CHANGE, Some(*space), entry.document);
            let message = format!(
                "the relay sent a change that can't be one ({}); it was kept and left out",
                entry.what
            );
            tx.raise_sync_issue(&key, &message, now_ms)?;
        } else {
            tx.set_client_value(&format!("entry/{name}"), &entry.bytes)?;
            tracing::info!(%space, what = entry.what, "kept a feed entry of a later version");
        }
    }
    Ok(())
}

/// Moves the cursor on; back only in another epoch. A new epoch is noted until the head is reached.
fn move_cursor(tx: &mut WriteTx<'_>, space: &SpaceId, cursor: Cursor) -> Result<(), StoreError> {
    let held = tx.cursor(space)?;
    if held.is_some_and(|held| held.epoch != cursor.epoch) {
        tx.set_client_value(&settle::reopened(space), &[])?;
    }
    match held {
        Some(held) if held.epoch != cursor.epoch && cursor.seq < held.seq => {
            tx.reset_cursor(space, cursor.epoch, cursor.seq)
        }
        _ => tx.advance_cursor(space, cursor.epoch, cursor.seq).map(drop),
    }
}

/// Compares the digests at the head of the feed and writes down what they say; answers the store's own.
fn compare(
    tx: &mut WriteTx<'_>,
    space: &SpaceId,
    theirs: Digest,
    now_ms: i64,
) -> Result<Digest, ClientError> {
    let ours = tx.trie(space)?.root();
    let verdict = if ours == theirs { RootVerdict::Match } else { RootVerdict::Mismatch { ours, theirs } };
    tx.mark_synced(space, now_ms, verdict)?;
    if verdict == RootVerdict::Match {
        issues::clear_matched(tx, space)?;
        moves::agree(tx, space)?;
    }
    Ok(ours)
}
