//! Moves that were asked for here and that no relay has answered yet.
//!
//! One client value lists them; the sync asks the relay, which alone decides where a record lives.

use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError, ClientRefusal};
use crate::ids::{document_id, record_id};
use crate::mass::MASS_RECORDS_MAX;
use crate::turn::COMMON_SPACE;
use crate::{find, references, space, vault};
use forsat_domain::RecordId;
use forsat_domain::id::encode_id;
use forsat_domain::schema::{ACCOUNT, ACTIVITY, CONTACT, OPPORTUNITY, record_name};
use forsat_store::{Access, SpaceRow, SyncIssueKey, Tx, WriteTx};
use forsat_sync::frame::Role;
use forsat_sync::id::{DocumentId, SpaceId};
use forsat_sync::relay::may_move;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The client value with the wishes: 16 bytes of the document, 16 of the space.
const WISHES: &str = "moves";

/// Documents and where each is to go.
pub(crate) type Wishes = BTreeMap<DocumentId, SpaceId>;

/// Reads what was asked for.
pub(crate) fn wishes<A: Access>(tx: &Tx<A>) -> Result<Wishes, ClientError> {
    let bytes = tx.client_value(WISHES)?.unwrap_or_default();
    let pairs = bytes.as_chunks::<16>().0.as_chunks::<2>().0;
    Ok(pairs
        .iter()
        .map(|[document, space]| (DocumentId::from_bytes(*document), SpaceId::from_bytes(*space)))
        .collect())
}

/// Keeps what is still asked for.
pub(crate) fn keep(tx: &mut WriteTx<'_>, wishes: &Wishes) -> Result<(), ClientError> {
    if wishes.is_empty() {
        tx.remove_client_value(WISHES)?;
        return Ok(());
    }
    let pairs = wishes.iter().flat_map(|(document, space)| [*document.as_bytes(), *space.as_bytes()]);
    let bytes: Vec<u8> = pairs.flatten().collect();
    Ok(tx.set_client_value(WISHES, &bytes)?)
}

/// The client value that holds how many homes a document has had, as far as this store knows.
pub(crate) fn home_name(document: &DocumentId) -> String {
    format!("home/{document}")
}

/// Whether a document that isn't here was here, or is known to live elsewhere: it moved away.
pub(crate) fn has_left<A: Access>(tx: &Tx<A>, document: &DocumentId) -> Result<bool, ClientError> {
    Ok(tx.document(document)?.is_none() && tx.client_value(&home_name(document))?.is_some())
}

/// The issue of a move that the relay refused.
pub(crate) const MOVE_REFUSED: &str = "move_refused";

/// Whether something was asked for a document before: it waits, or the relay has refused it.
fn is_asked<A: Access>(tx: &Tx<A>, wishes: &Wishes, document: &DocumentId) -> Result<bool, ClientError> {
    let is_refusal = |key: &SyncIssueKey| key.code == MOVE_REFUSED && key.document.as_ref() == Some(document);
    Ok(wishes.contains_key(document) || tx.sync_issues()?.iter().any(|issue| is_refusal(&issue.key)))
}

/// Ends what an earlier answer to a move of a document raised, whatever the space that was asked for.
pub(crate) fn end_refusal(tx: &mut WriteTx<'_>, document: &DocumentId) -> Result<(), ClientError> {
    for issue in tx.sync_issues()? {
        if issue.key.code == MOVE_REFUSED && issue.key.document == Some(*document) {
            tx.clear_sync_issue(&issue.key)?;
        }
    }
    Ok(())
}

/// Forgets what was asked for a document that leaves this store.
pub(crate) fn forget(tx: &mut WriteTx<'_>, document: &DocumentId) -> Result<(), ClientError> {
    let mut wishes = wishes(&*tx)?;
    if wishes.remove(document).is_some() {
        keep(tx, &wishes)?;
    }
    end_refusal(tx, document)
}

/// A record that is to move.
#[derive(Clone, Debug, Serialize)]
pub struct MoveRow {
    /// The record.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// The module's name.
    pub module: String,
    /// Its name.
    pub name: String,
    /// The name of the space that it lives in.
    pub from: String,
}

/// What a move would do, or what was asked for.
#[derive(Clone, Debug, Serialize)]
pub struct MovePlan {
    /// The name of the space that they are to live in.
    pub space: String,
    /// The records that were named and don't live there yet.
    pub records: Vec<MoveRow>,
    /// Those that hang on them and go along.
    pub along: Vec<MoveRow>,
    /// How many of the named ones live there already.
    pub there: usize,
    /// Those that live there already and were asked to go elsewhere: they stay, what was asked for before is dropped.
    pub stay: Vec<MoveRow>,
    /// Whether it was asked for, or only looked at.
    pub saved: bool,
    #[serde(skip)]
    to: SpaceId,
}

impl MovePlan {
    /// Whether there is nothing to ask for and nothing to drop.
    pub fn is_empty(&self) -> bool {
        self.count() == 0 && self.stay.is_empty()
    }

    /// How many records move.
    pub fn count(&self) -> usize {
        self.records.len() + self.along.len()
    }
}

/// A record whose move no relay has answered yet.
#[derive(Clone, Debug, Serialize)]
pub struct WaitingMove {
    /// The record, and where it lives.
    #[serde(flatten)]
    pub record: MoveRow,
    /// The name of the space that it is to live in.
    pub to: String,
}

