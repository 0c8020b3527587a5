//! Access that an operator changes while devices are connected.

use std::time::Duration;

use forsat_relay::admin::{self, Answer, Request};
use forsat_relay::embedded::{EmbeddedOptions, EmbeddedRelay};
use forsat_relay::store::conformance::{document, key};
use forsat_sync::code;
use forsat_sync::frame::{ItemOutcome, Push, PushItem, Role, ToDevice, ToRelay};
use forsat_sync::id::{BatchId, SpaceId};

use crate::device::{Device, first_change};

/// How long an open connection may take to follow a change of access.
const FOLLOWS_WITHIN: Duration = Duration::from_secs(5);

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

impl World {
    fn ask(&self, request: Request) -> Answer {
        admin::ask(self.dir.path(), &request).unwrap().unwrap()
    }

    fn joined(&self, number: u8, user: &str, role: &str) -> (Device, forsat_sync::frame::Welcome) {
        let invite = self.relay.invite(user, "main", role).unwrap();
        self.runtime.block_on(async {
            let mut device = Device::connect(self.relay.url(), number).await;
            let welcome = device.enrol(&invite.code).await;
            (device, welcome)
        })
    }
}

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(FOLLOWS_WITHIN, work).await.expect("an open connection follows soon")
}

/// Asks and sends in vain until it says goodbye.
async fn stays_out(device: &mut Device, main: SpaceId) {
    device.pull(main).await;
    let items = vec![PushItem { document: document(9), bytes: vec![1] }];
    device.send(&ToRelay::Push(Push { batch: BatchId::new(1), space: main, items })).await;
    device.send(&ToRelay::Ping { token: 1 }).await;
    assert_eq!(soon(device.receive()).await, Some(ToDevice::Pong { token: 1 }), "nothing else is answered");
    device.send(&ToRelay::Bye).await;
    assert_eq!(soon(device.receive()).await, None);
}

#[test]
fn a_revoked_devices_connections_are_closed_and_it_stays_out() {
    let world = world();
    let (mut sara, _) = world.joined(1, "Sara", "rep");
    let (mut omid, welcome) = world.joined(2, "Omid", "rep");
    let device = key(1).public().device_id().to_string();
    let Answer::Device(view) = world.ask(Request::DeviceRevoke { device: device[..8].into(), lost: false })
    else {
        panic!("not revoked")
    };
    assert_eq!((view.user.as_str(), view.state.as_str(), view.changed), ("Sara", "revoked", Some(true)));
    world.runtime.block_on(async {
        let main = welcome.spaces.unwrap().iter().find(|space| space.name == "main").unwrap().id;
        let Some(ToDevice::Revocation { entry, .. }) = soon(sara.receive()).await else {
            panic!("first the signed reason")
        };
        stays_out(&mut sara, main).await;
        let mut again = Device::connect(world.relay.url(), 1).await;
        let shown = again.try_auth().await;
        assert!(
            matches!(&shown, Some(ToDevice::Revocation { entry: shown, proof: Some(_) }) if *shown == entry),
            "{shown:?}"
        );
        stays_out(&mut again, main).await;
        let outcome = omid.push(main, document(1), first_change(welcome.user, 2)).await;
        assert_eq!(outcome, ItemOutcome::Acked, "others go on");
    });
    let Answer::Devices { devices } = world.ask(Request::DeviceList) else { panic!("no list") };
    let states: Vec<_> = devices.iter().map(|view| (view.user.as_str(), view.state.as_str())).collect();
    assert_eq!(states, [("Omid", "active"), ("Sara", "revoked")]);
}

#[test]
fn roles_reach_open_connections() {
    let world = world();
    let (mut sara, welcome) = world.joined(1, "Sara", "viewer");
    let main = welcome.spaces.unwrap().iter().find(|space| space.name == "main").unwrap().id;
    world.runtime.block_on(async {
        let outcome = sara.push(main, document(1), first_change(welcome.user, 1)).await;
        assert!(matches!(outcome, ItemOutcome::Refused { .. }), "{outcome:?}");
    });
    let set = Request::RoleSet { user: "Sara".into(), space: "main".into(), role: "rep".into() };
    assert!(matches!(world.ask(set), Answer::Role(_)));
    world.runtime.block_on(async {
        let Some(ToDevice::SpacesChanged { spaces }) = soon(sara.receive()).await else { panic!("not told") };
        assert!(spaces.iter().all(|space| space.role == Role::Rep), "{spaces:?}");
        let outcome = sara.push(main, document(1), first_change(welcome.user, 1)).await;
        assert_eq!(outcome, ItemOutcome::Acked);
        sara.pull(main).await;
        sara.page().await;
    });
    let take = Request::RoleRemove { user: "Sara".into(), space: "main".into() };
    assert!(matches!(world.ask(take), Answer::Role(_)));
    world.runtime.block_on(async {
        let closed = soon(sara.receive()).await;
        assert!(
            matches!(&closed, Some(ToDevice::StreamClosed { code, .. }) if *code == code::UNKNOWN_SPACE),
            "{closed:?}"
        );
        assert_eq!(soon(sara.receive()).await, Some(ToDevice::SpacesChanged { spaces: Vec::new() }));
    });
}

#[test]
fn a_device_waits_until_it_is_let_in() {
    let world = world();
    let request =
        Request::Invite { user: "Sara".into(), space: "main".into(), role: "rep".into(), approve: true };
    let Answer::Invite(invite) = world.ask(request) else { panic!("no invite") };
    let redeem = async || {
        let mut device = Device::connect(world.relay.url(), 1).await;
        device.try_enrol(&invite.code).await
    };
    for _ in 0..2 {
        let said = world.runtime.block_on(redeem());
        assert!(
            matches!(&said, Some(ToDevice::Fault { code, .. }) if *code == code::DEVICE_PENDING),
            "{said:?}"
        );
    }
    let device = key(1).public().device_id().to_string();
    assert!(matches!(world.ask(Request::DeviceActivate { device }), Answer::Device(_)));
    let said = world.runtime.block_on(redeem());
    assert!(matches!(said, Some(ToDevice::Enrolled { .. })), "{said:?}");
}

#[test]
fn unclear_names_are_answered_with_what_they_can_be() {
    let world = world();
    world.joined(1, "Sara Amini", "rep");
    world.joined(2, "Sara Karimi", "rep");
    let set = |user: &str| {
        world.ask(Request::RoleSet { user: user.into(), space: "main".into(), role: "viewer".into() })
    };
    let Answer::Failed(failure) = set("sara") else { panic!("one was taken") };
    assert_eq!(failure.code, "ambiguous");
    assert!(failure.message.contains("Sara Amini, Sara Karimi"), "{failure}");
    let Answer::Failed(failure) = set("mina") else { panic!("somebody was taken") };
    assert_eq!(failure.code, "no_such_user");
}
