//! The row of a token.

use forsat_sync::id::SpaceId;

use super::{Reader, Row, RowError, Writer};
use crate::store::Scope;
use crate::token::TokenHash;

/// A token, keyed by its folded name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct TokenRow {
    pub(in super::super) name: String,
    pub(in super::super) hash: TokenHash,
    pub(in super::super) scopes: Vec<Scope>,
    pub(in super::super) space: Option<SpaceId>,
    pub(in super::super) by: String,
    pub(in super::super) made_at_ms: u64,
    pub(in super::super) expires_at_ms: Option<u64>,
    pub(in super::super) used_at_ms: Option<u64>,
}

impl TokenRow {
    /// Whether it is past its time.
    pub(in super::super) fn is_expired(&self, now_ms: u64) -> bool {
        self.expires_at_ms.is_some_and(|expires_at_ms| expires_at_ms <= now_ms)
    }
}

fn bit(scope: Scope) -> u8 {
    match scope {
        Scope::Read => 1,
        Scope::Access => 2,
    }
}

fn optional_u64(reader: &mut Reader<'_>) -> Result<Option<u64>, RowError> {
    let Some(bytes) = reader.optional()? else { return Ok(None) };
    bytes.try_into().map(|bytes| Some(u64::from_be_bytes(bytes))).map_err(|_| RowError::Shape)
}

impl Row for TokenRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        Writer::new()
            .fixed(self.hash.as_bytes())
            .u8(self.scopes.iter().fold(0, |bits, scope| bits | bit(*scope)))
            .u64(self.made_at_ms)
            .optional(self.expires_at_ms.map(u64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice))
            .optional(self.used_at_ms.map(u64::to_be_bytes).as_ref().map(<[u8; 8]>::as_slice))
            .optional(self.space.as_ref().map(|space| space.as_bytes().as_slice()))
            .text(&self.name)
            .text(&self.by)
            .seal(key)
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let hash = TokenHash::from_bytes(reader.array()?);
        let bits = reader.u8()?;
        let scopes: Vec<_> = Scope::ALL.into_iter().filter(|scope| bits & bit(*scope) != 0).collect();
        if scopes.iter().fold(0, |known, scope| known | bit(*scope)) != bits {
            return Err(RowError::Shape);
        }
        let made_at_ms = reader.u64()?;
        let expires_at_ms = optional_u64(&mut reader)?;
        let used_at_ms = optional_u64(&mut reader)?;
        let space = match reader.optional()? {
            Some(bytes) => Some(SpaceId::from_slice(bytes).ok_or(RowError::Shape)?),
            None => None,
        };
        let (name, by) = (reader.text()?, reader.text()?);
        reader.end().map(|()| Self { name, hash, scopes, space, by, made_at_ms, expires_at_ms, used_at_ms })
    }
}
