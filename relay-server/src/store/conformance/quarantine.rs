//! Changes that are set aside: by whom, who sees them, and how they go.

use forsat_sync::chunk::ChunkError;
use forsat_sync::frame::Role;
use forsat_sync::id::{ChangeHash, DeviceId, SpaceId};
use forsat_sync::limits::QUARANTINE_SPACES_MAX;

use super::{
    Member, NOW_MS, chain, change, common, document, enrol, fresh_user, hash, of, push, request, secret,
    space,
};
use crate::store::{
    AccessCommand, Aside, AsideItem, AsideItemOutcome, AsideOutcome, ControlError, NewInvite, PushItem,
    QUARANTINE_ENTRY_COST, QuarantineEntry, QuarantineSummary, RelayStore,
};

pub(super) fn all(fresh: &mut impl FnMut() -> Box<dyn RelayStore>) {
    what_lives_elsewhere_is_set_aside_for_the_managers_of_both(&*fresh());
    what_belongs_elsewhere_is_not_set_aside(&*fresh());
    whoever_may_not_write_sets_nothing_aside(&*fresh());
    a_revoked_device_sets_aside_what_it_never_sent(&*fresh());
    managers_close_what_is_theirs_and_numbers_are_given_out_once(&*fresh());
    what_is_erased_lies_nowhere(&*fresh());
    lists_keep_their_limits(&*fresh());
    a_change_that_is_brought_for_another_space_is_told_to_its_managers_too(&*fresh());
    an_operator_sees_what_lies_aside_and_drops_it(&*fresh());
}

fn outcome(store: &dyn RelayStore, device: DeviceId, space: SpaceId, items: Vec<PushItem>) -> AsideOutcome {
    let item = |item: PushItem| AsideItem {
        document: item.document,
        chunk: item.chunk,
        reason: "home_elsewhere".to_owned(),
    };
    let items = items.into_iter().map(item).collect();
    store.access().set_aside(&Aside { device, space, items, now_ms: NOW_MS }).expect("the store works")
}

/// Sets one change aside.
pub fn set_aside(
    store: &dyn RelayStore,
    member: &Member,
    space: SpaceId,
    item: PushItem,
) -> AsideItemOutcome {
    match outcome(store, member.device, space, vec![item]) {
        AsideOutcome::Judged(mut outcomes) => Ok(outcomes.remove(0)),
        other => Err(other),
    }
    .expect("it is judged")
}

fn listed(store: &dyn RelayStore, by: &Member) -> Vec<QuarantineEntry> {
    store.access().quarantined(&by.device, 0, usize::MAX).expect("they manage a space").0
}

fn numbers(store: &dyn RelayStore, by: &Member) -> Vec<u64> {
    listed(store, by).iter().map(|entry| entry.number).collect()
}

fn is_refused<T: std::fmt::Debug>(done: Result<T, ControlError>) -> bool {
    matches!(done, Err(ControlError::NotManager))
}

/// Two spaces, a manager of each, and a rep of the first.
fn people(store: &dyn RelayStore) -> ([SpaceId; 2], [Member; 3]) {
    let spaces = [space(store, 10, "Tehran"), space(store, 11, "Isfahan")];
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Manager);
    let omid = enrol(store, 2, "Omid", "Isfahan", Role::Admin);
    let reza = enrol(store, 3, "Reza", "Tehran", Role::Rep);
    (spaces, [sara, omid, reza])
}

fn revoke(store: &dyn RelayStore, member: &Member, lost: bool) {
    let command = AccessCommand::RevokeDevice { device: member.device.to_string(), lost };
    store.access().change_access(&command, NOW_MS).expect("it is enrolled");
}

