//! Duplicates with real processes: found, dismissed, merged and taken back; scenario S9 on three devices.

use super::device::{Device, Office};

/// The pairs that a device suggests, by names.
fn pairs(device: &Device) -> Vec<(String, String)> {
    let list = device.ok(&["account", "duplicates"]);
    let name = |record: &serde_json::Value| record["name"].as_str().expect("a name").to_owned();
    let pairs = list["pairs"].as_array().expect("a list of pairs");
    pairs.iter().map(|pair| (name(&pair["left"]), name(&pair["right"]))).collect()
}

fn level(devices: [&Device; 3]) {
    // Twice, so that what the last one sent reaches the first.
    for device in devices.into_iter().chain(devices) {
        device.sync();
    }
}

// R30 of docs/requirements.md.
#[test]
fn s9_a_circle_of_merges_on_three_devices_ends_in_one_account() {
    let office = Office::open();
    let mina = office.newcomer("Mina", "rep");
    let (sara, reza) = (&office.sara, &office.reza);
    let add = |number: &str| {
        sara.add(
            "account",
            &["name=آریا صنعت", &format!("industry=صنعت {number}"), &format!("website=arya{number}.ir")],
        )
    };
    let accounts = [add("1"), add("2"), add("3")];
    let [one, two, three] = [&accounts[0], &accounts[1], &accounts[2]];
    level([sara, reza, &mina]);
    assert_eq!(pairs(reza).len(), 3, "each with each");

    // Apart, each merges one into the next and takes the industry of the record that goes.
    for (device, into, from) in [(sara, two, one), (reza, three, two), (&mina, one, three)] {
        device.ok(&["account", "merge", into, from, "--take", "industry=2", "--yes"]);
    }
    level([sara, reza, &mina]);

    let id = |device: &Device, short: &str| {
        device.show("account", short)["id"].as_str().expect("an id").to_owned()
    };
    let survivor = accounts.iter().min_by_key(|short| id(sara, short)).expect("three accounts");
    for device in [sara, reza, &mina] {
        assert_eq!(device.names("account"), ["آریا صنعت"]);
        for account in accounts.iter().filter(|account| *account != survivor) {
            let shown = device.show("account", account);
            assert_eq!(shown["merged_into"]["short"], survivor.as_str(), "{account}");
        }
        assert!(pairs(device).is_empty());
        assert_eq!(device.issue_codes(survivor), ["late_edits", "late_edits"]);
    }
    let issues = sara.issues(survivor);
    assert_eq!(issues, reza.issues(survivor));
    // Every chosen industry can be had: one stands, the two others wait to be accepted.
    let mut chosen = vec![sara.field("account", survivor, "industry")];
    let sides = issues.iter().flat_map(|issue| issue["sides"].as_array().expect("sides"));
    chosen.extend(sides.filter(|side| side["field"] == "industry").map(|side| side["value"].clone()));
    let mut chosen: Vec<&str> = chosen.iter().map(|value| value.as_str().expect("an industry")).collect();
    chosen.sort_unstable();
    assert_eq!(chosen, ["صنعت 1", "صنعت 2", "صنعت 3"]);

    // Two commands end it for everybody.
    sara.ok(&["resolve", survivor, "late_edits", "--value", "accept"]);
    sara.ok(&["resolve", survivor, "late_edits", "--value", "dismiss"]);
    level([sara, reza, &mina]);
    for device in [sara, reza, &mina] {
        assert!(device.issue_codes(survivor).is_empty());
        assert_eq!(
            device.field("account", survivor, "industry"),
            sara.field("account", survivor, "industry")
        );
    }
}

// R29 of docs/requirements.md.
#[test]
fn a_pair_is_merged_taken_back_and_dismissed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let device = Device::init(dir.path().join("sara"), "Sara");
    let one = device.add("account", &["name=شرکت آریا صنعت"]);
    let two = device.add("account", &["name=آريا صنعط", "industry=نفت", "phones=021 8888 1111"]);
    let deal = device.add("opp", &["account_id=آريا صنعط", "name=سرور", "amount=500", "close_date=+30d"]);
    assert_eq!(pairs(&device).len(), 1);
    // Without a terminal a merge needs --yes, and a preview writes nothing.
    device.fails(7, &["account", "merge", &one, &two]);
    let preview = device.ok(&["account", "merge", &one, &two, "--preview"]);
    assert_eq!(preview["rows"].as_array().expect("rows").len(), 3, "{preview}");
    assert_eq!(device.names("account").len(), 2);
    device.ok(&["account", "merge", &one, &two, "--yes"]);
    assert_eq!(device.names("account"), ["شرکت آریا صنعت"]);
    assert_eq!(device.field("account", &one, "industry"), "نفت");
    assert_eq!(device.show("opp", &deal)["opportunity"]["account"], "شرکت آریا صنعت");
    let refused = device.fails(4, &["account", "edit", &two, "industry=گاز"]);
    assert!(refused["error"].as_str().expect("a message").contains("شرکت آریا صنعت"), "{refused}");
    // One undo takes the whole merge back.
    device.ok(&["undo"]);
    assert_eq!(device.names("account").len(), 2);
    assert!(device.field("account", &one, "industry").is_null());
    device.ok(&["account", "merge", &one, &two, "--yes"]);
    device.ok(&["account", "unmerge", &two, "--take-back"]);
    assert_eq!(device.names("account").len(), 2);
    assert!(device.field("account", &one, "industry").is_null());
    device.ok(&["account", "dismiss", &two, &one]);
    assert!(pairs(&device).is_empty());
    device.ok(&["undo"]);
    assert_eq!(pairs(&device).len(), 1);
}
