//! The embedded store: conformance, restarts, epochs, group commit, damaged and full disks.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use forsat_relay::store::conformance::{
    self, NOW_MS, chain, change, document, enrol, of, page, push, space, whole,
};
use forsat_relay::store::{
    AccessCommand, AccessStore as _, AppendBatch, BackendSource, InitWorkspace, ItemOutcome, Later,
    MoveOutcome, MoveRequest, NewToken, OpenOptions, PageOutcome, Push, PushOutcome, RedbStore, RelayStore,
    Scope, StoreError, TokenStore as _, USED_STEP_MS,
};
use forsat_relay::token::Token;
use forsat_sync::control::SignedEntry;
use forsat_sync::frame::{Cursor, Role};
use forsat_sync::id::{Epoch, FeedSeq, SpaceId, WorkspaceId};
use redb::StorageBackend;
use redb::backends::InMemoryBackend;

fn init() -> InitWorkspace {
    InitWorkspace {
        workspace: WorkspaceId::from_bytes([3; 16]),
        name: "Forsat".into(),
        relay_key_seed: [4; 32],
        common: SpaceId::from_bytes([5; 16]),
        now_ms: NOW_MS,
    }
}

fn options(epoch: u64) -> OpenOptions {
    OpenOptions { cache_bytes: 1024 * 1024, ..OpenOptions::new(Epoch::new(epoch)) }
}

fn in_memory() -> RedbStore {
    RedbStore::with_backend(InMemoryBackend::new(), options(1), &init()).unwrap()
}

/// A disk in memory that outlives the store on it, and fails when told to.
#[derive(Clone, Debug, Default)]
struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    full: Arc<AtomicBool>,
    sync_fails: Arc<AtomicBool>,
    /// Counts down with every write; fails at 0.
    fails_after: Arc<AtomicU64>,
    /// What was reserved last, in bytes.
    reserved: Arc<AtomicU64>,
}

impl Disk {
    fn new() -> Self {
        let disk = Self::default();
        disk.fails_after.store(u64::MAX, Ordering::SeqCst);
        disk
    }

    fn copy(&self) -> Vec<u8> {
        self.bytes.lock().unwrap().clone()
    }

