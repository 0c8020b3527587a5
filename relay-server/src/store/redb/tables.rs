//! The tables of a relay store: names, keys, reading and writing checked rows.
//!
//! All keys are plain bytes in the order of their parts; numbers in them are big-endian, so ranges follow numbers.

use forsat_sync::digest::Bucket;
use forsat_sync::id::{ActorId, ChangeHash, DocumentId, FeedSeq, SpaceId, UserId};
use redb::{ReadableTable, Table, TableDefinition};

use super::rows::Row;
use crate::store::StoreError;

/// How a table is declared.
#[derive(Clone, Copy)]
pub(super) struct Definition(pub(super) &'static str);

impl Definition {
    /// What redb opens it by.
    pub(super) fn table(self) -> TableDefinition<'static, &'static [u8], &'static [u8]> {
        TableDefinition::new(self.0)
    }
}

/// Facts of the store itself, by name: `format`, `workspace`, `workspace_name`, `relay_key_seed`, `made_anew`,
/// `space_name/…`, `totals`, `quarantine`.
pub(super) const META: Definition = Definition("meta");
/// Space id → space.
pub(super) const SPACES: Definition = Definition("spaces");
/// Folded space name → space id.
pub(super) const SPACE_NAMES: Definition = Definition("space_names");
/// Space id → newest feed position.
pub(super) const FEED_HEADS: Definition = Definition("feed_heads");
/// Space id, number of the opening → epoch and first position.
pub(super) const EPOCHS: Definition = Definition("epochs");
/// Folded e-mail or name → user.
pub(super) const USERS: Definition = Definition("users");
/// User id → key in [`USERS`].
pub(super) const USER_IDS: Definition = Definition("user_ids");
/// Device id → device.
pub(super) const DEVICES: Definition = Definition("devices");
/// Device id → when it was last heard of, milliseconds since 1970.
pub(super) const DEVICES_SEEN: Definition = Definition("devices_seen");
/// User id, space id → role.
pub(super) const ROLES: Definition = Definition("roles");
/// Hash of the secret → invite.
pub(super) const INVITES: Definition = Definition("invites");
/// Document id → home, totals, heads.
pub(super) const DOCUMENTS: Definition = Definition("documents");
/// Space id, position → entry.
pub(super) const FEED: Definition = Definition("feed");
/// Document id, change hash → header.
pub(super) const CHANGES: Definition = Definition("changes");
/// Document id, actor → newest change, first device.
pub(super) const ACTORS: Definition = Definition("actors");
/// Space id, bucket number → digest.
pub(super) const BUCKETS: Definition = Definition("buckets");

/// Space id, bucket number, document id → nothing: the documents of a bucket.
pub(super) const DOCUMENTS_BY_BUCKET: Definition = Definition("documents_by_bucket");
/// Number → entry of the control log.
pub(super) const CONTROL: Definition = Definition("control");
/// Device id → number of the entry that revokes it.
pub(super) const REVOCATIONS: Definition = Definition("revocations");

/// Space id, document id → where the space's feed last says that the document left.
pub(super) const MOVED_OUT: Definition = Definition("moved_out");
/// Document id → number of the entry that erases it.
pub(super) const ERASED: Definition = Definition("erased");

/// Folded name → token of an operator's program.
pub(super) const TOKENS: Definition = Definition("tokens");

/// Number → change that lies aside.
pub(super) const QUARANTINE: Definition = Definition("quarantine");
/// Document id, change hash → its number in [`QUARANTINE`].
pub(super) const QUARANTINE_BY_CHANGE: Definition = Definition("quarantine_by_change");
/// Device id → how much of what lies aside it brought.
pub(super) const QUARANTINE_BY_DEVICE: Definition = Definition("quarantine_by_device");
/// Space id → how much of what lies aside was first meant for it.
pub(super) const QUARANTINE_BY_SPACE: Definition = Definition("quarantine_by_space");

/// Every table: they are made when the store is, so that reading never meets a missing one.
pub(super) const ALL: [Definition; 26] = [
    META,
    SPACES,
    SPACE_NAMES,
    FEED_HEADS,
    EPOCHS,
    USERS,
    USER_IDS,
    DEVICES,
    DEVICES_SEEN,
    ROLES,
    INVITES,
    DOCUMENTS,
    FEED,
    CHANGES,
    ACTORS,
    BUCKETS,
    DOCUMENTS_BY_BUCKET,
    CONTROL,
    REVOCATIONS,
    MOVED_OUT,
    ERASED,
    TOKENS,
    QUARANTINE,
    QUARANTINE_BY_CHANGE,
    QUARANTINE_BY_DEVICE,
    QUARANTINE_BY_SPACE,
];

