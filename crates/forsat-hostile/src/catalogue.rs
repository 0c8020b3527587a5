//! What an entry of the catalogue is, and on top of which document it stands.

use forsat_sync::id::ChangeHash;

use crate::change::{Change, Operation};
use crate::{bombs, headers, operations};

/// What a relay makes of an entry that a member pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtRelay {
    /// Refused for good with this code.
    Refused(&'static str),
    /// Put off with this code.
    Later(&'static str),
    /// Taken: its headers are right, and a relay reads no more.
    Taken,
}

/// What a device makes of an entry that its relay let through. Its bytes are kept in every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtDevice {
    /// Kept as an entry that can't be a change; an issue says so.
    Damaged,
    /// Kept as a change outside the view; an issue says so.
    LeftOut,
    /// Kept until what it builds on comes.
    Waits,
    /// In the view, where it does no harm.
    Taken,
}

/// A hostile change.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What is wrong with it.
    pub name: &'static str,
    /// The chunk.
    pub bytes: Vec<u8>,
    /// What a relay makes of it.
    pub relay: AtRelay,
    /// What a device makes of it.
    pub device: AtDevice,
}

impl Entry {
    /// One that both ends know by its bytes alone.
    pub(crate) fn malformed(name: &'static str, bytes: Vec<u8>, code: &'static str) -> Self {
        Self { name, bytes, relay: AtRelay::Refused(code), device: AtDevice::Damaged }
    }

    /// One that a relay refuses by what it knows of the document.
    pub(crate) fn refused(name: &'static str, change: &Change, code: &'static str, device: AtDevice) -> Self {
        Self { name, bytes: change.chunk(), relay: AtRelay::Refused(code), device }
    }
}

/// The document on top of which hostile changes stand.
#[derive(Clone, Debug)]
pub struct Scene {
    /// The user whose member attacks: the author of what is honest.
    pub user: [u8; 16],
    /// The newest changes of the document; none for one that nobody has written to.
    pub heads: Vec<ChangeHash>,
    /// The highest counter of its operations.
    pub max_op: u64,
}

/// The attacker's actor, which has two changes before the catalogue begins.
pub(crate) const OWN: [u8; 16] = [0xa1; 16];
/// An actor with one change.
pub(crate) const SECOND: [u8; 16] = [0xb2; 16];
/// An actor without any.
pub(crate) const FRESH: [u8; 16] = [0xc3; 16];

impl Scene {
    /// A document that nobody has written to.
    pub fn empty(user: [u8; 16]) -> Self {
        Self { user, heads: Vec::new(), max_op: 0 }
    }

    /// Three honest changes in the order in which they can be taken; every entry of the catalogue builds on them.
    pub fn groundwork(&self) -> Vec<Vec<u8>> {
        self.honest().iter().map(Change::chunk).collect()
    }

    /// Everything hostile that may follow the groundwork. Each entry stands for itself; none builds on another.
    pub fn catalogue(&self) -> Vec<Entry> {
        let mut all = headers::entries(self);
        all.extend(operations::entries(self));
        all.extend(bombs::entries(self));
        all
    }

    fn honest(&self) -> [Change; 3] {
        let put = [Operation::put("groundwork")];
        let first = Change::new(OWN, 1, self.max_op + 1, &put).on(&self.heads).by(&self.user);
        let second = Change::new(OWN, 2, self.max_op + 2, &put).on(&[first.hash()]);
        let other = Change::new(SECOND, 1, self.max_op + 2, &put).on(&[first.hash()]).by(&self.user);
        [first, second, other]
    }

    /// The newest change of [`OWN`] and that of [`SECOND`].
    pub(crate) fn tips(&self) -> [ChangeHash; 2] {
        let [_, second, other] = self.honest();
        [second.hash(), other.hash()]
    }

    /// The counter that the next change begins with.
    pub(crate) fn next_op(&self) -> u64 {
        self.max_op + 3
    }

    /// A change that everybody would take: the next one of [`OWN`].
    pub(crate) fn next(&self, operations: &[Operation]) -> Change {
        Change::new(OWN, 3, self.next_op(), operations).on(&self.tips())
    }
}
