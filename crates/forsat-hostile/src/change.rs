//! A change to the byte, with nothing checked.

use std::io::Write as _;

use forsat_sync::id::ChangeHash;
use sha2::{Digest as _, Sha256};

use crate::bytes::{booleans, column, deltas, text, unsigned};

/// The first bytes of every Automerge chunk.
pub(crate) const MAGIC: [u8; 4] = [0x85, 0x6f, 0x4a, 0x83];
/// Type of an uncompressed change.
pub(crate) const KIND_CHANGE: u8 = 1;
/// Type of a change whose body is deflated.
const KIND_DEFLATED: u8 = 2;

/// The name of an operation: its counter, and the place of its actor among those of the change, whose own is 0.
pub type Name = (u64, u64);

/// Specification and bytes of each column of a change.
pub type Columns = Vec<(u64, Vec<u8>)>;

/// Where in its object an operation writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// Under a key of a map.
    Map(String),
    /// At an element of a sequence; none is the beginning.
    Element(Option<Name>),
}

/// A value with its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The number of the type, as Automerge has it.
    pub kind: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Value {
    /// Nothing.
    pub const NULL: Self = Self { kind: 0, bytes: Vec::new() };

    /// A text.
    pub fn text(text: &str) -> Self {
        Self { kind: 6, bytes: text.into() }
    }

    /// A small integer.
    pub fn integer(value: u8) -> Self {
        Self { kind: 4, bytes: vec![value & 0x3f] }
    }
}

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The object that it writes to; none is the root.
    pub object: Option<Name>,
    /// Where in the object.
    pub key: Key,
    /// Whether it adds an element behind [`Self::key`].
    pub insert: bool,
    /// 0 makes a map, 1 sets, 2 makes a list, 3 deletes, 4 makes a text, 5 increments, 6 makes a table, 7 marks.
    pub action: u64,
    /// What it writes.
    pub value: Value,
    /// What it replaces.
    pub replaces: Vec<Name>,
}

impl Operation {
    /// Sets a key of the root to nothing.
    pub fn put(key: &str) -> Self {
        Self {
            object: None,
            key: Key::Map(key.to_owned()),
            insert: false,
            action: 1,
            value: Value::NULL,
            replaces: Vec::new(),
        }
    }
}

/// The parts of a change's body in their order. [`Change::chunk`] makes the chunk.
#[derive(Clone, Debug)]
pub struct Change {
    /// What it builds on.
    pub deps: Vec<ChangeHash>,
    /// Who says to have made it.
    pub actor: Vec<u8>,
    /// Its number among the actor's.
    pub seq: u64,
    /// Counter of the first operation.
    pub start_op: u64,
    /// Its message.
    pub message: Vec<u8>,
    /// The other actors that it lists.
    pub other_actors: Vec<Vec<u8>>,
    /// Specification and bytes of each column.
    pub columns: Columns,
    /// What stands behind the columns.
    pub extra: Vec<u8>,
}

impl Change {
    /// A change of these operations, without deps.
    pub fn new(actor: [u8; 16], seq: u64, start_op: u64, operations: &[Operation]) -> Self {
        Self {
            deps: Vec::new(),
            actor: actor.to_vec(),
            seq,
            start_op,
            message: Vec::new(),
            other_actors: Vec::new(),
            columns: columns(operations),
            extra: Vec::new(),
        }
    }

    /// The same on top of other changes.
    #[must_use]
    pub fn on(mut self, deps: &[ChangeHash]) -> Self {
        self.deps = deps.to_vec();
        self.deps.sort_unstable();
        self
    }

    /// The same with an author.
    #[must_use]
    pub fn by(mut self, author: &[u8]) -> Self {
        self.extra = [&[1], &unsigned(author.len() as u64)[..], author].concat();
        self
    }

