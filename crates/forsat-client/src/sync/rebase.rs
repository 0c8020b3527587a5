//! Writing unsent changes anew: after a refusal without the refused ones, after a fork under a new actor.

use crate::error::ClientError;
use crate::ids::document_id;
use crate::vault;
use forsat_document::{Author, Chunk, Document};
use forsat_domain::RecordId;
use forsat_domain::schema::Schema;
use forsat_store::{Access, ChunkState, StoredChunk, Tx, WriteTx};
use forsat_sync::genesis;
use forsat_sync::id::ChangeHash;
use std::collections::{BTreeMap, BTreeSet};

/// The states whose changes the relay has: what unsent changes are written anew upon.
pub(super) const AT_RELAY: [ChunkState; 2] = [ChunkState::Feed, ChunkState::Acked];

/// A document with its unsent changes written anew, before anything is stored.
pub(super) struct Rebased {
    document: Document,
    unsent: Vec<StoredChunk>,
    chunks: Vec<Chunk>,
    renamed: BTreeMap<[u8; 32], [u8; 32]>,
    /// Changes that are not made again: the dropped ones, and all of them where that can't be done.
    pub given_up: BTreeSet<[u8; 32]>,
}

/// Writes the unsent changes of a document anew on `base`, which holds what the relay has; `dropped` are left out.
pub(super) fn rebase<A: Access>(
    tx: &Tx<A>,
    base: Document,
    dropped: &BTreeSet<[u8; 32]>,
    author: &Author,
) -> Result<Rebased, ClientError> {
    let unsent = tx.chunks_in(&document_id(base.id()), &[ChunkState::Outbox])?;
    let chunks: Vec<Chunk> = unsent.iter().map(to_chunk).collect();
    // A document whose beginning is refused can't hold anything.
    let begins = |hash: &[u8; 32]| genesis::ALLOWED.contains(&ChangeHash::from_bytes(*hash));
    if !dropped.iter().any(begins) {
        match base.clone().reauthor(&chunks, dropped, author) {
            Ok(made) => {
                let given_up = dropped
                    .iter()
                    .filter(|hash| chunks.iter().any(|chunk| chunk.hash == **hash))
                    .copied()
                    .collect();
                let (document, chunks, renamed) = (made.document, made.chunks, made.renamed);
                return Ok(Rebased { document, unsent, chunks, renamed, given_up });
            }
            Err(error) => {
                tracing::warn!(%error, document = %base.id(), "unsent changes can't be made again; they are kept as refused");
            }
        }
    }
    let given_up = chunks.iter().map(|chunk| chunk.hash).collect();
    Ok(Rebased { document: base, unsent, chunks: Vec::new(), renamed: BTreeMap::new(), given_up })
}

impl Rebased {
    /// Stores it: the old changes leave the outbox and the view, the new ones take their place.
    pub(super) fn keep(self, tx: &mut WriteTx<'_>, schema: &Schema) -> Result<(), ClientError> {
        let at = document_id(self.document.id());
        let kept: BTreeSet<[u8; 32]> = self.chunks.iter().map(|chunk| chunk.hash).collect();
        for old in self.unsent.iter().filter(|old| !kept.contains(old.hash.as_bytes())) {
            tx.set_chunk_state(&at, &old.hash, ChunkState::Refused)?;
        }
        for chunk in &self.chunks {
            let hash = ChangeHash::from_bytes(chunk.hash);
            if !tx.append_chunk(&at, hash, &chunk.bytes, ChunkState::Outbox)? {
                tx.set_chunk_state(&at, &hash, ChunkState::Outbox)?;
            }
        }
        for (old, new) in self.renamed.iter().filter(|(old, new)| old != new) {
            tx.add_alias(&ChangeHash::from_bytes(*old), &ChangeHash::from_bytes(*new))?;
        }
        vault::refresh(tx, schema, &self.document)?;
        Ok(())
    }
}

/// The document as the relay has it.
pub(super) fn at_relay<A: Access>(tx: &Tx<A>, id: RecordId) -> Result<Document, ClientError> {
    vault::load_states(tx, id, &AT_RELAY)
}

pub(super) fn to_chunk(chunk: &StoredChunk) -> Chunk {
    Chunk { hash: *chunk.hash.as_bytes(), bytes: chunk.bytes.clone() }
}
