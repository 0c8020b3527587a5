//! Each table: what is written comes back, and what belongs together stays in step.

use std::ops::ControlFlow;

use forsat_store::*;
use forsat_sync::digest::{Trie, document_digest};
use forsat_sync::id::{DeviceId, Digest, DocumentId, Epoch, FeedSeq, RelayId, UserId, WorkspaceId};
use forsat_sync::identity::Receipt;

use crate::support::{Place, WORKSPACE, document, hash, space};

fn store() -> Store {
    Place::new().create().unwrap()
}

fn write<T>(store: &Store, work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, StoreError>) -> T {
    store.write(work).unwrap()
}

#[test]
fn identity_and_client_values_are_kept() {
    let place = Place::new();
    let store = place.create().unwrap();
    let begun = store.read().unwrap().identity().unwrap();
    assert_eq!((begun.workspace, begun.user, begun.reauthor_pending), (WORKSPACE, None, false));
    let relay = RelayRef { url: "ws://[::1]:1".into(), id: RelayId::from_bytes([4; 32]) };
    write(&store, |tx| {
        tx.set_workspace(WorkspaceId::from_bytes([1; 16]))?;
        tx.set_user(UserId::from_bytes([2; 16]))?;
        tx.set_device(DeviceId::from_bytes([3; 16]))?;
        tx.set_relay(&relay)?;
        tx.set_client_value("language", b"fa")
    });
    drop(store);
    let tx = place.open().unwrap().read().unwrap();
    let identity = tx.identity().unwrap();
    assert_eq!(identity.workspace, WorkspaceId::from_bytes([1; 16]));
    assert_eq!(identity.user, Some(UserId::from_bytes([2; 16])));
    assert_eq!(identity.device, Some(DeviceId::from_bytes([3; 16])));
    assert_eq!(identity.relay, Some(relay));
    assert_eq!((identity.store_id, identity.incarnation), (begun.store_id, begun.incarnation));
    assert_eq!(tx.client_value("language").unwrap().as_deref(), Some(b"fa".as_slice()));
    assert_eq!(tx.client_value("none").unwrap(), None);
}

#[test]
fn the_actor_changes_with_the_month_and_with_the_incarnation() {
    let store = store();
    let (may, june) = (Month::new(2026, 5).unwrap(), Month::new(2026, 6).unwrap());
    assert_eq!(Month::new(2026, 13), None);
    let first = write(&store, |tx| tx.actor_for_month(may, [1; 16]));
    assert_eq!(write(&store, |tx| tx.actor_for_month(may, [2; 16])), first);
    let second = write(&store, |tx| tx.actor_for_month(june, [3; 16]));
    assert_ne!(second, first);
    store.renew_incarnation(&[7; 32]).unwrap();
    assert_eq!(store.read().unwrap().actor().unwrap(), None);
    assert!(store.read().unwrap().identity().unwrap().reauthor_pending);
    assert_ne!(write(&store, |tx| tx.actor_for_month(june, [4; 16])), second);
    write(&store, |tx| tx.reauthored());
    assert!(!store.read().unwrap().identity().unwrap().reauthor_pending);
}

