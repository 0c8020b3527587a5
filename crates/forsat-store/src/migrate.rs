//! The format of the store file: its version, its tables, and the steps from older versions.

use crate::access::{Access, Tx, WriteTx, sealed::RawAccess};
use crate::codec::Table;
use crate::error::StoreError;

/// The format that this version writes and the newest that it reads.
pub const FORMAT_VERSION: u32 = 2;

/// One step: rewrites a store of the version before into the version that it stands for.
pub(crate) type Migration = fn(&mut WriteTx<'_>) -> Result<(), StoreError>;

/// The steps in order: the first leads from version 1 to 2. A step never changes once it was released, and never
/// touches the key `format` of the table `meta`, which every version reads.
pub(crate) const MIGRATIONS: &[Migration] = &[add_control];

const _: () = assert!(MIGRATIONS.len() + 1 == FORMAT_VERSION as usize, "one step a version");

/// From 1 to 2: the table of the control log.
fn add_control(tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
    tx.0.get(crate::control::CONTROL, &[]).map(drop)
}

/// Every table of the present format.
pub(crate) const TABLES: &[Table] = &[
    crate::meta::META,
    crate::meta::CLIENT,
    crate::documents::DOCUMENTS,
    crate::chunks::CHUNKS,
    crate::chunks::BY_HASH,
    crate::snapshots::SNAPSHOTS,
    crate::rows::ROWS,
    crate::rows::NAMES,
    crate::outbox::OUTBOX,
    crate::outbox::OUTBOX_STATS,
    crate::cursors::CURSORS,
    crate::spaces::SPACES,
    crate::buckets::BUCKETS,
    crate::refused::REFUSED,
    crate::journal::JOURNAL,
    crate::aliases::ALIASES,
    crate::issues::SYNC_ISSUES,
    crate::control::CONTROL,
];

/// What an open has to do about the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Current,
    Older(u32),
}

/// Reads the format; refuses one that is newer than `newest`.
pub(crate) fn inspect<A: Access>(tx: &Tx<A>, newest: u32) -> Result<Found, StoreError> {
    match tx.format() {
        Ok(Some(format)) if format == newest => Ok(Found::Current),
        Ok(Some(format)) if format > newest => {
            Err(StoreError::NewerFormat { found: format, supported: newest })
        }
        Ok(Some(0)) => Err(StoreError::damaged("format 0")),
        Ok(Some(format)) => Ok(Found::Older(format)),
        Ok(None) => Err(StoreError::NotAStore { what: "it names no format".into() }),
        Err(error) => Err(error),
    }
}

/// Runs the steps that a store still needs, in the caller's transaction; answers the version that it had, if older.
pub(crate) fn run(tx: &mut WriteTx<'_>, steps: &[Migration]) -> Result<Option<u32>, StoreError> {
    let newest = u32::try_from(steps.len() + 1).expect("there are few migrations");
    let Found::Older(before) = inspect(tx, newest)? else { return Ok(None) };
    for step in steps.iter().skip(before as usize - 1) {
        step(tx)?;
    }
    tx.set_format(newest)?;
    Ok(Some(before))
}

impl WriteTx<'_> {
    /// Creates every table, so that a missing one is known for damage.
    pub(crate) fn create_tables(&mut self) -> Result<(), StoreError> {
        TABLES.iter().try_for_each(|table| self.0.get(*table, &[]).map(drop))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{CreateParams, Store};
    use forsat_sync::id::WorkspaceId;

    fn second(tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        tx.set_client_value("steps", b"2")
    }

    fn third(tx: &mut WriteTx<'_>) -> Result<(), StoreError> {
        assert_eq!(tx.client_value("steps")?.as_deref(), Some(b"2".as_slice()), "steps run in order");
        tx.set_client_value("steps", b"23")
    }

    fn failing(_: &mut WriteTx<'_>) -> Result<(), StoreError> {
        Err(StoreError::Busy)
    }

    fn store(directory: &tempfile::TempDir) -> Store {
        let workspace = WorkspaceId::from_bytes([1; 16]);
        let params = CreateParams { workspace, random: [1; 32], cache_bytes: 1 << 20 };
        let store = Store::create(directory.path(), &params).unwrap();
        store.write(|tx| tx.set_format(1)).unwrap();
        store
    }

    #[test]
    fn the_missing_steps_run_once_and_in_order() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory);
        assert_eq!(store.write(|tx| run(tx, &[second])).unwrap(), Some(1));
        assert_eq!(store.write(|tx| run(tx, &[second, third])).unwrap(), Some(2));
        assert_eq!(store.write(|tx| run(tx, &[second, third])).unwrap(), None);
        let tx = store.read().unwrap();
        assert_eq!(
            (tx.format().unwrap(), tx.client_value("steps").unwrap()),
            (Some(3), Some(b"23".to_vec()))
        );
    }

    #[test]
    fn a_failing_step_leaves_the_store_as_it_was() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory);
        assert!(store.write(|tx| run(tx, &[second, failing])).is_err());
        let tx = store.read().unwrap();
        assert_eq!((tx.format().unwrap(), tx.client_value("steps").unwrap()), (Some(1), None));
    }

    #[test]
    fn a_newer_format_is_told_with_what_to_do() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory);
        store.write(|tx| tx.set_format(FORMAT_VERSION + 1)).unwrap();
        drop(store);
        let params = crate::store::OpenParams { random: [2; 32], cache_bytes: 1 << 20 };
        let error = Store::open(directory.path(), &params).map(drop).unwrap_err();
        assert!(matches!(error, StoreError::NewerFormat { found: 3, supported: 2 }), "{error:?}");
        assert!(error.to_string().contains("install a newer version") && !error.is_retryable());
    }

    #[test]
    fn the_tables_of_a_new_store_are_all_there() {
        let directory = tempfile::tempdir().unwrap();
        let store = store(&directory);
        let report = store.check_integrity().unwrap();
        assert!(report.problems.is_empty() && report.values == 5, "{report:?}");
    }
}
