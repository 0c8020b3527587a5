//! Briefs: what lists filter, sort and search by, beside each row and much smaller.
//!
//! A brief is a second row under `brief/<module>`: the record's [`Cell`]s and its searched text, folded. It is written
//! with the row, in the same transaction, and rebuilt with it. A deal's cells follow from the settings, too: its brief
//! names the settings that it was derived with ([`Basis`]), and whoever finds another basis derives the deal anew.

use crate::error::{ClientError, Damage};
use crate::ids::{document_id, record_id, settings_id, workspace_id};
use crate::vault;
use forsat_domain::cells::{self, Cell};
use forsat_domain::lifecycle::{self, Life};
use forsat_domain::opportunity::Deal;
use forsat_domain::record::RecordState;
use forsat_domain::schema::{ModuleDef, OPPORTUNITY, SETTINGS, Schema, record_name};
use forsat_domain::settings::{Settings, is_custom_name};
use forsat_domain::world::World;
use forsat_domain::{CivilDate, RecordId};
use forsat_store::{Access, Store, Tx, WriteTx};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::ops::ControlFlow;

/// The client value that names the settings which all briefs follow from.
const BASIS: &str = "briefs/basis";
/// How many briefs are derived anew in one transaction.
const BRIEFS_A_TURN: usize = 500;

/// The settings that cells were derived with: a digest of their heads; zeros where there are none.
pub(crate) type Basis = [u8; 8];

/// What can be read of a brief without its cells.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Head<'a> {
    /// The searched fields, folded, the name on the first line.
    pub search: &'a str,
    /// The record's name.
    pub name: &'a str,
    /// Whether lists show it.
    pub visible: bool,
    /// Where it went as a duplicate.
    pub merged_into: Option<RecordId>,
    /// Whether it is open, where that means anything.
    pub open: Option<bool>,
    /// What the cells of a deal were derived with.
    basis: Option<Basis>,
    /// Whether the cells may be others on another day.
    by_day: bool,
}

/// What lists ask of a record.
pub(crate) struct Brief<'a> {
    pub head: Head<'a>,
    cells: Vec<(Cow<'a, str>, Cell<'a>)>,
}

impl<'a> Brief<'a> {
    /// Reads a brief.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, ClientError> {
        let (head, rest) = postcard::take_from_bytes(bytes).map_err(|_| damaged())?;
        let cells: Vec<(&'a str, Cell<'a>)> = postcard::from_bytes(rest).map_err(|_| damaged())?;
        let cells = cells.into_iter().map(|(name, cell)| (Cow::Borrowed(name), cell)).collect();
        Ok(Brief { head, cells })
    }

    /// The same with what the workspace's own fields of a module mean there.
    pub(crate) fn decode_for(bytes: &'a [u8], table: &ModuleDef) -> Result<Self, ClientError> {
        let mut brief = Brief::decode(bytes)?;
        for (name, cell) in brief.cells.iter_mut().filter(|(name, _)| is_custom_name(name)) {
            if let Some(field) = table.field(name) {
                *cell = cells::own_cell(std::mem::take(cell), &field.kind);
            }
        }
        Ok(brief)
    }

    /// What a column says.
    pub(crate) fn cell(&self, field: &str) -> &Cell<'a> {
        let found = self.cells.iter().find(|(name, _)| name == field);
        found.map_or(&Cell::Nothing, |(_, cell)| cell)
    }

    /// The records that the searched columns lead to.
    pub(crate) fn references(&self) -> impl Iterator<Item = (&str, RecordId)> {
        self.cells.iter().filter_map(|(name, cell)| match cell {
            Cell::Reference { id, .. } => Some((name.as_ref(), *id)),
            _ => None,
        })
    }
}

impl<'a> Head<'a> {
    /// Reads the beginning of a brief.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, ClientError> {
        postcard::take_from_bytes(bytes).map(|(head, _)| head).map_err(|_| damaged())
    }

    /// Whether the cells are still what they would be if they were derived now.
    pub(crate) fn is_fresh(&self, basis: Basis) -> bool {
        !self.by_day && self.basis.is_none_or(|derived_with| derived_with == basis)
    }
}

impl forsat_domain::filter::Row for Brief<'_> {
    fn cell(&self, field: &str) -> Cell<'_> {
        Brief::cell(self, field).clone()
    }

    fn is_open(&self) -> Option<bool> {
        self.head.open
    }
}

fn damaged() -> ClientError {
    ClientError::Damaged(Damage::Brief)
}

/// Writes a brief; none for a module that this version doesn't know. A kept brief knows the settings alone, so a record
/// that others were merged into is derived anew, with them, wherever it is asked for.
pub(crate) fn encode(
    state: &RecordState,
    schema: &Schema,
    world: &dyn World,
    basis: Basis,
    today: CivilDate,
) -> Option<Vec<u8>> {
    let module = schema.module(&state.module)?;
    let is_deal = state.module == OPPORTUNITY;
    let deal = is_deal.then(|| Deal::read(state, world, today));
    let deal = deal.as_ref();
    let head = Head {
        search: &cells::search_text(state, module, deal),
        name: &record_name(state),
        visible: Life::of(state).is_visible(),
        merged_into: lifecycle::merged_into(state),
        open: cells::is_open(state, deal),
        basis: is_deal.then_some(basis),
        by_day: deal.is_some_and(cells::depends_on_day),
    };
    let plain = "a brief is plain data, which always serialises";
    let bytes = postcard::to_stdvec(&head).expect(plain);
    Some(postcard::to_extend(&cells::cells(state, module, deal), bytes).expect(plain))
}

