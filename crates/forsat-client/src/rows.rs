//! Rows: a record's state as it is materialised in the store, for lists, reports and look-ups.
//!
//! A row is postcard of the state with its stamps taken apart: a record has many registers and few changes, so each
//! change stands once in a table and a register names it by its place. Rows are a cache; a store whose rows have
//! another [`ROW_VERSION`] gets them rebuilt from the documents.

use crate::error::{ClientError, Damage};
use forsat_domain::record::{Entry, FieldState, RecordState, Register, Scalar, Side, Stamp};
use forsat_domain::{RecordId, UserId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The version of this layout, of what the names index holds, and of the briefs. Raise it whenever one changes, and when
/// the schema table or a genesis gains something: rebuilding reads what an earlier version left aside.
pub(crate) const ROW_VERSION: u32 = 4;

#[derive(Serialize, Deserialize)]
struct Row {
    id: RecordId,
    module: String,
    writers: Vec<Writer>,
    fields: Vec<(String, Field)>,
    heads: Vec<[u8; 32]>,
    modified: Option<Mark>,
    late_lifecycle: Vec<Mark>,
    late_merge: Vec<Mark>,
    late_paths: BTreeSet<String>,
    unreadable: u32,
}

/// What all registers that one change wrote have in common.
#[derive(PartialEq, Serialize, Deserialize)]
struct Writer {
    hash: [u8; 32],
    actor: Vec<u8>,
    author: Option<UserId>,
    time_ms: i64,
}

/// The place of a writer, and the operation's counter.
type Mark = (u32, u64);

#[derive(Serialize, Deserialize)]
enum Field {
    Register(Sides),
    Text(String),
    Set(BTreeSet<String>),
    Map(Vec<PackedEntry>),
    Grow(BTreeMap<String, Scalar>),
}

/// An entry's id, its registers and its late edits.
type PackedEntry = (String, Vec<(String, Sides)>, Vec<Mark>);

type Sides = Vec<(Scalar, Mark)>;

/// Writes a row.
pub(crate) fn encode(state: &RecordState) -> Vec<u8> {
    let mut packer = Packer::default();
    let fields = state.fields.iter().map(|(name, field)| (name.clone(), packer.field(field))).collect();
    let modified = state.modified.as_ref().map(|stamp| packer.mark(stamp));
    let late_lifecycle = packer.marks(&state.late_lifecycle);
    let late_merge = packer.marks(&state.late_merge);
    let row = Row {
        id: state.id,
        module: state.module.clone(),
        writers: packer.writers,
        fields,
        heads: state.heads.clone(),
        modified,
        late_lifecycle,
        late_merge,
        late_paths: state.late_paths.clone(),
        unreadable: state.unreadable,
    };
    postcard::to_stdvec(&row).expect("a row is plain data, which always serialises")
}

/// Reads a row.
pub(crate) fn decode(bytes: &[u8]) -> Result<RecordState, ClientError> {
    let damaged = || ClientError::Damaged(Damage::Row);
    let row: Row = postcard::from_bytes(bytes).map_err(|_| damaged())?;
    let unpack = |mark: Mark| stamp(&row.writers, mark);
    let mut state = RecordState::new(row.id, row.module);
    for (name, field) in row.fields {
        state.fields.insert(name, unpack_field(field, &row.writers).ok_or_else(damaged)?);
    }
    state.heads = row.heads;
    state.modified = row.modified.and_then(unpack);
    state.late_lifecycle = row.late_lifecycle.into_iter().filter_map(unpack).collect();
    state.late_merge = row.late_merge.into_iter().filter_map(unpack).collect();
    state.late_paths = row.late_paths;
    state.unreadable = row.unreadable;
    Ok(state)
}

#[derive(Default)]
struct Packer {
    writers: Vec<Writer>,
}

impl Packer {
    fn mark(&mut self, stamp: &Stamp) -> Mark {
        let at = self.writers.iter().position(|writer| {
            writer.hash == stamp.hash
                && writer.actor == stamp.actor
                && writer.time_ms == stamp.time_ms
                && writer.author == stamp.author
        });
        let at = at.unwrap_or_else(|| {
            self.writers.push(Writer {
                hash: stamp.hash,
                actor: stamp.actor.clone(),
                author: stamp.author,
                time_ms: stamp.time_ms,
            });
            self.writers.len() - 1
        });
        (u32::try_from(at).expect("a document has fewer changes than that"), stamp.counter)
    }

    fn marks(&mut self, stamps: &[Stamp]) -> Vec<Mark> {
        stamps.iter().map(|stamp| self.mark(stamp)).collect()
    }

    fn sides(&mut self, register: &Register) -> Sides {
        register.sides.iter().map(|side| (side.value.clone(), self.mark(&side.stamp))).collect()
    }

    fn field(&mut self, field: &FieldState) -> Field {
        match field {
            FieldState::Register(register) => Field::Register(self.sides(register)),
            FieldState::Text(text) => Field::Text(text.clone()),
            FieldState::Set(keys) => Field::Set(keys.clone()),
            FieldState::Grow(values) => Field::Grow(values.clone()),
            FieldState::Map(entries) => {
                let packed = entries.iter().map(|(id, entry)| {
                    let fields = entry
                        .fields
                        .iter()
                        .map(|(name, register)| (name.clone(), self.sides(register)))
                        .collect();
                    (id.clone(), fields, self.marks(&entry.late))
                });
                Field::Map(packed.collect())
            }
        }
    }
}

fn stamp(writers: &[Writer], (at, counter): Mark) -> Option<Stamp> {
    let writer = writers.get(at as usize)?;
    Some(Stamp {
        hash: writer.hash,
        actor: writer.actor.clone(),
        author: writer.author,
        time_ms: writer.time_ms,
        counter,
    })
}

fn unpack_sides(sides: Sides, writers: &[Writer]) -> Option<Register> {
    let sides = sides.into_iter().map(|(value, mark)| Some(Side { value, stamp: stamp(writers, mark)? }));
    Some(Register { sides: sides.collect::<Option<_>>()? })
}

fn unpack_field(field: Field, writers: &[Writer]) -> Option<FieldState> {
    Some(match field {
        Field::Register(sides) => FieldState::Register(unpack_sides(sides, writers)?),
        Field::Text(text) => FieldState::Text(text),
        Field::Set(keys) => FieldState::Set(keys),
        Field::Grow(values) => FieldState::Grow(values),
        Field::Map(entries) => {
            let mut map = BTreeMap::new();
            for (id, fields, late) in entries {
                let fields = fields
                    .into_iter()
                    .map(|(name, sides)| Some((name, unpack_sides(sides, writers)?)))
                    .collect::<Option<_>>()?;
                let late = late.into_iter().map(|mark| stamp(writers, mark)).collect::<Option<_>>()?;
                map.insert(id, Entry { fields, late });
            }
            FieldState::Map(map)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn a_stamp(hash: u8, counter: u64) -> Stamp {
        let author = (hash > 1).then(|| UserId::from_bytes([hash; 16]));
        Stamp { hash: [hash; 32], actor: vec![hash; 16], author, time_ms: 1_700_000_000_000, counter }
    }

    fn register(hash: u8) -> Register {
        let side =
            |hash, counter| Side { value: Scalar::text(format!("{hash}")), stamp: a_stamp(hash, counter) };
        Register { sides: vec![side(hash, 3), side(hash + 1, 9)] }
    }

    #[test]
    fn a_state_survives_its_row() {
        let mut state = RecordState::new(RecordId::from_bytes([5; 16]), "opportunity");
        state.fields.insert("name".into(), FieldState::Register(register(1)));
        state.fields.insert("description".into(), FieldState::Text("متن".into()));
        state.fields.insert("tags".into(), FieldState::Set(BTreeSet::from(["a".to_owned()])));
        state
            .fields
            .insert("stage_history".into(), FieldState::Grow([("k".to_owned(), Scalar::Int(4))].into()));
        let entry = Entry { fields: [("qty".to_owned(), register(2))].into(), late: vec![a_stamp(7, 1)] };
        state.fields.insert("lines".into(), FieldState::Map([("e".to_owned(), entry)].into()));
        state.heads = vec![[9; 32]];
        state.modified = Some(a_stamp(2, 40));
        state.late_lifecycle = vec![a_stamp(3, 41)];
        state.late_merge = vec![a_stamp(4, 42)];
        state.late_paths = BTreeSet::from(["phones/p1/raw".to_owned()]);
        state.unreadable = 2;
        assert_eq!(decode(&encode(&state)).expect("reads back"), state);
    }

    #[test]
    fn bytes_that_are_no_row_are_an_error() {
        assert!(decode(&[1, 2, 3]).is_err());
    }
}
