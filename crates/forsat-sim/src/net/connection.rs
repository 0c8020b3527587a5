//! One connection: two pipes that keep order, and two ends that may think differently of it.

use super::{Delivery, DeviceNumber, RelayNumber, Wire};
use std::collections::VecDeque;

/// What a socket takes before the sender has to wait, in bytes.
const SOCKET_BYTES: usize = 64 * 1024;

/// What an end thinks of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It hasn't heard of it.
    Unaware,
    /// It will be open then; `None`: never.
    Opening { answer_at_ms: Option<u64> },
    /// It will hear then that there is none.
    Refused { at_ms: u64 },
    /// It uses it. It hears of a reset at the time, if there is one.
    Open { reset_at_ms: Option<u64> },
    /// It has left.
    Gone,
}

impl End {
    fn due_ms(self) -> Option<u64> {
        match self {
            Self::Opening { answer_at_ms } => answer_at_ms,
            Self::Refused { at_ms } => Some(at_ms),
            Self::Open { reset_at_ms } => reset_at_ms,
            Self::Unaware | Self::Gone => None,
        }
    }

    pub fn reset(&mut self, at_ms: u64) {
        match self {
            Self::Opening { .. } => *self = Self::Refused { at_ms },
            Self::Open { reset_at_ms } => *reset_at_ms = Some(reset_at_ms.unwrap_or(at_ms).min(at_ms)),
            Self::Unaware | Self::Refused { .. } | Self::Gone => {}
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Message(Vec<u8>),
    End,
}

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    items: VecDeque<(u64, Item)>,
    /// Messages that the sender's socket had no room for, with how long they travel.
    waiting: VecDeque<(u64, Item)>,
    bytes: usize,
    last_at_ms: u64,
    stalled_until_ms: u64,
    /// Nothing that is put in from now on arrives.
    dead: bool,
}

impl Pipe {
    /// Takes an item behind the ones before it.
    pub fn carry(&mut self, now_ms: u64, travel_ms: u64, item: Item) {
        // What nobody acknowledges stays in the sender's socket.
        if let Item::Message(bytes) = &item {
            self.bytes += bytes.len();
        }
        if self.dead {
            return;
        }
        self.last_at_ms = self.last_at_ms.max(now_ms + travel_ms);
        self.items.push_back((self.last_at_ms, item));
    }

    /// Takes a message if there is room, and says how many bytes it took; keeps it for later otherwise.
    pub fn offer(&mut self, now_ms: u64, travel_ms: u64, bytes: Vec<u8>) -> Option<usize> {
        let room = self.waiting.is_empty() && (self.bytes == 0 || self.bytes + bytes.len() <= SOCKET_BYTES);
        let length = bytes.len();
        if room {
            self.carry(now_ms, travel_ms, Item::Message(bytes));
            return Some(length);
        }
        self.waiting.push_back((travel_ms, Item::Message(bytes)));
        None
    }

    /// Ends the direction behind everything that was put in.
    pub fn finish(&mut self, now_ms: u64, travel_ms: u64) {
        for (travel_ms, item) in std::mem::take(&mut self.waiting) {
            self.carry(now_ms, travel_ms, item);
        }
        self.carry(now_ms, travel_ms, Item::End);
        self.dead = true;
    }

    /// Loses what would arrive after that, and all that is put in from now on.
    pub fn lose_after(&mut self, at_ms: u64) {
        let stalled = self.stalled_until_ms > at_ms;
        self.items.retain(|(at, _)| *at <= at_ms && !stalled);
        self.waiting.clear();
        self.dead = true;
    }

    pub fn stall(&mut self, until_ms: u64) {
        self.stalled_until_ms = until_ms;
    }

    pub fn clear(&mut self) {
        self.items.clear();
        self.waiting.clear();
        self.dead = true;
    }

    fn due_ms(&self) -> Option<u64> {
        self.items.front().map(|(at, _)| (*at).max(self.stalled_until_ms))
    }

    fn take(&mut self) -> Option<Item> {
        let (_, item) = self.items.pop_front()?;
        if let Item::Message(bytes) = &item {
            self.bytes -= bytes.len();
        }
        Some(item)
    }

    /// Puts in what waits, as far as there is room. Answers the bytes that were taken.
    fn refill(&mut self, now_ms: u64) -> usize {
        let mut taken = 0;
        while let Some((travel_ms, item)) = self.waiting.pop_front() {
            let Item::Message(bytes) = &item else { continue };
            if self.bytes > 0 && self.bytes + bytes.len() > SOCKET_BYTES {
                self.waiting.push_front((travel_ms, item));
                break;
            }
            taken += bytes.len();
            self.carry(now_ms, travel_ms, item);
        }
        taken
    }
}

/// A connection between a device and a relay.
#[derive(Debug)]
pub(super) struct Connection {
    pub device_number: DeviceNumber,
    pub relay_number: RelayNumber,
    pub device: End,
    pub relay: End,
    /// From the device to the relay.
    pub up: Pipe,
    /// From the relay to the device.
    pub down: Pipe,
    /// Using it after the other end has left brings no answer.
    pub silent: bool,
}

impl Connection {
    pub fn new(device_number: DeviceNumber, relay_number: RelayNumber) -> Self {
        Self {
            device_number,
            relay_number,
            device: End::Unaware,
            relay: End::Unaware,
            up: Pipe::default(),
            down: Pipe::default(),
            silent: false,
        }
    }

