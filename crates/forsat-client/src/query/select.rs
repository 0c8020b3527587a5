//! Which records a query means, and in which order: decided on briefs, without reading a whole record.

use super::condition;
use super::sort::{SortKey, Sorting, sort};
use crate::briefs::{self, Basis, Brief, Head};
use crate::engine::Engine;
use crate::error::ClientError;
use crate::model::ListQuery;
use crate::vault;
use crate::world::{self, StoreWorld};
use forsat_domain::filter::{Filter, Known};
use forsat_domain::id::unique_prefix_lens;
use forsat_domain::lifecycle;
use forsat_domain::schema::{FieldKind, ModuleDef};
use forsat_domain::settings::Settings;
use forsat_domain::world::World;
use forsat_domain::{CivilDate, RecordId, text};
use forsat_store::{Access, Tx};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

/// The records that a query means.
pub(crate) struct Selected {
    /// In the order asked for, each with how many letters of its id name it alone in its module.
    pub ids: Vec<(RecordId, usize)>,
    /// How many match, also those beyond the limit.
    pub total: usize,
}

/// A record that matches, with what it is sorted by and its place among all ids.
struct Match {
    id: RecordId,
    place: usize,
    keys: Vec<SortKey>,
}

/// What filters and sorting ask about other records: names and aliases of whole modules, read once from their briefs.
pub(super) struct Surroundings<'w, 't, A: Access> {
    pub world: &'w StoreWorld<'t, A>,
    today: CivilDate,
    basis: Basis,
    names: HashMap<RecordId, (String, Option<RecordId>)>,
    survivors: RefCell<HashMap<RecordId, RecordId>>,
}

impl<'w, 't, A: Access> Surroundings<'w, 't, A> {
    pub(super) fn new(
        engine: &Engine,
        tx: &Tx<A>,
        world: &'w StoreWorld<'t, A>,
    ) -> Result<Self, ClientError> {
        let today = world::today(world.settings(), engine.ambient().now_ms());
        let (_, basis) = briefs::settings_with_basis(tx)?;
        Ok(Surroundings { world, today, basis, names: HashMap::new(), survivors: RefCell::default() })
    }

