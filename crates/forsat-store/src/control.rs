//! The device's copy of the relay's control log: entries as the relay signed them, by their numbers.

use forsat_sync::control::{ControlHead, SignedEntry};
use forsat_sync::identity::Signature;
use std::ops::{Bound, ControlFlow};

use crate::access::{ALL, Access, Direction, Tx, WriteTx};
use crate::codec::{In, Malformed, Out, Table};
use crate::error::StoreError;

/// number → signature, bytes.
pub(crate) const CONTROL: Table = Table::new("control");

pub(crate) fn decode(input: &mut In<'_>) -> Result<SignedEntry, Malformed> {
    let signature = Signature::from_bytes(input.array()?);
    Ok(SignedEntry { signature, bytes: input.bytes()?.to_vec() })
}

impl<A: Access> Tx<A> {
    /// Where the copy ends.
    pub fn control_head(&self) -> Result<ControlHead, StoreError> {
        let mut last = None;
        let read = |key: &[u8], input: &mut In<'_>| {
            let number = key.try_into().map_err(|_| Malformed("control key"))?;
            Ok(ControlHead { count: u64::from_be_bytes(number), hash: decode(input)?.hash() })
        };
        self.scan_as(CONTROL, ALL, Direction::Down, read, &mut |head| {
            last = Some(head);
            ControlFlow::Break(())
        })?;
        Ok(last.unwrap_or(ControlHead::EMPTY))
    }

    /// The entry of a number.
    pub fn control_entry(&self, number: u64) -> Result<Option<SignedEntry>, StoreError> {
        self.get_as(CONTROL, &number.to_be_bytes(), decode)
    }

    /// Entries after a number, at most so many.
    pub fn control_entries(&self, after: u64, max: usize) -> Result<Vec<SignedEntry>, StoreError> {
        let low = after.to_be_bytes();
        let mut found = Vec::new();
        let range = (Bound::Excluded(&low[..]), Bound::Unbounded);
        self.scan_as(CONTROL, range, Direction::Up, |_, input| decode(input), &mut |entry| {
            found.push(entry);
            if found.len() < max { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(found)
    }
}

impl WriteTx<'_> {
    /// Forgets the entries from a number on: the relay tells another story from there.
    pub fn cut_control(&mut self, from: u64) -> Result<(), StoreError> {
        for number in (from..=self.control_head()?.count).rev() {
            self.remove(CONTROL, &number.to_be_bytes())?;
        }
        Ok(())
    }

    /// Keeps the entry of a number; the caller has checked that it goes on from the one before.
    pub fn put_control_entry(&mut self, number: u64, entry: &SignedEntry) -> Result<(), StoreError> {
        let body = Out::new().raw(entry.signature.as_bytes()).bytes(&entry.bytes).done();
        self.put(CONTROL, &number.to_be_bytes(), &body)
    }
}
