//! A field of the workspace's own with the real programs: added by an administrator, there for everybody after the next
//! sync, filled by a file of another program, exported, taken in elsewhere, changed in many records at once.

use serde_json::{Value, json};

use super::device::{Device, Office};

/// Name, type, a value as it is typed, what is stored for it, and one that doesn't fit.
fn fields() -> [(&'static str, &'static str, &'static str, Value, &'static str); 8] {
    [
        ("region", "text", "شمال", json!("شمال"), "a\nb"),
        ("seats", "number", "-۱۲", json!(-12), "1.5"),
        ("growth", "decimal", "-2.5", json!("-2.5"), "0.1234567"),
        ("fee", "money", "1250.75", json!({"currency": "USD", "value": "1250.75"}), "-5"),
        ("renewal", "date", "1404/06/31", json!("2025-09-22"), "1404/13/01"),
        ("vip", "bool", "بله", json!(true), "maybe"),
        ("share", "percent", "40%", json!(40), "101"),
        ("tier", "choice(Gold,Silver)", "gold", json!("gold"), "bronze"),
    ]
}

fn add_fields(device: &Device) {
    for (name, type_text, ..) in fields() {
        let (name, type_text) = (format!("--name={name}"), format!("--type={type_text}"));
        device.ok(&["settings", "field", "add", "account", &name, &type_text]);
    }
}

fn holds_all(device: &Device, record: &str) {
    for (name, _, _, stored, _) in fields() {
        assert_eq!(device.field("account", record, &format!("x_{name}")), stored, "{name}");
    }
}

fn listed(device: &Device, condition: &str) -> usize {
    let list = device.ok(&["account", "list", "--where", condition]);
    list["rows"].as_array().map_or(0, Vec::len)
}

#[test]
fn own_fields_are_there_for_all_after_a_sync_in_forms_lists_files_and_mass_updates() {
    let office = Office::open();
    add_fields(&office.sara);
    let options: Vec<String> =
        fields().iter().map(|(name, _, typed, ..)| format!("--{name}={typed}")).collect();
    let mut add = vec!["account", "add", "name=Arya"];
    add.extend(options.iter().map(String::as_str));
    office.sara.ok(&add);
    office.sara.ok(&["account", "similar", "Arya", "name=Bahar", "--region", "south", "--seats=4"]);
    office.level();

    holds_all(&office.reza, "Arya");
    assert_eq!(listed(&office.reza, "region=شمال and seats<0 and fee>1000 and tier=gold"), 1);
    assert_eq!(listed(&office.reza, "share=40 and vip=yes and renewal<1404/07/01 and growth<0"), 2);
    // Bad values are refused, one at a time and in many records.
    for (name, _, _, _, bad) in fields() {
        let bad = format!("{name}={bad}");
        office.reza.fails(4, &["account", "edit", "Arya", &bad]);
        office.reza.fails(4, &["account", "update", "--where", "not (name is empty)", &bad, "--yes"]);
    }
    let update = ["account", "update", "--where", "seats<100", "tier=silver", "growth=0", "--yes"];
    let done = office.reza.ok(&update);
    assert_eq!((&done["matched"], &done["changed"]), (&json!(2), &json!(2)), "{done}");
    office.reza.sync();
    office.sara.sync();
    assert_eq!(listed(&office.sara, "tier=silver and growth=0"), 2);
    let history = office.sara.ok(&["history", "Arya", "--field", "tier"]);
    assert_eq!(history["entries"][0]["changes"][0]["after"], "silver", "{history}");
    office.reza.ok(&["undo"]);
    holds_all(&office.reza, "Arya");
}

#[test]
fn own_fields_leave_and_enter_a_workspace_by_files() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| dir.path().join(name).to_str().expect("UTF-8").to_owned();
    let sara = Device::init(dir.path().join("sara"), "Sara");
    add_fields(&sara);
    let values: Vec<String> = fields().iter().map(|(name, _, typed, ..)| format!("{name}={typed}")).collect();
    let mut add = vec!["account", "add", "name=Arya"];
    add.extend(values.iter().map(String::as_str));
    sara.ok(&add);
    // The owner is a person of this workspace and stays here.
    let names: Vec<&str> = fields().iter().map(|(name, ..)| *name).collect();
    let columns = format!("name,{}", names.join(","));
    for name in ["a.csv", "a.jsonl"] {
        sara.ok(&["export", "account", "--columns", &columns, "--out", &path(name)]);
        let other = Device::init(dir.path().join(format!("other-{name}")), "Other");
        let told = other.run(&["import", &path(name)]);
        assert!(
            format!("{told:?}").contains("forsat settings field add account --name"),
            "a workspace without the fields says how to add them: {told:?}"
        );
        assert_eq!(other.names("account"), Vec::<String>::new());
        add_fields(&other);
        other.ok(&["import", &path(name)]);
        holds_all(&other, "Arya");
        let again = other.ok(&["import", &path(name)]);
        assert_eq!(again["files"][0]["unchanged"], 1, "{again}");
    }
    let mapping = "source = 'crm'\n[[file]]\nname = 'c.csv'\nmodule = 'account'\nkey = ['Name']\n[file.fields]\nname = 'Name'\n\
                   region = 'Region'\nx_seats = 'Seats'\ntier = 'Tier'\n";
    std::fs::write(path("map.toml"), mapping).expect("writes");
    std::fs::write(path("c.csv"), "Name,Region,Seats,Tier\nBahar,جنوب,۷,Silver\nBad,,many,\n")
        .expect("writes");
    let taken = sara.run(&["import", &path("c.csv"), "--map", &path("map.toml"), "--json"]).out;
    let taken: Value = serde_json::from_str(&taken).expect("JSON");
    assert_eq!(taken["files"][0]["created"], 1, "{taken}");
    assert_eq!(sara.field("account", "Bahar", "x_region"), "جنوب");
    assert_eq!(sara.field("account", "Bahar", "x_seats"), 7);
    assert_eq!(sara.field("account", "Bahar", "x_tier"), "silver");
    assert_eq!(sara.names("account"), ["Arya", "Bahar"]);
}
