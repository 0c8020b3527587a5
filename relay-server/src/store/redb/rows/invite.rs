//! The row of an invite.

use forsat_sync::id::{DeviceId, SpaceId, UserId};

use super::{Reader, Row, RowError, Writer, role_from_byte, role_to_byte};
use crate::store::Role;
use crate::token::TokenHash;

/// In the byte after the user's key: the device that redeems it waits to be let in.
const WAITS: u8 = 1;
/// In the same byte: a program made it; the hash of its token follows.
const BY_PROGRAM: u8 = 2;
/// In the same byte: the administrator's device follows their id.
const WITH_DEVICE: u8 = 4;

/// Who made an invite and isn't the operator at the relay: what they may no longer give, the invite no longer gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Inviter {
    /// An administrator, from a device; rows from before the device was kept have none.
    User { user: UserId, device: Option<DeviceId> },
    /// A program, by its token.
    Program(TokenHash),
}

impl Inviter {
    /// The administrator; none for a program.
    pub(in super::super) fn user(&self) -> Option<UserId> {
        match self {
            Self::User { user, .. } => Some(*user),
            Self::Program(_) => None,
        }
    }

    /// Whether it is the same administrator, from whichever device, or the same program.
    pub(in super::super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::User { user, .. }, Self::User { user: other, .. }) => user == other,
            (Self::Program(token), Self::Program(other)) => token == other,
            _ => false,
        }
    }
}

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
    /// Who made it; none for the operator.
    pub(in super::super) by: Option<Inviter>,
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
        let waits = if self.approve { WAITS } else { 0 };
        match self.by {
            Some(Inviter::Program(token)) => row.u8(waits | BY_PROGRAM).fixed(token.as_bytes()).seal(key),
            Some(Inviter::User { user, device: Some(device) }) => {
                row.u8(waits | WITH_DEVICE).fixed(user.as_bytes()).fixed(device.as_bytes()).seal(key)
            }
            Some(Inviter::User { user, device: None }) => row.u8(waits).fixed(user.as_bytes()).seal(key),
            None if self.approve => row.u8(waits).seal(key),
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
        let flags = if reader.is_empty() { 0 } else { reader.u8()? };
        let by = match flags & !WAITS {
            0 if reader.is_empty() => None,
            0 => Some(Inviter::User { user: UserId::from_bytes(reader.array()?), device: None }),
            WITH_DEVICE => Some(Inviter::User {
                user: UserId::from_bytes(reader.array()?),
                device: Some(DeviceId::from_bytes(reader.array()?)),
            }),
            BY_PROGRAM => Some(Inviter::Program(TokenHash::from_bytes(reader.array()?))),
            _ => return Err(RowError::Shape),
        };
        let approve = flags & WAITS != 0;
        reader.end().map(|()| Self { user_key, space, role, expires_at_ms, used_by, approve, by })
    }
}
