//! Values that can't be read: which of them a repair drops, which it sets aside, and which it leaves where they lie.

use std::ops::ControlFlow;

use forsat_sync::id::SpaceId;

use crate::access::{ALL, Access, Direction, Prefix, Tx, WriteTx, decode_whole, misread};
use crate::aliases::ALIASES;
use crate::chunks::{BY_HASH, CHUNKS};
use crate::codec::{In, Malformed, Table};
use crate::control::CONTROL;
use crate::cursors::CURSORS;
use crate::documents::DOCUMENTS;
use crate::error::StoreError;
use crate::examine::Flaw;
use crate::integrity::DECODERS;
use crate::meta::{CLIENT, META};
use crate::refused::REFUSED;
use crate::repair::Repaired;
use crate::snapshots::SNAPSHOTS;
use crate::spaces::SPACES;

/// What a repair does with a value that can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// It goes: what it said follows from other tables, or nobody needs it.
    Goes,
    /// It goes, and the next sync brings it again.
    ComesAgain,
    /// It is set aside: nothing says it again.
    Lost,
    /// It stays where it lies, since the store can't work without it.
    Stays,
}

/// A key, and the value as it lies in the file.
type Entry = (Vec<u8>, Vec<u8>);

impl Unread {
    fn of(table: Table) -> Self {
        let is_in = |tables: &[Table]| tables.iter().any(|one| one.name == table.name);
        if is_in(&[META, CLIENT]) {
            Self::Stays
        } else if is_in(&[REFUSED, ALIASES]) {
            Self::Lost
        } else if is_in(&[CONTROL, CURSORS, SPACES]) {
            Self::ComesAgain
        } else {
            Self::Goes
        }
    }
}

impl<A: Access> Tx<A> {
    /// Values that can't be read, of tables that aren't looked at by document.
    pub(crate) fn unread_flaws(&self) -> Result<Vec<Flaw>, StoreError> {
        let by_document = [DOCUMENTS, CHUNKS, BY_HASH, SNAPSHOTS];
        let mut flaws = Vec::new();
        for (table, decode) in DECODERS {
            if by_document.iter().any(|by| by.name == table.name) {
                continue;
            }
            let mut found = self.unreadable(*table, *decode)?.len();
            if table.name == CONTROL.name && found == 0 {
                found = usize::from(self.control_break()?.is_some());
            }
            let flaw = Flaw::Value { table: table.name, unread: Unread::of(*table) };
            flaws.extend(std::iter::repeat_n(flaw, found));
        }
        Ok(flaws)
    }

    /// The keys of the values that can't be read, with these as they lie in the file.
    fn unreadable(
        &self,
        table: Table,
        decode: impl Fn(&[u8], &mut In<'_>) -> Result<(), Malformed>,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut found = Vec::new();
        self.0.scan(table, ALL, Direction::Up, &mut |key, raw| {
            let body = table.unseal(key, raw).map_err(|error| misread(table, key, error));
            if body.and_then(|body| decode_whole(table, key, body, |input| decode(key, input))).is_err() {
                found.push((key.to_vec(), raw.to_vec()));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(found)
    }

    /// The key from which the copy of the control log can't be gone by: of an entry that can't be read, or that isn't the
    /// next one, since one before it is gone.
    fn control_break(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let (mut next, mut broken) = (1_u64, None);
        self.0.scan(CONTROL, ALL, Direction::Up, &mut |key, raw| {
            let body = CONTROL.unseal(key, raw).map_err(|error| misread(CONTROL, key, error));
            let entry = body.and_then(|body| decode_whole(CONTROL, key, body, crate::control::decode));
            if entry.is_ok() && key == next.to_be_bytes() {
                next += 1;
                return Ok(ControlFlow::Continue(()));
            }
            broken = Some(key.to_vec());
            Ok(ControlFlow::Break(()))
        })?;
        Ok(broken)
    }
}

impl WriteTx<'_> {
    /// Removes values that can't be read and that the store can do without; what nothing says again is kept aside.
    pub(crate) fn drop_unread(
        &mut self,
        common: Option<&SpaceId>,
        repaired: &mut Repaired,
    ) -> Result<(), StoreError> {
        self.cut_broken_control(common)?;
        for (table, decode) in DECODERS {
            let unread = Unread::of(*table);
            if unread == Unread::Stays || table.name == CHUNKS.name {
                continue;
            }
            for (key, raw) in self.unreadable(*table, *decode)? {
                self.remove(*table, &key)?;
                if unread == Unread::Lost {
                    self.put_aside(None, &[key, raw].concat())?;
                }
                if table.name == REFUSED.name {
                    repaired.set_aside += 1;
                    repaired.lost += 1;
                }
            }
        }
        Ok(())
    }

    /// Ends the copy of the control log before the first entry that can't be gone by, and lets the next sync read the feed
    /// that it comes with from the beginning: that of the space that every member reads, or all where it isn't known.
    fn cut_broken_control(&mut self, common: Option<&SpaceId>) -> Result<(), StoreError> {
        let Some(from) = self.control_break()? else { return Ok(()) };
        for key in self.keys_under(CONTROL, &Prefix::new([]))? {
            if key >= from {
                self.remove(CONTROL, &key)?;
            }
        }
        match common {
            Some(space) => self.remove(CURSORS, space.as_bytes()).map(drop),
            None => self.clear(CURSORS),
        }
    }
}
