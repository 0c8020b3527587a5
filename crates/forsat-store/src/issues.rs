//! Issues of synchronisation: digests that differ, cursors that the relay doesn't know, changes that can't be read.

use forsat_sync::id::{DocumentId, SpaceId};

use crate::access::{ALL, Access, Tx, WriteTx, key_text};
use crate::codec::{In, Malformed, Out, Table};
use crate::error::StoreError;

/// (code, space, document) → issue.
pub(crate) const SYNC_ISSUES: Table = Table::new("sync_issues");

/// What an issue is about. Raising the same again counts it instead of listing it twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SyncIssueKey {
    /// What is wrong, as a stable word.
    pub code: String,
    /// The space concerned, if it is one.
    pub space: Option<SpaceId>,
    /// The document concerned, if it is one.
    pub document: Option<DocumentId>,
}

/// An issue of synchronisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyncIssue {
    /// What it is about.
    pub key: SyncIssueKey,
    /// What happened, for a person; that of the last time.
    pub message: String,
    /// When it was first seen, in milliseconds since 1970 by this device's clock.
    pub first_ms: i64,
    /// When it was last seen.
    pub last_ms: i64,
    /// How often it was seen.
    pub times: u64,
}

impl SyncIssueKey {
    fn encode(&self) -> Vec<u8> {
        let out = Out::new().raw(&self.code).u8(0).option(self.space, Out::raw);
        out.option(self.document, Out::raw).done()
    }

    fn decode(key: &[u8]) -> Result<Self, Malformed> {
        let end = key.iter().position(|byte| *byte == 0).ok_or(Malformed("issue key"))?;
        let code = std::str::from_utf8(&key[..end]).map_err(|_| Malformed("issue key"))?.to_owned();
        let mut input = In::new(&key[end + 1..]);
        let space = input.option(In::array)?.map(SpaceId::from_bytes);
        let document = input.option(In::array)?.map(DocumentId::from_bytes);
        input.end()?;
        Ok(Self { code, space, document })
    }
}

pub(crate) fn decode_keyed(key: &[u8], input: &mut In<'_>) -> Result<SyncIssue, Malformed> {
    let (first_ms, last_ms, times) = (input.i64()?, input.i64()?, input.u64()?);
    Ok(SyncIssue { key: SyncIssueKey::decode(key)?, message: input.text()?, first_ms, last_ms, times })
}

impl<A: Access> Tx<A> {
    /// All issues, in the order of their codes.
    pub fn sync_issues(&self) -> Result<Vec<SyncIssue>, StoreError> {
        self.collect_as(SYNC_ISSUES, ALL, decode_keyed)
    }
}

impl WriteTx<'_> {
    /// Raises an issue, or counts it once more.
    pub fn raise_sync_issue(
        &mut self,
        key: &SyncIssueKey,
        message: &str,
        at_ms: i64,
    ) -> Result<(), StoreError> {
        key_text("the code of an issue", &key.code)?;
        let disk_key = key.encode();
        let before = self.get_as(SYNC_ISSUES, &disk_key, |input| decode_keyed(&disk_key, input))?;
        let (first_ms, times) = before.map_or((at_ms, 0), |issue| (issue.first_ms, issue.times));
        let out = Out::new().i64(first_ms).i64(at_ms).u64(times.saturating_add(1));
        self.put(SYNC_ISSUES, &disk_key, &out.bytes(message).done())
    }

    /// Ends an issue; answers whether there was one.
    pub fn clear_sync_issue(&mut self, key: &SyncIssueKey) -> Result<bool, StoreError> {
        self.remove(SYNC_ISSUES, &key.encode())
    }
}