fn what_lives_elsewhere_is_set_aside_for_the_managers_of_both(store: &dyn RelayStore) {
    let ([tehran, isfahan], [sara, omid, reza]) = people(store);
    let third = enrol(store, 4, "Mina", "common", Role::Manager);
    chain(store, &omid, isfahan, 1, 40);
    let built = change(&reza, 1, 2, &[ChangeHash::from_bytes([9; 32])], 50);
    for _ in 0..2 {
        assert_eq!(
            set_aside(store, &reza, tehran, built.clone()),
            AsideItemOutcome::Kept,
            "deps may be missing"
        );
    }
    // What lives nowhere is the claimed space's alone.
    let alone = of(change(&reza, 1, 1, &[], 40), document(2));
    assert_eq!(set_aside(store, &reza, tehran, alone), AsideItemOutcome::Kept);
    let there = of(change(&omid, 1, 1, &[], 40), document(6));
    push(store, &omid, isfahan, vec![there.clone()]);
    assert_eq!(set_aside(store, &reza, tehran, there), AsideItemOutcome::Kept);
    let entries = listed(store, &sara);
    assert_eq!(
        entries.len(),
        2,
        "what is in a feed lies nowhere else, and bringing it twice is the same as once"
    );
    let expected = QuarantineEntry {
        number: 1,
        document: document(1),
        spaces: vec![tehran, isfahan],
        hash: hash(&built),
        reason: "home_elsewhere".into(),
        device: reza.device,
        device_name: "device 3".into(),
        user: reza.user,
        user_name: "Reza".into(),
        received_at_ms: NOW_MS,
        bytes: built.chunk.expect("a made-up change is well-formed").1,
    };
    assert_eq!(entries[0], expected);
    assert_eq!(entries[1].spaces, [tehran]);
    assert_eq!(listed(store, &omid), [expected], "the manager of its home sees it");
    assert!(is_refused(store.access().quarantined(&reza.device, 0, usize::MAX)), "a rep sees nothing");
    // A role in `common` itself is over no other space.
    assert_eq!(listed(store, &third), []);
    revoke(store, &sara, false);
    assert!(is_refused(store.access().quarantined(&sara.device, 0, usize::MAX)));
}

fn what_belongs_elsewhere_is_not_set_aside(store: &dyn RelayStore) {
    let ([tehran, _], [sara, _, reza]) = people(store);
    chain(store, &sara, tehran, 1, 40);
    let next = change(&reza, 1, 2, &[], 40);
    assert_eq!(set_aside(store, &reza, tehran, next.clone()), AsideItemOutcome::HomeHere);
    assert_eq!(set_aside(store, &reza, common(store), next), AsideItemOutcome::Common);
    let none = PushItem { document: document(3), chunk: Err(ChunkError::Truncated), receipt: None };
    assert_eq!(set_aside(store, &reza, tehran, none), AsideItemOutcome::Chunk(ChunkError::Truncated));
    assert_eq!(listed(store, &sara), []);
    // What lives in `common` concerns the managers of the claimed space alone.
    let shared = super::genesis("account", document(4));
    push(store, &reza, common(store), vec![shared]);
    let item = of(change(&reza, 1, 1, &[], 40), document(4));
    assert_eq!(set_aside(store, &reza, tehran, item), AsideItemOutcome::Kept);
    assert_eq!(listed(store, &sara)[0].spaces, [tehran]);
}

fn whoever_may_not_write_sets_nothing_aside(store: &dyn RelayStore) {
    let ([tehran, _], [sara, omid, _]) = people(store);
    let viewer = enrol(store, 5, "Ali", "Tehran", Role::Viewer);
    let item = || vec![of(change(&sara, 1, 1, &[], 40), document(7))];
    assert_eq!(outcome(store, viewer.device, tehran, item()), AsideOutcome::Forbidden);
    assert_eq!(outcome(store, omid.device, tehran, item()), AsideOutcome::Hidden, "a space of others");
    assert_eq!(outcome(store, sara.device, SpaceId::from_bytes([0xee; 16]), item()), AsideOutcome::Hidden);
    let stranger = DeviceId::from_bytes([0xdd; 16]);
    assert_eq!(outcome(store, stranger, tehran, item()), AsideOutcome::Hidden);
    let secret = secret(66);
    let waits = NewInvite {
        secret: secret.hash(),
        user: "Ziba".into(),
        space: "Tehran".into(),
        role: Role::Rep,
        approve: true,
        now_ms: NOW_MS,
        expires_at_ms: NOW_MS + 1000,
    };
    store.create_invite(&waits).expect("the space exists");
    let pending = request(66, &secret, None);
    store.enrol(&pending, fresh_user(66), NOW_MS).expect("the store works");
    assert_eq!(outcome(store, pending.device, tehran, item()), AsideOutcome::Hidden, "it waits to be let in");
    assert_eq!(listed(store, &sara), []);
}

