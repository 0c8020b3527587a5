//! The relay's store, server and program, each from outside.

#![expect(clippy::unwrap_used, reason = "helpers of tests may fail loudly too")]

mod access;
mod device;
mod hostile;
mod program;
mod quarantine;
mod redb_store;
mod server;
