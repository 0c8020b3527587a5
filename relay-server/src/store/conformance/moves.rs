//! Documents move to another space: whole, once, by who may, and both spaces' digests follow.

use forsat_sync::digest::{Bucket, Trie, document_digest};
use forsat_sync::frame::{Cursor, PageEntry, Role};
use forsat_sync::heal::{Answer, Home, Question};
use forsat_sync::id::{ChangeHash, Digest, DocumentId, FeedSeq, HomeVersion, SpaceId};
use forsat_sync::relay::{HealRequest, MoveRequest};

use super::{
    Member, NOW_MS, chain, change, common, document, enrol, genesis, hash, invite, judged, of, page, push,
    request, space, was_read, whole,
};
use crate::store::{HealOutcome, ItemOutcome, Later, MoveOutcome, Refusal, RelayStore};

pub(super) fn all(fresh: &mut impl FnMut() -> Box<dyn RelayStore>) {
    a_document_moves_with_all_its_changes(&*fresh());
    a_document_that_comes_back_is_whole(&*fresh());
    only_managers_of_both_spaces_move(&*fresh());
    nothing_moves_from_or_to_common(&*fresh());
    what_is_pushed_to_the_old_space_waits_for_the_word_of_the_move(&*fresh());
    the_word_of_a_move_names_no_space_that_is_hidden(&*fresh());
    healing_says_where_a_document_lives(&*fresh());
    a_feed_of_empty_places_is_read_in_pages(&*fresh());
}

/// Moves documents as a member.
pub fn move_to(
    store: &dyn RelayStore,
    member: &Member,
    to: SpaceId,
    documents: &[DocumentId],
) -> Vec<MoveOutcome> {
    let request = MoveRequest { device: member.device, to, documents: documents.to_vec() };
    store.access().move_documents(&request, NOW_MS).expect("the store works")
}

/// A user with a role in both spaces.
fn both(store: &dyn RelayStore, number: u8, name: &str, roles: [Role; 2]) -> Member {
    let member = enrol(store, number, name, "Tehran", roles[0]);
    let secret = invite(store, number + 100, name, "Isfahan", roles[1]);
    store.enrol(&request(number, &secret, None), member.user, NOW_MS).expect("the store works");
    member
}

fn spaces(store: &dyn RelayStore) -> [SpaceId; 2] {
    [space(store, 10, "Tehran"), space(store, 11, "Isfahan")]
}

fn moved(from: SpaceId, home: u64) -> Vec<MoveOutcome> {
    vec![MoveOutcome::Moved { from, home: HomeVersion::new(home) }]
}

fn out(home: u64, to: Option<SpaceId>) -> PageEntry {
    PageEntry::MovedOut { document: document(1), home: HomeVersion::new(home), to }
}

fn into(home: u64) -> PageEntry {
    PageEntry::MovedIn { document: document(1), home: HomeVersion::new(home) }
}

/// The hashes that a page brings or echoes, and which device its receipts name.
fn changes(entries: &[PageEntry], known: &[ChangeHash]) -> Vec<ChangeHash> {
    let found = entries.iter().filter_map(|entry| match entry {
        PageEntry::Echo { hash, .. } => Some(*hash),
        // The bytes of a made-up change begin with its hash.
        PageEntry::Change { bytes, .. } => {
            known.iter().find(|hash| bytes.starts_with(&hash.as_bytes()[..8])).copied()
        }
        _ => None,
    });
    found.collect()
}

fn root_of(documents: &[(DocumentId, &[ChangeHash])]) -> Option<Digest> {
    let mut trie = Trie::new();
    for (document, heads) in documents {
        trie.update(document, Digest::EMPTY, document_digest(document, heads));
    }
    Some(trie.root())
}

