//! The feeds that are read: streams of this connection, pages that wait to be stored, cursors that outlive both.

use super::Effect;
use super::event::{Cursor, PageStored, StorePage, SyncEvent, SyncIssue};
use crate::code::{self, Code};
use crate::frame::{Page, PageEntry, Pull, StreamId, ToRelay};
use crate::id::SpaceId;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The most unknown echoes of a page that are reported one by one.
const ECHO_REPORTS_MAX: usize = 16;
/// Bytes that a page counts beside its entries.
const PAGE_COST: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Feeds {
    cursors: BTreeMap<SpaceId, Cursor>,
    open: BTreeMap<SpaceId, Feed>,
    last_stream: u32,
    queue: VecDeque<Waiting>,
    queue_bytes: usize,
    storing: Option<Storing>,
    /// Spaces whose cursor the relay's store doesn't know: they are read from the head, also after another connection.
    lost: BTreeSet<SpaceId>,
}

#[derive(Debug)]
struct Feed {
    stream: StreamId,
    /// The pull named a cursor.
    from_cursor: bool,
    echo: bool,
    /// The last page that was stored reached the head.
    at_head: bool,
    /// The relay closed the stream; nothing more comes in this connection.
    closed: bool,
    mismatch_reported: bool,
}

#[derive(Debug)]
struct Waiting {
    space: SpaceId,
    page: Page,
    bytes: usize,
}

/// The page that the store has.
#[derive(Debug)]
struct Storing {
    space: SpaceId,
    /// `None` once the stream has ended.
    stream: Option<StreamId>,
    entries: u64,
    /// Entries that aren't echoes.
    changes: u64,
    page: PageEnd,
}

#[derive(Clone, Copy, Debug)]
struct PageEnd {
    cursor: Cursor,
    head: crate::id::FeedSeq,
    root: Option<crate::id::Digest>,
}

/// How a feed is read.
#[derive(Clone, Copy, Debug)]
struct Reading {
    /// The device's own changes may come as hashes.
    echo: bool,
    /// Without a cursor, nothing of what there is: only what comes from now on.
    from_head: bool,
}

impl Default for Reading {
    fn default() -> Self {
        Self { echo: true, from_head: false }
    }
}

/// What storing a page came to.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Changes of others that the page had.
    pub changes: u64,
    /// The feed has to be read again.
    pub pull: Option<ToRelay>,
    /// The digests of both ends, at the head of the feed.
    pub roots: Option<Roots>,
}

/// The digests of both ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roots {
    pub space: SpaceId,
    pub at: crate::id::FeedSeq,
    pub relay: crate::id::Digest,
    pub device: crate::id::Digest,
}

impl Feeds {
    pub fn new(cursors: BTreeMap<SpaceId, Cursor>) -> Self {
        Self { cursors, ..Self::default() }
    }

    /// Forgets what belonged to the last connection; what the store is doing goes on.
    pub fn reset(&mut self) {
        self.open.clear();
        self.queue.clear();
        self.queue_bytes = 0;
        self.last_stream = 0;
        if let Some(storing) = &mut self.storing {
            storing.stream = None;
        }
    }

    /// Pulls a space that isn't pulled yet.
    pub fn open(&mut self, space: SpaceId) -> Option<ToRelay> {
        if self.open.get(&space).is_some_and(|feed| !feed.closed) {
            return None;
        }
        let from_head = self.lost.contains(&space);
        Some(self.pull(space, Reading { from_head, ..Reading::default() }))
    }

    fn pull(&mut self, space: SpaceId, reading: Reading) -> ToRelay {
        let Reading { echo, from_head } = reading;
        self.last_stream += 1;
        let stream = StreamId(self.last_stream);
        let cursor = self.cursors.get(&space).copied();
        let mismatch_reported = self.open.get(&space).is_some_and(|feed| feed.mismatch_reported);
        let from_cursor = cursor.is_some();
        self.open.insert(
            space,
            Feed { stream, from_cursor, echo, at_head: false, closed: false, mismatch_reported },
        );
        ToRelay::Pull(Pull { stream, space, cursor, echo, from_head })
    }

    /// Takes a page; pages of streams that were given up are dropped.
    pub fn page(&mut self, page: Page) {
        let stream = page.stream;
        let Some((space, feed)) = self.open.iter_mut().find(|(_, feed)| feed.stream == stream) else {
            return;
        };
        feed.at_head = false;
        let bytes = page.entries.iter().map(PageEntry::wire_bytes).sum::<usize>() + PAGE_COST;
        self.queue_bytes += bytes;
        self.queue.push_back(Waiting { space: *space, page, bytes });
    }

    pub fn queue_bytes(&self) -> usize {
        self.queue_bytes
    }

