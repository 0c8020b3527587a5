//! Saying that two records are no duplicates of each other.

use super::{Context, Refusal, merge::is_mergeable, refuse_trashed};
use crate::edit::Edit;
use crate::id::RecordId;
use crate::record::RecordState;

/// Dismisses a pair for good: the id of one stands in the other's set, and either side counts.
///
/// The pair is written to the record with the smaller id, so that two people who dismiss it apart write the same.
pub fn dismiss(
    ctx: &Context<'_>,
    one: &RecordState,
    other: &RecordState,
) -> Result<(RecordId, Vec<Edit>), Refusal> {
    if one.id == other.id {
        return Err(Refusal::SameRecord);
    }
    if one.module != other.module {
        return Err(Refusal::DifferentModules);
    }
    if !is_mergeable(&one.module) {
        return Err(Refusal::NotMergeable(one.module.clone()));
    }
    if ctx.schema.field(&one.module, "dismissed_duplicates").is_none() {
        return Err(Refusal::NotDismissible(one.module.clone()));
    }
    for state in [one, other] {
        refuse_trashed(state)?;
        super::refuse_merged(state, ctx.world)?;
    }
    let (first, second) = if one.id < other.id { (one, other) } else { (other, one) };
    let key = second.id.0.to_string();
    Ok((first.id, vec![Edit::Add { field: "dismissed_duplicates".to_owned(), key }]))
}
