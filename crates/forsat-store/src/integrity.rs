//! A thorough look at a store: the engine's checksums, every value, and what tables say of each other.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use forsat_sync::digest::{Bucket, document_digest, exchange};
use forsat_sync::id::{Digest, DocumentId, SpaceId};

use crate::access::{ALL, Direction, ReadTx, decode_whole, misread, sealed::RawAccess};
use crate::chunks::{BY_HASH, CHUNKS, ChunkState, ChunkValue, HashValue, hash_key};
use crate::codec::{In, Malformed, Table};
use crate::documents::{ChunkCounts, DOCUMENTS, DocumentRow};
use crate::error::StoreError;
use crate::outbox::{OUTBOX, OUTBOX_STATS, OutboxStats};
use crate::rows::{NAMES, ROWS, Row};
use crate::snapshots::SNAPSHOTS;
use crate::store::Store;

/// The most problems that a report lists.
const PROBLEMS_MAX: usize = 100;

/// Something that doesn't fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegrityProblem {
    /// The table where it shows.
    pub table: &'static str,
    /// What doesn't fit.
    pub what: String,
}

/// What a thorough look found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IntegrityReport {
    /// Whether the engine had to repair something of its own.
    pub engine_repaired: bool,
    /// Values that were read.
    pub values: u64,
    /// What doesn't fit, at most 100.
    pub problems: Vec<IntegrityProblem>,
}

impl Store {
    /// Reads everything and compares what the tables say of each other. Slow; no other transaction of this handle may
    /// be open ([`StoreError::Busy`]). Whether a chunk's bytes have its hash is the caller's to verify.
    pub fn check_integrity(&self) -> Result<IntegrityReport, StoreError> {
        let clean = self.engine.check_integrity()?;
        let tx = self.read()?;
        let mut check = Check { tx: &tx, report: IntegrityReport::default() };
        check.report.engine_repaired = !clean;
        check.values()?;
        if check.report.problems.is_empty() {
            check.documents()?;
            check.outbox()?;
            check.names()?;
        }
        Ok(check.report)
    }
}

pub(crate) type Decode = fn(&[u8], &mut In<'_>) -> Result<(), Malformed>;

/// How to read the values of each table.
pub(crate) const DECODERS: &[(Table, Decode)] = &[
    (crate::meta::META, any),
    (crate::meta::CLIENT, any),
    (DOCUMENTS, |key, input| crate::documents::decode_keyed(key, input).map(drop)),
    (CHUNKS, |key, input| ChunkValue::decode(key, input).map(drop)),
    (BY_HASH, |_, input| HashValue::decode(input).map(drop)),
    (SNAPSHOTS, |_, input| crate::snapshots::decode(input).map(drop)),
    (ROWS, |key, input| crate::rows::decode_keyed(key, input).map(drop)),
    (NAMES, |key, _| crate::rows::document_of(key).map(drop)),
    (OUTBOX, |key, input| crate::outbox::decode_keyed(key, input).map(drop)),
    (OUTBOX_STATS, |_, input| crate::outbox::decode_stats(input).map(drop)),
    (crate::cursors::CURSORS, |_, input| crate::cursors::decode(input).map(drop)),
    (crate::spaces::SPACES, |_, input| crate::spaces::decode(input).map(drop)),
    (crate::buckets::BUCKETS, |key, input| crate::buckets::decode_keyed(key, input).map(drop)),
    (crate::refused::REFUSED, |_, input| crate::refused::decode(input).map(drop)),
    (crate::journal::JOURNAL, |key, input| crate::journal::decode(key, input).map(drop)),
    (crate::aliases::ALIASES, |_, input| input.array::<32>().map(drop)),
    (crate::control::CONTROL, |_, input| crate::control::decode(input).map(drop)),
    (crate::issues::SYNC_ISSUES, |key, input| crate::issues::decode_keyed(key, input).map(drop)),
];

const _: () = assert!(DECODERS.len() == crate::migrate::TABLES.len(), "every table is read");

fn any(_: &[u8], input: &mut In<'_>) -> Result<(), Malformed> {
    input.rest();
    Ok(())
}

/// What the changes of one document add up to.
#[derive(Default)]
struct Sums {
    counts: ChunkCounts,
    bytes: u64,
    next_ordinal: u64,
}

struct Check<'a> {
    tx: &'a ReadTx,
    report: IntegrityReport,
}

