//! The operations of a change, read row by row through its columns, within limits that are checked before any row is.
//!
//! Whatever passes here is what Automerge itself would write for the same operations: known columns in their order,
//! shortest encodings, actors that exist, counters that lie below the operation that names them.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::ChunkError;
use super::cursor::Cursor;
use super::runs::{Booleans, Runs};
use crate::id::ActorId;
use crate::limits::ChunkLimits;

/// The column specifications that a change may have, in their order: column number × 16 + type of encoding.
const SPECS: [u64; 14] = [1, 2, 17, 19, 21, 52, 66, 86, 87, 112, 113, 115, 148, 165];
const OBJECT_ACTOR: usize = 0;
const OBJECT_COUNTER: usize = 1;
const KEY_ACTOR: usize = 2;
const KEY_COUNTER: usize = 3;
const KEY_TEXT: usize = 4;
const INSERT: usize = 5;
const ACTION: usize = 6;
const VALUE_META: usize = 7;
const VALUE: usize = 8;
const PRED_COUNT: usize = 9;
const PRED_ACTOR: usize = 10;
const PRED_COUNTER: usize = 11;
const EXPAND: usize = 12;
const MARK_NAME: usize = 13;

/// Bit of a column specification that says that the column is deflated; never set in a change.
const DEFLATED: u64 = 8;

const ACTION_MAP: u64 = 0;
const ACTION_SET: u64 = 1;
const ACTION_LIST: u64 = 2;
const ACTION_DELETE: u64 = 3;
const ACTION_TEXT: u64 = 4;
const ACTION_INCREMENT: u64 = 5;
const ACTION_TABLE: u64 = 6;
const ACTION_MARK: u64 = 7;

/// The columns of a change: their bytes by position in [`SPECS`], empty where absent.
pub(super) struct Columns<'a>([&'a [u8]; SPECS.len()]);

impl<'a> Columns<'a> {
    /// Reads the list of columns and cuts their bytes off the cursor.
    pub(super) fn read(cursor: &mut Cursor<'a>, limits: &ChunkLimits) -> Result<Self, ChunkError> {
        let count = cursor.unsigned()?;
        if count > limits.columns_max {
            return Err(ChunkError::TooManyColumns);
        }
        let mut lengths = [0; SPECS.len()];
        let mut next = 0;
        for _ in 0..count {
            let spec = cursor.unsigned()?;
            let len = cursor.unsigned()?;
            let index = SPECS.iter().position(|known| *known == spec).ok_or(unknown_column(spec))?;
            if index < next || len == 0 {
                return Err(ChunkError::Columns);
            }
            lengths[index] = len;
            next = index + 1;
        }
        let mut columns = [&[][..]; SPECS.len()];
        for (column, len) in columns.iter_mut().zip(lengths) {
            *column = cursor.take(len)?;
        }
        Ok(Self(columns))
    }

    fn has(&self, index: usize) -> bool {
        !self.0[index].is_empty()
    }

    /// How many operations there are, from the run headers alone; long runs of names and predecessors are weighed too.
    pub(super) fn count(&self, limits: &ChunkLimits) -> Result<u64, ChunkError> {
        let none = |_, _| Ok(());
        let ops = Runs::<u64>::new(self.0[ACTION]).count(limits.ops_max, ChunkError::TooManyOps, none)?;
        let mut preds = 0u64;
        Runs::<u64>::new(self.0[PRED_COUNT]).count(
            limits.ops_max,
            ChunkError::TooManyOps,
            |rows, each| {
                let more = rows.checked_mul(each.unwrap_or(0)).ok_or(ChunkError::TooManyPreds)?;
                preds = preds.saturating_add(more);
                if preds > limits.preds_max { Err(ChunkError::TooManyPreds) } else { Ok(()) }
            },
        )?;
        let mut name_bytes = 0u64;
        for index in [KEY_TEXT, MARK_NAME] {
            Runs::<&str>::new(self.0[index]).count(
                limits.ops_max,
                ChunkError::TooManyOps,
                |rows, name| {
                    let len = name.map_or(0, str::len) as u64;
                    name_bytes = name_bytes.saturating_add(rows.saturating_mul(len));
                    if name_bytes > limits.name_bytes_max { Err(ChunkError::NamesTooLong) } else { Ok(()) }
                },
            )?;
        }
        Ok(ops)
    }
}

