//! What an administrator's device may order, and that the transaction asks.

use forsat_sync::control::{ControlEntry, ControlEvent};
use forsat_sync::frame::Role;
use forsat_sync::id::{DeviceId, SpaceId};
use forsat_sync::identity::SecretHash;

use super::control::log;
use super::{Member, NOW_MS, document, enrol, enrolled, fresh_user, request, secret, space};
use crate::store::{
    AccessCommand, AccessDone, AdminDone, AdminOrder, ControlError, INVITES_WAITING_MAX, Invited, NewInvite,
    Orderer, RelayStore, Scope,
};
use crate::token::Token;

pub(super) fn all(mut fresh: impl FnMut() -> Box<dyn RelayStore>) {
    administrators_order_what_is_all_theirs(&*fresh());
    whoever_administers_all_of_it_orders_all_of_it(&*fresh());
    nobody_else_orders_anything(&*fresh());
    who_administers_every_space_makes_another_and_administers_it(&*fresh());
    an_invite_gives_no_way_into_a_space_of_others(&*fresh());
    an_invite_is_worth_what_who_made_it_may_still_give(&*fresh());
    the_log_names_who_invited(&*fresh());
    whoever_lets_somebody_in_is_told_of_devices_that_are_theirs_already(&*fresh());
    a_device_that_is_out_lets_nobody_in(&*fresh());
    an_administrators_invites_are_limited_and_their_people_forgotten(&*fresh());
    administrators_see_the_people_of_their_spaces(&*fresh());
}

fn order(store: &dyn RelayStore, by: &Member, command: AccessCommand) -> Result<AdminDone, ControlError> {
    store.access().administer(&Orderer::Device(by.device), &AdminOrder::Change(command), NOW_MS)
}

fn invite(
    store: &dyn RelayStore,
    by: &Member,
    number: u8,
    user: &str,
    space: &str,
) -> Result<AdminDone, ControlError> {
    let new = NewInvite { user: user.to_owned(), ..new_invite(number, space) };
    store.access().administer(&Orderer::Device(by.device), &AdminOrder::Invite(new), NOW_MS)
}

fn new_invite(number: u8, space: &str) -> NewInvite {
    NewInvite {
        secret: secret(number).hash(),
        user: "Guest".to_owned(),
        space: space.to_owned(),
        role: Role::Rep,
        approve: false,
        now_ms: NOW_MS,
        expires_at_ms: NOW_MS + 1000,
    }
}

fn set(user: &str, space: &str, role: Role) -> AccessCommand {
    AccessCommand::SetRole { user: user.to_owned(), space: space.to_owned(), role }
}

fn revoke(device: &DeviceId) -> AccessCommand {
    AccessCommand::RevokeDevice { device: device.to_string(), lost: false }
}

fn refused(done: Result<AdminDone, ControlError>) -> bool {
    matches!(done, Err(ControlError::NotAdministrator))
}

/// The operator's first administrator, one of Tehran alone, a rep of Tehran, and one of both spaces.
fn people(store: &dyn RelayStore) -> [Member; 4] {
    space(store, 10, "Tehran");
    space(store, 11, "Isfahan");
    let first = enrol(store, 1, "Operator", "Isfahan", Role::Admin);
    let sara = enrol(store, 2, "Sara", "Tehran", Role::Admin);
    let reza = enrol(store, 3, "Reza", "Tehran", Role::Rep);
    let omid = enrol(store, 4, "Omid", "Tehran", Role::Rep);
    let both = AccessCommand::SetRole { user: "Omid".into(), space: "Isfahan".into(), role: Role::Viewer };
    store.access().change_access(&both, NOW_MS).expect("he is known");
    [first, sara, reza, omid]
}

fn administrators_order_what_is_all_theirs(store: &dyn RelayStore) {
    let [_, sara, reza, omid] = people(store);
    order(store, &sara, set("Reza", "Tehran", Role::Manager)).expect("a role in her space");
    let (entries, events, _) = log(store);
    let role = |event: &ControlEvent| matches!(event, ControlEvent::RoleSet { user, role: Role::Manager, .. } if *user == reza.user);
    assert!(events.last().is_some_and(role), "{events:?}");
    let last = ControlEntry::decode(&entries.last().expect("it is there").bytes);
    assert_eq!(last.expect("it reads").by, Some(sara.user), "the log says who asked for it");
    // Also to and from somebody who is in other spaces too: the space is hers.
    order(store, &sara, set("Omid", "Tehran", Role::Viewer)).expect("a role in her space");
    assert!(refused(order(store, &sara, revoke(&omid.device))), "not all of his spaces are hers");
    invite(store, &sara, 20, "Mina", "Tehran").expect("to her space");
    order(store, &sara, revoke(&reza.device)).expect("all of his spaces are hers");
    // A space that she doesn't see isn't there for her; one that she only reads is not hers.
    for order in
        [order(store, &sara, set("Reza", "Isfahan", Role::Rep)), invite(store, &sara, 21, "Ali", "Isfahan")]
    {
        assert!(matches!(order, Err(ControlError::NoSuchSpace(_))), "{order:?}");
    }
    assert!(refused(order(store, &sara, set("Sara", "common", Role::Admin))));
    assert!(refused(order(store, &sara, AccessCommand::EraseDocument { document: document(1) })));
}

