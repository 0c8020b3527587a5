//! Moving a deal: along its pipeline, to an outcome, and back.

use super::{Context, Plan, Refusal, StageHint, check, expect_module, refuse_trashed};
use crate::composite::{Composite, LeftBooking, Outcome, ProbabilityOverride, StageEntry, StageMove};
use crate::date::CivilDate;
use crate::edit::Edit;
use crate::opportunity::{CurrentStage, Standing, booking};
use crate::record::RecordState;
use crate::schema::input::{InputError, pick};
use crate::schema::{Label, OPPORTUNITY, SettingList};
use crate::settings::{DEFAULT_PIPELINE, REASON_OTHER, REASON_UNSPECIFIED, Settings, Stage};

/// How a deal ends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Close {
    /// The day that the outcome was known; today where none is given.
    pub on: Option<CivilDate>,
    /// Why: a reason's id or label. Required for a loss.
    pub reason: Option<String>,
    /// A remark; required for the loss reason "other".
    pub note: Option<String>,
}

/// Moves a deal to an open stage, given by its id or label in either language.
pub fn stage_move(ctx: &mut Context<'_>, state: &RecordState, to: &str) -> Result<Vec<Edit>, Refusal> {
    stage_move_forced(ctx, state, to, false)
}

/// Moves a deal like [`stage_move`]; with `force` also while required items of its checklist are open, which the
/// history then names.
pub fn stage_move_forced(
    ctx: &mut Context<'_>,
    state: &RecordState,
    to: &str,
    force: bool,
) -> Result<Vec<Edit>, Refusal> {
    let mut plan = begin(state)?;
    let stage = find_stage(to, ctx.settings())?;
    if stage.kind == Outcome::Won {
        return win_forced(ctx, state, &Close::default(), force);
    }
    if stage.kind == Outcome::Lost {
        let hint = StageHint::Close;
        return Err(Refusal::StageKind { stage: stage.id.clone(), hint });
    }
    check::leave(&mut plan, ctx, stage, force)?;
    move_open(&mut plan, ctx, stage)?;
    Ok(plan.finish())
}

/// Closes a deal as won and books its amount.
pub fn win(ctx: &mut Context<'_>, state: &RecordState, close: &Close) -> Result<Vec<Edit>, Refusal> {
    win_forced(ctx, state, close, false)
}

/// Closes a deal as won like [`win`]; with `force` also while required items of its checklist are open.
pub fn win_forced(
    ctx: &mut Context<'_>,
    state: &RecordState,
    close: &Close,
    force: bool,
) -> Result<Vec<Edit>, Refusal> {
    close_as(ctx, state, Outcome::Won, close, force)
}

/// Closes a deal as lost; the reason is required, and a note for the reason "other".
pub fn lose(ctx: &mut Context<'_>, state: &RecordState, close: &Close) -> Result<Vec<Edit>, Refusal> {
    close_as(ctx, state, Outcome::Lost, close, false)
}

/// Opens a closed or disputed deal again, in the stage given or the open one that it was last in.
pub fn reopen(ctx: &mut Context<'_>, state: &RecordState, to: Option<&str>) -> Result<Vec<Edit>, Refusal> {
    let mut plan = begin(state)?;
    let settings = ctx.settings();
    let current = CurrentStage::read(state, settings);
    if !current.standing.is_closed() && current.standing != Standing::Disputed {
        return Err(Refusal::NotClosed);
    }
    let stage = match to {
        Some(text) => find_stage(text, settings)?,
        None => last_open(state, &current, settings)?,
    };
    if stage.kind != Outcome::Open {
        let hint = StageHint::NameOpen;
        return Err(Refusal::StageKind { stage: stage.id.clone(), hint });
    }
    move_open(&mut plan, ctx, stage)?;
    Ok(plan.finish())
}

fn begin(state: &RecordState) -> Result<Plan, Refusal> {
    expect_module(state, OPPORTUNITY)?;
    refuse_trashed(state)?;
    Ok(Plan::new(state))
}

fn close_as(
    ctx: &mut Context<'_>,
    state: &RecordState,
    outcome: Outcome,
    close: &Close,
    force: bool,
) -> Result<Vec<Edit>, Refusal> {
    let mut plan = begin(state)?;
    let pipeline = pipeline_of(state, ctx.settings());
    let stage = closing_stage(&pipeline, outcome, ctx.settings())?;
    check::leave(&mut plan, ctx, stage, force)?;
    move_closed(&mut plan, ctx, stage, close, false)?;
    Ok(plan.finish())
}

