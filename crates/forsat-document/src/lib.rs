//! Turns domain records into Automerge documents and back; no I/O.
