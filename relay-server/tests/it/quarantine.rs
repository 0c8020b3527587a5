//! What devices set aside, over the wire: kept, told to managers, closed.

use base64::Engine as _;
use forsat_relay::admin::{self, Answer, DeviceRequest, QuarantineView, Request};
use forsat_relay::embedded::{EmbeddedOptions, EmbeddedRelay};
use forsat_relay::store::conformance::{document, key};
use forsat_sync::code;
use forsat_sync::frame::{
    ADMIN_ANSWER_BYTES_MAX, ItemOutcome, SetAside, SetAsideItem, ToDevice, ToRelay, Welcome,
};
use forsat_sync::heal::AskId;
use forsat_sync::id::{DocumentId, SpaceId, UserId};

use crate::device::{Device, first_change};

struct World {
    relay: EmbeddedRelay,
    runtime: tokio::runtime::Runtime,
    dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let relay = EmbeddedRelay::start(&EmbeddedOptions::new(dir.path())).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { relay, runtime, dir }
    }

    fn joined(&self, number: u8, user: &str, role: &str) -> (Device, UserId, SpaceId) {
        let invite = self.relay.invite(user, "main", role).unwrap();
        self.runtime.block_on(async {
            let mut device = Device::connect(self.relay.url(), number).await;
            let Welcome { user, spaces, .. } = device.enrol(&invite.code).await;
            let main = spaces.unwrap().iter().find(|space| space.name == "main").unwrap().id;
            (device, user, main)
        })
    }

    fn ask(&self, request: Request) -> Answer {
        admin::ask(self.dir.path(), &request).unwrap().unwrap()
    }

    fn set_aside(
        &self,
        device: &mut Device,
        space: SpaceId,
        items: Vec<(DocumentId, Vec<u8>)>,
    ) -> Vec<ItemOutcome> {
        let item = |(document, bytes)| SetAsideItem { document, bytes, reason: code::HOME_IS };
        let aside = SetAside { ask: AskId(4), space, items: items.into_iter().map(item).collect() };
        self.runtime.block_on(async {
            device.send(&ToRelay::SetAside(aside)).await;
            loop {
                match device.receive().await {
                    Some(ToDevice::WasSetAside { ask: AskId(4), results }) => return results,
                    Some(ToDevice::Revocation { .. } | ToDevice::SpacesChanged { .. }) => {}
                    other => panic!("no answer: {other:?}"),
                }
            }
        })
    }

    fn order(&self, device: &mut Device, request: &DeviceRequest) -> Answer {
        let request = serde_json::to_vec(request).unwrap();
        self.runtime.block_on(async {
            device.send(&ToRelay::Admin { ask: AskId(5), request }).await;
            match device.receive().await {
                Some(ToDevice::Administered { ask: AskId(5), answer }) => {
                    assert!(answer.len() <= ADMIN_ANSWER_BYTES_MAX);
                    serde_json::from_slice(&answer).unwrap()
                }
                other => panic!("no answer: {other:?}"),
            }
        })
    }

    fn list(&self, device: &mut Device, after: u64) -> (Vec<QuarantineView>, bool) {
        match self.order(device, &DeviceRequest::QuarantineList { after }) {
            Answer::Quarantine { entries, more } => (entries, more),
            other => panic!("no list: {other:?}"),
        }
    }
}

