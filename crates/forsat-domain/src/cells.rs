//! What the columns of a record say, in the form that lists sort by and filters ask.
//!
//! [`value`] is what a column shows; a [`Cell`] is the same without what only commands need. Both are pure functions
//! of the merged record, so a device may keep cells beside its rows and lists need not derive every record anew.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::composite::{Address, AmountMode, Composite, Mode, Moment, NamedReference, reference_id};
use crate::id::RecordId;
use crate::lead::is_converted;
use crate::lifecycle::Presence;
use crate::money::Money;
use crate::opportunity::{Deal, Standing, Worth};
use crate::record::{RecordState, Scalar};
use crate::schema::{ACTIVITY, FieldDef, FieldKind, LEAD, MergeCode, ModuleDef, record_name};
use crate::settings::is_custom_name;
use crate::text::fold;

/// What one column of a record says.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Cell<'a> {
    /// Nothing.
    #[default]
    Nothing,
    /// Yes or no.
    Bool(bool),
    /// A whole number, a percentage, basis points, or UTC milliseconds.
    Int(i64),
    /// A text, the id of a choice or a stage, a civil date, or a canonical decimal.
    #[serde(borrow)]
    Text(Cow<'a, str>),
    /// An amount.
    Money(Money),
    /// A record, with its name when it was chosen where that is kept.
    Reference {
        /// The record.
        id: RecordId,
        /// Its name then; may be empty.
        #[serde(borrow)]
        name: Cow<'a, str>,
    },
    /// The keys of a set, or the values of a labelled list.
    List(Vec<Cow<'a, str>>),
}

/// What a column shows: the value that counts, or the derived one.
pub fn value(state: &RecordState, field: &FieldDef, deal: Option<&Deal>) -> Scalar {
    match field.merge {
        MergeCode::D => derived(state, &field.name, deal).unwrap_or_default(),
        MergeCode::T => Scalar::text(state.text(&field.name)),
        _ => field.winner(state).clone(),
    }
}

fn derived(state: &RecordState, name: &str, deal: Option<&Deal>) -> Option<Scalar> {
    let reason = |standing: Standing| {
        let deal = deal.filter(|deal| deal.stage.standing == standing)?;
        deal.stage.reason_id().map(Scalar::text)
    };
    match (name, deal) {
        ("amount", Some(deal)) => deal.amount.worth.known().map(|money| money.to_scalar()),
        ("probability", Some(deal)) => Some(Scalar::Int(deal.probability.pct.into())),
        ("win_reason", _) => reason(Standing::Won),
        ("loss_reason", _) => reason(Standing::Lost),
        ("actual_close_date", Some(deal)) => {
            let closed = deal.stage.close_date.filter(|_| deal.stage.standing != Standing::Open);
            closed.map(|day| Scalar::text(day.to_string()))
        }
        ("name", None) => Some(Scalar::text(record_name(state))),
        ("converted", None) => Some(Scalar::Bool(is_converted(state))),
        ("modified_at", _) => state.modified.as_ref().map(|stamp| Scalar::Int(stamp.time_ms)),
        ("modified_by", _) => {
            let author = state.modified.as_ref().and_then(|stamp| stamp.author);
            author.map(|author| Scalar::text(author.0.to_string()))
        }
        _ => None,
    }
}

/// What a column says to filters and sorting.
pub fn cell(state: &RecordState, field: &FieldDef, deal: Option<&Deal>) -> Cell<'static> {
    let listed =
        |keys: Vec<Cow<'static, str>>| if keys.is_empty() { Cell::Nothing } else { Cell::List(keys) };
    let text = |text: String| if text.trim().is_empty() { Cell::Nothing } else { Cell::Text(text.into()) };
    let found = match &field.kind {
        FieldKind::Tags | FieldKind::ReferenceSet(_) | FieldKind::References(_) => {
            return listed(state.set(&field.name).map(|key| key.to_owned().into()).collect());
        }
        FieldKind::Entries => return listed(entry_texts(state, field)),
        FieldKind::Composite => return Cell::Nothing,
        FieldKind::Stage => return deal.map_or(Cell::Nothing, |deal| text(deal.stage.stage_id.clone())),
        _ => value(state, field, deal),
    };
    if found.is_blank() {
        return Cell::Nothing;
    }
    let read = match &field.kind {
        FieldKind::Money => Money::from_scalar(&found).map(Cell::Money),
        FieldKind::Reference(_) | FieldKind::NamedReference(_) => reference(&found),
        FieldKind::Moment => Moment::from_scalar(&found).map(|moment| Cell::Int(moment.instant)),
        FieldKind::Address => Address::from_scalar(&found).map(|address| text(address.text)),
        FieldKind::Choice(_) => AmountMode::from_scalar(&found)
            .map(|choice| Cell::Text(if choice.mode == Mode::Manual { "manual" } else { "lines" }.into())),
        _ => None,
    };
    read.unwrap_or_else(|| stored(found))
}

