//! The row of an entry of the control log.

use forsat_sync::control::SignedEntry;
use forsat_sync::identity::Signature;

use super::{Reader, Row, RowError, Writer};

/// An entry, keyed by its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct ControlRow(pub(in super::super) SignedEntry);

impl Row for ControlRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new().bytes(&self.0.bytes).fixed(self.0.signature.as_bytes()).seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let bytes = reader.bytes()?.to_vec();
        let signature = Signature::from_bytes(reader.array()?);
        reader.end().map(|()| Self(SignedEntry { bytes, signature }))
    }
}
