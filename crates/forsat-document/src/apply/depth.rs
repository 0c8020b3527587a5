//! How deep the objects of a document may lie in each other. Reading a document goes down as deep as it is, and running
//! out of stack ends the program: no guard catches that, so it is asked before anything is applied.

use std::collections::BTreeMap;

use automerge::legacy::{ObjectId, OpId, OpType};
use automerge::{Automerge, Change, ObjId, ReadDoc};

use crate::limits::OBJECT_DEPTH_MAX;

/// Refuses changes that make objects deeper than the limit. An object stays where it was made, so the answer is the same
/// in whatever order changes come.
pub(super) fn check(before: &Automerge, changes: &[Change]) -> Result<(), String> {
    let mut made: BTreeMap<OpId, usize> = BTreeMap::new();
    for change in changes {
        let decoded = change.decode();
        for (counter, operation) in (decoded.start_op.get()..).zip(&decoded.operations) {
            if !matches!(operation.action, OpType::Make(_)) {
                continue;
            }
            let depth = 1 + match &operation.obj {
                ObjectId::Root => 0,
                ObjectId::Id(id) => made.get(id).copied().unwrap_or_else(|| depth_in(before, id)),
            };
            if depth > OBJECT_DEPTH_MAX {
                return Err("it makes objects that lie too deep in each other".to_owned());
            }
            made.insert(OpId::new(counter, &decoded.actor_id), depth);
        }
    }
    Ok(())
}

/// How deep an object of the document lies; nought for one that isn't there.
fn depth_in(document: &Automerge, id: &OpId) -> usize {
    let object = ObjId::Id(id.counter(), id.actor().clone(), 0);
    document.parents(object).map_or(0, |parents| 1 + parents.take(OBJECT_DEPTH_MAX).count())
}
