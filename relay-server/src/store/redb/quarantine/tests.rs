//! The rules of what lies aside over a whole store, the quotas, and what a look and a repair make of damage.

use automerge::transaction::Transactable as _;
use automerge::{ActorId, Author, Automerge, ROOT};
use forsat_sync::chunk;
use forsat_sync::frame::Role;
use forsat_sync::id::{DocumentId, SpaceId};
use forsat_sync::limits::{ChunkLimits, Limits};
use redb::ReadableTable as _;

use super::*;
use crate::store::conformance::{Member, document, enrol, space};
use crate::store::redb::in_memory::store_with;
use crate::store::redb::tables::USER_IDS;
use crate::store::{AccessCommand, AccessStore as _, RelayStore as _, Remedy};

const NOW_MS: u64 = 7;

/// A store with a manager of one space.
fn world(limits: Limits) -> (RedbStore, SpaceId, Member) {
    let store = store_with(limits);
    let tehran = space(&store, 10, "Tehran");
    let sara = enrol(&store, 1, "Sara", "Tehran", Role::Manager);
    (store, tehran, sara)
}

/// A change as the library writes it.
fn item(member: &Member, number: u8) -> AsideItem {
    let mut written = Automerge::new()
        .with_author(Some(Author::from(member.user.as_bytes().to_vec())))
        .with_actor(ActorId::from(&[number; 16][..]));
    let mut transaction = written.transaction();
    transaction.put(ROOT, "name", "Aryan Trading").unwrap();
    transaction.commit();
    let bytes = written.get_last_local_change().unwrap().raw_bytes().to_vec();
    let chunk = chunk::parse(&bytes, &ChunkLimits::default());
    AsideItem { document: document(number), chunk, reason: "moved_away".into() }
}

fn set_aside(store: &RedbStore, member: &Member, space: SpaceId, numbers: &[u8]) -> Vec<AsideItemOutcome> {
    let items = numbers.iter().map(|number| item(member, *number)).collect();
    match store.set_aside(&Aside { device: member.device, space, items, now_ms: NOW_MS }).unwrap() {
        AsideOutcome::Judged(outcomes) => outcomes,
        other => panic!("{other:?}"),
    }
}

