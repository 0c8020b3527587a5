//! Writes a condition so that reading it gives the same tree.

use std::fmt::{self, Display, Formatter};

use super::{Expr, Test, Word};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => joined(f, parts, " and ", |part| matches!(part, Self::And(_) | Self::Or(_))),
            Self::Or(parts) => joined(f, parts, " or ", |part| matches!(part, Self::Or(_))),
            Self::Not(inner) => match inner.as_ref() {
                Self::Test(Test::Empty { field }) => write!(f, "{field} is not empty"),
                inner => {
                    f.write_str("not ")?;
                    bracketed(f, inner, matches!(inner, Self::And(_) | Self::Or(_)))
                }
            },
            Self::Test(test) => test.fmt(f),
        }
    }
}

fn joined(f: &mut Formatter<'_>, parts: &[Expr], joint: &str, needs: impl Fn(&Expr) -> bool) -> fmt::Result {
    for (at, part) in parts.iter().enumerate() {
        f.write_str(if at == 0 { "" } else { joint })?;
        bracketed(f, part, needs(part))?;
    }
    Ok(())
}

fn bracketed(f: &mut Formatter<'_>, expr: &Expr, needed: bool) -> fmt::Result {
    if needed { write!(f, "({expr})") } else { write!(f, "{expr}") }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compare { field, operator, value } => write!(f, "{field}{}{value}", operator.sign()),
            Self::In { field, values } => {
                write!(f, "{field} in (")?;
                for (at, value) in values.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { ", " })?;
                    value.fmt(f)?;
                }
                f.write_str(")")
            }
            Self::Empty { field } => write!(f, "{field} is empty"),
            Self::Open(_) => f.write_str("open"),
            Self::Mine(_) => f.write_str("mine"),
        }
    }
}

impl Display for Word {
    /// Writes names and plain values bare, everything else in quotes.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let is_plain =
            |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '/' | '.' | '-');
        let is_reserved = matches!(
            self.text.to_ascii_lowercase().as_str(),
            "and" | "or" | "not" | "in" | "is" | "empty" | "open" | "mine"
        );
        if !self.text.is_empty() && self.text.chars().all(is_plain) && !is_reserved {
            return f.write_str(&self.text);
        }
        f.write_str("\"")?;
        for letter in self.text.chars() {
            if matches!(letter, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{letter}")?;
        }
        f.write_str("\"")
    }
}
