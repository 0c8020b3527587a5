//! Import of the whole sample set beside its chunks and rows put bare into redb.

use crate::bare::Bare;
use crate::measure::{Sample, Table, time};
use crate::{Plan, fixture};

/// Runs both in turns.
pub fn run(plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    let (mut ours, mut limit, mut rates) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.times(5, 2) {
        let dir = tempfile::tempdir_in(&plan.work)?;
        let engine = fixture::store(&dir.path().join("store"))?;
        let (took, summary) = time(|| fixture::import(plan, &engine, dir.path()))?;
        let rows: u64 = summary.files.iter().map(|file| file.rows).sum();
        rates.push(rows as f64 / took.as_secs_f64());
        ours.push(took);
        let records = fixture::record_puts(&engine)?;
        let bare = Bare::create(&dir.path().join("bare.redb"))?;
        let (took, ()) = time(|| {
            records.chunks(fixture::ROWS_PER_COMMIT).try_for_each(|rows| bare.commit(rows.iter().flatten()))
        })?;
        limit.push(took);
    }
    table.add_times("import of the whole set", "redb, same chunks and rows", &ours, &limit);
    table.add("import, rows a second", Sample::new(rates).text("rows/s"), String::new(), String::new());
    Ok(())
}
