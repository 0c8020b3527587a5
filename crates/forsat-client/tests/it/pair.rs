//! A relay's hub beside devices, in one thread: what goes between them can be looked at and changed on its way.

use crate::support::{Fixed, NOW_MS};
use forsat_client::{
    Ambient, ClientError, Engine, Errand, InitOptions, JoinOptions, SessionEffect, SessionEvent,
    SessionInput, SessionPurpose, SyncIssue, SyncSession, SyncSummary,
};
use forsat_relay::hub::{ConnectionId, Hub, HubEffect, HubLimits, Moment};
use forsat_relay::store::{
    AccessCommand, InitWorkspace, NewInvite, OpenOptions, QuarantineEntry, RedbStore, RelayStore, Role,
};
use forsat_store::{CreateParams, RelayRef, Store};
use forsat_sync::frame::{ToDevice, ToRelay};
use forsat_sync::id::{ChangeHash, DeviceId, DocumentId, Epoch, Nonce, SpaceId, WorkspaceId};
use forsat_sync::identity::{DeviceKey, InviteCode, InviteSecret, RelayKey};
use forsat_sync::limits::MESSAGE_BYTES_MAX;
use forsat_sync::relay::{FlowLimits, Input, RelayConfig};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

/// The space that everybody of a test writes to.
pub const SPACE: &str = "North";
/// Rounds of messages after which a test has gone in circles.
const ROUNDS_MAX: usize = 10_000;

/// What becomes of a message.
pub enum Fate {
    /// It arrives as it is.
    Pass,
    /// The relay's message arrives changed.
    Change(ToDevice),
    /// The device's message doesn't arrive; the relay seems to answer with this.
    Answer(ToDevice),
    /// The connection is gone, and the message with it.
    Cut,
}

/// Looks at what goes between a device and the relay.
pub trait Wire {
    /// From the device.
    fn to_relay(&mut self, _frame: &ToRelay) -> Fate {
        Fate::Pass
    }

    /// To the device.
    fn to_device(&mut self, _frame: &ToDevice) -> Fate {
        Fate::Pass
    }
}

/// Lets everything pass.
pub struct Honest;
impl Wire for Honest {}

/// A relay without a socket.
pub struct Relay {
    _dir: TempDir,
    key: RelayKey,
    hub: Hub,
    store: RedbStore,
    random: Arc<Fixed>,
    connections: u64,
}

/// What a session showed until it ended.
#[derive(Debug, Default)]
pub struct Shown {
    pub summary: Option<SyncSummary>,
    pub issues: Vec<SyncIssue>,
    pub result: Option<Result<(), ClientError>>,
}

impl Shown {
    /// The summary of a session that ended well.
    pub fn summary(self) -> SyncSummary {
        self.result.expect("it ended").expect("it ended well");
        self.summary.expect("it summed up")
    }
}

impl Relay {
    pub fn new() -> Relay {
        Relay::begin(OpenOptions::new(Epoch::new(7)))
    }

    /// A relay of a later version, which knows one more change that documents begin with.
    pub fn newer(beginning: ChangeHash) -> Relay {
        let known = forsat_sync::genesis::ALLOWED.iter().copied().chain([beginning]).collect::<Vec<_>>();
        Relay::begin(OpenOptions { genesis: known.leak(), ..OpenOptions::new(Epoch::new(7)) })
    }

    fn begin(options: OpenOptions) -> Relay {
        let dir = TempDir::new().expect("a temporary directory");
        let random = Fixed::new(900);
        let seed = bytes(&*random);
        let init = InitWorkspace {
            workspace: WorkspaceId::from_bytes(*random.uuid().as_bytes()),
            name: "Test".to_owned(),
            relay_key_seed: seed,
            common: SpaceId::from_bytes(*random.uuid().as_bytes()),
            now_ms: wall_ms(),
        };
        let store =
            RedbStore::create(&dir.path().join("relay.redb"), options, &init).expect("a relay's store");
        store
            .create_space(SpaceId::from_bytes(*random.uuid().as_bytes()), SPACE, wall_ms())
            .expect("a space");
        let key = RelayKey::from_seed(&seed);
        let flow = FlowLimits::default();
        let config = RelayConfig { key: key.clone(), reader_version_min: 1, flow };
        let hub = Hub::new(Arc::new(config), HubLimits::default());
        Relay { _dir: dir, key, hub, store, random, connections: 0 }
    }

