//! A device whose relay lets hostile changes through: nothing panics, records stay readable, every byte is kept, an
//! issue says what was left out, and the sync goes on.

use crate::pair::{Device, Fate, Relay, Wire};
use forsat_client::FieldInput;
use forsat_hostile::{AtDevice, Entry, Scene};
use forsat_relay::store::Role;
use forsat_store::ChunkState;
use forsat_sync::chunk;
use forsat_sync::frame::{PageEntry, StreamId, ToDevice, ToRelay};
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};
use forsat_sync::limits::ChunkLimits;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// How many bytes one page brings at most, so that its message is none that is too large.
const PAGE_BYTES: usize = 512 * 1024;

/// Adds entries to the first page of a space that comes.
struct Adds {
    space: SpaceId,
    entries: Vec<PageEntry>,
    stream: Option<StreamId>,
}

impl Wire for Adds {
    fn to_relay(&mut self, frame: &ToRelay) -> Fate {
        if let ToRelay::Pull(pull) = frame
            && pull.space == self.space
        {
            self.stream = Some(pull.stream);
        }
        Fate::Pass
    }

    fn to_device(&mut self, frame: &ToDevice) -> Fate {
        let ToDevice::Page(page) = frame else { return Fate::Pass };
        if Some(page.stream) != self.stream || self.entries.is_empty() {
            return Fate::Pass;
        }
        let mut page = page.clone();
        page.entries.append(&mut self.entries);
        // Of a relay that took them, the digest would cover them.
        page.root = None;
        Fate::Change(ToDevice::Page(page))
    }
}

fn fields(pairs: &[(&str, &str)]) -> Vec<FieldInput> {
    pairs.iter().map(|(name, value)| FieldInput::new(*name, *value)).collect()
}

/// A record with the entry that is written on top of it.
struct Attacked {
    account: String,
    document: DocumentId,
    space: SpaceId,
    groundwork: Vec<Vec<u8>>,
    entry: Entry,
}

/// What a device's store says of a document: on top of it the hostile changes stand.
fn scene(device: &Device, document: &DocumentId) -> Scene {
    let tx = device.engine.store().read().expect("reads");
    let (mut heads, mut deps, mut max_op) = (BTreeSet::new(), BTreeSet::new(), 0);
    for stored in tx.chunks(document).expect("reads") {
        let (header, _) = chunk::parse(&stored.bytes, &ChunkLimits::default()).expect("honest");
        heads.insert(header.hash);
        deps.extend(header.deps);
        max_op = max_op.max(header.max_op);
    }
    Scene { user: [0x77; 16], heads: heads.difference(&deps).copied().collect(), max_op }
}

/// As many accounts as there are hostile changes, each with one of them.
fn attacked(device: &Device, safe: &str) -> Vec<Attacked> {
    let tx = device.engine.store().read().expect("reads");
    let all = tx.documents_after(None, usize::MAX).expect("reads");
    let accounts = all
        .into_iter()
        .filter(|(_, row)| row.module.as_deref() == Some("account"))
        .map(|(document, row)| (forsat_domain::id::encode_id(document.as_bytes()), document, row))
        .filter(|(account, ..)| reads(device, account, "name") != safe);
    let with_entry = accounts.enumerate().filter_map(|(number, (account, document, row))| {
        let scene = scene(device, &document);
        let entry = scene.catalogue().into_iter().nth(number)?;
        Some(Attacked { account, document, space: row.space, groundwork: scene.groundwork(), entry })
    });
    with_entry.collect()
}

