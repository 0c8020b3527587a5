//! Stores as files: reading and changing what lies in their tables, past the programs.

use std::collections::BTreeMap;
use std::path::Path;

use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

/// Bytes of the seal behind every value.
pub const SEAL_LEN: usize = 8;

/// Everything in a table.
pub type Table = BTreeMap<Vec<u8>, Vec<u8>>;

/// What becomes of a value, given without its seal: another one, or none.
pub type Change<'a> = &'a mut dyn FnMut(&[u8], Vec<u8>) -> Option<Vec<u8>>;

/// How a kind of store seals a value: table, key and fields in.
pub type Seal = fn(&str, &[u8], &[u8]) -> [u8; SEAL_LEN];

fn named(name: &str) -> TableDefinition<'_, &'static [u8], &'static [u8]> {
    TableDefinition::new(name)
}

/// Reads a table.
pub fn read(file: &Path, name: &str) -> Table {
    let database = Database::open(file).unwrap();
    let table = database.begin_read().unwrap().open_table(named(name)).unwrap();
    let entries = table.iter().unwrap().map(|entry| entry.unwrap());
    entries.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())).collect()
}

/// Changes the values of a table. What is changed gets a right seal, or one that is broken.
pub fn change(file: &Path, name: &str, seal: Option<Seal>, act: Change<'_>) {
    let before = read(file, name);
    let database = Database::open(file).unwrap();
    let writing = database.begin_write().unwrap();
    {
        let mut table = writing.open_table(named(name)).unwrap();
        for (key, value) in before {
            let fields = &value[..value.len() - SEAL_LEN];
            match act(&key, fields.to_vec()) {
                None => drop(table.remove(key.as_slice()).unwrap()),
                Some(same) if same == fields => {}
                Some(mut changed) => {
                    let sum = seal.map_or([0; SEAL_LEN], |seal| seal(name, &key, &changed));
                    changed.extend_from_slice(&sum);
                    table.insert(key.as_slice(), changed.as_slice()).unwrap();
                }
            }
        }
    }
    writing.commit().unwrap();
}

/// The seal of a device's store (docs/storage.md).
pub fn device_seal(table: &str, key: &[u8], fields: &[u8]) -> [u8; SEAL_LEN] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(table.as_bytes()).update(&[0]).update(&(key.len() as u64).to_be_bytes());
    first(&hasher.update(key).update(fields).finalize())
}

/// The seal of a relay's store (docs/storage-relay.md).
pub fn relay_seal(_: &str, key: &[u8], fields: &[u8]) -> [u8; SEAL_LEN] {
    first(&blake3::Hasher::new().update(key).update(fields).finalize())
}

fn first(hash: &blake3::Hash) -> [u8; SEAL_LEN] {
    hash.as_bytes()[..SEAL_LEN].try_into().unwrap()
}