fn whoever_administers_all_of_it_orders_all_of_it(store: &dyn RelayStore) {
    let [first, sara, reza, omid] = people(store);
    order(store, &first, revoke(&reza.device)).expect("the workspace's first administrator may");
    let raise = AccessCommand::SetRole { user: "Sara".into(), space: "Isfahan".into(), role: Role::Admin };
    assert!(refused(order(store, &sara, revoke(&omid.device))), "he is in Isfahan too");
    store.access().change_access(&raise, NOW_MS).expect("the operator may");
    order(store, &sara, revoke(&omid.device)).expect("she administers every space now");
    order(store, &sara, revoke(&first.device)).expect("also the first administrator's");
    assert!(refused(order(store, &first, set("Omid", "Isfahan", Role::Rep))), "whose device is out then");
}

fn nobody_else_orders_anything(store: &dyn RelayStore) {
    let [_, sara, reza, omid] = people(store);
    let stranger = Member { device: DeviceId::from_bytes([99; 16]), ..sara.clone() };
    let before = log(store).2;
    for who in [&reza, &omid, &stranger] {
        assert!(refused(order(store, who, set("Reza", "Tehran", Role::Admin))), "{who:?}");
        assert!(refused(order(store, who, revoke(&sara.device))));
        assert!(refused(invite(store, who, 30, "Mina", "Tehran")));
    }
    assert_eq!(log(store).2, before, "nothing is said of it");
    let take = AccessCommand::SetRole { user: "Sara".into(), space: "Tehran".into(), role: Role::Manager };
    store.access().change_access(&take, NOW_MS).expect("she is known");
    assert!(refused(order(store, &sara, set("Reza", "Tehran", Role::Admin))), "no longer");
}

fn who_administers_every_space_makes_another_and_administers_it(store: &dyn RelayStore) {
    let [first, sara, ..] = people(store);
    let make = |by: &Member, number: u8, name: &str| {
        let order = AdminOrder::MakeSpace { space: SpaceId::from_bytes([number; 16]), name: name.into() };
        store.access().administer(&Orderer::Device(by.device), &order, NOW_MS)
    };
    assert!(matches!(make(&sara, 70, "Shiraz"), Err(ControlError::NotAdministrator)), "of one space only");
    let made = match make(&first, 71, "Shiraz").expect("the first administrator may") {
        AdminDone::SpaceMade(space) => Some(space),
        _ => None,
    };
    let made = made.expect("a space was made");
    assert_eq!((made.name.as_str(), made.id), ("Shiraz", SpaceId::from_bytes([71; 16])));
    assert!(matches!(make(&first, 72, "shiraz"), Err(ControlError::SpaceExists(_))));
    let lists = store.access().access_lists(&Orderer::Device(first.device), NOW_MS).expect("may");
    assert!(lists.spaces.iter().any(|space| space.name == "Shiraz"));
    order(store, &first, set("Sara", "Shiraz", Role::Admin)).expect("it is hers to give");
    let lists = store.access().access_lists(&Orderer::Device(sara.device), NOW_MS).expect("may");
    let names: Vec<_> = lists.spaces.iter().map(|space| space.name.as_str()).collect();
    assert_eq!(names, ["Shiraz", "Tehran"], "hers alone");
}

/// An invite of somebody who is there makes another device of theirs, which may do all that they may.
fn an_invite_gives_no_way_into_a_space_of_others(store: &dyn RelayStore) {
    let [first, sara, ..] = people(store);
    for (number, user) in [(40, "Operator"), (41, "Omid")] {
        assert!(refused(invite(store, &sara, number, user, "Tehran")), "{user}");
    }
    invite(store, &sara, 42, "Reza", "Tehran").expect("all of his spaces are hers");
    // Nor of somebody whom an invite to another space awaits.
    invite(store, &first, 43, "Ali", "Isfahan").expect("the first administrator may");
    assert!(refused(invite(store, &sara, 44, "Ali", "Tehran")));
    invite(store, &first, 45, "Ali", "Tehran").expect("who administers all of it may");
}

