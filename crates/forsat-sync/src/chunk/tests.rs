//! Tests of the reader of change chunks.
