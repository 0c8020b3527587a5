//! A relay's store in which something isn't what it was: told, dropped, and brought back by the devices.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::device::Office;
use super::program::Ran;
use super::raw::{self, Table};
use super::relay::Relay;

/// Where the bytes of the change begin in an entry of a feed.
const ENTRY_HEAD: usize = 1 + 1 + 16 + 32 + 16 + 8 + 4;
/// Where its document and its hash lie.
const ENTRY_NAME: std::ops::Range<usize> = 2..50;
/// Kinds of entries that carry a change.
const CHANGES: [u8; 2] = [0, 128];

fn file(relay: &Relay) -> PathBuf {
    relay.data().join("relay.redb")
}

/// The changes of the feeds by documents and hashes.
fn changes(relay: &Relay) -> Table {
    let entries = raw::read(&file(relay), "feed").into_values().filter(|entry| CHANGES.contains(&entry[1]));
    let bytes = |entry: &[u8]| {
        let length = u32::from_be_bytes(entry[ENTRY_HEAD - 4..ENTRY_HEAD].try_into().unwrap()) as usize;
        entry[ENTRY_HEAD..ENTRY_HEAD + length].to_vec()
    };
    entries.map(|entry| (entry[ENTRY_NAME].to_vec(), bytes(&entry))).collect()
}

/// What `verify` says, and with which code it ends.
fn verify(relay: &Relay, arguments: &[&str]) -> (Option<i32>, Value) {
    let arguments = [&["verify", "--json"][..], arguments].concat();
    let ran = relay.run(&arguments);
    (ran.code, ran.parsed())
}

fn kinds(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    let mut kinds: Vec<&str> = findings.iter().map(|finding| finding["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    kinds
}

/// An office with accounts that both have edited, level.
fn office() -> Office {
    let office = Office::open();
    for number in 0..6 {
        let account = office.sara.add("account", &[&format!("name=Account {number}")]);
        office.level();
        office.reza.ok(&["account", "edit", &account, &format!("website=https://{number}.example")]);
        office.level();
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

/// Flips a byte in the changes at some places of the feeds; other entries don't count.
fn damage(relay: &Relay, places: &[usize], seals: bool) {
    let seal = seals.then_some(raw::relay_seal as raw::Seal);
    let mut place = 0;
    raw::change(&file(relay), "feed", seal, &mut |_, mut fields| {
        if !CHANGES.contains(&fields[1]) {
            return Some(fields);
        }
        if places.contains(&place) {
            let middle = ENTRY_HEAD + (fields.len() - ENTRY_HEAD) / 2;
            fields[middle] ^= 0x40;
        }
        place += 1;
        Some(fields)
    });
}

#[test]
fn damaged_changes_are_told_dropped_and_brought_back_by_the_devices() {
    let mut office = office();
    for seals in [true, false] {
        office.relay.stop();
        let before = changes(&office.relay);
        assert_eq!(verify(&office.relay, &[]).0, Some(0));
        damage(&office.relay, &[before.len() / 2, before.len() / 2 + 7], seals);
        let (code, report) = verify(&office.relay, &[]);
        assert_eq!((code, &report["sound"]), (Some(6), &json!(false)), "{report}");
        let told = if seals { "change_damaged" } else { "entry_damaged" };
        assert!(kinds(&report).contains(&told), "{report}");
        let first = &report["findings"][0];
        assert_eq!(
            (&first["kind"], &first["remedy"]),
            (&json!(told), &json!("repair_and_devices")),
            "{report}"
        );

        let (code, repaired) = verify(&office.relay, &["--repair"]);
        assert_eq!((code, &repaired["left"]), (Some(0), &json!(0)), "{repaired}");
        let dropped = repaired["repaired"]["dropped"].as_u64().unwrap();
        assert!(dropped >= 2, "{repaired}");
        assert!(changes(&office.relay).len() < before.len());
        office.relay.serve();
        office.level();
        let (code, report) = verify(&office.relay, &[]);
        assert_eq!((code, &report["sound"]), (Some(0), &json!(true)), "while it serves: {report}");
        assert_eq!(report["changes"], before.len(), "{report}");
        assert!(report["dropped"].as_u64().unwrap() >= dropped, "{report}");
        for device in [&office.sara, &office.reza] {
            assert_eq!(device.status()["sync_issues"], json!([]));
        }
        let newcomer = office.newcomer(if seals { "Mina" } else { "Navid" }, "rep");
        assert_eq!(newcomer.names("account"), office.sara.names("account"));
        assert_eq!(newcomer.run(&["verify"]).code, Some(0));
        office.level();
        office.relay.stop();
        let after = changes(&office.relay);
        assert!(before.iter().all(|(hash, bytes)| after.get(hash) == Some(bytes)), "byte for byte");
        office.relay.serve();
    }
    let account = office.reza.add("account", &["name=Later"]);
    office.level();
    assert_eq!(office.sara.show("account", &account)["name"], "Later");
}

#[test]
fn what_is_written_beside_the_feeds_is_made_anew_as_it_was() {
    let mut office = office();
    office.relay.stop();
    let whole = std::fs::read(file(&office.relay)).unwrap();
    let derived = ["documents", "changes", "actors", "buckets", "documents_by_bucket"];
    let tables = |relay: &Relay| derived.map(|name| raw::read(&file(relay), name));
    let before = tables(&office.relay);
    for (table, is_gone) in derived.iter().flat_map(|table| [(table, true), (table, false)]) {
        let mut place = 0;
        raw::change(&file(&office.relay), table, None, &mut |_, mut fields| {
            place += 1;
            if place % 3 != 1 {
                return Some(fields);
            }
            *fields.last_mut().unwrap() ^= 1;
            Some(fields).filter(|_| !is_gone)
        });
        let (code, report) = verify(&office.relay, &[]);
        assert_eq!(code, Some(6), "{table}: {report}");
        let (code, repaired) = verify(&office.relay, &["--repair"]);
        assert_eq!((code, &repaired["repaired"]["dropped"]), (Some(0), &json!(0)), "{table}: {repaired}");
        assert!(tables(&office.relay) == before, "{table}");
        std::fs::write(file(&office.relay), &whole).unwrap();
    }
}

#[test]
fn a_repair_waits_until_the_relay_has_stopped() {
    let office = Office::open();
    let ran = Ran::of(&mut office.relay.command(&["verify", "--repair"]));
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("stop it"), "{ran:?}");
}
