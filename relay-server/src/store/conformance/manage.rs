//! What an operator does with users, roles, devices and invites.

use forsat_sync::control::ControlEvent;
use forsat_sync::frame::Role;
use forsat_sync::relay::Standing;

use super::{
    Member, NOW_MS, change, enrol, enrolled, fresh_user, invite, page, push, request, secret, space,
};
use crate::store::{
    AccessCommand, AccessDone, ControlError, DeviceState, DeviceSummary, EnrolOutcome, NewInvite,
    PageOutcome, PushOutcome, RelayStore,
};

pub(super) fn all(mut fresh: impl FnMut() -> Box<dyn RelayStore>) {
    roles_are_set_and_taken(&*fresh());
    revoked_devices_stay_out(&*fresh());
    devices_wait_where_the_invite_says_so(&*fresh());
    a_device_that_is_in_stays_in_by_an_invite_that_lets_others_wait(&*fresh());
    invites_can_be_cancelled(&*fresh());
    names_stand_for_one_thing(&*fresh());
    what_a_device_calls_itself_disturbs_nobody(&*fresh());
}

fn told(store: &dyn RelayStore, command: AccessCommand) -> Result<AccessDone, ControlError> {
    store.access().change_access(&command, NOW_MS)
}

fn set(user: &str, space: &str, role: Role) -> AccessCommand {
    AccessCommand::SetRole { user: user.into(), space: space.into(), role }
}

fn standing(store: &dyn RelayStore, member: &Member) -> Standing {
    let record = store.devices(&[member.device]).expect("the store works").remove(0);
    record.expect("the device is enrolled").standing
}

fn roles_are_set_and_taken(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    space(store, 11, "Isfahan");
    let sara = enrol(store, 1, "Sara <sara@example.com>", "Tehran", Role::Viewer);
    let first = || vec![change(&sara, 1, 1, &[], 10)];
    assert_eq!(push(store, &sara, tehran, first()), PushOutcome::Forbidden);
    let done = told(store, set("sara@example.com", "tehran", Role::Rep)).expect("she is known");
    let expected = AccessDone::Role {
        user: "Sara".into(),
        space: "Tehran".into(),
        before: Some(Role::Viewer),
        now: Some(Role::Rep),
        devices: 1,
    };
    assert_eq!(done, expected);
    assert!(matches!(push(store, &sara, tehran, first()), PushOutcome::Judged(_)));
    let user = store.access().users().expect("the store works").remove(0);
    assert_eq!((user.roles, user.devices), (vec![("Tehran".into(), Role::Rep)], 1));
    let take = AccessCommand::RemoveRole { user: "Sara".into(), space: "Tehran".into() };
    told(store, take.clone()).expect("she has one");
    assert_eq!(page(store, &sara, tehran, None, 1000), PageOutcome::Hidden);
    assert!(matches!(told(store, take), Err(ControlError::NoRole { .. })));
    assert!(matches!(told(store, set("Sara", "Shiraz", Role::Rep)), Err(ControlError::NoSuchSpace(_))));
    invite(store, 5, "Omid", "Tehran", Role::Rep);
    let early = told(store, set("Omid", "Tehran", Role::Admin));
    assert!(matches!(early, Err(ControlError::UserWithoutDevice(_))), "{early:?}");
}

fn revoked_devices_stay_out(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    let office = enrol(store, 2, "Sara", "Tehran", Role::Rep);
    let revoke = AccessCommand::RevokeDevice { device: sara.device.to_string(), lost: false };
    for changes in [true, false] {
        let done = told(store, revoke.clone()).expect("the device is known");
        let is_told =
            |device: &DeviceSummary, changed| (device.state, changed) == (DeviceState::Revoked, changes);
        assert!(
            matches!(&done, AccessDone::Device { device, changed } if is_told(device, *changed)),
            "{done:?}"
        );
    }
    assert_eq!(standing(store, &sara), Standing::Revoked);
    assert_eq!(push(store, &sara, tehran, vec![change(&sara, 1, 1, &[], 10)]), PushOutcome::Hidden);
    assert_eq!(page(store, &sara, tehran, None, 1000), PageOutcome::Hidden);
    assert_eq!(standing(store, &office), Standing::Active, "her other device goes on");
    let back = told(store, AccessCommand::ActivateDevice { device: sara.device.to_string() });
    assert!(matches!(back, Err(ControlError::DeviceRevoked(_))), "{back:?}");
    let secret = invite(store, 3, "Sara", "Tehran", Role::Rep);
    let again = store.enrol(&request(1, &secret, None), fresh_user(1), NOW_MS).expect("the store works");
    assert_eq!(again, EnrolOutcome::Invalid, "not by another invite either");
}

/// Makes an invite of Sara by which a new device has to wait.
fn invite_to_wait(store: &dyn RelayStore, number: u8, space: &str) {
    store.create_invite(&waiting(number, space)).expect("the space exists");
}

fn waiting(number: u8, space: &str) -> NewInvite {
    NewInvite {
        secret: secret(number).hash(),
        user: "Sara".into(),
        space: space.into(),
        role: Role::Rep,
        approve: true,
        now_ms: NOW_MS,
        expires_at_ms: NOW_MS + 1000,
    }
}

