//! What an administrator's device or a program may order, asked inside the transaction that carries the order out.
//!
//! An administrator of a space gives and takes roles there and invites to it. Whose spaces are all theirs, that user's devices they
//! revoke and let in, and may be given another device. Who administers every space, or is the workspace's first administrator and
//! still one somewhere, may do all of it. A program's token reaches every space, or one as an administrator of it alone would.

use std::collections::BTreeSet;

use forsat_sync::control::{ControlEntry, ControlEvent};
use forsat_sync::frame::Role;
use forsat_sync::id::{DeviceId, SpaceId, UserId};
use redb::{ReadTransaction, WriteTransaction};

use super::access::DEVICE_ACTIVE;
use super::control::find_space;
use super::find::find_device;
use super::rows::{ControlRow, DeviceRow, InviteRow, Inviter, SpaceRow, UserRow};
use super::sight::Sight;
use super::tables::{
    CONTROL, DEVICES, INVITES, ROLES, Readable, SPACES, TOKENS, USERS, Writable, get, id_in_key, role_key,
    scan,
};
use super::tokens;
use crate::names;
use crate::store::{
    AccessCommand, AccessLists, AdminOrder, ControlError, NewInvite, Orderer, Scope, StoreError,
};
use crate::token::TokenHash;

/// Who orders, and what they administer.
pub(super) struct Authority {
    by: Inviter,
    spaces: BTreeSet<SpaceId>,
    everywhere: bool,
}

/// The tables that an authority follows from.
struct Tables<T> {
    devices: T,
    roles: T,
    spaces: T,
    control: T,
    tokens: T,
}

impl Authority {
    /// Of whoever orders; refused when there is nothing that they administer, or the token lacks the scope.
    fn of_orderer<T: Readable>(
        tables: &Tables<T>,
        by: &Orderer,
        scope: Scope,
        now_ms: u64,
    ) -> Result<Self, ControlError> {
        match by {
            Orderer::Device(device) => Self::of(tables, device),
            Orderer::Program(token) => {
                let authority = Self::of_token(tables, token, scope, now_ms)?;
                authority.ok_or(ControlError::Unauthorized)
            }
        }
    }

    /// Of a token; none where it isn't good.
    fn of_token<T: Readable>(
        tables: &Tables<T>,
        token: &TokenHash,
        scope: Scope,
        now_ms: u64,
    ) -> Result<Option<Self>, ControlError> {
        let Some((_, row)) = tokens::find(&tables.tokens, token, now_ms)? else { return Ok(None) };
        if !row.scopes.contains(&scope) {
            return Err(ControlError::ScopeMissing(scope));
        }
        let everywhere = row.space.is_none();
        Ok(Some(Self { by: Inviter::Program(*token), spaces: row.space.into_iter().collect(), everywhere }))
    }

    /// Of a device; refused when its user administers nothing.
    fn of<T: Readable>(tables: &Tables<T>, device: &DeviceId) -> Result<Self, ControlError> {
        let row: Option<DeviceRow> = get(&tables.devices, DEVICES, device.as_bytes())?;
        let row = row.filter(|row| row.state == DEVICE_ACTIVE).ok_or(ControlError::NotAdministrator)?;
        Self::of_user(tables, row.user, Some(*device))
    }

    /// Of a user; refused when they administer nothing.
    fn of_user<T: Readable>(
        tables: &Tables<T>,
        user: UserId,
        device: Option<DeviceId>,
    ) -> Result<Self, ControlError> {
        let mut spaces = BTreeSet::new();
        scan::<Role>(&tables.roles, ROLES, user.as_bytes(), |key, role| {
            if role == Role::Admin {
                spaces.insert(SpaceId::from_bytes(id_in_key(ROLES, key)?));
            }
            Ok(true)
        })?;
        if spaces.is_empty() {
            return Err(ControlError::NotAdministrator);
        }
        let mut everywhere = first_administrator(&tables.control)? == Some(user);
        if !everywhere {
            everywhere = true;
            scan::<SpaceRow>(&tables.spaces, SPACES, &[], |key, row| {
                everywhere = row.common || spaces.contains(&SpaceId::from_bytes(id_in_key(SPACES, key)?));
                Ok(everywhere)
            })?;
        }
        Ok(Self { by: Inviter::User { user, device }, spaces, everywhere })
    }
}

