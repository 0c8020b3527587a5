//! What can go wrong in a command or a query, said so that a person knows what to do next.

use forsat_document::{EditError, LoadError, ReadError, ReauthorError};
use forsat_domain::command::Refusal;
use forsat_domain::filter::FilterError;
use forsat_domain::schema::input::{InputError, ReferenceError};
use forsat_store::StoreError;
use serde::Serialize;
use thiserror::Error;

mod argument;
mod damage;
mod file;
mod key;
mod network;
mod refusal;
mod row;

pub use argument::ArgumentError;
pub use damage::Damage;
pub use file::{FileProblem, UnknownField};
pub use key::{KeyError, KeyringError};
pub use network::NetworkFailure;
pub use refusal::{AddressFault, ClientRefusal};
pub use row::{CellProblem, ExportReason, MappingReason, RowReason};

/// One of the records that an ambiguous reference could mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// The record's short id, in full.
    pub id: String,
    /// How many of its characters are needed to name it alone.
    pub prefix: usize,
    /// The module's name.
    pub module: String,
    /// The record's name.
    pub name: String,
}

/// What a person must say yes to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Question {
    /// Open deals hang on a record that would be deleted.
    #[error("deleting this record leaves open deals behind")]
    LeavesDeals,
    /// What the program asked, in the reader's language.
    #[error("{0}")]
    Asked(String),
}

/// Changes that were never sent or were refused, and that outlived their store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptUnsent {
    /// How many.
    pub changes: usize,
    /// The file that they are in.
    pub path: String,
}

fn erased(aside: u64, kept: Option<&KeptUnsent>, entry: Option<&str>) -> String {
    let mut said =
        "this device was revoked at the relay: its records and its key were erased here".to_owned();
    if aside > 0 {
        said.push_str(&format!("; {aside} changes that were never sent are at the relay, for its managers"));
    }
    if let Some(KeptUnsent { changes, path }) = kept {
        said.push_str(&format!(
            "; {changes} changes that the relay doesn't have are in {path}, for an administrator"
        ));
    }
    if let Some(entry) = entry {
        said.push_str(&format!("; the desktop's keyring couldn't be reached, delete \"{entry}\" there"));
    }
    said
}

/// Why a command, a query or a connection couldn't do what was asked.
#[derive(Debug, Error)]
pub enum ClientError {
    /// No store at the place named.
    #[error("no Forsat store in {dir}; run `forsat init` there, or `forsat join URL CODE`")]
    NoStore {
        /// The directory looked at.
        dir: String,
    },
    /// A store is there already.
    #[error("{dir} already holds a Forsat store; open it, or name another directory")]
    StoreExists {
        /// The directory named.
        dir: String,
    },
    /// No record answers to the reference.
    #[error("no {module} matches \"{reference}\"; `forsat find {reference}` searches by name")]
    NotFound {
        /// The module asked for, or "record".
        module: String,
        /// What the user typed.
        reference: String,
    },
    /// More than one record answers to the reference.
    #[error("\"{reference}\" could be {} records; type more of the id: {}", candidates.len(), list(candidates))]
    Ambiguous {
        /// What the user typed.
        reference: String,
        /// What it could mean, best first, at most twenty.
        candidates: Vec<Candidate>,
    },
    /// A rule of the domain refuses the command; the refusal says why and what to do.
    #[error(transparent)]
    Rule(Box<Refusal>),
    /// The command is refused as it stands; the refusal says why and what to do.
    #[error(transparent)]
    Refused(#[from] ClientRefusal),
    /// What was asked needs the user's word first.
    #[error("{0}; confirm with --yes")]
    NeedsConfirmation(Question),
    /// There is nothing to take back.
    #[error("nothing to undo on this device")]
    NothingToUndo,
    /// An argument can't be used.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// A condition can't be read, or means nothing for these records.
    #[error("{}", marked(text, error))]
    Filter {
        /// The condition as typed.
        text: String,
        /// The saved filter that it comes from.
        saved: Option<String>,
        /// What is wrong, and where.
        error: FilterError,
    },
    /// A mapping file or an imported file can't be read.
    #[error("{file}: {problem}")]
    Import {
        /// The file.
        file: String,
        /// What is wrong with it and what to do.
        problem: FileProblem,
    },
    /// A file can't be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file or directory.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The relay can't be reached, or ended the connection.
    #[error("the relay {url} can't be reached: {why}; work goes on offline, try again later")]
    Unreachable {
        /// The relay's address.
        url: String,
        /// What ended the connection, or kept it from being made.
        why: NetworkFailure,
    },
    /// The relay refused, or isn't the one that the invite named.
    #[error("{message}")]
    Relay {
        /// A stable code in snake case.
        code: String,
        /// What happened and what to do next.
        message: String,
    },
    /// The relay has revoked this device, and what it held is erased.
    #[error("{}", erased(*aside, kept.as_ref(), entry.as_deref()))]
    Erased {
        /// How many changes that were never sent the relay has now, for the managers of their spaces.
        aside: u64,
        /// What was never sent, where that was kept.
        kept: Option<KeptUnsent>,
        /// What the key's entry is called in a keyring that couldn't be brought to remove it.
        entry: Option<String>,
    },
    /// The relay refused what was asked of it as an administrator.
    #[error("the relay refused: {message}")]
    NotAdministered {
        /// A stable word.
        code: String,
        /// The same for a person.
        message: String,
    },
    /// The relay gave no answer to an administrator, or one that can't be read.
    #[error(
        "the relay gave no answer that this program understands; nothing is known to be done: update the older of the two programs"
    )]
    NoAdminAnswer,
    /// Another process on this store is syncing.
    #[error("another process is already syncing this store; it sends what you save here within a second")]
    SyncBusy,
    /// This store has no relay yet.
    #[error("this store isn't attached to a relay; run `forsat join URL CODE`")]
    NotJoined,
    /// The device's key can't be used as it lies.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The document couldn't take the edit.
    #[error(transparent)]
    Edit(Box<EditError>),
    /// An earlier state that was asked for isn't there.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Unsent changes can't be made again.
    #[error(transparent)]
    Reauthor(Box<ReauthorError>),
    /// The store holds something that this program doesn't expect.
    #[error("the store holds something unexpected: {0}; run `forsat inspect`, and keep a copy of the store")]
    Damaged(Damage),
}

