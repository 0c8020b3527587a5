//! The checklist of a stage: what must reach an output before a deal moves on.
//!
//! Items lie flat in the stage's entry, under `check/<item id>/<register>`, so that no container is made for them.

use std::collections::BTreeMap;

use super::raw_label;
use crate::record::Entry;
use crate::schema::Label;

/// What the names of a stage's items begin with.
pub const CHECK_PREFIX: &str = "check/";

/// One item of a stage's checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckItem {
    /// The stable id, unique within the stage.
    pub id: String,
    /// What people read.
    pub label: Label,
    /// Whether a deal may not move on without it.
    pub required: bool,
    /// Its place in the list; ties go by id.
    pub position: i64,
}

/// The name of an item's register in the stage's entry.
pub fn check_register(item: &str, register: &str) -> String {
    format!("{CHECK_PREFIX}{item}/{register}")
}

/// The id under which a deal keeps what became of an item.
pub fn check_entry(stage: &str, item: &str) -> String {
    format!("{stage}:{item}")
}

/// Reads the items that are not removed, by (position, id).
pub(super) fn items(entry: &Entry) -> Vec<CheckItem> {
    let ids = entry.fields.keys().filter_map(|name| name.strip_prefix(CHECK_PREFIX)?.split_once('/'));
    let mut found: BTreeMap<&str, CheckItem> = BTreeMap::new();
    for (id, _) in ids {
        let winner = |register: &str| entry.winner(&check_register(id, register));
        let text = |register: &str| winner(register).as_text().filter(|text| !text.trim().is_empty());
        let known = text("label_fa").or(text("label_en")).is_some();
        if id.is_empty() || !known || winner("removed").as_bool() == Some(true) {
            continue;
        }
        let label = |own: &str, other: &str| text(own).or(text(other)).map(|text| text.to_owned().into());
        found.entry(id).or_insert_with(|| CheckItem {
            id: id.to_owned(),
            label: match (label("label_en", "label_fa"), label("label_fa", "label_en")) {
                (Some(en), Some(fa)) => Label { en, fa },
                _ => raw_label(id),
            },
            required: winner("required").as_bool().unwrap_or(false),
            position: winner("position").as_int().unwrap_or(i64::MAX),
        });
    }
    let mut items: Vec<CheckItem> = found.into_values().collect();
    items.sort_by(|left, right| (left.position, &left.id).cmp(&(right.position, &right.id)));
    items
}
