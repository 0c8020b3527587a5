//! Stages: their order, what stands in for an archived one, and what an unknown id reads as.

use std::collections::BTreeMap;

use super::checklist::{self, CheckItem};
use super::{DEFAULT_PIPELINE, builtin, raw_label, read_named, written};
use crate::composite::Outcome;
use crate::record::{Entry, RecordState};
use crate::schema::Label;

/// One stage of a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// The stable id.
    pub id: String,
    /// The pipeline it belongs to.
    pub pipeline: String,
    /// What people read.
    pub label: Label,
    /// Its place in the pipeline; ties go by id.
    pub position: i64,
    /// How a deal in it stands; never changes.
    pub kind: Outcome,
    /// Percent; 100 for won and 0 for lost, whatever is stored.
    pub probability: u8,
    /// What must be reached before a deal moves on; empty when nothing is defined.
    pub exit_criteria: String,
    /// What must reach an output before a deal moves on.
    pub checklist: Vec<CheckItem>,
    /// Whether it is offered no more.
    pub archived: bool,
    /// What its deals count under once it is archived.
    pub replaced_by: Option<String>,
}

/// A pipeline whose stages of a closing kind are all archived, so that all of them read as live.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StageKindsArchived {
    /// The pipeline.
    pub pipeline: String,
    /// Won or lost.
    pub kind: Outcome,
}

/// The stages of every pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stages {
    by_id: BTreeMap<String, Stage>,
    /// Pipelines in order, with their labels.
    pipelines: Vec<(String, Label)>,
    all_archived: Vec<StageKindsArchived>,
}

impl Stages {
    /// Reads the stages of the settings record over the built-in ones.
    pub(super) fn read(state: Option<&RecordState>) -> Self {
        let mut by_id: BTreeMap<String, Stage> = builtin_stages();
        for (id, entry) in written(state, "stages") {
            read_stage(by_id.entry(id.to_owned()).or_insert_with(|| blank(id)), entry);
        }
        let all_archived = all_archived(&by_id);
        let pipelines = pipelines(state, &by_id);
        Self { by_id, pipelines, all_archived }
    }

    /// A stage by its id, archived or not.
    pub fn get(&self, id: &str) -> Option<&Stage> {
        self.by_id.get(id)
    }

    /// Every stage by id, archived ones included.
    pub fn all(&self) -> impl Iterator<Item = &Stage> {
        self.by_id.values()
    }

    /// The pipelines in order, with their labels.
    pub fn pipelines(&self) -> &[(String, Label)] {
        &self.pipelines
    }

    /// The stages of a pipeline that read as live, by (position, id).
    pub fn live_of(&self, pipeline: &str) -> Vec<&Stage> {
        let mut stages: Vec<&Stage> =
            self.by_id.values().filter(|stage| stage.pipeline == pipeline && self.is_live(stage)).collect();
        stages.sort_by(|left, right| left.order().cmp(&right.order()));
        stages
    }

    /// Every stage that reads as live, by pipeline and then (position, id).
    pub fn live(&self) -> Vec<&Stage> {
        self.pipelines.iter().flat_map(|(pipeline, _)| self.live_of(pipeline)).collect()
    }

    /// Every stage of a pipeline by (position, id), archived ones included.
    pub fn all_of(&self, pipeline: &str) -> Vec<&Stage> {
        let mut stages: Vec<&Stage> =
            self.by_id.values().filter(|stage| stage.pipeline == pipeline).collect();
        stages.sort_by(|left, right| left.order().cmp(&right.order()));
        stages
    }

    /// The first stage of a kind in a pipeline.
    pub fn first(&self, pipeline: &str, kind: Outcome) -> Option<&Stage> {
        self.live_of(pipeline).into_iter().find(|stage| stage.kind == kind)
    }

    /// Pipelines in which no stage of a closing kind is live but by this rule.
    pub fn all_archived(&self) -> &[StageKindsArchived] {
        &self.all_archived
    }

    /// Tells whether a stage reads as live: not archived, or archived together with all of its closing kind.
    pub fn is_live(&self, stage: &Stage) -> bool {
        let spared = |row: &StageKindsArchived| row.pipeline == stage.pipeline && row.kind == stage.kind;
        !stage.archived || self.all_archived.iter().any(spared)
    }

    /// The stage that deals of a stage id count under: itself, or what stands in for it when it is archived.
    ///
    /// Replacements are followed within one kind only: a deal never changes its outcome by an administrator's click.
    /// A cycle of archived stages stands for its lowest position. `None` for an unknown id.
    pub fn effective(&self, id: &str) -> Option<&Stage> {
        let mut stage = self.by_id.get(id)?;
        let mut path = vec![stage];
        while let Some(next) = self.replacement(stage) {
            if let Some(start) = path.iter().position(|seen| seen.id == next.id) {
                let cycle = path.split_off(start);
                return cycle.into_iter().min_by(|left, right| left.order().cmp(&right.order()));
            }
            path.push(next);
            stage = next;
        }
        Some(stage)
    }

