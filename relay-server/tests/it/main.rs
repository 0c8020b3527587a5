//! The relay's store, hub, server and program, each from outside.

mod redb_store;
