//! The checks that a change passes before any store keeps it, over whatever holds the headers.

use crate::chunk::ChangeHeader;
use crate::id::{ActorId, ChangeHash, UserId};
use crate::limits::DocumentLimits;

/// The header of a change that was taken; it outlives compaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderRow {
    /// Who made the change.
    pub actor: ActorId,
    /// Its number among the actor's changes; from 1.
    pub seq: u64,
    /// Counter of its last operation.
    pub max_op: u64,
    /// What it builds on.
    pub deps: Vec<ChangeHash>,
}

/// The newest change of an actor in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActorRow {
    /// Its number among the actor's changes.
    pub last_seq: u64,
    /// Its hash.
    pub last_hash: ChangeHash,
}

/// What a document holds altogether.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct DocumentTotals {
    /// How many changes.
    pub changes: u64,
    /// Bytes of their canonical chunks.
    pub bytes: u64,
    /// The highest operation counter; 0 for an empty document.
    pub max_op: u64,
}

/// A document as the checks see it: header rows only. All of one document, all of one transaction.
pub trait DocumentView {
    /// What reading can fail with.
    type Error;
    /// The header of a change of this document, if it was taken.
    fn change(&self, hash: &ChangeHash) -> Result<Option<HeaderRow>, Self::Error>;
    /// The newest change of an actor, if it has any here.
    fn actor(&self, actor: &ActorId) -> Result<Option<ActorRow>, Self::Error>;
    /// The totals; zeroes for a document that nobody has written to.
    fn totals(&self) -> Result<DocumentTotals, Self::Error>;
}

/// Whom an actor's first change must name as its author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorRule {
    /// This user, as the 16 bytes of the id: what a relay asks of a device's push.
    Exactly(UserId),
    /// Anybody, but somebody: what a device asks of a relay's feed.
    Present,
    /// Nobody or anybody: programs of other makers, whose ticket says who they are.
    Optional,
}

/// What [`judge`] goes by.
#[derive(Clone, Debug)]
pub struct Rules<'a> {
    /// Whom a first change must name.
    pub author: AuthorRule,
    /// Limits of the document.
    pub limits: &'a DocumentLimits,
    /// Hashes of the genesis changes that are known; [`crate::genesis::ALLOWED`] but in tests.
    pub genesis: &'a [ChangeHash],
}

/// What becomes of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may be appended.
    Accept,
    /// It is already here; acknowledge it again.
    Duplicate,
    /// Not now: the same bytes can be taken later.
    Later(LaterReason),
    /// Never: the same bytes will be refused again.
    Refuse(RefuseReason),
}

/// Why a change has to wait.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LaterReason {
    /// Changes that it builds on aren't here.
    MissingDeps(Vec<ChangeHash>),
}

/// Why a change is refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefuseReason {
    /// The actor has another change of the same number: two stores write as one actor.
    ActorForked,
}

/// Judges a parsed change against a document. Reads header rows only; never changes anything.
pub fn judge<V: DocumentView>(
    _header: &ChangeHeader,
    _view: &V,
    _rules: &Rules<'_>,
) -> Result<Verdict, V::Error> {
    Ok(Verdict::Refuse(RefuseReason::ActorForked))
}
