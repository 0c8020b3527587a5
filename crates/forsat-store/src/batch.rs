//! Long work in short transactions, so that another process never waits long for its turn.

use crate::access::WriteTx;
use crate::error::StoreError;
use crate::store::Store;

/// When a transaction of a batch is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchLimit {
    /// After so many items.
    pub items_max: usize,
    /// After so many milliseconds, whatever the items.
    pub elapsed_ms_max: u64,
}

impl Default for BatchLimit {
    /// 500 items or 50 ms.
    fn default() -> Self {
        Self { items_max: 500, elapsed_ms_max: 50 }
    }
}

/// A batch that broke off: the transactions before the failed one stand.
#[derive(Debug, thiserror::Error)]
#[error("after {committed} saved items: {source}")]
pub struct BatchError<E: std::error::Error + 'static> {
    /// Items that were committed before.
    pub committed: usize,
    /// Why the rest wasn't.
    pub source: E,
}

impl Store {
    /// Runs `work` on each item, many items a transaction, cut by `limit`; answers how many were committed.
    ///
    /// `now_ms` reads a monotonic clock in milliseconds. An error rolls the transaction of its item back whole.
    pub fn write_batches<I, E>(
        &self,
        items: impl IntoIterator<Item = I>,
        limit: BatchLimit,
        now_ms: &mut dyn FnMut() -> u64,
        mut work: impl FnMut(&mut WriteTx<'_>, I) -> Result<(), E>,
    ) -> Result<usize, BatchError<E>>
    where
        E: From<StoreError> + std::error::Error + 'static,
    {
        let mut items = items.into_iter().peekable();
        let mut committed = 0;
        while items.peek().is_some() {
            let count = self
                .write(|tx| {
                    let (begun, mut count) = (now_ms(), 0);
                    for item in items.by_ref() {
                        work(tx, item)?;
                        count += 1;
                        if count >= limit.items_max || now_ms().saturating_sub(begun) >= limit.elapsed_ms_max
                        {
                            break;
                        }
                    }
                    Ok(count)
                })
                .map_err(|source| BatchError { committed, source })?;
            committed += count;
        }
        Ok(committed)
    }
}
