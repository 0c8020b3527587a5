//! Access as an operator changes it from the command line, while the relay serves and while it doesn't.

use super::device::{Device, Office};
use super::relay::SPACE;

/// The first digits of the id of a user's only device.
pub(super) fn device_of(office: &Office, user: &str) -> String {
    let devices = office.relay.run(&["device", "list", "--json"]).json()["devices"].clone();
    let theirs: Vec<_> =
        devices.as_array().unwrap().iter().filter(|device| device["user"] == user).cloned().collect();
    assert_eq!(theirs.len(), 1, "{devices}");
    theirs[0]["id"].as_str().unwrap()[..8].to_owned()
}

#[test]
fn a_revoked_device_is_refused_and_one_whose_role_changed_is_not() {
    let mut office = Office::open();
    let account = office.sara.add("account", &["name=Arya"]);
    office.level();
    let set = office.relay.run(&["role", "set", "Reza", SPACE, "viewer", "--json"]).json();
    assert_eq!((&set["before"], &set["role"]), (&"rep".into(), &"viewer".into()));
    office.reza.sync();
    let error = office.reza.fails(4, &["account", "edit", &account, "website=x.example"]);
    assert_eq!(error["code"], "read_only", "{error}");
    // The same while nobody serves.
    office.relay.stop();
    office.relay.run(&["role", "set", "reza", SPACE, "manager", "--json"]).json();
    office.relay.serve();
    office.reza.sync();
    office.reza.ok(&["product", "add", "name=Server", "prices=5"]);
    office.reza.sync();
    let users = office.relay.run(&["user", "list", "--json"]).json();
    let reza = users["users"].as_array().unwrap().iter().find(|user| user["name"] == "Reza").unwrap().clone();
    assert_eq!(reza["roles"][0]["role"], "manager", "{users}");
    let device = device_of(&office, "Reza");
    let mut watching = office.reza.spawn(&["sync", "--watch"]);
    super::program::until("it is connected", || {
        office.relay.status()["serving"]["established"].as_u64() == Some(1)
    });
    office.relay.run(&["device", "revoke", &device, "--json"]).json();
    super::program::until("the device that watches is thrown out", || watching.ended());
    office.reza.fails(5, &["sync"]);
    assert!(!office.reza.file().exists(), "its records are gone");
    assert_eq!(office.relay.status()["devices_revoked"], 1);
    office.sara.sync();
    assert_eq!(office.sara.names("product"), ["Server"], "what it brought before stays");
}

#[test]
fn a_device_that_has_to_be_let_in_joins_once_it_is() {
    let office = Office::open();
    let arguments = ["invite", "--user", "Mina", "--space", SPACE, "--role", "rep", "--approve", "--json"];
    let code = office.relay.run(&arguments).json()["code"].as_str().unwrap().to_owned();
    let mina = Device::at(office.dir.path().join("mina"));
    let join = ["join", office.relay.url(), &code, "--user", "Mina", "--yes"];
    let error = mina.fails(6, &join);
    assert_eq!(error["code"], "device_pending", "{error}");
    let device = device_of(&office, "Mina");
    office.relay.run(&["device", "activate", &device, "--json"]).json();
    mina.ok(&join);
    mina.sync();
    let invite = office.relay.invite("Omid", SPACE, "rep");
    let listed = office.relay.run(&["invite", "list", "--json"]).json();
    let open = listed["invites"].as_array().unwrap().iter().find(|invite| invite["user"] == "Omid").unwrap();
    let cancelled = office.relay.run(&["invite", "cancel", open["id"].as_str().unwrap(), "--json"]).json();
    assert_eq!(cancelled["user"], "Omid");
    let omid = Device::at(office.dir.path().join("omid"));
    assert_eq!(omid.fails(6, &["join", office.relay.url(), &invite, "--yes"])["code"], "invite_invalid");
}

