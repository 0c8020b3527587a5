//! Answers and comparisons against another program's reconciliation of the same sets; answers that come in parts.

use super::*;
use crate::digest::Trie;
use crate::loopback::{MemoryHoldings, hash_of};
use negentropy::{Id, Negentropy, NegentropyStorageVector};
use proptest::collection::vec;
use proptest::prelude::*;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::convert::Infallible;

/// Documents by number, each with a version: how many of its changes there are.
type Versions = BTreeMap<u16, u8>;

fn document(number: u16) -> DocumentId {
    let mut id = [7; 16];
    id[..2].copy_from_slice(&number.to_be_bytes());
    DocumentId::from_bytes(id)
}

fn change(number: u16, version: u8) -> Vec<u8> {
    [number.to_be_bytes().as_slice(), &[version]].concat()
}

fn holdings(versions: &Versions) -> MemoryHoldings {
    MemoryHoldings::of(versions.iter().flat_map(|(number, count)| {
        (0..*count).map(|version| {
            let bytes = change(*number, version);
            (document(*number), hash_of(&bytes), bytes)
        })
    }))
}

/// What a walk finds, answers being as small as they may be.
#[derive(Default)]
struct Walked {
    fetch: BTreeSet<(DocumentId, ChangeHash)>,
    refill: BTreeSet<(DocumentId, ChangeHash)>,
    questions: usize,
}

fn walk(here: &MemoryHoldings, there: &MemoryHoldings, bytes_max: usize) -> Walked {
    let mut walked = Walked::default();
    let mut steps = VecDeque::from([Step::Ask(Question::Nodes(vec![Node::ROOT]))]);
    let mut partial: BTreeMap<DocumentId, Vec<ChangeHash>> = BTreeMap::new();
    while let Some(step) = steps.pop_front() {
        let mut question = match step {
            Step::Ask(Question::Fetch(changes)) => {
                walked.fetch.extend(changes);
                continue;
            }
            Step::Ask(question) => question,
            Step::Refill(changes) => {
                walked.refill.extend(changes);
                continue;
            }
        };
        walked.questions += 1;
        let Ok(mut answer) = told(&question, there, bytes_max);
        let rest = question.split_answered(&answer).expect("an answer to the question");
        if !rest.is_empty() {
            steps.push_front(Step::Ask(rest));
        }
        if let (Question::Changes(documents), Answer::Changes(lists)) = (&mut question, &mut answer) {
            for ((document, from), list) in documents.iter_mut().zip(lists) {
                let before = partial.remove(document).unwrap_or_default();
                assert_eq!(before.len() as u64, std::mem::take(from));
                list.hashes = [before, std::mem::take(&mut list.hashes)].concat();
                if let Some(next) = list.next {
                    partial.insert(*document, std::mem::take(&mut list.hashes));
                    steps.push_front(Step::Ask(Question::Changes(vec![(*document, next)])));
                    // What isn't whole is compared with itself here, so that it says nothing.
                    let Ok(ours) = here.changes(document);
                    list.hashes = ours;
                }
            }
        }
        let Ok(found) = compare(&question, &answer, here, |_, _| Ok(false));
        found.steps.into_iter().rev().for_each(|step| steps.push_front(step));
    }
    walked
}

/// The changes that only one of the ends has, found by negentropy: (only here, only there).
fn oracle(here: &Versions, there: &Versions) -> (BTreeSet<ChangeHash>, BTreeSet<ChangeHash>) {
    let store = |versions: &Versions| {
        let mut storage = NegentropyStorageVector::new();
        for (number, count) in versions {
            for version in 0..*count {
                let hash = hash_of(&change(*number, version));
                storage.insert(u64::from(*number), Id::from_byte_array(*hash.as_bytes())).unwrap();
            }
        }
        storage.seal().unwrap();
        storage
    };
    let (ours, theirs) = (store(here), store(there));
    let mut client = Negentropy::borrowed(&ours, 0).unwrap();
    let mut server = Negentropy::borrowed(&theirs, 0).unwrap();
    let (mut have, mut need) = (Vec::new(), Vec::new());
    let mut message = client.initiate().unwrap();
    loop {
        let reply = server.reconcile(&message).unwrap();
        match client.reconcile_with_ids(&reply, &mut have, &mut need).unwrap() {
            Some(next) => message = next,
            None => break,
        }
    }
    let hashes = |ids: Vec<Id>| ids.into_iter().map(|id| ChangeHash::from_bytes(id.to_bytes())).collect();
    (hashes(have), hashes(need))
}

