//! Requests of administrators, from their devices.

use forsat_sync::id::DeviceId;
use forsat_sync::relay::{Input, RequestId, StorageReply};

use super::round::unavailable;
use super::{ConnectionId, Hub, Moment};
use crate::admin::orders;
use crate::store::{RelayStore, StoreError};

impl Hub {
    /// Carries out a request, if the device's user administers what it concerns.
    pub(super) fn administer(
        &mut self,
        store: &dyn RelayStore,
        connection: ConnectionId,
        request: RequestId,
        device: &DeviceId,
        asked: &[u8],
        moment: &mut Moment<'_>,
    ) -> Result<(), StoreError> {
        let (reply, changed) = match orders::execute(store, device, asked, moment.wall_ms) {
            Ok((answer, changed)) => (StorageReply::Administered(answer), changed),
            Err(error) => (unavailable(error, "doing what an administrator asks")?, false),
        };
        self.input(connection, Input::Storage { request, reply }, moment);
        if changed {
            self.access_changed(moment);
            self.control_grew(store, moment);
        }
        Ok(())
    }
}
