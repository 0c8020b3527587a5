//! A relay's hub over a store in memory, and one enrolled device that says what it likes.

use std::sync::Arc;

use forsat_relay::hub::{ConnectionId, Hub, HubEffect, HubLimits, Moment};
use forsat_relay::store::conformance::{self, Member, NOW_MS};
use forsat_relay::store::{InitWorkspace, OpenOptions, RedbStore, Role};
use forsat_sync::frame::{Auth, ItemOutcome, PROTOCOL_VERSIONS, Push, PushItem, ToDevice, ToRelay};
use forsat_sync::id::{BatchId, DocumentId, Epoch, Nonce, SpaceId, WorkspaceId};
use forsat_sync::identity::{AuthClaim, RelayKey, sign_auth};
use forsat_sync::limits::{Limits, MESSAGE_BYTES_MAX};
use forsat_sync::relay::{FlowLimits, Input, RelayConfig};
use redb::backends::InMemoryBackend;

const CONNECTION: ConnectionId = ConnectionId(1);
const NONCE: [u8; 32] = [8; 32];

/// The relay, with a device connected.
pub struct Relay {
    hub: Hub,
    pub store: RedbStore,
    pub member: Member,
    pub space: SpaceId,
    now_ms: u64,
}

/// A store in memory.
pub fn store(limits: Limits) -> RedbStore {
    let init = InitWorkspace {
        workspace: WorkspaceId::from_bytes([3; 16]),
        name: "test".into(),
        relay_key_seed: [4; 32],
        common: SpaceId::from_bytes([5; 16]),
        now_ms: NOW_MS,
    };
    let options = OpenOptions { limits, cache_bytes: 1024 * 1024, ..OpenOptions::new(Epoch::new(1)) };
    RedbStore::with_backend(InMemoryBackend::new(), options, &init).expect("a store")
}

impl Relay {
    /// A relay to which a socket was opened, and nothing said.
    pub fn open() -> Self {
        let store = store(Limits::default());
        let space = conformance::space(&store, 10, "Tehran");
        let member = conformance::enrol(&store, 1, "Mina", "Tehran", Role::Rep);
        let config = RelayConfig {
            key: RelayKey::from_seed(&[4; 32]),
            reader_version_min: 1,
            flow: FlowLimits::default(),
        };
        let hub = Hub::new(Arc::new(config), HubLimits::default());
        let mut relay = Self { hub, store, member, space, now_ms: 1_000 };
        relay.with(|hub, _, moment| hub.open(CONNECTION, Nonce::from_bytes(NONCE), moment));
        relay
    }

    /// A relay with the device in.
    pub fn joined() -> Self {
        let mut relay = Self::open();
        let claim = AuthClaim {
            protocol: PROTOCOL_VERSIONS.max,
            relay: RelayKey::from_seed(&[4; 32]).relay_id(),
            device: relay.member.device,
            relay_nonce: Nonce::from_bytes(NONCE),
            device_nonce: Nonce::from_bytes([9; 32]),
        };
        let auth = Auth {
            protocol: claim.protocol,
            device: claim.device,
            nonce: claim.device_nonce,
            signature: sign_auth(&conformance::key(1), &claim),
            directory: None,
        };
        let said = relay.say(ToRelay::Auth(auth).encode());
        assert!(said.iter().any(|frame| matches!(frame, ToDevice::Welcome(_))), "{said:?}");
        relay
    }

    fn with(&mut self, act: impl FnOnce(&mut Hub, &RedbStore, &mut Moment<'_>)) {
        let mut random = || [7; 16];
        let mut moment = Moment { now_ms: self.now_ms, wall_ms: NOW_MS, random: &mut random };
        act(&mut self.hub, &self.store, &mut moment);
    }

    /// Takes a message of the device; answers what the relay says.
    pub fn say(&mut self, bytes: Vec<u8>) -> Vec<ToDevice> {
        self.with(|hub, _, moment| hub.input(CONNECTION, Input::Frame(bytes), moment));
        self.answers()
    }

    /// Lets time pass.
    pub fn wait(&mut self, ms: u64) -> Vec<ToDevice> {
        self.now_ms += ms;
        self.with(|hub, _, moment| hub.tick(moment));
        self.answers()
    }

    fn answers(&mut self) -> Vec<ToDevice> {
        let mut said = Vec::new();
        loop {
            for effect in self.hub.take_effects() {
                if let HubEffect::Send { bytes, .. } = effect {
                    let frame = ToDevice::decode(&bytes, MESSAGE_BYTES_MAX).expect("a relay sends frames");
                    said.push(frame);
                    let sent = Input::Sent { bytes: bytes.len() };
                    self.with(|hub, _, moment| hub.input(CONNECTION, sent, moment));
                }
            }
            if !self.hub.has_work(self.now_ms) {
                return said;
            }
            self.with(|hub, store, moment| hub.run(store, moment).expect("the store works"));
        }
    }

    /// Pushes changes of documents, and answers what becomes of each.
    pub fn push(&mut self, changes: impl IntoIterator<Item = (DocumentId, Vec<u8>)>) -> Vec<ItemOutcome> {
        let items = changes.into_iter().map(|(document, bytes)| PushItem { document, bytes }).collect();
        let push = Push { batch: BatchId::new(1), space: self.space, items };
        let said = self.say(ToRelay::Push(push).encode());
        let results = said.into_iter().find_map(|frame| match frame {
            ToDevice::Outcome { results, .. } => Some(results),
            _ => None,
        });
        results.expect("a push is answered")
    }
}

/// The code of what a relay says when it hangs up.
pub fn fault(said: &[ToDevice]) -> Option<String> {
    said.iter().find_map(|frame| match frame {
        ToDevice::Fault { code, .. } => Some(code.to_string()),
        _ => None,
    })
}