#[test]
fn what_a_revoked_device_never_sent_reaches_its_managers() {
    let world = World::new();
    let (mut manager, _, main) = world.joined(1, "Sara", "manager");
    let (mut reza, user, _) = world.joined(2, "Reza", "rep");
    let sent = first_change(user, 2);
    let outcome = world.runtime.block_on(reza.push(main, document(1), sent.clone()));
    assert_eq!(outcome, ItemOutcome::Acked);
    let refused = world.set_aside(&mut reza, main, vec![(document(1), first_change(user, 3))]);
    assert_eq!(refused, [ItemOutcome::refused(code::HOME_HERE)]);
    let device = key(2).public().device_id().to_string();
    world.ask(Request::DeviceRevoke { device: device.clone(), lost: false });
    let (unsent, hidden) = (first_change(user, 4), SpaceId::from_bytes([0xee; 16]));
    let results = world.set_aside(
        &mut reza,
        main,
        vec![(document(1), sent), (document(1), unsent.clone()), (document(2), vec![1, 2, 3])],
    );
    assert_eq!(results[..2], [ItemOutcome::Acked, ItemOutcome::Acked]);
    assert!(matches!(&results[2], ItemOutcome::Refused { .. }), "{results:?}");
    let elsewhere = world.set_aside(&mut reza, hidden, vec![(document(3), unsent.clone())]);
    assert_eq!(elsewhere, [ItemOutcome::refused(code::UNKNOWN_SPACE)]);

    let (entries, more) = world.list(&mut manager, 0);
    let [entry] = &entries[..] else { panic!("what was sent lies nowhere else: {entries:?}") };
    assert!(!more);
    assert_eq!((entry.document.as_str(), entry.reason.as_str()), (&*document(1).to_string(), "home_is"));
    assert_eq!(entry.spaces, [main.to_string()]);
    assert_eq!((&*entry.device, &*entry.device_name), (&*device, "test"));
    assert_eq!((&*entry.user, &*entry.user_name), (&*user.to_string(), "Reza"));
    let bytes = base64::engine::general_purpose::STANDARD.decode(&entry.bytes).unwrap();
    assert_eq!(bytes, unsent);
    let close = DeviceRequest::QuarantineClose { numbers: vec![entry.number], applied: true };
    for _ in 0..2 {
        assert_eq!(world.order(&mut manager, &close), Answer::QuarantineClosed { count: 1 });
    }
    assert_eq!(world.list(&mut manager, 0), (Vec::new(), false));
}

#[test]
fn a_long_list_comes_in_parts_that_fit_their_frame() {
    let world = World::new();
    let (mut manager, user, main) = world.joined(1, "Sara", "manager");
    let large = large_change(user);
    assert!(large.len() > 200_000);
    for number in 1..=3 {
        let results = world.set_aside(&mut manager, main, vec![(document(number), large.clone())]);
        assert_eq!(results, [ItemOutcome::Acked]);
    }
    let small = (4..60).map(|number| (document(number), first_change(user, number))).collect();
    world.set_aside(&mut manager, main, small);
    let (mut seen, mut after, mut parts) = (Vec::new(), 0, 0);
    loop {
        let (entries, more) = world.list(&mut manager, after);
        seen.extend(entries.iter().map(|entry| entry.number));
        after = *seen.last().unwrap();
        parts += 1;
        if !more {
            break;
        }
    }
    assert!(parts > 2, "{parts}");
    assert_eq!(seen, (1..=59).collect::<Vec<_>>());
}

