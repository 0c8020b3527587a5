//! What this device can't send any more is set aside at the relay, for the managers of its space.
//!
//! In the course of a sync these are refused edits whose record lives in another space; each goes once. Once the relay has
//! revoked the device, it is all that was never sent. What the relay doesn't take is kept here.

use super::session::SyncSession;
use crate::error::ClientError;
use crate::refused::MOVED_AWAY;
use crate::turn::left_behind;
use forsat_store::{
    Access, Aside, OutboxItem, OutboxLimit, OutboxNumber, RefusedEdit, RefusedId, RefusedState, Tx,
};
use forsat_sync::client::Input;
use forsat_sync::code::{self, Code};
use forsat_sync::frame::{ItemOutcome, SetAside, SetAsideItem};
use forsat_sync::genesis;
use forsat_sync::heal::AskId;
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};
use std::collections::BTreeSet;

/// Changes that are read for one question.
const ITEMS_MAX: usize = 256;
/// Bytes of changes that are read for one question, beside the first.
const BYTES_MAX: u64 = 1024 * 1024;
/// Why a change is set aside whose record lives in another space.
const HOME_ELSEWHERE: Code = Code::new("home_elsewhere");

/// What the relay took of a device that it has revoked.
pub(crate) type Taken = BTreeSet<(DocumentId, ChangeHash)>;

/// What is set aside, as far as it has got.
#[derive(Debug, Default)]
pub(super) struct Asides {
    /// There may be something.
    due: bool,
    /// What is under way.
    asked: Option<(AskId, Vec<What>)>,
    last_ask: u32,
    /// Refused edits up to here were asked for in this connection.
    after: Option<RefusedId>,
    /// The relay has revoked this device and takes what it never sent.
    last: Option<Last>,
    taken: Taken,
    /// Refused edits that the relay took since the last summary.
    told: u64,
}

/// How far the last things of a revoked device have got.
#[derive(Debug, Default)]
struct Last {
    /// Unsent changes up to here were asked for.
    after: Option<(SpaceId, OutboxNumber)>,
    is_over: bool,
}

/// A change that is set aside.
#[derive(Clone, Copy, Debug)]
struct What {
    document: DocumentId,
    hash: ChangeHash,
    /// Its number, where it was refused.
    refused: Option<RefusedId>,
}

/// Changes of one space that are read for one question.
struct Portion {
    space: SpaceId,
    items: Vec<(What, SetAsideItem)>,
    bytes: u64,
}

impl Portion {
    fn of(space: SpaceId) -> Self {
        Self { space, items: Vec::new(), bytes: 0 }
    }

    fn is_full(&self) -> bool {
        self.items.len() >= ITEMS_MAX || self.bytes >= BYTES_MAX
    }

    fn add(&mut self, what: What, bytes: Vec<u8>, reason: Code) {
        self.bytes += bytes.len() as u64;
        self.items.push((what, SetAsideItem { document: what.document, bytes, reason }));
    }
}

impl Asides {
    /// A connection begins: what the relay put off may go now.
    pub(super) fn begin(&mut self) {
        (self.due, self.asked, self.after) = (true, None, None);
    }

    /// Edits were given up.
    pub(super) fn are_due(&mut self, given_up: u64) {
        self.due |= given_up > 0;
    }

    /// The relay has revoked this device; whether it takes what was never sent.
    pub(super) fn revoked(&mut self, sets_aside: bool) {
        self.begin();
        self.due = sets_aside;
        self.last = sets_aside.then(Last::default);
    }

    pub(super) fn taken(&self) -> &Taken {
        &self.taken
    }

    /// How many refused edits the relay took since the last time.
    pub(super) fn sum_up(&mut self) -> u64 {
        std::mem::take(&mut self.told)
    }

    /// The next of what is to be set aside; none when nothing is left.
    fn next<A: Access>(&mut self, tx: &Tx<A>) -> Result<Option<Portion>, ClientError> {
        if self.last.as_ref().is_some_and(|last| last.is_over) {
            return Ok(None);
        }
        if let Some(portion) = self.next_refused(tx)? {
            return Ok(Some(portion));
        }
        self.last.as_mut().map_or(Ok(None), |last| last.next_unsent(tx))
    }

    fn next_refused<A: Access>(&mut self, tx: &Tx<A>) -> Result<Option<Portion>, ClientError> {
        let mut portion: Option<Portion> = None;
        for (id, edit) in tx.refused_edits()? {
            if self.after.is_some_and(|after| id <= after) {
                continue;
            }
            let space = portion.as_ref().map_or(edit.space, |portion| portion.space);
            if edit.space != space || portion.as_ref().is_some_and(Portion::is_full) {
                break;
            }
            self.after = Some(id);
            let Some(reason) = reason_of(tx, id, &edit, self.last.is_some())? else { continue };
            let Some(bytes) = tx.refused_chunk(id)? else { continue };
            let what = What { document: edit.document, hash: edit.hash, refused: Some(id) };
            portion.get_or_insert_with(|| Portion::of(space)).add(what, bytes, reason);
        }
        Ok(portion)
    }
}

