//! The control log and its copy in the feed of `common`: each is made whole from the other. Erasures follow from the log.

use std::collections::BTreeMap;

use forsat_sync::id::{ChangeHash, DocumentId, RelayId};
use forsat_sync::identity::RelayKey;
use redb::{ReadableTable as _, WriteTransaction};

use super::super::examine::{Stop, readable};
use super::super::rows::ControlRow;
use super::super::tables::{CONTROL, ERASED, FEED, FEED_HEADS, put};
use super::super::{erase, feed, log};
use super::{Survey, settle};
use crate::store::{StoreError, StoreIdentity};

/// Makes the log and its copy hold the same entries in the same order; answers how many rows that took.
pub(super) fn refill(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    survey: &mut Survey,
) -> Result<u64, StoreError> {
    let relay = RelayKey::from_seed(&identity.relay_key_seed).relay_id();
    let (copied, rows) = take_back(tx, identity, &relay, survey)?;
    Ok(rows + copy(tx, identity, &relay, survey, &copied)?)
}

/// Takes back from the feed what the log has lost; answers which entries stand where in the feed as they should.
fn take_back(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    relay: &RelayId,
    survey: &mut Survey,
) -> Result<(BTreeMap<u64, u64>, u64), StoreError> {
    let mut control = tx.open_table(CONTROL.table())?;
    let (mut rows, mut last) = (0, 0);
    let mut copied = BTreeMap::new();
    for (seq, entry) in std::mem::take(&mut survey.log) {
        let Ok(read) = entry.verify(relay) else {
            survey.void(&identity.common, seq);
            continue;
        };
        let own = readable(log::entry(&control, read.number))?.flatten();
        if own.is_none() {
            put(&mut control, &read.number.to_be_bytes(), &ControlRow(entry.clone()))?;
            rows += 1;
        }
        if read.number <= last || own.is_some_and(|own| own != entry) {
            survey.void(&identity.common, seq);
            continue;
        }
        last = read.number;
        copied.insert(read.number, seq);
    }
    Ok((copied, rows))
}

/// Writes to the feed what it lacks of the log: to positions that say nothing between the neighbours, the last ones behind
/// the feed where there are none.
fn copy(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    relay: &RelayId,
    survey: &mut Survey,
    copied: &BTreeMap<u64, u64>,
) -> Result<u64, StoreError> {
    let common = identity.common;
    let control = tx.open_table(CONTROL.table())?;
    let count =
        control.last()?.and_then(|(key, _)| key.value().try_into().ok()).map_or(0, u64::from_be_bytes);
    let (mut feed, mut heads) = (tx.open_table(FEED.table())?, tx.open_table(FEED_HEADS.table())?);
    let (mut rows, mut before) = (0, 0);
    for number in 1..=count {
        if let Some(seq) = copied.get(&number) {
            before = *seq;
            continue;
        }
        let Some(entry) = readable(log::entry(&control, number))?.flatten() else { continue };
        let row = log::fed(&entry, entry.verify(relay).map_or(0, |read| read.at_ms));
        let next = copied.range(number..).next().map(|(_, seq)| *seq);
        match survey.hole_between(&common, before, next.unwrap_or(u64::MAX)) {
            Some(seq) => {
                survey.fill(&mut feed, &common, seq, &row)?;
                before = seq;
            }
            None if next.is_none() => before = feed::push(&mut feed, &mut heads, &common, &row)?.get(),
            // No place is left for it; the look that follows says so.
            None => continue,
        }
        rows += 1;
    }
    Ok(rows)
}

/// The documents that are erased, by the log; where that can't be read whole, by what is written beside it too.
pub(super) fn erased(tx: &WriteTransaction) -> Result<(BTreeMap<DocumentId, u64>, u64), StoreError> {
    let never = || false;
    let control = tx.open_table(CONTROL.table())?;
    let ordered = match readable(erase::ordered_by(&control, Stop(&never)))? {
        Some(ordered) => ordered,
        None => {
            let mut named = BTreeMap::new();
            for item in tx.open_table(ERASED.table())?.iter()? {
                let (key, value) = item?;
                let number =
                    readable(super::super::tables::decode::<u64>(ERASED, key.value(), value.value()))?;
                let document = DocumentId::from_slice(key.value());
                named.extend(document.zip(number));
            }
            named
        }
    };
    let rows = ordered.iter().map(|(document, number)| (document.as_bytes().to_vec(), *number)).collect();
    let written = settle(tx, ERASED, rows)?;
    Ok((ordered, written))
}

/// Tells spaces of erasures that they may not have heard of: those that still hold changes of an erased document, and, of
/// erasures that no feed tells of, those of which something is lost.
pub(super) fn announce(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    survey: &Survey,
    erased: &BTreeMap<DocumentId, u64>,
    now_ms: u64,
) -> Result<u64, StoreError> {
    let control = tx.open_table(CONTROL.table())?;
    let (mut feed, mut heads) = (tx.open_table(FEED.table())?, tx.open_table(FEED_HEADS.table())?);
    let lost = survey.spaces_with_holes();
    let mut rows = 0;
    for (document, number) in erased {
        let Some(entry) = readable(log::entry(&control, *number))?.flatten() else { continue };
        let hash = ChangeHash::from_bytes(*entry.hash().as_bytes());
        let mut spaces = match survey.told.iter().any(|(_, told)| *told == hash) {
            true => Default::default(),
            false => lost.clone(),
        };
        let stays = survey.stays.get(document).into_iter().flatten();
        spaces.extend(stays.filter(|(_, stay)| stay.first.is_some()).map(|(space, _)| *space));
        spaces.retain(|space| *space != identity.common && !survey.told.contains(&(*space, hash)));
        for space in spaces {
            feed::push(&mut feed, &mut heads, &space, &erase::announcement(&entry, now_ms))?;
            rows += 1;
        }
    }
    Ok(rows)
}
