//! Tokens of an operator's programs. There are few: whoever shows one is compared with all of them, in the same time
//! whichever fits.

use std::collections::BTreeSet;

use redb::{ReadTransaction, ReadableTable as _, ReadableTableMetadata as _, WriteTransaction};

use super::control::find_space;
use super::examine::readable;
use super::rows::{InviteRow, Inviter, Row as _, SpaceRow, TokenRow};
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
    let row: Option<TokenRow> = match readable(get(&tokens, TOKENS, key.as_bytes()))? {
        Some(None) => return Err(ControlError::NoSuchToken(name.to_owned())),
        Some(found) => found,
        None => None,
    };
    tokens.remove(key.as_bytes()).map_err(StoreError::from)?;
    let left = hashes(&tokens)?;
    drop(tokens);
    drop_orphans(tx, &left)?;
    let Some(row) = row else { return Ok(of_unreadable(key)) };
    let spaces = tx.open_table(SPACES.table()).map_err(StoreError::from)?;
    Ok(readable(summary(&spaces, row))?.unwrap_or_else(|| of_unreadable(key)))
}

/// What is told of a token of which nothing but the name can be read.
fn of_unreadable(name: String) -> TokenSummary {
    TokenSummary {
        hash: TokenHash::from_bytes([0; 32]),
        name,
        scopes: Vec::new(),
        space: None,
        by: String::new(),
        made_at_ms: 0,
        expires_at_ms: None,
        used_at_ms: None,
    }
}

/// The hashes of the tokens that can be read.
fn hashes(tokens: &impl Readable) -> Result<BTreeSet<[u8; 32]>, StoreError> {
    let mut hashes = BTreeSet::new();
    for item in tokens.iter()? {
        let (key, value) = item?;
        if let Ok(row) = TokenRow::decode(key.value(), value.value()) {
            hashes.insert(*row.hash.as_bytes());
        }
    }
    Ok(hashes)
}

