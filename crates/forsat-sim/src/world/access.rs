//! A device that is thrown out after a backup, and must stay out when the backup is restored.

use super::World;
use crate::plan::SPACES;
use forsat_relay::store::Role;
use forsat_sync::control::{ControlEntry, ControlEvent, SignedEntry};
use forsat_sync::id::DeviceId;
use forsat_sync::relay::Standing;

impl World {
    /// Enrols a device that no person has; none when the relay can't take it now.
    pub(super) fn enrol_visitor(&mut self) -> Option<DeviceId> {
        self.relay.enrol_directly("Visitor <visitor@example.com>", None, SPACES[0], Role::Viewer).ok()
    }

    /// Throws a device out, for good.
    pub(super) fn throw_out(&mut self, device: Option<DeviceId>) {
        let Some(device) = device else { return };
        match self.relay.revoke(&device) {
            Ok(()) => {
                self.sights.see("devices thrown out");
                self.thrown_out.push(device);
            }
            Err(_)
                if !self.relay.is_running()
                    || self.relay.disk().has_failed()
                    || self.relay.disk().is_off()
                    || self.relay.awaits_log() => {}
            Err(error) => self.violate(format!("a device can't be thrown out: {error}")),
        }
    }

    /// Whoever was thrown out is out, also at a relay that was set back since, if anybody had heard of it.
    pub(super) fn check_thrown_out(&mut self) {
        let heard_of: Vec<DeviceId> =
            self.thrown_out.iter().copied().filter(|device| self.is_heard_of(device)).collect();
        let records = match self.relay.store().map(|store| store.devices(&heard_of)) {
            Some(Ok(records)) => records,
            Some(Err(error)) => return self.violate(format!("devices can't be looked up: {error}")),
            None => return self.violate("the relay doesn't run"),
        };
        let is_out = |standing: Option<Standing>| standing == Some(Standing::Revoked);
        if !records.into_iter().all(|record| is_out(record.map(|record| record.standing))) {
            self.violate("a device that was thrown out is let in again by a restored relay");
        }
    }

    /// Whether the log on any device says that a device was revoked.
    fn is_heard_of(&self, revoked: &DeviceId) -> bool {
        let is_it = |entry: SignedEntry| {
            let entry = ControlEntry::decode(&entry.bytes);
            matches!(entry.map(|entry| entry.event), Ok(ControlEvent::DeviceRevoked { device, .. }) if device == *revoked)
        };
        self.devices.iter().filter_map(|device| device.engine()).any(|engine| {
            let entries = engine.store().read().and_then(|tx| tx.control_entries(0, usize::MAX));
            entries.is_ok_and(|entries| entries.into_iter().any(is_it))
        })
    }
}
