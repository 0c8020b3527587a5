//! One connection after the other: connecting, back-off, handshake, deadlines, the end.

use super::aside::Asides;
use super::event::{ClientError, StoreTask, SyncEvent, SyncIssue, SyncStatus};
use super::feeds::Feeds;
use super::heal::Heals;
use super::moves::{MoveWish, Moves};
use super::outbox::Outbox;
use super::{ClientConfig, Effect, Input, Known, Purpose};
use crate::backoff::{Backoff, spread};
use crate::code::{self, Code};
use crate::control::ControlHead;
use crate::frame::{
    Auth, DirectoryDigest, Enrol, Hello, PROTOCOL_VERSIONS, SetAside, SpaceInfo, ToDevice, ToRelay,
};
use crate::id::{DeviceId, Nonce, UserId, WorkspaceId};
use crate::identity::{self, AuthClaim};

/// The device's end.
#[derive(Debug)]
pub struct ClientMachine {
    pub(super) config: ClientConfig,
    pub(super) phase: Phase,
    pub(super) effects: Vec<Effect>,
    pub(super) feeds: Feeds,
    pub(super) heals: Heals,
    pub(super) outbox: Outbox,
    pub(super) moves: Moves,
    pub(super) asides: Asides,
    pub(super) directory: Option<(UserId, WorkspaceId, Vec<SpaceInfo>)>,
    pub(super) push_window_bytes: usize,
    pub(super) backoff: Backoff,
    pub(super) heard_at_ms: u64,
    pub(super) drain: Option<Drain>,
    /// What both ends of this connection sign.
    pub(super) claim: Option<AuthClaim>,
    /// When this connection's welcome came.
    pub(super) online_since_ms: Option<u64>,
    pub(super) received: u64,
    pub(super) sent: u64,
    pub(super) enrolled: bool,
    sent_at_ms: u64,
    pinged_at_ms: u64,
    last_ping: u32,
    was_settled: bool,
    control: Option<ControlHead>,
}

#[derive(Clone, Debug)]
pub(super) enum Phase {
    /// Not connected; tries at this time.
    Waiting {
        until_ms: u64,
    },
    /// The transport is being opened.
    Connecting {
        until_ms: u64,
    },
    /// The relay's hello is awaited.
    Greeting {
        nonce: Nonce,
        until_ms: u64,
    },
    /// The hello was the pinned relay's; the welcome is awaited, and pulls and pushes are on their way already.
    Proving {
        claim: AuthClaim,
        until_ms: u64,
    },
    /// The welcome came.
    Online,
    /// The device was revoked, and the relay takes what it never sent until this time.
    Restricted {
        until_ms: u64,
    },
    /// The driver was asked to close the transport.
    Closing,
    Stopped,
}

/// What the relay said of coming back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drain {
    pub retry_after_ms: u64,
    pub jitter_ms: u64,
}

/// Why the connection has to end.
pub(super) enum Trouble {
    /// Close, wait, try again.
    Retry { code: Code, message: String },
    /// The machine ends.
    End(ClientError),
}

impl From<Code> for Trouble {
    fn from(code: Code) -> Self {
        Self::Retry { message: code::message(&code).to_owned(), code }
    }
}

impl ClientMachine {
    /// A machine that wants to connect at once: the effects say so.
    pub fn start(config: ClientConfig, now_ms: u64) -> (Self, Vec<Effect>) {
        let known = match &config.purpose {
            Purpose::Sync { known, .. } => known.clone(),
            Purpose::Enrol { .. } | Purpose::Administer { .. } => Known::default(),
        };
        let mut machine = Self {
            phase: Phase::Waiting { until_ms: now_ms },
            effects: Vec::new(),
            feeds: Feeds::new(known.cursors),
            heals: Heals::default(),
            outbox: Outbox::default(),
            moves: Moves::default(),
            asides: Asides::default(),
            directory: known.directory,
            push_window_bytes: config.flow.early_window_bytes,
            backoff: Backoff::new(config.flow.backoff_base_ms, config.flow.backoff_ms_max),
            heard_at_ms: now_ms,
            drain: None,
            claim: None,
            online_since_ms: None,
            received: 0,
            sent: 0,
            enrolled: false,
            sent_at_ms: now_ms,
            pinged_at_ms: now_ms,
            last_ping: 0,
            was_settled: false,
            control: None,
            config,
        };
        machine.connect(now_ms);
        let effects = std::mem::take(&mut machine.effects);
        (machine, effects)
    }

