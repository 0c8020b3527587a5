//! What the engine refuses beside the rules of the domain, as data: each language puts it into words of its own.

use forsat_domain::command::Refusal;
use forsat_sync::identity::InviteError;
use thiserror::Error;

/// A command that is refused as it stands.
#[derive(Debug, Error)]
pub enum ClientRefusal {
    /// Not an invite code.
    #[error(transparent)]
    InviteCode(#[from] InviteError),
    /// Neither the invite nor the command says where the relay is.
    #[error("the invite doesn't say where the relay is; give its address too")]
    NoRelayAddress,
    /// Not the address of a relay.
    #[error("\"{text}\" isn't a relay's address: {fault}; write for example wss://relay.example.com")]
    RelayAddress {
        /// What was given.
        text: String,
        /// What is wrong with it.
        fault: AddressFault,
    },
    /// Records of different spaces can't be made one.
    #[error("the records lie in different spaces; move one of them first")]
    OtherSpace,
    /// Only some change the settings.
    #[error(
        "only an administrator or a manager changes the settings, and you are a {0} here; ask one of them"
    )]
    NotAdministrator(String),
    /// Only some change the record of somebody else.
    #[error(
        "only a manager or an administrator changes the record of another user, and you are a {0} here; ask one of them"
    )]
    NotManagerOfUser(String),
    /// Only some change what belongs to everybody.
    #[error(
        "records of {module} belong to everybody: only a manager or an administrator adds or changes them, and you are a \
         {role} here; ask one of them"
    )]
    NotManager {
        /// The module.
        module: String,
        /// The person's role.
        role: String,
    },
    /// The command was taken back before.
    #[error("command {0} was taken back already")]
    AlreadyUndone(u64),
    /// The command wrote nothing that can be taken back.
    #[error("\"{0}\" wrote nothing that can be taken back")]
    NotUndoable(String),
    /// An account of the name is there, and may well be the same customer.
    #[error(
        "there is an account \"{name}\" already; add --account {short} to take it, or --new-account \"{name}\" to make \
         another"
    )]
    AccountExists {
        /// Its name.
        name: String,
        /// What names it alone.
        short: String,
    },
    /// A refused edit whose module nothing says.
    #[error("the refused edit doesn't say what it is of; export it instead")]
    UnknownModule,
    /// Nothing moves from or to the space that every member reads.
    #[error("records of the space that every member reads stay there, and nothing is moved into it")]
    CommonStays,
    /// A role that doesn't move records out of a space or into it.
    #[error("your role in {space} ({role}) doesn't move records; ask a manager of both spaces")]
    MayNotMove {
        /// The space's name.
        space: String,
        /// The role there.
        role: String,
    },
    /// The record was erased, and its id is never taken again.
    #[error("this record was erased for good and can't be made again; make a new record")]
    Erased,
    /// A refused edit of a record that has left this device.
    #[error(
        "the record of this edit moved from {space} to a space that isn't shown to you, so the edit can't be made again \
         here; `forsat refused export {number}` writes it to a file for somebody who sees the record"
    )]
    MovedAway {
        /// The name of the space that the edit was for.
        space: String,
        /// The number of the edit.
        number: u64,
    },
    /// A refused edit that this version can't read.
    #[error(
        "this version can't read the refused edit, so it can't make it again; its bytes are kept, update the program"
    )]
    UnreadableEdit,
    /// A refused edit that builds on what is lost, and that doesn't say by itself what it wrote.
    #[error(
        "what this edit builds on is lost, and what it wrote can't be read without that; type it again, the bytes of the \
         edit are kept"
    )]
    LostBase,
    /// A change in quarantine of which a part can't be read.
    #[error(
        "what this change builds on isn't on this device, so not all of it can be read; make by hand what it shows, then drop it"
    )]
    NotWhole,
    /// A change in quarantine that writes a deal's history without moving the deal.
    #[error(
        "this change writes the history of a deal's stages without moving the deal, which no command does; make by hand what \
         it shows, then drop it"
    )]
    HistoryAlone,
    /// A change in quarantine of a record that isn't here.
    #[error(
        "the record isn't on this device, and this change doesn't begin it in a space that you see; a manager of the space \
         that has it can apply this"
    )]
    RecordElsewhere,
    /// A rule refuses one of several records.
    #[error("{name}: {refusal}; nothing was changed")]
    OfRecord {
        /// The record's name.
        name: String,
        /// The rule's refusal.
        refusal: Box<Refusal>,
    },
    /// No space of the name is on this device.
    #[error("there is no space \"{name}\" on this device; there are: {known}")]
    UnknownSpace {
        /// What was given.
        name: String,
        /// The spaces that there are.
        known: String,
    },
    /// Records of the module belong to everybody.
    #[error("records of {0} belong to everybody and have no space of their own")]
    CommonModule(String),
    /// The user may only read in the space.
    #[error("you may only read in the space \"{0}\"; ask an administrator for another role")]
    ReadOnly(String),
    /// The user may only read in the space that this store's records would go to.
    #[error(
        "you may only read in \"{0}\", so the records of this store have nowhere to go; ask an administrator for another \
         role, or join from an empty directory"
    )]
    ReadOnlyHome(String),
    /// The relay shows no space.
    #[error("the relay shows no space to you; ask its administrator")]
    NoSpace,
    /// There is no space of the name at the relay.
    #[error("there is no space \"{name}\" for you; name one with --space: {known}")]
    OtherSpaceNeeded {
        /// What was given.
        name: String,
        /// The spaces that there are.
        known: String,
    },
    /// Which of several spaces the records go to must be said.
    #[error("you may write in several spaces; name one with --space: {0}")]
    SpaceNeeded(String),
    /// The store has a relay.
    #[error("this store is attached to the relay {0} already; to join another, name another directory")]
    AlreadyJoined(String),
}

