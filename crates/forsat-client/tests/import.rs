//! Import: the sample set's totals, and rows that come again.

use crate::support::{dollars, sample_set};
use forsat_client::{Engine, ImportOptions, ImportSummary};
use std::path::Path;

fn import(engine: &Engine, from: &Path, refused: &Path) -> ImportSummary {
    let options = ImportOptions { refused_dir: Some(refused.to_owned()), ..ImportOptions::default() };
    engine.import(from, &sample_set().join("crm-sales.toml"), &options, &mut |_| {}).expect("imports")
}

#[test]
fn the_sample_set_is_taken_and_refused_as_counted_by_hand() {
    let (dir, engine) = dollars(1);
    let summary = import(&engine, &sample_set(), dir.path());
    let deals = summary.files.last().expect("five parts");
    assert_eq!(deals.rows, 8_800);
    assert_eq!(deals.created, 7_375);
    assert_eq!(deals.refused.values().sum::<u64>(), 1_425);
}
