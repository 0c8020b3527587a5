//! What a seed means: who takes part, what they do when, and what goes wrong when.

use crate::clock::TEN_YEARS_MS;
use crate::disk::{Fault as DiskFault, Target};
use crate::net::{DeviceNumber, LinkProfile, Told};
use crate::random::Random;
use forsat_relay::store::Role;
use std::io::ErrorKind;
use std::ops::Range;

/// The spaces of every world beside `common`.
pub const SPACES: [&str; 2] = ["Tehran", "Shiraz"];
/// When people begin to work, in milliseconds: everybody has joined by then.
pub const BEGIN_MS: u64 = 20_000;

/// A device and its user.
#[derive(Clone, Debug)]
pub struct DevicePlan {
    /// `Name <e-mail>`, as it is invited. Devices of one user have the same.
    pub user: String,
    /// The spaces that the user works in, by their place in [`SPACES`]; the first is where new records go.
    pub spaces: Vec<usize>,
    /// Whether its store begins from the relay; otherwise it has one of its own before it joins.
    pub begins_from_relay: bool,
    /// What the user may do in them.
    pub role: Role,
    /// How many edits are made before it joins.
    pub edits_before: u64,
    /// Its way to the relay.
    pub link: LinkProfile,
    /// How far its clock is off, in milliseconds.
    pub wall_error_ms: i64,
}

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The connections of a device die.
    Cut(DeviceNumber, Told),
    /// One direction of a device's connections stands still for so many milliseconds; upwards, if true.
    Stall(DeviceNumber, bool, u64),
    /// Nothing passes between a device and the relay for so many milliseconds.
    Partition(DeviceNumber, u64),
    /// Nothing passes between the relay and anybody for so many milliseconds.
    RelayPartition(u64),
    /// The relay's program is killed and starts again after so many milliseconds.
    RelayKill(u64),
    /// The relay's power goes at the n-th change of its disk from now; it starts again after so many milliseconds.
    RelayPower(u64, u64),
    /// The relay is stopped in order and starts again after so many milliseconds.
    RelayDrain(u64),
    /// The relay's disk fails, for so many milliseconds.
    RelayDisk(DiskFault, u64),
    /// The relay's disk has no room for more, for so many milliseconds.
    RelayFull(u64),
    /// A device's program is killed and starts again after so many milliseconds.
    DeviceKill(DeviceNumber, u64),
    /// A device's power goes at the n-th change of its disk from now; it starts again after so many milliseconds.
    DevicePower(DeviceNumber, u64, u64),
    /// A device's disk fails, for so many milliseconds.
    DeviceDisk(DeviceNumber, DiskFault, u64),
    /// A device's disk has no room for more, for so many milliseconds.
    DeviceFull(DeviceNumber, u64),
    /// A device's clock is set wrong by so many milliseconds.
    Clock(DeviceNumber, i64),
    /// The relay's clock is set wrong by so many milliseconds.
    RelayClock(i64),
    /// The user of a device may only read for so many milliseconds.
    Demote(DeviceNumber, u64),
    /// A backup of the relay's store is taken.
    RelayBackup,
    /// The relay is killed, its backup put in the place of its store, and started after so many milliseconds.
    RelayRestore(u64),
    /// The relay is killed, its store is lost and made anew under the same identity, and it starts after so many milliseconds.
    RelayLost(u64),
    /// A backup of a device's store is taken.
    DeviceBackup(DeviceNumber),
    /// A device's program is killed, its backup put in the place of its store, and started after so many milliseconds;
    /// without its marker, if true.
    DeviceRestore(DeviceNumber, u64, bool),
    /// The user of a device, who manages two spaces, moves a record from the one to the other.
    Move(DeviceNumber),
    /// Somebody else who manages them moves a record at that moment.
    MoveElsewhere,
    /// The operator erases a record for good.
    Erase,
}

/// A world before it begins.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The seed.
    pub seed: u64,
    /// The devices.
    pub devices: Vec<DevicePlan>,
    /// How far the relay's clock is off, in milliseconds.
    pub relay_wall_error_ms: i64,
    /// Who edits when.
    pub edits: Vec<(u64, DeviceNumber)>,
    /// What goes wrong when.
    pub faults: Vec<(u64, Fault)>,
    /// How often each kind of edit happens; see [`crate::workload::KINDS`].
    pub mix: Vec<u32>,
    /// When everything works again.
    pub heal_at_ms: u64,
    /// Whether half-open connections are reset at healing; otherwise both ends have to find out.
    pub resets: bool,
    /// How long the relay waits before a commit, at most.
    pub commit_wait_ms: u64,
    /// Whether reps may write in `common`; where not, their products and their own records are refused.
    pub reps_write_common: bool,
}

