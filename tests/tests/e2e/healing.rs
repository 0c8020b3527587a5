//! Stores that are set back or lose something: what anybody still holds comes back by itself.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::device::{Device, Office};

/// A relay's store file, as it lies beside its other files.
const STORE: &str = "relay.redb";

fn copy(from: &Path, to: &Path) {
    fs::copy(from, to).unwrap();
}

#[test]
fn a_relay_set_back_to_a_copy_gets_back_what_one_device_holds_whoever_wrote_it() {
    let mut office = Office::open();
    office.sara.add("account", &["name=Before"]);
    office.level();
    office.relay.stop();
    let store = office.relay.data().join(STORE);
    let backup = office.relay.data().join("backup");
    copy(&store, &backup);
    office.relay.serve();
    office.level();
    let after = office.reza.add("account", &["name=After"]);
    office.sara.ok(&["account", "edit", "Before", "name=Renamed"]);
    let gone = office.sara.add("account", &["name=Gone"]);
    office.level();
    office.sara.ok(&["account", "delete", &gone, "--yes"]);
    office.level();
    office.relay.stop();
    copy(&backup, &store);
    office.relay.serve();
    // Reza, who wrote a part of it, is never heard of again.
    let summary = office.sara.sync();
    assert!(summary["brought_back"].as_u64() > Some(0), "{summary}");
    assert_eq!(summary["synced"], true, "{summary}");
    let late = office.newcomer("Mina", "rep");
    late.sync();
    let mut names = late.names("account");
    names.sort();
    assert_eq!(names, ["After", "Renamed"]);
    assert_eq!(late.ok(&["account", "list"]), office.sara.ok(&["account", "list"]));
    let changes = |device: &Device| device.ok(&["inspect", &after])["changes"].clone();
    assert_eq!(changes(&late), changes(&office.reza), "each change is still its author's");
    let again = office.sara.sync();
    assert_eq!((&again["brought_back"], &again["fetched"]), (&0.into(), &0.into()), "{again}");
    assert_eq!(office.reza.sync()["synced"], true);
}

#[test]
fn a_device_set_back_to_a_copy_reads_again_what_it_had_sent() {
    let office = Office::open();
    let account = office.sara.add("account", &["name=Before"]);
    office.level();
    let backup = office.sara.dir().with_extension("backup");
    copy_folder(office.sara.dir(), &backup);
    office.sara.ok(&["account", "edit", &account, "name=After"]);
    office.level();
    fs::remove_dir_all(office.sara.dir()).unwrap();
    copy_folder(&backup, office.sara.dir());
    assert_eq!(office.sara.names("account"), ["Before"]);
    assert_eq!(office.sara.sync()["synced"], true);
    assert_eq!(office.sara.names("account"), ["After"]);
    office.sara.ok(&["account", "edit", &account, "name=Later"]);
    office.level();
    assert_eq!(office.reza.names("account"), ["Later"]);
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            copy(&entry.path(), &target);
        }
    }
}

#[test]
fn without_the_key_of_receipts_each_brings_back_ones_own_unless_the_operator_trusts_them() {
    let mut office = Office::open();
    office.level();
    office.relay.stop();
    let store = office.relay.data().join(STORE);
    let backup = office.relay.data().join("backup");
    copy(&store, &backup);
    office.relay.serve();
    office.reza.add("account", &["name=Rezas"]);
    office.level();
    office.relay.stop();
    copy(&backup, &store);
    fs::remove_file(office.relay.data().join("receipt.key")).unwrap();
    office.relay.serve();
    let refused = office.sara.ok(&["sync"]);
    assert_eq!(refused["synced"], false, "{refused}");
    let codes: Vec<Value> = issue_codes(&office.sara.status());
    assert!(codes.contains(&"refill_refused".into()), "{codes:?}");
    office.relay.stop();
    let mut trusting = office.relay.serving();
    trusting.env("FORSAT_RELAY_ACCEPT_UNVERIFIED", "true");
    office.relay.serve_by(trusting);
    let taken = office.sara.sync();
    assert!(taken["brought_back"].as_u64() > Some(0) && taken["synced"] == true, "{taken}");
    assert_eq!(issue_codes(&office.sara.status()), Vec::<Value>::new());
    let late = office.newcomer("Mina", "viewer");
    late.sync();
    assert_eq!(late.names("account"), ["Rezas"]);
}

fn issue_codes(status: &Value) -> Vec<Value> {
    let issues =
        status["sync_issues"].as_array().or(status["issues"].as_array()).cloned().unwrap_or_default();
    issues.iter().map(|issue| issue["code"].clone()).collect()
}
