//! What a document takes in and gives out: chunks, authors, reports and history entries.

use forsat_domain::UserId;
use forsat_domain::record::Scalar;

use crate::original::Original;

/// One change in its canonical uncompressed form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// SHA-256 that names the change.
    pub hash: [u8; 32],
    /// The chunk with header, checksum and columns.
    pub bytes: Vec<u8>,
}

/// Who writes: the user, through one writing identity of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    /// Automerge's actor, 1 to 64 bytes; ours have 16.
    pub actor: Vec<u8>,
    /// The user; stands on the actor's first change in a document.
    pub user: UserId,
}

/// What became of a peer's chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplyReport {
    /// Now part of the view, in causal order; chunks that waited before and now fit are among them.
    pub applied: Vec<[u8; 32]>,
    /// Kept until what they build on arrives; sorted.
    pub waiting: Vec<[u8; 32]>,
    /// Left out of the view, with the reason: damaged, hostile, or built on such a chunk. The caller keeps the bytes.
    pub unreadable: Vec<([u8; 32], String)>,
}

/// One change of a document, as history shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Names the change.
    pub hash: [u8; 32],
    /// What it builds on; sorted.
    pub deps: Vec<[u8; 32]>,
    /// The writing identity.
    pub actor: Vec<u8>,
    /// The user, where the actor's first change says so.
    pub author: Option<UserId>,
    /// Whose change it makes again, where it says so.
    pub original: Option<Original>,
    /// Its number among the actor's changes in this document; from 1.
    pub seq: u64,
    /// The device's clock in UTC milliseconds, whole seconds; a label.
    pub time_ms: i64,
    /// Bytes of the canonical chunk.
    pub size: usize,
    /// The fields that it wrote, in the order of their paths.
    pub changes: Vec<FieldChange>,
}

/// One place that a change wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The field, or `<field>/<key>`, or `<field>/<entry>/<name>`.
    pub path: String,
    /// The value that the writer saw.
    pub before: Scalar,
    /// The value that it wrote.
    pub after: Scalar,
}
