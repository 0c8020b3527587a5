//! What commands and queries answer with: plain data, ready to be shown or written as JSON.

use crate::authors::Authorship;
use crate::checks::CheckView;
use crate::error::RowReason;
use crate::moves::WaitingMove;
use forsat_domain::issue::Issue;
use forsat_domain::money::Money;
use forsat_domain::record::{RecordState, Scalar};
use serde::Serialize;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The number of a command in this device's journal, rising by one each.
pub type JournalNumber = u64;

/// One field of a command, as typed: `name=value`. An empty value clears the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldInput {
    /// The field's name in the schema, or its English or Persian label.
    pub name: String,
    /// The value as typed: digits of any script, dates of both calendars, references by id or name.
    pub value: String,
}

impl FieldInput {
    /// A field and its value.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> FieldInput {
        FieldInput { name: name.into(), value: value.into() }
    }
}

/// What a command saved, durably.
#[derive(Clone, Debug, Serialize)]
pub struct Saved {
    /// The record.
    pub id: Uuid,
    /// Its short id, in full (26 characters).
    pub short: String,
    /// How many characters of `short` name it alone on this device.
    pub prefix: usize,
    /// The module's name.
    pub module: String,
    /// The record's name after the command.
    pub name: String,
    /// False when everything already was as asked, so nothing was written.
    pub changed: bool,
    /// How many changes wait to be sent, of all records.
    pub unsent: u64,
    /// The command's number in the journal, for undo; none when nothing was written.
    pub journal: Option<JournalNumber>,
    /// Values that were typed in a short form, echoed in full: field → value.
    pub echoed: BTreeMap<String, String>,
}

/// How a deal is closed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CloseInput {
    /// The civil date on which it closed, as typed; none: today.
    pub on: Option<String>,
    /// The reason's id or label; required when lost.
    pub reason: Option<String>,
    /// A note; required when the reason is "other".
    pub note: Option<String>,
}

/// How a conflict ends.
#[derive(Clone, Debug)]
pub enum Resolve {
    /// Takes the n-th side shown, from 1.
    Take(usize),
    /// Writes this value, as typed.
    Value(String),
    /// Closes the deal in this stage, as typed, with day, reason and note.
    Closed(String, CloseInput),
}

/// What deleting a record would leave behind.
#[derive(Clone, Debug, Serialize)]
pub struct DeletePreview {
    /// The record.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// The module's name.
    pub module: String,
    /// Its name.
    pub name: String,
    /// How many open deals hang on it.
    pub open_deals: u64,
    /// Their sums by currency, as decimals.
    pub open_sums: BTreeMap<String, String>,
}

/// One field of a record, for a form or a detail view.
#[derive(Clone, Debug, Serialize)]
pub struct FieldView {
    /// The field's name in the schema.
    pub field: String,
    /// The English label.
    pub label_en: String,
    /// The Persian label.
    pub label_fa: String,
    /// The value as stored (canonical text, number, truth value, list or null).
    pub value: serde_json::Value,
    /// The value as a person reads it, in the engine's locale; empty when there is none.
    pub text: String,
    /// The name of what a reference points at, where known.
    pub reference: Option<String>,
    /// Whether the record that a reference points at is not on this device, as one of a space that can't be read.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
    /// All sides, when there is more than one distinct value.
    pub sides: Vec<SideView>,
}

/// One side of a conflict.
#[derive(Clone, Debug, Serialize)]
pub struct SideView {
    /// The number to take it by, from 1.
    pub take: usize,
    /// The place that the value is of, where that is not the issue's own field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The value as stored.
    pub value: serde_json::Value,
    /// The value as a line of text.
    pub text: String,
    /// Who wrote it, by name where known.
    pub author: Option<String>,
    /// When, by the writer's clock, in milliseconds since 1970 UTC.
    pub time_ms: i64,
}

/// A record in full.
#[derive(Clone, Debug, Serialize)]
pub struct RecordView {
    /// The record.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// The module's name.
    pub module: String,
    /// Its name.
    pub name: String,
    /// The record that stands for this one, where it was merged into another.
    pub merged_into: Option<Found>,
    /// `active`, `trashed` or `disputed`.
    pub lifecycle: String,
    /// The fields in the schema's order.
    pub fields: Vec<FieldView>,
    /// What an opportunity comes to; none for other modules.
    pub opportunity: Option<OpportunityView>,
    /// What a merge left to decide, and other things to look at.
    pub issues: Vec<IssueView>,
    /// Changes of this record that wait to be sent.
    pub unsent: u64,
    /// The record as merged, for formatting by the schema table.
    #[serde(skip)]
    pub state: RecordState,
}

