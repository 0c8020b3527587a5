//! Making the same edits again as new changes, after a change that they build on was refused or an actor was forked.
//!
//! Each old change becomes at most one new change with the same field-level edits, built on the counterparts of what the
//! old one was built on. What was concurrent stays concurrent, so a conflict that a person should see is not decided
//! silently. Heads that a deletion saw are mapped along.

use std::collections::{BTreeMap, BTreeSet};

use automerge::legacy::{Key, ObjectId, Op, OpType};
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Automerge, Change, ChangeHash, ObjId, ObjType, PatchLog, ROOT, ReadDoc};
use forsat_domain::canonical;
use forsat_domain::record::Scalar;
use serde_json::Value;

use crate::apply;
use crate::chunk::{Author, Chunk};
use crate::document::Document;
use crate::edit::{self, Place, Wish};
use crate::error::{EditError, ReauthorError};
use crate::genesis::{ContainerKind, Genesis};
use crate::graph::{Graph, Hash};
use crate::{text, value};

/// Keys of composites that name changes of their own document.
const HEADS_KEYS: [&str; 2] = ["seen_heads", "loser_heads"];

/// The outcome of authoring anew.
#[derive(Clone, Debug)]
pub struct Reauthored {
    /// The feed state with the new changes.
    pub document: Document,
    /// The new changes, in causal order; those of the genesis that were not sent yet stay as they are.
    pub chunks: Vec<Chunk>,
    /// Old hash → new hash. A change that is dropped, or that changes nothing any more, has none.
    pub renamed: BTreeMap<[u8; 32], [u8; 32]>,
}

impl Document {
    /// Authors unsent changes anew on this document, which holds the feed state only.
    ///
    /// `unsent` are all local changes outside the feed state, in any order; `dropped` names those of them that are not
    /// made again. The times of the old changes are kept. For a forked actor nothing is dropped and `author` has a
    /// new actor; after a refusal the actor may stay, since nobody else has taken the old changes.
    ///
    /// # Errors
    /// Fails when something that a change builds on is missing, or a limit forbids an edit.
    pub fn reauthor(
        self,
        unsent: &[Chunk],
        dropped: &BTreeSet<[u8; 32]>,
        author: &Author,
    ) -> Result<Reauthored, ReauthorError> {
        let (old, base) = self.old_view(unsent)?;
        let mut work = Work::new(self, old, author);
        for change in work.old.automerge.get_changes(&base) {
            work.take(&change, dropped.contains(&change.hash().0), author)?;
        }
        Ok(Reauthored { document: work.new, chunks: work.chunks, renamed: work.renamed })
    }

    /// What the writer of the unsent changes saw, and the heads that it has in common with this document.
    ///
    /// A forked actor's changes cannot stand beside the fork's, so the view has nothing but what they build on.
    fn old_view(&self, unsent: &[Chunk]) -> Result<(Document, Vec<ChangeHash>), ReauthorError> {
        let parsed = unsent.iter().filter_map(|chunk| apply::parse_bytes(&chunk.bytes).ok());
        let deps: BTreeSet<Hash> =
            parsed.flat_map(|change| change.deps().to_vec()).map(|dep| dep.0).collect();
        let common: Vec<Hash> = deps.into_iter().filter(|dep| self.contains(dep)).collect();
        let base = edit::to_automerge_heads(&common);
        let mut old = Document::empty(self.id());
        old.automerge =
            self.automerge.fork_at(&base).map_err(|error| ReauthorError::MissingBase(error.to_string()))?;
        old.take_own(unsent.iter().map(|chunk| chunk.bytes.as_slice()));
        match unsent.iter().find(|chunk| !old.contains(&chunk.hash)) {
            Some(missing) => Err(ReauthorError::MissingBase(hex::encode(missing.hash))),
            None => Ok((old, base)),
        }
    }
}

struct Work {
    new: Document,
    old: Document,
    /// The changes of the new document.
    graph: Graph,
    /// The last change of the author's actor in the new document.
    own_last: Option<Hash>,
    /// Old change → the new heads that stand for it.
    counterparts: BTreeMap<Hash, BTreeSet<Hash>>,
    chunks: Vec<Chunk>,
    renamed: BTreeMap<Hash, Hash>,
}