fn versions() -> impl Strategy<Value = (Versions, Versions)> {
    let shared = vec((any::<u16>(), 1..6_u8), 0..300);
    let edits = vec((any::<prop::sample::Index>(), 0..7_u8, any::<bool>()), 0..20);
    let added = vec((any::<u16>(), 1..6_u8, any::<bool>()), 0..20);
    (shared, edits, added).prop_map(|(shared, edits, added)| {
        let shared: Versions = shared.into_iter().collect();
        let (mut here, mut there) = (shared.clone(), shared.clone());
        let numbers: Vec<u16> = shared.into_keys().collect();
        for (index, version, is_here) in edits.into_iter().filter(|_| !numbers.is_empty()) {
            let side = if is_here { &mut here } else { &mut there };
            side.insert(*index.get(&numbers), version);
        }
        for (number, count, is_here) in added {
            let side = if is_here { &mut here } else { &mut there };
            side.insert(number, count);
        }
        (here, there)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_walk_finds_what_another_reconciliation_of_the_same_sets_finds(
        (here, there) in versions(),
        bytes_max in prop::sample::select(vec![1_usize, 100, 4_000, 256 * 1024]),
    ) {
        let (only_here, only_there) = oracle(&here, &there);
        let walked = walk(&holdings(&here), &holdings(&there), bytes_max);
        let hashes = |found: BTreeSet<(DocumentId, ChangeHash)>| -> BTreeSet<ChangeHash> {
            found.into_iter().map(|(_, hash)| hash).collect()
        };
        prop_assert_eq!(hashes(walked.refill), only_here);
        prop_assert_eq!(hashes(walked.fetch), only_there);
    }
}

#[test]
fn a_walk_costs_in_proportion_to_what_differs() {
    let all: Versions = (0..20_000).map(|number| (number, 2)).collect();
    let (here, mut there) = (holdings(&all), all.clone());
    there.insert(5, 1);
    there.remove(&77);
    let walked = walk(&here, &holdings(&there), 256 * 1024);
    assert_eq!((walked.refill.len(), walked.fetch.len()), (3, 0));
    assert!(walked.questions <= 6, "{} questions", walked.questions);
    assert_eq!(walk(&here, &here, 256 * 1024).questions, 1);
}

/// Numbers of documents that fall into one bucket.
fn crowded(count: usize) -> Vec<u16> {
    let bucket = Bucket::of(&document(0));
    let numbers: Vec<u16> =
        (0..u16::MAX).filter(|number| Bucket::of(&document(*number)) == bucket).take(count).collect();
    assert_eq!(numbers.len(), count);
    numbers
}

#[test]
fn a_bucket_of_many_documents_is_told_in_parts() {
    let numbers = crowded(11);
    let there: Versions = numbers.iter().map(|number| (*number, 1)).collect();
    let mut here = there.clone();
    let (changed, only_here, only_there) = (numbers[3], numbers[7], numbers[10]);
    here.insert(changed, 2);
    here.remove(&only_there);
    let mut there = there;
    there.remove(&only_here);
    let question = Question::Documents { buckets: vec![Bucket::of(&document(0)); BUCKETS_MAX], after: None };
    for (bytes_max, documents_max) in [(1, 1), (24 + 3 * 32, 3), (370, 10)] {
        let Ok(answer) = told(&question, &holdings(&there), bytes_max);
        let Answer::Documents { lists, goes_on } = &answer else { panic!("{answer:?}") };
        assert_eq!((lists.len(), lists[0].len()), (1, documents_max));
        assert_eq!(*goes_on, documents_max < 10);
        let walked = walk(&holdings(&here), &holdings(&there), bytes_max);
        let documents = |found: &BTreeSet<(DocumentId, ChangeHash)>| -> BTreeSet<DocumentId> {
            found.iter().map(|(document, _)| *document).collect()
        };
        assert_eq!(documents(&walked.refill), [document(changed), document(only_here)].into());
        assert_eq!(documents(&walked.fetch), [document(only_there)].into());
    }
}

#[test]
fn a_bucket_that_goes_on_and_names_nothing_further_is_no_answer() {
    let buckets = vec![Bucket::of(&document(1))];
    let mut question = Question::Documents { buckets: buckets.clone(), after: Some(document(5)) };
    let part = |lists: &[&[u16]]| {
        let list =
            |numbers: &&[u16]| numbers.iter().map(|number| (document(*number), Digest::EMPTY)).collect();
        Answer::Documents { lists: lists.iter().map(list).collect(), goes_on: true }
    };
    for nonsense in [part(&[]), part(&[&[]]), part(&[&[4, 5]]), part(&[&[6], &[7]])] {
        assert_eq!(question.clone().split_answered(&nonsense), None, "{nonsense:?}");
    }
    let rest = question.split_answered(&part(&[&[6]]));
    assert_eq!(rest, Some(Question::Documents { buckets, after: Some(document(6)) }));
    assert_eq!(question.len(), 1);
}

#[test]
fn naming_a_long_document_over_and_over_costs_no_more_than_naming_it_twice() {
    struct Counted {
        changes: Vec<ChangeHash>,
        read: Cell<usize>,
    }

    impl Holdings for Counted {
        type Error = Infallible;

        fn trie(&self) -> Result<Trie, Infallible> {
            Ok(Trie::new())
        }

        fn documents(&self, _: &[Bucket]) -> Result<Vec<Vec<(DocumentId, Digest)>>, Infallible> {
            Ok(Vec::new())
        }

        fn changes(&self, _: &DocumentId) -> Result<Vec<ChangeHash>, Infallible> {
            self.read.set(self.read.get() + self.changes.len());
            Ok(self.changes.clone())
        }

        fn chunk(&self, _: &DocumentId, _: &ChangeHash) -> Result<Option<Chunk>, Infallible> {
            Ok(None)
        }
    }

    let held = Counted { changes: vec![hash_of(b"a"); 30_000], read: Cell::new(0) };
    let question = Question::Changes(vec![(document(1), u64::MAX); DOCUMENTS_MAX]);
    let Ok(answer) = told(&question, &held, 256 * 1024);
    assert!(matches!(&answer, Answer::Changes(lists) if lists.len() == 2), "{answer:?}");
    assert_eq!(held.read.get(), 60_000);
}

#[test]
fn an_answer_that_isnt_one_is_told_from_one() {
    let mut question = Question::Fetch(vec![(document(1), hash_of(b"a")), (document(2), hash_of(b"b"))]);
    assert_eq!(question.clone().split_answered(&Answer::Fetched(vec![None; 3])), None);
    assert_eq!(question.clone().split_answered(&Answer::Fetched(Vec::new())), None);
    assert_eq!(question.clone().split_answered(&Answer::Refilled(Vec::new())), None);
    let rest = question.split_answered(&Answer::Fetched(vec![None]));
    assert_eq!(rest, Some(Question::Fetch(vec![(document(2), hash_of(b"b"))])));
    assert_eq!(question.len(), 1);
}

#[test]
fn a_document_that_both_hold_alike_and_whose_digests_differ_is_counted_anew() {
    let here = holdings(&Versions::from([(1, 3), (2, 2)]));
    let question = Question::Changes(vec![(document(1), 0), (document(2), 0)]);
    let list = |number: u16, count: u8| ChangeList {
        hashes: (0..count).map(|version| hash_of(&change(number, version))).collect(),
        next: None,
    };
    let answer = Answer::Changes(vec![list(1, 3), list(2, 1)]);
    let Ok(found) = compare(&question, &answer, &here, |_, _| Ok(false));
    assert_eq!(found.to_count.iter().map(|(document, _)| *document).collect::<Vec<_>>(), [document(1)]);
    let lacking = (document(2), hash_of(&change(2, 1)));
    assert_eq!(found.steps, [Step::Refill(vec![lacking])], "where they differ, that is what is done");
}
