//! A relay in the world: the real hub over the real store, on a simulated disk.

use crate::audit::{self, Feeds};
use crate::clock::{VirtualClock, WallError};
use crate::disk::Disk;
use crate::net::Wire;
use crate::random::Random;
use forsat_relay::hub::{ConnectionId, Hub, HubEffect, HubLimits, Moment};
use forsat_relay::store::{
    AccessCommand, BackendSource, ControlError, InitWorkspace, MadeAnew, MoveOutcome, NewInvite, OpenOptions,
    RedbStore, RelayStore, Role, SpaceSummary, StoreError,
};
use forsat_sync::id::{DeviceId, DocumentId, Epoch, Nonce, RelayId, SpaceId, UserId, WorkspaceId};
use forsat_sync::identity::{DeviceKey, InviteCode, InviteSecret, RelayKey};
use forsat_sync::relay::{EnrolRequest, FlowLimits, Input, MoveRequest, RelayConfig};
use redb::StorageBackend;
use std::io;
use std::sync::Arc;

/// Memory of a relay's database for pages of the file, in bytes.
const CACHE_BYTES: usize = 1024 * 1024;
/// The version of the documents' reader that relays ask for.
const READER_VERSION_MIN: u32 = 1;

/// Puts something between the hub and its store; for broken relays.
pub type StoreWrapper = Arc<dyn Fn(RedbStore) -> Box<dyn RelayStore> + Send + Sync>;

/// A relay: its disk, and its program while it runs.
pub struct Relay {
    disk: Disk,
    clock: VirtualClock,
    wall_error: WallError,
    random: Random,
    wrapper: Option<StoreWrapper>,
    key: RelayKey,
    auditor: DeviceKey,
    /// What a store that is made anew begins with.
    anew: MadeAnew,
    reps_write_common: bool,
    program: Option<Program>,
    /// How often its program was started.
    pub starts: u64,
}

struct Program {
    hub: Hub,
    store: Box<dyn RelayStore>,
}

struct DiskSource(Disk);

impl BackendSource for DiskSource {
    fn open(&mut self) -> io::Result<Box<dyn StorageBackend>> {
        Ok(Box::new(self.0.open()))
    }
}

/// Setting up, starting and ending.
impl Relay {
    /// A relay with a fresh store; its program doesn't run yet.
    pub fn create(
        clock: &VirtualClock,
        wall_error: &WallError,
        mut random: Random,
        spaces: &[&str],
    ) -> Result<Self, StoreError> {
        let disk = Disk::new();
        let seed = random.bytes();
        let init = InitWorkspace {
            workspace: WorkspaceId::from_bytes(random_uuid(&mut random)),
            name: "Simulated".to_owned(),
            relay_key_seed: seed,
            common: SpaceId::from_bytes(random_uuid(&mut random)),
            now_ms: wall_ms(clock, wall_error),
        };
        let mut relay = Self {
            disk: disk.clone(),
            clock: clock.clone(),
            wall_error: wall_error.clone(),
            wrapper: None,
            key: RelayKey::from_seed(&seed),
            auditor: DeviceKey::from_seed(&random.bytes()),
            anew: MadeAnew { identity: init.clone(), space_names: Vec::new() },
            reps_write_common: true,
            random,
            program: None,
            starts: 0,
        };
        let options = relay.options();
        let store = RedbStore::create_from(Box::new(DiskSource(disk)), options, &init)?;
        for name in spaces {
            let id = SpaceId::from_bytes(random_uuid(&mut relay.random));
            store.create_space(id, name, wall_ms(clock, wall_error)).expect("a new store takes a new space");
            relay.anew.space_names.push((id, (*name).to_owned()));
        }
        relay.enrol_auditor(&store, spaces)?;
        Ok(relay)
    }

