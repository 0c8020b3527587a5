//! Documents that get another home: what the feeds say of it, what healing finds, what this device asked for.
//!
//! Of two words about a home the one with the higher version holds. A document whose new space is shown here goes there
//! with all that is here of it, unsent edits too. One whose new space isn't shown leaves this store; what was typed and
//! never sent is kept with the refused edits.

use super::rebase::AT_RELAY;
use super::session::SyncSession;
use super::settle::{self, Refusals, keep_refused};
use super::{directory, issues};
use crate::error::ClientError;
use crate::ids::{record_id, user_id};
use crate::refused::MOVED_AWAY;
use crate::{moves, vault};
use forsat_domain::RecordId;
use forsat_store::{Access, ChunkState, DocumentRow, Tx, WriteTx};
use forsat_sync::client::{MoveDone, MoveWish, SyncIssue};
use forsat_sync::code::Code;
use forsat_sync::frame::ItemOutcome;
use forsat_sync::heal::Home;
use forsat_sync::id::{ChangeHash, DocumentId, HomeVersion, SpaceId};
use std::collections::{BTreeMap, BTreeSet};

/// What a feed says of a document's home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// It left the space.
    Out { home: HomeVersion, to: Option<SpaceId> },
    /// It came into the space.
    In { home: HomeVersion },
}

/// What following a word came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Followed {
    /// What was said is older than what is known: what the feed says beside it is too.
    pub is_stale: bool,
    /// Unsent changes go to another space than before.
    pub has_rehomed: bool,
    /// The record has left this store.
    pub is_gone: bool,
    /// Edits that were given up with it.
    pub given_up: u64,
}

/// The client value that counts how often the relay turned out to have been set back.
const DOUBTS: &str = "homes_doubted";

fn doubts<A: Access>(tx: &Tx<A>) -> Result<u64, ClientError> {
    let bytes = tx.client_value(DOUBTS)?;
    Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes))
}

/// The client value that says that the relay was set back in a space, and that it hasn't agreed with this store there since.
fn set_back(space: &SpaceId) -> String {
    format!("set_back/{space}")
}

/// The relay was set back: it counts homes anew from an earlier number, so that its next word about a document holds,
/// whatever number was known before. What it had of these spaces it may have lost.
pub(super) fn doubt(tx: &mut WriteTx<'_>, spaces: &BTreeSet<SpaceId>) -> Result<(), ClientError> {
    let count = doubts(&*tx)?.saturating_add(1);
    for space in spaces {
        tx.set_client_value(&set_back(space), &[])?;
    }
    Ok(tx.set_client_value(DOUBTS, &count.to_be_bytes())?)
}

/// The relay has all that is here of a space.
pub(super) fn agree(tx: &mut WriteTx<'_>, space: &SpaceId) -> Result<(), ClientError> {
    Ok(tx.remove_client_value(&set_back(space)).map(drop)?)
}

/// The changes of this user's that the relay had once and may have lost: all, where it was set back; those whose echo never
/// came, where its store was opened anew.
fn in_doubt<A: Access>(
    tx: &Tx<A>,
    document: &DocumentId,
    space: &SpaceId,
) -> Result<Vec<ChangeHash>, ClientError> {
    let states: &[ChunkState] = if tx.client_value(&set_back(space))?.is_some() {
        &AT_RELAY
    } else if tx.client_value(&settle::reopened(space))?.is_some() {
        &[ChunkState::Acked]
    } else {
        return Ok(Vec::new());
    };
    let held: BTreeSet<_> = tx.chunks_in(document, states)?.into_iter().map(|chunk| chunk.hash).collect();
    let (Some(user), false) = (tx.identity()?.user, held.is_empty()) else { return Ok(Vec::new()) };
    let Some(loaded) = vault::load(tx, record_id(document))? else { return Ok(Vec::new()) };
    let own = Some(user_id(&user));
    let entries = loaded.document.history().into_iter().filter(|entry| entry.author == own);
    Ok(entries.map(|entry| ChangeHash::from_bytes(entry.hash)).filter(|hash| held.contains(hash)).collect())
}

/// How many homes a document has had, and whether the relay was set back since that was heard.
fn version<A: Access>(tx: &Tx<A>, document: &DocumentId) -> Result<(HomeVersion, bool), ClientError> {
    let bytes = tx.client_value(&moves::home_name(document))?.unwrap_or_default();
    let (numbers, _) = bytes.as_chunks::<8>();
    let number = |place: usize| numbers.get(place).copied().map(u64::from_be_bytes);
    let known = number(0).map_or(HomeVersion::FIRST, HomeVersion::new);
    Ok((known, number(1).unwrap_or_default() < doubts(tx)?))
}

