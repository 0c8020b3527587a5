//! What a merge, or the lack of a value, leaves for a person to decide or to know.
//!
//! Issues are derived, never stored: a pure function of the record, the other records, the settings and "today".
//! Their order, and the order of their sides, is the same on every replica. What every record can have is in
//! `common`, what only a deal can have in `deal`, what merged duplicates leave in `merged`.

use serde::Serialize;

use crate::composite::Mode;
use crate::date::CivilDate;
use crate::id::{RecordId, UserId};
use crate::lifecycle::{self, Life};
use crate::money::Money;
use crate::opportunity::Deal;
use crate::record::{RecordState, Scalar, Side, Stamp};
use crate::schema::{Label, OPPORTUNITY, SETTINGS, Schema};
use crate::world::World;

mod common;
mod deal;
mod merged;

pub(crate) use merged::{two_targets, value_at};

#[cfg(test)]
mod tests;

/// What an issue is about; the spelling in snake case is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueCode {
    /// Won by one, lost by another.
    DisputedOutcome,
    /// Closed by one, moved along by another: read as closed.
    ClosedAgainstOpen,
    /// Moved to two stages: one of them is read.
    StageConflict,
    /// Closed the same way in different months: the earliest is read.
    CloseDateConflict,
    /// Closed the same way for different reasons: read as unspecified.
    ReasonConflict,
    /// Deleted by one, edited or restored by another.
    DisputedDeletion,
    /// Merged into two records: one of them is read.
    MergeConflict,
    /// A duplicate that was merged into the record was edited by somebody who had not seen that.
    LateEdits,
    /// The amount was chosen to come from the lines by one and from the hand by another: the lines are read.
    AmountModeConflict,
    /// The lines changed after the amount was typed by hand.
    LinesChangedSinceManual,
    /// An entry was removed by one and edited, or put back, by another: it is kept.
    LineRemovedButEdited,
    /// The amount differs from what closing booked.
    AmountChangedAfterClose,
    /// A probability by hand fell away because another moved the deal.
    OverrideDropped,
    /// Two people wrote different values.
    FieldConflict,
    /// The account is deleted.
    AccountTrashed,
    /// The settings do not have the deal's stage.
    UnknownStage,
    /// No stage of a closing kind is offered: the archived ones are read as live.
    NoLiveClosingStage,
    /// An amount is in a currency without a rate.
    NoRate,
    /// An amount is too large to compute with.
    Overflow,
    /// A deal without an amount.
    AmountMissing,
    /// A lost deal without a reason.
    MissingReason,
    /// A required field is empty.
    RequiredMissing,
    /// A stored value can't be read.
    UnreadableValue,
    /// Changes of the record were left out because they can't be read.
    UnreadableChanges,
    /// Parts of the amount are in different currencies.
    CurrencyMixed,
    /// A line's product is deleted.
    ProductTrashed,
}

