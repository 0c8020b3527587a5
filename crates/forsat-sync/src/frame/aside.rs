//! The frame that sets changes aside for a space's managers, and its answer.

use super::decode::{Decoded, Fields, FrameError, read_outcome};
use super::encode::{Writer, Written, write_outcome};
use super::{ItemOutcome, kind};
use crate::code::Code;
use crate::heal::AskId;
use crate::id::{DocumentId, SpaceId};

/// The most changes that are set aside at once.
pub const SET_ASIDE_ITEMS_MAX: usize = super::PUSH_ITEMS_MAX;

/// Changes that can't be sent any more, for the managers of the spaces that they concern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Its number; the answer carries it.
    pub ask: AskId,
    /// The space that the changes were meant for.
    pub space: SpaceId,
    /// At most [`SET_ASIDE_ITEMS_MAX`].
    pub items: Vec<SetAsideItem>,
}

/// One change that is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAsideItem {
    /// The document.
    pub document: DocumentId,
    /// The change chunk.
    pub bytes: Vec<u8>,
    /// Why it can't be sent: the code of its refusal.
    pub reason: Code,
}

impl SetAsideItem {
    /// What it counts in a frame and in the windows of both ends, in bytes.
    pub fn cost(&self) -> usize {
        self.bytes.len() + self.reason.as_str().len() + super::PUSH_ITEM_COST
    }
}

pub(super) fn write_set_aside(w: &mut Writer, aside: &SetAside) -> Written {
    w.array(4)?.u64(kind::SET_ASIDE)?.u32(aside.ask.0)?.bytes(aside.space.as_bytes())?;
    w.array(aside.items.len() as u64)?;
    for item in &aside.items {
        w.array(3)?.bytes(item.document.as_bytes())?.bytes(&item.bytes)?.str(item.reason.as_str())?;
    }
    Ok(())
}

pub(super) fn read_set_aside(fields: &mut Fields<'_, '_>) -> Decoded<SetAside> {
    Ok(SetAside {
        ask: AskId(fields.u32("ask")?),
        space: SpaceId::from_bytes(fields.exact("space")?),
        items: fields.list("items", SET_ASIDE_ITEMS_MAX, |fields| {
            let mut item = fields.nested("items")?;
            let document = DocumentId::from_bytes(item.exact("document")?);
            let bytes = item.bytes("bytes")?.to_vec();
            let reason = Code::parse(item.text("reason", Code::LEN_MAX)?);
            let reason = reason.ok_or(FrameError::Field { name: "reason" })?;
            item.rest()?;
            Ok(SetAsideItem { document, bytes, reason })
        })?,
    })
}

pub(super) fn write_was_set_aside(w: &mut Writer, ask: AskId, results: &[ItemOutcome]) -> Written {
    w.array(3)?.u64(kind::WAS_SET_ASIDE)?.u32(ask.0)?.array(results.len() as u64)?;
    results.iter().try_for_each(|result| write_outcome(w, result))
}

pub(super) fn read_was_set_aside(fields: &mut Fields<'_, '_>) -> Decoded<(AskId, Vec<ItemOutcome>)> {
    let ask = AskId(fields.u32("ask")?);
    Ok((ask, fields.list("results", SET_ASIDE_ITEMS_MAX, read_outcome)?))
}
