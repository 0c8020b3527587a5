//! Stores in which something isn't what it was: `verify` says what and of which record, a repair and a sync make it whole.

use std::path::Path;

use forsat_document::Genesis;
use serde_json::{Value, json};

use super::device::{Device, Office};
use super::raw::{self, SEAL_LEN, Table, read};

/// Bytes of a chunk's value before its change: format, state, no place in the outbox, hash.
const CHUNK_HEAD: usize = 1 + 1 + 1 + 32;

fn change(file: &Path, table: &str, seals: bool, act: raw::Change<'_>) {
    raw::change(file, table, seals.then_some(raw::device_seal as raw::Seal), act);
}

/// The changes of a store by their hashes, as far as the feed has brought them.
fn changes(device: &Device) -> Table {
    let chunks = read(&device.file(), "chunks").into_values().filter(|value| value[1] == 2);
    chunks.map(|value| (value[3..35].to_vec(), value[CHUNK_HEAD..value.len() - SEAL_LEN].to_vec())).collect()
}

/// Whether a change is one that every device makes the same, and can make again.
fn is_genesis(value: &[u8]) -> bool {
    Genesis::by_hash(value[3..35].try_into().unwrap()).is_some()
}

/// Flips a byte of the last changes that came with the feed, `count` of them after `skip`, in the order of the store.
fn damage_changes(device: &Device, skip: usize, count: usize, seals: bool) {
    let chunks = read(&device.file(), "chunks");
    let from_feed =
        chunks.iter().filter(|(_, value)| value[1] == 2 && value.len() > 200 && !is_genesis(value));
    let keys: Vec<Vec<u8>> = from_feed.map(|(key, _)| key.clone()).rev().skip(skip).take(count).collect();
    assert_eq!(keys.len(), count);
    change(&device.file(), "chunks", seals, &mut |key, mut fields| {
        if keys.iter().any(|damaged| damaged == key) {
            let middle = CHUNK_HEAD + (fields.len() - CHUNK_HEAD) / 2;
            fields[middle] ^= 0x40;
        }
        Some(fields)
    });
}

/// What `verify` finds wrong.
fn findings(device: &Device) -> Vec<Value> {
    let ran = super::program::Ran::of(device.command(&["verify"]).arg("--json"));
    let report = ran.parsed();
    let found = report["findings"].as_array().unwrap().clone();
    assert_eq!(ran.code, Some(if found.is_empty() { 0 } else { 5 }), "{report}");
    assert_eq!(report["sound"], found.is_empty(), "{report}");
    found
}