fn a_device_that_is_in_stays_in_by_an_invite_that_lets_others_wait(store: &dyn RelayStore) {
    let spaces = [space(store, 10, "Tehran"), space(store, 11, "Isfahan")];
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    invite_to_wait(store, 2, "Isfahan");
    let outcome = store.enrol(&request(1, &secret(2), None), fresh_user(1), NOW_MS);
    let record = enrolled(outcome.expect("the store works")).expect("the invite is good");
    assert_eq!((record.standing, standing(store, &sara)), (Standing::Active, Standing::Active));
    assert!(spaces.iter().all(|space| record.directory.spaces.iter().any(|info| info.id == *space)));
}

fn devices_wait_where_the_invite_says_so(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    invite_to_wait(store, 1, "Tehran");
    let redeem = || {
        let outcome = store.enrol(&request(1, &secret(1), None), fresh_user(1), NOW_MS);
        enrolled(outcome.expect("the store works")).expect("the invite is good")
    };
    let record = redeem();
    assert_eq!((record.standing, record.directory.spaces.len()), (Standing::Pending, 0));
    assert_eq!(redeem().standing, Standing::Pending, "asking again doesn't help");
    let request = AccessCommand::ActivateDevice { device: "device 1".into() };
    told(store, request).expect("the device waits");
    let record = redeem();
    assert_eq!((record.standing, record.directory.spaces.len()), (Standing::Active, 2));
    assert!(record.directory.spaces.iter().any(|space| space.id == tehran));
}

fn invites_can_be_cancelled(store: &dyn RelayStore) {
    space(store, 10, "Tehran");
    let open = invite(store, 1, "Sara", "Tehran", Role::Rep);
    enrol(store, 2, "Omid", "Tehran", Role::Viewer);
    let listed = store.access().invites().expect("the store works");
    assert_eq!(listed.len(), 2);
    let used = listed.iter().find(|invite| invite.used_by.is_some()).expect("Omid's").id.clone();
    let unused = listed.iter().find(|invite| invite.used_by.is_none()).expect("Sara's").id.clone();
    let cancel = |invite: &str| told(store, AccessCommand::CancelInvite { invite: invite.into() });
    assert!(matches!(cancel(&used), Err(ControlError::InviteUsed(_))));
    assert!(matches!(cancel(&unused[..6]), Ok(AccessDone::Invite(invite)) if invite.user == "Sara"));
    assert!(matches!(cancel(&unused), Err(ControlError::NoSuchInvite(_))));
    let late = store.enrol(&request(1, &open, None), fresh_user(1), NOW_MS).expect("the store works");
    assert_eq!(late, EnrolOutcome::Invalid);
}

fn names_stand_for_one_thing(store: &dyn RelayStore) {
    space(store, 10, "Tehran");
    enrol(store, 1, "Sara Amini <sara@example.com>", "Tehran", Role::Rep);
    enrol(store, 2, "Sara Karimi", "Tehran", Role::Rep);
    enrol(store, 3, "Sara", "Tehran", Role::Rep);
    let named = |user: &str| told(store, set(user, "Tehran", Role::Rep));
    let several = named("Sara ");
    assert!(matches!(several, Ok(AccessDone::Role { ref user, .. }) if user == "Sara"), "{several:?}");
    assert!(matches!(named("sara k"), Ok(AccessDone::Role { user, .. }) if user == "Sara Karimi"));
    assert!(matches!(named("sara@"), Ok(AccessDone::Role { user, .. }) if user == "Sara Amini"));
    assert!(matches!(named("Mina"), Err(ControlError::NoSuchUser(_))));
    let several = named("sar").map_err(|error| error.to_string()).expect_err("several fit");
    assert!(several.contains("Sara, Sara Amini <sara@example.com>, Sara Karimi"), "{several}");
    let devices = told(store, AccessCommand::RevokeDevice { device: "device".into(), lost: false });
    assert!(matches!(devices, Err(ControlError::Ambiguous { .. })), "{devices:?}");
}

fn what_a_device_calls_itself_disturbs_nobody(store: &dyn RelayStore) {
    space(store, 10, "Tehran");
    for (number, name, kept) in [
        (1, "lap\u{1b}[2Jtop\r\n\u{202e}x", "lap[2Jtopx"),
        (2, "\u{9b}\u{2066}", "device"),
        (3, "تبلت‌ها", "تبلت‌ها"),
    ] {
        let secret = invite(store, number, "Sara", "Tehran", Role::Rep);
        let request = super::EnrolRequest { device_name: name.into(), ..request(number, &secret, None) };
        let outcome = store.enrol(&request, fresh_user(number), NOW_MS).expect("the store works");
        let id = enrolled(outcome).expect("the invite is good").device;
        let devices = store.access().all_devices().expect("the store works");
        assert!(devices.iter().any(|device| device.id == id && device.name == kept), "{devices:?}");
        let (_, events, _) = super::control::log(store);
        let logged =
            |event: &ControlEvent| matches!(event, ControlEvent::DeviceEnrolled { name, .. } if name == kept);
        assert!(events.iter().any(logged), "{events:?}");
    }
    let invite = NewInvite { user: "\u{202e}Sara".into(), ..waiting(9, "Tehran") };
    assert!(matches!(store.create_invite(&invite), Err(ControlError::BadName(_))));
}
