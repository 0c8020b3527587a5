//! Who asks: the operator at the relay, or a program of the operator's with a token, which may less.

use forsat_sync::id::SpaceId;

use super::{Answer, Failure, INVITE_MS, Request, ServingView, carry_out};
use crate::ambient;
use crate::store::{
    AccessCommand, AccessDone, AccessLists, AdminDone, AdminOrder, ControlError, DeviceSummary,
    InviteSummary, Invited, NewInvite, Orderer, RelayStore, Scope, TokenSummary, UserSummary,
};
use crate::token::TokenHash;

impl Request {
    /// What a token has to be for to make the request; none where no token will do.
    ///
    /// No program erases, sees or drops what lies aside, looks through the store, makes what can't be taken away again, or makes tokens.
    pub fn scope(&self) -> Option<Scope> {
        match self {
            Self::SpaceList | Self::InviteList | Self::UserList | Self::DeviceList | Self::Status => {
                Some(Scope::Read)
            }
            // What a lost device never sent is gone for good.
            Self::DeviceRevoke { lost: true, .. } => None,
            Self::Invite { .. }
            | Self::InviteCancel { .. }
            | Self::RoleSet { .. }
            | Self::RoleRemove { .. }
            | Self::DeviceRevoke { lost: false, .. }
            | Self::DeviceActivate { .. } => Some(Scope::Access),
            Self::SpaceAdd { .. }
            | Self::Erase { .. }
            | Self::QuarantineList { .. }
            | Self::QuarantineDrop { .. }
            | Self::Verify
            | Self::TokenCreate { .. }
            | Self::TokenList
            | Self::TokenRevoke { .. }
            // Whoever has it can pass for the relay.
            | Self::Identity => None,
        }
    }
}

/// Who asks.
pub(super) enum Caller {
    /// Whoever may open the admin socket or the store.
    Operator,
    /// A program, by its token.
    Program(TokenSummary),
}

impl Caller {
    pub(super) fn users(&self, store: &dyn RelayStore) -> Result<Vec<UserSummary>, Failure> {
        match self {
            Self::Operator => Ok(store.access().users()?),
            Self::Program(token) => Ok(lists(store, token)?.users),
        }
    }

    pub(super) fn devices(&self, store: &dyn RelayStore) -> Result<Vec<DeviceSummary>, Failure> {
        match self {
            Self::Operator => Ok(store.access().all_devices()?),
            Self::Program(token) => Ok(lists(store, token)?.devices),
        }
    }

    pub(super) fn invites(&self, store: &dyn RelayStore) -> Result<Vec<InviteSummary>, Failure> {
        match self {
            Self::Operator => Ok(store.access().invites()?),
            Self::Program(token) => Ok(lists(store, token)?.invites),
        }
    }

    /// Changes who may do what.
    pub(super) fn change(
        &self,
        store: &dyn RelayStore,
        command: AccessCommand,
        now_ms: u64,
    ) -> Result<AccessDone, Failure> {
        match self {
            Self::Operator => Ok(store.access().change_access(&command, now_ms)?),
            Self::Program(token) => match order(store, token, AdminOrder::Change(command), now_ms)? {
                AdminDone::Changed(done) => Ok(done),
                AdminDone::Invited(_) | AdminDone::SpaceMade(_) => Err(internal()),
            },
        }
    }

    /// Makes an invite.
    pub(super) fn invite(&self, store: &dyn RelayStore, new: NewInvite) -> Result<Invited, Failure> {
        match self {
            Self::Operator => Ok(store.create_invite(&new)?),
            Self::Program(token) => {
                let now_ms = new.now_ms;
                match order(store, token, AdminOrder::Invite(new), now_ms)? {
                    AdminDone::Invited(invited) => Ok(invited),
                    AdminDone::Changed(_) | AdminDone::SpaceMade(_) => Err(internal()),
                }
            }
        }
    }

    /// Until when an invite that is made now can be redeemed: not beyond the token that makes it.
    pub(super) fn invite_expires_at_ms(&self, now_ms: u64) -> u64 {
        let full = now_ms.saturating_add(INVITE_MS);
        match self {
            Self::Operator => full,
            Self::Program(token) => token.expires_at_ms.map_or(full, |expires_at_ms| expires_at_ms.min(full)),
        }
    }

    /// Whether a space is told of.
    pub(super) fn reaches(&self, space: &SpaceId) -> bool {
        match self {
            Self::Operator => true,
            Self::Program(token) => token.space.as_ref().is_none_or(|(only, _)| only == space),
        }
    }

    /// Fails where what is asked is about every space and the token isn't.
    pub(super) fn reaches_all(&self) -> Result<(), Failure> {
        match self {
            Self::Program(token) if token.space.is_some() => Err(outside(token)),
            Self::Program(_) | Self::Operator => Ok(()),
        }
    }
}

fn lists(store: &dyn RelayStore, token: &TokenSummary) -> Result<AccessLists, Failure> {
    let lists = store.access().access_lists(&Orderer::Program(token.hash), ambient::wall_ms());
    lists.map_err(|error| refused(token, error))
}

fn order(
    store: &dyn RelayStore,
    token: &TokenSummary,
    order: AdminOrder,
    now_ms: u64,
) -> Result<AdminDone, Failure> {
    let done = store.access().administer(&Orderer::Program(token.hash), &order, now_ms);
    done.map_err(|error| refused(token, error))
}

fn refused(token: &TokenSummary, error: ControlError) -> Failure {
    match error {
        ControlError::NotAdministrator => outside(token),
        other => other.into(),
    }
}

fn outside(token: &TokenSummary) -> Failure {
    let space = token.space.as_ref().map_or("", |(_, name)| name.as_str());
    let message = format!(
        "the token is for the space \"{space}\" alone, and this concerns others or all: make another one at the relay, or ask \
         its operator"
    );
    Failure::new("outside_space", message)
}

fn internal() -> Failure {
    Failure::new("internal", "an order came to what it wasn't: please report it")
}

/// The token of a hash, if it is good.
pub(crate) fn authenticate(store: &dyn RelayStore, token: &TokenHash) -> Result<TokenSummary, Failure> {
    let found = store.tokens().use_token(token, ambient::wall_ms())?;
    found.ok_or_else(|| ControlError::Unauthorized.into())
}

/// Carries out what a program asks, as far as its token reaches.
pub(crate) fn execute(
    store: &dyn RelayStore,
    token: &TokenHash,
    request: &Request,
    url: &str,
    serving: ServingView,
) -> Answer {
    let token = match authenticate(store, token) {
        Ok(token) => token,
        Err(failure) => return Answer::Failed(failure),
    };
    let name = token.name.clone();
    let answer = match request.scope() {
        None => Answer::Failed(Failure::new(
            "operator_only",
            "no token is for this: the operator does it at the relay, with forsat-relay",
        )),
        Some(scope) if !token.scopes.contains(&scope) => {
            Answer::Failed(ControlError::ScopeMissing(scope).into())
        }
        Some(_) => carry_out(store, &Caller::Program(token), request, url, Some(serving)),
    };
    record(&name, request, &answer);
    answer
}

/// Writes into the log who asked what and what came of it: in the control log it stands as the operator's.
fn record(token: &str, request: &Request, answer: &Answer) {
    let outcome = match answer {
        Answer::Failed(failure) => failure.code.as_str(),
        _ => "done",
    };
    match request.scope() {
        Some(Scope::Read) => tracing::debug!(token, ?request, outcome, "a program asked"),
        Some(Scope::Access) | None => tracing::info!(token, ?request, outcome, "a program ordered"),
    }
}
