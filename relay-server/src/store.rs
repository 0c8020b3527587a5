//! What the relay keeps, behind one trait: batched, transactional, without async.
//!
//! An implementation commits every write method in one durable transaction and answers only after it. Role checks
//! happen inside that transaction. The trait is shaped for two homes: an embedded store with one writer, and a
//! database server, where a batch is one round of statements.

pub mod conformance;
mod examination;
mod manage;
mod quarantine;
mod redb;
mod tokens;

use forsat_sync::accept::{LaterReason, RefuseReason};
use forsat_sync::chunk::{ChangeHeader, ChunkError};
use forsat_sync::heal::Answer;
use forsat_sync::id::{DeviceId, Digest, DocumentId, Epoch, FeedSeq, SpaceId, UserId, WorkspaceId};
use forsat_sync::identity::{Receipt, SecretHash};

pub use forsat_sync::frame::Role;
pub use forsat_sync::relay::{
    AsideRequest, DeviceRecord, Directory, EnrolRequest, FeedPage, HealRequest, MoveRequest, PageRequest,
};

pub use self::examination::{Examination, FINDINGS_MAX, FindingKind, Remedy, Repaired, StoreFinding};
pub use self::manage::{
    AccessCommand, AccessDone, AccessLists, AccessStore, AdminDone, AdminOrder, ControlAdopted, DeviceState,
    DeviceSummary, DocumentSummary, InviteSummary, Invited, MoveOutcome, UserSummary,
};
pub use self::quarantine::{
    Aside, AsideItem, AsideItemOutcome, AsideOutcome, QUARANTINE_ENTRY_COST, QuarantineEntry,
    QuarantineStore, QuarantineSummary,
};
pub use self::redb::{BackendSource, InitWorkspace, MadeAnew, OpenOptions, RedbStore};
pub use self::tokens::{
    INVITES_WAITING_MAX, NewToken, Orderer, Scope, TOKENS_MAX, TokenStore, TokenSummary, USED_STEP_MS,
};

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk has no room. Nothing was written; reads go on.
    #[error(
        "no space is left for the store: free some disk space; nothing was lost and pushes are taken again by themselves"
    )]
    Full,
    /// Reading or writing failed. The next call opens the store anew.
    #[error("the store could not be read or written: {0}")]
    Io(String),
    /// The operating system could not say that written data is on the disk: what is there is unknown.
    #[error(
        "the disk did not confirm a write (fsync failed): {0}; check the disk before starting the relay again"
    )]
    SyncFailed(String),
    /// A row can't be what was written.
    #[error(
        "the store is damaged in table {table}: {reason}; restore a backup, devices bring back what is newer"
    )]
    Corrupt {
        /// The table.
        table: &'static str,
        /// What is wrong with the row.
        reason: String,
    },
    /// The file was written by a newer version.
    #[error("the store has format {found}, this version knows up to {known}: use a newer forsat-relay")]
    Format {
        /// What the file says.
        found: u64,
        /// What this version reads.
        known: u64,
    },
    /// There is no relay store in the place.
    #[error("there is no relay store here: run `forsat-relay init` first")]
    NotInitialised,
    /// There already is a relay store in the place.
    #[error("there already is a relay store here: nothing was changed")]
    AlreadyInitialised,
    /// The store was made anew, and no device has brought the control log yet.
    #[error(
        "this relay was made anew and waits for the control log: let a device sync that was in before, best an administrator's; \
         until then nobody can be invited, let in or thrown out"
    )]
    LogAwaited,
    /// Another process holds the store.
    #[error("another process has the store open: only one relay may serve it")]
    InUse,
}

impl StoreError {
    /// Whether trying again later can help.
    pub fn can_retry(&self) -> bool {
        matches!(self, Self::Full | Self::Io(_) | Self::InUse)
    }

    /// Whether the process must end: what is on the disk is unknown, or not what was written.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::SyncFailed(_))
    }
}

