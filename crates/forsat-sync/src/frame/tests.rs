//! Round trips, hostile bytes, tolerance.
