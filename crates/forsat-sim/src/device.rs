//! A device in the world: the real engine over the real store on a simulated disk, and its end of the sync.

use crate::clock::{SimAmbient, VirtualClock, WallError};
use crate::disk::Disk;
use crate::ledger::Change;
use crate::net::{DeviceNumber, Wire};
use crate::plan::{DevicePlan, SPACES};
use crate::random::Random;
use forsat_client::{Ambient, ClientError, Engine, InitOptions, JoinOptions};
use forsat_store::{
    CreateParams, MemorySurroundings, OpenParams, OutboxLimit, OutboxNumber, RelayRef, Store, StoreError,
};
use forsat_sync::client::{SyncIssue, Welcomed};
use forsat_sync::id::{RelayId, SpaceId};
use forsat_sync::identity::{DeviceKey, InviteCode};
use redb::StorageBackend;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

/// Memory of a device's database for pages of the file, in bytes.
const CACHE_BYTES: usize = 1024 * 1024;

/// What a device's end of the sync is told.
#[derive(Clone, Debug)]
pub enum SyncInput {
    /// The connection is open.
    Connected,
    /// There is no connection.
    Lost,
    /// A message of the relay.
    Message(Vec<u8>),
    /// A deadline may have passed.
    Tick,
    /// A command has saved something.
    Saved,
    /// The network is back: connect now.
    Online,
}

/// What a device's end of the sync wants done.
#[derive(Clone, Debug)]
pub enum SyncOutput {
    /// Open a connection.
    Connect,
    /// Send a message.
    Send(Vec<u8>),
    /// Close the connection.
    Close,
    /// It has ended: in order, or with what a person is told.
    Ended(Result<(), String>),
    /// Something that a person should know.
    Issue(SyncIssue),
    /// Something worth a line of a trace.
    Note(String),
}

/// A device's end of the sync. What it does to the store is done when a call returns.
pub trait Syncing {
    /// Something happened.
    fn handle(&mut self, input: SyncInput) -> Vec<SyncOutput>;
    /// When the next tick is due, on the monotonic clock of the program.
    fn deadline_ms(&self) -> Option<u64>;
    /// Whether it is connected and nothing is left to do.
    fn is_settled(&self) -> bool {
        false
    }
    /// What the relay has said, for an end that redeems an invite.
    fn welcomed(&self) -> Option<Welcomed> {
        None
    }
}

/// A device's end of the sync that has just begun, and what it wants done first.
pub type Begun = (Box<dyn Syncing>, Vec<SyncOutput>);

/// Begins a device's end of the sync on a store that has joined.
pub type Connector =
    Arc<dyn Fn(&Arc<Engine>, &Arc<SimAmbient>, &DeviceKey) -> Result<Begun, String> + Send + Sync>;

/// A device: its disk and surroundings, and its program while it runs.
pub struct Device {
    /// Its place in the world.
    pub number: DeviceNumber,
    /// Who it belongs to, and how it is connected.
    pub plan: DevicePlan,
    /// Whether it has joined the relay.
    pub joined: bool,
    /// Its connection, while it has one or is opening one.
    pub wire: Option<Wire>,
    /// When it tried to connect.
    pub attempts_ms: Vec<u64>,
    /// How often its program was started.
    pub starts: u64,
    /// Why its sync has ended, when it has.
    pub ended: Option<String>,
    /// How far its clock is off.
    pub wall_error: WallError,
    clock: VirtualClock,
    random: Random,
    disk: Disk,
    surroundings: MemorySurroundings,
    key: DeviceKey,
    counted_to: BTreeMap<SpaceId, OutboxNumber>,
    program: Option<Program>,
}

struct Program {
    sync: Option<Box<dyn Syncing>>,
    /// A device that begins from the relay has none before it has joined.
    engine: Option<Arc<Engine>>,
    ambient: Arc<SimAmbient>,
}

