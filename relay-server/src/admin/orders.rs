//! What administrators and managers ask from their devices: changes of access, invites and what lies in quarantine, as JSON in a
//! frame of the protocol.
//!
//! The answers are those of the admin socket. The device makes an invite's secret itself and sends the hash alone.

use forsat_sync::frame::ADMIN_ANSWER_BYTES_MAX;
use forsat_sync::id::{DeviceId, SpaceId};
use forsat_sync::identity::SecretHash;
use serde::{Deserialize, Serialize};

use super::{Answer, Failure, INVITE_MS, InviteView, Request, manage, quarantine, read_role, view};
use crate::ambient;
use crate::store::{
    AdminDone, AdminOrder, ControlError, Invited, NewInvite, Orderer, RelayStore, StoreError,
};

/// A request of an administrator's device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case", deny_unknown_fields)]
pub enum DeviceRequest {
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
        /// As in `RoleSet`.
        user: String,
        /// The space's name.
        space: String,
    },
    /// Take a device's access for good.
    DeviceRevoke {
        /// Its name or the beginning of its id.
        device: String,
        /// Whether it is in strange hands.
        #[serde(default)]
        lost: bool,
    },
    /// Let in a device that waits.
    DeviceActivate {
        /// Its name or the beginning of its id.
        device: String,
    },
    /// Make a space, of which the user becomes an administrator.
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
    /// Make an invite that nobody has redeemed worthless.
    InviteCancel {
        /// Its id in the list, or the beginning of it.
        invite: String,
    },
    /// What lies aside, of the spaces in which the user is a manager or administrator.
    QuarantineList {
        /// After this number, from 0.
        #[serde(default)]
        after: u64,
    },
    /// Take changes out of quarantine for good.
    QuarantineClose {
        /// Which.
        numbers: Vec<u64>,
        /// Whether they were applied, or dropped.
        applied: bool,
    },
    /// Make an invite.
    Invite {
        /// `Name`, `e-mail` or `Name <e-mail>`.
        user: String,
        /// The space's name.
        space: String,
        /// `admin`, `manager`, `rep` or `viewer`.
        role: String,
        /// Whether the device that redeems it waits to be let in.
        #[serde(default)]
        approve: bool,
        /// The hash of the secret, hex.
        secret_hash: String,
    },
}

/// Carries a request out; answers what the device is told, and whether access has changed. Errors are the store's.
pub(crate) fn execute(
    store: &dyn RelayStore,
    device: &DeviceId,
    request: &[u8],
    now_ms: u64,
) -> Result<(Vec<u8>, bool), StoreError> {
    let (answer, changed) = match carry_out(store, device, request, now_ms) {
        Ok(answer) => {
            let changed = matches!(answer, Answer::Role(_) | Answer::Device(_) | Answer::Space(_));
            (answer, changed)
        }
        Err(Refused::Store(error)) => return Err(error),
        Err(Refused::Told(failure)) => (Answer::Failed(failure), false),
    };
    let told = |answer| serde_json::to_vec(answer).expect("answers have text keys and plain values");
    let bytes = told(&answer);
    if bytes.len() <= ADMIN_ANSWER_BYTES_MAX {
        return Ok((bytes, changed));
    }
    let long =
        Failure::new("too_many", "the list is longer than a device can be told: ask the relay's operator");
    Ok((told(&Answer::Failed(long)), changed))
}

/// Why nothing was done.
enum Refused {
    Store(StoreError),
    Told(Failure),
}

impl From<ControlError> for Refused {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Store(error) => Self::Store(error),
            other => Self::Told(other.into()),
        }
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Told(failure)
    }
}

fn carry_out(
    store: &dyn RelayStore,
    device: &DeviceId,
    request: &[u8],
    now_ms: u64,
) -> Result<Answer, Refused> {
    let request: DeviceRequest = serde_json::from_slice(request).map_err(|error| {
        Failure::new("bad_request", format!("the request could not be read ({error}): update the programs"))
    })?;
    let by = Orderer::Device(*device);
    let lists = || store.access().access_lists(&by, now_ms);
    match &request {
        DeviceRequest::SpaceList => {
            let spaces = lists()?.spaces.into_iter().map(view).collect();
            return Ok(Answer::Spaces { spaces });
        }
        DeviceRequest::UserList => return Ok(manage::users(lists()?.users)),
        DeviceRequest::DeviceList => return Ok(manage::devices(lists()?.devices)),
        DeviceRequest::InviteList => return Ok(manage::invites(lists()?.invites, now_ms)),
        DeviceRequest::QuarantineList { after } => return Ok(quarantine::list(store, device, *after)?),
        DeviceRequest::QuarantineClose { numbers, applied } => {
            return Ok(quarantine::close(store, device, numbers, *applied, now_ms)?);
        }
        _ => {}
    }
    let order = order(&request, now_ms)?;
    Ok(match store.access().administer(&by, &order, now_ms)? {
        AdminDone::Changed(done) => manage::answer(done, now_ms),
        AdminDone::SpaceMade(space) => Answer::Space(view(space)),
        AdminDone::Invited(made) => Answer::Invite(invited(request, made, now_ms)),
    })
}

fn order(request: &DeviceRequest, now_ms: u64) -> Result<AdminOrder, Failure> {
    let request = match request.clone() {
        DeviceRequest::RoleSet { user, space, role } => Request::RoleSet { user, space, role },
        DeviceRequest::RoleRemove { user, space } => Request::RoleRemove { user, space },
        DeviceRequest::DeviceRevoke { device, lost } => Request::DeviceRevoke { device, lost },
        DeviceRequest::DeviceActivate { device } => Request::DeviceActivate { device },
        DeviceRequest::InviteCancel { invite } => Request::InviteCancel { invite },
        DeviceRequest::SpaceAdd { name } => {
            return Ok(AdminOrder::MakeSpace { space: SpaceId::from_bytes(ambient::random_uuid()), name });
        }
        DeviceRequest::SpaceList => Request::SpaceList,
        DeviceRequest::UserList => Request::UserList,
        DeviceRequest::DeviceList => Request::DeviceList,
        DeviceRequest::InviteList => Request::InviteList,
        DeviceRequest::QuarantineList { .. } | DeviceRequest::QuarantineClose { .. } => {
            return Err(Failure::new("bad_request", "what lies aside is no change of access"));
        }
        DeviceRequest::Invite { user, space, role, approve, secret_hash } => {
            let secret = hex::decode(&secret_hash).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            let secret = secret.map(SecretHash::from_bytes);
            let secret =
                secret.ok_or_else(|| Failure::new("bad_request", "the hash of the secret can't be read"))?;
            let role = read_role(&role)?;
            let expires_at_ms = now_ms.saturating_add(INVITE_MS);
            return Ok(AdminOrder::Invite(NewInvite {
                secret,
                user,
                space,
                role,
                approve,
                now_ms,
                expires_at_ms,
            }));
        }
    };
    manage::command(&request).map(AdminOrder::Change)
}

/// What is told of an invite; the device knows the secret and where the relay is.
fn invited(request: DeviceRequest, made: Invited, now_ms: u64) -> InviteView {
    let (user, role, approve) = match request {
        DeviceRequest::Invite { user, role, approve, .. } => (user, role, approve),
        _ => Default::default(),
    };
    InviteView {
        user: user.trim().to_owned(),
        space: made.space.name,
        role,
        approve,
        devices: made.devices,
        first_role: made.first_role,
        url: String::new(),
        code: String::new(),
        expires_at_ms: now_ms.saturating_add(INVITE_MS),
        command: String::new(),
    }
}
