//! What an administrator asks of the relay from their device: who may do what, which devices there are, invites.
//!
//! The relay decides what is theirs to ask. Requests and answers are those of its admin socket, as JSON.

use forsat_sync::identity::{InviteCode, InviteSecret};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::connect::{self, ConnectOptions};
use crate::engine::Engine;
use crate::error::ClientError;

/// A request of an administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum AccessRequest {
    /// Make a space, of which they become an administrator.
    SpaceAdd {
        /// Its name.
        name: String,
    },
    /// The spaces that are theirs to administer.
    SpaceList,
    /// The users of the spaces that are theirs to administer.
    UserList,
    /// The devices of these users.
    DeviceList,
    /// The invites to these spaces.
    InviteList,
    /// Give a user a role.
    RoleSet {
        /// Name, e-mail, or the beginning of either or of the id.
        user: String,
        /// The space's name.
        space: String,
        /// `admin`, `manager`, `rep` or `viewer`.
        role: String,
    },
    /// Take a user's role.
    RoleRemove {
        /// As above.
        user: String,
        /// The space's name.
        space: String,
    },
    /// Take a device's access for good.
    DeviceRevoke {
        /// Its name or the beginning of its id.
        device: String,
        /// Whether it is in strange hands: it erases what it never sent, too.
        lost: bool,
    },
    /// Let in a device that waits.
    DeviceActivate {
        /// Its name or the beginning of its id.
        device: String,
    },
    /// Make an invite that nobody has redeemed worthless.
    InviteCancel {
        /// Its id in the list, or the beginning of it.
        invite: String,
    },
}

/// Whom an administrator invites, and to what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteRequest {
    /// `Name`, `e-mail` or `Name <e-mail>`.
    pub user: String,
    /// The space's name.
    pub space: String,
    /// `admin`, `manager`, `rep` or `viewer`.
    pub role: String,
    /// Whether the device that redeems it waits to be let in.
    pub approve: bool,
}

/// An answer of the relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum AccessAnswer {
    /// A space was made.
    Space(SpaceAccess),
    /// The spaces, by name.
    Spaces {
        /// The spaces.
        spaces: Vec<SpaceAccess>,
    },
    /// The users, by name.
    Users {
        /// The users.
        users: Vec<UserAccess>,
    },
    /// The devices, by user.
    Devices {
        /// The devices.
        devices: Vec<DeviceAccess>,
    },
    /// The invites, the last to expire first.
    Invites {
        /// The invites.
        invites: Vec<InviteAccess>,
    },
    /// A user's role, before and now.
    Role(RoleAccess),
    /// A device as it stands now.
    Device(DeviceAccess),
    /// The invite that is cancelled.
    InviteCancelled(InviteAccess),
    /// An invite was made.
    Invite(MadeInvite),
    /// Nothing was done.
    Failed {
        /// A stable word.
        code: String,
        /// The same for a person.
        message: String,
    },
}

/// A space that the user administers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceAccess {
    /// Its id, hex.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether it is the space that every member reads.
    pub common: bool,
}

/// A user, as far as the administrator may know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserAccess {
    /// What they are called.
    pub name: String,
    /// Their e-mail.
    pub email: Option<String>,
    /// Their id, hex; none before their first device.
    pub id: Option<String>,
    /// Their roles.
    pub roles: Vec<SpaceRole>,
    /// Devices that aren't revoked.
    pub devices: u64,
}

/// A role in a space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceRole {
    /// The space's name.
    pub space: String,
    /// The role.
    pub role: String,
}

/// A user's role in a space, before and now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleAccess {
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
pub struct DeviceAccess {
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
pub struct InviteAccess {
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

/// An invite that was just made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeInvite {
    /// Who is invited.
    pub user: String,
    /// The space's name.
    pub space: String,
    /// The role that it gives there.
    pub role: String,
    /// Whether the device that redeems it waits to be let in.
    pub approve: bool,
    /// The user's devices that aren't revoked: what the invite gives is theirs too, whoever has them.
    #[serde(default)]
    pub devices: u64,
    /// Whether the user has no role in the space yet.
    #[serde(default)]
    pub first_role: bool,
    /// Where the relay is, as this device reaches it.
    pub url: String,
    /// What is redeemed, once.
    pub code: String,
    /// Until when, milliseconds since 1970 by the relay's clock.
    pub expires_at_ms: u64,
    /// What the invited person runs.
    pub command: String,
}

/// The request to make an invite; the relay hears the hash of the secret alone.
#[derive(Serialize)]
struct WireInvite<'a> {
    request: &'static str,
    user: &'a str,
    space: &'a str,
    role: &'a str,
    approve: bool,
    secret_hash: String,
}

impl Engine {
    /// Asks the relay for what administrators do. Refused with what the relay says where it isn't theirs to ask.
    pub async fn ask_access(
        &self,
        options: &ConnectOptions,
        request: &AccessRequest,
    ) -> Result<AccessAnswer, ClientError> {
        ask(self, options, &request).await
    }

    /// Makes an invite at the relay. The secret is made here.
    pub async fn invite(
        &self,
        options: &ConnectOptions,
        request: &InviteRequest,
    ) -> Result<MadeInvite, ClientError> {
        let relay = self.read()?.identity()?.relay.ok_or(ClientError::NotJoined)?;
        let mut bytes = [0; 16];
        self.ambient().fill(&mut bytes);
        let secret = InviteSecret::from_bytes(bytes);
        let asked = WireInvite {
            request: "invite",
            user: &request.user,
            space: &request.space,
            role: &request.role,
            approve: request.approve,
            secret_hash: hex::encode(secret.hash().as_bytes()),
        };
        let AccessAnswer::Invite(made) = ask(self, options, &asked).await? else { return Err(unread()) };
        let address = Some(relay.url.clone()).filter(|url| url.len() <= InviteCode::ADDRESS_BYTES_MAX);
        let code = InviteCode { secret, relay: relay.id, address }.to_string();
        let command = format!("forsat join {} {code}", relay.url);
        Ok(MadeInvite { url: relay.url, code, command, ..made })
    }
}

async fn ask(
    engine: &Engine,
    options: &ConnectOptions,
    request: &impl Serialize,
) -> Result<AccessAnswer, ClientError> {
    match ask_as(engine, options, request).await? {
        AccessAnswer::Failed { code, message } => Err(ClientError::NotAdministered { code, message }),
        answer => Ok(answer),
    }
}

/// Asks the relay as an administrator does; the answer as `T`.
pub(crate) async fn ask_as<T: DeserializeOwned>(
    engine: &Engine,
    options: &ConnectOptions,
    request: &impl Serialize,
) -> Result<T, ClientError> {
    let request = serde_json::to_vec(request).expect("requests have text keys and plain values");
    let answer = connect::administer(engine, options, request).await?;
    serde_json::from_slice(&answer).map_err(|_| unread())
}

/// What a relay of another version answers.
pub(crate) fn unread() -> ClientError {
    ClientError::NoAdminAnswer
}