impl From<Refusal> for ClientError {
    fn from(refusal: Refusal) -> ClientError {
        ClientError::Rule(Box::new(refusal))
    }
}

impl From<InputError> for ClientError {
    fn from(error: InputError) -> ClientError {
        Refusal::Input(error).into()
    }
}

impl From<EditError> for ClientError {
    fn from(error: EditError) -> ClientError {
        ClientError::Edit(Box::new(error))
    }
}

impl From<ReauthorError> for ClientError {
    fn from(error: ReauthorError) -> ClientError {
        ClientError::Reauthor(Box::new(error))
    }
}

impl From<LoadError> for ClientError {
    fn from(error: LoadError) -> ClientError {
        ClientError::Damaged(Damage::Other(error.to_string()))
    }
}

impl ClientError {
    /// Whether the same command can work later without anything being changed.
    pub fn is_transient(&self) -> bool {
        match self {
            ClientError::Unreachable { .. } | ClientError::SyncBusy => true,
            ClientError::Store(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// A stable code in snake case of what was refused; none where nothing was.
    pub fn code(&self) -> Option<&str> {
        match self {
            ClientError::Rule(refusal) => Some(refusal.code()),
            ClientError::Refused(refusal) => Some(refusal.code()),
            ClientError::Relay { code, .. } | ClientError::NotAdministered { code, .. } => Some(code),
            ClientError::Erased { .. } => Some("device_revoked"),
            ClientError::Key(error) => Some(error.code()),
            _ => None,
        }
    }

    /// A typed reference to a record of a module that leads nowhere.
    pub(crate) fn of_reference(module: &str, source: ReferenceError) -> ClientError {
        InputError::Reference { field: module.to_owned(), source }.into()
    }

    /// Why a reference in a typed value leads nowhere.
    pub(crate) fn into_reference(self) -> ReferenceError {
        match self {
            ClientError::NotFound { module, reference } => {
                ReferenceError::NotFound { module, text: reference }
            }
            ClientError::Ambiguous { reference, candidates } => ReferenceError::Ambiguous {
                text: reference,
                count: candidates.len(),
                options: list(&candidates),
            },
            other => ReferenceError::Other(other.to_string()),
        }
    }
}

/// What is wrong with a condition, with the condition and a mark under the place.
fn marked(text: &str, error: &FilterError) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    let marks = "^".repeat(error.at.len().max(1));
    format!("{error}\n  {line}\n  {}{marks}", " ".repeat(error.at.start))
}

fn list(candidates: &[Candidate]) -> String {
    let shown: Vec<String> = candidates
        .iter()
        .take(5)
        .map(|candidate| format!("{} {}", short(candidate), candidate.name))
        .collect();
    let more = if candidates.len() > shown.len() { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn short(candidate: &Candidate) -> &str {
    candidate.id.get(..candidate.prefix.max(4)).unwrap_or(&candidate.id)
}
