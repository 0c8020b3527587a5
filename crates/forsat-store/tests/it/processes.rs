//! Several handles and several processes on one store.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use forsat_store::{Store, StoreError};

use crate::support::{create_params, document, hash, open_params, save_edit};

const CHILD_STORE: &str = "FORSAT_STORE_TEST_CHILD";

/// Reads a number, adds one and keeps it, in one transaction; answers the new number.
fn count_up(store: &Store) -> u64 {
    store
        .write(|tx| {
            let before = tx.client_value("count")?.map_or(0, |b| u64::from_be_bytes(b.try_into().unwrap()));
            tx.set_client_value("count", &(before + 1).to_be_bytes())?;
            Ok::<_, StoreError>(before + 1)
        })
        .unwrap()
}

/// Runs a test of this binary as a process of its own, on a store.
fn child(test: &str, store: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(CHILD_STORE, store)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn open_in_child() -> Store {
    let path = std::env::var_os(CHILD_STORE).expect("run by another test");
    Store::open(Path::new(&path), &open_params()).unwrap()
}

#[test]
#[ignore = "a process of another test"]
fn child_counts_up() {
    let store = open_in_child();
    for _ in 0..50 {
        count_up(&store);
    }
}

#[test]
#[ignore = "a process of another test"]
fn child_saves_edits() {
    let store = open_in_child();
    for change in 0.. {
        store.write(|tx| save_edit(tx, 1, change)).unwrap();
        println!("saved {change}");
    }
}

#[test]
fn handles_and_processes_write_in_turn() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::create(directory.path(), &create_params()).unwrap();
    let mut process = child("processes::child_counts_up", directory.path());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let handle = Store::open(directory.path(), &open_params()).unwrap();
                for _ in 0..25 {
                    count_up(&handle);
                }
            });
        }
        for _ in 0..25 {
            count_up(&store);
        }
    });
    assert!(process.wait().unwrap().success());
    assert_eq!(count_up(&store), 126, "no count got lost");
}

#[test]
fn another_handles_edit_is_noticed_by_the_commit_number() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::create(directory.path(), &create_params()).unwrap();
    let other = Store::open(directory.path(), &open_params()).unwrap();
    let before = store.commit_seq().unwrap();
    other.write(|tx| save_edit(tx, 1, 1)).unwrap();
    assert_ne!(store.commit_seq().unwrap(), before);
    assert!(store.read().unwrap().chunk(&document(1), &hash(1)).unwrap().is_some());
}

#[test]
fn a_killed_process_loses_nothing_that_it_said_was_saved() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::create(directory.path(), &create_params()).unwrap();
    let mut process = child("processes::child_saves_edits", directory.path());
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut saved = Vec::new();
    while saved.len() < 25 {
        let line = lines.next().expect("the process writes on").unwrap();
        if let Some((_, number)) = line.split_once("saved ") {
            saved.push(number.parse::<u32>().unwrap());
        }
    }
    process.kill().unwrap();
    process.wait().unwrap();
    let later =
        lines.map_while(Result::ok).filter_map(|line| line.strip_prefix("saved ")?.parse::<u32>().ok());
    saved.extend(later);
    let tx = store.read().unwrap();
    for change in &saved {
        assert!(tx.chunk(&document(1), &hash(*change)).unwrap().is_some(), "edit {change} is lost");
    }
    drop(tx);
    store.write(|tx| save_edit(tx, 2, 1_000_000)).unwrap();
    assert!(store.check_integrity().unwrap().problems.is_empty());
}
