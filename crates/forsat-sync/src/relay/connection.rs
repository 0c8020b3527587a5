//! From the hello to the close: handshake, deadlines, faults.

use super::aside::{self, Restricted};
use super::heal;
use super::introduction::Introduction;
use super::link::{Fault, Link, Pending};
use super::moves;
use super::request::{DeviceRecord, EnrolRequest, Standing, StorageReply, StorageRequest};
use super::session::Session;
use super::{Effect, Input, RelayConfig};
use crate::code;
use crate::control::SignedEntry;
use crate::frame::{Auth, DirectoryDigest, Enrol, Hello, PROTOCOL_VERSIONS, ToDevice, ToRelay, Welcome};
use crate::id::{DeviceId, Nonce};
use crate::identity::{self, AuthClaim, Signature};
use std::sync::Arc;

/// The relay's end of one connection.
#[derive(Debug)]
pub struct RelayConnection {
    config: Arc<RelayConfig>,
    nonce: Nonce,
    /// What both ends sign, once the device has said its part.
    claim: Option<AuthClaim>,
    phase: Phase,
    link: Link,
    opened_at_ms: u64,
    heard_at_ms: u64,
    /// The relay is stopping; the connection is closed at this time at the latest.
    drain_until_ms: Option<u64>,
}

#[derive(Debug)]
enum Phase {
    /// The hello is out.
    Greeting,
    /// Storage was asked about the device.
    Checking(Checking),
    Open(Session),
    /// The device was revoked; it may set aside what it never sent.
    Restricted(Restricted),
    Closed,
}

#[derive(Debug)]
struct Checking {
    claim: AuthClaim,
    proof: Proof,
    /// What the device sent without waiting for the welcome, each frame with its length on the wire.
    early: Vec<(ToRelay, usize)>,
    early_bytes: usize,
    /// The device's standing changed while it was being looked up.
    recheck: bool,
    introduction: Introduction,
}

#[derive(Debug)]
enum Proof {
    /// To be checked against the key that storage knows.
    Auth { signature: Signature, directory: Option<DirectoryDigest> },
    /// Checked already, against the key that was brought.
    Enrol,
}

impl RelayConnection {
    /// Opens a connection: the hello is the first effect. `nonce` is 32 bytes from a cryptographic source, used once.
    pub fn open(config: Arc<RelayConfig>, nonce: Nonce, now_ms: u64) -> (Self, Vec<Effect>) {
        let mut link = Link::default();
        link.send(&ToDevice::Hello(Hello {
            versions: PROTOCOL_VERSIONS,
            relay: config.key.relay_id(),
            nonce,
            signature: identity::sign_hello(&config.key, PROTOCOL_VERSIONS, &nonce),
        }));
        let effects = link.take();
        let connection = Self {
            config,
            nonce,
            claim: None,
            phase: Phase::Greeting,
            link,
            opened_at_ms: now_ms,
            heard_at_ms: now_ms,
            drain_until_ms: None,
        };
        (connection, effects)
    }

    /// Takes one input and answers what to do.
    pub fn handle(&mut self, now_ms: u64, input: Input) -> Vec<Effect> {
        if self.is_closed() {
            return Vec::new();
        }
        match self.input(now_ms, input).and_then(|()| self.check_time(now_ms)) {
            Ok(()) => self.pump(now_ms),
            Err(fault) => self.fault(fault),
        }
        self.link.take()
    }

    /// When the next [`Input::Tick`] is due, on the clock of the calls; `None` after the close.
    pub fn deadline_ms(&self) -> Option<u64> {
        let limits = &self.config.flow;
        let idle = self.heard_at_ms.saturating_add(limits.idle_close_ms);
        let phase = match &self.phase {
            Phase::Greeting => Some(self.opened_at_ms.saturating_add(limits.handshake_ms_max)),
            Phase::Checking(checking) => checking.introduction.deadline_ms(),
            Phase::Open(session) => session.deadline_ms(),
            Phase::Restricted(restricted) => Some(restricted.deadline_ms()),
            Phase::Closed => return None,
        };
        [Some(idle), phase, self.drain_until_ms].into_iter().flatten().min()
    }

    /// Who is connected, once authenticated.
    pub fn device(&self) -> Option<DeviceId> {
        if let Phase::Open(session) = &self.phase { Some(session.device) } else { None }
    }

    /// Whether the connection has ended.
    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// Bytes of messages that the transport hasn't taken yet.
    pub fn queued_bytes(&self) -> usize {
        self.link.queued_bytes()
    }

