//! Tests of the hub: devices in memory, a store in memory, no sockets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use forsat_sync::frame::{
    Auth, ItemOutcome, PROTOCOL_VERSIONS, Pull, Push, PushItem, Role, StreamId, ToDevice, ToRelay,
};
use forsat_sync::id::{BatchId, DeviceId, Digest, DocumentId, Epoch, Nonce, SpaceId, UserId, WorkspaceId};
use forsat_sync::identity::{AuthClaim, RelayKey, sign_auth};
use forsat_sync::relay::{EnrolRequest, FlowLimits, PageRequest, RelayConfig};
use redb::backends::InMemoryBackend;

use super::*;
use crate::store::conformance::{self, Member, NOW_MS};
use crate::store::{
    AccessCommand, AccessStore, AppendBatch, ControlError, DeviceRecord, EnrolOutcome, HealOutcome,
    HealRequest, InitWorkspace, Invited, NewInvite, OpenOptions, PageOutcome, PushOutcome, RedbStore,
    SpaceSummary, StatusCounts, StoreIdentity, TokenStore,
};

/// A store that counts and fails on demand.
struct Probe {
    inner: RedbStore,
    appends: AtomicU64,
    full: AtomicBool,
    sync_failed: AtomicBool,
}

impl RelayStore for Probe {
    fn access(&self) -> &dyn AccessStore {
        self.inner.access()
    }

    fn tokens(&self) -> &dyn TokenStore {
        self.inner.tokens()
    }

    fn identity(&self) -> StoreIdentity {
        self.inner.identity()
    }
    fn check(&self) -> Result<(), StoreError> {
        self.inner.check()
    }
    fn append(&self, batch: &AppendBatch) -> Result<Vec<PushOutcome>, StoreError> {
        self.appends.fetch_add(1, Ordering::SeqCst);
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Full);
        }
        if self.sync_failed.load(Ordering::SeqCst) {
            return Err(StoreError::SyncFailed("test".into()));
        }
        self.inner.append(batch)
    }
    fn pages(&self, requests: &[PageRequest]) -> Result<Vec<PageOutcome>, StoreError> {
        self.inner.pages(requests)
    }
    fn heal(&self, requests: &[HealRequest]) -> Result<Vec<HealOutcome>, StoreError> {
        self.inner.heal(requests)
    }
    fn devices(&self, ids: &[DeviceId]) -> Result<Vec<Option<DeviceRecord>>, StoreError> {
        self.inner.devices(ids)
    }
    fn enrol(
        &self,
        request: &EnrolRequest,
        new_user: UserId,
        now_ms: u64,
    ) -> Result<EnrolOutcome, StoreError> {
        self.inner.enrol(request, new_user, now_ms)
    }
    fn create_space(&self, id: SpaceId, name: &str, now_ms: u64) -> Result<SpaceSummary, ControlError> {
        self.inner.create_space(id, name, now_ms)
    }
    fn spaces(&self) -> Result<Vec<SpaceSummary>, StoreError> {
        self.inner.spaces()
    }
    fn create_invite(&self, invite: &NewInvite) -> Result<Invited, ControlError> {
        self.inner.create_invite(invite)
    }
    fn status(&self, now_ms: u64) -> Result<StatusCounts, StoreError> {
        self.inner.status(now_ms)
    }
    fn buckets(&self, space: &SpaceId) -> Result<Vec<(u16, Digest)>, StoreError> {
        self.inner.buckets(space)
    }
}

struct World {
    hub: Hub,
    store: Probe,
    now_ms: u64,
    inbox: BTreeMap<ConnectionId, Vec<ToDevice>>,
    closed: BTreeMap<ConnectionId, Code>,
}

impl World {
    fn new(limits: HubLimits) -> Self {
        let init = InitWorkspace {
            workspace: WorkspaceId::from_bytes([3; 16]),
            name: "test".into(),
            relay_key_seed: [4; 32],
            common: SpaceId::from_bytes([5; 16]),
            now_ms: NOW_MS,
        };
        let inner =
            RedbStore::with_backend(InMemoryBackend::new(), OpenOptions::new(Epoch::new(1)), &init).unwrap();
        let config = RelayConfig {
            key: RelayKey::from_seed(&init.relay_key_seed),
            reader_version_min: 1,
            flow: FlowLimits::default(),
        };
        Self {
            hub: Hub::new(Arc::new(config), limits),
            store: Probe {
                inner,
                appends: AtomicU64::new(0),
                full: AtomicBool::new(false),
                sync_failed: AtomicBool::new(false),
            },
            now_ms: 1_000,
            inbox: BTreeMap::new(),
            closed: BTreeMap::new(),
        }
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Hub, &Probe, &mut Moment<'_>) -> T) -> T {
        let mut random = || [7; 16];
        let mut moment = Moment { now_ms: self.now_ms, wall_ms: NOW_MS, random: &mut random };
        act(&mut self.hub, &self.store, &mut moment)
    }

