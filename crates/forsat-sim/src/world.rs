//! The world: one relay, some devices, the network between them, and time that passes only when something happens.

mod access;
mod departures;
mod faults;
mod run;

pub use run::{CONVERGE_MS_MAX, Outcome, run};

use crate::audit::homes::Homes;
use crate::clock::{VirtualClock, WallError};
use crate::device::{Connector, Device, SyncInput, SyncOutput};
use crate::ledger::{AtBackup, Change, Ledger};
use crate::net::{Delivery, DeviceNumber, Network, Wire};
use crate::plan::{Fault, Plan, SPACES};
use crate::random::Random;
use crate::relay::{Relay, StoreWrapper};
use crate::workload::{Done, Workload};
use forsat_client::Engine;
use forsat_relay::hub::HubEffect;
use forsat_relay::store::Role;
use forsat_sync::id::{DeviceId, DocumentId};
use forsat_sync::relay::Input as RelayInput;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The one relay of a world so far.
pub(crate) const RELAY: usize = 0;
/// How many events may happen at one moment before the world is said to spin.
const EVENTS_A_MOMENT_MAX: u64 = 20_000;

/// Something that is to happen at a time.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A device is to join.
    Join(DeviceNumber),
    /// A device's sync is begun anew.
    Sync(DeviceNumber),
    /// A user is to get a second space.
    Grant(DeviceNumber),
    /// A user is to have another role in all spaces.
    Role(DeviceNumber, Role),
    /// Somebody does something.
    Edit(DeviceNumber),
    /// Something goes wrong.
    Fault(Fault),
    /// The relay's program is started.
    StartRelay,
    /// A relay that drains ends.
    StopRelay(u64),
    /// A device's program is started.
    StartDevice(DeviceNumber),
    /// The relay's disk works again.
    MendRelay,
    /// A device's disk works again.
    MendDevice(DeviceNumber),
}

/// What a run has seen; sums over runs show whether the worlds reach what they are meant to.
#[derive(Clone, Debug, Default)]
pub struct Sights(pub BTreeMap<String, u64>);

impl Sights {
    /// Counts something that happened.
    pub fn see(&mut self, what: &str) {
        self.add(what, 1);
    }

    /// Counts something that happened so often.
    pub fn add(&mut self, what: &str, times: u64) {
        *self.0.entry(what.to_owned()).or_default() += times;
    }
}

/// Parts that are broken on purpose, so that the checkers can be seen to catch them.
#[derive(Clone, Default)]
pub struct Broken {
    /// Between the hub and its store.
    pub store: Option<StoreWrapper>,
    /// A device's end of the sync.
    pub connector: Option<Connector>,
    /// Disks of devices and of the relay say that they have synced, and haven't.
    pub disks_lie: bool,
    /// Changes the replicas behind everybody's back, just before they are compared.
    pub tamper: Option<Tamper>,
}

/// Changes replicas behind everybody's back.
pub type Tamper = Arc<dyn Fn(&[Arc<Engine>]) + Send + Sync>;

/// A world.
pub struct World {
    /// What it was made from.
    pub plan: Plan,
    /// Its time.
    pub clock: VirtualClock,
    /// The promises that were made.
    pub ledger: Ledger,
    /// What was seen.
    pub sights: Sights,
    pub(crate) relay: Relay,
    pub(crate) relay_wall_error: WallError,
    pub(crate) devices: Vec<Device>,
    pub(crate) network: Network,
    pub(crate) workload: Workload,
    pub(crate) violation: Option<String>,
    /// Messages that were handed to the network, pings aside.
    pub(crate) messages: u64,
    random: Random,
    connector: Connector,
    pub(crate) broken: Broken,
    schedule: BTreeMap<(u64, u64), Step>,
    scheduled: u64,
    relay_runs_at_ms: Option<u64>,
    relay_backup: Option<(Vec<u8>, AtBackup)>,
    /// Documents that the operator wanted to erase, whatever came of it.
    pub(crate) erasures: BTreeSet<DocumentId>,
    /// Documents with the homes that they had when the relay was set back to before they moved there.
    lost_moves: Homes,
    /// Draws what moves and what is erased.
    departures: Random,
    /// Devices that were thrown out after a backup.
    thrown_out: Vec<DeviceId>,
    /// Images of devices' stores, with what had been saved there by then.
    device_backups: BTreeMap<DeviceNumber, (Vec<u8>, BTreeSet<Change>)>,
    healed: bool,
    trace: bool,
}