/// The number that a feed's next word is measured by.
fn version_told<A: Access>(tx: &Tx<A>, document: &DocumentId) -> Result<HomeVersion, ClientError> {
    let (known, is_doubted) = version(tx, document)?;
    Ok(if is_doubted { HomeVersion::FIRST } else { known })
}

fn set_version(tx: &mut WriteTx<'_>, document: &DocumentId, home: HomeVersion) -> Result<(), ClientError> {
    let numbers = [home.get().to_be_bytes(), doubts(&*tx)?.to_be_bytes()];
    Ok(tx.set_client_value(&moves::home_name(document), numbers.as_flattened())?)
}

/// Follows what the feed of a space says of a document's home.
pub(super) fn follow(
    tx: &mut WriteTx<'_>,
    space: &SpaceId,
    document: &DocumentId,
    word: Word,
    now_ms: i64,
) -> Result<Followed, ClientError> {
    let known = version_told(tx, document)?;
    let row = tx.document(document)?;
    match word {
        Word::In { home } if home < known => Ok(Followed { is_stale: true, ..Followed::default() }),
        Word::In { home } => {
            set_version(tx, document, home)?;
            match row.filter(|row| row.space != *space) {
                Some(row) => rehome(tx, document, &row, space),
                None => Ok(Followed::default()),
            }
        }
        Word::Out { home, to } if home > known => match row {
            Some(row) if row.space == *space => {
                leave(tx, document, &row, Home { version: home, space: to }, now_ms)
            }
            _ => Ok(Followed::default()),
        },
        Word::Out { .. } => Ok(Followed { is_stale: true, ..Followed::default() }),
    }
}

/// Follows what the relay says, when it is asked, of a document that it doesn't have in a space.
pub(super) fn found_elsewhere(
    tx: &mut WriteTx<'_>,
    space: &SpaceId,
    document: &DocumentId,
    home: Home,
    now_ms: i64,
) -> Result<Followed, ClientError> {
    let Some(row) = tx.document(document)?.filter(|row| row.space == *space) else {
        return Ok(Followed::default());
    };
    let is_shown = is_shown(tx, home.space)?;
    // A relay that was set back has the document where it was before. What can't be followed there stays here.
    if !is_shown && home.version <= version(tx, document)?.0 {
        return Ok(Followed::default());
    }
    leave(tx, document, &row, home, now_ms)
}

fn is_shown<A: Access>(tx: &Tx<A>, space: Option<SpaceId>) -> Result<bool, ClientError> {
    let Some(space) = space else { return Ok(false) };
    Ok(directory::spaces(tx)?.iter().any(|shown| shown.id == space))
}

fn leave(
    tx: &mut WriteTx<'_>,
    document: &DocumentId,
    row: &DocumentRow,
    home: Home,
    now_ms: i64,
) -> Result<Followed, ClientError> {
    set_version(tx, document, home.version)?;
    match home.space {
        Some(to) if is_shown(tx, Some(to))? => rehome(tx, document, row, &to),
        _ => purge(tx, document, row, now_ms),
    }
}

fn rehome(
    tx: &mut WriteTx<'_>,
    document: &DocumentId,
    row: &DocumentRow,
    to: &SpaceId,
) -> Result<Followed, ClientError> {
    tx.move_document(document, *to)?;
    for space in [row.space, *to] {
        tx.clear_sync_issue(&issues::key(issues::OTHER_SPACE, Some(space), Some(*document)))?;
    }
    moves::end_refusal(tx, document)?;
    Ok(Followed { has_rehomed: row.counts.outbox > 0, ..Followed::default() })
}

