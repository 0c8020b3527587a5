//! The spaces that this device may see, as the relay last named them.

use forsat_sync::id::SpaceId;

use crate::access::{ALL, Access, Tx, WriteTx, key_text};
use crate::codec::{In, Malformed, Out, Table};
use crate::error::StoreError;

/// space → name, role, archived.
pub(crate) const SPACES: Table = Table::new("spaces");

/// A space as the device knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpaceRow {
    /// Its name.
    pub name: String,
    /// The user's role in it, as a short stable word (`admin`, `manager`, `rep`, `viewer`).
    pub role: String,
    /// Whether access to it ended; its documents are still held.
    pub archived: bool,
}

pub(crate) fn decode(input: &mut In<'_>) -> Result<SpaceRow, Malformed> {
    Ok(SpaceRow { archived: input.bool()?, role: input.text()?, name: input.text()? })
}

impl<A: Access> Tx<A> {
    /// One space.
    pub fn space(&self, space: &SpaceId) -> Result<Option<SpaceRow>, StoreError> {
        self.get_as(SPACES, space.as_bytes(), decode)
    }

    /// All spaces, in the order of ids.
    pub fn spaces(&self) -> Result<Vec<(SpaceId, SpaceRow)>, StoreError> {
        self.collect_as(SPACES, ALL, |key, input| {
            Ok((SpaceId::from_slice(key).ok_or(Malformed("space key"))?, decode(input)?))
        })
    }
}

impl WriteTx<'_> {
    /// Keeps what is known of a space.
    pub fn put_space(&mut self, space: &SpaceId, row: &SpaceRow) -> Result<(), StoreError> {
        key_text("the role in a space", &row.role)?;
        let body = Out::new().u8(u8::from(row.archived)).bytes(&row.role).bytes(&row.name).done();
        self.put(SPACES, space.as_bytes(), &body)
    }

    /// Forgets a space and its cursor, not its documents; answers whether it was known.
    pub fn remove_space(&mut self, space: &SpaceId) -> Result<bool, StoreError> {
        self.remove(crate::cursors::CURSORS, space.as_bytes())?;
        self.remove(SPACES, space.as_bytes())
    }
}
