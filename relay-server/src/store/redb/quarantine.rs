//! Changes that are set aside: who may bring, see and close them is asked in the transaction that does it.

mod listing;
mod soundness;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use forsat_sync::frame::Role;
use forsat_sync::id::{ChangeHash, DeviceId, DocumentId, SpaceId, UserId};
use forsat_sync::limits::{QUARANTINE_SPACES_MAX, WorkspaceLimits};
use redb::{ReadTransaction, ReadableTable as _, ReadableTableMetadata as _, WriteTransaction};

use super::access::{Access, AccessTables, DEVICE_ACTIVE};
use super::examine::readable;
use super::rows::{ChangeRow, DeviceRow, DocumentRow, QuarantineCounts, QuarantineRow, Row as _};
use super::tables::{
    CHANGES, DEVICES, DOCUMENTS, Definition, ERASED, META, QUARANTINE, QUARANTINE_BY_CHANGE,
    QUARANTINE_BY_DEVICE, QUARANTINE_BY_SPACE, ROLES, Readable, Writable, change_key, corrupt, get,
    id_in_key, put, scan,
};
use super::{Commit, RedbStore, erase};
use crate::store::{
    Aside, AsideItem, AsideItemOutcome, AsideOutcome, ControlError, QuarantineEntry, QuarantineStore,
    QuarantineSummary, StoreError,
};
pub(super) use listing::unnamed;
pub(super) use soundness::{repair, verify};

/// The quota of what lies aside, of a device, for a space and altogether.
const QUOTA_QUARANTINE: &str = "quota_quarantine";
/// What a change counts against the quotas beside its chunk, in bytes: about what its row takes.
const ROW_COST: u64 = 256;
/// Room that a change takes beyond its bytes: the pages of its rows, in bytes.
const ROOM_PER_ROW: u64 = 8 * 1024;
/// Room of a transaction beside its changes, in bytes.
const ROOM: u64 = 1024 * 1024;
/// The row of [`META`] that counts what lies aside.
const TOTALS: &[u8] = b"quarantine";

impl QuarantineStore for RedbStore {
    fn set_aside(&self, aside: &Aside) -> Result<AsideOutcome, StoreError> {
        let parsed = aside.items.iter().filter_map(|item| item.chunk.as_ref().ok());
        self.reserve(ROOM + parsed.map(|(_, bytes)| 2 * bytes.len() as u64 + ROOM_PER_ROW).sum::<u64>())?;
        self.write(aside.now_ms, |tx| {
            let mut keeper = Keeper::open(tx, &self.options.limits.workspace)?;
            let outcome = keeper.judge(aside)?;
            Ok((outcome, keeper.finish()?))
        })
    }

    fn quarantined(
        &self,
        by: &DeviceId,
        after: u64,
        bytes_max: usize,
    ) -> Result<(Vec<QuarantineEntry>, bool), ControlError> {
        self.read(|tx| {
            let theirs = managed(&tx.open_table(DEVICES.table())?, &tx.open_table(ROLES.table())?, by)?;
            if theirs.is_empty() {
                return Ok(Err(ControlError::NotManager));
            }
            listing::list(tx, &theirs, after, bytes_max).map(Ok)
        })?
    }

    fn close_quarantined(&self, by: &DeviceId, numbers: &[u64], now_ms: u64) -> Result<u64, ControlError> {
        self.reserve(ROOM + ROOM_PER_ROW * numbers.len() as u64)?;
        self.write(now_ms, |tx| {
            let theirs = managed(&tx.open_table(DEVICES.table())?, &tx.open_table(ROLES.table())?, by)?;
            if theirs.is_empty() {
                return Ok((Err(ControlError::NotManager), Commit::NothingWritten));
            }
            let mut rows = Rows::open(tx)?;
            let (mut gone, mut removed) = (0, false);
            for number in numbers {
                // Whose a row is that can't be read nobody knows.
                let Some(row) = readable(rows.get(*number))? else { continue };
                match row {
                    Some(row) if !row.spaces.iter().any(|space| theirs.contains(space)) => continue,
                    Some(row) => {
                        rows.remove(*number, &row)?;
                        removed = true;
                    }
                    None => {}
                }
                gone += 1;
            }
            rows.finish()?;
            Ok((Ok(gone), if removed { Commit::Yes } else { Commit::NothingWritten }))
        })?
    }

    fn quarantine_summaries(
        &self,
        space: Option<&SpaceId>,
        after: u64,
        rows_max: usize,
    ) -> Result<(Vec<QuarantineSummary>, bool), StoreError> {
        self.read(|tx| listing::summaries(tx, space, after, rows_max))
    }

