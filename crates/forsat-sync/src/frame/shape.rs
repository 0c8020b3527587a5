//! The walk over a message that bounds it before anything is built from it.
//!
//! Taken are integers, byte strings, texts, arrays and maps of declared length, `false`, `true` and `null`. Tags,
//! floats and indefinite lengths are not part of the protocol and are refused.

use super::FrameError;

/// How deep arrays and maps may nest, the frame's own array included.
pub const DEPTH_MAX: usize = crate::limits::CBOR_DEPTH_MAX;

/// Checks that `bytes` is exactly one array within the limits.
pub(super) fn check(bytes: &[u8], bytes_max: usize) -> Result<(), FrameError> {
    if bytes.len() > bytes_max {
        return Err(FrameError::TooLarge { size: bytes.len(), max: bytes_max });
    }
    if bytes.first().map(|first| first >> 5) != Some(4) {
        return Err(FrameError::NotAFrame);
    }
    let mut walk = Walk { bytes, position: 0, open: [0; DEPTH_MAX], depth: 0 };
    walk.item()?;
    while walk.depth > 0 {
        let left = &mut walk.open[walk.depth - 1];
        if *left == 0 {
            walk.depth -= 1;
        } else {
            *left -= 1;
            walk.item()?;
        }
    }
    if walk.position == bytes.len() { Ok(()) } else { Err(FrameError::TrailingBytes) }
}

struct Walk<'b> {
    bytes: &'b [u8],
    position: usize,
    /// Items that are still to come in each open container.
    open: [u64; DEPTH_MAX],
    depth: usize,
}

impl Walk<'_> {
    /// Passes over one scalar or opens one container.
    fn item(&mut self) -> Result<(), FrameError> {
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 0x1f);
        if major == 7 {
            return if (20..=22).contains(&info) { Ok(()) } else { Err(FrameError::Unsupported) };
        }
        let argument = self.argument(info)?;
        match major {
            0 | 1 => Ok(()),
            2 | 3 => self.pass(argument),
            4 => self.open(argument),
            5 => self.open(argument.checked_mul(2).ok_or(FrameError::Truncated)?),
            _ => Err(FrameError::Unsupported),
        }
    }

    fn argument(&mut self, info: u8) -> Result<u64, FrameError> {
        let width = match info {
            0..=23 => return Ok(u64::from(info)),
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return Err(FrameError::Unsupported),
        };
        Ok(self.take(width)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn open(&mut self, items: u64) -> Result<(), FrameError> {
        let slot = self.open.get_mut(self.depth).ok_or(FrameError::TooDeep)?;
        *slot = items;
        self.depth += 1;
        // Every item has a byte at least, so a count beyond what is left is a lie.
        if items > (self.bytes.len() - self.position) as u64 { Err(FrameError::Truncated) } else { Ok(()) }
    }

    fn pass(&mut self, length: u64) -> Result<(), FrameError> {
        let length = usize::try_from(length).map_err(|_| FrameError::Truncated)?;
        self.take(length).map(|_| ())
    }

    fn take(&mut self, length: usize) -> Result<&[u8], FrameError> {
        let end = self.position.checked_add(length).ok_or(FrameError::Truncated)?;
        let taken = self.bytes.get(self.position..end).ok_or(FrameError::Truncated)?;
        self.position = end;
        Ok(taken)
    }
}