impl Last {
    /// The next unsent changes of one space, in the order in which they were made. The fixed beginnings of records aren't
    /// among them: everybody has those.
    fn next_unsent<A: Access>(&mut self, tx: &Tx<A>) -> Result<Option<Portion>, ClientError> {
        let left = left_behind(tx)?;
        let mut spaces: Vec<SpaceId> = tx.outbox_spaces()?.into_iter().map(|(space, _)| space).collect();
        spaces.retain(|space| !left.contains(space));
        spaces.sort_unstable();
        for space in spaces {
            loop {
                let after = match self.after {
                    Some((at, _)) if at > space => break,
                    Some((at, number)) if at == space => Some(number),
                    _ => None,
                };
                let limit = OutboxLimit { bytes_max: BYTES_MAX, changes_max: ITEMS_MAX };
                let items = tx.outbox(&space, after, limit)?;
                let Some(end) = items.last() else { break };
                self.after = Some((space, end.number));
                let portion = portion_of(tx, space, &items)?;
                if !portion.items.is_empty() {
                    return Ok(Some(portion));
                }
            }
        }
        Ok(None)
    }
}

fn portion_of<A: Access>(tx: &Tx<A>, space: SpaceId, items: &[OutboxItem]) -> Result<Portion, ClientError> {
    let mut portion = Portion::of(space);
    for item in items.iter().filter(|item| !genesis::ALLOWED.contains(&item.hash)) {
        let Some(chunk) = tx.chunk_at(&item.document, item.ordinal)? else { continue };
        let what = What { document: item.document, hash: item.hash, refused: None };
        portion.add(what, chunk.bytes, code::DEVICE_REVOKED);
    }
    Ok(portion)
}

/// Why a refused edit is set aside; none for one that stays here, or that the relay has been asked for already.
fn reason_of<A: Access>(
    tx: &Tx<A>,
    id: RefusedId,
    edit: &RefusedEdit,
    is_revoked: bool,
) -> Result<Option<Code>, ClientError> {
    if edit.state != RefusedState::Open || tx.refused_aside(id)?.is_some() {
        return Ok(None);
    }
    Ok(match edit.code.as_str() {
        MOVED_AWAY => Some(Code::new(MOVED_AWAY)),
        code if code == code::HOME_IS.as_str() => Some(HOME_ELSEWHERE),
        _ => is_revoked.then_some(code::DEVICE_REVOKED),
    })
}

impl SyncSession {
    /// What the machine is to set aside next, where there is something and nothing is under way.
    ///
    /// A store that can't be read for a moment is asked again at the next connection. A revoked device says goodbye instead:
    /// nothing keeps it from erasing itself.
    pub(super) fn next_aside(&mut self) -> Option<Input> {
        if !self.asides.due || self.asides.asked.is_some() {
            return None;
        }
        let next = self.engine.read().and_then(|tx| self.asides.next(&tx));
        let portion = next.unwrap_or_else(|error| {
            tracing::warn!(%error, "what can't be sent isn't set aside now");
            None
        });
        let Some(portion) = portion else {
            self.asides.due = false;
            return self.asides.last.is_some().then_some(Input::Stop);
        };
        self.asides.last_ask = self.asides.last_ask.wrapping_add(1);
        let ask = AskId(self.asides.last_ask);
        let (whats, items) = portion.items.into_iter().unzip();
        self.asides.asked = Some((ask, whats));
        Some(Input::SetAside(SetAside { ask, space: portion.space, items }))
    }

    /// Writes down what the relay said of changes that were set aside.
    pub(super) fn was_set_aside(&mut self, ask: AskId, results: &[ItemOutcome]) -> Result<(), ClientError> {
        let Some((_, whats)) = self.asides.asked.take_if(|(asked, _)| *asked == ask) else { return Ok(()) };
        let judged: Vec<(What, bool)> = whats
            .into_iter()
            .zip(results)
            .filter_map(|(what, outcome)| match outcome {
                ItemOutcome::Acked => Some((what, true)),
                ItemOutcome::Refused { .. } => Some((what, false)),
                ItemOutcome::Later { .. } => None,
            })
            .collect();
        if let Some(last) = &mut self.asides.last {
            // Who takes nothing now won't take the rest within the time that is left.
            last.is_over |= judged.is_empty();
            let taken = judged.iter().filter(|(_, is_taken)| *is_taken);
            self.asides.taken.extend(taken.map(|(what, _)| (what.document, what.hash)));
            return Ok(());
        }
        let kept = self.engine.write(|tx| {
            let mut count = 0;
            for (what, is_taken) in &judged {
                // One that was erased or decided meanwhile needs no mark.
                if let Some(id) = what.refused
                    && tx.refused(id)?.is_some()
                {
                    tx.set_refused_aside(id, if *is_taken { Aside::Taken } else { Aside::Declined })?;
                    count += u64::from(*is_taken);
                }
            }
            Ok(count)
        });
        match kept {
            Ok(count) => self.asides.told += count,
            // The relay knows what it has: asked again, it says the same.
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "what was set aside can't be noted yet");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}
