//! Leads and activities as people work on them, and deals whose account lies in a space that one can't read.

use serde_json::{Value, json};

use super::device::{Device, Office};

fn listed(device: &Device, module: &str) -> Vec<Value> {
    device.ok(&[module, "list"])["rows"].as_array().expect("rows").clone()
}

// R7 of docs/requirements.md.
#[test]
fn s7_a_lead_converted_on_two_devices_is_one_deal() {
    let office = Office::open();
    let fields =
        ["last_name=Karimi", "company=Pars", "opportunity_name=Pars/Server", "opportunity_amount=300M"];
    let lead = office.sara.add("lead", &fields);
    office.sara.ok(&["log", "call", &lead, "Introduction"]);
    office.level();
    let close = ["--close-date", "1405/12/01"];
    let here = office.sara.ok(&[&["lead", "convert", &lead][..], &close].concat());
    let there = office.reza.ok(&[&["lead", "convert", &lead][..], &close].concat());
    assert_eq!((&here["account"]["new"], &there["account"]["new"]), (&json!(true), &json!(true)));
    office.level();
    for device in [&office.sara, &office.reza] {
        assert_eq!(device.names("account"), ["Pars"]);
        assert_eq!(device.names("contact"), ["Karimi"]);
        assert_eq!(device.names("opp"), ["Pars/Server"]);
        let deal = device.show("opp", "Pars/Server");
        assert_eq!(deal["opportunity"]["amount"], json!({"currency": "USD", "value": "300000000"}));
        assert_eq!(device.ok(&["issues"])["issues"], json!([]));
        assert_eq!(device.field("lead", &lead, "converted"), true);
        let parents = device.field("activity", "Introduction", "parents");
        assert_eq!(parents.as_array().map(Vec::len), Some(4), "{parents}");
    }
    let report = office.sara.run(&["pipeline", "--json"]).out;
    assert_eq!(report, office.reza.run(&["pipeline", "--json"]).out);
    let refused = office.reza.fails(4, &["lead", "convert", &lead]);
    assert_eq!(refused["code"], "already_converted");
    assert!(refused["error"].as_str().unwrap().contains("Pars/Server"), "{refused}");
}

#[test]
fn a_log_with_a_follow_up_is_two_activities_and_the_next_step() {
    let office = Office::open();
    office.sara.add("account", &["name=Arya"]);
    let deal = office.sara.add("opp", &["name=Deal", "account=Arya", "close_date=1405/12/01"]);
    let logged = office.sara.ok(&[
        "log",
        "meeting",
        &deal,
        "Visit",
        "--next",
        "نمونه",
        "--on",
        "فردا",
        "--outcome",
        "keen",
    ]);
    assert_eq!((&logged["status"], &logged["next_step"]), (&json!("held"), &json!(true)));
    assert_eq!(office.sara.field("opp", &deal, "next_step"), "نمونه");
    let ahead = office.sara.ok(&["log", "call", &deal, "Ring", "--at", "tomorrow 10:30"]);
    assert_eq!(ahead["status"], "planned");
    office.sara.ok(&["activity", "complete", "Ring", "--outcome", "agreed"]);
    assert_eq!(office.sara.field("activity", "Ring", "status"), "held");
    office.sara.says(2, &["log", "call", &deal, "x", "--on", "tomorrow"]);
    office.sara.says(2, &["log", "call", &deal, "x", "--due", "tomorrow"]);
    office.level();
    assert_eq!(listed(&office.reza, "activity").len(), 3);
}

#[test]
fn s13_a_deal_whose_account_lies_in_another_space_keeps_its_name_and_its_sum() {
    let office = Office::open();
    for space in ["North", "South"] {
        office.relay.add_space(space);
    }
    for space in ["North", "South"] {
        let second = Device::at(office.dir.path().join(format!("sara-{space}")));
        let code = office.relay.invite("Sara", space, "admin");
        second.ok(&["join", office.relay.url(), &code, "--user", "Sara", "--space", space, "--yes"]);
    }
    office.sara.sync();
    let account = office.sara.ok(&["account", "add", "name=Arya", "--space", "South"]);
    let account = account["short"].as_str().unwrap();
    let fields = ["name=Deal", "account=Arya", "amount=800", "close_date=1405/12/01"];
    // What is about the account goes to its space, where nothing else is said.
    let beside = office.sara.add("opp", &[&fields[..], &["name=Beside"]].concat());
    let deal = office.sara.ok(&[&["opp", "add"][..], &fields, &["--space", "North"]].concat());
    let deal = deal["short"].as_str().unwrap();
    let space = |record: &str| office.sara.ok(&["inspect", record])["space"].clone();
    assert_eq!(space(&beside), space(account));
    assert_ne!(space(deal), space(account));
    let unknown = office.sara.fails(4, &["account", "add", "name=X", "--space", "West"]);
    assert_eq!(unknown["code"], "unknown_space");
    assert!(unknown["error"].as_str().unwrap().contains("South"), "{unknown}");
    office.sara.sync();

    let nora = Device::at(office.dir.path().join("nora"));
    nora.join(&office.relay, &office.relay.invite("Nora", "North", "rep"), "Nora");
    assert_eq!((nora.names("opp"), nora.names("account").len()), (vec!["Deal".to_owned()], 0));
    let shown = nora.show("opp", deal);
    assert_eq!(shown["opportunity"]["account"], "Arya");
    assert_eq!(shown["opportunity"]["amount"]["value"], "800");
    let account_field =
        shown["fields"].as_array().unwrap().iter().find(|field| field["field"] == "account_id");
    assert_eq!(account_field.unwrap()["missing"], true);
    assert!(nora.run(&["opp", "show", deal, "--lang", "en"]).out.contains("not on this device"));
    assert!(nora.run(&["opp", "list"]).out.contains("Arya"));
    assert_eq!(nora.ok(&["pipeline"])["open"]["amount"]["value"], "800");
    nora.ok(&["opp", "edit", deal, "next_step=call"]);
    nora.fails(3, &["account", "show", account]);
    nora.sync();
    office.sara.sync();
    assert_eq!(office.sara.field("opp", deal, "next_step"), "call");
}
