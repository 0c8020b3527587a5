//! The names that travel: fixed-size identifiers, change hashes, actors, positions in a feed.
//!
//! Each is a newtype of its bytes; `Debug` and `Display` print lower-case hex (counters: decimal), so that logs
//! of both ends can be matched by search.

use std::fmt;

/// Declares a newtype over a fixed number of bytes.
macro_rules! byte_id {
    ($(#[$doc:meta])* $name:ident, $len:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; $len]);

        impl $name {
            /// Length in bytes.
            pub const LEN: usize = $len;

            /// Wraps raw bytes.
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// Wraps a slice; `None` unless it has exactly [`Self::LEN`] bytes.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(Self)
            }

            /// Reads the hex form that `Display` prints; `None` for anything else.
            pub fn from_hex(text: &str) -> Option<Self> {
                let mut bytes = [0; $len];
                hex::decode_to_slice(text, &mut bytes).ok()?;
                Some(Self(bytes))
            }

            /// The raw bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        impl AsRef<[u8]> for $name {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

/// Declares a newtype over a 64-bit counter.
macro_rules! counter_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(u64);

        impl $name {
            /// The first value.
            pub const ZERO: Self = Self(0);

            /// Wraps a number.
            pub const fn new(value: u64) -> Self {
                Self(value)
            }

            /// The number.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The next value; `None` at the end of the range, which no honest peer reaches.
            pub const fn next(self) -> Option<Self> {
                match self.0.checked_add(1) {
                    Some(value) => Some(Self(value)),
                    None => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

byte_id!(
    /// Names a document: the UUID of its record.
    DocumentId, 16
);
byte_id!(
    /// Names a space: the unit of access, feed and digest.
    SpaceId, 16
);
byte_id!(
    /// Names a workspace (tenant).
    WorkspaceId, 16
);
byte_id!(
    /// Names a device that was enrolled at a relay.
    DeviceId, 16
);
byte_id!(
    /// Names a user: the UUID of the user's record.
    UserId, 16
);
byte_id!(
    /// Names a change: the SHA-256 that Automerge computes over its uncompressed body.
    ChangeHash, 32
);
byte_id!(
    /// A digest of documents or of digests: the first 16 bytes of BLAKE3, or a sum of such.
    Digest, 16
);
byte_id!(
    /// A random value used once in a handshake.
    Nonce, 32
);
byte_id!(
    /// Names an entry of the control log: BLAKE3 over its bytes.
    ControlHash, 32
);
byte_id!(
    /// Names a relay: its ed25519 public key.
    RelayId, 32
);

counter_id!(
    /// A position in a space's feed; the first entry has 1, 0 stands for "before everything".
    FeedSeq
);
counter_id!(
    /// An opening of a relay store; sequence numbers compare only within what the epoch list allows.
    Epoch
);
counter_id!(
    /// A push of one connection; its outcome carries the same number.
    BatchId
);
counter_id!(
    /// How many homes a document has had: 1 where it began, one more with each move.
    HomeVersion
);

impl HomeVersion {
    /// Where every document begins.
    pub const FIRST: Self = Self(1);
}

impl ControlHash {
    /// The hash of an entry's bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("forsat sync 1 control entry");
        Self(*hasher.update(bytes).finalize().as_bytes())
    }
}

impl Digest {
    /// The digest of nothing: the neutral element of the sum in a bucket.
    pub const EMPTY: Self = Self([0; 16]);
}

/// Names an Automerge actor: one store incarnation of one device. 1 to [`ActorId::LEN_MAX`] bytes; ours have 16.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActorId(Vec<u8>);

impl ActorId {
    /// The longest actor that is taken, in bytes.
    pub const LEN_MAX: usize = 64;

    /// Copies a slice; `None` when it is empty or longer than [`Self::LEN_MAX`].
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        (1..=Self::LEN_MAX).contains(&bytes.len()).then(|| Self(bytes.to_vec()))
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for ActorId {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<[u8; 16]> for ActorId {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes.to_vec())
    }
}

impl fmt::Display for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for ActorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ActorId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trips_and_refuses_other_lengths() {
        let id = DocumentId::from_bytes(*b"0123456789abcdef");
        assert_eq!(DocumentId::from_hex(&id.to_string()), Some(id));
        assert_eq!(DocumentId::from_hex("30"), None);
        assert_eq!(DocumentId::from_slice(b"short"), None);
        assert_eq!(format!("{id:?}"), format!("DocumentId({id})"));
    }

    #[test]
    fn actors_have_one_to_sixty_four_bytes() {
        assert!(ActorId::from_slice(&[]).is_none());
        assert!(ActorId::from_slice(&[7; 64]).is_some());
        assert!(ActorId::from_slice(&[7; 65]).is_none());
    }

    #[test]
    fn counters_stop_at_the_end_of_their_range() {
        assert_eq!(FeedSeq::ZERO.next(), Some(FeedSeq::new(1)));
        assert_eq!(Epoch::new(u64::MAX).next(), None);
    }
}