    fn drop_quarantined(&self, numbers: &[u64], now_ms: u64) -> Result<u64, StoreError> {
        self.reserve(ROOM + ROOM_PER_ROW * numbers.len() as u64)?;
        self.write(now_ms, |tx| {
            let (mut rows, mut dropped) = (Rows::open(tx)?, 0);
            for number in numbers {
                if let Some(row) = readable(rows.get(*number))?.flatten() {
                    rows.remove(*number, &row)?;
                    dropped += 1;
                }
            }
            rows.finish()?;
            Ok((dropped, if dropped > 0 { Commit::Yes } else { Commit::NothingWritten }))
        })
    }
}

/// The spaces in which a device's user is a manager or administrator; none unless it may connect.
fn managed(
    devices: &impl Readable,
    roles: &impl Readable,
    device: &DeviceId,
) -> Result<BTreeSet<SpaceId>, StoreError> {
    let mut spaces = BTreeSet::new();
    let row: Option<DeviceRow> = get(devices, DEVICES, device.as_bytes())?;
    let Some(row) = row.filter(|row| row.state == DEVICE_ACTIVE) else { return Ok(spaces) };
    scan::<Role>(roles, ROLES, row.user.as_bytes(), |key, role| {
        if matches!(role, Role::Admin | Role::Manager) {
            spaces.insert(SpaceId::from_bytes(id_in_key(ROLES, key)?));
        }
        Ok(true)
    })?;
    Ok(spaces)
}

/// The number in a key.
fn number_in(key: &[u8]) -> Result<u64, StoreError> {
    key.try_into().map(u64::from_be_bytes).map_err(|_| corrupt(QUARANTINE, "a key has a wrong length"))
}

/// How many changes of a document lie aside.
pub(super) fn count_of(tx: &ReadTransaction, document: &DocumentId) -> Result<u64, StoreError> {
    let mut count = 0;
    scan::<u64>(
        &tx.open_table(QUARANTINE_BY_CHANGE.table())?,
        QUARANTINE_BY_CHANGE,
        document.as_bytes(),
        |_, _| {
            count += 1;
            Ok(true)
        },
    )?;
    Ok(count)
}

/// Removes what lies aside of a document that is erased. No other handle of the tables may be open.
pub(super) fn forget(tx: &WriteTransaction, document: &DocumentId) -> Result<(), StoreError> {
    let mut rows = Rows::open(tx)?;
    let mut numbers = Vec::new();
    scan::<u64>(&rows.by_change, QUARANTINE_BY_CHANGE, document.as_bytes(), |_, number| {
        numbers.push(number);
        Ok(true)
    })?;
    for number in numbers {
        match readable(rows.get(number))? {
            Some(Some(row)) => rows.remove(number, &row)?,
            Some(None) => {}
            // It goes too; what it counted is put right by a repair.
            None => {
                rows.table.remove(number.to_be_bytes().as_slice())?;
            }
        }
    }
    rows.finish()
}

/// Counts anew what lies aside of each space, in a store of before that was counted.
pub(super) fn count_spaces(tx: &WriteTransaction) -> Result<(), StoreError> {
    let mut by_space = tx.open_table(QUARANTINE_BY_SPACE.table())?;
    let table = tx.open_table(QUARANTINE.table())?;
    if table.is_empty()? || !by_space.is_empty()? {
        return Ok(());
    }
    for item in table.iter()? {
        let (key, value) = item?;
        let row = QuarantineRow::decode(key.value(), value.value()).ok();
        if let Some((space, row)) = row.as_ref().and_then(|row| Some((row.meant_for()?, row))) {
            more(&mut by_space, QUARANTINE_BY_SPACE, space.as_bytes(), cost(&row.bytes))?;
        }
    }
    Ok(())
}

/// Counts one change more of a device or a space.
fn more(table: &mut Writable<'_>, definition: Definition, key: &[u8], bytes: u64) -> Result<(), StoreError> {
    let held: QuarantineCounts = get(table, definition, key)?.unwrap_or_default();
    put(table, key, &QuarantineCounts { count: held.count + 1, bytes: held.bytes + bytes })
}

/// Counts one change less.
fn less(table: &mut Writable<'_>, definition: Definition, key: &[u8], bytes: u64) -> Result<(), StoreError> {
    let held: QuarantineCounts = get(table, definition, key)?.unwrap_or_default();
    if held.count <= 1 {
        table.remove(key)?;
        return Ok(());
    }
    put(table, key, &QuarantineCounts { count: held.count - 1, bytes: held.bytes.saturating_sub(bytes) })
}

