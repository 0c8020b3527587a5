//! Tokens of an operator's programs: what each may ask, where, and until when.

use forsat_sync::id::{DeviceId, SpaceId};

use super::{ControlError, StoreError};
use crate::token::TokenHash;

/// The most tokens that a relay keeps, expired ones too.
pub const TOKENS_MAX: usize = 256;
/// The most invites that wait by one token, or of one administrator.
pub const INVITES_WAITING_MAX: usize = 256;
/// How long a use of a token is remembered to the nearest, in milliseconds: so often is it written down at most.
pub const USED_STEP_MS: u64 = 60_000;

/// What a token may be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Lists, and the status.
    Read,
    /// Invites, roles and devices.
    Access,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Read, Self::Access];

    /// `read` or `access`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Access => "access",
        }
    }

    /// Reads `read` or `access`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What is kept of it.
    pub hash: TokenHash,
    /// What it is called, unique when folded.
    pub name: String,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// The name of the only space that it may reach; every space without one.
    pub space: Option<String>,
    /// Who makes it.
    pub by: String,
    /// The relay's clock, milliseconds since 1970.
    pub now_ms: u64,
    /// Until when it is good, by the relay's clock.
    pub expires_at_ms: Option<u64>,
}

/// A token that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSummary {
    /// What is kept of it.
    pub hash: TokenHash,
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub scopes: Vec<Scope>,
    /// The only space that it may reach, with its name.
    pub space: Option<(SpaceId, String)>,
    /// Who made it.
    pub by: String,
    /// When it was made, milliseconds since 1970 by the relay's clock.
    pub made_at_ms: u64,
    /// Until when it is good.
    pub expires_at_ms: Option<u64>,
    /// When it was last used, give or take [`USED_STEP_MS`].
    pub used_at_ms: Option<u64>,
}

/// Who orders something and isn't the operator at the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orderer {
    /// A device, for its user.
    Device(DeviceId),
    /// A program, by its token.
    Program(TokenHash),
}

/// The part of a relay's storage that keeps tokens. Every change is one durable transaction.
pub trait TokenStore {
    /// Makes a token.
    fn create_token(&self, new: &NewToken) -> Result<TokenSummary, ControlError>;

    /// All tokens, by name.
    fn all_tokens(&self) -> Result<Vec<TokenSummary>, StoreError>;

    /// Makes a token worthless, with the invites that wait by it; answers what it was.
    fn revoke_token(&self, name: &str, now_ms: u64) -> Result<TokenSummary, ControlError>;

    /// The token of a hash, if it is good now; that it was used is written down where the disk takes it.
    fn use_token(&self, hash: &TokenHash, now_ms: u64) -> Result<Option<TokenSummary>, StoreError>;
}