    /// Gives the store its next page.
    pub fn store(&mut self, effects: &mut Vec<Effect>) {
        while self.storing.is_none() {
            let Some(Waiting { space, page, bytes }) = self.queue.pop_front() else { return };
            self.queue_bytes -= bytes;
            if self.open.get(&space).is_none_or(|feed| feed.stream != page.stream) {
                continue;
            }
            let cursor = Cursor { epoch: page.epoch, seq: page.up_to };
            self.storing = Some(Storing {
                space,
                stream: Some(page.stream),
                entries: page.entries.len() as u64,
                changes: page
                    .entries
                    .iter()
                    .filter(|e| matches!(e, PageEntry::Change { .. } | PageEntry::Unknown { .. }))
                    .count() as u64,
                page: PageEnd { cursor, head: page.head, root: page.root },
            });
            effects.push(Effect::StorePage(StorePage {
                space,
                entries: page.entries,
                cursor,
                root: page.root,
            }));
        }
    }

    /// The store has stored its page.
    pub fn stored(&mut self, stored: PageStored, effects: &mut Vec<Effect>) -> Taken {
        let Some(storing) = self.storing.take_if(|storing| storing.space == stored.space) else {
            return Taken::default();
        };
        let taken = Taken { changes: storing.changes, ..Taken::default() };
        let space = storing.space;
        match stored.cursor {
            Some(cursor) => self.cursors.insert(space, cursor),
            None => self.cursors.remove(&space),
        };
        self.lost.remove(&space);
        let current = self.open.get_mut(&space).filter(|feed| Some(feed.stream) == storing.stream);
        let Some(feed) = current else { return taken };
        effects.push(Effect::Event(SyncEvent::Received {
            space,
            entries: storing.entries,
            at: storing.page.cursor.seq,
            head: storing.page.head,
        }));
        if !stored.unknown_echoes.is_empty() {
            let again = feed.echo;
            report_echoes(&stored, effects);
            // Once: a pull in full brings no echoes, so there is nothing to be unknown the second time.
            let pull = again.then(|| self.pull(space, Reading { echo: false, ..Reading::default() }));
            return Taken { pull, ..taken };
        }
        feed.at_head = storing.page.cursor.seq >= storing.page.head;
        let roots = storing.page.root.zip(stored.root);
        let roots = roots.map(|(relay, device)| Roots { space, at: storing.page.cursor.seq, relay, device });
        Taken { roots, ..taken }
    }

    /// The spaces that are pulled.
    pub fn spaces(&self) -> Vec<SpaceId> {
        self.open.keys().copied().collect()
    }

    /// Pulls a space again, from where the device stands.
    pub fn again(&mut self, space: SpaceId) -> Option<ToRelay> {
        let echo = self.open.get(&space).filter(|feed| !feed.closed)?.echo;
        Some(self.pull(space, Reading { echo, ..Reading::default() }))
    }

    /// Reports a difference that stays, once a connection.
    pub fn report(&mut self, roots: &Roots, effects: &mut Vec<Effect>) {
        let Some(feed) = self.open.get_mut(&roots.space) else { return };
        if !std::mem::replace(&mut feed.mismatch_reported, true) {
            let Roots { space, at, relay, device } = *roots;
            effects.push(Effect::Report(SyncIssue::DigestMismatch { space, at, relay, device }));
        }
    }

    pub fn store_failed(&mut self) {
        self.storing = None;
    }

    /// The relay has closed a stream. Answers a pull if the feed has to be read from its beginning.
    pub fn closed(
        &mut self,
        stream: StreamId,
        code: Code,
        message: String,
        effects: &mut Vec<Effect>,
    ) -> Option<ToRelay> {
        let (space, feed) = self.open.iter_mut().find(|(_, feed)| feed.stream == stream)?;
        let space = *space;
        if code == code::CURSOR_INVALID && feed.from_cursor {
            effects.push(Effect::Report(SyncIssue::CursorInvalid { space }));
            self.cursors.remove(&space);
            self.lost.insert(space);
            // What came since shows in the digests; reading the whole feed again would cost as much as there is.
            return Some(self.pull(space, Reading { from_head: true, ..Reading::default() }));
        }
        if code == code::UNKNOWN_SPACE {
            self.open.remove(&space);
            effects.push(Effect::Report(SyncIssue::SpaceGone { space }));
        } else {
            feed.closed = true;
            effects.push(Effect::Report(SyncIssue::StreamClosed { space, code, message }));
        }
        None
    }

    /// Whether the pages that can come have come and are stored.
    pub fn is_settled(&self) -> bool {
        self.queue.is_empty()
            && self.storing.is_none()
            && self.open.values().all(|feed| feed.at_head || feed.closed)
    }

    /// Whether every feed is at its head.
    pub fn is_at_head(&self) -> bool {
        self.open.values().all(|feed| feed.at_head)
    }

    /// Whether the feeds bring this device's changes back as echoes.
    pub fn brings_echoes(&self) -> bool {
        self.open.values().all(|feed| feed.echo && !feed.closed)
    }
}

fn report_echoes(stored: &PageStored, effects: &mut Vec<Effect>) {
    for (document, hash) in stored.unknown_echoes.iter().take(ECHO_REPORTS_MAX) {
        let issue = SyncIssue::UnknownEcho { space: stored.space, document: *document, hash: *hash };
        effects.push(Effect::Report(issue));
    }
}
