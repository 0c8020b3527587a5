//! Issues that only a deal can have: its stage and outcome, amount, probability, account and lines.

use super::{Issue, IssueCode, IssueSide, mode_word};
use crate::composite::{AmountMode, Composite, Mode, ProbabilityOverride, StageEntry};
use crate::lifecycle;
use crate::opportunity::{Deal, Reason, StageFlag, Standing, Worth, has_dropped_override};
use crate::record::{RecordState, Scalar, Side};
use crate::world::World;

/// The issues of a deal besides those of its fields.
pub(super) fn issues(state: &RecordState, deal: &Deal, world: &dyn World) -> Vec<Issue> {
    let mut found = Vec::new();
    stage_flags(state, deal, &mut found);
    stage_values(state, deal, world, &mut found);
    probability(state, deal, &mut found);
    amount(state, deal, &mut found);
    after_close(state, deal, &mut found);
    products(state, deal, world, &mut found);
    if deal.account.as_ref().is_some_and(|account| account.trashed) {
        let issue = Issue::new(IssueCode::AccountTrashed, state.id, "account_id");
        found.push(issue.words(&["restore", "trash"]).value());
    }
    found
}

fn stage_sides(state: &RecordState) -> Vec<IssueSide> {
    state.sides("stage").iter().map(IssueSide::of).collect()
}

/// What met in the stage.
fn stage_flags(state: &RecordState, deal: &Deal, found: &mut Vec<Issue>) {
    let flags = &deal.stage.flags;
    for flag in flags {
        let code = match flag {
            // The issue of the duplicate's late edits says so, and ends it.
            StageFlag::DuplicateClosed => continue,
            StageFlag::DisputedOutcome => IssueCode::DisputedOutcome,
            StageFlag::ClosedAgainstOpen => IssueCode::ClosedAgainstOpen,
            StageFlag::StageConflict => IssueCode::StageConflict,
            StageFlag::CloseMonths => IssueCode::CloseDateConflict,
            StageFlag::Reasons => IssueCode::ReasonConflict,
        };
        // A dispute is the whole of the matter: it says that something closed, too.
        let covered = *flag == StageFlag::ClosedAgainstOpen && flags.contains(&StageFlag::DisputedOutcome);
        if !covered {
            found.push(Issue::new(code, state.id, "stage").take(stage_sides(state)).value());
        }
    }
}

/// What the stage lacks, or says that can't be read.
fn stage_values(state: &RecordState, deal: &Deal, world: &dyn World, found: &mut Vec<Issue>) {
    let known = world.settings().stages.get(&deal.stage.stage_id).is_some();
    if deal.stage.entry.is_some() && !known {
        let issue = Issue::new(IssueCode::UnknownStage, state.id, "stage");
        found.push(issue.shown(stage_sides(state)).value());
    }
    let given = deal.stage.entry.as_ref().and_then(|entry| entry.reason_id.as_deref());
    let conflicting = deal.stage.flags.contains(&StageFlag::Reasons);
    if deal.stage.standing == Standing::Lost && deal.stage.reason == Reason::Unspecified && !conflicting {
        let issue = Issue::new(IssueCode::MissingReason, state.id, "loss_reason").value();
        // A source that knew no reasons has nothing to be asked for.
        found.push(if given.is_some() { issue.info() } else { issue });
    }
    let unreadable = |side: &Side| !side.value.is_null() && StageEntry::from_scalar(&side.value).is_none();
    if state.sides("stage").iter().any(unreadable) {
        let issue = Issue::new(IssueCode::UnreadableValue, state.id, "stage");
        found.push(issue.shown(stage_sides(state)).value());
    }
}

