//! Who may do what and where documents live: users, roles, devices, invites, moves.

use forsat_sync::control::{ControlMark, SignedEntry};
use forsat_sync::frame::Role;
use forsat_sync::id::{DeviceId, DocumentId, HomeVersion, SpaceId, UserId};
use forsat_sync::relay::{ControlVerdict, MoveRequest};

use super::quarantine::QuarantineStore;
use super::{ControlError, NewInvite, Orderer, SpaceSummary, StoreError};

/// How a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceState {
    /// Enrolled; waits for an operator to let it in.
    Pending,
    /// May connect.
    Active,
    /// May not connect any more, for good.
    Revoked,
}

impl DeviceState {
    /// `pending`, `active` or `revoked`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Revoked => "revoked",
        }
    }
}

/// A user that an invite named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserSummary {
    /// What they are called.
    pub name: String,
    /// Their e-mail, by which they are known when there is one.
    pub email: Option<String>,
    /// Their id; none before their first device.
    pub id: Option<UserId>,
    /// Space and role, by the space's name.
    pub roles: Vec<(String, Role)>,
    /// Devices that aren't revoked.
    pub devices: u64,
}

/// A device that was enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceSummary {
    /// Its id.
    pub id: DeviceId,
    /// What its owner called it.
    pub name: String,
    /// The name of its user.
    pub user: String,
    /// The id of its user.
    pub user_id: UserId,
    /// How it stands.
    pub state: DeviceState,
    /// When it was enrolled, milliseconds since 1970 by the relay's clock.
    pub enrolled_at_ms: u64,
    /// When it was last heard of, as far as that is written down.
    pub seen_at_ms: Option<u64>,
}

/// An invite. What is redeemed isn't known here, only its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteSummary {
    /// The first digits of the hash of its secret, by which it is cancelled.
    pub id: String,
    /// The name of the user that it invites.
    pub user: String,
    /// The name of the space.
    pub space: String,
    /// The role that it gives there.
    pub role: Role,
    /// Until when it can be redeemed.
    pub expires_at_ms: u64,
    /// The device that redeemed it.
    pub used_by: Option<DeviceId>,
    /// Whether the device that redeems it waits to be let in.
    pub approve: bool,
}

/// Who may do what, by which devices, and who is invited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLists {
    /// The spaces, `common` among them where all is asked for.
    pub spaces: Vec<SpaceSummary>,
    /// The users, by name.
    pub users: Vec<UserSummary>,
    /// The devices, by user.
    pub devices: Vec<DeviceSummary>,
    /// The invites, the last to expire first.
    pub invites: Vec<InviteSummary>,
}

/// A change of access. Users, spaces, devices and invites are named as people name them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessCommand {
    /// Gives a user a role in a space, in place of the one there.
    SetRole {
        /// Name, e-mail, or the beginning of either or of the id.
        user: String,
        /// The space's name.
        space: String,
        /// The role.
        role: Role,
    },
    /// Takes a user's role in a space.
    RemoveRole {
        /// As in `SetRole`.
        user: String,
        /// The space's name.
        space: String,
    },
    /// Takes a device's access for good.
    RevokeDevice {
        /// Its name or the beginning of its id.
        device: String,
        /// Whether it is in strange hands: then it erases itself at once, with what it never sent.
        lost: bool,
    },
    /// Lets in a device that waits for it.
    ActivateDevice {
        /// Its name or the beginning of its id.
        device: String,
    },
    /// Erases a document for good.
    EraseDocument {
        /// Which.
        document: DocumentId,
    },
    /// Makes an invite that nobody has redeemed worthless.
    CancelInvite {
        /// The beginning of its id.
        invite: String,
    },
}

/// What a change of access came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessDone {
    /// A user's role in a space, before and now.
    Role {
        /// The user's name.
        user: String,
        /// The space's name.
        space: String,
        /// The role before.
        before: Option<Role>,
        /// The role now.
        now: Option<Role>,
        /// The user's devices that aren't revoked: the role is theirs, whoever has them.
        devices: u64,
    },
    /// A device as it stands now.
    Device {
        /// The device.
        device: DeviceSummary,
        /// Whether it stood otherwise before.
        changed: bool,
    },
    /// The invite that is cancelled.
    Invite(InviteSummary),
    /// What there was of the document that is erased.
    Erased(DocumentSummary),
}

