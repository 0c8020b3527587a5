//! Changes that couldn't come to the relay by their own way and wait there, for managers: what is there, applied or dropped.
//!
//! The relay decides who is shown which. A manager's device reads them as field changes on its own copy of the record;
//! what is applied is made again as this user's change, with a mark of whose it was, and sent. Once the relay has it, it hears
//! that it may forget the other.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};
use serde::{Deserialize, Serialize};

use crate::access;
use crate::connect::ConnectOptions;
use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError};

mod apply;
mod closing;
mod read;

pub use apply::{QuarantineApplied, QuarantineRefusal};
pub use read::{QuarantinedChange, QuarantinedEdit};

/// Changes that one command looks at; what is behind them comes when these are decided.
pub const QUARANTINE_LISTED_MAX: usize = 2_000;
/// Bytes of changes that one command looks at.
const LISTED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Numbers that one request names.
const CLOSED_AT_ONCE_MAX: usize = 100;

/// What is asked of the relay.
#[derive(Serialize)]
#[serde(tag = "request", rename_all = "snake_case")]
enum Request<'a> {
    QuarantineList { after: u64 },
    QuarantineClose { numbers: &'a [u64], applied: bool },
}

/// What the relay answers.
#[derive(Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
enum Answer {
    Quarantine { entries: Vec<WireEntry>, more: bool },
    QuarantineClosed { count: u64 },
    Failed { code: String, message: String },
}

/// A change in quarantine, as it is sent.
#[derive(Deserialize)]
struct WireEntry {
    number: u64,
    document: String,
    spaces: Vec<String>,
    hash: String,
    reason: String,
    device: String,
    device_name: String,
    user: String,
    user_name: String,
    received_at_ms: i64,
    bytes: String,
}

/// A change in quarantine.
#[derive(Clone, Debug)]
struct Entry {
    number: u64,
    document: DocumentId,
    /// The space that it was for, then the one that has the record where that is another.
    spaces: Vec<SpaceId>,
    hash: ChangeHash,
    reason: String,
    device: String,
    device_name: String,
    user: [u8; 16],
    user_name: String,
    received_at_ms: i64,
    bytes: Vec<u8>,
}

/// What is in quarantine.
#[derive(Clone, Debug, Default, Serialize)]
pub struct QuarantineList {
    /// The changes, those of one record together.
    pub edits: Vec<QuarantinedEdit>,
    /// Whether there are more behind these.
    pub more: bool,
}

/// Which changes a command is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuarantineChoice {
    /// These numbers.
    Numbers(Vec<u64>),
    /// These that somebody was shown; those that were decided meanwhile are passed over.
    Shown(Vec<u64>),
}

/// What was dropped.
#[derive(Clone, Debug, Serialize)]
pub struct QuarantineDropped {
    /// The numbers.
    pub dropped: Vec<u64>,
    /// Whether there are more behind those that were looked at.
    pub more: bool,
}

/// What came of the relay, in the order of the numbers.
struct Listed {
    entries: Vec<Entry>,
    more: bool,
}

/// Quarantine, for managers.
impl Engine {
    /// What waits at the relay for this user to decide, as field changes.
    pub async fn quarantine(&self, options: &ConnectOptions) -> Result<QuarantineList, ClientError> {
        let listed = list(self, options).await?;
        Ok(QuarantineList { edits: read::views(self, &grouped(&listed.entries))?, more: listed.more })
    }

    /// Makes changes again as this user's own, as one command, sends them, and tells the relay which of them it has.
    ///
    /// What another manager made again is fetched first. Whatever comes between, the relay keeps a change until what makes it
    /// again stands there; the same command again goes on and changes nothing twice.
    pub async fn apply_quarantined(
        &self,
        options: &ConnectOptions,
        choice: &QuarantineChoice,
    ) -> Result<QuarantineApplied, ClientError> {
        let listed = list(self, options).await?;
        let chosen = chosen(&listed, choice)?;
        closing::sync(self, options).await?;
        let groups = grouped(&listed.entries);
        let mut applied = apply::apply(self, &groups, &chosen)?;
        applied.more = listed.more;
        let done: BTreeSet<u64> = applied.applied.iter().chain(&applied.already).copied().collect();
        let outcome = close_sent(self, options, &groups, &done).await;
        match outcome {
            Ok(closed) => applied.waiting = done.difference(&closed).copied().collect(),
            Err(error @ ClientError::Erased { .. }) => return Err(error),
            Err(error) => applied.unclosed(&done, error),
        }
        applied.unsent = self.unsent()?;
        applied.closed = applied.waiting.is_empty();
        Ok(applied)
    }

