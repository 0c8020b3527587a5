//! What a repair does with values that can't be read: nothing that only this device knows disappears.

use std::path::{Path, PathBuf};

use forsat_store::*;
use forsat_sync::control::{ControlEvent, ControlHead};
use forsat_sync::id::{DeviceId, Epoch, FeedSeq};
use forsat_sync::identity::RelayKey;
use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

use crate::support::{create_params, document, hash, open_params, space};

/// A store that holds something of each kind, and its folder.
fn made() -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("store");
    let store = Store::create(&directory, &create_params()).unwrap();
    store.write(fill).unwrap();
    (parent, directory)
}

fn fill(tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
    for number in 1..=3 {
        tx.add_refused(&refused(number))?;
        tx.reset_cursor(&space(number), Epoch::new(1), FeedSeq::new(10))?;
    }
    tx.add_alias(&hash(1), &hash(2))?;
    let mut head = ControlHead::EMPTY;
    for number in 1..=5 {
        let event = ControlEvent::DeviceActivated { device: DeviceId::from_bytes([number; 16]) };
        let (entry, next) = head.append(&RelayKey::from_seed(&[3; 32]), 1, None, event);
        tx.put_control_entry(u64::from(number), &entry)?;
        head = next;
    }
    Ok(())
}

fn refused(number: u8) -> RefusedEdit {
    RefusedEdit {
        document: document(number),
        space: space(1),
        hash: hash(u32::from(number)),
        code: "forbidden".to_owned(),
        message: String::new(),
        at_ms: 1,
        before: b"{}".to_vec(),
        after: b"{\"name\":\"Arya\"}".to_vec(),
        state: RefusedState::Open,
    }
}

/// Breaks the seal of a value, or takes it away; answers what it was.
fn damage(directory: &Path, table: &str, number: usize, gone: bool) -> (Vec<u8>, Vec<u8>) {
    let database = Database::open(directory.join("store.redb")).unwrap();
    let named: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new(table);
    let (key, mut value) = {
        let table = database.begin_read().unwrap().open_table(named).unwrap();
        let (key, value) = table.iter().unwrap().nth(number).unwrap().unwrap();
        (key.value().to_vec(), value.value().to_vec())
    };
    let writing = database.begin_write().unwrap();
    {
        let mut table = writing.open_table(named).unwrap();
        *value.last_mut().unwrap() ^= 1;
        match gone {
            true => drop(table.remove(key.as_slice()).unwrap()),
            false => drop(table.insert(key.as_slice(), value.as_slice()).unwrap()),
        }
    }
    writing.commit().unwrap();
    (key, value)
}

fn flaws(store: &Store) -> Vec<(&'static str, Unread)> {
    let flaws = store.examine().unwrap().flaws.into_iter();
    flaws
        .map(|found| match found.flaw {
            Flaw::Value { table, unread } => (table, unread),
            other => panic!("{other:?}"),
        })
        .collect()
}

fn repair(store: &Store, common: Option<u8>) -> Repaired {
    let params = RepairParams { home: space(1), common: common.map(space), now_ms: 1, known: &|_| None };
    let repaired = store.repair(&params).unwrap();
    assert_eq!(flaws(store), []);
    repaired
}

#[test]
fn a_refused_edit_that_cant_be_read_is_set_aside_and_counts_as_lost() {
    let (_parent, directory) = made();
    let (key, raw) = damage(&directory, "refused", 1, false);
    let store = Store::open(&directory, &open_params()).unwrap();
    assert_eq!(flaws(&store), [("refused", Unread::Lost)]);
    let repaired = repair(&store, Some(2));
    assert_eq!((repaired.set_aside, repaired.lost), (1, 1));
    let tx = store.read().unwrap();
    let left: Vec<_> = tx.refused_edits().unwrap().into_iter().map(|(_, edit)| edit).collect();
    assert_eq!(left, [refused(1), refused(3)]);
    let aside = tx.client_values("aside/none/").unwrap();
    assert_eq!(aside.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), [[key, raw].concat()]);
    assert_eq!(tx.cursors().unwrap().len(), 3);
    drop(tx);
    store.write(|tx| tx.erase_documents(&[document(2)].into())).unwrap();
    assert!(store.read().unwrap().client_values("aside/").unwrap().is_empty(), "it goes with its document");
}

#[test]
fn an_alias_that_cant_be_read_is_set_aside() {
    let (_parent, directory) = made();
    let (key, raw) = damage(&directory, "aliases", 0, false);
    let store = Store::open(&directory, &open_params()).unwrap();
    assert_eq!(flaws(&store), [("aliases", Unread::Lost)]);
    assert_eq!(repair(&store, Some(2)), Repaired::default(), "it is no change");
    let tx = store.read().unwrap();
    assert_eq!(tx.client_values("aside/none/").unwrap()[0].1, [key, raw].concat());
    assert!(tx.aliases().unwrap().is_empty());
}

#[test]
fn the_control_log_ends_before_what_cant_be_read_and_its_feed_is_read_again() {
    for (number, gone, left) in [(0, false, 0), (2, false, 2), (2, true, 2), (4, false, 4)] {
        for (common, cursors) in [(Some(2), vec![space(1), space(3)]), (None, Vec::new())] {
            let (_parent, directory) = made();
            damage(&directory, "control", number, gone);
            let store = Store::open(&directory, &open_params()).unwrap();
            assert_eq!(flaws(&store), [("control", Unread::ComesAgain)]);
            assert_eq!(repair(&store, common), Repaired::default());
            let tx = store.read().unwrap();
            assert_eq!(tx.control_entries(0, 9).unwrap().len(), left);
            assert_eq!(tx.control_head().unwrap().count, left as u64);
            let kept: Vec<_> = tx.cursors().unwrap().into_iter().map(|(space, _)| space).collect();
            assert_eq!(kept, cursors);
        }
    }
}