    /// Invites a person to [`SPACE`].
    pub fn invite(&self, user: &str, role: Role) -> InviteCode {
        let mut secret = [0; 16];
        self.random.fill(&mut secret);
        let secret = InviteSecret::from_bytes(secret);
        let invite = NewInvite {
            secret: secret.hash(),
            user: user.to_owned(),
            space: SPACE.to_owned(),
            role,
            approve: false,
            now_ms: wall_ms(),
            expires_at_ms: wall_ms() + 86_400_000,
        };
        self.store.create_invite(&invite).expect("an invite");
        InviteCode { secret, relay: self.key.relay_id(), address: None }
    }

    /// Makes another space.
    pub fn space(&self, name: &str) -> SpaceId {
        let id = SpaceId::from_bytes(*self.random.uuid().as_bytes());
        self.store.create_space(id, name, wall_ms()).expect("a space").id
    }

    /// The spaces with their names.
    pub fn spaces(&self) -> Vec<(SpaceId, String)> {
        let spaces = self.store.spaces().expect("reads");
        spaces.into_iter().map(|space| (space.id, space.name)).collect()
    }

    /// Gives somebody who has joined a role in a space, or takes it.
    pub fn set_role(&self, user: &str, space: &str, role: Option<Role>) {
        let (user, space) = (user.to_owned(), space.to_owned());
        let command = match role {
            Some(role) => AccessCommand::SetRole { user, space, role },
            None => AccessCommand::RemoveRole { user, space },
        };
        self.store.access().change_access(&command, wall_ms()).expect("a role");
    }

    /// Takes a device's access for good.
    pub fn revoke(&self, device: &Device, lost: bool) {
        let device = device.id().to_string();
        let command = AccessCommand::RevokeDevice { device, lost };
        self.store.access().change_access(&command, wall_ms()).expect("revoked");
    }

    /// What lies aside for the user of a device to decide.
    pub fn quarantined(&self, device: &Device) -> Vec<QuarantineEntry> {
        let (entries, more) =
            self.store.access().quarantined(&device.id(), 0, usize::MAX).expect("a manager");
        assert!(!more);
        entries
    }

    /// Checks the invariants of the relay's store.
    pub fn verify(&self) {
        assert_eq!(self.store.verify().expect("reads"), [""; 0]);
    }

    /// How many documents and changes the relay holds.
    pub fn totals(&self) -> (u64, u64) {
        let status = self.store.status(wall_ms()).expect("reads");
        (status.documents, status.changes)
    }

    /// Erases a document for good, and checks the store afterwards.
    pub fn erase(&self, document: DocumentId) {
        let command = AccessCommand::EraseDocument { document };
        self.store.access().change_access(&command, wall_ms()).expect("the store works");
        assert_eq!(self.store.verify().expect("verifies"), [""; 0]);
    }

    /// Runs a machine until it ends, or until the wire is cut and `once_cut` says so.
    fn run(
        &mut self,
        ambient: &dyn Ambient,
        mut handle: impl FnMut(u64, SessionInput) -> Vec<SessionEffect>,
        effects: Vec<SessionEffect>,
        wire: &mut dyn Wire,
    ) -> Shown {
        let mut shown = Shown::default();
        let mut effects: VecDeque<SessionEffect> = effects.into();
        let mut connection = None;
        for _ in 0..ROUNDS_MAX {
            let (mut inputs, mut answered) = (Vec::new(), Vec::new());
            for effect in std::mem::take(&mut effects) {
                match effect {
                    SessionEffect::Connect => {
                        connection = Some(self.open());
                        inputs.push(SessionInput::Connected);
                    }
                    SessionEffect::Send(bytes) => {
                        let frame =
                            ToRelay::decode(&bytes, MESSAGE_BYTES_MAX).expect("a device sends frames");
                        match wire.to_relay(&frame) {
                            Fate::Answer(answer) => answered.push(SessionInput::Frame(answer.encode())),
                            Fate::Cut => return shown,
                            Fate::Pass | Fate::Change(_) => self.input(connection, Input::Frame(bytes)),
                        }
                    }
                    SessionEffect::Close => {
                        connection = None;
                        inputs.push(SessionInput::Disconnected);
                    }
                    SessionEffect::Event(SessionEvent::Summary(summary)) => shown.summary = Some(summary),
                    SessionEffect::Event(SessionEvent::Issue(issue)) => shown.issues.push(issue),
                    SessionEffect::Event(SessionEvent::Sync(_) | SessionEvent::Waiting) => {}
                    SessionEffect::Stopped(result) => {
                        shown.result = Some(result.map(drop));
                        return shown;
                    }
                }
            }
            for bytes in self.answers(connection) {
                let frame = ToDevice::decode(&bytes, MESSAGE_BYTES_MAX).expect("a relay sends frames");
                match wire.to_device(&frame) {
                    Fate::Change(changed) => inputs.push(SessionInput::Frame(changed.encode())),
                    Fate::Cut => return shown,
                    Fate::Pass | Fate::Answer(_) => inputs.push(SessionInput::Frame(bytes)),
                }
            }
            // The relay has said its welcome by now.
            inputs.extend(answered);
            if inputs.is_empty() {
                // Nothing is on its way: time passes.
                ambient.now_ms();
                inputs.push(SessionInput::Tick);
            }
            for input in inputs {
                effects.extend(handle(ambient.monotonic_ms(), input));
            }
        }
        panic!("device and relay went in circles: {shown:?}");
    }