    /// Gives changes up: the relay forgets them.
    pub async fn drop_quarantined(
        &self,
        options: &ConnectOptions,
        choice: &QuarantineChoice,
    ) -> Result<QuarantineDropped, ClientError> {
        let listed = list(self, options).await?;
        let dropped: Vec<u64> = chosen(&listed, choice)?.into_iter().collect();
        close(self, options, &dropped, false).await?;
        Ok(QuarantineDropped { dropped, more: listed.more })
    }
}

/// The numbers that are meant; each must be there.
fn chosen(listed: &Listed, choice: &QuarantineChoice) -> Result<BTreeSet<u64>, ClientError> {
    let known: BTreeSet<u64> = listed.entries.iter().map(|entry| entry.number).collect();
    match choice {
        QuarantineChoice::Shown(numbers) => {
            Ok(numbers.iter().copied().filter(|number| known.contains(number)).collect())
        }
        QuarantineChoice::Numbers(numbers) => match numbers.iter().find(|number| !known.contains(number)) {
            Some(number) => Err(ArgumentError::NoQuarantined(*number).into()),
            None => Ok(numbers.iter().copied().collect()),
        },
    }
}

/// The changes of each record together, in the order of the first number of each.
fn grouped(entries: &[Entry]) -> Vec<Vec<&Entry>> {
    let mut places: BTreeMap<DocumentId, usize> = BTreeMap::new();
    let mut groups: Vec<Vec<&Entry>> = Vec::new();
    for entry in entries {
        let place = *places.entry(entry.document).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[place].push(entry);
    }
    groups
}

/// Sends what was saved and closes those of some changes that the relay has then; answers which.
async fn close_sent(
    engine: &Engine,
    options: &ConnectOptions,
    groups: &[Vec<&Entry>],
    done: &BTreeSet<u64>,
) -> Result<BTreeSet<u64>, ClientError> {
    if done.is_empty() {
        return Ok(BTreeSet::new());
    }
    let sent = closing::send(engine, options, groups, done).await?;
    let numbers: Vec<u64> = sent.iter().copied().collect();
    close(engine, options, &numbers, true).await?;
    Ok(sent)
}

async fn list(engine: &Engine, options: &ConnectOptions) -> Result<Listed, ClientError> {
    let (mut entries, mut bytes): (Vec<Entry>, usize) = (Vec::new(), 0);
    loop {
        let after = entries.last().map_or(0, |entry| entry.number);
        let answer = access::ask_as(engine, options, &Request::QuarantineList { after }).await?;
        let Answer::Quarantine { entries: page, more } = read_answer(answer)? else {
            return Err(access::unread());
        };
        let before = entries.len();
        for wire in page {
            let entry = wire.read().filter(|entry| entry.number > after).ok_or_else(access::unread)?;
            bytes += entry.bytes.len();
            entries.push(entry);
        }
        let is_full = entries.len() >= QUARANTINE_LISTED_MAX || bytes >= LISTED_BYTES_MAX;
        // A page that brings nothing would be asked for again and again.
        if !more || is_full || entries.len() == before {
            entries.sort_by_key(|entry| entry.number);
            let listed = Listed { entries, more };
            closing::forget_decided(engine, &listed)?;
            return Ok(listed);
        }
    }
}

async fn close(
    engine: &Engine,
    options: &ConnectOptions,
    numbers: &[u64],
    applied: bool,
) -> Result<(), ClientError> {
    for numbers in numbers.chunks(CLOSED_AT_ONCE_MAX) {
        let answer = access::ask_as(engine, options, &Request::QuarantineClose { numbers, applied }).await?;
        let Answer::QuarantineClosed { count } = read_answer(answer)? else { return Err(access::unread()) };
        tracing::debug!(count, "changes left quarantine");
    }
    Ok(())
}

fn read_answer(answer: Answer) -> Result<Answer, ClientError> {
    match answer {
        Answer::Failed { code, message } => Err(ClientError::NotAdministered { code, message }),
        answer => Ok(answer),
    }
}

impl WireEntry {
    fn read(self) -> Option<Entry> {
        let spaces: Option<Vec<SpaceId>> =
            self.spaces.iter().map(|space| Some(SpaceId::from_bytes(id(space)?))).collect();
        Some(Entry {
            number: self.number,
            document: DocumentId::from_bytes(id(&self.document)?),
            spaces: spaces?,
            hash: ChangeHash::from_bytes(hex::decode(&self.hash).ok()?.try_into().ok()?),
            reason: self.reason,
            device: self.device,
            device_name: self.device_name,
            user: id(&self.user)?,
            user_name: self.user_name,
            received_at_ms: self.received_at_ms,
            bytes: STANDARD.decode(&self.bytes).ok()?,
        })
    }
}

fn id(text: &str) -> Option<[u8; 16]> {
    hex::decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests;
