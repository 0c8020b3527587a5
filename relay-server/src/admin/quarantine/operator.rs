//! What lies aside, as the operator sees and drops it: who brought it, when and for whom, not what it says.

use std::collections::BTreeMap;

use forsat_sync::id::SpaceId;
use serde::{Deserialize, Serialize};

use super::{fitting, shortened};
use crate::admin::{Answer, Failure};
use crate::ambient;
use crate::names;
use crate::store::{ControlError, QuarantineSummary, RelayStore};

/// The most changes of one answer, and of one transaction that drops them.
const ROWS_MAX: usize = 1_024;

/// A change that lies aside, without its contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineRowView {
    /// Its number.
    pub number: u64,
    /// The record's document, hex.
    pub document: String,
    /// The names of the spaces whose managers see it, the one that it was first meant for before the others.
    pub spaces: Vec<String>,
    /// Why it could not be sent: a code.
    pub reason: String,
    /// The device that brought it, hex.
    pub device: String,
    /// The device's name.
    pub device_name: String,
    /// The device's user, hex.
    pub user: String,
    /// The user's name.
    pub user_name: String,
    /// When it came, milliseconds since 1970 by the relay's clock.
    pub received_at_ms: u64,
    /// The size of its chunk, in bytes.
    pub bytes: u64,
}

/// What was dropped, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct QuarantineDroppedView {
    /// How many changes.
    pub changes: u64,
    /// Bytes of their chunks.
    pub bytes: u64,
    /// Whether they are gone; if not, this is what would go.
    pub dropped: bool,
}

/// What lies aside after a number, in one space or in all, as much of it as an answer holds.
pub(in crate::admin) fn rows(
    store: &dyn RelayStore,
    space: Option<&str>,
    after: u64,
) -> Result<Answer, Failure> {
    let space = space.map(|name| space_id(store, name)).transpose()?;
    let names: BTreeMap<_, _> = store.spaces()?.into_iter().map(|space| (space.id, space.name)).collect();
    let (found, more) = store.access().quarantine_summaries(space.as_ref(), after, ROWS_MAX)?;
    let (rows, more) = fitting(found.into_iter().map(|row| view(row, &names)), more);
    Ok(Answer::QuarantineRows { rows, more })
}

/// Drops changes by their numbers, or all of a space; only says how many when it isn't `confirmed`.
pub(in crate::admin) fn drop_rows(
    store: &dyn RelayStore,
    numbers: &[u64],
    space: Option<&str>,
    confirmed: bool,
) -> Result<Answer, Failure> {
    let mut done = QuarantineDroppedView { dropped: confirmed, ..QuarantineDroppedView::default() };
    match space {
        Some(name) => drop_of_space(store, &space_id(store, name)?, &mut done)?,
        None if numbers.is_empty() => {
            return Err(Failure::new("bad_request", "say what to drop: numbers, or a space"));
        }
        None => {
            let mut numbers = numbers.to_vec();
            numbers.sort_unstable();
            numbers.dedup();
            let mut found = Vec::new();
            for number in numbers {
                let before = number.saturating_sub(1);
                let (rows, _) = store.access().quarantine_summaries(None, before, 1)?;
                found.extend(rows.into_iter().filter(|row| row.number == number));
            }
            for part in found.chunks(ROWS_MAX) {
                take_out(store, part, &mut done)?;
            }
        }
    }
    if confirmed {
        tracing::info!(changes = done.changes, space, "the operator dropped changes out of quarantine");
    }
    Ok(Answer::QuarantineDropped(done))
}

fn drop_of_space(
    store: &dyn RelayStore,
    space: &SpaceId,
    done: &mut QuarantineDroppedView,
) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let (rows, more) = store.access().quarantine_summaries(Some(space), after, ROWS_MAX)?;
        take_out(store, &rows, done)?;
        match rows.last() {
            Some(last) if more => after = last.number,
            _ => return Ok(()),
        }
    }
}

/// Counts what goes, and drops it if it is meant.
fn take_out(
    store: &dyn RelayStore,
    rows: &[QuarantineSummary],
    done: &mut QuarantineDroppedView,
) -> Result<(), Failure> {
    if done.dropped {
        let numbers: Vec<_> = rows.iter().map(|row| row.number).collect();
        store.access().drop_quarantined(&numbers, ambient::wall_ms())?;
    }
    done.changes += rows.len() as u64;
    done.bytes += rows.iter().map(|row| row.bytes).sum::<u64>();
    Ok(())
}

fn space_id(store: &dyn RelayStore, name: &str) -> Result<SpaceId, Failure> {
    let wanted = names::fold(name);
    let found = store.spaces()?.into_iter().find(|space| names::fold(&space.name) == wanted);
    Ok(found.ok_or_else(|| ControlError::NoSuchSpace(name.to_owned()))?.id)
}

fn view(row: QuarantineSummary, names: &BTreeMap<SpaceId, String>) -> QuarantineRowView {
    let name = |space: &SpaceId| names.get(space).cloned().unwrap_or_else(|| space.to_string());
    QuarantineRowView {
        number: row.number,
        document: row.document.to_string(),
        spaces: row.spaces.iter().map(name).collect(),
        reason: shortened(row.reason),
        device: row.device.to_string(),
        device_name: shortened(row.device_name),
        user: row.user.to_string(),
        user_name: shortened(row.user_name),
        received_at_ms: row.received_at_ms,
        bytes: row.bytes,
    }
}
