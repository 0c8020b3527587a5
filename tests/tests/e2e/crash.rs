//! `kill -9` at any moment loses nothing that was acknowledged: neither a save on a device nor a push at the relay.

use std::collections::BTreeMap;

use super::device::{Device, Office};
use super::ledger::{Changes, Ledger};
use super::program::until;
use super::whole::import;

/// Everything acknowledged so far must have reached this device.
fn holds(device: &Device, acked: &Changes) {
    let held = Ledger::open(device.dir()).all();
    let lost: Vec<_> = acked.difference(&held).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged changes are lost: {lost:?}", lost.len(), acked.len());
}

#[test]
fn a_relay_killed_in_mid_upload_loses_no_acknowledged_change() {
    const KILLS: u64 = 8;
    let mut office = Office::open();
    import(&office.sara, Some(600));
    let ledger = Ledger::open(office.sara.dir());
    let total = ledger.unsent();
    assert!(total > 1_000, "enough to be interrupted: {total}");
    let mut acked = Changes::new();
    let mut interrupted = 0;
    for kill in 0..KILLS {
        // Moments spread over the upload, the first one before anything is acknowledged.
        let left = total - total * kill / KILLS;
        let mut sync = office.sara.spawn(&["sync"]);
        until("the upload gets this far", || ledger.unsent() <= left || sync.ended());
        office.relay.kill();
        interrupted += u64::from(!sync.ended());
        sync.kill();
        acked.extend(ledger.acked());
        office.relay.serve();
    }
    assert!(interrupted > 0, "no upload was caught in the middle");
    office.sara.sync();
    acked.extend(ledger.acked());
    ledger.check();
    let fresh = office.newcomer("Fresh", "rep");
    holds(&fresh, &acked);
    holds(&fresh, &ledger.all());
    assert_eq!(fresh.run(&["pipeline", "--json"]).out, office.sara.run(&["pipeline", "--json"]).out);
}

#[test]
fn a_relay_killed_under_a_sync_is_found_again_by_the_same_sync() {
    let mut office = Office::open();
    import(&office.sara, Some(300));
    let ledger = Ledger::open(office.sara.dir());
    let total = ledger.unsent();
    let mut sync = office.sara.spawn(&["sync", "--watch"]);
    until("something is sent", || ledger.unsent() < total);
    office.relay.kill();
    let acked = ledger.acked();
    office.relay.serve();
    until("the rest is sent after the restart", || ledger.unsent() == 0);
    sync.kill();
    let fresh = office.newcomer("Fresh", "rep");
    holds(&fresh, &acked);
    holds(&fresh, &ledger.all());
}

#[test]
fn a_device_killed_in_mid_save_keeps_every_save_it_answered() {
    const ROUNDS: usize = 12;
    let office = Office::open();
    let account = office.sara.add("account", &["name=Arya"]);
    let mut answered: BTreeMap<usize, String> = BTreeMap::new();
    for round in 0..ROUNDS {
        let name = format!("Account {round}");
        answered.insert(round, office.sara.add("account", &[&format!("name={name}")]));
        // A save of which nobody learns the outcome: it is killed at a moment that differs from round to round.
        let step = format!("name=Torn {round}");
        let mut torn = office.sara.spawn(&["account", "add", &step]);
        let edit = format!("website=https://{round}.example");
        let mut edited = office.sara.spawn(&["account", "edit", &account, &edit]);
        std::thread::sleep(std::time::Duration::from_millis(2 * round as u64));
        torn.kill();
        edited.kill();
    }
    let names = office.sara.names("account");
    for round in answered.keys() {
        assert!(names.contains(&format!("Account {round}")), "{names:?}");
    }
    Ledger::open(office.sara.dir()).check();
    office.level();
    assert_eq!(office.sara.names("account"), office.reza.names("account"));
    holds(&office.reza, &Ledger::open(office.sara.dir()).all());
}

