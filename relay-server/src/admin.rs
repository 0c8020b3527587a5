//! What an operator asks of a relay: requests, answers, and how they are done on a store.
//!
//! The same requests go through the admin socket of a relay that serves, one JSON object a line each way, over HTTP from a
//! program with a token, and straight to the store of a relay that doesn't serve.

mod erase;
mod looking;
mod manage;
pub(crate) mod orders;
pub(crate) mod programs;
mod quarantine;
mod socket;
mod tokens;

use forsat_sync::frame::Role;
use forsat_sync::id::SpaceId;
use forsat_sync::identity::{InviteCode, InviteSecret, RelayKey};
use serde::{Deserialize, Serialize};

pub use self::erase::ErasureView;
pub(crate) use self::looking::Looking;
pub use self::manage::{DeviceView, InviteEntryView, RoleView, UserRoleView, UserView};
pub use self::orders::DeviceRequest;
use self::programs::Caller;
pub use self::quarantine::{QuarantineDroppedView, QuarantineRowView, QuarantineView};
pub use self::socket::{SOCKET_NAME, ask};
pub(crate) use self::socket::{listen, serve};
pub use self::tokens::{TOKEN_MS_MAX, TokenMadeView, TokenView};
use crate::ambient;
use crate::hub::HubCounts;
use crate::identity::Identity;
use crate::store::{ControlError, Examination, NewInvite, RelayStore, SpaceSummary, StoreError};

/// How long an invite can be redeemed, in milliseconds.
pub const INVITE_MS: u64 = 24 * 60 * 60 * 1000;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Make a space.
    SpaceAdd {
        /// Its name.
        name: String,
    },
    /// List the spaces.
    SpaceList,
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
    },
    /// List the invites.
    InviteList,
    /// Make an invite worthless.
    InviteCancel {
        /// The beginning of its id.
        invite: String,
    },
    /// List the users with their roles.
    UserList,
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
    /// List the devices.
    DeviceList,
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
    /// Erase a record's document for good, or say what that would take away.
    Erase {
        /// The record's whole id.
        record: String,
        /// Whether it is meant.
        #[serde(default)]
        confirmed: bool,
    },
    /// Make a token for a program.
    TokenCreate {
        /// What it is called.
        name: String,
        /// What it is for: `read`, `access`.
        scopes: Vec<String>,
        /// The name of the only space that it may reach.
        #[serde(default)]
        space: Option<String>,
        /// How long it is good, in milliseconds; until it is revoked without.
        #[serde(default)]
        expires_in_ms: Option<u64>,
        /// Who makes it.
        #[serde(default)]
        by: String,
    },
    /// List the tokens.
    TokenList,
    /// Make a token worthless.
    TokenRevoke {
        /// Its name.
        name: String,
    },
    /// List what lies aside, without the changes themselves.
    QuarantineList {
        /// The name of the only space whose changes are listed.
        #[serde(default)]
        space: Option<String>,
        /// After this number, from 0.
        #[serde(default)]
        after: u64,
    },
    /// Drop changes out of quarantine for good, or say how many would go.
    QuarantineDrop {
        /// Which, unless a space is named.
        #[serde(default)]
        numbers: Vec<u64>,
        /// The name of the space all of whose changes are meant.
        #[serde(default)]
        space: Option<String>,
        /// Whether it is meant.
        #[serde(default)]
        confirmed: bool,
    },
    /// What makes the relay the one that its devices know.
    Identity,
    /// Count what there is.
    Status,
    /// Look whether the store holds together.
    Verify,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// A space was made.
    Space(SpaceView),
    /// All spaces, `common` first, then by name.
    Spaces {
        /// The spaces.
        spaces: Vec<SpaceView>,
    },
    /// An invite was made.
    Invite(InviteView),
    /// All invites, the last to expire first.
    Invites {
        /// The invites.
        invites: Vec<InviteEntryView>,
    },
    /// The invite that is cancelled.
    InviteCancelled(InviteEntryView),
    /// All users, by name.
    Users {
        /// The users.
        users: Vec<UserView>,
    },
    /// A user's role, before and now.
    Role(RoleView),
    /// All devices, by user.
    Devices {
        /// The devices.
        devices: Vec<DeviceView>,
    },
    /// A device as it stands now.
    Device(DeviceView),
    /// What there is, or was, of a document.
    Erasure(ErasureView),
    /// A token was made.
    TokenMade(TokenMadeView),
    /// All tokens, by name.
    Tokens {
        /// The tokens.
        tokens: Vec<TokenView>,
    },
    /// The token that is worthless now.
    TokenRevoked(TokenView),
    /// What lies aside, of the spaces whose manager or administrator asks.
    Quarantine {
        /// By number.
        entries: Vec<QuarantineView>,
        /// Whether there is more after the last of them.
        more: bool,
    },
    /// Changes were taken out of quarantine.
    QuarantineClosed {
        /// How many of the numbers name nothing any more.
        count: u64,
    },
    /// What lies aside, as an operator sees it.
    QuarantineRows {
        /// By number.
        rows: Vec<QuarantineRowView>,
        /// Whether there is more after the last of them.
        more: bool,
    },
    /// What was dropped out of quarantine, or would be.
    QuarantineDropped(QuarantineDroppedView),
    /// What makes the relay the one that its devices know, without the key of receipts.
    Identity(Identity),
    /// The counts.
    Status(StatusView),
    /// What a thorough look found.
    Verified(Examination),
    /// Nothing was done.
    Failed(Failure),
}