/// What a deal comes to.
#[derive(Clone, Debug, Serialize)]
pub struct OpportunityView {
    /// `open`, `won`, `lost`, `disputed` or `unknown`.
    pub standing: String,
    /// The stage's id.
    pub stage: String,
    /// The stage's English label.
    pub stage_en: String,
    /// The stage's Persian label.
    pub stage_fa: String,
    /// Percent, 0 to 100.
    pub probability: u8,
    /// `outcome`, `override`, `stage` or `nothing`.
    pub probability_from: String,
    /// The amount; none where it is empty or unknown.
    pub amount: Option<Money>,
    /// `known`, `empty`, `no_rate` or `overflow`.
    pub amount_is: String,
    /// `manual` or `lines`.
    pub amount_from: String,
    /// The amount typed by hand, kept also while the lines count.
    pub manual_amount: Option<Money>,
    /// What the lines come to, kept also while the hand's amount counts.
    pub lines_total: Option<Money>,
    /// The amount in the organisation's currency: open at today's rate, closed as booked.
    pub base: Option<Money>,
    /// The base by the probability, for open deals.
    pub weighted: Option<Money>,
    /// The day that the outcome was known.
    pub closed_on: Option<String>,
    /// The reason's id, where closed and one was given.
    pub reason: Option<String>,
    /// The account's name.
    pub account: Option<String>,
    /// Its lines, in order; removed ones left out.
    pub lines: Vec<LineView>,
    /// The checklist of the stage that it is in.
    pub checklist: Vec<CheckView>,
}

/// One line of a deal.
#[derive(Clone, Debug, Serialize)]
pub struct LineView {
    /// The number to name it by, from 1.
    pub number: usize,
    /// The entry's id.
    pub entry: String,
    /// The product or text.
    pub name: String,
    /// How many, as a decimal.
    pub qty: Option<String>,
    /// The unit.
    pub unit: String,
    /// The price of one.
    pub unit_price: Option<Money>,
    /// Quantity times price.
    pub gross: Option<Money>,
    /// What is taken off.
    pub discount: Option<Money>,
    /// Gross less discount.
    pub net: Option<Money>,
    /// Tax on the net.
    pub tax: Option<Money>,
    /// Net and tax.
    pub total: Option<Money>,
    /// A remark.
    pub note: String,
    /// Removed by one and edited by another.
    pub disputed: bool,
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct ListQuery {
    /// Columns by field name; empty: the module's own.
    pub columns: Vec<String>,
    /// `field=value`, all of which must hold; a value may be an id, a label in either language, or a name.
    pub filters: Vec<FieldInput>,
    /// Columns to sort by; a leading `-` turns the order round.
    pub sort: Vec<String>,
    /// At most this many rows; none: all.
    pub limit: Option<usize>,
    /// Only records assigned to this store's user.
    pub mine: bool,
    /// Only what is open: deals, leads neither converted nor dead, activities that aren't done.
    pub open: bool,
    /// Conditions in the language of `docs/filters.md`, all of which must hold.
    pub conditions: Vec<String>,
    /// The name of a saved filter; its columns and sorting count where none are given here.
    pub saved: Option<String>,
    /// Words that must all occur in the searched fields, folded.
    pub text: Option<String>,
    /// Trashed records instead of living ones.
    pub trashed: bool,
}

/// One row of a list.
#[derive(Clone, Debug, Serialize)]
pub struct ListRow {
    /// The record.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// Its name.
    pub name: String,
    /// One cell a column, as stored: canonical text, number, money object, or null.
    pub cells: Vec<serde_json::Value>,
    /// One cell a column, as a person reads it in the engine's locale.
    #[serde(skip)]
    pub text: Vec<String>,
    /// How many issues it has that someone has to decide.
    pub issues: usize,
}

/// A list's answer.
#[derive(Clone, Debug, Serialize)]
pub struct ListPage {
    /// The module's name.
    pub module: String,
    /// The columns, in the cells' order.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<ListRow>,
    /// How many records match, also those beyond the limit.
    pub total: usize,
}

/// A record found by name.
#[derive(Clone, Debug, Serialize)]
pub struct Found {
    /// The record.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// The module's name.
    pub module: String,
    /// Its name.
    pub name: String,
}

/// An issue with what a person needs to end it.
#[derive(Clone, Debug, Serialize)]
pub struct IssueView {
    /// The record.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// The module's name.
    pub module: String,
    /// The record's name.
    pub name: String,
    /// The issue by the domain's rules.
    pub issue: Issue,
    /// Its sides as a person reads them, in the issue's order.
    pub sides: Vec<SideView>,
    /// The amount of the deal, where it is one and the amount is known.
    pub amount: Option<Money>,
}

/// Every issue of the workspace as this device sees it.
#[derive(Clone, Debug, Serialize)]
pub struct IssueList {
    /// Issues of records, in order of module, name and id.
    pub issues: Vec<IssueView>,
    /// What the sync found wrong.
    pub sync: Vec<SyncIssueView>,
    /// Edits that the relay refused.
    pub refused: Vec<RefusedView>,
}

/// What one change did to one field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChangeView {
    /// The field, or `field/key`, or `field/entry/name`.
    pub path: String,
    /// What it said before.
    #[serde(serialize_with = "plain")]
    pub before: Scalar,
    /// What it says after.
    #[serde(serialize_with = "plain")]
    pub after: Scalar,
}