#[test]
fn a_device_killed_in_mid_init_or_join_has_a_whole_store_or_none() {
    let office = Office::open();
    let code = || office.relay.invite("Mina", "main", "rep");
    // The traces of making a store, in the order in which they appear.
    for (number, trace) in ["", "store.redb.new", "store.redb", "store.marker"].into_iter().enumerate() {
        for joins in [false, true] {
            let device = Device::at(office.dir.path().join(format!("made-{number}-{joins}")));
            let code = code();
            let init = ["init", "--user", "Mina", "--currency", "USD"];
            let join = ["join", office.relay.url(), &code, "--user", "Mina", "--yes"];
            let command: &[&str] = if joins { &join } else { &init };
            let mut making = device.spawn(command);
            until("the store is being made", || device.dir().join(trace).exists() || making.ended());
            making.kill();
            if !device.file().exists() {
                assert!(device.says(5, &["status"]).contains("forsat init"), "{trace}: there is none");
                device.ok(command);
            }
            let status = device.status();
            assert!(status["user"].is_string(), "{trace}: {status}");
            if joins {
                device.sync();
            }
            assert_eq!(device.status()["user_name"], "Mina", "{trace}");
            device.add("account", &["name=Arya"]);
            assert!(device.names("account").contains(&"Arya".to_owned()), "{trace}");
            Ledger::open(device.dir()).check();
        }
    }
}

#[test]
fn a_device_killed_in_mid_import_and_mid_sync_goes_on_where_it_was() {
    let office = Office::open();
    let folder = office.sara.dir().with_extension("data");
    // The files are laid out by a run of their own on a store that has no relay, then taken here in pieces.
    let layout = Device::init(office.dir.path().join("layout"), "Layout");
    import(&layout, Some(1));
    let data = layout.dir().with_extension("data");
    std::fs::rename(&data, &folder).unwrap();
    let full = crate::repo::root().join("tests/data/crm-sales/sales_pipeline.csv");
    let text = std::fs::read_to_string(full).unwrap();
    let rows: String = text.lines().take(2_001).map(|line| format!("{line}\n")).collect();
    std::fs::write(folder.join("sales_pipeline.csv"), rows).unwrap();
    let (path, map) = (folder.to_str().unwrap(), format!("{}/crm-sales.toml", folder.display()));
    let ledger = Ledger::open(office.sara.dir());
    let before = ledger.unsent();
    let mut importing = office.sara.spawn(&["import", path, "--map", &map]);
    until("a part is committed", || ledger.unsent() > before + 500 || importing.ended());
    importing.kill();
    ledger.check();
    let kept = ledger.all();
    let again = office.sara.ok(&["import", path, "--map", &map]);
    assert!(kept.is_subset(&ledger.all()), "what was committed stays");
    let deals = again["files"].as_array().unwrap().last().unwrap();
    assert!(deals["unchanged"].as_u64().unwrap() > 0, "a part was there already: {deals}");

    let total = ledger.unsent();
    for part in 1..5 {
        let mut sync = office.sara.spawn(&["sync"]);
        until("the upload gets this far", || ledger.unsent() <= total - total * part / 5 || sync.ended());
        sync.kill();
    }
    let acked = ledger.acked();
    office.level();
    holds(&office.reza, &acked);
    holds(&office.reza, &ledger.all());
    assert_eq!(office.reza.run(&["pipeline", "--json"]).out, office.sara.run(&["pipeline", "--json"]).out);

    let newcomer = Device::at(office.dir.path().join("newcomer"));
    newcomer.ok(&["join", office.relay.url(), &office.relay.invite("New", "main", "rep"), "--user", "New"]);
    let received = Ledger::open(newcomer.dir());
    for part in 1..4 {
        let mut sync = newcomer.spawn(&["sync"]);
        let wanted = ledger.all().len() * part / 4;
        until("the download gets this far", || received.all().len() >= wanted || sync.ended());
        sync.kill();
    }
    newcomer.sync();
    received.check();
    holds(&newcomer, &ledger.all());
}