/// Finds a stage that a deal may enter, by its id or label.
pub(super) fn find_stage<'a>(text: &str, settings: &'a Settings) -> Result<&'a Stage, Refusal> {
    let all: Vec<(String, Label)> =
        settings.stages.all().map(|stage| (stage.id.clone(), stage.label.clone())).collect();
    let id = pick(text, &all, "stage").map_err(|error| match error {
        InputError::Choice { text, .. } => Refusal::UnknownStage(text),
        other => Refusal::Input(other),
    })?;
    let stage = settings.stages.get(&id).ok_or_else(|| Refusal::UnknownStage(id.clone()))?;
    if settings.stages.is_live(stage) {
        return Ok(stage);
    }
    let instead = settings.stages.effective(&id).filter(|other| settings.stages.is_live(other));
    let instead =
        instead.map_or("one of the stages that `forsat pipeline` lists".to_owned(), |other| other.id.clone());
    Err(Refusal::ArchivedStage { stage: id, instead })
}

/// The pipeline that a deal is in, by its stage.
pub(super) fn pipeline_of(state: &RecordState, settings: &Settings) -> String {
    let current = CurrentStage::read(state, settings);
    let stage = settings.stages.get(&current.stage_id);
    stage.map_or(DEFAULT_PIPELINE, |stage| &stage.pipeline).to_owned()
}

/// The stage in which deals of a pipeline end one way; a pipeline without one uses the default pipeline's.
fn closing_stage<'a>(pipeline: &str, outcome: Outcome, settings: &'a Settings) -> Result<&'a Stage, Refusal> {
    let stages = &settings.stages;
    let found = stages.first(pipeline, outcome).or_else(|| stages.first(DEFAULT_PIPELINE, outcome));
    found
        .ok_or_else(|| Refusal::UnknownStage(if outcome == Outcome::Won { "won" } else { "lost" }.to_owned()))
}

/// Enters an open stage.
pub(super) fn move_open(plan: &mut Plan, ctx: &mut Context<'_>, stage: &Stage) -> Result<(), Refusal> {
    let current = CurrentStage::read(&plan.state, ctx.settings());
    if current.stage_id == stage.id && plan.state.sides("stage").len() == 1 {
        return Err(Refusal::SameStage(stage.id.clone()));
    }
    let entry = new_stay(ctx, stage);
    enter(plan, ctx, entry);
    Ok(())
}

/// Enters a closed stage: checks the reason, books the amount.
///
/// A `lenient` close, of an import, may lack its reason, which then reads as unspecified.
pub(super) fn move_closed(
    plan: &mut Plan,
    ctx: &mut Context<'_>,
    stage: &Stage,
    close: &Close,
    lenient: bool,
) -> Result<(), Refusal> {
    let settings = ctx.settings();
    let current = CurrentStage::read(&plan.state, settings);
    if current.standing.is_closed() && current.stage_id == stage.id && plan.state.sides("stage").len() == 1 {
        return Err(Refusal::SameStage(stage.id.clone()));
    }
    let entry = closed_stay(plan, ctx, stage, close, lenient)?;
    enter(plan, ctx, entry);
    Ok(())
}

/// A new stay in a closed stage, with its outcome.
pub(super) fn closed_stay(
    plan: &Plan,
    ctx: &mut Context<'_>,
    stage: &Stage,
    close: &Close,
    lenient: bool,
) -> Result<StageEntry, Refusal> {
    let settings = ctx.settings();
    let day = close.on.unwrap_or(ctx.today);
    refuse_ahead(day, ctx.today)?;
    Ok(StageEntry {
        reason_id: reason(stage.kind, close, settings, lenient)?,
        note: close.note.clone().filter(|note| !note.trim().is_empty()),
        actual_close_date: Some(day),
        booked: booking(&plan.state, settings, day),
        ..new_stay(ctx, stage)
    })
}

/// Refuses an outcome that is said to be known in the future.
pub(super) fn refuse_ahead(day: CivilDate, today: CivilDate) -> Result<(), Refusal> {
    if day > today { Err(Refusal::ClosesAhead(day)) } else { Ok(()) }
}

/// Reads the reason of an outcome, and checks that it is complete.
fn reason(
    outcome: Outcome,
    close: &Close,
    settings: &Settings,
    lenient: bool,
) -> Result<Option<String>, Refusal> {
    let given = close.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
    match given {
        None if outcome != Outcome::Lost => Ok(None),
        None if lenient => Ok(Some(REASON_UNSPECIFIED.to_owned())),
        None => Err(Refusal::ReasonNeeded(reason_names(outcome, settings))),
        Some(REASON_UNSPECIFIED) if lenient => Ok(Some(REASON_UNSPECIFIED.to_owned())),
        Some(text) => {
            let id = find_reason(outcome, text, settings)?;
            check_note(outcome, &id, close.note.as_deref())?;
            Ok(Some(id))
        }
    }
}

/// Refuses the loss reason "other" without a note.
pub(super) fn check_note(outcome: Outcome, reason: &str, note: Option<&str>) -> Result<(), Refusal> {
    let noted = note.is_some_and(|note| !note.trim().is_empty());
    if outcome == Outcome::Lost && reason == REASON_OTHER && !noted {
        Err(Refusal::NoteNeeded)
    } else {
        Ok(())
    }
}