fn unknown_column(spec: u64) -> ChunkError {
    if spec & DEFLATED != 0 { ChunkError::Columns } else { ChunkError::UnknownColumn }
}

/// Reads every operation and checks that it is one which Automerge could have written.
///
/// `actors` begins with the change's own; `counters` are those of its operations, as many as [`Columns::count`] found.
pub(super) fn check(
    columns: &Columns<'_>,
    actors: &[&ActorId],
    counters: RangeInclusive<u64>,
    limits: &ChunkLimits,
) -> Result<(), ChunkError> {
    let mut rows = Rows::new(columns, actors, limits.object_depth_max);
    for (index, counter) in (0..).zip(counters) {
        rows.check_next(counter).map_err(|error| error.at(index))?;
    }
    rows.finish()
}

/// A counter and an actor's index: the name of an operation.
type OpName = (u64, u64);

/// Where in its object an operation writes; `None` is the beginning of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Map(&'a str),
    Element(Option<OpName>),
}

struct Rows<'a> {
    has: [bool; SPECS.len()],
    actors: &'a [&'a ActorId],
    used: Vec<bool>,
    object_actor: Runs<'a, u64>,
    object_counter: Runs<'a, u64>,
    key_actor: Runs<'a, u64>,
    key_counter: Deltas<'a>,
    key_text: Runs<'a, &'a str>,
    insert: Booleans<'a>,
    action: Runs<'a, u64>,
    value_meta: Runs<'a, u64>,
    value: Cursor<'a>,
    pred_count: Runs<'a, u64>,
    pred_actor: Runs<'a, u64>,
    pred_counter: Deltas<'a>,
    expand: Booleans<'a>,
    any_expand: bool,
    mark_name: Runs<'a, &'a str>,
    /// How deep each object of this change lies in others of it, by counter.
    depths: BTreeMap<u64, usize>,
    depth_max: usize,
    /// The value of this change that stands at each place so far, by its counter.
    standing: BTreeMap<(Option<OpName>, Key<'a>), u64>,
}

