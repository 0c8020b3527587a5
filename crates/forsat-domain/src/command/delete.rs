//! Deleting and restoring: a deletion remembers what it saw, so that a later merge can tell what it did not.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Context, Plan, Refusal};
use crate::composite::{Composite, LifeState, Lifecycle, heads_hex};
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::edit::Edit;
use crate::lifecycle::Life;
use crate::money::Money;
use crate::opportunity::{Deal, Standing, Worth};
use crate::record::RecordState;
use crate::schema::{ACCOUNT, SETTINGS};
use crate::world::World;

/// What deleting a record leaves hanging, for the person to confirm.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Confirmation {
    /// Open deals of the account.
    pub open_deals: usize,
    /// Their sums by currency.
    pub open_sums: BTreeMap<Currency, Money>,
    /// Open deals whose amount is empty or unknown.
    pub without_amount: usize,
}

/// The answer to a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deletion {
    /// The person has to confirm first.
    Ask(Confirmation),
    /// What to write.
    Edits(Vec<Edit>),
}

/// Counts what deleting a record would leave hanging: the open deals of an account.
pub fn delete_preview(state: &RecordState, world: &dyn World, today: CivilDate) -> Confirmation {
    let mut found = Confirmation::default();
    if state.module != ACCOUNT {
        return found;
    }
    for id in world.opportunities_of(state.id) {
        let Some(record) = world.record(id) else { continue };
        let deal = Deal::read(&record, world, today);
        if !deal.life.is_visible() || deal.stage.standing != Standing::Open {
            continue;
        }
        found.open_deals += 1;
        match deal.amount.worth {
            Worth::Known(amount) => {
                let zero = Money::zero(amount.currency());
                let sum = found.open_sums.entry(amount.currency()).or_insert(zero);
                // A sum that does not fit stays as it is: the question is asked all the same.
                *sum = sum.checked_add(amount).unwrap_or(*sum);
            }
            Worth::Empty | Worth::NoRate(_) | Worth::Overflow => found.without_amount += 1,
        }
    }
    found
}

/// Deletes a record; an account with open deals is deleted only when that was `confirmed`.
pub fn delete(ctx: &Context<'_>, state: &RecordState, confirmed: bool) -> Result<Deletion, Refusal> {
    if state.module == SETTINGS {
        return Err(Refusal::SettingsStay);
    }
    if Life::of(state) == Life::Trashed {
        return Err(Refusal::Trashed);
    }
    if !confirmed {
        let hanging = delete_preview(state, ctx.world, ctx.today);
        if hanging.open_deals > 0 {
            return Ok(Deletion::Ask(hanging));
        }
    }
    Ok(Deletion::Edits(set_life(ctx, state, LifeState::Trashed)))
}

/// Takes a record out of the trash.
pub fn restore(ctx: &Context<'_>, state: &RecordState) -> Result<Vec<Edit>, Refusal> {
    if Life::of(state) == Life::Active {
        return Err(Refusal::NotTrashed);
    }
    Ok(set_life(ctx, state, LifeState::Active))
}

/// Writes a record's life with the history that the writer has seen.
pub(super) fn set_life(ctx: &Context<'_>, state: &RecordState, life: LifeState) -> Vec<Edit> {
    let lifecycle =
        Lifecycle { state: life, at: ctx.now_ms, by: Some(ctx.user), seen_heads: heads_hex(&state.heads) };
    let mut plan = Plan::new(state);
    plan.push(Edit::set("lifecycle", lifecycle.to_scalar()));
    plan.finish()
}
