//! The network: connections that carry whole messages, as WebSocket over TCP does, and everything that befalls them.
//!
//! Within a connection order holds and nothing is lost but its end: what was on the way when it died. What arrives
//! late, twice or out of turn comes of several connections: a device that gave one up and opened the next while the
//! relay still works on what the first one brought. A message of a connection that an end has left never reaches it.

mod connection;
#[cfg(test)]
mod tests;

use crate::random::Random;
use connection::{Connection, End, Item};
use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

/// Names a connection; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wire(pub u64);

/// A device by its place in the world.
pub type DeviceNumber = usize;
/// A relay by its place in the world.
pub type RelayNumber = usize;

/// How a device's way to the relays is while nothing is wrong with it.
#[derive(Clone, Debug)]
pub struct LinkProfile {
    /// One way, in milliseconds.
    pub latency_ms: Range<u64>,
    /// How often a message in a hundred is lost once; TCP sends it again, and all behind it wait.
    pub loss_percent: u32,
    /// How often an attempt to connect in a hundred opens a connection at the relay that the device never hears of.
    pub ghost_percent: u32,
    /// Bytes a millisecond.
    pub bytes_per_ms: u64,
}

/// What the network brings to an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The relay has a new connection.
    Accepted(Wire),
    /// The device's attempt has succeeded.
    Connected(Wire),
    /// The device has no connection: refused, reset, closed by the other side.
    DeviceLost(Wire),
    /// The relay hears that the connection has ended.
    RelayLost(Wire),
    /// A message reaches the relay.
    AtRelay(Wire, Vec<u8>),
    /// A message reaches the device.
    AtDevice(Wire, Vec<u8>),
    /// The relay's socket has taken so many bytes.
    Taken(Wire, usize),
}

/// Which ends hear of a cut at once; the others find out by using the connection, or by its silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Both ends.
    Both,
    /// The device only.
    Device,
    /// The relay only.
    Relay,
    /// Neither.
    Nobody,
}

/// All connections of a world.
#[derive(Debug)]
pub struct Network {
    random: Random,
    links: Vec<Link>,
    relays: Vec<RelayHost>,
    connections: BTreeMap<Wire, Connection>,
    ready: VecDeque<Delivery>,
    last_wire: u64,
}

#[derive(Debug)]
struct Link {
    profile: LinkProfile,
    /// Nothing passes before this time.
    blocked_until_ms: u64,
    calm: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct RelayHost {
    listens: bool,
    blocked_until_ms: u64,
}

impl Network {
    /// A network without connections; relays don't listen yet.
    pub fn new(random: Random, links: Vec<LinkProfile>, relays: usize) -> Self {
        let links =
            links.into_iter().map(|profile| Link { profile, blocked_until_ms: 0, calm: false }).collect();
        let relays = vec![RelayHost::default(); relays];
        Self { random, links, relays, connections: BTreeMap::new(), ready: VecDeque::new(), last_wire: 0 }
    }

    /// A device opens a connection. The answer comes as `Connected` or `DeviceLost`, or never.
    pub fn connect(&mut self, now_ms: u64, device: DeviceNumber, relay: RelayNumber) -> Wire {
        self.last_wire += 1;
        let wire = Wire(self.last_wire);
        let there = now_ms + self.latency(device);
        let back = there + self.latency(device);
        let blocked_until_ms = self.blocked_until(device, relay);
        let mut connection = Connection::new(device, relay);
        if blocked_until_ms > now_ms {
            // A partition answers nothing.
            connection.device = End::Opening { answer_at_ms: None };
        } else if !self.relays[relay].listens {
            connection.device = End::Refused { at_ms: back };
        } else if self.ghost(device) {
            connection.relay = End::Opening { answer_at_ms: Some(there) };
            connection.device = End::Refused { at_ms: back };
        } else {
            connection.relay = End::Opening { answer_at_ms: Some(there) };
            connection.device = End::Opening { answer_at_ms: Some(back) };
        }
        self.connections.insert(wire, connection);
        wire
    }

