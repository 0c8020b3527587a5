//! Moving documents to another space, in one transaction: what stood in the feed of the old one becomes empty places,
//! `moved out` ends it, and the feed of the new one brings the changes as they came.

use forsat_sync::digest::document_digest;
use forsat_sync::heal::Home;
use forsat_sync::id::{DeviceId, Digest, DocumentId, FeedSeq, HomeVersion, SpaceId, UserId};
use forsat_sync::relay::{MoveRequest, may_move};
use redb::{ReadTransaction, WriteTransaction};

use super::access::{Access, AccessTables};
use super::append::QUOTA_CHANGES_A_DAY;
use super::rows::{
    ChangeRow, DocumentRow, FEED_KIND_LEFT, FEED_KIND_MOVED_IN, FEED_KIND_MOVED_OUT, FeedRow, MovedOutRow,
    TotalsRow,
};
use super::tables::{
    BUCKETS, CHANGES, DOCUMENTS, DOCUMENTS_BY_BUCKET, FEED, FEED_HEADS, META, MOVED_OUT, Writable,
    bucket_document_key, change_key, corrupt, feed_key, get, moved_out_key, put,
};
use super::{Commit, RedbStore, feed, read};
use crate::store::{MoveOutcome, StoreError};

/// The most bytes of changes that one transaction moves; the first document always goes.
const MOVE_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// What a change counts beside its bytes, and takes in the file: its rows in both feeds and its header.
const ROOM_PER_CHANGE: u64 = 8 * 1024;
/// Room of a transaction beside its changes, in bytes.
const ROOM: u64 = 1024 * 1024;

/// Moves documents; one outcome a document, in order.
pub(super) fn move_documents(
    store: &RedbStore,
    request: &MoveRequest,
    now_ms: u64,
) -> Result<Vec<MoveOutcome>, StoreError> {
    store.reserve(store.read(|tx| room(tx, &request.documents))?)?;
    // Digests in memory hold at a position of the feed, and both feeds grow: they are read anew by themselves.
    store.write(now_ms, |tx| {
        let changes_a_day_max = store.options.limits.workspace.changes_a_day_max;
        let mut mover = Mover::new(tx, request, changes_a_day_max, now_ms)?;
        let outcomes = request.documents.iter().map(|document| mover.document(document));
        let outcomes = outcomes.collect::<Result<Vec<_>, _>>()?;
        Ok((outcomes, mover.finish()?))
    })
}

/// About how much a move adds to the file.
fn room(tx: &ReadTransaction, documents: &[DocumentId]) -> Result<u64, StoreError> {
    let rows = tx.open_table(DOCUMENTS.table())?;
    let mut room = 0;
    for document in documents {
        let row: Option<DocumentRow> = get(&rows, DOCUMENTS, document.as_bytes())?;
        room += row.map_or(0, |row| cost(&row));
        if room > MOVE_BYTES_MAX {
            break;
        }
    }
    Ok(2 * room + ROOM)
}

fn cost(row: &DocumentRow) -> u64 {
    row.bytes + row.changes * ROOM_PER_CHANGE
}

/// Where a document lives that a space doesn't have.
pub(super) fn home(
    row: &DocumentRow,
    access: &AccessTables<impl super::tables::Readable>,
    user: &UserId,
) -> Result<Home, StoreError> {
    let space = access.sees(user, &row.space)?.then_some(row.space);
    Ok(Home { version: HomeVersion::new(row.home_version), space })
}

struct Mover<'tx> {
    device: DeviceId,
    /// Whether the user may bring anything into the new space.
    target: Target,
    to: SpaceId,
    now_ms: u64,
    access: AccessTables<Writable<'tx>>,
    feed: Writable<'tx>,
    feed_heads: Writable<'tx>,
    changes: Writable<'tx>,
    documents: Writable<'tx>,
    buckets: Writable<'tx>,
    by_bucket: Writable<'tx>,
    moved_out: Writable<'tx>,
    meta: Writable<'tx>,
    moved_bytes: u64,
    /// With what is moved: it is written as often as what is brought.
    totals: TotalsRow,
    changes_a_day_max: u64,
}

/// What the user may do where the documents are to go.
#[derive(Clone, Copy)]
enum Target {
    Open,
    Closed(MoveOutcome),
}