fn reference(value: &Scalar) -> Option<Cell<'static>> {
    let name = NamedReference::from_scalar(value).map(|reference| reference.name).unwrap_or_default();
    Some(Cell::Reference { id: reference_id(value)?, name: name.into() })
}

fn entry_texts(state: &RecordState, field: &FieldDef) -> Vec<Cow<'static, str>> {
    let Some(register) = field.entry_value() else { return Vec::new() };
    let kept = state.entries(&field.name).filter(|(_, entry)| Presence::of(entry).is_kept());
    let texts = kept.filter_map(|(_, entry)| entry.winner(&register.name).as_text());
    texts.map(|text| text.to_owned().into()).collect()
}

/// Every column of a record that says something, by field name.
///
/// A workspace's own fields are among them whether this table knows them or not, each as it is stored: a record may come
/// before the settings that name its fields, and cells that are kept are read by tables of later. [`own_cell`] says
/// what such a cell means to a field.
pub fn cells(
    state: &RecordState,
    module: &ModuleDef,
    deal: Option<&Deal>,
) -> Vec<(Cow<'static, str>, Cell<'static>)> {
    let built_in = module.fields.iter().filter(|field| field.is_shown() && !is_custom_name(&field.name));
    let built_in = built_in.map(|field| (field.name.clone(), cell(state, field, deal)));
    let own = state.fields.keys().filter(|name| is_custom_name(name));
    let own = own.map(|name| (name.clone().into(), stored(state.winner(name).clone())));
    built_in.chain(own).filter(|(_, cell)| *cell != Cell::Nothing).collect()
}

/// What a cell of a workspace's own field, kept as it is stored, says to filters and sorting.
pub fn own_cell<'a>(kept: Cell<'a>, kind: &FieldKind) -> Cell<'a> {
    match (&kept, kind) {
        (Cell::Text(text), FieldKind::Money) => {
            Money::from_scalar(&Scalar::text(text.as_ref())).map_or(kept, Cell::Money)
        }
        _ => kept,
    }
}

/// A register's value as it stands.
fn stored(value: Scalar) -> Cell<'static> {
    match value {
        Scalar::Null => Cell::Nothing,
        Scalar::Bool(value) => Cell::Bool(value),
        Scalar::Int(number) => Cell::Int(number),
        Scalar::Text(text) if text.trim().is_empty() => Cell::Nothing,
        Scalar::Text(text) => Cell::Text(text.into()),
    }
}

/// Tells whether a record waits for something to be done: a deal that is open, a lead neither converted nor dead, an
/// activity that isn't done. None for records that aren't open or closed.
pub fn is_open(state: &RecordState, deal: Option<&Deal>) -> Option<bool> {
    let status = || state.winner("status").as_text().unwrap_or_default();
    match (state.module.as_str(), deal) {
        (_, Some(deal)) => Some(deal.stage.standing == Standing::Open),
        (LEAD, _) => Some(!is_converted(state) && !matches!(status(), "converted" | "dead")),
        // A note only says something; it has no status.
        (ACTIVITY, _) => Some(!matches!(status(), "" | "held" | "not_held" | "completed")),
        _ => None,
    }
}

/// Tells whether the cells of a deal may be others tomorrow: its amount is counted at the rates of the day.
pub fn depends_on_day(deal: &Deal) -> bool {
    deal.amount.mixed || matches!(deal.amount.worth, Worth::NoRate(_) | Worth::Overflow)
}

/// The searched fields of a record, folded: its name on the first line, each field on a line of its own.
pub fn search_text(state: &RecordState, module: &ModuleDef, deal: Option<&Deal>) -> String {
    let mut lines = vec![fold(&record_name(state))];
    for field in module.fields.iter().filter(|field| field.searched && field.name != module.name_field) {
        match cell(state, field, deal) {
            Cell::Text(text) => lines.push(fold(&text)),
            Cell::Reference { name, .. } => lines.push(fold(&name)),
            Cell::List(texts) => lines.extend(texts.iter().map(|text| fold(text))),
            Cell::Nothing | Cell::Bool(_) | Cell::Int(_) | Cell::Money(_) => {}
        }
    }
    lines.join("\n")
}