/// The tables of what lies aside, and the counts that follow from them.
struct Rows<'tx> {
    table: Writable<'tx>,
    by_change: Writable<'tx>,
    by_device: Writable<'tx>,
    by_space: Writable<'tx>,
    meta: Writable<'tx>,
    totals: QuarantineCounts,
    before: QuarantineCounts,
}

impl<'tx> Rows<'tx> {
    fn open(tx: &'tx WriteTransaction) -> Result<Self, StoreError> {
        let meta = tx.open_table(META.table())?;
        let totals: QuarantineCounts = get(&meta, META, TOTALS)?.unwrap_or_default();
        Ok(Self {
            table: tx.open_table(QUARANTINE.table())?,
            by_change: tx.open_table(QUARANTINE_BY_CHANGE.table())?,
            by_device: tx.open_table(QUARANTINE_BY_DEVICE.table())?,
            by_space: tx.open_table(QUARANTINE_BY_SPACE.table())?,
            meta,
            totals,
            before: totals,
        })
    }

    fn get(&self, number: u64) -> Result<Option<QuarantineRow>, StoreError> {
        get(&self.table, QUARANTINE, &number.to_be_bytes())
    }

    /// The row of a change; one that can't be read is none.
    fn of_change(
        &self,
        document: &DocumentId,
        hash: &ChangeHash,
    ) -> Result<Option<(u64, QuarantineRow)>, StoreError> {
        let number: Option<u64> = get(&self.by_change, QUARANTINE_BY_CHANGE, &change_key(document, hash))?;
        let Some(number) = number else { return Ok(None) };
        Ok(readable(self.get(number))?.flatten().map(|row| (number, row)))
    }

    fn of_device(&self, device: &DeviceId) -> Result<QuarantineCounts, StoreError> {
        Ok(get(&self.by_device, QUARANTINE_BY_DEVICE, device.as_bytes())?.unwrap_or_default())
    }

    fn of_space(&self, space: &SpaceId) -> Result<QuarantineCounts, StoreError> {
        Ok(get(&self.by_space, QUARANTINE_BY_SPACE, space.as_bytes())?.unwrap_or_default())
    }

    fn add(&mut self, row: &QuarantineRow) -> Result<(), StoreError> {
        let bytes = cost(&row.bytes);
        more(&mut self.by_device, QUARANTINE_BY_DEVICE, row.device.as_bytes(), bytes)?;
        if let Some(space) = row.meant_for() {
            more(&mut self.by_space, QUARANTINE_BY_SPACE, space.as_bytes(), bytes)?;
        }
        self.totals.count += 1;
        self.totals.bytes += bytes;
        put(&mut self.by_change, &change_key(&row.document, &row.hash), &self.totals.count)?;
        put(&mut self.table, &self.totals.count.to_be_bytes(), row)
    }

    fn remove(&mut self, number: u64, row: &QuarantineRow) -> Result<(), StoreError> {
        let bytes = cost(&row.bytes);
        self.table.remove(number.to_be_bytes().as_slice())?;
        self.by_change.remove(change_key(&row.document, &row.hash).as_slice())?;
        less(&mut self.by_device, QUARANTINE_BY_DEVICE, row.device.as_bytes(), bytes)?;
        if let Some(space) = row.meant_for() {
            less(&mut self.by_space, QUARANTINE_BY_SPACE, space.as_bytes(), bytes)?;
        }
        self.totals.bytes = self.totals.bytes.saturating_sub(bytes);
        Ok(())
    }

    fn finish(mut self) -> Result<(), StoreError> {
        if self.totals != self.before {
            put(&mut self.meta, TOTALS, &self.totals)?;
        }
        Ok(())
    }
}

/// What a change counts against the quotas.
fn cost(bytes: &[u8]) -> u64 {
    bytes.len() as u64 + ROW_COST
}

/// One transaction that sets changes aside.
struct Keeper<'tx> {
    limits: &'tx WorkspaceLimits,
    access: AccessTables<Writable<'tx>>,
    documents: Writable<'tx>,
    changes: Writable<'tx>,
    erased: Writable<'tx>,
    rows: Rows<'tx>,
    written: bool,
}

/// Who sets aside, and what for.
struct Sender {
    device: DeviceId,
    user: UserId,
    space: SpaceId,
    /// It was revoked: what lives in the space it can't push any more.
    revoked: bool,
    now_ms: u64,
}

impl<'tx> Keeper<'tx> {
    fn open(tx: &'tx WriteTransaction, limits: &'tx WorkspaceLimits) -> Result<Self, StoreError> {
        Ok(Self {
            limits,
            access: AccessTables::write(tx)?,
            documents: tx.open_table(DOCUMENTS.table())?,
            changes: tx.open_table(CHANGES.table())?,
            erased: tx.open_table(ERASED.table())?,
            rows: Rows::open(tx)?,
            written: false,
        })
    }

