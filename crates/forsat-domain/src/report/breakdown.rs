//! The pipeline broken down by who, where from, what and when. Every breakdown adds up to the same total.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;

use super::{OpenTally, PipelineNotes, Tally};
use crate::canonical::exact_product;
use crate::composite::reference_id;
use crate::date::CivilDate;
use crate::id::RecordId;
use crate::lifecycle;
use crate::money::Money;
use crate::opportunity::{Deal, Standing};
use crate::record::{RecordState, Scalar};
use crate::schema::{SettingList, record_name};
use crate::settings::Settings;
use crate::world::World;

/// What deals are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Who is responsible.
    Owner,
    /// The team of who is responsible.
    Team,
    /// Where the deal comes from.
    Source,
    /// The campaign.
    Campaign,
    /// The account.
    Account,
    /// The products of its lines.
    Product,
    /// The month: of the outcome for closed deals, the expected one for open ones.
    Period,
}

/// The deals of one owner, source, product or month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BreakdownRow {
    /// The record's id, the list item's id, the team, or the month as `1404-06`; none for deals without one.
    pub key: Option<String>,
    /// What people read, in English; empty for deals without a key.
    pub label_en: String,
    /// What people read, in Persian; empty for deals without a key.
    pub label_fa: String,
    /// Its open deals.
    #[serde(flatten)]
    pub open: OpenTally,
    /// Deals won, as booked.
    pub won: Tally,
    /// Deals lost, as booked.
    pub lost: Tally,
    /// Deals that one person won and another lost.
    pub disputed: Tally,
}

/// The pipeline broken down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BreakdownReport {
    /// By what.
    pub dimension: Dimension,
    /// The organisation's currency, which every sum is in.
    pub currency: crate::currency::Currency,
    /// The day for which it was computed.
    pub today: CivilDate,
    /// A row a key: months in order, others by their open amount, the largest first; deals without a key last.
    pub rows: Vec<BreakdownRow>,
    /// All deals, each once. A deal of several products counts in the row of each, with its share of the amount.
    pub total: BreakdownRow,
    /// What can't be counted.
    #[serde(flatten)]
    pub notes: PipelineNotes,
}

/// A breakdown while records are being read, one at a time, in any order.
pub struct BreakdownBuilder<'a> {
    world: &'a dyn World,
    settings: &'a Settings,
    dimension: Dimension,
    today: CivilDate,
    rows: BTreeMap<Option<String>, BreakdownRow>,
    total: BreakdownRow,
    notes: PipelineNotes,
}

impl std::fmt::Debug for BreakdownBuilder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BreakdownBuilder").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// A key with what people read for it.
struct Key {
    key: Option<String>,
    en: String,
    fa: String,
}

impl Key {
    fn none() -> Self {
        Self { key: None, en: String::new(), fa: String::new() }
    }

    fn plain(key: String, label: String) -> Self {
        Self { key: Some(key), en: label.clone(), fa: label }
    }
}

/// What one deal comes to in one row.
#[derive(Clone, Copy)]
struct Share {
    base: Option<Money>,
    weighted: Option<Money>,
}

impl<'a> BreakdownBuilder<'a> {
    /// Begins a breakdown.
    pub fn new(world: &'a dyn World, today: CivilDate, dimension: Dimension) -> Self {
        let settings = world.settings();
        Self {
            world,
            settings,
            dimension,
            today,
            rows: BTreeMap::new(),
            total: row(Key::none(), settings),
            notes: PipelineNotes::default(),
        }
    }

