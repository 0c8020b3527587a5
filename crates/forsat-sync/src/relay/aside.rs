//! Changes that are set aside: passed to storage one frame at a time, answered as storage answers.

use super::FlowLimits;
use super::link::{Fault, Link, Pending, shortened};
use super::request::{AsideRequest, StorageReply, StorageRequest};
use crate::code::{self, Code};
use crate::control::{ControlEntry, ControlEvent, SignedEntry};
use crate::frame::{ItemOutcome, SetAside, ToDevice, ToRelay};
use crate::heal::AskId;
use crate::id::DeviceId;

/// Asks storage to set changes aside. It alone decides whether the device may.
pub(super) fn ask(device: DeviceId, aside: SetAside, draining: bool, limits: &FlowLimits, link: &mut Link) {
    let SetAside { ask, space, items } = aside;
    let count = items.len();
    let put_off = match () {
        () if draining => Some(code::DRAINING),
        () if link.is_setting_aside() => Some(code::OVERLOADED),
        () => None,
    };
    match put_off {
        Some(code) => told(ask, vec![ItemOutcome::later(code); count], limits, link),
        None => {
            let request = AsideRequest { device, space, items };
            link.ask(StorageRequest::SetAside(request), Pending::SetAside { ask, items: count });
        }
    }
}

/// Storage has answered.
pub(super) fn answered(
    ask: AskId,
    items: usize,
    reply: StorageReply,
    limits: &FlowLimits,
    link: &mut Link,
) -> Result<(), Fault> {
    let all = |outcome: fn(Code) -> ItemOutcome, code| vec![outcome(code); items];
    let results = match reply {
        StorageReply::WereSetAside(results) if results.len() == items => results,
        StorageReply::Hidden => all(ItemOutcome::refused, code::UNKNOWN_SPACE),
        StorageReply::Forbidden => all(ItemOutcome::refused, code::FORBIDDEN),
        StorageReply::Unavailable { code } => all(ItemOutcome::later, code),
        _ => return Err(code::INTERNAL.into()),
    };
    told(ask, results, limits, link);
    Ok(())
}

fn told(ask: AskId, results: Vec<ItemOutcome>, limits: &FlowLimits, link: &mut Link) {
    link.send(&ToDevice::WasSetAside { ask, results: shortened(results, limits) });
}

/// Whether an entry of the log revokes a device and leaves it to set aside what it never sent.
pub fn may_set_aside(entry: &SignedEntry) -> bool {
    matches!(
        ControlEntry::decode(&entry.bytes),
        Ok(ControlEntry { event: ControlEvent::DeviceRevoked { lost: false, .. }, .. })
    )
}

/// The entry that revokes a device, if it leaves the device to set changes aside; otherwise the device is shown it, and the
/// connection ends.
pub(super) fn turned_away(revocation: Option<SignedEntry>, link: &mut Link) -> Result<SignedEntry, Fault> {
    match revocation {
        Some(entry) if may_set_aside(&entry) => Ok(entry),
        shown => {
            if let Some(entry) = shown {
                link.send(&ToDevice::Revocation { entry, proof: None });
            }
            Err(code::DEVICE_REVOKED.into())
        }
    }
}

/// What is left of the connection of a device that was revoked.
#[derive(Debug)]
pub(super) struct Restricted {
    device: DeviceId,
    draining: bool,
    /// The end.
    until_ms: u64,
    /// Until when the device has to show that it knows what may follow: one of an earlier version waits for its fault.
    first_word_until_ms: Option<u64>,
}

impl Restricted {
    pub fn new(device: DeviceId, draining: bool, now_ms: u64, limits: &FlowLimits) -> Self {
        Self {
            device,
            draining,
            until_ms: now_ms.saturating_add(limits.restricted_ms_max),
            first_word_until_ms: Some(now_ms.saturating_add(limits.handshake_ms_max)),
        }
    }

    /// A frame of the device. Answers whether it said goodbye.
    pub fn frame(&mut self, frame: ToRelay, limits: &FlowLimits, link: &mut Link) -> Result<bool, Fault> {
        match frame {
            ToRelay::SetAside(aside) => ask(self.device, aside, self.draining, limits, link),
            ToRelay::Ping { token } => link.send(&ToDevice::Pong { token }),
            ToRelay::Bye => return Ok(true),
            ToRelay::Auth(_) | ToRelay::Enrol(_) => return Err(code::UNEXPECTED_FRAME.into()),
            // What was sent before the device knew; nothing of it is answered.
            _ => return Ok(false),
        }
        self.first_word_until_ms = None;
        Ok(false)
    }

    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// When it ends.
    pub fn deadline_ms(&self) -> u64 {
        self.first_word_until_ms.into_iter().fold(self.until_ms, u64::min)
    }
}
