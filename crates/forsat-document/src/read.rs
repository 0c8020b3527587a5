//! Tolerant reading: whatever a document holds becomes a record state, the same on every replica.
//!
//! Containers are found by the frozen objects of the genesis, not by their keys, so another program that writes over
//! a key at the root hides nothing. What it put there is read too.

mod late;
mod once;
mod stamps;

use std::collections::{BTreeMap, BTreeSet};

use automerge::{Automerge, ChangeHash, ObjId, ObjType, ROOT, ReadDoc, Value};
use forsat_domain::record::{Entry, FieldState, RecordState, Register, Scalar, Side};
use forsat_domain::schema::{MergeCode, Schema};

use crate::codes::Fields;
use crate::document::Document;
use crate::genesis::{ContainerKind, Genesis};
use crate::value;
use once::FirstWrites;
use stamps::Stamps;

/// Reads a document now, or as it was at some heads.
pub(crate) fn state(document: &Document, at: Option<&[ChangeHash]>, schema: &Schema) -> RecordState {
    let module = document.module();
    let genesis = document.begun_with();
    let view = View { automerge: &document.automerge, at };
    let fields = Fields::of(schema, &module);
    let mut reader = Reader {
        stamps: Stamps::new(view),
        first_writes: FirstWrites::new(view, genesis),
        view,
        genesis,
        fields,
    };
    let mut state = RecordState::new(document.id, module);
    state.fields = reader.fields_found();
    state.heads = view.heads();
    state.modified = reader.stamps.last_change(&state.heads, genesis);
    late::fill(&mut state, view, genesis, &mut reader.stamps);
    if !state.late_merge.is_empty() {
        let late = state.late_merge.iter().map(|stamp| stamp.hash).collect();
        let entries = document.history_of(&late);
        state.late_paths =
            entries.into_iter().flat_map(|entry| entry.changes).map(|change| change.path).collect();
    }
    state.unreadable = u32::try_from(document.unreadable.len()).unwrap_or(u32::MAX);
    state
}

/// A document at some point of its history.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) automerge: &'a Automerge,
    pub(crate) at: Option<&'a [ChangeHash]>,
}

/// One key of a map with its winning value.
struct Found {
    key: String,
    value: Value<'static>,
    object: ObjId,
    is_conflicted: bool,
}

impl View<'_> {
    pub(crate) fn heads(&self) -> Vec<[u8; 32]> {
        let mut heads: Vec<[u8; 32]> = match self.at {
            Some(heads) => heads.iter().map(|hash| hash.0).collect(),
            None => self.automerge.get_heads().into_iter().map(|hash| hash.0).collect(),
        };
        heads.sort_unstable();
        heads.dedup();
        heads
    }

    fn items(&self, object: &ObjId) -> Vec<Found> {
        let range = match self.at {
            Some(heads) => self.automerge.map_range_at(object, .., heads),
            None => self.automerge.map_range(object, ..),
        };
        range
            .map(|item| Found {
                key: item.key.clone().into_owned(),
                object: item.id(),
                is_conflicted: item.conflict,
                value: item.value.into_value(),
            })
            .collect()
    }

    /// All values at a key in the order of their operations, the winner last.
    fn all(&self, object: &ObjId, key: &str) -> Vec<(Value<'static>, ObjId)> {
        let found = match self.at {
            Some(heads) => self.automerge.get_all_at(object, key, heads),
            None => self.automerge.get_all(object, key),
        };
        let owned = |(value, id): (Value<'_>, ObjId)| (value.into_owned(), id);
        found.unwrap_or_default().into_iter().map(owned).collect()
    }

    fn scalar(&self, value: &Value<'_>, object: &ObjId) -> Scalar {
        value::read(self.automerge, value, object, self.at)
    }
}

struct Reader<'a> {
    view: View<'a>,
    genesis: Option<&'static Genesis>,
    fields: Fields<'a>,
    stamps: Stamps<'a>,
    first_writes: FirstWrites<'a>,
}

