//! The simulation's own tests: many seeds, disks that fail at every operation, flipped bytes, broken parts.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test's helpers fail and tell as the test does"
)]

mod broken;
mod broken_departures;
mod disks;
mod flips;
mod restored;
mod seeds;
mod support;
