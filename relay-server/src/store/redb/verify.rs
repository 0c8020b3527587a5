//! The invariants of a relay store that speak of more than feeds and documents. Their numbers are those of
//! docs/storage-relay.md.

use forsat_sync::id::{DocumentId, FeedSeq, SpaceId};
use redb::ReadTransaction;

use super::examine::{Depth, Stop, readable};
use super::rows::{DeviceRow, DocumentRow, EpochRow, FEED_KIND_MOVED_OUT, FeedRow, InviteRow, MovedOutRow};
use super::tables::{
    DEVICES, DOCUMENTS, EPOCHS, ERASED, FEED, INVITES, MOVED_OUT, feed_key, get, id_in_key, scan,
};
use super::{StoreError, erase, moves, quarantine, tokens};
use crate::store::{Remedy, SpaceSummary};

/// What doesn't hold of epochs, invites, moves, tokens, erasures and the quarantine, or keeps that from being told, and what heals it.
pub(super) fn others(
    tx: &ReadTransaction,
    spaces: &[SpaceSummary],
    depth: Depth,
    stop: Stop<'_>,
) -> Result<Vec<(Remedy, String)>, StoreError> {
    let mut found = Vec::new();
    let mut look = |remedy, check: &mut dyn FnMut(&mut Vec<String>) -> Result<(), StoreError>| {
        stop.go_on()?;
        let mut wrong = Vec::new();
        match check(&mut wrong) {
            Ok(()) => {}
            Err(error @ StoreError::Corrupt { .. }) => wrong.push(error.to_string()),
            Err(error) => return Err(error),
        }
        found.extend(wrong.into_iter().map(|message| (remedy, message)));
        Ok(())
    };
    for space in spaces {
        look(Remedy::Backup, &mut |wrong| check_epochs(tx, &space.id, space.head, wrong))?;
    }
    look(Remedy::Backup, &mut |_| check_devices(tx, stop))?;
    look(Remedy::Repair, &mut |wrong| check_invites(tx, stop, wrong))?;
    look(Remedy::Repair, &mut |wrong| tokens::verify(tx, wrong))?;
    look(Remedy::Repair, &mut |wrong| check_moved_out(tx, stop, wrong))?;
    look(Remedy::Repair, &mut |wrong| erase::verify(tx, stop, wrong))?;
    look(Remedy::Repair, &mut |wrong| {
        wrong.extend(quarantine::verify(tx, depth == Depth::Bytes)?);
        Ok(())
    })?;
    look(Remedy::Backup, &mut |wrong| {
        wrong.extend(quarantine::unnamed(tx)?);
        Ok(())
    })?;
    Ok(found)
}

/// 5: every space has an epoch that begins at most after its head.
fn check_epochs(
    tx: &ReadTransaction,
    space: &SpaceId,
    head: FeedSeq,
    wrong: &mut Vec<String>,
) -> Result<(), StoreError> {
    let mut newest: Option<EpochRow> = None;
    scan::<EpochRow>(&tx.open_table(EPOCHS.table())?, EPOCHS, space.as_bytes(), |_, row| {
        if newest.is_some_and(|before| before.first > row.first) {
            wrong.push(format!("5: the epochs of space {space} go backwards"));
        }
        newest = Some(row);
        Ok(true)
    })?;
    if newest.is_none_or(|row| Some(row.first) > head.next()) {
        wrong.push(format!("5: space {space} has no epoch that covers its head"));
    }
    Ok(())
}

/// Every device can be read.
fn check_devices(tx: &ReadTransaction, stop: Stop<'_>) -> Result<(), StoreError> {
    scan::<DeviceRow>(&tx.open_table(DEVICES.table())?, DEVICES, &[], |_, _| {
        stop.go_on()?;
        Ok(true)
    })
}

/// 7: used invites name devices that there are.
fn check_invites(tx: &ReadTransaction, stop: Stop<'_>, wrong: &mut Vec<String>) -> Result<(), StoreError> {
    let devices = tx.open_table(DEVICES.table())?;
    scan::<InviteRow>(&tx.open_table(INVITES.table())?, INVITES, &[], |_, invite| {
        stop.go_on()?;
        if let Some(device) = invite.used_by
            && devices.get(device.as_bytes().as_slice())?.is_none()
        {
            wrong.push(format!("7: an invite was used by device {device}, which is missing"));
        }
        Ok(true)
    })
}

/// 10: what the feeds say of documents that left.
fn check_moved_out(tx: &ReadTransaction, stop: Stop<'_>, wrong: &mut Vec<String>) -> Result<(), StoreError> {
    let (documents, feed) = (tx.open_table(DOCUMENTS.table())?, tx.open_table(FEED.table())?);
    let erased = tx.open_table(ERASED.table())?;
    scan::<MovedOutRow>(&tx.open_table(MOVED_OUT.table())?, MOVED_OUT, &[], |key, row| {
        stop.go_on()?;
        let (space, document) = key.split_at(SpaceId::LEN);
        let space = SpaceId::from_bytes(id_in_key(MOVED_OUT, space)?);
        let entry: Option<FeedRow> = readable(get(&feed, FEED, &feed_key(&space, row.seq)))?.flatten();
        let says = entry.is_some_and(|entry| {
            entry.kind == FEED_KIND_MOVED_OUT
                && entry.document.as_bytes() == document
                && moves::told(&entry.bytes).is_ok_and(|(home, _)| home == row.home)
        });
        let home: Option<DocumentRow> = readable(get(&documents, DOCUMENTS, document))?.flatten();
        let follows = match home {
            Some(home) if home.home_version == row.home.get() => home.space != space,
            Some(home) => home.home_version > row.home.get(),
            None => erase::is_named(&erased, &DocumentId::from_bytes(id_in_key(MOVED_OUT, document)?))?,
        };
        if !says || !follows {
            wrong.push(format!("10: position {} of space {space} isn't the move that its row says", row.seq));
        }
        Ok(true)
    })
}