    /// Carries effects out at once: transports here take everything.
    fn deliver(&mut self) {
        for effect in self.hub.take_effects() {
            match effect {
                HubEffect::Send { connection, bytes } => {
                    let frame = ToDevice::decode(&bytes, usize::MAX).unwrap();
                    self.inbox.entry(connection).or_default().push(frame);
                    let sent = Input::Sent { bytes: bytes.len() };
                    self.with(|hub, _, moment| hub.input(connection, sent, moment));
                }
                HubEffect::Close { connection, code, .. } => {
                    self.closed.insert(connection, code);
                }
            }
        }
    }

    fn run(&mut self) -> Result<(), StoreError> {
        self.deliver();
        while self.hub.has_work(self.now_ms) {
            self.with(|hub, store, moment| hub.run(store, moment))?;
            self.deliver();
        }
        Ok(())
    }

    fn send(&mut self, connection: ConnectionId, frame: &ToRelay) {
        let bytes = frame.encode();
        self.with(|hub, _, moment| hub.input(connection, Input::Frame(bytes), moment));
    }

    fn take(&mut self, connection: ConnectionId) -> Vec<ToDevice> {
        self.inbox.remove(&connection).unwrap_or_default()
    }

    /// Connects the device of this number and authenticates it.
    fn connect(&mut self, number: u8) -> ConnectionId {
        let connection = ConnectionId(u64::from(number));
        self.knock(number, connection);
        assert!(matches!(self.take(connection).remove(0), ToDevice::Welcome(_)));
        connection
    }

    /// Connects the device of this number and proves which it is.
    fn knock(&mut self, number: u8, connection: ConnectionId) {
        self.with(|hub, _, moment| hub.open(connection, Nonce::from_bytes([number; 32]), moment));
        self.deliver();
        let ToDevice::Hello(hello) = self.take(connection).remove(0) else { panic!("no hello") };
        let key = conformance::key(number);
        let claim = AuthClaim {
            protocol: PROTOCOL_VERSIONS.max,
            relay: hello.relay,
            device: key.device_id(),
            relay_nonce: hello.nonce,
            device_nonce: Nonce::from_bytes([9; 32]),
        };
        let auth = Auth {
            protocol: claim.protocol,
            device: claim.device,
            nonce: claim.device_nonce,
            signature: sign_auth(&key, &claim),
            directory: None,
        };
        self.send(connection, &ToRelay::Auth(auth));
        self.run().unwrap();
    }

    fn revoke(&mut self, number: u8, lost: bool) {
        let device = conformance::key(number).device_id().to_string();
        let command = AccessCommand::RevokeDevice { device, lost };
        self.store.access().change_access(&command, NOW_MS).unwrap();
    }

    /// Connects a revoked device; what it is told after the hello.
    fn turned_away(&mut self, number: u8, connection: u64) -> Vec<ToDevice> {
        self.knock(number, ConnectionId(connection));
        self.take(ConnectionId(connection))
    }

    /// How many connections are open, established, and restricted.
    fn open(&self) -> [usize; 3] {
        let counts = self.hub.counts();
        [counts.connections, counts.established, counts.restricted]
    }

    fn pull(&mut self, connection: ConnectionId, space: SpaceId) {
        let pull = Pull { stream: StreamId(1), space, cursor: None, echo: true, from_head: false };
        self.send(connection, &ToRelay::Pull(pull));
        self.run().unwrap();
    }
}

/// A chunk that is none: the store refuses it, which is all that these tests need of content.
fn push(batch: u64, space: SpaceId, bytes: usize) -> ToRelay {
    let item = PushItem { document: DocumentId::from_bytes([1; 16]), bytes: vec![0; bytes] };
    ToRelay::Push(Push { batch: BatchId::new(batch), space, items: vec![item] })
}