    /// A device sends a message.
    pub fn send_from_device(&mut self, now_ms: u64, wire: Wire, bytes: Vec<u8>) {
        let Some((device, relay)) = self.ends_of(wire) else { return };
        let travel_ms = self.travel_ms(device, bytes.len());
        let blocked = self.blocked_until(device, relay) > now_ms;
        let Some(connection) = self.connections.get_mut(&wire) else { return };
        if connection.answers_with_reset(connection.relay, &connection.up) {
            if !blocked {
                connection.device.reset(now_ms + 2 * travel_ms);
            }
        } else {
            connection.up.carry(now_ms, travel_ms, Item::Message(bytes));
        }
    }

    /// A relay sends a message; `Taken` follows as soon as the socket has room for it.
    pub fn send_from_relay(&mut self, now_ms: u64, wire: Wire, bytes: Vec<u8>) {
        let Some((device, relay)) = self.ends_of(wire) else { return };
        let travel_ms = self.travel_ms(device, bytes.len());
        let blocked = self.blocked_until(device, relay) > now_ms;
        let Some(connection) = self.connections.get_mut(&wire) else { return };
        if connection.answers_with_reset(connection.device, &connection.down) {
            if !blocked {
                connection.relay.reset(now_ms + 2 * travel_ms);
            }
        } else if let Some(taken) = connection.down.offer(now_ms, travel_ms, bytes) {
            self.ready.push_back(Delivery::Taken(wire, taken));
        }
    }

    /// A device closes: what it has sent still arrives, nothing reaches it any more.
    pub fn close_from_device(&mut self, now_ms: u64, wire: Wire) {
        let Some((device, _)) = self.ends_of(wire) else { return };
        let travel_ms = self.travel_ms(device, 0);
        if let Some(connection) = self.connections.get_mut(&wire) {
            connection.device = End::Gone;
            connection.down.clear();
            connection.up.carry(now_ms, travel_ms, Item::End);
        }
        self.forget_ended();
    }

    /// A relay closes, after what it has sent.
    pub fn close_from_relay(&mut self, now_ms: u64, wire: Wire) {
        let Some((device, _)) = self.ends_of(wire) else { return };
        let travel_ms = self.travel_ms(device, 0);
        if let Some(connection) = self.connections.get_mut(&wire) {
            connection.relay = End::Gone;
            connection.up.clear();
            connection.down.finish(now_ms, travel_ms);
        }
        self.forget_ended();
    }

    /// When the next delivery is due.
    pub fn next_at_ms(&self, now_ms: u64) -> Option<u64> {
        if !self.ready.is_empty() {
            return Some(now_ms);
        }
        self.connections
            .values()
            .filter_map(|connection| self.due_of(connection))
            .min()
            .map(|at| at.max(now_ms))
    }

    /// The next delivery that is due by now.
    pub fn next(&mut self, now_ms: u64) -> Option<Delivery> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            let due = |(wire, connection): (&Wire, &Connection)| Some((self.due_of(connection)?, *wire));
            let (at_ms, wire) = self.connections.iter().filter_map(due).min()?;
            if at_ms > now_ms {
                return None;
            }
            let connection = self.connections.get_mut(&wire)?;
            let delivery = connection.deliver(wire, at_ms, now_ms, &mut self.ready);
            self.forget_ended();
            if delivery.is_some() {
                return delivery;
            }
        }
    }

    /// How many connections one end still believes in and the other has left.
    pub fn half_open(&self) -> usize {
        self.connections.values().filter(|connection| connection.is_half_open()).count()
    }

    fn due_of(&self, connection: &Connection) -> Option<u64> {
        let blocked = self.blocked_until(connection.device_number, connection.relay_number);
        connection.due_ms().map(|at| at.max(blocked)).filter(|at| *at < u64::MAX)
    }

    fn blocked_until(&self, device: DeviceNumber, relay: RelayNumber) -> u64 {
        self.links[device].blocked_until_ms.max(self.relays[relay].blocked_until_ms)
    }

    fn ends_of(&self, wire: Wire) -> Option<(DeviceNumber, RelayNumber)> {
        self.connections.get(&wire).map(|connection| (connection.device_number, connection.relay_number))
    }

    fn latency(&mut self, device: DeviceNumber) -> u64 {
        self.random.within(self.links[device].profile.latency_ms.clone())
    }

    fn ghost(&mut self, device: DeviceNumber) -> bool {
        !self.links[device].calm && self.random.percent(self.links[device].profile.ghost_percent)
    }

    /// How long a message travels: latency, its bytes, and now and then a loss that TCP makes good.
    fn travel_ms(&mut self, device: DeviceNumber, bytes: usize) -> u64 {
        let bytes_ms = bytes as u64 / self.links[device].profile.bytes_per_ms;
        let lost = !self.links[device].calm && self.random.percent(self.links[device].profile.loss_percent);
        let again_ms = if lost { self.random.within(200..3_000) } else { 0 };
        self.latency(device) + bytes_ms + again_ms
    }

    fn forget_ended(&mut self) {
        self.connections.retain(|_, connection| !connection.is_over());
    }
}

