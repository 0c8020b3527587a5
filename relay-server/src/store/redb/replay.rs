//! Carrying out entries of the control log that a restored store forgot.

use forsat_sync::control::ControlEvent;
use forsat_sync::frame::Role;
use forsat_sync::id::{DeviceId, SpaceId, UserId};
use forsat_sync::identity::{PublicKey, SecretHash};
use redb::WriteTransaction;

use super::access::{DEVICE_ACTIVE, DEVICE_PENDING, DEVICE_REVOKED};
use super::opening::{add_epoch, former_name};
use super::rows::{DeviceRow, EpochRow, InviteRow, SpaceRow, UserRow};
use super::tables::{
    DEVICES, EPOCHS, ERASED, FEED_HEADS, INVITES, ROLES, SPACE_NAMES, SPACES, USER_IDS, USERS, get, put,
    role_key,
};
use super::{erase, invites, log};
use crate::names::{self, Person};
use crate::store::{StoreError, StoreIdentity};

/// What of an entry that another branch of the log has counts here too: whom it threw out stays out, and what it
/// erased stays erased. The rest may contradict
/// what this branch says.
pub(super) fn of_another_branch(
    tx: &WriteTransaction,
    event: ControlEvent,
) -> Result<Vec<ControlEvent>, StoreError> {
    let counts = match &event {
        ControlEvent::DocumentErased { document } => {
            !erase::is_erased(&tx.open_table(ERASED.table())?, document)?
        }
        // A device that was enrolled on the other branch alone has no row here, and must not get one.
        ControlEvent::DeviceRevoked { device, .. } => !log::is_revoked(tx, device)?,
        _ => false,
    };
    Ok(if counts { vec![event] } else { Vec::new() })
}

/// Brings the tables to what an entry says. Doing it twice changes nothing.
pub(super) fn carry_out(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    event: ControlEvent,
    now_ms: u64,
) -> Result<(), StoreError> {
    match event {
        ControlEvent::SpaceMade { space, common: false } => make_space(tx, identity, space, now_ms),
        ControlEvent::UserMade { user, name, email } => make_user(tx, user, Person { name, email }),
        ControlEvent::DeviceEnrolled { device, user, public_key, name, pending, invite } => {
            let state = match pending {
                _ if log::is_revoked(tx, &device)? => DEVICE_REVOKED,
                true => DEVICE_PENDING,
                false => DEVICE_ACTIVE,
            };
            enrol(tx, device, new_device(user, public_key, state, now_ms, name))?;
            invite.map_or(Ok(()), |secret| use_up(tx, &secret, device))
        }
        ControlEvent::DeviceActivated { device } => set_state(tx, device, DEVICE_ACTIVE),
        ControlEvent::DeviceRevoked { device, .. } => revoke(tx, device),
        ControlEvent::RoleSet { user, space, role } => set_role(tx, user, space, Some(role)),
        ControlEvent::RoleRemoved { user, space } => set_role(tx, user, space, None),
        ControlEvent::DocumentErased { document } => erase::carry_out(tx, identity, &document, now_ms),
        ControlEvent::WorkspaceMade { .. }
        | ControlEvent::SpaceMade { common: true, .. }
        | ControlEvent::Unknown { .. } => Ok(()),
    }
}

/// A space that the backup doesn't have. Its name isn't in the log; its operator knows it by the id of the devices' spaces.
fn make_space(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    space: SpaceId,
    now_ms: u64,
) -> Result<(), StoreError> {
    let mut spaces = tx.open_table(SPACES.table())?;
    if get::<SpaceRow>(&spaces, SPACES, space.as_bytes())?.is_some() {
        return Ok(());
    }
    let name = former_name(tx, &space)?.unwrap_or_else(|| format!("restored {}", &space.to_string()[..8]));
    let row = SpaceRow { name: name.clone(), common: false, created_at_ms: now_ms };
    put(&mut spaces, space.as_bytes(), &row)?;
    let mut space_names = tx.open_table(SPACE_NAMES.table())?;
    put(&mut space_names, names::fold(&name).as_bytes(), &space.as_bytes().to_vec())?;
    put(&mut tx.open_table(FEED_HEADS.table())?, space.as_bytes(), &0_u64)?;
    let row = EpochRow { epoch: identity.epoch, first: log::FIRST };
    add_epoch(&mut tx.open_table(EPOCHS.table())?, &space, row)
}