fn a_document_moves_with_all_its_changes(store: &dyn RelayStore) {
    let [tehran, isfahan] = spaces(store);
    let sara = both(store, 1, "Sara", [Role::Manager, Role::Manager]);
    let omid = enrol(store, 2, "Omid", "Tehran", Role::Rep);
    let hashes = chain(store, &sara, tehran, 3, 40);
    let beside = change(&omid, 1, 4, &hashes[2..], 40);
    let stays = of(change(&omid, 1, 1, &[], 40), document(2));
    push(store, &omid, tehran, vec![beside.clone(), stays.clone()]);
    let all = [hashes.clone(), vec![hash(&beside)]].concat();
    let before = store.status(NOW_MS).expect("the store works");
    assert_eq!(move_to(store, &sara, isfahan, &[document(1)]), moved(tehran, 2));
    assert_eq!(move_to(store, &sara, isfahan, &[document(1)]), [MoveOutcome::There], "doing it again");
    let (old, new) = (whole(store, &sara, tehran), whole(store, &sara, isfahan));
    assert_eq!((old.head, new.head), (FeedSeq::new(6), FeedSeq::new(5)), "no position is without an entry");
    assert_eq!(old.entries.len(), 2, "{:?}", old.entries);
    assert_eq!(old.entries[1], out(2, Some(isfahan)));
    assert_eq!(new.entries[0], into(2));
    assert_eq!(changes(&new.entries, &all), all, "each after what it builds on");
    let origins = new.entries.iter().filter_map(|entry| match entry {
        PageEntry::Echo { receipt, .. } | PageEntry::Change { receipt, .. } => receipt.map(|it| it.device),
        _ => None,
    });
    let expected = [vec![sara.device; 3], vec![omid.device]].concat();
    assert_eq!(origins.collect::<Vec<_>>(), expected, "they stay whose they were");
    assert_eq!(old.root, root_of(&[(document(2), &[hash(&stays)])]));
    assert_eq!(new.root, root_of(&[(document(1), &all[3..])]));
    let after = store.status(NOW_MS).expect("the store works");
    let counts = |status: &crate::store::StatusCounts| (status.documents, status.changes, status.bytes);
    assert_eq!(counts(&before), counts(&after));
    let on = change(&sara, 4, 5, &all[3..], 40);
    assert!(judged(push(store, &sara, isfahan, vec![on]))[0].is_acked(), "it goes on there");
}

fn a_document_that_comes_back_is_whole(store: &dyn RelayStore) {
    let [tehran, isfahan] = spaces(store);
    let sara = both(store, 1, "Sara", [Role::Admin, Role::Manager]);
    let hashes = chain(store, &sara, tehran, 2, 40);
    assert_eq!(move_to(store, &sara, isfahan, &[document(1)]), moved(tehran, 2));
    assert_eq!(move_to(store, &sara, tehran, &[document(1)]), moved(isfahan, 3));
    let (first, second) = (whole(store, &sara, tehran), whole(store, &sara, isfahan));
    assert_eq!(first.entries[..2], [out(2, Some(isfahan)), into(3)]);
    assert_eq!(changes(&first.entries, &hashes), hashes);
    assert_eq!(second.entries, [into(2), out(3, Some(tehran))]);
    assert_eq!(first.root, root_of(&[(document(1), &hashes[1..])]));
    assert_eq!(second.root, root_of(&[]));
    let on = change(&sara, 3, 3, &hashes[1..], 40);
    assert!(judged(push(store, &sara, tehran, vec![on]))[0].is_acked());
}

fn only_managers_of_both_spaces_move(store: &dyn RelayStore) {
    let [tehran, isfahan] = spaces(store);
    let manager = both(store, 1, "a", [Role::Manager, Role::Admin]);
    chain(store, &manager, tehran, 1, 40);
    let half = both(store, 2, "b", [Role::Manager, Role::Rep]);
    assert_eq!(move_to(store, &half, isfahan, &[document(1)]), [MoveOutcome::Forbidden]);
    let other_half = both(store, 3, "c", [Role::Rep, Role::Manager]);
    assert_eq!(move_to(store, &other_half, isfahan, &[document(1)]), [MoveOutcome::Forbidden]);
    let here = enrol(store, 4, "d", "Tehran", Role::Admin);
    assert_eq!(move_to(store, &here, isfahan, &[document(1)]), [MoveOutcome::HiddenSpace]);
    let there = enrol(store, 5, "e", "Isfahan", Role::Admin);
    let unknown = [MoveOutcome::Unknown, MoveOutcome::Unknown];
    assert_eq!(
        move_to(store, &there, isfahan, &[document(1), document(9)]),
        unknown,
        "one answer for what is hidden and what there isn't"
    );
    assert_eq!(whole(store, &manager, tehran).head, FeedSeq::new(1), "nothing was written");
}

