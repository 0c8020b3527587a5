//! A whole run: everybody joins, works while things go wrong, and is level again soon after healing.

use super::{Broken, Sights, World};
use crate::plan::{BEGIN_MS, Plan};

/// How long a device rests after two walks in vain, twice, in milliseconds of the world.
const REST_MS: u64 = 180_000;
/// How long after healing it is seen that some device doesn't know where a record lives that has moved.
const MOVE_BACK_MS: u64 = 15_000;
/// How long after healing all replicas may take to converge, in milliseconds of the world.
pub const CONVERGE_MS_MAX: u64 = 30_000;
/// How long two ends that nobody tells may take to notice that they are alone, in milliseconds of the world.
const NOTICE_MS_MAX: u64 = 120_000;
/// How long the world is watched for peers that don't come to rest, in milliseconds of the world.
const QUIET_MS: u64 = 120_000;
/// How often it is looked whether all is level, in milliseconds of the world.
const LOOK_MS: u64 = 200;
/// The most attempts to connect of one device in any window of [`ATTEMPTS_WINDOW_MS`].
const ATTEMPTS_MAX: usize = 40;
const ATTEMPTS_WINDOW_MS: u64 = 30_000;

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// The promise that was broken, if one was.
    pub violation: Option<String>,
    /// The world's time at the end.
    pub virtual_ms: u64,
    /// How long it took to converge.
    pub converged_ms: u64,
    /// What was seen.
    pub sights: Sights,
}

/// Runs a plan from beginning to end.
pub fn run(plan: Plan, broken: &Broken, trace: bool) -> Outcome {
    let seed = plan.seed;
    match World::new(plan, broken, trace) {
        Ok(mut world) => world.run(),
        Err(why) => {
            Outcome { seed, violation: Some(why), virtual_ms: 0, converged_ms: 0, sights: Sights::default() }
        }
    }
}

impl World {
    /// Runs the world from beginning to end.
    pub fn run(&mut self) -> Outcome {
        self.run_until(BEGIN_MS);
        if let Some(device) = self.devices.iter().find(|device| !device.joined) {
            let why = format!("device {} hasn't joined: {:?}", device.number, device.ended);
            self.violate(why);
        }
        self.run_until(self.plan.heal_at_ms);
        let mut converged_ms = 0;
        if self.violation.is_none() {
            self.heal();
            converged_ms = self.converge();
        }
        if self.violation.is_none() {
            self.check_all();
            self.check_thrown_out();
            self.check_quiet();
        }
        self.count();
        self.outcome(converged_ms)
    }

    fn outcome(&self, converged_ms: u64) -> Outcome {
        Outcome {
            seed: self.plan.seed,
            violation: self.violation.clone(),
            virtual_ms: self.now_ms(),
            converged_ms,
            sights: self.sights.clone(),
        }
    }

    /// Waits until all is level. The time counts from when no end believes in a connection that isn't there.
    fn converge(&mut self) -> u64 {
        let healed_ms = self.now_ms();
        let mut from_ms = healed_ms;
        while self.violation.is_none() && !self.is_level() {
            self.run_until(self.now_ms() + LOOK_MS);
            self.move_again();
            if self.now_ms() > from_ms + MOVE_BACK_MS {
                self.move_there_and_back();
            }
            if !self.plan.resets && self.network.half_open() > 0 {
                from_ms = self.now_ms();
            }
            if from_ms > healed_ms + NOTICE_MS_MAX {
                self.violate("an end still believes in a connection that isn't there");
            } else if self.now_ms() > from_ms + self.converge_ms_max() && !self.is_level() {
                let why = self.why_not_level().unwrap_or_default();
                self.violate(format!("not level {} ms after healing: {why}", self.converge_ms_max()));
            }
        }
        self.now_ms() - from_ms
    }

    /// How long it may take. Where a restored relay had a record in another space, a device that couldn't follow has
    /// walked in vain, and rests before it walks again.
    fn converge_ms_max(&self) -> u64 {
        let forgot = self.sights.0.contains_key("records moved again")
            || self.sights.0.contains_key("records moved there and back");
        CONVERGE_MS_MAX + if forgot { REST_MS } else { 0 }
    }

    /// When all is level nobody has anything to say but that it is still there.
    fn check_quiet(&mut self) {
        // What was acked a moment ago may still echo.
        self.run_until(self.now_ms() + 5_000);
        let messages = self.messages;
        let attempts: usize = self.devices.iter().map(|device| device.attempts_ms.len()).sum();
        self.run_until(self.now_ms() + QUIET_MS);
        let expected = QUIET_MS / 10_000 * self.devices.len() as u64;
        if self.messages > messages + expected {
            let more = self.messages - messages;
            self.violate(format!("{more} messages in {QUIET_MS} ms though all is level"));
        }
        let more = self.devices.iter().map(|device| device.attempts_ms.len()).sum::<usize>() - attempts;
        if more > 0 {
            self.violate(format!("{more} connections in {QUIET_MS} ms though all is level"));
        }
        for device in 0..self.devices.len() {
            let attempts = &self.devices[device].attempts_ms;
            let crowded =
                attempts.windows(ATTEMPTS_MAX).find(|of| of[ATTEMPTS_MAX - 1] - of[0] < ATTEMPTS_WINDOW_MS);
            if let Some(crowded) = crowded {
                let from_ms = crowded[0];
                self.violate(format!("device {device} connected {ATTEMPTS_MAX} times from {from_ms} ms on"));
            }
        }
    }

    fn count(&mut self) {
        let attempts: usize = self.devices.iter().map(|device| device.attempts_ms.len()).sum();
        self.sights.add("attempts to connect", attempts as u64);
        self.sights.add("changes saved", self.ledger.saved_count() as u64);
        self.sights.add("changes acked", self.ledger.acked_count() as u64);
        for code in self.ledger.refused.values() {
            self.sights.see(&format!("refused: {code}"));
        }
        self.sights.add("messages", self.messages);
        for (code, times) in self.ledger.later.clone() {
            self.sights.add(&format!("put off: {code}"), times);
        }
    }
}
