//! What of a store isn't as this program left it, as data: each language puts it into words of its own.

use thiserror::Error;

/// What the store holds that this program doesn't expect.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Damage {
    /// A record without its row.
    #[error("the row of {module} {id} is missing")]
    MissingRow {
        /// The record's module, or "record" where that isn't known.
        module: String,
        /// Its id.
        id: String,
    },
    /// A record without its document.
    #[error("the document of record {0} is missing")]
    MissingDocument(String),
    /// A row that can't be read.
    #[error("a row that can't be read")]
    Row,
    /// What is kept beside a row can't be read.
    #[error("a brief that can't be read")]
    Brief,
    /// An entry of the journal that can't be read.
    #[error("a journal entry that can't be read")]
    Journal,
    /// Nobody whose store it is.
    #[error("the store has no user")]
    NoUser,
    /// Each new incarnation of the store finds changes of its own that it didn't make.
    #[error("changes that say they were made here, and were not, keep coming")]
    Forked,
    /// What an earlier import kept can't be read.
    #[error("the cells of an earlier import can't be read")]
    ImportedCells,
    /// A file that should hold the device's key.
    #[error("{0} isn't a device key; restore it from a backup")]
    DeviceKey(String),
    /// A document that can't be loaded, or a value that can't be written.
    #[error("{0}")]
    Other(String),
}
