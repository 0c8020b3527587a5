//! Moves of documents: one transaction a request, then both feeds have grown.

use std::collections::BTreeSet;

use forsat_sync::code;
use forsat_sync::frame::ItemOutcome;
use forsat_sync::relay::{Input, MoveRequest, RequestId, StorageReply};

use super::round::unavailable;
use super::{ConnectionId, Hub, Moment, outcome};
use crate::store::{MoveOutcome, RelayStore, StoreError};

impl Hub {
    /// Moves documents for a device.
    pub(super) fn move_documents(
        &mut self,
        store: &dyn RelayStore,
        connection: ConnectionId,
        request: RequestId,
        wanted: &MoveRequest,
        moment: &Moment<'_>,
    ) -> Result<(), StoreError> {
        let (reply, grown) = match store.access().move_documents(wanted, moment.wall_ms) {
            Ok(outcomes) => {
                let from = outcomes.iter().filter_map(|outcome| match outcome {
                    MoveOutcome::Moved { from, .. } => Some(*from),
                    _ => None,
                });
                let mut grown: BTreeSet<_> = from.collect();
                if !grown.is_empty() {
                    grown.insert(wanted.to);
                }
                (StorageReply::Moved(outcomes.into_iter().map(item).collect()), grown)
            }
            Err(error) => (unavailable(error, "moving documents")?, BTreeSet::new()),
        };
        self.input(connection, Input::Storage { request, reply }, moment);
        for space in grown {
            self.feed_grew(&space, moment);
        }
        Ok(())
    }
}

fn item(outcome: MoveOutcome) -> ItemOutcome {
    match outcome {
        MoveOutcome::Moved { .. } | MoveOutcome::There => ItemOutcome::Acked,
        MoveOutcome::Unknown => ItemOutcome::refused(code::UNKNOWN_DOCUMENT),
        MoveOutcome::HiddenSpace => ItemOutcome::refused(code::UNKNOWN_SPACE),
        MoveOutcome::Forbidden => ItemOutcome::refused(code::FORBIDDEN),
        MoveOutcome::Common => ItemOutcome::refused(code::COMMON_STAYS),
        MoveOutcome::Later => ItemOutcome::later(code::OVERLOADED),
        MoveOutcome::Quota(quota) => outcome::used_up(quota),
    }
}
