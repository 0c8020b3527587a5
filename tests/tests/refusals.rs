//! Bad input, wrong peers and damaged stores: a clear error with the documented exit code, and nothing lost.

use std::io::{Seek as _, SeekFrom, Write as _};
use std::process::Stdio;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;

use crate::processes::{Device, Relay};

#[test]
fn bad_words_get_advice_and_write_nothing() {
    let device = Device::new("Sara");
    device.add("account", &["--name", "Arya"]);
    let deal = device.add("opp", &["--account", "Arya", "--name", "server", "--close-date", "+30d"]);
    let before = device.unsent();
    assert!(device.fails(&["opp", "edit", &deal, "amont=5"], 4).contains("its fields are"));
    assert!(device.fails(&["opp", "edit", &deal, "close_date=1404/12/30"], 4).contains("1404/12/30"));
    assert!(device.fails(&["opp", "edit", &deal, "close_date=99/1/1"], 4).contains("close_date"));
    assert!(device.fails(&["opp", "show", "nosuch"], 3).contains("forsat find"));
    assert!(device.fails(&["account", "delete", "Arya"], 7).contains("--yes"));
    assert!(device.fails(&["opp", "lose", &deal, "--reason", "other"], 4).contains("--note"));
    device.fails(&["opp", "lose", &deal], 2);
    device.fails(&["sync"], 6);
    assert_eq!(device.unsent(), before);
    assert!(Device::bare().fails(&["opp", "list"], 5).contains("forsat init"));
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let device = Device::new("Sara");
    for number in 0..30 {
        device.add("account", &["--name", &format!("Company {number}")]);
    }
    let mut list = device.command(&["account", "list"]).stdout(Stdio::piped()).spawn().expect("it starts");
    drop(list.stdout.take());
    assert!(list.wait().expect("it ends").success());
}

#[test]
fn codes_work_once_and_garbled_ones_never() {
    let relay = Relay::start();
    let code = relay.invite("Sara", "main", "admin");
    let device = Device::bare();
    let garbled = format!("{}x", &code[..code.len() - 1]);
    device.fails(&["join", &relay.url(), &garbled, "--user", "Sara"], 4);
    device.ok(&["join", &relay.url(), &code, "--user", "Sara"]);
    let second = Device::bare();
    assert!(!second.fails(&["join", &relay.url(), &code, "--user", "Mina"], 6).is_empty());
    assert!(second.fails(&["join", "relay.example.com", &code], 4).contains("wss://"));
}

#[test]
fn an_impostor_on_the_same_port_gets_nothing() {
    let mut relay = Relay::start();
    let device = Device::new("Sara");
    device.join(&relay, "Sara", "main", "admin");
    device.ok(&["sync"]);
    device.add("account", &["--name", "Arya"]);
    let unsent = device.unsent();
    relay.kill();
    device.fails(&["sync"], 6);
    let impostor = Relay::start_on(relay.port());
    assert!(device.fails(&["sync"], 6).contains("not the relay"));
    assert_eq!(impostor.operate(&["status"])["changes"], 0);
    drop(impostor);
    assert_eq!(device.unsent(), unsent);
    relay.serve();
    device.ok(&["sync"]);
    assert_eq!(device.unsent(), 0);
}

#[test]
fn damaged_stores_are_named_and_never_read_as_data() {
    let device = Device::new("Sara");
    device.add("account", &["--name", "Arya"]);
    let file = device.store().join("store.redb");
    let whole = std::fs::read(&file).expect("the store is a file");
    std::fs::write(&file, &whole[..whole.len() / 3]).expect("it is cut short");
    let said = device.fails(&["account", "list"], 5);
    assert!(said.contains("store"), "{said}");
    std::fs::write(&file, &whole).expect("it is put back");
    assert!(device.ok(&["account", "list"]).contains("Arya"));
    let mut middle = std::fs::OpenOptions::new().write(true).open(&file).expect("it opens");
    middle.seek(SeekFrom::Start(0)).expect("it seeks");
    middle.write_all(b"not a store").expect("it is written");
    drop(middle);
    device.fails(&["account", "list"], 5);
}

#[test]
fn frames_of_nobody_are_answered_with_a_fault_and_the_relay_serves_on() {
    let relay = Relay::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let url = format!("{}/sync", relay.url());
    runtime.block_on(async {
        for bytes in [vec![0xff; 10], vec![0x9f; 4_096], vec![0; 2 * 1024 * 1024], Vec::new()] {
            let (mut socket, _) =
                tokio_tungstenite::connect_async(&url).await.expect("the relay takes connections");
            let hello = socket.next().await.expect("a hello").expect("a message");
            assert!(hello.is_binary());
            // A message above the limit may be cut off while it is being sent.
            let _ = socket.send(Message::binary(bytes)).await;
            while let Some(Ok(message)) = socket.next().await {
                if message.is_close() {
                    break;
                }
            }
        }
    });
    let device = Device::joined(&relay, "Sara", "main", "admin");
    assert_eq!(device.unsent(), 0);
}