impl World {
    /// A world that hasn't begun.
    pub fn new(plan: Plan, broken: &Broken, trace: bool) -> Result<Self, String> {
        let clock = VirtualClock::default();
        let seed = plan.seed;
        let relay_wall_error = WallError::default();
        relay_wall_error.set(plan.relay_wall_error_ms);
        let mut relay = Relay::create(&clock, &relay_wall_error, Random::new(seed, "relay", 0), &SPACES)
            .map_err(|error| format!("a new relay: {error}"))?;
        relay.let_reps_write_common(plan.reps_write_common);
        if let Some(wrapper) = &broken.store {
            relay.wrap_store(wrapper.clone());
        }
        let mut devices = Vec::new();
        for (number, device) in plan.devices.iter().enumerate() {
            let random = Random::new(seed, "device", number as u64);
            let made = Device::create(number, device, &clock, random);
            devices.push(made.map_err(|error| format!("a new device: {error}"))?);
        }
        if broken.disks_lie {
            relay.disk().lie_about_syncs();
            devices.iter().for_each(|device: &Device| device.disk().lie_about_syncs());
        }
        let links = plan.devices.iter().map(|device| device.link.clone()).collect();
        let mut world = Self {
            network: Network::new(Random::new(seed, "network", 0), links, 1),
            workload: Workload::new(Random::new(seed, "workload", 0), plan.mix.clone()),
            random: Random::new(seed, "world", 0),
            connector: broken.connector.clone().unwrap_or_else(crate::session::connector),
            broken: broken.clone(),
            clock,
            ledger: Ledger::default(),
            sights: Sights::default(),
            relay,
            relay_wall_error,
            devices,
            violation: None,
            messages: 0,
            schedule: BTreeMap::new(),
            scheduled: 0,
            relay_runs_at_ms: None,
            relay_backup: None,
            erasures: BTreeSet::new(),
            lost_moves: Homes::new(),
            departures: Random::new(seed, "departures", 1),
            thrown_out: Vec::new(),
            device_backups: BTreeMap::new(),
            healed: false,
            trace,
            plan,
        };
        world.fill_schedule();
        Ok(world)
    }

    fn fill_schedule(&mut self) {
        self.at(0, Step::StartRelay);
        for number in 0..self.devices.len() {
            for edit in 0..self.plan.devices[number].edits_before {
                self.at(number as u64 + edit, Step::Edit(number));
            }
            self.at(100 + 200 * number as u64, Step::Join(number));
            if self.plan.devices[number].spaces.len() > 1 {
                self.at(10_000 + number as u64, Step::Grant(number));
            }
        }
        for (at_ms, device) in self.plan.edits.clone() {
            self.at(at_ms, Step::Edit(device));
        }
        for (at_ms, fault) in self.plan.faults.clone() {
            self.at(at_ms, Step::Fault(fault));
        }
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    pub(crate) fn at(&mut self, at_ms: u64, step: Step) {
        self.scheduled += 1;
        self.schedule.insert((at_ms, self.scheduled), step);
    }

    /// Says that a promise is broken; the first one counts.
    pub(crate) fn violate(&mut self, what: impl Into<String>) {
        let what = what.into();
        self.say(|| format!("VIOLATION: {what}"));
        self.violation.get_or_insert(what);
    }

    #[expect(clippy::print_stdout, reason = "a trace is what the replaying program is for")]
    pub(crate) fn say(&self, line: impl FnOnce() -> String) {
        if self.trace {
            println!("{:>9.3} {}", self.now_ms() as f64 / 1000.0, line());
        }
    }

    /// Lets time pass until then, or until a promise is broken.
    pub fn run_until(&mut self, until_ms: u64) {
        let mut at_this_moment = 0;
        while self.violation.is_none() {
            let Some((at_ms, what)) = self.next_event().filter(|(at_ms, _)| *at_ms <= until_ms) else {
                break;
            };
            at_this_moment = if at_ms > self.now_ms() { 0 } else { at_this_moment + 1 };
            if at_this_moment > EVENTS_A_MOMENT_MAX {
                self.violate(format!("the world spins: {what:?} again and again"));
            }
            self.clock.advance_to(at_ms);
            self.happen(what);
            self.after_event();
        }
        if self.violation.is_none() {
            self.clock.advance_to(until_ms.max(self.now_ms()));
        }
    }

    fn next_event(&self) -> Option<(u64, Event)> {
        let now_ms = self.now_ms();
        let network = self.network.next_at_ms(now_ms).map(|at| (at, Event::Network));
        let commit = self.relay_runs_at_ms.map(|at| (at.max(now_ms), Event::RelayRuns));
        let relay = self.relay.deadline_ms().map(|at| (at.max(now_ms), Event::RelayTick));
        let devices = self.devices.iter();
        let devices = devices
            .filter_map(|device| Some((device.deadline_ms()?.max(now_ms), Event::Tick(device.number))));
        let step = self.schedule.keys().next().map(|(at, _)| ((*at).max(now_ms), Event::Step));
        [network, commit, relay, step].into_iter().flatten().chain(devices).min()
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Network => {
                if let Some(delivery) = self.network.next(self.now_ms()) {
                    self.deliver(delivery);
                }
            }
            Event::RelayRuns => {
                self.relay_runs_at_ms = None;
                if let Err(ended) = self.relay.run() {
                    self.say(|| format!("relay: {ended}"));
                    self.sights.see("relay ended by itself");
                    self.crash_relay(true, 1_000);
                }
            }
            Event::RelayTick => {
                self.relay.tick();
                // What is due and not done by a tick is done by a round of storage, which doesn't wait then.
                if self.relay.deadline_ms().is_some_and(|at| at <= self.now_ms()) {
                    self.relay_runs_at_ms = Some(self.now_ms());
                }
            }
            Event::Tick(number) => {
                let outputs = self.devices[number].tell(SyncInput::Tick);
                self.carry_out(number, outputs);
            }
            Event::Step => {
                if let Some((_, step)) = self.schedule.pop_first() {
                    self.step(step);
                }
            }
        }
    }