/// What holds when an invite is made may no longer hold when it is redeemed.
fn an_invite_is_worth_what_who_made_it_may_still_give(store: &dyn RelayStore) {
    let [_, sara, ..] = people(store);
    let redeem = |number: u8, device: u8| {
        let request = request(device, &secret(number), None);
        enrolled(store.enrol(&request, fresh_user(device), NOW_MS).expect("the store works"))
    };
    // Mina gets a role elsewhere before her invite to Tehran is redeemed: it would be a way into that.
    invite(store, &sara, 50, "Mina", "Tehran").expect("nobody yet");
    enrol(store, 51, "Mina", "Isfahan", Role::Manager);
    assert_eq!(redeem(50, 52), None, "who made it may not give what Mina may do by now");
    // What is hers to give still is.
    invite(store, &sara, 53, "Ali", "Tehran").expect("nobody yet");
    assert!(redeem(53, 54).is_some());
    invite(store, &sara, 55, "Nima", "Tehran").expect("nobody yet");
    store.access().change_access(&set("Sara", "Tehran", Role::Rep), NOW_MS).expect("she is known");
    assert_eq!(redeem(55, 56), None, "she invites nobody any more");
}

/// An administrator can enrol a device in the name of somebody whom others will let into their spaces.
fn whoever_lets_somebody_in_is_told_of_devices_that_are_theirs_already(store: &dyn RelayStore) {
    let [first, sara, ..] = people(store);
    invite(store, &sara, 110, "ceo@example.com", "Tehran").expect("nobody yet");
    let redeem = request(110, &secret(110), None);
    enrolled(store.enrol(&redeem, fresh_user(110), NOW_MS).expect("the store works")).expect("it is good");
    let again = |number: u8, space: &str| NewInvite {
        user: "The Chief <ceo@example.com>".into(),
        ..new_invite(number, space)
    };
    let made = store.create_invite(&again(111, "Isfahan")).expect("the operator may");
    assert_eq!((made.space.name.as_str(), made.devices, made.first_role), ("Isfahan", 1, true));
    let made = store.create_invite(&again(112, "Tehran")).expect("the operator may");
    assert_eq!((made.devices, made.first_role), (1, false), "there already");
    let made = store.create_invite(&NewInvite { user: "Nima".into(), ..new_invite(113, "Isfahan") });
    let made = made.expect("the operator may");
    assert_eq!((made.devices, made.first_role), (0, true));
    let order_of = AdminOrder::Invite(again(114, "Isfahan"));
    let made = store.access().administer(&Orderer::Device(first.device), &order_of, NOW_MS);
    assert!(matches!(made, Ok(AdminDone::Invited(Invited { devices: 1, first_role: true, .. }))), "{made:?}");
    let done = order(store, &first, set("ceo@example.com", "Isfahan", Role::Rep)).expect("may");
    let told = |done: &AccessDone| matches!(done, AccessDone::Role { before: None, devices: 1, .. });
    assert!(matches!(&done, AdminDone::Changed(done) if told(done)), "{done:?}");
    order(store, &first, revoke(&super::key(110).device_id())).expect("may");
    let made = store.create_invite(&again(115, "Isfahan")).expect("the operator may");
    assert_eq!(made.devices, 0, "one that is out sees nothing");
}

fn the_log_names_who_invited(store: &dyn RelayStore) {
    let [first, sara, ..] = people(store);
    super::tokens::make(store, 1, "tehran", &[Scope::Access], Some("Tehran")).expect("the first");
    let program = Orderer::Program(Token::from_bytes([1; 16]).hash());
    let new = NewInvite { user: "Nima".into(), ..new_invite(102, "Tehran") };
    store.access().administer(&program, &AdminOrder::Invite(new), NOW_MS).expect("its space");
    invite(store, &sara, 100, "Ali", "Tehran").expect("her space");
    invite(store, &first, 101, "Reza", "Tehran").expect("the first administrator may");
    super::invite(store, 103, "Mina", "Tehran", Role::Rep);
    for (number, by) in [(100, Some(sara.user)), (101, Some(first.user)), (102, None), (103, None)] {
        let before = log(store).0.len();
        let request = request(number, &secret(number), None);
        enrolled(store.enrol(&request, fresh_user(number), NOW_MS).expect("the store works")).expect("good");
        let said: Vec<_> = log(store).0[before..]
            .iter()
            .map(|entry| ControlEntry::decode(&entry.bytes).expect("it reads"))
            .collect();
        assert!(said.len() >= 2 && said.iter().all(|entry| entry.by == by), "{number}: {said:?}");
    }
}

