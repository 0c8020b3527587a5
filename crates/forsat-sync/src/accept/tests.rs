//! Tests of the acceptance checks: each refusal, and changes of real replicas in every order that can arrive.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::*;
use crate::chunk::parse;
use crate::limits::ChunkLimits;
use crate::tests::{Shape, changes};

/// A document as rows in memory, which counts what is read.
#[derive(Default)]
struct Rows {
    changes: BTreeMap<ChangeHash, HeaderRow>,
    actors: BTreeMap<ActorId, ActorRow>,
    totals: DocumentTotals,
    reads: Cell<usize>,
}

impl DocumentView for Rows {
    type Error = Infallible;

    fn change(&self, hash: &ChangeHash) -> Result<Option<HeaderRow>, Infallible> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.changes.get(hash).cloned())
    }

    fn actor(&self, actor: &ActorId) -> Result<Option<ActorRow>, Infallible> {
        Ok(self.actors.get(actor).copied())
    }

    fn totals(&self) -> Result<DocumentTotals, Infallible> {
        Ok(self.totals)
    }
}

impl Rows {
    fn append(&mut self, header: &ChangeHeader) {
        let ChangeHeader { actor, seq, max_op, deps, .. } = header.clone();
        self.actors.insert(actor.clone(), ActorRow { last_seq: seq, last_hash: header.hash });
        self.changes.insert(header.hash, HeaderRow { actor, seq, max_op, deps });
        self.totals.changes += 1;
        self.totals.bytes += header.size as u64;
        self.totals.ops += header.op_count;
        self.totals.max_op = self.totals.max_op.max(max_op);
    }

    fn with(headers: &[ChangeHeader]) -> Self {
        let mut rows = Self::default();
        headers.iter().for_each(|header| rows.append(header));
        rows
    }
}

fn hash(number: u16) -> ChangeHash {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&number.to_be_bytes());
    ChangeHash::from_bytes(bytes)
}

/// A change of one operation by actor `actor`, whose author has the same number.
fn change(number: u16, actor: u8, seq: u64, start_op: u64, deps: &[u16]) -> ChangeHeader {
    ChangeHeader {
        hash: hash(number),
        actor: ActorId::from([actor; 16]),
        other_actors: vec![],
        seq,
        start_op,
        max_op: start_op,
        op_count: 1,
        deps: deps.iter().map(|dep| hash(*dep)).collect(),
        author: (seq == 1).then(|| vec![actor; 16]),
        timestamp: 0,
        message_len: 0,
        size: 100,
    }
}

/// Two first changes, and changes that go on from one of them.
const GENESIS: [u16; 5] = [900, 901, 910, 911, 912];

fn judge_under(header: &ChangeHeader, rows: &Rows, author: AuthorRule, limits: &DocumentLimits) -> Verdict {
    let Ok(verdict) = judge(header, rows, &Rules { author, limits, genesis: &GENESIS.map(hash) });
    verdict
}

fn verdict(header: &ChangeHeader, rows: &Rows) -> Verdict {
    judge_under(header, rows, AuthorRule::Present, &DocumentLimits::default())
}

/// Actor 1 wrote 1 and 2, actor 2 wrote 3 on top of 1.
fn small() -> Rows {
    Rows::with(&[change(1, 1, 1, 1, &[]), change(2, 1, 2, 2, &[1]), change(3, 2, 1, 2, &[1])])
}

#[test]
fn what_builds_on_the_document_is_accepted() {
    assert_eq!(verdict(&change(1, 1, 1, 1, &[]), &Rows::default()), Verdict::Accept);
    assert_eq!(verdict(&change(4, 1, 3, 3, &[2, 3]), &small()), Verdict::Accept);
    assert_eq!(verdict(&change(4, 2, 2, 3, &[3]), &small()), Verdict::Accept);
    assert_eq!(verdict(&change(4, 3, 1, 2, &[1]), &small()), Verdict::Accept);
}

