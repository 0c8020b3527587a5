//! What can go wrong when a document is edited, loaded, read or authored anew, and what to do about it.

use thiserror::Error;

/// An edit was not made; the document is as it was.
#[derive(Debug, Error)]
pub enum EditError {
    /// The document has no genesis of a known module.
    #[error(
        "this record is of the module `{0}`, which this version does not know; update the program to edit it"
    )]
    UnknownModule(String),
    /// The schema has no such field.
    #[error("`{module}` has no field `{field}`; see the fields with `--help`")]
    UnknownField {
        /// The record's module.
        module: String,
        /// The field as asked for.
        field: String,
    },
    /// The kind of edit does not fit the field's merge code.
    #[error("the field `{field}` cannot be written in this way; it is kept as {kept}")]
    WrongEdit {
        /// The field.
        field: String,
        /// What the field is, in words.
        kept: &'static str,
    },
    /// A field that is set once has another value already.
    #[error("the field `{0}` is set once, when the record is made; make a new record to have another value")]
    Immutable(String),
    /// A key is empty, too long, or an entry id contains `/`.
    #[error("`{key}` cannot be a key of `{field}`: use 1 to 512 bytes, and no `/` in the id of an entry")]
    BadKey {
        /// The field.
        field: String,
        /// The key as asked for.
        key: String,
    },
    /// The actor already writes for somebody else in this document.
    #[error("this device's writing identity belongs to another user here; renew the identity and try again")]
    ActorOfAnother,
    /// The change would not fit one chunk.
    #[error("this is too much for one change: {bytes} bytes of at most {max}; save it in smaller parts")]
    ChunkTooLarge {
        /// Size of the change in bytes.
        bytes: usize,
        /// The most bytes.
        max: usize,
    },
    /// The change would have too many operations; mostly a long text.
    #[error(
        "this is too much for one change: {operations} operations of at most {max}; save it in smaller parts"
    )]
    TooManyOperations {
        /// Operations of the change.
        operations: usize,
        /// The most operations.
        max: usize,
    },
    /// The document has reached its limits.
    #[error(
        "this record has reached its limit ({changes} changes, {bytes} bytes and {operations} operations of history); \
         make a new record and go on there"
    )]
    DocumentFull {
        /// Changes of the document with this one.
        changes: u64,
        /// Bytes of the document with this one.
        bytes: u64,
        /// Operations of the document with this one.
        operations: u64,
    },
    /// The operation counter has reached its limit.
    #[error("this record's operation counter is used up; make a new record and go on there")]
    CounterUsedUp,
    /// Automerge refused; a broken invariant of this library.
    #[error("the record could not be written; export it with `inspect --raw` and report this")]
    Automerge(#[from] automerge::AutomergeError),
}

/// A document's own bytes cannot be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The snapshot is damaged; the chunks may still be whole.
    #[error("the stored snapshot is damaged ({0}); load the document from its chunks instead")]
    Snapshot(String),
}

/// A document cannot be read as it was at some heads.
#[derive(Debug, Error)]
pub enum ReadError {
    /// A head is not a change of this document.
    #[error("there is no change {0} in this record; see `history` for its changes")]
    UnknownHead(String),
}

/// Changes cannot be authored anew.
#[derive(Debug, Error)]
pub enum ReauthorError {
    /// The changes given do not build on the document together.
    #[error("the change {0} cannot be authored anew: what it builds on is not here; sync and try again")]
    MissingBase(String),
    /// An edit of a change could not be made again.
    #[error("the change {hash} cannot be authored anew")]
    Edit {
        /// Hash of the old change, in hexadecimal.
        hash: String,
        /// Why.
        #[source]
        source: EditError,
    },
}
