//! Creating and opening: what is told when it can't be, copies that are noticed, formats, the lease.

use std::fs;
use std::path::{Path, PathBuf};

use forsat_store::*;
use redb::backends::InMemoryBackend;

use crate::support::{CACHE, Place, create_params, document, hash, open_params, save_edit};

fn open(directory: &Path) -> Result<Store, StoreError> {
    Store::open(directory, &open_params())
}

fn created() -> (tempfile::TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("store");
    let store = Store::create(&directory, &create_params()).unwrap();
    store.write(|tx| save_edit(tx, 1, 1)).unwrap();
    (parent, directory)
}

fn incarnation(store: &Store) -> [u8; 16] {
    store.read().unwrap().identity().unwrap().incarnation
}

#[test]
fn a_store_is_created_once_and_opened_again() {
    let (_parent, directory) = created();
    let mut names: Vec<_> =
        fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["store.marker", "store.redb", "sync.lock"]);
    let again = Store::create(&directory, &create_params());
    assert!(matches!(again.map(drop), Err(StoreError::AlreadyExists { .. })));
    let store = open(&directory).unwrap();
    assert_eq!(store.opened(), Opened::default());
    assert!(store.read().unwrap().chunk(&document(1), &hash(1)).unwrap().is_some());
    let place = Place::new();
    drop(place.create().unwrap());
    assert!(matches!(place.create().map(drop), Err(StoreError::AlreadyExists { .. })));
}

#[cfg(unix)]
#[test]
fn a_store_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_parent, directory) = created();
    let mode = fs::metadata(directory.join("store.redb")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_creation_that_broke_off_does_not_stand_in_the_way() {
    let parent = tempfile::tempdir().unwrap();
    fs::write(parent.path().join("store.redb.new"), b"half a file").unwrap();
    assert!(matches!(open(parent.path()).map(drop), Err(StoreError::NotFound { .. })));
    Store::create(parent.path(), &create_params()).unwrap();
}

#[test]
fn a_store_appears_only_when_its_first_records_are_in_it() {
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("store");
    let not_there = || matches!(open(&directory).map(drop), Err(StoreError::NotFound { .. }));
    let refused = Store::create_filled(&directory, &create_params(), |store| {
        store.write(|tx| save_edit(tx, 1, 1))?;
        assert!(not_there(), "half a store must not be found");
        Err(StoreError::Busy)
    });
    assert!(matches!(refused.map(drop), Err(StoreError::Busy)));
    assert!(not_there() && !directory.join("store.redb.new").exists());
    let made = Store::create_filled(&directory, &create_params(), |store| {
        store.write::<_, StoreError>(|tx| save_edit(tx, 1, 1))
    });
    assert!(made.unwrap().read().unwrap().chunk(&document(1), &hash(1)).unwrap().is_some());
    assert_eq!(open(&directory).unwrap().opened(), Opened::default(), "as it was made");
}

#[test]
fn what_is_not_a_store_is_told_apart() {
    let parent = tempfile::tempdir().unwrap();
    assert!(matches!(open(parent.path()).map(drop), Err(StoreError::NotFound { .. })));
    for bytes in [b"".as_slice(), b"a text file", &[0; 8192]] {
        fs::write(parent.path().join("store.redb"), bytes).unwrap();
        let error = open(parent.path()).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::NotAStore { .. } | StoreError::Damaged { .. }), "{error:?}");
    }
    fs::remove_file(parent.path().join("store.redb")).unwrap();
    let mut builder = redb::Builder::new();
    builder.set_concurrency_mode(redb::ConcurrencyMode::MultiWriter);
    drop(builder.create(parent.path().join("store.redb")).unwrap());
    let error = open(parent.path()).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::NotAStore { .. }), "{error:?}");
}

#[test]
fn a_truncated_file_is_damaged() {
    let (_parent, directory) = created();
    let path = directory.join("store.redb");
    let length = fs::metadata(&path).unwrap().len();
    fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length / 2).unwrap();
    let error = open(&directory).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Damaged { .. }) && !error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains("restore a backup"));
}

#[test]
fn storage_without_range_locks_is_refused() {
    let made = Store::create_with_backend(
        || Ok(Box::new(InMemoryBackend::new())),
        MemorySurroundings::new(),
        &create_params(),
    );
    assert!(matches!(made.map(drop), Err(StoreError::LocksUnsupported)));
}

