//! Transactions: what reading and writing have in common, and the few primitives that every table is built on.

use std::any::Any;
use std::cell::Cell;
use std::ops::{Bound, ControlFlow};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use redb::ReadableTable;

use crate::codec::{In, Malformed, Table};
use crate::error::StoreError;

/// The bounds of a scan over keys.
pub type KeyRange<'a> = (Bound<&'a [u8]>, Bound<&'a [u8]>);

/// Which end of a range is read first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
}

/// What a scan calls for each entry: key and sealed value in, whether to go on out.
pub type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> Result<ControlFlow<()>, StoreError> + 'a;

pub(crate) mod sealed {
    use super::{Direction, KeyRange, StoreError, Table, Visit};

    /// Reading by table and key.
    pub trait RawAccess {
        /// The verified body under a key.
        fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
        /// Walks a range of keys.
        fn scan(
            &self,
            table: Table,
            range: KeyRange<'_>,
            direction: Direction,
            visit: &mut Visit<'_>,
        ) -> Result<(), StoreError>;
    }
}
use sealed::RawAccess;

/// Either kind of transaction; nothing outside this crate implements it.
pub trait Access: RawAccess {}
impl<A: RawAccess> Access for A {}

/// A transaction. Everything read in it belongs to one moment.
///
/// Its methods stand with the tables: `chunks`, `documents`, `rows`, `outbox` and so on.
pub struct Tx<A>(pub(crate) A);

/// A reading transaction; it neither blocks writers nor is blocked.
pub type ReadTx = Tx<ReadAccess>;

/// The writing transaction; there is one at a time among all processes. See [`crate::Store::write`].
pub type WriteTx<'a> = Tx<WriteAccess<'a>>;

/// What a [`ReadTx`] reads from.
pub struct ReadAccess {
    transaction: redb::ReadTransaction,
    /// Keeps the file open as long as something is read from it; ends after the transaction.
    _file: Arc<dyn Any + Send + Sync>,
}

impl ReadAccess {
    pub(crate) fn new(transaction: redb::ReadTransaction, file: Arc<dyn Any + Send + Sync>) -> Self {
        Self { transaction, _file: file }
    }
}

/// What a [`WriteTx`] reads from and writes to.
pub struct WriteAccess<'a> {
    transaction: &'a redb::WriteTransaction,
    dirty: Cell<bool>,
}

impl<'a> WriteAccess<'a> {
    pub(crate) fn new(transaction: &'a redb::WriteTransaction) -> Self {
        Self { transaction, dirty: Cell::new(false) }
    }

    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty.get()
    }
}

/// Runs an operation of the database engine. It may panic on a damaged file, which is reported as damage.
pub(crate) fn guarded<T>(operation: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(operation))
        .unwrap_or_else(|_| Err(StoreError::damaged("the database engine broke off on it")))
}

pub(crate) fn misread(table: Table, key: &[u8], malformed: Malformed) -> StoreError {
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    StoreError::damaged(format!("table {}, key {key}: {}", table.name, malformed.0))
}

fn get_in(
    table: Table,
    from: &impl ReadableTable<&'static [u8], &'static [u8]>,
    key: &[u8],
) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(value) = from.get(key)? else { return Ok(None) };
    let body = table.unseal(key, value.value()).map_err(|error| misread(table, key, error))?;
    Ok(Some(body.to_vec()))
}

fn scan_in(
    from: &impl ReadableTable<&'static [u8], &'static [u8]>,
    range: KeyRange<'_>,
    direction: Direction,
    visit: &mut Visit<'_>,
) -> Result<(), StoreError> {
    let mut entries = guarded(|| Ok(from.range::<&[u8]>(range)?))?;
    loop {
        let next = guarded(|| {
            let next = if direction == Direction::Up { entries.next() } else { entries.next_back() };
            Ok(next.transpose()?)
        })?;
        let Some((key, value)) = next else { return Ok(()) };
        let (key, value) = guarded(|| Ok((key.value(), value.value())))?;
        if visit(key, value)?.is_break() {
            return Ok(());
        }
    }
}

impl RawAccess for ReadAccess {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| get_in(table, &self.transaction.open_table(table.definition())?, key))
    }

    fn scan(
        &self,
        table: Table,
        range: KeyRange<'_>,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        let from = guarded(|| Ok(self.transaction.open_table(table.definition())?))?;
        scan_in(&from, range, direction, visit)
    }
}

impl RawAccess for WriteAccess<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        guarded(|| get_in(table, &self.transaction.open_table(table.definition())?, key))
    }

    fn scan(
        &self,
        table: Table,
        range: KeyRange<'_>,
        direction: Direction,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        let from = guarded(|| Ok(self.transaction.open_table(table.definition())?))?;
        scan_in(&from, range, direction, visit)
    }
}