    /// Takes one input and answers what to do.
    pub fn handle(&mut self, now_ms: u64, input: Input) -> Vec<Effect> {
        if matches!(self.phase, Phase::Stopped) {
            return Vec::new();
        }
        let done = self.input(now_ms, input).and_then(|()| self.check_time(now_ms));
        match done {
            Ok(()) => self.pump(now_ms),
            Err(Trouble::Retry { .. }) if matches!(self.phase, Phase::Restricted { .. }) => {
                self.stop(Err(ClientError::revoked()));
            }
            Err(Trouble::Retry { code, message }) => {
                self.effects.push(Effect::Report(SyncIssue::Fault { code, message }));
                self.close();
            }
            Err(Trouble::End(error)) => self.stop(Err(error)),
        }
        std::mem::take(&mut self.effects)
    }

    /// When the next [`Input::Tick`] is due, on the clock of the calls; `None` when nothing is awaited.
    pub fn deadline_ms(&self) -> Option<u64> {
        match &self.phase {
            Phase::Waiting { until_ms }
            | Phase::Connecting { until_ms }
            | Phase::Greeting { until_ms, .. }
            | Phase::Proving { until_ms, .. } => Some(*until_ms),
            Phase::Restricted { until_ms } => {
                Some(self.asides.deadline_ms().into_iter().fold(*until_ms, u64::min))
            }
            // While the relay drains nothing is sent, so nothing is due but the sign of life.
            Phase::Online if self.drain.is_some() => Some(self.ping_at_ms()),
            Phase::Online => {
                let due = self.outbox.deadline_ms().into_iter().chain(self.heals.deadline_ms());
                let due = due.chain(self.asides.deadline_ms());
                Some(due.fold(self.ping_at_ms(), u64::min))
            }
            Phase::Closing | Phase::Stopped => None,
        }
    }

    /// Whether the driver may read the next message from the transport; pages that wait to be stored hold it back.
    pub fn wants_frames(&self) -> bool {
        self.feeds.queue_bytes() < self.config.flow.page_queue_bytes
    }

    /// Where things stand.
    pub fn status(&self) -> SyncStatus {
        let online = matches!(self.phase, Phase::Online);
        let settled = online
            && self.feeds.is_settled()
            && self.heals.is_settled()
            && self.outbox.is_settled()
            && self.moves.is_settled()
            && self.asides.is_settled();
        SyncStatus {
            online,
            settled,
            synced: settled && self.feeds.is_at_head() && self.heals.is_level() && self.outbox.put_off() == 0,
            put_off: self.outbox.put_off(),
            received: self.received,
            sent: self.sent,
        }
    }

    /// How far the store's copy of the control log goes; to be told before `Connected`, each time.
    pub fn know_control(&mut self, head: ControlHead) {
        self.control = Some(head);
    }

    /// The moves that the store wants; to be told after `Connected`, each time, and when they changed.
    pub fn want_moves(&mut self, wishes: Vec<MoveWish>) {
        self.moves.want(wishes);
    }

    /// The device's id.
    pub fn device(&self) -> DeviceId {
        self.config.key.device_id()
    }

    fn input(&mut self, now_ms: u64, input: Input) -> Result<(), Trouble> {
        match input {
            Input::Connected { nonce } => {
                if let Phase::Connecting { until_ms } = self.phase {
                    self.heard_at_ms = now_ms;
                    self.phase = Phase::Greeting { nonce, until_ms };
                }
            }
            Input::Disconnected { random } => self.disconnected(now_ms, random)?,
            Input::Frame(bytes) => return self.frame(now_ms, &bytes),
            Input::PageStored(stored) => self.page_stored(now_ms, stored),
            Input::Healed(done) => self.heals.done(done),
            Input::OutboxLoaded { items } => self.outbox.loaded(items),
            Input::ControlLoaded { entries } => self.control_loaded(now_ms, entries),
            Input::SetAside(wanted) => self.set_aside(wanted),
            Input::OutboxChanged => self.outbox.grown(),
            Input::OutboxRehomed => self.outbox.rehomed(),
            Input::Settled => self.outbox.settled(),
            Input::StoreFailed { task, message } => self.store_failed(task, message),
            Input::Tick => {}
            Input::ConnectNow => {
                if let Phase::Waiting { until_ms } = &mut self.phase {
                    *until_ms = now_ms;
                }
            }
            Input::Stop => self.stop(Ok(())),
        }
        Ok(())
    }

