//! The device's copy of the control log: checked entry by entry, and what a relay that forgot it is told.

use super::issues;
use super::session::SyncSession;
use crate::erased;
use crate::error::ClientError;
use forsat_store::WriteTx;
use forsat_sync::client::{Input, StoreTask};
use forsat_sync::control::{ControlEvent, ControlFault, ControlHead, ENTRIES_MAX, SignedEntry};
use forsat_sync::id::{DocumentId, RelayId};
use std::collections::BTreeSet;

/// The log tells two stories from some entry on.
const FORKED: &str = "control_forked";
/// An entry isn't the relay's, or isn't the next one.
const UNVERIFIED: &str = "control_unverified";

/// Keeps the entries that go on from the copy, and erases what they erase; raises an issue about any other. Answers how many
/// documents went.
pub(super) fn keep(tx: &mut WriteTx<'_>, entries: &[SignedEntry], now_ms: i64) -> Result<u64, ClientError> {
    if entries.is_empty() {
        return Ok(0);
    }
    let Some(relay) = tx.identity()?.relay else { return Ok(0) };
    let mut documents = BTreeSet::new();
    for entry in entries {
        let head = tx.control_head()?;
        match head.follow(&relay.id, entry) {
            Ok((read, _)) => {
                tx.put_control_entry(read.number, entry)?;
                documents.extend(erased_by(&read.event));
            }
            Err(ControlFault::NotNext { wanted, found }) if found < wanted => {
                if tx.control_entry(found)?.as_ref() != Some(entry) {
                    raise(tx, FORKED, &ControlFault::Forked(found), now_ms)?;
                    documents.extend(go_over(tx, &relay.id, found, entry)?);
                }
            }
            Err(fault @ ControlFault::Forked(_)) => raise(tx, FORKED, &fault, now_ms)?,
            Err(fault) => raise(tx, UNVERIFIED, &fault, now_ms)?,
        }
    }
    erased::erase(tx, &documents)
}

/// Erases what entries say that came in the feed of a space, ahead of the log or behind it; answers how many documents went.
///
/// They are the relay's by its signature; their place in the log is the concern of the feed of `common`.
pub(super) fn erase_told(
    tx: &mut WriteTx<'_>,
    entries: &[SignedEntry],
    now_ms: i64,
) -> Result<u64, ClientError> {
    if entries.is_empty() {
        return Ok(0);
    }
    let Some(relay) = tx.identity()?.relay else { return Ok(0) };
    let mut documents = BTreeSet::new();
    for entry in entries {
        match entry.verify(&relay.id) {
            Ok(read) => documents.extend(erased_by(&read.event)),
            Err(fault) => raise(tx, UNVERIFIED, &fault, now_ms)?,
        }
    }
    erased::erase(tx, &documents)
}

fn erased_by(event: &ControlEvent) -> Option<DocumentId> {
    match event {
        ControlEvent::DocumentErased { document } => Some(*document),
        _ => None,
    }
}

/// Goes on with the relay's story from an entry on. The relay tells it only after it has been shown this device's copy, and
/// has kept whom that one throws out; staying with the copy would be shown it anew at every connection.
fn go_over(
    tx: &mut WriteTx<'_>,
    relay: &RelayId,
    number: u64,
    entry: &SignedEntry,
) -> Result<Option<DocumentId>, ClientError> {
    let before = number.saturating_sub(1);
    let head = match tx.control_entry(before)? {
        Some(kept) => ControlHead { count: before, hash: kept.hash() },
        None if before == 0 => ControlHead::EMPTY,
        None => return Ok(None),
    };
    let Ok((read, _)) = head.follow(relay, entry) else { return Ok(None) };
    tx.cut_control(number)?;
    tx.put_control_entry(number, entry)?;
    Ok(erased_by(&read.event))
}

fn raise(tx: &mut WriteTx<'_>, code: &str, fault: &ControlFault, now_ms: i64) -> Result<(), ClientError> {
    let message = format!(
        "{fault}: the relay says of access what it didn't say before; ask the relay's \
         operator whether a backup was restored, and tell them who has lost access since"
    );
    Ok(tx.raise_sync_issue(&issues::key(code, None, None), &message, now_ms)?)
}

