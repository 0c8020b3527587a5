//! What both ends do with what they hold: answering a question, and comparing an answer.

use super::{Answer, BUCKETS_MAX, CHANGES_MAX, ChangeList, Chunk, DOCUMENTS_MAX, Home, Question};
use crate::digest::{Bucket, FANOUT, LEVEL_BUCKETS, Node, Trie};
use crate::id::{ChangeHash, Digest, DocumentId};
use crate::limits::DOCUMENT_CHANGES_MAX;
use std::collections::{BTreeMap, BTreeSet};

/// Bytes that a change, a document or a digest counts beside what it holds.
const ENTRY_COST: usize = 24;
/// Bytes of a document with its digest.
const DOCUMENT_COST: usize = DocumentId::LEN + Digest::LEN;
/// Bytes of a receipt on the wire.
const RECEIPT_COST: usize = 34;

/// Changes whose names are read for one answer; the document that reaches it is still answered. As many as a document has at
/// most: naming one document over and over costs no more than naming it twice.
const CHANGES_READ_MAX: u64 = DOCUMENT_CHANGES_MAX;

/// What one end holds of a space, in one state of its store.
pub trait Holdings {
    /// What reading can fail with.
    type Error;

    /// The digests of the space.
    fn trie(&self) -> Result<Trie, Self::Error>;

    /// The documents of some buckets with their digests; those without heads are left out.
    fn documents(&self, buckets: &[Bucket]) -> Result<Vec<Vec<(DocumentId, Digest)>>, Self::Error>;

    /// The documents of a bucket behind one, at most so many, in the order of their ids. Asked at the relay's end only.
    fn documents_after(
        &self,
        bucket: Bucket,
        after: Option<DocumentId>,
        count_max: usize,
    ) -> Result<Vec<(DocumentId, Digest)>, Self::Error> {
        let mut documents = self.documents(&[bucket])?.pop().unwrap_or_default();
        documents.retain(|(document, _)| Some(*document) > after);
        documents.sort_unstable();
        documents.truncate(count_max);
        Ok(documents)
    }

    /// The changes of a document that count in its digest, in the order in which they came; empty for a document that
    /// isn't of the space.
    fn changes(&self, document: &DocumentId) -> Result<Vec<ChangeHash>, Self::Error>;

    /// A change that counts in the digest, in full.
    fn chunk(&self, document: &DocumentId, hash: &ChangeHash) -> Result<Option<Chunk>, Self::Error>;

    /// Another space that a document lives in. Asked at the relay's end only.
    fn elsewhere(&self, _document: &DocumentId) -> Result<Option<Home>, Self::Error> {
        Ok(None)
    }
}

/// Answers a question from what is held; stops before the answer has more than about `bytes_max`.
///
/// [`Question::Refill`] isn't answered from what is held and gets an empty list.
pub fn told<H: Holdings>(question: &Question, held: &H, bytes_max: usize) -> Result<Answer, H::Error> {
    Ok(match question {
        Question::Nodes(nodes) => {
            let trie = held.trie()?;
            Answer::Nodes(nodes.iter().map(|node| children(&trie, *node)).collect())
        }
        Question::Documents { buckets, after } => document_lists(buckets, *after, held, bytes_max)?,
        Question::Changes(documents) => Answer::Changes(change_lists(documents, held, bytes_max)?),
        Question::Fetch(changes) => {
            let mut room = Room::new(bytes_max);
            let mut list = Vec::new();
            for (document, hash) in changes {
                let chunk = held.chunk(document, hash)?;
                if !room.takes(chunk.as_ref().map_or(0, |chunk| chunk.bytes.len()) + RECEIPT_COST) {
                    break;
                }
                list.push(chunk);
            }
            Answer::Fetched(list)
        }
        Question::Homes(documents) => {
            let homes = documents.iter().map(|document| held.elsewhere(document));
            Answer::Homes(homes.collect::<Result<_, _>>()?)
        }
        Question::Refill(_) => Answer::Refilled(Vec::new()),
    })
}

fn children(trie: &Trie, node: Node) -> [Digest; FANOUT] {
    let mut digests = [Digest::EMPTY; FANOUT];
    for (digest, child) in digests.iter_mut().zip(node.children()) {
        *digest = trie.node(child);
    }
    digests
}

