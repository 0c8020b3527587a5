//! A member with a program of its own pushes the whole catalogue of hostile changes to a real relay.

use std::collections::BTreeMap;

use forsat_hostile::{AtRelay, Entry, Scene};
use forsat_sync::chunk;
use forsat_sync::frame::{ItemOutcome, PageEntry};
use forsat_sync::id::{DocumentId, SpaceId, UserId};
use forsat_sync::identity::InviteCode;
use forsat_sync::limits::ChunkLimits;

use super::device::{Device, Office};
use super::relay::SPACE;
use super::wire::{Wire, block_on};

/// What hostile input may cost in memory at most.
const MEMORY_BYTES_MAX: u64 = 64 * 1024 * 1024;

fn outcome(outcome: &ItemOutcome) -> (String, bool) {
    match outcome {
        ItemOutcome::Acked => ("acked".into(), true),
        ItemOutcome::Later { code, .. } => (format!("later {code}"), false),
        ItemOutcome::Refused { code, message } => {
            assert!(!message.is_empty(), "{code}");
            (format!("refused {code}"), false)
        }
    }
}

fn expected(entry: &Entry) -> String {
    match entry.relay {
        AtRelay::Refused(code) => format!("refused {code}"),
        AtRelay::Later(code) => format!("later {code}"),
        AtRelay::Taken => "acked".into(),
    }
}

/// The records of a space as their changes give them, and on top of each the scene.
fn scenes(user: UserId, feed: &[PageEntry]) -> Vec<(DocumentId, Scene)> {
    let mut scenes: BTreeMap<DocumentId, Scene> = BTreeMap::new();
    for entry in feed {
        let PageEntry::Change { document, bytes, .. } = entry else { continue };
        let (header, _) = chunk::parse(bytes, &ChunkLimits::default()).unwrap();
        let scene = scenes.entry(*document).or_insert_with(|| Scene::empty(*user.as_bytes()));
        scene.heads.retain(|head| !header.deps.contains(head));
        scene.heads.push(header.hash);
        scene.max_op = scene.max_op.max(header.max_op);
    }
    scenes.into_iter().collect()
}

/// Pushes an entry on its groundwork; answers whether the relay took it.
async fn push(mina: &mut Wire, space: SpaceId, document: DocumentId, scene: &Scene, entry: &Entry) -> bool {
    let changes = [scene.groundwork(), vec![entry.bytes.clone()]].concat();
    let said = mina.push_all(space, document, changes).await;
    let (last, groundwork) = said.split_last().unwrap();
    assert!(groundwork.iter().all(|each| outcome(each).1), "{}: {groundwork:?}", entry.name);
    let (words, taken) = outcome(last);
    assert_eq!(words, expected(entry), "{}", entry.name);
    taken
}

/// Syncs a device as a person does; nothing of what was kept out may look like a fault of the program.
fn sync_quietly(device: &Device) {
    let ran = device.run(&["sync"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
}

#[test]
fn a_member_with_a_hostile_program_spoils_nobodys_records() {
    let mut office = Office::open();
    let hostile = Scene::empty([0; 16]).catalogue();
    let taken_by_relays = hostile.iter().filter(|entry| entry.relay == AtRelay::Taken).count();
    for number in 0..taken_by_relays {
        office.sara.add("account", &[&format!("name=account {number}")]);
    }
    office.level();
    let code: InviteCode = office.relay.invite("Mina", SPACE, "rep").parse().unwrap();
    let space = super::hostile::space_of(&office.sara, SPACE);
    let names = office.sara.names("account");
    let before = office.relay.memory_peak_bytes();
    block_on(async {
        let mut mina = Wire::connect(office.relay.url(), 90).await;
        mina.enrol(&code).await;
        let user = mina.welcome().await;
        let feed = mina.pull(space).await;
        // What relays take goes on top of Sara's records, and the rest into records of its own.
        let mut records = scenes(user, &feed).into_iter();
        for (number, entry) in hostile.iter().enumerate() {
            let (document, scene) = match entry.relay {
                AtRelay::Taken => records.next().unwrap(),
                _ => {
                    let document = DocumentId::from_bytes((number as u128 | 1 << 100).to_be_bytes());
                    (document, Scene::empty(*user.as_bytes()))
                }
            };
            let entry = &scene.catalogue()[number];
            push(&mut mina, space, document, &scene, entry).await;
        }
    });
    assert!(!office.relay.ended());
    if let (Some(before), Some(after)) = (before, office.relay.memory_peak_bytes()) {
        assert!(after - before < MEMORY_BYTES_MAX, "the relay's memory grew by {} bytes", after - before);
    }
    for device in [&office.sara, &office.reza] {
        sync_quietly(device);
        assert_eq!(device.names("account"), names);
    }
    // Everybody goes on, on the records that were attacked too.
    let list = office.sara.ok(&["account", "list"]);
    let ids: Vec<String> = list["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["short"].as_str().unwrap().to_owned())
        .collect();
    for id in &ids {
        office.sara.ok(&["account", "edit", id, "industry=steel"]);
    }
    office.level();
    for id in &ids {
        assert_eq!(office.reza.field("account", id, "industry"), "steel", "{id}");
    }
    assert_eq!((office.sara.unsent(), office.reza.unsent()), (0, 0));
    // A relay that is started again has a sound store.
    office.relay.stop();
    office.relay.serve();
    office.level();
}
