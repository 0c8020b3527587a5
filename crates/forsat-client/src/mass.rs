//! One command for many records: the selected ones, or all that a query means.
//!
//! All of it is one transaction and one entry of the journal, so undo takes it back whole. Records that a rule refuses
//! are left out and named; the others are done.

use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError};
use crate::find;
use crate::model::{FieldInput, JournalNumber, ListQuery};
use crate::turn::{self, Turn};
use forsat_domain::RecordId;
use forsat_domain::command::{Deletion, delete, delete_preview, edit};
use forsat_domain::edit::{Edit, preview};
use forsat_domain::filter::find_field;
use forsat_domain::id::encode_id;
use forsat_domain::record::RecordState;
use forsat_domain::schema::{ModuleDef, record_name};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// Records that one command changes at most: a journal entry and a transaction hold them all.
pub const MASS_RECORDS_MAX: usize = 20_000;
/// Records whose changes a preview spells out.
const SHOWN_MAX: usize = 10;
/// Refused records that an answer names.
const REFUSED_SHOWN_MAX: usize = 100;

/// Which records a command is for.
#[derive(Clone, Debug)]
pub enum MassTarget {
    /// These, by id or name.
    Records(Vec<String>),
    /// All that a query means.
    Matching(Box<ListQuery>),
    /// These, as an answer named them.
    Ids(Vec<Uuid>),
}

/// What is done to each record.
#[derive(Clone, Debug)]
pub enum MassAction {
    /// These fields get these values.
    Edit(Vec<FieldInput>),
    /// It goes to the trash.
    Delete,
}

/// What changes, or changed, in one record.
#[derive(Clone, Debug, Serialize)]
pub struct MassChange {
    /// Its short id.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// Its name before.
    pub name: String,
    /// Field, value before and value after, as a person reads them.
    pub fields: Vec<(String, String, String)>,
}

/// A record that a rule refuses to change.
#[derive(Clone, Debug, Serialize)]
pub struct MassRefusal {
    /// Its short id.
    pub short: String,
    /// Its name.
    pub name: String,
    /// A stable code in snake case, where there is one.
    pub code: String,
    /// Why, and what to do.
    pub message: String,
    /// The same as data.
    #[serde(skip)]
    pub error: Arc<ClientError>,
}

/// What a command for many records does, or did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct MassAnswer {
    /// The module's name.
    pub module: String,
    /// Records that were meant.
    pub matched: usize,
    /// Records that change.
    pub changed: usize,
    /// Records that say so already.
    pub unchanged: usize,
    /// Records that a rule refuses, at most the first hundred.
    pub refused: Vec<MassRefusal>,
    /// How many are refused.
    pub refused_count: usize,
    /// The first changes, spelled out.
    pub changes: Vec<MassChange>,
    /// Open deals that deleting would leave behind.
    pub open_deals: usize,
    /// Whether it was done, or only looked at.
    pub saved: bool,
    /// The command's number in the journal, for undo; none when nothing was written.
    pub journal: Option<JournalNumber>,
    /// How many changes wait to be sent, of all records.
    pub unsent: u64,
    /// The records that change.
    #[serde(skip)]
    pub ids: Vec<Uuid>,
}

/// Commands for many records.
impl Engine {
    /// Says what a command would do; writes nothing.
    pub fn mass_preview(
        &self,
        module: &str,
        target: &MassTarget,
        action: &MassAction,
    ) -> Result<MassAnswer, ClientError> {
        self.mass_run(module, target, action, false)
    }

    /// Does it, in one transaction.
    pub fn mass(
        &self,
        module: &str,
        target: &MassTarget,
        action: &MassAction,
    ) -> Result<MassAnswer, ClientError> {
        self.mass_run(module, target, action, true)
    }

    fn mass_run(
        &self,
        module: &str,
        target: &MassTarget,
        action: &MassAction,
        save: bool,
    ) -> Result<MassAnswer, ClientError> {
        let table = find::module(self.schema(), module)?;
        let ids = self.meant(table, target)?;
        self.turn(|turn| {
            let mut answer = MassAnswer {
                module: table.name.to_string(),
                matched: ids.len(),
                saved: save,
                ..MassAnswer::default()
            };
            for id in ids {
                turn.one_of_many(table, id, action, save, &mut answer)?;
            }
            if save && answer.changed > 0 {
                let name = if matches!(action, MassAction::Delete) { "delete" } else { "update" };
                answer.journal = Some(turn.write_journal(&format!("{} {name}", table.short))?);
            }
            answer.unsent = turn::unsent(&*turn.tx)?;
            Ok(answer)
        })
    }

