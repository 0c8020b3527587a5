//! A deterministic world that runs relays and clients over a faulty network and crashing disks.

pub mod disk;
