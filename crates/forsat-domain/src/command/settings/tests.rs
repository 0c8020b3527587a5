//! Tests of the settings administration.
