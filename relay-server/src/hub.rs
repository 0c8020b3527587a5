//! The synchronous core of a relay: the machines of all connections over one store.
//!
//! A driver (the server's thread, a simulation) reports what happens to connections, calls [`Hub::run`] while there is
//! work, and carries out the effects. Pushes of many connections share one commit; effects that follow from it come
//! only after it. Clocks and randomness come in with every call. Connections are served in turns.

mod outcome;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use forsat_sync::chunk;
use forsat_sync::code::{self, Code};
use forsat_sync::id::{DeviceId, Nonce, SpaceId, UserId};
use forsat_sync::limits::{ChunkLimits, IN_FLIGHT_TOTAL_BYTES_MAX};
use forsat_sync::relay::{
    AppendRequest, Effect, EnrolRequest, Input, PageRequest, RelayConfig, RelayConnection, RequestId,
    StorageReply, StorageRequest,
};

use crate::store::{
    AppendBatch, EnrolOutcome, ItemOutcome, PageOutcome, Push, PushItem, PushOutcome, RelayStore, StoreError,
};

/// The most bytes of chunks in one commit.
const COMMIT_BYTES_MAX: usize = 8 * 1024 * 1024;
/// The most pages that are read in one round.
const PAGES_PER_ROUND_MAX: usize = 64;
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
    /// The limits of a chunk.
    pub chunk: ChunkLimits,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self {
            push_bytes_max: IN_FLIGHT_TOTAL_BYTES_MAX / 2,
            send_bytes_max: IN_FLIGHT_TOTAL_BYTES_MAX / 2,
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
    /// Those that proved who they are.
    pub established: usize,
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
        if let StorageRequest::Append(append) = &what {
            let bytes = push_bytes(append);
            if self.push_bytes + bytes > self.limits.push_bytes_max {
                let reply = StorageReply::Unavailable { code: code::OVERLOADED };
                return self.input(connection, Input::Storage { request, reply }, moment);
            }
            self.push_bytes += bytes;
        }
        let Some(found) = self.connections.get_mut(&connection) else { return };
        if found.requests.is_empty() {
            self.turns.push_back(connection);
        }
        found.requests.push_back((request, what));
    }

    fn forget(&mut self, connection: ConnectionId, moment: &Moment<'_>) {
        let Some(found) = self.connections.remove(&connection) else { return };
        for (_, request) in &found.requests {
            if let StorageRequest::Append(append) = request {
                self.push_bytes -= push_bytes(append);
            }
        }
        for space in found.subscriptions {
            self.unsubscribe(connection, space);
        }
        self.turns.retain(|waiting| *waiting != connection);
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
            Some((_, StorageRequest::Page(_))) => !crowded || found.machine.queued_bytes() == 0,
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
        if let (_, StorageRequest::Append(append)) = &taken {
            self.push_bytes -= push_bytes(append);
        }
        Some(taken)
    }

    /// Carries out one request that is no push for each connection that has one first in its queue.
    fn run_reads(&mut self, store: &dyn RelayStore, moment: &mut Moment<'_>) -> Result<(), StoreError> {
        let (mut devices, mut pages, mut enrolments) = (Vec::new(), Vec::new(), Vec::new());
        let crowded = self.is_crowded();
        for connection in self.turns.iter().copied().collect::<Vec<_>>() {
            if pages.len() >= PAGES_PER_ROUND_MAX {
                break;
            }
            if !self.may_be_served(connection, crowded) {
                continue;
            }
            match self.take_request(connection, |request| !matches!(request, StorageRequest::Append(_))) {
                Some((request, StorageRequest::Device { device })) => {
                    devices.push((connection, request, device))
                }
                Some((request, StorageRequest::Page(page))) => pages.push((connection, request, page)),
                Some((request, StorageRequest::Enrol(enrol))) => {
                    enrolments.push((connection, request, enrol))
                }
                Some((_, StorageRequest::Append(_))) | None => {}
            }
        }
        self.read_devices(store, devices, moment)?;
        self.read_pages(store, pages, moment)?;
        for (connection, request, enrol) in enrolments {
            self.enrol(store, connection, request, &enrol, moment)?;
        }
        Ok(())
    }

    fn read_devices(
        &mut self,
        store: &dyn RelayStore,
        asked: Vec<(ConnectionId, RequestId, DeviceId)>,
        moment: &Moment<'_>,
    ) -> Result<(), StoreError> {
        if asked.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = asked.iter().map(|(_, _, device)| *device).collect();
        let replies = match store.devices(&ids) {
            Ok(records) => records
                .into_iter()
                .map(|record| record.map_or(StorageReply::UnknownDevice, StorageReply::Device))
                .collect(),
            Err(error) => vec![unavailable(error, "looking up devices")?; asked.len()],
        };
        for ((connection, request, _), reply) in asked.into_iter().zip(replies) {
            self.input(connection, Input::Storage { request, reply }, moment);
        }
        Ok(())
    }

    fn read_pages(
        &mut self,
        store: &dyn RelayStore,
        asked: Vec<(ConnectionId, RequestId, PageRequest)>,
        moment: &Moment<'_>,
    ) -> Result<(), StoreError> {
        if asked.is_empty() {
            return Ok(());
        }
        let requests: Vec<_> = asked.iter().map(|(_, _, page)| *page).collect();
        let replies = match store.pages(&requests) {
            Ok(outcomes) => outcomes.into_iter().map(page_reply).collect(),
            Err(error) => vec![unavailable(error, "reading pages")?; asked.len()],
        };
        for ((connection, request, _), reply) in asked.into_iter().zip(replies) {
            self.input(connection, Input::Storage { request, reply }, moment);
        }
        Ok(())
    }

    fn enrol(
        &mut self,
        store: &dyn RelayStore,
        connection: ConnectionId,
        request: RequestId,
        enrol: &EnrolRequest,
        moment: &mut Moment<'_>,
    ) -> Result<(), StoreError> {
        let new_user = UserId::from_bytes(random_uuid((moment.random)()));
        let reply = match store.enrol(enrol, new_user, moment.wall_ms) {
            Ok(EnrolOutcome::Enrolled(record)) => StorageReply::Device(record),
            Ok(EnrolOutcome::Invalid) => StorageReply::EnrolRefused { code: code::INVITE_INVALID },
            Ok(EnrolOutcome::TooManyDevices) => StorageReply::EnrolRefused { code: code::DEVICE_QUOTA },
            Err(error) => unavailable(error, "enrolling a device")?,
        };
        let user = match &reply {
            StorageReply::Device(record) => Some(record.directory.user),
            _ => None,
        };
        self.input(connection, Input::Storage { request, reply }, moment);
        // The invite may have given a role to a user whose other devices are connected.
        for other in self.connections_of(user) {
            if other != connection {
                self.input(other, Input::AccessChanged, moment);
            }
        }
        Ok(())
    }

    fn connections_of(&self, user: Option<UserId>) -> Vec<ConnectionId> {
        let is_users = |connection: &Connection| {
            connection.who.is_some_and(|(_, of)| Some(of) == user) && user.is_some()
        };
        self.connections.iter().filter(|(_, found)| is_users(found)).map(|(id, _)| *id).collect()
    }

    /// Commits the pushes that stand first in their connections' queues, a lap of one each until the bound is reached.
    fn run_appends(&mut self, store: &dyn RelayStore, moment: &Moment<'_>) -> Result<(), StoreError> {
        let taken = self.take_pushes();
        let seen_due = self.seen_is_due(moment.now_ms);
        if taken.is_empty() && !seen_due {
            return Ok(());
        }
        let senders: Vec<_> = taken.iter().map(|(connection, request, _)| (*connection, *request)).collect();
        let batch = AppendBatch {
            now_ms: moment.wall_ms,
            // The headers are read here, before the store's transaction.
            pushes: taken.into_iter().map(|(_, _, append)| self.parse(append)).collect(),
            seen: self.seen.iter().map(|(device, at)| (*device, *at)).collect(),
        };
        let replies = match store.append(&batch) {
            Ok(outcomes) => {
                self.counts.writes_failing = false;
                self.seen.clear();
                self.seen_since_ms = None;
                outcomes
            }
            Err(error) => {
                self.counts.appends_failed += 1;
                self.counts.writes_failing = true;
                self.seen_since_ms = self.seen_since_ms.map(|_| moment.now_ms);
                let reply = unavailable(error, "appending")?;
                for (connection, request) in senders {
                    self.input(connection, Input::Storage { request, reply: reply.clone() }, moment);
                }
                return Ok(());
            }
        };
        self.answer_pushes(&senders, &batch, replies, moment);
        Ok(())
    }

    /// Answers the pushes, then tells the subscribers of the feeds that grew.
    fn answer_pushes(
        &mut self,
        senders: &[(ConnectionId, RequestId)],
        batch: &AppendBatch,
        outcomes: Vec<PushOutcome>,
        moment: &Moment<'_>,
    ) {
        let mut grown = BTreeSet::new();
        for (push, outcome) in batch.pushes.iter().zip(&outcomes) {
            if let PushOutcome::Judged(items) = outcome {
                let accepted = items.iter().filter(|item| matches!(item, ItemOutcome::Accepted(_))).count();
                self.counts.changes_accepted += accepted as u64;
                if accepted > 0 {
                    grown.insert(push.space);
                }
            }
        }
        for ((connection, request), outcome) in senders.iter().zip(outcomes) {
            let reply = outcome::push_reply(outcome);
            self.input(*connection, Input::Storage { request: *request, reply }, moment);
        }
        for space in grown {
            for connection in self.subscribers_of(&space) {
                self.input(connection, Input::FeedAdvanced { space }, moment);
            }
        }
    }

    fn take_pushes(&mut self) -> Vec<(ConnectionId, RequestId, AppendRequest)> {
        let (mut taken, mut bytes) = (Vec::new(), 0);
        loop {
            let before = taken.len();
            for connection in self.turns.iter().copied().collect::<Vec<_>>() {
                if bytes >= COMMIT_BYTES_MAX {
                    return taken;
                }
                let next =
                    self.take_request(connection, |request| matches!(request, StorageRequest::Append(_)));
                if let Some((request, StorageRequest::Append(append))) = next {
                    bytes += push_bytes(&append);
                    taken.push((connection, request, append));
                }
            }
            if taken.len() == before {
                return taken;
            }
        }
    }

    fn parse(&self, append: AppendRequest) -> Push {
        let items = append.items.into_iter().map(|item| PushItem {
            document: item.document,
            chunk: chunk::parse(&item.bytes, &self.limits.chunk),
        });
        Push { device: append.device, space: append.space, items: items.collect() }
    }
}

fn push_bytes(append: &AppendRequest) -> usize {
    append.items.iter().map(|item| item.bytes.len() + ITEM_COST).sum::<usize>() + ITEM_COST
}

fn page_reply(outcome: PageOutcome) -> StorageReply {
    match outcome {
        PageOutcome::Page(page) => StorageReply::Page(page),
        PageOutcome::Hidden => StorageReply::Hidden,
        PageOutcome::CursorInvalid => StorageReply::CursorInvalid,
    }
}

/// The answer to devices after an error of the store; one that must end the process is passed on.
fn unavailable(error: StoreError, doing: &str) -> Result<StorageReply, StoreError> {
    if error.is_fatal() {
        return Err(error);
    }
    tracing::error!(%error, doing, "the store could not do it; devices are asked to come again");
    Ok(StorageReply::Unavailable { code: code::UNAVAILABLE })
}

/// Random bytes in the form of a version 4 UUID: every id of a record is one.
fn random_uuid(bytes: [u8; 16]) -> [u8; 16] {
    uuid::Builder::from_random_bytes(bytes).into_uuid().into_bytes()
}
