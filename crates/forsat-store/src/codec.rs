//! Bytes on disk: big-endian numbers, length-prefixed text, and a seal around every value.
//!
//! A sealed value is `[format byte][body][8 bytes of BLAKE3 over table, key, format and body]`. The seal finds a flipped
//! byte in key or value before anything of it is returned; redb verifies its own checksums only when it repairs.

use forsat_sync::id::ChangeHash;

/// Bytes of a seal behind a value.
pub(crate) const CHECK_LEN: usize = 8;

/// A table: its name in the file and the layout of its values.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Name inside redb.
    pub(crate) name: &'static str,
    /// First byte of every value.
    pub(crate) format: u8,
}

impl Table {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, format: 1 }
    }

    pub(crate) const fn definition(self) -> redb::TableDefinition<'static, &'static [u8], &'static [u8]> {
        redb::TableDefinition::new(self.name)
    }

    fn check(self, key: &[u8], framed: &[u8]) -> [u8; CHECK_LEN] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.name.as_bytes()).update(&[0]);
        hasher.update(&(key.len() as u64).to_be_bytes()).update(key).update(framed);
        let mut check = [0; CHECK_LEN];
        check.copy_from_slice(&hasher.finalize().as_bytes()[..CHECK_LEN]);
        check
    }

    /// Frames a body for disk.
    pub(crate) fn seal(self, key: &[u8], body: &[u8]) -> Vec<u8> {
        let mut framed = Vec::with_capacity(1 + body.len() + CHECK_LEN);
        framed.push(self.format);
        framed.extend_from_slice(body);
        let check = self.check(key, &framed);
        framed.extend_from_slice(&check);
        framed
    }

    /// The body of a value read from disk, if nothing of it changed since it was written.
    pub(crate) fn unseal<'a>(self, key: &[u8], value: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let (framed, check) =
            value.len().checked_sub(CHECK_LEN).map(|at| value.split_at(at)).ok_or(Malformed("too short"))?;
        if self.check(key, framed) != check {
            return Err(Malformed("checksum"));
        }
        match framed.split_first() {
            Some((format, body)) if *format == self.format => Ok(body),
            _ => Err(Malformed("unknown format byte")),
        }
    }
}

/// A value that doesn't read as what its table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) &'static str);

/// Builds keys and bodies.
#[derive(Default)]
pub(crate) struct Out(Vec<u8>);

impl Out {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn raw(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.0.extend_from_slice(bytes.as_ref());
        self
    }

    pub(crate) fn u8(self, value: u8) -> Self {
        self.raw([value])
    }

    pub(crate) fn u32(self, value: u32) -> Self {
        self.raw(value.to_be_bytes())
    }

    pub(crate) fn u64(self, value: u64) -> Self {
        self.raw(value.to_be_bytes())
    }

    pub(crate) fn i64(self, value: i64) -> Self {
        self.raw(value.to_be_bytes())
    }

    /// A length of four bytes, then the bytes. Values of 4 GiB and more don't fit into redb either.
    pub(crate) fn bytes(self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let length = u32::try_from(bytes.len()).expect("values stay below redb's limit of 3 GiB");
        self.u32(length).raw(bytes)
    }

    pub(crate) fn hashes(self, hashes: &[ChangeHash]) -> Self {
        let count = u32::try_from(hashes.len()).expect("a document has fewer than 2^32 heads");
        hashes.iter().fold(self.u32(count), |out, hash| out.raw(hash))
    }

    /// A presence byte, then the value.
    pub(crate) fn option<T>(self, value: Option<T>, put: impl FnOnce(Self, T) -> Self) -> Self {
        match value {
            None => self.u8(0),
            Some(value) => put(self.u8(1), value),
        }
    }

    pub(crate) fn done(self) -> Vec<u8> {
        self.0
    }
}

/// Reads keys and bodies; every method refuses what isn't there.
pub(crate) struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed("ends early"))?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Malformed> {
        self.array().map(i64::from_be_bytes)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u32()?;
        self.take(usize::try_from(length).map_err(|_| Malformed("length"))?)
    }

    pub(crate) fn text(&mut self) -> Result<String, Malformed> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| Malformed("text isn't UTF-8"))
    }

    pub(crate) fn hashes(&mut self) -> Result<Vec<ChangeHash>, Malformed> {
        let count = self.u32()?;
        let mut hashes = Vec::new();
        for _ in 0..count {
            hashes.push(ChangeHash::from_bytes(self.array()?));
        }
        Ok(hashes)
    }

    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Malformed> {
        match self.u8()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(Malformed("presence byte")),
        }
    }

    pub(crate) fn bool(&mut self) -> Result<bool, Malformed> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed("truth byte")),
        }
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything that is left.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }

    pub(crate) fn end(self) -> Result<(), Malformed> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed("bytes left over")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table::new("test");

    #[test]
    fn a_sealed_value_opens_under_its_own_table_and_key_only() {
        let value = TABLE.seal(b"key", b"body");
        assert_eq!(TABLE.unseal(b"key", &value), Ok(b"body".as_slice()));
        assert!(TABLE.unseal(b"other", &value).is_err());
        assert!(Table::new("other").unseal(b"key", &value).is_err());
        for at in 0..value.len() {
            let mut flipped = value.clone();
            flipped[at] ^= 0x10;
            assert!(TABLE.unseal(b"key", &flipped).is_err(), "byte {at}");
            assert!(TABLE.unseal(b"key", &value[..at]).is_err(), "cut at {at}");
        }
        let newer = Table { name: "test", format: 2 };
        assert_eq!(TABLE.unseal(b"key", &newer.seal(b"key", b"")), Err(Malformed("unknown format byte")));
    }

    #[test]
    fn fields_read_back_and_what_is_missing_is_refused() {
        let bytes = Out::new().u8(1).u32(2).u64(3).i64(-4).bytes("متن").option(Some(5), Out::u64).done();
        let mut input = In::new(&bytes);
        assert_eq!((input.u8(), input.u32(), input.u64(), input.i64()), (Ok(1), Ok(2), Ok(3), Ok(-4)));
        assert_eq!(input.text().as_deref(), Ok("متن"));
        assert_eq!(input.option(|input| input.u64()), Ok(Some(5)));
        assert_eq!(input.end(), Ok(()));
        assert!(In::new(&[0, 0, 0, 9, 1]).bytes().is_err());
        assert!(In::new(&[255; 4]).hashes().is_err(), "a declared count allocates nothing");
        assert!(In::new(&[2]).option(|input| input.u8()).is_err());
        assert!(In::new(&[0, 0, 0, 1, 0xff]).text().is_err());
        assert!(In::new(b"x").end().is_err());
    }
}
