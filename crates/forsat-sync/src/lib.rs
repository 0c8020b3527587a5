//! The sync protocol of Forsat as machines without I/O: frames, limits, change headers, digests.
//!
//! Bytes and time go in, bytes and requests for storage come out; there is no clock, randomness or socket here.

pub mod accept;
pub mod backoff;
pub mod chunk;
pub mod client;
pub mod code;
pub mod control;
pub mod digest;
pub mod frame;
pub mod genesis;
pub mod heal;
pub mod id;
pub mod identity;
pub mod limits;
pub mod relay;

#[cfg(test)]
mod loopback;
#[cfg(test)]
mod tests;