/// Changes the bytes of the store past its rules.
fn tamper(store: &RedbStore, definition: Definition, change: impl FnOnce(&mut Writable<'_>)) {
    store
        .write(NOW_MS, |tx| {
            change(&mut tx.open_table(definition.table())?);
            Ok(((), Commit::Yes))
        })
        .unwrap();
}

fn looked(store: &RedbStore) -> Vec<(Remedy, String)> {
    let found = store.examine(&|| false).unwrap();
    found.findings.into_iter().map(|finding| (finding.remedy, finding.message)).collect()
}

/// Makes the row of a change unreadable.
fn damage(store: &RedbStore, number: u64) {
    tamper(store, QUARANTINE, |table| {
        let mut bytes = table.get(number.to_be_bytes().as_slice()).unwrap().unwrap().value().to_vec();
        bytes[80] ^= 1;
        table.insert(number.to_be_bytes().as_slice(), bytes.as_slice()).unwrap();
    });
}

fn numbers(store: &RedbStore, by: &Member) -> Vec<u64> {
    let (entries, _) = store.quarantined(&by.device, 0, usize::MAX).unwrap();
    entries.iter().map(|entry| entry.number).collect()
}

fn erase_document(store: &RedbStore, document: DocumentId) {
    store.change_access(&AccessCommand::EraseDocument { document }, NOW_MS).unwrap();
}

#[test]
fn the_rules_hold_over_all_that_happens_and_are_missed_when_broken() {
    let (store, tehran, sara) = world(Limits::default());
    set_aside(&store, &sara, tehran, &[1, 2, 3, 4]);
    store.close_quarantined(&sara.device, &[2], NOW_MS).unwrap();
    erase_document(&store, document(3));
    assert_eq!(store.verify().unwrap(), [""; 0]);
    assert_eq!(looked(&store), []);
    tamper(&store, QUARANTINE_BY_DEVICE, |table| {
        table.pop_first().unwrap();
    });
    assert_eq!(store.verify().unwrap().len(), 1);
}

#[test]
fn what_is_damaged_is_found_and_a_repair_keeps_the_rest() {
    let (store, tehran, sara) = world(Limits::default());
    set_aside(&store, &sara, tehran, &[1, 2, 3]);
    damage(&store, 2);
    tamper(&store, QUARANTINE, |table| {
        // A row that reads, with the chunk of another change.
        let third = 3_u64.to_be_bytes();
        let row: QuarantineRow = get(table, QUARANTINE, &third).unwrap().unwrap();
        let (_, bytes) = item(&sara, 9).chunk.unwrap();
        put(table, &third, &QuarantineRow { bytes, ..row }).unwrap();
    });
    let found = looked(&store);
    assert!(found.len() >= 2 && found.iter().all(|(remedy, _)| *remedy == Remedy::Repair), "{found:?}");
    assert!(store.repair(NOW_MS).unwrap().rows > 0);
    assert_eq!(looked(&store), []);
    assert_eq!(store.verify().unwrap(), [""; 0]);
    assert_eq!(store.repair(NOW_MS).unwrap().rows, 0, "repairing again changes nothing");
    set_aside(&store, &sara, tehran, &[4]);
    assert_eq!(numbers(&store, &sara), [1, 4], "no number is given out twice");
}

#[test]
fn a_row_that_cannot_be_read_keeps_nobody_from_the_others() {
    let (store, tehran, sara) = world(Limits::default());
    set_aside(&store, &sara, tehran, &[1, 2, 3, 4]);
    damage(&store, 2);
    damage(&store, 3);
    assert_eq!(numbers(&store, &sara), [1, 4]);
    let (rows, more) = store.quarantine_summaries(None, 0, 2).unwrap();
    assert_eq!((rows.iter().map(|row| row.number).collect::<Vec<_>>(), more), (vec![1, 4], false));
    assert_eq!(store.close_quarantined(&sara.device, &[1, 2], NOW_MS).unwrap(), 1, "it is nobody's");
    assert_eq!(store.drop_quarantined(&[2], NOW_MS).unwrap(), 0);
    erase_document(&store, document(3));
    let found = store.verify().unwrap();
    assert!(found.iter().any(|line| line.contains("change 2 in quarantine is damaged")), "{found:?}");
    assert!(!found.iter().any(|line| line.contains("change 3 ")), "an erasure takes it along: {found:?}");
    // Its device still has it, and brings it again.
    assert_eq!(set_aside(&store, &sara, tehran, &[2]), [AsideItemOutcome::Kept]);
    assert_eq!(numbers(&store, &sara), [4, 5]);
    assert!(store.repair(NOW_MS).unwrap().rows > 0);
    assert_eq!((looked(&store), store.verify().unwrap()), (vec![], vec![]));
    assert_eq!(numbers(&store, &sara), [4, 5]);
}

#[test]
fn an_id_stands_for_a_name_that_is_missing() {
    let (store, tehran, sara) = world(Limits::default());
    let omid = enrol(&store, 2, "Omid", "Tehran", Role::Rep);
    set_aside(&store, &omid, tehran, &[1]);
    set_aside(&store, &sara, tehran, &[2]);
    tamper(&store, DEVICES, |table| drop(table.remove(omid.device.as_bytes().as_slice()).unwrap()));
    tamper(&store, USER_IDS, |table| drop(table.remove(omid.user.as_bytes().as_slice()).unwrap()));
    let (entries, _) = store.quarantined(&sara.device, 0, usize::MAX).unwrap();
    let names = |number: usize| (entries[number].device_name.clone(), entries[number].user_name.clone());
    assert_eq!(names(0), (omid.device.to_string(), omid.user.to_string()));
    assert_eq!(names(1), ("device 1".into(), "Sara".into()));
    let (rows, _) = store.quarantine_summaries(None, 0, 9).unwrap();
    assert_eq!(rows[0].user_name, omid.user.to_string());
    let told = |(remedy, line): &(Remedy, String)| {
        *remedy == Remedy::Backup && line.contains("change 1 in quarantine is of")
    };
    assert!(looked(&store).iter().any(told), "{:?}", looked(&store));
}

#[test]
fn what_lies_aside_is_counted_for_its_space_in_a_store_of_before() {
    let (store, tehran, sara) = world(Limits::default());
    set_aside(&store, &sara, tehran, &[1, 2]);
    tamper(&store, QUARANTINE_BY_SPACE, |table| drop(table.pop_first().unwrap()));
    assert_eq!(store.verify().unwrap().len(), 1);
    for _ in 0..2 {
        store.write(NOW_MS, |tx| Ok((count_spaces(tx)?, Commit::Yes))).unwrap();
        assert_eq!(store.verify().unwrap(), [""; 0]);
    }
}

#[test]
fn where_the_last_number_is_lost_a_repair_leaves_many_out() {
    let (store, tehran, sara) = world(Limits::default());
    set_aside(&store, &sara, tehran, &[1, 2, 3]);
    store.close_quarantined(&sara.device, &[3], NOW_MS).unwrap();
    tamper(&store, META, |table| drop(table.insert(TOTALS, [7_u8; 9].as_slice()).unwrap()));
    damage(&store, 2);
    store.repair(NOW_MS).unwrap();
    assert_eq!(store.repair(NOW_MS).unwrap().rows, 0, "repairing again leaves out no more");
    set_aside(&store, &sara, tehran, &[4]);
    assert_eq!(numbers(&store, &sara), [1, 1_000_003], "the third was given out already");
}

#[test]
fn quotas_hold_for_a_device_a_space_and_for_all_and_closing_makes_room() {
    const FULL: AsideItemOutcome = AsideItemOutcome::Quota("quota_quarantine");
    const KEPT: AsideItemOutcome = AsideItemOutcome::Kept;
    let limits = |lower: fn(&mut WorkspaceLimits)| {
        let mut limits = Limits::default();
        lower(&mut limits.workspace);
        limits
    };
    // Such a change takes about 350 bytes.
    let tight = [
        limits(|workspace| workspace.quarantine_device_changes_max = 2),
        limits(|workspace| workspace.quarantine_device_bytes_max = 1_000),
        limits(|workspace| workspace.quarantine_bytes_max = 1_000),
        limits(|workspace| workspace.quarantine_space_bytes_max = 1_000),
    ];
    for (way, limits) in tight.into_iter().enumerate() {
        let (store, tehran, sara) = world(limits);
        assert_eq!(set_aside(&store, &sara, tehran, &[1, 2, 3]), [KEPT, KEPT, FULL]);
        let omid = enrol(&store, 2, "Omid", "Tehran", Role::Rep);
        let others = if way >= 2 { FULL } else { KEPT };
        assert_eq!(set_aside(&store, &omid, tehran, &[4]), [others], "way {way}");
        let isfahan = space(&store, 11, "Isfahan");
        let mina = enrol(&store, 3, "Mina", "Isfahan", Role::Rep);
        let elsewhere = if way == 2 { FULL } else { KEPT };
        assert_eq!(set_aside(&store, &mina, isfahan, &[5]), [elsewhere], "way {way}");
        assert_eq!(set_aside(&store, &sara, tehran, &[1]), [KEPT], "what lies there lies there");
        store.close_quarantined(&sara.device, &[1], NOW_MS).unwrap();
        assert_eq!(set_aside(&store, &sara, tehran, &[3]), [KEPT]);
        assert_eq!(store.verify().unwrap(), [""; 0]);
    }
}