/// Creating, starting and ending.
impl Device {
    /// A device; its program runs. Its store is made at once, or begins from the relay when it joins.
    pub fn create(
        number: DeviceNumber,
        plan: &DevicePlan,
        clock: &VirtualClock,
        mut random: Random,
    ) -> Result<Self, ClientError> {
        let wall_error = WallError::default();
        wall_error.set(plan.wall_error_ms);
        let key = DeviceKey::from_seed(&random.bytes());
        let mut device = Self {
            number,
            plan: plan.clone(),
            joined: false,
            wire: None,
            attempts_ms: Vec::new(),
            starts: 0,
            ended: None,
            wall_error,
            clock: clock.clone(),
            random,
            disk: Disk::new(),
            surroundings: MemorySurroundings::new(),
            key,
            counted_to: BTreeMap::new(),
            program: None,
        };
        let ambient = device.ambient();
        let engine = if plan.begins_from_relay { None } else { Some(Arc::new(device.init(&ambient)?)) };
        device.program = Some(Program { sync: None, engine, ambient });
        Ok(device)
    }

    fn init(&self, ambient: &Arc<SimAmbient>) -> Result<Engine, ClientError> {
        let params = CreateParams { cache_bytes: CACHE_BYTES, ..Engine::create_params(&**ambient) };
        let store = Store::create_with_backend(self.opener(), self.surroundings.clone(), &params)?;
        let (user_name, email) = self.name_and_email();
        let options = InitOptions { user_name, email: Some(email), ..InitOptions::default() };
        Engine::init_store(store, &options, ambient.clone())
    }

    fn name_and_email(&self) -> (String, String) {
        let user = self.plan.user.trim_end_matches('>');
        let (name, email) = user.split_once(" <").unwrap_or((user, ""));
        (name.to_owned(), email.to_owned())
    }

    /// Begins to redeem an invite.
    pub fn enrol(&mut self, invite: &InviteCode) -> Result<Vec<SyncOutput>, ClientError> {
        let key = self.key.clone();
        let Some(program) = &mut self.program else { return Ok(Vec::new()) };
        let proposed = program.engine.as_ref().map(|engine| engine.proposed_user()).transpose()?.flatten();
        let (sync, outputs) = crate::session::enrol(invite, key, proposed, &program.ambient);
        program.sync = Some(sync);
        self.ended = None;
        Ok(outputs)
    }

    /// Attaches the store to the relay that has just said welcome, or begins it from there.
    pub fn adopt(&mut self, relay: RelayId, space: &str) -> Result<(), ClientError> {
        let (user_name, email) = self.name_and_email();
        let options = JoinOptions {
            user_name,
            email: Some(email),
            space: Some(space.to_owned()),
            ..JoinOptions::default()
        };
        let opener = self.opener();
        let Some(program) = &mut self.program else { return Ok(()) };
        let Some(welcomed) = program.sync.take().and_then(|sync| sync.welcomed()) else { return Ok(()) };
        let relay = RelayRef { url: "ws://relay.example".to_owned(), id: relay };
        if let Some(engine) = &program.engine {
            engine.adopt(&welcomed, &relay, &options)?;
        } else {
            let mut random = [0; 32];
            program.ambient.fill(&mut random);
            let params = CreateParams { workspace: welcomed.workspace, random, cache_bytes: CACHE_BYTES };
            let store = Store::create_with_backend(opener, self.surroundings.clone(), &params)?;
            let engine = Engine::join_store(store, &welcomed, &relay, &options, program.ambient.clone())?;
            program.engine = Some(Arc::new(engine));
        }
        self.joined = true;
        Ok(())
    }

    /// Starts the program on what is on the disk.
    pub fn start(&mut self) -> Result<(), ClientError> {
        let ambient = self.ambient();
        let params = OpenParams { cache_bytes: CACHE_BYTES, ..Engine::open_params(&*ambient) };
        let store = Store::open_with_backend(self.opener(), self.surroundings.clone(), &params)?;
        let engine = Engine::open_store(store, ambient.clone())?;
        self.program = Some(Program { sync: None, engine: Some(Arc::new(engine)), ambient });
        Ok(())
    }

    /// Begins the sync.
    pub fn begin(&mut self, connector: &Connector) -> Result<Vec<SyncOutput>, String> {
        let Some(program) = &mut self.program else { return Ok(Vec::new()) };
        let Some(engine) = &program.engine else { return Ok(Vec::new()) };
        self.ended = None;
        // One end at a time: the lease of the last one ends with it.
        program.sync = None;
        let (sync, outputs) = connector(engine, &program.ambient, &self.key)?;
        program.sync = Some(sync);
        Ok(outputs)
    }

