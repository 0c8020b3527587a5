//! The clocks and the randomness of the machine, for the drivers. Nothing else here reads them.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The relay's clock, milliseconds since 1970; 0 when it stands before that.
#[expect(clippy::disallowed_methods, reason = "this is the adapter")]
pub fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A clock that only goes forward.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic(Instant);

impl Monotonic {
    /// Begins at 0.
    #[expect(clippy::disallowed_methods, reason = "this is the adapter")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the start.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Bytes from the operating system's cryptographic source.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes; nothing is safe without");
    bytes
}

/// Random bytes in the form of a version 4 UUID, as ids are.
pub fn random_uuid() -> [u8; 16] {
    uuid::Builder::from_random_bytes(random()).into_uuid().into_bytes()
}
