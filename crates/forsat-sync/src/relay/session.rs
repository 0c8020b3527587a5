//! An authenticated device: roles, pulls, pushes, messages that pass through.

use super::aside;
use super::control::Comparison;
use super::heal;
use super::link::{Fault, Link, Pending};
use super::moves;
use super::request::{AppendRequest, DeviceRecord, Directory, Standing, StorageReply, StorageRequest};
use super::streams::Streams;
use super::{Effect, FlowLimits};
use crate::code::{self, Code};
use crate::control::SignedEntry;
use crate::frame::{ItemOutcome, Pull, Push, Role, StreamId, ToDevice, ToRelay, push_cost};
use crate::heal::{AskId, Question};
use crate::id::{BatchId, DeviceId, SpaceId};

#[derive(Debug)]
pub(super) struct Session {
    pub device: DeviceId,
    directory: Directory,
    streams: Streams,
    draining: bool,
    access: Access,
    comparison: Comparison,
}

/// Whether the device's standing is being looked up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Known,
    Asked {
        /// It changed again after the question.
        again: bool,
    },
    Resting {
        until_ms: u64,
    },
}

impl Session {
    pub fn new(device: DeviceId, directory: Directory) -> Self {
        Self {
            device,
            directory,
            streams: Streams::default(),
            draining: false,
            access: Access::Known,
            comparison: Comparison::default(),
        }
    }

    fn role(&self, space: &SpaceId) -> Option<Role> {
        self.directory.spaces.iter().find(|info| info.id == *space).map(|info| info.role)
    }

    /// A frame of the device, `bytes` long on the wire. Answers whether it said goodbye.
    pub fn frame(
        &mut self,
        frame: ToRelay,
        bytes: usize,
        limits: &FlowLimits,
        link: &mut Link,
    ) -> Result<bool, Fault> {
        match self.comparison.take(frame, bytes, limits, link)? {
            Some(frame) => self.carry_out(frame, limits, link),
            None => Ok(false),
        }
    }

    fn carry_out(&mut self, frame: ToRelay, limits: &FlowLimits, link: &mut Link) -> Result<bool, Fault> {
        match frame {
            ToRelay::Auth(_) | ToRelay::Enrol(_) => return Err(code::UNEXPECTED_FRAME.into()),
            ToRelay::Pull(pull) => self.pull(&pull, limits, link),
            ToRelay::Push(push) => self.push(push, limits, link),
            ToRelay::Ephemeral { space, bytes } => {
                if self.role(&space).is_some() && bytes.len() <= limits.ephemeral_bytes_max {
                    link.push(Effect::Publish { space, from: self.device, bytes });
                }
            }
            ToRelay::Ping { token } => link.send(&ToDevice::Pong { token }),
            ToRelay::Bye => return Ok(true),
            ToRelay::Heal { ask, space, question } => self.heal(ask, space, question, limits, link),
            // One at a time: whoever asks on without waiting makes a queue of transactions.
            ToRelay::Admin { .. } if link.is_administering() => return Err(code::OVERLOADED.into()),
            ToRelay::Admin { .. } if self.draining => return Err(code::DRAINING.into()),
            ToRelay::Admin { ask, request } => {
                link.ask(StorageRequest::Admin { device: self.device, request }, Pending::Admin { ask });
            }
            ToRelay::Move(wanted) => {
                let role = self.role(&wanted.to);
                moves::ask(self.device, wanted, role, self.draining, link);
            }
            ToRelay::SetAside(aside) => aside::ask(self.device, aside, self.draining, limits, link),
            // The comparison has taken them.
            ToRelay::ControlHead(_) | ToRelay::ControlEntries { .. } => {}
            // Of a later version that this relay doesn't have: the device has to live without an answer.
            ToRelay::Unknown { .. } => {}
        }
        Ok(false)
    }

