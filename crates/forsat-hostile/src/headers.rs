//! Changes whose numbers, ancestors, actors, authors or bytes are wrong.

use forsat_sync::genesis::GENESIS_ACTOR;
use forsat_sync::id::ChangeHash;
use forsat_sync::limits::{CHUNK_AUTHOR_BYTES_MAX, CHUNK_DEPS_MAX, CHUNK_EXTRA_BYTES_MAX, OP_COUNTER_MAX};

use crate::catalogue::{AtDevice, AtRelay, Entry, FRESH, OWN, SECOND, Scene};
use crate::change::{Change, MAGIC, Operation, deflated, hash, seal, wrapped};

pub(crate) fn entries(scene: &Scene) -> Vec<Entry> {
    [sequences(scene), counters(scene), ancestors(scene), authors(scene), actors(scene), bytes(scene)]
        .concat()
}

fn put() -> Vec<Operation> {
    vec![Operation::put("hostile")]
}

fn sequences(scene: &Scene) -> Vec<Entry> {
    let numbered = |seq| Change { seq, ..scene.next(&put()) };
    let again = Change::new(OWN, 1, scene.next_op(), &put()).on(&scene.tips()).by(&scene.user);
    vec![
        Entry::refused("a gap in the sequence", &numbered(5), "seq_gap", AtDevice::LeftOut),
        Entry::refused("the last number there is", &numbered(u64::MAX), "seq_gap", AtDevice::LeftOut),
        Entry::refused("a number a second time", &numbered(2), "actor_forked", AtDevice::LeftOut),
        Entry::refused("another first change", &again, "actor_forked", AtDevice::LeftOut),
        Entry::malformed("number nought", numbered(0).chunk(), "chunk_zero"),
    ]
}

fn counters(scene: &Scene) -> Vec<Entry> {
    let from = |start_op| Change { start_op, ..scene.next(&put()) };
    let next = scene.next_op();
    let over =
        Change { start_op: OP_COUNTER_MAX, ..scene.next(&[put(), vec![Operation::put("again")]].concat()) };
    let high = "chunk_counter_too_high";
    vec![
        Entry::malformed("operations from nought", from(0).chunk(), "chunk_zero"),
        Entry::refused("operations from one again", &from(1), "start_op_too_low", AtDevice::LeftOut),
        Entry::refused("an operation's number again", &from(next - 1), "start_op_too_low", AtDevice::LeftOut),
        Entry::refused("a gap in the operations", &from(next + 1), "start_op_too_high", AtDevice::LeftOut),
        Entry::refused(
            "the highest operation",
            &from(OP_COUNTER_MAX),
            "start_op_too_high",
            AtDevice::LeftOut,
        ),
        Entry::malformed("operations beyond the highest", from(OP_COUNTER_MAX + 1).chunk(), high),
        Entry::malformed("operations that run beyond the highest", over.chunk(), high),
        Entry::malformed("operations from 2^32", from(1 << 32).chunk(), high),
        Entry::malformed("operations from the last number", from(u64::MAX).chunk(), high),
    ]
}

fn ancestors(scene: &Scene) -> Vec<Entry> {
    let on = |deps: &[ChangeHash]| Change { deps: deps.to_vec(), ..scene.next(&put()) };
    let [own, other] = scene.tips();
    let many: Vec<ChangeHash> = (0..=CHUNK_DEPS_MAX).map(|n| hash(&n.to_be_bytes())).collect();
    let waits = |name, change: &Change| Entry {
        name,
        bytes: change.chunk(),
        relay: AtRelay::Later("missing_deps"),
        device: AtDevice::Waits,
    };
    // No change can name its own hash; these name what it would be without, and each other's.
    let alone = on(&[]);
    let itself = Change { message: b"itself".to_vec(), ..on(&[alone.hash(), own]) };
    let one = on(&[Change { message: b"two".to_vec(), ..on(&[own]) }.hash(), own]);
    vec![
        Entry::refused(
            "the previous change is no ancestor",
            &on(&[other]),
            "previous_not_ancestor",
            AtDevice::Taken,
        ),
        Entry::refused("no ancestors at all", &alone, "previous_not_ancestor", AtDevice::LeftOut),
        Entry::malformed("an ancestor twice", on(&[own, own]).chunk(), "chunk_deps"),
        Entry::malformed("more ancestors than there may be", on(&many).chunk(), "chunk_too_many_deps"),
        waits("itself as an ancestor", &itself),
        waits("one of two that build on each other", &one),
        waits("ancestors that nobody has", &on(&many[..100])),
    ]
}

