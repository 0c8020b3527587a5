//! Reading feeds, digests and counts.

use forsat_sync::digest::{Bucket, Trie};
use forsat_sync::frame::{Cursor, PageEntry};
use forsat_sync::id::{Digest, FeedSeq, SpaceId, UserId};
use forsat_sync::relay::{FeedPage, PageRequest};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTableMetadata as _};

use super::access::{Access, AccessTables, DEVICE_ACTIVE, DEVICE_REVOKED};
use super::rows::{
    DeviceRow, EpochRow, FEED_KIND_BROUGHT_BACK, FEED_KIND_CHANGE, FEED_KIND_DROPPED, FEED_KIND_ERASED,
    FEED_KIND_LEFT, FEED_KIND_MOVED_IN, FEED_KIND_MOVED_OUT, FeedRow, InviteRow, SpaceRow, TotalsRow,
};
use super::tables::{
    BUCKETS, DEVICES, EPOCHS, FEED, FEED_HEADS, INVITES, META, Readable, SPACES, USERS, corrupt, decode,
    feed_key, get, id_in_key, scan,
};
use super::{RedbStore, lock_tries, moves, remember};
use crate::names;
use crate::store::{PageOutcome, SpaceSummary, StatusCounts, StoreError};

/// The most bytes of changes that are read for one page: an echo is small, what it stands for need not be.
const PAGE_READ_MAX: usize = 4 * 1024 * 1024;

/// What an entry counts beside its bytes: one that readers pass over must be bounded too.
const READ_PER_ENTRY: usize = 64;

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// Reads a page of a feed, its head and its digest from one snapshot.
pub(super) fn page(
    store: &RedbStore,
    tx: &ReadTransaction,
    request: &PageRequest,
) -> Result<PageOutcome, StoreError> {
    let tables = AccessTables::read(tx)?;
    let Access::Member { user, common, .. } = tables.of(&request.device, &request.space)? else {
        return Ok(PageOutcome::Hidden);
    };
    let head = head(&tx.open_table(FEED_HEADS.table())?, &request.space)?;
    let epochs = epochs(&tx.open_table(EPOCHS.table())?, &request.space)?;
    if !request.cursor.is_none_or(|cursor| covers(&epochs, cursor, head)) {
        return Ok(PageOutcome::CursorInvalid);
    }
    let epoch = epochs.last().ok_or_else(|| corrupt(EPOCHS, "a space has no epoch"))?.epoch;
    // The digests say nothing of the control log, so the feed that carries it is always read whole.
    let begin = if request.from_head && !common { head } else { FeedSeq::ZERO };
    let after = request.cursor.map_or(begin, |cursor| cursor.seq);
    let reader = Reader { store, request, user, access: &tables };
    let (entries, up_to) = entries(tx, &reader, after, head)?;
    let root = match up_to == head {
        true => Some(root(store, tx, &request.space, head)?),
        false => None,
    };
    Ok(PageOutcome::Page(FeedPage { epoch, up_to, head, entries, root }))
}

/// The newest position of a feed.
pub(super) fn head(table: &impl Readable, space: &SpaceId) -> Result<FeedSeq, StoreError> {
    get::<u64>(table, FEED_HEADS, space.as_bytes())?
        .map(FeedSeq::new)
        .ok_or_else(|| corrupt(FEED_HEADS, "a space has no head"))
}

/// The openings that a space remembers, oldest first.
fn epochs(table: &impl Readable, space: &SpaceId) -> Result<Vec<EpochRow>, StoreError> {
    let mut list = Vec::new();
    scan::<EpochRow>(table, EPOCHS, space.as_bytes(), |_, row| {
        list.push(row);
        Ok(true)
    })?;
    Ok(list)
}

/// Whether a cursor's epoch is listed and its position lies below the next epoch's first, and in the feed.
fn covers(epochs: &[EpochRow], cursor: Cursor, head: FeedSeq) -> bool {
    if cursor.seq == FeedSeq::ZERO {
        return true;
    }
    let Some(at) = epochs.iter().position(|row| row.epoch == cursor.epoch) else { return false };
    let below_next = epochs.get(at + 1).is_none_or(|next| cursor.seq < next.first);
    below_next && cursor.seq <= head
}

/// Entries after a position, as many as fit, and how far they reach.
fn entries(
    tx: &ReadTransaction,
    reader: &Reader<'_>,
    after: FeedSeq,
    head: FeedSeq,
) -> Result<(Vec<PageEntry>, FeedSeq), StoreError> {
    let request = reader.request;
    let feed = tx.open_table(FEED.table())?;
    let (mut entries, mut up_to, mut bytes, mut read) = (Vec::new(), after, 0, 0);
    let Some(first) = after.next() else { return Ok((entries, up_to)) };
    let range = feed_key(&request.space, first)..=feed_key(&request.space, head);
    if first > head {
        return Ok((entries, up_to));
    }
    for item in feed.range::<&[u8]>(range.start().as_slice()..=range.end().as_slice())? {
        let (key, value) = item?;
        let row: FeedRow = decode(FEED, key.value(), value.value())?;
        read += row.bytes.len() + READ_PER_ENTRY;
        let entry = reader.entry(row)?;
        bytes += entry.as_ref().map_or(0, PageEntry::wire_bytes);
        if (bytes > request.bytes_max && !entries.is_empty()) || (read > PAGE_READ_MAX && up_to > after) {
            break;
        }
        entries.extend(entry);
        let seq =
            key.value()[SpaceId::LEN..].try_into().map_err(|_| corrupt(FEED, "a key has a wrong length"))?;
        up_to = FeedSeq::new(u64::from_be_bytes(seq));
    }
    Ok((entries, up_to))
}

