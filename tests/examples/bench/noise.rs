//! How steady the machine is: the same work again and again, with nothing of the product in it.

use std::fs::File;
use std::hint::black_box;
use std::io::Write as _;

use crate::Plan;
use crate::measure::{Sample, Table, time};

/// Turns of the work that fills one probe of the processor.
const SPINS: u64 = 20_000_000;
/// What one probe of the disk appends and syncs, in bytes.
const APPEND: [u8; 4096] = [7; 4096];

/// Measures processor and disk.
pub fn run(plan: &Plan, table: &mut Table, when: &str) -> anyhow::Result<()> {
    let mut spins = Vec::new();
    for _ in 0..plan.times(30, 10) {
        spins.push(time(|| Ok(black_box(spin())))?.0);
    }
    let mut file: File = tempfile::tempfile_in(&plan.work)?;
    let mut syncs = Vec::new();
    for _ in 0..plan.times(200, 50) {
        syncs.push(time(|| Ok(file.write_all(&APPEND).and_then(|()| file.sync_data())?))?.0);
    }
    let (spins, syncs) = (Sample::of_times(&spins), Sample::of_times(&syncs));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').take(3).collect::<Vec<_>>().join(" ");
    table.add(&format!("noise {when}: the same sum again"), spins.text("ms"), String::new(), spread(&spins));
    table.add(
        &format!("noise {when}: append 4 KiB + fdatasync"),
        syncs.text("ms"),
        String::new(),
        spread(&syncs),
    );
    table.add(&format!("noise {when}: load average"), load, String::new(), String::new());
    Ok(())
}

fn spread(sample: &Sample) -> String {
    format!("p90/p10 {:.2}", sample.quantile(0.9) / sample.quantile(0.1))
}

fn spin() -> u64 {
    (0..SPINS)
        .fold(1, |sum: u64, turn| sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(black_box(turn)))
}
