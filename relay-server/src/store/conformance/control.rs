//! The control log: what it says, who may add to it, and how a store that was set back takes it from a device.

use forsat_sync::control::{ControlEvent, ControlHead, SignedEntry};
use forsat_sync::frame::{PageEntry, Role};
use forsat_sync::id::{RelayId, UserId};
use forsat_sync::identity::RelayKey;
use forsat_sync::relay::{ControlVerdict, Standing};

use super::{NOW_MS, common, enrol, space, whole};
use crate::store::{AccessCommand, AdminOrder, NewInvite, Orderer, RelayStore, Scope};

pub(super) fn all(mut fresh: impl FnMut() -> Box<dyn RelayStore>) {
    every_change_of_access_is_in_the_log(&*fresh());
    members_get_the_log_in_the_feed_of_common(&*fresh());
    a_store_that_was_set_back_takes_what_it_forgot(&*fresh(), &*fresh());
    what_a_forgotten_revocation_took_stays_worthless(&mut fresh);
    another_branch_gives_its_revocations_only(&*fresh(), &*fresh());
    whom_another_branch_let_in_and_threw_out_stays_out(&*fresh(), &*fresh());
    others_entries_are_passed_over(&*fresh());
}

fn relay(store: &dyn RelayStore) -> RelayId {
    RelayKey::from_seed(&store.identity().relay_key_seed).relay_id()
}

/// The log, with its chain checked.
pub(super) fn log(store: &dyn RelayStore) -> (Vec<SignedEntry>, Vec<ControlEvent>, ControlHead) {
    let entries = store.access().control_log(0, usize::MAX).expect("the store works");
    let (mut head, mut events) = (ControlHead::EMPTY, Vec::new());
    for entry in &entries {
        let (read, next) = head.follow(&relay(store), entry).expect("the chain holds");
        events.push(read.event);
        head = next;
    }
    (entries, events, head)
}

fn revoke(store: &dyn RelayStore, device: &forsat_sync::id::DeviceId, lost: bool) {
    let command = AccessCommand::RevokeDevice { device: device.to_string(), lost };
    store.access().change_access(&command, NOW_MS).expect("the device is known");
}

fn every_change_of_access_is_in_the_log(store: &dyn RelayStore) {
    let (_, begun, _) = log(store);
    assert!(matches!(
        begun[..],
        [ControlEvent::WorkspaceMade { .. }, ControlEvent::SpaceMade { common: true, .. }]
    ));
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    let set = AccessCommand::SetRole { user: "Sara".into(), space: "Tehran".into(), role: Role::Viewer };
    let take = AccessCommand::RemoveRole { user: "Sara".into(), space: "Tehran".into() };
    for command in [&set, &set, &take] {
        store.access().change_access(command, NOW_MS).expect("she is known");
    }
    revoke(store, &sara.device, true);
    revoke(store, &sara.device, true);
    let user = sara.user;
    let (entries, events, _) = log(store);
    let said: Vec<_> =
        events[2..].iter().filter(|event| !matches!(event, ControlEvent::DeviceEnrolled { .. })).collect();
    let expected = [
        ControlEvent::SpaceMade { space: tehran, common: false },
        ControlEvent::UserMade { user, name: "Sara".into(), email: None },
        ControlEvent::RoleSet { user, space: tehran, role: Role::Rep },
        ControlEvent::RoleSet { user, space: tehran, role: Role::Viewer },
        ControlEvent::RoleRemoved { user, space: tehran },
        ControlEvent::DeviceRevoked { device: sara.device, lost: true },
    ];
    assert_eq!(said, expected.iter().collect::<Vec<_>>(), "what changed nothing isn't said again");
    assert_eq!(events.len(), 2 + expected.len() + 1, "and one enrolment");
    let record = store.devices(&[sara.device]).expect("the store works").remove(0).expect("it is known");
    assert_eq!(record.revocation.as_ref(), entries.last(), "the device is shown why");
}