    fn connect(&mut self, now_ms: u64) {
        self.phase = Phase::Connecting { until_ms: now_ms.saturating_add(self.config.flow.handshake_ms_max) };
        self.push_window_bytes = self.config.flow.early_window_bytes;
        self.heard_at_ms = now_ms;
        self.sent_at_ms = now_ms;
        self.pinged_at_ms = now_ms;
        self.drain = None;
        self.claim = None;
        self.forget_connection();
        self.effects.push(Effect::Event(SyncEvent::Connecting));
        self.effects.push(Effect::Connect);
    }

    /// Forgets what was under way.
    pub(super) fn forget_connection(&mut self) {
        self.feeds.reset();
        self.heals.reset();
        self.outbox.reset();
        self.moves.reset();
        self.asides.reset(&mut self.effects);
    }

    /// Takes what the engine wants set aside; without a connection it is put off at once.
    fn set_aside(&mut self, wanted: SetAside) {
        self.asides.want(wanted, &mut self.effects);
        if matches!(self.phase, Phase::Waiting { .. } | Phase::Closing) {
            self.asides.put_off(&mut self.effects);
        }
    }

    fn disconnected(&mut self, now_ms: u64, random: u64) -> Result<(), Trouble> {
        if matches!(self.phase, Phase::Waiting { .. }) {
            return Ok(());
        }
        if matches!(self.phase, Phase::Restricted { .. }) {
            self.phase = Phase::Closing;
            self.asides.put_off(&mut self.effects);
            return Err(Trouble::End(ClientError::revoked()));
        }
        self.asides.put_off(&mut self.effects);
        // A connection that held for long was of use even if nothing changed; one that fails at once, again and again,
        // must not be tried ever faster.
        let held_ms = self.online_since_ms.take().map_or(0, |since_ms| now_ms.saturating_sub(since_ms));
        if held_ms >= self.config.flow.backoff_ms_max {
            self.backoff.reset();
        }
        let wait_ms = match self.drain.take() {
            Some(drain) => drain.retry_after_ms.saturating_add(spread(drain.jitter_ms, random)),
            None => self.backoff.fail(random),
        };
        let gives_up = match &self.config.purpose {
            Purpose::Enrol { .. } | Purpose::Administer { .. } => true,
            Purpose::Sync { once, .. } => *once,
        };
        if gives_up && self.backoff.failures() >= self.config.flow.attempts_max {
            return Err(Trouble::End(ClientError::Unreachable { attempts: self.backoff.failures() }));
        }
        let retry_at_ms = now_ms.saturating_add(wait_ms);
        self.phase = Phase::Waiting { until_ms: retry_at_ms };
        self.was_settled = false;
        self.effects.push(Effect::Event(SyncEvent::Offline { retry_at_ms }));
        Ok(())
    }

    fn store_failed(&mut self, task: StoreTask, message: String) {
        match task {
            StoreTask::Page => self.feeds.store_failed(),
            StoreTask::Heal => self.heals.failed(),
            StoreTask::Outbox => self.outbox.load_failed(),
            StoreTask::Settle => self.outbox.settled(),
            // The next connection brings another welcome, and asks for the log again.
            StoreTask::Welcome | StoreTask::Control | StoreTask::Moves => {}
        }
        self.effects.push(Effect::Report(SyncIssue::Store { message }));
        if !matches!(self.phase, Phase::Restricted { .. }) {
            self.close();
        }
    }

    /// Asks the driver to close the transport, if there is one.
    pub(super) fn close(&mut self) {
        let connected = matches!(
            self.phase,
            Phase::Connecting { .. }
                | Phase::Greeting { .. }
                | Phase::Proving { .. }
                | Phase::Online
                | Phase::Restricted { .. }
        );
        if connected {
            self.asides.put_off(&mut self.effects);
            self.phase = Phase::Closing;
            self.effects.push(Effect::Close);
        }
    }