/// Whoever has a stolen device invites themselves before it is revoked, to come back with another key.
fn a_device_that_is_out_lets_nobody_in(store: &dyn RelayStore) {
    let [_, sara, ..] = people(store);
    invite(store, &sara, 80, "Sara", "Tehran").expect("another device of hers");
    invite(store, &sara, 81, "Mallory", "Tehran").expect("nobody yet");
    // What she invites to from her other device, or what the operator does, isn't the thief's.
    let office = enrol(store, 82, "Sara", "Tehran", Role::Admin);
    invite(store, &office, 83, "Ali", "Tehran").expect("nobody yet");
    super::invite(store, 84, "Nima", "Tehran", Role::Rep);
    let lost = AccessCommand::RevokeDevice { device: sara.device.to_string(), lost: true };
    store.access().change_access(&lost, NOW_MS).expect("it is known");
    let redeem = |number: u8| {
        let request = request(number, &secret(number), None);
        enrolled(store.enrol(&request, fresh_user(number), NOW_MS).expect("the store works")).is_some()
    };
    assert!(!redeem(80), "as her other device");
    assert!(!redeem(81), "as somebody new");
    let open = store.access().invites().expect("the store works");
    let open: Vec<_> = open.iter().filter(|invite| invite.used_by.is_none()).map(|one| &one.user).collect();
    assert_eq!(open.len(), 2, "they aren't listed either: {open:?}");
    assert!(redeem(83) && redeem(84));
    let users = store.access().users().expect("the store works");
    assert!(!users.iter().any(|user| user.name == "Mallory"), "whom nobody invites any more is forgotten");
}

fn an_administrators_invites_are_limited_and_their_people_forgotten(store: &dyn RelayStore) {
    let [_, sara, ..] = people(store);
    let office = enrol(store, 90, "Sara", "Tehran", Role::Admin);
    let known = store.access().users().expect("the store works").len();
    let invite = |by: &Member, number: usize, now_ms| {
        let new = NewInvite {
            secret: SecretHash::from_bytes(*blake3::hash(&number.to_be_bytes()).as_bytes()),
            user: format!("Guest {number}"),
            now_ms,
            ..new_invite(0, "Tehran")
        };
        store.access().administer(&Orderer::Device(by.device), &AdminOrder::Invite(new), now_ms)
    };
    for number in 0..INVITES_WAITING_MAX {
        invite(&sara, number, NOW_MS).expect("there is room");
    }
    for by in [&sara, &office] {
        let more = invite(by, INVITES_WAITING_MAX, NOW_MS);
        assert!(matches!(more, Err(ControlError::TooManyInvites)), "also from another device: {more:?}");
    }
    invite(&sara, INVITES_WAITING_MAX, NOW_MS + 1000).expect("those past their time make room");
    let open = |store: &dyn RelayStore| {
        let all = store.access().invites().expect("the store works");
        all.into_iter().filter(|invite| invite.used_by.is_none()).collect::<Vec<_>>()
    };
    assert_eq!(open(store).len(), 1);
    assert_eq!(store.access().users().expect("the store works").len(), known + 1);
    order(store, &sara, AccessCommand::CancelInvite { invite: open(store).remove(0).id }).expect("hers");
    assert_eq!(store.access().users().expect("the store works").len(), known, "nor of a cancelled one");
}

fn administrators_see_the_people_of_their_spaces(store: &dyn RelayStore) {
    let [first, sara, reza, _] = people(store);
    invite(store, &first, 60, "Mina", "Isfahan").expect("the first administrator may");
    invite(store, &sara, 61, "Ali", "Tehran").expect("to her space");
    let lists = |by: &Member| store.access().access_lists(&Orderer::Device(by.device), NOW_MS);
    let theirs = lists(&sara).expect("she administers Tehran");
    let names: Vec<_> = theirs.users.iter().map(|user| user.name.as_str()).collect();
    assert_eq!(names, ["Omid", "Reza", "Sara"]);
    let roles = theirs.users.iter().flat_map(|user| &user.roles);
    assert!(roles.clone().all(|(space, _)| space == "Tehran"), "{theirs:?}");
    assert_eq!(theirs.devices.len(), 3);
    let invited: Vec<_> = theirs.invites.iter().filter(|invite| invite.used_by.is_none()).collect();
    assert_eq!(invited.iter().map(|invite| invite.user.as_str()).collect::<Vec<_>>(), ["Ali"]);
    let all = lists(&first).expect("the first administrator");
    assert!(all.users.iter().any(|user| user.name == "Mina") && all.devices.len() == 4, "{all:?}");
    assert!(matches!(lists(&reza), Err(ControlError::NotAdministrator)));
}
