//! What a deal comes to: its stage, probability, amount and booking, derived from the merged record.
//!
//! Everything here is a pure function of the record, the other records, the settings and "today", so replicas that
//! hold the same changes agree. Conflicts never stop the derivation; they are turned into issues elsewhere.

use serde::Serialize;

use crate::composite::{Booking, Composite, NamedReference, ProbabilityOverride, reference_id};
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::id::{RecordId, UserId};
use crate::lifecycle::{self, Life, Target};
use crate::money::{Money, PowerOfTen};
use crate::record::RecordState;
use crate::schema::record_name;
use crate::settings::{ConvertError, Settings};
use crate::world::World;

mod amount;
mod late;
mod line;
mod stage;
#[cfg(test)]
mod tests;

pub use amount::{Amount, Worth, display_currency, lines_total_seen};
pub use late::{LateClosing, late_closing};
pub use line::{Line, LineFigures, LineProblem, figures};
pub use stage::{CurrentStage, LostBooking, Reason, StageFlag, Standing, lost_bookings};

/// Where a probability comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbabilitySource {
    /// The outcome: 100 or 0.
    Outcome,
    /// A hand that set it for this stay in the stage.
    Override,
    /// The stage's default.
    Stage,
    /// Nothing: the stage is unknown, or the outcome disputed.
    Nothing,
}

/// A probability with its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Probability {
    /// Percent, 0 to 100.
    pub pct: u8,
    /// Where it comes from.
    pub source: ProbabilitySource,
}

/// The account of a deal as it can be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountView {
    /// The account that the reference leads to.
    pub id: RecordId,
    /// Its current name, or the snapshot where it is not on this device.
    pub name: String,
    /// Whether it is on this device.
    pub here: bool,
    /// Whether it is deleted.
    pub trashed: bool,
}

/// A deal, derived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deal {
    /// The record's id.
    pub id: RecordId,
    /// Its name; empty when it has none.
    pub name: String,
    /// The account; none when nothing readable is attached.
    pub account: Option<AccountView>,
    /// Who is responsible.
    pub owner: Option<UserId>,
    /// How the record lives.
    pub life: Life,
    /// Whether its status is active; only an open deal leaves the reports without it.
    pub active: bool,
    /// Where it stands.
    pub stage: CurrentStage,
    /// The effective probability.
    pub probability: Probability,
    /// Its amount and lines.
    pub amount: Amount,
    /// The amount in the organisation's currency: open at today's rate, closed as booked.
    pub base: Worth,
    /// The expected date of the outcome.
    pub close_date: Option<CivilDate>,
    /// The day it began.
    pub opened_on: Option<CivilDate>,
}

impl Deal {
    /// Derives a deal from its record.
    pub fn read(state: &RecordState, world: &dyn World, today: CivilDate) -> Self {
        let settings = world.settings();
        let mut stage = CurrentStage::read(state, settings);
        let late = late_closing(state, world, today);
        if let Some(late) = &late {
            late.dispute(&mut stage);
        }
        let rate_day = stage.close_date.filter(|_| stage.standing.is_closed()).unwrap_or(today);
        let mut amount = Amount::read(state, settings, rate_day);
        if let Some(late) = late {
            amount.worth = late.amount;
        }
        let text = |field: &str| state.winner(field).as_text();
        let date = |field: &str| text(field).and_then(|date| date.parse().ok());
        Self {
            id: state.id,
            name: text("name").unwrap_or_default().to_owned(),
            account: account(state, world),
            owner: reference_id(state.winner("assigned_user_id")).map(|id| UserId(id.0)),
            life: Life::of(state),
            active: text("status") != Some("inactive"),
            probability: probability(state, &stage, settings),
            base: base(&stage, &amount, settings, rate_day),
            close_date: date("close_date"),
            opened_on: date("opened_on"),
            stage,
            amount,
        }
    }

    /// Tells whether reports count the deal: visible, and active unless it is closed or disputed.
    ///
    /// A record that was merged into another is left out by the report, which knows the others.
    pub fn is_counted(&self) -> bool {
        let closed = matches!(self.stage.standing, Standing::Won | Standing::Lost | Standing::Disputed);
        self.life.is_visible() && (self.active || closed)
    }

    /// The probability's share of the amount in the organisation's currency, rounded for this deal.
    ///
    /// Zero for closed and disputed deals, which are counted whole in rows of their own.
    pub fn weighted(&self, organisation: Currency) -> Worth {
        if self.stage.standing != Standing::Open {
            return Worth::Known(Money::zero(organisation));
        }
        match self.base {
            Worth::Known(base) => base
                .checked_fraction(self.probability.pct.into(), PowerOfTen::Hundred)
                .map_or(Worth::Overflow, Worth::Known),
            unknown => unknown,
        }
    }

    /// The amount that differs from what closing booked: (booked, live). None for open deals and where they agree.
    pub fn changed_since_booked(&self) -> Option<(Option<Money>, Worth)> {
        if !self.stage.standing.is_closed() {
            return None;
        }
        let booked = self.stage.booked().and_then(|booked| Money::new(booked.amount, booked.currency).ok());
        let differs = match (self.amount.worth, booked) {
            (Worth::Known(live), Some(booked)) => live != booked,
            // A deal closed without an amount has nothing booked; one that gets an amount later differs.
            (Worth::Known(live), None) => !live.is_zero(),
            (Worth::Empty, Some(booked)) => !booked.is_zero(),
            _ => false,
        };
        differs.then_some((booked, self.amount.worth))
    }
}

