//! Saved filters: a list's question under a name, kept as a record, so that it syncs and undoes like any other.

use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError};
use crate::model::{FieldInput, ListQuery, Saved};
use crate::{find, query};
use forsat_domain::id::encode_id;
use forsat_domain::schema::{FILTER, ModuleDef};

/// Saved filters.
impl Engine {
    /// Saves what a list asks for under a name: condition, columns and sorting. The list's filter of that name, if
    /// there is one, says this from now on.
    pub fn save_filter(&self, module: &str, name: &str, query: &ListQuery) -> Result<Saved, ClientError> {
        if query.text.is_some() || query.trashed {
            return Err(ArgumentError::NotSaved.into());
        }
        let tx = self.read()?;
        let table = find::module(self.schema(), module)?;
        let condition = match query.conditions.as_slice() {
            // What was typed alone stays as it was typed.
            [typed] if !query.open && !query.mine && query.filters.is_empty() => typed.clone(),
            _ => query::whole(query)?.map(|expr| expr.to_string()).unwrap_or_default(),
        };
        let fields = [
            FieldInput::new("name", name),
            FieldInput::new("list", table.name.as_ref()),
            FieldInput::new("condition", condition),
            FieldInput::new("columns", query.columns.join(",")),
            FieldInput::new("sort", query.sort.join(",")),
        ];
        let known = query::saved_filter(self, &tx, table, name)?;
        drop(tx);
        match known {
            Some(saved) => self.edit(FILTER, &encode_id(saved.id.as_bytes()), &fields),
            None => self.create(FILTER, &fields),
        }
    }

    /// Refuses to save a filter whose condition means nothing; records of other modules are not looked at.
    pub(crate) fn check_filter(
        &self,
        table: &ModuleDef,
        reference: Option<&str>,
        fields: &[FieldInput],
    ) -> Result<(), ClientError> {
        if table.name != FILTER {
            return Ok(());
        }
        let tx = self.read()?;
        let before = match reference {
            Some(reference) => {
                let hit = find::resolve(&tx, self.schema(), FILTER, reference)?;
                Some(self.state_of(&tx, &hit)?)
            }
            None => None,
        };
        let value = |name: &str| {
            let is_it =
                |field: &&FieldInput| table.find_field(&field.name).is_some_and(|def| def.name == name);
            let typed = fields.iter().rev().find(is_it).map(|field| field.value.as_str());
            typed.or(before.as_ref().and_then(|state| state.winner(name).as_text())).unwrap_or_default()
        };
        let (list, condition) = (value("list").trim(), value("condition").trim());
        if list.is_empty() {
            return Ok(());
        }
        let module = find::module(self.schema(), list)?;
        if condition.is_empty() { Ok(()) } else { query::check(self, &tx, module, condition) }
    }
}
