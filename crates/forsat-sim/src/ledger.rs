//! The outside ledger: what was promised, written down by nobody who could lose it.

use crate::net::{DeviceNumber, Wire};
use forsat_sync::chunk;
use forsat_sync::frame::{ItemOutcome, ToDevice, ToRelay};
use forsat_sync::heal::AskId;
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
    /// Documents that the operator has erased: the command had answered.
    pub erased: BTreeSet<DocumentId>,
    /// Moves that the relay said are done: the document, and the space that it then lived in.
    pub moved: BTreeSet<(DocumentId, SpaceId)>,
    /// Documents that somebody has wanted to move.
    pub to_move: BTreeSet<DocumentId>,
    /// The changes of each document that were ever on the way to the relay.
    pub on_the_way: BTreeMap<DocumentId, BTreeSet<ChangeHash>>,
    pushed: BTreeMap<(Wire, BatchId), Pushed>,
    moving: BTreeMap<(Wire, AskId), (SpaceId, Vec<DocumentId>)>,
}

/// What a backup of the relay's store still has to hold when it is put back.
#[derive(Clone, Debug, Default)]
pub struct AtBackup {
    acked: Acked,
    erased: BTreeSet<DocumentId>,
    moved: BTreeSet<(DocumentId, SpaceId)>,
}

impl Ledger {
    /// A command of a device has answered that these changes are saved.
    pub fn save(&mut self, device: DeviceNumber, changes: impl IntoIterator<Item = Change>) {
        self.saved.entry(device).or_default().extend(changes);
    }

    /// A message reaches the relay.
    pub fn at_relay(&mut self, wire: Wire, bytes: &[u8]) {
        let push = match ToRelay::decode(bytes, MESSAGE_BYTES_MAX) {
            Ok(ToRelay::Push(push)) => push,
            Ok(ToRelay::Move(wanted)) => {
                self.moving.insert((wire, wanted.ask), (wanted.to, wanted.documents));
                return;
            }
            _ => return,
        };
        let change = |item: &forsat_sync::frame::PushItem| {
            let (header, _) = chunk::parse(&item.bytes, &ChunkLimits::default()).ok()?;
            Some((item.document, header.hash))
        };
        let changes: Vec<Option<Change>> = push.items.iter().map(change).collect();
        for (document, hash) in changes.iter().flatten() {
            self.on_the_way.entry(*document).or_default().insert(*hash);
        }
        self.pushed.insert((wire, push.batch), (push.space, changes));
    }

    /// The relay hands a message to the network. From here on it can't be taken back.
    pub fn from_relay(&mut self, wire: Wire, bytes: &[u8]) {
        let (batch, results) = match ToDevice::decode(bytes, MESSAGE_BYTES_MAX) {
            Ok(ToDevice::Outcome { batch, results }) => (batch, results),
            Ok(ToDevice::Moved { ask, results }) => return self.answered_move(wire, ask, &results),
            _ => return,
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

    fn answered_move(&mut self, wire: Wire, ask: AskId, results: &[ItemOutcome]) {
        let Some((to, documents)) = self.moving.remove(&(wire, ask)) else { return };
        let done =
            documents.into_iter().zip(results).filter(|(_, result)| matches!(result, ItemOutcome::Acked));
        self.moved.extend(done.map(|(document, _)| (document, to)));
    }

    /// What the relay's store promises now.
    pub fn at_backup(&self) -> AtBackup {
        AtBackup { acked: self.acked.clone(), erased: self.erased.clone(), moved: self.moved.clone() }
    }

    /// The relay's store is what it was then. What was acked since is to be brought back by whoever holds it.
    pub fn set_back(&mut self, to: AtBackup) {
        for (space, changes) in std::mem::replace(&mut self.acked, to.acked) {
            let kept = self.acked.get(&space).cloned().unwrap_or_default();
            self.owed.entry(space).or_default().extend(changes.difference(&kept));
        }
        self.erased = to.erased;
        self.moved = to.moved;
    }

    /// Whether the relay has ever acked a change.
    pub fn was_acked(&self, change: &Change) -> bool {
        self.acked.values().chain(self.owed.values()).any(|changes| changes.contains(change))
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
