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
    Definition, ERASED, META, QUARANTINE, QUARANTINE_BY_CHANGE, QUARANTINE_BY_DEVICE, QUARANTINE_BY_SPACE,
    change_key, get, put, scan,
};

/// How many numbers a repair leaves out where the last one that was given out can't be read: more than changes ever lay aside
/// unnoticed beyond the last one that is left.
const NUMBERS_SKIPPED: u64 = 1_000_000;

/// 13: rows that can't be read, of erased documents, or of which what stands beside doesn't follow; with `hashed`, also those whose
/// chunk isn't the change that they say. In words.
pub(in super::super) fn verify(tx: &ReadTransaction, hashed: bool) -> Result<Vec<String>, StoreError> {
    let mut wrong = Vec::new();
    let erased = tx.open_table(ERASED.table())?;
    let mut expected = Beside::default();
    for item in tx.open_table(QUARANTINE.table())?.iter()? {
        let (key, value) = item?;
        if sound(key.value(), value.value(), hashed).is_none() {
            let number = number_in(key.value()).unwrap_or(0);
            wrong.push(format!("13: change {number} in quarantine is damaged"));
        }
        let Some((number, row)) = sound(key.value(), value.value(), false) else { continue };
        if erase::is_erased(&erased, &row.document)? {
            wrong.push(format!(
                "11: change {number} of the erased document {} is in quarantine",
                row.document
            ));
        }
        expected.count(number, &row);
    }
    let mut by_change = BTreeMap::new();
    scan::<u64>(&tx.open_table(QUARANTINE_BY_CHANGE.table())?, QUARANTINE_BY_CHANGE, &[], |key, number| {
        by_change.insert(key.to_vec(), number);
        Ok(true)
    })?;
    let by_device = counts(tx, QUARANTINE_BY_DEVICE)?;
    let by_space = counts(tx, QUARANTINE_BY_SPACE)?;
    let totals: QuarantineCounts = get(&tx.open_table(META.table())?, META, TOTALS)?.unwrap_or_default();
    let follows = totals.count >= expected.totals.count && totals.bytes == expected.totals.bytes;
    let beside = (expected.by_change, expected.by_device, expected.by_space);
    if (by_change, by_device, by_space) != beside || !follows {
        wrong.push("13: the counts and the index of the quarantine don't follow from it".into());
    }
    Ok(wrong)
}

fn counts(
    tx: &ReadTransaction,
    definition: Definition,
) -> Result<BTreeMap<Vec<u8>, QuarantineCounts>, StoreError> {
    let mut counts = BTreeMap::new();
    scan::<QuarantineCounts>(&tx.open_table(definition.table())?, definition, &[], |key, row| {
        counts.insert(key.to_vec(), row);
        Ok(true)
    })?;
    Ok(counts)
}

/// Removes what is damaged, and writes anew what stands beside the rest; answers how many rows that were.
pub(in super::super) fn repair(tx: &WriteTransaction) -> Result<u64, StoreError> {
    let mut table = tx.open_table(QUARANTINE.table())?;
    let (mut expected, mut damaged, mut last) = (Beside::default(), Vec::new(), 0);
    for item in table.iter()? {
        let (key, value) = item?;
        last = last.max(number_in(key.value()).unwrap_or(0));
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
    rows += settle(tx, QUARANTINE_BY_SPACE, expected.by_space)?;
    let mut meta = tx.open_table(META.table())?;
    let readable_or_absent = readable(get::<QuarantineCounts>(&meta, META, TOTALS))?;
    let kept = readable_or_absent.flatten();
    // A number is never given out twice.
    let count = match kept {
        Some(kept) => kept.count.max(last),
        // Nobody knows how far beyond the last row the numbers had come.
        None if readable_or_absent.is_none() || last > 0 => last.saturating_add(NUMBERS_SKIPPED),
        None => 0,
    };
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
    by_space: BTreeMap<Vec<u8>, QuarantineCounts>,
    totals: QuarantineCounts,
}

impl Beside {
    fn count(&mut self, number: u64, row: &QuarantineRow) {
        self.by_change.insert(change_key(&row.document, &row.hash).to_vec(), number);
        let device = self.by_device.entry(row.device.as_bytes().to_vec()).or_default();
        let space = row.meant_for().map(|space| self.by_space.entry(space.as_bytes().to_vec()).or_default());
        for counts in [Some(device), space].into_iter().flatten() {
            counts.count += 1;
            counts.bytes += cost(&row.bytes);
        }
        self.totals.count = self.totals.count.max(number);
        self.totals.bytes += cost(&row.bytes);
    }
}
