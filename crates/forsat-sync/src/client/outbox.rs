//! Unsent changes on their way: a window of bytes over the outbox, batches in flight, what the relay put off.

use super::event::{OutboxItem, OutboxSeq, Settle};
use super::{ClientLimits, Effect};
use crate::frame::{ItemOutcome, PUSH_ITEM_COST, PUSH_ITEMS_MAX, Push, PushItem, ToRelay};
use crate::id::{BatchId, ChangeHash, DocumentId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// The last place that was loaded.
    loaded_to: OutboxSeq,
    load: Load,
    /// The outbox had nothing after `loaded_to` when it was asked last.
    drained: bool,
    /// Loaded, not sent.
    window: VecDeque<OutboxItem>,
    window_bytes: usize,
    in_flight: BTreeMap<BatchId, Vec<InFlight>>,
    in_flight_bytes: usize,
    last_batch: u64,
    put_off: BTreeSet<OutboxSeq>,
    retry_at_ms: Option<u64>,
    retries: u32,
    /// Read the outbox again from its beginning as soon as nothing is in flight.
    rescan: bool,
    settles_pending: usize,
    /// Acked in this connection, and not come back in the feed yet.
    awaited_echoes: BTreeSet<(DocumentId, ChangeHash)>,
    echoes_until_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
enum Load {
    #[default]
    Idle,
    Asked {
        /// The outbox has grown since.
        grown: bool,
        /// The connection that it was asked for is gone.
        stale: bool,
    },
}

#[derive(Debug)]
struct InFlight {
    seq: OutboxSeq,
    document: DocumentId,
    hash: ChangeHash,
    bytes: usize,
    /// The feed has brought it back before its outcome came.
    echoed: bool,
}

/// What an outcome amounts to.
pub(super) struct Outcome {
    pub settle: Settle,
    pub sent: u64,
    pub sent_bytes: u64,
}

impl Outbox {
    /// Forgets what belonged to the last connection.
    pub fn reset(&mut self) {
        if let Load::Asked { stale, .. } = &mut self.load {
            *stale = true;
        }
        self.in_flight.clear();
        self.in_flight_bytes = 0;
        self.awaited_echoes.clear();
        self.echoes_until_ms = None;
        self.begin_again();
    }

    fn begin_again(&mut self) {
        self.loaded_to = OutboxSeq::default();
        self.drained = false;
        self.window.clear();
        self.window_bytes = 0;
        self.put_off.clear();
        self.retry_at_ms = None;
        self.rescan = false;
    }

    pub fn grown(&mut self) {
        self.drained = false;
        if let Load::Asked { grown, .. } = &mut self.load {
            *grown = true;
        }
    }

    /// Changes have got other places: everything is read anew.
    pub fn rehomed(&mut self) {
        self.grown();
        self.window.clear();
        self.window_bytes = 0;
        self.rescan = true;
    }

    pub fn loaded(&mut self, items: Vec<OutboxItem>) {
        let Load::Asked { grown, stale } = std::mem::take(&mut self.load) else { return };
        if stale {
            return;
        }
        self.drained = items.is_empty() && !grown;
        for item in items {
            self.loaded_to = self.loaded_to.max(item.seq);
            self.window_bytes += cost(&item);
            self.window.push_back(item);
        }
    }

    pub fn load_failed(&mut self) {
        self.load = Load::Idle;
    }

    /// Asks for more of the outbox while the window has room, and starts over when it is time.
    pub fn load(&mut self, now_ms: u64, window_bytes: usize, effects: &mut Vec<Effect>) {
        if self.retry_at_ms.is_some_and(|at| at <= now_ms) {
            self.retry_at_ms = None;
            self.rescan = true;
        }
        let idle = self.in_flight.is_empty() && self.settles_pending == 0 && self.load == Load::Idle;
        if self.rescan && idle {
            self.begin_again();
        }
        let used = self.in_flight_bytes + self.window_bytes;
        // A window that is nearly full waits for outcomes: reading the outbox change by change would cost more.
        if self.load != Load::Idle || self.drained || self.rescan || used > window_bytes / 4 * 3 {
            return;
        }
        self.load = Load::Asked { grown: false, stale: false };
        effects.push(Effect::LoadOutbox { after: self.loaded_to, bytes_max: window_bytes - used });
    }

    /// Takes pushes off the window, as many as fit in flight.
    pub fn pushes(&mut self, window_bytes: usize, limits: &ClientLimits) -> Vec<ToRelay> {
        let mut pushes = Vec::new();
        while let Some(push) = self.next_push(window_bytes, limits) {
            pushes.push(ToRelay::Push(push));
        }
        pushes
    }

    fn next_push(&mut self, window_bytes: usize, limits: &ClientLimits) -> Option<Push> {
        let space = self.window.front()?.space;
        let batch = BatchId::new(self.last_batch + 1);
        let (mut items, mut flying, mut batch_bytes) = (Vec::new(), Vec::new(), 0);
        while let Some(item) = self.window.front() {
            let bytes = cost(item);
            let fits = self.in_flight_bytes + bytes <= window_bytes || self.in_flight_bytes == 0;
            let batch_fits = batch_bytes + bytes <= limits.push_bytes_max || items.is_empty();
            if item.space != space || !fits || !batch_fits || items.len() >= PUSH_ITEMS_MAX {
                break;
            }
            let Some(item) = self.window.pop_front() else { break };
            self.window_bytes -= bytes;
            self.in_flight_bytes += bytes;
            batch_bytes += bytes;
            flying.push(InFlight {
                seq: item.seq,
                document: item.document,
                hash: item.hash,
                bytes,
                echoed: false,
            });
            items.push(PushItem { document: item.document, bytes: item.bytes });
        }
        if items.is_empty() {
            return None;
        }
        self.last_batch = batch.get();
        self.in_flight.insert(batch, flying);
        Some(Push { batch, space, items })
    }

    /// The feed has brought back a change of this device: an ack that was lost, or one that is still on its way.
    pub fn echoed(&mut self, document: DocumentId, hash: ChangeHash) {
        if self.awaited_echoes.remove(&(document, hash)) {
            return;
        }
        let mut flying = self.in_flight.values_mut().flatten();
        if let Some(item) = flying.find(|item| item.document == document && item.hash == hash) {
            item.echoed = true;
        } else if let Some(at) = self.window.iter().position(|i| i.document == document && i.hash == hash) {
            self.window_bytes -= self.window.remove(at).map_or(0, |item| cost(&item));
        }
    }

    /// Takes the outcome of a batch; `None` for a batch that isn't in flight or an outcome that doesn't fit it.
    pub fn outcome(
        &mut self,
        now_ms: u64,
        batch: BatchId,
        results: Vec<ItemOutcome>,
        limits: &ClientLimits,
    ) -> Option<Outcome> {
        if self.in_flight.get(&batch)?.len() != results.len() {
            return None;
        }
        let items = self.in_flight.remove(&batch)?;
        let mut outcome = Outcome { settle: Settle::default(), sent: 0, sent_bytes: 0 };
        for (item, result) in items.into_iter().zip(results) {
            self.in_flight_bytes -= item.bytes;
            match result {
                ItemOutcome::Acked => {
                    outcome.sent += 1;
                    outcome.sent_bytes += (item.bytes - PUSH_ITEM_COST) as u64;
                    outcome.settle.acked.push(item.seq);
                    if !item.echoed {
                        self.awaited_echoes.insert((item.document, item.hash));
                        self.echoes_until_ms = Some(now_ms.saturating_add(limits.echo_wait_ms));
                    }
                }
                ItemOutcome::Later { code, message } => {
                    self.put_off.insert(item.seq);
                    outcome.settle.later.push((item.seq, code, message));
                }
                ItemOutcome::Refused { code, message } => {
                    outcome.settle.refused.push((item.seq, code, message));
                }
            }
        }
        self.after_outcome(now_ms, &outcome.settle, limits);
        self.settles_pending += 1;
        Some(outcome)
    }

    fn after_outcome(&mut self, now_ms: u64, settle: &Settle, limits: &ClientLimits) {
        if !settle.acked.is_empty() {
            self.retries = 0;
        }
        if !settle.refused.is_empty() {
            // What was built on refused changes is written anew, so what was loaded may be outdated.
            self.window.clear();
            self.window_bytes = 0;
            self.rescan = true;
        } else if !settle.later.is_empty() && self.retry_at_ms.is_none() {
            let factor = 1_u64.checked_shl(self.retries).unwrap_or(u64::MAX);
            let wait = limits.later_retry_ms.saturating_mul(factor).min(limits.backoff_ms_max);
            self.retries = self.retries.saturating_add(1);
            self.retry_at_ms = Some(now_ms.saturating_add(wait));
        }
    }

    pub fn settled(&mut self) {
        self.settles_pending = self.settles_pending.saturating_sub(1);
    }

    /// Gives up waiting for echoes when it is time: a feed that is read in full brings no echoes.
    pub fn tick(&mut self, now_ms: u64) {
        if self.echoes_until_ms.is_some_and(|until| until <= now_ms) {
            self.awaited_echoes.clear();
        }
        if self.awaited_echoes.is_empty() {
            self.echoes_until_ms = None;
        }
    }

    /// Whether nothing can be done now: everything that isn't put off is acked and written down.
    pub fn is_settled(&self) -> bool {
        self.in_flight.is_empty()
            && self.window.is_empty()
            && self.load == Load::Idle
            && self.drained
            && !self.rescan
            && self.settles_pending == 0
            && self.awaited_echoes.is_empty()
    }

    pub fn put_off(&self) -> u64 {
        self.put_off.len() as u64
    }

    pub fn deadline_ms(&self) -> Option<u64> {
        self.retry_at_ms.into_iter().chain(self.echoes_until_ms).min()
    }

    /// Forgets echoes of a feed that won't bring them; which feed they belong to isn't kept, so all.
    pub fn forget_echoes(&mut self) {
        self.awaited_echoes.clear();
        self.echoes_until_ms = None;
    }
}

fn cost(item: &OutboxItem) -> usize {
    item.bytes.len() + PUSH_ITEM_COST
}
