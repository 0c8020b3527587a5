//! Why a typed value is refused, as data: each language puts it into words of its own.

use std::fmt;

use thiserror::Error;

/// What a field takes instead of a value that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// At most so many letters.
    Letters(usize),
    /// One line without control characters.
    OneLine,
    /// Tags of at most so many letters, without `/`.
    Tags(usize),
    /// A whole number within inclusive bounds.
    Whole {
        /// The least accepted.
        min: i64,
        /// The most accepted.
        max: i64,
    },
    /// A number with at most so many decimals.
    Decimals(u32),
    /// A number above zero with at most so many decimals.
    Positive(u32),
    /// A percentage from 0 to 100.
    Percent,
    /// A whole percentage from 0 to 100.
    WholePercent,
    /// A percentage with at most two decimals.
    FinePercent,
    /// Yes or no.
    YesNo,
    /// An IANA time zone.
    TimeZone,
    /// Something that has English words only.
    Other(String),
}

impl From<String> for Expected {
    fn from(words: String) -> Self {
        Self::Other(words)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Letters(most) => write!(f, "at most {most} letters"),
            Self::OneLine => f.write_str("one line without control characters"),
            Self::Tags(most) => write!(f, "tags of at most {most} letters without `/`"),
            Self::Whole { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::Decimals(scale) => write!(f, "a number with at most {scale} decimals"),
            Self::Positive(scale) => write!(f, "a number above zero with at most {scale} decimals"),
            Self::Percent => f.write_str("a percentage from 0 to 100"),
            Self::WholePercent => f.write_str("a whole percentage from 0 to 100"),
            Self::FinePercent => f.write_str("a percentage with at most two decimals"),
            Self::YesNo => f.write_str("yes or no"),
            Self::TimeZone => f.write_str("an IANA time zone such as Asia/Tehran"),
            Self::Other(words) => f.write_str(words),
        }
    }
}

/// Why a field is not set as `field=value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyNotEditable {
    /// `+=` or `-=` on what is no list.
    NotAList,
    /// It follows from other fields or has a command of its own.
    Derived,
    /// Only commands write it.
    CommandsOnly,
    /// The value belongs to no line.
    NotOfALine,
    /// Something that has English words only.
    Other(&'static str),
}

impl From<&'static str> for WhyNotEditable {
    fn from(words: &'static str) -> Self {
        Self::Other(words)
    }
}

impl fmt::Display for WhyNotEditable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAList => "`+=` and `-=` are for lists such as tags; use `=`",
            Self::Derived => "it follows from other fields or has a command of its own",
            Self::CommandsOnly => "only commands write it",
            Self::NotOfALine => "give one of the line's own values, such as qty or unit_price",
            Self::Other(words) => words,
        })
    }
}

/// Why a typed reference leads to no record, or to several.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReferenceError {
    /// No record of the module answers to the text.
    #[error("no {module} matches \"{text}\"; `forsat find {text}` searches by name")]
    NotFound {
        /// The module's name.
        module: String,
        /// The text as given.
        text: String,
    },
    /// Several records answer to the text.
    #[error("\"{text}\" could be {count} records; type more of the id: {options}")]
    Ambiguous {
        /// The text as given.
        text: String,
        /// How many records.
        count: usize,
        /// The first of them: short id and name.
        options: String,
    },
    /// No record of any module that the field takes answers to the text.
    #[error("no single record matches \"{0}\"; give more of its id or name")]
    NoneOfModules(String),
    /// Records of several modules answer to the text.
    #[error("\"{text}\" could be {options}; write one of these")]
    SeveralModules {
        /// The text as given.
        text: String,
        /// What can be written instead.
        options: String,
    },
    /// Something that has English words only.
    #[error("{0}")]
    Other(String),
}

impl From<String> for ReferenceError {
    fn from(words: String) -> Self {
        Self::Other(words)
    }
}