    fn may_write(&self) -> io::Result<()> {
        if self.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let left = self.fails_after.load(Ordering::SeqCst);
        if left == 0 {
            return Err(io::Error::other("the disk does not answer"));
        }
        self.fails_after.store(left - 1, Ordering::SeqCst);
        Ok(())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.bytes.lock().unwrap();
        let from = usize::try_from(offset).unwrap();
        let found = bytes.get(from..from + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.may_write()?;
        self.bytes.lock().unwrap().resize(usize::try_from(len).unwrap(), 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.sync_fails.load(Ordering::SeqCst) { Err(io::Error::other("fsync")) } else { Ok(()) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.may_write()?;
        let from = usize::try_from(offset).unwrap();
        self.bytes.lock().unwrap()[from..from + data.len()].copy_from_slice(data);
        Ok(())
    }
}

struct Disks(Disk);

impl BackendSource for Disks {
    fn open(&mut self) -> io::Result<Box<dyn StorageBackend>> {
        Ok(Box::new(self.0.clone()))
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        self.0.reserved.store(bytes, Ordering::SeqCst);
        Ok(())
    }
}

fn on(disk: &Disk) -> RedbStore {
    let source = Box::new(Disks(disk.clone()));
    RedbStore::create_from(source, options(1), &init()).unwrap()
}

fn later(store: &RedbStore, now_ms: u64) -> AppendBatch {
    let _ = store;
    AppendBatch { now_ms, pushes: Vec::new(), seen: vec![(conformance::key(1).device_id(), now_ms)] }
}

#[test]
fn the_store_conforms_in_memory() {
    conformance::all(|| Box::new(in_memory()));
}

#[test]
fn the_store_conforms_in_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut number = 0;
    conformance::all(|| {
        number += 1;
        Box::new(RedbStore::create(&dir.path().join(format!("{number}.redb")), options(1), &init()).unwrap())
    });
}

#[test]
fn pushes_of_many_devices_share_one_commit() {
    let disk = Disk::new();
    let store = on(&disk);
    let tehran = space(&store, 10, "Tehran");
    let members: Vec<_> = (1..=20)
        .map(|number| enrol(&store, number, &format!("user {number}"), "Tehran", Role::Rep))
        .collect();
    let syncs = store.syncs();
    let pushes = members.iter().enumerate().map(|(number, member)| Push {
        device: member.device,
        space: tehran,
        items: vec![of(change(member, 1, 1, &[], 100), document(u8::try_from(number).unwrap()))],
        refill: false,
    });
    let batch = AppendBatch { now_ms: NOW_MS, pushes: pushes.collect(), seen: Vec::new() };
    let outcomes = store.append(&batch).unwrap();
    let positions: Vec<_> = outcomes
        .iter()
        .map(|outcome| match outcome {
            PushOutcome::Judged(items) => items[0].clone(),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected: Vec<_> = (1..=20).map(|seq| ItemOutcome::Accepted(FeedSeq::new(seq))).collect();
    assert_eq!(positions, expected);
    assert_eq!(store.appends_committed(), 1);
    let together = store.syncs() - syncs;
    let syncs = store.syncs();
    store.append(&batch).unwrap();
    assert_eq!(store.syncs(), syncs, "nothing new, nothing to wait for");
    assert_eq!(store.appends_committed(), 1);
    assert!(together <= 3, "twenty pushes waited {together} times for the disk");
    for (number, member) in members.iter().enumerate() {
        let other = document(100 + u8::try_from(number).unwrap());
        push(&store, member, tehran, vec![of(change(member, 1, 1, &[], 100), other)]);
    }
    assert!(store.syncs() - syncs >= 20, "one by one each push waits");
}

#[test]
fn what_was_answered_survives_a_crash_right_after() {
    let disk = Disk::new();
    let store = on(&disk);
    let tehran = space(&store, 10, "Tehran");
    let sara = enrol(&store, 1, "Sara", "Tehran", Role::Rep);
    chain(&store, &sara, tehran, 3, 500);
    // The disk as it was when the last answer came: the store was never closed.
    let crashed = Disk::new();
    *crashed.bytes.lock().unwrap() = disk.copy();
    let again = RedbStore::open_from(Box::new(Disks(crashed)), options(2)).unwrap();
    assert_eq!(again.identity().workspace, store.identity().workspace);
    let (before, after) = (whole(&store, &sara, tehran), whole(&again, &sara, tehran));
    assert_eq!((before.entries, before.root), (after.entries, after.root));
}

#[test]
fn a_token_that_is_revoked_stays_so_after_a_crash_right_after() {
    let disk = Disk::new();
    let store = on(&disk);
    let make = |name: &str, byte| {
        let hash = Token::from_bytes([byte; 16]).hash();
        let new = NewToken {
            hash,
            name: name.into(),
            scopes: vec![Scope::Read],
            space: None,
            by: String::new(),
            now_ms: NOW_MS,
            expires_at_ms: None,
        };
        store.create_token(&new).unwrap();
        hash
    };
    let (gone, kept) = (make("gone", 1), make("kept", 2));
    store.revoke_token("gone", NOW_MS).unwrap();
    let crashed = Disk::new();
    *crashed.bytes.lock().unwrap() = disk.copy();
    let again = RedbStore::open_from(Box::new(Disks(crashed)), options(2)).unwrap();
    assert_eq!(again.use_token(&gone, NOW_MS).unwrap(), None);
    assert!(again.use_token(&kept, NOW_MS).unwrap().is_some());
    disk.full.store(true, Ordering::SeqCst);
    let later = NOW_MS + USED_STEP_MS;
    assert!(store.use_token(&kept, later).unwrap().is_some(), "a full disk keeps nobody from reading");
    assert!(store.revoke_token("kept", later).is_err(), "and says so where it has to be written");
}

#[test]
fn cursors_live_through_restarts_and_die_with_lost_positions() {
    let disk = Disk::new();
    let store = on(&disk);
    let tehran = space(&store, 10, "Tehran");
    let sara = enrol(&store, 1, "Sara", "Tehran", Role::Rep);
    let hashes = chain(&store, &sara, tehran, 3, 10);
    let backup = Disk::new();
    *backup.bytes.lock().unwrap() = disk.copy();
    push(&store, &sara, tehran, vec![change(&sara, 4, 4, &hashes[2..], 10)]);
    drop(store);
    let at = |store: &RedbStore, epoch, seq| {
        page(store, &sara, tehran, Some(Cursor { epoch: Epoch::new(epoch), seq: FeedSeq::new(seq) }), 1000)
    };
    let restarted = RedbStore::open_from(Box::new(Disks(disk)), options(2)).unwrap();
    let PageOutcome::Page(page) = at(&restarted, 1, 3) else { panic!("a cursor of the last opening") };
    assert_eq!((page.entries.len(), page.epoch), (1, Epoch::new(2)));
    let restored = RedbStore::open_from(Box::new(Disks(backup)), options(3)).unwrap();
    assert!(matches!(at(&restored, 1, 3), PageOutcome::Page(_)), "what the backup holds is known");
    assert_eq!(at(&restored, 1, 4), PageOutcome::CursorInvalid, "what it lost is not");
    chain_on(&restored, &sara, tehran, &hashes);
    assert_eq!(at(&restored, 1, 4), PageOutcome::CursorInvalid, "position 4 is another one now");
    assert_eq!(
        at(&restored, 2, 4),
        PageOutcome::CursorInvalid,
        "an opening that the backup knows nothing of"
    );
    assert!(matches!(at(&restored, 3, 4), PageOutcome::Page(_)));
}

fn chain_on(
    store: &RedbStore,
    sara: &conformance::Member,
    tehran: SpaceId,
    hashes: &[forsat_sync::id::ChangeHash],
) {
    let other = change(sara, 4, 4, &hashes[2..3], 11);
    assert!(matches!(push(store, sara, tehran, vec![other]), PushOutcome::Judged(_)));
}

#[test]
fn a_full_disk_refuses_writes_reads_on_and_recovers() {
    let disk = Disk::new();
    let store = on(&disk);
    let tehran = space(&store, 10, "Tehran");
    let sara = enrol(&store, 1, "Sara", "Tehran", Role::Rep);
    let hashes = chain(&store, &sara, tehran, 2, 500);
    let before = whole(&store, &sara, tehran);
    disk.full.store(true, Ordering::SeqCst);
    let next = change(&sara, 3, 3, &hashes[1..], 500);
    let batch = |now_ms| AppendBatch {
        now_ms,
        pushes: vec![Push { device: sara.device, space: tehran, items: vec![next.clone()], refill: false }],
        seen: Vec::new(),
    };
    for attempt in 0..3 {
        let error = store.append(&batch(NOW_MS + attempt * 20_000)).unwrap_err();
        assert!(matches!(error, StoreError::Full), "{error:?}");
        assert!(error.can_retry() && !error.is_fatal());
        assert_eq!(whole(&store, &sara, tehran), before, "reads go on");
    }
    disk.full.store(false, Ordering::SeqCst);
    let outcomes = store.append(&batch(NOW_MS + 100_000)).unwrap();
    assert_eq!(outcomes, [PushOutcome::Judged(vec![ItemOutcome::Accepted(FeedSeq::new(3))])]);
    assert_eq!(whole(&store, &sara, tehran).head, FeedSeq::new(3));
}

#[test]
fn an_io_error_at_any_write_loses_nothing_that_was_answered() {
    let mut failures = 0;
    for index in 0..40 {
        let disk = Disk::new();
        let store = on(&disk);
        let tehran = space(&store, 10, "Tehran");
        let sara = enrol(&store, 1, "Sara", "Tehran", Role::Rep);
        let first = chain(&store, &sara, tehran, 1, 300);
        disk.fails_after.store(index, Ordering::SeqCst);
        let item = change(&sara, 2, 2, &first, 300);
        let batch = AppendBatch {
            now_ms: NOW_MS,
            pushes: vec![Push { device: sara.device, space: tehran, items: vec![item], refill: false }],
            seen: Vec::new(),
        };
        let acked = store.append(&batch).is_ok();
        failures += u32::from(!acked);
        disk.fails_after.store(u64::MAX, Ordering::SeqCst);
        let head = whole(&store, &sara, tehran).head;
        assert!(head >= FeedSeq::new(if acked { 2 } else { 1 }), "write {index}");
        let again = store.append(&AppendBatch { now_ms: NOW_MS + 60_000, ..batch }).unwrap();
        let PushOutcome::Judged(items) = &again[0] else { panic!("{again:?}") };
        assert!(items[0].is_acked(), "write {index}: {items:?}");
        assert_eq!(store.verify().unwrap(), Vec::<String>::new(), "write {index}");
    }
    assert!(failures > 3, "the errors never hit a commit");
}

#[test]
fn a_failed_fsync_is_the_end() {
    let disk = Disk::new();
    let store = on(&disk);
    disk.sync_fails.store(true, Ordering::SeqCst);
    let error = store.append(&later(&store, NOW_MS)).unwrap_err();
    assert!(error.is_fatal(), "{error:?}");
    disk.sync_fails.store(false, Ordering::SeqCst);
    assert!(store.append(&later(&store, NOW_MS + 60_000)).unwrap_err().is_fatal(), "no second chance");
}

#[test]
fn a_flipped_bit_is_an_error_and_never_data() {
    let disk = Disk::new();
    let store = on(&disk);
    let tehran = space(&store, 10, "Tehran");
    let sara = enrol(&store, 1, "Sara", "Tehran", Role::Rep);
    let marked = change(&sara, 1, 1, &[], 64);
    let mark = marked.chunk.as_ref().unwrap().1.clone();
    push(&store, &sara, tehran, vec![marked]);
    drop(store);
    let mut bytes = disk.copy();
    let at = bytes.windows(mark.len()).position(|window| window == mark).unwrap();
    bytes[at + 7] ^= 0x20;
    let damaged = Disk::new();
    *damaged.bytes.lock().unwrap() = bytes.clone();
    let unchecked = OpenOptions { check: false, ..options(2) };
    let seen = RedbStore::open_from(Box::new(Disks(damaged.clone())), unchecked).and_then(|store| {
        let reader = enrol(&store, 2, "Omid", "Tehran", Role::Rep);
        let request = forsat_relay::store::PageRequest {
            device: reader.device,
            space: tehran,
            cursor: None,
            echo: true,
            from_head: false,
            bytes_max: 1000,
        };
        store.pages(&[request])
    });
    assert!(matches!(seen, Err(StoreError::Corrupt { .. })), "{seen:?}");
    // The enrolment has written the page anew, with the flipped bit in it and a checksum of its own.
    *damaged.bytes.lock().unwrap() = bytes;
    let checked = RedbStore::open_from(Box::new(Disks(damaged)), options(3));
    assert!(matches!(checked, Err(StoreError::Corrupt { .. })), "{checked:?}");
}

#[test]
fn quotas_put_off_and_say_which() {
    let mut tight = options(1);
    tight.limits.workspace.documents_max = 1;
    tight.limits.workspace.devices_max = 1;
    let store = RedbStore::with_backend(InMemoryBackend::new(), tight, &init()).unwrap();
    let tehran = space(&store, 10, "Tehran");
    let sara = enrol(&store, 1, "Sara", "Tehran", Role::Rep);
    let item = |number| of(change(&sara, 1, 1, &[], 10), document(number));
    let outcome = push(&store, &sara, tehran, vec![item(1), item(2)]);
    let put_off = ItemOutcome::Later(Later::Quota("quota_documents"));
    assert_eq!(outcome, PushOutcome::Judged(vec![ItemOutcome::Accepted(FeedSeq::new(1)), put_off]));
    let secret = conformance::invite(&store, 2, "Omid", "Tehran", Role::Rep);
    let public_key = conformance::key(2).public();
    let request = forsat_relay::store::EnrolRequest {
        secret: secret.hash(),
        public_key,
        device: public_key.device_id(),
        device_name: String::new(),
        proposed_user: None,
    };
    let outcome = store.enrol(&request, sara.user, NOW_MS).unwrap();
    assert_eq!(outcome, forsat_relay::store::EnrolOutcome::TooManyDevices);
}

#[test]
fn moves_use_up_the_changes_of_a_day() {
    let mut tight = options(1);
    tight.limits.workspace.changes_a_day_max = 6;
    let store = RedbStore::with_backend(InMemoryBackend::new(), tight, &init()).unwrap();
    let (tehran, isfahan) = (space(&store, 10, "Tehran"), space(&store, 11, "Isfahan"));
    let sara = enrol(&store, 1, "Sara", "Tehran", Role::Manager);
    let (user, space) = ("Sara".to_owned(), "Isfahan".to_owned());
    store.change_access(&AccessCommand::SetRole { user, space, role: Role::Manager }, NOW_MS).unwrap();
    chain(&store, &sara, tehran, 4, 10);
    let move_to = |to, now_ms| {
        let request = MoveRequest { device: sara.device, to, documents: vec![document(1)] };
        store.move_documents(&request, now_ms).unwrap().remove(0)
    };
    assert!(matches!(move_to(isfahan, NOW_MS), MoveOutcome::Moved { .. }));
    assert_eq!(move_to(tehran, NOW_MS), MoveOutcome::Quota("quota_changes_a_day"));
    assert_eq!(move_to(isfahan, NOW_MS), MoveOutcome::There);
    assert!(matches!(move_to(tehran, NOW_MS + 86_400_000), MoveOutcome::Moved { .. }));
    assert_eq!(store.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn what_is_no_relay_store_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("relay.redb");
    assert!(matches!(RedbStore::open(&path, options(1)), Err(StoreError::NotInitialised)));
    let store = RedbStore::create(&path, options(1), &init()).unwrap();
    space(&store, 10, "Tehran");
    assert!(matches!(RedbStore::open(&path, options(2)), Err(StoreError::InUse)));
    drop(store);
    assert!(matches!(RedbStore::create(&path, options(3), &init()), Err(StoreError::AlreadyInitialised)));
    std::fs::write(&path, b"something else altogether").unwrap();
    assert!(matches!(RedbStore::open(&path, options(4)), Err(StoreError::Corrupt { .. })));
}

#[test]
fn the_invariants_hold_over_a_mixed_history_and_are_missed_when_broken() {
    let disk = Disk::new();
    let store = on(&disk);
    let (tehran, isfahan) = (space(&store, 10, "Tehran"), space(&store, 11, "Isfahan"));
    let sara = enrol(&store, 1, "Sara", "Tehran", Role::Rep);
    let omid = enrol(&store, 2, "Omid", "Isfahan", Role::Rep);
    let hashes = chain(&store, &sara, tehran, 4, 60);
    push(
        &store,
        &omid,
        isfahan,
        vec![change(&omid, 1, 1, &[], 70), of(change(&omid, 1, 1, &[], 70), document(3))],
    );
    push(&store, &sara, tehran, vec![of(change(&sara, 1, 1, &[], 50), document(4))]);
    push(&store, &sara, tehran, vec![change(&sara, 6, 6, &hashes[3..], 50)]);
    assert_eq!(store.verify().unwrap(), Vec::<String>::new());
    drop(store);
    let reopened = RedbStore::open_from(Box::new(Disks(disk.clone())), options(2)).unwrap();
    assert_eq!(reopened.verify().unwrap(), Vec::<String>::new());
    drop(reopened);
    // A head that lost its row: what a bug in the commit would leave behind.
    let database = redb::Database::builder().create_with_backend(disk.clone()).unwrap();
    let tx = database.begin_write().unwrap();
    let buckets = redb::TableDefinition::<&[u8], &[u8]>::new("buckets");
    tx.open_table(buckets).unwrap().pop_first().unwrap();
    tx.commit().unwrap();
    drop(database);
    let broken = RedbStore::open_from(Box::new(Disks(disk)), options(3)).unwrap();
    assert_eq!(broken.verify().unwrap().len(), 1);
}

#[test]
fn an_erasure_that_is_replayed_has_room_for_all_that_it_rewrites() {
    const CHANGES: u64 = 400;
    let (ahead, disk) = (in_memory(), Disk::new());
    let back = on(&disk);
    for store in [&ahead, &back] {
        let tehran = space(store, 10, "Tehran");
        let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
        chain(store, &sara, tehran, CHANGES, 10);
    }
    let erase = AccessCommand::EraseDocument { document: document(1) };
    ahead.change_access(&erase, NOW_MS).unwrap();
    let entries = ahead.control_log(0, usize::MAX).unwrap();
    assert_eq!(back.adopt_control(&entries, NOW_MS).unwrap().entries, 1);
    assert!(disk.reserved.load(Ordering::SeqCst) >= CHANGES * 8 * 1024);
    let forged = SignedEntry { signature: entries[0].signature, ..entries.last().unwrap().clone() };
    let room = disk.reserved.load(Ordering::SeqCst);
    back.adopt_control(&[forged], NOW_MS).unwrap();
    assert!(disk.reserved.load(Ordering::SeqCst) < room, "nobody else's word takes room");
}

#[test]
fn status_counts_what_there_is() {
    let store = in_memory();
    let tehran = space(&store, 10, "Tehran");
    let sara = enrol(&store, 1, "Sara", "Tehran", Role::Rep);
    conformance::invite(&store, 2, "Omid", "Tehran", Role::Viewer);
    chain(&store, &sara, tehran, 2, 100);
    let status = store.status(NOW_MS).unwrap();
    assert_eq!((status.users, status.devices_active, status.invites_open), (2, 1, 1));
    assert_eq!((status.documents, status.changes, status.bytes), (1, 2, 200));
    assert_eq!(store.status(NOW_MS + 86_400_000).unwrap().invites_open, 0);
}
