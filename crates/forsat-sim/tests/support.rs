//! What several tests need: an engine and a relay on disks of their own, and changes that wait to be sent.

use forsat_client::{Engine, FieldInput};
use forsat_relay::store::{
    AppendBatch, ItemOutcome, Push, PushItem, PushOutcome, RelayStore, Role, StoreError,
};
use forsat_sim::clock::{VirtualClock, WallError};
use forsat_sim::device::Device;
use forsat_sim::net::LinkProfile;
use forsat_sim::plan::{DevicePlan, SPACES};
use forsat_sim::random::Random;
use forsat_sim::relay::Relay;
use forsat_store::OutboxLimit;
use forsat_sync::chunk;
use forsat_sync::id::{DeviceId, DocumentId, SpaceId};
use forsat_sync::limits::ChunkLimits;

/// A change as it lies in an outbox.
pub struct Unsent {
    pub document: DocumentId,
    pub hash: forsat_sync::id::ChangeHash,
    pub bytes: Vec<u8>,
}

pub fn device(seed: u64) -> Device {
    let plan = DevicePlan {
        user: "Sara <sara@example.com>".to_owned(),
        spaces: vec![0],
        role: Role::Rep,
        begins_from_relay: false,
        edits_before: 0,
        link: LinkProfile { latency_ms: 1..10, loss_percent: 0, ghost_percent: 0, bytes_per_ms: 1_000 },
        wall_error_ms: 0,
    };
    Device::create(0, &plan, &VirtualClock::default(), Random::new(seed, "device", 0)).unwrap()
}

pub fn relay(seed: u64) -> Relay {
    let random = Random::new(seed, "relay", 0);
    let mut relay = Relay::create(&VirtualClock::default(), &WallError::default(), random, &SPACES).unwrap();
    relay.start().unwrap();
    relay
}

pub fn add_account(engine: &Engine, name: &str) -> Result<forsat_client::Saved, forsat_client::ClientError> {
    engine.create("account", &[FieldInput::new("name", name), FieldInput::new("industry", "steel")])
}

/// The names of the accounts that a device shows.
pub fn accounts(engine: &Engine) -> Result<Vec<String>, forsat_client::ClientError> {
    let page = engine.list("account", &forsat_client::ListQuery::default())?;
    Ok(page.rows.into_iter().map(|row| row.name).collect())
}

/// Everything that waits to be sent, in its order.
pub fn unsent(engine: &Engine) -> Vec<Unsent> {
    let tx = engine.store().read().unwrap();
    let limit = OutboxLimit { bytes_max: u64::MAX, changes_max: usize::MAX };
    let mut all = Vec::new();
    for (space, _) in tx.outbox_spaces().unwrap() {
        for item in tx.outbox(&space, None, limit).unwrap() {
            let chunk = tx.chunk(&item.document, &item.hash).unwrap().unwrap();
            all.push(Unsent { document: item.document, hash: item.hash, bytes: chunk.bytes });
        }
    }
    all
}

/// Makes the writer's user a member of the relay, with a device that has no program.
pub fn enrol(relay: &mut Relay, writer: &Device) -> DeviceId {
    let user = writer.engine().unwrap().store().read().unwrap().identity().unwrap().user;
    relay.enrol_directly("Sara <sara@example.com>", user, "Tehran", Role::Rep).unwrap()
}

/// Pushes changes as a device of the relay; answers which were acked.
pub fn push(
    store: &dyn RelayStore,
    device: DeviceId,
    space: SpaceId,
    changes: &[Unsent],
    now_ms: u64,
) -> Result<Vec<bool>, StoreError> {
    let items = changes.iter().map(|change| PushItem {
        document: change.document,
        chunk: chunk::parse(&change.bytes, &ChunkLimits::default()),
        receipt: None,
    });
    let push = Push { device, space, items: items.collect(), refill: false };
    let outcomes = store.append(&AppendBatch { now_ms, pushes: vec![push], seen: Vec::new() })?;
    let PushOutcome::Judged(items) = &outcomes[0] else { panic!("the device may not write: {outcomes:?}") };
    Ok(items.iter().map(ItemOutcome::is_acked).collect())
}
