//! What can go wrong with a store, told so that a person knows what to do next.

use std::io;
use std::path::PathBuf;

use forsat_sync::id::{ChangeHash, DocumentId};

/// Why a store refused or failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no store at the path.
    #[error("there is no store in {}; begin one with init, or join a relay", path.display())]
    NotFound {
        /// The directory that was looked into.
        path: PathBuf,
    },
    /// A store is already there; nothing was changed.
    #[error("{} already holds a store; open it, or choose another directory", path.display())]
    AlreadyExists {
        /// The directory that was to be used.
        path: PathBuf,
    },
    /// The file system can't lock ranges of bytes, so processes couldn't share the store.
    #[error(
        "this file system has no byte-range locks, which keep two programs from damaging one store; move the store to a local disk"
    )]
    LocksUnsupported,
    /// Another program has the store open in a way that can't be shared.
    #[error("another program, probably of an older version, has the store open; close it and try again")]
    InUse,
    /// A transaction of this process is still open where none may be.
    #[error("the store is busy with another transaction of this program; try again")]
    Busy,
    /// A newer version of the program wrote the store.
    #[error(
        "the store has format {found}, and this version reads up to {supported}; install a newer version to open it"
    )]
    NewerFormat {
        /// The format found on disk.
        found: u32,
        /// The newest format that this version knows.
        supported: u32,
    },
    /// The file isn't a store of this program.
    #[error(
        "the file is not a store ({what}); restore it from a backup, or begin a new store and join the relay again"
    )]
    NotAStore {
        /// What was found instead.
        what: String,
    },
    /// The file is damaged; nothing of what is damaged was returned as data.
    #[error(
        "the store is damaged ({what}); keep a copy of the file, then restore a backup, or begin a new store and join the relay again"
    )]
    Damaged {
        /// Where, and what doesn't fit.
        what: String,
    },
    /// The disk or the quota is full; nothing of the transaction was kept, reading goes on.
    #[error("the disk is full, nothing was saved; free some space and try again")]
    DiskFull(#[source] io::Error),
    /// Reading or writing failed; nothing of the transaction was acknowledged.
    #[error("reading or writing the store failed: {0}")]
    Io(#[source] io::Error),
    /// The disk refused to make writes durable: what it holds is unknown until the store is opened anew.
    #[error(
        "the disk refused to make the last save durable; end the program, check the disk, and start again: what was acknowledged before is kept"
    )]
    SyncFailed,
    /// A document is named that the store doesn't hold.
    #[error("the store holds no document {0}")]
    NoSuchDocument(DocumentId),
    /// A change is named that the document doesn't have.
    #[error("document {document} has no change {hash}")]
    NoSuchChange {
        /// The document.
        document: DocumentId,
        /// The change.
        hash: ChangeHash,
    },
    /// A numbered entry of a list (refused edits, journal) is named that isn't there.
    #[error("there is no {what} with number {number}")]
    NoSuchEntry {
        /// Which list.
        what: &'static str,
        /// The number asked for.
        number: u64,
    },
    /// A key or value breaks a limit of the store.
    #[error("{what} is {found}, and the store takes at most {limit}")]
    TooLarge {
        /// What was measured, with its unit.
        what: &'static str,
        /// What was found.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A short text that serves as a key is empty or holds a zero byte.
    #[error("{what} is empty or holds a zero byte")]
    BadText {
        /// Which text.
        what: &'static str,
    },
    /// The database engine failed in another way.
    #[error("the database failed: {0}")]
    Engine(#[source] Box<redb::Error>),
}

impl StoreError {
    /// Whether the same call can succeed later, without another version or another file.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::InUse | Self::Busy | Self::DiskFull(_) | Self::Io(_))
    }

    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }

    /// Sorts an input or output error by what a person can do about it.
    pub(crate) fn from_io(error: io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::StorageFull | Kind::QuotaExceeded | Kind::FileTooLarge => Self::DiskFull(error),
            Kind::InvalidData => Self::NotAStore { what: error.to_string() },
            Kind::UnexpectedEof => Self::damaged("the file ends early"),
            _ => Self::Io(error),
        }
    }
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Corrupted(what) => Self::Damaged { what },
            redb::Error::Io(error) => Self::from_io(error),
            redb::Error::Unsupported => Self::LocksUnsupported,
            redb::Error::DatabaseAlreadyOpen | redb::Error::LockProtocolMismatch => Self::InUse,
            redb::Error::TransactionInProgress => Self::Busy,
            redb::Error::PreviousIo | redb::Error::DatabaseClosed => {
                Self::Io(io::Error::other("an earlier failure closed the file"))
            }
            redb::Error::LockPoisoned(_) | redb::Error::TransactionPoisoned => {
                Self::damaged("an operation on the file broke off")
            }
            redb::Error::TableDoesNotExist(table) => Self::damaged(format!("table {table} is missing")),
            redb::Error::TableTypeMismatch { table, .. } => {
                Self::damaged(format!("table {table} has other types"))
            }
            other => Self::Engine(Box::new(other)),
        }
    }
}

/// Sends each of redb's error types through [`redb::Error`].
macro_rules! from_redb {
    ($($error:ident),+) => {$(
        impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                redb::Error::from(error).into()
            }
        }
    )+};
}
from_redb!(StorageError, TableError, TransactionError, CommitError, DatabaseError);
