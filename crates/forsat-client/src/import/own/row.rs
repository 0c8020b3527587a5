//! What a row of our own export comes to: a new record, changes of one that is here, or nothing.

use super::super::Counts;
use super::change::{Changes, settled_registers};
use super::check::Checker;
use super::file::Row;
use super::is_known;
use crate::commands::finder;
use crate::engine::Engine;
use crate::erased;
use crate::error::{ClientError, Damage, ExportReason, RowReason};
use crate::exchange::Content;
use crate::vault;
use crate::world::{self, StoreWorld};
use forsat_domain::command::{Context, edit};
use forsat_domain::edit::{Edit, preview};
use forsat_domain::lifecycle::{self, Life};
use forsat_domain::record::{RecordState, Scalar};
use forsat_domain::schema::input::ParseContext;
use forsat_domain::schema::{FieldDef, ModuleDef, OPPORTUNITY, SETTINGS, naming, record_name};
use forsat_domain::world::World;
use forsat_domain::{Currency, RecordId, UserId};
use forsat_store::{Access, Tx};
use std::collections::{BTreeMap, BTreeSet};

/// What is written for a row.
pub(super) enum Work {
    Create(Vec<Edit>),
    Update { edits: Vec<Edit>, kept_local: u64 },
    Nothing { kept_local: u64 },
}

impl Work {
    pub(super) fn count(&self, counts: &mut Counts) {
        match self {
            Work::Create(_) => counts.created += 1,
            Work::Update { kept_local, .. } => {
                counts.updated += 1;
                counts.kept_local += kept_local;
            }
            Work::Nothing { kept_local } => {
                counts.unchanged += 1;
                counts.kept_local += kept_local;
            }
        }
    }
}

/// Plans rows over one transaction.
pub(super) struct Planner<'a, A: Access> {
    engine: &'a Engine,
    tx: &'a Tx<A>,
    world: StoreWorld<'a, A>,
    in_files: &'a BTreeMap<RecordId, String>,
    now_ms: i64,
    user: UserId,
}

impl<'a, A: Access> Planner<'a, A> {
    pub(super) fn new(
        engine: &'a Engine,
        tx: &'a Tx<A>,
        in_files: &'a BTreeMap<RecordId, String>,
    ) -> Result<Self, ClientError> {
        let user = tx.identity()?.user.as_ref().map(crate::ids::user_id);
        let user = user.ok_or_else(|| ClientError::Damaged(Damage::NoUser))?;
        let now_ms = engine.ambient().now_ms();
        Ok(Planner { engine, tx, world: StoreWorld::new(tx)?, in_files, now_ms, user })
    }

    /// Reports a read that failed behind the rules' back.
    pub(super) fn check(&self) -> Result<(), ClientError> {
        self.world.check()
    }

    /// Plans a row; the inner error is the reason for refusing it.
    pub(super) fn plan(&self, row: &Row, module: &str) -> Result<Result<Work, RowReason>, ClientError> {
        let table = crate::find::module(self.engine.schema(), module)?;
        let Some(document) = self.tx.document(&crate::ids::document_id(row.id))? else {
            if erased::is_erased(self.tx, &crate::ids::document_id(row.id))? {
                return Ok(Err(RowReason::Erased));
            }
            return Ok(self.create(row, table));
        };
        if document.module.as_deref() != Some(module) {
            let other = document.module.unwrap_or_default();
            return Ok(Err(ExportReason::IdOfAnother(other).into()));
        }
        let state = vault::state(self.tx, module, row.id)?;
        let state = state.ok_or_else(|| {
            ClientError::Damaged(Damage::MissingRow { module: module.to_owned(), id: row.id.to_string() })
        })?;
        let base = self.base(row, &state)?;
        Ok(self.update(row, table, &state, base.as_ref().unwrap_or(&state)))
    }

    /// The record as it was exported; none where it still is so, or that version isn't here.
    fn base(&self, row: &Row, state: &RecordState) -> Result<Option<RecordState>, ClientError> {
        let mut version = row.version.clone();
        version.sort_unstable();
        if version.is_empty() || version == state.heads {
            return Ok(None);
        }
        let Some(loaded) = vault::load(self.tx, row.id)? else { return Ok(None) };
        Ok(loaded.document.read_at(&version, self.engine.schema()).ok())
    }

