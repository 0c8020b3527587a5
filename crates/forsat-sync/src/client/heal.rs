//! The walk that heals a space whose digests differ: one at a time, from the root down, then changes both ways.
//!
//! A walk ends by pulling the space again: the page that reaches the head compares the digests anew. A space that still
//! differs after two walks is reported, and tried again only after a wait that doubles.

use super::Effect;
use super::event::{HealDone, HealTask, HealWork, SyncEvent};
use crate::code::{self, Code};
use crate::digest::Node;
use crate::frame::{ItemOutcome, ToRelay};
use crate::heal::{Answer, AskId, ChangeList, Question, Step};
use crate::id::{ChangeHash, DocumentId, SpaceId};
use crate::limits::DocumentLimits;
use std::collections::{BTreeMap, VecDeque};

/// Walks that a space gets before its difference is reported.
const TRIES: u32 = 2;
/// The first wait before a space that still differs is walked again; doubles.
const RETRY_MS: u64 = 60_000;
/// The first wait after the relay couldn't go on; doubles.
const PUT_OFF_MS: u64 = 5_000;
/// The longest wait.
const RETRY_MS_MAX: u64 = 3_600_000;

#[derive(Debug, Default)]
pub(super) struct Heals {
    walk: Option<Walk>,
    /// Spaces that wait for their walk.
    wanted: VecDeque<SpaceId>,
    tries: BTreeMap<SpaceId, Tries>,
    last_ask: u32,
    /// The store is at a task of a walk that was given up.
    stale: bool,
}

/// How often a space was walked in vain.
#[derive(Debug, Default)]
struct Tries {
    walks: u32,
    /// How often in a row the relay couldn't go on.
    put_offs: u32,
    rest: Rest,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rest {
    #[default]
    None,
    Until(u64),
    /// The relay couldn't go on: it is asked again at this time, or in the next connection.
    PutOff(u64),
    /// The space is pulled again, to see.
    Over,
}

#[derive(Debug)]
struct Walk {
    space: SpaceId,
    steps: VecDeque<Step>,
    waits: Waits,
    /// Lists of changes that came in part.
    partial: BTreeMap<DocumentId, Vec<ChangeHash>>,
    fetched: u64,
    brought: u64,
    refused: Option<(u64, Code, String)>,
}

#[derive(Debug)]
enum Waits {
    Nothing,
    Relay(AskId, Question),
    Store,
}

/// What became of a difference.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is being healed.
    Heals,
    /// It was walked in vain and is to be reported.
    Stays,
}

/// A walk that has ended.
#[derive(Debug)]
pub(super) struct Walked {
    /// Where; to be pulled again.
    pub space: SpaceId,
    /// Changes that the relay refuses to take back: how many, and the first one's reason.
    pub refused: Option<(u64, Code, String)>,
}

impl Heals {
    /// Forgets what belonged to the last connection; how often a space was walked to the end stays.
    pub fn reset(&mut self) {
        if let Some(walk) = self.walk.take() {
            self.stale |= matches!(walk.waits, Waits::Store);
            self.wanted.push_back(walk.space);
        }
        for space in std::mem::take(&mut self.wanted) {
            self.uncount(space);
        }
        for tries in self.tries.values_mut() {
            tries.put_offs = 0;
            if matches!(tries.rest, Rest::PutOff(_)) {
                tries.rest = Rest::Over;
            }
        }
    }

    /// A walk that didn't come to its end was none.
    fn uncount(&mut self, space: SpaceId) -> &mut Tries {
        let tries = self.tries.entry(space).or_default();
        tries.walks = tries.walks.saturating_sub(1);
        tries
    }

    /// Whether a space is known to differ.
    pub fn is_level(&self) -> bool {
        self.tries.is_empty()
    }

    /// At the head of the feed both ends hold the same. Answers whether they didn't before.
    pub fn matches(&mut self, space: SpaceId) -> bool {
        self.tries.remove(&space).is_some()
    }

