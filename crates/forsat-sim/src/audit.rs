//! The relay read from outside, as a device that never forgets would read it.

pub mod homes;

use crate::ledger::Change;
use crate::relay::Relay;
use forsat_relay::store::{PageOutcome, RelayStore, SpaceSummary, StoreError};
use forsat_sync::chunk::{self, ChangeHeader};
use forsat_sync::control::{ControlEntry, ControlEvent, SignedEntry};
use forsat_sync::digest::{Bucket, Trie, document_digest};
use forsat_sync::frame::{Cursor, Page, PageEntry, StreamId, ToDevice};
use forsat_sync::id::{ChangeHash, DeviceId, Digest, DocumentId, FeedSeq, HomeVersion, SpaceId};
use forsat_sync::limits::{ChunkLimits, MESSAGE_BYTES_MAX};
use forsat_sync::relay::{FeedPage, PageRequest};
use std::collections::{BTreeMap, BTreeSet};

/// Bytes of a page that is read for an audit.
const PAGE_BYTES: usize = 64 * 1024;

/// A feed read from its beginning.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The name of its space.
    pub name: String,
    /// Where it ends.
    pub head: FeedSeq,
    /// Its changes in order.
    pub changes: Vec<(DocumentId, ChangeHeader)>,
    /// What it says of homes, in order.
    pub words: Vec<Word>,
    /// The documents that it says are erased.
    pub erased: BTreeSet<DocumentId>,
    /// Positions that bring nothing: what stood there has left or was erased.
    pub empty_places: u64,
    /// The root digest that the relay gives with its last page.
    pub root: Option<Digest>,
    /// The root digest of the buckets that the relay keeps.
    pub kept_root: Digest,
}

/// What a feed says of a document's home.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// Which.
    pub document: DocumentId,
    /// How many homes it has had, this one included.
    pub home: HomeVersion,
    /// Whether it came in; it left otherwise.
    pub is_in: bool,
    /// How many changes of the feed stand before.
    pub after: usize,
}

impl Feed {
    /// One that begins.
    fn new(name: String) -> Self {
        Self {
            name,
            head: FeedSeq::default(),
            changes: Vec::new(),
            words: Vec::new(),
            erased: BTreeSet::new(),
            empty_places: 0,
            root: None,
            kept_root: Digest::EMPTY,
        }
    }

    /// How many documents and changes it brings.
    pub fn totals(&self) -> (usize, usize) {
        (self.heads().len(), self.changes.len())
    }

    /// Its changes, for comparing.
    pub fn hashes(&self) -> BTreeSet<Change> {
        self.changes.iter().map(|(document, header)| (*document, header.hash)).collect()
    }

    /// The heads of each document, from the headers alone.
    pub fn heads(&self) -> BTreeMap<DocumentId, BTreeSet<ChangeHash>> {
        let mut heads: BTreeMap<DocumentId, BTreeSet<ChangeHash>> = BTreeMap::new();
        for (document, header) in &self.changes {
            let of = heads.entry(*document).or_default();
            for dep in &header.deps {
                of.remove(dep);
            }
            of.insert(header.hash);
        }
        heads
    }

    /// The root digest as it follows from the headers.
    pub fn computed_root(&self) -> Digest {
        let mut trie = Trie::new();
        for (document, heads) in self.heads() {
            let heads: Vec<ChangeHash> = heads.into_iter().collect();
            trie.update(&document, Digest::EMPTY, document_digest(&document, &heads));
        }
        trie.root()
    }
}

/// The feeds of a relay by their spaces.
pub type Feeds = BTreeMap<SpaceId, Feed>;

/// Reads every feed of a running relay and checks them against each other and each against itself. What is wrong comes as text.
pub fn feeds(relay: &Relay) -> Result<Feeds, String> {
    feeds_of(relay.store().ok_or("the relay doesn't run")?, relay.auditor())
}

/// The same of a store that isn't a running relay's.
pub fn feeds_of(store: &dyn RelayStore, auditor: DeviceId) -> Result<Feeds, String> {
    let spaces = store.spaces().map_err(said)?;
    let feeds: Feeds = spaces
        .iter()
        .map(|space| Ok((space.id, read_feed(store, auditor, space)?)))
        .collect::<Result<_, String>>()?;
    homes::check(&feeds)?;
    feeds.values().try_for_each(check_feed)?;
    Ok(feeds)
}

