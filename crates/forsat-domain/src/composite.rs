//! The atomic composites: values of several parts that are stored as one canonical JSON text and replaced whole.
//!
//! Reading is tolerant: a text that is not the composite reads as `None`, and the rules turn that into an issue.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::canonical;
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::id::{EntryId, RecordId, UserId};
use crate::money::Money;
use crate::record::Scalar;

/// A value of several parts in one scalar.
pub trait Composite: Serialize + DeserializeOwned {
    /// Reads the stored text; `None` when it is something else.
    fn from_scalar(scalar: &Scalar) -> Option<Self> {
        serde_json::from_str(scalar.as_text()?).ok()
    }

    /// Writes the canonical text.
    fn to_scalar(&self) -> Scalar {
        Scalar::Text(canonical::json(self).expect("composites hold only texts, numbers and lists"))
    }
}

/// How a deal stands by its stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Still being worked on.
    Open,
    /// Sold.
    Won,
    /// Lost.
    Lost,
}

impl Outcome {
    /// Tells whether the deal has ended.
    pub const fn is_closed(self) -> bool {
        !matches!(self, Self::Open)
    }
}

/// What closing a deal wrote into the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// The deal's amount in `currency`.
    #[serde(with = "canonical::decimal")]
    pub amount: Decimal,
    /// The deal's currency.
    pub currency: Currency,
    /// The organisation's currency at the time.
    pub org_currency: Currency,
    /// Units of `org_currency` for one of `currency`; none where no rate was known.
    #[serde(default, with = "canonical::decimal_option")]
    pub rate: Option<Decimal>,
    /// The amount in `org_currency`; none where no rate was known.
    #[serde(default, with = "canonical::decimal_option")]
    pub base: Option<Decimal>,
}

/// One stay in a stage: the whole of what a stage move wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageEntry {
    /// Names this stay; a correction keeps it, a move draws a new one.
    pub entry_id: EntryId,
    /// The stage's stable id.
    pub stage_id: String,
    /// When, by the device's clock in UTC milliseconds.
    pub entered_at: i64,
    /// Who moved it.
    #[serde(default)]
    pub by: Option<UserId>,
    /// How the deal stands here.
    pub outcome: Outcome,
    /// Why it was won or lost: an id of the settings' reasons.
    #[serde(default)]
    pub reason_id: Option<String>,
    /// A remark on the outcome.
    #[serde(default)]
    pub note: Option<String>,
    /// The day the outcome was known; closed stays only.
    #[serde(default)]
    pub actual_close_date: Option<CivilDate>,
    /// What closing booked.
    #[serde(default)]
    pub booked: Option<Booking>,
}

/// A booking that a move took out of the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftBooking {
    /// The won stay that was left.
    pub entry_id: EntryId,
    /// The day it was won on.
    pub actual_close_date: Option<CivilDate>,
    /// What it had booked.
    pub booked: Booking,
}

/// One move in the grow-only history of stages, keyed by the entry that it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageMove {
    /// The stay that began.
    pub entry_id: EntryId,
    /// The stage that was left; none at creation.
    #[serde(default)]
    pub from: Option<String>,
    /// Every stay that the move saw and left; more than one when it ended a conflict.
    #[serde(default)]
    pub from_entries: Vec<EntryId>,
    /// The stage that was entered.
    pub to: String,
    /// When, by the device's clock in UTC milliseconds.
    pub at: i64,
    /// Who moved it.
    #[serde(default)]
    pub by: Option<UserId>,
    /// The booking that the move took back, so that a report can say what its period lost.
    #[serde(default)]
    pub left: Option<LeftBooking>,
    /// Required items of the left stage's checklist that were open when somebody moved on all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forced: Vec<String>,
}

/// What became of an item of a stage's checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckMark {
    /// Whether it reached its output.
    pub value: bool,
    /// When somebody said so, by the device's clock in UTC milliseconds.
    pub at: i64,
    /// Who.
    #[serde(default)]
    pub by: Option<UserId>,
}

/// Where the amount comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Typed by hand.
    Manual,
    /// Computed from the lines.
    Lines,
}

/// The choice of where the amount comes from, with what the other way came to when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountMode {
    /// The choice.
    pub mode: Mode,
    /// Totals of the lines with tax, by currency, as canonical decimals: free of rates and settings, so that only an
    /// edit of a line changes them.
    #[serde(default)]
    pub lines_total_seen: BTreeMap<Currency, String>,
    /// The amount by hand that the lines were chosen over; another one now was typed without knowing of the choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual_seen: Option<Money>,
}

/// A probability set by hand for one stay in a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbabilityOverride {
    /// Percent, 0 to 100.
    pub pct: u8,
    /// The stay it holds for.
    pub entry_id: EntryId,
}

/// A reference with the name that the other record had when it was chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NamedReference {
    /// The record.
    pub id: RecordId,
    /// Its name at the time.
    #[serde(default)]
    pub name: String,
}

/// A line's discount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Discount {
    /// None.
    None,
    /// A percentage of the gross, 0 to 100.
    Percent {
        /// Percent.
        #[serde(with = "canonical::decimal")]
        pct: Decimal,
    },
    /// An amount, at most the gross.
    Amount {
        /// The amount.
        amount: Money,
    },
}

/// The state of an entry of a keyed map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    /// Whether the entry is taken out.
    pub value: bool,
    /// The heads (hex) that the writer had seen, sorted.
    #[serde(default)]
    pub seen_heads: Vec<String>,
}

