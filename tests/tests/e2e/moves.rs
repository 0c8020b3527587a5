//! Records that move between spaces, from the command line to the stores of those who see them and those who don't.

use super::device::{Device, Office};

/// An office with a second space that Sara manages too.
fn two_spaces() -> Office {
    let office = Office::open();
    office.relay.run(&["space", "add", "South", "--json"]).json();
    office.relay.run(&["role", "set", "Sara", "South", "manager", "--json"]).json();
    office.level();
    office
}

fn deal(office: &Office, account: &str) -> String {
    let about = format!("account_id={account}");
    office.sara.add("opp", &["name=server", &about, "close_date=2026-09-01", "amount=800"])
}

#[test]
fn an_account_moves_with_what_hangs_on_it_and_nothing_typed_is_lost() {
    let office = two_spaces();
    let arya = office.sara.add("account", &["name=Arya"]);
    deal(&office, &arya);
    office.sara.add("account", &["name=Bahar"]);
    office.level();
    assert_eq!(office.reza.names("account"), ["Arya", "Bahar"]);
    // Typed while the record moves, by somebody who loses it.
    office.reza.ok(&["account", "edit", &arya, "website=https://late.example"]);
    let looked = office.sara.ok(&["move", "Arya", "South", "--dry-run"]);
    assert_eq!((looked["along"].as_array().unwrap().len(), &looked["saved"]), (1, &false.into()), "{looked}");
    let question = office.sara.fails(7, &["move", "Arya", "South"]);
    assert_eq!(question["exit"], 7);
    let asked = office.sara.ok(&["move", "Arya", "South", "--yes"]);
    assert_eq!(asked["saved"], true, "{asked}");
    let moved = office.sara.sync();
    assert_eq!(moved["moved"], 2, "{moved}\n{}\n{}", office.sara.status(), office.relay.log());
    let let_go = office.reza.ok(&["sync"]);
    assert_eq!((&let_go["gone"], &let_go["refused"]), (&2.into(), &1.into()), "{let_go}");
    assert_eq!(office.reza.names("account"), ["Bahar"]);
    assert!(office.reza.names("opp").is_empty());
    let status = office.reza.status().to_string();
    assert!(status.contains("moved_away") && status.contains("https://late.example"), "{status}");
    // Whoever gets a role there reads it whole, from the first change on.
    office.sara.ok(&["account", "edit", &arya, "website=https://south.example"]);
    office.sara.sync();
    let invite = office.relay.invite("Mina", "South", "viewer");
    let mina = Device::at(office.dir.path().join("mina"));
    mina.join(&office.relay, &invite, "Mina");
    assert_eq!(
        (mina.names("account"), mina.names("opp")),
        (vec!["Arya".to_owned()], vec!["server".to_owned()])
    );
    assert_eq!(mina.field("account", &arya, "website"), "https://south.example");
}

#[test]
fn who_may_not_move_is_told_and_nothing_moves() {
    let office = two_spaces();
    let arya = office.sara.add("account", &["name=Arya"]);
    office.level();
    office.relay.run(&["role", "set", "Reza", "South", "manager", "--json"]).json();
    office.reza.sync();
    let error = office.reza.fails(4, &["move", &arya, "South", "--yes"]);
    assert_eq!(error["code"], "may_not_move", "{error}");
    let error = office.sara.fails(4, &["move", &arya, "common", "--yes"]);
    assert_eq!(error["code"], "common_stays", "{error}");
    let message = office.sara.says(4, &["move", &arya, "common", "--yes", "--lang", "fa"]);
    assert!(message.contains("فضای همگانی"), "{message}");
}
