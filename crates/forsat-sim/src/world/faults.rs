//! What goes wrong in a world, and how it comes right again.

use super::{RELAY, Step, World};
use crate::ledger::AtBackup;
use crate::net::DeviceNumber;
use crate::plan::{Fault, SPACES};
use forsat_relay::store::Role;

/// How often in a hundred the power goes again while a store is being opened after a crash.
const POWER_LOST_AGAIN_PERCENT: u32 = 20;
/// Until when a relay that drains is given time.
const DRAIN_MS: u64 = 3_000;

impl World {
    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Join(number) => self.join(number),
            Step::Sync(number) if self.devices[number].ended.is_some() => self.begin_sync(number),
            Step::Sync(_) => {}
            Step::Grant(number) => self.grant(number),
            Step::Role(number, role) => self.set_role(number, role),
            Step::Edit(number) => self.edit(number),
            Step::Fault(fault) => self.go_wrong(fault),
            Step::StartRelay => self.start_relay(),
            Step::StopRelay(down_ms) if self.relay.is_running() => {
                self.relay.stop();
                self.relay_gone(true, down_ms);
            }
            Step::StopRelay(_) => {}
            Step::StartDevice(number) => self.start_device(number),
            Step::MendRelay => self.relay.disk().mend(),
            Step::MendDevice(number) => self.devices[number].disk().mend(),
        }
    }

    fn grant(&mut self, number: DeviceNumber) {
        let plan = self.plan.devices[number].clone();
        for space in &plan.spaces[1..] {
            if let Err(error) = self.relay.grant(&plan.user, SPACES[*space], plan.role) {
                self.violate(format!("a role can't be given: {error}"));
            }
        }
    }

    /// Gives a user another role in all spaces, now or as soon as the relay can take it.
    fn set_role(&mut self, number: DeviceNumber, role: Role) {
        let plan = self.plan.devices[number].clone();
        for space in &plan.spaces {
            let given = self.relay.grant(&plan.user, SPACES[*space], role);
            let (disk, awaits) = (self.relay.disk(), self.relay.awaits_log());
            match given {
                Ok(()) => {}
                Err(_) if !self.relay.is_running() || disk.is_off() || disk.has_failed() || awaits => {
                    return self.at(self.now_ms() + 1_000, Step::Role(number, role));
                }
                Err(error) => return self.violate(format!("a role can't be given: {error}")),
            }
        }
        self.say(|| format!("{} is {role:?} now", plan.user));
    }

    fn go_wrong(&mut self, fault: Fault) {
        self.say(|| format!("fault: {fault:?}"));
        self.sights.see(&format!("fault: {}", fault.name()));
        let now_ms = self.now_ms();
        match fault {
            Fault::Cut(device, told) => self.network.cut(now_ms, device, told),
            Fault::Stall(device, upwards, ms) => self.network.stall(device, upwards, now_ms + ms),
            Fault::Partition(device, ms) => self.network.block_device(device, now_ms + ms),
            Fault::RelayPartition(ms) => self.network.block_relay(RELAY, now_ms + ms),
            Fault::RelayKill(down_ms) => self.crash_relay(false, down_ms),
            Fault::RelayPower(after, _) => {
                let disk = self.relay.disk();
                disk.lose_power_at(disk.changes() + after);
            }
            Fault::RelayDrain(down_ms) => {
                self.relay.drain(down_ms, 500);
                self.at(now_ms + DRAIN_MS, Step::StopRelay(down_ms));
            }
            Fault::RelayDisk(disk_fault, ms) => {
                self.relay.disk().inject(disk_fault);
                self.at(now_ms + ms, Step::MendRelay);
            }
            Fault::RelayFull(ms) => {
                self.relay.disk().set_capacity(0);
                self.at(now_ms + ms, Step::MendRelay);
            }
            Fault::DeviceKill(device, down_ms) => self.crash_device(device, false, down_ms),
            Fault::DevicePower(device, after, _) => {
                let disk = self.devices[device].disk();
                disk.lose_power_at(disk.changes() + after);
            }
            Fault::DeviceDisk(device, disk_fault, ms) => {
                self.devices[device].disk().inject(disk_fault);
                self.at(now_ms + ms, Step::MendDevice(device));
            }
            Fault::DeviceFull(device, ms) => {
                self.devices[device].disk().set_capacity(0);
                self.at(now_ms + ms, Step::MendDevice(device));
            }
            Fault::Clock(device, error_ms) => self.devices[device].wall_error.set(error_ms),
            Fault::RelayClock(error_ms) => self.relay_wall_error.set(error_ms),
            Fault::Demote(device, ms) => {
                self.set_role(device, Role::Viewer);
                self.at(now_ms + ms, Step::Role(device, self.plan.devices[device].role));
            }
            Fault::RelayBackup => {
                let visitor = self.enrol_visitor();
                self.relay_backup = Some((self.relay.backup(), self.ledger.at_backup()));
                self.throw_out(visitor);
            }
            Fault::RelayRestore(down_ms) => self.restore_relay(down_ms),
            Fault::RelayLost(down_ms) => self.lose_relay(down_ms),
            Fault::DeviceBackup(device) => {
                let image = self.devices[device].disk().image();
                let saved = self.ledger.saved.get(&device).cloned().unwrap_or_default();
                self.device_backups.insert(device, (image, saved));
            }
            Fault::DeviceRestore(device, down_ms, without_marker) => {
                self.restore_device(device, down_ms, without_marker);
            }
            Fault::Move(device) => self.move_on_device(device),
            Fault::MoveElsewhere => self.move_elsewhere(),
            Fault::Erase => self.erase(),
        }
    }

    /// An old backup takes the place of the relay's store. What was acked since then is gone; at the end it is to be back,
    /// from whoever still holds it.
    fn restore_relay(&mut self, down_ms: u64) {
        let Some((image, at_backup)) = self.relay_backup.take() else { return };
        self.crash_relay(false, down_ms);
        self.note_lost_moves(&image);
        self.relay.put_back(image);
        self.sights.see("relay set back to a backup");
        self.ledger.set_back(at_backup);
    }

    /// The relay's store is lost, and one made anew takes its place: all that was acked is to be back at the end, from
    /// whoever still holds it.
    fn lose_relay(&mut self, down_ms: u64) {
        self.crash_relay(false, down_ms);
        self.note_all_moves_lost();
        if let Err(error) = self.relay.lose_store() {
            return self.violate(format!("a lost store can't be made anew: {error}"));
        }
        self.sights.see("relay made anew");
        self.ledger.set_back(AtBackup::default());
    }

    /// An old backup takes the place of a device's store. What was saved since then and never sent is gone with it; the
    /// rest is still promised.
    fn restore_device(&mut self, number: DeviceNumber, down_ms: u64, without_marker: bool) {
        let Some((image, saved)) = self.device_backups.remove(&number) else { return };
        self.crash_device(number, false, down_ms);
        self.devices[number].put_back(image);
        if without_marker {
            self.devices[number].lose_marker();
        }
        self.sights.see("device set back to a backup");
        self.ledger.saved.insert(number, saved);
        self.devices[number].forget_counted();
    }

    /// The relay's program ends at once: with `power` it loses what wasn't synced.
    pub(super) fn crash_relay(&mut self, power: bool, down_ms: u64) {
        if !self.relay.is_running() {
            return;
        }
        self.sights.see(if power { "relay lost power" } else { "relay killed" });
        if power {
            self.relay.lose_power();
        } else {
            self.relay.kill();
        }
        let told = !power || self.random.percent(30);
        self.relay_gone(told, down_ms);
    }

    fn relay_gone(&mut self, told: bool, down_ms: u64) {
        self.say(|| "the relay's program is gone".to_owned());
        self.relay_runs_at_ms = None;
        let now_ms = self.now_ms();
        self.network.relay_down(now_ms, RELAY, told);
        self.at(now_ms + down_ms, Step::StartRelay);
    }

    fn start_relay(&mut self) {
        if self.relay.is_running() {
            return;
        }
        self.maybe_lose_power_again(None);
        match self.relay.start() {
            Ok(()) => {
                self.say(|| "the relay runs".to_owned());
                self.network.relay_up(RELAY);
                self.check_relay();
            }
            Err(error) if self.relay.disk().is_off() => {
                self.say(|| format!("the relay doesn't start: {error}"));
                self.sights.see("relay lost power while it started");
                self.relay.lose_power();
                self.at(self.now_ms() + 500, Step::StartRelay);
            }
            Err(error) if self.relay.disk().has_failed() => {
                self.say(|| format!("the relay doesn't start: {error}"));
                self.at(self.now_ms() + 1_000, Step::StartRelay);
            }
            Err(error) => self.violate(format!("the relay doesn't start after a crash: {error}")),
        }
        self.relay.disk().lose_power_at(u64::MAX);
    }

    /// A device's program ends at once: with `power` it loses what wasn't synced.
    pub(super) fn crash_device(&mut self, number: DeviceNumber, power: bool, down_ms: u64) {
        if !self.devices[number].is_running() {
            return;
        }
        self.say(|| format!("device {number}: the program is gone"));
        self.sights.see(if power { "device lost power" } else { "device killed" });
        if power {
            self.devices[number].lose_power();
        } else {
            self.devices[number].kill();
        }
        let told = !power || self.random.percent(30);
        let now_ms = self.now_ms();
        self.network.device_down(now_ms, number, told);
        self.at(now_ms + down_ms, Step::StartDevice(number));
    }

    fn start_device(&mut self, number: DeviceNumber) {
        if self.devices[number].is_running() {
            return;
        }
        self.maybe_lose_power_again(Some(number));
        match self.devices[number].start() {
            Ok(()) => {
                self.say(|| format!("device {number} runs"));
                self.devices[number].disk().lose_power_at(u64::MAX);
                self.check_saved(number);
                if self.devices[number].joined {
                    self.begin_sync(number);
                } else {
                    self.join(number);
                }
            }
            Err(error) if self.devices[number].disk().is_off() => {
                self.say(|| format!("device {number} doesn't start: {error}"));
                self.sights.see("device lost power while it started");
                self.devices[number].lose_power();
                self.at(self.now_ms() + 500, Step::StartDevice(number));
            }
            Err(error) if self.devices[number].disk().has_failed() => {
                self.say(|| format!("device {number} doesn't start: {error}"));
                self.at(self.now_ms() + 1_000, Step::StartDevice(number));
            }
            Err(error) => self.violate(format!("device {number} doesn't start after a crash: {error}")),
        }
    }

    fn maybe_lose_power_again(&mut self, device: Option<DeviceNumber>) {
        if self.healed || !self.random.percent(POWER_LOST_AGAIN_PERCENT) {
            return;
        }
        let disk = device.map_or(self.relay.disk(), |number| self.devices[number].disk());
        let after = self.random.within(0..12);
        disk.lose_power_at(disk.changes() + after);
    }

    /// A command could not be saved. A disk that was told to fail explains it; a failed sync ends the program.
    pub(super) fn command_failed(&mut self, number: DeviceNumber, kind: &str, why: &str) {
        let disk = self.devices[number].disk();
        if !disk.has_failed() && !disk.is_off() {
            return self.violate(format!("device {number}: {kind}: the store failed for no reason: {why}"));
        }
        self.sights.see("commands that the disk refused");
        // Whether it was saved is not known, so nobody was promised anything.
        let _ = self.devices[number].newly_saved();
    }

    /// A program whose disk has refused to sync ends, as it must.
    pub(super) fn end_after_failed_sync(&mut self, number: DeviceNumber) {
        if self.devices[number].is_running() && self.devices[number].disk().has_failed_sync() {
            self.sights.see("device ended after a failed sync");
            self.crash_device(number, true, 1_000);
        }
    }

    /// Faults end: the network works, disks are mended, clocks are set right, programs run.
    pub(super) fn heal(&mut self) {
        self.say(|| "healing".to_owned());
        self.healed = true;
        let now_ms = self.now_ms();
        let waiting: Vec<_> = std::mem::take(&mut self.schedule).into_values().collect();
        for step in waiting {
            match step {
                Step::StartRelay | Step::StartDevice(_) | Step::Join(_) | Step::Sync(_) => {
                    self.at(now_ms, step)
                }
                Step::StopRelay(_) => self.at(now_ms, Step::StopRelay(0)),
                Step::Grant(_)
                | Step::Role(..)
                | Step::Edit(_)
                | Step::Fault(_)
                | Step::MendRelay
                | Step::MendDevice(_) => {}
            }
        }
        self.network.heal(now_ms, self.plan.resets);
        self.relay_wall_error.set(0);
        self.relay.disk().mend();
        self.relay.disk().lose_power_at(u64::MAX);
        for number in 0..self.devices.len() {
            let device = &mut self.devices[number];
            device.wall_error.set(0);
            device.disk().mend();
            device.disk().lose_power_at(u64::MAX);
        }
    }
}

impl Fault {
    fn name(&self) -> String {
        let text = format!("{self:?}");
        text.split('(').next().unwrap_or_default().to_owned()
    }
}
