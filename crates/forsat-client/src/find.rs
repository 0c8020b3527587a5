//! From what a person types to a record: ids and their beginnings, names and their beginnings.

use crate::error::{Candidate, ClientError};
use crate::ids::{document_id, record_id};
use crate::vault;
use crate::world::StoreWorld;
use forsat_domain::command::Refusal;
use forsat_domain::id::{ID_LETTERS, decode_prefix, encode_id, parse_id};
use forsat_domain::lifecycle;
use forsat_domain::schema::{ModuleDef, Schema, record_name};
use forsat_domain::{RecordId, text};
use forsat_store::{Access, Tx};
use forsat_sync::id::DocumentId;
use std::collections::BTreeSet;

/// How many records an ambiguous reference lists.
const CANDIDATES_MAX: usize = 20;
/// How many documents are read at once in search of a beginning of an id.
const PREFIX_PAGE: usize = 100;
/// The fewest letters of an id that a list shows as its beginning.
pub(crate) const PREFIX_MIN: usize = 2;

/// A record that a reference led to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    pub id: RecordId,
    /// The module's name; empty where the document can't say, since its beginning can't be read.
    pub module: String,
}

/// The module by its name, its short name, or one of its labels.
pub(crate) fn module<'s>(schema: &'s Schema, name: &str) -> Result<&'s ModuleDef, ClientError> {
    let folded = text::fold(name);
    let is_named = |module: &&ModuleDef| {
        let labels = [&module.label.en, &module.label.fa, &module.plural.en, &module.plural.fa];
        module.name == name || module.short == name || labels.iter().any(|label| text::fold(label) == folded)
    };
    schema.modules().iter().find(is_named).ok_or_else(|| Refusal::UnknownModule(name.to_owned()).into())
}

/// The modules that a query is about: one, or all for "record" and the empty name.
fn modules<'s>(schema: &'s Schema, name: &str) -> Result<Vec<&'s ModuleDef>, ClientError> {
    match name {
        "" | "record" => Ok(schema.modules().iter().collect()),
        name => module(schema, name).map(|module| vec![module]),
    }
}

/// Finds the one record that a reference means: by a whole id, a unique name, the beginning of an id, or the beginning
/// of a name or, failing that, of a later word of one.
pub(crate) fn resolve<A: Access>(
    tx: &Tx<A>,
    schema: &Schema,
    module: &str,
    reference: &str,
) -> Result<Hit, ClientError> {
    let modules = modules(schema, module)?;
    resolve_by(tx, &modules, module, reference, &|hit| {
        let is_known = modules.iter().any(|module| module.name == hit.module);
        Ok(is_known && tx.row(&hit.module, &document_id(hit.id))?.is_some())
    })
}

/// The same, for looking inside: also a document that holds no record, such as one whose creation was refused, and where
/// any module is meant one of a module that this version doesn't know, by its id.
pub(crate) fn resolve_document<A: Access>(
    tx: &Tx<A>,
    schema: &Schema,
    module: &str,
    reference: &str,
) -> Result<Hit, ClientError> {
    let known = modules(schema, module)?;
    let is_any = known.len() == schema.modules().len();
    resolve_by(tx, &known, module, reference, &|hit| {
        Ok(is_any || known.iter().any(|module| module.name == hit.module))
    })
}

/// `modules` are those in which names are looked up; `is_wanted` decides about what an id leads to.
fn resolve_by<A: Access>(
    tx: &Tx<A>,
    modules: &[&ModuleDef],
    module: &str,
    reference: &str,
    is_wanted: &dyn Fn(&Hit) -> Result<bool, ClientError>,
) -> Result<Hit, ClientError> {
    if let Ok(bytes) = parse_id(reference)
        && let Some(hit) = hit_of(tx, &DocumentId::from_bytes(bytes))?
        && is_wanted(&hit)?
    {
        return Ok(hit);
    }
    let named = by_name(tx, modules, reference)?;
    if let [hit] = named.as_slice() {
        return Ok(hit.clone());
    }
    let mut found: BTreeSet<Hit> = named.into_iter().collect();
    found.extend(by_prefix(tx, reference, is_wanted)?);
    if found.is_empty() {
        found.extend(by_name_beginning(tx, modules, reference)?);
    }
    if found.is_empty() {
        found.extend(by_later_word(tx, modules, reference)?);
    }
    let mut found: Vec<Hit> = found.into_iter().collect();
    if found.len() > 1 {
        drop_merged(tx, &mut found)?;
    }
    match found.len() {
        0 => Err(ClientError::NotFound {
            module: if module.is_empty() { "record".to_owned() } else { module.to_owned() },
            reference: reference.to_owned(),
        }),
        1 => Ok(found.swap_remove(0)),
        _ => Err(ambiguous(tx, reference, &found)?),
    }
}

/// Leaves out duplicates that were merged away: who names several records means those that stand for them.
fn drop_merged<A: Access>(tx: &Tx<A>, found: &mut Vec<Hit>) -> Result<(), ClientError> {
    let world = StoreWorld::new(tx)?;
    let all = found.clone();
    for hit in all {
        let state = vault::state(tx, &hit.module, hit.id)?;
        if state.is_some_and(|state| lifecycle::is_superseded(&state, &world)) && found.len() > 1 {
            found.retain(|other| *other != hit);
        }
    }
    world.check()
}

