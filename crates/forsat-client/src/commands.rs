//! Commands and queries.

use crate::engine::Engine;
use crate::error::ClientError;
use crate::model::*;

/// Commands. `reference` is a short id or a beginning of one, a whole UUID, or a unique name.
impl Engine {
    /// Creates a record.
    pub fn create(&self, _module: &str, _fields: &[FieldInput]) -> Result<Saved, ClientError> {
        unimplemented!()
    }
    /// Changes fields of a record.
    pub fn edit(&self, _module: &str, _reference: &str, _fields: &[FieldInput]) -> Result<Saved, ClientError> {
        unimplemented!()
    }
    /// Says what deleting would leave behind; asks nothing, writes nothing.
    pub fn delete_preview(&self, _module: &str, _reference: &str) -> Result<DeletePreview, ClientError> {
        unimplemented!()
    }
    /// Moves a record to the trash.
    pub fn delete(&self, _module: &str, _reference: &str) -> Result<Saved, ClientError> {
        unimplemented!()
    }
    /// Takes a record out of the trash.
    pub fn restore(&self, _module: &str, _reference: &str) -> Result<Saved, ClientError> {
        unimplemented!()
    }
    /// Moves a deal to an open stage, by id or label.
    pub fn stage(&self, _reference: &str, _stage: &str) -> Result<Saved, ClientError> {
        unimplemented!()
    }
    /// Closes a deal as won.
    pub fn win(&self, _reference: &str, _close: &CloseInput) -> Result<Saved, ClientError> {
        unimplemented!()
    }
    /// Closes a deal as lost.
    pub fn lose(&self, _reference: &str, _close: &CloseInput) -> Result<Saved, ClientError> {
        unimplemented!()
    }
    /// Opens a closed deal again, in the stage named or the one that it was closed from.
    pub fn reopen(&self, _reference: &str, _stage: Option<&str>) -> Result<Saved, ClientError> {
        unimplemented!()
    }
    /// Adds a line to a deal; `product` is an id or name of the catalogue, or free text with `name=` among the fields.
    pub fn line_add(
        &self,
        _reference: &str,
        _product: Option<&str>,
        _fields: &[FieldInput],
    ) -> Result<Saved, ClientError> {
        unimplemented!()
    }
    /// Changes fields of a line; `line` is its number from 1, a beginning of its id, or its name.
    pub fn line_edit(&self, _reference: &str, _line: &str, _fields: &[FieldInput]) -> Result<Saved, ClientError> {
        unimplemented!()
    }
    /// Removes a line.
    pub fn line_remove(&self, _reference: &str, _line: &str) -> Result<Saved, ClientError> {
        unimplemented!()
    }
    /// Ends an issue; `what` is the field or the issue's code.
    pub fn resolve(&self, _reference: &str, _what: &str, _resolve: &Resolve) -> Result<Saved, ClientError> {
        unimplemented!()
    }
    /// Takes back this device's last command, as far as its values are still its own.
    pub fn undo(&self) -> Result<Undone, ClientError> {
        unimplemented!()
    }
}

/// Queries. `module` "record" (or empty) means any module.
impl Engine {
    /// The record in full.
    pub fn show(&self, _module: &str, _reference: &str) -> Result<RecordView, ClientError> {
        unimplemented!()
    }
    /// Records of a module.
    pub fn list(&self, _module: &str, _query: &ListQuery) -> Result<ListPage, ClientError> {
        unimplemented!()
    }
    /// Records whose name holds every word of the text, folded; at most `limit`.
    pub fn find(&self, _text: &str, _limit: usize) -> Result<Vec<Found>, ClientError> {
        unimplemented!()
    }
    /// What someone has to decide or look at; `info` adds what is for information only.
    pub fn issues(&self, _info: bool) -> Result<IssueList, ClientError> {
        unimplemented!()
    }
    /// A record's changes, newest first.
    pub fn history(&self, _module: &str, _reference: &str) -> Result<Vec<HistoryView>, ClientError> {
        unimplemented!()
    }
    /// A record's document from the inside; `at`: a change's hash (hex, or its beginning) to see it as it was then.
    pub fn inspect(
        &self,
        _module: &str,
        _reference: &str,
        _at: Option<&str>,
        _raw: bool,
    ) -> Result<Inspection, ClientError> {
        unimplemented!()
    }
    /// How the store stands.
    pub fn status(&self) -> Result<Status, ClientError> {
        unimplemented!()
    }
}
