//! Random transactions against a model of plain maps: what the store says is what the model says, also after reopening.

use std::collections::BTreeMap;

use forsat_store::{ChunkState, OutboxLimit, OutboxStats, Store, StoreError, WriteTx};
use forsat_sync::digest::{Trie, document_digest};
use forsat_sync::id::{Digest, SpaceId};
use proptest::prelude::*;

use crate::support::{Place, document, hash, space};

#[derive(Clone, Debug)]
enum Step {
    Append { document: u8, change: u32, state: ChunkState },
    SetState { document: u8, change: u32, state: ChunkState },
    FeedHeads { document: u8, heads: Vec<u32> },
    Move { document: u8, space: u8 },
    Row { document: u8, name: u8 },
    RemoveRow { document: u8 },
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    /// document → space, feed heads.
    documents: BTreeMap<u8, (u8, Vec<u32>)>,
    /// (document, change) → state.
    chunks: BTreeMap<(u8, u32), ChunkState>,
    /// space → unsent changes in order.
    outbox: BTreeMap<u8, Vec<(u8, u32)>>,
    /// document → name.
    rows: BTreeMap<u8, u8>,
}

impl Model {
    fn leave_outbox(&mut self, id: u8, change: u32) {
        for items in self.outbox.values_mut() {
            items.retain(|item| *item != (id, change));
        }
        self.outbox.retain(|_, items| !items.is_empty());
    }

    fn set_state(&mut self, id: u8, change: u32, state: ChunkState) {
        if self.chunks.insert((id, change), state) == Some(state) {
            return;
        }
        self.leave_outbox(id, change);
        if state == ChunkState::Outbox {
            let home = self.documents[&id].0;
            self.outbox.entry(home).or_default().push((id, change));
        }
    }

    /// Unsent changes move in the order of their arrival in the document, which the test numbers by change.
    fn move_to(&mut self, id: u8, home: u8, order: &[u32]) {
        let Some(row) = self.documents.get_mut(&id) else { return };
        if row.0 == home {
            return;
        }
        row.0 = home;
        for change in order {
            if self.chunks.get(&(id, *change)) == Some(&ChunkState::Outbox) {
                self.leave_outbox(id, *change);
                self.outbox.entry(home).or_default().push((id, *change));
            }
        }
    }
}

fn apply(tx: &mut WriteTx<'_>, model: &mut Model, step: &Step) -> Result<(), StoreError> {
    match step {
        Step::Append { document: id, change, state } => {
            let new = tx.create_document(&document(*id), Some("account"), space(1))?;
            assert_eq!(new, !model.documents.contains_key(id));
            model.documents.entry(*id).or_insert((1, Vec::new()));
            let bytes = vec![7; *change as usize];
            let appended = tx.append_chunk(&document(*id), hash(*change), &bytes, *state)?;
            assert_eq!(appended, !model.chunks.contains_key(&(*id, *change)));
            if appended {
                model.set_state(*id, *change, *state);
            }
        }
        Step::SetState { document: id, change, state } => {
            match (
                tx.set_chunk_state(&document(*id), &hash(*change), *state),
                model.chunks.get(&(*id, *change)),
            ) {
                (Ok(before), Some(expected)) => {
                    assert_eq!(before, *expected);
                    model.set_state(*id, *change, *state);
                }
                (Err(StoreError::NoSuchChange { .. }), None) => {}
                (result, expected) => panic!("{result:?}, expected {expected:?}"),
            }
        }
        Step::FeedHeads { document: id, heads } if model.documents.contains_key(id) => {
            let hashes: Vec<_> = heads.iter().map(|head| hash(*head)).collect();
            tx.set_feed_heads(&document(*id), &hashes)?;
            model.documents.entry(*id).and_modify(|row| row.1.clone_from(heads));
        }
        Step::Move { document: id, space: home } if model.documents.contains_key(id) => {
            let order: Vec<u32> =
                tx.chunks(&document(*id))?.iter().map(|chunk| number_of(chunk.hash.as_bytes())).collect();
            tx.move_document(&document(*id), space(*home))?;
            model.move_to(*id, *home, &order);
        }
        Step::FeedHeads { .. } | Step::Move { .. } => {}
        Step::Row { document: id, name } => {
            tx.put_row("account", &document(*id), &[&format!("name {name}")], &[*name])?;
            model.rows.insert(*id, *name);
        }
        Step::RemoveRow { document: id } => {
            assert_eq!(tx.remove_row("account", &document(*id))?, model.rows.remove(id).is_some());
        }
    }
    Ok(())
}

