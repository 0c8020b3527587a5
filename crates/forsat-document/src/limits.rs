//! What one change and one document may hold. A relay refuses more, so nothing larger is saved here.

/// The largest change chunk in its canonical uncompressed form, in bytes.
pub const CHUNK_BYTES_MAX: usize = 256 * 1024;
/// The most operations in one change; a text has one a character.
pub const CHUNK_OPS_MAX: usize = 65_536;
/// The most changes of one document.
pub const DOCUMENT_CHANGES_MAX: u64 = 50_000;
/// The most bytes of all canonical chunks of one document.
pub const DOCUMENT_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// The most operations of all changes of one document.
pub const DOCUMENT_OPS_MAX: u64 = 500_000;
/// The most changes, bytes and operations of a document on a device: what a relay may have taken, and some that wait to
/// be sent. What a feed brings beyond it is left out, so that no document takes more memory than it may.
pub const HELD_CHANGES_MAX: u64 = 2 * DOCUMENT_CHANGES_MAX;
/// See [`HELD_CHANGES_MAX`].
pub const HELD_BYTES_MAX: u64 = DOCUMENT_BYTES_MAX + 1024 * 1024;
/// See [`HELD_CHANGES_MAX`].
pub const HELD_OPS_MAX: u64 = 650_000;
/// How deep the objects of a document may lie in each other; ours lie in the root.
pub const OBJECT_DEPTH_MAX: usize = 32;
/// The highest operation counter.
pub const OP_COUNTER_MAX: u64 = (1 << 31) - 1;
/// The longest key of a set or map, in bytes.
pub const KEY_BYTES_MAX: usize = 512;
