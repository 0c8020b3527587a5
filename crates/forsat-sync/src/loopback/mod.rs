//! Both machines back to back in memory: devices with tiny stores, a relay with tiny storage, virtual time, and
//! connections that can be cut after any frame.

mod device;
mod holdings;
mod relay;
#[cfg(test)]
mod tests;

pub(crate) use device::MemoryDevice;
pub(crate) use holdings::MemoryHoldings;
pub(crate) use relay::MemoryRelay;

use crate::client::{
    ClientConfig, ClientError, ClientLimits, ClientMachine, Purpose, SyncEvent, SyncIssue, SyncStatus,
};
use crate::client::{Effect as ToDo, Input as Told};
use crate::id::{ChangeHash, DocumentId, Nonce, RelayId, SpaceId};
use crate::identity::DeviceKey;
use crate::relay::{Effect, FlowLimits, Input, RelayConfig, RelayConnection};
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

/// A change of the tests: any bytes; its hash stands for Automerge's.
pub(crate) fn hash_of(bytes: &[u8]) -> ChangeHash {
    ChangeHash::from_bytes(*blake3::hash(bytes).as_bytes())
}

pub(crate) fn document(number: u8) -> DocumentId {
    DocumentId::from_bytes([number; 16])
}

pub(crate) fn space(number: u8) -> SpaceId {
    SpaceId::from_bytes([0xa0 + number; 16])
}

/// One open connection.
pub(crate) struct Wire {
    pub machine: RelayConnection,
    pub up: VecDeque<Vec<u8>>,
    pub down: VecDeque<Vec<u8>>,
    subscribed: BTreeSet<SpaceId>,
    /// The relay has closed; the device learns of it when everything queued has arrived.
    closed: bool,
    pub frames: usize,
    pub up_bytes: usize,
    pub down_bytes: usize,
    /// Bytes that the transport takes off the relay's queue stay unreported: the reader is slow.
    pub stalled: bool,
}

pub(crate) struct Node {
    pub store: MemoryDevice,
    pub machine: Option<ClientMachine>,
    pub wire: Option<Wire>,
    inputs: VecDeque<Told>,
    pub stopped: Option<Result<SyncStatus, ClientError>>,
    pub issues: Vec<SyncIssue>,
    pub events: Vec<SyncEvent>,
    pub seed: u8,
}

pub(crate) struct World {
    pub relay: MemoryRelay,
    pub config: Arc<RelayConfig>,
    pub nodes: Vec<Node>,
    pub now_ms: u64,
    pub client_limits: ClientLimits,
    /// The connection of the first node is lost after this many frames.
    pub cut_after: Option<usize>,
    /// Connections can't be opened.
    pub unreachable: bool,
    nonces: u8,
}

impl World {
    pub fn new() -> Self {
        let relay = MemoryRelay::new();
        let config =
            RelayConfig { key: relay.key.clone(), reader_version_min: 1, flow: FlowLimits::default() };
        Self {
            relay,
            config: Arc::new(config),
            nodes: Vec::new(),
            now_ms: 1_000,
            client_limits: ClientLimits::default(),
            cut_after: None,
            unreachable: false,
            nonces: 0,
        }
    }

    /// Adds a device that isn't enrolled.
    pub fn add_stranger(&mut self) -> usize {
        let seed = u8::try_from(self.nodes.len()).expect("a test has few devices") + 100;
        self.nodes.push(Node {
            store: MemoryDevice::default(),
            machine: None,
            wire: None,
            inputs: VecDeque::new(),
            stopped: None,
            issues: Vec::new(),
            events: Vec::new(),
            seed,
        });
        self.nodes.len() - 1
    }

    /// Adds a device of a user (by number) and enrols it behind the scenes.
    pub fn add_device(&mut self, user: u8) -> usize {
        let node = self.add_stranger();
        self.relay.enrol(self.key(node).public(), user);
        node
    }

    pub fn key(&self, node: usize) -> DeviceKey {
        DeviceKey::from_seed(&[self.nodes[node].seed; 32])
    }

