//! What each change wrote, field by field, with the value that its writer saw before.
//!
//! The operations are read one after the other; a value before is that of the operations written over. Only texts and
//! objects of other programs are looked up in the past, once for each change that touched them.

use std::collections::BTreeMap;

use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::{Change, ChangeHash, ObjId, ObjType, Value};
use forsat_domain::record::Scalar;

use crate::chunk::{Chunk, FieldChange, HistoryEntry};
use crate::document::Document;
use crate::graph::{Hash, user_of};
use crate::original::Original;
use crate::{apply, value};

const MS_A_SECOND: i64 = 1_000;

/// The changes that `wanted` names, in causal order.
pub(crate) fn of(document: &Document, wanted: impl Fn(&Hash) -> bool) -> Vec<HistoryEntry> {
    let mut replay = Replay::new(document);
    let mut entries = Vec::new();
    for change in document.automerge.get_changes(&[]) {
        let is_wanted = wanted(&change.hash().0);
        let changes = replay.take(&change, is_wanted);
        if is_wanted {
            entries.push(entry(document, &change, changes));
        }
    }
    entries
}

/// What changes wrote that the document can't take in, since what they build on is lost: of those that say all of it by
/// themselves. A value before that is lost too is the last one that is known of the place.
pub(crate) fn beyond(document: &Document, chunks: &[Chunk]) -> Vec<HistoryEntry> {
    let mut replay = Replay { last: Some(BTreeMap::new()), ..Replay::new(document) };
    for change in document.automerge.get_changes(&[]) {
        replay.take(&change, false);
    }
    let parsed = chunks.iter().filter_map(|chunk| apply::parse_bytes(&chunk.bytes).ok());
    parsed.filter_map(|change| Some(entry(document, &change, replay.take_alone(&change)?))).collect()
}

fn entry(document: &Document, change: &Change, changes: Vec<FieldChange>) -> HistoryEntry {
    let author = document.automerge.get_author_for_actor(change.actor_id());
    let mut deps: Vec<Hash> = change.deps().iter().map(|dep| dep.0).collect();
    deps.sort_unstable();
    HistoryEntry {
        hash: change.hash().0,
        deps,
        actor: change.actor_id().to_bytes().to_vec(),
        author: author.as_ref().and_then(user_of),
        original: Original::read(change.message()),
        seq: change.seq(),
        time_ms: change.timestamp().saturating_mul(MS_A_SECOND),
        size: change.raw_bytes().len(),
        changes,
    }
}

/// Identifies an operation: counter and actor.
type OpKey = (u64, Vec<u8>);

/// An object as it is met: where it hangs, and what it is.
struct Object {
    path: String,
    kind: ObjType,
}

/// The operations so far: what every one put, and where every object hangs.
struct Replay<'a> {
    document: &'a Document,
    values: BTreeMap<OpKey, Scalar>,
    objects: BTreeMap<OpKey, Object>,
    /// The last value of every place, where that is asked for.
    last: Option<BTreeMap<String, Scalar>>,
}

/// What one change did, while its operations are read.
#[derive(Default)]
struct Touched {
    /// Before and after by path.
    values: BTreeMap<String, (Scalar, Scalar)>,
    /// Objects whose content is looked up in the past.
    objects: BTreeMap<OpKey, String>,
}

impl Touched {
    fn fields(self) -> Vec<FieldChange> {
        let field_change = |(path, (before, after))| FieldChange { path, before, after };
        self.values.into_iter().map(field_change).collect()
    }
}

impl<'a> Replay<'a> {
    fn new(document: &'a Document) -> Self {
        Self { document, values: BTreeMap::new(), objects: BTreeMap::new(), last: None }
    }

    /// Reads a change's operations; gives the fields that it wrote where they are wanted.
    fn take(&mut self, change: &Change, is_wanted: bool) -> Vec<FieldChange> {
        let Some((mut touched, _)) = self.take_operations(change) else { return Vec::new() };
        if !is_wanted {
            return Vec::new();
        }
        self.look_up_objects(change, &mut touched);
        touched.fields()
    }

