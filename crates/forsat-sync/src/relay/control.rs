//! Comparing control logs before a device is served: a relay that was restored takes back what it forgot.

use super::FlowLimits;
use super::link::{Fault, Link, Pending};
use super::request::{ControlVerdict, StorageReply, StorageRequest};
use crate::code;
use crate::control::{ControlMark, SignedEntry};
use crate::frame::{ToDevice, ToRelay};

/// What a frame that waits counts beside its bytes: a small one takes more memory than it is long.
const HELD_FRAME_COST: usize = 256;

/// Where the comparison of a connection stands.
#[derive(Debug, Default)]
pub(super) enum Comparison {
    /// The device has said nothing of its log.
    #[default]
    Unasked,
    /// Storage is asked, or the device is.
    Under(Box<Held>),
    /// The relay has all that the device has, or can't use it.
    Over,
}

/// What waits meanwhile.
#[derive(Debug)]
pub(super) struct Held {
    mark: ControlMark,
    frames: Vec<ToRelay>,
    bytes: usize,
    /// The device was asked for entries, and has until this time to bring them.
    wanted_until_ms: Option<u64>,
    /// After which one it was asked last: each time it has to be a later one, so that it ends.
    asked: Option<u64>,
    /// It was asked for all of them, since the logs go apart.
    whole: bool,
}

impl Comparison {
    /// Takes a frame that is about the log or has to wait; answers the others. `bytes` is its length on the wire.
    pub fn take(
        &mut self,
        frame: ToRelay,
        bytes: usize,
        limits: &FlowLimits,
        link: &mut Link,
    ) -> Result<Option<ToRelay>, Fault> {
        match (self, frame) {
            (this @ Self::Unasked, ToRelay::ControlHead(mark)) => {
                link.ask(StorageRequest::ControlCheck { mark }, Pending::Control);
                *this = Self::Under(Box::new(Held::new(mark)));
                Ok(None)
            }
            (Self::Under(held), ToRelay::ControlEntries { entries }) => {
                held.entries(entries, link);
                Ok(None)
            }
            (_, ToRelay::ControlHead(_) | ToRelay::ControlEntries { .. }) => Ok(None),
            (_, frame @ (ToRelay::Ping { .. } | ToRelay::Bye)) => Ok(Some(frame)),
            (Self::Under(held), frame) => {
                held.bytes += bytes + HELD_FRAME_COST;
                if held.bytes > limits.early_bytes_max.saturating_mul(2) {
                    return Err(code::OVERLOADED.into());
                }
                held.frames.push(frame);
                Ok(None)
            }
            (_, frame) => Ok(Some(frame)),
        }
    }

    /// Storage has answered; the frames that waited come back when the comparison is over.
    pub fn answered(
        &mut self,
        now_ms: u64,
        reply: StorageReply,
        limits: &FlowLimits,
        link: &mut Link,
    ) -> Result<Vec<ToRelay>, Fault> {
        let Self::Under(held) = self else { return Ok(Vec::new()) };
        match reply {
            StorageReply::Control(verdict) => match held.wants(verdict) {
                Some(after) => {
                    held.wanted_until_ms = Some(now_ms.saturating_add(limits.handshake_ms_max));
                    held.asked = Some(after);
                    link.send(&ToDevice::ControlWanted { after, proof: None });
                    Ok(Vec::new())
                }
                None => {
                    let frames = std::mem::take(&mut held.frames);
                    *self = Self::Over;
                    Ok(frames)
                }
            },
            // Nobody is served by a relay that may have forgotten whom it threw out.
            StorageReply::Unavailable { code } => Err(code.into()),
            _ => Err(code::INTERNAL.into()),
        }
    }

    /// Until when the device has to bring what it was asked for: what waits here must not wait for ever.
    pub fn deadline_ms(&self) -> Option<u64> {
        match self {
            Self::Under(held) => held.wanted_until_ms,
            Self::Unasked | Self::Over => None,
        }
    }
}

impl Held {
    fn new(mark: ControlMark) -> Self {
        Self { mark, frames: Vec::new(), bytes: 0, wanted_until_ms: None, asked: None, whole: false }
    }

    /// After which entry the device is asked to go on.
    fn wants(&mut self, verdict: ControlVerdict) -> Option<u64> {
        let after = match verdict {
            ControlVerdict::Over => return None,
            ControlVerdict::Wanted { after } => after,
            ControlVerdict::Branched { .. } if !std::mem::replace(&mut self.whole, true) => {
                self.asked = None;
                0
            }
            ControlVerdict::Branched { after } => after,
        };
        let goes_on = self.asked.is_none_or(|before| before < after);
        (goes_on && after < self.mark.count).then_some(after)
    }

    fn entries(&mut self, entries: Vec<SignedEntry>, link: &mut Link) {
        if self.wanted_until_ms.take().is_some() {
            link.ask(StorageRequest::ControlAdopt { entries }, Pending::Control);
        }
    }
}