    pub fn start(&mut self, node: usize, once: bool) {
        let purpose = Purpose::Sync { known: self.nodes[node].store.known(), once };
        self.start_with(node, purpose, self.relay.key.relay_id());
    }

    pub fn start_with(&mut self, node: usize, purpose: Purpose, relay: RelayId) {
        let config = ClientConfig {
            key: self.key(node),
            relay,
            purpose,
            reader_version: 1,
            flow: self.client_limits.clone(),
        };
        let (machine, effects) = ClientMachine::start(config, self.now_ms);
        self.nodes[node].machine = Some(machine);
        self.nodes[node].stopped = None;
        self.carry_out(node, effects);
    }

    /// Runs until nothing more happens at this instant.
    pub fn run(&mut self) {
        let mut rounds = 0;
        while (0..self.nodes.len()).filter(|node| self.step(*node)).count() > 0 {
            rounds += 1;
            assert!(rounds < 100_000, "the machines never come to rest");
        }
    }

    /// Syncs a device once, to its end.
    pub fn sync(&mut self, node: usize) -> Result<SyncStatus, ClientError> {
        self.start(node, true);
        for round in 0.. {
            self.run();
            if self.nodes[node].stopped.is_some() {
                break;
            }
            assert!(round < 1_000, "the device is stuck: {:?}", self.nodes[node].machine);
            self.advance_to_deadline();
        }
        self.nodes[node].stopped.clone().expect("the loop ends with a result")
    }

    /// Moves time to the next deadline of any machine.
    pub fn advance_to_deadline(&mut self) {
        let devices = self.nodes.iter().filter_map(|node| node.machine.as_ref()?.deadline_ms());
        let relays = self.nodes.iter().filter_map(|node| node.wire.as_ref()?.machine.deadline_ms());
        let next = devices.chain(relays).min().expect("something is awaited");
        self.advance(next.saturating_sub(self.now_ms));
    }

    /// Lets time pass up to a moment, deadline by deadline.
    pub fn wait_until(&mut self, until_ms: u64) {
        while self.now_ms < until_ms {
            let devices = self.nodes.iter().filter_map(|node| node.machine.as_ref()?.deadline_ms());
            let relays = self.nodes.iter().filter_map(|node| node.wire.as_ref()?.machine.deadline_ms());
            let next = devices.chain(relays).min().unwrap_or(until_ms).clamp(self.now_ms, until_ms);
            self.advance(next - self.now_ms);
            self.run();
        }
    }

    pub fn advance(&mut self, ms: u64) {
        self.now_ms += ms;
        for node in 0..self.nodes.len() {
            self.tell_relay(node, Input::Tick);
            self.tell_device(node, Told::Tick);
        }
    }

    fn step(&mut self, node: usize) -> bool {
        if let Some(input) = self.nodes[node].inputs.pop_front() {
            self.tell_device(node, input);
            return true;
        }
        if node == 0 && self.cut_after.is_some_and(|limit| self.nodes[0].frames() >= limit) {
            self.cut_after = None;
            self.cut(0);
            return true;
        }
        let ready = self.nodes[node].machine.as_ref().is_some_and(ClientMachine::wants_frames);
        let Some(wire) = &mut self.nodes[node].wire else { return false };
        if let Some(frame) = wire.up.pop_front() {
            wire.frames += 1;
            self.tell_relay(node, Input::Frame(frame));
            return true;
        }
        if wire.stalled {
            return false;
        }
        if let Some(frame) = wire.down.pop_front_if(|_| ready) {
            wire.frames += 1;
            let sent = Input::Sent { bytes: frame.len() };
            self.tell_relay(node, sent);
            self.tell_device(node, Told::Frame(frame));
            return true;
        }
        if wire.closed && wire.down.is_empty() {
            self.cut(node);
            return true;
        }
        false
    }

    /// Loses the connection, with everything under way.
    pub fn cut(&mut self, node: usize) {
        self.tell_relay(node, Input::Closed);
        self.nodes[node].wire = None;
        self.nodes[node].inputs.push_back(Told::Disconnected { random: u64::MAX });
    }

