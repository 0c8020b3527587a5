//! Many records in one command: to the trash and back, all of them or none; and copies of one.

use crate::engine::Engine;
use crate::error::{ClientError, ClientRefusal, Question};
use crate::find::{self, Hit};
use crate::model::{FieldInput, Saved};
use crate::turn::Turn;
use crate::world::{StoreWorld, module_states};
use forsat_domain::command::{Deletion, delete, refuse_merged, restore, similar};
use forsat_domain::composite::{Composite, Lifecycle};
use forsat_domain::edit::Edit;
use forsat_domain::id::encode_id;
use forsat_domain::lifecycle::Life;
use forsat_domain::record::RecordState;
use forsat_domain::schema::record_name;
use forsat_domain::{RecordId, UserId};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A record in the trash.
#[derive(Clone, Debug, Serialize)]
pub struct TrashedRecord {
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
    /// When it was deleted, by the deleting device's clock, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Who deleted it, by name where known.
    pub by: Option<String>,
}

impl Engine {
    /// Moves records to the trash in one command: all of them, or none where one can't be. The caller has shown
    /// [`Engine::delete_preview`] of each and was told to go on.
    pub fn delete_many(&self, module: &str, references: &[&str]) -> Result<Vec<Saved>, ClientError> {
        self.each(module, references, "delete", |turn, state| {
            turn.rule(state, &mut BTreeMap::new(), |scene| {
                refuse_merged(state, scene.context.world)?;
                match delete(scene.context, state, true)? {
                    Deletion::Edits(edits) => Ok(edits),
                    Deletion::Ask(_) => Err(ClientError::NeedsConfirmation(Question::LeavesDeals)),
                }
            })
        })
    }

    /// Takes records out of the trash in one command: all of them, or none where one isn't there.
    pub fn restore_many(&self, module: &str, references: &[&str]) -> Result<Vec<Saved>, ClientError> {
        self.each(module, references, "restore", |turn, state| {
            turn.rule(state, &mut BTreeMap::new(), |scene| {
                refuse_merged(state, scene.context.world)?;
                Ok(restore(scene.context, state)?)
            })
        })
    }

    /// Creates a record with the values of another; `fields` are written over them.
    pub fn similar(
        &self,
        module: &str,
        reference: &str,
        fields: &[FieldInput],
    ) -> Result<Saved, ClientError> {
        self.turn(|turn| {
            let hit = find::resolve(&*turn.tx, self.schema(), module, reference)?;
            let table = find::module(self.schema(), &hit.module)?;
            let source = turn.state(&hit.module, hit.id)?;
            let mut echoed = BTreeMap::new();
            let created = turn.rule(&source, &mut echoed, |scene| {
                let assignments = scene.assignments(table, fields)?;
                Ok(similar(scene.context, &source, &assignments)?)
            })?;
            let state = turn.create(created.id, &table.name, &created.edits)?;
            turn.finish(&format!("{} similar", table.short), &state, echoed)
        })
    }

    /// What is in the trash, what was deleted last first; `module` none means every module.
    pub fn trash(&self, module: Option<&str>) -> Result<Vec<TrashedRecord>, ClientError> {
        let tx = self.read()?;
        let world = StoreWorld::new(&tx)?;
        let wanted = module.map(|module| find::module(self.schema(), module)).transpose()?;
        let mut found = Vec::new();
        for table in self
            .schema()
            .modules()
            .iter()
            .filter(|table| wanted.is_none_or(|wanted| wanted.name == table.name))
        {
            for state in module_states(&tx, &table.name)? {
                if Life::of(&state) != Life::Trashed {
                    continue;
                }
                let life = Lifecycle::from_scalar(state.winner("lifecycle"));
                let name_of = |user: UserId| world.name(RecordId(user.0));
                found.push(TrashedRecord {
                    id: state.id.0,
                    short: encode_id(state.id.as_bytes()),
                    prefix: find::prefix_len(&tx, state.id)?,
                    module: state.module.clone(),
                    name: record_name(&state),
                    at_ms: life.as_ref().map_or(0, |life| life.at),
                    by: life.and_then(|life| life.by).and_then(name_of),
                });
            }
        }
        world.check()?;
        found.sort_by_key(|record| (std::cmp::Reverse(record.at_ms), record.id));
        Ok(found)
    }

    /// Runs a rule on each record in one transaction with one number for undo.
    fn each(
        &self,
        module: &str,
        references: &[&str],
        name: &str,
        rule: impl Fn(&Turn<'_, '_, '_>, &RecordState) -> Result<Vec<Edit>, ClientError>,
    ) -> Result<Vec<Saved>, ClientError> {
        self.turn(|turn| {
            let mut hits: Vec<Hit> = Vec::new();
            for reference in references {
                let hit = find::resolve(&*turn.tx, self.schema(), module, reference)?;
                if !hits.iter().any(|known| known.id == hit.id) {
                    hits.push(hit);
                }
            }
            let mut states = Vec::new();
            for hit in &hits {
                let state = turn.state(&hit.module, hit.id)?;
                let edits = rule(turn, &state).map_err(|error| named(error, &state, hits.len()))?;
                states.push(turn.edit(hit.id, &edits)?.unwrap_or(state));
            }
            let short = hits
                .first()
                .and_then(|hit| self.schema().module(&hit.module))
                .map(|table| table.short.clone());
            let journal = turn.write_journal(&format!("{} {name}", short.unwrap_or_default()))?;
            states.iter().map(|state| turn.saved(state, Some(journal), BTreeMap::new())).collect()
        })
    }
}

/// Says which of several records a rule refused.
fn named(error: ClientError, state: &RecordState, records: usize) -> ClientError {
    match error {
        ClientError::Rule(refusal) if records > 1 => {
            ClientRefusal::OfRecord { name: record_name(state), refusal }.into()
        }
        other => other,
    }
}

/// The answer of a command on one record.
pub(crate) fn only(mut saved: Vec<Saved>) -> Saved {
    saved.pop().expect("a command on one record answers for it")
}