    /// What follows from every event: the relay's effects go out, and power that is gone takes the program with it.
    fn after_event(&mut self) {
        for effect in self.relay.take_effects() {
            match effect {
                HubEffect::Send { connection, bytes } => {
                    self.ledger.from_relay(Wire(connection.0), &bytes);
                    self.messages += 1;
                    self.network.send_from_relay(self.clock.now_ms(), Wire(connection.0), bytes);
                }
                HubEffect::Close { connection, code, message } => {
                    self.say(|| format!("relay closes {}: {code}: {message}", connection.0));
                    self.sights.see(&format!("relay closes: {code}"));
                    self.network.close_from_relay(self.clock.now_ms(), Wire(connection.0));
                }
            }
        }
        if self.relay_runs_at_ms.is_none() && self.relay.has_work() {
            let wait_ms = self.random.within(0..self.plan.commit_wait_ms + 1);
            self.relay_runs_at_ms = Some(self.now_ms() + wait_ms);
        }
        if self.relay.is_running() && self.relay.disk().is_off() {
            self.crash_relay(true, 2_000);
        }
        for number in 0..self.devices.len() {
            if self.devices[number].is_running() && self.devices[number].disk().is_off() {
                self.crash_device(number, true, 2_000);
            }
            self.end_after_failed_sync(number);
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Accepted(wire) => self.relay.open(wire),
            Delivery::RelayLost(wire) => self.relay.input(wire, RelayInput::Closed),
            Delivery::AtRelay(wire, bytes) => {
                self.say(|| format!("relay hears on {}: {}", wire.0, crate::trace::to_relay(&bytes)));
                self.ledger.at_relay(wire, &bytes);
                self.relay.input(wire, RelayInput::Frame(bytes));
            }
            Delivery::Taken(wire, bytes) => self.relay.input(wire, RelayInput::Sent { bytes }),
            Delivery::Connected(wire) => self.tell_holder(wire, SyncInput::Connected),
            Delivery::DeviceLost(wire) => {
                let holder = self.holder(wire);
                self.tell_holder(wire, SyncInput::Lost);
                if let Some(number) = holder.filter(|number| self.devices[*number].wire == Some(wire)) {
                    self.devices[number].wire = None;
                }
            }
            Delivery::AtDevice(wire, bytes) => {
                if let Some(number) = self.holder(wire) {
                    self.say(|| format!("device {number} hears: {}", crate::trace::to_device(&bytes)));
                }
                self.tell_holder(wire, SyncInput::Message(bytes));
            }
        }
    }

    fn holder(&self, wire: Wire) -> Option<DeviceNumber> {
        self.devices.iter().find(|device| device.wire == Some(wire)).map(|device| device.number)
    }

    fn tell_holder(&mut self, wire: Wire, input: SyncInput) {
        let Some(number) = self.holder(wire) else { return };
        if matches!(input, SyncInput::Lost) {
            self.say(|| format!("device {number} has lost connection {}", wire.0));
            self.devices[number].wire = None;
        }
        let outputs = self.devices[number].tell(input);
        self.carry_out(number, outputs);
    }