fn world_with(members: u8) -> (World, SpaceId, Vec<Member>) {
    let world = World::new(HubLimits::default());
    let space = conformance::space(&world.store, 10, "Tehran");
    let members = (1..=members)
        .map(|number| {
            conformance::enrol(&world.store, number, &format!("user {number}"), "Tehran", Role::Rep)
        })
        .collect();
    (world, space, members)
}

#[test]
fn pushes_of_many_connections_share_one_append_and_each_gets_its_outcome() {
    let (mut world, space, members) = world_with(8);
    let connections: Vec<_> = (1..=8).map(|number| world.connect(number)).collect();
    assert_eq!(world.hub.counts().established, members.len());
    let appends = world.store.appends.load(Ordering::SeqCst);
    for connection in &connections {
        world.send(*connection, &push(connection.0, space, 30));
    }
    world.run().unwrap();
    assert_eq!(world.store.appends.load(Ordering::SeqCst) - appends, 1);
    for connection in connections {
        let frames = world.take(connection);
        let [ToDevice::Outcome { batch, results }] = frames.as_slice() else { panic!("{frames:?}") };
        assert_eq!(*batch, BatchId::new(connection.0));
        assert!(matches!(results.as_slice(), [ItemOutcome::Refused { .. }]));
    }
}

#[test]
fn subscribers_hear_of_what_others_appended() {
    let (mut world, space, members) = world_with(2);
    let reader = world.connect(1);
    world.pull(reader, space);
    let frames = world.take(reader);
    assert!(
        matches!(frames.as_slice(), [ToDevice::Page(page)] if page.entries.is_empty() && page.root.is_some())
    );
    // An append that came in by another way, told to the hub as the hub tells itself.
    let item = conformance::change(&members[1], 1, 1, &[], 40);
    conformance::push(&world.store, &members[1], space, vec![item]);
    world.with(|hub, _, moment| hub.input(reader, Input::FeedAdvanced { space }, moment));
    world.run().unwrap();
    let frames = world.take(reader);
    assert!(
        matches!(frames.as_slice(), [ToDevice::Page(page)] if page.entries.len() == 1 && page.root.is_some())
    );
}

#[test]
fn a_crowd_of_slow_readers_leaves_small_pages_for_the_others() {
    let mut world = World::new(HubLimits { send_bytes_max: 50_000, ..HubLimits::default() });
    let space = conformance::space(&world.store, 10, "Tehran");
    let members: Vec<_> = (1..=3)
        .map(|number| {
            conformance::enrol(&world.store, number, &format!("user {number}"), "Tehran", Role::Rep)
        })
        .collect();
    conformance::chain(&world.store, &members[2], space, 200, 1_000);
    let [slow, honest] = [1, 2].map(|number| world.connect(number));
    let pull = |stream| {
        ToRelay::Pull(Pull { stream: StreamId(stream), space, cursor: None, echo: true, from_head: false })
    };
    world.send(slow, &pull(1));
    world.with(|hub, store, moment| hub.run(store, moment)).unwrap();
    // The slow one's transport takes nothing.
    assert!(world.hub.is_crowded());
    let held = world.hub.take_effects();
    assert!(
        matches!(&held[..], [HubEffect::Send { connection, bytes }] if *connection == slow && bytes.len() > 100_000)
    );
    world.send(honest, &pull(1));
    world.run().unwrap();
    let frames = world.take(honest);
    assert!(frames.len() > 5, "{} pages", frames.len());
    let entries = |frame: &ToDevice| if let ToDevice::Page(page) = frame { page.entries.len() } else { 0 };
    assert!(frames.iter().all(|frame| (1..=16).contains(&entries(frame))));
    assert_eq!(frames.iter().map(entries).sum::<usize>(), 200, "it gets everything all the same");
}

#[test]
fn a_full_disk_is_answered_with_later_and_reads_go_on() {
    let (mut world, space, _) = world_with(1);
    let connection = world.connect(1);
    world.store.full.store(true, Ordering::SeqCst);
    world.send(connection, &push(1, space, 30));
    world.run().unwrap();
    let frames = world.take(connection);
    let [ToDevice::Outcome { results, .. }] = frames.as_slice() else { panic!("{frames:?}") };
    assert!(matches!(&results[0], ItemOutcome::Later { code, .. } if *code == code::UNAVAILABLE));
    assert_eq!(world.hub.counts().appends_failed, 1);
    world.pull(connection, space);
    assert!(matches!(world.take(connection).as_slice(), [ToDevice::Page(_)]));
}

