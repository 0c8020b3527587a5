//! Who may do what: devices, users and roles, read inside the transaction that they decide about.

use forsat_sync::control::{ControlEntry, ControlEvent, SignedEntry};
use forsat_sync::frame::{Role, SpaceInfo};
use forsat_sync::id::{DeviceId, SpaceId, UserId};
use forsat_sync::identity::PublicKey;
use forsat_sync::relay::{DeviceRecord, Directory, Standing};
use redb::{ReadOnlyTable, ReadTransaction, WriteTransaction};

use super::log;
use super::rows::{DeviceRow, SpaceRow};
use super::tables::{
    CONTROL, DEVICES, REVOCATIONS, ROLES, Readable, SPACES, Writable, corrupt, get, id_in_key, role_key, scan,
};
use crate::store::{StoreError, StoreIdentity};

/// A device that waits to be let in.
pub(super) const DEVICE_PENDING: u8 = 0;
/// A device that may connect.
pub(super) const DEVICE_ACTIVE: u8 = 1;
/// A device that may not connect any more.
pub(super) const DEVICE_REVOKED: u8 = 2;

/// The tables that decide about access.
pub(super) struct AccessTables<T> {
    devices: T,
    roles: T,
    spaces: T,
    control: T,
    revocations: T,
}

/// What a device may do in a space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Nothing, and it is not told whether the space exists.
    Hidden,
    /// What the user's role allows.
    Member {
        /// The device's user.
        user: UserId,
        /// The role there.
        role: Role,
        /// Whether the space is `common`.
        common: bool,
    },
}

impl AccessTables<ReadOnlyTable<&'static [u8], &'static [u8]>> {
    pub(super) fn read(tx: &ReadTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            devices: tx.open_table(DEVICES.table())?,
            roles: tx.open_table(ROLES.table())?,
            spaces: tx.open_table(SPACES.table())?,
            control: tx.open_table(CONTROL.table())?,
            revocations: tx.open_table(REVOCATIONS.table())?,
        })
    }
}

impl<'tx> AccessTables<Writable<'tx>> {
    pub(super) fn write(tx: &'tx WriteTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            devices: tx.open_table(DEVICES.table())?,
            roles: tx.open_table(ROLES.table())?,
            spaces: tx.open_table(SPACES.table())?,
            control: tx.open_table(CONTROL.table())?,
            revocations: tx.open_table(REVOCATIONS.table())?,
        })
    }
}

impl<T: Readable> AccessTables<T> {
    /// What a device may do in a space.
    pub(super) fn of(&self, device: &DeviceId, space: &SpaceId) -> Result<Access, StoreError> {
        let Some(row) = get::<DeviceRow>(&self.devices, DEVICES, device.as_bytes())? else {
            return Ok(Access::Hidden);
        };
        if row.state != DEVICE_ACTIVE {
            return Ok(Access::Hidden);
        }
        self.of_user(row.user, space)
    }

    /// What the user of a device that was revoked, and isn't lost, may do in a space: it decides what the device may set aside.
    pub(super) fn of_revoked(&self, device: &DeviceId, space: &SpaceId) -> Result<Access, StoreError> {
        let row: Option<DeviceRow> = get(&self.devices, DEVICES, device.as_bytes())?;
        let Some(row) = row.filter(|row| row.state == DEVICE_REVOKED) else { return Ok(Access::Hidden) };
        let entry = self.revocation(device)?.and_then(|entry| ControlEntry::decode(&entry.bytes).ok());
        match entry.map(|entry| entry.event) {
            Some(ControlEvent::DeviceRevoked { lost: false, .. }) => self.of_user(row.user, space),
            _ => Ok(Access::Hidden),
        }
    }

    fn of_user(&self, user: UserId, space: &SpaceId) -> Result<Access, StoreError> {
        let Some(found) = get::<SpaceRow>(&self.spaces, SPACES, space.as_bytes())? else {
            return Ok(Access::Hidden);
        };
        Ok(match self.role(&user, space, found.common)? {
            Some(role) => Access::Member { user, role, common: found.common },
            None => Access::Hidden,
        })
    }

