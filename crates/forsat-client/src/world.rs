//! The records around the one in hand, read from the store as the rules ask for them.

use crate::error::ClientError;
use crate::ids::{settings_id, workspace_id};
use crate::merged::{self, Merged};
use crate::{references, rows, vault};
use forsat_domain::composite::reference_id;
use forsat_domain::lifecycle;
use forsat_domain::record::RecordState;
use forsat_domain::schema::{OPPORTUNITY, SETTINGS, record_name};
use forsat_domain::settings::Settings;
use forsat_domain::world::World;
use forsat_domain::{CivilDate, RecordId, date};
use forsat_store::{Access, Tx};
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::rc::Rc;

/// The records of one transaction: settings at once, whole modules when asked, others one at a time.
///
/// The rules can't be told of a failed read, so the first one is kept and [`StoreWorld::check`] reports it.
pub(crate) struct StoreWorld<'t, A: Access> {
    tx: &'t Tx<A>,
    settings: Settings,
    whole: BTreeMap<RecordId, RecordState>,
    single: RefCell<BTreeMap<RecordId, Option<Rc<RecordState>>>>,
    merged: OnceCell<Merged>,
    failed: RefCell<Option<ClientError>>,
}

impl<'t, A: Access> StoreWorld<'t, A> {
    /// Reads the settings.
    pub(crate) fn new(tx: &'t Tx<A>) -> Result<Self, ClientError> {
        Ok(StoreWorld {
            settings: settings(tx)?,
            tx,
            whole: BTreeMap::new(),
            single: RefCell::default(),
            merged: OnceCell::new(),
            failed: RefCell::default(),
        })
    }

    /// Reads a whole module, for a report that asks for most of it.
    pub(crate) fn with_module(mut self, module: &str) -> Result<Self, ClientError> {
        for state in module_states(self.tx, module)? {
            self.whole.insert(state.id, state);
        }
        Ok(self)
    }

    /// Reports a read that failed behind the rules' back.
    pub(crate) fn check(&self) -> Result<(), ClientError> {
        self.failed.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// The name of a record, where it is here.
    pub(crate) fn name(&self, id: RecordId) -> Option<String> {
        let record = self.record(id)?;
        let name = record_name(&record);
        (!name.is_empty()).then_some(name)
    }

    fn keep_failure<T: Default>(&self, result: Result<T, ClientError>) -> T {
        result.unwrap_or_else(|error| {
            self.failed.borrow_mut().get_or_insert(error);
            T::default()
        })
    }
}

impl<A: Access> World for StoreWorld<'_, A> {
    fn record(&self, id: RecordId) -> Option<Cow<'_, RecordState>> {
        if let Some(state) = self.whole.get(&id) {
            return Some(Cow::Borrowed(state));
        }
        if let Some(known) = self.single.borrow().get(&id) {
            return known.as_ref().map(|state| Cow::Owned(RecordState::clone(state)));
        }
        let state = self.keep_failure(vault::any_state(self.tx, id)).map(Rc::new);
        self.single.borrow_mut().insert(id, state.clone());
        state.map(|state| Cow::Owned(RecordState::clone(&state)))
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn merged_into(&self, survivor: RecordId) -> Vec<RecordId> {
        let merged = self.merged.get_or_init(|| self.keep_failure(merged::read(self.tx)));
        let losers = merged.get(&survivor).into_iter().flatten();
        // The list has every pair that ever was; the record itself says where it stands now.
        let is_there = |id: &RecordId| {
            self.record(*id).is_some_and(|loser| lifecycle::merged_into(&loser) == Some(survivor))
        };
        losers.copied().filter(is_there).collect()
    }

    fn opportunities_of(&self, account: RecordId) -> Vec<RecordId> {
        let mut accounts = lifecycle::losers(account, self);
        accounts.insert(account);
        let found = references::referring(self.tx, OPPORTUNITY, &accounts);
        let is_its = |id: &RecordId| {
            let deal = self.record(*id)?;
            let named = reference_id(deal.winner("account_id"))?;
            Some(lifecycle::surviving_id(named, self) == account)
        };
        self.keep_failure(found).into_iter().filter(|id| is_its(id) == Some(true)).collect()
    }
}

/// The workspace's settings, over the built-in defaults.
pub(crate) fn settings<A: Access>(tx: &Tx<A>) -> Result<Settings, ClientError> {
    let id = settings_id(workspace_id(&tx.identity()?.workspace));
    Ok(Settings::read(vault::state(tx, SETTINGS, id)?.as_ref()))
}

/// Which day it is for the organisation.
pub(crate) fn today(settings: &Settings, now_ms: i64) -> CivilDate {
    date::today(now_ms, settings.time_zone)
}

/// Every record of a module, in the order of ids.
pub(crate) fn module_states<A: Access>(tx: &Tx<A>, module: &str) -> Result<Vec<RecordState>, ClientError> {
    let mut states = Vec::new();
    each_state(tx, module, &mut |state| states.push(state))?;
    Ok(states)
}

/// Walks the records of a module, in the order of ids.
pub(crate) fn each_state<A: Access>(
    tx: &Tx<A>,
    module: &str,
    visit: &mut dyn FnMut(RecordState),
) -> Result<(), ClientError> {
    let mut failed = None;
    tx.each_row(module, &mut |_, bytes| match rows::decode(bytes) {
        Ok(state) => {
            visit(state);
            ControlFlow::Continue(())
        }
        Err(error) => {
            failed = Some(error);
            ControlFlow::Break(())
        }
    })?;
    failed.map_or(Ok(()), Err)
}