fn nothing_moves_from_or_to_common(store: &dyn RelayStore) {
    let [tehran, isfahan] = spaces(store);
    let common = common(store);
    let sara = both(store, 1, "Sara", [Role::Admin, Role::Admin]);
    chain(store, &sara, tehran, 1, 40);
    push(store, &sara, common, vec![genesis("product", document(5))]);
    assert_eq!(move_to(store, &sara, common, &[document(1)]), [MoveOutcome::Common]);
    assert_eq!(move_to(store, &sara, isfahan, &[document(5)]), [MoveOutcome::Common]);
}

fn what_is_pushed_to_the_old_space_waits_for_the_word_of_the_move(store: &dyn RelayStore) {
    let [tehran, isfahan] = spaces(store);
    let sara = both(store, 1, "Sara", [Role::Manager, Role::Manager]);
    let omid = enrol(store, 2, "Omid", "Tehran", Role::Rep);
    let hashes = chain(store, &sara, tehran, 1, 40);
    move_to(store, &sara, isfahan, &[document(1)]);
    let late = change(&omid, 1, 2, &hashes, 40);
    let waits = [ItemOutcome::Later(Later::MovedOut)];
    assert_eq!(
        judged(push(store, &omid, tehran, vec![late])),
        waits,
        "it was typed before the move was known"
    );
    space(store, 12, "Shiraz");
    let reza = enrol(store, 3, "Reza", "Shiraz", Role::Rep);
    let same_id =
        judged(push(store, &reza, SpaceId::from_bytes([12; 16]), vec![change(&reza, 1, 1, &[], 40)]));
    let elsewhere = [ItemOutcome::Refused(Refusal::HomeIs(None))];
    assert_eq!(same_id, elsewhere, "where it never lived the id is somebody else's");
}

fn the_word_of_a_move_names_no_space_that_is_hidden(store: &dyn RelayStore) {
    let [tehran, isfahan] = spaces(store);
    let sara = both(store, 1, "Sara", [Role::Manager, Role::Manager]);
    let omid = enrol(store, 2, "Omid", "Tehran", Role::Rep);
    chain(store, &sara, tehran, 1, 40);
    move_to(store, &sara, isfahan, &[document(1)]);
    assert_eq!(whole(store, &omid, tehran).entries, [out(2, None)]);
    assert_eq!(whole(store, &sara, tehran).entries, [out(2, Some(isfahan))]);
}

fn healing_says_where_a_document_lives(store: &dyn RelayStore) {
    let [tehran, isfahan] = spaces(store);
    let sara = both(store, 1, "Sara", [Role::Manager, Role::Manager]);
    let omid = enrol(store, 2, "Omid", "Tehran", Role::Rep);
    chain(store, &sara, tehran, 1, 40);
    move_to(store, &sara, isfahan, &[document(1)]);
    let homes = |member: &Member| {
        let question = Question::Homes(vec![document(1), document(9)]);
        let request = HealRequest { device: member.device, space: tehran, question, bytes_max: 1000 };
        store.heal(&[request]).expect("the store works").remove(0)
    };
    let answer = |space| {
        let home = Home { version: HomeVersion::new(2), space };
        HealOutcome::Answer(Answer::Homes(vec![Some(home), None]))
    };
    assert_eq!(homes(&sara), answer(Some(isfahan)));
    assert_eq!(homes(&omid), answer(None));
    let bucket = Question::Documents { buckets: vec![Bucket::of(&document(1))], after: None };
    let listed = |space| {
        let request = HealRequest { device: sara.device, space, question: bucket.clone(), bytes_max: 1000 };
        match store.heal(&[request]).expect("the store works").remove(0) {
            HealOutcome::Answer(Answer::Documents { lists, .. }) => lists[0].len(),
            _ => usize::MAX,
        }
    };
    assert_eq!((listed(tehran), listed(isfahan)), (0, 1));
}

fn a_feed_of_empty_places_is_read_in_pages(store: &dyn RelayStore) {
    let [tehran, isfahan] = spaces(store);
    let sara = both(store, 1, "Sara", [Role::Manager, Role::Manager]);
    chain(store, &sara, tehran, 20, 1000);
    move_to(store, &sara, isfahan, &[document(1)]);
    let first = was_read(page(store, &sara, tehran, None, 1));
    assert_eq!((first.entries.len(), first.up_to), (1, first.head), "empty places take no room");
    let end = Cursor { epoch: first.epoch, seq: FeedSeq::new(3) };
    let rest = was_read(page(store, &sara, tehran, Some(end), 1000));
    assert_eq!(rest.entries, [out(2, Some(isfahan))], "whoever read a part of it hears of the move");
}