impl Plan {
    /// The plan of a seed.
    pub fn of(seed: u64) -> Self {
        let mut random = Random::new(seed, "plan", 0);
        let count = 3 + random.weighted(&[4, 3, 2, 1]);
        let mut devices: Vec<_> = (0..count).map(|number| device(&mut random, number)).collect();
        let lasts_ms = random.within(30_000..120_000);
        let heal_at_ms = BEGIN_MS + lasts_ms;
        let edits_count = random.within(20..60);
        let mut edits: Vec<_> =
            (0..edits_count).map(|_| (BEGIN_MS + random.within(0..lasts_ms), random.place(count))).collect();
        edits.sort_unstable();
        let mix = (0..crate::workload::KINDS.len()).map(|_| [1, 2, 4, 8][random.place(4)]).collect();
        let relay_wall_error_ms = wall_error(&mut random);
        let mut faults = faults(&mut random, count, lasts_ms);
        let interventions = interventions(&mut Random::new(seed, "interventions", 0), count, lasts_ms);
        faults.extend(interventions.faults);
        edits.extend(interventions.edits);
        let departures = departures(&mut Random::new(seed, "departures", 0), &mut devices, lasts_ms);
        faults.extend(departures.faults);
        edits.extend(departures.edits);
        let mut losses = Random::new(seed, "losses", 0);
        if losses.percent(12) {
            let at_ms = BEGIN_MS + losses.within(0..lasts_ms);
            faults.push((at_ms, Fault::RelayLost(losses.within(100..5_000))));
        }
        faults.sort_by_key(|(at_ms, _)| *at_ms);
        edits.sort_unstable();
        Self {
            seed,
            devices,
            relay_wall_error_ms,
            edits,
            faults,
            mix,
            heal_at_ms,
            resets: random.percent(80),
            commit_wait_ms: [1, 5, 50][random.place(3)],
            reps_write_common: !Random::new(seed, "configuration", 0).percent(10),
        }
    }

    /// The same world with nothing going wrong.
    pub fn without_faults(mut self) -> Self {
        self.faults.clear();
        for device in &mut self.devices {
            device.link.loss_percent = 0;
            device.link.ghost_percent = 0;
        }
        self
    }
}

const PEOPLE: [&str; 5] = ["Sara", "Reza", "Mina", "Omid", "Leila"];

fn device(random: &mut Random, number: usize) -> DevicePlan {
    // Now and then two devices belong to one person.
    let person = if random.percent(20) { number / 2 } else { number } % PEOPLE.len();
    let name = PEOPLE[person];
    // What a person may see follows from the person alone, so that two devices of one agree.
    let spaces = match person {
        0 | 1 => vec![0],
        2 => vec![0, 1],
        3 => vec![1],
        _ => vec![1, 0],
    };
    let slow = random.percent(20);
    let link = LinkProfile {
        latency_ms: if slow { 100..900 } else { 1..80 },
        loss_percent: [0, 2, 15][random.place(3)],
        ghost_percent: [0, 5, 30][random.place(3)],
        bytes_per_ms: if slow { 8 } else { 1_000 },
    };
    let user = format!("{name} <{}@example.com>", name.to_lowercase());
    let begins_from_relay = random.percent(50);
    let edits_before = if begins_from_relay { 0 } else { random.within(0..4) };
    let wall_error_ms = wall_error(random);
    DevicePlan { user, spaces, role: Role::Rep, begins_from_relay, edits_before, link, wall_error_ms }
}

/// Half of the clocks are right, the others off by up to ten years either way.
fn wall_error(random: &mut Random) -> i64 {
    if random.percent(50) {
        return 0;
    }
    let off = i64::try_from(random.within(0..2 * TEN_YEARS_MS as u64)).unwrap_or_default();
    off - TEN_YEARS_MS
}

/// Each family of faults is there in some worlds and not in others, so that what one hides another shows.
fn faults(random: &mut Random, devices: usize, lasts_ms: u64) -> Vec<(u64, Fault)> {
    let families: Vec<u32> = (0..8).map(|_| u32::from(random.percent(60))).collect();
    if families.iter().sum::<u32>() == 0 {
        return Vec::new();
    }
    let count = random.within(2..14);
    (0..count)
        .map(|_| {
            let at_ms = BEGIN_MS + random.within(0..lasts_ms);
            let device = random.place(devices);
            (at_ms, fault(random, &families, device))
        })
        .collect()
}

/// What people do to a running system, and the edits that it is meant to meet.
#[derive(Default)]
struct Interventions {
    faults: Vec<(u64, Fault)>,
    edits: Vec<(u64, DeviceNumber)>,
}