    fn open(&mut self) -> ConnectionId {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        let nonce = Nonce::from_bytes(bytes(&*self.random));
        self.with(|hub, moment| hub.open(connection, nonce, moment));
        connection
    }

    fn input(&mut self, connection: Option<ConnectionId>, input: Input) {
        let connection = connection.expect("a device sends over a connection");
        self.with(|hub, moment| hub.input(connection, input, moment));
    }

    /// Lets the relay work, and takes what it sends to a connection; others are not listening.
    fn answers(&mut self, connection: Option<ConnectionId>) -> Vec<Vec<u8>> {
        let now_ms = self.random.monotonic_ms();
        while self.hub.has_work(now_ms) {
            let random = self.random.clone();
            let mut draw = || bytes16(&*random);
            let mut moment = Moment { now_ms, wall_ms: wall_ms(), random: &mut draw };
            self.hub.run(&self.store, &mut moment).expect("the relay's store works");
        }
        let mut sent = Vec::new();
        for effect in self.hub.take_effects() {
            if let HubEffect::Send { connection: to, bytes } = effect {
                self.input(Some(to), Input::Sent { bytes: bytes.len() });
                if Some(to) == connection {
                    sent.push(bytes);
                }
            }
        }
        sent
    }

    fn with(&mut self, call: impl FnOnce(&mut Hub, &mut Moment<'_>)) {
        let random = self.random.clone();
        let mut draw = || bytes16(&*random);
        let now_ms = self.random.monotonic_ms();
        call(&mut self.hub, &mut Moment { now_ms, wall_ms: wall_ms(), random: &mut draw });
    }
}

/// A person's device.
pub struct Device {
    _dir: TempDir,
    path: PathBuf,
    pub engine: Engine,
    key: DeviceKey,
    ambient: Arc<Fixed>,
}

impl Device {
    /// A device that begins from the relay.
    pub fn join(relay: &mut Relay, user: &str, role: Role, seed: u64) -> Device {
        Device::make(relay, user, role, seed, |_, _| None)
    }

    /// A device that has worked by itself before.
    pub fn join_with(
        relay: &mut Relay,
        user: &str,
        role: Role,
        seed: u64,
        work: impl FnOnce(&Engine),
    ) -> Device {
        Device::make(relay, user, role, seed, |path, ambient| {
            let options = InitOptions {
                user_name: "Local".to_owned(),
                currency: Some("USD".to_owned()),
                ..InitOptions::default()
            };
            let engine = Engine::init_with(path, &options, ambient.clone()).expect("a store");
            work(&engine);
            Some(engine)
        })
    }