impl<A: Access> Tx<A> {
    /// Reads and decodes one value.
    pub(crate) fn get_as<T>(
        &self,
        table: Table,
        key: &[u8],
        decode: impl FnOnce(&mut In<'_>) -> Result<T, Malformed>,
    ) -> Result<Option<T>, StoreError> {
        let Some(body) = self.0.get(table, key)? else { return Ok(None) };
        decode_whole(table, key, &body, decode).map(Some)
    }

    /// Walks a range, decoding each body.
    pub(crate) fn scan_as<T>(
        &self,
        table: Table,
        range: KeyRange<'_>,
        direction: Direction,
        decode: impl Fn(&[u8], &mut In<'_>) -> Result<T, Malformed>,
        visit: &mut dyn FnMut(T) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.0.scan(table, range, direction, &mut |key, value| {
            let body = table.unseal(key, value).map_err(|error| misread(table, key, error))?;
            decode_whole(table, key, body, |input| decode(key, input)).map(&mut *visit)
        })
    }

    /// The keys under a prefix, whether their values can be read or not.
    pub(crate) fn keys_under(&self, table: Table, prefix: &Prefix) -> Result<Vec<Vec<u8>>, StoreError> {
        let mut keys = Vec::new();
        self.0.scan(table, prefix.range(), Direction::Up, &mut |key, _| {
            keys.push(key.to_vec());
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(keys)
    }

    /// All of a range, decoded.
    pub(crate) fn collect_as<T>(
        &self,
        table: Table,
        range: KeyRange<'_>,
        decode: impl Fn(&[u8], &mut In<'_>) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, StoreError> {
        let mut all = Vec::new();
        self.scan_as(table, range, Direction::Up, decode, &mut |item| {
            all.push(item);
            ControlFlow::Continue(())
        })?;
        Ok(all)
    }
}

/// Decodes a body to its end.
pub(crate) fn decode_whole<T>(
    table: Table,
    key: &[u8],
    body: &[u8],
    decode: impl FnOnce(&mut In<'_>) -> Result<T, Malformed>,
) -> Result<T, StoreError> {
    let mut input = In::new(body);
    decode(&mut input)
        .and_then(|value| input.end().map(|()| value))
        .map_err(|error| misread(table, key, error))
}

impl WriteTx<'_> {
    pub(crate) fn put(&self, table: Table, key: &[u8], body: &[u8]) -> Result<(), StoreError> {
        self.0.dirty.set(true);
        guarded(|| {
            let mut to = self.0.transaction.open_table(table.definition())?;
            to.insert(key, table.seal(key, body).as_slice())?;
            Ok(())
        })
    }

    /// Removes an entry; answers whether there was one.
    pub(crate) fn remove(&self, table: Table, key: &[u8]) -> Result<bool, StoreError> {
        self.0.dirty.set(true);
        guarded(|| {
            let mut from = self.0.transaction.open_table(table.definition())?;
            let removed = from.remove(key)?.is_some();
            Ok(removed)
        })
    }

    /// Removes every entry of a table.
    pub(crate) fn clear(&self, table: Table) -> Result<(), StoreError> {
        self.0.dirty.set(true);
        guarded(|| {
            self.0.transaction.delete_table(table.definition())?;
            self.0.transaction.open_table(table.definition())?;
            Ok(())
        })
    }
}

/// Everything under a prefix: the inclusive lower bound and the exclusive upper bound.
pub(crate) struct Prefix {
    low: Vec<u8>,
    high: Option<Vec<u8>>,
}

impl Prefix {
    pub(crate) fn new(prefix: impl Into<Vec<u8>>) -> Self {
        let low = prefix.into();
        let mut high = low.clone();
        while high.last() == Some(&u8::MAX) {
            high.pop();
        }
        let high = high.last_mut().map(|last| *last += 1).map(|()| high);
        Self { low, high }
    }

    pub(crate) fn range(&self) -> KeyRange<'_> {
        (Bound::Included(&self.low), self.high.as_deref().map_or(Bound::Unbounded, Bound::Excluded))
    }
}

/// Every key of a table.
pub(crate) const ALL: KeyRange<'static> = (Bound::Unbounded, Bound::Unbounded);

/// A text that is part of a key: not empty, no zero byte, at most [`KEY_TEXT_BYTES_MAX`] bytes.
pub(crate) fn key_text(what: &'static str, text: &str) -> Result<(), StoreError> {
    if text.is_empty() || text.contains('\0') {
        return Err(StoreError::BadText { what });
    }
    if text.len() > KEY_TEXT_BYTES_MAX {
        return Err(StoreError::TooLarge { what, found: text.len(), limit: KEY_TEXT_BYTES_MAX });
    }
    Ok(())
}

/// The longest module name, issue code or other short text in a key, in bytes.
pub(crate) const KEY_TEXT_BYTES_MAX: usize = 64;
