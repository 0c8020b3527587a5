//! What lies around a record: the records that hang on it, and one timeline of what is coming and what happened.

use crate::engine::Engine;
use crate::error::ClientError;
use crate::find;
use crate::references;
use crate::reports::is_open;
use crate::view::Viewer;
use crate::world::StoreWorld;
use forsat_domain::composite::{Composite, Moment, Outcome, StageMove};
use forsat_domain::date::civil_date_of;
use forsat_domain::id::encode_id;
use forsat_domain::lifecycle::{self, Life};
use forsat_domain::record::RecordState;
use forsat_domain::schema::{
    ACCOUNT, ACTIVITY, CONTACT, FieldDef, LEAD, ModuleDef, OPPORTUNITY, record_name,
};
use forsat_domain::world::World;
use forsat_domain::{CivilDate, RecordId, collate};
use forsat_store::{Access, ReadTx};
use serde::Serialize;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Columns that a related record is shown with, beside its name.
const COLUMNS_MAX: usize = 3;

/// A record that hangs on another.
#[derive(Clone, Debug, Serialize)]
pub struct RelatedRow {
    /// The record.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// Its name.
    pub name: String,
    /// What its group's columns say, as a person reads it.
    pub text: Vec<String>,
}

/// The records of one module that hang on a record, by name.
#[derive(Clone, Debug, Serialize)]
pub struct RelatedGroup {
    /// The module's name.
    pub module: String,
    /// The columns beside the name.
    pub columns: Vec<String>,
    /// The records, living ones only.
    pub rows: Vec<RelatedRow>,
}

/// Something that is coming or happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimelineEntry {
    /// The record that it is, or that it happened to.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// `call`, `meeting`, `task`, `note`, `stage`, `won`, `lost`, `close_date` or `created`.
    pub kind: String,
    /// The subject, the stage's label, or empty.
    pub text: String,
    /// The record that it is about, where that is another than the one in the middle.
    pub about: Option<String>,
    /// The point in time, UTC milliseconds, where it has one.
    pub at_ms: Option<i64>,
    /// The day for the organisation, as `YYYY-MM-DD`, where it has one.
    pub day: Option<CivilDate>,
    /// Whether its day has passed and it is still to be done.
    pub overdue: bool,
    /// Who is responsible, or who did it, by name where known.
    pub who: Option<String>,
}

/// Everything around a record.
#[derive(Clone, Debug, Serialize)]
pub struct Around {
    /// The records that hang on it, by module in the order of the menus.
    pub related: Vec<RelatedGroup>,
    /// What is coming, the next first; what has no day last.
    pub coming: Vec<TimelineEntry>,
    /// What happened, the latest first.
    pub happened: Vec<TimelineEntry>,
}

impl Engine {
    /// What lies around a record: what hangs on it, what is coming and what happened, its deals' and people's included.
    pub fn related(&self, module: &str, reference: &str) -> Result<Around, ClientError> {
        let tx = self.read()?;
        let hit = find::resolve(&tx, self.schema(), module, reference)?;
        let world = StoreWorld::new(&tx)?;
        let viewer = self.viewer(&world);
        let middle = self.state_of(&tx, &hit)?;
        let reader = Reader { tx: &tx, viewer: &viewer, middle: hit.id };
        let mut related = Vec::new();
        // Deals and people bring what happens to them; other records only themselves.
        let mut around = vec![middle.clone()];
        for table in self.schema().modules() {
            let states = reader.related(&table.name)?;
            if matches!(table.name.as_ref(), OPPORTUNITY | CONTACT | LEAD) && hit.module == ACCOUNT {
                around.extend(states.iter().cloned());
            }
            if table.name != ACTIVITY && !states.is_empty() {
                related.push(reader.group(table, &hit.module, &states)?);
            }
        }
        let (coming, happened) = reader.timeline(&around)?;
        world.check()?;
        Ok(Around { related, coming, happened })
    }
}

struct Reader<'r, A: Access> {
    tx: &'r ReadTx,
    viewer: &'r Viewer<'r, 'r, A>,
    middle: RecordId,
}

