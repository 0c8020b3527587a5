//! The change log: of one record, or of the workspace with the newest first.
//!
//! Rows tell when each record was last changed, so only the documents of the records on top are read, one after the
//! other, until what is still unread can't belong on the page. A change counts as no newer than the last change of its
//! record, so that one device whose clock runs ahead can't hold the top: times are labels of the devices that wrote
//! them, and decide nothing but the order of this list.

use crate::authors::{Authors, Authorship};
use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError};
use crate::find::{self, Hit};
use crate::ids::document_id;
use crate::model::json;
use crate::rows;
use crate::vault;
use crate::world::StoreWorld;
use forsat_document::{FieldChange, HistoryEntry};
use forsat_domain::composite::{Composite, StageMove};
use forsat_domain::date::{self, parse_date};
use forsat_domain::id::encode_id;
use forsat_domain::record::{RecordState, Scalar};
use forsat_domain::schema::input::InputError;
use forsat_domain::schema::{USER, record_name};
use forsat_domain::{CivilDate, RecordId, UserId};
use forsat_store::{ChunkState, ReadTx};
use forsat_sync::id::ChangeHash;
use serde::Serialize;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use uuid::Uuid;

/// Documents that one question may read; beyond them the answer says that it isn't whole.
const DOCUMENTS_MAX: usize = 2_000;
/// Changes that a page may hold.
const ENTRIES_MAX: usize = 10_000;

/// What to look for in the change log.
#[derive(Clone, Debug, Default)]
pub struct LogQuery {
    /// Only changes of this field (name or label), or of the entries below it.
    pub field: Option<String>,
    /// Only changes of this day and later, as typed.
    pub since: Option<String>,
    /// Only changes by this user.
    pub by: Option<String>,
    /// At most this many changes; none: all of a record, 50 of the workspace.
    pub limit: Option<usize>,
    /// Changes to pass over first.
    pub skip: usize,
}

/// One field that a change wrote.
#[derive(Clone, Debug, Serialize)]
pub struct LogField {
    /// The field, or `field/key`, or `field/entry/name`.
    pub path: String,
    /// What the entry is called, such as a line's name.
    pub entry: Option<String>,
    /// What it said before, as stored.
    pub before: serde_json::Value,
    /// What it says after, as stored.
    pub after: serde_json::Value,
    /// Before, for formatting by the schema table.
    #[serde(skip)]
    pub old: Scalar,
    /// After, for formatting by the schema table.
    #[serde(skip)]
    pub new: Scalar,
}

/// One change of a record.
#[derive(Clone, Debug, Serialize)]
pub struct LogEntry {
    /// The record.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// The module's name.
    pub module: String,
    /// The record's name now.
    pub name: String,
    /// The change's hash, hex.
    pub hash: String,
    /// Who wrote it, by name where known.
    pub author: Option<String>,
    /// What stands behind that.
    pub authorship: Authorship,
    /// For whom else the author made it again, by name where known: a change of theirs that never came to the relay.
    pub original_author: Option<String>,
    /// The device's actor, hex; a device writes as another actor every month.
    pub actor: String,
    /// The change's number with its actor.
    pub seq: u64,
    /// When, by the writer's clock, in milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// Whether the change waits to be sent.
    pub unsent: bool,
    /// Whether it began the record.
    pub created: bool,
    /// What it wrote.
    pub changes: Vec<LogField>,
    /// Where it stands in the order: time as it counts, then the record, then the place in the record's history.
    #[serde(skip)]
    order: Order,
}

/// A place in the log, the first first.
type Order = (std::cmp::Reverse<i64>, [u8; 16], std::cmp::Reverse<usize>);

/// A page of the change log.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeLog {
    /// The changes, newest first.
    pub entries: Vec<LogEntry>,
    /// Whether there are more behind these.
    pub more: bool,
    /// Whether the search ended before all records were looked at, because it had read as many as it may.
    pub cut: bool,
}

/// A record that may have changes on the page.
struct Candidate {
    time_ms: i64,
    hit: Hit,
}

impl Candidate {
    /// The first place that a change of it can have.
    fn first(&self) -> Order {
        (std::cmp::Reverse(self.time_ms), *self.hit.id.as_bytes(), std::cmp::Reverse(usize::MAX))
    }
}

/// A query as it is read.
struct Wanted {
    field: Option<String>,
    since: Option<(CivilDate, date::Tz)>,
    by: Option<UserId>,
}

impl Wanted {
    fn is_too_early(&self, time_ms: i64) -> bool {
        self.since.is_some_and(|(day, zone)| date::civil_date_of(time_ms, zone) < day)
    }
}

