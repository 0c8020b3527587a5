//! Records of a module that this program doesn't know, made by a newer program or another maker's: kept, relayed and
//! handed on as they are, while all else goes on as usual.

use crate::pair::{Device, Relay, Shown};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Author, Automerge, ObjType, ROOT};
use forsat_client::{
    ClientError, Engine, ExportFormat, FieldInput, ListQuery, LogQuery, RecordView, SyncSummary,
};
use forsat_document::{Chunk, GENESIS_ACTOR, Genesis};
use forsat_domain::id::encode_id;
use forsat_relay::store::Role;
use forsat_store::{ChunkState, Store};
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};

const SHIPMENT: [u8; 16] = [0x5a, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1];
const OTHER: [u8; 16] = [0x5b, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 2];

/// A document that is written by hand, change by change.
struct Writing {
    document: Automerge,
    chunks: Vec<Chunk>,
}

impl Writing {
    fn new(actor: &[u8], author: Option<[u8; 16]>) -> Writing {
        let mut document = Automerge::new();
        // Setting the author draws a random actor, so the actor comes after it.
        document.set_author(author.map(|author| Author::from(author.to_vec())));
        document.set_actor(ActorId::from(actor));
        Writing { document, chunks: Vec::new() }
    }

    fn change(&mut self, write: impl FnOnce(&mut automerge::transaction::Transaction<'_>)) {
        let mut transaction = self.document.transaction();
        write(&mut transaction);
        transaction.commit_with(CommitOptions::default().with_time(1_700_000_000));
        let change = self.document.get_last_local_change().expect("a change");
        self.chunks.push(Chunk { hash: change.hash().0, bytes: change.raw_bytes().to_vec() });
    }
}

fn put(transaction: &mut automerge::transaction::Transaction<'_>, pairs: &[(&str, &str)]) {
    for (field, value) in pairs {
        transaction.put(ROOT, *field, *value).expect("writes");
    }
}

/// A record of a module with registers, a text and a map of its own, in two changes.
fn shipment(author: [u8; 16], module: &str) -> Vec<Chunk> {
    let mut writing = Writing::new(&[0x42; 16], Some(author));
    writing.change(|transaction| {
        put(transaction, &[("module", module), ("name", "Crate 7"), ("x_region", "north")]);
        transaction.put(ROOT, "weight", 12).expect("writes");
        let note = transaction.put_object(ROOT, "description", ObjType::Text).expect("a text");
        transaction.splice_text(&note, 0, 0, "شکستنی").expect("writes");
        let parcels = transaction.put_object(ROOT, "parcels", ObjType::Map).expect("a map");
        transaction.put(&parcels, "one/kg", "2.5").expect("writes");
    });
    writing.change(|transaction| put(transaction, &[("carrier", "Tipax")]));
    writing.chunks
}

fn user(device: &Device) -> [u8; 16] {
    *device
        .engine
        .store()
        .read()
        .and_then(|tx| tx.identity())
        .expect("reads")
        .user
        .expect("a user")
        .as_bytes()
}

/// Puts a document into a store, unsent, as the program that made it would have left it there.
fn keep(store: &Store, id: [u8; 16], module: &str, chunks: &[Chunk], space: SpaceId) {
    let at = DocumentId::from_bytes(id);
    let written = store.write::<_, forsat_store::StoreError>(|tx| {
        tx.create_document(&at, Some(module), space)?;
        for chunk in chunks {
            let hash = ChangeHash::from_bytes(chunk.hash);
            assert!(tx.append_chunk(&at, hash, &chunk.bytes, ChunkState::Outbox)?);
        }
        tx.set_heads(&at, &[ChangeHash::from_bytes(chunks.last().expect("a change").hash)])?;
        // What rows there are is for the program to find out again.
        tx.set_row_version(0)
    });
    written.expect("writes");
}

fn with(device: Device, id: [u8; 16], module: &str, chunks: &[Chunk]) -> Device {
    let store = device.engine.store().clone();
    let space = store.read().and_then(|tx| tx.client_value("space/home")).expect("reads");
    let space = space.and_then(|bytes| SpaceId::from_slice(&bytes)).expect("a space for new records");
    keep(&store, id, module, chunks, space);
    drop(store);
    device.restart()
}

/// The changes of a document as a store holds them, in any state, by hash.
fn held(device: &Device, id: [u8; 16]) -> Vec<([u8; 32], Vec<u8>)> {
    let tx = device.engine.store().read().expect("reads");
    let chunks = tx.chunks(&DocumentId::from_bytes(id)).expect("reads");
    let mut held: Vec<_> = chunks.into_iter().map(|chunk| (*chunk.hash.as_bytes(), chunk.bytes)).collect();
    held.sort();
    held
}

fn same(chunks: &[Chunk]) -> Vec<([u8; 32], Vec<u8>)> {
    let mut same: Vec<_> = chunks.iter().map(|chunk| (chunk.hash, chunk.bytes.clone())).collect();
    same.sort();
    same
}

fn joined(relay: &mut Relay, name: &str, role: Role, seed: u64) -> Device {
    let device = Device::join(relay, &format!("{name} <{name}@example.com>"), role, seed);
    synced(&device, relay);
    device
}

fn synced(device: &Device, relay: &mut Relay) -> SyncSummary {
    let summary = device.sync(relay);
    assert!(summary.synced && summary.refused == 0 && summary.unsent == 0, "{summary:?}");
    let status = device.engine.status().expect("reads");
    assert!(status.spaces.iter().all(|space| space.level == Some(true)), "{:?}", status.spaces);
    summary
}

/// Everything that a person does beside the strange record, which must work as ever.
fn works_as_usual(engine: &Engine) {
    let names = |module: &str| -> Vec<String> {
        let page = engine.list(module, &ListQuery::default()).expect("lists");
        page.rows.into_iter().map(|row| row.name).collect()
    };
    for module in ["opportunity", "lead", "contact", "activity", "product", "campaign", "user"] {
        names(module);
    }
    assert_eq!(names("account"), ["Arya"]);
    assert!(engine.find("Crate", 10).expect("searches").is_empty());
    assert_eq!(engine.find("Arya", 10).expect("searches").len(), 1);
    engine.pipeline().expect("reports");
    engine.issues(true).expect("lists");
    engine.trash(None).expect("lists");
    engine.change_log(&LogQuery::default()).expect("tells");
    let mut bytes = Vec::new();
    let done = engine.export("account", &ListQuery::default(), ExportFormat::Jsonl, &mut bytes);
    assert_eq!(done.expect("exports").records, 1);
    assert!(engine.export("shipment", &ListQuery::default(), ExportFormat::Csv, &mut bytes).is_err());
    assert!(engine.list("shipment", &ListQuery::default()).is_err());
    let (edited, id) = ([FieldInput::new("name", "mine")], encode_id(&SHIPMENT));
    assert!(engine.edit("shipment", &id, &edited).is_err());
    let shown: Result<RecordView, ClientError> = engine.show("record", &id);
    assert!(shown.is_err(), "no form knows its fields");
}

#[test]
fn a_record_of_an_unknown_module_goes_through_three_devices_as_it_is() {
    let mut relay = Relay::new();
    let sara = joined(&mut relay, "sara", Role::Admin, 1);
    let reza = joined(&mut relay, "reza", Role::Rep, 2);
    sara.engine.create("account", &[FieldInput::new("name", "Arya")]).expect("creates");
    let chunks = shipment(user(&sara), "shipment");
    let sara = with(sara, SHIPMENT, "shipment", &chunks);
    works_as_usual(&sara.engine);
    synced(&sara, &mut relay);
    let came = synced(&reza, &mut relay);
    assert!(came.records.iter().any(|record| record.module == "shipment" && record.name == "Crate 7"));
    let mina = joined(&mut relay, "mina", Role::Viewer, 3);
    for device in [sara, reza, mina] {
        assert_eq!(held(&device, SHIPMENT), same(&chunks));
        works_as_usual(&device.engine);
        // Rows written again, as after an update of the program, change nothing.
        device
            .engine
            .store()
            .write::<_, forsat_store::StoreError>(|tx| tx.set_row_version(0))
            .expect("writes");
        let device = device.restart();
        assert_eq!(held(&device, SHIPMENT), same(&chunks));
        works_as_usual(&device.engine);
        let status = device.engine.status().expect("reads");
        assert_eq!((status.records["shipment"], status.sync_issues.len()), (1, 0));
        let again = synced(&device, &mut relay);
        assert_eq!((again.sent, again.received), (0, 0));
    }
}

#[test]
fn a_record_of_an_unknown_module_can_be_looked_into_and_tells_its_history() {
    let mut relay = Relay::new();
    let sara = joined(&mut relay, "sara", Role::Admin, 1);
    let chunks = shipment(user(&sara), "shipment");
    let sara = with(sara, SHIPMENT, "shipment", &chunks);
    for reference in [encode_id(&SHIPMENT), encode_id(&SHIPMENT)[..6].to_owned()] {
        let inside = sara.engine.inspect("record", &reference, None, true).expect("looks inside");
        assert_eq!((inside.module.as_str(), inside.changes.len()), ("shipment", 2));
        assert_eq!(inside.document["weight"], 12);
        assert_eq!(inside.document["description"], "شکستنی");
        assert_eq!(inside.document["parcels"]["one/kg"], "2.5");
        let told = sara.engine.record_log("record", &reference, &LogQuery::default()).expect("tells");
        let paths: Vec<&str> =
            told.entries.iter().flat_map(|entry| &entry.changes).map(|change| change.path.as_str()).collect();
        assert_eq!(paths[0], "carrier");
        assert!(paths.contains(&"parcels/one/kg") && paths.contains(&"weight"), "{paths:?}");
        assert_eq!(told.entries[0].author.as_deref(), Some("sara <sara@example.com>"));
    }
    assert!(sara.engine.inspect("account", &encode_id(&SHIPMENT), None, false).is_err());
}

#[test]
fn a_store_with_records_of_an_unknown_module_joins_a_relay_and_hands_them_on() {
    let mut relay = Relay::new();
    let mut chunks = Vec::new();
    let sara = Device::join_with(&mut relay, "sara <sara@example.com>", Role::Admin, 1, |engine| {
        engine.create("account", &[FieldInput::new("name", "Arya")]).expect("creates");
        let tx = engine.store().read().expect("reads");
        let author = tx.identity().expect("reads").user.expect("a user");
        let (space, _) = tx.spaces().expect("reads").into_iter().next().expect("the local space");
        drop(tx);
        chunks = shipment(*author.as_bytes(), "shipment");
        keep(engine.store(), SHIPMENT, "shipment", &chunks, space);
    });
    let sara = sara.restart();
    synced(&sara, &mut relay);
    let reza = joined(&mut relay, "reza", Role::Rep, 2);
    works_as_usual(&reza.engine);
    // Who joins becomes another person there: the change is another one, and says the same.
    assert_eq!(held(&reza, SHIPMENT), held(&sara, SHIPMENT));
    let inside = reza.engine.inspect("record", &encode_id(&SHIPMENT), None, false).expect("looks inside");
    assert_eq!((&inside.document["carrier"], &inside.document["weight"]), (&"Tipax".into(), &12.into()));
}

#[test]
fn a_module_by_an_odd_name_stops_nothing() {
    let mut relay = Relay::new();
    let sara = joined(&mut relay, "sara", Role::Admin, 1);
    let reza = joined(&mut relay, "reza", Role::Rep, 2);
    let arya = sara.engine.create("account", &[FieldInput::new("name", "Arya")]).expect("creates").short;
    let mut sara = sara;
    let odd = ["brief/account", "a\0b", "", "محموله", &"m".repeat(65)];
    for (number, module) in (0_u8..).zip(odd) {
        let mut id = OTHER;
        id[15] = number;
        let mut writing = Writing::new(&[0x50 + number; 16], Some(user(&sara)));
        writing.change(|transaction| put(transaction, &[("module", module), ("name", "odd")]));
        sara = with(sara, id, "odd", &writing.chunks);
    }
    works_as_usual(&sara.engine);
    synced(&sara, &mut relay);
    synced(&reza, &mut relay);
    works_as_usual(&reza.engine);
    reza.engine.edit("account", &arya, &[FieldInput::new("website", "https://arya.example")]).expect("edits");
    synced(&reza, &mut relay);
    for number in 0..5 {
        let mut id = OTHER;
        id[15] = number;
        assert_eq!(held(&reza, id), held(&sara, id));
        assert_eq!(held(&reza, id).len(), 1);
        reza.engine.inspect("record", &encode_id(&id), None, false).expect("looks inside");
        reza.engine.record_log("record", &encode_id(&id), &LogQuery::default()).expect("tells");
    }
}

#[test]
fn a_record_that_changes_its_module_is_counted_once() {
    let mut relay = Relay::new();
    let sara = joined(&mut relay, "sara", Role::Admin, 1);
    let reza = joined(&mut relay, "reza", Role::Rep, 2);
    let mut writing = Writing::new(&[0x42; 16], Some(user(&sara)));
    writing.change(|transaction| put(transaction, &[("module", "shipment"), ("name", "Crate 7")]));
    let sara = with(sara, SHIPMENT, "shipment", &writing.chunks);
    synced(&sara, &mut relay);
    synced(&reza, &mut relay);
    writing.change(|transaction| put(transaction, &[("module", "parcel")]));
    let at = DocumentId::from_bytes(SHIPMENT);
    let last = writing.chunks.last().expect("a change");
    let written = sara.engine.store().write::<_, forsat_store::StoreError>(|tx| {
        tx.append_chunk(&at, ChangeHash::from_bytes(last.hash), &last.bytes, ChunkState::Outbox)
    });
    written.expect("writes");
    synced(&sara, &mut relay);
    synced(&reza, &mut relay);
    let tx = reza.engine.store().read().expect("reads");
    assert_eq!(tx.document(&at).expect("reads").expect("there").module.as_deref(), Some("parcel"));
    assert_eq!(tx.row("shipment", &at).expect("reads"), None);
    assert!(tx.row("parcel", &at).expect("reads").is_some());
}

/// The fixed change that a newer program begins records of a module of its own with.
fn newer_genesis() -> Writing {
    let mut writing = Writing::new(&GENESIS_ACTOR, None);
    writing.change(|transaction| {
        put(transaction, &[("module", "shipment")]);
        transaction.put_object(ROOT, "parcels", ObjType::Map).expect("a map");
    });
    writing
}

/// A record that a newer program began: its module's fixed change, then one of a person's own.
fn newer_shipment(author: [u8; 16]) -> Vec<Chunk> {
    let Writing { document, mut chunks } = newer_genesis();
    let mut writing = Writing { document, chunks: Vec::new() };
    writing.document.set_author(Some(Author::from(author.to_vec())));
    writing.document.set_actor(ActorId::from(&[0x42; 16][..]));
    writing.change(|transaction| put(transaction, &[("name", "Crate 7")]));
    chunks.extend(writing.chunks);
    chunks
}

#[test]
fn a_module_that_newer_programs_begin_with_a_change_of_its_own_is_kept_and_handed_on() {
    let known = ChangeHash::from_bytes(newer_genesis().chunks[0].hash);
    let mut relay = Relay::newer(known);
    let sara = joined(&mut relay, "sara", Role::Admin, 1);
    let reza = joined(&mut relay, "reza", Role::Rep, 2);
    let chunks = newer_shipment(user(&sara));
    sara.engine.create("account", &[FieldInput::new("name", "Arya")]).expect("creates");
    let sara = with(sara, SHIPMENT, "shipment", &chunks);
    synced(&sara, &mut relay);
    let came = synced(&reza, &mut relay);
    assert_eq!(came.unreadable, 2);
    let mina = joined(&mut relay, "mina", Role::Viewer, 3);
    for device in [reza, mina] {
        assert_eq!(held(&device, SHIPMENT), same(&chunks));
        works_as_usual(&device.engine);
        let issues = device.engine.status().expect("reads").sync_issues;
        assert_eq!(issues.len(), 1);
        assert!(issues[0].message.contains("update the program"), "{}", issues[0].message);
        let inside =
            device.engine.inspect("record", &encode_id(&SHIPMENT), None, true).expect("looks inside");
        assert_eq!(inside.changes.len(), 2);
        assert!(inside.changes.iter().all(|change| change.state == "unreadable"));
        let told = device.engine.record_log("record", &encode_id(&SHIPMENT), &LogQuery::default());
        assert_eq!(told.expect("tells").entries.len(), 0);
        let again = synced(&device, &mut relay);
        assert_eq!((again.sent, again.received), (0, 0));
    }
}

#[test]
fn an_older_relay_refuses_what_it_can_not_check_and_the_device_keeps_it() {
    let mut relay = Relay::new();
    let sara = joined(&mut relay, "sara", Role::Admin, 1);
    let chunks = newer_shipment(user(&sara));
    sara.engine.create("account", &[FieldInput::new("name", "Arya")]).expect("creates");
    let sara = with(sara, SHIPMENT, "shipment", &chunks);
    let Shown { summary, .. } = sara.sync_over(&mut relay, &mut crate::pair::Honest);
    let summary = summary.expect("it summed up");
    assert_eq!((summary.refused, summary.unsent), (2, 0), "{summary:?}");
    assert_eq!(held(&sara, SHIPMENT), same(&chunks));
    let refused = sara.engine.status().expect("reads").refused;
    assert!(refused.len() == 2 && refused.iter().all(|edit| edit.changes.is_empty()), "{refused:?}");
    assert!(refused.iter().any(|edit| edit.code == "genesis_unknown"), "{refused:?}");
    // It can't be made again by a program that can't read it, and stays on the list.
    assert!(sara.engine.retry_refused(refused[0].number).is_err());
    assert_eq!(sara.engine.status().expect("reads").refused.len(), 2);
    works_as_usual(&sara.engine);
}

/// Leaves a record as an earlier version did that knew nothing of its module: received, and out of the view.
fn left_out(device: Device, id: [u8; 16]) -> Device {
    let at = DocumentId::from_bytes(id);
    let written = device.engine.store().write::<_, forsat_store::StoreError>(|tx| {
        for chunk in tx.chunks(&at)? {
            tx.set_chunk_state(&at, &chunk.hash, ChunkState::Unreadable)?;
        }
        tx.set_heads(&at, &[])?;
        tx.remove_row("campaign", &at)?;
        tx.remove_row("brief/campaign", &at)?;
        tx.set_row_version(0)
    });
    written.expect("writes");
    device
}

#[test]
fn an_updated_program_shows_what_the_earlier_one_left_out() {
    let mut relay = Relay::new();
    let sara = joined(&mut relay, "sara", Role::Admin, 1);
    let reza = joined(&mut relay, "reza", Role::Manager, 2);
    let made = sara.engine.create("campaign", &[FieldInput::new("name", "Spring")]).expect("creates");
    synced(&sara, &mut relay);
    synced(&reza, &mut relay);
    let before = reza.view();
    let reza = left_out(reza, *made.id.as_bytes());
    assert_eq!(reza.engine.list("campaign", &ListQuery::default()).expect("lists").total, 0);
    let reza = reza.restart();
    assert_eq!(reza.engine.list("campaign", &ListQuery::default()).expect("lists").total, 1);
    assert_eq!(reza.view(), before);
    assert!(Genesis::of("campaign").is_some_and(|genesis| genesis.chain().len() == 2));
    reza.engine.edit("campaign", "Spring", &[FieldInput::new("status", "active")]).expect("edits");
    synced(&reza, &mut relay);
    synced(&sara, &mut relay);
    assert_eq!(sara.view(), reza.view());
}
