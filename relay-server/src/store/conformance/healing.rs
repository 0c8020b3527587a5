//! What a space holds is told, and what a store has lost is taken back.

use forsat_sync::accept::RefuseReason;
use forsat_sync::digest::{Bucket, Node, document_digest};
use forsat_sync::frame::{PageEntry, Role};
use forsat_sync::heal::{Answer, Chunk, Question};
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};
use forsat_sync::identity::Receipt;

use super::{
    Member, NOW_MS, chain, change, document, enrol, hash, judged, key, of, push, space, was_read, whole,
};
use crate::store::{
    AppendBatch, HealOutcome, HealRequest, ItemOutcome, PageRequest, Push, PushItem, PushOutcome, Refusal,
    RelayStore,
};

fn ask(store: &dyn RelayStore, member: &Member, space: SpaceId, question: Question) -> HealOutcome {
    let request = HealRequest { device: member.device, space, question, bytes_max: 100_000 };
    store.heal(&[request]).expect("the store works").remove(0)
}

pub(super) fn a_bucket_of_many_documents_is_told_in_parts(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    let bucket = Bucket::of(&document(1));
    let ids = (0_u32..).map(|number| {
        let mut id = [7; 16];
        id[..4].copy_from_slice(&number.to_be_bytes());
        DocumentId::from_bytes(id)
    });
    let crowd: Vec<_> = ids.filter(|id| Bucket::of(id) == bucket).take(3).collect();
    push(store, &sara, tehran, crowd.iter().map(|id| of(change(&sara, 1, 1, &[], 10), *id)).collect());
    let mut after = None;
    for (place, id) in crowd.iter().enumerate() {
        let question = Question::Documents { buckets: vec![bucket, bucket], after };
        let request = HealRequest { device: sara.device, space: tehran, question, bytes_max: 1 };
        let answer = match store.heal(&[request]).expect("the store works").remove(0) {
            HealOutcome::Answer(Answer::Documents { lists, goes_on }) => Ok((lists, goes_on)),
            other => Err(other),
        };
        let (lists, goes_on) = answer.expect("documents are told");
        let told: Vec<_> = lists.iter().flatten().map(|(document, _)| *document).collect();
        assert_eq!((lists.len(), told, goes_on), (1, vec![*id], place < 2));
        after = Some(*id);
    }
}

pub(super) fn what_a_space_holds_is_told_to_its_members(store: &dyn RelayStore) {
    let (tehran, isfahan) = (space(store, 10, "Tehran"), space(store, 11, "Isfahan"));
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    let omid = enrol(store, 2, "Omid", "Isfahan", Role::Rep);
    let hashes = chain(store, &sara, tehran, 3, 10);
    let elsewhere = of(change(&omid, 1, 1, &[], 10), document(2));
    push(store, &omid, isfahan, vec![elsewhere.clone()]);
    let bucket = Bucket::of(&document(1));
    let digest = document_digest(&document(1), &hashes[2..]);
    let documents = ask(store, &sara, tehran, Question::Documents { buckets: vec![bucket], after: None });
    let all = Answer::Documents { lists: vec![vec![(document(1), digest)]], goes_on: false };
    assert_eq!(documents, HealOutcome::Answer(all));
    let nodes = match ask(store, &sara, tehran, Question::Nodes(vec![Node::ROOT])) {
        HealOutcome::Answer(Answer::Nodes(nodes)) => Ok(nodes),
        other => Err(other),
    };
    let nodes = nodes.expect("the nodes are told");
    assert_eq!(nodes[0].iter().filter(|digest| **digest != forsat_sync::id::Digest::EMPTY).count(), 1);
    let asked = vec![(document(1), 0), (document(2), 0), (document(9), 0)];
    let lists = match ask(store, &sara, tehran, Question::Changes(asked)) {
        HealOutcome::Answer(Answer::Changes(lists)) => Ok(lists),
        other => Err(other),
    };
    let lists = lists.expect("the changes are told");
    assert_eq!(lists[0].hashes, hashes, "in the order of the feed");
    assert!(lists[1].hashes.is_empty() && lists[2].hashes.is_empty(), "nothing of another space");
    let fetched = fetch(store, &sara, tehran, &[(document(1), hashes[1]), (document(2), hash(&elsewhere))]);
    assert!(fetched[0].as_ref().is_some_and(|chunk| chunk.bytes.len() == 10) && fetched[1].is_none());
    assert_eq!(ask(store, &omid, tehran, Question::Nodes(vec![Node::ROOT])), HealOutcome::Hidden);
}

pub(super) fn fetch(
    store: &dyn RelayStore,
    member: &Member,
    space: SpaceId,
    changes: &[(DocumentId, ChangeHash)],
) -> Vec<Option<Chunk>> {
    let chunks = match ask(store, member, space, Question::Fetch(changes.to_vec())) {
        HealOutcome::Answer(Answer::Fetched(chunks)) => Ok(chunks),
        other => Err(other),
    };
    chunks.expect("the changes are fetched")
}