/// Finds a reason that is still offered, by its id or label.
pub(super) fn find_reason(outcome: Outcome, text: &str, settings: &Settings) -> Result<String, Refusal> {
    let offered = settings.items(reason_list(outcome)).iter().filter(|item| !item.archived);
    let options: Vec<(String, Label)> = offered.map(|item| (item.id.clone(), item.label.clone())).collect();
    pick(text, &options, "reason").map_err(|error| match error {
        InputError::Choice { text, .. } => {
            Refusal::UnknownReason { text, options: reason_names(outcome, settings) }
        }
        other => Refusal::Input(other),
    })
}

fn reason_list(outcome: Outcome) -> SettingList {
    if outcome == Outcome::Won { SettingList::WinReasons } else { SettingList::LossReasons }
}

fn reason_names(outcome: Outcome, settings: &Settings) -> String {
    let offered = settings.items(reason_list(outcome)).iter().filter(|item| !item.archived);
    offered.map(|item| item.id.as_str()).collect::<Vec<_>>().join(", ")
}

/// A new stay in a stage, not yet with an outcome's parts.
pub(super) fn new_stay(ctx: &mut Context<'_>, stage: &Stage) -> StageEntry {
    StageEntry {
        entry_id: ctx.new_entry(),
        stage_id: stage.id.clone(),
        entered_at: ctx.now_ms,
        by: Some(ctx.user),
        outcome: stage.kind,
        reason_id: None,
        note: None,
        actual_close_date: None,
        booked: None,
    }
}

/// Writes a new stay with its history, and drops the probability that was set for the one before.
pub(super) fn enter(plan: &mut Plan, ctx: &Context<'_>, entry: StageEntry) {
    let current = CurrentStage::read(&plan.state, ctx.settings());
    let moved = StageMove {
        entry_id: entry.entry_id,
        from: (!current.stage_id.is_empty()).then(|| current.stage_id.clone()),
        from_entries: current.all_entry_ids.iter().copied().collect(),
        to: entry.stage_id.clone(),
        at: ctx.now_ms,
        by: Some(ctx.user),
        left: left_booking(&current, &entry),
        forced: std::mem::take(&mut plan.forced),
    };
    plan.push(Edit::set("stage", entry.to_scalar()));
    plan.push(Edit::Insert {
        field: "stage_history".to_owned(),
        key: entry.entry_id.0.to_string(),
        value: moved.to_scalar(),
    });
    let overridden = plan.state.sides("probability_override").iter().any(|side| !side.value.is_null());
    if overridden {
        plan.push(Edit::clear("probability_override"));
    }
}

/// The booking that leaves the books; none where the new stay carries the same one on.
fn left_booking(current: &CurrentStage, entry: &StageEntry) -> Option<LeftBooking> {
    let left = current.entry.as_ref().filter(|_| current.standing == Standing::Won)?;
    let booked = left.booked.clone()?;
    let carried = entry.outcome == Outcome::Won
        && entry.booked.as_ref() == Some(&booked)
        && entry.actual_close_date == left.actual_close_date;
    (!carried).then_some(LeftBooking {
        entry_id: left.entry_id,
        actual_close_date: left.actual_close_date,
        booked,
    })
}

/// The open stage that a closed deal was last in, by its history; the pipeline's first where that is not known.
fn last_open<'a>(
    state: &RecordState,
    current: &CurrentStage,
    settings: &'a Settings,
) -> Result<&'a Stage, Refusal> {
    let stages = &settings.stages;
    let mut seen = std::collections::BTreeSet::new();
    let mut waiting: Vec<_> = current.all_entry_ids.iter().copied().collect();
    while let Some(stay) = waiting.pop() {
        let key = stay.0.to_string();
        let moved = state.grown("stage_history").find(|(known, _)| *known == key);
        let Some(moved) = moved.and_then(|(_, value)| StageMove::from_scalar(value)) else { continue };
        let from = moved.from.as_deref().and_then(|id| stages.effective(id));
        if let Some(stage) = from.filter(|stage| stage.kind == Outcome::Open && stages.is_live(stage)) {
            return Ok(stage);
        }
        waiting.extend(moved.from_entries.into_iter().filter(|before| seen.insert(*before)));
    }
    let pipeline = pipeline_of(state, settings);
    let first =
        stages.first(&pipeline, Outcome::Open).or_else(|| stages.first(DEFAULT_PIPELINE, Outcome::Open));
    first.ok_or_else(|| Refusal::UnknownStage(pipeline.clone()))
}

/// Sets or clears the probability by hand for the current stay.
pub(super) fn set_probability(plan: &mut Plan, ctx: &Context<'_>, pct: Option<u8>) -> Result<(), Refusal> {
    let current = CurrentStage::read(&plan.state, ctx.settings());
    let Some(pct) = pct else {
        plan.push(Edit::clear("probability_override"));
        return Ok(());
    };
    match current.entry {
        Some(entry) if current.standing == Standing::Open => {
            let set = ProbabilityOverride { pct, entry_id: entry.entry_id };
            plan.push(Edit::set("probability_override", set.to_scalar()));
            Ok(())
        }
        _ => Err(Refusal::ClosedProbability),
    }
}
