//! One command's turn at the store: what it reads and writes lies in a single write transaction.
//!
//! Each edit loads the document's latest state, makes one change, and keeps chunk, heads, row and names together; the
//! journal of what was written, which undo goes by, is appended at the end of the same transaction.

use crate::engine::Engine;
use crate::erased;
use crate::error::{ClientError, ClientRefusal, Damage};
use crate::ids::{document_id, local_space, user_id};
use crate::journal::{Before, JournalChange, JournalRecord, Write};
use crate::vault::{self, Loaded};
use crate::world::{self, StoreWorld};
use crate::{find, model::Saved, space};
use chrono::{DateTime, Datelike};
use forsat_document::{Author, Document, Original};
use forsat_domain::edit::Edit;
use forsat_domain::id::encode_id;
use forsat_domain::record::RecordState;
use forsat_domain::schema::{PRODUCT, SETTINGS, USER, record_name};
use forsat_domain::{CivilDate, RecordId, UserId};
use forsat_store::{Access, Month, Tx, WriteTx};
use forsat_sync::id::SpaceId;
use std::collections::BTreeMap;

/// Client values that name the spaces for new records.
pub(crate) const HOME_SPACE: &str = "space/home";
pub(crate) const COMMON_SPACE: &str = "space/common";

/// A command's transaction.
pub(crate) struct Turn<'e, 't, 'w> {
    pub engine: &'e Engine,
    pub tx: &'t mut WriteTx<'w>,
    pub now_ms: i64,
    pub today: CivilDate,
    pub user: UserId,
    author: Author,
    /// Whose change the next ones make again.
    original: Option<Original>,
    changes: Vec<JournalChange>,
}

impl<'e, 't, 'w> Turn<'e, 't, 'w> {
    /// Reads who writes, as whom, and what day it is.
    pub(crate) fn begin(engine: &'e Engine, tx: &'t mut WriteTx<'w>) -> Result<Self, ClientError> {
        let now_ms = engine.ambient().now_ms();
        let identity = tx.identity()?;
        let user = identity.user.as_ref().map(user_id).ok_or_else(no_user)?;
        let author = author(engine, tx, user, now_ms)?;
        let today = world::today(&world::settings(tx)?, now_ms);
        Ok(Turn { engine, tx, now_ms, today, user, author, original: None, changes: Vec::new() })
    }

    /// The records as this transaction sees them.
    pub(crate) fn world(&self) -> Result<StoreWorld<'_, impl Access>, ClientError> {
        StoreWorld::new(&*self.tx)
    }

    /// The writing identity of this device.
    pub(crate) fn actor(&self) -> &[u8] {
        &self.author.actor
    }

    /// Marks the changes from here on with whose change they make again.
    pub(crate) fn make_again(&mut self, original: Option<Original>) {
        self.original = original;
    }

    /// The record as it is now.
    pub(crate) fn state(&self, module: &str, id: RecordId) -> Result<RecordState, ClientError> {
        vault::state(&*self.tx, module, id)?.ok_or_else(|| {
            ClientError::Damaged(Damage::MissingRow { module: module.to_owned(), id: id.to_string() })
        })
    }

    /// Makes a record, in the space of what it is about.
    pub(crate) fn create(
        &mut self,
        id: RecordId,
        module: &str,
        edits: &[Edit],
    ) -> Result<RecordState, ClientError> {
        let space = space::for_new(&*self.tx, module, edits)?;
        self.create_in(space, id, module, edits)
    }

    /// Makes a record in a space.
    pub(crate) fn create_in(
        &mut self,
        space: SpaceId,
        id: RecordId,
        module: &str,
        edits: &[Edit],
    ) -> Result<RecordState, ClientError> {
        if erased::is_erased(&*self.tx, &document_id(id))? {
            return Err(ClientRefusal::Erased.into());
        }
        self.check_space(&space)?;
        self.check_kind(module, id, &space)?;
        let schema = self.engine.schema();
        let (author, original) = (&self.author, self.original.as_ref());
        let (document, chunks) =
            Document::create_for(id, module, author, original, self.now_ms, edits, schema)?;
        let hash = chunks.last().expect("a new document has its genesis at least").hash;
        let state = vault::keep_new(self.tx, schema, &document, &chunks, space)?;
        self.changes.push(JournalChange {
            id,
            module: module.to_owned(),
            hash,
            created: true,
            writes: Vec::new(),
        });
        Ok(state)
    }

    /// Changes a record; none when everything was so already.
    pub(crate) fn edit(&mut self, id: RecordId, edits: &[Edit]) -> Result<Option<RecordState>, ClientError> {
        let mut loaded = vault::load(&*self.tx, id)?
            .ok_or_else(|| ClientError::Damaged(Damage::MissingDocument(id.to_string())))?;
        self.check_space(&loaded.row.space)?;
        self.check_kind(loaded.row.module.as_deref().unwrap_or_default(), id, &loaded.row.space)?;
        let schema = self.engine.schema();
        let before = loaded.document.read(schema);
        let chunks =
            loaded.document.edit_for(&self.author, self.original.as_ref(), self.now_ms, edits, schema)?;
        // The last is what the edits wrote; before it comes what the document lacked of its beginning.
        let Some(hash) = chunks.last().map(|chunk| chunk.hash) else { return Ok(None) };
        let state = vault::keep_edit(self.tx, schema, &loaded, &chunks)?;
        self.changes.push(journal_change(&loaded, &before, hash, edits));
        Ok(Some(state))
    }

    /// Refuses an edit that the relay would refuse, before it is saved.
    fn check_space(&self, space: &SpaceId) -> Result<(), ClientError> {
        self.tx.space(space)?.as_ref().map_or(Ok(()), space::check_writable)
    }

    /// Refuses a change of a record that belongs to everybody by somebody whose role doesn't write its kind.
    fn check_kind(&self, module: &str, id: RecordId, space: &SpaceId) -> Result<(), ClientError> {
        let is_everybodys = self.tx.client_value(COMMON_SPACE)?.as_deref() == Some(space.as_bytes());
        if !is_everybodys && module != SETTINGS {
            return Ok(());
        }
        let role = self.tx.space(space)?.map(|row| row.role).unwrap_or_default();
        space::check_kind(&role, module, id, self.user)
    }

    /// Writes the journal and answers what was saved for one record.
    pub(crate) fn finish(
        &mut self,
        command: &str,
        state: &RecordState,
        echoed: BTreeMap<String, String>,
    ) -> Result<Saved, ClientError> {
        let changed = !self.changes.is_empty();
        let journal = if changed { Some(self.write_journal(command)?) } else { None };
        self.saved(state, journal, echoed)
    }

    /// What was saved for one record by the command with a number.
    pub(crate) fn saved(
        &self,
        state: &RecordState,
        journal: Option<u64>,
        echoed: BTreeMap<String, String>,
    ) -> Result<Saved, ClientError> {
        Ok(Saved {
            id: state.id.0,
            short: encode_id(state.id.as_bytes()),
            prefix: find::prefix_len(&*self.tx, state.id)?,
            module: state.module.clone(),
            name: record_name(state),
            changed: journal.is_some(),
            unsent: unsent(&*self.tx)?,
            journal,
            echoed,
        })
    }

    /// Appends what was written so far to the journal.
    pub(crate) fn write_journal(&mut self, command: &str) -> Result<u64, ClientError> {
        let record =
            JournalRecord { command: command.to_owned(), changes: std::mem::take(&mut self.changes) };
        Ok(self.tx.append_journal(self.now_ms, &record.encode())?.get())
    }

    /// Hands over what was written so far, for a command of several transactions.
    pub(crate) fn take_changes(&mut self) -> Vec<JournalChange> {
        std::mem::take(&mut self.changes)
    }

    /// Appends what a command of several transactions wrote to the journal.
    pub(crate) fn write_journal_of(
        &mut self,
        command: &str,
        changes: Vec<JournalChange>,
    ) -> Result<u64, ClientError> {
        self.changes = changes;
        self.write_journal(command)
    }

    /// Forgets what was written so far, for commands that undo can't take back.
    pub(crate) fn drop_journal(&mut self) {
        self.changes.clear();
    }
}

