//! The client's own end of the sync, as devices of the world run it.

use crate::clock::SimAmbient;
use crate::device::{Connector, SyncInput, SyncOutput, Syncing, Task};
use forsat_client::{Ambient, Engine};
use forsat_sync::client::{ClientConfig, ClientLimits, ClientMachine, Effect, Input, Purpose};
use forsat_sync::id::Nonce;
use forsat_sync::identity::DeviceKey;
use std::sync::Arc;

/// Begins what the client itself uses.
pub fn connector() -> Connector {
    Arc::new(|_: &Arc<Engine>, ambient: &Arc<SimAmbient>, task: &Task| {
        let Task::Join(code, _) = task else {
            return Ok((Box::new(Idle) as Box<dyn Syncing>, Vec::new()));
        };
        let mut seed = [0; 32];
        ambient.fill(&mut seed);
        let config = ClientConfig {
            key: DeviceKey::from_seed(&seed),
            relay: code.relay,
            purpose: Purpose::Enrol {
                secret: code.secret.clone(),
                device_name: "x".into(),
                proposed_user: None,
            },
            reader_version: 1,
            flow: ClientLimits::default(),
        };
        let (machine, effects) = ClientMachine::start(config, ambient.monotonic_ms());
        Ok((Box::new(Enrol { machine, ambient: ambient.clone() }) as Box<dyn Syncing>, outputs(effects)))
    })
}
struct Idle;
impl Syncing for Idle {
    fn handle(&mut self, _: SyncInput) -> Vec<SyncOutput> {
        Vec::new()
    }
    fn deadline_ms(&self) -> Option<u64> {
        None
    }
}
struct Enrol {
    machine: ClientMachine,
    ambient: Arc<SimAmbient>,
}
fn outputs(effects: Vec<Effect>) -> Vec<SyncOutput> {
    effects
        .into_iter()
        .filter_map(|e| match e {
            Effect::Connect => Some(SyncOutput::Connect),
            Effect::Send(b) => Some(SyncOutput::Send(b)),
            Effect::Close => Some(SyncOutput::Close),
            Effect::Stopped(r) => Some(SyncOutput::Ended(r.map(drop).map_err(|e| e.to_string()))),
            other => Some(SyncOutput::Note(format!("{other:?}"))),
        })
        .collect()
}
impl Syncing for Enrol {
    fn handle(&mut self, input: SyncInput) -> Vec<SyncOutput> {
        let mut nonce = [0; 32];
        self.ambient.fill(&mut nonce);
        let input = match input {
            SyncInput::Connected => Input::Connected { nonce: Nonce::from_bytes(nonce) },
            SyncInput::Lost => Input::Disconnected { random: u64::from(nonce[0]) },
            SyncInput::Message(b) => Input::Frame(b),
            SyncInput::Tick => Input::Tick,
            SyncInput::Saved => Input::OutboxChanged,
            SyncInput::Online => Input::ConnectNow,
        };
        outputs(self.machine.handle(self.ambient.monotonic_ms(), input))
    }
    fn deadline_ms(&self) -> Option<u64> {
        self.machine.deadline_ms()
    }
}
