//! A device that the relay doesn't know: a relay that was restored or made anew may have forgotten it. Before it is turned away it
//! may show entries of the control log that the relay lacks. The relay believes its own signature under them, not the device,
//! which still has to prove that it is who the log says was let in.

use super::FlowLimits;
use super::link::{Fault, Link, Pending};
use super::request::{ControlVerdict, StorageReply, StorageRequest};
use crate::code;
use crate::control::{ControlMark, ENTRIES_MAX, SignedEntry};
use crate::frame::ToDevice;
use crate::id::DeviceId;
use crate::identity::Signature;

/// Where the introduction of a connection stands.
#[derive(Debug, Default)]
pub(super) enum Introduction {
    /// The device isn't known to be unknown.
    #[default]
    None,
    /// Storage is asked how far its own log goes, or takes entries.
    Storage {
        /// After which entry the device was asked last: each time it has to be a later one, so that it ends.
        asked: Option<u64>,
        /// Whether what the device brought was its last.
        is_last: bool,
    },
    /// The device is asked, and has until this time to answer.
    Device {
        /// As above.
        asked: u64,
        /// On the clock of the calls.
        until_ms: u64,
    },
    /// It has shown what it has.
    Over,
}

impl Introduction {
    /// Storage doesn't know the device. Answers whether it may still show something.
    pub fn begin(&mut self, link: &mut Link) -> bool {
        if !matches!(self, Self::None) {
            return false;
        }
        // A copy that goes further than any: the answer says where the relay's own ends.
        let mark = ControlMark { count: u64::MAX, digest: [0; 8] };
        link.ask(StorageRequest::ControlCheck { mark }, Pending::Introduction);
        *self = Self::Storage { asked: None, is_last: false };
        true
    }

    /// Storage has answered; the device is asked to go on, or looked up once more. `proof` is the relay's for this claim.
    pub fn answered(
        &mut self,
        now_ms: u64,
        reply: StorageReply,
        device: DeviceId,
        proof: impl FnOnce() -> Signature,
        limits: &FlowLimits,
        link: &mut Link,
    ) -> Result<(), Fault> {
        let Self::Storage { asked, is_last } = *self else { return Err(code::INTERNAL.into()) };
        match reply {
            StorageReply::Control(ControlVerdict::Wanted { after })
                if !is_last && asked.is_none_or(|before| before < after) =>
            {
                link.send(&ToDevice::ControlWanted { after, proof: Some(proof()) });
                let until_ms = now_ms.saturating_add(limits.handshake_ms_max);
                *self = Self::Device { asked: after, until_ms };
                Ok(())
            }
            StorageReply::Control(_) => {
                self.look_up(device, link);
                Ok(())
            }
            StorageReply::Unavailable { code } => Err(code.into()),
            _ => Err(code::INTERNAL.into()),
        }
    }

    /// The device shows entries; none end it. Those that nobody asked for are passed over.
    pub fn entries(&mut self, entries: Vec<SignedEntry>, device: DeviceId, link: &mut Link) {
        let Self::Device { asked, .. } = *self else { return };
        if entries.is_empty() {
            return self.look_up(device, link);
        }
        *self = Self::Storage { asked: Some(asked), is_last: entries.len() < ENTRIES_MAX };
        link.ask(StorageRequest::ControlAdopt { entries }, Pending::Introduction);
    }

    fn look_up(&mut self, device: DeviceId, link: &mut Link) {
        *self = Self::Over;
        link.ask(StorageRequest::Device { device }, Pending::Handshake);
    }

    /// Until when the device has to answer.
    pub fn deadline_ms(&self) -> Option<u64> {
        if let Self::Device { until_ms, .. } = self { Some(*until_ms) } else { None }
    }
}
