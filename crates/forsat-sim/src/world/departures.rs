//! Records that move to another space, and records that are erased for good.

use super::World;
use crate::audit::Feeds;
use crate::audit::homes::{self, Homes};
use crate::net::DeviceNumber;
use crate::plan::SPACES;
use crate::workload::{Done, failure};
use forsat_client::Engine;
use forsat_relay::store::MoveOutcome;
use forsat_sync::id::{DocumentId, SpaceId};
use std::sync::Arc;
use uuid::Uuid;

/// How often in a hundred a record moves that has moved before.
const AGAIN_PERCENT: u32 = 50;
/// How often in a hundred a record moves without what hangs on it.
const ALONE_PERCENT: u32 = 50;

impl World {
    /// The user of a device, who manages two spaces, moves a record that is there.
    pub(super) fn move_on_device(&mut self, number: DeviceNumber) {
        let Some(engine) = self.devices[number].engine().cloned() else { return };
        let Some(record) = self.record_to_move() else { return };
        let alone = self.departures.percent(ALONE_PERCENT);
        let done = self.ask_to_move(&engine, record, alone);
        self.say(|| format!("device {number}: move {record}: {}", crate::trace::done(&done)));
        match done {
            Done::Failed(why) => self.command_failed(number, "move", &why),
            Done::Wrong(why) => return self.violate(format!("device {number}: move: {why}")),
            Done::Nothing | Done::Saved(_) => {}
        }
        let outputs = self.devices[number].tell(crate::device::SyncInput::Saved);
        self.carry_out(number, outputs);
    }

    /// Asks for a record to go to the other space; with what hangs on it, unless alone.
    fn ask_to_move(&mut self, engine: &Arc<Engine>, record: Uuid, alone: bool) -> Done {
        let there = engine.store().read().and_then(|tx| {
            let row = tx.document(&DocumentId::from_bytes(record.into_bytes()))?;
            row.map_or(Ok(None), |row| tx.space(&row.space))
        });
        let from = match there {
            Ok(Some(space)) => space.name,
            Ok(None) => return Done::Nothing,
            Err(error) => return Done::Failed(error.to_string()),
        };
        let to = if from == SPACES[0] { SPACES[1] } else { SPACES[0] };
        let plan = engine.move_preview(&[record.to_string()], to, alone);
        match plan.and_then(|plan| engine.move_records(plan)) {
            Ok(plan) => {
                for row in plan.records.iter().chain(&plan.along) {
                    self.ledger.to_move.insert(DocumentId::from_bytes(row.id.into_bytes()));
                }
                self.sights.add("records asked to move", plan.records.len() as u64);
                self.sights.add("records asked to move along", plan.along.len() as u64);
                Done::Nothing
            }
            Err(error) => failure(error),
        }
    }

    fn record_to_move(&mut self) -> Option<Uuid> {
        let before: Vec<Uuid> =
            self.ledger.to_move.iter().map(|document| Uuid::from_bytes(*document.as_bytes())).collect();
        if self.departures.percent(AGAIN_PERCENT)
            && let Some(record) = self.departures.pick(&before)
        {
            return Some(*record);
        }
        self.departures.pick(&self.workload.records()).copied()
    }

    /// Somebody else who manages both spaces moves a record.
    pub(super) fn move_elsewhere(&mut self) {
        let Some(record) = self.record_to_move() else { return };
        let document = DocumentId::from_bytes(record.into_bytes());
        let Ok(feeds) = crate::audit::feeds(&self.relay) else { return };
        let home = homes::homes(&feeds).get(&document).copied();
        let other =
            |space: &&SpaceId| home.is_some() && home != Some(**space) && feeds[*space].name != "common";
        if let Some(to) = feeds.keys().find(other) {
            self.move_at_relay(document, *to);
        }
    }

