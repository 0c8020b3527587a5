//! The limit of storage: redb alone, opened as the product opens it, with the same bytes.

use std::path::Path;

use anyhow::Context;
use redb::{Builder, ConcurrencyMode, Database, ReadableDatabase as _, TableDefinition};

type Raw = TableDefinition<'static, &'static [u8], &'static [u8]>;

type Writable<'tx> = redb::Table<'tx, &'static [u8], &'static [u8]>;

/// The memory for pages that stores open with.
const CACHE_BYTES: usize = forsat_store::CACHE_BYTES_DEFAULT;

/// One entry: the name of its table, key and value.
#[derive(Clone, Debug)]
pub struct Put {
    /// Of a table of plain bytes.
    pub table: &'static str,
    /// The key.
    pub key: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
}

impl Put {
    /// Makes one.
    pub fn new(table: &'static str, key: Vec<u8>, value: Vec<u8>) -> Self {
        Self { table, key, value }
    }
}

/// A database without anything of the product.
pub struct Bare(Database);

impl Bare {
    /// Makes an empty file for several writers, as a device's store is.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let mut builder = Builder::new();
        builder.set_concurrency_mode(ConcurrencyMode::MultiWriter).set_cache_size(CACHE_BYTES);
        Ok(Self(builder.create(path)?))
    }

    /// Makes an empty file for one writer, as a relay's store is.
    pub fn create_single(path: &Path) -> anyhow::Result<Self> {
        Ok(Self(Builder::new().set_cache_size(CACHE_BYTES).create(path)?))
    }

    /// Puts everything in one durable commit. Entries of a table that stand together share its opening.
    pub fn commit<'a>(&self, puts: impl IntoIterator<Item = &'a Put>) -> anyhow::Result<()> {
        let transaction = self.0.begin_write()?;
        {
            let mut open: Vec<(&str, Writable<'_>)> = Vec::new();
            for put in puts {
                let at = match open.iter().position(|(name, _)| *name == put.table) {
                    Some(at) => at,
                    None => {
                        open.push((put.table, transaction.open_table(Raw::new(put.table))?));
                        open.len() - 1
                    }
                };
                open[at].1.insert(put.key.as_slice(), put.value.as_slice())?;
            }
        }
        Ok(transaction.commit()?)
    }
}

/// Reads every entry of a table of a file whose keys begin so; answers how many and how many bytes.
pub fn read_table(path: &Path, table: &'static str, prefix: &[u8]) -> anyhow::Result<(u64, u64)> {
    let mut builder = Builder::new();
    builder.set_concurrency_mode(ConcurrencyMode::MultiWriter).set_cache_size(CACHE_BYTES);
    let database = builder.open(path).with_context(|| path.display().to_string())?;
    let transaction = database.begin_read()?;
    let table = transaction.open_table(Raw::new(table))?;
    let (mut entries, mut bytes) = (0, 0);
    for item in table.range(prefix..)? {
        let (key, value) = item?;
        if !key.value().starts_with(prefix) {
            break;
        }
        entries += 1;
        bytes += value.value().len() as u64;
    }
    Ok((entries, bytes))
}

/// Reads single entries of a file of one writer.
pub struct Reader {
    transaction: redb::ReadTransaction,
    /// Reads end when their database is closed.
    _database: redb::Database,
}

impl Reader {
    /// Opens a file that nobody writes to.
    pub fn open_single(path: &Path) -> anyhow::Result<Self> {
        let database = Builder::new().set_cache_size(CACHE_BYTES).open(path)?;
        Ok(Self { transaction: database.begin_read()?, _database: database })
    }

    /// The value under a key of a table.
    pub fn get(&self, table: &'static str, key: &[u8]) -> anyhow::Result<Option<Vec<u8>>> {
        let table = self.transaction.open_table(Raw::new(table))?;
        Ok(table.get(key)?.map(|value| value.value().to_vec()))
    }
}
