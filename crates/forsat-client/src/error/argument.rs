//! Why an argument can't be used, as data: each language puts it into words of its own.

use forsat_domain::CivilDate;
use forsat_domain::filter::Problem;
use thiserror::Error;

/// An argument that can't be read or means nothing.
#[derive(Debug, Error)]
pub enum ArgumentError {
    /// No module has a field of this name.
    #[error("no module has a field \"{0}\"")]
    UnknownField(String),
    /// A forecast is compared with a day that hasn't come.
    #[error("{0} is still to come; a forecast is compared with a day that has passed")]
    FutureDay(CivilDate),
    /// Not the name of a time zone.
    #[error("the time zone is an IANA name, such as Asia/Tehran")]
    TimeZone,
    /// Not the name of a calendar.
    #[error("the calendar is persian or gregorian")]
    Calendar,
    /// No command of this device has this number.
    #[error("there is no command {0}; `forsat undo --list` shows them")]
    NoCommand(u64),
    /// A file of certificates can't be used.
    #[error("{path}: {why}")]
    Certificates {
        /// The file.
        path: String,
        /// What is wrong with it, in the words of the reader of certificates.
        why: String,
    },
    /// Not a column of the list.
    #[error("a column: {0}")]
    Column(Problem),
    /// A new account without a name.
    #[error("an account needs a name; give --new-account NAME")]
    AccountName,
    /// No change of the record has a hash that begins so.
    #[error("no change of this record begins with {0}")]
    NoChange(String),
    /// Several changes of the record have hashes that begin so.
    #[error("several changes begin with {0}; type more of the hash")]
    SeveralChanges(String),
    /// The field isn't exported.
    #[error("{module} has no field \"{field}\" to export; there are {known}")]
    NotExported {
        /// The module.
        module: String,
        /// What was asked for.
        field: String,
        /// The fields that can be.
        known: String,
    },
    /// No refused edit has this number.
    #[error("no refused edit has the number {0}; `forsat refused` lists them")]
    NoRefusedEdit(u64),
    /// No change in quarantine has this number.
    #[error("no change in quarantine has the number {0}; `forsat quarantine` lists them")]
    NoQuarantined(u64),
    /// More records than one command changes.
    #[error("{count} records are more than one command changes ({max}); narrow the condition")]
    TooManyRecords {
        /// How many were meant.
        count: usize,
        /// The most.
        max: usize,
    },
    /// What a list asks for can't be saved as a filter.
    #[error(
        "a saved filter keeps conditions, columns and sorting; write --text as a condition, such as name~word"
    )]
    NotSaved,
    /// A target for a team without a name.
    #[error("name the team, such as --team north")]
    TeamName,
}
