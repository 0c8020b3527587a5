//! Ending an issue: by taking one of its sides, by one of its words, or by giving another value.

use super::delete::set_life;
use super::edit::{edit, set_mode};
use super::line::set_removed;
use super::stage::{enter, find_stage, pipeline_of, set_probability};
use super::{Close, Context, Plan, Refusal, ResolveHint, lose, merge, reopen, stage_move, win};
use crate::composite::{Composite, LifeState, Mode, Outcome, ProbabilityOverride, StageEntry, reference_id};
use crate::edit::Edit;
use crate::id::RecordId;
use crate::issue::{Issue, IssueCode, Resolution, issues};
use crate::money::Money;
use crate::opportunity::{CurrentStage, booking};
use crate::record::{RecordState, Scalar};
use crate::schema::input::{Assignment, ParseContext};

/// How a person ends an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// Takes a side by its number from 1.
    Take(usize),
    /// Gives a value as typed: one of the issue's words, or another value of the field.
    Value(String),
    /// Gives a closed stage as typed, with day, reason and note.
    Closed(String, Close),
}

/// What ending an issue writes, and where: deleting or restoring an account is a write to the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The record to write to.
    pub record: RecordId,
    /// What to write.
    pub edits: Vec<Edit>,
    /// What to write to another record in the same breath: a duplicate whose late edits end.
    pub also: Vec<(RecordId, Vec<Edit>)>,
}

impl Resolved {
    /// A resolution that writes to one record.
    pub(super) fn of(record: RecordId, edits: Vec<Edit>) -> Self {
        Self { record, edits, also: Vec::new() }
    }
}

/// Ends an issue of a record; `what` is the issue's field or its code.
pub fn resolve(
    ctx: &mut Context<'_>,
    parse: &ParseContext<'_>,
    state: &RecordState,
    what: &str,
    choice: &Choice,
) -> Result<Resolved, Refusal> {
    let issue = find(ctx, state, what, choice)?;
    if let (IssueCode::AccountTrashed, Choice::Value(word)) = (issue.code, choice)
        && word == "restore"
    {
        return restore_account(ctx, state);
    }
    match (issue.code, choice) {
        (IssueCode::LateEdits, Choice::Value(word)) => {
            return merge::end_late_edits(ctx, state, &issue, word);
        }
        (IssueCode::MergeConflict, Choice::Take(number)) => {
            return merge::choose_target(ctx, state, &issue, *number);
        }
        _ => {}
    }
    let edits = match choice {
        Choice::Take(number) => take(ctx, state, &issue, *number)?,
        Choice::Value(text) => match word(ctx, state, &issue, text)? {
            Some(edits) => edits,
            None => other_value(ctx, parse, state, &issue, text)?,
        },
        Choice::Closed(text, close) if issue.field == "stage" => other_stage(ctx, state, text, close)?,
        Choice::Closed(..) => return Err(not_this_way(&issue, choice)),
    };
    Ok(Resolved::of(state.id, edits))
}

/// Finds the issue that is meant: of several on one field, the first that ends in the way asked for.
fn find(ctx: &Context<'_>, state: &RecordState, what: &str, choice: &Choice) -> Result<Issue, Refusal> {
    let named = |issue: &Issue| {
        let last = issue.field.rsplit('/').next().unwrap_or_default();
        issue.code.as_str() == what || issue.field == what || last == what || alias(&issue.field) == what
    };
    let mut found: Vec<Issue> =
        issues(state, ctx.schema, ctx.world, ctx.today).into_iter().filter(|issue| named(issue)).collect();
    let fits = |issue: &Issue| match choice {
        Choice::Take(_) => issue.resolutions.iter().any(|way| matches!(way, Resolution::Take(_))),
        Choice::Value(text) | Choice::Closed(text, _) => issue.resolutions.iter().any(|way| match way {
            Resolution::Word(word) => word == text,
            Resolution::Value => true,
            // Sides of a choice of mode are words, too.
            Resolution::Take(_) => issue.field == "amount_mode",
        }),
    };
    match found.iter().position(fits) {
        Some(index) => Ok(found.swap_remove(index)),
        None if found.is_empty() => Err(Refusal::NoIssue(what.to_owned())),
        None => Err(not_this_way(&found[0], choice)),
    }
}

/// The name that people use for a field whose stored name is another.
fn alias(field: &str) -> &str {
    match field {
        "amount_mode" | "manual_amount" => "amount",
        "account_id" => "account",
        "probability_override" => "probability",
        other => other,
    }
}