/// The documents of buckets; of one that is too long for the answer the first ones.
fn document_lists<H: Holdings>(
    buckets: &[Bucket],
    mut after: Option<DocumentId>,
    held: &H,
    bytes_max: usize,
) -> Result<Answer, H::Error> {
    let (mut lists, mut left) = (Vec::new(), bytes_max);
    for bucket in buckets {
        if left < ENTRY_COST + DOCUMENT_COST && !lists.is_empty() {
            break;
        }
        left = left.saturating_sub(ENTRY_COST);
        let fits = (left / DOCUMENT_COST).max(1);
        let mut documents = held.documents_after(*bucket, after.take(), fits.saturating_add(1))?;
        let goes_on = documents.len() > fits;
        documents.truncate(fits);
        left = left.saturating_sub(documents.len() * DOCUMENT_COST);
        lists.push(documents);
        if goes_on {
            return Ok(Answer::Documents { lists, goes_on });
        }
    }
    Ok(Answer::Documents { lists, goes_on: false })
}

fn change_lists<H: Holdings>(
    documents: &[(DocumentId, u64)],
    held: &H,
    bytes_max: usize,
) -> Result<Vec<ChangeList>, H::Error> {
    let mut lists = Vec::new();
    let (mut left, mut read) = (bytes_max, 0);
    for (document, from) in documents {
        let full = left < ENTRY_COST + ChangeHash::LEN || read >= CHANGES_READ_MAX;
        if full && !lists.is_empty() {
            break;
        }
        left = left.saturating_sub(ENTRY_COST);
        let all = held.changes(document)?;
        read += all.len() as u64;
        let from = usize::try_from(*from).unwrap_or(usize::MAX).min(all.len());
        let fits = (left / ChangeHash::LEN).max(1);
        let end = from.saturating_add(fits).min(all.len());
        left = left.saturating_sub((end - from) * ChangeHash::LEN);
        let next = (end < all.len()).then_some(end as u64);
        lists.push(ChangeList { hashes: all[from..end].to_vec(), next });
    }
    Ok(lists)
}

/// The room of an answer; what comes first always fits.
struct Room {
    left: usize,
    is_empty: bool,
}

impl Room {
    fn new(bytes_max: usize) -> Self {
        Self { left: bytes_max, is_empty: true }
    }

    fn takes(&mut self, bytes: usize) -> bool {
        let cost = bytes + ENTRY_COST;
        let fits = cost <= self.left || self.is_empty;
        self.left = self.left.saturating_sub(cost);
        self.is_empty = false;
        fits
    }
}

/// What is to be done next, as a comparison found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask the relay.
    Ask(Question),
    /// Bring these changes back to the relay.
    Refill(Vec<(DocumentId, ChangeHash)>),
}

/// What a comparison found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Found {
    /// What is to be done next.
    pub steps: Vec<Step>,
    /// Changes that the relay has, and that this end has without counting them: to be counted from now on.
    pub to_count: Vec<(DocumentId, ChangeHash)>,
    /// Documents that live in another space at the relay.
    pub elsewhere: Vec<(DocumentId, Home)>,
}

/// Compares an answer with what is held. `question` names what was asked and answered, no more; lists of changes are
/// whole. `has` says whether a change is held that isn't counted in the digest, and doesn't need to be fetched.
pub fn compare<H: Holdings>(
    question: &Question,
    answer: &Answer,
    held: &H,
    has: impl Fn(&DocumentId, &ChangeHash) -> Result<bool, H::Error>,
) -> Result<Found, H::Error> {
    match (question, answer) {
        (Question::Nodes(nodes), Answer::Nodes(told)) => compare_nodes(nodes, told, held),
        (Question::Documents { buckets, after }, Answer::Documents { lists, goes_on }) => {
            compare_documents(buckets, *after, lists, *goes_on, held)
        }
        (Question::Changes(documents), Answer::Changes(told)) => compare_changes(documents, told, held, has),
        (Question::Homes(documents), Answer::Homes(told)) => compare_homes(documents, told, held),
        _ => Ok(Found::default()),
    }
}

fn compare_nodes<H: Holdings>(
    nodes: &[Node],
    told: &[[Digest; FANOUT]],
    held: &H,
) -> Result<Found, H::Error> {
    let trie = held.trie()?;
    let (mut below, mut buckets) = (Vec::new(), Vec::new());
    for (node, digests) in nodes.iter().zip(told) {
        let differing = node.children().zip(digests).filter(|(child, digest)| trie.node(*child) != **digest);
        for (child, _) in differing {
            match child.bucket() {
                Some(bucket) => buckets.push(bucket),
                None => below.push(child),
            }
        }
    }
    debug_assert!(below.iter().all(|node| node.level() < LEVEL_BUCKETS), "buckets are asked for by document");
    let mut steps = Vec::new();
    if !below.is_empty() {
        steps.push(Step::Ask(Question::Nodes(below)));
    }
    let documents = |part: &[Bucket]| Question::Documents { buckets: part.to_vec(), after: None };
    steps.extend(buckets.chunks(BUCKETS_MAX).map(|part| Step::Ask(documents(part))));
    Ok(Found { steps, ..Found::default() })
}

