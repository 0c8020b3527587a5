//! The catalogue of hostile changes before the store: each is refused with its code, and nothing of it is kept.

use std::collections::BTreeMap;

use forsat_hostile::{AtRelay, Scene};
use forsat_relay::store::conformance::{Member, NOW_MS, enrol, push, space, whole};
use forsat_relay::store::{
    InitWorkspace, ItemOutcome, Later, OpenOptions, PushItem, PushOutcome, RedbStore, Refusal, RelayStore,
};
use forsat_sync::chunk;
use forsat_sync::frame::{PageEntry, Role};
use forsat_sync::id::{DocumentId, Epoch, SpaceId, WorkspaceId};
use forsat_sync::limits::{ChunkLimits, Limits};
use redb::backends::InMemoryBackend;

fn in_memory(limits: Limits) -> RedbStore {
    let init = InitWorkspace {
        workspace: WorkspaceId::from_bytes([3; 16]),
        name: "Forsat".into(),
        relay_key_seed: [4; 32],
        common: SpaceId::from_bytes([5; 16]),
        now_ms: NOW_MS,
    };
    let options = OpenOptions { limits, ..OpenOptions::new(Epoch::new(1)) };
    RedbStore::with_backend(InMemoryBackend::new(), options, &init).unwrap()
}

fn document(number: usize) -> DocumentId {
    DocumentId::from_bytes((number as u128 + 1).to_be_bytes())
}

fn item(document: DocumentId, bytes: &[u8]) -> PushItem {
    PushItem { document, chunk: chunk::parse(bytes, &ChunkLimits::default()), receipt: None }
}

/// What becomes of one change that a member pushes, in the words of the catalogue.
fn outcome(
    store: &dyn RelayStore,
    mina: &Member,
    space: SpaceId,
    document: DocumentId,
    bytes: &[u8],
) -> AtRelay {
    let PushOutcome::Judged(items) = push(store, mina, space, vec![item(document, bytes)]) else {
        panic!("a member's push is judged");
    };
    match &items[0] {
        ItemOutcome::Accepted(_) | ItemOutcome::Duplicate => AtRelay::Taken,
        ItemOutcome::Later(Later::Judged(reason)) => AtRelay::Later(reason.code()),
        ItemOutcome::Later(Later::Quota(code)) => AtRelay::Later(code),
        ItemOutcome::Later(other) => panic!("{other:?}"),
        ItemOutcome::Refused(Refusal::Chunk(error)) => AtRelay::Refused(error.code()),
        ItemOutcome::Refused(Refusal::Judged(reason)) => AtRelay::Refused(reason.code()),
        ItemOutcome::Refused(other) => panic!("{other:?}"),
    }
}

#[test]
fn every_hostile_change_is_refused_with_its_code_and_leaves_nothing() {
    let store = in_memory(Limits::default());
    let tehran = space(&store, 10, "Tehran");
    let mina = enrol(&store, 1, "Mina", "Tehran", Role::Rep);
    let scene = Scene::empty(*mina.user.as_bytes());
    let (groundwork, catalogue) = (scene.groundwork(), scene.catalogue());
    let mut taken = BTreeMap::new();
    let mut wrong = Vec::new();
    for (number, entry) in catalogue.iter().enumerate() {
        let document = document(number);
        for bytes in &groundwork {
            assert_eq!(outcome(&store, &mina, tehran, document, bytes), AtRelay::Taken, "{}", entry.name);
        }
        let said = outcome(&store, &mina, tehran, document, &entry.bytes);
        if said != entry.relay {
            wrong.push((entry.name, said, entry.relay));
        }
        let again = outcome(&store, &mina, tehran, document, &entry.bytes);
        assert_eq!(again, said, "{}: the second time as the first", entry.name);
        taken.insert(document, groundwork.len() + usize::from(said == AtRelay::Taken));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // What is in the feed is what was taken, to the byte.
    let mut kept: BTreeMap<DocumentId, usize> = BTreeMap::new();
    for entry in whole(&store, &mina, tehran).entries {
        if let PageEntry::Echo { document, .. } | PageEntry::Change { document, .. } = entry {
            *kept.entry(document).or_default() += 1;
        }
    }
    assert_eq!(kept, taken);
}

#[test]
fn every_refusal_of_the_checks_has_an_entry_in_the_catalogue() {
    let scene = Scene::empty([7; 16]);
    let catalogue = scene.catalogue();
    let codes = catalogue.iter().filter_map(|entry| match entry.relay {
        AtRelay::Refused(code) | AtRelay::Later(code) => Some(code),
        AtRelay::Taken => None,
    });
    let codes: std::collections::BTreeSet<&str> = codes.collect();
    // Those that take a document of tens of thousands of changes, or a second genesis, are shown beside their rules.
    let listed = [
        "actor_forked",
        "author_mismatch",
        "author_missing",
        "author_repeated",
        "chunk_actors",
        "chunk_author",
        "chunk_checksum",
        "chunk_columns",
        "chunk_counter_too_high",
        "chunk_deps",
        "chunk_extra_too_long",
        "chunk_inflate",
        "chunk_kind_unsupported",
        "chunk_magic",
        "chunk_message_too_long",
        "chunk_names_too_long",
        "chunk_number",
        "chunk_operation",
        "chunk_runs",
        "chunk_text",
        "chunk_too_deep",
        "chunk_too_large",
        "chunk_too_many_actors",
        "chunk_too_many_columns",
        "chunk_too_many_deps",
        "chunk_too_many_operations",
        "chunk_too_many_predecessors",
        "chunk_trailing_bytes",
        "chunk_truncated",
        "chunk_unknown_column",
        "chunk_zero",
        "genesis_unknown",
        "missing_deps",
        "previous_not_ancestor",
        "seq_gap",
        "start_op_too_high",
        "start_op_too_low",
        "unknown_actor",
    ];
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), listed);
    let names: std::collections::BTreeSet<&str> = catalogue.iter().map(|entry| entry.name).collect();
    assert_eq!(names.len(), catalogue.len(), "each has a name of its own");
}