/// The first user whom the log names as an administrator of anything.
fn first_administrator(control: &impl Readable) -> Result<Option<UserId>, StoreError> {
    let mut first = None;
    scan::<ControlRow>(control, CONTROL, &[], |_, row| {
        if let Ok(ControlEntry { event: ControlEvent::RoleSet { user, role: Role::Admin, .. }, .. }) =
            ControlEntry::decode(&row.0.bytes)
        {
            first = Some(user);
        }
        Ok(first.is_none())
    })?;
    Ok(first)
}

/// The orders of a transaction that writes.
impl Authority {
    /// Who it is and what they see, if what is ordered is theirs to order.
    pub(super) fn check(
        tx: &WriteTransaction,
        by: &Orderer,
        order: &AdminOrder,
        now_ms: u64,
    ) -> Result<(Inviter, Sight), ControlError> {
        let authority = Self::of_orderer(&Tables::write(tx)?, by, Scope::Access, now_ms)?;
        let sight = match authority.everywhere {
            true => Sight::Whole,
            false => Sight::of(tx, &authority.spaces)?,
        };
        match order {
            AdminOrder::Invite(invite) => authority.may_invite(tx, invite)?,
            AdminOrder::Change(command) => authority.may_change(tx, &sight, command)?,
            // Who may reach into every space anyway gains nothing by another one.
            AdminOrder::MakeSpace { .. } => {
                granted(authority.everywhere && authority.by.user().is_some())?;
            }
        }
        Ok((authority.by, sight))
    }

    fn may_change(
        &self,
        tx: &WriteTransaction,
        sight: &Sight,
        command: &AccessCommand,
    ) -> Result<(), ControlError> {
        match command {
            AccessCommand::SetRole { space, .. } | AccessCommand::RemoveRole { space, .. } => {
                self.over_space(tx, space)
            }
            AccessCommand::RevokeDevice { device, .. } | AccessCommand::ActivateDevice { device } => {
                let (_, row) = find_device(tx, sight, device)?;
                self.over_user(tx, row.user)
            }
            // Those to other spaces aren't found.
            AccessCommand::CancelInvite { .. } => Ok(()),
            // For good, on every device: the operator's alone.
            AccessCommand::EraseDocument { .. } => Err(ControlError::NotAdministrator),
        }
    }

    /// An invite gives another device to a user who is there, with all that the user may do: so all of it has to be theirs to give.
    fn may_invite(&self, tx: &WriteTransaction, invite: &NewInvite) -> Result<(), ControlError> {
        self.over_space(tx, &invite.space)?;
        let key = names::person(&invite.user).map_err(ControlError::BadName)?.key();
        self.over_invited(tx, &key, invite.now_ms)
    }

