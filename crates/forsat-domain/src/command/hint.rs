//! What to do after a refusal, as data: each language puts it into words of its own.

use std::fmt;

/// What to do where a deal can't enter a stage this way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StageHint {
    /// Close the deal by its own command, which asks for a reason.
    Close,
    /// Name one of the open stages.
    NameOpen,
}

impl fmt::Display for StageHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Close => "use `forsat opp lose … --reason`",
            Self::NameOpen => "name one of the open stages that `forsat pipeline` lists",
        })
    }
}

/// What to do where an issue doesn't end this way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolveHint {
    /// Run this command.
    Command(String),
    /// Nothing: it ends once its cause is gone.
    ByItself,
    /// The side can't be read; a value is needed.
    Unreadable,
    /// One of the sides has to be taken.
    TakeASide,
    /// Day, reason and note belong to a closed stage.
    OnlyClosed,
}

impl fmt::Display for ResolveHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(command) => write!(f, "use `{command}`"),
            Self::ByItself => f.write_str("it ends by itself once its cause is gone"),
            Self::Unreadable => f.write_str("that side can't be read; give a stage with --value"),
            Self::TakeASide => f.write_str("take one of its sides"),
            Self::OnlyClosed => f.write_str("--on, --reason and --note belong to won or lost"),
        }
    }
}