fn number_of(bytes: &[u8; 32]) -> u32 {
    u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
}

fn compare(store: &Store, model: &Model) {
    let tx = store.read().unwrap();
    for ((id, change), state) in &model.chunks {
        let chunk = tx.chunk(&document(*id), &hash(*change)).unwrap().unwrap();
        assert_eq!((chunk.state, chunk.bytes.len()), (*state, *change as usize));
    }
    assert_eq!(tx.documents_after(None, 99).unwrap().len(), model.documents.len());
    let mut tries: BTreeMap<SpaceId, Trie> = BTreeMap::new();
    for (id, (home, heads)) in &model.documents {
        let row = tx.document(&document(*id)).unwrap().unwrap();
        assert_eq!(row.space, space(*home));
        for state in ChunkState::ALL {
            let counted = model.chunks.iter().filter(|((of, _), at)| of == id && **at == state).count();
            assert_eq!(row.counts.of(state) as usize, counted);
        }
        let mut heads: Vec<_> = heads.iter().map(|head| hash(*head)).collect();
        heads.sort();
        heads.dedup();
        let digest = document_digest(&document(*id), &heads);
        tries.entry(space(*home)).or_default().update(&document(*id), Digest::EMPTY, digest);
    }
    for home in 1..=3 {
        let root = tries.get(&space(home)).map_or_else(|| Trie::new().root(), Trie::root);
        assert_eq!(tx.trie(&space(home)).unwrap().root(), root);
        let limit = OutboxLimit { bytes_max: u64::MAX, changes_max: usize::MAX };
        let items = tx.outbox(&space(home), None, limit).unwrap();
        let found: Vec<_> =
            items.iter().map(|item| (item.document.as_bytes()[0], number_of(item.hash.as_bytes()))).collect();
        let wanted = model.outbox.get(&home).cloned().unwrap_or_default();
        let bytes = wanted.iter().map(|(_, change)| u64::from(*change)).sum();
        assert_eq!(found, wanted);
        let stats = OutboxStats { changes: wanted.len() as u64, bytes };
        assert_eq!(tx.outbox_stats(&space(home)).unwrap(), stats);
    }
    let mut names: Vec<_> =
        model.rows.iter().map(|(id, name)| (format!("name {name}"), document(*id))).collect();
    names.sort();
    assert_eq!(tx.names_beginning("account", "name", 99).unwrap(), names);
}

fn step() -> impl Strategy<Value = Step> {
    let state = || prop::sample::select(ChunkState::ALL.to_vec());
    prop_oneof![
        4 => (1..4_u8, 0..12_u32, state()).prop_map(|(document, change, state)| Step::Append { document, change, state }),
        4 => (1..4_u8, 0..12_u32, state()).prop_map(|(document, change, state)| Step::SetState { document, change, state }),
        2 => (1..4_u8, prop::collection::vec(0..9_u32, 0..3))
            .prop_map(|(document, heads)| Step::FeedHeads { document, heads }),
        1 => (1..4_u8, 1..4_u8).prop_map(|(document, space)| Step::Move { document, space }),
        2 => (1..4_u8, 0..3_u8).prop_map(|(document, name)| Step::Row { document, name }),
        1 => (1..4_u8).prop_map(|document| Step::RemoveRow { document }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn the_store_says_what_the_model_says(
        transactions in prop::collection::vec((prop::collection::vec(step(), 1..8), any::<bool>()), 1..12),
    ) {
        let place = Place::new();
        let mut store = place.create().unwrap();
        let mut model = Model::default();
        for (steps, keep) in &transactions {
            let mut next = model.clone();
            let done: Result<(), StoreError> = store.write(|tx| {
                steps.iter().try_for_each(|step| apply(tx, &mut next, step))?;
                if *keep { Ok(()) } else { Err(StoreError::Busy) }
            });
            prop_assert_eq!(done.is_ok(), *keep);
            if *keep {
                model = next;
            }
            compare(&store, &model);
        }
        drop(store);
        store = place.open().unwrap();
        compare(&store, &model);
        let problems = store.check_integrity().unwrap().problems;
        prop_assert!(problems.is_empty(), "{:?}", problems);
    }
}
