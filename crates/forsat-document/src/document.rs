//! A record's document: the Automerge document, what waits for it, and what was left out of it.

use std::collections::{BTreeMap, BTreeSet};

use automerge::{ActorId, Automerge, Change, ChangeHash, ReadDoc, ScalarValue};
use forsat_domain::RecordId;
use forsat_domain::edit::Edit;
use forsat_domain::record::{RecordState, Scalar};
use forsat_domain::schema::Schema;
use serde_json::Value;

use crate::apply::{self, Parsed};
use crate::chunk::{Author, Chunk, HistoryEntry};
use crate::error::{EditError, LoadError, ReadError};
use crate::genesis::{Genesis, Link};
use crate::original::Original;
use crate::{edit, graph, history, json, read};

/// Below these a document is surely far from its limit in bytes, so nothing is added up.
const SMALL_CHANGES_MAX: u64 = 1_000;
const SMALL_OPERATIONS_MAX: u64 = 50_000;
const SMALL_BYTES_MAX: u64 = 128 * 1024;

/// One record with its whole history.
#[derive(Clone, Debug)]
pub struct Document {
    pub(crate) automerge: Automerge,
    pub(crate) id: RecordId,
    pub(crate) waiting: BTreeMap<[u8; 32], Parsed>,
    pub(crate) unreadable: BTreeSet<[u8; 32]>,
    /// Bytes of the snapshot and of the chunks taken in since; less than all chunks, as a snapshot is compact.
    pub(crate) bytes_met: u64,
}

