//! Spaces, invites, users and devices: what an operator and an enrolling device change.

use forsat_sync::control::ControlEvent;
use forsat_sync::id::{DeviceId, FeedSeq, SpaceId, UserId};
use forsat_sync::relay::EnrolRequest;
use redb::WriteTransaction;

use super::access::{AccessTables, DEVICE_ACTIVE, DEVICE_PENDING, DEVICE_REVOKED};
use super::authority::Authority;
use super::opening::add_epoch;
use super::rows::{DeviceRow, EpochRow, InviteRow, Inviter, SpaceRow, UserRow};
use super::tables::{
    DEVICES, EPOCHS, FEED_HEADS, INVITES, ROLES, Readable, SPACE_NAMES, SPACES, USER_IDS, USERS, corrupt,
    get, put, role_key, scan,
};
use super::{Commit, RedbStore, log, read};
use crate::names::{self, Person};
use crate::store::{
    ControlError, EnrolOutcome, Invited, NewInvite, Role, SpaceSummary, StoreError, StoreIdentity,
};

/// Makes a space; its feed is empty and begins in the current epoch.
pub(super) fn create_space(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    by: Option<UserId>,
    id: SpaceId,
    name: &str,
    now_ms: u64,
) -> Result<SpaceSummary, ControlError> {
    let name = names::space(name).map_err(ControlError::BadName)?;
    let folded = names::fold(&name);
    let mut space_names = tx.open_table(SPACE_NAMES.table()).map_err(StoreError::from)?;
    if get::<Vec<u8>>(&space_names, SPACE_NAMES, folded.as_bytes())?.is_some() {
        return Err(ControlError::SpaceExists(name));
    }
    put(&mut space_names, folded.as_bytes(), &id.as_bytes().to_vec())?;
    let row = SpaceRow { name: name.clone(), common: false, created_at_ms: now_ms };
    put(&mut tx.open_table(SPACES.table()).map_err(StoreError::from)?, id.as_bytes(), &row)?;
    put(&mut tx.open_table(FEED_HEADS.table()).map_err(StoreError::from)?, id.as_bytes(), &0_u64)?;
    let mut epochs = tx.open_table(EPOCHS.table()).map_err(StoreError::from)?;
    add_epoch(&mut epochs, &id, EpochRow { epoch: identity.epoch, first: FeedSeq::new(1) })?;
    drop(epochs);
    let event = ControlEvent::SpaceMade { space: id, common: false };
    log::record(tx, identity, by, now_ms, [event])?;
    Ok(SpaceSummary { id, name, common: false, head: FeedSeq::ZERO })
}

/// Makes an invite and, the first time, the user.
pub(super) fn create_invite(
    tx: &WriteTransaction,
    invite: &NewInvite,
    by: Option<Inviter>,
) -> Result<Invited, ControlError> {
    let person = names::person(&invite.user).map_err(ControlError::BadName)?;
    let space = find_space(tx, &invite.space)?;
    let user_key = ensure_user(tx, &person)?;
    let known = bound_user(tx, &user_key)?;
    let row = InviteRow {
        user_key,
        space: space.id,
        role: invite.role,
        expires_at_ms: invite.expires_at_ms,
        used_by: None,
        approve: invite.approve,
        by,
    };
    let mut invites = tx.open_table(INVITES.table()).map_err(StoreError::from)?;
    put(&mut invites, invite.secret.as_bytes(), &row)?;
    let roles = tx.open_table(ROLES.table()).map_err(StoreError::from)?;
    let has_role = match known {
        Some(user) => get::<Role>(&roles, ROLES, &role_key(&user, &space.id))?.is_some(),
        None => false,
    };
    let devices = known.map_or(Ok(0), |user| devices_of(tx, user))?;
    Ok(Invited { space, devices, first_role: !has_role })
}

/// How many devices of a user aren't revoked.
pub(super) fn devices_of(tx: &WriteTransaction, user: UserId) -> Result<u64, StoreError> {
    let mut count = 0;
    scan::<DeviceRow>(&tx.open_table(DEVICES.table())?, DEVICES, &[], |_, row| {
        count += u64::from(row.user == user && row.state != DEVICE_REVOKED);
        Ok(true)
    })?;
    Ok(count)
}

