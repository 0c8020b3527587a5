//! The relay on real sockets, inside this process.

use forsat_relay::admin::{self, Answer, Request};
use forsat_relay::embedded::{EmbeddedError, EmbeddedOptions, EmbeddedRelay};
use forsat_relay::server::{Server, ServerOptions};
use forsat_relay::setup;
use forsat_relay::store::conformance::document;
use forsat_sync::code;
use forsat_sync::frame::{ItemOutcome, Page, PageEntry, Role, ToDevice, ToRelay, Welcome};
use forsat_sync::id::{DocumentId, SpaceId};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::device::{Device, first_change};

struct World {
    relay: EmbeddedRelay,
    runtime: tokio::runtime::Runtime,
    dir: tempfile::TempDir,
}

fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let relay = EmbeddedRelay::start(&EmbeddedOptions::new(dir.path())).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    World { relay, runtime, dir }
}

fn space_named(welcome: &Welcome, name: &str) -> SpaceId {
    let spaces = welcome.spaces.as_ref().unwrap();
    spaces.iter().find(|space| space.name == name).unwrap().id
}

#[test]
fn what_one_device_brings_reaches_another_and_outlives_the_relay() {
    let World { relay, runtime, dir } = world();
    let invites = [1, 2].map(|number| relay.invite(&format!("user {number}"), "main", "rep").unwrap());
    let bytes = runtime.block_on(async {
        let mut office = Device::connect(relay.url(), 1).await;
        let welcome = office.enrol(&invites[0].code).await;
        let main = space_named(&welcome, "main");
        let mut field = Device::connect(relay.url(), 2).await;
        field.enrol(&invites[1].code).await;
        field.pull(main).await;
        assert!(field.page().await.entries.is_empty());
        let bytes = first_change(welcome.user, 1);
        assert_eq!(office.push(main, document(1), bytes.clone()).await, ItemOutcome::Acked);
        let page = field.page().await;
        assert_eq!(changes(&page), [(document(1), bytes.clone())]);
        assert!(page.root.is_some());
        bytes
    });
    relay.shutdown().unwrap();
    let relay = EmbeddedRelay::start(&EmbeddedOptions::new(dir.path())).unwrap();
    runtime.block_on(async {
        let mut field = Device::connect(relay.url(), 2).await;
        let welcome = field.auth().await;
        field.pull(space_named(&welcome, "main")).await;
        let page = field.page().await;
        assert_eq!(changes(&page), [(document(1), bytes)]);
    });
    let status = relay.status().unwrap();
    assert_eq!((status.documents, status.changes, status.devices_active), (1, 1, 2));
}

#[test]
fn a_viewer_reads_and_is_refused_to_write() {
    let World { relay, runtime, dir: _dir } = world();
    let invite = relay.invite("boss", "main", "viewer").unwrap();
    runtime.block_on(async {
        let mut device = Device::connect(relay.url(), 1).await;
        let welcome = device.enrol(&invite.code).await;
        let roles: Vec<_> = welcome.spaces.as_ref().unwrap().iter().map(|space| space.role).collect();
        assert_eq!(roles, [Role::Viewer, Role::Viewer]);
        let main = space_named(&welcome, "main");
        let outcome = device.push(main, document(1), first_change(welcome.user, 1)).await;
        assert_eq!(outcome, ItemOutcome::refused(code::FORBIDDEN));
        device.pull(main).await;
        assert!(device.page().await.entries.is_empty());
    });
}

#[test]
fn what_is_no_frame_ends_the_connection_with_a_fault() {
    let World { relay, runtime, dir: _dir } = world();
    runtime.block_on(async {
        for message in [Message::Binary(vec![0xff; 10].into()), Message::Text("hello".into())] {
            let mut device = Device::connect(relay.url(), 1).await;
            device.send_raw(message).await;
            assert!(matches!(device.receive().await, Some(ToDevice::Fault { .. })));
            assert_eq!(device.receive().await, None);
        }
    });
}

#[test]
fn an_oversized_message_ends_that_connection_alone() {
    let World { relay, runtime, dir: _dir } = world();
    let invite = relay.invite("Sara", "main", "rep").unwrap();
    runtime.block_on(async {
        let mut honest = Device::connect(relay.url(), 1).await;
        honest.enrol(&invite.code).await;
        let mut hostile = Device::connect(relay.url(), 2).await;
        let huge = vec![0; 2 * forsat_sync::limits::MESSAGE_BYTES_MAX];
        // The relay hangs up in the middle, so sending may fail too.
        let _ = hostile.try_send_raw(Message::Binary(huge.into())).await;
        assert!(matches!(hostile.receive().await, None | Some(ToDevice::Fault { .. })));
        honest.send(&ToRelay::Ping { token: 7 }).await;
        assert_eq!(honest.receive().await, Some(ToDevice::Pong { token: 7 }));
    });
}

#[test]
fn who_sends_no_header_is_hung_up_on_and_nobody_waits_for_it() {
    let World { relay, runtime, dir: _dir } = world();
    let invite = relay.invite("Sara", "main", "rep").unwrap();
    runtime.block_on(async {
        let mut slow = Vec::new();
        for _ in 0..200 {
            let mut stream = tokio::net::TcpStream::connect(relay.address()).await.unwrap();
            stream.write_all(b"GET /sync HTTP/1.1\r\nHost: ").await.unwrap();
            slow.push(stream);
        }
        let mut honest = Device::connect(relay.url(), 1).await;
        honest.enrol(&invite.code).await;
        for mut stream in slow {
            // Without a limit this read never ends.
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
        }
        honest.send(&ToRelay::Ping { token: 7 }).await;
        assert_eq!(honest.receive().await, Some(ToDevice::Pong { token: 7 }));
    });
}