#[test]
fn what_is_here_is_a_duplicate_and_what_lacks_deps_waits() {
    assert_eq!(verdict(&change(2, 1, 2, 2, &[1]), &small()), Verdict::Duplicate);
    let waits = verdict(&change(4, 1, 3, 3, &[8, 2, 9]), &small());
    assert_eq!(waits, Verdict::Later(LaterReason::MissingDeps(vec![hash(8), hash(9)])));
    assert!(waits.is_retryable());
    assert_eq!(waits.code(), "missing_deps");
    let ahead = verdict(&change(5, 1, 4, 4, &[4]), &small());
    assert_eq!(ahead, Verdict::Later(LaterReason::MissingDeps(vec![hash(4)])));
}

#[test]
fn the_same_number_with_another_hash_is_a_fork_even_without_its_deps() {
    for seq in [1, 2] {
        let forked = verdict(&change(4, 1, seq, 3, &[2, 99]), &small());
        assert_eq!(forked, Verdict::Refuse(RefuseReason::ActorForked));
        assert_eq!(forked.code(), "actor_forked");
        assert!(!forked.is_retryable());
    }
}

fn refused(header: &ChangeHeader) -> RefuseReason {
    match verdict(header, &small()) {
        Verdict::Refuse(reason) => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_and_ancestry_must_follow() {
    assert_eq!(refused(&change(4, 1, 4, 3, &[2])), RefuseReason::SeqGap);
    assert_eq!(refused(&ChangeHeader { author: None, ..change(4, 3, 2, 3, &[2]) }), RefuseReason::SeqGap);
    assert_eq!(refused(&change(4, 1, 3, 3, &[3])), RefuseReason::PreviousNotAncestor);
    assert_eq!(refused(&change(4, 1, 3, 3, &[])), RefuseReason::PreviousNotAncestor);
    assert_eq!(refused(&change(4, 1, 3, 2, &[2])), RefuseReason::StartOpTooLow);
    assert_eq!(refused(&change(4, 1, 3, 4, &[2])), RefuseReason::StartOpTooHigh);
    let high = ChangeHeader { max_op: 1 << 31, ..change(4, 1, 3, 3, &[2]) };
    assert_eq!(refused(&high), RefuseReason::CounterTooHigh);
}

#[test]
fn operations_are_named_by_actors_of_the_document() {
    let naming = |actor: u8| ChangeHeader {
        other_actors: vec![ActorId::from([actor; 16])],
        ..change(4, 1, 3, 3, &[2, 3])
    };
    assert_eq!(verdict(&naming(2), &small()), Verdict::Accept);
    assert_eq!(refused(&naming(7)), RefuseReason::UnknownActor);
}

#[test]
fn authors_stand_on_first_changes_only() {
    let late = ChangeHeader { author: Some(vec![1; 16]), ..change(4, 1, 3, 3, &[2]) };
    assert_eq!(refused(&late), RefuseReason::AuthorRepeated);
    let first = change(4, 3, 1, 3, &[2, 3]);
    let nobody = ChangeHeader { author: None, ..first.clone() };
    assert_eq!(refused(&nobody), RefuseReason::AuthorMissing);
    let under =
        |header: &ChangeHeader, author| judge_under(header, &small(), author, &DocumentLimits::default());
    let user = |number| AuthorRule::Exactly(UserId::from_bytes([number; 16]));
    assert_eq!(under(&first, user(3)), Verdict::Accept);
    assert_eq!(under(&first, user(4)), Verdict::Refuse(RefuseReason::AuthorMismatch));
    assert_eq!(under(&nobody, user(3)), Verdict::Refuse(RefuseReason::AuthorMissing));
    assert_eq!(under(&nobody, AuthorRule::Optional), Verdict::Accept);
    assert_eq!(under(&late, AuthorRule::Optional), Verdict::Refuse(RefuseReason::AuthorRepeated));
}

#[test]
fn only_known_genesis_changes_are_taken_and_each_document_has_one_beginning() {
    let genesis = |number, seq| ChangeHeader {
        actor: ActorId::from(GENESIS_ACTOR),
        author: None,
        ..change(number, 0, seq, 1, &[])
    };
    let empty = Rows::default();
    assert_eq!(verdict(&genesis(900, 1), &empty), Verdict::Accept);
    assert_eq!(verdict(&genesis(7, 1), &empty), Verdict::Refuse(RefuseReason::GenesisUnknown));
    let begun = Rows::with(&[genesis(900, 1)]);
    assert_eq!(verdict(&genesis(900, 1), &begun), Verdict::Duplicate);
    assert_eq!(verdict(&genesis(901, 1), &begun), Verdict::Refuse(RefuseReason::GenesisTaken));
    let on = |below, number, seq, start_op| ChangeHeader {
        deps: vec![hash(below)],
        start_op,
        max_op: start_op,
        ..genesis(number, seq)
    };
    assert_eq!(verdict(&on(900, 8, 2, 2), &begun), Verdict::Refuse(RefuseReason::GenesisUnknown));
    // A further known change goes on from the first one, also when others have written in between.
    let (next, after) = (on(900, 910, 2, 2), on(910, 911, 3, 3));
    let written = Rows::with(&[genesis(900, 1), change(1, 1, 1, 2, &[900]), change(2, 1, 2, 3, &[1])]);
    for rows in [begun, written] {
        assert_eq!(verdict(&next, &rows), Verdict::Accept);
        assert_eq!(verdict(&after, &rows), Verdict::Later(LaterReason::MissingDeps(vec![hash(910)])));
        let foreign = on(901, 912, 2, 2);
        assert_eq!(verdict(&foreign, &rows), Verdict::Refuse(RefuseReason::GenesisTaken));
    }
    let mut whole = Rows::with(&[genesis(900, 1), next.clone()]);
    assert_eq!(verdict(&next, &whole), Verdict::Duplicate);
    assert_eq!(verdict(&on(900, 912, 2, 2), &whole), Verdict::Refuse(RefuseReason::GenesisTaken));
    assert_eq!(verdict(&after, &whole), Verdict::Accept);
    whole.append(&after);
    assert_eq!(verdict(&change(3, 4, 1, 4, &[911]), &whole), Verdict::Accept);
    assert_eq!(verdict(&next, &empty), Verdict::Later(LaterReason::MissingDeps(vec![hash(900)])));
}

#[test]
fn documents_have_room_up_to_their_limits() {
    let under = |limits: &DocumentLimits| {
        judge_under(&change(4, 1, 3, 3, &[2]), &small(), AuthorRule::Present, limits)
    };
    let room = DocumentLimits { changes_max: 4, bytes_max: 400, ops_max: 4, ..DocumentLimits::default() };
    assert_eq!(under(&room), Verdict::Accept);
    let changes = DocumentLimits { changes_max: 3, ..room.clone() };
    assert_eq!(under(&changes), Verdict::Refuse(RefuseReason::DocumentChangesFull));
    let ops = DocumentLimits { ops_max: 3, ..room.clone() };
    assert_eq!(under(&ops), Verdict::Refuse(RefuseReason::DocumentOpsFull));
    let bytes = DocumentLimits { bytes_max: 399, ..room };
    assert_eq!(under(&bytes), Verdict::Refuse(RefuseReason::DocumentBytesFull));
}

/// Actor 1 begins; actor 2 adds a chain of `len` on top.
fn chain(len: u16) -> Rows {
    let mut headers = vec![change(1, 1, 1, 1, &[])];
    for n in 0..len {
        headers.push(change(n + 2, 2, u64::from(n) + 1, u64::from(n) + 2, &[n + 1]));
    }
    Rows::with(&headers)
}

#[test]
fn the_search_for_the_previous_change_is_bounded() {
    let limits = DocumentLimits { ancestry_walk_max: 50, ..DocumentLimits::default() };
    let far = |len: u16| {
        let rows = chain(len);
        let header = change(999, 1, 2, u64::from(len) + 2, &[len + 1]);
        (judge_under(&header, &rows, AuthorRule::Present, &limits), rows.reads.get())
    };
    assert_eq!(far(50).0, Verdict::Accept);
    let (verdict, reads) = far(500);
    assert_eq!(verdict, Verdict::Refuse(RefuseReason::AncestryTooDeep));
    assert!(reads <= 53, "{reads}");
}

#[test]
fn the_common_case_reads_a_row_a_dep_and_the_change_itself() {
    let rows = chain(500);
    assert_eq!(verdict(&change(999, 2, 501, 502, &[501]), &rows), Verdict::Accept);
    assert_eq!(rows.reads.get(), 2);
}

fn headers_of(seed: u64) -> Vec<ChangeHeader> {
    let all = changes(seed, Shape::default());
    all.iter().map(|change| parse(change.raw_bytes(), &ChunkLimits::default()).unwrap().0).collect()
}

/// Changes of a header that make it one which no honest replica could have made.
fn mutations(header: &ChangeHeader, rows: &Rows, rng: &mut StdRng) -> Vec<ChangeHeader> {
    let other = ChangeHeader { hash: ChangeHash::from_bytes(rng.random()), ..header.clone() };
    let built_on = header.deps.iter().map(|dep| rows.changes[dep].max_op).max();
    let unknown = ChangeHash::from_bytes(rng.random());
    let mut all = vec![
        ChangeHeader { seq: header.seq + 1, author: None, ..other.clone() },
        ChangeHeader { start_op: rows.totals.max_op + 2, ..other.clone() },
        ChangeHeader { max_op: 1 << 31, ..other.clone() },
        ChangeHeader { deps: [&header.deps[..], &[unknown]].concat(), ..other.clone() },
        ChangeHeader { actor: ActorId::from(GENESIS_ACTOR), ..other.clone() },
        ChangeHeader { other_actors: vec![ActorId::from(rng.random::<[u8; 16]>())], ..other.clone() },
    ];
    if let Some(built_on) = built_on {
        all.push(ChangeHeader { start_op: rng.random_range(1..=built_on), ..other.clone() });
    }
    if header.seq == 1 {
        all.push(ChangeHeader { author: None, ..other });
    } else {
        let seq = rng.random_range(1..header.seq);
        all.push(ChangeHeader { seq, ..other.clone() });
        all.push(ChangeHeader { deps: vec![], ..other.clone() });
        all.push(ChangeHeader { author: Some(vec![1; 16]), ..other });
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn changes_of_replicas_are_accepted_in_any_order_and_mutated_ones_never(seed in 0u64..1000) {
        let mut rng = StdRng::seed_from_u64(seed);
        let mut headers = headers_of(seed);
        headers.shuffle(&mut rng);
        let (mut waiting, mut rows) = (VecDeque::from(headers), Rows::default());
        let mut in_vain = 0;
        while let Some(header) = waiting.pop_front() {
            match verdict(&header, &rows) {
                Verdict::Accept => {
                    for mutated in mutations(&header, &rows, &mut rng) {
                        let verdict = verdict(&mutated, &rows);
                        prop_assert!(!matches!(verdict, Verdict::Accept | Verdict::Duplicate), "{mutated:?}");
                    }
                    rows.append(&header);
                    prop_assert_eq!(verdict(&header, &rows), Verdict::Duplicate);
                    in_vain = 0;
                }
                Verdict::Later(LaterReason::MissingDeps(missing)) => {
                    prop_assert!(missing.iter().all(|dep| !rows.changes.contains_key(dep)));
                    waiting.push_back(header);
                    in_vain += 1;
                    prop_assert!(in_vain <= waiting.len(), "nothing left can be taken");
                }
                other => prop_assert!(false, "{other:?} for {header:?}"),
            }
        }
    }
}
