//! Tests of the reader of change chunks: against Automerge, against damage, against bombs.

use automerge::{Automerge, Change};
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::tests::{Shape, changes};

fn limits() -> ChunkLimits {
    ChunkLimits::default()
}

fn parse_change(change: &Change) -> (ChangeHeader, Vec<u8>) {
    parse(change.raw_bytes(), &limits()).unwrap()
}

/// Checks a header against what Automerge says of the same change.
fn assert_same(header: &ChangeHeader, change: &Change) {
    assert_eq!(header.hash.as_bytes(), &change.hash().0);
    assert_eq!(header.actor.as_bytes(), change.actor_id().to_bytes());
    let others: Vec<&[u8]> = change.other_actor_ids().iter().map(|actor| actor.to_bytes()).collect();
    assert_eq!(header.other_actors.iter().map(ActorId::as_bytes).collect::<Vec<_>>(), others);
    assert_eq!(header.seq, change.seq());
    assert_eq!(header.start_op, change.start_op().get());
    assert_eq!(header.max_op, change.max_op());
    assert_eq!(header.op_count, change.len() as u64);
    let deps: Vec<[u8; 32]> = change.deps().iter().map(|dep| dep.0).collect();
    assert_eq!(header.deps.iter().map(|dep| *dep.as_bytes()).collect::<Vec<_>>(), deps);
    assert_eq!(header.author.as_deref(), change.author().as_ref().map(|author| author.as_bytes()));
    assert_eq!(header.timestamp, change.timestamp());
    assert_eq!(header.message_len, change.message().map_or(0, |message| message.len()));
    assert_eq!(header.size, change.raw_bytes().len());
}

/// Wraps a body as an uncompressed chunk with a right checksum.
fn seal(body: &[u8]) -> Vec<u8> {
    let prefix = hashed_prefix(body.len());
    let hash = hash_body(&prefix, body);
    [&MAGIC[..], &hash.as_bytes()[..4], &prefix, body].concat()
}

/// The body of a canonical chunk.
fn body_of(canonical: &[u8]) -> Vec<u8> {
    open(canonical, &limits()).unwrap().2.to_vec()
}

fn deflated(body: &[u8], hash: &ChangeHash) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, body).unwrap();
    let data = encoder.finish().unwrap();
    let mut chunk = [&MAGIC[..], &hash.as_bytes()[..4], &[KIND_DEFLATED]].concat();
    chunk.extend(unsigned(data.len() as u64));
    chunk.extend(data);
    chunk
}

