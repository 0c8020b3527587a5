//! The simulation's own tests: many seeds, disks that fail at every operation, flipped bytes, broken parts.

mod disks;
mod flips;
mod seeds;
mod support;
