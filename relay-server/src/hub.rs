//! The synchronous core of a relay: the machines of all connections over one store.
//!
//! A driver (the server's thread, a simulation) reports what happens to connections, calls [`Hub::run`] while there is
//! work, and carries out the effects. Pushes of many connections share one commit; effects that follow from it come
//! only after it. Clocks and randomness come in with every call. Connections are served in turns.

mod admin;
mod aside;
mod control;
mod moves;
mod outcome;
mod restricted;
mod round;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use forsat_sync::code::{self, Code};
use forsat_sync::frame::SetAsideItem;
use forsat_sync::id::{DeviceId, Nonce, SpaceId, UserId};
use forsat_sync::limits::{ChunkLimits, IN_FLIGHT_TOTAL_BYTES_MAX};
use forsat_sync::relay::{
    AppendRequest, Effect, Input, RelayConfig, RelayConnection, RequestId, StorageReply, StorageRequest,
};

pub use self::restricted::RESTRICTED_CONNECTIONS_MAX;
use crate::store::{RelayStore, StoreError};

/// The most bytes of chunks in one commit, inflated, give or take one push.
const COMMIT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most work that the changes of one push make beyond the bytes on the wire; what follows in the push is put off.
const PUSH_WORK_MAX: usize = 4 * 1024 * 1024;
/// What an operation counts: run-length columns make it cost next to nothing on the wire, yet each is checked.
const OPERATION_COST: usize = 8;
/// The most pages that are read in one round.
const PAGES_PER_ROUND_MAX: usize = 64;
/// The size of a page, in bytes, while the send queues hold more than they may together.
const PAGE_BYTES_WHEN_CROWDED: usize = 16 * 1024;
/// What an item of a push counts beyond its bytes, so that many small ones are bounded too.
const ITEM_COST: usize = 64;
/// How long word of devices waits for a commit to go with, in milliseconds.
const SEEN_FLUSH_MS: u64 = 60_000;

/// Names a connection; the driver gives out each number once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Limits of all connections together.
#[derive(Clone, Debug)]
pub struct HubLimits {
    /// Bytes of pushes that wait for storage; what goes beyond is answered with `later`.
    pub push_bytes_max: usize,
    /// Bytes in send queues; above it only connections whose queue is empty are read for.
    pub send_bytes_max: usize,
    /// Connections of revoked devices that set aside what they never sent; further ones are told to come again.
    pub restricted_max: usize,
    /// The limits of a chunk.
    pub chunk: ChunkLimits,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self {
            push_bytes_max: IN_FLIGHT_TOTAL_BYTES_MAX / 2,
            send_bytes_max: IN_FLIGHT_TOTAL_BYTES_MAX / 2,
            restricted_max: RESTRICTED_CONNECTIONS_MAX,
            chunk: ChunkLimits::default(),
        }
    }
}

/// The clocks and the randomness of one call.
pub struct Moment<'a> {
    /// A monotonic clock in milliseconds.
    pub now_ms: u64,
    /// The relay's clock, milliseconds since 1970.
    pub wall_ms: u64,
    /// Bytes from a cryptographic source; ids of users are made of them.
    pub random: &'a mut dyn FnMut() -> [u8; 16],
}

/// What the driver is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HubEffect {
    /// Queue a message; report [`Input::Sent`] when the transport has taken it.
    Send {
        /// To whom.
        connection: ConnectionId,
        /// The message.
        bytes: Vec<u8>,
    },
    /// Send what is queued, then close. The connection is forgotten.
    Close {
        /// Which.
        connection: ConnectionId,
        /// Why.
        code: Code,
        /// The same for a log.
        message: String,
    },
}

/// What a hub has done, for logs and health.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubCounts {
    /// Connections at present.
    pub connections: usize,
    /// Those of devices that proved who they are and may connect.
    pub established: usize,
    /// Those of revoked devices that set aside what they never sent.
    pub restricted: usize,
    /// Changes that became durable.
    pub changes_accepted: u64,
    /// Appends answered with an error of the store.
    pub appends_failed: u64,
    /// Whether the last append was.
    pub writes_failing: bool,
}

struct Connection {
    machine: RelayConnection,
    /// What it asked of storage, oldest first.
    requests: VecDeque<(RequestId, StorageRequest)>,
    who: Option<(DeviceId, UserId)>,
    subscriptions: BTreeSet<SpaceId>,
}

/// The machines of all connections.
pub struct Hub {
    config: Arc<RelayConfig>,
    limits: HubLimits,
    connections: BTreeMap<ConnectionId, Connection>,
    subscribers: BTreeMap<SpaceId, BTreeSet<ConnectionId>>,
    /// Connections that wait for storage; each stands here once.
    turns: VecDeque<ConnectionId>,
    /// The connection of each revoked device that sets aside.
    restricted: BTreeMap<DeviceId, ConnectionId>,
    push_bytes: usize,
    seen: BTreeMap<DeviceId, u64>,
    seen_since_ms: Option<u64>,
    counts: HubCounts,
    effects: Vec<HubEffect>,
}

