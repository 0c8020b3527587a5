//! What is wrong with a condition, and where.

use std::ops::Range;

use thiserror::Error;

use crate::schema::input::InputError;

/// A condition that can't be used, with the place that it fails at.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct FilterError {
    /// Where, in letters (Unicode scalars) from 0; empty at the end of the text.
    pub at: Range<usize>,
    /// What is wrong.
    pub problem: Problem,
}

impl FilterError {
    pub(super) fn new(at: Range<usize>, problem: Problem) -> Self {
        Self { at, problem }
    }
}

/// What a condition could go on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// A field, `not` or a bracket.
    Test,
    /// An operator behind a field.
    Operator,
    /// A value behind an operator.
    Value,
    /// `and`, `or` or the end.
    Joint,
    /// `,` or `)` in a list.
    ListEnd,
    /// `)`.
    Bracket,
    /// A closing quote.
    Quote,
}

impl Expected {
    /// A stable name in snake case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Operator => "operator",
            Self::Value => "value",
            Self::Joint => "joint",
            Self::ListEnd => "list_end",
            Self::Bracket => "bracket",
            Self::Quote => "quote",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Test => "a field is expected here, such as stage=negotiation",
            Self::Operator => {
                "an operator is expected behind the field: = != < <= > >= ~, in (…), is empty, is not empty"
            }
            Self::Value => "a value is expected behind the operator; for no value write `is empty`",
            Self::Joint => {
                "`and`, `or` or the end is expected here; put a value that holds such signs in quotes"
            }
            Self::ListEnd => "`,` or `)` is expected here",
            Self::Bracket => "`)` is expected here",
            Self::Quote => "the quote that begins here doesn't end",
        }
    }
}

/// What is wrong with a condition.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Problem {
    /// The text doesn't follow the grammar.
    #[error("{}", .0.words())]
    Expected(Expected),
    /// More letters than a condition may have.
    #[error("a condition has at most {} letters", super::LETTERS_MAX)]
    TooLong,
    /// More levels of brackets and negations, tests, or values than a condition may have.
    #[error(
        "a condition has at most {} levels, {} tests, and {} values in a list",
        super::DEPTH_MAX,
        super::TESTS_MAX,
        super::VALUES_MAX
    )]
    TooMuch,
    /// No field has this name or label.
    #[error("{module} has no field \"{field}\"; there are {known}")]
    UnknownField {
        /// The module.
        module: String,
        /// What was typed.
        field: String,
        /// The fields that can be asked for.
        known: String,
    },
    /// Several fields have this label.
    #[error("\"{field}\" could be {options}; write one of these names")]
    AmbiguousField {
        /// What was typed.
        field: String,
        /// The stored names.
        options: String,
    },
    /// The field can't be asked for.
    #[error("{field} can't be filtered by")]
    NotFiltered {
        /// The field.
        field: String,
    },
    /// The operator makes no sense for the field.
    #[error("{field} takes {known}, not {operator}")]
    Operator {
        /// The field.
        field: String,
        /// The operator.
        operator: &'static str,
        /// What it takes.
        known: &'static str,
    },
    /// The value can't be read.
    #[error(transparent)]
    Value(Box<InputError>),
    /// `open` is asked of a module whose records are not open or closed.
    #[error("`open` says nothing about {module}; it is for opportunities, leads and activities")]
    NotOpen {
        /// The module.
        module: String,
    },
}

impl Problem {
    /// A stable name in snake case.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Expected(_) => "expected",
            Self::TooLong => "too_long",
            Self::TooMuch => "too_much",
            Self::UnknownField { .. } => "unknown_field",
            Self::AmbiguousField { .. } => "ambiguous_field",
            Self::NotFiltered { .. } => "not_filtered",
            Self::Operator { .. } => "operator",
            Self::Value(_) => "value",
            Self::NotOpen { .. } => "not_open",
        }
    }
}

impl From<InputError> for Problem {
    fn from(error: InputError) -> Self {
        Self::Value(Box::new(error))
    }
}