/// What goes wrong.
impl Network {
    /// Nothing passes between a device and the relays until then. What is on the way waits.
    pub fn block_device(&mut self, device: DeviceNumber, until_ms: u64) {
        self.links[device].blocked_until_ms = until_ms;
    }

    /// Nothing passes between a relay and anybody until then.
    pub fn block_relay(&mut self, relay: RelayNumber, until_ms: u64) {
        self.relays[relay].blocked_until_ms = until_ms;
    }

    /// The connections of a device die; what was on the way is lost, but for a part that had all but arrived.
    pub fn cut(&mut self, now_ms: u64, device: DeviceNumber, told: Told) {
        for connection in self.connections.values_mut().filter(|found| found.device_number == device) {
            let nearly = now_ms + self.random.within(0..40);
            connection.up.lose_after(nearly);
            connection.down.lose_after(nearly);
            let later = nearly + self.random.within(1..200);
            connection.silent = told == Told::Nobody;
            connection.cut(
                matches!(told, Told::Both | Told::Device).then_some(later),
                matches!(told, Told::Both | Told::Relay).then_some(later),
            );
        }
    }

    /// One direction of a device's connections stands still until then.
    pub fn stall(&mut self, device: DeviceNumber, upwards: bool, until_ms: u64) {
        for connection in self.connections.values_mut().filter(|found| found.device_number == device) {
            let pipe = if upwards { &mut connection.up } else { &mut connection.down };
            pipe.stall(until_ms);
        }
    }

    /// A device's program ends. With `told` the system closes its connections, otherwise they hang.
    pub fn device_down(&mut self, now_ms: u64, device: DeviceNumber, told: bool) {
        for connection in self.connections.values_mut().filter(|found| found.device_number == device) {
            let later = now_ms + self.random.within(1..200);
            connection.silent = !told;
            connection.up.lose_after(later);
            connection.leave_device(told.then_some(later));
        }
        self.forget_ended();
    }

    /// A relay's program starts. Its system answers those that use a connection of an earlier run.
    pub fn relay_up(&mut self, relay: RelayNumber) {
        self.relays[relay].listens = true;
        for connection in self.connections.values_mut().filter(|found| found.relay_number == relay) {
            connection.silent = false;
        }
    }

    /// A relay's program ends. With `told` the system closes its connections, otherwise they hang.
    pub fn relay_down(&mut self, now_ms: u64, relay: RelayNumber, told: bool) {
        self.relays[relay].listens = false;
        for connection in self.connections.values_mut().filter(|found| found.relay_number == relay) {
            let later = now_ms + self.random.within(1..200);
            connection.silent = !told;
            connection.down.lose_after(later);
            connection.leave_relay(told.then_some(later));
        }
        self.forget_ended();
    }

    /// Everything works from now on. With `resets`, ends that are alone in a connection hear of it within a second;
    /// without, they find out by using it.
    pub fn heal(&mut self, now_ms: u64, resets: bool) {
        for link in &mut self.links {
            link.blocked_until_ms = link.blocked_until_ms.min(now_ms);
            link.calm = true;
        }
        for relay in &mut self.relays {
            relay.blocked_until_ms = relay.blocked_until_ms.min(now_ms);
        }
        for connection in self.connections.values_mut() {
            let at_ms = now_ms + self.random.within(1..1_000);
            connection.heal(now_ms, resets.then_some(at_ms));
        }
    }
}