/// A space.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpaceView {
    /// Its id, hex.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether every member reads it.
    pub common: bool,
    /// The newest position of its feed.
    pub head: u64,
}

/// An invite, to be handed to one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteView {
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
    /// Where the relay is.
    pub url: String,
    /// What is redeemed, once.
    pub code: String,
    /// Until when, milliseconds since 1970 by the relay's clock.
    pub expires_at_ms: u64,
    /// What the invited person runs.
    pub command: String,
}

/// What a relay holds and does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusView {
    /// The workspace's name.
    pub workspace_name: String,
    /// The workspace's id, hex.
    pub workspace: String,
    /// The relay's public key, hex.
    pub relay: String,
    /// The epoch of this opening of the store, hex.
    pub epoch: String,
    /// The spaces.
    pub spaces: Vec<SpaceView>,
    /// Users that an invite named.
    pub users: u64,
    /// Devices that may connect.
    pub devices_active: u64,
    /// Devices that may not connect any more.
    pub devices_revoked: u64,
    /// Invites that can still be redeemed.
    pub invites_open: u64,
    /// Documents.
    pub documents: u64,
    /// Changes.
    pub changes: u64,
    /// Bytes of their canonical chunks.
    pub bytes: u64,
    /// Connections and such; only of a relay that serves.
    pub serving: Option<ServingView>,
}

/// What a serving relay does at present.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServingView {
    /// Where devices reach it.
    pub url: String,
    /// Open connections.
    pub connections: usize,
    /// Those of devices that proved who they are and may connect.
    pub established: usize,
    /// Those of revoked devices that set aside what they never sent.
    #[serde(default)]
    pub restricted: usize,
    /// Changes that became durable since it began to serve.
    pub changes_accepted: u64,
    /// Commits that the store refused since it began to serve.
    pub appends_failed: u64,
    /// Whether the last commit was refused.
    pub writes_failing: bool,
}

/// Why nothing was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// A stable word, such as `no_such_space`, `ambiguous`, `bad_request`, `store`, `damaged`.
    pub code: String,
    /// The same for a person, with what to do.
    pub message: String,
}

impl Request {
    /// Whether connections have to look up anew what they may do once it is done; it is in the control log then.
    pub fn changes_access(&self) -> bool {
        match self {
            Self::SpaceAdd { .. }
            | Self::Erase { .. }
            | Self::RoleSet { .. }
            | Self::RoleRemove { .. }
            | Self::DeviceRevoke { .. }
            | Self::DeviceActivate { .. } => true,
            Self::SpaceList
            | Self::Invite { .. }
            | Self::InviteList
            | Self::InviteCancel { .. }
            | Self::UserList
            | Self::DeviceList
            | Self::TokenCreate { .. }
            | Self::TokenList
            | Self::TokenRevoke { .. }
            | Self::QuarantineList { .. }
            | Self::QuarantineDrop { .. }
            | Self::Verify
            | Self::Identity
            | Self::Status => false,
        }
    }
}