impl<'a> Rows<'a> {
    fn new(columns: &Columns<'a>, actors: &'a [&'a ActorId], depth_max: usize) -> Self {
        let bytes = &columns.0;
        let mut used = vec![false; actors.len()];
        used[0] = true;
        Self {
            has: std::array::from_fn(|index| columns.has(index)),
            actors,
            used,
            object_actor: Runs::new(bytes[OBJECT_ACTOR]),
            object_counter: Runs::new(bytes[OBJECT_COUNTER]),
            key_actor: Runs::new(bytes[KEY_ACTOR]),
            key_counter: Deltas::new(bytes[KEY_COUNTER]),
            key_text: Runs::new(bytes[KEY_TEXT]),
            insert: Booleans::new(bytes[INSERT]),
            action: Runs::new(bytes[ACTION]),
            value_meta: Runs::new(bytes[VALUE_META]),
            value: Cursor::new(bytes[VALUE]),
            pred_count: Runs::new(bytes[PRED_COUNT]),
            pred_actor: Runs::new(bytes[PRED_ACTOR]),
            pred_counter: Deltas::new(bytes[PRED_COUNTER]),
            expand: Booleans::new(bytes[EXPAND]),
            any_expand: false,
            mark_name: Runs::new(bytes[MARK_NAME]),
            depths: BTreeMap::new(),
            depth_max,
            standing: BTreeMap::new(),
        }
    }

    /// Checks one row; `counter` is that of its operation.
    fn check_next(&mut self, counter: u64) -> Result<(), ChunkError> {
        let action = self.action.next(true)?.ok_or(fault("no action"))?;
        if action > ACTION_MARK {
            return Err(fault("unknown action"));
        }
        let object = self.check_object(counter)?;
        let key = self.check_key(counter)?;
        let is_insert = self.insert.next()?;
        if is_insert && matches!(key, Key::Map(_)) {
            return Err(fault("insertion under a map key"));
        }
        if is_insert && matches!(action, ACTION_DELETE | ACTION_INCREMENT) {
            return Err(fault("insertion of a deletion or an increment"));
        }
        self.check_depth(action, object, counter)?;
        let meta = self.value_meta.next(true)?.ok_or(fault("no value"))?;
        let kind = check_value(meta, &mut self.value)?;
        match (action, kind) {
            (ACTION_SET | ACTION_MARK, _) | (ACTION_INCREMENT, Kind::Integer) | (_, Kind::Null) => {}
            (ACTION_INCREMENT, _) => return Err(fault("increment without an integer")),
            _ => return Err(fault("a value where none belongs")),
        }
        if action == ACTION_INCREMENT && kind == Kind::Null {
            return Err(fault("increment without an integer"));
        }
        let before = if is_insert { None } else { self.stand(action, (object, key), counter) };
        self.check_preds(counter, is_insert, before)?;
        if self.has[EXPAND] {
            self.any_expand |= self.expand.next()?;
        }
        let name = self.mark_name.next(self.has[MARK_NAME])?;
        if name.is_some() && action != ACTION_MARK {
            return Err(fault("a mark's name without a mark"));
        }
        Ok(())
    }

    /// Checks the object that is written to; none is the root.
    fn check_object(&mut self, counter: u64) -> Result<Option<OpName>, ChunkError> {
        let actor = self.object_actor.next(self.has[OBJECT_ACTOR])?;
        let object = self.object_counter.next(self.has[OBJECT_COUNTER])?;
        match (object, actor) {
            (None, None) => Ok(None),
            (Some(object), Some(actor)) => {
                self.check_name((object, actor), counter).map(|()| Some((object, actor)))
            }
            _ => Err(fault("half an object")),
        }
    }

    /// Checks how deep an object lies that is made.
    fn check_depth(&mut self, action: u64, inside: Option<OpName>, counter: u64) -> Result<(), ChunkError> {
        if !matches!(action, ACTION_MAP | ACTION_LIST | ACTION_TEXT | ACTION_TABLE) {
            return Ok(());
        }
        let own = inside.filter(|(_, actor)| *actor == 0).and_then(|(object, _)| self.depths.get(&object));
        let depth = own.copied().unwrap_or(0) + 1;
        self.depths.insert(counter, depth);
        if depth > self.depth_max { Err(ChunkError::TooDeep) } else { Ok(()) }
    }

    /// Checks the key.
    fn check_key(&mut self, counter: u64) -> Result<Key<'a>, ChunkError> {
        let actor = self.key_actor.next(self.has[KEY_ACTOR])?;
        let element = self.key_counter.next(self.has[KEY_COUNTER])?;
        let text = self.key_text.next(self.has[KEY_TEXT])?;
        match (element, actor, text) {
            (None, None, Some(text)) => Ok(Key::Map(text)),
            (Some(0), None, None) => Ok(Key::Element(None)),
            (Some(element), Some(actor), None) => {
                self.check_name((element, actor), counter).map(|()| Key::Element(Some((element, actor))))
            }
            _ => Err(fault("no key or more than one")),
        }
    }

