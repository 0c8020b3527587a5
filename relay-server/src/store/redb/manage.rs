//! Users, roles, devices and invites as an operator lists and changes them.

use std::collections::BTreeSet;

use forsat_sync::control::{ControlEvent, ControlMark, SignedEntry};
use forsat_sync::frame::Role;
use forsat_sync::id::{DeviceId, DocumentId, SpaceId, UserId};
use forsat_sync::relay::ControlVerdict;
use redb::{ReadTransaction, WriteTransaction};

use super::access::{DEVICE_ACTIVE, DEVICE_PENDING, DEVICE_REVOKED};
use super::authority::Authority;
use super::control::{create_invite, create_space, devices_of, find_space};
use super::find::{find_device, find_invite, find_user, invite_id};
use super::rows::{DeviceRow, InviteRow, SpaceRow, UserRow};
use super::sight::Sight;
use super::tables::{
    DEVICES, DEVICES_SEEN, INVITES, ROLES, Readable, SPACES, USER_IDS, USERS, corrupt, get, id_in_key, put,
    role_key, scan,
};
use super::{CONTROL_BYTES, Commit, RedbStore, erase, invites, log, moves, read};
use crate::names;
use crate::store::{
    AccessCommand, AccessDone, AccessLists, AccessStore, AdminDone, AdminOrder, ControlAdopted, ControlError,
    DeviceState, DeviceSummary, DocumentSummary, InviteSummary, MoveOutcome, MoveRequest, Orderer,
    SpaceSummary, StoreError, StoreIdentity, UserSummary,
};

/// Room that an entry of the control log takes with what it changes, in bytes.
const ENTRY_ROOM: u64 = 16 * 1024;
/// Room that erasing a change takes: the pages of its rows are written anew, in bytes.
const ROOM_PER_ERASED: u64 = 8 * 1024;

impl AccessStore for RedbStore {
    fn users(&self) -> Result<Vec<UserSummary>, StoreError> {
        self.read(users)
    }

    fn all_devices(&self) -> Result<Vec<DeviceSummary>, StoreError> {
        self.read(devices)
    }

    fn invites(&self) -> Result<Vec<InviteSummary>, StoreError> {
        self.read(all_invites)
    }

    fn control_log(&self, after: u64, max: usize) -> Result<Vec<SignedEntry>, StoreError> {
        self.read(|tx| log::entries(tx, after, max))
    }

    fn check_control(&self, mark: &ControlMark) -> Result<ControlVerdict, StoreError> {
        self.read(|tx| log::check(tx, mark))
    }

    fn adopt_control(&self, entries: &[SignedEntry], now_ms: u64) -> Result<ControlAdopted, StoreError> {
        let erased = self.read(|tx| erase::changes_of(tx, &self.identity, entries))?;
        self.reserve(CONTROL_BYTES + ENTRY_ROOM * entries.len() as u64 + ROOM_PER_ERASED * erased)?;
        self.write(now_ms, |tx| log::adopt(self, tx, entries, now_ms))
    }

    fn move_documents(&self, request: &MoveRequest, now_ms: u64) -> Result<Vec<MoveOutcome>, StoreError> {
        moves::move_documents(self, request, now_ms)
    }

    fn document(&self, document: &DocumentId) -> Result<DocumentSummary, StoreError> {
        self.read(|tx| erase::summary(tx, document))
    }

    fn access_lists(&self, by: &Orderer, now_ms: u64) -> Result<AccessLists, ControlError> {
        self.read(|tx| match Authority::reading(tx, by, now_ms) {
            Ok(authority) => {
                let mut lists = AccessLists {
                    spaces: read::spaces(tx)?,
                    users: users(tx)?,
                    devices: devices(tx)?,
                    invites: all_invites(tx)?,
                };
                authority.narrow(tx, &mut lists)?;
                Ok(Ok(lists))
            }
            Err(ControlError::Store(error)) => Err(error),
            Err(refused) => Ok(Err(refused)),
        })?
    }

    fn administer(&self, by: &Orderer, order: &AdminOrder, now_ms: u64) -> Result<AdminDone, ControlError> {
        self.reserve(CONTROL_BYTES)?;
        self.order(now_ms, |tx| administer(tx, &self.identity, by, order, now_ms))
    }