fn no_user() -> ClientError {
    ClientError::Damaged(Damage::NoUser)
}

/// As whom this device writes now; draws a new actor each month and after a new incarnation.
pub(crate) fn author(
    engine: &Engine,
    tx: &mut WriteTx<'_>,
    user: UserId,
    now_ms: i64,
) -> Result<Author, ClientError> {
    let mut random = [0; 16];
    engine.ambient().fill(&mut random);
    let actor = tx.actor_for_month(month(now_ms), random)?;
    Ok(Author { actor: actor.as_bytes().to_vec(), user })
}

/// The month of a time by UTC; a clock outside the years that can be named counts as the first month.
fn month(now_ms: i64) -> Month {
    let date = DateTime::from_timestamp_millis(now_ms).unwrap_or_default();
    let parts = u16::try_from(date.year()).ok().zip(u8::try_from(date.month()).ok());
    parts.and_then(|(year, month)| Month::new(year, month)).unwrap_or(FIRST_MONTH)
}

const FIRST_MONTH: Month = Month::new(0, 1).expect("January is a month");

/// Whether records of a module belong to everybody.
pub(crate) fn is_common(module: &str) -> bool {
    matches!(module, SETTINGS | PRODUCT | USER | "campaign")
}

/// Changes that wait to be sent, of all spaces.
pub(crate) fn unsent<A: Access>(tx: &Tx<A>) -> Result<u64, ClientError> {
    let left = left_behind(tx)?;
    let spaces = tx.outbox_spaces()?;
    Ok(spaces.iter().filter(|(space, _)| !left.contains(space)).map(|(_, stats)| stats.changes).sum())
}

/// The spaces of workspaces that this store left when it joined a relay: what is there stays readable and is sent to
/// nobody.
pub(crate) fn left_behind<A: Access>(tx: &Tx<A>) -> Result<Vec<SpaceId>, ClientError> {
    let former = tx.client_value(crate::import::FORMER_WORKSPACES)?.unwrap_or_default();
    let (ids, _) = former.as_chunks::<16>();
    Ok(ids.iter().map(|id| local_space(forsat_domain::WorkspaceId::from_bytes(*id))).collect())
}

fn journal_change(loaded: &Loaded, before: &RecordState, hash: [u8; 32], edits: &[Edit]) -> JournalChange {
    let writes = edits.iter().map(|edit| Write { edit: edit.clone(), before: Before::of(before, edit) });
    JournalChange {
        id: before.id,
        module: loaded.row.module.clone().unwrap_or_default(),
        hash,
        created: false,
        writes: writes.collect(),
    }
}