/// Drops what waits by tokens other than these; answers how many rows, those that couldn't be read among them.
fn drop_orphans(tx: &WriteTransaction, hashes: &BTreeSet<[u8; 32]>) -> Result<u64, StoreError> {
    invites::drop_rows(tx, |row| match row.by {
        Some(Inviter::Program(token)) => row.used_by.is_none() && !hashes.contains(token.as_bytes()),
        _ => false,
    })
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

/// Makes every token worthless, those too that can't be read; answers how many there were.
pub(super) fn revoke_all(tx: &WriteTransaction) -> Result<u64, StoreError> {
    let mut tokens = open(tx)?;
    let count = tokens.len()?;
    tokens.retain(|_, _| false)?;
    drop(tokens);
    invites::drop_waiting(tx, |by, _| matches!(by, Inviter::Program(_)))?;
    Ok(count)
}

/// Drops the tokens of which [`verify`] says that they don't hold, with what waits by them; answers how many rows. A token that
/// is lost is made anew with one command.
pub(super) fn repair(tx: &WriteTransaction) -> Result<u64, StoreError> {
    let mut tokens = open(tx)?;
    let (mut going, mut left) = (Vec::new(), BTreeSet::new());
    {
        let spaces = tx.open_table(SPACES.table())?;
        for item in tokens.iter()? {
            let (key, value) = item?;
            let row = TokenRow::decode(key.value(), value.value()).ok();
            let reaches = |row: &TokenRow| match row.space {
                Some(space) => {
                    Ok(readable(get::<SpaceRow>(&spaces, SPACES, space.as_bytes()))?.flatten().is_some())
                }
                None => Ok::<_, StoreError>(true),
            };
            let holds = match &row {
                Some(row) => reaches(row)? && left.insert(*row.hash.as_bytes()),
                None => false,
            };
            if !holds {
                going.push(key.value().to_vec());
            }
        }
    }
    for key in &going {
        tokens.remove(key.as_slice())?;
    }
    drop(tokens);
    Ok(going.len() as u64 + drop_orphans(tx, &left)?)
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
    use forsat_sync::frame::Role;
    use forsat_sync::relay::Standing;

    use super::*;
    use crate::store::conformance::{enrol, space};
    use crate::store::redb::in_memory::store;
    use crate::store::{
        AccessCommand, AccessStore as _, AdminOrder, NewInvite, Orderer, RelayStore as _, Remedy, Scope,
    };

    fn make(store: &RedbStore, number: u8, name: &str) -> TokenHash {
        let new = NewToken {
            hash: TokenHash::from_bytes([number; 32]),
            name: name.into(),
            scopes: vec![Scope::Access],
            space: None,
            by: "sara".into(),
            now_ms: 1,
            expires_at_ms: None,
        };
        store.create_token(&new).unwrap().hash
    }

    fn invite(store: &RedbStore, by: TokenHash, number: u8) {
        let new = NewInvite {
            secret: forsat_sync::identity::SecretHash::from_bytes([number; 32]),
            user: format!("Guest {number}"),
            space: "Tehran".into(),
            role: Role::Rep,
            approve: false,
            now_ms: 1,
            expires_at_ms: 1000,
        };
        store.administer(&Orderer::Program(by), &AdminOrder::Invite(new), 1).unwrap();
    }

    /// A store with two tokens that each made an invite, of which one is damaged.
    fn damaged() -> (RedbStore, TokenHash) {
        let store = store();
        space(&store, 10, "Tehran");
        enrol(&store, 1, "Sara", "Tehran", Role::Admin);
        let nightly = make(&store, 7, "nightly");
        let weekly = make(&store, 8, "weekly");
        invite(&store, nightly, 70);
        invite(&store, weekly, 80);
        assert!(store.examine(&|| false).unwrap().is_sound() && store.verify().unwrap().is_empty());
        let damage = store.write(1, |tx| {
            let mut tokens = open(tx)?;
            let mut bytes = tokens.get(b"nightly".as_slice())?.unwrap().value().to_vec();
            // The byte of the scopes: more than it was made for.
            bytes[33] ^= 1;
            tokens.insert(b"nightly".as_slice(), bytes.as_slice())?;
            Ok(((), Commit::Yes))
        });
        damage.unwrap();
        (store, nightly)
    }

    fn guests(store: &RedbStore) -> Vec<String> {
        let open = store.invites().unwrap().into_iter().filter(|invite| invite.used_by.is_none());
        open.map(|invite| invite.user).collect()
    }

    #[test]
    fn a_damaged_token_lets_nobody_in_and_a_repair_drops_it() {
        let (store, nightly) = damaged();
        assert!(matches!(store.use_token(&nightly, 1), Err(StoreError::Corrupt { table: "tokens", .. })));
        let found = store.examine(&|| false).unwrap().findings;
        let finding = found.iter().find(|finding| finding.message.contains("tokens")).unwrap();
        assert_eq!(finding.remedy, Remedy::Repair, "{found:?}");
        assert_eq!(store.repair(2).unwrap().rows, 2, "the token and its invite");
        assert!(store.examine(&|| false).unwrap().is_sound());
        assert_eq!(store.all_tokens().unwrap().len(), 1);
        assert_eq!(guests(&store), ["Guest 80"]);
        assert_eq!(store.use_token(&nightly, 1).unwrap(), None);
    }

    #[test]
    fn a_damaged_token_can_be_revoked() {
        let (store, nightly) = damaged();
        assert_eq!(store.revoke_token("Nightly", 1).unwrap().name, "nightly");
        assert_eq!((store.all_tokens().unwrap().len(), guests(&store)), (1, vec!["Guest 80".to_owned()]));
        assert_eq!(store.use_token(&nightly, 1).unwrap(), None);
    }

    #[test]
    fn a_damaged_token_keeps_no_revocation_from_being_taken_back() {
        let (back, _) = damaged();
        let ahead = store();
        space(&ahead, 10, "Tehran");
        let sara = enrol(&ahead, 1, "Sara", "Tehran", Role::Admin);
        let revoke = AccessCommand::RevokeDevice { device: sara.device.to_string(), lost: true };
        ahead.change_access(&revoke, 1).unwrap();
        let entries = ahead.control_log(0, usize::MAX).unwrap();
        let adopted = back.adopt_control(&entries, 2).unwrap();
        assert_eq!((adopted.entries, adopted.tokens), (1, 2), "the tokens are out too, readable or not");
        let record = back.devices(&[sara.device]).unwrap().remove(0).unwrap();
        assert_eq!(record.standing, Standing::Revoked);
        assert_eq!(guests(&back), [""; 0]);
    }
}
