//! What of a store doesn't hold together, by document: every change is hashed anew, and all that follows from the changes
//! is compared with what is written down.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use forsat_sync::chunk::{self, ChangeHeader};
use forsat_sync::digest::{Bucket, document_digest, exchange};
use forsat_sync::id::{ChangeHash, Digest, DocumentId, SpaceId};
use forsat_sync::identity::Receipt;
use forsat_sync::limits::ChunkLimits;

use crate::access::{ALL, Access, Direction, Prefix, Tx, decode_whole, misread};
use crate::chunks::{BY_HASH, CHUNKS, ChunkState, ChunkValue, HashValue, Ordinal};
use crate::codec::{In, Table};
use crate::documents::{ChunkCounts, DOCUMENTS, DocumentRow};
use crate::error::StoreError;
use crate::heads::heads_of;
use crate::outbox::{OUTBOX, OUTBOX_STATS, OutboxItem, OutboxNumber, OutboxStats};
use crate::rows::{NAMES, ROWS, Row, name_key};
use crate::store::Store;
use crate::unread::Unread;

/// Something that doesn't fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// The bytes of a change aren't that change any more.
    Change {
        /// Its hash, where that is still known.
        hash: Option<ChangeHash>,
        /// Whether it was made here and never sent.
        unsent: bool,
    },
    /// An index names a change that isn't there.
    Missing {
        /// Its hash.
        hash: ChangeHash,
        /// Whether it was made here and never sent.
        unsent: bool,
    },
    /// The index of changes by their hashes lacks some, or gives another place.
    Index,
    /// There are changes of a document of which nothing else is written down.
    Row,
    /// Counts, heads or digests of a document aren't those of its changes.
    Sums,
    /// The quick copy of a document's view isn't of its changes.
    Snapshot,
    /// The outbox doesn't name exactly the unsent changes.
    Outbox,
    /// The names that a record is found by aren't those of its row.
    Names,
    /// The digests of a space aren't those of its documents.
    Digests(SpaceId),
    /// A value can't be read.
    Value {
        /// The table that it lies in.
        table: &'static str,
        /// What a repair does with it.
        unread: Unread,
    },
    /// Pages of the file itself were damaged; the engine has mended what it could.
    Pages,
}

/// Something that doesn't fit, and which document it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFlaw {
    /// The document, where it is of one.
    pub document: Option<DocumentId>,
    /// What doesn't fit.
    pub flaw: Flaw,
}

/// What a thorough look found.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Examination {
    /// Documents that were looked at.
    pub documents: BTreeSet<DocumentId>,
    /// Changes that were hashed anew.
    pub changes: u64,
    /// What doesn't fit, in the order of documents.
    pub flaws: Vec<StoreFlaw>,
}

impl Store {
    /// Hashes every change anew and compares with the changes what follows from them. Slow; no other transaction of this
    /// handle may be open ([`StoreError::Busy`]). Rows and names are the caller's to compare, who can read a document.
    pub fn examine(&self) -> Result<Examination, StoreError> {
        let clean = self.engine.check_integrity()?;
        let mut found = Examination::default();
        if !clean {
            found.flaws.push(StoreFlaw { document: None, flaw: Flaw::Pages });
        }
        let tx = self.read()?;
        Examiner::begin(&tx)?.run(&mut found)?;
        Ok(found)
    }
}

/// A change that is what its hash says.
pub(crate) struct Held {
    pub(crate) ordinal: Ordinal,
    pub(crate) state: ChunkState,
    pub(crate) outbox: Option<OutboxNumber>,
    pub(crate) header: ChangeHeader,
    pub(crate) bytes: Vec<u8>,
    pub(crate) receipt: Option<Receipt>,
}

/// A change that isn't.
pub(crate) struct Aside {
    pub(crate) hash: Option<ChangeHash>,
    pub(crate) unsent: bool,
    pub(crate) outbox: Option<OutboxNumber>,
    /// The value as it lies in the file.
    pub(crate) raw: Vec<u8>,
}

