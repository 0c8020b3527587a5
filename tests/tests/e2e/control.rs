//! The control log between real processes: what a restored relay takes back, and whose word erases a device.

use std::path::Path;

use forsat_store::{CACHE_BYTES_DEFAULT, OpenParams, Store};
use forsat_sync::control::{ControlEvent, ControlHead};
use forsat_sync::frame::{Hello, PROTOCOL_VERSIONS, ToDevice};
use forsat_sync::id::Nonce;
use forsat_sync::identity::{RelayKey, sign_hello};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio_tungstenite::tungstenite::Message;

use super::device::{Device, Office};
use super::wire::block_on;

pub fn revoke(office: &Office, user: &str, lost: bool) {
    let device = super::access::device_of(office, user);
    let mut arguments = vec!["device", "revoke", &device, "--json"];
    if lost {
        arguments.push("--lost");
    }
    office.relay.run(&arguments).json();
}

/// How many entries of the control log a device holds.
fn entries(device: &Device) -> u64 {
    let params = OpenParams { random: [9; 32], cache_bytes: CACHE_BYTES_DEFAULT };
    let store = Store::open(device.dir(), &params).unwrap();
    store.read().unwrap().control_head().unwrap().count
}

#[test]
fn a_relay_restored_from_a_backup_takes_back_whom_it_threw_out() {
    let mut office = Office::open();
    let account = office.sara.add("account", &["name=Arya"]);
    office.level();
    let file = office.relay.data().join("relay.redb");
    let backup = office.dir.path().join("backup.redb");
    office.relay.stop();
    std::fs::copy(&file, &backup).unwrap();
    office.relay.serve();
    revoke(&office, "Reza", false);
    let mina = office.newcomer("Mina", "manager");
    office.sara.sync();
    let known = entries(&office.sara);
    office.relay.stop();
    std::fs::copy(&backup, &file).unwrap();
    office.relay.serve();
    assert_eq!(office.relay.status()["devices_revoked"], 0, "the backup knows nothing of it");
    office.sara.sync();
    assert_eq!(office.relay.status()["devices_revoked"], 1, "{}", office.relay.log());
    assert!(office.relay.log().contains("restored from a backup"), "{}", office.relay.log());
    let error = office.reza.fails(6, &["sync"]);
    assert_eq!(error["code"], "device_revoked", "{error}");
    mina.sync();
    assert_eq!(mina.names("account"), ["Arya"], "who joined after the backup is let in as before");
    mina.ok(&["product", "add", "name=Server", "prices=5"]);
    mina.sync();
    office.sara.sync();
    assert_eq!(office.sara.names("product"), ["Server"], "with the role that she had");
    assert_eq!(entries(&office.sara), known, "the log is the same, to the last entry");
    let issues = office.sara.status();
    assert!(!issues.to_string().contains("control_"), "no issue of the log: {issues}");
    assert_eq!(office.sara.show("account", &account)["name"], "Arya");
}

fn holds(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.retain(|name| name != "sync.lock");
    names.sort();
    names
}

#[test]
fn a_revoked_device_erases_itself_and_keeps_only_what_was_never_sent() {
    let office = Office::open();
    let mina = office.newcomer("Mina", "manager");
    mina.add("account", &["name=Never sent"]);
    // What every member reads isn't set aside.
    mina.ok(&["product", "add", "name=Server", "prices=5"]);
    revoke(&office, "Mina", false);
    let error = mina.fails(6, &["sync"]);
    assert_eq!(error["code"], "device_revoked", "{error}");
    let said = error["error"].as_str().unwrap();
    assert!(said.contains("unsent-changes.jsonl") && said.contains("at the relay"), "{error}");
    assert_eq!(holds(mina.dir()), ["unsent-changes.jsonl"]);
    let kept = std::fs::read_to_string(mina.dir().join("unsent-changes.jsonl")).unwrap();
    let documents: std::collections::BTreeSet<String> = kept
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["document"].to_string())
        .collect();
    assert_eq!(documents.len(), 1, "the product alone: {kept}");
    assert!(kept.lines().count() >= 2, "the record's beginning and its values");
    mina.fails(5, &["account", "list"]);
}

#[test]
fn a_lost_device_erases_itself_with_everything() {
    let office = Office::open();
    office.level();
    office.reza.add("account", &["name=Never sent"]);
    revoke(&office, "Reza", true);
    assert_eq!(office.reza.fails(6, &["sync"])["code"], "device_revoked");
    assert_eq!(holds(office.reza.dir()), [""; 0]);
}

/// Answers one connection with these messages.
async fn pose(listener: &tokio::net::TcpListener, messages: &[Vec<u8>]) {
    let (stream, _) = listener.accept().await.unwrap();
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else { return };
    for message in messages {
        let _ = socket.send(Message::Binary(message.clone().into())).await;
    }
    while let Some(Ok(_)) = socket.next().await {}
}

#[test]
fn whoever_poses_as_the_relay_erases_nothing() {
    let mut office = Office::open();
    office.level();
    let account = office.reza.add("account", &["name=Unsent"]);
    // The relay's own greeting, recorded from the wire, and the words of somebody without its key.
    let hello = block_on(async {
        let (mut socket, _) = tokio_tungstenite::connect_async(office.relay.url()).await.unwrap();
        let Some(Ok(Message::Binary(bytes))) = socket.next().await else { panic!("no hello") };
        bytes.to_vec()
    });
    let device = {
        let params = OpenParams { random: [9; 32], cache_bytes: CACHE_BYTES_DEFAULT };
        let store = Store::open(office.reza.dir(), &params).unwrap();
        store.read().unwrap().identity().unwrap().device.unwrap()
    };
    let impostor = RelayKey::from_seed(&[66; 32]);
    let event = ControlEvent::DeviceRevoked { device, lost: true };
    let (forged, _) = ControlHead::EMPTY.append(&impostor, 1, None, event);
    let own_hello = ToDevice::Hello(Hello {
        versions: PROTOCOL_VERSIONS,
        relay: impostor.relay_id(),
        nonce: Nonce::from_bytes([1; 32]),
        signature: sign_hello(&impostor, PROTOCOL_VERSIONS, &Nonce::from_bytes([1; 32])),
    })
    .encode();
    let revocation = ToDevice::Revocation { entry: forged, proof: None }.encode();
    let code = forsat_sync::code::DEVICE_REVOKED;
    let fault = ToDevice::Fault { message: "Go away.".into(), code }.encode();
    let address = office.relay.url().trim_start_matches("ws://").trim_end_matches("/sync").to_owned();
    office.relay.stop();
    for hello in [hello, own_hello] {
        let messages = [hello, revocation.clone(), fault.clone()];
        let mut sync = None;
        block_on(async {
            let listener = tokio::net::TcpListener::bind(&address).await.unwrap();
            sync = Some(office.reza.spawn(&["sync"]));
            pose(&listener, &messages).await;
        });
        let mut sync = sync.expect("it was started");
        super::program::until("the device has given up", || sync.ended());
    }
    assert_eq!(office.reza.show("account", &account)["name"], "Unsent");
    assert!(holds(office.reza.dir()).contains(&"device.key".to_owned()));
    office.relay.serve();
    office.reza.sync();
    assert_eq!(office.reza.unsent(), 0, "it goes on with the relay as if nothing had been");
}
