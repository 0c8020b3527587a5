//! What devices couldn't send, from the device that sets it aside to the managers who apply or drop it.

use serde_json::Value;

use super::device::{Device, Office};
use super::relay::SPACE;

/// The names of what a folder holds.
fn holds(device: &Device) -> Vec<String> {
    let entries = std::fs::read_dir(device.dir()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| name != "sync.lock");
    names.sort();
    names
}

fn revoke(office: &Office, user: &str) {
    let device = super::access::device_of(office, user);
    office.relay.run(&["device", "revoke", &device, "--json"]).json();
}

fn edits(listed: &Value) -> &Vec<Value> {
    listed["edits"].as_array().unwrap()
}

/// The change in quarantine that writes a field.
fn of_field<'v>(listed: &'v Value, field: &str) -> &'v Value {
    let writes =
        |edit: &&Value| edit["changes"].as_array().unwrap().iter().any(|change| change["path"] == field);
    edits(listed).iter().find(writes).unwrap_or_else(|| panic!("no change of {field}: {listed}"))
}

/// The entries of a record's history that were made for somebody.
fn made_again(device: &Device, record: &str) -> Vec<Value> {
    let log = device.ok(&["history", record]);
    let entries = log["entries"].as_array().unwrap();
    entries.iter().filter(|entry| !entry["original_author"].is_null()).cloned().collect()
}

/// An office whose rep was revoked with an edit of Sara's account and a new account unsent; a viewer is there too.
fn revoked() -> (Office, Device, String, String) {
    let office = Office::open();
    let mina = office.newcomer("Mina", "viewer");
    let arya = office.sara.add("account", &["name=Arya"]);
    office.level();
    office.reza.ok(&["account", "edit", &arya, "website=https://late.example"]);
    let never = office.reza.add("account", &["name=Never sent"]);
    revoke(&office, "Reza");
    let error = office.reza.fails(6, &["sync"]);
    assert_eq!(error["code"], "device_revoked", "{error}");
    let said = error["error"].as_str().unwrap();
    assert!(said.contains("2 changes that were never sent are at the relay"), "{said}");
    assert!(holds(&office.reza).is_empty(), "all of it is at the relay: {:?}", holds(&office.reza));
    (office, mina, arya, never)
}

#[test]
fn what_a_revoked_device_never_sent_is_shown_to_managers_alone() {
    let (office, mina, ..) = revoked();
    let listed = office.sara.ok(&["quarantine"]);
    assert_eq!((edits(&listed).len(), &listed["more"]), (2, &false.into()), "{listed}");
    let website = of_field(&listed, "website");
    assert_eq!(
        (&website["reason"], &website["user_name"], &website["name"], &website["whole"]),
        (&"device_revoked".into(), &"Reza".into(), &"Arya".into(), &true.into()),
        "{website}"
    );
    let change = &website["changes"][0];
    assert_eq!(
        (&change["before"], &change["after"]),
        (&Value::Null, &"https://late.example".into()),
        "{website}"
    );
    let told = office.sara.run(&["quarantine", "list"]);
    assert!(told.out.contains("Never sent") && told.out.contains("https://late.example"), "{told:?}");
    let persian = office.sara.run(&["--lang", "fa", "quarantine"]);
    assert!(persian.out.contains("ساختهٔ Reza") && persian.out.contains("باطل شد"), "{persian:?}");

    let refused = mina.fails(4, &["quarantine"]);
    assert_eq!(refused["code"], "not_manager", "{refused}");
    assert!(mina.says(4, &["quarantine"]).contains("manager"));
}

#[test]
fn what_a_revoked_device_never_sent_is_applied_by_a_manager_and_seen_with_both_authors() {
    let (office, mina, arya, never) = revoked();
    let listed = office.sara.ok(&["quarantine"]);
    let website = of_field(&listed, "website");
    let number = website["number"].to_string();
    let applied = office.sara.ok(&["quarantine", "apply", &number]);
    assert_eq!(
        (&applied["applied"], &applied["closed"]),
        (&serde_json::json!([website["number"]]), &true.into())
    );
    assert_eq!(applied["waiting"], serde_json::json!([]), "the relay has it: {applied}");
    mina.sync();
    assert_eq!(mina.field("account", &arya, "website"), "https://late.example", "it was sent along");
    assert_eq!(
        office.sara.fails(7, &["quarantine", "apply", "--all"])["exit"],
        7,
        "who saw them must say so"
    );
    let rest = office.sara.ok(&["quarantine", "apply", "--all", "--yes"]);
    assert_eq!(
        (rest["applied"].as_array().unwrap().len(), &rest["refused"]),
        (1, &serde_json::json!([])),
        "{rest}"
    );
    assert!(edits(&office.sara.ok(&["quarantine"])).is_empty());
    office.sara.sync();
    mina.sync();
    assert_eq!(mina.field("account", &arya, "website"), "https://late.example");
    assert_eq!(mina.names("account"), ["Arya", "Never sent"]);
    for record in [&arya, &never] {
        let marked = made_again(&mina, record);
        assert_eq!(marked.len(), 1, "{marked:?}");
        assert_eq!((&marked[0]["author"], &marked[0]["original_author"]), (&"Sara".into(), &"Reza".into()));
        assert_eq!(marked[0]["authorship"], "verified", "the relay vouches for who made it again");
    }
    let history = mina.run(&["history", &arya]);
    assert!(history.out.contains("Sara, for Reza"), "{history:?}");
    office.sara.ok(&["undo"]);
    assert_eq!(office.sara.names("account"), ["Arya"], "one command, taken back whole");
}

