//! The sample set in a store, and its bytes taken out again for the limits.

use std::path::Path;

use anyhow::Context;
use forsat_client::{Engine, ImportOptions, ImportSummary, InitOptions, ListQuery};
use forsat_store::OutboxLimit;

use crate::Plan;
use crate::bare::Put;

/// Rows to a commit, in ours and in the limit.
pub const ROWS_PER_COMMIT: usize = 500;

/// The mapping that ships with the sample set.
const MAPPING: &str = "crm-sales.toml";

/// Makes an empty store.
pub fn store(dir: &Path) -> anyhow::Result<Engine> {
    let options = InitOptions {
        user_name: "Sara".into(),
        email: Some("sara@example.com".into()),
        currency: Some("USD".into()),
        ..InitOptions::default()
    };
    Ok(Engine::init(dir, &options)?)
}

/// Imports the whole sample set.
pub fn import(plan: &Plan, engine: &Engine, scratch: &Path) -> anyhow::Result<ImportSummary> {
    let options = ImportOptions {
        batch: ROWS_PER_COMMIT,
        refused_dir: Some(scratch.to_owned()),
        ..ImportOptions::default()
    };
    Ok(engine.import(&plan.data, &plan.data.join(MAPPING), &options, &mut |_| ())?)
}

/// A store with the whole sample set.
pub fn imported(plan: &Plan, dir: &Path) -> anyhow::Result<Engine> {
    let engine = store(dir)?;
    import(plan, &engine, dir)?;
    Ok(engine)
}

/// The full short ids of every deal, in the order of a list.
pub fn deals(engine: &Engine) -> anyhow::Result<Vec<String>> {
    let page = engine.list("opportunity", &ListQuery::default())?;
    Ok(page.rows.into_iter().map(|row| row.short).collect())
}

/// The chunks and the row of each record that waits to be sent, records in the order in which they were made.
pub fn record_puts(engine: &Engine) -> anyhow::Result<Vec<Vec<Put>>> {
    let tx = engine.store().read()?;
    let limit = OutboxLimit { bytes_max: u64::MAX, changes_max: usize::MAX };
    let mut records: Vec<Vec<Put>> = Vec::new();
    for (space, _) in tx.outbox_spaces()? {
        let mut last = None;
        for item in tx.outbox(&space, None, limit)? {
            if last.replace(item.document) != Some(item.document) {
                records.push(vec![row_put(&tx, &item.document)?]);
            }
            let chunk = tx.chunk_at(&item.document, item.ordinal)?.context("an unsent change is stored")?;
            let puts = records.last_mut().context("a record was begun")?;
            puts.push(chunk_put(&item.document, item.ordinal.get(), chunk.bytes));
        }
    }
    Ok(records)
}

/// A change under the document and its place in it.
pub fn chunk_put(document: &forsat_sync::id::DocumentId, ordinal: u64, bytes: Vec<u8>) -> Put {
    Put::new("chunks", [document.as_bytes().as_slice(), &ordinal.to_be_bytes()].concat(), bytes)
}

fn row_put(tx: &forsat_store::ReadTx, document: &forsat_sync::id::DocumentId) -> anyhow::Result<Put> {
    let module = tx.document(document)?.and_then(|row| row.module).context("a record has a module")?;
    let row = tx.row(&module, document)?.context("a record has a row")?;
    Ok(Put::new("rows", [module.as_bytes(), &[0], document.as_bytes()].concat(), row))
}

/// The changes and the row of one record as they stand now; the last change comes last.
pub fn puts_of(engine: &Engine, id: &[u8; 16]) -> anyhow::Result<(Vec<Put>, Put)> {
    let (tx, document) = (engine.store().read()?, forsat_sync::id::DocumentId::from_bytes(*id));
    let chunks = tx.chunks(&document)?.into_iter();
    let chunks = chunks.map(|chunk| chunk_put(&document, chunk.ordinal.get(), chunk.bytes)).collect();
    Ok((chunks, row_put(&tx, &document)?))
}
