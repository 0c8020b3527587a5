//! Tests of the issues.