/// What the store holds of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentSummary {
    /// Which.
    pub document: DocumentId,
    /// The name of the space that it lives in; none where nobody has written it.
    pub space: Option<String>,
    /// Its changes.
    pub changes: u64,
    /// Bytes of their canonical chunks.
    pub bytes: u64,
    /// Whether it was erased.
    pub erased: bool,
}

/// What an administrator's device or an operator's program orders.
#[derive(Clone, Debug)]
pub enum AdminOrder {
    /// A change of access; never [`AccessCommand::EraseDocument`], which is the operator's.
    Change(AccessCommand),
    /// An invite.
    Invite(NewInvite),
    /// A new space, of which the one who orders becomes an administrator; never a program's.
    MakeSpace {
        /// Its id, drawn at random.
        space: SpaceId,
        /// Its name.
        name: String,
    },
}

/// An invite that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invited {
    /// The space.
    pub space: SpaceSummary,
    /// Devices of the user that aren't revoked: what the invite gives is theirs too, whoever has them.
    pub devices: u64,
    /// Whether the user has no role in the space yet.
    pub first_role: bool,
}

/// What an order came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdminDone {
    /// A change of access.
    Changed(AccessDone),
    /// The invite.
    Invited(Invited),
    /// The space that was made.
    SpaceMade(SpaceSummary),
}

/// What became of entries of the control log that a device brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlAdopted {
    /// Whether more is wanted.
    pub verdict: ControlVerdict,
    /// How many were taken and carried out.
    pub entries: u64,
    /// How many tokens were revoked: the store was set back, and which of them were revoked before isn't known.
    pub tokens: u64,
}

/// What became of a document that was to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveOutcome {
    /// It lives there now.
    Moved {
        /// Where it lived.
        from: SpaceId,
        /// How many homes it has had, this one included.
        home: HomeVersion,
    },
    /// It lived there before.
    There,
    /// No such document, or none that the user may see: one answer for both.
    Unknown,
    /// No such space, or none that the user may see: one answer for both.
    HiddenSpace,
    /// The user is no manager or administrator in one of the spaces.
    Forbidden,
    /// Nothing is moved from or to `common`.
    Common,
    /// Others of the same request filled the transaction.
    Later,
    /// This quota of the workspace is used up.
    Quota(&'static str),
}

/// The part of a relay's storage that an operator works on. Every change is one durable transaction.
pub trait AccessStore: QuarantineStore {
    /// All users, by name.
    fn users(&self) -> Result<Vec<UserSummary>, StoreError>;

    /// All devices, by the name of their user, then as they were enrolled.
    fn all_devices(&self) -> Result<Vec<DeviceSummary>, StoreError>;

    /// All invites that weren't cancelled, the last to expire first.
    fn invites(&self) -> Result<Vec<InviteSummary>, StoreError>;

    /// What there is of a document.
    fn document(&self, document: &DocumentId) -> Result<DocumentSummary, StoreError>;

    /// Entries of the control log after a number, at most so many.
    fn control_log(&self, after: u64, max: usize) -> Result<Vec<SignedEntry>, StoreError>;

    /// How the control log compares to a copy that ends like this.
    fn check_control(&self, mark: &ControlMark) -> Result<ControlVerdict, StoreError>;

    /// Takes entries of the control log that this store forgot, carrying out what they say; others' entries are passed over.
    fn adopt_control(&self, entries: &[SignedEntry], now_ms: u64) -> Result<ControlAdopted, StoreError>;

    /// Gives documents another home; one outcome a document, in order. What is moved is durable when it returns.
    fn move_documents(&self, request: &MoveRequest, now_ms: u64) -> Result<Vec<MoveOutcome>, StoreError>;

    /// What a device or a program may know of who may do what: of the spaces that its user administers, or its token reaches.
    fn access_lists(&self, by: &Orderer, now_ms: u64) -> Result<AccessLists, ControlError>;

    /// Carries out what a device or a program orders, if all that it concerns is its user's or its token's to order; asked in
    /// the transaction that does it.
    fn administer(&self, by: &Orderer, order: &AdminOrder, now_ms: u64) -> Result<AdminDone, ControlError>;

    /// Changes who may do what.
    fn change_access(&self, command: &AccessCommand, now_ms: u64) -> Result<AccessDone, ControlError>;
}
