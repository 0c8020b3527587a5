//! Documents that are erased: what is left of them, who hears of it, and that nothing brings them back.

use forsat_sync::control::ControlEvent;
use forsat_sync::digest::{Trie, document_digest};
use forsat_sync::frame::{Page, PageEntry, Role, StreamId, ToDevice};
use forsat_sync::heal::{Answer, Question};
use forsat_sync::id::{Digest, DocumentId, SpaceId};

use super::control::log;
use super::healing::{bring_back, fetch, receipts};
use super::{
    Member, NOW_MS, chain, change, common, document, enrol, hash, judged, of, page, push, space, was_read,
    whole,
};
use crate::store::{
    AccessCommand, AccessDone, DocumentSummary, HealOutcome, HealRequest, ItemOutcome, PushItem, Refusal,
    RelayStore,
};

pub(super) fn all(mut fresh: impl FnMut() -> Box<dyn RelayStore>) {
    an_erased_document_leaves_its_places_and_nothing_else(&*fresh());
    nothing_brings_an_erased_document_back(&*fresh());
    erasing_twice_is_erasing_once(&*fresh());
    a_store_that_was_set_back_erases_again(&*fresh(), &*fresh());
    what_another_branch_erased_stays_erased(&*fresh(), &*fresh());
}

fn erase(store: &dyn RelayStore, document: DocumentId) -> DocumentSummary {
    let command = AccessCommand::EraseDocument { document };
    match store.access().change_access(&command, NOW_MS).expect("the store works") {
        AccessDone::Erased(summary) => Ok(summary),
        other => Err(other),
    }
    .expect("a document is erased")
}

/// What a device reads of a feed, over the wire.
fn read(store: &dyn RelayStore, member: &Member, space: SpaceId) -> (Vec<PageEntry>, Digest) {
    let page = whole(store, member, space);
    assert_eq!(page.up_to, page.head, "the page reaches the head, whatever lies on the way");
    let root = page.root.expect("the page reaches the head");
    let page = Page {
        stream: StreamId(1),
        epoch: page.epoch,
        up_to: page.up_to,
        head: page.head,
        entries: page.entries,
        root: None,
    };
    match ToDevice::decode(&ToDevice::Page(page).encode(), usize::MAX).expect("it is a frame") {
        ToDevice::Page(page) => Ok((page.entries, root)),
        other => Err(other),
    }
    .expect("it is a page")
}

fn held(entries: &[PageEntry]) -> Vec<DocumentId> {
    let change = |entry: &PageEntry| match entry {
        PageEntry::Change { document, .. } | PageEntry::Echo { document, .. } => Some(*document),
        _ => None,
    };
    entries.iter().filter_map(change).collect()
}

fn an_erased_document_leaves_its_places_and_nothing_else(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    let gone = chain(store, &sara, tehran, 3, 40);
    let stays = of(change(&sara, 1, 1, &[], 10), document(2));
    push(store, &sara, tehran, vec![stays.clone()]);
    let before = store.status(NOW_MS).expect("the store works");
    let head = whole(store, &sara, tehran).head;
    let there = store.access().document(&document(1)).expect("the store works");
    let expected = DocumentSummary {
        document: document(1),
        space: Some("Tehran".into()),
        changes: 3,
        bytes: 120,
        erased: false,
    };
    assert_eq!(there, expected, "what would go can be asked first");
    assert_eq!(erase(store, document(1)), DocumentSummary { erased: true, ..expected });

    let (entries, root) = read(store, &sara, tehran);
    let (signed, events, _) = log(store);
    let entry = signed.last().expect("it was written").clone();
    assert_eq!(events.last(), Some(&ControlEvent::DocumentErased { document: document(1) }));
    assert_eq!(held(&entries), [document(2)]);
    assert_eq!(entries.last(), Some(&PageEntry::Erased(entry.clone())), "the space hears of it");
    assert_eq!(Some(whole(store, &sara, tehran).head), head.next(), "no position is lost");
    assert_eq!(read(store, &sara, common(store)).0.last(), Some(&PageEntry::Control(entry)), "and everybody");
    let mut trie = Trie::new();
    trie.update(&document(2), Digest::EMPTY, document_digest(&document(2), &[hash(&stays)]));
    assert_eq!(root, trie.root(), "the digest is that of what is left");
    let after = store.status(NOW_MS).expect("the store works");
    assert_eq!((after.documents, after.changes, after.bytes), (1, 1, before.bytes - 120));

    let question = Question::Changes(vec![(document(1), 0)]);
    let request = HealRequest { device: sara.device, space: tehran, question, bytes_max: 100_000 };
    let answer = store.heal(&[request]).expect("the store works").remove(0);
    assert!(
        matches!(&answer, HealOutcome::Answer(Answer::Changes(lists)) if lists[0].hashes.is_empty()),
        "{answer:?}"
    );
    assert_eq!(fetch(store, &sara, tehran, &[(document(1), gone[0])]), [None]);
    assert_eq!(held(&in_small_pages(store, &sara, tehran)), [document(2)]);
}

