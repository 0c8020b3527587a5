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
fn every_role_reads_and_all_but_viewers_write() {
    let office = Office::open();
    office.sara.add("account", &["name=Arya"]);
    let deal = office.sara.add("opp", &["name=Deal", "account=Arya", "amount=5", "close_date=1404/06/31"]);
    office.sara.sync();
    for role in ["admin", "manager", "rep", "viewer"] {
        let person = office.newcomer(&format!("One {role}"), role);
        assert_eq!(person.names("opp"), ["Deal"], "{role}");
        let (own, product) = (format!("next_step={role}"), format!("name=Product of {role}"));
        let edits: [&[&str]; 2] = [&["opp", "edit", &deal, &own], &["product", "add", &product, "prices=5"]];
        if role == "viewer" {
            let unsent = person.unsent();
            for edit in edits {
                let error = person.fails(4, edit);
                assert_eq!(error["code"], "read_only", "{error}");
            }
            assert_eq!(person.unsent(), unsent, "nothing was written");
            continue;
        }
        for edit in edits {
            person.ok(edit);
        }
        assert_eq!(person.sync()["refused"], 0, "{role}");
        office.sara.sync();
        assert_eq!(office.sara.field("opp", &deal, "next_step"), role);
        assert!(office.sara.names("product").contains(&format!("Product of {role}")), "{role}");
    }
}

#[test]
fn reps_write_no_products_where_the_relay_keeps_common_to_its_managers() {
    let mut office = Office::open();
    office.relay.stop();
    let mut command = office.relay.serving();
    command.env("FORSAT_RELAY_REPS_WRITE_COMMON", "false");
    office.relay.serve_by(command);
    let product = office.reza.add("product", &["name=Server", "prices=5"]);
    let account = office.reza.add("account", &["name=Arya"]);
    let summary = office.reza.ok(&["sync"]);
    assert_eq!(summary["refused"], 1, "{summary}");
    let refused = office.reza.status()["refused"].clone();
    assert_eq!(refused[0]["code"], "forbidden", "{refused}");
    office.reza.fails(3, &["product", "show", &product]);
    assert_eq!(office.reza.unsent(), 0);
    office.sara.ok(&["product", "add", "name=Server", "prices=5"]);
    office.level();
    assert_eq!(office.sara.show("account", &account)["name"], "Arya", "deals and accounts go on");
    assert_eq!(office.reza.names("product"), ["Server"]);
}
