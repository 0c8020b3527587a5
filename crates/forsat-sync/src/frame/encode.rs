//! From frames to bytes.

use super::{ToDevice, ToRelay};

impl ToRelay {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        Vec::new()
    }
}

impl ToDevice {
    /// The message.
    pub fn encode(&self) -> Vec<u8> {
        Vec::new()
    }
}
