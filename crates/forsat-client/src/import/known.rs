//! The records that rows may name: those of this run, and those of the store.

use crate::error::{ClientError, MappingReason, RowReason};
use crate::ids::{document_id, record_id};
use crate::vault;
use forsat_domain::composite::Composite;
use forsat_domain::schema::record_name;
use forsat_domain::{Currency, Money, RecordId, WorkspaceId, derived_id, text};
use forsat_store::{Access, Tx};
use std::collections::BTreeMap;

/// The client value that lists the workspaces that this store had before it joined a relay.
pub(crate) const FORMER_WORKSPACES: &str = "workspaces/former";

/// What later rows need of a row that was taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    pub name: String,
    pub prices: BTreeMap<Currency, Money>,
}

/// The records that rows may name.
pub(crate) struct Known<'a, A: Access> {
    tx: &'a Tx<A>,
    source: &'a str,
    workspaces: Vec<WorkspaceId>,
    taken: &'a BTreeMap<RecordId, Taken>,
}

impl<'a, A: Access> Known<'a, A> {
    /// `taken` are the rows of this run so far, also where they aren't stored.
    pub(crate) fn new(
        tx: &'a Tx<A>,
        source: &'a str,
        taken: &'a BTreeMap<RecordId, Taken>,
    ) -> Result<Self, ClientError> {
        let mut workspaces = vec![crate::ids::workspace_id(&tx.identity()?.workspace)];
        workspaces.extend(former_workspaces(tx)?);
        Ok(Known { tx, source, workspaces, taken })
    }

    /// The workspace that new ids are derived in.
    pub(crate) fn workspace(&self) -> WorkspaceId {
        self.workspaces[0]
    }

    /// The id of the row with a key. A record that was imported before this store joined a relay keeps the id of then.
    pub(crate) fn id_of(&self, module: &str, key: &str) -> RecordId {
        let key = format!("{module}/{key}");
        let ids = self.workspaces.iter().map(|workspace| RecordId(derived_id(*workspace, self.source, &key)));
        let ids: Vec<RecordId> = ids.collect();
        let is_here = |id: &&RecordId| matches!(self.tx.document(&document_id(**id)), Ok(Some(_)));
        match ids.as_slice() {
            [only] => *only,
            all => all.iter().find(is_here).copied().unwrap_or(all[0]),
        }
    }

    /// The name of a record that was taken in this run or is in the store.
    pub(crate) fn name(&self, id: RecordId) -> Option<String> {
        if let Some(taken) = self.taken.get(&id) {
            return Some(taken.name.clone());
        }
        let state = vault::any_state(self.tx, id).ok().flatten()?;
        Some(record_name(&state))
    }

    /// The list price of a product in a currency.
    pub(crate) fn price(&self, product: RecordId, currency: Currency) -> Option<Money> {
        if let Some(taken) = self.taken.get(&product) {
            return taken.prices.get(&currency).copied();
        }
        let state = vault::any_state(self.tx, product).ok().flatten()?;
        Money::from_scalar(state.entry("prices", currency.code())?.winner("value"))
    }

    /// The one record of a module that has a name.
    pub(crate) fn by_name(&self, module: &str, name: &str) -> Result<(RecordId, String), RowReason> {
        let found = self.tx.named(module, &text::fold(name));
        let found = found.map_err(|error| RowReason::Store(error.to_string()))?;
        let (module, name) = (module.to_owned(), name.to_owned());
        match found.as_slice() {
            [] => Err(MappingReason::NoneNamed { module, name }.into()),
            [only] => Ok((record_id(only), name)),
            _ => Err(MappingReason::SeveralNamed { count: found.len(), module, name }.into()),
        }
    }
}

/// The workspaces that this store had before.
pub(crate) fn former_workspaces<A: Access>(tx: &Tx<A>) -> Result<Vec<WorkspaceId>, ClientError> {
    let bytes = tx.client_value(FORMER_WORKSPACES)?.unwrap_or_default();
    let ids = bytes.chunks_exact(16).filter_map(|id| <[u8; 16]>::try_from(id).ok());
    Ok(ids.map(WorkspaceId::from_bytes).collect())
}