#[test]
fn one_connection_too_many_is_told_to_come_again() {
    let dir = tempfile::tempdir().unwrap();
    drop(EmbeddedRelay::start(&EmbeddedOptions::new(dir.path())).unwrap());
    let store = setup::open(dir.path(), setup::options()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listen = "127.0.0.1:0".parse().unwrap();
        let options = ServerOptions { connections_max: 2, ..ServerOptions::new(listen) };
        let server = Server::start(Box::new(store), options).await.unwrap();
        let url = server.url().to_owned();
        let _open = [Device::connect(&url, 1).await, Device::connect(&url, 2).await];
        let refused = tokio_tungstenite::connect_async(&url).await.unwrap_err();
        let Error::Http(response) = refused else { panic!("{refused}") };
        assert_eq!(response.status(), 503);
    });
}

#[test]
fn shutting_down_tells_devices_when_to_come_back() {
    let World { relay, runtime, dir: _dir } = world();
    let invite = relay.invite("Sara", "main", "rep").unwrap();
    let mut device = runtime.block_on(async {
        let mut device = Device::connect(relay.url(), 1).await;
        device.enrol(&invite.code).await;
        device
    });
    relay.shutdown().unwrap();
    runtime.block_on(async {
        assert!(matches!(device.receive().await, Some(ToDevice::Drain { .. })));
        while let Some(frame) = device.receive().await {
            assert!(!matches!(frame, ToDevice::Welcome(_)), "{frame:?}");
        }
    });
}

#[test]
fn operators_are_answered_through_the_socket() {
    let World { relay, runtime: _runtime, dir } = world();
    let ask = |request| admin::ask(dir.path(), &request).unwrap().unwrap();
    assert!(matches!(ask(Request::SpaceAdd { name: "Tehran".into() }), Answer::Space(_)));
    let Answer::Spaces { spaces } = ask(Request::SpaceList) else { panic!("no list") };
    assert_eq!(
        spaces.iter().map(|space| space.name.as_str()).collect::<Vec<_>>(),
        ["common", "main", "Tehran"]
    );
    let invite = |role: &str| {
        ask(Request::Invite {
            user: "Sara".into(),
            space: "Tehran".into(),
            role: role.into(),
            approve: false,
        })
    };
    let Answer::Invite(made) = invite("rep") else { panic!("no invite") };
    assert_eq!(made.command, format!("forsat join {} {}", relay.url(), made.code));
    assert!(matches!(invite("king"), Answer::Failed(failure) if failure.code == "bad_request"));
    let Answer::Status(status) = ask(Request::Status) else { panic!("no status") };
    assert_eq!(status.serving.unwrap().url, relay.url());
    relay.shutdown().unwrap();
    assert_eq!(admin::ask(dir.path(), &Request::Status).unwrap(), None, "nobody serves");
}

#[test]
fn the_admin_socket_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let World { relay: _relay, runtime: _runtime, dir } = world();
    let mode = std::fs::metadata(dir.path().join(admin::SOCKET_NAME)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn the_admin_socket_takes_the_place_of_one_that_a_crash_left() {
    use std::os::unix::fs::PermissionsExt as _;
    let World { relay, runtime: _runtime, dir } = world();
    relay.shutdown().unwrap();
    // A crash in the middle of making it, in a directory that others may read.
    std::fs::create_dir(dir.path().join("admin.new")).unwrap();
    std::fs::write(dir.path().join("admin.new/admin.sock"), b"").unwrap();
    std::fs::write(dir.path().join(admin::SOCKET_NAME), b"").unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let relay = EmbeddedRelay::start(&EmbeddedOptions::new(dir.path())).unwrap();
    assert!(matches!(admin::ask(dir.path(), &Request::Status).unwrap(), Some(Answer::Status(_))));
    let mode = std::fs::metadata(dir.path().join(admin::SOCKET_NAME)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!dir.path().join("admin.new").exists());
    relay.shutdown().unwrap();
}

#[test]
fn a_deep_data_directory_has_an_admin_socket_too() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("d".repeat(120));
    let relay = EmbeddedRelay::start(&EmbeddedOptions::new(&deep)).unwrap();
    assert!(matches!(admin::ask(&deep, &Request::Status).unwrap(), Some(Answer::Status(_))));
    relay.shutdown().unwrap();
}

#[test]
fn one_store_serves_once() {
    let World { relay: _relay, runtime: _runtime, dir } = world();
    let second = EmbeddedRelay::start(&EmbeddedOptions::new(dir.path()));
    let Err(EmbeddedError::Setup(error)) = second else { panic!("{second:?}") };
    assert!(error.to_string().contains("only one relay"), "{error}");
}

#[test]
fn health_is_told_as_json() {
    let World { relay, runtime, dir: _dir } = world();
    let text = runtime.block_on(async {
        let mut stream = tokio::net::TcpStream::connect(relay.address()).await.unwrap();
        let request = "GET /healthz HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    });
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    let body: serde_json::Value = serde_json::from_str(text.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    assert_eq!(body, serde_json::json!({ "status": "ok" }), "anybody may ask, so it tells nothing else");
}

/// The changes of a page, with the relay's receipts.
fn changes(page: &Page) -> Vec<(DocumentId, Vec<u8>)> {
    let change = |entry: &PageEntry| match entry {
        PageEntry::Change { document, bytes, receipt: Some(_) } => Some((*document, bytes.clone())),
        _ => None,
    };
    page.entries.iter().filter_map(change).collect()
}