#[test]
fn an_unsent_change_goes_from_the_outbox_to_the_feed() {
    let store = store();
    let id = document(1);
    write(&store, |tx| {
        assert!(tx.create_document(&id, Some("account"), space(1))?);
        assert!(!tx.create_document(&id, Some("other"), space(2))?);
        assert!(tx.append_chunk(&id, hash(1), b"one", ChunkState::Outbox)?);
        assert!(!tx.append_chunk(&id, hash(1), b"one", ChunkState::Feed)?);
        tx.append_chunk(&id, hash(2), b"twoo", ChunkState::Outbox).map(drop)
    });
    let tx = store.read().unwrap();
    assert_eq!(tx.outbox_stats(&space(1)).unwrap(), OutboxStats { changes: 2, bytes: 7 });
    assert_eq!(tx.document(&id).unwrap().unwrap().counts.outbox, 2);
    let all = OutboxLimit { bytes_max: 100, changes_max: 100 };
    let items = tx.outbox(&space(1), None, all).unwrap();
    assert_eq!(items.iter().map(|item| item.hash).collect::<Vec<_>>(), [hash(1), hash(2)]);
    let read = tx.chunk_at(&id, items[1].ordinal).unwrap().unwrap();
    assert_eq!((read.bytes.as_slice(), read.state), (b"twoo".as_slice(), ChunkState::Outbox));
    drop(tx);
    write(&store, |tx| {
        assert_eq!(tx.set_chunk_state(&id, &hash(1), ChunkState::Acked)?, ChunkState::Outbox);
        assert_eq!(tx.set_chunk_state(&id, &hash(1), ChunkState::Feed)?, ChunkState::Acked);
        tx.set_chunk_state(&id, &hash(2), ChunkState::Refused).map(drop)
    });
    let tx = store.read().unwrap();
    assert!(tx.outbox(&space(1), None, all).unwrap().is_empty());
    assert!(tx.outbox_spaces().unwrap().is_empty());
    let row = tx.document(&id).unwrap().unwrap();
    assert_eq!((row.counts.feed, row.counts.refused, row.counts.outbox, row.bytes), (1, 1, 0, 7));
    drop(tx);
    write(&store, |tx| tx.set_chunk_state(&id, &hash(2), ChunkState::Outbox));
    let again = store.read().unwrap().outbox(&space(1), None, all).unwrap();
    assert!(again.len() == 1 && again[0].number > items[1].number);
    assert!(store.check_integrity().unwrap().problems.is_empty());
}

#[test]
fn the_outbox_is_read_in_pieces() {
    let store = store();
    write(&store, |tx| {
        tx.create_document(&document(1), None, space(1))?;
        (0..5)
            .try_for_each(|n| tx.append_chunk(&document(1), hash(n), &[0; 10], ChunkState::Outbox).map(drop))
    });
    let tx = store.read().unwrap();
    let read = |after, bytes_max, changes_max| {
        tx.outbox(&space(1), after, OutboxLimit { bytes_max, changes_max }).unwrap()
    };
    assert_eq!(read(None, 25, 9).len(), 2);
    assert_eq!(read(None, 1, 9).len(), 1, "one change goes whatever its size");
    assert_eq!(read(None, 99, 3).len(), 3);
    assert_eq!(read(None, 99, 0).len(), 0);
    let first = read(None, 20, 9);
    let rest = read(Some(first[1].number), 99, 9);
    assert_eq!(rest.iter().map(|item| item.hash).collect::<Vec<_>>(), [hash(2), hash(3), hash(4)]);
    assert!(tx.outbox(&space(2), None, OutboxLimit { bytes_max: 99, changes_max: 9 }).unwrap().is_empty());
}

#[test]
fn digests_follow_the_feed_heads_and_the_space() {
    let store = store();
    write(&store, |tx| {
        for n in 1..=3 {
            tx.create_document(&document(n), None, space(1))?;
            tx.set_feed_heads(&document(n), &[hash(9), hash(u32::from(n))])?;
        }
        tx.append_chunk(&document(2), hash(2), b"unsent", ChunkState::Outbox)?;
        tx.set_feed_heads(&document(3), &[])?;
        tx.move_document(&document(2), space(2))
    });
    let expected = |number: u8| {
        let mut trie = Trie::new();
        let digest = document_digest(&document(number), &[hash(u32::from(number)), hash(9)]);
        trie.update(&document(number), Digest::EMPTY, digest);
        trie.root()
    };
    let tx = store.read().unwrap();
    assert_eq!(tx.trie(&space(1)).unwrap().root(), expected(1));
    assert_eq!(tx.trie(&space(2)).unwrap().root(), expected(2));
    assert_eq!(tx.trie(&space(3)).unwrap().root(), Trie::new().root());
    assert_eq!(tx.outbox_stats(&space(1)).unwrap(), OutboxStats::default());
    assert_eq!(tx.outbox_stats(&space(2)).unwrap(), OutboxStats { changes: 1, bytes: 6 });
    drop(tx);
    assert!(store.check_integrity().unwrap().problems.is_empty());
}