/// Why an administrative request was not done; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No space of that name.
    #[error("there is no space named \"{0}\": see `forsat-relay space list`")]
    NoSuchSpace(String),
    /// The name is taken.
    #[error("there already is a space named \"{0}\": choose another name")]
    SpaceExists(String),
    /// A name that can't be used.
    #[error("{0}")]
    BadName(&'static str),
    /// Nobody of that name.
    #[error("there is no user \"{0}\": see `forsat-relay user list`")]
    NoSuchUser(String),
    /// No device of that name or id.
    #[error("there is no device \"{0}\": see `forsat-relay device list`")]
    NoSuchDevice(String),
    /// No invite of that id.
    #[error("there is no invite \"{0}\": see `forsat-relay invite list`")]
    NoSuchInvite(String),
    /// More than one fits.
    #[error("\"{text}\" can be any of {candidates}: type more of it, or the id")]
    Ambiguous {
        /// What was typed.
        text: String,
        /// What fits.
        candidates: String,
    },
    /// A user who never joined has no roles yet.
    #[error("\"{0}\" has no device yet: the invite gives the role; cancel it and make another one")]
    UserWithoutDevice(String),
    /// There is nothing to take.
    #[error("\"{user}\" has no role in \"{space}\": see `forsat-relay user list`")]
    NoRole {
        /// The user's name.
        user: String,
        /// The space's name.
        space: String,
    },
    /// Revoking is for good.
    #[error("the device \"{0}\" was revoked, which is for good: make an invite, and let it join anew")]
    DeviceRevoked(String),
    /// Not an administrator, or not of all that it concerns.
    #[error(
        "only an administrator of every space that this concerns may do it: ask one, or the relay's operator"
    )]
    NotAdministrator,
    /// No token of that name.
    #[error("there is no token \"{0}\": see `forsat-relay token list`")]
    NoSuchToken(String),
    /// The name is taken.
    #[error("there already is a token \"{0}\": revoke it, or choose another name")]
    TokenExists(String),
    /// There are as many as there may be.
    #[error("there are {TOKENS_MAX} tokens, which is as many as there may be: revoke those that nobody uses")]
    TooManyTokens,
    /// As many invites of one administrator, or by one token, wait as may.
    #[error(
        "{INVITES_WAITING_MAX} invites that were made so wait to be redeemed, which is as many as may: cancel some"
    )]
    TooManyInvites,
    /// A program showed a token that isn't good, whatever the reason.
    #[error("the token isn't good: it is wrong, past its time, or revoked; make another one at the relay")]
    Unauthorized,
    /// The token isn't for that.
    #[error("the token lacks the scope `{}`: make one with it at the relay", .0.as_str())]
    ScopeMissing(Scope),
    /// Neither a manager nor an administrator of any space.
    #[error("only managers and administrators see and close what is in quarantine: ask one of the space")]
    NotManager,
    /// Somebody has redeemed it.
    #[error("the invite {0} was redeemed: revoke the device instead, see `forsat-relay device list`")]
    InviteUsed(String),
}

impl ControlError {
    /// Whether something that was named isn't there, of what the control log knows.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(
            self,
            Self::NoSuchSpace(_) | Self::NoSuchUser(_) | Self::NoSuchDevice(_) | Self::NoSuchInvite(_)
        )
    }
}

/// The fixed facts of a relay store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreIdentity {
    /// The workspace that it serves.
    pub workspace: WorkspaceId,
    /// The workspace's name.
    pub workspace_name: String,
    /// Seed of the relay's ed25519 key.
    pub relay_key_seed: [u8; 32],
    /// The epoch of this opening.
    pub epoch: Epoch,
    /// The space that every member reads.
    pub common: SpaceId,
}

/// A space as an operator sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceSummary {
    /// Its id.
    pub id: SpaceId,
    /// Its name, unique in the workspace when folded.
    pub name: String,
    /// Whether it is the one that every member reads.
    pub common: bool,
    /// The newest position of its feed.
    pub head: FeedSeq,
}

/// What became of an enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EnrolOutcome {
    /// The device may connect from now on, or as soon as it is let in: its standing says. Asking again with the same key answers the same.
    Enrolled(DeviceRecord),
    /// No such invite, used by another device, or too old: one answer for all.
    Invalid,
    /// The workspace has as many devices as it may have.
    TooManyDevices,
}

/// A new invite.
#[derive(Clone, Debug)]
pub struct NewInvite {
    /// The hash of the secret.
    pub secret: SecretHash,
    /// Who is invited: `Name`, `e-mail` or `Name <e-mail>`.
    pub user: String,
    /// The space's name.
    pub space: String,
    /// The role that it gives there.
    pub role: Role,
    /// Whether the device that redeems it waits for an operator to let it in.
    pub approve: bool,
    /// The relay's clock, milliseconds since 1970.
    pub now_ms: u64,
    /// Until when it can be redeemed, by the relay's clock.
    pub expires_at_ms: u64,
}

/// Pushes of many devices that share one commit.
#[derive(Clone, Debug, Default)]
pub struct AppendBatch {
    /// The relay's clock, milliseconds since 1970; goes into the entries.
    pub now_ms: u64,
    /// The pushes, in the order in which they are judged.
    pub pushes: Vec<Push>,
    /// Devices that were heard of since the last batch, with when.
    pub seen: Vec<(DeviceId, u64)>,
}

/// The changes of one device for one space.
#[derive(Clone, Debug)]
pub struct Push {
    /// Who sends them.
    pub device: DeviceId,
    /// Where they are to go.
    pub space: SpaceId,
    /// The changes, in the order in which they are judged.
    pub items: Vec<PushItem>,
    /// Whether they are brought back to a store that has lost them.
    ///
    /// With a valid receipt a change is taken whoever brings it, as a change of the device that delivered it first.
    pub refill: bool,
}

/// A change, parsed before the transaction begins.
#[derive(Clone, Debug)]
pub struct PushItem {
    /// Its document.
    pub document: DocumentId,
    /// Its header and canonical bytes, or why it is none.
    pub chunk: Result<(ChangeHeader, Vec<u8>), ChunkError>,
    /// For one that is brought back: this relay's word that it took it before.
    pub receipt: Option<Receipt>,
}