impl Reader<'_> {
    fn fields_found(&mut self) -> BTreeMap<String, FieldState> {
        let mut fields = BTreeMap::new();
        let mut foreign: BTreeMap<String, Vec<ObjId>> = BTreeMap::new();
        for found in self.view.items(&ROOT) {
            let frozen = self.genesis.and_then(|genesis| genesis.container(&found.key));
            match (frozen, self.fields.code(&found.key)) {
                (Some((ContainerKind::Text, _)), _) => {}
                (Some((ContainerKind::Map, object)), _) => {
                    if found.is_conflicted || &found.object != object {
                        foreign.insert(found.key.clone(), self.other_maps(&found.key, object));
                    }
                }
                (None, code) => {
                    let state = self.root_field(&found, code);
                    fields.insert(found.key, state);
                }
            }
        }
        for (name, kind) in self.genesis.into_iter().flat_map(Genesis::containers) {
            let others = foreign.remove(name).unwrap_or_default();
            let state = self.container_field(name, kind, others);
            fields.insert(name.to_owned(), state);
        }
        fields
    }

    /// Maps that another program put where the genesis has one.
    fn other_maps(&self, key: &str, frozen: &ObjId) -> Vec<ObjId> {
        let all = self.view.all(&ROOT, key).into_iter();
        let maps =
            all.filter(|(value, object)| matches!(value, Value::Object(ObjType::Map)) && object != frozen);
        maps.map(|(_, object)| object).collect()
    }

    /// A field at the root: a register, or an object that some program made there.
    fn root_field(&mut self, found: &Found, code: Option<MergeCode>) -> FieldState {
        let Value::Object(kind) = &found.value else {
            return FieldState::Register(self.register(&ROOT, found, code == Some(MergeCode::I)));
        };
        match (code, kind) {
            (Some(MergeCode::T) | None, ObjType::Text) => {
                FieldState::Text(value::text(self.view.automerge, &found.object, self.view.at))
            }
            (Some(MergeCode::S), ObjType::Map) => {
                FieldState::Set(self.set(std::slice::from_ref(&found.object)))
            }
            (Some(MergeCode::M), ObjType::Map) => {
                FieldState::Map(self.entries(&found.key, std::slice::from_ref(&found.object)))
            }
            (Some(MergeCode::G) | None, ObjType::Map) => {
                FieldState::Grow(self.grown(std::slice::from_ref(&found.object)))
            }
            _ => FieldState::Register(self.register(&ROOT, found, code == Some(MergeCode::I))),
        }
    }

    /// A field whose container the genesis made; `others` are maps that came over it.
    fn container_field(&mut self, name: &str, kind: ContainerKind, others: Vec<ObjId>) -> FieldState {
        let frozen =
            self.genesis.and_then(|genesis| genesis.container(name)).map(|(_, object)| object.clone());
        if kind == ContainerKind::Text {
            return FieldState::Text(self.text(name, frozen));
        }
        let objects: Vec<ObjId> = others.into_iter().chain(frozen).collect();
        match self.fields.code(name) {
            Some(MergeCode::S) => FieldState::Set(self.set(&objects)),
            Some(MergeCode::M) => FieldState::Map(self.entries(name, &objects)),
            _ => FieldState::Grow(self.grown(&objects)),
        }
    }

    /// The text that everybody reads at a key: the winner there, or the frozen object where the key is gone.
    fn text(&self, name: &str, frozen: Option<ObjId>) -> String {
        match self.view.all(&ROOT, name).pop() {
            Some((Value::Object(ObjType::Text), object)) => {
                value::text(self.view.automerge, &object, self.view.at)
            }
            Some((Value::Scalar(scalar), _)) if scalar.is_str() => {
                scalar.as_str().map(str::to_owned).unwrap_or_default()
            }
            _ => frozen
                .map(|object| value::text(self.view.automerge, &object, self.view.at))
                .unwrap_or_default(),
        }
    }

    fn set(&self, objects: &[ObjId]) -> BTreeSet<String> {
        let items = objects.iter().flat_map(|object| self.view.items(object));
        items
            .filter(|found| value::is_present(&self.view.scalar(&found.value, &found.object)))
            .map(|found| found.key)
            .collect()
    }

    /// A grow-only map; of two values of one key the earliest operation's counts, as for a value set once.
    fn grown(&self, objects: &[ObjId]) -> BTreeMap<String, Scalar> {
        let mut values = BTreeMap::new();
        for object in objects {
            for found in self.view.items(object) {
                let (first, id) = match found.is_conflicted {
                    true => self.view.all(object, &found.key).swap_remove(0),
                    false => (found.value, found.object),
                };
                values.insert(found.key, self.view.scalar(&first, &id));
            }
        }
        values
    }

    /// A keyed map by entry; the last of the objects is the frozen one and counts where names meet.
    fn entries(&mut self, field: &str, objects: &[ObjId]) -> BTreeMap<String, Entry> {
        let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
        for object in objects {
            for found in self.view.items(object) {
                let (entry, name) = found.key.split_once('/').unwrap_or((found.key.as_str(), ""));
                let is_once = self.fields.entry_code(field, name) == MergeCode::I;
                let register = self.register(object, &found, is_once);
                entries.entry(entry.to_owned()).or_default().fields.insert(name.to_owned(), register);
            }
        }
        entries
    }

    fn register(&mut self, object: &ObjId, found: &Found, is_once: bool) -> Register {
        let mut sides = if found.is_conflicted {
            self.distinct_sides(object, &found.key)
        } else {
            vec![self.side(&found.value, &found.object)]
        };
        if is_once {
            let first = self.view.all(object, &found.key).into_iter().next();
            let first = first.map(|(value, id)| self.side(&value, &id));
            let earliest = first.map(|side| self.first_writes.earliest(object, &found.key, side));
            sides = earliest.into_iter().collect();
        }
        Register { sides }
    }

    /// Distinct values, the winner first, the others by (value, stamp).
    fn distinct_sides(&mut self, object: &ObjId, key: &str) -> Vec<Side> {
        let mut all: Vec<Side> =
            self.view.all(object, key).iter().map(|(value, id)| self.side(value, id)).collect();
        let Some(winner) = all.pop() else { return Vec::new() };
        // Of several writers of one value the latest operation stands for it.
        let mut others: BTreeMap<Scalar, Side> = BTreeMap::new();
        others.extend(all.into_iter().map(|side| (side.value.clone(), side)));
        others.remove(&winner.value);
        std::iter::once(winner).chain(others.into_values()).collect()
    }

    fn side(&mut self, value: &Value<'_>, id: &ObjId) -> Side {
        Side { value: self.view.scalar(value, id), stamp: self.stamps.of(id) }
    }
}