#[test]
fn a_snapshot_covers_what_was_in_the_view() {
    let store = store();
    let id = document(1);
    write(&store, |tx| {
        tx.create_document(&id, Some("account"), space(1))?;
        tx.append_chunk(&id, hash(1), b"1", ChunkState::Feed)?;
        tx.append_chunk(&id, hash(2), b"2", ChunkState::Waiting)?;
        tx.set_heads(&id, &[hash(1)])?;
        tx.put_snapshot(&id, b"snapshot")?;
        tx.append_chunk(&id, hash(3), b"3", ChunkState::Outbox)?;
        tx.append_chunk(&id, hash(4), b"4", ChunkState::Unreadable).map(drop)
    });
    let parts = store.read().unwrap().load_parts(&id).unwrap().unwrap();
    let snapshot = parts.snapshot.unwrap();
    assert_eq!((snapshot.bytes.as_slice(), snapshot.heads), (b"snapshot".as_slice(), vec![hash(1)]));
    assert_eq!(parts.chunks.iter().map(|chunk| chunk.hash).collect::<Vec<_>>(), [hash(3)]);
    write(&store, |tx| tx.set_chunk_state(&id, &hash(3), ChunkState::Acked));
    assert!(store.read().unwrap().snapshot(&id).unwrap().is_some(), "it stays in the view");
    write(&store, |tx| tx.set_chunk_state(&id, &hash(2), ChunkState::Feed));
    let parts = store.read().unwrap().load_parts(&id).unwrap().unwrap();
    assert_eq!(parts.snapshot, None, "a change that it would have covered entered the view");
    assert_eq!(parts.chunks.len(), 3);
    assert_eq!(store.read().unwrap().load_parts(&document(9)).unwrap(), None);
}

#[test]
fn how_all_changes_of_a_document_stand_is_told_in_one_walk() {
    let store = store();
    let receipt = |number| Receipt { device: DeviceId::from_bytes([number; 16]), code: [number; 16] };
    write(&store, |tx| {
        for number in 1..=2 {
            let id = document(number);
            tx.create_document(&id, Some("account"), space(1))?;
            for (change, state) in (0..).zip(ChunkState::ALL) {
                let came = state.in_feed().then(|| receipt(number + state as u8));
                tx.append_received(&id, hash(u32::from(number) * 10 + change), b"bytes", state, came)?;
            }
        }
        tx.set_receipt(&document(2), &hash(21), receipt(9))
    });
    let tx = store.read().unwrap();
    for number in 1..=2 {
        let standings = tx.standings(&document(number)).unwrap();
        assert_eq!(standings.len(), ChunkState::ALL.len());
        for (hash, standing) in standings {
            let chunk = tx.chunk(&document(number), &hash).unwrap().unwrap();
            assert_eq!(
                (standing.state, standing.receipt),
                (chunk.state, tx.receipt(&document(number), &hash).unwrap())
            );
            assert!(standing.receipt.is_some() || !standing.state.in_feed());
        }
    }
    assert_eq!(tx.standings(&document(2)).unwrap()[&hash(21)].receipt, Some(receipt(9)));
    assert!(tx.standings(&document(3)).unwrap().is_empty());
}