    fn change_access(&self, command: &AccessCommand, now_ms: u64) -> Result<AccessDone, ControlError> {
        let room = match command {
            AccessCommand::EraseDocument { document } => {
                self.read(|tx| erase::rows_of(tx, document))? * ROOM_PER_ERASED
            }
            _ => 0,
        };
        self.reserve(CONTROL_BYTES + room)?;
        self.order(now_ms, |tx| change(tx, &self.identity, (None, &Sight::Whole), command, now_ms))
    }
}

fn users(tx: &ReadTransaction) -> Result<Vec<UserSummary>, StoreError> {
    let (roles, spaces) = (tx.open_table(ROLES.table())?, tx.open_table(SPACES.table())?);
    let devices = tx.open_table(DEVICES.table())?;
    let mut list = Vec::new();
    scan::<UserRow>(&tx.open_table(USERS.table())?, USERS, &[], |_, row| {
        let (mut theirs, mut count) = (Vec::new(), 0);
        if let Some(id) = &row.id {
            scan::<Role>(&roles, ROLES, id.as_bytes(), |key, role| {
                let space = SpaceId::from_bytes(id_in_key(ROLES, key)?);
                theirs.push((space_name(&spaces, &space)?, role));
                Ok(true)
            })?;
            scan::<DeviceRow>(&devices, DEVICES, &[], |_, device| {
                count += u64::from(device.user == *id && device.state != DEVICE_REVOKED);
                Ok(true)
            })?;
        }
        theirs.sort_by_cached_key(|(name, _)| names::fold(name));
        list.push(UserSummary {
            name: row.name,
            email: row.email,
            id: row.id,
            roles: theirs,
            devices: count,
        });
        Ok(true)
    })?;
    list.sort_by_cached_key(|user| names::fold(&user.name));
    Ok(list)
}

fn devices(tx: &ReadTransaction) -> Result<Vec<DeviceSummary>, StoreError> {
    let naming = Naming { ids: tx.open_table(USER_IDS.table())?, users: tx.open_table(USERS.table())? };
    let seen = tx.open_table(DEVICES_SEEN.table())?;
    let mut list = Vec::new();
    scan::<DeviceRow>(&tx.open_table(DEVICES.table())?, DEVICES, &[], |key, row| {
        let id = DeviceId::from_bytes(id_in_key(DEVICES, key)?);
        list.push(device_summary(id, row, &naming, &seen)?);
        Ok(true)
    })?;
    list.sort_by_cached_key(|device| (names::fold(&device.user), device.enrolled_at_ms, device.id));
    Ok(list)
}

fn all_invites(tx: &ReadTransaction) -> Result<Vec<InviteSummary>, StoreError> {
    let (users, spaces) = (tx.open_table(USERS.table())?, tx.open_table(SPACES.table())?);
    let mut list = Vec::new();
    scan::<InviteRow>(&tx.open_table(INVITES.table())?, INVITES, &[], |key, row| {
        list.push(invite_summary(key, row, &users, &spaces)?);
        Ok(true)
    })?;
    list.sort_by(|a, b| b.expires_at_ms.cmp(&a.expires_at_ms).then_with(|| a.id.cmp(&b.id)));
    Ok(list)
}

/// The tables that give a user's id a name.
pub(super) struct Naming<T> {
    pub(super) ids: T,
    pub(super) users: T,
}

impl<T: Readable> Naming<T> {
    pub(super) fn of(&self, user: &UserId) -> Result<String, StoreError> {
        let key: Vec<u8> = get(&self.ids, USER_IDS, user.as_bytes())?
            .ok_or_else(|| corrupt(USER_IDS, "a user of a device is missing"))?;
        let row: UserRow =
            get(&self.users, USERS, &key)?.ok_or_else(|| corrupt(USERS, "a user is missing"))?;
        Ok(row.name)
    }
}

fn device_summary(
    id: DeviceId,
    row: DeviceRow,
    naming: &Naming<impl Readable>,
    seen: &impl Readable,
) -> Result<DeviceSummary, StoreError> {
    let state = match row.state {
        DEVICE_PENDING => DeviceState::Pending,
        DEVICE_ACTIVE => DeviceState::Active,
        _ => DeviceState::Revoked,
    };
    Ok(DeviceSummary {
        id,
        name: row.name,
        user: naming.of(&row.user)?,
        user_id: row.user,
        state,
        enrolled_at_ms: row.enrolled_at_ms,
        seen_at_ms: get(seen, DEVICES_SEEN, id.as_bytes())?,
    })
}