pub(super) fn not_this_way(issue: &Issue, choice: &Choice) -> Refusal {
    let what = match choice {
        Choice::Take(number) => format!("--take {number}"),
        Choice::Value(text) => format!("--value {text}"),
        Choice::Closed(text, close) => format!("--value {text} {}", close_words(close)),
    };
    let hint = match issue.command("…") {
        Some(command) => ResolveHint::Command(command),
        None => ResolveHint::ByItself,
    };
    Refusal::NotAResolution { what, hint }
}

/// The options of a closing that were given.
fn close_words(close: &Close) -> String {
    let given = [
        ("--on", close.on.is_some()),
        ("--reason", close.reason.is_some()),
        ("--note", close.note.is_some()),
    ];
    let given: Vec<&str> =
        given.into_iter().filter(|(_, is_given)| *is_given).map(|(word, _)| word).collect();
    given.join(" ")
}

/// Takes a side of an issue.
fn take(
    ctx: &mut Context<'_>,
    state: &RecordState,
    issue: &Issue,
    number: usize,
) -> Result<Vec<Edit>, Refusal> {
    let sides = issue.sides.len();
    let index = number.checked_sub(1).filter(|index| *index < sides);
    let value = &issue.sides[index.ok_or(Refusal::NoSide { given: number, sides })?].value;
    let mut plan = Plan::new(state);
    match issue.field.as_str() {
        "stage" => take_stage(&mut plan, ctx, value)?,
        "amount_mode" => {
            let mode = mode_of(value).ok_or_else(|| not_this_way(issue, &Choice::Take(number)))?;
            set_mode(&mut plan, ctx, mode);
        }
        path => write(&mut plan, path, value.clone()),
    }
    Ok(plan.finish())
}

/// Enters the stage of a side anew, with all that the side says.
///
/// The stay is a new one: a resolution is a decision of its own, which another decision disputes, and which a late
/// correction of a stay that it left does not.
pub(super) fn take_stage(plan: &mut Plan, ctx: &mut Context<'_>, value: &Scalar) -> Result<(), Refusal> {
    let Some(taken) = StageEntry::from_scalar(value) else {
        let hint = ResolveHint::Unreadable;
        return Err(Refusal::NotAResolution { what: "--take".to_owned(), hint });
    };
    let overrides = plan.state.sides("probability_override").iter();
    let pct = overrides
        .filter_map(|side| ProbabilityOverride::from_scalar(&side.value))
        .find(|set| set.entry_id == taken.entry_id)
        .map(|set| set.pct);
    let entry = StageEntry { entry_id: ctx.new_entry(), ..taken };
    let open = entry.outcome == Outcome::Open;
    enter(plan, ctx, entry);
    match pct {
        Some(pct) if open => set_probability(plan, ctx, Some(pct)),
        _ => Ok(()),
    }
}

/// Reads where the amount comes from: a stored choice, or its word.
fn mode_of(value: &Scalar) -> Option<Mode> {
    let stored = crate::composite::AmountMode::from_scalar(value).map(|choice| choice.mode);
    stored.or_else(|| match value.as_text()? {
        "manual" => Some(Mode::Manual),
        "lines" => Some(Mode::Lines),
        _ => None,
    })
}

/// Writes a register of the record or of an entry.
fn write(plan: &mut Plan, path: &str, value: Scalar) {
    let mut parts = path.splitn(3, '/');
    let edit = match (parts.next(), parts.next(), parts.next()) {
        (Some(field), Some(entry), Some(name)) => Edit::set_entry(field, entry, name, value),
        _ => Edit::set(path, value),
    };
    plan.push(edit);
}

/// Ends an issue by one of its words; `None` when the text is none of them.
fn word(
    ctx: &mut Context<'_>,
    state: &RecordState,
    issue: &Issue,
    text: &str,
) -> Result<Option<Vec<Edit>>, Refusal> {
    let mut plan = Plan::new(state);
    match (issue.code, text) {
        (IssueCode::DisputedDeletion, "restore") => return Ok(Some(set_life(ctx, state, LifeState::Active))),
        (IssueCode::DisputedDeletion, "confirm") | (IssueCode::AccountTrashed, "trash") => {
            return Ok(Some(set_life(ctx, state, LifeState::Trashed)));
        }
        (IssueCode::LineRemovedButEdited, "keep" | "remove") => {
            let mut path = issue.field.split('/');
            let (field, entry) = (path.next().unwrap_or_default(), path.next().unwrap_or_default());
            set_removed(&mut plan, field, entry, text == "remove");
        }
        (IssueCode::OverrideDropped, "drop") => set_probability(&mut plan, ctx, None)?,
        (IssueCode::AmountChangedAfterClose, "book") => book_anew(&mut plan, ctx)?,
        (IssueCode::AmountChangedAfterClose, "revert") => revert(&mut plan, ctx)?,
        (IssueCode::AmountModeConflict | IssueCode::LinesChangedSinceManual, "manual" | "lines") => {
            set_mode(&mut plan, ctx, if text == "lines" { Mode::Lines } else { Mode::Manual });
        }
        _ => return Ok(None),
    }
    Ok(Some(plan.finish()))
}