/// Who reads a page.
struct Reader<'a> {
    store: &'a RedbStore,
    request: &'a PageRequest,
    user: UserId,
    access: &'a AccessTables<ReadOnlyTable<&'static [u8], &'static [u8]>>,
}

impl Reader<'_> {
    /// An entry as the reader gets it; none for a place that says nothing: its change left with its document, was dropped
    /// by a repair, or is erased.
    fn entry(&self, row: FeedRow) -> Result<Option<PageEntry>, StoreError> {
        let FeedRow { document, hash, bytes, .. } = row;
        Ok(Some(match row.kind {
            FEED_KIND_CHANGE | FEED_KIND_BROUGHT_BACK => {
                let receipt = Some(self.store.receipt(&self.request.space, &document, &hash, row.origin));
                if self.request.echo && row.device == self.request.device {
                    PageEntry::Echo { document, hash, receipt }
                } else {
                    PageEntry::Change { document, bytes, receipt }
                }
            }
            FEED_KIND_LEFT | FEED_KIND_DROPPED | FEED_KIND_ERASED => return Ok(None),
            FEED_KIND_MOVED_OUT => {
                let (home, to) = moves::told(&bytes)?;
                let to = match to {
                    Some(space) if self.access.sees(&self.user, &space)? => Some(space),
                    _ => None,
                };
                PageEntry::MovedOut { document, home, to }
            }
            FEED_KIND_MOVED_IN => PageEntry::MovedIn { document, home: moves::told(&bytes)?.0 },
            kind => PageEntry::Unknown { kind: u64::from(kind), bytes },
        }))
    }
}

/// The digest of a space at `head`, from memory when that is what memory holds.
fn root(
    store: &RedbStore,
    tx: &ReadTransaction,
    space: &SpaceId,
    head: FeedSeq,
) -> Result<Digest, StoreError> {
    if let Some((at, trie)) = lock_tries(&store.tries).get(space)
        && *at == head
    {
        return Ok(trie.root());
    }
    let trie = trie(&tx.open_table(BUCKETS.table())?, space)?;
    let root = trie.root();
    remember(&mut lock_tries(&store.tries), *space, head, trie);
    Ok(root)
}

/// Loads the digests of a space.
pub(super) fn trie(table: &impl Readable, space: &SpaceId) -> Result<Trie, StoreError> {
    let mut rows = Vec::new();
    scan::<Digest>(table, BUCKETS, space.as_bytes(), |key, digest| {
        rows.push((bucket_in_key(key)?, digest));
        Ok(true)
    })?;
    Ok(Trie::from_buckets(rows))
}

fn bucket_in_key(key: &[u8]) -> Result<Bucket, StoreError> {
    let number = key.try_into().map(u16::from_be_bytes).ok();
    number.and_then(Bucket::new).ok_or_else(|| corrupt(BUCKETS, "a key names no bucket"))
}

/// The persisted digests that are not empty.
pub(super) fn buckets(tx: &ReadTransaction, space: &SpaceId) -> Result<Vec<(u16, Digest)>, StoreError> {
    let mut rows = Vec::new();
    scan::<Digest>(&tx.open_table(BUCKETS.table())?, BUCKETS, space.as_bytes(), |key, digest| {
        if digest != Digest::EMPTY {
            rows.push((bucket_in_key(key)?.get(), digest));
        }
        Ok(true)
    })?;
    Ok(rows)
}

/// All spaces, `common` first, then by name.
pub(super) fn spaces(tx: &ReadTransaction) -> Result<Vec<SpaceSummary>, StoreError> {
    let heads = tx.open_table(FEED_HEADS.table())?;
    let mut list = Vec::new();
    scan::<SpaceRow>(&tx.open_table(SPACES.table())?, SPACES, &[], |key, row| {
        let id = SpaceId::from_bytes(id_in_key(SPACES, key)?);
        list.push(SpaceSummary { id, name: row.name, common: row.common, head: head(&heads, &id)? });
        Ok(true)
    })?;
    list.sort_by_cached_key(|space| (!space.common, names::fold(&space.name)));
    Ok(list)
}

/// The counts of `status`.
pub(super) fn status(tx: &ReadTransaction, now_ms: u64) -> Result<StatusCounts, StoreError> {
    let totals = totals(&tx.open_table(META.table())?)?;
    let (mut devices_active, mut devices_revoked, mut invites_open) = (0, 0, 0);
    scan::<DeviceRow>(&tx.open_table(DEVICES.table())?, DEVICES, &[], |_, row| {
        devices_active += u64::from(row.state == DEVICE_ACTIVE);
        devices_revoked += u64::from(row.state == DEVICE_REVOKED);
        Ok(true)
    })?;
    scan::<InviteRow>(&tx.open_table(INVITES.table())?, INVITES, &[], |_, row| {
        invites_open += u64::from(row.used_by.is_none() && row.expires_at_ms > now_ms);
        Ok(true)
    })?;
    Ok(StatusCounts {
        spaces: spaces(tx)?,
        users: tx.open_table(USERS.table())?.len()?,
        devices_active,
        devices_revoked,
        invites_open,
        documents: totals.documents,
        changes: totals.changes,
        bytes: totals.bytes,
    })
}

/// What the workspace holds altogether.
pub(super) fn totals(meta: &impl Readable) -> Result<TotalsRow, StoreError> {
    Ok(get(meta, META, b"totals")?.unwrap_or_default())
}

/// The same, with the changes that were taken today.
pub(super) fn totals_today(meta: &impl Readable, now_ms: u64) -> Result<TotalsRow, StoreError> {
    let (totals, day) = (totals(meta)?, now_ms / DAY_MS);
    Ok(if totals.day == day { totals } else { TotalsRow { day, changes_of_day: 0, ..totals } })
}