/// Every code with its stable spelling and its titles in English and Persian.
const TITLES: &[(IssueCode, &str, &str, &str)] = &[
    (IssueCode::DisputedOutcome, "disputed_outcome", "disputed outcome", "نتیجه مورد اختلاف"),
    (
        IssueCode::ClosedAgainstOpen,
        "closed_against_open",
        "closed against moved on",
        "بسته‌شده در برابر جابه‌جاشده",
    ),
    (IssueCode::StageConflict, "stage_conflict", "two stages", "دو مرحله"),
    (
        IssueCode::CloseDateConflict,
        "close_date_conflict",
        "closed in different months",
        "بسته‌شده در ماه‌های متفاوت",
    ),
    (IssueCode::ReasonConflict, "reason_conflict", "different reasons", "دلیل‌های متفاوت"),
    (IssueCode::DisputedDeletion, "disputed_deletion", "disputed deletion", "حذف مورد اختلاف"),
    (IssueCode::MergeConflict, "merge_conflict", "merged into two records", "ادغام در دو رکورد"),
    (IssueCode::LateEdits, "late_edits", "edits of a merged duplicate", "ویرایش رکورد ادغام‌شده"),
    (
        IssueCode::AmountModeConflict,
        "amount_mode_conflict",
        "amount by hand or from lines",
        "مبلغ دستی یا از ردیف‌ها",
    ),
    (
        IssueCode::LinesChangedSinceManual,
        "lines_changed_since_manual",
        "lines changed since the amount was typed",
        "تغییر ردیف‌ها پس از ورود مبلغ",
    ),
    (IssueCode::LineRemovedButEdited, "line_removed_but_edited", "removed but edited", "ویرایش ردیف حذف‌شده"),
    (
        IssueCode::AmountChangedAfterClose,
        "amount_changed_after_close",
        "amount changed after closing",
        "تغییر مبلغ پس از بسته‌شدن",
    ),
    (IssueCode::OverrideDropped, "override_dropped", "probability by hand dropped", "کنار رفتن احتمال دستی"),
    (IssueCode::FieldConflict, "field_conflict", "two values", "دو مقدار"),
    (IssueCode::AccountTrashed, "account_trashed", "account deleted", "حساب حذف‌شده"),
    (IssueCode::UnknownStage, "unknown_stage", "unknown stage", "مرحله ناشناخته"),
    (IssueCode::NoLiveClosingStage, "no_live_closing_stage", "no closing stage left", "نبود مرحله پایانی"),
    (IssueCode::NoRate, "no_rate", "no exchange rate", "نبود نرخ تبدیل"),
    (IssueCode::Overflow, "overflow", "amount too large", "مبلغ بیش از اندازه بزرگ"),
    (IssueCode::AmountMissing, "amount_missing", "no amount", "نبود مبلغ"),
    (IssueCode::MissingReason, "missing_reason", "lost without a reason", "شکست بدون دلیل"),
    (IssueCode::RequiredMissing, "required_missing", "required value missing", "نبود مقدار لازم"),
    (IssueCode::UnreadableValue, "unreadable_value", "unreadable value", "مقدار ناخوانا"),
    (IssueCode::UnreadableChanges, "unreadable_changes", "unreadable changes", "تغییرهای ناخوانا"),
    (IssueCode::CurrencyMixed, "currency_mixed", "mixed currencies", "چند واحد پول"),
    (IssueCode::ProductTrashed, "product_trashed", "product deleted", "محصول حذف‌شده"),
];

impl IssueCode {
    /// Every code.
    pub fn all() -> impl Iterator<Item = Self> {
        TITLES.iter().map(|row| row.0)
    }

    /// The stable spelling.
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// A short title in both languages.
    pub fn label(self) -> Label {
        let (_, _, en, fa) = *self.row();
        Label::new(en, fa)
    }

    fn row(self) -> &'static (Self, &'static str, &'static str, &'static str) {
        TITLES.iter().find(|row| row.0 == self).expect("the table of titles has every code")
    }
}

/// One of the values that an issue is between.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssueSide {
    /// The place that the value is of, where that is not the issue's own field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The stored value; `Null` for an edit that is only named by its author and time.
    pub value: Scalar,
    /// What the amount comes to on this side, where the issue is about an amount.
    pub amount: Option<Money>,
    /// Who wrote it; none where it is derived, or its writer is not known.
    pub author: Option<UserId>,
    /// The writer's clock in UTC milliseconds; none where the side is derived.
    pub time_ms: Option<i64>,
}

impl IssueSide {
    fn of(side: &Side) -> Self {
        Self { value: side.value.clone(), ..Self::edited(&side.stamp) }
    }

    /// An edit of which only the author and the time matter.
    fn edited(stamp: &Stamp) -> Self {
        Self {
            field: None,
            value: Scalar::Null,
            amount: None,
            author: stamp.author,
            time_ms: Some(stamp.time_ms),
        }
    }

    /// A derived amount, which nobody wrote.
    fn derived(value: Scalar, amount: Option<Money>) -> Self {
        Self { field: None, value, amount, author: None, time_ms: None }
    }
}