/// A feed in pages of one entry each, which get over empty places too.
fn in_small_pages(store: &dyn RelayStore, member: &Member, space: SpaceId) -> Vec<PageEntry> {
    let (mut cursor, mut found) = (None, Vec::new());
    loop {
        let page = was_read(page(store, member, space, cursor, 1));
        found.extend(page.entries);
        cursor = Some(forsat_sync::frame::Cursor { epoch: page.epoch, seq: page.up_to });
        if page.up_to == page.head {
            return found;
        }
    }
}

fn nothing_brings_an_erased_document_back(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Admin);
    let first = change(&sara, 1, 1, &[], 10);
    push(store, &sara, tehran, vec![first.clone()]);
    let receipt = receipts(store, &sara, tehran)[0];
    erase(store, document(1));
    let refused = [ItemOutcome::Refused(Refusal::Erased)];
    assert_eq!(judged(push(store, &sara, tehran, vec![first.clone()])), refused);
    let next = change(&sara, 2, 2, &[hash(&first)], 10);
    assert_eq!(judged(push(store, &sara, tehran, vec![next])), refused, "nor what was built on it");
    let proven = PushItem { receipt: Some(receipt), ..first.clone() };
    assert_eq!(bring_back(store, &sara, tehran, vec![proven]), refused, "a receipt doesn't help");
    assert_eq!(judged(push(store, &sara, common(store), vec![first.clone()])), refused, "nor another space");
    let other = of(first, document(2));
    assert!(judged(push(store, &sara, tehran, vec![other]))[0].is_acked(), "others are taken as before");
}

fn erasing_twice_is_erasing_once(store: &dyn RelayStore) {
    space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Admin);
    let shared = change(&sara, 1, 1, &[], 10);
    push(store, &sara, common(store), vec![shared.clone()]);
    erase(store, document(1));
    let (entries, ..) = log(store);
    let again = erase(store, document(1));
    assert_eq!((again.changes, again.erased), (0, true));
    assert_eq!(log(store).0, entries, "once in the log");
    let (fed, root) = read(store, &sara, common(store));
    assert!(fed.iter().all(|entry| matches!(entry, PageEntry::Control(_))), "there the log says it: {fed:?}");
    assert_eq!(root, Trie::new().root());
    // What nobody has brought yet is refused when somebody does.
    erase(store, document(9));
    let late = of(shared, document(9));
    assert_eq!(
        judged(push(store, &sara, common(store), vec![late])),
        [ItemOutcome::Refused(Refusal::Erased)]
    );
}

/// `ahead` is the relay before its backup was restored, `back` the same after.
fn a_store_that_was_set_back_erases_again(ahead: &dyn RelayStore, back: &dyn RelayStore) {
    let [(sara, tehran), _] = [ahead, back].map(|store| {
        let tehran = space(store, 10, "Tehran");
        let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
        chain(store, &sara, tehran, 2, 10);
        (sara, tehran)
    });
    erase(ahead, document(1));
    let (entries, _, head) = log(ahead);
    let adopted = back.access().adopt_control(&entries, NOW_MS).expect("the store works");
    assert_eq!((adopted.entries, log(back).2), (1, head));
    let (fed, root) = read(back, &sara, tehran);
    assert_eq!((held(&fed), root), (Vec::new(), Trie::new().root()), "the backup had it; it is erased again");
    assert_eq!(fed, read(ahead, &sara, tehran).0);
    let again = change(&sara, 1, 1, &[], 10);
    assert_eq!(judged(push(back, &sara, tehran, vec![again])), [ItemOutcome::Refused(Refusal::Erased)]);
}

fn what_another_branch_erased_stays_erased(ahead: &dyn RelayStore, back: &dyn RelayStore) {
    for store in [ahead, back] {
        let tehran = space(store, 10, "Tehran");
        let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
        chain(store, &sara, tehran, 2, 10);
    }
    erase(ahead, document(1));
    enrol(back, 2, "Omid", "Tehran", Role::Rep);
    let (entries, ..) = log(ahead);
    let adopted = back.access().adopt_control(&entries, NOW_MS).expect("the store works");
    assert_eq!(adopted.entries, 1);
    let (_, events, _) = log(back);
    assert_eq!(
        events.last(),
        Some(&ControlEvent::DocumentErased { document: document(1) }),
        "it is written anew"
    );
    assert_eq!(back.status(NOW_MS).expect("the store works").documents, 0);
}
