//! Lists: the page that a query asks for, whole records read for its rows only.

use super::condition;
use super::select::{Selected, select};
use super::sort::column;
use crate::engine::Engine;
use crate::error::ClientError;
use crate::find;
use crate::model::{ListPage, ListQuery, ListRow, json};
use crate::vault;
use crate::view::{self, Viewer};
use crate::world::StoreWorld;
use forsat_domain::id::encode_id;
use forsat_domain::issue::{issues, issues_of_deal};
use forsat_domain::opportunity::Deal;
use forsat_domain::record::{RecordState, Scalar};
use forsat_domain::schema::{ACCOUNT, FieldDef, ModuleDef, OPPORTUNITY, USER};
use forsat_store::{Access, Tx};

/// Rows from which on whole modules are read for their names, rather than one record after the other.
const ROWS_MANY: usize = 500;

/// Lists. `module` is a module's name, short name or label.
impl Engine {
    /// Records of a module.
    pub fn list(&self, module: &str, query: &ListQuery) -> Result<ListPage, ClientError> {
        let tx = self.read()?;
        let table = find::module(self.schema(), module)?;
        let world = StoreWorld::new(&tx)?;
        let (query, saved) = condition::with_saved(self, &tx, table, query)?;
        let columns = columns(table, &query)?;
        let selected = select(self, &tx, &world, table, &query, saved.as_ref())?;
        world.check()?;
        let world = match selected.ids.len() {
            many if many >= ROWS_MANY && table.name == OPPORTUNITY => {
                StoreWorld::new(&tx)?.with_module(USER)?.with_module(ACCOUNT)?
            }
            many if many >= ROWS_MANY => StoreWorld::new(&tx)?.with_module(USER)?,
            _ => world,
        };
        let viewer = self.viewer(&world);
        let mut rows = Vec::new();
        for (id, prefix) in selected.ids {
            if let Some(state) = vault::state(&tx, &table.name, id)? {
                let deal = viewer.deal(&state);
                rows.push(self.list_row(&viewer, &columns, &state, deal.as_ref(), prefix));
            }
        }
        world.check()?;
        Ok(ListPage {
            module: table.name.to_string(),
            rows,
            columns: columns.iter().map(|field| field.name.to_string()).collect(),
            total: selected.total,
        })
    }

    /// How many records of a module a query means.
    pub fn count(&self, module: &str, query: &ListQuery) -> Result<usize, ClientError> {
        let tx = self.read()?;
        let table = find::module(self.schema(), module)?;
        Ok(self.selected(&tx, table, query)?.total)
    }

    /// The records that a query means, in its order.
    pub(crate) fn selected<A: Access>(
        &self,
        tx: &Tx<A>,
        table: &ModuleDef,
        query: &ListQuery,
    ) -> Result<Selected, ClientError> {
        let world = StoreWorld::new(tx)?;
        let (query, saved) = condition::with_saved(self, tx, table, query)?;
        let selected = select(self, tx, &world, table, &query, saved.as_ref())?;
        world.check()?;
        Ok(selected)
    }

    fn list_row<A: Access>(
        &self,
        viewer: &Viewer<'_, '_, A>,
        columns: &[&FieldDef],
        state: &RecordState,
        deal: Option<&Deal>,
        prefix: usize,
    ) -> ListRow {
        let values: Vec<Scalar> = columns.iter().map(|field| viewer.value(state, field, deal)).collect();
        let text = columns.iter().zip(&values).map(|(field, value)| viewer.words(state, field, value));
        let cell = |(field, value): (&&FieldDef, &Scalar)| {
            view::listed_json(state, field).unwrap_or_else(|| json(value))
        };
        let cells = columns.iter().zip(&values).map(cell);
        let found = match deal {
            Some(deal) => issues_of_deal(state, deal, self.schema(), viewer.world),
            None => issues(state, self.schema(), viewer.world, viewer.today),
        };
        ListRow {
            id: state.id.0,
            short: encode_id(state.id.as_bytes()),
            prefix,
            name: self.name(state),
            text: text.collect(),
            cells: cells.collect(),
            issues: found.iter().filter(|issue| !issue.info_only).count(),
        }
    }
}

fn columns<'m>(table: &'m ModuleDef, query: &ListQuery) -> Result<Vec<&'m FieldDef>, ClientError> {
    if query.columns.is_empty() {
        return Ok(table.list_columns.iter().filter_map(|name| table.field(name)).collect());
    }
    query.columns.iter().map(|name| column(table, name)).collect()
}
