//! The format of the store file: its version, its tables, and the steps from older versions.

use crate::access::{Access, Tx, WriteTx, sealed::RawAccess};
use crate::codec::Table;
use crate::error::StoreError;

/// The format that this version writes and the newest that it reads.
pub const FORMAT_VERSION: u32 = 1;

/// One step: rewrites a store of the version before into the version that it stands for.
pub(crate) type Migration = fn(&mut WriteTx<'_>) -> Result<(), StoreError>;

/// The steps in order: the first leads from version 1 to 2. A step never changes once it was released, and never
/// touches the key `format` of the table `meta`, which every version reads.
pub(crate) const MIGRATIONS: &[Migration] = &[];

const _: () = assert!(MIGRATIONS.len() + 1 == FORMAT_VERSION as usize, "one step a version");

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
