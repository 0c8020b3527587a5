//! Reports over every deal: the pipeline, its breakdowns, the forecast, and where deals stand still.
//!
//! Each walks the rows of one moment of the store once and holds sums, not records.

mod past;

use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError};
use crate::world::{self, StoreWorld, each_state};
use forsat_domain::composite::read_typed_reference;
use forsat_domain::date::{self, parse_date};
use forsat_domain::lifecycle::{self, Life};
use forsat_domain::record::RecordState;
use forsat_domain::report::{
    BreakdownBuilder, BreakdownReport, ComparisonBuilder, Dimension, ForecastBuilder, ForecastComparison,
    ForecastReport, PipelineBuilder, PipelineReport, StuckBuilder, StuckReport,
};
use forsat_domain::schema::input::InputError;
use forsat_domain::schema::{ACCOUNT, ACTIVITY, CAMPAIGN, OPPORTUNITY, PRODUCT, USER};
use forsat_domain::world::World;
use forsat_domain::{CivilDate, RecordId};
use forsat_store::ReadTx;
use past::Past;
use std::collections::BTreeSet;

/// Statuses of activities that are still to come.
pub(crate) const OPEN_STATUSES: [&str; 5] =
    ["planned", "not_started", "in_progress", "pending_input", "deferred"];

impl Engine {
    /// The pipeline by stage, with what was won by quarter.
    pub fn pipeline(&self) -> Result<PipelineReport, ClientError> {
        self.pipeline_on(None)
    }

    /// The pipeline as it is counted on another day; none means the organisation's today.
    pub fn pipeline_on(&self, day: Option<CivilDate>) -> Result<PipelineReport, ClientError> {
        self.report(&[ACCOUNT], day, |tx, world, today| {
            let mut builder = PipelineBuilder::new(world, today);
            each_state(tx, OPPORTUNITY, &mut |state| builder.add(&state))?;
            Ok(builder.finish())
        })
    }

    /// The pipeline broken down by owner, source, product or the like.
    pub fn breakdown(&self, by: Dimension) -> Result<BreakdownReport, ClientError> {
        let modules: &[&str] = match by {
            Dimension::Owner | Dimension::Team => &[ACCOUNT, USER],
            Dimension::Campaign => &[ACCOUNT, CAMPAIGN],
            Dimension::Product => &[ACCOUNT, PRODUCT],
            Dimension::Source | Dimension::Account | Dimension::Period => &[ACCOUNT],
        };
        self.report(modules, None, |tx, world, today| {
            let mut builder = BreakdownBuilder::new(world, today, by);
            each_state(tx, OPPORTUNITY, &mut |state| builder.add(&state))?;
            Ok(builder.finish())
        })
    }

    /// What this month and the five after it have brought and may bring.
    pub fn forecast(&self) -> Result<ForecastReport, ClientError> {
        self.forecast_on(None)
    }

    /// The forecast as it is counted on another day; none means the organisation's today.
    pub fn forecast_on(&self, day: Option<CivilDate>) -> Result<ForecastReport, ClientError> {
        self.report(&[ACCOUNT], day, |tx, world, today| {
            let mut builder = ForecastBuilder::new(world, today);
            each_state(tx, OPPORTUNITY, &mut |state| {
                builder.add(&state);
            })?;
            Ok(builder.finish())
        })
    }

    /// The forecast beside the one of an earlier day, as typed: `last-week`, `-30d`, a date.
    ///
    /// Deals stand as they did when the day began, by the clocks of the devices that wrote; settings, rates and the
    /// accounts around them are today's.
    pub fn forecast_since(&self, since: &str) -> Result<ForecastComparison, ClientError> {
        self.report(&[ACCOUNT], None, |tx, world, today| {
            let since = parse_date(since, today)
                .map_err(|source| InputError::Date { field: "since".to_owned(), source })?;
            if since > today {
                return Err(ArgumentError::FutureDay(since).into());
            }
            let zone = world.settings().time_zone;
            let past = Past::read(tx, self.schema(), |time_ms| date::civil_date_of(time_ms, zone) < since)?;
            let then = past.world(world);
            let mut builder = ComparisonBuilder::new(&then, since, world, today);
            each_state(tx, OPPORTUNITY, &mut |state| builder.add(past.stood(&state), &state))?;
            Ok(builder.finish())
        })
    }

    /// How long deals stay in each stage, and those that stand still with nothing planned.
    pub fn stuck(&self) -> Result<StuckReport, ClientError> {
        self.report(&[ACCOUNT], None, |tx, world, today| {
            let mut planned = BTreeSet::new();
            each_state(tx, ACTIVITY, &mut |state| planned.extend(about_if_open(&state, world)))?;
            let mut builder = StuckBuilder::new(world, today, planned);
            each_state(tx, OPPORTUNITY, &mut |state| builder.add(&state))?;
            Ok(builder.finish())
        })
    }

    /// How many letters of each id name it alone on this device, for records that an answer names by their ids.
    pub fn prefixes(&self, ids: impl IntoIterator<Item = RecordId>) -> Result<Vec<usize>, ClientError> {
        let tx = self.read()?;
        ids.into_iter().map(|id| crate::find::prefix_len(&tx, id)).collect()
    }

    /// Runs a report on one moment of the store; `modules` are those that it looks up for most deals.
    fn report<T>(
        &self,
        modules: &[&str],
        day: Option<CivilDate>,
        run: impl FnOnce(&ReadTx, &dyn World, CivilDate) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        let tx = self.read()?;
        let mut world = StoreWorld::new(&tx)?;
        for module in modules {
            world = world.with_module(module)?;
        }
        let today = day.unwrap_or_else(|| world::today(world.settings(), self.ambient().now_ms()));
        let report = run(&tx, &world, today)?;
        world.check()?;
        Ok(report)
    }
}

/// Tells whether an activity is still to be done.
pub(crate) fn is_open(activity: &RecordState) -> bool {
    let status = activity.winner("status").as_text();
    Life::of(activity).is_visible() && status.is_some_and(|status| OPEN_STATUSES.contains(&status))
}

/// The records that an activity is about, where it is still to be done.
fn about_if_open(activity: &RecordState, world: &dyn World) -> Vec<RecordId> {
    if !is_open(activity) {
        return Vec::new();
    }
    let parents = activity.set("parents").filter_map(read_typed_reference);
    parents.map(|(_, id)| lifecycle::surviving_id(id, world)).collect()
}
