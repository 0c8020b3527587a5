//! Readers of Automerge's run-length columns. Runs are never expanded: a run of billions costs as much as one of two.
//!
//! Only the shortest encoding is taken, the one that Automerge writes. Any other would be written differently when a
//! document is saved and its changes are rebuilt, so the change would come back with another hash.

use super::ChunkError;
use super::cursor::Cursor;

/// What a run-length column holds.
pub(super) trait Item<'a>: Copy + PartialEq {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ChunkError>;
}

impl<'a> Item<'a> for u64 {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ChunkError> {
        cursor.unsigned()
    }
}

impl<'a> Item<'a> for i64 {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ChunkError> {
        cursor.signed()
    }
}

impl<'a> Item<'a> for &'a str {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ChunkError> {
        let len = cursor.unsigned()?;
        cursor.text(len)
    }
}

/// The run being read; the number counts the rows that are left of it.
#[derive(Clone, Copy, PartialEq)]
enum Run<T> {
    Start,
    Null(u64),
    Repeat(u64, T),
    /// The value is the one before, if the run has begun.
    Literal(u64, Option<T>),
}

/// Reads a column of optional values, row by row.
#[derive(Clone, Copy)]
pub(super) struct Runs<'a, T> {
    cursor: Cursor<'a>,
    run: Run<T>,
}

impl<'a, T: Item<'a>> Runs<'a, T> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { cursor: Cursor::new(bytes), run: Run::Start }
    }

    /// The next row; `None` for null. An absent column is null in every row, so the end is null as well, once:
    /// [`Self::finish`] tells whether a column that is there ended too early.
    pub(super) fn next(&mut self, is_present: bool) -> Result<Option<T>, ChunkError> {
        if !is_present {
            return Ok(None);
        }
        self.advance()?;
        match &mut self.run {
            Run::Start => Err(ChunkError::Runs),
            Run::Null(left) => {
                *left -= 1;
                Ok(None)
            }
            Run::Repeat(left, value) => {
                *left -= 1;
                Ok(Some(*value))
            }
            Run::Literal(left, last) => {
                let value = T::read(&mut self.cursor)?;
                if *last == Some(value) {
                    return Err(ChunkError::Runs);
                }
                *left -= 1;
                *last = Some(value);
                Ok(Some(value))
            }
        }
    }

    /// The rows of the whole column, by its run headers; stops with `over` beyond `limit`. Values are read, not kept.
    pub(super) fn count(
        mut self,
        limit: u64,
        over: ChunkError,
        mut weigh: impl FnMut(u64, Option<T>) -> Result<(), ChunkError>,
    ) -> Result<u64, ChunkError> {
        let mut rows = 0u64;
        while !self.is_done() {
            self.advance()?;
            let (taken, value) = match &mut self.run {
                Run::Start => return Err(ChunkError::Runs),
                Run::Null(left) => (std::mem::take(left), None),
                Run::Repeat(left, value) => (std::mem::take(left), Some(*value)),
                Run::Literal(..) => (1, self.next(true)?),
            };
            rows = rows.checked_add(taken).filter(|rows| *rows <= limit).ok_or(over.clone())?;
            weigh(taken, value)?;
        }
        Ok(rows)
    }

    /// Checks that nothing is left.
    pub(super) fn finish(&self) -> Result<(), ChunkError> {
        if self.is_done() { Ok(()) } else { Err(ChunkError::Runs) }
    }

    fn is_done(&self) -> bool {
        self.left() == 0 && self.cursor.is_empty()
    }

    fn left(&self) -> u64 {
        match self.run {
            Run::Start => 0,
            Run::Null(left) | Run::Repeat(left, _) | Run::Literal(left, _) => left,
        }
    }

    /// Reads the next run header when the run is used up.
    fn advance(&mut self) -> Result<(), ChunkError> {
        if self.left() > 0 {
            return Ok(());
        }
        let before = self.run;
        let header = self.cursor.signed()?;
        self.run = match (header, before) {
            (0, Run::Null(_)) => return Err(ChunkError::Runs),
            (0, _) => self.null_run(before)?,
            (1, _) => return Err(ChunkError::Runs),
            (2.., _) => {
                let value = T::read(&mut self.cursor)?;
                if last_value(before) == Some(value) {
                    return Err(ChunkError::Runs);
                }
                Run::Repeat(header.unsigned_abs(), value)
            }
            (_, Run::Literal(..)) => return Err(ChunkError::Runs),
            (..0, _) => Run::Literal(header.unsigned_abs(), last_value(before)),
        };
        Ok(())
    }

    fn null_run(&mut self, before: Run<T>) -> Result<Run<T>, ChunkError> {
        let rows = self.cursor.unsigned()?;
        let is_whole_column = matches!(before, Run::Start) && self.cursor.is_empty();
        if rows == 0 || is_whole_column { Err(ChunkError::Runs) } else { Ok(Run::Null(rows)) }
    }
}

fn last_value<T: Copy>(run: Run<T>) -> Option<T> {
    match run {
        Run::Start | Run::Null(_) => None,
        Run::Repeat(_, value) => Some(value),
        Run::Literal(_, value) => value,
    }
}

/// Reads a column of booleans: counts of false and true in turn, beginning with false.
#[derive(Clone, Copy)]
pub(super) struct Booleans<'a> {
    cursor: Cursor<'a>,
    left: u64,
    value: bool,
    is_first: bool,
}

impl<'a> Booleans<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { cursor: Cursor::new(bytes), left: 0, value: true, is_first: true }
    }

    pub(super) fn next(&mut self) -> Result<bool, ChunkError> {
        while self.left == 0 {
            let is_first = std::mem::replace(&mut self.is_first, false);
            self.left = self.cursor.unsigned()?;
            self.value = !self.value;
            if self.left == 0 && !is_first {
                return Err(ChunkError::Runs);
            }
        }
        self.left -= 1;
        Ok(self.value)
    }

    pub(super) fn finish(&self) -> Result<(), ChunkError> {
        if self.left == 0 && self.cursor.is_empty() { Ok(()) } else { Err(ChunkError::Runs) }
    }
}
