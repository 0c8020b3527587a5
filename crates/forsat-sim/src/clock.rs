//! Virtual time, and the clocks of devices, which needn't agree with it.

use crate::random::Random;
use forsat_client::Ambient;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The true wall clock at the beginning of every world: 2025-09-10T00:00:00Z, in milliseconds since 1970.
pub const EPOCH_MS: i64 = 1_757_462_400_000;
/// Ten years, the farthest that a clock is off, in milliseconds.
pub const TEN_YEARS_MS: i64 = 3_652 * 86_400_000;

/// The world's time in milliseconds from its beginning; clones show the same.
#[derive(Clone, Debug, Default)]
pub struct VirtualClock(Arc<AtomicU64>);

impl VirtualClock {
    /// What time it is.
    pub fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Moves on; time never goes back.
    pub fn advance_to(&self, now_ms: u64) {
        debug_assert!(now_ms >= self.now_ms(), "virtual time never goes back");
        self.0.store(now_ms, Ordering::Relaxed);
    }

    /// The true wall clock, milliseconds since 1970.
    pub fn wall_ms(&self) -> i64 {
        EPOCH_MS.saturating_add_unsigned(self.now_ms())
    }
}

/// How far a device's clock is off, in milliseconds; clones are the same clock.
#[derive(Clone, Debug, Default)]
pub struct WallError(Arc<AtomicI64>);

impl WallError {
    /// Sets the clock wrong by so much; 0 sets it right.
    pub fn set(&self, error_ms: i64) {
        self.0.store(error_ms, Ordering::Relaxed);
    }

    /// How far it is off.
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The clock and the randomness of one simulated program.
#[derive(Debug)]
pub struct SimAmbient {
    clock: VirtualClock,
    error: WallError,
    booted_ms: u64,
    random: Mutex<Random>,
}

impl SimAmbient {
    /// Those of a program that starts now.
    pub fn new(clock: &VirtualClock, error: &WallError, random: Random) -> Self {
        let booted_ms = clock.now_ms();
        Self { clock: clock.clone(), error: error.clone(), booted_ms, random: Mutex::new(random) }
    }

    /// The monotonic time of this program as a time of the world.
    pub fn to_world_ms(&self, monotonic_ms: u64) -> u64 {
        monotonic_ms.saturating_add(self.booted_ms)
    }
}

impl Ambient for SimAmbient {
    fn now_ms(&self) -> i64 {
        self.clock.wall_ms().saturating_add(self.error.get())
    }

    fn monotonic_ms(&self) -> u64 {
        self.clock.now_ms() - self.booted_ms
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
    }
}
