//! Invite codes: a secret and the relay's public key in one text that survives copying.

use super::digits::{DigitsError, from_digits, to_digits};
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
    /// A character that no code has.
    #[error("`{0}` can't be part of an invite code; copy the whole line that the relay printed")]
    Character(char),
    /// Too short or too long for a code.
    #[error(
        "the invite code has {0} characters, which no code has; copy the whole line that the relay printed"
    )]
    Length(usize),
    /// The checksum says that a part was mistyped.
    #[error("the invite code was changed on its way (its checksum is wrong); copy it again")]
    Checksum,
    /// What should be the relay's key isn't one.
    #[error("the invite code holds no valid relay key; ask for a new invite")]
    Key,
    /// What should be the relay's address isn't one.
    #[error("the invite code holds no valid relay address; ask for a new invite")]
    Address,
}

/// Every code begins so; the digit is the version of the form.
const PREFIX: &str = "fsi1";
const CHECKSUM_LEN: usize = 4;
const PAYLOAD_LEN_MIN: usize = InviteSecret::LEN + RelayId::LEN;
const PAYLOAD_LEN_MAX: usize = PAYLOAD_LEN_MIN + InviteCode::ADDRESS_BYTES_MAX;
const DIGITS_MAX: usize = ((PAYLOAD_LEN_MAX + CHECKSUM_LEN) * 8).div_ceil(5);

fn checksum(payload: &[u8]) -> [u8; CHECKSUM_LEN] {
    let [a, b, c, d, ..] = blake3::derive_key("forsat sync 1 invite checksum", payload);
    [a, b, c, d]
}

impl fmt::Display for InviteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.address.as_deref().unwrap_or_default();
        let payload = [self.secret.as_bytes(), &self.relay.as_bytes()[..], address.as_bytes()].concat();
        f.write_str(PREFIX)?;
        f.write_str(&to_digits(&[&payload[..], &checksum(&payload)].concat()))
    }
}

impl std::str::FromStr for InviteCode {
    type Err = InviteError;

    /// Reads a code as people paste it: in either case, broken over lines, with `o` for `0` and `i` or `l` for `1`.
    fn from_str(text: &str) -> Result<Self, InviteError> {
        let plain: String =
            text.chars().filter(|c| !c.is_whitespace() && *c != '-').take(DIGITS_MAX + 5).collect();
        let plain = plain.to_lowercase();
        let Some(digits) = plain.strip_prefix(PREFIX) else { return Err(InviteError::NotAnInvite) };
        let bytes = from_digits(digits).map_err(|error| match error {
            DigitsError::Character(c) => InviteError::Character(c),
            DigitsError::Length => InviteError::Length(digits.len()),
        })?;
        let payload_len = bytes.len().saturating_sub(CHECKSUM_LEN);
        if !(PAYLOAD_LEN_MIN..=PAYLOAD_LEN_MAX).contains(&payload_len) {
            return Err(InviteError::Length(digits.len()));
        }
        let (payload, sum) = bytes.split_at(payload_len);
        if checksum(payload) != sum {
            return Err(InviteError::Checksum);
        }
        let (secret, rest) = payload.split_at(InviteSecret::LEN);
        let (relay, address) = rest.split_at(RelayId::LEN);
        let secret = secret.try_into().map_err(|_| InviteError::Length(digits.len()))?;
        let relay = RelayId::from_slice(relay).ok_or(InviteError::Key)?;
        if !super::key::is_key(relay.as_bytes()) {
            return Err(InviteError::Key);
        }
        Ok(Self { secret: InviteSecret(secret), relay, address: read_address(address)? })
    }
}

fn read_address(bytes: &[u8]) -> Result<Option<String>, InviteError> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| InviteError::Address)?;
    let scheme = text.starts_with("ws://") || text.starts_with("wss://");
    let plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if scheme && plain { Ok(Some(text.to_owned())) } else { Err(InviteError::Address) }
}