/// One document as it was found.
#[derive(Default)]
pub(crate) struct Examined {
    pub(crate) row: Option<DocumentRow>,
    /// What is whole, in the order of arrival.
    pub(crate) held: Vec<Held>,
    pub(crate) aside: Vec<Aside>,
    pub(crate) flaws: Vec<Flaw>,
}

/// What the outbox says, by change.
type Unsent = BTreeMap<(DocumentId, ChangeHash), (SpaceId, OutboxNumber)>;

/// Looks at documents one after the other.
pub(crate) struct Examiner<'a, A> {
    tx: &'a Tx<A>,
    pub(crate) unsent: Unsent,
    entries: BTreeMap<(SpaceId, OutboxNumber), OutboxItem>,
}

impl<'a, A: Access> Examiner<'a, A> {
    pub(crate) fn begin(tx: &'a Tx<A>) -> Result<Self, StoreError> {
        let mut entries = BTreeMap::new();
        each_readable(tx, OUTBOX, ALL, crate::outbox::decode_keyed, &mut |(space, item)| {
            entries.insert((space, item.number), item);
        })?;
        let named =
            entries.iter().map(|((space, number), item)| ((item.document, item.hash), (*space, *number)));
        Ok(Self { tx, unsent: named.collect(), entries })
    }

    /// Every document of which anything is written down.
    pub(crate) fn documents(&self) -> Result<BTreeSet<DocumentId>, StoreError> {
        let mut all = BTreeSet::new();
        for table in [DOCUMENTS, CHUNKS, BY_HASH] {
            self.tx.0.scan(table, ALL, Direction::Up, &mut |key, _| {
                all.extend(key.first_chunk().map(|id| DocumentId::from_bytes(*id)));
                Ok(ControlFlow::Continue(()))
            })?;
        }
        Ok(all)
    }

