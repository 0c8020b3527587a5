//! Redeeming an invite: the machine's handshake alone, without a store.

use super::session::{nonce, relay_error};
use super::{READER_VERSION, SessionEffect, SessionEvent, SessionInput};
use crate::ambient::Ambient;
use forsat_sync::client::{ClientConfig, ClientLimits, ClientMachine, Effect, Input, Purpose, Welcomed};
use forsat_sync::id::UserId;
use forsat_sync::identity::{DeviceKey, InviteCode};
use std::fmt;
use std::sync::Arc;

/// Attempts to reach the relay before an enrolment gives up.
const ATTEMPTS_MAX: u32 = 2;

/// A device's first connection to a relay: it redeems an invite, learns user, workspace and spaces, and ends.
pub struct Enrolment {
    machine: ClientMachine,
    ambient: Arc<dyn Ambient>,
    welcomed: Option<Welcomed>,
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolment").field("welcomed", &self.welcomed).finish_non_exhaustive()
    }
}

impl Enrolment {
    /// Begins; the effects ask for a connection. `proposed_user` is the user of the store so far, if there is one.
    pub fn start(
        invite: &InviteCode,
        key: DeviceKey,
        device_name: &str,
        proposed_user: Option<UserId>,
        ambient: Arc<dyn Ambient>,
        now_ms: u64,
    ) -> (Enrolment, Vec<SessionEffect>) {
        let config = ClientConfig {
            key,
            relay: invite.relay,
            purpose: Purpose::Enrol {
                secret: invite.secret.clone(),
                device_name: device_name.to_owned(),
                proposed_user,
            },
            reader_version: READER_VERSION,
            flow: ClientLimits { attempts_max: ATTEMPTS_MAX, ..ClientLimits::default() },
        };
        let (machine, effects) = ClientMachine::start(config, now_ms);
        let mut enrolment = Enrolment { machine, ambient, welcomed: None };
        let effects = enrolment.translate(effects);
        (enrolment, effects)
    }

    /// Takes one input and answers what to do.
    pub fn handle(&mut self, now_ms: u64, input: SessionInput) -> Vec<SessionEffect> {
        let input = match input {
            SessionInput::Connected => Input::Connected { nonce: nonce(&*self.ambient) },
            SessionInput::Disconnected => {
                Input::Disconnected { random: super::session::bits(&*self.ambient) }
            }
            SessionInput::Frame(bytes) => Input::Frame(bytes),
            SessionInput::Tick | SessionInput::LocalSaved => Input::Tick,
            SessionInput::ConnectNow => Input::ConnectNow,
            SessionInput::Stop => Input::Stop,
        };
        let effects = self.machine.handle(now_ms, input);
        self.translate(effects)
    }

    /// When the next [`SessionInput::Tick`] is due; none when nothing is awaited.
    pub fn deadline_ms(&self) -> Option<u64> {
        self.machine.deadline_ms()
    }

    /// What the relay said, once the invite is redeemed.
    pub fn welcomed(&self) -> Option<&Welcomed> {
        self.welcomed.as_ref()
    }

    fn translate(&mut self, effects: Vec<Effect>) -> Vec<SessionEffect> {
        let mut out = Vec::new();
        for effect in effects {
            match effect {
                Effect::Connect => out.push(SessionEffect::Connect),
                Effect::Send(bytes) => out.push(SessionEffect::Send(bytes)),
                Effect::Close => out.push(SessionEffect::Close),
                Effect::Event(event) => out.push(SessionEffect::Event(SessionEvent::Sync(event))),
                Effect::Report(issue) => out.push(SessionEffect::Event(SessionEvent::Issue(issue))),
                Effect::Welcomed(welcomed) => self.welcomed = Some(welcomed),
                Effect::Stopped(result) => out.push(SessionEffect::Stopped(result.map_err(relay_error))),
                // An enrolment neither pulls nor pushes, and has nothing to erase.
                Effect::StorePage(_)
                | Effect::LoadOutbox { .. }
                | Effect::LoadControl { .. }
                | Effect::Revoked { .. }
                | Effect::Settle(_)
                | Effect::Moved(_)
                | Effect::Heal(_) => {}
            }
        }
        out
    }
}
