//! Turns domain records into Automerge documents and back; no I/O.
//!
//! A [`Document`] is one record with its whole history. It is made from the frozen [`Genesis`] of its module, edited
//! with [`forsat_domain::Edit`]s, read tolerantly into a [`forsat_domain::RecordState`], and exchanged as
//! [`Chunk`]s, one change each. A peer's chunks pass a guard; whatever they hold, nothing here panics.
//!
//! Deliberately absent: clocks, random numbers, storage, networking, and any rule about what a value means.

mod apply;
mod chunk;
mod codes;
mod create;
mod document;
mod edit;
mod error;
mod genesis;
mod graph;
mod history;
mod json;
pub mod limits;
mod loose;
mod original;
mod read;
mod reauthor;
mod text;
mod value;

pub use apply::is_guarded;
pub use chunk::{ApplyReport, Author, Chunk, FieldChange, HistoryEntry};
pub use document::Document;
pub use error::{EditError, LoadError, ReadError, ReauthorError};
pub use genesis::{ContainerKind, GENESIS_ACTOR, Genesis, Link};
pub use loose::Loose;
pub use original::Original;
pub use reauthor::{Reauthored, merged_text};
