//! A durable edit of one field beside a bare commit of the bytes that it made.

use forsat_client::FieldInput;

use crate::bare::Bare;
use crate::measure::{Sample, Table, time};
use crate::{Plan, fixture};

/// The field of the deal that is edited; its values change with every edit.
const FIELD: &str = "next_step";

/// Edits many deals once each, as a person does who goes through a list.
pub fn run(plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    let dir = tempfile::tempdir_in(&plan.work)?;
    let engine = fixture::imported(plan, &dir.path().join("store"))?;
    let bare = Bare::create(&dir.path().join("bare.redb"))?;
    for rows in fixture::record_puts(&engine)?.chunks(fixture::ROWS_PER_COMMIT) {
        bare.commit(rows.iter().flatten())?;
    }
    let deals = fixture::deals(&engine)?;
    let stride = (deals.len() / plan.times(400, 100)).max(1);
    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for (turn, deal) in deals.iter().step_by(stride).enumerate() {
        let value = FieldInput::new(FIELD, format!("call back about offer {turn}"));
        let (took, saved) = time(|| Ok(engine.edit("opportunity", deal, std::slice::from_ref(&value))?))?;
        anyhow::ensure!(saved.changed, "an edit changes something");
        ours.push(took);
        let (chunks, row) = fixture::puts_of(&engine, saved.id.as_bytes())?;
        let (took, ()) = time(|| bare.commit(chunks.last().into_iter().chain([&row])))?;
        limit.push(took);
    }
    table.add_times("durable one-field edit", "redb commit, same chunk and row", &ours, &limit);
    let (ours, limit) = (Sample::of_times(&ours).quantile(0.99), Sample::of_times(&limit).quantile(0.99));
    let text = |value: f64| format!("{value:.2} ms");
    table.add("durable one-field edit, p99", text(ours), text(limit), format!("{:.2} ×", ours / limit));
    Ok(())
}
