//! The checks that a change passes before any store keeps it, over whatever holds the headers.
//!
//! One change that breaks these rules makes Automerge panic while it applies it, or write a document that no device
//! can load again. So a relay asks them of every push, and a device of every page.
//!
//! Deliberately absent: whether the operations that a change names exist and are of the right kind. Headers can't tell;
//! devices apply a peer's changes under a guard and leave out of the view what fails there.

use std::collections::BTreeSet;

use crate::chunk::ChangeHeader;
use crate::genesis::GENESIS_ACTOR;
use crate::id::{ActorId, ChangeHash, UserId};
use crate::limits::DocumentLimits;

#[cfg(test)]
mod tests;

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
    /// How many operations.
    pub ops: u64,
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
    /// Anybody, but somebody: of a change that a relay takes back with its own receipt.
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum LaterReason {
    /// Changes that it builds on aren't here.
    #[error("changes that this one builds on are missing here; it is tried again by itself")]
    MissingDeps(Vec<ChangeHash>),
}

/// Why a change is refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum RefuseReason {
    /// The actor has another change of the same number: two stores write as one actor.
    #[error("another store writes under the same name; the edit is made again under a new one")]
    ActorForked,
    /// Changes of the same actor before this one aren't here, though all that it builds on is.
    #[error("the change skips numbers of its own actor")]
    SeqGap,
    /// The actor's previous change isn't among its ancestors.
    #[error("the change doesn't build on its actor's previous one")]
    PreviousNotAncestor,
    /// The actor's previous change wasn't found among its ancestors within the limit.
    #[error("the change lies too far from its actor's previous one; make the edit again")]
    AncestryTooDeep,
    /// Its first operation doesn't count on from those that it builds on.
    #[error("the change counts from too low a number")]
    StartOpTooLow,
    /// Its first operation leaves a gap after the highest of the document.
    #[error("the change counts from too high a number")]
    StartOpTooHigh,
    /// Its last operation is above the highest counter that a document may have.
    #[error("the document has counted as many operations as it may; begin a new one")]
    CounterTooHigh,
    /// It names operations of an actor that has no change here, though all that it builds on is.
    #[error("the change refers to somebody who never wrote to the document")]
    UnknownActor,
    /// The actor's first change names no author.
    #[error("the first change of an actor has to name its author")]
    AuthorMissing,
    /// The actor's first change names somebody else.
    #[error("the change names somebody else as its author")]
    AuthorMismatch,
    /// A later change names an author.
    #[error("only the first change of an actor may name an author")]
    AuthorRepeated,
    /// A change by the genesis actor that isn't one of the known ones.
    #[error("the beginning of the document isn't a known one; update the program")]
    GenesisUnknown,
    /// A known change that doesn't go on from what the document began with.
    #[error("the document has begun in another way already")]
    GenesisTaken,
    /// The document has as many changes as it may.
    #[error("the document has as many changes as it may; begin a new one")]
    DocumentChangesFull,
    /// The document has as many bytes as it may.
    #[error("the document is as large as it may be; put long text into a document of its own")]
    DocumentBytesFull,
    /// The document has as many operations as it may.
    #[error("the document has as many operations as it may; put long text into a document of its own")]
    DocumentOpsFull,
}

impl Verdict {
    /// Whether the same bytes can be taken later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Later(_))
    }

    /// The stable code of this verdict.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Accept => "accepted",
            Self::Duplicate => "duplicate",
            Self::Later(reason) => reason.code(),
            Self::Refuse(reason) => reason.code(),
        }
    }
}

impl LaterReason {
    /// The stable code of this reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::MissingDeps(_) => "missing_deps",
        }
    }
}

impl RefuseReason {
    /// The stable code of this reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ActorForked => "actor_forked",
            Self::SeqGap => "seq_gap",
            Self::PreviousNotAncestor => "previous_not_ancestor",
            Self::AncestryTooDeep => "ancestry_too_deep",
            Self::StartOpTooLow => "start_op_too_low",
            Self::StartOpTooHigh => "start_op_too_high",
            Self::CounterTooHigh => "counter_too_high",
            Self::UnknownActor => "unknown_actor",
            Self::AuthorMissing => "author_missing",
            Self::AuthorMismatch => "author_mismatch",
            Self::AuthorRepeated => "author_repeated",
            Self::GenesisUnknown => "genesis_unknown",
            Self::GenesisTaken => "genesis_taken",
            Self::DocumentChangesFull => "document_changes_full",
            Self::DocumentBytesFull => "document_bytes_full",
            Self::DocumentOpsFull => "document_operations_full",
        }
    }
}

/// Judges a parsed change against a document. Reads header rows only; never changes anything.
///
/// The view has to show what was appended earlier in the same transaction. In the common case, a change that names its
/// actor's previous one among its deps, it reads one row for each dep and each actor, and the totals.
pub fn judge<V: DocumentView>(
    header: &ChangeHeader,
    view: &V,
    rules: &Rules<'_>,
) -> Result<Verdict, V::Error> {
    if view.change(&header.hash)?.is_some() {
        return Ok(Verdict::Duplicate);
    }
    let last = view.actor(&header.actor)?;
    if let Err(reason) = check_actor(header, last, rules) {
        return Ok(Verdict::Refuse(reason));
    }
    let (deps, missing) = read_deps(header, view)?;
    if !missing.is_empty() {
        return Ok(Verdict::Later(LaterReason::MissingDeps(missing)));
    }
    if let Err(reason) = check_numbers(header, last, &deps, view.totals()?, rules.limits) {
        return Ok(Verdict::Refuse(reason));
    }
    for actor in &header.other_actors {
        if view.actor(actor)?.is_none() {
            return Ok(Verdict::Refuse(RefuseReason::UnknownActor));
        }
    }
    if let Some(last) = last
        && let Err(reason) = find_previous(header, &last, deps, view, rules.limits.ancestry_walk_max)?
    {
        return Ok(Verdict::Refuse(reason));
    }
    Ok(Verdict::Accept)
}