    /// Ends the program in order.
    pub fn stop(&mut self) {
        self.end();
    }

    /// Ends the program as SIGKILL does: what was written is there, durable or not.
    pub fn kill(&mut self) {
        self.disk.lose_power_at(0);
        let image = self.disk.image();
        self.end();
        self.disk = Disk::holding(image);
    }

    /// Cuts the power: what wasn't synced is lost, whole, in parts or not at all.
    pub fn lose_power(&mut self) {
        self.disk.lose_power_at(0);
        self.end();
        self.disk = self.disk.after_power_loss(self.random.bits());
    }

    /// Puts an image in the place of the store; the program must not run.
    pub fn put_back(&mut self, image: Vec<u8>) {
        debug_assert!(self.program.is_none(), "a store is put back while the program is down");
        self.disk = Disk::holding(image);
    }

    /// The marker beside the store gets lost, as when only the file is restored.
    pub fn lose_marker(&self) {
        self.surroundings.lose_marker();
    }

    /// Counts saves anew, for a store that was put back.
    pub fn forget_counted(&mut self) {
        self.counted_to.clear();
    }

    fn end(&mut self) {
        self.program = None;
        self.wire = None;
    }

    /// Its disk, to let it fail.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Whether its program runs.
    pub fn is_running(&self) -> bool {
        self.program.is_some()
    }

    /// Its engine, while the program runs.
    pub fn engine(&self) -> Option<&Arc<Engine>> {
        self.program.as_ref().and_then(|program| program.engine.as_ref())
    }

    /// Whether its user may see a space.
    pub fn sees(&self, space: &str) -> bool {
        space == "common" || self.plan.spaces.iter().any(|number| SPACES[*number] == space)
    }

    fn ambient(&mut self) -> Arc<SimAmbient> {
        self.starts += 1;
        Arc::new(SimAmbient::new(&self.clock, &self.wall_error, self.random.branch(self.starts)))
    }

    fn opener(&self) -> impl Fn() -> io::Result<Box<dyn StorageBackend>> + Send + Sync + use<> {
        let disk = self.disk.clone();
        move || Ok(Box::new(disk.open()))
    }
}

/// While the program runs.
impl Device {
    /// Tells its end of the sync something.
    pub fn tell(&mut self, input: SyncInput) -> Vec<SyncOutput> {
        let sync = self.program.as_mut().and_then(|program| program.sync.as_mut());
        sync.map(|sync| sync.handle(input)).unwrap_or_default()
    }

    /// Whether it is connected and nothing is left to do.
    pub fn is_settled(&self) -> bool {
        let sync = self.program.as_ref().and_then(|program| program.sync.as_ref());
        sync.is_some_and(|sync| sync.is_settled())
    }

    /// When its next tick is due, in the world's time.
    pub fn deadline_ms(&self) -> Option<u64> {
        let program = self.program.as_ref()?;
        let deadline_ms = program.sync.as_ref()?.deadline_ms()?;
        Some(program.ambient.to_world_ms(deadline_ms))
    }

    /// Ends its sync; the engine goes on.
    pub fn end_sync(&mut self, why: Option<String>) {
        if let Some(program) = &mut self.program {
            program.sync = None;
        }
        self.ended = why;
    }

    /// The changes that were saved since this was asked last.
    pub fn newly_saved(&mut self) -> Result<Vec<Change>, StoreError> {
        let Some(engine) = self.engine() else { return Ok(Vec::new()) };
        let tx = engine.store().read()?;
        let mut saved = Vec::new();
        for (space, _) in tx.outbox_spaces()? {
            let after = self.counted_to.get(&space).copied();
            let limit = OutboxLimit { bytes_max: u64::MAX, changes_max: usize::MAX };
            for item in tx.outbox(&space, after, limit)? {
                self.counted_to.insert(space, item.number);
                saved.push((item.document, item.hash));
            }
        }
        Ok(saved)
    }
}