impl Hub {
    /// A hub without connections.
    pub fn new(config: Arc<RelayConfig>, limits: HubLimits) -> Self {
        Self {
            config,
            limits,
            connections: BTreeMap::new(),
            subscribers: BTreeMap::new(),
            turns: VecDeque::new(),
            restricted: BTreeMap::new(),
            push_bytes: 0,
            seen: BTreeMap::new(),
            seen_since_ms: None,
            counts: HubCounts::default(),
            effects: Vec::new(),
        }
    }

    /// A transport was opened. `nonce` is 32 bytes from a cryptographic source, used once.
    pub fn open(&mut self, connection: ConnectionId, nonce: Nonce, moment: &Moment<'_>) {
        let (machine, effects) = RelayConnection::open(Arc::clone(&self.config), nonce, moment.now_ms);
        let new =
            Connection { machine, requests: VecDeque::new(), who: None, subscriptions: BTreeSet::new() };
        let before = self.connections.insert(connection, new);
        debug_assert!(before.is_none(), "a connection's number is given out once");
        self.carry_out(connection, effects, moment);
    }

    /// Something happened to a connection; unknown ones (closed meanwhile) are passed over.
    pub fn input(&mut self, connection: ConnectionId, input: Input, moment: &Moment<'_>) {
        let gone = input == Input::Closed;
        if let Some(found) = self.connections.get_mut(&connection) {
            let effects = found.machine.handle(moment.now_ms, input);
            self.carry_out(connection, effects, moment);
        }
        if gone {
            self.forget(connection, moment);
        }
    }

    /// Tells every connection, such as of a drain.
    pub fn input_all(&mut self, input: &Input, moment: &Moment<'_>) {
        for connection in self.connections.keys().copied().collect::<Vec<_>>() {
            self.input(connection, input.clone(), moment);
        }
    }

    /// Roles or devices were changed by an operator.
    pub fn access_changed(&mut self, moment: &Moment<'_>) {
        self.input_all(&Input::AccessChanged, moment);
    }

    /// Gives a tick to the connections whose deadline has passed.
    pub fn tick(&mut self, moment: &Moment<'_>) {
        let due =
            |connection: &Connection| connection.machine.deadline_ms().is_some_and(|at| at <= moment.now_ms);
        let due: Vec<_> =
            self.connections.iter().filter(|(_, found)| due(found)).map(|(id, _)| *id).collect();
        for connection in due {
            self.input(connection, Input::Tick, moment);
        }
    }

    /// When the next [`Hub::tick`] is due, on the monotonic clock.
    pub fn deadline_ms(&self) -> Option<u64> {
        let machines = self.connections.values().filter_map(|connection| connection.machine.deadline_ms());
        machines.chain(self.seen_since_ms.map(|since| since + SEEN_FLUSH_MS)).min()
    }

    /// Whether [`Hub::run`] has something to do.
    pub fn has_work(&self, now_ms: u64) -> bool {
        let crowded = self.is_crowded();
        self.seen_is_due(now_ms)
            || self.turns.iter().any(|connection| self.may_be_served(*connection, crowded))
    }

    /// Does one round of storage: reads for some connections, then one commit for the pushes of many.
    ///
    /// Errors are those after which the process must end; all others become answers to the devices.
    pub fn run(&mut self, store: &dyn RelayStore, moment: &mut Moment<'_>) -> Result<(), StoreError> {
        self.run_reads(store, moment)?;
        self.run_appends(store, moment)
    }

    /// What the driver is to do, in order.
    pub fn take_effects(&mut self) -> Vec<HubEffect> {
        std::mem::take(&mut self.effects)
    }

    /// What was done so far.
    pub fn counts(&self) -> HubCounts {
        HubCounts {
            connections: self.connections.len(),
            established: self.connections.values().filter(|connection| connection.who.is_some()).count(),
            restricted: self.restricted.len(),
            ..self.counts
        }
    }

    fn carry_out(&mut self, connection: ConnectionId, effects: Vec<Effect>, moment: &Moment<'_>) {
        for effect in effects {
            match effect {
                Effect::Send(bytes) => self.effects.push(HubEffect::Send { connection, bytes }),
                Effect::Storage { request, what } => self.enqueue(connection, request, what, moment),
                Effect::Subscribe { space } => {
                    self.subscribers.entry(space).or_default().insert(connection);
                    self.with(connection, |found| found.subscriptions.insert(space));
                }
                Effect::Unsubscribe { space } => {
                    self.unsubscribe(connection, space);
                    self.with(connection, |found| found.subscriptions.remove(&space));
                }
                Effect::Publish { space, from, bytes } => {
                    self.publish(connection, space, from, &bytes, moment)
                }
                Effect::Established { device, user } => {
                    self.with(connection, |found| found.who = Some((device, user)));
                    self.note_seen(device, moment);
                }
                Effect::Restricted { device } => self.restricted(connection, device, moment),
                Effect::Close { code, message } => {
                    self.effects.push(HubEffect::Close { connection, code, message });
                    self.forget(connection, moment);
                }
            }
        }
    }

