//! Filters: the conditions that lists, mass updates, exports and saved filters are narrowed by.
//!
//! `docs/filters.md` is the grammar. [`Expr::parse`] reads a text into a tree that still says what was typed and
//! where; [`Filter::bind`] gives its words their meaning in a module (fields, choices, dates, amounts, records), so a
//! bound filter can't fail any more; [`Filter::takes`] asks it of a record's [`Cell`](crate::cells::Cell)s.
//!
//! Nothing here panics or recurses without bound: a text has at most [`LETTERS_MAX`] letters, a tree at most
//! [`DEPTH_MAX`] levels and [`TESTS_MAX`] tests.

mod bind;
mod error;
mod evaluate;
mod parse;
mod print;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use bind::{BindContext, Filter, find_field};
pub use error::{Expected, FilterError, Problem};
pub use evaluate::{Known, Row};

/// Letters of a condition.
pub const LETTERS_MAX: usize = 4000;

/// Levels of brackets and negations.
pub const DEPTH_MAX: usize = 32;

/// Tests in one condition.
pub const TESTS_MAX: usize = 200;

/// Values of one `in (…)`.
pub const VALUES_MAX: usize = 200;

/// A condition as it was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// All of at least two.
    And(Vec<Expr>),
    /// Any of at least two.
    Or(Vec<Expr>),
    /// The opposite.
    Not(Box<Expr>),
    /// One test.
    Test(Test),
}

/// One test of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// `field operator value`.
    Compare {
        /// The field.
        field: Word,
        /// How the value is compared.
        operator: Operator,
        /// The value as typed.
        value: Word,
    },
    /// `field in (value, …)`.
    In {
        /// The field.
        field: Word,
        /// The values as typed; at least one.
        values: Vec<Word>,
    },
    /// `field is empty`.
    Empty {
        /// The field.
        field: Word,
    },
    /// `open`: not done, not dead, not closed.
    Open(Word),
    /// `mine`: assigned to the person who asks.
    Mine(Word),
}

/// How a value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// `=`
    Is,
    /// `!=`
    IsNot,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `~`: holds the text, folded.
    Holds,
    /// `!~`
    HoldsNot,
}

impl Operator {
    /// The operator as it is written.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Is => "=",
            Self::IsNot => "!=",
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Holds => "~",
            Self::HoldsNot => "!~",
        }
    }

    /// Tells whether it asks for an order.
    pub const fn is_order(self) -> bool {
        matches!(self, Self::Less | Self::AtMost | Self::More | Self::AtLeast)
    }
}

/// A name or a value with its place in the text. Two are equal when they say the same, wherever they stand.
#[derive(Debug, Clone, Eq)]
pub struct Word {
    /// What it says, without quotes.
    pub text: String,
    /// Where it stands, in letters (Unicode scalars) from 0, quotes included.
    pub at: Range<usize>,
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Word {
    /// A word that stands nowhere, for conditions that a program puts together.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), at: 0..0 }
    }
}

impl Expr {
    /// Joins conditions that must all hold; none where there are none.
    pub fn all(mut conditions: Vec<Self>) -> Option<Self> {
        match conditions.len() {
            0 | 1 => conditions.pop(),
            _ => Some(Self::And(conditions)),
        }
    }

    /// `open`, as `--open` asks for it.
    pub fn open() -> Self {
        Self::Test(Test::Open(Word::new("open")))
    }

    /// `mine`, as `--mine` asks for it.
    pub fn mine() -> Self {
        Self::Test(Test::Mine(Word::new("mine")))
    }
}