    fn run(&self, found: &mut Examination) -> Result<(), StoreError> {
        let mut digests: BTreeMap<(SpaceId, Bucket), Digest> = BTreeMap::new();
        let mut stats: BTreeMap<SpaceId, OutboxStats> = BTreeMap::new();
        let mut unsent = 0;
        for id in self.documents()? {
            let examined = self.document(&id)?;
            found.documents.insert(id);
            found.changes += (examined.held.len() + examined.aside.len()) as u64;
            if let Some(row) = &examined.row {
                let digest = digests.entry((row.space, Bucket::of(&id))).or_insert(Digest::EMPTY);
                *digest = exchange(*digest, Digest::EMPTY, document_digest(&id, &row.feed_heads));
            }
            for held in examined.held.iter().filter(|held| held.state == ChunkState::Outbox) {
                unsent += 1;
                if let Some(row) = &examined.row {
                    let sum = stats.entry(row.space).or_default();
                    sum.changes += 1;
                    sum.bytes += held.bytes.len() as u64;
                }
            }
            let flaws = examined.flaws.into_iter();
            found.flaws.extend(flaws.map(|flaw| StoreFlaw { document: Some(id), flaw }));
        }
        found.flaws.extend(self.tx.unread_flaws()?.into_iter().map(of_none));
        let misnamed = self.misnamed()?.into_iter();
        found.flaws.extend(misnamed.map(|id| StoreFlaw { document: Some(id), flaw: Flaw::Names }));
        let mut kept = BTreeMap::new();
        let decode = |key: &[u8], input: &mut In<'_>| {
            let space = SpaceId::from_slice(key).ok_or(crate::codec::Malformed("space key"))?;
            Ok((space, crate::outbox::decode_stats(input)?))
        };
        each_readable(self.tx, OUTBOX_STATS, ALL, decode, &mut |(space, sum)| {
            kept.insert(space, sum);
        })?;
        let is_known = found.flaws.iter().any(|flaw| {
            let is_lost =
                matches!(flaw.flaw, Flaw::Change { unsent: true, .. } | Flaw::Missing { unsent: true, .. });
            is_lost || matches!(flaw.flaw, Flaw::Outbox | Flaw::Row)
        });
        if !is_known && (self.entries.len() != unsent || kept != stats) {
            found.flaws.push(of_none(Flaw::Outbox));
        }
        self.digests(digests, found)
    }

    fn digests(
        &self,
        mut wanted: BTreeMap<(SpaceId, Bucket), Digest>,
        found: &mut Examination,
    ) -> Result<(), StoreError> {
        wanted.retain(|_, digest| *digest != Digest::EMPTY);
        let kept = self.kept_digests()?;
        let keys: BTreeSet<_> = wanted.keys().chain(kept.keys()).collect();
        let differing = keys.into_iter().filter(|key| wanted.get(key) != kept.get(key));
        let spaces: BTreeSet<SpaceId> = differing.map(|(space, _)| *space).collect();
        found.flaws.extend(spaces.into_iter().map(|space| of_none(Flaw::Digests(space))));
        Ok(())
    }

    pub(crate) fn kept_digests(&self) -> Result<BTreeMap<(SpaceId, Bucket), Digest>, StoreError> {
        let mut kept = BTreeMap::new();
        let decode = crate::buckets::decode_keyed;
        each_readable(self.tx, crate::buckets::BUCKETS, ALL, decode, &mut |(space, bucket, digest)| {
            kept.insert((space, bucket), digest);
        })?;
        Ok(kept)
    }

    /// Documents whose names in the index aren't those of their rows.
    fn misnamed(&self) -> Result<BTreeSet<DocumentId>, StoreError> {
        let mut keys = BTreeSet::new();
        let decode = |key: &[u8], input: &mut In<'_>| Ok((key.to_vec(), Row::decode(input)?.names));
        each_readable(self.tx, ROWS, ALL, decode, &mut |(key, names)| {
            if let Some((module, id)) = key.split_last_chunk::<16>() {
                let module = String::from_utf8_lossy(module.strip_suffix(&[0]).unwrap_or(module));
                let id = DocumentId::from_bytes(*id);
                keys.extend(names.iter().map(|name| name_key(&module, name, &id)));
            }
        })?;
        let mut wrong = BTreeSet::new();
        let of = |key: &[u8]| key.last_chunk::<16>().map(|id| DocumentId::from_bytes(*id));
        self.tx.0.scan(NAMES, ALL, Direction::Up, &mut |key, _| {
            if !keys.remove(key) {
                wrong.extend(of(key));
            }
            Ok(ControlFlow::Continue(()))
        })?;
        wrong.extend(keys.iter().filter_map(|key| of(key)));
        Ok(wrong)
    }

    /// Looks at one document.
    pub(crate) fn document(&self, id: &DocumentId) -> Result<Examined, StoreError> {
        let mut found = Examined { row: readable(self.tx.document(id))?.flatten(), ..Examined::default() };
        let index = self.index(id, &mut found)?;
        let mut listed: BTreeMap<Ordinal, ChangeHash> =
            index.iter().map(|(hash, value)| (value.ordinal, *hash)).collect();
        let prefix = Prefix::new(id.as_bytes().to_vec());
        self.tx.0.scan(CHUNKS, prefix.range(), Direction::Up, &mut |key, raw| {
            let named = ordinal_of(key).and_then(|ordinal| listed.remove(&ordinal));
            self.change(id, key, raw, named, &index, &mut found);
            Ok(ControlFlow::Continue(()))
        })?;
        let whole: BTreeSet<ChangeHash> = found.held.iter().map(|held| held.header.hash).collect();
        let aside: BTreeSet<ChangeHash> = found.aside.iter().filter_map(|aside| aside.hash).collect();
        let missing = listed.into_values().filter(|hash| !whole.contains(hash) && !aside.contains(hash));
        let missing =
            missing.map(|hash| Flaw::Missing { hash, unsent: self.unsent.contains_key(&(*id, hash)) });
        found.flaws.extend(missing);
        self.sums(id, &mut found)?;
        Ok(found)
    }

    fn index(
        &self,
        id: &DocumentId,
        found: &mut Examined,
    ) -> Result<BTreeMap<ChangeHash, HashValue>, StoreError> {
        let mut index = BTreeMap::new();
        let mut unread = false;
        self.tx.0.scan(
            BY_HASH,
            Prefix::new(id.as_bytes().to_vec()).range(),
            Direction::Up,
            &mut |key, raw| {
                let read = BY_HASH.unseal(key, raw).map_err(|error| misread(BY_HASH, key, error));
                let value = read.and_then(|body| decode_whole(BY_HASH, key, body, HashValue::decode));
                match (ChangeHash::from_slice(&key[DocumentId::LEN..]), value) {
                    (Some(hash), Ok(value)) => drop(index.insert(hash, value)),
                    _ => unread = true,
                }
                Ok(ControlFlow::Continue(()))
            },
        )?;
        if unread {
            found.flaws.push(Flaw::Index);
        }
        Ok(index)
    }

    /// Takes one value as a change that is whole, or as one that isn't.
    fn change(
        &self,
        id: &DocumentId,
        key: &[u8],
        raw: &[u8],
        named: Option<ChangeHash>,
        index: &BTreeMap<ChangeHash, HashValue>,
        found: &mut Examined,
    ) {
        let sealed = CHUNKS.unseal(key, raw).is_ok();
        // Where the seal is broken, what lies under it may still be whole: its hash says so.
        let body = raw.get(1..raw.len().saturating_sub(crate::codec::CHECK_LEN)).unwrap_or_default();
        let value = decode_whole(CHUNKS, key, body, |input| ChunkValue::decode(key, input)).ok();
        let hash = named.or(value.as_ref().filter(|_| sealed).map(|value| value.chunk.hash));
        let queued = hash.and_then(|hash| self.unsent.get(&(*id, hash)));
        let header = value.as_ref().and_then(|value| read(&value.chunk.bytes));
        match (value, header) {
            (Some(value), Some(header))
                if (sealed || queued.is_some())
                    && header.hash == value.chunk.hash
                    && hash.is_none_or(|hash| hash == header.hash) =>
            {
                let listed = index.get(&header.hash);
                if sealed && listed.is_none_or(|listed| listed.ordinal != value.chunk.ordinal) {
                    found.flaws.push(Flaw::Index);
                }
                let state = if sealed { value.chunk.state } else { ChunkState::Outbox };
                if !sealed {
                    found.flaws.push(Flaw::Sums);
                }
                found.held.push(Held {
                    ordinal: value.chunk.ordinal,
                    state,
                    outbox: if sealed { value.outbox } else { queued.map(|(_, number)| *number) },
                    receipt: listed.and_then(|listed| listed.receipt),
                    bytes: value.chunk.bytes,
                    header,
                });
            }
            (value, _) => {
                let state = value.filter(|_| sealed).map(|value| value.chunk.state);
                let unsent = state == Some(ChunkState::Outbox) || queued.is_some();
                found.flaws.push(Flaw::Change { hash, unsent });
                let outbox = queued.map(|(_, number)| *number);
                found.aside.push(Aside { hash, unsent, outbox, raw: raw.to_vec() });
            }
        }
    }

    /// Compares what follows from the changes with the document's row, its snapshot and the outbox.
    fn sums(&self, id: &DocumentId, found: &mut Examined) -> Result<(), StoreError> {
        let next_ordinal = found.held.last().map_or(0, |held| held.ordinal.get() + 1);
        let is_listed = |held: &Held| {
            let entry = self.unsent.get(&(*id, held.header.hash));
            let place = found.row.as_ref().map(|row| row.space).zip(held.outbox);
            let item = place.and_then(|place| self.entries.get(&place));
            match held.state {
                ChunkState::Outbox => {
                    entry.copied() == place
                        && item.is_some_and(|item| {
                            item.ordinal == held.ordinal && item.size as usize == held.bytes.len()
                        })
                }
                _ => held.outbox.is_none() && entry.is_none(),
            }
        };
        if found.row.is_some() && !found.held.iter().all(is_listed) {
            found.flaws.push(Flaw::Outbox);
        }
        match &found.row {
            None => found.flaws.push(Flaw::Row),
            // Changes that are gone are told already, and all sums differ with them.
            Some(row) if found.flaws.iter().all(|flaw| matches!(flaw, Flaw::Index | Flaw::Outbox)) => {
                let sums = (counts(&found.held), bytes(&found.held), next_ordinal);
                let heads = (view_heads(&found.held), feed_heads(&found.held));
                if (row.counts, row.bytes, row.next_ordinal) != sums
                    || (&row.heads, &row.feed_heads) != (&heads.0, &heads.1)
                {
                    found.flaws.push(Flaw::Sums);
                }
            }
            Some(_) => {}
        }
        let snapshot = readable(self.tx.snapshot(id))?;
        let fits = snapshot.is_some_and(|snapshot| {
            snapshot.is_none_or(|snapshot| snapshot.upto.get() <= next_ordinal || !found.aside.is_empty())
        });
        if !fits {
            found.flaws.push(Flaw::Snapshot);
        }
        Ok(())
    }
}