#[test]
fn an_operator_lists_and_drops_without_seeing_what_the_changes_say() {
    let world = World::new();
    let (mut manager, user, main) = world.joined(1, "Sara", "manager");
    world.ask(Request::SpaceAdd { name: "South".into() });
    let items = (1..=5).map(|number| (document(number), first_change(user, number))).collect();
    world.set_aside(&mut manager, main, items);
    let listed = |space: Option<&str>, after| match world
        .ask(Request::QuarantineList { space: space.map(str::to_owned), after })
    {
        Answer::QuarantineRows { rows, more } => (rows, more),
        other => panic!("no list: {other:?}"),
    };
    let (rows, more) = listed(None, 3);
    assert_eq!((rows.iter().map(|row| row.number).collect::<Vec<_>>(), more), (vec![4, 5], false));
    let row = &rows[0];
    assert_eq!((&*row.user_name, &*row.device_name, &*row.reason), ("Sara", "test", "home_is"));
    assert_eq!((&row.spaces[..], &*row.document), (&["main".to_owned()][..], &*document(4).to_string()));
    assert_eq!(row.bytes, first_change(user, 4).len() as u64);
    assert_eq!((listed(Some("MAIN"), 0).0.len(), listed(Some("South"), 0).0.len()), (5, 0));

    let drop = |numbers: &[u64], space: Option<&str>, confirmed| {
        let space = space.map(str::to_owned);
        match world.ask(Request::QuarantineDrop { numbers: numbers.to_vec(), space, confirmed }) {
            Answer::QuarantineDropped(view) => Ok((view.changes, view.dropped)),
            Answer::Failed(failure) => Err(failure.code),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(drop(&[2, 2, 77, 0], None, false), Ok((1, false)));
    assert_eq!(listed(None, 0).0.len(), 5, "nothing is dropped that isn't meant");
    assert_eq!(drop(&[2, 2, 77, 0], None, true), Ok((1, true)));
    assert_eq!(drop(&[], None, true), Err("bad_request".into()));
    assert_eq!(drop(&[], Some("Nowhere"), true), Err("no_such_space".into()));
    assert_eq!(drop(&[], Some("South"), true), Ok((0, true)));
    assert_eq!(listed(None, 0).0.len(), 4);
    assert_eq!(drop(&[], Some("main"), true), Ok((4, true)));
    assert_eq!(world.list(&mut manager, 0), (Vec::new(), false));
}

#[test]
fn names_of_characters_that_json_escapes_wedge_no_list() {
    let world = World::new();
    let (mut manager, user, main) = world.joined(1, "Sara", "manager");
    let invite = world.relay.invite(&"\"".repeat(256), "main", "rep").unwrap();
    let mut hostile = world.runtime.block_on(async {
        let mut device = Device::connect(world.relay.url(), 2).await;
        device.name = "\\".repeat(256);
        device.enrol(&invite.code).await;
        device
    });
    // Twice of each document, by another actor: a list is to be longer than one answer.
    for actors in [0, 7] {
        let change = |number: u8| (document(number), first_change(user, number.wrapping_add(actors)));
        let results = world.set_aside(&mut hostile, main, (1..=240).map(change).collect());
        assert!(results.iter().all(|result| *result == ItemOutcome::Acked), "{results:?}");
    }
    let results = world.set_aside(&mut hostile, main, vec![(document(241), large_change(user))]);
    assert_eq!(results, [ItemOutcome::Acked]);
    let (first, more) = world.list(&mut manager, 0);
    assert!(more && first.len() < 480, "{}", first.len());
    let (rest, _) = world.list(&mut manager, first.last().unwrap().number);
    let numbers: Vec<_> = first.iter().chain(&rest).map(|entry| entry.number).collect();
    assert_eq!(numbers[..], (1..=numbers.len() as u64).collect::<Vec<_>>()[..]);
    let (last, more) = world.list(&mut manager, 480);
    assert_eq!((last.len(), more), (1, false), "the largest fits with the longest names");
    let Answer::QuarantineRows { rows, more } = world.ask(Request::QuarantineList { space: None, after: 0 })
    else {
        panic!("no list");
    };
    assert!(more && rows.len() > 100, "{}", rows.len());
}

/// A change near the limit of a chunk.
fn large_change(user: UserId) -> Vec<u8> {
    use automerge::transaction::Transactable as _;
    let noise: String = (0..200_u32).map(|number| format!("{number:064}").repeat(16)).collect();
    let mut document = automerge::Automerge::new()
        .with_author(Some(automerge::Author::from(user.as_bytes().to_vec())))
        .with_actor(automerge::ActorId::from(&[1; 16][..]));
    let mut transaction = document.transaction();
    transaction.put(automerge::ROOT, "name", noise).unwrap();
    transaction.commit();
    document.get_last_local_change().unwrap().raw_bytes().to_vec()
}
