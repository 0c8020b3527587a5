//! The relay machine alone: deadlines, limits, slow readers, hostile frames.
