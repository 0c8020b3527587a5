//! What a device does once its relay has revoked it: it keeps what was never sent and the relay didn't take, and erases key
//! and records.
//!
//! Only an entry of the control log counts that names this device and carries the signature of the relay that the invite
//! pinned; the session has checked both before anything here is called.

use crate::engine::Engine;
use crate::error::{ClientError, KeptUnsent};
use crate::join::key;
use crate::sync::Taken;
use forsat_store::{Access, Aside, OutboxLimit, RefusedState, Tx};
use forsat_sync::genesis;
use forsat_sync::id::{ChangeHash, DocumentId, SpaceId};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// The file that keeps what was never sent.
const UNSENT_FILE: &str = "unsent-changes.jsonl";
/// The folder of drafts beside the store.
const DRAFTS: &str = "drafts";

/// Erases the store in `directory`. Where the device isn't lost, those of its unsent changes that the relay hasn't `taken`
/// are kept beside it first, a line each. Answers where they are, and how many.
pub(crate) fn erase(
    engine: &Engine,
    directory: &Path,
    lost: bool,
    taken: &Taken,
) -> Result<Option<KeptUnsent>, ClientError> {
    let kept = if lost { None } else { keep_unsent(engine, directory, taken)? };
    // The records first: a key that stays behind for a moment opens nothing any more.
    engine.store().erase(directory)?;
    key::erase(directory)?;
    // What was typed and never saved, if the program on top keeps such.
    if let Err(error) = fs::remove_dir_all(directory.join(DRAFTS)) {
        tracing::debug!(%error, "no drafts were erased");
    }
    Ok(kept)
}

/// A change that is kept.
struct Kept {
    space: SpaceId,
    document: DocumentId,
    hash: ChangeHash,
    chunk: Vec<u8>,
}

/// Writes what was never sent and isn't at the relay to a file; answers how many changes, or nothing when there are none.
fn keep_unsent(engine: &Engine, directory: &Path, taken: &Taken) -> Result<Option<KeptUnsent>, ClientError> {
    let tx = engine.read()?;
    let mut kept = unsent(&tx, taken)?;
    kept.extend(refused(&tx, taken)?);
    // The fixed beginning of a record says nothing without the rest.
    let is_fixed = |kept: &Kept| genesis::ALLOWED.contains(&kept.hash);
    let told: BTreeSet<DocumentId> =
        kept.iter().filter(|kept| !is_fixed(kept)).map(|kept| kept.document).collect();
    kept.retain(|kept| told.contains(&kept.document));
    if kept.is_empty() {
        return Ok(None);
    }
    let line = |kept: &Kept| {
        let line = json!({
            "space": kept.space.to_string(),
            "document": kept.document.to_string(),
            "change": kept.hash.to_string(),
            "chunk": hex::encode(&kept.chunk),
        });
        line.to_string()
    };
    let lines: Vec<String> = kept.iter().map(line).collect();
    let path = directory.join(UNSENT_FILE);
    write(&path, &lines).map_err(|source| ClientError::File { path: path.display().to_string(), source })?;
    Ok(Some(KeptUnsent { changes: lines.len(), path: path.display().to_string() }))
}

/// Unsent changes of all spaces.
fn unsent<A: Access>(tx: &Tx<A>, taken: &Taken) -> Result<Vec<Kept>, ClientError> {
    let all = OutboxLimit { bytes_max: u64::MAX, changes_max: usize::MAX };
    let mut kept = Vec::new();
    for (space, _) in tx.outbox_spaces()? {
        for item in tx.outbox(&space, None, all)? {
            let (document, hash) = (item.document, item.hash);
            if taken.contains(&(document, hash)) {
                continue;
            }
            let Some(chunk) = tx.chunk(&document, &hash)? else { continue };
            kept.push(Kept { space, document, hash, chunk: chunk.bytes });
        }
    }
    Ok(kept)
}

/// Refused edits that nobody has decided about.
fn refused<A: Access>(tx: &Tx<A>, taken: &Taken) -> Result<Vec<Kept>, ClientError> {
    let mut kept = Vec::new();
    for (id, edit) in tx.refused_edits()? {
        let is_at_relay =
            taken.contains(&(edit.document, edit.hash)) || tx.refused_aside(id)? == Some(Aside::Taken);
        if edit.state != RefusedState::Open || is_at_relay {
            continue;
        }
        let Some(chunk) = tx.refused_chunk(id)? else { continue };
        kept.push(Kept { space: edit.space, document: edit.document, hash: edit.hash, chunk });
    }
    Ok(kept)
}

fn write(path: &Path, lines: &[String]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file: File = options.open(path)?;
    for line in lines {
        writeln!(file, "{line}")?;
    }
    file.sync_all()
}