/// Pages of hostile changes, none too large for a message.
fn pages(attacked: &[Attacked]) -> Vec<Vec<PageEntry>> {
    let (mut pages, mut bytes) = (vec![Vec::new()], 0);
    for each in attacked {
        let change = |bytes: &Vec<u8>| PageEntry::Change {
            document: each.document,
            bytes: bytes.clone(),
            receipt: None,
        };
        let size = each.entry.bytes.len() + 1024;
        if bytes + size > PAGE_BYTES {
            pages.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        let page = pages.last_mut().expect("there is one");
        page.extend(each.groundwork.iter().map(change));
        page.push(change(&each.entry.bytes));
    }
    pages
}

/// What became of an entry in the store.
fn found(device: &Device, each: &Attacked) -> Option<AtDevice> {
    let tx = device.engine.store().read().expect("reads");
    let name = Uuid::new_v5(&Uuid::from_bytes(*each.space.as_bytes()), &each.entry.bytes);
    let name = name.simple().to_string();
    let kept = tx.client_value(&format!("entry/{}/{}", each.document, &name[..24]));
    if let Some(kept) = kept.expect("reads") {
        assert_eq!(kept, each.entry.bytes, "{}", each.entry.name);
        return Some(AtDevice::Damaged);
    }
    let chunks = tx.chunks(&each.document).expect("reads");
    let stored = chunks.into_iter().find(|stored| stored.bytes == each.entry.bytes)?;
    match stored.state {
        ChunkState::Feed => Some(AtDevice::Taken),
        ChunkState::Waiting => Some(AtDevice::Waits),
        ChunkState::Unreadable => Some(AtDevice::LeftOut),
        _ => None,
    }
}

fn says_so(device: &Device, each: &Attacked) -> bool {
    let code = match each.entry.device {
        AtDevice::Damaged => "damaged_change",
        AtDevice::LeftOut => "unreadable_change",
        AtDevice::Waits | AtDevice::Taken => return true,
    };
    let issues = device.engine.store().read().expect("reads").sync_issues().expect("reads");
    issues.iter().any(|issue| issue.key.code == code && issue.key.document == Some(each.document))
}

fn reads(device: &Device, account: &str, field: &str) -> String {
    let state = device.engine.show("account", account).expect("shows").state;
    state.winner(field).as_text().unwrap_or_default().to_owned()
}

/// Every change of a store, whatever became of it.
fn bytes_held(device: &Device) -> BTreeMap<(DocumentId, ChangeHash), Vec<u8>> {
    let tx = device.engine.store().read().expect("reads");
    let documents = tx.documents_after(None, usize::MAX).expect("reads");
    let held = documents.iter().flat_map(|(document, _)| {
        let chunks = tx.chunks(document).expect("reads").into_iter();
        chunks.map(|chunk| ((*document, chunk.hash), chunk.bytes))
    });
    held.collect()
}

#[test]
fn a_relay_that_lets_hostile_changes_through_spoils_nothing() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let reza = Device::join(&mut relay, "Reza <reza@example.com>", Role::Rep, 2);
    let count = Scene::empty([0; 16]).catalogue().len();
    for number in 0..count {
        sara.engine.create("account", &fields(&[("name", &format!("account {number}"))])).expect("creates");
    }
    let safe = reza.engine.create("account", &fields(&[("name", "safe")])).expect("creates").short;
    for device in [&sara, &reza] {
        assert!(device.sync(&mut relay).synced);
    }
    let attacked: Vec<Attacked> = attacked(&reza, "safe");
    assert_eq!(attacked.len(), count);
    for entries in pages(&attacked) {
        let (space, stream) = (attacked[0].space, None);
        let mut wire = Adds { space, entries, stream };
        let shown = reza.sync_over(&mut relay, &mut wire);
        shown.result.expect("it ended").expect("it ended well");
        assert!(wire.entries.is_empty(), "the page came");
    }
    let mut wrong = Vec::new();
    for each in &attacked {
        let found = found(&reza, each);
        if found != Some(each.entry.device) {
            wrong.push((each.entry.name, found, each.entry.device));
        } else if !says_so(&reza, each) {
            wrong.push((each.entry.name, found, AtDevice::Damaged));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let held = bytes_held(&reza);
    let reza = reza.restart();
    assert_eq!(bytes_held(&reza), held, "the store opens again with every byte");
    // The sync goes on: what others write to these records arrives and is seen, and own edits leave.
    for each in &attacked {
        let name = reads(&reza, &each.account, "name");
        assert!(name.starts_with("account "), "{}: {name:?}", each.entry.name);
        sara.engine.edit("account", &each.account, &fields(&[("industry", "steel")])).expect("edits");
    }
    sara.sync(&mut relay);
    reza.engine.edit("account", &safe, &fields(&[("industry", "glass")])).expect("edits");
    reza.sync(&mut relay);
    for each in &attacked {
        assert_eq!(reads(&reza, &each.account, "industry"), "steel", "{}", each.entry.name);
        // And the record can be edited here.
        reza.engine
            .edit("account", &each.account, &fields(&[("website", "https://a.example")]))
            .expect("edits");
        assert_eq!(reads(&reza, &each.account, "website"), "https://a.example", "{}", each.entry.name);
    }
    sara.sync(&mut relay);
    assert_eq!(reads(&sara, &safe, "industry"), "glass");
    let reza = reza.restart();
    for each in &attacked {
        assert_eq!(reads(&reza, &each.account, "website"), "https://a.example", "{}", each.entry.name);
    }
}

#[test]
fn nothing_is_saved_that_could_never_be_sent() {
    let mut relay = Relay::new();
    let sara = Device::join(&mut relay, "Sara <sara@example.com>", Role::Admin, 1);
    let account = sara.engine.create("account", &fields(&[("name", "Arya")])).expect("creates").short;
    let write = |text: &str| sara.engine.edit("account", &account, &fields(&[("description", text)]));
    let limits = ChunkLimits::default();
    let too_long = "x".repeat(usize::try_from(limits.ops_max).expect("a small limit") + 1);
    write(&too_long).expect_err("more than one change may have");
    let long = |letter: &str| letter.repeat(30_000);
    let saved =
        (0..40).take_while(|number| write(&long(if number % 2 == 0 { "a" } else { "b" })).is_ok()).count();
    assert!((5..40).contains(&saved), "the record is full at some point: {saved}");
    sara.engine
        .edit("account", &account, &fields(&[("website", "https://a.example")]))
        .expect("there is room");
    let summary = sara.sync(&mut relay);
    assert_eq!((summary.unsent, sara.engine.unsent().expect("counts")), (0, 0), "the relay takes all of it");
    let tx = sara.engine.store().read().expect("reads");
    for (document, _) in tx.documents_after(None, usize::MAX).expect("reads") {
        let chunks = tx.chunks(&document).expect("reads");
        assert!(chunks.iter().all(|chunk| chunk.state != ChunkState::Refused), "and refuses nothing");
    }
}