    fn make(
        relay: &mut Relay,
        user: &str,
        role: Role,
        seed: u64,
        begin: impl FnOnce(&Path, &Arc<Fixed>) -> Option<Engine>,
    ) -> Device {
        let dir = TempDir::new().expect("a temporary directory");
        let (path, ambient) = (dir.path().join("store"), Fixed::new(seed));
        let key = DeviceKey::from_seed(&bytes(&*ambient));
        let engine = begin(&path, &ambient);
        let proposed = engine.as_ref().and_then(|engine| engine.proposed_user().expect("reads"));
        let invite = relay.invite(user, role);
        let (mut enrolment, effects) =
            Errand::enrol(&invite, key.clone(), "test", proposed, ambient.clone(), ambient.monotonic_ms());
        let shown = relay.run(&*ambient, |now, input| enrolment.handle(now, input), effects, &mut Honest);
        shown.result.expect("it ended").expect("enrolled");
        let welcomed = enrolment.welcomed().expect("welcomed").clone();
        let at = RelayRef { url: "ws://relay.test/sync".to_owned(), id: invite.relay };
        let options = JoinOptions { user_name: user.to_owned(), ..JoinOptions::default() };
        let engine = match engine {
            Some(engine) => {
                let before = engine.unsent().expect("counts");
                let plan = engine.adopt(&welcomed, &at, &options).expect("adopts");
                assert!(plan.changes <= before, "what stays behind isn't sent");
                engine
            }
            None => {
                let random = bytes(&*ambient);
                let params = CreateParams { workspace: welcomed.workspace, random, cache_bytes: 1 << 20 };
                let store = Store::create(&path, &params).expect("a store");
                Engine::join_store(store, &welcomed, &at, &options, ambient.clone()).expect("joins")
            }
        };
        Device { _dir: dir, path, engine, key, ambient }
    }

    /// By which the relay knows it.
    fn id(&self) -> DeviceId {
        self.key.device_id()
    }

    /// Syncs until nothing is left to do.
    pub fn sync(&self, relay: &mut Relay) -> SyncSummary {
        self.sync_over(relay, &mut Honest).summary()
    }

    /// Syncs over a wire that may be cut; what the session showed until then.
    pub fn sync_over(&self, relay: &mut Relay, wire: &mut dyn Wire) -> Shown {
        let now_ms = self.ambient.monotonic_ms();
        let started = SyncSession::start(&self.engine, SessionPurpose::Once, self.key.clone(), now_ms);
        let (mut session, effects) = started.expect("a session");
        relay.run(&*self.ambient, |now, input| session.handle(now, input), effects, wire)
    }

    /// Ends the program and starts it again on the same store.
    pub fn restart(self) -> Device {
        self.restart_after(|_| ())
    }

    /// Ends the program, does something to the store's file, and starts the program again.
    pub fn restart_after(self, meanwhile: impl FnOnce(&Path)) -> Device {
        let Device { _dir, path, engine, key, ambient } = self;
        drop(engine);
        meanwhile(&path.join("store.redb"));
        let engine = Engine::open_with(&path, ambient.clone()).expect("opens");
        Device { _dir, path, engine, key, ambient }
    }

    /// Every row of every module, and the digests: what two devices must agree on.
    pub fn view(&self) -> (Vec<(String, Vec<forsat_domain::RecordState>)>, Vec<String>) {
        let tx = self.engine.store().read().expect("reads");
        let mut rows: std::collections::BTreeMap<String, Vec<forsat_domain::RecordState>> =
            Default::default();
        let mut after = None;
        loop {
            let page = tx.documents_after(after.as_ref(), 500).expect("reads");
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            for (id, row) in &page {
                let Some(module) = row.module.as_deref().filter(|module| *module != "settings") else {
                    continue;
                };
                let short = forsat_domain::id::encode_id(id.as_bytes());
                let state = self.engine.show(module, &short).expect("shows").state;
                rows.entry(module.to_owned()).or_default().push(state);
            }
        }
        let spaces = tx.spaces().expect("reads").into_iter().filter(|(_, row)| !row.archived);
        let roots = spaces.map(|(space, _)| format!("{space} {:?}", tx.trie(&space).expect("reads").root()));
        (rows.into_iter().collect(), roots.collect())
    }
}

fn bytes(ambient: &dyn Ambient) -> [u8; 32] {
    let mut bytes = [0; 32];
    ambient.fill(&mut bytes);
    bytes
}

fn bytes16(ambient: &dyn Ambient) -> [u8; 16] {
    let mut bytes = [0; 16];
    ambient.fill(&mut bytes);
    bytes
}

fn wall_ms() -> u64 {
    u64::try_from(NOW_MS).expect("after 1970")
}