    pub(super) fn stop(&mut self, result: Result<(), ClientError>) {
        let status = self.status();
        let restricted = matches!(self.phase, Phase::Restricted { .. });
        if restricted || (result.is_ok() && matches!(self.phase, Phase::Proving { .. } | Phase::Online)) {
            self.effects.push(Effect::Send(ToRelay::Bye.encode()));
        }
        // Whatever ends a revoked device's connection, it is revoked.
        let result = if restricted { Err(ClientError::revoked()) } else { result };
        self.close();
        self.phase = Phase::Stopped;
        self.effects.push(Effect::Stopped(result.map(|()| status)));
    }

    pub(super) fn send(&mut self, now_ms: u64, frame: &ToRelay) {
        debug_assert!(
            matches!(self.phase, Phase::Proving { .. } | Phase::Online | Phase::Restricted { .. }),
            "nothing is sent before the relay's key was recognised"
        );
        self.sent_at_ms = now_ms;
        self.effects.push(Effect::Send(frame.encode()));
    }

    fn frame(&mut self, now_ms: u64, bytes: &[u8]) -> Result<(), Trouble> {
        let listens = matches!(
            self.phase,
            Phase::Greeting { .. } | Phase::Proving { .. } | Phase::Online | Phase::Restricted { .. }
        );
        if !listens {
            return Ok(());
        }
        self.heard_at_ms = now_ms;
        let frame = ToDevice::decode(bytes, self.config.flow.message_bytes_max)
            .map_err(|error| Trouble::Retry { code: error.code(), message: error.to_string() })?;
        match self.phase {
            Phase::Greeting { nonce, until_ms } => match frame {
                ToDevice::Hello(hello) => self.greeted(now_ms, &hello, nonce, until_ms),
                // Nobody has proven to be the relay yet, so nothing that is said here ends the machine.
                ToDevice::Fault { code, message } => Err(Trouble::Retry { code, message }),
                _ => Err(code::UNEXPECTED_FRAME.into()),
            },
            Phase::Proving { claim, .. } => self.frame_before_welcome(now_ms, frame, &claim),
            Phase::Online => self.frame_online(now_ms, frame),
            Phase::Restricted { .. } => self.frame_restricted(frame),
            _ => Ok(()),
        }
    }

    /// Checks the hello and answers it; nothing is sent before the relay's key was recognised.
    fn greeted(
        &mut self,
        now_ms: u64,
        hello: &Hello,
        device_nonce: Nonce,
        until_ms: u64,
    ) -> Result<(), Trouble> {
        let pinned = self.config.relay;
        let genuine = hello.relay == pinned
            && identity::verify_hello(&pinned, hello.versions, &hello.nonce, &hello.signature).is_ok();
        if !genuine {
            return Err(Trouble::End(ClientError::Impostor { pinned }));
        }
        let protocol = PROTOCOL_VERSIONS
            .common(hello.versions)
            .ok_or(Trouble::End(ClientError::NoCommonProtocol { relay: hello.versions }))?;
        let claim = AuthClaim {
            protocol,
            relay: pinned,
            device: self.device(),
            relay_nonce: hello.nonce,
            device_nonce,
        };
        let answer = self.answer(&claim);
        self.phase = Phase::Proving { claim, until_ms };
        self.claim = Some(claim);
        self.send(now_ms, &answer);
        if let Some(head) = self.control.filter(|head| head.count > 0) {
            self.send(now_ms, &ToRelay::ControlHead(head.mark()));
        }
        if matches!(self.config.purpose, Purpose::Sync { .. }) {
            self.pull_known(now_ms);
        }
        Ok(())
    }

