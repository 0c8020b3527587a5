//! What a connection has under way: effects of this call, bytes in the send queue, questions to storage.

use super::request::{RequestId, StorageRequest};
use super::{Effect, FlowLimits};
use crate::code::{self, Code};
use crate::frame::{FrameError, ItemOutcome, StreamId, ToDevice};
use crate::heal::AskId;
use crate::id::{BatchId, SpaceId};
use std::collections::BTreeMap;

/// Why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub code: Code,
    pub message: String,
}

impl From<Code> for Fault {
    fn from(code: Code) -> Self {
        Self { message: code::message(&code).to_owned(), code }
    }
}

impl From<FrameError> for Fault {
    fn from(error: FrameError) -> Self {
        Self { code: error.code(), message: error.to_string() }
    }
}

/// What a question to storage was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pending {
    /// The device that wants in.
    Handshake,
    /// What a device that isn't known shows of the control log.
    Introduction,
    /// The standing of the device that is in.
    Access,
    /// The control log.
    Control,
    /// A page of a stream.
    Page { space: SpaceId, stream: StreamId },
    /// A push.
    Append { batch: BatchId, items: usize, bytes: usize },
    /// A question of healing.
    Heal { ask: AskId },
    /// A request of an administrator.
    Admin { ask: AskId },
    /// A move.
    Move { ask: AskId, documents: usize },
    /// Changes that are set aside.
    SetAside { ask: AskId, items: usize },
    /// Changes that the device brings back.
    Refill { ask: AskId, items: usize, bytes: usize },
}

#[derive(Debug, Default)]
pub(super) struct Link {
    effects: Vec<Effect>,
    queued_bytes: usize,
    last_request: u64,
    pending: BTreeMap<RequestId, Pending>,
}

impl Link {
    pub fn push(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    pub fn send(&mut self, frame: &ToDevice) {
        let bytes = frame.encode();
        self.queued_bytes += bytes.len();
        self.effects.push(Effect::Send(bytes));
    }

    /// Sends an outcome; where long messages would make it larger than a message may be, the codes alone.
    pub fn send_outcome(&mut self, batch: BatchId, results: Vec<ItemOutcome>, limits: &FlowLimits) {
        self.send(&ToDevice::Outcome { batch, results: shortened(results, limits) });
    }

    pub fn sent(&mut self, bytes: usize) {
        self.queued_bytes = self.queued_bytes.saturating_sub(bytes);
    }

    pub fn queued_bytes(&self) -> usize {
        self.queued_bytes
    }

    pub fn ask(&mut self, what: StorageRequest, about: Pending) {
        self.last_request += 1;
        let request = RequestId(self.last_request);
        self.pending.insert(request, about);
        self.effects.push(Effect::Storage { request, what });
    }

    pub fn answered(&mut self, request: RequestId) -> Option<Pending> {
        self.pending.remove(&request)
    }

    pub fn pages_pending(&self) -> usize {
        self.pending.values().filter(|about| matches!(about, Pending::Page { .. })).count()
    }

    /// Bytes of pushes that wait for storage.
    pub fn push_bytes_pending(&self) -> usize {
        self.pending
            .values()
            .map(|about| match about {
                Pending::Append { bytes, .. } | Pending::Refill { bytes, .. } => *bytes,
                _ => 0,
            })
            .sum()
    }

    /// Whether something waits that storage is to write.
    pub fn is_appending(&self) -> bool {
        let writes = |about: &Pending| {
            matches!(
                about,
                Pending::Append { .. }
                    | Pending::Refill { .. }
                    | Pending::Move { .. }
                    | Pending::SetAside { .. }
            )
        };
        self.pending.values().any(writes)
    }

    /// Whether a move waits for storage.
    pub fn is_moving(&self) -> bool {
        self.pending.values().any(|about| matches!(about, Pending::Move { .. }))
    }

    /// Whether changes that are set aside wait for storage.
    pub fn is_setting_aside(&self) -> bool {
        self.pending.values().any(|about| matches!(about, Pending::SetAside { .. }))
    }

    /// Whether a question of healing waits for storage.
    pub fn is_healing(&self) -> bool {
        self.pending.values().any(|about| matches!(about, Pending::Heal { .. } | Pending::Refill { .. }))
    }

    /// Whether a request of an administrator waits for storage.
    pub fn is_administering(&self) -> bool {
        self.pending.values().any(|about| matches!(about, Pending::Admin { .. }))
    }

    pub fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}

/// Outcomes without their messages, where those would make a message larger than it may be.
pub(super) fn shortened(mut results: Vec<ItemOutcome>, limits: &FlowLimits) -> Vec<ItemOutcome> {
    let text_bytes: usize = results.iter().map(message_len).sum();
    if text_bytes > limits.message_bytes_max / 4 {
        for result in &mut results {
            if let ItemOutcome::Later { message, .. } | ItemOutcome::Refused { message, .. } = result {
                message.clear();
            }
        }
    }
    results
}

fn message_len(outcome: &ItemOutcome) -> usize {
    match outcome {
        ItemOutcome::Acked => 0,
        ItemOutcome::Later { message, .. } | ItemOutcome::Refused { message, .. } => message.len(),
    }
}
