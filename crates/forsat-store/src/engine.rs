//! The database engine behind a store: opened for several writers, and opened again after an input or output error.
//!
//! redb closes itself to everything after a failed read or write. The store doesn't: it opens the file anew, for
//! writing where that works, and for reading alone as long as it doesn't (a full disk).

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use redb::{Builder, ConcurrencyMode, Database, ReadOnlyDatabase, ReadableDatabase, StorageBackend};

use crate::access::{ReadAccess, Tx, WriteAccess, WriteTx, guarded};
use crate::backend::{Health, Watched};
use crate::error::StoreError;

/// Opens the storage once more, as an instance with locks of its own.
pub(crate) type OpenBackend = dyn Fn() -> io::Result<Box<dyn StorageBackend>> + Send + Sync;

enum State {
    Writing(Arc<Database>),
    ReadingOnly(Arc<ReadOnlyDatabase>),
    /// Neither could be opened; the next call tries again.
    Closed,
}

pub(crate) struct Engine {
    open_backend: Box<OpenBackend>,
    cache_bytes: usize,
    health: Arc<Health>,
    state: RwLock<State>,
}

impl Engine {
    /// Opens the file; an empty one becomes a database without tables.
    pub(crate) fn open(open_backend: Box<OpenBackend>, cache_bytes: usize) -> Result<Self, StoreError> {
        let engine = Self {
            open_backend,
            cache_bytes,
            health: Arc::new(Health::default()),
            state: RwLock::new(State::Closed),
        };
        let database = engine.open_writing()?;
        engine.set_state(State::Writing(Arc::new(database)));
        Ok(engine)
    }

    pub(crate) fn begin_read(&self) -> Result<Tx<ReadAccess>, StoreError> {
        self.health.check()?;
        match self.try_begin_read() {
            Err(StoreError::Io(_)) => {
                // Reading alone is enough here, so a failure to open for writing doesn't matter.
                let reopened = self.reopen();
                self.try_begin_read().or_else(|error| reopened.and(Err(error)))
            }
            result => result,
        }
        .map(Tx)
    }

    fn try_begin_read(&self) -> Result<ReadAccess, StoreError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        guarded(|| match &*state {
            State::Writing(database) => Ok(ReadAccess::new(database.begin_read()?, database.clone())),
            State::ReadingOnly(database) => Ok(ReadAccess::new(database.begin_read()?, database.clone())),
            State::Closed => Err(closed()),
        })
    }

    /// Runs one write transaction; commits when `work` succeeds and changed something, with immediate durability.
    pub(crate) fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut WriteTx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let transaction = self.begin_write()?;
        let mut tx = Tx(WriteAccess::new(&transaction));
        let done = work(&mut tx);
        let dirty = tx.0.is_dirty();
        let done = match done {
            Ok(value) if dirty => tx.bump_commit_seq().map(|()| value).map_err(E::from),
            other => other,
        };
        match done {
            Ok(value) if dirty => {
                self.after(guarded(|| Ok(transaction.commit()?)))?;
                Ok(value)
            }
            other => {
                // What is given up was never promised; an error of giving up shows at the next use.
                let _ = guarded(|| Ok(transaction.abort()?));
                self.health.check()?;
                other
            }
        }
    }

    fn begin_write(&self) -> Result<redb::WriteTransaction, StoreError> {
        self.health.check()?;
        match self.try_begin_write() {
            Err(StoreError::Io(_)) => {
                self.reopen()?;
                self.after(self.try_begin_write())
            }
            result => self.after(result),
        }
    }

    fn try_begin_write(&self) -> Result<redb::WriteTransaction, StoreError> {
        let database = match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Writing(database) => database.clone(),
            State::ReadingOnly(_) | State::Closed => return Err(closed()),
        };
        guarded(|| Ok(database.begin_write()?))
    }

    /// Verifies what redb keeps checksums of, which it otherwise does only in repairs. `false`: it repaired something.
    pub(crate) fn check_integrity(&self) -> Result<bool, StoreError> {
        self.health.check()?;
        self.reopen()?;
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let State::Writing(database) = &mut *state else { return Err(closed()) };
        let database = Arc::get_mut(database).ok_or(StoreError::Busy)?;
        self.after(guarded(|| Ok(database.check_integrity()?)))
    }

    /// A failed sync outranks whatever error it surfaced as.
    fn after<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if result.is_err() {
            self.health.check()?;
        }
        result
    }

    /// Opens the file anew when the present handle can't be used: for writing, else for reading alone.
    ///
    /// The reading handle is opened while the failed one still holds its locks: they say that the file is consistent.
    fn reopen(&self) -> Result<(), StoreError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        let reading = match &*state {
            State::Writing(database) if guarded(|| Ok(database.begin_read()?)).is_ok() => return Ok(()),
            State::Writing(_) | State::Closed => self.open_reading().ok(),
            State::ReadingOnly(database) => Some(database.clone()),
        };
        *state = State::Closed;
        match self.open_writing() {
            Ok(database) => {
                *state = State::Writing(Arc::new(database));
                Ok(())
            }
            Err(error) => {
                if let Some(database) = reading {
                    *state = State::ReadingOnly(database);
                }
                self.after(Err(error))
            }
        }
    }

    fn open_writing(&self) -> Result<Database, StoreError> {
        let backend = self.backend()?;
        self.after(guarded(|| Ok(self.builder().create_with_backend(backend)?)))
    }

    fn open_reading(&self) -> Result<Arc<ReadOnlyDatabase>, StoreError> {
        let backend = self.backend()?;
        guarded(|| Ok(Arc::new(self.builder().open_read_only_with_backend(backend)?)))
    }

    fn backend(&self) -> Result<Watched, StoreError> {
        let inner = (self.open_backend)().map_err(StoreError::from_io)?;
        Ok(Watched::new(inner, self.health.clone()))
    }

    /// Several writers, always: every process that opens a file must agree on the mode, and the commits of this mode
    /// are of one kind.
    fn builder(&self) -> Builder {
        let mut builder = Builder::new();
        builder.set_concurrency_mode(ConcurrencyMode::MultiWriter);
        builder.set_cache_size(self.cache_bytes);
        builder
    }

    fn set_state(&self, state: State) {
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = state;
    }
}

/// Looks like redb's own answer after a failure, so that both lead to opening anew.
fn closed() -> StoreError {
    redb::Error::PreviousIo.into()
}
