//! Why an imported file or its mapping can't be used, as data: each language puts it into words of its own.

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
    #[error("{module} has no field \"{field}\"; delete the column, or name it as it was exported")]
    UnknownField {
        /// The module.
        module: String,
        /// The column.
        field: String,
    },
    /// JSON lines that aren't.
    #[error("line 1 is not JSON: {0}")]
    NotJson(String),
}
