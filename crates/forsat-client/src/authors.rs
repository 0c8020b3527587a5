//! Whose word stands behind a change's author: the relay's, this device's, or nobody's.
//!
//! A change names its author itself, and nothing signs that. What vouches for it is the relay's receipt, which says which
//! device delivered the change, together with the control log, which says whose device that is.

use crate::error::ClientError;
use forsat_domain::UserId as Author;
use forsat_store::{ReadTx, Standing};
use forsat_sync::control::{ControlEntry, ControlEvent};
use forsat_sync::id::{DeviceId, UserId};
use serde::Serialize;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// What stands behind the author that a change names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Authorship {
    /// The relay took it from a device that was enrolled for the author.
    Verified,
    /// Nothing does: there is no receipt, the device is another user's or unknown, or no author is named.
    Unverified,
    /// It was made here, and the relay's word isn't here yet.
    Own,
}

/// Answers for changes within one transaction; the control log is read once, at the first receipt.
pub(crate) struct Authors<'a> {
    tx: &'a ReadTx,
    devices: OnceCell<BTreeMap<DeviceId, UserId>>,
}

impl<'a> Authors<'a> {
    pub(crate) fn new(tx: &'a ReadTx) -> Self {
        Self { tx, devices: OnceCell::new() }
    }

    /// The transaction that it reads in.
    pub(crate) fn tx(&self) -> &'a ReadTx {
        self.tx
    }

    /// What stands behind a change that stands so here.
    pub(crate) fn of(
        &self,
        standing: Option<&Standing>,
        author: Option<Author>,
    ) -> Result<Authorship, ClientError> {
        if standing.is_some_and(|standing| !standing.state.in_feed()) {
            return Ok(Authorship::Own);
        }
        let Some(receipt) = standing.and_then(|standing| standing.receipt) else {
            return Ok(Authorship::Unverified);
        };
        let user = self.devices()?.get(&receipt.device);
        let is_authors =
            user.zip(author).is_some_and(|(user, author)| user.as_bytes() == author.0.as_bytes());
        Ok(if is_authors { Authorship::Verified } else { Authorship::Unverified })
    }

    /// Whose device each is that was ever let in, as the copy of the control log says; a revoked one stays its user's.
    fn devices(&self) -> Result<&BTreeMap<DeviceId, UserId>, ClientError> {
        if let Some(devices) = self.devices.get() {
            return Ok(devices);
        }
        let mut devices = BTreeMap::new();
        for entry in self.tx.control_entries(0, usize::MAX)? {
            // What can't be read isn't in the copy: entries are checked as they come.
            let Ok(ControlEntry { event: ControlEvent::DeviceEnrolled { device, user, .. }, .. }) =
                ControlEntry::decode(&entry.bytes)
            else {
                continue;
            };
            devices.entry(device).or_insert(user);
        }
        Ok(self.devices.get_or_init(|| devices))
    }
}
