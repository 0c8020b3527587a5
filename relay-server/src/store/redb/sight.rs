//! What whoever orders may know of: what isn't theirs to see answers as what isn't there.

use std::collections::BTreeSet;

use forsat_sync::frame::Role;
use forsat_sync::id::{SpaceId, UserId};
use redb::WriteTransaction;

use super::rows::{DeviceRow, InviteRow, UserRow};
use super::tables::{INVITES, ROLES, corrupt, scan};
use crate::store::StoreError;

/// What of the workspace somebody may know of.
pub(super) enum Sight {
    /// All of it.
    Whole,
    /// What concerns some spaces.
    Of(Seen),
}

/// What concerns some spaces.
pub(super) struct Seen {
    spaces: BTreeSet<SpaceId>,
    /// Who has a role there.
    members: BTreeSet<UserId>,
    /// The keys of those whom an invite there names.
    invited: BTreeSet<Vec<u8>>,
}

impl Sight {
    /// What concerns these spaces.
    pub(super) fn of(tx: &WriteTransaction, spaces: &BTreeSet<SpaceId>) -> Result<Self, StoreError> {
        let mut seen = Seen { spaces: spaces.clone(), members: BTreeSet::new(), invited: BTreeSet::new() };
        scan::<Role>(&tx.open_table(ROLES.table())?, ROLES, &[], |key, _| {
            let wrong = || corrupt(ROLES, "a key has a wrong length");
            let (user, space) = key.split_at_checked(UserId::LEN).ok_or_else(wrong)?;
            if spaces.contains(&SpaceId::from_slice(space).ok_or_else(wrong)?) {
                seen.members.insert(UserId::from_slice(user).ok_or_else(wrong)?);
            }
            Ok(true)
        })?;
        scan::<InviteRow>(&tx.open_table(INVITES.table())?, INVITES, &[], |_, row| {
            if spaces.contains(&row.space) {
                seen.invited.insert(row.user_key.into_bytes());
            }
            Ok(true)
        })?;
        Ok(Self::Of(seen))
    }

    /// Whether a user is among those whom they see, by role or by invite.
    pub(super) fn sees_user(&self, key: &[u8], row: &UserRow) -> bool {
        match self {
            Self::Whole => true,
            Self::Of(seen) => {
                seen.invited.contains(key) || row.id.is_some_and(|id| seen.members.contains(&id))
            }
        }
    }

    /// Whether a device is one of a member's whom they see.
    pub(super) fn sees_device(&self, row: &DeviceRow) -> bool {
        match self {
            Self::Whole => true,
            Self::Of(seen) => seen.members.contains(&row.user),
        }
    }

    /// Whether an invite is to a space of theirs.
    pub(super) fn sees_invite(&self, row: &InviteRow) -> bool {
        match self {
            Self::Whole => true,
            Self::Of(seen) => seen.spaces.contains(&row.space),
        }
    }
}
