//! What a device does once its relay has revoked it: it keeps what the relay doesn't have and didn't take, and erases
//! key and records.
//!
//! Only an entry of the control log counts that names this device and carries the signature of the relay that the invite
//! pinned; the session has checked both before anything here is called.

use crate::engine::Engine;
use crate::error::{ClientError, KeptUnsent};
use crate::join::key::{self, KeyFile};
use crate::keyring::KeyringEntry;
use crate::sync::Taken;
use forsat_store::{Access, Aside, RefusedEdit, Salvage, Tx};
use forsat_sync::genesis;
use forsat_sync::id::{ChangeHash, DocumentId};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The file that keeps what the relay doesn't have; what another store left in this folder stays, and the next has a number.
const UNSENT: &str = "unsent-changes";
/// Under which it is written before it is whole.
const UNSENT_PART: &str = "unsent-changes.part";
/// Such files that one folder may hold.
const UNSENT_FILES_MAX: usize = 1_000;
/// The folder of drafts beside the store.
const DRAFTS: &str = "drafts";

/// What an erased store leaves behind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Where the changes are that the relay doesn't have, and how many.
    pub kept: Option<KeptUnsent>,
    /// What the entry of the key is called in a keyring that couldn't be brought to remove it.
    pub entry: Option<String>,
}

/// Erases the store in `directory`. Where the device isn't lost, those of its unsent changes and refused edits that the relay
/// hasn't `taken` are kept beside it first, a line each.
pub(crate) fn erase(
    engine: &Engine,
    directory: &Path,
    lost: bool,
    taken: &Taken,
) -> Result<Left, ClientError> {
    let kept = if lost { None } else { keep_unsent(engine, directory, taken)? };
    // The records first: a key that stays behind for a moment opens nothing any more.
    engine.store().erase(directory)?;
    let entry = erase_key(engine, directory)?;
    // What was typed and never saved, if the program on top keeps such.
    if let Err(error) = fs::remove_dir_all(directory.join(DRAFTS)) {
        tracing::debug!(%error, "no drafts were erased");
    }
    Ok(Left { kept, entry })
}

/// Erases the key where it lies, and its entry in the keyring, which a move that broke off may have left; answers what the
/// entry is called where the key stays in it.
fn erase_key(engine: &Engine, directory: &Path) -> Result<Option<String>, ClientError> {
    // A file that can't be read is erased all the same.
    let file = key::read(directory).ok().flatten();
    let entry = file.as_ref().map(|file| KeyringEntry::of(file.public()));
    let remove = |entry: &KeyringEntry| engine.keyring().map(|keyring| keyring.remove(entry));
    if let (Some(KeyFile::Keyring(_)), Some(entry)) = (&file, &entry) {
        // Until it is gone, the file says where the key is.
        let removed = remove(entry);
        key::erase(directory)?;
        return Ok((removed != Some(Ok(()))).then(|| entry.label()));
    }
    key::erase(directory)?;
    if let Some(Err(error)) = entry.as_ref().and_then(remove) {
        tracing::debug!(%error, "the keyring wasn't asked to forget the key, which it needn't have");
    }
    Ok(None)
}

/// Writes to a file what the relay doesn't have, changes that were never sent and refused edits; answers how many, or nothing
/// when there are none. What is damaged is written as it is: it must not keep the rest from being erased.
fn keep_unsent(engine: &Engine, directory: &Path, taken: &Taken) -> Result<Option<KeptUnsent>, ClientError> {
    let tx = engine.read()?;
    let mut loose = loose(&tx);
    let mut salvage = tx.salvage()?;
    let is_at_relay =
        |document, hash| taken.contains(&(document, hash)) || loose.taken.contains(&(document, hash));
    salvage.refused.retain(|edit| !is_at_relay(edit.document, edit.hash));
    salvage.changes.retain(|change| change.hash.is_none_or(|hash| !is_at_relay(change.document, hash)));
    let lines = lines(salvage, &mut loose.chunks);
    if lines.is_empty() {
        return Ok(None);
    }
    let path = write(directory, &lines)
        .map_err(|source| ClientError::File { path: directory.join(UNSENT).display().to_string(), source })?;
    Ok(Some(KeptUnsent { changes: lines.len(), path: path.display().to_string() }))
}

/// What the store knows of refused edits beside them.
#[derive(Default)]
struct Loose {
    /// Those that lie at the relay.
    taken: Taken,
    /// Changes of records that have left.
    chunks: BTreeMap<(DocumentId, ChangeHash), Vec<u8>>,
}

