//! Which changes of quarantine the relay may forget: only those whose content stands at the relay by its own way.
//!
//! A change that was made again bears its mark in the record. One that said nothing new left no change behind; what made it
//! true may itself be unsent, so that is noted in the store until the relay has it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use forsat_document::{Document, Genesis};
use forsat_store::{Access, ChunkState, ReadTx, Standing, Tx, WriteTx};
use forsat_sync::id::ChangeHash;

use super::{Entry, Listed};
use crate::connect::{self, ConnectOptions};
use crate::engine::Engine;
use crate::error::ClientError;
use crate::ids::record_id;
use crate::vault;

/// How long a command waits for another process that syncs this store to send what it saved.
const OTHER_SYNC_MS: u64 = 10_000;
/// How often it looks.
const OTHER_SYNC_POLL_MS: u64 = 250;
/// Before the names of client values that say what must come to the relay before a change that said nothing new is closed.
const SAID: &str = "quarantine/said/";

type Standings = BTreeMap<ChangeHash, Standing>;

/// Whether the relay has a change.
fn stands(standings: &Standings, hash: &ChangeHash) -> bool {
    standings.get(hash).is_some_and(|standing| matches!(standing.state, ChunkState::Acked | ChunkState::Feed))
}

/// The name of an entry's note; names of client values are short.
fn name_of(entry: &Entry) -> String {
    format!("{SAID}{}", URL_SAFE_NO_PAD.encode(entry.hash.as_bytes()))
}

/// Notes that a record says already what a change says: true at the relay once it has the unsent heads of now.
pub(super) fn note_said(tx: &mut WriteTx<'_>, entry: &Entry, document: &Document) -> Result<(), ClientError> {
    let standings = tx.standings(&entry.document)?;
    let mut noted = entry.document.as_bytes().to_vec();
    for head in document.heads() {
        if !stands(&standings, &ChangeHash::from_bytes(head)) {
            noted.extend_from_slice(&head);
        }
    }
    Ok(tx.set_client_value(&name_of(entry), &noted)?)
}

/// Whether it is noted that the record says what a change says, and nothing of what it waits for was refused since.
pub(super) fn is_said<A: Access>(tx: &Tx<A>, entry: &Entry) -> Result<bool, ClientError> {
    let standings = tx.standings(&entry.document)?;
    let is_in_view = |hash: &ChangeHash| standings.get(hash).is_some_and(|one| one.state.in_view());
    Ok(heads_said(tx, entry)?.is_some_and(|heads| heads.iter().all(is_in_view)))
}

fn heads_said<A: Access>(tx: &Tx<A>, entry: &Entry) -> Result<Option<Vec<ChangeHash>>, ClientError> {
    let Some(noted) = tx.client_value(&name_of(entry))? else { return Ok(None) };
    let Some(heads) = noted.strip_prefix(entry.document.as_bytes().as_slice()) else { return Ok(None) };
    let (heads, rest) = heads.as_chunks::<32>();
    Ok(rest.is_empty().then(|| heads.iter().copied().map(ChangeHash::from_bytes).collect()))
}

/// Those of some numbers whose content stands at the relay.
pub(super) fn at_relay(
    engine: &Engine,
    groups: &[Vec<&Entry>],
    numbers: &BTreeSet<u64>,
) -> Result<BTreeSet<u64>, ClientError> {
    let tx = engine.read()?;
    let mut found = BTreeSet::new();
    for entry in groups.iter().flatten().filter(|entry| numbers.contains(&entry.number)) {
        if is_at_relay(&tx, entry)? {
            found.insert(entry.number);
        }
    }
    Ok(found)
}

fn is_at_relay(tx: &ReadTx, entry: &Entry) -> Result<bool, ClientError> {
    if Genesis::by_hash(entry.hash.as_bytes()).is_some() {
        return Ok(true);
    }
    let standings = tx.standings(&entry.document)?;
    if stands(&standings, &entry.hash) {
        return Ok(true);
    }
    let here = vault::load(tx, record_id(&entry.document))?;
    let made = here.map(|loaded| loaded.document.made_again(entry.hash.as_bytes())).unwrap_or_default();
    if made.into_iter().map(ChangeHash::from_bytes).any(|hash| stands(&standings, &hash)) {
        return Ok(true);
    }
    Ok(heads_said(tx, entry)?.is_some_and(|heads| heads.iter().all(|head| stands(&standings, head))))
}

/// Forgets the notes of changes that are no longer in quarantine.
pub(super) fn forget_decided(engine: &Engine, listed: &Listed) -> Result<(), ClientError> {
    if listed.more {
        return Ok(());
    }
    let waiting: BTreeSet<String> = listed.entries.iter().map(name_of).collect();
    let noted = engine.read()?.client_values(SAID)?;
    let over: Vec<String> =
        noted.into_iter().map(|(name, _)| name).filter(|name| !waiting.contains(name)).collect();
    if over.is_empty() {
        return Ok(());
    }
    engine.write(|tx| {
        for name in &over {
            tx.remove_client_value(name)?;
        }
        Ok(())
    })
}

/// Syncs the store once; a process that syncs it already does that anyway.
pub(super) async fn sync(engine: &Engine, options: &ConnectOptions) -> Result<Synced, ClientError> {
    match connect::sync_once(engine, options, |_| {}).await {
        Ok(_) => Ok(Synced::Here),
        Err(ClientError::SyncBusy) => Ok(Synced::Elsewhere),
        Err(error) => Err(error),
    }
}

/// Who synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Synced {
    /// This process.
    Here,
    /// Another process that has the store's lease.
    Elsewhere,
}

/// Sends what was saved, and answers those of some numbers whose content stands at the relay then.
pub(super) async fn send(
    engine: &Engine,
    options: &ConnectOptions,
    groups: &[Vec<&Entry>],
    numbers: &BTreeSet<u64>,
) -> Result<BTreeSet<u64>, ClientError> {
    let looks = match sync(engine, options).await? {
        Synced::Here => 1,
        Synced::Elsewhere => OTHER_SYNC_MS / OTHER_SYNC_POLL_MS,
    };
    let mut found = at_relay(engine, groups, numbers)?;
    for _ in 1..looks {
        if found.len() == numbers.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(OTHER_SYNC_POLL_MS)).await;
        found = at_relay(engine, groups, numbers)?;
    }
    Ok(found)
}
