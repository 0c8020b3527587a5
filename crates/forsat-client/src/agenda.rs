//! What a person has before them today: due and overdue, what to decide, what is unsent.
//!
//! One walk over the rows; what is kept of it is bounded, however many records there are.

use crate::engine::Engine;
use crate::error::ClientError;
use crate::find;
use crate::model::IssueView;
use crate::reports::is_open;
use crate::view::Viewer;
use crate::world::{self, StoreWorld, each_state};
use crate::{ids, status, turn};
use forsat_domain::composite::{Composite, Moment, read_typed_reference, reference_id};
use forsat_domain::id::encode_id;
use forsat_domain::issue::{Issue, IssueCode, issues, issues_of_deal};
use forsat_domain::opportunity::{Deal, Standing};
use forsat_domain::record::RecordState;
use forsat_domain::schema::{ACCOUNT, ACTIVITY, OPPORTUNITY, USER};
use forsat_domain::{CivilDate, Money, RecordId, UserId, date};
use forsat_store::{Access, ReadTx};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Entries that a list of the day shows; the rest is counted.
const LISTED_MAX: usize = 10;

/// Issues of one kind that are shown one by one; more are counted.
const EACH_SHOWN_MAX: usize = 5;

/// Something with a day on it: an activity to be done, or a deal expected to close.
#[derive(Clone, Debug, Serialize)]
pub struct DueItem {
    /// The record.
    pub id: Uuid,
    /// Its short id.
    pub short: String,
    /// How many characters of `short` name it alone.
    pub prefix: usize,
    /// `activity` or `opportunity`.
    pub module: String,
    /// The activity's kind; none for a deal.
    pub kind: Option<String>,
    /// Its name.
    pub name: String,
    /// The day, `YYYY-MM-DD`.
    pub day: CivilDate,
    /// When it starts, in milliseconds since 1970 UTC, where an hour was agreed on.
    pub starts_ms: Option<i64>,
    /// What the activity is about, or the deal's account.
    pub about: Option<String>,
    /// The deal's amount, where it is one and the amount is known.
    pub amount: Option<Money>,
}

/// A list of the day, cut to what a person reads.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DueList {
    /// How many there are.
    pub total: u64,
    /// The earliest of them.
    pub items: Vec<DueItem>,
}

/// What is to be decided, cut to what a person reads.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TodayIssues {
    /// How many there are.
    pub total: u64,
    /// How many there are of each kind.
    pub by_code: BTreeMap<String, u64>,
    /// Those of kinds that few records have.
    pub first: Vec<IssueView>,
}

/// What this store's user has before them today.
#[derive(Clone, Debug, Serialize)]
pub struct TodayView {
    /// The organisation's current day.
    pub today: CivilDate,
    /// The user's name.
    pub user_name: String,
    /// Assigned to the user, with a day that has passed.
    pub overdue: DueList,
    /// Assigned to the user, for today.
    pub due: DueList,
    /// What a merge left to decide, of all records.
    pub issues: TodayIssues,
    /// Edits that the relay refused.
    pub refused: u64,
    /// What the sync found wrong.
    pub sync_issues: u64,
    /// Changes that wait to be sent.
    pub unsent: u64,
    /// The relay's address; none when the store is local.
    pub relay: Option<String>,
    /// When every space was last level with the relay, in milliseconds since 1970 UTC.
    pub synced_at_ms: Option<i64>,
}

impl Engine {
    /// What this store's user has before them today.
    pub fn today_view(&self) -> Result<TodayView, ClientError> {
        let tx = self.read()?;
        let world = StoreWorld::new(&tx)?.with_module(USER)?.with_module(ACCOUNT)?;
        let today = world::today(forsat_domain::World::settings(&world), self.ambient().now_ms());
        let viewer = Viewer { world: &world, schema: self.schema(), locale: self.locale(), today };
        let identity = tx.identity()?;
        let user = identity.user.as_ref().map(ids::user_id);
        let mut day = Day { viewer: &viewer, user, overdue: Ranked::default(), due: Ranked::default() };
        let mut decide = Decide::default();
        for table in self.schema().modules() {
            each_state(&tx, &table.name, &mut |state| {
                let deal = (table.name == OPPORTUNITY).then(|| Deal::read(&state, &world, today));
                day.look(&state, deal.as_ref());
                let found = match &deal {
                    Some(deal) => issues_of_deal(&state, deal, self.schema(), &world),
                    None => issues(&state, self.schema(), &world, today),
                };
                decide.take(&state, found);
            })?;
        }
        let (overdue, due) = (day.overdue, day.due);
        let spaces = status::spaces(&tx)?;
        let view = TodayView {
            today,
            user_name: user.and_then(|user| viewer.user(user)).unwrap_or_default(),
            overdue: overdue.list(&tx)?,
            due: due.list(&tx)?,
            issues: decide.finish(self, &viewer, &tx)?,
            refused: status::refused(self, &tx)?.len() as u64,
            sync_issues: status::sync_issues(&tx)?.len() as u64,
            unsent: turn::unsent(&tx)?,
            relay: identity.relay.map(|relay| relay.url),
            synced_at_ms: spaces.iter().map(|space| space.synced_at_ms).min().flatten(),
        };
        world.check()?;
        Ok(view)
    }
}

