//! Exchange rates: entered for a day, and taken back.

use rust_decimal::Decimal;

use super::SettingsRefusal;
use crate::command::{Context, Refusal, set_rate};
use crate::composite::{Composite, Removed, heads_hex};
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::edit::Edit;
use crate::lifecycle::Presence;
use crate::record::RecordState;

/// Enters a rate from a day on; one of the same day is replaced.
pub fn rate_add(
    ctx: &Context<'_>,
    state: &RecordState,
    currency: Currency,
    day: CivilDate,
    rate: Decimal,
) -> Result<Vec<Edit>, Refusal> {
    if currency == ctx.settings().currency {
        return Err(SettingsRefusal::OwnCurrency(currency.code().to_owned()).into());
    }
    let mut edits = set_rate(currency, day, rate)?;
    edits.extend(kept_again(state, "rates", &entry_id(currency, day)));
    Ok(edits)
}

/// Takes a rate back.
pub fn rate_remove(state: &RecordState, currency: Currency, day: CivilDate) -> Result<Vec<Edit>, Refusal> {
    let id = entry_id(currency, day);
    match state.entry("rates", &id).filter(|entry| Presence::of(entry).is_kept()) {
        Some(_) => Ok(vec![removal(state, "rates", &id)]),
        None => Err(SettingsRefusal::NoRate(currency.code().to_owned(), day.to_string()).into()),
    }
}

fn entry_id(currency: Currency, day: CivilDate) -> String {
    format!("{}-{day}", currency.code())
}

/// Takes an entry out of its map.
pub(super) fn removal(state: &RecordState, field: &str, entry: &str) -> Edit {
    let removed = Removed { value: true, seen_heads: heads_hex(&state.heads) };
    Edit::set_entry(field, entry, "removed", removed.to_scalar())
}

/// Puts an entry that was taken out back into its map.
pub(super) fn kept_again(state: &RecordState, field: &str, entry: &str) -> Option<Edit> {
    let removed = state.entry(field, entry)?.fields.contains_key("removed");
    let kept = Removed { value: false, seen_heads: heads_hex(&state.heads) };
    removed.then(|| Edit::set_entry(field, entry, "removed", kept.to_scalar()))
}