/// What is wrong with the address of a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AddressFault {
    /// No scheme.
    #[error("it has no ws:// or wss://")]
    NoScheme,
    /// A scheme that isn't a WebSocket's.
    #[error("only ws:// and wss:// can be used")]
    OtherScheme,
    /// Not an address.
    #[error("it can't be read")]
    Unreadable,
    /// No host.
    #[error("it names no host")]
    NoHost,
}

impl ClientRefusal {
    /// A stable code in snake case.
    pub fn code(&self) -> &str {
        match self {
            Self::InviteCode(_) => "invite_code",
            Self::NoRelayAddress | Self::RelayAddress { .. } => "relay_address",
            Self::OtherSpace => "other_space",
            Self::NotAdministrator(_) => "not_administrator",
            Self::NotManagerOfUser(_) | Self::NotManager { .. } => "not_manager",
            Self::AlreadyUndone(_) => "already_undone",
            Self::NotUndoable(_) => "not_undoable",
            Self::AccountExists { .. } => "account_exists",
            Self::UnknownModule => "unknown_module",
            Self::CommonStays => "common_stays",
            Self::MayNotMove { .. } => "may_not_move",
            Self::Erased => "erased",
            Self::MovedAway { .. } => "moved_away",
            Self::UnreadableEdit => "unreadable_edit",
            Self::LostBase => "lost_base",
            Self::NotWhole => "not_whole",
            Self::HistoryAlone => "history_alone",
            Self::RecordElsewhere => "record_elsewhere",
            Self::OfRecord { refusal, .. } => refusal.code(),
            Self::UnknownSpace { .. } => "unknown_space",
            Self::CommonModule(_) => "common_module",
            Self::ReadOnly(_) | Self::ReadOnlyHome(_) => "read_only",
            Self::NoSpace => "no_space",
            Self::OtherSpaceNeeded { .. } | Self::SpaceNeeded(_) => "space_needed",
            Self::AlreadyJoined(_) => "already_joined",
        }
    }
}