impl SyncSession {
    /// Tells the machine how far the copy goes, for the connection that is about to be made.
    pub(super) fn know_control(&mut self) {
        // A store that can't be read for a moment says nothing of it; the next connection does.
        if let Ok(head) = self.engine.read().and_then(|tx| Ok(tx.control_head()?)) {
            self.machine_mut().know_control(head);
        }
    }

    /// Reads entries that the relay lacks.
    pub(super) fn load_control(&self, after: u64) -> Result<Vec<Input>, ClientError> {
        let entries = self.engine.read()?.control_entries(after, ENTRIES_MAX);
        match entries.map_err(ClientError::from) {
            Ok(entries) => Ok(vec![Input::ControlLoaded { entries }]),
            Err(error) if error.is_transient() => {
                Ok(vec![Input::StoreFailed { task: StoreTask::Control, message: error.to_string() }])
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use forsat_store::{CreateParams, RelayRef, Store};
    use forsat_sync::id::{DeviceId, WorkspaceId};
    use forsat_sync::identity::RelayKey;

    fn relay() -> RelayKey {
        RelayKey::from_seed(&[3; 32])
    }

    fn store(directory: &tempfile::TempDir) -> Store {
        let workspace = WorkspaceId::from_bytes([1; 16]);
        let params = CreateParams { workspace, random: [1; 32], cache_bytes: 1 << 20 };
        let store = Store::create(directory.path(), &params).expect("creates");
        let relay = RelayRef { url: "ws://relay.example".to_owned(), id: relay().relay_id() };
        store.write::<_, ClientError>(|tx| Ok(tx.set_relay(&relay)?)).expect("writes");
        store
    }

    /// Entries of a log whose devices begin with a number.
    fn log(head: ControlHead, key: &RelayKey, devices: std::ops::Range<u8>) -> Vec<SignedEntry> {
        let mut head = head;
        let mut entries = Vec::new();
        for number in devices {
            let event = ControlEvent::DeviceActivated { device: DeviceId::from_bytes([number; 16]) };
            let (entry, next) = head.append(key, 1, None, event);
            entries.push(entry);
            head = next;
        }
        entries
    }

    fn kept(store: &Store) -> Vec<SignedEntry> {
        store.read().expect("reads").control_entries(0, usize::MAX).expect("reads")
    }

    fn take(store: &Store, entries: &[SignedEntry]) -> Vec<String> {
        store.write(|tx| keep(tx, entries, 5)).expect("writes");
        let issues = store.read().expect("reads").sync_issues().expect("reads");
        issues.into_iter().map(|issue| issue.key.code).collect()
    }

    #[test]
    fn a_log_that_goes_on_is_kept_and_reading_it_again_changes_nothing() {
        let directory = tempfile::tempdir().expect("a folder");
        let store = store(&directory);
        let entries = log(ControlHead::EMPTY, &relay(), 1..5);
        assert_eq!(take(&store, &entries[..2]), [""; 0]);
        assert_eq!(take(&store, &entries), [""; 0]);
        assert_eq!(kept(&store), entries);
    }

    #[test]
    fn what_isnt_the_relays_or_isnt_next_is_an_issue_and_not_kept() {
        for (from, key) in [(0, RelayKey::from_seed(&[4; 32])), (1, relay())] {
            let directory = tempfile::tempdir().expect("a folder");
            let store = store(&directory);
            let entries = log(ControlHead::EMPTY, &key, 1..4);
            assert_eq!(take(&store, &entries[from..]), [UNVERIFIED]);
            assert!(kept(&store).is_empty());
        }
    }

    #[test]
    fn another_story_is_an_issue_and_the_device_goes_over_to_it() {
        let directory = tempfile::tempdir().expect("a folder");
        let store = store(&directory);
        let first = log(ControlHead::EMPTY, &relay(), 1..5);
        take(&store, &first);
        let (_, shared) = ControlHead::EMPTY.follow(&relay().relay_id(), &first[0]).expect("the chain holds");
        let other = log(shared, &relay(), 20..22);
        let story = [&first[..1], &other[..]].concat();
        assert_eq!(take(&store, &story), [FORKED]);
        assert_eq!(kept(&store), story);
        // A story that a stranger tells isn't gone over to.
        assert_eq!(take(&store, &log(shared, &RelayKey::from_seed(&[4; 32]), 30..31)), [FORKED, UNVERIFIED]);
        assert_eq!(kept(&store), story);
    }
}
