//! The stable codes that faults, refusals and closed streams carry on the wire, and what each means to a person.
//!
//! A code is lower-case words joined by `_`. Peers of a later version may send codes that this one doesn't know; they
//! are kept as they came and shown with the message that came with them.

use std::borrow::Cow;
use std::fmt;

/// A stable code. At most [`Code::LEN_MAX`] bytes of `a-z`, `0-9`, `_`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(Cow<'static, str>);

impl Code {
    /// The longest code that is taken from a peer, in bytes.
    pub const LEN_MAX: usize = 48;

    /// Wraps a code of this program.
    pub const fn new(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// Reads a peer's code; `None` when it is empty, too long or has other characters.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=Self::LEN_MAX).contains(&text.len());
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        (fits && plain).then(|| Self(Cow::Owned(text.to_owned())))
    }

    /// Whether a quota of the workspace is used up: nothing that a device does changes that, and time seldom.
    pub fn is_quota(&self) -> bool {
        self.0.starts_with("quota_")
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({self})")
    }
}

/// Declares the codes with their messages and the list of all of them.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $message:literal;)*) => {
        $($(#[$doc])* pub const $name: Code = Code::new($text);)*

        /// All codes of the connection itself with what they say to a person, in the order of the documentation.
        pub const ALL: &[(Code, &str)] = &[$(($name, $message)),*];
    };
}

codes! {
    /// The message is larger than a message may be.
    FRAME_TOO_LARGE = "frame_too_large", "The other side sent a message that is larger than allowed; update both programs, then connect again.";
    /// The message ends before it is complete.
    FRAME_TRUNCATED = "frame_truncated", "The other side sent a message that is cut short; update both programs, then connect again.";
    /// Something follows the frame.
    FRAME_TRAILING = "frame_trailing", "The other side sent a message with something after its end; update both programs, then connect again.";
    /// The message nests too deep.
    FRAME_TOO_DEEP = "frame_too_deep", "The other side sent a message that nests too deep; update both programs, then connect again.";
    /// The message uses CBOR that the protocol doesn't have.
    FRAME_UNSUPPORTED = "frame_unsupported", "The other side sent a message in a form that isn't part of the protocol; update both programs, then connect again.";
    /// The message isn't an array that begins with its kind.
    FRAME_SHAPE = "frame_shape", "The other side sent something that isn't a message of the protocol; check that the address is a relay's.";
    /// A field is missing, of another type, or beyond its limit.
    FRAME_FIELD = "frame_field", "The other side sent a message with a missing or wrong field; update both programs, then connect again.";
    /// The frame doesn't belong here.
    UNEXPECTED_FRAME = "unexpected_frame", "The other side sent a message that doesn't belong at this point; update both programs, then connect again.";
    /// The handshake took longer than the limit.
    HANDSHAKE_TIMEOUT = "handshake_timeout", "The handshake took too long; check the connection and try again.";
    /// Nothing was heard for longer than the limit.
    IDLE_TIMEOUT = "idle_timeout", "Nothing was heard from the other side for too long; connect again.";
    /// The protocol version that was chosen isn't one of those offered.
    PROTOCOL_UNSUPPORTED = "protocol_unsupported", "The two programs speak no common protocol version; update the older one.";
    /// The relay doesn't know the device.
    UNKNOWN_DEVICE = "unknown_device", "This relay doesn't know the device; ask for an invite and join with it.";
    /// The device was revoked.
    DEVICE_REVOKED = "device_revoked", "This device was revoked at the relay; ask an administrator for a new invite.";
    /// The device is enrolled and waits to be let in.
    DEVICE_PENDING = "device_pending", "This device waits for an administrator to let it in; do the same again when that is done.";
    /// The document was erased for good.
    ERASED = "erased", "The record was erased for good; nothing of it is taken any more.";
    /// The signature doesn't fit the device's key.
    BAD_SIGNATURE = "bad_signature", "The device's signature is wrong; its key isn't the one that was enrolled.";
    /// The invite isn't known, was used or has expired; the three are not told apart.
    INVITE_INVALID = "invite_invalid", "The invite isn't valid: it was used, has expired or is from another relay; ask for a new one.";
    /// The workspace has as many devices as it may.
    DEVICE_QUOTA = "device_quota", "The workspace has as many devices as it may; revoke one that isn't used.";
    /// No such space, or not for this device: the two are not told apart.
    UNKNOWN_SPACE = "unknown_space", "There is no such space, or this device has no access to it; ask an administrator.";
    /// The role in the space doesn't allow writing.
    FORBIDDEN = "forbidden", "Your role in this space doesn't allow this; ask an administrator for one that does.";
    /// The cursor is of no epoch that the relay's store knows.
    CURSOR_INVALID = "cursor_invalid", "The position in the feed isn't known to this relay's store, which is new or was restored; it is compared with what the device holds.";
    /// Too much at once from this connection.
    OVERLOADED = "overloaded", "The relay has too much to do right now; it is tried again by itself.";
    /// The storage can't do it now.
    UNAVAILABLE = "unavailable", "The relay's storage can't do this right now; it is tried again by itself.";
    /// The relay is stopping.
    DRAINING = "draining", "The relay is stopping for a while; the connection is made again by itself.";
    /// The record has gone to another space.
    HOME_IS = "home_is", "The record has gone to another space; it is made there by itself as soon as the feed has said so.";
    /// Nothing is moved from or to the space that everybody reads.
    COMMON_STAYS = "common_stays", "Records of the space that every member reads stay there, and nothing is moved into it.";
    /// What is to be set aside belongs into a push.
    HOME_HERE = "home_here", "The record lives in this space; the change is sent there.";
    /// No such record, or not for this device.
    UNKNOWN_DOCUMENT = "unknown_document", "The relay has no such record, or none that this device may see; sync first, then move it.";
    /// Changes that it builds on aren't at the relay yet.
    MISSING_DEPS = "missing_deps", "Changes that this one builds on aren't at the relay yet; it is tried again by itself.";
    /// More streams than spaces that can be seen.
    TOO_MANY_STREAMS = "too_many_streams", "More spaces were asked for than a connection may; connect again.";
    /// The peer went away in good order.
    BYE = "bye", "The connection was closed in good order.";
    /// This program broke one of its own rules.
    INTERNAL = "internal", "The program made a mistake of its own; please report it.";
}

