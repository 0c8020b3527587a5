//! A change by itself, without what it builds on: what it wrote as far as its own bytes say.

use std::collections::BTreeMap;

use automerge::legacy::{Key, ObjectId, Op, OpType};
use forsat_domain::record::Scalar;

use crate::apply;
use crate::chunk::FieldChange;
use crate::document::Document;
use crate::genesis::{ContainerKind, Genesis};
use crate::value;

/// What a change wrote, read without what it builds on. What stood there before isn't known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loose {
    /// The fields that it wrote, in the order of their paths; nothing before any of them.
    pub changes: Vec<FieldChange>,
    /// Whether that is all that it wrote. A part of a text says nothing without the rest.
    pub is_whole: bool,
}

impl Document {
    /// Reads a change that may not fit this document, by the containers that this document began with; none when its
    /// bytes are no change.
    ///
    /// Chunks are expected to have passed the bounded parser of the protocol.
    pub fn read_loose(&self, bytes: &[u8]) -> Option<Loose> {
        let change = apply::parse_bytes(bytes).ok()?;
        let expanded = apply::guarded(|| Ok(change.decode())).ok()?;
        let genesis = self.begun_with();
        let (mut written, mut is_whole) = (BTreeMap::new(), true);
        for operation in &expanded.operations {
            match place(operation, genesis).zip(after(operation)) {
                Some((path, after)) => {
                    written.insert(path, after);
                }
                None => is_whole = false,
            }
        }
        let change = |(path, after)| FieldChange { path, before: Scalar::Null, after };
        Some(Loose { changes: written.into_iter().map(change).collect(), is_whole })
    }
}

/// Where an operation writes; none inside texts and in objects that the genesis didn't make.
fn place(operation: &Op, genesis: Option<&Genesis>) -> Option<String> {
    let Key::Map(key) = &operation.key else { return None };
    match &operation.obj {
        ObjectId::Root => Some(key.to_string()),
        ObjectId::Id(id) => match genesis?.container_at(id.counter(), id.actor())? {
            (field, ContainerKind::Map, _) => Some(format!("{field}/{key}")),
            (_, ContainerKind::Text, _) => None,
        },
    }
}

fn after(operation: &Op) -> Option<Scalar> {
    match &operation.action {
        OpType::Put(written) => Some(value::from_automerge(written)),
        OpType::Delete => Some(Scalar::Null),
        OpType::Make(_) | OpType::Increment(_) | OpType::MarkBegin(_) | OpType::MarkEnd(_) => None,
    }
}
