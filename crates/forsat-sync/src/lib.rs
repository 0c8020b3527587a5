//! The sync protocol of Forsat as machines without I/O: frames, limits, change headers, digests.