    /// The auditor is a device that no person has: it reads every feed, for the checkers.
    fn enrol_auditor(&mut self, store: &RedbStore, spaces: &[&str]) -> Result<(), StoreError> {
        for space in spaces {
            // It is the second manager of the world, too, who moves records.
            let secret = self.invite_at(store, "Auditor <auditor@example.com>", space, Role::Manager)?;
            let request = EnrolRequest {
                secret: secret.hash(),
                public_key: self.auditor.public(),
                device: self.auditor.device_id(),
                device_name: "auditor".to_owned(),
                proposed_user: None,
            };
            let user = UserId::from_bytes(random_uuid(&mut self.random));
            store.enrol(&request, user, self.wall_ms())?;
        }
        Ok(())
    }

    /// Puts something between the hub and its store from the next start on.
    pub fn wrap_store(&mut self, wrapper: StoreWrapper) {
        self.wrapper = Some(wrapper);
    }

    /// Whether reps may write in `common`, from the next start on.
    pub fn let_reps_write_common(&mut self, may: bool) {
        self.reps_write_common = may;
    }

    /// Starts the program on what is on the disk.
    pub fn start(&mut self) -> Result<(), StoreError> {
        debug_assert!(self.program.is_none(), "a relay is started once at a time");
        self.starts += 1;
        let options = self.options();
        let store = RedbStore::open_from(Box::new(DiskSource(self.disk.clone())), options)?;
        let store = match &self.wrapper {
            Some(wrapper) => wrapper(store),
            None => Box::new(store),
        };
        let config = RelayConfig {
            key: self.key.clone(),
            reader_version_min: READER_VERSION_MIN,
            flow: FlowLimits::default(),
        };
        self.program = Some(Program { hub: Hub::new(Arc::new(config), HubLimits::default()), store });
        Ok(())
    }

    /// Ends the program as SIGKILL does: what was written is there, durable or not.
    pub fn kill(&mut self) {
        self.disk.lose_power_at(0);
        let image = self.disk.image();
        self.program = None;
        self.disk = Disk::holding(image);
    }

    /// Cuts the power: what wasn't synced is lost, whole, in parts or not at all.
    pub fn lose_power(&mut self) {
        self.disk.lose_power_at(0);
        self.program = None;
        self.disk = self.disk.after_power_loss(self.random.bits());
    }

    /// Ends the program in order.
    pub fn stop(&mut self) {
        self.program = None;
    }

    /// What is durable on the disk, to be put back later as an old backup is.
    pub fn backup(&self) -> Vec<u8> {
        self.disk.image()
    }

    /// Puts a backup in the place of the store; the program must not run.
    pub fn put_back(&mut self, image: Vec<u8>) {
        debug_assert!(self.program.is_none(), "a store is put back while the relay is down");
        self.disk = Disk::holding(image);
    }

    /// The store is lost and made anew under the same identity, with nothing in it; the program must not run.
    pub fn lose_store(&mut self) -> Result<(), StoreError> {
        debug_assert!(self.program.is_none(), "a store is made anew while the relay is down");
        self.disk = Disk::new();
        let options = self.options();
        RedbStore::make_anew_from(Box::new(DiskSource(self.disk.clone())), options, &self.anew).map(drop)
    }

    /// Whether its store was made anew and nobody has brought the control log yet.
    pub fn awaits_log(&self) -> bool {
        let log = self.store().map(|store| store.access().control_log(0, 1));
        matches!(log, Some(Ok(entries)) if entries.is_empty())
    }

    /// Whether its program runs.
    pub fn is_running(&self) -> bool {
        self.program.is_some()
    }

    /// Its disk, to let it fail.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Its id, which devices pin.
    pub fn id(&self) -> RelayId {
        self.key.relay_id()
    }

    /// The device that reads for the checkers.
    pub fn auditor(&self) -> DeviceId {
        self.auditor.device_id()
    }

    /// Its store, while the program runs.
    pub fn store(&self) -> Option<&dyn RelayStore> {
        self.program.as_ref().map(|program| program.store.as_ref())
    }

    /// Invites a user: `Name <e-mail>`; the program must run.
    pub fn invite(&mut self, user: &str, space: &str, role: Role) -> Option<InviteCode> {
        let program = self.program.take()?;
        let secret = self.invite_at(program.store.as_ref(), user, space, role);
        self.program = Some(program);
        Some(InviteCode {
            secret: secret.ok()?,
            relay: self.id(),
            address: Some("ws://relay.example".to_owned()),
        })
    }