    /// Counts an opportunity, unless it is deleted, merged into another, or open and inactive.
    pub fn add(&mut self, state: &RecordState) {
        let deal = Deal::read(state, self.world, self.today);
        if !deal.is_counted() || lifecycle::is_superseded(state, self.world) {
            return;
        }
        self.notes.count(&deal);
        let whole =
            Share { base: deal.base.known(), weighted: deal.weighted(self.settings.currency).known() };
        count(&mut self.total, deal.stage.standing, whole);
        for (key, share) in self.shares(state, &deal, whole) {
            let settings = self.settings;
            let labels = (key.en.clone(), key.fa.clone());
            let row = self.rows.entry(key.key.clone()).or_insert_with(|| row(key, settings));
            // Deals may have kept different names of a record that isn't here: any rule will do that knows no order.
            if labels < (row.label_en.clone(), row.label_fa.clone()) {
                (row.label_en, row.label_fa) = labels;
            }
            count(row, deal.stage.standing, share);
        }
    }

    fn shares(&self, state: &RecordState, deal: &Deal, whole: Share) -> Vec<(Key, Share)> {
        if self.dimension == Dimension::Product {
            return self.by_product(deal, whole);
        }
        vec![(self.key(state, deal), whole)]
    }

    fn key(&self, state: &RecordState, deal: &Deal) -> Key {
        let reference = |field| reference_id(state.winner(field));
        match self.dimension {
            Dimension::Owner => self.record(reference("assigned_user_id")),
            Dimension::Team => self.team(reference("assigned_user_id")),
            Dimension::Campaign => self.record(reference("campaign_id")),
            Dimension::Account => match &deal.account {
                Some(account) => Key::plain(account.id.0.to_string(), account.name.clone()),
                None => Key::none(),
            },
            Dimension::Source => self.source(state.winner("lead_source")),
            Dimension::Period | Dimension::Product => self.month(deal),
        }
    }

    fn record(&self, id: Option<RecordId>) -> Key {
        let Some(id) = id.map(|id| lifecycle::surviving_id(id, self.world)) else { return Key::none() };
        let name = self.world.record(id).map(|record| record_name(&record)).filter(|name| !name.is_empty());
        Key::plain(id.0.to_string(), name.unwrap_or_else(|| id.to_string()))
    }

    fn team(&self, owner: Option<RecordId>) -> Key {
        let owner = owner.map(|id| lifecycle::surviving_id(id, self.world));
        let owner = owner.and_then(|id| self.world.record(id));
        let team = owner.as_ref().and_then(|owner| owner.winner("team").as_text()).map(str::trim);
        match team.filter(|team| !team.is_empty()) {
            Some(team) => Key::plain(team.to_owned(), team.to_owned()),
            None => Key::none(),
        }
    }

    fn source(&self, value: &Scalar) -> Key {
        let Some(id) = value.as_text().filter(|id| !id.is_empty()) else { return Key::none() };
        match self.settings.item(SettingList::LeadSources, id) {
            Some(item) => {
                Key { key: Some(id.to_owned()), en: item.label.en.to_string(), fa: item.label.fa.to_string() }
            }
            None => Key::plain(id.to_owned(), id.to_owned()),
        }
    }

    fn month(&self, deal: &Deal) -> Key {
        let closed = !matches!(deal.stage.standing, Standing::Open | Standing::Unknown);
        let day = if closed { deal.stage.close_date } else { deal.close_date };
        let Some(day) = day else { return Key::none() };
        let (year, month, _) = day.in_calendar(self.settings.calendar);
        Key::plain(format!("{year:04}-{month:02}"), format!("{year:04}/{month:02}"))
    }

