//! Changes in quarantine as field changes: read on this device's copy of the record, or by themselves where it isn't here.

use forsat_document::{Chunk, Document, FieldChange, Genesis};
use forsat_domain::RecordId;
use forsat_domain::id::encode_id;
use forsat_domain::record::{RecordState, Scalar};
use forsat_domain::schema::{ModuleDef, Schema, record_name};
use forsat_store::{Access, Tx};
use forsat_sync::chunk::{self, ChangeHeader};
use forsat_sync::id::SpaceId;
use forsat_sync::limits::ChunkLimits;
use serde::Serialize;
use uuid::Uuid;

use super::{Entry, apply};
use crate::engine::Engine;
use crate::error::ClientError;
use crate::ids::record_id;
use crate::journal::Before;
use crate::model::{ChangeView, plain};
use crate::refused::{edit_of, in_ms};
use crate::{find, vault};

/// A change in quarantine, as a manager reads it.
#[derive(Clone, Debug, Serialize)]
pub struct QuarantinedEdit {
    /// The number to name it by.
    pub number: u64,
    /// The record.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// The record's module, where that is known.
    pub module: Option<String>,
    /// The record's name; as the changes give it where the record isn't here.
    pub name: String,
    /// Whether the record is on this device.
    pub here: bool,
    /// The space that the change was for, then the one that has the record where that is another.
    pub spaces: Vec<String>,
    /// Why it couldn't come by its own way, as a stable word.
    pub reason: String,
    /// The device that set it aside, hex.
    pub device: String,
    /// What its owner called it.
    pub device_name: String,
    /// The device's user.
    pub user: Uuid,
    /// The user's name.
    pub user_name: String,
    /// When the relay got it, by its clock, in milliseconds since 1970 UTC.
    pub received_at_ms: i64,
    /// When it was made, by the clock of the device, in milliseconds since 1970 UTC.
    pub made_at_ms: Option<i64>,
    /// The hash of the change.
    pub change: String,
    /// What it would change.
    pub changes: Vec<QuarantinedChange>,
    /// Whether that is all of it; what it builds on may not be here.
    pub whole: bool,
}

/// What a change in quarantine would do to one field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QuarantinedChange {
    /// The field, or `field/key`, or `field/entry/name`.
    pub path: String,
    /// What its writer saw there; nothing where that isn't known.
    #[serde(serialize_with = "plain")]
    pub before: Scalar,
    /// What it would say.
    #[serde(serialize_with = "plain")]
    pub after: Scalar,
    /// What it says on this device.
    #[serde(serialize_with = "plain")]
    pub now: Scalar,
}

/// The changes of one record, read.
pub(super) struct Group {
    /// Whether the record is on this device.
    pub is_here: bool,
    /// The record's module, where that is known.
    pub module: Option<String>,
    /// What each change wrote, in the order of the entries.
    pub readings: Vec<Reading>,
    /// The record with all of them, as far as they fit.
    document: Document,
}

/// What one change wrote.
#[derive(Default)]
pub(super) struct Reading {
    /// The fields.
    pub changes: Vec<FieldChange>,
    /// Whether that is all of it.
    pub is_whole: bool,
    /// Whether it begins the record.
    pub begins: bool,
    header: Option<ChangeHeader>,
}

/// Reads the changes of one record.
pub(super) fn group<A: Access>(tx: &Tx<A>, entries: &[&Entry]) -> Result<Group, ClientError> {
    let id = record_id(&entries[0].document);
    // The bounded parser comes first: another device wrote these bytes.
    let parsed: Vec<Option<(ChangeHeader, Vec<u8>)>> = entries
        .iter()
        .map(|entry| {
            let parsed = chunk::parse(&entry.bytes, &ChunkLimits::default()).ok();
            parsed.filter(|(header, _)| header.hash == entry.hash)
        })
        .collect();
    let here = vault::load(tx, id)?.filter(|loaded| !loaded.document.heads().is_empty());
    let is_here = here.is_some();
    let base = match here {
        Some(loaded) => loaded.document,
        None => begun(id, parsed.iter().flatten().map(|(header, _)| header))?,
    };
    let mut document = base.clone();
    let chunks = parsed.iter().flatten();
    let chunks = chunks.map(|(header, bytes)| Chunk { hash: *header.hash.as_bytes(), bytes: bytes.clone() });
    document.apply(chunks.collect());
    let wanted = entries.iter().map(|entry| *entry.hash.as_bytes()).collect();
    let mut told = document.history_of(&wanted);
    let readings = parsed.into_iter().map(|parsed| {
        let Some((header, bytes)) = parsed else { return Reading::default() };
        let begins = !header.deps.is_empty()
            && header.deps.iter().all(|dep| Genesis::by_hash(dep.as_bytes()).is_some());
        let (changes, is_whole) = match told.iter_mut().find(|entry| entry.hash == *header.hash.as_bytes()) {
            Some(entry) => (std::mem::take(&mut entry.changes), true),
            None => match base.read_loose(&bytes) {
                Some(loose) => (loose.changes, loose.is_whole),
                None => (Vec::new(), false),
            },
        };
        Reading { changes, is_whole, begins, header: Some(header) }
    });
    let readings = readings.collect();
    let module = Some(document.module()).filter(|module| !module.is_empty());
    Ok(Group { is_here, module, readings, document })
}