#[test]
fn an_edit_of_a_record_that_moved_away_is_set_aside_once_and_dropped() {
    let office = Office::open();
    office.relay.run(&["space", "add", "South", "--json"]).json();
    office.relay.run(&["role", "set", "Sara", "South", "manager", "--json"]).json();
    office.level();
    let arya = office.sara.add("account", &["name=Arya"]);
    office.level();
    office.reza.ok(&["account", "edit", &arya, "website=https://late.example"]);
    office.sara.ok(&["move", &arya, "South", "--yes"]);
    office.sara.sync();
    let let_go = office.reza.ok(&["sync"]);
    assert_eq!(
        (&let_go["refused"], &let_go["aside"]),
        (&1.into(), &1.into()),
        "{let_go}\n{}",
        office.relay.log()
    );
    let refused = office.reza.ok(&["refused"]);
    assert_eq!(
        (&refused[0]["code"], &refused[0]["at_relay"]),
        (&"moved_away".into(), &true.into()),
        "{refused}"
    );
    assert!(office.reza.run(&["refused"]).out.contains("at the relay, for its managers"));
    assert_eq!(office.reza.ok(&["sync"])["aside"], 0, "it goes once");

    let listed = office.sara.ok(&["quarantine"]);
    let website = of_field(&listed, "website");
    assert_eq!((&website["reason"], &website["here"]), (&"moved_away".into(), &true.into()), "{website}");
    assert_eq!(website["spaces"].as_array().unwrap().len(), 2, "{website}");
    let number = website["number"].to_string();
    assert_eq!(office.sara.fails(7, &["quarantine", "drop", &number])["exit"], 7);
    assert_eq!(office.sara.fails(4, &["quarantine", "drop", "4000", "--yes"])["exit"], 4);
    let dropped = office.sara.ok(&["quarantine", "drop", &number, "--yes"]);
    assert_eq!(dropped["dropped"], serde_json::json!([website["number"]]));
    assert!(edits(&office.sara.ok(&["quarantine"])).is_empty());
    assert_eq!(office.reza.ok(&["sync"])["aside"], 0, "nor does it go again after that");
    assert_eq!(office.sara.field("account", &arya, "website"), Value::Null);
}

#[test]
fn the_operator_sees_who_set_aside_how_much_and_drops_it() {
    let (office, ..) = revoked();
    let listed = || office.relay.run(&["quarantine", "list", "--space", SPACE, "--json"]).json();
    let changes = listed()["changes"].as_array().unwrap().clone();
    assert_eq!(changes.len(), 2, "{changes:?}");
    assert_eq!(
        (&changes[0]["user_name"], &changes[0]["reason"], &changes[0]["spaces"]),
        (&"Reza".into(), &"device_revoked".into(), &serde_json::json!([SPACE]))
    );
    let told = office.relay.run(&["quarantine", "list"]);
    assert!(told.out.contains("Reza") && !told.out.contains("late.example"), "{told:?}");
    let asked = office.relay.run(&["quarantine", "drop", "--space", SPACE, "--json"]).json();
    assert_eq!((&asked["changes"], &asked["dropped"]), (&2.into(), &false.into()), "{asked}");
    assert_eq!(listed()["changes"].as_array().unwrap().len(), 2);
    let number = changes[0]["number"].to_string();
    office.relay.run(&["quarantine", "drop", &number, "--yes", "--json"]).json();
    let rest = office.relay.run(&["quarantine", "drop", "--space", SPACE, "--yes", "--json"]).json();
    assert_eq!((&rest["changes"], &rest["dropped"]), (&1.into(), &true.into()), "{rest}");
    assert!(edits(&office.sara.ok(&["quarantine"])).is_empty());
}
