//! The amount of a deal: by hand, or from its lines; both inputs survive a merge.

use std::collections::BTreeMap;

use serde::Serialize;

use super::line::{Line, LineProblem, read_all};
use crate::canonical;
use crate::composite::{AmountMode, Composite, Mode};
use crate::currency::Currency;
use crate::date::CivilDate;
use crate::money::Money;
use crate::record::RecordState;
use crate::settings::Settings;

/// What an amount comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "value", rename_all = "snake_case")]
pub enum Worth {
    /// This much.
    Known(Money),
    /// Nobody gave one: shown as "—", counts 0, flagged.
    Empty,
    /// A part is in a currency without a rate: outside every sum, in a visible row.
    NoRate(Currency),
    /// More digits than can be computed with: outside every sum, in a visible row.
    Overflow,
}

impl Worth {
    /// The amount, where it is known.
    pub const fn known(self) -> Option<Money> {
        if let Self::Known(money) = self { Some(money) } else { None }
    }
}

/// The amount of a deal with all that it is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// What counts.
    pub worth: Worth,
    /// Where it comes from after a merge.
    pub mode: Mode,
    /// Whether two people chose apart where it should come from, or an amount was typed while the lines were chosen.
    pub mode_conflict: bool,
    /// The amount typed by hand, kept also while the lines count.
    pub manual: Option<Money>,
    /// What the lines come to, kept also while the hand's amount counts.
    pub lines_total: Worth,
    /// Whether the lines came to something else when the hand's amount was set.
    pub changed_since_manual: bool,
    /// Whether a part of the amount is in another currency than the rest.
    pub mixed: bool,
    /// Every line, removed ones included, in order.
    pub lines: Vec<Line>,
}

impl Amount {
    /// Derives the amount; parts in another currency are counted at the rates of `day`.
    pub fn read(state: &RecordState, settings: &Settings, day: CivilDate) -> Self {
        let lines = read_all(state, settings, day);
        let manual = Money::from_scalar(state.winner("manual_amount"));
        let (lines_total, lines_mixed) = lines_total(state, &lines, settings, day);
        let choices: Vec<AmountMode> = state
            .sides("amount_mode")
            .iter()
            .filter_map(|side| AmountMode::from_scalar(&side.value))
            .collect();
        let chose = |mode| choices.iter().any(|choice| choice.mode == mode);
        let mode = if chose(Mode::Lines) { Mode::Lines } else { Mode::Manual };
        let worth = match mode {
            Mode::Lines => lines_total,
            Mode::Manual => manual.map_or(Worth::Empty, Worth::Known),
        };
        // Any hand that saw the lines as they are now has answered for them.
        let seen_now = totals(&lines);
        let saw_manual = |choice: &AmountMode| choice.manual_seen == manual;
        let answered = choices.iter().any(|choice| choice.lines_total_seen == seen_now);
        Self {
            worth,
            mode,
            mode_conflict: mode == Mode::Lines && (chose(Mode::Manual) || !choices.iter().any(saw_manual)),
            manual,
            lines_total,
            changed_since_manual: mode == Mode::Manual
                && !answered
                && !(choices.is_empty() && seen_now.is_empty()),
            mixed: mode == Mode::Lines && lines_mixed,
            lines,
        }
    }

    /// The lines that count, in order.
    pub fn kept_lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.presence.is_kept())
    }
}

/// What the lines of a record come to, in the form that a choice of mode remembers.
pub fn lines_total_seen(
    state: &RecordState,
    settings: &Settings,
    day: CivilDate,
) -> BTreeMap<Currency, String> {
    totals(&read_all(state, settings, day))
}

/// Adds the totals with tax by currency; a sum that does not fit is remembered as such.
fn totals(lines: &[Line]) -> BTreeMap<Currency, String> {
    let mut totals: BTreeMap<Currency, Option<Money>> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.presence.is_kept()) {
        if let Ok(figures) = &line.figures {
            let currency = figures.total.currency();
            let sum = totals.entry(currency).or_insert_with(|| Some(Money::zero(currency)));
            *sum = sum.and_then(|sum| sum.checked_add(figures.total).ok());
        }
    }
    let spell =
        |sum: Option<Money>| sum.map_or("overflow".to_owned(), |sum| canonical::decimal_text(sum.value()));
    totals.into_iter().map(|(currency, sum)| (currency, spell(sum))).collect()
}

/// Adds what the lines come to, and tells whether currencies were mixed.
///
/// Lines of one currency add up in it; only a mixture is counted in the deal's currency.
fn lines_total(state: &RecordState, lines: &[Line], settings: &Settings, day: CivilDate) -> (Worth, bool) {
    let kept = || lines.iter().filter(|line| line.presence.is_kept());
    let mut parts = Vec::new();
    for line in kept() {
        match line.figures {
            Ok(figures) if settings.tax_in_amount => parts.push(figures.total),
            Ok(figures) => parts.push(figures.net),
            Err(LineProblem::Missing(_)) => {}
            Err(LineProblem::NoRate(currency)) => return (Worth::NoRate(currency), true),
            Err(LineProblem::Overflow) => return (Worth::Overflow, false),
        }
    }
    let Some(first) = parts.first().map(Money::currency) else { return (Worth::Empty, false) };
    let one_currency = parts.iter().all(|part| part.currency() == first);
    let mixed = !one_currency || kept().any(|line| line.mixed);
    let target = if one_currency { first } else { display_currency(state, settings) };
    (
        parts.into_iter().fold(Worth::Known(Money::zero(target)), |sum, part| add(sum, part, settings, day)),
        mixed,
    )
}

/// Adds a part to a sum, counted in the sum's currency.
fn add(sum: Worth, part: Money, settings: &Settings, day: CivilDate) -> Worth {
    let Worth::Known(so_far) = sum else { return sum };
    match Worth::Known(part).convert(settings, so_far.currency(), day) {
        Worth::Known(part) => so_far.checked_add(part).map_or(Worth::Overflow, Worth::Known),
        unknown => unknown,
    }
}

/// The currency that the deal is shown in.
pub fn display_currency(state: &RecordState, settings: &Settings) -> Currency {
    state.winner("currency").as_text().and_then(|code| code.parse().ok()).unwrap_or(settings.currency)
}