#[test]
fn a_store_that_a_program_has_for_itself_is_in_use() {
    let (_parent, directory) = created();
    let alone = redb::Database::open(directory.join("store.redb")).unwrap();
    let error = open(&directory).map(drop).unwrap_err();
    assert!(matches!(error, StoreError::InUse) && error.is_retryable(), "{error:?}");
    drop(alone);
    open(&directory).unwrap();
}

#[test]
fn a_missing_marker_begins_a_new_incarnation() {
    let (_parent, directory) = created();
    let before = incarnation(&open(&directory).unwrap());
    fs::remove_file(directory.join("store.marker")).unwrap();
    let store = open(&directory).unwrap();
    assert_eq!(store.opened().renewed, Some(Renewal::MarkerMissing));
    assert_ne!(incarnation(&store), before);
    assert!(store.read().unwrap().identity().unwrap().reauthor_pending);
    let once = open(&directory).unwrap();
    assert_eq!(once.opened().renewed, None);
    assert_eq!(incarnation(&once), incarnation(&store));
    assert!(once.read().unwrap().identity().unwrap().reauthor_pending, "until someone has done it");
}

#[test]
fn an_older_store_file_put_back_begins_a_new_incarnation() {
    let (_parent, directory) = created();
    let backup = fs::read(directory.join("store.redb")).unwrap();
    open(&directory).unwrap().renew_incarnation(&[5; 32]).unwrap();
    fs::write(directory.join("store.redb"), backup).unwrap();
    assert_eq!(open(&directory).unwrap().opened().renewed, Some(Renewal::MarkerDiffers));
}

#[test]
fn a_copied_directory_begins_a_new_incarnation_and_a_moved_one_does_not() {
    let (parent, directory) = created();
    let born = fs::metadata(directory.join("store.redb")).unwrap().created();
    let (copy, moved) = (parent.path().join("copy"), parent.path().join("moved"));
    fs::create_dir(&copy).unwrap();
    for name in ["store.redb", "store.marker"] {
        fs::copy(directory.join(name), copy.join(name)).unwrap();
    }
    if born.is_ok() {
        assert_eq!(open(&copy).unwrap().opened().renewed, Some(Renewal::PlaceDiffers));
        assert_eq!(open(&copy).unwrap().opened().renewed, None);
    }
    fs::rename(&directory, &moved).unwrap();
    assert_eq!(open(&moved).unwrap().opened().renewed, None);
}

#[test]
fn one_handle_at_a_time_has_the_lease() {
    let (_parent, directory) = created();
    let (first, second) = (open(&directory).unwrap(), open(&directory).unwrap());
    let lease = first.try_acquire_lease().unwrap().unwrap();
    assert!(second.try_acquire_lease().unwrap().is_none());
    drop(lease);
    let lease = second.try_acquire_lease().unwrap();
    assert!(lease.is_some());
    let place = Place::new();
    let store = place.create().unwrap();
    let lease = store.try_acquire_lease().unwrap();
    assert!(lease.is_some() && place.open().unwrap().try_acquire_lease().unwrap().is_none());
}

fn fixture(format: u32) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/format-{format}.redb"))
}

/// Writes the fixture of the present format. Run by hand when a format is new, never again for one that was released.
#[test]
#[ignore = "writes a fixture"]
fn write_fixture() {
    let (_parent, directory) = created();
    drop(open(&directory).unwrap());
    fs::copy(directory.join("store.redb"), fixture(FORMAT_VERSION)).unwrap();
}

#[test]
fn stores_of_every_format_open() {
    for format in 1..=FORMAT_VERSION {
        let parent = tempfile::tempdir().unwrap();
        fs::copy(fixture(format), parent.path().join("store.redb")).unwrap();
        let store = open(parent.path()).unwrap();
        let expected = (format != FORMAT_VERSION).then_some(format);
        assert_eq!(store.opened().migrated_from, expected);
        let tx = store.read().unwrap();
        let chunk = tx.chunk(&document(1), &hash(1)).unwrap().unwrap();
        assert_eq!(chunk.bytes, "change 1".repeat(20).as_bytes());
        assert_eq!(tx.named("account", "name 1").unwrap(), [document(1)]);
        drop(tx);
        assert!(store.check_integrity().unwrap().problems.is_empty());
    }
    assert_eq!(CACHE, 1024 * 1024);
}