/// The settings and nothing else: what a deal's cells follow from. Other records only give names.
struct Alone<'s>(&'s Settings);

impl World for Alone<'_> {
    fn record(&self, _: RecordId) -> Option<Cow<'_, RecordState>> {
        None
    }

    fn settings(&self) -> &Settings {
        self.0
    }

    fn merged_into(&self, _: RecordId) -> Vec<RecordId> {
        Vec::new()
    }

    fn opportunities_of(&self, _: RecordId) -> Vec<RecordId> {
        Vec::new()
    }
}

/// The module name that briefs of a module are kept under.
pub(crate) fn place(module: &str) -> String {
    format!("brief/{module}")
}

/// Keeps the brief of a record beside its row.
pub(crate) fn put(tx: &mut WriteTx<'_>, schema: &Schema, state: &RecordState) -> Result<(), ClientError> {
    // Only what deals come to follows from the settings; the day doesn't matter for what is kept.
    let (settings, basis) = match state.module.as_str() {
        OPPORTUNITY => settings_with_basis(&*tx)?,
        _ => (Settings::default(), Basis::default()),
    };
    put_with(tx, schema, state, &settings, basis)
}

fn put_with(
    tx: &mut WriteTx<'_>,
    schema: &Schema,
    state: &RecordState,
    settings: &Settings,
    basis: Basis,
) -> Result<(), ClientError> {
    if let Some(bytes) = encode(state, schema, &Alone(settings), basis, CivilDate::MIN) {
        tx.put_row(&place(&state.module), &document_id(state.id), &[], &bytes)?;
    }
    Ok(())
}

/// The settings and their digest.
pub(crate) fn settings_with_basis<A: Access>(tx: &Tx<A>) -> Result<(Settings, Basis), ClientError> {
    let id = settings_id(workspace_id(&tx.identity()?.workspace));
    let state = vault::state(tx, SETTINGS, id)?;
    let mut basis = Basis::default();
    for head in state.iter().flat_map(|state| &state.heads) {
        basis.iter_mut().zip(head).for_each(|(byte, other)| *byte ^= other);
    }
    Ok((Settings::read(state.as_ref()), basis))
}

/// What a walk calls for each brief: the record and the brief's bytes.
type Visit<'v> = dyn FnMut(RecordId, &[u8]) -> Result<(), ClientError> + 'v;

/// Walks the briefs of a module in the order of ids, each with its bytes.
pub(crate) fn each<A: Access>(tx: &Tx<A>, module: &str, visit: &mut Visit<'_>) -> Result<(), ClientError> {
    let mut failed = None;
    tx.each_row(&place(module), &mut |id, bytes| match visit(record_id(&id), bytes) {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(()), Err)
}

/// Whether the brief that is kept of a record is what it should be; one that other settings led to is left to
/// [`bring_up`].
pub(crate) fn is_kept<A: Access>(
    tx: &Tx<A>,
    schema: &Schema,
    state: &RecordState,
) -> Result<bool, ClientError> {
    let (settings, basis) = match state.module.as_str() {
        OPPORTUNITY => settings_with_basis(tx)?,
        _ => (Settings::default(), Basis::default()),
    };
    let wanted = encode(state, schema, &Alone(&settings), basis, CivilDate::MIN);
    let kept = tx.row(&place(&state.module), &document_id(state.id))?;
    let Some(bytes) = &kept else { return Ok(wanted.is_none()) };
    let led_to = Head::decode(bytes)?.basis;
    Ok(led_to.is_some_and(|led_to| led_to != basis) || kept == wanted)
}

/// Derives the deals' briefs anew, whatever the settings were before.
pub(crate) fn derive_again(store: &Store, schema: &Schema) -> Result<(), ClientError> {
    store.write::<_, ClientError>(|tx| Ok(tx.remove_client_value(BASIS).map(drop)?))?;
    bring_up(store, schema)
}

/// Derives the deals' briefs anew where the settings have changed since they were written.
pub(crate) fn bring_up(store: &Store, schema: &Schema) -> Result<(), ClientError> {
    let tx = store.read()?;
    let (settings, basis) = settings_with_basis(&tx)?;
    if tx.client_value(BASIS)?.unwrap_or_default() == basis {
        return Ok(());
    }
    let mut ids = Vec::new();
    each(&tx, OPPORTUNITY, &mut |id, bytes| {
        if Head::decode(bytes)?.basis != Some(basis) {
            ids.push(id);
        }
        Ok(())
    })?;
    drop(tx);
    for ids in ids.chunks(BRIEFS_A_TURN) {
        store.write::<_, ClientError>(|tx| {
            for id in ids {
                if let Some(state) = vault::state(&*tx, OPPORTUNITY, *id)? {
                    put_with(tx, schema, &state, &settings, basis)?;
                }
            }
            Ok(())
        })?;
    }
    store.write::<_, ClientError>(|tx| Ok(tx.set_client_value(BASIS, &basis)?))
}