fn kinds(found: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = found.iter().map(|finding| finding["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// Everything that the store says of its accounts.
fn accounts(device: &Device) -> String {
    device.run(&["account", "list", "--json"]).out
}

/// An office with accounts that both have edited, level.
fn office() -> Office {
    let office = Office::open();
    for number in 0..8 {
        let account = office.sara.add("account", &[&format!("name=Account {number}"), "industry=retail"]);
        office.level();
        office.reza.ok(&["account", "edit", &account, &format!("website=https://{number}.example")]);
        office.sara.ok(&[
            "account",
            "edit",
            &account,
            "description=a customer of many years, met at the fair",
        ]);
        office.level();
    }
    office
}

#[test]
fn a_damaged_change_is_told_set_aside_and_comes_back_from_the_relay() {
    let office = office();
    for seals in [true, false] {
        let (before, list) = (changes(&office.reza), accounts(&office.reza));
        assert_eq!(findings(&office.reza), [] as [Value; 0]);
        damage_changes(&office.reza, 3, 4, seals);
        let found = findings(&office.reza);
        assert_eq!(kinds(&found), ["change_damaged"], "{found:?}");
        assert_eq!(found.len(), 4);
        for finding in &found {
            assert_eq!(finding["remedy"], "repair_and_sync", "{finding}");
            assert_eq!(finding["change"].as_str().unwrap().len(), 12, "{finding}");
            assert!(finding["short"].as_str().is_some(), "{finding}");
        }
        let told = office.reza.run(&["verify"]);
        assert_eq!(told.code, Some(5), "{told:?}");
        assert!(
            told.out.contains("is damaged") && told.out.contains("forsat verify --repair, then forsat sync")
        );

        let repaired = office.reza.ok(&["verify", "--repair"]);
        assert_eq!((&repaired["repair"]["set_aside"], &repaired["repair"]["left"]), (&json!(4), &json!(0)));
        assert_ne!(changes(&office.reza), before);
        assert_eq!(findings(&office.reza), [] as [Value; 0], "what is left is whole");
        office.reza.sync();
        assert_eq!(changes(&office.reza), before, "byte for byte");
        assert_eq!(accounts(&office.reza), list);
        assert_eq!(findings(&office.reza), [] as [Value; 0]);
        let status = office.reza.status();
        assert_eq!(status["sync_issues"], json!([]), "{status}");
    }
    // Work goes on in both directions.
    let account = office.reza.add("account", &["name=Later"]);
    office.level();
    assert_eq!(office.sara.show("account", &account)["name"], "Later");
}

#[test]
fn edits_go_on_between_a_repair_and_the_sync_that_heals() {
    let office = office();
    let before = changes(&office.sara);
    damage_changes(&office.sara, 0, 5, true);
    office.sara.ok(&["verify", "--repair"]);
    for account in office.sara.ok(&["account", "list"])["rows"].as_array().unwrap() {
        office.sara.ok(&["account", "edit", account["short"].as_str().unwrap(), "employees=7"]);
    }
    office.level();
    let after = changes(&office.reza);
    let differs = changes(&office.sara) != after;
    assert!(!differs, "the same changes: {} and {}", changes(&office.sara).len(), after.len());
    assert!(before.iter().all(|(hash, bytes)| after.get(hash) == Some(bytes)), "nothing is lost");
    assert_eq!(accounts(&office.sara), accounts(&office.reza));
    assert_eq!((findings(&office.sara), findings(&office.reza)), (vec![], vec![]));
}

/// What becomes of each value.
type Act = fn(&[u8], Vec<u8>) -> Option<Vec<u8>>;

fn gone(_: &[u8], _: Vec<u8>) -> Option<Vec<u8>> {
    None
}

fn flipped_at_the_end(_: &[u8], mut fields: Vec<u8>) -> Option<Vec<u8>> {
    *fields.last_mut().unwrap() ^= 1;
    Some(fields)
}

#[test]
fn indexes_rows_and_sums_are_made_anew_without_a_relay() {
    let dir = tempfile::tempdir().unwrap();
    let device = Device::init(dir.path().join("sara"), "Sara");
    for number in 0..6 {
        let account = device.add("account", &[&format!("name=Account {number}")]);
        device.add("opportunity", &[&format!("account={account}"), "close_date=2026-12-01"]);
    }
    let whole = std::fs::read(device.file()).unwrap();
    let list = |device: &Device| device.run(&["opp", "list", "--json"]).out + &accounts(device);
    let (before, listed, unsent) = (read(&device.file(), "chunks").len(), list(&device), device.unsent());
    let cases: [(&str, bool, Act, &str); 10] = [
        ("chunks_by_hash", true, gone, "change_index"),
        ("documents", true, gone, "document_row"),
        ("documents", false, flipped_at_the_end, "document_row"),
        ("outbox", true, gone, "outbox"),
        ("outbox_stats", true, gone, "outbox"),
        ("names", true, gone, "names"),
        ("rows", true, gone, "no_row"),
        ("rows", false, flipped_at_the_end, "value"),
        ("outbox", false, flipped_at_the_end, "value"),
        ("journal", false, flipped_at_the_end, "value"),
    ];
    for (table, seals, act, kind) in cases {
        change(&device.file(), table, seals, &mut |key, fields| act(key, fields));
        let found = findings(&device);
        assert!(kinds(&found).contains(&kind), "{table}: {found:?}");
        assert!(found.iter().all(|finding| finding["remedy"] == "repair"), "{table}: {found:?}");
        let repaired = device.ok(&["verify", "--repair"]);
        assert_eq!((&repaired["repair"]["left"], &repaired["repair"]["lost"]), (&json!(0), &json!(0)));
        assert_eq!(findings(&device), [] as [Value; 0], "{table}");
        assert_eq!((list(&device), device.unsent()), (listed.clone(), unsent), "{table}");
        assert_eq!(read(&device.file(), "chunks").len(), before, "{table}");
        std::fs::write(device.file(), &whole).unwrap();
    }
}

#[test]
fn a_row_that_says_other_than_its_record_is_told_and_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    let device = Device::init(dir.path().join("sara"), "Sara");
    let account = device.add("account", &["name=Arya"]);
    change(&device.file(), "rows", true, &mut |_, fields| {
        let text: Vec<u8> = fields.clone();
        let at = text.windows(4).rposition(|letters| letters == b"Arya");
        let mut fields = fields;
        if let Some(at) = at {
            fields[at] = b'B';
        }
        Some(fields)
    });
    assert_eq!(device.names("account"), ["Brya"], "the row lies");
    let found = findings(&device);
    assert_eq!(kinds(&found), ["row"], "{found:?}");
    assert_eq!(found[0]["short"], account.as_str());
    device.ok(&["verify", "--repair"]);
    assert_eq!(device.names("account"), ["Arya"]);
}

#[test]
fn what_was_never_sent_and_is_damaged_is_told_as_lost_and_the_rest_goes_on() {
    let office = office();
    let account = office.reza.add("account", &["name=Nobody knows"]);
    office.reza.ok(&["account", "edit", &account, "website=https://lost.example"]);
    office.reza.ok(&["account", "edit", &account, "employees=12"]);
    let unsent: Vec<Vec<u8>> =
        read(&office.reza.file(), "outbox").into_values().map(|value| value[25..57].to_vec()).collect();
    let lost = unsent[unsent.len() - 2].clone();
    change(&office.reza.file(), "chunks", true, &mut |_, mut fields| {
        if fields[1] == 0 && fields[11..43] == lost[..] {
            let middle = 60;
            fields[middle] ^= 1;
        }
        Some(fields)
    });
    let found = findings(&office.reza);
    assert_eq!((kinds(&found), &found[0]["unsent"]), (vec!["change_damaged"], &json!(true)), "{found:?}");
    assert_eq!(found[0]["remedy"], "backup");
    let repaired = office.reza.ok(&["verify", "--repair"]);
    assert_eq!(
        (&repaired["repair"]["lost"], &repaired["repair"]["refused"]),
        (&json!(1), &json!(1)),
        "{repaired}"
    );
    office.level();
    assert_eq!(office.sara.show("account", &account)["name"], "Nobody knows");
    assert_eq!(accounts(&office.sara), accounts(&office.reza));
    let status = office.reza.status();
    assert_eq!(status["refused"][0]["code"], "lost_base", "{status}");
    let listed = office.reza.ok(&["refused"]);
    assert_eq!((&listed[0]["number"], &listed[0]["by"]), (&json!(1), &json!("Reza")), "{listed}");
}

#[test]
fn a_store_of_real_data_is_sound_after_import_edits_conflicts_and_syncs() {
    let office = Office::open();
    super::whole::import(&office.sara, Some(150));
    office.level();
    for (device, step) in [(&office.sara, "call"), (&office.reza, "visit")] {
        for deal in device.ok(&["opp", "list"])["rows"].as_array().unwrap().iter().take(20) {
            device.ok(&["opp", "edit", deal["short"].as_str().unwrap(), &format!("next_step={step}")]);
        }
    }
    office.level();
    office.sara.ok(&["undo"]);
    office.level();
    for device in [&office.sara, &office.reza] {
        assert_eq!(findings(device), [] as [Value; 0]);
    }
}