    fn update(
        &self,
        row: &Row,
        table: &ModuleDef,
        state: &RecordState,
        base: &RecordState,
    ) -> Result<Work, RowReason> {
        if lifecycle::is_superseded(state, &self.world) {
            return Err(ExportReason::Merged.into());
        }
        let mut changes = Changes::default();
        self.with_checker(row, state, |checker| {
            for (field, content) in fields_of(row, table) {
                let taken = changes.take(field, content, base, state, checker);
                taken.map_err(RowReason::within(&field.name))?;
            }
            Ok(())
        })?;
        if changes.assignments.is_empty() && changes.edits.is_empty() {
            return Ok(Work::Nothing { kept_local: changes.kept_local });
        }
        if Life::of(state) == Life::Trashed {
            return Err(ExportReason::Trashed.into());
        }
        let ambient = self.engine.ambient();
        let mut new_uuid = || ambient.uuid();
        let mut context = Context {
            now_ms: self.now_ms,
            today: world::today(self.world.settings(), self.now_ms),
            user: self.user,
            new_uuid: &mut new_uuid,
            world: &self.world,
            schema: self.engine.schema(),
        };
        let mut edits = edit(&mut context, state, &changes.assignments).map_err(Box::new)?;
        edits.extend(changes.edits);
        Ok(Work::Update { edits, kept_local: changes.kept_local })
    }

    fn create(&self, row: &Row, table: &ModuleDef) -> Result<Work, RowReason> {
        if table.name == SETTINGS {
            return Err(ExportReason::Settings.into());
        }
        let empty = RecordState::new(row.id, table.name.as_ref());
        let mut edits = Vec::new();
        self.with_checker(row, &empty, |checker| {
            for (field, content) in fields_of(row, table) {
                let made = begun(field, content, &empty.module, checker);
                edits.extend(made.map_err(RowReason::within(&field.name))?);
            }
            Ok(())
        })?;
        let state = preview(&empty, &edits);
        if record_name(&state).is_empty() {
            let needed = naming(&table.name).iter().filter_map(|fields| fields.last().copied());
            return Err(ExportReason::Nameless(needed.map(str::to_owned).collect()).into());
        }
        if table.name == OPPORTUNITY && state.winner("account_id").is_null() {
            return Err(ExportReason::NoAccount.into());
        }
        Ok(Work::Create(edits))
    }

    /// Runs a check with what it depends on: amounts without a unit are in the record's currency.
    fn with_checker<T>(
        &self,
        row: &Row,
        state: &RecordState,
        look: impl FnOnce(&Checker<'_>) -> Result<T, RowReason>,
    ) -> Result<T, RowReason> {
        let find = finder(self.tx, self.engine.schema());
        let named = match row.contents.get("currency") {
            Some(Content::Value(Scalar::Text(code))) => Currency::from_code(code).ok(),
            _ => None,
        };
        let settings = self.world.settings();
        let currency = named.unwrap_or_else(|| crate::commands::currency_of(state, &self.world));
        let today = world::today(settings, self.now_ms);
        let is_known = |modules: &BTreeSet<&str>, id: RecordId| is_known(self.tx, self.in_files, modules, id);
        look(&Checker {
            settings,
            parse: ParseContext { today, currency, settings, find: &find },
            is_known: &is_known,
        })
    }
}

fn fields_of<'r>(row: &'r Row, table: &'r ModuleDef) -> impl Iterator<Item = (&'r FieldDef, &'r Content)> {
    row.contents.iter().filter_map(|(name, content)| Some((table.field(name)?, content)))
}

/// What a new record's field is written with.
fn begun(
    field: &FieldDef,
    content: &Content,
    module: &str,
    checker: &Checker<'_>,
) -> Result<Vec<Edit>, RowReason> {
    let name = field.name.as_ref();
    Ok(match content {
        Content::Value(value) => match checker.settled(field, value)? {
            Scalar::Null => Vec::new(),
            value => vec![Edit::set(name, value)],
        },
        Content::Text(text) if text.is_empty() => Vec::new(),
        Content::Text(text) => vec![Edit::SetText { field: name.to_owned(), value: text.clone() }],
        Content::Set(keys) => {
            keys.iter().try_for_each(|key| checker.check_member(field, key))?;
            keys.iter().map(|key| Edit::Add { field: name.to_owned(), key: key.clone() }).collect()
        }
        Content::Map(entries) => {
            let mut edits = Vec::new();
            for (entry, registers) in entries {
                let settled = settled_registers(field, module, registers, checker)?;
                let set = |(register, value): (String, Scalar)| {
                    Edit::set_entry(name, entry.as_str(), register, value)
                };
                edits.extend(settled.into_iter().map(set));
            }
            edits
        }
        Content::Grow(values) => {
            let insert = |(key, value): (&String, &Scalar)| Edit::Insert {
                field: name.to_owned(),
                key: key.clone(),
                value: value.clone(),
            };
            values.iter().map(insert).collect()
        }
    })
}