fn read_feed(store: &dyn RelayStore, device: DeviceId, space: &SpaceSummary) -> Result<Feed, String> {
    let mut feed = Feed::new(space.name.clone());
    let (mut cursor, mut at) = (None, 0);
    loop {
        let request = PageRequest {
            device,
            space: space.id,
            cursor,
            echo: false,
            from_head: false,
            bytes_max: PAGE_BYTES,
        };
        let outcomes = store.pages(&[request]).map_err(said)?;
        let Some(PageOutcome::Page(page)) = outcomes.into_iter().next() else {
            return Err(format!("the feed of {} can't be read", space.name));
        };
        let (up_to, read) = (page.up_to.get(), page.entries.len() as u64);
        let empty_places = (up_to - at).checked_sub(read);
        feed.empty_places += empty_places
            .ok_or_else(|| format!("the feed of {} has {read} entries from {at} to {up_to}", space.name))?;
        at = up_to;
        (feed.head, feed.root) = (page.head, page.root);
        let is_last = page.up_to == page.head;
        cursor = Some(Cursor { epoch: page.epoch, seq: page.up_to });
        for entry in as_a_device_reads(page)? {
            take(&mut feed, space, entry)?;
        }
        if is_last {
            break;
        }
    }
    let buckets = store.buckets(&space.id).map_err(said)?;
    let buckets = buckets.into_iter().filter_map(|(number, digest)| Some((Bucket::new(number)?, digest)));
    feed.kept_root = Trie::from_buckets(buckets).root();
    Ok(feed)
}

/// The entries of a page as they come out of a message.
fn as_a_device_reads(page: FeedPage) -> Result<Vec<PageEntry>, String> {
    let FeedPage { epoch, up_to, head, entries, root } = page;
    let page = Page { stream: StreamId(1), epoch, up_to, head, entries, root };
    match ToDevice::decode(&ToDevice::Page(page).encode(), MESSAGE_BYTES_MAX) {
        Ok(ToDevice::Page(page)) => Ok(page.entries),
        other => Err(format!("a page can't be read as a device reads it: {other:?}")),
    }
}

/// Takes in one entry. Whatever kind isn't known here is no entry of a relay of this version.
fn take(feed: &mut Feed, space: &SpaceSummary, entry: PageEntry) -> Result<(), String> {
    let after = feed.changes.len();
    match entry {
        PageEntry::Change { document, bytes, .. } => {
            let header = header_of(&bytes, feed)?;
            feed.changes.push((document, header));
        }
        PageEntry::MovedIn { document, home } => feed.words.push(Word { document, home, is_in: true, after }),
        PageEntry::MovedOut { document, home, .. } => {
            feed.words.push(Word { document, home, is_in: false, after });
        }
        PageEntry::Control(entry) if space.common => feed.erased.extend(ordered_erased(&entry)),
        PageEntry::Erased(entry) if !space.common => {
            let document = ordered_erased(&entry);
            feed.erased.insert(document.ok_or_else(|| {
                format!("the feed of {} has an entry of the control log that erases nothing", feed.name)
            })?);
        }
        other => return Err(format!("the feed of {} has an entry of no kind: {other:?}", feed.name)),
    }
    Ok(())
}

/// The document that an entry of the control log erases, if it erases one.
pub(crate) fn ordered_erased(entry: &SignedEntry) -> Option<DocumentId> {
    match ControlEntry::decode(&entry.bytes) {
        Ok(ControlEntry { event: ControlEvent::DocumentErased { document }, .. }) => Some(document),
        _ => None,
    }
}

fn header_of(bytes: &[u8], feed: &Feed) -> Result<ChangeHeader, String> {
    let (header, canonical) = chunk::parse(bytes, &ChunkLimits::default())
        .map_err(|error| format!("an entry of the feed of {} is no chunk: {error}", feed.name))?;
    if canonical == bytes {
        Ok(header)
    } else {
        Err(format!("the feed of {} has a chunk that isn't in canonical form", feed.name))
    }
}

/// The invariants of a feed: no change twice, what a change builds on stands before it, no place is empty without a
/// cause, digests follow from headers.
fn check_feed(feed: &Feed) -> Result<(), String> {
    let left = feed.words.iter().filter(|word| !word.is_in).count();
    let empty = feed.empty_places;
    if (empty > 0 && left + feed.erased.len() == 0) || empty < left as u64 {
        let erased = feed.erased.len();
        return Err(format!(
            "{}: {empty} places are empty, {left} documents left, {erased} were erased",
            feed.name
        ));
    }
    let mut seen = BTreeSet::new();
    for (document, header) in &feed.changes {
        for dep in &header.deps {
            if !seen.contains(&(*document, *dep)) {
                return Err(format!("{}: {} comes before what it builds on, {dep}", feed.name, header.hash));
            }
        }
        if !seen.insert((*document, header.hash)) {
            return Err(format!("{}: {} stands in the feed twice", feed.name, header.hash));
        }
    }
    let computed = feed.computed_root();
    if feed.kept_root != computed {
        return Err(format!("{}: the buckets say {}, the headers {computed}", feed.name, feed.kept_root));
    }
    match feed.root {
        Some(root) if root != computed => {
            Err(format!("{}: the page says {root}, the headers {computed}", feed.name))
        }
        Some(_) => Ok(()),
        None => Err(format!("{}: the page that reaches the head has no root digest", feed.name)),
    }
}

fn said(error: StoreError) -> String {
    error.to_string()
}