/// The receipts of a feed, as a device keeps them from its pages.
pub(super) fn receipts(store: &dyn RelayStore, member: &Member, space: SpaceId) -> Vec<Receipt> {
    let entries = whole(store, member, space).entries;
    let receipt = |entry: &PageEntry| match entry {
        PageEntry::Change { receipt, .. } | PageEntry::Echo { receipt, .. } => *receipt,
        _ => None,
    };
    entries.iter().filter_map(receipt).collect()
}

pub(super) fn bring_back(
    store: &dyn RelayStore,
    member: &Member,
    space: SpaceId,
    items: Vec<PushItem>,
) -> Vec<ItemOutcome> {
    let pushes = vec![Push { device: member.device, space, items, refill: true }];
    let batch = AppendBatch { now_ms: NOW_MS, pushes, seen: Vec::new() };
    judged(store.append(&batch).expect("the store works").remove(0))
}

/// Two stores of one relay: the second has lost what the first took.
pub(super) fn what_was_lost_comes_back_as_whose_it_was(before: &dyn RelayStore, after: &dyn RelayStore) {
    let member = |number, user, role| {
        let members = [before, after].map(|store| enrol(store, number, user, "Tehran", role));
        members.into_iter().next().expect("two stores")
    };
    let tehran = [before, after].map(|store| space(store, 10, "Tehran"))[0];
    let (sara, omid) = (member(1, "Sara", Role::Rep), member(2, "Omid", Role::Rep));
    let reza = member(3, "Reza", Role::Viewer);
    let first = change(&sara, 1, 1, &[], 10);
    let second = change(&sara, 2, 2, &[hash(&first)], 10);
    push(before, &sara, tehran, vec![first.clone(), second.clone()]);
    let kept = receipts(before, &omid, tehran);
    assert_eq!(kept, receipts(before, &sara, tehran), "an echo carries its receipt too");
    assert!(kept.iter().all(|receipt| receipt.device == sara.device));
    let with = |item: &PushItem, receipt| PushItem { receipt, ..item.clone() };
    let refused = |outcome: &ItemOutcome, why: Refusal| assert_eq!(*outcome, ItemOutcome::Refused(why));
    // Without a receipt nobody writes in another's name, and a reader writes nothing.
    let mismatch = || Refusal::Judged(RefuseReason::AuthorMismatch);
    refused(&bring_back(after, &omid, tehran, vec![first.clone()])[0], mismatch());
    let forged = Receipt { device: omid.device, ..kept[0] };
    refused(&bring_back(after, &omid, tehran, vec![with(&first, Some(forged))])[0], mismatch());
    refused(&bring_back(after, &omid, tehran, vec![with(&first, Some(kept[1]))])[0], mismatch());
    refused(&bring_back(after, &reza, tehran, vec![first.clone()])[0], Refusal::Unverified);
    // With it anybody brings it back, a reader too.
    assert!(bring_back(after, &reza, tehran, vec![with(&first, Some(kept[0]))])[0].is_acked());
    assert!(bring_back(after, &omid, tehran, vec![with(&second, Some(kept[1]))])[0].is_acked());
    assert_eq!(receipts(after, &omid, tehran), kept, "it is again the change of the device that made it");
    let again = bring_back(after, &sara, tehran, vec![first, second]);
    assert_eq!(again, [ItemOutcome::Duplicate, ItemOutcome::Duplicate]);
}

/// A push of a device's own changes needs no receipt, whoever had taken them before.
pub(super) fn ones_own_changes_come_back_without_a_receipt(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    let own = change(&sara, 1, 1, &[], 10);
    assert!(bring_back(store, &sara, tehran, vec![own])[0].is_acked());
    let stranger = Member { device: key(9).device_id(), ..sara.clone() };
    let pushes = vec![Push { device: stranger.device, space: tehran, items: Vec::new(), refill: true }];
    let batch = AppendBatch { now_ms: NOW_MS, pushes, seen: Vec::new() };
    assert_eq!(store.append(&batch).expect("the store works"), [PushOutcome::Hidden]);
}

/// A pull from the head gives what the digests say and nothing else.
pub(super) fn a_feed_can_be_read_from_its_head(store: &dyn RelayStore) {
    let tehran = space(store, 10, "Tehran");
    let sara = enrol(store, 1, "Sara", "Tehran", Role::Rep);
    chain(store, &sara, tehran, 3, 10);
    let whole = whole(store, &sara, tehran);
    let request = PageRequest {
        device: sara.device,
        space: tehran,
        cursor: None,
        echo: true,
        from_head: true,
        bytes_max: 1_000,
    };
    let page = was_read(store.pages(&[request]).expect("the store works").remove(0));
    assert!(page.entries.is_empty() && page.up_to == whole.head && page.head == whole.head);
    assert_eq!(page.root, whole.root);
}