pub(super) fn find_space(tx: &WriteTransaction, name: &str) -> Result<SpaceSummary, ControlError> {
    let space_names = tx.open_table(SPACE_NAMES.table()).map_err(StoreError::from)?;
    let id: Vec<u8> = get(&space_names, SPACE_NAMES, names::fold(name).as_bytes())?
        .ok_or_else(|| ControlError::NoSuchSpace(name.to_owned()))?;
    let id = SpaceId::from_slice(&id).ok_or_else(|| corrupt(SPACE_NAMES, "a name leads to no space id"))?;
    let spaces = tx.open_table(SPACES.table()).map_err(StoreError::from)?;
    let row: SpaceRow = get(&spaces, SPACES, id.as_bytes())?
        .ok_or_else(|| corrupt(SPACES, "a name leads to a space that is missing"))?;
    let head = read::head(&tx.open_table(FEED_HEADS.table()).map_err(StoreError::from)?, &id)?;
    Ok(SpaceSummary { id, name: row.name, common: row.common, head })
}

/// The key of a user, who is made when nobody has the e-mail (or, without one, the name).
fn ensure_user(tx: &WriteTransaction, person: &Person) -> Result<String, StoreError> {
    let mut users = tx.open_table(USERS.table())?;
    let key = person.key();
    if get::<UserRow>(&users, USERS, key.as_bytes())?.is_none() {
        let row = UserRow { name: person.name.clone(), email: person.email.clone(), id: None };
        put(&mut users, key.as_bytes(), &row)?;
    }
    Ok(key)
}

/// Redeems an invite: binds the user, enrols the device, gives the role.
pub(super) fn enrol(
    store: &RedbStore,
    tx: &WriteTransaction,
    request: &EnrolRequest,
    new_user: UserId,
    now_ms: u64,
) -> Result<(EnrolOutcome, Commit), StoreError> {
    let redeems = match redemption(tx, request, now_ms)? {
        Redemption::First(redeems) => redeems,
        Redemption::Again => return enrolled(store, tx, request, Commit::NothingWritten),
        Redemption::Refused => return Ok((EnrolOutcome::Invalid, Commit::NothingWritten)),
    };
    let full = redeems.known.is_none()
        && standing(&tx.open_table(DEVICES.table())?)? >= store.options.limits.workspace.devices_max;
    if full {
        return Ok((EnrolOutcome::TooManyDevices, Commit::NothingWritten));
    }
    // The log names users alone: what comes of a program's invite stands there as the operator's.
    let by = redeems.invite.by.and_then(|by| by.user());
    let events = redeem(tx, request, *redeems, new_user, now_ms)?;
    log::record(tx, &store.identity, by, now_ms, events)?;
    enrolled(store, tx, request, Commit::Yes)
}

/// What an invite is to the device that shows it.
enum Redemption {
    /// It is good.
    First(Box<Redeems>),
    /// It was redeemed by this device: the first answer may have been lost, and the same key is told the same again.
    Again,
    /// It gives nothing, for whichever reason.
    Refused,
}

/// An invite that is good for a device.
struct Redeems {
    invite: InviteRow,
    /// The device, where it is in already.
    known: Option<DeviceRow>,
    /// The user, where they have a device.
    bound: Option<UserId>,
}

/// Whether an invite is good for the device that shows it.
fn redemption(tx: &WriteTransaction, request: &EnrolRequest, now_ms: u64) -> Result<Redemption, StoreError> {
    let found = get::<InviteRow>(&tx.open_table(INVITES.table())?, INVITES, request.secret.as_bytes())?;
    let Some(invite) = found else { return Ok(Redemption::Refused) };
    if log::is_revoked(tx, &request.device)? {
        return Ok(Redemption::Refused);
    }
    let known = device(tx, &request.device)?;
    if let Some(used_by) = invite.used_by {
        let again = used_by == request.device && known.is_some_and(|row| row.state != DEVICE_REVOKED);
        return Ok(if again { Redemption::Again } else { Redemption::Refused });
    }
    if invite.expires_at_ms <= now_ms || known.as_ref().is_some_and(|row| row.state != DEVICE_ACTIVE) {
        return Ok(Redemption::Refused);
    }
    // Who invited may have lost what it takes since, or the invited may have got what isn't the inviter's to give.
    if let Some(by) = invite.by
        && !Authority::may_still_invite(tx, by, &invite, now_ms)?
    {
        return Ok(Redemption::Refused);
    }
    let bound = bound_user(tx, &invite.user_key)?;
    if known.as_ref().is_some_and(|row| bound != Some(row.user)) {
        return Ok(Redemption::Refused);
    }
    Ok(Redemption::First(Box::new(Redeems { invite, known, bound })))
}

