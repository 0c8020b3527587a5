//! Several hands on one store, and several roles on one relay.

use std::thread;

use crate::processes::{Device, Relay};

#[test]
fn two_processes_edit_one_record_and_neither_is_lost() {
    const EDITS: usize = 8;
    const WRITERS: usize = 3;
    let device = Device::new("Sara");
    let account = device.add("account", &["--name", "Arya"]);
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (device, account) = (&device, &account);
            scope.spawn(move || {
                for edit in 0..EDITS {
                    device.ok(&["account", "edit", account, &format!("tags+=w{writer}e{edit}")]);
                }
            });
        }
    });
    let view = device.json(&["account", "show", &account]);
    let tags = view["fields"].as_array().expect("fields").iter().find(|field| field["field"] == "tags");
    let count = tags.and_then(|tags| tags["value"].as_array()).map(Vec::len);
    assert_eq!(count, Some(WRITERS * EDITS));
}

#[test]
fn a_viewer_writes_nothing_and_a_stranger_sees_nothing() {
    let relay = Relay::start();
    let office = Device::new("Sara");
    office.add("account", &["--name", "آریا"]);
    let deal = office.add("opp", &["--account", "آریا", "--name", "آریا/سرور", "--close-date", "+30d"]);
    office.join(&relay, "Sara", "main", "admin");
    office.ok(&["sync"]);
    let viewer = Device::joined(&relay, "Vida", "main", "viewer");
    assert!(viewer.ok(&["opp", "list"]).contains("آریا/سرور"));
    viewer.fails(&["opp", "edit", &deal, "next_step=call"], 4);
    relay.operate(&["space", "add", "North"]);
    let stranger = Device::joined(&relay, "Omid", "North", "rep");
    assert_eq!(stranger.json(&["opp", "list"])["total"], 0);
    stranger.fails(&["opp", "show", &deal], 3);
    let status = stranger.json(&["status"]);
    let spaces = status["spaces"].as_array().expect("spaces").iter();
    let names: Vec<&str> = spaces.filter_map(|space| space["name"].as_str()).collect();
    assert_eq!(names, ["North", "common"]);
    assert_eq!(office.unsent(), 0);
}
