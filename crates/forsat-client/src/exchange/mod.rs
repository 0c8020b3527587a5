//! Records as files that lose nothing: what a field holds, how a cell and a JSON value spell it, and the export.
//!
//! A file of this form can be imported without a mapping: it says of each row which record it is and which version of
//! it was exported, so that only what was changed in the file is written. The form is described in
//! `docs/import-export.md`.

mod cell;
mod content;
mod export;

pub(crate) use cell::{NAME_SUFFIX, from_cell};
pub(crate) use content::{Content, REMOVED, Registers};
pub use export::{ExportFormat, ExportSummary};

/// The first column: the module of the row's record. It marks the form.
pub(crate) const MODULE_COLUMN: &str = "forsat_module";
/// The second column: the record.
pub(crate) const ID_COLUMN: &str = "id";
/// The third column: the heads that the record had when it was exported, hex.
pub(crate) const VERSION_COLUMN: &str = "forsat_version";

/// Tells whether files carry a field: identity is in the first columns, and a record's end is not a value of it.
pub(crate) fn is_carried(field: &forsat_domain::FieldDef) -> bool {
    !matches!(field.name.as_ref(), "id" | "module" | "lifecycle" | "merged_into")
        && field.merge != forsat_domain::MergeCode::D
}
