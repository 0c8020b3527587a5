//! What a device couldn't send: listed with who, when and what, written to a file, made again, given up.

use serde_json::{Value, json};

use super::device::{Device, Office};
use super::relay::SPACE;

/// An office and a viewer's device with two edits of an account that the relay refused.
fn refused() -> (Office, Device, String) {
    let office = Office::open();
    let account = office.sara.add("account", &["name=Arya"]);
    office.level();
    let mina = office.newcomer("Mina", "rep");
    mina.ok(&["account", "edit", &account, "website=https://arya.example"]);
    mina.ok(&["account", "edit", &account, "employees=7"]);
    give_role(&office, "viewer");
    let summary = mina.ok(&["sync"]);
    assert_eq!(summary["refused"], 2, "{summary}");
    (office, mina, account)
}

/// Gives Mina another role: an invite that a further device of hers redeems sets it.
fn give_role(office: &Office, role: &str) {
    let code = office.relay.invite("Mina", SPACE, role);
    Device::at(office.dir.path().join(format!("mina-{role}"))).join(&office.relay, &code, "Mina");
}

/// The refused edit that would have written a field.
fn of_field(edits: &Value, field: &str) -> Value {
    let edits = edits.as_array().unwrap();
    let writes =
        |edit: &&Value| edit["changes"].as_array().unwrap().iter().any(|change| change["path"] == field);
    edits.iter().find(writes).unwrap_or_else(|| panic!("no edit of {field}: {edits:?}")).clone()
}

#[test]
fn refused_edits_are_listed_exported_made_again_and_given_up() {
    let (office, mina, account) = refused();
    let edits = mina.ok(&["refused"]);
    let website = of_field(&edits, "website");
    assert_eq!(
        (&website["name"], &website["by"], &website["module"]),
        (&json!("Arya"), &json!("Mina"), &json!("account"))
    );
    assert!(website["made_at_ms"].as_i64().unwrap() > 1_600_000_000_000, "{website}");
    assert!(!website["code"].as_str().unwrap().is_empty() && website["space"] == SPACE, "{website}");
    let told = mina.run(&["refused"]);
    assert!(told.out.contains("Mina") && told.out.contains("https://arya.example"), "{told:?}");
    let persian = mina.run(&["--lang", "fa", "refused"]);
    assert!(
        persian.out.contains("ساختهٔ Mina") && persian.err.contains("forsat refused retry"),
        "{persian:?}"
    );

    let number = website["number"].to_string();
    let printed = mina.ok(&["refused", "export", &number]);
    let chunk = hex::decode(printed["chunk"].as_str().unwrap()).unwrap();
    assert!(chunk.windows(20).any(|part| part == b"https://arya.example"), "{printed}");
    let file = mina.dir().join("edit.json");
    mina.ok(&["refused", "export", &number, file.to_str().unwrap()]);
    assert_eq!(serde_json::from_slice::<Value>(&std::fs::read(&file).unwrap()).unwrap(), printed);

    let employees = of_field(&edits, "employees")["number"].to_string();
    assert_eq!(mina.fails(7, &["refused", "drop", &employees])["exit"], 7);
    mina.ok(&["refused", "drop", &employees, "--yes"]);
    assert!(
        mina.fails(4, &["refused", "drop", &employees, "--yes"])["error"]
            .as_str()
            .unwrap()
            .contains("forsat refused")
    );

    // With another role the other one goes through.
    give_role(&office, "rep");
    mina.sync();
    mina.ok(&["refused", "retry", &number]);
    mina.sync();
    office.level();
    assert_eq!(office.sara.field("account", &account, "website"), "https://arya.example");
    assert_eq!(office.sara.field("account", &account, "employees"), Value::Null);
    assert!(
        !mina.ok(&["refused"]).as_array().unwrap().iter().any(|edit| edit["number"] == website["number"])
    );
}
