//! Issues of the sync as they are kept with the store, and when they are over.

use crate::error::ClientError;
use forsat_store::{SyncIssueKey, WriteTx};
use forsat_sync::client::SyncIssue;
use forsat_sync::id::{DocumentId, SpaceId};

/// Issues that are over once the digests of their space agree.
const ENDED_BY_MATCH: [&str; 6] =
    ["digest_mismatch", "cursor_invalid", "unknown_echo", "stream_closed", "refill_refused", OTHER_SPACE];

const UNREADABLE_CHANGE: &str = "unreadable_change";
pub(super) const DAMAGED_CHANGE: &str = "damaged_change";
pub(super) const OTHER_SPACE: &str = "document_in_other_space";

pub(super) fn key(code: &str, space: Option<SpaceId>, document: Option<DocumentId>) -> SyncIssueKey {
    SyncIssueKey { code: code.to_owned(), space, document }
}

/// The issue of a document of which something was left out of the view.
pub(crate) fn unreadable(space: SpaceId, document: DocumentId) -> SyncIssueKey {
    key(UNREADABLE_CHANGE, Some(space), Some(document))
}

/// What is kept of an issue of the machine; none for what the next connection settles by itself.
pub(super) fn lasting(issue: &SyncIssue) -> Option<(SyncIssueKey, String)> {
    Some(match issue {
        SyncIssue::DigestMismatch { space, at, .. } => (
            key("digest_mismatch", Some(*space), None),
            format!(
                "at position {at} of its feed this device and the relay don't hold the same changes, and exchanging them has not \
                 mended it; nothing is lost here, it is tried again by itself; if it stays, keep the store and tell the \
                 relay's operator"
            ),
        ),
        SyncIssue::UnknownEcho { space, document, hash } => (
            key("unknown_echo", Some(*space), Some(*document)),
            format!(
                "the relay has the change {hash} of this device, which this store lacks: it is a restored or copied store; \
                 the change was asked for again"
            ),
        ),
        SyncIssue::RefillRefused { space, changes, code, message } => (
            key("refill_refused", Some(*space), None),
            format!(
                "the relay has lost {changes} changes that this device holds and doesn't take them back from it ({code}): \
                 {message}; they stay here; devices of those who made them can bring them back, or the operator lets the \
                 relay accept them"
            ),
        ),
        SyncIssue::SpaceGone { space } => (
            key("space_gone", Some(*space), None),
            "the relay doesn't show this space to you any more; its records stay here as they were; ask an administrator"
                .to_owned(),
        ),
        SyncIssue::StreamClosed { space, code, message } => {
            (key("stream_closed", Some(*space), None), format!("{message} ({code})"))
        }
        // What the relay lacks goes back to it by itself.
        SyncIssue::CursorInvalid { .. } | SyncIssue::Fault { .. } | SyncIssue::Store { .. } => return None,
    })
}

/// Whether an issue is over once device and relay hold the same in a space.
pub(super) fn is_ended_by_match(key: &SyncIssueKey, space: &SpaceId) -> bool {
    key.space.as_ref() == Some(space) && ENDED_BY_MATCH.contains(&key.code.as_str())
}

/// Ends what is over now that device and relay hold the same in a space.
pub(super) fn clear_matched(tx: &mut WriteTx<'_>, space: &SpaceId) -> Result<(), ClientError> {
    for issue in tx.sync_issues()? {
        if is_ended_by_match(&issue.key, space) {
            tx.clear_sync_issue(&issue.key)?;
        }
    }
    Ok(())
}
