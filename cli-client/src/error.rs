//! What a command can fail with, and how the process then ends.

use forsat_client::ClientError;
use serde::Serialize;
use thiserror::Error;

/// Why a command failed.
#[derive(Debug, Error)]
pub enum CliError {
    /// The engine refused or failed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// An argument makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A word that gives no field a value.
    #[error("\"{0}\" isn't FIELD=VALUE; write for example next_step=\"call\"")]
    NotAField(String),
    /// Nothing says where the store is to be.
    #[error("no home directory to keep the store in ({0}); name a folder with --store")]
    NoHome(String),
    /// A file, a folder or a process can't be used.
    #[error("{what}: {source}")]
    Io {
        /// What can't be used.
        what: Place,
        /// What the system said.
        source: std::io::Error,
    },
    /// The person stopped the questions.
    #[error("stopped; nothing was saved")]
    Interrupted,
    /// The store isn't whole; what is wrong was listed.
    #[error("the store isn't whole: {0} findings")]
    Unsound(u64),
    /// Something that the demo started went wrong.
    #[error("{0}")]
    Demo(String),
}

/// What can't be read, written or had.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Place {
    /// A file or a folder.
    #[error("{0}")]
    Path(String),
    /// The terminal.
    #[error("the terminal can't be read")]
    Terminal,
    /// The drafts of forms.
    #[error("the drafts can't be read or kept")]
    Drafts,
    /// What carries the network's work.
    #[error("no thread for the network")]
    Network,
}

/// How a process ends; the numbers are part of the command line's promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Failed, for a reason of no class of its own.
    Failed = 1,
    /// The command line can't be read.
    Usage = 2,
    /// No such record, or more than one.
    NotFound = 3,
    /// Refused by a rule; nothing was written.
    Refused = 4,
    /// The store can't be used.
    Store = 5,
    /// The relay can't be reached, or refused.
    Relay = 6,
    /// Asks for `--yes`.
    Confirmation = 7,
}

impl CliError {
    /// The process's exit code.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) | Self::NotAField(_) | Self::NoHome(_) => Exit::Usage,
            Self::Io { .. } | Self::Demo(_) | Self::Interrupted => Exit::Failed,
            Self::Unsound(_) => Exit::Store,
            Self::Client(error) => match error {
                ClientError::NotFound { .. } | ClientError::Ambiguous { .. } => Exit::NotFound,
                ClientError::Rule(_)
                | ClientError::Refused(_)
                | ClientError::Argument(_)
                | ClientError::Filter { .. }
                | ClientError::Edit(_)
                | ClientError::Key(_)
                | ClientError::NotAdministered { .. }
                | ClientError::NothingToUndo => Exit::Refused,
                ClientError::NeedsConfirmation(_) => Exit::Confirmation,
                ClientError::Unreachable { .. }
                | ClientError::Relay { .. }
                | ClientError::Erased { .. }
                | ClientError::NoAdminAnswer
                | ClientError::NotJoined => Exit::Relay,
                ClientError::NoStore { .. }
                | ClientError::StoreExists { .. }
                | ClientError::SyncBusy
                | ClientError::Store(_)
                | ClientError::Damaged(_) => Exit::Store,
                _ => Exit::Failed,
            },
        }
    }

    /// The error as one JSON object, for `--json`.
    pub fn to_json(&self) -> ErrorJson {
        let candidates = match self {
            Self::Client(ClientError::Ambiguous { candidates, .. }) => candidates.clone(),
            _ => Vec::new(),
        };
        let code = match self {
            Self::Client(ClientError::Filter { error, .. }) => {
                Some(format!("filter_{}", error.problem.code()))
            }
            Self::Client(error) => error.code().map(str::to_owned),
            _ => None,
        };
        let at = match self {
            Self::Client(ClientError::Filter { error, .. }) => Some([error.at.start, error.at.end]),
            _ => None,
        };
        ErrorJson { error: self.to_string(), exit: self.exit() as u8, code, at, candidates }
    }
}

/// An error for programs.
#[derive(Debug, Serialize)]
pub struct ErrorJson {
    /// What happened and what to do next.
    pub error: String,
    /// The exit code.
    pub exit: u8,
    /// A stable code, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Where a condition fails: the first letter and the one behind the last, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<[usize; 2]>,
    /// What an ambiguous reference could mean.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<forsat_client::Candidate>,
}