fn authors(scene: &Scene) -> Vec<Entry> {
    let first = Change::new(FRESH, 1, scene.next_op(), &put()).on(&scene.tips());
    let next = scene.next(&put());
    let extra = |bytes: &[u8]| Change { extra: bytes.to_vec(), ..next.clone() };
    let author_max = usize::try_from(CHUNK_AUTHOR_BYTES_MAX).expect("a small limit");
    let long = vec![7; author_max + 1];
    let other = first.clone().by(&[0xee; 16]);
    vec![
        Entry::refused(
            "an author on a later change",
            &next.clone().by(&scene.user),
            "author_repeated",
            AtDevice::LeftOut,
        ),
        Entry::refused("no author on a first change", &first, "author_missing", AtDevice::Taken),
        Entry::refused("somebody else as the author", &other, "author_mismatch", AtDevice::Taken),
        Entry::malformed("an author cut short", extra(&[1, 9, 7]).chunk(), "chunk_author"),
        Entry::malformed("an author of no bytes", extra(&[1, 0]).chunk(), "chunk_author"),
        Entry::malformed("an author that is too long", next.clone().by(&long).chunk(), "chunk_author"),
        Entry::malformed("a footer's number in a long form", extra(&[0x81, 0, 1, 7]).chunk(), "chunk_number"),
        Entry::malformed(
            "a footer that is too long",
            extra(&[2; CHUNK_EXTRA_BYTES_MAX + 1]).chunk(),
            "chunk_extra_too_long",
        ),
    ]
}

fn actors(scene: &Scene) -> Vec<Entry> {
    let named = |actor: &[u8]| Change { actor: actor.to_vec(), ..scene.next(&put()) };
    let listing = |others: &[[u8; 16]]| Change {
        other_actors: others.iter().map(|actor| actor.to_vec()).collect(),
        ..scene.next(&put())
    };
    let begins = Change { seq: 1, ..named(&GENESIS_ACTOR) };
    let unknown = [Operation { object: Some((1, 1)), ..Operation::put("hostile") }];
    let refers = Change { other_actors: vec![FRESH.to_vec()], ..scene.next(&unknown) };
    let many: Vec<[u8; 16]> = (0..1025_u128).map(u128::to_be_bytes).collect();
    vec![
        Entry::refused("a beginning of its own", &begins, "genesis_unknown", AtDevice::LeftOut),
        Entry::refused(
            "a later change of the beginning's actor",
            &named(&GENESIS_ACTOR),
            "genesis_unknown",
            AtDevice::LeftOut,
        ),
        Entry::refused("operations of somebody who never wrote", &refers, "unknown_actor", AtDevice::LeftOut),
        Entry::malformed("no actor", named(&[]).chunk(), "chunk_actors"),
        Entry::malformed("an actor of 129 bytes", named(&[7; 129]).chunk(), "chunk_actors"),
        Entry::malformed("an actor for nothing", listing(&[SECOND]).chunk(), "chunk_actors"),
        Entry::malformed("an actor twice", listing(&[SECOND, SECOND]).chunk(), "chunk_actors"),
        Entry::malformed("its own actor among the others", listing(&[OWN]).chunk(), "chunk_actors"),
        Entry::malformed("more actors than there may be", listing(&many).chunk(), "chunk_too_many_actors"),
    ]
}

fn bytes(scene: &Scene) -> Vec<Entry> {
    let next = scene.next(&put());
    let (body, whole) = (next.body(), next.chunk());
    let mut checksum = whole.clone();
    checksum[5] ^= 1;
    let kind = |kind: u8| [&whole[..8], &[kind], &whole[9..]].concat();
    let message = |bytes: &[u8]| Change { message: bytes.to_vec(), ..next.clone() }.chunk();
    let other = scene.next(&[Operation::put("another")]).body();
    let long_length = [&MAGIC[..], &[0; 4], &[1], &[0x80; 9], &[2]].concat();
    vec![
        Entry::malformed("nothing", Vec::new(), "chunk_truncated"),
        Entry::malformed("other first bytes", [b"PK\x03\x04", &whole[4..]].concat(), "chunk_magic"),
        Entry::malformed("a wrong checksum", checksum, "chunk_checksum"),
        Entry::malformed("a byte behind the chunk", [&whole[..], &[0]].concat(), "chunk_trailing_bytes"),
        Entry::malformed("the chunk twice", whole.repeat(2), "chunk_trailing_bytes"),
        Entry::malformed("cut short", whole[..whole.len() - 1].to_vec(), "chunk_truncated"),
        Entry::malformed("a length beyond all bytes", long_length, "chunk_number"),
        Entry::malformed("a body cut short", seal(&body[..body.len() - 1]), "chunk_truncated"),
        Entry::malformed("a body of nothing", seal(&[]), "chunk_truncated"),
        Entry::malformed("a whole document", kind(0), "chunk_kind_unsupported"),
        Entry::malformed("a bundle", kind(3), "chunk_kind_unsupported"),
        Entry::malformed("a type that nobody knows", kind(255), "chunk_kind_unsupported"),
        Entry::malformed("compressed under another's hash", deflated(&other, &hash(&body)), "chunk_checksum"),
        Entry::malformed("compressed nonsense", wrapped(2, &hash(&body), &[0xff; 64]), "chunk_inflate"),
        Entry::malformed("a message that is no text", message(&[0xff, 0xfe]), "chunk_text"),
        Entry::malformed("a message that is too long", message(&[b'm'; 4097]), "chunk_message_too_long"),
    ]
}
