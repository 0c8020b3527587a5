//! What the relay says after its hello was recognised.

use super::event::{ClientError, PageStored, SyncEvent, SyncIssue, Welcomed};
use super::feeds::Roots;
use super::heal::{Verdict, Walked};
use super::machine::{ClientMachine, Drain, Phase, Trouble};
use super::{Effect, Purpose};
use crate::code::{self, Code};
use crate::control::{ControlEvent, ENTRIES_MAX, SignedEntry};
use crate::frame::{ItemOutcome, PageEntry, SpaceInfo, ToDevice, ToRelay, Welcome};
use crate::heal::AskId;
use crate::id::{BatchId, SpaceId};
use crate::identity::{self, AuthClaim, Signature};

/// Faults that trying again can't mend.
const FINAL_FAULTS: [Code; 7] = [
    code::UNKNOWN_DEVICE,
    code::DEVICE_REVOKED,
    code::DEVICE_PENDING,
    code::BAD_SIGNATURE,
    code::INVITE_INVALID,
    code::DEVICE_QUOTA,
    code::PROTOCOL_UNSUPPORTED,
];

/// The number of the one request of a connection that administers.
const ADMIN_ASK: AskId = AskId(1);

impl ClientMachine {
    pub(super) fn frame_before_welcome(
        &mut self,
        now_ms: u64,
        frame: ToDevice,
        claim: &AuthClaim,
    ) -> Result<(), Trouble> {
        let enrolling = matches!(self.config.purpose, Purpose::Enrol { .. });
        match frame {
            ToDevice::Enrolled { device } if enrolling && !self.enrolled && device == claim.device => {
                self.enrolled = true;
                Ok(())
            }
            ToDevice::Welcome(welcome) => self.welcomed(now_ms, welcome, claim),
            // A relay that has forgotten this device asks what it shows of itself. What it signs no recording can say.
            ToDevice::ControlWanted { after, proof: Some(proof) } if !enrolling => {
                identity::verify_welcome(claim, &proof).map_err(|_| Trouble::End(ClientError::Recorded))?;
                self.effects.push(Effect::LoadControl { after });
                Ok(())
            }
            ToDevice::Revocation { entry, proof } => {
                self.revoked(now_ms, entry, proof);
                Ok(())
            }
            ToDevice::Fault { code, message } => Err(fault(code, message)),
            ToDevice::Drain { retry_after_ms, jitter_ms } => {
                self.drain = Some(Drain { retry_after_ms, jitter_ms });
                Ok(())
            }
            _ => Err(code::UNEXPECTED_FRAME.into()),
        }
    }

    fn welcomed(&mut self, now_ms: u64, welcome: Welcome, claim: &AuthClaim) -> Result<(), Trouble> {
        identity::verify_welcome(claim, &welcome.proof).map_err(|_| Trouble::End(ClientError::Recorded))?;
        let own = self.config.reader_version;
        if own < welcome.reader_version_min {
            return Err(Trouble::End(ClientError::ReaderTooOld { min: welcome.reader_version_min, own }));
        }
        let told = usize::try_from(welcome.push_window_bytes).unwrap_or(usize::MAX);
        self.push_window_bytes = told.min(self.config.flow.push_window_bytes);
        self.phase = Phase::Online;
        self.online_since_ms = Some(now_ms);
        self.effects.push(Effect::Event(SyncEvent::Online));
        match (welcome.spaces, &self.directory) {
            (Some(spaces), _) => {
                self.directory = Some((welcome.user, welcome.workspace, spaces));
                self.tell_directory();
            }
            (None, Some(_)) => {}
            // The relay says "as you know" to a device that knows nothing.
            (None, None) => return Err(code::UNEXPECTED_FRAME.into()),
        }
        match &self.config.purpose {
            Purpose::Enrol { .. } => self.stop(Ok(())),
            Purpose::Administer { request } => {
                let request = request.clone();
                self.send(now_ms, &ToRelay::Admin { ask: ADMIN_ASK, request });
            }
            Purpose::Sync { .. } => self.pull_known(now_ms),
        }
        Ok(())
    }

    fn tell_directory(&mut self) {
        let Some((user, workspace, spaces)) = self.directory.clone() else { return };
        let device = self.device();
        let enrolled = self.enrolled;
        self.effects.push(Effect::Welcomed(Welcomed { device, user, workspace, spaces, enrolled }));
    }

