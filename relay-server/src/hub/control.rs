//! Control logs of devices against the store's.

use forsat_sync::control::{ControlMark, SignedEntry};
use forsat_sync::id::SpaceId;
use forsat_sync::relay::{Input, RequestId, StorageReply};

use super::round::unavailable;
use super::{ConnectionId, Hub, Moment};
use crate::store::{RelayStore, StoreError};

/// What a device says of its copy.
pub(super) enum Compared {
    /// Where it ends.
    Mark(ControlMark),
    /// Entries of it.
    Entries(Vec<SignedEntry>),
}

impl Hub {
    /// Compares a device's copy with the store's log, and takes what the store forgot.
    pub(super) fn compare_control(
        &mut self,
        store: &dyn RelayStore,
        connection: ConnectionId,
        request: RequestId,
        what: &Compared,
        moment: &mut Moment<'_>,
    ) -> Result<(), StoreError> {
        let access = store.access();
        let (reply, adopted) = match what {
            Compared::Mark(mark) => match access.check_control(mark) {
                Ok(verdict) => (StorageReply::Control(verdict), None),
                Err(error) => (unavailable(error, "comparing the control log")?, None),
            },
            Compared::Entries(entries) => match access.adopt_control(entries, moment.wall_ms) {
                Ok(adopted) => (StorageReply::Control(adopted.verdict), Some(adopted)),
                Err(error) => (unavailable(error, "taking entries of the control log")?, None),
            },
        };
        if let Some(adopted) = adopted.filter(|adopted| adopted.entries > 0) {
            tracing::warn!(
                entries = adopted.entries,
                tokens_revoked = adopted.tokens,
                "a device brought entries of the control log that this store had forgotten: it was restored from a backup"
            );
            // Whom the entries threw out is out before the device that brought them is served.
            self.access_changed(moment);
            self.control_grew(store, moment);
        }
        self.input(connection, Input::Storage { request, reply }, moment);
        Ok(())
    }

    /// Tells everybody of new entries of the control log: they stand in the feed of `common`, erasures in those of other spaces too.
    pub fn control_grew(&mut self, store: &dyn RelayStore, moment: &Moment<'_>) {
        // A space that isn't told now is with its next change, or at the next connection.
        let spaces = store.spaces().unwrap_or_default();
        for space in spaces {
            self.feed_grew(&space.id, moment);
        }
    }

    /// Tells the subscribers of a feed that it has new entries.
    pub fn feed_grew(&mut self, space: &SpaceId, moment: &Moment<'_>) {
        for connection in self.subscribers_of(space) {
            self.input(connection, Input::FeedAdvanced { space: *space }, moment);
        }
    }
}