fn invite_summary(
    key: &[u8],
    row: InviteRow,
    users: &impl Readable,
    spaces: &impl Readable,
) -> Result<InviteSummary, StoreError> {
    let user: UserRow = get(users, USERS, row.user_key.as_bytes())?
        .ok_or_else(|| corrupt(USERS, "an invite names a user that is missing"))?;
    Ok(InviteSummary {
        id: invite_id(key),
        user: user.name,
        space: space_name(spaces, &row.space)?,
        role: row.role,
        expires_at_ms: row.expires_at_ms,
        used_by: row.used_by,
        approve: row.approve,
    })
}

fn space_name(spaces: &impl Readable, space: &SpaceId) -> Result<String, StoreError> {
    let row: Option<SpaceRow> = get(spaces, SPACES, space.as_bytes())?;
    Ok(row.ok_or_else(|| corrupt(SPACES, "a space that is named elsewhere is missing"))?.name)
}

/// Carries out what a device or a program orders, if its user or its token may.
fn administer(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    by: &Orderer,
    order: &AdminOrder,
    now_ms: u64,
) -> Result<(AdminDone, Commit), ControlError> {
    let (by, sight) = Authority::check(tx, by, order, now_ms)?;
    match order {
        AdminOrder::Change(command) => {
            // The log names users alone: what a program ordered stands there as the operator's.
            let (done, commit) = change(tx, identity, (by.user(), &sight), command, now_ms)?;
            Ok((AdminDone::Changed(done), commit))
        }
        AdminOrder::Invite(invite) => {
            invites::make_room(tx, &by, now_ms)?;
            Ok((AdminDone::Invited(create_invite(tx, invite, Some(by))?), Commit::Yes))
        }
        AdminOrder::MakeSpace { space, name } => {
            let user = by.user().ok_or(ControlError::NotAdministrator)?;
            Ok((AdminDone::SpaceMade(make_space(tx, identity, user, *space, name, now_ms)?), Commit::Yes))
        }
    }
}

/// Makes a space with its first administrator: without one, nobody but the operator could let anybody in.
fn make_space(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    user: UserId,
    space: SpaceId,
    name: &str,
    now_ms: u64,
) -> Result<SpaceSummary, ControlError> {
    let made = create_space(tx, identity, Some(user), space, name, now_ms)?;
    let mut roles = tx.open_table(ROLES.table()).map_err(StoreError::from)?;
    put(&mut roles, &role_key(&user, &space), &Role::Admin)?;
    drop(roles);
    log::record(
        tx,
        identity,
        Some(user),
        now_ms,
        [ControlEvent::RoleSet { user, space, role: Role::Admin }],
    )?;
    Ok(made)
}

/// Changes who may do what, for somebody with what they see.
fn change(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    (by, sight): (Option<UserId>, &Sight),
    command: &AccessCommand,
    now_ms: u64,
) -> Result<(AccessDone, Commit), ControlError> {
    let (done, event) = match command {
        AccessCommand::SetRole { user, space, role } => set_role(tx, sight, user, space, Some(*role)),
        AccessCommand::RemoveRole { user, space } => set_role(tx, sight, user, space, None),
        AccessCommand::RevokeDevice { device, lost } => set_state(tx, sight, device, DEVICE_REVOKED, *lost),
        AccessCommand::ActivateDevice { device } => set_state(tx, sight, device, DEVICE_ACTIVE, false),
        AccessCommand::CancelInvite { invite } => return Ok((cancel(tx, sight, invite)?, Commit::Yes)),
        AccessCommand::EraseDocument { document } => return erase_document(tx, identity, document, now_ms),
    }?;
    let Some(event) = event else { return Ok((done, Commit::NothingWritten)) };
    log::record(tx, identity, by, now_ms, [event])?;
    Ok((done, Commit::Yes))
}

