//! What lies aside, as it is told. A row that can't be read, or a name that is missing, keeps nobody from the others.

use std::collections::BTreeSet;

use forsat_sync::id::{DeviceId, SpaceId, UserId};
use redb::ReadTransaction;

use super::number_in;
use crate::store::redb::examine::readable;
use crate::store::redb::manage::Naming;
use crate::store::redb::rows::{DeviceRow, QuarantineRow, Row as _};
use crate::store::redb::tables::{DEVICES, QUARANTINE, Readable, USER_IDS, USERS, get};
use crate::store::{QUARANTINE_ENTRY_COST, QuarantineEntry, QuarantineSummary, StoreError};

/// What lies aside after a number in one of the spaces, and whether there is more.
pub(super) fn list(
    tx: &ReadTransaction,
    theirs: &BTreeSet<SpaceId>,
    after: u64,
    bytes_max: usize,
) -> Result<(Vec<QuarantineEntry>, bool), StoreError> {
    let names = Names::open(tx)?;
    let (mut entries, mut bytes) = (Vec::new(), 0);
    let more = walk(tx, after, |number, row| {
        if !row.spaces.iter().any(|space| theirs.contains(space)) {
            return Ok(true);
        }
        bytes += row.bytes.len() + QUARANTINE_ENTRY_COST;
        if bytes > bytes_max && !entries.is_empty() {
            return Ok(false);
        }
        entries.push(QuarantineEntry {
            number,
            document: row.document,
            hash: row.hash,
            device: row.device,
            device_name: names.device(&row.device)?,
            user: row.user,
            user_name: names.user(&row.user)?,
            received_at_ms: row.received_at_ms,
            spaces: row.spaces,
            reason: row.reason,
            bytes: row.bytes,
        });
        Ok(true)
    })?;
    Ok((entries, more))
}

/// The same of all spaces or of one, without the changes themselves.
pub(super) fn summaries(
    tx: &ReadTransaction,
    space: Option<&SpaceId>,
    after: u64,
    rows_max: usize,
) -> Result<(Vec<QuarantineSummary>, bool), StoreError> {
    let names = Names::open(tx)?;
    let mut rows = Vec::new();
    let more = walk(tx, after, |number, row| {
        if space.is_some_and(|space| !row.spaces.contains(space)) {
            return Ok(true);
        }
        if rows.len() >= rows_max {
            return Ok(false);
        }
        rows.push(QuarantineSummary {
            number,
            document: row.document,
            device: row.device,
            device_name: names.device(&row.device)?,
            user: row.user,
            user_name: names.user(&row.user)?,
            received_at_ms: row.received_at_ms,
            spaces: row.spaces,
            reason: row.reason,
            bytes: row.bytes.len() as u64,
        });
        Ok(true)
    })?;
    Ok((rows, more))
}

/// Reads the rows after a number until `each` says stop; answers whether it did.
fn walk(
    tx: &ReadTransaction,
    after: u64,
    mut each: impl FnMut(u64, QuarantineRow) -> Result<bool, StoreError>,
) -> Result<bool, StoreError> {
    let Some(first) = after.checked_add(1) else { return Ok(false) };
    let table = tx.open_table(QUARANTINE.table())?;
    let (mut unreadable, mut stopped) = (0_u64, false);
    for item in table.range(first.to_be_bytes().as_slice()..)? {
        let (key, value) = item?;
        let row = QuarantineRow::decode(key.value(), value.value()).ok();
        let Some((number, row)) = number_in(key.value()).ok().zip(row) else {
            unreadable += 1;
            continue;
        };
        if !each(number, row)? {
            stopped = true;
            break;
        }
    }
    if unreadable > 0 {
        tracing::warn!(unreadable, "rows of the quarantine can't be read and were passed over: run verify");
    }
    Ok(stopped)
}

/// The names of devices and users; an id stands for what can't be read.
struct Names<T> {
    devices: T,
    naming: Naming<T>,
}

impl Names<redb::ReadOnlyTable<&'static [u8], &'static [u8]>> {
    fn open(tx: &ReadTransaction) -> Result<Self, StoreError> {
        let naming = Naming { ids: tx.open_table(USER_IDS.table())?, users: tx.open_table(USERS.table())? };
        Ok(Self { devices: tx.open_table(DEVICES.table())?, naming })
    }
}

impl<T: Readable> Names<T> {
    fn device(&self, device: &DeviceId) -> Result<String, StoreError> {
        let row: Option<DeviceRow> = readable(get(&self.devices, DEVICES, device.as_bytes()))?.flatten();
        Ok(row.map_or_else(|| device.to_string(), |row| row.name))
    }

    fn user(&self, user: &UserId) -> Result<String, StoreError> {
        Ok(readable(self.naming.of(user))?.unwrap_or_else(|| user.to_string()))
    }
}

/// Whose device or user can't be read, of what lies aside: in words.
pub(in super::super) fn unnamed(tx: &ReadTransaction) -> Result<Vec<String>, StoreError> {
    let names = Names::open(tx)?;
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    walk(tx, 0, |number, row| {
        if !seen.insert((row.device, row.user)) {
            return Ok(true);
        }
        let device: Option<DeviceRow> =
            readable(get(&names.devices, DEVICES, row.device.as_bytes()))?.flatten();
        if device.is_none() || readable(names.naming.of(&row.user))?.is_none() {
            wrong.push(format!(
                "13: change {number} in quarantine is of the device {} and the user {}, which aren't both there",
                row.device, row.user
            ));
        }
        Ok(true)
    })?;
    Ok(wrong)
}
