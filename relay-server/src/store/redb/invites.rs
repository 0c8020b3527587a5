//! Invites that wait to be redeemed: which go with who made them, and how many of one maker wait.
//!
//! Losing an invite is safe, and one that stays by mistake isn't: a row that can't be read goes with the first that does.

use std::collections::BTreeSet;

use forsat_sync::id::{DeviceId, UserId};
use redb::{ReadableTable as _, WriteTransaction};

use super::examine::readable;
use super::rows::{InviteRow, Inviter, Row as _, UserRow};
use super::tables::{DEVICES, INVITES, USERS, get, scan};
use crate::store::{ControlError, INVITES_WAITING_MAX, StoreError};

/// Drops what a device that is out invites to; of rows from before the device was kept, what its user invites to.
pub(super) fn drop_of_device(
    tx: &WriteTransaction,
    device: &DeviceId,
    user: Option<UserId>,
) -> Result<(), StoreError> {
    let left = drop_waiting(tx, |by, _| match by {
        Inviter::User { device: Some(by), .. } => by == device,
        Inviter::User { user: by, device: None } => Some(*by) == user,
        Inviter::Program(_) => false,
    });
    left.map(drop)
}

/// Makes room for another invite of a maker: those that are past their time go.
pub(super) fn make_room(tx: &WriteTransaction, maker: &Inviter, now_ms: u64) -> Result<(), ControlError> {
    let left = drop_waiting(tx, |by, expires_at_ms| by.is_same(maker) && expires_at_ms <= now_ms)?;
    match left.iter().filter(|by| by.is_same(maker)).count() {
        INVITES_WAITING_MAX.. => Err(ControlError::TooManyInvites),
        _ => Ok(()),
    }
}

/// Drops invites that nobody has redeemed and the operator hasn't made, those for which `goes` holds of maker and time, with
/// those that can't be read; answers who made what is left.
pub(super) fn drop_waiting(
    tx: &WriteTransaction,
    goes: impl Fn(&Inviter, u64) -> bool,
) -> Result<Vec<Inviter>, StoreError> {
    let mut left = Vec::new();
    drop_rows(tx, |row| match row.by {
        Some(by) if row.used_by.is_none() => {
            let going = goes(&by, row.expires_at_ms);
            if !going {
                left.push(by);
            }
            going
        }
        _ => false,
    })?;
    Ok(left)
}

/// Drops the rows for which `goes` holds, with those that can't be read, and whom they alone named; answers how many rows.
pub(super) fn drop_rows(
    tx: &WriteTransaction,
    mut goes: impl FnMut(&InviteRow) -> bool,
) -> Result<u64, StoreError> {
    let mut invites = tx.open_table(INVITES.table())?;
    let (mut going, mut named) = (Vec::new(), BTreeSet::new());
    for item in invites.iter()? {
        let (key, value) = item?;
        match InviteRow::decode(key.value(), value.value()) {
            Ok(row) if !goes(&row) => {}
            Ok(row) => {
                named.insert(row.user_key);
                going.push(key.value().to_vec());
            }
            Err(_) => going.push(key.value().to_vec()),
        }
    }
    for key in &going {
        invites.remove(key.as_slice())?;
    }
    drop(invites);
    forget_uninvited(tx, named)?;
    Ok(going.len() as u64)
}

/// Drops the invites that can't be read, or that a device used which is missing; answers how many.
pub(super) fn repair(tx: &WriteTransaction) -> Result<u64, StoreError> {
    let mut known = BTreeSet::new();
    {
        // A row that can't be read stands for a device that is there.
        let devices = tx.open_table(DEVICES.table())?;
        for item in devices.iter()? {
            known.insert(item?.0.value().to_vec());
        }
    }
    drop_rows(tx, |row| row.used_by.is_some_and(|device| !known.contains(device.as_bytes().as_slice())))
}

