//! Connections of revoked devices that set aside what they never sent: one a device, and few altogether, so that they leave
//! the relay's connections to those who work.

use forsat_sync::code;
use forsat_sync::id::DeviceId;
use forsat_sync::relay::{Input, Standing, may_set_aside};

use super::{ConnectionId, Hub, Moment};
use crate::store::DeviceRecord;

/// The most connections of revoked devices at a time.
pub const RESTRICTED_CONNECTIONS_MAX: usize = 64;

impl Hub {
    /// A connection is a revoked device's now: it takes the place of an older one of the same device.
    pub(super) fn restricted(&mut self, connection: ConnectionId, device: DeviceId, moment: &Moment<'_>) {
        let older = self.restricted.insert(device, connection);
        let mut was_established = false;
        self.with(connection, |found| was_established = found.who.take().is_some());
        if was_established {
            self.note_seen(device, moment);
        }
        if let Some(older) = older.filter(|older| *older != connection) {
            self.input(older, Input::End { code: code::DEVICE_REVOKED }, moment);
        }
    }

    /// Whether a device would have to set changes aside while as many do as may: it comes again, and isn't shown until then that
    /// it is revoked, for it would erase itself with what it holds.
    pub(super) fn has_no_room_for(&self, record: &DeviceRecord) -> bool {
        record.standing == Standing::Revoked
            && record.revocation.as_ref().is_some_and(may_set_aside)
            && self.restricted.len() >= self.limits.restricted_max
            && !self.restricted.contains_key(&record.device)
    }

    /// A connection is gone.
    pub(super) fn forget_restricted(&mut self, connection: ConnectionId) {
        self.restricted.retain(|_, held| *held != connection);
    }
}