/// A role is taken away for a time, while its user works on; a device or the relay is set back to an older backup.
fn interventions(random: &mut Random, devices: usize, lasts_ms: u64) -> Interventions {
    let mut drawn = Interventions::default();
    if random.percent(25) {
        let device = random.place(devices);
        let at_ms = BEGIN_MS + random.within(0..lasts_ms);
        drawn.faults.push((at_ms, Fault::Demote(device, random.within(2_000..60_000))));
        if random.percent(50) {
            // What its user does meanwhile is refused only if the device hasn't heard of it yet.
            drawn.work_apart(random, device, at_ms - 1_000, 1_000..10_000);
        }
    }
    if random.percent(40) {
        let device = random.place(devices);
        let backup_ms = random.within(0..lasts_ms);
        let restore_ms = random.within(backup_ms..lasts_ms);
        drawn.faults.push((BEGIN_MS + backup_ms, Fault::DeviceBackup(device)));
        let restore = Fault::DeviceRestore(device, random.within(100..2_000), random.percent(50));
        drawn.faults.push((BEGIN_MS + restore_ms, restore));
        if random.percent(80) {
            // What is made on the old store before it hears of its own later changes is made twice by one actor.
            drawn.work_apart(random, device, BEGIN_MS + restore_ms, 2_000..15_000);
        }
    }
    // Drawn last, so that what was drawn before stays what it was for each seed.
    if random.percent(30) {
        let backup_ms = random.within(0..lasts_ms);
        let restore_ms = random.within(backup_ms..lasts_ms);
        drawn.faults.push((BEGIN_MS + backup_ms, Fault::RelayBackup));
        drawn.faults.push((BEGIN_MS + restore_ms, Fault::RelayRestore(random.within(100..5_000))));
    }
    drawn
}

/// Records move to another space and back, and are erased, while devices that work on them are away or not.
fn departures(random: &mut Random, devices: &mut [DevicePlan], lasts_ms: u64) -> Interventions {
    let mut drawn = Interventions::default();
    let count = devices.len();
    let managers: Vec<_> = (0..count).filter(|number| devices[*number].spaces.len() > 1).collect();
    if random.percent(60) && !managers.is_empty() {
        for manager in &managers {
            devices[*manager].role = Role::Manager;
        }
        for _ in 0..random.within(1..7) {
            let at_ms = BEGIN_MS + random.within(0..lasts_ms);
            let manager = managers[random.place(managers.len())];
            drawn.faults.push((at_ms, Fault::Move(manager)));
            if random.percent(40) {
                let device = random.place(count);
                drawn.work_apart(random, device, at_ms - 1_000, 2_000..20_000);
            }
            if random.percent(30) {
                drawn.faults.push((at_ms + random.within(0..300), Fault::MoveElsewhere));
            }
        }
    }
    if random.percent(40) {
        for _ in 0..random.within(1..4) {
            let at_ms = BEGIN_MS + random.within(0..lasts_ms);
            drawn.faults.push((at_ms, Fault::Erase));
            if random.percent(50) {
                let device = random.place(count);
                drawn.work_apart(random, device, at_ms - 1_000, 2_000..20_000);
            }
        }
    }
    drawn
}

impl Interventions {
    /// From then on a device is alone for so long, and a few edits are made on it.
    fn work_apart(&mut self, random: &mut Random, device: DeviceNumber, from_ms: u64, lasts_ms: Range<u64>) {
        let lasts_ms = random.within(lasts_ms);
        self.faults.push((from_ms, Fault::Partition(device, lasts_ms)));
        for _ in 0..random.within(1..4) {
            self.edits.push((from_ms + random.within(0..lasts_ms), device));
        }
    }
}

fn fault(random: &mut Random, families: &[u32], device: DeviceNumber) -> Fault {
    let pause_ms = random.within(100..15_000);
    match random.weighted(families) {
        0 => Fault::Cut(device, [Told::Both, Told::Device, Told::Relay, Told::Nobody][random.place(4)]),
        1 => Fault::Stall(device, random.percent(50), random.within(500..90_000)),
        2 if random.percent(75) => Fault::Partition(device, random.within(1_000..40_000)),
        2 => Fault::RelayPartition(random.within(1_000..20_000)),
        3 if random.percent(50) => Fault::RelayKill(pause_ms),
        3 => Fault::RelayDrain(pause_ms),
        4 => Fault::RelayPower(random.within(0..60), pause_ms),
        5 if random.percent(40) => Fault::DeviceKill(device, pause_ms),
        5 => Fault::DevicePower(device, random.within(0..40), pause_ms),
        6 => disk_fault(random, device, pause_ms),
        _ => match wall_error(random) {
            error_ms if random.percent(30) => Fault::RelayClock(error_ms),
            error_ms => Fault::Clock(device, error_ms),
        },
    }
}

fn disk_fault(random: &mut Random, device: DeviceNumber, pause_ms: u64) -> Fault {
    let fault = DiskFault {
        target: [Target::Read, Target::Write, Target::SetLen, Target::Sync, Target::Change][random.place(5)],
        after: random.within(0..20),
        times: [1, 3, u64::MAX][random.place(3)],
        error: [ErrorKind::Other, ErrorKind::StorageFull, ErrorKind::TimedOut][random.place(3)],
    };
    match random.place(4) {
        0 => Fault::RelayDisk(fault, pause_ms),
        1 => Fault::RelayFull(pause_ms),
        2 => Fault::DeviceDisk(device, fault, pause_ms),
        _ => Fault::DeviceFull(device, pause_ms),
    }
}