    fn move_at_relay(&mut self, document: DocumentId, to: SpaceId) {
        self.ledger.to_move.insert(document);
        match self.relay.move_document(document, to) {
            Ok(MoveOutcome::Moved { .. }) => {
                self.say(|| format!("somebody moves {document} to {to}"));
                self.sights.see("records moved elsewhere");
                self.ledger.moved.insert((document, to));
            }
            // What lives in `common` stays there.
            Ok(MoveOutcome::Common | MoveOutcome::There | MoveOutcome::Unknown) => {}
            Ok(outcome) => self.violate(format!("{document} can't be moved: {outcome:?}")),
            Err(_) if self.relay_is_in_trouble() => {}
            Err(error) => self.violate(format!("{document} can't be moved: {error}")),
        }
    }

    /// The operator erases a record; whether the relay has heard of it doesn't matter.
    pub(super) fn erase(&mut self) {
        if !self.relay.is_running() {
            return;
        }
        let Some(record) = self.departures.pick(&self.workload.records()).copied() else { return };
        let document = DocumentId::from_bytes(record.into_bytes());
        // From now on nobody may rely on it: whether it is done is known when the command answers.
        self.erasures.insert(document);
        match self.relay.erase(document) {
            Ok(()) => {
                self.say(|| format!("the operator erases {document}"));
                self.sights.see("records erased");
                self.ledger.erased.insert(document);
            }
            Err(_) if self.relay_is_in_trouble() => {}
            Err(error) => self.violate(format!("{document} can't be erased: {error}")),
        }
    }

    fn relay_is_in_trouble(&self) -> bool {
        let disk = self.relay.disk();
        !self.relay.is_running() || disk.has_failed() || disk.is_off() || self.relay.awaits_log()
    }

    /// What moves an older store forgets: where the documents lived that have moved since.
    pub(super) fn note_lost_moves(&mut self, image: &[u8]) {
        let before = match self.relay.look_into(None) {
            Ok(feeds) => feeds,
            Err(why) => return self.violate(format!("the relay that is to be set back: {why}")),
        };
        let then = match self.relay.look_into(Some(image)) {
            Ok(feeds) => homes::homes(&feeds),
            Err(why) => return self.violate(format!("a backup of the relay: {why}")),
        };
        let lost = lost_moves(&before, &then);
        self.sights.add("moves that a restored relay forgot", lost.len() as u64);
        self.lost_moves.extend(lost);
    }

    /// The same of a store that forgets everything.
    pub(super) fn note_all_moves_lost(&mut self) {
        // Where the log is still awaited nothing can be read, and nothing has moved.
        let Ok(before) = self.relay.look_into(None) else { return };
        let lost = lost_moves(&before, &Homes::new());
        self.sights.add("moves that a restored relay forgot", lost.len() as u64);
        self.lost_moves.extend(lost);
    }

    /// Moves what a restored relay forgot to have moved to the other space and back, once: a device that had never heard of the first move
    /// hears of these.
    pub(super) fn move_there_and_back(&mut self) {
        let Ok(feeds) = crate::audit::feeds(&self.relay) else { return };
        let homes = homes::homes(&feeds);
        for document in std::mem::take(&mut self.lost_moves).into_keys() {
            let Some(home) = homes.get(&document) else { continue };
            let other = |space: &&SpaceId| *space != home && feeds[*space].name != "common";
            if let Some(other) = feeds.keys().find(other) {
                self.sights.see("records moved there and back");
                self.move_at_relay(document, *other);
                self.move_at_relay(document, *home);
            }
        }
    }

    /// What a restored relay forgot of moves, a manager does again: a device that sees only the newer home can't know that
    /// the record is back in the older one.
    pub(super) fn move_again(&mut self) {
        if self.lost_moves.is_empty() {
            return;
        }
        let Ok(feeds) = crate::audit::feeds(&self.relay) else { return };
        let homes = homes::homes(&feeds);
        for (document, to) in self.lost_moves.clone() {
            if homes.get(&document).is_some_and(|home| *home != to) {
                self.sights.see("records moved again");
                self.move_at_relay(document, to);
            }
        }
    }
}

fn lost_moves(before: &Feeds, then: &Homes) -> Homes {
    let moved = homes::moved(before);
    let all = homes::homes(before).into_iter();
    all.filter(|(document, home)| moved.contains(document) && then.get(document) != Some(home)).collect()
}