fn a_revoked_device_sets_aside_what_it_never_sent(store: &dyn RelayStore) {
    let ([tehran, isfahan], [sara, omid, reza]) = people(store);
    let sent = change(&reza, 1, 1, &[], 40);
    push(store, &reza, tehran, vec![sent.clone()]);
    let unsent = change(&reza, 2, 2, &[hash(&sent)], 40);
    revoke(store, &reza, false);
    assert_eq!(set_aside(store, &reza, tehran, sent), AsideItemOutcome::Kept);
    assert_eq!(listed(store, &sara), [], "what is in the feed lies nowhere else");
    assert_eq!(set_aside(store, &reza, tehran, unsent.clone()), AsideItemOutcome::Kept);
    assert_eq!(listed(store, &sara)[0].hash, hash(&unsent));
    assert_eq!(outcome(store, reza.device, isfahan, vec![unsent.clone()]), AsideOutcome::Hidden);
    let no_role = AccessCommand::RemoveRole { user: "Reza".into(), space: "Tehran".into() };
    store.access().change_access(&no_role, NOW_MS).expect("he has one");
    assert_eq!(outcome(store, reza.device, tehran, vec![unsent.clone()]), AsideOutcome::Hidden);
    revoke(store, &omid, true);
    let item = of(change(&omid, 1, 1, &[], 40), document(5));
    assert_eq!(outcome(store, omid.device, isfahan, vec![item]), AsideOutcome::Hidden, "it is lost");
}

fn managers_close_what_is_theirs_and_numbers_are_given_out_once(store: &dyn RelayStore) {
    let ([tehran, isfahan], [sara, omid, reza]) = people(store);
    let item = |number| of(change(&reza, 1, 1, &[], 40), document(number));
    set_aside(store, &reza, tehran, item(1));
    set_aside(store, &reza, tehran, item(2));
    set_aside(store, &omid, isfahan, of(change(&omid, 1, 1, &[], 40), document(3)));
    let close = |by: &Member, numbers: &[u64]| store.access().close_quarantined(&by.device, numbers, NOW_MS);
    assert!(is_refused(close(&reza, &[1])));
    assert_eq!(close(&sara, &[2, 3, 77]).expect("she manages Tehran"), 2, "the third is Isfahan's");
    assert_eq!(close(&sara, &[2]).expect("she manages Tehran"), 1, "doing it again");
    assert_eq!((numbers(store, &sara), numbers(store, &omid)), (vec![1], vec![3]));
    assert_eq!(close(&omid, &[3]).expect("he manages Isfahan"), 1);
    set_aside(store, &reza, tehran, item(4));
    assert_eq!(numbers(store, &sara), [1, 4], "a number that is gone doesn't come again");
}

fn what_is_erased_lies_nowhere(store: &dyn RelayStore) {
    let ([tehran, isfahan], [sara, omid, reza]) = people(store);
    chain(store, &omid, isfahan, 1, 40);
    let item = |number| of(change(&reza, 1, 1, &[], 40), document(number));
    // The second one nobody has ever taken.
    for number in [1, 2, 3] {
        assert_eq!(set_aside(store, &reza, tehran, item(number)), AsideItemOutcome::Kept);
    }
    for number in [1, 2] {
        let command = AccessCommand::EraseDocument { document: document(number) };
        store.access().change_access(&command, NOW_MS).expect("the store works");
    }
    assert_eq!(numbers(store, &sara), [3]);
    assert_eq!(set_aside(store, &reza, tehran, item(2)), AsideItemOutcome::Erased);
}

