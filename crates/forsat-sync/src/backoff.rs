//! Waiting between attempts to connect: exponential, capped, with full jitter.

/// Doubles the ceiling with each failure; the wait is drawn evenly from nought to the ceiling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    base_ms: u64,
    ceiling_ms_max: u64,
    failures: u32,
}

impl Backoff {
    /// The ceiling after the first failure, and the highest, in milliseconds.
    pub fn new(base_ms: u64, ceiling_ms_max: u64) -> Self {
        Self { base_ms, ceiling_ms_max, failures: 0 }
    }

    /// Counts a failure and answers how long to wait, in milliseconds. `random` is 64 evenly random bits.
    pub fn fail(&mut self, random: u64) -> u64 {
        let ceiling = self.ceiling_ms();
        self.failures = self.failures.saturating_add(1);
        spread(ceiling, random)
    }

    /// Forgets the failures, after a connection that was of use.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// How many failures stand in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    fn ceiling_ms(&self) -> u64 {
        let factor = 1_u64.checked_shl(self.failures).unwrap_or(u64::MAX);
        self.base_ms.saturating_mul(factor).min(self.ceiling_ms_max)
    }
}

/// A number drawn evenly from `0..=span`.
pub fn spread(span: u64, random: u64) -> u64 {
    let wide = u128::from(random) * (u128::from(span) + 1);
    u64::try_from(wide >> 64).unwrap_or(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_its_limit_and_starts_again() {
        let mut backoff = Backoff::new(100, 1_000);
        let waits: Vec<_> = (0..6).map(|_| backoff.fail(u64::MAX)).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_000, 1_000]);
        backoff.reset();
        assert_eq!(backoff.fail(u64::MAX), 100);
    }

    #[test]
    fn the_jitter_is_full_and_never_overflows() {
        let mut backoff = Backoff::new(u64::MAX / 2, u64::MAX);
        assert_eq!(backoff.fail(0), 0);
        for _ in 0..200 {
            backoff.fail(u64::MAX);
        }
        assert_eq!(backoff.failures(), 201);
        assert_eq!(spread(10, u64::MAX / 2), 5);
    }
}
