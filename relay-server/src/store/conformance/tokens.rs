//! Tokens of an operator's programs: what is kept, what each may order, and that the transaction asks.

use forsat_sync::control::ControlEvent;
use forsat_sync::frame::Role;
use forsat_sync::identity::SecretHash;

use super::control::log;
use super::{Member, NOW_MS, document, enrol, enrolled, fresh_user, request, secret, space};
use crate::store::{
    AccessCommand, AdminDone, AdminOrder, ControlError, INVITES_WAITING_MAX, NewInvite, NewToken, Orderer,
    RelayStore, Scope, TOKENS_MAX, TokenSummary, USED_STEP_MS,
};
use crate::token::{Token, TokenHash};

/// When the tokens of these checks are past their time.
const EXPIRES_MS: u64 = NOW_MS + 10 * USED_STEP_MS;

pub(super) fn all(mut fresh: impl FnMut() -> Box<dyn RelayStore>) {
    a_token_is_good_until_its_time_or_until_it_is_revoked(&*fresh());
    names_of_tokens_are_unique_and_plain(&*fresh());
    tokens_are_limited_in_number(&*fresh());
    a_program_orders_what_its_token_is_for(&*fresh());
    a_token_of_one_space_reaches_no_other(&*fresh());
    an_invite_dies_with_the_token_that_made_it(&*fresh());
    invites_that_wait_by_a_token_are_limited(&*fresh());
}

fn hash(number: u8) -> TokenHash {
    Token::from_bytes([number; 16]).hash()
}

pub(super) fn make(
    store: &dyn RelayStore,
    number: u8,
    name: &str,
    scopes: &[Scope],
    space: Option<&str>,
) -> Result<TokenSummary, ControlError> {
    store.tokens().create_token(&NewToken {
        hash: hash(number),
        name: name.to_owned(),
        scopes: scopes.to_vec(),
        space: space.map(str::to_owned),
        by: "sara".to_owned(),
        now_ms: NOW_MS,
        expires_at_ms: Some(EXPIRES_MS),
    })
}

fn order(store: &dyn RelayStore, number: u8, command: AccessCommand) -> Result<AdminDone, ControlError> {
    store.access().administer(&Orderer::Program(hash(number)), &AdminOrder::Change(command), NOW_MS)
}

fn invite(
    store: &dyn RelayStore,
    number: u8,
    secret_of: u8,
    user: &str,
    space: &str,
) -> Result<AdminDone, ControlError> {
    let new = NewInvite {
        secret: secret(secret_of).hash(),
        user: user.to_owned(),
        space: space.to_owned(),
        role: Role::Rep,
        approve: false,
        now_ms: NOW_MS,
        expires_at_ms: NOW_MS + 100 * USED_STEP_MS,
    };
    store.access().administer(&Orderer::Program(hash(number)), &AdminOrder::Invite(new), NOW_MS)
}

fn set(user: &str, space: &str, role: Role) -> AccessCommand {
    AccessCommand::SetRole { user: user.to_owned(), space: space.to_owned(), role }
}

fn revoke(member: &Member) -> AccessCommand {
    AccessCommand::RevokeDevice { device: member.device.to_string(), lost: false }
}

fn used(store: &dyn RelayStore, number: u8, now_ms: u64) -> Option<TokenSummary> {
    store.tokens().use_token(&hash(number), now_ms).expect("the store works")
}

fn a_token_is_good_until_its_time_or_until_it_is_revoked(store: &dyn RelayStore) {
    let made = make(store, 1, "Nightly", &[Scope::Read, Scope::Access], None).expect("the first");
    assert_eq!(store.tokens().all_tokens().expect("the store works"), std::slice::from_ref(&made));
    assert_eq!((made.by.as_str(), made.made_at_ms, made.used_at_ms), ("sara", NOW_MS, None));
    assert_eq!(used(store, 2, NOW_MS), None, "nobody made that one");
    assert_eq!(used(store, 1, NOW_MS + 5).expect("it is good").name, "Nightly");
    let last = |store: &dyn RelayStore| store.tokens().all_tokens().expect("the store works")[0].used_at_ms;
    assert_eq!(last(store), Some(NOW_MS + 5));
    used(store, 1, NOW_MS + 4 + USED_STEP_MS);
    assert_eq!(last(store), Some(NOW_MS + 5), "not every use is a commit");
    used(store, 1, NOW_MS + 5 + USED_STEP_MS);
    assert_eq!(last(store), Some(NOW_MS + 5 + USED_STEP_MS));
    assert!(used(store, 1, EXPIRES_MS - 1).is_some());
    assert_eq!(used(store, 1, EXPIRES_MS), None, "past its time");
    assert!(used(store, 1, NOW_MS).is_some());
    let revoked = store.tokens().revoke_token("nightly", NOW_MS).expect("it is there");
    assert_eq!(revoked.hash, made.hash);
    assert_eq!(used(store, 1, NOW_MS), None, "revoked");
    assert!(matches!(order(store, 1, set("Sara", "Tehran", Role::Rep)), Err(ControlError::Unauthorized)));
    let again = store.tokens().revoke_token("nightly", NOW_MS);
    assert!(matches!(again, Err(ControlError::NoSuchToken(_))), "{again:?}");
}

