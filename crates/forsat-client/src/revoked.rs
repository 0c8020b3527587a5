//! What a device does once its relay has revoked it: it keeps what was never sent, and erases key and records.
//!
//! Only an entry of the control log counts that names this device and carries the signature of the relay that the invite
//! pinned; the session has checked both before anything here is called.

use crate::engine::Engine;
use crate::error::{ClientError, KeptUnsent};
use crate::join::key;
use forsat_store::OutboxLimit;
use serde_json::json;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// The file that keeps what was never sent.
const UNSENT_FILE: &str = "unsent-changes.jsonl";
/// The folder of drafts beside the store.
const DRAFTS: &str = "drafts";

/// Erases the store in `directory`. Where the device isn't lost, its unsent changes are kept beside it first, a line each.
/// Answers where they are, and how many.
pub(crate) fn erase(
    engine: &Engine,
    directory: &Path,
    lost: bool,
) -> Result<Option<KeptUnsent>, ClientError> {
    let kept = if lost { None } else { keep_unsent(engine, directory)? };
    // The records first: a key that stays behind for a moment opens nothing any more.
    engine.store().erase(directory)?;
    key::erase(directory)?;
    // What was typed and never saved, if the program on top keeps such.
    if let Err(error) = fs::remove_dir_all(directory.join(DRAFTS)) {
        tracing::debug!(%error, "no drafts were erased");
    }
    Ok(kept)
}

/// Writes the unsent changes of all spaces to a file; answers how many, or nothing when there are none.
fn keep_unsent(engine: &Engine, directory: &Path) -> Result<Option<KeptUnsent>, ClientError> {
    let tx = engine.read()?;
    let all = OutboxLimit { bytes_max: u64::MAX, changes_max: usize::MAX };
    let mut lines = Vec::new();
    for (space, _) in tx.outbox_spaces()? {
        for item in tx.outbox(&space, None, all)? {
            let Some(chunk) = tx.chunk(&item.document, &item.hash)? else { continue };
            let line = json!({
                "space": space.to_string(),
                "document": item.document.to_string(),
                "change": item.hash.to_string(),
                "chunk": hex::encode(&chunk.bytes),
            });
            lines.push(line.to_string());
        }
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let path = directory.join(UNSENT_FILE);
    write(&path, &lines).map_err(|source| ClientError::File { path: path.display().to_string(), source })?;
    Ok(Some(KeptUnsent { changes: lines.len(), path: path.display().to_string() }))
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