/// A table that can be read, in a read or a write transaction.
pub(super) trait Readable: ReadableTable<&'static [u8], &'static [u8]> {}
impl<T: ReadableTable<&'static [u8], &'static [u8]>> Readable for T {}

/// A table of a write transaction.
pub(super) type Writable<'tx> = Table<'tx, &'static [u8], &'static [u8]>;

/// Reads a row. `definition` names the table in an error.
pub(super) fn get<R: Row>(
    table: &impl Readable,
    definition: Definition,
    key: &[u8],
) -> Result<Option<R>, StoreError> {
    match table.get(key)? {
        Some(guard) => decode(definition, key, guard.value()).map(Some),
        None => Ok(None),
    }
}

/// Writes a row.
pub(super) fn put<R: Row>(table: &mut Writable<'_>, key: &[u8], row: &R) -> Result<(), StoreError> {
    table.insert(key, row.encode(key).as_slice())?;
    Ok(())
}

/// Reads all rows whose keys begin with `prefix`, in key order, until `each` says stop.
pub(super) fn scan<R: Row>(
    table: &impl Readable,
    definition: Definition,
    prefix: &[u8],
    mut each: impl FnMut(&[u8], R) -> Result<bool, StoreError>,
) -> Result<(), StoreError> {
    for item in table.range(prefix..)? {
        let (key, value) = item?;
        let key = key.value();
        if !key.starts_with(prefix) {
            break;
        }
        if !each(&key[prefix.len()..], decode(definition, key, value.value())?)? {
            break;
        }
    }
    Ok(())
}

/// Reads a row's bytes, naming the table when they are damaged.
pub(super) fn decode<R: Row>(definition: Definition, key: &[u8], bytes: &[u8]) -> Result<R, StoreError> {
    R::decode(key, bytes).map_err(|error| corrupt(definition, error.to_string()))
}

/// An error that names the table.
pub(super) fn corrupt(definition: Definition, reason: impl Into<String>) -> StoreError {
    StoreError::Corrupt { table: definition.0, reason: reason.into() }
}

/// Key of a role.
pub(super) fn role_key(user: &UserId, space: &SpaceId) -> [u8; 32] {
    join(user.as_bytes(), space.as_bytes())
}

/// Key of a feed entry, and of an epoch by its number.
pub(super) fn feed_key(space: &SpaceId, seq: FeedSeq) -> [u8; 24] {
    join(space.as_bytes(), &seq.get().to_be_bytes())
}

/// Key of a change.
pub(super) fn change_key(document: &DocumentId, hash: &ChangeHash) -> [u8; 48] {
    join(document.as_bytes(), hash.as_bytes())
}

/// Key of an actor in a document.
pub(super) fn actor_key(document: &DocumentId, actor: &ActorId) -> Vec<u8> {
    [document.as_bytes().as_slice(), actor.as_bytes()].concat()
}

/// Key of a document that left a space.
pub(super) fn moved_out_key(space: &SpaceId, document: &DocumentId) -> [u8; 32] {
    join(space.as_bytes(), document.as_bytes())
}

/// Key of a bucket.
pub(super) fn bucket_key(space: &SpaceId, bucket: u16) -> [u8; 18] {
    join(space.as_bytes(), &bucket.to_be_bytes())
}

/// Key of a document in its bucket.
pub(super) fn bucket_document_key(space: &SpaceId, document: &DocumentId) -> [u8; 34] {
    join(&bucket_key(space, Bucket::of(document).get()), document.as_bytes())
}

/// Reads the id at the end of a key.
pub(super) fn id_in_key(definition: Definition, key: &[u8]) -> Result<[u8; 16], StoreError> {
    key.try_into().map_err(|_| corrupt(definition, "a key has a wrong length"))
}

fn join<const N: usize>(a: &[u8], b: &[u8]) -> [u8; N] {
    let mut key = [0; N];
    key[..a.len()].copy_from_slice(a);
    key[a.len()..].copy_from_slice(b);
    key
}
