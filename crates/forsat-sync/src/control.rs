//! The control log: who was let in, with which role, who was thrown out; chained by hashes and signed with the relay's key.
//!
//! Every member holds it. Whoever has the relay's public key can check it alone, so a relay that was restored from an old
//! backup takes back from any device what it forgot, and a device erases itself for nobody but the relay itself.
//!
//! An entry is bytes that are never written anew: its hash is over them, the next entry names that hash, and entries of
//! kinds that a later version adds are kept and passed on as they are.

mod codec;
#[cfg(test)]
mod tests;

use crate::frame::Role;
use crate::id::{ControlHash, DeviceId, DocumentId, RelayId, SpaceId, UserId, WorkspaceId};
use crate::identity::{self, PublicKey, RelayKey, SecretHash, Signature};

/// The longest entry, in bytes.
pub const ENTRY_BYTES_MAX: usize = 2048;
/// The most entries of one message.
pub const ENTRIES_MAX: usize = 256;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlEvent {
    /// The log begins.
    WorkspaceMade {
        /// The relay's workspace.
        workspace: WorkspaceId,
    },
    /// A space was made. Its name isn't told to those who don't see it.
    SpaceMade {
        /// Which.
        space: SpaceId,
        /// Whether it is the one that every member reads.
        common: bool,
    },
    /// A user got an id.
    UserMade {
        /// The id.
        user: UserId,
        /// What they are called.
        name: String,
        /// Their e-mail, by which they are known when there is one.
        email: Option<String>,
    },
    /// A device was enrolled.
    DeviceEnrolled {
        /// Its id.
        device: DeviceId,
        /// Whose it is.
        user: UserId,
        /// Its key.
        public_key: PublicKey,
        /// What its owner called it.
        name: String,
        /// Whether it waits to be let in.
        pending: bool,
        /// The hash of the secret that it redeemed, which nobody else may redeem.
        invite: Option<SecretHash>,
    },
    /// A device that waited was let in.
    DeviceActivated {
        /// Which.
        device: DeviceId,
    },
    /// A device lost its access for good.
    DeviceRevoked {
        /// Which.
        device: DeviceId,
        /// Whether it is in strange hands: then it erases itself at once.
        lost: bool,
    },
    /// A user got a role in a space, in place of the one there.
    RoleSet {
        /// Who.
        user: UserId,
        /// Where.
        space: SpaceId,
        /// The role.
        role: Role,
    },
    /// A user lost the role in a space.
    RoleRemoved {
        /// Who.
        user: UserId,
        /// Where.
        space: SpaceId,
    },
    /// A document is gone for good.
    DocumentErased {
        /// Which.
        document: DocumentId,
    },
    /// Of a later version.
    Unknown {
        /// Its kind.
        kind: u64,
    },
}

/// An entry as it reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlEntry {
    /// Its number; the first has 1.
    pub number: u64,
    /// The hash of the entry before; zeroes for the first.
    pub previous: ControlHash,
    /// When, milliseconds since 1970 by the relay's clock.
    pub at_ms: u64,
    /// Who asked for it; nobody where it was the operator, or where it follows from something else.
    pub by: Option<UserId>,
    /// What happened.
    pub event: ControlEvent,
}

/// An entry as it is kept and sent: its own bytes and the relay's signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedEntry {
    /// What [`ControlEntry::encode`] gave, once.
    pub bytes: Vec<u8>,
    /// By the relay's key over the hash of the bytes.
    pub signature: Signature,
}

/// How far a log goes: two logs of one relay with the same end are the same log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlHead {
    /// How many entries.
    pub count: u64,
    /// The hash of the last one.
    pub hash: ControlHash,
}

/// A log's end as a device says it at every connection: as much of the hash as tells two logs of one relay apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControlMark {
    /// How many entries.
    pub count: u64,
    /// The first bytes of the hash of the last one.
    pub digest: [u8; 8],
}

/// Why an entry isn't taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlFault {
    /// The bytes are none.
    #[error("an entry of the control log can't be read")]
    Malformed,
    /// Somebody else wrote it.
    #[error("an entry of the control log isn't signed by the relay")]
    BadSignature,
    /// It isn't the next one.
    #[error("entry {found} of the control log came where {wanted} was due")]
    NotNext {
        /// The number that was due.
        wanted: u64,
        /// The number that came.
        found: u64,
    },
    /// It goes on from another log.
    #[error("the control log forks at entry {0}")]
    Forked(u64),
}

impl ControlHead {
    /// Of an empty log.
    pub const EMPTY: Self = Self { count: 0, hash: ControlHash::from_bytes([0; 32]) };

    /// What a device says of it.
    pub fn mark(&self) -> ControlMark {
        let mut digest = [0; 8];
        digest.copy_from_slice(&self.hash.as_bytes()[..8]);
        ControlMark { count: self.count, digest }
    }

    /// Checks that an entry is the relay's and goes on from here; answers what it says and where the log ends then.
    pub fn follow(self, relay: &RelayId, entry: &SignedEntry) -> Result<(ControlEntry, Self), ControlFault> {
        let read = entry.verify(relay)?;
        let wanted = self.count.saturating_add(1);
        if read.number != wanted {
            return Err(ControlFault::NotNext { wanted, found: read.number });
        }
        if read.previous != self.hash {
            return Err(ControlFault::Forked(read.number));
        }
        Ok((read, Self { count: wanted, hash: entry.hash() }))
    }

    /// Writes and signs the next entry.
    pub fn append(
        self,
        key: &RelayKey,
        at_ms: u64,
        by: Option<UserId>,
        event: ControlEvent,
    ) -> (SignedEntry, Self) {
        let number = self.count.saturating_add(1);
        let bytes = ControlEntry { number, previous: self.hash, at_ms, by, event }.encode();
        let hash = ControlHash::of(&bytes);
        let signature = identity::sign_control(key, &hash);
        (SignedEntry { bytes, signature }, Self { count: number, hash })
    }
}

impl SignedEntry {
    /// The hash that the next entry names.
    pub fn hash(&self) -> ControlHash {
        ControlHash::of(&self.bytes)
    }

    /// Reads an entry that a relay signed, wherever in its log it stands.
    pub fn verify(&self, relay: &RelayId) -> Result<ControlEntry, ControlFault> {
        let read = ControlEntry::decode(&self.bytes)?;
        identity::verify_control(relay, &self.hash(), &self.signature)
            .map_err(|_| ControlFault::BadSignature)?;
        Ok(read)
    }
}