    /// What directly stands in for a stage; none for a live one.
    fn replacement(&self, stage: &Stage) -> Option<&Stage> {
        if self.is_live(stage) {
            return None;
        }
        let next = self.by_id.get(stage.replaced_by.as_deref()?)?;
        (next.kind == stage.kind && next.id != stage.id).then_some(next)
    }
}

impl Stage {
    /// What stages are ordered by within a pipeline and, in a conflict, across pipelines.
    pub fn order(&self) -> (i64, &str) {
        (self.position, &self.id)
    }
}

fn builtin_stages() -> BTreeMap<String, Stage> {
    let stage = |(position, row): (i64, &builtin::BuiltinStage)| {
        let (id, en, fa, kind, probability) = *row;
        let stage = Stage {
            label: Label::new(en, fa),
            position: position * 10,
            kind,
            probability,
            pipeline: DEFAULT_PIPELINE.to_owned(),
            ..blank(id)
        };
        (id.to_owned(), stage)
    };
    (1_i64..).zip(builtin::STAGES).map(stage).collect()
}

/// A stage of which only the id is known.
fn blank(id: &str) -> Stage {
    Stage {
        id: id.to_owned(),
        pipeline: DEFAULT_PIPELINE.to_owned(),
        label: raw_label(id),
        position: i64::MAX,
        kind: Outcome::Open,
        probability: 0,
        exit_criteria: String::new(),
        checklist: Vec::new(),
        archived: false,
        replaced_by: None,
    }
}

/// Overlays what an entry says on a stage.
fn read_stage(stage: &mut Stage, entry: &Entry) {
    let text = |name: &str| entry.winner(name).as_text().filter(|text| !text.trim().is_empty());
    read_named(entry, &mut stage.label, &mut stage.position, &mut stage.archived);
    if let Some(pipeline) = text("pipeline") {
        stage.pipeline = pipeline.to_owned();
    }
    // The kind of a built-in stage is part of its id's meaning.
    if !builtin::STAGES.iter().any(|row| row.0 == stage.id) {
        stage.kind = match text("kind") {
            Some("won") => Outcome::Won,
            Some("lost") => Outcome::Lost,
            _ => Outcome::Open,
        };
    }
    let stored = entry.winner("default_probability").as_int().and_then(|pct| u8::try_from(pct).ok());
    stage.probability = match stage.kind {
        Outcome::Won => 100,
        Outcome::Lost => 0,
        Outcome::Open => stored.filter(|pct| *pct <= 100).unwrap_or(stage.probability),
    };
    if let Some(criteria) = text("exit_criteria") {
        stage.exit_criteria = criteria.to_owned();
    }
    stage.checklist = checklist::items(entry);
    stage.replaced_by = text("replaced_by").map(str::to_owned);
}

/// Finds the pipelines that keep no stage of a closing kind.
fn all_archived(by_id: &BTreeMap<String, Stage>) -> Vec<StageKindsArchived> {
    let mut live: BTreeMap<(&str, Outcome), bool> = BTreeMap::new();
    for stage in by_id.values().filter(|stage| stage.kind.is_closed()) {
        *live.entry((&stage.pipeline, stage.kind)).or_default() |= !stage.archived;
    }
    live.into_iter()
        .filter(|(_, live)| !live)
        .map(|((pipeline, kind), _)| StageKindsArchived { pipeline: pipeline.to_owned(), kind })
        .collect()
}

/// Orders the pipelines: the default one first unless positions say otherwise, then by (position, id).
fn pipelines(state: Option<&RecordState>, by_id: &BTreeMap<String, Stage>) -> Vec<(String, Label)> {
    let mut found: BTreeMap<&str, (i64, Label)> = BTreeMap::new();
    found.insert(DEFAULT_PIPELINE, (0, Label::new("Sales pipeline", "سبد فروش")));
    for stage in by_id.values() {
        found.entry(&stage.pipeline).or_insert_with(|| (i64::MAX, raw_label(&stage.pipeline)));
    }
    for (id, entry) in written(state, "pipelines") {
        let (position, label) = found.entry(id).or_insert_with(|| (i64::MAX, raw_label(id)));
        read_named(entry, label, position, &mut false);
    }
    let mut rows: Vec<(i64, &str, Label)> =
        found.into_iter().map(|(id, (position, label))| (position, id, label)).collect();
    rows.sort_by(|left, right| (left.0, left.1).cmp(&(right.0, right.1)));
    rows.into_iter().map(|(_, id, label)| (id.to_owned(), label)).collect()
}