/// Erases a document, in the log and everywhere else in the store.
fn erase_document(
    tx: &WriteTransaction,
    identity: &StoreIdentity,
    document: &DocumentId,
    now_ms: u64,
) -> Result<(AccessDone, Commit), ControlError> {
    let (summary, event) = erase::ordered(tx, document)?;
    let Some(event) = event else { return Ok((AccessDone::Erased(summary), Commit::NothingWritten)) };
    log::record(tx, identity, None, now_ms, [event])?;
    erase::carry_out(tx, identity, document, now_ms)?;
    Ok((AccessDone::Erased(summary), Commit::Yes))
}

/// What a change came to, and what the control log is to say of it, if anything changed.
type Changed = Result<(AccessDone, Option<ControlEvent>), ControlError>;

fn set_role(tx: &WriteTransaction, sight: &Sight, user: &str, space: &str, role: Option<Role>) -> Changed {
    let (key, row) = find_user(tx, sight, user)?;
    let space = find_space(tx, space)?;
    let id = row.id.ok_or_else(|| ControlError::UserWithoutDevice(row.name.clone()))?;
    let mut roles = tx.open_table(ROLES.table()).map_err(StoreError::from)?;
    let seen = sight.sees_user(&key, &row);
    let key = role_key(&id, &space.id);
    let before: Option<Role> = get(&roles, ROLES, &key)?;
    match role {
        Some(role) => put(&mut roles, &key, &role)?,
        None if !seen => return Err(ControlError::NoSuchUser(user.to_owned())),
        None if before.is_none() => return Err(ControlError::NoRole { user: row.name, space: space.name }),
        None => {
            roles.remove(key.as_slice()).map_err(StoreError::from)?;
        }
    }
    let event = match role {
        _ if before == role => None,
        Some(role) => Some(ControlEvent::RoleSet { user: id, space: space.id, role }),
        None => Some(ControlEvent::RoleRemoved { user: id, space: space.id }),
    };
    let devices = devices_of(tx, id)?;
    Ok((AccessDone::Role { user: row.name, space: space.name, before, now: role, devices }, event))
}

fn set_state(tx: &WriteTransaction, sight: &Sight, device: &str, state: u8, lost: bool) -> Changed {
    let (id, mut row) = find_device(tx, sight, device)?;
    let changed = row.state != state;
    if changed && row.state == DEVICE_REVOKED {
        return Err(ControlError::DeviceRevoked(row.name));
    }
    if changed {
        row.state = state;
        put(&mut tx.open_table(DEVICES.table()).map_err(StoreError::from)?, id.as_bytes(), &row)?;
        if state == DEVICE_REVOKED {
            // Whoever has it could come back by them with another key.
            invites::drop_of_device(tx, &id, Some(row.user))?;
        }
    }
    let naming = Naming {
        ids: tx.open_table(USER_IDS.table()).map_err(StoreError::from)?,
        users: tx.open_table(USERS.table()).map_err(StoreError::from)?,
    };
    let seen = tx.open_table(DEVICES_SEEN.table()).map_err(StoreError::from)?;
    let device = device_summary(id, row, &naming, &seen)?;
    let event = match state {
        DEVICE_REVOKED => ControlEvent::DeviceRevoked { device: id, lost },
        _ => ControlEvent::DeviceActivated { device: id },
    };
    Ok((AccessDone::Device { device, changed }, changed.then_some(event)))
}

fn cancel(tx: &WriteTransaction, sight: &Sight, invite: &str) -> Result<AccessDone, ControlError> {
    let (key, row) = find_invite(tx, sight, invite)?;
    if row.used_by.is_some() {
        return Err(ControlError::InviteUsed(invite_id(&key)));
    }
    let (users, spaces) = (
        tx.open_table(USERS.table()).map_err(StoreError::from)?,
        tx.open_table(SPACES.table()).map_err(StoreError::from)?,
    );
    let invited = row.user_key.clone();
    let summary = invite_summary(&key, row, &users, &spaces)?;
    let mut invites = tx.open_table(INVITES.table()).map_err(StoreError::from)?;
    invites.remove(key.as_slice()).map_err(StoreError::from)?;
    drop((invites, users, spaces));
    invites::forget_uninvited(tx, BTreeSet::from([invited]))?;
    Ok(AccessDone::Invite(summary))
}
