//! Tests of the store through its public face.

#![expect(clippy::unwrap_used, reason = "a test that can't go on should say where")]

mod crash;
mod damage;
#[path = "../../../forsat-sim/src/disk.rs"]
#[allow(dead_code, reason = "the simulated disk is shared with the simulation, which uses the rest of it")]
mod disk;
mod faults;
mod leaving;
mod model;
mod opening;
mod processes;
mod repair;
mod support;
mod tables;