/// Reads that as far as it can be read: nothing of it may keep the rest from being erased.
fn loose<A: Access>(tx: &Tx<A>) -> Loose {
    let mut loose = Loose::default();
    for (id, edit) in tx.refused_edits().unwrap_or_default() {
        let place = (edit.document, edit.hash);
        if let Ok(Some(Aside::Taken)) = tx.refused_aside(id) {
            loose.taken.insert(place);
        }
        if let Ok(Some(chunk)) = tx.refused_chunk(id) {
            loose.chunks.insert(place, chunk);
        }
    }
    loose
}

/// A line for each change, with what the relay said of it where it was refused; and for each refused edit whose change is gone.
fn lines(salvage: Salvage, chunks: &mut BTreeMap<(DocumentId, ChangeHash), Vec<u8>>) -> Vec<String> {
    // The fixed beginning of a record says nothing without the rest.
    let is_fixed = |hash: Option<ChangeHash>| hash.is_some_and(|hash| genesis::ALLOWED.contains(&hash));
    let told = salvage.changes.iter().filter(|change| !is_fixed(change.hash)).map(|change| change.document);
    let told: BTreeSet<DocumentId> = told.collect();
    let mut refused = BTreeMap::new();
    for edit in salvage.refused {
        refused.insert((edit.document, edit.hash), edit);
    }
    let mut lines: Vec<Value> = Vec::new();
    for change in salvage.changes.into_iter().filter(|change| told.contains(&change.document)) {
        let edit = change.hash.and_then(|hash| refused.remove(&(change.document, hash)));
        let mut line = json!({
            "space": change.space.map(|space| space.to_string()),
            "document": change.document.to_string(),
            "change": change.hash.map(|hash| hash.to_string()),
        });
        line[if change.is_whole { "chunk" } else { "damaged" }] = hex::encode(&change.bytes).into();
        if let Some(edit) = edit {
            line["refused"] = said(&edit);
        }
        lines.push(line);
    }
    lines.extend(refused.into_iter().map(|(place, edit)| {
        let mut line = json!({
            "space": edit.space.to_string(),
            "document": edit.document.to_string(),
            "change": edit.hash.to_string(),
            "refused": said(&edit),
        });
        if let Some(chunk) = chunks.remove(&place) {
            line["chunk"] = hex::encode(chunk).into();
        }
        line
    }));
    lines.iter().map(Value::to_string).collect()
}

/// Why an edit was refused, and what it wrote.
fn said(edit: &RefusedEdit) -> Value {
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    json!({
        "code": edit.code,
        "message": edit.message,
        "at_ms": edit.at_ms,
        "before": read(&edit.before),
        "after": read(&edit.after),
    })
}

