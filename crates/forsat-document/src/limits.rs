//! What one change and one document may hold. A relay refuses more, so nothing larger is saved here.

/// The largest change chunk in its canonical uncompressed form, in bytes.
pub const CHUNK_BYTES_MAX: usize = 256 * 1024;
/// The most operations in one change; a text has one a character.
pub const CHUNK_OPS_MAX: usize = 65_536;
/// The most changes of one document.
pub const DOCUMENT_CHANGES_MAX: u64 = 50_000;
/// The most bytes of all canonical chunks of one document.
pub const DOCUMENT_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// The highest operation counter.
pub const OP_COUNTER_MAX: u64 = (1 << 31) - 1;
/// The longest key of a set or map, in bytes.
pub const KEY_BYTES_MAX: usize = 512;