#[test]
fn a_failed_fsync_ends_the_hub_without_an_answer() {
    let (mut world, space, _) = world_with(1);
    let connection = world.connect(1);
    world.store.sync_failed.store(true, Ordering::SeqCst);
    world.send(connection, &push(1, space, 30));
    assert!(world.run().unwrap_err().is_fatal());
    assert!(world.take(connection).is_empty());
}

#[test]
fn pushes_beyond_the_bound_of_all_are_put_off() {
    let mut world = World::new(HubLimits { push_bytes_max: 5_000, ..HubLimits::default() });
    let space = conformance::space(&world.store, 10, "Tehran");
    for number in 1..=3 {
        conformance::enrol(&world.store, number, &format!("user {number}"), "Tehran", Role::Rep);
    }
    let connections: Vec<_> = (1..=3).map(|number| world.connect(number)).collect();
    for connection in &connections {
        world.send(*connection, &push(1, space, 2_000));
    }
    world.run().unwrap();
    let put_off = |frames: &[ToDevice]| {
        matches!(frames, [ToDevice::Outcome { results, .. }]
            if matches!(&results[0], ItemOutcome::Later { code, .. } if *code == code::OVERLOADED))
    };
    let put_off: Vec<_> = connections.iter().map(|connection| put_off(&world.take(*connection))).collect();
    assert_eq!(put_off, [false, false, true]);
    assert_eq!(world.hub.push_bytes, 0, "every queued byte was counted out again");
}

/// A change of one operation whose value of 200,000 like bytes deflates to a few hundred.
fn bomb(user: UserId) -> Vec<u8> {
    use automerge::transaction::Transactable as _;
    let mut document = automerge::Automerge::new()
        .with_author(Some(automerge::Author::from(user.as_bytes().to_vec())))
        .with_actor(automerge::ActorId::from(&[1; 16][..]));
    let mut transaction = document.transaction();
    transaction.put(automerge::ROOT, "name", "a".repeat(200_000)).unwrap();
    transaction.commit();
    document.get_last_local_change().unwrap().bytes().to_vec()
}

#[test]
fn a_push_that_inflates_beyond_measure_is_taken_in_parts() {
    let (mut world, space, members) = world_with(1);
    let connection = world.connect(1);
    let bytes = bomb(members[0].user);
    assert!(bytes.len() < 1_000, "{} bytes", bytes.len());
    let items: Vec<_> = (0..100)
        .map(|number| PushItem { document: conformance::document(number), bytes: bytes.clone() })
        .collect();
    let mut left = items;
    let mut rounds = 0;
    while !left.is_empty() {
        world.send(
            connection,
            &ToRelay::Push(Push { batch: BatchId::new(rounds), space, items: left.clone() }),
        );
        world.run().unwrap();
        let frames = world.take(connection);
        let [ToDevice::Outcome { results, .. }] = frames.as_slice() else { panic!("{frames:?}") };
        assert_eq!(results.len(), left.len());
        let acked = results.iter().take_while(|result| **result == ItemOutcome::Acked).count();
        assert!((1..=25).contains(&acked), "{acked} changes of 200 kB were inflated at once");
        assert!(results[acked..].iter().all(|result| *result == ItemOutcome::later(code::OVERLOADED)));
        left.drain(..acked);
        rounds += 1;
    }
    assert!(rounds > 1);
}

#[test]
fn a_connection_that_goes_leaves_nothing_behind() {
    let (mut world, space, _) = world_with(1);
    let connection = world.connect(1);
    world.pull(connection, space);
    world.send(connection, &push(1, space, 30));
    world.with(|hub, _, moment| hub.input(connection, Input::Closed, moment));
    assert_eq!((world.hub.push_bytes, world.hub.turns.len(), world.hub.subscribers.len()), (0, 0, 0));
    assert_eq!(world.hub.counts().connections, 0);
    assert!(!world.hub.has_work(world.now_ms));
}