    pub(super) fn frame_online(&mut self, now_ms: u64, frame: ToDevice) -> Result<(), Trouble> {
        match frame {
            ToDevice::Page(page) => {
                for entry in &page.entries {
                    if let PageEntry::Echo { document, hash, .. } = entry {
                        self.outbox.echoed(*document, *hash);
                    }
                }
                self.feeds.page(page);
                if self.feeds.queue_bytes() > self.config.flow.page_queue_bytes.saturating_mul(2) {
                    return Err(code::OVERLOADED.into());
                }
            }
            ToDevice::Outcome { batch, results } => self.outcome(now_ms, batch, results)?,
            ToDevice::StreamClosed { stream, code, message } => {
                if let Some(pull) = self.feeds.closed(stream, code, message, &mut self.effects) {
                    self.send(now_ms, &pull);
                }
            }
            ToDevice::SpacesChanged { spaces } => self.spaces_changed(now_ms, spaces),
            ToDevice::Ephemeral { space, from, bytes } => {
                self.effects.push(Effect::Event(SyncEvent::Ephemeral { space, from, bytes }));
            }
            ToDevice::Drain { retry_after_ms, jitter_ms } => {
                self.drain = Some(Drain { retry_after_ms, jitter_ms });
            }
            ToDevice::Healed { ask, answer } => {
                self.heals.answered(now_ms, ask, answer, &mut self.effects)?;
            }
            ToDevice::Moved { ask, results } => self.moved(now_ms, ask, results)?,
            ToDevice::ControlWanted { after, .. } => self.effects.push(Effect::LoadControl { after }),
            ToDevice::WasSetAside { ask, results } => {
                self.asides.answered(ask, results, &mut self.effects)?;
            }
            ToDevice::Revocation { entry, proof } => self.revoked(now_ms, entry, proof),
            ToDevice::Fault { code, message } => return Err(fault(code, message)),
            ToDevice::Administered { ask: ADMIN_ASK, answer }
                if matches!(self.config.purpose, Purpose::Administer { .. }) =>
            {
                self.effects.push(Effect::Administered(answer));
                self.stop(Ok(()));
            }
            ToDevice::Administered { .. } | ToDevice::Pong { .. } | ToDevice::Unknown { .. } => {}
            ToDevice::Hello(_) | ToDevice::Welcome(_) | ToDevice::Enrolled { .. } => {
                return Err(code::UNEXPECTED_FRAME.into());
            }
        }
        Ok(())
    }

    /// An entry that is said to revoke this device. Only the pinned relay's own signature under this device's own name counts;
    /// anything else is as if it had not been said.
    fn revoked(&mut self, now_ms: u64, entry: SignedEntry, proof: Option<Signature>) {
        let device = self.device();
        let Ok(read) = entry.verify(&self.config.relay) else { return };
        let ControlEvent::DeviceRevoked { device: named, lost } = read.event else { return };
        if named != device {
            return;
        }
        // An ack counts only from whoever is the relay now: the entry, and the hello too, may be recordings.
        let proven =
            |proof| self.claim.is_some_and(|claim| identity::verify_restricted(&claim, proof).is_ok());
        let offered = !lost && proof.as_ref().is_some_and(proven);
        let sets_aside = offered && matches!(self.config.purpose, Purpose::Sync { .. });
        self.effects.push(Effect::Revoked { lost, sets_aside, entry });
        if sets_aside {
            self.forget_connection();
            let until_ms = now_ms.saturating_add(self.config.flow.restricted_ms_max);
            self.phase = Phase::Restricted { until_ms };
            // The relay waits only for those who say at once that they know what may follow.
            self.send(now_ms, &ToRelay::Ping { token: 0 });
        } else if offered {
            self.stop(Err(ClientError::revoked()));
        }
    }

    /// What the relay says to a revoked device that sets aside what it never sent.
    pub(super) fn frame_restricted(&mut self, frame: ToDevice) -> Result<(), Trouble> {
        match frame {
            ToDevice::WasSetAside { ask, results } => {
                Ok(self.asides.answered(ask, results, &mut self.effects)?)
            }
            ToDevice::Fault { .. } => Err(Trouble::End(ClientError::revoked())),
            // What was on its way.
            _ => Ok(()),
        }
    }

