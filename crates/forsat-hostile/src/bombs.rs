//! Few bytes that stand for many: runs of operations, predecessors, names, and deflated nothing.

use std::sync::OnceLock;

use forsat_sync::id::ChangeHash;
use forsat_sync::limits::{CHUNK_BYTES_MAX, CHUNK_OPS_MAX};

use crate::bytes::{run, signed, text, unsigned};
use crate::catalogue::{AtDevice, AtRelay, Entry, Scene};
use crate::change::{Change, Columns, Operation, deflated, wrapped};

pub(crate) fn entries(scene: &Scene) -> Vec<Entry> {
    [runs(scene), inflations(scene)].concat()
}

/// Columns of `count` operations from `start` that set one key of the root to nothing, each in place of the one before.
fn puts(start: u64, count: u64, key: &str) -> Columns {
    let first = run_or_one(count - 1, &[1]);
    let preds = if count == 2 { vec![0x7e, 0, 1] } else { [vec![0x7f, 0], first.clone()].concat() };
    // Counters as differences: the first is that of the first operation.
    let counters = match (start, count) {
        (1, _) => first,
        (_, 2) => [vec![0x7f], signed(start.cast_signed())].concat(),
        _ => [vec![0x7f], signed(start.cast_signed()), run_or_one(count - 2, &[1])].concat(),
    };
    vec![
        (21, run(count, &text(key))),
        (52, unsigned(count)),
        (66, run(count, &[1])),
        (86, run(count, &[0])),
        (112, preds),
        (113, run_or_one(count - 1, &[0])),
        (115, counters),
    ]
}

fn run_or_one(count: u64, value: &[u8]) -> Vec<u8> {
    if count == 1 { [&[0x7f], value].concat() } else { run(count, value) }
}

fn runs(scene: &Scene) -> Vec<Entry> {
    let of = |columns: Columns| Change { columns, ..scene.next(&[]) };
    let with = |at: usize, data: Vec<u8>| {
        let mut columns = puts(scene.next_op(), 2, "k");
        columns[at].1 = data;
        of(columns).chunk()
    };
    let count = |count: u64| of(puts(scene.next_op(), count, "k")).chunk();
    let names = of(puts(scene.next_op(), CHUNK_OPS_MAX, &"n".repeat(200_000))).chunk();
    let full = of(puts(scene.next_op(), CHUNK_OPS_MAX, "k"));
    let ops = "chunk_too_many_operations";
    let nulls = [vec![0], unsigned(u64::MAX), vec![0x7f, 1]].concat();
    let preds = run(2, &unsigned(1 << 40));
    let value = [vec![0x7e], unsigned(u64::MAX), unsigned(0)].concat();
    vec![
        Entry::malformed("an operation more than there may be", count(CHUNK_OPS_MAX + 1), ops),
        Entry::malformed("four billion operations", count(1 << 32), ops),
        Entry::malformed("2^62 operations", count((1 << 62) - 1), ops),
        Entry::malformed("2^64 rows of nothing", with(2, nulls), ops),
        Entry::malformed("2^61 values", with(3, run(1 << 61, &[0])), "chunk_runs"),
        Entry::malformed("2^61 times the truth", with(1, unsigned(1 << 61)), "chunk_runs"),
        Entry::malformed("2^41 predecessors", with(4, preds), "chunk_too_many_predecessors"),
        Entry::malformed("a value of 2^60 bytes", with(3, value), "chunk_truncated"),
        Entry::malformed("gigabytes of names", names, "chunk_names_too_long"),
        // As much as there may be: it costs what a limit allows, and no more.
        Entry {
            name: "as many operations as there may be",
            bytes: full.chunk(),
            relay: AtRelay::Taken,
            device: AtDevice::Taken,
        },
    ]
}

fn inflations(scene: &Scene) -> Vec<Entry> {
    static ZEROS: OnceLock<Vec<u8>> = OnceLock::new();
    let nothing = ChangeHash::from_bytes([0; 32]);
    let zeros = ZEROS.get_or_init(|| deflated(&vec![0; 64 * 1024 * 1024], &nothing)).clone();
    let long = scene.next(&[Operation::put(&"k".repeat(CHUNK_BYTES_MAX))]);
    let beyond = wrapped(2, &nothing, &[0x03]);
    vec![
        Entry::malformed("64 MiB of nothing, deflated", zeros, "chunk_too_large"),
        Entry::malformed("a chunk above the limit", long.chunk(), "chunk_too_large"),
        Entry::malformed(
            "a chunk above the limit, deflated",
            deflated(&long.body(), &long.hash()),
            "chunk_too_large",
        ),
        Entry::malformed("deflated, cut short", beyond, "chunk_inflate"),
        Entry::malformed("larger than a chunk may be", vec![0x85; CHUNK_BYTES_MAX + 1], "chunk_too_large"),
    ]
}
