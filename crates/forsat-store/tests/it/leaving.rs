//! Documents that leave the store: purged when their home isn't shown any more, erased when they are to be nowhere.

use forsat_store::*;
use forsat_sync::id::DocumentId;

use crate::support::{Place, document, hash, space};

/// A store with two documents of two changes each: the second waits to be sent, and was refused; each has an issue.
fn store() -> Store {
    let store = Place::new().create().unwrap();
    let kept = store.write::<_, StoreError>(|tx| {
        for number in [1, 2] {
            let id = document(number);
            tx.create_document(&id, Some("account"), space(1))?;
            for (change, bytes) in [(1, b"one".as_slice()), (2, b"two".as_slice())] {
                let change = hash(u32::from(number) * 10 + change);
                tx.append_chunk(&id, change, bytes, ChunkState::Outbox)?;
            }
            tx.put_row("account", &id, &["arya"], b"row")?;
            tx.put_snapshot(&id, b"snapshot")?;
            tx.add_refused(&refused(id, u32::from(number) * 10 + 2))?;
            let key = SyncIssueKey { code: "move_refused".into(), space: None, document: Some(id) };
            tx.raise_sync_issue(&key, "no", 1)?;
        }
        Ok(())
    });
    kept.unwrap();
    store
}

fn refused(document: DocumentId, change: u32) -> RefusedEdit {
    RefusedEdit {
        document,
        space: space(1),
        hash: hash(change),
        code: "moved_away".into(),
        message: String::new(),
        at_ms: 1,
        before: b"{}".to_vec(),
        after: b"{}".to_vec(),
        state: RefusedState::Open,
    }
}

/// Of the first document only refused edits may be left; the second is whole.
fn first_is_gone(store: &Store) {
    let tx = store.read().unwrap();
    assert!(tx.document(&document(1)).unwrap().is_none() && tx.chunks(&document(1)).unwrap().is_empty());
    assert!(tx.snapshot(&document(1)).unwrap().is_none());
    assert!(tx.row("account", &document(1)).unwrap().is_none());
    assert_eq!(tx.named("account", "arya").unwrap(), [document(2)]);
    assert_eq!(tx.outbox_stats(&space(1)).unwrap(), OutboxStats { changes: 2, bytes: 6 });
    let issues = tx.sync_issues().unwrap();
    assert_eq!(issues.iter().map(|issue| issue.key.document).collect::<Vec<_>>(), [Some(document(2))]);
    assert_eq!(tx.chunks(&document(2)).unwrap().len(), 2);
}

fn refused_of(store: &Store) -> Vec<DocumentId> {
    let edits = store.read().unwrap().refused_edits().unwrap();
    edits.into_iter().map(|(_, edit)| edit.document).collect()
}

#[test]
fn a_purged_document_leaves_nothing_but_its_refused_edits() {
    let store = store();
    assert!(store.write(|tx| tx.purge_document(&document(1))).unwrap());
    assert!(!store.write(|tx| tx.purge_document(&document(1))).unwrap());
    first_is_gone(&store);
    assert_eq!(refused_of(&store), [document(1), document(2)]);
    let chunk = |store: &Store| store.read().unwrap().refused_chunk(RefusedId::new(1)).unwrap();
    assert_eq!(chunk(&store).as_deref(), Some(b"two".as_slice()));
    // It comes back without that change, and leaves again.
    store.write(|tx| tx.create_document(&document(1), None, space(2))).unwrap();
    store.write(|tx| tx.purge_document(&document(1))).unwrap();
    assert_eq!(chunk(&store).as_deref(), Some(b"two".as_slice()));
    assert!(store.check_integrity().unwrap().problems.is_empty());
    // What is erased later goes with it.
    store.write(|tx| tx.erase_documents(&[document(1)].into())).unwrap();
    assert_eq!(chunk(&store), None);
    assert_eq!(store.read().unwrap().client_value("refused/1").unwrap(), None);
}

#[test]
fn an_erased_document_leaves_nothing_at_all() {
    let store = store();
    assert_eq!(store.write(|tx| tx.erase_documents(&[document(1)].into())).unwrap(), 1);
    assert_eq!(store.write(|tx| tx.erase_documents(&[document(1)].into())).unwrap(), 0);
    first_is_gone(&store);
    assert_eq!(refused_of(&store), [document(2)]);
}
