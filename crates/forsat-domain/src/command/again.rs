//! Making somebody else's change of a deal again: its stage by the ordinary rules, so that the history says who moves the deal
//! now, from where it stands now, and what leaves the books.

use super::stage::{check_note, closed_stay, enter, find_stage, new_stay, refuse_ahead};
use super::{Context, Plan, Refusal, check, expect_module, refuse_trashed};
use crate::composite::{Composite, Outcome, ProbabilityOverride, StageEntry, StageMove};
use crate::edit::Edit;
use crate::opportunity::{CurrentStage, booking};
use crate::record::{RecordState, Scalar};
use crate::schema::OPPORTUNITY;

/// The field of a deal's stays that is written with each move.
const HISTORY: &str = "stage_history";

/// Makes another's edits of a deal this user's own. Where they write a stage, the deal enters it, or its outcome is corrected
/// where it stands there already; the history that came along counts for nothing but whether required checks were passed over.
pub fn deal_again(ctx: &mut Context<'_>, state: &RecordState, edits: &[Edit]) -> Result<Vec<Edit>, Refusal> {
    expect_module(state, OPPORTUNITY)?;
    let Some(written) = edits.iter().rev().find_map(|edit| set_in(edit, "stage")) else {
        return Ok(edits.to_vec());
    };
    refuse_trashed(state)?;
    let unknown = || Refusal::UnknownStage(written.as_text().unwrap_or_default().to_owned());
    let taken = StageEntry::from_scalar(written).ok_or_else(unknown)?;
    let mut plan = Plan::new(state);
    let (probability, others): (Vec<&Edit>, Vec<&Edit>) =
        edits.iter().partition(|edit| set_in(edit, "probability_override").is_some());
    for edit in others.into_iter().filter(|edit| !["stage", HISTORY].contains(&edit.field())) {
        plan.push(edit.clone());
    }
    let current = CurrentStage::read(&plan.state, ctx.settings());
    if current.stage_id == taken.stage_id && plan.state.sides("stage").len() == 1 {
        correct(&mut plan, ctx, current, &taken)?;
    } else {
        move_again(&mut plan, ctx, &taken, edits.iter().any(is_forced))?;
    }
    for edit in probability {
        plan.push(of_this_stay(&plan, ctx, edit, &taken));
    }
    Ok(plan.finish())
}

fn set_in<'e>(edit: &'e Edit, wanted: &str) -> Option<&'e Scalar> {
    match edit {
        Edit::Set { field, value } if field == wanted => Some(value),
        _ => None,
    }
}

/// Whether a move says that required checks were left open.
fn is_forced(edit: &Edit) -> bool {
    matches!(edit, Edit::Insert { field, value, .. } if field == HISTORY
        && StageMove::from_scalar(value).is_some_and(|moved| !moved.forced.is_empty()))
}

/// Enters the stage. The stay keeps its id, so that what was written of it later still finds it, unless the deal had one of
/// that id before.
fn move_again(
    plan: &mut Plan,
    ctx: &mut Context<'_>,
    taken: &StageEntry,
    force: bool,
) -> Result<(), Refusal> {
    let stage = find_stage(&taken.stage_id, ctx.settings())?;
    check::leave(plan, ctx, stage, force)?;
    let mut entry = if stage.kind == Outcome::Open {
        new_stay(ctx, stage)
    } else {
        let close = super::Close {
            on: taken.actual_close_date,
            reason: taken.reason_id.clone(),
            note: taken.note.clone(),
        };
        closed_stay(plan, ctx, stage, &close, true)?
    };
    let key = taken.entry_id.0.to_string();
    let was_there = plan.state.grown(HISTORY).any(|(known, _)| known == key)
        || CurrentStage::read(&plan.state, ctx.settings()).all_entry_ids.contains(&taken.entry_id);
    if !was_there {
        entry.entry_id = taken.entry_id;
    }
    enter(plan, ctx, entry);
    Ok(())
}

/// Corrects the outcome of a deal that stands in the stage already: the stay, who made it and when stay as they are. What it
/// booked is read from the deal, where the change booked something else.
fn correct(
    plan: &mut Plan,
    ctx: &Context<'_>,
    current: CurrentStage,
    taken: &StageEntry,
) -> Result<(), Refusal> {
    let Some(mut entry) = current.entry.filter(|entry| entry.outcome.is_closed()) else { return Ok(()) };
    check_note(entry.outcome, taken.reason_id.as_deref().unwrap_or_default(), taken.note.as_deref())?;
    let day = taken.actual_close_date.or(entry.actual_close_date).unwrap_or(ctx.today);
    refuse_ahead(day, ctx.today)?;
    if taken.booked != entry.booked {
        entry.booked = booking(&plan.state, ctx.settings(), day);
    }
    entry.reason_id = taken.reason_id.clone().or(entry.reason_id);
    entry.note = taken.note.clone();
    entry.actual_close_date = Some(day);
    plan.push(Edit::set("stage", entry.to_scalar()));
    Ok(())
}

/// A probability that was set for the stay of the change, for the stay that stands for it now.
fn of_this_stay(plan: &Plan, ctx: &Context<'_>, edit: &Edit, taken: &StageEntry) -> Edit {
    let set = set_in(edit, "probability_override").and_then(ProbabilityOverride::from_scalar);
    let Some(set) = set.filter(|set| set.entry_id == taken.entry_id) else { return edit.clone() };
    match CurrentStage::read(&plan.state, ctx.settings()).entry {
        Some(entry) => {
            let set = ProbabilityOverride { entry_id: entry.entry_id, ..set };
            Edit::set("probability_override", set.to_scalar())
        }
        None => edit.clone(),
    }
}
