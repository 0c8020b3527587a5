//! Which records refer to which: kept beside the names of rows, so that what hangs on a record is found without a walk.
//!
//! A row's index names begin with a letter that no folded name has. People are left out: half of all records name one
//! as their owner.

use crate::error::ClientError;
use crate::ids::record_id;
use forsat_domain::RecordId;
use forsat_domain::composite::{read_typed_reference, reference_id};
use forsat_domain::record::RecordState;
use forsat_domain::schema::{FieldKind, Schema, USER};
use forsat_store::{Access, NAMES_MAX, Tx};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Begins the index name of a reference.
const REFERS: char = '\u{1}';

/// Where the built-in modules keep references; a workspace's own fields hold none.
static PLACES: LazyLock<BTreeMap<String, Vec<Place>>> = LazyLock::new(|| {
    let modules = Schema::builtin();
    modules.modules().iter().map(|module| (module.name.to_string(), places(&module.fields))).collect()
});

/// A place of a record that refers to others.
enum Place {
    Register(String),
    Set(String),
    /// The ids of the entries themselves.
    Keys(String),
    Entries(String, String),
}

fn places(fields: &[forsat_domain::FieldDef]) -> Vec<Place> {
    let refers = |kind: &FieldKind| match kind {
        FieldKind::Reference(module) | FieldKind::NamedReference(module) => module != USER,
        _ => false,
    };
    let mut found = Vec::new();
    for field in fields {
        let name = field.name.to_string();
        match &field.kind {
            FieldKind::References(_) => found.push(Place::Set(name)),
            FieldKind::Entries => {
                if name == "contacts" {
                    found.push(Place::Keys(name.clone()));
                }
                let registers = field.entries.iter().filter(|register| refers(&register.kind));
                found.extend(
                    registers.map(|register| Place::Entries(name.clone(), register.name.to_string())),
                );
            }
            kind if refers(kind) => found.push(Place::Register(name)),
            _ => {}
        }
    }
    found
}

/// Tells whether a name of the index is a person's or a thing's, and no reference.
#[cfg(test)]
fn is_name(name: &str) -> bool {
    !name.starts_with(REFERS)
}

/// The index names of a record's references; as many as a row may have beside its names.
pub(crate) fn index_names(state: &RecordState) -> Vec<String> {
    let mut targets = BTreeSet::new();
    for place in PLACES.get(&state.module).into_iter().flatten() {
        match place {
            Place::Register(field) => targets.extend(reference_id(state.winner(field))),
            Place::Set(field) => {
                targets.extend(state.set(field).filter_map(read_typed_reference).map(|(_, id)| id));
            }
            Place::Keys(field) => {
                targets.extend(state.entries(field).filter_map(|(id, _)| id.parse::<RecordId>().ok()))
            }
            Place::Entries(field, register) => {
                let entries = state.entries(field);
                targets.extend(entries.filter_map(|(_, entry)| reference_id(entry.winner(register))));
            }
        }
    }
    targets.into_iter().map(key).take(NAMES_MAX - 1).collect()
}

fn key(id: RecordId) -> String {
    format!("{REFERS}{}", id.0.simple())
}

/// The records of a module that refer to any of some records, by id.
pub(crate) fn referring<A: Access>(
    tx: &Tx<A>,
    module: &str,
    targets: &BTreeSet<RecordId>,
) -> Result<BTreeSet<RecordId>, ClientError> {
    let mut found = BTreeSet::new();
    for target in targets {
        found.extend(tx.named(module, &key(*target))?.iter().map(record_id));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use forsat_domain::composite::typed_reference;
    use forsat_domain::edit::{Edit, preview};

    #[test]
    fn every_reference_but_those_to_people_is_indexed() {
        let id = |number: u8| RecordId::from_bytes([number; 16]);
        let text = |id: RecordId| id.0.to_string();
        let deal = preview(
            &RecordState::new(id(9), "opportunity"),
            &[
                Edit::set("assigned_user_id", text(id(1))),
                Edit::set("campaign_id", text(id(2))),
                Edit::set_entry("contacts", text(id(3)), "role", "x"),
                Edit::set_entry("lines", "one", "product_id", text(id(4))),
            ],
        );
        let expected = [id(2), id(3), id(4)].map(key);
        assert_eq!(index_names(&deal), expected);
        let about = Edit::Add { field: "parents".into(), key: typed_reference("account", id(5)) };
        let task = preview(&RecordState::new(id(8), "activity"), &[about]);
        assert_eq!(index_names(&task), [key(id(5))]);
        assert!(!is_name(&key(id(1))) && is_name("آریا"));
    }
}