/// What a code says to a person; a general sentence for codes that aren't in [`ALL`].
pub fn message(code: &Code) -> &'static str {
    ALL.iter()
        .find(|(known, _)| known == code)
        .map_or("The relay refused this; the code says why.", |(_, message)| *message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_readable_from_the_wire() {
        let mut seen = std::collections::BTreeSet::new();
        for (code, message) in ALL {
            assert!(seen.insert(code.as_str()), "{code} stands twice");
            assert_eq!(Code::parse(code.as_str()).as_ref(), Some(code));
            assert!(!message.is_empty());
        }
    }

    #[test]
    fn the_documentation_lists_every_code() {
        let page = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/protocol.md"));
        let rows: Vec<_> = ALL.iter().map(|(code, message)| format!("| `{code}` | {message} |")).collect();
        assert!(
            page.contains(&rows.join("\n")),
            "replace the table of docs/protocol.md by:\n{}",
            rows.join("\n")
        );
    }

    #[test]
    fn a_peers_code_is_bounded_and_plain() {
        assert!(Code::parse("").is_none());
        assert!(Code::parse("Bad Code").is_none());
        assert!(Code::parse(&"x".repeat(Code::LEN_MAX + 1)).is_none());
        assert_eq!(
            message(&Code::parse("of_a_later_version").unwrap()),
            "The relay refused this; the code says why."
        );
    }
}