/// What closing on a day books; none where the amount is empty or unknown.
pub fn booking(state: &RecordState, settings: &Settings, day: CivilDate) -> Option<Booking> {
    let Worth::Known(amount) = Amount::read(state, settings, day).worth else { return None };
    let base = settings.rates.convert(amount, settings.currency, day).ok();
    Some(Booking {
        amount: amount.value(),
        currency: amount.currency(),
        org_currency: settings.currency,
        rate: settings.rates.on(amount.currency(), day).filter(|_| base.is_some()),
        base: base.map(|base| base.value()),
    })
}

/// Finds the account and the name to show for it.
fn account(state: &RecordState, world: &dyn World) -> Option<AccountView> {
    let value = state.winner("account_id");
    let id = reference_id(value)?;
    let snapshot = NamedReference::from_scalar(value).map(|reference| reference.name).unwrap_or_default();
    let target = lifecycle::resolve(id, world);
    let trashed = target.is_trashed();
    Some(match target {
        Target::Found { record, .. } => {
            AccountView { id: record.id, name: account_name(&record, snapshot), here: true, trashed }
        }
        Target::NotOnThisDevice(id) => AccountView { id, name: snapshot, here: false, trashed },
    })
}

fn account_name(record: &RecordState, snapshot: String) -> String {
    Some(record_name(record)).filter(|name| !name.is_empty()).unwrap_or(snapshot)
}

/// Decides the probability: the outcome, else the override of this stay, else the stage's default.
fn probability(state: &RecordState, stage: &CurrentStage, settings: &Settings) -> Probability {
    use ProbabilitySource::{Nothing, Outcome as ByOutcome, Override, Stage};
    match stage.standing {
        Standing::Won => Probability { pct: 100, source: ByOutcome },
        Standing::Lost => Probability { pct: 0, source: ByOutcome },
        Standing::Disputed | Standing::Unknown => Probability { pct: 0, source: Nothing },
        Standing::Open => match live_override(state, stage) {
            Some(pct) => Probability { pct, source: Override },
            None => match settings.stages.effective(&stage.stage_id) {
                Some(known) => Probability { pct: known.probability, source: Stage },
                None => Probability { pct: 0, source: Nothing },
            },
        },
    }
}

/// The override that holds for the current stay.
///
/// A cleared side counts only where the stage itself is not in conflict: a stage move clears the override that it
/// leaves behind, and must not clear the one of the stay that won.
fn live_override(state: &RecordState, stage: &CurrentStage) -> Option<u8> {
    for side in state.sides("probability_override") {
        match ProbabilityOverride::from_scalar(&side.value) {
            Some(set) if stage.entry_ids.contains(&set.entry_id) => return Some(set.pct.min(100)),
            None if side.value.is_null() && state.sides("stage").len() < 2 => return None,
            _ => {}
        }
    }
    None
}

/// Tells whether an override was set for a stay that the merge moved the deal away from.
///
/// A local move clears the override, so one that is left over met the move in a merge.
pub fn has_dropped_override(state: &RecordState, stage: &CurrentStage) -> bool {
    state
        .sides("probability_override")
        .iter()
        .filter_map(|side| ProbabilityOverride::from_scalar(&side.value))
        .any(|set| !stage.entry_ids.contains(&set.entry_id))
}

/// Counts the deal in the organisation's currency.
fn base(stage: &CurrentStage, amount: &Amount, settings: &Settings, day: CivilDate) -> Worth {
    let booked = match stage.standing {
        Standing::Won | Standing::Lost | Standing::Disputed => stage.booked(),
        Standing::Open | Standing::Unknown => None,
    };
    match booked {
        Some(booked) => booked_base(booked, settings, stage.close_date.unwrap_or(day)),
        None => amount.worth.convert(settings, settings.currency, day),
    }
}

/// The booked amount in the organisation's currency, which may have changed since.
pub(crate) fn booked_base(booked: &Booking, settings: &Settings, day: CivilDate) -> Worth {
    let base = booked.base.map(|base| (base, booked.org_currency));
    let (value, currency) = base.unwrap_or((booked.amount, booked.currency));
    match Money::new(value, currency) {
        Ok(money) => Worth::Known(money).convert(settings, settings.currency, day),
        Err(_) => Worth::Known(Money::rounded(value, currency)).convert(settings, settings.currency, day),
    }
}

impl Worth {
    /// Counts the amount in another currency.
    pub(crate) fn convert(self, settings: &Settings, target: Currency, day: CivilDate) -> Self {
        let Self::Known(money) = self else { return self };
        match settings.rates.convert(money, target, day) {
            Ok(money) => Self::Known(money),
            Err(ConvertError::NoRate(currency)) => Self::NoRate(currency),
            Err(ConvertError::Overflow) => Self::Overflow,
        }
    }
}
