//! What a lead became: its conversions, and the records that conversions on devices apart left in pairs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::composite::Composite;
use crate::id::{RecordId, UserId, WorkspaceId, derived_id};
use crate::record::RecordState;
use crate::schema::{ACCOUNT, CONTACT};

/// The status of a lead that became a customer.
pub const CONVERTED: &str = "converted";
/// The status of a lead that is worked on anew.
pub const RECYCLED: &str = "recycled";

/// One conversion of a lead, as the lead keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversion {
    /// Its number from 0: how many conversions its device had seen before it.
    pub n: u32,
    /// When, by the device's clock in UTC milliseconds.
    pub at: i64,
    /// Who converted.
    #[serde(default)]
    pub by: Option<UserId>,
    /// The account that was made or chosen.
    pub account_id: RecordId,
    /// The contact that was made or chosen.
    pub contact_id: RecordId,
    /// The deal that was made, if one was.
    #[serde(default)]
    pub opportunity_id: Option<RecordId>,
}

impl Composite for Conversion {}

impl Conversion {
    /// The key under which the lead keeps it: conversions on two devices that led to the same records meet in one key,
    /// and those that led to others both stay.
    pub fn key(&self) -> String {
        let deal = self.opportunity_id.map_or_else(|| "-".to_owned(), |id| id.0.to_string());
        format!("{}/{}/{}/{deal}", self.n, self.account_id.0, self.contact_id.0)
    }
}

/// The conversions of a lead, in the order of their numbers, then of their records.
pub fn conversions(lead: &RecordState) -> Vec<Conversion> {
    let read = lead.grown("conversions").filter_map(|(_, value)| Conversion::from_scalar(value));
    let mut found: Vec<Conversion> = read.collect();
    found.sort_by_key(|conversion| {
        (conversion.n, conversion.account_id, conversion.contact_id, conversion.opportunity_id)
    });
    found
}

/// The number that the next conversion of a lead has on this device.
pub(crate) fn next_number(lead: &RecordState) -> u32 {
    conversions(lead).last().map_or(0, |last| last.n.saturating_add(1))
}

/// Tells whether a lead stands as converted: not recycled since, nor taken back.
pub fn is_converted(lead: &RecordState) -> bool {
    let says = lead.sides("status").iter().any(|side| side.value.as_text() == Some(CONVERTED));
    says && lead.grown("conversions").next().is_some()
}

/// The id of a record that a conversion makes: devices that convert the same lead apart make the same record.
pub fn converted_id(workspace: WorkspaceId, lead: RecordId, role: &str, n: u32) -> RecordId {
    RecordId(derived_id(workspace, "conversion", &format!("{}/{role}/{n}", lead.0)))
}

/// Two records of a module that stand for one, as far as a lead's conversions tell.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Pair {
    /// The records' module.
    pub module: &'static str,
    /// The record with the smaller id.
    pub first: RecordId,
    /// The other one.
    pub second: RecordId,
}

/// The accounts and contacts that conversions on devices apart left in pairs: an existing one was chosen here, and
/// a new or another one there.
pub fn duplicate_pairs(lead: &RecordState) -> Vec<Pair> {
    let mut met: BTreeMap<(&'static str, u32), BTreeSet<RecordId>> = BTreeMap::new();
    for conversion in conversions(lead) {
        met.entry((ACCOUNT, conversion.n)).or_default().insert(conversion.account_id);
        met.entry((CONTACT, conversion.n)).or_default().insert(conversion.contact_id);
    }
    let mut pairs = BTreeSet::new();
    for ((module, _), ids) in &met {
        for (at, first) in ids.iter().enumerate() {
            pairs.extend(ids.iter().skip(at + 1).map(|second| Pair {
                module,
                first: *first,
                second: *second,
            }));
        }
    }
    pairs.into_iter().collect()
}

#[cfg(test)]
mod tests;
