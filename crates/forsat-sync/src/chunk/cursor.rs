//! A cursor over borrowed bytes: every read is checked, nothing is allocated.

use super::ChunkError;

/// What is left to read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Everything that is left.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(super) fn byte(&mut self) -> Result<u8, ChunkError> {
        let (first, rest) = self.bytes.split_first().ok_or(ChunkError::Truncated)?;
        self.bytes = rest;
        Ok(*first)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ChunkError> {
        let (first, rest) = self.bytes.split_first_chunk().ok_or(ChunkError::Truncated)?;
        self.bytes = rest;
        Ok(*first)
    }

    /// Takes a length that the peer declared; it is compared with what is there before anything is done with it.
    pub(super) fn take(&mut self, len: u64) -> Result<&'a [u8], ChunkError> {
        let len = usize::try_from(len).map_err(|_| ChunkError::Truncated)?;
        let (first, rest) = self.bytes.split_at_checked(len).ok_or(ChunkError::Truncated)?;
        self.bytes = rest;
        Ok(first)
    }

    pub(super) fn text(&mut self, len: u64) -> Result<&'a str, ChunkError> {
        std::str::from_utf8(self.take(len)?).map_err(|_| ChunkError::Text)
    }

    /// An unsigned LEB128 in its shortest form. The form matters: Automerge writes numbers anew when it rebuilds a
    /// change from a document, and a longer form would give that change another hash.
    pub(super) fn unsigned(&mut self) -> Result<u64, ChunkError> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            let low = u64::from(byte & 0x7f);
            if shift == 63 && low > 1 {
                return Err(ChunkError::Number);
            }
            value |= low << shift;
            if byte & 0x80 == 0 {
                return if shift > 0 && byte == 0 { Err(ChunkError::Number) } else { Ok(value) };
            }
        }
        Err(ChunkError::Number)
    }

    /// A signed LEB128 in its shortest form.
    pub(super) fn signed(&mut self) -> Result<i64, ChunkError> {
        let mut value = 0i64;
        let mut previous = 0u8;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte != 0 && byte != 0x7f {
                return Err(ChunkError::Number);
            }
            value |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let extends = (byte == 0 && previous & 0x40 == 0) || (byte == 0x7f && previous & 0x40 != 0);
                if shift > 0 && extends {
                    return Err(ChunkError::Number);
                }
                return Ok(if shift < 57 && byte & 0x40 != 0 { value | (-1 << (shift + 7)) } else { value });
            }
            previous = byte;
        }
        Err(ChunkError::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unsigned(bytes: &[u8]) -> Result<u64, ChunkError> {
        Cursor::new(bytes).unsigned()
    }

    fn signed(bytes: &[u8]) -> Result<i64, ChunkError> {
        Cursor::new(bytes).signed()
    }

    #[test]
    fn unsigned_numbers_have_one_form() {
        assert_eq!(unsigned(&[0]), Ok(0));
        assert_eq!(unsigned(&[0x80, 1]), Ok(128));
        let max = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1];
        assert_eq!(unsigned(&max), Ok(u64::MAX));
        let too_large = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        assert_eq!(unsigned(&too_large), Err(ChunkError::Number));
        assert_eq!(unsigned(&[0x81, 0]), Err(ChunkError::Number));
        assert_eq!(unsigned(&[0x81; 12]), Err(ChunkError::Number));
        assert_eq!(unsigned(&[0xff]), Err(ChunkError::Truncated));
    }

    #[test]
    fn signed_numbers_have_one_form() {
        assert_eq!(signed(&[0x7f]), Ok(-1));
        assert_eq!(signed(&[0x40]), Ok(-64));
        assert_eq!(signed(&[0x80, 0x40]), Ok(-8192));
        assert_eq!(signed(&[0xff, 0x3f]), Ok(8191));
        let max = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0];
        assert_eq!(signed(&max), Ok(i64::MAX));
        let min = [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f];
        assert_eq!(signed(&min), Ok(i64::MIN));
        assert_eq!(signed(&[0xbf, 0]), Err(ChunkError::Number));
        assert_eq!(signed(&[0x81, 0xff, 0x7f]), Err(ChunkError::Number));
        assert_eq!(signed(&[0x90]), Err(ChunkError::Truncated));
    }

    #[test]
    fn a_declared_length_is_only_compared() {
        assert_eq!(Cursor::new(&[1, 2, 3]).take(u64::MAX), Err(ChunkError::Truncated));
        assert_eq!(Cursor::new(&[1, 2, 3]).take(2), Ok(&[1u8, 2][..]));
    }
}
