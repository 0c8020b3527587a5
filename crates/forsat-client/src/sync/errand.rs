//! A connection for one thing, without feeds: an invite is redeemed, or an administrator asks for something.

use super::session::{nonce, relay_error};
use super::{READER_VERSION, SessionEffect, SessionEvent, SessionInput};
use crate::ambient::Ambient;
use crate::engine::Engine;
use forsat_sync::client::{ClientConfig, ClientLimits, ClientMachine, Effect, Input, Purpose, Welcomed};
use forsat_sync::control::ENTRIES_MAX;
use forsat_sync::id::{RelayId, UserId};
use forsat_sync::identity::{DeviceKey, InviteCode};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

/// Attempts to reach the relay before an errand gives up.
const ATTEMPTS_MAX: u32 = 2;

/// A connection that ends when the relay has answered.
pub struct Errand {
    machine: ClientMachine,
    ambient: Arc<dyn Ambient>,
    /// The store, where the device has one: a relay that lost entries of the control log gets them first.
    engine: Option<Engine>,
    welcomed: Option<Welcomed>,
    answer: Option<Vec<u8>>,
}

impl fmt::Debug for Errand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Errand").field("welcomed", &self.welcomed).finish_non_exhaustive()
    }
}

impl Errand {
    /// Redeems an invite: the relay says who the user is, the workspace and the spaces. `proposed_user` is the user of the store so far, if there is one.
    pub fn enrol(
        invite: &InviteCode,
        key: DeviceKey,
        device_name: &str,
        proposed_user: Option<UserId>,
        ambient: Arc<dyn Ambient>,
        now_ms: u64,
    ) -> (Errand, Vec<SessionEffect>) {
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
        Self::start(config, ambient, None, now_ms)
    }

    /// Asks the relay for what administrators do.
    pub fn administer(
        engine: &Engine,
        relay: RelayId,
        key: DeviceKey,
        request: Vec<u8>,
        now_ms: u64,
    ) -> (Errand, Vec<SessionEffect>) {
        let config = ClientConfig {
            key,
            relay,
            purpose: Purpose::Administer { request },
            reader_version: READER_VERSION,
            flow: ClientLimits { attempts_max: ATTEMPTS_MAX, ..ClientLimits::default() },
        };
        Self::start(config, Arc::clone(engine.ambient()), Some(engine.clone()), now_ms)
    }

    fn start(
        config: ClientConfig,
        ambient: Arc<dyn Ambient>,
        engine: Option<Engine>,
        now_ms: u64,
    ) -> (Errand, Vec<SessionEffect>) {
        let (machine, effects) = ClientMachine::start(config, now_ms);
        let mut errand = Errand { machine, ambient, engine, welcomed: None, answer: None };
        let effects = errand.translate(now_ms, effects);
        (errand, effects)
    }

    /// Takes one input and answers what to do.
    pub fn handle(&mut self, now_ms: u64, input: SessionInput) -> Vec<SessionEffect> {
        if let (SessionInput::Connected, Some(engine)) = (&input, &self.engine)
            && let Ok(head) = engine.read().and_then(|tx| Ok(tx.control_head()?))
        {
            self.machine.know_control(head);
        }
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
        self.translate(now_ms, effects)
    }

    /// When the next [`SessionInput::Tick`] is due; none when nothing is awaited.
    pub fn deadline_ms(&self) -> Option<u64> {
        self.machine.deadline_ms()
    }

    /// What the relay said, once the invite is redeemed.
    pub fn welcomed(&self) -> Option<&Welcomed> {
        self.welcomed.as_ref()
    }

    /// What the relay answered, once an administrator's question was asked.
    pub fn answer(&self) -> Option<&[u8]> {
        self.answer.as_deref()
    }

    fn translate(&mut self, now_ms: u64, effects: Vec<Effect>) -> Vec<SessionEffect> {
        let mut out = Vec::new();
        let mut queue = VecDeque::from(effects);
        while let Some(effect) = queue.pop_front() {
            match effect {
                Effect::Connect => out.push(SessionEffect::Connect),
                Effect::Send(bytes) => out.push(SessionEffect::Send(bytes)),
                Effect::Close => out.push(SessionEffect::Close),
                Effect::Event(event) => out.push(SessionEffect::Event(SessionEvent::Sync(event))),
                Effect::Report(issue) => out.push(SessionEffect::Event(SessionEvent::Issue(issue))),
                Effect::Welcomed(welcomed) => self.welcomed = Some(welcomed),
                Effect::Stopped(result) => out.push(SessionEffect::Stopped(result.map_err(relay_error))),
                Effect::Administered(answer) => self.answer = Some(answer),
                Effect::LoadControl { after } => {
                    let entries = self.engine.as_ref().map(|engine| {
                        engine.read().and_then(|tx| Ok(tx.control_entries(after, ENTRIES_MAX)?))
                    });
                    // Without them the relay waits, and the errand ends with its time.
                    if let Some(Ok(entries)) = entries {
                        queue.extend(self.machine.handle(now_ms, Input::ControlLoaded { entries }));
                    }
                }
                // An errand neither pulls nor pushes; what revokes the device is heard at its next sync, too.
                Effect::StorePage(_)
                | Effect::LoadOutbox { .. }
                | Effect::Revoked { .. }
                | Effect::WasSetAside { .. }
                | Effect::Settle(_)
                | Effect::Moved(_)
                | Effect::Heal(_) => {}
            }
        }
        out
    }
}