    /// Gives a user, who is a member already, a role in a space; connected devices hear of it.
    pub fn grant(&mut self, user: &str, space: &str, role: Role) -> Result<(), StoreError> {
        let enrolled = self.enrol_directly(user, None, space, role);
        self.with(|hub, store, moment| {
            hub.access_changed(moment);
            hub.feed_grew(&store.identity().common, moment);
        });
        enrolled.map(drop)
    }

    /// Enrols a device that has no program, past the network.
    pub fn enrol_directly(
        &mut self,
        user: &str,
        proposed_user: Option<UserId>,
        space: &str,
        role: Role,
    ) -> Result<DeviceId, StoreError> {
        let Some(program) = self.program.take() else { return Err(StoreError::NotInitialised) };
        let invited = self.invite_at(program.store.as_ref(), user, space, role);
        let key = DeviceKey::from_seed(&self.random.bytes());
        let new_user = UserId::from_bytes(random_uuid(&mut self.random));
        let enrolled = invited.and_then(|secret| {
            let request = Self::request(&secret, &key, proposed_user);
            program.store.enrol(&request, new_user, self.wall_ms())
        });
        self.program = Some(program);
        enrolled.map(|_| key.device_id())
    }

    /// Throws a device out; connected devices hear of it. The program must run.
    pub fn revoke(&mut self, device: &DeviceId) -> Result<(), ControlError> {
        let command = AccessCommand::RevokeDevice { device: device.to_string(), lost: false };
        let done = self.with(|hub, store, moment| {
            let done = store.access().change_access(&command, moment.wall_ms);
            hub.access_changed(moment);
            hub.feed_grew(&store.identity().common, moment);
            done
        });
        done.unwrap_or(Err(ControlError::Store(StoreError::NotInitialised))).map(drop)
    }

    /// Erases a document for good; connected devices hear of it. The program must run.
    pub fn erase(&mut self, document: DocumentId) -> Result<(), ControlError> {
        let done = self.with(|hub, store, moment| {
            let command = AccessCommand::EraseDocument { document };
            let done = store.access().change_access(&command, moment.wall_ms);
            hub.access_changed(moment);
            hub.control_grew(store, moment);
            done
        });
        done.unwrap_or(Err(ControlError::Store(StoreError::NotInitialised))).map(drop)
    }

    /// Moves a document for a manager who has no program in the world. The relay's program must run.
    pub fn move_document(&mut self, document: DocumentId, to: SpaceId) -> Result<MoveOutcome, StoreError> {
        let request = MoveRequest { device: self.auditor(), to, documents: vec![document] };
        let moved = self.with(|hub, store, moment| {
            let moved = store.access().move_documents(&request, moment.wall_ms);
            hub.control_grew(store, moment);
            moved
        });
        let outcomes = moved.unwrap_or(Err(StoreError::NotInitialised))?;
        outcomes.into_iter().next().ok_or(StoreError::NotInitialised)
    }

    /// Opens a copy of what is on the disk, or of an image, and reads its feeds; none before the control log is there.
    pub fn look_into(&mut self, image: Option<&[u8]>) -> Result<Feeds, String> {
        let image = image.map_or_else(|| self.disk.image(), <[u8]>::to_vec);
        let store = RedbStore::open_from(Box::new(DiskSource(Disk::holding(image))), self.options());
        let store = store.map_err(|error| format!("a copy can't be opened: {error}"))?;
        // Where the control log is still awaited nothing has been taken, and nobody may read.
        let log = store.access().control_log(0, 1).map_err(|error| error.to_string())?;
        if log.is_empty() { Ok(Feeds::new()) } else { audit::feeds_of(&store, self.auditor()) }
    }

    fn request(secret: &InviteSecret, key: &DeviceKey, proposed_user: Option<UserId>) -> EnrolRequest {
        EnrolRequest {
            secret: secret.hash(),
            public_key: key.public(),
            device: key.device_id(),
            device_name: "a device without a program".to_owned(),
            proposed_user,
        }
    }