    fn judge(&mut self, aside: &Aside) -> Result<AsideOutcome, StoreError> {
        let Aside { device, space, now_ms, .. } = *aside;
        let (access, revoked) = match self.access.of(&device, &space)? {
            Access::Hidden => (self.access.of_revoked(&device, &space)?, true),
            member => (member, false),
        };
        let sender = match access {
            Access::Hidden => return Ok(AsideOutcome::Hidden),
            Access::Member { role, .. } if !role.may_write() => return Ok(AsideOutcome::Forbidden),
            Access::Member { common: true, .. } => {
                return Ok(AsideOutcome::Judged(vec![AsideItemOutcome::Common; aside.items.len()]));
            }
            Access::Member { user, .. } => Sender { device, user, space, revoked, now_ms },
        };
        let outcomes = aside.items.iter().map(|item| self.item(&sender, item));
        Ok(AsideOutcome::Judged(outcomes.collect::<Result<_, _>>()?))
    }

    fn item(&mut self, sender: &Sender, item: &AsideItem) -> Result<AsideItemOutcome, StoreError> {
        let (header, bytes) = match &item.chunk {
            Ok(chunk) => chunk,
            Err(error) => return Ok(AsideItemOutcome::Chunk(error.clone())),
        };
        if erase::is_erased(&self.erased, &item.document)? {
            return Ok(AsideItemOutcome::Erased);
        }
        let row: Option<DocumentRow> = get(&self.documents, DOCUMENTS, item.document.as_bytes())?;
        let home = row.map(|row| row.space);
        if home == Some(sender.space) && !sender.revoked {
            return Ok(AsideItemOutcome::HomeHere);
        }
        // Its ack was lost, or the relay was set back and has it again: it is where it belongs.
        let key = change_key(&item.document, &header.hash);
        if get::<ChangeRow>(&self.changes, CHANGES, &key)?.is_some() {
            return Ok(AsideItemOutcome::Kept);
        }
        let spaces = self.concerned(sender.space, home)?;
        if let Some((number, row)) = self.rows.of_change(&item.document, &header.hash)? {
            return self.concern_more(number, row, &spaces);
        }
        if self.is_full(sender, bytes)? {
            return Ok(AsideItemOutcome::Quota(QUOTA_QUARANTINE));
        }
        self.rows.add(&QuarantineRow {
            document: item.document,
            hash: header.hash,
            device: sender.device,
            user: sender.user,
            received_at_ms: sender.now_ms,
            spaces,
            reason: item.reason.clone(),
            bytes: bytes.clone(),
        })?;
        self.written = true;
        Ok(AsideItemOutcome::Kept)
    }

    /// The spaces whose managers a change concerns. Never `common`, where whoever manages anything would read it.
    fn concerned(&self, claimed: SpaceId, home: Option<SpaceId>) -> Result<Vec<SpaceId>, StoreError> {
        let common = self.access.common()?.0;
        let home = home.filter(|home| *home != claimed && *home != common);
        Ok([Some(claimed), home].into_iter().flatten().collect())
    }

    /// What lies aside already, meant for other spaces: it is for the managers of these too.
    fn concern_more(
        &mut self,
        number: u64,
        mut row: QuarantineRow,
        spaces: &[SpaceId],
    ) -> Result<AsideItemOutcome, StoreError> {
        let missing: Vec<_> = spaces.iter().filter(|space| !row.spaces.contains(space)).copied().collect();
        if missing.is_empty() {
            return Ok(AsideItemOutcome::Kept);
        }
        if row.spaces.len() + missing.len() > QUARANTINE_SPACES_MAX {
            return Ok(AsideItemOutcome::Quota(QUOTA_QUARANTINE));
        }
        row.spaces.extend(missing);
        put(&mut self.rows.table, &number.to_be_bytes(), &row)?;
        self.written = true;
        Ok(AsideItemOutcome::Kept)
    }

    fn is_full(&self, sender: &Sender, bytes: &[u8]) -> Result<bool, StoreError> {
        let (held, cost) = (self.rows.of_device(&sender.device)?, cost(bytes));
        Ok(held.count >= self.limits.quarantine_device_changes_max
            || held.bytes + cost > self.limits.quarantine_device_bytes_max
            || self.rows.of_space(&sender.space)?.bytes + cost > self.limits.quarantine_space_bytes_max
            || self.rows.totals.bytes + cost > self.limits.quarantine_bytes_max)
    }

    fn finish(self) -> Result<Commit, StoreError> {
        let commit = if self.written { Commit::Yes } else { Commit::NothingWritten };
        self.rows.finish()?;
        Ok(commit)
    }
}
