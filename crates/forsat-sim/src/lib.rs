//! A deterministic world that runs relays and clients over a faulty network and crashing disks.
//!
//! One seed decides everything: what people do, what the network and the disks do to it, and when. See
//! `docs/testing.md` for what is shown so and how a seed is run again.

pub mod clock;
pub mod disk;
pub mod net;
pub mod random;
