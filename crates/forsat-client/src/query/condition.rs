//! What a list is narrowed by: conditions, a saved filter, `--open` and `--mine`, each bound to the module.

use crate::commands::finder;
use crate::engine::Engine;
use crate::error::ClientError;
use crate::ids::{record_id, user_id};
use crate::model::ListQuery;
use crate::vault;
use crate::world::{self, StoreWorld};
use forsat_domain::filter::{BindContext, Expr, Filter, FilterError, Operator, Test, Word};
use forsat_domain::lifecycle::{self, Life};
use forsat_domain::record::RecordState;
use forsat_domain::schema::{FILTER, ModuleDef};
use forsat_domain::world::World;
use forsat_domain::{RecordId, text};
use forsat_store::{Access, Tx};

/// A saved filter as its record says it.
pub(crate) struct SavedFilter {
    pub id: RecordId,
    pub name: String,
    pub condition: String,
    pub columns: Vec<String>,
    pub sort: Vec<String>,
}

/// Finds the saved filter of a list by its name or the beginning of its id.
pub(crate) fn saved_filter<A: Access>(
    engine: &Engine,
    tx: &Tx<A>,
    table: &ModuleDef,
    name: &str,
) -> Result<Option<SavedFilter>, ClientError> {
    let mut found = Vec::new();
    for id in tx.named(FILTER, &text::fold(name))? {
        let state = vault::state(tx, FILTER, record_id(&id))?;
        found.extend(state.filter(|state| is_for(engine, state, table)));
    }
    // Two devices may each have saved one under this name: the smaller id stands for both, as everywhere.
    Ok(found.into_iter().min_by_key(|state| state.id).map(|state| read(&state)))
}

fn is_for(engine: &Engine, state: &RecordState, table: &ModuleDef) -> bool {
    let list = state.winner("list").as_text().unwrap_or_default();
    Life::of(state).is_visible()
        && lifecycle::merged_into(state).is_none()
        && crate::find::module(engine.schema(), list).is_ok_and(|module| module.name == table.name)
}

fn read(state: &RecordState) -> SavedFilter {
    let text = |field: &str| state.winner(field).as_text().unwrap_or_default().trim().to_owned();
    let words = |field: &str| {
        let text = text(field);
        let words = text.split([',', '،']).map(str::trim).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    SavedFilter {
        id: state.id,
        name: text("name"),
        condition: text("condition"),
        columns: words("columns"),
        sort: words("sort"),
    }
}

/// Takes over what a saved filter says where the query says nothing itself.
pub(super) fn with_saved<A: Access>(
    engine: &Engine,
    tx: &Tx<A>,
    table: &ModuleDef,
    query: &ListQuery,
) -> Result<(ListQuery, Option<SavedFilter>), ClientError> {
    let mut query = query.clone();
    let Some(name) = query.saved.clone() else { return Ok((query, None)) };
    let missing = || ClientError::NotFound { module: FILTER.to_owned(), reference: name.clone() };
    let saved = saved_filter(engine, tx, table, &name)?.ok_or_else(missing)?;
    if query.columns.is_empty() {
        query.columns.clone_from(&saved.columns);
    }
    if query.sort.is_empty() {
        query.sort.clone_from(&saved.sort);
    }
    Ok((query, Some(saved)))
}

/// The condition that a query comes to, for saving; none where it narrows nothing.
pub(crate) fn whole(query: &ListQuery) -> Result<Option<Expr>, ClientError> {
    let typed = query.conditions.iter().map(|text| parse(text, None)).collect::<Result<Vec<_>, _>>()?;
    Ok(Expr::all(typed.into_iter().chain(asked(query)).collect()))
}

/// What a query asks for besides its conditions.
fn asked(query: &ListQuery) -> Vec<Expr> {
    let fields = query.filters.iter().map(|field| {
        let (field, value) = (Word::new(field.name.clone()), Word::new(field.value.clone()));
        Expr::Test(Test::Compare { field, operator: Operator::Is, value })
    });
    let open = query.open.then(Expr::open);
    fields.chain(open).chain(query.mine.then(Expr::mine)).collect()
}

fn parse(text: &str, saved: Option<&SavedFilter>) -> Result<Expr, ClientError> {
    Expr::parse(text).map_err(|error| refused(text, saved, error))
}

fn refused(text: &str, saved: Option<&SavedFilter>, error: FilterError) -> ClientError {
    let saved = saved.map(|saved| saved.name.clone());
    ClientError::Filter { text: text.to_owned(), saved, error }
}

/// Refuses a condition that can't be read or means nothing for a module.
pub(crate) fn check<A: Access>(
    engine: &Engine,
    tx: &Tx<A>,
    table: &ModuleDef,
    condition: &str,
) -> Result<(), ClientError> {
    let query = ListQuery { conditions: vec![condition.to_owned()], ..ListQuery::default() };
    bind(engine, tx, &StoreWorld::new(tx)?, table, &query, None).map(drop)
}

/// Binds everything that a query narrows by; all of it must hold.
pub(super) fn bind<A: Access>(
    engine: &Engine,
    tx: &Tx<A>,
    world: &StoreWorld<'_, A>,
    table: &ModuleDef,
    query: &ListQuery,
    saved: Option<&SavedFilter>,
) -> Result<Vec<Filter>, ClientError> {
    let find = finder(tx, engine.schema());
    let survivor = |id| lifecycle::surviving_id(id, world);
    let ctx = BindContext {
        module: table,
        settings: world.settings(),
        today: world::today(world.settings(), engine.ambient().now_ms()),
        user: tx.identity()?.user.map(|user| RecordId(user_id(&user).0)),
        find: &find,
        survivor: &survivor,
    };
    let mut filters = Vec::new();
    for text in &query.conditions {
        let bound = Filter::bind(&parse(text, None)?, &ctx);
        filters.push(bound.map_err(|error| refused(text, None, error))?);
    }
    if let Some(saved) = saved.filter(|saved| !saved.condition.is_empty()) {
        let bound = Filter::bind(&parse(&saved.condition, Some(saved))?, &ctx);
        filters.push(bound.map_err(|error| refused(&saved.condition, Some(saved), error))?);
    }
    for expr in asked(query) {
        // Written out, so that an error has a text to point into.
        let text = expr.to_string();
        let bound = Filter::bind(&parse(&text, None)?, &ctx);
        filters.push(bound.map_err(|error| refused(&text, None, error))?);
    }
    Ok(filters)
}
