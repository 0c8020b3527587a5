//! The row of an invite.

use forsat_sync::id::{DeviceId, SpaceId, UserId};

use super::{Reader, Row, RowError, Writer, role_from_byte, role_to_byte};
use crate::store::Role;

/// An invite, keyed by the hash of its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct InviteRow {
    pub(in super::super) user_key: String,
    pub(in super::super) space: SpaceId,
    pub(in super::super) role: Role,
    pub(in super::super) expires_at_ms: u64,
    pub(in super::super) used_by: Option<DeviceId>,
    /// Whether the device that redeems it waits to be let in.
    pub(in super::super) approve: bool,
    /// The administrator who made it from a device; none for the operator.
    pub(in super::super) by: Option<UserId>,
}

impl Row for InviteRow {
    fn encode(&self, key: &[u8]) -> Vec<u8> {
        let row = Writer::new()
            .fixed(self.space.as_bytes())
            .u8(role_to_byte(self.role))
            .u64(self.expires_at_ms)
            .optional(self.used_by.as_ref().map(|id| id.as_bytes().as_slice()))
            .text(&self.user_key);
        // A row without them is one of an operator's invite that needs no approval, as all were once.
        match self.by {
            Some(by) => row.u8(u8::from(self.approve)).fixed(by.as_bytes()).seal(key),
            None if self.approve => row.u8(1).seal(key),
            None => row.seal(key),
        }
    }

    fn decode(key: &[u8], row: &[u8]) -> Result<Self, RowError> {
        let mut reader = Reader::open(key, row)?;
        let space = SpaceId::from_bytes(reader.array()?);
        let role = role_from_byte(reader.u8()?)?;
        let expires_at_ms = reader.u64()?;
        let used_by = match reader.optional()? {
            Some(bytes) => Some(DeviceId::from_slice(bytes).ok_or(RowError::Shape)?),
            None => None,
        };
        let user_key = reader.text()?;
        let approve = !reader.is_empty() && reader.u8()? == 1;
        let by = if reader.is_empty() { None } else { Some(UserId::from_bytes(reader.array()?)) };
        reader.end().map(|()| Self { user_key, space, role, expires_at_ms, used_by, approve, by })
    }
}
