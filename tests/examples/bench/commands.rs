//! Whole commands, from starting the process to its end, beside a command that does nothing and beside reading the rows.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::measure::{Table, time};
use crate::{Plan, bare, fixture};

/// How this program is called to read rows and nothing else.
pub const RAW_ROWS: &str = "raw-rows";

/// Measures an edit, a list and the pipeline.
pub fn run(plan: &Plan, table: &mut Table) -> anyhow::Result<()> {
    ensure!(plan.forsat.is_file(), "say with --forsat where the built program is");
    let dir = tempfile::tempdir_in(&plan.work)?;
    let store = dir.path().join("store");
    let engine = fixture::imported(plan, &store)?;
    let deals = fixture::deals(&engine)?;
    drop(engine);
    let own = std::env::current_exe().context("the path of this program")?;
    let store = store.to_str().context("the path of the store is text")?;
    let version = || run_command(&plan.forsat, &["--version"]);
    let raw = || run_command(&own, &[RAW_ROWS, store]);
    let forsat = |arguments: &[&str]| run_command(&plan.forsat, &[&["--store", store], arguments].concat());

    let (mut ours, mut limit) = (Vec::new(), Vec::new());
    for deal in deals.iter().take(plan.times(60, 15)) {
        ours.push(forsat(&["opp", "edit", deal, "next_step=send the offer"])?);
        limit.push(version()?);
    }
    table.add_times("forsat opp edit", "forsat --version", &ours, &limit);
    for command in [&["opp", "list"][..], &["opp", "list", "--json"], &["pipeline"], &["issues"]] {
        let (mut ours, mut start, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..plan.times(15, 5) {
            ours.push(forsat(command)?);
            start.push(version()?);
            rows.push(raw()?);
        }
        let name = format!("forsat {}", command.join(" "));
        table.add_times(&name, "reading the rows bare", &ours, &rows);
        table.add_times(&name, "forsat --version", &ours, &start);
    }
    Ok(())
}

/// Reads every deal's row past the product; what lists and reports can't do without.
pub fn read_raw_rows(store: &Path) -> anyhow::Result<()> {
    let (rows, _) = bare::read_table(&store.join("store.redb"), "rows", b"opportunity\0")?;
    ensure!(rows > 0, "the store has deals");
    Ok(())
}

/// Runs a program to its end, its data going nowhere.
pub fn run_command(program: &Path, arguments: &[&str]) -> anyhow::Result<Duration> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let (took, output) = time(|| Ok(command.output()?))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} {}: {said}", program.display(), arguments.join(" "));
    Ok(took)
}