fn unsigned(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7f {
        bytes.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// A positive run header as the signed number that it is.
fn run(count: u64) -> Vec<u8> {
    let mut bytes = unsigned(count);
    if bytes.last().is_some_and(|last| last & 0x40 != 0) {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push(0);
    }
    bytes
}

/// The body of a change by one actor with the given columns.
fn body_with(columns: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let mut body = vec![0, 16];
    body.extend([9; 16]);
    body.extend([1, 1, 0, 0, 0]);
    body.extend(unsigned(columns.len() as u64));
    for (spec, data) in columns {
        body.extend(unsigned(*spec));
        body.extend(unsigned(data.len() as u64));
    }
    for (_, data) in columns {
        body.extend(data);
    }
    body
}

type ColumnList = Vec<(u64, Vec<u8>)>;

/// Columns of `count` operations from 1 that set one key of the root to null, each in place of the one before.
fn puts(count: u64, key: &str) -> ColumnList {
    puts_from(1, count, key)
}

fn puts_from(start: u64, count: u64, key: &str) -> ColumnList {
    let some = |count: u64, value: u64| {
        if count == 1 { [vec![0x7f], unsigned(value)].concat() } else { run_of(count, value) }
    };
    let mut text = run(count);
    text.extend(unsigned(key.len() as u64));
    text.extend(key.bytes());
    let preds = if count == 2 { vec![0x7e, 0, 1] } else { [vec![0x7f, 0], some(count - 1, 1)].concat() };
    // Counters as differences: the first is that of the first operation.
    let counters = match (start, count) {
        (1, _) => some(count - 1, 1),
        (_, 2) => [vec![0x7f], run(start)].concat(),
        _ => [vec![0x7f], run(start), some(count - 2, 1)].concat(),
    };
    vec![
        (21, text),
        (52, unsigned(count)),
        (66, run_of(count, 1)),
        (86, run_of(count, 0)),
        (112, preds),
        (113, some(count - 1, 0)),
        (115, counters),
    ]
}

fn run_of(count: u64, value: u64) -> Vec<u8> {
    [run(count), unsigned(value)].concat()
}

#[test]
fn handmade_puts_are_read_by_both() {
    let chunk = seal(&body_with(&puts(3, "k")));
    let (header, canonical) = parse(&chunk, &limits()).unwrap();
    assert_eq!((header.op_count, header.max_op, canonical), (3, 3, chunk.clone()));
    assert_same(&header, &Change::from_bytes(chunk).unwrap());
}

#[test]
fn headers_and_counts_agree_with_automerge() {
    let (mut authored, mut compressed, mut with_others) = (0, 0, 0);
    for seed in 0..60 {
        for mut change in changes(seed, Shape::default()) {
            let (header, canonical) = parse_change(&change);
            assert_same(&header, &change);
            assert_eq!(canonical, change.raw_bytes());
            authored += usize::from(header.author.is_some());
            with_others += usize::from(!header.other_actors.is_empty());
            let wire = change.bytes().into_owned();
            compressed += usize::from(wire[8] == KIND_DEFLATED);
            assert_eq!(parse(&wire, &limits()).unwrap(), (header, canonical));
        }
    }
    assert!(authored >= 60 && compressed > 60 && with_others > 60, "{authored} {compressed} {with_others}");
}

#[test]
fn changes_rebuilt_from_a_saved_document_are_read_alike() {
    for seed in 100..110 {
        let mut doc = Automerge::new();
        doc.apply_changes(changes(seed, Shape::default())).unwrap();
        for change in Automerge::load(&doc.save()).unwrap().get_changes(&[]) {
            assert_same(&parse_change(&change).0, &change);
        }
    }
}

#[test]
fn canonical_bytes_reload_with_the_same_hash() {
    for mut change in changes(7, Shape { steps: 60, ..Shape::default() }) {
        let (header, canonical) = parse(&change.bytes(), &limits()).unwrap();
        let again = Change::from_bytes(canonical.clone()).unwrap();
        assert_eq!(again.raw_bytes(), change.raw_bytes());
        assert_eq!(header.hash.as_bytes(), &again.hash().0);
        assert_eq!(verify(&canonical, &limits()), Ok(header.hash));
    }
}

#[test]
fn long_texts_and_large_changes_are_read() {
    let shape = Shape { replicas: 2, steps: 4, ops_max: 800 };
    for change in changes(3, shape) {
        assert_same(&parse_change(&change).0, &change);
    }
}

#[test]
fn documents_bundles_and_unknown_kinds_are_unsupported() {
    let mut doc = Automerge::new();
    doc.apply_changes(changes(1, Shape::default())).unwrap();
    assert_eq!(parse(&doc.save(), &limits()).unwrap_err(), ChunkError::UnsupportedKind(0));
    let mut chunk = seal(&body_with(&[]));
    for kind in [0, 3, 4, 255] {
        chunk[8] = kind;
        assert_eq!(parse(&chunk, &limits()).unwrap_err(), ChunkError::UnsupportedKind(kind));
    }
}

#[test]
fn bytes_around_and_wrong_checksums_are_refused() {
    let chunk = seal(&body_with(&puts(2, "k")));
    let trailing = [&chunk[..], &[0]].concat();
    assert_eq!(parse(&trailing, &limits()).unwrap_err(), ChunkError::Trailing);
    let mut damaged = chunk.clone();
    damaged[5] ^= 1;
    assert_eq!(parse(&damaged, &limits()).unwrap_err(), ChunkError::Checksum);
    assert_eq!(verify(&damaged, &limits()).unwrap_err(), ChunkError::Checksum);
    damaged[0] ^= 1;
    assert_eq!(parse(&damaged, &limits()).unwrap_err(), ChunkError::Magic);
}

#[test]
fn bombs_of_operations_are_refused_by_their_run_headers() {
    for count in [limits().ops_max + 1, 1 << 32, (1 << 62) - 1] {
        let chunk = seal(&body_with(&puts(count, "k")));
        assert!(chunk.len() < 150);
        assert_eq!(parse(&chunk, &limits()).unwrap_err(), ChunkError::TooManyOps);
    }
    assert!(parse(&seal(&body_with(&puts(limits().ops_max, "k"))), &limits()).is_ok());
}

#[test]
fn bombs_in_other_columns_are_refused() {
    let refused = |change: &dyn Fn(&mut ColumnList)| {
        let mut columns = puts(2, "k");
        change(&mut columns);
        parse(&seal(&body_with(&columns)), &limits()).unwrap_err()
    };
    let huge = [run(1 << 61), vec![0]].concat();
    assert_eq!(refused(&|columns| columns[3].1 = huge.clone()), ChunkError::Runs);
    assert_eq!(refused(&|columns| columns[1].1 = unsigned(1 << 61)), ChunkError::Runs);
    let preds = [run(2), unsigned(1 << 40)].concat();
    assert_eq!(refused(&|columns| columns[4].1 = preds.clone()), ChunkError::TooManyPreds);
    let nulls = [vec![0], unsigned(u64::MAX), vec![0x7f, 1]].concat();
    assert_eq!(refused(&|columns| columns[2].1 = nulls.clone()), ChunkError::TooManyOps);
    let long = "n".repeat(200_000);
    let names = seal(&body_with(&puts(limits().ops_max, &long)));
    assert_eq!(parse(&names, &limits()).unwrap_err(), ChunkError::NamesTooLong);
}

#[test]
fn bombs_of_inflation_are_refused_at_the_limit() {
    let body = vec![0; 64 * 1024 * 1024];
    let hash = ChangeHash::from_bytes([0; 32]);
    let bomb = deflated(&body, &hash);
    assert!(bomb.len() < limits().bytes_max);
    let error = parse(&bomb, &limits()).unwrap_err();
    assert_eq!(error, ChunkError::TooLarge { limit: limits().bytes_max });
    assert!(inflate(&bomb[12..], limits().bytes_max).is_err());
}

#[test]
fn a_chunk_at_the_limit_is_taken_and_one_above_is_not() {
    let body = body_with(&puts(2, &"n".repeat(1000)));
    let chunk = seal(&body);
    let hash = parse(&chunk, &limits()).unwrap().0.hash;
    let exact = ChunkLimits { bytes_max: chunk.len(), ..limits() };
    let below = ChunkLimits { bytes_max: chunk.len() - 1, ..limits() };
    for bytes in [chunk, deflated(&body, &hash)] {
        assert!(parse(&bytes, &exact).is_ok());
        assert_eq!(parse(&bytes, &below).unwrap_err(), ChunkError::TooLarge { limit: below.bytes_max });
    }
}

#[test]
fn declared_lengths_and_counts_are_refused_before_use() {
    let lengths = |prefix: &[u8], count: u64| {
        parse(&seal(&[prefix, &unsigned(count)].concat()), &limits()).unwrap_err()
    };
    let head = [&[0, 16][..], &[9; 16], &[1, 1, 0]].concat();
    assert_eq!(lengths(&[], u64::MAX), ChunkError::TooManyDeps);
    assert_eq!(lengths(&[], 1), ChunkError::Truncated);
    assert_eq!(lengths(&[0], u64::MAX), ChunkError::Truncated);
    assert_eq!(lengths(&[0], 0), ChunkError::Actors);
    assert_eq!(lengths(&head, u64::MAX), ChunkError::MessageTooLong);
    assert_eq!(lengths(&[&head[..], &[0]].concat(), u64::MAX), ChunkError::TooManyActors);
    assert_eq!(lengths(&[&head[..], &[0, 0]].concat(), u64::MAX), ChunkError::TooManyColumns);
}

#[test]
fn columns_must_be_known_and_in_order() {
    let parse_columns = |columns: &[(u64, Vec<u8>)]| parse(&seal(&body_with(columns)), &limits());
    let mut columns = puts(2, "k");
    columns.swap(0, 1);
    assert_eq!(parse_columns(&columns).unwrap_err(), ChunkError::Columns);
    let mut columns = puts(2, "k");
    columns[2].0 |= 8;
    assert_eq!(parse_columns(&columns).unwrap_err(), ChunkError::Columns);
    let mut columns = puts(2, "k");
    columns.push((4 << 10, vec![0]));
    assert_eq!(parse_columns(&columns).unwrap_err(), ChunkError::UnknownColumn);
    let mut columns = puts(2, "k");
    columns.push((148, vec![]));
    assert_eq!(parse_columns(&columns).unwrap_err(), ChunkError::Columns);
}

#[test]
fn references_to_what_cannot_exist_are_refused() {
    let with = |more: &[(u64, Vec<u8>)]| {
        let mut columns = puts(2, "k");
        columns.extend_from_slice(more);
        columns.sort_by_key(|(spec, _)| *spec);
        parse(&seal(&body_with(&columns)), &limits()).unwrap_err().code()
    };
    let object = |actor: u8, counter: u8| [(1, vec![2, actor]), (2, vec![2, counter])];
    assert_eq!(with(&object(0, 1)), "chunk_operation");
    assert_eq!(with(&object(7, 1)), "chunk_operation");
    assert_eq!(with(&object(0, 0)), "chunk_operation");
    assert_eq!(with(&[(1, vec![2, 0])]), "chunk_operation");
    assert_eq!(with(&[(19, vec![2, 0])]), "chunk_operation");
}

#[test]
fn values_of_one_change_never_stand_side_by_side() {
    let mut columns = puts(3, "k");
    columns.truncate(4);
    columns.push((112, run_of(3, 0)));
    let error = parse(&seal(&body_with(&columns)), &limits()).unwrap_err();
    assert!(matches!(error, ChunkError::Operation { index: 1, .. }), "{error:?}");
}

#[test]
fn objects_lie_no_deeper_than_the_limit() {
    // Each object of a change in the one before it.
    let nested = |count: u64| {
        let key = [run(count), vec![1, b'k']].concat();
        let object = |first: Vec<u8>| [vec![0, 1], first].concat();
        let counters: Vec<u8> = (1..count).flat_map(unsigned).collect();
        let literal = |count: u64| vec![0x80 - u8::try_from(count).unwrap()];
        let columns = vec![
            (1, object(run_of(count - 1, 0))),
            (2, object([literal(count - 1), counters].concat())),
            (21, key),
            (52, unsigned(count)),
            (66, run_of(count, 0)),
            (86, run_of(count, 0)),
            (112, run_of(count, 0)),
        ];
        parse(&seal(&body_with(&columns)), &limits()).map(|(header, _)| header.op_count)
    };
    let max = limits().object_depth_max as u64;
    assert_eq!(nested(max), Ok(max));
    assert_eq!(nested(max + 1), Err(ChunkError::TooDeep));
}

#[test]
fn counters_at_the_end_of_their_range_are_refused() {
    let body = |start_op: u64| {
        let mut body = [&[0, 16][..], &[9; 16], &[1]].concat();
        body.extend(unsigned(start_op));
        body.extend([0, 0, 0, 0]);
        seal(&body)
    };
    assert_eq!(parse(&body(0), &limits()).unwrap_err(), ChunkError::Zero);
    assert_eq!(parse(&body((1 << 31) - 1), &limits()).unwrap().0.max_op, (1 << 31) - 2);
    assert_eq!(parse(&body(1 << 31), &limits()).unwrap_err(), ChunkError::CounterTooHigh);
    assert_eq!(parse(&body(u64::MAX), &limits()).unwrap_err(), ChunkError::CounterTooHigh);
}

#[test]
fn the_last_operation_may_have_the_highest_counter() {
    let last = |start_op: u64| {
        let mut body = body_with(&puts_from(start_op, 2, "k"));
        body.splice(19..20, unsigned(start_op));
        parse(&seal(&body), &limits()).map(|(header, _)| header.max_op)
    };
    assert_eq!(last((1 << 31) - 2), Ok((1 << 31) - 1));
    assert_eq!(last((1 << 31) - 1), Err(ChunkError::CounterTooHigh));
}

#[test]
fn authors_are_read_as_automerge_reads_them() {
    let with_extra = |extra: &[u8]| {
        let chunk = seal(&[&body_with(&puts(2, "k")), extra].concat());
        let theirs =
            Change::from_bytes(chunk.clone()).unwrap().author().map(|author| author.as_bytes().to_vec());
        (parse(&chunk, &limits()).map(|(header, _)| header.author), theirs)
    };
    assert_eq!(with_extra(&[1, 2, 7, 8]), (Ok(Some(vec![7, 8])), Some(vec![7, 8])));
    assert_eq!(with_extra(&[1, 1, 7, 9, 9]), (Ok(Some(vec![7])), Some(vec![7])));
    assert_eq!(with_extra(&[2, 1, 7]), (Ok(None), None));
    assert_eq!(with_extra(&[0x81, 0, 1, 7]).0, Err(ChunkError::Number));
    assert_eq!(with_extra(&[1, 9, 7]).0, Err(ChunkError::Author));
    assert_eq!(with_extra(&[1, 0]).0, Err(ChunkError::Author));
}

/// A change of some seed, with other actors, texts, marks and deletions.
fn any_change() -> impl Strategy<Value = Change> {
    (0u64..40, any::<Index>()).prop_map(|(seed, index)| {
        let all = changes(seed, Shape { steps: 8, ..Shape::default() });
        all[index.index(all.len())].clone()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), kind in 0u8..4) {
        let _ = parse(&bytes, &limits());
        let _ = parse(&seal(&bytes), &limits());
        let chunk = [&MAGIC[..], &[0; 4], &[kind], &unsigned(bytes.len() as u64), &bytes].concat();
        let _ = parse(&chunk, &limits());
    }

    #[test]
    fn truncations_are_refused(mut change in any_change(), at in any::<Index>()) {
        for bytes in [change.raw_bytes().to_vec(), change.bytes().into_owned()] {
            prop_assert!(parse(&bytes[..at.index(bytes.len())], &limits()).is_err());
        }
    }

    #[test]
    fn a_flipped_bit_never_gives_another_header(mut change in any_change(), at in any::<Index>(), bit in 0..8) {
        let right = parse_change(&change);
        for mut bytes in [change.raw_bytes().to_vec(), change.bytes().into_owned()] {
            let at = at.index(bytes.len());
            bytes[at] ^= 1u8 << bit;
            if let Ok(read) = parse(&bytes, &limits()) {
                prop_assert_eq!(&read, &right);
            }
        }
    }

    #[test]
    fn what_passes_under_a_right_hash_is_taken_by_automerge(
        change in any_change(),
        flips in prop::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let mut body = body_of(change.raw_bytes());
        for (at, byte) in flips {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let chunk = seal(&body);
        if let Ok((header, canonical)) = parse(&chunk, &limits()) {
            prop_assert_eq!(&canonical, &chunk);
            assert_same(&header, &Change::from_bytes(chunk).unwrap());
        }
    }
}