/// Drops those of the users who never joined and whom no invite names any more. No handle of the tables `invites` and
/// `users` may be open.
pub(super) fn forget_uninvited(tx: &WriteTransaction, mut users: BTreeSet<String>) -> Result<(), StoreError> {
    if users.is_empty() {
        return Ok(());
    }
    scan::<InviteRow>(&tx.open_table(INVITES.table())?, INVITES, &[], |_, row| {
        users.remove(&row.user_key);
        Ok(!users.is_empty())
    })?;
    let mut table = tx.open_table(USERS.table())?;
    for key in users {
        let row = readable(get::<UserRow>(&table, USERS, key.as_bytes()))?.flatten();
        if row.is_some_and(|row| row.id.is_none()) {
            table.remove(key.as_bytes())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use forsat_sync::frame::Role;
    use forsat_sync::identity::SecretHash;

    use super::*;
    use crate::store::conformance::{enrol, invite, space};
    use crate::store::redb::in_memory::store;
    use crate::store::redb::tables::put;
    use crate::store::redb::{Commit, RedbStore};
    use crate::store::{AccessCommand, AccessStore as _, RelayStore as _, Remedy};

    #[test]
    fn an_invite_from_before_the_device_was_kept_goes_with_any_device_of_its_user() {
        let store = store();
        space(&store, 10, "Tehran");
        let sara = enrol(&store, 1, "Sara", "Tehran", Role::Admin);
        let omid = enrol(&store, 2, "Omid", "Tehran", Role::Admin);
        for (number, user) in [(20, sara.user), (21, omid.user)] {
            let secret = invite(&store, number, &format!("Guest {number}"), "Tehran", Role::Rep).hash();
            let made = store.write(1, |tx| {
                let mut invites = tx.open_table(INVITES.table())?;
                let row: InviteRow = get(&invites, INVITES, secret.as_bytes())?.unwrap();
                let by = Some(Inviter::User { user, device: None });
                put(&mut invites, secret.as_bytes(), &InviteRow { by, ..row })?;
                Ok(((), Commit::Yes))
            });
            made.unwrap();
        }
        let revoke = AccessCommand::RevokeDevice { device: sara.device.to_string(), lost: true };
        store.change_access(&revoke, 1).unwrap();
        let open: Vec<_> =
            store.invites().unwrap().into_iter().filter(|invite| invite.used_by.is_none()).collect();
        assert_eq!(open.iter().map(|invite| invite.user.as_str()).collect::<Vec<_>>(), ["Guest 21"]);
    }

    fn damage(store: &RedbStore, secret: &SecretHash) {
        let damaged = store.write(1, |tx| {
            let mut invites = tx.open_table(INVITES.table())?;
            let mut bytes = invites.get(secret.as_bytes().as_slice())?.unwrap().value().to_vec();
            bytes[20] ^= 1;
            invites.insert(secret.as_bytes().as_slice(), bytes.as_slice())?;
            Ok(((), Commit::Yes))
        });
        damaged.unwrap();
    }

    #[test]
    fn a_repair_drops_invites_that_cannot_be_read_or_were_used_by_nobody() {
        let store = store();
        space(&store, 10, "Tehran");
        let sara = enrol(&store, 1, "Sara", "Tehran", Role::Admin);
        damage(&store, &invite(&store, 20, "Omid", "Tehran", Role::Rep).hash());
        for (left, is_there) in [(1, true), (0, false)] {
            let found = store.examine(&|| false).unwrap().findings;
            assert_eq!(
                found.iter().map(|one| one.remedy).collect::<Vec<_>>()[0],
                Remedy::Repair,
                "{found:?}"
            );
            assert_eq!(store.repair(2).unwrap().rows, 1);
            assert_eq!(store.invites().unwrap().len(), left);
            assert!(store.examine(&|| false).unwrap().is_sound());
            if is_there {
                let lost = store.write(1, |tx| {
                    tx.open_table(DEVICES.table())?.remove(sara.device.as_bytes().as_slice())?;
                    Ok(((), Commit::Yes))
                });
                lost.unwrap();
            }
        }
    }

    #[test]
    fn an_invite_that_cannot_be_read_keeps_no_device_in() {
        let store = store();
        space(&store, 10, "Tehran");
        let sara = enrol(&store, 1, "Sara", "Tehran", Role::Admin);
        let secret = invite(&store, 20, "Omid", "Tehran", Role::Rep).hash();
        damage(&store, &secret);
        let revoke = AccessCommand::RevokeDevice { device: sara.device.to_string(), lost: true };
        store.change_access(&revoke, 1).unwrap();
        assert_eq!(store.invites().unwrap().len(), 1, "it is gone; the one by which she joined is there");
    }
}