/// Writes a scalar as the JSON value that it is; an atomic composite as its object.
pub(crate) fn plain<S: serde::Serializer>(value: &Scalar, serializer: S) -> Result<S::Ok, S::Error> {
    json(value).serialize(serializer)
}

/// A stored value as JSON: composites as objects, texts, numbers and truth values as they are.
pub(crate) fn json(value: &Scalar) -> serde_json::Value {
    match value {
        Scalar::Null => serde_json::Value::Null,
        Scalar::Bool(value) => (*value).into(),
        Scalar::Int(number) => (*number).into(),
        Scalar::Text(text) if text.starts_with('{') => {
            serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into())
        }
        Scalar::Text(text) => text.as_str().into(),
    }
}

/// One change of a record in its history.
#[derive(Clone, Debug, Serialize)]
pub struct HistoryView {
    /// The change's hash, hex.
    pub hash: String,
    /// The author's name, where known.
    pub author: Option<String>,
    /// What stands behind that.
    pub authorship: Authorship,
    /// The device's actor, hex.
    pub actor: String,
    /// The change's number with its actor.
    pub seq: u64,
    /// When, by the writer's clock, in milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// Whether the change waits to be sent.
    pub unsent: bool,
    /// What it changed: field, before, after.
    pub changes: Vec<ChangeView>,
}

/// One change as it is kept on this device.
#[derive(Clone, Debug, Serialize)]
pub struct StoredChange {
    /// The change's hash, hex.
    pub hash: String,
    /// The actor, hex.
    pub actor: String,
    /// The author's id, where the change or an earlier one of the actor names it.
    pub author: Option<String>,
    /// What stands behind that; none for a fixed beginning, which nobody made.
    pub authorship: Option<Authorship>,
    /// The number with its actor.
    pub seq: u64,
    /// When, by the writer's clock, in milliseconds since 1970 UTC.
    pub time_ms: i64,
    /// Bytes.
    pub size: usize,
    /// What it stands on, hex.
    pub deps: Vec<String>,
    /// `outbox`, `acked`, `feed`, `refused`, `unreadable` or `waiting`.
    pub state: String,
    /// The bytes, hex; only when asked for.
    pub raw: Option<String>,
}

/// A document from the inside.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// The record.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// The module's name.
    pub module: String,
    /// The space that it is in, hex.
    pub space: Option<String>,
    /// Heads of the view, hex.
    pub heads: Vec<String>,
    /// Heads of what came through the feed, hex.
    pub feed_heads: Vec<String>,
    /// The document as JSON, at the hash asked for or now.
    pub document: serde_json::Value,
    /// Every change, in the order of arrival.
    pub changes: Vec<StoredChange>,
    /// What is stored where: table → bytes.
    pub stored: BTreeMap<String, u64>,
}

