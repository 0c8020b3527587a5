//! Stages: added, relabelled, moved, archived and taken up again.

use super::{Labels, SettingsRefusal, archived, find_row, label_edits, position_at, refuse_same_label, slug};
use crate::command::{Context, Refusal};
use crate::composite::Outcome;
use crate::edit::Edit;
use crate::record::Scalar;
use crate::schema::Label;
use crate::settings::{DEFAULT_PIPELINE, Settings, Stage};

/// The field of the settings that keeps the stages.
pub(super) const STAGES: &str = "stages";

/// Where a stage goes within its pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Before all others.
    First,
    /// Right after this one.
    After(String),
}

/// What is asked for a new stage, or for one that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageDraft {
    /// Its label.
    pub labels: Labels,
    /// The pipeline of a new stage; the default one where none is given.
    pub pipeline: Option<String>,
    /// The kind of a new stage; open where none is given.
    pub kind: Option<Outcome>,
    /// Percent, for an open stage.
    pub probability: Option<u8>,
    /// What must be reached before a deal moves on; an empty text clears it.
    pub exit_criteria: Option<String>,
    /// Where a new stage goes; after the last open one where nothing is given.
    pub place: Option<Place>,
}

/// Adds a stage to a pipeline.
pub fn stage_add(ctx: &Context<'_>, draft: &StageDraft) -> Result<Vec<Edit>, Refusal> {
    let settings = ctx.settings();
    let label = draft.labels.over(None)?;
    let pipeline = find_row(
        draft.pipeline.as_deref().unwrap_or(DEFAULT_PIPELINE),
        settings.stages.pipelines(),
        "pipeline",
    )?;
    refuse_same_label(&label, None, labels_of(settings, &pipeline))?;
    let kind = draft.kind.unwrap_or(Outcome::Open);
    let id = slug(&label, |id| settings.stages.get(id).is_some())?;
    refuse_fixed(&id, kind, draft.probability)?;
    let others = settings.stages.all_of(&pipeline);
    let at = match &draft.place {
        Some(place) => index(place, &others)?,
        None if kind == Outcome::Open => {
            others.iter().rposition(|stage| stage.kind == Outcome::Open).map_or(0, |last| last + 1)
        }
        None => others.len(),
    };
    let mut edits = label_edits(STAGES, &id, &label).to_vec();
    edits.push(Edit::set_entry(STAGES, &id, "kind", kind_word(kind)));
    edits.push(Edit::set_entry(STAGES, &id, "pipeline", pipeline.as_str()));
    edits.extend(positions(&id, &others, at));
    edits.extend(plain(&id, draft)?);
    if kind == Outcome::Open && draft.probability.is_none() {
        edits.push(Edit::set_entry(STAGES, &id, "default_probability", 0));
    }
    Ok(edits)
}

/// Changes what a stage is called, what its deals count, and what must be reached in it.
pub fn stage_edit(ctx: &Context<'_>, stage: &str, draft: &StageDraft) -> Result<Vec<Edit>, Refusal> {
    let settings = ctx.settings();
    let stage = find_stage(settings, stage)?;
    refuse_fixed(&stage.id, stage.kind, draft.probability)?;
    let mut edits = plain(&stage.id, draft)?;
    if !draft.labels.is_empty() {
        let label = draft.labels.over(Some(&stage.label))?;
        refuse_same_label(&label, Some(&stage.id), labels_of(settings, &stage.pipeline))?;
        edits.extend(label_edits(STAGES, &stage.id, &label));
    }
    if edits.is_empty() { Err(SettingsRefusal::Nothing.into()) } else { Ok(edits) }
}

/// Offers a stage no more; its deals count under the replacement, where one is given, and otherwise stay in it.
pub fn stage_archive(
    ctx: &Context<'_>,
    stage: &str,
    replaced_by: Option<&str>,
) -> Result<Vec<Edit>, Refusal> {
    let settings = ctx.settings();
    let stage = find_stage(settings, stage)?;
    if stage.archived {
        return Err(SettingsRefusal::Archived(stage.id.clone()).into());
    }
    let is_needed = |other: &&Stage| {
        !other.archived
            && other.id != stage.id
            && other.kind == stage.kind
            && (stage.kind == Outcome::Open || other.pipeline == stage.pipeline)
    };
    if !settings.stages.all().any(|other| is_needed(&other)) {
        return Err(SettingsRefusal::LastOfKind(stage.id.clone(), kind_word(stage.kind)).into());
    }
    let mut edits = vec![archived(STAGES, &stage.id, true)];
    let replacement = match replaced_by {
        None => Scalar::Null,
        Some(text) => Scalar::text(replacement(settings, stage, text)?),
    };
    edits.push(Edit::set_entry(STAGES, &stage.id, "replaced_by", replacement));
    Ok(edits)
}