fn names_of_tokens_are_unique_and_plain(store: &dyn RelayStore) {
    let read = [Scope::Read];
    make(store, 1, "CI", &read, None).expect("the first");
    assert!(matches!(make(store, 2, "ci", &read, None), Err(ControlError::TokenExists(_))));
    for name in ["", "two words", "line\nbreak", "\u{202e}turned", &"x".repeat(65)] {
        assert!(matches!(make(store, 3, name, &read, None), Err(ControlError::BadName(_))), "{name:?}");
    }
    assert!(matches!(make(store, 3, "none", &[], None), Err(ControlError::BadName(_))), "for nothing");
    assert!(matches!(make(store, 3, "all", &read, Some("common")), Err(ControlError::BadName(_))));
    assert!(matches!(make(store, 3, "far", &read, Some("Shiraz")), Err(ControlError::NoSuchSpace(_))));
    make(store, 3, "گزارش-شبانه", &read, None).expect("letters of any script");
}

fn tokens_are_limited_in_number(store: &dyn RelayStore) {
    for number in 0..TOKENS_MAX {
        make(store, (number % 256) as u8, &format!("t{number}"), &[Scope::Read], None)
            .expect("there is room");
    }
    let more = make(store, 0, "more", &[Scope::Read], None);
    assert!(matches!(more, Err(ControlError::TooManyTokens)), "{more:?}");
}

/// Sara in Tehran, Omid in Isfahan, Reza in both.
fn people(store: &dyn RelayStore) -> [Member; 3] {
    space(store, 10, "Tehran");
    space(store, 11, "Isfahan");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Admin);
    let omid = enrol(store, 2, "Omid", "Isfahan", Role::Rep);
    let reza = enrol(store, 3, "Reza", "Tehran", Role::Rep);
    store.access().change_access(&set("Reza", "Isfahan", Role::Rep), NOW_MS).expect("he is known");
    [sara, omid, reza]
}

fn a_program_orders_what_its_token_is_for(store: &dyn RelayStore) {
    let [sara, omid, _] = people(store);
    make(store, 1, "reader", &[Scope::Read], None).expect("the first");
    make(store, 2, "keeper", &[Scope::Access], None).expect("the second");
    let before = log(store).2;
    let lacks = |done: Result<AdminDone, ControlError>| {
        matches!(done, Err(ControlError::ScopeMissing(Scope::Access)))
    };
    assert!(lacks(order(store, 1, set("Omid", "Isfahan", Role::Admin))));
    assert!(lacks(invite(store, 1, 20, "Mina", "Tehran")));
    assert_eq!(log(store).2, before, "nothing is said of it");
    let lists = |number| store.access().access_lists(&Orderer::Program(hash(number)), NOW_MS);
    assert!(matches!(lists(2), Err(ControlError::ScopeMissing(Scope::Read))));
    assert!(matches!(lists(3), Err(ControlError::Unauthorized)));
    assert_eq!(lists(1).expect("it may read").users.len(), 3);
    order(store, 2, set("Omid", "Isfahan", Role::Manager)).expect("it may");
    let (entries, events, _) = log(store);
    let role = |event: &ControlEvent| matches!(event, ControlEvent::RoleSet { user, role: Role::Manager, .. } if *user == omid.user);
    assert!(events.last().is_some_and(role), "{events:?}");
    let last = forsat_sync::control::ControlEntry::decode(&entries.last().expect("it is there").bytes);
    assert_eq!(last.expect("it reads").by, None, "as the operator's");
    order(store, 2, revoke(&sara)).expect("whoever it is");
    let erase = order(store, 2, AccessCommand::EraseDocument { document: document(1) });
    assert!(matches!(erase, Err(ControlError::NotAdministrator)), "the operator's alone: {erase:?}");
}