    /// The fields that a change wrote which the document lacks; none where only the document could tell some of it: what
    /// is inside a text, or in an object that nobody knows.
    fn take_alone(&mut self, change: &Change) -> Option<Vec<FieldChange>> {
        let (touched, is_placed) = self.take_operations(change)?;
        (is_placed && touched.objects.is_empty()).then(|| touched.fields())
    }

    /// Reads a change's operations; says whether the place of each is known.
    fn take_operations(&mut self, change: &Change) -> Option<(Touched, bool)> {
        let expanded = apply::guarded(|| Ok(change.decode())).ok()?;
        let (mut touched, mut is_placed) = (Touched::default(), true);
        let actor = change.actor_id().to_bytes();
        for (counter, operation) in (change.start_op().get()..).zip(&expanded.operations) {
            is_placed &= self.take_operation((counter, actor.to_vec()), operation, &mut touched);
        }
        Some((touched, is_placed))
    }

    /// Takes one operation; answers whether its place is known.
    fn take_operation(&mut self, id: OpKey, operation: &Op, touched: &mut Touched) -> bool {
        let Some((holder, path)) = self.place(operation) else { return false };
        let Some(path) = path else {
            if let Some((key, path)) = holder {
                touched.objects.insert(key, path);
            }
            return true;
        };
        match &operation.action {
            OpType::Put(written) => {
                let after = value::from_automerge(written);
                self.note(operation, path, after.clone(), touched);
                self.values.insert(id, after);
            }
            OpType::Delete => self.note(operation, path, Scalar::Null, touched),
            OpType::Make(kind) => {
                // The genesis makes what is empty everywhere; an object of another program is looked up below.
                if self.document.begun_with().is_none_or(|genesis| genesis.container(&path).is_none()) {
                    touched.objects.insert(id.clone(), path.clone());
                }
                self.objects.insert(id, Object { path, kind: *kind });
            }
            OpType::Increment(_) | OpType::MarkBegin(_) | OpType::MarkEnd(_) => {}
        }
        true
    }

    /// The object that an operation writes into, and the path of the key; no path inside texts and lists.
    #[expect(clippy::type_complexity, reason = "two optional halves of one answer, used once")]
    fn place(&self, operation: &Op) -> Option<(Option<(OpKey, String)>, Option<String>)> {
        let (holder, prefix) = match &operation.obj {
            ObjectId::Root => (None, String::new()),
            ObjectId::Id(id) => {
                let key = op_key(id);
                let object = self.objects.get(&key)?;
                if object.kind != ObjType::Map {
                    return Some((Some((key, object.path.clone())), None));
                }
                (Some((key, object.path.clone())), format!("{}/", object.path))
            }
        };
        match &operation.key {
            Key::Map(key) => Some((holder, Some(format!("{prefix}{key}")))),
            Key::Seq(_) => None,
        }
    }

    /// Notes a write: the first value before and the last after, when a change writes a place twice.
    fn note(&mut self, operation: &Op, path: String, after: Scalar, touched: &mut Touched) {
        let over = operation.pred.iter().map(op_key).max();
        let last = || self.last.as_ref().and_then(|last| last.get(&path));
        let before = over.and_then(|id| self.values.get(&id).or_else(last).cloned()).unwrap_or_default();
        if let Some(last) = &mut self.last {
            last.insert(path.clone(), after.clone());
        }
        touched.values.entry(path).and_modify(|(_, last)| *last = after.clone()).or_insert((before, after));
    }

    fn look_up_objects(&self, change: &Change, touched: &mut Touched) {
        for ((counter, actor), path) in std::mem::take(&mut touched.objects) {
            let object = ObjId::Id(counter, automerge::ActorId::from(actor.as_slice()), 0);
            let kind = self.objects.get(&(counter, actor)).map_or(ObjType::Map, |object| object.kind);
            let at = |heads: &[ChangeHash]| {
                value::read(&self.document.automerge, &Value::Object(kind), &object, Some(heads))
            };
            let (before, after) = (at(change.deps()), at(&[change.hash()]));
            touched.values.entry(path).or_insert((before, after));
        }
    }
}

fn op_key(id: &OpId) -> OpKey {
    (id.counter(), id.actor().to_bytes().to_vec())
}