/// Writes the lines to a file of their own and answers where; durable, and whole or not there. No file that is there is
/// written to: it may be the only copy of what an earlier store left.
fn write(directory: &Path, lines: &[String]) -> io::Result<PathBuf> {
    let part = directory.join(UNSENT_PART);
    // An attempt that broke off left it, while the store was still there.
    match fs::remove_file(&part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = io::BufWriter::new(new_file(&part)?);
    for line in lines {
        writeln!(file, "{line}")?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    let path = free_name(directory)?;
    fs::rename(&part, &path)?;
    #[cfg(unix)]
    File::open(directory)?.sync_all()?;
    Ok(path)
}

/// Takes the first name that no file has, by an empty file.
fn free_name(directory: &Path) -> io::Result<PathBuf> {
    for number in 1..=UNSENT_FILES_MAX {
        let name = if number == 1 { format!("{UNSENT}.jsonl") } else { format!("{UNSENT}-{number}.jsonl") };
        let path = directory.join(name);
        match new_file(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// A new file that its owner alone reads.
fn new_file(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FieldInput, InitOptions};
    use forsat_store::{RefusedState, StoreError};
    use forsat_sync::id::SpaceId;
    use redb::{Database, ReadableDatabase as _, ReadableTable as _, TableDefinition};

    fn refused(number: u8, state: RefusedState) -> RefusedEdit {
        RefusedEdit {
            document: DocumentId::from_bytes([number; 16]),
            space: SpaceId::from_bytes([1; 16]),
            hash: ChangeHash::from_bytes([number; 32]),
            code: "forbidden".to_owned(),
            message: String::new(),
            at_ms: 1,
            before: b"{}".to_vec(),
            after: br#"{"name":"Arya"}"#.to_vec(),
            state,
        }
    }

    /// Damages the last change of a store's file.
    fn damage(file: &Path) {
        let database = Database::open(file).expect("opens");
        let named: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("chunks");
        let (key, mut value) = {
            let chunks = database.begin_read().expect("begins").open_table(named).expect("is there");
            let last = chunks.iter().expect("reads").next_back().expect("has some").expect("reads");
            (last.0.value().to_vec(), last.1.value().to_vec())
        };
        let middle = value.len() / 2;
        value[middle] ^= 1;
        let writing = database.begin_write().expect("begins");
        writing.open_table(named).expect("is there").insert(&*key, &*value).expect("writes");
        writing.commit().expect("commits");
    }

    #[test]
    fn refused_edits_are_kept_and_a_damaged_change_stops_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path();
        let engine = Engine::init(dir, &InitOptions::default()).expect("a store");
        engine.create("account", &[FieldInput::new("name", "Arya")]).expect("creates");
        let unsent = engine.unsent().expect("counts");
        let states = [RefusedState::Open, RefusedState::Retried, RefusedState::Dropped, RefusedState::Open];
        for (number, state) in (1..).zip(states) {
            let keep = engine.store().write::<_, StoreError>(|tx| tx.add_refused(&refused(number, state)));
            keep.expect("writes");
        }
        drop(engine);
        damage(&dir.join("store.redb"));
        fs::write(dir.join("device.key"), [1; 32]).expect("writes");
        fs::write(dir.join("device.key.new"), [1; 32]).expect("writes");

        let engine = Engine::open(dir).expect("opens");
        let left = erase(&engine, dir, false, &Taken::new()).expect("erases");
        let kept = left.kept.expect("something is kept");
        let text = fs::read_to_string(dir.join("unsent-changes.jsonl")).expect("reads");
        let lines: Vec<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
        assert_eq!(lines.len(), kept.changes);
        let with =
            |name: &str| lines.iter().filter(|line| line[name].is_object() || line[name].is_string()).count();
        assert_eq!((with("chunk") as u64, with("damaged"), with("refused")), (unsent - 1, 1, 2));
        let edits: Vec<&Value> = lines.iter().filter(|line| line["refused"].is_object()).collect();
        let documents: Vec<String> =
            [1, 4].map(|number| DocumentId::from_bytes([number; 16]).to_string()).into();
        assert_eq!(
            edits.iter().map(|line| line["document"].as_str().unwrap_or_default()).collect::<Vec<_>>(),
            documents
        );
        assert_eq!(edits[0]["refused"]["after"]["name"], "Arya");
        for name in ["store.redb", "device.key", "device.key.new"] {
            assert!(!dir.join(name).exists(), "{name}");
        }
    }

    #[test]
    fn a_lost_device_keeps_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let engine = Engine::init(dir.path(), &InitOptions::default()).expect("a store");
        engine.create("account", &[FieldInput::new("name", "Arya")]).expect("creates");
        let left = erase(&engine, dir.path(), true, &Taken::new()).expect("erases");
        assert_eq!(left, Left { kept: None, entry: None });
        assert!(!dir.path().join("unsent-changes.jsonl").exists());
    }

    #[test]
    fn what_an_earlier_store_left_in_the_folder_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path();
        fs::write(dir.join("unsent-changes.jsonl"), "the only copy\n").expect("writes");
        fs::write(dir.join(UNSENT_PART), "half a li").expect("writes");
        for name in ["unsent-changes-2.jsonl", "unsent-changes-3.jsonl"] {
            let engine = Engine::init(dir, &InitOptions::default()).expect("a store");
            engine.create("account", &[FieldInput::new("name", "Arya")]).expect("creates");
            let kept =
                erase(&engine, dir, false, &Taken::new()).expect("erases").kept.expect("something is kept");
            drop(engine);
            assert_eq!(kept.path, dir.join(name).display().to_string(), "the name told is the real one");
            let text = fs::read_to_string(dir.join(name)).expect("reads");
            assert_eq!(text.lines().count(), kept.changes);
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = fs::metadata(dir.join(name)).expect("is there").permissions().mode();
                assert_eq!(mode & 0o777, 0o600);
            }
        }
        let first = fs::read_to_string(dir.join("unsent-changes.jsonl")).expect("reads");
        assert_eq!(first, "the only copy\n");
        assert!(!dir.join(UNSENT_PART).exists());
    }
}