    /// Sends what is to be set aside.
    pub(super) fn send_asides(&mut self, now_ms: u64) {
        self.asides.tick(now_ms, &mut self.effects);
        let until_ms = now_ms.saturating_add(self.config.flow.aside_wait_ms);
        if let Some(frame) = self.asides.pump(self.config.flow.push_bytes_max, until_ms) {
            self.send(now_ms, &frame);
        }
    }

    pub(super) fn control_loaded(&mut self, now_ms: u64, mut entries: Vec<SignedEntry>) {
        if matches!(self.phase, Phase::Proving { .. } | Phase::Online) {
            entries.truncate(ENTRIES_MAX);
            self.send(now_ms, &ToRelay::ControlEntries { entries });
        }
    }

    fn spaces_changed(&mut self, now_ms: u64, spaces: Vec<SpaceInfo>) {
        if let Some((_, _, known)) = &mut self.directory {
            *known = spaces;
        }
        self.tell_directory();
        self.pull_known(now_ms);
    }

    fn outcome(&mut self, now_ms: u64, batch: BatchId, results: Vec<ItemOutcome>) -> Result<(), Trouble> {
        let outcome = self
            .outbox
            .outcome(now_ms, batch, results, &self.config.flow)
            .ok_or(Trouble::from(code::UNEXPECTED_FRAME))?;
        self.effects.push(Effect::Settle(outcome.settle));
        if outcome.sent > 0 {
            self.backoff.reset();
            self.sent += outcome.sent;
            let event = SyncEvent::Sent { changes: outcome.sent, bytes: outcome.sent_bytes };
            self.effects.push(Effect::Event(event));
        }
        Ok(())
    }

    pub(super) fn page_stored(&mut self, now_ms: u64, stored: PageStored) {
        let taken = self.feeds.stored(stored, &mut self.effects);
        self.received += taken.changes;
        if taken.changes > 0 {
            self.backoff.reset();
        }
        if let Some(roots) = taken.roots {
            self.compared(now_ms, &roots);
        }
        if let Some(pull) = taken.pull
            && matches!(self.phase, Phase::Online)
        {
            self.send(now_ms, &pull);
        }
    }

    /// The digests of a space were compared at the head of its feed.
    fn compared(&mut self, now_ms: u64, roots: &Roots) {
        if roots.relay == roots.device {
            if self.heals.matches(roots.space) {
                self.effects.push(Effect::Event(SyncEvent::Healed { space: roots.space }));
            }
        } else if self.heals.differs(now_ms, roots.space) == Verdict::Stays {
            self.feeds.report(roots, &mut self.effects);
        }
    }

    /// Goes on with healing.
    pub(super) fn heal(&mut self, now_ms: u64) {
        for space in self.heals.due(now_ms) {
            self.pull_again(now_ms, space);
        }
        loop {
            let (question, walked) = self.heals.pump(self.config.flow.push_bytes_max, &mut self.effects);
            if let Some(question) = question {
                self.send(now_ms, &question);
            }
            let Some(Walked { space, refused }) = walked else { return };
            if let Some((changes, code, message)) = refused {
                let issue = SyncIssue::RefillRefused { space, changes, code, message };
                self.effects.push(Effect::Report(issue));
            }
            self.pull_again(now_ms, space);
        }
    }

    /// Asks for a move once what was typed before is at the relay.
    pub(super) fn ask_moves(&mut self, now_ms: u64) {
        if self.outbox.is_settled()
            && let Some(question) = self.moves.pump()
        {
            self.send(now_ms, &question);
        }
    }

    fn moved(&mut self, now_ms: u64, ask: AskId, results: Vec<ItemOutcome>) -> Result<(), Trouble> {
        let Some(done) = self.moves.answered(ask, results)? else { return Ok(()) };
        let has_moved = done.iter().any(|done| done.outcome == ItemOutcome::Acked);
        self.effects.push(Effect::Moved(done));
        if has_moved {
            // The feeds say the rest: whoever works once mustn't stop before they have.
            for space in self.feeds.spaces() {
                self.pull_again(now_ms, space);
            }
        }
        Ok(())
    }

    fn pull_again(&mut self, now_ms: u64, space: SpaceId) {
        if let Some(pull) = self.feeds.again(space) {
            self.send(now_ms, &pull);
        }
    }
}

fn fault(code: Code, message: String) -> Trouble {
    if FINAL_FAULTS.contains(&code) {
        Trouble::End(ClientError::Refused { code, message })
    } else {
        Trouble::Retry { code, message }
    }
}