    /// At the head of the feed they don't.
    pub fn differs(&mut self, now_ms: u64, space: SpaceId) -> Verdict {
        let is_walking = self.walk.as_ref().is_some_and(|walk| walk.space == space);
        if is_walking || self.wanted.contains(&space) {
            return Verdict::Heals;
        }
        let tries = self.tries.entry(space).or_default();
        match tries.rest {
            Rest::Until(at) if now_ms < at => return Verdict::Stays,
            Rest::PutOff(at) if now_ms < at => return Verdict::Heals,
            Rest::None if tries.walks >= TRIES => {
                let doubled = RETRY_MS.saturating_mul(1 << (tries.walks - TRIES).min(16));
                tries.rest = Rest::Until(now_ms.saturating_add(doubled.min(RETRY_MS_MAX)));
                return Verdict::Stays;
            }
            _ => {}
        }
        tries.rest = Rest::None;
        tries.walks += 1;
        self.wanted.push_back(space);
        Verdict::Heals
    }

    /// Spaces that are to be pulled again to see whether they still differ.
    pub fn due(&mut self, now_ms: u64) -> Vec<SpaceId> {
        let mut due = Vec::new();
        for (space, tries) in &mut self.tries {
            if matches!(tries.rest, Rest::Until(at) | Rest::PutOff(at) if at <= now_ms) {
                tries.rest = Rest::Over;
                due.push(*space);
            }
        }
        due
    }

    pub fn deadline_ms(&self) -> Option<u64> {
        let rests = self.tries.values().filter_map(|tries| match tries.rest {
            Rest::Until(at) | Rest::PutOff(at) => Some(at),
            Rest::None | Rest::Over => None,
        });
        rests.min()
    }

    pub fn is_settled(&self) -> bool {
        self.walk.is_none() && self.wanted.is_empty() && !self.stale
    }

    /// Goes on as far as it can: a question for the relay, or a walk that has ended.
    pub fn pump(
        &mut self,
        load_bytes_max: usize,
        effects: &mut Vec<Effect>,
    ) -> (Option<ToRelay>, Option<Walked>) {
        if self.walk.is_none() {
            let Some(space) = self.wanted.pop_front() else { return (None, None) };
            effects.push(Effect::Event(SyncEvent::Healing { space }));
            self.walk = Some(Walk::begin(space));
        }
        if self.stale {
            return (None, None);
        }
        let Some(walk) = &mut self.walk else { return (None, None) };
        if !matches!(walk.waits, Waits::Nothing) {
            return (None, None);
        }
        match walk.steps.pop_front() {
            Some(Step::Ask(question)) => {
                self.last_ask = self.last_ask.wrapping_add(1);
                let ask = AskId(self.last_ask);
                walk.waits = Waits::Relay(ask, question.clone());
                (Some(ToRelay::Heal { ask, space: walk.space, question }), None)
            }
            Some(Step::Refill(changes)) => {
                walk.waits = Waits::Store;
                let task = HealTask::Load { changes, bytes_max: load_bytes_max };
                effects.push(Effect::Heal(HealWork { space: walk.space, task }));
                (None, None)
            }
            None => {
                let walk = self.walk.take();
                if let Some(tries) = walk.as_ref().and_then(|walk| self.tries.get_mut(&walk.space)) {
                    tries.put_offs = 0;
                }
                (None, walk.map(|walk| walk.end(effects)))
            }
        }
    }

    /// The relay has answered. An error is an answer that isn't one.
    pub fn answered(
        &mut self,
        now_ms: u64,
        ask: AskId,
        answer: Answer,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Code> {
        let Some(walk) = &mut self.walk else { return Ok(()) };
        let waits = std::mem::replace(&mut walk.waits, Waits::Nothing);
        let Waits::Relay(asked, question) = waits else {
            walk.waits = waits;
            return Ok(());
        };
        if asked != ask {
            walk.waits = Waits::Relay(asked, question);
            return Ok(());
        }
        if let Answer::Failed { .. } = answer {
            self.put_off(now_ms);
            return Ok(());
        }
        match walk.answered(question, answer) {
            Ok(Some(task)) => {
                walk.waits = Waits::Store;
                effects.push(Effect::Heal(HealWork { space: walk.space, task }));
            }
            Ok(None) => {}
            Err(Unanswered::Later) => self.put_off(now_ms),
            Err(Unanswered::Nonsense) => return Err(code::UNEXPECTED_FRAME),
        }
        Ok(())
    }

    /// The relay can't go on now: the walk begins again later, and ever later.
    fn put_off(&mut self, now_ms: u64) {
        if let Some(walk) = self.walk.take() {
            let tries = self.uncount(walk.space);
            let doubled = PUT_OFF_MS.saturating_mul(1 << tries.put_offs.min(16));
            tries.put_offs += 1;
            tries.rest = Rest::PutOff(now_ms.saturating_add(doubled.min(RETRY_MS_MAX)));
        }
    }

    /// The store has done its task.
    pub fn done(&mut self, done: HealDone) {
        if std::mem::take(&mut self.stale) {
            return;
        }
        let Some(walk) = &mut self.walk else { return };
        walk.waits = Waits::Nothing;
        walk.fetched += done.fetched;
        for step in done.steps.into_iter().rev() {
            walk.steps.push_front(step);
        }
        if !done.items.is_empty() {
            walk.steps.push_front(Step::Ask(Question::Refill(done.items)));
        }
    }

    /// The store failed at its task.
    pub fn failed(&mut self) {
        if !std::mem::take(&mut self.stale)
            && let Some(walk) = self.walk.take()
        {
            self.uncount(walk.space);
        }
    }
}

/// Why an answer leads nowhere.
enum Unanswered {
    /// What was brought back is put off.
    Later,
    /// It isn't an answer to the question.
    Nonsense,
}

impl Walk {
    fn begin(space: SpaceId) -> Self {
        Self {
            space,
            steps: VecDeque::from([Step::Ask(Question::Nodes(vec![Node::ROOT]))]),
            waits: Waits::Nothing,
            partial: BTreeMap::new(),
            fetched: 0,
            brought: 0,
            refused: None,
        }
    }

