//! The frame that gives documents another home, and the entries that tell of it.

use super::decode::{Decoded, Fields};
use super::encode::{Writer, Written};
use super::{PageEntry, kind};
use crate::heal::AskId;
use crate::id::{DocumentId, HomeVersion, SpaceId};

/// The most documents of one move.
pub const MOVE_DOCUMENTS_MAX: usize = 256;

/// Documents that are to get another home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Its number; the answer carries it.
    pub ask: AskId,
    /// Where they are to live.
    pub to: SpaceId,
    /// Which; at most [`MOVE_DOCUMENTS_MAX`].
    pub documents: Vec<DocumentId>,
}

pub(super) fn write_move(w: &mut Writer, wanted: &Move) -> Written {
    let ids: Vec<u8> = wanted.documents.iter().flat_map(|document| *document.as_bytes()).collect();
    w.array(4)?.u64(kind::MOVE)?.u32(wanted.ask.0)?.bytes(wanted.to.as_bytes())?.bytes(&ids)?.ok()
}

pub(super) fn read_move(fields: &mut Fields<'_, '_>) -> Decoded<Move> {
    let ask = AskId(fields.u32("ask")?);
    let to = SpaceId::from_bytes(fields.exact("space")?);
    let ids = super::heal::parts::<{ DocumentId::LEN }>(
        fields.bytes("documents")?,
        MOVE_DOCUMENTS_MAX,
        "documents",
    )?;
    Ok(Move { ask, to, documents: ids.map(DocumentId::from_bytes).collect() })
}

pub(super) fn write_moved_out(
    w: &mut Writer,
    document: &DocumentId,
    home: HomeVersion,
    to: Option<&SpaceId>,
) -> Written {
    w.array(4)?.u64(kind::ENTRY_MOVED_OUT)?.bytes(document.as_bytes())?.u64(home.get())?;
    match to {
        Some(space) => w.bytes(space.as_bytes())?.ok(),
        None => w.null()?.ok(),
    }
}

pub(super) fn read_moved_out(entry: &mut Fields<'_, '_>) -> Decoded<PageEntry> {
    Ok(PageEntry::MovedOut {
        document: DocumentId::from_bytes(entry.exact("document")?),
        home: HomeVersion::new(entry.u64("home")?),
        to: entry.exact_or_null("to")?.map(SpaceId::from_bytes),
    })
}

pub(super) fn write_moved_in(w: &mut Writer, document: &DocumentId, home: HomeVersion) -> Written {
    w.array(3)?.u64(kind::ENTRY_MOVED_IN)?.bytes(document.as_bytes())?.u64(home.get())?.ok()
}

pub(super) fn read_moved_in(entry: &mut Fields<'_, '_>) -> Decoded<PageEntry> {
    Ok(PageEntry::MovedIn {
        document: DocumentId::from_bytes(entry.exact("document")?),
        home: HomeVersion::new(entry.u64("home")?),
    })
}
