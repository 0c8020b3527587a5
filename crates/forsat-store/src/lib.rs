//! The device's durable store: changes, rows, outbox and cursors in redb.
//!
//! It holds bytes and knows neither records nor Automerge: callers hand it chunks, rows and snapshots, and it keeps
//! what belongs together in one transaction. Any number of processes may have one store open; each edit reads, changes
//! and commits inside [`Store::write`]. The tables, their keys and the numbered invariants are in `docs/storage.md`.
//!
//! Absent on purpose: a clock, randomness (both are arguments), encryption at rest, and the healing walk.

mod access;
mod aliases;
mod backend;
mod batch;
mod buckets;
mod chunks;
mod codec;
mod control;
mod cursors;
mod documents;
mod engine;
mod erase;
mod error;
mod examine;
mod heads;
mod integrity;
mod issues;
mod journal;
mod meta;
mod migrate;
mod outbox;
mod purge;
mod refused;
mod repair;
mod rows;
mod salvage;
mod snapshots;
mod spaces;
mod store;
mod surroundings;
mod unread;

pub use access::{Access, ReadTx, Tx, WriteTx};
pub use batch::{BatchError, BatchLimit};
pub use chunks::{ChunkState, Ordinal, Standing, StoredChunk};
pub use cursors::{Cursor, RootVerdict};
pub use documents::{ChunkCounts, DocumentRow};
pub use error::StoreError;
pub use examine::{Examination, Flaw, StoreFlaw};
pub use heads::heads_of;
pub use integrity::{IntegrityProblem, IntegrityReport};
pub use issues::{SyncIssue, SyncIssueKey};
pub use journal::{JOURNAL_ENTRIES_MAX, JournalEntry, JournalId, JournalState};
pub use meta::{ActorRow, Identity, Month, RelayRef};
pub use migrate::FORMAT_VERSION;
pub use outbox::{OutboxItem, OutboxLimit, OutboxNumber, OutboxStats};
pub use refused::{Aside, RefusedEdit, RefusedId, RefusedState};
pub use repair::{LOST_BASE, RepairParams, Repaired};
pub use rows::{NAME_BYTES_MAX, NAMES_MAX, names_as_kept};
pub use salvage::{Salvage, SalvagedChange};
pub use snapshots::{LoadParts, SNAPSHOT_EVERY_CHUNKS, Snapshot};
pub use spaces::SpaceRow;
pub use store::{CACHE_BYTES_DEFAULT, CreateParams, OpenParams, Opened, Renewal, Store};
pub use surroundings::{FileSurroundings, Lease, MemorySurroundings, Surroundings};
pub use unread::Unread;