/// Offers a stage again.
pub fn stage_restore(ctx: &Context<'_>, stage: &str) -> Result<Vec<Edit>, Refusal> {
    let stage = find_stage(ctx.settings(), stage)?;
    if !stage.archived {
        return Err(SettingsRefusal::NotArchived(stage.id.clone()).into());
    }
    Ok(vec![
        archived(STAGES, &stage.id, false),
        Edit::set_entry(STAGES, &stage.id, "replaced_by", Scalar::Null),
    ])
}

/// Moves a stage within its pipeline.
pub fn stage_place(ctx: &Context<'_>, stage: &str, place: &Place) -> Result<Vec<Edit>, Refusal> {
    let settings = ctx.settings();
    let stage = find_stage(settings, stage)?;
    let mut others = settings.stages.all_of(&stage.pipeline);
    others.retain(|other| other.id != stage.id);
    let at = index(place, &others)?;
    Ok(positions(&stage.id, &others, at))
}

/// Finds a stage, archived or not, by its id or label.
pub(super) fn find_stage<'s>(settings: &'s Settings, text: &str) -> Result<&'s Stage, Refusal> {
    let rows: Vec<(String, Label)> =
        settings.stages.all().map(|stage| (stage.id.clone(), stage.label.clone())).collect();
    let id = find_row(text, &rows, "stage")?;
    Ok(settings.stages.get(&id).expect("a row that was found is a stage"))
}

fn replacement(settings: &Settings, stage: &Stage, text: &str) -> Result<String, Refusal> {
    let by = find_stage(settings, text)?;
    if by.archived || by.id == stage.id {
        return Err(SettingsRefusal::ReplacementUnused(by.id.clone()).into());
    }
    if by.kind != stage.kind {
        let kind = kind_word(stage.kind);
        let (stage, by) = (stage.id.clone(), by.id.clone());
        return Err(SettingsRefusal::ReplacementKind { stage, by, kind }.into());
    }
    Ok(by.id.clone())
}

fn labels_of<'s>(settings: &'s Settings, pipeline: &'s str) -> impl Iterator<Item = (&'s str, &'s Label)> {
    let own = settings.stages.all().filter(move |stage| stage.pipeline == pipeline);
    own.map(|stage| (stage.id.as_str(), &stage.label))
}

fn refuse_fixed(id: &str, kind: Outcome, probability: Option<u8>) -> Result<(), Refusal> {
    if kind.is_closed() && probability.is_some() {
        return Err(SettingsRefusal::FixedProbability(id.to_owned()).into());
    }
    Ok(())
}

/// The index in a pipeline at which a stage goes.
fn index(place: &Place, others: &[&Stage]) -> Result<usize, Refusal> {
    let Place::After(text) = place else { return Ok(0) };
    let rows: Vec<(String, Label)> =
        others.iter().map(|stage| (stage.id.clone(), stage.label.clone())).collect();
    let id = find_row(text, &rows, "stage")?;
    Ok(others.iter().position(|stage| stage.id == id).map_or(others.len(), |at| at + 1))
}

fn positions(id: &str, others: &[&Stage], at: usize) -> Vec<Edit> {
    let order: Vec<(&str, i64)> = others.iter().map(|stage| (stage.id.as_str(), stage.position)).collect();
    let (position, moved) = position_at(&order, at);
    let own = Edit::set_entry(STAGES, id, "position", position);
    let moved = moved.into_iter().map(|(id, position)| Edit::set_entry(STAGES, id, "position", position));
    std::iter::once(own).chain(moved).collect()
}

/// Writes what has no rule of its own.
fn plain(id: &str, draft: &StageDraft) -> Result<Vec<Edit>, Refusal> {
    let mut edits = Vec::new();
    if let Some(pct) = draft.probability {
        edits.push(Edit::set_entry(STAGES, id, "default_probability", i64::from(pct)));
    }
    if let Some(criteria) = draft.exit_criteria.as_deref().map(str::trim) {
        let value = if criteria.is_empty() { Scalar::Null } else { Scalar::text(criteria) };
        edits.push(Edit::set_entry(STAGES, id, "exit_criteria", value));
    }
    Ok(edits)
}

fn kind_word(kind: Outcome) -> &'static str {
    match kind {
        Outcome::Open => "open",
        Outcome::Won => "won",
        Outcome::Lost => "lost",
    }
}
