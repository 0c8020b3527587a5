//! Old → new hashes of changes that were re-authored, so that what names the old one is still understood.

use forsat_sync::id::ChangeHash;

use crate::access::{ALL, Access, Tx, WriteTx};
use crate::codec::{Malformed, Table};
use crate::error::StoreError;

/// old hash → new hash.
pub(crate) const ALIASES: Table = Table::new("aliases");

/// The longest chain of re-authorings that is followed.
const CHAIN_MAX: usize = 64;

impl<A: Access> Tx<A> {
    /// What a change is called now, through any number of re-authorings; itself when it never was re-authored.
    pub fn resolve_alias(&self, hash: &ChangeHash) -> Result<ChangeHash, StoreError> {
        let mut now = *hash;
        for _ in 0..CHAIN_MAX {
            match self.get_as(ALIASES, now.as_bytes(), |input| input.array())? {
                Some(next) => now = ChangeHash::from_bytes(next),
                None => return Ok(now),
            }
        }
        Err(StoreError::damaged(format!("the aliases of change {hash} don't end")))
    }

    /// All aliases, in the order of old hashes.
    pub fn aliases(&self) -> Result<Vec<(ChangeHash, ChangeHash)>, StoreError> {
        self.collect_as(ALIASES, ALL, |key, input| {
            let old = ChangeHash::from_slice(key).ok_or(Malformed("alias key"))?;
            Ok((old, ChangeHash::from_bytes(input.array()?)))
        })
    }
}

impl WriteTx<'_> {
    /// Notes that a change was re-authored under another hash. One that would make a circle is refused as damage.
    pub fn add_alias(&mut self, old: &ChangeHash, new: &ChangeHash) -> Result<(), StoreError> {
        if self.resolve_alias(new)? == *old {
            return Err(StoreError::damaged(format!("re-authoring of change {old} leads back to itself")));
        }
        self.put(ALIASES, old.as_bytes(), new.as_bytes())
    }
}
