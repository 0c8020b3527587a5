//! Moves that were asked for here and that no relay has answered yet.
//!
//! One client value lists them; the sync asks the relay, which alone decides where a record lives.

use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError, ClientRefusal};
use crate::ids::document_id;
use crate::mass::MASS_RECORDS_MAX;
use crate::turn::COMMON_SPACE;
use crate::{find, references, space, vault};
use forsat_domain::RecordId;
use forsat_domain::id::encode_id;
use forsat_domain::schema::{ACCOUNT, ACTIVITY, CONTACT, OPPORTUNITY, record_name};
use forsat_store::{Access, SpaceRow, Tx, WriteTx};
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

/// The issue of a move that the relay refused.
pub(crate) const MOVE_REFUSED: &str = "move_refused";

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
    /// Whether it was asked for, or only looked at.
    pub saved: bool,
    #[serde(skip)]
    to: SpaceId,
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
            saved: false,
            to,
        };
        let mut named = BTreeSet::new();
        for reference in references {
            let hit = find::resolve(&tx, self.schema(), "record", reference)?;
            named.insert(hit.id);
        }
        for id in &named {
            match row_of(&tx, *id, &to)? {
                Some(row) => plan.records.push(row),
                None => plan.there += 1,
            }
        }
        if !alone {
            for id in hanging_on(&tx, &named)? {
                plan.along.extend(row_of(&tx, id, &to)?);
            }
        }
        let count = plan.records.len() + plan.along.len();
        if count > MASS_RECORDS_MAX {
            return Err(ArgumentError::TooManyRecords { count, max: MASS_RECORDS_MAX }.into());
        }
        Ok(plan)
    }

    /// Asks for what a preview shows: the next sync asks the relay, which alone decides where a record lives. A later
    /// wish for a record takes an earlier one's place.
    pub fn move_records(&self, plan: MovePlan) -> Result<MovePlan, ClientError> {
        self.write(|tx| {
            let mut all = wishes(&*tx)?;
            for row in plan.records.iter().chain(&plan.along) {
                let document = document_id(RecordId(row.id));
                end_refusal(tx, &document)?;
                all.insert(document, plan.to);
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

/// A record as a plan lists it; none for one that lives there already.
fn row_of<A: Access>(tx: &Tx<A>, id: RecordId, to: &SpaceId) -> Result<Option<MoveRow>, ClientError> {
    let Some(document) = tx.document(&document_id(id))?.filter(|row| row.space != *to) else {
        return Ok(None);
    };
    let Some(state) = vault::any_state(tx, id)? else { return Ok(None) };
    let from = check_moves(tx, &document.space)?.name;
    Ok(Some(MoveRow {
        id: id.0,
        short: encode_id(id.as_bytes()),
        prefix: find::prefix_len(tx, id)?,
        name: record_name(&state),
        module: state.module,
        from,
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
