//! A device that is thrown out after a backup, and must stay out when the backup is restored.

use super::World;
use crate::plan::SPACES;
use forsat_relay::store::Role;
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
            Err(error) => self.violate(format!("a device can't be thrown out: {error}")),
        }
    }

    /// Whoever was thrown out is out, also at a relay that was set back since.
    pub(super) fn check_thrown_out(&mut self) {
        let records = match self.relay.store().map(|store| store.devices(&self.thrown_out)) {
            Some(Ok(records)) => records,
            Some(Err(error)) => return self.violate(format!("devices can't be looked up: {error}")),
            None => return self.violate("the relay doesn't run"),
        };
        let is_out = |standing: Option<Standing>| standing == Some(Standing::Revoked);
        if !records.into_iter().all(|record| is_out(record.map(|record| record.standing))) {
            self.violate("a device that was thrown out is let in again by a restored relay");
        }
    }
}
