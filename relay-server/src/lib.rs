//! The relay that devices sync through over WebSocket.
//!
//! - [`store`]: what is kept, behind the trait [`store::RelayStore`]; [`store::RedbStore`] is its embedded home.
//! - [`hub`]: the synchronous core: the machines of all connections, group commit, fan-out.
//! - [`names`]: names that an operator types.

pub mod hub;
pub mod names;
pub mod store;