impl Failure {
    fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

impl From<ControlError> for Failure {
    fn from(error: ControlError) -> Self {
        let code = match &error {
            ControlError::Store(StoreError::Corrupt { .. }) => "damaged",
            ControlError::Store(StoreError::LogAwaited) => "log_awaited",
            ControlError::Store(_) => "store",
            ControlError::NoSuchSpace(_) => "no_such_space",
            ControlError::SpaceExists(_) => "space_exists",
            ControlError::BadName(_) => "bad_name",
            ControlError::NoSuchUser(_) => "no_such_user",
            ControlError::NoSuchDevice(_) => "no_such_device",
            ControlError::NoSuchInvite(_) => "no_such_invite",
            ControlError::Ambiguous { .. } => "ambiguous",
            ControlError::UserWithoutDevice(_) => "user_without_device",
            ControlError::NoRole { .. } => "no_role",
            ControlError::DeviceRevoked(_) => "device_revoked",
            ControlError::NotAdministrator => "not_administrator",
            ControlError::NotManager => "not_manager",
            ControlError::InviteUsed(_) => "invite_used",
            ControlError::NoSuchToken(_) => "no_such_token",
            ControlError::TokenExists(_) => "token_exists",
            ControlError::TooManyTokens => "too_many_tokens",
            ControlError::TooManyInvites => "too_many_invites",
            ControlError::Unauthorized => "unauthorized",
            ControlError::ScopeMissing(_) => "scope_missing",
        };
        Self::new(code, error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        ControlError::Store(error).into()
    }
}

/// Carries out an operator's request on a store. `url` goes into invites; `serving` into the status.
pub fn execute(store: &dyn RelayStore, request: &Request, url: &str, serving: Option<ServingView>) -> Answer {
    carry_out(store, &Caller::Operator, request, url, serving)
}

/// The same for whoever may make the request.
fn carry_out(
    store: &dyn RelayStore,
    caller: &Caller,
    request: &Request,
    url: &str,
    serving: Option<ServingView>,
) -> Answer {
    let done = match request {
        Request::SpaceAdd { name } => add_space(store, name).map(Answer::Space),
        Request::SpaceList => spaces(store, caller).map(|spaces| Answer::Spaces { spaces }),
        Request::Invite { user, space, role, approve } => {
            let asked = Invitation { user, space, role, approve: *approve };
            invite_for(store, caller, &asked, url).map(Answer::Invite)
        }
        Request::Erase { record, confirmed } => erase::execute(store, record, *confirmed),
        Request::Status => caller.reaches_all().and_then(|()| status(store, serving)).map(Answer::Status),
        Request::Identity => Identity::of(store).map(Answer::Identity),
        Request::InviteList
        | Request::InviteCancel { .. }
        | Request::UserList
        | Request::RoleSet { .. }
        | Request::RoleRemove { .. }
        | Request::DeviceList
        | Request::DeviceRevoke { .. }
        | Request::DeviceActivate { .. } => manage::execute(store, caller, request),
        Request::TokenCreate { .. } | Request::TokenList | Request::TokenRevoke { .. } => {
            tokens::execute(store, request)
        }
        Request::QuarantineList { space, after } => quarantine::rows(store, space.as_deref(), *after),
        Request::QuarantineDrop { numbers, space, confirmed } => {
            quarantine::drop_rows(store, numbers, space.as_deref(), *confirmed)
        }
        Request::Verify => look(store).map(Answer::Verified).map_err(Failure::from),
    };
    done.unwrap_or_else(Answer::Failed)
}

/// Looks whether a store holds together.
pub fn look(store: &dyn RelayStore) -> Result<Examination, StoreError> {
    store.examine(&|| false)
}

/// The same as an answer, until it is to `stop`.
pub(crate) fn examine(store: &dyn RelayStore, stop: &dyn Fn() -> bool) -> Answer {
    store.examine(stop).map_or_else(|error| Answer::Failed(error.into()), Answer::Verified)
}

fn add_space(store: &dyn RelayStore, name: &str) -> Result<SpaceView, Failure> {
    let id = SpaceId::from_bytes(ambient::random_uuid());
    Ok(view(store.create_space(id, name, ambient::wall_ms())?))
}

fn spaces(store: &dyn RelayStore, caller: &Caller) -> Result<Vec<SpaceView>, Failure> {
    Ok(store.spaces()?.into_iter().filter(|space| caller.reaches(&space.id)).map(view).collect())
}

/// Whom an operator invites, and to what.
#[derive(Clone, Copy, Debug)]
pub struct Invitation<'a> {
    /// `Name`, `e-mail` or `Name <e-mail>`.
    pub user: &'a str,
    /// The space's name.
    pub space: &'a str,
    /// `admin`, `manager`, `rep` or `viewer`.
    pub role: &'a str,
    /// Whether the device that redeems it waits to be let in.
    pub approve: bool,
}

fn read_role(role: &str) -> Result<Role, Failure> {
    Role::parse(role).ok_or_else(|| {
        Failure::new("bad_request", format!("\"{role}\" is no role: choose admin, manager, rep or viewer"))
    })
}

/// Makes an operator's invite and the command that redeems it.
pub fn invite(store: &dyn RelayStore, asked: &Invitation<'_>, url: &str) -> Result<InviteView, Failure> {
    invite_for(store, &Caller::Operator, asked, url)
}

fn invite_for(
    store: &dyn RelayStore,
    caller: &Caller,
    asked: &Invitation<'_>,
    url: &str,
) -> Result<InviteView, Failure> {
    let Invitation { user, space, role, approve } = *asked;
    let role = read_role(role)?;
    let now_ms = ambient::wall_ms();
    let secret = InviteSecret::from_bytes(ambient::random());
    let expires_at_ms = caller.invite_expires_at_ms(now_ms);
    let new = NewInvite {
        secret: secret.hash(),
        user: user.to_owned(),
        space: space.to_owned(),
        role,
        approve,
        now_ms,
        expires_at_ms,
    };
    let made = caller.invite(store, new)?;
    let relay = RelayKey::from_seed(&store.identity().relay_key_seed).relay_id();
    let address = Some(url.to_owned()).filter(|url| url.len() <= InviteCode::ADDRESS_BYTES_MAX);
    let code = InviteCode { secret, relay, address }.to_string();
    Ok(InviteView {
        user: user.trim().to_owned(),
        space: made.space.name,
        role: role.as_str().to_owned(),
        approve,
        devices: made.devices,
        first_role: made.first_role,
        url: url.to_owned(),
        command: format!("forsat join {url} {code}"),
        code,
        expires_at_ms,
    })
}

fn status(store: &dyn RelayStore, serving: Option<ServingView>) -> Result<StatusView, Failure> {
    let identity = store.identity();
    let counts = store.status(ambient::wall_ms())?;
    Ok(StatusView {
        workspace_name: identity.workspace_name,
        workspace: identity.workspace.to_string(),
        relay: RelayKey::from_seed(&identity.relay_key_seed).relay_id().to_string(),
        epoch: format!("{:016x}", identity.epoch.get()),
        spaces: counts.spaces.into_iter().map(view).collect(),
        users: counts.users,
        devices_active: counts.devices_active,
        devices_revoked: counts.devices_revoked,
        invites_open: counts.invites_open,
        documents: counts.documents,
        changes: counts.changes,
        bytes: counts.bytes,
        serving,
    })
}

/// What a serving relay says of itself.
pub(crate) fn serving(url: &str, counts: HubCounts) -> ServingView {
    ServingView {
        url: url.to_owned(),
        connections: counts.connections,
        established: counts.established,
        restricted: counts.restricted,
        changes_accepted: counts.changes_accepted,
        appends_failed: counts.appends_failed,
        writes_failing: counts.writes_failing,
    }
}

fn view(space: SpaceSummary) -> SpaceView {
    SpaceView { id: space.id.to_string(), name: space.name, common: space.common, head: space.head.get() }
}