    /// The body as it is hashed.
    pub fn body(&self) -> Vec<u8> {
        let mut body = unsigned(self.deps.len() as u64);
        self.deps.iter().for_each(|dep| body.extend(dep.as_bytes()));
        let sized = |bytes: &[u8]| [&unsigned(bytes.len() as u64), bytes].concat();
        body.extend(sized(&self.actor));
        body.extend([unsigned(self.seq), unsigned(self.start_op), vec![0]].concat());
        body.extend(sized(&self.message));
        body.extend(unsigned(self.other_actors.len() as u64));
        self.other_actors.iter().for_each(|actor| body.extend(sized(actor)));
        body.extend(unsigned(self.columns.len() as u64));
        for (spec, data) in &self.columns {
            body.extend([unsigned(*spec), unsigned(data.len() as u64)].concat());
        }
        self.columns.iter().for_each(|(_, data)| body.extend(data));
        body.extend(&self.extra);
        body
    }

    /// The chunk, with the checksum that belongs to it.
    pub fn chunk(&self) -> Vec<u8> {
        seal(&self.body())
    }

    /// The hash.
    pub fn hash(&self) -> ChangeHash {
        hash(&self.body())
    }
}

fn prefix(body: &[u8]) -> Vec<u8> {
    [vec![KIND_CHANGE], unsigned(body.len() as u64)].concat()
}

/// The hash of a change with this body.
pub fn hash(body: &[u8]) -> ChangeHash {
    ChangeHash::from_bytes(Sha256::new().chain_update(prefix(body)).chain_update(body).finalize().into())
}

/// A body as an uncompressed chunk with a right checksum.
pub fn seal(body: &[u8]) -> Vec<u8> {
    [&MAGIC[..], &hash(body).as_bytes()[..4], &prefix(body), body].concat()
}

/// A body as a compressed chunk under the checksum of `named`, which may be another's.
pub fn deflated(body: &[u8], named: &ChangeHash) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(body).expect("memory takes bytes");
    let data = encoder.finish().expect("memory takes bytes");
    wrapped(KIND_DEFLATED, named, &data)
}

/// Any bytes as the data of a chunk of some type.
pub(crate) fn wrapped(kind: u8, named: &ChangeHash, data: &[u8]) -> Vec<u8> {
    [&MAGIC[..], &named.as_bytes()[..4], &[kind], &unsigned(data.len() as u64), data].concat()
}

/// The columns that say these operations.
fn columns(operations: &[Operation]) -> Columns {
    let rows = |of: &dyn Fn(&Operation) -> Option<u64>| operations.iter().map(of).collect::<Vec<_>>();
    let numbers = |of: &dyn Fn(&Operation) -> Option<u64>| column(&rows(of), |number| unsigned(*number));
    let element = |operation: &Operation| match operation.key {
        Key::Element(Some(name)) => Some(name),
        Key::Element(None) => Some((0, u64::MAX)),
        Key::Map(_) => None,
    };
    let names: Vec<Option<String>> = operations
        .iter()
        .map(|operation| match &operation.key {
            Key::Map(name) => Some(name.clone()),
            Key::Element(_) => None,
        })
        .collect();
    let replaced: Vec<Name> = operations.iter().flat_map(|operation| operation.replaces.clone()).collect();
    let inserts: Vec<bool> = operations.iter().map(|operation| operation.insert).collect();
    let all = vec![
        (1, numbers(&|operation| operation.object.map(|(_, actor)| actor))),
        (2, numbers(&|operation| operation.object.map(|(counter, _)| counter))),
        (17, numbers(&|operation| element(operation).map(|(_, actor)| actor).filter(|at| *at != u64::MAX))),
        (19, deltas(&rows(&|operation| element(operation).map(|(counter, _)| counter)))),
        (21, column(&names, |name| text(name))),
        (52, booleans(&inserts)),
        (66, numbers(&|operation| Some(operation.action))),
        (86, numbers(&|operation| Some((operation.value.bytes.len() as u64) << 4 | operation.value.kind))),
        (87, operations.iter().flat_map(|operation| operation.value.bytes.clone()).collect()),
        (112, numbers(&|operation| Some(operation.replaces.len() as u64))),
        (113, column(&replaced.iter().map(|(_, at)| Some(*at)).collect::<Vec<_>>(), |at| unsigned(*at))),
        (115, deltas(&replaced.iter().map(|(counter, _)| Some(*counter)).collect::<Vec<_>>())),
    ];
    all.into_iter().filter(|(_, data)| !data.is_empty()).collect()
}
