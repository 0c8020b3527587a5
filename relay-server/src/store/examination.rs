//! What a thorough look at a relay store finds, as data and in words.

use serde::{Deserialize, Serialize};

/// The most findings that are listed.
pub const FINDINGS_MAX: usize = 200;

/// What a thorough look found.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Examination {
    /// Documents that were looked at.
    pub documents: u64,
    /// Changes that were hashed anew.
    pub changes: u64,
    /// Changes that an earlier repair dropped and that hold their place in the feed; devices bring them back behind it.
    pub dropped: u64,
    /// What doesn't hold, at most [`FINDINGS_MAX`].
    pub findings: Vec<StoreFinding>,
    /// Findings that aren't listed.
    pub more: u64,
}

impl Examination {
    /// Whether nothing was found.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty()
    }

    pub(crate) fn note(&mut self, finding: StoreFinding) {
        if self.findings.len() < FINDINGS_MAX {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }
}

/// Something that doesn't hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreFinding {
    /// What it is.
    pub kind: FindingKind,
    /// The space's id, where it concerns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<String>,
    /// The position in the space's feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    /// The id of the record's document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// The hash of the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
    /// The same for a person.
    pub message: String,
    /// What heals it.
    pub remedy: Remedy,
}

/// What doesn't hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// A position of a feed can't be read.
    EntryDamaged,
    /// A position of a feed isn't there.
    EntryMissing,
    /// The bytes of a change aren't that change.
    ChangeDamaged,
    /// What is written down of a change beside its bytes is wrong.
    ChangeHeader,
    /// What is written down of a document isn't what its changes say.
    Document,
    /// Digests or their index aren't those of the documents.
    Digests,
    /// The totals aren't those of the documents.
    Totals,
    /// Another value can't be read, or another rule of the store doesn't hold.
    Other,
}

/// What heals a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// A repair; everything that it takes is here.
    Repair,
    /// A repair, and devices that hold what is gone: they bring it back when they connect.
    RepairAndDevices,
    /// A backup.
    Backup,
}

/// What a repair did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Repaired {
    /// Positions of feeds that hold nothing any more: damaged changes and those that build on them.
    pub dropped: u64,
    /// Documents that changes were dropped of.
    pub documents: u64,
    /// Rows that were written anew or removed.
    pub rows: u64,
}
