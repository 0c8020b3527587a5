//! Merging duplicates: the losers point to the survivor, which takes the values that were chosen.
//!
//! A loser's document stays live: references lead through it, and what others write to it without having seen the merge
//! shows as late edits on the survivor. What the merge wrote to the survivor is noted in the loser, so that taking the
//! merge back can offer to take those values back, too.

mod late;
mod rows;
mod unmerge;
mod write;

#[cfg(test)]
mod tests;

pub(super) use late::{choose_target, end_late_edits};
pub use rows::{FieldChoice, MergeRow, Take, Taken, merge_rows};
pub use unmerge::{Unmerge, take_back, unmerge};

use super::{Context, Plan, Refusal, refuse_trashed};
use crate::composite::{Composite, Copied, MergedInto, heads_hex};
use crate::edit::Edit;
use crate::id::{RecordId, encode_id};
use crate::lifecycle;
use crate::opportunity::{CurrentStage, Standing};
use crate::record::RecordState;
use crate::schema::{LEAD, OPPORTUNITY, SETTINGS, USER, record_name};
use crate::world::World;

/// Saved filters are records of persons' own making, and equal ones do no harm.
const FILTER: &str = "filter";

/// Records that one merge takes in at once.
const LOSERS_MAX: usize = 20;

/// What a merge writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// What to write to the survivor.
    pub edits: Vec<Edit>,
    /// What to write to each loser.
    pub losers: Vec<(RecordId, Vec<Edit>)>,
}

/// Merges duplicates into a survivor.
///
/// Field by field the survivor's value is taken, or where it is blank the first loser's that isn't, or what `choices`
/// say; tags, phones and other lists are united. A deal's lines and stage come over by choice only.
pub fn merge(
    ctx: &mut Context<'_>,
    survivor: &RecordState,
    losers: &[RecordState],
    choices: &[FieldChoice],
) -> Result<Merge, Refusal> {
    check(ctx, survivor, losers)?;
    let rows = merge_rows(ctx, survivor, losers, choices)?;
    check_closed(ctx, survivor, losers, choices)?;
    let mut plan = Plan::new(survivor);
    let mut copied: Vec<Vec<Copied>> = vec![Vec::new(); losers.len()];
    for row in &rows {
        match &row.taken {
            Taken::Record(0) => write::leave_group(&mut plan, ctx, row.field, survivor, losers),
            Taken::Record(number) => {
                let at = number - 1;
                let from = plan.edits.len();
                write::take(&mut plan, ctx, row.field, &losers[at])?;
                copied[at].extend(write::copied(survivor, &plan, from));
            }
            Taken::United => {
                for (at, loser) in losers.iter().enumerate() {
                    let from = plan.edits.len();
                    write::unite(&mut plan, row.field, loser)?;
                    copied[at].extend(write::copied(survivor, &plan, from));
                }
            }
            Taken::Given(assignment) => {
                let edits = super::edit(ctx, &plan.state, std::slice::from_ref(assignment))?;
                edits.into_iter().for_each(|edit| plan.push(edit));
            }
        }
    }
    let into = survivor.id;
    let away = losers.iter().zip(copied).map(|(loser, copied)| {
        let merged = MergedInto {
            into,
            loser_heads: heads_hex(&loser.heads),
            at: ctx.now_ms,
            by: Some(ctx.user),
            copied,
        };
        (loser.id, vec![Edit::set("merged_into", merged.to_scalar())])
    });
    Ok(Merge { losers: away.collect(), edits: plan.finish() })
}

/// Tells whether records of a module can be merged, or be duplicates at all.
pub fn is_mergeable(module: &str) -> bool {
    !matches!(module, SETTINGS | USER | FILTER)
}

/// Refuses what can't be merged whatever is chosen.
fn check(ctx: &Context<'_>, survivor: &RecordState, losers: &[RecordState]) -> Result<(), Refusal> {
    if !is_mergeable(&survivor.module) {
        return Err(Refusal::NotMergeable(survivor.module.clone()));
    }
    if losers.len() > LOSERS_MAX {
        return Err(Refusal::TooMany { field: "merge".to_owned(), max: LOSERS_MAX });
    }
    let mut seen = std::collections::BTreeSet::new();
    for state in std::iter::once(survivor).chain(losers) {
        if !seen.insert(state.id) {
            return Err(Refusal::SameRecord);
        }
        if state.module != survivor.module {
            return Err(Refusal::MergeModules {
                name: record_name(state),
                module: state.module.clone(),
                other: survivor.module.clone(),
            });
        }
        refuse_trashed(state)?;
        refuse_merged(state, ctx.world)?;
    }
    let is_converted = |state: &RecordState| state.grown("conversions").next().is_some();
    let converted = losers.iter().find(|loser| survivor.module == LEAD && is_converted(loser));
    match converted.filter(|_| !is_converted(survivor)) {
        Some(lead) => Err(Refusal::ConvertedDuplicate(record_name(lead))),
        None => Ok(()),
    }
}

/// Refuses to go on with a record that another here stands for.
pub fn refuse_merged(state: &RecordState, world: &dyn World) -> Result<(), Refusal> {
    if !lifecycle::is_superseded(state, world) {
        return Ok(());
    }
    let survivor = lifecycle::surviving_id(state.id, world);
    let name = world.record(survivor).map(|record| record_name(&record)).unwrap_or_default();
    Err(Refusal::MergedAway { name, short: encode_id(survivor.as_bytes()) })
}

/// Refuses to let an outcome fall out of the reports without a word.
fn check_closed(
    ctx: &Context<'_>,
    survivor: &RecordState,
    losers: &[RecordState],
    choices: &[FieldChoice],
) -> Result<(), Refusal> {
    if survivor.module != OPPORTUNITY || choices.iter().any(|choice| choice.field == "stage") {
        return Ok(());
    }
    let standing = |state: &RecordState| CurrentStage::read(state, ctx.settings()).standing;
    let own = standing(survivor);
    let is_lost = losers.iter().map(standing).any(|other| other != own && other != Standing::Open);
    if is_lost { Err(Refusal::ClosedDuplicate) } else { Ok(()) }
}
