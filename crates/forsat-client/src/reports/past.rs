//! Deals as they stood on an earlier day. Only those that were changed since are looked up in their documents.

use crate::error::ClientError;
use crate::vault;
use crate::world::each_state;
use forsat_domain::RecordId;
use forsat_domain::lifecycle;
use forsat_domain::record::RecordState;
use forsat_domain::schema::{OPPORTUNITY, Schema};
use forsat_domain::settings::Settings;
use forsat_domain::world::World;
use forsat_store::ReadTx;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The deals that stood otherwise; none where one wasn't there.
pub(super) struct Past {
    deals: BTreeMap<RecordId, Option<RecordState>>,
}

impl Past {
    /// Reads the deals as they stood when `is_early` was true of what was written, by its time.
    pub(super) fn read(
        tx: &ReadTx,
        schema: &Schema,
        is_early: impl Fn(i64) -> bool,
    ) -> Result<Self, ClientError> {
        let mut changed = Vec::new();
        each_state(tx, OPPORTUNITY, &mut |state| {
            if state.modified.as_ref().is_some_and(|stamp| !is_early(stamp.time_ms)) {
                changed.push((state.id, made_at(&state).is_some_and(&is_early)));
            }
        })?;
        let mut deals = BTreeMap::new();
        for (id, was_there) in changed {
            let stood = if was_there { read_then(tx, schema, id, &is_early)? } else { None };
            deals.insert(id, stood);
        }
        Ok(Self { deals })
    }

    /// A deal as it stood, told by what it is now.
    pub(super) fn stood<'a>(&'a self, now: &'a RecordState) -> Option<&'a RecordState> {
        self.deals.get(&now.id).map_or(Some(now), Option::as_ref)
    }

    /// The records around the deals, with the deals as they stood.
    pub(super) fn world<'a>(&'a self, now: &'a dyn World) -> impl World + 'a {
        PastWorld { past: self, now }
    }
}

fn read_then(
    tx: &ReadTx,
    schema: &Schema,
    id: RecordId,
    is_early: impl Fn(i64) -> bool,
) -> Result<Option<RecordState>, ClientError> {
    let Some(loaded) = vault::load(tx, id)? else { return Ok(None) };
    let then = loaded.document.read_at(&loaded.document.heads_when(is_early), schema)?;
    Ok(made_at(&then).map(|_| then))
}

/// When a record was made; none before its first change.
fn made_at(state: &RecordState) -> Option<i64> {
    state.winner("created_at").as_int()
}

struct PastWorld<'a> {
    past: &'a Past,
    now: &'a dyn World,
}

impl World for PastWorld<'_> {
    fn record(&self, id: RecordId) -> Option<Cow<'_, RecordState>> {
        match self.past.deals.get(&id) {
            Some(stood) => stood.as_ref().map(Cow::Borrowed),
            None => self.now.record(id),
        }
    }

    fn settings(&self) -> &Settings {
        self.now.settings()
    }

    fn merged_into(&self, survivor: RecordId) -> Vec<RecordId> {
        let mut losers = self.now.merged_into(survivor);
        losers.retain(|id| {
            self.record(*id).is_some_and(|loser| lifecycle::merged_into(&loser) == Some(survivor))
        });
        losers
    }

    fn opportunities_of(&self, account: RecordId) -> Vec<RecordId> {
        self.now.opportunities_of(account)
    }
}