impl<'tx> Mover<'tx> {
    fn new(
        tx: &'tx WriteTransaction,
        request: &MoveRequest,
        changes_a_day_max: u64,
        now_ms: u64,
    ) -> Result<Self, StoreError> {
        let meta = tx.open_table(META.table())?;
        let totals = read::totals_today(&meta, now_ms)?;
        let access = AccessTables::write(tx)?;
        let target = match access.of(&request.device, &request.to)? {
            Access::Hidden => Target::Closed(MoveOutcome::HiddenSpace),
            Access::Member { common: true, .. } => Target::Closed(MoveOutcome::Common),
            Access::Member { role, .. } if !may_move(role) => Target::Closed(MoveOutcome::Forbidden),
            Access::Member { .. } => Target::Open,
        };
        Ok(Self {
            device: request.device,
            target,
            to: request.to,
            now_ms,
            access,
            feed: tx.open_table(FEED.table())?,
            feed_heads: tx.open_table(FEED_HEADS.table())?,
            changes: tx.open_table(CHANGES.table())?,
            documents: tx.open_table(DOCUMENTS.table())?,
            buckets: tx.open_table(BUCKETS.table())?,
            by_bucket: tx.open_table(DOCUMENTS_BY_BUCKET.table())?,
            moved_out: tx.open_table(MOVED_OUT.table())?,
            meta,
            moved_bytes: 0,
            totals,
            changes_a_day_max,
        })
    }

    /// Moves a document if the user may, in both spaces.
    fn document(&mut self, document: &DocumentId) -> Result<MoveOutcome, StoreError> {
        if let Target::Closed(outcome) = self.target {
            return Ok(outcome);
        }
        let row: Option<DocumentRow> = get(&self.documents, DOCUMENTS, document.as_bytes())?;
        let Some(row) = row else { return Ok(MoveOutcome::Unknown) };
        if row.space == self.to {
            return Ok(MoveOutcome::There);
        }
        match self.access.of(&self.device, &row.space)? {
            Access::Hidden => return Ok(MoveOutcome::Unknown),
            Access::Member { common: true, .. } => return Ok(MoveOutcome::Common),
            Access::Member { role, .. } if !may_move(role) => return Ok(MoveOutcome::Forbidden),
            Access::Member { .. } => {}
        }
        if self.totals.changes_of_day >= self.changes_a_day_max {
            return Ok(MoveOutcome::Quota(QUOTA_CHANGES_A_DAY));
        }
        let cost = cost(&row);
        if self.moved_bytes > 0 && self.moved_bytes + cost > MOVE_BYTES_MAX {
            return Ok(MoveOutcome::Later);
        }
        self.moved_bytes += cost.max(1);
        self.totals.changes_of_day += row.changes;
        let from = row.space;
        let home = HomeVersion::new(row.home_version + 1);
        self.leave(document, &from, home)?;
        self.rehome(document, row, home)?;
        Ok(MoveOutcome::Moved { from, home })
    }

    /// Writes what is written once, and says whether there is anything to commit.
    fn finish(mut self) -> Result<Commit, StoreError> {
        if self.moved_bytes == 0 {
            return Ok(Commit::NothingWritten);
        }
        put(&mut self.meta, b"totals", &self.totals)?;
        Ok(Commit::Yes)
    }

    /// Puts `moved in` and the changes behind the new feed, empties their places in the old one, and puts `moved out`
    /// behind that.
    fn leave(&mut self, document: &DocumentId, from: &SpaceId, home: HomeVersion) -> Result<(), StoreError> {
        let to = self.to;
        self.append(&to, &self.word(document, FEED_KIND_MOVED_IN, home, None))?;
        for (seq, hash) in feed::changes_of(&self.changes, document)? {
            let key = feed_key(from, seq);
            let entry: FeedRow = get(&self.feed, FEED, &key)?
                .filter(|entry: &FeedRow| entry.hash == hash)
                .ok_or_else(|| corrupt(FEED, "a change is not where its header says"))?;
            let left =
                FeedRow { kind: FEED_KIND_LEFT, origin: entry.device, bytes: Vec::new(), ..entry.clone() };
            put(&mut self.feed, &key, &left)?;
            let feed_seq = self.append(&to, &entry)?;
            let key = change_key(document, &hash);
            let change: ChangeRow = get(&self.changes, CHANGES, &key)?
                .ok_or_else(|| corrupt(CHANGES, "a header that was listed is missing"))?;
            put(&mut self.changes, &key, &ChangeRow { feed_seq, ..change })?;
        }
        let seq = self.append(from, &self.word(document, FEED_KIND_MOVED_OUT, home, Some(to)))?;
        put(&mut self.moved_out, &moved_out_key(from, document), &MovedOutRow { seq, home })
    }