fn compare_documents<H: Holdings>(
    buckets: &[Bucket],
    mut after: Option<DocumentId>,
    told: &[Vec<(DocumentId, Digest)>],
    goes_on: bool,
    held: &H,
) -> Result<Found, H::Error> {
    let (mut both, mut here) = (Vec::new(), Vec::<DocumentId>::new());
    for (place, (ours, theirs)) in held.documents(buckets)?.into_iter().zip(told).enumerate() {
        // Of a bucket that was told in part that part is compared.
        let ends = goes_on && place + 1 == told.len();
        let up_to = theirs.last().map(|(id, _)| *id).filter(|_| ends);
        let after = after.take();
        let within = |id: &DocumentId| Some(*id) > after && up_to.is_none_or(|up_to| *id <= up_to);
        let ours: BTreeMap<DocumentId, Digest> = ours.into_iter().filter(|(id, _)| within(id)).collect();
        let theirs: BTreeMap<DocumentId, Digest> = theirs.iter().copied().collect();
        both.extend(
            theirs.iter().filter(|(id, digest)| ours.get(*id) != Some(*digest)).map(|(id, _)| (*id, 0)),
        );
        here.extend(ours.into_keys().filter(|id| !theirs.contains_key(id)));
    }
    let mut steps: Vec<Step> =
        both.chunks(DOCUMENTS_MAX).map(|part| Step::Ask(Question::Changes(part.to_vec()))).collect();
    // What the relay lacks it has lost, or has in another space.
    steps.extend(here.chunks(DOCUMENTS_MAX).map(|part| Step::Ask(Question::Homes(part.to_vec()))));
    Ok(Found { steps, ..Found::default() })
}

fn compare_homes<H: Holdings>(
    documents: &[DocumentId],
    told: &[Option<Home>],
    held: &H,
) -> Result<Found, H::Error> {
    let (mut lacking, mut elsewhere) = (Vec::new(), Vec::new());
    for (document, home) in documents.iter().zip(told) {
        match home {
            Some(home) => elsewhere.push((*document, *home)),
            None => lacking.extend(held.changes(document)?.into_iter().map(|hash| (*document, hash))),
        }
    }
    let steps = lacking.chunks(CHANGES_MAX).map(|part| Step::Refill(part.to_vec())).collect();
    Ok(Found { steps, elsewhere, ..Found::default() })
}

fn compare_changes<H: Holdings>(
    documents: &[(DocumentId, u64)],
    told: &[ChangeList],
    held: &H,
    has: impl Fn(&DocumentId, &ChangeHash) -> Result<bool, H::Error>,
) -> Result<Found, H::Error> {
    let (mut missing, mut lacking, mut to_count) = (Vec::new(), Vec::new(), Vec::new());
    for ((document, _), list) in documents.iter().zip(told) {
        let ours = held.changes(document)?;
        let counted: BTreeSet<ChangeHash> = ours.iter().copied().collect();
        let theirs: BTreeSet<ChangeHash> = list.hashes.iter().copied().collect();
        for hash in list.hashes.iter().filter(|hash| !counted.contains(hash)) {
            let list = if has(document, hash)? { &mut to_count } else { &mut missing };
            list.push((*document, *hash));
        }
        // Both hold the same, and the digests differ: what came before its past was never counted. Counting one
        // change once more counts them all.
        if counted == theirs {
            to_count.extend(ours.first().map(|hash| (*document, *hash)));
        }
        lacking.extend(ours.into_iter().filter(|hash| !theirs.contains(hash)).map(|hash| (*document, hash)));
    }
    let mut steps: Vec<Step> =
        missing.chunks(CHANGES_MAX).map(|part| Step::Ask(Question::Fetch(part.to_vec()))).collect();
    steps.extend(lacking.chunks(CHANGES_MAX).map(|part| Step::Refill(part.to_vec())));
    Ok(Found { steps, to_count, ..Found::default() })
}
