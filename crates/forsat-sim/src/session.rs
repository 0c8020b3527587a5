//! The client's own end of the sync, as devices of the world run it.

use crate::clock::SimAmbient;
use crate::device::{Begun, Connector, SyncInput, SyncOutput, Syncing};
use forsat_client::{
    Ambient, Engine, Errand, SessionEffect, SessionEvent, SessionInput, SessionPurpose, SyncSession,
};
use forsat_store::Lease;
use forsat_sync::client::Welcomed;
use forsat_sync::id::UserId;
use forsat_sync::identity::{DeviceKey, InviteCode};
use std::sync::Arc;

/// Begins what the client itself uses.
pub fn connector() -> Connector {
    Arc::new(|engine: &Arc<Engine>, ambient: &Arc<SimAmbient>, key: &DeviceKey| {
        let lease = engine.store().try_acquire_lease().map_err(|error| error.to_string())?;
        let lease = lease.ok_or("another program syncs this store")?;
        let now_ms = ambient.monotonic_ms();
        let (session, effects) = SyncSession::start(engine, SessionPurpose::Watch, key.clone(), now_ms)
            .map_err(|error| error.to_string())?;
        let watching = Watching { session, ambient: ambient.clone(), _lease: lease };
        Ok((Box::new(watching) as Box<dyn Syncing>, outputs(effects)))
    })
}

/// Begins to redeem an invite.
pub fn enrol(
    invite: &InviteCode,
    key: DeviceKey,
    proposed_user: Option<UserId>,
    ambient: &Arc<SimAmbient>,
) -> Begun {
    let now_ms = ambient.monotonic_ms();
    let (enrolment, effects) =
        Errand::enrol(invite, key, "simulated", proposed_user, ambient.clone(), now_ms);
    (Box::new(Enrolling { enrolment, ambient: ambient.clone() }), outputs(effects))
}

struct Watching {
    session: SyncSession,
    ambient: Arc<SimAmbient>,
    _lease: Lease,
}

impl Syncing for Watching {
    fn handle(&mut self, input: SyncInput) -> Vec<SyncOutput> {
        outputs(self.session.handle(self.ambient.monotonic_ms(), translate(input)))
    }

    fn deadline_ms(&self) -> Option<u64> {
        self.session.deadline_ms()
    }

    fn is_settled(&self) -> bool {
        self.session.status().settled
    }
}

struct Enrolling {
    enrolment: Errand,
    ambient: Arc<SimAmbient>,
}

impl Syncing for Enrolling {
    fn handle(&mut self, input: SyncInput) -> Vec<SyncOutput> {
        outputs(self.enrolment.handle(self.ambient.monotonic_ms(), translate(input)))
    }

    fn deadline_ms(&self) -> Option<u64> {
        self.enrolment.deadline_ms()
    }

    fn welcomed(&self) -> Option<Welcomed> {
        self.enrolment.welcomed().cloned()
    }
}

fn translate(input: SyncInput) -> SessionInput {
    match input {
        SyncInput::Connected => SessionInput::Connected,
        SyncInput::Lost => SessionInput::Disconnected,
        SyncInput::Message(bytes) => SessionInput::Frame(bytes),
        SyncInput::Tick => SessionInput::Tick,
        SyncInput::Saved => SessionInput::LocalSaved,
        SyncInput::Online => SessionInput::ConnectNow,
    }
}

fn outputs(effects: Vec<SessionEffect>) -> Vec<SyncOutput> {
    let output = |effect| match effect {
        SessionEffect::Connect => SyncOutput::Connect,
        SessionEffect::Send(bytes) => SyncOutput::Send(bytes),
        SessionEffect::Close => SyncOutput::Close,
        SessionEffect::Event(SessionEvent::Waiting) => SyncOutput::Note("waits for its turn".to_owned()),
        SessionEffect::Event(SessionEvent::Summary(_)) => {
            SyncOutput::Note("nothing is left to do".to_owned())
        }
        SessionEffect::Event(SessionEvent::Issue(issue)) => SyncOutput::Issue(issue),
        SessionEffect::Event(SessionEvent::Sync(event)) => SyncOutput::Note(format!("{event:?}")),
        SessionEffect::Stopped(result) => {
            SyncOutput::Ended(result.map(drop).map_err(|error| error.to_string()))
        }
    };
    effects.into_iter().map(output).collect()
}