    /// Whether a user sees a space.
    pub(super) fn sees(&self, user: &UserId, space: &SpaceId) -> Result<bool, StoreError> {
        let found = get::<SpaceRow>(&self.spaces, SPACES, space.as_bytes())?;
        Ok(match found {
            Some(row) => self.role(user, space, row.common)?.is_some(),
            None => false,
        })
    }

    /// The role of a user in a space. In `common` every member has the strongest role that it has anywhere.
    fn role(&self, user: &UserId, space: &SpaceId, common: bool) -> Result<Option<Role>, StoreError> {
        if !common {
            return get(&self.roles, ROLES, &role_key(user, space));
        }
        let mut strongest = None;
        scan::<Role>(&self.roles, ROLES, user.as_bytes(), |_, role| {
            strongest = strongest.min(Some(role)).or(Some(role));
            Ok(true)
        })?;
        Ok(strongest)
    }

    /// A device and what its user may see; `None` when it is not enrolled.
    pub(super) fn record(
        &self,
        device: &DeviceId,
        identity: &StoreIdentity,
    ) -> Result<Option<DeviceRecord>, StoreError> {
        let Some(row) = get::<DeviceRow>(&self.devices, DEVICES, device.as_bytes())? else { return Ok(None) };
        // Whoever isn't active may not connect, whatever the reason.
        let standing = match row.state {
            DEVICE_ACTIVE => Standing::Active,
            DEVICE_PENDING => Standing::Pending,
            _ => Standing::Revoked,
        };
        let spaces = if standing == Standing::Active { self.spaces_of(&row.user)? } else { Vec::new() };
        Ok(Some(DeviceRecord {
            device: *device,
            public_key: PublicKey::from_bytes(row.public_key),
            standing,
            revocation: self.revocation(device)?,
            directory: Directory { user: row.user, workspace: identity.workspace, spaces },
        }))
    }

    /// The entry of the control log that revokes a device.
    fn revocation(&self, device: &DeviceId) -> Result<Option<SignedEntry>, StoreError> {
        match get::<u64>(&self.revocations, REVOCATIONS, device.as_bytes())? {
            Some(number) => log::entry(&self.control, number),
            None => Ok(None),
        }
    }

    /// The spaces that a user sees, by id.
    fn spaces_of(&self, user: &UserId) -> Result<Vec<SpaceInfo>, StoreError> {
        let mut roles = Vec::new();
        scan::<Role>(&self.roles, ROLES, user.as_bytes(), |key, role| {
            roles.push((SpaceId::from_bytes(id_in_key(ROLES, key)?), role));
            Ok(true)
        })?;
        let Some(strongest) = roles.iter().map(|(_, role)| *role).min() else { return Ok(Vec::new()) };
        let mut seen = Vec::new();
        for (id, role) in roles {
            let row = get::<SpaceRow>(&self.spaces, SPACES, id.as_bytes())?
                .ok_or_else(|| corrupt(SPACES, "a role names a space that is missing"))?;
            if !row.common {
                seen.push(SpaceInfo { id, name: row.name, role });
            }
        }
        let (id, name) = self.common()?;
        seen.push(SpaceInfo { id, name, role: strongest });
        seen.sort_by_key(|space| space.id);
        Ok(seen)
    }

    /// The space that every member reads.
    pub(super) fn common(&self) -> Result<(SpaceId, String), StoreError> {
        let mut found = None;
        scan::<SpaceRow>(&self.spaces, SPACES, &[], |key, row| {
            if row.common {
                found = Some((SpaceId::from_bytes(id_in_key(SPACES, key)?), row.name));
            }
            Ok(found.is_none())
        })?;
        found.ok_or_else(|| corrupt(SPACES, "the space `common` is missing"))
    }
}