impl Work {
    fn new(new: Document, old: Document, author: &Author) -> Self {
        let graph = Graph::read(&new.automerge);
        let own = graph.stamps().filter(|stamp| stamp.actor == author.actor);
        let own_last = own.max_by_key(|stamp| stamp.counter).map(|stamp| stamp.hash);
        Self {
            new,
            old,
            graph,
            own_last,
            counterparts: BTreeMap::new(),
            chunks: Vec::new(),
            renamed: BTreeMap::new(),
        }
    }

    fn take(&mut self, change: &Change, is_dropped: bool, author: &Author) -> Result<(), ReauthorError> {
        let hash = change.hash().0;
        if Genesis::by_hash(&hash).is_some() {
            self.keep_genesis(change);
            return Ok(());
        }
        let base = self.base_of(change);
        if is_dropped {
            self.counterparts.insert(hash, base);
            return Ok(());
        }
        let named = |source| ReauthorError::Edit { hash: hex::encode(hash), source };
        match self.make_again(change, &base, author).map_err(named)? {
            Some(chunk) => {
                self.counterparts.insert(hash, BTreeSet::from([chunk.hash]));
                self.renamed.insert(hash, chunk.hash);
                self.note(&chunk.hash);
                self.own_last = Some(chunk.hash);
                self.chunks.push(chunk);
            }
            None => {
                self.counterparts.insert(hash, base);
            }
        }
        Ok(())
    }

    fn keep_genesis(&mut self, change: &Change) {
        let chunk = Chunk { hash: change.hash().0, bytes: change.raw_bytes().to_vec() };
        self.new.take_own([chunk.bytes.as_slice()]);
        self.note(&chunk.hash);
        self.chunks.push(chunk);
    }

    fn note(&mut self, hash: &Hash) {
        if let Some(meta) = self.new.automerge.get_change_meta_by_hash(&ChangeHash(*hash)) {
            self.graph.insert(&meta);
        }
    }

    /// What stands in the new document for everything that an old change was built on.
    fn base_of(&self, change: &Change) -> BTreeSet<Hash> {
        change.deps().iter().flat_map(|dep| self.counterparts_of(dep.0)).collect()
    }

    fn counterparts_of(&self, old: Hash) -> BTreeSet<Hash> {
        self.counterparts.get(&old).cloned().unwrap_or_else(|| BTreeSet::from([old]))
    }

    /// Makes an old change again on a base; `None` when nothing is left to change.
    fn make_again(
        &mut self,
        change: &Change,
        base: &BTreeSet<Hash>,
        author: &Author,
    ) -> Result<Option<Chunk>, EditError> {
        let genesis = self.new.begun_with().ok_or_else(|| EditError::UnknownModule(self.old.module()))?;
        let wanted = self.edits_of(change, genesis);
        edit::check_actor(&self.new, author)?;
        let before_it = self.new.totals_if_large();
        let mut base = base.clone();
        // An actor's changes form one line: its last is always in the history of its next.
        base.extend(self.own_last);
        let heads = edit::to_automerge_heads(&self.graph.without_ancestors(&base));
        self.new.write_as(author);
        let mut transaction = self
            .new
            .automerge
            .transaction_at(PatchLog::inactive(), &heads)
            .expect("an inactive patch log belongs to every document");
        for (place, again) in &wanted {
            again.make(&mut transaction, genesis, place)?;
        }
        if transaction.pending_ops() == 0 {
            return Ok(None);
        }
        let mut options = CommitOptions::default().with_time(change.timestamp());
        if let Some(message) = change.message() {
            options.set_message(message.to_owned());
        }
        transaction.commit_with(options);
        edit::check_limits(&self.new, before_it).map(Some)
    }

    /// The field-level edits of an old change, the last of each place.
    fn edits_of(&self, change: &Change, genesis: &Genesis) -> BTreeMap<Place, Again> {
        let Ok(expanded) = apply::guarded(|| Ok(change.decode())) else { return BTreeMap::new() };
        let mut edits = BTreeMap::new();
        for operation in &expanded.operations {
            let Some((field, kind, object)) = container_of(operation, genesis) else { continue };
            match (&operation.key, kind) {
                (Key::Seq(_), Some(ContainerKind::Text)) => {
                    let place = Place { field: field.to_owned(), key: None };
                    edits.entry(place).or_insert_with(|| self.text_edit(change, object));
                }
                (Key::Map(key), Some(ContainerKind::Map)) => {
                    let place = Place { field: field.to_owned(), key: Some(key.to_string()) };
                    edits.extend(self.map_edit(operation).map(|again| (place, again)));
                }
                (Key::Map(key), None) => {
                    let place = Place { field: key.to_string(), key: None };
                    edits.extend(self.map_edit(operation).map(|again| (place, again)));
                }
                _ => {}
            }
        }
        edits
    }