/// What became of one push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushOutcome {
    /// An outcome a change, in order.
    Judged(Vec<ItemOutcome>),
    /// No such space, none that the user may see, or the device may not connect: one answer for all.
    Hidden,
    /// The user reads this space and may not write.
    Forbidden,
}

/// What became of one change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemOutcome {
    /// Durable at this position.
    Accepted(FeedSeq),
    /// It already was durable.
    Duplicate,
    /// Not now; the same bytes may be sent again.
    Later(Later),
    /// Never.
    Refused(Refusal),
}

impl ItemOutcome {
    /// Whether the change is durable.
    pub fn is_acked(&self) -> bool {
        matches!(self, Self::Accepted(_) | Self::Duplicate)
    }
}

/// Why a change is not taken now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Later {
    /// The checks of the document want something first.
    Judged(LaterReason),
    /// A quota of the workspace is used up.
    Quota(&'static str),
    /// The document has left the space; its feed says so, and the device takes the change along or gives it up.
    MovedOut,
}

/// Why a change is refused for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The chunk is none.
    Chunk(ChunkError),
    /// The checks of the document refuse it.
    Judged(RefuseReason),
    /// The document lives in another space; which one, if the user may see it.
    HomeIs(Option<SpaceId>),
    /// The document would get more heads than it may have.
    TooManyHeads,
    /// Brought back by somebody who may not write, without a receipt that is this relay's.
    Unverified,
    /// In `common` the user's role doesn't write documents of this kind.
    Forbidden,
    /// The document was erased, for good.
    Erased,
}

/// What a request for entries gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageOutcome {
    /// Entries.
    Page(FeedPage),
    /// No such space, none that the user may see, or the device may not connect: one answer for all.
    Hidden,
    /// The epoch is not listed, or the position lies beyond what it covers.
    CursorInvalid,
}

/// What a question of healing gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HealOutcome {
    /// What the space holds.
    Answer(Answer),
    /// No such space, none that the user may see, or the device may not connect: one answer for all.
    Hidden,
}

/// What the relay holds, for `status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusCounts {
    /// Each space.
    pub spaces: Vec<SpaceSummary>,
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
}

/// A relay's storage. Every method is one transaction; every write is durable when it returns.
pub trait RelayStore: Send + Sync {
    /// The fixed facts.
    fn identity(&self) -> StoreIdentity;

    /// Fails when the process must end: a write was not confirmed by the disk.
    fn check(&self) -> Result<(), StoreError>;

    /// Appends what can be appended, in one commit; one outcome a push, in the order of the batch.
    ///
    /// A change that fails blocks no other; what builds on it becomes [`Later`]. Errors: nothing was acked.
    fn append(&self, batch: &AppendBatch) -> Result<Vec<PushOutcome>, StoreError>;

    /// Reads entries of many feeds from one snapshot; one outcome a request, in order.
    fn pages(&self, requests: &[PageRequest]) -> Result<Vec<PageOutcome>, StoreError>;

    /// Says what spaces hold, from one snapshot; one outcome a question, in order.
    fn heal(&self, requests: &[HealRequest]) -> Result<Vec<HealOutcome>, StoreError>;

    /// Looks up devices and what they may see; `None` for those that are not enrolled.
    fn devices(&self, ids: &[DeviceId]) -> Result<Vec<Option<DeviceRecord>>, StoreError>;

    /// Redeems an invite. `new_user` becomes the user's id where neither a bound nor a usable proposed one is there.
    fn enrol(
        &self,
        request: &EnrolRequest,
        new_user: UserId,
        now_ms: u64,
    ) -> Result<EnrolOutcome, StoreError>;

    /// Makes a space.
    fn create_space(&self, id: SpaceId, name: &str, now_ms: u64) -> Result<SpaceSummary, ControlError>;

    /// All spaces, `common` first, then by name.
    fn spaces(&self) -> Result<Vec<SpaceSummary>, StoreError>;

    /// Makes an invite; the user comes into being by it.
    fn create_invite(&self, invite: &NewInvite) -> Result<Invited, ControlError>;

    /// Users, roles, devices and invites, for an operator.
    fn access(&self) -> &dyn AccessStore;

    /// Tokens of an operator's programs.
    fn tokens(&self) -> &dyn TokenStore;

    /// The counts for `status`. `now_ms` tells which invites are still open.
    fn status(&self, now_ms: u64) -> Result<StatusCounts, StoreError>;

    /// The persisted bucket digests of a space that are not empty, by bucket number.
    fn buckets(&self, space: &SpaceId) -> Result<Vec<(u16, Digest)>, StoreError>;

    /// Hashes every change anew and compares with the feeds what is written down beside them, in one state of the store.
    /// Long; it is asked over and over whether to `stop`, which ends it with an error.
    fn examine(&self, stop: &dyn Fn() -> bool) -> Result<Examination, StoreError> {
        let _ = stop;
        Err(StoreError::Io("this store can't be examined".into()))
    }
}
