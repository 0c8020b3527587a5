//! What waits until a feed has been read to its head: unsent changes that are to be authored anew, and what a store
//! that joined brings along.

use super::directory;
use super::rebase::{self, AT_RELAY};
use super::session::SyncSession;
use crate::erased;
use crate::error::{ClientError, Damage};
use crate::ids::{document_id, record_id, settings_id, user_id, workspace_id};
use crate::turn::{self, COMMON_SPACE, Turn};
use crate::vault;
use forsat_domain::RecordId;
use forsat_domain::edit::Edit;
use forsat_domain::record::{FieldState, RecordState};
use forsat_domain::schema::{SETTINGS, USER};
use forsat_store::{BatchLimit, ChunkState, OutboxLimit, WriteTx};
use forsat_sync::chunk;
use forsat_sync::id::{DocumentId, SpaceId};
use forsat_sync::limits::ChunkLimits;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The client value under which [`Arrival`] is kept.
pub(crate) const ARRIVAL: &str = "join/arrival";
/// Fields that a record gets anew wherever it is made.
const OWN_FIELDS: [&str; 6] = ["id", "module", "created_at", "created_by", "lifecycle", "merged_into"];

/// What a store that joined brings to the relay's common space once it knows what is there.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Arrival {
    /// The settings record that the store had before it joined.
    pub settings: Option<RecordId>,
    /// The user's name, for a relay that has no record of the user.
    pub user_name: String,
    /// The user's e-mail.
    pub email: Option<String>,
    /// The user's role.
    pub role: String,
}

impl SyncSession {
    /// Whether the changes of a space must not be sent yet.
    pub(super) fn is_withheld(&self, space: &SpaceId) -> bool {
        self.reauthor_pending && !self.authored_anew_in.contains(space)
    }

    /// A feed was read to its head; answers whether the outbox grew by it.
    pub(super) fn head_reached(&mut self, space: SpaceId) -> Result<bool, ClientError> {
        let mut grew = false;
        if self.is_withheld(&space) {
            self.author_anew(&space)?;
            self.authored_anew_in.insert(space);
            let shown = directory::spaces(&self.engine.read()?)?;
            if shown.iter().all(|space| self.authored_anew_in.contains(&space.id)) {
                self.engine.write(|tx| Ok(tx.reauthored()?))?;
                self.reauthor_pending = false;
            }
            grew = true;
        }
        if self.has_arrival {
            let common = self.engine.read()?.client_value(COMMON_SPACE)?;
            if common.as_deref() == Some(space.as_bytes()) {
                self.arrive()?;
                self.has_arrival = false;
                grew = true;
            }
        }
        Ok(grew)
    }

    /// Notes that nothing unsent is left that an earlier incarnation made.
    pub(super) fn note_drained(&mut self) -> Result<(), ClientError> {
        let tx = self.engine.read()?;
        if tx.identity()?.reauthor_pending && turn::unsent(&tx)? == 0 {
            drop(tx);
            self.engine.write(|tx| Ok(tx.reauthored()?))?;
            self.reauthor_pending = false;
        }
        Ok(())
    }

    /// Writes the unsent changes of a space anew that an earlier actor made.
    fn author_anew(&self, space: &SpaceId) -> Result<(), ClientError> {
        let limit = OutboxLimit { bytes_max: u64::MAX, changes_max: usize::MAX };
        let items = self.engine.read()?.outbox(space, None, limit)?;
        let documents: BTreeSet<DocumentId> = items.iter().map(|item| item.document).collect();
        let mut clock = || self.engine.ambient().monotonic_ms();
        let work = |tx: &mut WriteTx<'_>, document: DocumentId| self.author_document_anew(tx, document);
        let done = self.engine.store().write_batches(documents, BatchLimit::default(), &mut clock, work);
        done.map(drop).map_err(|error| error.source)
    }

