//! Users, roles, devices and invites as an operator lists and changes them.

use serde::{Deserialize, Serialize};

use super::programs::Caller;
use super::{Answer, Failure, Request, read_role};
use crate::ambient;
use crate::store::{AccessCommand, AccessDone, DeviceSummary, InviteSummary, RelayStore, UserSummary};

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserView {
    /// What they are called.
    pub name: String,
    /// Their e-mail.
    pub email: Option<String>,
    /// Their id, hex; none before their first device.
    pub id: Option<String>,
    /// Their roles.
    pub roles: Vec<UserRoleView>,
    /// Devices that aren't revoked.
    pub devices: u64,
}

/// A role in a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserRoleView {
    /// The space's name.
    pub space: String,
    /// The role.
    pub role: String,
}

/// A user's role in a space, before and now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleView {
    /// The user's name.
    pub user: String,
    /// The space's name.
    pub space: String,
    /// The role before.
    pub before: Option<String>,
    /// The role now.
    pub role: Option<String>,
    /// The user's devices that aren't revoked: the role is theirs, whoever has them.
    #[serde(default)]
    pub devices: u64,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceView {
    /// Its id, hex.
    pub id: String,
    /// What its owner called it.
    pub name: String,
    /// The name of its user.
    pub user: String,
    /// `pending`, `active` or `revoked`.
    pub state: String,
    /// When it was enrolled, milliseconds since 1970 by the relay's clock.
    pub enrolled_at_ms: u64,
    /// When it was last heard of, as far as that is written down.
    pub seen_at_ms: Option<u64>,
    /// Whether the request changed how it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<bool>,
}

/// An invite that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteEntryView {
    /// By which it is cancelled.
    pub id: String,
    /// Who is invited.
    pub user: String,
    /// The space's name.
    pub space: String,
    /// The role that it gives there.
    pub role: String,
    /// `open`, `used` or `expired`.
    pub state: String,
    /// Until when it can be redeemed, milliseconds since 1970 by the relay's clock.
    pub expires_at_ms: u64,
    /// The device that redeemed it, hex.
    pub used_by: Option<String>,
    /// Whether the device that redeems it waits to be let in.
    pub approve: bool,
}

/// Carries out one of these requests; no other is asked of it.
pub(super) fn execute(store: &dyn RelayStore, caller: &Caller, request: &Request) -> Result<Answer, Failure> {
    let now_ms = ambient::wall_ms();
    match request {
        Request::UserList => Ok(users(caller.users(store)?)),
        Request::DeviceList => Ok(devices(caller.devices(store)?)),
        Request::InviteList => Ok(invites(caller.invites(store)?, now_ms)),
        other => Ok(answer(caller.change(store, command(other)?, now_ms)?, now_ms)),
    }
}

pub(super) fn users(rows: Vec<UserSummary>) -> Answer {
    Answer::Users { users: rows.into_iter().map(user).collect() }
}

pub(super) fn devices(rows: Vec<DeviceSummary>) -> Answer {
    Answer::Devices { devices: rows.into_iter().map(|row| device(row, None)).collect() }
}

pub(super) fn invites(rows: Vec<InviteSummary>, now_ms: u64) -> Answer {
    Answer::Invites { invites: rows.into_iter().map(|row| invite(row, now_ms)).collect() }
}

pub(super) fn command(request: &Request) -> Result<AccessCommand, Failure> {
    Ok(match request.clone() {
        Request::RoleSet { user, space, role } => {
            AccessCommand::SetRole { user, space, role: read_role(&role)? }
        }
        Request::RoleRemove { user, space } => AccessCommand::RemoveRole { user, space },
        Request::DeviceRevoke { device, lost } => AccessCommand::RevokeDevice { device, lost },
        Request::DeviceActivate { device } => AccessCommand::ActivateDevice { device },
        Request::InviteCancel { invite } => AccessCommand::CancelInvite { invite },
        other => return Err(Failure::new("bad_request", format!("{other:?} changes no access"))),
    })
}

pub(super) fn answer(done: AccessDone, now_ms: u64) -> Answer {
    match done {
        AccessDone::Role { user, space, before, now, devices } => Answer::Role(RoleView {
            user,
            space,
            before: before.map(|role| role.as_str().to_owned()),
            role: now.map(|role| role.as_str().to_owned()),
            devices,
        }),
        AccessDone::Device { device: row, changed } => Answer::Device(device(row, Some(changed))),
        AccessDone::Erased(summary) => Answer::Erasure(super::erase::view(summary)),
        AccessDone::Invite(row) => Answer::InviteCancelled(invite(row, now_ms)),
    }
}

fn user(row: UserSummary) -> UserView {
    let role = |(space, role): (String, forsat_sync::frame::Role)| UserRoleView {
        space,
        role: role.as_str().to_owned(),
    };
    UserView {
        name: row.name,
        email: row.email,
        id: row.id.map(|id| id.to_string()),
        roles: row.roles.into_iter().map(role).collect(),
        devices: row.devices,
    }
}

fn device(row: DeviceSummary, changed: Option<bool>) -> DeviceView {
    DeviceView {
        id: row.id.to_string(),
        name: row.name,
        user: row.user,
        state: row.state.as_str().to_owned(),
        enrolled_at_ms: row.enrolled_at_ms,
        seen_at_ms: row.seen_at_ms,
        changed,
    }
}

fn invite(row: InviteSummary, now_ms: u64) -> InviteEntryView {
    let state = match row.used_by {
        Some(_) => "used",
        None if row.expires_at_ms <= now_ms => "expired",
        None => "open",
    };
    InviteEntryView {
        id: row.id,
        user: row.user,
        space: row.space,
        role: row.role.as_str().to_owned(),
        state: state.to_owned(),
        expires_at_ms: row.expires_at_ms,
        used_by: row.used_by.map(|device| device.to_string()),
        approve: row.approve,
    }
}