fn make_user(tx: &WriteTransaction, user: UserId, person: Person) -> Result<(), StoreError> {
    let mut ids = tx.open_table(USER_IDS.table())?;
    if get::<Vec<u8>>(&ids, USER_IDS, user.as_bytes())?.is_some() {
        return Ok(());
    }
    let key = person.key();
    put(&mut ids, user.as_bytes(), &key.as_bytes().to_vec())?;
    let mut users = tx.open_table(USERS.table())?;
    let row: Option<UserRow> = get(&users, USERS, key.as_bytes())?;
    let row =
        UserRow { name: person.name, email: person.email, id: row.and_then(|row| row.id).or(Some(user)) };
    put(&mut users, key.as_bytes(), &row)
}

fn new_device(
    user: UserId,
    public_key: PublicKey,
    state: u8,
    enrolled_at_ms: u64,
    name: String,
) -> DeviceRow {
    DeviceRow { user, public_key: *public_key.as_bytes(), state, enrolled_at_ms, name }
}

fn enrol(tx: &WriteTransaction, device: DeviceId, row: DeviceRow) -> Result<(), StoreError> {
    let mut devices = tx.open_table(DEVICES.table())?;
    if get::<DeviceRow>(&devices, DEVICES, device.as_bytes())?.is_some() {
        return Ok(());
    }
    put(&mut devices, device.as_bytes(), &row)
}

/// An invite that was redeemed isn't there for somebody else.
fn use_up(tx: &WriteTransaction, secret: &SecretHash, device: DeviceId) -> Result<(), StoreError> {
    let mut invites = tx.open_table(INVITES.table())?;
    let Some(row) = get::<InviteRow>(&invites, INVITES, secret.as_bytes())? else { return Ok(()) };
    put(&mut invites, secret.as_bytes(), &InviteRow { used_by: row.used_by.or(Some(device)), ..row })
}

/// A device that is out lets nobody in by what it invited to.
fn revoke(tx: &WriteTransaction, device: DeviceId) -> Result<(), StoreError> {
    set_state(tx, device, DEVICE_REVOKED)?;
    let row = { get::<DeviceRow>(&tx.open_table(DEVICES.table())?, DEVICES, device.as_bytes())? };
    invites::drop_of_device(tx, &device, row.map(|row| row.user))
}

fn set_state(tx: &WriteTransaction, device: DeviceId, state: u8) -> Result<(), StoreError> {
    let mut devices = tx.open_table(DEVICES.table())?;
    let Some(row) = get::<DeviceRow>(&devices, DEVICES, device.as_bytes())? else { return Ok(()) };
    if row.state == DEVICE_REVOKED {
        return Ok(());
    }
    put(&mut devices, device.as_bytes(), &DeviceRow { state, ..row })
}

fn set_role(
    tx: &WriteTransaction,
    user: UserId,
    space: SpaceId,
    role: Option<Role>,
) -> Result<(), StoreError> {
    let known = get::<SpaceRow>(&tx.open_table(SPACES.table())?, SPACES, space.as_bytes())?.is_some();
    let mut roles = tx.open_table(ROLES.table())?;
    let key = role_key(&user, &space);
    match role {
        // The entry that made the space comes before; where it didn't, the role would name a space that isn't there.
        Some(role) if known => put(&mut roles, &key, &role),
        Some(_) => Ok(()),
        None => Ok(roles.remove(key.as_slice()).map(drop)?),
    }
}
