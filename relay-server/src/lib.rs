//! The relay that devices sync through over WebSocket.
//!
//! - [`store`]: what is kept, behind the trait [`store::RelayStore`]; [`store::RedbStore`] is its embedded home.
//! - [`hub`]: the synchronous core: the machines of all connections, group commit, fan-out.
//! - [`server`]: sockets and the storage thread around the hub.
//! - [`embedded`]: a relay inside another process.
//! - [`admin`]: what an operator asks of a relay, through its socket or straight on the store.
//! - [`setup`]: data directories: making and opening them.
//! - [`config`] and [`cli`]: the program `forsat-relay`.
//! - [`token`]: what a program of an operator shows to be let in.
//! - [`names`]: names that an operator types. [`ambient`]: clocks and randomness, for the drivers alone.

pub mod admin;
pub mod ambient;
pub mod cli;
pub mod config;

mod driver;
pub mod embedded;
pub mod hub;
pub mod identity;
pub mod names;
pub mod server;
pub mod setup;
pub mod store;
pub mod token;
