//! What became of one of several things that a frame brought.

use crate::code::Code;

/// What became of one change of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemOutcome {
    /// It is durable at the relay (now or from before).
    Acked,
    /// Not now: it stays in the outbox and is tried again.
    Later {
        /// Why.
        code: Code,
        /// The same for a person.
        message: String,
    },
    /// Never.
    Refused {
        /// Why.
        code: Code,
        /// The same for a person.
        message: String,
    },
}

impl ItemOutcome {
    /// A [`ItemOutcome::Later`] with the code's own message.
    pub fn later(code: Code) -> Self {
        Self::Later { message: crate::code::message(&code).to_owned(), code }
    }

    /// A [`ItemOutcome::Refused`] with the code's own message.
    pub fn refused(code: Code) -> Self {
        Self::Refused { message: crate::code::message(&code).to_owned(), code }
    }
}
