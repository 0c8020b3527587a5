//! The figures of `docs/benchmarks.md`: what the product does, each beside its limit measured in the same run.
//!
//! `scripts/bench` builds and runs it. A figure is a ratio: time (or bytes) of ours over that of the limit. Ours and
//! the limit take turns, so that what else the machine does falls on both.

#![expect(clippy::print_stdout, reason = "printing one table is what this program is for")]

mod acks;
mod bare;
mod commands;
mod crowd;
mod device;
mod edit;
mod first_sync;
mod fixture;
mod import;
mod lists;
mod measure;
mod noise;
mod proxy;
mod reconnect;
mod recorder;
mod team;

use std::path::PathBuf;

use anyhow::{Context, bail};

use crate::measure::Table;

/// What is measured, and how often.
pub struct Plan {
    /// Fewer repetitions.
    pub quick: bool,
    /// The built `forsat` program.
    pub forsat: PathBuf,
    /// The folder of the sample data with its mapping.
    pub data: PathBuf,
    /// Where stores are made; on the disk that is to be measured.
    pub work: PathBuf,
    /// Names of the parts to run; empty: all.
    pub only: Vec<String>,
}

impl Plan {
    /// One number for a whole run, another for a quick one.
    pub fn times(&self, whole: usize, quick: usize) -> usize {
        if self.quick { quick } else { whole }
    }

    fn read(arguments: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let mut plan = Self {
            quick: false,
            forsat: PathBuf::new(),
            data: root.join("data/crm-sales"),
            work: std::env::temp_dir(),
            only: Vec::new(),
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().with_context(|| format!("{argument} needs a value"));
            match argument.as_str() {
                "--quick" => plan.quick = true,
                "--forsat" => plan.forsat = value()?.into(),
                "--dir" => plan.work = value()?.into(),
                name if name.starts_with('-') => {
                    bail!("there is no option {name}; see the head of scripts/bench")
                }
                name => plan.only.push(name.to_owned()),
            }
        }
        Ok(plan)
    }
}

type Part = fn(&Plan, &mut Table) -> anyhow::Result<()>;

/// Every part, in the order of the table.
const PARTS: &[(&str, Part)] = &[
    ("import", import::run),
    ("edit", edit::run),
    ("commands", commands::run),
    ("lists", lists::run),
    ("first-sync", first_sync::run),
    ("reconnect", reconnect::run),
    ("acks", acks::run),
    ("crowd", crowd::run),
];

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.peek().is_some_and(|first| first == commands::RAW_ROWS) {
        let path = arguments.nth(1).context("the store's folder is missing")?;
        return commands::read_raw_rows(path.as_ref());
    }
    let plan = Plan::read(arguments)?;
    if let Some(name) = plan.only.iter().find(|name| PARTS.iter().all(|(known, _)| known != name)) {
        let known: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        bail!("there is no part {name}; there are {}", known.join(", "));
    }
    let mut table = Table::default();
    noise::run(&plan, &mut table, "before")?;
    for (name, part) in PARTS {
        if plan.only.is_empty() || plan.only.iter().any(|only| only == name) {
            part(&plan, &mut table).with_context(|| format!("part {name}"))?;
        }
    }
    noise::run(&plan, &mut table, "after")?;
    println!("{}", table.text());
    Ok(())
}