    /// An entry that tells of a move.
    fn word(&self, document: &DocumentId, kind: u8, home: HomeVersion, to: Option<SpaceId>) -> FeedRow {
        FeedRow {
            device: self.device,
            origin: self.device,
            received_at_ms: self.now_ms,
            ..word(document, kind, home, to)
        }
    }

    fn append(&mut self, space: &SpaceId, entry: &FeedRow) -> Result<FeedSeq, StoreError> {
        feed::push(&mut self.feed, &mut self.feed_heads, space, entry)
    }

    /// Writes the document's row, and the digests and lists of both spaces.
    fn rehome(
        &mut self,
        document: &DocumentId,
        row: DocumentRow,
        home: HomeVersion,
    ) -> Result<(), StoreError> {
        let (to, digest) = (self.to, document_digest(document, &row.heads));
        feed::exchange_digest(&mut self.buckets, &row.space, document, digest, Digest::EMPTY)?;
        feed::exchange_digest(&mut self.buckets, &to, document, Digest::EMPTY, digest)?;
        self.by_bucket.remove(bucket_document_key(&row.space, document).as_slice())?;
        if !row.heads.is_empty() {
            put(&mut self.by_bucket, &bucket_document_key(&self.to, document), &())?;
        }
        let row = DocumentRow { space: self.to, home_version: home.get(), ..row };
        put(&mut self.documents, document.as_bytes(), &row)
    }
}

/// An entry that tells of a move, of nobody.
pub(super) fn word(document: &DocumentId, kind: u8, home: HomeVersion, to: Option<SpaceId>) -> FeedRow {
    let mut bytes = home.get().to_be_bytes().to_vec();
    bytes.extend(to.iter().flat_map(|to| *to.as_bytes()));
    FeedRow { bytes, ..FeedRow::silent(kind, *document) }
}

/// What the bytes of an entry that tells of a move say.
pub(super) fn told(bytes: &[u8]) -> Result<(HomeVersion, Option<SpaceId>), StoreError> {
    let damaged = || corrupt(FEED, "an entry that tells of a move is damaged");
    let (version, to) = bytes.split_first_chunk::<8>().ok_or_else(damaged)?;
    let to = match to {
        [] => None,
        to => Some(SpaceId::from_slice(to).ok_or_else(damaged)?),
    };
    Ok((HomeVersion::new(u64::from_be_bytes(*version)), to))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conformance::{chain, document, enrol, space};
    use crate::store::redb::in_memory::store;
    use crate::store::{AccessCommand, AccessStore as _, RelayStore as _};
    use forsat_sync::frame::Role;

    #[test]
    fn the_invariants_hold_after_moves_there_and_back_and_an_erasure() {
        let store = store();
        let spaces = [space(&store, 10, "Tehran"), space(&store, 11, "Isfahan")];
        let sara = enrol(&store, 1, "Sara", "Tehran", Role::Manager);
        let (user, space) = ("Sara".to_owned(), "Isfahan".to_owned());
        store.change_access(&AccessCommand::SetRole { user, space, role: Role::Manager }, 1).unwrap();
        chain(&store, &sara, spaces[0], 4, 40);
        for to in [spaces[1], spaces[0], spaces[1]] {
            let request = MoveRequest { device: sara.device, to, documents: vec![document(1)] };
            let outcome = store.move_documents(&request, 2).unwrap().remove(0);
            assert!(matches!(outcome, MoveOutcome::Moved { .. }), "{outcome:?}");
            assert_eq!(store.verify().unwrap(), [""; 0]);
        }
        assert_eq!(store.buckets(&spaces[0]).unwrap(), []);
        store.change_access(&AccessCommand::EraseDocument { document: document(1) }, 3).unwrap();
        assert_eq!(store.verify().unwrap(), [""; 0]);
        assert!(store.examine(&|| false).unwrap().is_sound());
        assert_eq!(store.buckets(&spaces[1]).unwrap(), []);
    }
}
