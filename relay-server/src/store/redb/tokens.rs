//! Tokens of an operator's programs. There are few: whoever shows one is compared with all of them, in the same time
//! whichever fits.

use std::collections::BTreeSet;

use redb::{ReadTransaction, WriteTransaction};

use super::control::find_space;
use super::rows::{InviteRow, Inviter, SpaceRow, TokenRow};
use super::tables::{INVITES, Readable, SPACES, TOKENS, Writable, corrupt, get, put, scan};
use super::{CONTROL_BYTES, Commit, RedbStore, invites};
use crate::names;
use crate::store::{ControlError, NewToken, StoreError, TOKENS_MAX, TokenStore, TokenSummary, USED_STEP_MS};
use crate::token::TokenHash;

impl TokenStore for RedbStore {
    fn create_token(&self, new: &NewToken) -> Result<TokenSummary, ControlError> {
        self.reserve(CONTROL_BYTES)?;
        self.write(new.now_ms, |tx| committed(create(tx, new)))?
    }

    fn all_tokens(&self) -> Result<Vec<TokenSummary>, StoreError> {
        self.read(list)
    }

    fn revoke_token(&self, name: &str, now_ms: u64) -> Result<TokenSummary, ControlError> {
        self.reserve(CONTROL_BYTES)?;
        self.write(now_ms, |tx| committed(revoke(tx, name)))?
    }

    fn use_token(&self, hash: &TokenHash, now_ms: u64) -> Result<Option<TokenSummary>, StoreError> {
        let found = self.read(|tx| {
            let found = find(&tx.open_table(TOKENS.table())?, hash, now_ms)?;
            let spaces = tx.open_table(SPACES.table())?;
            found.map(|(_, row)| Ok((summary(&spaces, row.clone())?, row))).transpose()
        })?;
        let Some((summary, row)) = found else { return Ok(None) };
        if row.used_at_ms.is_none_or(|used| now_ms.abs_diff(used) >= USED_STEP_MS) {
            // A disk that takes no writes is no reason to keep a program from reading.
            match self.write(now_ms, |tx| note_use(tx, hash, now_ms)) {
                Ok(()) => {}
                Err(error) if error.is_fatal() => return Err(error),
                Err(error) => tracing::debug!(%error, "the use of a token was not written down"),
            }
        }
        Ok(Some(summary))
    }
}

/// What is to be committed: a refusal changes nothing.
fn committed<T>(done: Result<T, ControlError>) -> Result<(Result<T, ControlError>, Commit), StoreError> {
    match done {
        Ok(done) => Ok((Ok(done), Commit::Yes)),
        Err(ControlError::Store(error)) => Err(error),
        Err(other) => Ok((Err(other), Commit::NothingWritten)),
    }
}

fn open(tx: &WriteTransaction) -> Result<Writable<'_>, StoreError> {
    Ok(tx.open_table(TOKENS.table())?)
}

fn create(tx: &WriteTransaction, new: &NewToken) -> Result<TokenSummary, ControlError> {
    let name = names::token(&new.name).map_err(ControlError::BadName)?;
    let by = names::token_maker(&new.by);
    if new.scopes.is_empty() {
        return Err(ControlError::BadName("say what the token is for: --scope read, access, or both"));
    }
    let space = match &new.space {
        Some(space) => Some(find_space(tx, space)?),
        None => None,
    };
    if space.as_ref().is_some_and(|space| space.common) {
        return Err(ControlError::BadName(
            "`common` is every member's: limit the token to another space, or to none",
        ));
    }
    let key = names::fold(&name);
    let mut tokens = open(tx)?;
    let mut count = 0;
    scan::<TokenRow>(&tokens, TOKENS, &[], |_, _| {
        count += 1;
        Ok(true)
    })?;
    if get::<TokenRow>(&tokens, TOKENS, key.as_bytes())?.is_some() {
        return Err(ControlError::TokenExists(name));
    }
    if count >= TOKENS_MAX {
        return Err(ControlError::TooManyTokens);
    }
    let row = TokenRow {
        name,
        hash: new.hash,
        scopes: new.scopes.clone(),
        space: space.map(|space| space.id),
        by,
        made_at_ms: new.now_ms,
        expires_at_ms: new.expires_at_ms,
        used_at_ms: None,
    };
    put(&mut tokens, key.as_bytes(), &row)?;
    Ok(summary(&tx.open_table(SPACES.table()).map_err(StoreError::from)?, row)?)
}

fn list(tx: &ReadTransaction) -> Result<Vec<TokenSummary>, StoreError> {
    let spaces = tx.open_table(SPACES.table())?;
    let mut list = Vec::new();
    scan::<TokenRow>(&tx.open_table(TOKENS.table())?, TOKENS, &[], |_, row| {
        list.push(summary(&spaces, row)?);
        Ok(true)
    })?;
    Ok(list)
}

fn revoke(tx: &WriteTransaction, name: &str) -> Result<TokenSummary, ControlError> {
    let key = names::fold(name);
    let mut tokens = open(tx)?;
    let row: TokenRow =
        get(&tokens, TOKENS, key.as_bytes())?.ok_or_else(|| ControlError::NoSuchToken(name.to_owned()))?;
    tokens.remove(key.as_bytes()).map_err(StoreError::from)?;
    invites::drop_waiting(tx, |by, _| *by == Inviter::Program(row.hash))?;
    Ok(summary(&tx.open_table(SPACES.table()).map_err(StoreError::from)?, row)?)
}

