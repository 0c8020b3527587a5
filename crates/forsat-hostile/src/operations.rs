//! Changes whose headers are right and whose operations name what isn't there, or what it isn't. A relay takes them;
//! what happens to them is decided on the devices.

use crate::bytes::{run, unsigned};
use crate::catalogue::{AtDevice, AtRelay, Entry, SECOND, Scene};
use crate::change::{Change, Columns, Key, Operation, Value};

/// A mark's action.
const MARK: u64 = 7;
/// A sequence's element that an operation of the groundwork would be, if it were one.
const OF_GROUNDWORK: u64 = 1;

pub(crate) fn entries(scene: &Scene) -> Vec<Entry> {
    [references(scene), kinds(scene), columns(scene)].concat()
}

fn taken(name: &'static str, change: &Change, device: AtDevice) -> Entry {
    Entry { name, bytes: change.chunk(), relay: AtRelay::Taken, device }
}

/// References to operations that exist and aren't what is meant, or don't exist.
fn references(scene: &Scene) -> Vec<Entry> {
    let own = (scene.max_op + OF_GROUNDWORK, 0);
    let put = Operation::put("hostile");
    let inside = Operation { object: Some(own), ..put.clone() };
    let element = Operation { key: Key::Element(Some(own)), insert: true, ..put.clone() };
    let head = Operation { key: Key::Element(None), insert: true, ..put.clone() };
    let of_second = Operation { object: Some((scene.max_op + 1, 1)), ..put.clone() };
    let second = Change { other_actors: vec![SECOND.to_vec()], ..scene.next(&[of_second]) };
    let replaces = Operation { replaces: vec![(scene.max_op + 2, 0)], ..put.clone() };
    let delete = Operation { action: 3, ..replaces.clone() };
    let made = Operation { action: 2, ..put.clone() };
    let in_list = Operation { object: Some((scene.next_op(), 0)), ..put.clone() };
    let text = Operation { action: 4, ..put.clone() };
    let behind = Operation {
        object: Some((scene.next_op(), 0)),
        key: Key::Element(Some(own)),
        insert: true,
        ..Operation::put("")
    };
    vec![
        taken("an object that is a value", &scene.next(&[inside]), AtDevice::LeftOut),
        taken("an object that nobody made", &second, AtDevice::LeftOut),
        taken("an element of the root", &scene.next(&[element]), AtDevice::LeftOut),
        taken("the beginning of the root", &scene.next(&[head]), AtDevice::LeftOut),
        taken("an element that is a value", &scene.next(&[text, behind]), AtDevice::LeftOut),
        taken("a key in a list", &scene.next(&[made, in_list]), AtDevice::LeftOut),
        taken("replaces another key's value", &scene.next(&[replaces]), AtDevice::LeftOut),
        taken("deletes another key's value", &scene.next(&[delete]), AtDevice::LeftOut),
    ]
}

