//! What is written when a store is made and when it is opened.

use forsat_sync::id::{FeedSeq, SpaceId, WorkspaceId};
use redb::{ReadableTableMetadata as _, WriteTransaction};

use super::rows::{EpochRow, SpaceRow};
use super::tables::{
    self, ALL, CONTROL, EPOCHS, FEED_HEADS, META, SPACE_NAMES, SPACES, corrupt, feed_key, get, put, scan,
};
use super::{
    EPOCHS_PER_SPACE_MAX, FORMAT, InitWorkspace, MadeAnew, OpenOptions, access, heal, log, quarantine, read,
};
use crate::names;
use crate::store::{StoreError, StoreIdentity};

/// Writes the first rows of a new store.
pub(super) fn initialise(
    tx: &WriteTransaction,
    options: &OpenOptions,
    init: &InitWorkspace,
) -> Result<StoreIdentity, StoreError> {
    write_facts(tx, init)?;
    begin_epoch(tx, options, init.now_ms)
}

/// Writes the first rows of a store that takes the place of a lost one.
pub(super) fn initialise_anew(
    tx: &WriteTransaction,
    options: &OpenOptions,
    anew: &MadeAnew,
) -> Result<StoreIdentity, StoreError> {
    write_facts(tx, &anew.identity)?;
    let mut meta = tx.open_table(META.table())?;
    put(&mut meta, MADE_ANEW, &1_u64)?;
    for (space, name) in &anew.space_names {
        put(&mut meta, &name_key(space), &name.as_bytes().to_vec())?;
    }
    drop(meta);
    begin_epoch(tx, options, anew.identity.now_ms)
}

/// The fact that a store was made anew: its control log isn't begun by it, but brought.
const MADE_ANEW: &[u8] = b"made_anew";

/// Whether the control log is still to be brought by a device.
pub(super) fn awaits_log(tx: &WriteTransaction) -> Result<bool, StoreError> {
    let is_empty = tx.open_table(CONTROL.table())?.is_empty()?;
    Ok(is_empty && get::<u64>(&tx.open_table(META.table())?, META, MADE_ANEW)?.is_some())
}

/// The name that a space had in the lost store; none where it wasn't known, or is taken by now.
pub(super) fn former_name(tx: &WriteTransaction, space: &SpaceId) -> Result<Option<String>, StoreError> {
    let bytes = get::<Vec<u8>>(&tx.open_table(META.table())?, META, &name_key(space))?;
    let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|name| !name.is_empty());
    let Some(name) = name else { return Ok(None) };
    let names = tx.open_table(SPACE_NAMES.table())?;
    let taken = get::<Vec<u8>>(&names, SPACE_NAMES, names::fold(&name).as_bytes())?.is_some();
    Ok((!taken).then_some(name))
}

fn name_key(space: &SpaceId) -> Vec<u8> {
    [b"space_name/".as_slice(), space.as_bytes()].concat()
}

fn write_facts(tx: &WriteTransaction, init: &InitWorkspace) -> Result<(), StoreError> {
    for definition in ALL {
        tx.open_table(definition.table())?;
    }
    let mut meta = tx.open_table(META.table())?;
    if get::<u64>(&meta, META, b"format")?.is_some() {
        return Err(StoreError::AlreadyInitialised);
    }
    put(&mut meta, b"format", &FORMAT)?;
    put(&mut meta, b"workspace", &init.workspace.as_bytes().to_vec())?;
    put(&mut meta, b"workspace_name", &init.name.as_bytes().to_vec())?;
    put(&mut meta, b"relay_key_seed", &init.relay_key_seed.to_vec())?;
    let row = SpaceRow { name: "common".into(), common: true, created_at_ms: init.now_ms };
    put(&mut tx.open_table(SPACES.table())?, init.common.as_bytes(), &row)?;
    put(&mut tx.open_table(SPACE_NAMES.table())?, b"common", &init.common.as_bytes().to_vec())?;
    put(&mut tx.open_table(FEED_HEADS.table())?, init.common.as_bytes(), &0_u64)?;
    Ok(())
}

/// Reads the fixed facts and writes down that the store was opened: a row of its epoch in every space.
pub(super) fn begin_epoch(
    tx: &WriteTransaction,
    options: &OpenOptions,
    now_ms: u64,
) -> Result<StoreIdentity, StoreError> {
    // A store of before a table was thought of has none of it.
    for definition in ALL {
        tx.open_table(definition.table())?;
    }
    let meta = tx.open_table(META.table())?;
    let format = get::<u64>(&meta, META, b"format")?.ok_or(StoreError::NotInitialised)?;
    if format != FORMAT {
        return Err(StoreError::Format { found: format, known: FORMAT });
    }
    let heads = tx.open_table(FEED_HEADS.table())?;
    let mut spaces = Vec::new();
    scan::<u64>(&heads, FEED_HEADS, &[], |key, head| {
        spaces.push((SpaceId::from_bytes(tables::id_in_key(FEED_HEADS, key)?), head));
        Ok(true)
    })?;
    heal::index_documents(tx, read::totals(&meta)?.documents)?;
    quarantine::count_spaces(tx)?;
    let mut epochs = tx.open_table(EPOCHS.table())?;
    for (space, head) in spaces {
        let row = EpochRow { epoch: options.epoch, first: FeedSeq::new(head + 1) };
        add_epoch(&mut epochs, &space, row)?;
    }
    let identity = StoreIdentity {
        workspace: WorkspaceId::from_bytes(fixed(&meta, b"workspace")?),
        workspace_name: String::from_utf8(fact(&meta, b"workspace_name")?)
            .map_err(|_| corrupt(META, "the workspace's name is not text"))?,
        relay_key_seed: fixed(&meta, b"relay_key_seed")?,
        epoch: options.epoch,
        common: access::AccessTables::write(tx)?.common()?.0,
    };
    drop((meta, heads, epochs));
    log::begin(tx, &identity, now_ms)?;
    Ok(identity)
}

/// Adds an epoch to a space's list and forgets those that are too many.
pub(super) fn add_epoch(
    table: &mut tables::Writable<'_>,
    space: &SpaceId,
    row: EpochRow,
) -> Result<(), StoreError> {
    let mut numbers = Vec::new();
    scan::<EpochRow>(table, EPOCHS, space.as_bytes(), |key, _| {
        let number = key.try_into().map_err(|_| corrupt(EPOCHS, "a key has a wrong length"))?;
        numbers.push(u64::from_be_bytes(number));
        Ok(true)
    })?;
    let next = numbers.last().map_or(1, |last| last + 1);
    put(table, &feed_key(space, FeedSeq::new(next)), &row)?;
    let surplus = (numbers.len() + 1).saturating_sub(EPOCHS_PER_SPACE_MAX);
    for number in &numbers[..surplus] {
        table.remove(feed_key(space, FeedSeq::new(*number)).as_slice())?;
    }
    Ok(())
}

fn fact(meta: &impl tables::Readable, name: &[u8]) -> Result<Vec<u8>, StoreError> {
    get(meta, META, name)?.ok_or_else(|| corrupt(META, "a fact of the store is missing"))
}

fn fixed<const N: usize>(meta: &impl tables::Readable, name: &[u8]) -> Result<[u8; N], StoreError> {
    fact(meta, name)?.try_into().map_err(|_| corrupt(META, "a fact of the store has a wrong length"))
}