fn note_use(tx: &WriteTransaction, hash: &TokenHash, now_ms: u64) -> Result<((), Commit), StoreError> {
    let mut tokens = open(tx)?;
    let Some((key, row)) = find(&tokens, hash, now_ms)? else { return Ok(((), Commit::NothingWritten)) };
    put(&mut tokens, &key, &TokenRow { used_at_ms: Some(now_ms), ..row })?;
    Ok(((), Commit::Yes))
}

/// The token of a hash that is good now, with its key. Every token is looked at.
pub(super) fn find(
    tokens: &impl Readable,
    hash: &TokenHash,
    now_ms: u64,
) -> Result<Option<(Vec<u8>, TokenRow)>, StoreError> {
    let mut found = None;
    scan::<TokenRow>(tokens, TOKENS, &[], |key, row| {
        if row.hash == *hash && !row.is_expired(now_ms) {
            found = Some((key.to_vec(), row));
        }
        Ok(true)
    })?;
    Ok(found)
}

/// Makes every token worthless; answers how many there were.
pub(super) fn revoke_all(tx: &WriteTransaction) -> Result<u64, StoreError> {
    let mut tokens = open(tx)?;
    let mut keys = Vec::new();
    scan::<TokenRow>(&tokens, TOKENS, &[], |key, _| {
        keys.push(key.to_vec());
        Ok(true)
    })?;
    for key in &keys {
        tokens.remove(key.as_slice())?;
    }
    invites::drop_waiting(tx, |by, _| matches!(by, Inviter::Program(_)))?;
    Ok(keys.len() as u64)
}

/// 12: every token can be read, has a hash of its own, and reaches a space that there is.
pub(super) fn verify(tx: &ReadTransaction, wrong: &mut Vec<String>) -> Result<(), StoreError> {
    let spaces = tx.open_table(SPACES.table())?;
    let mut hashes = BTreeSet::new();
    scan::<TokenRow>(&tx.open_table(TOKENS.table())?, TOKENS, &[], |_, row| {
        if !hashes.insert(*row.hash.as_bytes()) {
            wrong.push(format!("12: two tokens have one hash, one is \"{}\"", row.name));
        }
        if let Some(space) = row.space
            && get::<SpaceRow>(&spaces, SPACES, space.as_bytes())?.is_none()
        {
            wrong.push(format!("12: the token \"{}\" is for the space {space}, which is missing", row.name));
        }
        Ok(true)
    })?;
    scan::<InviteRow>(&tx.open_table(INVITES.table())?, INVITES, &[], |_, row| {
        match row.by {
            Some(Inviter::Program(token)) if row.used_by.is_none() && !hashes.contains(token.as_bytes()) => {
                wrong.push("12: an invite waits by a token that is missing".into());
            }
            _ => {}
        }
        Ok(true)
    })
}

fn summary(spaces: &impl Readable, row: TokenRow) -> Result<TokenSummary, StoreError> {
    let space = match row.space {
        Some(id) => {
            let found: Option<SpaceRow> = get(spaces, SPACES, id.as_bytes())?;
            let found = found.ok_or_else(|| corrupt(TOKENS, "a token names a space that is missing"))?;
            Some((id, found.name))
        }
        None => None,
    };
    Ok(TokenSummary {
        hash: row.hash,
        name: row.name,
        scopes: row.scopes,
        space,
        by: row.by,
        made_at_ms: row.made_at_ms,
        expires_at_ms: row.expires_at_ms,
        used_at_ms: row.used_at_ms,
    })
}

#[cfg(test)]
mod tests {
    use forsat_sync::id::{Epoch, SpaceId, WorkspaceId};
    use redb::ReadableTable as _;

    use super::*;
    use crate::store::redb::{InitWorkspace, OpenOptions};
    use crate::store::{RelayStore as _, Scope};

    #[test]
    fn a_damaged_token_lets_nobody_in_and_is_found() {
        let init = InitWorkspace {
            workspace: WorkspaceId::from_bytes([3; 16]),
            name: "Sales".into(),
            relay_key_seed: [4; 32],
            common: SpaceId::from_bytes([5; 16]),
            now_ms: 1,
        };
        let backend = redb::backends::InMemoryBackend::new();
        let store = RedbStore::with_backend(backend, OpenOptions::new(Epoch::new(1)), &init).unwrap();
        let new = NewToken {
            hash: TokenHash::from_bytes([7; 32]),
            name: "nightly".into(),
            scopes: vec![Scope::Read],
            space: None,
            by: "sara".into(),
            now_ms: 1,
            expires_at_ms: None,
        };
        store.create_token(&new).unwrap();
        let found = || store.examine(&|| false).unwrap();
        assert!(found().is_sound() && store.verify().unwrap().is_empty());
        let damage = |tx: &WriteTransaction| {
            let mut tokens = open(tx)?;
            let mut bytes = tokens.get(b"nightly".as_slice())?.unwrap().value().to_vec();
            // The byte of the scopes: more than it was made for.
            bytes[33] ^= 2;
            tokens.insert(b"nightly".as_slice(), bytes.as_slice())?;
            Ok(((), Commit::Yes))
        };
        store.write(1, damage).unwrap();
        assert!(matches!(store.use_token(&new.hash, 1), Err(StoreError::Corrupt { table: "tokens", .. })));
        assert!(found().findings.iter().any(|finding| finding.message.contains("tokens")), "{:?}", found());
    }
}
