//! Tests of the rules of this module.