#[test]
fn documents_and_rows_are_found_by_id_range() {
    let store = store();
    write(&store, |tx| {
        (1..=4).try_for_each(|n| {
            tx.create_document(&document(n), Some("account"), space(1))?;
            tx.put_row(if n == 4 { "product" } else { "account" }, &document(n), &[], &[n])
        })
    });
    let tx = store.read().unwrap();
    let ids = |found: Vec<(DocumentId, DocumentRow)>| found.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    assert_eq!(ids(tx.documents_between(&document(2), &document(3), 9).unwrap()), [document(2), document(3)]);
    assert_eq!(ids(tx.documents_between(&document(2), &document(3), 1).unwrap()), [document(2)]);
    assert!(tx.documents_between(&document(3), &document(2), 9).unwrap().is_empty());
    assert_eq!(ids(tx.documents_after(Some(&document(2)), 9).unwrap()), [document(3), document(4)]);
    let rows = tx.rows_between("account", &document(2), &document(9), 9).unwrap();
    assert_eq!(rows, [(document(2), vec![2]), (document(3), vec![3])]);
    let mut seen = Vec::new();
    tx.each_row("account", &mut |id, payload| {
        seen.push((id, payload.to_vec()));
        if seen.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!(seen, [(document(1), vec![1]), (document(2), vec![2])]);
}

#[test]
fn names_follow_their_rows() {
    let store = store();
    let long = "ا".repeat(300);
    write(&store, |tx| {
        tx.put_row("account", &document(1), &["acme", "acme"], b"1")?;
        tx.put_row("account", &document(2), &["acme", "ace"], b"2")?;
        tx.put_row("product", &document(3), &["acme"], b"3")?;
        tx.put_row("account", &document(4), &[&long], b"4")
    });
    let tx = store.read().unwrap();
    assert_eq!(tx.named("account", "acme").unwrap(), [document(1), document(2)]);
    assert_eq!(tx.named("account", "acm").unwrap(), []);
    assert_eq!(tx.named("account", &long).unwrap(), [document(4)]);
    let beginning = tx.names_beginning("account", "ac", 9).unwrap();
    let acme = |n| ("acme".to_owned(), document(n));
    assert_eq!(beginning, [("ace".to_owned(), document(2)), acme(1), acme(2)]);
    assert_eq!(tx.names_beginning("account", "ac", 1).unwrap().len(), 1);
    drop(tx);
    write(&store, |tx| {
        tx.put_row("account", &document(1), &["new"], b"1")?;
        assert!(tx.remove_row("account", &document(2))?);
        assert!(!tx.remove_row("account", &document(2))?);
        tx.set_row_version(3)
    });
    let tx = store.read().unwrap();
    assert_eq!(tx.named("account", "acme").unwrap(), []);
    assert_eq!(tx.named("account", "new").unwrap(), [document(1)]);
    assert_eq!(tx.row_version().unwrap(), Some(3));
    drop(tx);
    assert!(store.check_integrity().unwrap().problems.is_empty());
    write(&store, |tx| tx.clear_rows());
    let tx = store.read().unwrap();
    assert_eq!((tx.row("account", &document(1)).unwrap(), tx.row_version().unwrap()), (None, None));
    assert_eq!(tx.names_beginning("account", "", 9).unwrap(), []);
}

#[test]
fn a_cursor_never_moves_back_unless_it_is_reset() {
    let store = store();
    let (first, second) = (Epoch::new(1), Epoch::new(2));
    let seq = FeedSeq::new;
    write(&store, |tx| {
        assert!(!tx.mark_synced(&space(1), 5, RootVerdict::Match)?);
        assert!(tx.advance_cursor(&space(1), first, seq(10))?);
        assert!(!tx.advance_cursor(&space(1), first, seq(10))?);
        assert!(!tx.advance_cursor(&space(1), first, seq(9))?);
        assert!(!tx.advance_cursor(&space(1), second, seq(9))?);
        assert!(tx.advance_cursor(&space(1), second, seq(10))?);
        tx.mark_synced(&space(1), 5, RootVerdict::Match)
    });
    let cursor = store.read().unwrap().cursor(&space(1)).unwrap().unwrap();
    let expected = Cursor { epoch: second, seq: seq(10), synced_at_ms: Some(5), root: RootVerdict::Match };
    assert_eq!(cursor, expected);
    let verdict = RootVerdict::Mismatch { ours: Digest::EMPTY, theirs: Digest::from_bytes([1; 16]) };
    write(&store, |tx| {
        tx.reset_cursor(&space(1), Epoch::new(9), FeedSeq::ZERO)?;
        tx.reset_cursor(&space(2), first, FeedSeq::ZERO)?;
        tx.mark_synced(&space(2), -6, verdict)
    });
    let cursors = store.read().unwrap().cursors().unwrap();
    assert_eq!((cursors[0].1.seq, cursors[0].1.root), (FeedSeq::ZERO, RootVerdict::Unknown));
    assert_eq!((cursors[1].1.synced_at_ms, cursors[1].1.root), (Some(-6), verdict));
}

#[test]
fn spaces_refused_edits_and_issues_are_listed() {
    let store = store();
    let row = SpaceRow { name: "تهران".into(), role: "rep".into(), archived: true };
    let edit = RefusedEdit {
        document: document(1),
        space: space(1),
        hash: hash(1),
        code: "forbidden".into(),
        message: "viewers can't write".into(),
        at_ms: 5,
        before: b"{}".to_vec(),
        after: b"{\"name\":1}".to_vec(),
        state: RefusedState::Open,
    };
    let key = SyncIssueKey { code: "root_mismatch".into(), space: Some(space(1)), document: None };
    let id = write(&store, |tx| {
        tx.put_space(&space(1), &row)?;
        tx.raise_sync_issue(&key, "first", 1)?;
        tx.raise_sync_issue(&key, "second", 2)?;
        tx.add_refused(&edit)
    });
    write(&store, |tx| tx.set_refused_state(id, RefusedState::Retried));
    let tx = store.read().unwrap();
    assert_eq!(tx.spaces().unwrap(), [(space(1), row)]);
    let retried = RefusedEdit { state: RefusedState::Retried, ..edit };
    assert_eq!(tx.refused_edits().unwrap(), [(id, retried)]);
    let issue = SyncIssue { key: key.clone(), message: "second".into(), first_ms: 1, last_ms: 2, times: 2 };
    assert_eq!(tx.sync_issues().unwrap(), [issue]);
    drop(tx);
    write(&store, |tx| {
        assert!(tx.clear_sync_issue(&key)?);
        assert!(!tx.clear_sync_issue(&key)?);
        tx.remove_space(&space(1))
    });
    assert!(store.read().unwrap().spaces().unwrap().is_empty());
    assert!(store.check_integrity().unwrap().problems.is_empty());
}

#[test]
fn the_journal_keeps_the_newest_commands() {
    let store = store();
    let last = write(&store, |tx| {
        let mut last = tx.append_journal(0, b"first")?;
        for at_ms in 1..=i64::try_from(JOURNAL_ENTRIES_MAX).unwrap() {
            last = tx.append_journal(at_ms, b"command")?;
        }
        tx.set_journal_state(last, JournalState::Undone)?;
        Ok(last)
    });
    let entries = store.read().unwrap().journal(usize::MAX).unwrap();
    assert_eq!(entries.len() as u64, JOURNAL_ENTRIES_MAX);
    assert_eq!((entries[0].id, entries[0].state), (last, JournalState::Undone));
    assert_eq!(entries.last().unwrap().at_ms, 1, "the first command went");
    assert_eq!(store.read().unwrap().journal(2).unwrap(), entries[..2]);
}

#[test]
fn aliases_are_followed_to_their_end_and_never_in_a_circle() {
    let store = store();
    write(&store, |tx| {
        tx.add_alias(&hash(1), &hash(2))?;
        tx.add_alias(&hash(2), &hash(3))
    });
    let tx = store.read().unwrap();
    assert_eq!(tx.resolve_alias(&hash(1)).unwrap(), hash(3));
    assert_eq!(tx.resolve_alias(&hash(7)).unwrap(), hash(7));
    assert_eq!(tx.aliases().unwrap().len(), 2);
    drop(tx);
    let circle = store.write(|tx| tx.add_alias(&hash(3), &hash(1)));
    assert!(matches!(circle, Err(StoreError::Damaged { .. })));
}

#[test]
fn what_cannot_be_kept_is_refused() {
    let store = store();
    let append = store.write(|tx| tx.append_chunk(&document(1), hash(1), b"", ChunkState::Feed));
    assert!(matches!(append, Err(StoreError::NoSuchDocument(_))));
    let state = store.write(|tx| {
        tx.create_document(&document(1), None, space(1))?;
        tx.set_chunk_state(&document(1), &hash(1), ChunkState::Feed)
    });
    assert!(matches!(state, Err(StoreError::NoSuchChange { .. })));
    assert_eq!(store.read().unwrap().document(&document(1)).unwrap(), None, "all of it was rolled back");
    let module = store.write(|tx| tx.put_row("a\0b", &document(1), &[], b""));
    assert!(matches!(module, Err(StoreError::BadText { .. })));
    let module = store.write(|tx| tx.put_row(&"m".repeat(65), &document(1), &[], b""));
    assert!(matches!(module, Err(StoreError::TooLarge { found: 65, limit: 64, .. })));
    let names = vec!["n"; NAMES_MAX + 1];
    let names = store.write(|tx| tx.put_row("account", &document(1), &names, b""));
    assert!(matches!(names, Err(StoreError::TooLarge { .. })));
    let number = store.write(|tx| tx.set_refused_state(RefusedId::new(7), RefusedState::Dropped));
    assert!(matches!(number, Err(StoreError::NoSuchEntry { number: 7, .. })));
}

#[test]
fn only_transactions_that_change_something_count() {
    let place = Place::new();
    let store = place.create().unwrap();
    let begun = store.commit_seq().unwrap();
    let syncs = place.disk.syncs();
    write(&store, |tx| tx.identity().map(drop));
    let failed: Result<(), StoreError> = store.write(|tx| {
        tx.set_row_version(1)?;
        Err(StoreError::Busy)
    });
    assert!(failed.is_err());
    assert_eq!((store.commit_seq().unwrap(), place.disk.syncs()), (begun, syncs));
    write(&store, |tx| tx.set_row_version(1));
    assert_eq!(store.commit_seq().unwrap(), begun + 1);
    assert!(place.disk.syncs() > syncs);
    let before = store.read().unwrap();
    write(&store, |tx| tx.set_row_version(2));
    assert_eq!(before.row_version().unwrap(), Some(1), "a reading transaction stays at its moment");
}

#[test]
fn batches_are_cut_by_count_and_by_time() {
    let store = store();
    let begun = store.commit_seq().unwrap();
    let mut still = || 0;
    let limit = BatchLimit { items_max: 2, elapsed_ms_max: 50 };
    let work = |tx: &mut WriteTx<'_>, n: u8| tx.put_row("account", &document(n), &[], &[n]);
    assert_eq!(store.write_batches(1..=5, limit, &mut still, work).unwrap(), 5);
    assert_eq!(store.commit_seq().unwrap(), begun + 3);
    let mut now = 0;
    let mut fast = || {
        now += 30;
        now
    };
    let limit = BatchLimit { items_max: 100, elapsed_ms_max: 50 };
    store.write_batches(1..=4, limit, &mut fast, work).unwrap();
    assert_eq!(store.commit_seq().unwrap(), begun + 5);
    let error = store
        .write_batches(1..=9, BatchLimit { items_max: 4, elapsed_ms_max: 50 }, &mut still, |tx, n| {
            tx.set_client_value("last", &[n])?;
            if n == 6 { Err(StoreError::Busy) } else { Ok(()) }
        })
        .unwrap_err();
    assert_eq!(error.committed, 4);
    assert_eq!(store.read().unwrap().client_value("last").unwrap(), Some(vec![4]));
}
