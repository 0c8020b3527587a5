//! Which record each field is taken from: what a person sees side by side before merging.

use crate::command::{Context, Refusal};
use crate::composite::reference_id;
use crate::id::RecordId;
use crate::lifecycle::{self, Presence};
use crate::opportunity::{Deal, Worth};
use crate::record::RecordState;
use crate::schema::input::{Assignment, InputError};
use crate::schema::{Access, FieldDef, FieldKind, MergeCode, OPPORTUNITY};

/// Where a field's value should come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Take {
    /// A record by its number from 1: the survivor, then the losers in their order.
    Record(usize),
    /// A value of its own, as for an edit.
    Value(Assignment),
}

/// What somebody chose for one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChoice {
    /// The field's stored name.
    pub field: String,
    /// Where its value should come from.
    pub take: Take,
}

/// Where a field's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// A record by its place: 0 is the survivor.
    Record(usize),
    /// All of them: a list of tags, phones, addresses.
    United,
    /// A value that was given.
    Given(Assignment),
}

/// One field of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeRow<'s> {
    /// The field.
    pub field: &'s FieldDef,
    /// Where its value comes from.
    pub taken: Taken,
}

/// Every field that a merge decides about, in the order of the schema table.
pub fn merge_rows<'s>(
    ctx: &Context<'s>,
    survivor: &RecordState,
    losers: &[RecordState],
    choices: &[FieldChoice],
) -> Result<Vec<MergeRow<'s>>, Refusal> {
    let table =
        ctx.schema.module(&survivor.module).ok_or_else(|| Refusal::UnknownModule(survivor.module.clone()))?;
    let group: Vec<&RecordState> = std::iter::once(survivor).chain(losers).collect();
    let decided: Vec<&FieldDef> =
        table.fields.iter().filter(|field| way(field, &survivor.module).is_some()).collect();
    for choice in choices {
        if !decided
            .iter()
            .any(|field| field.name == choice.field && way(field, &survivor.module) != Some(Way::Unite))
        {
            return Err(not_chosen(&survivor.module, &choice.field, &decided));
        }
        if let Take::Record(number) = choice.take
            && !(1..=group.len()).contains(&number)
        {
            return Err(Refusal::NoSide { given: number, sides: group.len() });
        }
    }
    let rows = decided.into_iter().map(|field| {
        let chosen = choices.iter().rev().find(|choice| choice.field == field.name);
        let taken = match chosen.map(|choice| &choice.take) {
            Some(Take::Record(number)) => Taken::Record(number - 1),
            Some(Take::Value(assignment)) => Taken::Given(assignment.clone()),
            None => by_default(ctx, field, &group),
        };
        MergeRow { field, taken }
    });
    Ok(rows.collect())
}

fn not_chosen(module: &str, field: &str, decided: &[&FieldDef]) -> Refusal {
    let known = decided.iter().filter(|def| way(def, module) != Some(Way::Unite));
    let known = known.map(|def| def.name.as_ref()).collect::<Vec<_>>().join(", ");
    InputError::UnknownField { module: module.to_owned(), field: field.to_owned(), known }.into()
}

/// How a merge treats a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// One record's value, by default the first that isn't blank.
    FillBlank,
    /// The survivor's, unless somebody chooses.
    Choose,
    /// Everybody's.
    Unite,
}

fn way(field: &FieldDef, module: &str) -> Option<Way> {
    let of_deal = module == OPPORTUNITY;
    match (field.name.as_ref(), field.merge) {
        ("stage" | "lines", _) if of_deal => Some(Way::Choose),
        ("amount", _) if of_deal => Some(Way::FillBlank),
        ("dismissed_duplicates", _) => None,
        (_, MergeCode::R | MergeCode::RA) if field.access == Access::Edit => Some(Way::FillBlank),
        (_, MergeCode::T) => Some(Way::FillBlank),
        (_, MergeCode::S | MergeCode::M) => Some(Way::Unite),
        _ => None,
    }
}

fn by_default(ctx: &Context<'_>, field: &FieldDef, group: &[&RecordState]) -> Taken {
    match way(field, &group[0].module) {
        Some(Way::Unite) => Taken::United,
        Some(Way::FillBlank) => {
            Taken::Record(group.iter().position(|state| !is_blank(ctx, field, state, group)).unwrap_or(0))
        }
        _ => Taken::Record(0),
    }
}

/// Tells whether a record has nothing to give for a field.
fn is_blank(ctx: &Context<'_>, field: &FieldDef, state: &RecordState, group: &[&RecordState]) -> bool {
    match (field.name.as_ref(), field.merge) {
        ("amount", MergeCode::D) => amount(ctx, state) == Worth::Empty,
        (_, MergeCode::T) => state.text(&field.name).trim().is_empty(),
        _ => state.winner(&field.name).is_blank() || leads_into(ctx, field, state, group),
    }
}

pub(super) fn amount(ctx: &Context<'_>, state: &RecordState) -> Worth {
    Deal::read(state, ctx.world, ctx.today).amount.worth
}

/// Tells whether a reference leads to one of the records that become one: nobody is their own parent.
pub(super) fn leads_into(
    ctx: &Context<'_>,
    field: &FieldDef,
    state: &RecordState,
    group: &[&RecordState],
) -> bool {
    let FieldKind::Reference(module) = &field.kind else { return false };
    let target: Option<RecordId> =
        reference_id(state.winner(&field.name)).filter(|_| *module == state.module);
    let target = target.map(|id| lifecycle::surviving_id(id, ctx.world));
    target.is_some_and(|id| group.iter().any(|state| state.id == id))
}

/// The entries of a keyed map that count.
pub(super) fn kept<'s>(
    state: &'s RecordState,
    field: &str,
) -> impl Iterator<Item = (&'s str, &'s crate::record::Entry)> {
    state.entries(field).filter(|(_, entry)| Presence::of(entry).is_kept())
}
