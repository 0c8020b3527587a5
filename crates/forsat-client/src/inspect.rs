//! A record's past and its inside: history, changes as they are stored, the document as JSON.

use crate::authors::Authors;
use crate::engine::Engine;
use crate::error::{ArgumentError, ClientError, Damage};
use crate::find::{self, Hit};
use crate::ids::document_id;
use crate::model::{ChangeView, HistoryView, Inspection, StoredChange};
use crate::vault::{self, Loaded};
use crate::world::StoreWorld;
use forsat_document::{FieldChange, Genesis};
use forsat_domain::RecordId;
use forsat_domain::id::encode_id;
use forsat_store::{ChunkState, ReadTx, StoredChunk};
use forsat_sync::id::{ChangeHash, DocumentId};
use forsat_sync::limits::ChunkLimits;
use std::collections::BTreeMap;

impl Engine {
    /// A record's changes, newest first; without the fixed ones that it began with, which nobody made.
    pub fn history(&self, module: &str, reference: &str) -> Result<Vec<HistoryView>, ClientError> {
        let tx = self.read()?;
        let hit = find::resolve_document(&tx, self.schema(), module, reference)?;
        let loaded = loaded(&tx, &hit)?;
        let world = StoreWorld::new(&tx)?;
        let authors = Authors::new(&tx);
        let mut entries = Vec::new();
        let standings = tx.standings(&document_id(hit.id))?;
        let mut history = loaded.document.history();
        history.retain(|entry| Genesis::by_hash(&entry.hash).is_none());
        for entry in history.into_iter().rev() {
            let standing = standings.get(&ChangeHash::from_bytes(entry.hash));
            let authorship = authors.of(standing, entry.author)?;
            let author = entry
                .author
                .map(|author| world.name(RecordId(author.0)).unwrap_or_else(|| author.to_string()));
            entries.push(HistoryView {
                hash: hex::encode(entry.hash),
                author,
                authorship,
                actor: hex::encode(&entry.actor),
                seq: entry.seq,
                time_ms: entry.time_ms,
                unsent: standing.is_some_and(|standing| standing.state == ChunkState::Outbox),
                changes: entry.changes.into_iter().map(change_view).collect(),
            });
        }
        world.check()?;
        Ok(entries)
    }

    /// A record's document from the inside; `at`: a change's hash (hex, or its beginning) to see it as it was then.
    pub fn inspect(
        &self,
        module: &str,
        reference: &str,
        at: Option<&str>,
        raw: bool,
    ) -> Result<Inspection, ClientError> {
        let tx = self.read()?;
        let hit = find::resolve_document(&tx, self.schema(), module, reference)?;
        let loaded = loaded(&tx, &hit)?;
        let chunks = tx.chunks(&document_id(hit.id))?;
        let at = at.map(|at| change_named(&chunks, at)).transpose()?.map(|hash| vec![*hash.as_bytes()]);
        let snapshot = tx.snapshot(&document_id(hit.id))?;
        let row = match hit.module.as_str() {
            "" => None,
            module => tx.row(module, &document_id(hit.id))?,
        };
        let stored = BTreeMap::from([
            ("chunks".to_owned(), chunks.iter().map(|chunk| chunk.bytes.len() as u64).sum()),
            ("snapshot".to_owned(), snapshot.map_or(0, |snapshot| snapshot.bytes.len() as u64)),
            ("row".to_owned(), row.map_or(0, |row| row.len() as u64)),
        ]);
        let hex_all = |heads: &[ChangeHash]| heads.iter().map(ChangeHash::to_string).collect();
        Ok(Inspection {
            id: hit.id.0,
            short: encode_id(hit.id.as_bytes()),
            module: hit.module,
            space: Some(loaded.row.space.to_string()),
            heads: hex_all(&loaded.row.heads),
            feed_heads: hex_all(&loaded.row.feed_heads),
            document: loaded.document.to_json(at.as_deref())?,
            changes: stored_changes(&Authors::new(&tx), &document_id(hit.id), &loaded, &chunks, raw)?,
            stored,
        })
    }
}

fn loaded(tx: &ReadTx, hit: &Hit) -> Result<Loaded, ClientError> {
    vault::load(tx, hit.id)?.ok_or_else(|| ClientError::Damaged(Damage::MissingDocument(hit.id.to_string())))
}

pub(crate) fn change_view(change: FieldChange) -> ChangeView {
    ChangeView { path: change.path, before: change.before, after: change.after }
}

fn change_named(chunks: &[StoredChunk], text: &str) -> Result<ChangeHash, ClientError> {
    let text = text.to_lowercase();
    let mut named = chunks.iter().filter(|chunk| chunk.hash.to_string().starts_with(&text));
    match (named.next(), named.next()) {
        (Some(chunk), None) => Ok(chunk.hash),
        (None, _) => Err(ArgumentError::NoChange(text).into()),
        _ => Err(ArgumentError::SeveralChanges(text).into()),
    }
}

fn stored_changes(
    authors: &Authors<'_>,
    document: &DocumentId,
    loaded: &Loaded,
    chunks: &[StoredChunk],
    raw: bool,
) -> Result<Vec<StoredChange>, ClientError> {
    let standings = authors.tx().standings(document)?;
    let history = loaded.document.history();
    let history: BTreeMap<[u8; 32], _> = history.iter().map(|entry| (entry.hash, entry)).collect();
    let limits = ChunkLimits::default();
    let views = chunks.iter().map(|chunk| {
        let header = forsat_sync::chunk::parse(&chunk.bytes, &limits).ok().map(|(header, _)| header);
        let entry = history.get(chunk.hash.as_bytes());
        let author = entry.and_then(|entry| entry.author);
        let authorship = match Genesis::by_hash(chunk.hash.as_bytes()) {
            Some(_) => None,
            None => Some(authors.of(standings.get(&chunk.hash), author)?),
        };
        Ok(StoredChange {
            hash: chunk.hash.to_string(),
            actor: header.as_ref().map(|header| header.actor.to_string()).unwrap_or_default(),
            author: author.map(|author| author.0.to_string()),
            authorship,
            seq: header.as_ref().map_or(0, |header| header.seq),
            time_ms: entry.map_or(0, |entry| entry.time_ms),
            size: chunk.bytes.len(),
            deps: header
                .map(|header| header.deps.iter().map(ChangeHash::to_string).collect())
                .unwrap_or_default(),
            state: state_name(chunk.state).to_owned(),
            raw: raw.then(|| hex::encode(&chunk.bytes)),
        })
    });
    views.collect()
}

fn state_name(state: ChunkState) -> &'static str {
    match state {
        ChunkState::Outbox => "outbox",
        ChunkState::Acked => "acked",
        ChunkState::Feed => "feed",
        ChunkState::Waiting => "waiting",
        ChunkState::Unreadable => "unreadable",
        ChunkState::Refused => "refused",
    }
}
