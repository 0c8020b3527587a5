//! What the tests share: a clock that stands still, randomness from a seed, stores in temporary directories.

use forsat_client::{Ambient, Engine, InitOptions};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tempfile::TempDir;

/// 2026-07-01 08:00 UTC.
pub const NOW_MS: i64 = 1_782_892_800_000;

/// A clock moved by hand, and a generator that gives the same bytes each run.
#[derive(Debug)]
pub struct Fixed {
    now_ms: AtomicI64,
    seed: AtomicU64,
}

impl Fixed {
    pub fn new(seed: u64) -> Arc<Fixed> {
        Arc::new(Fixed { now_ms: AtomicI64::new(NOW_MS), seed: AtomicU64::new(seed) })
    }

    pub fn days_pass(&self, days: i64) {
        self.now_ms.fetch_add(days * 86_400_000, Ordering::SeqCst);
    }
}

impl Ambient for Fixed {
    fn now_ms(&self) -> i64 {
        self.now_ms.fetch_add(1_000, Ordering::SeqCst)
    }

    fn monotonic_ms(&self) -> u64 {
        u64::try_from(self.now_ms.load(Ordering::SeqCst)).unwrap_or(0)
    }

    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            let before = self.seed.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            let mixed = (before ^ (before >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = (mixed >> 56) as u8 ^ (mixed >> 24) as u8;
        }
    }
}

/// A workspace in US dollars in a directory that goes with the test.
pub fn dollars(seed: u64) -> (TempDir, Engine) {
    dollars_by(Fixed::new(seed))
}

/// The same by a clock that the test can move.
pub fn dollars_by(clock: Arc<Fixed>) -> (TempDir, Engine) {
    let dir = TempDir::new().expect("a temporary directory");
    let options = InitOptions {
        user_name: "Sara".to_owned(),
        currency: Some("USD".to_owned()),
        calendar: Some("persian".to_owned()),
        ..InitOptions::default()
    };
    let engine = Engine::init_with(&dir.path().join("store"), &options, clock).expect("a store");
    (dir, engine)
}

/// The sample data set.
pub fn sample_set() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/crm-sales")
}