    /// Storage has answered about the control log. Answers whether the device said goodbye meanwhile.
    pub fn controlled(
        &mut self,
        now_ms: u64,
        reply: StorageReply,
        limits: &FlowLimits,
        link: &mut Link,
    ) -> Result<bool, Fault> {
        for frame in self.comparison.answered(now_ms, reply, limits, link)? {
            if self.carry_out(frame, limits, link)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn pull(&mut self, pull: &Pull, limits: &FlowLimits, link: &mut Link) {
        if self.role(&pull.space).is_none() {
            return close_stream(pull.stream, code::UNKNOWN_SPACE, link);
        }
        if !self.streams.contains(&pull.space) && self.streams.len() >= limits.streams_max {
            return close_stream(pull.stream, code::TOO_MANY_STREAMS, link);
        }
        if self.streams.begin(pull) {
            link.push(Effect::Subscribe { space: pull.space });
        }
    }

    fn push(&mut self, push: Push, limits: &FlowLimits, link: &mut Link) {
        let count = push.items.len();
        let bytes = push_cost(push.items.iter().map(|item| item.bytes.len()));
        let answer = match self.role(&push.space) {
            None => Some(ItemOutcome::refused(code::UNKNOWN_SPACE)),
            Some(role) if !role.may_write() => Some(ItemOutcome::refused(code::FORBIDDEN)),
            Some(_) if self.draining => Some(ItemOutcome::later(code::DRAINING)),
            Some(_) if link.push_bytes_pending() + bytes > window(limits) => {
                Some(ItemOutcome::later(code::OVERLOADED))
            }
            Some(_) => None,
        };
        match answer {
            Some(outcome) => link.send_outcome(push.batch, vec![outcome; count], limits),
            None => link.ask(
                StorageRequest::Append(AppendRequest {
                    device: self.device,
                    space: push.space,
                    items: push.items,
                    refill: None,
                }),
                Pending::Append { batch: push.batch, items: count, bytes },
            ),
        }
    }

    fn heal(&mut self, ask: AskId, space: SpaceId, question: Question, limits: &FlowLimits, link: &mut Link) {
        let refused = match self.role(&space) {
            None => Some(code::UNKNOWN_SPACE),
            Some(_) if self.draining => Some(code::DRAINING),
            // One at a time: whoever asks on without waiting for the answer gets none.
            Some(_) if link.is_healing() => Some(code::OVERLOADED),
            Some(_) => None,
        };
        match refused {
            Some(code) => heal::failed(ask, code, link),
            None => heal::ask(self.device, ask, space, question, limits, link),
        }
    }

    /// Storage has answered an append.
    pub fn appended(
        &mut self,
        batch: BatchId,
        items: usize,
        reply: StorageReply,
        limits: &FlowLimits,
        link: &mut Link,
    ) -> Result<(), Fault> {
        let results = match reply {
            StorageReply::Appended(results) if results.len() == items => results,
            StorageReply::Hidden => vec![ItemOutcome::refused(code::UNKNOWN_SPACE); items],
            StorageReply::Forbidden => vec![ItemOutcome::refused(code::FORBIDDEN); items],
            StorageReply::Unavailable { code } => vec![ItemOutcome::later(code); items],
            _ => return Err(code::INTERNAL.into()),
        };
        link.send_outcome(batch, results, limits);
        Ok(())
    }

    /// Storage has answered a page.
    pub fn page(
        &mut self,
        now_ms: u64,
        space: SpaceId,
        stream: StreamId,
        reply: StorageReply,
        limits: &FlowLimits,
        link: &mut Link,
    ) -> Result<(), Fault> {
        match reply {
            StorageReply::Page(page) => self.streams.page(space, stream, page, link),
            StorageReply::Hidden => {
                self.end_stream(&space, stream, code::UNKNOWN_SPACE, link);
                Ok(())
            }
            StorageReply::CursorInvalid => {
                self.end_stream(&space, stream, code::CURSOR_INVALID, link);
                Ok(())
            }
            StorageReply::Unavailable { .. } => {
                self.streams.rest(space, stream, now_ms.saturating_add(limits.storage_retry_ms));
                Ok(())
            }
            _ => Err(code::INTERNAL.into()),
        }
    }

    fn end_stream(&mut self, space: &SpaceId, stream: StreamId, code: Code, link: &mut Link) {
        if self.streams.is_current(space, stream) {
            self.streams.end(space);
            link.push(Effect::Unsubscribe { space: *space });
            close_stream(stream, code, link);
        }
    }

    /// Looks up what the device may do now.
    pub fn access_changed(&mut self, link: &mut Link) {
        if let Access::Asked { again } = &mut self.access {
            *again = true;
            return;
        }
        self.access = Access::Asked { again: false };
        link.ask(StorageRequest::Device { device: self.device }, Pending::Access);
    }

    /// Storage has answered what the device may do now: the entry that revokes it, if it may still set changes aside.
    pub fn access(
        &mut self,
        now_ms: u64,
        reply: StorageReply,
        limits: &FlowLimits,
        link: &mut Link,
    ) -> Result<Option<SignedEntry>, Fault> {
        let again = self.access == Access::Asked { again: true };
        self.access = Access::Known;
        match reply {
            StorageReply::Device(DeviceRecord { standing: Standing::Revoked, revocation, .. }) => {
                return aside::turned_away(revocation, link).map(Some);
            }
            StorageReply::Device(DeviceRecord { standing: Standing::Pending, .. }) => {
                return Err(code::DEVICE_PENDING.into());
            }
            StorageReply::Device(record) => self.adopt(record.directory, link),
            StorageReply::UnknownDevice => return Err(code::UNKNOWN_DEVICE.into()),
            StorageReply::Unavailable { .. } => {
                self.access = Access::Resting { until_ms: now_ms.saturating_add(limits.storage_retry_ms) };
                return Ok(None);
            }
            _ => return Err(code::INTERNAL.into()),
        }
        if again {
            self.access_changed(link);
        }
        Ok(None)
    }

    /// Ends all pulls without a word.
    pub fn end_streams(&mut self, link: &mut Link) {
        for space in self.streams.spaces() {
            self.streams.end(&space);
            link.push(Effect::Unsubscribe { space });
        }
    }

    fn adopt(&mut self, directory: Directory, link: &mut Link) {
        if directory == self.directory {
            return;
        }
        self.directory = directory;
        for space in self.streams.spaces() {
            if self.role(&space).is_none()
                && let Some(stream) = self.streams.end(&space)
            {
                link.push(Effect::Unsubscribe { space });
                close_stream(stream, code::UNKNOWN_SPACE, link);
            }
        }
        link.send(&ToDevice::SpacesChanged { spaces: self.directory.spaces.clone() });
    }

    pub fn feed_advanced(&mut self, space: &SpaceId) {
        self.streams.advanced(space);
    }

    /// Passes a message on unless the device is slow: such messages are worth nothing later.
    pub fn ephemeral(
        &mut self,
        space: SpaceId,
        from: DeviceId,
        bytes: Vec<u8>,
        limits: &FlowLimits,
        link: &mut Link,
    ) {
        let room = link.queued_bytes() <= limits.send_queue_bytes_max;
        if room && from != self.device && self.streams.contains(&space) && self.role(&space).is_some() {
            link.send(&ToDevice::Ephemeral { space, from, bytes });
        }
    }

    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Asks storage for whatever is due.
    pub fn pump(&mut self, now_ms: u64, limits: &FlowLimits, link: &mut Link) {
        if matches!(self.access, Access::Resting { until_ms } if until_ms <= now_ms) {
            self.access_changed(link);
        }
        if !self.draining {
            self.streams.pump(now_ms, self.device, limits, link);
        }
    }

    pub fn deadline_ms(&self) -> Option<u64> {
        let access = match self.access {
            Access::Resting { until_ms } => Some(until_ms),
            Access::Known | Access::Asked { .. } => None,
        };
        let deadlines = [access, self.streams.deadline_ms(), self.comparison.deadline_ms()];
        deadlines.into_iter().flatten().min()
    }

    /// Whether the device is late with what has to come before it is served.
    pub fn is_late(&self, now_ms: u64) -> bool {
        self.comparison.deadline_ms().is_some_and(|until_ms| now_ms >= until_ms)
    }
}

/// What the relay takes before it answers `overloaded`: twice what it promised in the welcome, so that an honest device
/// whose early pushes are still waiting never hears it.
pub(super) fn window(limits: &FlowLimits) -> usize {
    limits.push_window_bytes.saturating_mul(2)
}

fn close_stream(stream: StreamId, code: Code, link: &mut Link) {
    link.send(&ToDevice::StreamClosed { stream, message: code::message(&code).to_owned(), code });
}
