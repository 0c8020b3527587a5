//! A deterministic world that runs relays and clients over a faulty network and crashing disks.
//!
//! One seed decides everything: what people do, what the network and the disks do to it, and when.
//! `docs/testing.md` says what is shown so and how a seed is run again.
//!
//! * [`plan::Plan::of`] says what a seed means, [`world::run`] runs it and names the promise that it breaks, if any.
//! * [`disk::Disk`] and [`net::Network`] are what things fail in; both can be used alone.
//! * [`relay::Relay`] and [`device::Device`] run the real hub, stores, engine and session.

pub mod audit;
mod check;
pub mod clock;
pub mod device;
pub mod disk;
pub mod ledger;
pub mod net;
pub mod plan;
pub mod random;
pub mod relay;
pub mod session;
mod trace;
pub mod workload;
pub mod world;
