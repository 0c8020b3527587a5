//! Why an imported file or its mapping can't be used, as data: each language puts it into words of its own.

use forsat_domain::schema::ModuleDef;
use forsat_domain::settings::{CUSTOM_PREFIX, FIELD_TYPES, is_custom_name};
use std::fmt;
use thiserror::Error;

/// What is wrong with a mapping or an imported file.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileProblem {
    /// The mapping says nothing of a file of this name.
    #[error("the mapping describes {0}; name the file so")]
    NotMapped(String),
    /// The file lacks columns that the mapping reads.
    #[error("it has no column {0}; correct the mapping or the file")]
    LacksColumns(String),
    /// The file lacks a column that every export has.
    #[error("it has no column {0}")]
    NoColumn(&'static str),
    /// The separator isn't one.
    #[error("the delimiter is one ASCII character")]
    Delimiter,
    /// Two columns of one name.
    #[error("two columns are named \"{0}\"; rename one")]
    TwoColumns(String),
    /// A row with too many cells.
    #[error("row {0} has more cells than the header has columns")]
    LongRow(usize),
    /// The CSV or TOML can't be read.
    #[error("{0}")]
    Syntax(String),
    /// Too large.
    #[error("larger than {0} bytes; split it")]
    TooLarge(u64),
    /// No encoding is called so.
    #[error("no encoding is called \"{0}\"; try utf-8, utf-16le or windows-1256")]
    UnknownEncoding(String),
    /// Bytes that the encoding doesn't have.
    #[error("not all of it is {0}; name its encoding in the mapping: encoding = \"…\"")]
    Encoding(&'static str),
    /// A mapping that is too large for one.
    #[error("a mapping has at most {0} bytes; is this the data file?")]
    LargeMapping(u64),
    /// A mapping without its source.
    #[error("`source` names where the data comes from; it can't be empty")]
    NoSource,
    /// A part of a mapping without a key.
    #[error("{0}: `key` names the columns that tell rows apart; give one")]
    NoKey(String),
    /// A part of a mapping names a value map that isn't there.
    #[error("{file}: there is no value map [maps.{map}]")]
    NoMap {
        /// The file that the part is for.
        file: String,
        /// The value map.
        map: String,
    },
    /// Neither our own export nor mapped.
    #[error("this is no Forsat export (its first columns would be {0}); name a mapping with --map")]
    NotAnExport(String),
    /// No module is called so.
    #[error("{column} says \"{module}\", and there is no such module")]
    UnknownModule {
        /// The column that says the module.
        column: &'static str,
        /// What it says.
        module: String,
    },
    /// A header alone.
    #[error("it has a header and no rows")]
    NoRows,
    /// A column that no field is read from.
    #[error("{0}")]
    UnknownField(UnknownField),
    /// A mapping that fills one field by two names.
    #[error("the mapping fills {field} twice, as {first} and as {second}")]
    FilledTwice {
        /// The field.
        field: String,
        /// What the mapping calls it,
        first: String,
        /// and again.
        second: String,
    },
    /// JSON lines that aren't.
    #[error("line 1 is not JSON: {0}")]
    NotJson(String),
}

/// A field that a module doesn't have here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// The module's name.
    pub module: String,
    /// What the file or its mapping calls the field.
    pub field: String,
}

impl UnknownField {
    pub(crate) fn of(module: &ModuleDef, field: &str) -> Self {
        Self { module: module.name.to_string(), field: field.to_owned() }
    }

    /// The name under which an administrator can add the field; none for one that can't be a workspace's own.
    pub fn addable(&self) -> Option<&str> {
        let short = self.field.strip_prefix(CUSTOM_PREFIX).unwrap_or(&self.field);
        is_custom_name(&format!("{CUSTOM_PREFIX}{short}")).then_some(short)
    }
}

impl fmt::Display for UnknownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { module, field } = self;
        write!(f, "{module} has no field \"{field}\" here; correct its name or leave it out")?;
        let Some(short) = self.addable() else { return Ok(()) };
        write!(
            f,
            ", or add it with `forsat settings field add {module} --name {short} --type …` (one of {FIELD_TYPES})"
        )
    }
}