    /// Whether who made an invite may still make it, when it is redeemed.
    pub(super) fn may_still_invite(
        tx: &WriteTransaction,
        by: Inviter,
        invite: &InviteRow,
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let tables = Tables::write(tx)?;
        let found = match by {
            // A device that is out lets nobody in, whatever its user may still do.
            Inviter::User { device: Some(device), .. } => Self::of(&tables, &device).map(Some),
            Inviter::User { user, device: None } => Self::of_user(&tables, user, None).map(Some),
            Inviter::Program(token) => Self::of_token(&tables, &token, Scope::Access, now_ms),
        };
        drop(tables);
        let authority = match found {
            Ok(Some(authority)) => authority,
            Ok(None) => return Ok(false),
            Err(ControlError::Store(error)) => return Err(error),
            Err(_) => return Ok(false),
        };
        if !authority.everywhere && !authority.spaces.contains(&invite.space) {
            return Ok(false);
        }
        match authority.over_invited(tx, &invite.user_key, now_ms) {
            Ok(()) => Ok(true),
            Err(ControlError::Store(error)) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Whether all that a user may do, or will by invites that wait, is theirs to give.
    fn over_invited(&self, tx: &WriteTransaction, key: &str, now_ms: u64) -> Result<(), ControlError> {
        let users = tx.open_table(USERS.table()).map_err(StoreError::from)?;
        let Some(row) = get::<UserRow>(&users, USERS, key.as_bytes())? else { return Ok(()) };
        if let Some(user) = row.id {
            self.over_user(tx, user)?;
        }
        let mut theirs = true;
        scan::<InviteRow>(
            &tx.open_table(INVITES.table()).map_err(StoreError::from)?,
            INVITES,
            &[],
            |_, row| {
                // What waits for the user will be the user's too, by whichever device.
                let waits = row.user_key == key && row.used_by.is_none() && row.expires_at_ms > now_ms;
                theirs &= !waits || self.spaces.contains(&row.space);
                Ok(theirs)
            },
        )?;
        granted(self.everywhere || theirs)
    }

    fn over_space(&self, tx: &WriteTransaction, name: &str) -> Result<(), ControlError> {
        let space = find_space(tx, name)?;
        if self.everywhere || self.spaces.contains(&space.id) {
            return Ok(());
        }
        let roles = tx.open_table(ROLES.table()).map_err(StoreError::from)?;
        let sees = space.common
            || match self.by.user() {
                Some(user) => get::<Role>(&roles, ROLES, &role_key(&user, &space.id))?.is_some(),
                None => false,
            };
        // A space that a user doesn't see answers as one that isn't there.
        Err(if sees { ControlError::NotAdministrator } else { ControlError::NoSuchSpace(name.to_owned()) })
    }

    fn over_user(&self, tx: &WriteTransaction, user: UserId) -> Result<(), ControlError> {
        let (mut any, mut all) = (false, true);
        scan::<Role>(
            &tx.open_table(ROLES.table()).map_err(StoreError::from)?,
            ROLES,
            user.as_bytes(),
            |key, _| {
                any = true;
                all &= self.spaces.contains(&SpaceId::from_bytes(id_in_key(ROLES, key)?));
                Ok(all)
            },
        )?;
        granted(self.everywhere || (any && all))
    }
}

fn granted(granted: bool) -> Result<(), ControlError> {
    if granted { Ok(()) } else { Err(ControlError::NotAdministrator) }
}

/// What an administrator's device or a program may know.
impl Authority {
    /// Of whoever asks, by a transaction that reads.
    pub(super) fn reading(tx: &ReadTransaction, by: &Orderer, now_ms: u64) -> Result<Self, ControlError> {
        let tables = Tables {
            devices: tx.open_table(DEVICES.table()).map_err(StoreError::from)?,
            roles: tx.open_table(ROLES.table()).map_err(StoreError::from)?,
            spaces: tx.open_table(SPACES.table()).map_err(StoreError::from)?,
            control: tx.open_table(CONTROL.table()).map_err(StoreError::from)?,
            tokens: tx.open_table(TOKENS.table()).map_err(StoreError::from)?,
        };
        Self::of_orderer(&tables, by, Scope::Read, now_ms)
    }

    /// Leaves in the lists what concerns spaces that are theirs to administer.
    pub(super) fn narrow(&self, tx: &ReadTransaction, lists: &mut AccessLists) -> Result<(), StoreError> {
        if self.everywhere {
            return Ok(());
        }
        let mut theirs = BTreeSet::new();
        scan::<SpaceRow>(&tx.open_table(SPACES.table())?, SPACES, &[], |key, row| {
            if self.spaces.contains(&SpaceId::from_bytes(id_in_key(SPACES, key)?)) {
                theirs.insert(row.name);
            }
            Ok(true)
        })?;
        lists.spaces.retain(|space| self.spaces.contains(&space.id));
        for user in &mut lists.users {
            user.roles.retain(|(space, _)| theirs.contains(space));
        }
        lists.users.retain(|user| !user.roles.is_empty());
        let users: BTreeSet<_> = lists.users.iter().filter_map(|user| user.id).collect();
        lists.devices.retain(|device| users.contains(&device.user_id));
        lists.invites.retain(|invite| theirs.contains(&invite.space));
        Ok(())
    }
}

impl<'tx> Tables<Writable<'tx>> {
    fn write(tx: &'tx WriteTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            devices: tx.open_table(DEVICES.table())?,
            roles: tx.open_table(ROLES.table())?,
            spaces: tx.open_table(SPACES.table())?,
            control: tx.open_table(CONTROL.table())?,
            tokens: tx.open_table(TOKENS.table())?,
        })
    }
}
