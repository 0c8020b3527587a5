//! What became of pushed changes: acknowledged, put off, or refused and kept.

use super::rebase;
use super::session::SyncSession;
use crate::erased;
use crate::error::{ClientError, Damage};
use crate::ids::{record_id, user_id};
use crate::refused::values_of;
use crate::{turn, vault};
use forsat_store::{BatchLimit, ChunkState, RefusedEdit, RefusedState, WriteTx};
use forsat_sync::chunk;
use forsat_sync::client::{OutboxSeq, Settle};
use forsat_sync::code::{self, Code};
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};
use forsat_sync::limits::ChunkLimits;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// Refusals that are about the actor: the edit is made again under a new one, nothing is lost.
const ACTOR_CODES: [&str; 4] = ["actor_forked", "seq_gap", "previous_not_ancestor", "author_mismatch"];
/// How often a session makes the changes of one document again for such a reason before it takes a no for a no.
const AUTHORED_ANEW_MAX: u32 = 3;

/// The client value that says that a relay's store was opened anew since a feed was at its head.
pub(super) fn reopened(space: &SpaceId) -> String {
    format!("reopened/{space}")
}

/// What was refused of one document.
#[derive(Default)]
pub(super) struct Refusals {
    /// Change → code and message.
    pub(super) reasons: BTreeMap<ChangeHash, (Code, String)>,
    /// All of it is about the actor.
    pub(super) anew: bool,
}

impl Refusals {
    /// Whether the relay says that the document was erased.
    fn says_erased(&self) -> bool {
        self.reasons.values().any(|(why, _)| *why == code::ERASED)
    }
}

/// One step of settling.
enum Step {
    Acked(DocumentId, ChangeHash),
    /// Refused since they were erased.
    Erased(BTreeSet<DocumentId>),
    Refused(DocumentId, Refusals),
}

