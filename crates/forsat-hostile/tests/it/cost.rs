//! Changes that are as dear as the limits allow.

use forsat_hostile::{Change, Key, Operation, Value};
use forsat_sync::id::ChangeHash;
use forsat_sync::limits::{CHUNK_BYTES_MAX, CHUNK_OPS_MAX};

const OPERATIONS: usize = CHUNK_OPS_MAX as usize;

fn in_object(start: u64, key: Key) -> Operation {
    Operation { object: Some((start, 0)), key, insert: true, ..Operation::put("") }
}

/// A chain of changes of one actor; each counts on from the one before.
fn chain(count: u64, each: u64, operations: impl Fn(u64) -> Vec<Operation>) -> Vec<Vec<u8>> {
    let mut before: Option<ChangeHash> = None;
    let changes = (0..count).map(|number| {
        let start = number * each + 1;
        let deps: Vec<ChangeHash> = before.into_iter().collect();
        let change = Change::new([7; 16], number + 1, start, &operations(start)).on(&deps);
        let change = if number == 0 { change.by(&[7; 16]) } else { change };
        before = Some(change.hash());
        change.chunk()
    });
    changes.collect()
}

/// Changes with as many operations as there may be.
pub fn full_changes(count: u64) -> Vec<Vec<u8>> {
    chain(count, CHUNK_OPS_MAX, |start| {
        let put = |counter: u64| Operation {
            replaces: if counter == 1 { Vec::new() } else { vec![(counter - 1, 0)] },
            ..Operation::put("k")
        };
        (start..start + CHUNK_OPS_MAX).map(put).collect()
    })
}

/// Changes that write one text, each as long as it may be.
pub fn long_text(count: u64) -> Vec<Vec<u8>> {
    let letter = |counter: u64| match counter {
        1 => Operation { action: 4, ..Operation::put("it") },
        2 => in_object(1, Key::Element(None)),
        _ => in_object(1, Key::Element(Some((counter - 1, 0)))),
    };
    chain(count, CHUNK_OPS_MAX, |start| (start..start + CHUNK_OPS_MAX).map(letter).collect())
}

/// Changes that make so many objects each, every one in the one before, also across changes.
pub fn deeper(count: u64, each: u64) -> Vec<Vec<u8>> {
    let made = |counter: u64| Operation {
        object: (counter > 1).then_some((counter - 1, 0)),
        action: 0,
        ..Operation::put("k")
    };
    chain(count, each, |start| (start..start + each).map(made).collect())
}

/// Changes of one value each, as large as it may be.
pub fn wide_values(count: u64) -> Vec<Vec<u8>> {
    chain(count, 1, |start| {
        let text: String = (0..CHUNK_BYTES_MAX as u64 - 300)
            .map(|n| char::from(b'a' + u8::try_from((n * 7 + n / 251 + start) % 26).expect("a letter")))
            .collect();
        vec![Operation { value: Value::text(&text), ..Operation::put(&format!("key{start}")) }]
    })
}

/// Single changes, each of its own kind.
pub fn dearest() -> Vec<(&'static str, Vec<u8>)> {
    let one = |operations: &[Operation]| Change::new([7; 16], 1, 1, operations).by(&[7; 16]).chunk();
    let made = |action| Operation { action, ..Operation::put("it") };
    let after = |start: u64, count: usize, value: &dyn Fn(usize) -> Value| -> Vec<Operation> {
        let element =
            |n: usize| if n == 0 { Key::Element(None) } else { Key::Element(Some((start + n as u64, 0))) };
        (0..count).map(|n| Operation { value: value(n), ..in_object(start, element(n)) }).collect()
    };
    let letter = |_| Value::text("x");
    let text = [vec![made(4)], after(1, OPERATIONS - 1, &letter)].concat();
    let list = [vec![made(2)], after(1, OPERATIONS - 1, &|_| Value::NULL)].concat();
    let at_head = [vec![made(2)], vec![in_object(1, Key::Element(None)); OPERATIONS - 1]].concat();
    let objects: Vec<Operation> = (1..=CHUNK_OPS_MAX)
        .map(|n| Operation { replaces: if n == 1 { Vec::new() } else { vec![(n - 1, 0)] }, ..made(0) })
        .collect();
    let keys: Vec<Operation> = (0..20_000).map(|n| Operation::put(&format!("key{n}"))).collect();
    let wide = Operation { value: Value::text(&"x".repeat(CHUNK_BYTES_MAX - 200)), ..Operation::put("name") };
    vec![
        ("a text", one(&text)),
        ("a list", one(&list)),
        ("a list from its end", one(&at_head)),
        ("objects under one key", one(&objects)),
        ("as many keys as fit", one(&keys)),
        ("a value as large as a change", one(&[wide])),
    ]
}
