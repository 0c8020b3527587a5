//! The outbox as the machine reads it: one order over all spaces, chunks read when they are wanted.

use super::directory;
use super::session::SyncSession;
use crate::error::ClientError;
use forsat_store::{OutboxItem, OutboxLimit, OutboxNumber, StoreError};
use forsat_sync::client::{OutboxItem as Unsent, OutboxSeq};
use forsat_sync::id::SpaceId;

/// The most changes that are read at once.
const CHANGES_MAX: usize = 4_096;

impl SyncSession {
    /// Unsent changes behind `after`, in the order in which they were made.
    ///
    /// Spaces that the relay doesn't show are passed over, and those whose changes are first to be authored anew.
    pub(super) fn load_outbox(
        &mut self,
        after: OutboxSeq,
        bytes_max: usize,
    ) -> Result<Vec<Unsent>, ClientError> {
        let tx = self.engine.read()?;
        let limit = OutboxLimit { bytes_max: bytes_max as u64, changes_max: CHANGES_MAX };
        let mut places: Vec<(SpaceId, OutboxItem)> = Vec::new();
        // The machine goes on behind the last change that it was given, so none may be given beyond one left out.
        let mut last = None;
        for space in directory::spaces(&tx)?.iter().map(|space| space.id) {
            if self.is_withheld(&space) || tx.outbox_stats(&space)?.changes == 0 {
                continue;
            }
            let found = tx.outbox(&space, Some(OutboxNumber::new(after.0)), limit)?;
            if let Some(end) = found.last().map(|item| item.number) {
                let next = OutboxLimit { changes_max: 1, ..limit };
                if !tx.outbox(&space, Some(end), next)?.is_empty() {
                    last = Some(last.map_or(end, |last: OutboxNumber| last.min(end)));
                }
            }
            places.extend(found.into_iter().map(|item| (space, item)));
        }
        places.retain(|(_, item)| last.is_none_or(|last| item.number <= last));
        places.sort_by_key(|(_, item)| item.number);
        let (mut items, mut bytes) = (Vec::new(), 0);
        for (space, place) in places.into_iter().take(CHANGES_MAX) {
            bytes += place.size as usize;
            if bytes > bytes_max && !items.is_empty() {
                break;
            }
            let chunk = tx.chunk_at(&place.document, place.ordinal)?;
            let chunk =
                chunk.ok_or(StoreError::NoSuchChange { document: place.document, hash: place.hash })?;
            let (seq, document, hash) = (OutboxSeq(place.number.get()), place.document, place.hash);
            self.loaded.insert(seq, (document, hash));
            items.push(Unsent { seq, space, document, hash, bytes: chunk.bytes });
        }
        Ok(items)
    }
}