#[test]
fn word_of_devices_is_kept_even_when_nobody_pushes() {
    let (mut world, _, _) = world_with(1);
    world.connect(1);
    assert!(!world.hub.has_work(world.now_ms));
    world.now_ms += SEEN_FLUSH_MS;
    assert!(world.hub.has_work(world.now_ms));
    world.run().unwrap();
    assert_eq!(world.store.appends.load(Ordering::SeqCst), 1);
    assert!(world.hub.seen.is_empty());
}

#[test]
fn a_drain_closes_everyone_in_good_order() {
    let (mut world, _, _) = world_with(2);
    for number in 1..=2 {
        world.connect(number);
    }
    let drain = Input::Drain { retry_after_ms: 100, jitter_ms: 50 };
    world.with(|hub, _, moment| hub.input_all(&drain, moment));
    world.run().unwrap();
    assert_eq!(world.closed.len(), 2);
    assert!(world.closed.values().all(|code| *code == code::DRAINING));
    let frames = world.take(ConnectionId(1));
    assert!(matches!(frames.as_slice(), [ToDevice::Drain { retry_after_ms: 100, jitter_ms: 50 }]));
}

#[test]
fn a_silent_stranger_is_dropped_at_its_deadline() {
    let mut world = World::new(HubLimits::default());
    world.with(|hub, _, moment| hub.open(ConnectionId(1), Nonce::from_bytes([1; 32]), moment));
    world.now_ms = world.hub.deadline_ms().unwrap();
    world.with(|hub, _, moment| hub.tick(moment));
    world.run().unwrap();
    assert_eq!(world.closed[&ConnectionId(1)], code::HANDSHAKE_TIMEOUT);
}

#[test]
fn a_revoked_device_holds_one_connection_and_the_newer_ends_the_older() {
    let (mut world, _, _) = world_with(1);
    world.connect(1);
    assert_eq!(world.open(), [1, 1, 0]);
    world.revoke(1, false);
    world.with(|hub, _, moment| hub.access_changed(moment));
    world.run().unwrap();
    assert_eq!(world.open(), [1, 0, 1], "it is established no more");
    assert!(world.hub.seen.contains_key(&conformance::key(1).device_id()));
    for (connection, older) in [(50, 1), (51, 50)] {
        let told = world.turned_away(1, connection);
        assert!(matches!(told[..], [ToDevice::Revocation { proof: Some(_), .. }]), "{told:?}");
        assert_eq!(world.closed.get(&ConnectionId(older)), Some(&code::DEVICE_REVOKED));
        assert_eq!(world.open(), [1, 0, 1]);
    }
    world.send(ConnectionId(51), &ToRelay::Bye);
    world.deliver();
    assert_eq!(world.open(), [0, 0, 0]);
}

#[test]
fn few_revoked_devices_set_aside_at_a_time_and_the_others_come_again() {
    let mut world = World::new(HubLimits { restricted_max: 1, ..HubLimits::default() });
    conformance::space(&world.store, 10, "Tehran");
    for number in 1..=4 {
        conformance::enrol(&world.store, number, &format!("user {number}"), "Tehran", Role::Rep);
    }
    let connected = world.connect(4);
    for number in 1..=3 {
        world.revoke(number, number == 3);
    }
    let revocation = |told: &[ToDevice]| matches!(told, [ToDevice::Revocation { proof: Some(_), .. }]);
    assert!(revocation(&world.turned_away(1, 50)));
    let told = world.turned_away(2, 51);
    let [ToDevice::Fault { code, .. }] = &told[..] else { panic!("it isn't shown why: {told:?}") };
    assert_eq!(*code, code::OVERLOADED, "what it holds it brings later");
    let told = world.turned_away(3, 52);
    assert!(
        matches!(told[..], [ToDevice::Revocation { proof: None, .. }, ToDevice::Fault { .. }]),
        "{told:?}"
    );
    assert!(revocation(&world.turned_away(1, 53)), "its own place it keeps");
    world.take(connected);
    world.revoke(4, false);
    world.with(|hub, _, moment| hub.access_changed(moment));
    world.run().unwrap();
    assert_eq!(world.closed.get(&connected), Some(&code::OVERLOADED));
    let told = world.take(connected);
    assert!(matches!(told[..], [ToDevice::Fault { .. }]), "{told:?}");
    world.send(ConnectionId(53), &ToRelay::Bye);
    world.deliver();
    assert!(revocation(&world.turned_away(2, 54)));
}