#[test]
fn an_administrator_does_from_a_device_what_is_theirs_and_no_more() {
    let office = Office::open();
    let admin = |arguments: &[&str]| office.sara.ok(&[&["admin"], arguments].concat());
    let users = admin(&["user", "list"]);
    let names: Vec<_> = users["users"].as_array().unwrap().iter().map(|user| user["name"].clone()).collect();
    assert_eq!(names, ["Operator", "Reza", "Sara"], "{users}");
    // An invite of hers lets somebody in, once she lets the device in.
    let made = admin(&["invite", "--user", "Mina", "--space", SPACE, "--role", "rep", "--approve"]);
    assert_eq!(made["url"], office.relay.url());
    let code = made["code"].as_str().unwrap();
    assert!(made["command"].as_str().unwrap().ends_with(code), "{made}");
    let mina = Device::at(office.dir.path().join("mina"));
    let join = ["join", office.relay.url(), code, "--user", "Mina", "--yes"];
    assert_eq!(mina.fails(6, &join)["code"], "device_pending");
    let waiting = admin(&["device", "list"])["devices"].as_array().unwrap().clone();
    let waiting = waiting.iter().find(|device| device["state"] == "pending").unwrap()["id"].clone();
    assert_eq!(admin(&["device", "activate", waiting.as_str().unwrap()])["state"], "active");
    mina.ok(&join);
    mina.sync();
    // A role of hers holds at once, also for a device that stays connected.
    let role = admin(&["role", "set", "Reza", SPACE, "viewer"]);
    assert_eq!((&role["before"], &role["role"]), (&"rep".into(), &"viewer".into()));
    office.reza.sync();
    assert_eq!(office.reza.fails(4, &["account", "add", "name=Arya"])["code"], "read_only");
    // What isn't hers, or isn't there, changes nothing and says why.
    office.relay.add_space("North");
    for (arguments, code) in [
        (&["role", "set", "Nobody", SPACE, "rep"][..], "no_such_user"),
        (&["role", "set", "Reza", "Nowhere", "rep"][..], "no_such_space"),
        (&["device", "activate", "zzzz"][..], "no_such_device"),
        (&["invite", "cancel", "zzzz"][..], "no_such_invite"),
    ] {
        let error = office.sara.fails(4, &[&["admin"], arguments].concat());
        assert_eq!(error["code"], code, "{error}");
    }
    for arguments in [&["user", "list"][..], &["role", "set", "Mina", SPACE, "viewer"][..]] {
        let error = office.reza.fails(4, &[&["admin"], arguments].concat());
        assert_eq!(error["code"], "not_administrator", "{error}");
    }
    // Who administers all spaces makes one, and invites to it; nobody else does.
    let spaces = || admin(&["space", "list"])["spaces"].as_array().unwrap().clone();
    assert!(spaces().iter().any(|space| space["name"] == "North"), "{:?}", spaces());
    assert_eq!(admin(&["space", "add", "South"])["name"], "South");
    assert_eq!(office.sara.fails(4, &["admin", "space", "add", "south"])["code"], "space_exists");
    assert_eq!(office.reza.fails(4, &["admin", "space", "add", "East"])["code"], "not_administrator");
    let role = admin(&["role", "set", "Reza", "South", "rep"]);
    assert_eq!((&role["before"], &role["role"]), (&serde_json::Value::Null, &"rep".into()));
    office.reza.sync();
    office.reza.ok(&["account", "add", "name=Jonub", "--space", "South"]);
    office.reza.sync();
    office.sara.sync();
    assert_eq!(office.sara.names("account"), ["Jonub"]);
    // A device is revoked with a word of confirmation, and erases itself.
    let device = device_of(&office, "Mina");
    office.sara.fails(7, &["admin", "device", "revoke", &device]);
    mina.sync();
    assert_eq!(office.sara.ok(&["admin", "device", "revoke", &device, "--yes"])["state"], "revoked");
    mina.fails(6, &["sync"]);
    assert!(!mina.file().exists());
}

#[test]
fn an_invite_that_an_administrator_takes_back_is_worthless() {
    let office = Office::open();
    let made = office.sara.ok(&["admin", "invite", "--user", "Omid", "--space", SPACE, "--role", "rep"]);
    let listed = office.sara.ok(&["admin", "invite", "list"])["invites"].as_array().unwrap().clone();
    let open = listed.iter().find(|invite| invite["state"] == "open").unwrap()["id"].clone();
    office.sara.ok(&["admin", "invite", "cancel", open.as_str().unwrap()]);
    let omid = Device::at(office.dir.path().join("omid"));
    let join = ["join", office.relay.url(), made["code"].as_str().unwrap(), "--yes"];
    assert_eq!(omid.fails(6, &join)["code"], "invite_invalid");
}