fn ambiguous<A: Access>(tx: &Tx<A>, reference: &str, found: &[Hit]) -> Result<ClientError, ClientError> {
    let candidates = found.iter().take(CANDIDATES_MAX).map(|hit| {
        let state = vault::state(tx, &hit.module, hit.id)?;
        let name = state.map(|state| record_name(&state)).unwrap_or_default();
        let (id, prefix) = (encode_id(hit.id.as_bytes()), prefix_len(tx, hit.id)?);
        Ok(Candidate { id, prefix, module: hit.module.clone(), name })
    });
    let candidates = candidates.collect::<Result<_, ClientError>>()?;
    Ok(ClientError::Ambiguous { reference: reference.to_owned(), candidates })
}

fn hit_of<A: Access>(tx: &Tx<A>, id: &DocumentId) -> Result<Option<Hit>, ClientError> {
    let row = tx.document(id)?;
    Ok(row.map(|row| Hit { id: record_id(id), module: row.module.unwrap_or_default() }))
}

fn by_name<A: Access>(tx: &Tx<A>, modules: &[&ModuleDef], name: &str) -> Result<Vec<Hit>, ClientError> {
    let folded = text::fold(name);
    let mut found = Vec::new();
    if folded.is_empty() {
        return Ok(found);
    }
    for module in modules {
        let ids = tx.named(&module.name, &folded)?;
        found.extend(ids.iter().map(|id| Hit { id: record_id(id), module: module.name.to_string() }));
    }
    Ok(found)
}

fn by_name_beginning<A: Access>(
    tx: &Tx<A>,
    modules: &[&ModuleDef],
    name: &str,
) -> Result<Vec<Hit>, ClientError> {
    let folded = text::fold(name);
    let mut found = Vec::new();
    if folded.is_empty() {
        return Ok(found);
    }
    for module in modules {
        let names = tx.names_beginning(&module.name, &folded, CANDIDATES_MAX + 1)?;
        found.extend(names.iter().map(|(_, id)| Hit { id: record_id(id), module: module.name.to_string() }));
    }
    Ok(found)
}

/// The records in whose name a later word begins so: people by their last name. Reads every name of the modules, which
/// only a reference that nothing else answers costs.
fn by_later_word<A: Access>(tx: &Tx<A>, modules: &[&ModuleDef], name: &str) -> Result<Vec<Hit>, ClientError> {
    let folded = text::fold(name);
    let mut found = Vec::new();
    if folded.is_empty() {
        return Ok(found);
    }
    let within = format!(" {folded}");
    for module in modules {
        let names = tx.names_beginning(&module.name, "", usize::MAX)?;
        let named = names.iter().filter(|(name, _)| name.contains(&within));
        found.extend(named.map(|(_, id)| Hit { id: record_id(id), module: module.name.to_string() }));
    }
    Ok(found)
}

/// The wanted records whose ids begin so; some of them, and more than one, where there are many.
fn by_prefix<A: Access>(
    tx: &Tx<A>,
    reference: &str,
    is_wanted: &dyn Fn(&Hit) -> Result<bool, ClientError>,
) -> Result<Vec<Hit>, ClientError> {
    let Ok((mut low, high)) = decode_prefix(reference) else { return Ok(Vec::new()) };
    let high = DocumentId::from_bytes(high);
    let mut hits = Vec::new();
    // Records of other modules may fill any number of pages before the second of the wanted one.
    while hits.len() <= CANDIDATES_MAX {
        let page = tx.documents_between(&DocumentId::from_bytes(low), &high, PREFIX_PAGE)?;
        let next = page.last().filter(|_| page.len() == PREFIX_PAGE).and_then(|(id, _)| id_after(id));
        let found = page
            .into_iter()
            .map(|(id, row)| Hit { id: record_id(&id), module: row.module.unwrap_or_default() });
        for hit in found {
            if is_wanted(&hit)? {
                hits.push(hit);
            }
        }
        match next {
            Some(next) => low = next,
            None => break,
        }
    }
    Ok(hits)
}

/// The id that follows another in their order; none after the last.
fn id_after(id: &DocumentId) -> Option<[u8; 16]> {
    u128::from_be_bytes(*id.as_bytes()).checked_add(1).map(u128::to_be_bytes)
}

/// How many letters of an id name it alone on this device.
pub(crate) fn prefix_len<A: Access>(tx: &Tx<A>, id: RecordId) -> Result<usize, ClientError> {
    let text = encode_id(id.as_bytes());
    for letters in PREFIX_MIN..ID_LETTERS {
        let (low, high) =
            decode_prefix(&text[..letters]).expect("the beginning of an id is the beginning of one");
        let low = DocumentId::from_bytes(low);
        let beside = tx.documents_between(&low, &DocumentId::from_bytes(high), 2)?;
        if beside.iter().all(|(other, _)| *other == document_id(id)) {
            return Ok(letters);
        }
    }
    Ok(ID_LETTERS)
}