fn members_get_the_log_in_the_feed_of_common(store: &dyn RelayStore) {
    space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Viewer);
    let (entries, ..) = log(store);
    let page = forsat_sync::frame::ToDevice::Page(forsat_sync::frame::Page {
        stream: forsat_sync::frame::StreamId(1),
        epoch: store.identity().epoch,
        up_to: whole(store, &sara, common(store)).up_to,
        head: whole(store, &sara, common(store)).head,
        entries: whole(store, &sara, common(store)).entries,
        root: None,
    });
    let read = forsat_sync::frame::ToDevice::decode(&page.encode(), usize::MAX).expect("it is a frame");
    let fed: Vec<_> = match read {
        forsat_sync::frame::ToDevice::Page(page) => page.entries,
        _ => Vec::new(),
    };
    assert_eq!(fed, entries.into_iter().map(PageEntry::Control).collect::<Vec<_>>());
}

/// `ahead` is the relay before its backup was restored, `back` the same after: they have one key and one beginning.
fn a_store_that_was_set_back_takes_what_it_forgot(ahead: &dyn RelayStore, back: &dyn RelayStore) {
    for store in [ahead, back] {
        space(store, 10, "Tehran");
        enrol(store, 1, "Sara", "Tehran", Role::Rep);
        enrol(store, 2, "Omid", "Tehran", Role::Rep);
    }
    let (before, _, known) = log(back);
    assert_eq!(log(ahead).2, known, "the two tell one story so far");
    let sara = super::key(1).device_id();
    super::tokens::make(back, 1, "nightly", &[Scope::Read], None).expect("the first");
    revoke(ahead, &sara, false);
    enrol(ahead, 3, "Mina", "Tehran", Role::Viewer);
    let isfahan = space(ahead, 11, "Isfahan");
    let set = AccessCommand::SetRole { user: "Omid".into(), space: "Isfahan".into(), role: Role::Manager };
    ahead.access().change_access(&set, NOW_MS).expect("he is known");
    let (entries, _, head) = log(ahead);
    let access = back.access();
    let verdict = access.check_control(&head.mark()).expect("the store works");
    assert_eq!(verdict, ControlVerdict::Wanted { after: known.count });
    let adopted = access.adopt_control(&entries[before.len()..], NOW_MS).expect("the store works");
    assert_eq!(adopted.entries, (entries.len() - before.len()) as u64);
    assert_eq!(log(back).2, head, "the very same log");
    assert_eq!(adopted.tokens, 1, "it may have been revoked since");
    assert_eq!(back.tokens().all_tokens().expect("the store works"), []);
    assert_eq!(access.check_control(&head.mark()).expect("the store works"), ControlVerdict::Over);
    let ids = [sara, super::key(2).device_id(), super::key(3).device_id()];
    let records: Vec<_> = back.devices(&ids).expect("the store works").into_iter().flatten().collect();
    let standings: Vec<_> = records.iter().map(|record| record.standing).collect();
    assert_eq!(standings, [Standing::Revoked, Standing::Active, Standing::Active]);
    assert!(records[0].revocation.is_some());
    let role = records[1].directory.spaces.iter().find(|space| space.id == isfahan).map(|space| space.role);
    assert_eq!(role, Some(Role::Manager), "the space is there again, by another name");
    let again = access.adopt_control(&entries, NOW_MS).expect("the store works");
    assert_eq!((again.entries, log(back).2), (0, head), "doing it twice changes nothing");
}

/// A stolen device's invite is in the backup, its revocation isn't: the log brings both to an end, on whichever branch.
fn what_a_forgotten_revocation_took_stays_worthless(mut fresh: impl FnMut() -> Box<dyn RelayStore>) {
    for branches in [false, true] {
        let (ahead, back) = (fresh(), fresh());
        for store in [&*ahead, &*back] {
            space(store, 10, "Tehran");
            let sara = enrol(store, 1, "Sara", "Tehran", Role::Admin);
            let new = NewInvite {
                secret: super::secret(9).hash(),
                user: "Mallory".into(),
                space: "Tehran".into(),
                role: Role::Rep,
                approve: false,
                now_ms: NOW_MS,
                expires_at_ms: NOW_MS + 1000,
            };
            let by = Orderer::Device(sara.device);
            store.access().administer(&by, &AdminOrder::Invite(new), NOW_MS).expect("it is her space");
        }
        revoke(&*ahead, &super::key(1).device_id(), true);
        if branches {
            enrol(&*back, 2, "Omid", "Tehran", Role::Rep);
        }
        let adopted = back.access().adopt_control(&log(&*ahead).0, NOW_MS).expect("the store works");
        assert_eq!(adopted.entries, 1);
        let invites = back.access().invites().expect("the store works");
        assert!(invites.iter().all(|invite| invite.used_by.is_some()), "{invites:?}");
        let request = super::request(9, &super::secret(9), None);
        let outcome = back.enrol(&request, super::fresh_user(9), NOW_MS);
        assert_eq!(outcome.expect("the store works"), super::EnrolOutcome::Invalid);
    }
}