/// Takes a document out of the store; what was typed and never sent stays with the refused edits, and what this user sent to
/// a relay that was set back, for nobody else may have it any more.
fn purge(
    tx: &mut WriteTx<'_>,
    document: &DocumentId,
    row: &DocumentRow,
    now_ms: i64,
) -> Result<Followed, ClientError> {
    let unsent = tx.chunks_in(document, &[ChunkState::Outbox])?;
    let message = "the record was moved to a space that isn't shown to you before this was sent; what was typed is kept here";
    let mut reasons: BTreeMap<_, _> =
        unsent.iter().map(|chunk| (chunk.hash, (Code::new(MOVED_AWAY), message.to_owned()))).collect();
    let message = "the record was moved to a space that isn't shown to you after the relay was set back, so that it may lack this";
    for hash in in_doubt(&*tx, document, &row.space)? {
        reasons.entry(hash).or_insert_with(|| (Code::new(MOVED_AWAY), message.to_owned()));
    }
    let given_up = reasons.keys().map(|hash| *hash.as_bytes()).collect();
    let refusals = Refusals { reasons, anew: false };
    let given_up = keep_refused(tx, *document, &refusals, &given_up, now_ms)?;
    if let Some(module) = &row.module {
        vault::drop_row(tx, module, document)?;
    }
    tx.purge_document(document)?;
    moves::forget(tx, document)?;
    Ok(Followed { is_gone: true, given_up, ..Followed::default() })
}

/// What following words came to, over several documents.
#[derive(Debug, Default)]
pub(super) struct Moved {
    gone: Vec<RecordId>,
    given_up: u64,
    has_rehomed: bool,
}

impl Moved {
    pub(super) fn add(&mut self, document: &DocumentId, followed: Followed) {
        if followed.is_gone {
            self.gone.push(record_id(document));
        }
        self.given_up += followed.given_up;
        self.has_rehomed |= followed.has_rehomed;
    }
}

impl SyncSession {
    /// Whether an issue says no more than that a record has come back which moved away from here, changes of this device
    /// with it.
    pub(super) fn is_of_return(&self, issue: &SyncIssue) -> Result<bool, ClientError> {
        let SyncIssue::UnknownEcho { document, .. } = issue else { return Ok(false) };
        let tx = self.engine.read()?;
        moves::has_left(&tx, document)
    }

    /// Counts what following words came to.
    pub(super) fn note_moved(&mut self, moved: Moved) {
        self.gone += moved.gone.len() as u64;
        self.touched.forget(&moved.gone);
        self.refused += moved.given_up;
        self.asides.are_due(moved.given_up);
        self.has_rehomed |= moved.has_rehomed;
    }

    /// Follows what healing found.
    pub(super) fn follow_found(
        &mut self,
        space: SpaceId,
        found: &[(DocumentId, Home)],
    ) -> Result<(), ClientError> {
        if found.is_empty() {
            return Ok(());
        }
        let now_ms = self.engine.ambient().now_ms();
        let moved = self.engine.write(|tx| {
            let mut moved = Moved::default();
            for (document, home) in found {
                moved.add(document, found_elsewhere(tx, &space, document, *home, now_ms)?);
            }
            Ok(moved)
        })?;
        self.note_moved(moved);
        Ok(())
    }

    /// Tells the machine which moves are asked for.
    pub(super) fn know_moves(&mut self) {
        // A store that can't be read for a moment says nothing of them; the next connection does.
        let Ok(wishes) = self.engine.read().and_then(|tx| moves::wishes(&tx)) else { return };
        let mut grouped: BTreeMap<SpaceId, Vec<DocumentId>> = BTreeMap::new();
        for (document, to) in wishes {
            grouped.entry(to).or_default().push(document);
        }
        let wishes: Vec<MoveWish> = grouped.into_iter().collect();
        self.machine_mut().want_moves(wishes);
    }

    /// Writes down what the relay answered to moves.
    pub(super) fn moves_answered(&mut self, done: &[MoveDone]) -> Result<(), ClientError> {
        let now_ms = self.engine.ambient().now_ms();
        let count = self.engine.write(|tx| {
            let (mut wishes, mut count) = (moves::wishes(&*tx)?, 0);
            for MoveDone { document, to, outcome } in done {
                match outcome {
                    ItemOutcome::Later { .. } => continue,
                    ItemOutcome::Acked => {
                        moves::end_refusal(tx, document)?;
                        count += 1;
                    }
                    // It has left meanwhile: there is nothing to move any more.
                    ItemOutcome::Refused { .. } if tx.document(document)?.is_none() => {}
                    ItemOutcome::Refused { message, .. } => {
                        let key = issues::key(moves::MOVE_REFUSED, Some(*to), Some(*document));
                        let message = format!("a record was not moved: {message}");
                        tx.raise_sync_issue(&key, &message, now_ms)?;
                    }
                }
                // The user may have asked for another space meanwhile.
                if wishes.get(document) == Some(to) {
                    wishes.remove(document);
                }
            }
            moves::keep(tx, &wishes)?;
            Ok(count)
        })?;
        self.moved += count;
        Ok(())
    }
}
