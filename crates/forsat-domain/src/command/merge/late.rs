//! Ending what merged duplicates leave: late edits of a loser, and a loser with two targets.

use crate::command::delete::set_life;
use crate::command::edit::set_mode;
use crate::command::line::set_removed;
use crate::command::resolve::{not_this_way, take_stage};
use crate::command::stage::set_probability;
use crate::command::{Choice, Context, Plan, Refusal, Resolved};
use crate::composite::{
    Composite, LifeState, MergedInto, Mode, ProbabilityOverride, Removed, StageEntry, heads_hex,
};
use crate::edit::Edit;
use crate::issue::{Issue, IssueSide};
use crate::lifecycle::Life;
use crate::money::Money;
use crate::record::{FieldState, RecordState, Scalar};

/// Ends the late edits of a duplicate: `accept` writes them to the survivor, `dismiss` leaves it as it is; either way
/// the duplicate's merge has seen them from here on.
pub(in crate::command) fn end_late_edits(
    ctx: &mut Context<'_>,
    survivor: &RecordState,
    issue: &Issue,
    word: &str,
) -> Result<Resolved, Refusal> {
    let loser = issue.about.and_then(|id| ctx.world.record(id));
    let loser = loser.ok_or_else(|| Refusal::NoIssue(issue.code.as_str().to_owned()))?.into_owned();
    let edits = match word {
        "accept" => accept(ctx, survivor, &loser, &issue.sides)?,
        "dismiss" => Vec::new(),
        other => return Err(not_this_way(issue, &Choice::Value(other.to_owned()))),
    };
    let merged = MergedInto::from_scalar(loser.winner("merged_into")).ok_or(Refusal::NotMerged)?;
    let seen =
        MergedInto { loser_heads: heads_hex(&loser.heads), at: ctx.now_ms, by: Some(ctx.user), ..merged };
    let also = vec![(loser.id, vec![Edit::set("merged_into", seen.to_scalar())])];
    Ok(Resolved { record: survivor.id, edits, also })
}

/// Chooses which of two records a duplicate was merged into.
pub(in crate::command) fn choose_target(
    ctx: &Context<'_>,
    state: &RecordState,
    issue: &Issue,
    number: usize,
) -> Result<Resolved, Refusal> {
    let id = issue.about.unwrap_or(state.id);
    let loser = ctx.world.record(id).ok_or_else(|| Refusal::NoIssue(issue.code.as_str().to_owned()))?;
    let sides = loser.sides("merged_into");
    let index = number.checked_sub(1).filter(|index| *index < sides.len());
    let side = &sides[index.ok_or(Refusal::NoSide { given: number, sides: sides.len() })?];
    let value = match MergedInto::from_scalar(&side.value) {
        // What came late before the choice is still to be looked at: the heads stay those of the merge.
        Some(merge) => MergedInto { at: ctx.now_ms, by: Some(ctx.user), ..merge }.to_scalar(),
        None => Scalar::Null,
    };
    Ok(Resolved { record: id, edits: vec![Edit::set("merged_into", value)], also: Vec::new() })
}

/// Writes what came late to the survivor.
fn accept(
    ctx: &mut Context<'_>,
    survivor: &RecordState,
    loser: &RecordState,
    sides: &[IssueSide],
) -> Result<Vec<Edit>, Refusal> {
    let mut plan = Plan::new(survivor);
    if !Life::of(survivor).is_visible() {
        set_life(ctx, survivor, LifeState::Active).into_iter().for_each(|edit| plan.push(edit));
    }
    for side in sides {
        let Some(path) = side.field.as_deref() else { continue };
        accept_place(&mut plan, ctx, loser, path, &side.value)?;
    }
    Ok(plan.finish())
}

fn accept_place(
    plan: &mut Plan,
    ctx: &mut Context<'_>,
    loser: &RecordState,
    path: &str,
    value: &Scalar,
) -> Result<(), Refusal> {
    match path {
        "stage" => return accept_stage(plan, ctx, value),
        "amount_mode" => {
            let lines =
                crate::composite::AmountMode::from_scalar(value).is_some_and(|mode| mode.mode == Mode::Lines);
            set_mode(plan, ctx, if lines { Mode::Lines } else { Mode::Manual });
            return Ok(());
        }
        "probability_override" => {
            let pct = ProbabilityOverride::from_scalar(value).map(|set| set.pct);
            // A probability of a deal that has closed meanwhile has nothing left to say.
            return set_probability(plan, ctx, pct).or(Ok(()));
        }
        _ => {}
    }
    let (field, rest) = path.split_once('/').map_or((path, None), |(field, rest)| (field, Some(rest)));
    match (loser.fields.get(field), rest) {
        (Some(FieldState::Text(text)), _) => {
            plan.push(Edit::SetText { field: field.to_owned(), value: text.clone() });
        }
        (Some(FieldState::Set(keys)), Some(key)) => {
            let (field, key) = (field.to_owned(), key.to_owned());
            let there = keys.contains(&key);
            plan.push(if there { Edit::Add { field, key } } else { Edit::Remove { field, key } });
        }
        (Some(FieldState::Map(_)), Some(rest)) => accept_entry(plan, loser, field, rest),
        _ => plan.push(Edit::set(field, value.clone())),
    }
    Ok(())
}

/// Enters the stage of the duplicate, with the amount that closing it booked.
fn accept_stage(plan: &mut Plan, ctx: &mut Context<'_>, value: &Scalar) -> Result<(), Refusal> {
    let booked = StageEntry::from_scalar(value).and_then(|entry| entry.booked);
    if let Some(money) = booked.and_then(|booked| Money::new(booked.amount, booked.currency).ok()) {
        plan.push(Edit::set("manual_amount", money.to_scalar()));
        set_mode(plan, ctx, Mode::Manual);
    }
    take_stage(plan, ctx, value)
}

/// Writes a register of an entry, and the whole entry where the survivor doesn't have it.
fn accept_entry(plan: &mut Plan, loser: &RecordState, field: &str, rest: &str) {
    let Some((entry, name)) = rest.split_once('/') else { return };
    let Some(theirs) = loser.entry(field, entry) else { return };
    if name == "removed" {
        let removed = Removed::from_scalar(theirs.winner(name)).is_some_and(|removed| removed.value);
        if plan.state.entry(field, entry).is_some() {
            set_removed(plan, field, entry, removed);
        }
        return;
    }
    let is_new = plan.state.entry(field, entry).is_none();
    for (register, values) in &theirs.fields {
        if (register == name || is_new) && register != "removed" {
            plan.push(Edit::set_entry(field, entry, register, values.winner().clone()));
        }
    }
}