/// One way to end an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// Takes a side by its number from 1.
    Take(usize),
    /// Gives one of the issue's words as the value.
    Word(&'static str),
    /// Gives another value of the field.
    Value,
}

/// Something for a person to decide or to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Issue {
    /// What it is about.
    pub code: IssueCode,
    /// The record.
    pub record: RecordId,
    /// The field, or `lines/<entry>/qty` for a register of an entry.
    pub field: String,
    /// The other record that it is about: a duplicate that was merged into this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<RecordId>,
    /// The values it is between, numbered from 1.
    pub sides: Vec<IssueSide>,
    /// Whether it is for information only: it ends by itself, or nobody has to act.
    pub info_only: bool,
    /// The ways to end it, the usual one first.
    pub resolutions: Vec<Resolution>,
}

impl Issue {
    fn new(code: IssueCode, record: RecordId, field: impl Into<String>) -> Self {
        Self {
            code,
            record,
            field: field.into(),
            about: None,
            sides: Vec::new(),
            info_only: false,
            resolutions: Vec::new(),
        }
    }

    /// Sides that can each be taken.
    fn take(mut self, sides: Vec<IssueSide>) -> Self {
        self.resolutions.extend((1..=sides.len()).map(Resolution::Take));
        self.sides = sides;
        self
    }

    /// Sides that are only shown.
    fn shown(mut self, sides: Vec<IssueSide>) -> Self {
        self.sides = sides;
        self
    }

    fn words(mut self, words: &[&'static str]) -> Self {
        self.resolutions.extend(words.iter().map(|word| Resolution::Word(word)));
        self
    }

    fn value(mut self) -> Self {
        self.resolutions.push(Resolution::Value);
        self
    }

    fn info(mut self) -> Self {
        self.info_only = true;
        self
    }

    /// The command that ends the issue in the usual way; none where none does. `reference` names the record.
    pub fn command(&self, reference: &str) -> Option<String> {
        let argument = match self.resolutions.first()? {
            Resolution::Take(number) => format!("--take {number}"),
            Resolution::Word(word) => format!("--value {word}"),
            Resolution::Value => "--value …".to_owned(),
        };
        Some(format!("forsat resolve {reference} {} {argument}", self.field))
    }
}

/// Every issue of a record, by (code, field); none for one that is deleted or that another here stands for.
pub fn issues(state: &RecordState, schema: &Schema, world: &dyn World, today: CivilDate) -> Vec<Issue> {
    if state.module == OPPORTUNITY {
        return issues_of_deal(state, &Deal::read(state, world, today), schema, world);
    }
    if !is_asked(state, world) {
        return Vec::new();
    }
    let mut found = common::issues(state, schema);
    found.extend(merged::issues(state, schema, world));
    if state.module == SETTINGS && !world.settings().stages.all_archived().is_empty() {
        found.push(Issue::new(IssueCode::NoLiveClosingStage, state.id, "stages"));
    }
    sorted(found)
}

/// Every issue of a deal that was derived already, by (code, field).
pub fn issues_of_deal(state: &RecordState, deal: &Deal, schema: &Schema, world: &dyn World) -> Vec<Issue> {
    if !is_asked(state, world) {
        return Vec::new();
    }
    let mut found = common::issues(state, schema);
    found.extend(merged::issues(state, schema, world));
    // What a closed deal was expected to do no longer matters.
    if deal.stage.standing.is_closed() {
        found.retain(|issue| issue.code != IssueCode::RequiredMissing || issue.field != "close_date");
    }
    found.extend(deal::issues(state, deal, world));
    sorted(found)
}

/// Tells whether anybody has to look at the record.
fn is_asked(state: &RecordState, world: &dyn World) -> bool {
    Life::of(state).is_visible() && !lifecycle::is_superseded(state, world)
}

fn sorted(mut issues: Vec<Issue>) -> Vec<Issue> {
    issues.sort_by(|left, right| (left.code, &left.field).cmp(&(right.code, &right.field)));
    issues
}

/// The word that chooses where an amount comes from.
const fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::Manual => "manual",
        Mode::Lines => "lines",
    }
}