    /// Reads the names and aliases of modules.
    pub(super) fn know(&mut self, tx: &Tx<A>, modules: &BTreeSet<String>) -> Result<(), ClientError> {
        for module in modules {
            briefs::each(tx, module, &mut |id, bytes| {
                let head = Head::decode(bytes)?;
                self.names.insert(id, (head.name.to_owned(), head.merged_into));
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Each known record whose present name, folded, holds a word.
    pub(super) fn named(&self, word: &str) -> BTreeSet<RecordId> {
        let holds = self.names.iter().filter(|(_, (name, _))| text::fold(name).contains(word));
        holds.map(|(id, _)| *id).collect()
    }
}

impl<A: Access> Known for Surroundings<'_, '_, A> {
    fn settings(&self) -> &Settings {
        self.world.settings()
    }

    fn today(&self) -> CivilDate {
        self.today
    }

    fn survivor(&self, id: RecordId) -> RecordId {
        if let Some((_, None)) = self.names.get(&id) {
            return id;
        }
        let known = self.survivors.borrow().get(&id).copied();
        known.unwrap_or_else(|| {
            let survivor = lifecycle::surviving_id(id, self.world);
            self.survivors.borrow_mut().insert(id, survivor);
            survivor
        })
    }

    fn name(&self, id: RecordId) -> Option<String> {
        match self.names.get(&id) {
            Some((name, _)) => Some(name.clone()),
            None => self.world.name(id),
        }
    }
}

/// Finds the records of a module that a query means. The query's saved filter has been taken over already.
pub(super) fn select<A: Access>(
    engine: &Engine,
    tx: &Tx<A>,
    world: &StoreWorld<'_, A>,
    table: &ModuleDef,
    query: &ListQuery,
    saved: Option<&condition::SavedFilter>,
) -> Result<Selected, ClientError> {
    let filters = condition::bind(engine, tx, world, table, query, saved)?;
    let sorting = Sorting::read(engine, world.settings(), table, &query.sort)?;
    let words = Words::of(query.text.as_deref().unwrap_or_default());
    let mut modules = sorting.references();
    modules.extend(filters.iter().flat_map(Filter::references).cloned());
    modules.extend(words.references(table));
    let mut known = Surroundings::new(engine, tx, world)?;
    known.know(tx, &modules)?;
    let words = words.in_columns(table).with_names(&known);
    let mut ids = Vec::new();
    let mut matches = Vec::new();
    briefs::each(tx, &table.name, &mut |id, bytes| {
        ids.push(*id.as_bytes());
        let head = Head::decode(bytes)?;
        if head.visible == query.trashed || is_superseded(&head, id, world) {
            return Ok(());
        }
        let is_fresh = head.is_fresh(known.basis) && world.merged_into(id).is_empty();
        let derived = if is_fresh { None } else { derive(engine, tx, &known, table, id)? };
        let brief = Brief::decode_for(derived.as_deref().unwrap_or(bytes), table)?;
        if words.are_in(&brief) && filters.iter().all(|filter| filter.takes(&brief, &known)) {
            matches.push(Match { id, place: ids.len() - 1, keys: sorting.keys(&brief, &known) });
        }
        Ok(())
    })?;
    let total = matches.len();
    sort(&mut matches, |found| (&found.keys, found.id), &sorting);
    matches.truncate(query.limit.unwrap_or(usize::MAX));
    let ids = matches.iter().map(|found| (found.id, prefix_len(&ids, found.place)));
    Ok(Selected { ids: ids.collect(), total })
}

fn is_superseded<A: Access>(head: &Head<'_>, id: RecordId, world: &StoreWorld<'_, A>) -> bool {
    head.merged_into.is_some()
        && world.record(id).is_some_and(|state| lifecycle::is_superseded(&state, world))
}

/// The brief as it is with today's settings.
fn derive<A: Access>(
    engine: &Engine,
    tx: &Tx<A>,
    known: &Surroundings<'_, '_, A>,
    table: &ModuleDef,
    id: RecordId,
) -> Result<Option<Vec<u8>>, ClientError> {
    let Some(state) = vault::state(tx, &table.name, id)? else { return Ok(None) };
    Ok(briefs::encode(&state, engine.schema(), known.world, known.basis, known.today))
}

/// How many letters of the id at a place name it alone among sorted ids: its neighbours decide.
fn prefix_len(ids: &[[u8; 16]], place: usize) -> usize {
    let begin = place.saturating_sub(1);
    let beside = &ids[begin..(place + 2).min(ids.len())];
    unique_prefix_lens(beside, crate::find::PREFIX_MIN)[place - begin]
}

/// The words of a text search.
pub(super) struct Words {
    words: Vec<String>,
    /// For each word, the other records whose present names hold it.
    named: Vec<BTreeSet<RecordId>>,
    searched: Vec<String>,
}

impl Words {
    /// Splits what was typed, folded.
    pub(super) fn of(typed: &str) -> Self {
        let folded = text::fold(typed);
        let words = folded.split(' ').filter(|word| !word.is_empty()).map(str::to_owned);
        Words { words: words.collect(), named: Vec::new(), searched: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The modules whose records' names are searched through the columns of this one.
    pub(super) fn references(&self, table: &ModuleDef) -> Vec<String> {
        let searched = table.fields.iter().filter(|field| field.searched && !self.is_empty());
        let modules = searched.filter_map(|field| match &field.kind {
            FieldKind::Reference(module) | FieldKind::NamedReference(module) => Some(module.to_string()),
            _ => None,
        });
        modules.collect()
    }

    /// Looks the words up among the names of the records around.
    pub(super) fn with_names<A: Access>(self, known: &Surroundings<'_, '_, A>) -> Self {
        let named = self.words.iter().map(|word| known.named(word)).collect();
        Words { named, ..self }
    }

    /// Names the columns that are searched through their references.
    pub(super) fn in_columns(self, table: &ModuleDef) -> Self {
        let fields = table.fields.iter().filter(|field| field.searched);
        Words { searched: fields.map(|field| field.name.to_string()).collect(), ..self }
    }

    /// Whether every word is in the searched text of a head; cheap, and enough for most records.
    pub(super) fn are_in_head(&self, head: &Head<'_>) -> bool {
        self.words.iter().all(|word| head.search.contains(word.as_str()))
    }

    /// Whether every word is in a folded name.
    pub(super) fn are_in_name(&self, name: &str) -> bool {
        self.words.iter().all(|word| name.contains(word.as_str()))
    }

    /// Whether a word could still come from the present name of a record around.
    pub(super) fn may_be_named(&self) -> bool {
        self.named.iter().any(|ids| !ids.is_empty())
    }

    /// Whether every word is in the searched text, or in the present name of a record that a searched column names.
    pub(super) fn are_in(&self, brief: &Brief<'_>) -> bool {
        let none = BTreeSet::new();
        let named = self.named.iter().chain(std::iter::repeat(&none));
        self.words.iter().zip(named).all(|(word, ids)| {
            let by_name = |(field, id): (&str, RecordId)| {
                ids.contains(&id) && self.searched.iter().any(|searched| searched == field)
            };
            brief.head.search.contains(word.as_str()) || (!ids.is_empty() && brief.references().any(by_name))
        })
    }
}