fn a_token_of_one_space_reaches_no_other(store: &dyn RelayStore) {
    let [sara, omid, reza] = people(store);
    make(store, 1, "tehran", &Scope::ALL, Some("tehran")).expect("the first");
    order(store, 1, set("Reza", "Tehran", Role::Viewer)).expect("a role in its space");
    invite(store, 1, 20, "Mina", "Tehran").expect("to its space");
    order(store, 1, revoke(&sara)).expect("all of her spaces are its");
    let before = log(store).2;
    for done in [order(store, 1, set("Reza", "Isfahan", Role::Admin)), invite(store, 1, 21, "Ali", "Isfahan")]
    {
        assert!(matches!(done, Err(ControlError::NoSuchSpace(_))), "{done:?}");
    }
    let hidden = order(store, 1, revoke(&omid));
    assert!(matches!(hidden, Err(ControlError::NoSuchDevice(_))), "{hidden:?}");
    let others = [
        order(store, 1, revoke(&reza)),
        order(store, 1, set("Reza", "common", Role::Admin)),
        // Whoever redeems it may do all that the user may.
        invite(store, 1, 22, "Reza", "Tehran"),
        invite(store, 1, 23, "Omid", "Tehran"),
    ];
    for done in others {
        assert!(matches!(done, Err(ControlError::NotAdministrator)), "{done:?}");
    }
    assert_eq!(log(store).2, before, "nothing is said of it");
    let lists = store.access().access_lists(&Orderer::Program(hash(1)), NOW_MS).expect("it may read");
    let names: Vec<_> = lists.users.iter().map(|user| user.name.as_str()).collect();
    assert_eq!(names, ["Reza", "Sara"]);
    assert!(lists.users.iter().flat_map(|user| &user.roles).all(|(space, _)| space == "Tehran"), "{lists:?}");
    assert!(lists.invites.iter().all(|invite| invite.space == "Tehran"), "{lists:?}");
}

fn an_invite_dies_with_the_token_that_made_it(store: &dyn RelayStore) {
    people(store);
    let redeem = |number: u8, now_ms| {
        let request = request(number, &secret(number), None);
        enrolled(store.enrol(&request, fresh_user(number), now_ms).expect("the store works")).is_some()
    };
    make(store, 1, "tehran", &[Scope::Access], Some("Tehran")).expect("the first");
    for (number, user) in [(50, "Mina"), (51, "Ali"), (52, "Nima"), (53, "Nima")] {
        invite(store, 1, number, user, "Tehran").expect("nobody yet");
    }
    // Mina gets a role elsewhere before hers is redeemed: it would be a way into that.
    enrol(store, 60, "Mina", "Isfahan", Role::Manager);
    assert!(!redeem(50, NOW_MS));
    assert!(redeem(51, NOW_MS), "what is the token's to give still is");
    assert!(!redeem(52, EXPIRES_MS), "past its time it gives nothing");
    store.tokens().revoke_token("tehran", NOW_MS).expect("it is there");
    make(store, 2, "tehran", &[Scope::Access], Some("Tehran")).expect("the name is free");
    assert!(!redeem(53, NOW_MS), "nor when it is revoked");
    let waiting = store.access().invites().expect("the store works");
    assert!(waiting.iter().all(|invite| invite.used_by.is_some()), "none is listed: {waiting:?}");
}

fn invites_that_wait_by_a_token_are_limited(store: &dyn RelayStore) {
    space(store, 10, "Tehran");
    make(store, 1, "busy", &[Scope::Access], None).expect("the first");
    let invite = |number: usize, now_ms| {
        let new = NewInvite {
            secret: SecretHash::from_bytes(*blake3::hash(&number.to_be_bytes()).as_bytes()),
            user: "Mina".to_owned(),
            space: "Tehran".to_owned(),
            role: Role::Rep,
            approve: false,
            now_ms,
            expires_at_ms: NOW_MS + USED_STEP_MS,
        };
        store.access().administer(&Orderer::Program(hash(1)), &AdminOrder::Invite(new), now_ms)
    };
    for number in 0..INVITES_WAITING_MAX {
        invite(number, NOW_MS).expect("there is room");
    }
    let more = invite(INVITES_WAITING_MAX, NOW_MS);
    assert!(matches!(more, Err(ControlError::TooManyInvites)), "{more:?}");
    invite(INVITES_WAITING_MAX, NOW_MS + USED_STEP_MS).expect("those past their time make room");
    assert_eq!(store.access().invites().expect("the store works").len(), 1);
}
