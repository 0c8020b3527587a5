//! The device's end of the sync: what the protocol's machine asks of the store, and the store's answers.
//!
//! [`SyncSession`] carries the machine's effects out against the store, without a clock, a socket or a thread; what
//! is left for the driver is to open and close a transport and to carry messages. [`Errand`] redeems an invite or asks for an administrator the
//! same way, before there is a store.

pub(crate) mod arrival;
mod aside;
mod control;
mod directory;
mod errand;
mod heal;
mod issues;
mod merge;
mod moves;
mod outbox;
mod page;
mod rebase;
mod session;
mod settle;
mod summary;
mod touched;

/// The version of this program's reader of documents.
pub(crate) const READER_VERSION: u32 = 1;

pub(crate) use aside::Taken;
pub(crate) use issues::unreadable as unreadable_issue;

pub use errand::Errand;
pub use session::{SessionEffect, SessionEvent, SessionInput, SessionPurpose, SyncSession};
pub use summary::{AmountChange, IssueChange, RecordChange, SyncSummary};
