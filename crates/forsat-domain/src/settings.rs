//! The workspace's settings, read over the built-in defaults: what no administrator changed is not stored.
//!
//! Stages are in `stage` and their checklists in `checklist`, exchange rates in `rates`, targets in `target`, a
//! workspace's own fields in `custom`, the defaults in `builtin`.

use std::collections::BTreeMap;

use crate::currency::Currency;
use crate::date::{Calendar, Tz};
use crate::record::{Entry, RecordState, Scalar};
use crate::schema::{Label, SettingList};

mod builtin;
mod checklist;
mod custom;
mod rates;
mod stage;
mod target;
#[cfg(test)]
mod tests;

pub use checklist::{CheckItem, check_entry, check_register};
pub use custom::{CUSTOM_PREFIX, CustomField, FIELD_TYPES, field_kind, is_custom_name};
pub use rates::{ConvertError, Rates};
pub use stage::{Stage, StageKindsArchived, Stages};
pub use target::{Target, TargetOwner, TargetPeriod, YearPart};

/// The id of the pipeline that every workspace has.
pub const DEFAULT_PIPELINE: &str = "default";

/// The reason of an outcome whose source gave none; reads as no reason.
pub const REASON_UNSPECIFIED: &str = "unspecified";

/// The loss reason that needs a note.
pub const REASON_OTHER: &str = "other";

/// One labelled item of a list: a lead source, a reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListItem {
    /// The stable id.
    pub id: String,
    /// What people read.
    pub label: Label,
    /// Its place in menus; ties go by id.
    pub position: i64,
    /// Whether it is offered no more.
    pub archived: bool,
}

/// Everything that a workspace may set, with defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The organisation's name; empty when nobody gave one.
    pub organisation: String,
    /// The organisation's currency: what reports count in.
    pub currency: Currency,
    /// The organisation's time zone: what "today" means.
    pub time_zone: Tz,
    /// The organisation's calendar: what months and quarters are.
    pub calendar: Calendar,
    /// The month that the fiscal year starts with, 1 to 12.
    pub fiscal_year_start: u8,
    /// Whether a deal's amount includes the tax of its lines.
    pub tax_in_amount: bool,
    /// The pattern of deal names, with `{account}` and `{product}`.
    pub naming_convention: String,
    /// The stages of every pipeline.
    pub stages: Stages,
    /// The exchange rates.
    pub rates: Rates,
    /// What people and teams are to win.
    pub targets: Vec<Target>,
    /// The workspace's own fields, removed ones included.
    pub custom_fields: Vec<CustomField>,
    lead_sources: Vec<ListItem>,
    win_reasons: Vec<ListItem>,
    loss_reasons: Vec<ListItem>,
}

impl Default for Settings {
    fn default() -> Self {
        Self::read(None)
    }
}

impl Settings {
    /// Reads the settings record, or the defaults where there is none; what can't be read is as if it were not there.
    pub fn read(state: Option<&RecordState>) -> Self {
        let winner = |field: &str| state.map_or(&Scalar::Null, |state| state.winner(field));
        let text = |field: &str| winner(field).as_text().filter(|text| !text.trim().is_empty());
        Self {
            organisation: text("organisation").unwrap_or_default().to_owned(),
            currency: text("currency").and_then(|code| code.parse().ok()).unwrap_or(Currency::IRR),
            time_zone: text("time_zone").and_then(|zone| zone.parse().ok()).unwrap_or(Tz::Asia__Tehran),
            calendar: text("calendar").map_or(Calendar::Persian, calendar),
            fiscal_year_start: month(winner("fiscal_year_start")),
            tax_in_amount: winner("tax_in_amount").as_bool().unwrap_or(false),
            naming_convention: text("naming_convention").unwrap_or(builtin::NAMING_CONVENTION).to_owned(),
            stages: Stages::read(state),
            rates: Rates::read(state),
            targets: target::read(state),
            custom_fields: custom::read(state),
            lead_sources: list(state, "lead_sources", builtin::LEAD_SOURCES),
            win_reasons: list(state, "win_reasons", builtin::WIN_REASONS),
            loss_reasons: list(state, "loss_reasons", builtin::LOSS_REASONS),
        }
    }

    /// The items of a list in the order of menus, archived ones included.
    pub fn items(&self, list: SettingList) -> &[ListItem] {
        match list {
            SettingList::LeadSources => &self.lead_sources,
            SettingList::WinReasons => &self.win_reasons,
            SettingList::LossReasons => &self.loss_reasons,
        }
    }

    /// One item of a list.
    pub fn item(&self, list: SettingList, id: &str) -> Option<&ListItem> {
        self.items(list).iter().find(|item| item.id == id)
    }
}

fn calendar(text: &str) -> Calendar {
    if text == "gregorian" { Calendar::Gregorian } else { Calendar::Persian }
}

fn month(value: &Scalar) -> u8 {
    value
        .as_int()
        .and_then(|month| u8::try_from(month).ok())
        .filter(|month| (1..=12).contains(month))
        .unwrap_or(1)
}

/// A row of a built-in list: id, English label, Persian label.
type BuiltinItem = (&'static str, &'static str, &'static str);

/// Reads a list over its built-in rows, sorted by (position, id).
fn list(state: Option<&RecordState>, field: &str, builtin: &[BuiltinItem]) -> Vec<ListItem> {
    let mut items: BTreeMap<String, ListItem> = BTreeMap::new();
    for (position, (id, en, fa)) in (1_i64..).zip(builtin) {
        let label = Label::new(en, fa);
        items.insert(
            (*id).to_owned(),
            ListItem { id: (*id).to_owned(), label, position: position * 10, archived: false },
        );
    }
    for (id, entry) in written(state, field) {
        let item = items.entry(id.to_owned()).or_insert_with(|| ListItem {
            id: id.to_owned(),
            label: raw_label(id),
            position: i64::MAX,
            archived: false,
        });
        read_named(entry, &mut item.label, &mut item.position, &mut item.archived);
    }
    let mut items: Vec<ListItem> = items.into_values().collect();
    items.sort_by(|left, right| (left.position, &left.id).cmp(&(right.position, &right.id)));
    items
}

/// The entries of a map that say anything: one whose every value was taken back is as if it had never been. The kind of
/// a stage is written once and stays.
fn written<'s>(
    state: Option<&'s RecordState>,
    field: &'s str,
) -> impl Iterator<Item = (&'s str, &'s Entry)> + 's {
    let entries = state.into_iter().flat_map(move |state| state.entries(field));
    entries.filter(|(_, entry)| {
        entry.fields.iter().any(|(name, register)| name != "kind" && !register.winner().is_null())
    })
}

/// Overlays what an entry says on a label, a position and an archived flag.
fn read_named(entry: &Entry, label: &mut Label, position: &mut i64, archived: &mut bool) {
    let text = |name: &str| entry.winner(name).as_text().filter(|text| !text.trim().is_empty());
    match (text("label_fa"), text("label_en")) {
        (Some(fa), Some(en)) => *label = Label { fa: fa.to_owned().into(), en: en.to_owned().into() },
        // A label given in one language only stands for both, rather than beside a stale built-in one.
        (Some(only), None) | (None, Some(only)) => {
            *label = Label { fa: only.to_owned().into(), en: only.to_owned().into() };
        }
        (None, None) => {}
    }
    if let Some(number) = entry.winner("position").as_int() {
        *position = number;
    }
    if let Some(value) = entry.winner("archived").as_bool() {
        *archived = value;
    }
}

/// The label of something that has none: its id.
fn raw_label(id: &str) -> Label {
    Label { en: id.to_owned().into(), fa: id.to_owned().into() }
}