    fn with<T>(&mut self, connection: ConnectionId, change: impl FnOnce(&mut Connection) -> T) {
        if let Some(found) = self.connections.get_mut(&connection) {
            change(found);
        }
    }

    /// Queues a request. Pushes beyond the bound of all connections are put off at once.
    fn enqueue(
        &mut self,
        connection: ConnectionId,
        request: RequestId,
        what: StorageRequest,
        moment: &Moment<'_>,
    ) {
        let bytes = change_bytes(&what);
        if bytes > 0 && self.push_bytes + bytes > self.limits.push_bytes_max {
            let reply = StorageReply::Unavailable { code: code::OVERLOADED };
            return self.input(connection, Input::Storage { request, reply }, moment);
        }
        self.push_bytes += bytes;
        let Some(found) = self.connections.get_mut(&connection) else { return };
        if found.requests.is_empty() {
            self.turns.push_back(connection);
        }
        found.requests.push_back((request, what));
    }

    fn forget(&mut self, connection: ConnectionId, moment: &Moment<'_>) {
        let Some(found) = self.connections.remove(&connection) else { return };
        for (_, request) in &found.requests {
            self.push_bytes -= change_bytes(request);
        }
        for space in found.subscriptions {
            self.unsubscribe(connection, space);
        }
        self.turns.retain(|waiting| *waiting != connection);
        self.forget_restricted(connection);
        if let Some((device, _)) = found.who {
            self.note_seen(device, moment);
        }
    }

    fn unsubscribe(&mut self, connection: ConnectionId, space: SpaceId) {
        if let Some(subscribers) = self.subscribers.get_mut(&space) {
            subscribers.remove(&connection);
            if subscribers.is_empty() {
                self.subscribers.remove(&space);
            }
        }
    }

    fn publish(
        &mut self,
        sender: ConnectionId,
        space: SpaceId,
        from: DeviceId,
        bytes: &[u8],
        moment: &Moment<'_>,
    ) {
        for connection in self.subscribers_of(&space) {
            if connection != sender {
                let input = Input::Ephemeral { space, from, bytes: bytes.to_vec() };
                self.input(connection, input, moment);
            }
        }
    }

    fn subscribers_of(&self, space: &SpaceId) -> Vec<ConnectionId> {
        self.subscribers.get(space).into_iter().flatten().copied().collect()
    }

    fn note_seen(&mut self, device: DeviceId, moment: &Moment<'_>) {
        self.seen.insert(device, moment.wall_ms);
        self.seen_since_ms.get_or_insert(moment.now_ms);
    }

    fn seen_is_due(&self, now_ms: u64) -> bool {
        self.seen_since_ms.is_some_and(|since| now_ms >= since + SEEN_FLUSH_MS)
    }

    /// Whether a connection's first request may be carried out now.
    fn may_be_served(&self, connection: ConnectionId, crowded: bool) -> bool {
        let Some(found) = self.connections.get(&connection) else { return false };
        match found.requests.front() {
            Some((_, StorageRequest::Page(_) | StorageRequest::Heal(_))) => {
                !crowded || found.machine.queued_bytes() == 0
            }
            Some(_) => true,
            None => false,
        }
    }

    /// Whether the send queues hold more than they may together.
    fn is_crowded(&self) -> bool {
        let queued: usize =
            self.connections.values().map(|connection| connection.machine.queued_bytes()).sum();
        queued > self.limits.send_bytes_max
    }

    /// Takes the first request of a connection when `wanted` says so; the connection goes to the end of the turns.
    fn take_request(
        &mut self,
        connection: ConnectionId,
        wanted: impl FnOnce(&StorageRequest) -> bool,
    ) -> Option<(RequestId, StorageRequest)> {
        let found = self.connections.get_mut(&connection)?;
        let taken = match found.requests.front() {
            Some((_, request)) if wanted(request) => found.requests.pop_front()?,
            _ => return None,
        };
        let more = !found.requests.is_empty();
        self.turns.retain(|waiting| *waiting != connection);
        if more {
            self.turns.push_back(connection);
        }
        self.push_bytes -= change_bytes(&taken.1);
        Some(taken)
    }
}

/// The bytes of the changes that a request brings.
fn change_bytes(request: &StorageRequest) -> usize {
    match request {
        StorageRequest::Append(append) => push_bytes(append),
        StorageRequest::SetAside(aside) => {
            aside.items.iter().map(SetAsideItem::cost).sum::<usize>() + ITEM_COST
        }
        _ => 0,
    }
}

fn push_bytes(append: &AppendRequest) -> usize {
    append.items.iter().map(|item| item.bytes.len() + ITEM_COST).sum::<usize>() + ITEM_COST
}