impl Engine {
    /// The changes of a record, newest first.
    pub fn record_log(
        &self,
        module: &str,
        reference: &str,
        query: &LogQuery,
    ) -> Result<ChangeLog, ClientError> {
        let tx = self.read()?;
        let hit = find::resolve_document(&tx, self.schema(), module, reference)?;
        let wanted = self.wanted(&tx, query)?;
        let (world, authors) = (StoreWorld::new(&tx)?, Authors::new(&tx));
        let mut entries = self.entries_of(&authors, &world, &hit, None, &wanted)?;
        // A record's own history is in the order of its causes, whatever the clocks said.
        entries.sort_by_key(|entry| entry.order.2);
        world.check()?;
        Ok(page(entries, query.skip, query.limit.unwrap_or(ENTRIES_MAX), false))
    }

    /// The changes of the workspace, newest first.
    pub fn change_log(&self, query: &LogQuery) -> Result<ChangeLog, ClientError> {
        const LIMIT: usize = 50;
        let tx = self.read()?;
        let wanted = self.wanted(&tx, query)?;
        let limit = query.limit.unwrap_or(LIMIT).min(ENTRIES_MAX);
        // One more than asked for tells whether there are more.
        let needed = query.skip.saturating_add(limit).saturating_add(1).min(ENTRIES_MAX);
        let (world, authors) = (StoreWorld::new(&tx)?.with_module(USER)?, Authors::new(&tx));
        let mut found: Vec<LogEntry> = Vec::new();
        let mut cut = false;
        for (read, candidate) in self.candidates(&tx, &wanted)?.into_iter().enumerate() {
            if found.len() >= needed && found[needed - 1].order < candidate.first() {
                break;
            }
            if read >= DOCUMENTS_MAX {
                cut = true;
                break;
            }
            let entries =
                self.entries_of(&authors, &world, &candidate.hit, Some(candidate.time_ms), &wanted)?;
            found.extend(entries);
            found.sort_by_key(|entry| entry.order);
            found.truncate(needed);
        }
        for entry in found.iter_mut().skip(query.skip).take(limit) {
            entry.prefix = find::prefix_len(&tx, RecordId(entry.id))?;
        }
        world.check()?;
        Ok(page(found, query.skip, limit, cut))
    }

    fn wanted(&self, tx: &ReadTx, query: &LogQuery) -> Result<Wanted, ClientError> {
        let settings = crate::world::settings(tx)?;
        let today = crate::world::today(&settings, self.ambient().now_ms());
        let since = query.since.as_deref().map(|since| parse_date(since, today)).transpose();
        let since = since.map_err(|source| InputError::Date { field: "since".to_owned(), source })?;
        let by = query.by.as_deref().map(|by| find::resolve(tx, self.schema(), USER, by)).transpose()?;
        let field = query.field.as_deref().map(|text| self.field_named(text)).transpose()?;
        Ok(Wanted {
            field,
            since: since.map(|day| (day, settings.time_zone)),
            by: by.map(|hit| UserId(hit.id.0)),
        })
    }

    /// The stored name of a field of any module, by its name or label.
    fn field_named(&self, text: &str) -> Result<String, ClientError> {
        let fields = self.schema().modules().iter().filter_map(|table| table.find_field(text));
        let names: BTreeSet<String> = fields.map(|field| field.name.to_string()).collect();
        let name = names.into_iter().next();
        name.ok_or_else(|| ArgumentError::UnknownField(text.to_owned()).into())
    }

    /// The records by their last change, newest first.
    fn candidates(&self, tx: &ReadTx, wanted: &Wanted) -> Result<Vec<Candidate>, ClientError> {
        let mut found = Vec::new();
        for table in self.schema().modules() {
            let mut failed = None;
            tx.each_row(&table.name, &mut |id, bytes| match rows::decode(bytes) {
                Ok(state) => {
                    let time_ms = state.modified.as_ref().map_or(0, |stamp| stamp.time_ms);
                    if !wanted.is_too_early(time_ms) {
                        let hit = Hit { id: crate::ids::record_id(&id), module: table.name.to_string() };
                        found.push(Candidate { time_ms, hit });
                    }
                    ControlFlow::Continue(())
                }
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            })?;
            if let Some(error) = failed {
                return Err(error);
            }
        }
        found.sort_by_key(Candidate::first);
        Ok(found)
    }

