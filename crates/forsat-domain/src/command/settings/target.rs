//! Targets: set for a person or a team and a period, and taken back.

use super::SettingsRefusal;
use super::rate::{kept_again, removal};
use crate::command::Refusal;
use crate::composite::{Composite, id_scalar};
use crate::edit::Edit;
use crate::lifecycle::Presence;
use crate::money::Money;
use crate::record::RecordState;
use crate::settings::{TargetOwner, TargetPeriod};
use crate::text::fold;

/// The field of the settings that keeps the targets.
const TARGETS: &str = "targets";

/// Sets what somebody is to win in a period; a target of the same is replaced.
pub fn target_add(
    state: &RecordState,
    owner: &TargetOwner,
    period: &str,
    value: Money,
) -> Result<Vec<Edit>, Refusal> {
    let period = read_period(period)?;
    let id = entry_id(owner, period);
    let set = |name: &str, value: String| Edit::set_entry(TARGETS, &id, name, value);
    let mut edits = vec![
        match owner {
            TargetOwner::User(user) => Edit::set_entry(TARGETS, &id, "user_id", id_scalar(*user)),
            TargetOwner::Team(team) => set("team", team.trim().to_owned()),
        },
        set("period", period.to_string()),
        Edit::set_entry(TARGETS, &id, "value", value.to_scalar()),
    ];
    edits.extend(kept_again(state, TARGETS, &id));
    Ok(edits)
}

/// Takes a target back.
pub fn target_remove(state: &RecordState, owner: &TargetOwner, period: &str) -> Result<Vec<Edit>, Refusal> {
    let id = entry_id(owner, read_period(period)?);
    match state.entry(TARGETS, &id).filter(|entry| Presence::of(entry).is_kept()) {
        Some(_) => Ok(vec![removal(state, TARGETS, &id)]),
        None => Err(SettingsRefusal::NoTarget.into()),
    }
}

fn read_period(text: &str) -> Result<TargetPeriod, Refusal> {
    text.parse().map_err(|()| SettingsRefusal::Period(text.to_owned()).into())
}

/// Names the entry by what it is for, so that two people who set the same target meet in one register.
fn entry_id(owner: &TargetOwner, period: TargetPeriod) -> String {
    match owner {
        TargetOwner::User(user) => format!("{}-{period}", user.0),
        TargetOwner::Team(team) => format!("team:{}-{period}", fold(team).replace(['/', ' '], "_")),
    }
}
