//! Three replicas of one record, each edited apart, merged in every order.

use automerge::transaction::{CommitOptions, Transactable, Transaction};
use automerge::{ActorId, Automerge, Change, ROOT, ReadDoc};
use forsat_document::{Author, Chunk, Document};
use forsat_domain::{Edit, RecordId, RecordState, Scalar, Schema, UserId};

/// A time that no rule looks at: 2025-09-22 in UTC milliseconds.
pub const NOW_MS: i64 = 1_758_500_000_000;

/// The six orders of three replicas.
pub const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

pub fn record_id(number: u8) -> RecordId {
    RecordId::from_bytes([number, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number])
}

pub fn user(number: u8) -> UserId {
    UserId::from_bytes([0xa0 | number, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, number])
}

/// The author of replica `number`: its own actor, its own user.
pub fn author(number: u8) -> Author {
    Author { actor: vec![number; 16], user: user(number) }
}

pub fn schema() -> Schema {
    Schema::builtin()
}

/// An opportunity made by author 9 with these edits, and its chunks.
pub fn opportunity(edits: &[Edit]) -> (Document, Vec<Chunk>) {
    Document::create(record_id(1), "opportunity", &author(9), NOW_MS, edits, &schema()).unwrap()
}

/// An opportunity as it was made by a version that knew the first change of the genesis only: its chunks.
pub fn old_opportunity(by: &Author, name: &str) -> Vec<Chunk> {
    let first = Document::genesis("opportunity").unwrap().chain()[0].bytes.clone();
    let own = raw_change(std::slice::from_ref(&first), by, |transaction| {
        transaction.put(ROOT, "id", record_id(1).0.to_string()).unwrap();
        transaction.put(ROOT, "created_at", NOW_MS).unwrap();
        transaction.put(ROOT, "created_by", by.user.0.to_string()).unwrap();
        transaction.put(ROOT, "name", name).unwrap();
        let (_, tags) = transaction.get(ROOT, "tags").unwrap().unwrap();
        transaction.put(&tags, name, true).unwrap();
    });
    vec![chunk_of(&Change::from_bytes(first).unwrap()), own]
}

/// A change on top of some chunks, written with the library alone.
pub fn raw_change(base: &[Vec<u8>], by: &Author, write: impl FnOnce(&mut Transaction<'_>)) -> Chunk {
    let changes: Vec<Change> = base.iter().map(|bytes| Change::from_bytes(bytes.clone()).unwrap()).collect();
    let mut document = Automerge::new();
    document.apply_changes(changes).unwrap();
    document.set_author(Some(automerge::Author::from(by.user.as_bytes().to_vec())));
    document.set_actor(ActorId::from(by.actor.as_slice()));
    let mut transaction = document.transaction();
    write(&mut transaction);
    transaction.commit_with(CommitOptions::default().with_time(NOW_MS / 1_000));
    chunk_of(&document.get_last_local_change().unwrap())
}

pub fn chunk_of(change: &Change) -> Chunk {
    Chunk { hash: change.hash().0, bytes: change.raw_bytes().to_vec() }
}

/// Writes edits that change something in a document that has its whole genesis; gives the chunk.
pub fn write(document: &mut Document, by: &Author, edits: &[Edit]) -> Chunk {
    let chunks = document.edit(by, NOW_MS, edits, &schema()).unwrap();
    let [chunk] = <[Chunk; 1]>::try_from(chunks).expect("the edits make one change");
    chunk
}

/// Takes chunks in and expects all of them to be good.
pub fn take(document: &mut Document, chunks: &[Chunk]) {
    let report = document.apply(chunks.to_vec());
    assert_eq!(report.unreadable, vec![]);
}

/// A document of these chunks.
pub fn of_chunks(chunks: &[Chunk]) -> Document {
    let mut document = Document::empty(record_id(1));
    take(&mut document, chunks);
    document
}

/// A record as every replica should see it, as JSON: floats none, maps sorted.
pub fn seen(document: &Document) -> serde_json::Value {
    serde_json::to_value(document.read(&schema())).unwrap()
}

/// Edits three replicas of a base apart, merges them in the six orders and on the replicas themselves, and gives
/// the one state that all must read.
pub fn converge(base: &[Chunk], edits: [&[Edit]; 3]) -> RecordState {
    let replicas: Vec<(Document, Vec<Chunk>)> = (1..)
        .zip(edits)
        .map(|(number, edits)| {
            let mut replica = of_chunks(base);
            let chunks = replica.edit(&author(number), NOW_MS, edits, &schema()).unwrap();
            (replica, chunks)
        })
        .collect();
    converge_chunks(base, &replicas)
}

/// Merges replicas, each with the chunks that it made itself.
pub fn converge_chunks(base: &[Chunk], replicas: &[(Document, Vec<Chunk>)]) -> RecordState {
    let mut states: Vec<RecordState> = ORDERS
        .iter()
        .map(|order| {
            let mut document = of_chunks(base);
            for replica in order {
                take(&mut document, &replicas[*replica].1);
            }
            document.read(&schema())
        })
        .collect();
    for (document, _) in replicas {
        let mut merged = document.clone();
        for (_, chunks) in replicas {
            take(&mut merged, chunks);
        }
        states.push(merged.read(&schema()));
    }
    let first = states.pop().unwrap();
    for state in &states {
        assert_eq!(state, &first);
        assert_eq!(serde_json::to_string(state).unwrap(), serde_json::to_string(&first).unwrap());
    }
    first
}

/// The values of a register, the winner first.
pub fn values(state: &RecordState, field: &str) -> Vec<Scalar> {
    state.sides(field).iter().map(|side| side.value.clone()).collect()
}