    fn map_edit(&self, operation: &Op) -> Option<Again> {
        match &operation.action {
            OpType::Put(written) => {
                Some(Again::Wish(Wish::Put(self.map_heads(value::from_automerge(written)))))
            }
            OpType::Delete => Some(Again::Wish(Wish::Delete)),
            _ => None,
        }
    }

    fn text_edit(&self, change: &Change, object: &ObjId) -> Again {
        let at = |heads: &[ChangeHash]| value::text(&self.old.automerge, object, Some(heads));
        Again::Text { before: at(change.deps()), after: at(&[change.hash()]) }
    }

    /// Maps the heads inside a composite; any other value is as it was.
    fn map_heads(&self, scalar: Scalar) -> Scalar {
        let Scalar::Text(text) = &scalar else { return scalar };
        if !HEADS_KEYS.iter().any(|key| text.contains(key)) {
            return scalar;
        }
        let Ok(Value::Object(mut parts)) = serde_json::from_str(text) else { return scalar };
        for key in HEADS_KEYS {
            let Some(Value::Array(heads)) = parts.get_mut(key) else { continue };
            let mapped: BTreeSet<String> =
                heads.iter().filter_map(Value::as_str).flat_map(|head| self.map_head(head)).collect();
            *heads = mapped.into_iter().map(Value::String).collect();
        }
        canonical::json(&parts).map_or(scalar, Scalar::Text)
    }

    fn map_head(&self, head: &str) -> Vec<String> {
        let parsed: Option<Hash> = hex::decode(head).ok().and_then(|bytes| bytes.try_into().ok());
        match parsed {
            Some(hash) => self.counterparts_of(hash).iter().map(hex::encode).collect(),
            None => vec![head.to_owned()],
        }
    }
}

/// An edit to be made again.
enum Again {
    /// The same value, or the same deletion.
    Wish(Wish),
    /// The splices between two texts, on whatever text is there now.
    Text { before: String, after: String },
}

impl Again {
    fn make(
        &self,
        transaction: &mut Transaction<'_>,
        genesis: &Genesis,
        place: &Place,
    ) -> Result<(), EditError> {
        match self {
            Self::Wish(wish) => edit::fulfil(transaction, genesis, place, wish),
            Self::Text { before, after } => {
                let Some((ContainerKind::Text, object)) = genesis.container(&place.field) else {
                    return Ok(());
                };
                let now = transaction.text(object)?;
                let merged = if &now == before { after.clone() } else { merge_texts(before, after, &now)? };
                edit::fulfil(transaction, genesis, place, &Wish::Text(merged))
            }
        }
    }
}

/// The container that an operation writes into; the root has an empty name and no kind.
fn container_of<'a>(
    operation: &Op,
    genesis: &'a Genesis,
) -> Option<(&'a str, Option<ContainerKind>, &'a ObjId)> {
    match &operation.obj {
        ObjectId::Root => Some(("", None, &ROOT)),
        ObjectId::Id(id) => {
            let (name, kind, object) = genesis.container_at(id.counter(), id.actor())?;
            Some((name, Some(kind), object))
        }
    }
}

/// A text that two have edited apart: what both made of it.
///
/// # Errors
/// Fails when a text is larger than a document may be.
pub fn merged_text(base: &str, ours: &str, theirs: &str) -> Result<String, EditError> {
    if theirs == base || ours == theirs { Ok(ours.to_owned()) } else { merge_texts(base, ours, theirs) }
}

/// Merges two edits of one text, as two devices would that edited it apart.
fn merge_texts(base: &str, ours: &str, theirs: &str) -> Result<String, EditError> {
    let mut document = Automerge::new().with_actor(ActorId::from(&[0u8][..]));
    let mut transaction = document.transaction();
    let object = transaction.put_object(ROOT, "text", ObjType::Text)?;
    transaction.splice_text(&object, 0, 0, base)?;
    transaction.commit();
    let mut other = document.clone().with_actor(ActorId::from(&[1u8][..]));
    for (side, wanted) in [(&mut document, ours), (&mut other, theirs)] {
        let mut transaction = side.transaction();
        text::replace(&mut transaction, &object, wanted)?;
        transaction.commit();
    }
    document.merge(&mut other)?;
    Ok(document.text(&object)?)
}