    /// The records that are meant, each once.
    fn meant(&self, table: &ModuleDef, target: &MassTarget) -> Result<Vec<RecordId>, ClientError> {
        let tx = self.read()?;
        let ids: Vec<RecordId> = match target {
            MassTarget::Ids(ids) => ids.iter().copied().map(RecordId).collect(),
            MassTarget::Records(references) => {
                let hits = references
                    .iter()
                    .map(|reference| find::resolve(&tx, self.schema(), &table.name, reference))
                    .collect::<Result<Vec<_>, _>>()?;
                let mut seen = BTreeSet::new();
                hits.into_iter().map(|hit| hit.id).filter(|id| seen.insert(*id)).collect()
            }
            MassTarget::Matching(query) => {
                self.selected(&tx, table, query)?.ids.into_iter().map(|(id, _)| id).collect()
            }
        };
        if ids.len() > MASS_RECORDS_MAX {
            return Err(ArgumentError::TooManyRecords { count: ids.len(), max: MASS_RECORDS_MAX }.into());
        }
        Ok(ids)
    }
}

impl Turn<'_, '_, '_> {
    fn one_of_many(
        &mut self,
        table: &ModuleDef,
        id: RecordId,
        action: &MassAction,
        save: bool,
        answer: &mut MassAnswer,
    ) -> Result<(), ClientError> {
        let state = self.state(&table.name, id)?;
        let edits = match self.edits_of(table, &state, action)? {
            Ok(edits) => edits,
            Err(error) => return answer.refuse(&state, error),
        };
        let after = preview(&state, &edits);
        if !edits.iter().any(|edit| changes(&state, edit)) {
            answer.unchanged += 1;
            return Ok(());
        }
        if answer.changes.len() < SHOWN_MAX {
            answer.changes.push(self.spelled_out(table, &state, &after, action)?);
        }
        if matches!(action, MassAction::Delete) {
            answer.open_deals += delete_preview(&state, &self.world()?, self.today).open_deals;
        }
        if save && let Err(error) = self.edit(id, &edits) {
            return answer.refuse(&state, error);
        }
        answer.changed += 1;
        answer.ids.push(id.0);
        Ok(())
    }

    /// The edits of one record: the outer error ends the command, the inner one leaves the record out.
    fn edits_of(
        &self,
        table: &ModuleDef,
        state: &RecordState,
        action: &MassAction,
    ) -> Result<Result<Vec<Edit>, ClientError>, ClientError> {
        self.rule(state, &mut BTreeMap::new(), |scene| match action {
            MassAction::Edit(fields) => {
                let assignments = scene.assignments(table, fields)?;
                Ok(edit(scene.context, state, &assignments).map_err(ClientError::from))
            }
            MassAction::Delete => Ok(match delete(scene.context, state, true) {
                Ok(Deletion::Edits(edits)) => Ok(edits),
                Ok(Deletion::Ask(_)) => Ok(Vec::new()),
                Err(refusal) => Err(refusal.into()),
            }),
        })
    }

    fn spelled_out(
        &self,
        table: &ModuleDef,
        before: &RecordState,
        after: &RecordState,
        action: &MassAction,
    ) -> Result<MassChange, ClientError> {
        let world = self.world()?;
        let viewer = self.engine.viewer(&world);
        let typed = if let MassAction::Edit(fields) = action { fields.as_slice() } else { &[] };
        let mut fields = Vec::new();
        for field in
            typed.iter().filter_map(|typed| find_field(table, typed.name.trim_end_matches(['+', '-'])).ok())
        {
            let says = |state: &RecordState| {
                viewer.words(state, field, &viewer.value(state, field, viewer.deal(state).as_ref()))
            };
            fields.push((field.name.to_string(), says(before), says(after)));
        }
        let (short, prefix) = (encode_id(before.id.as_bytes()), find::prefix_len(&*self.tx, before.id)?);
        world.check()?;
        Ok(MassChange { short, prefix, name: record_name(before), fields })
    }
}

/// Whether an edit changes what a record says; one that settles a conflict does.
fn changes(state: &RecordState, edit: &Edit) -> bool {
    match edit {
        Edit::Set { field, value } => state.winner(field) != value || state.sides(field).len() > 1,
        Edit::SetText { field, value } => state.text(field) != value,
        Edit::Add { field, key } => !state.set(field).any(|present| present == key),
        Edit::Remove { field, key } => state.set(field).any(|present| present == key),
        Edit::SetEntry { field, entry, name, value } => {
            state.entry(field, entry).is_none_or(|entry| entry.winner(name) != value)
        }
        Edit::Insert { field, key, .. } => !state.grown(field).any(|(present, _)| present == key),
    }
}

impl MassAnswer {
    /// Leaves a record out where a rule refuses it; any other failure ends the command.
    fn refuse(&mut self, state: &RecordState, error: ClientError) -> Result<(), ClientError> {
        let code = match &error {
            ClientError::Refused(refusal) => refusal.code().to_owned(),
            ClientError::Rule(refusal) => refusal.code().to_owned(),
            ClientError::Edit(_) => "edit".to_owned(),
            _ => return Err(error),
        };
        self.refused_count += 1;
        if self.refused.len() < REFUSED_SHOWN_MAX {
            let (short, name) = (encode_id(state.id.as_bytes()), record_name(state));
            let message = error.to_string();
            self.refused.push(MassRefusal { short, name, code, message, error: Arc::new(error) });
        }
        Ok(())
    }
}
