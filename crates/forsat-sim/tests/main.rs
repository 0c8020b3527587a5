//! The simulation's own tests: many seeds, disks that fail at every operation, flipped bytes, broken parts.

mod broken;
mod disks;
mod flips;
mod restored;
mod seeds;
mod support;
