//! The walk over a message that bounds it before anything is built from it.

/// How deep arrays may nest, the frame's own array included.
pub const DEPTH_MAX: usize = crate::limits::CBOR_DEPTH_MAX;
