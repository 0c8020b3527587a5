//! Hostile input against all that reads it, in a program that counts what it takes of memory.
//!
//! One test at a time: what others allocate would count too.

#![expect(clippy::print_stderr, reason = "a run says how many cases it had and where a failing one is")]

mod cost;
mod fuzz;
mod limits;
mod memory;
mod relay;

use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The most memory that hostile input may take beyond what was there before, in bytes.
const MEMORY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Lets one test run at a time. Panics that are caught aren't told: telling of them takes memory too.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    static HUSHED: Once = Once::new();
    HUSHED.call_once(|| {
        let tell = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !forsat_document::is_guarded() {
                tell(panic);
            }
        }));
    });
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs something that must keep within the bound; answers also what it took at its height.
fn bounded<T>(what: &str, run: impl FnOnce() -> T) -> (T, usize) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let done = run();
    let took = MEMORY.peak_usage().saturating_sub(before);
    assert!(took < MEMORY_BYTES_MAX, "{what} takes {took} bytes");
    (done, took)
}
