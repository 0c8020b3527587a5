//! Import of CSV files by a mapping: each row becomes one record, whole or not at all.

pub(crate) mod mapping;
pub(crate) mod reader;
