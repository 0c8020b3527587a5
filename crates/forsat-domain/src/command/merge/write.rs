//! Writing a loser's values to the survivor, and noting what was written.

use super::rows::{amount, kept, leads_into};
use crate::command::edit::set_mode;
use crate::command::resolve::take_stage;
use crate::command::{Context, Plan, Refusal};
use crate::composite::{Composite, Copied, Mode};
use crate::edit::Edit;
use crate::issue::value_at;
use crate::opportunity::{Amount, Worth};
use crate::record::{Entry, RecordState, Scalar};
use crate::schema::{FieldDef, FieldKind, MergeCode};
use crate::text::loose_fold;

/// Entries that phones, emails or prices may have.
const ENTRIES_MAX: usize = 100;

/// Fields whose values only make sense where they were written: a merge taken back leaves them.
const KEPT: [&str; 3] = ["stage", "stage_history", "probability_override"];

/// Takes a field's value from a loser.
pub(super) fn take(
    plan: &mut Plan,
    ctx: &mut Context<'_>,
    field: &FieldDef,
    loser: &RecordState,
) -> Result<(), Refusal> {
    let name = field.name.as_ref();
    match (name, field.merge) {
        ("stage", _) if field.kind == FieldKind::Stage => {
            return take_stage(plan, ctx, loser.winner("stage"));
        }
        ("amount", MergeCode::D) => take_amount(plan, ctx, loser),
        ("lines", _) => return copy_entries(plan, field, loser),
        (_, MergeCode::T) => {
            plan.push(Edit::SetText { field: name.to_owned(), value: loser.text(name).to_owned() });
        }
        _ if loser.winner(name) == plan.state.winner(name) && plan.state.sides(name).len() < 2 => {}
        _ => plan.push(Edit::set(name, loser.winner(name).clone())),
    }
    Ok(())
}

/// Takes a loser's amount: what it comes to, by hand; or from the lines, where those were taken already.
fn take_amount(plan: &mut Plan, ctx: &Context<'_>, loser: &RecordState) {
    let Worth::Known(money) = amount(ctx, loser) else { return };
    let theirs = Amount::read(loser, ctx.settings(), ctx.today);
    let has_lines = |line: &str| plan.state.entry("lines", line).is_some();
    if theirs.mode == Mode::Lines && theirs.kept_lines().all(|line| has_lines(&line.entry)) {
        set_mode(plan, ctx, Mode::Lines);
        return;
    }
    plan.push(Edit::set("manual_amount", money.to_scalar()));
    set_mode(plan, ctx, Mode::Manual);
}

/// Adds a loser's tags, phones or other entries to those of the survivor.
pub(super) fn unite(plan: &mut Plan, field: &FieldDef, loser: &RecordState) -> Result<(), Refusal> {
    if field.merge == MergeCode::M {
        return copy_entries(plan, field, loser);
    }
    let there: Vec<String> = plan.state.set(&field.name).map(str::to_owned).collect();
    for key in loser.set(&field.name).filter(|key| !there.iter().any(|known| known == key)) {
        plan.push(Edit::Add { field: field.name.to_string(), key: key.to_owned() });
    }
    Ok(())
}

/// Copies entries under their own ids; one that the survivor has, by id or by value, is left out.
fn copy_entries(plan: &mut Plan, field: &FieldDef, loser: &RecordState) -> Result<(), Refusal> {
    let name = field.name.to_string();
    for (id, entry) in kept(loser, &name) {
        let value = known_by(field, entry);
        let is_there = plan.state.entry(&name, id).is_some()
            || (!value.is_empty()
                && kept(&plan.state, &name).any(|(_, other)| known_by(field, other) == value));
        if is_there {
            continue;
        }
        if plan.state.entries(&name).count() >= ENTRIES_MAX {
            return Err(Refusal::TooMany { field: name.clone(), max: ENTRIES_MAX });
        }
        for (register, values) in entry.fields.iter().filter(|(register, _)| *register != "removed") {
            if !values.winner().is_null() {
                plan.push(Edit::set_entry(&name, id, register, values.winner().clone()));
            }
        }
    }
    Ok(())
}

/// What two entries are told equal by: a phone's digits, an address's letters.
fn known_by(field: &FieldDef, entry: &Entry) -> String {
    let value = field.entry_value().map(|register| entry.winner(&register.name));
    let text = value.and_then(Scalar::as_text).unwrap_or_default();
    match field.name.as_ref() {
        "phones" => crate::duplicates::phone_key(text).unwrap_or_else(|| loose_fold(text)),
        "emails" => loose_fold(text),
        _ => String::new(),
    }
}

/// Clears a reference of the survivor to a record that becomes the survivor itself.
pub(super) fn leave_group(
    plan: &mut Plan,
    ctx: &Context<'_>,
    field: &FieldDef,
    survivor: &RecordState,
    losers: &[RecordState],
) {
    let group: Vec<&RecordState> = std::iter::once(survivor).chain(losers).collect();
    if leads_into(ctx, field, survivor, &group) {
        plan.push(Edit::clear(field.name.clone()));
    }
}

/// What the edits from a place of the plan on wrote over, for whoever takes the merge back.
pub(super) fn copied(survivor: &RecordState, plan: &Plan, from: usize) -> Vec<Copied> {
    let mut copied: Vec<Copied> = Vec::new();
    for edit in plan.edits[from..].iter().filter(|edit| !KEPT.contains(&edit.field())) {
        let note = match edit {
            Edit::Insert { .. } => continue,
            Edit::SetEntry { field, entry, .. } if survivor.entry(field, entry).is_none() => {
                let path = format!("{field}/{entry}");
                if copied.last().is_some_and(|last| last.path == path) {
                    continue;
                }
                Copied { path, before: Scalar::Null, after: entry_mark(plan, field, entry) }
            }
            _ => {
                let path = edit.path();
                let value = |state| value_at(state, &path).map(|(value, _)| value).unwrap_or_default();
                Copied { before: value(survivor), after: value(&plan.state), path }
            }
        };
        copied.push(note);
    }
    copied
}

/// What a copied entry is known by later: its first text.
fn entry_mark(plan: &Plan, field: &str, entry: &str) -> Scalar {
    plan.state.entry(field, entry).map(mark).unwrap_or_default()
}

/// The value that an entry is known by: the first of its registers, by name.
pub(super) fn mark(entry: &Entry) -> Scalar {
    let mut registers = entry.fields.iter().filter(|(name, _)| *name != "removed");
    registers.next().map(|(_, register)| register.winner().clone()).unwrap_or_default()
}