fn another_branch_gives_its_revocations_only(ahead: &dyn RelayStore, back: &dyn RelayStore) {
    for store in [ahead, back] {
        space(store, 10, "Tehran");
        enrol(store, 1, "Sara", "Tehran", Role::Rep);
    }
    let sara = super::key(1).device_id();
    let raise = AccessCommand::SetRole { user: "Sara".into(), space: "Tehran".into(), role: Role::Admin };
    ahead.access().change_access(&raise, NOW_MS).expect("she is known");
    revoke(ahead, &sara, true);
    // Set back, the relay goes on by itself before anybody brings what it forgot.
    enrol(back, 2, "Omid", "Tehran", Role::Rep);
    let (entries, _, head) = log(ahead);
    let verdict = back.access().check_control(&head.mark()).expect("the store works");
    assert!(matches!(verdict, ControlVerdict::Branched { .. }), "{verdict:?}");
    let adopted = back.access().adopt_control(&entries, NOW_MS).expect("the store works");
    assert_eq!(adopted.entries, 1);
    let (_, events, _) = log(back);
    let expected = ControlEvent::DeviceRevoked { device: sara, lost: false };
    assert!(
        matches!(events.last(), Some(ControlEvent::DeviceRevoked { device, .. }) if *device == sara),
        "{expected:?}"
    );
    let user = back.access().users().expect("the store works").into_iter().find(|user| user.name == "Sara");
    assert_eq!(user.expect("she is there").roles[0].1, Role::Rep, "what may contradict isn't taken over");
    let again = back.access().adopt_control(&entries, NOW_MS).expect("the store works");
    assert_eq!(again.entries, 0, "once");
}

fn whom_another_branch_let_in_and_threw_out_stays_out(ahead: &dyn RelayStore, back: &dyn RelayStore) {
    for store in [ahead, back] {
        space(store, 10, "Tehran");
        enrol(store, 1, "Sara", "Tehran", Role::Rep);
    }
    let stolen = enrol(ahead, 3, "Sara", "Tehran", Role::Rep).device;
    revoke(ahead, &stolen, true);
    enrol(back, 2, "Omid", "Tehran", Role::Rep);
    let (entries, ..) = log(ahead);
    for expected in [1, 0] {
        let adopted = back.access().adopt_control(&entries, NOW_MS).expect("the store works");
        assert_eq!(adopted.entries, expected, "once");
    }
    let secret = super::invite(back, 3, "Sara", "Tehran", Role::Rep);
    let outcome = back.enrol(&super::request(3, &secret, None), super::fresh_user(3), NOW_MS);
    assert_eq!(outcome.expect("the store works"), super::EnrolOutcome::Invalid);
}

fn others_entries_are_passed_over(store: &dyn RelayStore) {
    space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    let (entries, _, head) = log(store);
    let stranger = RelayKey::from_seed(&[77; 32]);
    let event = ControlEvent::RoleSet { user: sara.user, space: common(store), role: Role::Admin };
    let (forged, _) = head.append(&stranger, NOW_MS, Some(UserId::from_bytes([1; 16])), event);
    let mut damaged = entries[0].clone();
    damaged.bytes[5] ^= 1;
    for bad in [forged, damaged] {
        let adopted = store.access().adopt_control(&[bad], NOW_MS).expect("the store works");
        assert_eq!((adopted.entries, adopted.verdict), (0, ControlVerdict::Over));
    }
    assert_eq!(log(store).2, head);
}