    fn entries_of(
        &self,
        authors: &Authors<'_>,
        world: &StoreWorld<'_, impl forsat_store::Access>,
        hit: &Hit,
        last_ms: Option<i64>,
        wanted: &Wanted,
    ) -> Result<Vec<LogEntry>, ClientError> {
        let tx = authors.tx();
        let Some(loaded) = vault::load(tx, hit.id)? else { return Ok(Vec::new()) };
        // A document whose module isn't known, or whose beginning was refused, may have no row.
        let state = vault::any_state(tx, hit.id)?.unwrap_or_else(|| loaded.document.read(self.schema()));
        let (short, name) = (encode_id(hit.id.as_bytes()), record_name(&state));
        let prefix = find::prefix_len(tx, hit.id)?;
        let standings = tx.standings(&document_id(hit.id))?;
        let named = |user: UserId| world.name(RecordId(user.0)).unwrap_or_else(|| user.to_string());
        let mut entries = Vec::new();
        for (place, change) in loaded.document.history().into_iter().enumerate() {
            let counted_ms = last_ms.map_or(change.time_ms, |last| change.time_ms.min(last));
            if wanted.is_too_early(counted_ms) || wanted.by.is_some_and(|by| change.author != Some(by)) {
                continue;
            }
            let created = change.changes.iter().any(|field| field.path == "created_at");
            let changes = fields_of(&change, &state, wanted);
            if changes.is_empty() {
                continue;
            }
            let standing = standings.get(&ChangeHash::from_bytes(change.hash));
            let authorship = authors.of(standing, change.author)?;
            entries.push(LogEntry {
                id: hit.id.0,
                short: short.clone(),
                prefix,
                module: hit.module.clone(),
                name: name.clone(),
                hash: hex::encode(change.hash),
                author: change.author.map(named),
                authorship,
                original_author: original_user(&change).map(named),
                actor: hex::encode(&change.actor),
                seq: change.seq,
                time_ms: change.time_ms,
                unsent: standing.is_some_and(|standing| standing.state == ChunkState::Outbox),
                created,
                changes,
                order: (std::cmp::Reverse(counted_ms), *hit.id.as_bytes(), std::cmp::Reverse(place)),
            });
        }
        Ok(entries)
    }
}

fn page(mut entries: Vec<LogEntry>, skip: usize, limit: usize, cut: bool) -> ChangeLog {
    let more = entries.len() > skip.saturating_add(limit);
    let entries = entries.drain(skip.min(entries.len())..).take(limit).collect();
    ChangeLog { entries, more, cut }
}

/// For whom else a change was made again. Nobody is told that they made their own again.
fn original_user(change: &HistoryEntry) -> Option<UserId> {
    change.original.map(|original| original.user).filter(|user| Some(*user) != change.author)
}

/// What a person reads of a change: what only keeps the record together says nothing to them.
fn fields_of(change: &HistoryEntry, state: &RecordState, wanted: &Wanted) -> Vec<LogField> {
    let told = change.changes.iter().filter(|field| is_told(field));
    let asked = told.filter(|field| {
        wanted.field.as_deref().is_none_or(|name| field.path.split('/').next() == Some(name))
    });
    asked
        .map(|field| LogField {
            path: field.path.clone(),
            entry: entry_name(state, &field.path),
            before: json(&field.before),
            after: json(&field.after),
            old: field.before.clone(),
            new: field.after.clone(),
        })
        .collect()
}

pub(crate) fn is_told(change: &FieldChange) -> bool {
    let whole = change.path.split('/').next().unwrap_or(&change.path);
    // A move is told by the stage; its history says more only where required checks were passed over.
    let is_plain_move = || StageMove::from_scalar(&change.after).is_none_or(|moved| moved.forced.is_empty());
    let is_frame = matches!(whole, "id" | "module" | "created_at" | "created_by")
        || (whole == "stage_history" && is_plain_move());
    // Clearing what was never written changes nothing that a person reads.
    let is_nothing = change.before.is_null() && change.after.is_null();
    !is_frame && !is_nothing && !change.path.ends_with("/position")
}

/// What an entry is called: a line by its name, a phone by its number, a price by its currency.
fn entry_name(state: &RecordState, path: &str) -> Option<String> {
    let (field, rest) = path.split_once('/')?;
    let (entry, _) = rest.split_once('/')?;
    let found = state.entry(field, entry)?;
    let named = ["name", "raw", "key", "label_fa"].into_iter().find_map(|name| found.winner(name).as_text());
    let is_id = entry.parse::<RecordId>().is_ok();
    named.filter(|name| !name.is_empty()).map(str::to_owned).or_else(|| (!is_id).then(|| entry.to_owned()))
}