fn lists_keep_their_limits(store: &dyn RelayStore) {
    let ([tehran, _], [sara, _, reza]) = people(store);
    for number in 1..=5 {
        set_aside(store, &reza, tehran, of(change(&reza, 1, 1, &[], 1000), document(number)));
    }
    let two = 2 * (1000 + QUARANTINE_ENTRY_COST);
    let page = |after, bytes_max| {
        let (entries, more) =
            store.access().quarantined(&sara.device, after, bytes_max).expect("she manages Tehran");
        (entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), more)
    };
    assert_eq!(page(0, two), (vec![1, 2], true));
    assert_eq!(page(2, two - 1), (vec![3], true));
    assert_eq!(page(3, 1), (vec![4], true), "one is always told");
    assert_eq!(page(4, 1), (vec![5], false));
    assert_eq!(page(5, two), (vec![], false));
    assert_eq!(page(u64::MAX, two), (vec![], false));
}

fn a_change_that_is_brought_for_another_space_is_told_to_its_managers_too(store: &dyn RelayStore) {
    let ([tehran, isfahan], [sara, omid, reza]) = people(store);
    let same = || of(change(&reza, 1, 1, &[], 40), document(1));
    assert_eq!(set_aside(store, &reza, tehran, same()), AsideItemOutcome::Kept);
    assert_eq!(numbers(store, &omid), [0; 0]);
    for _ in 0..2 {
        assert_eq!(set_aside(store, &omid, isfahan, same()), AsideItemOutcome::Kept);
    }
    assert_eq!(listed(store, &omid), listed(store, &sara), "one row");
    assert_eq!(listed(store, &omid)[0].spaces, [tehran, isfahan]);
    assert_eq!(listed(store, &omid)[0].user, reza.user, "of whoever brought it first");
    // A few spaces, and no more.
    let outcomes = (20..27).map(|number| {
        let name = format!("Space {number}");
        let another = space(store, number, &name);
        let member = enrol(store, number, &name, &name, Role::Rep);
        set_aside(store, &member, another, same())
    });
    let mut expected = vec![AsideItemOutcome::Kept; 7];
    expected[6] = AsideItemOutcome::Quota("quota_quarantine");
    assert_eq!(outcomes.collect::<Vec<_>>(), expected);
    assert_eq!(listed(store, &omid)[0].spaces.len(), QUARANTINE_SPACES_MAX);
    assert_eq!(store.access().close_quarantined(&omid.device, &[1], NOW_MS).expect("he manages Isfahan"), 1);
    assert_eq!(numbers(store, &sara), [0; 0]);
}

fn an_operator_sees_what_lies_aside_and_drops_it(store: &dyn RelayStore) {
    let ([tehran, isfahan], [sara, omid, reza]) = people(store);
    let item = |member: &Member, number| of(change(member, 1, 1, &[], 40), document(number));
    for number in [1, 2] {
        set_aside(store, &reza, tehran, item(&reza, number));
    }
    set_aside(store, &omid, isfahan, item(&omid, 3));
    let seen = |space: Option<&SpaceId>, after, rows_max| {
        let found = store.access().quarantine_summaries(space, after, rows_max);
        let (rows, more) = found.expect("the store works");
        (rows.iter().map(|row| row.number).collect::<Vec<_>>(), more)
    };
    assert_eq!(seen(None, 0, 9), (vec![1, 2, 3], false));
    assert_eq!(seen(None, 1, 1), (vec![2], true));
    assert_eq!(seen(None, 2, 1), (vec![3], false));
    assert_eq!(seen(Some(&tehran), 0, 2), (vec![1, 2], false));
    assert_eq!(seen(Some(&isfahan), 0, 2), (vec![3], false));
    let (rows, _) = store.access().quarantine_summaries(None, 0, 1).expect("the store works");
    let expected = QuarantineSummary {
        number: 1,
        document: document(1),
        spaces: vec![tehran],
        reason: "home_elsewhere".into(),
        device: reza.device,
        device_name: "device 3".into(),
        user: reza.user,
        user_name: "Reza".into(),
        received_at_ms: NOW_MS,
        bytes: 40,
    };
    assert_eq!(rows, [expected]);
    for gone in [2, 0] {
        let dropped = store.access().drop_quarantined(&[2, 3, 77], NOW_MS);
        assert_eq!(dropped.expect("the store works"), gone);
    }
    assert_eq!((numbers(store, &sara), numbers(store, &omid)), (vec![1], vec![]));
}
