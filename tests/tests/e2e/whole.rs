//! The whole set of real data, imported on one device and read on the other: equal to the last digit.

use serde_json::{Value, json};

use super::device::Office;
use crate::repo;

/// Imports the sample data, or as many deals of it as asked for, on a device.
pub fn import(device: &super::device::Device, deals: Option<usize>) -> Value {
    let source = repo::root().join("tests/data/crm-sales");
    let folder = device.dir().with_extension("data");
    std::fs::create_dir_all(&folder).unwrap();
    for entry in std::fs::read_dir(&source).unwrap() {
        let entry = entry.unwrap();
        let mut text = std::fs::read_to_string(entry.path()).unwrap();
        if let (Some(deals), "sales_pipeline.csv") = (deals, entry.file_name().to_str().unwrap()) {
            text = text.lines().take(deals + 1).map(|line| format!("{line}\n")).collect();
        }
        std::fs::write(folder.join(entry.file_name()), text).unwrap();
    }
    let folder = folder.to_str().unwrap();
    device.ok(&["import", folder, "--map", &format!("{folder}/crm-sales.toml")])
}

#[test]
fn the_sample_data_comes_out_equal_and_exact_on_both_devices() {
    let office = Office::open();
    let imported = import(&office.sara, None);
    let deals = imported["files"].as_array().unwrap().last().unwrap();
    assert_eq!((&deals["rows"], &deals["created"]), (&json!(8800), &json!(7375)));
    assert_eq!(deals["refused"], json!({ "an opportunity needs an account": 1425 }));
    let stages = json!({ "identification": 163, "needs": 501, "won": 4238, "lost": 2473 });
    assert_eq!(deals["by_stage"], stages);

    let sent = office.sara.sync();
    assert_eq!((&sent["unsent"], &sent["refused"]), (&json!(0), &json!(0)), "{sent}");
    let received = office.reza.sync();
    assert_eq!(received["received"], sent["sent"], "everything that was sent comes");

    let here = office.sara.run(&["pipeline", "--json"]);
    let there = office.reza.run(&["pipeline", "--json"]);
    assert_eq!(here.out, there.out, "byte for byte");
    let report = here.json();
    let usd = |value: &str| json!({ "currency": "USD", "value": value });
    let stage = |id: &str| {
        let stages = report["stages"].as_array().unwrap();
        stages.iter().find(|stage| stage["stage_id"] == id).unwrap_or_else(|| panic!("no stage {id}"))
    };
    let (first, second) = (stage("identification"), stage("needs"));
    assert_eq!((&first["count"], &first["amount"]), (&json!(163), &usd("365612")));
    assert_eq!((&second["count"], &second["amount"]), (&json!(501), &usd("1269836")));
    assert_eq!((&first["weighted"], &second["weighted"]), (&usd("36561.2"), &usd("317459")));
    assert_eq!((&report["open"]["count"], &report["weighted"]), (&json!(664), &usd("354020.2")));
    assert_eq!(report["won"], json!({ "count": 4238, "amount": usd("10005534") }));
    assert_eq!(report["lost"]["count"], 2473);
    for (device, name) in [(&office.sara, "Sara"), (&office.reza, "Reza")] {
        let status = device.status();
        assert_eq!((&status["unsent"], &status["sync_issues"]), (&json!(0), &json!([])), "{name}");
        for space in status["spaces"].as_array().unwrap() {
            assert_eq!(space["level"], true, "{name}: {space}");
        }
    }
}