    /// Spreads the deal's rounded amounts over its lines' nets.
    fn by_product(&self, deal: &Deal, whole: Share) -> Vec<(Key, Share)> {
        let day = deal.stage.close_date.filter(|_| deal.stage.standing.is_closed()).unwrap_or(self.today);
        let mut nets: BTreeMap<Option<String>, (Key, Decimal)> = BTreeMap::new();
        for line in deal.amount.kept_lines() {
            let key = match line.product_id {
                Some(id) => self.product(id, &line.name),
                None => Key::none(),
            };
            let net = line.figures.as_ref().ok().map(|figures| figures.net);
            let net = net.and_then(|net| self.settings.rates.convert(net, self.settings.currency, day).ok());
            let place = nets.entry(key.key.clone()).or_insert((key, Decimal::ZERO));
            place.1 = place.1.checked_add(net.map_or(Decimal::ZERO, |net| net.value())).unwrap_or(place.1);
        }
        if nets.is_empty() {
            return vec![(Key::none(), whole)];
        }
        let weights: Vec<Decimal> = nets.values().map(|(_, net)| *net).collect();
        let spread = |amount: Option<Money>| match amount {
            Some(amount) => spread(amount, &weights).into_iter().map(Some).collect(),
            None => vec![None; weights.len()],
        };
        let (bases, weighted) = (spread(whole.base), spread(whole.weighted));
        let shares = bases.into_iter().zip(weighted).map(|(base, weighted)| Share { base, weighted });
        nets.into_values().map(|(key, _)| key).zip(shares).collect()
    }

    fn product(&self, id: RecordId, snapshot: &str) -> Key {
        let id = lifecycle::surviving_id(id, self.world);
        let name = self.world.record(id).map(|record| record_name(&record)).filter(|name| !name.is_empty());
        Key::plain(id.0.to_string(), name.unwrap_or_else(|| snapshot.to_owned()))
    }

    /// Ends the breakdown.
    pub fn finish(self) -> BreakdownReport {
        let mut rows: Vec<BreakdownRow> = self.rows.into_values().collect();
        let amount = |row: &BreakdownRow| row.open.open.amount.map(|amount| amount.value());
        match self.dimension {
            Dimension::Period => rows.sort_by(|left, right| {
                (left.key.is_none(), &left.key).cmp(&(right.key.is_none(), &right.key))
            }),
            _ => rows.sort_by(|left, right| {
                let by_key = || (left.key.is_none(), &left.key).cmp(&(right.key.is_none(), &right.key));
                let none_last = left.key.is_none().cmp(&right.key.is_none());
                none_last.then_with(|| amount(right).cmp(&amount(left))).then_with(by_key)
            }),
        }
        BreakdownReport {
            dimension: self.dimension,
            currency: self.settings.currency,
            today: self.today,
            rows,
            total: self.total,
            notes: self.notes,
        }
    }
}

fn row(key: Key, settings: &Settings) -> BreakdownRow {
    let zero = || Tally::zero(settings.currency);
    BreakdownRow {
        key: key.key,
        label_en: key.en,
        label_fa: key.fa,
        open: OpenTally::zero(settings),
        won: zero(),
        lost: zero(),
        disputed: zero(),
    }
}

fn count(row: &mut BreakdownRow, standing: Standing, share: Share) {
    let tally = match standing {
        Standing::Open | Standing::Unknown => {
            if let Some(weighted) = share.weighted {
                row.open.weighted = row.open.weighted.and_then(|sum| sum.checked_add(weighted).ok());
            }
            &mut row.open.open
        }
        Standing::Won => &mut row.won,
        Standing::Lost => &mut row.lost,
        Standing::Disputed => &mut row.disputed,
    };
    match share.base {
        Some(base) => tally.add(base),
        None => tally.count += 1,
    }
}

