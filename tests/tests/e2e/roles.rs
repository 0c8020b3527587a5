//! What roles allow, enforced at the relay also when a device learns of them too late.

use super::device::Office;
use super::program::until;
use super::relay::SPACE;

#[test]
fn an_edit_made_before_the_role_was_lowered_is_refused_and_kept() {
    let office = Office::open();
    let account = office.sara.add("account", &["name=Arya"]);
    office.level();
    office.reza.ok(&["account", "edit", &account, "website=https://arya.example"]);
    // The invite lowers the role; the device that edited doesn't know of it.
    let second = super::device::Device::at(office.dir.path().join("second"));
    second.join(&office.relay, &office.relay.invite("Reza", SPACE, "viewer"), "Reza");
    let summary = office.reza.ok(&["sync"]);
    assert_eq!(summary["refused"], 1, "{summary}");
    let refused = office.reza.status()["refused"].clone();
    assert_eq!(refused[0]["code"], "forbidden", "{refused}");
    assert_eq!(refused[0]["changes"][0]["path"], "website");
    assert_eq!(refused[0]["changes"][0]["after"], "https://arya.example", "what was typed is kept");
    assert_eq!(office.reza.ok(&["issues", "--all"])["refused"], refused);
    assert_eq!(office.reza.unsent(), 0);
    office.level();
    assert_eq!(office.sara.field("account", &account, "website"), serde_json::Value::Null);
    assert_eq!(office.reza.field("account", &account, "website"), serde_json::Value::Null);
    let error = office.reza.fails(4, &["account", "edit", &account, "website=x.example"]);
    assert!(error["error"].as_str().unwrap().len() > 10, "{error}");
}

#[test]
fn a_stranger_of_the_space_sees_neither_rows_nor_counts() {
    let office = Office::open();
    let account = office.sara.add("account", &["name=Arya"]);
    office.sara.add("opp", &["name=Deal", "account=Arya", "amount=5", "close_date=1404/06/31"]);
    office.level();
    office.relay.add_space("North");
    let omid = super::device::Device::at(office.dir.path().join("omid"));
    omid.join(&office.relay, &office.relay.invite("Omid", "North", "admin"), "Omid");
    assert_eq!((omid.names("account").len(), omid.names("opp").len()), (0, 0));
    let records = omid.status()["records"].clone();
    assert!(records["account"].is_null() && records["opportunity"].is_null(), "{records}");
    let known = omid.fails(3, &["account", "show", &account])["error"].as_str().unwrap().to_owned();
    let unknown = omid.fails(3, &["account", "show", "zzzzzzzzzz"])["error"].as_str().unwrap().to_owned();
    assert_eq!(
        known.replace(&account, "ID"),
        unknown.replace("zzzzzzzzzz", "ID"),
        "they can't be told apart"
    );
    let all = super::ledger::Ledger::open(omid.dir()).all();
    let theirs = super::ledger::Ledger::open(office.sara.dir()).document(&account);
    assert!(all.iter().all(|(document, _)| *document != theirs), "not even its bytes are there");
}

#[test]
fn two_that_watch_see_each_others_edits_and_those_of_their_other_processes() {
    let office = Office::open();
    let account = office.sara.add("account", &["name=Arya"]);
    office.level();
    let mut watching = [office.sara.spawn(&["sync", "--watch"]), office.reza.spawn(&["sync", "--watch"])];
    office.sara.ok(&["account", "edit", &account, "website=https://one.example"]);
    until("an edit of another process arrives", || {
        office.reza.field("account", &account, "website") == "https://one.example"
    });
    office.reza.ok(&["account", "edit", &account, "website=https://two.example"]);
    until("the answer arrives", || {
        office.sara.field("account", &account, "website") == "https://two.example"
    });
    assert!(watching.iter_mut().all(|process| !process.ended()), "both still watch");
    let error = office.sara.fails(5, &["sync"]);
    assert!(error["error"].as_str().unwrap().contains("already syncing"), "{error}");
}

