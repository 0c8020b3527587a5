//! Where the clock and the randomness come in; the engine takes both as an argument.

use std::fmt::Debug;
use uuid::Uuid;

/// The clock and the randomness of a device, given to the engine by the program that runs it.
pub trait Ambient: Debug + Send + Sync {
    /// Milliseconds since 1970-01-01 UTC by this device's clock: a label only, nothing is decided by it.
    fn now_ms(&self) -> i64;
    /// Milliseconds of a clock that never goes back, from any start; for back-off and time-outs.
    fn monotonic_ms(&self) -> u64;
    /// Fills `bytes` with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
    /// A new random UUID (version 4).
    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        uuid::Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// The machine's own clock and its secure randomness.
#[derive(Debug)]
pub struct SystemAmbient {
    started: std::time::Instant,
}

impl SystemAmbient {
    /// Starts the monotonic clock.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the adapter that the other code takes its time from"
    )]
    pub fn new() -> SystemAmbient {
        SystemAmbient { started: std::time::Instant::now() }
    }
}

impl Default for SystemAmbient {
    fn default() -> SystemAmbient {
        SystemAmbient::new()
    }
}

impl Ambient for SystemAmbient {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the adapter that the other code takes its time from"
    )]
    fn now_ms(&self) -> i64 {
        let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system's random source answers");
    }
}
