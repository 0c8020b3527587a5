//! A record's first change, built in one piece.
//!
//! A transaction places each operation into the columns of the whole document, which for the thirty values of a new
//! record costs five times as much as encoding them at once. Nothing lies under a first change but the genesis, so its
//! operations need no looking up. A test holds the bytes equal to those of a transaction.

use std::collections::BTreeMap;

use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType, SortedVec};
use automerge::{ActorId, Automerge, Change, ChangeHash, ExpandedChange, ObjId, ScalarValue};
use forsat_domain::record::Scalar;

use crate::chunk::{Author, Chunk};
use crate::edit::{self, Place, Wish};
use crate::error::EditError;
use crate::genesis::{Genesis, Link};
use crate::{limits, value};

/// Marks an author in the bytes that follow a change's columns.
const FOOTER_AUTHOR: u8 = 1;

/// A document of the genesis and a first change that makes the wishes true, with the change's chunk if there is one.
pub(crate) fn document(
    genesis: &'static Genesis,
    author: &Author,
    message: Option<String>,
    time: i64,
    wishes: &BTreeMap<Place, Wish>,
) -> Result<(Automerge, Option<Chunk>), EditError> {
    let mut operations = Operations::after(genesis, author);
    for (place, wish) in wishes {
        operations.add(genesis, place, wish)?;
    }
    if operations.list.is_empty() {
        return Ok((genesis.document(), None));
    }
    if operations.list.len() > limits::CHUNK_OPS_MAX {
        let operations = operations.list.len();
        return Err(EditError::TooManyOperations { operations, max: limits::CHUNK_OPS_MAX });
    }
    let change = operations.into_change(genesis, author, message, time);
    let bytes = change.raw_bytes().to_vec();
    if bytes.len() > limits::CHUNK_BYTES_MAX {
        return Err(EditError::ChunkTooLarge { bytes: bytes.len(), max: limits::CHUNK_BYTES_MAX });
    }
    let chunk = Chunk { hash: change.hash().0, bytes };
    let mut automerge = Automerge::new();
    automerge.apply_changes(genesis.chain().iter().map(Link::change).chain([change]))?;
    Ok((automerge, Some(chunk)))
}

/// The operations of a change, numbered as they come.
struct Operations {
    list: Vec<Op>,
    actor: ActorId,
    start: u64,
}

impl Operations {
    fn after(genesis: &Genesis, author: &Author) -> Self {
        let actor = ActorId::from(author.actor.as_slice());
        Self { list: Vec::new(), actor, start: genesis.end().max_op() + 1 }
    }

    fn add(&mut self, genesis: &Genesis, place: &Place, wish: &Wish) -> Result<(), EditError> {
        if place.key.is_none() && place.field == "module" {
            return check_module(genesis, wish);
        }
        match wish {
            Wish::Text(text) => {
                let object = object_id(&edit::text_object(genesis, place)?);
                self.add_text(&object, text);
            }
            Wish::Put(value) | Wish::PutOnce(value) | Wish::Insert(value) if !value.is_null() => {
                let (object, key) = edit::locate(genesis, place)?;
                let key = Key::Map(key.into());
                self.push(object_id(&object), key, value::to_automerge(value), false);
            }
            // Nothing is there that could be cleared or taken out.
            Wish::Put(_) | Wish::PutOnce(_) | Wish::Insert(_) | Wish::Delete => {
                edit::locate(genesis, place)?;
            }
        }
        Ok(())
    }

    /// One insertion a letter, each after the one before.
    fn add_text(&mut self, object: &ObjectId, text: &str) {
        let mut after = ElementId::Head;
        let mut letter_bytes = [0; 4];
        for letter in text.chars() {
            let id = OpId::new(self.start + self.list.len() as u64, &self.actor);
            let letter = ScalarValue::Str((*letter.encode_utf8(&mut letter_bytes)).into());
            self.push(object.clone(), Key::Seq(after), letter, true);
            after = ElementId::Id(id);
        }
    }

    fn push(&mut self, obj: ObjectId, key: Key, value: ScalarValue, insert: bool) {
        self.list.push(Op { action: OpType::Put(value), obj, key, pred: SortedVec::new(), insert });
    }

    fn into_change(self, genesis: &Genesis, author: &Author, message: Option<String>, time: i64) -> Change {
        let user = author.user.as_bytes();
        let mut extra_bytes = vec![FOOTER_AUTHOR, user.len() as u8];
        extra_bytes.extend_from_slice(user);
        Change::from(ExpandedChange {
            operations: self.list,
            actor_id: self.actor,
            hash: None,
            seq: 1,
            start_op: self.start.try_into().expect("a number above another is not zero"),
            time,
            message,
            deps: vec![ChangeHash(genesis.end().hash)],
            extra_bytes,
            author: None,
        })
    }
}

/// The genesis names the module; a record can only say the same.
fn check_module(genesis: &Genesis, wish: &Wish) -> Result<(), EditError> {
    match wish {
        Wish::PutOnce(Scalar::Text(module)) if module == genesis.module => Ok(()),
        _ => Err(EditError::Immutable("module".to_owned())),
    }
}

fn object_id(object: &ObjId) -> ObjectId {
    match object {
        ObjId::Root => ObjectId::Root,
        ObjId::Id(counter, actor, _) => ObjectId::Id(OpId::new(*counter, actor)),
    }
}

#[cfg(test)]
mod tests {
    use forsat_domain::{Edit, RecordId, Schema, UserId};

    use crate::{Author, Document};

    #[test]
    fn a_first_change_has_the_bytes_that_a_transaction_gives_it() {
        let text = |field: &str, value: &str| Edit::SetText { field: field.into(), value: value.into() };
        let edits = [
            Edit::set("name", "آریا/سرور"),
            Edit::set("assigned_user_id", "x"),
            Edit::clear("next_step"),
            Edit::set("created_at", 7),
            Edit::set("module", "opportunity"),
            text("description", "چند کلمه 👩‍👧 e\u{301}"),
            Edit::Add { field: "tags".into(), key: "vip".into() },
            Edit::Remove { field: "tags".into(), key: "none".into() },
            Edit::set_entry("lines", "one", "qty", "2"),
            Edit::set_entry("lines", "one", "tax_rate", 900),
            Edit::set_entry("lines", "one", "note", true),
            Edit::Insert { field: "stage_history".into(), key: "a".into(), value: "b".into() },
        ];
        let schema = Schema::builtin();
        // Actors below and above the genesis actor, since a change lists other actors in order.
        for actor in [vec![0x01; 16], vec![0xf1; 16]] {
            let author = Author { actor, user: UserId::from_bytes([7; 16]) };
            let id = RecordId::from_bytes([1; 16]);
            let (made, chunks) =
                Document::create(id, "opportunity", &author, 5_000, &edits, &schema).unwrap();
            let (own, chain) = chunks.split_last().unwrap();
            let chain = chain.iter().map(|chunk| chunk.bytes.as_slice());
            let mut slow = Document::load(id, None, chain).unwrap();
            let all = crate::document::with_origin(id, &author, 5_000, &edits);
            assert_eq!(slow.edit(&author, 5_000, &all, &schema).unwrap(), std::slice::from_ref(own));
            assert_eq!(made.read(&schema), slow.read(&schema));
            assert_eq!(made.snapshot(), slow.snapshot());
        }
    }
}
