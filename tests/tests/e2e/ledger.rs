//! The outside ledger: what a store's file says is durable elsewhere, read without the program that wrote it.

use std::collections::BTreeSet;
use std::path::Path;

use forsat_store::{CACHE_BYTES_DEFAULT, ChunkState, OpenParams, Store};
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};

/// Changes by document and hash.
pub type Changes = BTreeSet<(DocumentId, ChangeHash)>;

/// A store opened beside the processes that use it.
pub struct Ledger {
    store: Store,
}

impl Ledger {
    /// Opens the store in a folder.
    pub fn open(dir: &Path) -> Self {
        let params = OpenParams { random: [7; 32], cache_bytes: CACHE_BYTES_DEFAULT };
        Self { store: Store::open(dir, &params).expect("the store opens") }
    }

    /// Changes made here that the relay has acknowledged, and everything that came through the feed.
    pub fn acked(&self) -> Changes {
        self.changes(|state| matches!(state, ChunkState::Acked | ChunkState::Feed))
    }

    /// Every change that the store holds.
    pub fn all(&self) -> Changes {
        self.changes(|_| true)
    }

    /// How many changes wait to be sent.
    pub fn unsent(&self) -> u64 {
        let tx = self.store.read().expect("the store can be read");
        let spaces = tx.outbox_spaces().expect("the store can be read");
        spaces.iter().filter(|(space, _)| !self.is_left(space)).map(|(_, stats)| stats.changes).sum()
    }

    /// Whether everything inside the store fits together.
    pub fn check(&self) {
        let report = self.store.check_integrity().expect("the store can be read");
        assert!(report.problems.is_empty(), "{report:?}");
    }

    /// Whether a space is one that the store left when it joined its relay: what is there is sent to nobody.
    fn is_left(&self, space: &SpaceId) -> bool {
        let tx = self.store.read().expect("the store can be read");
        tx.space(space).expect("the store can be read").is_some_and(|row| row.archived)
    }

    /// The document of a record, by its short id in full.
    pub fn document(&self, short: &str) -> DocumentId {
        let (id, _) = forsat_domain::id::decode_prefix(short).expect("it is a short id");
        DocumentId::from_bytes(id)
    }

    fn changes(&self, wanted: impl Fn(ChunkState) -> bool) -> Changes {
        let tx = self.store.read().expect("the store can be read");
        let documents = tx.documents_after(None, usize::MAX).expect("the store can be read");
        let mut found = Changes::new();
        for (document, row) in documents {
            if self.is_left(&row.space) {
                continue;
            }
            let chunks = tx.chunks(&document).expect("the store can be read");
            let kept = chunks.into_iter().filter(|chunk| wanted(chunk.state));
            found.extend(kept.map(|chunk| (document, chunk.hash)));
        }
        found
    }
}
