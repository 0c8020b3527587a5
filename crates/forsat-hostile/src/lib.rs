//! What a peer with a program of its own may send: changes that are well formed and hostile, each with a name and with
//! what relay and device have to make of it.
//!
//! [`Scene`] says on top of which document; [`Scene::groundwork`] are honest changes that have to be taken first, and
//! [`Scene::catalogue`] is everything that follows them. [`Change`] writes any change to the byte, right or wrong.
//! Only ever a dev-dependency: the tests of relay, device and the whole share it.

mod bombs;
mod bytes;
mod catalogue;
mod change;
mod headers;
mod operations;

pub use catalogue::{AtDevice, AtRelay, Entry, Scene};
pub use change::{Change, Columns, Key, Name, Operation, Value, deflated, hash, seal};