impl Check<'_> {
    fn problem(&mut self, table: Table, what: impl Into<String>) {
        if self.report.problems.len() < PROBLEMS_MAX {
            self.report.problems.push(IntegrityProblem { table: table.name, what: what.into() });
        }
    }

    /// Every value is whole and reads as what its table holds.
    fn values(&mut self) -> Result<(), StoreError> {
        for (table, decode) in DECODERS {
            let tx = self.tx;
            let walked = tx.0.scan(*table, ALL, Direction::Up, &mut |key, value| {
                self.report.values += 1;
                let body = table.unseal(key, value).map_err(|error| misread(*table, key, error));
                let read = body.and_then(|body| decode_whole(*table, key, body, |input| decode(key, input)));
                if let Err(error) = read {
                    self.problem(*table, error.to_string());
                }
                Ok(ControlFlow::Continue(()))
            });
            match walked {
                Err(StoreError::Damaged { what }) => self.problem(*table, what),
                other => other?,
            }
        }
        Ok(())
    }

    /// Documents agree with their changes, snapshots and digests.
    fn documents(&mut self) -> Result<(), StoreError> {
        let mut sums = self.sum_chunks()?;
        let mut buckets: BTreeMap<(SpaceId, Bucket), Digest> = BTreeMap::new();
        let mut rows = Vec::new();
        self.tx.each_document(&mut |id, row| {
            let digest = buckets.entry((row.space, Bucket::of(&id))).or_insert(Digest::EMPTY);
            *digest = exchange(*digest, Digest::EMPTY, document_digest(&id, &row.feed_heads));
            rows.push((id, row));
            ControlFlow::Continue(())
        })?;
        for (id, row) in &rows {
            self.document(id, row, &sums.remove(id).unwrap_or_default())?;
        }
        for id in sums.keys() {
            self.problem(CHUNKS, format!("changes of document {id}, which isn't there"));
        }
        buckets.retain(|_, digest| *digest != Digest::EMPTY);
        let stored = self.tx.collect_as(crate::buckets::BUCKETS, ALL, crate::buckets::decode_keyed)?;
        let stored: BTreeMap<_, _> =
            stored.into_iter().map(|(space, bucket, digest)| ((space, bucket), digest)).collect();
        if stored != buckets {
            self.problem(crate::buckets::BUCKETS, "digests differ from those of the documents");
        }
        Ok(())
    }

    fn document(&mut self, id: &DocumentId, row: &DocumentRow, sums: &Sums) -> Result<(), StoreError> {
        if (row.counts, row.bytes) != (sums.counts, sums.bytes) || row.next_ordinal != sums.next_ordinal {
            self.problem(DOCUMENTS, format!("document {id} counts its changes otherwise than they are"));
        }
        let upto = self.tx.snapshot(id)?.map_or(0, |snapshot| snapshot.upto.get());
        if upto > row.next_ordinal {
            self.problem(
                SNAPSHOTS,
                format!("the snapshot of document {id} covers changes that aren't there"),
            );
        }
        Ok(())
    }

    fn sum_chunks(&mut self) -> Result<BTreeMap<DocumentId, Sums>, StoreError> {
        let (mut sums, mut chunks) = (BTreeMap::<DocumentId, Sums>::new(), 0);
        let (mut wrong, mut hashes) = (Vec::new(), 0);
        let tx = self.tx;
        let decode = |key: &[u8], input: &mut In<'_>| {
            let id = key.first_chunk().map(|id| DocumentId::from_bytes(*id)).ok_or(Malformed("key"))?;
            Ok((id, ChunkValue::decode(key, input)?))
        };
        tx.scan_as(CHUNKS, ALL, Direction::Up, decode, &mut |(id, value)| {
            let sum = sums.entry(id).or_default();
            *sum.counts.of_mut(value.chunk.state) += 1;
            sum.bytes += value.chunk.bytes.len() as u64;
            sum.next_ordinal = value.chunk.ordinal.get() + 1;
            chunks += 1;
            let indexed = tx.get_as(BY_HASH, &hash_key(&id, &value.chunk.hash), HashValue::decode);
            let placed = value.outbox.is_some() == (value.chunk.state == ChunkState::Outbox);
            if !matches!(indexed, Ok(Some(at)) if at.ordinal == value.chunk.ordinal) || !placed {
                wrong.push(value.chunk.hash);
            }
            ControlFlow::Continue(())
        })?;
        tx.scan_as(BY_HASH, ALL, Direction::Up, |_, input| HashValue::decode(input), &mut |_| {
            hashes += 1;
            ControlFlow::Continue(())
        })?;
        for hash in wrong {
            self.problem(CHUNKS, format!("change {hash} isn't where its index says"));
        }
        if hashes != chunks {
            self.problem(BY_HASH, format!("{hashes} entries for {chunks} changes"));
        }
        Ok(sums)
    }

    /// The outbox names exactly the unsent changes, and its sums are right.
    fn outbox(&mut self) -> Result<(), StoreError> {
        let mut sums: BTreeMap<SpaceId, OutboxStats> = BTreeMap::new();
        let mut unsent = 0;
        for (space, item) in self.tx.collect_as(OUTBOX, ALL, crate::outbox::decode_keyed)? {
            let sum = sums.entry(space).or_default();
            sum.changes += 1;
            sum.bytes += u64::from(item.size);
            unsent += 1;
            let chunk = self.tx.chunk_value(&item.document, &item.hash)?;
            if chunk.is_none_or(|value| value.outbox != Some(item.number)) {
                self.problem(OUTBOX, format!("entry {} has no unsent change", item.number.get()));
            }
        }
        if self.tx.outbox_spaces()?.into_iter().collect::<BTreeMap<_, _>>() != sums {
            self.problem(OUTBOX_STATS, "sums differ from the entries");
        }
        let mut counted = 0;
        self.tx.each_document(&mut |_, row| {
            counted += u64::from(row.counts.outbox);
            ControlFlow::Continue(())
        })?;
        if counted != unsent {
            self.problem(OUTBOX, format!("{unsent} entries for {counted} unsent changes"));
        }
        Ok(())
    }

    /// The index of names holds exactly the names of the rows.
    fn names(&mut self) -> Result<(), StoreError> {
        let mut wanted = BTreeSet::new();
        let keyed = |key: &[u8], input: &mut In<'_>| Ok((key.to_vec(), Row::decode(input)?.names));
        for (key, names) in self.tx.collect_as(ROWS, ALL, keyed)? {
            let Some((module, id)) = key.split_last_chunk::<16>() else { continue };
            let module = String::from_utf8_lossy(module.strip_suffix(&[0]).unwrap_or(module));
            let id = DocumentId::from_bytes(*id);
            wanted.extend(names.iter().map(|name| crate::rows::name_key(&module, name, &id)));
        }
        let found = self.tx.collect_as(NAMES, ALL, |key, _| Ok(key.to_vec()))?;
        if !found.iter().eq(&wanted) {
            self.problem(NAMES, "names differ from those of the rows");
        }
        Ok(())
    }
}