/// Checks what needs the actor's row alone: the genesis list, forks, authors.
fn check_actor(header: &ChangeHeader, last: Option<ActorRow>, rules: &Rules<'_>) -> Result<(), RefuseReason> {
    if header.actor.as_bytes() == GENESIS_ACTOR {
        return check_genesis(header, last, rules);
    }
    if header.seq <= last.map_or(0, |last| last.last_seq) {
        return Err(RefuseReason::ActorForked);
    }
    match (header.seq, &header.author, rules.author) {
        (1, None, AuthorRule::Exactly(_) | AuthorRule::Present) => Err(RefuseReason::AuthorMissing),
        (1, Some(author), AuthorRule::Exactly(user)) if author != user.as_bytes() => {
            Err(RefuseReason::AuthorMismatch)
        }
        (2.., Some(_), _) => Err(RefuseReason::AuthorRepeated),
        _ => Ok(()),
    }
}

/// A document begins with known changes only, and goes on with the further ones of those that it began with.
fn check_genesis(
    header: &ChangeHeader,
    last: Option<ActorRow>,
    rules: &Rules<'_>,
) -> Result<(), RefuseReason> {
    if !rules.genesis.contains(&header.hash) {
        return Err(RefuseReason::GenesisUnknown);
    }
    let Some(last) = last else { return Ok(()) };
    let is_next = header.seq == last.last_seq + 1;
    let goes_on = if is_next { header.deps.contains(&last.last_hash) } else { header.seq > last.last_seq };
    if goes_on { Ok(()) } else { Err(RefuseReason::GenesisTaken) }
}

type Deps = Vec<(ChangeHash, HeaderRow)>;

/// Reads the rows of what a change builds on; the second list names those that aren't here.
fn read_deps<V: DocumentView>(header: &ChangeHeader, view: &V) -> Result<(Deps, Vec<ChangeHash>), V::Error> {
    let (mut deps, mut missing) = (Vec::new(), Vec::new());
    for dep in &header.deps {
        match view.change(dep)? {
            Some(row) => deps.push((*dep, row)),
            None => missing.push(*dep),
        }
    }
    Ok((deps, missing))
}

/// Checks the numbers of the change and the room in the document, once all that it builds on is here.
fn check_numbers(
    header: &ChangeHeader,
    last: Option<ActorRow>,
    deps: &Deps,
    totals: DocumentTotals,
    limits: &DocumentLimits,
) -> Result<(), RefuseReason> {
    if header.seq - 1 != last.map_or(0, |last| last.last_seq) {
        return Err(RefuseReason::SeqGap);
    }
    let built_on = deps.iter().map(|(_, row)| row.max_op).max().unwrap_or(0);
    if header.start_op <= built_on {
        return Err(RefuseReason::StartOpTooLow);
    }
    if header.start_op - 1 > totals.max_op {
        return Err(RefuseReason::StartOpTooHigh);
    }
    if header.max_op > limits.op_counter_max {
        return Err(RefuseReason::CounterTooHigh);
    }
    if totals.changes >= limits.changes_max {
        return Err(RefuseReason::DocumentChangesFull);
    }
    if totals.bytes.saturating_add(header.size as u64) > limits.bytes_max {
        return Err(RefuseReason::DocumentBytesFull);
    }
    if totals.ops.saturating_add(header.op_count) > limits.ops_max {
        return Err(RefuseReason::DocumentOpsFull);
    }
    Ok(())
}

/// Looks for the actor's previous change among the ancestors: at once in the deps, where Automerge puts it, else by a
/// walk over header rows that leaves out what is older than the previous change and ends at a limit.
fn find_previous<V: DocumentView>(
    header: &ChangeHeader,
    last: &ActorRow,
    deps: Deps,
    view: &V,
    walk_max: usize,
) -> Result<Result<(), RefuseReason>, V::Error> {
    if header.deps.contains(&last.last_hash) {
        return Ok(Ok(()));
    }
    let floor = view.change(&last.last_hash)?.map_or(0, |row| row.max_op);
    let mut seen: BTreeSet<ChangeHash> = header.deps.iter().copied().collect();
    let mut open: Vec<HeaderRow> = deps.into_iter().map(|(_, row)| row).collect();
    let mut read = 0;
    while let Some(row) = open.pop() {
        if row.deps.contains(&last.last_hash) {
            return Ok(Ok(()));
        }
        if row.max_op < floor {
            continue;
        }
        for dep in row.deps {
            if !seen.insert(dep) {
                continue;
            }
            if read == walk_max {
                return Ok(Err(RefuseReason::AncestryTooDeep));
            }
            read += 1;
            open.extend(view.change(&dep)?);
        }
    }
    Ok(Err(RefuseReason::PreviousNotAncestor))
}