/// A probability by hand that fell away, or that two people set apart.
fn probability(state: &RecordState, deal: &Deal, found: &mut Vec<Issue>) {
    let sides = state.sides("probability_override");
    if deal.stage.standing == Standing::Open && has_dropped_override(state, &deal.stage) {
        let shown = sides.iter().filter(|side| !side.value.is_null()).map(IssueSide::of).collect();
        let issue = Issue::new(IssueCode::OverrideDropped, state.id, "probability").shown(shown);
        found.push(issue.words(&["drop"]).value());
        return;
    }
    let current = |scalar: &Scalar| {
        ProbabilityOverride::from_scalar(scalar)
            .is_none_or(|set| deal.stage.entry_ids.contains(&set.entry_id))
    };
    if sides.len() > 1 && state.sides("stage").len() < 2 && sides.iter().all(|side| current(&side.value)) {
        let issue = Issue::new(IssueCode::FieldConflict, state.id, "probability_override");
        found.push(issue.take(sides.iter().map(IssueSide::of).collect()).value());
    }
}

/// Where the amount comes from, and whether it is known.
fn amount(state: &RecordState, deal: &Deal, found: &mut Vec<Issue>) {
    let amount = &deal.amount;
    if amount.mode_conflict || amount.changed_since_manual {
        let code = if amount.mode_conflict {
            IssueCode::AmountModeConflict
        } else {
            IssueCode::LinesChangedSinceManual
        };
        let sides = vec![mode_side(state, deal, Mode::Manual), mode_side(state, deal, Mode::Lines)];
        found.push(Issue::new(code, state.id, "amount_mode").take(sides));
    }
    let unknown = |code| Issue::new(code, state.id, "amount");
    match (amount.worth, deal.base) {
        (Worth::Empty, _) => found.push(unknown(IssueCode::AmountMissing).value()),
        (Worth::Overflow, _) | (_, Worth::Overflow) => found.push(unknown(IssueCode::Overflow).value()),
        (Worth::NoRate(_), _) | (_, Worth::NoRate(_)) => found.push(unknown(IssueCode::NoRate)),
        (Worth::Known(_), Worth::Known(_) | Worth::Empty) => {}
    }
    if amount.mixed {
        found.push(unknown(IssueCode::CurrencyMixed).info());
    }
}

/// What the amount comes to in one way, with who chose that way, where someone did.
fn mode_side(state: &RecordState, deal: &Deal, mode: Mode) -> IssueSide {
    let amount = match mode {
        Mode::Manual => deal.amount.manual,
        Mode::Lines => deal.amount.lines_total.known(),
    };
    let chose = |side: &&Side| AmountMode::from_scalar(&side.value).is_some_and(|choice| choice.mode == mode);
    let written = state.sides("amount_mode").iter().find(chose).map(|side| &side.stamp);
    // An amount typed while another chose the lines left no choice of its own.
    let typed =
        || state.sides("manual_amount").first().map(|side| &side.stamp).filter(|_| mode == Mode::Manual);
    let derived = IssueSide::derived(Scalar::text(mode_word(mode)), amount);
    match written.or_else(typed) {
        Some(stamp) => IssueSide { value: derived.value, amount, ..IssueSide::edited(stamp) },
        None => derived,
    }
}

/// A closed deal whose amount is no longer what was booked.
fn after_close(state: &RecordState, deal: &Deal, found: &mut Vec<Issue>) {
    let Some((booked, live)) = deal.changed_since_booked() else { return };
    let sides = vec![
        IssueSide::derived(Scalar::text("booked"), booked),
        IssueSide::derived(Scalar::text("live"), live.known()),
    ];
    let issue = Issue::new(IssueCode::AmountChangedAfterClose, state.id, "amount").shown(sides);
    found.push(issue.words(&["book", "revert"]));
}

/// Lines of deleted products: they count, and the deal's owner may want to know.
fn products(state: &RecordState, deal: &Deal, world: &dyn World, found: &mut Vec<Issue>) {
    for line in deal.amount.kept_lines() {
        if line.product_id.is_some_and(|id| lifecycle::resolve(id, world).is_trashed()) {
            let path = format!("lines/{}/product_id", line.entry);
            found.push(Issue::new(IssueCode::ProductTrashed, state.id, path).info());
        }
    }
}