    /// Takes an answer: a task for the store, or nothing where there is none.
    fn answered(&mut self, mut question: Question, answer: Answer) -> Result<Option<HealTask>, Unanswered> {
        let rest = question.split_answered(&answer).ok_or(Unanswered::Nonsense)?;
        if !rest.is_empty() {
            self.steps.push_front(Step::Ask(rest));
        }
        let (question, answer) = match (question, answer) {
            (Question::Changes(documents), Answer::Changes(lists)) => self.join(documents, lists)?,
            (Question::Refill(_), Answer::Refilled(outcomes)) => {
                return self.refilled(outcomes).map(|()| None);
            }
            other => other,
        };
        Ok((!question.is_empty()).then_some(HealTask::Compare { question, answer }))
    }

    /// Puts lists together that come in parts; what isn't whole is asked for further.
    fn join(
        &mut self,
        documents: Vec<(DocumentId, u64)>,
        lists: Vec<ChangeList>,
    ) -> Result<(Question, Answer), Unanswered> {
        let (mut whole, mut whole_lists) = (Vec::new(), Vec::new());
        for ((document, from), list) in documents.into_iter().zip(lists) {
            let mut hashes = self.partial.remove(&document).unwrap_or_default();
            hashes.extend(list.hashes);
            if hashes.len() as u64 > DocumentLimits::default().changes_max {
                return Err(Unanswered::Nonsense);
            }
            match list.next {
                None => {
                    whole.push((document, 0));
                    whole_lists.push(ChangeList { hashes, next: None });
                }
                Some(next) if next > from => {
                    self.partial.insert(document, hashes);
                    self.steps.push_front(Step::Ask(Question::Changes(vec![(document, next)])));
                }
                Some(_) => return Err(Unanswered::Nonsense),
            }
        }
        Ok((Question::Changes(whole), Answer::Changes(whole_lists)))
    }

    fn refilled(&mut self, outcomes: Vec<ItemOutcome>) -> Result<(), Unanswered> {
        for outcome in outcomes {
            match outcome {
                ItemOutcome::Acked => self.brought += 1,
                // What it builds on is nowhere: nobody can bring it back before that.
                ItemOutcome::Later { code, .. } if code == code::MISSING_DEPS => {}
                // Asking again doesn't help, and a person has to know.
                ItemOutcome::Later { code, message } if code.is_quota() => self.refuse(code, message),
                ItemOutcome::Later { .. } => return Err(Unanswered::Later),
                // It is gone here too as soon as the log says so.
                ItemOutcome::Refused { code, .. } if code == code::ERASED => {}
                ItemOutcome::Refused { code, message } => self.refuse(code, message),
            }
        }
        Ok(())
    }

    fn refuse(&mut self, code: Code, message: String) {
        self.refused.get_or_insert((0, code, message)).0 += 1;
    }

    fn end(self, effects: &mut Vec<Effect>) -> Walked {
        let (space, fetched, brought) = (self.space, self.fetched, self.brought);
        effects.push(Effect::Event(SyncEvent::Walked { space, fetched, brought }));
        Walked { space, refused: self.refused }
    }
}