    fn input(&mut self, now_ms: u64, input: Input) -> Result<(), Fault> {
        let limits = &self.config.flow;
        match input {
            Input::Frame(bytes) => return self.frame(now_ms, &bytes),
            Input::Storage { request, reply } => {
                if let Some(about) = self.link.answered(request) {
                    return self.answer(now_ms, about, reply);
                }
            }
            Input::FeedAdvanced { space } => {
                if let Phase::Open(session) = &mut self.phase {
                    session.feed_advanced(&space);
                }
            }
            Input::AccessChanged => match &mut self.phase {
                Phase::Open(session) => session.access_changed(&mut self.link),
                Phase::Checking(checking) => checking.recheck = true,
                Phase::Greeting | Phase::Restricted(_) | Phase::Closed => {}
            },
            Input::Ephemeral { space, from, bytes } => {
                if let Phase::Open(session) = &mut self.phase {
                    session.ephemeral(space, from, bytes, limits, &mut self.link);
                }
            }
            Input::Sent { bytes } => self.link.sent(bytes),
            Input::Tick => {}
            Input::End { code } => return Err(code.into()),
            Input::Drain { retry_after_ms, jitter_ms } => {
                self.link.send(&ToDevice::Drain { retry_after_ms, jitter_ms });
                self.drain_until_ms = Some(now_ms.saturating_add(limits.drain_ms_max));
                match &mut self.phase {
                    Phase::Open(session) => session.drain(),
                    Phase::Restricted(restricted) => restricted.drain(),
                    Phase::Greeting | Phase::Checking(_) | Phase::Closed => {}
                }
            }
            Input::Closed => self.phase = Phase::Closed,
        }
        Ok(())
    }

    fn frame(&mut self, now_ms: u64, bytes: &[u8]) -> Result<(), Fault> {
        let limits = &self.config.flow;
        self.heard_at_ms = now_ms;
        let frame = ToRelay::decode(bytes, limits.message_bytes_max)?;
        match &mut self.phase {
            Phase::Greeting => self.prove(frame),
            Phase::Checking(checking) => {
                if let ToRelay::ControlEntries { entries } = frame {
                    checking.introduction.entries(entries, checking.claim.device, &mut self.link);
                    return Ok(());
                }
                checking.early_bytes += bytes.len();
                if matches!(frame, ToRelay::Auth(_) | ToRelay::Enrol(_)) {
                    return Err(code::UNEXPECTED_FRAME.into());
                }
                if checking.early_bytes > limits.early_bytes_max {
                    return Err(code::OVERLOADED.into());
                }
                checking.early.push((frame, bytes.len()));
                Ok(())
            }
            Phase::Open(session) => {
                if session.frame(frame, bytes.len(), limits, &mut self.link)? {
                    self.close(Fault::from(code::BYE));
                }
                Ok(())
            }
            Phase::Restricted(restricted) => {
                if restricted.frame(frame, limits, &mut self.link)? {
                    self.close(Fault::from(code::BYE));
                }
                Ok(())
            }
            Phase::Closed => Ok(()),
        }
    }

    /// Takes the device's answer to the hello.
    fn prove(&mut self, frame: ToRelay) -> Result<(), Fault> {
        let (claim, proof, question) = match frame {
            ToRelay::Auth(auth) => self.auth(&auth)?,
            ToRelay::Enrol(enrol) => self.enrol(enrol)?,
            _ => return Err(code::UNEXPECTED_FRAME.into()),
        };
        self.claim = Some(claim);
        self.link.ask(question, Pending::Handshake);
        self.phase = Phase::Checking(Checking {
            claim,
            proof,
            early: Vec::new(),
            early_bytes: 0,
            recheck: false,
            introduction: Introduction::None,
        });
        Ok(())
    }

    fn auth(&self, auth: &Auth) -> Result<(AuthClaim, Proof, StorageRequest), Fault> {
        let claim = self.claim(auth.protocol, auth.device, auth.nonce)?;
        let proof = Proof::Auth { signature: auth.signature, directory: auth.directory };
        Ok((claim, proof, StorageRequest::Device { device: auth.device }))
    }

    fn enrol(&self, enrol: Enrol) -> Result<(AuthClaim, Proof, StorageRequest), Fault> {
        let device = enrol.public_key.device_id();
        let claim = self.claim(enrol.protocol, device, enrol.nonce)?;
        let secret = enrol.secret.hash();
        identity::verify_enrol(&enrol.public_key, &claim, &secret, &enrol.signature)
            .map_err(|_| Fault::from(code::BAD_SIGNATURE))?;
        let request = EnrolRequest {
            secret,
            public_key: enrol.public_key,
            device,
            device_name: enrol.device_name,
            proposed_user: enrol.proposed_user,
        };
        Ok((claim, Proof::Enrol, StorageRequest::Enrol(request)))
    }

