//! Tokens as an operator makes, lists and revokes them.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Answer, Failure, Request};
use crate::ambient;
use crate::store::{NewToken, RelayStore, Scope, TokenSummary};
use crate::token::Token;

/// The longest time that a token with a time is good, in milliseconds: ten years.
pub const TOKEN_MS_MAX: u64 = 3650 * 24 * 60 * 60 * 1000;

/// A token that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenView {
    /// What it is called.
    pub name: String,
    /// What it is for: `read`, `access`.
    pub scopes: Vec<String>,
    /// The name of the only space that it reaches.
    pub space: Option<String>,
    /// Who made it.
    pub by: String,
    /// `active` or `expired`.
    pub state: String,
    /// When it was made, milliseconds since 1970 by the relay's clock.
    pub made_at_ms: u64,
    /// When it was last used, to the minute.
    pub used_at_ms: Option<u64>,
    /// Until when it is good.
    pub expires_at_ms: Option<u64>,
}

/// A token at the only moment at which it is shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenMadeView {
    /// What a program sends.
    pub token: String,
    /// The rest of it.
    #[serde(flatten)]
    pub made: TokenView,
}

impl fmt::Debug for TokenMadeView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenMadeView").field("made", &self.made).finish_non_exhaustive()
    }
}

/// Carries out one of these requests; no other is asked of it.
pub(super) fn execute(store: &dyn RelayStore, request: &Request) -> Result<Answer, Failure> {
    let now_ms = ambient::wall_ms();
    match request {
        Request::TokenCreate { name, scopes, space, expires_in_ms, by } => {
            let token = Token::from_bytes(ambient::random());
            let new = NewToken {
                hash: token.hash(),
                name: name.clone(),
                scopes: read_scopes(scopes)?,
                space: space.clone(),
                by: by.clone(),
                now_ms,
                expires_at_ms: expires_in_ms.map(|time_ms| read_time(time_ms, now_ms)).transpose()?,
            };
            let made = view(store.tokens().create_token(&new)?, now_ms);
            tracing::info!(token = made.name, scopes = ?made.scopes, space = made.space, by = made.by, "a token was made");
            Ok(Answer::TokenMade(TokenMadeView { token: token.reveal(), made }))
        }
        Request::TokenRevoke { name } => {
            let revoked = view(store.tokens().revoke_token(name, now_ms)?, now_ms);
            tracing::info!(token = revoked.name, "a token was revoked");
            Ok(Answer::TokenRevoked(revoked))
        }
        _ => {
            let tokens = store.tokens().all_tokens()?;
            Ok(Answer::Tokens { tokens: tokens.into_iter().map(|token| view(token, now_ms)).collect() })
        }
    }
}

fn read_scopes(names: &[String]) -> Result<Vec<Scope>, Failure> {
    let mut scopes = Vec::new();
    for name in names {
        let scope = Scope::parse(name).ok_or_else(|| {
            Failure::new("bad_request", format!("\"{name}\" is no scope: choose read, access, or both"))
        })?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    scopes.sort();
    Ok(scopes)
}

fn read_time(time_ms: u64, now_ms: u64) -> Result<u64, Failure> {
    if time_ms == 0 || time_ms > TOKEN_MS_MAX {
        return Err(Failure::new(
            "bad_request",
            "a token is good for at most ten years, and for some time at least",
        ));
    }
    Ok(now_ms.saturating_add(time_ms))
}

fn view(token: TokenSummary, now_ms: u64) -> TokenView {
    let expired = token.expires_at_ms.is_some_and(|expires_at_ms| expires_at_ms <= now_ms);
    TokenView {
        name: token.name,
        scopes: token.scopes.into_iter().map(|scope| scope.as_str().to_owned()).collect(),
        space: token.space.map(|(_, name)| name),
        by: token.by,
        state: if expired { "expired" } else { "active" }.to_owned(),
        made_at_ms: token.made_at_ms,
        used_at_ms: token.used_at_ms,
        expires_at_ms: token.expires_at_ms,
    }
}
