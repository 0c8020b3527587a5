//! Stores that were cut short, flipped or written by a newer version: named as such, never read as data.

use std::path::Path;

use redb::{Database, ReadableTable as _, TableDefinition};

use super::device::{Device, Office};
use super::relay::Relay;

/// The table of both kinds of stores that holds the format.
const META: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("meta");

/// The key of the format in it.
const FORMAT: &[u8] = b"format";
/// Bytes of the seal behind every value.
const SEAL_LEN: usize = 8;

/// Replaces the format in a store's file. `seal` hashes key and fields as the store does (docs/storage.md, docs/storage-relay.md).
fn add_to_format(file: &Path, change: i8, seal: fn(&[u8], &[u8]) -> blake3::Hash) {
    let database = Database::open(file).unwrap();
    let writing = database.begin_write().unwrap();
    {
        let mut meta = writing.open_table(META).unwrap();
        let mut fields = meta.get(FORMAT).unwrap().unwrap().value().to_vec();
        fields.truncate(fields.len() - SEAL_LEN);
        let last = fields.last_mut().unwrap();
        *last = last.checked_add_signed(change).unwrap();
        let sum = seal(FORMAT, &fields);
        fields.extend_from_slice(&sum.as_bytes()[..SEAL_LEN]);
        meta.insert(FORMAT, fields.as_slice()).unwrap();
    }
    writing.commit().unwrap();
}

fn device_seal(key: &[u8], fields: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"meta\0").update(&(key.len() as u64).to_be_bytes()).update(key).update(fields);
    hasher.finalize()
}

fn relay_seal(key: &[u8], fields: &[u8]) -> blake3::Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(key).update(fields);
    hasher.finalize()
}

fn device() -> (tempfile::TempDir, Device) {
    let dir = tempfile::tempdir().unwrap();
    let device = Device::init(dir.path().join("sara"), "Sara");
    (dir, device)
}

#[test]
fn a_store_cut_short_is_told_and_works_again_when_it_is_put_back() {
    let (_dir, device) = device();
    for number in 0..20 {
        device.add("account", &[&format!("name=Account {number}")]);
    }
    let whole = std::fs::read(device.file()).unwrap();
    for length in [0, 10, 4_096, whole.len() / 2, whole.len() - 4_096] {
        std::fs::write(device.file(), &whole[..length]).unwrap();
        let error = device.fails(5, &["account", "list"]);
        assert!(error["error"].as_str().unwrap().contains("store"), "{error}");
    }
    let mut other = whole.clone();
    other[..11].copy_from_slice(b"not a store");
    std::fs::write(device.file(), &other).unwrap();
    device.fails(5, &["account", "list"]);
    std::fs::write(device.file(), &whole).unwrap();
    assert_eq!(device.names("account").len(), 20);
}

#[test]
fn a_flipped_byte_never_comes_out_as_data() {
    const FLIPS: usize = 24;
    let (_dir, device) = device();
    for number in 0..10 {
        device.add("account", &[&format!("name=Account {number}")]);
    }
    let names = device.names("account");
    let whole = std::fs::read(device.file()).unwrap();
    for flip in 0..FLIPS {
        let mut bytes = whole.clone();
        // Spread over the file without a pattern that follows its pages.
        let place = (flip * 7_919 + whole.len() * flip / FLIPS) % whole.len();
        bytes[place] ^= 0x10;
        std::fs::write(device.file(), &bytes).unwrap();
        let ran = device.run(&["account", "list", "--json"]);
        match ran.code {
            // A page that isn't in use, or that this command doesn't need.
            Some(0) => {
                let rows = ran.json()["rows"].as_array().unwrap().clone();
                let mut read: Vec<_> =
                    rows.iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect();
                read.sort();
                assert_eq!(read, names, "byte {place} of {}", whole.len());
            }
            Some(5) => {}
            _ => panic!("byte {place}: {ran:?}"),
        }
    }
    // Wherever a name stands in the file it now reads otherwise, and no command may say so.
    let mut bytes = whole.clone();
    let name = names[5].as_bytes();
    let places: Vec<_> = (0..whole.len()).filter(|place| whole[*place..].starts_with(name)).collect();
    assert!(!places.is_empty(), "the name stands in the file");
    places.iter().for_each(|place| bytes[*place] ^= 0x20);
    std::fs::write(device.file(), &bytes).unwrap();
    let error = device.fails(5, &["account", "list"]);
    assert!(error["error"].as_str().unwrap().contains("damaged"), "{error}");
    std::fs::write(device.file(), &whole).unwrap();
    assert_eq!(device.names("account"), names);
}

#[test]
fn a_store_of_a_newer_version_is_left_alone() {
    let (_dir, device) = device();
    let account = device.add("account", &["name=Arya"]);
    add_to_format(&device.file(), 1, device_seal);
    let error = device.fails(5, &["account", "list"]);
    assert!(error["error"].as_str().unwrap().contains("install a newer version"), "{error}");
    add_to_format(&device.file(), -1, device_seal);
    assert_eq!(device.show("account", &account)["name"], "Arya");
}

#[test]
fn a_relay_refuses_a_damaged_store_and_serves_it_again_when_it_is_restored() {
    let mut office = Office::open();
    office.sara.add("account", &["name=Arya"]);
    office.level();
    office.relay.stop();
    let file = office.relay.data().join("relay.redb");
    let whole = std::fs::read(&file).unwrap();
    for length in [5_000, whole.len() / 2] {
        std::fs::write(&file, &whole[..length]).unwrap();
        let ran = office.relay.run(&["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(ran.code, Some(6), "{length} bytes: {ran:?}");
        assert!(ran.out.is_empty(), "it must not say that it is ready: {ran:?}");
    }
    std::fs::write(&file, &whole).unwrap();
    office.relay.serve();
    office.sara.add("account", &["name=Behnam"]);
    office.level();
    assert_eq!(office.reza.names("account"), ["Arya", "Behnam"]);
}

#[test]
fn a_relay_leaves_a_store_of_a_newer_version_alone() {
    let mut office = Office::open();
    office.sara.add("account", &["name=Arya"]);
    office.level();
    office.relay.stop();
    let file = office.relay.data().join("relay.redb");
    add_to_format(&file, 1, relay_seal);
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["status"]] {
        let ran = office.relay.run(command);
        assert_eq!((ran.code, ran.out.as_str()), (Some(6), ""), "{ran:?}");
        assert!(ran.err.contains("newer"), "{ran:?}");
    }
    add_to_format(&file, -1, relay_seal);
    office.relay.serve();
    office.level();
    assert_eq!(office.newcomer("Mina", "rep").names("account"), ["Arya"]);
}

#[test]
fn an_impostor_on_the_relays_port_gets_and_changes_nothing() {
    let mut office = Office::open();
    let account = office.sara.add("account", &["name=Arya"]);
    office.level();
    office.sara.ok(&["account", "edit", &account, "website=https://arya.example"]);
    office.relay.stop();
    let mut impostor = Relay::init(&office.dir.path().join("impostor"));
    impostor.take_address(&office.relay);
    impostor.serve();
    let error = office.sara.fails(6, &["sync"]);
    assert!(error["error"].as_str().unwrap().contains("not the relay"), "{error}");
    assert_eq!(office.sara.unsent(), 1);
    assert_eq!(impostor.status()["changes"], 0);
    impostor.stop();
    office.relay.serve();
    office.level();
    assert_eq!(office.reza.field("account", &account, "website"), "https://arya.example");
}