/// Moving records to another space.
impl Engine {
    /// What moving records means; writes nothing. What hangs on them goes along unless `alone`.
    pub fn move_preview(
        &self,
        references: &[String],
        space: &str,
        alone: bool,
    ) -> Result<MovePlan, ClientError> {
        let tx = self.read()?;
        let to = space::by_name(&tx, ACCOUNT, space)?;
        let target = check_moves(&tx, &to)?;
        let mut plan = MovePlan {
            space: target.name,
            records: Vec::new(),
            along: Vec::new(),
            there: 0,
            stay: Vec::new(),
            saved: false,
            to,
        };
        let mut named = BTreeSet::new();
        for reference in references {
            let hit = find::resolve(&tx, self.schema(), "record", reference)?;
            named.insert(hit.id);
        }
        let hanging = if alone { BTreeSet::new() } else { hanging_on(&tx, &named)? };
        let wishes = wishes(&tx)?;
        for id in named.iter().chain(&hanging) {
            let is_named = named.contains(id);
            let document = document_id(*id);
            let home = tx.document(&document)?.map(|row| row.space);
            let lives_there = home == Some(to);
            plan.there += usize::from(is_named && lives_there);
            if lives_there && !is_asked(&tx, &wishes, &document)? {
                continue;
            }
            let Some((row, home)) = row_of(&tx, *id)?.zip(home) else { continue };
            check_moves(&tx, &home)?;
            match (lives_there, is_named) {
                (true, _) => plan.stay.push(row),
                (false, true) => plan.records.push(row),
                (false, false) => plan.along.push(row),
            }
        }
        let count = plan.count();
        if count > MASS_RECORDS_MAX {
            return Err(ArgumentError::TooManyRecords { count, max: MASS_RECORDS_MAX }.into());
        }
        Ok(plan)
    }

    /// Asks for what a preview shows: the next sync asks the relay, which alone decides where a record lives. A later
    /// wish for a record takes an earlier one's place; that it stay where it lives is one too.
    pub fn move_records(&self, plan: MovePlan) -> Result<MovePlan, ClientError> {
        self.write(|tx| {
            let mut all = wishes(&*tx)?;
            for row in plan.records.iter().chain(&plan.along) {
                let document = document_id(RecordId(row.id));
                end_refusal(tx, &document)?;
                all.insert(document, plan.to);
            }
            for row in &plan.stay {
                let document = document_id(RecordId(row.id));
                end_refusal(tx, &document)?;
                all.remove(&document);
            }
            keep(tx, &all)
        })?;
        Ok(MovePlan { saved: true, ..plan })
    }

    /// How many records wait to be moved.
    pub fn moves_wished(&self) -> Result<usize, ClientError> {
        Ok(wishes(&self.read()?)?.len())
    }
}

/// The moves that wait for the relay, in the order of their records.
pub(crate) fn waiting<A: Access>(tx: &Tx<A>) -> Result<Vec<WaitingMove>, ClientError> {
    let mut all = Vec::new();
    for (document, to) in wishes(tx)? {
        let Some(record) = row_of(tx, record_id(&document))? else { continue };
        all.push(WaitingMove { record, to: space_name(tx, &to)? });
    }
    Ok(all)
}

/// The name of a space; its id where this device doesn't know the name.
pub(crate) fn space_name<A: Access>(tx: &Tx<A>, space: &SpaceId) -> Result<String, ClientError> {
    Ok(tx.space(space)?.map_or_else(|| space.to_string(), |row| row.name))
}

/// Refuses a space that this user may not move records from or to.
fn check_moves<A: Access>(tx: &Tx<A>, space: &SpaceId) -> Result<SpaceRow, ClientError> {
    let row = tx.space(space)?.ok_or(ClientError::NotJoined)?;
    if tx.client_value(COMMON_SPACE)?.as_deref() == Some(space.as_bytes()) {
        return Err(ClientRefusal::CommonStays.into());
    }
    match Role::parse(&row.role) {
        Some(role) if may_move(role) => Ok(row),
        _ => Err(ClientRefusal::MayNotMove { space: row.name, role: row.role }.into()),
    }
}

/// A record as a plan lists it; none where there is nothing to list.
fn row_of<A: Access>(tx: &Tx<A>, id: RecordId) -> Result<Option<MoveRow>, ClientError> {
    let Some(document) = tx.document(&document_id(id))? else { return Ok(None) };
    let Some(state) = vault::any_state(tx, id)? else { return Ok(None) };
    Ok(Some(MoveRow {
        id: id.0,
        short: encode_id(id.as_bytes()),
        prefix: find::prefix_len(tx, id)?,
        name: record_name(&state),
        module: state.module,
        from: space_name(tx, &document.space)?,
    }))
}

/// What hangs on records: people and deals on an account, activities on any of them. What lives in `common` doesn't.
fn hanging_on<A: Access>(tx: &Tx<A>, named: &BTreeSet<RecordId>) -> Result<BTreeSet<RecordId>, ClientError> {
    let common = tx.client_value(COMMON_SPACE)?.and_then(|bytes| SpaceId::from_slice(&bytes));
    let mut all = named.clone();
    for module in [CONTACT, OPPORTUNITY, ACTIVITY] {
        // Activities come last: they hang on people and deals too.
        let targets = if module == ACTIVITY { all.clone() } else { named.clone() };
        for id in references::referring(tx, module, &targets)? {
            let row = tx.document(&document_id(id))?;
            if row.is_some_and(|row| Some(row.space) != common) {
                all.insert(id);
            }
        }
    }
    Ok(all.difference(named).copied().collect())
}
