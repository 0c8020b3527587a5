//! The relay that devices sync through over WebSocket.
//!
//! - [`store`]: what is kept, behind the trait [`store::RelayStore`]; [`store::RedbStore`] is its embedded home.
//! - [`names`]: names that an operator types.

pub mod names;
pub mod store;