/// Books the amount as it is now; the stay keeps its id, because it is corrected, not left.
fn book_anew(plan: &mut Plan, ctx: &Context<'_>) -> Result<(), Refusal> {
    let settings = ctx.settings();
    let entry = CurrentStage::read(&plan.state, settings).entry.ok_or(Refusal::NotClosed)?;
    let day = entry.actual_close_date.unwrap_or(ctx.today);
    let booked = booking(&plan.state, settings, day);
    plan.push(Edit::set("stage", StageEntry { booked, ..entry }.to_scalar()));
    Ok(())
}

/// Sets the amount by hand to what was booked.
fn revert(plan: &mut Plan, ctx: &Context<'_>) -> Result<(), Refusal> {
    let current = CurrentStage::read(&plan.state, ctx.settings());
    let booked = current.booked().and_then(|booked| Money::new(booked.amount, booked.currency).ok());
    let value = booked.map_or(Scalar::Null, |money| money.to_scalar());
    plan.push(Edit::set("manual_amount", value));
    set_mode(plan, ctx, Mode::Manual);
    Ok(())
}

/// Restores the deal's account.
fn restore_account(ctx: &Context<'_>, state: &RecordState) -> Result<Resolved, Refusal> {
    let id = reference_id(state.winner("account_id")).map(|id| crate::lifecycle::surviving_id(id, ctx.world));
    let account = id.and_then(|id| ctx.world.record(id));
    let account = account.ok_or_else(|| Refusal::NoIssue("account_id".to_owned()))?;
    Ok(Resolved::of(account.id, set_life(ctx, &account, LifeState::Active)))
}

/// Ends an issue by another value of its field.
fn other_value(
    ctx: &mut Context<'_>,
    parse: &ParseContext<'_>,
    state: &RecordState,
    issue: &Issue,
    text: &str,
) -> Result<Vec<Edit>, Refusal> {
    if issue.field == "stage" {
        return other_stage(ctx, state, text, &Close::default());
    }
    let field = if issue.field == "probability_override" { "probability" } else { &issue.field };
    let known = ctx.schema.field(&state.module, field);
    let Some(def) = known else {
        return Err(Refusal::NotAResolution { what: text.to_owned(), hint: ResolveHint::TakeASide });
    };
    let value = def.parse(text, parse)?;
    if field.contains('/') {
        let mut plan = Plan::new(state);
        write(&mut plan, field, value);
        return Ok(plan.finish());
    }
    edit(ctx, state, &[Assignment::set(field, value)])
}

/// Moves the deal to a stage in place of those in conflict; `close` says more of a closed one.
fn other_stage(
    ctx: &mut Context<'_>,
    state: &RecordState,
    text: &str,
    close: &Close,
) -> Result<Vec<Edit>, Refusal> {
    let settings = ctx.settings();
    let stage = match text {
        // The outcomes' own words mean the stage of this pipeline.
        "won" => settings.stages.first(&pipeline_of(state, settings), Outcome::Won),
        "lost" => settings.stages.first(&pipeline_of(state, settings), Outcome::Lost),
        _ => None,
    };
    let stage = stage.map_or_else(|| find_stage(text, settings), Ok)?;
    let current = CurrentStage::read(state, settings);
    match stage.kind {
        Outcome::Won => win(ctx, state, close),
        Outcome::Lost => lose(ctx, state, close),
        Outcome::Open if *close != Close::default() => {
            let what = format!("--value {text} {}", close_words(close));
            Err(Refusal::NotAResolution { what, hint: ResolveHint::OnlyClosed })
        }
        Outcome::Open if current.standing.is_closed() => reopen(ctx, state, Some(&stage.id)),
        Outcome::Open => stage_move(ctx, state, &stage.id),
    }
}
