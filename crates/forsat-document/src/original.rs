//! Whose change a change makes again: a mark in its message, that every device reads.
//!
//! A change that never came to the relay by its own way is made again by somebody else. Its author is then whoever made
//! it again, and the mark says for whom. It is the word of that author, as everything that a change says.

use forsat_domain::UserId;

/// What a message with a mark begins with.
const MARK: &str = "forsat:original:";

/// Whose change was made again, and which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Original {
    /// Who made it.
    pub user: UserId,
    /// Its hash.
    pub change: [u8; 32],
}

impl Original {
    /// The mark as the message of a change.
    pub(crate) fn message(&self) -> String {
        format!("{MARK}{}:{}", hex::encode(self.user.as_bytes()), hex::encode(self.change))
    }

    /// Reads a mark; a message of another kind has none.
    pub(crate) fn read(message: Option<&str>) -> Option<Self> {
        let (user, change) = message?.strip_prefix(MARK)?.split_once(':')?;
        let user: [u8; 16] = hex::decode(user).ok()?.try_into().ok()?;
        let change = hex::decode(change).ok()?.try_into().ok()?;
        Some(Self { user: UserId::from_bytes(user), change })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_written_and_other_messages_are_none() {
        let original = Original { user: UserId::from_bytes([7; 16]), change: [9; 32] };
        assert_eq!(Original::read(Some(&original.message())), Some(original));
        for other in [None, Some(""), Some("a note"), Some("forsat:original:07:09"), Some(MARK)] {
            assert_eq!(Original::read(other), None, "{other:?}");
        }
    }
}