    fn author_document_anew(&self, tx: &mut WriteTx<'_>, document: DocumentId) -> Result<(), ClientError> {
        let user = tx.identity()?.user.as_ref().map(user_id);
        let user = user.ok_or_else(|| ClientError::Damaged(Damage::NoUser))?;
        let author = turn::author(&self.engine, tx, user, self.engine.ambient().now_ms())?;
        let unsent = tx.chunks_in(&document, &[ChunkState::Outbox])?;
        let is_own = |bytes: &[u8]| {
            let header = chunk::parse(bytes, &ChunkLimits::default());
            let genesis = forsat_sync::genesis::GENESIS_ACTOR;
            header.is_ok_and(|(header, _)| {
                [author.actor.as_slice(), &genesis].contains(&header.actor.as_bytes())
            })
        };
        if !unsent.iter().all(|chunk| is_own(&chunk.bytes)) {
            let base = vault::load_states(tx, record_id(&document), &AT_RELAY)?;
            let rebased = rebase::rebase(tx, base, &BTreeSet::new(), &author)?;
            // What can't be made again stays in the outbox as it is; the relay says what is wrong with it.
            if rebased.given_up.is_empty() {
                rebased.keep(tx, self.engine.schema())?;
            }
        }
        queue_again(tx, &document)
    }

    /// Brings to the common space what the relay doesn't have: settings of an administrator, the user's own record.
    fn arrive(&self) -> Result<(), ClientError> {
        self.engine.write(|tx| {
            let Some(bytes) = tx.client_value(ARRIVAL)? else { return Ok(()) };
            let arrival: Arrival = serde_json::from_slice(&bytes).unwrap_or_default();
            let theirs = settings_id(workspace_id(&tx.identity()?.workspace));
            let mut turn = Turn::begin(&self.engine, tx)?;
            let own_settings = match arrival.settings {
                Some(id) => vault::state(&*turn.tx, SETTINGS, id)?,
                None => None,
            };
            if let Some(own) = own_settings.filter(|own| own.id != theirs && arrival.role == "admin")
                && can_be_made(&turn, theirs)?
            {
                turn.create(theirs, SETTINGS, &edits_of(&own))?;
            }
            let user = RecordId(turn.user.0);
            if arrival.role != "viewer" && !arrival.user_name.trim().is_empty() && can_be_made(&turn, user)? {
                turn.create(user, USER, &arrival.user_edits())?;
            }
            turn.drop_journal();
            tx.remove_client_value(ARRIVAL)?;
            Ok(())
        })
    }
}

/// Whether a record is neither here nor was erased.
fn can_be_made(turn: &Turn<'_, '_, '_>, id: RecordId) -> Result<bool, ClientError> {
    let is_here = vault::any_state(&*turn.tx, id)?.is_some();
    Ok(!is_here && !erased::is_erased(&*turn.tx, &document_id(id))?)
}

/// Moves the unsent changes of a document to the end of the outbox: those of other spaces may have been read past
/// them while they were withheld.
fn queue_again(tx: &mut WriteTx<'_>, document: &DocumentId) -> Result<(), ClientError> {
    for chunk in tx.chunks_in(document, &[ChunkState::Outbox])? {
        tx.set_chunk_state(document, &chunk.hash, ChunkState::Acked)?;
        tx.set_chunk_state(document, &chunk.hash, ChunkState::Outbox)?;
    }
    Ok(())
}

impl Arrival {
    fn user_edits(&self) -> Vec<Edit> {
        let mut edits = vec![
            Edit::set("name", self.user_name.trim()),
            Edit::set("role", self.role.as_str()),
            Edit::set("active", true),
        ];
        edits.extend(self.email.as_deref().map(|email| Edit::set("email", email)));
        edits
    }
}

/// The edits that make another record say what this one does; where it is in conflict, its winners.
fn edits_of(state: &RecordState) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (field, says) in state.fields.iter().filter(|(field, _)| !OWN_FIELDS.contains(&field.as_str())) {
        match says {
            FieldState::Register(register) => edits.push(Edit::set(field.clone(), register.winner().clone())),
            FieldState::Text(text) => {
                edits.push(Edit::SetText { field: field.clone(), value: text.clone() });
            }
            FieldState::Set(keys) => {
                edits.extend(keys.iter().map(|key| Edit::Add { field: field.clone(), key: key.clone() }));
            }
            FieldState::Grow(values) => edits.extend(values.iter().map(|(key, value)| Edit::Insert {
                field: field.clone(),
                key: key.clone(),
                value: value.clone(),
            })),
            FieldState::Map(entries) => {
                for (id, entry) in entries {
                    edits.extend(entry.fields.iter().map(|(name, register)| {
                        Edit::set_entry(field.clone(), id.clone(), name.clone(), register.winner().clone())
                    }));
                }
            }
        }
    }
    edits.retain(|edit| !matches!(edit, Edit::Set { value, .. } if value.is_null()));
    edits
}