impl SyncSession {
    /// Writes down what became of pushed changes. Doing it twice changes nothing.
    pub(super) fn settle(&mut self, settle: Settle) -> Result<(), ClientError> {
        let known = |seq: &OutboxSeq| self.loaded.get(seq).copied();
        let acked = settle.acked.iter().filter_map(known).map(|(document, hash)| Step::Acked(document, hash));
        let mut steps: Vec<Step> = acked.collect();
        let mut refused = self.group_refused(&settle.refused);
        let erased = self.erased_of(&refused)?;
        refused.retain(|document, _| !erased.contains(document));
        if self.is_own_actor_forked(&refused)? {
            self.renew_incarnation()?;
        }
        if !erased.is_empty() {
            steps.push(Step::Erased(erased));
        }
        steps.extend(refused.into_iter().map(|(document, refusals)| Step::Refused(document, refusals)));
        let (mut given_up, mut gone) = (0, 0);
        let mut clock = || self.engine.ambient().monotonic_ms();
        let work = |tx: &mut WriteTx<'_>, step: Step| -> Result<(), ClientError> {
            match step {
                Step::Acked(document, hash) => acked_one(tx, &document, &hash),
                Step::Erased(documents) => {
                    gone += erased::erase(tx, &documents)?;
                    Ok(())
                }
                Step::Refused(document, refusals) => {
                    given_up += self.refuse(tx, document, &refusals)?;
                    Ok(())
                }
            }
        };
        let done = self.engine.store().write_batches(steps, BatchLimit::default(), &mut clock, work);
        done.map_err(|error| error.source)?;
        self.refused += given_up;
        self.asides.are_due(given_up);
        self.erased += gone;
        for seq in settle.acked.iter().chain(settle.refused.iter().map(|(seq, ..)| seq)) {
            self.loaded.remove(seq);
        }
        Ok(())
    }

    /// After the relay's store was opened anew, at the head of a feed: what was acked has come back in the feed by now,
    /// unless the store isn't the one that acked it. What has not goes into the outbox again. Answers whether there was
    /// anything.
    pub(super) fn send_acked_again(&self, space: &SpaceId) -> Result<bool, ClientError> {
        let tx = self.engine.read()?;
        if tx.client_value(&reopened(space))?.is_none() {
            return Ok(false);
        }
        let mut documents = Vec::new();
        tx.each_document(&mut |document, row| {
            if row.space == *space && row.counts.acked > 0 {
                documents.push(document);
            }
            ControlFlow::Continue(())
        })?;
        drop(tx);
        let grew = !documents.is_empty();
        let mut clock = || self.engine.ambient().monotonic_ms();
        let work = |tx: &mut WriteTx<'_>, document: DocumentId| -> Result<(), ClientError> {
            for chunk in tx.chunks_in(&document, &[ChunkState::Acked])? {
                tx.set_chunk_state(&document, &chunk.hash, ChunkState::Outbox)?;
            }
            Ok(())
        };
        let done = self.engine.store().write_batches(documents, BatchLimit::default(), &mut clock, work);
        done.map_err(|error| error.source)?;
        self.engine.write(|tx| Ok(tx.remove_client_value(&reopened(space)).map(drop)?))?;
        Ok(grew)
    }

    fn group_refused(&mut self, refused: &[(OutboxSeq, Code, String)]) -> BTreeMap<DocumentId, Refusals> {
        let mut grouped: BTreeMap<DocumentId, Refusals> = BTreeMap::new();
        for (seq, code, message) in refused {
            let Some((document, hash)) = self.loaded.get(seq) else { continue };
            let reason = (code.clone(), message.clone());
            grouped.entry(*document).or_default().reasons.insert(*hash, reason);
        }
        for (document, refusals) in &mut grouped {
            let about_actor = refusals.reasons.values().all(|(code, _)| ACTOR_CODES.contains(&code.as_str()));
            let times = self.authored_anew.entry(*document).or_default();
            refusals.anew = about_actor && *times < AUTHORED_ANEW_MAX;
            *times += u32::from(refusals.anew);
        }
        grouped
    }

    /// The documents of which the relay says that they were erased, and which were: what was made of them isn't kept. The
    /// relay's bare word erases nothing: its signed entry has come before.
    fn erased_of(
        &self,
        refused: &BTreeMap<DocumentId, Refusals>,
    ) -> Result<BTreeSet<DocumentId>, ClientError> {
        let tx = self.engine.read()?;
        let mut documents = BTreeSet::new();
        for (document, _) in refused.iter().filter(|(_, refusals)| refusals.says_erased()) {
            if erased::is_erased(&tx, document)? {
                documents.insert(*document);
            }
        }
        Ok(documents)
    }

    /// Whether a change that is to be made again was made by the actor that this store writes as now.
    fn is_own_actor_forked(&self, refused: &BTreeMap<DocumentId, Refusals>) -> Result<bool, ClientError> {
        let tx = self.engine.read()?;
        let Some(own) = tx.actor()? else { return Ok(false) };
        for (document, refusals) in refused.iter().filter(|(_, refusals)| refusals.anew) {
            for hash in refusals.reasons.keys() {
                let Some(stored) = tx.chunk(document, hash)? else { continue };
                let header = chunk::parse(&stored.bytes, &ChunkLimits::default());
                if header.is_ok_and(|(header, _)| header.actor == own.actor) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Keeps what was refused of a document, and makes again what was built on it; answers how many edits were given up.
    fn refuse(
        &self,
        tx: &mut WriteTx<'_>,
        document: DocumentId,
        refusals: &Refusals,
    ) -> Result<u64, ClientError> {
        let mut unsent = BTreeSet::new();
        for hash in refusals.reasons.keys() {
            if tx.chunk(&document, hash)?.is_some_and(|held| held.state == ChunkState::Outbox) {
                unsent.insert(*hash.as_bytes());
            }
        }
        if unsent.is_empty() {
            return Ok(0);
        }
        let id = record_id(&document);
        let now_ms = self.engine.ambient().now_ms();
        let user = tx.identity()?.user.as_ref().map(user_id);
        let user = user.ok_or_else(|| ClientError::Damaged(Damage::NoUser))?;
        let author = turn::author(&self.engine, tx, user, now_ms)?;
        let dropped = if refusals.anew { BTreeSet::new() } else { unsent };
        let base = rebase::at_relay(tx, id)?;
        let rebased = rebase::rebase(tx, base, &dropped, &author)?;
        let given_up = keep_refused(tx, document, refusals, &rebased.given_up, now_ms)?;
        rebased.keep(tx, self.engine.schema())?;
        Ok(given_up)
    }
}

/// An acknowledged change awaits its echo; one that came back already stays where it is.
fn acked_one(tx: &mut WriteTx<'_>, document: &DocumentId, hash: &ChangeHash) -> Result<(), ClientError> {
    if tx.chunk(document, hash)?.is_some_and(|held| held.state == ChunkState::Outbox) {
        tx.set_chunk_state(document, hash, ChunkState::Acked)?;
    }
    Ok(())
}

/// Keeps each given-up change with the fields that it changed, before and after; those of one that this version can't
/// read stay unsaid.
pub(super) fn keep_refused(
    tx: &mut WriteTx<'_>,
    document: DocumentId,
    refusals: &Refusals,
    given_up: &BTreeSet<[u8; 32]>,
    now_ms: i64,
) -> Result<u64, ClientError> {
    if given_up.is_empty() {
        return Ok(0);
    }
    let Some(loaded) = vault::load(tx, record_id(&document))? else { return Ok(0) };
    let told = loaded.document.history_of(given_up);
    let unread = given_up.iter().filter(|hash| told.iter().all(|entry| entry.hash != **hash));
    let told = told.iter().map(|entry| (entry.hash, entry.changes.as_slice()));
    let mut kept = 0;
    for (hash, changes) in told.chain(unread.map(|hash| (*hash, [].as_slice()))) {
        let hash = ChangeHash::from_bytes(hash);
        if forsat_sync::genesis::ALLOWED.contains(&hash) {
            continue;
        }
        let reason = refusals.reasons.get(&hash).or_else(|| refusals.reasons.values().next());
        let (code, message) =
            reason.map_or(("refused", ""), |(code, message)| (code.as_str(), message.as_str()));
        let (before, after) = values_of(changes)?;
        tx.add_refused(&RefusedEdit {
            document,
            space: loaded.row.space,
            hash,
            code: code.to_owned(),
            message: message.to_owned(),
            at_ms: now_ms,
            before,
            after,
            state: RefusedState::Open,
        })?;
        kept += 1;
    }
    Ok(kept)
}
