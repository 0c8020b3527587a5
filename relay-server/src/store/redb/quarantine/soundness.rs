//! Whether what lies aside holds together, and making it whole again.

use std::collections::BTreeMap;

use forsat_sync::chunk;
use forsat_sync::limits::ChunkLimits;
use redb::{ReadTransaction, ReadableTable as _, WriteTransaction};

use super::{TOTALS, cost, number_in};
use crate::store::StoreError;
use crate::store::redb::erase;
use crate::store::redb::examine::readable;
use crate::store::redb::repair::settle;
use crate::store::redb::rows::{QuarantineCounts, QuarantineRow, Row as _};
use crate::store::redb::tables::{
    ERASED, META, QUARANTINE, QUARANTINE_BY_CHANGE, QUARANTINE_BY_DEVICE, change_key, get, put, scan,
};

/// What can't be read, isn't the change that its row says, or isn't what the rows beside say: in words.
pub(in super::super) fn examine(tx: &ReadTransaction) -> Result<Vec<String>, StoreError> {
    let mut wrong = Vec::new();
    let table = tx.open_table(QUARANTINE.table())?;
    for item in table.iter()? {
        let (key, value) = item?;
        if sound(key.value(), value.value(), true).is_none() {
            let number = number_in(key.value()).unwrap_or(0);
            wrong.push(format!("13: change {number} in quarantine is damaged"));
        }
    }
    wrong.extend(verify(tx)?);
    Ok(wrong)
}

/// 13: what stands beside the changes that lie aside follows from them, and none is of an erased document.
pub(in super::super) fn verify(tx: &ReadTransaction) -> Result<Vec<String>, StoreError> {
    let mut wrong = Vec::new();
    let erased = tx.open_table(ERASED.table())?;
    let mut expected = Beside::default();
    for item in tx.open_table(QUARANTINE.table())?.iter()? {
        let (key, value) = item?;
        let Some((number, row)) = sound(key.value(), value.value(), false) else { continue };
        if erase::is_erased(&erased, &row.document)? {
            wrong.push(format!(
                "11: change {number} of the erased document {} is in quarantine",
                row.document
            ));
        }
        expected.count(number, &row);
    }
    let mut kept = Beside::default();
    scan::<u64>(&tx.open_table(QUARANTINE_BY_CHANGE.table())?, QUARANTINE_BY_CHANGE, &[], |key, number| {
        kept.by_change.insert(key.to_vec(), number);
        Ok(true)
    })?;
    let by_device = tx.open_table(QUARANTINE_BY_DEVICE.table())?;
    scan::<QuarantineCounts>(&by_device, QUARANTINE_BY_DEVICE, &[], |key, counts| {
        kept.by_device.insert(key.to_vec(), counts);
        Ok(true)
    })?;
    let totals: QuarantineCounts = get(&tx.open_table(META.table())?, META, TOTALS)?.unwrap_or_default();
    let follows = totals.count >= expected.totals.count && totals.bytes == expected.totals.bytes;
    if (kept.by_change, kept.by_device) != (expected.by_change, expected.by_device) || !follows {
        wrong.push("13: the counts and the index of the quarantine don't follow from it".into());
    }
    Ok(wrong)
}

/// Removes what is damaged, and writes anew what stands beside the rest; answers how many rows that were.
pub(in super::super) fn repair(tx: &WriteTransaction) -> Result<u64, StoreError> {
    let mut table = tx.open_table(QUARANTINE.table())?;
    let (mut expected, mut damaged) = (Beside::default(), Vec::new());
    for item in table.iter()? {
        let (key, value) = item?;
        match sound(key.value(), value.value(), true) {
            Some((number, row)) => expected.count(number, &row),
            None => damaged.push(key.value().to_vec()),
        }
    }
    for key in &damaged {
        table.remove(key.as_slice())?;
    }
    let mut rows = damaged.len() as u64;
    rows += settle(tx, QUARANTINE_BY_CHANGE, expected.by_change)?;
    rows += settle(tx, QUARANTINE_BY_DEVICE, expected.by_device)?;
    let mut meta = tx.open_table(META.table())?;
    let kept = readable(get::<QuarantineCounts>(&meta, META, TOTALS))?.flatten();
    // A number is never given out twice.
    let count = kept.map_or(0, |kept| kept.count).max(expected.totals.count);
    let totals = QuarantineCounts { count, ..expected.totals };
    if kept.unwrap_or_default() != totals {
        put(&mut meta, TOTALS, &totals)?;
        rows += 1;
    }
    Ok(rows)
}

/// A row that reads; with `hashed`, one whose chunk is the change that it says.
fn sound(key: &[u8], value: &[u8], hashed: bool) -> Option<(u64, QuarantineRow)> {
    let number = number_in(key).ok()?;
    let row = QuarantineRow::decode(key, value).ok()?;
    let is_change = || {
        chunk::parse(&row.bytes, &ChunkLimits::default())
            .is_ok_and(|(header, canonical)| header.hash == row.hash && canonical == row.bytes)
    };
    (!hashed || is_change()).then_some((number, row))
}

/// What stands beside the changes that lie aside.
#[derive(Debug, Default)]
struct Beside {
    by_change: BTreeMap<Vec<u8>, u64>,
    by_device: BTreeMap<Vec<u8>, QuarantineCounts>,
    totals: QuarantineCounts,
}

impl Beside {
    fn count(&mut self, number: u64, row: &QuarantineRow) {
        self.by_change.insert(change_key(&row.document, &row.hash).to_vec(), number);
        let device = self.by_device.entry(row.device.as_bytes().to_vec()).or_default();
        device.count += 1;
        device.bytes += cost(&row.bytes);
        self.totals.count = self.totals.count.max(number);
        self.totals.bytes += cost(&row.bytes);
    }
}
