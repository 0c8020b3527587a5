//! Records erased for good by the operator, between real processes: gone from the relay's file and every device, for ever.

use super::device::Office;

/// Whether bytes are in a file.
fn stands_in(file: &std::path::Path, text: &str) -> bool {
    let bytes = std::fs::read(file).unwrap();
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn id(office: &Office, account: &str) -> String {
    office.sara.show("account", account)["id"].as_str().unwrap().to_owned()
}

#[test]
fn an_erased_record_is_gone_everywhere_and_a_restored_backup_doesnt_bring_it_back() {
    let mut office = Office::open();
    let gone = office.sara.add("account", &["name=Aryagone"]);
    let stays = office.sara.add("account", &["name=Bahar"]);
    office.level();
    let id = id(&office, &gone);
    office.reza.ok(&["account", "edit", &gone, "website=unsent.example"]);
    office.reza.ok(&["account", "edit", &stays, "website=sent.example"]);
    let file = office.relay.data().join("relay.redb");
    let backup = office.dir.path().join("backup.redb");
    office.relay.stop();
    std::fs::copy(&file, &backup).unwrap();
    office.relay.serve();

    let asked = office.relay.run(&["erase", &id, "--json"]).json();
    assert_eq!((&asked["erased"], &asked["space"]), (&false.into(), &super::relay::SPACE.into()), "{asked}");
    assert!(asked["changes"].as_u64().unwrap() >= 2, "{asked}");
    let before = office.relay.status()["documents"].as_u64().unwrap();
    let erased = office.relay.run(&["erase", &gone, "--yes", "--json"]).json();
    assert_eq!(
        (&erased["erased"], &erased["document"]),
        (&true.into(), &id.replace('-', "").into()),
        "{erased}"
    );
    assert_eq!(office.relay.status()["documents"].as_u64(), Some(before - 1));

    for device in [&office.reza, &office.sara] {
        let summary = device.sync();
        assert_eq!(summary["erased"], 1, "{summary}");
        assert_eq!(device.names("account"), ["Bahar"]);
        device.fails(3, &["account", "show", &gone]);
        assert_eq!((device.unsent(), device.status()["refused"].as_u64().unwrap_or(0)), (0, 0));
    }
    office.sara.sync();
    assert_eq!(office.sara.field("account", &stays, "website"), "sent.example");

    // The backup holds the record; the first device tells the relay what it forgot.
    office.relay.stop();
    std::fs::copy(&backup, &file).unwrap();
    office.relay.serve();
    assert_eq!(office.relay.status()["documents"].as_u64(), Some(before), "the backup has it");
    office.sara.sync();
    assert_eq!(office.relay.status()["documents"].as_u64(), Some(before - 1), "{}", office.relay.log());
    office.reza.sync();
    let mina = office.newcomer("Mina", "manager");
    for device in [&office.sara, &office.reza, &mina] {
        device.sync();
        assert_eq!(device.names("account"), ["Bahar"]);
        assert!(!device.status().to_string().contains("digest_mismatch"), "{}", device.status());
    }
    assert!(!stands_in(&mina.file(), "Aryagone"), "a device that joined later has never held it");
}

#[test]
fn only_a_whole_id_erases_and_only_with_yes() {
    let office = Office::open();
    let account = office.sara.add("account", &["name=Arya"]);
    office.level();
    for wrong in [&account[..6], "Arya", "0199f00d"] {
        let ran = office.relay.run(&["erase", wrong, "--yes", "--json"]);
        assert_eq!(ran.code, Some(4), "{ran:?}");
    }
    let said = office.relay.run(&["erase", &account]);
    assert!(said.code == Some(0) && said.out.contains("--yes"), "{said:?}");
    office.sara.sync();
    assert_eq!(office.sara.names("account"), ["Arya"]);
}