/// Operations of kinds that don't fit what they act on.
fn kinds(scene: &Scene) -> Vec<Entry> {
    let put = Operation::put("hostile");
    let of = |action, value| Operation { action, value, ..put.clone() };
    let increment = Operation {
        replaces: vec![(scene.max_op + 2, 0)],
        key: Key::Map("groundwork".into()),
        ..of(5, Value::integer(7))
    };
    let valued = |kind: u64, bytes: &[u8]| of(1, Value { kind, bytes: bytes.to_vec() });
    let malformed = |name, operation: Operation| {
        Entry::malformed(name, scene.next(&[operation]).chunk(), "chunk_operation")
    };
    vec![
        taken("an increment of nothing", &scene.next(&[of(5, Value::integer(7))]), AtDevice::Taken),
        taken("an increment of no counter", &scene.next(&[increment]), AtDevice::Taken),
        taken("a mark on the root", &scene.next(&[of(MARK, Value::NULL)]), AtDevice::LeftOut),
        taken("a deletion of nothing", &scene.next(&[of(3, Value::NULL)]), AtDevice::LeftOut),
        taken("a value of a type of the future", &scene.next(&[valued(15, &[1, 2, 3])]), AtDevice::Taken),
        malformed("an action that nobody knows", of(8, Value::NULL)),
        malformed("a map with a value", of(0, Value::text("x"))),
        malformed("an increment by a text", of(5, Value::text("x"))),
        malformed("a number with bytes to spare", valued(3, &[1, 1])),
        malformed(
            "an operation of the future",
            Operation { object: Some((scene.next_op(), 0)), ..put.clone() },
        ),
        malformed(
            "an element of the future",
            Operation { key: Key::Element(Some((scene.next_op() + 7, 0))), ..put.clone() },
        ),
        malformed("an actor beyond the list", Operation { object: Some((1, 9)), ..put.clone() }),
        malformed("an insertion under a key", Operation { insert: true, ..put.clone() }),
        malformed(
            "what it replaces, out of order",
            Operation { replaces: vec![(scene.max_op + 2, 0), (scene.max_op + 1, 0)], ..put.clone() },
        ),
        Entry::malformed(
            "tens of thousands of values side by side",
            scene.next(&vec![put.clone(); 65_536]).chunk(),
            "chunk_operation",
        ),
        Entry::malformed(
            "objects deep in each other",
            scene.next(&nested(scene.next_op(), 65_000)).chunk(),
            "chunk_too_deep",
        ),
        Entry::malformed("a text that is none", scene.next(&[valued(6, &[0xff])]).chunk(), "chunk_text"),
        Entry::malformed(
            "a float of two bytes",
            scene.next(&[valued(5, &[1, 2])]).chunk(),
            "chunk_truncated",
        ),
    ]
}

/// Objects, each in the one before.
fn nested(start: u64, count: u64) -> Vec<Operation> {
    let object = |n: u64| (n > 0).then(|| (start + n - 1, 0));
    (0..count).map(|n| Operation { object: object(n), action: 0, ..Operation::put("hostile") }).collect()
}

/// Lists of columns that Automerge wouldn't write.
fn columns(scene: &Scene) -> Vec<Entry> {
    let next = scene.next(&[Operation::put("hostile"), Operation::put("hostile again")]);
    let with = |edit: &dyn Fn(&mut Columns)| {
        let mut change = next.clone();
        edit(&mut change.columns);
        change.chunk()
    };
    let of = |columns: &mut Columns, spec: u64, data: Vec<u8>| {
        columns.iter_mut().find(|(each, _)| *each == spec).expect("it is there").1 = data;
    };
    let many: Columns = (0..65).map(|n| (n << 4, vec![0])).collect();
    vec![
        Entry::malformed("columns out of order", with(&|columns| columns.swap(0, 1)), "chunk_columns"),
        Entry::malformed(
            "a column twice",
            with(&|columns| columns.insert(0, columns[0].clone())),
            "chunk_columns",
        ),
        Entry::malformed(
            "an empty column",
            with(&|columns| columns.push((148, Vec::new()))),
            "chunk_columns",
        ),
        Entry::malformed("a deflated column", with(&|columns| columns[2].0 |= 8), "chunk_columns"),
        Entry::malformed(
            "a column that nobody knows",
            with(&|columns| columns.push((4 << 10, vec![0]))),
            "chunk_unknown_column",
        ),
        Entry::malformed(
            "more columns than there may be",
            with(&|columns| columns.clone_from(&many)),
            "chunk_too_many_columns",
        ),
        Entry::malformed(
            "no column of actions",
            with(&|columns| columns.retain(|(spec, _)| *spec != 66)),
            "chunk_runs",
        ),
        Entry::malformed("a run of one", with(&|columns| of(columns, 66, run(1, &[1]))), "chunk_runs"),
        Entry::malformed(
            "a row too few",
            with(&|columns| of(columns, 86, [vec![0x7f], vec![0]].concat())),
            "chunk_truncated",
        ),
        Entry::malformed("a row too many", with(&|columns| of(columns, 86, run(3, &[0]))), "chunk_runs"),
        Entry::malformed(
            "a row of truth too many",
            with(&|columns| of(columns, 52, unsigned(3))),
            "chunk_runs",
        ),
        Entry::malformed(
            "half an object",
            with(&|columns| columns.insert(0, (1, run(2, &[0])))),
            "chunk_operation",
        ),
    ]
}
