//! Changes made by real Automerge replicas at random, for the tests of this crate.

use automerge::marks::{ExpandMark, Mark};
use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Author, Automerge, Change, ObjId, ObjType, ROOT, ReadDoc, ScalarValue};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// How replicas behave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) replicas: usize,
    pub(crate) steps: usize,
    pub(crate) ops_max: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self { replicas: 3, steps: 24, ops_max: 12 }
    }
}

/// Changes of one document in an order in which each comes after what it builds on; the author of each replica
/// is 16 times its number from 1.
pub(crate) fn changes(seed: u64, shape: Shape) -> Vec<Change> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut replicas: Vec<Automerge> = (0..shape.replicas).map(|n| replica(n, &mut rng)).collect();
    first_change(&mut replicas[0]);
    let base = replicas[0].clone();
    for replica in &mut replicas[1..] {
        replica.merge(&mut base.clone()).unwrap();
    }
    for step in 0..shape.steps {
        let at = rng.random_range(0..replicas.len());
        if rng.random_bool(0.4) {
            let mut from = replicas[rng.random_range(0..shape.replicas)].clone();
            replicas[at].merge(&mut from).unwrap();
        }
        edit(&mut replicas[at], step, shape.ops_max, &mut rng);
    }
    let mut all = base;
    for replica in &mut replicas {
        all.merge(replica).unwrap();
    }
    all.get_changes(&[])
}

/// A replica with an author of its own, set before the actor, since setting an author draws a random actor.
fn replica(n: usize, rng: &mut StdRng) -> Automerge {
    let author = vec![u8::try_from(n + 1).unwrap(); 16];
    let actor: [u8; 16] = rng.random();
    Automerge::new().with_author(Some(Author::from(author))).with_actor(ActorId::from(actor))
}

fn first_change(doc: &mut Automerge) {
    let mut tx = doc.transaction();
    let text = tx.put_object(ROOT, "text", ObjType::Text).unwrap();
    tx.splice_text(&text, 0, 0, "یادداشت first").unwrap();
    tx.put_object(ROOT, "map", ObjType::Map).unwrap();
    tx.put_object(ROOT, "list", ObjType::List).unwrap();
    tx.put(ROOT, "counter", ScalarValue::counter(3)).unwrap();
    tx.commit();
}

fn edit(doc: &mut Automerge, step: usize, ops_max: usize, rng: &mut StdRng) {
    let message = rng.random_bool(0.3).then(|| format!("step {step}"));
    let mut options = CommitOptions::default().with_time(rng.random_range(-5..2_000_000_000_000));
    if let Some(message) = message {
        options = options.with_message(message);
    }
    if rng.random_bool(0.05) {
        doc.empty_commit(options);
        return;
    }
    let mut tx = doc.transaction();
    for _ in 0..rng.random_range(1..=ops_max) {
        operation(&mut tx, rng);
    }
    tx.commit_with(options);
}

fn object(tx: &Transaction<'_>, key: &str) -> ObjId {
    tx.get(ROOT, key).unwrap().expect("the first change makes it").1
}

fn operation(tx: &mut Transaction<'_>, rng: &mut StdRng) {
    let key = format!("key {}", rng.random_range(0..6));
    match rng.random_range(0..10) {
        0 => tx.put(ROOT, key, value(rng)).unwrap(),
        1 => tx.put(object(tx, "map"), key, value(rng)).unwrap(),
        2 => tx.delete(ROOT, key).unwrap_or_default(),
        3 => tx.increment(ROOT, "counter", rng.random_range(-9..9)).unwrap(),
        4 => text(tx, rng),
        5 => mark(tx, rng),
        6 | 7 => list(tx, rng),
        8 => {
            let nested = tx.put_object(object(tx, "map"), key, ObjType::Map).unwrap();
            tx.put(&nested, "inside", value(rng)).unwrap();
        }
        _ => {
            let text = object(tx, "text");
            tx.update_text(&text, format!("متن {key} {}", rng.random_range(0..100))).unwrap();
        }
    }
}

fn text(tx: &mut Transaction<'_>, rng: &mut StdRng) {
    let text = object(tx, "text");
    let len = tx.length(&text);
    let at = rng.random_range(0..=len);
    let delete = rng.random_range(0..=(len - at).min(6));
    let words = ["", "a", "سلام", "a longer piece of text"];
    tx.splice_text(&text, at, isize::try_from(delete).unwrap(), words[rng.random_range(0..4)]).unwrap();
}

fn mark(tx: &mut Transaction<'_>, rng: &mut StdRng) {
    let text = object(tx, "text");
    let len = tx.length(&text);
    if len < 2 {
        return;
    }
    let start = rng.random_range(0..len - 1);
    let end = rng.random_range(start + 1..len);
    let expand = [ExpandMark::Before, ExpandMark::After, ExpandMark::Both, ExpandMark::None];
    let expand = expand[rng.random_range(0..4)];
    if rng.random_bool(0.3) {
        tx.unmark(&text, "bold", start, end, expand).unwrap();
    } else {
        tx.mark(&text, Mark::new("bold".into(), value(rng), start, end), expand).unwrap();
    }
}

fn list(tx: &mut Transaction<'_>, rng: &mut StdRng) {
    let list = object(tx, "list");
    let len = tx.length(&list);
    match rng.random_range(0..4) {
        0 if len > 0 => tx.delete(&list, rng.random_range(0..len)).unwrap(),
        1 if len > 0 => tx.put(&list, rng.random_range(0..len), value(rng)).unwrap(),
        2 => {
            tx.insert_object(&list, rng.random_range(0..=len), ObjType::Text).unwrap();
        }
        _ => tx.insert(&list, rng.random_range(0..=len), value(rng)).unwrap(),
    }
}

fn value(rng: &mut StdRng) -> ScalarValue {
    match rng.random_range(0..10) {
        0 => ScalarValue::Null,
        1 => ScalarValue::Boolean(rng.random()),
        2 => ScalarValue::Uint(rng.random()),
        3 => ScalarValue::Int(rng.random()),
        4 => ScalarValue::F64(rng.random()),
        5 => ScalarValue::Bytes(vec![7; rng.random_range(0..20)]),
        6 => ScalarValue::Timestamp(rng.random()),
        7 => ScalarValue::counter(rng.random_range(-100..100)),
        8 => ScalarValue::Str("متن".repeat(rng.random_range(0..200)).into()),
        _ => ScalarValue::Str("short".into()),
    }
}
