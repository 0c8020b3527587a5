//! The engine: one store, one user, every command and query.

use crate::ambient::{Ambient, SystemAmbient};
use crate::error::ClientError;
use crate::model::*;
use std::path::Path;
use std::sync::Arc;

/// What a new workspace begins with.
#[derive(Clone, Debug, Default)]
pub struct InitOptions {
    /// The user's name; empty: "me".
    pub user_name: String,
    /// The user's e-mail, by which a relay's user is matched later.
    pub email: Option<String>,
    /// The organisation's currency, ISO 4217; none: IRR.
    pub currency: Option<String>,
    /// The organisation's time zone, IANA; none: Asia/Tehran.
    pub time_zone: Option<String>,
    /// The organisation's calendar, `persian` or `gregorian`; none: persian.
    pub calendar: Option<String>,
}

/// The device's engine on one store. Every method that writes is durable when it returns.
#[derive(Debug)]
pub struct Engine {
    ambient: Arc<dyn Ambient>,
}

/// Opening and creating.
impl Engine {
    /// Makes a store in `dir` (created when missing) with a workspace of its own, a user, and no relay.
    pub fn init(dir: &Path, options: &InitOptions) -> Result<Engine, ClientError> {
        Engine::init_with(dir, options, Arc::new(SystemAmbient::new()))
    }

    /// Like [`Engine::init`], with the clock and the randomness given.
    pub fn init_with(_dir: &Path, _options: &InitOptions, ambient: Arc<dyn Ambient>) -> Result<Engine, ClientError> {
        Ok(Engine { ambient })
    }

    /// Opens the store in `dir`.
    pub fn open(dir: &Path) -> Result<Engine, ClientError> {
        Engine::open_with(dir, Arc::new(SystemAmbient::new()))
    }

    /// Like [`Engine::open`], with the clock and the randomness given.
    pub fn open_with(_dir: &Path, ambient: Arc<dyn Ambient>) -> Result<Engine, ClientError> {
        Ok(Engine { ambient })
    }

    /// The clock and the randomness that this engine was given.
    pub fn ambient(&self) -> &Arc<dyn Ambient> {
        &self.ambient
    }
}

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
    /// Imports a file, or every file of a directory that the mapping names.
    pub fn import(
        &self,
        _file_or_dir: &Path,
        _mapping: &Path,
        _options: &ImportOptions,
        _progress: &mut dyn FnMut(&ImportProgress),
    ) -> Result<ImportSummary, ClientError> {
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