    /// Whether nothing of it can reach anybody any more.
    pub fn is_over(&self) -> bool {
        let device = matches!(self.device, End::Gone | End::Unaware);
        let relay = match self.relay {
            End::Gone | End::Unaware => true,
            End::Opening { .. } | End::Refused { .. } | End::Open { .. } => false,
        };
        device && relay
    }

    pub fn is_half_open(&self) -> bool {
        let cut = self.up.dead && self.down.dead;
        let lives = |end| matches!(end, End::Open { .. } | End::Opening { .. });
        (lives(self.device) || lives(self.relay)) && (cut || lives(self.device) != lives(self.relay))
    }

    /// Both pipes are dead; each end hears of it at its time, if it has one.
    pub fn cut(&mut self, device_hears_ms: Option<u64>, relay_hears_ms: Option<u64>) {
        self.up.dead = true;
        self.down.dead = true;
        if let Some(at_ms) = device_hears_ms {
            self.device.reset(at_ms);
        }
        if let Some(at_ms) = relay_hears_ms {
            self.relay.reset(at_ms);
        }
    }

    /// The device's program is gone.
    pub fn leave_device(&mut self, relay_hears_ms: Option<u64>) {
        self.device = End::Gone;
        self.down.clear();
        if let Some(at_ms) = relay_hears_ms {
            self.relay.reset(at_ms);
        }
        if matches!(self.relay, End::Opening { .. }) && relay_hears_ms.is_none() {
            self.relay = End::Unaware;
        }
    }

    /// The relay's program is gone.
    pub fn leave_relay(&mut self, device_hears_ms: Option<u64>) {
        self.relay = End::Gone;
        self.up.clear();
        match device_hears_ms {
            Some(at_ms) => self.device.reset(at_ms),
            None if matches!(self.device, End::Opening { .. }) => {
                self.device = End::Opening { answer_at_ms: None };
            }
            None => {}
        }
    }

    /// Whether a message sent to this end through this pipe is answered with a reset.
    pub fn answers_with_reset(&self, to: End, pipe: &Pipe) -> bool {
        !self.silent && (to == End::Gone || pipe.dead)
    }

    pub fn heal(&mut self, now_ms: u64, reset_at_ms: Option<u64>) {
        self.silent = false;
        for pipe in [&mut self.up, &mut self.down] {
            pipe.stalled_until_ms = pipe.stalled_until_ms.min(now_ms);
        }
        let never_answered = self.device == End::Opening { answer_at_ms: None };
        if let Some(at_ms) = reset_at_ms.filter(|_| self.is_half_open() || never_answered) {
            self.device.reset(at_ms);
            self.relay.reset(at_ms);
        }
    }

    pub fn due_ms(&self) -> Option<u64> {
        let ends = self.device.due_ms().into_iter().chain(self.relay.due_ms());
        let up = self.up.due_ms().filter(|_| matches!(self.relay, End::Open { .. }));
        let down = self.down.due_ms().filter(|_| matches!(self.device, End::Open { .. }));
        ends.chain(up).chain(down).min()
    }

    /// Does what is due at `at_ms`; `now_ms` is later where something was in the way.
    pub fn deliver(
        &mut self,
        wire: Wire,
        at_ms: u64,
        now_ms: u64,
        ready: &mut VecDeque<Delivery>,
    ) -> Option<Delivery> {
        let is_due = |due: Option<u64>| due.is_some_and(|due| due <= at_ms);
        if is_due(self.relay.due_ms()) {
            return self.relay_end(wire);
        }
        if is_due(self.device.due_ms()) {
            return self.device_end(wire);
        }
        if is_due(self.up.due_ms()) && matches!(self.relay, End::Open { .. }) {
            return match self.up.take()? {
                Item::Message(bytes) => Some(Delivery::AtRelay(wire, bytes)),
                Item::End => {
                    self.relay = End::Gone;
                    Some(Delivery::RelayLost(wire))
                }
            };
        }
        if is_due(self.down.due_ms()) && matches!(self.device, End::Open { .. }) {
            let item = self.down.take()?;
            let taken = self.down.refill(now_ms);
            if taken > 0 {
                ready.push_back(Delivery::Taken(wire, taken));
            }
            return match item {
                Item::Message(bytes) => Some(Delivery::AtDevice(wire, bytes)),
                Item::End => {
                    self.device = End::Gone;
                    Some(Delivery::DeviceLost(wire))
                }
            };
        }
        None
    }

    fn relay_end(&mut self, wire: Wire) -> Option<Delivery> {
        match self.relay {
            End::Opening { .. } => {
                self.relay = End::Open { reset_at_ms: None };
                Some(Delivery::Accepted(wire))
            }
            End::Refused { .. } => {
                self.relay = End::Gone;
                None
            }
            End::Open { .. } => {
                self.relay = End::Gone;
                self.up.clear();
                Some(Delivery::RelayLost(wire))
            }
            End::Unaware | End::Gone => None,
        }
    }

    fn device_end(&mut self, wire: Wire) -> Option<Delivery> {
        match self.device {
            End::Opening { .. } => {
                self.device = End::Open { reset_at_ms: None };
                Some(Delivery::Connected(wire))
            }
            End::Refused { .. } | End::Open { .. } => {
                self.device = End::Gone;
                self.down.clear();
                Some(Delivery::DeviceLost(wire))
            }
            End::Unaware | End::Gone => None,
        }
    }
}