    fn claim(&self, protocol: u16, device: DeviceId, device_nonce: Nonce) -> Result<AuthClaim, Fault> {
        if !PROTOCOL_VERSIONS.contains(protocol) {
            return Err(code::PROTOCOL_UNSUPPORTED.into());
        }
        let relay = self.config.key.relay_id();
        Ok(AuthClaim { protocol, relay, device, relay_nonce: self.nonce, device_nonce })
    }

    fn answer(&mut self, now_ms: u64, about: Pending, reply: StorageReply) -> Result<(), Fault> {
        let limits = &self.config.flow;
        match (&mut self.phase, about) {
            (Phase::Checking(_), Pending::Handshake) => self.admit(now_ms, reply),
            (Phase::Checking(checking), Pending::Introduction) => {
                let (claim, key) = (&checking.claim, &self.config.key);
                let proof = || identity::sign_welcome(key, claim);
                let introduction = &mut checking.introduction;
                introduction.answered(now_ms, reply, claim.device, proof, limits, &mut self.link)
            }
            (Phase::Open(session), Pending::Access) => {
                let device = session.device;
                if let Some(entry) = session.access(now_ms, reply, limits, &mut self.link)? {
                    session.end_streams(&mut self.link);
                    self.restrict(now_ms, device, entry);
                }
                Ok(())
            }
            (Phase::Open(_) | Phase::Restricted(_), Pending::SetAside { ask, items }) => {
                aside::answered(ask, items, reply, limits, &mut self.link)
            }
            // Nothing that was asked before the revocation is answered.
            (Phase::Restricted(_), _) => Ok(()),
            (Phase::Open(session), Pending::Control) => {
                if session.controlled(now_ms, reply, limits, &mut self.link)? {
                    self.close(Fault::from(code::BYE));
                }
                Ok(())
            }
            (Phase::Open(session), Pending::Page { space, stream }) => {
                session.page(now_ms, space, stream, reply, limits, &mut self.link)
            }
            (Phase::Open(session), Pending::Append { batch, items, .. }) => {
                session.appended(batch, items, reply, limits, &mut self.link)
            }
            (Phase::Open(_), Pending::Admin { ask }) => match reply {
                StorageReply::Administered(answer) => {
                    self.link.send(&ToDevice::Administered { ask, answer });
                    Ok(())
                }
                StorageReply::Unavailable { code } => Err(code.into()),
                _ => Err(code::INTERNAL.into()),
            },
            (Phase::Open(_), Pending::Heal { ask }) => heal::answered(ask, reply, &mut self.link),
            (Phase::Open(_), Pending::Move { ask, documents }) => {
                moves::answered(ask, documents, reply, &mut self.link)
            }
            (Phase::Open(_), Pending::Refill { ask, items, .. }) => {
                heal::refilled(ask, items, reply, limits, &mut self.link)
            }
            _ => Err(code::INTERNAL.into()),
        }
    }

    /// Storage has answered who the device is.
    fn admit(&mut self, now_ms: u64, reply: StorageReply) -> Result<(), Fault> {
        let Phase::Checking(mut checking) = std::mem::replace(&mut self.phase, Phase::Greeting) else {
            return Err(code::INTERNAL.into());
        };
        if matches!((&reply, &checking.proof), (StorageReply::UnknownDevice, Proof::Auth { .. }))
            && checking.introduction.begin(&mut self.link)
        {
            self.phase = Phase::Checking(checking);
            return Ok(());
        }
        let record = match reply {
            StorageReply::Device(record) if record.device == checking.claim.device => record,
            StorageReply::UnknownDevice => return Err(code::UNKNOWN_DEVICE.into()),
            StorageReply::EnrolRefused { code } | StorageReply::Unavailable { code } => {
                return Err(code.into());
            }
            _ => return Err(code::INTERNAL.into()),
        };
        let known = match checking.proof {
            Proof::Auth { signature, directory } => {
                identity::verify_auth(&record.public_key, &checking.claim, &signature)
                    .map_err(|_| Fault::from(code::BAD_SIGNATURE))?;
                directory
            }
            Proof::Enrol => None,
        };
        match record.standing {
            Standing::Active => {}
            Standing::Pending => return Err(code::DEVICE_PENDING.into()),
            Standing::Revoked => {
                let entry = aside::turned_away(record.revocation, &mut self.link)?;
                self.restrict(now_ms, record.device, entry);
                return Ok(());
            }
        }
        self.link.push(Effect::Established { device: record.device, user: record.directory.user });
        if matches!(checking.proof, Proof::Enrol) {
            self.link.send(&ToDevice::Enrolled { device: record.device });
        }
        self.welcome(&checking.claim, known, record);
        self.begin(checking.early, checking.recheck)
    }

