//! A process that stays connected: one at a time, and those that come later wait or are told.

use std::process::Stdio;

use serde_json::Value;

use super::device::{Device, Office};
use super::program::{Lines, Running};

/// `sync --watch`, with what it prints.
struct Watch {
    process: Running,
    summaries: Lines,
    notes: Lines,
}

impl Watch {
    fn begin(device: &Device) -> Self {
        let mut command = device.command(&["sync", "--watch", "--json"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut process = Running(child.expect("the program starts"));
        let summaries = Lines::of(process.0.stdout.take().expect("it is piped"));
        let notes = Lines::of(process.0.stderr.take().expect("it is piped"));
        Self { process, summaries, notes }
    }

    /// Waits until it has nothing left to do: from then on it surely is the one that syncs.
    fn level(&self) -> Value {
        let level = |line: &str| parsed(line)["synced"] == true;
        parsed(&self.summaries.wait("the watch is level", level))
    }

    /// Waits until it has sent something.
    fn sent(&self) -> Value {
        let sent = |line: &str| parsed(line)["sent"].as_u64() > Some(0);
        parsed(&self.summaries.wait("the watch sends what was saved", sent))
    }
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("no JSON ({error}): {line:?}"))
}

#[test]
fn while_one_process_syncs_a_store_another_is_told_and_its_saves_are_sent() {
    let office = Office::open();
    let watch = Watch::begin(&office.sara);
    watch.level();
    let told = office.sara.says(5, &["sync"]);
    assert!(told.contains("already syncing"), "{told}");
    office.sara.add("account", &["name=Arya"]);
    assert_eq!(watch.sent()["unsent"], 0);
    assert_eq!(office.sara.unsent(), 0);
    office.reza.sync();
    assert_eq!(office.reza.names("account"), ["Arya"]);
}

#[test]
fn an_erasure_reaches_a_device_that_stays_connected() {
    let office = Office::open();
    let gone = office.sara.add("account", &["name=Aryagone"]);
    office.sara.add("account", &["name=Bahar"]);
    office.level();
    let watch = Watch::begin(&office.reza);
    watch.level();
    office.relay.run(&["erase", &gone, "--yes", "--json"]).json();
    watch.summaries.wait("the watch erases", |line| parsed(line)["erased"] == 1);
    assert_eq!(office.reza.names("account"), ["Bahar"]);
    office.reza.fails(3, &["account", "show", &gone]);
}

#[test]
fn a_watch_that_begins_while_another_process_syncs_waits_for_its_turn() {
    let office = Office::open();
    let mut first = Watch::begin(&office.sara);
    first.level();
    let second = Watch::begin(&office.sara);
    second.notes.wait("the second says that it waits", |line| line.contains("another process"));
    first.process.kill();
    office.sara.add("account", &["name=Arya"]);
    second.level();
    assert_eq!(office.sara.unsent(), 0);
}

#[test]
fn a_watch_that_waits_ends_when_it_is_asked_to() {
    let office = Office::open();
    let first = Watch::begin(&office.sara);
    first.level();
    let mut second = Watch::begin(&office.sara);
    second.notes.wait("the second says that it waits", |line| line.contains("another process"));
    second.process.signal("-INT");
    let status = second.process.0.wait().expect("it ends");
    assert!(status.success(), "{status}");
}