    /// The spaces, `common` first.
    pub fn spaces(&self) -> Result<Vec<SpaceSummary>, StoreError> {
        self.store().map_or(Ok(Vec::new()), RelayStore::spaces)
    }

    fn invite_at(
        &mut self,
        store: &dyn RelayStore,
        user: &str,
        space: &str,
        role: Role,
    ) -> Result<InviteSecret, StoreError> {
        let secret = InviteSecret::from_bytes(self.random.bytes());
        let now_ms = self.wall_ms();
        let invite = NewInvite {
            secret: secret.hash(),
            user: user.to_owned(),
            space: space.to_owned(),
            role,
            approve: false,
            now_ms,
            expires_at_ms: now_ms + 86_400_000,
        };
        match store.create_invite(&invite) {
            Ok(_) => Ok(secret),
            Err(ControlError::Store(error)) => Err(error),
            // The log, which tells of the spaces, is still awaited.
            Err(ControlError::NoSuchSpace(_)) => Err(StoreError::LogAwaited),
            Err(error) => unreachable!("the space exists and the user has a name: {error}"),
        }
    }

    fn options(&mut self) -> OpenOptions {
        OpenOptions {
            cache_bytes: CACHE_BYTES,
            reps_write_common: self.reps_write_common,
            ..OpenOptions::new(Epoch::new(self.random.bits()))
        }
    }

    fn wall_ms(&self) -> u64 {
        wall_ms(&self.clock, &self.wall_error)
    }
}

/// While the program runs; calls come to nothing while it doesn't.
impl Relay {
    /// A connection was opened.
    pub fn open(&mut self, wire: Wire) {
        let nonce = Nonce::from_bytes(self.random.bytes());
        self.with(|hub, _, moment| hub.open(ConnectionId(wire.0), nonce, moment));
    }

    /// Something happened to a connection.
    pub fn input(&mut self, wire: Wire, input: Input) {
        self.with(|hub, _, moment| hub.input(ConnectionId(wire.0), input, moment));
    }

    /// The operator stops the relay: devices are told to come back.
    pub fn drain(&mut self, retry_after_ms: u64, jitter_ms: u64) {
        self.with(|hub, _, moment| hub.input_all(&Input::Drain { retry_after_ms, jitter_ms }, moment));
    }

    /// The time for [`Self::tick`] has come.
    pub fn tick(&mut self) {
        self.with(|hub, _, moment| hub.tick(moment));
    }

    /// When the next tick is due.
    pub fn deadline_ms(&self) -> Option<u64> {
        self.program.as_ref().and_then(|program| program.hub.deadline_ms())
    }

    /// Whether [`Self::run`] has something to do.
    pub fn has_work(&self) -> bool {
        self.program.as_ref().is_some_and(|program| program.hub.has_work(self.clock.now_ms()))
    }

    /// One round of storage.
    pub fn run(&mut self) -> Result<(), StoreError> {
        self.with(|hub, store, moment| hub.run(store, moment)).unwrap_or(Ok(()))
    }

    /// What the network is to do.
    pub fn take_effects(&mut self) -> Vec<HubEffect> {
        self.program.as_mut().map(|program| program.hub.take_effects()).unwrap_or_default()
    }

    fn with<T>(&mut self, call: impl FnOnce(&mut Hub, &dyn RelayStore, &mut Moment<'_>) -> T) -> Option<T> {
        let wall_ms = self.wall_ms();
        let program = self.program.as_mut()?;
        let random = &mut self.random;
        let mut bytes = || random.bytes();
        let mut moment = Moment { now_ms: self.clock.now_ms(), wall_ms, random: &mut bytes };
        Some(call(&mut program.hub, program.store.as_ref(), &mut moment))
    }
}

fn wall_ms(clock: &VirtualClock, error: &WallError) -> u64 {
    u64::try_from(clock.wall_ms().saturating_add(error.get())).unwrap_or_default()
}

fn random_uuid(random: &mut Random) -> [u8; 16] {
    uuid::Builder::from_random_bytes(random.bytes()).into_uuid().into_bytes()
}