    pub fn tell_device(&mut self, node: usize, input: Told) {
        let Some(machine) = &mut self.nodes[node].machine else { return };
        let effects = machine.handle(self.now_ms, input);
        self.carry_out(node, effects);
    }

    pub fn tell_relay(&mut self, node: usize, input: Input) {
        let Some(wire) = &mut self.nodes[node].wire else { return };
        let effects = wire.machine.handle(self.now_ms, input);
        self.serve(node, effects);
    }

    pub fn nonce(&mut self) -> Nonce {
        self.nonces += 1;
        Nonce::from_bytes([self.nonces; 32])
    }

    fn carry_out(&mut self, node: usize, effects: Vec<ToDo>) {
        for effect in effects {
            match effect {
                ToDo::Connect => self.open(node),
                ToDo::Send(bytes) => {
                    if let Some(wire) = &mut self.nodes[node].wire {
                        wire.up_bytes += bytes.len();
                        wire.up.push_back(bytes);
                    }
                }
                ToDo::Close => {
                    // What was sent just before still arrives.
                    while let Some(frame) =
                        self.nodes[node].wire.as_mut().and_then(|wire| wire.up.pop_front())
                    {
                        self.tell_relay(node, Input::Frame(frame));
                    }
                    self.cut(node);
                }
                ToDo::Report(issue) => self.nodes[node].issues.push(issue),
                ToDo::Event(event) => self.nodes[node].events.push(event),
                ToDo::Stopped(result) => self.nodes[node].stopped = Some(result),
                other => {
                    let answer = self.nodes[node].store.carry_out(other);
                    self.nodes[node].inputs.extend(answer);
                }
            }
        }
    }

    pub fn open(&mut self, node: usize) {
        if self.unreachable {
            self.nodes[node].inputs.push_back(Told::Disconnected { random: u64::MAX });
            return;
        }
        let (relay_nonce, nonce) = (self.nonce(), self.nonce());
        let (machine, effects) = RelayConnection::open(self.config.clone(), relay_nonce, self.now_ms);
        self.nodes[node].wire = Some(Wire {
            machine,
            up: VecDeque::new(),
            down: VecDeque::new(),
            subscribed: BTreeSet::new(),
            closed: false,
            frames: 0,
            up_bytes: 0,
            down_bytes: 0,
            stalled: false,
        });
        self.serve(node, effects);
        self.nodes[node].inputs.push_back(Told::Connected { nonce });
    }

    fn serve(&mut self, node: usize, effects: Vec<Effect>) {
        for effect in effects {
            let Some(wire) = &mut self.nodes[node].wire else { return };
            match effect {
                Effect::Send(bytes) => {
                    wire.down_bytes += bytes.len();
                    wire.down.push_back(bytes);
                }
                Effect::Subscribe { space } => {
                    wire.subscribed.insert(space);
                }
                Effect::Unsubscribe { space } => {
                    wire.subscribed.remove(&space);
                }
                Effect::Storage { request, what } => {
                    let reply = self.relay.answer(what);
                    self.tell_relay(node, Input::Storage { request, reply });
                    for space in std::mem::take(&mut self.relay.advanced) {
                        self.fan_out(space, |_| Input::FeedAdvanced { space });
                    }
                }
                Effect::Publish { space, from, bytes } => {
                    self.fan_out(space, |_| Input::Ephemeral { space, from, bytes: bytes.clone() });
                }
                Effect::Established { .. } | Effect::Restricted { .. } => {}
                Effect::Close { .. } => wire.closed = true,
            }
        }
    }

    fn fan_out(&mut self, space: SpaceId, input: impl Fn(usize) -> Input) {
        for node in 0..self.nodes.len() {
            let wire = self.nodes[node].wire.as_ref();
            if wire.is_some_and(|wire| wire.subscribed.contains(&space)) {
                self.tell_relay(node, input(node));
            }
        }
    }
}

impl Node {
    pub fn frames(&self) -> usize {
        self.wire.as_ref().map_or(0, |wire| wire.frames)
    }

    pub fn status(&self) -> SyncStatus {
        self.machine.as_ref().map(ClientMachine::status).unwrap_or_default()
    }
}