    /// Shows a device that it was revoked; what it never sent it may set aside, and nothing else.
    fn restrict(&mut self, now_ms: u64, device: DeviceId, entry: SignedEntry) {
        let proof = self.claim.map(|claim| identity::sign_restricted(&self.config.key, &claim));
        self.link.send(&ToDevice::Revocation { entry, proof });
        self.link.push(Effect::Restricted { device });
        let draining = self.drain_until_ms.is_some();
        self.phase = Phase::Restricted(Restricted::new(device, draining, now_ms, &self.config.flow));
    }

    fn welcome(&mut self, claim: &AuthClaim, known: Option<DirectoryDigest>, record: DeviceRecord) {
        let directory = record.directory;
        let unchanged =
            known == Some(DirectoryDigest::of(&directory.user, &directory.workspace, &directory.spaces));
        self.link.send(&ToDevice::Welcome(Welcome {
            user: directory.user,
            workspace: directory.workspace,
            reader_version_min: self.config.reader_version_min,
            push_window_bytes: u32::try_from(self.config.flow.push_window_bytes).unwrap_or(u32::MAX),
            proof: identity::sign_welcome(&self.config.key, claim),
            spaces: if unchanged { None } else { Some(directory.spaces.clone()) },
        }));
        self.phase = Phase::Open(Session::new(record.device, directory));
    }

    /// Carries out what the device sent ahead.
    fn begin(&mut self, early: Vec<(ToRelay, usize)>, recheck: bool) -> Result<(), Fault> {
        let limits = &self.config.flow;
        let Phase::Open(session) = &mut self.phase else { return Err(code::INTERNAL.into()) };
        if self.drain_until_ms.is_some() {
            session.drain();
        }
        if recheck {
            session.access_changed(&mut self.link);
        }
        for (frame, bytes) in early {
            if session.frame(frame, bytes, limits, &mut self.link)? {
                self.close(Fault::from(code::BYE));
                break;
            }
        }
        Ok(())
    }

    fn check_time(&mut self, now_ms: u64) -> Result<(), Fault> {
        let limits = &self.config.flow;
        let late = match &self.phase {
            Phase::Greeting => now_ms >= self.opened_at_ms.saturating_add(limits.handshake_ms_max),
            Phase::Open(session) => session.is_late(now_ms),
            Phase::Restricted(restricted) if now_ms >= restricted.deadline_ms() => {
                return Err(code::DEVICE_REVOKED.into());
            }
            Phase::Checking(checking) => checking.introduction.deadline_ms().is_some_and(|at| at <= now_ms),
            Phase::Restricted(_) | Phase::Closed => false,
        };
        if late {
            return Err(code::HANDSHAKE_TIMEOUT.into());
        }
        if now_ms >= self.heard_at_ms.saturating_add(limits.idle_close_ms) {
            return Err(code::IDLE_TIMEOUT.into());
        }
        // A device that asks without reading the answers; pages alone never fill the queue this far.
        if self.link.queued_bytes() > limits.send_queue_bytes_max.saturating_mul(2) + limits.message_bytes_max
        {
            return Err(code::OVERLOADED.into());
        }
        Ok(())
    }

    fn pump(&mut self, now_ms: u64) {
        if let Phase::Open(session) = &mut self.phase {
            session.pump(now_ms, &self.config.flow, &mut self.link);
        }
        if let Some(until_ms) = self.drain_until_ms
            && !self.is_closed()
            && (!self.link.is_appending() || now_ms >= until_ms)
        {
            self.close(Fault::from(code::DRAINING));
        }
    }

    fn fault(&mut self, fault: Fault) {
        self.link.send(&ToDevice::Fault { code: fault.code.clone(), message: fault.message.clone() });
        self.close(fault);
    }

    fn close(&mut self, why: Fault) {
        self.phase = Phase::Closed;
        self.link.push(Effect::Close { code: why.code, message: why.message });
    }
}