impl<A: Access> Reader<'_, A> {
    /// The living records of a module that hang on the one in the middle.
    fn related(&self, of: &str) -> Result<Vec<RecordState>, ClientError> {
        self.referring(self.middle, of)
    }

    fn referring(&self, id: RecordId, of: &str) -> Result<Vec<RecordState>, ClientError> {
        let world = self.viewer.world;
        let mut targets = lifecycle::losers(id, world);
        targets.insert(id);
        let found =
            references::referring(self.tx, of, &targets)?.into_iter().filter_map(|id| world.record(id));
        let living = |state: &RecordState| {
            Life::of(state).is_visible() && !lifecycle::is_superseded(state, world) && state.id != self.middle
        };
        Ok(found.map(|state| state.into_owned()).filter(living).collect())
    }

    fn group(
        &self,
        table: &ModuleDef,
        middle_module: &str,
        states: &[RecordState],
    ) -> Result<RelatedGroup, ClientError> {
        let own_name =
            |name: &str| name == table.name_field || name.strip_suffix("_id") == Some(middle_module);
        let columns: Vec<&FieldDef> = table
            .list_columns
            .iter()
            .filter(|name| !own_name(name))
            .filter_map(|name| table.field(name))
            .take(COLUMNS_MAX)
            .collect();
        let mut rows = Vec::new();
        for state in states {
            let deal = self.viewer.deal(state);
            let text = columns.iter().map(|field| {
                let value = self.viewer.value(state, field, deal.as_ref());
                self.viewer.words(state, field, &value)
            });
            rows.push(RelatedRow {
                id: state.id.0,
                short: encode_id(state.id.as_bytes()),
                prefix: find::prefix_len(self.tx, state.id)?,
                name: record_name(state),
                text: text.collect(),
            });
        }
        rows.sort_by_cached_key(|row| (collate::sort_key(&row.name), row.id));
        let columns = columns.iter().map(|field| field.name.to_string()).collect();
        Ok(RelatedGroup { module: table.name.to_string(), columns, rows })
    }

    /// What is coming and what happened to some records.
    fn timeline(
        &self,
        around: &[RecordState],
    ) -> Result<(Vec<TimelineEntry>, Vec<TimelineEntry>), ClientError> {
        let (mut coming, mut happened) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for state in around {
            let about = Some(record_name(state)).filter(|_| state.id != self.middle);
            happened.push(self.created(state, about.clone())?);
            if state.module == OPPORTUNITY {
                happened.extend(self.moves(state, about.as_ref())?);
                coming.extend(self.expected(state, about.as_ref())?);
            }
            for activity in self.referring(state.id, ACTIVITY)? {
                if seen.insert(activity.id) {
                    let entry = self.activity(&activity, about.clone())?;
                    if is_open(&activity) { coming.push(entry) } else { happened.push(entry) }
                }
            }
        }
        if let Some(middle) = around.first().filter(|middle| middle.module == ACTIVITY) {
            let entry = self.activity(middle, None)?;
            if is_open(middle) { coming.push(entry) } else { happened.push(entry) }
        }
        coming.sort_by_key(|entry| (entry.day.is_none(), entry.day, entry.at_ms, entry.id));
        happened.sort_by_key(|entry| std::cmp::Reverse((entry.day, entry.at_ms, entry.id)));
        Ok((coming, happened))
    }

    fn activity(&self, state: &RecordState, about: Option<String>) -> Result<TimelineEntry, ClientError> {
        let text = |field: &str| state.winner(field).as_text();
        let start = Moment::from_scalar(state.winner("start")).map(|moment| moment.instant);
        let due: Option<CivilDate> = text("due_date").and_then(|day| day.parse().ok());
        let written = state.winner("created_at").as_int();
        // A thing that was done without a time was done when it was written down.
        let at_ms = start.or(written.filter(|_| due.is_none() && !is_open(state)));
        let entry = self.entry(state, text("kind").unwrap_or("note"), about)?;
        let day = due.or(at_ms.map(|at| self.day(at)));
        Ok(TimelineEntry {
            text: text("subject").unwrap_or_default().to_owned(),
            overdue: is_open(state) && day.is_some_and(|day| day < self.viewer.today),
            at_ms,
            day,
            who: self.name_of(state, "assigned_user_id"),
            ..entry
        })
    }

    fn created(&self, state: &RecordState, about: Option<String>) -> Result<TimelineEntry, ClientError> {
        let at_ms = state.winner("created_at").as_int();
        let day = at_ms.map(|at| self.day(at));
        Ok(TimelineEntry {
            at_ms,
            day,
            who: self.name_of(state, "created_by"),
            ..self.entry(state, "created", about)?
        })
    }

    /// The stages that a deal went through.
    fn moves(&self, state: &RecordState, about: Option<&String>) -> Result<Vec<TimelineEntry>, ClientError> {
        let stages = &self.viewer.world.settings().stages;
        let moves = state.grown("stage_history").filter_map(|(_, value)| StageMove::from_scalar(value));
        let entry = |moved: StageMove| {
            let stage = stages.get(&moved.to);
            let kind = match stage.map(|stage| stage.kind) {
                Some(Outcome::Won) => "won",
                Some(Outcome::Lost) => "lost",
                _ => "stage",
            };
            let label = stage
                .map_or(moved.to.clone(), |stage| stage.label.get(self.viewer.locale.language).to_owned());
            Ok(TimelineEntry {
                text: label,
                at_ms: Some(moved.at),
                day: Some(self.day(moved.at)),
                who: moved.by.and_then(|by| self.viewer.user(by)),
                ..self.entry(state, kind, about.cloned())?
            })
        };
        moves.map(entry).collect()
    }

    /// The day on which an open deal is expected to close.
    fn expected(
        &self,
        state: &RecordState,
        about: Option<&String>,
    ) -> Result<Option<TimelineEntry>, ClientError> {
        let deal = self.viewer.deal(state).filter(|deal| !deal.stage.standing.is_closed());
        let Some(day) = deal.and_then(|deal| deal.close_date) else { return Ok(None) };
        Ok(Some(TimelineEntry {
            day: Some(day),
            overdue: day < self.viewer.today,
            who: self.name_of(state, "assigned_user_id"),
            ..self.entry(state, "close_date", about.cloned())?
        }))
    }

    fn entry(
        &self,
        state: &RecordState,
        kind: &str,
        about: Option<String>,
    ) -> Result<TimelineEntry, ClientError> {
        Ok(TimelineEntry {
            id: state.id.0,
            short: encode_id(state.id.as_bytes()),
            prefix: find::prefix_len(self.tx, state.id)?,
            kind: kind.to_owned(),
            text: String::new(),
            about,
            at_ms: None,
            day: None,
            overdue: false,
            who: None,
        })
    }

    fn day(&self, at_ms: i64) -> CivilDate {
        civil_date_of(at_ms, self.viewer.world.settings().time_zone)
    }

    fn name_of(&self, state: &RecordState, field: &str) -> Option<String> {
        let id = forsat_domain::composite::reference_id(state.winner(field))?;
        self.viewer.user(forsat_domain::UserId(id.0))
    }
}
