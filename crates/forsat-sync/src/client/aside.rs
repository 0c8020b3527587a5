//! Changes that the device can't send any more and sets aside at the relay: one frame at a time.

use super::Effect;
use crate::code::{self, Code};
use crate::frame::{ItemOutcome, SET_ASIDE_ITEMS_MAX, SetAside, SetAsideItem, ToRelay};
use crate::heal::AskId;
use crate::id::SpaceId;
use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(super) struct Asides {
    waiting: VecDeque<Work>,
    in_flight: Option<Flying>,
    last_ask: u32,
    /// The relay doesn't answer such frames: it is of a version that passes them over.
    unanswered: bool,
}

/// What the engine wants set aside, as far as it has got.
#[derive(Debug)]
struct Work {
    ask: AskId,
    space: SpaceId,
    /// How many changes there are altogether.
    count: usize,
    left: VecDeque<SetAsideItem>,
    results: Vec<ItemOutcome>,
}

#[derive(Debug)]
struct Flying {
    ask: AskId,
    items: usize,
    until_ms: u64,
}

impl Asides {
    /// Takes what the engine wants set aside.
    pub fn want(&mut self, wanted: SetAside, effects: &mut Vec<Effect>) {
        let SetAside { ask, space, items } = wanted;
        let work = Work { ask, space, count: items.len(), left: items.into(), results: Vec::new() };
        if work.left.is_empty() || self.unanswered {
            effects.push(work.done());
        } else {
            self.waiting.push_back(work);
        }
    }

    /// The next frame, where none is under way.
    pub fn pump(&mut self, bytes_max: usize, until_ms: u64) -> Option<ToRelay> {
        if self.in_flight.is_some() {
            return None;
        }
        let work = self.waiting.front_mut()?;
        let (mut items, mut bytes) = (Vec::new(), 0);
        while let Some(item) = work.left.front() {
            bytes += item.cost();
            if !items.is_empty() && (bytes > bytes_max || items.len() >= SET_ASIDE_ITEMS_MAX) {
                break;
            }
            items.extend(work.left.pop_front());
        }
        self.last_ask = self.last_ask.wrapping_add(1);
        let ask = AskId(self.last_ask);
        self.in_flight = Some(Flying { ask, items: items.len(), until_ms });
        Some(ToRelay::SetAside(SetAside { ask, space: work.space, items }))
    }

    /// The relay has answered a frame; an answer to something else is passed over.
    pub fn answered(
        &mut self,
        ask: AskId,
        results: Vec<ItemOutcome>,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Code> {
        let Some(flying) = self.in_flight.take_if(|flying| flying.ask == ask) else { return Ok(()) };
        if flying.items != results.len() {
            return Err(code::UNEXPECTED_FRAME);
        }
        if let Some(work) = self.waiting.front_mut() {
            work.results.extend(results);
            if work.left.is_empty() {
                effects.extend(self.waiting.pop_front().map(Work::done));
            }
        }
        Ok(())
    }

    /// Gives up when the relay hasn't answered in time.
    pub fn tick(&mut self, now_ms: u64, effects: &mut Vec<Effect>) {
        if self.in_flight.as_ref().is_some_and(|flying| flying.until_ms <= now_ms) {
            self.unanswered = true;
            self.put_off(effects);
        }
    }

    /// When an answer is due.
    pub fn deadline_ms(&self) -> Option<u64> {
        self.in_flight.as_ref().map(|flying| flying.until_ms)
    }

    /// Answers that what isn't aside by now may be set aside later.
    pub fn put_off(&mut self, effects: &mut Vec<Effect>) {
        self.in_flight = None;
        effects.extend(self.waiting.drain(..).map(Work::done));
    }

    /// Forgets what belonged to the last connection.
    pub fn reset(&mut self, effects: &mut Vec<Effect>) {
        self.put_off(effects);
        self.unanswered = false;
    }

    pub fn is_settled(&self) -> bool {
        self.waiting.is_empty()
    }
}

impl Work {
    /// Its answer; what the relay hasn't answered is put off.
    fn done(self) -> Effect {
        let mut results = self.results;
        results.resize(self.count, ItemOutcome::later(code::UNAVAILABLE));
        Effect::WasSetAside { ask: self.ask, results }
    }
}
