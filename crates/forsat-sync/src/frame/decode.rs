//! From bytes to frames.

use super::{ToDevice, ToRelay};

/// Why a message isn't a frame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Larger than a message may be.
    #[error("the message has {size} bytes; at most {max} are taken")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        max: usize,
    },
}

impl ToRelay {
    /// Reads a message of at most `bytes_max` bytes.
    pub fn decode(_bytes: &[u8], _bytes_max: usize) -> Result<Self, FrameError> {
        Err(FrameError::TooLarge { size: 0, max: 0 })
    }
}

impl ToDevice {
    /// Reads a message of at most `bytes_max` bytes.
    pub fn decode(_bytes: &[u8], _bytes_max: usize) -> Result<Self, FrameError> {
        Err(FrameError::TooLarge { size: 0, max: 0 })
    }
}
