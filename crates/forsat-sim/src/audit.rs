//! The relay read from outside, as a device that never forgets would read it.

use crate::ledger::Change;
use crate::relay::Relay;
use forsat_relay::store::{PageOutcome, RelayStore, SpaceSummary, StoreError};
use forsat_sync::chunk::{self, ChangeHeader};
use forsat_sync::digest::{Bucket, Trie, document_digest};
use forsat_sync::frame::{Cursor, PageEntry, reserved};
use forsat_sync::id::{ChangeHash, DeviceId, Digest, DocumentId, FeedSeq, SpaceId};
use forsat_sync::limits::ChunkLimits;
use forsat_sync::relay::PageRequest;
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
    /// The root digest that the relay gives with its last page.
    pub root: Option<Digest>,
    /// The root digest of the buckets that the relay keeps.
    pub kept_root: Digest,
}

impl Feed {
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

/// Reads every feed of a running relay and checks each against itself. What is wrong comes as text.
pub fn feeds(relay: &Relay) -> Result<BTreeMap<SpaceId, Feed>, String> {
    let store = relay.store().ok_or("the relay doesn't run")?;
    let spaces = store.spaces().map_err(said)?;
    spaces.iter().map(|space| Ok((space.id, read_feed(store, relay.auditor(), space)?))).collect()
}

fn read_feed(store: &dyn RelayStore, device: DeviceId, space: &SpaceSummary) -> Result<Feed, String> {
    let mut feed = Feed {
        name: space.name.clone(),
        head: FeedSeq::default(),
        changes: Vec::new(),
        root: None,
        kept_root: Digest::EMPTY,
    };
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
        let up_to = page.up_to.get();
        if up_to - at != page.entries.len() as u64 {
            let entries = page.entries.len();
            return Err(format!("the feed of {} has {entries} entries from {at} to {up_to}", space.name));
        }
        at = up_to;
        for entry in page.entries {
            match entry {
                PageEntry::Change { document, bytes, .. } => {
                    feed.changes.push((document, header_of(&bytes, &feed)?));
                }
                // Entries of the control log, as the store's own check of its invariants looks at them.
                PageEntry::Unknown { kind: reserved::ENTRY_CONTROL, .. } if space.common => {}
                _ => return Err(format!("the feed of {} has an entry that is no change", space.name)),
            }
        }
        feed.head = page.head;
        feed.root = page.root;
        if page.up_to == page.head {
            break;
        }
        cursor = Some(Cursor { epoch: page.epoch, seq: page.up_to });
    }
    let buckets = store.buckets(&space.id).map_err(said)?;
    let buckets = buckets.into_iter().filter_map(|(number, digest)| Some((Bucket::new(number)?, digest)));
    feed.kept_root = Trie::from_buckets(buckets).root();
    check_feed(&feed).map(|()| feed)
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

/// The invariants of a feed: no change twice, what a change builds on stands before it, digests follow from headers.
fn check_feed(feed: &Feed) -> Result<(), String> {
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