/// The earliest entries of a list, and how many there were.
#[derive(Default)]
struct Ranked {
    total: u64,
    first: BTreeMap<(CivilDate, Option<i64>, RecordId), DueItem>,
}

impl Ranked {
    fn add(&mut self, item: DueItem) {
        self.total += 1;
        self.first.insert((item.day, item.starts_ms, RecordId(item.id)), item);
        if self.first.len() > LISTED_MAX {
            self.first.pop_last();
        }
    }

    fn list(self, tx: &ReadTx) -> Result<DueList, ClientError> {
        let mut items = Vec::new();
        for mut item in self.first.into_values() {
            item.prefix = find::prefix_len(tx, RecordId(item.id))?;
            items.push(item);
        }
        Ok(DueList { total: self.total, items })
    }
}

/// The user's day as the walk goes on.
struct Day<'v, 'w, 't, A: Access> {
    viewer: &'v Viewer<'w, 't, A>,
    user: Option<UserId>,
    overdue: Ranked,
    due: Ranked,
}

impl<A: Access> Day<'_, '_, '_, A> {
    fn look(&mut self, state: &RecordState, deal: Option<&Deal>) {
        let mine = reference_id(state.winner("assigned_user_id")).map(|id| UserId(id.0)) == self.user;
        if !mine {
            return;
        }
        let item = match deal {
            Some(deal) => self.deal(state, deal),
            None if state.module == ACTIVITY => self.activity(state),
            None => None,
        };
        match item {
            Some(item) if item.day < self.viewer.today => self.overdue.add(item),
            Some(item) if item.day == self.viewer.today => self.due.add(item),
            _ => {}
        }
    }

    fn deal(&self, state: &RecordState, deal: &Deal) -> Option<DueItem> {
        let open = deal.stage.standing == Standing::Open && deal.is_counted();
        let day = deal.close_date.filter(|_| open)?;
        Some(DueItem {
            about: deal.account.as_ref().map(|account| account.name.clone()),
            amount: deal.amount.worth.known(),
            ..item(state, &deal.name, day)
        })
    }

    fn activity(&self, state: &RecordState) -> Option<DueItem> {
        if !is_open(state) {
            return None;
        }
        let start = Moment::from_scalar(state.winner("start"));
        let due = state.winner("due_date").as_text().and_then(|text| text.parse().ok());
        let starts = start
            .as_ref()
            .and_then(|moment| Some(date::civil_date_of(moment.instant, moment.zone.parse().ok()?)));
        let world = self.viewer.world;
        let parents = state.set("parents").filter_map(read_typed_reference);
        let about: Vec<String> = parents.filter_map(|(_, id)| world.name(id)).collect();
        let name = forsat_domain::schema::record_name(state);
        Some(DueItem {
            kind: state.winner("kind").as_text().map(str::to_owned),
            starts_ms: start.map(|moment| moment.instant),
            about: (!about.is_empty()).then(|| about.join("، ")),
            ..item(state, &name, due.or(starts)?)
        })
    }
}

fn item(state: &RecordState, name: &str, day: CivilDate) -> DueItem {
    DueItem {
        id: state.id.0,
        short: encode_id(state.id.as_bytes()),
        prefix: 0,
        module: state.module.clone(),
        kind: None,
        name: name.to_owned(),
        day,
        starts_ms: None,
        about: None,
        amount: None,
    }
}

/// The issues as the walk goes on: counts, and the records of kinds that few have.
#[derive(Default)]
struct Decide {
    counts: BTreeMap<IssueCode, u64>,
    few: BTreeMap<IssueCode, Vec<(RecordState, Issue)>>,
}

impl Decide {
    fn take(&mut self, state: &RecordState, found: Vec<Issue>) {
        for issue in found.into_iter().filter(|issue| !issue.info_only) {
            *self.counts.entry(issue.code).or_default() += 1;
            let few = self.few.entry(issue.code).or_default();
            if few.len() < EACH_SHOWN_MAX {
                few.push((state.clone(), issue));
            }
        }
    }

    fn finish<A: Access>(
        self,
        engine: &Engine,
        viewer: &Viewer<'_, '_, A>,
        tx: &ReadTx,
    ) -> Result<TodayIssues, ClientError> {
        let shown: BTreeSet<IssueCode> = self
            .counts
            .iter()
            .filter(|(_, count)| **count <= EACH_SHOWN_MAX as u64)
            .map(|(code, _)| *code)
            .collect();
        let mut first = Vec::new();
        let few = self.few.into_iter().filter(|(code, _)| shown.contains(code));
        for (state, issue) in few.flat_map(|(_, few)| few).take(EACH_SHOWN_MAX) {
            let deal = viewer.deal(&state);
            let prefix = find::prefix_len(tx, state.id)?;
            first.push(engine.issue_view(viewer, &state, deal.as_ref(), prefix, issue));
        }
        Ok(TodayIssues {
            total: self.counts.values().sum(),
            by_code: self.counts.iter().map(|(code, count)| (code.as_str().to_owned(), *count)).collect(),
            first,
        })
    }
}