/// Writes what a good invite gives; answers what the control log is to say of it.
fn redeem(
    tx: &WriteTransaction,
    request: &EnrolRequest,
    Redeems { mut invite, known, bound }: Redeems,
    new_user: UserId,
    now_ms: u64,
) -> Result<Vec<ControlEvent>, StoreError> {
    let mut events = Vec::new();
    let user = match bound {
        Some(user) => user,
        None => bind_user(tx, &invite.user_key, request.proposed_user, new_user, &mut events)?,
    };
    // Who was let in before doesn't wait again: it would lose the spaces that it has.
    let state = match &known {
        Some(row) => row.state,
        None if invite.approve => DEVICE_PENDING,
        None => DEVICE_ACTIVE,
    };
    let row = DeviceRow {
        user,
        public_key: *request.public_key.as_bytes(),
        state,
        enrolled_at_ms: known.map_or(now_ms, |row| row.enrolled_at_ms),
        name: names::device(&request.device_name),
    };
    put(&mut tx.open_table(DEVICES.table())?, request.device.as_bytes(), &row)?;
    events.push(log::enrolled(request.device, &row, Some(request.secret)));
    events.push(ControlEvent::RoleSet { user, space: invite.space, role: invite.role });
    put(&mut tx.open_table(ROLES.table())?, &role_key(&user, &invite.space), &invite.role)?;
    invite.used_by = Some(request.device);
    put(&mut tx.open_table(INVITES.table())?, request.secret.as_bytes(), &invite)?;
    Ok(events)
}

fn device(tx: &WriteTransaction, id: &DeviceId) -> Result<Option<DeviceRow>, StoreError> {
    get(&tx.open_table(DEVICES.table())?, DEVICES, id.as_bytes())
}

/// Devices that count towards the quota: those that weren't revoked.
fn standing(devices: &impl Readable) -> Result<u64, StoreError> {
    let mut count = 0;
    scan::<DeviceRow>(devices, DEVICES, &[], |_, row| {
        count += u64::from(row.state != DEVICE_REVOKED);
        Ok(true)
    })?;
    Ok(count)
}

fn enrolled(
    store: &RedbStore,
    tx: &WriteTransaction,
    request: &EnrolRequest,
    commit: Commit,
) -> Result<(EnrolOutcome, Commit), StoreError> {
    let record = AccessTables::write(tx)?
        .record(&request.device, &store.identity)?
        .ok_or_else(|| corrupt(DEVICES, "an enrolled device is missing"))?;
    Ok((EnrolOutcome::Enrolled(record), commit))
}

fn bound_user(tx: &WriteTransaction, key: &str) -> Result<Option<UserId>, StoreError> {
    let row: Option<UserRow> = get(&tx.open_table(USERS.table())?, USERS, key.as_bytes())?;
    Ok(row.ok_or_else(|| corrupt(USERS, "an invite names a user that is missing"))?.id)
}

/// Gives a user the proposed id, unless it is somebody else's.
fn bind_user(
    tx: &WriteTransaction,
    key: &str,
    proposed: Option<UserId>,
    new: UserId,
    events: &mut Vec<ControlEvent>,
) -> Result<UserId, StoreError> {
    let mut ids = tx.open_table(USER_IDS.table())?;
    let mut id = new;
    if let Some(proposed) = proposed
        && get::<Vec<u8>>(&ids, USER_IDS, proposed.as_bytes())?.is_none()
    {
        id = proposed;
    }
    put(&mut ids, id.as_bytes(), &key.as_bytes().to_vec())?;
    let mut users = tx.open_table(USERS.table())?;
    let mut row: UserRow =
        get(&users, USERS, key.as_bytes())?.ok_or_else(|| corrupt(USERS, "a user is missing"))?;
    row.id = Some(id);
    events.push(log::made(id, &row));
    put(&mut users, key.as_bytes(), &row)?;
    Ok(id)
}
