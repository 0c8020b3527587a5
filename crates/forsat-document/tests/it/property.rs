//! Random edits on three replicas, delivered in any order and more than once, end in one record.

use forsat_document::{Chunk, Document};
use forsat_domain::{Edit, Scalar};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::*;

/// A step of the story.
#[derive(Clone, Debug)]
enum Step {
    /// A replica writes.
    Write(usize, Vec<Edit>),
    /// A replica takes some of all chunks so far, in the order of these picks, repetitions included.
    Deliver(usize, Vec<prop::sample::Index>),
}

fn short() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["", "a", "b", "متن", "👩‍👧", "long words with spaces"]).prop_map(str::to_owned)
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        Just(Scalar::Null),
        any::<bool>().prop_map(Scalar::Bool),
        (0..3i64).prop_map(Scalar::Int),
        short().prop_map(Scalar::Text)
    ]
}

fn key() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["k1", "k2"]).prop_map(str::to_owned)
}

fn edit() -> impl Strategy<Value = Edit> {
    let register = prop::sample::select(vec!["name", "next_step", "stage", "manual_amount", "status"]);
    prop_oneof![
        (register, scalar()).prop_map(|(field, value)| Edit::Set { field: field.to_owned(), value }),
        vec(short(), 0..4)
            .prop_map(|parts| Edit::SetText { field: "description".into(), value: parts.concat() }),
        key().prop_map(|key| Edit::Add { field: "tags".into(), key }),
        key().prop_map(|key| Edit::Remove { field: "tags".into(), key }),
        (key(), key(), scalar()).prop_map(|(entry, name, value)| Edit::SetEntry {
            field: "lines".into(),
            entry,
            name,
            value
        }),
        (key(), scalar()).prop_map(|(item, value)| Edit::SetEntry {
            field: "checks".into(),
            entry: item,
            name: "done".into(),
            value
        }),
        (key(), scalar()).prop_map(|(key, value)| Edit::Insert { field: "stage_history".into(), key, value }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3usize, vec(edit(), 1..4)).prop_map(|(replica, edits)| Step::Write(replica, edits)),
        (0..3usize, vec(any::<prop::sample::Index>(), 1..8))
            .prop_map(|(replica, picks)| Step::Deliver(replica, picks)),
    ]
}

fn play(base: &[Chunk], steps: &[Step]) -> (Vec<Document>, Vec<Chunk>) {
    let mut replicas: Vec<Document> = (0..3).map(|_| of_chunks(base)).collect();
    let mut all = base.to_vec();
    for step in steps {
        match step {
            Step::Write(replica, edits) => {
                let by = author(*replica as u8 + 1);
                all.extend(replicas[*replica].edit(&by, NOW_MS, edits, &schema()).unwrap());
            }
            Step::Deliver(replica, picks) => {
                let picked: Vec<Chunk> = picks.iter().map(|pick| pick.get(&all).clone()).collect();
                take(&mut replicas[*replica], &picked);
            }
        }
    }
    (replicas, all)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn replicas_with_the_same_changes_read_the_same(
        steps in vec(step(), 1..24),
        order in vec(any::<prop::sample::Index>(), 40),
        is_old in any::<bool>(),
    ) {
        let base = if is_old { old_opportunity(&author(9), "old") } else { opportunity(&[]).1 };
        let (mut replicas, all) = play(&base, &steps);
        // One more replica takes everything one by one, in a random order with repetitions.
        let mut one_by_one = Document::empty(record_id(1));
        for pick in &order {
            take(&mut one_by_one, std::slice::from_ref(pick.get(&all)));
        }
        replicas.push(one_by_one);
        for replica in &mut replicas {
            take(replica, &all);
            prop_assert_eq!(replica.waiting(), Vec::<[u8; 32]>::new());
        }
        let snapshot = replicas[0].snapshot();
        replicas.push(Document::load(record_id(1), Some(&snapshot), []).unwrap());
        let reversed = all.iter().rev().map(|chunk| chunk.bytes.as_slice());
        replicas.push(Document::load(record_id(1), None, reversed).unwrap());
        let first = seen(&replicas[0]);
        for replica in &replicas[1..] {
            prop_assert_eq!(serde_json::to_string(&seen(replica)).unwrap(), serde_json::to_string(&first).unwrap());
            // Two replicas may list concurrent changes in different orders.
            let by_hash = |document: &Document| {
                let mut entries = document.history();
                entries.sort_by_key(|entry| entry.hash);
                entries
            };
            prop_assert_eq!(by_hash(replica), by_hash(&replicas[0]));
        }
    }
}
