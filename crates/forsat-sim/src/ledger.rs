//! The outside ledger: what was promised, written down by nobody who could lose it.

use crate::net::{DeviceNumber, Wire};
use forsat_sync::chunk;
use forsat_sync::frame::{ItemOutcome, ToDevice, ToRelay};
use forsat_sync::id::{BatchId, ChangeHash, DocumentId, SpaceId};
use forsat_sync::limits::{ChunkLimits, MESSAGE_BYTES_MAX};
use std::collections::{BTreeMap, BTreeSet};

/// A change of a document.
pub type Change = (DocumentId, ChangeHash);

/// What a push brought: where to, and its changes; `None` for what is no change.
type Pushed = (SpaceId, Vec<Option<Change>>);

/// Changes by the space that they were acked for.
pub type Acked = BTreeMap<SpaceId, BTreeSet<Change>>;

/// Every change that someone was told is safe.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Saved on a device: the command had answered.
    pub saved: BTreeMap<DeviceNumber, BTreeSet<Change>>,
    /// Acked by the relay: the ack had been handed to the network.
    pub acked: Acked,
    /// Acked, and lost when the relay's store was set back: to be brought back by whoever holds them.
    pub owed: Acked,
    /// Refused by the relay for good, with the code.
    pub refused: BTreeMap<Change, String>,
    /// Put off by the relay, with how often.
    pub later: BTreeMap<String, u64>,
    pushed: BTreeMap<(Wire, BatchId), Pushed>,
}

impl Ledger {
    /// A command of a device has answered that these changes are saved.
    pub fn save(&mut self, device: DeviceNumber, changes: impl IntoIterator<Item = Change>) {
        self.saved.entry(device).or_default().extend(changes);
    }

    /// A message reaches the relay.
    pub fn at_relay(&mut self, wire: Wire, bytes: &[u8]) {
        let Ok(ToRelay::Push(push)) = ToRelay::decode(bytes, MESSAGE_BYTES_MAX) else { return };
        let change = |item: &forsat_sync::frame::PushItem| {
            let (header, _) = chunk::parse(&item.bytes, &ChunkLimits::default()).ok()?;
            Some((item.document, header.hash))
        };
        let changes = push.items.iter().map(change).collect();
        self.pushed.insert((wire, push.batch), (push.space, changes));
    }

    /// The relay hands a message to the network. From here on it can't be taken back.
    pub fn from_relay(&mut self, wire: Wire, bytes: &[u8]) {
        let Ok(ToDevice::Outcome { batch, results }) = ToDevice::decode(bytes, MESSAGE_BYTES_MAX) else {
            return;
        };
        let Some((space, changes)) = self.pushed.remove(&(wire, batch)) else { return };
        for (change, result) in changes.into_iter().zip(results) {
            match (change, result) {
                (Some(change), ItemOutcome::Acked) => {
                    self.acked.entry(space).or_default().insert(change);
                }
                (Some(change), ItemOutcome::Refused { code, .. }) => {
                    self.refused.insert(change, code.to_string());
                }
                (_, ItemOutcome::Later { code, .. }) => {
                    *self.later.entry(code.to_string()).or_default() += 1;
                }
                (None, _) => {}
            }
        }
    }

    /// How many changes were acked.
    pub fn acked_count(&self) -> usize {
        self.acked.values().map(BTreeSet::len).sum()
    }

    /// How many changes were saved.
    pub fn saved_count(&self) -> usize {
        self.saved.values().map(BTreeSet::len).sum()
    }
}