impl Document {
    /// The frozen beginning of a module's documents; `None` for a module that this version does not know.
    pub fn genesis(module: &str) -> Option<&'static Genesis> {
        Genesis::of(module)
    }

    /// A document that holds nothing yet; a peer's chunks can be applied to it.
    pub fn empty(id: RecordId) -> Self {
        Self {
            automerge: Automerge::new(),
            id,
            waiting: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            bytes_met: 0,
        }
    }

    /// Makes a record: the changes of the module's genesis and one with the edits, in this order of chunks.
    ///
    /// `id`, `created_at` (UTC milliseconds) and `created_by` are added unless the edits set them.
    pub fn create(
        id: RecordId,
        module: &str,
        author: &Author,
        now_ms: i64,
        edits: &[Edit],
        schema: &Schema,
    ) -> Result<(Self, Vec<Chunk>), EditError> {
        Self::create_for(id, module, author, None, now_ms, edits, schema)
    }

    /// Like [`Document::create`], with the mark of whose change the first one makes again.
    ///
    /// # Errors
    /// Fails when a field, a key or a limit forbids it.
    pub fn create_for(
        id: RecordId,
        module: &str,
        author: &Author,
        original: Option<&Original>,
        now_ms: i64,
        edits: &[Edit],
        schema: &Schema,
    ) -> Result<(Self, Vec<Chunk>), EditError> {
        let genesis = Genesis::of(module).ok_or_else(|| EditError::UnknownModule(module.to_owned()))?;
        let all = with_origin(id, author, now_ms, edits);
        let (automerge, own) = edit::write_first(genesis, author, original, now_ms, &all, schema)?;
        let chunks: Vec<Chunk> = genesis.chain().iter().map(Link::chunk).chain(own).collect();
        let bytes_met = chunks.iter().map(|chunk| chunk.bytes.len() as u64).sum();
        Ok((Self { automerge, bytes_met, ..Self::empty(id) }, chunks))
    }

    /// Loads a document from this store's own bytes: a snapshot, and the chunks that came after it.
    ///
    /// Chunks may come in any order and more than once; those that cannot be read are left out and counted.
    ///
    /// # Errors
    /// Fails when the snapshot is damaged; the document can then be loaded from all its chunks.
    pub fn load<'a>(
        id: RecordId,
        snapshot: Option<&[u8]>,
        chunks: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, LoadError> {
        let mut document = Self::empty(id);
        if let Some(bytes) = snapshot {
            document.automerge = apply::load_snapshot(bytes).map_err(LoadError::Snapshot)?;
            document.bytes_met = bytes.len() as u64;
        }
        document.take_own(chunks);
        Ok(document)
    }

    /// The record's id, which is also the document's.
    pub fn id(&self) -> RecordId {
        self.id
    }

    /// The genesis that this document began with, if it is one of ours; the end of its chain may be missing.
    pub fn begun_with(&self) -> Option<&'static Genesis> {
        let named = match self.automerge.get(automerge::ROOT, "module") {
            Ok(Some((value, _))) => value.as_scalar().and_then(ScalarValue::as_str).and_then(Genesis::of),
            _ => None,
        };
        // A peer may have overwritten the name; what counts is which first change is there.
        named.into_iter().chain(Genesis::all()).find(|genesis| self.contains(&genesis.first().hash))
    }

    /// The module's name; empty when the document does not say.
    pub fn module(&self) -> String {
        if let Some(genesis) = self.begun_with() {
            return genesis.module.to_owned();
        }
        match self.automerge.get(automerge::ROOT, "module") {
            Ok(Some((value, object))) => match crate::value::read(&self.automerge, &value, &object, None) {
                Scalar::Text(text) => text,
                _ => String::new(),
            },
            _ => String::new(),
        }
    }

    /// Writes the edits as one change, the last of the chunks; there are none when the edits change nothing.
    ///
    /// Before it come the changes of the genesis that a document of an earlier version lacks. The last of several edits
    /// of one place counts. `now_ms` is kept in whole seconds, as a label.
    ///
    /// # Errors
    /// Fails when a field, a key or a limit forbids it; the document is then as it was.
    pub fn edit(
        &mut self,
        author: &Author,
        now_ms: i64,
        edits: &[Edit],
        schema: &Schema,
    ) -> Result<Vec<Chunk>, EditError> {
        self.edit_for(author, None, now_ms, edits, schema)
    }

    /// Like [`Document::edit`], with the mark of whose change this makes again.
    ///
    /// # Errors
    /// Fails when a field, a key or a limit forbids it; the document is then as it was.
    pub fn edit_for(
        &mut self,
        author: &Author,
        original: Option<&Original>,
        now_ms: i64,
        edits: &[Edit],
        schema: &Schema,
    ) -> Result<Vec<Chunk>, EditError> {
        edit::write(self, author, original, now_ms, edits, schema)
    }

    /// The changes of the view that make another one again, which may not be here.
    pub fn made_again(&self, change: &[u8; 32]) -> Vec<[u8; 32]> {
        let changes = self.automerge.get_changes_meta(&[]);
        let makes_it = |message| Original::read(message).is_some_and(|original| original.change == *change);
        let made = changes.iter().filter(|meta| makes_it(meta.message.as_deref()));
        made.map(|meta| meta.hash.0).collect()
    }

    /// Reads the record as it is now.
    pub fn read(&self, schema: &Schema) -> RecordState {
        read::state(self, None, schema)
    }

    /// Reads the record as it was when `heads` were its heads.
    ///
    /// # Errors
    /// Fails when a head is not a change of this document.
    pub fn read_at(&self, heads: &[[u8; 32]], schema: &Schema) -> Result<RecordState, ReadError> {
        let heads = self.known_heads(heads)?;
        Ok(read::state(self, Some(&heads), schema))
    }

    /// The current heads, sorted.
    pub fn heads(&self) -> Vec<[u8; 32]> {
        self.automerge.get_heads().into_iter().map(|hash| hash.0).collect()
    }

    /// The heads that the document had by the clocks of its writers: of the changes that are early, with all that they
    /// build on, as `is_early` says of a time in milliseconds since 1970 UTC.
    pub fn heads_when(&self, is_early: impl Fn(i64) -> bool) -> Vec<[u8; 32]> {
        graph::heads_when(&self.automerge, is_early)
    }

    /// The whole document in one compact chunk, for [`Document::load`].
    pub fn snapshot(&self) -> Vec<u8> {
        self.automerge.save()
    }

    /// Tells whether a change is part of the view.
    pub fn contains(&self, hash: &[u8; 32]) -> bool {
        self.automerge.get_change_meta_by_hash(&ChangeHash(*hash)).is_some()
    }

    /// One change of the view as a chunk.
    pub fn chunk(&self, hash: &[u8; 32]) -> Option<Chunk> {
        self.automerge
            .get_change_by_hash(&ChangeHash(*hash))
            .map(|change| Chunk { hash: *hash, bytes: change.raw_bytes().to_vec() })
    }

    /// The changes outside the history of `heads`, in causal order; unknown heads count as nothing.
    pub fn chunks_since(&self, heads: &[[u8; 32]]) -> Vec<Chunk> {
        let heads: Vec<ChangeHash> =
            heads.iter().filter(|hash| self.contains(hash)).map(|hash| ChangeHash(*hash)).collect();
        let changes = self.automerge.get_changes(&heads);
        changes
            .iter()
            .map(|change| Chunk { hash: change.hash().0, bytes: change.raw_bytes().to_vec() })
            .collect()
    }

    /// The number of changes in the view.
    pub fn change_count(&self) -> u64 {
        self.automerge.stats().num_changes
    }

    /// The changes that wait for what they build on, sorted.
    pub fn waiting(&self) -> Vec<[u8; 32]> {
        self.waiting.keys().copied().collect()
    }

    /// The changes left out of the view for good, sorted.
    pub fn unreadable(&self) -> Vec<[u8; 32]> {
        self.unreadable.iter().copied().collect()
    }

    /// Notes chunks that the store keeps as unreadable, so that the record says so.
    pub fn note_unreadable(&mut self, hashes: impl IntoIterator<Item = [u8; 32]>) {
        self.unreadable.extend(hashes);
    }

    /// Every change of the view with what it wrote, in causal order.
    pub fn history(&self) -> Vec<HistoryEntry> {
        history::of(self, |_| true)
    }

    /// Some changes of the view with what they wrote, in causal order.
    pub fn history_of(&self, hashes: &BTreeSet<[u8; 32]>) -> Vec<HistoryEntry> {
        history::of(self, |hash| hashes.contains(hash))
    }

    /// What changes wrote that this document can't take in, since what they build on is lost: of those that say all of it
    /// by themselves.
    pub fn history_beyond(&self, chunks: &[Chunk]) -> Vec<HistoryEntry> {
        history::beyond(self, chunks)
    }

    /// The document as JSON, now or at some heads; texts are strings, flat keys stay flat.
    ///
    /// # Errors
    /// Fails when a head is not a change of this document.
    pub fn to_json(&self, at: Option<&[[u8; 32]]>) -> Result<Value, ReadError> {
        let heads = at.map(|heads| self.known_heads(heads)).transpose()?;
        Ok(json::to_json(&self.automerge.hydrate(heads.as_deref())))
    }

    /// Bytes and operations of all canonical chunks, or nothing when the document is surely far from its limits. The
    /// library counts no deletions, but nothing is deleted that it didn't count.
    pub(crate) fn totals_if_large(&self) -> Totals {
        let stats = self.automerge.stats();
        let is_small = stats.num_changes <= SMALL_CHANGES_MAX
            && stats.num_ops <= SMALL_OPERATIONS_MAX
            && self.bytes_met <= SMALL_BYTES_MAX;
        if is_small { Totals::default() } else { Totals::of(&self.automerge.get_changes(&[])) }
    }

    /// Lets this document write as an actor of a user.
    pub(crate) fn write_as(&mut self, author: &Author) {
        let user = automerge::Author::from(author.user.as_bytes().to_vec());
        // Setting the author draws a random actor, so the actor comes after it.
        self.automerge.set_author(Some(user));
        self.automerge.set_actor(ActorId::from(author.actor.as_slice()));
    }

    fn known_heads(&self, heads: &[[u8; 32]]) -> Result<Vec<ChangeHash>, ReadError> {
        match heads.iter().find(|hash| !self.contains(hash)) {
            Some(unknown) => Err(ReadError::UnknownHead(hex::encode(unknown))),
            None => Ok(heads.iter().map(|hash| ChangeHash(*hash)).collect()),
        }
    }
}

/// What changes come to together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub bytes: u64,
    pub operations: u64,
}

impl Totals {
    pub(crate) fn of<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Self {
        changes.into_iter().fold(Self::default(), |totals, change| Self {
            bytes: totals.bytes + change.raw_bytes().len() as u64,
            operations: totals.operations + change.len() as u64,
        })
    }
}

/// The edits of a new record, with its id and origin where they do not say it themselves.
pub(crate) fn with_origin(id: RecordId, author: &Author, now_ms: i64, edits: &[Edit]) -> Vec<Edit> {
    let mut all = vec![
        Edit::set("id", id.0.to_string()),
        Edit::set("created_at", now_ms),
        Edit::set("created_by", author.user.0.to_string()),
    ];
    all.retain(|own| !edits.iter().any(|edit| edit.field() == own.field()));
    all.extend_from_slice(edits);
    all
}
