//! What the rules may look at besides the record in hand: other records and the settings.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::composite::reference_id;
use crate::id::RecordId;
use crate::lifecycle;
use crate::record::RecordState;
use crate::schema::{ACCOUNT, OPPORTUNITY, SETTINGS};
use crate::settings::Settings;

/// The other records on this device.
pub trait World {
    /// A record by its id, deleted or not; `None` when it is not on this device.
    fn record(&self, id: RecordId) -> Option<Cow<'_, RecordState>>;

    /// The workspace's settings.
    fn settings(&self) -> &Settings;

    /// The records, in any state, that were merged into this one directly, sorted by id.
    fn merged_into(&self, survivor: RecordId) -> Vec<RecordId>;

    /// The opportunities, in any state, whose account is this one or was merged into it, sorted by id.
    fn opportunities_of(&self, account: RecordId) -> Vec<RecordId>;
}

/// A world in memory, for tests, previews and small exports.
#[derive(Debug, Clone, Default)]
pub struct Records {
    settings: Settings,
    by_id: BTreeMap<RecordId, RecordState>,
    /// Losers by survivor.
    merged: BTreeMap<RecordId, BTreeSet<RecordId>>,
}

impl Records {
    /// Gathers records; the settings record among them, if any, gives the settings.
    pub fn new(records: impl IntoIterator<Item = RecordState>) -> Self {
        let mut world = Self::default();
        records.into_iter().for_each(|record| world.insert(record));
        world
    }

    /// Adds a record or replaces it.
    pub fn insert(&mut self, record: RecordState) {
        if record.module == SETTINGS {
            self.settings = Settings::read(Some(&record));
        }
        let before = self.by_id.get(&record.id).and_then(lifecycle::merged_into);
        if let Some(losers) = before.and_then(|survivor| self.merged.get_mut(&survivor)) {
            losers.remove(&record.id);
        }
        if let Some(survivor) = lifecycle::merged_into(&record) {
            self.merged.entry(survivor).or_default().insert(record.id);
        }
        self.by_id.insert(record.id, record);
    }

    /// A copy of a record that a test knows to be there.
    #[cfg(test)]
    pub(crate) fn by_id(&self, id: RecordId) -> RecordState {
        self.by_id[&id].clone()
    }

    /// Every record of a module, sorted by id.
    pub fn of_module<'a>(&'a self, module: &'a str) -> impl Iterator<Item = &'a RecordState> {
        self.by_id.values().filter(move |record| record.module == module)
    }
}

impl World for Records {
    fn record(&self, id: RecordId) -> Option<Cow<'_, RecordState>> {
        self.by_id.get(&id).map(Cow::Borrowed)
    }

    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn merged_into(&self, survivor: RecordId) -> Vec<RecordId> {
        self.merged.get(&survivor).into_iter().flatten().copied().collect()
    }

    fn opportunities_of(&self, account: RecordId) -> Vec<RecordId> {
        debug_assert!(self.by_id.get(&account).is_none_or(|record| record.module == ACCOUNT));
        let mut accounts = lifecycle::losers(account, self);
        accounts.insert(account);
        let belongs = |record: &&RecordState| {
            reference_id(record.winner("account_id")).is_some_and(|id| accounts.contains(&id))
        };
        self.of_module(OPPORTUNITY).filter(belongs).map(|record| record.id).collect()
    }
}