fn of_none(flaw: Flaw) -> StoreFlaw {
    StoreFlaw { document: None, flaw }
}

/// The header of a change, if the bytes are one in its canonical form.
pub(crate) fn read(bytes: &[u8]) -> Option<ChangeHeader> {
    let (header, canonical) = chunk::parse(bytes, &ChunkLimits::default()).ok()?;
    (canonical == bytes).then_some(header)
}

pub(crate) fn counts(held: &[Held]) -> ChunkCounts {
    let mut counts = ChunkCounts::default();
    held.iter().for_each(|held| *counts.of_mut(held.state) += 1);
    counts
}

pub(crate) fn bytes(held: &[Held]) -> u64 {
    held.iter().map(|held| held.bytes.len() as u64).sum()
}

/// The heads of what a person sees.
pub(crate) fn view_heads(held: &[Held]) -> Vec<ChangeHash> {
    heads_of(headers(held, ChunkState::in_view))
}

/// The heads of what the feed has brought.
pub(crate) fn feed_heads(held: &[Held]) -> Vec<ChangeHash> {
    heads_of(headers(held, ChunkState::in_feed))
}

/// The headers of changes of some states.
pub(crate) fn headers(
    held: &[Held],
    counts: impl Fn(ChunkState) -> bool,
) -> impl Iterator<Item = &ChangeHeader> {
    held.iter().filter(move |held| counts(held.state)).map(|held| &held.header)
}

fn ordinal_of(key: &[u8]) -> Option<Ordinal> {
    let number = key.get(DocumentId::LEN..)?.try_into().ok()?;
    Some(Ordinal(u64::from_be_bytes(number)))
}

/// What was read; none where it is damaged.
pub(crate) fn readable<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(StoreError::Damaged { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Walks the values of a range that can be read.
pub(crate) fn each_readable<A: Access, T>(
    tx: &Tx<A>,
    table: Table,
    range: crate::access::KeyRange<'_>,
    decode: impl Fn(&[u8], &mut In<'_>) -> Result<T, crate::codec::Malformed>,
    visit: &mut dyn FnMut(T),
) -> Result<(), StoreError> {
    tx.0.scan(table, range, Direction::Up, &mut |key, raw| {
        let body = table.unseal(key, raw).map_err(|error| misread(table, key, error));
        if let Ok(value) = body.and_then(|body| decode_whole(table, key, body, |input| decode(key, input))) {
            visit(value);
        }
        Ok(ControlFlow::Continue(()))
    })
}