    fn answer(&self, claim: &AuthClaim) -> ToRelay {
        let key = &self.config.key;
        match &self.config.purpose {
            Purpose::Enrol { secret, device_name, proposed_user } => ToRelay::Enrol(Enrol {
                protocol: claim.protocol,
                secret: secret.clone(),
                public_key: key.public(),
                nonce: claim.device_nonce,
                signature: identity::sign_enrol(key, claim, &secret.hash()),
                device_name: device_name.clone(),
                proposed_user: *proposed_user,
            }),
            Purpose::Sync { .. } | Purpose::Administer { .. } => ToRelay::Auth(Auth {
                protocol: claim.protocol,
                device: claim.device,
                nonce: claim.device_nonce,
                signature: identity::sign_auth(key, claim),
                directory: self
                    .directory
                    .as_ref()
                    .map(|(user, workspace, spaces)| DirectoryDigest::of(user, workspace, spaces)),
            }),
        }
    }

    /// Pulls the spaces that are known and aren't pulled yet.
    pub(super) fn pull_known(&mut self, now_ms: u64) {
        let Some((_, _, spaces)) = &self.directory else { return };
        let pulls: Vec<_> = spaces.iter().filter_map(|space| self.feeds.open(space.id)).collect();
        for pull in &pulls {
            self.send(now_ms, pull);
        }
    }

    /// After this long without a word of one side the device asks, once an interval.
    fn ping_at_ms(&self) -> u64 {
        self.heard_at_ms
            .min(self.sent_at_ms)
            .max(self.pinged_at_ms)
            .saturating_add(self.config.flow.idle_ping_ms)
    }

    fn check_time(&mut self, now_ms: u64) -> Result<(), Trouble> {
        match self.phase {
            Phase::Waiting { until_ms } if until_ms <= now_ms => self.connect(now_ms),
            Phase::Connecting { until_ms }
            | Phase::Greeting { until_ms, .. }
            | Phase::Proving { until_ms, .. }
                if until_ms <= now_ms =>
            {
                return Err(code::HANDSHAKE_TIMEOUT.into());
            }
            Phase::Restricted { until_ms } if until_ms <= now_ms => {
                return Err(Trouble::End(ClientError::revoked()));
            }
            Phase::Online => return self.keep_alive(now_ms),
            _ => {}
        }
        Ok(())
    }

    fn keep_alive(&mut self, now_ms: u64) -> Result<(), Trouble> {
        let idle_ms = self.config.flow.idle_ping_ms;
        if !self.wants_frames() {
            // The driver isn't reading, so silence says nothing.
            self.heard_at_ms = now_ms;
        }
        if now_ms >= self.heard_at_ms.saturating_add(idle_ms.saturating_mul(2)) {
            return Err(code::IDLE_TIMEOUT.into());
        }
        if self.ping_at_ms() <= now_ms {
            self.pinged_at_ms = now_ms;
            self.last_ping = self.last_ping.wrapping_add(1);
            let token = self.last_ping;
            self.send(now_ms, &ToRelay::Ping { token });
        }
        Ok(())
    }

    /// Does whatever can be done now.
    fn pump(&mut self, now_ms: u64) {
        if matches!(self.phase, Phase::Restricted { .. }) {
            return self.send_asides(now_ms);
        }
        self.feeds.store(&mut self.effects);
        let syncs = matches!(self.config.purpose, Purpose::Sync { .. });
        let connected = matches!(self.phase, Phase::Greeting { .. } | Phase::Proving { .. } | Phase::Online);
        if !syncs || !connected || self.drain.is_some() {
            return;
        }
        if !self.feeds.brings_echoes() {
            self.outbox.forget_echoes();
        }
        self.outbox.tick(now_ms);
        if matches!(self.phase, Phase::Proving { .. } | Phase::Online) {
            for push in self.outbox.pushes(self.push_window_bytes, &self.config.flow) {
                self.send(now_ms, &push);
            }
        }
        self.outbox.load(now_ms, self.push_window_bytes, &mut self.effects);
        if matches!(self.phase, Phase::Online) {
            self.heal(now_ms);
            self.ask_moves(now_ms);
            self.send_asides(now_ms);
        }
        self.announce();
    }

    /// Says when nothing is left to do, each time anew, and ends a machine that works once.
    fn announce(&mut self) {
        let status = self.status();
        if status.settled && !self.was_settled {
            self.effects.push(Effect::Event(SyncEvent::Settled(status.clone())));
        }
        self.was_settled = status.settled;
        if status.settled && matches!(self.config.purpose, Purpose::Sync { once: true, .. }) {
            self.stop(Ok(()));
        }
    }
}
