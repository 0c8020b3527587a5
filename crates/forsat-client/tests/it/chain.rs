//! Records that an earlier version made, with the first change of their genesis only: edited apart, sent, refused.

use crate::pair::{Device, Fate, Relay, Wire};
use automerge::transaction::{CommitOptions, Transactable};
use automerge::{ActorId, Author, Automerge, Change, ROOT};
use forsat_client::FieldInput;
use forsat_document::{Chunk, Genesis};
use forsat_domain::id::encode_id;
use forsat_relay::store::Role;
use forsat_store::ChunkState;
use forsat_sync::code::Code;
use forsat_sync::frame::{ItemOutcome, ToDevice, ToRelay};
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};

const DEAL: [u8; 16] = [0xd1, 0, 0, 0, 0, 0, 0x40, 0, 0x80, 0, 0, 0, 0, 0, 0, 1];

fn chunk(change: &Change) -> Chunk {
    Chunk { hash: change.hash().0, bytes: change.raw_bytes().to_vec() }
}

/// A deal as an earlier version made it: the first fixed change, and one of a person's own.
fn old_deal(user: &[u8; 16]) -> [Chunk; 2] {
    let genesis = Genesis::of("opportunity").expect("a module");
    let first = Change::from_bytes(genesis.chain()[0].bytes.clone()).expect("a change");
    let mut document = Automerge::new();
    document.apply_changes([first.clone()]).expect("applies");
    document.set_author(Some(Author::from(user.to_vec())));
    document.set_actor(ActorId::from(&[0x31; 16][..]));
    let mut transaction = document.transaction();
    for (field, value) in [("id", uuid::Uuid::from_bytes(DEAL).to_string()), ("name", "Old deal".to_owned())]
    {
        transaction.put(ROOT, field, value).expect("writes");
    }
    transaction.commit_with(CommitOptions::default());
    [chunk(&first), chunk(&document.get_last_local_change().expect("a change"))]
}

/// Puts an old deal into a device's store, unsent, as the earlier version would have left it.
fn with_old_deal(device: Device) -> Device {
    let store = device.engine.store();
    let user = store.read().and_then(|tx| tx.identity()).expect("reads").user.expect("a user");
    let chunks = old_deal(user.as_bytes());
    let written = store.write(|tx| {
        let space = tx.client_value("space/home")?.and_then(|bytes| SpaceId::from_slice(&bytes));
        let at = DocumentId::from_bytes(DEAL);
        tx.create_document(&at, Some("opportunity"), space.expect("a space for new records"))?;
        for chunk in &chunks {
            let hash = ChangeHash::from_bytes(chunk.hash);
            assert!(tx.append_chunk(&at, hash, &chunk.bytes, ChunkState::Outbox)?);
        }
        tx.set_heads(&at, &[ChangeHash::from_bytes(chunks[1].hash)])?;
        // Its rows are of an earlier version, too.
        tx.set_row_version(0)
    });
    written.expect("writes");
    device.restart()
}

/// Two devices that have an old deal.
fn two(relay: &mut Relay) -> (Device, Device) {
    let sara = Device::join(relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(relay, "Reza <reza@example.com>", Role::Rep, 2);
    sara.sync(relay);
    let sara = with_old_deal(sara);
    meet(relay, &sara, &reza);
    (sara, reza)
}

/// Syncs both until neither has anything for the other.
fn meet(relay: &mut Relay, one: &Device, two: &Device) {
    for device in [one, two, one, two] {
        let summary = device.sync(relay);
        assert!(summary.synced && summary.refused == 0 && summary.unsent == 0, "{summary:?}");
    }
    assert_eq!(one.view(), two.view());
}

fn deal() -> String {
    encode_id(&DEAL)
}

fn edit(device: &Device, field: &str, value: &str) {
    device.engine.edit("opportunity", &deal(), &[FieldInput::new(field, value)]).expect("edits");
}

fn reads(device: &Device, field: &str) -> String {
    let state = device.engine.show("opportunity", &deal()).expect("shows").state;
    state.winner(field).as_text().unwrap_or_default().to_owned()
}

/// How many changes the document has, and how many of them the history tells.
fn changes(device: &Device) -> (usize, usize) {
    let inside = device.engine.inspect("opportunity", &deal(), None, false).expect("inspects");
    let shown = inside.changes.iter().filter(|change| change.state != "refused").count();
    (shown, device.engine.history("opportunity", &deal()).expect("tells").len())
}

#[test]
fn a_record_of_an_earlier_version_is_edited_apart_and_converges() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    assert_eq!(reads(&reza, "name"), "Old deal");
    assert_eq!((changes(&sara), changes(&reza)), ((2, 1), (2, 1)), "nobody has edited it yet");
    edit(&sara, "next_step", "call");
    edit(&reza, "business_type", "new");
    assert_eq!((changes(&sara), changes(&reza)), ((4, 2), (4, 2)));
    sara.sync(&mut relay);
    let came = reza.sync(&mut relay);
    let record = came.records.iter().find(|record| record.name == "Old deal").expect("it changed");
    assert_eq!(
        (record.changed.join(" "), record.merged.join(" ")),
        ("next_step".into(), "business_type next_step".into())
    );
    meet(&mut relay, &sara, &reza);
    assert_eq!((changes(&sara), changes(&reza)), ((5, 3), (5, 3)), "both had made the same fixed change");
    assert_eq!((reads(&reza, "next_step"), reads(&sara, "business_type")), ("call".into(), "new".into()));
    sara.engine.undo().expect("undoes");
    meet(&mut relay, &sara, &reza);
    assert_eq!(reads(&reza, "next_step"), "");
}

/// Refuses the first change pushed, as a relay does that is older than the devices.
#[derive(Default)]
struct OlderRelay {
    done: bool,
}

impl Wire for OlderRelay {
    fn to_relay(&mut self, frame: &ToRelay) -> Fate {
        let ToRelay::Push(push) = frame else { return Fate::Pass };
        if std::mem::replace(&mut self.done, true) {
            return Fate::Pass;
        }
        let later =
            || ItemOutcome::Later { code: Code::new("missing_deps"), message: "its base is missing".into() };
        let mut results: Vec<ItemOutcome> = push.items.iter().map(|_| later()).collect();
        let (code, message) = (Code::new("genesis_unknown"), "unknown".into());
        results[0] = ItemOutcome::Refused { code, message };
        Fate::Answer(ToDevice::Outcome { batch: push.batch, results })
    }
}

#[test]
fn an_edit_that_an_older_relay_refuses_is_kept_and_made_again_once_the_relay_is_updated() {
    let mut relay = Relay::new();
    let (sara, reza) = two(&mut relay);
    edit(&sara, "next_step", "call");
    let summary = sara.sync_over(&mut relay, &mut OlderRelay::default()).summary();
    assert_eq!((summary.refused, summary.unsent), (1, 0), "{summary:?}");
    assert_eq!((reads(&sara, "next_step").as_str(), changes(&sara)), ("", (2, 1)));
    let status = sara.engine.status().expect("status");
    let refused = status.refused.first().expect("kept");
    assert_eq!(refused.code, "genesis_unknown");
    sara.engine.retry_refused(refused.number).expect("made again");
    assert_eq!(changes(&sara), (4, 2));
    meet(&mut relay, &sara, &reza);
    assert_eq!(reads(&reza, "next_step"), "call");
}