/// Spreads an amount in proportion to weights by largest remainder; the parts add up to it exactly.
///
/// Weights that are all zero, or too large to compute with, give everything to the first part.
fn spread(amount: Money, weights: &[Decimal]) -> Vec<Money> {
    let currency = amount.currency();
    let unit = Decimal::new(1, currency.scale());
    let total: Option<Decimal> =
        weights.iter().try_fold(Decimal::ZERO, |sum, weight| sum.checked_add(*weight));
    let exact = |weight: Decimal| {
        let total = total.filter(|total| !total.is_zero())?;
        exact_product(amount.value(), weight)?.checked_div(total)
    };
    let Some(exact) = weights.iter().map(|weight| exact(*weight)).collect::<Option<Vec<Decimal>>>() else {
        let zero = Money::zero(currency);
        return (0..weights.len()).map(|at| if at == 0 { amount } else { zero }).collect();
    };
    let mut parts: Vec<Decimal> = exact.iter().map(|part| part.trunc_with_scale(currency.scale())).collect();
    let mut rest = amount.value() - parts.iter().sum::<Decimal>();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    // The largest remainder first; ties go by the order of the parts, which is the same everywhere.
    order.sort_by(|left, right| {
        (exact[*right] - parts[*right]).cmp(&(exact[*left] - parts[*left])).then(left.cmp(right))
    });
    for at in order.into_iter().cycle().take(weights.len() * 2) {
        if rest < unit {
            break;
        }
        parts[at] += unit;
        rest -= unit;
    }
    parts.into_iter().map(|part| Money::rounded(part, currency)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::win;
    use crate::edit::{Edit, preview};
    use crate::testing::{Desk, jalali, line, on, rials};

    fn breakdown(desk: &Desk, deals: &[RecordState], dimension: Dimension) -> BreakdownReport {
        let mut builder = BreakdownBuilder::new(&desk.world, desk.today, dimension);
        deals.iter().for_each(|deal| builder.add(deal));
        builder.finish()
    }

    const ALL: [Dimension; 7] = [
        Dimension::Owner,
        Dimension::Team,
        Dimension::Source,
        Dimension::Campaign,
        Dimension::Account,
        Dimension::Product,
        Dimension::Period,
    ];

    #[test]
    fn every_breakdown_adds_up_to_the_same_total() {
        let mut desk = Desk::new();
        let mut deals: Vec<RecordState> = (1..5).map(|amount| desk.deal(amount * 37 + 1)).collect();
        deals[1] = preview(&deals[1], &[Edit::set("lead_source", "partner")]);
        deals.push(desk.deal_with(Vec::new(), vec![line("a", rials(5)), line("b", rials(7))]));
        let sold = desk.deal(900);
        deals.push(preview(&sold, &desk.run(|ctx| win(ctx, &sold, &on(jalali(1404, 5, 1)))).unwrap()));
        let total = breakdown(&desk, &deals, Dimension::Owner).total;
        for dimension in ALL {
            let report = breakdown(&desk, &deals, dimension);
            assert_eq!(report.total, total, "{dimension:?}");
            let add = |pick: fn(&BreakdownRow) -> Option<Money>| {
                Money::sum(report.currency, report.rows.iter().filter_map(pick)).unwrap()
            };
            assert_eq!(Some(add(|row| row.open.open.amount)), total.open.open.amount, "{dimension:?}");
            assert_eq!(Some(add(|row| row.open.weighted)), total.open.weighted, "{dimension:?}");
            assert_eq!(Some(add(|row| row.won.amount)), total.won.amount, "{dimension:?}");
        }
    }

    #[test]
    fn sources_have_labels_and_deals_without_one_stand_last() {
        let mut desk = Desk::new();
        let plain = desk.deal(1_000);
        let partner = preview(&desk.deal(10), &[Edit::set("lead_source", "partner")]);
        let report = breakdown(&desk, &[plain, partner], Dimension::Source);
        let labels: Vec<(&str, &str)> =
            report.rows.iter().map(|row| (row.label_en.as_str(), row.label_fa.as_str())).collect();
        assert_eq!(labels, [("Partner", "شریک تجاری"), ("", "")]);
    }

    #[test]
    fn an_amount_is_spread_by_largest_remainder() {
        let third = [Decimal::ONE; 3];
        assert_eq!(spread(rials(100), &third), [rials(34), rials(33), rials(33)]);
        let nets = [Decimal::from(1), Decimal::from(2)];
        assert_eq!(spread(rials(100), &nets), [rials(33), rials(67)]);
        assert_eq!(spread(rials(100), &[Decimal::ZERO; 2]), [rials(100), rials(0)]);
        assert_eq!(spread(rials(5), &[Decimal::MAX, Decimal::MAX]), [rials(5), rials(0)]);
    }
}
