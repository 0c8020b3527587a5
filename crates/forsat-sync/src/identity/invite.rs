//! Invite codes: a secret and the relay's public key in one text that survives copying.

use crate::id::RelayId;
use std::fmt;

/// The secret of an invite: 16 bytes from a cryptographic source of randomness. Never printed, never stored by a relay.
#[derive(Clone, PartialEq, Eq)]
pub struct InviteSecret([u8; 16]);

impl InviteSecret {
    /// Length in bytes.
    pub const LEN: usize = 16;

    /// Wraps random bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// What a relay stores and looks an invite up by. The secret has 128 random bits, so a plain hash can't be searched.
    pub fn hash(&self) -> SecretHash {
        SecretHash(blake3::derive_key("forsat sync 1 invite secret", &self.0))
    }
}

impl fmt::Debug for InviteSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteSecret(…)")
    }
}

/// The hash under which a relay keeps an invite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Wraps stored bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// An invite as it is handed over: printed with `Display`, read with `FromStr`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteCode {
    /// Redeemed once.
    pub secret: InviteSecret,
    /// The relay's key, pinned from here on.
    pub relay: RelayId,
    /// Where the relay is, if the invite says so: a `ws://` or `wss://` address of at most [`InviteCode::ADDRESS_BYTES_MAX`] bytes.
    pub address: Option<String>,
}

impl InviteCode {
    /// The longest address in bytes.
    pub const ADDRESS_BYTES_MAX: usize = 255;
}

/// Why a text isn't an invite code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InviteError {
    /// It doesn't begin like one.
    #[error("this isn't an invite code: one begins with `fsi1`; copy the whole line that the relay printed")]
    NotAnInvite,
}

impl fmt::Display for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fsi1")
    }
}

impl std::str::FromStr for InviteCode {
    type Err = InviteError;

    fn from_str(_text: &str) -> Result<Self, InviteError> {
        Err(InviteError::NotAnInvite)
    }
}