    /// Does what a device's end of the sync wants done.
    pub(crate) fn carry_out(&mut self, number: DeviceNumber, outputs: Vec<SyncOutput>) {
        for output in outputs {
            let now_ms = self.now_ms();
            match output {
                SyncOutput::Connect => {
                    let wire = self.network.connect(now_ms, number, RELAY);
                    self.say(|| format!("device {number} connects: {}", wire.0));
                    self.devices[number].wire = Some(wire);
                    self.devices[number].attempts_ms.push(now_ms);
                }
                SyncOutput::Send(bytes) => {
                    if let Some(wire) = self.devices[number].wire {
                        self.messages += u64::from(!crate::trace::is_ping(&bytes));
                        self.network.send_from_device(now_ms, wire, bytes);
                    }
                }
                SyncOutput::Close => {
                    if let Some(wire) = self.devices[number].wire.take() {
                        self.say(|| format!("device {number} closes {}", wire.0));
                        self.network.close_from_device(now_ms, wire);
                        let more = self.devices[number].tell(SyncInput::Lost);
                        self.carry_out(number, more);
                    }
                }
                SyncOutput::Issue(issue) => {
                    let name = format!("{issue:?}");
                    self.sights.see(&format!("issue: {}", name.split([' ', '{']).next().unwrap_or_default()));
                    self.say(|| format!("device {number}: issue: {name}"));
                }
                SyncOutput::Ended(result) => self.sync_ended(number, result),
                SyncOutput::Note(note) => self.say(|| format!("device {number}: {note}")),
            }
        }
    }

    fn sync_ended(&mut self, number: DeviceNumber, result: Result<(), String>) {
        self.say(|| format!("device {number}: the sync has ended: {result:?}"));
        let device = &mut self.devices[number];
        match result {
            Ok(()) if !device.joined => {
                let (relay, space) = (self.relay.id(), SPACES[device.plan.spaces[0]]);
                match device.adopt(relay, space) {
                    Ok(()) => {
                        self.note_saved(number);
                        self.begin_sync(number);
                    }
                    Err(error) => self.violate(format!("device {number} can't join: {error}")),
                }
            }
            // An attempt to join that failed is made again, as a person would.
            Err(why) if !device.joined => {
                device.end_sync(Some(why));
                self.at(self.now_ms() + 1_000, Step::Join(number));
            }
            Ok(()) => self.violate(format!("device {number} has stopped syncing")),
            // A failed sync of the disk ends the program; whatever else a disk does is tried again within the session.
            Err(why) if device.disk().has_failed_sync() || device.disk().is_off() => {
                self.sights.see("syncs that a disk has ended");
                device.end_sync(Some(why));
                self.at(self.now_ms() + 1_000, Step::Sync(number));
            }
            Err(why) => self.violate(format!("device {number} has stopped syncing: {why}")),
        }
    }

    pub(crate) fn begin_sync(&mut self, number: DeviceNumber) {
        match self.devices[number].begin(&self.connector.clone()) {
            Ok(outputs) => self.carry_out(number, outputs),
            Err(why) if self.devices[number].disk().is_off() => {
                self.say(|| format!("device {number} can't sync: {why}"));
            }
            Err(why) => {
                self.say(|| format!("device {number} can't begin to sync: {why}"));
                self.crash_device(number, false, 1_000);
            }
        }
    }

    pub(crate) fn join(&mut self, number: DeviceNumber) {
        if self.devices[number].joined {
            return;
        }
        let plan = &self.plan.devices[number];
        let space = SPACES[plan.spaces[0]];
        let Some(code) = self.relay.invite(&plan.user.clone(), space, plan.role) else {
            return self.at(self.now_ms() + 1_000, Step::Join(number));
        };
        match self.devices[number].enrol(&code) {
            Ok(outputs) => self.carry_out(number, outputs),
            Err(why) => self.violate(format!("device {number} can't join: {why}")),
        }
    }

    pub(crate) fn edit(&mut self, number: DeviceNumber) {
        let Some(engine) = self.devices[number].engine().cloned() else { return };
        let (kind, done) = self.workload.act(&engine);
        self.say(|| format!("device {number}: {kind}: {}", crate::trace::done(&done)));
        match done {
            Done::Saved(saved) if saved.changed => {
                self.sights.see(&format!("saved: {kind}"));
                self.note_saved(number);
                let outputs = self.devices[number].tell(SyncInput::Saved);
                self.carry_out(number, outputs);
            }
            Done::Saved(_) | Done::Nothing => self.sights.see("commands that changed nothing"),
            Done::Failed(why) => {
                self.command_failed(number, kind, &why);
                // It may have been saved all the same, and a program looks at its outbox again then.
                let outputs = self.devices[number].tell(SyncInput::Saved);
                self.carry_out(number, outputs);
            }
            Done::Wrong(why) => self.violate(format!("device {number}: {kind}: {why}")),
        }
    }

    fn note_saved(&mut self, number: DeviceNumber) {
        match self.devices[number].newly_saved() {
            Ok(changes) => self.ledger.save(number, changes),
            Err(error) => self.say(|| format!("device {number}: the outbox can't be read now: {error}")),
        }
    }
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Network,
    RelayRuns,
    RelayTick,
    Tick(DeviceNumber),
    Step,
}
