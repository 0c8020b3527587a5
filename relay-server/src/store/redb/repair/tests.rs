//! Stores of which something is damaged, and what a repair makes of them.

use automerge::transaction::Transactable as _;
use automerge::{ActorId, Author, Automerge, ROOT};
use forsat_sync::chunk;
use forsat_sync::frame::{PageEntry, Role};
use forsat_sync::id::DocumentId;
use forsat_sync::limits::ChunkLimits;
use forsat_sync::relay::MoveRequest;

use super::*;
use crate::store::conformance::{Member, document, enrol, push, space, whole};
use crate::store::redb::in_memory::store;
use crate::store::redb::moves;
use crate::store::redb::rows::{
    FEED_KIND_CHANGE, FEED_KIND_CONTROL, FEED_KIND_ERASURE, FEED_KIND_LEFT, FEED_KIND_MOVED_IN,
    FEED_KIND_MOVED_OUT, MovedOutRow,
};
use crate::store::redb::tables::{ALL, ERASED, MOVED_OUT, moved_out_key};
use crate::store::{
    AccessCommand, AccessStore as _, ItemOutcome, Later, MoveOutcome, PushItem, PushOutcome, RelayStore as _,
};

type Rows = BTreeMap<(&'static str, Vec<u8>), Vec<u8>>;

/// An office with documents that stay, move, come back and are erased.
struct Office {
    store: RedbStore,
    sara: Member,
    spaces: [SpaceId; 2],
    common: SpaceId,
    sound: Rows,
}

/// Changes of a document, each on the one before.
fn changes(member: &Member, number: u8, count: u8) -> Vec<PushItem> {
    let mut written = Automerge::new()
        .with_author(Some(Author::from(member.user.as_bytes().to_vec())))
        .with_actor(ActorId::from(&[number; 16][..]));
    let mut items = Vec::new();
    for value in 0..count {
        let mut transaction = written.transaction();
        transaction.put(ROOT, "name", i64::from(value)).unwrap();
        transaction.commit();
        let change = written.get_last_local_change().unwrap();
        let (header, bytes) = chunk::parse(change.raw_bytes(), &ChunkLimits::default()).unwrap();
        let chunk = Ok((header, bytes.to_vec()));
        items.push(PushItem { document: document(number), chunk, receipt: None });
    }
    items
}

impl Office {
    fn open() -> Self {
        let store = store();
        let spaces = [space(&store, 10, "Tehran"), space(&store, 11, "Isfahan")];
        let sara = enrol(&store, 1, "Sara", "Tehran", Role::Manager);
        let (user, space) = ("Sara".to_owned(), "Isfahan".to_owned());
        store.change_access(&AccessCommand::SetRole { user, space, role: Role::Manager }, 1).unwrap();
        let common = store.identity.common;
        let mut office = Self { store, sara, spaces, common, sound: Rows::new() };
        for number in 1..=5 {
            office.bring(spaces[0], changes(&office.sara, number, 2));
        }
        office.move_to(spaces[1], 2);
        office.move_to(spaces[1], 3);
        office.move_to(spaces[0], 3);
        office.move_to(spaces[1], 4);
        for number in [4, 5] {
            office.erase(number);
        }
        assert_eq!(office.findings(), [""; 0]);
        // Digests of buckets that became empty are let go.
        let repaired = office.store.repair(9).unwrap();
        assert_eq!((repaired.dropped, repaired.documents), (0, 0));
        office.sound = office.rows();
        office
    }

    fn bring(&self, space: SpaceId, items: Vec<PushItem>) {
        let PushOutcome::Judged(outcomes) = push(&self.store, &self.sara, space, items) else { panic!() };
        assert!(outcomes.iter().all(ItemOutcome::is_acked), "{outcomes:?}");
    }

    fn move_to(&self, to: SpaceId, number: u8) {
        let request = MoveRequest { device: self.sara.device, to, documents: vec![document(number)] };
        let outcome = self.store.move_documents(&request, 2).unwrap().remove(0);
        assert!(matches!(outcome, MoveOutcome::Moved { .. }), "{outcome:?}");
    }

    fn erase(&self, number: u8) {
        let command = AccessCommand::EraseDocument { document: document(number) };
        self.store.change_access(&command, 3).unwrap();
    }

    fn findings(&self) -> Vec<String> {
        let found = self.store.examine(&|| false).unwrap();
        found.findings.into_iter().map(|finding| finding.message).collect()
    }

    fn rows(&self) -> Rows {
        let read = |tx: &redb::ReadTransaction| {
            let mut rows = Rows::new();
            for definition in ALL {
                for item in tx.open_table(definition.table())?.iter()? {
                    let (key, value) = item?;
                    rows.insert((definition.0, key.value().to_vec()), value.value().to_vec());
                }
            }
            Ok(rows)
        };
        self.store.read(read).unwrap()
    }

    /// Makes the store hold exactly these rows.
    fn set(&self, rows: &Rows) {
        let write = |tx: &WriteTransaction| {
            for definition in ALL {
                tx.delete_table(definition.table())?;
                let mut table = tx.open_table(definition.table())?;
                for ((_, key), value) in rows.iter().filter(|((name, _), _)| *name == definition.0) {
                    table.insert(key.as_slice(), value.as_slice())?;
                }
            }
            Ok(((), Commit::Yes))
        };
        self.store.write(1, write).unwrap();
        lock_tries(&self.store.tries).clear();
    }

    /// Damages rows of the sound store, or takes them away.
    fn damage<'a>(&self, keys: impl IntoIterator<Item = &'a (&'static str, Vec<u8>)>, is_gone: bool) {
        let mut rows = self.sound.clone();
        for key in keys {
            if is_gone {
                rows.remove(key).unwrap();
            } else {
                *rows.get_mut(key).unwrap().last_mut().unwrap() ^= 1;
            }
        }
        self.set(&rows);
        assert_ne!(self.findings(), [""; 0]);
    }

    fn repair(&self) -> Repaired {
        let repaired = self.store.repair(9).unwrap();
        assert_eq!(self.findings(), [""; 0]);
        for space in [self.common, self.spaces[0], self.spaces[1]] {
            let page = whole(&self.store, &self.sara, space);
            assert_eq!(page.up_to, page.head);
        }
        repaired
    }

    fn feed(&self) -> BTreeMap<Vec<u8>, FeedRow> {
        let rows = self.rows();
        let rows = rows.iter().filter(|((name, _), _)| *name == FEED.0);
        rows.map(|((_, key), row)| (key.clone(), FeedRow::decode(key, row).unwrap())).collect()
    }

    /// Keys of the entries of a kind.
    fn of_kind(&self, kind: u8) -> Vec<Vec<u8>> {
        let keys: Vec<_> =
            self.feed().into_iter().filter(|(_, row)| row.kind == kind).map(|(key, _)| key).collect();
        assert_ne!(keys, [[0; 0]; 0], "there are entries of kind {kind}");
        keys
    }

    fn row<R: Row>(&self, table: Definition, key: &[u8]) -> Option<R> {
        self.store.read(|tx| get(&tx.open_table(table.table())?, table, key)).unwrap()
    }

    fn home(&self, number: u8) -> Option<(SpaceId, u64)> {
        let row: Option<DocumentRow> = self.row(DOCUMENTS, document(number).as_bytes());
        row.map(|row| (row.space, row.home_version))
    }
}

fn in_feed(key: &[u8]) -> (&'static str, Vec<u8>) {
    (FEED.0, key.to_vec())
}

#[test]
fn a_damaged_entry_of_the_log_is_made_anew_from_the_log() {
    let office = Office::open();
    let before = office.feed();
    for (key, is_gone) in office.of_kind(FEED_KIND_CONTROL).iter().flat_map(|key| [(key, true), (key, false)])
    {
        office.damage([&in_feed(key)], is_gone);
        assert_eq!(office.repair().dropped, 0);
        let after = office.feed();
        assert_eq!((&after[key].bytes, after.len()), (&before[key].bytes, before.len()));
    }
    let all: Vec<_> = office.of_kind(FEED_KIND_CONTROL).iter().map(|key| in_feed(key)).collect();
    office.damage(&all, false);
    assert_eq!(office.repair().dropped, 0, "in their order");
    let of_common = |key: &&Vec<u8>| key.starts_with(office.common.as_bytes());
    let last = before.keys().rfind(of_common).unwrap();
    let head = office.common.as_bytes().to_vec();
    let mut rows = office.sound.clone();
    rows.remove(&in_feed(last)).unwrap();
    rows.insert((FEED_HEADS.0, head.clone()), (position(last) - 1).encode(&head));
    office.set(&rows);
    assert_eq!(office.repair().dropped, 0);
    assert_eq!(office.feed()[last].bytes, before[last].bytes, "the last one comes behind the feed");
}

#[test]
fn an_entry_that_an_earlier_repair_emptied_is_filled_again() {
    let office = Office::open();
    let keys = office.of_kind(FEED_KIND_CONTROL);
    let nothing = FeedRow::silent(FEED_KIND_DROPPED, DocumentId::from_bytes([0; 16]));
    let mut rows = office.sound.clone();
    rows.insert(in_feed(&keys[3]), nothing.encode(&keys[3]));
    office.set(&rows);
    assert_ne!(office.findings(), [""; 0], "the look compares the log with its copy");
    assert_eq!(office.repair().dropped, 0);
    assert_eq!(office.feed()[&keys[3]].kind, FEED_KIND_CONTROL);
}

#[test]
fn a_damaged_row_of_the_log_is_made_anew_from_the_feed() {
    let office = Office::open();
    for number in [1_u64, 4] {
        office.damage([&("control", number.to_be_bytes().to_vec())], false);
        office.repair();
        assert!(office.rows() == office.sound);
    }
}

#[test]
fn damaged_words_of_moves_are_made_anew_where_they_stood() {
    let office = Office::open();
    let before = office.feed();
    for kind in [FEED_KIND_MOVED_OUT, FEED_KIND_MOVED_IN] {
        for (key, is_gone) in office.of_kind(kind).iter().flat_map(|key| [(key, true), (key, false)]) {
            let word = &before[key];
            office.damage([&in_feed(key)], is_gone);
            let repaired = office.repair();
            let after = office.feed();
            assert_eq!(
                (office.home(2), office.home(3)),
                (Some((office.spaces[1], 2)), Some((office.spaces[0], 3)))
            );
            let newest =
                word.kind == FEED_KIND_MOVED_OUT || [document(2), document(3)].contains(&word.document);
            let is_old = word.document == document(3)
                && key.starts_with(office.spaces[1].as_bytes())
                && word.kind == FEED_KIND_MOVED_IN;
            if newest && !is_old {
                assert_eq!(repaired.dropped, 0, "{word:?}");
                assert_eq!((after[key].kind, &after[key].bytes), (word.kind, &word.bytes));
                assert_eq!(after.len(), before.len());
            }
        }
    }
}

#[test]
fn homes_are_known_where_row_and_word_are_lost() {
    let office = Office::open();
    let row = (DOCUMENTS.0, document(2).as_bytes().to_vec());
    let feed = office.feed();
    let of = |kind| {
        let mut words = feed.iter().filter(|(_, row)| row.kind == kind && row.document == document(2));
        in_feed(words.next().unwrap().0)
    };
    let left = (MOVED_OUT.0, moved_out_key(&office.spaces[0], &document(2)).to_vec());
    let (out, came) = (of(FEED_KIND_MOVED_OUT), of(FEED_KIND_MOVED_IN));
    for lost in [vec![&row, &out], vec![&row, &came], vec![&row, &out, &came], vec![&row, &out, &came, &left]]
    {
        office.damage(lost.iter().copied(), false);
        office.repair();
        assert_eq!(office.home(2), Some((office.spaces[1], 2)), "{lost:?}");
        let late = changes(&office.sara, 2, 3).split_off(2);
        let outcome = push(&office.store, &office.sara, office.spaces[0], late.clone());
        assert_eq!(outcome, PushOutcome::Judged(vec![ItemOutcome::Later(Later::MovedOut)]));
        office.bring(office.spaces[1], late);
    }
}

#[test]
fn a_document_that_moved_and_lost_all_its_changes_is_brought_back_where_it_lives() {
    let office = Office::open();
    let feed = office.feed();
    let lost = |row: &FeedRow| row.kind == FEED_KIND_CHANGE && row.document == document(2);
    let keys: Vec<_> = feed.iter().filter(|(_, row)| lost(row)).map(|(key, _)| in_feed(key)).collect();
    office.damage(&keys, false);
    assert_eq!(office.repair().dropped, 2);
    assert_eq!(office.home(2), Some((office.spaces[1], 2)));
    let items = changes(&office.sara, 2, 2);
    let waits = PushOutcome::Judged(vec![ItemOutcome::Later(Later::MovedOut); 2]);
    assert_eq!(push(&office.store, &office.sara, office.spaces[0], items.clone()), waits);
    office.bring(office.spaces[1], items);
    assert_eq!(office.findings(), [""; 0]);
    assert_eq!(office.home(2), Some((office.spaces[1], 2)));
}

#[test]
fn what_left_a_space_is_not_taken_there_where_no_row_says_where_it_lives() {
    let office = Office::open();
    let seq = FeedSeq::new(1);
    let forgotten = document(9);
    let write = |tx: &WriteTransaction| {
        let row = MovedOutRow { seq, home: forsat_sync::id::HomeVersion::new(2) };
        put(&mut tx.open_table(MOVED_OUT.table())?, &moved_out_key(&office.spaces[0], &forgotten), &row)?;
        Ok(((), Commit::Yes))
    };
    office.store.write(1, write).unwrap();
    let outcome = push(&office.store, &office.sara, office.spaces[0], changes(&office.sara, 9, 1));
    assert_eq!(outcome, PushOutcome::Judged(vec![ItemOutcome::Later(Later::MovedOut)]));
    office.repair();
    office.bring(office.spaces[0], changes(&office.sara, 9, 1));
}

#[test]
fn a_damaged_word_of_an_erasure_is_said_again() {
    let office = Office::open();
    let before = office.feed();
    for key in office.of_kind(FEED_KIND_ERASURE) {
        let space = SpaceId::from_slice(&key[..SpaceId::LEN]).unwrap();
        office.damage([&in_feed(&key)], false);
        office.repair();
        let said = |entry: &PageEntry| matches!(entry, PageEntry::Unknown { kind: 8, bytes } if *bytes == before[&key].bytes);
        let page = whole(&office.store, &office.sara, space);
        assert_eq!(page.entries.iter().filter(|entry| said(entry)).count(), 1);
        let head = page.head;
        office.store.repair(9).unwrap();
        assert_eq!(whole(&office.store, &office.sara, space).head, head, "once is enough");
    }
}

#[test]
fn what_is_erased_stays_erased() {
    let office = Office::open();
    let erased = [4, 5].map(|number| (ERASED.0, document(number).as_bytes().to_vec()));
    for is_gone in [true, false] {
        office.damage(&erased, is_gone);
        office.repair();
        assert!(office.rows() == office.sound, "the log says what is erased");
    }
    // A change of an erased document that its erasure has missed.
    let item = changes(&office.sara, 5, 1).remove(0);
    let (header, bytes) = item.chunk.unwrap();
    let (key, _) = office.feed().into_iter().find(|(_, row)| row.kind == FEED_KIND_ERASED).unwrap();
    let entry = FeedRow { hash: header.hash, bytes, ..FeedRow::silent(FEED_KIND_CHANGE, document(5)) };
    let mut rows = office.sound.clone();
    rows.insert(in_feed(&key), entry.encode(&key));
    office.set(&rows);
    assert_ne!(office.findings(), [""; 0]);
    let repaired = office.repair();
    assert_eq!((repaired.dropped, repaired.documents), (0, 0));
    assert!(office.rows() == office.sound);
}

#[test]
fn a_damaged_change_is_dropped_with_what_builds_on_it() {
    let office = Office::open();
    for key in office.of_kind(FEED_KIND_CHANGE) {
        let seq = |key: &[u8]| office.feed()[key].document;
        let id = seq(&key);
        office.damage([&in_feed(&key)], false);
        let repaired = office.repair();
        assert!((1..=2).contains(&repaired.dropped), "{repaired:?}");
        let number = id.as_bytes()[0];
        let (space, _) = office.home(number).unwrap_or((office.spaces[0], 1));
        office.bring(space, changes(&office.sara, number, 2));
        assert_eq!(office.findings(), [""; 0]);
    }
}

#[test]
fn any_two_damaged_entries_leave_a_store_that_can_be_made_whole() {
    let office = Office::open();
    let keys: Vec<_> =
        office.feed().into_keys().filter(|key| !key.starts_with(office.common.as_bytes())).collect();
    for (place, one) in keys.iter().enumerate() {
        for other in &keys[place..] {
            office.damage(
                [&in_feed(one), &in_feed(other)].into_iter().take(1 + usize::from(one != other)),
                false,
            );
            office.repair();
        }
    }
}

#[test]
fn a_row_of_a_move_that_is_damaged_or_surplus_follows_from_the_feed() {
    let office = Office::open();
    for number in [2, 3] {
        let key = (MOVED_OUT.0, moved_out_key(&office.spaces[0], &document(number)).to_vec());
        for is_gone in [true, false] {
            office.damage([&key], is_gone);
            office.repair();
            assert!(office.rows() == office.sound);
        }
    }
    assert_ne!(office.of_kind(FEED_KIND_LEFT), [[0; 0]; 0]);
    assert!(moves::told(&[0; 3]).is_err());
}

#[test]
fn a_look_ends_at_once_wherever_it_is() {
    let office = Office::open();
    let asked = std::cell::Cell::new(0);
    let ends_at = |last: u32| {
        asked.set(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() >= last
        };
        (office.store.examine(&stop).is_err(), asked.get())
    };
    let (_, all) = ends_at(u32::MAX);
    assert!(all as usize > office.feed().len(), "it asks at every entry");
    for last in 1..=all {
        assert_eq!(ends_at(last), (true, last));
    }
}