    /// Notes what stands at a place after an operation; answers what stood there of this change, which it has to replace.
    /// Without that, a change of a hundred bytes would put tens of thousands of values side by side.
    fn stand(&mut self, action: u64, place: (Option<OpName>, Key<'a>), counter: u64) -> Option<u64> {
        match action {
            ACTION_INCREMENT => self.standing.get(&place).copied(),
            ACTION_DELETE => self.standing.remove(&place),
            _ => self.standing.insert(place, counter),
        }
    }

    /// Checks the operations that this one replaces: known, earlier, in order, none twice, and `before` of this change
    /// among them.
    fn check_preds(&mut self, counter: u64, is_insert: bool, before: Option<u64>) -> Result<(), ChunkError> {
        let count = self.pred_count.next(true)?.ok_or(fault("no predecessors"))?;
        if is_insert && count > 0 {
            return Err(fault("insertion with predecessors"));
        }
        let mut previous: Option<(u64, &ActorId)> = None;
        let mut replaces_before = before.is_none();
        for _ in 0..count {
            let actor = self.pred_actor.next(true)?.ok_or(fault("half a predecessor"))?;
            let pred = self.pred_counter.next(true)?.ok_or(fault("half a predecessor"))?;
            self.check_name((pred, actor), counter)?;
            replaces_before |= actor == 0 && before == Some(pred);
            let actor = usize::try_from(actor).ok().and_then(|index| self.actors.get(index));
            let name = (pred, *actor.ok_or(fault("unknown actor"))?);
            if previous.is_some_and(|previous| previous >= name) {
                return Err(fault("predecessors out of order"));
            }
            previous = Some(name);
        }
        if replaces_before { Ok(()) } else { Err(fault("a value beside another of the same change")) }
    }

    /// Checks that an operation is named which may exist: by an actor of this change, before `counter`.
    fn check_name(&mut self, (named, actor): OpName, counter: u64) -> Result<(), ChunkError> {
        if named == 0 || named >= counter {
            return Err(fault("a reference to an operation that can't exist yet"));
        }
        let used = usize::try_from(actor).ok().and_then(|index| self.used.get_mut(index));
        *used.ok_or(fault("unknown actor"))? = true;
        Ok(())
    }

    /// Checks that no column goes on after the last operation and that no actor was listed for nothing.
    fn finish(&self) -> Result<(), ChunkError> {
        for column in [&self.object_actor, &self.object_counter, &self.key_actor, &self.action] {
            column.finish()?;
        }
        for column in [&self.value_meta, &self.pred_count, &self.pred_actor] {
            column.finish()?;
        }
        self.key_counter.deltas.finish()?;
        self.pred_counter.deltas.finish()?;
        self.key_text.finish()?;
        self.mark_name.finish()?;
        self.insert.finish()?;
        self.expand.finish()?;
        if !self.value.is_empty() || self.has[EXPAND] != self.any_expand {
            return Err(ChunkError::Runs);
        }
        if self.used.contains(&false) { Err(ChunkError::Actors) } else { Ok(()) }
    }
}

/// Reads a column of counters that are stored as differences.
struct Deltas<'a> {
    deltas: Runs<'a, i64>,
    value: i64,
}

impl<'a> Deltas<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { deltas: Runs::new(bytes), value: 0 }
    }

    fn next(&mut self, is_present: bool) -> Result<Option<u64>, ChunkError> {
        let Some(delta) = self.deltas.next(is_present)? else { return Ok(None) };
        self.value = self.value.checked_add(delta).ok_or(ChunkError::Number)?;
        u64::try_from(self.value).map(Some).map_err(|_| fault("negative counter"))
    }
}

/// What matters here of a value's type.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Null,
    Integer,
    Other,
}

/// Checks one value against its meta number: length × 16 + type.
fn check_value(meta: u64, values: &mut Cursor<'_>) -> Result<Kind, ChunkError> {
    let bytes = values.take(meta >> 4)?;
    let mut inside = Cursor::new(bytes);
    let kind = match meta & 0xf {
        0 => Kind::Null,
        3 => inside.unsigned().map(|_| Kind::Integer)?,
        4 => inside.signed().map(|_| Kind::Integer)?,
        8 | 9 => inside.signed().map(|_| Kind::Other)?,
        5 => inside.array::<8>().map(|_| Kind::Other)?,
        6 => inside.text(bytes.len() as u64).map(|_| Kind::Other)?,
        1 | 2 => Kind::Other,
        _ => inside.take(bytes.len() as u64).map(|_| Kind::Other)?,
    };
    if inside.is_empty() { Ok(kind) } else { Err(fault("a value with bytes to spare")) }
}

fn fault(what: &'static str) -> ChunkError {
    ChunkError::Operation { index: 0, what }
}