/// A record that isn't here, with no more than its fixed beginning, where a change says which that is.
fn begun<'a>(
    id: RecordId,
    mut headers: impl Iterator<Item = &'a ChangeHeader>,
) -> Result<Document, ClientError> {
    let genesis = headers.find_map(|header| {
        let met = std::iter::once(&header.hash).chain(&header.deps);
        met.filter_map(|hash| Genesis::by_hash(hash.as_bytes())).next()
    });
    let chain = genesis.map(Genesis::chain).unwrap_or_default();
    Ok(Document::load(id, None, chain.iter().map(|link| link.bytes.as_slice()))?)
}

/// All changes as a manager reads them.
pub(super) fn views(engine: &Engine, groups: &[Vec<&Entry>]) -> Result<Vec<QuarantinedEdit>, ClientError> {
    let tx = engine.read()?;
    let mut views = Vec::new();
    for entries in groups {
        let group = group(&tx, entries)?;
        for (entry, reading) in entries.iter().zip(&group.readings) {
            views.push(view(engine, &tx, entry, &group, reading)?);
        }
    }
    Ok(views)
}

fn view<A: Access>(
    engine: &Engine,
    tx: &Tx<A>,
    entry: &Entry,
    group: &Group,
    reading: &Reading,
) -> Result<QuarantinedEdit, ClientError> {
    let id = record_id(&entry.document);
    let state = if group.is_here { vault::any_state(tx, id)? } else { None };
    let name = match &state {
        Some(state) => engine.name(state),
        None => record_name(&group.document.read(engine.schema())),
    };
    let spaces: Result<Vec<String>, ClientError> =
        entry.spaces.iter().map(|space| space_name(tx, space)).collect();
    let table = group.module.as_deref().and_then(|module| engine.schema().module(module));
    let told = reading.changes.iter().filter(|change| apply::is_shown(&reading.changes, change));
    Ok(QuarantinedEdit {
        number: entry.number,
        id: id.0,
        short: encode_id(id.as_bytes()),
        prefix: find::prefix_len(tx, id)?,
        module: group.module.clone(),
        name,
        here: group.is_here,
        spaces: spaces?,
        reason: entry.reason.clone(),
        device: entry.device.clone(),
        device_name: entry.device_name.clone(),
        user: Uuid::from_bytes(entry.user),
        user_name: entry.user_name.clone(),
        received_at_ms: entry.received_at_ms,
        made_at_ms: reading.header.as_ref().map(|header| in_ms(header.timestamp)),
        change: entry.hash.to_string(),
        changes: told.map(|change| quarantined_change(table, state.as_ref(), change)).collect(),
        whole: reading.is_whole,
    })
}

fn space_name<A: Access>(tx: &Tx<A>, space: &SpaceId) -> Result<String, ClientError> {
    Ok(tx.space(space)?.map_or_else(|| space.to_string(), |row| row.name))
}

fn quarantined_change(
    table: Option<&ModuleDef>,
    state: Option<&RecordState>,
    change: &FieldChange,
) -> QuarantinedChange {
    let edit = table.and_then(|table| edit_of(table, &as_view(change), false));
    let now = state.zip(edit).map_or(Scalar::Null, |(state, edit)| match Before::of(state, &edit) {
        Before::Value(value) => value,
        Before::Text(text) => Scalar::Text(text),
        Before::Present(is_there) => {
            if is_there {
                Scalar::Bool(true)
            } else {
                Scalar::Null
            }
        }
        Before::Conflict(sides) => sides.into_iter().next().unwrap_or_default(),
    });
    QuarantinedChange {
        path: change.path.clone(),
        before: change.before.clone(),
        after: change.after.clone(),
        now,
    }
}

/// A field change in the form of the refused edits'.
pub(super) fn as_view(change: &FieldChange) -> ChangeView {
    ChangeView { path: change.path.clone(), before: change.before.clone(), after: change.after.clone() }
}

/// The module's table, where this version knows it.
pub(super) fn table_of<'s>(schema: &'s Schema, group: &Group) -> Option<&'s ModuleDef> {
    schema.module(group.module.as_deref()?)
}
