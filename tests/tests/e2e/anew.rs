//! A relay whose folder is lost: made anew from its identity, its devices bring back who is let in, and the records.

use std::fs;

use super::device::Office;

/// Loses everything in the relay's folder and makes it anew.
fn lose_and_make_anew(office: &mut Office, identity: &str) {
    office.relay.kill();
    fs::remove_dir_all(office.relay.data()).unwrap();
    let made = office.relay.run(&["init", "--identity", identity, "--json"]).json();
    assert_eq!(made["made_anew"], true, "{made}");
    office.relay.serve();
}

fn export(office: &Office) -> String {
    let file = office.dir.path().join("identity.json");
    let file = file.to_str().unwrap().to_owned();
    office.relay.run(&["identity", "export", &file, "--json"]).json();
    file
}

#[test]
fn a_relay_made_anew_gets_back_who_is_let_in_and_the_records_from_whoever_comes_first() {
    let mut office = Office::open();
    let identity = export(&office);
    office.relay.add_space("North");
    office.sara.add("account", &["name=Arya"]);
    office.reza.add("account", &["name=Borna"]);
    office.level();
    let reza = super::access::device_of(&office, "Reza");
    office.relay.run(&["device", "revoke", &reza, "--json"]).json();
    let mina = office.newcomer("Mina", "viewer");
    mina.sync();
    let spaces = |office: &Office| office.relay.run(&["space", "list", "--json"]).json()["spaces"].clone();
    let before = spaces(&office);
    lose_and_make_anew(&mut office, &identity);
    let status = office.relay.status();
    assert_eq!((&status["documents"], &status["devices_active"]), (&0.into(), &0.into()), "{status}");
    for order in [
        &["invite", "--user", "Omid", "--space", "main", "--role", "rep", "--as-json"][..],
        &["role", "set", "Mina", "main", "rep", "--json"],
        &["device", "revoke", &reza, "--json"],
    ] {
        let refused = office.relay.run(order);
        assert_eq!(refused.code, Some(4), "{refused:?}");
        assert!(refused.err.contains("waits for the control log"), "{refused:?}");
    }
    // A viewer, whom the empty relay doesn't know, comes first: the log that she shows is signed by the relay.
    let summary = mina.sync();
    assert!(summary["brought_back"].as_u64() > Some(0) && summary["synced"] == true, "{summary}");
    assert_eq!(office.reza.fails(6, &["sync"])["code"], "device_revoked", "who was thrown out stays out");
    assert_eq!(office.sara.sync()["synced"], true);
    let again = office.sara.sync();
    assert_eq!((&again["brought_back"], &again["fetched"]), (&0.into(), &0.into()), "{again}");
    // The relay goes on as if nothing had been: new devices read everything, each change is still its author's.
    let omid = office.newcomer("Omid", "rep");
    omid.sync();
    assert_eq!(omid.ok(&["account", "list"]), office.sara.ok(&["account", "list"]));
    let mut names = omid.names("account");
    names.sort();
    assert_eq!(names, ["Arya", "Borna"]);
    let names = |spaces: &serde_json::Value| {
        let names = spaces.as_array().unwrap().iter().map(|space| space["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    let after = names(&spaces(&office));
    assert_eq!(after.len(), names(&before).len(), "{after:?}");
    assert!(after.contains(&"main".to_owned()), "what the file names has its name again: {after:?}");
    assert!(after.iter().any(|name| name.starts_with("restored ")), "what it doesn't has none: {after:?}");
    office.relay.run(&["verify", "--json"]).json();
    let status = office.sara.status().to_string();
    assert!(!status.contains("control_"), "no issue of the log: {status}");
}

#[test]
fn an_identity_is_exported_to_a_new_file_alone_and_made_anew_in_an_empty_folder_alone() {
    let office = Office::open();
    let identity = export(&office);
    let again = office.relay.run(&["identity", "export", &identity, "--json"]);
    assert_eq!(again.code, Some(1), "{again:?}");
    let there = office.relay.run(&["init", "--identity", &identity, "--json"]);
    assert_eq!(there.code, Some(4), "{there:?}");
    let file = office.dir.path().join("no-identity");
    fs::write(&file, "{}").unwrap();
    let elsewhere = office.dir.path().join("elsewhere");
    let mut command = super::program::command("forsat-relay");
    command.args(["init", "--identity"]).arg(&file).arg("--data").arg(&elsewhere);
    let wrong = super::program::Ran::of(&mut command);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(!elsewhere.join("relay.redb").exists());
}
