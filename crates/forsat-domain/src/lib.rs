//! Records, money, dates, the schema table, merge rules and reports of Forsat; no I/O.
//!
//! Nothing here reads a clock, draws a random number or touches a file: "now", "today" and new ids are arguments.
//! The values half is below first (ids, money, numbers, dates, text); the rules half is built on it.

// Values.
pub mod canonical;
pub mod collate;
pub mod currency;
pub mod date;
pub mod id;
pub mod money;
pub mod number;
pub mod text;

pub use currency::Currency;
pub use date::{Calendar, CivilDate};
pub use id::{EntryId, RecordId, UserId, WorkspaceId, derived_id};
pub use money::Money;
pub use number::{Digits, RialUnit};

// Rules.
pub mod cells;
pub mod command;
pub mod composite;
pub mod duplicates;
pub mod edit;
pub mod filter;
pub mod issue;
pub mod lead;
pub mod lifecycle;
pub mod opportunity;
pub mod record;
pub mod report;
pub mod schema;
pub mod settings;
#[cfg(test)]
mod testing;
pub mod world;

pub use edit::Edit;
pub use opportunity::Deal;
pub use record::{Entry, FieldState, RecordState, Register, Scalar, Side, Stamp};
pub use schema::{FieldDef, FieldKind, MergeCode, ModuleDef, Schema};
pub use settings::Settings;
pub use world::{Records, World};