/// One space of the workspace, as this device stands in it.
#[derive(Clone, Debug, Serialize)]
pub struct SpaceStatus {
    /// The space's id, hex.
    pub space: String,
    /// Its name.
    pub name: String,
    /// This user's role in it.
    pub role: String,
    /// Changes that wait to be sent.
    pub unsent: u64,
    /// The feed position up to which everything is here; none before the first sync.
    pub cursor: Option<u64>,
    /// When this device was last level with the relay, in milliseconds since 1970 UTC.
    pub synced_at_ms: Option<i64>,
    /// Whether the digests agreed then; none before the first sync.
    pub level: Option<bool>,
}

/// An edit that the relay refused for good, kept whole.
#[derive(Clone, Debug, Serialize)]
pub struct RefusedView {
    /// The number to name it by.
    pub number: u64,
    /// The record's short id.
    pub short: String,
    /// The record's name, where known.
    pub name: String,
    /// The relay's code.
    pub code: String,
    /// Why, as the relay put it.
    pub message: String,
    /// What it would have changed: field, before, after.
    pub changes: Vec<ChangeView>,
    /// When it was refused, in milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// Whether the relay has it, for the managers of its space.
    pub at_relay: bool,
}

/// Something that the sync found wrong.
#[derive(Clone, Debug, Serialize)]
pub struct SyncIssueView {
    /// A stable code in snake case.
    pub code: String,
    /// The space, hex, where it concerns one.
    pub space: Option<String>,
    /// What happened and what to do next.
    pub message: String,
    /// When, in milliseconds since 1970 UTC.
    pub at_ms: i64,
}

/// How this store stands.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The workspace's id.
    pub workspace: Uuid,
    /// This store's user.
    pub user: Uuid,
    /// The user's name.
    pub user_name: String,
    /// The relay's address; none when the store is local.
    pub relay: Option<String>,
    /// The spaces, in order of their names.
    pub spaces: Vec<SpaceStatus>,
    /// Changes that wait to be sent, of all spaces.
    pub unsent: u64,
    /// Moves to other spaces that the next sync asks for.
    pub moves: Vec<WaitingMove>,
    /// Living and trashed records by module.
    pub records: BTreeMap<String, u64>,
    /// Edits that the relay refused.
    pub refused: Vec<RefusedView>,
    /// What the sync found wrong.
    pub sync_issues: Vec<SyncIssueView>,
}

/// Options of an import.
#[derive(Clone, Debug)]
pub struct ImportOptions {
    /// Reads and checks everything, writes nothing.
    pub dry_run: bool,
    /// Rows to a commit.
    pub batch: usize,
    /// Where the files of refused rows go; none: beside the file imported.
    pub refused_dir: Option<std::path::PathBuf>,
}

impl Default for ImportOptions {
    fn default() -> ImportOptions {
        ImportOptions { dry_run: false, batch: 500, refused_dir: None }
    }
}

/// How far an import has come.
#[derive(Clone, Debug, Serialize)]
pub struct ImportProgress {
    /// The file being read.
    pub file: String,
    /// Rows done.
    pub done: u64,
    /// Rows in the file.
    pub total: u64,
}

/// What became of the rows of one file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FileSummary {
    /// The file's name.
    pub file: String,
    /// The module that its rows become.
    pub module: String,
    /// Rows read.
    pub rows: u64,
    /// Rows that became new records.
    pub created: u64,
    /// Rows whose changed cells were written to their records.
    pub updated: u64,
    /// Rows that say what they said last time.
    pub unchanged: u64,
    /// Cells that changed in the file and here; the local edit was left alone.
    pub kept_local: u64,
    /// Rows refused: reason → how many.
    pub refused: BTreeMap<String, u64>,
    /// The same reasons as data, by their English words.
    #[serde(skip)]
    pub reasons: BTreeMap<String, RowReason>,
    /// The file that the refused rows went to.
    pub refused_file: Option<String>,
    /// Taken rows by the value that their stage column became, where there is one.
    pub by_stage: BTreeMap<String, u64>,
}

impl FileSummary {
    /// Counts a refused row by its reason.
    pub(crate) fn refuse(&mut self, reason: &RowReason) {
        let words = reason.to_string();
        self.reasons.entry(words.clone()).or_insert_with(|| reason.clone());
        *self.refused.entry(words).or_default() += 1;
    }
}

/// What an import did.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ImportSummary {
    /// One entry a file, in the order of the mapping.
    pub files: Vec<FileSummary>,
    /// Whether it only tried.
    pub dry_run: bool,
    /// How many changes wait to be sent now.
    pub unsent: u64,
}
