//! Which records were merged into which: the way back from a survivor to its losers, which no row of the survivor holds.
//!
//! One client value lists every pair that ever was; whoever asks looks whether the loser still says so. Merges are few
//! beside records, so the list is read whole, and only when something asks.

use crate::error::ClientError;
use forsat_domain::RecordId;
use forsat_domain::lifecycle;
use forsat_domain::record::RecordState;
use forsat_store::{Access, Tx, WriteTx};
use std::collections::{BTreeMap, BTreeSet};

/// The client value with the pairs: 16 bytes of the survivor, 16 of the loser.
const MERGED: &str = "merged";

/// Losers by survivor.
pub(crate) type Merged = BTreeMap<RecordId, BTreeSet<RecordId>>;

/// Notes where a record was merged into, if it was.
pub(crate) fn note(tx: &mut WriteTx<'_>, state: &RecordState) -> Result<(), ClientError> {
    let Some(survivor) = lifecycle::merged_into(state) else { return Ok(()) };
    let mut pairs = tx.client_value(MERGED)?.unwrap_or_default();
    let pair = [*survivor.as_bytes(), *state.id.as_bytes()];
    let (known, _) = pairs.as_chunks::<16>();
    if known.as_chunks::<2>().0.contains(&pair) {
        return Ok(());
    }
    pairs.extend(pair.iter().flatten());
    Ok(tx.set_client_value(MERGED, &pairs)?)
}

/// Reads every pair that ever was.
pub(crate) fn read<A: Access>(tx: &Tx<A>) -> Result<Merged, ClientError> {
    let pairs = tx.client_value(MERGED)?.unwrap_or_default();
    let mut merged = Merged::new();
    for [survivor, loser] in pairs.as_chunks::<16>().0.as_chunks::<2>().0 {
        merged.entry(RecordId::from_bytes(*survivor)).or_default().insert(RecordId::from_bytes(*loser));
    }
    Ok(merged)
}
