//! End to end with real processes: relays and devices that are started, killed and damaged, and what they say.
//!
//! Every test works in a folder of its own and on ports that the system gives; waiting is always for a condition.
#![allow(dead_code, reason = "the harness offers more than these tests use")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on should stop where it stands")]

mod crash;
mod device;
mod ledger;
mod merge;
mod program;
mod relay;
mod whole;