#[test]
fn every_role_reads_and_writes_what_it_may() {
    let office = Office::open();
    office.sara.add("account", &["name=Arya"]);
    let deal = office.sara.add("opp", &["name=Deal", "account=Arya", "amount=5", "close_date=1404/06/31"]);
    office.sara.sync();
    for role in ["admin", "manager", "rep", "viewer"] {
        let person = office.newcomer(&format!("One {role}"), role);
        assert_eq!(person.names("opp"), ["Deal"], "{role}");
        let (own, product) = (format!("next_step={role}"), format!("name=Product of {role}"));
        let deal: &[&str] = &["opp", "edit", &deal, &own];
        let product: &[&str] = &["product", "add", &product, "prices=5"];
        let (may, may_not): (&[&[&str]], _) = match role {
            "viewer" => (&[], vec![(deal, "read_only"), (product, "read_only")]),
            "rep" => (&[deal], vec![(product, "not_manager")]),
            _ => (&[deal, product], vec![]),
        };
        let unsent = person.unsent();
        for (edit, code) in may_not {
            let error = person.fails(4, edit);
            assert_eq!(error["code"], code, "{role}: {error}");
        }
        assert_eq!(person.unsent(), unsent, "{role}: nothing was written");
        for edit in may {
            person.ok(edit);
        }
        assert_eq!(person.sync()["refused"], 0, "{role}");
        office.sara.sync();
        let made = office.sara.names("product").contains(&format!("Product of {role}"));
        assert_eq!(made, may.len() == 2, "{role}");
        if !may.is_empty() {
            assert_eq!(office.sara.field("opp", deal[2], "next_step"), role);
        }
    }
}

#[test]
fn the_relay_refuses_settings_of_a_rep_whose_program_saves_them() {
    let office = Office::open();
    office.sara.ok(&["settings", "edit", "organisation=Arya"]);
    office.level();
    let edit = ["settings", "edit", "organisation=Mine"];
    assert_eq!(office.reza.fails(4, &edit)["code"], "not_administrator");
    office.reza.pose_as("common", "admin");
    office.reza.ok(&edit);
    office.reza.ok(&["product", "add", "name=Server", "prices=5"]);
    office.reza.add("account", &["name=Bahar"]);
    assert_eq!(office.reza.ok(&["sync"])["refused"], 2);
    let refused = office.reza.status()["refused"].clone();
    let codes: Vec<_> = refused.as_array().unwrap().iter().map(|edit| edit["code"].clone()).collect();
    assert_eq!(codes, ["forbidden", "forbidden"], "{refused}");
    assert_eq!(office.reza.unsent(), 0, "what a rep may write went out: {}", office.reza.status());
    office.level();
    for device in [&office.sara, &office.reza] {
        assert_eq!(device.ok(&["settings", "show"])["organisation"], "Arya");
        assert!(device.names("product").is_empty());
    }
    assert_eq!(office.sara.names("account"), ["Bahar"]);
    assert_eq!(office.reza.fails(4, &edit)["code"], "not_administrator", "the relay said again who Reza is");
    // What a rep does write there goes on: the own record.
    office.reza.ok(&["me", "edit", "digits=latin"]);
    assert_eq!(office.reza.sync()["refused"], 0);
}

#[test]
fn a_store_of_products_that_joins_as_a_reps_keeps_them_beside_its_deals() {
    let office = Office::open();
    let mina = super::device::Device::init(office.dir.path().join("mina"), "Mina");
    let product = mina.add("product", &["name=Own", "prices=5"]);
    mina.join(&office.relay, &office.relay.invite("Mina", SPACE, "rep"), "Mina");
    assert_eq!(mina.status()["refused"].as_array().map_or(0, Vec::len), 0, "{}", mina.status());
    assert_eq!(mina.unsent(), 0);
    mina.ok(&["product", "edit", &product, "name=Ours"]);
    mina.sync();
    office.sara.sync();
    assert_eq!(office.sara.names("product"), ["Ours"]);
}

#[test]
fn reps_write_nothing_in_common_where_the_relay_keeps_it_to_its_managers() {
    let mut office = Office::open();
    office.relay.stop();
    let mut command = office.relay.serving();
    command.env("FORSAT_RELAY_REPS_WRITE_COMMON", "false");
    office.relay.serve_by(command);
    office.reza.ok(&["me", "edit", "digits=latin"]);
    let account = office.reza.add("account", &["name=Arya"]);
    let summary = office.reza.ok(&["sync"]);
    assert_eq!(summary["refused"], 1, "{summary}");
    let refused = office.reza.status()["refused"].clone();
    assert_eq!(refused[0]["code"], "forbidden", "{refused}");
    assert_eq!(office.reza.unsent(), 0);
    office.sara.ok(&["product", "add", "name=Server", "prices=5"]);
    office.level();
    assert_eq!(office.sara.show("account", &account)["name"], "Arya", "deals and accounts go on");
    assert_eq!(office.reza.names("product"), ["Server"]);
}