/// Whether a record lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LifeState {
    /// In use.
    Active,
    /// Deleted, restorable.
    Trashed,
}

/// A deletion or a restoration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// What it became.
    pub state: LifeState,
    /// When, by the device's clock in UTC milliseconds.
    pub at: i64,
    /// Who did it.
    #[serde(default)]
    pub by: Option<UserId>,
    /// The heads (hex) that the writer had seen, sorted.
    #[serde(default)]
    pub seen_heads: Vec<String>,
}

/// Where a duplicate went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedInto {
    /// The survivor.
    pub into: RecordId,
    /// The heads (hex) of the loser that the writer had seen, sorted.
    #[serde(default)]
    pub loser_heads: Vec<String>,
    /// When, by the device's clock in UTC milliseconds.
    pub at: i64,
    /// Who merged.
    #[serde(default)]
    pub by: Option<UserId>,
    /// What the merge wrote to the survivor, for whoever takes it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copied: Vec<Copied>,
}

/// One value that a merge of duplicates wrote to the survivor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// The place: `field`, or `field/key` for a key of a set or an entry of a keyed map.
    pub path: String,
    /// What had been there; nothing for a key or an entry that came anew.
    #[serde(default, skip_serializing_if = "Scalar::is_null")]
    pub before: Scalar,
    /// What was written; for an entry, the value that it is known by.
    #[serde(default, skip_serializing_if = "Scalar::is_null")]
    pub after: Scalar,
}

/// A point in time, with the time zone in which it was agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// UTC milliseconds.
    pub instant: i64,
    /// The IANA name of the time zone.
    pub zone: String,
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// The address as people write it.
    pub text: String,
}

impl Composite for StageEntry {}
impl Composite for StageMove {}
impl Composite for CheckMark {}
impl Composite for AmountMode {}
impl Composite for ProbabilityOverride {}
impl Composite for NamedReference {}
impl Composite for Removed {}
impl Composite for Lifecycle {}
impl Composite for MergedInto {}
impl Composite for Moment {}
impl Composite for Address {}

impl Composite for Discount {
    /// Refuses percentages outside 0 to 100 and negative amounts, which no command writes.
    fn from_scalar(scalar: &Scalar) -> Option<Self> {
        let discount: Self = serde_json::from_str(scalar.as_text()?).ok()?;
        let sound = match &discount {
            Self::None => true,
            Self::Percent { pct } => (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(pct),
            Self::Amount { amount } => amount.value() >= Decimal::ZERO,
        };
        sound.then_some(discount)
    }
}

impl Composite for Money {
    /// Refuses negative amounts, which no command writes.
    fn from_scalar(scalar: &Scalar) -> Option<Self> {
        Self::from_json(scalar.as_text()?).ok()?.refuse_negative().ok()
    }
}

/// Spells heads the way composites store them.
pub fn heads_hex(heads: &[[u8; 32]]) -> Vec<String> {
    let spell = |head: &[u8; 32]| head.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut spelled: Vec<String> = heads.iter().map(spell).collect();
    spelled.sort_unstable();
    spelled
}

/// Reads a reference of either shape: a plain id, or `{id, name}`.
pub fn reference_id(scalar: &Scalar) -> Option<RecordId> {
    let text = scalar.as_text()?;
    text.parse().ok().or_else(|| NamedReference::from_scalar(scalar).map(|reference| reference.id))
}

/// Spells a key of a set of records of several modules.
pub fn typed_reference(module: &str, id: RecordId) -> String {
    format!("{module}:{}", id.0)
}

/// Reads a key of a set of records of several modules.
pub fn read_typed_reference(key: &str) -> Option<(&str, RecordId)> {
    let (module, id) = key.split_once(':')?;
    Some((module, id.parse().ok()?))
}

/// Writes an id the way references store it: a hyphenated UUID in lower case.
pub fn id_scalar(id: RecordId) -> Scalar {
    Scalar::Text(id.0.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composites_are_canonical_and_read_back() {
        let reference = NamedReference { id: RecordId::from_bytes([7; 16]), name: "آریا".into() };
        let scalar = reference.to_scalar();
        assert_eq!(
            scalar,
            Scalar::text("{\"id\":\"07070707-0707-0707-0707-070707070707\",\"name\":\"آریا\"}")
        );
        assert_eq!(NamedReference::from_scalar(&scalar), Some(reference));
        assert_eq!(reference_id(&scalar), reference_id(&id_scalar(RecordId::from_bytes([7; 16]))));
    }

    #[test]
    fn what_no_command_writes_reads_as_nothing() {
        assert_eq!(Money::from_scalar(&Scalar::text("{\"currency\":\"IRR\",\"value\":\"-1\"}")), None);
        assert_eq!(Discount::from_scalar(&Scalar::text("{\"kind\":\"percent\",\"pct\":\"101\"}")), None);
        assert_eq!(Lifecycle::from_scalar(&Scalar::Int(3)), None);
        assert_eq!(StageEntry::from_scalar(&Scalar::text("{}")), None);
    }

    #[test]
    fn totals_seen_are_keyed_by_currency() {
        let mode = AmountMode {
            mode: Mode::Manual,
            lines_total_seen: [(Currency::IRR, "1000".to_owned())].into(),
            manual_seen: None,
        };
        assert_eq!(
            mode.to_scalar(),
            Scalar::text("{\"lines_total_seen\":{\"IRR\":\"1000\"},\"mode\":\"manual\"}")
        );
    }
}
